import contextlib
import datetime
import json
import math
import zoneinfo
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError
from tabgan.table.scalars import from_json_scalar, is_scalar, to_json_scalar, to_python_scalar

UNITS = ("s", "ms", "us", "ns")
ZONES = ["UTC", "Europe/Berlin", "America/St_Johns", zoneinfo.ZoneInfo("Asia/Tokyo"), "UTC+05:45"]
TICKS = st.integers(-(2**52), 2**52)


def through_json(value):
    return from_json_scalar(json.loads(json.dumps(to_json_scalar(value), allow_nan=False)))


def timestamps():
    naive = st.builds(
        lambda ticks, unit: pd.Timestamp(np.datetime64(ticks % 10**10, unit)),
        TICKS,
        st.sampled_from(UNITS),
    )
    zoned = st.builds(
        lambda moment, zone: moment.tz_localize("UTC").tz_convert(zone),
        naive,
        st.sampled_from(ZONES),
    )
    return naive | zoned


def datetimes():
    return st.datetimes() | st.datetimes(
        min_value=datetime.datetime(2, 1, 1),
        max_value=datetime.datetime(9998, 1, 1),
        timezones=st.timezones() | st.just(datetime.UTC),
        allow_imaginary=False,
    )


def durations():
    return st.builds(
        lambda ticks, unit: pd.Timedelta(np.timedelta64(ticks, unit)),
        st.integers(-(2**40), 2**40),
        st.sampled_from(UNITS),
    )


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.text(st.characters(exclude_categories=())),  # lone surrogates and NUL too
    st.integers(),
    st.integers(2**63 - 2, 2**64 + 2),
    st.floats(allow_nan=False),
    st.binary(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.dates(),
    st.times(),
    st.times(timezones=st.just(datetime.UTC)),
    datetimes(),
    st.timedeltas(),
    timestamps(),
    durations(),
    st.builds(
        pd.Period,
        st.dates(datetime.date(1700, 1, 1)),
        freq=st.sampled_from(["D", "M", "W-WED", "Q-NOV", "2h", "s"]),
    ),
    st.builds(
        lambda a, b, closed: pd.Interval(*sorted((a, b)), closed),
        st.integers(-9, 9),
        st.floats(-9, 9),
        st.sampled_from(["left", "right", "both", "neither"]),
    ),
)
SCALARS = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3).map(tuple), max_leaves=6)


def types_of(value):
    return (tuple, *map(types_of, value)) if type(value) is tuple else type(value)


@given(SCALARS)
@settings(max_examples=400)
def test_round_trip_keeps_value_and_type(value):
    restored = through_json(value)
    assert restored == value
    assert types_of(restored) == types_of(value)
    assert hash(restored) == hash(value)
    if isinstance(value, pd.Timestamp | pd.Timedelta):
        assert restored.unit == value.unit
    if isinstance(value, pd.Timestamp):
        assert str(restored.tz) == str(value.tz)


@pytest.mark.parametrize(
    "value",
    ["\ud83d\ude00", "\ud800", "\0", "😀", "שלום", "", "NaN", "a\\u0041"],
    ids=ascii,
)
def test_texts_are_kept(value):
    assert through_json(value) == value


@pytest.mark.parametrize("value", [math.nan, Decimal("NaN")])
def test_not_a_number_is_kept(value):
    restored = through_json(value)
    assert type(restored) is type(value)
    assert math.isnan(restored)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_infinities_are_no_bare_json_numbers(value):
    assert to_json_scalar(value) == {"type": "float", "value": repr(value)}
    assert through_json(value) == value


@pytest.mark.parametrize("value", [pd.NaT, pd.NA])
def test_pandas_missing_values_are_kept(value):
    assert through_json(value) is value


def test_minus_zero_is_kept():
    assert math.copysign(1, through_json(-0.0)) == -1


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("a", "a"),
        (2**64 - 1, 2**64 - 1),
        (2**64, {"type": "int", "value": "0x10000000000000000"}),
        ("\ud800", {"type": "str", "value": "7aCA"}),
        (b"\x00a", {"type": "bytes", "value": "AGE="}),
        (Decimal("1.50"), {"type": "decimal", "value": "1.50"}),
        (("a", 1), {"type": "tuple", "value": ["a", 1]}),
        (
            pd.Timestamp("2024-02-29 01:00", tz="Europe/Paris").as_unit("s"),
            {"type": "timestamp", "value": ["2024-02-29T00:00:00", "s", "Europe/Paris"]},
        ),
        (datetime.date(1, 1, 1), {"type": "date", "value": "0001-01-01"}),
    ],
    ids=ascii,
)
def test_the_json_form_is_stable(value, state):
    assert to_json_scalar(value) == state


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.int8(-3), -3),
        (np.uint64(2**64 - 1), 2**64 - 1),
        (np.float32(0.5), 0.5),
        (np.float16(0.5), 0.5),
        (np.longdouble(0.5), 0.5),
        (np.bool_(True), True),
        (np.str_("a"), "a"),
        (np.bytes_(b"a"), b"a"),
        (np.datetime64("2024-01", "M"), pd.Timestamp("2024-01-01")),
        (np.datetime64(5, "us"), pd.Timestamp("1970-01-01 00:00:00.000005")),
        (np.timedelta64(3, "h"), pd.Timedelta("3h")),
        ("a", "a"),
        (None, None),
    ],
    ids=repr,
)
def test_numpy_scalars_become_those_of_python_and_pandas(value, expected):
    plain = to_python_scalar(value)
    assert plain == expected
    assert type(plain) is type(expected)
    assert through_json(value) == expected


