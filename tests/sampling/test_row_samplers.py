import numpy as np
import pytest
import torch

from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import Encoded
from tabgan.generators.gan.table_networks import MLPGenerator
from tabgan.sampling.calibration import (
    KNOTS,
    LEAST_ROWS,
    ROWS_PER_CELL,
    ConditionCounts,
    draw_pool,
    fit_stratified_calibration,
)
from tabgan.sampling.row_samplers import ConditionalSampler

SPANS = RowLayout(marks=(None, 2), widths=(3, 4, 2))  # a condition, a level, a mark
GIVEN = (0,)
SIZES = (3000, 1200, 90)


def make_rows() -> Encoded:
    """Rows whose numbers and levels depend on the given level."""
    rng = np.random.default_rng(0)
    given = np.repeat([0, 1, 2], SIZES)
    u = rng.beta(np.array([1.0, 4.0, 1.0])[given], np.array([1.0, 1.0, 5.0])[given])
    order = u.argsort().argsort()
    low = np.stack([order / len(u), rng.random(len(u))], axis=1)
    level = (rng.random(len(u)) < np.array([0.1, 0.6, 0.3])[given]).astype(int)
    mark = (rng.random(len(u)) < 0.3).astype(int)
    codes = np.stack([given, level, mark], axis=1)
    low[mark == 1, 1] = 0
    width = np.where(np.stack([mark * 0, mark], axis=1) == 1, 1.0, 1 / len(u))
    return Encoded(low.astype(np.float32), width.astype(np.float32), codes.astype(np.int32))


ROWS = make_rows()


