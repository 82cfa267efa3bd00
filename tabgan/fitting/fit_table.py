"""From a table and the estimator's options to a model: the stages of a fit, in order."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd

from tabgan.base.random_streams import numpy_stream
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.condition_columns import ConditionColumns, find_columns
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.fit_postprocess import fit_postprocessing
from tabgan.fitting.min_group import suppress_rare_values, with_min_group
from tabgan.fitting.session import FitSession, Stage
from tabgan.fitting.train_table import (
    AFTER_TRAINING,
    Snapshot,
    TableTraining,
    auto_steps,
    decode_snapshots,
)
from tabgan.generators.gan.diagnosis import describe_course
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.latents import check_prior, resolve_latent_dim
from tabgan.generators.precision import choose_device, choose_precision
from tabgan.inference.infer_schema import resolve_schema
from tabgan.rules.constraint import Constraint
from tabgan.rules.constraint_plan import declare, plan
from tabgan.sampling.table_model import TableModel
from tabgan.table.frame_libraries import FrameForm

__all__ = ["FitResult", "fit_table"]

Options = Mapping[str, Any]

# What a model file does not keep of the options: it belongs to this process, or has its own place.
_LEFT_OUT = ("schema", "condition_on", "constraints", "device", "callbacks", "random_state")


class FitResult(NamedTuple):
    """What a fit gives: the model, and rows from moments of its training."""

    model: TableModel
    snapshots: list[Snapshot]


def fit_table(
    frame: pd.DataFrame,
    options: Options,
    seed: int,
    session: FitSession,
    *,
    form: FrameForm,
) -> FitResult:
    """Learn a table, with differential privacy if the options have an `epsilon`.

    Parameters
    ----------
    frame
        The training table.
    options
        The checked options of a `TabGAN`, by name.
    seed
        Root of all streams of randomness.
    session
        Callbacks, progress bar and clock of the fit.
    form
        What kind of table it came as.
    """
    if options["epsilon"] is not None:
        from tabgan.fitting.private.fit_private import fit_privately

        return FitResult(fit_privately(frame, options, seed, session, form=form), [])
    kept = {**TrainingConfig.of(options).kept_options(options, _LEFT_OUT), "random_state": seed}
    with session.observed(kept) as facts:
        fitted = _fit_stages(frame, options, seed, session, form=form)
        facts.update(fitted.model.facts)
    return fitted


def _fit_stages(
    frame: pd.DataFrame,
    options: Options,
    seed: int,
    session: FitSession,
    *,
    form: FrameForm,
) -> FitResult:
    session.stage(Stage.FINDING_RULES)
    frame, encoder, conditions, constraints = _fit_encoder(frame, options, seed)
    session.stage(Stage.ENCODING)
    rows = encoder.encode(frame)
    if conditions:
        conditions.check_combinations(rows.codes)
    latent = resolve_latent_dim(
        options["latent_dim"], encoder.spans.width, len(frame), encoder.n_learned
    )
    given = conditions.spans if conditions else ()
    n_steps = _n_steps(encoder, len(frame), options)
    training = _training(encoder.spans, given, latent.dim, n_steps, options=options, seed=seed)
    after = AFTER_TRAINING if options["refine"] or options["polish"] else 0.0
    sampler, taken = training.run(rows, session.callback, session.training_seconds(after))
    session.stage(Stage.POSTPROCESSING)
    wanted = {name: options[name] for name in ("refine", "polish")}
    finish, finish_facts = fit_postprocessing(
        rows, encoder, sampler, seed, **wanted, stop=session.stop
    )
    facts = {
        "parameters": training.recipe.kept_options(options, _LEFT_OUT),
        "n_rows": len(frame),
        "table": form.to_json(),
        "latent_reason": latent.reason,
        "finish": finish_facts,
        **describe_course(session.records, training.recipe),
    }
    model = TableModel(encoder, sampler, facts, conditions, finish, constraints)
    return FitResult(model, decode_snapshots(taken, encoder, seed))


def _fit_encoder(
    frame: pd.DataFrame, options: Options, seed: int
) -> tuple[pd.DataFrame, TableEncoder, ConditionColumns | None, tuple[Constraint, ...]]:
    """Return the table as it may be learned, and how it is."""
    schema = resolve_schema(frame, options["schema"], options["locale"])
    declared = options["constraints"] or ()
    schema, constraints = declare(frame, schema, declared, options["schema"])
    schema = with_min_group(schema, options["min_group"])
    given = find_columns(schema, options["condition_on"])
    rules, fixed = plan(constraints, frame, schema, given)
    hidden, schema = suppress_rare_values(
        frame,
        schema,
        declared,
        rules,
        kept={*given, *fixed},
        given=given,
        streams=(numpy_stream(seed, "detect"), numpy_stream(seed, "rare")),
        derive=options["derive"],
    )
    if hidden is not frame:
        frame, constraints = hidden, tuple(rule.learn(hidden, schema) for rule in declared)
        rules, fixed = plan(constraints, frame, schema, given)
    rng = numpy_stream(seed, "detect")
    encoder = TableEncoder.fit(
        frame, schema, rng, derive=options["derive"], kept={*given, *fixed}, declared=rules
    )
    encoder.try_out()
    conditions = ConditionColumns.of(encoder, given) if given else None
    return frame, encoder, conditions, constraints


def _training(
    spans: RowLayout,
    given: tuple[int, ...],
    latent_dim: int,
    n_steps: int,
    *,
    options: Options,
    seed: int,
) -> TableTraining:
    device = choose_device(options["device"])
    return TableTraining(
        spans=spans,
        latent_dim=latent_dim,
        hidden_dim=options["hidden_dim"],
        prior=check_prior(options["prior"]),
        n_steps=n_steps,
        batch_size=options["batch_size"],
        recipe=TrainingConfig.of(options),
        device=device,
        dtype=choose_precision(options["precision"], device),
        seed=seed,
        given=given,
        n_snapshots=int(options["snapshots"]),
    )


def _n_steps(encoder: TableEncoder, n_rows: int, options: Options) -> int:
    if not encoder.spans.width:
        return 0  # nothing to learn: all columns are constant, identifiers or derived
    if options["epochs"] is not None:
        return TrainingConfig.of(options).steps(options["epochs"], n_rows, options["batch_size"])
    return auto_steps(n_rows) if options["steps"] == "auto" else int(options["steps"])
