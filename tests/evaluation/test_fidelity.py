"""Shape and trend errors are those of sdmetrics' quality report."""

import warnings

import numpy as np
import pandas as pd
import pytest

from tabgan import infer_schema
from tabgan.evaluation.compared_tables import CodedColumn, code_columns
from tabgan.evaluation.contingency import MOST_CELLS
from tabgan.evaluation.fidelity import pair_trends
from tabgan.evaluation.quality_scores import quality_errors

NONE = np.array([])


def report_errors(coded: dict[int, CodedColumn]) -> tuple[float, float]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sdmetrics.reports.single_table import QualityReport

        report = QualityReport()
        report.real_correlation_threshold, report.real_association_threshold = 0.5, 0.3
        report.num_rows_subsample = None
        sides = [
            pd.DataFrame({str(place): getattr(column, side) for place, column in coded.items()})
            for side in ("real", "synthetic")
        ]
        kinds = {
            str(place): {"sdtype": "categorical" if column.nominal else "numerical"}
            for place, column in coded.items()
        }
        report.generate(*sides, {"columns": kinds}, verbose=False)
    scores = report.get_properties()["Score"].astype(float)
    return 100 * (1 - scores[0]), 100 * (1 - scores[1])


@pytest.mark.parametrize("seed", range(3))
def test_the_errors_are_those_of_the_quality_report(real, fresh, seed):
    rng = np.random.default_rng(seed)
    other = fresh.assign(
        plan=fresh["plan"].where(rng.random(len(fresh)) < 0.7, "gold").mask(rng.random(1000) < 0.1),
        spend=fresh["spend"].mask(rng.random(len(fresh)) < 0.1),
        rating=fresh["spend"] + fresh["age"],
    )
    own = real.assign(rating=real["spend"] - real["age"], age=real["age"].mask(real["age"] < 25))
    schema = infer_schema(own)
    wanted = report_errors(code_columns(own, other, schema))
    assert quality_errors(own, other, schema) == pytest.approx(wanted)


def test_a_constant_column_correlates_with_nothing():
    x = np.arange(50.0)
    columns = [CodedColumn(False, x, x, NONE), CodedColumn(False, x, np.ones(50), NONE)]
    trends = pair_trends(columns)
    assert trends.error[0, 1] == pytest.approx(0.5)
    assert trends.synthetic[0, 1] == 0
    unknown = pair_trends([column._replace(real=np.ones(50)) for column in columns])
    assert np.isnan(unknown.real).all()


def test_many_levels_are_counted_without_a_table_of_all_pairs():
    rng = np.random.default_rng(0)
    levels = tuple(range(2000))
    assert len(levels) ** 2 > MOST_CELLS
    codes = np.arange(2000.0)
    one = CodedColumn(True, codes, rng.permutation(codes), NONE, levels)
    trends = pair_trends([one, one._replace(synthetic=one.synthetic[::-1])])
    assert trends.real[0, 1] == pytest.approx(1)
    assert trends.error[0, 1] > 0.99
    assert trends.margins[0, 1] == 0


def test_what_the_columns_are_off_by_themselves_is_no_error_of_the_relation():
    codes = np.repeat([0.0, 1.0], [50, 50])
    other = np.repeat([0.0, 1.0], [20, 80])
    column = CodedColumn(True, codes, other, NONE, ("a", "b"))
    trends = pair_trends([column, column])
    assert trends.error[0, 1] == pytest.approx(0.3)
    assert trends.error_of_relation[0, 1] == pytest.approx(0)
