"""A GAN learns eight clouds on a ring: how many it has found over time, with and without R1.

Without a penalty and at a high rate the generator leaves clouds for others, or stays in few (mode
collapse); a gradient penalty cures that.
"""

import argparse

import numpy as np
import pandas as pd

from tabgan import TabGAN
from tabgan.evaluation.matplotlib_figures import BLUE, GREY, new_figure, save

parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("--steps", type=int, default=600, help="training steps of each GAN")
options = parser.parse_args()

rng = np.random.default_rng(0)
angles = 2 * np.pi * np.arange(8) / 8
centers = np.stack([np.cos(angles), np.sin(angles)], axis=1)
points = centers[rng.integers(8, size=4_000)] + 0.05 * rng.normal(size=(4_000, 2))
table = pd.DataFrame(points, columns=["x", "y"])


def clouds_found(rows: pd.DataFrame) -> int:
    """Count the clouds that have a quarter of their share within four deviations."""
    distances = np.linalg.norm(rows.to_numpy()[:, None] - centers, axis=2)
    return int(((distances < 0.2).mean(axis=0) > 1 / 8 / 4).sum())


usual = {"steps": options.steps, "snapshots": 6, "batch_size": 256, "hidden_dim": 64}
usual |= {"refine": False, "polish": False, "verbose": False, "random_state": 0}
settings = {
    "no penalty": {"penalty": "none", "learning_rate": 5e-3, "training": "lectures"},
    "R1": {"penalty": "r1:gamma=0.1", "learning_rate": 2e-3},
}
figure = new_figure(9, 3.2)
rows = figure.subplots(2, 6, sharex=True, sharey=True)
for (name, own), line in zip(settings.items(), rows, strict=True):
    gan = TabGAN(**usual | own).fit(table)
    for axes, snapshot in zip(line, gan.snapshots_, strict=False):
        axes.scatter(*centers.T, s=60, color=GREY)
        axes.scatter(snapshot.rows["x"], snapshot.rows["y"], s=1, color=BLUE)
        found = clouds_found(snapshot.rows)
        axes.set_title(f"step {snapshot.step}: {found}", fontsize=8)
        axes.set(xlim=(-1.5, 1.5), ylim=(-1.5, 1.5), xticks=[], yticks=[])
        print(f"{name:<12} step {snapshot.step:>5}: {found} of 8 clouds")
    line[0].set_ylabel(name)
save(figure, "mixture.png")
