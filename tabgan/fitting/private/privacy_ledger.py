"""Privacy accounting: the mechanisms of a private fit, and the ε and δ that they spend together.

All mechanisms are Gaussian, on vectors of whole numbers; one row more or less changes the vector
by at most a fixed length. ε is computed by Google's ``dp-accounting`` from privacy-loss
distributions (Doroshenko et al., 2022, arXiv:2207.04380), never by formulas of ours.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any, Self

from tabgan.base.errors import OptionError

__all__ = ["Ledger", "Mechanism", "Share", "plan_ledger"]

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
        The part of δ for releasing values that occur (`tabgan.fitting.private.private_levels`).
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
