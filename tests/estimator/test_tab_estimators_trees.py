import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from tabgan import ModelFileError, NotFittedError, OptionError, TabGAN, TabTrees
from tabgan.base.model_file import read_model, write_model
from tabgan.callbacks import Callback
from tabgan.constraints import Inequality
from tabgan.estimator import TableEstimator
from tabgan.fitting.options import OPTIONS_OF
from tabgan.fitting.train_table import column_order
from tabgan.sampling.table_model import BLOCK_ROWS

ROWS = 300


@parametrize_with_checks([TabTrees(verbose=False)])
def test_scikit_learn_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    size = rng.normal(size=ROWS).round(3)
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 900, ROWS), "D")
    return pd.DataFrame(
        {
            "key": [f"K{i:05d}" for i in range(ROWS)],
            "size": size,
            "group": np.where(size > 0, "big", "small"),
            "kind": rng.choice([*"abc"], ROWS),
            "when": when,
            "until": when + pd.to_timedelta(rng.integers(0, 9, ROWS), "D"),
            "gap": np.where(rng.random(ROWS) < 0.3, np.nan, size + rng.random(ROWS) / 9),
            "done": rng.random(ROWS) < 0.3,
            "same": 1,
            "nothing": np.nan,
        }
    )


@pytest.fixture(scope="module")
def fitted(table) -> TabTrees:
    rules = [Inequality("when", "until")]
    estimator = TabTrees(verbose=False, random_state=3, constraints=rules, condition_on="kind")
    return estimator.fit(table)


@pytest.fixture(scope="module")
def sample(fitted) -> pd.DataFrame:
    return fitted.sample(2000)


def test_the_sample_has_the_tables_form(table, sample):
    pd.testing.assert_series_equal(sample.dtypes, table.dtypes)
    assert len(sample) == 2000


def test_the_sample_is_like_the_table(table, sample):
    shown = sample.dropna(subset="gap")
    assert np.corrcoef(shown["gap"], shown["size"])[0, 1] > 0.9
    assert abs(sample["gap"].isna().mean() - table["gap"].isna().mean()) < 0.05
    assert abs(sample["size"].mean() - table["size"].mean()) < 0.1
    shares = sample["kind"].value_counts() - table["kind"].value_counts() * 2000 / ROWS
    assert shares.abs().max() < 60


def test_rules_hold_in_every_row(table, sample):
    assert (sample["when"] <= sample["until"]).all()
    assert sample["key"].is_unique
    assert not set(sample["key"]) & set(table["key"])
    assert (sample["same"] == 1).all()
    assert sample["nothing"].isna().all()


def test_the_same_seed_gives_the_same_rows(table, fitted):
    again = clone(fitted).fit(table)
    pd.testing.assert_frame_equal(again.sample(50), fitted.sample(50))
    other = fitted.sample(50, random_state=9)
    assert not other["size"].equals(fitted.sample(50)["size"])


def test_rows_are_the_same_block_by_block_and_on_more_threads(fitted):
    n = BLOCK_ROWS + 10
    one = fitted.sample(n)
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        several = pd.concat(fitted.sample_blocks(n))
    finally:
        torch.set_num_threads(threads)
    pd.testing.assert_frame_equal(one, several)
    pd.testing.assert_frame_equal(one.head(20), fitted.sample(20))


def test_rows_under_a_condition(fitted):
    rows = fitted.sample(60, where={"kind": "b", "size": (0, None), "done": True})
    assert set(rows["kind"]) == {"b"}
    assert rows["size"].min() >= 0
    assert rows["done"].all()
    assert fitted.sample(90, balance="kind")["kind"].value_counts().tolist() == [30, 30, 30]


def test_condition_columns_are_drawn_first(fitted):
    assert fitted.conditions_ == {"kind": ["a", "b", "c"]}
    generator = fitted._model.sampler.generator
    assert generator.given == fitted._model.condition_columns.spans


def test_holes_are_filled(table, fitted):
    filled = fitted.impute(table.head(40))
    assert filled["gap"].notna().all()
    kept = table["gap"].head(40).notna()
    assert filled["gap"][kept].equals(table["gap"].head(40)[kept])


def test_a_model_file_and_back(fitted, tmp_path):
    path = tmp_path / "trees.safetensors"
    fitted.save(path)
    again = TabTrees.load(path)
    pd.testing.assert_frame_equal(again.sample(100), fitted.sample(100))
    assert again.get_params(deep=False).keys() == fitted.get_params(deep=False).keys()
    assert again.n_trees_ == fitted.n_trees_ > 0
    assert (again.n_rows_, again.random_state, again.min_group) == (ROWS, 3, 5)
    assert isinstance(TableEstimator.load(path), TabTrees)


def test_the_other_method_refuses_the_file(fitted, tmp_path):
    path = tmp_path / "trees.safetensors"
    fitted.save(path)
    with pytest.raises(ModelFileError, match=r"was fitted by TabTrees; load it with TabTrees.load"):
        TabGAN.load(path)
    with pytest.raises(OptionError, match="trees are evaluated on the CPU; leave device out"):
        TabTrees.load(path, device="cuda")


