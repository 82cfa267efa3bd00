"""Texts of several numbers, learned number by number."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tabgan.privacy
from tabgan import DataError, OptionError, SchemaError, TabGAN
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.compound_encoders import CompoundEncoder
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column

RNG = np.random.default_rng(0)
LOW = RNG.integers(50, 100, 400)
PRESSURES = [f"{a + b}/{a}" for a, b in zip(LOW, RNG.integers(1, 60, 400), strict=True)]


def fit(values, form="%.0f/%.0f", min_group=5):
    column = Column("x", "compound", "object", format=form, min_group=min_group)
    return CompoundEncoder.fit(TypedSeries(column, pd.Series(values, dtype=object, name="x")))


def draw(encoder, rows=2000, seed=0):
    rng = np.random.default_rng(seed)
    spans = encoder.spans
    codes = np.column_stack(
        [rng.integers(0, n, rows) for n in spans.widths] or [np.empty((rows, 0))]
    )
    return encoder.decode(rng.random((rows, spans.n_numbers)), codes.astype(np.int64), 0, rng)


def numbers_of(texts, sign="/"):
    return np.array([[float(part) for part in text.split(sign)] for text in texts])


def test_numbers_keep_their_ranges_and_order():
    encoder = fit(PRESSURES)
    assert encoder.spans == RowLayout((None, None), ())
    assert len(encoder.quantiles) == 2
    drawn, real = numbers_of(draw(encoder)), numbers_of(PRESSURES)
    assert (drawn[:, 0] > drawn[:, 1]).all()
    assert (drawn.min(axis=0) >= real.min(axis=0)).all()
    assert (drawn.max(axis=0) <= real.max(axis=0)).all()
    np.testing.assert_allclose(drawn.mean(axis=0), real.mean(axis=0), rtol=0.1)


@pytest.mark.parametrize(
    ("second", "holds"),
    [
        (lambda a, b: a + b + 1, np.less),
        (lambda a, b: a + b % 9, np.less_equal),
        (lambda a, b: a - b - 1, np.greater),
        (lambda a, b: a - b % 9, np.greater_equal),
        (lambda a, b: a + 1 + 0 * b, lambda x, y: x + 1 == y),
    ],
)
def test_orders_that_hold_in_all_rows(second, holds):
    a, b = RNG.integers(100, 200, 300), RNG.integers(0, 40, 300)
    encoder = fit([f"{x}/{y}" for x, y in zip(a, second(a, b), strict=True)])
    drawn = numbers_of(draw(encoder))
    assert holds(drawn[:, 0], drawn[:, 1]).all()


def test_an_order_of_three_numbers():
    rows = np.sort(RNG.integers(0, 90, (300, 3)), axis=1)
    encoder = fit(["{} x {} x {}".format(*row) for row in rows], "%.0f x %.0f x %.0f")
    drawn = numbers_of(draw(encoder), " x ")
    assert (np.diff(drawn, axis=1) >= 0).all()


def test_an_order_that_one_row_breaks_is_none():
    drawn = numbers_of(draw(fit([*PRESSURES, "60/90"])))
    assert (drawn[:, 0] < drawn[:, 1]).any()


def test_specials_and_the_texts_that_are_not_kept():
    values = [*PRESSURES, *["refused"] * 9, "Dr. Secret", None, "NA", "NA"]
    encoder = fit(values)
    assert set(encoder.specials) == {"refused", "NA", None}
    assert encoder.spans == RowLayout((0, 0), (4,))
    assert {encoder.specials[code - 1] for code in encoder.absent_codes} == {"NA", None}
    assert "Secret" not in json.dumps(encoder.to_json())
    encoded = encoder.encode(TypedSeries(encoder.column, pd.Series(values, dtype=object)))
    secret = values.index("Dr. Secret")
    assert (encoded.codes[secret], encoded.low[secret, 0], encoded.width[secret, 0]) == (0, 0, 1)
    back = encoder.decode(
        encoded.low.astype(float) + encoded.width / 2,
        encoded.codes.astype(np.int64),
        0,
        np.random.default_rng(0),
    )
    assert back.tolist()[-4:][0] != "Dr. Secret"
    assert back.tolist()[400:409] == ["refused"] * 9
    assert back.tolist()[-2:] == ["NA", "NA"]


@given(
    st.lists(st.tuples(st.integers(-99, 999), st.integers(0, 5000)), min_size=1, max_size=50),
    st.lists(st.sampled_from([None, "NA", "odd"]), max_size=9),
)
@settings(max_examples=60, deadline=None)
def test_rows_come_back(pairs, odd):
    values = [*(f"{a}, {b / 100:.2f}" for a, b in pairs), *odd]
    encoder = fit(values, "%.0f, %.2f", min_group=1)
    series = pd.Series(values, dtype=object, name="x")
    encoded = encoder.encode(TypedSeries(encoder.column, series))
    assert ((encoded.low >= 0) & (encoded.low + encoded.width <= 1 + 1e-6)).all()
    middle = encoded.low.astype(float) + encoded.width.astype(float) / 2
    back = encoder.decode(middle, encoded.codes.astype(np.int64), 0, np.random.default_rng(0))
    pd.testing.assert_series_equal(back, series)
    again = CompoundEncoder.from_json(encoder.column, json.loads(json.dumps(encoder.to_json())))
    pd.testing.assert_series_equal(draw(again, 20), draw(encoder, 20))


def test_a_column_of_other_texts_is_refused():
    with pytest.raises(DataError, match=r"of 2 values none is written as '%\.0f/%\.0f'"):
        fit(["a", "b"])


@pytest.mark.parametrize(
    "changes", [{"parts": []}, {"orders": ["<", "<"]}, {"orders": ["before"]}, {"specials": 3}]
)
def test_a_malformed_state_is_refused(changes):
    encoder = fit(PRESSURES)
    with pytest.raises((TypeError, ValueError)):
        CompoundEncoder.from_json(encoder.column, encoder.to_json() | changes)


@pytest.fixture(scope="module")
def pressures():
    rng = np.random.default_rng(0)
    low = rng.integers(50, 100, 300)
    texts = [f"{a + b}/{a}" for a, b in zip(low, rng.integers(1, 60, 300), strict=True)]
    table = pd.DataFrame({"bp": texts, "age": rng.integers(20, 90, 300)})
    table.loc[:29, "bp"] = None
    return table


@pytest.fixture(scope="module")
def gan(pressures):
    options = {"steps": 20, "hidden_dim": 16, "random_state": 0, "verbose": False}
    return TabGAN(**options).fit(pressures)


def test_rows_keep_form_and_order(gan):
    drawn = gan.sample(500)["bp"].dropna().str.split("/", expand=True).astype(int)
    assert (drawn[0] > drawn[1]).all()
    assert drawn[1].between(50, 99).all()


def test_each_number_is_evaluated(gan, pressures):
    columns = gan.evaluate(pressures).fidelity.columns
    assert [column.name for column in columns] == ["bp [1]", "bp [2]", "age"]
    audit = tabgan.privacy.audit(pressures[:200], gan.sample(200), pressures[200:])
    assert audit.risks


def test_only_missing_ones_can_be_asked_for(gan):
    assert gan.sample(20, where={"bp": None})["bp"].isna().all()
    assert gan.sample(20, where="bp is not missing")["bp"].notna().all()
    with pytest.raises(OptionError, match="the texts of column 'bp' hold several numbers"):
        gan.sample(5, where={"bp": "120/80"})


def test_rows_are_completed(gan):
    given = pd.DataFrame({"age": [40, 50]})
    assert gan.sample(where=given)["age"].tolist() == [40, 50]


def test_the_file_gives_the_same_rows(gan, tmp_path):
    gan.save(tmp_path / "m.safetensors")
    loaded = TabGAN.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(loaded.sample(50, random_state=1), gan.sample(50, random_state=1))


def test_no_budget_of_privacy_suffices(pressures):
    with pytest.raises(SchemaError, match="kind='compound' can't be learned with epsilon"):
        TabGAN(epsilon=1.0, schema={"bp": "compound"}, verbose=False).fit(pressures)
