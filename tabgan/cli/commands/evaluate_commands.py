"""``tabgan evaluate`` and ``tabgan privacy``: measure how good a table is, and attack it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, NoReturn

import click

from tabgan.cli.command_options import FAILED_LIMIT, FILE, Number, WholeNumber, command, option
from tabgan.cli.databases import check_single_table, relations_option
from tabgan.cli.table_options import (
    force_option,
    json_option,
    quiet_option,
    reading_options,
    schema_option,
)

if TYPE_CHECKING:
    from tabgan.cli.command_output import Report
    from tabgan.evaluation.evaluate import Comparison, Evaluation
    from tabgan.evaluation.results import Verdict
    from tabgan.table.schema import Schema

__all__ = ["evaluate", "privacy"]


@command(
    "tabgan evaluate customers.csv customers_synthetic.csv",
    "tabgan evaluate train.csv synthetic.csv --holdout test.csv --target churned",
    "tabgan evaluate customers.csv customers_synthetic.csv --html report.html",
    "tabgan evaluate customers.csv ours.csv theirs.csv --html compared.html",
    "tabgan evaluate customers.csv customers_synthetic.csv -q --json --fail-under 0.9",
    "tabgan evaluate shop.db shop_synthetic.db --html shop.html",
)
@click.argument("real", type=FILE)
@click.argument("synthetic", type=FILE, nargs=-1, required=True)
@reading_options
@option(
    "--holdout",
    section="Comparison",
    type=FILE,
    metavar="FILE",
    help="Real rows that the generator did not see. Detectors, models and distances are then "
    "tested on rows that can't have been copied.",
)
@option(
    "--target",
    section="Comparison",
    metavar="COLUMN",
    show_default="a column that the others predict well",
    help="Column that models predict.",
)
@option(
    "--privacy/--no-privacy",
    section="Comparison",
    default=False,
    help="Also run the attacks of 'tabgan privacy'; use it with --holdout.",
)
@schema_option
@relations_option
@option(
    "--seed",
    keys=("seed", "random_state"),
    type=WholeNumber(min=0),
    metavar="S",
    default=0,
    help="Seed of samples and models; the same seed gives the same figures.",
)
@option(
    "--html",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Write an HTML report to FILE.",
)
@option(
    "--fail-under",
    section="Output",
    type=Number(0, 1),
    metavar="X",
    help=f"End with exit code {FAILED_LIMIT} if the score is below X or rows were copied. All "
    "output is written first.",
)
@force_option
@quiet_option
@json_option
def evaluate(
    *,
    real: str,
    synthetic: tuple[str, ...],
    holdout: str | None,
    target: str | None,
    privacy: bool,
    schema: str | None,
    relations: str | None,
    seed: int,
    html: str | None,
    fail_under: float | None,
    reading: dict[str, Any],
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Measure how good a synthetic table is.

    REAL and SYNTHETIC are tables with the same columns, in any order. Several synthetic tables are
    compared side by side. The output is a verdict, a score from 0 to 1, the weakest points, and
    each figure next to that of a fresh sample of the real table. Databases are compared as a whole:
    keys, numbers of children, and trends across tables, next to those of two halves of the real
    database.
    """
    from tabgan.cli.command_output import Report, check_targets
    from tabgan.cli.database_models import evaluate_databases
    from tabgan.cli.tables import load_schema

    check_targets((real, *synthetic, holdout, schema), html=html, force=force)
    if privacy and len(synthetic) > 1:
        raise click.UsageError("--privacy works with one synthetic table; pass only one")
    columns = load_schema(schema) if schema else None
    report = Report(quiet=quiet)
    of_databases: dict[str, Any] = {"reading": reading, "relations": relations, "seed": seed}
    of_databases |= {"html": html, "force": force, "as_json": as_json}
    of_database = evaluate_databases(real, synthetic, report, **of_databases)
    if of_database is not None:
        _check_score(of_database, fail_under)
        return
    check_single_table(relations=relations)
    judge = _judge_one if len(synthetic) == 1 else _judge_several
    options = _Options(holdout, target, columns, seed, reading, privacy)
    found, verdicts = judge(real, synthetic, options, report)
    if html is not None:
        found.save_html(html, force=force)
        report.say(f"Wrote {html}")
    report.print_result(found.summary, found.to_json, as_json=as_json)
    _check_score(min(one.score for one in verdicts), fail_under)
    if fail_under is not None and any(one.is_copied for one in verdicts):
        _fail(
            f"--fail-under {fail_under:g} fails whatever the score: rows are copies of real ones, "
            "or too close to them; see the weak points"
        )


def _check_score(score: float, fail_under: float | None) -> None:
    if fail_under is not None and score < fail_under:
        _fail(
            f"The score is {score:.3f}: {fail_under - score:.3f} below --fail-under {fail_under:g}"
        )


def _fail(message: str) -> NoReturn:
    """Say which limit was missed, and end."""
    click.echo(message, err=True)
    raise click.exceptions.Exit(FAILED_LIMIT)


class _Options(NamedTuple):
    holdout: str | None
    target: str | None
    schema: "Schema | None"
    seed: int
    reading: dict[str, Any]
    privacy: bool


