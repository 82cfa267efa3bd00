"""Personal data as a column's encoder makes it, whatever the kind."""

import json
import re
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import pytest
from faker import Faker

from tabgan.base.errors import SchemaError
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.table.columns import TypedSeries
from tabgan.table.locale_words import vocabulary
from tabgan.table.schema import Column
from tabgan.table.text_formats import is_iban

ROWS = 2_000


def faked(method: str) -> list[str]:
    fake = Faker("en_US")
    fake.seed_instance(3)
    return [", ".join(getattr(fake, method)().splitlines()) for _ in range(ROWS)]


def fit(kind: str, values: list[str], locale: str | None = None) -> IdentifierEncoder:
    column = Column("x", kind, "object", locale=locale)
    return IdentifierEncoder.fit(TypedSeries(column, pd.Series(values, dtype=object, name="x")))


def draw(encoder, rows, start=0, seed=0, key=0) -> pd.Series:
    nothing = np.empty((rows, 0))
    rng = np.random.default_rng(seed)
    return encoder.decode(nothing, nothing.astype(np.int64), start, rng, key)


def many(encoder, rows, key=0) -> pd.Series:
    size = 20_000
    blocks = [draw(encoder, size, start, start, key) for start in range(0, rows, size)]
    return pd.concat(blocks, ignore_index=True)


def loosely(values) -> set[str]:
    return {re.sub(r"[\W_]", "", str(value)).casefold() for value in values}


SOURCES = {
    "email": partial(faked, "email"),
    "name": lambda: [*vocabulary("en_US", "name")][:ROWS],
    "phone": partial(faked, "phone_number"),
    "address": partial(faked, "address"),
    "iban": lambda: [fake.iban() for fake in map(Faker, IBANS) for _ in range(300)],
    "uuid": partial(faked, "uuid4"),
    "identifier": lambda: [f"K-{i:05d}" for i in range(0, 20_000, 2)],
    r"regex:[A-Z]{2}-\d{4}": lambda: [f"AB-{i:04d}" for i in range(3_000)],
    "sequential": lambda: [str(i) for i in range(1, ROWS)],
}
IBANS = ("de_DE", "fr_FR", "en_GB")
SHAPES = {
    "email": r"[a-z]+\d+@example\.(com|net|org)",
    "name": r"[^\W\d_]+( [^\W\d_]+)* [^\W\d_]+",
    "phone": r"[\d()+.x-]{10,25}",
    "address": r".*[^\W\d_].*\d.*",
    "iban": r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "identifier": r"K-\d{5,7}",
    r"regex:[A-Z]{2}-\d{4}": r"[A-Z]{2}-\d{4}",
    "sequential": r"\d+",
}


@cache
def source(kind: str) -> list[str]:
    return SOURCES[kind]()


over_kinds = pytest.mark.parametrize("kind", SOURCES)


@over_kinds
def test_many_rows_differ_from_each_other_and_from_the_source(kind):
    made = many(fit(kind, source(kind)), 20_000)
    assert made.is_unique
    assert not loosely(made) & loosely(source(kind))
    assert made.str.fullmatch(SHAPES[kind]).all()


@over_kinds
def test_the_file_holds_no_value_and_gives_the_same_rows(kind):
    encoder = fit(kind, source(kind))
    text = json.dumps(encoder.to_json(), ensure_ascii=False)
    assert not [v for v in source(kind) if len(v) >= 6 and v in text]
    again = IdentifierEncoder.from_json(encoder.column, json.loads(text))
    assert json.dumps(again.to_json(), ensure_ascii=False) == text
    pd.testing.assert_series_equal(draw(again, 500, 70), draw(encoder, 500, 70))


@pytest.mark.parametrize("kind", sorted(set(SOURCES) - {"sequential"}))
def test_another_sample_has_other_values(kind):
    encoder = fit(kind, source(kind))
    one, other = draw(encoder, 300, seed=1, key=1), draw(encoder, 300, seed=2, key=2)
    assert (one != other).mean() > 0.9


@pytest.mark.parametrize("kind", ["name", "address", "iban", "uuid", r"regex:[A-Z]{2}-\d{4}"])
def test_the_same_rows_however_they_are_cut(kind):
    encoder = fit(kind, source(kind))
    parts = [draw(encoder, 100, start, key=5) for start in range(0, 2_000, 100)]
    cut = pd.concat(parts, ignore_index=True)
    if kind != "iban":  # whose country is drawn by the block's own stream
        pd.testing.assert_series_equal(cut, draw(encoder, 2_000, key=5))
    assert cut.is_unique


@pytest.mark.parametrize("kind", ["uuid", "sequential", "email", "identifier"])
def test_many_keys_are_all_different(kind):
    assert many(fit(kind, source(kind)), 200_000).is_unique


def test_ids_of_a_space_that_is_used_up_get_longer():
    made = many(fit("identifier", [f"{i:04d}" for i in range(10_000)]), 20_000)
    assert made.is_unique
    assert set(made.str.len()) <= {5, 6}


def test_half_of_a_small_space_is_used_before_ids_get_longer():
    made = draw(fit("identifier", [f"T{i:03d}" for i in range(0, 400, 4)]), 1_000)
    assert 0.2 < (made.str.len() == 4).mean() < 0.7
    assert made.is_unique


