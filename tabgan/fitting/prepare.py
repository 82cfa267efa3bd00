"""Prepare a table for a fit: schema, constraints, rare values, rules, encoder, sizes.

`prepare(frame, options, seed)` is the one preparation. `TabGAN.fit` trains on what it returns,
``tabgan inspect`` describes it, and `tune` proposes latent sizes for its encoded width. It takes a
DataFrame as `tabgan.inference.accept_table.as_frame` gives it, and the checked options of a
`TabGAN`::

    options = TableOptions(min_group=5, condition_on=("plan",))
    preparation = prepare(frame, options, seed=0)
    preparation.encoder.spans.width, preparation.latent.dim, preparation.n_steps

A fit with the same options and seed has the same width, latent size, rules and steps. Thresholds
of rare values are drawn: with another seed a level of `min_group` rows, or a few more, may be
folded or not. A private fit (`epsilon`) prepares nothing here; it measures with noise.
"""

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal, NamedTuple, TypeVar

import numpy as np
import pandas as pd

from tabgan.base.errors import DataError, SchemaError
from tabgan.base.random_streams import numpy_stream
from tabgan.encoding.column_encoders import Encoded
from tabgan.encoding.condition_columns import ConditionColumns, find_columns
from tabgan.encoding.identifiers.identifier_encoders import find_attributes
from tabgan.encoding.identifiers.placeholder_text import LOREM
from tabgan.encoding.multiselect import item_rows, read_levels
from tabgan.encoding.rare_levels import (
    FoldedLevels,
    Units,
    can_be_generated,
    fold_rare,
    has_frequent_level,
    may_be_rare,
)
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.generators.latents import LatentChoice, resolve_latent_dim
from tabgan.inference.infer_schema import infer_schema, resolve_schema, with_measured_ranges
from tabgan.rules.base_rules import ColumnConstraint, Constraint, Dependency
from tabgan.rules.code_dependency import CodePart, CodePrefix
from tabgan.rules.code_word_dependency import CodeDate, CodeWord
from tabgan.rules.constraint_plan import ConstraintPlan, learn_constraints, plan_constraints
from tabgan.rules.detect_dependencies import detect_dependencies
from tabgan.rules.functional_dependency import FunctionalDependency
from tabgan.rules.holes_dependency import HolesDependency
from tabgan.rules.level_constraints import FixedCombinations
from tabgan.sampling.key_groups import KeyGroups
from tabgan.sampling.table_keys import KeyRule, learn_table_keys
from tabgan.table.columns import (
    ColumnFrame,
    TypedSeries,
    by_position,
    clip_to_ends,
    forget_parsed,
    frame_of,
    with_ranges_of,
    write_column,
)
from tabgan.table.scalars import Scalar
from tabgan.table.schema import RANGED, Kind, Schema

__all__ = [
    "Preparation",
    "Suppressed",
    "TableOptions",
    "TextStyle",
    "auto_steps",
    "free_text_columns",
    "prepare",
    "small_table_note",
    "suppress_rare_values",
    "with_min_group",
    "without_free_text",
]

FEW_GROUPS = 10  # times the rows of a group: of fewer rows, little is learned


class Detected(NamedTuple):
    """The rules of a table, and how they were detected.

    Parameters
    ----------
    rules
        The rules.
    kept
        Positions of the columns that none of them may derive.
    rng
        The randomness of the detection, as it left it.
    """

    rules: Sequence[Dependency]
    kept: Collection[int]
    rng: np.random.Generator


class Suppressed(NamedTuple):
    """A table and its schema without rare values.

    Parameters
    ----------
    table, schema
        The columns, and what they are.
    folded
        What was folded, by position.
    detected
        The rules that were detected before; None if none was looked for, or if columns of some have
        changed since, so that they have to be detected again.
    """

    table: ColumnFrame
    schema: Schema
    folded: Mapping[int, FoldedLevels]
    detected: Detected | None = None


