"""Workbooks and text files of the cases: the right table is read, and its dates are dates."""

from tabgan.inference.infer_schema import infer_schema


def test_dates_with_texts_between_them(case):
    frame = case("files/datetime_null.xlsx")
    kinds = {column.name: column.kind for column in infer_schema(frame)}
    assert kinds == {"opened": "datetime", "closed": "datetime", "kind": "categorical"}
    assert (frame["closed"] == "NULL").any()


def test_a_table_on_the_second_sheet(case):
    frame = case("files/two_sheets.xlsx")
    assert (len(frame), list(frame.columns)) == (300, ["a", "b", "pct", "date"])
    assert str(frame["date"].dtype) == "datetime64[us]"


def test_semicolons_and_decimal_commas(case):
    frame = case("formats/eu_income_semicolon.csv")
    assert list(frame.columns) == ["region", "age", "income"]
    assert frame["income"][0] == "2.350,76"
