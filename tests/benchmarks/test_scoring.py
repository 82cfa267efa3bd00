import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost", reason="xgboost comes with the extra 'benchmarks'")

from closeness import copy_shares, dcr_share
from coding import encode
from scoring import logistic_c2st, quality_errors, score, train_and_test, xgb_c2st


def normal(size: int, seed: int, mean: float = 0, scale: float = 1) -> pd.DataFrame:
    return pd.DataFrame({"x": np.random.default_rng(seed).normal(mean, scale, size)})


class TestEncode:
    def test_levels_share_codes_and_missing_is_nan(self) -> None:
        first = pd.DataFrame({"level": ["b", None, "a"], "number": [1, 2, 3]})
        second = pd.DataFrame({"level": ["c", "b", "a"], "number": [0.5, np.nan, 7]})
        coded = encode([first, second], ["level"])
        np.testing.assert_array_equal(coded[0]["level"], [1, np.nan, 0])
        np.testing.assert_array_equal(coded[1]["level"], [2, 1, 0])
        np.testing.assert_array_equal(coded[0]["number"], [1, 2, 3])
        np.testing.assert_array_equal(coded[1]["number"], [0.5, np.nan, 7])

    def test_dates_are_days(self) -> None:
        dates = pd.DataFrame({"day": pd.to_datetime(["2020-01-03 00", None, "2020-01-01 12"])})
        np.testing.assert_array_equal(encode([dates], [])[0]["day"], [1.5, np.nan, 0])

    def test_numbers_that_are_levels(self) -> None:
        coded = encode([pd.DataFrame({"code": [30, 10]}), pd.DataFrame({"code": [20]})], ["code"])
        assert [list(frame["code"]) for frame in coded] == [[2, 0], [1]]


class TestQualityErrors:
    def test_a_table_is_like_itself(self) -> None:
        table = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [1, 2, 3, 5], "level": list("aabb")})
        errors = quality_errors(table, table, ["level"])
        assert set(errors.values()) == {0}

    def test_shape_error_is_the_mean_of_ks_and_tv_distance(self) -> None:
        real = pd.DataFrame({"x": [0, 1, 2, 3], "level": list("aaab")})
        synthetic = pd.DataFrame({"x": [2, 3, 4, 5], "level": list("aabb")})
        errors = quality_errors(real, synthetic, ["level"])
        assert errors["shape_error"] == pytest.approx((50 + 25) / 2)

    def test_trend_error_counts_pairs_that_are_related_in_the_real_table(self) -> None:
        x, loose = np.array([-1.0, -1, 1, 1]), np.array([-1.0, 1, -1, 2])
        real = pd.DataFrame({"x": x, "y": x, "z": loose})
        synthetic = pd.DataFrame({"x": x, "y": x, "z": x})
        errors = quality_errors(real, synthetic, [])
        assert errors["trend_error"] == pytest.approx(0)
        half = (1 - np.corrcoef(x, loose)[0, 1]) / 2  # of x and z, and of y and z
        assert errors["trend_error_all"] == pytest.approx(100 * (0 + half + half) / 3)

    def test_reversed_relation(self) -> None:
        real = pd.DataFrame({"x": [1.0, 2, 3, 4], "y": [1.0, 2, 3, 4]})
        errors = quality_errors(real, real.assign(y=[4.0, 3, 2, 1]), [])
        assert errors.pop("shape_error") == 0
        assert [*errors.values()] == pytest.approx([100] * 4)

    def test_one_extreme_moves_only_bins_of_its_own_table(self) -> None:
        x = np.arange(100.0)
        real = pd.DataFrame({"x": x, "level": np.where(x < 50, "low", "high")})
        errors = quality_errors(real, real.assign(x=np.append(x[:-1], 1000.0)), ["level"])
        assert errors["trend_error"] > 40
        assert errors["trend_error_bins"] == 0

    def test_pairs_of_levels(self) -> None:
        real = pd.DataFrame({"a": list("ppqq"), "b": list("rrss")})
        errors = quality_errors(real, real.assign(b=list("rsrs")), ["a", "b"])
        assert errors["trend_error"] == pytest.approx(50)


class TestDetection:
    def test_two_samples_of_one_distribution_are_alike(self) -> None:
        real, synthetic = normal(2000, 0), normal(2000, 1)
        assert xgb_c2st(real, synthetic, []) > 0.9
        assert logistic_c2st(real, synthetic, []) > 0.9

    def test_a_shifted_sample_is_told_apart(self) -> None:
        real, synthetic = normal(300, 0), normal(300, 1, mean=50)
        assert xgb_c2st(real, synthetic, []) < 0.05
        assert logistic_c2st(real, synthetic, []) < 0.05

    def test_only_trees_see_a_wider_spread(self) -> None:
        real, synthetic = normal(1000, 0), normal(1000, 1, scale=5)
        assert xgb_c2st(real, synthetic, []) < 0.5
        assert logistic_c2st(real, synthetic, []) > 0.9

    def test_both_see_missing_values(self) -> None:
        real = normal(300, 0)
        real.loc[::2, "x"] = np.nan
        synthetic = normal(300, 1)
        assert xgb_c2st(real, synthetic, []) < 0.6
        assert logistic_c2st(real, synthetic, []) < 0.6

    def test_both_see_shares_of_levels_that_look_like_numbers(self) -> None:
        real = pd.DataFrame({"code": [1, 3] * 300})  # same mean: only as levels told apart
        synthetic = pd.DataFrame({"code": [2, 2] * 300})
        assert xgb_c2st(real, synthetic, ["code"]) == 0
        assert logistic_c2st(real, synthetic, ["code"]) == 0
        assert logistic_c2st(real, synthetic, []) > 0.9

    def test_tables_of_unequal_size(self) -> None:
        assert xgb_c2st(normal(5000, 0), normal(1000, 1), []) > 0.85


