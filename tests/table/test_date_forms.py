import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import SchemaError
from tabgan.table.date_forms import DIRECTIVES, DateForm, Directive, register_directive


@pytest.mark.parametrize(
    ("spec", "text", "moment"),
    [
        ("%Y-%m-%d", "2024-02-29", "2024-02-29"),
        ("%-m/%-d/%Y", "7/5/2011", "2011-07-05"),
        ("%m/%d/%y", "07/05/11", "2011-07-05"),
        ("%m/%d/%y", "07/05/68", "2068-07-05"),
        ("%m/%d/%(1930)y", "07/05/29", "2029-07-05"),
        ("%m/%d/%(1930)y", "07/05/30", "1930-07-05"),
        ("%d.%m.%Y", "05.07.2011", "2011-07-05"),
        ("%d-%b-%Y", "05-Mar-2014", "2014-03-05"),
        ("%d-%^b-%y", "05-MAR-14", "2014-03-05"),
        ("%d %#b %Y", "05 mar 2014", "2014-03-05"),
        ("%B %-d, %Y", "March 5, 2014", "2014-03-05"),
        ("%A, %B %-d, %Y", "Wednesday, March 5, 2014", "2014-03-05"),
        ("%-m/%-d/%Y %-I:%M:%S %p", "7/5/2011 4:20:33 PM", "2011-07-05T16:20:33"),
        ("%I:%M %P", "12:05 am", "1900-01-01T00:05"),
        ("%I:%M %p", "12:05 PM", "1900-01-01T12:05"),
        ("[%d/%b/%Y:%H:%M:%S +0000]", "[05/Jul/2011:16:20:33 +0000]", "2011-07-05T16:20:33"),
        ("%Y-%m-%d %H:%M:%S.%3f", "2020-03-25 21:14:29.353", "2020-03-25T21:14:29.353"),
        ("%Y-%m-%dT%H:%M:%S.%fZ", "2020-03-25T21:14:29.353001Z", "2020-03-25T21:14:29.353001"),
        ("%H:%M:%S.%-f", "21:14:29.35", "1900-01-01T21:14:29.35"),
        ("%Y-%m-%d %H:%M:%S UTC", "2020-03-25 21:14:29 UTC", "2020-03-25T21:14:29"),
        ("%b-%y", "Mar-14", "2014-03-01"),
        ("%-H:%M", "7:45", "1900-01-01T07:45"),
        ("%[HM]", "5", "1900-01-01T00:05"),
        ("%[HM]", "1730", "1900-01-01T17:30"),
        ("%s", "1309882833", "2011-07-05T16:20:33"),
        ("%s%3f", "1309882833123", "2011-07-05T16:20:33.123"),
        ("%Y%m%d", "20110705", "2011-07-05"),
        ("%G-W%V", "2024-W05", "2024-01-29"),
        ("%G-W%V-%u", "2020-W53-7", "2021-01-03"),
        ("%Y-Q%q", "2024-Q3", "2024-07-01"),
        ("Q%q %Y", "Q3 2024", "2024-07-01"),
        ("%Y.%j", "2024.366", "2024-12-31"),
        ("100%% %Y", "100% 2024", "2024-01-01"),
    ],
)
def test_dates(spec, text, moment):
    form = DateForm(spec)
    moments, ok = form.parse([text, "", text + "x", "x" + text])
    assert ok.tolist() == [True, False, False, False]
    assert moments[0] == np.datetime64(moment)
    assert np.isnat(moments[1:]).all()
    assert form.write(moments[:1]) == [text]
    assert form.kind == "datetime"


@pytest.mark.parametrize(
    ("spec", "text", "seconds"),
    [
        ("%[h]:%M:%S", "125:03:09", 450189),
        ("%[hh]:%M:%S", "05:03:09", 18189),
        ("%[m]:%S", "75:10", 4510),
        ("%[d] days %H:%M:%S", "1 days 02:03:04", 93784),
        ("%[s].%3f", "12.500", 12.5),
    ],
)
def test_durations(spec, text, seconds):
    form = DateForm(spec)
    moments, ok = form.parse([text, "x"])
    assert ok.tolist() == [True, False]
    assert moments.dtype == "m8[us]"
    assert moments[0] / np.timedelta64(1, "s") == seconds
    assert form.write(moments[:1]) == [text]
    assert form.kind == "timedelta"


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("%Y-%m-%d", "2023-02-29"),
        ("%-m/%-d/%Y", "02/5/2011"),
        ("%-m/%-d/%Y", "13/5/2011"),
        ("%-m/%-d/%Y", "2/30/2011"),
        ("%-m/%-d/%Y", "0/5/2011"),
        ("%-m/%-d/%Y %-H:%M", "61/72/3080 59:47"),
        ("%-H:%M", "24:00"),
        ("%-H:%M", "7:60"),
        ("%I:%M %p", "00:30 AM"),
        ("%I:%M %p", "13:30 PM"),
        ("%[HM]", "1260"),
        ("%[HM]", "2400"),
        ("%[HM]", "0945"),
        ("%[h]:%M:%S", "1:60:00"),
        ("%[h]:%M:%S", "01:30:00"),
        ("%a %d %b %Y", "Mon 05 Mar 2014"),  # a Wednesday
        ("%G-W%V", "2023-W53"),
        ("%G-W%V", "2024-W00"),
        ("%Y-Q%q", "2024-Q5"),
        ("%Y.%j", "2023.366"),
        ("%s", "01309882833"),
        ("%H:%M:%S.%-f", "21:14:29.350"),
        ("%d-%b-%Y", "05-mar-2014"),
        ("%-d.%-m.%Y", "٣.3.2014"),
        ("%H:%M%z", "10:00-0000"),
        ("%H:%M%:::z", "10:00+02:00"),
    ],
)
def test_impossible_dates_and_texts_that_would_not_go_back(spec, text):
    assert not DateForm(spec).parse([text])[1].any()


