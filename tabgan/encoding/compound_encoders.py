"""Encoders of texts that have parts, such as 120/80 or JSON: each part is learned for itself."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import (
    CategoricalEncoder,
    ColumnEncoder,
    Encoded,
    LevelTable,
    NumericEncoder,
)
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.identifiers.placeholder_text import TextEncoder
from tabgan.encoding.quantiles import Quantiles
from tabgan.inference.infer_schema import infer_schema
from tabgan.inference.people_columns import with_name_parts
from tabgan.table.columns import TypedSeries
from tabgan.table.compound_numbers import CompoundForm, part_columns
from tabgan.table.level_codes import is_absent, levels_to_series
from tabgan.table.list_and_record_cells import RecordForm, is_record, record_columns
from tabgan.table.scalars import Scalar
from tabgan.table.schema import RANGED, Column

__all__ = ["CompoundEncoder", "RecordEncoder"]

FEWEST_ORDERED = 20  # rows from which an order of two numbers is one of the column


Order = Literal["<", ">", "<=", ">=", ""] | float  # a number: the second is so much greater
_SIGNS: tuple[Order, ...] = ("<", ">", "<=", ">=", "")
Floats = NDArray[np.float64]


class CompoundEncoder(ColumnEncoder):
    """Several numbers in one text, each as its place in its distribution.

    Where one number is below the next in all rows, as the diastolic pressure is below the
    systolic one, or by the same number, as in 1998-1999, it is in all generated ones. Missing
    values, marks such as ``"NA"`` and other texts that `min_group` rows hold are *specials*: levels
    of a mark beside the numbers. Rarer texts of another form are not kept; such rows count as rows
    of any numbers.
    """

    name = "compound"

    def __init__(
        self,
        column: Column,
        parts: Sequence[NumericEncoder],
        orders: Sequence[Order],
        specials: LevelTable,
    ) -> None:
        self.column = column
        self._form = CompoundForm.from_format(column.format or "")
        self._parts = tuple(parts)
        self._orders = tuple(orders)
        self._specials = specials
        n = self._form.n_parts
        are_orders = all(order in _SIGNS or isinstance(order, float) for order in orders)
        if len(parts) != n or len(orders) != n - 1 or not are_orders:
            raise ValueError(f"compound: {n} numbers need {n} distributions and {n - 1} orders")
        whole = np.array([[0.0], [1.0]]), np.empty((2, 0), np.int64), 0, np.random.default_rng(0)
        self._ends = [part.decode(*whole).to_numpy(np.float64).tolist() for part in parts]

    @property
    def specials(self) -> Sequence[Scalar]:
        """What the column holds beside numbers; None where a value is missing."""
        return self._specials.values

    @property
    def spans(self) -> RowLayout:
        """A number each; with specials also their mark, whose level 0 stands for numbers."""
        n = len(self._parts)
        if not len(self._specials):
            return RowLayout((None,) * n, ())
        return RowLayout((0,) * n, (1 + len(self._specials),))

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of each number."""
        return tuple(part.quantiles[0] for part in self._parts)

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The levels of the mark that stand for a missing value."""
        return tuple(1 + i for i, s in enumerate(self.specials) if is_absent(s))

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the distribution of each number, their order, and the specials.

        Raises
        ------
        DataError
            If no value is a text of several numbers.
        SchemaError
            If the column's format is not one of several numbers.
        """
        column, columns = cells.column, part_columns(cells.column)
        form = CompoundForm.from_format(column.format or "")
        read = form.parse(cells.levels)
        numbers = read[cells.codes]
        known = numbers[~np.isnan(numbers[:, 0])]
        if not len(known):
            raise DataError(
                f"Column {column.name!r}: of {len(numbers)} values none is written as "
                f"{column.format!r}; give the column the kind 'categorical', or drop it"
            )
        parts = [
            NumericEncoder.fit(TypedSeries(part, pd.Series(values, name=part.name)))
            for part, values in zip(columns, known.T, strict=True)
        ]
        rows = np.bincount(cells.codes, minlength=len(cells.levels))
        specials = [
            level
            for level, count, number in zip(cells.levels, rows, read[:, 0], strict=True)
            if np.isnan(number) and (is_absent(level) or count >= column.least_rows)
        ]
        return cls(column, parts, _orders(known), LevelTable(specials))

    def encode(self, cells: TypedSeries) -> Encoded:
        """Give each number its band; a text of another form that is not kept has the whole one."""
        read = self._form.parse(cells.levels)
        place = {(type(level), level): 1 + i for i, level in enumerate(self.specials)}
        marks = np.array([place.get((type(level), level), 0) for level in cells.levels], np.int32)
        numbers, codes = read[cells.codes], marks[cells.codes]
        present = ~np.isnan(numbers[:, 0])
        low = np.zeros(numbers.shape, np.float32)
        width = np.ones(numbers.shape, np.float32)
        for at, part in enumerate(self._parts):
            series = pd.Series(numbers[present, at], name=part.column.name)
            encoded = part.encode(TypedSeries(part.column, series))
            low[present, at], width[present, at] = encoded.low[:, 0], encoded.width[:, 0]
        return Encoded(low, width, codes[:, None] if len(self._specials) else codes[:, None][:, :0])

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,
        rng: np.random.Generator,
        key: int = 0,
    ) -> pd.Series:
        """Write the numbers at probabilities, and specials where their level is set.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        rows, nothing = len(numbers), np.empty((len(numbers), 0), np.int64)
        drawn = np.column_stack(
            [
                part.decode(numbers[:, [at]], nothing, start, rng, key).to_numpy(np.float64)
                for at, part in enumerate(self._parts)
            ]
        )
        self._put_in_order(drawn)
        level = codes[:, 0] if len(self._specials) else np.zeros(rows, np.int64)
        chosen = np.where(level > 0, rows + level - 1, np.arange(rows))
        return levels_to_series([*self._form.write(drawn), *self.specials], chosen, self.column)

    def _put_in_order(self, drawn: Floats) -> None:
        """Move numbers to the right side of the one before, or else that one, in their ranges."""
        for at, order in enumerate(self._orders):
            if isinstance(order, float):
                drawn[:, at + 1] = drawn[:, at] + order
            elif order:
                sign, step = self._step(at, order)
                least = np.maximum(sign * drawn[:, at + 1], sign * drawn[:, at] + step)
                drawn[:, at + 1] = np.clip(sign * least, *self._ends[at + 1])
        for at, order in reversed([*enumerate(self._orders)]):
            if isinstance(order, str) and order:
                sign, step = self._step(at, order)
                most = np.minimum(sign * drawn[:, at], sign * drawn[:, at + 1] - step)
                drawn[:, at] = sign * most

    def _step(self, at: int, order: str) -> tuple[float, float]:
        """Return whether the second number is above (1) or below (-1), and by how much at least."""
        places = max(self._form.decimals[at : at + 2])
        return (1.0 if order[0] == "<" else -1.0), (0.0 if order[1:] else 10.0**-places)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return {
            "parts": [part.to_json() for part in self._parts],
            "orders": list(self._orders),
            "specials": self._specials.to_json(),
        }

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            What the column is.
        state
            What `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        columns = part_columns(column)
        if len(state["parts"]) != len(columns):
            raise ValueError(f"compound: there must be {len(columns)} distributions")
        pairs = zip(columns, state["parts"], strict=True)
        parts = [NumericEncoder.from_json(part, own) for part, own in pairs]
        orders: list[Any] = [x if isinstance(x, str) else float(x) for x in state["orders"]]
        return cls(column, parts, orders, LevelTable.from_json(state["specials"]))


def _orders(known: Floats) -> list[Order]:
    """Return how each number compares with the next one, where this is a rule."""
    return [_order(a, b) for a, b in zip(known.T[:-1], known.T[1:], strict=True)]


def _order(a: Floats, b: Floats) -> Order:
    if len(a) < FEWEST_ORDERED:
        return ""
    if np.ptp(a) > 0 and (b - a == b[0] - a[0]).all():
        return float(b[0] - a[0])
    if a.max() < b.min() or b.max() < a.min():
        return ""  # the ranges alone keep it
    compared = (a < b, a > b, a <= b, a >= b)
    return next((_SIGNS[at] for at, holds in enumerate(compared) if holds.all()), "")


MOST_RARE = 0.5  # share of a part's rows with rare levels, up to which these are folded

Objects = NDArray[np.object_]
_ENCODERS: Mapping[str, type[ColumnEncoder]] = {
    encoder.name: encoder
    for encoder in (NumericEncoder, CategoricalEncoder, IdentifierEncoder, TextEncoder)
}


@dataclass(frozen=True, eq=False)
class _Part:
    """The encoder of a part, its column, and the rows of each level where it is a category."""

    encoder: ColumnEncoder
    column: Column
    rows: tuple[int, ...] = ()

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.cumsum(self.rows)

    def readable(self, values: Objects) -> NDArray[np.bool_]:
        """Return which values the encoder takes."""
        if not isinstance(self.encoder, NumericEncoder):
            return np.ones(len(values), np.bool_)
        numbers = self._cells(values).numbers
        known = {*self.encoder.specials}
        specials = [special in known for special in numbers.special.tolist()]
        return numbers.present | np.array(specials, np.bool_)

    def encode(self, values: Objects) -> Encoded:
        """Encode values; a rare level counts as a frequent one."""
        if isinstance(self.encoder, CategoricalEncoder):
            values = _folded(values, self.encoder.levels, self._ends)
        return self.encoder.encode(self._cells(values))

    def _cells(self, values: Objects) -> TypedSeries:
        return TypedSeries(self.column, pd.Series(values, dtype=object, name=self.column.name))

    def to_json(self) -> dict[str, Any]:
        """Describe the part by JSON values."""
        return {
            "encoder": self.encoder.name,
            "column": self.column.to_json(),
            "state": self.encoder.to_json(),
            "rows": [*self.rows],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a part from `to_json`'s value."""
        column = Column.from_json(state["column"])
        kinds: dict[str, type[ColumnEncoder]] = {**_ENCODERS, RecordEncoder.name: RecordEncoder}
        encoder = kinds[state["encoder"]].from_json(column, state["state"])
        rows = tuple(int(count) for count in state["rows"])
        if isinstance(encoder, CategoricalEncoder) and len(rows) != len(encoder.levels):
            raise ValueError("record: each level of a part has its rows")
        return cls(encoder, column, rows)


