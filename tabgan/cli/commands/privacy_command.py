"""``tabgan privacy``: attack a synthetic table and measure the risks."""

import json
from typing import Any, Literal

import click

from tabgan.cli.command import FAILED_LIMIT, command
from tabgan.cli.option_types import FILE, option
from tabgan.cli.table_options import json_option, quiet_option, reading_options, schema_option

__all__ = ["privacy"]

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
    show_default="none; most figures then say little",
    help="Rows of the same population that the generator never saw: what an attack learns from "
    "them as well is no leak.",
)
@option(
    "--secret",
    "secrets",
    section="Comparison",
    keys=("secrets",),
    multiple=True,
    metavar="COLUMN",
    show_default="every column in turn",
    help="A column that attackers try to guess; can be repeated.",
)
@option(
    "--attack",
    "attacks",
    section="Comparison",
    keys=("attacks",),
    multiple=True,
    type=click.Choice(_ATTACKS),
    show_default="all",
    help="An attack to run; can be repeated.",
)
@schema_option
@option(
    "--seed",
    keys=("seed", "random_state"),
    type=click.IntRange(min=0),
    metavar="S",
    default=0,
    help="Seed of all samples and guesses: the same seed gives the same figures.",
)
@option(
    "--fail-over",
    section="Output",
    type=click.FloatRange(0, 1),
    metavar="X",
    help=f"End with exit code {FAILED_LIMIT} if a risk is over X, from 0 to 1.",
)
@option(
    "--fail-end",
    section="Output",
    type=click.Choice(["high", "low"]),
    default="high",
    help="End of a risk's 95 % interval to compare with --fail-over: high fails unless the audit "
    "shows that the risk is below (give enough holdout rows), low fails only if it shows that the "
    "risk is above.",
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
    """Attack a synthetic table, to see what it gives away about the real one.

    REAL is the table that the generator was fitted on, SYNTHETIC its output. Each attack is tried
    on real rows and on rows of the holdout; a risk, from 0 to 1 with a 95 % interval, is how much
    better the attack does on the real rows. The risks go to standard output.
    """
    from tabgan.cli.console import Report, print_text
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
    report.say(f"Attacked in {report.done('attack'):.1f} s")
    over = () if fail_over is None else result.over(fail_over, fail_end)
    facts = result.to_json() | {"over_limit": [f"{risk.attack}, {risk.about}" for risk in over]}
    print_text(json.dumps(facts, allow_nan=False) if as_json else str(result))
    if over:
        listed = "; ".join(f"{r.attack}, {r.about}: {r.low:.3f} to {r.high:.3f}" for r in over)
        click.echo(f"Over the limit of {fail_over}: {listed}", err=True)
        raise click.exceptions.Exit(FAILED_LIMIT)
