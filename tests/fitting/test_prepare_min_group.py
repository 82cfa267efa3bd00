"""No value that only a few rows hold is in a model, or in what is drawn from it."""

import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from tabgan import DataError, OptionError, TabGAN, TabTrees, infer_schema
from tabgan.constraints import FixedCombinations, Range, Unique
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import prepare, small_table_note
from tabgan.table.columns import frame_of
from tabgan.table.schema import Schema

ROWS = 600
FAST = {"steps": 2, "hidden_dim": 8, "latent_dim": 4, "refine": False, "polish": False}


def fit(table: pd.DataFrame, **options: Any) -> TabGAN:
    return TabGAN(**(FAST | {"verbose": False, "random_state": 0} | options)).fit(table)


def values_of(gan: TabGAN, path: Any) -> tuple[set[float], str]:
    """Return the numbers of a model file, of its JSON and of its tensors, and its JSON as text."""
    gan.save(path)
    numbers: set[float] = set()
    with safe_open(path, "np") as file:
        texts = [*file.metadata().values()]
        for key in file.keys():  # noqa: SIM118
            numbers |= set(np.asarray(file.get_tensor(key), np.float64).ravel().tolist())

    together = "\n".join(texts)
    number = r"(?<!\w)-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?!\w)"  # no digits of the checksum
    numbers |= {float(text) for text in re.findall(number, together)}
    return numbers, together


def made_table(seed: int, n: int = ROWS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    state = rng.choice(["AL", "BE", "CA", "DK"], n, p=[0.5, 0.3, 0.15, 0.05])
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 10**8, n), unit="s")
    net, tax = rng.integers(100, 99_999, n), rng.integers(1, 2_000, n)
    table = pd.DataFrame(
        {
            "income": rng.lognormal(10, 1, n),
            "state": state,
            "code": pd.Series(state).map({"AL": 11, "BE": 22, "CA": 33, "DK": 44}),
            "start": days,
            "end": days + pd.to_timedelta(rng.integers(1, 10**6, n), unit="s"),
            "net": net,
            "tax": tax,
            "gross": net + tax,
        }
    )
    rare = {
        "income": 1_234_567_891.5,
        "state": "the one and only",
        "code": 987_651,
        "start": pd.Timestamp("1931-02-03 04:05:06"),
        "gross": int(table.loc[0, "gross"]),
    }
    for row, (name, value) in enumerate(rare.items()):
        table.loc[row if name not in ("state", "code") else 50, name] = value
    table.loc[0, "gross"] = table.loc[0, "net"] + table.loc[0, "tax"]
    table.loc[4, "net"] = 77_777_777
    table["gross"] = table["net"] + table["tax"]
    return table


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return made_table(0)


@pytest.fixture(scope="module")
def gan(table) -> TabGAN:
    return fit(table)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 1000))
def test_no_extreme_and_no_rare_level_is_stored_or_drawn(tmp_path_factory, seed):
    table = made_table(seed)
    gan = fit(table, random_state=seed)
    numbers, text = values_of(gan, tmp_path_factory.mktemp("model") / "m")
    sample = gan.sample(20_000)
    assert "the one and only" not in text
    assert "1931-02-03" not in text
    assert set(sample["state"]) == {"AL", "BE", "CA", "DK"}
    for name in ("income", "net", "gross"):
        extremes = {float(table[name].min()), float(table[name].max())}
        single = {v for v in extremes if (table[name] == v).sum() == 1}
        assert not single & numbers, name
        assert not single & set(sample[name]), name
    assert sample["income"].max() < 10**7
    for name in ("start", "end"):
        assert table[name].min() < sample[name].min()
        assert sample[name].max() < table[name].max()


def test_no_knot_is_a_row_of_its_own(table, gan, tmp_path):
    numbers, _ = values_of(gan, tmp_path / "m")
    scaled = np.ldexp(table["income"].to_numpy(), -np.arange(-40, 41)[:, None]).ravel()
    assert not numbers & set(scaled.tolist())
    assert not set(gan.sample(20_000)["income"]) & set(table["income"])


