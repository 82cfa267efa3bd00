import json

import numpy as np
import pandas as pd
import pytest

from tabgan import ForeignKey, Relations, TableFileError
from tabgan.relations.evaluate_database import (
    DatabaseEvaluation,
    DatabaseFigure,
    evaluate_database,
)

RELATIONS = Relations(
    {"users": ("id",)},
    (ForeignKey("visits", ("user_id",), "users", ("id",)),),
    orders={"visits": "day"},
)


def made(seed=0, n=200):
    rng = np.random.default_rng(seed)
    users = pd.DataFrame({"id": np.arange(n), "age": rng.integers(20, 70, n)})
    own = np.repeat(np.arange(n), rng.integers(1, 5, n))
    level = rng.normal(0, 1, n)[own] + users["age"].to_numpy()[own] / 10
    level += rng.normal(0, 0.5, len(own))
    day = pd.Series(pd.to_timedelta(rng.integers(1, 30, len(own)), unit="D")).groupby(own).cumsum()
    visits = pd.DataFrame(
        {"user_id": own, "day": pd.Timestamp("2020-01-01") + day, "spent": level.round(2)}
    )
    return {"users": users, "visits": visits}


@pytest.fixture(scope="module")
def good():
    return evaluate_database(made(), made(1), RELATIONS)


def value(evaluation, measure):
    return evaluation.mean(measure)


def test_another_sample_is_as_good_as_halves(good):
    assert value(good, "integrity") == value(good, "uniqueness") == 100
    assert value(good, "cardinality error") < 10
    assert value(good, "trend error 1 hop") < 5
    assert value(good, "detection with parents") > 0.8
    assert value(good, "detection with children") > 0.8
    assert value(good, "detection with the row before") > 0.8
    assert value(good, "gap error") < 10
    halves = [own.halves for own in good.figures if own.measure == "trend error 1 hop"]
    assert 0 < halves[0] < 10


def shops(seed, n=150):
    """Make orders with a day and a rate, and items that are sent later and cost by the rate."""
    rng = np.random.default_rng(seed)
    day = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 600, n), unit="D")
    orders = pd.DataFrame({"id": np.arange(n), "ordered": day, "rate": rng.integers(2, 60, n)})
    own = np.repeat(np.arange(n), rng.integers(1, 5, n))
    sent = pd.Series(day[own]) + pd.to_timedelta(rng.integers(0, 40, len(own)), unit="D")
    hours = rng.integers(1, 30, len(own))
    items = {"order": own, "sent": sent, "hours": hours, "cost": hours * orders["rate"].values[own]}
    return {"orders": orders, "items": pd.DataFrame(items)}


def test_rules_across_tables():
    keys = Relations({"orders": ("id",)}, (ForeignKey("items", ("order",), "orders", ("id",)),))
    fresh = evaluate_database(shops(0), shops(1), keys)
    assert fresh.verdict.parts["rules"] == 1
    drawn = shops(1)
    rng = np.random.default_rng(0)
    mixed = {name: rng.permutation(drawn["items"][name]) for name in ("sent", "cost")}
    bad = evaluate_database(shops(0), {**drawn, "items": drawn["items"].assign(**mixed)}, keys)
    assert bad.verdict.parts["rules"] == 0
    told = "; ".join(own.told() for own in bad.figures if own.part == "rules")
    assert "'cost' = " in told
    assert "≤ 'sent'" in told


def test_rows_at_the_wrong_parents(good):
    synthetic = made(1)
    visits = synthetic["visits"]
    mixed = visits["user_id"].sample(frac=1, random_state=0).to_numpy()
    bad = evaluate_database(
        made(), {**synthetic, "visits": visits.assign(user_id=mixed)}, RELATIONS
    )
    for measure in ("trend error 1 hop", "autocorrelation error"):
        assert value(bad, measure) > 3 * value(good, measure)
    for measure in ("detection with parents", "detection with the row before"):
        assert value(bad, measure) < value(good, measure) - 0.2
    assert value(bad, "integrity") == 100


def test_broken_keys():
    synthetic = made(1)
    users = synthetic["users"]
    lost = synthetic["visits"].assign(user_id=np.arange(len(synthetic["visits"])))
    twice = users.assign(id=[0, *users["id"][:-1]])
    broken = evaluate_database(made(), {"users": twice, "visits": lost}, RELATIONS)
    assert value(broken, "integrity") < 60
    assert value(broken, "uniqueness") < 100
    assert value(broken, "cardinality error") > 20


def test_the_verdict_names_the_weakest_points_first(good):
    assert good.verdict.grade in ("as good as real", "good")
    assert all(0.6 < score <= 1 for score in good.verdict.parts.values())
    users, visits = made(1).values()
    lost = {"users": users, "visits": visits.assign(user_id=visits["user_id"] + 10_000)}
    bad = evaluate_database(made(), lost, RELATIONS).verdict
    assert bad.grade == "poor"
    assert bad.parts["keys"] == 0
    assert bad.headline.startswith(
        "No stand-in for the real database; weakest: integrity of visits.user_id -> users.id: 0"
    )
    assert [own.score for own in bad.weak_points] == sorted(own.score for own in bad.weak_points)


