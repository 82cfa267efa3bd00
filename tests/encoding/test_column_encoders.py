"""What every column encoder keeps, whatever the column."""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.encoding.column_encoders import (
    CategoricalEncoder,
    ColumnEncoder,
    Encoded,
    NumericEncoder,
)
from tabgan.encoding.compound_encoders import CompoundEncoder, RecordEncoder
from tabgan.encoding.grouped_levels import GroupedEncoder
from tabgan.encoding.identifiers.identifier_encoders import IdentifierEncoder
from tabgan.encoding.identifiers.placeholder_text import TextEncoder
from tabgan.encoding.multiselect import MultiselectEncoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Column

RNG = np.random.default_rng(0)
ROWS = 300


def encode(encoder, values):
    return encoder.encode(TypedSeries(encoder.column, values))


@dataclass(frozen=True)
class Case:
    encoder: type[ColumnEncoder]
    column: Column
    values: pd.Series

    def fit(self) -> ColumnEncoder:
        return self.encoder.fit(TypedSeries(self.column, self.values))


def case(encoder: type[ColumnEncoder], kind: Any, values: Any, **properties: Any) -> Case:
    series = pd.Series(values) if not isinstance(values, pd.Series) else values
    series = series.rename("x")
    return Case(encoder, Column("x", kind, describe_dtype(series.dtype), **properties), series)


def picks(*values: Any, dtype: Any = object) -> pd.Series:
    """Some of these values in each row."""
    return pd.Series([values[i] for i in RNG.integers(0, len(values), ROWS)], dtype=dtype)


words = [f"word {i}" for i in range(120)]
CASES = {
    "integers": case(NumericEncoder, "integer", RNG.integers(0, 90, ROWS)),
    "nullable integers": case(NumericEncoder, "integer", picks(*range(50), None, dtype="Int16")),
    "floats": case(
        NumericEncoder, "numeric", np.where(RNG.random(ROWS) < 0.1, np.nan, RNG.random(ROWS))
    ),
    "dates": case(
        NumericEncoder, "datetime", pd.date_range("2020-01-01", periods=ROWS, freq="h", tz="CET")
    ),
    "durations": case(
        NumericEncoder, "timedelta", pd.to_timedelta(RNG.integers(0, 900, ROWS), "s")
    ),
    "numbers as text": case(
        NumericEncoder, "integer", picks(*map(str, range(40)), "NA", ""), format="shortest"
    ),
    "words": case(CategoricalEncoder, "categorical", picks("a", "b", "")),
    "words with missing": case(CategoricalEncoder, "categorical", picks("a", None, dtype="string")),
    "flags": case(CategoricalEncoder, "boolean", picks(True, False, None, dtype="boolean")),
    "categories": case(
        CategoricalEncoder,
        "categorical",
        picks("lo", "hi", dtype=pd.CategoricalDtype(["lo", "mid", "hi"], ordered=True)),
    ),
    "few numbers": case(CategoricalEncoder, "numeric", picks(0.5, 1.5, np.nan, dtype="float64")),
    "constant": case(CategoricalEncoder, "categorical", picks("same")),
    "all missing": case(CategoricalEncoder, "categorical", picks(None)),
    "many words": case(GroupedEncoder, "categorical", picks(*words, None)),
    "many categories": case(GroupedEncoder, "categorical", picks(*words, dtype="category")),
    "codes": case(IdentifierEncoder, "identifier", [f"A-{i:05d}" for i in RNG.permutation(ROWS)]),
    "row numbers": case(IdentifierEncoder, "identifier", np.arange(1, ROWS + 1)),
    "people": case(IdentifierEncoder, "name", [f"Ann{'a' * i} Lee" for i in range(ROWS)]),
    "e-mails": case(IdentifierEncoder, "email", [f"ann{i}@corp.test" for i in range(ROWS)]),
    "homes": case(IdentifierEncoder, "address", [f"{i} High Street" for i in range(ROWS)]),
    "written": case(IdentifierEncoder, r"regex:K\d{5}", [f"K{i:05d}" for i in range(ROWS)]),
    "lists": case(
        MultiselectEncoder, "multiselect", picks("a; b", "b", "", "c; a", None), format="x; y"
    ),
    "JSON lists": case(
        MultiselectEncoder,
        "multiselect",
        picks("[]", '["a", "b"]', '["b"]', "[1, null]", dtype="string"),
        format="[x, y]",
    ),
    "one list": case(MultiselectEncoder, "multiselect", picks("a|b"), format="x|y"),
    "notes": case(TextEncoder, "text", [f"said {i} on day {i * i}" for i in range(ROWS)]),
}
CASES["pressures"] = case(
    CompoundEncoder,
    "compound",
    picks(*(f"{110 + i}/{60 + i % 9}" for i in range(60)), "refused", None),
    format="%.0f/%.0f",
)
CASES["objects"] = case(
    RecordEncoder,
    "compound",
    picks(
        *(json.dumps({"age": 20 + i, "plan": "ab"[i % 2]}) for i in range(40)),
        *(json.dumps({"plan": "b"}) for _ in range(9)),
        "refused",
        None,
    ),
    format='{"age": %g, "plan": "%s"}',
)
over_cases = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


