"""``tabgan evaluate``: measure how good a synthetic table is."""

import json
from dataclasses import replace
from typing import Any

import click

from tabgan.cli.command import FAILED_LIMIT, command
from tabgan.cli.option_types import FILE, option
from tabgan.cli.table_options import (
    force_option,
    json_option,
    quiet_option,
    reading_options,
    schema_option,
)

__all__ = ["evaluate"]


@command(
    "tabgan evaluate customers.csv customers_synthetic.csv",
    "tabgan evaluate train.csv synthetic.csv --holdout test.csv --target churned",
    "tabgan evaluate customers.csv customers_synthetic.csv --html report.html",
    "tabgan evaluate customers.csv customers_synthetic.csv -q --json --fail-under 0.9",
)
@click.argument("real", type=FILE)
@click.argument("synthetic", type=FILE)
@reading_options
@option(
    "--holdout",
    section="Comparison",
    type=FILE,
    metavar="FILE",
    help="Real rows that the generator did not see: detectors, models and distances are then "
    "compared with rows that can't have been copied.",
)
@option(
    "--target",
    section="Comparison",
    metavar="COLUMN",
    show_default="one that the others predict well",
    help="Column that models predict.",
)
@option(
    "--privacy/--no-privacy",
    section="Comparison",
    default=False,
    help="Attack the table as well, as 'tabgan privacy' does; give a holdout.",
)
@schema_option
@option(
    "--seed",
    keys=("seed", "random_state"),
    type=click.IntRange(min=0),
    metavar="S",
    default=0,
    help="Seed of all samples and models: the same seed gives the same figures.",
)
@option(
    "--html",
    section="Output",
    type=FILE,
    metavar="FILE",
    help="Write a report to FILE, for a browser.",
)
@option(
    "--fail-under",
    section="Output",
    type=click.FloatRange(0, 1),
    metavar="X",
    help=f"End with exit code {FAILED_LIMIT} if the score is below X, after all output is written.",
)
@force_option
@quiet_option
@json_option
def evaluate(
    *,
    real: str,
    synthetic: str,
    holdout: str | None,
    target: str | None,
    privacy: bool,
    schema: str | None,
    seed: int,
    html: str | None,
    fail_under: float | None,
    reading: dict[str, Any],
    force: bool,
    quiet: bool,
    as_json: bool,
) -> None:
    """Measure how good a synthetic table is, and say where it is weak.

    REAL and SYNTHETIC are tables of the same columns, in any order. Beside every figure stands the
    figure of a fresh sample of the real table. The score is from 0 to 1.
    """
    from tabgan.cli.console import Report, print_text
    from tabgan.cli.output_targets import check_targets
    from tabgan.cli.tables import load_schema, read_compared

    check_targets((real, synthetic, holdout, schema), html=html, force=force)
    columns = load_schema(schema) if schema else None
    report = Report(quiet=quiet)
    table, drawn, unseen = read_compared(real, synthetic, holdout, report, reading)
    report.say("Comparing")
    from tabgan.evaluation.evaluate import evaluate as compare

    evaluation = compare(table, drawn, unseen, target, schema=columns, random_state=seed)
    if privacy:
        report.say("Attacking")
        from tabgan.evaluation.attacks.audit import audit

        attacked = audit(table, drawn, unseen, schema=columns, random_state=seed)
        evaluation = replace(evaluation, privacy=attacked)
    if html is not None:
        evaluation.save_html(html, force=force)
        report.say(f"Wrote {html}")
    facts = evaluation.to_json()
    print_text(json.dumps(facts, allow_nan=False) if as_json else evaluation.summary())
    score = evaluation.verdict.score
    if fail_under is not None and score < fail_under:
        click.echo(
            f"The score is {score:.3f}: {fail_under - score:.3f} below --fail-under {fail_under:g}",
            err=True,
        )
        raise click.exceptions.Exit(FAILED_LIMIT)
