"""What is asked of every kind of column, against pandas' own comparisons."""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from tabgan.base.errors import OptionError
from tabgan.conditions.condition import Interval
from tabgan.conditions.parse_request import parse_condition, read_partial_rows
from tabgan.table.schema import Column, Schema

D = datetime.date
T = pd.Timestamp


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"age": 40}, lambda t: t["age"] == 40),
        ({"age": "40"}, lambda t: t["age"] == 40),
        ({"age": np.int8(40)}, lambda t: t["age"] == 40),
        ({"age": [20, "21", 22.0]}, lambda t: t["age"].isin([20, 21, 22])),
        ({"age": {20, 21}}, lambda t: t["age"].isin([20, 21])),
        ({"age": range(20, 25)}, lambda t: t["age"].between(20, 24)),
        ({"age": np.array([20, 21])}, lambda t: t["age"].isin([20, 21])),
        ({"age": (20, 30)}, lambda t: t["age"].between(20, 30)),
        ({"age": (None, 30)}, lambda t: t["age"] <= 30),
        ({"age": (64.5, np.inf)}, lambda t: t["age"] > 64.5),
        ({"age": (10**400, None)}, None),
        ("age != 40", lambda t: t["age"] != 40),
        ("age > 40.5 and age < 50.5", lambda t: t["age"].between(41, 50)),
        ("age > 40 and age < 1e9999", lambda t: t["age"] > 40),
        (
            "age not in (20, 21) and age <= 25",
            lambda t: t["age"].isin([17, 18, 19, *range(22, 26)]),
        ),
        ({"nullable": None}, lambda t: t["nullable"].isna()),
        ({"nullable": pd.NA}, lambda t: t["nullable"].isna()),
        ({"nullable": [30, np.nan]}, lambda t: t["nullable"].isna() | (t["nullable"] == 30)),
        ("nullable in (30, missing)", lambda t: t["nullable"].isna() | (t["nullable"] == 30)),
        ("nullable is not missing", lambda t: t["nullable"].notna()),
        ("nullable != 30", lambda t: t["nullable"].isna() | (t["nullable"] != 30)),
        ("nullable < 99", lambda t: t["nullable"].notna()),
        ("arrow >= 65", lambda t: t["arrow"] >= 65),
        ({"size": (0, None)}, lambda t: t["size"] >= 0),
        ("size > 0 and size < 1", lambda t: (t["size"] > 0) & (t["size"] < 1)),
        ({"size": np.inf}, lambda t: t["size"] == np.inf),
        ("size < 1e999", lambda t: t["size"] < np.inf),
        ({"size": float("nan")}, lambda t: t["size"].isna()),
        ({"short": (0.1, None)}, lambda t: t["short"] >= np.float32(0.1)),
        ({"price": (Decimal("49.99"), 50)}, lambda t: t["price"].between(49.99, 50)),
        ({"plan": "free"}, lambda t: t["plan"] == "free"),
        ({"plan": ""}, lambda t: t["plan"] == ""),
        ({"plan": None}, lambda t: t["plan"] == ""),
        ("plan not in (free, pro)", lambda t: ~t["plan"].isin(["free", "pro"])),
        ({"town": ["Ulm", None]}, lambda t: t["town"].isna() | (t["town"] == "Ulm")),
        ({"town": ""}, lambda t: t["town"].isna()),
        ("town != Ulm", lambda t: t["town"].isna() | (t["town"] != "Ulm")),
        ({"flag": True}, lambda t: t["flag"]),
        ({"flag": "true"}, lambda t: t["flag"]),
        ({"flag": np.bool_(False)}, lambda t: ~t["flag"]),
        ({"yes": "false"}, lambda t: t["yes"].fillna(True) == False),  # noqa: E712
        ("yes is missing", lambda t: t["yes"].isna()),
        ({"rank": "mid"}, lambda t: t["rank"] == "mid"),
        ({"rank": ("mid", None)}, lambda t: t["rank"] >= "mid"),
        ("rank < high", lambda t: t["rank"] < "high"),
        ({"few": (2, 3)}, lambda t: t["few"].between(2, 3)),
        ("few > 1.5", lambda t: t["few"] > 1.5),
        ({"few": ["1", 5.0]}, lambda t: t["few"].isin([1, 5])),
        (
            {"when": ("2024-02-01", "2024-02-03")},
            lambda t: t["when"].between("2024-02-01", "2024-02-03 23:59:59"),
        ),
        (
            {"when": (T("2024-02-01"), T("2024-02-03"))},
            lambda t: t["when"].between("2024-02-01", "2024-02-03"),
        ),
        ({"when": D(2024, 2, 1)}, lambda t: t["when"].dt.date == D(2024, 2, 1)),
        ({"when": "2024-02"}, lambda t: t["when"].dt.month == 2),
        ({"when": np.datetime64("2024-02")}, lambda t: t["when"].dt.month == 2),
        ({"when": pd.Period("2024-02-01", "D")}, lambda t: t["when"].dt.date == D(2024, 2, 1)),
        ("when > 2024-02-01", lambda t: t["when"] >= "2024-02-02"),
        ("when < 2024-02-01", lambda t: t["when"] < "2024-02-01"),
        ("when > '2024-02-01 12:00'", lambda t: t["when"] > "2024-02-01 12:00"),
        ("when > 2024-02-01T12:00:00.5", lambda t: t["when"] > "2024-02-01 12:00"),
        ("when != 2024-02-01", lambda t: t["when"].dt.date != D(2024, 2, 1)),
        (
            {"zoned": (None, D(2024, 2, 1))},
            lambda t: t["zoned"] < T("2024-02-02", tz="Europe/Paris"),
        ),
        (
            {"zoned": (T("2024-02-01", tz="UTC"), None)},
            lambda t: t["zoned"] >= T("2024-02-01", tz="UTC"),
        ),
        ("zoned >= '2024-02-01 00:00Z'", lambda t: t["zoned"] >= T("2024-02-01", tz="UTC")),
        (
            "zoned >= 2024-02-01T00:00-05:00",
            lambda t: t["zoned"] >= T("2024-02-01 05:00", tz="UTC"),
        ),
        (
            {"lasts": ("1 day", datetime.timedelta(days=2))},
            lambda t: t["lasts"].between("1 day", "2 days"),
        ),
        ("lasts < '1 h 30 min'", lambda t: t["lasts"] < "1 h 30 min"),
        ({"lasts": (np.timedelta64(5, "D"), None)}, lambda t: t["lasts"] >= "5 days"),
        ({"day": "2024-02-01"}, lambda t: t["day"] == D(2024, 2, 1)),
        (
            {"day": (D(2024, 2, 1), "2024-03")},
            lambda t: t["day"].between(D(2024, 2, 1), D(2024, 3, 31)),
        ),
        ("day > '2024-02-01 12:00'", lambda t: t["day"] > D(2024, 2, 1)),
        (
            {"month": (pd.Period("2024-02-01 05:00", "h"), None)},
            lambda t: t["month"] >= pd.Period("2024-02-01 05:00", "h"),
        ),
        ("month < 2024-02", lambda t: t["month"].dt.month < 2),
        (
            {"text": (50, "60.5")},
            lambda t: pd.to_numeric(t["text"], errors="coerce").between(50, 60.5),
        ),
        ({"text": "?"}, lambda t: t["text"] == "?"),
        ({"text": None}, lambda t: t["text"].isin(["", "?"])),
        ("text is not missing", lambda t: ~t["text"].isin(["", "?"])),
        (
            "written between 2024-02-01 and 03.02.2024",
            lambda t: t["written"].isin(["01.02.2024", "02.02.2024", "03.02.2024"]),
        ),
        ("written == 2024-02", lambda t: t["written"].str.contains(".02.", regex=False)),
        ({"mail": None}, lambda t: t["mail"].isna()),
        ("mail is not missing", lambda t: t["mail"].notna()),
        ("age is not missing", lambda t: t["age"] > 0),
        ({"age": (40, None), "plan": "pro"}, lambda t: (t["age"] >= 40) & (t["plan"] == "pro")),
        ({}, lambda t: t["age"] > 0),
    ],
)
def test_masks_are_those_of_pandas(table, where, expected):
    if expected is None:
        with pytest.raises(OptionError, match="so that no row meets"):
            table.ask(where)
        return
    wanted = expected(table).fillna(False).to_numpy(bool)
    assert (table.mask(where) == wanted).all()
    assert len(table.ask(where).mask(table.frame.iloc[:0])) == 0


