import numpy as np
import pandas as pd
import pytest
import torch

from tabgan import OptionError, SamplingError, SamplingWarning, TabGAN, TabTrees


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"plan": "pro"}, lambda f: f["plan"] == "pro"),
        ({"plan": ["pro", "basic"], "active": True}, lambda f: f["active"] & (f["rank"] > 1)),
        ({"rank": 3}, lambda f: f["plan"] == "pro"),
        ({"age": (70, None)}, lambda f: f["age"] >= 70),
        ({"age": (30, 40), "town": None}, lambda f: f["age"].between(30, 40) & f["town"].isna()),
        ({"sent": ("2024-06-01", "2024-06-30")}, lambda f: f["sent"].dt.month == 6),
        ({"gross": (150, None)}, lambda f: f["gross"] >= 150),
        ({"score": None}, lambda f: f["score"].isna()),
        ("plan >= basic and score is not missing", lambda f: f["score"].notna() & (f["rank"] > 1)),
        ("town != Ulm and 20 <= age < 25", lambda f: (f["town"] != "Ulm") & (f["age"] < 25)),
    ],
)
def test_every_row_meets_the_condition_and_the_rules(orders, fitted, check_rules, where, holds):
    rows = fitted.sample(300, where=where)
    assert len(rows) == 300
    assert holds(rows).all()
    check_rules(rows)
    pd.testing.assert_series_equal(rows.dtypes, orders.dtypes)
    pd.testing.assert_index_equal(rows.index, pd.RangeIndex(300), exact=True)
    assert rows["id"].is_unique


def test_rows_are_like_the_tables_rows_that_meet_it(orders):
    # a GAN of a few steps learns this too roughly to tell: .1 off on some machines
    trees = TabTrees(min_group=1, verbose=False, random_state=0)
    trees.fit(orders[["plan", "rank", "net", "active"]])
    rows, real = trees.sample(3000, where={"plan": "pro"}), orders[orders["plan"] == "pro"]
    assert abs(rows["active"].mean() - real["active"].mean()) < 0.1
    assert abs(rows["net"].mean() - real["net"].mean()) < 25


@pytest.mark.slow
def test_the_same_seed_gives_the_same_rows(fitted):
    where = {"plan": "pro", "age": (40, None)}
    many = fitted.sample(3000, where=where, random_state=5)
    pd.testing.assert_frame_equal(fitted.sample(40, where=where, random_state=5), many.iloc[:40])
    parts = list(fitted.sample_blocks(3000, where=where, random_state=5))
    assert len(parts) > 1
    pd.testing.assert_frame_equal(pd.concat(parts), many)
    assert not fitted.sample(3000, where=where, random_state=6).equals(many)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2 if before == 1 else 1)
        again = fitted.sample(3000, where=where, random_state=5)
    finally:
        torch.set_num_threads(before)
    pd.testing.assert_frame_equal(again, many)


def test_no_rows_have_the_dtypes(orders, fitted):
    for where in ({"plan": "pro"}, {"plan": "pro", "age": 79, "town": None, "score": None}):
        none = fitted.sample(0, where=where)
        assert len(none) == 0
        pd.testing.assert_series_equal(none.dtypes, orders.dtypes)


def test_a_file_draws_the_same_rows(fitted, tmp_path):
    fitted.save(tmp_path / "m.safetensors")
    where = "plan == pro and age > 60"
    pd.testing.assert_frame_equal(
        TabGAN.load(tmp_path / "m.safetensors").sample(50, where=where),
        fitted.sample(50, where=where),
    )


class TestRare:
    def test_rows_are_put_together(self, orders, fitted, check_rules):
        where = {"plan": "pro", "age": (79, None), "town": None, "active": False}
        assert len(orders.query("plan == 'pro' and age >= 79 and town.isna() and not active")) < 3
        rows = fitted.sample(1500, where=where)
        assert len(rows) == 1500
        assert (rows["plan"] == "pro").all()
        assert (rows["age"] == 79).all()
        assert rows["town"].isna().all()
        assert not rows["active"].any()
        check_rules(rows)
        assert rows["id"].is_unique
        pd.testing.assert_series_equal(rows.dtypes, orders.dtypes)
        pd.testing.assert_frame_equal(fitted.sample(20, where=where), rows.iloc[:20])

    def test_what_no_drawn_row_meets_comes_with_a_warning(self, fitted):
        where = {"gross": (230, None), "age": 18, "town": "Ulm", "active": False}
        with pytest.warns(SamplingWarning, match="none of 32768 rows that were drawn on trial"):
            rows = fitted.sample(20, where=where)
        assert (rows["age"] == 18).all()
        assert (rows["gross"] >= 230).all()
        assert np.allclose(rows["net"] + rows["tax"], rows["gross"])

    @pytest.mark.filterwarnings("ignore::tabgan.SamplingWarning")
    def test_what_breaks_a_rule_is_refused(self, fitted):
        with pytest.raises(SamplingError) as caught:
            fitted.sample(5, where={"plan": "pro", "rank": 1})
        assert str(caught.value) == (
            "where: plan == 'pro' and rank == 1: no row was found that has this and keeps the rule "
            "that 'plan' determines 'rank'; ask for less"
        )


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"pln": "pro"}, "where: column 'pln' is not in the table; did you mean 'plan'?"),
        (
            {"plan": "prol"},
            "where: column 'plan' never has the value 'prol' in the training table; did you mean "
            "'pro'?",
        ),
        (
            {"age": (90, None)},
            "where: column 'age' is from 18 to 79 in the training table, so that no row meets "
            "age >= 90; ask for values in this range",
        ),
        (
            {"id": "K-00001"},
            "where: column 'id' is of kind 'identifier': its values are generated, so a "
            "condition can only test whether it is missing (None, 'is missing') or not; leave "
            "it out",
        ),
        (
            5,
            "where=5 must be a mapping from columns to values, as in {'id': …}, or "
            "text, as in 'id is not missing'",
        ),
    ],
)
def test_what_can_not_be_asked_for(fitted, where, message):
    with pytest.raises(OptionError) as caught:
        fitted.sample(5, where=where)
    assert str(caught.value) == message


def test_identifiers_can_be_asked_to_be_there():
    rng = np.random.default_rng(0)
    keys = [f"A{i:04d}" if i % 4 else None for i in range(600)]
    table = pd.DataFrame({"key": pd.Series(keys, dtype=object), "x": rng.normal(size=600)})
    gan = TabGAN(
        steps=2, hidden_dim=8, schema={"key": "identifier"}, verbose=False, random_state=0
    ).fit(table)
    there = gan.sample(9000, where="key is not missing and x > 0")
    assert there["key"].notna().all()
    assert there["key"].is_unique
    assert gan.sample(50, where={"key": None})["key"].isna().all()
