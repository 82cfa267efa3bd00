import json
import random

import pytest

from tests.evaluation.attacks.conftest import copier, honest, people


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
    result = run("evaluate", tables["real"], tables["bad"], "--fail-under", "0.9")
    assert result.exit_code == 6
    assert "No stand-in for the real table" in result.stdout
    assert "\nThe score is 0." in result.stderr
    assert result.stderr.endswith(" below --fail-under 0.9\n")
    assert run("evaluate", tables["real"], tables["fresh"], "--fail-under", "0.9").exit_code == 0


@pytest.mark.parametrize("limit", ["abc", "1.5", "-1"])
def test_a_limit_that_is_none(run, tables, limit):
    result = run("evaluate", tables["real"], tables["fresh"], "--fail-under", limit)
    assert result.exit_code == 2
    assert f"'--fail-under': {limit} is not a number from 0 to 1; write, say" in result.stderr


def test_copies_fail_whatever_the_score(run, files):
    result = run("evaluate", files["real"], files["real"], "--fail-under", "0.5", "-q", "--json")
    verdict = json.loads(result.stdout)["verdict"]
    assert (result.exit_code, verdict["grade"], verdict["is_copied"]) == (6, "poor", True)
    assert verdict["score"] > 0.5
    assert result.stderr == (
        "--fail-under 0.5 fails whatever the score: rows are copies of real ones, or too close "
        "to them; see the weak points\n"
    )


def test_other_columns(run, tables, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("size\n" + "small\n" * 20)
    result = run("evaluate", tables["real"], other, "-q")
    assert result.exit_code == 3
    assert result.stderr == (
        "Error: The synthetic table is missing the columns 'price' of the real one; compare tables "
        "with the same columns\n"
    )


def test_several_tables_are_told_apart_by_their_file(run, tables, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text("size\n" + "small\n" * 20)
    result = run("evaluate", tables["real"], tables["fresh"], other, "-q")
    assert result.exit_code == 3
    assert "'other.csv': The synthetic table is missing the columns 'price'" in result.stderr


def test_quiet_leaves_the_verdict_to_the_exit_code(run, tables):
    result = run("evaluate", tables["real"], tables["fresh"], "-q")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "", "")


def test_wrong_usage(run, tables):
    files = (tables["real"], tables["fresh"])
    lines = run("evaluate", tables["real"]).stderr.splitlines()
    assert lines[0] == "Error: Missing argument 'SYNTHETIC...'."
    assert len(lines) == 2
    assert lines[1].endswith(" evaluate --help' for help.")
    assert run("evaluate", tables["real"]).exit_code == 2
    for limit in ("90", "nan", "inf"):
        assert run("evaluate", *files, "--fail-under", limit).exit_code == 2
        assert run("privacy", *files, "--fail-over", limit).exit_code == 2
    result = run("evaluate", *files, "--target", "sizes", "-q")
    assert result.exit_code == 2
    assert "--target sizes is not a column of the table; did you mean 'size'?" in result.stderr
    result = run("evaluate", *files, "--html", tables["real"], "--force")
    assert result.exit_code == 2
    assert f"--html {tables['real']} is an input file; choose another name" in result.stderr
    result = run("evaluate", *files, "--html", "-")
    assert (
        "a report can't be written to standard output; set --html to a file name" in result.stderr
    )
    assert run("evaluate", tables["real"], "none.csv").exit_code == 5


def test_attacks_beside_the_rest(run, tables, tmp_path):
    page = tmp_path / "page.html"
    result = run(
        *("evaluate", tables["real"], tables["fresh"], "--holdout", tables["holdout"]),
        *("--privacy", "--html", page),
    )
    assert result.exit_code == 0
    assert "membership" in result.stdout
    assert "Attacks are not a proof" in result.stdout
    assert 'id="privacy"' in page.read_text()


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("privacy")
    real, fresh = people(300, 0), people(300, 1)
    tables = {
        "real": real,
        "leaky": copier(real, fresh),
        "fresh": honest(real, fresh),
        "unseen": people(300, 2),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return {name: str(folder / f"{name}.csv") for name in tables}


COPIES = ("--attack", "copies", "--seed", "1")


def test_risks_are_printed(run, files):
    result = run("privacy", files["real"], files["leaky"], "--holdout", files["unseen"], *COPIES)
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1].split()[:3] == ["copies", "exact", "copies"]
    assert result.stdout.splitlines()[1].endswith("leak")
    assert "questions show a leak." in result.stdout
    assert "Ran the attacks in " in result.stderr


def test_json(run, files):
    result = run(
        "privacy",
        *(files["real"], files["fresh"], "--holdout", files["unseen"], "--json", "-q"),
        *("--attack", "inference", "--secret", "plan", "--secret", "age", "--seed", "4"),
    )
    assert (result.exit_code, result.stderr) == (0, "")
    facts = json.loads(result.stdout)
    assert [risk["about"] for risk in facts["risks"]] == ["secret 'plan'", "secret 'age'"]
    assert (facts["seed"], facts["over_limit"]) == (4, [])


class TestLimit:
    def test_a_leak_is_over_it(self, run, files):
        limit = ("--fail-over", "0.05", "--fail-end", "low")
        tables = (files["real"], files["leaky"], "--holdout", files["unseen"])
        result = run("privacy", *tables, *COPIES, *limit)
        assert result.exit_code == 6
        assert "Above the limit of 0.05: copies, exact copies: " in result.stderr

    def test_what_is_not_shown_to_be_within_it_is_over_it(self, run, files):
        tables = (files["real"], files["fresh"], "--holdout", files["unseen"])
        assert run("privacy", *tables, *COPIES, "--fail-over", "0.1").exit_code == 0
        assert run("privacy", *tables, *COPIES, "--fail-over", "0.001").exit_code == 6
        low = ("--fail-over", "0.001", "--fail-end", "low")
        assert run("privacy", *tables, *COPIES, *low).exit_code == 0

    def test_a_holdout_that_was_seen_shows_nothing_to_be_within_it(self, run, files):
        tables = (files["real"], files["fresh"], "--holdout", files["real"])
        result = run("privacy", *tables, *COPIES, "--fail-over", "0.9")
        assert result.exit_code == 6
        assert result.stderr.endswith("\nNo risk is shown to be below the limit of 0.9\n")
        assert "The holdout shows nothing: 100 % of its rows are rows of the real" in result.stdout


def test_errors(run, files):
    result = run("privacy", files["real"], files["fresh"], "--secret", "ag", "-q")
    assert result.exit_code == 2
    assert "did you mean 'age'?" in result.stderr
    assert run("privacy", files["real"], files["fresh"], "--attack", "lira").exit_code == 2
    assert run("privacy", files["real"], files["fresh"], "--fail-over", "2").exit_code == 2


def test_a_page_has_the_name_of_a_page(run, tables):
    result = run("evaluate", tables["real"], tables["fresh"], "--html", "page.txt")
    assert result.exit_code == 2
    assert "--html page.txt must end in .html" in result.stderr
