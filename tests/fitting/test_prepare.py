"""`tabgan inspect`, `tune` and `fit` prepare a table in the same way."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan import DataError, OptionError, TabGAN, tune
from tabgan.base.random_streams import numpy_stream
from tabgan.cli.describe import describe_table, lay_out
from tabgan.constraints import FixedCombinations, Inequality, Sum
from tabgan.encoding import table_encoder
from tabgan.encoding.identifiers.identifier_encoders import find_attributes
from tabgan.fitting import prepare as min_group
from tabgan.fitting.options import FitOptions
from tabgan.fitting.prepare import TableOptions, prepare
from tabgan.inference import infer_schema as infer_schema_module
from tabgan.rules.detect_dependencies import detect_dependencies

ROWS = 400
FAST = {"steps": 1, "hidden_dim": 8, "refine": False, "polish": False, "verbose": False}


def towns() -> pd.DataFrame:
    """Return a table whose town column has 5 frequent levels and 150 rare ones."""
    rng = np.random.default_rng(0)
    frequent = rng.choice([f"city {i}" for i in range(5)], 2000)
    rare = np.repeat([f"hamlet {i}" for i in range(150)], 2)
    town = rng.permutation(np.concatenate([frequent, rare]))
    numbers = {name: rng.normal(size=len(town)) for name in "wxyz"}
    return pd.DataFrame({"town": town, **numbers})


def tables() -> dict[str, tuple[pd.DataFrame, dict[str, Any]]]:
    """Return ten tables of different kinds, with options each."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=ROWS)
    kind = rng.choice(list("abc"), ROWS, p=[0.6, 0.3, 0.1])
    net, tax = rng.integers(100, 9_999, ROWS), rng.integers(1, 900, ROWS)
    start = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, ROWS), "D")
    level = pd.Series(kind).where(np.arange(ROWS) > 8, [f"rare {i}" for i in range(ROWS)])
    numbers = pd.DataFrame(rng.normal(size=(ROWS, 6)), columns=[*"uvwxyz"])
    bills = pd.DataFrame({"net": net, "tax": tax, "gross": net + tax, "kind": kind})
    stays = pd.DataFrame(
        {"start": start, "end": start + pd.to_timedelta(rng.poisson(5, ROWS), "D")}
    )
    plain = pd.DataFrame({"x": x, "level": level})
    two = plain.assign(other=rng.choice(["l", "r"], ROWS))
    keys = pd.DataFrame(
        {"key": [f"K-{i:05d}" for i in rng.permutation(ROWS)], "x": x, "kind": kind}
    )
    holes = plain.where(rng.random((ROWS, 2)) < 0.8).assign(flag=rng.random(ROWS) < 0.5)
    codes = plain.assign(code=level.map(lambda text: hash_of(str(text))))
    return {
        "towns": (towns(), {}),
        "numbers": (numbers, {}),
        "sums": (bills, {"constraints": [Sum(["net", "tax"], "gross")]}),
        "orders": (stays, {"constraints": [Inequality("start", "end")]}),
        "all kept": (plain, {"min_group": 1}),
        "more folded": (plain, {"min_group": 60}),
        "conditions": (two, {"condition_on": ["level", "other"]}),
        "identifiers": (keys, {"schema": {"kind": "categorical"}}),
        "holes": (holes, {"derive": False}),
        "levels that imply others": (
            codes,
            {"constraints": [FixedCombinations(["level", "code"])]},
        ),
    }


def hash_of(text: str) -> int:
    """Return a number that a text determines."""
    return 1000 + sum(map(ord, text)) % 997


TABLES = tables()


@pytest.mark.parametrize("name", TABLES)
def test_inspect_tune_and_fit_agree(name):
    table, options = TABLES[name]
    gan = TabGAN(**FAST | options, random_state=0).fit(table)
    rules = [rule.describe() for rule in gan.dependencies_]
    width = gan._model.encoder.spans.width
    _, facts = describe_table(table, FitOptions.of(TabGAN(**options)))
    assert facts["encoded_width"] == width
    assert facts["latent"] == {"size": gan.latent_dim_, "reason": gan.latent_reason_}
    assert facts["dependencies"] == rules
    folded = {str(c.name): c.folded for c in gan.schema_ if c.folded}
    assert {column: item["levels"] for column, item in facts["folded"].items()} == folded
    tuned = tune(table, latent_dims=[8], hidden_dims=[8], steps=1, random_state=0, **options)
    assert (tuned.choice.dim, tuned.choice.reason) == (gan.latent_dim_, gan.latent_reason_)
    assert tuned.facts["encoded_width"] == width
    assert tuned.facts["dependencies"] == rules


def test_rare_towns_count_neither_for_the_width_nor_for_the_latent_size():
    _, facts = describe_table(towns(), TableOptions())
    assert facts["encoded_width"] == 9
    assert facts["latent"]["size"] == 32
    assert facts["folded"] == {"town": {"levels": 150, "rows": 300}}
    assert (
        "rare values: town (150 values in 300 rows, replaced by frequent ones)"
        in lay_out(facts).splitlines()
    )


def test_latent_sizes_are_tried_for_the_prepared_width():
    tuned = tune(towns(), steps=1, hidden_dims=[8], random_state=0)
    assert [trial.candidate.latent_dim for trial in tuned.trials] == [8, 9, 18, 32, 64]


