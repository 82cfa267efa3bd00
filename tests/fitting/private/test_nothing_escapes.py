"""A private fit that is given the same noisy answers makes the same model, whatever its rows are.

The answers of one fit are told again to another one, of a table with a row more. All that the two
ask must differ by no more than the ledger allows, and all that they make must be equal: else
something of the rows has come by another way than the ledger.
"""

import datetime
import math
from collections.abc import Hashable, Iterable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dateutil.tz import tzlocal
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TabGAN
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.fitting.fit_session import FitSession
from tabgan.fitting.options import FitOptions
from tabgan.fitting.private import fit_private as fit
from tabgan.fitting.private import privacy_accounting as noisy_counts
from tabgan.fitting.private.privacy_accounting import NoisyCounter
from tabgan.table.frame_libraries import FrameForm
from tabgan.table.level_codes import as_objects

ROWS = 300
WORDS = ["a", "b", "c"]
UTC = pd.Timestamp("2020-01-01", tz="UTC")
BERLIN = UTC.tz_convert("Europe/Berlin")


def table() -> pd.DataFrame:
    """Make a table with a column of each form."""
    at = np.arange(ROWS)
    frame = pd.DataFrame(
        {
            "amount": (at % 37 - 3.5).round(1),
            "count": at**2 % 101,
            "nullable": pd.array(np.where(at % 5, at % 12, None), "Int64"),
            "word": [WORDS[i % 3] for i in at],
            "twice": [WORDS[i % 3].upper() for i in at],
            "written": [str(i % 50 - 20) for i in at],
            "price": [f"{i % 41 / 4:.2f}" if i % 9 else "NA" for i in at],
            "day": [f"20{i % 20:02}-0{i % 9 + 1}-11" for i in at],
            "when": pd.date_range("2020-01-01", periods=ROWS, freq="D"),
            "flag": at % 2 == 0,
            "mail": [f"person{i}@example.org" for i in at],
            "decimal": objects([Decimal("1.0"), Decimal("2.50")][i >> 1 & 1] for i in at),
            "pair": objects([(1, "x"), (2, "y")][i >> 2 & 1] for i in at),
            "zero": np.where(at >> 3 & 1, 0.0, 1.0),
            "moment": objects(UTC + pd.Timedelta(i >> 4 & 1, "D") for i in at),
            "zoned": objects(UTC + pd.Timedelta(i % 40, "D") for i in at),
            "number": objects(Decimal(int(i) % 30) / 4 for i in at),
            "span": objects(pd.Interval(i >> 5 & 1, 3) for i in at),
        }
    )
    texts = [name for name in frame if pd.api.types.is_string_dtype(frame[name].dtype)]
    return frame.astype(dict.fromkeys(texts, object))  # pandas 3 has a dtype of texts


def objects(cells: Iterable[Any]) -> pd.Series:
    """Make a column of objects, whatever they are."""
    return pd.Series(as_objects(list(cells)), dtype=object)


TABLE = table()
KINDS = {"mail": "email", "zero": "categorical", "zoned": "datetime", "number": "numeric"}
OPTIONS = FitOptions.of(TabGAN(epsilon=300.0, schema=KINDS, verbose=False))
ROW = st.tuples(
    st.floats(),
    st.integers(-(2**63), 2**63 - 1),
    st.none() | st.integers(-(2**63), 2**63 - 1),
    st.sampled_from(WORDS),
    st.sampled_from([*map(str.upper, WORDS)]),
    st.none() | st.text(max_size=3) | st.integers(-(10**20), 10**20).map(str),
    st.none() | st.text(max_size=3) | st.decimals(allow_nan=True).map(str),
    st.none() | st.text(max_size=3) | st.dates().map(str),
    st.none() | st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01")),
    st.booleans(),
    st.text(max_size=9),
    st.none() | st.decimals() | st.floats() | st.integers(),
    st.none() | st.tuples(st.integers(1, 2), st.sampled_from("xy")) | st.lists(st.booleans()),
    st.floats(),
    st.none() | st.datetimes(timezones=st.timezones()),
    st.none() | st.datetimes(timezones=st.timezones()) | st.dates(),
    st.none() | st.decimals() | st.floats() | st.integers() | st.booleans(),
    st.none() | st.builds(pd.Interval, st.just(0), st.floats(0, 9)) | st.complex_numbers(),
)


