"""Rows of a table that is larger than what is to be learned: chosen uniformly, in one pass."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tabgan import OptionError, TabTrees
from tabgan.files.file_cells import sample_batches, sample_frame
from tabgan.files.formats import TableForm
from tabgan.files.read_write import TableWriter, read_table

N, MOST = 3000, 400
NOTE = f"a uniform sample of {MOST} of 3,000 rows is learned; --training-rows sets how many"


def take(batch, rows):
    return batch[rows]


@given(st.lists(st.integers(0, 50), max_size=8), st.integers(1, 60))
def test_chosen_rows_do_not_depend_on_the_batches(sizes, most):
    rows = np.arange(sum(sizes))
    parts, total = sample_batches(np.split(rows, np.cumsum(sizes)), most, take)
    whole, _ = sample_batches([rows], most, take)
    chosen = np.concatenate([*parts, rows[:0]])
    assert total == len(rows)
    assert len(chosen) == min(most, total)
    assert (np.diff(chosen) > 0).all()
    assert chosen.tolist() == np.concatenate([*whole, rows[:0]]).tolist()


def test_all_rows_are_equally_likely():
    parts, _ = sample_batches(np.split(np.arange(100_000), 100), 20_000, take)
    counts = np.histogram(np.concatenate(parts), bins=10, range=(0, 100_000))[0]
    assert abs(counts - 2000).max() < 5 * np.sqrt(2000 * 0.8)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "number": np.arange(N),
            "plan": pd.Categorical(rng.choice(["free", "pro"], N)),
            "net": rng.gamma(2, 20, N).round(2),
            "seen": np.where(rng.random(N) < 0.1, None, rng.choice(["a", "b"], N)),
        }
    )


def write(path, table, table_format):
    form = TableForm().for_output(str(path), table_format=table_format)
    with TableWriter(str(path), form) as writer:
        for start in range(0, len(table), 500):
            writer.write(table[start : start + 500])
    return str(path)


@pytest.mark.parametrize("name", ["t.parquet", "t.duckdb", "t.csv", "t.feather", "t.jsonl"])
def test_files_give_the_same_rows(table, tmp_path, name):
    path = write(tmp_path / name, table, None)
    expected = sample_frame(table, MOST).reset_index(drop=True)
    frame, form = read_table(path, most_rows=MOST)
    assert (form.n_rows, form.notes[-1]) == (N, NOTE)
    assert frame["number"].astype(int).tolist() == expected["number"].tolist()
    whole, _ = read_table(path)
    assert frame.dtypes.to_dict() == whole.dtypes.to_dict()
    same, form = read_table(path, most_rows=N)
    pd.testing.assert_frame_equal(same, whole)
    assert (form.n_rows, form.notes) == (None, ())


@pytest.mark.parametrize("place", ["", "year=*/p*.parquet", "**/*.parquet"])
def test_folders_and_patterns(table, tmp_path, place):
    for year in (2023, 2024):
        (tmp_path / f"year={year}").mkdir()
        half = table[: N // 2] if year == 2023 else table[N // 2 :]
        write(tmp_path / f"year={year}" / "part.parquet", half, None)
    path = str(tmp_path / place)
    frame, form = read_table(path, most_rows=MOST)
    assert frame["number"].tolist() == sample_frame(table, MOST)["number"].tolist()
    assert frame["year"].astype(int).tolist() == [2023 + (n >= N // 2) for n in frame["number"]]
    assert form.notes == (NOTE,)
    assert len(read_table(path)[0]) == N


def test_notes_below_a_text_are_no_rows(table, tmp_path):
    path = tmp_path / "t.csv"
    text = table[["number", "net"]].to_csv(index=False)
    path.write_text(f"{text}\n\nSource: the office of numbers\n")
    frame, form = read_table(str(path), most_rows=MOST)
    assert form.n_rows == N
    assert frame["number"].astype(int).tolist() == sample_frame(table, MOST)["number"].tolist()
    assert len(form.notes) == 2


def test_estimators_learn_a_sample(table, tmp_path):
    options = {"training_rows": MOST, "refine": False, "verbose": False, "random_state": 0}
    path = write(tmp_path / "t.parquet", table, None)
    from_file = TabTrees(**options).fit(path)
    from_frame = TabTrees(**options).fit(read_table(path)[0])
    assert from_file.n_rows_ == MOST
    pd.testing.assert_frame_equal(from_file.sample(50), from_frame.sample(50))


def test_options_of_estimators(table):
    with pytest.raises(OptionError, match="training_rows=0 must be a whole number from 1 or None"):
        TabTrees(training_rows=0).fit(table)
