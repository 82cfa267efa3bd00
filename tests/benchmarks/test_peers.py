import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost", reason="xgboost comes with the extra 'benchmarks'")
pytest.importorskip("pyarrow", reason="pyarrow comes with the extra 'benchmarks'")

import peer_environments
import peer_runner
import peers
from peer_environments import Environment, InstallError

BROKEN = Environment("broken", ("no-such-package @ file:///nowhere/at.whl",))


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"fLength": rng.normal(size=300).round(3), "fWidth": rng.random(300)})
    table["class"] = np.where(table["fLength"] > 0, "g", "h")
    table.to_csv(tmp_path / "magic.csv.gz", index=False)
    monkeypatch.setenv("TABGAN_DATA", str(tmp_path))
    return tmp_path


def run(folder: Path, *words: str) -> list[dict[str, Any]]:
    out = folder / "out.json"
    peers.main(["--tables", "magic", "--out", str(out), "--cache", str(folder / "cache"), *words])
    rows: list[dict[str, Any]] = json.loads(out.read_text())["results"]
    return rows


@pytest.mark.slow
def test_a_row_has_scores_and_cost_and_is_kept(
    tables: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(peers, "_settings", lambda *_: {"steps": 5})
    (row,) = run(tables, "--peers", "tabgan", "--seeds", "3")
    assert (row["table"], row["peer"], row["seed"], row["rows"]) == ("magic", "tabgan", 3, 270)
    assert row["settings"] == {"steps": 5}
    assert row["fit_cpu_seconds"] > 0
    assert row["trtr"] > 0.9
    assert "magic, tabgan, seed 3 …" in capsys.readouterr().err
    assert run(tables, "--peers", "tabgan", "--seeds", "3") == [row]
    assert "seed 3 …" not in capsys.readouterr().err
    (stopped,) = run(tables, "--peers", "tabgan", "--seeds", "3", "--fresh", "--max-seconds", "0.1")
    assert stopped["note"] == "stopped after 0 s"
    (row,) = run(tables, "--peers", "tabgan", "--seeds", "3")  # a note is not kept
    assert row["trtr"] > 0.9


def test_other_settings_are_another_run(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = "--peers", "tabgan", "--max-seconds", "0.1"
    (row,) = run(tables, *options)
    done = {key: value for key, value in row.items() if key != "note"} | {"trtr": 0.5}
    frames = pd.DataFrame(), pd.DataFrame()
    started = {key: row[key] for key in ("table", "peer", "seed", "rows")}
    given = peers.parse([*options, "--cache", str(tables)])
    assert peers.compared(dict(started), frames, [done], given) is done
    for key, value in {"settings": {"steps": 6}, "versions": {}, "processor": "other"}.items():
        other = done | {key: value}
        monkeypatch.setattr(peers, "measured", lambda *_: {"trtr": 0.6})
        assert peers.compared(dict(started), frames, [other], given) == done | {"trtr": 0.6}


@pytest.mark.slow
def test_a_peer_that_can_not_be_installed_leaves_a_note(
    tables: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(peers.PEERS, "arf", peers.Peer("arf", BROKEN))
    (row,) = run(tables, "--peers", "arf")
    assert row["note"].startswith("not installed: ERROR: ")
    assert row["note"].endswith(f"(see {tables / 'cache' / 'broken.install.log'})")
    assert row["note"] in capsys.readouterr().out
    with pytest.raises(InstallError):  # what was left behind is not taken for an environment
        peer_environments.prepared(BROKEN, tables / "cache")


@pytest.mark.slow
def test_a_fit_that_fails_leaves_a_note(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers, "_settings", lambda *_: {"steps": -1})
    (row,) = run(tables, "--peers", "tabgan")
    assert row["note"] == (
        "tabgan.base.errors.OptionError: steps=-1 must be a whole number from 1 or 'auto'"
    )


def test_equal_time_is_that_of_the_same_table_and_seed() -> None:
    run = {"table": "magic", "peer": "tabgan-equal-time", "seed": 1}
    other = {"table": "magic", "peer": "tabular-argn", "seed": 1, "fit_cpu_seconds": 12.34}
    equal = peers.PEERS["tabgan-equal-time"]
    rows = [other | {"seed": 0, "fit_cpu_seconds": 1}, other]
    assert peers._settings(equal, run, rows) == {"max_time": 12.3}
    with pytest.raises(LookupError, match="needs the row of tabular-argn first"):
        peers._settings(equal, run, rows[:1])


def test_rows_come_in_the_order_of_the_lists() -> None:
    rows = [
        {"table": "beijing", "peer": "tabgan", "seed": 0},
        {"table": "adult", "peer": "ctgan", "seed": 0},
        {"table": "adult", "peer": "tabgan", "seed": 1},
        {"table": "adult", "peer": "tabgan", "seed": 0},
    ]
    assert peers.in_order(rows) == [rows[3], rows[2], rows[1], rows[0]]


def test_drawn_rows_get_the_real_dtypes() -> None:
    real = pd.DataFrame(
        {"flag": [True, False], "code": [1, 3], "size": [0.5, None], "word": ["a", None]}
    )
    drawn = pd.DataFrame(
        {
            "word": pd.Series(["a", "new"], dtype="category"),
            "size": ["1.5", None],
            "code": pd.Series(["3", "1"], dtype="category"),
            "flag": ["False", "True"],
        }
    )
    given = peers.as_real(drawn, real)
    assert given.to_dict("list") == {
        "flag": [False, True],
        "code": [3, 1],
        "size": [1.5, pytest.approx(np.nan, nan_ok=True)],
        "word": ["a", "new"],
    }
    assert peers.as_real(pd.DataFrame({"code": [1.4, None]}), real[["code"]])["code"].tolist() == [
        1,
        pytest.approx(np.nan, nan_ok=True),
    ]


class TestHoles:
    table = pd.DataFrame({"x": [1.0, np.nan, 3.0], "y": [1, 2, 3], "kind": ["a", None, "b"]})

    def test_there_and_back(self) -> None:
        whole, marks = peer_runner.without_holes(self.table, ["kind"])
        assert not whole.isna().any(axis=None)
        assert whole["x"].tolist() == [1, 2, 3]
        assert whole["kind"].tolist() == ["a", "<missing>", "b"]
        assert whole[marks["x"]].tolist() == ["no", "yes", "no"]
        back = peer_runner.with_holes(whole, marks)
        assert list(back.columns) == ["x", "y", "kind"]
        assert back.isna().to_numpy().tolist() == self.table.isna().to_numpy().tolist()
        assert back["y"].tolist() == [1, 2, 3]

    def test_levels_that_are_numbers_become_text(self) -> None:
        whole, marks = peer_runner.without_holes(self.table, ["y", "kind"])
        assert whole["y"].tolist() == ["1", "2", "3"]
        assert list(marks) == ["x"]


class TestEnvironment:
    @pytest.mark.slow
    def test_it_is_made_once(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(peer_environments, "READS_PARQUET", "pip")  # it is there already
        environment = Environment("small", ("pip",), reported=("pip",))
        python, versions = peer_environments.prepared(environment, tmp_path)
        assert sorted(versions) == ["pip", "python"]
        assert python.is_relative_to(tmp_path / "small")
        made = python.lstat().st_ctime_ns
        assert peer_environments.prepared(environment, tmp_path) == (python, versions)
        assert python.lstat().st_ctime_ns == made

    def test_the_second_build_of_torch_is_taken_where_the_first_is_not_found(
        self, tmp_path: Path
    ) -> None:
        pip = [
            sys.executable,
            "-c",
            "import sys; sys.exit('ERROR: no' if '+' in sys.argv[-1] else 0)",
        ]
        peer_environments._first_that_installs(pip, ["t==1+cpu", "t==1"], tmp_path / "log")
        with pytest.raises(InstallError, match="ERROR: no"):
            peer_environments._first_that_installs(pip, ["t==1+cpu", "t==2+x"], tmp_path / "log")
