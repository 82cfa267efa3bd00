"""Each attack finds a leak that is put there, and none in a fresh sample of the population."""

import numpy as np
import pandas as pd
import pytest

from tabgan import Column, DataError, Schema
from tabgan.evaluation.attacks.copies_and_membership import log_ratios
from tabgan.evaluation.attacks.reidentification import is_right, meet
from tabgan.evaluation.copying import Points, nearest
from tabgan.privacy import audit
from tests.evaluation.attacks.conftest import SCHEMA, copier, honest, memorizer, near_copier, people


@pytest.fixture(scope="module")
def found(case):
    """Audit each planted case once."""
    audits = {}

    def risk(generator, attack, about):
        if generator not in audits:
            real, synthetic, unseen = case(generator)
            audits[generator] = audit(real, synthetic, unseen, schema=SCHEMA)
        (one,) = (
            risk for risk in audits[generator].risks if (risk.attack, risk.about) == (attack, about)
        )
        return one

    return risk


QUESTIONS = [
    ("copies", "exact copies"),
    ("copies", "exact copies of unique rows"),
    ("copies", "near copies"),
    ("copies", "near copies of unique rows"),
    ("closest", "all rows"),
    ("membership", "all rows"),
    ("membership", "all rows, 1 % false alarms"),
    ("membership", "outliers"),
    ("membership", "outliers, 1 % false alarms"),
    ("singling_out", "univariate"),
    ("singling_out", "4 columns"),
    ("linkability", "random halves"),
    ("inference", "every column in turn"),
]


@pytest.mark.parametrize(("attack", "about"), QUESTIONS)
def test_a_fresh_sample_gives_nothing_away(found, attack, about):
    risk = found(honest, attack, about)
    assert risk.low == 0
    assert risk.high < (0.25 if about == "outliers" else 0.15)  # which are few
    assert risk.outcome in ("no leak found", "not nearer")


@pytest.mark.parametrize(
    ("attack", "about"),
    [
        question
        for question in QUESTIONS
        if question not in [("membership", "outliers"), ("inference", "every column in turn")]
    ],
)
def test_copies_of_a_tenth_are_found(found, attack, about):
    risk = found(copier, attack, about)
    assert risk.low > 0
    assert risk.outcome in ("leak", "nearer")
    assert risk.main > risk.control


def test_the_risk_of_copies_is_their_share(found):
    risk = found(copier, "copies", "exact copies")
    assert risk.low < 0.1 < risk.high
    assert risk.figures["synthetic_rows"] == pytest.approx(0.1, abs=0.01)
    assert risk.figures["synthetic_rows_by_chance"] < 0.01


@pytest.mark.parametrize(
    ("attack", "about"),
    [
        ("copies", "near copies"),
        ("copies", "near copies of unique rows"),
        ("closest", "all rows"),
        ("membership", "all rows"),
        ("membership", "all rows, 1 % false alarms"),
        ("membership", "outliers, 1 % false alarms"),
        ("linkability", "random halves"),
    ],
)
def test_near_copies_are_found(found, attack, about):
    assert found(near_copier, "copies", "exact copies").low == 0
    assert found(near_copier, attack, about).low > 0


@pytest.mark.parametrize("about", ["outliers", "outliers, 1 % false alarms"])
def test_memorised_outliers_are_found_among_outliers(found, about):
    outliers = found(memorizer, "membership", about)
    assert outliers.low > 0.1
    assert (
        outliers.value > found(memorizer, "membership", about.replace("outliers", "all rows")).value
    )


def test_membership_says_auc_and_true_positives(found):
    figures = found(memorizer, "membership", "outliers").figures
    assert figures["auc_low"] < figures["auc"] < figures["auc_high"]
    assert figures["tpr"] > 0.1


class TestCopies:
    def test_copied_identifiers_and_texts(self, case):
        real, synthetic, unseen = case(honest, 300)
        frames = [
            frame.assign(id=[f"{letter}{n}" for n in range(len(frame))])
            for letter, frame in zip("rsh", (real, synthetic, unseen), strict=True)
        ]
        frames[1].loc[:29, "id"] = frames[0].loc[:29, "id"]
        schema = Schema((*SCHEMA, Column("id", "identifier", "object")))
        found = audit(*frames, schema=schema, attacks=["copies"])
        assert found.notes == ("only searched for copied values: id",)
        (risk,) = found.leaks
        assert risk.about == "values of 'id'"
        assert (risk.main, risk.control) == (0.1, 0)

    def test_common_values_of_names_are_no_copies(self, case):
        frames = [
            frame.assign(who=np.random.default_rng(turn).choice(["Ann", "Bo", "Cy"], len(frame)))
            for turn, frame in enumerate(case(honest, 100))
        ]
        schema = Schema((*SCHEMA, Column("who", "first_name", "object")))
        assert not audit(*frames, schema=schema, attacks=["copies"]).leaks

    def test_common_rows_are_no_leak(self):
        """Chance alone puts every row of a table of few levels into the synthetic one."""
        rng = np.random.default_rng(0)
        frames = [pd.DataFrame({"k": rng.choice(list("abc"), 200)}) for _ in range(3)]
        found = audit(*frames, attacks=["copies"])
        assert {risk.outcome for risk in found.risks} == {"known anyway"}


class TestSinglingOut:
    @pytest.mark.parametrize("unseen_rows", [300, 6000])
    def test_a_holdout_of_another_size_is_fair(self, case, unseen_rows):
        for seed in range(3):
            real, synthetic, _ = case(honest, 1500, seed)
            found = audit(
                real,
                synthetic,
                people(unseen_rows, 99 + seed),
                schema=SCHEMA,
                attacks=["singling_out"],
            )
            assert max(risk.low for risk in found.risks) < 0.005  # one in forty is above 0

    def test_nothing_isolates_a_row(self):
        table = pd.DataFrame({"k": ["a", "b"] * 20})
        found = audit(table, table, table, attacks=["singling_out"])
        assert found.risks == ()
        assert found.notes == (
            "singling_out was left out: the tables have too few rows or columns for it",
        )


