"""Samples in parts are the same files, whoever writes them, and however often they are stopped."""

import json
import resource
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tabgan import OptionError, SamplingError, TabGAN, TableFileError
from tabgan.constraints import Unique
from tabgan.sampling.row_requests import rows_between
from tabgan.sampling.write_parts import Shard

N = 20_000
PER_FILE = 6_000


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 400
    customer = np.sort(rng.integers(0, 130, n))
    return pd.DataFrame(
        {
            "order": [f"O-{i:06d}" for i in rng.permutation(n)],
            "customer": [f"C{i:04d}" for i in customer],
            "plan": rng.choice(["free", "pro"], 130)[customer],
            "net": rng.gamma(2, 20, n).round(2),
        }
    )


def fit(table: pd.DataFrame, **options: object) -> TabGAN:
    small = {"steps": 3, "hidden_dim": 16, "refine": False, "polish": False, "verbose": False}
    return TabGAN(**small, random_state=0, min_group=1, **options).fit(table)


@pytest.fixture(scope="module")
def gan(orders) -> TabGAN:
    return fit(orders, schema={"customer": "key", "order": "identifier"})


@pytest.fixture(scope="module")
def whole(gan, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("parts") / "whole"
    manifest = gan.sample_to(folder, N, rows_per_file=PER_FILE, random_state=5)
    assert manifest == folder / "manifest.json"
    return folder


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_parts_hold_the_rows_of_the_sample(gan, whole):
    names = sorted(path.name for path in whole.iterdir())
    assert names == ["manifest.json", *(f"part-{i:05d}.parquet" for i in range(4))]
    parts = [pd.read_parquet(whole / name) for name in names[1:]]
    assert list(map(len, parts)) == [6000, 6000, 6000, 2000]
    rows = pd.concat(parts, ignore_index=True)
    pd.testing.assert_frame_equal(rows, gan.sample(N, random_state=5))
    assert rows["order"].is_unique
    assert gan._model.keys
    assert 0 < rows["customer"].nunique() < N / 2


def test_refined_rows_are_drawn_in_smaller_blocks(orders):
    gan = TabGAN(steps=3, hidden_dim=16, verbose=False, random_state=0).fit(orders)
    model = gan._model
    whole = gan.sample(9000, random_state=5)
    rows = pd.concat(rows_between(model, 4000, 8300, 9000, 5))
    pd.testing.assert_frame_equal(rows, whole[4000:8300])


def test_manifest(gan, whole):
    manifest = json.loads((whole / "manifest.json").read_text())
    assert (manifest["rows"], manifest["rows_per_file"]) == (N, PER_FILE)
    assert manifest["seed"] == 5
    assert manifest["model"] == gan._model.digest
    assert set(manifest["versions"]) == {"tabgan", "torch", "pandas", "numpy", "faker", "pyarrow"}
    assert [part["rows"] for part in manifest["parts"]] == [6000, 6000, 6000, 2000]


def test_a_model_file_gives_the_same_parts(gan, whole, tmp_path):
    gan.save(tmp_path / "model")
    loaded = TabGAN.load(tmp_path / "model")
    loaded.sample_to(tmp_path / "out", N, rows_per_file=PER_FILE, random_state=5)
    assert contents(tmp_path / "out") == contents(whole)


def test_shards_give_the_same_manifest_in_any_order(gan, whole, tmp_path):
    for number in (2, 0, 1):
        manifest = gan.sample_to(
            tmp_path / "out", N, rows_per_file=PER_FILE, random_state=5, shard=(number, 3)
        )
        assert (manifest is None) == (number != 1)
    assert contents(tmp_path / "out") == contents(whole)


def test_finished_parts_are_checked_and_not_drawn_again(gan, whole, tmp_path):
    out = tmp_path / "out"
    gan.sample_to(out, N, rows_per_file=PER_FILE, random_state=5, shard=(0, 2))
    before = (out / "part-00002.parquet").stat().st_mtime_ns
    (out / "part-00000.parquet").write_bytes(b"cut short")
    gan.sample_to(out, N, rows_per_file=PER_FILE, random_state=5, resume=True)
    assert (out / "part-00002.parquet").stat().st_mtime_ns == before
    assert contents(out) == contents(whole)
    (out / "part-00001.parquet").unlink()
    gan.sample_to(out, N, rows_per_file=PER_FILE, resume=True)  # the seed is the folder's
    assert contents(out) == contents(whole)


def test_records_that_a_killed_process_left_beside_the_manifest_are_removed(gan, tmp_path):
    gan.sample_to(tmp_path, 9, rows_per_file=5, random_state=1)
    finished = contents(tmp_path)
    (tmp_path / "_unfinished").mkdir()
    (tmp_path / "_unfinished" / "plan.json").write_bytes(finished["manifest.json"])
    gan.sample_to(tmp_path, 9, rows_per_file=5, random_state=1, resume=True)
    assert contents(tmp_path) == finished


def test_text_files_and_no_rows(gan, tmp_path):
    gan.sample_to(tmp_path / "out", 0, table_format="csv")
    assert (tmp_path / "out/part-00000.csv").read_text() == "order,customer,plan,net\n"
    gan.sample_to(tmp_path / "out", 3, rows_per_file=2, table_format="csv", force=True)
    assert sorted(contents(tmp_path / "out")) == [
        "manifest.json",
        "part-00000.csv",
        "part-00001.csv",
    ]


class TestErrors:
    def test_a_folder_of_other_files(self, gan, tmp_path):
        (tmp_path / "notes.txt").write_text("mine")
        for force in (False, True):
            with pytest.raises(TableFileError, match=r"holds notes\.txt, and no parts of a sample"):
                gan.sample_to(tmp_path, 10, force=force)
        assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]

    def test_parts_of_this_or_another_sample(self, gan, tmp_path):
        gan.sample_to(tmp_path, 10, random_state=1)
        with pytest.raises(TableFileError, match="already holds parts of this sample; give --res"):
            gan.sample_to(tmp_path, 10, random_state=1)
        with pytest.raises(TableFileError, match="whose seed is 1 and not 2; name another folder"):
            gan.sample_to(tmp_path, 10, random_state=2, resume=True)
        gan.sample_to(tmp_path, 10, random_state=2, force=True)

    def test_force_removes_what_the_folder_lists_and_nothing_else(self, gan, tmp_path):
        gan.sample_to(tmp_path, 20, rows_per_file=10, random_state=1)
        for name in ("part-00007.csv", "part-00002.parquet", "notes.txt"):
            (tmp_path / name).write_text("mine")
            before = contents(tmp_path)
            with pytest.raises(TableFileError, match=f"holds {name}, which is not among the fil"):
                gan.sample_to(tmp_path, 10, random_state=2, force=True)
            assert contents(tmp_path) == before
            (tmp_path / name).unlink()
        gan.sample_to(tmp_path, 10, random_state=2, force=True)
        assert sorted(contents(tmp_path)) == ["manifest.json", "part-00000.parquet"]

    def test_force_on_an_unfinished_sample(self, gan, tmp_path):
        gan.sample_to(tmp_path, 40, rows_per_file=10, random_state=1, shard=(0, 2))
        mine = tmp_path / "_unfinished" / "mine.txt"
        for place in (mine, tmp_path / "part-00001.parquet"):  # a part that no record lists
            place.write_text("mine")
            with pytest.raises(TableFileError, match=f"holds .*{place.name}, which is not among"):
                gan.sample_to(tmp_path, 10, random_state=2, force=True)
            assert (tmp_path / "part-00002.parquet").exists()
            place.unlink()
        gan.sample_to(tmp_path, 10, random_state=2, force=True)
        assert sorted(contents(tmp_path)) == ["manifest.json", "part-00000.parquet"]

    def test_absurd_numbers_in_a_plan(self, gan, tmp_path):
        gan.sample_to(tmp_path, 20, rows_per_file=10, random_state=1)
        path = tmp_path / "manifest.json"
        state = json.loads(path.read_text())
        path.write_text(json.dumps({**state, "rows": 10**18, "rows_per_file": 1}))
        with pytest.raises(TableFileError, match=r"whose number of rows is 10{18} and not 20"):
            gan.sample_to(tmp_path, 20, rows_per_file=10, resume=True)
        with pytest.raises(TableFileError, match="its parts are not those that its numbers of"):
            gan.sample_to(tmp_path, 20, rows_per_file=10, force=True)
        for wrong in ({"rows": -1}, {"rows_per_file": 0}, {"seed": -1}, {"format": "csv/../x"}):
            path.write_text(json.dumps({**state, **wrong}))
            with pytest.raises(TableFileError, match=r"manifest\.json does not describe parts"):
                gan.sample_to(tmp_path, 20, rows_per_file=10, resume=True)

    def test_a_record_of_other_rows_is_not_believed(self, gan, tmp_path):
        gan.sample_to(tmp_path, 40, rows_per_file=10, random_state=1, shard=(0, 2))
        path = tmp_path / "_unfinished" / "part-00002.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "rows": 10**18}))
        gan.sample_to(tmp_path, 40, rows_per_file=10, random_state=1, resume=True)
        manifest = json.loads((tmp_path / "manifest.json").read_text())
        assert [part["rows"] for part in manifest["parts"]] == [10] * 4

    def test_a_file_is_no_folder(self, gan, tmp_path):
        (tmp_path / "c.csv").write_text("mine")
        with pytest.raises(TableFileError, match=r"c\.csv is a file, and the files of a sample ne"):
            gan.sample_to(tmp_path / "c.csv", 10, force=True)

    def test_another_model(self, gan, orders, tmp_path):
        gan.sample_to(tmp_path, 10, random_state=1)
        other = fit(orders[["plan", "net"]])
        with pytest.raises(TableFileError, match="holds parts of another sample, whose model is"):
            other.sample_to(tmp_path, 10, random_state=1, resume=True)

    @pytest.mark.parametrize("text", ['{"rows": 5', '{"name": "an app"}', "[]"])
    def test_a_foreign_or_half_written_manifest(self, gan, tmp_path, text):
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(TableFileError, match=r"manifest\.json does not describe parts of a"):
            gan.sample_to(tmp_path, 10, resume=True)
        assert contents(tmp_path) == {"manifest.json": text.encode()}

    def test_no_folder(self, gan, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(TableFileError, match="can't be written to: "):
            gan.sample_to(tmp_path / "file" / "out", 10)

    def test_a_full_disk_leaves_no_broken_part(self, gan, tmp_path):
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
        try:
            with pytest.raises(TableFileError, match=r"part-00000\.csv can't be written: File too"):
                gan.sample_to(tmp_path, 2000, table_format="csv", random_state=1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert [path.name for path in tmp_path.iterdir()] == ["_unfinished"]
        assert gan.sample_to(tmp_path, 2000, table_format="csv", random_state=1, resume=True)

    def test_options(self, gan, tmp_path):
        with pytest.raises(OptionError, match="rows_per_file=0 must be a whole number from 1"):
            gan.sample_to(tmp_path, 10, rows_per_file=0)
        with pytest.raises(OptionError, match="table_format='xlsx' can't be written in parts"):
            gan.sample_to(tmp_path, 10, table_format="xlsx")
        with pytest.raises(OptionError, match="shard=2/2 must be a number from 0 and below"):
            gan.sample_to(tmp_path, 10, shard=(2, 2))
        with pytest.raises(OptionError, match="force can't be combined with shard: each process"):
            gan.sample_to(tmp_path, 10, random_state=1, shard=(0, 2), force=True)
        unseeded = TabGAN()._set_model(gan._model)
        with pytest.raises(OptionError, match="shard needs a random_state"):
            unseeded.sample_to(tmp_path, 10, shard=(0, 2))


def test_shards_share_all_parts_out():
    parts = [part for number in range(3) for part in Shard(number, 3).of(range(8))]
    assert sorted(parts) == list(range(8))


def test_unique_rules_need_a_value_of_each_row(orders, tmp_path):
    own = fit(orders, constraints=[Unique(["order", "plan"])])
    own.sample_to(tmp_path / "own", 10)
    table = orders.assign(line=np.arange(len(orders)) // 2 * 3.5)[["plan", "line"]]
    table = table.drop_duplicates()
    learned = fit(table, constraints=[Unique(["plan", "line"])])
    with pytest.raises(SamplingError, match="are unique, and no part of these 10 rows can be"):
        learned.sample_to(tmp_path / "learned", 10)
    assert not (tmp_path / "learned").exists()


@pytest.mark.slow  # Ray takes half a minute to start
def test_ray_gives_the_same_manifest(gan, whole, tmp_path):
    pytest.importorskip("ray", reason="Ray is an extra")
    out = tmp_path / "out"
    gan.sample_to(out, N, rows_per_file=PER_FILE, random_state=5, backend="ray")
    assert contents(out) == contents(whole)
