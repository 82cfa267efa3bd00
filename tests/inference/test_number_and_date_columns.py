"""Whole numbers beyond those of float64 and of int64, in columns of every storage."""

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN, infer_schema
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import prepare

RNG = np.random.default_rng(0)
UNSIGNED = pd.Series(RNG.integers(2**63, 2**64 - 1, 300, dtype=np.uint64, endpoint=True))
WIDE = pd.Series(RNG.integers(2**53, 2**63 - 1, 300, endpoint=True))

COLUMNS = {
    "uint64": UNSIGNED,
    "UInt64": UNSIGNED.astype("UInt64").mask(UNSIGNED.index % 9 == 0),
    "object": UNSIGNED.astype(object),
    "text": UNSIGNED.astype(str),
    "across": pd.Series(RNG.integers(0, 2**64 - 1, 300, dtype=np.uint64)).astype(str),
    "int64": WIDE,
    "Int64": WIDE.astype("Int64").mask(WIDE.index % 9 == 0),
    "int64 text": WIDE.astype(str),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("min_group", [1, 5])
def test_they_come_back_within_their_range(name, min_group):
    values = COLUMNS[name].rename("x")
    gan = TabGAN(min_group=min_group, derive=False)
    prepared = prepare(values.to_frame(), FitOptions.of(gan), 0)
    assert prepared.schema.columns[0].kind == "integer"
    encoder = prepared.encoder.encoders[0]
    u, codes = RNG.random((400, 1)), np.zeros((400, len(encoder.spans.widths)), np.int64)
    drawn = encoder.decode(u, codes, 0, RNG)
    assert drawn.dtype == values.dtype
    known, numbers = ([*map(int, cells.dropna())] for cells in (values, drawn))
    most = 2**64 if max(known) >= 2**63 else 2**63
    assert 0 <= min(numbers) <= max(numbers) < most
    assert len(set(numbers)) > 350
    shares = [
        np.mean(np.array(x, float) < np.median(np.array(known, float))) for x in (numbers, known)
    ]
    assert shares[0] == pytest.approx(shares[1], abs=0.1)
    if min_group == 1:
        assert min(known) <= min(numbers) <= max(numbers) <= max(known)


def test_no_word_holds_negative_numbers_beside_the_greatest():
    texts = pd.DataFrame({"x": ["-5", *COLUMNS["text"]]})
    assert infer_schema(texts).columns[0].kind != "integer"
    assert infer_schema(pd.DataFrame({"x": COLUMNS["text"] + "7"})).columns[0].kind != "integer"


def test_the_ends_are_shown_to_the_last_digit():
    (column,) = infer_schema(UNSIGNED.to_frame("x")).columns
    assert column.why == (f"300 distinct whole numbers from {UNSIGNED.min()} to {UNSIGNED.max()}")


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("código_ocorrencia", "identifier"),
        ("codVenda", "identifier"),
        ("matrícula", "identifier"),
        ("Clave", "identifier"),
        ("Teilenummer", "identifier"),
        ("Schlüssel", "identifier"),
        ("订单编号", "identifier"),
        ("商品コード", "identifier"),
        ("주문번호", "identifier"),
        ("номер дела", "identifier"),
        ("número_habitantes", "integer"),
        ("code_length", "integer"),
        ("Einwohner", "integer"),
    ],
)
def test_numbers_that_all_differ_are_identifiers_by_the_words_of_several_languages(name, kind):
    rng = np.random.default_rng(1)
    values = rng.permutation(np.unique(rng.lognormal(6, 1, 300).astype(int)))
    assert infer_schema(pd.DataFrame({name: values})).columns[0].kind == kind
