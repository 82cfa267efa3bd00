"""`MultiselectEncoder`: cells that are lists of a few items, as how many and which.

A row has one level span for the number of items, or for a mark in place of a list, and one of two
levels for each item: there or not. So the networks learn which items go with each other and with
the other columns. Decoding makes number and items agree, and puts the items into order.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import ColumnEncoder, Encoded
from tabgan.encoding.item_choice import ItemOdds, ItemOrder
from tabgan.table.columns import TypedSeries
from tabgan.table.level_codes import levels_to_series
from tabgan.table.list_and_record_cells import ListForm
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column
from tabgan.table.text_formats import MISSING_MARKS

__all__ = ["ListModel", "MultiselectEncoder", "item_rows", "read_levels"]

MOST_ALONE = 40  # frequent items with a level span of their own
MOST_GROUPS = 20  # of the other items
MOST_MARKS = 50
LONGEST = 10_000  # items of a list
MARK_ROWS = 20  # that hold an item alone, for it to be a mark if it is never in company
MARK_COMPANY = 0.2  # share of lists of several, for that to mean something

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Items = tuple[str, ...]


def read_levels(cells: TypedSeries) -> dict[Scalar, tuple[Items | None, int]]:
    """Return the items of each distinct cell, None where it is no list, and its rows."""
    form = ListForm.of_spec(cells.column.format)
    counts = np.bincount(cells.codes, minlength=len(cells.levels)).tolist()
    return {
        level: (None if level is None else form.read(str(level)), count)
        for level, count in zip(cells.levels, counts, strict=True)
    }


def item_rows(lists: Mapping[Scalar, tuple[Items | None, int]]) -> Counter[str]:
    """Count the rows that hold each item.

    Parameters
    ----------
    lists
        The items and rows of each distinct cell, as `read_levels` gives them.
    """
    rows: Counter[str] = Counter()
    for items, count in lists.values():
        for item in set(items or ()):
            rows[item] += count
    return rows


@dataclass(frozen=True, eq=False)
class ListModel:
    """The lists of a column: how long they are, which items they hold, and in which order.

    Parameters
    ----------
    form
        How a list is written.
    sizes
        Numbers of items that a list can have, ascending.
    usual
        Place of the most frequent of them.
    marks
        Cells that stand in place of a list; None for a missing value.
    items, rows
        The items, and the rows that hold each, of shape (items,).
    flags
        The level span of each item among those of items, shape (items,): frequent items have one
        each, others share one and are drawn by their rows.
    odds
        Which flags go together.
    order
        In which order items are written.
    repeats
        Share of the items after the first that repeat one of their list.
    """

    form: ListForm
    sizes: tuple[int, ...]
    usual: int
    marks: tuple[Scalar, ...]
    items: Items
    rows: Ints
    flags: Ints
    odds: ItemOdds
    order: ItemOrder
    repeats: float

    @property
    def n_heads(self) -> int:
        """Number of levels of the first span: numbers of items, then marks."""
        return len(self.sizes) + len(self.marks)

    @property
    def n_flags(self) -> int:
        """Number of level spans of items."""
        return int(self.flags.max(initial=-1)) + 1

    @cached_property
    def _heads(self) -> dict[Scalar, int]:
        return {mark: len(self.sizes) + i for i, mark in enumerate(self.marks)}

    @cached_property
    def _nearest(self) -> list[int]:
        """The place of the nearest size to each number of items, up to the largest."""
        sizes = self.sizes
        places = range(len(sizes))
        return [min(places, key=lambda i: abs(sizes[i] - n)) for n in range(max(sizes) + 1)]

    @cached_property
    def _flag_of(self) -> dict[str, int]:
        return dict(zip(self.items, self.flags.tolist(), strict=True))

    def head_of(self, level: Scalar, items: Items | None) -> int | None:
        """Return the level of a cell in the first span; None if it is missing and never was.

        Parameters
        ----------
        level
            The cell.
        items
            Its items; None where it is no list.
        """
        if level is None or level in self._heads:
            return self._heads.get(level)
        if items is None or not self.sizes:
            return self.usual
        return self._nearest[min(len(items), len(self._nearest) - 1)]

    def flags_of(self, items: Items | None) -> list[int]:
        """Return the flags of those items that are known."""
        return [self._flag_of[item] for item in set(items or ()) if item in self._flag_of]

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the lists of a column."""
        read, least = read_levels(cells), cells.column.least_rows
        marks = _find_marks(read, least)
        lists = {
            items: count
            for level, (items, count) in read.items()
            if items is not None and level not in marks
        }
        sizes = Counter[int]()
        for items, count in lists.items():
            sizes[min(len(items), LONGEST)] += count
        kept_sizes = sorted(size for size, n in sizes.items() if n >= least)
        kept_sizes = kept_sizes or [size for size, _ in sizes.most_common(1)]
        counts = item_rows({items: (items, count) for items, count in lists.items()})
        ranked = sorted(
            (item for item, n in counts.items() if n >= least),
            key=lambda item: (-counts[item], item),
        )
        rows = np.array([counts[item] for item in ranked], np.int64)
        flags = _flags(rows)
        place = {item: i for i, item in enumerate(ranked)}
        known = [[place[item] for item in items if item in place] for items in lists]
        weights = np.array([*lists.values()], np.int64)
        held = np.zeros((len(known), int(flags.max(initial=-1)) + 1), np.bool_)
        row = np.repeat(np.arange(len(known)), [len(places) for places in known])
        held[row, flags[[place for places in known for place in places]]] = True
        return cls(
            form=ListForm.of_spec(cells.column.format),
            sizes=tuple(kept_sizes),
            usual=max(range(len(kept_sizes)), key=lambda i: sizes[kept_sizes[i]], default=0),
            marks=tuple(marks),
            items=tuple(ranked),
            rows=rows,
            flags=flags,
            odds=ItemOdds.fit(held, weights, least),
            order=ItemOrder.fit(known, weights, ranked),
            repeats=_share_of_repeats(lists),
        )

    def settle(self, held: Mask, sizes: Ints, rng: np.random.Generator) -> Mask:
        """Make flags agree with numbers of items, some of which are repeats.

        Parameters
        ----------
        held
            Which flags each list has, shape (lists, flags).
        sizes
            How many items it has, shape (lists,).
        rng
            Randomness of the choice.
        """
        distinct = sizes - rng.binomial(np.maximum(sizes - 1, 0), self.repeats)
        return self.odds.settle(held, np.minimum(distinct, self.n_flags), rng)

    def draw(self, held: Mask, sizes: Ints, rng: np.random.Generator) -> list[str]:
        """Write lists.

        Parameters
        ----------
        held
            Which flags each list is drawn with, shape (lists, flags).
        sizes
            How many items it has, shape (lists,).
        rng
            Randomness of what is changed for the two to agree, and of the order.
        """
        wanted = np.clip(held.sum(axis=1), np.minimum(sizes, 1), sizes) if self.repeats else sizes
        held = self.odds.settle(held, np.minimum(wanted, self.n_flags), rng)
        lists, flags = np.nonzero(held)
        items = self._draw_items(flags, rng)
        if self.repeats:
            lists, items = _with_repeats(lists, items, sizes, rng)
        order = np.lexsort((self.order.keys(items, rng), lists))
        texts = [self.items[item] for item in items[order].tolist()]
        lengths = np.bincount(lists, minlength=len(held))
        ends = np.cumsum(lengths)
        spots = zip(ends - lengths, ends, strict=True)
        return [self.form.write(texts[start:end]) for start, end in spots]

    def _draw_items(self, flags: Ints, rng: np.random.Generator) -> Ints:
        """Draw an item of each flag, by the rows of the items."""
        rows = np.bincount(self.flags, self.rows, minlength=self.n_flags).astype(np.int64)
        row = (np.cumsum(rows) - rows)[flags] + rng.integers(0, np.maximum(rows[flags], 1))
        return np.searchsorted(np.cumsum(self.rows), row, side="right")

    def to_json(self) -> dict[str, Any]:
        """Describe the lists by JSON values."""
        return {
            "form": self.form.spec,
            "sizes": [*self.sizes],
            "usual": self.usual,
            "marks": [to_json_scalar(mark) for mark in self.marks],
            "items": [*self.items],
            "rows": self.rows.tolist(),
            "flags": self.flags.tolist(),
            "odds": self.odds.to_json(),
            "order": self.order.to_json(),
            "repeats": self.repeats,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild lists from `to_json`'s value.

        Raises
        ------
        SchemaError, KeyError, TypeError, ValueError, IndexError
            If the value is malformed.
        """
        items = tuple(str(item) for item in state["items"])
        rows, flags = (np.array(state[key], np.int64) for key in ("rows", "flags"))
        steps = np.diff(flags, prepend=-1)
        if not rows.shape == flags.shape == (len(items),) or not np.isin(steps, (0, 1)).all():
            raise ValueError("multiselect: items, rows and flags must be equally long, in order")
        if (rows < 1).any() or (len(flags) and flags[0]):
            raise ValueError("multiselect: each item needs rows, and the first flag is 0")
        sizes = tuple(int(size) for size in state["sizes"])
        marks = tuple(from_json_scalar(mark) for mark in state["marks"])
        if not (sizes or marks) or [*sizes] != sorted(set(sizes)) or min(sizes, default=0) < 0:
            raise ValueError("multiselect: numbers of items must be whole numbers that ascend")
        if max(sizes, default=0) > LONGEST:
            raise ValueError(f"multiselect: a list has {LONGEST} items at most")
        if not 0 <= int(state["usual"]) < max(len(sizes), 1):
            raise ValueError("multiselect: the usual number of items is none of these")
        if not 0 <= float(state["repeats"]) <= 1:
            raise ValueError("multiselect: the share of repeats must be from 0 to 1")
        return cls(
            form=ListForm.of_spec(state["form"]),
            sizes=sizes,
            usual=int(state["usual"]),
            marks=marks,
            items=items,
            rows=rows,
            flags=flags,
            odds=ItemOdds.from_json(state["odds"], int(flags.max(initial=-1)) + 1),
            order=ItemOrder.from_json(state["order"], len(items)),
            repeats=float(state["repeats"]),
        )


def _find_marks(lists: Mapping[Scalar, tuple[Items | None, int]], least: int) -> list[Scalar]:
    """Find the cells that stand in place of a list: no lists, or items that are never in company.

    A missing value comes last.
    """
    n_rows = sum(count for items, count in lists.values() if items)
    several = {level: items for level, (items, _) in lists.items() if items and len(items) > 1}
    company = {item for items in several.values() for item in items}
    means = sum(lists[level][1] for level in several) >= MARK_COMPANY * n_rows
    found: dict[Scalar, int] = {}
    for level, (items, count) in lists.items():
        lonely = items is not None and len(items) == 1 and items[0] not in company
        certain = level in MISSING_MARKS or (means and count >= MARK_ROWS)
        if level is not None and count >= least and (items is None or (lonely and certain)):
            found[level] = count
    marks: list[Scalar] = sorted(found, key=lambda level: -found[level])[:MOST_MARKS]
    return [*marks, None] if None in lists else marks


def _flags(rows: Ints) -> Ints:
    """Give frequent items a flag each, and the others groups of about equally many rows."""
    flags = np.arange(len(rows))
    rest = rows[MOST_ALONE:]
    if len(rest) > MOST_GROUPS:
        twice_middle = 2 * np.cumsum(rest) - rest
        groups = twice_middle * MOST_GROUPS // (2 * rest.sum())
        flags[MOST_ALONE:] = MOST_ALONE + np.unique(groups, return_inverse=True)[1]
    return flags


def _share_of_repeats(lists: Mapping[Items, int]) -> float:
    later = sum(count * (len(items) - 1) for items, count in lists.items() if items)
    repeats = sum(count * (len(items) - len(set(items))) for items, count in lists.items())
    return round(repeats / max(later, 1), 4)


def _with_repeats(
    lists: Ints, items: Ints, sizes: Ints, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Repeat items of lists, drawn at random, until each list is as long as it is to be.

    Parameters
    ----------
    lists, items
        The list of each item, ascending, and the item.
    sizes
        How many items each list is to have.
    rng
        Draws the items to repeat.
    """
    there = np.bincount(lists, minlength=len(sizes))
    short = np.repeat(np.arange(len(sizes)), np.where(there, np.maximum(sizes - there, 0), 0))
    starts = np.cumsum(there) - there
    again = items[starts[short] + rng.integers(0, np.maximum(there[short], 1))]
    joined = np.concatenate([lists, short])
    order = np.argsort(joined, kind="stable")
    return joined[order], np.concatenate([items, again])[order]


class MultiselectEncoder(ColumnEncoder):
    """Lists of items that recur: the number of items, and which ones.

    Items that fewer than `Column.least_rows` rows hold are not kept; their lists get others. An
    item that is never in company, such as "none of these", is a mark beside the numbers of items.
    """

    name = "multiselect"

    def __init__(self, column: Column, lists: ListModel) -> None:
        self.column = column
        self.lists = lists

    @property
    def spans(self) -> RowLayout:
        """A level span for the number of items, if it varies, and one for each item or group."""
        heads = (self.lists.n_heads,) if self.lists.n_heads > 1 else ()
        return RowLayout((), (*heads, *(2,) * self.lists.n_flags))

    @property
    def leading_spans(self) -> tuple[int, ...]:
        """The span of the number of items: where it was redrawn, its own share would be lost."""
        return (0,) if self.lists.n_heads > 1 else ()

    @property
    def singles(self) -> list[str]:
        """The lists of one item."""
        return [self.lists.form.write([item]) for item in self.lists.items]

    @property
    def absent_codes(self) -> tuple[int, ...]:
        """The levels of the first span that stand for a missing value: None, and an empty text."""
        lists = self.lists
        if lists.n_heads == 1:
            return ()
        texts = [lists.form.write(()) if size == 0 else "list" for size in lists.sizes]
        return tuple(i for i, cell in enumerate([*texts, *lists.marks]) if cell in (None, ""))

    def settle(self, codes: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Give each list as many items as its first span says, and a mark none.

        Parameters
        ----------
        codes
            Level codes, shape (rows, level spans of `spans`).
        rng
            The only source of randomness.
        """
        sizes = np.append(self.lists.sizes, np.zeros(len(self.lists.marks), np.int64))
        held = self.lists.settle(codes[:, 1:] == 1, sizes[codes[:, 0]].astype(np.int64), rng)
        return np.column_stack([codes[:, 0], held.astype(np.int64)])

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn the items of a column, how many a list has, and which go together."""
        return cls(cells.column, ListModel.fit(cells))

    def encode(self, cells: TypedSeries) -> Encoded:
        """Give each list the codes of its length and of its items.

        A cell that is neither a list nor a mark counts as a list of items that are not known.

        Raises
        ------
        DataError
            If a value is missing, and none was at fit.
        """
        heads: list[int] = []
        rows: list[int] = []
        flags: list[int] = []
        for level, (items, _) in read_levels(cells).items():
            head = self.lists.head_of(level, items)
            if head is None:
                raise DataError(
                    f"Column {cells.column.name!r}: a value is missing, but none was at fit; fill "
                    "it, or fit again on a table with missing values"
                )
            if head < len(self.lists.sizes):
                own = self.lists.flags_of(items)
                flags += own
                rows += [len(heads)] * len(own)
            heads.append(head)
        codes = np.zeros((len(heads), 1 + self.lists.n_flags), np.int32)
        codes[:, 0] = heads
        codes[rows, np.array(flags, np.int64) + 1] = 1
        if self.lists.n_heads == 1:
            codes = codes[:, 1:]
        return Encoded.empty(len(cells.codes))._replace(codes=codes[cells.codes])

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],
        start: int,  # noqa: ARG002
        rng: np.random.Generator,
        key: int = 0,  # noqa: ARG002
    ) -> pd.Series:
        """Write lists that have as many items as the first span says.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        sizes, marks = self.lists.sizes, self.lists.marks
        varies = self.lists.n_heads > 1
        heads = codes[:, 0] if varies else np.zeros(len(numbers), np.int64)
        rows = np.flatnonzero(heads < len(sizes))
        texts = self.lists.draw(
            codes[rows, int(varies) :] == 1, np.array(sizes, np.int64)[heads[rows]], rng
        )
        # marks first, then the texts: each distinct cell has one place
        place = {mark: i for i, mark in enumerate(marks)}
        chosen = heads - len(sizes)
        chosen[rows] = [place.setdefault(text, len(place)) for text in texts]
        return levels_to_series([*place], chosen, self.column)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        return self.lists.to_json()

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            What the column is.
        state
            What `to_json` returned.

        Raises
        ------
        SchemaError, KeyError, TypeError, ValueError, IndexError
            If the value is malformed.
        """
        return cls(column, ListModel.from_json(state))
