"""Columns of odd values and dtypes come back as what they were."""

import datetime
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tabgan import TabGAN

pytestmark = pytest.mark.filterwarnings("error")

ROWS = 60
RNG = np.random.default_rng(0)
X = RNG.normal(size=ROWS)
COUNTS = RNG.integers(0, 1000, ROWS)
HOURS = [datetime.timedelta(hours=int(count)) for count in COUNTS]
NEW_YEAR = datetime.datetime(2024, 1, 1)
LARGEST = np.finfo(np.float64).max


def objects(values: Sequence[Any]) -> pd.Series:
    cells = np.empty(len(values), object)
    cells[:] = values
    return pd.Series(cells, dtype=object)


def drawn(*values: Any) -> pd.Series:
    """Draw a column of objects from values, each of which occurs."""
    positions = np.append(np.arange(len(values)), RNG.integers(0, len(values), ROWS - len(values)))
    return objects([values[position] for position in RNG.permutation(positions)])


def arrow(values: Sequence[Any], dtype: pa.DataType) -> pd.Series:
    return pd.Series(pd.arrays.ArrowExtensionArray(pa.array(values, type=dtype)))


def holed(values: Sequence[Any]) -> list[Any]:
    """Leave out every fourth value."""
    return [None if row % 4 == 0 else value for row, value in enumerate(values)]


def all_missing() -> dict[str, Any]:
    dtypes = ["float64", "Int64", "boolean", "string", "category", "datetime64[us, Europe/Berlin]"]
    dtypes += ["timedelta64[ns]", "period[M]", "Sparse[float]", "interval[float64]"]
    columns = {dtype: pd.Series([None] * ROWS).astype(dtype) for dtype in dtypes}
    types = [pa.string(), pa.timestamp("us"), pa.bool_(), pa.decimal128(5, 2), pa.null()]
    columns |= {str(dtype): arrow([None] * ROWS, dtype) for dtype in types}
    nothings = {"None": None, "nan": np.nan, "NA": pd.NA, "NaT": pd.NaT}
    return columns | {name: objects([nothing] * ROWS) for name, nothing in nothings.items()}


def constant() -> dict[str, Any]:
    values = {"int": 7, "text": "v", "float": 1.5, "bool": True, "date": pd.Timestamp("2024-01-01")}
    return {name: [value] * ROWS for name, value in values.items()} | {
        f"{name} or missing": pd.Series(holed([value] * ROWS), dtype=object).infer_objects()
        for name, value in values.items()
    }


def infinities() -> dict[str, Any]:
    return {
        "plus": np.where(COUNTS % 5 == 0, np.inf, X),
        "minus": np.where(COUNTS % 7 == 0, -np.inf, X),
        "short": np.where(COUNTS % 5 == 0, np.inf, X).astype(np.float32),
        "no number": [np.inf, -np.inf, np.nan] * 20,
        "only": [np.inf] * ROWS,
        "Decimal": drawn(Decimal("NaN"), Decimal("Infinity"), Decimal("1.1"), None),
        "whole range": np.linspace(-1, 1, ROWS) * LARGEST,
        "tiny": COUNTS * 5e-324,
        "half": X.astype(np.float16),
        "zeros": np.where(X > 0, 0.0, -0.0),
    }


def whole_numbers() -> dict[str, Any]:
    return {
        "over 2**53": 2**53 + 1 + 2 * RNG.permutation(ROWS) ** 2,
        "uint64": np.iinfo(np.uint64).max - COUNTS.astype(np.uint64),
        "two uint64": np.where(X > 0, 0, np.uint64(2**64 - 1)),
        "two int64": np.where(X > 0, -(2**63), 2**63 - 1),
        "all of int64": np.linspace(-(2**62), 2**62, ROWS).astype(np.int64) * 2 - 1,
        "two int8": np.where(X > 0, -128, 127).astype(np.int8),
        "all of int8": RNG.integers(-128, 128, ROWS).astype(np.int8),
        "levels beyond 64 bits": drawn(2**70, 2**71),
        "names beyond 64 bits": objects([10**30 + row for row in range(ROWS)]),
        "names beyond floats": objects([10**400 + row for row in range(ROWS)]),
    }