def test_tests_are_in_the_order_of_the_columns(table):
    asked = table.ask("plan == free and age < 50 and age >= 20")
    assert asked.positions == (0, 6)
    assert [test.column.name for test in asked.tests] == ["age", "plan"]
    assert asked.tests[0].ranges == (Interval(20, 49),)
    assert asked.tests[1].levels == ("free",)
    assert asked.describe() == "age < 50 and age >= 20 and plan == 'free'"
    assert hash(asked.tests[0].ranges)


def test_labels_of_any_kind():
    schema = Schema(tuple(Column(n, "integer", "int64", maximum=9) for n in (0, None, ("x", 1))))
    for name, position in ((0, 0), ("0", 0), (None, 1), (("x", 1), 2), ("('x', 1)", 2)):
        assert parse_condition({name: 5}, schema, {}).positions == (position,)
    assert parse_condition("`0` > 5 and 3 < `('x', 1)`", schema, {}).positions == (0, 2)


def test_whole_numbers_of_64_bits_are_told_apart():
    column = Column("key", "integer", "uint64", minimum=0, maximum=2**64 - 1)
    values = pd.Series([2**64 - 2, 2**64 - 1, 5], dtype="uint64")
    for where, expected in (
        (f"key == {2**64 - 1}", [False, True, False]),
        (f"key < {2**64 - 1}", [True, False, True]),
        ("key != 5", [True, True, False]),
    ):
        asked = parse_condition(where, Schema((column,)), {})
        assert asked.mask(values.to_frame()).tolist() == expected


