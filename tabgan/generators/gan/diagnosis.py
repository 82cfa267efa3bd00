"""Diagnosis of a GAN training: snapshots, diversity and coverage, problems and remedies."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor, nn

from tabgan.generators.gan.losses_and_penalties import Minimax, NoPenalty, Wasserstein
from tabgan.generators.gan.stabilizers import ExperienceReplay, FeatureMatching, InstanceNoise
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.generator_training import GeneratorState, used_share
from tabgan.generators.heads_and_batches import Head
from tabgan.generators.training_callbacks import Callback, Record

__all__ = [
    "Finding",
    "PROBE_ROWS",
    "Probe",
    "Reference",
    "SNAPSHOT_ROWS",
    "SnapshotRows",
    "SnapshotTaker",
    "diagnose",
    "evaluating",
    "gradient_norm",
    "moments",
    "total_norm",
]

PROBE_ROWS = 256  # distances between them all cost far less than the steps between two records


NEIGHBOURS = 5  # as in Naeem et al. (2020)


_SLACK = 0.01  # of the mean distance; matrix products don't give 0 for the distance of equal rows


_ROUNDING = 1e-6


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode within a ``with`` block."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@dataclass(frozen=True)
class Reference:
    """Real rows to compare fake ones with, and their statistics.

    **Shape**: features (n, n_features) of real rows, (m, n_features) of fake ones

    Parameters
    ----------
    real
        Features of the real rows.
    spread
        Mean distance between two draws from them, which can be the same row: a table of two rows
        has half of their distance.
    radius
        Distance of each to its k-th nearest other one, shape (n,).

    Examples
    --------
    >>> reference = Reference.of(torch.tensor([[0.0], [1.0], [10.0], [11.0]]), neighbours=1)
    >>> fake = torch.tensor([[0.4], [0.4], [0.9], [0.9]])
    >>> round(reference.diversity(fake), 3), reference.coverage(fake)
    (0.063, 0.5)
    """

    real: Tensor
    spread: Tensor
    radius: Tensor

    @classmethod
    def of(cls, real: Tensor, neighbours: int = NEIGHBOURS) -> Self:
        """Measure real rows."""
        k = min(neighbours, len(real) - 1)
        distances = _distances(real)
        radius = distances.kthvalue(k + 1, dim=1).values  # the nearest is the row itself
        return cls(real, distances.mean(), radius)

    def diversity(self, fake: Tensor) -> float:
        """Return the mean distance between two fake rows, as a share of that between real ones.

        It is 1 where real rows don't differ: there is no diversity that could be lost.
        """
        if not self.spread > 0:
            return 1.0
        pairs = len(fake) * (len(fake) - 1)
        return float(_distances(fake).sum() / pairs / self.spread)

    def coverage(self, fake: Tensor) -> float:
        """Return the share of real rows that have a fake row near them.

        Near is within the distance of the real row's k-th nearest other real one (Naeem et al.,
        2020, arXiv:2002.09797, section 3.2), with 1 % of the mean distance to spare. It is 1
        where real rows don't differ.
        """
        if not self.spread > 0:
            return 1.0
        nearest = torch.cdist(self.real, fake).amin(dim=1)
        return float((nearest <= self.radius + _SLACK * self.spread).float().mean())


def _distances(rows: Tensor) -> Tensor:
    """Return the distances between all rows; exactly 0 where they are equal but for rounding."""
    centred = rows - rows.mean(dim=0)
    if not (centred.abs() > _ROUNDING).any():
        return rows.new_zeros(len(rows), len(rows))
    return torch.cdist(centred, centred).fill_diagonal_(0.0)


class Probe(Callback):
    """Callback that adds diversity, coverage and gradient norm to each record, for fixed latents.

    ``diversity`` and ``coverage`` compare rows that the present generator makes of fixed latents
    with fixed real rows, both as the discriminator sees them, without any noise of a stabilizer.
    ``gradient_norm`` is the length of the generator's last gradient, over all weights. The
    training's own randomness is not touched. Run it before the callbacks that read records.

    Parameters
    ----------
    head
        Output activations and discriminator features of the data.
    real
        Rows to compare with, shape (n, width); `PROBE_ROWS` are enough. Fake rows get their
        labels, and are as many, or `PROBE_ROWS` if these are more.
    stream
        For latents and the head's noise; the same ones at each record.
    """

    def __init__(self, head: Head, real: Tensor, stream: torch.Generator) -> None:
        self.head = head
        # As many fake rows from a table of few: the diversity of two would be chance.
        places = torch.arange(max(len(real), PROBE_ROWS), device=real.device) % len(real)
        self.n_fake = len(places)
        self.labels = head.labels(real[places])
        self.reference = Reference.of(head.features(real).float())
        self._stream = stream
        self._start = stream.get_state()

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Measure, and write it into the record."""
        fake = self._draw(state)
        values = {
            "diversity": self.reference.diversity(fake),
            "coverage": self.reference.coverage(fake),
            "gradient_norm": gradient_norm(state.generator),
        }
        record.update({name: _finite(value) for name, value in values.items()})

    @torch.no_grad()
    def _draw(self, state: GeneratorState) -> Tensor:
        self._stream.set_state(self._start)
        z = state.generator.latents(self.n_fake, self._stream)
        with evaluating(state.generator):
            logits = state.generator(z, self.labels)
        return self.head.features(self.head(logits, self._stream, self.labels)).float()


