"""``tabgan tune`` and ``tabgan compare``: learn a table by several settings or methods."""

import shlex
import sys
from collections.abc import Mapping
from math import isnan
from typing import TYPE_CHECKING, Any

import click

from tabgan.cli.command_options import (
    FILE,
    NameList,
    Number,
    NumberList,
    WholeNumber,
    command,
    option,
)
from tabgan.cli.databases import refuse_database
from tabgan.cli.table_options import (
    Declared,
    declaring_options,
    derive_option,
    force_option,
    json_option,
    locale_option,
    min_group_option,
    quiet_option,
    reading_options,
    schema_option,
    seed_option,
    text_option,
)
from tabgan.cli.training_options import (
    device_option,
    max_time_option,
    steps_option,
    training_rows_option,
)

if TYPE_CHECKING:
    import pandas as pd

    from tabgan.cli.command_output import Report
    from tabgan.evaluation.fidelity import TableScores
    from tabgan.table.schema import Schema
    from tabgan.tuning.compare_methods import MethodComparison
    from tabgan.tuning.tuning_trials import Candidate, Trial, TuningResult

_HEADER = (
    "latent",
    "learning rate",
    "width",
    "detection",
    "seeds",
    "trend error %",
    "shape error %",
    "seconds",
    "",
)
_FLAGS = {"table_format": "--format"}  # where the option's name is not that of its flag

__all__ = ["compare", "tune"]


@command(
    "tabgan tune customers.csv",
    "tabgan tune customers.csv --latent-dims 32,64,128,256 --plot tune.png",
    "tabgan tune customers.csv --learning-rates 0.0002,0.0005 -o report.json --seed 7",
    "tabgan tune customers.csv --optuna 20",
)
@click.argument("data", type=FILE)
@reading_options
@schema_option
@option(
    "--latent-dims",
    section="Search",
    type=NumberList(int),
    metavar="N,N,…",
    show_default="chosen by heuristics",
    help="Latent sizes to try; Optuna searches the range between them.",
)
@option(
    "--learning-rates",
    section="Search",
    type=NumberList(float),
    metavar="X,X,…",
    show_default="0.0005; with Optuna 0.0001 to 0.002",
    help="Learning rates to try with each size.",
)
@option(
    "--hidden-dims",
    section="Search",
    type=NumberList(int),
    metavar="N,N,…",
    show_default="256; with Optuna 128,256,512",
    help="Widths of the hidden layers to try with each size.",
)
@option(
    "--optuna",
    section="Search",
    type=WholeNumber(min=1),
    metavar="TRIALS",
    help="Let Optuna suggest this many candidates instead of trying every combination.",
)
@option(
    "--seeds",
    section="Search",
    type=WholeNumber(min=1),
    default=3,
    metavar="N",
    help="Number of seeds for the best candidates: the better half is fitted with a second seed, "
    "half of those with a third.",
)
@steps_option
@device_option
@option(
    "-o",
    "--out",
    section="Output",
    type=FILE,
    metavar="REPORT",
    help="Write all trials to REPORT (JSON).",
)
@option(
    "--plot",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Plot the scores to FILE (.png, .svg or .pdf).",
)
@force_option
@seed_option
@quiet_option
@json_option
def tune(
    *,
    data: str,
    out: str | None,
    plot: str | None,
    schema: str | None,
    reading: dict[str, Any],
    force: bool,
    quiet: bool,
    as_json: bool,
    **search: Any,
) -> None:
    """Find a good latent size for a table.

    DATA is a table as for 'tabgan synth'. Each candidate is trained on four fifths of the rows,
    without refinement and polish. The best candidate has the highest detection score (1 if boosted
    trees can't tell its rows from the held-out fifth). If scores differ by less than .01, the error
    of related pairs of columns decides. Further seeds show whether the best candidate beats the
    heuristic's by more than chance; if not, the heuristic's is recommended.
    """
    if out == "-":
        raise click.UsageError("a report can't go to standard output; --json prints it there")
    from tabgan.cli.command_output import Report, check_targets, print_text
    from tabgan.cli.databases import refuse_database
    from tabgan.cli.tables import load_schema, read_data
    from tabgan.tuning.tuning_trials import check_plot

    refuse_database(data, reading, "settings are compared on")
    check_targets((data, schema), out=out, plot=plot, force=force)
    if plot:
        check_plot(plot)
    columns = load_schema(schema) if schema else None
    report = Report(quiet=quiet)
    frame, _ = read_data(data, report, **reading)
    result = search_table(frame, report, schema=columns, **search)
    if out:
        result.save(out)
        report.say(f"Wrote {out}")
    if plot:
        result.plot(plot)
        report.say(f"Drew {plot}")
    options = {**reading, "schema": schema, "steps": search["steps"]}
    command = next_command(report.facts["data"], result.advised.candidate, options)
    report.facts |= {**result.to_json(), "next": command}
    if as_json:
        report.print_json()
    else:
        print_text(lay_out_tuning(result, command))


