"""Identifiers and personal data: generated without repetition; none is learned or kept."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.base.random_streams import numpy_stream
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import ColumnEncoder, Encoded
from tabgan.encoding.identifiers.identifier_makers import (
    Maker,
    Type,
    learn_maker,
    maker_from_json,
    maker_to_json,
    may_repeat,
    own_values,
)
from tabgan.encoding.identifiers.unique_values import (
    DigitParts,
    Digits,
    FormMixture,
    RisingNumbers,
    index_permutation,
)
from tabgan.rules.base_rules import Dependency
from tabgan.rules.functional_dependency import LevelList, level_list
from tabgan.table.columns import (
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    field_at,
    level_key,
    with_cells,
    without,
)
from tabgan.table.level_codes import dense, is_absent, levels_to_series
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column
from tabgan.table.text_formats import MISSING_MARKS

__all__ = [
    "IdentifierAttribute",
    "IdentifierEncoder",
    "MissingShares",
    "Repetition",
    "find_attributes",
]

LEAST_PRESENT = 0.01
CLOSED_ROWS = 5  # rows of each value, from which there are no values but these
LEAST_REPEATED = 0.05  # share of the rows that hold a value again, from which values repeat


@dataclass(frozen=True)
class MissingShares:
    """How often there is no value.

    Parameters
    ----------
    shares
        Share of the missing values (None) and of each mark of absence.
    """

    shares: Mapping[str | None, float]

    def __post_init__(self) -> None:
        shares = list(self.shares.values())
        if not set(self.shares) <= {None, *MISSING_MARKS}:
            raise ValueError("a mark of absence is not known")
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1.001:
            raise ValueError("shares of absence must be between 0 and 1, together too")

    @classmethod
    def split(cls, values: pd.Series) -> tuple[Self, list[Any]]:
        """Learn the shares, and return the values that are present."""
        values = dense(values)
        given = values[values.notna().to_numpy(bool)].to_numpy(object).tolist()
        marks = Counter(value for value in given if value in MISSING_MARKS)
        counts = {None: len(values) - len(given), **marks}
        shares = {mark: count / len(values) for mark, count in counts.items() if count}
        return cls(shares), [value for value in given if value not in MISSING_MARKS]

    def put_into(self, made: NDArray[Any], column: Column, rng: np.random.Generator) -> pd.Series:
        """Make a series of the made values, with as many absent ones as there were.

        Parameters
        ----------
        made
            Generated values.
        column
            What the column is.
        rng
            Draws which rows are missing.
        """
        bounds = np.cumsum(np.array([*self.shares.values()], np.float64))
        drawn = np.searchsorted(bounds, rng.random(len(made)), side="right")
        codes = np.where(drawn < len(self.shares), drawn + len(made), np.arange(len(made)))
        return levels_to_series([*made, *self.shares], codes, column)

    def to_json(self) -> list[list[Any]]:
        """Describe the shares by JSON values."""
        return [list(item) for item in self.shares.items()]

    @classmethod
    def from_json(cls, state: list[list[Any]]) -> Self:
        """Rebuild the shares from `to_json`'s value."""
        return cls({mark: float(share) for mark, share in state})


