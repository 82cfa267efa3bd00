"""The numbers that a column can take, and rounding to them."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.table.columns import EXACT, decimals_of
from tabgan.table.number_scale import clip_to_range
from tabgan.table.schema import Column

__all__ = ["AllowedValues"]

FEW_VALUES = 20  # up to so many distinct numbers are a column's whole vocabulary

Numbers = NDArray[np.int64] | NDArray[np.float64]


@dataclass(frozen=True)
class AllowedValues:
    """Numbers from `least` to `most`: a few listed ones, those in equal steps, or all.

    Steps and listed numbers are counted in units of the last decimal place, so that rounding is
    exact.

    Parameters
    ----------
    least, most
        The range.
    decimals
        Decimal places; None where all numbers of the range are allowed.
    step
        Distance of neighbours, in units of the last decimal place.
    listed
        All numbers, where they are few, in units of the last decimal place.

    Examples
    --------
    >>> grid = AllowedValues.of(np.array([0.5, 1.0, 1.0, 3.0]), decimals=1)
    >>> grid.floor(np.array([2.9])), grid.ceil(np.array([2.9]))
    (array([1.]), array([3.]))
    """

    least: int | float
    most: int | float
    decimals: int | None = None
    step: int = 1
    listed: tuple[int, ...] = ()

    @classmethod
    def of(cls, values: Numbers, decimals: int | None) -> Self:
        """Find the grid of some numbers, at least one."""
        distinct = np.unique(values)
        least, most = distinct[0].item(), distinct[-1].item()
        whole = values.dtype.kind == "i"
        if not whole and (decimals is None or max(-least, most) * 10.0**decimals >= EXACT):
            return cls(least, most)
        decimals = 0 if whole or decimals is None else decimals
        ticks = distinct if whole else np.rint(distinct * 10.0**decimals).astype(np.int64)
        if len(ticks) <= FEW_VALUES:
            return cls(least, most, decimals, listed=tuple(ticks.tolist()))
        return cls(least, most, decimals, int(np.gcd.reduce(ticks - ticks[0])) or 1)

    @classmethod
    def within(cls, values: Numbers, column: Column) -> Self:
        """Find the grid of a column's numbers, with ends that tell of no fewer rows than it says.

        Of a few listed numbers those are left out that fewer rows hold.
        """
        decimals = decimals_of(column)
        grid = cls.of(clip_to_range(values, decimals, column.least_rows), decimals)
        if not grid.listed or column.least_rows == 1:
            return grid
        distinct, rows = np.unique(values, return_counts=True)
        common: Any = distinct[rows >= column.least_rows]
        return cls.of(common, decimals) if len(common) else cls(grid.least, grid.most, decimals)

    def floor(self, values: Numbers) -> Numbers:
        """Return the greatest possible number that is not above, or `least`."""
        if self.decimals is None:
            return values.clip(self.least, self.most)
        ticks = self._ticks(values, down=True)
        if self.listed:
            listed = np.array(self.listed)
            return self._numbers(
                listed[np.searchsorted(listed, ticks, "right").clip(1) - 1], values
            )
        base = self._base
        return self._numbers(base + (ticks - base) // self.step * self.step, values)

    def ceil(self, values: Numbers) -> Numbers:
        """Return the least possible number that is not below, or `most`."""
        if self.decimals is None:
            return values.clip(self.least, self.most)
        ticks = self._ticks(values, down=False)
        if self.listed:
            listed = np.array(self.listed)
            index = np.searchsorted(listed, ticks, "left").clip(max=len(listed) - 1)
            return self._numbers(listed[index], values)
        base = self._base
        return self._numbers(base - (base - ticks) // self.step * self.step, values)

    @property
    def _base(self) -> int:
        return (
            round(self.least * 10.0 ** (self.decimals or 0)) if self.decimals else int(self.least)
        )

    def _ticks(self, values: Numbers, *, down: bool) -> NDArray[np.int64]:
        inside = values.clip(self.least, self.most)
        if inside.dtype.kind == "i":
            return inside
        scale = 10.0 ** (self.decimals or 0)
        ticks = np.rint(inside * scale)
        return (
            ticks - (ticks / scale > inside) if down else ticks + (ticks / scale < inside)
        ).astype(np.int64)

    def _numbers(self, ticks: NDArray[np.int64], like: Numbers) -> Numbers:
        if like.dtype.kind == "i":
            return ticks
        # Division by a power of ten gives the float nearest to the decimal number.
        return ticks / 10.0 ** (self.decimals or 0)

    def to_json(self) -> dict[str, Any]:
        """Describe the grid by JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a grid from `to_json`'s value."""
        return cls(**{**state, "listed": tuple(state["listed"])})
