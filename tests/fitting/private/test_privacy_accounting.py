"""What the guarantee of privacy rests on, and that a check fails when a part of it is broken."""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import beta, chi2, norm

from tabgan import TabGAN
from tabgan.fitting.options import FitOptions
from tabgan.fitting.private import fit_private as fit
from tabgan.fitting.private import noisy_marginals as blocks
from tabgan.fitting.private import noisy_marginals as moments
from tabgan.fitting.private import privacy_accounting as ledger
from tabgan.fitting.private import privacy_accounting as noisy_counts
from tabgan.fitting.private import private_columns as columns
from tabgan.fitting.private import private_columns as forms
from tabgan.fitting.private import private_histograms as levels
from tabgan.fitting.private import private_histograms as tree
from tabgan.fitting.private import public_schema as declared
from tabgan.fitting.private.privacy_accounting import (
    Ledger,
    Mechanism,
    NoisyCounter,
    Share,
    SystemNoise,
    plan_ledger,
)
from tabgan.table.level_codes import as_objects
from tabgan.table.schema import Column

SHARES = [Share("rows", 1.0, 0.1), Share("values", 2.0, 0.4, 3), Share("pairs", 300.0, 0.5)]


def exact(times: int = 100) -> NoisyCounter:
    """Return a counter whose noise rounds to nothing, for what happens beside the noise."""
    names = ("rows", "forms", "values", "margins", "pairs", "triples")
    return NoisyCounter(
        Ledger(1.0, 1e-6, tuple(Mechanism(name, 1.0, 1e-9, times) for name in names), 1e-7),
        SystemNoise(),
    )


TABLE = pd.DataFrame(
    {
        "amount": np.arange(400) % 37 - 3.5,
        "count": np.arange(400) ** 2 % 101,
        "kind": ["a", "b", "", "NA"] * 100,
        "when": pd.date_range("2020-01-01", periods=400, freq="D"),
        "flag": [True, False] * 200,
    }
)


@pytest.fixture(scope="module")
def learned() -> list[tuple[int, blocks.ColumnSummary]]:
    """Return how the columns of the table are laid out."""
    known = exact()
    schema = declared.declared_schema(TABLE, None)
    return fit._learn(TABLE, schema, known, len(TABLE), FitOptions.of(TabGAN()))[1]


CELLS = st.tuples(
    st.one_of(st.floats(), st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308, 5e-324])),
    st.integers(-(2**63), 2**63 - 1),
    st.one_of(st.none(), st.text(max_size=5), st.sampled_from(["a", "NA", "1e400", "2020-02-30"])),
    st.one_of(st.none(), st.datetimes(pd.Timestamp("1700-01-01"), pd.Timestamp("2200-01-01"))),
    st.booleans(),
)


def table_of(rows: list[Any]) -> pd.DataFrame:
    """Make a table of the columns' dtypes."""
    parts = list(zip(*rows, strict=True)) or [[]] * TABLE.shape[1]
    frame = pd.DataFrame(dict(zip(TABLE.columns, map(list, parts), strict=True)))
    frame["when"] = pd.to_datetime(frame["when"]).astype("datetime64[ns]")
    return frame.astype({"amount": float, "count": "int64", "kind": object, "flag": bool})


def check_sensitivity(learned: list[Any], rows: list[Any], row: Any) -> None:
    """Check that a row more changes every sum by no more than the ledger says."""
    without, within = table_of(rows), table_of([row, *rows])
    one, two = (moments.moment_sums(frame, learned) for frame in (without, within))
    mean_norm, pair_norm = moments.sensitivities(len(learned))
    upper = np.triu_indices(len(one[0]), 1)
    owner = np.repeat(
        np.arange(len(learned)), [e.block(TABLE.iloc[:0, i]).shape[1] for i, e in learned]
    )
    between = owner[upper[0]] != owner[upper[1]]
    assert np.linalg.norm(two[0] - one[0]) <= mean_norm * (1 + 1e-12)
    change = (two[1] - one[1])[upper][between].astype(float)
    assert np.linalg.norm(change) <= pair_norm * (1 + 1e-12)