@dataclass(frozen=True)
class Repetition:
    """How often the values of a column stand in its rows: twenty addresses in 400 rows.

    Parameters
    ----------
    groups
        Numbers of rows, and how many values stand in about so many, the most frequent first.
    """

    groups: tuple[tuple[float, int], ...]

    def __post_init__(self) -> None:
        if not self.groups or not all(rows >= 1 and n >= 1 for rows, n in self.groups):
            raise ValueError(f"values can't stand in {self.groups!r:.80} rows")

    @property
    def distinct(self) -> int:
        """How many values there are."""
        return sum(n for _, n in self.groups)

    @classmethod
    def learn(cls, given: Sequence[Any], least_rows: int) -> Self | None:
        """Learn how often values repeat; None where they hardly do.

        Parameters
        ----------
        given
            The present values.
        least_rows
            So many values at least have a number of rows together, which so tells of nobody.
        """
        sizes = Counter(Counter(given).values())
        left, groups, rows, values = sizes.total(), list[tuple[float, int]](), 0, 0
        if not left or len(given) - left < LEAST_REPEATED * len(given):
            return None
        for size, n in sorted(sizes.items(), reverse=True):
            rows, values, left = rows + size * n, values + n, left - n
            if not left or (least_rows <= values and least_rows <= left):
                groups.append((rows / values, values))
                rows = values = 0
        return cls(tuple(groups))

    def numbers(
        self, positions: NDArray[np.int64], seed: int, present: float = 1.0
    ) -> NDArray[np.int64]:
        """Give each position the number of its value.

        As many positions as the source had rows have its number of values, each as often as one
        there. What follows has other values, unless each stands in so many rows that there are
        hardly any others.

        Parameters
        ----------
        positions
            Positions of the rows in the whole sample.
        seed
            Chooses which positions have equal values; one for all blocks of a sample.
        present
            Share of the positions that have a value; the others use up theirs.
        """
        rows = np.repeat(*map(np.array, zip(*self.groups, strict=True)))
        ends = np.rint(np.cumsum(rows / max(present, LEAST_PRESENT))).astype(np.int64)
        turn, rest = np.divmod(positions, ends[-1])
        slots = index_permutation(rest, int(ends[-1]), seed).astype(np.int64)
        values = np.searchsorted(ends, slots, side="right")
        is_closed = rows.mean() >= CLOSED_ROWS
        return np.asarray(values if is_closed else turn * self.distinct + values, np.int64)

    def to_json(self) -> dict[str, Any]:
        """Describe the repetition by JSON values."""
        return {"groups": [[*group] for group in self.groups]}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the repetition from `to_json`'s value."""
        return cls(tuple((float(rows), int(n)) for rows, n in state["groups"]))


_TYPES: dict[Type, tuple[type, ...]] = {
    "text": (str,),
    "bytes": (bytes,),
    "uuid": (UUID,),
    "number": (int, float, np.integer, np.floating),
}


