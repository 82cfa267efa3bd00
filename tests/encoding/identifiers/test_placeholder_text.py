import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.identifiers.placeholder_text import LOREM, TextEncoder
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Column

notes = [("word " * (3 + i % 10)).strip() for i in range(100)]


def fit(values, form=None, min_group=None):
    series = values if isinstance(values, pd.Series) else pd.Series(values, dtype=object)
    dtype = describe_dtype(series.dtype)
    column = Column("x", "text", dtype, format=form, min_group=min_group)
    return TextEncoder.fit(TypedSeries(column, series.rename("x")))


def draw(encoder, rows, seed=0):
    nothing = np.empty((rows, 0))
    return encoder.decode(nothing, nothing.astype(np.int64), 0, np.random.default_rng(seed))


@pytest.mark.parametrize("dtype", ["object", "string", "string[pyarrow]", "large_string[pyarrow]"])
def test_dtype_lengths_and_missing_share_come_back(dtype):
    source = pd.Series([*notes, *[None] * 25], dtype=dtype)
    encoder = fit(source, LOREM)
    assert encoder.spans == RowLayout()
    assert encoder.encode(TypedSeries(encoder.column, source)).codes.shape == (125, 0)
    drawn = draw(encoder, 20_000)
    assert (drawn.name, drawn.dtype) == ("x", source.dtype)
    assert drawn.isna().mean() == pytest.approx(0.2, abs=0.02)
    words = drawn.dropna().astype(object).str.split().str.len()
    assert (words.min(), words.max()) == (3, 12)
    assert words.mean() == pytest.approx(7.5, abs=0.2)
    assert drawn.nunique() > 10_000


@pytest.mark.parametrize("form", [None, LOREM])
def test_marks_of_absence_keep_their_shares(form):
    drawn = draw(fit([*notes, *[""] * 60, *["N/A"] * 40], form), 10_000)
    shares = {"": 0.3, "N/A": 0.2}
    assert {x: (drawn == x).mean() for x in shares} == pytest.approx(shares, abs=0.02)


def test_texts_are_sentences_of_filler_words():
    text = draw(fit(notes, LOREM), 1)[0]
    assert text[0].isupper()
    assert text.endswith(".")
    assert "word" not in " ".join(draw(fit(notes, LOREM), 500)).lower()


@pytest.mark.parametrize("form", [None, LOREM])
def test_megabytes_cost_little_and_are_cut(form):
    drawn = draw(fit(["lorem ipsum " * 100_000 + str(i) for i in range(20)], form), 300)
    assert 1_000 < drawn.str.len().max() <= 2_000


@given(st.lists(st.text(min_size=6, max_size=200), min_size=1, max_size=30))
@settings(max_examples=60, deadline=None)
def test_no_text_is_kept(texts):
    encoder = fit(texts)
    kept = json.dumps(encoder.to_json(), ensure_ascii=False)
    assert not [text for text in texts if text in kept]
    again = TextEncoder.from_json(encoder.column, json.loads(kept))
    pd.testing.assert_series_equal(draw(again, 20), draw(encoder, 20))


@pytest.mark.parametrize("values", [[None, None], ["", ""], [" ", "\t"]])
def test_a_column_without_words(values):
    assert len(draw(fit(values), 50)) == 50


def test_what_is_not_text():
    with pytest.raises(DataError) as caught:
        fit(["a", 7])
    assert str(caught.value) == (
        "Column 'x': the value 7 of type int is not text; choose another kind for the column, or "
        "convert it with .astype(str)"
    )


@pytest.mark.parametrize(
    "state",
    [
        {},
        {"words": [], "absent": []},
        {"words": [3.0]},
        {"words": [-1.0], "absent": []},
        {"words": [1e9], "absent": []},
        {"words": [float("nan")], "absent": []},
        {"words": [1.0] * 22, "absent": []},
        {"words": ["many"], "absent": []},
        {"words": 3, "absent": []},
        {"words": [3.0], "absent": [["secret", 0.5]]},
        {"words": [3.0], "absent": [[None, 1.5]]},
        {"words": [3.0], "absent": [], "shape": {}},
    ],
)
def test_a_malformed_state_is_refused(state):
    with pytest.raises((KeyError, TypeError, ValueError)):
        TextEncoder.from_json(Column("x", "text", "object"), state)


