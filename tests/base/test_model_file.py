import io
import json
import pickle
import zipfile

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors import safe_open

from tabgan import ModelFileError, TabGAN
from tabgan.base import model_file
from tabgan.base import safe_files as atomic_files
from tabgan.base.model_file import read_model, write_model
from tests.forked import run_code

DECIMAL_NAN = {"type": "decimal", "value": "NaN"}
EMPTY = {  # a network of no size, whose latent would still be drawn
    "generator.inlet.weight": torch.empty(0, 10**9),
    "generator.inlet.bias": torch.empty(0),
}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "secret": rng.normal(size=300) * 1e6 + rng.random(300),
            "kind": rng.choice(["a", "b", None], 300),
            "key": [f"K-{i:06d}-{rng.integers(10**6):06d}" for i in range(300)],
            "note": [" ".join(rng.choice(["ox", "yak", "gnu"], 9)) + f" {i}" for i in range(300)],
        }
    )


@pytest.fixture(scope="module")
def fitted(table) -> TabGAN:
    return TabGAN(steps=10, hidden_dim=16, verbose=False, random_state=1).fit(table)


@pytest.fixture
def path(fitted, tmp_path):
    path = tmp_path / "model.safetensors"
    fitted.save(path)
    return path


def test_round_trip(fitted, path):
    loaded = TabGAN.load(path)
    pd.testing.assert_frame_equal(loaded.sample(500), fitted.sample(500))
    assert loaded.schema_ == fitted.schema_
    # how long a fit took is not in the file: the same fit gives the same bytes
    timeless = [{k: v for k, v in one.items() if k != "seconds"} for one in fitted.history_]
    assert loaded.history_ == timeless
    assert loaded.latent_reason_ == fitted.latent_reason_
    assert loaded.get_params()["steps"] == 10
    assert loaded.n_rows_ == 300


def test_saving_a_loaded_model_gives_the_same_model(path, tmp_path):
    TabGAN.load(path).save(tmp_path / "again.safetensors")
    assert read_model(tmp_path / "again.safetensors")[0] == read_model(path)[0]


def test_the_same_model_gives_the_same_bytes(path, tmp_path):
    for _ in range(8):
        TabGAN.load(path).save(tmp_path / "again.safetensors")
        assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def test_another_process_draws_the_same_rows(fitted, path):
    code = (
        "import sys; from tabgan import TabGAN;"
        "sys.stdout.write(TabGAN.load(sys.argv[1]).sample(200).to_csv())"
    )
    run = run_code(code, str(path))
    assert run.stdout == fitted.sample(200).to_csv()


def test_no_row_of_the_table_is_in_the_file(table, path):
    content = path.read_bytes()
    with safe_open(path, "pt") as file:
        tensors = torch.cat([file.get_tensor(name).flatten() for name in file.keys()])  # noqa: SIM118
    assert not any(key.encode() in content for key in table["key"])
    assert not any(note.encode() in content for note in table["note"])
    inner = table["secret"].sort_values().iloc[1:-1]  # the extremes are the range, and are kept
    text = content.decode("latin-1")
    stored = sum(repr(float(value)) in text for value in inner)
    assert stored < 0.25 * len(inner)
    as_float = torch.tensor(table["secret"].to_numpy(), dtype=torch.float32)
    assert not torch.isin(tensors, as_float).any()


def header_of(path):
    content = path.read_bytes()
    length = int.from_bytes(content[:8], "little")
    return content, 8 + length


def bad(path, content, words):
    path.write_bytes(content)
    with pytest.raises(ModelFileError) as caught:
        TabGAN.load(path)
    assert str(path) in str(caught.value)
    assert words in str(caught.value)


def test_every_changed_byte_of_the_header_is_noticed(path):
    content, end = header_of(path)
    for place in np.random.default_rng(0).choice(end, 300, replace=False):
        changed = bytearray(content)
        changed[place] ^= 0x01
        path.write_bytes(changed)
        with pytest.raises(ModelFileError):
            TabGAN.load(path)


def test_a_changed_byte_of_a_tensor_is_noticed(path):
    content, end = header_of(path)
    changed = bytearray(content)
    changed[end + 5] ^= 0x40
    bad(path, bytes(changed), "the file is damaged (its checksum does not fit)")


@pytest.mark.parametrize("share", [0.001, 0.3, 0.9, 0.9999])
def test_a_truncated_file(path, share):
    content = path.read_bytes()
    bad(path, content[: int(share * len(content))], "")


def test_foreign_files(path):
    bad(path, b"", "not a tabgan model, or cut off (0 bytes)")
    bad(path, pickle.dumps({"a": 1}), "not a tabgan model")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("data.pkl", b"x" * 1000)
    bad(path, buffer.getvalue(), "not a tabgan model")
    bad(path, b"a,b\n1,2\n" * 100, "not a tabgan model")
    from safetensors.torch import save

    bad(path, save({"x": torch.zeros(3)}), "a safetensors file, but not a tabgan model")


def test_a_directory_is_not_a_model(tmp_path):
    with pytest.raises(ModelFileError, match="a directory, not a model file"):
        TabGAN.load(tmp_path)


def test_a_missing_file_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        TabGAN.load(tmp_path / "nothing.safetensors")


def test_a_newer_major_version_is_refused(path, monkeypatch):
    description, tensors = read_model(path)
    description.pop("format")
    monkeypatch.setattr(model_file, "FORMAT_VERSION", (2, 0))
    write_model(path, description, tensors)
    monkeypatch.undo()
    bad(path, path.read_bytes(), "model format 2, this library reads format 1; use the version")


@pytest.mark.parametrize(
    "damage",
    [
        lambda d, t: d.pop("encoder"),
        lambda d, t: d["encoder"].pop("columns"),
        lambda d, t: d["encoder"]["columns"][0].update(encoder="pickle"),
        lambda d, t: d["encoder"]["columns"][0].update(state=None),
        lambda d, t: d["encoder"]["columns"].pop(),
        lambda d, t: d["generator"].update(hidden_dim=10**12),
        lambda d, t: d["generator"].update(latent_dim=-4),
        lambda d, t: (d["generator"].update(hidden_dim=0, latent_dim=10**9), t.update(EMPTY)),
        lambda d, t: d["encoder"]["columns"][0]["column"].update(minimum=DECIMAL_NAN),
        lambda d, t: d["facts"].update(n_rows=-5),
        lambda d, t: d["facts"].update(n_rows="many"),
        lambda d, t: d["facts"]["parameters"].update(batch_size="junk"),
        lambda d, t: d["facts"].pop("history"),
        lambda d, t: d["facts"].update(parameters={"stepz": 3}),
        lambda d, t: t.pop("offsets"),
        lambda d, t: t.update({"offsets": torch.zeros(99)}),
        lambda d, t: t.update({"generator.inlet.bias": torch.full((16,), torch.nan)}),
        lambda d, t: t.update({"generator.inlet.bias": torch.zeros(16, dtype=torch.int64)}),
    ],
)
def test_parts_that_do_not_fit_are_one_clear_error(path, damage):
    description, tensors = read_model(path)
    damage(description, tensors)
    write_model(path, json.loads(json.dumps(description)), tensors)
    bad(path, path.read_bytes(), "")


def test_saving_is_atomic(fitted, tmp_path, monkeypatch):
    path = tmp_path / "model.safetensors"
    fitted.save(path)
    before = path.read_bytes()

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic_files.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        fitted.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]
