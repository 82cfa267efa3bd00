"""From a DataFrame to its schema: what each column is, and why.

First what the cells are (their dtype, or the types of the objects), then what they mean: a text
may be a number, a date, a name of its row, free text or a category.
"""

from tabgan.inference.checks import check_table
from tabgan.inference.frames import as_frame
from tabgan.inference.infer import infer_schema
from tabgan.inference.match import match_schema, resolve_schema, with_measured_ranges

__all__ = [
    "as_frame",
    "check_table",
    "infer_schema",
    "match_schema",
    "resolve_schema",
    "with_measured_ranges",
]
