"""The training of a network down its own loss."""

import time
from collections.abc import Mapping, Sequence
from typing import Any, Self

import pytest
import torch
from torch import Tensor, nn

from tabgan.base.errors import TrainingError
from tabgan.base.row_layout import RowLayout
from tabgan.fitting.fit_session import History
from tabgan.generators.heads_and_batches import TableBatches, TableHead
from tabgan.generators.network_training import LearnedGenerator, NetworkTraining
from tabgan.generators.training_callbacks import Callback, Callbacks

LAYOUT = RowLayout((None,), (2,))


class Mean(LearnedGenerator):
    """Learns the mean of the numbers."""

    kind = "mean"

    def __init__(self) -> None:
        super().__init__(1)
        self.mean = nn.Parameter(torch.zeros(1))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        return self.mean + 0 * z

    def losses(self, rows, labels, stream):
        noise = torch.rand(len(rows), generator=stream)
        return {"fit_loss": (rows[:, 0] - self.mean).square().mean() + 0 * noise.mean()}

    def draw(self, z, labels, stream):
        return self(z)

    def sizes(self) -> dict[str, Any]:
        return {}

    @classmethod
    def of_sizes(cls, sizes: Mapping[str, Any], layout: RowLayout, labels: Sequence[int]) -> Self:
        return cls()


class Broken(Mean):
    def losses(self, rows, labels, stream):
        return {"fit_loss": self.mean.sum() * torch.nan}


def training(**changes: Any) -> NetworkTraining:
    options = {
        "learning_rate": 0.05,
        "latent_dim": 1,
        "prior": "gaussian",
        "n_steps": 120,
        "batch_size": 50,
        "device": torch.device("cpu"),
        "dtype": torch.float32,
        "seed": 0,
    }
    return NetworkTraining(**options | changes)


def descend(
    own: NetworkTraining, callback: Callback, network: type = Mean, seconds: float | None = None
) -> Mean:
    head = TableHead(LAYOUT)
    low = torch.full((100, 1), 0.7)
    codes = torch.zeros(100, 1, dtype=torch.long)
    batches = TableBatches(low, torch.full((100, 1), 0.1), codes, head, own.batch_size)
    with own.isolated():
        return own.descend(network, batches, lambda rows: (rows, None), callback, seconds)


def test_the_average_nears_the_best_network_and_each_part_is_recorded():
    history = History()
    network = descend(training(), history)
    assert network.mean.item() == pytest.approx(0.75, abs=0.03)
    assert [record["step"] for record in history.records] == [50, 100, 120]
    assert [record["epoch"] for record in history.records] == [25, 50, 60]
    first, *_, last = history.records
    assert first["fit_loss"] > last["fit_loss"] > 0
    assert first["learning_rate"] == 0.05
    assert last["learning_rate"] < 0.01


def test_the_same_seed_gives_the_same_network():
    one, other, third = (descend(training(seed=s), History()).mean.item() for s in (1, 1, 2))
    assert one == other != third


def test_callbacks_hear_each_step_and_can_end_it():
    class Ten(Callback):
        steps = 0
        ended = False

        def on_step(self, state):
            self.steps += 1

        def on_train_end(self, state):
            self.ended = True

        def stop(self):
            return self.steps == 10

    ten, history = Ten(), History()
    descend(training(), Callbacks([history, ten]))
    assert ten.ended
    assert history.records[-1]["step"] == 10


def test_time_ends_it():
    began, history = time.monotonic(), History()
    descend(training(n_steps=10**7), history, seconds=0.2)
    assert time.monotonic() - began < 5
    assert history.records[-1]["learning_rate"] < 0.05


def test_a_loss_that_is_not_finite():
    with pytest.raises(TrainingError, match=r"diverged by step 50 of 120 \(not finite: fit_loss\)"):
        descend(training(), History(), Broken)
