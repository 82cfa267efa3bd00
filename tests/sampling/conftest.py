"""A table with rules between its columns, and a model of it."""

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN


@pytest.fixture(scope="session")
def orders() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 2500
    plan = rng.choice(["free", "basic", "pro"], n, p=[0.6, 0.3, 0.1])
    days = pd.to_datetime("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    net = (rng.gamma(2, 20, n) + 50 * (plan == "pro")).round(2)
    tax = (net * rng.choice([0.07, 0.19], n)).round(2)
    return pd.DataFrame(
        {
            "id": [f"K-{i:05d}" for i in rng.permutation(n)],
            "plan": pd.Categorical(plan, categories=["free", "basic", "pro"], ordered=True),
            "rank": np.select([plan == "free", plan == "basic"], [1, 2], 3),
            "age": rng.integers(18, 80, n),
            "ordered": days,
            "sent": days + pd.to_timedelta(rng.integers(0, 20, n), unit="D"),
            "net": net,
            "tax": tax,
            "gross": (net + tax).round(2),
            "town": np.where(rng.random(n) < 0.1, None, rng.choice(["Ulm", "Bonn", "Köln"], n)),
            "score": np.where(rng.random(n) < 0.2, np.nan, rng.normal(size=n).round(3)),
            "active": rng.random(n) < np.where(plan == "pro", 0.9, 0.4),
        }
    )


@pytest.fixture(scope="session")
def fitted(orders) -> TabGAN:
    options = {"steps": 400, "hidden_dim": 32, "min_group": 1, "verbose": False}
    return TabGAN(**options, random_state=0).fit(orders)  # rows of the table are completed


@pytest.fixture(scope="session")
def check_rules():
    """Check what holds in every row of the table."""

    def check(rows: pd.DataFrame) -> None:
        rank = rows["plan"].astype(object).map({"free": 1, "basic": 2, "pro": 3})
        assert (rank == rows["rank"]).all()
        assert (rows["ordered"] <= rows["sent"]).all()
        assert np.allclose(rows["net"] + rows["tax"], rows["gross"])

    return check
