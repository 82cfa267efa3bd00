"""Keys that repeat: new values, as many rows each as real ones, one value of what follows."""

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN, TabTrees
from tabgan.constraints import Inequality
from tabgan.fitting.private.private_histograms import identifier_encoder
from tabgan.inference.infer_schema import infer_schema
from tabgan.sampling.alike_rows import likeness
from tabgan.sampling.key_groups import GroupSizes, KeyGroups
from tabgan.sampling.table_keys import learn_keys
from tabgan.table.columns import ColumnRef, by_position
from tabgan.table.schema import Column

RNG = np.random.default_rng(0)
N = 250
WHO = np.repeat(np.arange(N), RNG.integers(1, 5, N))  # of each order its customer
ORDER = np.repeat(np.arange(len(WHO)), RNG.integers(1, 4, len(WHO)))  # of each row its order
OWNER = WHO[ORDER]
SIGNED = pd.Timestamp("2020-01-01") + pd.to_timedelta(RNG.integers(0, 500, N), "D")
BOUGHT = SIGNED[WHO] + pd.to_timedelta(RNG.integers(0, 300, len(WHO)), "D")
COUNTRY = RNG.choice(["DE", "FR", "US"], N, p=[0.5, 0.3, 0.2])
CURRENCY = {"DE": "EUR", "FR": "EUR", "US": "USD"}
ORDERS = pd.DataFrame(
    {
        "order_id": [f"R{700_000 + 13 * order}" for order in ORDER],
        "customer_id": 1001 + OWNER,
        "country": COUNTRY[OWNER],
        "currency": [CURRENCY[c] for c in COUNTRY[OWNER]],
        "email": [
            f"{name}@corp.test" for name in np.array([f"ann.lee{i}" for i in range(N)])[OWNER]
        ],
        "signed": SIGNED[OWNER],
        "bought": BOUGHT[ORDER],
        "quantity": RNG.integers(1, 9, len(ORDER)),
    }
)
FAST = {
    "steps": 10,
    "hidden_dim": 16,
    "refine": False,
    "polish": False,
    "verbose": False,
    "random_state": 0,
}
HELD = RNG.random(N) < 0.8  # customers who are known
ORDERS.loc[~HELD[OWNER], ["email"]] = None


@pytest.fixture(scope="module")
def gan() -> TabGAN:
    return TabGAN(**FAST).fit(ORDERS)


@pytest.fixture(scope="module")
def drawn(gan) -> pd.DataFrame:
    return gan.sample(1500)


def test_the_keys_are_found_the_finest_first(gan):
    *keys, order = gan._model.keys
    assert order.describe(gan.schema_).startswith("rows are in order of 'order_id'")
    assert [own.key.column.name for own in keys] == ["order_id", "customer_id"]
    assert [own.determined for own in keys] == [(1, 2, 3, 4, 5, 6), (2, 3, 4, 5)]
    assert [own.within for own in keys] == [None, 0]
    assert keys[1].describe(gan.schema_) == (
        "'customer_id' has 1 to about 4 values of 'order_id' per value, 2.6 on average; one "
        "'country', 'currency', 'email', 'signed' per value"
    )


def test_a_key_has_one_value_of_what_it_determines(drawn):
    for key, columns in {
        "order_id": ["customer_id", "country", "email", "bought"],
        "customer_id": ["country", "currency", "email", "signed"],
    }.items():
        assert (drawn.groupby(key)[columns].nunique(dropna=False) == 1).all(axis=None)


def test_no_key_is_one_of_the_table(drawn):
    assert not set(drawn["order_id"]) & set(ORDERS["order_id"])
    assert not set(drawn["customer_id"]) & set(ORDERS["customer_id"])
    assert drawn["order_id"].str.fullmatch(r"R\d{6}").all()
    numbers = np.sort(drawn["customer_id"].unique())
    assert numbers.tolist() == list(range(1001 + N, 1001 + N + len(numbers)))  # they run on


