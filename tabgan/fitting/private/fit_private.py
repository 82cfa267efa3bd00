"""Fit a table with differential privacy, with each measurement of its rows in the ledger."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from tabgan.base.errors import PrivacyWarning, warn_caller
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import ColumnEncoder
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.fit_session import FitCheckpoint, FitSession, Stage, digest_of
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import auto_steps
from tabgan.fitting.private.marginal_matching import MarginalMatching
from tabgan.fitting.private.noisy_marginals import (
    ColumnSummary,
    Marginals,
    ThreeWayMarginals,
    find_rules,
    measure_marginals,
    measure_three_way,
    sensitivities,
    triple_sensitivity,
)
from tabgan.fitting.private.privacy_accounting import (
    Ledger,
    Noise,
    NoisyCounter,
    Share,
    noise_source,
    plan_ledger,
)
from tabgan.fitting.private.private_columns import ColumnFormat, learn_column, vote_on_format
from tabgan.fitting.private.private_histograms import identifier_encoder
from tabgan.fitting.private.public_schema import sanitize
from tabgan.generators.latents import resolve_latent_dim
from tabgan.rules.number_constraints import Range
from tabgan.sampling.table_model import ModelFacts, TableModel
from tabgan.table.frame_libraries import FrameForm
from tabgan.table.schema import LOCALISED, Column, Schema, find_name

__all__ = ["fit_privately"]

FEWER_STEPS = 2  # than against a discriminator, where they are left to us
FASTER = 4.0  # the same, of the learning rate: there is no opponent to keep pace with
ROUNDS = 6  # in which the numbers of a column are found
SHARES = {
    "rows": 0.01,
    "forms": 0.04,
    "values": 0.25,
    "margins": 0.15,
    "pairs": 0.3,
    "triples": 0.25,
}


def fit_privately(
    frame: pd.DataFrame,
    options: FitOptions,
    seed: int,
    session: FitSession,
    *,
    form: FrameForm,
    checkpoint: FitCheckpoint | None = None,
) -> TableModel:
    """Learn a table with differential privacy for each of its rows.

    Names, dtypes and order of the columns are public, and what the user declares. The number of
    rows is not.

    Parameters
    ----------
    frame
        The training table.
    options
        The options of the estimator. Of `max_time` the clock starts when the rows
        have been measured: how long that took is a property of the rows.
    seed
        Root of all streams of randomness but that of the noise, which nobody can repeat.
    session
        Callbacks, progress bar and clock of the fit.
    form
        What kind of table it came as.
    checkpoint
        Where the state of the fit goes, and comes from if there is one; None for nowhere.

    Raises
    ------
    OptionError
        If an option does not go with privacy, or if there is too little budget for these rows.
    DataError, SchemaError
        If labels, dtypes or declarations can't be used, or the categories of a column are not
        said to be public.
    """
    with session.observed({**options.parameters, "random_state": seed}) as facts:
        measured = _measure_once(frame, form, options, session, checkpoint)
        # From here on no row is looked at.
        del frame
        encoder, n_rows = measured.encoder, measured.n_rows
        latent = resolve_latent_dim(
            options.latent_dim, encoder.spans.width, n_rows, encoder.n_learned
        )
        training = _matching(encoder.spans, latent.dim, n_rows, options=options, seed=seed)
        sampler = training.run(
            measured.moments,
            measured.triples,
            _shares(measured.moments, encoder.spans),
            session.callback,
            session.max_time,
            checkpoints=checkpoint,
        )
        model_facts = ModelFacts(
            parameters=options.parameters,
            n_rows=n_rows,
            form=form.without_notes(),
            latent_reason=latent.reason,
            penalty_reason="none: moments are matched, without a discriminator",
            n_steps=session.n_steps,
            history=tuple(session.records),
            privacy=measured.ledger.to_json(),
        )
        facts.update(model_facts.to_json())
    return TableModel(encoder, sampler, model_facts, constraints=options.constraints)


@dataclass(frozen=True)
class _Measured:
    """All noisy measurements of the rows."""

    encoder: TableEncoder
    moments: Marginals
    triples: ThreeWayMarginals | None
    ledger: Ledger
    n_rows: int

    def state_dict(self) -> dict[str, Any]:
        """Return JSON values and tensors that `of` makes the same from."""
        return {
            "encoder": self.encoder.to_json(),
            "moments": self.moments.state_dict(),
            "triples": self.triples.state_dict() if self.triples else None,
            "ledger": self.ledger.to_json(),
            "n_rows": self.n_rows,
        }

    @classmethod
    def of(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild what `state_dict` took apart."""
        return cls(
            TableEncoder.from_json(state["encoder"]),
            Marginals.of(state["moments"]),
            ThreeWayMarginals.of(state["triples"]) if state["triples"] else None,
            Ledger.from_json(state["ledger"]),
            int(state["n_rows"]),
        )