def _judge_one(
    real: str, synthetic: Sequence[str], options: _Options, report: "Report"
) -> "tuple[Evaluation, tuple[Verdict, ...]]":
    from tabgan.cli.tables import read_compared

    table, (drawn,), unseen = read_compared(
        real, synthetic, options.holdout, report, options.reading
    )
    from tabgan.evaluation.evaluate import evaluate as judge  # what a wrong name needs not wait for

    report.say("Comparing")
    schema, seed = options.schema, options.seed
    evaluation = judge(table, drawn, unseen, options.target, schema=schema, random_state=seed)
    if options.privacy:
        report.say("Attacking")
        from tabgan.evaluation.attacks.audit import audit

        attacked = audit(table, drawn, unseen, schema=schema, random_state=seed)
        evaluation = replace(evaluation, privacy=attacked)
    return evaluation, (evaluation.verdict,)


def _judge_several(
    real: str, synthetic: Sequence[str], options: _Options, report: "Report"
) -> "tuple[Comparison, tuple[Verdict, ...]]":
    """Judge several tables; each has a verdict."""
    from tabgan.cli.tables import read_compared

    table, drawn, unseen = read_compared(real, synthetic, options.holdout, report, options.reading)
    from tabgan.evaluation.evaluate import compare

    tables = dict(zip(_names_of(synthetic), drawn, strict=True))
    report.say(f"Comparing {len(tables)} tables")
    found = compare(
        table,
        tables,
        unseen,
        options.target,
        schema=options.schema,
        random_state=options.seed,
    )
    return found, tuple(one.verdict for one in found.evaluations.values())


def _names_of(paths: Sequence[str]) -> list[str]:
    """Return the files' names, or the whole paths where two are alike."""
    names = [Path(path).name for path in paths]
    return names if len(set(names)) == len(names) else [*paths]


_ATTACKS = ("copies", "closest", "membership", "singling_out", "linkability", "inference")


@command(
    "tabgan privacy customers.csv customers_synthetic.csv --holdout unseen.csv",
    "tabgan privacy real.csv synthetic.csv --holdout unseen.csv --secret income --json",
    "tabgan privacy real.csv synthetic.csv --holdout unseen.csv --fail-over 0.1",
)
@click.argument("real", type=FILE)
@click.argument("synthetic", type=FILE)
@reading_options
@option(
    "--holdout",
    section="Comparison",
    type=FILE,
    metavar="FILE",
    show_default="none, which makes most figures meaningless",
    help="Rows of the same population that the generator never saw. What an attack also learns "
    "about them is no leak.",
)
@option(
    "--secret",
    "secrets",
    section="Comparison",
    keys=("secrets",),
    multiple=True,
    metavar="COLUMN",
    show_default="every column in turn",
    help="Column that attackers try to guess; can be repeated.",
)
@option(
    "--attack",
    "attacks",
    section="Comparison",
    keys=("attacks",),
    multiple=True,
    type=click.Choice(_ATTACKS),
    show_default="all",
    help="Attack to run; can be repeated.",
)
@schema_option
@option(
    "--seed",
    keys=("seed", "random_state"),
    type=WholeNumber(min=0),
    metavar="S",
    default=0,
    help="Seed of samples and guesses; the same seed gives the same figures.",
)
@option(
    "--fail-over",
    section="Output",
    type=Number(0, 1),
    metavar="X",
    help=f"End with exit code {FAILED_LIMIT} if a risk is above X (0 to 1).",
)
@option(
    "--fail-end",
    section="Output",
    type=click.Choice(["high", "low"]),
    default="high",
    help="End of a risk's 95 % interval that --fail-over uses. high: fail unless the audit shows "
    "that the risk is lower (needs enough holdout rows). low: fail only if it shows that the risk "
    "is higher.",
)
@quiet_option
@json_option
def privacy(
    *,
    real: str,
    synthetic: str,
    holdout: str | None,
    secrets: tuple[str, ...],
    attacks: tuple[str, ...],
    fail_over: float | None,
    fail_end: Literal["high", "low"],
    schema: str | None,
    seed: int,
    reading: dict[str, Any],
    quiet: bool,
    as_json: bool,
) -> None:
    """Measure what a synthetic table reveals about the real one.

    REAL is the table that the generator was fitted on, SYNTHETIC its output. Each attack is run on
    real rows and on rows of the holdout. A risk, from 0 to 1 with a 95 % interval, is how much
    better the attack does on the real rows. The risks are printed to standard output.
    """
    from tabgan.cli.command_output import Report
    from tabgan.cli.tables import load_schema, read_compared
    from tabgan.evaluation.attacks.audit import audit

    declared = load_schema(schema) if schema else None
    report = Report(quiet=quiet)
    table, (drawn,), unseen = read_compared(real, [synthetic], holdout, report, reading)
    result = audit(
        table,
        drawn,
        unseen,
        schema=declared,
        secrets=secrets or None,
        attacks=attacks or None,
        random_state=seed,
    )
    report.say(f"Ran the attacks in {report.done('attack'):.1f} s")
    over = () if fail_over is None else result.over(fail_over, fail_end)
    facts = result.to_json() | {"over_limit": [f"{risk.attack}, {risk.about}" for risk in over]}
    report.print_result(result.__str__, lambda: facts, as_json=as_json)
    if over and result.holdout_fault and fail_end == "high":
        _fail(f"No risk is shown to be below the limit of {fail_over}")
    if over:
        listed = "; ".join(f"{r.attack}, {r.about}: {r.low:.3f} to {r.high:.3f}" for r in over)
        _fail(f"Above the limit of {fail_over}: {listed}")
