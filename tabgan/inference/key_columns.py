"""Key columns: values that name a customer, an account, an order, and stand in several rows.

Some name another row of the same table: an employee's manager, a category's parent.

A key is no quantity and no category: its values are those of single people or things, there are the
more of them the more rows there are, and other columns have one value for each. The evidence is the
column's name, the type and form of its values, how they repeat, and what they determine.
"""

import re
from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.inference.column_cells import last_label, names_rows, shown
from tabgan.table.columns import NUMBERS, numbers_of
from tabgan.table.level_codes import are_filled, codes_of, dense, determines, distinct_of, is_absent
from tabgan.table.locale_words import without_accents
from tabgan.table.schema import LOCALISED, Column, Kind

__all__ = [
    "are_long_codes",
    "comparable",
    "depths_of",
    "find_reference",
    "measures",
    "referred_rows",
    "names_other_row",
    "names_codes",
    "names_things",
    "with_keys",
]

FEWEST_NAMED = 20  # values of a column that is named after people or orders
FEWEST = 50  # values of another column whose name is that of an identifier
FEWEST_WRITTEN = 100  # of a column whose name says nothing
LEAST_GROWTH = 0.02  # share of the values that half of the rows would lack
MOST_ROWS = 0.05  # share of the rows with the commonest value
CHANCE = 1e-3  # that a column which has one value for each key has it by accident
LEAST_REPEATED = 0.02  # share of the rows that repeat a value
LEAST_TELLING = 0.5  # distinct values of each row, of numbers that are keys by what they tell
FEWEST_TOLD = 2  # columns that they determine
LEAST_RISING = 0.95  # rank correlation of numbers of which one is computed from the other
LEAST_NUMBER = 1000  # of whole numbers that are rather names than counts
LARGE_NUMBER = 100_000  # the same, where some are small
LEAST_CODES = 0.95  # share of the texts that look like codes
LEAST_DIGITS = 6  # of whole numbers that name things evenly
LEAST_SPARSE = 20  # numbers for each of them
MOST_LAST = 0.25  # share of the codes with the commonest last digit
MOST_FREQUENT = 0.5  # share of the rows with a tenth of the values, the commonest ones
MOST_MEANING = 0.25  # share of the variation of codes' ranks that a fact of them explains
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
_LABEL = (
    "ids?|uuid|guid|key|no|nr|nro|num|number|nummer|numero|code|codigo|cod|hash|token|ref|reference"
)
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
_MEASURED = re.compile(  # what is counted or measured, whatever its numbers look like
    "income|salar|wage|amount|price|cost|value|sales|revenue|profit|balance|budget|debt|tax|pay|"
    "population|people|weight|wgt|size|length|area|distance|volume|count|total|sum|time|stamp|date|"
    "second|minute|byte|score|rate|height|speed|energy|power|views|votes|steps|income|capital",
    re.IGNORECASE,
)
LONG_DIGITS = 11  # of whole numbers that are codes, if all have as many
_SERIAL = re.compile(r"([^\W\d_]{0,6}[-_ #/]?)(\d{5,18})([^\W\d_]?)")
_UUID = re.compile(r"[0-9a-fA-F-]{32,36}")
_KINDS = frozenset({"integer", "categorical", "identifier", "uuid"})
_SUFFIX = "ids?|key|code|no|nr|num|number|uuid|guid|ref"
_OTHER_ROW = re.compile(  # how a column that names another row of its own table is called
    r"(?:^|_)(?:(?:parent|father|mother|sire|dam|boss|manager|mgr|supervisor|superior|leader|mentor"
    r"|report(?:s|ing|ed)?_?to|referr?ed_?by|referr?er|invited_?by|sponsor|predecessor|successor"
    r"|(?:in_?)?reply_?to|replaces|replaced_?by|duplicate_?of|part_?of|member_?of|belongs_?to"
    r"|vorgesetzter?|chef|eltern|ober|leiter|vorg(?:ae|ä)nger|(?:ue|ü)bergeordnet|padre|madre|jefe"
    r"|gerente|gestor|chefe|sup[eé]rieure?|responsable|superiore|responsabile|capo|leidinggevende)"
    rf"(?:_?\w*?(?:{_SUFFIX}))?"
    rf"|(?:lead|head|chief|previous|prev|next|original|root|master|related|linked)_?(?:{_SUFFIX}))$"
)
_WORDS = re.compile(r"[^\W\d_]+?(?=[^\W\d_a-zà-ÿ][a-zà-ÿ]|[\W\d_]|$)|\d+")
_NAMING = frozenset({"identifier", "sequential", "uuid", "key"})
_WHOLE = re.compile(r"-?\d+\.0")
NEARLY_AS_MANY = 0.9  # texts for each number that goes with one
FEWEST_PARENTS = 3  # rows that others refer to
MOST_ORPHANS = 0.5  # share of the references that name no row: a table may be part of one
MOST_DENSE_CHANCE = 1e-6  # that other numbers are all among the values that name the rows


