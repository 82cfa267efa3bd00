"""Forms of numbers as people write them, such as ``$#,##0.00`` or ``#.##0,0 €``.

A form reads a text only if it writes the same text back. Everything here works on distinct texts,
never on rows. `tabgan.inference.number_recognition` finds the form of a column.
"""

import math
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import SchemaError
from tabgan.table.locale_words import Digits, digits_of
from tabgan.table.text_formats import fill_by_forms

__all__ = [
    "BYTES",
    "MAGNITUDES",
    "UNIT_PAIRS",
    "DecimalForm",
    "HexForm",
    "NumberForm",
    "OtherDigitsForm",
    "UnitPairForm",
    "parse_by_forms",
    "register_number_form",
]

_INT64 = np.iinfo(np.int64)
_EXACT_DIGITS = 15  # decimal digits that every float64 carries
_LONGEST = 20  # digits of a whole number of 64 bits


class NumberForm(ABC):
    """Base class of number formats."""

    @property
    @abstractmethod
    def spec(self) -> str:
        """The format as a short text that people can read and edit; see `from_spec`."""

    @property
    @abstractmethod
    def decimals(self) -> int | None:
        """The maximum number of decimal places; None if there is no limit."""

    @property
    def unit(self) -> str:
        """The unit beside the digits; formats with different units are not mixed."""
        return ""

    @property
    def decimal_mark(self) -> str | None:
        """The decimal separator; None if the format does not determine it."""
        return None

    @abstractmethod
    def read(self, texts: Sequence[str]) -> list[int | float | None]:
        """Read texts; None if a text has another format. `parse` also checks the way back."""

    @abstractmethod
    def write(self, values: NDArray[Any]) -> list[str]:
        """Write finite numbers in this format."""

    def parse(self, texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Parse the texts that have exactly this format.

        Returns
        -------
        The values, int64 if the form writes whole numbers only and else float64; and which texts
        are such numbers: those that `write` gives back. The value of any other text is 0.
        """
        dtype = np.int64 if self.decimals == 0 else np.float64
        values = np.zeros(len(texts), dtype)
        ok = np.zeros(len(texts), bool)
        numbers = self.read(texts)
        places = [i for i, number in enumerate(numbers) if number is not None and _fits(number)]
        if places:
            values[places] = np.array([numbers[i] for i in places], dtype)
            written = self.write(values[places])
            ok[places] = [text == texts[i] for i, text in zip(places, written, strict=True)]
            values[~ok] = 0
        return values, ok

    @staticmethod
    def from_spec(spec: str) -> "NumberForm":
        r"""Make a form from its text.

        The digits are written as in spreadsheets: ``0`` is a digit that is always there, ``#`` one
        that may be: ``0.00`` has two decimal places, ``0.##`` at most two, ``#,##0`` thousands
        with a group mark, ``000`` at least three digits. What stands around them is taken as it
        is (``$0.00``, ``0 kg``), a backslash before ``# 0 ; { } [ ] \``. Negative numbers have a
        minus in front, or their own text after ``;`` (``0.00;(0.00)``), zero may have a third.
        ``0.0E+00`` is an exponent, ``0.0[k]`` thousands, ``0.#[|K|M]`` the largest that fits,
        ``{<8}`` and ``{>8}`` at the end padding, ``0x{04X}`` hexadecimal, ``{ft}'{in}"`` feet
        and inches, ``{digits wide}`` in front digits such as ``１２``.

        Raises
        ------
        SchemaError
            If it is not a format of numbers.

        Examples
        --------
        >>> NumberForm.from_spec("#.##0,00 €").parse(["1.234,50 €"])[0].tolist()
        [1234.5]
        """
        for read_spec in _SPEC_READERS:
            form = read_spec(spec)
            if form is not None:
                return form
        raise SchemaError(
            f"format={spec!r} is not a form of numbers; write one number's digits with 0 and #, "
            "such as '#,##0.00', '0.0%', '$#,##0.00;($#,##0.00)', '0.0E+00' or '0.0[|k|M]', or "
            "'%.2f', 'shortest' or 'repr' for numbers as programs write them"
        )


def _fits(number: float) -> bool:
    if isinstance(number, int):
        return int(_INT64.min) <= number <= int(_INT64.max)
    return math.isfinite(number)


MAGNITUDES = {
    **dict.fromkeys(("k", "K", "thousand", "tsd", "Tsd."), 3),
    **dict.fromkeys(("m", "M", "mn", "mio", "Mio", "Mio.", "million"), 6),
    **dict.fromkeys(("b", "B", "bn", "G", "mrd", "Mrd", "Mrd.", "billion"), 9),
    **dict.fromkeys(("T", "tn", "trillion"), 12),
    **{"kB": 3, "KB": 3, "MB": 6, "GB": 9, "TB": 12},
}
BYTES = frozenset({"kB", "KB", "MB", "GB", "TB"})

_LITERAL = r"(?:\\.|[^\\#0;\[\]{}])*"
_SECTION = re.compile(
    rf"(?P<prefix>{_LITERAL})"
    r"(?P<core>(?:#(?P<group>[^#0\w\\])(?P<indian>##(?P=group))?##0|(?P<whole>0+|#(?=[.,])))"
    r"(?:(?P<decimal>[.,])(?P<least>(?=[0#])0*)(?P<more>#*))?"
    r"(?P<exponent>[eE][+-]0+)?(?P<magnitudes>\[[^\]]*\])?)"
    rf"(?P<suffix>{_LITERAL})",
    re.DOTALL,
)
_PADDING = re.compile(r"(.*)\{([<>]\d+)\}", re.DOTALL)


def _escape(literal: str) -> str:
    return re.sub(r"[\\#0;\[\]{}]", r"\\\g<0>", literal)


def _unescape(literal: str) -> str:
    return re.sub(r"\\(.)", r"\1", literal, flags=re.DOTALL)


@dataclass(frozen=True)
class DecimalForm(NumberForm):
    """Decimal digits with marks, and with what stands around them.

    Parameters
    ----------
    prefix, suffix
        What stands before and after the digits, such as a currency or a unit.
    negative
        The same of negative numbers; None for a minus before the prefix.
    zero
        The whole text of zero where it differs, such as ``0`` beside ``+1`` and ``-1``.
    group, indian, decimal
        The marks of groups (empty for none) and decimals; groups of 2 digits above the first 3.
    least_decimals, most_decimals
        How many decimal places are written; fewer than the most where they would be zeros.
    width
        The least number of whole digits: 0 writes ``.5``, 3 writes ``007``.
    exponent
        Letter, sign and digits, such as ``E+00``: ``+`` is always written, ``-`` if negative.
    magnitudes
        What stands for powers of thousand, such as ``("", "K", "M")``; of several the largest.
    padding
        ``<8`` or ``>8`` pads with blanks to 8 characters, at the right or at the left.
    """

    prefix: str = ""
    suffix: str = ""
    negative: tuple[str, str] | None = None
    zero: str | None = None
    group: str = ""
    decimal: str = "."
    indian: bool = False
    least_decimals: int = 0
    most_decimals: int = 0
    width: int = 1
    exponent: str = ""
    magnitudes: tuple[str, ...] = ()
    padding: str = ""

    def __post_init__(self) -> None:
        if not self.most_decimals:  # equal forms are equal
            object.__setattr__(self, "decimal", "," if self.group == "." else ".")
        if self.negative == ("-" + self.prefix, self.suffix):
            object.__setattr__(self, "negative", None)

    @property
    def is_plain(self) -> bool:
        """Whether programs write numbers so: no group mark, nothing around the digits."""
        return self == DecimalForm(
            least_decimals=self.least_decimals, most_decimals=self.most_decimals
        )

    @property
    def decimals(self) -> int | None:  # noqa: D102
        if self.exponent:
            return None
        scale = min((_power(text) for text in self.magnitudes), default=0)
        return max(0, self.most_decimals - scale)

    @property
    def unit(self) -> str:  # noqa: D102
        return f"{self.prefix} {self.suffix}".replace("+", "").strip()

    @property
    def decimal_mark(self) -> str | None:  # noqa: D102
        return self.decimal if self.most_decimals or self.group else None

    @cached_property
    def spec(self) -> str:  # noqa: D102
        digits = "0" * self.width or "#"
        if self.group:
            digits = f"#{self.group}{f'##{self.group}' if self.indian else ''}##0"
        if self.most_decimals:
            optional = "#" * (self.most_decimals - self.least_decimals)
            digits += self.decimal + "0" * self.least_decimals + optional
        digits += self.exponent + (f"[{'|'.join(self.magnitudes)}]" if self.magnitudes else "")
        sections = [_escape(self.prefix) + digits + _escape(self.suffix)]
        if self.negative is not None or self.zero is not None:
            before, after = self._negative
            sections.append(_escape(before) + digits + _escape(after))
        if self.zero is not None:
            sections.append(re.sub(r"[\\;{}]", r"\\\g<0>", self.zero))
        return ";".join(sections) + (f"{{{self.padding}}}" if self.padding else "")

    @property
    def _negative(self) -> tuple[str, str]:
        return self.negative or ("-" + self.prefix, self.suffix)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Negative digits are group 1 and their magnitude 2; those of positive ones 3 and 4."""
        body = rf"({self._body_pattern})({'|'.join(map(re.escape, self.magnitudes))})"
        sides = (self._negative, (self.prefix, self.suffix))
        signs = "|".join(re.escape(before) + body + re.escape(after) for before, after in sides)
        return re.compile(signs, re.ASCII | re.DOTALL)

    @property
    def _body_pattern(self) -> str:
        whole = r"(?:0|[1-9]\d*)"
        if self.width > 1 or (not self.width and self.most_decimals):
            whole = rf"\d{{{self.width},}}" if self.width else r"(?:[1-9]\d*)?"
        elif self.group:
            mark, inner = re.escape(self.group), 2 if self.indian else 3
            tail = rf"(?:{mark}\d{{{inner}}})*{mark}\d{{3}}"
            whole = rf"(?:[1-9]\d{{0,{inner - 1}}}{tail}|0|[1-9]\d{{0,2}})"
        if self.most_decimals:
            digits = rf"{re.escape(self.decimal)}\d{{{max(self.least_decimals, 1)},}}"
            if not self.width and not self.least_decimals:  # 12, 12.5, .5 and 0, but no empty text
                whole = rf"(?:{whole}{digits}|[1-9]\d*|0)"
            else:
                whole += digits if self.least_decimals else f"(?:{digits})?"
        return whole + (r"[eE][+-]?\d+" if self.exponent else "")

    def read(self, texts: Sequence[str]) -> list[int | float | None]:  # noqa: D102
        if self.padding:
            texts = [text.strip(" ") for text in texts]
        match = self._pattern.fullmatch
        return [self._number(match(text), text) for text in texts]

    def _number(self, match: re.Match[str] | None, text: str) -> int | float | None:
        if match is None:
            return 0 if text == self.zero else None
        sign, first = ("-", 1) if match.group(1) is not None else ("", 3)
        body, magnitude = match.group(first, first + 1)
        if self.group:
            body = body.replace(self.group, "")
        if self.decimal != ".":
            body = body.replace(self.decimal, ".")
        if magnitude:
            body += f"e{_power(magnitude)}"
        if self.decimals == 0 and body.isdecimal():
            return int(sign + body) if len(body) <= _LONGEST else None
        number = float(sign + body)
        return round(number) if self.decimals == 0 and math.isfinite(number) else number

    def write(self, values: NDArray[Any]) -> list[str]:  # noqa: D102
        numbers = values.tolist()
        bodies = [self._body(abs(number)) for number in numbers]
        before, after = self._negative
        texts = []
        for number, body in zip(numbers, bodies, strict=True):
            if number > 0 or not body.strip("0.,eE+-[]" + "".join(self.magnitudes)):
                texts.append(self.prefix + body + self.suffix)  # rounded to zero: no sign
            else:
                texts.append(before + body + after)
        if self.zero is not None:
            zero = self.prefix + self._body(0) + self.suffix
            texts = [self.zero if text == zero else text for text in texts]
        if self.padding:
            width, left = int(self.padding[1:]), self.padding[0] == "<"
            texts = [text.ljust(width) if left else text.rjust(width) for text in texts]
        return texts

    @cached_property
    def _body(self) -> Callable[[int | float], str]:
        """Make the function that writes a number without its sign."""
        if self.magnitudes:
            return self._scaled
        return self._with_exponent if self.exponent else self._digits

    @cached_property
    def _digits(self) -> Callable[[int | float], str]:
        most, least, group = self.most_decimals, self.least_decimals, self.group
        form = f"{',' if group and not self.indian else ''}.{most}f"
        zeros = "." + "0" * least if least else ""
        change = (group and group != ",") or self.decimal != "."
        marks = str.maketrans({",": group or ",", ".": self.decimal})

        def write(number: int | float) -> str:
            if isinstance(number, int):
                text = (f"{number:,}" if form[0] == "," else str(number)) + zeros
            else:
                text = format(number, form)
                if least < most:
                    text = _trimmed(number, text, least, most)
            if self.width != 1:
                text = self._to_width(text)
            if self.indian:
                text = _indian(text)
            return text.translate(marks) if change else text

        return write

    def _to_width(self, text: str) -> str:
        whole, point, places = text.partition(".")
        whole = whole.zfill(self.width) if self.width or whole != "0" or not places else ""
        return whole + point + places

    def _with_exponent(self, number: int | float) -> str:
        letter, sign, digits = self.exponent[0], self.exponent[1], len(self.exponent) - 2
        text, _, power = f"{number:.{self.most_decimals}e}".partition("e")
        places = text.partition(".")[2].rstrip("0").ljust(self.least_decimals, "0")
        text = text[0] + (self.decimal + places if places else "")
        mark = "-" if power[0] == "-" else sign.replace("-", "")
        return f"{text}{letter}{mark}{power[1:].lstrip('0').zfill(digits)}"

    def _scaled(self, number: int | float) -> str:
        text = ""
        for place, magnitude in enumerate(self.magnitudes):
            scaled = number / 10.0 ** _power(magnitude)
            if place and float(f"{scaled:.{self.most_decimals}f}") < 1:
                break
            text = self._digits(scaled) + magnitude
        return text


def _power(magnitude: str) -> int:
    return MAGNITUDES.get(magnitude.strip(), 0)


def _trimmed(number: float, text: str, least: int, most: int) -> str:
    """Drop zeros at the end of the decimal places, and digits that only a float's noise has."""
    whole, _, places = text.partition(".")
    if len(whole) + most > _EXACT_DIGITS and number:
        exact = np.format_float_positional(number, precision=most, unique=True, trim="-")
        grouped, (whole, _, places) = "," in whole, exact.partition(".")
        whole = f"{int(whole):,}" if grouped else whole
    places = places.rstrip("0").ljust(least, "0")
    return f"{whole}.{places}" if places else whole


def _indian(text: str) -> str:
    whole, point, places = text.partition(".")
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    return ",".join([*pairs, tail]) + point + places


def _decimal_from_spec(spec: str) -> DecimalForm | None:
    padded = _PADDING.fullmatch(spec)
    sections = re.split(r"(?<!\\);", padded[1] if padded else spec)
    match = _SECTION.fullmatch(sections[0])
    if match is None or len(sections) > 3:
        return None
    negative = None
    if len(sections) > 1:
        other = _SECTION.fullmatch(sections[1])
        if other is None or other["core"] != match["core"]:
            return None
        negative = (_unescape(other["prefix"]), _unescape(other["suffix"]))
    prefix, suffix = _unescape(match["prefix"]), _unescape(match["suffix"])
    least = len(match["least"] or "")
    if negative == (prefix, suffix):
        return None
    return DecimalForm(
        prefix=prefix,
        suffix=suffix,
        negative=negative,
        zero=_unescape(sections[2]) if len(sections) > 2 else None,
        group=match["group"] or "",
        decimal=match["decimal"] or ".",
        indian=match["indian"] is not None,
        least_decimals=least,
        most_decimals=least + len(match["more"] or ""),
        width=(match["whole"] or "0").count("0"),
        exponent=match["exponent"] or "",
        magnitudes=tuple(match["magnitudes"][1:-1].split("|")) if match["magnitudes"] else (),
        padding=padded[2] if padded else "",
    )


@dataclass(frozen=True)
class HexForm(NumberForm):
    """Hexadecimal digits after a prefix.

    Parameters
    ----------
    prefix
        What stands before the digits.
    width
        The least number of digits.
    upper
        Whether the digits are A to F, not a to f.
    """

    prefix: str = "0x"
    width: int = 1
    upper: bool = True

    @property
    def spec(self) -> str:  # noqa: D102
        width = f"0{self.width}" if self.width > 1 else ""
        return f"{self.prefix}{{{width}{'X' if self.upper else 'x'}}}"

    @property
    def decimals(self) -> int:  # noqa: D102
        return 0

    def read(self, texts: Sequence[str]) -> list[int | float | None]:  # noqa: D102
        pattern = re.compile(re.escape(self.prefix) + r"([\da-fA-F]{1,16})", re.ASCII)
        matches = map(pattern.fullmatch, texts)
        return [None if match is None else int(match[1], 16) for match in matches]

    def write(self, values: NDArray[Any]) -> list[str]:  # noqa: D102
        form = f"0{self.width}{'X' if self.upper else 'x'}"
        whole = np.maximum(np.rint(values), 0).astype(np.int64)
        return [f"{self.prefix}{number:{form}}" for number in whole.tolist()]


def _hex_from_spec(spec: str) -> HexForm | None:
    match = re.fullmatch(r"([^{}]*)\{(?:0(\d+))?([xX])\}", spec)
    return match and HexForm(match[1], int(match[2] or 1), match[3] == "X")


UNIT_PAIRS = {("ft", "in"): 12, ("lb", "oz"): 16, ("st", "lb"): 14}


@dataclass(frozen=True)
class UnitPairForm(NumberForm):
    """A quantity in a large and a small unit, such as feet and inches; valued in the small one.

    Parameters
    ----------
    large, small
        The units, such as ``ft`` and ``in``.
    between, after
        What is written after the number of each.
    """

    large: str = "ft"
    small: str = "in"
    between: str = "'"
    after: str = '"'

    @property
    def spec(self) -> str:  # noqa: D102
        return f"{{{self.large}}}{self.between}{{{self.small}}}{self.after}"

    @property
    def decimals(self) -> int:  # noqa: D102
        return 0

    @property
    def unit(self) -> str:  # noqa: D102
        return self.small

    def read(self, texts: Sequence[str]) -> list[int | float | None]:  # noqa: D102
        between, after = re.escape(self.between), re.escape(self.after)
        pattern = re.compile(rf"(\d{{1,6}}){between}(\d{{1,2}}){after}", re.ASCII)
        ratio = UNIT_PAIRS[self.large, self.small]
        matches = map(pattern.fullmatch, texts)
        return [None if m is None else int(m[1]) * ratio + int(m[2]) for m in matches]

    def write(self, values: NDArray[Any]) -> list[str]:  # noqa: D102
        whole = np.maximum(np.rint(values), 0).astype(np.int64)
        large, small = np.divmod(whole, UNIT_PAIRS[self.large, self.small])
        pairs = zip(large.tolist(), small.tolist(), strict=True)
        return [f"{one}{self.between}{other}{self.after}" for one, other in pairs]


def _unit_pair_from_spec(spec: str) -> UnitPairForm | None:
    match = re.fullmatch(r"\{([a-z]+)\}([^{}]+)\{([a-z]+)\}([^{}]*)", spec)
    if match is None or (match[1], match[3]) not in UNIT_PAIRS:
        return None
    return UnitPairForm(match[1], match[3], match[2], match[4])


@dataclass(frozen=True)
class OtherDigitsForm(NumberForm):
    """Numbers in the digits of another script, such as ``{digits wide}#,##0``.

    Parameters
    ----------
    script
        One of `tabgan.table.locale_words.Digits.names`.
    form
        How they are written, but for the digits.
    """

    script: str
    form: NumberForm

    @property
    def spec(self) -> str:  # noqa: D102
        return f"{{digits {self.script}}}{self.form.spec}"

    @property
    def decimals(self) -> int | None:  # noqa: D102
        return self.form.decimals

    @property
    def unit(self) -> str:  # noqa: D102
        return self.form.unit

    def read(self, texts: Sequence[str]) -> list[int | float | None]:  # noqa: D102
        return self.form.read(digits_of(self.script).to_ascii(texts))

    def write(self, values: NDArray[Any]) -> list[str]:  # noqa: D102
        return digits_of(self.script).from_ascii(self.form.write(values))


def _other_digits_from_spec(spec: str) -> OtherDigitsForm | None:
    match = re.fullmatch(r"(?s)\{digits (\w+)\}(.+)", spec)
    if match is None or match[1] not in Digits.names:
        return None
    return OtherDigitsForm(match[1], NumberForm.from_spec(match[2]))


_SPEC_READERS: list[Callable[[str], NumberForm | None]] = [
    _other_digits_from_spec,
    _unit_pair_from_spec,
    _hex_from_spec,
    _decimal_from_spec,
]


def register_number_form(from_spec: Callable[[str], NumberForm | None]) -> None:
    """Let `NumberForm.from_spec` know another class of forms.

    Parameters
    ----------
    from_spec
        Makes a form from its spec; returns None if the text is no spec of this class.
    """
    _SPEC_READERS.insert(0, from_spec)


def parse_by_forms(
    forms: Sequence[NumberForm], texts: Sequence[str]
) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Read texts by the first of several forms that fits.

    Parameters
    ----------
    forms
        The forms, in order.
    texts
        Distinct texts.

    Returns
    -------
    The values, int64 if every form writes whole numbers; and the index of each text's form, -1
    where none fits.
    """
    whole = all(form.decimals == 0 for form in forms)
    values = np.zeros(len(texts), np.int64 if whole else np.float64)
    return values, fill_by_forms(forms, texts, values)
