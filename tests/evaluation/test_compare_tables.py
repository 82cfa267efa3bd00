"""Several synthetic tables side by side."""

import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError, TableFileError, compare, evaluate
from tabgan.evaluation.compare_tables import Comparison


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    def draw(seed: int) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        plan = rng.choice(["free", "<b>pro</b>"], 800)
        spend = np.where(plan == "free", 0, 30) + rng.gamma(2, 4, 800)
        return pd.DataFrame({"plan": plan, "spend": spend.round(2)})

    return {"real": draw(0), "fresh": draw(1)}


@pytest.fixture(scope="module")
def comparison(tables) -> Comparison:
    mixed = tables["fresh"].assign(
        spend=tables["fresh"]["spend"].sample(frac=1, random_state=0).to_numpy()
    )
    return compare(tables["real"], {"<i>mixed</i>": mixed, "fresh": tables["fresh"]})


def test_the_best_comes_first_with_the_figures_of_evaluate(tables, comparison):
    assert [*comparison.evaluations] == ["fresh", "<i>mixed</i>"]
    assert comparison.best == "fresh"
    alone = evaluate(tables["real"], tables["fresh"])
    assert comparison.evaluations["fresh"].verdict == alone.verdict
    assert comparison.to_json()["fresh"]["verdict"]["grade"] == alone.verdict.grade


def test_figures_stand_side_by_side(comparison):
    rows = {(part, what): shown for part, what, shown, _ in comparison.rows()}
    assert rows["trends", "score"]["<i>mixed</i>"] < rows["trends", "score"]["fresh"]
    assert ("detection", "AUC of trees") in rows
    text = str(comparison)
    assert text.splitlines()[0].split()[:2] == ["fresh", "<i>mixed</i>"]
    assert "<i>mixed</i>: " in text


def test_the_page_is_whole_and_escapes_names(comparison, tmp_path):
    comparison.save_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "&lt;i&gt;mixed&lt;/i&gt;" in page
    assert "<i>mixed" not in page
    assert page.count("What they can be used for") == 1
    with pytest.raises(TableFileError, match="already exists; name another file, or set force=Tru"):
        comparison.save_html(tmp_path / "page.html")
    assert comparison._repr_html_().startswith("<iframe srcdoc=")


def test_no_table_is_an_error(tables):
    with pytest.raises(OptionError, match="names no synthetic table; give at least one, by its na"):
        compare(tables["real"], {})
