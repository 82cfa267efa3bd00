import datetime
import zoneinfo

import dateutil.tz
import pandas as pd
import pytest

from tabgan.base.errors import DataError
from tabgan.table.scalars import describe_zone, restore_zone

pytz = pytest.importorskip("pytz")
PLAIN = pd.DatetimeTZDtype("ns", "Europe/Paris").tz  # what this version of pandas takes
OTHER = zoneinfo.ZoneInfo("Europe/Paris")


def offset(**parts):
    return datetime.timezone(datetime.timedelta(**parts))


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        (datetime.UTC, "UTC"),
        (PLAIN, "Europe/Paris"),
        (offset(hours=5, minutes=30), "UTC+05:30"),
        (offset(hours=-3), "UTC-03:00"),
        (offset(hours=1, seconds=7), "UTC+01:00:07"),
        (pytz.timezone("Etc/GMT"), "Etc/GMT"),
        (zoneinfo.ZoneInfo("Etc/GMT"), "zoneinfo:Etc/GMT"),
        (pytz.FixedOffset(90), "pytz:UTC+01:30"),
        (pytz.FixedOffset(-90), "pytz:UTC-01:30"),
    ],
)
def test_round_trip(zone, text):
    assert describe_zone(zone) in (text, text.removeprefix("zoneinfo:"), f"pytz:{text}")
    restored = restore_zone(describe_zone(zone))
    assert restored == zone
    assert type(restored) is type(zone)


def test_a_name_that_only_zoneinfo_knows():
    zone = zoneinfo.ZoneInfo("posix/Europe/Paris")
    assert restore_zone(describe_zone(zone)) == zone


@pytest.mark.skipif(type(PLAIN) is zoneinfo.ZoneInfo, reason="pandas takes zoneinfo itself")
def test_the_implementation_is_kept():
    assert describe_zone(OTHER) == "zoneinfo:Europe/Paris"
    assert restore_zone("zoneinfo:Europe/Paris") == OTHER


@pytest.mark.parametrize("utc", [pytz.UTC, zoneinfo.ZoneInfo("UTC"), dateutil.tz.tzutc()])
def test_there_is_but_one_utc(utc):
    assert describe_zone(utc) == "UTC"


def test_a_localised_zone_of_pytz_is_the_zone():
    summer = pytz.timezone("Europe/Paris").localize(datetime.datetime(2024, 7, 1)).tzinfo
    assert restore_zone(describe_zone(summer)) == pytz.timezone("Europe/Paris")


def test_a_zone_without_a_name_is_refused():
    zone = dateutil.tz.gettz("Europe/Paris")
    with pytest.raises(DataError) as caught:
        describe_zone(zone)
    assert str(caught.value) == (
        f"Time zone {zone!r} has no name that another machine knows; convert to a named zone, "
        'for example with .dt.tz_convert("UTC")'
    )


@pytest.mark.parametrize(
    "text",
    [
        "Mars/Olympus",
        "../../etc/passwd",
        "/etc/passwd",
        "Europe",
        "pytz:Mars",
        "pytz:UTC+99:00",
        "UTC+24:00",
        "dateutil:Europe/Paris",
        "UTC+1",
        " ",
        "a\0b",
        "Zürich",
    ],
)
def test_unknown_zones_are_refused(text):
    with pytest.raises(DataError) as caught:
        restore_zone(text)
    assert str(caught.value) == (
        f"Time zone {text!r} is not known on this machine; use a name such as 'Europe/Paris'"
    )


@pytest.mark.parametrize("text", [None, 3, "", [], {}])
def test_what_is_no_text_of_a_zone_is_refused(text):
    with pytest.raises(DataError) as caught:
        restore_zone(text)
    assert str(caught.value) == f"{text!r} is not a time zone; use a name such as 'Europe/Paris'"
