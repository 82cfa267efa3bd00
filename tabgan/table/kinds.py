"""The kinds of columns: what is learned, and what is made anew."""

from typing import Any

from tabgan.base.errors import SchemaError, did_you_mean
from tabgan.table.regular_expressions import RegularExpression

__all__ = ["KINDS", "LEARNED", "LOCALISED", "RANGED", "Kind", "check_kind", "expression_of"]

Kind = str
"""How the values of a column are meant: one of `KINDS`, or ``"regex:"`` and an expression."""

LEARNED: tuple[Kind, ...] = (
    "numeric",
    "integer",
    "categorical",
    "boolean",
    "datetime",
    "timedelta",
)
RANGED: tuple[Kind, ...] = ("integer", "numeric", "datetime", "timedelta")  # of an order
LOCALISED: tuple[Kind, ...] = (  # made in the words of a language and country
    "email",
    "name",
    "first_name",
    "last_name",
    "phone",
    "address",
    "city",
    "company",
)
KINDS: tuple[Kind, ...] = (
    *LEARNED,
    "identifier",
    "text",
    "sequential",
    "uuid",
    "iban",
    *LOCALISED,
)
_REGEX = "regex:"


def check_kind(where: str, kind: Any) -> None:
    """Check that there is such a kind of column.

    Raises
    ------
    SchemaError
        If there is not, or if its regular expression can't be used; `where` begins the message.
    """
    if isinstance(kind, str) and kind.startswith(_REGEX):
        try:
            RegularExpression(kind.removeprefix(_REGEX))
        except SchemaError as error:
            raise SchemaError(f"{where}: {error}") from error
    elif kind not in KINDS:
        raise SchemaError(
            f"{where}: kind={kind!r} is not a kind of column; "
            f"{did_you_mean(kind, [*KINDS, _REGEX])}"
        )


def expression_of(kind: Kind) -> str | None:
    r"""Return the regular expression of a kind that has one.

    Examples
    --------
    >>> expression_of(r"regex:A-\d{4}"), expression_of("uuid")
    ('A-\\d{4}', None)
    """
    return kind.removeprefix(_REGEX) if kind.startswith(_REGEX) else None
