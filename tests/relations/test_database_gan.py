import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tabgan import DatabaseGAN, DataError, ModelFileError, NotFittedError, OptionError
from tabgan.estimator import TabTrees
from tabgan.relations.relations import ForeignKey, Relations


def test_every_key_holds(drawn, shop_relations):
    shop_relations.check(drawn)  # integrity and uniqueness


def test_tables_columns_and_dtypes_are_the_same(drawn, shop):
    assert [*drawn] == [*shop]
    for name, frame in shop.items():
        assert [*drawn[name].columns] == [*frame.columns]
        assert drawn[name].dtypes.to_dict() == frame.dtypes.to_dict()
    assert len(drawn["customers"]) == len(shop["customers"])
    assert len(drawn["orders"]) == pytest.approx(len(shop["orders"]), rel=0.05)
    assert drawn["empty"].empty


@pytest.mark.parametrize(
    ("table", "key"),
    [("staff", "id"), ("customers", "customer_no"), ("products", "id"), ("refunds", "refund_id")],
)
def test_keys_are_new_and_of_the_same_form(drawn, shop, table, key):
    assert not set(drawn[table][key]) & set(shop[table][key])
    if table == "customers":
        assert drawn[table][key].str.fullmatch(r"C-\d{5}").all()


def test_a_joint_key_without_foreign_parts_is_new(drawn, shop):
    real = {*zip(shop["orders"]["shop"], shop["orders"]["number"], strict=True)}
    new = {*zip(drawn["orders"]["shop"], drawn["orders"]["number"], strict=True)}
    assert len(new) == len(drawn["orders"])
    assert not real & new


def test_a_reference_table_stays_as_it_is(drawn, shop):
    pd.testing.assert_frame_equal(drawn["countries"], shop["countries"])
    assert set(drawn["customers"]["country"]) <= {"DE", "FR", "IT"}


def test_rows_that_go_one_to_one_still_do(drawn):
    assert drawn["refunds"]["return_id"].is_unique
    assert drawn["profiles"]["customer_no"].is_unique


def test_nobody_is_above_himself(drawn):
    boss = dict(zip(drawn["staff"]["id"], drawn["staff"]["boss_id"], strict=True))
    assert any(np.isnan(own) for own in boss.values())
    for person in boss:
        seen, at = set(), person
        while not np.isnan(at):
            assert at not in seen
            seen.add(at)
            at = boss[at]


def test_lines_are_counted_from_one(drawn):
    lines = drawn["lines"]
    places = lines.groupby(["shop", "number"]).cumcount() + 1
    assert (np.sort(lines["line"]) == np.sort(places)).all()


def test_no_product_is_twice_in_an_order(drawn, shop):
    names = ["shop", "number", "product_id"]
    assert not shop["lines"].duplicated(names).any()
    assert drawn["lines"].duplicated(names).mean() < 0.02


def test_dates_follow_those_of_parents(drawn):
    both = drawn["orders"].merge(drawn["customers"], left_on="customer", right_on="customer_no")
    assert (both["placed"] >= both["since"]).all()


def test_a_missing_key_stays_missing(drawn):
    share = drawn["orders"]["seller_id"].isna().mean()
    assert 0.1 < share < 0.5


def test_a_circle_is_named(shop_gan):
    (note,) = shop_gan.notes_
    assert "it is opened at departments.head_id -> staff.id" in note


def test_the_same_seed_gives_the_same_database(shop_gan, drawn):
    again, other = shop_gan.sample(), shop_gan.sample(random_state=1)
    for name, frame in drawn.items():
        pd.testing.assert_frame_equal(frame, again[name])
    assert not other["orders"].equals(drawn["orders"])


def test_a_model_file_gives_the_same_database(shop_gan, drawn, tmp_path):
    path = tmp_path / "shop.safetensors"
    shop_gan.save(path)
    loaded = DatabaseGAN.load(path)
    for name, frame in loaded.sample().items():
        pd.testing.assert_frame_equal(frame, drawn[name])
    assert loaded.relations_ == shop_gan.relations_