def test_rules_hold_in_every_row(gan):
    sample = gan.sample(20_000)
    rules = [rule.describe() for rule in gan.dependencies_]
    assert "'net' + 'tax' = 'gross'" in rules
    assert "'state' determines 'code'" in rules
    assert (sample["net"] + sample["tax"] == sample["gross"]).all()
    assert (sample["start"] <= sample["end"]).all()
    codes = {"AL": 11, "BE": 22, "CA": 33, "DK": 44}
    assert (sample["state"].map(codes) == sample["code"]).all()


def test_what_was_folded_is_counted(table, gan):
    assert gan.schema_["state"].folded == gan.schema_["code"].folded == 1
    assert gan.schema_["income"].folded is None
    for column in gan.schema_:
        assert column.min_group == 5
        if column.kind != "categorical":
            assert str(table[column.name].max()) not in column.why


def test_a_folded_level_that_is_asked_for(gan):
    with pytest.raises(OptionError) as caught:
        gan.sample(5, where="state == 'the one and only'")
    assert str(caught.value).startswith(
        "where: column 'state' never has the value 'the one and only' in the model; 1 of its "
        "levels, which fewer than about 5 rows of the training table hold, are not kept: "
        "fit again with min_group=1, also of this column alone in a schema, to keep them; "
    )
    with pytest.raises(OptionError, match="but for the outermost rows of the training table"):
        gan.sample(5, where={"income": (10**9, None)})


def test_a_model_comes_back_from_its_file(gan, tmp_path):
    gan.save(tmp_path / "m")
    loaded = TabGAN.load(tmp_path / "m")
    assert loaded.schema_ == gan.schema_
    assert loaded.min_group == 5
    pd.testing.assert_frame_equal(loaded.sample(50, random_state=1), gan.sample(50, random_state=1))


class TestOff:
    def test_the_table_is_learned_as_it_is(self, table, tmp_path):
        gan = fit(table, min_group=1)
        assert gan.schema_ == infer_schema(table)
        numbers, text = values_of(gan, tmp_path / "m")
        assert "the one and only" in text
        assert float(table["income"].max()) in numbers

    def test_a_column_that_keeps_its_values(self, table):
        state = {**infer_schema(table)["state"].to_json(), "min_group": 1}
        schema = infer_schema(table).with_column(type(infer_schema(table)["state"])(**state))
        gan = fit(table, schema=Schema.from_json(schema.to_json()))
        assert "the one and only" in gan.conditions_ or gan.schema_["state"].folded is None
        assert gan.schema_["state"].min_group == 1
        assert len(gan.sample(3, where={"state": "the one and only"})) == 3
        assert gan.sample(5000)["income"].max() < 10**7

    def test_categories_and_truth_values_are_declared(self):
        rng = np.random.default_rng(0)
        table = pd.DataFrame({"x": rng.normal(size=200)})
        table["size"] = pd.Categorical(["S", "M"] * 99 + ["XL", "L"], ["S", "M", "L", "XL", "XXL"])
        table["flag"] = [True, True] + [False] * 198
        assert fit(table, condition_on="flag").conditions_["flag"] == [False, True]
        gan = fit(table, condition_on="size")
        assert gan.conditions_["size"] == ["S", "M", "L", "XL"]
        assert gan.sample(5).dtypes.equals(table.dtypes)


def test_strength(table):
    common = table.assign(kind=(["u", "v"] * ROWS)[: ROWS - 10] + ["w"] * 10)
    assert "w" in set(fit(common, min_group=5, condition_on="kind").conditions_["kind"])
    assert "w" not in set(fit(common, min_group=20, condition_on="kind").conditions_["kind"])
    wide, narrow = (fit(common, min_group=k).schema_["income"].maximum for k in (2, 50))
    assert narrow < wide < 10**7


def test_the_levels_of_a_column_without_frequent_ones_are_generated(table, tmp_path):
    names = table.assign(boss=[f"{'ABCDEF'[i % 6]}{i % 150}" for i in range(ROWS)])
    gan = fit(names, schema={"boss": "categorical"}, min_group=10)
    assert gan.schema_["boss"].kind == "categorical"
    assert gan.schema_["boss"].folded == 150
    sample = gan.sample(2000)
    assert not set(sample["boss"]) & set(names["boss"])
    assert 75 < sample["boss"].nunique() <= 150
    _, text = values_of(gan, tmp_path / "m")
    assert not any(f'"{name}"' in text for name in names["boss"])


