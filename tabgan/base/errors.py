"""The library's own exceptions, and its warning.

Every message names what is wrong, where (column, option, row or file), the value, the rule
and the fix. Errors that the user can mend are also `ValueError`.
"""

from collections.abc import Hashable, Iterable
from difflib import get_close_matches
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
]


class TabGANError(Exception):
    """Base of every error that tabgan raises on purpose.

    Parameters
    ----------
    *args
        The message.
    on_command_line
        The message in the words of the command line, where the fix is another one there; None
        where names of options, such as ``epsilon=0.1``, are all that differs.
    """

    def __init__(self, *args: object, on_command_line: str | None = None) -> None:
        super().__init__(*args)
        self.on_command_line = on_command_line

    def within(self, place: str) -> Self:
        """Return the error with its place before the message: a column or a file."""
        told = self.on_command_line
        return type(self)(
            f"{place}: {self}", on_command_line=None if told is None else f"{place}: {told}"
        )


class OptionError(TabGANError, ValueError):
    """An option of an estimator or a command has a value that it can't have."""


class DataError(TabGANError, ValueError):
    """The table itself can't be used: empty, duplicate names, an unsupported value."""


class SchemaError(DataError):
    """A schema is malformed or does not fit the table."""


class TableFileError(TabGANError, ValueError):
    """A table file can't be read or written as asked (format, encoding, ragged rows)."""


class ModelFileError(TabGANError, ValueError):
    """A model file is damaged, foreign, or newer than this version of the library."""


class SamplingError(TabGANError):
    """The model can't draw such rows as are asked for."""


class SamplingWarning(UserWarning):
    """Rows were drawn as asked, but there was little to draw them by."""


class ConstraintError(TabGANError):
    """Too few of the drawn rows keep the declared constraints."""


class PrivacyWarning(UserWarning):
    """A model is private as asked, but its budget is of doubtful use or worth."""


class TrainingError(TabGANError):
    """Training can't go on: a loss or a weight is not finite."""


class TrainingWarning(UserWarning):
    """Training came to its end, but something went wrong on the way."""


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