def test_a_model_file_holds_no_key_of_a_table(shop_gan, shop, tmp_path):
    path = tmp_path / "shop.safetensors"
    shop_gan.save(path)
    content = path.read_bytes()
    assert not [key for key in shop["customers"]["customer_no"] if key.encode() in content]


def test_scale(shop_gan, shop, shop_relations):
    small = shop_gan.sample({"customers": 7}, random_state=3)
    assert len(small["customers"]) == 7
    assert len(small["products"]) == len(shop["products"])
    large = shop_gan.sample(2.0)
    shop_relations.check(large)
    assert len(large["staff"]) == pytest.approx(2 * len(shop["staff"]), rel=0.1)


def test_conditions_on_a_table_without_parents(shop_gan, shop_relations):
    drawn = shop_gan.sample(where={"products": {"kind": "y"}, "customers": "since >= 2021-01-01"})
    shop_relations.check(drawn)
    assert set(drawn["products"]["kind"]) == {"y"}
    assert len(drawn["products"]) == 20
    assert (drawn["customers"]["since"] >= "2021-01-01").all()
    assert len(drawn["orders"])


def test_conditions_on_tables_with_parents(shop_gan, shop, shop_relations):
    where = {"orders": "placed >= 2021-01-01", "lines": {"quantity": 3}, "refunds": "amount > 10"}
    drawn = shop_gan.sample(where=where)
    shop_relations.check(drawn)
    assert (drawn["orders"]["placed"] >= "2021-01-01").all()
    assert set(drawn["lines"]["quantity"]) == {3}
    assert (drawn["refunds"]["amount"] > 10).all()
    assert len(drawn["customers"]) == len(shop["customers"])
    for table in ("orders", "lines", "refunds"):
        assert len(drawn[table]) > len(shop[table]) / 3


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"refunds": "amount > 12.001 and amount < 12.009"}, r"0 of \d+ rows meet the condition"),
        ({"order": {"shop": 1}}, "where='order' is no table; give conditions for"),
        ({"products": {"kind": "w"}}, "where: column 'kind' never has the value 'w'"),
        ({"products": {"size": 1}}, "where: column 'size' is not in the table"),
    ],
)
def test_impossible_conditions(shop_gan, where, message):
    with pytest.raises(OptionError, match=message):
        shop_gan.sample(where=where)


@pytest.mark.parametrize(
    ("scale", "message"),
    [
        (0, "scale=0 must be"),
        ({"orders": 5}, "the rows of this table come with those of its parents"),
        ({"customers": -1}, "must be a whole number from 0"),
    ],
)
def test_impossible_scales(shop_gan, scale, message):
    with pytest.raises(OptionError, match=message):
        shop_gan.sample(scale)


def test_epsilon_is_refused_with_the_reason(shop):
    with pytest.raises(OptionError, match="the rows of a person lie in many tables"):
        DatabaseGAN(epsilon=1.0).fit(shop)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"references": ["cuntries"]}, "did you mean 'countries'"),
        ({"text": "drop"}, "a database keeps its columns"),
        ({"schema": {"nobody": {}}}, "schema names the table 'nobody'"),
        ({"min_group": 0}, "min_group=0 must be"),
    ],
)
def test_impossible_options(shop, shop_relations, options, message):
    with pytest.raises(OptionError, match=message):
        DatabaseGAN(verbose=False, **options).fit(shop, relations=shop_relations)


def test_what_is_no_database():
    with pytest.raises(DataError, match="a mapping from names to tables"):
        DatabaseGAN().fit(pd.DataFrame({"a": [1, 2]}).to_numpy())
    with pytest.raises(NotFittedError, match="has not been fitted"):
        DatabaseGAN().sample()