def _measure_once(
    frame: pd.DataFrame,
    form: FrameForm,
    options: FitOptions,
    session: FitSession,
    checkpoint: FitCheckpoint | None,
) -> _Measured:
    """Measure the rows, or take what a former fit has measured: nothing is spent twice."""
    session.stage(Stage.MEASURING)
    frame, schema = sanitize(frame, form, options.schema)
    for declared in _ranges(options):
        declared.positions(schema)  # refuses columns that are not there
    if checkpoint is None:
        return _measure(frame, schema, options)
    # A digest of what is public: one of the rows would tell of them without noise.
    ranges = [declared.to_json() for declared in _ranges(options)]
    checkpoint.check_table(digest_of(schema.to_json(), ranges))
    saved = checkpoint.saved_measurements()
    if saved is not None:
        warn_caller(
            "The fit continues with the measurements of the checkpoint; no row of this table is "
            "looked at. If it is another table, choose another checkpoint folder",
            PrivacyWarning,
        )
        return _Measured.of(saved)
    measured = _measure(frame, schema, options)
    checkpoint.save_measurements(measured.state_dict())
    return measured


def _measure(frame: pd.DataFrame, schema: Schema, options: FitOptions) -> _Measured:
    counter = _noisy_counter(schema, options, noise_source())
    n_rows = max(int(counter.measure("rows", np.array(len(frame)))), 1)
    _warn(options.delta, n_rows)
    encoder, learned = _learn(frame, schema, counter, n_rows, options)
    moments = measure_marginals(frame, learned, counter, n_rows)
    if options.derive:
        encoder, learned, moments = _with_rules(encoder, learned, moments)
    triples = measure_three_way(frame, learned, moments, counter, n_rows)
    return _Measured(encoder, moments, triples, counter.ledger, n_rows)


def _noisy_counter(schema: Schema, options: FitOptions, noise: Noise) -> NoisyCounter:
    n_learned = max(sum(not column.is_generated for column in schema), 1)
    one, two = sensitivities(n_learned)
    units = {
        "rows": 1.0,
        "forms": n_learned**0.5,
        "values": n_learned**0.5,
        "margins": one,
        "pairs": two,
        "triples": triple_sensitivity(n_learned),
    }
    shares = [
        Share(name, units[name], share, ROUNDS if name == "values" else 1)
        for name, share in SHARES.items()
        if name != "triples" or n_learned > 2
    ]
    assert options.epsilon is not None  # else this is not a private fit
    ledger = plan_ledger(
        options.epsilon,
        options.delta,
        shares,
        brings_up=any(map(_is_open, schema)),
        private=noise.is_private,
    )
    return NoisyCounter(ledger, noise)


def _is_open(column: Column) -> bool:
    """Say whether the values of a column may have to be found out."""
    dtype = column.pandas_dtype
    is_closed = isinstance(dtype, pd.CategoricalDtype) or pd.api.types.is_bool_dtype(dtype)
    return not (column.is_generated or is_closed)


def _warn(delta: float, n_rows: int) -> None:
    if delta > 1 / n_rows:
        warn_caller(
            f"delta={delta:g} is above 1 / (number of rows), about 1 / {n_rows:,}: a mechanism "
            "that reveals one random row would satisfy it; choose a smaller delta",
            PrivacyWarning,
        )


def _localised(column: Column, locale: str | None) -> Column:
    return replace(column, locale=column.locale or locale) if column.kind in LOCALISED else column


