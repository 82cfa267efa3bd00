import datetime
import json
import time
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import NumericEncoder
from tabgan.table.columns import TypedSeries
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Column

ROWS = 600
RNG = np.random.default_rng(0)
INT64, UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)


def encode(encoder, values):
    return encoder.encode(TypedSeries(encoder.column, values))


def column_of(values: pd.Series, kind: str = "numeric", **rest: object) -> Column:
    return Column(values.name, kind, describe_dtype(values.dtype), **rest)


def draw(encoder: NumericEncoder, values: pd.Series, seed: int = 0) -> pd.Series:
    encoded = encode(encoder, values)
    place = np.random.default_rng(seed).uniform(0.01, 0.99, encoded.low.shape)
    u = encoded.low.astype(float) + encoded.width * place
    return encoder.decode(u, encoded.codes.astype(np.int64), 0, np.random.default_rng(seed))


def sample(encoder: NumericEncoder, rows: int) -> pd.Series:
    """Numbers at evenly spread probabilities, none of them special."""
    spans = encoder.spans
    u = np.linspace(0, 1, rows)[:, None]
    codes = np.zeros((rows, len(spans.widths)), np.int64)
    return encoder.decode(u, codes, 0, np.random.default_rng(0))


def some(values: pd.Series, *others: object) -> pd.Series:
    """Put other values in place of some."""
    values = values.copy()
    for position, other in enumerate(others):
        values.iloc[position :: 7 + position] = other
    return values


whole = pd.Series(RNG.integers(-3000, 3000, ROWS))
cents = pd.Series(RNG.integers(1, 3000, ROWS)) / 100
durations = pd.Series(pd.to_timedelta(RNG.integers(0, 20_000, ROWS), "min"))
days = pd.Series(pd.Timestamp("2024-01-01") + durations.dt.floor("D"))
minutes = pd.Series(pd.Timestamp("2024-01-01") + durations)

EXACT = {
    "int64": (whole, {"kind": "integer"}),
    "int8": (pd.Series(np.r_[-128, 127, RNG.integers(-128, 128, ROWS)]).astype("int8"), {}),
    "beyond 2**53": (whole + (2**62 + 1), {"kind": "integer"}),
    "uint64": (pd.Series(UINT64.max - np.arange(ROWS, dtype=np.uint64)), {"kind": "integer"}),
    "hundreds": (whole * 100, {"kind": "integer"}),
    "nullable": (some(whole.astype("Int64"), pd.NA), {"kind": "integer"}),
    "arrow": (some(whole.astype("int64[pyarrow]"), pd.NA), {"kind": "integer"}),
    "whole floats": (some(whole.astype(float), np.nan), {"kind": "integer"}),
    "cents": (some(cents, np.nan, np.inf, -np.inf), {"decimals": 2}),
    "nullable cents": (some(cents.astype("Float64"), pd.NA), {"decimals": 2}),
    "float32": (whole.astype("float32") / 8, {"decimals": 3}),
    "decimal": (
        some(cents.map(lambda x: Decimal(f"{x:.2f}")), None),
        {"decimals": 2, "minimum": Decimal("0.01")},
    ),
    "text": (some(cents.map("{:.2f}".format), "", "NA", None), {"decimals": 2, "format": "%.2f"}),
    "short text": (cents.astype(str).str.removesuffix(".0"), {"decimals": 2, "format": "shortest"}),
    "mixed": (some(whole.astype(object), "unknown", None), {"kind": "integer"}),
    "days": (some(days, pd.NaT), {"kind": "datetime"}),
    "minutes in s": (minutes.astype("datetime64[s]"), {"kind": "datetime"}),
    "zoned": (minutes.dt.tz_localize("UTC").dt.tz_convert("Asia/Tokyo"), {"kind": "datetime"}),
    "date objects": (
        some(days.dt.date, None),
        {"kind": "datetime", "minimum": datetime.date(2024, 1, 1)},
    ),
    "date text": (
        some(days.dt.strftime("%d.%m.%Y"), "", None),
        {"kind": "datetime", "format": "%d.%m.%Y"},
    ),
    "months": (pd.Series(pd.period_range("1980-01", periods=ROWS, freq="M")), {"kind": "datetime"}),
    "durations": (some(durations, pd.NaT), {"kind": "timedelta"}),
}
over_exact = pytest.mark.parametrize("kind_of_values", EXACT)


