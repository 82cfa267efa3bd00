"""Options on the rows that are drawn."""

import click

from tabgan.cli.options.base import FILE, option, together

__all__ = ["balance_option", "rows_option", "where_options"]

_ROWS = "Rows"

rows_option = option(
    "-n",
    "--rows",
    section=_ROWS,
    type=click.IntRange(min=0),
    metavar="N",
    show_default="as many as the training table has",
    help="Synthetic rows to draw.",
)
where_options = together(
    option(
        "--where",
        section=_ROWS,
        multiple=True,
        metavar="CONDITION",
        show_default="any rows",
        help="What the rows are to meet, as in 'plan=free', 'age >= 65 and state in (\"NY\", "
        "\"NJ\")', '20 <= age < 30', 'email is not missing'; can be repeated: all must hold.",
    ),
    option(
        "--where-file",
        section=_ROWS,
        type=FILE,
        metavar="FILE",
        help="Table of partial rows, each of which is completed to a row: its cells are kept, "
        "empty ones are drawn.",
    ),
)
balance_option = option(
    "--balance",
    section=_ROWS,
    metavar="COLUMN",
    show_default="as in the training table",
    help="Draw all values of this column equally often.",
)
