"""Key columns: values that name a customer, an account, an order, and stand in several rows.

A key is no quantity and no category: its values are those of single people or things, there are the
more of them the more rows there are, and other columns have one value for each. The evidence is the
column's name, the type and form of its values, how they repeat, and what they determine.
"""

import re
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.inference.column_cells import last_label, names_rows, shown
from tabgan.table.level_codes import are_filled, dense, determines
from tabgan.table.schema import Column, Kind

__all__ = ["names_things", "with_keys"]

FEWEST_NAMED = 20  # values of a column that is named after people or orders
FEWEST = 50  # values of another column whose name is that of an identifier
FEWEST_WRITTEN = 100  # of a column whose name says nothing
LEAST_GROWTH = 0.02  # share of the values that half of the rows would lack
MOST_ROWS = 0.05  # share of the rows with the commonest value
CHANCE = 1e-3  # that a column which has one value for each key has it by accident
LEAST_REPEATED = 0.02  # share of the rows that repeat a value
LEAST_NUMBER = 1000  # of whole numbers that are rather names than counts
LARGE_NUMBER = 100_000  # the same, where some are small
LEAST_CODES = 0.95  # share of the texts that look like codes
SHOWN = 3  # columns that are named as evidence

_ENTITY = (  # what a key names, in some languages
    "customer|cust|client|clnt|buyer|shopper|patient|subject|participant|respondent|person|people|"
    "user|member|mbr|visitor|guest|passenger|traveler|employee|emp|staff|worker|student|pupil|"
    "borrower|debtor|donor|subscriber|insured|policyholder|beneficiary|applicant|candidate|"
    "household|family|player|driver|owner|tenant|account|acct|card|order|invoice|bill|receipt|"
    "basket|cart|transaction|trans|txn|payment|claim|case|ticket|incident|complaint|booking|"
    "reservation|trip|ride|visit|admission|mrn|mrd|uhid|encounter|episode|stay|session|policy|contract|loan|"
    "application|appointment|shipment|parcel|device|vehicle|"
    "kunde|kunden|patienten|benutzer|nutzer|mitglied|mitarbeiter|personal|konto|auftrag|auftrags|"
    "bestell|bestellung|rechnung|rechnungs|vertrag|vertrags|beleg|fall|"
    "cliente|usuario|empleado|cuenta|pedido|factura|paciente|alumno|contrato|funcionario|conta|"
    "clientele|utilisateur|employe|compte|commande|facture|contrat|utente|ordine|fattura|klant"
)
_LABEL = "ids?|uuid|guid|key|no|nr|num|number|nummer|numero|code|hash|token|ref|reference"
_BARE = re.compile(_ENTITY)
_NAMED = re.compile(rf"(?:{_ENTITY})s?(?:{_LABEL})$|^(?:{_LABEL})(?:{_ENTITY})s?$|^(?:{_ENTITY})$")
_CATALOG = re.compile(  # what is a category, however many there are
    "product|prod|item|sku|article|artikel|store|shop|branch|filiale|outlet|warehouse|depart|dept|"
    "categor|region|area|zone|location|city|town|state|country|county|zip|postal|postcode|plz|"
    "district|type|status|class|group|segment|brand|vendor|supplier|channel|campaign|language|"
    "currency|route|airline|airport|carrier|station|sensor|model|course|team|league|season|level|"
    "grade|job|title|position|movie|film|song|track|book|genre|page|plan|tariff|industry|race|"
    "gender|school|hospital|clinic|ward|provider|diagnos|procedure|reason|source|day|month|year"
)
_CODE = re.compile(
    r"[^\W\d_]{0,6}[-_ #/.:]?\d{3,}[^\W\d_]?|(?=\D*\d)[0-9A-Za-z]{6,}|[0-9a-fA-F-]{32,36}"
    r"|(?:[0-9A-Za-z]{1,6}[-_/.:#]){2,3}\d{3,}[^\W\d_]?"  # CA-2016-152156
)
_LONG_CODE = re.compile(r"[^\W\d_]{1,6}[-_ #/]?\d{5,}|[0-9a-fA-F-]{32,36}")
_KINDS = frozenset({"integer", "categorical", "identifier", "uuid"})


def names_things(name: Hashable) -> bool:
    """Return whether a column's name is that of keys of people, orders, accounts and the like.

    Examples
    --------
    >>> [names_things(name) for name in ("customerId", "invoice_no", "account", "no", "customers")]
    [True, True, True, False, False]
    """
    return bool(_NAMED.search(_letters_of(name)))


def _letters_of(name: Hashable) -> str:
    return re.sub(r"[\W\d_]", "", last_label(name)).casefold()


