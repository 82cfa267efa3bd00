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

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import pandas as pd

from tabgan.base.errors import DataError
from tabgan.base.random_streams import numpy_stream
from tabgan.encoding.column_encoder import Encoded
from tabgan.encoding.condition_columns import ConditionColumns, find_columns
from tabgan.encoding.identifiers.placeholder_text import LOREM
from tabgan.encoding.rare_levels import FoldedLevels, Units
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.min_group import Suppressed, suppress_rare_values, with_min_group
from tabgan.generators.latents import LatentChoice, resolve_latent_dim
from tabgan.inference.infer_schema import resolve_schema
from tabgan.rules.constraint import Constraint
from tabgan.rules.constraint_plan import ConstraintPlan, learn_constraints, plan_constraints
from tabgan.rules.dependency import Dependency
from tabgan.sampling.key_groups import KeyGroups, learn_keys
from tabgan.table.columns import ColumnFrame, by_position, forget_parsed, frame_of
from tabgan.table.schema import Kind, Schema

__all__ = [
    "Preparation",
    "TableOptions",
    "TextStyle",
    "auto_steps",
    "free_text_columns",
    "prepare",
    "without_free_text",
]

MIN_STEPS = 2_000
MAX_STEPS = 10_000
STEPS_PER_ROW = 1.0  # between the two

DeclareRules = Callable[[ColumnFrame], Sequence[Dependency]]

TextStyle = Literal["keep-shape", "lorem", "drop"]
"""What stands for free text: see the parameter `text` of `TabGAN`."""


@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """The options of a `TabGAN` that say how its table is understood.

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
    """A table as a training sees it.

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
        The columns of keys that repeat, and what they determine.
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
    keys: tuple[KeyGroups, ...]

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
    declared_schema = _declared_schema(frame, options)
    schema, constraints = learn_constraints(
        frame, declared_schema, options.constraints, options.schema
    )
    schema = with_min_group(schema, options.min_group)
    conditions = find_columns(schema, [*options.condition_on])
    planned = plan_constraints(constraints, frame, schema, conditions)
    table = by_position(frame, schema)
    keys = learn_keys(table)
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
    encoder = _fit_encoder(suppressed, seed, options, kept, declared)
    return Preparation(
        declared_schema=declared_schema,
        schema=schema,
        table=suppressed.table,
        constraints=constraints,
        plan=planned,
        condition_columns=ConditionColumns.of(encoder, conditions) if conditions else None,
        encoder=encoder,
        latent=_latent_of(encoder, options, len(frame)),
        n_steps=options.planned_steps(len(frame)) * bool(encoder.spans.width),
        folded={schema.names[at]: levels for at, levels in sorted(suppressed.folded.items())},
        keys=keys,
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
    kept: Collection[int],
    declared: Sequence[Dependency],
) -> TableEncoder:
    """Fit the encoder, and decode once with it."""
    tied = {at for rule in declared for at in rule.positions}
    encoder = TableEncoder.fit(
        suppressed.table,
        suppressed.schema,
        numpy_stream(seed, "detect"),
        derive=options.derive,
        kept={*kept, *tied},
        declared=declared,
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