def test_a_model_of_one_table_is_named_as_such(tmp_path):
    path = tmp_path / "table.safetensors"
    table = pd.DataFrame({"a": [1.5, 2.5, 3.5] * 20, "b": ["x", "y", "z"] * 20})
    TabTrees(verbose=False, refine=False, random_state=0).fit(table).save(path)
    with pytest.raises(ModelFileError, match="a model of one table"):
        DatabaseGAN.load(path)


def test_it_is_an_estimator():
    gan = DatabaseGAN(min_group=3, references=["a"])
    assert clone(gan).get_params() == gan.get_params()


def test_trends_across_tables():
    """What a child tells of its parent, and rows of a group of each other, is learned."""
    rng = np.random.default_rng(0)
    n = 300
    users = pd.DataFrame({"id": np.arange(n), "plan": rng.choice(["free", "paid"], n)})
    own = np.repeat(np.arange(n), rng.integers(1, 4, n))
    level = rng.normal(0, 1, n)[own] + 6 * (users["plan"].to_numpy() == "paid")[own]
    visits = pd.DataFrame({"user_id": own, "seconds": (50 + 10 * level).round(1)})
    gan = DatabaseGAN(verbose=False, random_state=0).fit({"users": users, "visits": visits})
    drawn = gan.sample()
    both = drawn["visits"].merge(drawn["users"], left_on="user_id", right_on="id")
    means = both.groupby("plan")["seconds"].mean()
    assert means["paid"] - means["free"] == pytest.approx(60, abs=6)
    spread = both.groupby("user_id")["seconds"].std().dropna()
    assert spread.mean() < 3  # 0 in the real table, 10 without memory


def test_a_key_that_is_referred_to_is_unique_though_it_is_not_the_primary_one():
    rng = np.random.default_rng(0)
    pairs = [(year, team) for year in range(1990, 2010) for team in "ABCDEFGH"]
    teams = pd.DataFrame(pairs, columns=["year", "team"])
    teams.insert(0, "id", range(len(teams)))
    teams["wins"] = rng.integers(0, 100, len(teams))
    pays = teams.loc[rng.integers(0, len(teams), 400), ["year", "team"]].reset_index(drop=True)
    pays.insert(0, "sid", range(400))
    pays["salary"] = rng.normal(50, 9, 400).round(1)
    pair = ("year", "team")
    relations = Relations(
        {"teams": ("id",), "pays": ("sid",)}, (ForeignKey("pays", pair, "teams", pair),)
    )
    gan = DatabaseGAN(random_state=0, verbose=False)
    drawn = gan.fit({"teams": teams, "pays": pays}, relations=relations).sample()
    assert drawn["teams"]["id"].is_unique
    assert not drawn["teams"].duplicated([*pair]).any()
    assert len(drawn["pays"].merge(drawn["teams"], on=[*pair])) == len(drawn["pays"])


def test_a_child_may_repeat_its_parent_s_date():
    rng = np.random.default_rng(0)
    joined = pd.Timestamp("2018-01-01") + pd.to_timedelta(rng.integers(0, 1500, 100), "D")
    users = pd.DataFrame({"user_id": range(100), "joined": joined})
    at = (users["joined"] + pd.to_timedelta(rng.integers(0, 30, 100), "D")).repeat(2)
    visits = pd.DataFrame({"user_id": np.repeat(range(100), 2), "at": at.to_numpy()})
    visits["pages"] = rng.integers(0, 9, 200)
    gan = DatabaseGAN(random_state=0, verbose=False).fit({"users": users, "visits": visits})
    drawn = gan.sample()
    both = drawn["visits"].merge(drawn["users"], on="user_id")
    assert (both["at"] >= both["joined"]).all()