@given(rows=st.lists(CELLS, max_size=4), row=CELLS)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_row_changes_the_moments_by_no_more_than_the_ledger_says(learned, rows, row):
    check_sensitivity(learned, rows, row)


@given(rows=st.lists(CELLS, max_size=4), row=CELLS)
@settings(max_examples=40, deadline=None)
def test_a_row_has_one_vote_on_the_form_of_a_column(rows, row):
    schema = declared.declared_schema(TABLE, None)
    for place, column in enumerate(schema):
        if column.kind == "boolean":
            continue
        counts = []
        for part in (rows, [row, *rows]):
            names, cast = forms.votes(column, table_of(part).iloc[:, place])
            counts.append(np.bincount(cast, minlength=len(names)))
        assert np.abs(counts[1] - counts[0]).sum() == 1


TEXTS = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.integers(-(10**21), 10**21).map(str),
    st.sampled_from(["-5", "1.5", "9223372036854775808", "18446744073709551616", "1e400", "?"]),
    st.dates().map(str),
    st.datetimes().map(str),
)
READ = [
    Column("x", "integer", "object", format="shortest", decimals=0),
    Column("x", "integer", "object", format="shortest", decimals=0, minimum=-(10**20)),
    Column("x", "numeric", "object", format="%.2f", decimals=2),
    Column("x", "numeric", "object", format="shortest"),
    Column("x", "datetime", "object", format="%Y-%m-%d"),
    Column("x", "datetime", "object", format="%Y-%m-%d %H:%M:%S"),
    Column("x", "datetime", "object", format="%d. %B %Y"),
]


def check_cells_are_read_alone(column: Column, texts: list[Any]) -> None:
    """Check that no cell is read otherwise for another one's being there."""
    form = forms.ColumnFormat(column, (None, "?"))
    together = pd.Series(texts, dtype=object)
    line, present, marks = columns._read(form, together)
    cast = forms.votes(replace(column, kind="categorical"), together)[1]
    for place in range(len(texts)):
        alone = together[place : place + 1].reset_index(drop=True)
        line_alone, present_alone, marks_alone = columns._read(form, alone)
        assert present_alone[0] == present[place]
        assert not present[place] or line_alone[0] == line[place]
        assert marks_alone[0] == marks[place]
        assert forms.votes(replace(column, kind="categorical"), alone)[1][0] == cast[place]


@given(column=st.sampled_from(READ), texts=st.lists(TEXTS, min_size=1, max_size=5))
@settings(max_examples=150, deadline=None)
def test_each_cell_is_read_without_the_others(column, texts):
    check_cells_are_read_alone(column, texts)


def test_a_number_of_65_bits_leaves_negative_ones_numbers():
    check_cells_are_read_alone(READ[0], ["-5", "9223372036854775808", "18446744073709551616"])


@given(
    low=st.lists(st.floats(-1, 2), min_size=1, max_size=20),
    widths=st.lists(st.floats(0, 1) | st.floats(0, 1e-5), min_size=20, max_size=20),
)
@settings(max_examples=200, deadline=None)
def test_a_number_adds_up_to_at_most_a_unit(low, widths):
    bands = np.array(low), np.array(widths[: len(low)])
    spread = blocks.number_block(*bands, np.zeros(len(low), np.int64), 2)
    assert (spread >= 0).all()
    assert (spread.sum(axis=1) <= blocks.UNIT).all()


