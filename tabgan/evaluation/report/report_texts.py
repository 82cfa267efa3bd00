"""The words of a report: values as people write them, and what each figure means."""

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from tabgan.evaluation.evaluation_parts import ColumnResult, Figure

__all__ = [
    "FIGURES",
    "KeyFigure",
    "Reading",
    "clean",
    "column_gap",
    "count",
    "minutes",
    "moment",
    "number",
    "percent",
    "read",
    "score",
    "short",
    "short_apart",
    "span",
    "width",
]

LONGEST_NAME = 80  # characters of a name or a value
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_NOT_KNOWN = "not known"
_NANOSECONDS = {"d": 86_400e9, "h": 3_600e9, "min": 60e9, "s": 1e9, "ms": 1e6, "µs": 1e3, "ns": 1}


def clean(text: str) -> str:
    r"""Replace characters that HTML can't hold or that nobody can see.

    Examples
    --------
    >>> clean("a\x00b\nc\udc80")
    'a␀b␊c�'
    """
    return _CONTROLS.sub(lambda found: _picture(ord(found[0])), text)


def _picture(code: int) -> str:
    if code < 0x20:
        return chr(0x2400 + code)
    return "␡" if code == 0x7F else "�"


def short(text: str, longest: int = LONGEST_NAME) -> str:
    """Clean a text and cut it to a length; wide characters count twice.

    Parameters
    ----------
    text
        Any text.
    longest
        The most letters.

    Examples
    --------
    >>> short("a" * 1000, 5)
    'aaaa…'
    >>> short("東京都", 5)
    '東京…'
    """
    text = clean(text[: longest + 1])
    if width(text) <= longest:
        return text if text.strip() else "(blank)" if text else "(empty)"
    ends = np.cumsum([width(letter) for letter in text])
    kept = int(np.searchsorted(ends, longest - 1, side="right"))
    return text[:kept].rstrip() + "…"


def short_apart(texts: Sequence[str], longest: int) -> list[str]:
    """Cut texts to a length; those that would then look the same are cut in their middle.

    Parameters
    ----------
    texts
        Any texts.
    longest
        The most letters.

    Examples
    --------
    >>> short_apart(["bridge north total", "bridge north west", "date"], 9)
    ['bri…total', 'bri… west', 'date']
    """
    cut = [short(text, longest) for text in texts]
    tail = (longest - 1) // 2 + 1
    return [
        f"{clean(text[: longest - 1 - tail])}…{clean(text[-tail:])}"
        if cut.count(own) > 1 and width(text) > longest > 4
        else own
        for own, text in zip(cut, texts, strict=True)
    ]


def width(text: str) -> int:
    """Return how many letters' places a text takes.

    Examples
    --------
    >>> width("abc"), width("東京")
    (3, 4)
    """
    return len(text) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)


def number(value: float) -> str:
    """Write a number with 3 significant digits and thousands separators.

    Examples
    --------
    >>> [number(value) for value in (0, 1.2, 0.01234, 48842, -31.07, float("nan"))]
    ['0', '1.20', '0.0123', '48,842', '−31.1', 'not known']
    """
    if not math.isfinite(value):
        return _NOT_KNOWN
    size = abs(value)
    if value == 0:
        text = "0"
    elif size < 1e-4 or size >= 1e15:
        text = f"{value:.2e}"
    elif size >= 999.5:
        text = f"{value:,.0f}"
    else:
        text = _three_digits(value)
    return text.replace("-", "−", 1) if value < 0 else text


def _three_digits(value: float) -> str:
    decimals = 2 - math.floor(math.log10(float(f"{abs(value):.2e}")))
    return f"{value:.{max(decimals, 0)}f}"


def percent(value: float) -> str:
    r"""Write a figure that is in percent; it is 0 or 100 only if it is so exactly.

    Examples
    --------
    >>> [percent(value).replace("\xa0", " ") for value in (1.234, 0.1, 0.0004, 99.97, 100)]
    ['1.23 %', '0.1 %', '< 0.01 %', '99.97 %', '100 %']
    """
    if not math.isfinite(value):
        return _NOT_KNOWN
    if 0 < value < 0.01:
        digits = "< 0.01"
    elif 99.5 <= value < 100:
        digits = f"{min(value, 99.99):.2f}"
    else:
        digits = f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) < 1 else number(value)
    return f"{digits}\N{NO-BREAK SPACE}%".replace("-", "−")


def score(value: float) -> str:
    """Write a figure on a scale from 0 to 1.

    Examples
    --------
    >>> score(0.59), score(1)
    ('0.590', '1.000')
    """
    return f"{value:.3f}".replace("-", "−") if math.isfinite(value) else _NOT_KNOWN


