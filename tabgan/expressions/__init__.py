r"""Regular expressions that texts are written by, not only held against.

A small, regular part of Python's language: literals, ``.``, classes (``[A-Z]``, ``[^0-9]``),
``\d \w \s`` and escapes, groups, ``|``, and the repetitions ``? * + {m} {m,} {m,n}``. All
characters are ASCII that can be printed, and a repetition without an end makes texts no longer
than eight more repetitions would. What an expression allows up to that length is a deterministic
automaton's: so its texts can be counted exactly, and numbered one to one, however many ways an
expression has to the same text.
"""

from tabgan.expressions.automaton import RegularExpression

__all__ = ["RegularExpression"]
