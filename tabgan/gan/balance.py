"""Balance between the networks: the discriminator's penalty follows its advantage."""

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["AdaptivePenalty", "describe_adaptive_penalty"]

TARGET = 0.05
RATE = 1.2
LEAST, START, MOST = 1.0, 10.0, 100.0


@dataclass
class AdaptivePenalty:
    """Adapts the weight γ of the gradient penalty, so that the discriminator does not win.

    The discriminator of a wide or heavy-tailed table, or of few rows, tells real from synthetic
    rows by far before the generator has learned anything, and then teaches it little. Its
    advantage is E D(real) − E D(fake), in logits. γ rises by `RATE` while the advantage is above
    `TARGET` and falls while it is below, between `LEAST` and `MOST`.

    Examples
    --------
    >>> balance = AdaptivePenalty()
    >>> [round(balance.adapt(advantage), 1) for advantage in (0.4, 0.2, 0.01)]
    [12.0, 14.4, 12.0]
    """

    gamma: float = START

    def adapt(self, advantage: float) -> float:
        """Return the weight to go on with, given the mean advantage since the last call."""
        wanted = self.gamma * (RATE if advantage > TARGET else 1 / RATE)
        self.gamma = min(max(wanted, LEAST), MOST)
        return self.gamma


def describe_adaptive_penalty(gammas: Sequence[float]) -> str:
    """Tell in words how the weight went in training.

    Examples
    --------
    >>> describe_adaptive_penalty([10.0, 12.0, 14.4, 12.0])
    'adapted to the discriminator: from 10 over at most 14.4 to 12'
    """
    if not gammas:
        return "nothing was trained"
    return (
        f"adapted to the discriminator: from {gammas[0]:.3g} over at most {max(gammas):.3g} "
        f"to {gammas[-1]:.3g}"
    )