class Told(NoisyCounter):
    """Notes what it is asked, and answers as another one has, where there is another one."""

    def __init__(self, real: NoisyCounter, other: "Told | None" = None) -> None:
        super().__init__(real.ledger, real.noise)
        for name, value in {"other": other, "asked": [], "given": []}.items():
            object.__setattr__(self, name, value)

    other: "Told | None"
    asked: list[tuple[float, Any]]
    given: list[Any]

    def measure(self, name: str, sums: Any, part: Hashable = None, *, at_once: bool = False) -> Any:
        answer = super().measure(name, sums, part, at_once=at_once)
        counted = np.asarray(sums).astype(float)
        if self.other is not None:
            place = len(self.given)
            assert len(self.other.given) > place, "more is asked than for the other table"
            answer, counts = self.other.given[place], self.other.asked[place][1]
            if at_once and len(counted) == len(answer) + 1:
                # A value that no other row holds is not seen, but with a probability of δ.
                alike = [(np.delete(counted, i) == counts).all() for i in range(len(counted))]
                new = alike.index(True)
                assert counted[new] == 1
                counted, answer = np.delete(counted, new), np.insert(answer, new, -(10**9))
            assert np.shape(counted) == np.shape(counts), f"another shape of {name}"
        self.asked.append((self.sigma(name, at_once=at_once), counted))
        self.given.append(answer)
        return answer


def measured(frame: pd.DataFrame, other: Told | None = None) -> tuple[Told, TableEncoder, str]:
    """Measure a table; return who was asked, the encoder, and all that was made, as a text."""
    made: list[Told] = []
    plain = fit._noisy_counter

    def counter(*arguments: Any) -> Told:
        made.append(Told(plain(*arguments), other))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "_noisy_counter", counter)
        patch.setattr(fit, "plan_ledger", LEDGERS)
        if other is not None:  # whose answers are given again: noise would be drawn for nothing
            patch.setattr(noisy_counts, "discrete_gaussian", lambda _, sigma, n: np.zeros(n, int))
        session = FitSession(verbose=False)
        found = fit._measure_once(frame, FrameForm(), OPTIONS, session, None)
    triples, moments = found.triples, found.moments
    shares = [table.tolist() for table in triples.shares] if triples else []
    sums = moments.means.tolist(), moments.pairs.tolist(), shares
    return made[0], found.encoder, repr([found.encoder.to_json(), *sums, found.n_rows])


def _remembered(plan: Any) -> Any:
    """Plan a ledger but once: it hangs on the columns alone."""
    known: list[Any] = []

    def planned(*arguments: Any, **options: Any) -> Any:
        known[:] = known or [plan(*arguments, **options)]
        return known[0]

    return planned


LEDGERS = _remembered(fit.plan_ledger)


def check_nothing_escapes(
    asked: tuple[Told, TableEncoder, str], row: Any, dtypes: pd.Series | None = None
) -> None:
    """Hold a table with a row more against the one without it."""
    first, _, result = asked
    more = dict(zip(TABLE, row, strict=True))
    frame = pd.DataFrame({name: objects([more[name], *TABLE[name]]) for name in TABLE})
    if dtypes is None:
        dtypes = TABLE.dtypes
    other, _, again = measured(frame.astype(dtypes), first)
    assert again == result
    assert len(other.asked) == len(first.asked)
    spent = sum(
        float(((two - one) ** 2).sum()) / sigma**2
        for (sigma, one), (_, two) in zip(first.asked, other.asked, strict=True)
    )
    allowed = sum(
        part.times * (part.sensitivity / part.sigma) ** 2 for part in first.ledger.mechanisms
    )
    assert spent <= allowed * (1 + 1e-9)


class Word(str):
    """A text of a type that is not known."""

    __slots__ = ()


