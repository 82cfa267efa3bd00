"""The only door between rows and a private fit: whole sums go in, noisy ones come out."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabgan.privacy.differential.ledger import Ledger
from tabgan.privacy.differential.noise import Noise, rounded_gaussian

__all__ = ["NoisyCounter"]

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class NoisyCounter:
    """Adds to sums over rows the noise that the ledger has for them, and no more often than it has.

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
        """Return the noise of a mechanism; less if all its times are used at once."""
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