def count(value: float) -> str:
    """Write a number of things.

    Examples
    --------
    >>> count(48842)
    '48,842'
    """
    return f"{value:,.0f}"


def minutes(seconds: float) -> str:
    """Write how long something took.

    Examples
    --------
    >>> minutes(0.25), minutes(48.2), minutes(125)
    ('0.25 s', '48 s', '2 min 5 s')
    """
    if seconds < 60:
        return f"{seconds:.2g} s" if seconds < 9.5 else f"{seconds:.0f} s"
    whole = round(seconds)
    return f"{whole // 60:,} min {whole % 60} s"


def moment(nanoseconds: float, unit: str = "D") -> str:
    """Write a moment to a unit of time.

    Parameters
    ----------
    nanoseconds
        Since 1970.
    unit
        A unit of numpy, such as "D" for days.

    Examples
    --------
    >>> moment(1.7e18), moment(1.7e18, "m"), moment(1.7e18, "Y")
    ('2023-11-14', '2023-11-14 22:13', '2023')
    """
    seconds = np.datetime64(math.floor(nanoseconds / 1e9), "s")
    return str(seconds.astype(f"datetime64[{unit}]")).replace("T", " ")


def span(nanoseconds: float) -> str:
    """Write a duration, given in nanoseconds.

    Examples
    --------
    >>> span(1.5 * 86_400e9), span(90e9), span(0)
    ('1.50 d', '1.50 min', '0 s')
    """
    size = abs(nanoseconds)
    unit = next((name for name, length in _NANOSECONDS.items() if size >= length), "s")
    return f"{number(nanoseconds / _NANOSECONDS[unit])} {unit}"


class Reading(NamedTuple):
    """How near a figure is to its baseline: a sign, the words, and the style's name for it."""

    sign: str
    words: str
    tone: Literal["good", "warn", "bad"]


_READINGS = (  # up to which gap, of 1 between a perfect table and a useless one
    (0.02, Reading("✓", "like a fresh real sample", "good")),
    (0.07, Reading("✓", "close to a fresh real sample", "good")),
    (0.3, Reading("!", "visibly off", "warn")),
    (math.inf, Reading("✗", "far off", "bad")),
)


@dataclass(frozen=True)
class KeyFigure:
    """A figure as a reader meets it.

    Attributes
    ----------
    name
        What it is called.
    meaning
        One line for somebody who isn't a statistician, with the way that is better.
    better
        The way that is better: "lower", "higher" or "nearer" to the baseline.
    ideal
        The best value, which stands in for a baseline that isn't known.
    worst
        How far a useless table is from the ideal; "baseline" where only the ratio counts.
    write
        How it is written.
    low, high
        Ends of the bar; None ends it at a round number.
    baseline_name
        What the baseline is the figure of.
    """

    name: str
    meaning: str
    better: Literal["lower", "higher", "nearer"] = "lower"
    ideal: float = 0.0
    worst: float | Literal["baseline"] = 100.0
    write: Callable[[float], str] = percent
    low: float = 0.0
    high: float | None = None
    baseline_name: str = "fresh real sample"

    def gap(self, figure: Figure) -> float:
        """Return how much worse the figure is than its baseline, in 0 (no worse) to about 1."""
        baseline = figure.baseline if math.isfinite(figure.baseline) else self.ideal
        if self.better == "lower":  # less is chance
            baseline = max(baseline, self.ideal)
        difference = figure.value - baseline
        if self.better == "nearer":
            difference = abs(difference)
        elif self.better == "higher":
            difference = -difference
        worst = baseline if self.worst == "baseline" else self.worst
        return max(difference / worst, 0.0) if worst else 0.0


def read(gap: float) -> Reading | None:
    """Put a gap in words; None where it isn't known.

    Examples
    --------
    >>> read(0.1).words
    'visibly off'
    """
    if math.isnan(gap):
        return None
    return next(reading for limit, reading in _READINGS if gap <= limit)


def column_gap(column: ColumnResult, by_chance: tuple[float, float] = (0.0, 0.0)) -> float:
    """Return the largest gap among a column's figures; NaN for a generated column.

    A shape error of 50 % counts as much as all values missing, or as a detector that is always
    right.

    Parameters
    ----------
    column
        The column.
    by_chance
        The shape error, in percent, and the area over ½ that chance may give fresh rows: what is
        less is no gap.
    """
    if column.shape_error is None:
        return math.nan
    gaps = [FIGURES["missing"].gap(column.missing)]
    if not column.shape_error.value <= by_chance[0]:
        gaps.append(FIGURES["shape_error"].gap(column.shape_error))
    if column.detection is not None and not column.detection.value - 0.5 <= by_chance[1]:
        gaps.append(FIGURES["column_auc"].gap(column.detection) - 2 * by_chance[1])
    return max((gap for gap in gaps if not math.isnan(gap)), default=math.nan)


