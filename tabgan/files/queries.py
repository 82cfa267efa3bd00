"""What is asked of a database: a table's name, or a query."""

import re
from collections.abc import Sequence

from tabgan.errors import OptionError, TableFileError, did_you_mean

__all__ = ["check_query", "chosen_table", "table_is_there"]

_COMMENTS = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/|\()*", re.DOTALL)
_ASKING = ("select", "with", "values", "from", "table")


def check_query(query: str) -> None:
    r"""Check that a query begins as one for rows does.

    Raises
    ------
    OptionError
        If it does not.

    Examples
    --------
    >>> check_query("-- all\nSELECT * FROM customers")
    """
    words = _COMMENTS.sub("", query).split(maxsplit=1)
    if not words or words[0].lower() not in _ASKING:
        raise OptionError(
            f"query={query[:60]!r} does not ask for rows; give one that begins with SELECT or WITH"
        )


def chosen_table(table: str | None, names: Sequence[str], place: str) -> str:
    """Return the name of the table that is meant, which need not be named if it is the only one.

    Raises
    ------
    OptionError
        If there is no such table, or which one is meant is not clear.
    """
    if table is None and len(names) == 1:
        return names[0]
    if table is None and not names:
        raise OptionError(f"{place} has no table")
    if table is None:
        shown = ", ".join(sorted(names)[:20]) + (", …" if len(names) > 20 else "")
        raise OptionError(f"{place} has {len(names)} tables: {shown}; name one with --table")
    if table not in names:
        raise OptionError(f"{place} has no table {table!r}; {did_you_mean(table, sorted(names))}")
    return table


def table_is_there(table: str, place: str) -> TableFileError:
    """Make the error that a table would be replaced."""
    return TableFileError(
        f"{place} already has a table {table!r}; name another one with --out-table, or give "
        "--force to replace it"
    )
