import json

import pytest

from tests.evaluation.attacks.conftest import copier, honest, people


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
    assert "Attacked in " in result.stderr


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
        assert "Over the limit of 0.05: copies, exact copies: " in result.stderr

    def test_what_is_not_shown_to_be_within_it_is_over_it(self, run, files):
        tables = (files["real"], files["fresh"], "--holdout", files["unseen"])
        assert run("privacy", *tables, *COPIES, "--fail-over", "0.1").exit_code == 0
        assert run("privacy", *tables, *COPIES, "--fail-over", "0.001").exit_code == 6
        low = ("--fail-over", "0.001", "--fail-end", "low")
        assert run("privacy", *tables, *COPIES, *low).exit_code == 0


def test_errors(run, files):
    result = run("privacy", files["real"], files["fresh"], "--secret", "ag", "-q")
    assert result.exit_code == 2
    assert "did you mean 'age'?" in result.stderr
    assert run("privacy", files["real"], files["fresh"], "--attack", "lira").exit_code == 2
    assert run("privacy", files["real"], files["fresh"], "--fail-over", "2").exit_code == 2
