import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost", reason="xgboost comes with the extra 'benchmarks'")

import rules


@pytest.fixture
def players(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(0)
    born = pd.Timestamp("1900-01-01") + pd.to_timedelta(rng.integers(0, 9_000, 200), "D")
    table = pd.DataFrame(
        {
            "id": [f"name{i:03d}" for i in range(200)],
            "country": rng.choice(["USA", "CAN"], 200),
            "birthDate": born,
            "deathDate": born + pd.to_timedelta(rng.integers(9_000, 30_000, 200), "D"),
            "nameFirst": "Jo",
            "nameLast": "Doe",
            "weight": rng.integers(120, 250, 200),
            "height": rng.integers(60, 80, 200),
            "bats": rng.choice(["L", "R"], 200),
            "throws": "R",
        }
    )
    table.to_csv(tmp_path / "baseball_players.csv.gz", index=False)
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.slow
def test_from_the_command_line_to_the_file(
    players: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = players / "out.json"
    sizes = ["--steps", "2", "--rows", "300", "--keys", "400"]
    rules.main(["--tables", "baseball_players", *sizes, "--out", str(out)])
    content = json.loads(out.read_text())
    assert content["settings"] == {"sizes": {"steps": 2, "rows": 300, "keys": 400}}
    (result,) = content["results"]
    assert (result["rows"], result["broken"], result["repeated_keys"]) == (300, 0, 0)
    assert {"shape_error", "trend_error_without"} <= set(result)
    kinds = [rule["rule"].partition(":")[0] for rule in result["rules"]]
    assert kinds == [
        *("Unique", "Inequality", "Range", "Positive", "Increments", "FixedCombinations")
    ]
    assert capsys.readouterr().out.count("baseball_players") == 7


def test_days_of_a_month() -> None:
    rows = pd.DataFrame(
        {
            "arrival_date_year": [2015, 2016, 2016],
            "arrival_date_month": ["February", "February", "April"],
            "arrival_date_day_of_month": [29, 29, 31],
        }
    )
    assert rules.is_day(rows).tolist() == [False, True, False]
    assert rules.to_day(rows)["arrival_date_day_of_month"].tolist() == [28, 29, 30]
    assert rules.to_day(rows).dtypes.equals(rows.dtypes)


def test_known_values() -> None:
    real = pd.DataFrame({"a": ["x", "y", None], "b": [1, 2, 2]})
    rows = pd.DataFrame({"a": ["x", "x", None], "b": [1, 2, 2]})
    assert rules.known(rows, real, ["a", "b"]).tolist() == [True, False, True]
