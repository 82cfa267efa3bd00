"""What estimators, schemas and verdicts show in a notebook; options that do not exist."""

import inspect

import pandas as pd
import pytest
from sklearn.base import clone

from tabgan import Schema, TabDiffusion, TabGAN, TabTrees, TabVAE, evaluate, infer_schema


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    price, units = [1.5, 2.0, 3.5, 4.0] * 30, [1, 2, 3, 4, 5, 6] * 20
    frame = pd.DataFrame({"price": price, "units": units, "kind": ["a", "b", "<c>"] * 40})
    return frame.assign(total=frame["price"] * frame["units"])


@pytest.fixture(scope="module")
def gan(table) -> TabGAN:
    return TabGAN(steps=5, hidden_dim=16, polish=False, verbose=False, random_state=0).fit(table)


def test_an_estimator_that_is_not_fitted():
    shown = TabGAN(steps=7)._repr_mimebundle_()["text/html"]
    assert "TabGAN" in shown
    assert "Fitted on" not in shown


def test_a_fitted_one_shows_its_schema_and_rules(gan):
    shown = gan._repr_mimebundle_()["text/html"]
    assert "Fitted on 120 rows" in gan._repr_html_()
    assert "Fitted on 120 rows" in shown
    assert "Schema of 4 columns" in shown
    assert "Detected rules" in shown
    assert "&lt;c&gt;" not in shown  # no level of the table
    assert "total" in shown.partition("Detected rules")[2]


def test_a_schema(table):
    shown = infer_schema(table)._repr_html_()
    assert shown.startswith("<table><caption>Schema of 4 columns</caption>")
    assert "<td>price</td>" in shown
    assert "1.5 … 4.0" in shown
    assert "Schema of 0 columns" in Schema(())._repr_html_()


def test_a_verdict(table):
    shown = evaluate(table, table.assign(total=9.0)).verdict._repr_html_()
    assert "What it can be used for" in shown
    assert "Weak points" in shown
    assert "What to do:" in shown


@pytest.mark.parametrize("kind", [TabGAN, TabTrees, TabVAE, TabDiffusion])
def test_an_option_that_does_not_exist(kind):
    with pytest.raises(
        TypeError, match=rf"^{kind.__name__} has no option 'min_grup'; did you mean"
    ):
        kind(min_grup=3)
    assert "min_group" in inspect.signature(kind).parameters
    assert clone(kind(min_group=3)).min_group == 3
