import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tabgan.cli.tune_report import lay_out_tuning
from tabgan.estimator import TabGAN
from tabgan.evaluation.fidelity import TableScores
from tabgan.generators.latents import LatentChoice
from tabgan.tuning.tuning_trials import Candidate, Trial, TuningResult


def test_table_and_reason(run, small_csv):
    result = run("compare", small_csv, "--methods", "trees", "--seed", "1", "--html", "c.html")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == [
        "method",
        "detection",
        "trend",
        "error",
        "%",
        "shape",
        "error",
        "%",
        "seconds",
    ]
    assert lines[1].split()[0] == "trees"
    assert lines[1].split()[-1] == "best"
    assert lines[2].startswith("fresh rows  ")
    assert lines[4].startswith("best: trees: detection ")
    assert "trees: detection " in result.stderr
    assert "<bdi>trees</bdi>" in Path("c.html").read_text()


def test_facts(run, small_csv):
    result = run("compare", small_csv, "--methods", "trees", "--seed", "1", "-q", "--json")
    facts = json.loads(result.stdout)
    assert (facts["best"], facts["held_out_rows"], facts["seed"]) == ("trees", 24, 1)
    assert facts["trials"][0]["method"] == "trees"
    assert result.stderr == ""


def test_names_of_methods(run, small_csv):
    result = run("compare", small_csv, "--methods", "trees,tabnet")
    assert result.exit_code == 2
    assert "'tabnet' is none of trees, gan, diffusion, vae" in result.stderr
    result = run("compare", small_csv, "--methods", "trees,trees")
    assert result.exit_code == 2
    assert "has a name twice" in result.stderr


def test_too_few_rows(run):
    Path("few.csv").write_text("a,b\n" + "".join(f"{i % 7},{i % 3}\n" for i in range(30)))
    result = run("compare", "few.csv")
    assert result.exit_code == 3
    assert "6 of them would be held out, and each part needs at least 20" in result.stderr


ARGS = ("--latent-dims", "8,32", "--hidden-dims", "16", "--steps", "5", "--seed", "1")


def test_table_choice_and_next_command(run, small_csv):
    result = run("tune", small_csv, *ARGS)
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    header = "latent learning rate width detection seeds trend error % shape error % seconds"
    assert lines[0].split() == header.split()
    rows = [line.split() for line in lines[1:3]]
    assert [row[:3] for row in rows] == [["8", "0.0005", "16"], ["32", "0.0005", "16"]]
    best = next(row[0] for row in rows if any("best" in cell for cell in row))
    assert lines[3] == ""
    assert lines[4].startswith(f"best: z = {best}, learning rate 0.0005, width 16: detection ")
    assert lines[5].startswith("heuristic: z = ")
    assert [row[4] for row in rows] == ["3", "3"]
    own = "between seeds" in lines[-2] and not lines[-2].endswith("so it is better")
    own = lines[5].split()[3] if own and lines[5].split()[3] in ("8", "32") else best
    assert lines[-1] == (
        f"next: tabgan synth {small_csv} --latent-dim {own} --hidden-dim 16 --steps 5"
    )
    messages = result.stderr.splitlines()
    assert messages[:2] == [f"Reading {small_csv}", "120 rows, 4 columns"]
    assert messages[2].startswith("1 of 6: z = 8, learning rate 0.0005, width 16: detection ")
    assert len(messages) == 8


def test_the_heuristic_is_the_best(run, small_csv):
    own = json.loads(run("inspect", small_csv, "--json").stdout)["latent"]["size"]
    args = ("--hidden-dims", "16", "--steps", "3", "--seed", "1", "-q", "--latent-dims", own)
    lines = run("tune", small_csv, *args).stdout.splitlines()
    assert lines[1].endswith("  best, heuristic")
    assert lines[-2].startswith("the heuristic's choice is the best; variation between seeds ± ")


def test_comparison_with_the_heuristic():
    trials = [
        Trial(Candidate(size, 5e-4, 256), (TableScores(1.0, trend, detection),), 9, 2.0, size == 64)
        for size, detection, trend in ((32, 0.75, 1.25), (64, 0.5, 3.0))
    ]
    failed = Trial(Candidate(96, 1.0, 256), (), 0, 0.25, False, "a loss is not finite")
    choice, defaults = LatentChoice(64, "said by hand"), Candidate(64, 5e-4, 256)
    lines = lay_out_tuning(
        TuningResult((*trials, failed), choice, defaults), "do this"
    ).splitlines()
    assert [line.split() for line in lines[1:4]] == [
        ["32", "0.0005", "256", "0.750", "1", "1.25", "1.00", "2.0", "best"],
        ["64", "0.0005", "256", "0.500", "1", "3.00", "1.00", "2.0", "heuristic"],
        ["96", "1", "256", "0", "0.2", "could", "not", "be", "trained"],
    ]
    assert lines[5:] == [
        "best: z = 32, learning rate 0.0005, width 256: detection 0.750, trend error 1.25 %",
        "heuristic: z = 64 (said by hand)",
        "best compared with the heuristic's: detection +0.250, trend error -1.75 %",
        "next: do this",
    ]
    again = tuple(trial.and_again(trial) for trial in trials)
    lines = lay_out_tuning(TuningResult(again, choice, defaults), "").splitlines()
    assert lines[-2].endswith("; the variation between seeds is ± 0.000, so it is better")
    other = replace(trials[1], runs=(TableScores(1.0, 3.0, 0.9),))
    again = (trials[0].and_again(trials[0]), trials[1].and_again(other))
    lines = lay_out_tuning(TuningResult(again, choice, defaults), "").splitlines()
    assert lines[-2].endswith("± 0.200, so this is no difference: keep the heuristic's")
    lines = lay_out_tuning(TuningResult((trials[0],), choice, defaults), "").splitlines()
    assert lines[-2] == "the heuristic's size was not among the compared ones"