def test_no_row_holds_a_real_key_of_another_table_though_none_is_declared():
    rng = np.random.default_rng(0)
    codes = [f"K{i:05d}" for i in rng.choice(90_000, 60, replace=False)]
    users = pd.DataFrame({"code": codes, "age": rng.integers(18, 80, 60)})
    shops = pd.DataFrame({"id": range(9), "size": rng.integers(1, 9, 9)})
    pays = pd.DataFrame({"shop_id": rng.integers(0, 9, 150), "kg": rng.gamma(2, 3, 150).round(1)})
    pays["holder"] = np.where(rng.random(150) < 0.7, rng.choice(codes[:10], 150), "none")
    tables = {"users": users, "shops": shops, "pays": pays}
    key = ForeignKey("pays", ("shop_id",), "shops", ("id",))
    relations = Relations({"users": ("code",), "shops": ("id",)}, (key,))
    gan = DatabaseGAN(random_state=0, verbose=False).fit(tables, relations=relations)
    drawn = gan.sample()
    assert not {*drawn["pays"]["holder"]} & {*codes}
    assert drawn["pays"]["holder"].nunique() < 20  # they repeat as the real ones do
    (note,) = gan.notes_
    assert note.startswith("pays.holder holds values of users.code, and no foreign key says so")


@pytest.fixture(scope="module")
def unique():
    """Tables with columns that are unique beside the keys, and a model of them."""
    rng = np.random.default_rng(0)
    users = pd.DataFrame({"id": range(60), "seat": rng.permutation(60)})
    users["day"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.permutation(300)[:60], "D")
    pairs = [(u, i) for u in range(60) for i in rng.choice(9, rng.integers(0, 6), replace=False)]
    likes = pd.DataFrame(pairs, columns=["user_id", "item_id"])
    likes["stars"] = rng.integers(1, 6, len(likes))
    tables = {"users": users, "items": pd.DataFrame({"id": range(9)}), "likes": likes}
    keys = (
        ForeignKey("likes", ("user_id",), "users", ("id",)),
        ForeignKey("likes", ("item_id",), "items", ("id",)),
    )
    relations = Relations(
        {"users": ("id",), "items": ("id",)},
        keys,
        unique={"users": (("seat",), ("day",)), "likes": (("user_id", "item_id"),)},
    )
    gan = DatabaseGAN(random_state=0, verbose=False).fit(tables, relations=relations)
    return gan, tables, relations


def test_what_is_unique_stays_so_and_rows_are_drawn_in_place_of_others(unique):
    gan, tables, relations = unique
    drawn = gan.sample()
    relations.check(drawn)
    assert len(drawn["users"]) == 60
    assert len(drawn["likes"]) == pytest.approx(len(tables["likes"]), rel=0.1)
    assert not {*drawn["users"]["seat"]} & {*range(60)}


def test_a_table_keeps_its_rows_where_there_are_too_few_values(unique):
    gan, _, _ = unique
    drawn = gan.sample(8.0)
    assert len(drawn["users"]) == 480  # of some 300 days
    assert drawn["users"]["seat"].is_unique


def test_a_small_sample_does_not_empty_short_tables():
    rng = np.random.default_rng(0)
    kinds = pd.DataFrame({"kind_id": range(5), "weight": rng.normal(size=5)})
    sales = pd.DataFrame({"kind_id": rng.integers(0, 5, 300), "kg": rng.normal(size=300)})
    gan = DatabaseGAN(random_state=0, verbose=False).fit({"kinds": kinds, "sales": sales})
    small = gan.sample(0.1)
    assert len(small["kinds"]) == 5
    assert len(small["sales"]) == pytest.approx(30, abs=8)
    assert gan.notes_on_scale(0.1) == ["kinds: 5 rows, in place of 0, as many rows refer to it"]
    assert not gan.notes_on_scale(1.0)
    assert len(gan.sample({"kinds": 2})["kinds"]) == 2


