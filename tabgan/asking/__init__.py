"""The language of conditions: what a user asks of rows, checked and ready to be evaluated."""

from tabgan.asking.ask import parse_condition, parse_where
from tabgan.asking.asked import ColumnPredicate, Condition, Interval
from tabgan.asking.given import PartialRows, read_partial_rows
from tabgan.asking.grammar import join_wheres
from tabgan.asking.known import column_categories, column_sentinels

__all__ = [
    "Condition",
    "ColumnPredicate",
    "PartialRows",
    "Interval",
    "parse_condition",
    "read_partial_rows",
    "join_wheres",
    "column_categories",
    "column_sentinels",
    "parse_where",
]
