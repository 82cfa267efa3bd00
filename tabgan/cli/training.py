"""Trains a table model for a command: reports how it went, draws pictures, saves the model."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from tabgan.base.errors import OptionError
from tabgan.cli.command_output import PICTURES, Report, Watch, on_terminal, watch
from tabgan.cli.tables import with_holes

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.tables import LearnedTable
    from tabgan.estimator import TableEstimator
    from tabgan.files.formats import TableForm
    from tabgan.fitting.options import Method
    from tabgan.generators.training_callbacks import Callback
    from tabgan.table.schema import Schema

__all__ = [
    "SNAPSHOTS",
    "check_method",
    "describe_finish",
    "describe_free_text",
    "draw_pictures",
    "end_fit",
    "free_text_names",
    "quietly",
    "trackers",
    "train",
    "write_report",
]

Result = TypeVar("Result")

_NOUNS = {  # of each method, for messages
    "auto": ("a choice of methods", "has", "gives"),
    "gan": ("a GAN", "has", "gives"),
    "trees": ("trees", "have", "give"),
    "diffusion": ("a diffusion model", "has", "gives"),
    "vae": ("a VAE", "has", "gives"),
}


_UNTYPED = {  # formats in which the type of a column depends on all of its cells
    "jsonl": "JSON lines",
    "sql": "a database",
    "sqlite": "an SQLite file",
    "xlsx": "an Excel file",
}


def train(
    table: "LearnedTable",
    report: Report,
    *,
    model: str | None,
    seed: int,
    method: str = "gan",
    condition_on: tuple[str, ...] = (),
    stabilizers: tuple[str, ...] = (),
    pictures: str | None = None,
    log_to: str | None = None,
    **options: Any,
) -> "TableEstimator":
    """Fit an estimator, and save it if a file is named.

    Parameters
    ----------
    table
        The table, and what is declared of it.
    report
        Where messages and facts go.
    model
        The model file, or None.
    method
        "gan", "trees", "diffusion" or "vae"; or "auto" for the one of trees and GAN whose rows are
        nearest to rows held out.
    seed, condition_on, stabilizers, **options
        Parameters of `TabGAN`; the seed is its `random_state`. Other methods take those that they
        have.
    pictures
        The folder for pictures, or None. For pictures, rows are drawn during the training.
    log_to
        The folder for TensorBoard, or None.

    Raises
    ------
    OptionError
        If a private fit is to draw pictures of real columns, or if types of its columns may
        depend on single rows.
    KeyboardInterrupt
        If Ctrl-C has ended the training early; the model is saved before.
    """
    from tabgan.estimator import METHODS

    if options["epsilon"] is not None:
        _check_private(table.form, pictures)
    seed = _seed_to_resume(seed, options)
    options |= {"condition_on": list(condition_on) or None, "random_state": seed}
    options["stabilizers"] = list(stabilizers) or None
    options |= {"schema": table.schema, "constraints": table.constraints}
    if pictures is not None:
        options["snapshots"] = SNAPSHOTS
    options = _options_of(method, options)
    if method == "auto":
        method = _choose_method(table, report, options)
    with watch(report, keeps=model is not None) as watching:
        verbose = on_terminal(report)
        callbacks = [watching, *trackers(log_to)]
        gan = METHODS[method](verbose=verbose, callbacks=callbacks, **options)
        _fit(gan, table.frame, report)
        _say_how_it_went(gan, report, watching)
        report.facts |= {"seed": seed, **_facts_of(gan)}
        if model is not None:
            gan.save(model)
            report.facts["model"] = model
            report.say(f"Saved the model to {model}")
    return gan


def _options_of(method: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options that a method has, without those that are the command's own defaults."""
    from tabgan.fitting.options import OPTIONS_OF, foreign_options

    context = click.get_current_context(silent=True)
    default = ParameterSource.DEFAULT
    named: Method = _with_options_of(method)
    left_out = foreign_options(named)
    if named != "gan" and context is not None:
        own = OPTIONS_OF[named]
        left_out |= {name for name in own if context.get_parameter_source(name) is default}
    return {name: value for name, value in options.items() if name not in left_out}


def _with_options_of(method: str) -> "Method":
    """Return the method whose options a choice has: trees, which have none of their own."""
    return "trees" if method == "auto" else method  # type: ignore[return-value]


def _choose_method(table: "LearnedTable", report: Report, options: dict[str, Any]) -> str:
    """Choose between trees and a GAN by rows held out, and say why.

    A limit of time is shared out: two fits to choose by, and the one of all rows.
    """
    from tabgan.tuning.compare_methods import HOLDOUT, MethodTrial, compare_methods
    from tabgan.tuning.tuning_trials import HeldOutRows

    if not HeldOutRows.are_enough(len(table.frame), HOLDOUT):
        report.say("Method trees: too few rows to choose with held-out rows")
        return "trees"
    if options["max_time"] is not None:
        options["max_time"] /= 3
        report.say(f"Each of up to three fits gets {options['max_time']:.0f} s")

    def tell(trial: MethodTrial) -> None:
        report.say(f"Tried {trial.method} in {trial.seconds:.1f} s")

    report.say("Choosing the method with held-out rows")
    shared = {name: value for name, value in options.items() if name != "random_state"}
    choice = quietly(
        compare_methods,
        table.frame,
        until_fresh=True,
        random_state=options["random_state"],
        progress=tell,
        verbose=on_terminal(report),
        **shared,
    )
    report.done("choose")
    report.say(f"Method {choice.best}: {choice.reason}")
    report.facts["choice"] = choice.to_json()
    return choice.best


