"""The distribution of a generator without an inverse: G(z) = [−z², e^−z, z], z ~ N(0, 1).

P(G(z) ≤ x) is the probability of the set of z with −z² ≤ x₁, e^−z ≤ x₂ and z ≤ x₃, here two
intervals at most, and is compared with the share of many draws. The picture has the densities of
the three outputs beside theirs.
"""

import math

import numpy as np
from scipy.stats import norm

from tabgan.evaluation.matplotlib_figures import BLUE, ORANGE, lighten, new_figure, save


def generator(z: np.ndarray) -> np.ndarray:
    """Return G(z), a last axis of three."""
    return np.stack([-(z**2), np.exp(-z), z], axis=-1)


def cdf(x1: float, x2: float, x3: float) -> float:
    """Return P(G(z) ≤ x): z is from −ln x₂ to x₃, and not between ±√−x₁."""
    if x2 <= 0:
        return 0.0
    low, high = -math.log(x2), x3
    gap = math.sqrt(max(-x1, 0.0))  # nothing is left out where x₁ ≥ 0
    parts = [(low, min(high, -gap)), (max(low, gap), high)]
    return sum(max(0.0, norm.cdf(b) - norm.cdf(a)) for a, b in parts)


DENSITIES = {  # of each output: φ at the z that give it, over the slope there
    "−z²": (-4.0, -0.05, lambda x: norm.pdf(np.sqrt(-x)) / np.sqrt(-x)),
    "e^−z": (0.02, 5.0, lambda x: norm.pdf(np.log(x)) / x),
    "z": (-3.0, 3.0, norm.pdf),
}

draws = generator(np.random.default_rng(0).normal(size=1_000_000))
print(f"{'x':<24}{'formula':>10}{'draws':>10}")
for x in ([-1, math.exp(2), 2], [-1, 1, 2], [0.5, 1, 2], [-0.25, 3, 0.7]):
    share = (draws <= x).all(axis=1).mean()
    print(f"{', '.join(f'{part:.2f}' for part in x):<24}{cdf(*x):>10.4f}{share:>10.4f}")

figure = new_figure(9, 2.6)
for axes, (name, (low, high, density)), own in zip(
    figure.subplots(1, 3), DENSITIES.items(), draws.T, strict=True
):
    counts, edges = np.histogram(own, 60, (low, high))
    shares = counts / len(own) / np.diff(edges)
    axes.stairs(shares, edges, fill=True, color=BLUE, alpha=0.5, label="draws")
    places = np.linspace(low, high, 400)
    axes.plot(places, density(places), color=ORANGE, label="formula")
    axes.set_title(name, fontsize=10)
    lighten(axes)
axes.legend(frameon=False, fontsize=8)
save(figure, "generator_distribution.png")