def stream(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def sampler() -> ConditionalSampler:
    torch.manual_seed(0)
    generator = MLPGenerator(8, SPANS.width, hidden_dim=32, labels=(3,))
    conditions, which = ConditionCounts.of(ROWS.codes, GIVEN)

    def draw(counts: torch.Tensor, most: int) -> torch.Tensor:
        def labels(n: int) -> torch.Tensor:
            return conditions.one_hot(conditions.draw(n, counts.double(), stream(2)), SPANS)

        return draw_pool(generator, SPANS.width, stream(1), draw_labels=labels, most=most)

    strata = fit_stratified_calibration(ROWS, SPANS, conditions, which, draw=draw, stream=stream(3))
    return ConditionalSampler(generator, strata, SPANS, conditions)


def asked(sampler: ConditionalSampler, code: int) -> ConditionalSampler:
    chances = sampler.conditions.chances({0: [code]})
    return ConditionalSampler(sampler.generator, sampler.strata, SPANS, sampler.conditions, chances)


def distance(a: np.ndarray, b: np.ndarray) -> float:
    """Kolmogorov and Smirnov's distance of two samples."""
    places = np.sort(np.concatenate([a, b]))
    shares = (np.searchsorted(np.sort(x), places, side="right") / len(x) for x in (a, b))
    return float(np.abs(np.subtract(*shares)).max())


def test_frequent_levels_have_a_stratum_of_their_own(sampler):
    assert sampler.strata.stratum.tolist() == [1, 2, 0]
    assert [size >= LEAST_ROWS for size in SIZES] == [True, True, False]


@pytest.mark.parametrize("code", [0, 1])
def test_margins_under_a_condition_are_those_of_its_rows(sampler, code):
    numbers, codes = asked(sampler, code).draw(8000, stream(5))
    assert (codes[:, 0] == code).all()
    real = ROWS.codes[:, 0] == code
    for span in (1, 2):
        theirs = np.bincount(ROWS.codes[real, span], minlength=4) / real.sum()
        assert np.abs(np.bincount(codes[:, span], minlength=4) / 8000 - theirs).max() < 0.02
    shown, there = codes[:, 2] == 0, real & (ROWS.codes[:, 2] == 0)
    assert distance(numbers[:, 0], ROWS.low[real, 0]) < 0.04
    assert distance(numbers[shown, 1], ROWS.low[there, 1]) < 0.05


def test_free_rows_have_the_tables_margins(sampler):
    numbers, codes = sampler.draw(20_000, stream(6))
    assert numbers.dtype == np.float64
    assert codes.shape == (20_000, 3)
    shares = np.bincount(codes[:, 0]) * len(ROWS.codes) / 20_000
    assert np.abs(shares - SIZES).max() < 1
    uniform = (np.arange(20_000) + 0.5) / 20_000
    assert np.abs(np.sort(numbers[:, 0]) - uniform).max() <= 0.5 / 20_000
    under = codes[:, 0] == 1
    assert distance(numbers[under, 0], ROWS.low[ROWS.codes[:, 0] == 1, 0]) < 0.05


def test_rare_levels_are_calibrated_like_the_whole_table(sampler):
    numbers, codes = asked(sampler, 2).draw(500, stream(7))
    assert (codes[:, 0] == 2).all()
    assert ((numbers >= 0) & (numbers <= 1)).all()


def test_the_same_stream_gives_the_same_rows(sampler):
    for one in (sampler, asked(sampler, 1)):
        first, second = (one.draw(100, stream(3)) for _ in range(2))
        assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_tensors_put_a_sampler_together_again(sampler):
    again = ConditionalSampler.from_tensors(sampler.generator, SPANS, GIVEN, sampler.to_tensors())
    pairs = zip(sampler.draw(200, stream(1)), again.draw(200, stream(1)), strict=True)
    assert all(np.array_equal(a, b) for a, b in pairs)


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        ("combinations", lambda t: t + 1, "combinations must hold codes of the levels"),
        (
            "combinations",
            lambda t: t[:, [0, 0]],
            r"combinations must be torch.int64 of shape \(3, 1\)",
        ),
        ("counts", lambda t: t * 0, "counts must be from 1 to"),
        ("counts", lambda t: t[:0], "must be torch.int64 of shape"),
        ("stratum", lambda t: t + 1, "stratum must hold numbers of strata"),
        ("offsets", lambda t: t[:, 1:], "offsets must be torch.float32 of shape"),
        ("outputs", lambda t: t.double(), "outputs must be torch.float32 of shape"),
        ("outputs", lambda t: t.flip(2), "outputs and units must rise"),
        ("units", lambda t: t + 0.5, "units must be from 0 to 1"),
    ],
)
def test_tensors_that_do_not_fit_are_refused(sampler, name, damage, message):
    tensors = sampler.to_tensors()
    tensors[name] = damage(tensors[name])
    with pytest.raises(ValueError, match=message):
        ConditionalSampler.from_tensors(sampler.generator, SPANS, GIVEN, tensors)


def test_no_knot_is_the_number_of_a_single_row():
    rows = Encoded(ROWS.low[:600], 0 * ROWS.width[:600], ROWS.codes[:600])
    conditions, which = ConditionCounts.of(rows.codes, GIVEN)
    logits = torch.randn(2000, SPANS.width, generator=stream(0))
    strata = fit_stratified_calibration(
        rows, SPANS, conditions, which, draw=lambda *_: logits, stream=stream(0)
    )  # fmt: skip
    edges = np.linspace(0, 1, 600 // ROWS_PER_CELL + 1)
    knots = (1 - np.cos(np.linspace(0, np.pi, KNOTS))) / 2
    expected = np.interp(knots, edges, np.quantile(rows.low[:, 0], edges))
    assert strata.units[1, 0].numpy() == pytest.approx(expected, abs=1e-5)
    assert strata.outputs[1, 0].numpy() == pytest.approx(
        np.quantile(logits[:, 0].numpy(), knots), abs=5e-3
    )


def test_the_ends_of_a_number_are_reached(sampler):
    numbers, _ = asked(sampler, 0).draw(20_000, stream(8))
    real = ROWS.low[ROWS.codes[:, 0] == 0, 0]
    for share in (0.001, 0.003):
        for end in (share, 1 - share):
            drawn = (numbers[:, 0] < np.quantile(real, end)).mean()
            assert drawn == pytest.approx(end, abs=0.0015)
