"""Records in cells, learned part by part."""

import ast
import json

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, TabGAN, infer_schema
from tabgan.encoding.compound_encoders import RecordEncoder
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column

RNG = np.random.default_rng(0)
ROWS = 300


def visit(row):
    return {
        "age": int(RNG.integers(18, 90)),
        "plan": str(RNG.choice(["free", "pro", "team"])),
        "since": str(np.datetime64("2015-01-01") + int(RNG.integers(0, 2000))),
        **({"score": row / 10} if row % 3 else {}),
        "email": f"user{row}@firm{row % 9}.com",
    }


VISITS = [visit(row) for row in range(ROWS)]
TEXTS = [json.dumps(own) for own in VISITS]


def fit(texts, min_group=5):
    (column,) = infer_schema(pd.DataFrame({"x": texts}))
    column = Column("x", column.kind, "object", format=column.format, min_group=min_group)
    return RecordEncoder.fit(TypedSeries(column, pd.Series(texts, dtype=object, name="x")))


def word(n):
    return f"{'BCDFGLMNPR'[n // 10]}{'aeiou'[n % 5]}{'lmnrst'[n % 6]}{'aeiou'[n // 5 % 5]}corp"


def draw(encoder, rows=60, seed=0):
    rng = np.random.default_rng(seed)
    codes = np.column_stack([rng.integers(0, n, rows) for n in encoder.spans.widths])
    return encoder.decode(rng.random((rows, encoder.spans.n_numbers)), codes, 0, rng)


@pytest.fixture(scope="module")
def visits():
    return fit(TEXTS)


@pytest.fixture(scope="module")
def drawn(visits):
    return draw(visits).tolist()


def test_each_key_has_the_kind_of_a_column(visits):
    (column,) = infer_schema(pd.DataFrame({"x": TEXTS}))
    assert column.kind == "compound"
    assert column.why == f"objects of 5 keys, {ROWS} distinct in {ROWS} rows"
    kinds = [part["column"]["kind"] for part in visits.to_json()["parts"]]
    assert kinds == ["numeric", "categorical", "datetime", "numeric", "email"]


def test_objects_are_of_the_form_and_of_the_ranges(drawn):
    texts, drawn = drawn, [json.loads(text) for text in drawn]
    assert [json.dumps(own) for own in drawn] == texts
    assert {own["plan"] for own in drawn} == {"free", "pro", "team"}
    assert all(18 <= own["age"] <= 89 for own in drawn)
    assert all("2015-01-01" <= own["since"] <= "2020-06-30" for own in drawn)
    assert 0 < sum("score" in own for own in drawn) < len(drawn)


def test_no_personal_value_is_kept(visits, drawn):
    real = {own["email"] for own in VISITS}
    assert not real & {json.loads(text)["email"] for text in drawn}
    assert not any(email in json.dumps(visits.to_json()) for email in real)


def test_rare_levels_of_a_part_are_folded_and_other_texts_kept_by_their_rows():
    rows = [{"n": n % 50, "who": "Zelda" if n == 3 else f"team {n % 4}"} for n in range(200)]
    texts = [*map(json.dumps, rows), *["unknown"] * 6, "call Bob at home"]
    encoder = fit(texts)
    assert encoder.specials == ["unknown"]
    state = json.dumps(encoder.to_json())
    assert "Zelda" not in state
    assert "Bob" not in state
    drawn = set(draw(encoder))
    assert "unknown" in drawn
    assert not any("Zelda" in text for text in drawn)


def test_names_of_few_rows_beside_a_number_are_generated():
    texts = [f"{word(n)}\n{RNG.integers(10, 50) / 10:.1f}" for n in range(90)]
    encoder = fit(texts)
    drawn = draw_pairs(encoder)
    assert all(1 <= float(rating) <= 5 for _, rating in drawn)
    assert not {name for name, _ in drawn} & {text.partition("\n")[0] for text in texts}


def draw_pairs(encoder):
    rng = np.random.default_rng(1)
    numbers, codes = rng.random((60, encoder.spans.n_numbers)), np.empty((60, 0), np.int64)
    return [text.split("\n") for text in encoder.decode(numbers, codes, 0, rng)]


def test_a_column_without_a_record_is_refused():
    column = Column("x", "compound", "object", format='{"a": %g}')
    with pytest.raises(DataError, match="of 2 values none is written as"):
        RecordEncoder.fit(TypedSeries(column, pd.Series(["a", "b"], dtype=object, name="x")))


def test_fitted_drawn_and_loaded(tmp_path):
    table = pd.DataFrame({"x": [*TEXTS[:-9], *[None] * 9], "y": RNG.normal(size=ROWS)})
    options = {"steps": 3, "hidden_dim": 8, "refine": False, "polish": False, "verbose": False}
    gan = TabGAN(**options, random_state=0).fit(table)
    gan.save(tmp_path / "m.safetensors")
    rows = TabGAN.load(tmp_path / "m.safetensors").sample(50, random_state=1)
    pd.testing.assert_frame_equal(rows, gan.sample(50, random_state=1))
    assert all(json.loads(text)["plan"] for text in rows["x"].dropna())


@pytest.mark.parametrize("write", [str, json.dumps], ids=["python", "json"])
def test_fields_have_the_kinds_of_columns_called_so(write):
    last = ["O'Brien", "Müller", "Hill", "Jones", "Smith", "Miller", "Lopez", "Rossi"]
    first = ["Ann", "Eva", "Karen", "Paul", "Peter", "Laura", "John", "Mary"]
    people = [
        {
            "Lastname": last[row % 8],
            "City": ["Rome", "Oslo"][row % 2],
            "contact": {"Firstname": first[row // 8 % 8], "mail": f"u{row}@firm{row % 9}.com"},
            "phone": None if row % 5 == 0 else f"555-01{row:04}",
        }
        for row in range(ROWS)
    ]
    texts = [write(person) for person in people]
    encoder = fit(texts)
    kinds = {"Lastname": "last_name", "City": "categorical", "contact.Firstname": "first_name"}
    assert encoder.kinds == kinds | {"contact.mail": "email", "phone": encoder.kinds["phone"]}
    cells = TypedSeries(encoder.column, pd.Series(texts, dtype=object, name="x"))
    encoded = encoder.encode(cells)
    rng = np.random.default_rng(0)
    made = encoder.decode(encoded.low.astype(float), encoded.codes.astype(np.int64), 0, rng)
    read = [ast.literal_eval(own) if write is str else json.loads(own) for own in made]
    assert not {own["contact"]["mail"] for own in read} & {
        person["contact"]["mail"] for person in people
    }
    assert not {own["phone"] for own in read if own["phone"]} & {
        person["phone"] for person in people
    }
    assert len({own["Lastname"] for own in read}) > 8
    assert {own["City"] for own in read} == {"Rome", "Oslo"}
    assert any(own["phone"] is None for own in read)
