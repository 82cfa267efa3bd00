import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost", reason="xgboost comes with the extra 'benchmarks'")
pytest.importorskip("pyarrow", reason="pyarrow comes with the extra 'benchmarks'")

import asking
import completing
from peers import GeneratorError

from tabgan import TabGAN


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(17, 91, 400)
    return pd.DataFrame(
        {
            "age": age,
            "sex": rng.choice(["Female", "Male"], 400),
            "education": rng.choice(["Doctorate", "Preschool", "HS-grad"], 400),
            "education-num": rng.integers(1, 17, 400),
            "income": np.where(rng.random(400) < age / 120, ">50K", "<=50K"),
        }
    )


@pytest.fixture
def model(table: pd.DataFrame, tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    TabGAN(steps=5, refine=False, polish=False, random_state=0, verbose=False).fit(table).save(path)
    return path


@pytest.mark.slow
def test_from_the_command_line_to_the_file(
    table: pd.DataFrame,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table.to_csv(tmp_path / "adult.csv.gz", index=False)
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    monkeypatch.setattr(asking, "TIMED_ROWS", 20)
    monkeypatch.setattr(asking, "PARTIAL_ROWS", 20)
    out = tmp_path / "out.json"
    words = ["--model", model, "--rows", 60, "--free-rows", 900, "--frames", 1, "--out", out]
    asking.main([*map(str, words), "--no-peer"])
    content = json.loads(out.read_text())
    assert content["settings"]["kept_model"]
    rows: list[dict[str, Any]] = content["results"]
    conditions = [row for row in rows if row["part"] == "condition"]
    assert [row["source"] for row in conditions] == [
        *("halves", "bootstrap", "filtered", "asked")
    ] * 4
    asked = [row for row in conditions if row["source"] == "asked"]
    assert all(row["meets"] == 1 and row["rows"] == 60 for row in asked)
    assert asked[0]["shape_bar"] == asked[3]["shape_bar"] == 1.5
    assert asked[1]["shape_bar"] == pytest.approx(1.5 * conditions[6]["shape_error"])
    truth, completed = (row for row in rows if row["part"] == "partial")
    assert (truth["kept"], truth["c2st_true"], truth["drawn_shape_error"]) == (1, 1, 0)
    assert completed["source"] == "tabgan"
    assert completed["kept"] == 1
    outcomes = {row["where"]: row["outcome"] for row in rows if row["part"] == "unmet"}
    assert outcomes["age >= 200"] == "refused"
    assert "bootstrap" in capsys.readouterr().out
    asking.main([*map(str, words), "--no-peer", "--parts", "unmet"])
    again = json.loads(out.read_text())["results"]
    assert [row for row in again if row["part"] != "unmet"] == [*conditions, truth, completed]


def test_masks_say_what_the_conditions_say(table: pd.DataFrame, model: Path) -> None:
    gan = TabGAN.load(model)
    for condition in asking.CONDITIONS:
        drawn = gan.sample(50, where=condition.where)
        assert condition.holds(drawn).all()
        assert 0 < condition.holds(table).sum() < len(table)


def test_too_few_rows_are_not_compared(table: pd.DataFrame) -> None:
    row = asking.condition_scores(asking.CONDITIONS[0], table, table[:9], [])
    assert row == {"real_rows": 400, "rows": 9, "note": "too few rows to compare"}


class TestPartialFrames:
    def test_half_of_the_cells_are_free(self, table: pd.DataFrame) -> None:
        first, second = completing.partial_frames(table, 150, 2)
        assert len(first.truth) == len(first.others) == 150
        assert first.free.to_numpy().mean() == pytest.approx(0.5, abs=0.05)
        pd.testing.assert_frame_equal(first.given.isna(), first.free)
        assert not first.truth.equals(second.truth)
        again = completing.partial_frames(table, 150, 1)[0]
        pd.testing.assert_frame_equal(again.given, first.given)

    def test_kept_is_the_share_of_given_cells_that_came_back(self, table: pd.DataFrame) -> None:
        (frame,) = completing.partial_frames(table, 150, 1)
        nominal = ["sex", "education", "income"]
        scores = frame.scores(frame.truth, nominal)
        assert (scores["kept"], scores["c2st_true"], scores["drawn_shape_error"]) == (1, 1, 0)
        wrong = frame.truth.assign(age=0)
        given = ~frame.free
        expected = 1 - given["age"].sum() / given.to_numpy().sum()
        scores = frame.scores(wrong, nominal)
        assert scores["kept"] == pytest.approx(expected)
        assert scores["c2st_true"] == pytest.approx(0)
        assert scores["drawn_shape_error"] == pytest.approx(20)

    def test_a_pair_does_not_give_itself_away(self, table: pd.DataFrame) -> None:
        """A column of its own for each pair tells nothing; what differs within pairs tells all."""
        pairs = pd.DataFrame({"name": np.arange(400.0), "x": table["age"].astype(float)})
        shuffled = pairs.assign(x=pairs["x"].sample(frac=1, random_state=0).to_numpy())
        assert completing.paired_c2st(pairs, shuffled, []) > 0.85
        assert completing.paired_c2st(pairs, pairs.assign(x=200.0), []) < 0.01

    def test_all_frames_are_completed_in_one_go(self, table: pd.DataFrame) -> None:
        frames = completing.partial_frames(table, 100, 2)
        whole = pd.concat([frame.truth for frame in frames], ignore_index=True)
        seen = []

        def complete(given: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
            seen.append(given)
            return whole, {"seconds": 1.5}

        rows = completing.completion_rows(frames, "one", complete, ["sex", "education", "income"])
        assert [len(given) for given in seen] == [200]
        assert [(row["frame"], row["kept"], row["seconds"]) for row in rows] == [
            (0, 1, 1.5),
            (1, 1, 1.5),
        ]

    def test_a_peer_that_fails_leaves_a_note(self, table: pd.DataFrame) -> None:
        def complete(_: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, Any]]:
            raise GeneratorError("out of luck")

        frames = completing.partial_frames(table, 100, 2)
        rows = completing.completion_rows(frames, "other", complete, [])
        assert rows == [{"part": "partial", "source": "other", "note": "out of luck"}]
