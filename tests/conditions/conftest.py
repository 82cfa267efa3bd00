import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from tabgan.conditions.condition import Condition
from tabgan.conditions.domains import column_categories, column_sentinels
from tabgan.conditions.parse_request import parse_condition
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.inference.infer_schema import resolve_schema
from tabgan.table.schema import Schema

N = 700


class Table(NamedTuple):
    """A table, and what its encoder knows of it."""

    frame: pd.DataFrame
    schema: Schema
    levels: dict
    specials: dict

    def ask(self, where) -> Condition:
        return parse_condition(where, self.schema, self.levels, self.specials)

    def mask(self, where) -> np.ndarray:
        """Evaluate a question, and check that its words ask the same."""
        asked = self.ask(where)
        if asked.tests:
            assert self.ask(asked.describe()) == asked
        return asked.mask(self.frame)

    def __getitem__(self, name) -> pd.Series:
        return self.frame[name]


def learn(frame: pd.DataFrame, **kinds: str) -> Table:
    schema = resolve_schema(frame, kinds)
    encoder = TableEncoder.fit(frame, schema, np.random.default_rng(0))
    return Table(frame, schema, column_categories(encoder), column_sentinels(encoder))


@pytest.fixture(scope="session", name="learn")
def learn_fixture():
    return learn


@pytest.fixture(scope="session")
def table() -> Table:
    rng = np.random.default_rng(0)
    moments = pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 10**7, N), "s")
    days = [datetime.date(2024, 1, 1) + datetime.timedelta(days=int(d)) for d in moments.dayofyear]
    ages = rng.integers(17, 91, N)
    frame = pd.DataFrame(
        {
            "age": ages,
            "nullable": pd.array(rng.permutation(ages), "Int64"),
            "size": rng.normal(size=N),
            "short": rng.normal(size=N).astype("float32"),
            "price": np.round(rng.exponential(50, N), 2),
            "arrow": pd.Series(rng.permutation(ages).tolist(), dtype="int32[pyarrow]"),
            "plan": rng.choice(["free", "pro", "team", ""], N),
            "town": pd.Series(rng.choice(["Ulm", "Bonn", None], N), dtype="string"),
            "flag": rng.random(N) < 0.3,
            "yes": pd.Series(rng.choice([True, False, None], N), dtype="boolean"),
            "rank": pd.Categorical(
                rng.choice(["low", "mid", "high"], N), ["low", "mid", "high"], ordered=True
            ),
            "few": rng.integers(1, 6, N),
            "when": moments,
            "zoned": moments[rng.permutation(N)].tz_localize(
                "Europe/Paris", nonexistent="shift_forward"
            ),
            "lasts": pd.to_timedelta(rng.integers(0, 10**6, N), "s"),
            "day": pd.Series(days, dtype=object),
            "month": pd.Series(moments[rng.permutation(N)]).dt.to_period("h"),
            "text": pd.Series([f"{x:.2f}" for x in rng.exponential(50, N)], dtype=object),
            "written": [d.strftime("%d.%m.%Y") for d in rng.permutation(days)],
            "mail": [f"u{i}@x.org" for i in range(N)],
        }
    )
    frame.loc[::7, "nullable"] = pd.NA
    frame.loc[::9, "size"] = np.nan
    frame.loc[1, "size"] = np.inf
    frame.loc[::5, "text"] = ""
    frame.loc[3, "text"] = "?"
    frame.loc[::8, "mail"] = None
    return learn(frame)