class TestTrainAndTest:
    def test_a_learnable_class(self) -> None:
        train, test = normal(500, 0), normal(500, 1)
        train["y"], test["y"] = (train["x"] > 0) * 1.0, (test["x"] > 0) * 1.0
        assert train_and_test(train, test, "classification", "y") > 0.99
        train["y"] = 1 - train["y"]
        assert train_and_test(train, test, "classification", "y") < 0.01

    def test_training_rows_of_one_class_teach_nothing(self) -> None:
        train = pd.DataFrame({"x": [1.0, 2, 3], "y": [1.0, 1, 1]})
        test = pd.DataFrame({"x": [1.0, 2, 3], "y": [1.0, 0, 1]})
        assert train_and_test(train, test, "classification", "y") == 0.5

    def test_a_class_that_training_rows_lack_counts_half(self) -> None:
        x = np.repeat([0.0, 1, 2], 100)
        test = pd.DataFrame({"x": x, "y": x})
        train = test[test["y"] < 2]
        # class 0 against the rest is perfect; class 1 is guessed for the rows of class 2 as well
        expected = (1 + (1 * 100 + 0.5 * 100) / 200 + 0.5) / 3
        assert train_and_test(train, test, "classification", "y") == pytest.approx(expected)

    def test_regression_leaves_missing_targets_out(self) -> None:
        train, test = normal(2000, 0), normal(500, 1)
        train["y"], test["y"] = 3 * train["x"], 3 * test["x"]
        train.loc[::2, "y"] = np.nan
        test.loc[::3, "y"] = np.nan
        assert train_and_test(train, test, "regression", "y") > 0.95


class TestDcrShare:
    def test_copies_of_either_side(self) -> None:
        train, test = normal(200, 0), normal(200, 1)
        assert dcr_share(train, test, train, []) == 100
        assert dcr_share(train, test, test, []) == 0

    def test_ties_count_half(self) -> None:
        train = pd.DataFrame({"x": [0.0, 1], "level": ["a", "b"]})
        assert dcr_share(train, train, train, ["level"]) == 50

    @pytest.mark.parametrize(
        ("x", "level", "share"), [(0.0, "a", 100), (0.0, "b", 0), (1.0, "a", 100), (1.0, "b", 0)]
    )
    def test_a_level_outweighs_a_difference_of_ranks(
        self, x: float, level: str, share: float
    ) -> None:
        train = pd.DataFrame({"x": [0.0, 0.0], "level": ["a", "a"]})
        test = pd.DataFrame({"x": [1.0, 1.0], "level": ["b", "b"]})
        # the ranks are ¼ and ¾, so the numbers differ by ½ and the levels by 1
        synthetic = pd.DataFrame({"x": [x], "level": [level]})
        assert dcr_share(train, test, synthetic, ["level"]) == share

    def test_missing_is_near_to_missing(self) -> None:
        train = pd.DataFrame({"x": [np.nan, np.nan]})
        test = pd.DataFrame({"x": [1.0, 2.0]})
        assert dcr_share(train, test, pd.DataFrame({"x": [np.nan]}), []) == 100
        assert dcr_share(train, test, pd.DataFrame({"x": [1.5]}), []) == 0

    def test_sides_are_made_equal_in_size(self) -> None:
        train, test = normal(2000, 0), normal(100, 1)
        assert dcr_share(train, test, normal(2000, 2), []) == pytest.approx(50, abs=5)


class TestCopyShares:
    def test_shares(self) -> None:
        train = pd.DataFrame({"x": [1.0, 1.0, 2.0, np.nan], "level": ["a", "a", "b", None]})
        test = pd.DataFrame({"x": [1.0, 9.0], "level": ["a", "b"]})
        synthetic = pd.DataFrame({"x": [1, 2, np.nan, 2], "level": ["a", "b", None, "a"]})
        assert copy_shares(train, test, synthetic) == {
            "copies": 75,
            "unique_copies": 50,
            "test_copies": 50,
            "test_unique_copies": 0,
        }

    def test_dtype_does_not_hide_a_copy(self) -> None:
        train = pd.DataFrame({"x": [1, 2], "level": pd.Categorical(["a", "b"])})
        synthetic = pd.DataFrame({"x": [1.0, 3.0], "level": ["a", "b"]})
        assert copy_shares(train, train, synthetic)["copies"] == 50


def test_score_gives_every_measure() -> None:
    rng = np.random.default_rng(0)
    frames = []
    for size in (300, 100, 300):
        x = rng.normal(size=size)
        level = np.where(x > 0, "up", "down")
        frames.append(pd.DataFrame({"x": x, "code": rng.integers(3, size=size), "level": level}))
    results = score(*frames, task="classification", categorical=["code", "level"], target="level")
    assert list(results) == [
        *("shape_error", "trend_error", "trend_error_all"),
        *("trend_error_bins", "trend_error_all_bins", "xgb_c2st", "logistic_c2st"),
        *("tstr", "trtr", "alpha_precision", "beta_recall", "dcr_share"),
        *("copies", "unique_copies", "test_copies", "test_unique_copies"),
    ]
    assert results["tstr"] > 0.95
    assert results["trtr"] > 0.95
    assert results["copies"] == 0
    assert results["xgb_c2st"] > 0.7
    assert results["alpha_precision"] > 0.8
