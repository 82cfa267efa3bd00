import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan.table.dates import read_dates, write_dates

FIXED = ["%Y-%m-%d", "%d.%m.%Y %H:%M:%S.%f", "%Y%m%d", "%m/%d/%Y %H:%M", "%Y", "%H:%M:%S", "%%%Y"]
OTHER = ["Y%Y m%m", "%d %B %Y", "%y%j", "%A, %d %b %Y %I:%M %p"]
DATES = st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9999, 12, 31, 23, 59, 59))


@pytest.mark.parametrize("form", FIXED + OTHER)
@given(dates=st.lists(DATES))
def test_dates_are_written_and_read_as_by_strftime(form, dates):
    texts = write_dates(np.array(dates, "M8[us]"), form)
    assert texts == [date.strftime(form) for date in dates]
    back = read_dates(texts, form).tolist()
    assert back == [datetime.datetime.strptime(text, form) for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        *("2023-02-29", "2024-02-30", "2024-04-31", "2024-00-01", "2024-13-01", "2024-01-00"),
        *("2024-1-01", "2024-01-1 ", " 2024-01-0", "0999-01-01", "20240-1-01", "2024_01_01"),
        *(
            "٢٠٢٤-٠١-٠١",
            "２０２４-01-01",
            "2024-01-01\0",
            "2024-01-01 ",
            "-024-01-01",
            "",
            "\ud800",
        ),
        *(None, 5, b"2024-01-01", datetime.date(2024, 1, 1), ("2024-01-01",)),
    ],
    ids=ascii,
)
def test_what_is_no_date_of_the_format_is_not_a_time(text):
    good = np.datetime64("2024-01-01")
    found = read_dates(["2024-01-01", text, "2024-01-01"], "%Y-%m-%d")
    assert np.isnat(found).tolist() == [False, True, False]
    assert (found[[0, 2]] == good).all()


@pytest.mark.parametrize(
    ("form", "text", "good"),
    [
        ("%H:%M", "24:00", "23:59"),
        ("%H:%M", "23:60", "00:00"),
        ("%S", "60", "59"),
        ("%d.%m.%Y", "29.02.1900", "29.02.2000"),
        ("%d %b", "29 Feb", "28 Feb"),
        ("%Y-%j", "2023-366", "2024-366"),
        ("Übung %Y", "Ubung 2024", "Übung 2024"),
    ],
)
def test_the_calendar_is_kept(form, text, good):
    assert np.isnat(read_dates([text, good], form)).tolist() == [True, False]


def test_no_texts_give_no_dates():
    for form in ("%Y", "%B"):
        assert read_dates([], form).shape == (0,)
        assert write_dates(np.empty(0, "M8[us]"), form) == []