@given(
    line=st.lists(st.floats(allow_nan=False), max_size=8),
    more=st.floats(allow_nan=False),
    whole=st.booleans(),
    bounds=st.sampled_from([(None, None), (0.0, None), (None, 9.0), (-3.0, 500.0)]),
)
@settings(max_examples=100, deadline=None)
def test_a_number_is_counted_in_one_cell_of_each_round(line, more, whole, bounds):
    """The cells of a round are the same in both worlds, as they hang on noisy counts alone."""
    told = [np.random.default_rng(round_).integers(50, 200, 20_000) for round_ in range(6)]

    def counts_of(numbers: list[float]) -> list[Any]:
        rounds: list[Any] = []

        def measure(counts: Any) -> Any:
            rounds.append(counts)
            return told[len(rounds) - 1][: len(counts)]

        at = np.clip(np.array(numbers, float), -1e300, 1e300)
        at = np.rint(np.clip(at, -(2.0**53), 2.0**53)) if whole else at
        tree.grow(at, whole=whole, bounds=bounds, measure=measure, sigma=1.0, rounds=6)
        return rounds

    for one, two in zip(counts_of(line), counts_of([*line, more]), strict=True):
        assert one.shape == two.shape
        assert np.abs(one - two).sum() <= 1


def test_an_end_that_one_count_cannot_tell_from_noise_is_found_by_their_mean():
    """A rare highest grade, and a spike far beyond all other numbers, of three times the noise."""
    counted = tree.grow(
        np.repeat([0.0, *range(2, 17), 1.0, 99_999.0], [9_000, *[900] * 15, 300, 300]),
        whole=True,
        bounds=(None, None),
        measure=lambda counts: counts,
        sigma=100.0,
        rounds=6,
    )
    assert counted.rows[counted.low == 1].tolist() == [300]
    assert counted.low[-1] > 90_000
    assert counted.rows.sum() == pytest.approx(9_000 + 15 * 900 + 600)


def test_noise_beside_the_numbers_seldom_widens_their_range():
    ends = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        cells = tree.grow(
            np.repeat(np.arange(17.0, 64), 400),
            whole=True,
            bounds=(None, None),
            measure=lambda counts, rng=rng: np.rint(counts + rng.normal(0, 80, len(counts))),
            sigma=80.0,
            rounds=6,
        )
        ends.append((cells.low[0] >= 16, cells.high[-1] <= 64))
    assert np.mean(ends) > 0.98


@pytest.mark.parametrize(
    ("epsilon", "delta"), [(0.01, 1e-14), (0.01, 0.5), (1e3, 0.5), (1e3, 1e-14)]
)
def test_noise_is_found_for_any_budget_that_is_allowed(epsilon, delta):
    planned = plan_ledger(epsilon, delta, SHARES, brings_up=True, private=True)
    assert 0.95 * epsilon < planned.spent() <= epsilon


def test_levels_are_given_away_in_an_order_of_their_own():
    """A secret value that can't be compared with the others must not change how they are sorted."""
    known = [(9,), (10,)] * 40
    orders = []
    for secret in ([], [("x",)]):
        values = as_objects([*secret, *known])
        column = declared.declared_schema(pd.DataFrame({"x": values}), None).columns[0]
        quiet = NoisyCounter(
            Ledger(1.0, 1e-6, (Mechanism("values", 1.0, 1.0),), 1e-7), SystemNoise()
        )
        found = levels.frequent_levels(
            column, pd.Series(values), quiet, 0, n_rows=len(values), delta=1e-7
        )
        orders.append([level for level in found if level != levels.OTHER])
    assert orders == [[(9,), (10,)]] * 2


def check_noise_variance() -> None:
    """Check the variance of the noise by a two-sided χ² test, at one in a million."""
    drawn = NoisyCounter(
        plan_ledger(1.0, 1e-6, SHARES, brings_up=True, private=True), SystemNoise()
    )
    for name in ("rows", "values", "pairs"):
        sums = drawn.measure(name, np.zeros(20_000, np.int64), at_once=name == "values")
        statistic = (
            float((sums.astype(float) ** 2).sum())
            / drawn.sigma(name, at_once=name == "values") ** 2
        )
        low, high = chi2.ppf([5e-7, 1 - 5e-7], len(sums))
        assert low < statistic < high


