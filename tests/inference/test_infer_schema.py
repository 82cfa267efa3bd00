import datetime
import os
import re
import time
import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import DataError, SchemaError
from tabgan.inference.accept_table import check_table
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.dtypes import describe_dtype
from tabgan.table.schema import Schema

DATA = Path(os.environ.get("TABGAN_DATA", "../shared/data"))
RNG = np.random.default_rng(0)
ROWS = 200
OBJECT = np.dtype(object)


def infer(values, kind=None, name="x"):
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    frame = series.reset_index(drop=True).to_frame(name)
    return infer_schema(frame, {name: kind} if kind else None)[name]


def objects(*values):
    return pd.Series(list(values), dtype=object)


floats = RNG.normal(size=ROWS)
IBANS = ["DE89370400440532013000", "GB82WEST12345698765432", "FR1420041010050500013M02606"]
some_days = pd.date_range("2020-02-01", periods=ROWS, freq="7h")
words = RNG.choice(["red", "green", "blue"], ROWS)

KINDS = {
    "bool": (RNG.random(ROWS) < 0.5, "boolean"),
    "nullable boolean": (pd.array([True, None] * 9, dtype="boolean"), "boolean"),
    "object bool": (objects(True, False, None), "boolean"),
    "int": (RNG.integers(0, 50, ROWS), "integer"),
    "int8": (np.array([-128, 127, 0], np.int8), "integer"),
    "uint64": (np.array([2**64 - 1, 0, 5], np.uint64), "integer"),
    "nullable int": (pd.array([2**53 + 1, None, 3], dtype="Int64"), "integer"),
    "arrow int": (pd.array([1, None, 3], dtype="int64[pyarrow]"), "integer"),
    "whole floats": ([1.0, np.nan, 40.0], "integer"),
    "whole floats that are not exact": ([1.0, 1e300], "numeric"),
    "infinite": ([np.inf, -np.inf, 2.0], "integer"),
    "float": (floats, "numeric"),
    "float32": (floats.astype("float32"), "numeric"),
    "all missing float": ([np.nan] * 3, "numeric"),
    "nullable float": (pd.array([0.5, None], dtype="Float64"), "numeric"),
    "sparse": (pd.arrays.SparseArray([0.0, 0.0, 1.5]), "numeric"),
    "decimal": (objects(Decimal("1.50"), Decimal("2"), None), "numeric"),
    "datetime": (some_days, "datetime"),
    "zoned": (some_days.tz_localize("Europe/Paris"), "datetime"),
    "period": (pd.period_range("2020-01", periods=9, freq="M"), "datetime"),
    "date objects": (objects(datetime.date(1, 1, 1), datetime.date(9999, 12, 31)), "datetime"),
    "all missing date": (pd.to_datetime([None, None]), "datetime"),
    "timedelta": (pd.to_timedelta([1, 2, None], "h"), "timedelta"),
    "duration objects": (objects(datetime.timedelta(1), datetime.timedelta(2)), "timedelta"),
    "category": (pd.Categorical(words), "categorical"),
    "interval": (pd.cut(floats, 4), "categorical"),
    "all missing": (objects(None, None), "categorical"),
    "time": (objects(datetime.time(1), datetime.time(2)), "datetime"),
    "words": (words, "categorical"),
    "arrow words": (pd.array(words, dtype="string[pyarrow]"), "categorical"),
    "half distinct phones": ([f"+49 170 {1_000_000 + i // 2}" for i in range(80)], "phone"),
    "few phones": ([f"+49 170 {1_000_000 + i % 20}" for i in range(80)], "phone"),
    "half distinct prose": ([f"Called the customer, case {i // 2}" for i in range(80)], "text"),
    "few long names": ([f"The county of number {i % 19}" for i in range(80)], "categorical"),
    "nearly distinct names": ([f"name{i * 4 // 5}x" for i in range(100)], "identifier"),
    "e-mails and a number": (objects(*(f"u{i}@corp.test" for i in range(30)), 7), "identifier"),
    "repeated e-mails and a number": (
        objects(*(f"u{i % 25}@corp.test" for i in range(90)), 7),
        "identifier",
    ),
    "prose and a number": (objects(*(f"This is note {i}." for i in range(30)), 7), "identifier"),
    "ordered category of many": (pd.Categorical(range(60), ordered=True), "categorical"),
    "bytes": (objects(b"a", b"b", b"a"), "categorical"),
    "distinct bytes": (objects(*(b"%d" % i for i in range(30))), "identifier"),
    "uuid objects": (objects(*(uuid.UUID(int=i) for i in range(30))), "uuid"),
    "number texts": (["1", "-20", "NA", ""] * 9, "integer"),
    "few number texts": (["1", "2", "3", *[f"word{i}" for i in range(30)]] * 2, "categorical"),
    "leading zeros": ([f"{i:05d}" for i in range(40)] * 2, "categorical"),
    "numbers too great for a float": (["1e999", "1.5", "2.5", "1" * 5000] * 9, "numeric"),
    "long codes": ([f"{10**20 + i}" for i in range(11)] * 2, "categorical"),
    "boolean texts": (["TRUE", "FALSE"] * 9, "categorical"),
    "mixed": (objects(1, "1", 2, None), "categorical"),
    "numbers and a few words": (objects(*range(30), "?", "none", None), "integer"),
    "fractions and a few words": (objects(*(x / 4 for x in range(30)), "?"), "numeric"),
    "beyond 64 bits": (objects(10**30, 2, 3), "categorical"),
    "distinct beyond 64 bits": (objects(*(10**30 + i * i for i in range(30))), "identifier"),
    "tuples": (objects(("a", 1), ("b", 2)), "categorical"),
    "half distinct names": ([f"name{i // 2}" for i in range(20_000)], "categorical"),
    "distinct names": ([f"name{i}x" for i in range(40)], "identifier"),
    "few distinct names": ([f"name{i}x" for i in range(15)], "categorical"),
    "distinct hashes": ([f"{i:064x}" for i in range(40)], "identifier"),
    "sentences": ([f"This is the note number {i}." for i in range(40)], "text"),
    "prose without blanks": (["漢字" * 30 + str(i) for i in range(40)], "text"),
    "very long": (["a b " * 100_000 + str(i) for i in range(20)], "text"),
    "e-mails": ([f"u{i}@corp.test" for i in range(4)], "email"),
    "repeated e-mails": ([f"u{i % 25}@corp.test" for i in range(500)], "email"),
    "one e-mail": (["a@b.test"] * 9, "email"),
    "few e-mails": ([f"u{i % 3}@corp.test" for i in range(90)], "email"),
    "long answers": ([f"I would rather say answer {i % 25}" for i in range(300)], "categorical"),
    "ranges of times": (
        [f"{7 + i % 4}:{i % 7}5 a.m. to {7 + i % 4}:{i % 7}9 a.m." for i in range(500)],
        "categorical",
    ),
    "answers and comments": (
        [*[f"I would rather say answer {i % 9}" for i in range(90)]]
        + [f"Well, that I would not say, case {i}" for i in range(60)],
        "text",
    ),
    "codes of two numbers": (
        [f"S{10 + i % 40}_{1000 + i % 40}" for i in range(900)],
        "categorical",
    ),
    "seasons": ([f"{1990 + i % 30}-{1991 + i % 30}" for i in range(300)], "categorical"),
    "groups of three": (
        [f"{i % 900 + 100}.{i}.{i * 7 % 900 + 100}" for i in range(300, 500)],
        "integer",
    ),
    "addresses of computers": ([f"10.0.{i % 9}.{i % 250}" for i in range(300)], "identifier"),
    "books": (
        [f"{i % 8}-{i}-{i * 991 % 90_000 + 10_000}-{i * 7 % 10}" for i in range(100, 200)],
        "identifier",
    ),
    "uuids": ([str(uuid.UUID(int=i % 9)) for i in range(12)], "uuid"),
    "urls": ([f"https://corp.test/{i % 9}" for i in range(12)], "identifier"),
    "phones": ([f"+49 170 {1_000_000 + i % 9}" for i in range(12)], "phone"),
    "ibans": ([f"DE89 3704 0044 0532 0130 {i % 9}0" for i in range(12)], "identifier"),
    "valid ibans": ([*IBANS], "iban"),
    "emoji": (objects("😀", "\u202eabc", "a\x00b", "a\x00c", "\ud800"), "categorical"),
    "blank texts": (["", "NA", ""], "categorical"),
}


