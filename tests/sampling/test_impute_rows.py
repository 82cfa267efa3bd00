import numpy as np
import pandas as pd
import pytest

from tabgan import NotFittedError, OptionError, SamplingError, SamplingWarning, TabGAN, TabTrees
from tabgan.conditions.parse_request import PartialRows, contradictions
from tabgan.constraints import Custom, FixedCombinations
from tabgan.rules.functional_dependency import FunctionalDependency
from tabgan.table.columns import ColumnRef
from tabgan.table.schema import Column, Schema


@pytest.fixture
def broken(orders) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return orders.mask(rng.random(orders.shape) < 0.2).set_index(np.arange(len(orders)) + 9)


def test_holes_are_filled_and_all_else_is_untouched(broken, fitted):
    before = broken.copy()
    filled = fitted.impute(broken)
    pd.testing.assert_frame_equal(broken, before)
    assert not filled.isna().any().any()
    pd.testing.assert_index_equal(filled.index, broken.index)
    pd.testing.assert_index_equal(filled.columns, broken.columns)
    for name in broken:
        there = broken[name].notna()
        assert (filled.loc[there, name] == broken.loc[there, name]).all()


def test_draws_keep_the_distribution(orders, broken, fitted):
    filled = fitted.impute(broken)
    own = broken["plan"].isna().to_numpy()
    drawn = filled.loc[own, "plan"].value_counts(normalize=True)
    real = orders.loc[own, "plan"].value_counts(normalize=True)
    assert (drawn - real).abs().max() < 0.08
    own = broken["age"].isna().to_numpy()
    assert abs(filled.loc[own, "age"].astype(float).std() - orders.loc[own, "age"].std()) < 3


def test_several_completions_differ(broken, fitted):
    one, two = fitted.impute(broken.head(100), n_imputations=2, random_state=3)
    assert not one.equals(two)
    again = fitted.impute(broken.head(100), n_imputations=2, random_state=3)
    pd.testing.assert_frame_equal(again[1], two)
    pd.testing.assert_frame_equal(fitted.impute(broken.head(100), random_state=3), one)


def test_some_columns_and_new_values(orders, fitted):
    rows = pd.DataFrame({"town": ["Rom", None], "age": [130.0, np.nan], "plan": ["pro", None]})
    filled = fitted.impute(rows)
    assert list(filled.columns) == ["town", "age", "plan"]
    assert filled.loc[0].tolist() == ["Rom", 130.0, "pro"], "kept, though never seen"
    assert filled.loc[1, "town"] in {"Ulm", "Bonn", "Köln"}
    assert filled["age"].dtype == float


def test_made_columns_are_filled_too():
    rng = np.random.default_rng(0)
    n = 500
    table = pd.DataFrame({"key": np.arange(1000, 1000 + n), "x": rng.normal(size=n)})
    table["mail"] = [f"p{i}@corp.test" if i % 3 else None for i in range(n)]
    gan = TabGAN(steps=3, hidden_dim=8, verbose=False, random_state=0).fit(table)
    assert not gan.impute(table).isna().any().any()
    holes = table.astype({"key": "Int64"})
    holes.loc[7, "key"] = None
    filled = gan.impute(holes)
    assert filled["key"].notna().all()
    assert filled["key"].drop(7).tolist() == table["key"].drop(7).tolist()