class TestLinkability:
    @pytest.mark.parametrize(("neighbors", "links"), [(1, 1), (2, 4), (3, 4), (4, 4)])
    def test_example_of_the_papers_package(self, neighbors, links):
        def points(*values):
            return Points(np.array(values, np.float32)[:, None], np.zeros(1, int))

        real = [points(0, 0, 4, 0), points(0, 1, 9, 4)]
        synthetic = [points(0, 1, 4, 9), points(0, 1, 4, 9)]
        found = [nearest(r, s, neighbors)[1] for r, s in zip(real, synthetic, strict=True)]
        assert meet(*found).sum() == links

    @pytest.mark.parametrize(
        ("left", "right", "links"),
        [
            ([[0], [1], [2], [3]], [[4], [5], [6], [7]], [0, 0, 0, 0]),
            ([[0], [1], [6], [3]], [[4], [1], [6], [7]], [0, 1, 1, 0]),
            ([[0, 1], [2, 3]], [[1, 0], [3, 2]], [1, 1]),
        ],
    )
    def test_links_of_the_papers_package(self, left, right, links):
        assert meet(np.array(left), np.array(right)).tolist() == [bool(link) for link in links]

    def test_a_guess_at_random(self, found):
        """Five of 1,500 rows on either side meet in one of 60 cases."""
        assert found(honest, "linkability", "random halves").naive == pytest.approx(
            1 / 60, abs=0.01
        )


class TestInference:
    @pytest.mark.parametrize(
        ("guesses", "truth", "tolerance", "expected"),
        [
            ((1.0, 1.0), (1.05, 1.06), 0.05, (True, False)),
            ((1.0, 1.0), (1.05, 1.06), 0.06, (True, True)),
            ((1.0, np.nan), (1.05, np.nan), 0.06, (True, True)),
            ((1, np.nan), (np.nan, 1.06), 0.06, (False, False)),
            ((1.0, 1.0), (1.05, 1.06), 0.04, (False, False)),
            ((-1.0, 1.0), (-1.05, -1.05), 0.05, (True, False)),  # the package divides by the guess,
            ((1.0, 2.0), (1.26, 1.6), 0.21, (True, False)),  # so that high ones are favoured
        ],
    )
    def test_right_guesses(self, guesses, truth, tolerance, expected):
        values = np.array(truth)
        found = is_right(np.array(guesses), values, tolerance * np.abs(values))
        assert found.tolist() == list(expected)

    def test_named_secrets_each_have_a_risk(self, case):
        found = audit(*case(copier), schema=SCHEMA, attacks=["inference"], secrets=["plan", "city"])
        assert [risk.about for risk in found.risks] == ["secret 'plan'", "secret 'city'"]
        plan = found.risks[0]
        assert plan.outcome == "leak"
        assert "all else of a person guesses 'plan'" in plan.threat
        assert plan.control == pytest.approx(1 / 3, abs=0.05)

    def test_dates_are_right_within_a_part_of_their_range(self):
        days = pd.date_range("2020-01-01", periods=101).astype("datetime64[ns]")
        real = pd.DataFrame({"day": days, "k": [f"k{n}" for n in range(101)]})
        schema = Schema(
            (Column("day", "datetime", "datetime64[ns]"), Column("k", "categorical", "object"))
        )
        for shift, right in ((1, 1.0), (2, 0.0)):
            synthetic = real.assign(day=real["day"] + pd.Timedelta(days=shift))
            found = audit(real, synthetic, schema=schema, attacks=["inference"], secrets=["day"])
            assert found.risks[0].main == right

    def test_what_follows_from_other_columns_is_known_anyway(self):
        rng = np.random.default_rng(0)
        codes = [rng.integers(0, 5, 300) for _ in range(3)]
        frames = [
            pd.DataFrame({"a": [f"a{n}" for n in c], "b": [f"b{n}" for n in c]}) for c in codes
        ]
        found = audit(*frames, attacks=["inference"], secrets=["b"])
        assert found.risks[0].outcome == "known anyway"
        assert not found.over(0.01)


class TestLira:
    SMALL = Schema(SCHEMA.columns[:3])

    def risks(self, generator):
        real = people(240, 1)
        return audit(real, real, schema=SCHEMA, attacks=["lira"], generator=generator).risks

    def test_a_copier_is_found(self):
        def generator(table, seed):
            return table.sample(frac=0.5, random_state=seed)

        average, sure = self.risks(generator)
        assert average.low > 0.2
        assert sure.low > 0.1
        assert average.outcome == sure.outcome == "leak"

    def test_an_honest_one_is_not(self):
        def generator(table, seed):
            return people(len(table), seed)

        assert [risk.low for risk in self.risks(generator)] == [0, 0]

    def test_rows_that_all_models_had_have_no_score(self):
        near = np.random.default_rng(0).normal(size=(4, 3))
        had = np.array([[1, 0, 1], [1, 0, 0], [1, 0, 1], [1, 0, 0]], bool)
        scores = log_ratios(near, had)
        assert np.isnan(scores[:, :2]).all()
        assert np.isfinite(scores[:, 2]).all()

    def test_too_few_rows(self):
        table = people(12, 0)
        with pytest.raises(DataError, match="has 12 rows; the attack 'lira', which fits on halves"):
            audit(table, table, schema=SCHEMA, attacks=["lira"], generator=lambda t, seed: t)