def test_numpy_not_a_time_becomes_that_of_pandas():
    assert to_python_scalar(np.datetime64("NaT")) is pd.NaT


def test_a_numpy_date_outside_of_pandas_range_is_refused():
    with pytest.raises(DataError, match="is outside of the range of pandas's dates"):
        to_python_scalar(np.datetime64(2**62, "Y"))


class Text(str):
    """A subclass, whose type could not be kept."""

    __slots__ = ()


@pytest.mark.parametrize(
    "value",
    [[1], {}, {1}, 1j, np.complex64(1), object(), Fraction(1, 2), Text("a"), range(3)],
    ids=lambda value: type(value).__name__,
)
def test_other_types_are_refused(value):
    with pytest.raises(DataError) as caught:
        to_json_scalar(value)
    plain = to_python_scalar(value)
    assert str(caught.value) == (
        f"Value {plain!r:.80} of type {type(plain).__name__} can't be kept as a single value; "
        "use text, a number, a date or another plain value"
    )
    assert not is_scalar(value)
    assert not is_scalar(("a", (value,)))


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (Decimal("sNaN"), "a signalling NaN can't be hashed"),
        (
            datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=1))),
            "date value out of range",
        ),
        (
            datetime.time(1, tzinfo=zoneinfo.ZoneInfo("Europe/Paris")),
            "its time zone has no offset without a date",
        ),
    ],
)
def test_values_that_can_not_be_kept_are_refused(value, reason):
    with pytest.raises(DataError) as caught:
        to_json_scalar(value)
    assert str(caught.value) == f"Value {value!r} can't be kept: {reason}"


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (
            [1],
            "[1] does not describe a single value; it must be a JSON string, number, true, false, "
            "null or an object with just 'type' and 'value'",
        ),
        ({"type": "object", "value": 1}, "'object' is not a known type of a single value"),
        ({"type": [], "value": 1}, "[] is not a known type of a single value"),
        ({"type": "int", "value": "x"}, "'x' is not a value of type 'int'"),
        ({"type": "int", "value": 7}, "7 is not a value of type 'int'"),
        ({"type": "float", "value": None}, "None is not a value of type 'float'"),
        ({"type": "bytes", "value": "é"}, "'é' is not a value of type 'bytes'"),
        ({"type": "bytes", "value": "A"}, "'A' is not a value of type 'bytes'"),
        ({"type": "str", "value": "gA=="}, "'gA==' is not a value of type 'str'"),
        ({"type": "decimal", "value": "sNaN"}, "'sNaN' is not a value of type 'decimal'"),
        ({"type": "decimal", "value": "1E999999"}, "'1E999999' is not a value of type 'decimal'"),
        ({"type": "decimal", "value": "1,5"}, "'1,5' is not a value of type 'decimal'"),
        ({"type": "uuid", "value": "1"}, "'1' is not a value of type 'uuid'"),
        ({"type": "tuple", "value": "ab"}, "'ab' is not a value of type 'tuple'"),
        ({"type": "date", "value": "2023-02-29"}, "'2023-02-29' is not a value of type 'date'"),
        ({"type": "time", "value": 5}, "5 is not a value of type 'time'"),
        ({"type": "missing", "value": "None"}, "'None' is not a value of type 'missing'"),
        (
            {"type": "timestamp", "value": ["now", "s", None]},
            "['now', 's', None] is not a value of type 'timestamp'",
        ),
        (
            {"type": "timestamp", "value": ["2024-01-01", "D", None]},
            "['2024-01-01', 'D', None] is not a value of type 'timestamp'",
        ),
        (
            {"type": "timestamp", "value": ["2024-01-01", "s", "Mars"]},
            "Time zone 'Mars' is not known on this machine; use a name such as 'Europe/Paris'",
        ),
        (
            {"type": "timedelta", "value": [-(2**63), "s"]},
            "[-9223372036854775808, 's'] is not a value of type 'timedelta'",
        ),
        (
            {"type": "duration", "value": [10**10, 0, 0]},
            "[10000000000, 0, 0] is not a value of type 'duration'",
        ),
        ({"type": "period", "value": [1, "X"]}, "[1, 'X'] is not a value of type 'period'"),
        (
            {"type": "interval", "value": [2, 1, "right"]},
            "[2, 1, 'right'] is not a value of type 'interval'",
        ),
        (
            {"type": "interval", "value": ["a", 1, "right"]},
            "['a', 1, 'right'] is not a value of type 'interval'",
        ),
    ],
)
def test_malformed_values_are_refused(state, text):
    with pytest.raises(DataError) as caught:
        from_json_scalar(state)
    assert str(caught.value) == text


def test_deep_nesting_is_refused():
    state = "leaf"
    for _ in range(100_000):
        state = {"type": "tuple", "value": [state]}
    with pytest.raises(DataError, match="A single value is nested too deeply"):
        from_json_scalar(state)


NAMES = ["str", "int", "float", "bytes", "decimal", "uuid", "tuple", "date", "time", "datetime"]
NAMES += ["duration", "timestamp", "timedelta", "period", "interval", "missing", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
PARTS = st.lists(
    JSON | st.sampled_from([*UNITS, "UTC", "M", "left", None, 0, 2**63, -(2**63), 10**30]),
    max_size=4,
)


@given(JSON | st.fixed_dictionaries({"type": st.sampled_from(NAMES), "value": JSON | PARTS}))
@settings(max_examples=500)
@pytest.mark.filterwarnings("ignore::FutureWarning")  # old names of frequencies
def test_reading_ends_in_a_hashable_value_or_our_error(state):
    with contextlib.suppress(DataError):
        hash(from_json_scalar(state))
