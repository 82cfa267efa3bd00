import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost", reason="xgboost comes with the extra 'benchmarks'")

import published
from published_measures import (
    Columns,
    detection,
    nearer_to_train,
    nmi_distance,
    shape_and_trend,
    support,
    utility,
)
from scoring import quality_errors
from sdmetrics.single_table.detection.sklearn import ScikitLearnClassifierDetectionMetric
from support import support_of_points
from xgboost import XGBClassifier

MIXED = Columns(numbers=("x", "y"), nominal=("level",), target="wanted", task="classification")


def mixed(size: int, seed: int, slope: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=size)
    return pd.DataFrame(
        {
            "x": x,
            "level": rng.choice(["a", "b", "c"], size),
            "y": slope * x + rng.normal(size=size),
            "wanted": np.where(x + rng.normal(size=size) > 0, "yes", "no"),
        }
    )


class TestSplits:
    def test_rows_are_shuffled_as_the_published_ones(self) -> None:
        table = pd.DataFrame({"fLength": np.arange(50.0), "class": ["g", "h"] * 25})
        train, test = published.split("magic", table)
        order = np.arange(50)
        np.random.RandomState(1234).shuffle(order)
        assert [*train["fLength"], *test["fLength"]] == list(order)
        assert len(train) == 45

    def test_shuffled_on_until_all_levels_are_among_the_training_rows(self) -> None:
        table = pd.DataFrame({"Month": ["May"] * 19 + ["Feb"], "Revenue": [True, False] * 10})
        orders, order = [], np.arange(20)
        for seed in range(1234, 1264):
            np.random.RandomState(seed).shuffle(order)
            orders.append(order.copy())
        first = next(at for at, one in enumerate(orders) if 19 in one[:10])
        assert first > 0, "the table has to be one that is shuffled again"
        train, _ = published.shuffled_split("shoppers", table, 0.5)
        assert list(train["Revenue"]) == list(table["Revenue"].iloc[orders[first][:10]])
        assert set(train["Month"]) == {"May", "Feb"}

    def test_adult_has_its_own_split(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(published, "ADULT_TRAIN", 3)
        train, test = published.split("adult", pd.DataFrame({"age": range(5)}))
        assert (list(train["age"]), list(test["age"])) == ([0, 1, 2], [3, 4])

    def test_the_calendar_is_nominal(self) -> None:
        names = ["year", "month", "day", "hour", "pm2.5", "DEWP", "cbwd"]
        table = pd.DataFrame([[2010, 1, 1, 0, 129.0, -16, "SE"]], columns=names)
        columns = published.columns_of("beijing", table)
        assert columns.all_numbers == ["DEWP", "pm2.5"]
        assert columns.all_nominal == ["year", "month", "day", "hour", "cbwd"]


class TestPrepared:
    def test_as_the_published_code_reads_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
        magic = pd.DataFrame({"fLength": [1.5, 2.5, 0.123456789], "class": ["g", "h", "g"]})
        magic.to_csv(tmp_path / "magic.csv.gz", index=False)
        beijing = pd.DataFrame({"No": [1, 2], "pm2.5": ["NA", "7"], "hour": [0, 1]})
        beijing.to_csv(tmp_path / "beijing.csv.gz", index=False)
        assert published.prepared("magic")["fLength"].tolist() == [2.5, 0.12345679]
        assert published.prepared("beijing").to_dict("list") == {"pm2.5": [7.0], "hour": [1]}


class TestShapeAndTrend:
    def test_the_figures_are_those_of_sdmetrics(self) -> None:
        real, synthetic = mixed(300, 0), mixed(400, 1, slope=-0.3)
        errors = quality_errors(real, synthetic, MIXED.all_nominal)
        assert shape_and_trend(real, synthetic, MIXED) == {
            "shape_error": pytest.approx(errors["shape_error"]),
            "trend_error": pytest.approx(errors["trend_error_all"]),
            "trend_error_bins": pytest.approx(errors["trend_error_all_bins"]),
        }


class TestDistanceOfMutualInformation:
    def test_pairs_weigh_by_their_strength(self) -> None:
        columns = Columns(numbers=(), nominal=("a", "b"), target="c", task="classification")
        real = pd.DataFrame({"a": [0, 0, 1, 1], "b": [0, 1, 2, 3], "c": [0, 0, 0, 0]})
        synthetic = real.assign(a=[0, 1, 0, 1], b=[0, 0, 1, 1])
        # a is one of b's two halves: MI is log 2, the entropies log 2 and log 4
        assert nmi_distance(real, synthetic, columns) == pytest.approx(2 / 3)
        assert nmi_distance(real, real, columns) == 0

    def test_numbers_are_cut_by_the_real_range(self) -> None:
        columns = Columns(numbers=("x",), nominal=(), target="a", task="classification")
        x = np.arange(20.0)
        real = pd.DataFrame({"x": x, "a": x // 10})
        beyond = real.assign(x=x + 100)  # one bin for all: nothing is known of the level
        assert nmi_distance(real, beyond, columns) == pytest.approx(2 * np.log(2) / np.log(20))


class TestDetection:
    def test_the_figure_is_that_of_sdmetrics(self) -> None:
        class Theirs(ScikitLearnClassifierDetectionMetric):
            name = "XGBoost"

            @staticmethod
            def _get_classifier() -> XGBClassifier:
                return XGBClassifier(random_state=0, n_jobs=1)

        real, synthetic = mixed(150, 0), mixed(120, 1, slope=0.5)
        np.random.seed(3)  # noqa: NPY002 (its folds have no seed of their own)
        theirs = Theirs.compute(real, synthetic)
        assert detection(real, synthetic, 3) == pytest.approx(theirs)


class TestSupport:
    def test_the_last_level_of_the_target_is_left_out(self) -> None:
        real, synthetic = mixed(200, 0), mixed(200, 1, slope=0.5)
        low, high = real[["x", "y"]].min(), real[["x", "y"]].max()
        points = []
        for table in (real, synthetic):
            levels = [table["level"] == level for level in "abc"]
            numbers = ((table[["x", "y"]] - low) / (high - low)).to_numpy()
            points.append(np.column_stack([numbers, *levels, table["wanted"] == "no"]))
        expected = support_of_points(*points)
        assert support(real, synthetic, MIXED) == pytest.approx(expected)
        assert 0.3 < expected["beta_recall"] < 0.6


class TestNearerToTrain:
    def test_a_level_counts_two_and_a_tie_for_neither(self) -> None:
        columns = Columns(numbers=("x",), nominal=(), target="a", task="classification")
        train = pd.DataFrame({"x": [0.0, 10.0], "a": ["p", "p"]})
        test = pd.DataFrame({"x": [4.0, 4.0], "a": ["p", "q"]})
        drawn = pd.DataFrame({"x": [0.0, 4.0, 0.0, 2.0], "a": ["p", "p", "q", "p"]})
        # 0 < .4; .4 > 0; 2 > .4; .2 = .2
        assert nearer_to_train(train, test, drawn, columns) == 25


class TestUtility:
    def test_classes_are_scored_by_the_area_under_the_curve(self) -> None:
        assert 0.6 < utility(mixed(200, 0), mixed(200, 1), MIXED, 0) < 0.9

    def test_numbers_are_scored_by_the_error_of_their_logarithm(self) -> None:
        columns = Columns(numbers=("x",), nominal=(), target="y", task="regression")
        x = np.linspace(0, 8, 200)
        table = pd.DataFrame({"x": x, "y": np.exp(x)})
        assert utility(table, table.iloc[::7], columns, 0) < 0.2


def test_the_published_figures_are_complete() -> None:
    rows = published.published()
    assert [row["table"] for row in rows] == np.repeat(published.NAMES, 3).tolist()
    assert not pd.DataFrame(rows).isna().to_numpy().any()
    assert {row["method"] for row in rows}.isdisjoint(published.METHODS)


@pytest.mark.slow
def test_real_rows_from_the_command_line_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    table = mixed(300, 0).rename(columns={"wanted": "class"})
    table.to_csv(tmp_path / "magic.csv.gz", index=False)
    out = tmp_path / "out.json"
    for seeds in (["0"], ["1", "0"]):
        words = ["--tables", "magic", "--out", str(out), "--methods", "real", "bootstrap"]
        published.main([*words, "--seeds", *seeds])
    content = json.loads(out.read_text())
    assert content["seeds"] == [0, 1]
    magic = [row for row in content["results"] if row["table"] == "magic"]
    assert [(row["method"], row.get("seed")) for row in magic] == [
        *(("TabSyn", None), ("TabDiff", None), ("TabPC", None)),
        *(("real", 0), ("real", 1), ("bootstrap", 0), ("bootstrap", 1)),
    ]
    assert all(0.2 < row["beta_recall"] < 0.8 for row in magic[3:5])
    assert all(0 < row["shape_error"] < 30 for row in magic[3:])
    assert "TabPC" in capsys.readouterr().out
