import datetime
import re
import zoneinfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError, SchemaError
from tabgan.table.columns import numbers_of, numbers_to_series
from tabgan.table.dates import unit_of
from tabgan.table.schema import Column

quick = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNITS = ("s", "ms", "us", "ns")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
# Ticks that lie within the years 1 to 9999, and those of nanoseconds within theirs.
TICKS = {"s": 6e10, "ms": 6e13, "us": 6e16, "ns": 9e18}
YEARS = [datetime.date(1, 1, 1), datetime.date(1970, 1, 1), datetime.date(9999, 12, 31)]


def series(values, dtype=None):
    return pd.Series(values, dtype=dtype, name="x")


def moments(unit, letter="M"):
    most = int(TICKS[unit])
    ticks = st.lists(st.integers(-most, most) | st.none(), min_size=1)
    nat = np.iinfo(np.int64).min
    return ticks.map(
        lambda given: np.array([nat if t is None else t for t in given]).view(f"{letter}8[{unit}]")
    )


def write(ticks, column):
    values = np.asarray(ticks)
    special = np.full(len(values), None, object)
    return numbers_to_series(values, special, column, np.ones(len(values), bool))


@pytest.mark.parametrize("unit", UNITS)
@given(data=st.data())
@quick
def test_dates_are_exact_in_every_unit(unit, data, column_of, check_numbers):
    drawn = series(data.draw(moments(unit)))
    numbers = check_numbers(drawn, column_of(drawn, "datetime"))
    assert numbers.values[numbers.present].tolist() == drawn.dropna().astype("int64").tolist()
    for dtype in (f"timestamp[{unit}][pyarrow]", "Sparse"):
        other = drawn.astype(dtype if dtype != "Sparse" else pd.SparseDtype(drawn.dtype))
        again = check_numbers(other, column_of(other, "datetime"))
        assert (again.values == numbers.values).all()


@pytest.mark.parametrize("unit", UNITS)
@given(data=st.data())
@quick
def test_durations_are_exact_in_every_unit(unit, data, column_of, check_numbers):
    drawn = series(data.draw(moments(unit, "m")))
    numbers = check_numbers(drawn, column_of(drawn, "timedelta"))
    assert numbers.values[numbers.present].tolist() == drawn.dropna().astype("int64").tolist()
    arrow = drawn.astype(f"duration[{unit}][pyarrow]")
    check_numbers(arrow, column_of(arrow, "timedelta"))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", BERLIN, "+05:30"], ids=str)
def test_dates_with_a_zone_are_wall_clock_time(unit, zone, column_of, check_numbers):
    midnights = np.array(["2024-03-30", "2024-03-31", "2024-04-01", "NaT"], f"M8[{unit}]")
    drawn = series(midnights).dt.tz_localize(zone)
    numbers = check_numbers(drawn, column_of(drawn, "datetime"))
    assert numbers.values.tolist() == [*midnights[:3].astype(np.int64).tolist(), 0]
    if not isinstance(zone, zoneinfo.ZoneInfo):  # Arrow knows names only
        pa = pytest.importorskip("pyarrow")
        arrow = drawn.astype(pd.ArrowDtype(pa.timestamp(unit, zone)))
        again = check_numbers(arrow, column_of(arrow, "datetime"))
        assert (again.values == numbers.values).all()


@given(drawn=st.lists(st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2200, 1, 1))))
@quick
def test_any_moment_of_a_zone_is_exact_but_for_the_hour_that_comes_twice(
    drawn, column_of, check_numbers
):
    times = pd.DatetimeIndex(np.array(drawn, "M8[us]")).tz_localize("UTC").tz_convert(BERLIN)
    first = times.tz_localize(None).tz_localize(
        BERLIN, ambiguous=np.ones(len(times), bool), nonexistent="shift_forward"
    )
    kept = series(times[first == times])
    check_numbers(kept, column_of(kept, "datetime"))


def test_of_an_hour_that_comes_twice_the_first_is_taken():
    column = Column("x", "datetime", "datetime64[s, Europe/Berlin]")
    ticks = np.array(["2024-10-27T02:30", "2024-03-31T02:30"], "M8[s]").astype(np.int64)
    twice, left_out = write(ticks, column)
    assert str(twice) == "2024-10-27 02:30:00+02:00"
    assert str(left_out) == "2024-03-31 03:00:00+02:00"


