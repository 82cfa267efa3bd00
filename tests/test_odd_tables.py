"""Tables of odd shape, size, names or origin come back as what they were."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN

pytestmark = pytest.mark.filterwarnings("error")

ROWS = 60
RNG = np.random.default_rng(1)
X = RNG.normal(size=ROWS)
COUNTS = RNG.integers(0, 1000, ROWS)
WORDS = RNG.choice(["u", "v"], ROWS).astype(object)


class TestSizes:
    def test_two_rows(self, comes_back):
        table = pd.DataFrame({"n": [1, 2], "word": ["x", "y"], "x": [0.5, 0.7], "gap": [1.0, None]})
        comes_back(table)

    def test_three_rows(self, comes_back):
        comes_back(pd.DataFrame({"n": [1, 2, 3], "word": ["x", "y", "y"], "x": [0.5, 0.7, None]}))

    @pytest.mark.parametrize(
        "table",
        [
            {"number": [7] * ROWS, "word": ["v"] * ROWS},
            {"id": np.arange(ROWS)},
            {"nothing": [np.nan] * ROWS},
            {"id": np.arange(ROWS), "number": [7] * ROWS, "nothing": [None] * ROWS},
        ],
        ids=["constants", "identifier", "nothing", "all of these"],
    )
    def test_a_table_that_leaves_nothing_to_learn(self, table, comes_back, tmp_path):
        gan, sample = comes_back(pd.DataFrame(table))
        assert gan.n_steps_ == 0
        gan.save(tmp_path / "model")
        pd.testing.assert_frame_equal(TabGAN.load(tmp_path / "model").sample(50), sample)

    def test_a_level_of_one_row_in_ten_thousand(self, comes_back):
        level = ["rare"] + ["common"] * 9999
        _, sample = comes_back(pd.DataFrame({"level": level, "x": RNG.normal(size=10_000)}), 20_000)
        assert (sample["level"] == "rare").mean() < 0.005

    def test_hundreds_of_levels_of_different_types(self, comes_back):
        made = [lambda n: n, str, lambda n: n + 0.5, lambda n: b"%d" % n, lambda n: (n, "x")]
        numbers = RNG.integers(0, 300, 1000).tolist()
        level = pd.Series([made[n % 5](n) for n in numbers], dtype=object)
        gan, sample = comes_back(pd.DataFrame({"level": level, "x": RNG.normal(size=1000)}), 500)
        assert gan.schema_["level"].kind == "categorical"
        assert set(map(type, sample["level"])) == {int, str, float, bytes, tuple}

    def test_texts_of_a_megabyte(self, comes_back):
        table = pd.DataFrame(
            {
                "few": [letter * 1_000_000 for letter in "abc"] * 4,
                "different": [f"{row:02d}" * 500_000 for row in range(12)],
                "prose": [f"word {row} " * 125_000 for row in range(12)],
            }
        )
        comes_back(table)

    def test_identical_columns_stay_identical(self, comes_back):
        table = pd.DataFrame({"x": X, "n": COUNTS, "word": WORDS})
        table = table.assign(x2=table["x"], n2=table["n"], word2=table["word"])
        _, sample = comes_back(table, 500)
        for name in ("x", "n", "word"):
            assert sample[name].tolist() == sample[f"{name}2"].tolist()


MANY_LEVELS = """
import re
from pathlib import Path
import numpy as np, pandas as pd
from tabgan import TabGAN

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 2**20