def test_accounts_keep_their_country_layout_and_checks():
    grouped = [f"DE89 3704 0044 {i:04d} {i * 7 % 10_000:04d} 00" for i in range(200)]
    made = draw(fit("iban", [*grouped, *source("iban")[300:600]]), 1_000)
    assert all(map(is_iban, made))
    assert set(made.str[:2]) == {"DE", "FR"}
    assert made[made.str.startswith("DE")].str.fullmatch(r"DE\d\d( \d{4}){4} \d\d").all()


@pytest.mark.parametrize(
    ("locale", "name"),
    [("de_DE", r"[\w.-]+( [\w.-]+)+"), ("ja_JP", r"[^\W\d_a-z]+( [^\W\d_a-z]+)+")],
)
def test_people_are_of_the_locale(locale, name):
    made = draw(fit("name", ["Ann Lee"], locale), 500)
    assert made.str.fullmatch(name).all()
    assert set(" ".join(made).split()) <= {
        *vocabulary(locale, "first_name"),
        *vocabulary(locale, "last_name"),
    }
    known = " ".join(vocabulary(locale, "address"))
    homes = draw(fit("address", ["A 1"], locale), 50)
    words = [re.sub(r"\d", "", home).split(",")[-1] for home in homes]
    assert all(word.strip()[:2] in known for word in words)


def test_phones_are_as_in_the_table_or_as_in_the_locale():
    source = [f"+49 170 {i}" for i in range(1_000_000, 1_000_200)]
    assert draw(fit("phone", source), 300).str.fullmatch(r"\+49 \d{3} \d{7}").all()
    made = draw(fit("phone", source, "ja_JP"), 300)
    assert made.str.fullmatch(r"\d\d\d?-\d{4}-\d{4}").mean() > 0.9


def test_country_codes_of_few_are_not_kept():
    source = [f"+49 30 {i}" for i in range(50_000, 50_200)] + ["+358 9 12345"]
    made = draw(fit("phone", source), 2_000)
    assert made.str.startswith("+49 ").all()


def test_names_are_written_as_in_the_table():
    assert draw(fit("name", ["LEE, ANN", "RAY, BOB"]), 90).str.fullmatch(r"[A-Z]+, [A-Z ]+").all()
    assert not draw(fit("name", ["Ann Lee"]), 90).str.contains(",").any()


def test_where_two_names_do_not_suffice_there_are_more():
    made = many(fit("name", ["x y"], "ja_JP"), 40_000)
    assert made.is_unique
    assert set(made.str.count(" ")) == {1, 2, 3}


def test_mails_begin_beyond_the_numbers_of_the_source():
    made = draw(fit("email", ["ann@corp.test", "bob99@Example.com", "x12345@corp.test"]), 5)
    assert made.str.extract(r"(\d+)@")[0].tolist() == ["100", "101", "102", "103", "104"]


@pytest.mark.parametrize("kind", ["first_name", "last_name", "city", "company"])
def test_words_are_drawn_from_the_vocabulary(kind):
    made = draw(fit(kind, ["x"], "de_DE"), 1_000)
    assert set(made) <= set(vocabulary("de_DE", kind))
    assert made.nunique() > 100


@over_kinds
def test_a_column_without_values(kind):
    encoder = fit(kind, [None, None])
    assert draw(encoder, 20).isna().all()
    assert IdentifierEncoder.from_json(encoder.column, encoder.to_json()).to_json()


def test_an_expression_with_too_few_texts_is_refused():
    with pytest.raises(SchemaError) as caught:
        fit(r"regex:K\d", [f"K{i}" for i in range(9)])
    assert str(caught.value) == (
        r"Column 'x': the regular expression 'K\\d' allows 10 texts, too few to make new and "
        "different ones beside the 9 of the table; it must allow 45 or more: widen it"
    )


@cache
def state_of(kind: str) -> dict[str, Any]:
    return fit(kind, source(kind)).to_json()


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("name", {"forms": [[{"form": "nobody"}, 1.0]]}),
        ("name", {"forms": [[{"form": "name"}, 1.0]]}),
        ("name", {"forms": [[{}, 1.0]]}),
        ("name", {"forms": [[None, 1.0]]}),
        ("name", {"known": {"size": 8}}),
        ("name", {"known": 7}),
        ("email", {"first_mail": 0}),
        ("email", {"first_mail": 10**30}),
        ("email", {"first_mail": "x"}),
        ("address", {"forms": [[{"form": "template", "kind": "user_name"}, 1.0]]}),
        ("iban", {"forms": [[{"form": "iban", "country": "de", "pattern": [["digit", 9]]}, 1.0]]}),
        ("iban", {"forms": [[{"form": "iban", "country": "DE", "pattern": [["syll", 9]]}, 1.0]]}),
        ("iban", {"forms": [[{"form": "iban", "country": "DE"}, 1.0]]}),
        ("uuid", {"forms": [[{"form": "regex"}, 1.0]], "type": "number"}),
        ("sequential", {"start": None}),
    ],
)
def test_a_malformed_state_is_refused(kind, change):
    column = Column("x", kind, "object")
    state = state_of(kind)
    assert IdentifierEncoder.from_json(column, state)
    with pytest.raises((KeyError, TypeError, ValueError)):
        IdentifierEncoder.from_json(column, {**state, **change})
