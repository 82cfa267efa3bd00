"""Which values a column has, without giving away any that few rows hold.

A stability-based histogram (Korolova et al., 2009; Wilkins et al., 2024): values that occur are
counted with noise, and those whose noisy count reaches a threshold are kept. The threshold is so
high that a value of one row alone reaches it with a probability of at most δ′.
"""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

__all__ = ["frequent", "threshold"]


def threshold(sigma: float, delta: float) -> int:
    """Return the noisy count that a value of one row reaches with at most a probability of delta.

    Examples
    --------
    >>> threshold(10.0, 1e-6)
    50
    """
    # the noise is rounded: it reaches T - 1 where the Gaussian is above T - 1.5
    return math.ceil(1.5 + sigma * float(norm.isf(delta)))


def frequent(noisy: NDArray[np.int64], sigma: float, delta: float) -> list[int]:
    """Return the places of the counts that reach the threshold."""
    return [int(place) for place in np.flatnonzero(noisy >= threshold(sigma, delta))]