def nullable() -> dict[str, Any]:
    zeros = pd.array(np.where(X > 0, 1.0, 0.0), dtype="Float64")
    return {
        "few": pd.array([1, pd.NA, 3] * 20, dtype="Int64"),
        "Int8": pd.array(holed(COUNTS % 128), dtype="Int8"),
        "UInt64": pd.array(holed(COUNTS.tolist()), dtype="UInt64"),
        "Float64": pd.array(holed(X), dtype="Float64"),
        "Float32": pd.array(X, dtype="Float32"),
        "boolean": pd.array([True, pd.NA, False] * 20, dtype="boolean"),
        "string": pd.array(holed(list("abcdef") * 10), dtype="string"),
        "string[pyarrow]": pd.array(holed(list("abcdef") * 10), dtype="string[pyarrow]"),
        "NaN string": pd.Series(holed(list("ab") * 30), dtype=pd.StringDtype(na_value=np.nan)),
        "NaN beside numbers": zeros / zeros,
        "NaN beside few": (zeros / zeros) * pd.array([1.0, 2.0, pd.NA] * 20, dtype="Float64"),
    }


def from_arrow() -> dict[str, Any]:
    times = [NEW_YEAR + hours for hours in HOURS]
    cents = [Decimal(int(count)) / 100 for count in COUNTS]
    return {
        "int64": arrow(holed(COUNTS.tolist()), pa.int64()),
        "uint8": arrow((COUNTS % 256).tolist(), pa.uint8()),
        "float": arrow([float("nan"), float("inf"), 1.0, *X[3:]], pa.float64()),
        "string": arrow(holed(list("abcdef") * 10), pa.string()),
        "large_string": arrow(list("abcdef") * 10, pa.large_string()),
        "dictionary": pd.Series(pd.array(["a", None, "b"] * 20, "string[pyarrow]")).astype(
            pd.ArrowDtype(pa.dictionary(pa.int32(), pa.string()))
        ),
        "timestamp": arrow(times, pa.timestamp("us")),
        "zone": arrow(
            [time.astimezone(UTC) for time in times], pa.timestamp("ms", "Europe/Berlin")
        ),
        "date32": arrow(holed([time.date() for time in times]), pa.date32()),
        "time": arrow([datetime.time(int(count) % 24) for count in COUNTS], pa.time64("us")),
        "duration": arrow(HOURS, pa.duration("s")),
        "decimal": arrow(holed(cents), pa.decimal128(10, 2)),
        "long decimal": arrow([10**15 + cent for cent in cents], pa.decimal128(38, 2)),
        "bool": arrow([True, False, None] * 20, pa.bool_()),
        "binary": arrow([b"\x00", b"\xff", b""] * 20, pa.binary()),
    }


def python_objects() -> dict[str, Any]:
    cents = [Decimal(int(count)) / 100 for count in COUNTS]
    return {
        "Decimal": objects(holed(cents)),
        "few Decimals": drawn(Decimal("1.50"), Decimal("2"), None),
        "long Decimal": objects([Decimal("12345678901234567.81") + cent for cent in cents]),
        "bytes": drawn(b"a", b"\xff\x00", b"", None),
        "bytes of their own": objects([bytes([65 + row, 66]) for row in range(ROWS)]),
        "UUID": objects([uuid.UUID(int=row * 7919) for row in range(ROWS)]),
        "tuple": drawn((1, 2), (1, "b"), (1.0, 2), None),
        "Interval": drawn(pd.Interval(0, 1), pd.Interval(1, 2, closed="both")),
        "Period": drawn(*(pd.Period("2024-01") + month for month in range(12))),
        "different Periods": drawn(pd.Period("2024-01"), pd.Period("2024"), None),
        "date": objects([(NEW_YEAR + hours).date() for hours in HOURS]),
        "zone": objects([(NEW_YEAR + hours).replace(tzinfo=UTC) for hours in HOURS]),
        "time": drawn(datetime.time(1), datetime.time(2, 30)),
        "timedelta": objects(holed(HOURS)),
        "bool": drawn(True, False, None),
        "nothings": drawn("x", None, float("nan"), pd.NA, pd.NaT),
    }