def gradient_norm(network: nn.Module) -> float:
    """Return the Euclidean length of all gradients that a network's weights have.

    Examples
    --------
    >>> layer = nn.Linear(2, 1, bias=False)
    >>> layer(torch.tensor([[3.0, 4.0]])).sum().backward()
    >>> gradient_norm(layer)
    5.0
    """
    gradients = [p.grad for p in network.parameters() if p.grad is not None and p.grad.numel()]
    return total_norm(gradients)


def total_norm(tensors: Sequence[Tensor]) -> float:
    """Return the Euclidean length of all numbers of some tensors, none of them empty.

    Examples
    --------
    >>> total_norm([torch.tensor([3.0]), torch.tensor([[4.0]])])
    5.0
    """
    lengths = [torch.linalg.vector_norm(tensor) for tensor in tensors]
    return float(torch.linalg.vector_norm(torch.stack(lengths))) if lengths else 0.0


def _finite(value: float) -> float:
    """Return a value that JSON can hold; a loss that is not finite ends the training anyway."""
    return float(torch.tensor(value).nan_to_num())


# A finding has to hold in this many last records (of 50 steps each): a training of few steps is
# no training yet, and one bad record can be chance.
LASTING = 3


# Rows of which two are on average less than half as far apart as real ones: a generator that
# makes one mode of two equal ones keeps about half of the distance. Healthy trainings stay above
# 0.8, also in their first records.
LEAST_DIVERSITY = 0.5


# A generator that covered this share of the real rows and then lost two thirds of it has dropped
# modes; one that has never covered many may still be learning.
COVERED_ONCE = 0.3


COVERAGE_KEPT = 1 / 3


# The generator's gradient is 0.01 to 10 in healthy trainings, whatever the loss. At an advantage
# of 4 logits the discriminator is 98 % sure of a row (σ(4) = .98).
LEAST_GRADIENT = 1e-3


SURE = 4.0


# Logits or losses in the hundreds mean that the networks outbid each other: a sigmoid is saturated
# beyond 20, and scores of a critic that is held to be smooth stay near the distance of the rows.
MOST_LOGITS = 100.0


# The advantage of a healthy training moves by less than 0.3 logits between records, most often by
# a hundredth. Swings of 1 logit that are also half of its size, and that turn at least as often as
# every third record, are networks that chase each other.
LEAST_SWING = 1.0


SWING_SHARE = 0.5


TURNS = 1 / 3


SWINGING = 5  # records in the second half of a training, without which nothing can be said


# A training that stands still for at least so many records: no loss moves by more than its noise,
# and the generator has never made rows like the real ones.
STANDING = 9


MOST_MOVE = 0.02


LEAST_COVERAGE = 0.1


ADVICES = 3  # remedies that a finding names


