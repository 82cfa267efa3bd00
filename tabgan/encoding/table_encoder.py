"""`TableEncoder`: a table to encoded rows and back.

A fit detects rules between columns, removes what they derive, and fits a `ColumnEncoder` to each
column that is left: the class that a registered encoder claims, or the one that suits its kind
and number of distinct values. Decoding goes the same way back, and restores what the rules derive.
"""

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import isabstract
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, ModelFileError, OptionError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import (
    CategoricalEncoder,
    ColumnEncoder,
    Encoded,
    NumericEncoder,
)
from tabgan.encoding.compound_encoders import CompoundEncoder, RecordEncoder
from tabgan.encoding.grouped_levels import GroupedEncoder
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder, find_attributes
from tabgan.encoding.identifiers.placeholder_text import TextEncoder
from tabgan.encoding.multiselect import MultiselectEncoder
from tabgan.encoding.quantiles import Quantiles
from tabgan.encoding.seasons import Season, find_seasons
from tabgan.rules.agreement_dependency import LevelEquality, NearDependency
from tabgan.rules.base_rules import Dependency
from tabgan.rules.detect_dependencies import dependency_from_json, detect_dependencies
from tabgan.rules.equality_dependency import PartialMultiple
from tabgan.rules.functional_dependency import FunctionalDependency, give_sources
from tabgan.rules.holes_dependency import HolesDependency
from tabgan.rules.level_constraints import find_limits
from tabgan.rules.presence_dependency import (
    PresenceDependency,
    find_hole_shares,
    find_presences,
    widened,
)
from tabgan.table.columns import (
    ColumnFrame,
    TypedSeries,
    by_position,
    count_rows,
    frame_of,
    replaced,
    without,
)
from tabgan.table.list_and_record_cells import is_record
from tabgan.table.schema import Column, Kind, Schema

__all__ = [
    "ENCODERS",
    "FEW_VALUES",
    "MANY_LEVELS",
    "TableEncoder",
    "fit_column",
    "fit_encoders",
    "keeps_rules",
    "reduce_consistently",
    "register_encoder",
    "make_consistent",
]

FEW_VALUES = 20  # numbers with at most so many distinct values are levels
MANY_LEVELS = 200  # more levels than this are grouped
CONTEXT_LEVELS = 20  # level columns up to this size describe the levels of grouped columns
CONTEXT_WIDTH = 64
ENCODERS: dict[str, type[ColumnEncoder]] = {
    encoder.name: encoder
    for encoder in (
        NumericEncoder,
        CategoricalEncoder,
        GroupedEncoder,
        IdentifierEncoder,
        TextEncoder,
        MultiselectEncoder,
        CompoundEncoder,
        RecordEncoder,
    )
}
_OWN = frozenset(ENCODERS)
_BY_KIND: Mapping[Kind, type[ColumnEncoder]] = {
    "text": TextEncoder,
    "multiselect": MultiselectEncoder,
    "compound": CompoundEncoder,
}
AnyEncoder = TypeVar("AnyEncoder", bound=ColumnEncoder)


