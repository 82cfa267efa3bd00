"""Fit a table: from a DataFrame and the options to a model, stage by stage."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from tabgan.base.errors import DataError
from tabgan.base.random_streams import numpy_stream, torch_stream
from tabgan.encoding.column_encoders import Encoded
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.fit_session import FitCheckpoint, FitSession, Stage, digest_of
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import Preparation, prepare
from tabgan.fitting.train_table import (
    AFTER_TRAINING,
    Snapshot,
    TableTraining,
    column_order,
    decode_snapshots,
    least_rows,
    network_training,
    train_trees,
)
from tabgan.generators.gan.diagnosis import SnapshotRows, diagnose
from tabgan.generators.trees.grow_trees import never
from tabgan.generators.trees.vector_leaf_trees import VectorLeafTrees
from tabgan.sampling.calibration import level_shares
from tabgan.sampling.postprocess import HeldOutChoice, PostProcessing, fit_polish, pool_for
from tabgan.sampling.refinement import (
    LEAST_LEAF,
    MANY_ROWS,
    DrawnRows,
    PairMargin,
    RowFeatures,
    effective_share,
    find_pairs,
    fit_critics,
    rake,
)
from tabgan.sampling.row_samplers import Sampler, TreeSampler
from tabgan.sampling.table_keys import key_to_json
from tabgan.sampling.table_model import BLOCK_ROWS, ModelFacts, TableModel, settled_by
from tabgan.sampling.time_grid import DistinctNumbers, RowOrder, TimeGrid
from tabgan.sampling.time_series import TimeSeries, fit_series
from tabgan.sampling.tree_conditionals import redraw_columns
from tabgan.table.frame_libraries import FrameForm
from tabgan.table.schema import Schema

__all__ = ["FitResult", "describe_postprocessing", "fit_postprocessing", "fit_table"]

LEAST_ROWS = 500  # of a table for trees to learn anything beyond the generator
MOST_ROWS = 50_000  # that the trees are grown on
MOST_CELLS = 1_500_000  # of them: of a wide table fewer rows
POOL = 3  # drawn rows for each of them


def fit_postprocessing(
    rows: Encoded,
    encoder: TableEncoder,
    sampler: Sampler,
    seed: int,
    *,
    refine: bool,
    polish: bool,
    least: int = 1,
    stop: Callable[[], bool] = never,
) -> tuple[PostProcessing | None, dict[str, Any]]:
    """Fit the polish and refinement of sampled rows: trees for columns, and critics for whole rows.

    Parameters
    ----------
    rows
        The training rows.
    encoder
        Their encoder.
    sampler
        The trained generator.
    seed
        Root of all streams of randomness.
    refine, polish
        Whether critics are fitted, and whether columns are redrawn.
    least
        Training rows on which each leaf of a tree rests at least, if more than `LEAST_LEAF`.
    stop
        Is called between the parts; nothing more is tried once it returns True.

    Returns
    -------
    The post-processing, or None if rows stay as they are; and facts about it, as JSON values.
    """
    too_little = len(rows.codes) < LEAST_ROWS or not encoder.spans.width
    if too_little or not (refine or polish) or stop():
        return None, {}
    began = time.monotonic()
    features = RowFeatures(encoder.spans, encoder.quantiles)
    shares = level_shares(rows.codes, encoder.spans).double().numpy()
    rng = numpy_stream(seed, "finish")
    real = _some_rows(rows, features, rng)
    drawn = _pool(sampler, features, POOL * len(real), seed)
    least = max(least, LEAST_LEAF)
    choices: list[HeldOutChoice] = []
    if polish:
        given, workers = _given(encoder, sampler), torch.get_num_threads()
        trial = drawn[rng.permutation(len(drawn))[: len(real)]]  # conditions come in strata
        choices = fit_polish(
            real, trial, features, rng, given=given, least=least, workers=workers, stop=stop
        )
    conditionals = tuple(choice.conditional for choice in choices)
    critics: tuple[VectorLeafTrees, ...] = ()
    weights = np.ones(len(drawn))
    if refine:
        drawn = redraw_columns(drawn, conditionals, features, rng)
        critics, weights = fit_critics(
            real.features, drawn, encoder.spans, shares, rng, least=least, stop=stop
        )
    pairs: tuple[PairMargin, ...] = ()
    if refine and isinstance(sampler, TreeSampler) and len(real) < MANY_ROWS:
        raked = rake(weights, drawn, encoder.spans, shares)
        pairs = find_pairs(real, drawn, raked, encoder.spans, least=least, rng=rng)
    facts = _facts(critics, choices, encoder, features)
    facts |= {"effective_share": effective_share(weights), "seconds": time.monotonic() - began}
    if not (critics or choices or pairs or isinstance(sampler, TreeSampler)):
        return None, facts  # only trees have margins to be raked in any case
    if pairs:
        weights = rake(weights, drawn, encoder.spans, shares, pairs)
    pool = pool_for(weights)  # those of critics are raked already
    finish = PostProcessing(features, shares, critics, conditionals, pool, pairs)
    return finish, facts


def _some_rows(rows: Encoded, features: RowFeatures, rng: np.random.Generator) -> DrawnRows:
    chosen: Any = slice(None)
    most = min(MOST_ROWS, max(MOST_CELLS // len(features), LEAST_ROWS))
    if len(rows.codes) > most:
        chosen = rng.choice(len(rows.codes), most, replace=False)
    low, width, codes = (part[chosen] for part in rows)
    numbers = low + width * rng.random(low.shape)
    return features.of(numbers.astype(np.float64), codes.astype(np.int64))


def _pool(sampler: Sampler, features: RowFeatures, n: int, seed: int) -> DrawnRows:
    """Draw n rows block by block, as a sample is drawn."""
    parts = []
    for block in range(-(-n // BLOCK_ROWS)):
        stream = torch_stream(seed, "finish", block, device=sampler.device)
        parts.append(sampler.draw(BLOCK_ROWS, stream))
    numbers, codes = (np.concatenate(part)[:n] for part in zip(*parts, strict=True))
    return features.of(numbers, codes)


def _given(encoder: TableEncoder, sampler: Sampler) -> tuple[int, ...]:
    """Return the level spans that are not to be redrawn."""
    given = sampler.conditions.given if sampler.conditions else ()
    return (*given, *encoder.leading_spans)


def _facts(
    critics: Sequence[VectorLeafTrees],
    choices: Sequence[HeldOutChoice],
    encoder: TableEncoder,
    features: RowFeatures,
) -> dict[str, Any]:
    n_trees = sum(map(len, critics)) + sum(choice.conditional.n_trees for choice in choices)
    columns = [_describe(choice, encoder, features) for choice in choices]
    return {"critics": len(critics), "columns": columns, "trees": n_trees}


def _describe(
    choice: HeldOutChoice, encoder: TableEncoder, features: RowFeatures
) -> dict[str, Any]:
    place = choice.conditional.place(features)
    at = next(
        at
        for at, (number, span) in encoder.places.items()
        if place in range(number.start, number.stop)
        or place - encoder.spans.n_numbers in range(span.start, span.stop)
    )
    return {
        "column": str(encoder.columns[at].name),
        "trees": choice.conditional.n_trees,
        "surprise": choice.excess_nll,
    }


def describe_postprocessing(facts: Mapping[str, Any]) -> dict[str, str]:
    """Say in words what refinement and polish did, from an estimator's ``postprocessing_``."""
    if not facts:
        return {}
    columns: Sequence[Mapping[str, Any]] = facts["columns"]
    polished = ", ".join(str(item["column"]) for item in columns) or "no column"
    return {
        "refined by": f"{facts['critics']} tree critics, effective sample "
        f"{100 * facts['effective_share']:.0f} %",
        "polished": polished,
    }


