"""Where an axis has its ticks, and what is written there."""

import math
from typing import Literal, NamedTuple

import numpy as np

from tabgan.evaluation.report.words import moment, span

__all__ = ["Tick", "nice_ceiling", "ticks"]

_DAY = 86_400.0  # seconds
_YEARS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_STEPS = [  # numpy's unit, steps that are usual, seconds of the unit
    ("Y", _YEARS, 365.25 * _DAY),
    ("M", (1, 3, 6), 30.44 * _DAY),
    ("D", (1, 2, 7, 14), _DAY),
    ("h", (1, 3, 6, 12), 3_600.0),
    ("m", (1, 5, 15, 30), 60.0),
    ("s", (1, 5, 15, 30), 1.0),
]
_SHOWN_UNIT = {"Y": "Y", "M": "M", "D": "D", "h": "m", "m": "m", "s": "s"}
_SPANS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, _DAY, 7 * _DAY)


class Tick(NamedTuple):
    """A place on an axis, in the axis' unit, and its label."""

    place: float
    label: str


def ticks(
    low: float, high: float, is_time: Literal["date", "duration"] | None = None, most: int = 5
) -> list[Tick]:
    """Return ticks at round places within an axis.

    Examples
    --------
    >>> [tick.label for tick in ticks(17, 90)]
    ['20', '40', '60', '80']
    >>> [tick.label for tick in ticks(0, 100_000)]
    ['0', '25k', '50k', '75k', '100k']
    >>> [tick.label for tick in ticks(1.5e18, 1.7e18, "date")]
    ['2018', '2020', '2022']
    >>> [tick.label for tick in ticks(0, 3 * 3600e9, "duration")]
    ['0 s', '1 h', '2 h', '3 h']
    """
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return []
    if is_time == "date":
        return _dates(low, high, most)
    if is_time == "duration":
        return _durations(low, high, most)
    places = _multiples(low, high, _round_step((high - low) / (most - 0.8)))
    return [Tick(place, _compact(place, places)) for place in places]


def nice_ceiling(value: float) -> float:
    """Return the next round number above a positive one.

    Examples
    --------
    >>> nice_ceiling(0.237), nice_ceiling(7)
    (0.25, 8.0)
    """
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(
        power * step for step in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10) if value <= power * step
    )


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * step for step in (1, 2, 2.5, 5, 10) if least <= power * step * (1 + 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [step * index for index in range(first, last + 1)]


def _compact(place: float, places: list[float]) -> str:
    largest = max(map(abs, places))
    for size, sign in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e4, "k")):
        if 1e15 > largest >= size:
            unit = 1e3 if sign == "k" else size
            return f"{place / unit:.12g}{sign}".replace("-", "−") if place else "0"
    # Up to four digits without a separator: they may be years.
    text = f"{place:.12g}" if largest >= 1e-4 else f"{place:.3g}"
    return text.replace("-", "−", 1)


def _dates(low: float, high: float, most: int) -> list[Tick]:
    seconds = (high - low) / 1e9
    finer = reversed(_STEPS)
    choices = [(unit, step, step * length) for unit, steps, length in finer for step in steps]
    unit, step, _ = next((c for c in choices if seconds / c[2] <= most - 0.5), choices[-1])
    edges = [np.datetime64(math.floor(edge / 1e9), "s") for edge in (low, high)]
    first, last = (int(edge.astype(f"datetime64[{unit}]").astype(np.int64)) for edge in edges)
    offset = 1970 if unit == "Y" else 0  # so that years are round
    start = -(-(first + offset) // step) * step - offset
    found = []
    for index in range(start, last + 1, step):
        moments = np.array(index, f"datetime64[{unit}]").astype("datetime64[s]")
        place = float(moments.astype(np.int64)) * 1e9
        if low <= place <= high:
            found.append(Tick(place, moment(place, _SHOWN_UNIT[unit])))
    return found


def _durations(low: float, high: float, most: int) -> list[Tick]:
    seconds = (high - low) / 1e9
    step = next((s for s in _SPANS if seconds / s <= most - 0.5), None)
    step = step or _round_step(seconds / _DAY / (most - 0.8)) * _DAY
    if seconds < 1:
        step = _round_step(seconds / (most - 0.8))
    places = _multiples(low / 1e9, high / 1e9, step)
    return [Tick(place * 1e9, _round_span(place * 1e9)) for place in places]


def _round_span(nanoseconds: float) -> str:
    value, unit = span(nanoseconds).split(" ")
    return f"{value.rstrip('0').rstrip('.') if '.' in value else value} {unit}"