ODD = [
    {"diagnosis": "secret"},
    ["secret"],
    1j,
    bytearray(b"secret"),
    Word("a"),
    Decimal("sNaN"),
    (Decimal("NaN"),),
    np.datetime64("9999999-01-01"),
    10**400,
    datetime.datetime(1, 1, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=5))),
    pd.Timestamp("2020-01-01", tz=tzlocal()),
    pd.Period("2020"),
    BERLIN,
]
USUAL = (1.0, 5, 3, "a", "A", "7", "1.25", "2001-02-11", pd.Timestamp("2020-05-01"), True, "",
         Decimal("2.50"), (2, "y"), 1.0, UTC, UTC, Decimal(2), pd.Interval(1, 3))  # fmt: skip


@pytest.fixture(scope="module")
def asked() -> tuple[Told, TableEncoder, str]:
    return measured(TABLE)


def test_the_table_has_levels_that_could_give_a_row_away(asked):
    for name in ("decimal", "pair", "zero", "moment", "span"):
        levels = asked[1].encoders[TABLE.columns.get_loc(name)].levels
        # the noise may leave a level for what no level stands for
        assert len([level for level in levels if level != "other"]) == 2, name


@given(row=ROW)
@settings(max_examples=25, deadline=None)
def test_nothing_of_a_row_escapes_the_ledger(asked, row):
    check_nothing_escapes(asked, row)


@pytest.mark.parametrize(
    ("place", "cell"),
    [
        (0, math.nan),
        (0, math.inf),
        (0, 1e308),
        (1, -(2**63)),
        (2, None),
        (5, str(2**63)),
        (5, "1e5"),
        (6, "?"),
        (7, "2020-02-30"),
        (8, pd.NaT),
        (8, pd.Timestamp("1700-01-01 00:00:00.000001")),
        # equal to what other rows hold, and written in another way
        (11, Decimal("1.00")),
        (11, Decimal("2.5")),
        (12, (True, "x")),
        (12, (2.0, "y")),
        (13, -0.0),
        (14, BERLIN),
        (14, UTC.as_unit("s")),
        (15, BERLIN),
        (16, Decimal("1.750")),
        (17, pd.Interval(0.0, 3.0)),
        # what no model can keep
        *((place, cell) for place in (3, 11, 15, 16, 17) for cell in ODD),
    ],
)
def test_no_strange_cell_escapes_the_ledger(asked, place, cell):
    check_nothing_escapes(asked, (*USUAL[:place], cell, *USUAL[place + 1 :]))


@pytest.mark.parametrize(
    ("place", "cell", "dtype"),
    [(1, None, "float64"), (1, 0.5, "float64"), (1, 2**63, "uint64"), (2, 0.5, "Float64")],
)
def test_no_dtype_that_a_cell_changes_escapes_the_ledger(asked, place, cell, dtype):
    """As readers choose it: one hole makes floats of a whole column."""
    dtypes = TABLE.dtypes.copy()
    dtypes.iloc[place] = pd.api.types.pandas_dtype(dtype)
    check_nothing_escapes(asked, (*USUAL[:place], cell, *USUAL[place + 1 :]), dtypes)


def test_a_fit_that_looks_at_the_rows_is_found_out(monkeypatch):
    """A range that is measured without noise."""
    plain = fit.learn_column

    def learn(form: Any, values: Any, *arguments: Any, **options: Any) -> Any:
        column, learned = plain(form, values, *arguments, **options)
        if column.name == "count":
            column = fit.replace(column, maximum=max(int(values.max()), column.minimum))
        return column, learned

    monkeypatch.setattr(fit, "learn_column", learn)
    asked = measured(TABLE)
    with pytest.raises(AssertionError):
        check_nothing_escapes(asked, (*USUAL[:1], 10**6, *USUAL[2:]))


def test_a_row_that_counts_twice_is_found_out(monkeypatch):
    plain = fit.measure_marginals

    def twice(frame: Any, *arguments: Any) -> Any:
        return plain(pd.concat([frame, frame[:1], frame[:1]]), *arguments)

    monkeypatch.setattr(fit, "measure_marginals", twice)
    with pytest.raises(AssertionError):
        check_nothing_escapes(measured(TABLE), USUAL)
