"""`evaluate`: from two tables to all that can be said about the second one."""

import time
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from tabgan.evaluation.coverage import measure_coverage
from tabgan.evaluation.detection import detect
from tabgan.evaluation.evaluation import Evaluation
from tabgan.evaluation.fidelity import describe_fidelity, measure_relations
from tabgan.evaluation.judging import Parts, judge
from tabgan.evaluation.nearness import measure_nearness
from tabgan.evaluation.results import Tables
from tabgan.evaluation.tables import Given, read_tables
from tabgan.evaluation.targets import choose_target, named_target
from tabgan.evaluation.utility import measure_utility
from tabgan.evaluation.validity import check_validity
from tabgan.kinds import Kind
from tabgan.schema import Schema
from tabgan.streams import RandomStateLike, numpy_stream, resolve_seed

__all__ = ["evaluate"]

MOST_PAIR_ROWS = 50_000
MOST_DETECTOR_ROWS = 20_000
MOST_MODEL_ROWS = 20_000
MOST_DISTANCE_ROWS = 5_000


def evaluate(
    real: Any,
    synthetic: Any,
    holdout: Any = None,
    target: Hashable | None = None,
    *,
    schema: Schema | Mapping[Hashable, Kind] | None = None,
    random_state: RandomStateLike = 0,
) -> Evaluation:
    """Measure how good a synthetic table is, whatever made it.

    Each figure comes with its floor: what a fresh sample of the real table would get.

    Parameters
    ----------
    real
        The table that the synthetic one is to be like: a DataFrame, or what `TabGAN.fit` takes.
    synthetic
        The synthetic table, of any length; its columns may come in another order.
    holdout
        Real rows that the generator did not see. With them, detectors, models and distances are
        held against rows that can't have been copied; without, against rows of the real table.
    target
        The column that a model is to predict; None chooses one.
    schema
        What the columns are, as for `TabGAN`; None infers it from the real table.
    random_state
        Seed of all samples, folds and models: the same one gives the same figures.

    Returns
    -------
    The parts, a verdict, and the weakest points. Big tables are sampled: pairs of columns by
    50,000 rows, detectors and models by 20,000, distances by 5,000 of each table; shapes,
    validity and copies are counted over all rows.

    Raises
    ------
    DataError
        If a table has other columns, fewer than ten rows, or nothing to compare.
    SchemaError
        If the schema does not fit the real table.
    OptionError
        If the target is not a column that can be predicted.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=400)
    >>> table = pd.DataFrame({"x": x, "y": x + rng.normal(size=400) / 9})
    >>> shuffled = table.assign(y=rng.permutation(table["y"]))
    >>> found = evaluate(table, shuffled)
    >>> found.verdict.grade, found.verdict.weak_points[0].part
    ('poor', 'fidelity')
    """
    seed = resolve_seed(random_state)
    seconds: dict[str, float] = {}
    with _timed(seconds, "reading"):
        given = read_tables(real, synthetic, holdout, schema)
    coded, names = given.coded, given.names
    asked = None if target is None else named_target(target, given.schema, coded)
    rows = {"validity": len(given.real), "coverage": min(MOST_PAIR_ROWS, _longest(given))}
    with _timed(seconds, "validity"):
        validity = check_validity(given, numpy_stream(seed, "validity"))
    with _timed(seconds, "fidelity"):
        relations = measure_relations(coded, numpy_stream(seed, "pairs"), MOST_PAIR_ROWS)
    with _timed(seconds, "detection"):
        detected = detect(
            coded,
            names,
            relations.suspects(list(coded)),
            most_rows=MOST_DETECTOR_ROWS,
            seed=seed,
        )
    with _timed(seconds, "fidelity"):
        fidelity = describe_fidelity(
            given, relations, detected.columns, numpy_stream(seed, "shapes")
        )
    with _timed(seconds, "utility"):
        rng = numpy_stream(seed, "utility")
        asked = asked or choose_target(coded, rng)
        learned = asked and measure_utility(
            coded, names, asked, most_rows=MOST_MODEL_ROWS, seed=seed % 2**31, rng=rng
        )
    with _timed(seconds, "coverage"):
        coverage = measure_coverage(coded, names, numpy_stream(seed, "coverage"), MOST_PAIR_ROWS)
    with _timed(seconds, "nearness"):
        nearness = measure_nearness(coded, numpy_stream(seed, "nearness"), MOST_DISTANCE_ROWS)
    rows |= {"fidelity": relations.rows, "detection": detected.rows}
    rows |= {"utility": learned[1] if learned else 0}
    rows |= {"nearness": min(MOST_DISTANCE_ROWS, len(given.synthetic))}
    tables = Tables(
        real_rows=len(given.real),
        synthetic_rows=len(given.synthetic),
        holdout_rows=0 if given.holdout is None else len(given.holdout),
        compared_rows=rows,
        seed=seed,
        seconds=seconds,
    )
    utility = learned[0] if learned else None
    parts = Parts(tables, validity, fidelity, detected.detection, utility, coverage, nearness)
    return Evaluation(verdict=judge(parts, relations), **parts._asdict())


def _longest(given: Given) -> int:
    return max(len(given.real), len(given.synthetic))


@contextmanager
def _timed(seconds: dict[str, float], part: str) -> Iterator[None]:
    began = time.perf_counter()
    yield
    seconds[part] = seconds.get(part, 0.0) + time.perf_counter() - began