@command(
    "tabgan compare customers.csv",
    "tabgan compare customers.csv --methods trees,gan,vae,diffusion --html compared.html",
    "tabgan compare customers.csv --kind zip=categorical --holdout 0.5 --seed 7 --json",
)
@click.argument("data", type=FILE)
@reading_options
@declaring_options()
@derive_option
@locale_option
@min_group_option
@text_option
@option(
    "--methods",
    section="Comparison",
    type=NameList("trees", "gan", "diffusion", "vae"),
    default="trees,gan",
    metavar="NAME,NAME,…",
    help="Methods to compare: trees, gan, diffusion, vae.",
)
@option(
    "--holdout",
    section="Comparison",
    type=Number(0, 1, min_open=True, max_open=True),
    default=0.2,
    metavar="X",
    help="Share of the rows to hold out.",
)
@max_time_option
@training_rows_option
@seed_option
@option(
    "--html",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Write an HTML report that compares the methods to FILE.",
)
@force_option
@quiet_option
@json_option
def compare(
    *,
    data: str,
    declared: Declared,
    reading: dict[str, Any],
    methods: tuple[str, ...],
    holdout: float,
    training_rows: int | None,
    seed: int,
    html: str | None,
    force: bool,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Compare several methods on a table.

    DATA is a table as for 'tabgan synth'. Each method learns four fifths of the rows with its
    default options. The best method is the one whose rows boosted trees can least tell from the
    held-out fifth; if the methods do not differ in that, the error of related pairs of columns
    decides. 'tabgan synth --method auto' chooses in the same way.
    """
    from tabgan.cli.command_output import Report, check_targets, on_terminal, print_text
    from tabgan.cli.tables import read_declared, rows_to_learn
    from tabgan.cli.training import quietly
    from tabgan.tuning.compare_methods import MethodTrial, compare_methods

    refuse_database(data, reading, "methods are compared on")
    check_targets((data, declared.schema, declared.constraints), html=html, force=force)
    report = Report(quiet=quiet)
    reading["most_rows"] = rows_to_learn(training_rows, is_private=False)
    table = read_declared(data, declared, report, text=options["text"], **reading)

    def tell(trial: MethodTrial) -> None:
        report.say(f"{trial.method}: {trial.told()}, {trial.seconds:.1f} s")

    found: MethodComparison = quietly(
        compare_methods,
        table.frame,
        methods,
        holdout=holdout,
        random_state=seed,
        progress=tell,
        schema=table.schema,
        constraints=table.constraints,
        verbose=on_terminal(report),
        **options,
    )
    report.done("compare")
    if html is not None:
        found.judge().save_html(html, force=force)
        report.say(f"Wrote {html}")
    report.facts |= {"seed": seed, **found.to_json()}
    report.print_json() if as_json else print_text(_lay_out(found))


def _lay_out(found: "MethodComparison") -> str:
    """Lay out the trials as a table, then the best one and why."""
    from tabgan.cli.command_output import aligned

    header = ("method", "detection", "trend error %", "shape error %", "seconds", "")
    rows = [header]
    for trial in found.trials:
        remark = "could not be trained" if trial.error else "best" * (trial.method == found.best)
        rows.append((trial.method, *score_cells(trial.scores), f"{trial.seconds:.1f}", remark))
    rows.append(("fresh rows", *score_cells(found.fresh), "", ""))
    return "\n".join([*aligned(rows), "", f"best: {found.best}: {found.reason}"])


def search_table(
    frame: "pd.DataFrame",
    report: "Report",
    *,
    schema: "Schema | None",
    seed: int,
    optuna: int | None,
    latent_dims: tuple[int, ...] | None,
    learning_rates: tuple[float, ...] | None,
    hidden_dims: tuple[int, ...] | None,
    **options: Any,
) -> "TuningResult":
    """Search the best sizes for a table, with a message after each trial.

    Parameters
    ----------
    frame
        The table.
    report
        Where messages go.
    schema
        The columns; None infers them.
    seed
        Seed of all randomness.
    optuna
        How many candidates Optuna tries; None for a grid.
    latent_dims, learning_rates, hidden_dims
        Values to try; None for the usual ones.
    **options
        Of `tabgan.tuning.tune.tune`.
    """
    from tabgan.cli.training import quietly
    from tabgan.tuning.tune import tune

    def tell(trial: "Trial", done: int, total: int) -> None:
        report.say(f"{done} of {total}: {_in_words(trial)}, {trial.seconds:.1f} s")

    result = quietly(
        tune,
        frame,
        latent_dims=latent_dims,
        learning_rates=learning_rates or (),
        hidden_dims=hidden_dims or (),
        engine="optuna" if optuna else "grid",
        trials=optuna,
        random_state=seed,
        progress=tell,
        schema=schema,
        verbose=not report.quiet and sys.stderr.isatty(),
        **options,
    )
    report.done("tune")
    return result


def lay_out_tuning(result: "TuningResult", command: str) -> str:
    """Lay out the trials as a table, then the best one, the heuristic's, and the next command.

    Parameters
    ----------
    result
        The result of the search.
    command
        The next command.
    """
    from tabgan.cli.command_output import aligned

    best = result.best
    rows = [(*_cells(trial), _remarks(trial, best)) for trial in result.trials]
    lines = [
        *aligned([_HEADER, *rows]),
        "",
        f"best: {_in_words(best)}",
        f"heuristic: z = {result.choice.dim} ({result.choice.reason})",
        _compared(result),
        f"next: {command}",
    ]
    return "\n".join(lines)


def next_command(data: str, candidate: "Candidate", options: Mapping[str, Any]) -> str:
    """Return the command that makes a synthetic table with a candidate.

    Parameters
    ----------
    data
        The table's file.
    candidate
        The candidate that is advised.
    options
        Options of ``tune`` that ``synth`` has too.

    Examples
    --------
    >>> from tabgan.tuning.tuning_trials import Candidate
    >>> options = {"table_format": "csv", "steps": "auto", "schema": None}
    >>> next_command("my table.csv", Candidate(64, 0.0005, 256), options)
    "tabgan synth 'my table.csv' --latent-dim 64 --format csv"
    >>> options = {"header": "none", "skip_bad_lines": True}
    >>> next_command("t.csv", Candidate(64, 0.0005, 256), options)
    'tabgan synth t.csv --latent-dim 64 --no-header --skip-bad-lines'
    """
    from tabgan.estimator import TabGAN

    usual = TabGAN().get_params(deep=False)
    chosen = {**vars(candidate), **options}
    words = ["tabgan", "synth", data]
    for name, value in chosen.items():
        if name == "header":
            words += _header_words(value)
        elif value is True:
            words.append(f"--{name.replace('_', '-')}")
        elif name == "latent_dim" or value not in (None, False, usual.get(name)):
            flag = _FLAGS.get(name, f"--{name.replace('_', '-')}")
            words += [flag, f"{value:.3g}" if isinstance(value, float) else str(value)]
    return shlex.join(words)


def _header_words(header: str | int) -> list[str]:
    """Return the option of a header that isn't found (see `tabgan.files.read_write.read_table`)."""
    if isinstance(header, int):
        return ["--header-row", str(header)]
    return {"first": ["--header"], "none": ["--no-header"]}.get(header, [])


def score_cells(scores: "TableScores | None") -> tuple[str, str, str]:
    """Write detection, trend error and shape error; blank where there is no such score."""
    if scores is None:
        return "", "", ""
    trend = "" if isnan(scores.trend_error) else f"{scores.trend_error:.2f}"  # no related pairs
    return f"{scores.detection:.3f}", trend, f"{scores.shape_error:.2f}"


def _cells(trial: "Trial") -> tuple[str, ...]:
    candidate = trial.candidate
    rate = f"{candidate.learning_rate:.3g}"
    sizes = str(candidate.latent_dim), rate, str(candidate.hidden_dim)
    detection, *errors = score_cells(trial.scores)
    return (*sizes, detection, str(len(trial.runs)), *errors, f"{trial.seconds:.1f}")


def _remarks(trial: "Trial", best: "Trial") -> str:
    remarks = {
        "best": trial is best,
        "heuristic": trial.heuristic,
        "could not be trained": bool(trial.error),
    }
    return ", ".join(remark for remark, holds in remarks.items() if holds)


def _in_words(trial: "Trial") -> str:
    candidate, scores = trial.candidate, trial.scores
    setting = (
        f"z = {candidate.latent_dim}, learning rate {candidate.learning_rate:.3g}, "
        f"width {candidate.hidden_dim}"
    )
    if scores is None:
        return f"{setting}: could not be trained ({trial.error})"
    if isnan(scores.trend_error):
        return f"{setting}: detection {scores.detection:.3f}, no related pairs"
    return f"{setting}: detection {scores.detection:.3f}, trend error {scores.trend_error:.2f} %"


def _compared(result: "TuningResult") -> str:
    """Compare the best trial with the heuristic's, in words."""
    best, own = result.best, result.heuristic
    if own is best:
        seeds = "" if isnan(result.spread) else f"; variation between seeds ± {result.spread:.3f}"
        return f"the heuristic's choice is the best{seeds}"
    if own is None or own.scores is None or best.scores is None:
        return "the heuristic's size was not among the compared ones"
    detection = best.scores.detection - own.scores.detection
    trend = best.scores.trend_error - own.scores.trend_error
    errors = "no related pairs" if isnan(trend) else f"trend error {trend:+.2f} %"
    words = f"best compared with the heuristic's: detection {detection:+.3f}, {errors}"
    if isnan(result.spread):
        return words
    seeds = f"the variation between seeds is ± {result.spread:.3f}"
    if result.advised is best:
        return f"{words}; {seeds}, so it is better"
    return f"{words}; {seeds}, so this is no difference: keep the heuristic's"
