"""What the columns of a table turn out to be."""

import re
from collections.abc import Hashable
from typing import Any, NamedTuple

from tabgan.kinds import Kind
from tabgan.scalars import Scalar

__all__ = ["FEWEST", "ColumnGuess", "last_label", "names_rows", "numbers_rows"]

FEWEST = 20  # values from which "nearly all differ" means something

_ID = re.compile(
    r"(?i:(?:^|[\W_])(?:id|uuid|guid|key))$|[a-z0-9](?:I[Dd]|UUID|Uuid|GUID|Guid|Key)$"
)
_POSITION = re.compile(
    r"(?i:(?:^|[\W_])(?:no|nr|num|number|idx|index|row))$|[a-z0-9](?:No|Nr|Num|Number|Index|Row)$"
)


class ColumnGuess(NamedTuple):
    """The kind of a column, why, and what goes with it (see `tabgan.schema.Column`)."""

    kind: Kind
    why: str
    minimum: Scalar = None
    maximum: Scalar = None
    decimals: int | None = None
    format: str | None = None


def names_rows(name: Hashable) -> bool:
    """Say whether a column's name is that of an identifier.

    Examples
    --------
    >>> [names_rows(name) for name in ("id", "user_id", "userId", "KEY", "paid", 7)]
    [True, True, True, True, False, False]
    """
    return bool(_ID.search(last_label(name)))


def numbers_rows(name: Hashable) -> bool:
    """Say whether a column's name is that of an identifier or of a row number."""
    return names_rows(name) or bool(_POSITION.search(last_label(name)))


def last_label(name: Any) -> str:
    """Return a column's name as text; of a name of several levels the last one."""
    return str(name[-1]) if isinstance(name, tuple) and name else str(name)
