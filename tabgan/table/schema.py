"""What a table's columns are: their kinds, and frozen values that travel beside the data.

`Schema` says nothing about how a column is encoded; it can be written to JSON, edited by hand
and read back. `infer_schema` (in `tabgan.inference`) makes one from a DataFrame.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, get_args

import pandas as pd

from tabgan.base.errors import DataError, SchemaError, did_you_mean
from tabgan.base.notebook_html import html_table
from tabgan.table.dtypes import restore_dtype
from tabgan.table.locale_words import check_locale
from tabgan.table.regular_expressions import RegularExpression
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar, to_python_scalar

__all__ = [
    "Column",
    "KINDS",
    "Kind",
    "LEARNED",
    "LOCALISED",
    "Origin",
    "RANGED",
    "Schema",
    "check_kind",
    "expression_of",
    "find_level",
    "find_name",
]

Kind = str
"""How the values of a column are meant: one of `KINDS`, or ``"regex:"`` and an expression."""

LEARNED: tuple[Kind, ...] = (
    "numeric",
    "integer",
    "categorical",
    "boolean",
    "datetime",
    "timedelta",
    "multiselect",
    "compound",
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
    "key",
    "sequential",
    "uuid",
    "iban",
    *LOCALISED,
)
_REGEX = "regex:"


def check_kind(where: str, kind: Any) -> None:
    """Check that there is such a kind of column.

    Parameters
    ----------
    where
        Where the kind stands, for the message.
    kind
        The kind.

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


def find_name(name: Any, names: Sequence[Hashable]) -> int | None:
    """Return the place of a label; 1, 1.0, True and "1" are four, but a text may stand for one.

    Parameters
    ----------
    name
        The label that is looked for.
    names
        The labels of a table.

    Examples
    --------
    >>> find_name("age", ["sex", "age"]), find_name("1", ["sex", 1]), find_name(2, ["sex", 1])
    (1, 1, None)
    """
    label, others = to_python_scalar(name), [to_python_scalar(other) for other in names]
    for i, other in enumerate(others):
        if type(label) is type(other) and label == other:
            return i
    written = [i for i, other in enumerate(others) if str(other) == label]
    return written[0] if len(written) == 1 else None


def find_level(value: Any, levels: Sequence[Scalar]) -> int | None:
    """Return the place of the level that a value stands for.

    That is the level that equals it, for a missing one the level None, and for a text also the
    level that is written so.

    Parameters
    ----------
    value
        The value that is looked for.
    levels
        The levels of a column.

    Examples
    --------
    >>> find_level("3", [1, 2, 3]), find_level(float("nan"), ["a", None]), find_level(3, ["3"])
    (2, 1, None)
    """
    if pd.api.types.is_scalar(value) and pd.isna(value):
        value = None
    value = to_python_scalar(value)
    same = (code for code, level in enumerate(levels) if type(level) is type(value))
    exact = next((code for code in same if levels[code] == value), None)
    if exact is not None:
        return exact
    alike = [code for code, level in enumerate(levels) if _is_like(level, value)]
    return alike[0] if len(alike) == 1 else None


def _is_like(level: Scalar, value: Any) -> bool:
    """Return whether a value of another type stands for a level: an equal one, or its text."""
    if isinstance(value, str):
        return value == ("" if level is None else str(level))
    try:
        return level is not None and bool(level == value)
    except (TypeError, ValueError):
        return False


SCHEMA_VERSION = 1


Origin = Literal["declared", "dtype", "inferred"]
"""Where the description of a column comes from: its user, the dtype, or the values of a table."""