def test_a_small_sample_empties_no_table_that_has_rows():
    rng = np.random.default_rng(0)
    kinds = pd.DataFrame({"kind_id": range(12), "parent": [None] * 4 + [0, 1] * 4})
    tables = {
        "kinds": kinds.astype({"parent": "Int64"}),
        "staff": pd.DataFrame({"id": range(120), "kind_id": rng.integers(0, 12, 120)}),
        "badges": pd.DataFrame({"staff_id": range(0, 120, 3), "color": ["red", "blue"] * 20}),
        "settings": pd.DataFrame({"currency": ["EUR"]}),
        "vacant": pd.DataFrame({"staff_id": pd.Series([], dtype="int64")}),
    }
    keys = (
        ForeignKey("kinds", ("parent",), "kinds", ("kind_id",)),
        ForeignKey("staff", ("kind_id",), "kinds", ("kind_id",)),
        ForeignKey("badges", ("staff_id",), "staff", ("id",)),
        ForeignKey("vacant", ("staff_id",), "staff", ("id",)),
    )
    relations = Relations({"kinds": ("kind_id",), "staff": ("id",)}, keys)
    gan = DatabaseGAN(random_state=0, verbose=False).fit(tables, relations=relations)
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)  # of NumPy, of the mean of nothing
        drawn = [gan.sample(0.002, random_state=seed) for seed in range(5)]
    for one in drawn:
        relations.check(one)
        sizes = {name: len(frame) for name, frame in one.items()}
        assert sizes.pop("kinds") == 10
        assert sizes.pop("vacant") == 0
        assert min(sizes.values()) >= 1
        assert sizes["staff"] <= 3
    assert not any(len(frame) for frame in gan.sample({"kinds": 0, "settings": 0}).values())


def test_as_many_parents_have_many_children_though_means_follow_from_their_number():
    n = 200
    counts = np.ones(n, int)
    counts[:8] = 2
    counts[8:18] = np.arange(3, 13)
    pays = pd.DataFrame({"order_id": np.repeat(np.arange(n), counts)})
    pays["part"] = pays.groupby("order_id").cumcount() + 1  # whose mean is (number + 1) / 2
    orders = pd.DataFrame({"order_id": range(n), "value": np.random.default_rng(0).normal(size=n)})
    gan = DatabaseGAN(random_state=0, verbose=False).fit({"orders": orders, "pays": pays})
    drawn = gan.sample()["pays"].groupby("order_id").size()
    assert sorted(drawn) == sorted(counts)


def test_the_key_of_a_reference_table_determines_columns():
    rng = np.random.default_rng(0)
    regions = pd.DataFrame({"code": ["DE", "FR", "UK"], "tax": [19, 20, 20]})
    clients = pd.DataFrame({"id": range(1, 201), "region": rng.choice(regions["code"], 200)})
    currencies = {"DE": "EUR", "FR": "EUR", "UK": "GBP"}
    clients["currency"] = clients["region"].map(currencies)
    gan = DatabaseGAN(random_state=0, verbose=False, references=["regions"])
    drawn = gan.fit({"regions": regions, "clients": clients}).sample(random_state=1)
    pd.testing.assert_frame_equal(drawn["regions"], regions)
    assert (drawn["clients"]["currency"] == drawn["clients"]["region"].map(currencies)).all()


def test_columns_whose_names_begin_like_added_ones_are_drawn():
    rng = np.random.default_rng(0)
    ids = np.arange(1_000, 1_200)
    clients = pd.DataFrame({"id": ids, "#": rng.choice(["a", "b"], 200)})
    of = np.repeat(ids, rng.integers(0, 5, 200))
    orders = pd.DataFrame({"number": 7_000 + np.arange(len(of)), "client_id": of})
    orders["# of items"] = rng.integers(1, 9, len(of))
    orders["#mean price"] = rng.normal(10, 2, len(of)).round(2)
    tables = {"clients": clients, "orders": orders}
    drawn = DatabaseGAN(verbose=False, random_state=0).fit(tables).sample()
    assert {name: [*frame] for name, frame in drawn.items()} == {
        name: [*frame] for name, frame in tables.items()
    }
    assert drawn["clients"]["#"].isin(["a", "b"]).all()