def test_the_noise_has_the_variance_of_the_ledger():
    check_noise_variance()


def check_chances(drawn: Any, chances: Any) -> None:
    """Check by chi-square how often whole numbers from 0 occur; wrong once in a million."""
    expected = np.asarray(chances) / np.sum(chances) * len(drawn)
    counts = np.bincount(drawn, minlength=len(expected))
    assert len(counts) == len(expected)
    assert chi2.sf(((counts - expected) ** 2 / expected).sum(), len(expected) - 1) > 1e-6


@pytest.mark.parametrize("sigma", [0.4, 1.0, 3.7, 12.0])
def test_the_noise_has_the_chances_of_the_discrete_gaussian(sigma):
    drawn = noisy_counts.discrete_gaussian(SystemNoise(), sigma, 20_000)
    most = max(int(2.5 * sigma), 1)
    values = np.arange(-40 * most, 40 * most + 1)
    chances = np.exp(-(values**2) / (2 * sigma**2))
    inner = [chances[values == value][0] for value in range(-most, most + 1)]
    tail = chances[values > most].sum()
    check_chances(np.clip(drawn, -most - 1, most + 1) + most + 1, [tail, *inner, tail])


def test_the_noise_is_normal():
    drawn = noisy_counts.discrete_gaussian(SystemNoise(), 1000.0, 20_000) / 1000.0
    for z in (-3, -2, -1, 0, 1, 2, 3):
        share, expected = (drawn < z).mean(), norm.cdf(z)
        assert abs(share - expected) < 5 * math.sqrt(expected * (1 - expected) / len(drawn)) + 1e-3


def check_low_digits() -> None:
    """Check that the last digits of a noisy sum tell nothing of the sum, however much noise.

    Where floats draw the noise, some digits occur oftener than others, by 1e-3 for a σ of 7e12,
    and all are even for 2**56: many sums together then give a row away.
    """
    drawn = noisy_counts.discrete_gaussian(SystemNoise(), 2.0**56, 4000)
    check_chances(drawn % 16, np.ones(16))


def test_the_low_digits_of_the_noise_tell_nothing():
    check_low_digits()


class Rigged:
    """Words that are told."""

    is_private = False

    def __init__(self, *words: int) -> None:
        self.told = list(words)

    def words(self, n: int) -> Any:
        return np.array([self.told.pop(0) for _ in range(n)], np.uint64)


