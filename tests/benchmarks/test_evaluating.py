import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost", reason="xgboost comes with the extra 'benchmarks'")

import evaluating


def test_from_the_command_line_to_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=600).round(2)
    label = np.where(x + rng.normal(size=600) / 4 > 0, "g", "h")
    table = pd.DataFrame({"x": x, "y": (x + rng.normal(size=600) / 4).round(2), "class": label})
    table.to_csv(tmp_path / "magic.csv.gz", index=False)
    table.to_csv(tmp_path / "same.csv", index=False)
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    monkeypatch.setattr(evaluating, "in_own_process", lambda function, *args: function(*args))
    out = tmp_path / "out.json"
    arguments = ["--tables", "magic", "--kinds", "fresh", "shuffled", "--out", str(out)]
    evaluating.main([*arguments, "--synthetic", f"copied={tmp_path / 'same.csv'}"])
    rows = {row["synthetic"]: row for row in json.loads(out.read_text())["results"]}
    assert list(rows) == ["fresh", "shuffled", "copied"]
    assert rows["fresh"]["score"] > 0.8
    assert rows["shuffled"]["score"] < 0.6
    assert rows["shuffled"]["weak_points"][0]["part"] == "fidelity"
    assert rows["copied"]["weak_points"][0]["part"] == "nearness"
    assert rows["fresh"]["seconds"] > 0
    assert "shuffled" in capsys.readouterr().out