@over_exact
def test_values_on_a_grid_come_back_exactly_through_json(kind_of_values):
    values, properties = EXACT[kind_of_values]
    values = values.rename("x")
    column = column_of(values, **properties)
    encoder = NumericEncoder.fit(TypedSeries(column, values))
    again = NumericEncoder.from_json(column, json.loads(json.dumps(encoder.to_json())))
    pd.testing.assert_series_equal(draw(again, values), values)
    assert again.to_json() == encoder.to_json()


@over_exact
def test_generated_values_keep_range_and_form(kind_of_values):
    values, properties = EXACT[kind_of_values]
    values = values.rename("x")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values, **properties), values))
    drawn = sample(encoder, 2000)
    assert drawn.dtype == values.dtype
    assert drawn.notna().all()
    assert set(map(type, drawn)) <= set(map(type, values))
    if properties.get("format") is None and values.dtype != object:
        finite = values[values.notna() & ~values.isin([np.inf, -np.inf])]
        assert drawn.iloc[0] == drawn.min() == finite.min()
        assert drawn.iloc[-1] == drawn.max() == finite.max()


@pytest.mark.parametrize("dtype", ["float64", "float32", "Float64"])
def test_continuous_values_come_back_nearly(dtype):
    values = pd.Series(np.random.default_rng(0).normal(size=ROWS), name="x").astype(dtype)
    encoder = NumericEncoder.fit(TypedSeries(column_of(values), values))
    back = draw(encoder, values)
    assert back.dtype == values.dtype
    assert np.abs(back - values).max() < 1e-4


def test_specials_are_levels_of_a_mark():
    values = pd.Series([1.5, np.nan, np.inf, 2.5, -np.inf, np.nan], name="x")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values, decimals=1), values))
    assert encoder.spans == RowLayout((0,), (4,))
    encoded = encode(encoder, values)
    assert encoded.codes.tolist() == [[0], [3], [2], [0], [1], [3]]
    absent = encoded.codes[:, 0] > 0
    assert encoded.low[absent].tolist() == [[0.0]] * 4
    assert encoded.width[absent].tolist() == [[1.0]] * 4
    assert (encoded.low.dtype, encoded.width.dtype, encoded.codes.dtype) == ("f4", "f4", "i4")


def test_without_specials_there_is_no_mark():
    values = pd.Series([1, 5, 9], name="x")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values, "integer"), values))
    assert encoder.spans == RowLayout((None,), ())
    assert encode(encoder, values).codes.shape == (3, 0)


def test_generated_values_stay_in_the_schemas_range():
    values = pd.Series(np.arange(100), name="x")
    encoder = NumericEncoder.fit(
        TypedSeries(column_of(values, "integer", minimum=10, maximum=20), values)
    )
    drawn = sample(encoder, 1000)
    assert (drawn.min(), drawn.max()) == (10, 20)


def test_numbers_outside_the_fitted_range_get_the_band_of_its_end():
    values = pd.Series([1, 2, 3] * 10, name="x")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values, "integer"), values))
    inside = encode(encoder, pd.Series([1, 3], name="x"))
    outside = encode(encoder, pd.Series([INT64.min, INT64.max], name="x"))
    assert outside.low.tolist() == inside.low.tolist()
    assert outside.width.tolist() == inside.width.tolist()


