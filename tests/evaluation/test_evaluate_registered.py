"""Attacks and metrics of third parties: registered by name, run by name, and shown beside ours."""

import json

import numpy as np
import pytest

from tabgan import OptionError, evaluate
from tabgan.base.errors import TabGANError
from tabgan.base.registry import FunctionRegistry
from tabgan.evaluation.attacks import audit as audit_module
from tabgan.evaluation.attacks.audit import audit, register_attack
from tabgan.evaluation.audit_results import Rate, risk_of_rates
from tabgan.evaluation.evaluate import register_metric
from tabgan.evaluation.evaluation_parts import Figure
from tests.evaluation.attacks.conftest import SCHEMA, copier, people


@pytest.fixture(autouse=True)
def empty(monkeypatch):
    """Give each test registries of its own."""
    monkeypatch.setattr(
        audit_module, "_REGISTERED", FunctionRegistry("attack", audit_module.ATTACKS)
    )
    monkeypatch.setattr("tabgan.evaluation.evaluate._REGISTERED", FunctionRegistry("metric"))


def tables(size):
    """Make real rows, rows that repeat a tenth of them, and unseen ones."""
    real, fresh, unseen = (people(size, seed) for seed in range(3))
    return real, copier(real, fresh), unseen


def same_income(tables):
    """Look for incomes that occur in the synthetic table."""
    drawn = set(tables.synthetic["income"])
    main, control = (
        Rate(int(frame["income"].isin(drawn).sum()), len(frame))
        for frame in (tables.real, tables.holdout)
    )
    return (risk_of_rates("same_income", "incomes", "Someone knows an income.", main, control),)


def mean_gap(tables):
    real, synthetic = (frame["age"].mean() for frame in (tables.real, tables.synthetic))
    return Figure(abs(real - synthetic), 0.25)


class TestAttack:
    def test_runs_by_name_and_is_shown(self):
        register_attack("same_income", same_income)
        result = audit(*tables(300), schema=SCHEMA, attacks=["same_income", "copies"])
        assert list(result.seconds) == ["copies", "same_income"]
        risk = result.risks[-1]
        assert (risk.attack, risk.outcome) == ("same_income", "leak")
        assert risk.main == pytest.approx(0.1, abs=0.02)
        assert "same_income" in str(result)
        assert result.to_json()["risks"][-1]["standing"] == "leak"

    def test_does_not_run_unless_named(self):
        register_attack("same_income", same_income)
        assert "same_income" not in audit(*tables(200), schema=SCHEMA).seconds

    def test_finding_nothing_is_a_note(self):
        register_attack("none", lambda tables: ())
        result = audit(*tables(200), schema=SCHEMA, attacks=["none"])
        assert result.notes == ("none was left out: it returned no risk",)

    def test_a_failure_is_named_as_its_own(self):
        def broken(tables):
            raise KeyError("salary")

        register_attack("broken", broken)
        with pytest.raises(
            TabGANError,
            match=r"registered attack 'broken' \(.*test_evaluate_regis"
            r"tered\..*broken\) failed with KeyError: 'salary'",
        ) as caught:
            audit(*tables(200), schema=SCHEMA, attacks=["broken"])
        assert isinstance(caught.value.__cause__, KeyError)

    @pytest.mark.parametrize("result", [None, 0.5, (0.5,), "leak"])
    def test_it_returns_risks_of_its_name(self, result):
        register_attack("other", lambda tables: result)
        with pytest.raises(TabGANError, match="has to return a tuple of Risk with attack='other'"):
            audit(*tables(200), schema=SCHEMA, attacks=["other"])

    def test_an_unknown_name(self):
        register_attack("same_income", same_income)
        with pytest.raises(OptionError, match="not an attack; did you mean 'same_income'"):
            audit(*tables(200), schema=SCHEMA, attacks=["some_income"])


class TestMetric:
    def test_is_in_results_json_summary_and_page(self, real, fresh):
        register_metric("mean_gap_of_age", mean_gap)
        register_metric("n_rows", lambda tables: len(tables.synthetic))
        result = evaluate(real, fresh, metrics=["mean_gap_of_age", "n_rows"])
        gap = abs(real["age"].mean() - fresh["age"].mean())
        assert result.metrics["mean_gap_of_age"] == (pytest.approx(gap), 0.25)
        assert result.metrics["n_rows"].value == len(fresh)
        assert np.isnan(result.metrics["n_rows"].baseline)
        facts = json.loads(json.dumps(result.to_json(), allow_nan=False))["metrics"]
        assert facts["n_rows"] == {"value": len(fresh), "floor": None}
        assert "mean_gap_of_age" in str(result)
        page = result.to_html()
        assert '<section id="metrics">' in page
        assert "mean gap of age" in page
        assert "metrics" in result.tables.seconds
        plain = evaluate(real, fresh)
        assert plain.verdict == result.verdict
        assert plain.metrics == {}
        assert 'id="metrics"' not in plain.to_html()

    def test_a_failure_is_named_as_its_own(self, real, fresh):
        register_metric("broken", lambda tables: 1 / 0)
        with pytest.raises(TabGANError, match=r"registered metric 'broken' .*ZeroDivisionError"):
            evaluate(real[:60], fresh[:60], metrics=["broken"])

    @pytest.mark.parametrize("value", [None, "0.5", [0.5]])
    def test_it_returns_a_number(self, real, fresh, value):
        register_metric("other", lambda tables: value)
        with pytest.raises(TabGANError, match="has to return a number or a Figure"):
            evaluate(real[:60], fresh[:60], metrics=["other"])

    def test_an_unknown_name(self, real, fresh):
        register_metric("mean_gap", mean_gap)
        with pytest.raises(OptionError, match="not a metric; did you mean 'mean_gap'"):
            evaluate(real, fresh, metrics=["meangap"])


@pytest.mark.parametrize("register", [register_attack, register_metric])
class TestNames:
    @pytest.mark.parametrize("name", ["my attack", "", "1st", "a-b", 3, None])
    def test_an_identifier(self, register, name):
        with pytest.raises(OptionError, match="use letters, digits and underscores"):
            register(name, len)

    def test_a_free_one(self, register):
        register("mine", len)
        with pytest.raises(OptionError, match="name='mine' already names"):
            register("mine", len)

    def test_a_function(self, register):
        with pytest.raises(OptionError, match="is 3, which is not a function"):
            register("mine", 3)


def test_names_of_our_attacks_are_taken():
    with pytest.raises(OptionError, match="name='copies' already names an attack"):
        register_attack("copies", len)
