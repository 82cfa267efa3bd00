"""Gaussian noise for counts: each look of a private fit at its rows goes through `NoisyCounter`.

A sum of whole numbers gets X ~ N(0, σ²) rounded to a whole number. As the sum is whole itself,
this is the Gaussian mechanism followed by rounding: as private as the mechanism, and without the
low digits of a float that give the exact sum away (Mironov, 2012).

What the accounting leaves out: a float's 53 bits round the quantile function, which gives each
whole number's probability a relative error of about σ √(2π) 2^-54. Of 20 columns and an ε of 1,
that is 1e-9 in each of the less than a thousand sums that a row changes: far below 1e-3 of ε.
"""

import os
import secrets
from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from tabgan.base.errors import OptionError
from tabgan.fitting.private.privacy_ledger import Ledger

__all__ = [
    "DEBUG_SEED",
    "Noise",
    "NoisyCounter",
    "SeededNoise",
    "SystemNoise",
    "noise_source",
    "rounded_gaussian",
]

DEBUG_SEED = "TABGAN_NOT_PRIVATE_NOISE_SEED"
"""Environment variable: the seed of noise for debugging, with which nothing is private."""

Ints = NDArray[np.int64]


class Noise(Protocol):
    """A source of uniform random bits."""

    @property
    def is_private(self) -> bool:
        """Whether nobody can repeat what is drawn."""

    def words(self, n: int) -> NDArray[np.uint64]:
        """Draw n words of 64 bits."""


@dataclass(frozen=True)
class SystemNoise:
    """Random bits of the operating system's cryptographic generator, which has no seed."""

    is_private: bool = field(default=True, init=False)

    def words(self, n: int) -> NDArray[np.uint64]:
        """Draw n words of 64 bits."""
        return np.frombuffer(secrets.token_bytes(8 * n), np.uint64)


@dataclass(frozen=True)
class SeededNoise:
    """Repeatable random bits, for debugging: who knows the seed can subtract the noise."""

    seed: int
    is_private: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_rng", np.random.default_rng(self.seed))

    def words(self, n: int) -> NDArray[np.uint64]:
        """Draw n words of 64 bits."""
        rng: np.random.Generator = self._rng  # type: ignore[attr-defined]
        return rng.integers(0, 2**64, n, dtype=np.uint64)


def noise_source() -> Noise:
    """Return the operating system's noise, or the repeatable one that the environment asks for.

    Raises
    ------
    OptionError
        If the environment's seed is not a whole number.
    """
    seed = os.environ.get(DEBUG_SEED)
    if not seed:
        return SystemNoise()
    if not (seed.isascii() and seed.isdigit()):
        raise OptionError(
            f"the environment variable {DEBUG_SEED}={seed!r} must be a whole number from 0; unset "
            "it for a model that is private"
        )
    return SeededNoise(int(seed))


def rounded_gaussian(noise: Noise, sigma: float, n: int) -> Ints:
    """Draw n values of N(0, σ²), rounded to whole numbers.

    Parameters
    ----------
    noise
        Where the random bits come from.
    sigma
        Standard deviation of the values.
    n
        Number of values.

    Notes
    -----
    One of 128 random bits is the sign, and the others are a probability below ½, to which the
    quantile function of the normal distribution is applied. A float has its digits behind its
    first one, so that values far out are as densely drawn as those in the middle, up to 13 σ: with
    53 evenly spaced probabilities of a float's digits, whole numbers beyond 6 σ would have gaps
    between them, by which one exact sum could be told from another.
    """
    words = noise.words(2 * n).reshape(2, n)
    sign = np.where(words[0] & np.uint64(1), 1.0, -1.0)
    high, low = (words[0] >> np.uint64(1)).astype(np.float64), words[1].astype(np.float64)
    tail = (high + (low + 0.5) * 2.0**-64) * 2.0**-64
    rounded: Ints = np.rint(sigma * sign * ndtri(tail)).astype(np.int64)
    return rounded


@dataclass(frozen=True)
class NoisyCounter:
    """Adds calibrated Gaussian noise to counts and tracks the privacy budget.

    Parameters
    ----------
    ledger
        What may be spent.
    noise
        Where the noise comes from.
    """

    ledger: Ledger
    noise: Noise
    _used: Counter[tuple[str, Hashable]] = field(default_factory=Counter, init=False)

    def sigma(self, name: str, *, at_once: bool = False) -> float:
        """Return the standard deviation of a mechanism's noise.

        Parameters
        ----------
        name
            The mechanism.
        at_once
            Whether all its times are spent on one measurement, which then has less noise.
        """
        part = self.ledger[name]
        return part.sigma / part.times**0.5 if at_once else part.sigma

    def measure(
        self, name: str, sums: NDArray[Any], part: Hashable = None, *, at_once: bool = False
    ) -> Ints:
        """Return sums of whole numbers with noise.

        Parameters
        ----------
        name
            The mechanism. What one row adds to the sums of all its parts together has at most the
            L2 norm that the ledger has for it.
        sums
            Whole numbers, of any shape.
        part
            The column or whatever else the mechanism is split up by; each part has the mechanism's
            number of times for itself.
        at_once
            Whether all times are spent on this one, which then has less noise.

        Raises
        ------
        RuntimeError
            If the budget is used up: a fault of the caller's.
        TypeError
            If the sums are not whole numbers.
        """
        times = self.ledger[name].times
        self._used[name, part] += times if at_once else 1
        if self._used[name, part] > times:
            raise RuntimeError(f"the privacy budget of {name!r} is used up")
        exact = np.asarray(sums)
        if exact.dtype.kind != "i":
            raise TypeError(f"{name}: noise is added to whole numbers only")
        drawn = rounded_gaussian(self.noise, self.sigma(name, at_once=at_once), exact.size)
        noisy: Ints = exact.astype(np.int64) + drawn.reshape(exact.shape)
        return noisy
