"""Evaluations made by hand: an ordinary one, and one whose every text is hostile."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tabgan.evaluation.evaluate import Evaluation
from tabgan.evaluation.evaluation_parts import (
    ColumnResult,
    Coverage,
    Detection,
    Detector,
    Fidelity,
    Figure,
    LevelsChart,
    NumbersChart,
    Pairs,
    TellingFeature,
    Utility,
    Validity,
    Violation,
)
from tabgan.evaluation.results import Nearness, Run, Tables, Verdict, WeakPoint

HOSTILE = (
    "<script>window.hacked = 1; alert(1)</script>",
    "</script><script>window.hacked = 1</script>",
    '"><img src=x onerror="window.hacked=1">',
    "'; DROP TABLE x; --\r\nsecond line\tand tab",
    "<!-- </style></svg><svg onload=window.hacked=1>",
    "{{ 7 * 7 }}{% raw %} ${window.hacked=1}",
    "شارع الملك \u202eevil\u202c فهد",
    "👩\u200d👩\u200d👧\u200d👦🏳️\u200d🌈 emoji 東京都渋谷区",
    "nul\x00bell\x07esc\x1b\x85 lone \ud800 line\u2028par\u2029",
    "x" * 1_000_000,
    "",
    "   ",
)


def numbers(
    rng: np.random.Generator, *, low: float = 17, high: float = 90, **more: Any
) -> NumbersChart:
    """Make two histograms that nearly agree."""
    real = rng.dirichlet(np.arange(30, 0, -1.0))
    synthetic = np.clip(real + rng.normal(0, 0.004, 30), 0, None)
    quantiles = {
        key: f"{low + (high - low) * int(key) / 100:g}" for key in ("0", "25", "50", "75", "100")
    }
    return NumbersChart(
        np.linspace(low, high, 31),
        real,
        synthetic / synthetic.sum(),
        {"real": quantiles, "synthetic": quantiles},
        **more,
    )


def levels(rng: np.random.Generator, names: Sequence[str]) -> LevelsChart:
    """Make the shares of levels."""
    real = np.sort(rng.dirichlet(np.ones(len(names))))[::-1]
    return LevelsChart(tuple(names), real, rng.permutation(real), 3, (0.01, 0.02))


def column(name: str, shown: NumbersChart | LevelsChart | None, error: float = 1.2) -> ColumnResult:
    """Make a column's result."""
    kind = {NumbersChart: "numeric", LevelsChart: "categorical"}.get(type(shown), "identifier")
    there = shown is not None
    return ColumnResult(
        name,
        kind,
        Figure(error, 0.5) if there else None,
        Figure(2.0, 1.8),
        Figure(0.5 + error / 100, 0.51) if there else None,
        shown,
    )


def evaluation(columns: Sequence[ColumnResult], seed: int = 0, **changes: Any) -> Evaluation:
    """Make an evaluation of these columns."""
    rng = np.random.default_rng(seed)
    names = [item.name for item in columns if item.shape_error]
    count = len(names)
    real = np.triu(rng.uniform(0, 1, (count, count)), 1)
    synthetic = np.clip(real + np.triu(rng.normal(0, 0.05, (count, count)), 1), 0, 1)
    error = 100 * np.abs(real - synthetic)
    real, synthetic, error = (matrix + matrix.T for matrix in (real, synthetic, error))
    np.fill_diagonal(error, np.nan)
    pairs = Pairs(tuple(names), real, synthetic, error, real > 0.1)
    texts = [item.name for item in columns] or ["a"]
    parts = {"validity": 1.0, "shapes": 1.0, "trends": 0.97, "detection": 0.82, "utility": 0.98}
    parts |= {"coverage": 0.94}
    weak = WeakPoint(
        "detection",
        tuple(texts[:2]),
        f"Boosted trees tell the rows apart with an AUC of 0.59, most by {texts[0]}.",
        f"Train longer, or declare a rule for {texts[0]}.",
        0.18,
    )
    values: dict[str, Any] = {
        "verdict": Verdict(
            "good",
            "The table can stand in for the real one; a detector still finds a trace.",
            0.95,
            parts,
            (weak,),
        ),
        "tables": Tables(
            48842, 48842, 4884, {"fidelity": 48842, "detection": 20000}, 7, {"fidelity": 1.5}
        ),
        "validity": Validity(
            99.98,
            100.0,
            Figure(99.9, 100.0),
            (Violation(texts[0], "within 17 to 90", 12, texts[-1]),),
        ),
        "fidelity": Fidelity(
            Figure(0.41, 0.39), Figure(1.16, 0.79), 18.0, tuple(columns), pairs, 0.97
        ),
        "detection": Detection(
            Detector(0.59, 0.58, 0.60, 0.502),
            Detector(0.51, 0.50, 0.52, 0.498),
            (
                TellingFeature(tuple(texts[:1]), 0.56, 0.02),
                TellingFeature(tuple(texts[:2]), 0.55, 0.01),
            ),
        ),
        "utility": Utility(
            texts[-1],
            "named",
            "AUC",
            Figure(0.914, 0.927),
            0.5,
            tuple((name, 0.1 / (i + 1), 0.09 / (i + 1)) for i, name in enumerate(texts[:8])),
        ),
        "coverage": Coverage(
            Figure(96.2, 98.0),
            Figure(99.1, 97.0),
            Figure(74.0, 81.0),
            Figure(100.0, 100.0),
            ((texts[0], texts[-1], 17),),
        ),
        "nearness": Nearness(
            Figure(0.0, 0.1),
            Figure(0.0, 0.02),
            Figure(50.4, 50.0),
            Figure(0.031, 0.03),
            Figure(0.0, 0.0),
        ),
        "run": Run(
            {"seed": "7", "steps": "4,000", "device": "cpu", "tabgan": "0.1.0"},
            tuple(
                {
                    "step": 100.0 * i,
                    "discriminator_loss": 1.3 + 0.1 * np.cos(i / 5),
                    "generator_loss": 0.8 + 0.1 * np.sin(i / 5),
                    "diversity": 0.9,
                }
                for i in range(40)
            ),
            (f"A remark about {texts[0]}",),
        ),
    }
    return Evaluation(**values | changes)


@pytest.fixture
def plain():
    """Give an evaluation of a small table with a column of each form."""
    rng = np.random.default_rng(0)
    day = 86_400e9
    dates = numbers(rng, low=12_000 * day, high=19_000 * day, is_time="date")
    waits = numbers(rng, low=0, high=3 * day, is_time="duration")
    return evaluation(
        [
            column("age", numbers(rng)),
            column("balance", numbers(rng, low=-12_000, high=250_000), error=9.0),
            column("opened", dates),
            column("wait", waits),
            column("plan", levels(rng, ["free", "basic", "plus", "team"])),
            column("country", levels(rng, [f"country {i}" for i in range(12)]), error=22.0),
            column("active", levels(rng, ["True", "False"]), error=0.4),
            column("id", None),
        ]
    )


@pytest.fixture
def hostile():
    """Give an evaluation whose names and values try to break the page."""
    rng = np.random.default_rng(1)
    columns = [column(text, numbers(rng)) for text in HOSTILE]
    columns += [column(text, levels(rng, HOSTILE)) for text in HOSTILE]
    nasty = dict.fromkeys(HOSTILE, HOSTILE[0]) | {"seed": HOSTILE[9]}
    run = Run(nasty, (), HOSTILE)
    return evaluation([*columns, column(HOSTILE[0], None)], run=run)