class FitResult(NamedTuple):
    """A trained model, and rows from moments of its training."""

    model: TableModel
    snapshots: list[Snapshot]


def fit_table(
    frame: pd.DataFrame,
    options: FitOptions,
    seed: int,
    session: FitSession,
    *,
    form: FrameForm,
    checkpoint: FitCheckpoint | None = None,
) -> FitResult:
    """Learn a table, with differential privacy if the options have an `epsilon`.

    Parameters
    ----------
    frame
        The training table.
    options
        The options of the estimator.
    seed
        Root of all streams of randomness.
    session
        Callbacks, records and clock of the fit.
    form
        The kind of table that `frame` was made from.
    checkpoint
        Where the state of the fit goes, and comes from if there is one; None for nowhere.
    """
    if options.epsilon is not None:
        from tabgan.fitting.private.fit_private import fit_privately

        model = fit_privately(frame, options, seed, session, form=form, checkpoint=checkpoint)
        return FitResult(model, [])
    with session.observed({**options.parameters, "random_state": seed}) as facts:
        result = _fit_stages(frame, options, seed, session, form=form, checkpoint=checkpoint)
        facts.update(result.model.facts.to_json())
    return result


def _fit_stages(
    frame: pd.DataFrame,
    options: FitOptions,
    seed: int,
    session: FitSession,
    *,
    form: FrameForm,
    checkpoint: FitCheckpoint | None,
) -> FitResult:
    session.stage(Stage.FINDING_RULES)
    preparation = prepare(frame, options, seed)
    _check_lists(preparation.schema, form)
    session.stage(Stage.ENCODING)
    rows, encoder = preparation.encode(), preparation.encoder
    if checkpoint is not None:
        checkpoint.check_table(_digest(preparation, len(frame)))
    sampler, taken = _train(preparation, rows, options, seed, session, checkpoint=checkpoint)
    sampler = settled_by(encoder, sampler)
    polish = options.polish and options.method != "trees"
    stage = Stage.after_training(refine=options.refine, polish=polish)
    if stage is not None:
        session.stage(stage)
    postprocessing, postprocessing_facts = fit_postprocessing(
        rows,
        encoder,
        sampler,
        seed,
        refine=options.refine,
        polish=polish,
        least=least_rows(preparation, options),
        stop=session.stop,
    )
    facts = ModelFacts(
        parameters=options.parameters,
        n_rows=len(frame),
        form=form,
        postprocessing=postprocessing_facts,
        **_facts_of_method(preparation, options, sampler, session),
    )
    model = TableModel(
        encoder,
        sampler,
        facts,
        preparation.condition_columns,
        postprocessing,
        preparation.constraints,
        preparation.keys,
        _fit_series(rows, preparation, options, seed, session),
    )
    return FitResult(model, decode_snapshots(taken, encoder, seed))


