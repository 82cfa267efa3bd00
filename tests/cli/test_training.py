import json
import sys
from pathlib import Path

import pytest

STEPS = ("--steps", "20", "--hidden-dim", "16")


def test_facts_as_json(run, small_csv):
    result = run("synth", small_csv, "--json", "--steps", "20", "--seed", "5", "-n", "7")
    assert result.exit_code == 0
    facts = json.loads(result.stdout)
    seconds = facts.pop("seconds")
    assert sorted(seconds) == ["fit", "read", "sample"]
    assert all(value >= 0 for value in seconds.values())
    assert facts.pop("latent")["reason"].startswith("simple table (120 rows")
    assert (facts.pop("dependencies"), facts.pop("finish")) == ([], {})
    assert facts.pop("diagnosis") == []
    assert facts == {
        "data": str(small_csv),
        "training_rows": 120,
        "columns": 4,
        "seed": 5,
        "steps": 20,
        "rows": 7,
        "output": "small_synthetic.csv",
        "free_text": [],
    }


def test_time_ends_a_fit(run, small_csv):
    arguments = ("fit", small_csv, "-m", "m.safetensors", "--steps", "10000000", "--json")
    facts = json.loads(run(*arguments, "--max-time", "1").stdout)
    assert 0 < facts["steps"] < 10_000_000
    refused = run(*arguments, "--max-time", "0")
    assert refused.exit_code == 2
    assert "Invalid value for '--max-time': 0 is not above 0 seconds" in refused.stderr


class TestChoiceOfMethod:
    def test_rows_held_out_choose(self, run, small_csv):
        args = ("synth", small_csv, "--method", "auto", "--seed", "1", "--json")
        result = run(*args)
        assert result.exit_code == 0, result.output
        facts = json.loads(result.stdout)
        choice = facts["choice"]
        assert (choice["best"], choice["skipped"]) == ("trees", ["gan"])
        assert choice["held_out_rows"] == 24
        assert facts["trees"] > 0
        assert "Choosing the method with held-out rows" in result.stderr
        assert f"Method trees: {choice['reason']}" in result.stderr
        assert "as good as fresh rows; not tried: gan" in choice["reason"]

    def test_few_rows_are_learned_by_trees(self, run):
        Path("few.csv").write_text("a,b\n" + "".join(f"{i % 7},{i % 3}\n" for i in range(40)))
        result = run("fit", "few.csv", "-m", "m.safetensors", "--method", "auto", "--json")
        assert result.exit_code == 0, result.output
        assert "Method trees: too few rows to choose" in result.stderr
        facts = json.loads(result.stdout)
        assert "choice" not in facts
        assert "trees" in facts

    def test_options_of_one_method_need_its_name(self, run, small_csv):
        result = run("synth", small_csv, "--method", "auto", "--steps", "20")
        assert result.exit_code == 2
        assert (
            "--steps can't be combined with --method auto: a choice of methods has no such option; "
            "leave --steps out, or use --method gan"
        ) in result.stderr
        result = run("synth", small_csv, "--method", "auto", "--epsilon", "1")
        assert "a choice of methods gives no privacy guarantee" in result.stderr


class TestPictures:
    def test_they_are_drawn_beside_the_model(self, run, small_csv):
        arguments = ("fit", small_csv, "-m", "m.safetensors", *STEPS, "--pictures", "drawn")
        result = run(*arguments, "--json")
        assert result.exit_code == 0
        names = [str(Path("drawn", name)) for name in ("losses.png", "marginals.png")]
        assert f"Drew {names[0]} and {names[1]}\n" in result.stderr
        assert all(Path(name).read_bytes().startswith(b"\x89PNG") for name in names)
        refused = run(*arguments[:3], "n.safetensors", *arguments[4:])
        assert refused.exit_code == 5
        assert f"{names[0]} already exists; choose another folder" in refused.stderr
        assert str(names) in result.stdout.replace('"', "'")

    def test_a_file_is_no_folder(self, run, small_csv):
        Path("drawn").write_text("mine")
        result = run("synth", small_csv, "--pictures", "drawn")
        assert result.exit_code == 5
        assert "--pictures drawn is not a folder" in result.stderr

    def test_missing_matplotlib_is_found_before_the_table_is_read(self, run, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
        result = run("fit", "none.csv", "-m", "m.safetensors", "--pictures", "drawn")
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: Pictures need matplotlib, which is not installed; ")
        assert not Path("drawn").exists()


def test_what_went_wrong_is_said_and_kept(run, small_csv):
    hot = ("--loss", "minimax", "--penalty", "none", "--learning-rate", "0.5", "--steps", "200")
    result = run("fit", small_csv, "-m", "m.safetensors", *hot, "--seed", "0")
    assert result.exit_code == 0
    said = [line for line in result.stderr.splitlines() if line.startswith("Warning: ")]
    assert any(line.startswith("Warning: mode collapse since step ") for line in said)
    assert "TrainingWarning" not in result.stderr
    shown = run("inspect", "m.safetensors").stdout
    assert all(line.replace("Warning", "warning", 1) in shown for line in said)


@pytest.mark.parametrize(
    "command",
    [["fit", "small.csv", "-m", "m.safetensors"], ["images", "fit", "-m", "m.safetensors"]],
    ids=["table", "images"],
)
def test_records_are_written_for_tensorboard(run, small_csv, tmp_path, command):
    (tmp_path / "small.csv").write_bytes(small_csv.read_bytes())
    assert run(*command, "--steps", "3", "--log-to", "runs/one").exit_code == 0
    assert list((tmp_path / "runs" / "one").glob("events.out.tfevents.*"))


def test_tensorboard_that_is_not_installed_is_named(run, small_csv, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    result = run("fit", small_csv, "-m", "m.safetensors", "--log-to", "runs")
    assert result.exit_code == 2
    assert "install it with: pip install '.[tensorboard]'" in result.stderr


def test_a_small_table_has_a_note(run, tmp_path):
    path = tmp_path / "ten.csv"
    path.write_text("\n".join(["pay", *(f"{30_000 + 977 * i}" for i in range(10)), ""]))
    brief = ("--steps", "2", "--no-refine", "--no-polish", "--seed", "1")
    note = "Note: 10 rows are few to learn from and to protect: numbers are sampled between "
    assert note in run("synth", path, *brief).stderr
    assert "Note:" not in run("synth", path, *brief, "--min-group", "1", "--force").stderr
