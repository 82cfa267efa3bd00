"""Where each encoded column lies in a row tensor: the vocabulary shared by encoding and GAN.

An encoded row is ``[numbers | levels]``: first one probability in (0, 1) per *number*, then one
one-hot group per *level span*. A number may have a *mark*: the level span that says whether the
number is present (its level 0) or replaced by a special value such as missing (levels 1, 2, …).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

__all__ = ["RowLayout"]


@dataclass(frozen=True)
class RowLayout:
    """Layout of an encoded row.

    Parameters
    ----------
    marks
        One entry per number: the index of the level span that marks it, or None.
    widths
        One entry per level span: its number of levels, at least 2.

    Examples
    --------
    >>> spans = RowLayout(marks=(None, 1), widths=(3, 2))
    >>> spans.n_numbers, spans.n_levels, spans.width
    (2, 5, 7)
    >>> spans.offsets
    (0, 3)
    """

    marks: tuple[int | None, ...] = ()
    widths: tuple[int, ...] = ()

    @property
    def n_numbers(self) -> int:
        """Number of numeric entries of a row."""
        return len(self.marks)

    @property
    def n_levels(self) -> int:
        """Total width of the one-hot part of a row."""
        return sum(self.widths)

    @property
    def width(self) -> int:
        """Width of a row: numbers plus levels."""
        return self.n_numbers + self.n_levels

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """First position of each level span within the one-hot part."""
        return tuple(accumulate(self.widths, initial=0))[:-1]

    def level_places(self, level_spans: Iterable[int]) -> list[int]:
        """Return where the levels of some level spans lie within the one-hot part.

        Examples
        --------
        >>> RowLayout(widths=(3, 2, 2)).level_places([0, 2])
        [0, 1, 2, 5, 6]
        """
        return [self.offsets[i] + level for i in level_spans for level in range(self.widths[i])]

    @classmethod
    def concatenate(cls, parts: Iterable["RowLayout"]) -> "RowLayout":
        """Lay several layouts side by side, shifting their marks.

        Examples
        --------
        >>> RowLayout.concatenate([RowLayout((), (4,)), RowLayout((0,), (2,))])
        RowLayout(marks=(1,), widths=(4, 2))
        """
        marks: list[int | None] = []
        widths: list[int] = []
        for part in parts:
            marks += [None if mark is None else mark + len(widths) for mark in part.marks]
            widths += part.widths
        return cls(tuple(marks), tuple(widths))
