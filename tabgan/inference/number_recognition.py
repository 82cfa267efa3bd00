"""Finds the form of a column of numbers kept as text, from the distinct texts and their counts."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.inference.column_cells import (
    LEAST_SHARE,
    MOST_FORMS,
    FormReading,
    FormShare,
    are_enough,
    explain,
    filled_texts,
    sample_texts,
)
from tabgan.table.locale_words import in_other_digits
from tabgan.table.number_forms import (
    BYTES,
    MAGNITUDES,
    UNIT_PAIRS,
    DecimalForm,
    HexForm,
    NumberForm,
    OtherDigitsForm,
    UnitPairForm,
    parse_by_forms,
    register_number_form,
)

__all__ = [
    "NumberFormReading",
    "NumberRecognizer",
    "recognize_numbers",
    "register_number_recognizer",
]


@dataclass(frozen=True)
class NumberFormReading(FormReading[NumberForm]):
    """How the numbers of a column are written.

    Parameters
    ----------
    decimals
        The most decimal places that values have; None if there is no limit.
    minimum, maximum
        The least and the greatest value.
    """

    decimals: int | None
    minimum: int | float
    maximum: int | float

    @property
    def is_whole(self) -> bool:
        """Whether all values are whole numbers."""
        return self.decimals == 0

    def parse(self, texts: Sequence[str]) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Read texts by the first form that fits.

        Returns
        -------
        The values, and the index of each text's form among `forms`: -1 where none fits.
        """
        return parse_by_forms([form for form, _ in self.forms], texts)


@dataclass(frozen=True)
class NumberRecognizer:
    """A recognizer of number formats.

    Parameters
    ----------
    name
        Name of the recognizer.
    propose
        Function that proposes formats for distinct texts with their counts; if two fit equally, the
        more plausible one first.
    """

    name: str
    propose: Callable[[Mapping[str, int]], Iterable[NumberForm]]


def register_number_recognizer(
    recognizer: NumberRecognizer, from_spec: Callable[[str], NumberForm | None]
) -> None:
    """Register a recognizer of number formats, which comes before the built-in ones.

    Parameters
    ----------
    recognizer
        Proposes the formats.
    from_spec
        Creates such a format from its spec; returns None for any other text.
    """
    NUMBER_RECOGNIZERS.insert(0, recognizer)
    register_number_form(from_spec)


def recognize_numbers(
    counts: Mapping[str, int], decimal: str | None = None, least_share: float = LEAST_SHARE
) -> NumberFormReading | None:
    """Find the form in which the texts of a column are numbers.

    Parameters
    ----------
    counts
        How many cells hold each distinct text.
    decimal
        The decimal mark of the table's other columns; it decides where a column can't.
    least_share
        The share of the filled cells, and half that of the distinct texts, that must be numbers.

    Returns
    -------
    The reading; None if the texts are not numbers, or only name things: leading zeros, addresses.

    Examples
    --------
    >>> reading = recognize_numbers({"$1,234.50": 1, "$12.00": 1, "($5.25)": 1, "N/A": 1})
    >>> reading.form.spec, reading.parse(["($5.25)"])[0].tolist()
    ('$#,##0.00;($#,##0.00)', [-5.25])
    """
    filled = filled_texts(counts)
    sample = sample_texts(filled)
    if not any(character.isdigit() for text in sample for character in text):
        return None
    ranked = _rank(sample, decimal)
    if not ranked or ranked[0].share < 0.5 * least_share or _names_things(sample):
        return None
    forms, values, index = _all_forms(filled, ranked[0].form, decimal)
    if not are_enough(filled, index, least_share) or _are_codes(filled, forms[0], index):
        return None
    return _reading(filled, forms, ranked, values, index)