def small_table_note(n_rows: int, min_group: int) -> str | None:
    """Return a note on what is not learned from a table of few rows, or None if it has enough.

    Parameters
    ----------
    n_rows
        Rows of the table.
    min_group
        About how many rows must hold a value.
    """
    if min_group == 1 or n_rows >= FEW_GROUPS * min_group:
        return None
    return (
        f"{n_rows} rows are few to learn from and to protect: numbers are sampled between "
        f"the {min_group} outermost rows, and rarer values are not stored; --min-group 1 "
        "keeps all"
    )


def with_min_group(schema: Schema, min_group: int) -> Schema:
    """Set the estimator's `min_group` in columns that have none of their own.

    Parameters
    ----------
    schema
        Columns of the table.
    min_group
        About how many rows must hold a value. 1 keeps all values, and leaves the schema as it is.
    """
    if min_group == 1:
        return schema
    columns = (replace(c, min_group=c.min_group or min_group) for c in schema)
    return replace(schema, columns=tuple(columns))


def suppress_rare_values(
    table: ColumnFrame,
    schema: Schema,
    constraints: Sequence[Constraint],
    rules: Sequence[Dependency],
    *,
    kept: Collection[int],
    conditions: Sequence[int],
    streams: tuple[np.random.Generator, np.random.Generator],
    derive: bool,
    units: Units = (),
) -> Suppressed:
    """Fold rare levels of a table into frequent ones, and trim the ranges of its schema.

    Numbers beyond a trimmed range stay in the table; their encoders clip them.

    Parameters
    ----------
    table, schema
        The training table.
    constraints, rules
        The declared constraints, and the dependencies that keep them.
    kept, conditions
        Positions of the columns that no rule may derive, and of the condition columns.
    streams
        Randomness of the detection of rules, and of thresholds and donors.
    derive
        Whether rules are detected.
    units
        Whom each row is of: a level counts once for all rows of one unit.
    """
    if all(c.least_rows == 1 for c in schema):
        return Suppressed(table, schema, {})
    constrained = [
        tuple(rule.positions(schema)) for rule in constraints if isinstance(rule, ColumnConstraint)
    ]
    fixed = {*conditions, *(at for tie in constrained for at in tie)}
    table, schema = _without_few_numbers(table, schema)
    schema = _with_generated_values(table, schema, fixed, units)
    table = by_position(table, schema)
    combined = (rule for rule in constraints if isinstance(rule, FixedCombinations))
    joint = [rule.positions(schema) for rule in combined if rule.combinations is None]
    if len(conditions) > 1:  # the model keeps which of their values occur together
        joint.append(tuple(conditions))
    suppressed, folded, detected = table, dict[int, FoldedLevels](), None
    if joint or may_be_rare(table, units):  # else nothing is folded, whatever rules tie together
        detected = detect_dependencies(table, streams[0], kept, find_attributes) if derive else []
        ties, found = (constrained, joint), (detected, rules)
        suppressed, folded = _fold_tied(table, ties, found, streams[1], fixed=fixed, units=units)
    columns = tuple(
        replace(c, folded=folded[at].n_levels if at in folded else None)
        for at, c in enumerate(schema)
    )
    schema = _trimmed(table, suppressed, replace(schema, columns=columns))
    suppressed = by_position(suppressed, schema)
    changed = {at for at, cells in table.items() if not _is_same(cells, suppressed[at])}
    if detected is None or changed & {at % len(schema) for at in _tied_by(detected)}:
        return Suppressed(suppressed, schema, folded)
    return Suppressed(suppressed, schema, folded, Detected(detected, kept, streams[0]))