def names_things(name: Hashable) -> bool:
    """Return whether a column's name is that of keys of people, orders, accounts and the like.

    Examples
    --------
    >>> [names_things(name) for name in ("customerId", "invoice_no", "account", "no", "customers")]
    [True, True, True, False, False]
    """
    return bool(_NAMED.search(_letters_of(name)))


# Words for a code, a key or a reference, as the first or last word of a name, without accents.
# Words for a number that may as well count, as in "numero_habitantes", are none.
_CODE_WORD = re.compile(
    "code|codigo|cod|codice|codi|kod|kode|kodu|koodi|kood|kodas|kods|kodi|clave|chave|chiave|cle|"
    "clef|cheie|schlussel|sleutel|nyckel|nokkel|nøgle|klucz|klic|kluc|kljuc|avain|kulcs|anahtar|"
    "kennung|kennziffer|kennzeichen|kenmerk|identifier|identifiant|identificador|identificativo|"
    "identificatore|identificacion|identificacao|identificatie|identifikation|identifikator|"
    "identyfikator|identificator|identifikacija|azonosito|tunnus|tunniste|matricula|matricola|"
    "matricule|reference|referencia|referenza|riferimento|referenz|referentie|referens|expediente|"
    "protocolo|protocollo|folio|nummer|numer|nomer|nomor|numara|numarasi|cislo|nro|aktenzeichen|"
    "sygnatura|код|ключ|идентификатор|номер|ідентифікатор|κωδικος|رقم|رمز|معرف|کد|شناسه|קוד|מזהה"
)
_CODE_END = re.compile(  # of compounds, and of names without spaces
    without_accents(
        "(?:编号|編號|编码|編碼|代码|代碼|代號|代号|单号|學號|学号|工号|番号|コード|识别码|번호|코드|아이디|"
        "รหัส|เลขที่|कोड|क्रमांक|nummer|kennung|kennziffer|schlussel|kenmerk|tunnus)$"
    )
)


def names_codes(name: Hashable) -> bool:
    """Return whether a column's name is that of codes, keys or references, in some languages.

    Examples
    --------
    >>> [names_codes(name) for name in ("código_pedido", "Rechnungsnummer", "订单编号", "KOD")]
    [True, True, True, True]
    >>> [names_codes(name) for name in ("numero_habitantes", "code_length", "income")]
    [False, False, False]
    """
    label = without_accents(last_label(name))
    words = [word.casefold() for word in _WORDS.findall(label)]
    is_code = any(map(_CODE_WORD.fullmatch, (*words[:1], *words[-1:])))
    return not measures(name) and (is_code or bool(_CODE_END.search(label.strip().casefold())))


def measures(name: Hashable) -> bool:
    """Return whether a column's name is that of something that is counted or measured."""
    return bool(_MEASURED.search(str(name)))


def are_long_codes(name: Hashable, low: int, high: int) -> bool:
    """Return whether whole numbers have so many digits, and all as many, that they are codes.

    Parameters
    ----------
    name
        Name of their column.
    low, high
        The lowest and the highest number.

    Examples
    --------
    >>> are_long_codes("case", 10420191000000372, 45520221000053733)
    True
    >>> are_long_codes("revenue", 104_201_910_003, 455_202_210_005)
    False
    """
    digits = len(str(high))
    return low > 0 and digits == len(str(low)) >= LONG_DIGITS and not measures(name)


def _letters_of(name: Hashable) -> str:
    return re.sub(r"[\W\d_]", "", without_accents(last_label(name))).casefold()


