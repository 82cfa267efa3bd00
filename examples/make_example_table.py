"""Make the example table `tabgan/cli/example_customers.csv`: 2,000 made-up customers.

Nobody in it exists. The columns depend on each other as those of a real table do: the city
determines the country; plan, age and country decide the spend; a customer who has gone has an
older last order, visits less and rates lower; ratings are missing most often where visits are few.

Run it as ``python examples/make_example_table.py [OUT]``; the same file comes out each time.
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

ROWS = 2_000
SEED = 20_240_229
OPENED = np.datetime64("2019-01-01")  # the shop's first day
TODAY = np.datetime64("2025-01-31")
DEFAULT_OUT = Path(__file__).parents[1] / "tabgan" / "cli" / "example_customers.csv"

CITIES = {  # country: how many of the customers, its level of prices, its cities by size
    "Germany": (0.26, 1.00, ["Berlin", "Hamburg", "München", "Köln", "Leipzig"]),
    "France": (0.19, 0.97, ["Paris", "Marseille", "Lyon", "Lille"]),
    "United Kingdom": (0.17, 1.08, ["London", "Manchester", "Leeds", "Bristol"]),
    "Netherlands": (0.11, 1.04, ["Amsterdam", "Rotterdam", "Utrecht"]),
    "Spain": (0.10, 0.82, ["Madrid", "Barcelona", "Valencia", "Sevilla"]),
    "Italy": (0.08, 0.86, ["Roma", "Milano", "Napoli"]),
    "Sweden": (0.06, 1.12, ["Stockholm", "Göteborg"]),
    "Switzerland": (0.03, 1.55, ["Zürich", "Basel"]),
}
PLANS = ["free", "basic", "plus", "business"]
PLAN_SPEND = {"free": 4.0, "basic": 18.0, "plus": 46.0, "business": 190.0}
FIRST = """
ada alex ben carla chen dario elin emma farid greta hugo ines ivan jana jonas karim lena liam
lucia marek maria nadia nils noor olga omar paul petra rosa sara sofia tariq tom uma vera yusuf
"""
LAST = """
adler bakker berg costa diaz dubois ek fischer garcia haas ito jansen keller klein kowalski lang
lopez maier martin meyer moreau nagy novak okafor petit rossi santos schmidt silva smith tanaka
visser weber wilson young zeman
"""


def make_table(rng: Generator, rows: int = ROWS) -> pd.DataFrame:
    """Draw the table, column after column, each given those before it."""
    country, city, prices = places(rng, rows)
    birth_year = birth_years(rng, rows)
    age = 2025 - birth_year
    signup = signup_days(rng, rows)
    tenure = (TODAY - signup).astype(int)
    plan = plans(rng, age)
    active = chance(rng, 1.6 + 0.5 * (plan != "free") + 0.4 * (plan == "business") - tenure / 900)
    visits = visit_counts(rng, plan, active)
    spend = monthly_spend(rng, plan, age, prices, active)
    return pd.DataFrame(
        {
            "customer_id": [f"C-{number}" for number in ids_by_age(rng, signup)],
            "email": emails(rng, rows),
            "signup_date": signup.astype(str),
            "last_order": last_orders(rng, tenure, active, spend),
            "birth_year": blanks(rng, birth_year.astype(str), 0.04),
            "country": country,
            "city": city,
            "plan": plan,
            "is_active": np.where(active, "true", "false"),
            "monthly_spend": [f"{value:.2f}" for value in spend],
            "visits": visits.astype(str),
            "rating": ratings(rng, visits, active, spend),
        }
    )


def chance(rng: Generator, logit: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Draw True with the probability that a logit stands for."""
    return rng.random(len(logit)) < 1 / (1 + np.exp(-logit))


def blanks(rng: Generator, cells: NDArray[np.str_], share: float) -> NDArray[np.str_]:
    """Blank a share of the cells out."""
    return np.where(rng.random(len(cells)) < share, "", cells)


def places(
    rng: Generator, rows: int
) -> tuple[NDArray[np.str_], NDArray[np.str_], NDArray[np.float64]]:
    """Draw country and city, and give the country's level of prices."""
    names = np.array(list(CITIES))
    index = rng.choice(len(names), rows, p=[share for share, _, _ in CITIES.values()])
    rank = rng.geometric(0.45, rows) - 1
    cities = [towns for _, _, towns in CITIES.values()]
    city = np.array([cities[i][r % len(cities[i])] for i, r in zip(index, rank, strict=True)])
    prices = np.array([level for _, level, _ in CITIES.values()])
    return names[index], city, prices[index]


