"""Noise for counts, and the ledger of the ε and δ that a private fit spends on them.

Gaussian noise for counts: each look of a private fit at its rows goes through `NoisyCounter`.

A sum of whole numbers gets a draw from the discrete Gaussian, a whole number too. Fractions of
whole numbers decide what floats can't, so that no rounding gives the exact sum away (Mironov,
2012): of three-way sums, whose noise is of 10¹² and more, the 53 bits of floats are not enough.

The discrete Gaussian has the zero-concentrated privacy of the continuous one, ρ = Δ²/2σ² (Canonne,
Kamath & Steinke, 2020, theorem 4). The ledger's accountant takes the privacy losses of the
continuous one; the tests compare both.

Privacy accounting: the mechanisms of a private fit, and the ε and δ that they spend together.

All mechanisms are Gaussian, on vectors of whole numbers; one row more or less changes the vector
by at most a fixed length. ε is computed by Google's ``dp-accounting`` from privacy-loss
distributions (Doroshenko et al., 2022, arXiv:2207.04380), never by formulas of ours.
"""

import math
import os
import secrets
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from functools import lru_cache
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import OptionError

__all__ = [
    "DEBUG_SEED",
    "Ledger",
    "Mechanism",
    "Noise",
    "NoisyCounter",
    "SeededNoise",
    "Share",
    "SystemNoise",
    "discrete_gaussian",
    "noise_source",
    "plan_ledger",
]

GRID = 1e-4  # of the privacy losses, for an ε of up to 1
SLACK = 1e-4  # share of noise beyond the formula's, at least: the accountant rounds losses up
STABLE = 0.1  # share of δ, or of a lesser ε, for releasing values that the table has brought up


@dataclass(frozen=True)
class Mechanism:
    """A Gaussian mechanism: one measurement of the rows, once or several times.

    Parameters
    ----------
    name
        What is measured.
    sensitivity
        L2 norm by which one row changes what is measured at once.
    sigma
        Standard deviation of the noise, in the same unit.
    times
        How often it is done, at most.
    """

    name: str
    sensitivity: float
    sigma: float
    times: int = 1

    def describe(self) -> str:
        """Say in a line what is spent.

        Examples
        --------
        >>> Mechanism("rows", 1.0, 42.0).describe()
        'Gaussian noise of 42 on sums that a row changes by at most 1, once'
        """
        often = "once" if self.times == 1 else f"{self.times} times"
        return (
            f"Gaussian noise of {self.sigma:,.4g} on sums that a row changes by at "
            f"most {self.sensitivity:,.4g}, {often}"
        )