rng = np.random.default_rng(0)
levels = rng.permutation(np.r_[np.arange(100_000), rng.integers(0, 100_000, 100_000)])
table = pd.DataFrame({"level": levels.astype(str).astype(object), "x": rng.normal(size=200_000)})
table["level"] = "level " + table["level"]
before = peak()
gan = TabGAN(steps=3, min_group=1, verbose=False, random_state=0).fit(table)
sample = gan.sample(20_000)
assert gan.schema_["level"].kind == "categorical", gan.schema_
assert sample["level"].isin(table["level"]).all()
assert sample["level"].nunique() > 10_000
print(peak() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs the peak of a process")
def test_memory_of_a_hundred_thousand_levels():
    run = [sys.executable, "-c", MANY_LEVELS]
    output = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert float(output) < 1.0  # GiB; a number for each row and level would take 75


NAMES: dict[str, Any] = {
    "numbers": [1, 2, 3],
    "other numbers": [1.5, 2.0, float("nan")],
    "of all types": [None, 1, ("a", "b")],
    "of nothing and numbers": [None, 1, 2.5],
    "alike": ["1", 1, ""],
    "tuples": pd.Index([("a", 1), ("a", 2), "b"], tupleize_cols=False),
    "several levels": pd.MultiIndex.from_tuples(
        [("a", "x"), ("a", "y"), ("b", "x")], names=["top", None]
    ),
    "levels of all types": pd.MultiIndex.from_tuples([("a", 1), ("a", 2), ("b", 1)]),
    "dates": pd.date_range("2024", periods=3, name="day"),
    "zone": pd.date_range("2024", periods=3, tz="Europe/Berlin"),
    "named": pd.Index(["a", "b", "c"], name="what"),
    "unicode": ["😀", "עברית", "\ud800"],
    "NUL": ["a", "a\0", "\0"],
    "blank": ["", " ", "NaN"],
    "of Python": ["class", "self", "__init__"],
}


@pytest.mark.parametrize("names", NAMES.values(), ids=NAMES)
def test_names(names, comes_back, tmp_path):
    table = pd.DataFrame({0: X, 1: COUNTS, 2: WORDS})
    table.columns = pd.Index(names, tupleize_cols=False)
    gan, sample = comes_back(table)
    assert sample.columns.names == table.columns.names
    gan.save(tmp_path / "model")
    loaded = TabGAN.load(tmp_path / "model").sample(50, random_state=0)
    pd.testing.assert_frame_equal(loaded, sample)


def test_names_of_a_categorical_index_are_kept(comes_back):
    table = pd.DataFrame({"b": X, "a": COUNTS})
    gan = TabGAN(steps=3, hidden_dim=16, verbose=False, random_state=0)
    sample = gan.fit(table.set_axis(pd.CategoricalIndex(["b", "a"]), axis=1)).sample(50)
    pd.testing.assert_frame_equal(sample, gan.fit(table).sample(50))


INDICES: dict[str, Any] = {
    "dates": pd.date_range("2024", periods=ROWS, freq="D", name="day"),
    "all alike": [0] * ROWS,
    "reversed": range(ROWS, 0, -1),
    "levels": pd.MultiIndex.from_arrays([range(ROWS), [1] * ROWS]),
    "missing": [None] * ROWS,
}


@pytest.mark.parametrize("index", INDICES.values(), ids=INDICES)
def test_the_index_is_ignored(index, comes_back):
    table = pd.DataFrame({"x": X, "n": COUNTS, "word": WORDS, "gap": np.where(X > 0, X, np.nan)})
    _, expected = comes_back(table)
    _, sample = comes_back(table.set_axis(pd.Index(index), axis=0))
    pd.testing.assert_frame_equal(sample, expected)


class TestInputs:
    def test_a_subclass_of_a_frame_with_attributes(self, comes_back):
        class Frame(pd.DataFrame):
            @property
            def _constructor(self) -> type["Frame"]:
                return Frame

        table = Frame({"x": X, "n": COUNTS})
        table.attrs["source"] = "a survey"
        _, sample = comes_back(table)
        assert sample.attrs == {}

    def test_labels_that_must_not_repeat(self, comes_back):
        comes_back(pd.DataFrame({"x": X}).set_flags(allows_duplicate_labels=False))

    def test_a_part_of_another_frame(self, comes_back):
        whole = pd.DataFrame({"x": X, "n": COUNTS, "word": WORDS})
        comes_back(whole.loc[whole["x"] > 0, ["word", "x"]])

    def test_buffers_that_can_only_be_read(self, comes_back):
        numbers, counts = X.copy(), COUNTS.copy()
        numbers.flags.writeable = counts.flags.writeable = False
        series = {"x": pd.Series(numbers, copy=False), "n": pd.Series(counts, copy=False)}
        table = pd.DataFrame(series, copy=False)
        assert not table["x"].to_numpy().flags.writeable
        comes_back(table)

    @pytest.mark.parametrize("order", ["C", "F"])
    def test_array(self, order):
        array = np.asarray(np.c_[X, COUNTS], order=order)
        array.flags.writeable = False
        sample = drawn_from(array)
        assert list(sample.columns) == [0, 1]
        assert list(sample.dtypes) == [np.float64, np.float64]
        assert (sample[1] % 1 == 0).all()

    def test_structured_array(self):
        array = np.array([*zip(X, COUNTS, strict=True)], [("x", "f4"), ("n", "i2")])
        assert drawn_from(array).dtypes.to_dict() == {"x": np.float32, "n": np.int16}

    def test_masked_cells_are_missing(self):
        array = np.ma.masked_array(np.c_[X, COUNTS], mask=np.c_[X > 0, X > 9])
        sample = drawn_from(array)
        assert sample[0].isna().any()
        assert sample[0].max() <= 0
        assert sample[1].notna().all()

    def test_array_of_objects(self):
        sample = drawn_from(np.array([["a", 1], ["b", 2]] * 20, object))
        assert set(map(tuple, sample.to_numpy())) <= {("a", 1), ("b", 2), ("a", 2), ("b", 1)}

    @pytest.mark.parametrize("make", [list, tuple])
    def test_rows(self, make):
        sample = drawn_from(make(make(row) for row in zip(X.tolist(), WORDS, strict=True)))
        assert sample[0].between(X.min(), X.max()).all()
        assert set(sample[1]) == {"u", "v"}

    def test_records(self):
        sample = drawn_from([{"x": x, "word": word} for x, word in zip(X, WORDS, strict=True)])
        assert sample.dtypes.to_dict() == {"x": np.float64, "word": object}


def drawn_from(data: Any) -> pd.DataFrame:
    return TabGAN(steps=3, hidden_dim=16, verbose=False, random_state=0).fit(data).sample(50)
