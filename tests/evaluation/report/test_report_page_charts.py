"""Charts of columns, pairs and trainings, as functions."""

import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError, TableFileError, plot_column, plot_pair, plot_training


@pytest.fixture(scope="module")
def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    def table(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        size = rng.choice(["S", "M", "<L>"], 200)
        return pd.DataFrame(
            {
                "size": size,
                "price": rng.normal(50, 9, 200).round(2),
                "mail": [f"p{seed}{i}@example.com" for i in range(200)],
            }
        )

    return table(0), table(1)


def test_a_column_of_levels(tables):
    chart = plot_column(*tables, "size")
    assert repr(chart) == "Chart(\"'size'\")"
    page = chart.to_html()
    assert page.count("<svg") == 3  # two of the legend
    assert "&lt;L&gt;" in page
    assert "<L>" not in page
    assert "http" not in re.sub(r"http-equiv", "", page)


def test_a_column_of_numbers_in_a_notebook(tables):
    shown = plot_column(*tables, "price")._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "height:30rem" in shown


def test_a_pair(tables):
    page = plot_pair(*tables, "size", "price").to_html()
    assert "heat-real" in page
    assert "heat-synthetic" in page


def test_a_pair_of_declared_kinds(tables):
    chart = plot_pair(*tables, "size", "price", schema={"price": "categorical", "mail": "email"})
    assert chart.title == "'size' by 'price'"


def test_a_training(tmp_path):
    history = [{"step": step, "generator_loss": 1 / (step + 1)} for step in range(5)]
    chart = plot_training(SimpleNamespace(history_=history))
    chart.save_html(tmp_path / "course.html")
    assert 'class="curve' in (tmp_path / "course.html").read_text()
    with pytest.raises(TableFileError, match="already exists"):
        chart.save_html(tmp_path / "course.html")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda t: plot_column(*t, "prise"), "'prise' is not a column of the real table; did you"),
        (lambda t: plot_column(*t, "mail"), "'mail' is of kind email, which no chart shows"),
        (lambda t: plot_pair(*t, "size", "size"), "are the same column; name two"),
        (lambda t: plot_training(object()), "model=object has no records of a training"),
    ],
)
def test_what_can_not_be_drawn(tables, call, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        call(tables)
