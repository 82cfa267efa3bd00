"""Check digits: characters of a code that follow from the others, and tell typing errors.

Most long codes that people type carry them: books (ISBN-10, ISBN-13), journals (ISSN), goods (EAN,
UPC, GTIN), bank cards and telephones (Luhn), bank accounts (IBAN). A made code should have them,
or whatever reads the table refuses it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHECKSUMS", "IBAN", "check_characters", "check_digits", "checksum_of", "is_iban"]

IBAN = re.compile(r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?", re.ASCII)

FEWEST_CODES = 20  # one code in ten has the right check digit by chance
LEAST_RIGHT = 0.95  # share of codes, the others are typing errors

Digits = NDArray[np.int64]


def _gs1(digits: Digits) -> Digits:
    """Weigh the digits 3 and 1 in turn, from the right (GS1: EAN, UPC, GTIN, ISBN-13)."""
    weights = np.where(np.arange(digits.shape[1])[::-1] % 2 == 0, 3, 1)
    return np.asarray(-(digits @ weights) % 10)


def _luhn(digits: Digits) -> Digits:
    """Double every second digit, from the right (ISO/IEC 7812-1)."""
    doubled = np.arange(digits.shape[1])[::-1] % 2 == 0
    values = np.where(doubled, digits * 2 - 9 * (digits > 4), digits)
    return np.asarray(-values.sum(axis=1) % 10)


def _mod11(digits: Digits) -> Digits:
    """Weigh the digits 2, 3, 4, …, from the right; ten is written X (ISO 2108, ISO 3297)."""
    weights = np.arange(digits.shape[1])[::-1] + 2
    return np.asarray(-(digits @ weights) % 11)


_SCHEMES: dict[str, tuple[Callable[[Digits], Digits], frozenset[int]]] = {
    # of two schemes that fit equally the first wins; the numbers are the lengths of whole codes
    "mod11": (_mod11, frozenset({8, 10})),
    "gs1": (_gs1, frozenset({8, 12, 13, 14, 18})),
    "luhn": (_luhn, frozenset(range(9, 20))),
}

CHECKSUMS: Mapping[str, str] = MappingProxyType(
    {
        "mod11": "as ISBN-10 and ISSN have",
        "gs1": "as EAN and ISBN-13 have",
        "luhn": "as bank cards have",
    }
)
"""The schemes of check digits by name, with what is written so."""


def check_characters(codes: Sequence[str], scheme: str) -> NDArray[np.object_]:
    """Compute the check character that follows each code; only digits count.

    Parameters
    ----------
    codes
        Codes without their last character.
    scheme
        One of `CHECKSUMS`.

    Examples
    --------
    >>> check_characters(["0-8044-2957-"], "mod11"), check_characters(["978-3-16-148410-"], "gs1")
    (array(['X'], dtype=object), array(['0'], dtype=object))
    """
    digits = [re.sub(r"[^0-9]", "", code) for code in codes]
    longest = max(map(len, digits), default=0)
    filled = np.array([code.rjust(longest, "0") for code in digits], f"U{max(longest, 1)}")
    table = filled.view(np.uint32).reshape(len(codes), -1).astype(np.int64) - ord("0")
    characters = np.array([*"0123456789X"], object)
    return np.asarray(characters[_SCHEMES[scheme][0](table)], object)


def checksum_of(codes: Sequence[str]) -> str | None:
    """Return the scheme by which the last characters of distinct codes check the others.

    Parameters
    ----------
    codes
        Distinct codes, which may hold letters, blanks and punctuation beside the digits.

    Returns
    -------
    One of `CHECKSUMS`; None where there is no scheme, or where there are too few codes to tell.

    Examples
    --------
    >>> body = [f"40063813{i:04d}" for i in range(20)]
    >>> checksum_of([code + check for code, check in zip(body, check_characters(body, "gs1"))])
    'gs1'
    >>> checksum_of(body)
    """
    if len(codes) < FEWEST_CODES:
        return None
    codes = [code for code in codes if code and (code[-1].isdecimal() or code[-1] == "X")]
    lengths = np.array([sum(c in "0123456789X" for c in code) for code in codes])
    last = np.array([code[-1] for code in codes], object)
    for name, (_, usual) in _SCHEMES.items():
        if not codes or np.isin(lengths, [*usual]).mean() < LEAST_RIGHT:
            continue
        right = check_characters([code[:-1] for code in codes], name) == last
        if right.sum() >= LEAST_RIGHT * max(len(codes), FEWEST_CODES):
            return name
    return None


def check_digits(accounts: Sequence[str]) -> NDArray[np.int64]:
    """Compute the check digits of account numbers that end in their country (ISO 7064, 97-10).

    Examples
    --------
    >>> check_digits(["370400440532013000DE"]).tolist()
    [89]
    """
    texts = np.array(accounts, dtype=str)
    codes = texts.view(np.uint32).reshape(len(texts), texts.itemsize // 4).astype(np.int64)
    rest = np.zeros(len(texts), np.int64)
    for column in (*codes.T, *np.full((2, len(texts)), ord("0"))):
        is_digit, is_letter = column <= ord("9"), column >= ord("A")
        value = np.where(is_digit, column - ord("0"), column - ord("A") + 10)
        following = (rest * np.where(is_letter, 100, 10) + value) % 97
        rest = np.where(column > 0, following, rest)  # shorter texts end in NULs
    return 98 - rest


def is_iban(text: str) -> bool:
    """Return whether a text is a bank account number with the right check digits.

    Examples
    --------
    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    if not IBAN.fullmatch(text):
        return False
    plain = text.replace(" ", "")
    return int(check_digits([plain[4:] + plain[:2]])[0]) == int(plain[2:4])