@pytest.mark.parametrize("key", ["order_id", "customer_id"])
def test_keys_have_as_many_rows_as_real_ones(drawn, key):
    real, new = (frame[key].value_counts() for frame in (ORDERS, drawn))
    assert abs(new.mean() / real.mean() - 1) < 0.15
    assert abs((new == 1).mean() - (real == 1).mean()) < 0.08
    assert new.max() <= real.max()


def test_other_rules_still_hold(drawn):
    assert (drawn["signed"] <= drawn["bought"]).all()
    assert (drawn["country"].map(CURRENCY) == drawn["currency"]).all()


def test_values_keep_their_shares_of_the_rows(drawn):
    shares = drawn["country"].value_counts(normalize=True)
    assert (shares - ORDERS["country"].value_counts(normalize=True)).abs().max() < 0.08
    assert abs(drawn["email"].isna().mean() - ORDERS["email"].isna().mean()) < 0.06


def test_a_condition_holds_in_all_rows(gan):
    rows = gan.sample(300, where="country == 'FR' and quantity > 3")
    assert set(rows["country"]) == {"FR"}
    assert rows["quantity"].min() > 3
    assert rows["customer_id"].nunique() < 250


def test_blocks_and_seeds(gan):
    rows = gan.sample(8300)
    pd.testing.assert_frame_equal(pd.concat([*gan.sample_blocks(8300)]), rows)
    assert rows["order_id"].is_monotonic_increasing
    assert len(gan.sample(0)) == 0


def test_the_model_file_keeps_the_keys(gan, drawn, tmp_path):
    gan.save(tmp_path / "model.tabgan")
    loaded = TabGAN.load(tmp_path / "model.tabgan", device="cpu")
    assert loaded._model.keys == gan._model.keys
    pd.testing.assert_frame_equal(loaded.sample(1500), drawn)


def test_constraints_are_kept(gan):
    table = ORDERS.assign(limit=ORDERS["quantity"] + COUNTRY[OWNER].astype("U1").view("u4") % 7)
    rule = Inequality("quantity", "limit")
    made = TabGAN(**FAST, constraints=[rule]).fit(table)
    rows = made.sample(400)
    assert (rows["quantity"] <= rows["limit"]).all()
    assert (rows.groupby("customer_id")["country"].nunique() == 1).all()


def test_the_sizes_of_few_keys_are_not_told():
    column = Column("customer_id", "key", "int64", min_group=5)
    values = np.repeat(np.arange(60), [*[1] * 29, *[2] * 30, 500])
    frame = pd.DataFrame({"customer_id": values, "x": np.arange(len(values))})
    schema = infer_schema(frame, {"customer_id": "key"}).with_column(column)
    (keys,) = learn_keys(by_position(frame, schema))
    assert keys.sizes.sizes == (1, 18)  # 500 rows are spread over those of 31 keys
    (all_kept,) = learn_keys(by_position(frame, infer_schema(frame, {"customer_id": "key"})))
    assert all_kept.sizes.sizes == (1, 2, 500)


def test_a_key_without_repeats_is_an_identifier():
    frame = pd.DataFrame({"customer_id": np.arange(60) * 3, "x": np.arange(60)})
    schema = infer_schema(frame, {"customer_id": "key"})
    assert learn_keys(by_position(frame, schema)) == ()


def test_a_damaged_description_is_refused(gan):
    state = gan._model.keys[0].to_json()
    for wrong, message in {
        "sizes": "sizes of keys and their shares are needed",
        "shares": "must add up to 1",
    }.items():
        damaged = state | {wrong: [] if wrong == "sizes" else [5.0] * len(state["shares"])}
        with pytest.raises(ValueError, match=message):
            KeyGroups.from_json(damaged)


