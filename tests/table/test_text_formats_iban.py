import numpy as np
import pytest
from faker import Faker

from tabgan.table.text_formats import check_digits, is_iban

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
