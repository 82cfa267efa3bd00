import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan.inference.date_recognition import (
    DATE_RECOGNIZERS,
    DateRecognizer,
    recognize_dates,
    register_date_recognizer,
)
from tabgan.table.date_forms import DateForm

CASES = os.environ.get("TABGAN_CASES")
needs_cases = pytest.mark.skipif(not CASES, reason="TABGAN_CASES does not name the made-up tables")


def spec_of(texts, name=None):
    reading = recognize_dates(Counter(texts), name)
    return None if reading is None else reading.form.spec


def many(spec, count=60, seed=0):
    """Write random moments of 2009 to 2023 in a form."""
    rng = np.random.default_rng(seed)
    low, high = (np.array(end, "M8[us]").astype(np.int64) for end in ("2009", "2024"))
    return DateForm(spec).write(rng.integers(low, high, count).astype("M8[us]"))


@pytest.mark.parametrize(
    ("texts", "spec"),
    [
        (["7/5/2011", "5/20/2016"], "%-m/%-d/%Y"),
        (["20/5/2016", "7/5/2011"], "%-d/%-m/%Y"),
        (["05.03.2014", "17.03.2014"], "%d.%m.%Y"),
        (["5.3.14", "17.3.14", "1.12.13"], "%-d.%-m.%y"),
        (["05-Mar-2014", "17-Apr-2015"], "%d-%b-%Y"),
        (["05-MAR-14", "17-APR-14"], "%d-%^b-%y"),
        (["March 5, 2014", "May 17, 2014"], "%B %-d, %Y"),
        (["Mar 5, 2014", "May 17, 2014"], "%b %-d, %Y"),
        (["5 March 2014", "17 May 2014"], "%-d %B %Y"),
        (["Friday, March 5, 2021"], "%A, %B %-d, %Y"),
        (["March 3rd, 2021", "May 11th, 2022", "June 1st, 2020"], "%B %o, %Y"),
        (["3rd May 2021", "22nd June 2020"], "%o %B %Y"),
        (["5. März 2014", "17. Oktober 2015"], "%-d. %[B_de] %Y"),
        (["05.MÄR.2014", "17.OKT.2015"], "%d.%[^b_de].%Y"),
        (["lundi 3 mai 2021", "samedi 5 juin 2021"], "%[#A_fr] %-d %[#B_fr] %Y"),
        (["5 de marzo de 2014", "17 de enero de 2015"], "%-d de %[#B_es] de %Y"),
        (["maart 2014", "mei 2015"], "%[#B_nl] %Y"),
        (["2014年3月5日", "2013年12月17日"], "%Y年%-m月%-d日"),
        (["05.03.2014 17:30 Uhr", "17.12.2013 09:05 Uhr"], "%d.%m.%Y %H:%M Uhr"),
        ([*["3 janv. 2015", "5 mai 2016", "9 août 2014", "1 juil. 2015"]], "%-d %[#h_fr] %Y"),
        (["Sept 5, 2014", "June 17, 2014", "Jan 2, 2015", "May 3, 2015"], "%[k_en] %-d, %Y"),
        (["05. März 2014", "17. Juli 2015", "02. Dez. 2015"], "%d. %[h_de] %Y"),
        (["5. Sep. 2014", "17. Juli 2015", "2. Dez. 2015"], "%-d. %[h3_de] %Y"),
        (["5 września 2014", "17 maja 2015", "2 grudnia 2015"], "%-d %[#B_pl] %Y"),
        (["5 сентября 2014 г.", "17 мая 2015 г."], "%-d %[#B_ru] %Y г."),
        ([f"{at % 13 + 7}h{at * 7 % 60:02}" for at in range(40)], "%-Hh%M"),
        ([f"{at % 13 + 7:02}.{at * 7 % 60:02}" for at in range(40)], "%H.%M"),
        (["7:45 a.m.", "12:05 p.m.", "10:30 a.m."], "%-I:%M %[am]"),
        (["2014-03-05 07", "2015-12-17 23"], "%Y-%m-%d %H"),
        (["KW 05/2015", "KW 41/2016"], "KW %V/%G"),
        (["1. Quartal 2015", "3. Quartal 2016"], "%q. Quartal %Y"),
        (["1Q15", "3Q16", "4Q15"], "%qQ%y"),
        (["3d 04:12", "11d 20:05", "0d 01:30"], "%[d]d %H:%M"),
        (["2 days, 4:12:00", "5 days, 20:05:10"], "%[d] days, %-H:%M:%S"),
        (["1h 05m", "12h 30m", "3h 00m"], "%[h]h %Mm"),
        (["1 h 5 min", "12 h 30 min"], "%[h] h %-M min"),
        (["PT1H5M", "PT12H30M"], "PT%[h]H%-MM"),
        (["2d 3h", "11d 20h"], "%[d]d %-Hh"),
        (["Wed Mar 05 16:20:33 +0000 2014"], "%a %b %d %H:%M:%S +0000 %Y"),
        (["07/05/2011 04:20:33 PM", "05/20/2016 04:41:48 AM"], "%m/%d/%Y %I:%M:%S %p"),
        (["[05/Jul/2011:16:20:33 +0000]"], "[%d/%b/%Y:%H:%M:%S +0000]"),
        (["2020-03-25T21:14:29.353Z"], "%Y-%m-%dT%H:%M:%S.%3fZ"),
        (["2020-03-25 21:14:29,353"], "%Y-%m-%d %H:%M:%S,%3f"),
        (["2020-03-25 21:14:29 UTC"], "%Y-%m-%d %H:%M:%S UTC"),
        (["2020-03-25 21:14:29+00"], "%Y-%m-%d %H:%M:%S+00"),
        (["20110705T162033Z"], "%Y%m%dT%H%M%SZ"),
        (["Mar-14", "Apr-15", "Jan-13"], "%b-%y"),
        (["Mar 2014", "Apr 2015"], "%b %Y"),
        (["5-Mar", "17-Apr"], "%-d-%b"),
        (["03/2014", "12/2013"], "%m/%Y"),
        (["2014-03", "2013-12"], "%Y-%m"),
        (["7:45", "16:05", "0:30"], "%-H:%M"),
        (["07:45", "16:05"], "%H:%M"),
        (["7:45 AM", "12:05 PM"], "%-I:%M %p"),
        (["5 pm", "11 am"], "%-I %P"),
        (["25:03:10", "1:02:03", "120:00:00"], "%[h]:%M:%S"),
        (["3:45:10", "2:59:59", "4:10:00"], "%[h]:%M:%S"),
        (["1 days 02:03:04", "2 days 02:03:04"], "%[d] days %H:%M:%S"),
        (["3:45", "75:10", "9:59"], "%[m]:%S"),
        (["03:45", "75:10", "12:59"], "%[mm]:%S"),
        (["2024-W05", "2023-W52"], "%G-W%V"),
        (["2024-W05-1", "2023-W52-7"], "%G-W%V-%u"),
        (["2024-Q3", "2023-Q1"], "%Y-Q%q"),
        (["Q3 2024", "Q1 2023"], "Q%q %Y"),
        (["2024Q3", "2023Q1"], "%YQ%q"),
        (["20110705", "20160520", "20190704", "20181231", "20180726"], "%Y%m%d"),
        (many("%d%m%Y"), "%d%m%Y"),
        (many("%Y%m%d%H%M%S"), "%Y%m%d%H%M%S"),
        (many("%Y%m"), "%Y%m"),
        (many("%y%m%d"), "%y%m%d"),
        (many("%s"), "%s"),
        (many("%s%3f"), "%s%3f"),
        (many("%[HM]"), "%[HM]"),
        (many("%H%M"), "%H%M"),
    ],
)
def test_the_form_of_a_column(texts, spec):
    reading = recognize_dates(Counter(texts))
    assert reading is not None
    assert reading.form.spec == spec
    moments, index = reading.parse(texts)
    assert (index == 0).all()
    assert reading.form.write(moments) == list(texts)


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["N/A", "?"],
        ["1998", "2003", "2011"],
        ["1998-1999", "2003-2004"],
        ["2011-12", "2012-13", "2000-01"],
        ["1.2.3", "10.2.1"],
        ["192.168.0.1", "10.0.0.12"],
        ["160/75", "101/82"],
        ["20-29", "30-39"],
        ["4-884-82051-2", "5-465-35118-4"],
        ["555-123-4567"],
        ["123-45-6789"],
        ["2.71", "1.27", "4.04", "11.19"],
        ["3.1415", "7.2010", "12.9999"],
        ["1,234", "12,05"],
        ["08:00-12:00", "13:00-17:00"],
        ["7:45 a.m. to 7:49 a.m.", "8:00 a.m. to 8:14 a.m."],
        ["3:2", "1:0"],
        ["May", "June"],
        ["Monday", "Tuesday"],
        ["March madness 2014"],
        ["53/93/4949 41:97", "3/1/2240 46:07"],
        ["01234", "90210"],
        [str(n) for n in range(30)],
        [str(n * 37) for n in range(60)],  # minutes above 59
        [str(n) for n in range(10**9, 2 * 10**9, 10**7)],  # up to 2033
        [str(n) for n in range(10_000_000, 99_999_999, 1_234_567)],
        [str(n) for n in range(100_000, 999_999, 12_345)],
        [f"{at % 13 + 7:02}.{at * 7 % 100:02}" for at in range(40)],
    ],
)
def test_what_is_not_taken_for_dates(texts):
    assert recognize_dates(Counter(texts)) is None


