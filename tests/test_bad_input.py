"""Tables that can't be used are refused at once, by an error that says what, where and why."""

import datetime
import enum
from datetime import UTC
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import scipy.sparse

from tabgan import DataError, TabGAN, TableFileError

ROWS = 60
RNG = np.random.default_rng(2)
TABLE = pd.DataFrame({"age": RNG.integers(18, 90, ROWS), "income": RNG.normal(size=ROWS)})


class Colour(enum.Enum):
    RED = 1

    def __repr__(self) -> str:
        return "Colour.RED"


def refusal(data: Any) -> str:
    """Return the message by which a table is refused."""
    gan = TabGAN(steps=3, verbose=False, random_state=0)
    with pytest.raises(DataError) as caught:
        gan.fit(data)
    assert not hasattr(gan, "schema_")
    return str(caught.value)


def column(*values: Any) -> pd.DataFrame:
    """Make a table with values in the middle of a column of objects."""
    cells = np.empty(len(values) + 2, object)
    cells[:] = ["a", *values, "b"]
    return pd.DataFrame({"x": range(len(cells)), "odd": pd.Series(cells, dtype=object)})


FRAME_OR_ROWS = (
    "The table must be a pandas DataFrame, an array of two dimensions or a list of rows, but this "
    "is a {}; give {}"
)
TWO_DIMENSIONS = (
    "An array must have two dimensions, rows and columns, but this one has the shape {}; reshape "
    "it, a single column with X.reshape(-1, 1)"
)
SHAPES: dict[str, tuple[Any, str]] = {
    "empty": (
        pd.DataFrame(),
        "The table has 0 feature(s) (shape=(0, 0)) while a minimum of 1 is required.",
    ),
    "no columns": (
        pd.DataFrame(index=range(5)),
        "The table has 0 feature(s) (shape=(5, 0)) while a minimum of 1 is required.",
    ),
    "no rows": (
        TABLE[:0],
        "The table has 0 sample(s) (shape=(0, 2)) while a minimum of 2 rows is required to learn "
        "from.",
    ),
    "one row": (
        TABLE[:1],
        "The table has 1 sample (shape=(1, 2)) while a minimum of 2 rows is required to learn "
        "from.",
    ),
    "no list": (
        [],
        "The table has 0 feature(s) (shape=(0, 0)) while a minimum of 1 is required.",
    ),
    "series": (
        TABLE["age"],
        "The table is a Series (name 'age'); give a DataFrame, for example to_frame()",
    ),
    "sparse matrix": (
        scipy.sparse.csr_matrix(TABLE),
        "The table is a sparse csr_matrix; sparse matrices are not supported: give X.toarray(), "
        "or a DataFrame",
    ),
    "one dimension": (np.arange(5.0), TWO_DIMENSIONS.format("(5,)")),
    "three dimensions": (np.zeros((2, 2, 2)), TWO_DIMENSIONS.format("(2, 2, 2)")),
    "structured, two dimensions": (
        np.zeros((2, 2), [("a", int)]),
        TWO_DIMENSIONS.format("(2, 2)"),
    ),
    "nothing": (None, FRAME_OR_ROWS.format("NoneType", "pandas.DataFrame(X)")),
    "mapping": ({"a": [1, 2]}, FRAME_OR_ROWS.format("dict", "pandas.DataFrame(X)")),
    "batch of Arrow": (
        pa.RecordBatch.from_pandas(TABLE),
        FRAME_OR_ROWS.format("RecordBatch", "X.to_pandas()"),
    ),
    "list of numbers": (
        [1.5, 2.5],
        "Row 0 of the list is 1.5, of type float; a row is a list, tuple or mapping of its values",
    ),
    "ragged": (
        [[1, "a"], [2, "b"], [3]],
        "Row 2 of the list has 1 values and row 0 has 2; all rows must have the same number",
    ),
}


@pytest.mark.parametrize(("data", "message"), SHAPES.values(), ids=SHAPES)
def test_what_is_no_table(data, message):
    assert refusal(data) == message


def test_a_path_that_leads_nowhere():
    with pytest.raises(TableFileError, match=r"^table.csv: no such file; check the path$"):
        TabGAN(verbose=False).fit("table.csv")


def unsupported(kind: str, row: int, value: str) -> str:
    return (
        f"Values of type {kind} are not supported: column 'odd', row {row} holds {value}; convert "
        "the column to text, numbers or dates, or drop it"
    )


