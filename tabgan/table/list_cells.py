"""Cells that hold lists, written as text: ``a; b``, ``["x", "y"]``, ``{x,y}``, ``<x><y>``.

An item is kept as it is written, with its quotes, so that numbers, truth values and quoted texts
come back as they were. Everything here looks at single texts; callers factorise first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from tabgan.base.errors import SchemaError

__all__ = ["BRACKETS", "ListForm", "item_text"]

BRACKETS = {"[": "]", "{": "}", "(": ")"}  # inside them an item may be quoted
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")
_SPEC = re.compile(r"(?s)(.*?)x(.+?)y(.*)")


@dataclass(frozen=True)
class ListForm:
    """How the items of a list are written as one text.

    Parameters
    ----------
    separator
        What stands between two items.
    opening, closing
        What stands before the first and after the last; a list without items is these two alone.

    Examples
    --------
    >>> form = ListForm(", ", "[", "]")
    >>> form.read('["a", "b, c"]'), form.write(("1", "2")), form.spec
    (('"a"', '"b, c"'), '[1, 2]', '[x, y]')
    >>> ListForm("; ").read("red;  blue ;"), ListForm("; ").read("")
    (('red', 'blue'), ())
    """

    separator: str
    opening: str = ""
    closing: str = ""

    @property
    def spec(self) -> str:
        """The form as a short text: a list of x and y."""
        return f"{self.opening}x{self.separator}y{self.closing}"

    @classmethod
    def of_spec(cls, spec: str | None) -> "ListForm":
        """Rebuild a form from its `spec`.

        Raises
        ------
        SchemaError
            If the text is not the form of a list.

        Examples
        --------
        >>> ListForm.of_spec("{x,y}")
        ListForm(separator=',', opening='{', closing='}')
        """
        match = _SPEC.fullmatch(spec or "")
        if match is None:
            raise SchemaError(
                f"format={spec!r:.80} is not the form of a list; write a list of x and y, as in "
                "'x; y' or '[x, y]'"
            )
        opening, separator, closing = match.groups()
        return cls(separator, opening, closing)

    def read(self, text: str) -> tuple[str, ...] | None:
        """Return the items of a list; None where the brackets are missing.

        Blanks around items do not count, nor do items of nothing.
        """
        text = text.strip()
        outer = len(self.opening) + len(self.closing)
        framed = text.startswith(self.opening) and text.endswith(self.closing)
        if not framed or len(text) < outer:
            return None
        inner = text[len(self.opening) : len(text) - len(self.closing)]
        if self.opening in BRACKETS and ('"' in inner or "'" in inner):
            items = [match.group(1) for match in self._tokens.finditer(inner)]
        elif self._mark:
            items = [item.strip() for item in inner.split(self._mark)]
        else:
            items = inner.split()
        return tuple(item for item in items if item)

    def write(self, items: Sequence[str]) -> str:
        """Write items as one text."""
        return f"{self.opening}{self.separator.join(items)}{self.closing}"

    @property
    def _mark(self) -> str:
        """The separator without the blanks around it, which a writer may forget."""
        return self.separator.strip(" ")

    @cached_property
    def _tokens(self) -> re.Pattern[str]:
        mark = re.escape(self._mark) or r"\s"
        return re.compile(rf"(?s)\s*({_QUOTED.pattern[1:-1]}|.*?)\s*(?:{mark}|\Z)")


def item_text(item: str) -> str:
    """Return an item without its quotes, for people.

    Examples
    --------
    >>> item_text('"Wifi"'), item_text("'"), item_text("3")
    ('Wifi', "'", '3')
    """
    return item[1:-1] if _QUOTED.fullmatch(item) else item
