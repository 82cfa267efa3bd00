"""How identifiers and telephone numbers are written."""

import re

import numpy as np
import pytest

from tabgan.encoding.identifiers.patterns import learn_patterns, learn_phones

RNG = np.random.default_rng(0)
LETTERS = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def made(patterns, n=200):
    """Write texts of all patterns."""
    return [text for pattern in patterns for text in pattern.make(np.arange(n), seed=1)]


def number(n):
    return "".join(map(str, RNG.integers(0, 10, n)))


def letters(n):
    return "".join(RNG.choice(LETTERS, n))


@pytest.mark.parametrize(
    ("write", "expression"),
    [
        (lambda: f"{letters(2)}{number(2)}{letters(2)}{number(2)}", r"([A-Z]{2}\d{2}){2}"),
        (
            lambda: ":".join(f"{n:02x}" for n in RNG.integers(0, 256, 6)),
            "([0-9a-f]{2}:){5}[0-9a-f]{2}",
        ),
        (
            lambda: "-".join(f"{n:04X}" for n in RNG.integers(0, 2**16, 3)),
            "([0-9A-F]{4}-){2}[0-9A-F]{4}",
        ),
        (lambda: f"INV-{number(6)}", r"INV-\d{6}"),
    ],
)
def test_codes_keep_their_form_beside_a_few_other_texts(write, expression):
    texts = [write() for _ in range(200)]
    for others in ([], ["see note", "unknown"]):
        texts = [*dict.fromkeys([*texts, *others])]
        assert all(re.fullmatch(expression, text) for text in made(learn_patterns(texts)))


def test_the_odd_code_keeps_a_form_of_its_own():
    patterns = learn_patterns([*(f"INV-{number(6)}" for _ in range(99)), "X-12"])
    assert [pattern.parts for pattern in patterns] == [
        ("INV-", ("digit", 6)),
        (("upper", 1), "-", ("digit", 2)),
    ]


def test_words_that_mix_letters_and_digits_anyhow_stay_mixed():
    alphabet = [*LETTERS, *"0123456789"]
    texts = ["".join(RNG.choice(alphabet, 9)) for _ in range(200)]
    assert any(
        part[0].startswith("MIX") for pattern in learn_patterns(texts) for part in pattern.parts
    )


@pytest.mark.parametrize(
    ("write", "expression"),
    [
        (lambda: f"030/{number(7)}", r"0\d{2}/\d{7}"),
        (lambda: f"(030) {number(7)}", r"\(0\d{2}\) \d{7}"),
        (lambda: f"1-{number(3)}-{number(4)}", r"1-\d{3}-\d{4}"),
        (lambda: f"+44 20 {number(4)}", r"\+44 \d{2} \d{4}"),
        (lambda: f"9{number(9)}", r"\d{10}"),
    ],
)
def test_telephone_numbers_keep_what_stands_before_the_area(write, expression):
    texts = [*dict.fromkeys([*(write() for _ in range(120)), "unknown"])]
    assert all(re.fullmatch(expression, text) for text in made(learn_phones(texts)))


def test_beginnings_that_many_texts_share_keep_their_shares():
    texts = [
        f"{country}-{year}-{n}"
        for country, size in (("CA", 60), ("US", 20))
        for year in (2015, 2016)
        for n in range(100_000, 100_000 + size)
    ]
    patterns = learn_patterns([*texts, "XX-1999-123456"])
    shares = {pattern.parts: share for pattern, share in patterns.items()}
    assert shares == {
        (f"{country}-{year}-", ("digit", 6)): share
        for country, share in (("CA", 0.375), ("US", 0.125))
        for year in (2015, 2016)
    }


def test_beginnings_of_few_texts_are_not_kept():
    texts = [f"{a}{b}-{n}" for a in "ABCDEFG" for b in "ABCDEFG" for n in range(10, 15)]
    assert [own.parts for own in learn_patterns(texts)] == [(("upper", 2), "-", ("digit", 2))]