@pytest.mark.parametrize(("values", "kind"), KINDS.values(), ids=KINDS)
def test_the_kind_is_found_and_fits_when_it_is_asked_for(values, kind):
    series = values if isinstance(values, pd.Series) else pd.Series(values)
    column = infer(series)
    assert (column.kind, column.dtype) == (kind, describe_dtype(series.dtype))
    assert column.missing == pytest.approx(series.isna().mean())
    asked = infer(series, kind)
    assert asked.kind == kind
    assert (asked.minimum, asked.maximum) == (column.minimum, column.maximum)
    assert asked.format == column.format


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([17, 90, 40], (17, 90, 0, None)),
        ([np.inf, 1.25, -0.5, np.nan], (-0.5, 1.25, 2, None)),
        (np.array([0.1, 2.25], "float32"), (np.float32(0.1), 2.25, 2, None)),
        ([1 / 3, 2.0], (1 / 3, 2.0, None, None)),
        (np.array([2**64 - 1, 1], np.uint64), (1, 2**64 - 1, 0, None)),
        (objects(Decimal("1.50"), Decimal("-2")), (Decimal(-2), Decimal("1.50"), 2, None)),
        (["7", "-12", "?"], (-12, 7, 0, "shortest")),
        (["0.50", "12.25", "NA"], (0.5, 12.25, 2, "%.2f")),
        (["0.5", "12.25", "3"], (0.5, 12.25, 2, "shortest")),
        (["1.0", "2.0"], (1.0, 2.0, 0, "%.1f")),
        (["1e-7", "0.25"], (1e-7, 0.25, None, "0e-0")),
        (["139.0", "35.59"], (35.59, 139.0, 2, "repr")),
        (["1e-7", "3"], (1e-7, 3, None, "0e-0")),
        (pd.to_datetime(["2020-01-02", "2019-01-01", None]), ("2019-01-01", "2020-01-02")),
        (["2020-01-02", "2019-12-31", ""], ("2019-12-31", "2020-01-02", None, "%Y-%m-%d")),
        (
            ["31/01/2020 10:00", "01/02/2019 23:59"],
            ("2019-02-01 23:59", "2020-01-31 10:00", None, "%d/%m/%Y %H:%M"),
        ),
        (pd.to_timedelta([3, 1], "h"), ("1h", "3h")),
        (["a", "b", "a"], (None, None, None, None)),
    ],
)
def test_range_and_precision(values, expected):
    column = infer(values)
    low, high, *rest = expected
    if column.kind in {"datetime", "timedelta"}:
        read = pd.Timestamp if column.kind == "datetime" else pd.Timedelta
        low, high, *rest = read(low), read(high), *(rest or (None, None))
        column = replace(column, minimum=read(column.minimum), maximum=read(column.maximum))
    assert (column.minimum, column.maximum, column.decimals, column.format) == (low, high, *rest)