def test_one_that_a_condition_looks_at_is_refused(table):
    names = table.assign(boss=[f"boss {i % 150}" for i in range(ROWS)])
    with pytest.raises(DataError, match="no value has min_group=10 rows, so that none is"):
        fit(names, schema={"boss": "categorical"}, min_group=10, condition_on="boss")


def test_one_that_can_not_be_made_anew():
    table = pd.DataFrame({"x": np.random.default_rng(0).normal(size=50), "n": [1, 2] * 25})
    with pytest.raises(DataError) as caught:
        fit(table, schema={"x": "categorical"})
    assert str(caught.value) == (
        "Column 'x': no value has min_group=5 rows, so that none is stored and none can be "
        "generated; drop the column, declare another kind, or keep its values with min_group=1"
    )
    assert len(fit(table, schema={"x": "categorical"}, min_group=1).sample(5)) == 5


class TestSmallTables:
    @pytest.mark.parametrize("rows", [8, 12, 20, 40])
    def test_they_are_learned_within_their_ends(self, rows):
        rng = np.random.default_rng(rows)
        table = pd.DataFrame(
            {
                "x": rng.normal(size=rows),
                "n": rng.integers(0, 10**6, rows),
                "t": pd.date_range("2024-01-01", periods=rows, freq="7h"),
                "w": [f"word {i}" for i in range(rows)],
                "hole": pd.Series(rng.normal(size=rows)).where(np.arange(rows) % 2 > 0),
            }
        )
        sample = fit(table).sample(200)
        assert sample.dtypes.equals(table.dtypes)
        for name in ("x", "n", "t", "hole"):
            assert sample[name].dropna().between(table[name].min(), table[name].max()).all()
            assert not set(sample[name].dropna()) & {table[name].min(), table[name].max()}
        assert not set(sample["w"]) & set(table["w"])
        assert sample["hole"].isna().any()

    @pytest.mark.parametrize("rows", [10, 20, 50, 100])
    def test_nothing_becomes_constant_and_no_row_is_copied(self, rows):
        table = small_table(rows)
        sample = fit(table).sample(300)
        assert (sample.nunique() > 1).all()
        assert sample.dtypes.equals(table.dtypes)
        assert not sample.merge(table).shape[0]
        for name in ("pay", "age", "since"):
            numbers = pd.to_numeric(sample[name]), pd.to_numeric(table[name])
            assert numbers[0].std() > 0.15 * numbers[1].std()
            low, high = numbers[1].min(), numbers[1].max()
            reach = (high - low) / 2 if rows >= 100 else 0  # of fitted tails
            assert numbers[0].between(low - reach, high + reach).all()

    @pytest.mark.parametrize("seed", range(5))
    def test_a_rare_level_is_not_kept_beside_one_that_just_is(self, seed):
        table = pd.DataFrame({"x": ["a"] * 5 + ["secret"], "y": range(6)})
        assert "secret" not in set(fit(table, random_state=seed).sample(50)["x"])

    def test_a_note(self):
        assert small_table_note(50, 5) is None
        assert small_table_note(10, 1) is None
        assert small_table_note(10, 5) == (
            "10 rows are few to learn from and to protect: numbers are sampled between the 5 "
            "outermost rows, and rarer values are not stored; --min-group 1 keeps all"
        )


def small_table(rows: int) -> pd.DataFrame:
    """Return a table of few rows with columns of several kinds."""
    rng = np.random.default_rng(rows)
    return pd.DataFrame(
        {
            "pay": rng.integers(20_000, 90_000, rows),
            "age": rng.integers(20, 65, rows),
            "grade": rng.choice([1, 2, 3, 4], rows),
            "rate": rng.normal(3, 1, rows).round(2),
            "since": pd.Timestamp("2015-01-01") + pd.to_timedelta(rng.integers(0, 3000, rows), "D"),
            "team": rng.choice(["red", "green", "blue"], rows),
            "town": rng.choice([f"Town{c}" for c in "abcdefgh"], rows),
            "flag": rng.random(rows) < 0.5,
        }
    )


SECRETS = ("Xanthippe Q", "XQ-77.1", "see the file of Mr X")