@dataclass(frozen=True)
class Finding:
    """A problem of a training, such as mode collapse.

    Parameters
    ----------
    name
        "mode collapse", "vanishing gradient", "divergence", "oscillation", "standstill" or
        "restart".
    step
        The training step since which it is so.
    evidence
        The figures that show it.
    remedy
        What to try, in options of this library.
    """

    name: str
    step: int
    evidence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name} since step {self.step}: {self.evidence}; {self.remedy}"

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` makes an equal finding from."""
        return asdict(self)

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Make a finding from what `to_json` gave."""
        name, evidence, remedy = (str(state[key]) for key in ("name", "evidence", "remedy"))
        return cls(name, int(state["step"]), evidence, remedy)


def diagnose(records: Sequence[Record], config: TrainingConfig) -> list[Finding]:
    """Return the problems of a training that are still present at its end.

    Parameters
    ----------
    records
        The training's, with what `tabgan.generators.gan.diagnosis.Probe` adds.
    config
        How it was trained; a remedy names nothing that was tried already.

    Examples
    --------
    >>> healthy = {"advantage": 0.1, "discriminator_loss": 1.4, "diversity": 1.0,
    ...            "coverage": 0.9, "gradient_norm": 0.05}
    >>> collapsed = healthy | {"diversity": 0.1, "coverage": 0.0}
    >>> parts = enumerate([healthy] * 4 + [collapsed] * 4, start=1)
    >>> records = [part | {"step": 50 * i} for i, part in parts]
    >>> [(finding.name, finding.step) for finding in diagnose(records, TrainingConfig())]
    [('mode collapse', 250)]
    """
    found = [_restart(records, config)]
    if len(records) >= LASTING:
        judges = (_collapse, _vanishing, _divergence, _oscillation, _standstill)
        found += [judge(records, config) for judge in judges]
    return [finding for finding in found if finding is not None]


def _lasting(records: Sequence[Record], is_bad: Callable[[Record], bool]) -> int | None:
    """Return the step since which all records are bad; None if the last ones are not."""
    bad = 0
    while bad < len(records) and is_bad(records[-1 - bad]):
        bad += 1
    return int(records[-bad]["step"]) if bad >= LASTING else None


def _collapse(records: Sequence[Record], config: TrainingConfig) -> Finding | None:
    best = max(record["coverage"] for record in records)
    lost = COVERAGE_KEPT * best if best >= COVERED_ONCE else 0.0
    step = _lasting(
        records,
        lambda record: record["diversity"] < LEAST_DIVERSITY or record["coverage"] < lost,
    )
    if step is None:
        return None
    last = records[-1]
    evidence = (
        f"generated rows are {100 * last['diversity']:.0f} % as diverse as real ones and lie near "
        f"{100 * last['coverage']:.0f} % of them (at best {100 * best:.0f} %)"
    )
    # Salimans et al. (2016, section 3.1); Arjovsky et al. (2017); past rows keep the
    # discriminator aware of modes that the generator has left.
    remedy = _advice(
        config,
        (not _has(config, FeatureMatching), 'stabilizers=["feature_matching"]'),
        (not isinstance(config.loss, Wasserstein), 'loss="wasserstein"'),
        (not _has(config, ExperienceReplay), 'stabilizers=["experience_replay"]'),
        (True, "a larger latent_dim"),
    )
    return Finding("mode collapse", step, evidence, remedy)


def _vanishing(records: Sequence[Record], config: TrainingConfig) -> Finding | None:
    step = _lasting(
        records,
        lambda record: record["gradient_norm"] < LEAST_GRADIENT and record["advantage"] > SURE,
    )
    if step is None:
        return None
    last = records[-1]
    evidence = (
        f"the generator's gradient has a norm of {last['gradient_norm']:.1e} while the "
        f"discriminator is {last['advantage']:.3g} logits ahead"
    )
    # Goodfellow et al. (2014, section 3); Arjovsky & Bottou (2017); Sønderby et al. (2017).
    remedy = _advice(
        config,
        (isinstance(config.loss, Minimax), 'loss="non_saturating"'),
        (not isinstance(config.loss, Wasserstein), 'loss="wasserstein"'),
        (type(config.penalty) is NoPenalty, 'penalty="r1"'),
        (not _has(config, InstanceNoise), 'stabilizers=["instance_noise"]'),
        (
            config.discriminator_steps > 1,
            f"fewer discriminator_steps (now {config.discriminator_steps})",
        ),
    )
    return Finding("vanishing gradient", step, evidence, remedy)


def _size(record: Record) -> float:
    return max(abs(record["advantage"]), abs(record["discriminator_loss"]))


def _divergence(records: Sequence[Record], config: TrainingConfig) -> Finding | None:
    step = _lasting(records, lambda record: _size(record) > MOST_LOGITS)
    if step is None:
        return None
    last = records[-1]
    evidence = (
        f"the discriminator's advantage has grown to {last['advantage']:.3g} logits, its loss to "
        f"{last['discriminator_loss']:.3g}"
    )
    # Mescheder et al. (2018); Miyato et al. (2018).
    remedy = _advice(
        config,
        (type(config.penalty) is NoPenalty, 'penalty="r1" or "spectral"'),
        (type(config.penalty) is not NoPenalty, "a stronger penalty"),
    )
    return Finding("divergence", step, evidence, remedy)


def _oscillation(records: Sequence[Record], config: TrainingConfig) -> Finding | None:
    # The second half: at the very end the learning rate is too low for swings.
    late = records[len(records) // 2 :]
    if len(late) < SWINGING:
        return None
    levels = [record["advantage"] for record in late]
    moves = [after - before for before, after in pairwise(levels)]
    swing, level = fmean(map(abs, moves)), fmean(map(abs, levels))
    turns = sum(one * other < 0 for one, other in pairwise(moves)) / (len(moves) - 1)
    if swing < max(LEAST_SWING, SWING_SHARE * level) or turns < TURNS:
        return None
    evidence = (
        f"the discriminator's advantage swings by {swing:.3g} logits between records, between "
        f"{min(levels):.3g} and {max(levels):.3g}"
    )
    # Mescheder et al. (2018); Gulrajani et al. (2017, algorithm 1) for the critic's steps.
    critic = isinstance(config.loss, Wasserstein) and config.discriminator_steps < 5
    remedy = _advice(
        config,
        (critic, f"discriminator_steps=5 (now {config.discriminator_steps})"),
        (type(config.penalty) is NoPenalty, 'penalty="r1"'),
        (True, 'stabilizers=["historical_averaging"]'),
    )
    return Finding("oscillation", int(late[0]["step"]), evidence, remedy)


def _restart(records: Sequence[Record], config: TrainingConfig) -> Finding | None:
    after = [record for record in records if "slowed" in record]
    if not after:
        return None
    evidence = (
        "a loss or a weight was not finite; the training went back to the last state in which all "
        "were, and on at half the learning rate"
    )
    remedy = _advice(
        config,
        (type(config.penalty) is NoPenalty, 'penalty="r1"'),
        (type(config.penalty) is not NoPenalty, "a stronger penalty"),
    )
    return Finding("restart", int(after[0]["step"]), evidence, remedy)


def _standstill(records: Sequence[Record], config: TrainingConfig) -> Finding | None:
    """Find a training that has learned nothing: it covers no real rows, and no loss moves."""
    best = max(record["coverage"] for record in records)
    if len(records) < STANDING or best > LEAST_COVERAGE:
        return None
    part = len(records) // 3
    for name in ("generator_loss", "discriminator_loss"):
        before, after = (fmean(r[name] for r in some) for some in (records[:part], records[-part:]))
        if abs(after - before) > MOST_MOVE:
            return None
    evidence = (
        f"no loss has moved by more than {MOST_MOVE:g}, and generated rows lie near "
        f"{100 * best:.0f} % of the real ones"
    )
    higher = f"a higher learning_rate (now {config.learning_rate:g})"
    return Finding("standstill", int(records[0]["step"]), evidence, f"try {higher}, or more steps")


def _has(config: TrainingConfig, kind: type) -> bool:
    return any(isinstance(part, kind) for part in config.stabilizers)


def _advice(config: TrainingConfig, *choices: tuple[bool, str]) -> str:
    """Name what can still be tried, the most promising first, and no more than can be tried."""
    fitting = [text for fits, text in choices if fits]
    slower = f"a lower learning_rate (now {config.learning_rate:g})"
    # A rate above the default is the first suspect, whatever went wrong.
    first = config.learning_rate > TrainingConfig().learning_rate
    ordered = [slower, *fitting] if first else [*fitting, slower]
    return "try " + ", or ".join(ordered[:ADVICES])


def describe_course(records: Sequence[Record], config: TrainingConfig) -> dict[str, Any]:
    """Return the facts of a training for the model file, as JSON values.

    Parameters
    ----------
    records
        The training's records.
    config
        How it was trained.
    """
    return {
        "n_steps": records[-1]["step"] if records else 0,
        "penalty_reason": config.describe_penalty(records),
        "history": list(records),
        "diagnosis": [finding.to_json() for finding in diagnose(records, config)],
    }


SNAPSHOT_ROWS = 1_000


class SnapshotRows(NamedTuple):
    """Rows from one moment of the training, shape (n, …), with its step and epoch."""

    step: int
    epoch: float
    rows: Tensor


def moments(n: int, n_steps: int) -> list[int]:
    """Return the steps of n moments: the start, the end, and evenly between; one is the end.

    Examples
    --------
    >>> moments(3, 100), moments(1, 100), moments(4, 2)
    ([0, 50, 100], [100], [0, 1, 2])
    """
    if n == 1:
        return [n_steps]
    return sorted({round(i * n_steps / (n - 1)) for i in range(n)})


class SnapshotTaker(Callback):
    """Callback that samples rows from the averaged generator at some moments, from fixed latents.

    The training's own randomness is not touched. Where there is a limit of time, the moments are
    spread over whichever of steps and time is nearer its end, as the learning rate is.

    Parameters
    ----------
    n
        Number of moments; with 0 nothing is drawn.
    head
        Makes rows from logits.
    stream
        For latents and the head's noise; the same ones at each moment.
    labels
        Labels of the rows, shape (rows, …); None without labels.
    n_rows
        Rows of each moment; as many as labels where there are labels.
    epochs_a_step
        Passes over the data in a step.

    Attributes
    ----------
    taken : list of SnapshotRows
        The rows, on the CPU.
    seconds : float or None
        Wall time of the training; None for no limit.
    """

    def __init__(
        self,
        n: int,
        head: Head,
        stream: torch.Generator,
        *,
        labels: Tensor | None = None,
        n_rows: int = SNAPSHOT_ROWS,
        epochs_a_step: float = 0.0,
    ) -> None:
        self.n = n
        self.head = head
        self.labels = labels
        self.n_rows = n_rows if labels is None else len(labels)
        self.epochs_a_step = epochs_a_step
        self.taken: list[SnapshotRows] = []
        self.seconds: float | None = None
        self._moments: set[int] = set()
        self._began = 0.0
        self._stream = stream
        self._start = stream.get_state()

    def on_train_begin(self, state: GeneratorState) -> None:
        """Fix the moments, and take the first if this is it."""
        self._moments = set(moments(self.n, state.n_steps)) if self.n else set()
        self._began = time.monotonic()
        self.on_step(state)

    def on_step(self, state: GeneratorState) -> None:
        """Take rows if this is one of the moments."""
        if self._is_moment(state):
            self._take(state)

    def _is_moment(self, state: GeneratorState) -> bool:
        if self.seconds is None:
            return state.step in self._moments
        share = used_share(state, self._began, self.seconds)
        return self.n > 1 and len(self.taken) <= share * (self.n - 1)

    def on_train_end(self, state: GeneratorState) -> None:
        """Take the last rows of a training that ended early."""
        if self.n and (not self.taken or self.taken[-1].step != state.step):
            self._take(state)

    @torch.no_grad()
    def _take(self, state: GeneratorState) -> None:
        self._stream.set_state(self._start)
        z = state.generator.latents(self.n_rows, self._stream)
        network = state.averaged.network
        with evaluating(network):
            rows = self.head(network(z, self.labels), self._stream, self.labels)
        epoch = state.step * self.epochs_a_step
        # a training that goes on from an earlier state comes by the same moments again
        before = [moment for moment in self.taken if moment.step < state.step]
        self.taken[:] = [*before, SnapshotRows(state.step, epoch, rows.cpu())]

    def state_dict(self) -> list[list[Any]]:
        """Return what was taken so far."""
        return [[*moment] for moment in self.taken]

    def load_state_dict(self, saved: Sequence[Sequence[Any]]) -> None:
        """Restore what `state_dict` returned."""
        self.taken[:] = [SnapshotRows(int(step), epoch, rows) for step, epoch, rows in saved]