def test_the_range_of_text_dates_is_of_dates_and_with_times_of_moments():
    assert infer(["2020-01-02", "2019-12-31"]).minimum == datetime.date(2019, 12, 31)
    assert type(infer(["2020-01-02 10:00", "2019-12-31 11:30"]).maximum) is datetime.datetime


def test_a_column_of_mostly_blank_cells_is_what_the_others_are():
    assert infer(["", "NULL", "12"] * 50).kind == "integer"
    assert infer(["", "NA", "2001-05-09"] * 50).kind == "datetime"


FORMATS = [
    *("%Y-%m-%d", "%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y-%m", "%Y%m%d"),
    *("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S"),
    *("%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M:%S+00:00", "%H:%M:%S"),
]


@pytest.mark.parametrize("form", FORMATS)
def test_formats_of_text_dates(form):
    moments = pd.date_range("1999-11-28 23:58:59.123456", periods=60, freq="103h41min7s")
    column = infer([*moments.strftime(form), "", "NA", *["unknown"] * (form != "%Y%m%d")])
    assert (column.kind, column.format) == ("datetime", form)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["2020-02-30", "2020-02-29", "2021-02-29"] * 9, "categorical"),  # not in the calendar
        ([f"1/{day}/20" for day in range(32, 41)], "categorical"),
        (["0999-01-01", "0001-01-01"] * 9, "categorical"),
        (["20200101", "20201301"] * 9, "integer"),
        (["20200101", "20201231"] * 9, "datetime"),
        (["99990101", "20201231"] * 9, "integer"),
    ],
)
def test_what_is_no_date(values, kind):
    assert infer(values).kind == kind


