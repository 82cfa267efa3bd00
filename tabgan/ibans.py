"""International bank account numbers: country, two check digits, account (ISO 13616)."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["IBAN", "check_digits", "is_iban"]

IBAN = re.compile(r"[A-Z]{2}\d{2}( ?[A-Z0-9]{4}){2,7}( ?[A-Z0-9]{1,3})?", re.ASCII)


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
    """Say whether a text is a bank account number with the right check digits.

    Examples
    --------
    >>> is_iban("DE89 3704 0044 0532 0130 00"), is_iban("DE88 3704 0044 0532 0130 00")
    (True, False)
    """
    if not IBAN.fullmatch(text):
        return False
    plain = text.replace(" ", "")
    return int(check_digits([plain[4:] + plain[:2]])[0]) == int(plain[2:4])
