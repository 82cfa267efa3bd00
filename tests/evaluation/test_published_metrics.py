"""The measures that papers report, on tables where they are known."""

import numpy as np
import pandas as pd
import pytest

from tabgan import infer_schema
from tabgan.evaluation.compared_tables import CodedColumn, ComparedTables
from tabgan.evaluation.copying import place_rows
from tabgan.evaluation.fidelity import measure_relations
from tabgan.evaluation.published_metrics import (
    measure_field,
    nmi_distance,
    support_scores,
    tail_error,
)

NONE = np.array([])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def numbers(real: np.ndarray, synthetic: np.ndarray) -> CodedColumn:
    return CodedColumn(False, real, synthetic, NONE)


def test_nmi_distance_is_that_of_the_pair_that_lost_its_relation(rng):
    codes = rng.integers(0, 2, 4000).astype(float)
    other = rng.integers(0, 2, 4000).astype(float)
    coded = {
        0: CodedColumn(True, codes, codes, NONE, ("a", "b")),
        1: CodedColumn(True, codes, other, NONE, ("a", "b")),
    }
    assert nmi_distance(coded, [(0, 1)]) == pytest.approx(1, abs=0.01)
    kept = {place: column._replace(synthetic=column.real) for place, column in coded.items()}
    assert nmi_distance(kept, [(0, 1)]) == 0
    assert np.isnan(nmi_distance(kept, []))


def test_tails_count_where_they_are_heavy(rng):
    heavy, light = rng.standard_t(2, 20_000), rng.normal(size=20_000)
    assert np.isnan(tail_error({0: numbers(light, 3 * light)}))
    assert tail_error({0: numbers(heavy, heavy)}) == 0
    assert tail_error({0: numbers(heavy, 2 * heavy)}) == pytest.approx(np.log(2), abs=0.01)


def test_support_of_fresh_rows_of_copies_and_of_outliers(rng):
    real, fresh = rng.normal(size=(2, 4, 1500))

    def scores(synthetic: np.ndarray) -> tuple[float, float]:
        columns = {
            i: numbers(one, other)
            for i, (one, other) in enumerate(zip(real, synthetic, strict=True))
        }
        return support_scores(*place_rows(columns))

    precision, recall = scores(fresh)
    assert precision > 0.95
    assert recall == pytest.approx(0.5, abs=0.08)
    assert scores(real)[1] > 0.95, "copies"
    assert scores(np.full_like(real, 9))[0] < 0.1, "all beyond"


def test_all_measures_stand_beside_those_of_fresh_rows(rng):
    x = rng.normal(size=(2, 2000))
    coded = {
        0: numbers(x[0], x[1]),
        1: numbers(x[0] + rng.normal(size=2000), x[1] + rng.normal(size=2000)),
    }
    frames = [pd.DataFrame({0: coded[0].real, 1: coded[1].real}) for _ in "ab"]
    tables = ComparedTables(frames[0], frames[1], None, infer_schema(frames[0]), coded)
    relations = measure_relations(tables, rng, 2000)
    figures = measure_field(coded, relations, rng, 1000).figures
    assert list(figures) == [
        *("trend error of all pairs, %", "weighted NMI distance", "α-precision", "β-recall"),
    ]
    for figure in figures.values():
        assert figure.value == pytest.approx(figure.baseline, abs=3)
    assert figures["β-recall"].value == pytest.approx(0.5, abs=0.1)
