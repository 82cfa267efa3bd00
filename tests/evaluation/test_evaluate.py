"""Several synthetic tables side by side."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

import tabgan
from tabgan import DataError, OptionError, SchemaError, TableFileError, compare, evaluate
from tabgan.evaluation.evaluate import Comparison, Evaluation


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


def test_a_table_of_copies_is_never_the_best():
    x, noise, other = np.random.default_rng(0).normal(size=(3, 300))
    real = pd.DataFrame({"x": x, "y": x + noise / 3})
    shuffled = pd.DataFrame({"x": other, "y": real["y"]})
    found = compare(real, {"copied": real, "shuffled": shuffled})
    copied, mixed = (found.evaluations[name].verdict for name in ("copied", "shuffled"))
    assert copied.is_copied
    assert copied.score > mixed.score
    assert found.best == "shuffled"


def test_tables_that_chance_parts_are_equal(tables, comparison):
    real, fresh = tables["real"], tables["fresh"]
    assert comparison.equals == ("fresh",)
    assert "The best one is 'fresh'." in str(comparison)
    found = compare(real, {"one": fresh, "other": fresh[::-1].reset_index(drop=True)})
    assert set(found.equals) == {"one", "other"}
    assert "are equal: no more than chance is between their scores." in str(found)
    assert "are equal" in found.to_html()


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


Fault = Callable[[pd.DataFrame, np.random.Generator], pd.DataFrame]


def shuffled(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return pd.DataFrame({name: rng.permutation(table[name].to_numpy()) for name in table})


def one_shuffled(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(plan=rng.permutation(table["plan"].to_numpy()))


def noisy(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(spend=(table["spend"] + rng.normal(0, 60, len(table))).clip(3, 400))


def shifted(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(age=(table["age"] + 15).clip(upper=79))


def out_of_range(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(age=table["age"] + 200 * (rng.random(len(table)) < 0.2))


def level_dropped(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(plan=table["plan"].replace("pro", "basic"))


def level_made_up(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(plan=table["plan"].mask(rng.random(len(table)) < 0.3, "gold"))


def filled(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(rating=table["rating"].fillna(50.0))


def repeated_keys(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(id=rng.choice(table["id"].to_numpy()[:50], len(table)))


def another_type(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    return table.assign(age=table["age"].astype(str) + " years")


FAULTS = [
    (shuffled, "fidelity", "of the relations between columns are lost"),
    (one_shuffled, "fidelity", "'plan' relates to the other columns in another way"),
    (noisy, "fidelity", "'spend'"),
    (shifted, "fidelity", "The distribution of 'age' is off by"),
    (out_of_range, "validity", "break the rule that 'age' is within 18 to 79; one has '2"),
    (level_dropped, "coverage", "The level 'pro' of 'plan' never occurs; 2"),
    (level_made_up, "validity", "'plan' is one of the real table's 4 levels; one has 'gold'."),
    (filled, "fidelity", "0 % of 'rating' is missing in place of "),
    (repeated_keys, "validity", "100 % of the rows break the rule that 'id' is unique"),
    (another_type, "validity", "that 'age' is a number, as in the real table (dtype int64); one"),
]


@pytest.mark.parametrize(("plant", "part", "words"), FAULTS, ids=[f[0].__name__ for f in FAULTS])
def test_a_planted_fault_is_named_first(
    real: pd.DataFrame, fresh: pd.DataFrame, plant: Fault, part: str, words: str
) -> None:
    verdict = evaluate(real, plant(fresh, np.random.default_rng(3))).verdict
    assert verdict.grade != "as good as real"
    first = verdict.weak_points[0]
    assert (first.part, words in first.what) == (part, True), first.what
    assert first.remedy
    assert first.what.lower()[:30] in verdict.headline.lower()


def test_a_fresh_sample_has_no_weakness(
    real: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    for found in (evaluate(real, fresh), evaluate(real, fresh, holdout)):
        assert found.verdict.grade == "as good as real"
        assert found.verdict.score > 0.95
        assert not found.verdict.weak_points
        assert found.verdict.headline == (
            "As good as a fresh sample of the real table: nothing that was measured is weak."
        )


def test_copies_are_told(real: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame) -> None:
    third = len(real) // 3
    copied = pd.concat([real[:third], fresh[third:]], ignore_index=True)
    for kept in (None, holdout):
        verdict = evaluate(real, copied, kept).verdict
        assert verdict.weak_points[0].part == "nearness"
        assert verdict.weak_points[0].what.startswith(
            "33 % of the rows repeat a real row that occurs only once; of fresh rows 0 % would"
        )
        sharing = next(use for use in verdict.uses if use.use == "sharing")
        assert (sharing.fit, sharing.evidence) == ("no", verdict.weak_points[0].what)
    assert evaluate(real, real).verdict.grade == "poor"


def test_names_that_are_kept_as_declared_are_told_before_sharing() -> None:
    rng = np.random.default_rng(0)
    people = ["LEE, Ann", "HILL, Eva", "MILLER, Paul", "SMITH, Karen", "JONES, Peter"]
    tables = [
        pd.DataFrame({"who": rng.choice(people, 200), "x": rng.normal(size=200)}) for _ in range(2)
    ]
    verdict = evaluate(*tables, schema={"who": "categorical"}).verdict
    sharing = next(use for use in verdict.uses if use.use == "sharing")
    assert (sharing.fit, "'who'" in sharing.evidence) == ("no", True)


@pytest.mark.slow
def test_better_tables_score_higher(real: pd.DataFrame, fresh: pd.DataFrame) -> None:
    rng = np.random.default_rng(0)
    half = fresh.assign(spend=fresh["spend"].where(rng.random(len(fresh)) < 0.7, 30.0))
    scores = [evaluate(real, table).verdict.score for table in (fresh, half, shuffled(fresh, rng))]
    assert scores == sorted(scores, reverse=True)
    assert scores[2] < 0.7


def test_the_order_of_columns_and_dtypes_with_the_same_values_do_not_count(
    real: pd.DataFrame, fresh: pd.DataFrame
) -> None:
    other = fresh[fresh.columns[::-1]].astype({"age": "float64", "churned": "category"})
    one, same = evaluate(real, fresh), evaluate(real, other)
    assert one.verdict == same.verdict
    assert one.fidelity.shape_error == same.fidelity.shape_error


@pytest.mark.slow
def test_the_same_seed_gives_the_same_figures(real: pd.DataFrame, fresh: pd.DataFrame) -> None:
    found = [evaluate(real, fresh, random_state=seed).to_json() for seed in (1, 1, 2)]
    for state in found:
        state["tables"].pop("seconds")
    assert found[0] == found[1]
    assert found[0]["detection"] != found[2]["detection"]


def test_json_text_and_counts(
    real: pd.DataFrame, fresh: pd.DataFrame, holdout: pd.DataFrame
) -> None:
    found = tabgan.evaluate(real, fresh[:700], holdout, "churned")
    assert isinstance(found, Evaluation)
    assert (found.tables.real_rows, found.tables.synthetic_rows) == (1000, 700)
    assert found.tables.compared_rows["detection"] == 500
    assert found.utility is not None
    assert (found.utility.target, found.utility.chosen) == ("churned", "named")
    state = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert state["verdict"]["score"] == found.verdict.score
    assert state["run"] is None
    assert len(state["fidelity"]["columns"]) == 7
    text = str(found)
    assert "700 synthetic rows against 1,000 real ones and 500 held out" in text
    assert "AUC of 'churned'" in text
    assert repr(found).startswith("Evaluation(grade=")
    assert not set(real["id"]) & set(json.dumps(state).split('"'))


def test_columns_that_lack_or_are_too_many(real: pd.DataFrame, fresh: pd.DataFrame) -> None:
    with pytest.raises(
        DataError,
        match="The synthetic table is missing the columns 'age' of the real one and has the "
        "columns 'ages', which are not in the real one; compare tables with the same columns",
    ):
        evaluate(real, fresh.rename(columns={"age": "ages"}))
    with pytest.raises(
        DataError, match="The holdout table is missing the columns 'id', 'plan' of the"
    ):
        evaluate(real, fresh, fresh.drop(columns=["id", "plan"]))
    twice = pd.concat([fresh, fresh[["age"]]], axis=1)
    with pytest.raises(DataError, match="The synthetic table has more than one column 'age'; ren"):
        evaluate(real, twice)
    with pytest.raises(DataError, match="Column names must be unique"):
        evaluate(twice, fresh)


@pytest.mark.parametrize("size", [0, 1, 9])
def test_too_few_rows(real: pd.DataFrame, fresh: pd.DataFrame, size: int) -> None:
    rows = "1 row" if size == 1 else f"{size} rows"
    with pytest.raises(DataError, match=f"The synthetic table has {rows}; an evaluation need"):
        evaluate(real, fresh[:size])
    with pytest.raises(DataError, match="row"):
        evaluate(real[:size], fresh)


def test_ten_rows_are_enough(real: pd.DataFrame, fresh: pd.DataFrame) -> None:
    assert 0 <= evaluate(real[:10], fresh[:10], real[10:20]).verdict.score <= 1


def test_a_table_of_identifiers(real: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="The table's only column is of identifiers or text"):
        evaluate(real[["id"]], real[["id"]])


def test_one_column(real: pd.DataFrame, fresh: pd.DataFrame) -> None:
    found = evaluate(real[["age"]], fresh[["age"]])
    assert found.fidelity.pairs is None
    assert found.utility is None
    assert set(found.verdict.parts) == {"validity", "shapes", "detection", "coverage"}


def test_columns_without_values(real: pd.DataFrame, fresh: pd.DataFrame) -> None:
    empty = real[["age", "plan"]].assign(none=np.nan, nothing=None, one=1, word="a")
    other = fresh[["age", "plan"]].assign(none=np.nan, nothing=None, one=1, word="a")
    found = evaluate(empty, other)
    assert found.verdict.score > 0.9
    json.dumps(found.to_json(), allow_nan=False)
    lost = evaluate(empty, other.assign(age=np.nan))
    assert lost.verdict.weak_points[0].columns == ("age",)
    only = evaluate(empty[["none", "nothing"]], other[["none", "nothing"]])
    assert only.verdict.score > 0.9


def test_a_target_that_is_none(real: pd.DataFrame, fresh: pd.DataFrame) -> None:
    with pytest.raises(
        OptionError, match="target='churn' is not a column of the table; did you mean 'churned'"
    ):
        evaluate(real, fresh, target="churn")
    with pytest.raises(OptionError, match="target='id' is a column of kind identifier, which can"):
        evaluate(real, fresh, target="id")
    with pytest.raises(OptionError, match="target='one' can't be predicted: it needs two distinct"):
        evaluate(real.assign(one=1), fresh.assign(one=1), target="one")


def test_a_schema_decides(real: pd.DataFrame, fresh: pd.DataFrame) -> None:
    found = evaluate(real, fresh, schema={"age": "categorical"})
    assert {c.name: c.kind for c in found.fidelity.columns}["age"] == "categorical"
    with pytest.raises(SchemaError, match="Column 'ages' is not in the table"):
        evaluate(real, fresh, schema={"ages": "integer"})


@pytest.mark.parametrize("scale", [1e39, 1e300])
def test_numbers_beyond_32_bits(scale):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=60) * scale, "y": rng.normal(size=60)})
    found = evaluate(table, table)
    assert found.fidelity.shape_error.value == 0


def test_a_column_of_numbers_that_is_empty_in_one_table():
    rng = np.random.default_rng(0)
    real = pd.DataFrame({"x": np.full(60, np.nan), "y": rng.normal(size=60)})
    drawn = pd.DataFrame({"x": rng.normal(size=60) - 9, "y": rng.normal(size=60)})
    assert evaluate(real, drawn).verdict.grade == "poor"
    assert evaluate(drawn, real).verdict.grade == "poor"