def mixed() -> dict[str, Any]:
    return {
        "number or text": drawn(1, "1"),
        "number or truth": drawn(1, True),
        "everything": drawn(1, 1.0, True, "1", "one", b"1", 2.5, None),
        "few marks": objects([int(n) if n % 4 else "n/a" for n in COUNTS]),
        "blank": drawn("", "NaN", "None", None),
        "blank or not": drawn("", "nan", "NA", "null", "<NA>", "x", np.nan),
        "blank numbers": drawn("", "NaN", "1", "2", "-"),
        "spaces": drawn("", " ", "  ", "\t", "\n"),
    }


def unicode_texts() -> dict[str, Any]:
    return {
        "emoji": drawn("😀", "👨‍👩‍👧", "é", "e\u0301"),
        "right to left": drawn("שלום", "مرحبا", "\u202eabc"),
        "NUL": drawn("a", "a\0", "a\0b", "\0", "\0\0"),
        "surrogates": drawn("\ud800", "\udfff", "\ud83d\ude00", "😀"),
        "category": drawn("a", "a\0", "\0").astype("category"),
        "NUL of their own": ["\0" * row for row in range(ROWS)],
        "surrogates of their own": [f"\ud83d{row}" for row in range(ROWS)],
        "emoji of their own": ["😀" * (row + 1) for row in range(ROWS)],
        "right to left of their own": [f"مرحبا بك في رقم {row} هنا" for row in range(ROWS)],
    }


def categories() -> dict[str, Any]:
    return {
        "unused": pd.Categorical(drawn("a", "b"), categories=["z", "b", "a", "q"]),
        "ordered": pd.Categorical(drawn("lo", "hi"), ["lo", "mid", "hi"], ordered=True),
        "numbers": pd.Categorical(drawn(1, 2), categories=[5, 2, 1, 0]),
        "dates": pd.Categorical(drawn(pd.Timestamp("2024"), pd.Timestamp("2025"), None)),
        "bins": pd.cut(X, 4),
        "texts": drawn("a", "b", None).astype("string").astype("category"),
        "all different": pd.Categorical(range(ROWS), ordered=True),
        "none": pd.Categorical([None] * ROWS, categories=["u", "v"], ordered=True),
        "no categories": pd.Categorical([None] * ROWS, categories=[]),
    }


def dates() -> dict[str, Any]:
    far = np.datetime64("0001-01-01", "s") + np.arange(ROWS) * np.timedelta64(60_000, "D")
    ends = datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59)
    half_past_five = datetime.timezone(datetime.timedelta(hours=5, minutes=30))
    return {
        "UTC": pd.date_range("2024", periods=ROWS, freq="h", tz="UTC"),
        "fixed zone": pd.date_range("2024", periods=ROWS, freq="7h", tz=half_past_five),
        "spring": pd.date_range("2024-03-31", periods=ROWS, freq="5min", tz="Europe/Berlin"),
        "autumn": pd.date_range("2024-10-27", periods=ROWS, freq="5min", tz="Europe/Berlin"),
        "years 1 to 9999": far,
        "year 1 or 9999": np.array(["0001-01-01", "9999-12-31"] * 30, "datetime64[s]"),
        "datetime objects": drawn(*ends),
        "many datetime objects": objects(far.astype(object)),
        "first and last": drawn(pd.Timestamp.min, pd.Timestamp.max).astype("datetime64[ns]"),
        "milliseconds": pd.Series(COUNTS.astype("datetime64[ms]")),
        "timedelta": pd.to_timedelta(COUNTS - 500, "s"),
        "longest": np.array([2**63 - 1, -(2**63) + 1] * 30, "timedelta64[ns]"),
        "months": pd.period_range("2000-01", periods=ROWS, freq="M"),
        "quarters": pd.PeriodIndex(["2024Q1", "2024Q2", None] * 20, freq="Q"),
        "intervals": pd.arrays.IntervalArray.from_breaks(range(ROWS + 1)),
        "two intervals": pd.Series([pd.Interval(0, 1, "both"), pd.Interval(1, 2, "both")] * 30),
    }


