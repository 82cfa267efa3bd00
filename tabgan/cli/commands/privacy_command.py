"""``tabgan privacy``: attack a synthetic table."""

import json
from typing import Any

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
    help="Rows of the same population that the generator never saw: what an attack gets from them "
    "as well is no leak.",
)
@option(
    "--secret",
    "secrets",
    section="Comparison",
    keys=("secrets",),
    multiple=True,
    metavar="COLUMN",
    show_default="every column in turn",
    help="A column that attackers would guess; can be repeated.",
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
    help="Seed of all samples and guesses: the same one gives the same figures.",
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
    help="Which end of a risk's 95 % interval is held against --fail-over: high fails unless the "
    "audit shows the risk to be within it (give enough holdout rows), low only if it shows the "
    "risk to be beyond it.",
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
    fail_end: Any,
    schema: str | None,
    seed: int,
    reading: dict[str, Any],
    quiet: bool,
    as_json: bool,
) -> None:
    """Attack a synthetic table, to see what it gives away of the real one.

    REAL is the table that the generator was fitted on, SYNTHETIC its output. Each attack is tried
    on real rows and on those of the holdout; a risk is what it gets more from the real ones, from
    0 to 1, with a 95 % interval. The risks go to standard output.
    """
    from tabgan.cli.console import Report, print_text
    from tabgan.cli.tables import load_schema, read_compared
    from tabgan.evaluation.attacks.audit import audit

    declared = load_schema(schema) if schema else None
    report = Report(quiet=quiet)
    known, drawn, unseen = read_compared(real, synthetic, holdout, report, reading)
    found = audit(
        known,
        drawn,
        unseen,
        schema=declared,
        secrets=secrets or None,
        attacks=attacks or None,
        random_state=seed,
    )
    report.say(f"Attacked in {report.done('attack'):.1f} s")
    over = () if fail_over is None else found.over(fail_over, fail_end)
    facts = found.to_json() | {"over_limit": [f"{risk.attack}, {risk.about}" for risk in over]}
    print_text(json.dumps(facts, allow_nan=False) if as_json else str(found))
    if over:
        named = "; ".join(f"{r.attack}, {r.about}: {r.low:.3f} to {r.high:.3f}" for r in over)
        click.echo(f"Over the limit of {fail_over}: {named}", err=True)
        raise click.exceptions.Exit(FAILED_LIMIT)
