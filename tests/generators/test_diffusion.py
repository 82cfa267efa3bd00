"""Every schedule of a diffusion keeps the contract of a generator of rows."""

import copy

import pytest
import torch

from tabgan.base.errors import OptionError
from tabgan.base.row_layout import RowLayout
from tabgan.generators.diffusion import (
    LEVEL_SCALE,
    MOST_NOISE,
    SCHEDULES,
    USUAL_STEPS,
    Linear,
    MLPDenoiser,
    Preconditioned,
    check_schedule,
)
from tabgan.generators.optimizers import Adam, MovingAverage

LAYOUT = RowLayout((None, 1), (3, 2))
STEPS = {"edm": 10, "linear": 40, "cosine": 40}


def stream(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def rows(n: int) -> torch.Tensor:
    levels = [torch.eye(w)[torch.randint(w, (n,), generator=stream(w))] for w in (3, 2)]
    return torch.cat([torch.randn(n, 2, generator=stream()), *levels], dim=1)


@pytest.fixture(params=SCHEDULES)
def denoiser(request) -> MLPDenoiser:
    torch.manual_seed(0)
    return MLPDenoiser(LAYOUT, SCHEDULES[request.param](5), hidden_dim=8, labels=(3,))


def test_numbers_with_little_noise_pass_through_an_untrained_network(denoiser):
    with torch.no_grad():
        denoiser.outlet.weight.zero_()
        denoiser.outlet.bias.zero_()
    x, labels = rows(4), torch.eye(3)[[0, 1, 2, 0]]
    estimate = denoiser(x, labels, torch.full((4, 1), 0.01))[:, :2]
    assert torch.allclose(estimate, x[:, :2], atol=1e-2)


def test_the_variance_of_noisy_rows_is_that_of_the_schedule(denoiser):
    x = torch.tensor([[1.0, -2.0, 0.0, 1.0, 0.0, 1.0, 0.0]]).expand(4000, -1)
    for alpha in denoiser.schedule.alphas()[1:].float():
        noisy = denoiser.noisy(x, alpha.expand(4000, 1), stream())
        assert torch.allclose(noisy.mean(dim=0), x[0], atol=4 * alpha.item() / 4000**0.5)
        assert torch.allclose(noisy.var(dim=0), alpha.square(), rtol=0.15)


def test_every_weight_gets_a_finite_gradient(denoiser):
    parts = denoiser.losses(rows(64), torch.eye(3)[torch.arange(64) % 3], stream())
    assert parts.keys() == {"denoising_loss"}
    parts["denoising_loss"].backward()
    for name, weight in denoiser.named_parameters():
        assert weight.grad is not None, name
        assert torch.isfinite(weight.grad).all()
        assert weight.grad.abs().sum() > 0, name


def test_the_loss_of_the_lectures_is_the_squared_distance(denoiser):
    if denoiser.schedule.samples_by_flow:
        pytest.skip("weighted, with a cross-entropy")
    x, labels = rows(16), torch.eye(3)[torch.arange(16) % 3]
    value = denoiser.losses(x, labels, stream(5))["denoising_loss"]
    data = torch.cat([x[:, :2], LEVEL_SCALE * x[:, 2:]], dim=1)
    again = stream(5)
    alpha = denoiser.schedule.draw(16, again)
    noisy = data + alpha * torch.randn(data.shape, generator=again)
    estimate = denoiser.clean(denoiser(noisy, labels, alpha))
    assert value.item() == pytest.approx((data - estimate).norm(dim=1).square().mean().item())


def test_rows_depend_on_latents_labels_and_the_stream_alone(denoiser):
    z, labels = denoiser.latents(9, stream()), torch.eye(3).repeat(3, 1)
    assert z.shape == (9, LAYOUT.width)
    one, other = (denoiser.draw(z, labels, stream(1)) for _ in range(2))
    assert one.shape == (9, LAYOUT.width)
    assert torch.equal(one, other)
    assert torch.isfinite(one).all()
    fresh = torch.equal(one, denoiser.draw(z, labels, stream(2)))
    assert fresh == denoiser.schedule.samples_by_flow  # only these need no noise on the way
    assert not torch.equal(one, denoiser.draw(z, labels.roll(1, dims=0), stream(1)))
    assert denoiser.draw(z[:0], labels[:0], stream()).shape == (0, LAYOUT.width)


def test_the_network_is_rebuilt_from_its_sizes(denoiser):
    with torch.device("meta"):
        again = MLPDenoiser.of_sizes(denoiser.sizes(), LAYOUT, [3])
    again.load_state_dict(copy.deepcopy(denoiser.state_dict()), assign=True)
    z, labels = denoiser.latents(4, stream()), torch.eye(3)[[0, 1, 2, 0]]
    assert torch.equal(again.draw(z, labels, stream()), denoiser.draw(z, labels, stream()))
    assert again.evaluations == denoiser.evaluations == 5


@pytest.mark.parametrize(
    "wrong",
    [{"hidden_dim": 0}, {"spread": 0.0}, {"schedule": "none"}, {"noise_steps": 10**9}],
    ids=str,
)
def test_sizes_that_no_denoiser_has(wrong):
    sizes = {"hidden_dim": 4, "schedule": "edm", "noise_steps": 5, "spread": 1.0}
    with pytest.raises((ValueError, OptionError), match=r"size|noise_steps|schedule"):
        MLPDenoiser.of_sizes(sizes | wrong, LAYOUT, [])


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_mixture_is_recovered(name):
    """Two clouds, of three and seven tenths of the rows, each with a level of its own."""
    torch.manual_seed(0)
    layout = RowLayout((None, None), (2,))
    denoiser = MLPDenoiser(layout, SCHEDULES[name](STEPS[name]), hidden_dim=32)
    optimizer = Adam(0.9, 0.999).make(denoiser.parameters(), 4e-3)
    averaged, draws = MovingAverage(denoiser), stream()
    for _ in range(250):
        first = torch.rand(128, generator=draws) < 0.3
        center = torch.where(first, 1.0, -1.0)[:, None] * torch.tensor([1.0, -1.0])
        x = center + 0.2 * torch.randn(128, 2, generator=draws)
        x = torch.cat([x, first[:, None].float(), ~first[:, None]], dim=1)
        optimizer.zero_grad()
        denoiser.losses(x, None, draws)["denoising_loss"].backward()
        optimizer.step()
        averaged.update()
    network = averaged.network
    drawn = network.draw(network.latents(1500, draws), None, draws)
    first = drawn[:, 0] > 0
    assert ((drawn[:, 1] < 0) == first).float().mean() > 0.94
    assert ((drawn[:, 2] > drawn[:, 3]) == first).float().mean() > 0.94
    if name == "edm":  # fresh noise in each step draws the estimates together
        assert first.float().mean() == pytest.approx(0.3, abs=0.1)
        assert drawn[first, :2].std(dim=0).tolist() == pytest.approx([0.2, 0.2], abs=0.1)
        assert drawn[first, 0].mean() == pytest.approx(1.0, abs=0.08)
    else:
        assert 0.1 < first.float().mean() < 0.5
        assert 0.3 < drawn[first, 0].mean() < 1.3


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