def sparse() -> dict[str, Any]:
    return {
        "int": pd.arrays.SparseArray(np.where(COUNTS % 4, 0, COUNTS)),
        "float": pd.arrays.SparseArray(np.where(COUNTS % 4, np.nan, X)),
        "bool": pd.arrays.SparseArray(COUNTS % 5 == 0),
        "text": pd.arrays.SparseArray(["a", "b", ""] * 20, fill_value=""),
        "one in all": pd.arrays.SparseArray(np.r_[1, np.zeros(ROWS - 1, np.int8)].astype(np.int8)),
    }


TABLES: list[Callable[[], dict[str, Any]]] = [
    all_missing, constant, infinities, whole_numbers, nullable, from_arrow, python_objects,
    mixed, unicode_texts, categories, dates, sparse,
]  # fmt: skip


@pytest.mark.parametrize("make", TABLES)
def test_odd_values_come_back(make, comes_back, tmp_path):
    table = pd.DataFrame(make())
    before = table.copy(deep=True)
    gan, sample = comes_back(table)
    pd.testing.assert_frame_equal(table, before)  # the input is left as it was
    pd.testing.assert_series_equal(gan.sample(0).dtypes, table.dtypes)
    gan.save(tmp_path / "model")
    loaded = TabGAN.load(tmp_path / "model").sample(50, random_state=0)
    pd.testing.assert_frame_equal(loaded, sample)


def test_values_of_different_types_stay_apart(comes_back):
    table = pd.DataFrame(mixed())
    _, sample = comes_back(table, 2000)
    for name in table.columns.drop("few marks"):
        assert kept(sample[name]) == kept(table[name])
    assert "n/a" in set(sample["few marks"])


def kept(values: pd.Series) -> set[tuple[type, Any]]:
    """Return the distinct values with their types, all missing ones as None."""
    return {(type(v), v) for v in values.astype(object).where(values.notna(), None)}


def test_whole_numbers_over_2_to_the_53_are_exact(comes_back):
    # all of these are odd; floats of that size are even
    table = pd.DataFrame({"n": 2**60 + 1 + 2 * RNG.integers(0, 50, 1000), "x": RNG.random(1000)})
    _, sample = comes_back(table, 500)
    assert (sample["n"] % 2 == 1).mean() > 0.3


def test_infinities_keep_their_share(comes_back):
    values = np.where(RNG.random(1000) < 0.3, np.inf, RNG.normal(size=1000))
    _, sample = comes_back(pd.DataFrame({"x": values}), 2000)
    assert np.isposinf(sample["x"]).mean() == pytest.approx(0.3, abs=0.1)
    assert not np.isneginf(sample["x"]).any()


def test_the_hour_that_daylight_saving_skips_is_never_made(comes_back):
    zone = "Europe/Berlin"
    night = pd.date_range("2024-03-31 00:00", periods=1000, freq="15s", tz=zone)
    _, sample = comes_back(pd.DataFrame({"time": night}), 1000)
    assert 2 not in set(sample["time"].dt.hour)
    assert set(sample["time"].dt.hour) == {0, 1, 3, 4, 5}


def test_the_hour_that_comes_twice_is_made(comes_back):
    night = pd.date_range("2024-10-27 00:00", periods=1000, freq="15s", tz="Europe/Berlin")
    _, sample = comes_back(pd.DataFrame({"time": night}), 1000)
    assert set(sample["time"].dt.hour) == {0, 1, 2, 3}


def test_texts_that_all_differ_are_made_anew(comes_back):
    table = pd.DataFrame({"code": [f"AB-{row * 7919:07d}" for row in range(ROWS)], "x": X})
    gan, sample = comes_back(table)
    assert gan.schema_["code"].kind == "identifier"
    assert sample["code"].is_unique
    assert sample["code"].str.fullmatch(r"AB-\d{7}").all()
    assert not set(sample["code"]) & set(table["code"])