def test_other_dtypes_than_at_fit():
    rng = np.random.default_rng(0)
    n = 400
    when = pd.Series(pd.date_range("2024-01-01", periods=n, freq="h", tz="Europe/Paris"))
    table = pd.DataFrame({"when": when, "cat": rng.choice(["lo", "hi"], n), "x": rng.random(n)})
    gan = TabGAN(steps=3, hidden_dim=8, verbose=False, random_state=0).fit(table)
    naive = table.assign(when=when.dt.tz_localize(None).where(rng.random(n) > 0.5))
    filled = gan.impute(naive)
    assert filled["when"].dtype == naive["when"].dtype
    there = naive["when"].notna()
    assert (filled.loc[there, "when"] == naive.loc[there, "when"]).all()
    few = table.assign(cat=pd.Categorical(["lo", None] * (n // 2), categories=["lo"]))
    assert set(gan.impute(few)["cat"]) == {"lo", "hi"}


def test_a_full_table_comes_back(orders, fitted):
    whole = orders.dropna()
    filled = fitted.impute(whole)
    pd.testing.assert_frame_equal(filled, whole)
    assert filled is not whole


def test_errors(orders, fitted):
    with pytest.raises(OptionError, match="column 'x' is not in the table"):
        fitted.impute(pd.DataFrame({"x": [None]}))
    with pytest.raises(OptionError, match="n_imputations=0"):
        fitted.impute(orders, n_imputations=0)
    with pytest.raises(NotFittedError):
        TabGAN().impute(orders)


def test_holes_of_identifiers_are_filled_where_no_column_is_learned():
    names = pd.DataFrame({"id": [f"k{i:04d}-{i * 7919 % 1000:03d}" for i in range(60)]})
    gan = TabGAN(steps=1, verbose=False, random_state=0, schema={"id": "identifier"}).fit(names)
    holes = names.mask(np.arange(60)[:, None] % 20 == 5)
    filled = gan.impute(holes)
    assert filled["id"].str.fullmatch(r"k\d{4}-\d{3}").all()
    assert (filled["id"] == names["id"]).sum() == 57


@pytest.fixture(scope="module")
def bills() -> pd.DataFrame:
    """Twelve prices, of which every tenth is missing; each total is price times count."""
    rng = np.random.default_rng(0)
    n = 600
    price, count = 5 + 1.5 * rng.integers(0, 12, n), rng.integers(1, 11, n)
    table = pd.DataFrame({"price": price, "count": count, "total": price * count})
    table.loc[::10, "price"] = None
    return table


@pytest.fixture(scope="module")
def of_bills(bills) -> TabGAN:
    options = {"steps": 20, "hidden_dim": 16, "refine": False, "polish": False, "verbose": False}
    return TabGAN(**options, random_state=0).fit(bills)


def test_a_price_that_is_no_level_is_no_error(of_bills):
    rows = pd.DataFrame({"price": [None, 8.0], "count": [7, 3], "total": [100.0, 24.0]})
    assert of_bills.impute(rows).notna().all(axis=None)
    drawn = of_bills.sample(where=rows)
    assert drawn["total"].tolist() == [100, 24]


def test_drawn_prices_are_levels(bills, of_bills):
    prices = of_bills.sample(4_000)["price"].dropna()
    assert prices.isin(bills["price"]).all()


def test_numbers_that_the_model_never_draws_keep_formulas(bills, of_bills):
    """A total beyond the range of the training table tells the price all the same."""
    rows = pd.DataFrame({"price": [None, 18.5, 40.0], "count": [10, None, 3], "total": 3 * [None]})
    rows["total"] = [360.0, None, None]
    filled = of_bills.impute(rows).astype(float)
    assert np.allclose(filled["price"] * filled["count"], filled["total"])
    assert filled.loc[[0, 2], "count"].tolist() == [10, 3]
    assert (filled["price"][0], filled["total"][0], filled["price"][2]) == (36, 360, 40)


def test_filled_rows_keep_formulas(bills, of_bills):
    filled = of_bills.impute(bills)
    assert np.isclose(filled["price"] * filled["count"], filled["total"]).mean() >= 0.99


@pytest.mark.parametrize("hole", ["a", "b", "s"])
def test_a_sum_tells_its_only_hole_also_beyond_the_range_that_is_kept(hole):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.integers(0, 20, 400), "b": rng.integers(0, 20, 400)})
    table["s"] = table["a"] + table["b"]
    gan = TabGAN(steps=3, hidden_dim=8, verbose=False, random_state=0).fit(table)
    holes = table.astype("Int64")
    holes.loc[::2, hole] = pd.NA
    assert (gan.impute(holes)[hole] == table[hole]).all()


def test_words_among_numbers_are_holes_in_categories_but_values_in_text():
    rng = np.random.default_rng(0)
    n = 200
    table = pd.DataFrame(
        {
            "size": rng.normal(size=n).round(2).astype(str),
            "plan": rng.choice(["pro", "free"], n),
            "note": [f"{'abcde'[i % 5]}x {i} q{rng.integers(999)} end" for i in range(n)],
        }
    )
    for start, name in enumerate(table):
        table.loc[20 * start : 20 * start + 9, name] = "EMPTY"
        table.loc[20 * start + 10 : 20 * start + 19, name] = "None"
    gan = TabGAN(steps=2, hidden_dim=8, refine=False, polish=False, verbose=False, random_state=0)
    filled = gan.fit(table).impute(table)
    schema = {column.name: column for column in gan.schema_}
    assert schema["note"].is_generated
    assert not filled.isin(["None"]).any(axis=None)
    assert (filled == "EMPTY").sum().to_dict() == {"size": 0, "plan": 0, "note": 10}
    assert filled.loc[60:].equals(table.loc[60:])


@pytest.fixture(scope="module")
def stays() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    start = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 500, 400), "D")
    low = rng.gamma(3, 20, 400).round(1)
    frame = {
        "start": start,
        "end": start + pd.to_timedelta(rng.integers(1, 30, 400), "D"),
        "low": low,
        "high": (low + 0.1 + rng.exponential(10, 400)).round(1),
    }
    return pd.DataFrame(frame)