def _seed_to_resume(seed: int, options: Mapping[str, Any]) -> int:
    """Return the seed of the fit to go on with, unless --seed names one."""
    context = click.get_current_context(silent=True)
    drawn = context is not None and context.get_parameter_source("seed") is ParameterSource.DEFAULT
    if not (options["resume"] and options["checkpoint"] and drawn):
        return seed
    from tabgan.fitting.fit_session import saved_seed

    saved = saved_seed(options["checkpoint"])
    return seed if saved is None else saved


def end_fit(report: Report, checkpoint: str | None, *, as_json: bool) -> None:
    """End a command that has written all its results.

    Parameters
    ----------
    report
        The facts of the command.
    checkpoint
        The folder of a checkpoint that is no longer needed, or None.
    as_json
        Whether the facts are printed.
    """
    if checkpoint is not None:
        from tabgan.fitting.fit_session import remove_checkpoint

        remove_checkpoint(checkpoint)
    if as_json:
        report.print_json()


def trackers(folder: str | None) -> "list[Callback]":
    """Return the callbacks that write the records of a training to a folder, if one is named."""
    if folder is None:
        return []
    from tabgan.callbacks import TensorBoard

    return [TensorBoard(folder)]


def quietly(work: Callable[..., Result], *arguments: Any, **options: Any) -> Result:
    """Call a function that trains, without its warnings: the command reports them itself.

    Parameters
    ----------
    work
        The function.
    *arguments, **options
        Its arguments.
    """
    from tabgan.base.errors import TrainingWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TrainingWarning)
        return work(*arguments, **options)


def _check_private(source: "TableForm", pictures: str | None) -> None:
    if pictures is not None:
        raise OptionError(
            "--pictures draws columns of the real table, which --epsilon protects; leave one of "
            "them out"
        )
    if source.format in _UNTYPED:
        raise OptionError(
            f"--epsilon takes the types of columns as public, but the types of "
            f"{_UNTYPED[source.format]} depend on its rows, so one more row can change them; "
            "convert the table to CSV, or to Parquet with types that you choose"
        )


def check_method(method: str, **options: Any) -> None:
    """Refuse options on the command line that the method does not have.

    Parameters
    ----------
    method
        "gan", "trees", "diffusion", "vae" or "auto".
    **options
        The other options on the training; an `epsilon` of a file of settings is refused, too.

    Raises
    ------
    click.UsageError
        If there is one.
    """
    from tabgan.fitting.options import OPTIONS_OF, foreign_options

    foreign = foreign_options(_with_options_of(method))
    if method != "gan":
        foreign.add("pictures")
    what, has, gives = _NOUNS[method]
    ctx = click.get_current_context()
    for param in ctx.command.params:
        name = param.name or ""
        said = ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE
        private = name == "epsilon" and options[name] is not None
        if name in foreign and (private or said):
            refused = param.secondary_opts if ctx.params.get(name) is False else []
            flag = max(refused or param.opts, key=len)
            why = f"{what} {has} no such option"
            if name == "epsilon":
                why = f"{what} {gives} no privacy guarantee"
            other = next(m for m in OPTIONS_OF if name in (*OPTIONS_OF[m], "pictures"))
            raise click.UsageError(
                f"{flag} can't be combined with --method {method}: {why}; leave {flag} out, or "
                f"use --method {other}"
            )


def _fit(gan: "TableEstimator", frame: "pd.DataFrame", report: Report) -> None:
    with warnings.catch_warnings(record=True) as caught:
        quietly(gan.fit, frame)
    for warning in caught:
        report.warn(warning)


def _say_how_it_went(gan: "TableEstimator", report: Report, watching: Watch) -> None:
    from tabgan.fitting.prepare import small_table_note

    seconds = report.done("fit")
    size = gan.size_of_fit()
    if "trees" in size:
        report.say(f"Grew {size['trees']:,} trees in {seconds:.1f} s")
    else:
        latent = size.get("latent")
        told = f"; latent size {latent['size']} ({latent['reason']})" if latent else ""
        report.say(f"Trained {watching.steps_done(size['steps'])} in {seconds:.1f} s{told}")
    for line in gan.privacy_.describe() if gan.privacy_ else ():
        report.say(line[0].upper() + line[1:])
    free_text = free_text_names(gan.schema_)
    if free_text:
        report.say(describe_free_text(free_text))
    if gan.postprocessing_:
        report.say(describe_finish(gan.postprocessing_))
    for finding in gan.diagnosis_:
        report.say(f"Warning: {finding}")
    note = None if gan.privacy_ else small_table_note(gan.n_rows_, gan.min_group)
    if note is not None:
        report.say(f"Note: {note}")