def places(encoder: ColumnEncoder, encoded: Encoded, seed: int = 0) -> tuple[Any, Any]:
    """Draw the places in the bands, as training does."""
    place = np.random.default_rng(seed).uniform(0.01, 0.99, encoded.low.shape)
    return encoded.low + place * encoded.width, encoded.codes.astype(np.int64)


def decode(encoder: ColumnEncoder, encoded: Encoded, start: int = 0, seed: int = 0) -> pd.Series:
    numbers, codes = places(encoder, encoded)
    return encoder.decode(numbers, codes, start, np.random.default_rng(seed))


def assert_encoded_equal(one: Encoded, other: Encoded) -> None:
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def check_layout(case: Case) -> None:
    encoder, rows = case.fit(), len(case.values)
    spans, encoded = encoder.spans, encode(encoder, case.values)
    assert encoded.low.shape == encoded.width.shape == (rows, spans.n_numbers)
    assert encoded.codes.shape == (rows, len(spans.widths))
    assert [part.dtype for part in encoded] == [np.float32, np.float32, np.int32]
    assert ((encoded.low >= 0) & (encoded.width >= 0)).all()
    assert (encoded.low.astype(float) + encoded.width <= 1 + 1e-6).all()
    assert ((encoded.codes >= 0) & (encoded.codes < np.array(spans.widths, int))).all()
    assert all(width >= 2 for width in spans.widths)
    assert all(mark is None or 0 <= mark < len(spans.widths) for mark in spans.marks)


