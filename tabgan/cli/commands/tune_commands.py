"""``tabgan tune`` and ``tabgan compare``: learn a table by several settings or methods."""

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
    from tabgan.tuning.compare_methods import MethodComparison

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
    from tabgan.cli.tune_report import lay_out_tuning, next_command, search_table
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
    from tabgan.cli.tune_report import score_cells

    header = ("method", "detection", "trend error %", "shape error %", "seconds", "")
    rows = [header]
    for trial in found.trials:
        remark = "could not be trained" if trial.error else "best" * (trial.method == found.best)
        rows.append((trial.method, *score_cells(trial.scores), f"{trial.seconds:.1f}", remark))
    rows.append(("fresh rows", *score_cells(found.fresh), "", ""))
    return "\n".join([*aligned(rows), "", f"best: {found.best}: {found.reason}"])