def test_the_range_holds_where_an_hour_comes_twice():
    second = pd.Timestamp("2024-10-27 01:10", tz="UTC").tz_convert("Europe/Berlin").as_unit("s")
    column = Column("x", "datetime", "datetime64[s, Europe/Berlin]", minimum=second, maximum=second)
    ticks = np.array(["2024-10-27T02:10", "2024-10-27T03:00", "1900-01-01"], "M8[s]")
    assert (write(ticks.astype(np.int64), column) == second).all()


@pytest.mark.parametrize("freq", ["D", "M", "W-WED", "Q-NOV", "Y-DEC", "5D", "h"])
def test_periods_count_in_their_own_unit(freq, column_of, check_numbers):
    drawn = series([pd.Period("2024-01-31", freq), pd.NaT, pd.Period("1969-12-31", freq)])
    assert isinstance(drawn.dtype, pd.PeriodDtype)
    column = column_of(drawn, "datetime")
    assert check_numbers(drawn, column).values.tolist() == [drawn[0].ordinal, 0, drawn[2].ordinal]
    assert unit_of(column) == "period"
    late = write([10**6], column)
    assert late[0] == drawn[0]


def test_a_range_of_periods_can_be_dates():
    column = Column("x", "datetime", "period[M]", maximum=pd.Timestamp("2024-02-15"))
    assert write([10**6], column)[0] == pd.Period("2024-02", "M")


@pytest.mark.parametrize("dtype", ["object", "date32[day][pyarrow]", "date64[ms][pyarrow]"])
@given(dates=st.lists(st.sampled_from(YEARS) | st.dates() | st.none(), min_size=1))
@quick
def test_days_stay_days(dtype, dates, column_of, check_numbers):
    drawn = series(dates, dtype)
    column = column_of(drawn, "datetime")
    numbers = check_numbers(drawn, column)
    if numbers.present.any():
        assert unit_of(column) == "D"
    days = [0 if d is None else (d - datetime.date(1970, 1, 1)).days for d in dates]
    assert numbers.values.tolist() == days


@pytest.mark.parametrize("zone", [None, datetime.UTC, BERLIN, "pytz"], ids=str)
def test_datetimes_stay_datetimes(zone, column_of, check_numbers):
    if zone == "pytz":
        pytz = pytest.importorskip("pytz")
        berlin = pytz.timezone("Europe/Berlin")
        dates = [berlin.localize(datetime.datetime(2024, month, 1, 5)) for month in (1, 7)]
    else:
        early, late = (2, 9998) if zone else (1, 9999)
        dates = [datetime.datetime(y, 6, 1, 5, 0, 0, 7, tzinfo=zone) for y in (early, late)]
    drawn = series([*dates, None], object)
    numbers = check_numbers(drawn, column_of(drawn, "datetime"))
    assert numbers.values.view("M8[us]")[0] == np.datetime64(dates[0].replace(tzinfo=None), "us")


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
def test_timestamps_stay_timestamps(zone, column_of, check_numbers):
    fine = pd.Timestamp("2024-01-01 00:00:00.123456789", tz=zone)
    drawn = series([fine, pd.NaT, pd.Timestamp("2023-07-01", tz=zone), "never"], object)
    column = column_of(drawn, "datetime", [drawn[0], drawn[2]])
    assert unit_of(column) == "ns"
    numbers = check_numbers(drawn, column)
    assert numbers.special.tolist() == [None, None, None, "never"]


def test_timestamps_out_of_the_range_of_nanoseconds_are_kept(column_of, check_numbers):
    drawn = series([pd.Timestamp("0001-01-01"), pd.Timestamp("9999-12-31 23:59:59.5")], object)
    column = column_of(drawn, "datetime")
    assert unit_of(column) == "us"
    check_numbers(drawn, column)


@pytest.mark.parametrize("kind", [pd.Timedelta, datetime.timedelta])
def test_objects_that_are_durations_stay_what_they_are(kind, column_of, check_numbers):
    drawn = series([kind(days=1, microseconds=7), None, kind(days=-3)], object)
    check_numbers(drawn, column_of(drawn, "timedelta"))


TEXTS = {
    "%Y-%m-%d": (["2024-02-29", "9999-12-31", "1000-01-01", "2023-02-29", "?", None], "D"),
    "%d/%m/%Y %H:%M": (["01/02/2024 03:04", "31/12/1999 23:59"], "m"),
    "%Y-%m-%dT%H:%M:%S.%fZ": (["2024-02-29T23:59:59.000001Z"], "us"),
    "%H:%M": (["00:01", "23:59", "24:00"], "m"),
    "%Y-%m": (["2024-02", "1999-12"], "M"),
    "%d %b %Y": (["29 Feb 2024", "1 Feb 2024"], "D"),
    "%I:%M %p": (["01:30 PM", "01:30 AM", "13:30 PM"], "m"),
}