def test_a_private_key_is_made_from_its_kind_alone():
    encoder = identifier_encoder(Column("customer_id", "key", "int64"))
    nothing = np.empty((50, 0))
    made = encoder.decode(nothing, nothing.astype(np.int64), 0, np.random.default_rng(0))
    assert made.is_unique


def _with_lines(n_orders: int, rng: np.random.Generator) -> pd.DataFrame:
    """Make orders whose lines are counted, and whose items differ."""
    sizes = rng.integers(1, 12, n_orders)
    order = np.repeat(np.arange(n_orders), sizes)
    status = np.where(
        np.arange(n_orders) < 5, "disputed", rng.choice(["shipped", "open"], n_orders)
    )
    month = rng.integers(1, 13, n_orders)
    return pd.DataFrame(
        {
            "order_no": 10_100 + order,
            "line": np.concatenate([rng.permutation(size) + 1 for size in sizes]),
            "item": np.concatenate([rng.choice(40, size, replace=False) for size in sizes]),
            "status": status[order],
            "month": month[order],
            "quarter": (month[order] + 2) // 3,
            "quantity": rng.integers(1, 60, len(order)),
        }
    ).astype({"item": str})


@pytest.fixture(scope="module")
def lines() -> tuple[TabGAN, pd.DataFrame]:
    table = _with_lines(200, np.random.default_rng(3))
    return TabGAN(**FAST).fit(table), table


def test_columns_that_differ_within_a_key_are_found(lines):
    gan, table = lines
    keys, _ = gan._model.keys
    assert (keys.apart, keys.counting) == ((1, 2), (1,))
    assert keys.describe(gan.schema_).endswith("; no repeated 'line', 'item'")
    few = table[table["line"] != 2]  # lines are missing: they no longer count
    (others,) = learn_keys(by_position(few, gan.schema_))
    assert (others.apart, others.counting) == ((1, 2), ())


