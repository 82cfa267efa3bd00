"""Options that can't be had together with a guarantee of privacy."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tabgan.constraints import Range
from tabgan.errors import DataError, OptionError

__all__ = ["check_private_options", "check_dtypes_are_declared"]

_REFUSED: dict[str, tuple[Any, str]] = {
    "condition_on": (
        None,
        "the networks would be trained on the combinations of levels as they are in the table; "
        "leave it out: sample(where=...) filters free draws of any model",
    ),
    "snapshots": (0, "there are no real rows to hold them against; leave it out"),
    "epochs": (None, "training makes no pass over the rows; give steps"),
    "loss": ("non_saturating", "there is no discriminator; leave it out"),
    "penalty": ("auto", "there is no discriminator; leave it out"),
    "stabilisers": (None, "there is no discriminator; leave it out"),
    "discriminator_steps": (1, "there is no discriminator; leave it out"),
}


def check_private_options(options: Mapping[str, Any]) -> None:
    """Check that all options of a `TabGAN` go together with its `epsilon`.

    Raises
    ------
    OptionError
        If one does not; the message says why, and what to do.
    """
    for name, (usual, why) in _REFUSED.items():
        value = options[name]
        if value != usual and not (usual is None and not value):
            raise OptionError(f"{name}={value!r:.80} does not go with epsilon: {why}")
    for constraint in options["constraints"] or ():
        if not isinstance(constraint, Range):
            raise OptionError(
                f"{constraint}: this does not go with epsilon: constraints are checked against the "
                "rows, and learn from them. Only Range does, and makes the bounds of a column "
                "public; filter what is drawn"
            )


def check_dtypes_are_declared(table: Any) -> None:
    """Check that a table has types of its own, and does not get them from its cells.

    Raises
    ------
    DataError
        If it is a list of rows or an array of objects.
    """
    untyped = isinstance(table, np.ndarray) and table.dtype.hasobject
    if untyped or isinstance(table, list | tuple):
        raise DataError(
            "epsilon takes types of columns for public, but those of "
            f"{'an array of objects' if untyped else 'a list of rows'} hang on its cells: one row "
            "more can change them; give a DataFrame with dtypes of your own"
        )
