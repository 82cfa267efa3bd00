"""Constraints written in Python."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from tabgan.constraints.base import Constraint, Mask
from tabgan.errors import OptionError
from tabgan.schema import Schema

__all__ = ["Custom"]

Check = Callable[[pd.DataFrame], Any]
Repair = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, init=False)
class Custom(Constraint):
    """A rule that functions of your own tell, and mend.

    A model file keeps the name alone: `TabGAN.load` has to be given the rule again.

    Parameters
    ----------
    name
        What the rule is called.
    check
        Takes a frame of the table's columns and returns which rows keep the rule: an array or
        Series of booleans.
    repair
        Takes such a frame and returns it with the rows mended that break the rule, the others
        as they are, with the same dtypes; None if rows can't be mended.

    Examples
    --------
    >>> rule = Custom("even", lambda frame: frame["n"] % 2 == 0)
    >>> rule.check(pd.DataFrame({"n": [1, 2]})).tolist()
    [False, True]
    """

    kind: ClassVar[str] = "custom"
    name: str
    checking: Check
    repairing: Repair | None

    def __init__(self, name: str, check: Check, repair: Repair | None = None) -> None:
        if not isinstance(name, str) or not name:
            raise OptionError(f"Custom: name={name!r:.80} must be text")
        if not callable(check):
            raise OptionError(f"Custom: check={check!r:.80} must be a function of a frame")
        if not (repair is None or callable(repair)):
            raise OptionError(
                f"Custom: repair={repair!r:.80} must be a function of a frame, or None"
            )
        values = {"name": name, "checking": check, "repairing": repair}
        for key, value in values.items():
            object.__setattr__(self, key, value)

    def describe(self) -> str:
        """Say the rule in words."""
        return repr(self.name)

    def check(self, frame: pd.DataFrame, schema: Schema | None = None) -> Mask:  # noqa: ARG002
        """Say which rows of a frame keep the rule; see `Constraint.check`.

        Raises
        ------
        OptionError
            If the function returns something else than a boolean for each row.
        """
        kept = np.asarray(self.checking(frame))
        if kept.shape != (len(frame),) or kept.dtype != np.dtype(bool):
            raise OptionError(
                f"{self}: its check returned an array of shape {kept.shape} and dtype "
                f"{kept.dtype} for {len(frame)} rows; it must return a boolean for each row"
            )
        return kept

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:  # noqa: ARG002
        """Return the frame with rows mended, if there is a function that does.

        Raises
        ------
        OptionError
            If the function returns something else than such a frame.
        """
        if self.repairing is None:
            return frame
        mended = self.repairing(frame.copy())
        alike = (
            isinstance(mended, pd.DataFrame)
            and mended.index.equals(frame.index)
            and mended.columns.equals(frame.columns)
            and list(mended.dtypes) == list(frame.dtypes)
        )
        if not alike:
            raise OptionError(
                f"{self}: its repair must return the frame that it was given with other values: "
                "the same rows, columns and dtypes"
            )
        return mended

    def to_json(self) -> dict[str, Any]:
        """Describe the constraint by its name; functions can't be written down."""
        return {"kind": self.kind, "name": self.name}