@pytest.mark.parametrize("rows", [12, 60, 900])
def test_no_secret_of_one_row_is_in_the_file_or_in_a_sample(rows, tmp_path):
    rng = np.random.default_rng(rows)
    table = pd.DataFrame(
        {
            "town": rng.choice(["Ulm", "Bern"], rows),
            "code": [f"{'AB'[i % 2]}{i % (rows // 3):02d}.{i % 3}" for i in range(rows)],
            "note": pd.Series(rng.integers(0, 10**6, rows), dtype=object),
            "price": rng.lognormal(8, 1, rows).round(2),
        }
    )
    table["weight"] = table["code"].map({c: 1000 + 7 * i for i, c in enumerate(table["code"])})
    table.loc[3, ["town", "code", "note"]] = SECRETS
    table.loc[3, ["price", "weight"]] = 87_654_321.25, 76_543_211
    gan = fit(table)
    numbers, text = values_of(gan, tmp_path / "m")
    sample = gan.sample(2000)
    written = sample.to_csv()
    for secret in SECRETS:
        assert secret not in text
        assert secret not in written
    assert not {87_654_321.25, 76_543_211.0} & numbers
    assert sample["price"].max() < 10**6
    assert sample["weight"].max() < 10**6


class TestRules:
    def test_a_declared_range_stays_declared(self, table):
        gan = fit(table, constraints=[Range("income", 0, 10**10)])
        assert gan.constraints_[0].maximum == 10**10
        assert gan.sample(5000)["income"].between(0, 10**7).all()

    def test_rare_combinations_are_not_kept(self):
        rng = np.random.default_rng(0)
        city = rng.choice(["Bern", "Wien", "Ulm"], 400)
        table = pd.DataFrame({"city": city, "x": rng.normal(size=400)})
        table["land"] = table["city"].map({"Bern": "CH", "Wien": "AT", "Ulm": "DE"})
        table.loc[7, "land"] = "DE" if table.loc[7, "city"] != "Ulm" else "AT"
        gan = fit(table, constraints=[FixedCombinations(["city", "land"])])
        (rule,) = gan.constraints_
        assert set(rule.combinations) == {("Bern", "CH"), ("Wien", "AT"), ("Ulm", "DE")}
        assert rule.check(gan.sample(2000), gan.schema_).all()

    def test_combinations_of_conditions(self):
        table = pd.DataFrame({"a": ["x", "y"] * 150, "b": ["u", "v"] * 150, "c": range(300)})
        table.loc[0, "b"] = "v"
        gan = fit(table, condition_on=["a", "b"])
        with pytest.raises(OptionError, match="no row of the training table has these values"):
            gan.sample(5, where={"a": "x", "b": "v"})

    def test_unique_keys(self, table):
        keyed = table.assign(key=[f"K-{i:04d}" for i in range(ROWS)])
        gan = fit(keyed, constraints=[Unique("key")])
        assert gan.sample(1000)["key"].is_unique


def test_a_schema_of_a_fit_can_be_given_back(table, gan):
    again = fit(table, schema=gan.schema_)
    assert again.schema_["income"].maximum == gan.schema_["income"].maximum


def test_holes_of_the_table_itself_are_filled(table, gan):
    holed = table.mask(np.random.default_rng(0).random(table.shape) < 0.05)
    filled = gan.impute(holed)
    assert filled.notna().all().all()
    assert filled.loc[50, "state"] in ("the one and only", "AL", "BE", "CA", "DK")


@pytest.mark.parametrize("value", [0, -1, 2.5, "5", True, None])
def test_what_it_can_not_be(value, table):
    with pytest.raises(OptionError, match="min_group"):
        fit(table, min_group=value)


@pytest.fixture(scope="module")
def shops() -> pd.DataFrame:
    """Return a table whose towns, most of few rows, determine a region and a height."""
    rng = np.random.default_rng(0)
    places = rng.permutation(8**4)[:150]
    towns = [f"Town{''.join('abcdefgh'[p // 8**i % 8] for i in range(4))}" for p in places]
    town = rng.permutation([*rng.choice(["Ulm", "Bern", "Linz"], 1600), *towns, *towns, *towns])
    region = dict(zip(["Ulm", "Bern", "Linz", *towns], ["DE", "CH", "AT"] * 51, strict=True))
    height = {name: 2017 + 30 * i for i, name in enumerate(region)}
    table = pd.DataFrame({"town": town, "x": rng.normal(size=len(town))})
    return table.assign(region=table["town"].map(region), height=table["town"].map(height))