class IdentifierEncoder(ColumnEncoder):
    """An identifier: every row gets a value of its own, by its position in the sample.

    Personal data that stands in several rows does so in a sample, too: there are about as many
    values, each in about as many rows.

    None is a value of the training table (`tabgan.encoding.identifiers.unique_values`). Whole
    numbers that count the rows (each once without a gap) count on from the highest; others keep
    their numbers of digits. Texts keep how they are written: common beginning, punctuation, runs
    of digits and letters with their lengths; e-mail and web addresses get reserved domains. Names,
    addresses and phone numbers are a locale's where the column's kind says so. Missing values and
    marks such as ``"NA"`` keep their shares. A dtype or an expression that has too few values for
    the rows repeats them.
    """

    name = "identifier"

    def __init__(
        self,
        column: Column,
        values_type: Type,
        maker: Maker,
        absence: MissingShares,
        repetition: Repetition | None = None,
    ) -> None:
        self.column = column
        self._type = values_type
        if isinstance(maker, FormMixture) and repetition is None:
            maker = replace(maker, repeats=False)  # rather addresses of a wider network
        self._maker = maker
        self._absence = absence
        self._repetition = repetition
        are_numbers = isinstance(maker, RisingNumbers) or (
            isinstance(maker, FormMixture)
            and any(isinstance(form, Digits | DigitParts) for form in maker.forms)
        )
        if are_numbers and values_type not in {"number", "text"}:
            raise ValueError(f"identifiers of type {values_type!r} can't be made of numbers")
        if values_type == "number" and not are_numbers:
            raise ValueError("identifiers of type 'number' must be made of numbers")

    @property
    def specials(self) -> Collection[str | None]:
        """What stands for an absent value: marks, and None where one is missing."""
        return self._absence.shares.keys()

    @property
    def spans(self) -> RowLayout:
        """Nothing: an identifier says nothing about its row."""
        return RowLayout()

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn how the identifiers are written.

        Raises
        ------
        DataError
            If the values are neither text, bytes, UUIDs nor whole numbers.
        SchemaError
            If the column's regular expression allows too few texts.
        """
        column = cells.column
        absence, given = MissingShares.split(cells.values)
        if any(isinstance(value, str) for value in given):
            given = [*map(str, given)]  # a number that has strayed among texts
        values_type = _type_of(given, column)
        maker = learn_maker(given, values_type, column)
        repetition = (
            Repetition.learn(given, column.least_rows) if may_repeat(maker, column) else None
        )
        return cls(column, values_type, maker, absence, repetition)

    @property
    def is_running(self) -> bool:
        """Whether the values count the rows of a sample, one after the other."""
        return isinstance(self._maker, RisingNumbers)

    @property
    def n_own(self) -> int:
        """How many positions of a sample are sure to have values of their own."""
        return 0 if self._repetition is not None else own_values(self._maker)

    def without_repetition(self) -> Self:
        """Return an encoder that gives each position a value of its own."""
        return type(self)(self.column, self._type, self._maker, self._absence)

    def encode(self, cells: TypedSeries) -> Encoded:
        """Encode values as nothing."""
        return Encoded.empty(len(cells.values))

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],  # noqa: ARG002
        start: int,
        rng: np.random.Generator,
        key: int = 0,
    ) -> pd.Series:
        """Make the identifiers of the rows from `start` on.

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
        if self._repetition is None:
            made = self._maker.make(np.arange(start, start + len(numbers)), rng, key)
        else:
            made = self._repeated(np.arange(start, start + len(numbers)), self._repetition, key)
        return self._absence.put_into(_typed(made, self._type), self.column, rng)

    def _repeated(
        self, positions: NDArray[np.int64], repetition: Repetition, key: int
    ) -> NDArray[Any]:
        """Make values that stand at several positions each, the same in all blocks of a sample."""
        present = 1 - sum(self._absence.shares.values())
        numbers, distinct = repetition.numbers(positions, key, present), repetition.distinct
        made = np.empty(len(numbers), object)
        for turn in np.unique(numbers // distinct).tolist():
            values = np.arange(turn * distinct, (turn + 1) * distinct)
            written = self._maker.make(values, numpy_stream(key, "values", turn), key)
            rows = numbers // distinct == turn
            made[rows] = written[numbers[rows] % distinct]
        return made

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        absent = self._absence.to_json()
        repeated = {"repeated": self._repetition.to_json()} if self._repetition else {}
        return {"type": self._type, "absent": absent, **repeated, **maker_to_json(self._maker)}

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
        maker = maker_from_json(state, column)
        if state["type"] not in _TYPES:
            raise ValueError(f"{state['type']!r} is not a type of identifiers")
        absence = MissingShares.from_json(state["absent"])
        repeated = state.get("repeated")
        repetition = None if repeated is None else Repetition.from_json(repeated)
        encoder = cls(column, state["type"], maker, absence, repetition)
        # one row shows whether maker, type and dtype match
        encoder.decode(np.empty((1, 0)), np.empty((1, 0), np.int64), 0, np.random.default_rng(0))
        return encoder


def _type_of(given: list[Any], column: Column) -> Type:
    first: Any = given[0] if given else ""
    found = next((name for name, members in _TYPES.items() if isinstance(first, members)), None)
    for value in given:
        if found is None or not _is_of(value, found):
            raise DataError(
                f"Column {column.name!r}: an identifier is text, bytes, UUIDs or whole numbers, "
                f"all values of one type, unlike {value!r:.60} of type {type(value).__name__}; "
                "choose another kind for the column, or change the values"
            )
    return found or "text"


def _is_of(value: Any, values_type: Type) -> bool:
    fits = isinstance(value, _TYPES[values_type]) and not isinstance(value, bool)
    return fits and (values_type != "number" or bool(value % 1 == 0))


def _typed(made: NDArray[Any], values_type: Type) -> NDArray[Any]:
    """Turn whole numbers and texts into values of a type."""
    match values_type:
        case "text":
            return made.astype(str).astype(object)
        case "bytes":
            return np.char.encode(made.astype(str), "latin-1").astype(object)
        case "uuid":
            return np.array([*map(UUID, made)], object)
        case _:
            return made


_LEVELS = ("categorical", "boolean")  # a number could take a value that no row had


@dataclass(frozen=True)
class IdentifierAttribute(Dependency):
    """Every level of the source determines one value of the target, which is generated.

    Parameters
    ----------
    source, target
        The columns; the source is learned by its levels.
    levels
        The source's levels.
    image
        For each of them the position of its value; -1 where it has none.
    encoder
        Generates the values.
    """

    name: ClassVar[str] = "attributed"
    of_equality: ClassVar[bool] = True
    source: ColumnRef
    target: ColumnRef
    levels: tuple[Scalar, ...]
    image: tuple[int, ...]
    encoder: IdentifierEncoder

    def __post_init__(self) -> None:
        n = len(self.levels)
        if len(self.image) != n or not all(-1 <= position < n for position in self.image):
            raise ValueError(f"{n} levels can't have the values {self.image!r:.60}")

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return self.source.position, self.target.position

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.source} determines {self.target}, which is generated"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Generate a value for each level, and look it up in each row."""
        codes, levels = table[self.source.position].codes, table[self.source.position].levels
        nothing = np.empty((max(self.image) + 1, 0))
        rng = np.random.default_rng(0)  # of the encoder's forms: a level's is always the same
        made = self.encoder.decode(nothing, nothing.astype(np.int64), 0, rng)
        number = {level_key(level): index for index, level in enumerate(self.levels)}
        known = np.array([self.image[number[level_key(level)]] for level in levels], np.int64)
        values = [*made.to_numpy(object), None]  # -1 is the last one
        column = self.target.column
        series = levels_to_series(values, known[codes] % len(values), column)
        return with_cells(table, {self.target.position: TypedSeries(column, series)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "target": self.target.to_json(),
            "levels": [to_json_scalar(level) for level in self.levels],
            "image": list(self.image),
            "encoder": self.encoder.to_json(),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        target = ColumnRef.from_json(state["target"])
        return cls(
            ColumnRef.from_json(state["source"]),
            target,
            tuple(from_json_scalar(level) for level in state["levels"]),
            tuple(int(position) for position in state["image"]),
            IdentifierEncoder.from_json(target.column, state["encoder"]),
        )


def find_attributes(table: ColumnFrame) -> list[IdentifierAttribute]:
    """Find the generated columns that the levels of another column determine."""
    targets = list(_repeated(table))
    if not targets:
        return []
    known = {at: level_list(cells) for at, cells in table.items() if cells[0].kind in _LEVELS}
    sources = {at: levels for at, levels in known.items() if levels and levels.are_frequent()}
    fewest_first = sorted(sources, key=lambda at: (len(sources[at].levels), at))
    found = []
    for target, values in targets:
        source = next((at for at in fewest_first if sources[at].determine(values)), None)
        if source is not None:
            found.append(_attribute(table, source, sources[source], target, values))
    return found


def _repeated(table: ColumnFrame) -> Iterator[tuple[int, LevelList]]:
    """Yield the generated columns whose values stand in several rows each."""
    for at, cells in table.items():
        if cells.column.is_generated and cells.column.kind not in ("text", "key"):
            levels = LevelList(cells.codes, cells.levels)
            if levels.are_frequent() and len(levels.levels) > 1:
                yield at, levels


def _attribute(
    table: ColumnFrame, source: int, levels: LevelList, target: int, values: LevelList
) -> IdentifierAttribute:
    absent = [*map(is_absent, values.levels)]
    position = np.where(absent, -1, np.cumsum(~np.array(absent)) - 1)
    given = table[target].take(~np.array(absent)[values.codes])
    encoder = IdentifierEncoder.fit(given).without_repetition()
    image = position[levels.image_in(values)]
    fields = field_at(table, source), field_at(table, target)
    return IdentifierAttribute(*fields, tuple(levels.levels), tuple(image.tolist()), encoder)