def register_encoder(cls: type[AnyEncoder]) -> type[AnyEncoder]:
    """Register an encoder class for fits and model files; returns the class.

    For each column, a fit tries the registered classes, the latest first (`ColumnEncoder.suits`). A
    model file names the class; register it before `TabGAN.load`.

    Parameters
    ----------
    cls
        A subclass of `ColumnEncoder` with a `name` that no other class has.

    Raises
    ------
    OptionError
        If it is something else.

    Examples
    --------
    >>> @register_encoder
    ... class PostcodeEncoder(CategoricalEncoder):
    ...     name = "postcode"
    ...
    ...     @classmethod
    ...     def suits(cls, cells):
    ...         return cells.column.name == "postcode"
    >>> cells = TypedSeries(Column("postcode", "categorical", "object"), pd.Series(["W1", "E3"]))
    >>> type(fit_column(cells)).__name__
    'PostcodeEncoder'
    >>> del ENCODERS["postcode"]
    """
    if not (isinstance(cls, type) and issubclass(cls, ColumnEncoder)) or isabstract(cls):
        raise OptionError(
            f"register_encoder: {cls!r:.80} must be a subclass of ColumnEncoder that defines all "
            "its abstract methods"
        )
    name = vars(cls).get("name")
    if not isinstance(name, str) or not name:
        raise OptionError(
            f"register_encoder: {cls.__name__}.name={name!r:.80} must be text that names the "
            "class in model files, as in name = 'mine'"
        )
    taken = ENCODERS.get(name, cls)
    if (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
        raise OptionError(
            f"register_encoder: {cls.__name__}.name={name!r:.80} is the name of "
            f"{taken.__module__}.{taken.__qualname__}; choose another name"
        )
    ENCODERS[name] = cls
    return cls


def _choose_encoder(cells: TypedSeries) -> type[ColumnEncoder]:
    for name, encoder in reversed(ENCODERS.items()):
        if name not in _OWN and encoder.suits(cells):
            return encoder
    column = cells.column
    own = _BY_KIND.get(column.kind)
    if own is not None:
        return RecordEncoder if own is CompoundEncoder and is_record(column.format) else own
    if column.is_generated:
        return IdentifierEncoder
    if column.kind in ("categorical", "boolean"):
        n_levels = sum(level is not None for level in cells.levels)
        return GroupedEncoder if n_levels > MANY_LEVELS else CategoricalEncoder
    if cells.values.nunique() > FEW_VALUES or not _are_levels(cells):
        return NumericEncoder
    return CategoricalEncoder


def _are_levels(cells: TypedSeries) -> bool:
    """Return whether enough rows hold each value of a column for all to be kept."""
    least = cells.column.least_rows
    if least == 1:
        return True
    counts = np.bincount(cells.codes, minlength=len(cells.levels))
    return all(
        count >= least
        for count, level in zip(counts, cells.levels, strict=True)
        if level is not None
    )


def fit_column(cells: TypedSeries) -> ColumnEncoder:
    """Fit the encoder that suits a column by itself."""
    return fit_encoders({0: cells})[0]


def fit_encoders(
    table: ColumnFrame,
    presences: Sequence[PresenceDependency] = (),
    once: Collection[int] = (),
) -> dict[int, ColumnEncoder]:
    """Fit an encoder to each column; those of very many levels look at the others.

    Parameters
    ----------
    table
        The columns.
    presences
        The rules of columns whose presence is learned: their encoders make a value for every row.
    once
        Positions of columns of text of which each value counts once, in however many rows.
    """
    classes = {i: _choose_encoder(cells) for i, cells in table.items()}
    seen = dict(table)
    for rule in presences:
        if classes[rule.target.position] in (IdentifierEncoder, TextEncoder):
            seen |= {rule.target.position: rule.present_cells(table)}
    for at in once:
        if classes.get(at) is TextEncoder:
            first = np.unique(seen[at].codes, return_index=True)[1]
            seen |= {at: seen[at].take(first)}
    fitted: dict[int, ColumnEncoder] = {
        i: encoder.fit(seen[i]) for i, encoder in classes.items() if encoder is not GroupedEncoder
    }
    grouped = [i for i, encoder in classes.items() if encoder is GroupedEncoder]
    if grouped:
        rows = count_rows(table)
        context = _context([fitted[i].encode(table[i]) for i in fitted], rows)
        fitted |= {i: GroupedEncoder.fit(table[i], context) for i in grouped}
    return {i: fitted[i] for i in table}


def _context(parts: list[Encoded], rows: int) -> NDArray[np.float32]:
    """Describe each row by its numbers and small level columns, shape (rows, ≤ CONTEXT_WIDTH)."""
    described = [np.empty((rows, 0), np.float32)]
    for part in parts:
        described.append(part.low + part.width / np.float32(2))
        for codes in part.codes.T:
            n_levels = int(codes.max()) + 1
            if n_levels <= CONTEXT_LEVELS:
                described.append((codes[:, None] == np.arange(n_levels)).astype(np.float32))
    return np.concatenate(described, axis=1)[:, :CONTEXT_WIDTH]


@dataclass(frozen=True)
class TableEncoder:
    """Encoders of the columns that are learned, and the rules that derive the others.

    Parameters
    ----------
    schema
        Columns of the table.
    dependencies
        Rules applied in order before encoding, and undone in reverse after decoding.
    columns, encoders
        The columns left after reduction and their encoders, by position in the schema.
    """

    schema: Schema
    dependencies: tuple[Dependency, ...]
    columns: Mapping[int, Column]
    encoders: Mapping[int, ColumnEncoder]

    @classmethod
    def fit(
        cls,
        table: pd.DataFrame | ColumnFrame,
        schema: Schema,
        rng: np.random.Generator,
        *,
        derive: bool = True,
        kept: Collection[int] = (),
        unlimited: Collection[int] = (),
        declared: Sequence[Dependency] = (),
        detected: Sequence[Dependency] | None = None,
        once: Collection[int] = (),
    ) -> "TableEncoder":
        """Detect dependencies and fit an encoder to each column that is left.

        Parameters
        ----------
        table
            The training table, with the schema's columns in order.
        schema
            Its columns.
        rng
            Randomness of the detection, which looks at samples of rows first.
        derive
            Whether columns that others determine are left out and derived.
        kept
            Positions of columns that are learned in any case, even if others determine them.
        unlimited
            Positions of columns that levels of others don't limit.
        declared
            Rules that hold in any case. They are restored first, and what is detected leaves
            their columns alone; `kept` has to name these.
        detected
            The rules, where `detect_dependencies` has been called; None to call it.
        once
            Positions of columns whose values stand in several rows because a key does.
        """
        left = by_position(table, schema)
        if not derive:
            detected = find_presences(left, len(schema))
        elif detected is None:
            detected = detect_dependencies(left, rng, kept, find_attributes)
        dependencies = (*(own for own in detected if not _tells_of_few_rows(own, left)), *declared)
        for dependency in dependencies:
            left = dependency.reduce(left)
        in_some_rows = LevelEquality | NearDependency | PartialMultiple
        near = [rule for rule in dependencies if isinstance(rule, in_some_rows)]
        learned = without(left, {at for rule in near for at in rule.positions[-2:]})
        limits = find_limits(learned, rng.spawn(1)[0], {*kept, *unlimited}) if derive else ()
        holes = find_hole_shares(learned, kept) if derive else ()
        encoders = fit_encoders(left, _presences(dependencies), once)
        for at, seasons in find_seasons(left).items():
            own = encoders[at]
            if isinstance(own, NumericEncoder):
                encoders[at] = own.with_seasons(left[at], seasons)
        columns = {position: cells.column for position, cells in left.items()}
        return cls(schema, (*dependencies, *limits, *holes), columns, encoders)

    @property
    def spans(self) -> RowLayout:
        """Layout of an encoded row."""
        return RowLayout.concatenate(encoder.spans for encoder in self.encoders.values())

    @property
    def seasons(self) -> dict[Hashable, tuple[Season, ...]]:
        """The hours, weekdays and months that are learned beside dates, by column."""
        return {
            self.columns[at].name: own.seasons
            for at, own in self.encoders.items()
            if isinstance(own, NumericEncoder) and own.seasons
        }

    @property
    def quantiles(self) -> tuple[Quantiles, ...]:
        """The distribution of each number of an encoded row."""
        return tuple(part for encoder in self.encoders.values() for part in encoder.quantiles)

    @cached_property
    def places(self) -> Mapping[int, tuple[slice, slice]]:
        """Where each column that is encoded lies: among the numbers, and the level spans."""
        found, number, level = {}, 0, 0
        for position, encoder in self.encoders.items():
            ends = number + encoder.spans.n_numbers, level + len(encoder.spans.widths)
            found[position] = slice(number, ends[0]), slice(level, ends[1])
            number, level = ends
        return found

    @property
    def leading_spans(self) -> list[int]:
        """The level spans of a row that the polish leaves as they are drawn."""
        return [
            self.places[at][1].start + span
            for at, encoder in self.encoders.items()
            for span in encoder.leading_spans
        ]

    def settle(self, codes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Make the level codes of drawn rows agree with each other; see `ColumnEncoder.settle`.

        Parameters
        ----------
        codes
            Level codes, shape (rows, level spans).
        rng
            The only source of randomness.
        """
        codes = codes.copy()
        for at, encoder in self.encoders.items():
            if encoder.leading_spans:
                spans = self.places[at][1]
                codes[:, spans] = encoder.settle(codes[:, spans], rng)
        return codes

    def related(self, positions: Collection[int]) -> set[int]:
        """Return columns with all those that rules tie them to, directly or by way of others."""
        tied = set(positions)
        ties = [set(dependency.positions) for dependency in self.dependencies]
        while more := [tie for tie in ties if tie & tied and not tie <= tied]:
            tied = tied.union(*more)
        return tied

    @property
    def n_learned(self) -> int:
        """Number of columns that take part in training."""
        return sum(encoder.spans.width > 0 for encoder in self.encoders.values())

    def encode(self, table: pd.DataFrame | ColumnFrame) -> Encoded:
        """Encode rows of the fitted columns."""
        table = by_position(table, self.schema)
        return self.encode_columns(self.reduce(table), count_rows(table))

    def in_cells(self, rows: Encoded) -> Encoded:
        """Widen the bands of encoded rows to the cells of their columns' distributions.

        What is learned of them then tells of each number only in which cell it lies, with as many
        rows as a group has. Columns that keep all values are left as they are.

        Parameters
        ----------
        rows
            Encoded rows.
        """
        low, width = rows.low.copy(), rows.width.copy()
        for at, encoder in self.encoders.items():
            if self.columns[at].least_rows > 1:
                places = range(*self.places[at][0].indices(low.shape[1]))
                for place, quantiles in zip(places, encoder.quantiles, strict=True):
                    cells = quantiles.cell_of(low[:, place], width[:, place])
                    low[:, place], width[:, place] = cells
        return rows._replace(low=low, width=width)

    def reduce(self, table: pd.DataFrame | ColumnFrame) -> ColumnFrame:
        """Remove from a table what the rules derive; the columns to encode are left."""
        table = by_position(table, self.schema)
        for dependency in self.dependencies:
            table = dependency.reduce(table)
        return table

    def encode_columns(self, table: ColumnFrame, rows: int) -> Encoded:
        """Encode the columns that `reduce` has left, of so many rows.

        Parameters
        ----------
        table
            The columns that `reduce` has left.
        rows
            Number of rows.
        """
        parts = [encoder.encode(table[position]) for position, encoder in self.encoders.items()]
        return _side_by_side(parts, rows)

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,
        rng: np.random.Generator,
        key: int = 0,
    ) -> pd.DataFrame:
        """Turn encoded rows into a frame of the schema's columns.

        Parameters
        ----------
        numbers, codes
            Encoded rows, shapes (rows, numbers) and (rows, level spans) of `spans`.
        start
            Position of the first row in the whole sample.
        rng
            Randomness of marks of absence and of levels within a group.
        key
            Chooses the order of identifiers; one for all blocks of a sample.
        """
        return self.frame_of(self.restore(self.decode_columns(numbers, codes, start, rng, key=key)))

    def decode_columns(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,
        rng: np.random.Generator,
        positions: Collection[int] | None = None,
        *,
        key: int = 0,
    ) -> ColumnFrame:
        """Decode the columns that are encoded, or those of them at some positions.

        Parameters
        ----------
        numbers
            Probabilities of the numbers, shape (rows, numbers).
        codes
            Level codes, shape (rows, level spans).
        start
            Position of the first row in the whole sample.
        rng
            The only source of randomness.
        positions
            Positions of the columns to decode; None for all.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        wanted = [at for at in self.encoders if positions is None or at in positions]
        table: ColumnFrame = {}
        for position in wanted:
            number, level = self.places[position]
            decode = self.encoders[position].decode
            values = decode(numbers[:, number], codes[:, level], start, rng, key)
            table[position] = TypedSeries(self.columns[position], values)
        return table

    def restore(self, table: ColumnFrame, touching: Collection[int] | None = None) -> ColumnFrame:
        """Derive columns by the rules from the columns that are present.

        With `touching`, only rules between these columns and others are followed.

        Parameters
        ----------
        table
            Decoded columns.
        touching
            Positions whose rules alone are followed; None for all rules.
        """
        for dependency in reversed(self.dependencies):
            if set(dependency.positions) & set(table if touching is None else touching):
                table = dependency.restore(table)
        return table

    def frame_of(self, table: ColumnFrame) -> pd.DataFrame:
        """Put the columns of a restored table into a frame."""
        return frame_of(table, self.schema)

    @property
    def derived(self) -> set[int]:
        """Positions of the columns that are left out of training, and given back by rules."""
        return set(range(len(self.schema))) - self.columns.keys()

    @property
    def generated(self) -> list[int]:
        """Positions of the columns that are not learned, but generated for every row."""
        return [position for position, column in self.columns.items() if column.is_generated]

    @cached_property
    def presence(self) -> Mapping[int, int]:
        """Positions of the columns of presence, by those of the generated columns."""
        return {rule.target.position: rule.position for rule in _presences(self.dependencies)}

    @cached_property
    def holes(self) -> set[int]:
        """Positions of the columns whose holes are filled by rules, and come back at the end."""
        rules = [rule for rule in self.dependencies if isinstance(rule, HolesDependency)]
        return {member.target.position for rule in rules for member in rule.members}

    @property
    def unrelated(self) -> list[int]:
        """Positions of the generated columns whose presence is not learned."""
        return [position for position in self.generated if position not in self.presence]

    def with_presence(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table with the columns of presence that its generated columns tell."""
        for rule in _presences(self.dependencies):
            table = rule.reduce(table)
        return table

    @property
    def learned_columns(self) -> set[int]:
        """Positions of the encoded columns whose values are learned."""
        return self.columns.keys() - set(self.generated)

    def try_out(self) -> None:
        """Decode every level and the ends of every number once.

        Faults of a declared schema or of a model file come out here, and not in a sample.

        Raises
        ------
        TabGANError, TypeError, ValueError, IndexError, KeyError, ArithmeticError
            If a part does not fit the others.
        """
        spans = self.spans
        rows = np.arange(max(2, *spans.widths, 2))
        numbers = np.repeat((rows / (len(rows) - 1))[:, None], spans.n_numbers, axis=1)
        codes = rows[:, None] % np.array(spans.widths, np.int64)[None, :]
        self.decode(numbers, codes, 0, np.random.default_rng(0))

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return {
            "schema": self.schema.to_json(),
            "dependencies": [
                {"rule": dependency.name, **dependency.to_json()}
                for dependency in self.dependencies
            ],
            "columns": [
                {
                    "position": position,
                    "column": self.columns[position].to_json(),
                    "encoder": encoder.name,
                    "state": encoder.to_json(),
                }
                for position, encoder in self.encoders.items()
            ],
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "TableEncoder":
        """Rebuild an encoder from `to_json`'s value.

        Raises
        ------
        ModelFileError
            If it needs an encoder that is not registered.
        SchemaError, KeyError, TypeError, ValueError, IndexError
            If the value is malformed.
        """
        columns = {
            int(item["position"]): Column.from_json(item["column"]) for item in state["columns"]
        }
        encoders = {
            int(item["position"]): _encoder_class(item["encoder"]).from_json(
                columns[int(item["position"])], item["state"]
            )
            for item in state["columns"]
        }
        dependencies = tuple(dependency_from_json(item) for item in state["dependencies"])
        return cls(Schema.from_json(state["schema"]), dependencies, columns, encoders)


def _tells_of_few_rows(rule: Dependency, table: ColumnFrame) -> bool:
    return isinstance(rule, FunctionalDependency) and rule.tells_of_few_rows(table)


def _presences(dependencies: Iterable[Dependency]) -> list[PresenceDependency]:
    return [rule for rule in dependencies if isinstance(rule, PresenceDependency)]


def _encoder_class(name: str) -> type[ColumnEncoder]:
    if name not in ENCODERS:
        raise ModelFileError(
            f"the model needs the column encoder {name!r:.80}, which is not registered; call "
            "tabgan.extend.register_encoder with its class before TabGAN.load",
            on_command_line=f"the model needs the column encoder {name!r:.80}, which is not part "
            "of tabgan; use the model from Python, where its class is registered",
        )
    return ENCODERS[name]


def _side_by_side(parts: list[Encoded], rows: int) -> Encoded:
    parts = [Encoded.empty(rows), *parts]
    return Encoded(*(np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True)))


def make_consistent(
    encoder: TableEncoder, frame: pd.DataFrame, given: NDArray[np.bool_]
) -> pd.DataFrame:
    """Make the other cells consistent with the given ones, by the rules between columns.

    Parameters
    ----------
    encoder
        What holds the rules.
    frame
        Rows of the schema's columns.
    given
        Which cells are not to be changed, shape (rows, columns).
    """
    table = reduce_consistently(encoder, frame, given)
    for rule in reversed(encoder.dependencies):
        if not rule.may_be_broken:
            table = rule.restore(table)
    for at in range(len(encoder.schema)):
        column, values = table[at]
        table[at] = TypedSeries(column, replaced(values, given[:, at], frame.iloc[:, at]))
    return encoder.frame_of(table)


def reduce_consistently(
    encoder: TableEncoder, frame: pd.DataFrame, given: NDArray[np.bool_]
) -> ColumnFrame:
    """Reduce rows after making them consistent; where given cells clash, some are changed.

    Parameters
    ----------
    encoder
        The encoder of the table, which holds the rules.
    frame
        Rows of the schema's columns.
    given
        Which cells must not change, shape (rows, columns).
    """
    table, pinned = by_position(frame, encoder.schema), widened(given)
    for place, rule in enumerate(encoder.dependencies):
        table = give_sources(encoder.dependencies[place:], table, pinned)
        table = rule.reduce(rule.propagate(table, pinned))
    return table


def keeps_rules(
    encoder: TableEncoder, frame: pd.DataFrame, positions: Collection[int]
) -> tuple[NDArray[np.bool_], Dependency | None]:
    """Return which rows of a frame keep the rules of some columns, and the first broken rule.

    Parameters
    ----------
    encoder
        The encoder of the table, which holds the rules.
    frame
        Rows of the schema's columns.
    positions
        Positions of the columns whose rules are checked.

    Returns
    -------
    Shape (rows,); and the first rule that a row breaks, if there is one.
    """
    table, keeps = by_position(frame, encoder.schema), np.ones(len(frame), np.bool_)
    broken = None
    for rule in encoder.dependencies:
        tied = set(rule.positions)
        try:
            may_break = rule.may_be_broken or not tied & set(positions)
            if not may_break and tied <= table.keys():  # else another has derived a column
                holds = rule.holds([table[at].take(keeps) for at in rule.positions])
                broken = rule if broken is None and not holds.all() else broken
                keeps[np.flatnonzero(keeps)[~holds]] = False
            table = rule.reduce(table)
        except DataError:  # there is a row that can't be reduced
            return np.zeros(len(frame), np.bool_), rule
    return keeps, broken
