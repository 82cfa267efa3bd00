"""Columns of words and other names: identifiers, free text, categories."""

from collections import Counter
from collections.abc import Sequence

from tabgan.inference.cells import Cells, shown
from tabgan.inference.finding import FEWEST, Finding, names_rows
from tabgan.text_formats import Pattern, pattern_of, spread
from tabgan.values import codes_of

__all__ = ["find_levels", "find_names", "find_words"]

_PATTERNS: dict[Pattern, str] = {
    "email": "e-mail addresses",
    "uuid": "universally unique identifiers",
    "url": "web addresses",
    "phone": "phone numbers",
    "iban": "bank account numbers",
}
_PERSONAL: set[Pattern] = {"email", "iban"}  # never kept, however often they repeat


def find_words(cells: Cells) -> Finding:
    """Tell the identifiers, free texts and categories among columns of text apart."""
    texts = cells.texts
    distinct, filled = len(texts), sum(texts.values())
    sample = spread(list(texts), 1000)
    pattern = pattern_of(sample)
    if pattern and (2 * distinct > filled or (pattern in _PERSONAL and distinct > FEWEST)):
        return Finding("identifier", f"{_PATTERNS[pattern]}, {distinct} distinct in {filled} rows")
    if distinct >= FEWEST and 2 * distinct > filled and _is_prose(sample):
        return Finding("text", f"free text, {distinct} distinct in {filled} rows")
    return _find_names(cells, distinct, filled)


def find_names(cells: Cells) -> Finding:
    """Tell identifiers and categories apart where the cells are not text."""
    return _find_names(cells, len(Counter(cells.objects.tolist())), len(cells.given))


def _find_names(cells: Cells, distinct: int, filled: int) -> Finding:
    if distinct >= FEWEST and distinct > 0.9 * filled:
        which = f"all {filled}" if distinct == filled else f"{distinct} of {filled}"
        return Finding("identifier", f"{which} values differ")
    if distinct == filled > 1 and names_rows(cells.name):
        return Finding("identifier", f"all {filled} values differ, named {shown(cells.name)}")
    return _levels(distinct, filled)


def find_levels(cells: Cells) -> Finding:
    """Describe a column as categories."""
    return _levels(len(codes_of(cells.given)[1]), len(cells.given))


def _levels(distinct: int, filled: int) -> Finding:
    if distinct == 0:
        return Finding("categorical", "no value is present")
    values = "value" if distinct == 1 else "values"
    return Finding("categorical", f"{distinct} distinct {values} in {filled} rows")


def _is_prose(sample: Sequence[str]) -> bool:
    """Say whether texts are sentences rather than names or codes."""
    words = sum(len(text[:2000].split()) for text in sample) / len(sample)
    length = sum(map(len, sample)) / len(sample)
    are_codes = words == 1 and length <= 128 and all(map(str.isascii, sample))
    return words >= 4 or (length > 40 and not are_codes)