def _facts_of(gan: "TableEstimator") -> dict[str, Any]:
    facts = {
        **gan.size_of_fit(),
        "free_text": free_text_names(gan.schema_),
        "dependencies": [rule.describe() for rule in gan.dependencies_],
        "finish": gan.postprocessing_,
        "diagnosis": [finding.to_json() for finding in gan.diagnosis_],
    }
    if gan.privacy_ is not None:
        facts |= {"privacy": gan.privacy_.to_json(), "training_rows": gan.n_rows_}
    return facts


def free_text_names(schema: "Schema") -> list[str]:
    """Return the names of the columns of free text."""
    return [str(column.name) for column in schema if column.kind == "text"]


def describe_free_text(names: Sequence[str]) -> str:
    """Say in a line which columns are free text, and what stands for it.

    Examples
    --------
    >>> describe_free_text(["note", "reply"])
    'Free text, replaced by placeholders: note, reply (see --text)'
    """
    return f"Free text, replaced by placeholders: {', '.join(names)} (see --text)"


def describe_finish(facts: Mapping[str, Any]) -> str:
    """Say in a line what refinement and polish did.

    Examples
    --------
    >>> facts = {"critics": 2, "effective_share": 0.87, "columns": [], "seconds": 12.0}
    >>> describe_finish(facts)
    'Refined by 2 tree critics (effective sample 87 %), polished no column; 12.0 s'
    """
    columns = ", ".join(item["column"] for item in facts["columns"]) or "no column"
    time = f"; {facts['seconds']:.1f} s" if "seconds" in facts else ""  # in no model file
    return (
        f"Refined by {facts['critics']} tree critics (effective sample "
        f"{100 * facts['effective_share']:.0f} %), polished {columns}{time}"
    )


SNAPSHOTS = 6  # moments of the training that are drawn
FEWEST_ROWS = 10  # that an evaluation takes


def draw_pictures(
    gan: "TableEstimator", frame: "pd.DataFrame", folder: str, report: "Report"
) -> list[str]:
    """Draw the losses and the learned columns of a training, where there are any.

    Parameters
    ----------
    gan
        The fitted estimator.
    frame
        The training table.
    folder
        The folder to draw in.
    report
        Where messages go.

    Returns
    -------
    list of str
        The files.
    """
    from tabgan.evaluation.matplotlib_figures import choose_columns, plot_losses, plot_marginals

    losses, marginals = (str(Path(folder, name)) for name in PICTURES)
    drawn = []
    if gan.history_:
        plot_losses(gan.history_, losses, gan.diagnosis_)
        drawn.append(losses)
    learned = [column.name for column in gan.schema_ if not column.is_generated]
    columns = choose_columns(frame[learned])
    if gan.snapshots_ and columns:
        plot_marginals(gan.snapshots_, frame, columns, marginals)
        drawn.append(marginals)
    report.done("pictures")
    report.say(f"Drew {' and '.join(drawn) or 'nothing: there was nothing to learn'}")
    return drawn


def write_report(
    gan: "TableEstimator",
    frame: "pd.DataFrame",
    form: "TableForm",
    report: "Report",
    *,
    rows: int | None,
    seed: int,
    path: str,
) -> None:
    """Evaluate rows against the training table, and write the page.

    The rows are those that were written, drawn again from their seed. Where these are more than
    the training table has, or too few to be judged, as many as the table has are drawn.

    Parameters
    ----------
    gan
        The fitted estimator.
    frame, form
        The training table and its form.
    report
        Where messages and facts go.
    rows, seed
        The number of rows that were written, and their seed.
    path
        The page (.html).
    """
    written = gan.n_rows_ if rows is None else rows
    report.say("Evaluating the rows")
    if FEWEST_ROWS <= written <= max(len(frame), gan.n_rows_):  # the latter may be a noisy number
        drawn, compared = gan.sample(written, random_state=seed), "the rows that were written"
    else:
        drawn = gan.sample(len(frame), random_state=seed)
        compared = f"{len(frame):,} further rows of the model, as many as the training table has"
    evaluation = gan.evaluate(with_holes(frame, form), with_holes(drawn, form))
    if evaluation.run is not None:
        facts = {**evaluation.run.facts, "rows written": f"{written:,}", "rows compared": compared}
        evaluation = replace(evaluation, run=replace(evaluation.run, facts=facts))
    evaluation.save_html(path, force=True)  # --force was checked before the training
    report.done("report")
    verdict = evaluation.verdict
    report.say(verdict.headline)
    report.say(f"Score {verdict.score:.3f} ({verdict.in_words}); compared {compared}")
    report.say(f"Wrote the report to {path}")
    if gan.privacy_ is not None:
        report.say("The report uses the real rows, so the privacy guarantee does not cover it")
    report.facts |= {
        "report": path,
        "grade": verdict.grade,
        "score": verdict.score,
        "compared": compared,
    }
