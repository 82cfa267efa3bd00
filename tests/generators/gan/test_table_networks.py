"""Every loss with every penalty, stabilizer and condition keeps the contract of a training."""

import copy
from itertools import combinations, product
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tabgan.base.errors import OptionError
from tabgan.base.model_file import read_model, write_model
from tabgan.base.random_streams import torch_stream
from tabgan.base.row_layout import RowLayout
from tabgan.fitting.fit_session import History, flatten, unflatten
from tabgan.generators.gan.losses_and_penalties import LOSSES, PENALTIES
from tabgan.generators.gan.stabilizers import STABILIZERS
from tabgan.generators.gan.table_networks import MLPDiscriminator, MLPGenerator
from tabgan.generators.gan.trainer import Trainer, TrainState
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.heads_and_batches import TableBatches, TableHead
from tabgan.generators.optimizers import OPTIMIZERS
from tabgan.generators.training_callbacks import Callback

SPANS = RowLayout((None, 1), (3, 2))
DEFAULTS = {
    "loss": "non_saturating",
    "penalty": "auto",
    "stabilizers": None,
    "optimizer": "adam",
    "learning_rate": 1e-3,
    "discriminator_steps": 1,
}
SMOOTHING = {"label_smoothing", "one_sided_smoothing"}


def makes_sense(loss: str, penalty: str, stabilizer: str | None) -> bool:
    if stabilizer in SMOOTHING and loss not in ("minimax", "non_saturating"):
        return False
    return (loss, penalty) != ("wasserstein", "none")


ALL = list(product(LOSSES, PENALTIES, [None, *STABILIZERS]))
SOUND = [case for case in ALL if makes_sense(*case)]


def quick_and_slow(cases: list[tuple[Any, ...]]) -> list[Any]:
    """Mark the cases as slow all of whose pairs of parts occur in a case before."""
    seen, marked = set[Any](), list[Any]()
    for case in cases:
        pairs = set(combinations(enumerate(case), 2))
        marked.append(pytest.param(*case, marks=() if pairs - seen else pytest.mark.slow))
        seen |= pairs
    return marked


SENSELESS = [case for case in ALL if not makes_sense(*case)]