def test_names_are_evidence_where_digits_are_not():
    few = ["1309882833", "1463719308"]
    assert spec_of(few) is None
    assert spec_of(few, "created_at") == "%s"
    assert spec_of(few, ("x", "created_at")) == "%s"
    times = ["900", "930", "1200", "1230", "1730", "800", "615", "2200"]
    assert spec_of(times) is None
    assert spec_of(times, "dep_time") == "%[HM]"
    assert spec_of(["03:45", "05:10", "22:20"]) == "%H:%M"
    assert spec_of(["03:45", "05:10", "22:20"], "duration") == "%[mm]:%S"


def test_day_and_month_are_told_by_the_column_as_a_whole():
    assert spec_of(["01/02/2020", "03/04/2020", "13/04/2020"]) == "%d/%m/%Y"
    assert spec_of(["01/02/2020", "03/04/2020", "04/13/2020"]) == "%m/%d/%Y"
    reading = recognize_dates(Counter(["01/02/2020", "03/04/2020"]))
    assert reading.form.spec == "%m/%d/%Y"
    assert reading.is_ambiguous
    assert reading.runner_up.form.spec == "%d/%m/%Y"
    assert "; %d/%m/%Y would fit as well" in reading.why
    assert spec_of(["01.02.2020", "03.04.2020"]) == "%d.%m.%Y"
    firsts = [f"01/{month:02}/2020" for month in range(1, 13)]
    assert spec_of(firsts) == "%d/%m/%Y"
    counts = Counter(many("%m/%d/%Y", 200))
    counts["25/12/2020"] = 1  # a typo, not another form
    reading = recognize_dates(counts)
    assert [form.spec for form, _ in reading.forms] == ["%m/%d/%Y"]
    assert reading.others == ("25/12/2020",)


