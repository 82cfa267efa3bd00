r"""Regular expressions that texts are written by, not only held against.

A small, regular part of Python's language: literals, ``.``, classes (``[A-Z]``, ``[^0-9]``),
``\d \w \s`` and escapes, groups, ``|``, and the repetitions ``? * + {m} {m,} {m,n}``. All
characters are ASCII that can be printed, and a repetition without an end has at most eight more
than its least. What such an expression allows is a finite automaton without cycles; its texts can
be counted exactly, and numbered one to one, however many ways an expression has to the same text.
"""

from tabgan.expressions.automaton import Expression

__all__ = ["Expression"]