def _fold_tied(
    table: ColumnFrame,
    ties: tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]],
    rules: tuple[Sequence[Dependency], Sequence[Dependency]],
    rng: np.random.Generator,
    *,
    fixed: Collection[int],
    units: Units,
) -> tuple[ColumnFrame, dict[int, FoldedLevels]]:
    """Fold rare levels together with the columns that constraints or rules tie to theirs.

    Parameters
    ----------
    table
        The columns.
    ties
        Columns that constraints tie, and those whose combinations of values count as levels.
    rules
        The rules that were detected, and those that keep the constraints.
    rng
        Draws thresholds and donors.
    fixed
        Columns whose levels are named.
    units
        Whom each row is of.
    """
    constrained, joint = ties
    detected, declared = rules
    held = [rule for rule in detected if isinstance(rule, CodePrefix | CodePart)]
    # which columns rules fill together ties no levels: the rules themselves do
    aside = (CodePrefix, CodePart, CodeDate, CodeWord, HolesDependency)
    found = [*(rule for rule in detected if not isinstance(rule, aside)), *declared]
    # a column of presence, behind those of the schema, goes with the column that it is of
    tied = [*constrained, *({at % len(table) for at in rule.positions} for rule in found)]
    looked_at = {at % len(table) for at in _looked_at(found)}
    fixed = {*fixed, *(at for at in looked_at if has_frequent_level(table[at], units))}
    suppressed, folded = fold_rare(table, tied, joint, rng, fixed, units=units)
    for rule in held:  # a code holds the level that is kept
        rests = rule.reduce(table)[rule.target.position]
        suppressed = rule.restore({**suppressed, rule.target.position: rests})
    return suppressed, folded


def _is_same(one: TypedSeries, other: TypedSeries) -> bool:
    return one.values is other.values and one.column == other.column


def _tied_by(rules: Iterable[Dependency]) -> set[int]:
    """Return the positions of the columns of rules, also of those within rules."""
    found = {at for rule in rules for at in rule.positions}
    inner = (rule.rules for rule in rules if isinstance(rule, HolesDependency))
    return found.union(*map(_tied_by, inner))


def _without_few_numbers(table: ColumnFrame, schema: Schema) -> tuple[ColumnFrame, Schema]:
    """Leave out the numbers of columns in which too few rows hold any.

    They are missing then: whatever was drawn in their place would tell of these rows.
    """
    columns = list(schema.columns)
    for at, column in enumerate(schema):
        if column.kind not in RANGED:
            continue
        present = table[at].numbers.present
        if not 0 < present.sum() < min(column.least_rows, len(present)):
            continue
        values = table[at].values
        blank = values.mask(present)
        if values.dtype == object:
            blank = values.where(~present, None)
        (empty,) = infer_schema(blank.to_frame(at))
        why = f"no number is stored, because fewer than {column.least_rows} rows have one"
        columns[at] = replace(empty, name=column.name, min_group=column.min_group, why=why)
        table = {**table, at: TypedSeries(columns[at], blank)}
    return table, replace(schema, columns=tuple(columns))


def _trimmed(table: ColumnFrame, suppressed: ColumnFrame, schema: Schema) -> Schema:
    """Trim the ranges that were measured from the table; declared ranges stay."""
    ranged = [at for at, column in enumerate(schema) if column.kind in RANGED]
    before, after = dict[int, pd.Series](), dict[int, pd.Series]()
    for at in ranged:
        clipped = _clipped(suppressed[at])
        if clipped is not None or suppressed[at].values is not table[at].values:
            before[at] = table[at].values.iloc[table[at].one_of_each()]
            after[at] = suppressed[at].values if clipped is None else clipped
    return with_measured_ranges(schema, before, after)


def _clipped(cells: TypedSeries) -> pd.Series | None:
    """Return a row of each number, clipped to the ends that may be kept; None if none changes."""
    column, numbers = cells.column, cells.numbers
    if not numbers.present.any():
        return None
    if column.kind in ("integer", "numeric"):
        column = replace(column, minimum=None, maximum=None)
    clipped = numbers.values.copy()
    clipped[numbers.present] = clip_to_ends(clipped[numbers.present], column)
    if (clipped == numbers.values)[numbers.present].all():
        return None
    if column is not cells.column:
        column = replace(
            column,
            minimum=_like(cells.column.minimum, clipped[numbers.present].min()),
            maximum=_like(cells.column.maximum, clipped[numbers.present].max()),
        )
    return write_column(numbers._replace(values=clipped).take(cells.one_of_each()), column)