@dataclass(frozen=True)
class Ledger:
    """The mechanisms of a private fit, and the (ε, δ) guarantee of their composition.

    Parameters
    ----------
    epsilon, delta
        The claim: adding or removing any one row changes the probability of any result by at most
        a factor of exp(ε), but for δ.
    mechanisms
        What was spent.
    stable
        The part of δ for releasing values that occur (`tabgan.fitting.private.private_histograms`).
    private
        Whether nobody can repeat the noise. False where it was seeded for debugging: the claim
        then does not hold.
    """

    epsilon: float
    delta: float
    mechanisms: tuple[Mechanism, ...]
    stable: float
    private: bool = True

    def __getitem__(self, name: str) -> Mechanism:
        return next(part for part in self.mechanisms if part.name == name)

    def spent(self) -> float:
        """Return ε at the ledger's δ, as the accountant finds it."""
        # A value that only one row holds stays secret with probability 1 - stable, independently
        # of all else: an ε of -log(1 - stable) and a δ of stable, composed with the rest.
        noises = tuple(part.sigma / part.sensitivity for part in self.mechanisms)
        times = tuple(part.times for part in self.mechanisms)
        gaussians = _spent_epsilon(noises, times, self.delta - self.stable, self.epsilon)
        return gaussians - math.log1p(-self.stable)

    def facts(self) -> dict[str, str]:
        """Say in words what is guaranteed, and what was spent on what."""
        claim = (
            f"differentially private: ε = {self.epsilon:g}, δ = {self.delta:g}, for adding or "
            "removing one row; the number of rows is not public"
        )
        if not self.private:
            claim = f"NOT PRIVATE: the noise was seeded for debugging; else it would be {claim}"
        facts = {"privacy": claim}
        facts |= {f"spent on {part.name}": part.describe() for part in self.mechanisms}
        if self.stable:
            facts["spent on values that rows have brought up"] = f"δ = {self.stable:g}"
        return facts

    def describe(self) -> list[str]:
        """Return the same as lines."""
        claim, *spent = self.facts().items()
        return [claim[1], *(f"{name}: {what}" for name, what in spent)]

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` makes an equal ledger from."""
        return asdict(self) | {"mechanisms": [asdict(part) for part in self.mechanisms]}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a ledger from `to_json`'s value.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        parts = tuple(
            Mechanism(str(p["name"]), float(p["sensitivity"]), float(p["sigma"]), int(p["times"]))
            for p in state["mechanisms"]
        )
        if not isinstance(state["private"], bool):
            raise TypeError("ledger: private must be true or false")
        epsilon, delta, stable = (float(state[key]) for key in ("epsilon", "delta", "stable"))
        return cls(epsilon, delta, parts, stable, state["private"])


@dataclass(frozen=True)
class Share:
    """A mechanism's share of the privacy budget, before its noise is chosen.

    Parameters
    ----------
    name
        The mechanism.
    sensitivity
        L2 norm by which one row changes what is measured at once.
    share
        The mechanism's part of the sum of all (sensitivity/σ)².
    times
        How often it is measured, at most.
    """

    name: str
    sensitivity: float
    share: float
    times: int = 1


def plan_ledger(
    epsilon: float, delta: float, shares: Sequence[Share], *, brings_up: bool, private: bool
) -> Ledger:
    """Calibrate the noise of every mechanism, so that their composition stays within ε and δ.

    Parameters
    ----------
    epsilon, delta
        The budget.
    shares
        The mechanisms.
    brings_up
        Whether values that occur are released, for which a part of δ is set aside.
    private
        Whether nobody can repeat the noise.

    Raises
    ------
    OptionError
        If the accountant is not installed.
    """
    stable = STABLE * min(delta, epsilon) if brings_up else 0.0
    whole = sum(part.share for part in shares)
    # by how much a mechanism's noise exceeds that of the one Gaussian they compose to
    ratios = tuple(math.sqrt(part.times * whole / part.share) for part in shares)
    times = tuple(part.times for part in shares)
    scale = _noise_scale(epsilon + math.log1p(-stable), delta - stable, epsilon, ratios, times)
    parts = tuple(
        Mechanism(part.name, part.sensitivity, scale * part.sensitivity * ratio, part.times)
        for part, ratio in zip(shares, ratios, strict=True)
    )
    return Ledger(epsilon, delta, parts, stable, private)


@lru_cache(maxsize=64)
def _noise_scale(
    target: float, delta: float, epsilon: float, ratios: tuple[float, ...], times: tuple[int, ...]
) -> float:
    """Find the noise at which Gaussian mechanisms compose to a budget.

    Together they are as private as one Gaussian mechanism whose noise is the scale (Dong, Roth &
    Su, 2022, arXiv:1905.02383, corollary 3.3), for which there is a formula. Its scale, a little
    enlarged, is taken where the accountant finds their composition within the budget, which it
    takes a tenth of a second to do; tables of one schema ask for the same again.

    Parameters
    ----------
    target, delta
        The budget.
    epsilon
        What the accountant's grid is chosen for.
    ratios, times
        Noise over sensitivity of each mechanism at a scale of 1, and how often it is measured.
    """
    scale, slack = float(_library().get_sigma_gaussian(target, delta)), SLACK

    def noises() -> tuple[float, ...]:
        return tuple((1 + slack) * scale * ratio for ratio in ratios)

    while _spent_epsilon(noises(), times, delta, epsilon) > target:
        slack *= 2
    return (1 + slack) * scale


def _event(noises: Sequence[float], times: Sequence[int]) -> Any:
    accounting = _library()
    gaussians = zip(noises, times, strict=True)
    return accounting.ComposedDpEvent(
        [
            accounting.SelfComposedDpEvent(accounting.GaussianDpEvent(noise), count)
            for noise, count in gaussians
        ]
    )


def _accountant(epsilon: float) -> Callable[[], Any]:
    pld = _library().pld
    return lambda: pld.PLDAccountant(value_discretization_interval=GRID * max(1.0, epsilon))


@lru_cache(maxsize=64)
def _spent_epsilon(
    noises: tuple[float, ...], times: tuple[int, ...], delta: float, about: float
) -> float:
    return float(_accountant(about)().compose(_event(noises, times)).get_epsilon(delta))


def _library() -> Any:
    try:
        import dp_accounting
        import dp_accounting.pld
    except ImportError as error:
        raise OptionError(
            "epsilon: a fit with differential privacy needs the accountant of dp-accounting; run "
            "pip install '.[privacy]'"
        ) from error
    return dp_accounting


DEBUG_SEED = "TABGAN_NOT_PRIVATE_NOISE_SEED"
"""Environment variable: the seed of noise for debugging, with which nothing is private."""

MOST_SIGMA = 2.0**56
AT_ONCE = 2**20  # draws
LARGE = 1e3  # of exponents
DOUBT = 1e-11  # floats up to 1,000 have an error of 1e-12 after the few steps that are taken
ROUNDED_FROM = 2.0**20  # from here on a whole σ costs nothing, and keeps the fractions short

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Exact = Callable[[int], Fraction]  # by place


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


def discrete_gaussian(noise: Noise, sigma: float, n: int) -> Ints:
    """Draw n values of the discrete Gaussian: whole numbers x, each by exp(−x²/2σ²).

    The probabilities are exact, however large σ is (Canonne, Kamath & Steinke, 2020,
    arXiv:2004.00010, algorithms 1 to 3): a float decides a comparison only where it is farther off
    than any rounding, and fractions of whole numbers decide the others.

    Parameters
    ----------
    noise
        Where the random bits come from.
    sigma
        σ, up to `MOST_SIGMA`; a large one is raised to the next whole number.
    n
        Number of values.

    Raises
    ------
    ValueError
        If σ is so large that 64 bits do not hold the values.
    """
    if not 0 < sigma <= MOST_SIGMA:
        raise ValueError(f"sigma={sigma!r} must be above 0 and at most 2**56")
    exact_sigma = Fraction(math.ceil(sigma) if sigma > ROUNDED_FROM else sigma)
    scale = math.floor(exact_sigma) + 1
    center = exact_sigma**2 / scale
    drawn = np.zeros(0, np.int64)
    while len(drawn) < n:
        proposed = _discrete_laplace(noise, scale, min(2 * (n - len(drawn)) + 16, AT_ONCE))
        sizes = np.abs(proposed)

        def exponent(at: int, sizes: Ints = sizes) -> Fraction:
            return ((int(sizes[at]) - center) / exact_sigma) ** 2 / 2

        about = ((sizes - float(center)) / float(exact_sigma)) ** 2 / 2
        drawn = np.concatenate([drawn, proposed[_happens_exp(noise, about, exponent)]])
    return drawn[:n]


def _discrete_laplace(noise: Noise, scale: int, n: int) -> Ints:
    """Draw at most n values x, each by exp(−|x|/scale): a part of n tries comes to nothing."""
    low = _uniform(noise, scale, n)
    low = low[_happens_exp(noise, low / scale, lambda at: Fraction(int(low[at]), scale))]
    high = np.zeros(len(low), np.int64)
    left = np.arange(len(low))
    while len(left):
        left = left[_coins(noise, len(left))]
        high[left] += 1
    size = low + scale * high
    is_negative = (noise.words(len(size)) & np.uint64(1)).astype(bool)
    once = ~(is_negative & (size == 0))  # zero has one sign
    signed: Ints = np.where(is_negative, -size, size)[once]
    return signed


def _uniform(noise: Noise, below: int, n: int) -> Ints:
    """Draw n whole numbers from 0, all alike likely."""
    most = 2**64 - 2**64 % below
    drawn = np.zeros(0, np.uint64)
    while len(drawn) < n:
        words = noise.words(n - len(drawn))
        fair = words if most == 2**64 else words[words < np.uint64(most)]
        drawn = np.concatenate([drawn, fair])
    return (drawn % np.uint64(below)).astype(np.int64)


def _happens_exp(noise: Noise, exponents: Floats, exact: Exact) -> NDArray[np.bool_]:
    """Let each thing happen with the probability exp(−exponent).

    Parameters
    ----------
    noise
        Where the random bits come from.
    exponents
        As floats: up to `LARGE` they are off by less than `DOUBT`.
    exact
        Returns an exponent exactly.
    """
    wholes, nearest = np.floor(exponents), np.rint(exponents)
    unclear = (nearest > 0) & (np.abs(exponents - nearest) <= DOUBT) | (exponents > LARGE)
    for at in np.flatnonzero(unclear):
        wholes[at] = math.floor(exact(int(at)))
    happens = np.ones(len(exponents), dtype=bool)
    done, left = 0, np.flatnonzero(wholes > 0)
    while len(left):  # a factor of exp(−1) for each whole one
        again = _coins(noise, len(left))
        happens[left[~again]] = False
        done, left = done + 1, left[again]
        left = left[wholes[left] > done]
    still = np.flatnonzero(happens)
    rest = np.clip(exponents[still] - wholes[still], 0, 1)
    happens[still] = _ends_odd(noise, rest, lambda at: exact(int(still[at])) % 1)
    return happens


def _coins(noise: Noise, n: int) -> NDArray[np.bool_]:
    """Let each of n things happen with the probability exp(−1)."""
    return _ends_odd(noise, np.ones(n), lambda _: Fraction(1), first=2)


def _ends_odd(noise: Noise, fractions: Floats, exact: Exact, first: int = 1) -> NDArray[np.bool_]:
    """Tell whether the first failure has an odd number, where the k-th chance is fraction/k.

    That has the probability exp(−fraction) (von Neumann, 1951).

    Parameters
    ----------
    noise
        Where the random bits come from.
    fractions
        From 0 to 1, as floats.
    exact
        Returns a fraction exactly.
    first
        The number to begin with: of a fraction of 1, the first chance is sure.
    """
    is_odd = np.zeros(len(fractions), dtype=bool)
    count, left = first, np.arange(len(fractions))
    while len(left):

        def chance(at: int, left: Any = left, count: int = count) -> Fraction:
            return exact(int(left[at])) / count

        goes_on = _happens(noise, fractions[left] / count, chance)
        is_odd[left[~goes_on]] = count % 2 == 1
        count, left = count + 1, left[goes_on]
    return is_odd


def _happens(noise: Noise, chances: Floats, exact: Exact) -> NDArray[np.bool_]:
    """Let each thing happen with its chance, which floats have about, and `exact` exactly."""
    words = noise.words(len(chances))
    uniform = words.astype(np.float64) * 2.0**-64
    happens: NDArray[np.bool_] = uniform < chances
    for at in np.flatnonzero(np.abs(uniform - chances) <= DOUBT):
        happens[at] = _is_below(noise, int(words[at]), exact(int(at)))
    return happens


def _is_below(noise: Noise, word: int, chance: Fraction) -> bool:
    """Tell whether a random binary fraction that begins with a word is below a chance."""
    while True:
        bound, rest = divmod(chance.numerator << 64, chance.denominator)
        if word != bound or not rest:
            return word < bound
        chance, word = Fraction(rest, chance.denominator), int(noise.words(1)[0])


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
        drawn = discrete_gaussian(self.noise, self.sigma(name, at_once=at_once), exact.size)
        noisy: Ints = exact.astype(np.int64) + drawn.reshape(exact.shape)
        return noisy