def test_month_first_where_both_are_possible_and_day_first_where_it_is_not():
    assert infer(["01/02/2020", "03/04/2020"]).format == "%m/%d/%Y"
    assert infer(["01/02/2020", "13/04/2020"]).format == "%d/%m/%Y"


@pytest.mark.parametrize(
    ("values", "name", "kind"),
    [
        (range(100, 130), "x", "sequential"),
        (RNG.permutation(30), "x", "sequential"),
        (range(1950, 2021), "year", "integer"),
        (range(1950, 2021), "no", "sequential"),
        (range(10), "x", "integer"),
        (range(0, 200, 2), "x", "integer"),
        (range(0, 200, 2), "row", "identifier"),
        (range(0, 200, 2)[::-1], "row", "integer"),
        (range(0, 200, 2)[::-1], "user_id", "identifier"),
        (RNG.permutation(10**6)[:90], "userId", "identifier"),
        (RNG.permutation(10**6)[:90], ("user", "key"), "identifier"),
        (RNG.permutation(10**6)[:90], "paid", "integer"),
        (RNG.permutation(10**6)[:90], "x", "integer"),
        ([str(i) for i in range(7, 57)], "x", "sequential"),
        ([*map(str, range(7, 57)), ""], "x", "integer"),
        ([float(i) for i in range(30)], "x", "sequential"),
        ([*map(float, range(30)), None], "x", "integer"),
        (["a7", "b9", "zz"], "id", "identifier"),
        (["a7", "b9", "b9"], "id", "categorical"),
    ],
)
def test_numbers_and_names_of_rows(values, name, kind):
    frame = pd.DataFrame([[value] for value in values])
    frame.columns = pd.Index([name], tupleize_cols=False)
    assert infer_schema(frame)[name].kind == kind


def test_why_says_what_was_seen():
    frame = pd.DataFrame(
        {
            "age": [17, 90] * 15,
            "no": range(30),
            "code": [f"a{i}b" for i in range(30)],
            "colour": ["red", "blue", None] * 10,
            "mail": [f"u{i}@corp.test" for i in range(30)],
            "zero": ["0"] * 30,
            "user_id": [i * i for i in range(30)],
        }
    )
    assert {column.name: column.why for column in infer_schema(frame)} == {
        "age": "2 distinct whole numbers from 17 to 90",
        "no": "the whole numbers from 0 to 29, each once",
        "code": "all 30 values differ",
        "colour": "2 distinct values in 20 rows",
        "mail": "e-mail addresses, 30 distinct in 30 rows",
        "zero": "one number, 0",
        "user_id": "whole numbers that all differ, named 'user_id'",
    }


def test_asking_for_a_kind():
    frame = pd.DataFrame({"a": [1, 2, 3], "b": ["1", "2", "x"], 3: ["a", "b", "c"]})
    schema = infer_schema(frame, {"a": "categorical", "b": "integer", 3: "text"})
    assert [column.kind for column in schema] == ["categorical", "integer", "text"]
    assert schema["a"].why == "as asked; 3 distinct values in 3 rows"
    assert (schema["b"].minimum, schema["b"].maximum, schema["b"].format) == (1, 2, "shortest")
    assert Schema.from_json(schema.to_json()) == schema