@pytest.mark.parametrize("form", TEXTS)
@pytest.mark.parametrize("dtype", ["object", "string[python]", "string[pyarrow]"])
def test_dates_that_are_text_are_written_as_they_were(form, dtype, column_of, check_numbers):
    texts, unit = TEXTS[form]
    drawn = series(texts, dtype)
    column = column_of(drawn, "datetime", [], format=form)
    assert unit_of(column) == unit
    check_numbers(drawn, column)


def test_a_range_holds_for_dates_that_are_text():
    column = Column(
        "x",
        "datetime",
        "object",
        minimum=datetime.datetime(2024, 1, 1),
        maximum=pd.Timestamp("2024-02-29"),
        format="%d.%m.%Y",
    )
    assert write([-(10**9), 10**9, 19_750.4], column).tolist() == [
        "01.01.2024",
        "29.02.2024",
        "28.01.2024",
    ]


def test_floats_are_rounded_to_ticks():
    column = Column("x", "timedelta", "timedelta64[s]", minimum=pd.Timedelta(0))
    assert write([-5.0, 2.6], column).tolist() == [pd.Timedelta(0), pd.Timedelta("3s")]


@pytest.mark.parametrize(
    ("dates", "zones"),
    [
        (["2024-01-01T00:00+01:00", "2024-07-01T00:00+02:00"], "UTC+01:00 and UTC+02:00"),
        (["2024-01-01T00:00+01:00", "2024-07-01T00:00"], "UTC+01:00 and no time zone"),
    ],
)
def test_mixed_zones_are_refused(dates, zones):
    drawn = series([datetime.datetime.fromisoformat(date) for date in dates], object)
    with pytest.raises(DataError) as caught:
        numbers_of(drawn, Column("x", "datetime", "object"))
    assert str(caught.value) == (
        f"Column 'x' mixes time zones ({zones}); convert it to one with "
        "pandas.to_datetime(column, utc=True)"
    )


def test_values_in_another_zone_or_unit_are_converted():
    column = Column("x", "datetime", "datetime64[us, America/New_York]")
    drawn = series(np.array(["2024-01-01T05:00"], "M8[s]")).dt.tz_localize("UTC")
    assert numbers_of(drawn, column).values.view("M8[us]")[0] == np.datetime64("2024-01-01")


def test_values_out_of_the_range_of_the_unit_are_refused():
    drawn = series(np.array(["9999-01-01"], "M8[s]"))
    with pytest.raises(DataError, match="Column 'x': a value is outside of the range of its dtype"):
        numbers_of(drawn, Column("x", "datetime", "datetime64[ns]"))


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        ("datetime", "int64"),
        ("datetime", "timedelta64[ns]"),
        ("datetime", "string[python]"),
        ("timedelta", "datetime64[ns]"),
        ("timedelta", "period[M]"),
    ],
)
def test_a_kind_that_does_not_go_with_the_dtype_is_refused(kind, dtype):
    with pytest.raises(SchemaError) as caught:
        unit_of(Column("x", kind, dtype))
    shown = "string" if "string" in dtype else dtype
    assert str(caught.value) == (
        f"Column 'x': kind={kind!r} does not go with the dtype {shown}; choose another kind, or "
        "give the strftime format of a date that is kept as text"
    )


@pytest.mark.parametrize("form", ["", "%Q", "%Y %Z", "%999999d", "plain", "%Y%", "%Y %Y"])
def test_a_format_that_is_none_of_dates_is_refused(form):
    with pytest.raises(SchemaError) as caught:
        unit_of(Column("x", "datetime", "object", format=form))
    message = str(caught.value)
    assert message.startswith(f"Column 'x': format={form!r} ")
    assert re.search("is not a form of dates; it must|unknown directive %.?; use those of", message)


@pytest.mark.parametrize(
    ("kind", "dtype", "bound", "what"),
    [
        ("datetime", "datetime64[ns]", 5, "a date"),
        ("datetime", "datetime64[ns]", "2024-01-01", "a date"),
        ("timedelta", "timedelta64[ns]", pd.Timestamp("2024-01-01"), "a duration"),
    ],
)
def test_a_range_of_another_kind_is_refused(kind, dtype, bound, what):
    with pytest.raises(SchemaError) as caught:
        write([1], Column("x", kind, dtype, maximum=bound))
    assert str(caught.value) == (
        f"Column 'x': maximum={bound!r} does not go with kind={kind!r}; it must be {what}"
    )
