"""The search space of `tune`: latent sizes by the heuristics, learning rates, widths."""

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
        """Check the values and sort them.

        Parameters
        ----------
        latent_dims, learning_rates, hidden_dims
            The values to try of each option.

        Raises
        ------
        OptionError
            If an option has no value, or one that it can't have.

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

    They are the heuristic's choice, the sizes d, d/2 and 2·d of the heuristics for tables, and
    the small sizes 32 and 64. All lie from 8 to 512, each at least an eighth from the others.
    If fewer than four are left, 128, 256, 16 and 8 are added.

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
    sizes = [choice]
    for size in (width, width // 2, 2 * width, 32, 64):
        _add(min(max(size, LEAST_LATENT), MAX_LATENT), sizes)
    for filler in (128, 256, 16, 8):
        if len(sizes) < FEWEST:
            _add(filler, sizes)
    return tuple(sorted(sizes))


def _add(size: int, sizes: list[int]) -> None:
    """Add a size, unless the list has one that is nearly the same."""
    if all(max(size, other) >= ALIKE * min(size, other) for other in sizes):
        sizes.append(size)


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