def test_a_dtype_that_holds_no_text_is_refused():
    with pytest.raises(ValueError, match="Column 'x': its levels do not fit its dtype int64"):
        TextEncoder.from_json(Column("x", "text", "int64"), {"words": [3.0], "absent": []})


def test_words_that_are_put_together_are_no_short_text_of_few_rows():
    rng = np.random.default_rng(0)
    makes, models = ["ford", "dodge", "amc", "vw"], ["torino", "dart", "rabbit", "pinto", "nova"]
    names = [f"{make} {model}" for make in makes for model in models]
    rows = [*names[:10] * 3, *[" ".join(rng.permutation(models)[:3]) for _ in range(60)]]
    encoder = fit(rows, min_group=5)
    drawn = draw(encoder, 4_000)
    assert not drawn.isin(rows).any()
    assert drawn.str.contains("ford").any()
    again = TextEncoder.from_json(encoder.column, json.loads(json.dumps(encoder.to_json())))
    pd.testing.assert_series_equal(draw(again, 50), draw(encoder, 50))


def test_texts_of_one_possible_shape_become_filler_words():
    rows = [f"{first} {second}" for first in "xyz" for second in "xyz" for _ in range(3)]
    drawn = draw(fit(rows, min_group=5), 500)
    assert not drawn.isin(rows).any()


def sentences(words, blank):
    rng = np.random.default_rng(3)
    texts = (blank.join(rng.permutation(words.split())) for _ in range(80))
    return [f"{text}{n % 7}" if n % 3 else text for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("words", "blank", "letters"),
    [
        ("这个产品 质量很好， 物流也快 客服态度差 三天才回复", "", "[\u4e00-\u9fff，]"),
        ("配送が早くて、 助かりました 商品の品質は とても良い", "", "[\u3040-\u9fff、]"),
        ("배송이 빨라서 좋았습니다 품질이 기대보다", " ", "[\uac00-\ud7a3]"),
        ("المنتج جيد جدا والتوصيل سريع", " ", "[\u0600-\u06ff]"),
        ("Доставка задержалась на три дня", " ", "[\u0400-\u04ff]"),
        ("उत्पाद बहुत अच्छा है डिलीवरी में", " ", "[\u0900-\u097f]"),
        ("สินค้า ดีมาก ส่งช้า กว่า กล่อง แตกแล้ว", "", "[\u0e00-\u0e7f]"),
    ],
)
def test_placeholders_have_the_script_and_the_length_of_the_texts(words, blank, letters):
    texts = sentences(words, blank)
    drawn = [str(text) for text in draw(fit(texts), 200)]
    assert all(re.fullmatch(rf"(?:{letters}|[\d ])+", text) for text in drawn)
    lengths = [np.mean([len(text) for text in own]) for own in (texts, drawn)]
    assert lengths[1] == pytest.approx(lengths[0], rel=0.15)
    assert len({*drawn} & {*texts}) < 10


def test_names_within_texts_are_not_kept_however_often_they_stand():
    words = ["called", "about", "the", "parcel", "again", "and", "wants", "money", "back"]
    rng = np.random.default_rng(1)
    names = ["Mrs Okafor", "Priya Raman", "Maria", "Mr. Hollis"]
    texts = [
        " ".join([*rng.permutation(words)[:5], names[n % 4], *rng.permutation(words)[:4]])
        for n in range(200)
    ]
    texts += ["Spoke with Mrs Okafor"] * 20
    drawn = " ".join(map(str, draw(fit(texts), 500)))
    assert not re.search("Okafor|Priya|Raman|Maria|Hollis", drawn)
    assert {"Mrs", "parcel", "money"} <= {*drawn.split()}
