"""What a tuner tries: latent sizes by the heuristics, learning rates and widths."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from numbers import Integral, Real
from typing import Any

from tabgan.base.checks import check_number
from tabgan.base.errors import OptionError
from tabgan.generators.latents import MAX_LATENT

__all__ = ["Candidate", "Space", "candidate_latent_dims"]

LEAST_LATENT = 8
FEWEST = 4  # latent sizes, so that a comparison has something to compare
ALIKE = 1.125  # sizes nearer to each other than by this factor tell the same


@dataclass(frozen=True)
class Candidate:
    """One setting to try: a latent size, a learning rate and a width of the hidden layers."""

    latent_dim: int
    learning_rate: float
    hidden_dim: int


@dataclass(frozen=True)
class Space:
    """The values to try of each option, ascending and without repetitions."""

    latent_dims: tuple[int, ...]
    learning_rates: tuple[float, ...]
    hidden_dims: tuple[int, ...]

    @classmethod
    def of(cls, latent_dims: Any, learning_rates: Any, hidden_dims: Any) -> "Space":
        """Check values and put them in order.

        Raises
        ------
        OptionError
            If there is no value, or one that the option can't have.

        Examples
        --------
        >>> Space.of([64, 32, 64], [1e-3], [256])
        Space(latent_dims=(32, 64), learning_rates=(0.001,), hidden_dims=(256,))
        """
        return cls(
            _ordered("latent_dims", latent_dims, Integral),
            _ordered("learning_rates", learning_rates, Real),
            _ordered("hidden_dims", hidden_dims, Integral),
        )

    def grid(self) -> list[Candidate]:
        """Combine every value with every other."""
        combined = product(self.learning_rates, self.hidden_dims, self.latent_dims)
        return [Candidate(latent, rate, width) for rate, width, latent in combined]


def candidate_latent_dims(width: int, choice: int) -> tuple[int, ...]:
    """Propose at least four latent sizes for a table, ascending.

    They are the heuristic's own choice, d, d/2 and 2·d, as the heuristics for tables have them,
    and small ones, 32 and 64; all from 8 to 512, and each at least an eighth from the others.
    Where fewer than four are left, 128, 256, 16 and 8 fill up.

    Parameters
    ----------
    width
        Encoded width d of the table.
    choice
        What `tabgan.generators.latents.choose_latent_dim` chose.

    Examples
    --------
    >>> candidate_latent_dims(width=100, choice=200)
    (32, 50, 64, 100, 200)
    >>> candidate_latent_dims(width=12, choice=128)
    (8, 12, 24, 32, 64, 128)
    >>> candidate_latent_dims(width=9000, choice=512)
    (32, 64, 128, 512)
    """
    taken = [choice]
    for wanted in (width, width // 2, 2 * width, 32, 64):
        _take(min(max(wanted, LEAST_LATENT), MAX_LATENT), taken)
    for filler in (128, 256, 16, 8):
        if len(taken) < FEWEST:
            _take(filler, taken)
    return tuple(sorted(taken))


def _take(size: int, taken: list[int]) -> None:
    """Add a size, unless one that is as good as the same is there."""
    if all(max(size, other) >= ALIKE * min(size, other) for other in taken):
        taken.append(size)


def _ordered(name: str, values: Any, kind: type[Integral] | type[Real]) -> tuple[Any, ...]:
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise OptionError(f"{name}={values!r} must be a list of numbers, for example [64, 128]")
    listed = list(values)
    if not listed:
        raise OptionError(f"{name}=[] has no value to try; give at least one, or leave it out")
    whole = kind is Integral
    for value in listed:
        check_number(f"{name} with", value, kind, 1 if whole else 0, above=not whole)
    return tuple(sorted({int(value) if whole else float(value) for value in listed}))
