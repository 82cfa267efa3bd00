import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("imblearn", reason="imbalanced-learn comes with the extra 'benchmarks'")

import balancing


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.integers(17, 91, 400)
    income = np.where(age > 75, ">50K", "<=50K")
    return pd.DataFrame({"age": age, "sex": rng.choice(["F", "M"], 400), "income": income})


@pytest.fixture
def case(table: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> balancing.Case:
    table.to_csv(tmp_path / "adult.csv.gz", index=False)
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    return balancing.Case.of("adult")


def test_from_the_command_line_to_the_file(
    case: balancing.Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    words = ["--tables", "adult", "--seeds", "0", "--steps", "5", "--out", str(out)]
    balancing.main(words)
    rows = json.loads(out.read_text())["results"]
    assert [row["method"] for row in rows] == ["none", "smote-nc", "tabgan"]
    wanted = case.lacking[">50K"]
    assert [row["added_rows"] for row in rows] == [0, wanted, wanted]
    assert rows[0]["balanced_accuracy"] > 0.95
    assert "smote-nc" in capsys.readouterr().out


def test_smote_adds_what_is_lacking(case: balancing.Case) -> None:
    added = balancing.added_by_smote(case, seed=0)
    assert list(added.columns) == list(case.train.columns)
    assert added["income"].value_counts().to_dict() == case.lacking
    assert set(added["sex"]) == {"F", "M"}


def test_classes_too_small_for_neighbours_are_left_out() -> None:
    rows = pd.DataFrame({"kind": ["a"] * 50 + ["b"] * 20 + ["c"] * 6 + ["d"] * 5})
    train, test = balancing.of_frequent_classes(rows, rows[::-1], "kind")
    assert set(train["kind"]) == set(test["kind"]) == {"a", "b", "c"}
    assert balancing.lacking_rows(train["kind"], None) == {"b": 30, "c": 44}
    assert balancing.lacking_rows(train["kind"], 10) == {"c": 4}


def test_scores_are_of_classes(case: balancing.Case) -> None:
    nothing = case.train[:0]
    scores = balancing.classifier_scores(case, nothing, seed=0)
    assert scores["balanced_accuracy"] > 0.95
    blind = balancing.Case(case.train, case.test, "sex", ["sex", "income"], {"F": 10})
    scores = balancing.classifier_scores(blind, nothing, seed=0)
    assert scores["balanced_accuracy"] == pytest.approx(0.5, abs=0.2)
    assert 0 <= scores["rare_recall"] <= 1


def test_means_are_over_seeds() -> None:
    rows = [
        {"table": "t", "method": "none", "seed": seed, "macro_f1": value}
        for seed, value in enumerate([0.4, 0.6])
    ]
    assert balancing.means(rows) == [
        {"table": "t", "method": "none", "seed": "mean", "macro_f1": pytest.approx(0.5)}
    ]


def test_a_kept_model_is_of_one_table(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        balancing.parse(["--model", "m.safetensors"])
    assert "--model is of one table; name it with --tables" in capsys.readouterr().err
