"""Fit the post-processing of drawn rows, refinement and polish, after the training."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from tabgan.base.random_streams import numpy_stream, torch_stream
from tabgan.encoding.column_encoder import Encoded
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.generators.trees.grow_trees import never
from tabgan.generators.trees.vector_leaf_trees import VectorLeafTrees
from tabgan.sampling.calibration import level_shares
from tabgan.sampling.polish import HeldOutChoice, fit_polish
from tabgan.sampling.postprocess import PostProcessing, pool_for
from tabgan.sampling.refinement import LEAST_LEAF, Pace, choose, effective_share, fit_critics
from tabgan.sampling.row_features import DrawnRows, RowFeatures
from tabgan.sampling.row_samplers import Sampler, TreeSampler
from tabgan.sampling.table_model import BLOCK_ROWS

__all__ = ["describe_postprocessing", "fit_postprocessing"]

LEAST_ROWS = 500  # of a table for trees to learn anything beyond the generator
MOST_ROWS = 50_000  # that the trees are grown on
MOST_CELLS = 1_500_000  # of them: of a wide table fewer rows
MANY_ROWS = 10_000  # from which critics of trees are steady
POOL = 3  # drawn rows for each of them


def fit_postprocessing(
    rows: Encoded,
    encoder: TableEncoder,
    sampler: Sampler,
    seed: int,
    *,
    refine: bool,
    polish: bool,
    least: int = 1,
    stop: Callable[[], bool] = never,
) -> tuple[PostProcessing | None, dict[str, Any]]:
    """Fit tree critics that choose drawn rows, and trees that redraw their columns.

    Parameters
    ----------
    rows
        The training rows.
    encoder
        Their encoder.
    sampler
        The trained generator.
    seed
        Root of all streams of randomness.
    refine, polish
        Whether critics are fitted, and whether columns are redrawn.
    least
        Training rows on which each leaf of a tree rests at least, if more than `LEAST_LEAF`.
    stop
        Is called between the parts; nothing more is tried once it returns True.

    Returns
    -------
    The post-processing, or None if rows stay as they are; and facts about it, as JSON values.
    """
    too_little = len(rows.codes) < LEAST_ROWS or not encoder.spans.width
    if too_little or not (refine or polish) or stop():
        return None, {}
    began = time.monotonic()
    features = RowFeatures(encoder.spans, encoder.quantiles)
    shares = level_shares(rows.codes, encoder.spans).double().numpy()
    rng = numpy_stream(seed, "finish")
    real = _some_rows(rows, features, rng)
    drawn = _pool(sampler, features, POOL * len(real), seed)
    weights, least = np.ones(len(drawn)), max(least, LEAST_LEAF)
    critics: tuple[VectorLeafTrees, ...] = ()
    if refine:
        critics, weights = fit_critics(
            real.features,
            drawn,
            encoder.spans,
            shares,
            rng,
            least=least,
            stop=stop,
            pace=_pace(sampler, len(real)),
        )
    choices: list[HeldOutChoice] = []
    if polish:
        before = drawn[choose(weights, len(real), rng)]
        given, workers = _given(encoder, sampler), torch.get_num_threads()
        choices = fit_polish(
            real, before, features, rng, given=given, least=least, workers=workers, stop=stop
        )
    facts = _facts(critics, choices, encoder, features)
    facts |= {"effective_share": effective_share(weights), "seconds": time.monotonic() - began}
    if not critics and not choices and not isinstance(sampler, TreeSampler):
        return None, facts  # only trees have margins to be raked in any case
    conditionals = tuple(choice.conditional for choice in choices)
    finish = PostProcessing(features, shares, critics, conditionals, pool_for(weights))
    return finish, facts


def _pace(sampler: Sampler, n_rows: int) -> Pace:
    """Return how critics are grown: trees draw rows that one critic hardly tells from real ones."""
    if not isinstance(sampler, TreeSampler):
        return "quick"
    return "steady" if n_rows >= MANY_ROWS else "patient"


def _some_rows(rows: Encoded, features: RowFeatures, rng: np.random.Generator) -> DrawnRows:
    chosen: Any = slice(None)
    most = min(MOST_ROWS, max(MOST_CELLS // len(features), LEAST_ROWS))
    if len(rows.codes) > most:
        chosen = rng.choice(len(rows.codes), most, replace=False)
    low, width, codes = (part[chosen] for part in rows)
    numbers = low + width * rng.random(low.shape)
    return features.of(numbers.astype(np.float64), codes.astype(np.int64))


def _pool(sampler: Sampler, features: RowFeatures, n: int, seed: int) -> DrawnRows:
    """Draw n rows block by block, as a sample is drawn."""
    parts = []
    for block in range(-(-n // BLOCK_ROWS)):
        stream = torch_stream(seed, "finish", block, device=sampler.device)
        parts.append(sampler.draw(BLOCK_ROWS, stream))
    numbers, codes = (np.concatenate(part)[:n] for part in zip(*parts, strict=True))
    return features.of(numbers, codes)


def _given(encoder: TableEncoder, sampler: Sampler) -> tuple[int, ...]:
    """Return the level spans that are not to be redrawn."""
    given = sampler.conditions.given if sampler.conditions else ()
    return (*given, *encoder.leading_spans)


def _facts(
    critics: Sequence[VectorLeafTrees],
    choices: Sequence[HeldOutChoice],
    encoder: TableEncoder,
    features: RowFeatures,
) -> dict[str, Any]:
    n_trees = sum(map(len, critics)) + sum(choice.conditional.n_trees for choice in choices)
    columns = [_describe(choice, encoder, features) for choice in choices]
    return {"critics": len(critics), "columns": columns, "trees": n_trees}


def _describe(
    choice: HeldOutChoice, encoder: TableEncoder, features: RowFeatures
) -> dict[str, Any]:
    place = choice.conditional.place(features)
    at = next(
        at
        for at, (number, span) in encoder.places.items()
        if place in range(number.start, number.stop)
        or place - encoder.spans.n_numbers in range(span.start, span.stop)
    )
    return {
        "column": str(encoder.columns[at].name),
        "trees": choice.conditional.n_trees,
        "surprise": choice.excess_nll,
    }


def describe_postprocessing(facts: Mapping[str, Any]) -> dict[str, str]:
    """Say in words what refinement and polish did, from an estimator's ``postprocessing_``."""
    if not facts:
        return {}
    columns: Sequence[Mapping[str, Any]] = facts["columns"]
    polished = ", ".join(str(item["column"]) for item in columns) or "no column"
    return {
        "refined by": f"{facts['critics']} tree critics, effective sample "
        f"{100 * facts['effective_share']:.0f} %",
        "polished": polished,
    }
