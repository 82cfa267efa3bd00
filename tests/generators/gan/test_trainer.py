import time
from itertools import count

import pytest
import torch

from tabgan import OptionError, TrainingError
from tabgan.base.random_streams import numpy_stream, resolve_seed, torch_stream
from tabgan.base.row_layout import RowLayout
from tabgan.fitting.fit_session import History
from tabgan.generators.gan.diagnosis import diagnose
from tabgan.generators.gan.losses_and_penalties import (
    LEAST,
    MOST,
    R1,
    AdaptivePenalty,
    describe_adaptive_penalty,
)
from tabgan.generators.gan.table_networks import MLPDiscriminator, MLPGenerator
from tabgan.generators.gan.trainer import Trainer, TrainState
from tabgan.generators.gan.training_config import PRESETS, TrainingConfig
from tabgan.generators.generator_training import choose_device, choose_precision
from tabgan.generators.heads_and_batches import TableBatches, TableHead

SPANS = RowLayout((None, 1), (3, 2))


def make(
    steps: int,
    *,
    learning_rate: float = 1e-3,
    dtype: torch.dtype = torch.float32,
    seconds: float | None = None,
    gamma: float | None = 1.0,
    training: str = "usual",
    discriminator_steps: int = 1,
) -> tuple[Trainer, TrainState]:
    stream = torch_stream(0, "rows")
    head = TableHead(SPANS)
    codes = torch.randint(0, 2, (64, 2), generator=stream)
    low = torch.rand(64, 2, generator=stream) * 0.9
    trainer = Trainer(
        head=head,
        batches=TableBatches(low, torch.full((64, 2), 0.1), codes, head, batch_size=16),
        config=TrainingConfig(
            penalty=R1(gamma),
            learning_rate=learning_rate,
            discriminator_steps=discriminator_steps,
            preset=PRESETS.resolve(training),
        ),
        dtype=dtype,
        latents=torch_stream(0, "latents"),
        data=torch_stream(0, "data"),
        noise=torch_stream(0, "noise"),
        record_every=10,
        seconds=seconds,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        networks = MLPGenerator(4, SPANS.width, hidden_dim=16), MLPDiscriminator(head.n_features)
    return trainer, trainer.start(*networks, steps)


def weights(network: torch.nn.Module) -> torch.Tensor:
    return torch.cat([p.detach().flatten().clone() for p in network.parameters()])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_two_steps_change_both_networks_and_the_average(dtype):
    trainer, state = make(2, dtype=dtype)
    networks = state.generator, state.discriminator, state.averaged.network
    before = [weights(network) for network in networks]
    trainer.run(state, History())
    for network, old in zip(networks, before, strict=True):
        new = weights(network)
        assert torch.isfinite(new).all()
        assert not torch.equal(new, old)
    assert not torch.equal(weights(state.averaged.network), weights(state.generator))


def generator_after_a_step(training: str, *, last_update: bool) -> torch.Tensor:
    trainer, state = make(1, training=training)
    if not last_update:
        trainer._update_discriminator = lambda state: None
    trainer.train_step(state)
    return weights(state.generator)


@pytest.mark.parametrize(("training", "before"), [("vanilla", True), ("usual", False)])
def test_the_vanilla_generator_learns_before_the_last_update_of_the_discriminator(training, before):
    with_update = generator_after_a_step(training, last_update=True)
    without = generator_after_a_step(training, last_update=False)
    assert torch.equal(with_update, without) is before


def test_all_steps_of_the_vanilla_training_share_one_batch():
    trainer, state = make(1, training="vanilla", discriminator_steps=5)
    batches, draws, judged = trainer.batches, [], []
    draw, gradient = batches.draw, trainer._discriminator_gradient
    batches.draw = lambda stream: draws.append(draw(stream)) or draws[-1]
    trainer._discriminator_gradient = lambda state, batch: (
        judged.append(batch) or gradient(state, batch)
    )
    old = weights(state.discriminator)
    trainer.run(state, history := History())
    assert (len(draws), len(judged)) == (1, 5)
    assert all(batch is judged[0] for batch in judged)
    assert history.records[-1]["epoch"] == pytest.approx(16 / 64)
    assert not torch.equal(weights(state.discriminator), old)


def test_records_hold_the_means_since_the_record_before():
    trainer, state = make(25)
    losses = []
    step = trainer.train_step
    trainer.train_step = lambda s: losses.append(step(s)) or losses[-1]
    history = History()
    trainer.run(state, history)
    assert [record["step"] for record in history.records] == [10, 20, 25]
    means = torch.stack(losses[20:]).mean(0)
    last = history.records[-1]
    assert last["discriminator_loss"] == pytest.approx(means[0].item(), rel=1e-5)
    assert last["generator_loss"] == pytest.approx(means[1].item(), rel=1e-5)
    assert last["epoch"] == pytest.approx(25 * 16 / 64)


def test_a_run_can_be_cut_and_goes_on_where_it_was():
    whole, state = make(20)
    whole.run(state, History())
    parted, other = make(20)
    for _ in range(7):
        parted._set_learning_rate(other, other.step / other.n_steps)
        parted.train_step(other)
        other.step += 1
    parted.run(other, History())
    assert torch.equal(weights(other.averaged.network), weights(state.averaged.network))


def test_time_ends_a_training_with_its_learning_rate_down(monkeypatch):
    looks = count()  # each look at the clock takes 10 ms, however busy the machine is
    monkeypatch.setattr(time, "monotonic", lambda: next(looks) / 100)
    trainer, state = make(10**7, seconds=1.0)
    history = History()
    trainer.run(state, history)
    last = history.records[-1]
    assert 10 < last["step"] == state.step < 10**7
    assert 1.0 <= last["seconds"] < 1.1
    rates = [record["learning_rate"] for record in history.records]
    assert rates == sorted(rates, reverse=True)
    assert rates[0] > 0.9e-3
    assert rates[-1] < 0.2e-3


@pytest.mark.parametrize("seconds", [1e-9, 0.0])
def test_one_step_is_taken_however_little_time_there_is(seconds):
    trainer, state = make(100, seconds=seconds)
    history = History()
    trainer.run(state, history)
    assert [record["step"] for record in history.records] == [1]


def test_time_enough_changes_nothing():
    free, one = make(30)
    timed, other = make(30, seconds=1e6)
    free.run(one, History())
    timed.run(other, History())
    assert torch.equal(weights(one.averaged.network), weights(other.averaged.network))


@pytest.mark.parametrize(("advantage", "factor"), [(0.5, 1.2), (-0.5, 1 / 1.2)])
def test_the_penalty_follows_the_advantage(advantage, factor):
    trainer, state = make(40, gamma=None)
    step = trainer.train_step
    trainer.train_step = lambda s: torch.cat([step(s)[:2], torch.tensor([advantage])])
    history = History()
    trainer.run(state, history)
    gammas = [record["gamma"] for record in history.records]
    assert gammas == pytest.approx([10 * factor**i for i in range(4)])
    assert [record["advantage"] for record in history.records] == pytest.approx([advantage] * 4)


def test_divergence_is_an_error_with_its_remedy():
    trainer, state = make(40, learning_rate=1e30)
    with pytest.raises(TrainingError) as caught:
        trainer.run(state, History())
    assert str(caught.value) == (
        "Training diverged by step 10 of 40, also at half the learning rate (not finite: the "
        "discriminator's loss, the generator's loss, a weight of the generator, a weight of the "
        "discriminator); lower learning_rate "
        "(now 1e+30) or take a stronger penalty (now r1:gamma=1.0)"
    )


def test_the_weight_of_the_penalty_stays_within_its_bounds():
    balance = AdaptivePenalty()
    assert {balance.adapt(1.0) for _ in range(50)} >= {MOST}
    assert balance.gamma == MOST
    for _ in range(50):
        balance.adapt(0.0)
    assert balance.gamma == LEAST
    assert describe_adaptive_penalty([]) == "nothing was trained"


def test_precision_and_device():
    cpu = torch.device("cpu")
    assert choose_precision("float32", cpu) is torch.float32
    assert choose_precision("bfloat16", cpu) is torch.bfloat16
    assert choose_precision("auto", cpu) in (torch.float32, torch.bfloat16)
    assert choose_device("auto").type in ("cpu", "cuda")
    with pytest.raises(OptionError, match="device='tpu9' is not available here"):
        choose_device("tpu9")


def test_streams_are_apart_and_repeatable():
    assert torch_stream(1, "a").initial_seed() == torch_stream(1, "a").initial_seed()
    seeds = {
        torch_stream(1, *names).initial_seed() for names in [("a",), ("b",), ("a", 0), ("a", 1)]
    }
    assert len(seeds) == 4
    assert numpy_stream(1, "a").integers(2**40) != numpy_stream(2, "a").integers(2**40)
    assert resolve_seed(None) != resolve_seed(None)
    with pytest.raises(OptionError, match="random_state=-1 can't seed the run"):
        resolve_seed(-1)


def poisoned(at, network="generator", times=1):
    """Return a training with a weight that is no number after a step, at most so many times."""
    trainer, state = make(80)
    step, left = trainer.train_step, [None] * times

    def take(state):
        losses = step(state)
        if state.step == at and left:
            left.pop()
            with torch.no_grad():
                next(getattr(state, network).parameters()).view(-1)[0] = float("nan")
        return losses

    trainer.train_step = take
    return trainer, state


@pytest.mark.parametrize("network", ["generator", "discriminator"])
@pytest.mark.parametrize("at", [3, 49, 57, 79])  # what the last step breaks shows in no loss
def test_a_training_goes_back_from_what_is_not_finite(at, network):
    trainer, state = poisoned(at, network)
    history = History()
    trainer.run(state, history)
    assert [record["step"] for record in history.records] == [10, 20, 30, 40, 50, 60, 70, 80]
    for one in (state.generator, state.discriminator, state.averaged.network):
        assert torch.isfinite(weights(one)).all()
    slowed = [record for record in history.records if "slowed" in record]
    assert [record["step"] for record in slowed] == list(range(10 + at // 40 * 40, 90, 10))
    assert max(record["learning_rate"] for record in slowed) <= 0.5 * trainer.config.learning_rate
    (found,) = diagnose(history.records[-2:], trainer.config)
    assert found.name == "restart"
    assert found.evidence.startswith("a loss or a weight was not finite; the training went back to")


def test_a_training_goes_back_once():
    trainer, state = poisoned(57, times=2)
    with pytest.raises(TrainingError) as caught:
        trainer.run(state, History())
    assert str(caught.value).startswith(
        "Training diverged by step 60 of 80, also at half the learning rate (not finite: the "
        "discriminator's loss, the generator's loss, a weight of the generator, a weight of the "
        "discriminator); lower learning_rate (now 0.001) or take a stronger penalty (now r1"
    )


class EveryStep:
    """Checkpoints that note after which steps a state is saved."""

    def __init__(self):
        self.steps = []

    def saved_training(self):
        return None

    def is_due(self, step):
        return True

    def save_training(self, state):
        self.steps.append(state["step"])


def test_no_state_is_saved_that_can_t_be_gone_on_from():
    trainer, state = poisoned(3)
    trainer.checkpoints = EveryStep()
    trainer.run(state, History())
    assert trainer.checkpoints.steps == [1, 2, 3, 0, *range(1, 81)]
