"""The library's own exceptions and warnings.

Every message names what is wrong, where (column, option, row or file), the value, the rule
and the fix. Errors that the user can mend are also `ValueError`.
"""

import sys
import warnings
from collections.abc import Hashable, Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Self

__all__ = [
    "ConstraintError",
    "DataError",
    "ModelFileError",
    "OptionError",
    "PrivacyWarning",
    "SamplingError",
    "SamplingWarning",
    "SchemaError",
    "TabGANError",
    "TableFileError",
    "TrainingError",
    "TrainingWarning",
    "did_you_mean",
    "warn",
]


class TabGANError(Exception):
    """Base of every error that tabgan raises on purpose.

    Parameters
    ----------
    *args
        The message.
    on_command_line
        The message for the command line, if it differs by more than the names of options such as
        ``epsilon=0.1``; None if not.
    """

    def __init__(self, *args: object, on_command_line: str | None = None) -> None:
        super().__init__(*args)
        self.on_command_line = on_command_line

    def within(self, place: str) -> Self:
        """Return the error with its place, a column or a file, before the message."""
        told = self.on_command_line
        return type(self)(
            f"{place}: {self}", on_command_line=None if told is None else f"{place}: {told}"
        )


class OptionError(TabGANError, ValueError):
    """An option of an estimator or a command has an invalid value."""


class DataError(TabGANError, ValueError):
    """The table itself can't be used: empty, duplicate names, an unsupported value."""


class SchemaError(DataError):
    """A schema is malformed or does not fit the table."""


class TableFileError(TabGANError, ValueError):
    """A table file can't be read or written (format, encoding, ragged rows)."""


class ModelFileError(TabGANError, ValueError):
    """A file is not a model, is damaged, or was written by a newer version of the library."""


class SamplingError(TabGANError):
    """The model can't sample the requested rows."""


class SamplingWarning(UserWarning):
    """Rows were sampled as requested, but the model knows little about such rows."""


class ConstraintError(TabGANError):
    """Too few of the sampled rows satisfy the declared constraints."""


class PrivacyWarning(UserWarning):
    """A private fit succeeded, but its guarantee may be weaker or its rows worse than expected."""


class TrainingError(TabGANError):
    """The training can't continue: a loss or a weight is not finite."""


class TrainingWarning(UserWarning):
    """The training finished, but had a problem such as mode collapse."""


def did_you_mean(name: Hashable, known: Iterable[Hashable]) -> str:
    """End an error message with the nearest known name, or with the list of known names.

    Parameters
    ----------
    name
        The name that is not known.
    known
        The names that are.

    Examples
    --------
    >>> did_you_mean("incme", ["age", "income"])
    "did you mean 'income'?"
    >>> did_you_mean("zzz", ["age", "income"])
    "known names: 'age', 'income'"
    """
    names = list(known)
    close = get_close_matches(str(name), [str(other) for other in names], n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(repr(other) for other in names[:20])
    return f"known names: {shown}" + (", …" if len(names) > 20 else "")


PACKAGE = str(Path(__file__).parents[1])


def warn(message: str, category: type[Warning]) -> None:
    """Warn at the line of the caller's code that called the package.

    Parameters
    ----------
    message
        What is wrong, and the fix.
    category
        The warning's class.
    """
    # A fixed stacklevel is wrong as soon as a call moves, and Python 3.12 has no frames for
    # comprehensions.
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)
