import pytest
import torch

from tabgan.base.errors import OptionError
from tabgan.generators.diffusion.noise_schedules import (
    MOST_NOISE,
    SCHEDULES,
    USUAL_STEPS,
    Linear,
    Preconditioned,
    check_schedule,
)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("n_steps", [1, 2, 50])
def test_noise_rises_from_none_to_what_hides_the_data(name, n_steps):
    alphas = SCHEDULES[name](n_steps).alphas()
    assert alphas.shape == (n_steps + 1,)
    assert alphas[0] == 0
    assert alphas[-1] == pytest.approx(MOST_NOISE)
    assert (alphas.diff() > 0).all()


def test_the_linear_schedule_adds_equal_noise_in_each_step():
    variances = Linear(20).alphas().square()
    assert torch.allclose(variances.diff(), variances[1].expand(20))


def test_the_cosine_schedule_adds_little_first():
    added = SCHEDULES["cosine"](20).alphas().square().diff()
    assert added[0] < added.mean() / 100
    assert (added[:10].diff() > 0).all()


@pytest.mark.parametrize("name", ["linear", "cosine"])
def test_training_draws_each_step_alike_often(name):
    schedule = SCHEDULES[name](4)
    drawn = schedule.draw(8000, torch.Generator().manual_seed(0))
    values, counts = drawn.unique(return_counts=True)
    assert torch.allclose(values, schedule.alphas()[1:].float())
    assert (counts / 8000 - 0.25).abs().max() < 0.02
    assert (schedule.weights(drawn, 1.0) == 1).all()


def test_preconditioned_noise_is_log_normal_and_errors_are_weighted():
    schedule = Preconditioned(4)
    logs = schedule.draw(20_000, torch.Generator().manual_seed(0)).log()
    assert logs.mean() == pytest.approx(-1.2, abs=0.03)
    assert logs.std() == pytest.approx(1.2, abs=0.03)
    # the best error for normal data of deviation s has the variance (α·s)²/(α² + s²)
    alpha = torch.tensor([[0.5]])
    assert schedule.weights(alpha, 2.0).item() == pytest.approx((0.25 + 4) / 1)


def test_the_usual_numbers_of_steps():
    for name, steps in USUAL_STEPS.items():
        assert check_schedule(name, "auto") == SCHEDULES[name](steps)


@pytest.mark.parametrize(
    ("name", "steps", "why"),
    [
        ("cosin", "auto", r"schedule='cosin' is not known; did you mean 'cosine'\?"),
        (3, "auto", "schedule=3 is not known; known names: 'edm', 'linear', 'cosine'"),
        ("edm", 0, "noise_steps=0 must be a whole number from 1 or 'auto'"),
        ("edm", 2.5, "noise_steps=2.5 must be a whole number from 1 or 'auto'"),
    ],
)
def test_what_is_no_schedule(name, steps, why):
    with pytest.raises(OptionError, match=why):
        check_schedule(name, steps)
