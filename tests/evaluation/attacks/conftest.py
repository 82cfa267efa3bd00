"""A small population, and synthetic tables that give away what they shouldn't, or nothing."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from tabgan import Column, Schema

SCHEMA = Schema(
    (
        Column("age", "integer", "int64"),
        Column("income", "numeric", "float64", decimals=2),
        Column("city", "categorical", "object"),
        Column("plan", "categorical", "object"),
        Column("since", "integer", "int64"),
    )
)


def people(size: int, seed: int) -> pd.DataFrame:
    """Draw from the population; a twentieth are odd in all columns together."""
    rng = np.random.default_rng(seed)
    odd = rng.random(size) < 0.05
    age = np.where(odd, rng.integers(75, 99, size), rng.normal(40, 10, size).clip(18, 70))
    common, rare = rng.integers(0, 8, size), rng.integers(8, 30, size)
    return pd.DataFrame(
        {
            "age": age.astype(int),
            "income": np.round(np.exp(rng.normal(7 + 0.01 * age + 2 * odd, 0.5)), 2),
            "city": [f"c{n}" for n in np.where(odd, rare, common)],
            "plan": [["free", "pro", "team"][n] for n in rng.integers(0, 3, size)],
            "since": rng.integers(2000, 2025, size),
        }
    )


def jittered(rows: pd.DataFrame, seed: int = 5) -> pd.DataFrame:
    """Change every income a little."""
    noise = np.random.default_rng(seed).normal(1, 0.005, len(rows))
    return rows.assign(income=(rows["income"] * noise).round(2))


def copier(real: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    """Repeat a tenth of the real rows as they are."""
    tenth = real.iloc[: len(real) // 10]
    return pd.concat([tenth, fresh.iloc[len(tenth) :]], ignore_index=True)


def near_copier(real: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    """Repeat a tenth of the real rows with a little noise."""
    tenth = jittered(real.iloc[: len(real) // 10])
    return pd.concat([tenth, fresh.iloc[len(tenth) :]], ignore_index=True)


def memorizer(real: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    """Repeat the odd ones, and no others, with a little noise."""
    odd = jittered(real[real["age"] > 74])
    return pd.concat([odd, fresh.iloc[len(odd) :]], ignore_index=True)


def honest(real: pd.DataFrame, fresh: pd.DataFrame) -> pd.DataFrame:
    """Draw from the population."""
    return fresh


@pytest.fixture(scope="session")
def case() -> Callable[..., tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]]:
    """Make real, synthetic and unseen rows of a generator."""

    def make(
        generator: Callable[..., pd.DataFrame], size: int = 1500, seed: int = 0
    ) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
        real, fresh, unseen = (people(size, 10 * seed + turn) for turn in range(3))
        return real, generator(real, fresh), unseen

    return make