HOLDS = {
    "numeric": "numbers, and at most 10 distinct other values",
    "integer": "whole numbers, and at most 10 distinct other values",
    "datetime": "dates, or texts that are dates in one format",
    "timedelta": "durations",
    "boolean": "at most two distinct values",
    "identifier": "text, bytes, UUIDs or whole numbers",
    "text": "text",
}


@pytest.mark.parametrize(
    ("values", "kind", "row", "shown"),
    [
        (objects(None, "Ann", "Bob"), "integer", 1, "'Ann'"),
        (["7", "", *(f"w{i}" for i in range(11))], "numeric", 2, "'w0'"),
        (["7", "1.5"], "integer", 1, "'1.5'"),
        ([1.0, np.nan, 2.5], "integer", 2, "2.5"),
        ([True, False], "integer", 0, "True"),
        (["2020-01-01", *(f"{day}/32/2020" for day in range(1, 8))], "datetime", 1, "'1/32/2020'"),
        (["", "soon"], "datetime", 1, "'soon'"),
        ([1, 2], "datetime", 0, "1"),
        (["1 day", "2 days"], "timedelta", 0, "'1 day'"),
        (["yes", "no", "yes", "maybe"], "boolean", 3, "'maybe'"),
        ([1.0, 2.5], "identifier", 1, "2.5"),
        (objects(b"a", b"b", 7), "identifier", 2, "7"),
        (objects("a", 3), "text", 1, "3"),
    ],
)
def test_a_kind_that_the_values_are_not_of(values, kind, row, shown):
    with pytest.raises(SchemaError) as caught:
        infer(values, kind)
    assert str(caught.value) == (
        f"Column 'x', row {row}: kind={kind!r} does not fit the value {shown}; a column of this "
        f"kind holds {HOLDS[kind]}: choose another kind or change the values"
    )


mails = [f"u{i}@corp.test" for i in range(30)]


@pytest.mark.parametrize(
    ("values", "described"),
    [
        (pd.Categorical(mails), "category holds email values (e-mail addresses, 30 distinct"),
        (pd.Categorical(mails * 9), "category holds email values (e-mail addresses, 30 dist"),
        (
            pd.Categorical(mails[:1] * 30, categories=mails),  # the others are in the dtype
            "category holds email values (e-mail addresses, 1 distinct in 30 rows)",
        ),
        (pd.Categorical(range(40)), "category holds identifier values (all 40 values differ)"),
        (
            pd.Categorical([f"A note that is number {i}" for i in range(30)] * 2),
            "category holds text values (free text, 30 distinct in 60 rows)",
        ),
        (
            objects(*((f"Ann {i}", i) for i in range(30))),
            "object holds identifier values (all 30 values differ)",
        ),
    ],
)
def test_names_that_the_dtype_would_keep_are_refused(values, described):
    with pytest.raises(DataError) as caught:
        infer(values)
    assert str(caught.value).startswith(f"Column 'x' of dtype {described}")
    assert str(caught.value).endswith(
        "), and as categories they would be stored and given back: convert the column with "
        ".astype(str), so that they are generated, or give it the kind 'categorical' to keep its "
        "values"
    )
    assert infer(values, "categorical").kind == "categorical"
    infer(pd.Series(values).astype(str))


@pytest.mark.parametrize("kind", ["identifier", "text", "integer"])
def test_a_category_can_only_hold_its_values(kind):
    with pytest.raises(SchemaError) as caught:
        infer(pd.Categorical(mails), kind)
    assert str(caught.value) == (
        f"Column 'x': kind={kind!r} does not go with the dtype category, which keeps its values; "
        "convert the column first, for example with .astype(str)"
    )


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            {"incme": "numeric"},
            "Column 'incme' is not in the table; did you mean 'income'?",
        ),
        (
            {"income": "number"},
            "Column 'income': kind='number' is not a kind of column; did you mean 'numeric'?",
        ),
    ],
)
def test_an_override_of_no_column_or_no_kind(overrides, message):
    with pytest.raises(SchemaError, match=re.escape(message)):
        infer_schema(pd.DataFrame({"income": [1, 2]}), overrides)


