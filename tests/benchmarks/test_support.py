import numpy as np
import pandas as pd
import pytest
import support
from scipy.spatial.distance import cdist
from support import support_scores


def normal(size: int, seed: int, mean: float = 0, columns: int = 3) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(mean, 1, (size, columns))
    return pd.DataFrame(values, columns=list("xyz")[:columns])


def by_definition(real: np.ndarray, drawn: np.ndarray) -> tuple[float, float]:
    """Both scores from the full matrices of distances, a share at a time."""
    low, high = real.min(axis=0), real.max(axis=0)
    real, drawn = (real - low) / (high - low), (drawn - low) / (high - low)
    to_centre = cdist(real, [real.mean(axis=0)])[:, 0]
    drawn_to_centre = cdist(drawn, [real.mean(axis=0)])[:, 0]
    between, within = cdist(real, drawn), cdist(real, real)
    np.fill_diagonal(within, np.inf)
    nearest = drawn[between.argmin(axis=1)]
    nearest_to_centre = cdist(nearest, [drawn.mean(axis=0)])[:, 0]
    gaps = []
    for share in np.linspace(0, 1, 30):
        inside = drawn_to_centre <= np.quantile(to_centre, share) + 1e-12
        covered = between.min(axis=1) <= within.min(axis=1)
        covered &= nearest_to_centre <= np.quantile(nearest_to_centre, share) + 1e-12
        gaps.append((abs(inside.mean() - share), abs(covered.mean() - share)))
    precision, recall = 1 - 2 * np.mean(gaps, axis=0)
    return precision, recall


@pytest.mark.parametrize("shift", [0.0, 0.5, 2.0])
def test_the_scores_are_those_of_the_definition(shift: float) -> None:
    real, synthetic = normal(200, 0), normal(200, 1, mean=shift)
    scores = support_scores(real, synthetic, [])
    expected = by_definition(real.to_numpy(), synthetic.to_numpy())
    assert (scores["alpha_precision"], scores["beta_recall"]) == pytest.approx(expected)


def test_a_fresh_sample_covers_half() -> None:
    scores = support_scores(normal(3000, 0), normal(3000, 1), [])
    assert scores["alpha_precision"] == pytest.approx(1, abs=0.04)
    assert scores["beta_recall"] == pytest.approx(0.5, abs=0.04)


def test_copies_cover_all() -> None:
    real = normal(500, 0).assign(level=np.arange(500) % 3)
    scores = support_scores(real, real[::-1], ["level"])
    assert scores == pytest.approx({"alpha_precision": 1, "beta_recall": 1}, abs=0.01)


def test_rows_far_away_are_neither_inside_nor_near() -> None:
    scores = support_scores(normal(300, 0), normal(300, 1, mean=100), [])
    assert scores == pytest.approx({"alpha_precision": 0, "beta_recall": 0})


def test_one_row_over_and_over_is_inside_too_often() -> None:
    real = normal(300, 0)
    middle = pd.DataFrame([real.mean()] * 300)
    assert support_scores(real, middle, [])["alpha_precision"] == pytest.approx(0)


def test_levels_that_look_like_numbers_are_levels() -> None:
    real = pd.DataFrame({"code": [1, 3] * 100})
    between = pd.DataFrame({"code": [2] * 200})
    assert support_scores(real, between, ["code"]) == pytest.approx(
        # a level that is not there is as near to the centre as the others, and to no row
        {"alpha_precision": 1 - 2 * np.mean(1 - np.linspace(0, 1, 30)), "beta_recall": 0}
    )


def test_missing_is_a_state_of_its_own() -> None:
    tables = [normal(1000, seed) for seed in (0, 1)]
    real, synthetic = (table.assign(x=table["x"].mask(table["y"] > 0)) for table in tables)
    assert support_scores(real, synthetic, [])["beta_recall"] == pytest.approx(0.5, abs=0.05)
    filled = synthetic.fillna(real["x"].mean())
    assert support_scores(real, filled, [])["beta_recall"] < 0.3


def test_no_more_rows_than_the_limit_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "ROWS", 50)
    seen = []
    features = support._features
    monkeypatch.setattr(
        support,
        "_features",
        lambda *given: seen.append([len(given[0]), len(given[1])]) or features(*given),
    )
    support_scores(normal(300, 0), normal(100, 1), [])
    assert seen == [[50, 50]]
