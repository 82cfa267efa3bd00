"""Columns of lists: which items, how many, in which order, and none that few rows hold."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TabGAN
from tabgan.base.errors import DataError, OptionError
from tabgan.encoding.multiselect import MultiselectEncoder
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column

ROWS = 400
LEAST = 5


def fit(values, form="x;y", min_group=None):
    column = Column("x", "multiselect", "object", format=form, min_group=min_group)
    return MultiselectEncoder.fit(TypedSeries(column, pd.Series(values, name="x", dtype=object)))


def cells_of(encoder, values):
    return TypedSeries(encoder.column, pd.Series(values, name="x", dtype=object))


def draw(encoder, codes, seed=0):
    nothing = np.empty((len(codes), 0))
    return encoder.decode(nothing, np.asarray(codes, np.int64), 0, np.random.default_rng(seed))


def drawn_again(values, **options):
    """Encode and decode values."""
    encoder = fit(values, **options)
    return draw(encoder, encoder.encode(cells_of(encoder, values)).codes).tolist()


def random_codes(encoder, n=2000, seed=0):
    """Codes that have nothing to do with each other, as of a network that has learned nothing."""
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.integers(0, width, n) for width in encoder.spans.widths])


def some_lists(items="abcdef", n=ROWS, low=0, high=5, seed=0):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(low, high + 1, n)
    return [";".join(rng.permutation([*items])[:size]) for size in sizes]


item = st.sampled_from("aaabbbcccddefghij")
cell = st.lists(item, max_size=4, unique=True).map(";".join) | st.sampled_from([None, "", "N/A"])


@settings(max_examples=40, deadline=None)
@given(st.lists(cell, min_size=30, max_size=90), st.integers(0, 9))
def test_no_item_of_few_rows_is_stored_or_drawn(values, seed):
    values = [*values, *["a;b"] * LEAST]
    encoder = fit(values, min_group=LEAST)
    rows = pd.Series([part for v in values if v for part in set(v.split(";"))]).value_counts()
    rare = set(rows.index[rows < LEAST])
    state = encoder.to_json()
    assert not rare & {*state["items"], *state["marks"]}
    for codes in (encoder.encode(cells_of(encoder, values)).codes, random_codes(encoder, 200)):
        drawn = draw(encoder, codes, seed).dropna()
        assert not rare & {part for text in drawn for part in text.split(";")}


@settings(max_examples=40, deadline=None)
@given(st.lists(cell, min_size=30, max_size=90))
def test_lengths_and_missing_cells_stay_when_items_are_not_kept(values):
    values = [*values, *["a;b;c;d", "a;b;c", "a;b", "a", "", None] * LEAST]
    encoder = fit(values, min_group=LEAST)
    drawn = draw(encoder, encoder.encode(cells_of(encoder, values)).codes)
    for before, after in zip(values, drawn, strict=True):
        if before is None:
            assert after is None
        elif len(encoder.lists.items) >= 4:
            assert len(after.split(";")) == len(before.split(";"))


def test_lists_are_written_as_they_were():
    values = ['["a", "b"]', '["b", "c"]', "[]", '["c"]', '["a", "b", "c"]'] * 20
    assert drawn_again(values, form="[x, y]") == values


def test_lengths_are_right_whatever_the_codes_of_the_items_are():
    encoder = fit(some_lists())
    codes = random_codes(encoder)
    drawn = draw(encoder, codes)
    sizes = np.array(encoder.lists.sizes)[codes[:, 0]]
    assert [len(text.split(";")) if text else 0 for text in drawn] == sizes.tolist()
    assert all(len(set(text.split(";"))) == len(text.split(";")) for text in drawn)


def test_an_item_that_is_never_in_company_stays_alone():
    values = [*some_lists(low=1), *["none of these"] * 50]
    encoder = fit(values)
    assert encoder.lists.marks == ("none of these",)
    drawn = draw(encoder, random_codes(encoder))
    assert (drawn == "none of these").mean() == pytest.approx(1 / encoder.lists.n_heads, abs=0.05)
    assert not drawn[drawn != "none of these"].str.contains("none").any()


def test_cells_that_are_no_lists_are_marks_if_enough_rows_hold_them():
    values = [*["[a, b]", "[a]", "[b, c]"] * 20, *["see note"] * 6, "unique note"]
    encoder = fit(values, form="[x, y]", min_group=LEAST)
    assert encoder.lists.marks == ("see note",)
    assert "unique note" not in json.dumps(encoder.to_json())
    assert drawn_again(values, form="[x, y]", min_group=LEAST).count("see note") == 6


def test_repeats_are_as_frequent_as_in_the_table():
    rng = np.random.default_rng(0)
    values = [";".join(rng.choice([*"abcd"], size=4)) for _ in range(ROWS)]
    values += some_lists("abcd", low=1, high=4)
    drawn = drawn_again(values)

    def repeats(texts):
        return sum(len(t.split(";")) - len(set(t.split(";"))) for t in texts)

    assert repeats(drawn) == pytest.approx(repeats(values), rel=0.15)
    assert [text.count(";") for text in drawn] == [text.count(";") for text in values]


def test_very_many_items_share_level_spans_and_keep_their_shares():
    items = [f"tag{i}" for i in range(300)]
    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, 301)
    share /= share.sum()
    values = [";".join(rng.choice(items, 3, replace=False, p=share)) for _ in range(3000)]
    encoder = fit(values)
    assert len(encoder.spans.widths) == 60  # lists have one length
    drawn = draw(encoder, encoder.encode(cells_of(encoder, values)).codes)

    def shares(texts):
        return pd.Series([part for text in texts for part in text.split(";")]).value_counts()

    before, after = shares(values), shares(drawn)
    assert after["tag0"] == pytest.approx(before["tag0"], rel=0.05)
    assert set(after.index) <= set(items)
    assert after.iloc[40:].sum() == pytest.approx(before.iloc[40:].sum(), rel=0.1)


def test_a_missing_list_of_a_column_without_is_refused():
    encoder = fit(some_lists())
    with pytest.raises(DataError, match="'x': a value is missing, but none was at fit; fill it"):
        encoder.encode(cells_of(encoder, ["a", None]))


@pytest.mark.parametrize(
    "changed",
    [
        {"flags": [0, 2]},
        {"rows": [0, 1]},
        {"sizes": [2, 1]},
        {"sizes": [10**12]},
        {"sizes": [], "marks": []},
        {"usual": 7},
        {"repeats": 2},
        {"form": "d"},
        {"items": ["a"]},
    ],
)
def test_a_damaged_description_is_refused(changed):
    state = fit(["a;b", "a", "b"] * 5).to_json()
    with pytest.raises((ValueError, DataError)):
        MultiselectEncoder.from_json(Column("x", "multiselect", "object"), state | changed)


def shop(n=600):
    """Baskets that go with a plan: pro ones have item p, free ones never."""
    rng = np.random.default_rng(3)
    plan = np.where(rng.random(n) < 0.5, "pro", "free")
    tools = some_lists("abcd", n=n, low=1, high=3, seed=5)
    tools = ["p;" * (own == "pro") + text for text, own in zip(tools, plan, strict=True)]
    tools[::9] = [None] * len(tools[::9])
    tools[4] = "secret;a"
    return pd.DataFrame({"plan": plan, "tools": tools, "size": rng.normal(size=n)})


@pytest.fixture(scope="module")
def gan():
    options = {"hidden_dim": 16, "refine": False, "polish": False, "verbose": False}
    return TabGAN(steps=30, random_state=0, **options).fit(shop())


def test_a_fit_finds_lists_and_draws_lists_of_their_form(gan, tmp_path):
    assert gan.schema_["tools"].kind == "multiselect"
    drawn = gan.sample(600, random_state=1)["tools"]
    assert set(";".join(drawn.dropna()).split(";")) == set("abcdp")
    assert drawn.isna().mean() == pytest.approx(shop()["tools"].isna().mean(), abs=0.03)
    gan.save(tmp_path / "model")
    assert b"secret" not in (tmp_path / "model").read_bytes()
    again = TabGAN.load(tmp_path / "model").sample(600, random_state=1)["tools"]
    pd.testing.assert_series_equal(again, drawn)


def test_drawn_rows_have_as_many_items_as_their_length_says(gan):
    """Before refinement and polish, which would else lose the missing cells."""
    encoder = gan._model.encoder
    numbers, codes = gan._model.sampler.draw(2000, torch.Generator().manual_seed(0))
    tools = codes[:, encoder.places[1][1]]
    lists = encoder.encoders[1].lists
    sizes = np.array([*lists.sizes, *[0] * len(lists.marks)])[tools[:, 0]]
    assert tools[:, 1:].sum(axis=1).tolist() == sizes.tolist()
    assert encoder.leading_spans == [encoder.places[1][1].start]
    drawn = encoder.decode(numbers, codes, 0, np.random.default_rng(0))
    pd.testing.assert_series_equal(
        drawn["tools"].isna(), pd.Series(tools[:, 0] == lists.n_heads - 1), check_names=False
    )


def test_a_loaded_model_draws_such_rows_as_well(gan, tmp_path):
    gan.save(tmp_path / "model")
    loaded = TabGAN.load(tmp_path / "model")
    draws = [
        one._model.sampler.draw(500, torch.Generator().manual_seed(1))[1] for one in (gan, loaded)
    ]
    np.testing.assert_array_equal(*draws)


def test_conditions_ask_for_whole_lists_and_for_presence(gan):
    assert set(gan.sample(20, where={"tools": "a; b"}, random_state=0)["tools"]) == {"a;b"}
    assert gan.sample(20, where="tools is missing", random_state=0)["tools"].isna().all()
    assert gan.sample(20, where="tools is not missing", random_state=0)["tools"].notna().all()
    others = gan.sample(200, where="tools != a", random_state=0)["tools"]
    assert "a" not in set(others)
    assert others.isna().any()


def test_a_condition_on_an_item_that_is_not_known_is_refused(gan):
    with pytest.raises(OptionError, match=r"'tools' holds lists written 'x;y', and never 'z' in"):
        gan.sample(5, where={"tools": "a;z"})
    with pytest.raises(OptionError, match=r"is of kind 'multiselect' and has no order, so tools >"):
        gan.sample(5, where="tools > a")


def test_holes_are_filled_and_other_lists_stay(gan):
    table = shop().drop(index=4).head(40)
    filled = gan.impute(table)
    assert filled["tools"].notna().all()
    there = table["tools"].notna()
    assert (filled["tools"][there] == table["tools"][there]).all()


def test_a_column_whose_items_all_are_rare_becomes_text(gan):
    table = shop(60).assign(tools=[f"t{i * 7919:07};u{i * 104729:07}" for i in range(60)])
    options = {"hidden_dim": 8, "verbose": False, "schema": {"tools": "multiselect"}}
    fitted = TabGAN(steps=2, random_state=0, **options).fit(table)
    assert fitted.schema_["tools"].kind == "text"
    drawn = set(";".join(fitted.sample(60)["tools"]).split(";"))
    assert not drawn & {word for tools in table["tools"] for word in tools.split(";")}


def test_lists_are_refused_where_a_budget_is_spent():
    from tabgan.base.errors import SchemaError

    options = {"epsilon": 1.0, "schema": {"tools": "multiselect"}, "verbose": False}
    with pytest.raises(SchemaError, match="kind='multiselect' can't be combined with epsilon"):
        TabGAN(**options).fit(shop())