def test_part_of_a_name_is_not_a_name():
    frame = pd.DataFrame([[1, 2], [3, 4]], columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)]))
    assert infer_schema(frame).names == (("a", 1), ("a", 2))
    with pytest.raises(SchemaError, match="Column 'a' is not in the table"):
        infer_schema(frame, {"a": "integer"})


def test_names_of_every_type_come_back_with_the_names_of_the_levels():
    labels = ["a", 1, 2.5, None, pd.Timestamp("2020-01-01")]
    frame = pd.DataFrame([[0] * 5, [1] * 5], columns=pd.Index(labels, dtype=object, name="field"))
    schema = infer_schema(frame)
    assert schema.names == tuple(labels)
    assert schema.labels == ("field",)


class Thing:
    def __repr__(self):
        return "<thing>"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            {"a": [1]},
            "A table must be a pandas DataFrame, but this is a dict; wrap it: "
            "pandas.DataFrame(data)",
        ),
        (
            pd.DataFrame(index=range(3)),
            "The table has 0 feature(s) (shape=(3, 0)) while a minimum of 1 is required.",
        ),
        (
            pd.DataFrame({"a": []}),
            "The table has 0 sample(s) (shape=(0, 1)) while a minimum of 2 rows is required to "
            "learn from.",
        ),
        (
            pd.DataFrame({"a": [1]}),
            "The table has 1 sample (shape=(1, 1)) while a minimum of 2 rows is required to "
            "learn from.",
        ),
        (
            pd.DataFrame([[1, 2, 3, 4]] * 2, columns=["a", "b", "a", "b"]),
            "Column names must be unique, but 'a', 'b' occur more than once; rename the columns",
        ),
        (
            pd.DataFrame({frozenset({1}): [1, 2]}),
            "Column name frozenset({1}) is of type frozenset; names are text, numbers, None, "
            "timestamps, or tuples of these: rename it, or use df.columns = "
            "df.columns.astype(str)",
        ),
        (
            pd.DataFrame({"a": [1, 2j]}),
            "Complex data not supported: column 'a', row 0 holds (1+0j); split it into a real "
            "and an imaginary column",
        ),
        (
            pd.DataFrame({"a": objects("x", None, [1, 2])}),
            "Values of type list are not supported: column 'a', row 2 holds [1, 2]; convert the "
            "column to text, numbers or dates, or drop it",
        ),
        (
            pd.DataFrame({"a": objects(("x",), ("y", [1]))}),
            "Values of type tuple are not supported: column 'a', row 1 holds ('y', [1]); convert "
            "the column to text, numbers or dates, or drop it",
        ),
        (
            pd.DataFrame({"a": objects(1, Thing())}),
            "Values of type Thing are not supported: column 'a', row 1 holds <thing>; convert "
            "the column to text, numbers or dates, or drop it",
        ),
    ],
)
def test_tables_that_cannot_be_used(table, message):
    for check in (check_table, infer_schema):
        with pytest.raises(DataError) as caught:
            check(table)
        assert str(caught.value) == message


@pytest.mark.parametrize("cell", [{"a": 1}, {1, 2}, np.array([1]), pd.Series([1])])
def test_cells_that_hold_more_than_one_value(cell):
    with pytest.raises(DataError, match=r"are not supported: column 'a', row 1 holds"):
        check_table(pd.DataFrame({"a": objects("x", cell)}))