def test_dates_far_from_ours():
    low, high = T("0001-01-01").as_unit("s"), T("9999-12-31").as_unit("s")
    column = Column("when", "datetime", "datetime64[s]", minimum=low, maximum=high)
    frame = pd.Series([low, T("1500-06-01").as_unit("s"), high]).to_frame()
    schema = Schema((column,))
    assert parse_condition("when < 1500-06-02", schema, {}).mask(frame).tolist() == [
        True,
        True,
        False,
    ]
    assert parse_condition("when = 9999-12-31", schema, {}).mask(frame).tolist() == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        (
            ["plan"],
            (
                "where=['plan'] must be a mapping from columns to values, "
                "as in {'age': …}, or text, as in 'age is not missing'"
            ),
        ),
        ({"agee": 1}, "where: column 'agee' is not in the table; did you mean 'age'?"),
        ("agee > plan", "where: column 'agee' is not in the table; did you mean 'age'?"),
        (
            '"age" > 400',
            (
                "where: 'age' stands where a value does, so that it is a text and '400' a column; "
                "write the name of a column bare or in `backticks`, not in quotes"
            ),
        ),
        (
            {"plan": "fre"},
            (
                "where: column 'plan' never has the value 'fre' in the training table; "
                "did you mean 'free'?"
            ),
        ),
        (
            {"plan": []},
            (
                "where: column 'plan' is given an empty list, which no row can meet; "
                "name one value at least, or leave the column out"
            ),
        ),
        (
            {"plan": {"a": 1}},
            (
                "where: column 'plan' is given {'a': 1}; give a value, a list of values, "
                "a range as a pair (from, to) with None for an open end, or None for "
                "missing"
            ),
        ),
        (
            {"age": (1, 2, 3)},
            (
                "where: column 'age' is given a tuple of 3 values; a tuple is a range, "
                "as in (20, 30) or (65, None); write values to choose from as a list"
            ),
        ),
        (
            {"age": (None, None)},
            (
                "where: column 'age' is given a range that is open at both ends; give "
                "one end at least, or leave the column out"
            ),
        ),
        (
            {"plan": ("free", None)},
            (
                "where: column 'plan' is of kind 'categorical' and has no order, so plan "
                ">= 'free' can't be asked; name the values, as in plan in ('', 'free', "
                "'pro')"
            ),
        ),
        (
            "flag < True",
            (
                "where: column 'flag' is of kind 'boolean' and has no order, so flag < "
                "'True' can't be asked; name the values, as in flag in (False, True)"
            ),
        ),
        (
            "rank > top",
            (
                "where: column 'rank' never has the value 'top' in the training table; "
                "known names: 'low', 'mid', 'high'"
            ),
        ),
        ("rank < low", "where: no value of column 'rank' meets rank < 'low'; name other values"),
        (
            "plan not in ('', free, pro, team)",
            (
                "where: no value of column 'plan' meets plan not in ('', 'free', 'pro', "
                "'team'); name other values"
            ),
        ),
        (
            {"age": (60, 50)},
            (
                "where: no value of column 'age' meets age >= 60 and age <= 50 together; "
                "ask for less"
            ),
        ),
        (
            "plan == free and plan == pro",
            (
                "where: no value of column 'plan' meets plan == 'free' and plan == 'pro' "
                "together; ask for less"
            ),
        ),
        (
            {"age": 16},
            (
                "where: column 'age' is from 17 to 90 in the training table, so that no "
                "row meets age == 16; ask for values in this range"
            ),
        ),
        (
            {"age": (91, None)},
            (
                "where: column 'age' is from 17 to 90 in the training table, so that no "
                "row meets age >= 91; ask for values in this range"
            ),
        ),
        (
            "few > 5",
            (
                "where: column 'few' is from 1 to 5 in the training table, so that no "
                "row meets few > 5; ask for values in this range"
            ),
        ),
        (
            {"few": 9},
            (
                "where: column 'few' never has the value 9 in the training table; the "
                "nearest it has: 5"
            ),
        ),
        (
            {"few": 2.5},
            (
                "where: column 'few' never has the value 2.5 in the training table; the "
                "nearest it has: 2 and 3"
            ),
        ),
        ({"age": 40.5}, "where: column 'age' never has the value 40.5: it has whole numbers only"),
        (
            {"price": 1.234},
            (
                "where: column 'price' never has the value 1.234: it has numbers of 2 "
                "decimal places only"
            ),
        ),
        (
            {"day": T("2024-02-01 12:00")},
            (
                "where: column 'day' never has the value Timestamp('2024-02-01 "
                "12:00:00'): it has whole days only"
            ),
        ),
        ({"age": "old"}, "where: column 'age' is of kind 'integer', and 'old' is not a number"),
        ({"few": "old"}, "where: column 'few' is of kind 'integer', and 'old' is not a number"),
        ({"age": True}, "where: column 'age' is of kind 'integer', and True is not a number"),
        (
            {"when": 2024},
            (
                "where: column 'when' is of kind 'datetime', and 2024 is not a date; "
                "write it as 2024-01-31 or '2024-01-31 12:30'"
            ),
        ),
        (
            "when = 2024-13-01",
            (
                "where: column 'when' is of kind 'datetime', and '2024-13-01' is not a "
                "date; write it as 2024-01-31 or '2024-01-31 12:30'"
            ),
        ),
        (
            "when > '2024-02-01 00:00Z'",
            (
                "where: column 'when' has no time zone, but '2024-02-01 00:00Z' has one; "
                "give the time as the column has it, without a zone"
            ),
        ),
        (
            {"lasts": "5"},
            (
                "where: column 'lasts' is of kind 'timedelta', and '5' is not a "
                "duration; write it as '2 days' or '1 h 30 min'"
            ),
        ),
        ({"age": None}, "where: column 'age' is never missing in the training table; leave it out"),
        (
            {"age": [None, 5]},
            "where: column 'age' is never missing in the training table; leave it out",
        ),
        (
            {"few": [1, (2, 3)]},
            "where: column 'few' is of kind 'integer', and (2, 3) is not a number",
        ),
        (
            {"mail": "a@b.c"},
            (
                "where: column 'mail' is of kind 'email': its values are generated, "
                "so a condition can only test whether it is missing (None, 'is missing') or not; "
                "leave it out"
            ),
        ),
        (
            {"mail": ("a", None)},
            (
                "where: column 'mail' is of kind 'email': its values are generated, "
                "so a condition can only test whether it is missing (None, 'is missing') or not; "
                "leave it out"
            ),
        ),
        (
            "mail is missing and mail is not missing",
            (
                "where: no value of column 'mail' meets mail is missing and mail is not "
                "missing together; ask for less"
            ),
        ),
        (
            "nullable < missing",
            "where: column 'nullable' is of kind 'integer', and 'missing' is not a number",
        ),
    ],
)
def test_what_can_not_be_asked(table, where, message):
    with pytest.raises(OptionError) as caught:
        table.ask(where)
    assert str(caught.value) == message