def test_forms_are_mixed_with_their_shares():
    texts = many("%Y-%m-%d", 70) + many("%m/%d/%Y", 30, seed=1)
    reading = recognize_dates(Counter(texts))
    assert [(form.spec, share) for form, share in reading.forms] == [
        ("%Y-%m-%d", 0.7),
        ("%m/%d/%Y", 0.3),
    ]
    moments, index = reading.parse([*texts, "2019-13-32"])
    assert index.tolist() == [0] * 70 + [1] * 30 + [-1]
    assert np.isnat(moments).tolist() == [False] * 100 + [True]


@pytest.mark.parametrize("form", ["%d %b %Y - %H:%M ", "%b %d, %Y"])
def test_some_months_are_written_in_full(form):
    days = pd.date_range("1994-03-01 15:00", periods=900, freq="37h")
    texts = [
        day.strftime(form if i % 80 else form.replace("%b", "%B")) for i, day in enumerate(days)
    ]
    reading = recognize_dates(Counter(texts))
    assert reading is not None
    assert [own.form.spec for own in reading.forms] == [form, form.replace("%b", "%B")]
    assert reading.parse(texts)[1].min() >= 0


def test_offsets_are_forms_of_their_own():
    texts = ["2020-03-25T21:14:29+01:00", "2020-06-25T21:14:29+02:00", "2020-07-25T21:14:29+02:00"]
    reading = recognize_dates(Counter(texts))
    assert [form.spec[-6:] for form, _ in reading.forms] == ["+02:00", "+01:00"]
    moments, index = reading.parse(texts)
    assert index.tolist() == [1, 0, 0]
    assert moments[0] == np.datetime64("2020-03-25T21:14:29")


