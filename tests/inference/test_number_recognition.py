import csv
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan.inference.infer_schema import infer_schema
from tabgan.inference.number_recognition import (
    NUMBER_RECOGNIZERS,
    NumberRecognizer,
    recognize_numbers,
    register_number_recognizer,
)
from tabgan.table.number_forms import DecimalForm, NumberForm

CASES = os.environ.get("TABGAN_CASES")
needs_cases = pytest.mark.skipif(not CASES, reason="TABGAN_CASES does not name the made-up tables")


def spec_of(texts, **options):
    reading = recognize_numbers(Counter(texts), **options)
    return None if reading is None else reading.form.spec


@pytest.mark.parametrize(
    ("texts", "spec"),
    [
        (["1", "22", "333"], "0"),
        (["1.50", "22.25", "-3.00"], "0.00"),
        (["1.5", "22.25", "3"], "0.##"),
        (["1.0", "22.25", "3.5"], "0.0#"),
        ([".275", ".300", "1.000"], "#.000"),
        (["12,34", "5,60"], "0,00"),
        (["1.234,56", "935,87"], "#.##0,00"),
        (["1,234.56", "935.87"], "#,##0.00"),
        (["1 234,56", "935,87"], "# ##0,00"),
        (["1\u202f234", "935"], "#\u202f##0"),
        (["1'234.50", "935.00"], "#'##0.00"),
        (["1’234.50", "935.00"], "#’##0.00"),
        (["12,34,567", "1,23,456", "999"], "#,##,##0"),
        (["1,234", "56", "789,012"], "#,##0"),
        (["338.015.691", "67.000.001"], "#.##0"),
        (["$1,234.50", "-$3.00"], "$#,##0.00"),
        (["$1,234.50", "$-3.00"], "$#,##0.00;$-#,##0.00"),
        (["1,234.50", "(3.00)"], "#,##0.00;(#,##0.00)"),
        (["1234.50", "3.00-"], "0.00;0.00-"),
        (["−5", "3"], "0;−0"),
        (["1.234,50 €", "3,00 €"], "#.##0,00 €"),
        (["USD 12", "USD 5"], "USD 0"),
        (["R$ 12,50", "R$ 5,00"], "R$ 0,00"),
        (["12.5%", "3.0%"], "0.0%"),
        (["12,5 %", "3,0 %"], "0,0 %"),
        (["70 kg", "81 kg"], "0 kg"),
        (["198cm", "161cm"], "0cm"),
        (["1248 CC", "998 CC"], "0 CC"),
        ([" 36 months", " 60 months"], " 0 months"),
        (["21.5 km/h", "3.0 km/h"], "0.0 km/h"),
        (["+1.5", "-2.0", "+0.5"], "+0.0;-0.0"),
        (["+1", "-2", "0", "+3"], "+0;-0;0"),
        (["1.275E-06", "9.359E-07"], "0.000E-00"),
        (["1.2e5", "3.4e6"], "0.0e-0"),
        (["1.28k", "0.94k"], "0.00[k]"),
        (["€110.5M", "€565K", "€0", "€1M"], "€0.#[|K|M]"),
        (["19M", "8.7M", "201k"], "0.#[k|M]"),
        (["1.5 million", "2.1 billion"], "0.0[ million| billion]"),
        (["5 m", "3 m"], "0 m"),
        (["11.50 €/m²", "9.75 €/m²"], "0.00 €/m²"),
        (["25.00 $/h", "31.50 $/h"], "0.00 $/h"),
        (["6.1 l/100km", "12.3 l/100km"], r"0.0 l/1\0\0km"),
        (["4.5/5", "3.0/5", "5.0/5"], "0.0/5"),
        (["~120", "~95", "~1300"], "~0"),
        (["1.5 GB", "900.5 MB", "12.0 GB"], "0.0[ MB| GB]"),
        (["128 GB", "256 GB"], "0 GB"),
        (["0x04FB", "0x147B"], "0x{04X}"),
        (["5'11\"", "6'1\""], "{ft}'{in}\""),
        (["5 ft 11 in", "6 ft 1 in"], "{ft} ft {in} in"),
        (["51.1  ", "48.8  "], "0.0  "),
        (["51.1  ", "5.8   ", "100.1 "], "0.0{<6}"),
        (["  51.1", "   5.8", " 100.1"], "0.0{>6}"),
        (["007", "0123", "012"], None),
        (["007 kg", "012 kg", "123 kg"], "000 kg"),
    ],
)
def test_the_form_of_a_column(texts, spec):
    assert spec_of(texts) == spec


