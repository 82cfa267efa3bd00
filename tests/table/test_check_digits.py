import numpy as np
import pytest
from faker import Faker

from tabgan.table.check_digits import (
    check_characters,
    check_digits,
    checksum_of,
    is_iban,
)

# from the registry of ISO 13616
KNOWN = [
    "GB29NWBK60161331926819",
    "DE89370400440532013000",
    "FR1420041010050500013M02606",
    "NO9386011117947",
    "MT84MALT011000012345MTLCAST001S",
]


def test_known_accounts():
    accounts = [iban[4:] + iban[:2] for iban in KNOWN]
    np.testing.assert_array_equal(check_digits(accounts), [int(iban[2:4]) for iban in KNOWN])
    assert check_digits([]).shape == (0,)


@pytest.mark.parametrize("locale", ["de_DE", "fr_FR", "en_GB", "it_IT", "nl_NL", "es_ES"])
def test_accounts_of_faker(locale):
    assert all(is_iban(Faker(locale).iban()) for _ in range(50))


@pytest.mark.parametrize(
    "text", ["", "DE88370400440532013000", "de89370400440532013000", "DE89 3704", "x" * 99]
)
def test_what_is_no_account(text):
    assert not is_iban(text)


PRINTED = {  # on books, journals, goods and cards
    "mod11": ["0-8044-2957-X", "3-598-21508-8", "0378-5955", "2049-3630"],
    "gs1": ["978-3-16-148410-0", "4006381333931", "96385074", "036000291452"],
    "luhn": ["4111 1111 1111 1111", "490154203237518", "79927398713"],
}
SCHEMES = [(code, scheme) for scheme, codes in PRINTED.items() for code in codes]


@pytest.mark.parametrize(("code", "scheme"), SCHEMES)
def test_codes_that_are_printed(code, scheme):
    assert check_characters([code[:-1]], scheme).tolist() == [code[-1]]


@pytest.mark.parametrize("scheme", PRINTED)
@pytest.mark.parametrize("typos", [0, 4, 30])
def test_the_scheme_shows_in_nearly_all_codes(scheme, typos):
    length = 9 if scheme == "mod11" else 12 if scheme == "gs1" else 15
    bodies = [f"{i * 104_729 % 10**length:0{length}d}" for i in range(1, 101)]
    codes = [a + b for a, b in zip(bodies, check_characters(bodies, scheme), strict=True)]
    wrong = [
        body + str((int(code[-1]) + 1) % 10) if code[-1] != "X" else body + "1"
        for body, code in zip(bodies, codes, strict=True)
    ]
    assert checksum_of([*wrong[:typos], *codes[typos:]]) == (scheme if typos < 5 else None)
    assert checksum_of(codes[:19]) is None  # too few to tell


@pytest.mark.parametrize("texts", [[], [""] * 30, ["abc"] * 30, [str(i) for i in range(500)]])
def test_no_scheme(texts):
    assert checksum_of(texts) is None