@pytest.mark.parametrize("seed", [0, 1])
def test_what_differs_within_real_keys_differs_in_new_ones(lines, seed):
    gan, table = lines
    rows = gan.sample(len(table), random_state=seed)
    assert not rows.duplicated(["order_no", "line"]).any()
    assert not rows.duplicated(["order_no", "item"]).any()
    per_order = rows.groupby("order_no")["line"]
    assert (per_order.max() == per_order.size()).all()
    assert abs(per_order.size().mean() / table.groupby("order_no").size().mean() - 1) < 0.2


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_level_of_few_keys_keeps_its_share_and_rules_hold(lines, seed):
    gan, table = lines
    rows = gan.sample(len(table), random_state=seed)
    real, new = ((frame["status"] == "disputed").sum() for frame in (table, rows))
    assert abs(new - real) <= 12  # rows of an order
    assert ((rows["month"] + 2) // 3 == rows["quarter"]).all()
    assert (rows.groupby("order_no")["status"].nunique() == 1).all()


def test_the_rows_of_a_key_follow_what_the_key_is():
    """Permanent staff have ten days of leave each, seasonal one has one."""
    rng = np.random.default_rng(0)
    sizes = np.repeat([10, 1], [160, 140])
    staff = pd.DataFrame(
        {
            "employee_id": rng.permutation(9000)[:300] + 1000,
            "contract": np.repeat(["permanent", "seasonal"], [160, 140]),
            "town": rng.choice(["Oslo", "Bergen", "Narvik"], 300),
        }
    )
    table = staff.loc[staff.index.repeat(sizes)].reset_index(drop=True)
    table["hours"] = rng.integers(1, 9, len(table))
    trees = TabTrees(schema={"employee_id": "key"}, verbose=False, random_state=0).fit(table)
    (keys,) = trees._model.keys
    assert keys.sized_by == 1
    assert keys.sizes_of_levels == (
        ("permanent", GroupSizes((10,), (1.0,))),
        ("seasonal", GroupSizes((1,), (1.0,))),
    )
    assert KeyGroups.from_json(keys.to_json()) == keys
    assert "depending on 'contract'" in keys.describe(trees.schema_)
    drawn = trees.sample(len(table), random_state=1)
    rows = drawn.groupby("employee_id").agg(n=("hours", "size"), contract=("contract", "first"))
    means = rows.groupby("contract")["n"].mean()
    assert means["permanent"] > 9.5
    assert means["seasonal"] == 1
    shares = rows["contract"].value_counts(normalize=True)
    assert abs(shares["permanent"] - 160 / 300) < 0.08


def test_chance_gives_no_level_sizes_of_its_own():
    rng = np.random.default_rng(1)
    staff = pd.DataFrame({"id": np.arange(300) * 7, "town": rng.choice(["a", "b", "c"], 300)})
    table = staff.loc[staff.index.repeat(rng.integers(1, 8, 300))].reset_index(drop=True)
    (keys,) = learn_keys(by_position(table, infer_schema(table, {"id": "key"})))
    assert keys.determined == (1,)
    assert keys.sized_by is None


def test_a_model_file_without_columns_apart_is_read():
    keys = KeyGroups(ColumnRef(0, Column("order_no", "key", "int64")), GroupSizes((1,), (1.0,)))
    state = keys.to_json()
    del state["apart"], state["counting"], state["sized_by"], state["sizes_of_levels"]
    assert KeyGroups.from_json(state) == keys


def supplies(odd=0.0, rows=500, seed=0):
    """Rows of suppliers: a number, a person and a note, each one to one with the others."""
    rng = np.random.default_rng(seed)
    first, last = ["Ann", "Bob", "Carl", "Dora", "Emil"], ["Lee", "Ray", "Moss", "Hart", "Cole"]
    people = [f"{a} {b}{c}" for a in first for b in last for c in ("", "man", "son", "ley")]
    numbers = rng.permutation(np.arange(200_000, 900_000, 37))[: len(people)]
    who = rng.integers(0, len(people), rows)
    other = np.where(rng.random(rows) < odd, rng.integers(0, len(people), rows), who)
    notes = [
        f"{p} brings {rng.choice(['milk', 'bread', 'fish'])} by {n % 9} carts"
        for n, p in zip(numbers, people, strict=True)
    ]
    return pd.DataFrame(
        {
            "partner": numbers[who],
            "contact": np.array(people, object)[other],
            "remark": np.array(notes, object)[who],
            "paid": rng.gamma(2, 9, rows).round(2),
        }
    )


@pytest.mark.parametrize("odd", [0.0, 0.01])
def test_a_number_and_the_names_of_one_thing_agree_one_to_one(odd):
    frame = supplies(odd)
    schema = infer_schema(frame)
    assert [schema[name].kind for name in ("partner", "contact")] == ["key", "name"]
    (rule,) = learn_keys(by_position(frame, schema))
    assert 1 in rule.paired
    new = TabTrees(refine=False, random_state=0).fit(frame).sample(500)
    for one, other in (("partner", "contact"), ("contact", "partner")):
        assert new.groupby(one)[other].nunique().max() == 1
    assert not new["contact"].isin(frame["contact"]).any()
    assert 70 < new["partner"].nunique() < 130


def test_a_name_that_repeats_goes_with_what_it_determines():
    frame = supplies()[["contact", "paid"]]
    frame["route"] = frame["contact"].str.len() % 4
    new = TabTrees(refine=False, random_state=0).fit(frame).sample(500)
    assert new.groupby("contact")["route"].nunique().max() == 1


def visits(n_keys=120, seed=0):
    """Patients, whose sugar and ward are much the same at each visit, and whose pulse is not."""
    rng = np.random.default_rng(seed)
    who = np.sort(rng.integers(0, n_keys, 8 * n_keys))
    home = rng.choice([*"abcd"], n_keys)
    return pd.DataFrame(
        {
            "patient_id": [f"P{400_000 + 37 * own}" for own in who],
            "sex": rng.choice(["f", "m"], n_keys)[who],
            "sugar": (90 + 12 * rng.normal(size=n_keys)[who] + 8 * rng.normal(size=len(who))),
            "ward": np.where(
                rng.random(len(who)) < 0.8, home[who], rng.choice([*"abcd"], len(who))
            ),
            "pulse": rng.normal(70, 8, len(who)).round(),
        }
    ).round(1)


def test_the_rows_of_a_key_resemble_each_other_as_much_as_real_ones():
    frame = visits()
    model = TabTrees(random_state=0, verbose=False, refine=False).fit(frame)
    drawn = model.sample(len(frame))

    def alike(rows, name):
        nominal = name == "ward"
        values = pd.factorize(rows[name])[0].astype(float) if nominal else rows[name].to_numpy()
        return likeness(pd.factorize(rows["patient_id"])[0], values, nominal=nominal)

    for name in ("sugar", "ward"):
        assert 0.65 * alike(frame, name) < alike(drawn, name) < 1.1 * alike(frame, name), name
    assert abs(alike(drawn, "pulse")) < 0.1
    assert drawn.groupby("patient_id")["sex"].nunique().max() == 1


@pytest.fixture(scope="module")
def patients() -> pd.DataFrame:
    """Patients at each visit; in a quarter of the rows nobody wrote down where they live."""
    rng = np.random.default_rng(2)
    who = np.repeat(np.arange(200), rng.integers(3, 9, 200))
    towns = np.array(["Ulm", "Bonn", "Jena", "Hof", "Gera", "Trier"])
    region = dict(zip(towns, ["south", "west", "east", "south", "east", "west"], strict=True))
    town = rng.choice(towns, 200)
    born = pd.Timestamp("1950-01-01") + pd.to_timedelta(rng.integers(0, 9000, 200), "D")
    table = pd.DataFrame(
        {
            "patient_id": [f"P{at:04d}" for at in 7 * who + 400],
            "town": town[who],
            "region": [region[name] for name in town[who]],
            "born": born[who],
            "blood": rng.choice(["A", "B", "0"], 200)[who],
            "hours": rng.integers(1, 9, len(who)),
        }
    )
    holes = rng.random((len(who), 2)) < 0.25
    table.loc[holes[:, 0], ["town", "region"]] = None
    table.loc[holes[:, 1], "born"] = None
    return table.sample(frac=1, random_state=0, ignore_index=True)


def test_a_key_has_one_value_of_what_some_of_its_rows_lack(patients):
    trees = TabTrees(verbose=False, random_state=0).fit(patients)
    (keys,) = trees._model.keys
    assert keys.determined == (1, 2, 3, 4)
    assert keys.holed == (1, 2, 3)
    assert KeyGroups.from_json(keys.to_json()) == keys
    drawn = trees.sample(len(patients), random_state=1)
    by_key = drawn.groupby("patient_id")
    for name in ("town", "region", "born", "blood"):
        assert (by_key[name].nunique() <= 1).all()
        assert drawn[name].isna().mean() == pytest.approx(patients[name].isna().mean(), abs=0.05)
    per_key = by_key.size().mean()
    assert per_key == pytest.approx(patients.groupby("patient_id").size().mean(), rel=0.15)
    both = drawn[["town", "region"]].dropna()
    assert set(map(tuple, both.to_numpy())) <= set(
        map(tuple, patients[["town", "region"]].dropna().to_numpy())
    )
    shares = [table["town"].value_counts(normalize=True) for table in (patients, drawn)]
    assert abs(shares[0] - shares[1]).sum() < 0.25


def test_rows_without_any_value_do_not_hinder(patients):
    trees = TabTrees(verbose=False, random_state=0).fit(patients)
    drawn = trees.sample(30, where={"town": None}, random_state=1)
    assert drawn["town"].isna().all()
    assert drawn["patient_id"].nunique() < 30