def check_rows_are_independent(case: Case) -> None:
    encoder, rows = case.fit(), len(case.values)
    encoded = encode(encoder, case.values)
    order = np.random.default_rng(1).permutation(rows)[: rows // 2 + 1]
    shuffled = case.values.iloc[order]
    assert_encoded_equal(
        encode(encoder, shuffled),
        Encoded(*(part[order] for part in encoded)),
    )
    assert len(encode(encoder, case.values[:0]).codes) == 0


def check_refit(case: Case) -> None:
    before = case.values.copy(deep=True)
    encoder = case.fit()
    state = encoder.to_json()
    decode(encoder, encode(encoder, case.values))
    assert encoder.to_json() == state
    assert case.fit().to_json() == state
    pd.testing.assert_series_equal(case.values, before)


def check_json(case: Case) -> None:
    encoder = case.fit()
    text = json.dumps(encoder.to_json(), allow_nan=False)
    again = case.encoder.from_json(case.column, json.loads(text))
    assert json.dumps(again.to_json()) == text
    assert again.spans == encoder.spans
    encoded = encode(encoder, case.values)
    assert_encoded_equal(encode(again, case.values), encoded)
    pd.testing.assert_series_equal(decode(again, encoded), decode(encoder, encoded))


def check_decoded_form(case: Case) -> None:
    encoder = case.fit()
    encoded = encode(encoder, case.values)
    for part in (encoded, Encoded(*(part[:0] for part in encoded))):
        decoded = decode(encoder, part, start=40)
        assert decoded.name == case.values.name
        assert decoded.dtype == case.values.dtype
        assert decoded.index.equals(pd.RangeIndex(len(part.codes)))


def check_round_trip(case: Case) -> None:
    encoder = case.fit()
    encoded = encode(encoder, case.values)
    decoded = decode(encoder, encoded)
    if case.encoder in (CategoricalEncoder, NumericEncoder, CompoundEncoder, RecordEncoder):
        expected = case.values.reset_index(drop=True)
        pd.testing.assert_series_equal(decoded, expected, rtol=1e-3, atol=1e-3)
    elif case.encoder in (GroupedEncoder, MultiselectEncoder):
        assert_encoded_equal(encode(encoder, decoded), encoded)
    else:
        assert encoder.spans.width == 0
        known = set(case.values)
        assert not any(
            isinstance(value, str) and value in json.dumps(encoder.to_json()) for value in known
        )


CHECKS = [
    check_layout,
    check_rows_are_independent,
    check_refit,
    check_json,
    check_decoded_form,
    check_round_trip,
]


@over_cases
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_contract(case, check):
    check(case)


@over_cases
def test_the_same_randomness_gives_the_same_rows(case):
    encoder = case.fit()
    encoded = encode(encoder, case.values)
    pd.testing.assert_series_equal(decode(encoder, encoded), decode(encoder, encoded))


def test_registry_names_are_unique():
    encoders = {case.encoder for case in CASES.values()}
    assert len({encoder.name for encoder in encoders}) == len(encoders) == 8


def columns_of(
    encoder: type[ColumnEncoder], kind: str, elements: Any, dtype: Any, **properties: Any
) -> Any:
    def build(values: list[Any]) -> Case:
        return case(encoder, kind, pd.Series(values, dtype=dtype), **properties)

    return st.lists(elements, min_size=2, max_size=60).map(build)


texts = st.text(st.characters(exclude_categories=[]), max_size=8) | st.none()
anything = (
    texts | st.integers(-9, 9) | st.booleans() | st.floats(allow_nan=False) | st.binary(max_size=3)
)
lists = st.lists(st.text("ab c", min_size=1, max_size=3).map(str.strip).filter(len), unique=True)
RANDOM = {
    "lists": columns_of(
        MultiselectEncoder, "multiselect", lists.map(";".join) | st.none(), object, format="x;y"
    ),
    "lists and other texts": columns_of(
        MultiselectEncoder, "multiselect", lists.map(repr) | texts, object, format="[x, y]"
    ),
    "integers": columns_of(NumericEncoder, "integer", st.integers(-500, 500), "int64"),
    "nullable": columns_of(NumericEncoder, "integer", st.integers(-9, 9) | st.just(7), "Int8"),
    "words": columns_of(CategoricalEncoder, "categorical", texts, object),
    "mixed": columns_of(CategoricalEncoder, "categorical", anything, object),
    "groups": columns_of(GroupedEncoder, "categorical", texts, object),
    "mixed groups": columns_of(GroupedEncoder, "categorical", anything, object),
}


@pytest.mark.parametrize("columns", RANDOM.values(), ids=RANDOM)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_contract_on_random_columns(columns, data):
    drawn = data.draw(columns)
    for check in CHECKS:
        check(drawn)


def as_float_column(values: list[float]) -> Case:
    values = [*values, 0.0]
    finite = [value for value in values if np.isfinite(value)]
    ends = {"minimum": min(finite), "maximum": max(finite)}
    return case(NumericEncoder, "numeric", pd.Series(values, dtype="float64"), **ends)


@given(st.lists(st.floats(), min_size=1, max_size=60).map(as_float_column))
@settings(max_examples=50, deadline=None)
def test_contract_on_random_floats(drawn):
    for check in (
        check_layout,
        check_rows_are_independent,
        check_refit,
        check_json,
        check_decoded_form,
    ):
        check(drawn)
    encoder = drawn.fit()
    encoded = encode(encoder, drawn.values)
    finite, decoded = np.isfinite(drawn.values), decode(encoder, encoded)
    pd.testing.assert_series_equal(decoded[~finite], drawn.values[~finite])
    assert decoded[finite].between(drawn.values[finite].min(), drawn.values[finite].max()).all()


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y %H:%M"])
@pytest.mark.parametrize("freq", ["ME", "QE", "YS"])
def test_dates_at_the_ends_of_months_stay_there(form, freq):
    dates = pd.Series(pd.date_range("1995-01-01", periods=40 if freq == "YS" else 140, freq=freq))
    rows = dates.sample(900, replace=True, random_state=0, ignore_index=True)
    values = rows.dt.strftime(form).rename("due")
    cells = TypedSeries(infer_schema(values.to_frame())["due"], values)
    encoder = NumericEncoder.fit(cells)
    encoder = NumericEncoder.from_json(cells.column, encoder.to_json())
    units = np.random.default_rng(0).random((500, 1))
    made = encoder.decode(units, np.zeros((500, 0), np.int64), 0, np.random.default_rng(0))
    found = pd.to_datetime(made, format=form)
    name = {"ME": "is_month_end", "QE": "is_quarter_end", "YS": "is_year_start"}[freq]
    assert getattr(found.dt, name).all()
    assert rows.min() <= found.min() <= found.max() <= rows.max()