def test_typos_stay_texts():
    texts = many("%Y-%m-%d", 95) + [f"2019-1{n}-32" for n in range(3, 8)]
    reading = recognize_dates(Counter(texts))
    assert reading.others_share == pytest.approx(0.05)
    assert recognize_dates(Counter(texts), least_share=0.96) is None


@pytest.mark.parametrize(
    ("years", "spec"),
    [
        (range(2005, 2021), "%m/%d/%y"),
        (range(1975, 2010), "%m/%d/%y"),
        (range(1925, 2006), "%m/%d/%(1920)y"),
        (range(1940, 2000), "%m/%d/%(1940)y"),
        (range(1955, 1966), "%m/%d/%(1950)y"),
        ((2011, 2012), "%m/%d/%y"),
        ((1945, 1946), "%m/%d/%(1941)y"),
    ],
)
def test_two_digit_years_turn_where_the_range_says(years, spec):
    texts = [f"12/{day}/{year % 100:02}" for year in years for day in (13, 25)]
    reading = recognize_dates(Counter(texts))
    assert reading.form.spec == spec
    found = reading.parse(texts)[0].astype("M8[Y]").astype(int) + 1970
    assert found.tolist() == [year for year in years for _ in range(2)]


MAKERS = (
    "%Y-%m-%d",
    "%-m/%-d/%Y",
    "%m/%d/%Y",
    "%m/%d/%y",
    "%d.%m.%Y",
    "%-d.%-m.%Y",
    "%d/%m/%Y %H:%M",
    "%-m/%-d/%Y %-H:%M",
    "%m/%d/%Y %I:%M %p",
    "%d-%b-%Y",
    "%d-%b-%y",
    "%B %-d, %Y",
    "%a, %d %b %Y %H:%M:%S",
    "%Y-%m-%d %H:%M:%S",
    "%Y-%m-%d %H:%M:%S.%3f",
    "%Y-%m-%dT%H:%M:%S.%fZ",
    "[%d/%b/%Y:%H:%M:%S +0000]",
    "%Y-%m-%d %H:%M:%S UTC",
    "%b-%y",
    "%H:%M",
    "%-H:%M",
    "%[HM]",
    "%s",
    "%s%3f",
    "%Y%m%d",
    "%y%m%d",
    "%G-W%V",
    "%Y-Q%q",
)


def test_the_form_that_made_a_column_is_found_in_98_percent():
    right, total, wrong = 0, 0, []
    for spec in MAKERS:
        for seed in range(10):
            rng = np.random.default_rng(seed)
            odd = rng.choice(["N/A", "", "unknown", "TBD", "?"], rng.integers(0, 12))
            texts = many(spec, 300, seed)
            if spec not in ("%s", "%s%3f", "%[HM]"):
                texts += list(odd)
            reading = recognize_dates(Counter(texts))
            total += 1
            if reading is None or reading.form.spec != spec:
                wrong.append((spec, seed, reading and reading.form.spec))
                continue
            right += 1
            moments, index = reading.parse(texts)
            for number, (form, _) in enumerate(reading.forms):
                chosen = np.flatnonzero(index == number)
                assert form.write(moments[chosen]) == [texts[place] for place in chosen]
    assert right >= 0.98 * total, wrong