def test_offsets_stand_beside_the_wall_clock():
    form = DateForm("%Y-%m-%dT%H:%M%:z")
    texts = ["2020-03-25T21:14+01:00", "2020-06-25T21:14-07:30", "2020-06-25T21:14+00:00"]
    moments, ok, offsets = form.parse_with_offsets(texts)
    assert ok.all()
    assert offsets.tolist() == [60, -450, 0]
    assert moments[1] == np.datetime64("2020-06-25T21:14")
    assert form.write(moments, offsets) == texts
    assert form.with_offset(-450).spec == "%Y-%m-%dT%H:%M-07:30"
    assert form.with_offset(-450).parse(texts)[1].tolist() == [False, True, False]
    assert DateForm("%H:%M%:::z").parse_with_offsets(["10:00+02", "10:00+05:30"])[2].tolist() == [
        120,
        330,
    ]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("", "is not a form of dates"),
        ("today", "is not a form of dates"),
        ("%Y %Y", "none for the same thing twice"),
        ("%m %b", "none for the same thing twice"),
        ("%Y-%Q", "has the unknown directive %Q"),
    ],
)
def test_what_is_no_form_of_dates(spec, message):
    with pytest.raises(SchemaError, match=message):
        DateForm(spec)


def test_the_unit_is_that_of_the_finest_directive():
    units = {spec: DateForm(spec).unit for spec in ("%Y", "%b-%y", "%Y-%m-%d", "%-H:%M", "%s%3f")}
    assert [*units.values()] == ["Y", "M", "D", "m", "ms"]


DAYS = ("%Y-%m-%d", "%-m/%-d/%Y", "%d.%m.%Y", "%d-%b-%Y", "%B %-d, %Y", "%a %d %^B %Y", "%Y%m%d")
TIMES = ("", " %H:%M", " %-H:%M:%S", "T%H:%M:%S.%3f", " %-I:%M %p", " %H:%M:%S.%-f", "T%H%M%SZ")


@given(
    st.sampled_from(DAYS),
    st.sampled_from(TIMES),
    st.lists(
        st.datetimes(datetime.datetime(1000, 1, 1), datetime.datetime(9999, 12, 31)),
        min_size=1,
        max_size=20,
    ),
)
@settings(max_examples=300, deadline=None)
def test_what_a_form_writes_it_reads(day, time, dates):
    form = DateForm(day + time)
    texts = form.write(np.array(dates, "M8[us]"))
    moments, ok = form.parse(texts)
    assert ok.all()
    assert form.write(moments) == texts
    whole = [date.replace(microsecond=date.microsecond // 1000 * 1000) for date in dates]
    if "%3f" in form.spec:
        assert moments.tolist() == whole
    assert [moment.date() for moment in moments.tolist()] == [date.date() for date in dates]


@given(
    st.sampled_from(["%-m/%-d/%Y", "%d-%b-%y", "%-I:%M %p", "%G-W%V", "%[HM]", "%[h]:%M", "%s"]),
    st.lists(st.text("0123456789/-:W APMarJu", max_size=12), max_size=20),
)
@settings(max_examples=200, deadline=None)
def test_no_text_is_read_that_does_not_go_back(spec, texts):
    form = DateForm(spec)
    moments, ok = form.parse(texts)
    assert form.write(moments[ok]) == [text for text, fits in zip(texts, ok, strict=True) if fits]


@given(st.dates(datetime.date(1000, 1, 1), datetime.date(9998, 12, 31)))
@settings(max_examples=200, deadline=None)
def test_fields_are_those_of_the_standard_library(date):
    for spec in ("%Y %j", "%G %V %u", "%a %d %b %Y", "%A %m/%d/%Y"):
        form = DateForm(spec)
        assert form.write(np.array([date], "M8[us]")) == [date.strftime(spec)]
        assert form.parse([date.strftime(spec)])[0].tolist()[0].date() == date


def test_third_parties_add_directives(monkeypatch):
    monkeypatch.setattr("tabgan.table.date_forms.DIRECTIVES", dict(DIRECTIVES))
    months = ["janvier", "février", "mars"]
    french = Directive(
        "m",
        "M",
        f"(?:{'|'.join(months)})",
        lambda text: months.index(text) + 1,
        lambda values: [months[value - 1] for value in values.tolist()],
    )
    register_directive("%[mois]", french)
    moments, ok = DateForm("%-d %[mois] %Y").parse(["5 mars 2014", "5 mai 2014"])
    assert ok.tolist() == [True, False]
    assert moments[0] == np.datetime64("2014-03-05")
