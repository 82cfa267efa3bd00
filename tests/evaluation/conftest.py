import numpy as np
import pandas as pd
import pytest


def customers(size: int, seed: int) -> pd.DataFrame:
    """Draw a table like a real one: relations, a heavy tail, holes, a date and keys."""
    rng = np.random.default_rng(seed)
    plan = rng.choice(["free", "basic", "pro", "team"], size, p=[0.5, 0.2, 0.2, 0.1])
    price = pd.Series(plan).map({"free": 5, "basic": 30, "pro": 80, "team": 200}).to_numpy()
    spend = np.round(price * rng.lognormal(0, 0.3, size), 2)
    days = rng.integers(0, 700, size)
    return pd.DataFrame(
        {
            "id": [f"c-{seed}{i:05d}" for i in rng.permutation(size)],
            "age": rng.integers(18, 80, size),
            "plan": plan,
            "spend": spend,
            "since": pd.Timestamp("2023-01-01") + pd.to_timedelta(days, "D"),
            "rating": pd.Series(rng.normal(50, 10, size).round(1)).mask(rng.random(size) < 0.2),
            "churned": np.where(rng.random(size) < 1 / (1 + spend / 20), "yes", "no"),
        }
    )


@pytest.fixture(scope="session")
def real() -> pd.DataFrame:
    return customers(1000, 0)


@pytest.fixture
def fresh() -> pd.DataFrame:
    return customers(1000, 1)


@pytest.fixture(scope="session")
def holdout() -> pd.DataFrame:
    return customers(500, 2)
