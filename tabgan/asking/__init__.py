"""The language of conditions: what a user asks of rows, checked and ready to be evaluated."""

from tabgan.asking.ask import asked_of, parse_where
from tabgan.asking.asked import Asked, ColumnTest, Range
from tabgan.asking.given import GivenRows, given_rows
from tabgan.asking.grammar import join_wheres
from tabgan.asking.known import known_levels, known_specials

__all__ = [
    "Asked",
    "ColumnTest",
    "GivenRows",
    "Range",
    "asked_of",
    "given_rows",
    "join_wheres",
    "known_levels",
    "known_specials",
    "parse_where",
]