def _like(bound: Scalar, number: Any) -> Scalar:
    """Write a number as a bound is: as a whole number, a float or a decimal."""
    if isinstance(bound, Decimal):
        return Decimal(repr(number.item()))
    return None if bound is None else type(bound)(number.item())


def _looked_at(rules: Sequence[Dependency]) -> set[int]:
    """Return the columns whose levels mean something to a rule, not only which are equal."""
    found = set[int]()
    for rule in rules:
        if not rule.of_equality:
            found |= {*rule.positions}
        elif isinstance(rule, FunctionalDependency) and rule.source.column.kind in RANGED:
            found.add(rule.target.position)  # a generated level would have no number before it
    return found


def _with_generated_values(
    table: ColumnFrame, schema: Schema, fixed: Collection[int], units: Units
) -> Schema:
    """Turn columns of categories or lists without a frequent one into identifiers or text.

    Categories are turned where a constraint or condition looks at their levels; others get
    generated levels.

    Raises
    ------
    DataError
        If such a column can't be that, or a constraint names it.
    """
    for at, cells in table.items():
        column, kind = cells.column, _GENERATED.get(cells.column.kind)
        if kind is None or _is_declared(cells) or _has_frequent_value(cells, units):
            continue
        is_level = column.kind == "categorical"
        if is_level and at not in fixed and can_be_generated(cells):
            continue
        why = f"no value has min_group={column.min_group} rows"
        try:
            (identifier,) = infer_schema(cells.values.to_frame(at), {at: kind})
        except SchemaError:
            identifier = column
        if identifier is column or at in fixed:
            raise DataError(
                f"Column {column.name!r}: {why}, so that none is stored and none can be generated; "
                "drop the column, declare another kind, or keep its values with min_group=1"
            )
        identifier = replace(
            identifier,
            name=column.name,
            min_group=column.min_group,
            why=f"{why}: they are generated",
        )
        schema = schema.with_column(identifier)
    return schema


_GENERATED: Mapping[Kind, Kind] = {"categorical": "identifier", "multiselect": "text"}


def _is_declared(cells: TypedSeries) -> bool:
    return isinstance(cells.values.dtype, pd.CategoricalDtype)


def _has_frequent_value(cells: TypedSeries, units: Units) -> bool:
    """Return whether enough rows hold some level, of lists some item, or there is none at all."""
    if cells.column.kind != "multiselect":
        return has_frequent_level(cells, units)
    most = max(item_rows(read_levels(cells)).values(), default=0)
    return not most or most >= cells.column.least_rows


MIN_STEPS = 2_000
MAX_STEPS = 10_000
STEPS_PER_ROW = 1.0  # between the two

DeclareRules = Callable[[ColumnFrame], Sequence[Dependency]]