def _reading(
    counts: Mapping[str, int],
    forms: Sequence[NumberForm],
    ranked: Sequence[FormShare[NumberForm]],
    values: NDArray[Any],
    index: NDArray[np.int64],
) -> NumberFormReading:
    places = [form.decimals for form in forms]
    low, high = values[index >= 0].min().item(), values[index >= 0].max().item()
    first, last = forms[0].write(np.array([low, high]))
    what = f"numbers written {forms[0].spec}, from {first} to {last}"
    return NumberFormReading(
        **vars(explain(counts, forms, index, ranked, differ=_differ, what=what)),
        decimals=None if None in places else max(p for p in places if p is not None),
        minimum=low,
        maximum=high,
    )


def _differ(one: NumberForm, other: NumberForm, texts: Sequence[str]) -> bool:
    """Say whether two forms read the same texts as other values."""
    (values, ok), (other_values, other_ok) = one.parse(texts), other.parse(texts)
    return bool((values != other_values)[ok & other_ok].any())


def _rank(counts: Mapping[str, int], decimal: str | None) -> list[FormShare[NumberForm]]:
    """Order the proposed forms by the share of the cells that they explain."""
    forms: dict[NumberForm, None] = {}
    for recognizer in NUMBER_RECOGNIZERS:
        forms.update(dict.fromkeys(recognizer.propose(counts)))
    texts, cells = [*counts], np.array([*counts.values()])
    ranked = []
    for place, form in enumerate(forms):
        share = float(cells[form.parse(texts)[1]].sum() / max(cells.sum(), 1))
        hinted = decimal and isinstance(form, DecimalForm) and _agrees(form, decimal)
        if share:
            ranked.append((-round(share, 9), not hinted, place, FormShare(form, share)))
    return [entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:3])]


def _agrees(form: DecimalForm, decimal: str) -> bool:
    return form.group != decimal and (not form.most_decimals or form.decimal == decimal)


def _all_forms(
    counts: Mapping[str, int], first: NumberForm, decimal: str | None
) -> tuple[list[NumberForm], NDArray[Any], NDArray[np.int64]]:
    """Add the forms of texts that don't have the first one; return values and form of each."""
    texts = [*counts]
    values, ok = first.parse(texts)
    forms, index = [first], np.where(ok, 0, -1)
    while len(forms) < MOST_FORMS:
        rest = {texts[place]: counts[texts[place]] for place in np.flatnonzero(index < 0)}
        ranked = _rank(sample_texts(rest), decimal) if rest else []
        own = values[index == 0]
        near = (form for form, _ in ranked if _go_together(forms, form))
        form = next((form for form in near if not _is_damage(form, [*rest], own)), None)
        if form is None:
            break
        others, ok = form.parse([*rest])
        places = np.flatnonzero(index < 0)[ok]
        if others.dtype != values.dtype:
            values = values.astype(np.float64)
        values[places], index[places] = others[ok], len(forms)
        forms.append(form)
    return forms, values, index


def _go_together(forms: Sequence[NumberForm], other: NumberForm) -> bool:
    """Say whether a form may stand beside others: of the same unit, or without any."""
    first = forms[0]
    if isinstance(other, DecimalForm):
        if other.width > 1:
            return False
        if _NOTE.fullmatch(other.suffix) and other.prefix == "":
            return True
        units = {form.unit for form in forms} - {""}
        if not first.unit and units <= {other.unit}:
            return bool(not other.unit or _is_currency(other.unit) or other.unit in _MEASURES)
    return other.unit == first.unit or (not other.unit and first.unit not in {"%", "‰"})


def _is_damage(form: NumberForm, texts: Sequence[str], numbers: NDArray[Any]) -> bool:
    """Say whether a form reads other texts as numbers far beyond all of a column's.

    Such texts have lost their decimal mark, or have one too many. One number that stands for none
    (99999) is no damage.
    """
    others, ok = form.parse(texts)
    if ok.sum() < FEWEST_DAMAGED:
        return False
    return bool(np.median(np.abs(others[ok])) > BEYOND * np.abs(numbers).max(initial=0) > 0)