@needs_cases
@pytest.mark.parametrize(
    ("file", "specs"),
    [
        (
            "formats/common_timestamps.csv",
            {
                "js_iso": "%Y-%m-%dT%H:%M:%S.%3fZ",
                "ms": "%Y-%m-%d %H:%M:%S.%3f",
                "pg": "%Y-%m-%d %H:%M:%S+00",
                "excel_us": "%-m/%-d/%Y %-H:%M",
                "ampm": "%m/%d/%Y %I:%M %p",
                "oracle": "%d-%b-%Y",
                "y2": "%m/%d/%y",
                "dots": "%Y.%m.%d",
                "offset": "%Y-%m-%dT%H:%M:%S+02:00",
                "two_formats": "%Y-%m-%d",
                "typos5pct": "%Y-%m-%d",
            },
        ),
        (
            "formats/dates_seen_in_files.csv",
            {
                "us_date": "%-m/%-d/%Y",
                "us_datetime": "%-m/%-d/%Y %-H:%M",
                "two_digit_year": "%m/%d/%y",
                "day_mon_year": "%d-%b-%Y",
                "long_date": "%B %d, %Y",
                "am_pm": "%m/%d/%Y %I:%M:%S %p",
                "apache_log": "[%d/%b/%Y:%H:%M:%S",
                "compact": "%Y%m%d",
                "unix_seconds": "%s",
                "group": None,
            },
        ),
        ("formats/padded_numbers.csv", {"v   ": None, "x": None}),
        ("formats/decimals_all.csv", {"score": None}),
        ("kinds/taken_for_phone.csv", dict.fromkeys(("season", "ip", "population_eu", "isbn"))),
        ("kinds/blood_pressure_units.csv", dict.fromkeys(("h", "bp", "range", "size"))),
        ("judging/dates_real.csv", {"when": "%-m/%-d/%Y %H:%M"}),
        ("judging/dates_impossible.csv", {"when": None}),
    ],
)
def test_cases(file, specs):
    with (Path(CASES) / file).open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines)
    for name, spec in specs.items():
        cells = Counter(row[header.index(name)] for row in rows)
        assert (name, spec_of(cells, name)) == (name, spec)


def test_a_note_does_not_take_the_form_of_durations_away():
    texts = [*(f"{n} days 00:03:4{n}" for n in range(2, 9)), "see note"]
    reading = recognize_dates(Counter(texts))
    assert (reading.form.spec, reading.others) == ("%[d] days %H:%M:%S", ("see note",))


def test_third_parties_add_recognizers(monkeypatch):
    monkeypatch.setattr("tabgan.inference.date_recognition.DATE_RECOGNIZERS", [])
    assert recognize_dates({"2024": 1}) is None
    register_date_recognizer(DateRecognizer("years", lambda counts, name: [DateForm("%Y")]))
    assert recognize_dates({"2024": 1}).form.spec == "%Y"


def test_every_recognizer_is_named():
    assert len({recognizer.name for recognizer in DATE_RECOGNIZERS}) == len(DATE_RECOGNIZERS)


def test_the_form_with_the_fewest_others_wins():
    texts = ["01/02/2020", "03/04/2020", "13/01/2020", "soon"]
    reading = recognize_dates(dict.fromkeys(texts, 1), least_share=0.5)
    assert reading.form.spec == "%d/%m/%Y"
    assert np.isnat(reading.parse(texts)[0]).tolist() == [False, False, False, True]
    assert recognize_dates(dict.fromkeys(texts, 1), least_share=1) is None
    assert recognize_dates({}) is None


@pytest.mark.parametrize(
    ("low", "high"),
    [("%m-%d-%Y", "%-m/%-d/%Y"), ("%d/%m/%Y", "%-d-%-m-%Y"), ("%d.%m.%y", "%d-%m-%Y")],
)
def test_a_column_tells_the_order_of_day_and_month_in_all_its_forms(low, high):
    days = np.arange("2014-01-01", "2018-01-01", 5, "M8[D]")
    is_low = (days - days.astype("M8[M]")).astype(int) < 12
    lower, upper = (DateForm(spec).write(days) for spec in (low, high))
    texts = [str(text) for text in np.where(is_low, lower, upper)]
    reading = recognize_dates(Counter(texts), "day")
    moments, _ = reading.parse(texts)
    assert (moments.astype("M8[D]") == days).all()
    assert not reading.is_ambiguous


def test_numbers_of_six_digits_are_no_dates():
    rng = np.random.default_rng(0)
    assert recognize_dates(Counter(map(str, rng.integers(101_010, 991_231, 60)))) is None