class TestHierarchies:
    """A column with a long tail determines others."""

    @pytest.mark.parametrize(
        "columns", [["town", "x", "region"], ["town", "x", "region", "height"]]
    )
    def test_each_generated_level_has_one_parent(self, shops, columns):
        shops = shops[columns]
        preparation = prepare(shops, FitOptions.of(TabGAN()), 0)
        learned = frame_of(preparation.table, preparation.schema)
        rules = [rule.describe() for rule in preparation.encoder.dependencies]
        assert set(learned["town"]) & {*shops["town"]} == {"Ulm", "Bern", "Linz"}
        assert learned["town"].nunique() == 153
        assert (learned["region"] == shops["region"]).all()
        assert "'town' determines 'region'" in rules
        for name in columns[2:]:
            assert (learned.groupby("town")[name].nunique() == 1).all()

    def test_a_number_of_few_rows_is_kept_by_no_rule(self, shops, tmp_path):
        gan = fit(shops)
        numbers, text = values_of(gan, tmp_path / "m")
        sample = gan.sample(2000)
        counts = shops["height"].value_counts()
        assert not {*counts.index[counts < 5]} & numbers
        assert not set(sample["town"]) & {*shops["town"]} - {"Ulm", "Bern", "Linz"}
        assert not [name for name in shops["town"].unique() if name[:4] == "Town" and name in text]
        assert (sample.groupby("town")[["region", "height"]].nunique() == 1).all(axis=None)


def test_a_long_tail_is_made_up_where_frequent_levels_stand_with_others_of_their_own():
    owners, trades = (
        ["Alder", "Birch", "Cedar", "Dune", "Elm", "Fir", "Gale", "Hill"],
        ["Foods", "Steel", "Labs"],
    )
    firms = [
        f"{owner} {trade} {number}" for owner in owners for trade in trades for number in "12345"
    ]
    table = pd.DataFrame({"firm": ["Big Bank"] * 50 + ["Sport Art"] * 30 + firms})
    own = {"Big Bank": "Fairbanks", "Sport Art": "Aston"}
    others = np.random.default_rng(0).choice(["Miami", "Reno", "Boise"], len(table)).tolist()
    table["city"] = [own.get(*pair) for pair in zip(table["firm"], others, strict=True)]
    schema = {"firm": "categorical"}
    drawn = TabTrees(schema=schema, verbose=False, random_state=0).fit(table).sample(1000)
    assert drawn["firm"].nunique() > 40
    assert not {*drawn["firm"]} & {*firms}
    shares = [frame["city"].value_counts(normalize=True) for frame in (table, drawn)]
    assert (shares[0] - shares[1]).abs().max() < 0.07
    assert (drawn["firm"].map(own).dropna() == drawn["city"][drawn["firm"].isin(own)]).all()


def test_numbers_and_dates_that_only_a_few_rows_have_are_not_drawn():
    n = 120
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.integers(20, 80, n), "died": None, "fee": np.nan})
    table["died"] = table["died"].astype(object)
    table["left"] = pd.Series(pd.NaT, index=table.index, dtype="datetime64[ns]")
    table.loc[[3, 50], "died"] = ["1976-07-25", "2004-03-21"]
    table.loc[[7, 9, 11], "fee"] = [123.45, 777.25, 90.5]
    table.loc[[4, 14], "left"] = [pd.Timestamp("1999-04-05"), pd.Timestamp("2001-04-05")]
    gan = TabGAN(steps=3, hidden_dim=8, verbose=False, random_state=0).fit(table)
    drawn = gan.sample(500)
    assert (drawn.dtypes == table.dtypes).all()
    assert drawn[["died", "fee", "left"]].isna().all(axis=None)
    assert "fewer than 5 rows" in gan.schema_["fee"].why
    assert gan.schema_["left"].minimum is None
    kept = TabGAN(steps=3, hidden_dim=8, verbose=False, random_state=0, min_group=1).fit(table)
    assert kept.sample(500)["fee"].notna().any()