CELLS: dict[str, tuple[Any, str]] = {
    "list": (column("c", [1, 2]), unsupported("list", 2, "[1, 2]")),
    "mapping": (column({"k": 1}), unsupported("dict", 1, "{'k': 1}")),
    "set": (column(frozenset({1})), unsupported("frozenset", 1, "frozenset({1})")),
    "array": (column(np.arange(2)), unsupported("ndarray", 1, "array([0, 1])")),
    "object": (column(Colour.RED), unsupported("Colour", 1, "Colour.RED")),
    "fraction": (column(Fraction(1, 2)), unsupported("Fraction", 1, "Fraction(1, 2)")),
    "signalling NaN": (column(Decimal("sNaN")), unsupported("Decimal", 1, "Decimal('sNaN')")),
    "tuple of a list": (column((1, 2), ("y", [1])), unsupported("tuple", 2, "('y', [1])")),
    "long object": (column(["x" * 100]), unsupported("list", 1, f"['{'x' * 57}…")),
    "Arrow list": (
        pd.DataFrame({"odd": pd.array([[1, 2]] * 3, pd.ArrowDtype(pa.list_(pa.int64())))}),
        unsupported("ndarray", 0, "array([1, 2])"),
    ),
    "complex": (
        pd.DataFrame({"odd": [1, 2j]}),
        "Complex data not supported: column 'odd', row 0 holds (1+0j); split it into a real and "
        "an imaginary column",
    ),
    "complex object": (
        column(2j),
        "Complex data not supported: column 'odd', row 1 holds 2j; split it into a real and an "
        "imaginary column",
    ),
}


@pytest.mark.parametrize(("table", "message"), CELLS.values(), ids=CELLS)
def test_cells_that_are_no_plain_values(table, message):
    assert refusal(table) == message


DAY = datetime.datetime(2024, 1, 1)
EAST = datetime.timezone(datetime.timedelta(hours=2))
MIXED_DATES = (
    "Column 'd' mixes dates that don't compare: a {} and a {}; bring them to one type and time "
    "zone with pandas.to_datetime(column, utc=True), or declare the column's kind 'categorical'"
)


@pytest.mark.parametrize(
    ("dates", "first", "second"),
    [
        (
            [DAY.replace(tzinfo=UTC), DAY.replace(tzinfo=EAST)],
            "time in the zone UTC in row 0 (2024-01-01 00:00:00+00:00)",
            "time in the zone UTC+02:00 in row 1 (2024-01-01 00:00:00+02:00)",
        ),
        (
            [None, DAY, DAY.replace(tzinfo=UTC)],
            "time without zone in row 1 (2024-01-01 00:00:00)",
            "time in the zone UTC in row 2 (2024-01-01 00:00:00+00:00)",
        ),
        (
            [DAY.date(), DAY],
            "date in row 0 (2024-01-01)",
            "time without zone in row 1 (2024-01-01 00:00:00)",
        ),
    ],
    ids=["zones", "no zone", "no time"],
)
def test_dates_that_do_not_compare(dates, first, second):
    table = pd.DataFrame({"d": pd.Series(dates, dtype=object)})
    assert refusal(table) == MIXED_DATES.format(first, second)
    sample = (
        TabGAN(steps=3, verbose=False, schema={"d": "categorical"}, min_group=1)
        .fit(table)
        .sample(20)
    )
    assert set(sample["d"].astype(str)) <= set(table["d"].astype(str))


NAMES: dict[str, tuple[list[Any], str]] = {
    "twice": (
        ["a", "a"],
        "Column names must be unique, but 'a' occurs more than once; rename the columns",
    ),
    "twice to Python": (
        [1, True],
        "Column names must be unique, but True occurs more than once; rename the columns",
    ),
    "period": (
        ["a", pd.Period("2024-01")],
        "Column name Period('2024-01', 'M') is of type Period; names are text, numbers, None, "
        "timestamps, or tuples of these: rename it, or use df.columns = df.columns.astype(str)",
    ),
    "bytes": (
        ["a", b"b"],
        "Column name b'b' is of type bytes; names are text, numbers, None, timestamps, or tuples "
        "of these: rename it, or use df.columns = df.columns.astype(str)",
    ),
}


@pytest.mark.parametrize(("names", "message"), NAMES.values(), ids=NAMES)
def test_names_that_cannot_be_used(names, message):
    table = TABLE.set_axis(pd.Index(names, dtype=object), axis=1)
    assert refusal(table) == message


def test_personal_categories_that_are_mostly_unused():
    # a part of a table, whose dtype still holds the addresses of all
    addresses = [f"ann{i}@corp.com" for i in range(40)]
    table = pd.DataFrame({"c": pd.Categorical(addresses[:2] * 10, addresses)})
    assert refusal(table) == (
        "Column 'c' of dtype category holds email values (e-mail addresses, 2 distinct in 20 "
        "rows), and as categories they would be stored and given back: convert the column "
        "with .astype(str), so that they are generated, or give it the kind 'categorical' to keep "
        "its values"
    )


def test_harmless_categories_may_be_mostly_unused(comes_back):
    table = pd.DataFrame({"c": pd.Categorical(["n0", "n1"] * 10, [f"n{i}" for i in range(40)])})
    comes_back(table)