_AUC = KeyFigure(
    "",
    "Chance that a detector ranks a synthetic row as more synthetic than a real one. 0.5 is a "
    "coin, 1 is always right; lower is better.",
    ideal=0.5,
    worst=0.5,
    write=score,
    low=0.5,
    high=1.0,
)


def _share(name: str, meaning: str) -> KeyFigure:
    return KeyFigure(name, meaning, "higher", 100.0, low=0.0, high=100.0)


FIGURES: dict[str, KeyFigure] = {
    "valid_rows": _share(
        "Valid rows",
        "Rows whose every value the real table could hold. Higher is better; 100 % is perfect.",
    ),
    "data_validity": _share(
        "Valid values",
        "In the real table's ranges and among its levels, with keys that are unique (sdmetrics' "
        "data validity). Higher is better; 100 % is perfect.",
    ),
    "data_structure": _share(
        "Same structure",
        "Columns that occur under the same name and with the same type (sdmetrics' data "
        "structure). Higher is better; 100 % is perfect.",
    ),
    "shape_error": KeyFigure(
        "Column shape error",
        "How differently the values of single columns are spread, on average. Lower is better; "
        "0 % is identical.",
        worst=50.0,
    ),
    "relations_kept": _share(
        "Relations kept",
        "Of the related pairs' relations: 0 % is left where each column is shuffled on its own, "
        "and fresh rows keep 100 %. Higher is better.",
    ),
    "trend_error": KeyFigure(
        "Pair trend error",
        "Rows that would have to change for two columns to occur together as in the real table, "
        "numbers in tenths of the real ones; on average over the related pairs. Lower is better; "
        "chance alone gives a fresh sample some.",
    ),
    "missing": KeyFigure(
        "Missing values",
        "Share of empty cells. Best when it is that of the real table.",
        "nearer",
        high=100.0,
        baseline_name="real table",
    ),
    "column_auc": _AUC,
    "trees": KeyFigure(
        "Boosted trees: AUC", _AUC.meaning, ideal=0.5, worst=0.5, write=score, low=0.5, high=1.0
    ),
    "logistic": KeyFigure(
        "Logistic regression: AUC",
        "The same with a simple detector that sees each column by itself. A coin's 0.5 is best; "
        "lower is better.",
        ideal=0.5,
        worst=0.5,
        write=score,
        low=0.5,
        high=1.0,
    ),
    "utility": KeyFigure(
        "Score on real rows",
        "How well a model that learned from synthetic rows predicts real ones, beside one that "
        "learned from real rows. Higher is better.",
        "higher",
        1.0,
        0.5,
        write=score,
        high=1.0,
        baseline_name="learned from real rows",
    ),
    "levels": _share(
        "Levels", "Levels of categories that are drawn at least once. Higher is better."
    ),
    "ranges": _share(
        "Ranges", "Share of the range of numbers and dates that is filled. Higher is better."
    ),
    "rare_combinations": _share(
        "Rare combinations",
        "Pairs of levels from fewer than 1 % of the real rows that are drawn, too. Higher is "
        "better.",
    ),
    "missing_patterns": _share(
        "Patterns of empty cells",
        "Real rows whose set of empty cells is found among synthetic rows. Higher is better.",
    ),
    "copies": KeyFigure(
        "Exact copies",
        "Synthetic rows that equal a real row in all compared columns. The baseline is what chance "
        "gives; lower is better.",
    ),
    "unique_copies": KeyFigure(
        "Copies of unique rows",
        "The same for real rows that occur only once: the ones that could point at a person. "
        "Lower is better.",
    ),
    "near_copies": KeyFigure(
        "Near copies",
        "Synthetic rows that are nearer to a real row than chance brings fresh rows: copies that "
        "were moved a little. 0 % where a test finds none; lower is better.",
    ),
    "nearer_to_real": KeyFigure(
        "Nearer to training rows",
        "Synthetic rows that are nearer to a training row than to a row that was held out. "
        "50 % is as it should be; more hints at memorized rows.",
        ideal=50.0,
        worst=50.0,
        high=100.0,
    ),
    "distance": KeyFigure(
        "Distance to the nearest real row",
        "Median over the synthetic rows, from 0 (a copy) to 1. Well below the baseline hints at "
        "memorized rows; about the baseline or above is as it should be.",
        "higher",
        worst="baseline",
        write=score,
    ),
}
