"""Numbers and dates as people write them: recognized, and written back in the column's form."""

import numpy as np
import pytest

from tabgan.encoding.table_encoder import fit_column
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import TypedSeries, numbers_of

DATES = {
    **{"us_date": "%-m/%-d/%Y", "us_datetime": "%-m/%-d/%Y %-H:%M", "two_digit_year": "%m/%d/%y"},
    **{"day_mon_year": "%d-%b-%Y", "long_date": "%B %d, %Y", "am_pm": "%m/%d/%Y %I:%M:%S %p"},
    **{"apache_log": "[%d/%b/%Y:%H:%M:%S", "compact": "%Y%m%d", "unix_seconds": "%s"},
}
TIMESTAMPS = {
    **{"js_iso": "%Y-%m-%dT%H:%M:%S.%3fZ", "ms": "%Y-%m-%d %H:%M:%S.%3f"},
    **{"pg": "%Y-%m-%d %H:%M:%S+00", "excel_us": "%-m/%-d/%Y %-H:%M", "dots": "%Y.%m.%d"},
    **{"ampm": "%m/%d/%Y %I:%M %p", "oracle": "%d-%b-%Y", "y2": "%m/%d/%y"},
    **{"offset": "%Y-%m-%dT%H:%M:%S+02:00", "two_formats": "%Y-%m-%d", "typos5pct": "%Y-%m-%d"},
}
NUMBERS = {
    **{"eu_dec": "#.##0,00", "eu_plain": "0,00", "fr_nbsp": "#\u00a0##0,00"},
    **{"fr_space": "# ##0,00", "ch_apos": "#'##0.00", "us_thou": "#,##0.00"},
    **{"usd": "$#,##0.00", "usd_neg": "$#,##0.00", "acct": "#,##0.00;(#,##0.00)"},
    **{"eur_suffix": "#.##0,00 €", "pct": "0.0%", "pct_int": "0%", "kg": "0.0 kg"},
    **{"sci": "0.000E-00", "inttxt": "#,##0", "plus": "+0.0;-0.0", "trailminus": "0.00;0.00-"},
    **{"kM": "0.00[k]", "hex": "0x{04X}", "x": "%.2f"},
}
MONEY = {
    **{"price": "$#,##0.00", "salary": "#,##0", "share": "0.0%", "weight": "0 kg"},
    "accounting": "#,##0.00;(#,##0.00)",
}
COMMAS = {"Sales": "0,00", "Profit": "0,0000", "Umsatz": "#.##0,00", "Quantity": "shortest"}
FORMATS = {
    "dates_seen_in_files": DATES,
    "common_timestamps": TIMESTAMPS,
    "number_texts": NUMBERS,
    "money_percent": MONEY,
    "decimal_comma": COMMAS,
    "eu_income_semicolon": {"income": "#.##0,00"},
    "decimals_two_odd": {"score": "0.00"},
    "decimals_all": {"score": "%.2f"},
}


@pytest.mark.parametrize("name", FORMATS)
def test_the_form_is_recognized(case, name):
    schema = infer_schema(case(f"formats/{name}.csv"))
    assert {column: schema[column].format for column in FORMATS[name]} == FORMATS[name]


@pytest.mark.parametrize("name", FORMATS)
def test_cells_are_written_in_their_own_form(case, name):
    table = case(f"formats/{name}.csv")
    schema = infer_schema(table)
    for column in map(schema.__getitem__, FORMATS[name]):
        cells = TypedSeries(column, table[column.name])
        encoder = fit_column(cells)
        encoded = encoder.encode(cells)
        places = (encoded.low + 0.5 * encoded.width).astype(float)
        written = encoder.decode(
            places, encoded.codes.astype(np.int64), 0, np.random.default_rng(0)
        )
        back = numbers_of(written, column)
        assert (back.present == cells.numbers.present).all(), column.name
        if column.other_formats:  # each cell has its own
            same = back.forms == cells.numbers.forms
            assert same.mean() > 0.99, column.name  # 1.00 may be written as 1.0 and read so
        real, ours = cells.numbers.values, back.values
        assert abs(np.median(ours) - np.median(real)) <= 0.02 * np.ptp(real), column.name


def test_odd_cells_do_not_take_the_form_away(case):
    column = infer_schema(case("formats/decimals_two_odd.csv"))["score"]
    assert (column.kind, column.format, column.other_formats) == ("numeric", "0.00", ("0.#",))


def test_padded_numbers(case):
    table = case("formats/padded_numbers.csv")
    assert [column.kind for column in infer_schema(table)] == ["numeric", "numeric"]
