"""Partial rows: half of the cells of real rows are given, a generator draws the others."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from coding import encode
from holes import filled_shape_error, holes_at_random
from peer_environments import InstallError, prepared
from peers import ARGN, GeneratorError, generated
from scoring import DETECTOR_RATE, FOLDS, TREES, xgb_c2st
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold
from xgboost import XGBClassifier

if TYPE_CHECKING:
    from tabgan import TabGAN

FREE_SHARE = 0.5
LIMIT_SECONDS = 7_200
Row = dict[str, Any]


@dataclass(frozen=True)
class PartialFrame:
    """Real rows, of which a part of the cells is given.

    Attributes
    ----------
    truth : DataFrame
        The whole rows.
    others : DataFrame
        As many other real rows.
    free : DataFrame
        Which cells are not given.
    """

    truth: pd.DataFrame
    others: pd.DataFrame
    free: pd.DataFrame

    @property
    def given(self) -> pd.DataFrame:
        """The rows with missing values for cells that are not given."""
        return self.truth.mask(self.free)

    def scores(self, completed: pd.DataFrame, categorical: Collection[str]) -> dict[str, float]:
        """Score completed rows, in the order of the true ones."""
        completed = completed.set_axis(self.truth.index)
        same = completed.astype(object) == self.truth.astype(object)
        return {
            "kept": float(same.to_numpy()[~self.free.to_numpy()].mean()),
            "c2st_true": paired_c2st(self.truth, completed, categorical),
            "c2st_other": xgb_c2st(self.others, completed, categorical),
            "drawn_shape_error": filled_shape_error(self.truth, completed, self.free, categorical),
        }


def paired_c2st(
    truth: pd.DataFrame, completed: pd.DataFrame, categorical: Collection[str]
) -> float:
    """Return the C2ST of rows that come in pairs, which share their given cells.

    Both rows of a pair are in the same fold. Otherwise a classifier that knows one of them by its
    given cells takes the other for what it is not, and any completion seems perfect.
    """
    coded = [part.to_numpy() for part in encode([truth, completed], categorical)]
    areas = []
    for fitted, held_out in KFold(FOLDS, shuffle=True, random_state=0).split(truth):
        model = XGBClassifier(**TREES, learning_rate=DETECTOR_RATE)
        model.fit(np.vstack([part[fitted] for part in coded]), np.repeat([1, 0], len(fitted)))
        guess = model.predict_proba(np.vstack([part[held_out] for part in coded]))[:, 1]
        areas.append(roc_auc_score(np.repeat([1, 0], len(held_out)), guess))
    return float(2 * (1 - max(np.mean(areas), 0.5)))


def partial_frames(test: pd.DataFrame, rows: int, count: int) -> list[PartialFrame]:
    """Cut a table into frames; each has rows and other rows of its own as far as there are any."""
    frames = []
    for seed in range(count):
        rng = np.random.default_rng(seed)
        chosen = test.iloc[rng.permutation(len(test))[: 2 * rows]].reset_index(drop=True)
        truth, others = chosen[:rows], chosen[rows:].reset_index(drop=True)
        frames.append(PartialFrame(truth, others, holes_at_random(truth, FREE_SHARE, rng)))
    return frames


def completion_rows(
    frames: list[PartialFrame],
    source: str,
    complete: Callable[[pd.DataFrame], tuple[pd.DataFrame, Row]],
    categorical: Collection[str],
) -> list[Row]:
    """Return a result for each frame; they are completed together, in one go."""
    given = pd.concat([frame.given for frame in frames], ignore_index=True)
    start = {"part": "partial", "source": source}
    try:
        completed, cost = complete(given)
    except (GeneratorError, InstallError) as reason:
        return [start | {"note": str(reason)}]
    ends = np.cumsum([len(frame.truth) for frame in frames])
    parts = [completed.iloc[end - len(f.truth) : end] for f, end in zip(frames, ends, strict=True)]
    return [
        start | {"frame": number, **frame.scores(part, categorical), **cost}
        for number, (frame, part) in enumerate(zip(frames, parts, strict=True))
    ]


def floor(frames: list[PartialFrame], categorical: Collection[str]) -> list[Row]:
    """Return the scores of the true rows themselves."""
    given = pd.concat([frame.truth for frame in frames], ignore_index=True)
    return completion_rows(frames, "truth", lambda _: (given, {}), categorical)


def by_tabgan(model: TabGAN) -> Callable[[pd.DataFrame], tuple[pd.DataFrame, Row]]:
    """Complete with a fitted model."""

    def complete(given: pd.DataFrame) -> tuple[pd.DataFrame, Row]:
        start = time.perf_counter()
        completed = model.sample(where=given)
        return completed, {"seconds": time.perf_counter() - start}

    return complete


def by_tabular_argn(
    train: pd.DataFrame, categorical: list[str], seed: int, cache: Path
) -> Callable[[pd.DataFrame], tuple[pd.DataFrame, Row]]:
    """Complete with TabularARGN in its own environment, fitted to the same rows."""

    def complete(given: pd.DataFrame) -> tuple[pd.DataFrame, Row]:
        python, versions = prepared(ARGN, cache)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "partial"
            given.to_parquet(path)
            job = {
                "generator": "tabular-argn-completion",
                "seed": seed,
                "options": {"partial": str(path)},
                "categorical": categorical,
            }
            completed, cost = generated(job, train, python, LIMIT_SECONDS)
        return completed, {"seconds": cost["sample_seconds"], "versions": versions}

    return complete