def test_dates_that_do_not_compare():
    berlin = pd.Timestamp("2020-01-01", tz="Europe/Berlin")
    values = objects(None, pd.Timestamp("2020-01-01", tz="UTC"), berlin)
    with pytest.raises(DataError) as caught:
        infer(values)
    assert str(caught.value) == (
        "Column 'x' mixes dates that don't compare: a time in the zone UTC in row 1 "
        "(2020-01-01 00:00:00+00:00) and a time in the zone Europe/Berlin in row 2 "
        "(2020-01-01 00:00:00+01:00); bring them to one type and time zone with "
        "pandas.to_datetime(column, utc=True), or declare the column's kind 'categorical'"
    )
    assert infer(values, "categorical").kind == "categorical"


def test_the_table_is_not_changed_and_may_be_read_only():
    array = np.arange(60.0).reshape(30, 2)
    array.flags.writeable = False
    frame = pd.DataFrame(array, columns=["a", "b"], index=list("ab") * 15)
    before = frame.copy()
    infer_schema(frame)
    pd.testing.assert_frame_equal(frame, before)


cells = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=3),
    st.dates(),
    st.decimals(allow_nan=False),
)


@given(st.lists(cells, min_size=2, max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_objects_have_a_kind_that_fits_them(values):
    frame = pd.DataFrame({"x": objects(*values)})
    try:
        schema = infer_schema(frame)
    except DataError as error:
        assert "would be stored" in str(error)  # noqa: PT017
        return
    assert infer_schema(frame, {"x": schema["x"].kind})["x"].kind == schema["x"].kind
    assert Schema.from_json(schema.to_json()) == schema


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            "baseball_players",
            {"id": "identifier", "nameFirst": "first_name", "birthDate": "datetime"}
            | {"deathDate": "datetime", "nameLast": "last_name", "weight": "integer"},
        ),
        ("beijing", {"No": "sequential", "pm2.5": "integer", "cbwd": "categorical"}),
        ("default", {"ID": "sequential", "SEX": "integer", "PAY_AMT1": "integer"}),
        ("adult", {"age": "integer", "workclass": "categorical", "capital-gain": "integer"}),
    ],
)
def test_real_tables_read_as_text(table, expected):
    path = DATA / f"{table}.csv.gz"
    if not path.exists():
        pytest.skip(f"no {path}: set TABGAN_DATA to the folder of the benchmark tables")
    frame = pd.read_csv(path, dtype=str, keep_default_na=False)
    schema = infer_schema(frame)
    assert {name: schema[name].kind for name in expected} == expected
    again = infer_schema(frame, {column.name: column.kind for column in schema})
    assert [column.kind for column in again] == [column.kind for column in schema]


def test_a_large_table_takes_seconds():
    rows = 100_000
    frame = pd.DataFrame(
        {
            "when": pd.date_range("2001-01-01", periods=rows, freq="37s").strftime(
                "%Y-%m-%d %H:%M"
            ),
            "mail": [f"u{i}@corp.test" for i in range(rows)],
            "amount": [f"{x:.3f}" for x in RNG.random(rows)],
            "word": RNG.choice(["a", "b"], rows),
        }
    )
    begun = time.perf_counter()
    schema = infer_schema(frame)
    assert time.perf_counter() - begun < 10
    assert [column.kind for column in schema] == [
        "datetime",
        "email",
        "numeric",
        "categorical",
    ]


@pytest.mark.parametrize(
    ("usual", "mark", "is_mark"),
    [
        (range(1900, 1980), -1, True),
        (range(40), -9, True),
        (range(0, 60), 999, True),
        (range(-30, 30), -9, False),  # other numbers are negative, too
        (range(600, 800), 999, False),  # not far from the others
        (range(1900, 1980), -2, False),  # not a number that marks absence
    ],
)
def test_a_number_that_marks_absence_is_named(usual, mark, is_mark):
    values = pd.Series([*usual, *[mark] * 8] * 2)
    for own in (values, values.astype(str)):
        why = infer_schema(pd.DataFrame({"x": own}))["x"].why
        assert (f"; {mark}, in " in why) == is_mark
        if is_mark:
            assert why.endswith("of the rows, is kept as a mark")


def test_a_rare_number_that_stands_apart_is_no_mark():
    assert "mark" not in infer_schema(pd.DataFrame({"x": [*range(600), -1]}))["x"].why
