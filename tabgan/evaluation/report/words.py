"""How values are written for people: names, numbers, shares, moments, spans of time."""

import math
import re
import unicodedata

import numpy as np

__all__ = [
    "clean",
    "count",
    "minutes",
    "moment",
    "number",
    "percent",
    "score",
    "short",
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
