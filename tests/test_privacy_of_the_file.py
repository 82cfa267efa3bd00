"""No personal value of the table is in the model file, or in what is drawn from it."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.base.model_file import read_model

ROWS = 300
RNG = np.random.default_rng(5)
DIGITS = np.random.default_rng(5).choice(9 * 10**8, ROWS, replace=False) + 10**8
MAILS = [f"{chr(97 + n % 26)}{n}.smith@mail{n % 7}.test" for n in DIGITS]
SSNS = [f"{n // 10**6}-{n // 10**4 % 100:02d}-{n % 10**4:04d}" for n in DIGITS]
NAMES = [f"{chr(65 + n % 26)}{'aeiou'[n % 5]}x{n} Miller" for n in DIGITS]
LAST = ["Becker", "Novak", "Miller", "Rossi", "Martin", "Garcia", "Jensen"]
PHONES = [f"+49 170 {n}" for n in DIGITS]
PEOPLE = [f"{one}-Marie {two}" for one in ("Anna", "Eva", "Rosa", "Lucie", "Jana") for two in LAST]
TWICE = np.arange(ROWS) // 2
NOTES = [f"The customer {n} called about the late delivery" for n in DIGITS]

COLUMNS: dict[str, Any] = {
    "objects": pd.Series(MAILS, dtype=object),
    "string": pd.Series(MAILS, dtype="string"),
    "Arrow": pd.Series(MAILS, dtype="string[pyarrow]"),
    "holed": pd.Series(MAILS, dtype=object).where(DIGITS % 4 > 0),
    "bytes": pd.Series([name.encode() for name in NAMES], dtype=object),
    "names": pd.Series(NAMES),
    "names, some twice": pd.Series([*NAMES[:250], *NAMES[:50]]),
    "e-mails and a number": pd.Series([*MAILS[1:], 7], dtype=object),
    "repeated e-mails and a number": pd.Series([*MAILS[:150], *MAILS[:149], 7], dtype=object),
    "SSNs and a number": pd.Series([*SSNS[1:], 123_456_789], dtype=object),
    "phones twice": pd.Series(PHONES)[TWICE],
    "phones ten times": pd.Series(PHONES)[np.arange(ROWS) % 30],
    "people ten times": pd.Series(PEOPLE)[np.arange(ROWS) % 35],
    "prose": pd.Series(NOTES),
    "prose twice": pd.Series(NOTES)[TWICE],
    "from a category": pd.Series(MAILS, dtype="category").astype(str),
    "patient_id": pd.Series(np.sort(DIGITS)),
    "patient_id as text": pd.Series(np.sort(DIGITS).astype(str)),
}


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_no_personal_value_is_stored_or_given_back(values, tmp_path):
    name = "patient_id" if values.iloc[0:].astype(str).str.isdecimal().all() else "who"
    table = pd.DataFrame({name: values.to_numpy(object), "x": RNG.normal(size=ROWS)})
    table[name] = table[name].astype(values.dtype)
    gan = TabGAN(steps=2, hidden_dim=8, verbose=False, random_state=0).fit(table)
    gan.save(tmp_path / "model")
    stored = (tmp_path / "model").read_bytes()
    made = set(gan.sample(500)[name].dropna().map(as_text))
    source = [text for text in values.dropna().map(as_text).unique() if len(text) >= 6]
    assert len(source) >= 30
    assert [text for text in source if text.encode() in stored] == []
    assert [text for text in source if text in made] == []


def as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def mixed_table() -> pd.DataFrame:
    """Make a table with a column of each kind, some of which are tied to each other."""
    rng = np.random.default_rng(2)
    net, day = rng.gamma(2, 50, ROWS).round(2), rng.integers(0, 700, ROWS)
    town, age = rng.integers(0, 6, ROWS), rng.integers(18, 90, ROWS)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(day, "D")
    return pd.DataFrame(
        {
            "net": net,
            "paid": np.where(rng.random(ROWS) < 0.8, net, (net * 0.7).round(2)),
            "price": (10.0 ** (town % 3 + 1) * (1 + rng.random(ROWS))).round(2),
            "big": rng.integers(10**15, 10**16, ROWS),
            "age": age,
            "band": [f"{n // 10 * 10}s" for n in age],
            "town": [f"town {n}" for n in town],
            "land": [f"land {n % 2}" for n in town],
            "start": start,
            "due": start + pd.to_timedelta(rng.choice([14, 30, 60], ROWS), "D"),
            "clock": start + pd.to_timedelta(rng.integers(0, 86_400, ROWS), "s"),
            "code": [f"INV-{2020 + n % 4}-{n:04d}" for n in rng.permutation(9_000)[:ROWS]],
            "counted": [f"C-{n:05d}" for n in range(ROWS)],
            "customer_id": np.cumsum(rng.integers(1, 6, ROWS)),
            "path": [f"/home/{'ab'[n % 2]}/file{n}.txt" for n in range(ROWS)],
            "url": [f"https://shop.example.com/item/{n}" for n in rng.permutation(9_000)[:ROWS]],
            "tags": rng.choice(["a;b", "a", "b;c", "c"], ROWS),
            "pressure": [f"{a}/{b}" for a, b in rng.integers(60, 180, (ROWS, 2))],
            "amount": [f"{x:,.2f} €" for x in rng.gamma(2, 500, ROWS)],
            "note": [" ".join(rng.choice(["ox", "yak", "gnu"], 9)) + f" {n}" for n in range(ROWS)],
        }
    )


CANARIES: dict[str, tuple[Any, Any]] = {  # two values, either of which is one row's alone
    "net": (98_765.43, 97_531.86),
    "paid": (98_765.43, 97_531.86),
    "price": (98_765.43, 97_531.86),
    "big": (9_876_543_210_987_654, 9_765_432_109_876_543),
    "age": (117, 113),
    "band": ("zembla", "ruritan"),
    "town": ("zembla", "ruritan"),
    "land": ("zembla", "ruritan"),
    "start": (pd.Timestamp("2087-03-09"), pd.Timestamp("2086-11-17")),
    "due": (pd.Timestamp("2087-03-09"), pd.Timestamp("2086-11-17")),
    "clock": (pd.Timestamp("2087-03-09 04:05:06"), pd.Timestamp("2086-11-17 03:07:08")),
    "code": ("ZQX-7777-9876", "KWV-6666-8765"),
    "counted": ("C-00302", "C-00303"),
    "customer_id": (1_000, 1_003),
    "path": ("/srv/zembla/zq9.doc", "/opt/ruritan/kw8.xls"),
    "url": ("https://zembla.example.net/zq?u=9", "https://ruritan.example.de/kw#8"),
    "tags": ("zembla;zq", "ruritan;kw"),
    "pressure": ("987/976", "976/965"),
    "amount": ("98,765.43 €", "97,531.86 €"),
    "note": ("Zembla zqxword here 98", "Ruritan kwvword there 87"),
}
BESIDE = {  # what the column may be tied to
    **{"net": ["paid"], "paid": ["net"], "price": ["town"], "age": ["band"], "band": ["age"]},
    **{"town": ["land", "price"], "land": ["town"], "start": ["due"], "due": ["start"]},
    "code": ["town"],
}


@pytest.mark.parametrize("name", CANARIES)
def test_the_file_is_the_same_whichever_value_one_row_has(name, tmp_path):
    table = mixed_table()[[name, *BESIDE.get(name, ["land"])]]
    check_that_the_file_is_the_same(table, name, ROWS - 1, CANARIES[name], tmp_path)


def rows_that_go_together() -> dict[str, tuple[pd.DataFrame, str, int, tuple[Any, Any]]]:
    """Make tables whose rows are in order or on a grid, and two values of one of their rows."""
    rng = np.random.default_rng(4)
    day, far = pd.Timestamp("2022-01-03"), (pd.Timestamp("2087-03-09"), pd.Timestamp("2086-11-17"))
    series = pd.DataFrame({"day": pd.date_range(day, periods=ROWS), "x": rng.normal(size=ROWS)})
    opened = rng.integers(0, 60, ROWS)
    opened.sort()
    lines = pd.DataFrame(
        {
            "ordered": day + pd.to_timedelta(opened, "D"),
            "line": pd.Series(opened).groupby(opened).cumcount() + 1,
        }
    )
    quarters = day + pd.to_timedelta(15 * rng.integers(0, 20_000, ROWS), "min")
    noon = day + pd.Timedelta(days=ROWS // 2)
    return {
        "the last day of a series": (series, "day", ROWS - 1, far),
        "an hour beside the days of a series": (
            *(series, "day", ROWS // 2),
            (noon + pd.Timedelta(hours=5), noon + pd.Timedelta(hours=9)),
        ),
        "a second beside the quarters": (
            *(pd.DataFrame({"at": quarters}), "at", 7),
            (day + pd.Timedelta(days=60, seconds=33), day + pd.Timedelta(days=60, seconds=34)),
        ),
        "the date of rows in order": (lines, "ordered", ROWS - 1, far),
        "the number of a line": (lines, "line", ROWS - 1, (98_765, 97_531)),
        "a price beside steps of 50": (
            *(pd.DataFrame({"price": 50 * rng.integers(1, 400, ROWS)}), "price", 7),
            (7_777, 7_776),
        ),
        "a field of a record": (
            pd.DataFrame({"log": [f'{{"id": {n}, "size": {n % 61}}}' for n in range(ROWS)]}),
            *("log", 3, ('{"id": 3, "size": 9876}', '{"id": 3, "size": 9753}')),
        ),
    }


@pytest.mark.parametrize("name", rows_that_go_together())
def test_what_rows_are_to_each_other_tells_of_no_single_one(name, tmp_path):
    check_that_the_file_is_the_same(*rows_that_go_together()[name], tmp_path)


def stands_in(data: bytes, value: Any) -> bool:
    """Return whether bytes hold a value, which the digits of a longer number do not."""
    return (
        re.search(rb"(?<![\w.])" + re.escape(str(value).encode()) + rb"(?![\w.])", data) is not None
    )


def check_that_the_file_is_the_same(
    table: pd.DataFrame, name: str, row: int, canaries: tuple[Any, Any], tmp_path: Path
) -> None:
    files = []
    for canary in canaries:
        table.loc[row, name] = canary
        gan = TabGAN(steps=2, hidden_dim=8, verbose=False, random_state=0).fit(table)
        gan.save(tmp_path / "model")
        assert not stands_in((tmp_path / "model").read_bytes(), canary)
        assert str(canary) not in set(gan.sample(500)[name].astype(str))
        description, tensors = read_model(tmp_path / "model")
        files.append((without_filters(description), {k: v.tolist() for k, v in tensors.items()}))
    assert files[0] == files[1]


def without_filters(value: Any) -> Any:
    """Leave out the filters of values seen, which are so full that they tell nothing of one."""
    if isinstance(value, dict):
        return {k: without_filters(v) for k, v in value.items() if k not in ("bits", "digest")}
    return [*map(without_filters, value)] if isinstance(value, list) else value