def birth_years(rng: Generator, rows: int) -> NDArray[np.int64]:
    """Draw years of birth: many in their thirties, and a second hump past fifty."""
    young = rng.random(rows) < 0.7
    age = np.where(young, rng.normal(33, 7, rows), rng.normal(56, 9, rows))
    return 2025 - np.clip(age.round(), 18, 90).astype(int)


def signup_days(rng: Generator, rows: int) -> NDArray[np.datetime64]:
    """Draw days of signing up: ever more of them, and half as many at weekends."""
    days = np.arange(OPENED, TODAY)
    weekday = (days.astype(int) + 3) % 7  # 0 is Monday
    weight = np.linspace(1, 3.5, len(days)) * np.where(weekday >= 5, 0.5, 1.0)
    return rng.choice(days, rows, p=weight / weight.sum())


def plans(rng: Generator, age: NDArray[np.int64]) -> NDArray[np.str_]:
    """Draw the plan: the young stay free, business is taken in the middle of life."""
    middle = np.exp(-(((age - 45) / 12) ** 2))
    logits = np.stack([0.9 - age / 90, 0.4 + age * 0, age / 75, 2.2 * middle - 1.4], axis=1)
    noisy = logits + rng.gumbel(size=logits.shape)
    return np.array(PLANS)[noisy.argmax(axis=1)]


def visit_counts(
    rng: Generator, plan: NDArray[np.str_], active: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Draw visits in the last three months."""
    mean = np.array([5.0, 9.0, 16.0, 24.0])[[PLANS.index(name) for name in plan]]
    mean = np.where(active, mean, mean * 0.12)
    return rng.poisson(mean * rng.gamma(2.0, 0.5, len(plan)))


def monthly_spend(
    rng: Generator,
    plan: NDArray[np.str_],
    age: NDArray[np.int64],
    prices: NDArray[np.float64],
    active: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Draw the spend of a month: often nothing, seldom very much."""
    usual = np.array([PLAN_SPEND[name] for name in plan]) * prices * (0.7 + age / 120)
    spend = usual * np.exp(rng.normal(-0.2, 0.75, len(plan)))
    pays = chance(rng, np.where(plan == "free", -1.3, 2.5) - 3.0 * ~active)
    return np.where(pays, spend.round(2), 0.0)


def last_orders(
    rng: Generator,
    tenure: NDArray[np.int64],
    active: NDArray[np.bool_],
    spend: NDArray[np.float64],
) -> NDArray[np.str_]:
    """Draw the day of the last order, never before the signup; blank where there is none."""
    ago = rng.exponential(np.where(active, 30.0, 0.5 * tenure))
    day = (TODAY - np.minimum(ago.astype(int), tenure)).astype(str)
    never = (spend == 0) & (rng.random(len(spend)) < 0.55)
    return np.where(never, "", day)


def ratings(
    rng: Generator,
    visits: NDArray[np.int64],
    active: NDArray[np.bool_],
    spend: NDArray[np.float64],
) -> NDArray[np.str_]:
    """Draw stars from 1 to 5; those who come seldom mostly give none."""
    mood = 3.1 + 0.9 * active + 0.2 * np.log1p(spend / 20) + rng.normal(0, 0.9, len(visits))
    stars = np.clip(mood.round(), 1, 5).astype(int).astype(str)
    return np.where(chance(rng, np.log1p(visits) - 1.6), stars, "")


def ids_by_age(rng: Generator, signup: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Give the customers numbers with gaps, older ones first."""
    numbers = 104_000 + np.cumsum(rng.integers(1, 40, len(signup)))
    ids = np.empty(len(signup), dtype=np.int64)
    ids[signup.argsort(kind="stable")] = numbers
    return ids


def emails(rng: Generator, rows: int) -> list[str]:
    """Draw different addresses at domains that are reserved for examples."""
    first, last = rng.choice(FIRST.split(), rows), rng.choice(LAST.split(), rows)
    domain = rng.choice(["example.com", "example.net", "example.org"], rows, p=[0.6, 0.2, 0.2])
    number = rng.permutation(rows) + 10
    return [f"{a}.{b}{n}@{d}" for a, b, n, d in zip(first, last, number, domain, strict=True)]


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_OUT
    table = make_table(np.random.default_rng(SEED))
    out.write_bytes(table.to_csv(index=False, lineterminator="\n").encode())
    print(f"{out}: {len(table)} rows, {len(table.columns)} columns", file=sys.stderr)
