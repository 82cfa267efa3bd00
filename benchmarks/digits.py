"""MNIST for the benchmarks: its images, its judge, and how drawn digits are scored."""

from __future__ import annotations

import os
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from datasets import REPOSITORY

from tabgan.images import ImageEstimator
from tabgan.images.idx import read_folder
from tabgan.images.image_classifier import Judge
from tabgan.images.image_scores import Labelled, evaluate_images, trained_on_samples

N_CLASSES = 10
JUDGED = 10_000  # drawn images that the judge reads


class Digits(NamedTuple):
    """Images to learn, and images for tests."""

    train: Labelled
    test: Labelled


@cache
def digits() -> Digits:
    """Read MNIST; end the program with a clear message if it is missing."""
    data = Path(os.environ.get("TABGAN_DATA", REPOSITORY / ".." / "shared" / "data"))
    folder = (data / "mnist").resolve()
    if not folder.is_dir():
        raise SystemExit(
            f"no MNIST: {folder} does not exist. Set TABGAN_DATA to the directory that holds it."
        )
    return Digits(Labelled(*read_folder(folder)), Labelled(*read_folder(folder, "test")))


def judge(path: Path, data: Digits) -> Judge:
    """Read the judge, or train it on the images to learn and keep it."""
    if path.exists():
        return Judge.load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Judge.train(*data.train, N_CLASSES, seed=0)
    made.save(path)
    return made


def score(
    gan: ImageEstimator,
    data: Digits,
    referee: Judge,
    *,
    n_trained: int = 0,
    epochs: int | None = None,
) -> dict[str, Any]:
    """Score a generator's digits; `n_trained` of them also train a classifier of their own."""
    asked = np.arange(JUDGED) % N_CLASSES
    images = gan.sample(label=asked.tolist())
    scores = evaluate_images(referee, images, *data, seed=0, codes=asked, retrain=False)
    figures = asdict(scores)
    figures |= {"modes": scores.modes.number, "modes_real": scores.modes_real.number}
    for name in ("trained_on_samples", "trained_on_real", "n_trained"):
        figures.pop(name)
    figures["inception_share"] = scores.inception_score / scores.inception_score_real
    if n_trained:
        samples, codes = gan.sample_labelled(n_trained)
        figures["n_trained"] = n_trained
        figures["trained_on_samples"] = trained_on_samples(
            samples, codes, *data.test, 0, n_classes=N_CLASSES, epochs=epochs
        )
    return figures