def test_floats_far_outside_the_fitted_range_are_no_trouble():
    values = pd.Series([1e-300, 2e-300, 4e-300], name="x")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values), values))
    encoded = encode(encoder, pd.Series([-1.7e308, 1.7e308], name="x"))
    assert encoded.low[0] == [0.0]
    assert encoded.low[1] + encoded.width[1] == [1.0]
    back = encoder.decode(encoded.low + encoded.width / 2, encoded.codes, 0, RNG)
    assert back.between(1e-300, 4e-300).all()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pd.Series([INT64.min, INT64.max, 0, 5]), "integer"),
        (pd.Series([0, UINT64.max, 17], dtype="uint64"), "integer"),
        (pd.Series([1.7e308, -1.7e308, 0.0, 1.0]), "numeric"),
        (pd.Series([5e-324, 0.0]), "numeric"),
        (pd.Series([2.0**60, 2.0**61, 3.0]), "integer"),
        (pd.Series(pd.to_datetime(["1677-09-22", "2262-04-11"])), "datetime"),
        (pd.Series(np.array(["0001-01-01", "9999-12-31"], "datetime64[s]")), "datetime"),
    ],
)
def test_extreme_ends_are_exact(values, kind):
    values = values.rename("x")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values, kind), values))
    drawn = sample(encoder, 1001)
    assert drawn.iloc[[0, -1]].tolist() == [values.min(), values.max()]
    assert drawn.is_monotonic_increasing


def test_the_shares_of_frequent_values_are_kept():
    rng = np.random.default_rng(0)
    zeros = rng.random(10_000) < 0.9
    values = pd.Series(np.where(zeros, 0, rng.integers(1, 99_999, 10_000)), name="gain")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values, "integer"), values))
    drawn = sample(encoder, 10_000)
    assert (drawn == 0).mean() == pytest.approx(zeros.mean(), abs=2e-4)
    assert drawn.mean() == pytest.approx(values.mean(), rel=0.01)


def test_what_is_not_there_at_fit_is_named():
    values = pd.Series(["1", "2", "?"], name="age", dtype=object)
    encoder = NumericEncoder.fit(
        TypedSeries(column_of(values, "integer", format="shortest"), values)
    )
    with pytest.raises(DataError) as raised:
        encode(encoder, pd.Series(["1", "none"], name="age", dtype=object))
    assert str(raised.value) == (
        "Column 'age': the value 'none' was not there at fit; correct it, or fit again on a table "
        "that has it; known names: '?'"
    )
    with pytest.raises(DataError, match="Column 'age': a value is missing, but none was at fit"):
        encode(encoder, pd.Series(["1", None], name="age", dtype=object))


def test_a_column_without_numbers_is_refused():
    values = pd.Series([np.nan, np.nan], name="empty")
    with pytest.raises(DataError) as raised:
        NumericEncoder.fit(TypedSeries(column_of(values), values))
    assert str(raised.value) == (
        "Column 'empty': of 2 values none is of kind 'numeric'; give the column the kind "
        "'categorical', or drop it"
    )


def test_large_columns_are_fast():
    values = pd.Series(np.random.default_rng(0).lognormal(5, 2, 500_000).round(2), name="x")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values, decimals=2), values))
    start = time.process_time()
    draw(encoder, values)
    assert time.process_time() - start < 1.0


def test_dates_have_no_values_where_there_were_none():
    values = pd.Series(days.to_numpy(), name="x")
    encoder = NumericEncoder.fit(TypedSeries(column_of(values, "datetime"), values))
    drawn = sample(encoder, 5000)
    assert (drawn == drawn.dt.normalize()).all()
    assert isinstance(drawn.dt.date.iloc[0], datetime.date)


STATE = NumericEncoder.fit(TypedSeries(column_of(whole, "integer"), whole)).to_json()


@pytest.mark.parametrize(
    "change",
    [
        {"scale": None},
        {"scale": {"type": "real", "exponent": 0}},
        {"scale": STATE["scale"] | {"last": 3}},
        {"quantiles": {"u": [0.0, 1.0], "x": [0.0, 1.0], "whole": False}},
        {"quantiles": {"u": [0.0, 1.0], "x": [-5.0, 1.0], "whole": True}},
        {"specials": "NA"},
        {"specials": [{"type": "nothing"}]},
    ],
)
def test_malformed_json_is_refused(change):
    column = column_of(whole, "integer")
    NumericEncoder.from_json(column, STATE)
    with pytest.raises((KeyError, TypeError, ValueError)):
        NumericEncoder.from_json(column, STATE | change)
    for key in STATE:
        with pytest.raises(KeyError):
            NumericEncoder.from_json(column, {k: v for k, v in STATE.items() if k != key})


