"""``tabgan privacy``: attack a synthetic table."""

import json
from typing import Any

import click

from tabgan.cli.options import (
    examples,
    json_option,
    quiet_option,
    reading_options,
    schema_option,
    seed_option,
)

__all__ = ["privacy"]

OVER_LIMIT = 6
_ATTACKS = ("copies", "closest", "membership", "singling_out", "linkability", "inference")


@click.command(
    no_args_is_help=True,
    epilog=examples(
        "tabgan privacy customers.csv customers_synthetic.csv --holdout unseen.csv",
        "tabgan privacy real.csv synthetic.csv --holdout unseen.csv --secret income --json",
        "tabgan privacy real.csv synthetic.csv --holdout unseen.csv --fail-over 0.1",
    ),
)
@click.argument("real", metavar="REAL")
@click.argument("synthetic", metavar="SYNTHETIC")
@click.option(
    "--holdout",
    metavar="FILE",
    help="Rows of the same population that the generator never saw: what an attack gets from them "
    "as well is no leak.  [default: none; most figures then say little]",
)
@click.option(
    "--secret",
    "secrets",
    multiple=True,
    metavar="COLUMN",
    help="A column that attackers would guess; can be repeated.  [default: every column in turn]",
)
@click.option(
    "--attack",
    "attacks",
    multiple=True,
    type=click.Choice(_ATTACKS),
    help="An attack to run; can be repeated.  [default: all]",
)
@click.option(
    "--fail-over",
    type=click.FloatRange(0, 1),
    metavar="X",
    help="Exit with 6 if a risk is over X, from 0 to 1.  [default: no limit]",
)
@click.option(
    "--fail-end",
    type=click.Choice(["high", "low"]),
    default="high",
    show_default=True,
    help="Which end of a risk's 95 % interval is held against --fail-over: high fails unless the "
    "audit shows the risk to be within it (give enough holdout rows), low only if it shows the "
    "risk to be beyond it.",
)
@schema_option
@seed_option
@reading_options
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
    seed: int | None,
    table_format: Any,
    encoding: str | None,
    delimiter: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Attack a synthetic table, to see what it gives away of the real one.

    REAL is the table that the generator was fitted on, SYNTHETIC its output. Each attack is tried
    on real rows and on those of the holdout; a risk is what it gets more from the real ones, from
    0 to 1, with a 95 % interval. The risks go to standard output.
    """
    from tabgan.cli.declared import load_schema
    from tabgan.cli.work import Report, new_seed, print_text, read_data
    from tabgan.privacy import audit

    declared = load_schema(schema) if schema else None
    report = Report(quiet=quiet)
    form = {"table_format": table_format, "encoding": encoding, "delimiter": delimiter}
    known, drawn, unseen = (
        read_data(path, report, **form)[0] if path else None for path in (real, synthetic, holdout)
    )
    assert known is not None
    assert drawn is not None
    found = audit(
        known,
        drawn,
        unseen,
        schema=declared,
        secrets=secrets or None,
        attacks=attacks or None,
        random_state=new_seed() if seed is None else seed,
    )
    report.say(f"Attacked in {report.done('attack'):.1f} s, seed {found.seed}")
    over = () if fail_over is None else found.over(fail_over, fail_end)
    facts = found.to_json() | {"over_limit": [f"{risk.attack}, {risk.about}" for risk in over]}
    print_text(json.dumps(facts, allow_nan=False) if as_json else str(found))
    if over:
        named = "; ".join(f"{r.attack}, {r.about}: {r.low:.3f} to {r.high:.3f}" for r in over)
        click.echo(f"Over the limit of {fail_over}: {named}", err=True)
        raise click.exceptions.Exit(OVER_LIMIT)