@dataclass(frozen=True)
class _Repeats:
    """The present values of a column by their codes, and how often each occurs."""

    present: NDArray[np.bool_]
    codes: NDArray[np.int64]
    counts: NDArray[np.int64]
    levels: list[Any]

    @classmethod
    def of(cls, values: pd.Series) -> "_Repeats":
        """Count the values of a column."""
        codes, levels = distinct_of(values)
        there = np.array([*(not is_absent(level) for level in levels), False], np.bool_)
        place = np.cumsum(there) - 1  # the last one is that of a missing value
        present = there[codes]
        codes = place[codes[present]]
        given = [level for level, is_there in zip(levels, there[:-1], strict=True) if is_there]
        return cls(present, codes, np.bincount(codes, minlength=len(given)), given)

    @property
    def growth(self) -> float:
        """The share of the values that half of the rows, drawn at random, would lack."""
        return float(np.mean(0.5**self.counts)) if len(self.counts) else 0.0

    @property
    def are_even(self) -> bool:
        """Return whether no few values have most of the rows, as those of a catalog do."""
        most = np.sort(self.counts)[-max(len(self.counts) // 10, 1) :]
        return bool(most.sum() <= MOST_FREQUENT * len(self.codes))

    def determines(self, values: pd.Series) -> bool:
        """Return whether each value has one of another column, which chance would hardly do.

        Rows without a value of the other column tell nothing, unless they are those of some values.
        """
        others = pd.factorize(dense(values)[self.present], use_na_sentinel=False)[0]
        if determines(self.codes, others, CHANCE):
            return True
        filled = are_filled(values)[self.present]
        return bool(filled.any()) and determines(self.codes[filled], others[filled], CHANCE)

    def differ(self, values: pd.Series) -> NDArray[np.bool_]:
        """Return which rows have another value of a column than the last row of their value."""
        others = pd.factorize(dense(values)[self.present], use_na_sentinel=False)[0]
        image = np.zeros(len(self.counts), np.int64)
        image[self.codes] = others
        differs: NDArray[np.bool_] = image[self.codes] != others
        return differs


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
    found = [
        column if column.name in asked else _with_kind(column, at, df)
        for at, column in enumerate(columns)
    ]
    found = _with_even_codes(found, df, asked)
    found = _with_numbers_of_things(found, df, asked)
    found = _with_telling_numbers(found, df, asked)
    return tuple(_with_references(found, df, asked))


def _with_numbers_of_things(
    columns: list[Column], df: pd.DataFrame, asked: Collection[object]
) -> list[Column]:
    """Return the columns with whole numbers that go one to one with texts as codes of these."""
    texts = [
        at
        for at, column in enumerate(columns)
        if column.kind in {"text", "categorical", *LOCALISED}
    ]
    for at, column in enumerate(columns):
        if column.kind != "integer" or column.name in asked or measures(column.name):
            continue
        low, high = column.minimum, column.maximum
        if not isinstance(low, int) or not isinstance(high, int) or high - low <= 2 * FEWEST:
            continue
        repeats = _Repeats.of(df.iloc[:, at])
        distinct, filled = len(repeats.counts), len(repeats.codes)
        is_sparse = low >= 0 and high - low > 2 * distinct
        if not FEWEST <= distinct <= (1 - LEAST_REPEATED) * filled or not is_sparse:
            continue
        for other in texts:
            values = df.iloc[:, other]
            own = _Repeats.of(values)
            is_paired = NEARLY_AS_MANY * distinct <= len(own.counts) <= distinct / NEARLY_AS_MANY
            if is_paired and repeats.determines(values) and own.determines(df.iloc[:, at]):
                kind: Kind = "categorical" if columns[other].kind == "categorical" else "key"
                why = f"{distinct} whole numbers, each with one {shown(df.columns[other])}"
                columns[at] = _as_names(column, kind, why)
                break
    return columns


def _with_telling_numbers(
    columns: list[Column], df: pd.DataFrame, asked: Collection[object]
) -> list[Column]:
    """Return the columns with whole numbers as keys that tell several others, whatever their name.

    Most values stand in one row. Where one stands in several, these are alike in columns in which
    others are not, and differ in a further one: they are no copies of a row. Numbers that a key
    determines are facts of it.
    """
    for at, column in enumerate(columns):
        if column.name in asked or not _may_be_code(column):
            continue
        repeats = _Repeats.of(df.iloc[:, at])
        distinct, filled = len(repeats.counts), len(repeats.codes)
        if not max(FEWEST_WRITTEN, LEAST_TELLING * filled) <= distinct:
            continue
        if filled - distinct < max(FEWEST, LEAST_REPEATED * filled) or _is_fact(at, columns, df):
            continue
        others = [other for other in range(df.shape[1]) if other != at]
        told = [other for other in others if repeats.determines(df.iloc[:, other])]
        told = [other for other in told if not _rises_with(at, other, columns, df)]
        if len(told) < FEWEST_TOLD:
            continue
        differ = [repeats.differ(df.iloc[:, other]) for other in others if other not in told]
        if differ and np.logical_or.reduce(differ).sum() >= (filled - distinct) / 2:
            columns[at] = _as_key(column, repeats, [str(df.columns[other]) for other in told])
    return columns


def _with_even_codes(
    columns: list[Column], df: pd.DataFrame, asked: Collection[object]
) -> list[Column]:
    """Return the columns with codes that stand in about as many rows each as keys, by any name.

    They have one layout, such as S123456, and take any numbers: those of tariffs or of a state's
    communities begin alike where they mean the like. They determine other columns, but no name that
    is kept: then they may be kept as well.
    """
    for at, column in enumerate(columns):
        is_text = column.kind in ("categorical", "identifier")
        if column.name in asked or not (is_text or _may_be_code(column)):
            continue
        repeats = _Repeats.of(df.iloc[:, at])
        distinct, filled = len(repeats.counts), len(repeats.codes)
        repeat = filled - distinct >= LEAST_REPEATED * filled
        if not (distinct >= FEWEST_WRITTEN and repeat and repeats.are_even):
            continue
        serials = _serials_of(repeats.levels, is_text=is_text)
        told = [] if serials is None else _told_by_codes(at, repeats, serials, columns, df)
        if told:
            columns[at] = _as_key(column, repeats, [str(df.columns[other]) for other in told])
    return columns


def _told_by_codes(
    at: int,
    repeats: _Repeats,
    serials: NDArray[np.float64],
    columns: Sequence[Column],
    df: pd.DataFrame,
) -> list[int]:
    """Return the columns that codes determine; none if one gives the codes away."""
    told = [
        other
        for other in range(len(columns))
        if other != at and repeats.determines(df.iloc[:, other])
    ]
    for other in told:
        fact, is_kept = df.iloc[:, other], columns[other].kind in {"categorical", *NUMBERS}
        if is_kept and _Repeats.of(fact).determines(df.iloc[:, at]):
            return []
        if _have_meaning(serials, repeats, fact):
            return []
    return told


def _serials_of(levels: Sequence[Any], *, is_text: bool) -> NDArray[np.float64] | None:
    """Return the ranks of the numbers in codes of one layout; None where they are no such codes."""
    texts = [f"{level:.0f}" if isinstance(level, float) else str(level) for level in levels]
    matches = [_SERIAL.fullmatch(text) for text in texts]
    layouts = Counter((m[1], len(m[2]), bool(m[3])) for m in matches if m is not None)
    (letters, digits, has_end), count = (layouts.most_common(1) or [(("", 0, False), 0)])[0]
    if count < LEAST_CODES * len(texts) or (not letters and not has_end and is_text):
        return None
    numbers = np.array([int(m[2]) if m is not None else -1 for m in matches], np.float64)
    given = numbers[numbers >= 0]
    last = np.bincount((given % 10).astype(np.int64), minlength=10)
    is_sparse = np.ptp(given) >= LEAST_SPARSE * len(given) and digits >= LEAST_DIGITS
    if last.max() > MOST_LAST * len(given) or not (is_text or is_sparse):
        return None
    return np.asarray(pd.Series(numbers).rank(), np.float64)


def _have_meaning(serials: NDArray[np.float64], repeats: _Repeats, fact: pd.Series) -> bool:
    """Return whether codes follow a fact that they determine, as their ranks tell."""
    facts = np.zeros(len(serials), np.int64)
    facts[repeats.codes] = codes_of(fact)[0][repeats.present]
    counts = np.bincount(facts)
    free = len(serials) - np.count_nonzero(counts)
    if 2 * free < len(serials):  # about one for each
        return abs(float(np.corrcoef(serials, facts)[0, 1])) >= LEAST_RISING
    means = np.bincount(facts, serials) / np.maximum(counts, 1)
    within = float(np.square(serials - means[facts]).sum()) / free
    return bool(1 - within / serials.var(ddof=1) > MOST_MEANING)


def _rises_with(one: int, other: int, columns: Sequence[Column], df: pd.DataFrame) -> bool:
    """Return whether a number is computed from another one, as far as their order tells."""
    if columns[other].kind not in NUMBERS:
        return False
    a, b = (numbers_of(df.iloc[:, at], columns[at]) for at in (one, other))
    both = a.present & b.present
    ranks = [pd.Series(own.values[both]).rank() for own in (a, b)]
    return abs(float(ranks[0].corr(ranks[1]))) >= LEAST_RISING


def _may_be_code(column: Column) -> bool:
    """Return whether whole numbers may be codes: plain, from 0 on, not named after a measure."""
    low, is_plain = column.minimum, column.format in (None, "shortest")
    is_whole = column.kind == "integer" and isinstance(low, int) and is_plain
    return is_whole and low >= 0 and not measures(column.name)


def _is_fact(at: int, columns: Sequence[Column], df: pd.DataFrame) -> bool:
    """Return whether a key of the table determines a column."""
    keys = [place for place, own in enumerate(columns) if own.kind == "key" and place != at]
    return any(_Repeats.of(df.iloc[:, key]).determines(df.iloc[:, at]) for key in keys)


def _with_references(
    columns: list[Column], df: pd.DataFrame, asked: Collection[object]
) -> list[Column]:
    """Return the columns with those that name another row of the table as keys."""
    named = {
        at
        for at, column in enumerate(columns)
        if column.kind in {*_NAMING, "integer"} and not column.missing and df.iloc[:, at].is_unique
    }
    for at, column in enumerate(columns):
        if at in named or column.name in asked or column.kind not in {*_NAMING, *_KINDS}:
            continue
        for other in sorted(named, key=lambda place: (columns[place].kind == "integer", place)):
            name, target = df.columns[at], df.columns[other]
            rows = find_reference((name, df.iloc[:, at]), (target, df.iloc[:, other]))
            if rows is None or (columns[other].kind == "integer" and target in asked):
                continue
            n_parents = len(np.unique(rows[rows >= 0]))
            n_filled = int(df.iloc[:, at].notna().sum())
            why = (
                f"{(rows >= 0).sum()} of {n_filled} values are {shown(target)} of {n_parents} rows"
            )
            columns[at] = _as_names(column, "key", why)
            if columns[other].kind == "integer":
                why = f"whole numbers that all differ, which {shown(name)} refers to"
                columns[other] = _as_names(columns[other], "identifier", why)
            break
    return columns


def names_other_row(name: Hashable) -> bool:
    """Return whether a column's name is that of a reference to another row of its table.

    Examples
    --------
    >>> [names_other_row(name) for name in ("managerId", "reports_to", "parent", "lead", "lead_id")]
    [True, True, True, False, True]
    """
    return bool(_OTHER_ROW.search("_".join(_WORDS.findall(last_label(name))).casefold()))


def find_reference(
    reference: tuple[Hashable, pd.Series], target: tuple[Hashable, pd.Series]
) -> NDArray[np.int64] | None:
    """Return the row that each row of a table refers to, if a column refers to another one.

    Its values are among those of the other column, which would hardly be so by chance, or its name
    says so and the references go in no circle.

    Parameters
    ----------
    reference, target
        Name and values of the column, and of one that has a value of its own in each row.

    Returns
    -------
    Shape (rows,): -1 where a row has no value, refers to itself, or holds the one value, such as 0,
    that stands for none; -2 where there is no such row.

    Examples
    --------
    >>> ids, bosses = pd.Series([11, 12, 13, 14, 15]), pd.Series([None, 11, 11, 12, 13])
    >>> find_reference(("boss", bosses), ("id", ids)).tolist()
    [-1, 0, 0, 1, 2]
    """
    (name, values), (target_name, ids) = reference, target
    is_number = [pd.api.types.is_numeric_dtype(own.dtype) for own in (values, ids)]
    rows = referred_rows(values, ids)
    if is_number[0] != is_number[1] or not (rows >= 0).any():
        return None
    if values[rows == -2].nunique() == 1:  # 0, or "none"
        rows[rows == -2] = -1
    rows[rows == np.arange(len(rows))] = -1
    linked = rows[rows >= 0]
    n_parents = len(np.unique(linked))
    if n_parents < FEWEST_PARENTS or (rows == -2).sum() > MOST_ORPHANS * (rows != -1).sum():
        return None
    plain, plain_target = _letters_of(name), _letters_of(target_name)
    by_name = names_other_row(name) and not np.isnan(depths_of(rows)).any()
    same_thing = len(plain_target) > 2 and plain.endswith(plain_target)
    return rows if by_name or same_thing or _is_no_chance(comparable(ids), n_parents) else None


def referred_rows(values: pd.Series, ids: pd.Series) -> NDArray[np.int64]:
    """Return the first row whose identifier each value is; -1 for none, -2 where there is no such.

    Parameters
    ----------
    values, ids
        A column, and the one that it may refer to.
    """
    filled = are_filled(values)
    keys = pd.Index(comparable(ids), dtype=object)  # of numbers beyond 64 bits, too
    first = np.flatnonzero(~keys.duplicated())
    found = keys[first].get_indexer(pd.Index(comparable(values[filled]), dtype=object))
    rows = np.full(len(values), -1, np.int64)
    rows[filled] = np.where(found < 0, -2, first[found] if len(first) else -2)
    return rows


def _is_no_chance(keys: NDArray[Any], n_parents: int) -> bool:
    """Return whether other values would hardly be among those that name the rows."""
    texts = [key for key in keys.tolist() if isinstance(key, str)]
    if len(texts) < len(keys) or not all(map(str.isdecimal, texts)):
        return bool(texts)
    numbers = keys.astype(np.float64)
    density = len(keys) / (numbers.max() - numbers.min() + 1)
    return bool(n_parents * np.log10(density) <= np.log10(MOST_DENSE_CHANCE))


def depths_of(rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return how many rows are above each row; NaN where references go in a circle.

    Parameters
    ----------
    rows
        The row that each row refers to; below 0 for none.

    Examples
    --------
    >>> depths_of(np.array([-1, 0, 1, 4, 3])).tolist()
    [0.0, 1.0, 2.0, nan, nan]
    """
    n = len(rows)
    above = np.append(np.where(rows < 0, n, rows), n)  # row n is above all, and its own
    steps = (above != np.arange(n + 1)).astype(np.float64)
    steps[n] = 0
    for _ in range(n.bit_length()):  # each turn looks twice as far up
        steps, above = steps + steps[above], above[above]
    return np.where(above[:n] == n, steps[:n] - 1, np.nan)


def comparable(values: pd.Series) -> NDArray[Any]:
    """Return values as objects; whole floats, which stand for integers with holes, as integers.

    Written ones too: a program that writes such a column writes "161.0".

    Parameters
    ----------
    values
        Any column.
    """
    if pd.api.types.is_float_dtype(values.dtype):
        numbers = values.to_numpy(float, na_value=np.nan)
        if np.isfinite(numbers).all() and (numbers % 1 == 0).all():
            return numbers.astype(np.int64).astype(object)
    cells = values.to_numpy(object)
    if len(cells) and all(isinstance(cell, str) and _WHOLE.fullmatch(cell) for cell in cells):
        return np.array([cell.removesuffix(".0") for cell in cells], object)
    return cells


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
    is_key = not is_catalog and _is_written_key(column, repeats, values)
    if is_id and not is_catalog and distinct >= (FEWEST_NAMED if is_named else FEWEST):
        is_sure = _is_sure(column, name) if is_named else repeats.growth >= LEAST_GROWTH
        is_key = _is_code(column, values[repeats.present], _CODE) and (
            is_sure or bool(_determined(repeats, at, df))
        )
    if is_key:
        return _as_key(column, repeats, _determined(repeats, at, df))
    is_name = names_rows(column.name) or _is_long(column)
    if column.kind == "integer" and is_name and 5 * distinct <= filled:
        why = f"{distinct} whole numbers in {filled} rows, named {shown(column.name)}"
        return _as_names(column, "categorical", why)
    return column


def _may_be_key(column: Column, values: pd.Series, *, is_id: bool) -> bool:
    """Return whether a look at a column's kind, range and first values leaves it a key."""
    if column.kind not in _KINDS or isinstance(values.dtype, pd.CategoricalDtype):
        return False
    if column.kind == "integer":
        may_be_name = is_id or _is_long(column)
        return may_be_name and column.minimum is not None and column.minimum >= 0
    return is_id or (column.kind == "categorical" and _is_code(column, values.dropna(), _LONG_CODE))


def _is_long(column: Column) -> bool:
    """Return whether a column's whole numbers are codes of many digits."""
    ends = column.minimum, column.maximum
    return all(isinstance(end, int) for end in ends) and are_long_codes(
        column.name, *map(int, ends)
    )


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
    may_be = column.kind == "categorical" or _is_long(column)
    if not may_be or len(repeats.counts) < FEWEST_WRITTEN:
        return False
    given = values[repeats.present]
    is_spread = bool(repeats.counts.max() <= MOST_ROWS * len(repeats.codes))
    are_many = repeats.growth >= LEAST_GROWTH and is_spread
    return _is_code(column, given, _LONG_CODE if are_many else _UUID)


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