def test_the_schema_before_and_after():
    preparation = prepare(towns(), FitOptions.of(TabGAN()), 0)
    before, after = preparation.declared_schema["x"], preparation.schema["x"]
    assert (before.min_group, after.min_group) == (None, 5)
    assert before.maximum != after.maximum  # the end of a tail, of which no row tells
    town = preparation.table[preparation.schema.names.index("town")].values
    assert set(town) == {f"city {i}" for i in range(5)}
    assert preparation.n_steps == 2300


def test_steps_are_those_of_the_options():
    table = towns()
    of = {"steps": 7}, {"epochs": 2, "batch_size": 100}
    steps = [prepare(table, FitOptions.of(TabGAN(**options)), 0).n_steps for options in of]
    assert steps == [7, 46]
    constant = pd.DataFrame({"one": ["a"] * 50})
    assert prepare(constant, FitOptions.of(TabGAN()), 0).n_steps == 0


def test_conditions_of_too_many_combinations_are_refused_when_rows_are_encoded():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.integers(0, 15, (300, 2)).astype(str), columns=["a", "b"])
    options = FitOptions.of(TabGAN(condition_on=["a", "b"], min_group=1))
    with pytest.raises(OptionError, match="combinations of levels in 300 rows"):
        prepare(table, options, 0).encode()


def test_a_table_is_described_once_and_its_rules_are_found_once(monkeypatch):
    calls = []
    for module, name in (
        (infer_schema_module, "infer_schema"),
        (min_group, "infer_schema"),
        (min_group, "detect_dependencies"),
        (table_encoder, "detect_dependencies"),
    ):
        function = getattr(module, name)

        def counted(*given, function=function, **options):
            calls.append(function.__name__)
            return function(*given, **options)

        monkeypatch.setattr(module, name, counted)
    rng = np.random.default_rng(0)
    days = np.datetime64("2020-01-01") + rng.integers(0, 500, ROWS)
    frame = pd.DataFrame({"x": rng.normal(size=ROWS).round(3), "day": days.astype(str)})
    prepare(frame.assign(kind=rng.choice([*"ab"], ROWS)), FitOptions.of(TabGAN(**FAST)), 0)
    assert sorted(calls) == ["detect_dependencies", "infer_schema"]


def noted() -> pd.DataFrame:
    notes = [f"{'abc'[i % 3] * (i + 1)} was not so bad" for i in range(60)]
    return pd.DataFrame({"size": np.arange(60) % 5, "note": notes})


def test_free_text_can_be_left_out():
    table, schema = noted(), {"note": "text", "size": "categorical"}
    gan = TabGAN(text="drop", schema=schema, random_state=0, **FAST).fit(table)
    assert gan.schema_.names == ("size",)
    assert [*gan.sample(5).columns] == ["size"]
    assert gan.evaluate(table, table[["size"]]).verdict.score > 0.9


def test_free_text_alone_can_not_be_left_out():
    message = "text='drop' leaves no column of the table: all are free text; choose text="
    with pytest.raises(DataError, match=message):
        TabGAN(text="drop", **FAST).fit(noted()[["note"]])


def test_lorem_is_written_where_it_was_chosen():
    options = {"random_state": 0, **FAST}
    drawn = {
        style: TabGAN(text=style, **options).fit(noted()).sample(40)["note"].str.lower()
        for style in ("keep-shape", "lorem")
    }
    assert drawn["keep-shape"].str.contains("was|not|bad").all()
    assert not drawn["lorem"].str.contains("was|bad").any()


def test_rules_are_those_of_the_table_with_its_rare_levels_folded():
    rng = np.random.default_rng(0)
    net = rng.integers(100, 9_000, 400)
    frame = pd.DataFrame({"net": net, "gross": net + rng.integers(1, 900, 400)})
    frame["tax"] = frame["gross"] - frame["net"]
    frame["town"] = rng.choice(["Ulm", "Kiel", "Jena"], 400)
    frame["shop"] = rng.choice(["a", "b", "c", "d"], 400)
    frame["kind"] = frame["shop"].map({"a": "big", "b": "big", "c": "small", "d": "small"})
    frame.loc[:2, "town"] = "Rust"
    for rare in ({"town": "Rust"}, {"town": "Rust", "shop": "e", "kind": "odd"}):
        frame.loc[:2, [*rare]] = [*rare.values()]
        preparation = prepare(frame, TableOptions(), 0)
        assert [*preparation.folded] == [*rare]
        stream = numpy_stream(0, "detect")
        again = detect_dependencies(preparation.table, stream, (), find_attributes)
        assert [*preparation.encoder.dependencies[: len(again)]] == again
        assert len(again) == 2


def test_levels_do_not_limit_columns_that_are_left_alone():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"plan": rng.choice(["free", "paid"], 600), "x": rng.normal(size=600)})
    frame["uses"] = rng.integers(0, np.where(frame["plan"] == "free", 30, 300))
    said = []
    for unlimited in ([], [2]):
        found = prepare(frame, TableOptions(), 0, unlimited=unlimited).encoder.dependencies
        said.append([rule.describe() for rule in found])
    assert said == [["'uses' keeps to what its 'plan' allows"], []]
