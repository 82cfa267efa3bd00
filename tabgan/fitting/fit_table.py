"""Fit a table: from a DataFrame and the options to a model, stage by stage."""

from typing import Any, NamedTuple

import pandas as pd

from tabgan.base.errors import DataError
from tabgan.encoding.column_encoder import Encoded
from tabgan.fitting.checkpoint import FitCheckpoint, digest_of
from tabgan.fitting.fit_postprocess import fit_postprocessing
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import Preparation, prepare
from tabgan.fitting.session import FitSession, Stage
from tabgan.fitting.train_networks import network_training
from tabgan.fitting.train_table import AFTER_TRAINING, Snapshot, TableTraining, decode_snapshots
from tabgan.fitting.train_trees import least_rows, train_trees
from tabgan.generators.gan.diagnosis import diagnose
from tabgan.generators.gan.training_snapshots import SnapshotRows
from tabgan.sampling.row_samplers import Sampler, TreeSampler
from tabgan.sampling.table_model import ModelFacts, TableModel, settled_by
from tabgan.table.frame_libraries import FrameForm
from tabgan.table.schema import Schema

__all__ = ["FitResult", "fit_table"]


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
    )
    return FitResult(model, decode_snapshots(taken, encoder, seed))


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
        [keys.to_json() for keys in preparation.keys],
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