@pytest.fixture(scope="module")
def of_stays(stays) -> TabTrees:
    return TabTrees(refine=False, random_state=0).fit(stays)


def test_values_beyond_the_range_leave_the_order(stays, of_stays):
    early, late = stays["start"].min(), stays["end"].max() + pd.Timedelta("300D")
    least, most = stays["low"].min(), stays["high"].max()
    told = {
        "start": [late, late, None, early - pd.Timedelta("90D")] * 20,
        "end": [None, None, early, None] * 20,
        "low": [None, 1.5 * most + 0.04, most, None] * 20,
        "high": [least, None, None, 0.5] * 20,
    }
    frame = pd.DataFrame(told).astype({"start": "M8[us]", "end": "M8[us]"})
    filled = of_stays.impute(frame, random_state=1)
    assert filled.notna().all(axis=None)
    days = (filled["end"] - filled["start"]).dt.days
    assert days.between(1, 29).all()  # the distance is one of the table's
    assert days.nunique() > 5
    assert (filled["low"] <= filled["high"]).all()
    for name in frame:
        kept = frame[name].notna()
        assert (filled[name][kept] == frame[name][kept]).all()


def test_cells_that_break_a_rule_are_warned_of(stays, of_stays):
    frame = stays[:8].assign(low=None)
    frame.loc[[1, 2, 3, 4, 5, 6], "start"] = pd.Timestamp("2024-02-01")
    frame.loc[[1, 2, 3, 4, 5, 6], "end"] = pd.Timestamp("2023-02-01")
    message = (
        r"^impute: rows 1, 2, 3, 4, 5 and 1 more: the cells that are there break the rule that "
        r"'start' ≤ 'end', and stay as they are; correct one of them, or empty it to have it drawn$"
    )
    with pytest.warns(SamplingWarning, match=message) as caught:
        filled = of_stays.impute(frame, random_state=0)
    assert caught[0].filename == __file__
    assert filled["end"].tolist() == frame["end"].tolist()


def test_partial_rows_that_break_a_rule_are_refused(of_stays):
    first, later = pd.Timestamp("2023-02-01"), pd.Timestamp("2024-02-01")
    frame = pd.DataFrame({"start": [first, later, first], "end": [later, first, None]})
    message = (
        r"^where: row 1: these cells break the rule that 'start' ≤ 'end'; change one of them, or "
        r"leave it empty to have it drawn$"
    )
    with pytest.raises(SamplingError, match=message):
        of_stays.sample(where=frame)
    assert len(of_stays.sample(where=frame[::2], random_state=0)) == 2


def test_what_a_level_determines_is_checked_where_the_level_is_known():
    schema = Schema(
        (Column("city", "categorical", "object"), Column("state", "categorical", "object"))
    )
    frame = pd.DataFrame({"city": ["Ulm", "Ulm", "Ulm", "Bonn"], "state": ["BW", "BW", "NW", "BW"]})
    places = [ColumnRef(at, column) for at, column in enumerate(schema)]
    rule = FunctionalDependency(*places, ("Ulm",), ("BW", "NW"), (0,))
    given = np.array([[True, True], [True, False], [True, True], [True, True]])
    rows = PartialRows({at: frame.iloc[:, at] for at in (0, 1)}, given)
    told = list(contradictions(rows, schema, [rule]))
    assert told == [("'city' determines 'state'", [2])]
    assert list(contradictions(rows, schema, [rule], [FixedCombinations(["city", "state"])])) == []
    assert list(contradictions(rows, schema, [rule], [Custom("a city", len)])) == []


def test_a_formula_with_exceptions_tells_nothing_beyond_the_range():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.uniform(1, 900, 300).round(2)})
    table["b"] = rng.uniform(1, 400, 300).round(2)
    table["total"] = (table["a"] + table["b"]).round(2)
    table.loc[7, "total"] = 0.0
    model = TabGAN(steps=2, hidden_dim=8, refine=False, polish=False, verbose=False).fit(table)
    assert [rule.describe() for rule in model.dependencies_] == [
        "'total' = a + b in 99.67 % of rows"
    ]
    holes = table.head(9).assign(b=np.nan)
    filled = model.impute(holes)
    assert filled["b"].between(1, 400).all()
    kept = table.head(9).index != 7
    np.testing.assert_allclose(filled["b"][kept], table["b"].head(9)[kept], atol=0.006)
