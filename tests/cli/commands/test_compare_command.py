import json
from pathlib import Path


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
    assert "names one of them twice" in result.stderr


def test_too_few_rows(run):
    Path("few.csv").write_text("a,b\n" + "".join(f"{i % 7},{i % 3}\n" for i in range(30)))
    result = run("compare", "few.csv")
    assert result.exit_code == 3
    assert "6 of them would be held out, and each part needs at least 20" in result.stderr
