import json
import random

import pytest


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Write a table, a fresh sample and one with a shuffled column, as spreadsheets would."""
    folder = tmp_path_factory.mktemp("tables")
    rng = random.Random(0)

    def write(name: str, shuffle: bool = False) -> str:
        sizes = [rng.choice(["small", "large", ""]) for _ in range(400)]
        prices = [{"small": 5, "large": 50}.get(size, 20) + rng.random() for size in sizes]
        if shuffle:
            rng.shuffle(prices)
        lines = [f"{size};{price:.2f}" for size, price in zip(sizes, prices, strict=True)]
        path = folder / f"{name}.csv"
        path.write_text("\n".join(["size;price", *lines, ""]))
        return str(path)

    return {
        name: write(name, shuffle=name == "bad") for name in ("real", "fresh", "bad", "holdout")
    }


def test_a_summary(run, tables):
    result = run("evaluate", tables["real"], tables["fresh"])
    assert result.exit_code == 0
    assert result.stdout.startswith("As good as a fresh sample of the real table")
    assert "Score " in result.stdout
    assert result.stderr.splitlines() == [
        f"Reading {tables['real']}",
        "400 rows, 2 columns",
        f"Reading {tables['fresh']}",
        "400 rows, 2 columns",
        "Comparing",
    ]


def test_json_with_holdout_and_target(run, tables):
    args = ("--holdout", tables["holdout"], "--target", "size", "--json", "-q", "--seed", "3")
    result = run("evaluate", tables["real"], tables["fresh"], *args)
    assert (result.exit_code, result.stderr) == (0, "")
    facts = json.loads(result.stdout)
    assert facts["tables"]["holdout_rows"] == 400
    assert facts["tables"]["seed"] == 3
    assert facts["utility"]["target"] == "size"
    assert facts["fidelity"]["columns"][0]["missing"]["value"] > 20  # an empty cell is missing


def test_a_score_that_is_too_low(run, tables):
    result = run("evaluate", tables["real"], tables["bad"], "--fail-under", "0.9", "-q")
    assert result.exit_code == 6
    assert "No stand-in for the real table" in result.stdout
    assert result.stderr.startswith("The score is 0.")
    assert result.stderr.endswith(" below --fail-under 0.9\n")
    assert run("evaluate", tables["real"], tables["fresh"], "--fail-under", "0.9").exit_code == 0


def test_other_columns(run, tables, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("size\n" + "small\n" * 20)
    result = run("evaluate", tables["real"], other, "-q")
    assert result.exit_code == 3
    assert result.stderr == (
        "Error: The synthetic table is missing the columns 'price' of the real one; compare tables "
        "with the same columns\n"
    )


def test_wrong_usage(run, tables):
    files = (tables["real"], tables["fresh"])
    assert run("evaluate", tables["real"]).exit_code == 2
    assert run("evaluate", *files, "--fail-under", "90").exit_code == 2
    result = run("evaluate", *files, "--target", "sizes", "-q")
    assert result.exit_code == 2
    assert "--target sizes is not a column of the table; did you mean 'size'?" in result.stderr
    result = run("evaluate", *files, "--html", tables["real"], "--force")
    assert result.exit_code == 2
    assert f"--html {tables['real']} is a file to read from; give another name" in result.stderr
    result = run("evaluate", *files, "--html", "-")
    assert "a report can't go to standard output; give --html a file name" in result.stderr
    assert run("evaluate", tables["real"], "none.csv").exit_code == 5


def test_attacks_beside_the_rest(run, tables, tmp_path):
    page = tmp_path / "page.html"
    result = run(
        *("evaluate", tables["real"], tables["fresh"], "--holdout", tables["holdout"]),
        *("--privacy", "--html", page, "-q"),
    )
    assert result.exit_code == 0
    assert "membership" in result.stdout
    assert "Attacks are not a proof" in result.stdout
    assert 'id="privacy"' in page.read_text()