def _are_codes(counts: Mapping[str, int], form: NumberForm, index: NDArray[np.int64]) -> bool:
    """Say whether whole numbers stand among many texts with digits, as ``123`` beside ``123A``."""
    if form.unit or form.decimals != 0:
        return False
    texts = [*counts]
    others = [texts[place] for place in np.flatnonzero(index < 0).tolist()]
    with_digits = sum(any(map(str.isdigit, text)) for text in others)
    return with_digits > max(10, 0.02 * len(texts))


_ADDRESS = re.compile(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})", re.ASCII)
_CODE = re.compile(r"-?0\d+", re.ASCII)
_BLANK_GROUPS = re.compile(r"[1-9]\d{0,2}(?:[ \u00a0\u2009\u202f]\d{3})+", re.ASCII)


def _names_things(counts: Mapping[str, int]) -> bool:
    """Say whether digits are codes of one length, internet addresses, or phone numbers."""
    codes = [text for text in counts if _CODE.fullmatch(text)]
    padded = {len(text) for text in codes}
    longer = [text for text in counts if text.isdecimal() and len(text) > max(padded, default=0)]
    if len(codes) > 0.005 * len(counts) and (len(padded) > 1 or len(longer) < 0.05 * len(counts)):
        return True
    if all(map(_is_address, counts)):
        return True
    groups = [text for text in counts if _BLANK_GROUPS.fullmatch(text)]
    lengths = {len(text) for text in groups}
    return len(groups) >= 0.9 * len(counts) and len(lengths) == 1 and min(lengths) >= 11


def _is_address(text: str) -> bool:
    match = _ADDRESS.fullmatch(text)
    return match is not None and all(int(part) <= 255 for part in match.groups())


# --- decimal numbers ---

_PARTS = re.compile(
    r"(\D*?)((?:[.,](?=\d))?\d(?:[\d.,'’ \u00a0\u2009\u202f]*\d)?(?:[eE][+-]?\d+)?)(\D*)",
    re.ASCII | re.DOTALL,
)
_CURRENCY_CODES = re.compile(
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HRK|HUF|IDR|ILS|INR|ISK|JPY|"
    "KES|KRW|MAD|MXN|MYR|NGN|NOK|NZD|PEN|PHP|PKR|PLN|RMB|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|"
    "USD|VND|ZAR|BTC|ETH|kr\\.?|Rs\\.?|zł|Kč|Ft|lei|Fr\\.?|RM|S/|[Ee]uros?|dollars"
)
_UNIT = re.compile(r"""[ \u00a0\u202f]?(?:[%‰°″′"']|[^\W\d_])[^\d()+\-;,]{0,15}""")
_NAME = re.compile(r"[A-Z][a-z]{5,}|(?<= )[A-Z][a-z]{2,}")
_NO_UNITS = frozenset({"st", "nd", "rd", "th", "s", "er", "e", "am", "pm", "a.m.", "p.m."})
_ABOUT = frozenset({"~", "≈", "ca.", "c.", "<", ">", "≤", "≥", "±", "∅"})
_ABOUT |= {"ca", "circa", "approx.", "approx", "about", "around", "env.", "etwa"}
_NOTE = re.compile(r"[ \u00a0]?[*†‡§¹²³]{1,3}")  # the mark of a footnote
_SIDES = (("DR", "CR"), ("Dr", "Cr"), ("dr", "cr"), ("", "CR"), ("", "Cr"), ("D", "C"))
_MEASURES = {
    "mg",
    "g",
    "kg",
    "t",
    "mm",
    "cm",
    "m",
    "km",
    "in",
    "ft",
    "mi",
    "ml",
    "l",
    "oz",
    "lb",
    "lbs",
}
_MEASURES |= {"h", "hrs", "min", "sec", "s", "°C", "°F", "years", "days", "kWh"}
_PER = re.compile(r"\d[\d.,]{0,20}([^\d.,/]{0,10}/ ?\d{1,4}\D{0,12})")  # 4.5/5, 6.1 l/100km
_BLANKS = " \u00a0\u2009\u202f"
_ESCAPED = re.compile(r"\\[tnr]")  # blanks as a program wrote them
_MINUS = "-−"
_WEAK_MAGNITUDES = BYTES | {"m", "b", "B", "G", "T"}  # units where no other stands beside them
_GROUPS = (",", ".", "'", "’", *_BLANKS)
BEYOND = (
    100.0  # times the greatest number of a column, from where numbers of another form are damage
)
FEWEST_DAMAGED = 5  # such texts
MOST_SWAPPED = 0.1  # runs of digits with the other mark, for each with the usual one
_NOISE = 12  # decimal places of a float that was not rounded