@pytest.mark.parametrize(
    ("texts", "spec"),
    [
        ([f"{n // 60:02}:{n % 60:02}.{n % 97:02}" for n in range(900, 1500, 7)], "%[mm]:%S.%2f"),
        ([f"{n // 60}:{n % 60:02}.{n % 10}" for n in range(90, 500, 7)], "%[m]:%S.%1f"),
        ([f"W{n:02}/{y}" for n in range(1, 53) for y in (2019, 2021)], "W%V/%G"),
        ([f"{y}-KW{n:02}" for n in range(1, 53) for y in (2019, 2021)], "%G-KW%V"),
        ([f"{y} Week {n}" for n in range(1, 53) for y in (2019, 2021)], "%G Week %-V"),
        ([f"Q{n}'{y}" for n in range(1, 5) for y in range(15, 24)], "Q%q'%y"),
    ],
)
def test_other_weeks_quarters_and_short_durations(texts, spec):
    assert spec_of(texts) == spec


@pytest.mark.parametrize(
    ("texts", "spec"),
    [
        (["8 Οκτωβρίου 2019", "28 Ιουνίου 2021"], "%-d %[B_el] %Y"),
        (["2 मई 2020", "11 मार्च 2023", "28 मई 2021"], "%-d %[B_hi] %Y"),
        (["7 يونيو 2023", "24 فبراير 2019"], "%-d %[B_ar] %Y"),
        (["3 října 2023", "17 listopadu 2021"], "%-d %[#B_cs] %Y"),
        (["2023. július 22.", "2020. január 6."], "%Y. %[#B_hu] %-d."),
        (["Październik 2023", "Luty 2021"], "%[B1_pl] %Y"),
        (["08 Ekim 2022 Cumartesi", "14 Ağustos 2022 Pazar"], "%d %[B_tr] %Y %[A_tr]"),
        (["So, 02.07.2023 08:42 Uhr", "Di, 11.10.2022 12:49 Uhr"], "%[a_de], %d.%m.%Y %H:%M Uhr"),
        (["jue 10/08/2023", "sáb 30/10/2021", "mar 24/10/2023"], "%[#a_es] %d/%m/%Y"),
        (["2019年12月31日(火)", "2022年01月24日(月)"], "%Y年%m月%d日(%[a_ja])"),
        (["2020年5月18日 19時23分", "2021年5月5日 7時09分"], "%Y年%-m月%-d日 %-H時%M分"),
        (["2020-05-01 오전 12:23", "2022-09-13 오후 9:42"], "%Y-%m-%d %[p_ko] %-I:%M"),
        (["2020/9/9 下午 6:22", "2020/10/20 上午 8:52"], "%Y/%-m/%-d %[p_zh] %-I:%M"),
        (["ngày 8 tháng 2 năm 2022", "ngày 28 tháng 9 năm 2023"], "ngày %-d tháng %-m năm %Y"),
        (["民國111年10月29日", "民國98年2月3日"], "民國%[roc]年%-m月%-d日"),
        (["110/12/02", "98/11/24", "111/01/30"], "%[roc]/%m/%d"),
        (["110/12/02", "108/11/24", "111/01/30"], "%[roc]/%m/%d"),
        (["令和5年2月28日", "令和2年10月6日"], "令和%[reiwa]年%-m月%-d日"),
        (["4/6/2562", "19/5/2565"], "%-d/%-m/%[be]"),
        (["٢٠٢٣/٠٨/١٧", "٢٠٢١/١٢/٠٩"], "%[digits_arabic]%Y/%m/%d"),
        (["２０２３／０６／１１", "２０１９／０７／３１"], "%[digits_wide]%Y／%m／%d"),
        (["1.2.10", "1.2.11", "1.10.3", "2.0.1"], None),
    ],
)
def test_dates_in_words_digits_and_eras_of_other_languages(texts, spec):
    assert spec_of(texts) == spec
    if spec:
        moments, ok = DateForm(spec).parse(texts)
        assert DateForm(spec).write(moments[ok]) == [*np.array(texts)[ok]]
        assert ok.sum() >= 2
