"""The language of conditions: what a user asks of rows, checked and ready to be evaluated."""

from tabgan.asking.asked import Asked, ColumnTest, Range
from tabgan.asking.known import known_levels, known_specials

__all__ = ["Asked", "ColumnTest", "Range", "known_levels", "known_specials"]