TextStyle = Literal["keep-shape", "lorem", "drop"]
"""What stands for free text: see the parameter `text` of `TabGAN`."""


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """The options of a `TabGAN` that determine how its table is understood.

    The attributes are the parameters of `TabGAN`, except for these.

    Attributes
    ----------
    condition_on
        Labels of the condition columns; empty for none.
    """

    schema: Schema | Mapping[Hashable, Kind] | None = None
    condition_on: tuple[Hashable, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    locale: str | None = None
    min_group: int = 5
    text: TextStyle = "keep-shape"
    derive: bool = True
    latent_dim: int | Literal["auto"] = "auto"
    steps: int | Literal["auto"] = "auto"

    def planned_steps(self, n_rows: int) -> int:
        """Return the training steps for a table of n rows."""
        return auto_steps(n_rows) if self.steps == "auto" else self.steps


def auto_steps(n_rows: int) -> int:
    """Choose the number of training steps for a table of n rows.

    Examples
    --------
    >>> auto_steps(500), auto_steps(20_000), auto_steps(1_000_000)
    (2000, 10000, 10000)
    """
    return int(min(max(MIN_STEPS, STEPS_PER_ROW * n_rows), MAX_STEPS))


Options = TypeVar("Options", bound=TableOptions)


@dataclass(frozen=True)
class Preparation:
    """A table prepared for the training.

    Attributes
    ----------
    declared_schema
        What each column is, as declared or inferred from the table as it came.
    schema
        The same, as constraints and `min_group` change it: with trimmed ranges and folded levels.
    table
        The columns of the table, parsed, with rare levels folded into frequent ones.
    constraints
        The declared constraints, with what they learned from the table.
    plan
        The dependencies that keep the constraints by construction.
    condition_columns
        The columns whose levels the generator is given; None if there are none.
    encoder
        Turns the table into encoded rows; holds the rules between columns.
    latent
        The latent size, and why.
    n_steps
        Training steps.
    folded
        How many levels and rows were folded, by the label of each column with rare levels.
    keys
        What rows are to each other: keys that repeat, references, joint keys.
    """

    declared_schema: Schema
    schema: Schema
    table: ColumnFrame
    constraints: tuple[Constraint, ...]
    plan: ConstraintPlan
    condition_columns: ConditionColumns | None
    encoder: TableEncoder
    latent: LatentChoice
    n_steps: int
    folded: Mapping[Hashable, FoldedLevels]
    keys: tuple[KeyRule, ...]

    def encode(self) -> Encoded:
        """Return the encoded training rows, and drop what was parsed for them.

        Raises
        ------
        OptionError
            If the condition columns have too many combinations of levels for so few rows.
        """
        rows = self.encoder.in_cells(self.encoder.encode(self.table))
        forget_parsed(self.table)
        if self.condition_columns:
            self.condition_columns.check_combinations(rows.codes)
        return rows


def prepare(
    frame: pd.DataFrame,
    options: TableOptions,
    seed: int,
    *,
    context: Collection[int] = (),
    unlimited: Collection[int] = (),
    declare: DeclareRules = lambda _table: (),
    units: Units = (),
) -> Preparation:
    """Prepare a table for a fit without privacy budget.

    Parameters
    ----------
    frame
        The training table.
    options
        The options of the estimator.
    seed
        Root of the streams of randomness: of the detection of rules and of folding.
    context
        Positions of columns that are there to draw the others by: no rule may derive them.
    unlimited
        Positions of columns that levels of others don't limit.
    declare
        Returns further rules, of the table in work, that hold in any case.
    units
        Whom each row is of, where persons have several: `min_group` counts these.

    Raises
    ------
    DataError, SchemaError
        If the table or the schema can't be used, or a row breaks a constraint.
    OptionError
        If a constraint or a condition column does not suit the table.
    """
    as_declared = _declared_schema(frame, options)
    schema, constraints = learn_constraints(frame, as_declared, options.constraints, options.schema)
    schema = with_min_group(schema, options.min_group)
    conditions = find_columns(schema, [*options.condition_on])
    planned = plan_constraints(constraints, frame, schema, conditions)
    table = by_position(frame, schema)
    keys = learn_table_keys(table)
    suppressed = suppress_rare_values(
        table,
        schema,
        options.constraints,
        planned.dependencies,
        kept={*conditions, *planned.positions, *context},
        conditions=conditions,
        streams=(numpy_stream(seed, "detect"), numpy_stream(seed, "rare")),
        derive=options.derive,
        units=units,
    )
    if suppressed.schema is not schema:
        schema = suppressed.schema
        frame = frame_of(suppressed.table, schema)
        constraints = tuple(rule.learn(frame, schema) for rule in options.constraints)
        planned = plan_constraints(constraints, frame, schema, conditions)
    kept = {*conditions, *planned.positions, *context}
    declared = (*declare(suppressed.table), *planned.dependencies)
    left_alone = kept, unlimited
    encoder = _fit_encoder(suppressed, seed, options, left_alone, declared, keys=keys)
    return Preparation(
        declared_schema=as_declared,
        schema=schema,
        table=suppressed.table,
        constraints=constraints,
        plan=planned,
        condition_columns=ConditionColumns.of(encoder, conditions) if conditions else None,
        encoder=encoder,
        latent=_latent_of(encoder, options, len(frame)),
        n_steps=options.planned_steps(len(frame)) * bool(encoder.spans.width),
        folded={schema.names[at]: levels for at, levels in sorted(suppressed.folded.items())},
        keys=tuple(with_ranges_of(rule, schema) for rule in keys),
    )


def _declared_schema(frame: pd.DataFrame, options: TableOptions) -> Schema:
    schema = resolve_schema(frame, options.schema, options.locale)
    return _with_lorem(schema) if options.text == "lorem" else schema


def _latent_of(encoder: TableEncoder, options: TableOptions, n_rows: int) -> LatentChoice:
    return resolve_latent_dim(options.latent_dim, encoder.spans.width, n_rows, encoder.n_learned)


def _fit_encoder(
    suppressed: Suppressed,
    seed: int,
    options: TableOptions,
    left_alone: tuple[Collection[int], Collection[int]],
    declared: Sequence[Dependency],
    *,
    keys: Sequence[KeyRule],
) -> TableEncoder:
    """Fit the encoder, and decode once with it.

    Of the columns left alone, no rule may derive the first ones, no level limit the others.
    """
    kept, unlimited = left_alone
    kept = {*kept, *(at for rule in declared for at in rule.positions)}
    detected = suppressed.detected
    if detected is not None and detected.kept != kept:
        detected = None
    encoder = TableEncoder.fit(
        suppressed.table,
        suppressed.schema,
        numpy_stream(seed, "detect") if detected is None else detected.rng,
        derive=options.derive,
        kept=kept,
        unlimited=unlimited,
        declared=declared,
        detected=None if detected is None else detected.rules,
        once={at for rule in keys if isinstance(rule, KeyGroups) for at in rule.paired},
    )
    encoder.try_out()
    return encoder


def without_free_text(
    frame: pd.DataFrame, options: Options, *, by_schema: bool
) -> tuple[pd.DataFrame, Options]:
    """Leave the columns of free text out of a table, and of what is declared of it.

    Parameters
    ----------
    frame
        The training table.
    options
        The options of the estimator.
    by_schema
        Whether only what is declared counts.

    Raises
    ------
    DataError
        If no column is left, or if the table can't be used.
    SchemaError
        If the schema can't be used.
    """
    columns = free_text_columns(frame, options.schema, by_schema=by_schema)
    if len(columns) == len(frame.columns):
        raise DataError(
            "text='drop' leaves no column of the table: all are free text; choose text='keep-shape'"
        )
    schema = options.schema
    if isinstance(schema, Schema):
        left = tuple(column for column in schema if column.name not in columns)
        schema = replace(schema, columns=left)
    elif schema is not None:
        schema = {name: kind for name, kind in schema.items() if name not in columns}
    return frame.loc[:, ~frame.columns.isin([*columns])], replace(options, schema=schema)


def free_text_columns(
    frame: pd.DataFrame,
    schema: Schema | Mapping[Hashable, Kind] | None,
    *,
    by_schema: bool = False,
) -> set[Hashable]:
    """Return the labels of the columns of free text.

    Parameters
    ----------
    frame
        A table.
    schema
        What is declared of it.
    by_schema
        Whether only what is declared counts.

    Raises
    ------
    DataError, SchemaError
        As `tabgan.inference.infer_schema.resolve_schema` does.
    """
    if not by_schema:
        schema = resolve_schema(frame, schema)
    if isinstance(schema, Schema):
        return {column.name for column in schema if column.kind == "text"}
    return {name for name, kind in (schema or {}).items() if kind == "text"}


def _with_lorem(schema: Schema) -> Schema:
    """Let free text be written in filler words."""
    columns = (replace(c, format=LOREM) if c.kind == "text" else c for c in schema)
    return replace(schema, columns=tuple(columns))