def _fit_series(
    rows: Encoded, preparation: Preparation, options: FitOptions, seed: int, session: FitSession
) -> TimeSeries | None:
    """Learn how rows follow each other, if the table is a single regular series."""
    grids = [rule for rule in preparation.keys if isinstance(rule, TimeGrid)]
    alone = TimeGrid | RowOrder | DistinctNumbers  # no rows share a key
    others = [rule for rule in preparation.keys if not isinstance(rule, alone)]
    if not grids or others:
        return None
    return fit_series(
        rows,
        preparation.encoder,
        preparation.table,
        grids[0],
        column_order(preparation.encoder),
        least=least_rows(preparation, options),
        seed=seed,
        stop=session.stop,
    )


def _digest(preparation: Preparation, n_rows: int) -> str:
    """Return a digest of what the model file will hold of the prepared table."""
    conditions = preparation.condition_columns
    return digest_of(
        n_rows,
        preparation.n_steps,
        preparation.latent.dim,
        preparation.encoder.to_json(),
        conditions.positions if conditions else [],
        [rule.to_json() for rule in preparation.constraints],
        [*map(key_to_json, preparation.keys)],
    )


def _check_lists(schema: Schema, form: FrameForm) -> None:
    """Check that what comes out of columns of lists will be lists."""
    for place in form.list_columns:
        column = schema.columns[place]
        if column.is_generated:
            raise DataError(
                f"Column {column.name!r}: its cells are lists whose items hardly repeat, so that "
                "none can be learned; drop the column, or put its values into columns of their own"
            )


def _train(
    preparation: Preparation,
    rows: Encoded,
    options: FitOptions,
    seed: int,
    session: FitSession,
    *,
    checkpoint: FitCheckpoint | None,
) -> tuple[Sampler, list[SnapshotRows]]:
    """Learn the encoded rows by the method of the options."""
    after = AFTER_TRAINING if options.refine or options.polish else 0.0
    if options.method == "gan":
        training = _training(preparation, options, seed)
        seconds = session.training_seconds(after)
        return training.run(rows, session.callback, seconds, checkpoint)
    if options.method == "trees":
        session.stage(Stage.GROWING_TREES)
        return train_trees(rows, preparation, options, session, seed=seed, after=after), []
    network = network_training(preparation, options, seed)
    return network.run(rows, session.callback, session.training_seconds(after)), []


def _facts_of_method(
    preparation: Preparation, options: FitOptions, sampler: Sampler, session: FitSession
) -> dict[str, Any]:
    """Return the facts about the training itself."""
    if isinstance(sampler, TreeSampler):
        n_trees = sampler.generator.n_trees
        return {"latent_reason": "", "penalty_reason": "", "n_steps": n_trees}
    if options.method != "gan":
        return {
            "latent_reason": preparation.latent.reason if options.method == "vae" else "",
            "penalty_reason": "",
            "n_steps": session.n_steps,
            "history": tuple(session.records),
        }
    return {
        "latent_reason": preparation.latent.reason,
        "penalty_reason": options.training.describe_penalty(session.records),
        "n_steps": session.n_steps,
        "history": tuple(session.records),
        "diagnosis": tuple(diagnose(session.records, options.training)),
    }


def _training(preparation: Preparation, options: FitOptions, seed: int) -> TableTraining:
    conditions = preparation.condition_columns
    return TableTraining(
        spans=preparation.encoder.spans,
        latent_dim=preparation.latent.dim,
        hidden_dim=options.hidden_dim,
        prior=options.prior,
        n_steps=preparation.n_steps,
        batch_size=options.batch_size,
        config=options.training,
        device=options.device,
        dtype=options.dtype,
        seed=seed,
        given=conditions.spans if conditions else (),
        n_snapshots=options.snapshots,
    )