class _Text(NamedTuple):
    """A text that has one run of digits."""

    before: str
    digits: str
    after: str
    cells: int
    prefix: str  # what stands before and after without the sign
    suffix: str
    sign: int  # 1 for a plus


def _propose_decimals(counts: Mapping[str, int]) -> Iterator[DecimalForm]:
    yield from _propose_unpadded(counts)
    yield from _propose_shares(counts)
    lengths = Counter(map(len, counts))
    width, most = lengths.most_common(1)[0] if lengths else (0, 0)
    stripped = {text.strip(" "): count for text, count in counts.items() if len(text) == width}
    if most < 0.5 * len(counts) or len(set(map(len, stripped))) < 2:
        return
    left = sum(text[:1] != " " for text in counts) > 0.5 * len(counts)
    for form in _propose_unpadded(stripped):
        side = "<" if left else ">"
        yield replace(form, padding=f"{side}{width}")


def _propose_shares(counts: Mapping[str, int]) -> Iterator[DecimalForm]:
    """Propose numbers that all stand before the same one: 4.5/5, 6.1 l/100km."""
    tails = Counter(m[1] for m in map(_PER.fullmatch, counts) if m is not None)
    tail, most = tails.most_common(1)[0] if tails else ("", 0)
    if most <= 0.5 * len(counts):
        return
    before = {text.removesuffix(tail): n for text, n in counts.items() if text.endswith(tail)}
    for form in _propose_unpadded(before):
        if form.negative is None and not form.suffix:
            yield replace(form, suffix=tail)


def _propose_unpadded(counts: Mapping[str, int]) -> Iterator[DecimalForm]:
    texts = [text for text in map(_cut, counts, counts.values()) if text is not None]
    texts = _with_credits(texts)
    magnitudes = _magnitudes_of(texts)
    sides: Counter[tuple[str, str]] = Counter()
    by_sides: dict[tuple[str, str], list[_Text]] = {}
    for text in texts:
        side = (text.prefix, _without_magnitude(text.suffix, magnitudes)[0])
        if _is_currency(side[0]) and _is_unit(side[1]):
            sides[side] += text.cells
            by_sides.setdefault(side, []).append(text)
    for (prefix, suffix), _ in sides.most_common(3):
        yield from _forms_of(by_sides[prefix, suffix], prefix, suffix, magnitudes)


def _cut(text: str, count: int) -> _Text | None:
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    before, digits, after = match.groups()
    prefix, suffix, sign = before, after, 0
    minus = next((mark for mark in _MINUS if mark in before + after), None)
    if "(" in before and ")" in after:
        prefix, suffix, sign = before.replace("(", "", 1), after.replace(")", "", 1), -1
    elif minus and minus in before:
        prefix, sign = before.replace(minus, "", 1), -1
    elif minus:
        suffix, sign = after.replace(minus, "", 1), -1
    elif "+" in before:
        prefix, sign = before.replace("+", "", 1), 1
    return _Text(before, digits, after, count, prefix, suffix, sign)


def _with_credits(texts: list[_Text]) -> list[_Text]:
    """Take what is credited for negative, where other texts are debits: 5.00 CR beside 7.00 DR."""
    ends = {text.suffix.strip(_BLANKS) for text in texts if not text.sign}
    debit, credit = next((pair for pair in _SIDES if {*pair} <= ends), ("", ""))
    if not credit:
        return texts
    return [
        text._replace(suffix=text.suffix.replace(credit, debit).rstrip(_BLANKS), sign=-1)
        if text.suffix.strip(_BLANKS) == credit
        else text
        for text in texts
    ]


