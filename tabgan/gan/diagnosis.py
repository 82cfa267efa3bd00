"""What went wrong in a training, told from its records, and what to do about it."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from statistics import fmean
from typing import Any, Self

from tabgan.gan.callbacks import Record
from tabgan.gan.losses import Minimax, Wasserstein
from tabgan.gan.penalties import NoPenalty
from tabgan.gan.recipe import TrainingConfig
from tabgan.gan.stabilisers import ExperienceReplay, FeatureMatching, InstanceNoise

__all__ = ["Finding", "diagnose"]

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

ADVICES = 3  # remedies that a finding names


@dataclass(frozen=True)
class Finding:
    """Something that went wrong in a training.

    Parameters
    ----------
    name
        "mode collapse", "vanishing gradient", "divergence" or "oscillation".
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


def diagnose(records: Sequence[Record], recipe: TrainingConfig) -> list[Finding]:
    """Name what went wrong in a training and still is wrong at its end.

    Parameters
    ----------
    records
        The training's, with what `tabgan.gan.probe.Probe` adds.
    recipe
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
    if len(records) < LASTING:
        return []
    judges = (_collapse, _vanishing, _divergence, _oscillation)
    found = [judge(records, recipe) for judge in judges]
    return [finding for finding in found if finding is not None]


def _lasting(records: Sequence[Record], is_bad: Callable[[Record], bool]) -> int | None:
    """Return the step since which all records are bad; None if the last ones are not."""
    bad = 0
    while bad < len(records) and is_bad(records[-1 - bad]):
        bad += 1
    return int(records[-bad]["step"]) if bad >= LASTING else None


def _collapse(records: Sequence[Record], recipe: TrainingConfig) -> Finding | None:
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
        recipe,
        (not _has(recipe, FeatureMatching), 'stabilisers=["feature_matching"]'),
        (not isinstance(recipe.loss, Wasserstein), 'loss="wasserstein"'),
        (not _has(recipe, ExperienceReplay), 'stabilisers=["experience_replay"]'),
        (True, "a larger latent_dim"),
    )
    return Finding("mode collapse", step, evidence, remedy)


def _vanishing(records: Sequence[Record], recipe: TrainingConfig) -> Finding | None:
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
        recipe,
        (isinstance(recipe.loss, Minimax), 'loss="non_saturating"'),
        (not isinstance(recipe.loss, Wasserstein), 'loss="wasserstein"'),
        (type(recipe.penalty) is NoPenalty, 'penalty="r1"'),
        (not _has(recipe, InstanceNoise), 'stabilisers=["instance_noise"]'),
        (
            recipe.discriminator_steps > 1,
            f"fewer discriminator_steps (now {recipe.discriminator_steps})",
        ),
    )
    return Finding("vanishing gradient", step, evidence, remedy)


def _size(record: Record) -> float:
    return max(abs(record["advantage"]), abs(record["discriminator_loss"]))


def _divergence(records: Sequence[Record], recipe: TrainingConfig) -> Finding | None:
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
        recipe,
        (type(recipe.penalty) is NoPenalty, 'penalty="r1" or "spectral"'),
        (type(recipe.penalty) is not NoPenalty, "a stronger penalty"),
    )
    return Finding("divergence", step, evidence, remedy)


def _oscillation(records: Sequence[Record], recipe: TrainingConfig) -> Finding | None:
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
    critic = isinstance(recipe.loss, Wasserstein) and recipe.discriminator_steps < 5
    remedy = _advice(
        recipe,
        (critic, f"discriminator_steps=5 (now {recipe.discriminator_steps})"),
        (type(recipe.penalty) is NoPenalty, 'penalty="r1"'),
        (True, 'stabilisers=["historical_averaging"]'),
    )
    return Finding("oscillation", int(late[0]["step"]), evidence, remedy)


def _has(recipe: TrainingConfig, kind: type) -> bool:
    return any(isinstance(part, kind) for part in recipe.stabilisers)


def _advice(recipe: TrainingConfig, *choices: tuple[bool, str]) -> str:
    """Name what can still be tried, the most promising first, and no more than can be tried."""
    fitting = [text for fits, text in choices if fits]
    slower = f"a lower learning_rate (now {recipe.learning_rate:g})"
    # A rate above the default is the first suspect, whatever went wrong.
    first = recipe.learning_rate > TrainingConfig().learning_rate
    ordered = [slower, *fitting] if first else [*fitting, slower]
    return "try " + ", or ".join(ordered[:ADVICES])


def describe_course(records: Sequence[Record], recipe: TrainingConfig) -> dict[str, Any]:
    """Return what a model file tells of the training, as JSON values."""
    return {
        "n_steps": records[-1]["step"] if records else 0,
        "penalty_reason": recipe.describe_penalty(records),
        "history": list(records),
        "diagnosis": [finding.to_json() for finding in diagnose(records, recipe)],
    }