def test_no_value_of_a_row_is_in_the_file(table, fitted, tmp_path):
    path = tmp_path / "trees.safetensors"
    fitted.save(path)
    content = path.read_bytes()
    assert not any(key.encode() in content for key in table["key"])
    with safe_open(path, "pt") as file:
        assert max(file.get_slice(name).get_shape()[0] for name in file.keys()) < 10_000  # noqa: SIM118


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d, t: d["generator"]["columns"].pop(), "each column must be drawn once"),
        (lambda d, t: d["generator"]["grids"].pop(), "bins are needed for every number"),
        (lambda d, t: d["generator"].update(kind="forest"), "no kind of generator"),
        (lambda d, t: t["generator.0.0.splits"].fill_(7), "trees"),
        (lambda d, t: t.pop("generator.1.0.leaves"), "KeyError"),
        (lambda d, t: t["counts"].fill_(-1), "counts must be from 1"),
    ],
)
def test_damaged_files_are_refused(fitted, tmp_path, change, message):
    path = tmp_path / "trees.safetensors"
    fitted.save(path)
    description, tensors = read_model(path)
    change(description, tensors)
    write_model(path, description, tensors)
    with pytest.raises(ModelFileError, match=message):
        TabTrees.load(path)


def test_every_leaf_rests_on_min_group_rows(table):
    """A row is seen in the model only together with others."""
    estimator = TabTrees(verbose=False, random_state=0, min_group=12).fit(table)
    model = estimator._model
    generator = model.sampler.generator
    rows = model.encoder.in_cells(model.encoder.encode(table))
    middle = rows.low + rows.width / 2
    features = np.empty((ROWS, len(generator.columns)), np.float32)
    for place, own in enumerate(generator.columns):
        n_numbers = model.encoder.spans.n_numbers
        if own.column < n_numbers:
            grid, mark = generator.grids[own.column], model.encoder.spans.marks[own.column]
            shown = np.ones(ROWS, np.bool_) if mark is None else rows.codes[:, mark] == 0
            bins = grid.bin_of(middle[:, own.column].astype(np.float64))
            assert np.bincount(bins[shown]).min() >= 12
            features[:, place] = np.where(shown, bins, np.nan)
        else:
            features[:, place] = rows.codes[:, own.column - n_numbers]
            trees = own.trees[0]
            if len(trees):
                ends = np.bincount(trees.leaf_of(features[:, :place]).ravel())
                assert ends[ends > 0].min() >= 12


def test_options_of_networks_are_no_options():
    own = TabTrees().get_params(deep=False)
    assert not own.keys() & {*OPTIONS_OF["gan"]}
    assert (
        own.keys() | {*OPTIONS_OF["gan"], "stabilisers"} == TabGAN().get_params(deep=False).keys()
    )
    with pytest.raises(TypeError, match="epsilon"):
        TabTrees(epsilon=1)
    with pytest.raises(OptionError, match="min_group=0 must be"):
        TabTrees(min_group=0).fit(pd.DataFrame({"a": [1, 2]}))


def test_without_a_model():
    with pytest.raises(NotFittedError, match=r"This TabTrees has not been fitted"):
        TabTrees().sample(3)


class Stages(Callback):
    """Notes the stages, and ends the fit."""

    def __init__(self) -> None:
        self.stages: list[str] = []

    def on_stage(self, name: str) -> None:
        self.stages.append(name)

    def stop(self) -> bool:
        return "Growing trees" in self.stages


def test_a_callback_ends_the_fit(table):
    stages = Stages()
    estimator = TabTrees(verbose=False, callbacks=[stages]).fit(table)
    assert estimator.n_trees_ == 0
    assert len(estimator.sample(20)) == 20
    assert stages.stages[-2:] == ["Growing trees", "Refining"]


def test_time_ends_a_fit(table):
    estimator = TabTrees(verbose=False, max_time=1e-6).fit(table)
    assert estimator.n_trees_ == 0
    assert len(estimator.sample(20)) == 20


@pytest.mark.parametrize(
    "columns",
    [["kind"], ["size"], ["same"], ["nothing"], ["key"], ["when", "done"]],
    ids="-".join,
)
def test_small_tables(table, columns):
    frame = table[columns].head(50)
    rows = TabTrees(verbose=False, random_state=0).fit(frame).sample(20)
    pd.testing.assert_series_equal(rows.dtypes, frame.dtypes)


def test_the_report_tells_of_the_trees(table, fitted, tmp_path):
    few = table[["size", "group"]].head(60)
    estimator = TabTrees(verbose=False, random_state=0).fit(few)
    evaluation = estimator.evaluate(few)
    assert evaluation.run.facts["trees"] == f"{estimator.n_trees_:,}"
    assert "latent size" not in evaluation.run.facts
    page = tmp_path / "report.html"
    evaluation.save_html(page)
    assert "<html" in page.read_text(encoding="utf-8")


def test_flags_come_before_their_numbers(fitted):
    encoder = fitted._model.encoder
    order, layout = column_order(encoder), encoder.spans
    assert sorted(order) == [*range(layout.n_numbers + len(layout.widths))]
    for number, mark in enumerate(layout.marks):
        if mark is not None:
            assert order.index(layout.n_numbers + mark) < order.index(number)
