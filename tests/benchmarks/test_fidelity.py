import gzip
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost", reason="xgboost comes with the extra 'benchmarks'")

import datasets
import fidelity
import report


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"fLength": rng.normal(size=200).round(3), "fWidth": rng.random(200)})
    table["class"] = np.where(table["fLength"] > 0, "g", "h")
    table.to_csv(tmp_path / "magic.csv.gz", index=False)
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.slow
def test_floor_from_the_command_line_to_the_file(
    tables: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tables / "new" / "out.json"
    fidelity.main(["--floor", "--tables", "magic", "--seeds", "0", "1", "--out", str(out)])
    content = json.loads(out.read_text())
    assert content["seeds"] == [0, 1]
    assert content["settings"] == {"model": {}, "floor": True, "jobs": 1}
    assert content["versions"]["pandas"] == pd.__version__
    assert content["machine"]["cores"] >= 1
    assert [row["seed"] for row in content["results"]] == [0, 1]
    assert all(row["copies"] == 100 for row in content["results"])
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[:2] for line in printed[2:]] == [
        ["magic", "0"],
        ["magic", "1"],
        ["magic", "mean"],
    ]


def test_missing_tables_end_the_program_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    with pytest.raises(SystemExit) as caught:
        fidelity.main(["--tables", "adult"])
    assert str(caught.value) == (
        f"no table 'adult': {tmp_path / 'adult.csv.gz'} does not exist. "
        "Set TABGAN_DATA to the directory that holds the benchmark tables."
    )


def test_other_options_go_to_the_model() -> None:
    options, model = fidelity.parse(
        ["--seeds", "3", "--steps", "20", "--latent-dim=auto", "--derive", "false"]
    )
    assert options.seeds == [3]
    assert options.tables == fidelity.DEFAULT_TABLES
    assert model == {"steps": 20, "latent_dim": "auto", "derive": False}


@pytest.mark.parametrize("words", [["--step", "20"], ["--steps"], ["steps", "20"]])
def test_unknown_options_are_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        fidelity.parse(words)
    message = f"{words[0]} is no option of the benchmark, nor --name value of TabGAN"
    assert message in capsys.readouterr().err


def test_split_is_complete_and_repeatable() -> None:
    frame = pd.DataFrame({"x": np.arange(100)})
    train, test = datasets.split(frame)
    assert (len(train), len(test)) == (90, 10)
    assert sorted([*train["x"], *test["x"]]) == list(range(100))
    assert list(test.index) == list(range(10))
    pd.testing.assert_frame_equal(train, datasets.split(frame)[0])


def test_a_table_is_read_with_its_own_missing_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gzip.open(tmp_path / "beijing.csv.gz", "wt") as file:
        file.write("No,pm2.5,cbwd\n1,NA,NE\n2,7,NA\n")
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    frame = datasets.load("beijing")
    assert list(frame.columns) == ["pm2.5", "cbwd"]
    assert frame.isna().to_numpy().tolist() == [[True, False], [False, True]]
    assert datasets.categorical_columns("beijing", frame) == ["cbwd"]


def test_means_are_taken_where_a_table_has_several_seeds() -> None:
    rows = [
        {"table": "b", "seed": 0, "tstr": 0.5},
        {"table": "a", "seed": 0, "tstr": 0.5},
        {"table": "b", "seed": 1, "tstr": 0.7},
    ]
    assert fidelity.means(rows) == [{"table": "b", "tstr": pytest.approx(0.6), "seed": "mean"}]


def test_print_table(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [
        {"name": "one", "share": 0.12345, "rate": 123456.7, "ok": True},
        {"name": "seven", "share": -1.0, "rate": None, "ok": False},
    ]
    report.print_table(rows, ["name", "share", "rate", "ok"])
    assert capsys.readouterr().out.splitlines() == [
        "name   share   rate     ok ",
        "-----  ------  -------  ---",
        "one     0.123  123,457  yes",
        "seven  -1.000           no ",
    ]


def test_results_that_are_not_made_again_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    assert report.kept_results(path, lambda _: False) == []
    report.write_json(path, [{"table": "a"}, {"table": "b"}], seeds=[0])
    assert report.kept_results(path, lambda row: row["table"] == "a") == [{"table": "b"}]
