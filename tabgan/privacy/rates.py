"""How often an attack succeeds, how much of that is a leak, and how sure either figure is."""

from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import hypergeom, norm, rankdata

__all__ = ["Estimate", "Rate", "auc", "residual", "true_positives", "z_of"]

CONFIDENCE = 0.95
MOST_CONTROL = 0.999

Floats = NDArray[np.float64]


def z_of(confidence: float) -> float:
    """Return how many standard errors an interval reaches to either side.

    Examples
    --------
    >>> round(z_of(0.95), 2)
    1.96
    """
    return float(norm.ppf(0.5 * (1 + confidence)))


class Estimate(NamedTuple):
    """A figure with the two ends of its confidence interval."""

    value: float
    low: float
    high: float


class Rate(NamedTuple):
    """Successes among attempts.

    Examples
    --------
    >>> rate = Rate(23, 100)
    >>> rate.share, [round(end, 3) for end in rate.wilson()]
    (0.23, [0.24, 0.158, 0.322])
    """

    successes: float
    attempts: int

    @property
    def share(self) -> float:
        """Successes divided by attempts."""
        return self.successes / self.attempts

    def wilson(self, confidence: float = CONFIDENCE) -> Estimate:
        """Return the centre and the ends of Wilson's score interval.

        Source: Wilson, "Probable inference, the law of succession, and statistical inference",
        JASA 22 (1927). The centre is drawn a little towards ½, so that no rate is 0 or 1.
        """
        centre, reach = _wilson(self, confidence)
        return Estimate(centre, centre - reach, centre + reach)


def _wilson(rate: Rate, confidence: float) -> tuple[float, float]:
    z = z_of(confidence)
    share, n = rate.share, rate.attempts
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z * sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return centre, reach


def residual(
    main: Rate, control: Rate, confidence: float = CONFIDENCE, *, scale: float = 1.0
) -> Estimate:
    """Return the risk (main − control) / (1 − control): what the attack owes to the leak.

    The control's rate is multiplied by the scale first, where it had fewer rows to succeed on.

    The reaches of both Wilson intervals are propagated to first order; nothing is cut off at 0,
    so that an interval that contains zero can be told. Where nearly all attempts succeed, first
    order is too rough for that, and the interval would often exclude zero by chance; so it is made
    to contain zero unless Fisher's exact test finds the rates to differ.

    Source: Giomi et al., "A Unified Framework for Quantifying Privacy Risk in Synthetic Data",
    PoPETs 2023; Fisher, "Statistical Methods for Research Workers" (1934), section 21.02.

    Examples
    --------
    >>> [round(figure, 3) for figure in residual(Rate(900, 1000), Rate(800, 1000))]
    [0.495, 0.384, 0.607]
    """
    hit, hit_reach = _wilson(main, confidence)
    base, base_reach = (scale * figure for figure in _wilson(control, confidence))
    base = min(base, MOST_CONTROL)
    value = (hit - base) / (1 - base)
    reach = sqrt((hit_reach / (1 - base)) ** 2 + (base_reach * (1 - hit) / (1 - base) ** 2) ** 2)
    if _chance(main, control, scale) < 0.5 * (1 - confidence):
        return Estimate(value, value - reach, value + reach)
    if main.share <= scale * control.share:
        value = min(value, 0.0)
    return Estimate(value, min(value - reach, 0.0), value + reach)


def _chance(main: Rate, control: Rate, scale: float) -> float:
    """Return how probable so many successes more are where both rates are the same."""
    hits, others = int(main.successes), min(ceil(scale * control.successes), control.attempts)
    attempts = main.attempts + control.attempts
    return float(hypergeom.sf(hits - 1, attempts, hits + others, main.attempts))


def auc(members: Floats, others: Floats, confidence: float = CONFIDENCE) -> Estimate:
    """Return the area under the ROC curve of scores that are to be higher for members.

    Ties count half. The interval is DeLong's: both samples' own shares of the area vary.

    Source: DeLong, DeLong and Clarke-Pearson, Biometrics 44 (1988), computed from ranks as in Sun
    and Xu, IEEE Signal Processing Letters 21 (2014).

    Examples
    --------
    >>> auc(np.array([2.0, 3.0]), np.array([1.0, 2.0])).value
    0.875
    """
    m, n = len(members), len(others)
    joint = rankdata(np.concatenate([members, others]))
    above = (joint[:m] - rankdata(members)) / n  # of each member, the share of others below it
    below = 1 - (joint[m:] - rankdata(others)) / m
    area = float(above.mean())
    spread = above.var(ddof=1) / m + below.var(ddof=1) / n if min(m, n) > 1 else np.inf
    reach = z_of(confidence) * float(np.sqrt(spread))
    return Estimate(area, max(area - reach, 0.0), min(area + reach, 1.0))


def true_positives(members: Floats, others: Floats, false_positives: float = 0.01) -> float:
    """Return the share of members that are found while few others are taken for members.

    The threshold is the one that lets so large a share of the others through; where scores are
    tied there, the tied ones count by the part that completes the share.

    Examples
    --------
    >>> true_positives(np.arange(100.0) + 50, np.arange(100.0), false_positives=0.1)
    0.6
    """
    ordered = np.sort(others)
    n = len(ordered)
    wanted = false_positives * n
    threshold = ordered[max(n - 1 - int(wanted), 0)]
    over = n - np.searchsorted(ordered, threshold, "right")
    tied = n - np.searchsorted(ordered, threshold, "left") - over
    part = (wanted - over) / tied
    return float((members > threshold).mean() + part * (members == threshold).mean())