def test_report_picture_and_facts(run, small_csv):
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra 'plots'")
    result = run("tune", small_csv, *ARGS, "-o", "r.json", "--plot", "t.png", "--json", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    facts = json.loads(result.stdout)
    report = json.loads(Path("r.json").read_text())
    assert {name: facts[name] for name in report} == report
    assert (facts["training_rows"], facts["fitted_rows"], facts["held_out_rows"]) == (120, 96, 24)
    assert (facts["seed"], facts["engine"]) == (1, "grid")
    assert facts["next"].startswith("tabgan synth ")
    assert sorted(facts["seconds"]) == ["read", "tune"]
    assert Path("t.png").read_bytes().startswith(b"\x89PNG")


def test_next_command_works(run, small_csv):
    run("inspect", small_csv, "--schema", "s.json")
    args = ("--learning-rates", "0.001", "--schema", "s.json", "--delimiter", ";", "--json")
    words = json.loads(run("tune", small_csv, *ARGS, *args).stdout)["next"].split()
    assert words[:2] == ["tabgan", "synth"]
    words = [word.strip("'") for word in words]
    result = run(*words[1:], "-o", "o.csv", "--model", "m.safetensors")
    assert result.exit_code == 0
    gan = TabGAN.load("m.safetensors")
    assert (gan.learning_rate, gan.hidden_dim, gan.steps) == (0.001, 16, 5)


def test_optuna(run, small_csv):
    pytest.importorskip("optuna", reason="Optuna comes with the extra 'tune'")
    result = run("tune", small_csv, *ARGS, "--optuna", "2", "--json", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    facts = json.loads(result.stdout)
    assert facts["engine"] == "optuna"
    assert len(facts["trials"]) == 2


def test_without_extras(run, small_csv, monkeypatch):
    for name, args in (("optuna", ("--optuna", "3")), ("matplotlib", ("--plot", "t.png"))):
        with monkeypatch.context() as patched:
            patched.setitem(sys.modules, name, None)
            result = run("tune", small_csv, *args)
        assert result.exit_code == 2
        assert f"which is not installed; install it with: pip install '{name}>=3." in result.stderr


def test_existing_files_are_refused_before_the_table_is_read(run, small_csv):
    pytest.importorskip("matplotlib", reason="matplotlib comes with the extra 'plots'")
    for name, option in (("r.json", "-o"), ("t.png", "--plot")):
        Path(name).write_text("old")
        result = run("tune", small_csv, option, name)
        assert result.exit_code == 5
        assert result.stderr.startswith(f"Error: {name} already exists; name another file")
        assert Path(name).read_text() == "old"
    assert run("tune", small_csv, *ARGS, "-o", "r.json", "--force").exit_code == 0
    assert json.loads(Path("r.json").read_text())["engine"] == "grid"


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("-o", "-"), "a report can't go to standard output; --json prints it there"),
        (("--plot", "-"), "a plot can't be written to standard output; set --plot to a file name"),
        (("--plot", "x", "-o", "./x"), "--plot and --out both name ./x; choose two names"),
        (("--plot", "t.jpg"), "--plot t.jpg does not end as a picture does"),
        (("--latent-dims", "8,x"), "'8,x' is not a list of whole numbers with commas between them"),
        (("--learning-rates", ""), "'' is not a list of numbers with commas between them"),
        (("--latent-dims", "0"), "latent_dims with=0 must be a whole number from 1"),
        (("--optuna", "0"), "0 is not a whole number from 1"),
        (("--steps", "0"), "'0' is neither a whole number from 1 nor 'auto'"),
    ],
)
def test_usage(run, small_csv, args, message):
    result = run("tune", small_csv, *args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


def test_the_table_is_not_overwritten(run):
    Path("d.csv").write_text("a\n1\n")
    result = run("tune", "d.csv", "-o", "./d.csv", "--force")
    assert result.exit_code == 2
    assert "--out ./d.csv is an input file; choose another name" in result.stderr
