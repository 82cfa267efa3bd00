import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost", reason="xgboost comes with the extra 'benchmarks'")

import imputing


def test_from_the_command_line_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"fLength": rng.normal(size=400).round(3), "fWidth": rng.random(400)})
    table["class"] = np.where(table["fLength"] > 0, "g", "h")
    table.to_csv(tmp_path / "magic.csv.gz", index=False)
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    out = tmp_path / "out.json"
    words = ["--tables", "magic", "--patterns", "by value", "--steps", "5", "--completions", "2"]
    imputing.main([*words, "--out", str(out)])
    rows = json.loads(out.read_text())["results"]
    assert [row["method"] for row in rows] == [
        *("true cells", "mode or median", "iterative", "tabgan", "tabgan, 2 stacked")
    ]
    assert rows[0]["score"] > 0.95
    assert "shape_error" not in rows[0]
    assert all(row["shape_error"] > 0 for row in rows[1:])
    assert rows[3]["fit_seconds"] > 0
    assert "mode or median" in capsys.readouterr().out


class TestTrial:
    numbers = np.arange(300)
    train = pd.DataFrame({"x": numbers % 17, "pm2.5": (numbers % 17) * 2.0})

    def trial(self, holes: pd.DataFrame) -> imputing.Trial:
        return imputing.Trial("beijing", self.train, self.train[:100], holes, [])

    def test_rows_whose_target_was_taken_out_do_not_train(self) -> None:
        holes = pd.DataFrame({"x": False, "pm2.5": self.numbers % 2 == 0})
        trial = self.trial(holes)
        assert trial.given["pm2.5"].isna().sum() == 150
        wrong = self.train.assign(**{"pm2.5": self.train["pm2.5"].mask(holes["pm2.5"], 500.0)})
        scores = trial.scores([wrong])
        assert scores["score"] > 0.99
        assert scores["score_drawn_targets"] < 0
        assert scores["rmse"] < 1
        assert scores["shape_error"] == pytest.approx(100)  # of the one column that has holes

    def test_true_cells_have_no_shape_error(self) -> None:
        holes = pd.DataFrame(False, self.train.index, self.train.columns)
        assert sorted(self.trial(holes).scores([self.train])) == [
            *("rmse", "score", "score_drawn_targets")
        ]