def imported(dates: pd.DatetimeIndex) -> pd.Series:
    """Write dates as an import that takes days for months does where it can."""
    return pd.Series(
        [d.strftime("%m-%d-%y") if d.day <= 12 else f"{d.month}/{d.day}/{d.year}" for d in dates],
        name="born",
        dtype=object,
    )


def column_of_imported(values: pd.Series) -> Column:
    forms = {"format": "%-m/%-d/%Y", "other_formats": ("%m-%d-%y",)}
    ends = {"minimum": pd.Timestamp("1980-01-01"), "maximum": pd.Timestamp("1999-12-31")}
    return column_of(values, "datetime", **forms, **ends)


class TestFormsByPart:
    dates = pd.Timestamp("1980-01-01") + pd.to_timedelta(RNG.integers(0, 7_000, 1_000), "D")

    def test_the_form_follows_the_day(self):
        values = imported(self.dates)
        column = column_of_imported(values)
        encoder = NumericEncoder.fit(TypedSeries(column, values))
        again = NumericEncoder.from_json(column, json.loads(json.dumps(encoder.to_json())))
        for one in (encoder, again):
            written = sample(one, 1_000)
            days = pd.to_datetime(written, format="mixed")
            assert written.tolist() == imported(pd.DatetimeIndex(days)).tolist()

    def test_a_few_exceptions_do_not_count_more_do(self):
        values = imported(self.dates)
        plain = pd.Series(self.dates.strftime("%m-%d-%y"), name="born", dtype=object)
        for exceptions, follows in ((5, True), (100, False)):
            some_plain = values.where(np.arange(1_000) >= exceptions, plain)
            encoder = NumericEncoder.fit(TypedSeries(column_of_imported(some_plain), some_plain))
            assert ("forms_by_part" in encoder.to_json()) is follows

    @pytest.mark.parametrize("part", ["time", "hour", "year"])
    def test_the_form_follows_another_part(self, part):
        minutes = RNG.integers(0, 3 * 365 * 24 * 60, 1_500)
        if part == "time":
            minutes = np.where(RNG.random(1_500) < 0.5, minutes // 1440 * 1440, minutes)
        dates = pd.Timestamp("2019-01-01") + pd.to_timedelta(minutes, "m")
        is_other = {
            "time": dates == dates.normalize(),
            "hour": dates.hour < 10,
            "year": dates.year < 2020,
        }[part]
        other = "%Y-%m-%d" if part == "time" else "%d.%m.%Y %-H:%M"
        own = dates.strftime("%Y-%m-%d %H:%M")
        values = pd.Series(own.where(~is_other, dates.strftime(other)), name="born", dtype=object)
        column = column_of(
            values,
            "datetime",
            format="%Y-%m-%d %H:%M",
            other_formats=(other,),
            minimum=dates.min(),
            maximum=dates.max(),
        )
        encoder = NumericEncoder.fit(TypedSeries(column, values))
        again = NumericEncoder.from_json(column, json.loads(json.dumps(encoder.to_json())))
        written = sample(again, 1_000)
        if part == "time":
            assert not written.str.endswith(" 00:00").any()
            assert (written.str.len() == 10).mean() == pytest.approx(0.5, abs=0.06)
            return
        year, hour = (written.str.extract(form)[0].astype(int) for form in (r"(\d{4})", r"(\d+):"))
        expected = hour < 10 if part == "hour" else year < 2020
        assert (written.str.contains(".", regex=False) == expected).all()

    def test_few_dates_tell_nothing(self):
        values = imported(self.dates[(self.dates.day > 12) | (np.arange(1_000) < 20)])
        encoder = NumericEncoder.fit(TypedSeries(column_of_imported(values), values))
        assert "forms_by_part" not in encoder.to_json()

    def test_forms_that_the_column_lacks_are_refused(self):
        values = imported(self.dates)
        column = column_of_imported(values)
        state = NumericEncoder.fit(TypedSeries(column, values)).to_json()
        by_part = state["forms_by_part"] | {"forms": [0, 2]}
        with pytest.raises(ValueError, match="forms_by_part does not go with the column's formats"):
            NumericEncoder.from_json(column, state | {"forms_by_part": by_part})
