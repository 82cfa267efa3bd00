"""Shape and trend errors are those of sdmetrics' quality report."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_linnerud

from tabgan import Column, DataError, Schema, evaluate, infer_schema
from tabgan.evaluation.compared_tables import (
    CodedColumn,
    code_columns,
    join_rare_levels,
    read_tables,
)
from tabgan.evaluation.detection import detection_score
from tabgan.evaluation.distributions import MOST_CELLS
from tabgan.evaluation.fidelity import (
    measure_relations,
    pair_trends,
    quality_errors,
    shape_error,
    trend_error,
)
from tabgan.evaluation.structure import lost_of_one

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


X = Schema((Column("x", "numeric", "float64"),))
LEVELS = Schema((Column("a", "categorical", "object"), Column("b", "categorical", "object")))


def normal(size: int, seed: int, mean: float = 0) -> pd.DataFrame:
    return pd.DataFrame({"x": np.random.default_rng(seed).normal(mean, 1, size)})


class TestCoding:
    def test_levels_share_codes_and_missing_is_nan(self):
        schema = Schema((Column("k", "categorical", "object"), Column("n", "integer", "Int64")))
        real = pd.DataFrame({"k": ["b", None], "n": pd.array([3, None], dtype="Int64")})
        synthetic = pd.DataFrame({"k": ["c", "a"], "n": pd.array([1, 2], dtype="Int64")})
        coded = code_columns(real, synthetic, schema)
        np.testing.assert_array_equal(coded[0].real, [1, np.nan])
        np.testing.assert_array_equal(coded[0].synthetic, [2, 0])
        np.testing.assert_array_equal(coded[1].real, [3, np.nan])
        np.testing.assert_array_equal(coded[1].synthetic, [1, 2])

    def test_texts_that_are_numbers_or_dates(self):
        real = pd.DataFrame(
            {
                "price": [f"{i / 4:.2f}" for i in range(40)],
                "day": [f"2024-01-{1 + i % 28:02d}" for i in range(40)],
            }
        )
        coded = code_columns(real, real.iloc[:2], infer_schema(real))
        assert list(coded[0].synthetic) == [0, 0.25]
        assert not coded[1].nominal
        assert coded[1].synthetic[1] > coded[1].synthetic[0]

    def test_identifiers_and_text_are_left_out(self):
        schema = Schema((Column("id", "identifier", "int64"), Column("x", "numeric", "float64")))
        table = pd.DataFrame({"id": [1, 2], "x": [0.5, 1.5]})
        assert list(code_columns(table, table, schema)) == [1]

    def test_nothing_to_compare(self):
        schema = Schema((Column("id", "identifier", "int64"), Column("note", "text", "object")))
        table = pd.DataFrame({"id": [1, 2], "note": ["so", "it is"]})
        with pytest.raises(
            DataError,
            match="All columns are of identifiers or text, which have no values to "
            "compare; declare another kind for one of them in the schema",
        ):
            code_columns(table, table, schema)

    def test_other_columns(self):
        with pytest.raises(
            DataError,
            match=r"The synthetic table has the columns \['y'\] and the schema has \['x'\]; "
            "give tables with the schema's columns, in its order",
        ):
            code_columns(normal(5, 0), pd.DataFrame({"y": [1.0]}), X)

    def test_no_rows(self):
        with pytest.raises(DataError, match="The real table has no rows; a comparison needs some"):
            code_columns(normal(0, 0), normal(5, 0), X)


class TestQuality:
    def test_a_table_is_like_itself(self):
        table = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [1.0, 2, 3, 5], "k": list("aabb")})
        schema = infer_schema(table, {"x": "numeric", "y": "numeric", "k": "categorical"})
        assert quality_errors(table, table, schema) == (0, 0)

    def test_shape_error_is_the_mean_of_ks_and_tv_distance(self):
        schema = Schema((*X, LEVELS["a"]))
        real = pd.DataFrame({"x": [0.0, 1, 2, 3], "a": list("pppq")})
        synthetic = pd.DataFrame({"x": [2.0, 3, 4, 5], "a": list("ppqq")})
        assert shape_error(real, synthetic, schema) == pytest.approx((50 + 25) / 2)

    def test_trend_error_of_a_reversed_relation_and_of_levels(self):
        numbers = Schema((*X, Column("y", "numeric", "float64")))
        real = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [1.0, 2, 3, 4]})
        reversed_ = real.assign(y=[4.0, 3, 2, 1])
        assert trend_error(real, reversed_, numbers) == pytest.approx(100)
        levels = pd.DataFrame({"a": list("ppqq"), "b": list("rrss")})
        assert trend_error(levels, levels.assign(b=list("rsrs")), LEVELS) == pytest.approx(50)

    def test_dates_count_as_numbers(self):
        days = pd.date_range("2024-01-01", periods=40)
        schema = Schema((Column("d", "datetime", "datetime64[ns]"), *X))
        real = pd.DataFrame({"d": days, "x": np.arange(40.0)})
        errors = quality_errors(real, real.assign(d=days[::-1]), schema)
        assert errors.shape_error == 0
        assert errors.trend_error == pytest.approx(100)

    def test_no_pair_has_no_trend(self):
        assert np.isnan(trend_error(normal(50, 0), normal(50, 1), X))
        apart = Schema((*X, Column("y", "numeric", "float64")))
        real = normal(50, 0).assign(y=normal(50, 1)["x"])
        assert np.isnan(trend_error(real, real, apart))


class TestDetection:
    def test_two_samples_of_one_distribution_are_alike(self):
        assert detection_score(normal(1000, 0), normal(1000, 1), X) > 0.9

    def test_a_shifted_sample_is_told_apart(self):
        assert detection_score(normal(200, 0), normal(200, 1, mean=50), X) < 0.05

    def test_missing_values_are_seen(self):
        real = normal(200, 0)
        holes = normal(200, 1).mask(np.arange(200)[:, None] % 2 == 0)
        assert detection_score(real, holes, X) < 0.7

    def test_the_seed_decides(self):
        tables = normal(60, 0), normal(90, 1, mean=0.7)
        scores = [detection_score(*tables, X, random_state=seed) for seed in (3, 3, 4)]
        assert scores[0] == scores[1] != scores[2]

    def test_a_column_that_is_never_there(self):
        empty = pd.DataFrame({"x": [np.nan] * 10})
        assert detection_score(empty, empty, X) == 1

    def test_too_few_rows(self):
        with pytest.raises(
            DataError,
            match="The real table has 2 rows and the synthetic one 9; a detector needs at least 3 "
            "of each, one for each fold",
        ):
            detection_score(normal(2, 0), normal(9, 0), X)


@pytest.mark.parametrize("seed", [3, 6])
def test_ten_rows_show_no_lost_relation(seed):
    """Each row has tenths of its own, so all pairs of any two tables differ."""
    table = load_linnerud(as_frame=True).frame
    order = np.random.default_rng(seed).permutation(20)
    one, other = (table.iloc[rows].reset_index(drop=True) for rows in (order[:10], order[10:]))
    assert evaluate(one, other, random_state=seed).verdict.weak_points == ()


def groups_of_columns(seed: int, width: int = 90) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    common = np.repeat(rng.normal(size=(2000, width // 3)), 3, axis=1)
    return pd.DataFrame(0.65 * common + 0.76 * rng.normal(size=(2000, width))).add_prefix("x")


def test_one_shuffled_column_of_many_is_found():
    real, fresh = groups_of_columns(0), groups_of_columns(1)
    rng = np.random.default_rng(2)
    shuffled = fresh.assign(x40=rng.permutation(fresh["x40"]))
    found = [
        lost_of_one(measure_relations(read_tables(real, table), np.random.default_rng(0), 2000))
        for table in (fresh, shuffled)
    ]
    assert found[0] is None
    assert found[1] is not None
    assert found[1][0] == 40


@pytest.mark.parametrize("seed", [2, 8, 15])
def test_a_column_of_many_levels_that_chance_relates_to_few_others_has_lost_nothing(seed):
    def towns(seed: int, size: int = 1500) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        share = np.repeat([450.0, 5.0, 0.2], [2, 40, 20])
        drawn = rng.choice(len(share), size, p=share / share.sum())
        names = [f"{'BDFGK'[n % 5]}{'aeiou'[n // 5 % 5]}{'lmn'[n // 25]}" for n in drawn]
        return pd.DataFrame({"town": names, "size": rng.normal(size=size).round(3)})

    tables = join_rare_levels(read_tables(towns(2 * seed), towns(2 * seed + 1)))
    relations = measure_relations(tables, np.random.default_rng(seed), 2000)
    assert lost_of_one(relations) is None