def _magnitudes_of(texts: Sequence[_Text]) -> tuple[str, ...]:
    """Return the suffixes that stand for powers of thousand, smallest first; "" for none."""
    marks = Counter[str]()
    for text in texts:
        match = re.match(r"[ \u00a0]?([A-Za-z]+\.?)", text.suffix)
        if match and match[1] in MAGNITUDES:
            marks[match[0]] += text.cells
    total = sum(text.cells for text in texts)
    kept = [mark for mark, count in marks.items() if count > 0.002 * total]
    words = {mark.strip() for mark in kept}
    if marks.total() < 0.2 * total or not (words - _WEAK_MAGNITUDES or len(words & BYTES) > 1):
        return ()
    by_power = {MAGNITUDES[mark.strip()]: mark for mark in sorted(kept, key=marks.__getitem__)}
    return tuple(mark for _, mark in sorted(by_power.items()))


def _without_magnitude(suffix: str, magnitudes: Sequence[str]) -> tuple[str, str]:
    """Cut a suffix into what follows the magnitude, and the magnitude."""
    for mark in sorted(magnitudes, key=len, reverse=True):
        rest = suffix.removeprefix(mark)
        if rest != suffix and not rest[:1].isalpha():
            return rest, mark
    return suffix, ""


def _is_currency(prefix: str) -> bool:
    """Say whether what stands before a number is a currency, or says "about", or is blank."""
    word = _ESCAPED.sub(" ", prefix).strip()
    if not word or _CURRENCY_CODES.fullmatch(word) or word in _ABOUT:
        return True
    letters = word[:-1]
    is_symbol = unicodedata.category(word[-1]) == "Sc"
    return is_symbol and (not letters or (len(letters) <= 3 and letters.isupper()))


def _is_unit(suffix: str) -> bool:
    """Say whether what stands after a number is a unit, a currency, or blank."""
    word = _ESCAPED.sub(" ", suffix).strip()
    if not word or _is_currency(word) or _NOTE.fullmatch(suffix):
        return True
    money, slash, per = word.partition("/")
    if slash and _is_currency(money) and _UNIT.fullmatch(per):
        return True
    if _UNIT.fullmatch(suffix.rstrip(_BLANKS)) is None or word.lower() in _NO_UNITS:
        return False
    return not any(map(_NAME.fullmatch, word.split()))  # as of a street


def _forms_of(
    texts: Sequence[_Text], prefix: str, suffix: str, magnitudes: Sequence[str]
) -> Iterator[DecimalForm]:
    """Propose the forms of numbers with the same things around them."""
    plus = _most(text.before for text in texts if text.sign == 1)
    is_signed = sum(t.cells for t in texts if t.sign == 1) > sum(
        t.cells for t in texts if t.sign == 0 and t.digits.strip("0.,")
    )
    pairs = ((t.before, _without_sign_magnitude(t, magnitudes)) for t in texts if t.sign == -1)
    negative = _most(pairs)
    for digits in _digit_forms(texts):
        for marks in _magnitude_choices(texts, magnitudes):
            form = DecimalForm(
                **digits,
                prefix=plus if is_signed and plus is not None else prefix,
                suffix=suffix,
                negative=negative or ("-" + prefix, suffix),
                magnitudes=marks,
            )
            zero = next((t for t in texts if t.sign == 0 and not t.digits.strip("0.,")), None)
            if is_signed and zero is not None:
                written = zero.before + zero.digits + zero.after
                form = replace(form, zero=written)
            yield form


def _without_sign_magnitude(text: _Text, magnitudes: Sequence[str]) -> str:
    return _without_magnitude(text.after, magnitudes)[0]


def _most(items: Iterable[Any]) -> Any:
    common = Counter(items).most_common(1)
    return common[0][0] if common else None


