import json
import re
import uuid
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.identifiers.patterns import learn_patterns
from tabgan.encoding.identifiers.text_pattern import Pattern
from tabgan.encoding.identifiers.unique_values import (
    MOST_POSITIONS,
    Digits,
    FormMixture,
    RisingNumbers,
    index_permutation,
)
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Column

RNG = np.random.default_rng(0)


def fit(values, name="x"):
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    column = Column(name, "identifier", describe_dtype(series.dtype))
    return IdentifierEncoder.fit(TypedSeries(column, series.rename(name)))


def draw(encoder, rows, start=0, seed=0, key=0):
    nothing = np.empty((rows, 0))
    rng = np.random.default_rng(seed)
    return encoder.decode(nothing, nothing.astype(np.int64), start, rng, key)


def drawn_in_blocks(encoder, rows, block):
    parts = [draw(encoder, min(block, rows - i), i, seed=i) for i in range(0, rows, block)]
    return pd.concat(parts, ignore_index=True)


random_ints = RNG.permutation(10**6)[:60]
codes = [f"INV-2020-{i:04d}" for i in range(60)]
names = ["Ann Lee", "Bob O'Hara", "Émile Zola", "李 明", "x", "🙂", "A1", "b22", "#!", "McNair"] * 6

SOURCES = {
    "sequence": pd.Series(range(100, 160)),
    "sequence of text": pd.Series([str(i) for i in range(60)]),
    "int64": pd.Series(random_ints),
    "int16": pd.Series(RNG.permutation(32_000)[:60].astype(np.int16)),
    "uint64": pd.Series(RNG.integers(2**63, 2**64 - 1, 60, dtype=np.uint64)),
    "negative": pd.Series(-random_ints),
    "nullable": pd.Series([*random_ints, None], dtype="Int64"),
    "float64": pd.Series([*random_ints, np.nan]),
    "float32": pd.Series(random_ints.astype("float32")),
    "arrow int": pd.Series(random_ints, dtype="int32[pyarrow]"),
    "sparse": pd.Series(random_ints, dtype="Sparse[int64]"),
    "object ints": pd.Series([*random_ints.tolist(), None], dtype=object),
    "huge": pd.Series([10**30 + int(i) for i in random_ints], dtype=object),
    "digits": pd.Series([str(i) for i in random_ints]),
    "codes": pd.Series(codes),
    "names": pd.Series(names),
    "string": pd.Series([*codes, None], dtype="string"),
    "arrow string": pd.Series([*codes, None], dtype="string[pyarrow]"),
    "bytes": pd.Series([code.encode() for code in codes]),
    "binary": pd.Series([RNG.bytes(8) for _ in range(60)]),
    "uuids": pd.Series([uuid.UUID(int=i) for i in range(60)]),
    "uuid texts": pd.Series([str(uuid.UUID(int=i)) for i in range(60)]),
    "hashes": pd.Series([f"{i * 7919**5:016x}" for i in range(60)]),
    "e-mails": pd.Series([f"ann.{i}@corp.test" for i in range(60)]),
    "urls": pd.Series([f"https://corp.test/{i}" for i in range(60)]),
    "phones": pd.Series([f"+49 170 {i}" for i in random_ints]),
    "one letter": pd.Series(list("abcdefghij")),
    "constant": pd.Series(["KL-7"] * 30),
    "two values": pd.Series(["KL-7", "KL-77"]),
    "punctuation": pd.Series(["!!!", "?!"]),
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_every_row_of_every_block_has_a_value_of_its_own(source):
    encoder = fit(source)
    drawn = drawn_in_blocks(encoder, 5_000, 700)
    assert drawn.dtype == source.dtype
    assert drawn.dropna().is_unique
    assert drawn.isna().mean() == pytest.approx(source.isna().mean(), abs=0.01)
    whole = draw(encoder, 5_000)
    assert whole.dropna().is_unique
    assert (whole.name, whole.dtype) == ("x", source.dtype)


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_nothing_is_learned_and_nothing_is_kept(source):
    encoder = fit(source)
    assert encoder.spans == RowLayout()
    assert encoder.encode(TypedSeries(encoder.column, source)).codes.shape == (len(source), 0)
    state = json.loads(json.dumps(encoder.to_json()))
    again = IdentifierEncoder.from_json(encoder.column, state)
    assert again.to_json() == encoder.to_json()
    pd.testing.assert_series_equal(draw(again, 50, start=9), draw(encoder, 50, start=9))
    kept = json.dumps(encoder.to_json(), ensure_ascii=False)
    is_sequence = "start" in state
    assert is_sequence or not [v for v in map(str, source.dropna()) if len(v) >= 6 and v in kept]


@given(
    st.lists(st.text("ABxyz019-_ .é😀", min_size=1, max_size=14), min_size=1, max_size=30),
    st.integers(0, 10**6),
    st.integers(1, 400),
)
@settings(max_examples=60, deadline=None)
def test_texts_of_any_form(texts, start, block):
    encoder = fit(pd.Series(texts, dtype=object))
    parts = [draw(encoder, block, start + i * block, seed=i) for i in range(3)]
    marks = {"-", "--", ".", " "}
    drawn = pd.concat(parts)
    assert drawn[~drawn.isin(marks)].is_unique
    kept = json.dumps(encoder.to_json())
    assert not [text for text in texts if len(text) >= 6 and text in kept and not text.isdecimal()]


@given(
    st.lists(st.integers(-(10**19), 10**19), min_size=1, max_size=30),
    st.sampled_from(["int8", "uint8", "int16", "int64", "uint64", "float32", "Int32"]),
)
@settings(max_examples=60, deadline=None)
def test_whole_numbers_of_any_dtype(numbers, dtype):
    bounds = np.iinfo(dtype.lower()) if "float" not in dtype else np.iinfo("int32")
    source = pd.Series([min(max(n, bounds.min), bounds.max) for n in numbers], dtype=dtype)
    encoder = fit(source)
    drawn = drawn_in_blocks(encoder, 300, 90)
    assert drawn.dtype == source.dtype
    assert IdentifierEncoder.from_json(encoder.column, encoder.to_json()).to_json()


def test_a_sequence_counts_on_from_its_end():
    assert draw(fit(range(5, 25)), 3, start=2).tolist() == [27, 28, 29]
    assert draw(fit([f"{i}" for i in (3, 5, 4)]), 3).tolist() == ["6", "7", "8"]


def test_numbers_that_rise_with_gaps_do_not_begin_with_a_real_one():
    source = pd.Series(np.unique(RNG.integers(10**8, 10**9, 300)))
    encoder = fit(source)
    assert str(source[0]) not in json.dumps(encoder.to_json())
    drawn = draw(encoder, 500)
    assert drawn.is_unique
    assert drawn.between(10**8, 10**9 - 1).all()
    assert not set(drawn) & set(source)


def test_numbers_among_texts_are_made_as_texts():
    drawn = draw(fit(pd.Series([*codes, 7], dtype=object)), 3_000)
    assert set(map(type, drawn)) == {str}
    assert drawn.is_unique
    assert drawn.str.fullmatch(r"INV-2020-\d{4,5}").mean() > 0.9


def test_a_sequence_starts_again_where_the_dtype_ends():
    drawn = draw(fit(pd.Series(range(100, 120), dtype="int8")), 56)
    assert drawn.tolist() == [*range(120, 128)] * 7
    whole = draw(fit(pd.Series(range(256), dtype="uint8")), 300)  # there are no others
    assert whole.tolist() == [*range(256), *range(44)]


def test_numbers_keep_their_digits_while_there_are_any():
    source = pd.Series([7_341, 5_120, 93_000, 44_012] * 10)
    lengths = draw(fit(source), 1_500).astype(str).str.len().value_counts(normalize=True)
    assert lengths.to_dict() == pytest.approx({4: 0.5, 5: 0.5}, abs=0.05)
    assert (draw(fit(source), 50, start=15_000).astype(str).str.len() == 5).all()


@pytest.mark.parametrize(
    ("texts", "pattern"),
    [
        (codes, r"INV-2020-\d{4}"),
        (["aaron01", "abbot17"], r"[a-z]{5}\d{2}"),
        ([f"{i * 7919**5:016x}" for i in range(60)], r"[0-9a-f]{16}|\d+|[\da-f]+"),
        (["(030) 123", "(040) 567"], r"\(\d{3}\) \d{3}"),
        ([f"A.B{i}@c.test" for i in range(60)], r"[a-z]+\d+@example\.(com|net|org)"),
        ([f"http://c.test/{i}" for i in range(60)], r"http://c\.test/\d+"),
        (["Ann", "Bob"], r"[A-Z][a-z]{2}"),
    ],
)
def test_texts_are_written_as_before(texts, pattern):
    drawn = draw(fit(texts), 200)
    assert [text for text in drawn if not re.fullmatch(pattern, text)] == []
    assert drawn.nunique() == 200


@pytest.mark.parametrize("upper", [False, True])
def test_uuids_are_of_version_4(upper):
    texts = [str(uuid.uuid5(uuid.NAMESPACE_URL, str(i))) for i in range(40)]
    drawn = draw(fit([text.upper() for text in texts] if upper else texts), 50)
    assert all((uuid.UUID(x).version, uuid.UUID(x).variant) == (4, uuid.RFC_4122) for x in drawn)
    assert drawn.str.isupper().all() == upper


def test_patterns_keep_their_shares():
    texts = [f"A{i:05d}" for i in range(75)] + [f"B-{i:05d}" for i in range(25)]
    assert draw(fit(texts), 4_000).str.contains("-").mean() == pytest.approx(0.25, abs=0.03)


def test_marks_of_absence_keep_their_shares():
    source = pd.Series([f"k{i:07d}" for i in range(50)] + [""] * 30 + ["NA"] * 10 + [None] * 10)
    drawn = draw(fit(source), 10_000)
    shares = {"": 0.3, "NA": 0.1}
    assert {x: (drawn == x).mean() for x in shares} == pytest.approx(shares, abs=0.02)
    assert drawn.isna().mean() == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize("values", [[None, None], ["", "NA"]])
def test_a_column_without_values(values):
    source = pd.Series(values, dtype=object)
    assert set(draw(fit(source), 100)) <= set(values)


def test_the_order_hangs_on_the_name_and_the_key_of_the_sample():
    source = pd.Series([7_341, 5_120, 9_345])
    drawn = [draw(fit(source), 50), draw(fit(source, name="y"), 50), draw(fit(source), 50, key=1)]
    assert len({tuple(part) for part in drawn}) == 3
    assert draw(fit(source), 50, key=1).equals(drawn[2])


def test_what_one_value_begins_with_is_not_kept():
    assert "Ann" not in json.dumps(fit(["Ann-Lee 7"] * 30).to_json())
    assert "Ann" not in json.dumps(fit(["Ann-Lee 7", "Ann-Lee 8"]).to_json())


def test_a_megabyte_is_cut():
    drawn = draw(fit(["x" * 10**6 + str(i) for i in range(20)]), 10)
    assert drawn.str.len().max() <= 256


@pytest.mark.parametrize(
    ("values", "shown"),
    [([1.0, 2.5], "2.5"), ([True, False], "True"), ([b"a", 1], "1"), ([pd.Timestamp(0)], "Time")],
)
def test_values_that_name_nothing(values, shown):
    with pytest.raises(DataError) as caught:
        fit(pd.Series(values, dtype=object))
    assert str(caught.value).startswith(
        "Column 'x': an identifier is text, bytes, UUIDs or whole numbers, all values of one type, "
        f"unlike {shown}"
    )


def altered(**changes):
    return {**fit(codes).to_json(), **changes}


@pytest.mark.parametrize(
    "state",
    [
        {},
        altered(type="time"),
        altered(type="number"),
        altered(type="uuid"),
        altered(absent=[["secret", 0.5]]),
        altered(absent=[[None, -1]]),
        altered(absent=[[None, 0.9], ["", 0.9]]),
        altered(absent=7),
        altered(absent=[[None, float("nan")]]),
        altered(forms=[]),
        altered(forms=[[["INV-"], 1.0]]),
        altered(forms=[[[["digit", 10**9]], 1.0]]),
        altered(forms=[[[["digit", 0]], 1.0]]),
        altered(forms=[[[["spell", 3]], 1.0]]),
        altered(forms=[[[["digit", 3]], 0.5]]),
        altered(forms=[[[["digit", 3]], float("nan")]]),
        altered(forms=[[[["digit", 3], "x" * 10**6], 1.0]]),
        altered(forms=[[0, 1.0]]),
        altered(forms=[[99, 1.0]]),
        altered(seed=-1),
        altered(seed=None),
        altered(seed=10**40),
        altered(start=10**30),
        altered(start="x"),
    ],
)
def test_a_malformed_state_is_refused(state):
    column = Column("x", "identifier", "object")
    with pytest.raises((KeyError, TypeError, ValueError)):
        IdentifierEncoder.from_json(column, state)


@given(st.integers(1, 3_000), st.integers(0, 2**32 - 1))
@settings(max_examples=50, deadline=None)
def test_scramble_is_one_to_one(space, seed):
    scrambled = index_permutation(np.arange(space), space, seed)
    assert np.array_equal(np.sort(scrambled), np.arange(space))


def test_scramble_is_exact_up_to_the_most_positions():
    positions = np.array([0, 1, 2**21, MOST_POSITIONS - 1])
    first, second, *_ = index_permutation(positions, MOST_POSITIONS, 2**32 - 1).tolist()
    factor, space = second - first, MOST_POSITIONS
    expected = [(factor * int(i) + first) % space for i in positions]
    assert index_permutation(positions, space, 2**32 - 1).tolist() == expected


@pytest.mark.parametrize(
    ("count", "bounds", "ends"),
    [
        (1, (-128, 127), (0, 9)),
        (3, (-128, 127), (100, 127)),
        (-1, (-128, 127), (-9, -1)),
        (-3, (-128, 127), (-128, -100)),
        (18, (0, 2**64 - 1), (10**17, 10**18 - 1)),
    ],
)
def test_digits_stay_within_the_dtype(count, bounds, ends):
    form = Digits(count, bounds)
    assert form.ends == ends
    made = form.make(np.arange(min(form.space, 1_000)), 5).tolist()
    assert len(set(made)) == len(made)
    assert ends[0] <= min(made) <= max(made) <= ends[1]


def test_forms_grow_when_they_are_used_up():
    varied = FormMixture({Digits(1, (0, 127)): 1.0}, 0)
    assert varied.make(np.arange(10), RNG).max() == 9
    assert len(set(varied.make(np.arange(90), RNG))) == 90
    assert varied.make(np.arange(128, 200), RNG).max() <= 127
    assert Digits(3, (0, 127)).wider() is None
    assert RisingNumbers(120, (0, 127)).make(np.arange(9), RNG).tolist() == [*range(120, 128), 120]


def test_patterns_of_one_column_share_no_text():
    texts = ["a1b2", "ab12", "1234", "a1-b2", "a1b2c3", "A1b2", "abcd", "xY1z", "12", "1a"]
    made = []
    for pattern in learn_patterns(texts):
        count = min(pattern.space, 2_000)
        made += pattern.make(np.arange(count), 1).tolist()
    assert len(set(made)) == len(made)


def test_a_pattern_is_bounded():
    assert len(learn_patterns([("a1" * i)[:i] + "-" * (i % 7) for i in range(1, 200)])) <= 50
    with pytest.raises(ValueError, match="is not a pattern"):
        Pattern(("INV-",))


def personal(kind, values, **properties):
    column = Column("x", kind, "object", **properties)
    return IdentifierEncoder.fit(TypedSeries(column, pd.Series(values, dtype=object, name="x")))


MAILS = [f"ann{i}@corp.test" for i in range(20)]
REPEATED = {
    "e-mails": ("email", MAILS),
    "names": ("name", [f"Ann {chr(65 + i)}ay" for i in range(20)]),
    "phones": ("phone", [f"+49 170 {10**6 + 7919 * i}" for i in range(20)]),
    "addresses of computers": ("identifier", [f"10.0.0.{i + 1}" for i in range(20)]),
}


@pytest.mark.parametrize(("kind", "values"), REPEATED.values(), ids=REPEATED)
def test_personal_data_that_repeats_repeats_as_often_and_is_never_kept(kind, values):
    rows = np.repeat(values, np.arange(1, 21)).tolist()
    encoder = personal(kind, rows, min_group=5)
    drawn = drawn_in_blocks(encoder, 2100, 700)
    assert drawn.nunique() == 20
    assert not {*drawn} & {*values}
    counts = drawn.value_counts()
    assert counts.iloc[0] / 2100 == pytest.approx(18 / 210, rel=0.1)  # the mean of five
    assert counts.iloc[-1] < counts.iloc[0] / 4
    again = IdentifierEncoder.from_json(encoder.column, json.loads(json.dumps(encoder.to_json())))
    pd.testing.assert_series_equal(drawn_in_blocks(again, 2100, 700), drawn)
    assert draw(encoder.without_repetition(), 500).nunique() > 100


def test_of_many_persons_more_rows_have_more():
    rows = [f"ann{i}@corp.test" for i in range(300) for _ in range(1 + i % 3)]
    encoder = personal("email", rows)
    drawn = drawn_in_blocks(encoder, 1200, 500)
    assert drawn[:600].nunique() == pytest.approx(300, abs=5)
    assert drawn.nunique() == pytest.approx(600, abs=10)
    assert drawn[:600].value_counts().value_counts().tolist() == pytest.approx([100] * 3, abs=20)
    pd.testing.assert_series_equal(drawn_in_blocks(encoder, 1200, 77), drawn)


def test_personal_data_that_hardly_repeats_has_a_value_for_every_row():
    assert draw(personal("email", [*MAILS, MAILS[0]]), 300).nunique() == 300


def test_found_codes_repeat_as_often_as_they_did():
    codes = [f"K-{i}/{2010 + i % 9}" for i in range(2000)] + [f"K-{i % 9}/77" for i in range(400)]
    column = replace(infer_schema(pd.DataFrame({"code": codes}))["code"], kind="identifier")
    encoder = IdentifierEncoder.fit(TypedSeries(column, pd.Series(codes, name="code")))
    drawn = draw(encoder, 2400).value_counts()
    assert len(drawn) == 2009
    assert (drawn == 1).sum() == 2000
    assert drawn.iloc[8] == pytest.approx(400 / 9, abs=1)
    assert not {*drawn.index} & {*codes}


def test_identifiers_that_repeat_have_a_value_for_every_row():
    assert draw(fit([f"K{i % 9}x" for i in range(90)]), 300).nunique() == 300


@pytest.mark.parametrize(
    "repeated", [{}, {"groups": []}, {"groups": [[2.0, 0]]}, {"groups": [[0.5, 3]]}]
)
def test_a_malformed_repetition_is_refused(repeated):
    state = personal("email", MAILS * 2).to_json() | {"repeated": repeated}
    with pytest.raises((KeyError, ValueError)):
        IdentifierEncoder.from_json(Column("x", "email", "object"), state)


@pytest.mark.parametrize(
    ("numbers", "steps"),
    [
        (np.arange(60) * 10 + 1000, {10}),
        (np.cumsum(np.random.default_rng(0).integers(1, 20, 80)) + 1000, None),
    ],
    ids=["equal steps", "gaps"],
)
def test_numbers_that_rise_go_on_to_rise(numbers, steps):
    column = Column("order_no", "identifier", "int64")
    encoder = IdentifierEncoder.fit(TypedSeries(column, pd.Series(numbers)))
    encoder = IdentifierEncoder.from_json(column, encoder.to_json())
    nothing = np.empty((500, 0))
    made = encoder.decode(nothing, nothing.astype(np.int64), 0, np.random.default_rng(0))
    assert made.iloc[0] > numbers[-1]
    assert (made.diff().iloc[1:] > 0).all()
    assert steps is None or set(made.diff().iloc[1:]) == steps
    mean = (numbers[-1] - numbers[0]) / (len(numbers) - 1)
    assert abs(made.diff().mean() / mean - 1) < 0.15