def test_a_page_holds_all_figures(good, tmp_path):
    path = tmp_path / "page.html"
    good.save_html(path)
    page = path.read_text(encoding="utf-8")
    assert good.verdict.headline in page
    for measure in ("integrity", "cardinality error", "trend error 1 hop", "gap error"):
        assert f"<td>{measure}</td>" in page
    with pytest.raises(TableFileError, match="already exists"):
        good.save_html(path)
    figures = page.partition('id="figures">')[2].partition("</script>")[0]
    assert json.loads(figures)["verdict"]["grade"] == good.verdict.grade


@pytest.mark.parametrize(
    ("figure", "score"),
    [
        (DatabaseFigure("integrity", "a", 95.0, 100.0), 0.5),
        (DatabaseFigure("cardinality error", "a", 15.0, 2.5), 0.5),
        (DatabaseFigure("cardinality error", "a", 1.0, 2.5), 1.0),
        (DatabaseFigure("detection with parents", "a", 0.4, 0.8), 0.5),
        (DatabaseFigure("detection with parents", "a", 0.001, 0.002), np.nan),
        (DatabaseFigure("gap error", "a", np.nan, 2.0), np.nan),
    ],
)
def test_scores_of_figures(figure, score):
    assert figure.score == pytest.approx(score, nan_ok=True)


def test_it_is_shown_and_written(good):
    assert "detection with parents" in str(good)
    assert str(good).startswith(good.verdict.headline)
    assert all(own["value"] is not None for own in good.to_json()["figures"])


def test_of_few_parents_one_child_more_is_a_small_error():
    kinds = pd.DataFrame({"kind_id": range(4)})
    key = ForeignKey("sales", ("kind_id",), "kinds", ("kind_id",))
    real, more, other = (
        {"kinds": kinds, "sales": pd.DataFrame({"kind_id": np.repeat(range(4), counts)})}
        for counts in ([40] * 4, [41] * 4, [100, 40, 15, 5])
    )
    relations = Relations({"kinds": ("kind_id",)}, (key,))
    one = evaluate_database(real, more, relations).mean("cardinality error")
    assert one == pytest.approx(2.5)
    assert evaluate_database(real, other, relations).mean("cardinality error") > 40


def test_numbers_of_children_of_a_reference_table_are_judged_by_their_shares():
    regions = pd.DataFrame({"code": list("abcd"), "tax": [7, 19, 20, 20]})
    clients = pd.DataFrame({"region": np.repeat(list("abcd"), [40, 30, 20, 10])})
    key = ForeignKey("clients", ("region",), "regions", ("code",))
    relations = Relations({"regions": ("code",)}, (key,), references=("regions",))
    tables = {"regions": regions, "clients": clients}
    twice = {"regions": regions, "clients": pd.concat([clients] * 2, ignore_index=True)}
    figures = evaluate_database(tables, twice, relations)
    assert figures.mean("cardinality error") == 0
    (line,) = (line for line in str(figures).splitlines() if line.startswith("cardinality"))
    assert line.split() == ["cardinality", "error", *str(key).split(), "0"]  # no halves


def test_a_sum_of_a_table_and_a_total_of_the_rows_below_are_rules():
    """Numbers may be texts, as files with a fixed number of decimals have them."""
    keys = Relations({"orders": ("id",)}, (ForeignKey("items", ("order",), "orders", ("id",)),))

    def billed(seed):
        drawn = shops(seed)
        total = drawn["items"].groupby("order")["cost"].sum()
        orders = drawn["orders"].assign(total=total, fee=np.arange(150) % 7 + 1)
        orders["due"] = orders["total"] + orders["fee"]
        texts = {name: orders[name].map("{:.2f}".format) for name in ("total", "due")}
        return {**drawn, "orders": orders.assign(**texts)}

    def broken(tables):
        found = evaluate_database(billed(0), tables, keys).figures
        rules = [own for own in found if own.part == "rules"]
        return {own.measure for own in rules if own.value < 50}, {own.measure for own in rules}

    lost, told = broken(billed(1))
    assert not lost
    total = "rows that keep 'total' = 'items.order -> orders.id: sum of cost'"
    assert total in told
    drawn = billed(1)
    mixed = drawn["orders"].assign(total=drawn["orders"]["total"].to_numpy()[::-1])
    lost, _ = broken({**drawn, "orders": mixed})
    assert total in lost
    assert any("'due'" in measure for measure in lost)


def test_a_few_lost_rows_stand_beside_the_best_grade():
    kept = [DatabaseFigure("uniqueness", "users.id", 100.0)]
    best = DatabaseEvaluation((*kept, DatabaseFigure("integrity", "visits → users", 100.0)))
    assert best.verdict.headline.endswith("; nothing stands out.")
    few = DatabaseEvaluation((*kept, DatabaseFigure("integrity", "visits → users", 99.6)))
    assert few.verdict.grade == "as good as real"
    assert ", except: integrity of visits → users: 99.6." in few.verdict.headline