def training(
    given: tuple[int, ...] = (), steps: int = 2, record_every: int = 1, **options: Any
) -> tuple[Trainer, TrainState]:
    head = TableHead(SPANS, given)
    stream = torch_stream(0, "rows")
    codes = torch.randint(0, 2, (64, 2), generator=stream)
    low = torch.rand(64, 2, generator=stream) * 0.9
    trainer = Trainer(
        head=head,
        batches=TableBatches(low, torch.full((64, 2), 0.1), codes, head, batch_size=24),
        config=TrainingConfig.of(DEFAULTS | options),
        dtype=torch.float32,
        latents=torch_stream(0, "latents"),
        data=torch_stream(0, "data"),
        noise=torch_stream(0, "noise"),
        record_every=record_every,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        places = head.label_features.tolist()
        labels = head.label_widths
        generator = MLPGenerator(4, SPANS.width, hidden_dim=16, labels=labels)
        discriminator = MLPDiscriminator(
            head.n_features, hidden_dim=16, labels=labels, label_places=places
        )
        return trainer, trainer.start(generator, discriminator, steps)


def options_of(loss: str, penalty: str, stabilizer: str | None) -> dict[str, Any]:
    return {
        "loss": loss,
        "penalty": penalty,
        "stabilizers": [stabilizer] if stabilizer else None,
    }


def weights(network: nn.Module) -> torch.Tensor:
    return torch.cat([value.detach().double().flatten() for value in network.state_dict().values()])


GIVEN = [(*case, given) for case, given in product(SOUND, [(), (0,)])]


@pytest.mark.parametrize(("loss", "penalty", "stabilizer", "given"), quick_and_slow(GIVEN))
def test_a_training_keeps_its_contract(loss, penalty, stabilizer, given, tmp_path):
    """Both networks change, without NaN, and a checkpoint in the middle changes nothing."""
    options = options_of(loss, penalty, stabilizer)
    trainer, state = training(given, **options)
    networks = state.generator, state.discriminator
    before = [weights(network) for network in networks]
    halfway = AfterTheFirstStep(trainer)
    trainer.run(state, halfway)
    for network, old in zip(networks, before, strict=True):
        assert torch.isfinite(weights(network)).all()
        assert not torch.equal(weights(network), old)

    tensors: dict[str, torch.Tensor] = {}
    write_model(tmp_path / "c", {"state": flatten(halfway.captured, tensors)}, tensors)
    resumed, again = training(given, **options)
    description, kept = read_model(tmp_path / "c")
    resumed.restore(again, unflatten(description["state"], kept))
    resumed.run(again, Callback())
    for one, other in zip(networks, (again.generator, again.discriminator), strict=True):
        assert torch.equal(weights(one), weights(other))
    assert torch.equal(weights(again.averaged.network), weights(state.averaged.network))


@pytest.mark.parametrize("cut", [6, 10, 13])
@pytest.mark.parametrize("stabilizers", [None, ["experience_replay", "historical_averaging"]])
def test_a_training_can_be_cut_anywhere(cut, stabilizers):
    options = {"stabilizers": stabilizers, "discriminator_steps": 2}
    whole, state = training(steps=25, record_every=10, **options)
    history = History()
    whole.run(state, history)

    class Stop(Callback):
        def on_step(self, state: TrainState) -> None:
            if state.step == cut:
                self.captured = half.capture(state)

    half, begun = training(steps=25, record_every=10, **options)
    stop = Stop()
    half.run(begun, stop)
    resumed, again = training(steps=25, record_every=10, **options)
    resumed.restore(again, stop.captured)
    rest = History()
    resumed.run(again, rest)
    assert torch.equal(weights(again.discriminator), weights(state.discriminator))
    assert torch.equal(weights(again.averaged.network), weights(state.averaged.network))
    kept = [{**record, "seconds": 0} for record in history.records]
    assert [{**record, "seconds": 0} for record in rest.records] == kept[-len(rest.records) :]
    assert len(rest.records) == {6: 3, 10: 3, 13: 2}[cut]


class AfterTheFirstStep(Callback):
    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer

    def on_record(self, state: TrainState, record: dict[str, float]) -> None:
        if state.step == 1:
            self.captured = self.trainer.capture(state)


@pytest.mark.parametrize(("loss", "penalty", "stabilizer"), quick_and_slow(SOUND))
def test_the_discriminator_step_leaves_the_generator_alone(loss, penalty, stabilizer):
    trainer, state = training(**options_of(loss, penalty, stabilizer))
    before = weights(state.generator)
    trainer._train_discriminator(state, trainer._draw(state))
    assert all(parameter.grad is None for parameter in state.generator.parameters())
    assert torch.equal(weights(state.generator), before)


@pytest.mark.parametrize(("loss", "penalty", "stabilizer"), SENSELESS)
def test_what_makes_no_sense_is_refused(loss, penalty, stabilizer):
    with pytest.raises(OptionError, match=r"has none; leave it out|it has to be Lipschitz"):
        training(**options_of(loss, penalty, stabilizer))


@pytest.mark.parametrize("optimizer", ["adam:beta1=0.5,beta2=0.999", "sgd"])
def test_several_discriminator_steps_and_any_optimiser(optimizer):
    once, one = training(optimizer=optimizer)
    more, five = training(optimizer=optimizer, discriminator_steps=5)
    calls = []
    step = more._train_discriminator
    more._train_discriminator = lambda s, batch: calls.append(batch.fake) or step(s, batch)
    once.run(one, Callback())
    more.run(five, Callback())
    assert len(calls) == 10
    assert [fake.requires_grad for fake in calls] == [False] * 4 + [True] + [False] * 4 + [True]
    assert not torch.equal(weights(one.discriminator), weights(five.discriminator))


@pytest.mark.parametrize("registry", [LOSSES, PENALTIES, STABILIZERS, OPTIMIZERS])
def test_every_part_is_made_from_what_describes_it(registry):
    for name, kind in registry.items():
        assert registry.describe(registry.resolve(name)) == name
        part = kind()
        assert registry.resolve(part) is part
    assert PENALTIES.resolve("r1:gamma=2,interval=3") == PENALTIES["r1"](2, 3)
    assert PENALTIES.describe(PENALTIES["r1"](2.5, 3)) == "r1:gamma=2.5,interval=3"


def test_parts_of_other_classes_are_refused():
    class Other(PENALTIES["none"]):
        pass

    with pytest.raises(OptionError, match="the class Other is not registered; register it first"):
        PENALTIES.resolve(Other())


def test_numbers_of_numpy_are_described_as_numbers():
    part = PENALTIES["r1"](np.float64(2), np.int64(3))
    assert PENALTIES.describe(part) == "r1:gamma=2.0,interval=3"


@pytest.mark.parametrize("order", [1, -1])
def test_the_order_of_stabilizers_does_not_matter(order):
    names = ["feature_matching", "historical_averaging:weight=10"][::order]
    trainer, state = training(stabilizers=names)
    plain, other = training(stabilizers=["feature_matching"])
    for one, begun in ((trainer, state), (plain, other)):
        one.train_step(begun)
        with torch.no_grad():
            for parameter in begun.generator.parameters():
                parameter.add_(1.0)
    values = [
        one._train_generator(begun, one._draw(begun)).item()
        for one, begun in ((trainer, state), (plain, other))
    ]
    assert values[0] > values[1] + 1


def test_noise_leaves_labels_alone_and_replayed_rows_have_the_present_one():
    names = ["instance_noise:std=0.5,decay=0.5", "experience_replay"]
    trainer, state = training((0,), stabilizers=names)
    seen = []
    network = state.discriminator
    network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].detach().clone()))
    for step in range(3):
        state.step = 100 * step
        trainer.train_step(state)
    places = trainer.head.label_features
    for features in seen:
        assert features[:, places].unique().tolist() == [0.0, 1.0]
    past = trainer.stabilizers[1].state_dict()["past"]
    assert (past[:, places].sum(dim=1) == 1).all()
    others = [i for i in range(past.shape[1]) if i >= 2 * 17 and i not in places.tolist()]
    assert past[:, others].unique().tolist() == [0.0, 1.0], "kept without noise"


def test_a_recipe_comes_back_from_its_json():
    config = TrainingConfig.of(
        DEFAULTS | {"loss": "hinge", "stabilizers": ["instance_noise:std=0.25"]}
    )
    assert config.to_json()["penalty"] == "spectral"
    assert TrainingConfig.of(config.to_json()) == config


def test_a_training_uses_copies_of_its_stabilizers():
    replay = STABILIZERS["experience_replay"]()
    before = copy.deepcopy(replay.state_dict())
    trainer, state = training(stabilizers=[replay])
    trainer.run(state, Callback())
    assert replay.state_dict() == before == {}
    assert trainer.stabilizers[0].state_dict()["past"].shape == (48, trainer.head.n_features)