@pytest.mark.parametrize(
    "texts",
    [
        [],
        ["N/A", "-"],
        ["red", "green"],
        ["01234", "12345", "90210"],
        ["0001", "0002", "0150"],
        ["+49 170 1234567", "+49 171 7654321"],
        ["555-123-4567", "555-987-6543"],
        ["(555) 123-4567"],
        ["555.123.4567", "555.987.6543"],
        ["602 123 456", "777 888 999"],
        ["192.168.0.1", "10.0.0.12"],
        ["192.168.100.101", "192.168.100.102"],
        ["4-884-82051-2", "5-465-35118-4"],
        ["1998-1999", "2003-2004"],
        ["2020-03-25", "25.03.2020", "03/25/2020"],
        ["7.30.15", "12.45.00"],
        ["12:30", "07:15"],
        ["1.2.3", "10.2.1"],
        ["160/75", "101/82"],
        ["20-29", "30-39"],
        ["1st", "2nd", "3rd", "4th"],
        ["4th", "5th", "6th", "7th"],
        ["Level 3", "Level 4"],
        ["INV-1001", "INV-1002"],
        ["A12", "A13"],
        ["12A", "13B", "14C"],
        ["1,000+", "5,000+"],
        ["7 AM", "8 AM"],
        ["48.85, 2.35", "52.52, 13.40"],
        ["1,2,3", "4,5"],
        ["1234 5678 9012 3456"],
        ["12 34 56 78 90"],
        ["#FF00AA", "#00FF00"],
        ["85123A", "22423B", "71053", "84406B"],
        ["nan", "inf"],
    ],
)
def test_what_is_not_taken_for_numbers(texts):
    assert recognize_numbers(Counter(texts)) is None


def test_codes_among_plain_numbers_are_no_numbers():
    codes = [str(n) for n in range(10000, 10900)] + [f"{n}A" for n in range(10000, 10100)]
    assert recognize_numbers(Counter(codes)) is None
    zips = [str(n) for n in range(10000, 10900)] + [f"0{n}" for n in range(1000, 1100)]
    assert recognize_numbers(Counter(zips)) is None


def test_one_mark_is_decided_by_the_column_as_a_whole():
    reading = recognize_numbers(Counter(["1,234", "5,678"]))
    assert reading.form.spec == "#,##0"
    assert reading.is_ambiguous
    assert reading.runner_up.form.spec == "0,000"
    assert "; 0,000 would fit as well" in reading.why
    assert spec_of(["1,234", "5,678"], decimal=",") == "0,000"
    assert spec_of(["1,234", "0,678"]) == "0,000"
    assert spec_of(["1,234", "5,67"]) == "0,0##"
    assert spec_of(["1.234", "5.678"]) == "0.000"
    assert spec_of(["1.234", "5.678"], decimal=",") == "#.##0"
    assert spec_of([f"{n}.{n}" for n in range(101, 150)] + ["7", "35"]) == "#.##0"
    assert not recognize_numbers(Counter(["12.34", "1,234.50"])).is_ambiguous


def test_odd_cells_do_not_take_the_form_away():
    counts = Counter({f"{n / 100:.2f}": 1 for n in range(1000)})
    counts.update({"2": 2, "0.30000000000000004": 3, "N/A": 50, "see note": 4})
    reading = recognize_numbers(counts)
    assert reading.form.spec == "0.00"
    values, index = reading.parse(["0.30", "2", "0.30000000000000004", "see note"])
    assert values.tolist() == [0.3, 2.0, 0.1 + 0.2, 0.0]
    assert index[0] == 0
    assert min(index[1:3]) > 0
    assert index[3] == -1
    assert reading.others == ("see note",)
    assert reading.others_share == pytest.approx(4 / 1009)
    assert sum(share for _, share in reading.forms) == pytest.approx(1005 / 1009)
    assert (reading.minimum, reading.maximum) == (0.0, 9.99)
    assert "1 other texts" in reading.why


def test_other_units_are_other_texts():
    counts = Counter([f"{n} kg" for n in range(50, 99)] + ["154 lb", "80"])
    reading = recognize_numbers(counts)
    assert [form.spec for form, _ in reading.forms] == ["0 kg", "0"]
    assert reading.others == ("154 lb",)


MAKERS = [
    "0",
    "0.00",
    "0.0##",
    "0,00",
    "#.##0,00",
    "#,##0.00",
    "#,##0",
    "# ##0,00",
    "#'##0.00",
    "$#,##0.00",
    "$#,##0.00;($#,##0.00)",
    "#,##0.0;(#,##0.0)",
    "0.00;0.00-",
    "#.##0,00 €",
    "0.0%",
    "0 kg",
    "USD #,##0.00",
    "+0.0;-0.0",
    "0.000E-00",
    "0.00[k]",
    "0.#[|K|M]",
    "0.00{>14}",
    "0.00  ",
]


