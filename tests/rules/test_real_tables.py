"""Constraints on real tables: 2,000 rows of each keep them, whatever was learned."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN
from tabgan.constraints import (
    FixedCombinations,
    Formula,
    Increments,
    Inequality,
    OneHot,
    Positive,
    Range,
    Sum,
    Unique,
)

from .conftest import fit

DATA = Path(os.environ.get("TABGAN_DATA", "../shared/data"))
ROWS = 2_000


def read(name: str) -> pd.DataFrame:
    path = DATA / f"{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"no {path}: set TABGAN_DATA to the folder of the benchmark tables")
    return pd.read_csv(path, keep_default_na=False, na_values=["", "NULL"], low_memory=False)


def test_players():
    table = read("baseball_players")
    gan = fit(
        table,
        Unique("id"),
        Inequality("birthDate", "deathDate", strict=True),
        Range("birthDate", "1820-01-01", "2001-01-01"),
        Positive("weight"),
        Increments("height", 1),
        FixedCombinations(["bats", "throws"]),
        refine=False,
        polish=False,
    )
    sample = gan.sample(ROWS)
    assert sample["id"].is_unique
    assert not set(sample["id"]) & set(table["id"])
    born, died = (pd.to_datetime(sample[name]) for name in ("birthDate", "deathDate"))
    assert not (born >= died).any()
    assert born.min() >= pd.Timestamp("1820-01-01")
    assert not (sample["weight"] <= 0).any()
    hands = [
        set(frame[["bats", "throws"]].fillna("none").agg("-".join, axis=1))
        for frame in (sample, table)
    ]
    assert hands[0] <= hands[1]


def test_bookings(tmp_path):
    table = read("hotel_bookings").sample(5_000, random_state=0).reset_index(drop=True)
    nights = ["stays_in_weekend_nights", "stays_in_week_nights"]
    table["nights"] = table[nights].sum(axis=1)
    table["price"] = (table["adr"] * table["nights"]).round(2)
    kinds = pd.get_dummies(table["customer_type"], dtype=int)
    table = pd.concat([table, kinds], axis=1)
    when = ["arrival_date_year", "arrival_date_month", "arrival_date_week_number"]
    gan = fit(
        table,
        Sum(nights, "nights"),
        Formula("price", "round(adr * nights, 2)"),
        OneHot([*kinds]),
        FixedCombinations(when),
        FixedCombinations(["is_canceled", "reservation_status"]),
        Range("lead_time", 0, 1_000),
        refine=False,
        polish=False,
    )
    gan.save(tmp_path / "hotel.safetensors")
    sample = TabGAN.load(tmp_path / "hotel.safetensors").sample(ROWS)
    assert (sample[nights].sum(axis=1) == sample["nights"]).all()
    assert np.allclose(sample["adr"] * sample["nights"], sample["price"], atol=0.00501)
    assert (sample[[*kinds]].sum(axis=1) == 1).all()
    assert sample["lead_time"].between(0, 1_000).all()
    for names in (when, ["is_canceled", "reservation_status"]):
        pairs = [set(map(tuple, frame[names].astype(str).to_numpy())) for frame in (sample, table)]
        assert pairs[0] <= pairs[1]
