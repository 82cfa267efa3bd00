import json

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, OptionError, TabTrees, TrainingError, compare_methods
from tabgan.evaluation.fidelity import TableScores
from tabgan.tuning.compare_methods import MethodComparison, MethodTrial
from tabgan.tuning.tuning_trials import HeldOutRows


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    kinds = np.where(x > 0, "a", "b").astype(object)
    return pd.DataFrame({"x": x, "y": x + rng.normal(0, 0.3, 200), "kind": kinds})


@pytest.fixture(scope="module")
def found(table):
    return compare_methods(table, ["trees"], random_state=0)


def comparison(*trials, skipped=()):
    """Make a comparison of (method, detection, trend error) with fresh rows' .9 and 1 %."""
    rows = HeldOutRows(pd.DataFrame({"x": [1]}), pd.DataFrame({"x": [2]}), 0)
    made = tuple(
        MethodTrial(
            method,
            None if detection is None else TableScores(1.0, trend, detection),
            1.0,
            TabTrees(),
            rows.train[:0],
            TrainingError("it diverged") if detection is None else None,
        )
        for method, detection, trend in trials
    )
    return MethodComparison(made, TableScores(1.0, 1.0, 0.9), rows, skipped)


class TestChoice:
    def test_the_detector_decides(self):
        assert comparison(("trees", 0.6, 1.0), ("gan", 0.8, 5.0)).best == "gan"

    def test_within_its_uncertainty_the_trend_error(self):
        assert comparison(("trees", 0.8, 5.0), ("gan", 0.75, 1.0)).best == "gan"

    @pytest.mark.parametrize("trend", [0.95, float("nan")])
    def test_a_little_less_is_nothing_and_the_first_is_taken(self, trend):
        assert comparison(("trees", 0.8, 1.0), ("gan", 0.85, trend)).best == "trees"

    def test_what_diverged_is_never_the_best(self):
        found = comparison(("gan", None, 0.0), ("trees", 0.1, 9.0))
        assert found.best == "trees"
        assert found.trials[0].told() == "could not be trained (it diverged)"
        assert found.to_json()["trials"][0]["detection"] is None

    def test_reasons(self):
        two = comparison(("trees", 0.6, 1.0), ("gan", 0.8, 5.0))
        assert two.reason == (
            "detection 0.800, trend error 5.00 % (fresh rows: at least 0.900, about 1.00 %); "
            "trees: detection 0.600, trend error 1.00 %"
        )
        even = comparison(("trees", 0.8, 1.0), ("gan", 0.85, 0.95))
        assert even.best == "trees"
        assert even.reason.endswith(
            "detections within 0.10 and errors within a tenth count as even"
        )
        one = comparison(("trees", 0.95, 1.0), skipped=("gan",))
        assert one.reason.endswith("about 1.00 %): as good as fresh rows; not tried: gan")


class TestFits:
    def test_a_trial_has_rows_like_those_of_its_fit(self, table, found):
        (trial,) = found.trials
        assert trial.synthetic.dtypes.equals(table.dtypes)
        assert len(trial.synthetic) == len(found.rows.train) == 160
        assert trial.estimator.n_rows_ == 160
        expected = found.rows.score(trial.synthetic, trial.estimator.schema_)
        assert trial.scores == expected

    def test_facts(self, found):
        facts = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert (facts["best"], facts["held_out_rows"], facts["seed"]) == ("trees", 40, 0)
        assert found.to_frame()["best"].tolist() == [True]

    def test_the_page_has_a_column_for_each_method(self, found):
        judged = found.judge()
        assert [*judged.evaluations] == ["trees"]

    def test_it_stops_at_rows_as_good_as_fresh_ones(self, table):
        seen = []
        ended = compare_methods(
            table, ["trees", "gan"], until_fresh=True, random_state=0, progress=seen.append
        )
        assert [trial.method for trial in seen] == ["trees"]
        assert ended.skipped == ("gan",)

    def test_free_text_that_is_dropped_is_not_scored(self, table):
        words = [f"{'it was ' * (i % 9)}the {i}th of them all, he said" for i in range(len(table))]
        found = compare_methods(
            table.assign(note=words), ["trees"], random_state=0, text="drop", derive=False
        )
        assert list(found.trials[0].synthetic) == ["x", "y", "kind"]
        assert found.trials[0].scores is not None


class TestErrors:
    def test_a_method_that_there_is_not(self, table):
        with pytest.raises(OptionError, match=r"'tree' is not known; did you mean 'trees'"):
            compare_methods(table, ["tree"])

    def test_no_method(self, table):
        with pytest.raises(OptionError, match=r"methods=\[\] names no method"):
            compare_methods(table, [])

    def test_an_option_that_one_of_them_lacks(self, table):
        with pytest.raises(OptionError, match="steps is not an option of TabTrees; known names"):
            compare_methods(table, ["gan", "trees"], steps=5)

    def test_a_budget_of_privacy(self, table):
        with pytest.raises(OptionError, match="epsilon: methods are compared by real rows"):
            compare_methods(table, ["gan"], epsilon=1.0)

    def test_too_few_rows(self, table):
        with pytest.raises(DataError, match="each part needs at least 20"):
            compare_methods(table[:30])