@dataclass(frozen=True)
class _Repeats:
    """The present values of a column by their codes, and how often each occurs."""

    present: NDArray[np.bool_]
    codes: NDArray[np.int64]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, values: pd.Series) -> "_Repeats":
        """Count the values of a column."""
        values = dense(values)
        present = are_filled(values)
        codes, levels = pd.factorize(values[present])
        return cls(present, codes, np.bincount(codes, minlength=len(levels)))

    @property
    def growth(self) -> float:
        """The share of the values that half of the rows, drawn at random, would lack."""
        return float(np.mean(0.5**self.counts)) if len(self.counts) else 0.0

    def determines(self, values: pd.Series) -> bool:
        """Return whether each value has one of another column, which chance would hardly do."""
        others = pd.factorize(dense(values)[self.present], use_na_sentinel=False)[0]
        return determines(self.codes, others, CHANCE)


def with_keys(
    columns: Sequence[Column], df: pd.DataFrame, asked: Collection[object] = ()
) -> tuple[Column, ...]:
    """Return the columns of a table with its keys as such.

    Parameters
    ----------
    columns
        The columns, as each is by itself.
    df
        The table.
    asked
        Names of columns whose kinds are declared.
    """
    return tuple(
        column if column.name in asked else _with_kind(column, at, df)
        for at, column in enumerate(columns)
    )


def _with_kind(column: Column, at: int, df: pd.DataFrame) -> Column:
    values = df.iloc[:, at]
    name, is_named = _letters_of(column.name), names_things(column.name)
    is_id = names_rows(column.name) or is_named
    if not _may_be_key(column, values, is_id=is_id):
        return column
    repeats = _Repeats.of(values)
    distinct, filled = len(repeats.counts), len(repeats.codes)
    if not distinct or filled - distinct < LEAST_REPEATED * filled:
        return column
    is_catalog = bool(_CATALOG.search(name)) and not is_named
    is_key = _is_written_key(column, repeats, values)
    if is_id and not is_catalog and distinct >= (FEWEST_NAMED if is_named else FEWEST):
        is_sure = _is_sure(column, name) if is_named else repeats.growth >= LEAST_GROWTH
        is_key = _is_code(column, values[repeats.present], _CODE) and (
            is_sure or bool(_determined(repeats, at, df))
        )
    if is_key:
        return _as_key(column, repeats, _determined(repeats, at, df))
    if column.kind == "integer" and names_rows(column.name) and 5 * distinct <= filled:
        why = f"{distinct} whole numbers in {filled} rows, named {shown(column.name)}"
        return _as_names(column, "categorical", why)
    return column


def _may_be_key(column: Column, values: pd.Series, *, is_id: bool) -> bool:
    """Return whether a look at a column's kind, range and first values leaves it a key."""
    if column.kind not in _KINDS or isinstance(values.dtype, pd.CategoricalDtype):
        return False
    if column.kind == "integer":
        return is_id and column.minimum is not None and column.minimum >= 0
    return is_id or (column.kind == "categorical" and _is_code(column, values.dropna(), _LONG_CODE))


def _is_sure(column: Column, name: str) -> bool:
    """Return whether a column that is named after people or orders needs no other evidence.

    "order_number" may count the orders of a customer, and "visit" the visits.
    """
    if column.kind != "integer":
        return True
    is_id = names_rows(column.name) or name.endswith("id") or name.startswith("id")
    is_large = column.minimum >= LEAST_NUMBER or column.maximum >= LARGE_NUMBER
    return is_id or (not _BARE.fullmatch(name) and is_large)


def _is_code(column: Column, given: pd.Series, expression: re.Pattern[str]) -> bool:
    """Return whether values are whole numbers, or texts that look like codes."""
    if column.kind in ("integer", "uuid"):
        return True
    texts = given.iloc[:1000].drop_duplicates()
    fits = [isinstance(text, str) and bool(expression.fullmatch(text)) for text in texts]
    return bool(fits) and sum(fits) >= LEAST_CODES * len(fits)


def _is_written_key(column: Column, repeats: _Repeats, values: pd.Series) -> bool:
    """Return whether texts look like keys, whatever the column is called."""
    return (
        column.kind == "categorical"
        and len(repeats.counts) >= FEWEST_WRITTEN
        and repeats.growth >= LEAST_GROWTH
        and bool(repeats.counts.max() <= MOST_ROWS * len(repeats.codes))
        and _is_code(column, values[repeats.present], _LONG_CODE)
    )


def _determined(repeats: _Repeats, at: int, df: pd.DataFrame) -> list[str]:
    """Name the other columns that have one value for each of a column's."""
    return [
        str(df.columns[other])
        for other in range(df.shape[1])
        if other != at and repeats.determines(df.iloc[:, other])
    ]


def _as_key(column: Column, repeats: _Repeats, determined: Sequence[str]) -> Column:
    distinct, filled = len(repeats.counts), len(repeats.codes)
    why = f"{distinct} keys in {filled} rows, named {shown(column.name)}"
    if determined:
        names = ", ".join(map(repr, determined[:SHOWN])) + ", …" * (len(determined) > SHOWN)
        why += f"; each has one {names}"
    return _as_names(column, "key", why)


def _as_names(column: Column, kind: Kind, why: str) -> Column:
    """Describe a column that may have been one of numbers as one of names."""
    bare = replace(column, minimum=None, maximum=None, decimals=None, format=None)
    return replace(bare, kind=kind, why=why, other_formats=())