def test_a_mark_that_may_stand_for_missing_is_named():
    schema = Schema((Column("job", "categorical", "object"),))
    with pytest.raises(OptionError) as caught:
        parse_condition({"job": None}, schema, {0: ["?", "clerk"]})
    assert str(caught.value) == (
        "where: column 'job' is never missing in the training table; ask for '?', which it has"
    )


@pytest.mark.parametrize("dtype", ["uint64", "UInt64"])
@pytest.mark.parametrize("first", [0, 2**63 - 3, 2**63])
def test_whole_numbers_of_64_bits_stay_exact(learn, dtype, first):
    numbers = np.arange(60, dtype=np.uint64) * np.uint64(1_000_003) + np.uint64(first)
    table = learn(pd.DataFrame({"u": pd.Series(numbers, dtype=dtype)}), u="integer")
    asked = table.frame.iloc[[10, 7, 10]].astype({"u": "UInt64"}).reset_index(drop=True)
    asked.loc[1, "u"] = pd.NA
    rows = read_partial_rows(asked, table.schema, table.levels, table.specials)
    assert rows.given[:, 0].tolist() == [True, False, True]
    cells = rows.cells[0]
    assert cells.dtype == dtype
    assert cells.iloc[[0, 2]].tolist() == [int(numbers[10])] * 2