MOST_DECIMALS = 400  # beyond, a table holds no numbers but noise


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name
        The column's label, of the type that it has in the DataFrame.
    kind
        What its values mean; one of `tabgan.table.schema.KINDS`, or ``"regex:"`` and an
        expression.
    dtype
        The pandas dtype in the form of `tabgan.table.dtypes.describe_dtype`.
    missing
        Share of missing values, from 0 to 1.
    minimum, maximum
        Range of generated values (numbers, dates, durations); None for no range. In a column of
        objects, they have the type of the cells.
    decimals
        Decimal places of a number; None for a full-precision float or another kind.
    format
        How a number or date in a text column is written: ``"%.2f"``, ``"shortest"`` or
        ``"repr"`` (as Python writes a float: 12.0) for a number, or a form such as
        ``"$#,##0.00"`` (see `tabgan.table.number_forms`); a ``strftime`` format for a date (see
        `tabgan.table.date_forms`), also for dates that are whole numbers such as
        20240131; a list of x and y (``"x; y"``, ``"[x, y]"``) for lists; ``"lorem"`` for free text
        whose placeholders are filler words; for texts of several numbers the format of each, such
        as ``"%.0f/%.0f"``; None otherwise.
    other_formats
        Further formats of some of the cells, tried in this order; each keeps its share. If the
        format of a date depends on whether the day is above 12, this is preserved.
    absent
        How a column of objects writes a missing value: ``"NaN"``, ``"NaT"`` or ``"NA"``; None
        for Python's None.
    locale
        Language and country of generated personal data, such as ``"de_DE"``; None for the default,
        with phone numbers in the format of the table.
    min_group
        A value is stored only if about this many rows or more have it: rarer levels are replaced by
        others, and the range is trimmed. 1 stores all, for a public vocabulary; None uses that of
        the estimator.
    folded
        Number of rare levels that were replaced, in a learned schema; None if there were none.
    why
        Why the kind was chosen, as text for people; no code depends on it.
    origin
        Where kind and range come from: ``"declared"`` by a user, implied by the ``"dtype"``, or
        ``"inferred"`` from the values of a table, of which a private fit warns.
    """

    name: Hashable
    kind: Kind
    dtype: Any
    missing: float = 0.0
    minimum: Scalar = None
    maximum: Scalar = None
    decimals: int | None = None
    format: str | None = None
    other_formats: tuple[str, ...] = ()
    absent: str | None = None
    locale: str | None = None
    min_group: int | None = None
    folded: int | None = None
    why: str = ""
    origin: Origin = "declared"

    def __post_init__(self) -> None:
        check_kind(f"Column {self.name!r}", self.kind)
        for key, (fits, rule) in _RULES.items():
            value = getattr(self, key)
            if not fits(value):
                raise SchemaError(f"Column {self.name!r}: {key}={value!r:.80} must be {rule}")
        if self.locale is not None:
            check_locale(self.locale, lambda text: SchemaError(f"Column {self.name!r}: {text}"))
        if self.minimum is not None and self.maximum is not None:
            self._check_range()

    def _check_range(self) -> None:
        try:
            in_order = bool(self.minimum <= self.maximum)
        except (TypeError, ValueError, ArithmeticError):  # of kinds that can't be compared
            in_order = False
        if not in_order:
            raise SchemaError(
                f"Column {self.name!r}: minimum={self.minimum!r} must not be above "
                f"maximum={self.maximum!r}"
            )

    @cached_property
    def pandas_dtype(self) -> Any:
        """The pandas dtype that `dtype` describes."""
        return restore_dtype(self.dtype)

    @property
    def formats(self) -> tuple[str, ...]:
        """`format` and `other_formats`; empty if there are none."""
        return () if self.format is None else (self.format, *self.other_formats)

    @property
    def is_generated(self) -> bool:
        """Whether the values are generated without any value of the table, not learned."""
        return self.kind not in LEARNED

    @property
    def least_rows(self) -> int:
        """`min_group`, or 1 if it is not set."""
        return self.min_group or 1

    def to_json(self) -> dict[str, Any]:
        """Describe the column by JSON values, leaving out what is not set."""
        state = {
            "name": to_json_scalar(self.name),
            "kind": self.kind,
            "dtype": self.dtype,
            "missing": self.missing,
            "minimum": to_json_scalar(self.minimum),
            "maximum": to_json_scalar(self.maximum),
            "decimals": self.decimals,
            "format": self.format,
            "other_formats": [*self.other_formats] or None,
            "absent": self.absent,
            "locale": self.locale,
            "min_group": self.min_group,
            "folded": self.folded,
            "why": self.why,
            "origin": self.origin,
        }
        return {key: value for key, value in state.items() if value is not None or key == "name"}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "Column":
        """Rebuild a column from `to_json`'s value.

        Where the origin is missing, as in files of earlier versions, the column counts as inferred.

        Raises
        ------
        SchemaError
            If the value does not describe a column; the message names column and property.
        """
        if not isinstance(state, Mapping):
            raise SchemaError(f"A column is a JSON object, but this is {state!r:.80}")
        where = f"Column {state.get('name')!r:.80}"
        known = set(cls.__dataclass_fields__)
        unknown = [key for key in state if key not in known]
        if unknown:
            raise SchemaError(
                f"{where}: {unknown[0]!r} is not a property of a column; "
                f"{did_you_mean(unknown[0], sorted(known))}"
            )
        lacking = [key for key in ("name", "kind", "dtype") if key not in state]
        if lacking:
            raise SchemaError(
                f"{where}: {lacking[0]!r} is missing; a column needs at "
                "least 'name', 'kind' and 'dtype'"
            )
        values = {"origin": "inferred", **state}
        if isinstance(values.get("other_formats"), list):
            values["other_formats"] = tuple(values["other_formats"])
        try:
            for key in ("name", "minimum", "maximum"):
                values[key] = from_json_scalar(values.get(key))
            restore_dtype(values["dtype"])
        except DataError as error:
            raise SchemaError(f"{where}: {error}") from error
        return cls(**values)


def _is_count(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 1)


_RULES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "missing": (lambda v: isinstance(v, float | int) and 0 <= v <= 1, "a share from 0 to 1"),
    "decimals": (
        lambda v: v is None or (type(v) is int and 0 <= v <= MOST_DECIMALS),
        f"a whole number from 0 to {MOST_DECIMALS}, or None",
    ),
    "format": (lambda v: v is None or isinstance(v, str), "text, or None"),
    "other_formats": (
        lambda v: isinstance(v, tuple) and all(isinstance(form, str) for form in v),
        "a tuple of texts",
    ),
    "absent": (lambda v: v in (None, "NaN", "NaT", "NA"), "'NaN', 'NaT', 'NA' or None"),
    "min_group": (_is_count, "a whole number from 1, or None"),
    "folded": (_is_count, "a whole number from 1, or None"),
    "why": (lambda v: isinstance(v, str), "text"),
    "origin": (lambda v: v in get_args(Origin), "'declared', 'dtype' or 'inferred'"),
}


@dataclass(frozen=True)
class Schema:
    """The columns of a table, in order.

    Examples
    --------
    >>> schema = Schema((Column("age", "integer", "int64"),))
    >>> schema["age"].kind
    'integer'
    >>> Schema.from_json(schema.to_json()) == schema
    True
    """

    columns: tuple[Column, ...]
    labels: tuple[Hashable, ...] = (None,)  # names of the column index's levels

    def __post_init__(self) -> None:
        seen = set()
        for name in self.names:
            if (type(name), name) in seen:
                raise SchemaError(f"Column {name!r} occurs twice; column names must be unique")
            seen.add((type(name), name))

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __getitem__(self, name: Hashable) -> Column:
        label = to_python_scalar(name)
        for column in self.columns:
            own = to_python_scalar(column.name)
            if type(own) is type(label) and own == label:
                return column
        raise SchemaError(f"Column {name!r} is not in the table; {did_you_mean(name, self.names)}")

    @property
    def names(self) -> tuple[Hashable, ...]:
        """The column labels, in order."""
        return tuple(column.name for column in self.columns)

    def _repr_html_(self) -> str:
        rows = [
            (
                column.name,
                column.kind,
                f"{100 * column.missing:.1f} %" if column.missing else None,
                None if column.minimum is None else f"{column.minimum} … {column.maximum}",
                ", ".join(column.formats),
                column.why,
            )
            for column in self
        ]
        header = ["Column", "Kind", "Missing", "Range", "Format", "Why"]
        return html_table(f"Schema of {len(self)} columns", header, rows)

    def with_column(self, column: Column) -> "Schema":
        """Return a schema in which the column of the same name is replaced."""
        old = self[column.name]
        return replace(self, columns=tuple(column if c is old else c for c in self.columns))

    def to_json(self) -> dict[str, Any]:
        """Describe the schema by JSON values."""
        return {
            "version": SCHEMA_VERSION,
            "labels": [to_json_scalar(label) for label in self.labels],
            "columns": [column.to_json() for column in self.columns],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "Schema":
        """Rebuild a schema from `to_json`'s value.

        Raises
        ------
        SchemaError
            If the value is not a schema, or has an unknown version.
        """
        if not isinstance(state, Mapping) or not isinstance(state.get("columns"), list):
            raise SchemaError("A schema is a JSON object with a list under 'columns'")
        if state.get("version") != SCHEMA_VERSION:
            raise SchemaError(
                f"Schema version {state.get('version')!r} is not known; this library reads "
                f"version {SCHEMA_VERSION}"
            )
        labels = state.get("labels", [None])
        if not isinstance(labels, list) or not labels:
            raise SchemaError("The 'labels' of a schema are a list with a name (or null) per level")
        try:
            names = tuple(from_json_scalar(label) for label in labels)
        except DataError as error:
            raise SchemaError(f"The 'labels' of a schema: {error}") from error
        return cls(tuple(Column.from_json(column) for column in state["columns"]), names)
