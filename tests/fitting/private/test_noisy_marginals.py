"""Three-way moments: what a row adds to them, and that a generator learns them."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TabGAN
from tabgan.fitting.options import FitOptions
from tabgan.fitting.private import fit_private as fit
from tabgan.fitting.private import noisy_marginals as triples
from tabgan.fitting.private.marginal_matching import TripleLoss
from tabgan.fitting.private.noisy_marginals import (
    KNOTS,
    UNIT,
    ColumnSummary,
    Marginals,
    measure_marginals,
)
from tabgan.fitting.private.privacy_accounting import Ledger, Mechanism, NoisyCounter, SystemNoise
from tabgan.fitting.private.public_schema import declared_schema

N_ROWS = 4000
NAMES = ("rows", "forms", "values", "margins", "pairs", "triples")


def table(n: int = N_ROWS) -> pd.DataFrame:
    """Return a table whose columns are independent in pairs, but not all three together."""
    rng = np.random.default_rng(0)
    one, two = rng.integers(0, 2, (2, n))
    names = np.array(["no", "yes"])
    return pd.DataFrame(
        {
            "amount": np.where(rng.random(n) < 0.02, np.nan, rng.normal(size=n)),
            "one": names[one],
            "two": names[two],
            "both": names[one ^ two],
            "group": [f"g{number}" for number in rng.integers(0, 40, n)],
        }
    ).astype(dict.fromkeys(("one", "two", "both", "group"), object))


def exact() -> NoisyCounter:
    """Return a counter whose noise rounds to nothing."""
    parts = tuple(Mechanism(name, 1.0, 1e-9, 100) for name in NAMES)
    return NoisyCounter(Ledger(1.0, 1e-6, parts, 1e-7), SystemNoise())


Columns = list[tuple[int, ColumnSummary]]


@pytest.fixture(scope="module")
def learned() -> Columns:
    frame = table()
    options = FitOptions.of(TabGAN())
    return fit._learn(frame, declared_schema(frame, None), exact(), len(frame), options)[1]


@pytest.fixture(scope="module")
def moments(learned: Columns) -> Marginals:
    return measure_marginals(table(), learned, exact(), N_ROWS)


CELLS = st.tuples(
    st.floats() | st.sampled_from([np.inf, -np.inf, np.nan, 1e308]),
    *[st.sampled_from(["no", "yes"]) | st.none() | st.text(max_size=3)] * 3,
    st.integers(-5, 50).map("g{}".format),
)


def check_sensitivity(learned: Columns, moments: Marginals, rows: list[Any], row: Any) -> None:
    """Check that a row more changes the sums by no more than the ledger says."""
    matrix, widths = triples.coarse_cells(moments, 1)
    chosen = triples._chosen(moments, matrix, widths)
    sums = []
    for part in (rows, [row, *rows]):
        frame = pd.DataFrame(part, columns=table(1).columns, dtype=object)
        frame = frame.astype({"amount": float})
        tables = triples.triple_sums(frame, learned, matrix, widths, chosen)
        sums.append(np.concatenate([cells.ravel() for cells in tables]))
    change = np.linalg.norm((sums[1] - sums[0]).astype(float))
    assert change <= triples.triple_sensitivity(len(learned)) * (1 + 1e-12)


@given(rows=st.lists(CELLS, max_size=3), row=CELLS)
@settings(max_examples=60, deadline=None)
def test_a_row_changes_the_triples_by_no_more_than_the_ledger_says(learned, moments, rows, row):
    check_sensitivity(learned, moments, rows, row)


def one_triple(n_blocks: int) -> float:
    return float(triples.SCALE**3)


def without_steps(n_blocks: int) -> float:
    return float(UNIT**3 * 10**0.5)


@pytest.mark.parametrize("broken", [one_triple, without_steps])
def test_too_low_a_sensitivity_is_caught(
    learned, moments, broken: Callable[[int], float], monkeypatch
):
    monkeypatch.setattr(triples, "triple_sensitivity", broken)
    with pytest.raises(AssertionError):
        check_sensitivity(learned, moments, [], (0.0, "no", "no", "yes", "g7"))


def test_of_many_triples_some_are_measured():
    assert triples.triple_sensitivity(4) == triples.SCALE**3 * 2
    assert triples.triple_sensitivity(100) == triples.SCALE**3 * triples.MOST_TRIPLES**0.5


def test_coarse_cells_keep_all_of_a_row(moments):
    matrix, widths = triples.coarse_cells(moments, 1)
    assert (matrix >= 0).all()
    assert (matrix.sum(axis=1) == triples.STEP).all()
    assert widths == (6, 2, 2, 2, triples.MOST_LEVELS)


def test_the_frequent_levels_stay_apart(monkeypatch):
    monkeypatch.setattr(triples, "MOST_LEVELS", 3)
    part = triples._coarse_levels(np.array([0.1, 0.5, 0.1, 0.3]))
    assert part.argmax(axis=1).tolist() == [2, 0, 2, 1]


def test_knots_go_to_their_neighbours():
    part = triples._coarse_number(KNOTS + 1)
    assert part.shape == (KNOTS + 1, 6)
    assert part[5].tolist() == [0, 3, 1, 0, 0, 0]
    assert part[-1].tolist() == [0, 0, 0, 0, 0, 4]


def test_without_noise_they_are_the_shares_of_the_rows(learned, moments):
    frame = table()
    found = triples.measure_three_way(frame, learned, moments, exact(), N_ROWS)
    assert found is not None
    assert set(found.chosen) == {(i, j, k) for k in range(5) for j in range(k) for i in range(j)}
    fine = np.concatenate([c.block(frame.iloc[:, at]) for at, c in learned], axis=1) / UNIT
    cells = np.split(fine @ found.coarse, np.cumsum(found.widths)[:-1], axis=1)
    for (i, j, k), shares in zip(found.chosen, found.shares, strict=True):
        joint = np.einsum("ni,nj,nk->ijk", cells[i], cells[j], cells[k]) / N_ROWS
        assert np.allclose(shares, joint, atol=1e-6)


def test_the_triples_of_columns_that_go_together_come_first(monkeypatch):
    rng = np.random.default_rng(0)
    base = rng.integers(0, 2, N_ROWS)
    noisy = [np.where(rng.random(N_ROWS) < 0.2, 1 - base, base) for _ in range(3)]
    other = rng.integers(0, 2, (2, N_ROWS))
    frame = pd.DataFrame(np.array([noisy[0], other[0], noisy[1], other[1], noisy[2]]).T == 1)
    options = FitOptions.of(TabGAN())
    columns = fit._learn(frame, declared_schema(frame, None), exact(), N_ROWS, options)[1]
    monkeypatch.setattr(triples, "MOST_TRIPLES", 1)
    moments = measure_marginals(frame, columns, exact(), N_ROWS)
    found = triples.measure_three_way(frame, columns, moments, exact(), N_ROWS)
    assert found is not None
    assert found.chosen == ((0, 2, 4),)


def test_the_picked_triples_stand_for_all(learned, moments):
    found = triples.measure_three_way(table(), learned, moments, exact(), N_ROWS)
    assert found is not None
    stream = torch.Generator().manual_seed(0)
    loss = TripleLoss(found, moments)
    one, other = torch.rand(2, 6, len(found.coarse), generator=stream)
    rough = [part @ loss.coarse for part in (one, other)]
    terms = [
        loss.get_buffer(f"weight_{at}") * loss._error(rough[0], at) * loss._error(rough[1], at)
        for at in range(len(found.chosen))
    ]
    drawn = [float(loss(one, other, stream)) for _ in range(2000)]
    whole = sum(float(term.sum()) for term in terms)
    assert np.mean(drawn) == pytest.approx(whole, abs=5 * np.std(drawn) / 2000**0.5)


def test_two_columns_have_no_triples():
    frame = table()[["one", "amount"]]
    gan = TabGAN(epsilon=10, steps=5, random_state=0, verbose=False).fit(frame)
    assert "triples" not in [part.name for part in gan.privacy_.mechanisms]


@pytest.mark.slow
def test_a_private_fit_learns_what_no_two_columns_tell():
    frame = table().drop(columns=["amount", "group"])
    gan = TabGAN(epsilon=10, steps=600, random_state=0, verbose=False).fit(frame)
    drawn = gan.sample(2000)
    agrees = (drawn["one"] != drawn["two"]) == (drawn["both"] == "yes")
    assert agrees.mean() > 0.9
