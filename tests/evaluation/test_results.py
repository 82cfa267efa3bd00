"""Each part of an evaluation on tables whose figures are known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from tabgan.evaluation.compared_tables import (
    CodedColumn,
    ComparedTables,
    code_columns,
    read_tables,
)
from tabgan.evaluation.copying import measure_nearness
from tabgan.evaluation.detection import detect
from tabgan.evaluation.distributions import SHOWN_LEVELS, distribution_of
from tabgan.evaluation.evaluation_parts import LevelsChart, NumbersChart
from tabgan.evaluation.utility import choose_target, measure_utility, named_target
from tabgan.evaluation.validity_and_coverage import check_validity, measure_coverage
from tabgan.table.schema import Column, Schema

NONE = np.array([])


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def numbers(real: np.ndarray, synthetic: np.ndarray, holdout: np.ndarray = NONE) -> CodedColumn:
    return CodedColumn(False, real, synthetic, holdout)


def levels(real: list[float], synthetic: list[float]) -> CodedColumn:
    names = tuple("abcdefgh"[: 1 + int(max(real + synthetic))])
    return CodedColumn(True, np.array(real), np.array(synthetic), NONE, names)


class TestValidity:
    def test_rules_rows_and_examples(self, real, fresh):
        broken = fresh.copy()
        broken.loc[:9, "age"] = 99
        broken.loc[5:24, "plan"] = "x" * 200
        broken.loc[:1, "churned"] = None
        validity = check_validity(read_tables(real, broken), rng())
        rules = {(v.column, v.rule): v for v in validity.violations}
        assert rules["age", "within 18 to 79"][2:5] == (10, "99", "range")
        plan = rules["plan", "one of the real table's 4 levels"]
        assert (plan.rows, len(plan.example), plan.example[-1]) == (20, 80, "…")
        assert rules["churned", "never missing"].rows == 2
        rows = [violation.rows for violation in validity.violations]
        assert rows == sorted(rows, reverse=True)
        assert validity.valid_rows.value == pytest.approx(97.5, abs=0.5)
        assert validity.valid_rows.baseline > 99
        assert 95 < validity.data_validity < 100
        assert validity.data_structure == 100

    def test_what_is_no_number(self):
        real = pd.DataFrame({"n": [*range(30), None], "t": [*map(str, range(30)), "?"]})
        other = pd.DataFrame({"n": [*range(30), 1.5], "t": [*map(str, range(29)), "?", "many"]})
        found = check_validity(read_tables(real, other), rng()).violations
        assert {(v.column, v.rule, v.example) for v in found} == {
            ("n", "a whole number", "1.5"),
            ("t", "of kind integer", "many"),
        }

    def test_declared_ranges_hold(self, real, fresh):
        schema = read_tables(real, fresh).schema
        wide = schema.with_column(replace(schema["age"], maximum=120))
        given = read_tables(real, fresh.assign(age=100), schema=wide)
        assert "age" not in {found.column for found in check_validity(given, rng()).violations}

    def test_numbers_that_all_differ_must_not_repeat(self):
        draws = rng()
        keys = draws.choice(10**6, 4_000, replace=False)
        real = pd.DataFrame({"amount": keys[:2_000], "x": normal(2_000)})
        kinds = Schema((Column("amount", "integer", "int64"), Column("x", "numeric", "float64")))

        def faults(values):
            both = read_tables(real, real.assign(amount=values), schema=kinds)
            found = check_validity(both, rng()).violations
            return {v.fault for v in found if v.column == "amount"} - {"range"}

        assert faults(keys[2_000:]) == set()
        assert faults(draws.choice(10**6, 2_000)) == set()  # a few meet by chance
        assert faults(draws.choice(keys[2_000:], 2_000)) == {"repeated"}

    def test_codes_are_written_as_real_ones(self):
        codes = [f"AB-{n}" for n in range(1_000, 1_400)]
        real = pd.DataFrame({"code": codes, "x": normal(400)})
        fresh = pd.DataFrame({"code": [f"AB-{n}" for n in range(4_000, 4_400)], "x": normal(400)})
        assert check_validity(read_tables(real, fresh), rng()).violations == ()
        mixed = fresh["code"].where(np.arange(400) % 4 > 0, fresh["code"].str[::-1])
        (found,) = check_validity(read_tables(real, fresh.assign(code=mixed)), rng()).violations
        assert (found.column, found.rows, found.example) == ("code", 100, "0004-BA")
        assert found.rule == "written as the real ones are, most of them as AA-0000"

    @pytest.mark.parametrize("prefix", ["", "C"])
    def test_numbers_of_new_keys_may_go_on(self, prefix):
        def table(first: int) -> pd.DataFrame:
            codes = [f"{prefix}{n}" for n in range(first, first + 600)]
            return pd.DataFrame({"code": codes, "x": normal(600)})

        def broken(first: int) -> list[int]:
            tables = read_tables(table(1), table(first), schema={"code": "identifier"})
            return [found.rows for found in check_validity(tables, rng()).violations]

        assert broken(601) == []
        assert broken(50_000) == [600]

    def test_codes_of_one_length_have_no_longer_ones(self):
        real, fresh = (
            pd.DataFrame({"code": [f"{n:03d}" for n in numbers], "x": normal(600)})
            for numbers in (range(600), range(700, 1_300))
        )
        tables = read_tables(real, fresh, schema={"code": "identifier"})
        (found,) = check_validity(tables, rng()).violations
        assert (found.rows, found.example) == (300, "1000")


class TestCharts:
    def test_bins_take_no_notice_of_tails(self):
        values = normal(5000)
        values[:3] = 1e9
        real = pd.DataFrame({"x": values})
        given = read_tables(real, real)
        chart = distribution_of(given.coded[0], given.schema.columns[0])
        assert isinstance(chart, NumbersChart)
        assert chart.edges[-1] < 4
        assert len(chart.edges) == len(chart.real) + 1 == 31
        assert chart.real.sum() == pytest.approx(1)

    def test_whole_numbers_have_bins_of_their_own(self):
        real = pd.DataFrame({"n": np.arange(600) % 12})
        given = read_tables(real, real, schema={"n": "integer"})
        chart = distribution_of(given.coded[0], given.schema.columns[0])
        assert isinstance(chart, NumbersChart)
        np.testing.assert_array_equal(chart.edges, np.arange(13) - 0.5)
        np.testing.assert_allclose(chart.real, 1 / 12)

    def test_dates_in_nanoseconds_and_quantiles_as_written(self):
        days = pd.Series(pd.date_range("2024-01-01", periods=100).strftime("%Y-%m-%d"))
        real = pd.DataFrame({"d": days})
        given = read_tables(real, real)
        chart = distribution_of(given.coded[0], given.schema.columns[0])
        assert isinstance(chart, NumbersChart)
        assert chart.is_time == "date"
        assert chart.quantiles["real"]["0"] == "2024-01-01"
        first = pd.Timestamp("2024-01-01").value
        assert abs(chart.edges[0] - first) < 2 * pd.Timedelta(days=1).value

    def test_periods(self):
        months = pd.DataFrame({"m": pd.period_range("2020-01", periods=60, freq="M")})
        given = read_tables(months, months)
        chart = distribution_of(given.coded[0], given.schema.columns[0])
        assert isinstance(chart, NumbersChart)
        assert pd.Timestamp("2019-11-01").value < chart.edges[0] < pd.Timestamp("2020-02-01").value

    @pytest.mark.parametrize("form", ["%b-%y", "%Y-%m"])
    def test_months_and_other_units_of_no_fixed_length(self, form):
        months = pd.date_range("2020-01-31", periods=240, freq="D").strftime(form)
        real = pd.DataFrame({"m": np.tile(months, 2)})
        given = read_tables(real, real)
        assert given.schema.columns[0].kind == "datetime"
        chart = distribution_of(given.coded[0], given.schema.columns[0])
        assert isinstance(chart, NumbersChart)
        assert pd.Timestamp("2019-12-01").value < chart.edges[0] < pd.Timestamp("2020-02-01").value
        assert pd.Timestamp("2020-09-01").value < chart.edges[-1] < pd.Timestamp("2020-11-01").value

    def test_values_beyond_the_range_are_shown_as_they_are(self):
        real = pd.DataFrame({"n": np.arange(40)})
        given = read_tables(real, real + 100, schema={"n": "integer"})
        chart = distribution_of(given.coded[0], given.schema.columns[0])
        assert isinstance(chart, NumbersChart)
        assert chart.quantiles["synthetic"]["100"] == "139"
        assert chart.synthetic[-1] == 1

    def test_common_levels_first(self):
        words = [f"w{i:02d}" for i in range(20) for _ in range(40 - i)]
        real = pd.DataFrame({"w": words})
        given = read_tables(real, real[::2], schema={"w": "categorical"})
        chart = distribution_of(given.coded[0], given.schema.columns[0])
        assert isinstance(chart, LevelsChart)
        assert chart.names == tuple(f"w{i:02d}" for i in range(SHOWN_LEVELS))
        assert chart.n_others == 20 - SHOWN_LEVELS
        assert chart.real.sum() + chart.others[0] == pytest.approx(1)


class TestDetection:
    def test_columns_and_pairs_that_give_it_away(self):
        x, y = normal(2, 1500)
        coded = {
            0: numbers(x, normal(1500, seed=1) + 1),
            1: numbers(x + y / 5, normal(1500, seed=2)),
            2: numbers(normal(1500, seed=3), normal(1500, seed=4)),
            3: numbers(x + y / 4, normal(1500, seed=5)),
        }
        names = dict(enumerate("wxyz"))
        found = detect(coded, names, [(1, 3), (0, 2)], most_rows=1500, seed=0)
        telling = {feature.columns: feature for feature in found.detection.telling_features}
        assert set(telling) >= {("w",), ("x", "z")}
        assert ("w", "y") not in telling
        assert ("y",) not in telling
        assert telling["w",].auc == pytest.approx(0.75, abs=0.05)
        trees = found.detection.trees
        assert trees.low < trees.auc < trees.high
        assert trees.auc > 0.95
        assert trees.baseline == pytest.approx(0.5, abs=0.05)
        assert found.columns[0].value == telling["w",].auc
        assert found.rows == 1500

    def test_a_line_is_seen_by_the_logistic_regression(self):
        x, same = numbers(normal(600), normal(600, seed=1) + 2), [0, 1] * 300
        coded = {0: x, 1: levels(same, same)}
        found = detect(coded, {0: "x", 1: "k"}, [], most_rows=500, seed=0).detection
        assert found.logistic.auc == pytest.approx(0.92, abs=0.04)


class TestUtility:
    def test_what_is_learned_and_what_is_not(self):
        x = normal(2000)
        coded = {0: numbers(x, normal(2000, seed=1)), 1: numbers(2 * x, normal(2000, seed=2))}
        target = choose_target(coded, rng())
        assert target is not None
        assert target.why == "the last number that the others predict about best"
        lost = measure_utility(coded, {0: "x", 1: "y"}, target, most_rows=1000, rng=rng())
        assert lost is not None
        utility, rows = lost
        assert (utility.target, utility.metric, utility.chance, rows) == ("y", "R²", 0, 1000)
        assert utility.score.baseline > 0.99
        assert utility.kept == 0
        kept = {0: numbers(x, x), 1: numbers(2 * x, 2 * x)}
        both = measure_utility(kept, {0: "x", 1: "y"}, target, most_rows=1000, rng=rng())
        assert both is not None
        assert both[0].kept > 0.99
        assert both[0].importances[0][0] == "x"

    def test_the_last_of_the_predictable_levels_is_the_target(self, real, fresh):
        given = read_tables(real, fresh)
        target = choose_target(given.coded, rng())
        assert target is not None
        assert target.why == "the last column of 2 to 20 levels that the others predict about best"
        assert given.names[target.place] in ("plan", "churned")

    def test_nothing_to_predict(self):
        coded = {i: numbers(normal(500, seed=i), normal(500, seed=9)) for i in range(3)}
        assert choose_target(coded, rng()) is None

    def test_a_class_that_is_never_drawn(self, real, fresh):
        given = read_tables(real, fresh[fresh["plan"] != "team"].reset_index(drop=True))
        target = named_target("plan", given.schema, given.coded)
        found = measure_utility(given.coded, given.names, target, most_rows=2000, rng=rng())
        assert found is not None
        assert found[0].metric == "macro AUC"
        assert found[0].kept < 0.9


class TestCoverage:
    def test_levels_ranges_combinations_and_patterns(self):
        holes = np.where(np.arange(400) % 4 == 0, np.nan, np.arange(400.0))
        coded = {
            0: levels([0] * 300 + [1] * 97 + [2] * 3, [0] * 400),
            1: levels([0, 1] * 200, [0] * 400),
            2: numbers(holes, np.arange(400.0) / 2),
        }
        frame = pd.DataFrame({"k": range(400), "l": range(400), "n": range(400)})
        kinds = ("categorical", "categorical", "numeric")
        schema = Schema(
            tuple(Column(n, kind, "object") for n, kind in zip("kln", kinds, strict=True))
        )
        tables = ComparedTables(frame, frame, None, schema, coded)
        found = measure_coverage(tables, rng(), 400)
        assert found.levels.value == pytest.approx(100 * 2 / 5)
        assert found.ranges.value == pytest.approx(100 * 198.5 / 398, abs=0.5)
        assert found.rare_combinations.value == 0
        assert found.missing_patterns.value == 75
        assert found.missing_patterns.baseline == 100
        assert found.lost_levels == (("l", "b", 200), ("k", "b", 97), ("k", "c", 3))


class TestNearness:
    def test_copies_and_distances(self):
        table = normal(3, 900)
        own, fresh, drawn = (table[:, i::3] for i in range(3))
        drawn = np.concatenate([own[:, :150], drawn[:, 150:]], axis=1)
        coded = {i: numbers(own[i], drawn[i], fresh[i]) for i in range(3)}
        found = measure_nearness(coded, rng(), 5000)
        assert found.unique_copies == (50, 0)
        assert found.copies == (50, 0)
        assert found.nearer_to_real is not None
        assert found.nearer_to_real.value == pytest.approx(75, abs=6)
        assert found.distance.baseline > 0
        without = {i: column._replace(holdout=NONE) for i, column in coded.items()}
        alone = measure_nearness(without, rng(), 100)
        assert alone.nearer_to_real is None
        assert alone.unique_copies.value == 50

    def test_common_rows_are_no_unique_copies(self):
        coded = {0: levels([0, 1] * 50, [0, 1] * 50)}
        found = measure_nearness(coded, rng(), 100)
        assert found.copies == (100, 100)
        assert found.unique_copies == (0, 0)
        assert found.distance == (0, 0)


def test_codes_of_three_tables(real, fresh, holdout):
    schema = read_tables(real, fresh).schema
    plans = code_columns(real, fresh, schema, holdout)[2]
    assert plans.levels == ("basic", "free", "pro", "team")
    assert [len(part) for part in plans[1:4]] == [1000, 1000, 500]


def test_words_of_codes_are_those_of_real_ones():
    codes = pd.Series([f"INV-{2019 + n % 4}-{n:05d}" for n in range(300)])
    hashes = ["".join(own) for own in rng().choice([*"abcdef"], (600, 9))]
    free, others = hashes[:300], hashes[300:]
    real = pd.DataFrame({"code": codes, "hash": free, "n": rng().random(300)})
    drawn = real.assign(
        code=[f"{'XQZ' if n < 30 else 'INV'}-2020-{n + 400:05d}" for n in range(300)],
        hash=others,
    )
    schema = {"code": "identifier", "hash": "identifier"}
    tables = read_tables(real, drawn, schema=schema)
    (found,) = check_validity(tables, rng()).violations
    assert (found.column, found.rows, found.fault) == ("code", 30, "kind")
    assert "'INV'" in found.rule


class TestNumbersOfAnotherMagnitude:
    @staticmethod
    def table(seed: int, index: float = 1.5) -> pd.DataFrame:
        draw = np.random.default_rng(seed)
        return pd.DataFrame(
            {
                "price": np.exp(draw.normal(3, 1.2, 800)).round(2),
                "claim": (50 * draw.pareto(index, 800) + 1).round(2),
                "gain": np.where(draw.random(800) < 0.9, 0, draw.lognormal(8, 2, 800)).round(),
            }
        )

    @pytest.mark.parametrize(("value", "column"), [(1e60, "price"), (-1e12, "claim")])
    def test_they_are_told_however_few_rows_have_one(self, value, column):
        fresh = self.table(1)
        fresh.loc[5, column] = value
        found = check_validity(read_tables(self.table(0), fresh), rng()).violations
        assert [
            (one.column, one.rows, one.example) for one in found if one.fault == "magnitude"
        ] == [(column, 1, str(value))]

    @pytest.mark.parametrize("index", [0.5, 1.0, 3.0])
    def test_no_fresh_row_of_a_heavy_tail_has_one(self, index):
        for seed in range(10):
            tables = read_tables(self.table(seed, index), self.table(seed + 50, index))
            found = check_validity(tables, rng()).violations
            assert "magnitude" not in {one.fault for one in found}