def _magnitude_choices(
    texts: Sequence[_Text], magnitudes: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    if not magnitudes:
        yield ()
        return
    have_none = any(not _without_magnitude(text.suffix, magnitudes)[1] for text in texts)
    if len(magnitudes) == 1:
        yield (magnitudes[0],)
    if have_none:
        yield ("", *magnitudes)
    elif len(magnitudes) > 1:
        yield tuple(magnitudes)


def _digit_forms(texts: Sequence[_Text]) -> Iterator[dict[str, Any]]:
    """Propose marks, decimal places, width and exponent for runs of digits."""
    runs: Counter[str] = Counter()
    for text in texts:
        runs[text.digits] += text.cells
    powers = {run: count for run, count in runs.items() if "e" in run.lower()}
    if powers:
        yield _exponent_form(powers)
    marks = {mark for run in runs for mark in run} & set(_GROUPS)
    fitting = []
    groups = ("", *(mark for mark in _GROUPS if mark in marks))
    for decimal, group, indian in product(".,", groups, (False, True)):
        usual = "," if group == "." else "."
        if decimal == group or (indian and group != ",") or decimal not in {*marks, usual}:
            continue
        pattern = _run_pattern(group, decimal, indian)
        matches = {run: m for run in runs if (m := pattern.fullmatch(run)) is not None}
        if matches:
            places = {run: m[1] or "" for run, m in matches.items()}
            if _are_swapped(group, decimal, places):
                continue
            plausible = _plausibility(group, places)
            fitting.append((plausible, decimal, group, indian, places))
    for _, decimal, group, indian, places in sorted(fitting, key=lambda entry: entry[:4]):
        least, most = _decimal_places({run: (places[run], runs[run]) for run in places})
        yield {
            "group": group,
            "decimal": decimal,
            "indian": indian,
            "least_decimals": least,
            "most_decimals": most,
            "width": _width([*places], group, decimal),
        }


def _run_pattern(group: str, decimal: str, indian: bool) -> re.Pattern[str]:
    """Match digits with these marks; group 1 is the decimal places."""
    mark = re.escape(group)
    whole = r"\d*"
    if group:
        inner = 2 if indian else 3
        grouped = rf"[1-9]\d{{0,{inner - 1}}}(?:{mark}\d{{{inner}}})*{mark}\d{{3}}"
        whole = rf"(?:{grouped}|0|[1-9]\d{{0,2}})"
    return re.compile(rf"(?=\d|[.,]\d){whole}(?:{re.escape(decimal)}(\d+))?", re.ASCII)


def _are_swapped(group: str, decimal: str, places: Mapping[str, str]) -> bool:
    """Say whether a few runs have the other mark, as 52,345 among 52.345, and no thousands.

    No run has both marks, and behind each of them stand three digits.
    """
    if group not in {".", ","}:
        return False
    grouped, cut = (sum(mark in run for run in places) for mark in (group, decimal))
    both = any(group in run and decimal in run for run in places)
    of_three = all(len(own) in {0, 3} for own in places.values())
    return not both and of_three and 0 < cut <= MOST_SWAPPED * grouped


def _plausibility(group: str, places: Mapping[str, str]) -> int:
    """Rank marks that explain the same cells: the lower, the more plausible.

    ``1,234`` is a thousand and more, and ``1.234`` is one and a bit, unless most numbers have
    either no or exactly three digits after the mark.
    """
    if not group:
        return 1
    if group != "." or any(places.values()):
        return 0
    with_mark = sum(group in run for run in places)
    with_two = any(run.count(group) > 1 for run in places)
    return 0 if with_two or (with_mark >= 10 and with_mark < len(places)) else 2


def _width(runs: Sequence[str], group: str, decimal: str) -> int:
    """Return the least number of whole digits."""
    wholes = [run.partition(decimal)[0] for run in runs]
    if wholes.count("") > 0.5 * len([whole for whole in wholes if whole in {"", "0"}]):
        return 0
    padded = [len(whole) for whole in wholes if len(whole) > 1 and whole[0] == "0"]
    is_time = set(map(len, wholes)) == {2} and padded  # such as 07.30
    return 1 if group or is_time or not padded else min(map(len, wholes))


def _decimal_places(runs: Mapping[str, tuple[str, int]]) -> tuple[int, int]:
    """Choose the least and most number of decimal places that explain the most cells."""
    kinds: Counter[tuple[int, bool]] = Counter()
    for places, count in runs.values():
        kinds[len(places), places[-1:] == "0"] += count
    total = kinds.total()
    lengths = sorted({length for length, _ in kinds})
    most = lengths[-1]
    for length in lengths[:-1]:
        beyond = {k: count for k, count in kinds.items() if k[0] > length}
        if min(beyond)[0] >= max(_NOISE, length + 4) and sum(beyond.values()) <= 0.05 * total:
            most = length
            break
    fixed = Counter(length for length, _ in kinds.elements()).most_common(1)[0][0]
    choices = [(fixed, fixed), (1, most), (0, most)]  # of equals the first

    def explained(choice: tuple[int, int]) -> int:
        least, most = choice
        return sum(
            count
            for (length, has_zero), count in kinds.items()
            if least <= length <= most and (length == least or not has_zero)
        )

    return max(choices, key=explained)


def _exponent_form(runs: Mapping[str, int]) -> dict[str, Any]:
    letter = "E" if any("E" in run for run in runs) else "e"
    decimal = "," if any("," in run for run in runs) else "."
    parts = {run: run.lower().split("e") for run in runs}
    mantissas = {run: (parts[run][0].partition(decimal)[2], runs[run]) for run in runs}
    least, most = _decimal_places(mantissas)
    sign = "+" if any("+" in run for run in runs) else "-"
    digits = min(len(power.lstrip("+-")) for _, power in parts.values())
    exponent = letter + sign + "0" * digits
    return {
        "decimal": decimal,
        "exponent": exponent,
        "least_decimals": least,
        "most_decimals": most,
    }


# --- other numbers ---


def _propose_hex(counts: Mapping[str, int]) -> Iterator[HexForm]:
    pattern = re.compile(r"(0[xX])([\da-fA-F]+)", re.ASCII)
    matches = [match for match in map(pattern.fullmatch, counts) if match]
    for prefix in sorted({match[1] for match in matches}):
        width = min(len(match[2]) for match in matches if match[1] == prefix)
        yield from (HexForm(prefix, width, upper) for upper in (True, False))


def _propose_unit_pairs(counts: Mapping[str, int]) -> Iterator[UnitPairForm]:
    marks = {"ft": "['′]| ?(?:ft|feet)", "lb": " ?lbs?", "st": " ?st"}
    ends = {"in": "[\"″]|''| ?(?:in|inches)", "oz": " ?oz", "lb": " ?lbs?"}
    for large, small in UNIT_PAIRS:
        pattern = re.compile(rf"\d+((?:{marks[large]})\.? ?)\d+((?:{ends[small]})\.?)", re.ASCII)
        matches = map(pattern.fullmatch, counts)
        styles = Counter((m[1], m[2]) for m in matches if m is not None)
        yield from (UnitPairForm(large, small, *style) for style, _ in styles.most_common(2))


def _propose_other_digits(counts: Mapping[str, int]) -> Iterator[OtherDigitsForm]:
    for script, ours in in_other_digits(counts):
        yield from (OtherDigitsForm(script, form) for form in _propose_decimals(ours))


NUMBER_RECOGNIZERS: list[NumberRecognizer] = [
    NumberRecognizer("feet and inches, pounds and ounces", _propose_unit_pairs),
    NumberRecognizer("hexadecimal numbers", _propose_hex),
    NumberRecognizer("decimal numbers", _propose_decimals),
    NumberRecognizer("decimal numbers in digits of another script", _propose_other_digits),
]