def column_of(spec, rng):
    """Make a column of a form, with holes and odd cells."""
    form = NumberForm.from_spec(spec)
    numbers = rng.lognormal(8, 2.5, 300) * rng.choice([1, 1, -1], 300)
    if "e" in spec.lower() and "€" not in spec:
        numbers = np.abs(numbers) * 1e-9
    if "kg" in spec:
        numbers = np.abs(numbers)
    texts = form.write(np.rint(numbers).astype(np.int64) if form.decimals == 0 else numbers)
    odd = ["N/A", "", "see note", "12-13", "?"]
    return texts + list(rng.choice(odd, rng.integers(0, 20)))


def test_the_form_that_made_a_column_is_found_in_98_percent():
    right, total = 0, 0
    wrong = []
    for spec in MAKERS:
        for seed in range(10):
            texts = column_of(spec, np.random.default_rng(seed))
            reading = recognize_numbers(Counter(texts))
            total += 1
            if reading is None or reading.form.spec != spec:
                wrong.append((spec, seed, reading and reading.form.spec))
                continue
            right += 1
            values, index = reading.parse(texts)
            for number, (form, _) in enumerate(reading.forms):
                chosen = np.flatnonzero(index == number)
                assert form.write(values[chosen]) == [texts[place] for place in chosen]
    assert right >= 0.98 * total, wrong


@needs_cases
@pytest.mark.parametrize(
    ("file", "specs"),
    [
        (
            "formats/number_texts.csv",
            {
                "eu_dec": "#.##0,00",
                "eu_plain": "0,00",
                "fr_nbsp": "#\u00a0##0,00",
                "fr_space": "# ##0,00",
                "ch_apos": "#'##0.00",
                "us_thou": "#,##0.00",
                "usd": "$#,##0.00",
                "usd_neg": "$#,##0.00",
                "acct": "#,##0.00;(#,##0.00)",
                "eur_suffix": "#.##0,00 €",
                "pct": "0.0%",
                "pct_int": "0%",
                "kg": "0.0 kg",
                "sci": "0.000E-00",
                "inttxt": "#,##0",
                "plus": "+0.0;-0.0",
                "trailminus": "0.00;0.00-",
                "kM": "0.00[k]",
                "hex": "0x{04X}",
                "x": "0.00",
            },
        ),
        (
            "formats/money_percent.csv",
            {
                "price": "$#,##0.00",
                "salary": "#,##0",
                "share": "0.0%",
                "accounting": "#,##0.00;(#,##0.00)",
                "weight": "0 kg",
            },
        ),
        (
            "formats/decimal_comma.csv",
            {"id": "0", "Sales": "0,00", "Profit": "0,0000", "Umsatz": "#.##0,00"},
        ),
        ("formats/eu_income_semicolon.csv", {"age": "0", "income": "#.##0,00", "region": None}),
        ("formats/padded_numbers.csv", {"v   ": "0.0  ", "x": "0.00"}),
        ("formats/decimals_all.csv", {"score": "0.00", "g": None}),
        ("formats/decimals_two_odd.csv", {"score": "0.00", "g": None}),
        ("kinds/blood_pressure_units.csv", {"h": "0cm", "size": "{ft}'{in}\"", "bp": None}),
        (
            "kinds/taken_for_phone.csv",
            {"season": None, "ip": None, "population_eu": "#.##0", "isbn": None},
        ),
    ],
)
def test_cases(file, specs):
    path = Path(CASES) / file
    delimiter = ";" if "semicolon" in file or "decimal_comma" in file else ","
    with path.open(encoding="utf-8", newline="") as lines:
        header, *rows = csv.reader(lines, delimiter=delimiter)
    for name, spec in specs.items():
        cells = Counter(row[header.index(name)] for row in rows)
        assert (name, spec_of(cells)) == (name, spec)


def test_third_parties_add_recognizers(monkeypatch):
    monkeypatch.setattr("tabgan.inference.number_recognition.NUMBER_RECOGNIZERS", [])
    monkeypatch.setattr("tabgan.table.number_forms._SPEC_READERS", [])
    form = DecimalForm(prefix="no. ")
    recognizer = NumberRecognizer("numbers of pages", lambda counts: [form])
    assert recognize_numbers({"no. 5": 1}) is None
    register_number_recognizer(recognizer, lambda spec: form)
    assert recognize_numbers({"no. 5": 1}).form is form


def test_every_recognizer_is_named():
    assert len({recognizer.name for recognizer in NUMBER_RECOGNIZERS}) == len(NUMBER_RECOGNIZERS)