class RecordEncoder(ColumnEncoder):
    """Several values in one text, each as a column of its kind would be encoded.

    Missing values, marks such as ``"NA"`` and other texts that `min_group` rows hold are
    *specials*: levels of a mark beside the parts. Rarer texts of another form are not kept.
    """

    name = "record"

    def __init__(self, column: Column, parts: Sequence[_Part], specials: LevelTable) -> None:
        self.column = column
        self._form = RecordForm.of_format(column.format or "")
        self._parts = tuple(parts)
        self._specials = specials
        if len(parts) != len(self._form.keys):
            raise ValueError(f"record: there must be {len(self._form.keys)} parts")

    @property
    def kinds(self) -> dict[str, str]:
        """What each part is, by its key; the parts of a record in a record by both keys."""
        kinds: dict[str, str] = {}
        for key, part in zip(self._form.keys, self._parts, strict=True):
            name = key.strip("\"'")
            if isinstance(part.encoder, RecordEncoder):
                kinds |= {f"{name}.{own}": kind for own, kind in part.encoder.kinds.items()}
            else:
                kinds[name] = part.column.kind
        return kinds

    @property
    def specials(self) -> Sequence[Scalar]:
        """What the column holds beside records; None where a value is missing."""
        return self._specials.values

    @property
    def spans(self) -> RowLayout:
        """Those of the parts, behind the mark of specials, whose level 0 stands for a record."""
        own = RowLayout.concatenate(part.encoder.spans for part in self._parts)
        if not len(self._specials):
            return own
        marks = tuple(0 if mark is None else mark + 1 for mark in own.marks)
        return RowLayout(marks, (1 + len(self._specials), *own.widths))

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of each number of the parts."""
        return tuple(one for part in self._parts for one in part.encoder.quantiles)

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The levels of the mark that stand for a missing value."""
        return tuple(1 + i for i, special in enumerate(self.specials) if is_absent(special))

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn each part of the records, and the specials.

        Raises
        ------
        DataError
            If no value is a record.
        SchemaError
            If the column's format is not that of a record.
        """
        column = cells.column
        form = RecordForm.of_format(column.format or "")
        are_records = np.array([form.read(level) is not None for level in cells.levels], np.bool_)
        if not are_records.any():
            raise DataError(
                f"Column {column.name!r}: of {len(cells.values)} values none is written as "
                f"{column.format!r}; give the column the kind 'categorical', or drop it"
            )
        codes = cells.codes[are_records[cells.codes]]
        values = [part[codes] for part in form.columns_of(cells.levels)]
        wholes = record_columns(column, form)
        parts = [
            _fit_part(part, own, series, may_be_text=bool(quote) or not form.is_object)
            for part, own, series, quote in zip(
                wholes, *_infer_parts(wholes, form, values), form.quotes, strict=True
            )
        ]
        rows = np.bincount(cells.codes, minlength=len(cells.levels))
        specials = [
            level
            for level, count, is_record in zip(cells.levels, rows, are_records, strict=True)
            if not is_record and (is_absent(level) or count >= column.least_rows)
        ]
        return cls(column, parts, LevelTable(specials))

    def encode(self, cells: TypedSeries) -> Encoded:
        """Encode the parts; a text of another form that is not kept counts as any record."""
        columns = self._form.columns_of(cells.levels)
        place = {(type(level), level): 1 + i for i, level in enumerate(self.specials)}
        marks = np.array([place.get((type(level), level), 0) for level in cells.levels], np.int32)
        known = np.array([self._form.read(level) is not None for level in cells.levels], np.bool_)
        for part, values in zip(self._parts, columns, strict=True):
            known[known] = part.readable(values[known])
        present = known[cells.codes]
        encoded = [
            part.encode(values[cells.codes[present]])
            for part, values in zip(self._parts, columns, strict=True)
        ]
        spans = self.spans
        low = np.zeros((len(present), spans.n_numbers), np.float32)
        width = np.ones((len(present), spans.n_numbers), np.float32)
        codes = np.zeros((len(present), len(spans.widths)), np.int32)
        low[present] = np.hstack([one.low for one in encoded])
        width[present] = np.hstack([one.width for one in encoded])
        first = 1 if len(self._specials) else 0
        codes[present, first:] = np.hstack([one.codes for one in encoded])
        if first:
            codes[:, 0] = marks[cells.codes]
        return Encoded(low, width, codes)

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,
        rng: np.random.Generator,
        key: int = 0,
    ) -> pd.Series:
        """Write the parts as records, and specials where their level is set.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        first_number, first_span = 0, 1 if len(self._specials) else 0
        columns = []
        for part in self._parts:
            spans = part.encoder.spans
            own = numbers[:, first_number : first_number + spans.n_numbers]
            levels = codes[:, first_span : first_span + len(spans.widths)]
            columns.append(part.encoder.decode(own, levels, start, rng, key).tolist())
            first_number += spans.n_numbers
            first_span += len(spans.widths)
        texts = self._form.write([*zip(*columns, strict=True)])
        rows = len(numbers)
        level = codes[:, 0] if len(self._specials) else np.zeros(rows, np.int64)
        chosen = np.where(level > 0, rows + level - 1, np.arange(rows))
        return levels_to_series([*texts, *self.specials], chosen, self.column)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return {
            "parts": [part.to_json() for part in self._parts],
            "specials": self._specials.to_json(),
        }

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            What the column is.
        state
            What `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        parts = [_Part.from_json(part) for part in state["parts"]]
        return cls(column, parts, LevelTable.from_json(state["specials"]))


def _infer_parts(
    parts: Sequence[Column], form: RecordForm, values: Sequence[Objects]
) -> tuple[list[Column], list[pd.Series]]:
    """Infer what each part is as a column that is called like its key, beside the other parts."""
    keys = [key.strip("\"'") for key in form.keys] if form.is_object else [p.name for p in parts]
    series = [
        pd.Series(part, dtype=object, name=key) for part, key in zip(values, keys, strict=True)
    ]
    columns: list[Column] = []
    for place, (part, own) in enumerate(zip(parts, series, strict=True)):
        (column,) = infer_schema(
            own.to_frame(), {own.name: part.kind} if part.kind == "numeric" else None
        )
        columns.append(replace(column, name=place))
    frame = pd.concat(series, axis=1).set_axis(range(len(series)), axis=1)
    columns = with_name_parts(columns, frame, ())
    named = zip(columns, parts, strict=True)
    return [replace(column, name=part.name) for column, part in named], series


def _fit_part(part: Column, column: Column, series: pd.Series, *, may_be_text: bool) -> _Part:
    """Learn a part: a number or date, a category, a record, or a text that is generated.

    Parameters
    ----------
    part
        What the part is in any case.
    column
        What its values are.
    series
        The values, None where one is missing.
    may_be_text
        Whether any text can stand for it.
    """
    why = "a part of each value"  # its own one names the ends of the range, which are single rows'
    column = replace(column, min_group=part.min_group, minimum=None, maximum=None, why=why)
    if column.kind in RANGED:
        cells = TypedSeries(column, series)
        least, special = column.least_rows, cells.numbers.special
        held = pd.Series(special, dtype=object)
        marks = held.value_counts().items()
        rare = [mark for mark, n in marks if n < least and not is_absent(mark)]
        if rare:
            series = series[~held.isin(rare).to_numpy()].reset_index(drop=True)
            cells = TypedSeries(column, series)
        return _Part(NumericEncoder.fit(cells), column)
    if column.kind == "compound" and is_record(column.format):
        return _Part(RecordEncoder.fit(TypedSeries(column, series)), column)
    values = series.tolist()
    levels, counts = np.unique([value for value in values if value is not None], return_counts=True)
    frequent = counts >= column.least_rows
    is_tail = counts[~frequent].sum() > MOST_RARE * counts.sum()
    if may_be_text and (column.is_generated or is_tail):
        if not column.is_generated:
            column = replace(column, kind="text", format=None)
        encoder = TextEncoder if column.kind == "text" else IdentifierEncoder
        return _Part(encoder.fit(TypedSeries(column, series)), column)
    column = replace(column, kind="categorical", format=None, decimals=None)
    kept: list[Scalar] = levels[frequent].tolist()
    rows = counts[frequent].tolist()
    n_missing = sum(value is None for value in values)
    if n_missing or not kept:
        kept, rows = [*kept, None], [*rows, max(n_missing, 1)]
    return _Part(CategoricalEncoder(column, LevelTable(kept)), column, tuple(rows))


def _folded(values: Objects, levels: Sequence[Scalar], ends: NDArray[np.int64]) -> Objects:
    """Replace values that are no levels by levels, each by the same one, by their rows."""
    known = {*levels}

    def fold(value: Any) -> Scalar:
        if value in known:
            return value
        row = zlib.crc32(str(value).encode(errors="surrogatepass")) % int(ends[-1])
        return levels[int(np.searchsorted(ends, row, side="right"))]

    folded = np.empty(len(values), object)
    folded[:] = [fold(value) for value in values.tolist()]
    return folded
