import json

import pytest

from tabgan.evaluation.audit_results import Rate, risk_of_rates
from tabgan.privacy import PrivacyAudit

ROWS = {"real": 1000, "synthetic": 1000, "holdout": 1000, "targets": 1000, "controls": 1000}


def risk(main, control=None, naive=None, about="x"):
    return risk_of_rates(
        "copies",
        about,
        "Someone looks.",
        Rate(main, 1000),
        None if control is None else Rate(control, 1000),
        naive=None if naive is None else Rate(naive, 1000),
    )


def test_one_of_an_audits_many_intervals_may_exclude_zero_by_chance():
    found = risk(62, 40)
    assert found.low > 0
    assert found.outcome == "no leak found"
    assert risk(75, 40).outcome == "leak"


@pytest.mark.parametrize(
    ("rates", "outcome", "finding"),
    [
        (
            (200, 100, 10),
            "leak",
            "The attack succeeds in 20.0 % of the cases on real rows and in 10.0 % on rows that "
            "the generator never saw; the difference is a leak.",
        ),
        (
            (105, 100, 10),
            "no leak found",
            "The attack succeeds in 10.5 % of the cases on real rows and in 10.0 % on rows that "
            "the generator never saw; no leak found, and a risk above 0.04 is ruled out.",
        ),
        (
            (105, 100, 110),
            "weak attack",
            "The attack succeeds in 10.5 % of the cases on real rows, and a guess at random in "
            "11.0 %; it is too weak to show a risk.",
        ),
        (
            (965, 960, 100),
            "known anyway",
            "The attack succeeds in 96.5 % of the cases on real rows and in 96.0 % on rows that "
            "the generator never saw; too little is left to show a leak by.",
        ),
        (
            (500, None, 100),
            "no holdout",
            "The attack succeeds in 50.0 % of the cases on real rows; in how many of them any "
            "stranger's would is not known.",
        ),
    ],
)
def test_standing_and_finding(rates, outcome, finding):
    found = risk(*rates)
    assert (found.outcome, found.finding) == (outcome, finding)


@pytest.mark.parametrize("rates", [(1000, 960, 100), (950, 900, 990)])
def test_a_leak_is_one_where_others_or_a_guess_hit_often_too(rates):
    found = risk(*rates)
    assert found.outcome == "leak"
    assert found.low > 0.1


def test_a_risk_lies_between_nought_and_one():
    found = risk(0, 500)
    assert (found.value, found.low, found.high) == (0, 0, 0)


def test_without_a_control_a_guess_at_random_is_what_anyone_could_do():
    assert risk(500, None, 0).value == pytest.approx(0.5, abs=0.01)
    assert risk(500, None, 500).value == 0
    assert risk(500).value == pytest.approx(0.5, abs=0.01)


class TestAudit:
    def test_the_high_end_asks_for_proof_and_the_low_end_for_a_leak(self):
        unsure, sure, known = risk(120, 100, about="unsure"), risk(400, 100), risk(965, 960)
        found = PrivacyAudit((unsure, sure, known), ROWS, 0)
        assert unsure.low == 0
        assert unsure.high > 0.05
        assert found.over(0.05) == (unsure, sure)
        assert found.over(0.05, "low") == (sure,)
        assert found.over(0.9) == ()
        assert found.leaks == (sure,)

    def test_conclusion_of_a_leak(self):
        found = PrivacyAudit((risk(400, 100), risk(100, 100)), ROWS, 0)
        assert found.conclusion[0].startswith(
            "1 of 2 questions show a leak. The largest is 0.33 (0.30 to 0.37), copies, x. "
        )
        assert "Only differential privacy bounds every attack." in found.conclusion[-1]

    def test_conclusion_without_a_leak(self):
        found = PrivacyAudit((risk(100, 100),), ROWS, 0)
        assert found.conclusion[0] == (
            "None of the attacks found a leak: on real rows they succeed no more often than on "
            "rows that the generator never saw. The largest risk that they do not rule out is 0.03 "
            "(copies, x)."
        )

    def test_conclusion_where_nothing_is_shown(self):
        assert (
            PrivacyAudit((risk(100),), {"holdout": 0}, 0)
            .conclusion[0]
            .startswith("Nothing is shown: without a holdout")
        )
        weak = PrivacyAudit((risk(100, 100, 100),), ROWS, 0).conclusion
        assert weak[:2] == (
            "Nothing is shown: none of the attacks was strong enough to.",
            "An attack that does no better than a guess at random shows nothing.",
        )

    def test_text_and_json(self):
        found = PrivacyAudit((risk(400, 100, 50),), ROWS, 7, notes=("so it is",))
        lines = str(found).splitlines()
        assert " ".join(lines[0].split()) == "attack on risk 95 % interval real unseen guess"
        assert " ".join(lines[1].split()) == (
            "copies x 0.333 0.296 to 0.369 40.0 % 10.0 % 5.0 % leak"
        )
        assert lines[-1] == "note: so it is"
        state = json.loads(json.dumps(found.to_json(), allow_nan=False))
        assert state["risks"][0]["standing"] == "leak"
        assert state["seed"] == 7
        assert state["conclusion"] == list(found.conclusion)