@pytest.mark.parametrize(
    ("words", "is_below"),
    [
        ((2**64 // 3 - 1,), True),
        ((2**64 // 3 + 1,), False),
        ((2**64 // 3, 2**64 // 3 - 1), True),  # 1/3 repeats itself: the first word leaves it open
        ((2**64 // 3, 2**64 // 3, 2**64 // 3 + 1), False),
    ],
)
def test_a_chance_is_compared_to_its_last_bit(words, is_below):
    third = Fraction(1, 3)
    drawn = noisy_counts._happens(Rigged(*words), np.array([float(third)]), lambda _: third)
    assert drawn.tolist() == [is_below]


@pytest.mark.parametrize("sigma", [0.4, 3.7, 2.0**21, 7e12])
def test_floats_decide_nothing_that_is_in_doubt(sigma, monkeypatch):
    """With fractions alone the same bits give the same noise."""
    fast = noisy_counts.discrete_gaussian(noisy_counts.SeededNoise(0), sigma, 40)
    monkeypatch.setattr(noisy_counts, "DOUBT", 1.0)
    monkeypatch.setattr(noisy_counts, "LARGE", 0.0)
    slow = noisy_counts.discrete_gaussian(noisy_counts.SeededNoise(0), sigma, 40)
    assert fast.tolist() == slow.tolist()


def test_noise_that_64_bits_can_t_hold_is_refused():
    with pytest.raises(ValueError, match=r"sigma=1e\+17 must be above 0 and at most 2\*\*56"):
        noisy_counts.discrete_gaussian(SystemNoise(), 1e17, 3)


@pytest.mark.parametrize(("sigma", "change"), [(20, 1), (42, 1), (300, 7), (1000, 256)])
@pytest.mark.parametrize("epsilon", [0.01, 0.1])
def test_the_accountant_s_gaussian_is_as_private_as_the_discrete_one(sigma, change, epsilon):
    values = np.arange(-12.0 * sigma - change, 12 * sigma + change + 1)
    whole = np.exp(-(values**2) / (2 * sigma**2)).sum()
    chances, shifted = (
        np.exp(-((values - by) ** 2) / (2 * sigma**2)) / whole for by in (0, change)
    )
    delta = np.maximum(shifted - math.exp(epsilon) * chances, 0).sum()
    assert delta <= gaussian_delta(epsilon, sigma / change) * 1.001


def check_noise_is_fresh() -> None:
    """Check that the noise is drawn anew whatever seeds are set."""
    np.random.seed(0)  # noqa: NPY002
    one = noisy_counts.noise_source().words(8)
    np.random.seed(0)  # noqa: NPY002
    assert not (one == noisy_counts.noise_source().words(8)).any()


def test_no_seed_repeats_the_noise():
    check_noise_is_fresh()


def gaussian_delta(epsilon: float, multiplier: float) -> float:
    """Return δ of one Gaussian mechanism, in closed form (Balle & Wang, 2018, theorem 8)."""
    half, rest = 1 / (2 * multiplier), epsilon * multiplier
    return norm.cdf(half - rest) - math.exp(epsilon) * norm.cdf(-half - rest)


def check_accounting(planned: Ledger) -> None:
    """Hold the ledger against a second accountant: Gaussians compose to one, whose δ is known."""
    precision = sum(
        part.times * (part.sensitivity / part.sigma) ** 2 for part in planned.mechanisms
    )
    multiplier = precision**-0.5
    low, high = 0.0, 100.0
    for _ in range(60):
        middle = (low + high) / 2
        is_low = gaussian_delta(middle, multiplier) > planned.delta - planned.stable
        low, high = (middle, high) if is_low else (low, middle)
    second = high - math.log1p(-planned.stable)
    assert abs(second - planned.spent()) < 0.02
    assert second <= planned.epsilon + 1e-6


@pytest.mark.parametrize("epsilon", [0.1, 0.5, 1.0, 3.0, 10.0])
@pytest.mark.parametrize("delta", [1e-9, 1e-6])
def test_the_budget_is_kept_by_a_second_accountant(epsilon, delta):
    planned = plan_ledger(epsilon, delta, SHARES, brings_up=True, private=True)
    check_accounting(planned)
    assert planned.spent() > 0.98 * epsilon  # and hardly any of it is wasted


def test_shares_are_of_what_they_add_up_to():
    halved = [replace(share, share=share.share / 2) for share in SHARES]
    one, two = (plan_ledger(1.0, 1e-6, s, brings_up=True, private=True) for s in (SHARES, halved))
    assert [part.sigma for part in one.mechanisms] == pytest.approx(
        [part.sigma for part in two.mechanisms], rel=1e-2
    )


def test_all_times_at_once_cost_what_they_cost_one_by_one():
    planned = plan_ledger(1.0, 1e-6, SHARES, brings_up=False, private=True)
    part = planned["values"]
    known = NoisyCounter(planned, SystemNoise())
    at_once = Mechanism("values", part.sensitivity, known.sigma("values", at_once=True))
    others = tuple(other for other in planned.mechanisms if other.name != "values")
    again = Ledger(1.0, 1e-6, (*others, at_once), 0.0)
    assert again.spent() == pytest.approx(planned.spent(), abs=1e-3)


def test_the_budget_can_be_spent_once_only():
    known = NoisyCounter(
        plan_ledger(1.0, 1e-6, SHARES, brings_up=False, private=True), SystemNoise()
    )
    for column in (0, 1):
        for _ in range(3):
            known.measure("values", np.zeros(2, np.int64), column)
    known.measure("pairs", np.zeros(2, np.int64))
    with pytest.raises(RuntimeError, match="the privacy budget of 'values' is used up"):
        known.measure("values", np.zeros(2, np.int64), 0)
    with pytest.raises(RuntimeError, match="'pairs' is used up"):
        known.measure("pairs", np.zeros(2, np.int64))


def check_singletons(runs: int = 3000) -> None:
    """Check that a value of one row is given away in at most the promised share of the runs."""
    sigma, delta = 20.0, 0.01
    given_away = sum(
        bool(
            levels.frequent(
                1 + noisy_counts.discrete_gaussian(SystemNoise(), sigma, 1), sigma, delta
            )
        )
        for _ in range(runs)
    )
    # below the upper end of what chance allows, once in a million
    assert given_away <= runs * delta + 5 * math.sqrt(runs * delta)


def test_a_value_of_one_row_stays_secret():
    check_singletons()


def test_an_outlier_of_one_row_does_not_move_the_range():
    values = pd.Series([*range(100)] * 50 + [10**12])
    schema = declared.declared_schema(values.to_frame("n"), None)
    planned = Ledger(
        1.0, 1e-6, (Mechanism("values", 1.0, 20.0, 6), Mechanism("forms", 1.0, 20.0)), 1e-7
    )
    moved = 0
    for _ in range(200):
        column, _ = columns.learn_column(
            forms.ColumnFormat(schema.columns[0]),
            values,
            NoisyCounter(planned, SystemNoise()),
            0,
            n_rows=5000,
            delta=1e-7,
        )
        moved += column.maximum > 10**11
    assert moved <= 2  # noise alone moves it in one of 20,000 runs


def empirical_epsilon(learned: list[Any], runs: int = 1000, delta: float = 1e-6) -> float:
    """Bound ε from below, at 95 %, by how well a canary row is seen in the noisy sums.

    The threshold of the attack is chosen on other runs than it is judged on.
    """
    one, two = sensitivities = moments.sensitivities(len(learned))
    shares = [Share("rows", 1.0, 0.1), Share("margins", one, 0.3), Share("pairs", two, 0.6)]
    planned = plan_ledger(1.0, delta, shares, brings_up=False, private=True)
    assert len(sensitivities) == 2
    base, canary = TABLE.iloc[:50], TABLE.iloc[:51]
    sums = [moments.moment_sums(frame, learned) for frame in (base, canary)]
    upper = np.triu_indices(len(sums[0][0]), 1)
    scores = np.empty((2, runs))
    change = sums[1][0] - sums[0][0], (sums[1][1] - sums[0][1])[upper]
    for world, (means, products) in enumerate(sums):
        for run in range(runs):
            known = NoisyCounter(planned, SystemNoise())
            seen = (
                known.measure("margins", means) - sums[0][0],
                known.measure("pairs", products[upper]) - sums[0][1][upper],
            )
            score = known.measure("rows", np.array(50 + world)) / planned["rows"].sigma ** 2
            for name, direction, observed in zip(("margins", "pairs"), change, seen, strict=True):
                score += direction @ observed / planned[name].sigma ** 2
            scores[world, run] = score
    half = runs // 2
    threshold = max(
        np.sort(scores[0, :half])[-20:], key=lambda t: _bound(scores[:, :half], t, delta)
    )
    return _bound(scores[:, half:], threshold, delta)


def _bound(scores: Any, threshold: float, delta: float) -> float:
    n = scores.shape[1]
    hits, alarms = (scores[1] > threshold).sum(), (scores[0] > threshold).sum()
    least_hits = beta.ppf(0.025, hits, n - hits + 1) if hits else 0.0
    most_alarms = beta.ppf(0.975, alarms + 1, n - alarms) if alarms < n else 1.0
    return math.log(max(least_hits - delta, 1e-12) / most_alarms)


def check_canary(learned: list[Any]) -> None:
    """Check that a canary is not seen better than the claim allows."""
    assert empirical_epsilon(learned) <= 1.0


def test_a_canary_is_not_seen_better_than_claimed(learned):
    check_canary(learned)


# --- broken mechanisms --------------------------------------------------------------------------


def no_noise(source: Any, sigma: float, n: int) -> Any:
    return np.zeros(n, np.int64)


def half_noise(source: Any, sigma: float, n: int) -> Any:
    return noise_drawn(source, sigma / 2, n)


noise_drawn = noisy_counts.discrete_gaussian
laid_out = blocks.level_block


def twice(codes: Any, n_levels: int) -> Any:
    return 2 * laid_out(codes, n_levels)


def seeded() -> Any:
    return noisy_counts.SeededNoise(0)


event_of = ledger._event


def too_cheap(noises: Any, times: Any) -> Any:
    return event_of([2 * noise for noise in noises], times)


@pytest.fixture
def fresh_accounts() -> Iterator[None]:
    """Forget what the accountant found before the test, and what it finds in it."""
    ledger._noise_scale.cache_clear()
    ledger._spent_epsilon.cache_clear()
    yield
    ledger._noise_scale.cache_clear()
    ledger._spent_epsilon.cache_clear()


def low_threshold(sigma: float, delta: float) -> int:
    return 2


def of_floats(source: Any, sigma: float, n: int) -> Any:
    """Draw noise as this library once did: the rounded quantile of 128 random bits."""
    words = source.words(2 * n).reshape(2, n)
    sign = np.where(words[0] & np.uint64(1), 1.0, -1.0)
    tail = (words[0] >> np.uint64(1)).astype(float) + (words[1].astype(float) + 0.5) * 2.0**-64
    return np.rint(sigma * sign * norm.ppf(tail * 2.0**-64)).astype(np.int64)


def as_declared(column: Column) -> Column:
    return column


def all_columns(n_blocks: int) -> tuple[float, float]:
    return blocks.UNIT, blocks.UNIT**2


MUTATIONS: dict[str, tuple[ModuleType, str, Callable[..., Any], str]] = {
    "noise off, seen by its variance": (noisy_counts, "discrete_gaussian", no_noise, "variance"),
    "half of the noise": (noisy_counts, "discrete_gaussian", half_noise, "variance"),
    "noise off, seen by the canary": (noisy_counts, "discrete_gaussian", no_noise, "canary"),
    "noise of 53 bits": (noisy_counts, "discrete_gaussian", of_floats, "digits"),
    "numbers as wide as the widest": (columns, "_bounded", as_declared, "alone"),
    "one column's sensitivity for all": (moments, "sensitivities", all_columns, "sensitivity"),
    "rows count twice": (levels, "level_block", twice, "sensitivity"),
    "seeded noise": (noisy_counts, "SystemNoise", seeded, "fresh"),
    "cheap accounting": (ledger, "_event", too_cheap, "accounting"),
    "low threshold": (levels, "threshold", low_threshold, "singletons"),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_mechanism_is_caught(mutation, learned, monkeypatch, fresh_accounts):
    module, name, broken, check = MUTATIONS[mutation]
    monkeypatch.setattr(module, name, broken)
    checks: dict[str, Callable[[], None]] = {
        "variance": check_noise_variance,
        "canary": lambda: check_canary(learned),
        "sensitivity": lambda: check_sensitivity(learned, [], (1.0, 5, "a", None, True)),
        "fresh": check_noise_is_fresh,
        "digits": check_low_digits,
        "alone": lambda: check_cells_are_read_alone(READ[0], ["-5", "9223372036854775808"]),
        "accounting": lambda: check_accounting(
            plan_ledger(1.0, 1e-6, SHARES, brings_up=True, private=True)
        ),
        "singletons": check_singletons,
    }
    with pytest.raises((AssertionError, ValueError)):
        checks[check]()