@pytest.mark.parametrize(
    ("odd", "spec"),
    [("{}*", "0*"), ("{} †", "0 †"), ("${}", "$0"), ("{} kg", "0 kg"), ("about {}", "about 0")],
)
def test_some_cells_have_a_footnote_or_a_unit(odd, spec):
    texts = [odd.format(n) if n % 10 == 0 else str(n) for n in range(1, 300)]
    reading = recognize_numbers(Counter(texts))
    assert [form.spec for form, _ in reading.forms] == ["0", spec]
    assert reading.forms[1].share == pytest.approx(29 / 299)


def test_cells_of_two_units_are_no_numbers_of_one():
    texts = [f"{n}{('', ' m', ' h')[n % 3 if n % 9 < 4 else 0]}" for n in range(1, 300)]
    reading = recognize_numbers(Counter(texts))
    assert reading is None or len(reading.forms) <= 2


@pytest.mark.parametrize(("plus", "minus"), [(" DR", " CR"), ("", " Cr"), ("D", "C")])
def test_credits_are_negative(plus, minus):
    texts = [f"{n}.50{minus if n % 4 == 0 else plus}" for n in range(1, 100)]
    reading = recognize_numbers(Counter(texts))
    values, index = reading.parse([f"8.50{minus}", f"9.50{plus}"])
    assert values.tolist() == [-8.5, 9.5]
    assert index.tolist() == [0, 0]


@pytest.mark.parametrize(
    ("texts", "spec", "values"),
    [
        (["٢٣٨٫١٨", "١٬١٤١٫٠٢"], "{digits arabic_marks}#,##0.00", [238.18, 1141.02]),
        (["١٠٦.٧٥", "٥٢١.٧٦"], "{digits arabic}0.00", [106.75, 521.76]),
        (["३१२१", "९८"], "{digits devanagari}0", [3121, 98]),
        (["７５８．９", "－４２９．４"], "{digits wide_marks}0.0", [758.9, -429.4]),
        (["12", "345", "６７"], "0", [12, 345]),
    ],
)
def test_digits_of_other_scripts(texts, spec, values):
    assert spec_of(texts) == spec
    read, ok = NumberForm.from_spec(spec).parse(texts)
    assert read[ok].tolist() == values


@pytest.mark.parametrize("around", ["\t", r"\t"])
def test_marks_and_dirt_beside_the_bulk_leave_numbers_numbers(around):
    numbers = [f"-{20 + n % 9}.{10_000_000 + 7919 * n}" for n in range(300)]
    padded = [f"{around}-{20 + n % 9}.{20_000_000 + 7919 * n}{around}" for n in range(30)]
    dirt = [f"-{200 + n}.{300 + n}.555.55" for n in range(60)]
    texts = [*numbers, *padded, *dirt, *["***"] * 60, *[""] * 40]
    (column,) = infer_schema(pd.DataFrame({"height": texts}))
    assert (column.kind, len(column.other_formats)) == ("numeric", 1)
    assert -30 < column.minimum < column.maximum < -19
    (column,) = infer_schema(pd.DataFrame({"height": numbers[:120] + dirt}))
    assert column.kind != "numeric"


def test_marks_and_dirt_beside_the_bulk_leave_dates_dates():
    dates = [str(np.datetime64("2015-03-01") + 3 * n) for n in range(300)]
    dirt = [f"week {n} of {n + 7}" for n in range(60)]
    (column,) = infer_schema(pd.DataFrame({"paid": [*dates, *dirt, *["open"] * 40]}))
    assert (column.kind, column.format) == ("datetime", "%Y-%m-%d")


LATITUDES = [f"{value:.4f}" for value in -37.75 - np.random.default_rng(0).random(600) / 5]


@pytest.mark.parametrize(
    "damaged",
    [
        [f"-37.{n}.{n + 7}" for n in range(758, 770)],
        [f"-37.{n}.333.333" for n in range(758, 770)],
        [f"-37{n}" for n in range(7580, 7592)],  # without its mark
    ],
)
def test_damaged_numbers_do_not_stretch_the_range(damaged):
    reading = recognize_numbers(dict.fromkeys([*LATITUDES, *damaged], 1))
    assert reading is not None
    assert -38 < reading.minimum < reading.maximum < -37
    stays = recognize_numbers(dict.fromkeys(LATITUDES, 1) | {"99999": 40})
    assert stays is not None
    assert stays.maximum == 99999, "a number that stands for none is a frequent value"


def test_a_few_numbers_with_the_other_decimal_mark_are_no_reason_to_take_both_for_thousands():
    texts = [f"{52 + n / 700:.3f}" for n in range(600)]
    texts[::50] = [text.replace(".", ",") for text in texts[::50]]
    reading = recognize_numbers(dict.fromkeys(texts, 1))
    assert reading is not None
    assert (reading.minimum, reading.maximum < 53) == (52, True)