def _ranges(options: FitOptions) -> list[Range]:
    """Return the declared ranges; a private fit takes no other constraint."""
    return [rule for rule in options.constraints if isinstance(rule, Range)]


def _bounded(form: ColumnFormat, ranges: Sequence[Range]) -> ColumnFormat:
    """Give a column the bounds that are declared."""
    for declared in ranges:
        if find_name(declared.column, (form.column.name,)) is not None:
            declared.validate(Schema((form.column,)))
            form = replace(form, column=declared.bounded(form.column))
    return form


def _learn(
    frame: pd.DataFrame, schema: Schema, counter: NoisyCounter, n_rows: int, options: FitOptions
) -> tuple[TableEncoder, list[tuple[int, ColumnSummary]]]:
    """Make the encoder; return how learned columns are laid out, those of numbers first."""
    columns: dict[int, Column] = {}
    encoders: dict[int, ColumnEncoder] = {}
    found: list[tuple[int, ColumnSummary]] = []
    delta = counter.ledger.stable / max(sum(map(_is_open, schema)), 1)
    for place, column in enumerate(schema):
        values = frame.iloc[:, place]
        form = ColumnFormat(column)
        if _is_open(column) and column.kind != "boolean":
            form = vote_on_format(column, values, counter, place)
        form = _bounded(form, _ranges(options))
        if form.column.is_generated:
            columns[place] = _localised(form.column, options.locale)
            encoders[place] = identifier_encoder(columns[place])
            continue
        columns[place], learned = learn_column(
            form, values, counter, place, n_rows=n_rows, delta=delta
        )
        encoders[place] = learned.encoder
        if learned.encoder.spans.width:
            found.append((place, learned))
    found.sort(key=lambda item: not item[1].encoder.spans.n_numbers)
    schema = replace(schema, columns=tuple(columns[place] for place in range(len(schema))))
    encoder = TableEncoder(schema, (), columns, encoders)
    encoder.try_out()
    return encoder, found


def _with_rules(
    encoder: TableEncoder, learned: list[tuple[int, ColumnSummary]], moments: Marginals
) -> tuple[TableEncoder, list[tuple[int, ColumnSummary]], Marginals]:
    """Leave out of the encoder and the moments what other columns determine."""
    blocks = [(place, encoder.encoders[place]) for place, _ in learned]
    rules = find_rules(moments, encoder.schema, blocks)
    derived = {rule.target.position for rule in rules}
    left = [place for place in encoder.columns if place not in derived]
    reduced = TableEncoder(
        encoder.schema,
        tuple(rules),
        {place: encoder.columns[place] for place in left},
        {place: encoder.encoders[place] for place in left},
    )
    kept = [item for item in learned if item[0] not in derived]
    out = [block for block, (place, _) in enumerate(learned) if place in derived]
    return reduced, kept, moments.without(out)


def _shares(moments: Marginals, spans: RowLayout) -> Tensor:
    """Return the share of each level, shape (levels,)."""
    parts = np.split(moments.means, np.cumsum(moments.widths)[:-1])
    plain = iter(parts[spans.n_numbers :])
    marked = {mark: place for place, mark in enumerate(spans.marks) if mark is not None}
    found = [np.zeros(0)]
    for place, width in enumerate(spans.widths):
        if place in marked:
            specials = parts[marked[place]][-(width - 1) :]
            found.append(np.concatenate([[1 - specials.sum()], specials]))
        else:
            found.append(next(plain))
    return torch.from_numpy(np.concatenate(found)).float()


def _matching(
    spans: RowLayout, latent_dim: int, n_rows: int, *, options: FitOptions, seed: int
) -> MarginalMatching:
    steps = auto_steps(n_rows) // FEWER_STEPS
    if options.steps != "auto":
        steps = options.steps
    return MarginalMatching(
        spans=spans,
        latent_dim=latent_dim,
        hidden_dim=options.hidden_dim,
        prior=options.prior,
        n_steps=steps if spans.width else 0,
        batch_size=options.batch_size,
        optimizer=options.training.optimizer,
        learning_rate=FASTER * options.training.learning_rate,
        device=options.device,
        dtype=options.dtype,
        seed=seed,
    )
