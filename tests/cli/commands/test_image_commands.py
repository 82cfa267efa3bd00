"""`tabgan images`, as it is typed."""

import gzip
import json
import struct

import numpy as np
import pytest
from click.testing import CliRunner

from tabgan import DataError, OptionError
from tabgan.cli.command_output import Report
from tabgan.cli.image_files import images_to_draw, read_halves, write_images
from tabgan.cli.main import main
from tabgan.images.idx import embedded_digits
from tabgan.images.image_sources import read_images

TINY = ("--steps", "3", "--width", "0.1", "--seed", "0")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "digits.safetensors"
    done = CliRunner().invoke(main, ["images", "fit", "-m", str(path), *TINY])
    assert done.exit_code == 0, done.output
    assert "Trained 3 steps" in done.stderr
    return path


@pytest.fixture
def folder(tmp_path):
    """A folder in MNIST's format: 200 digits to learn, 60 for tests."""
    images, labels = embedded_digits()
    for part, rows in (("train", slice(0, 200)), ("t10k", slice(200, 260))):
        for kind, array in (("images", images[rows]), ("labels", labels[rows].astype(np.uint8))):
            header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
            name = f"{part}-{kind}-idx{array.ndim}-ubyte.gz"
            (tmp_path / name).write_bytes(gzip.compress(header + array.tobytes()))
    return tmp_path


def test_a_grid_of_two_of_each_label(model, run, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    done = run("images", "sample", model, "-o", tmp_path / "grid.png")
    assert done.exit_code == 0, done.output
    assert "Wrote 20 images" in done.stderr
    assert (tmp_path / "grid.png").read_bytes()[1:4] == b"PNG"


@pytest.mark.parametrize("arguments", [("-n", "5"), ("-n", "40"), ("-n", "7", "--label", "3")])
def test_grids_of_any_number(model, run, tmp_path, arguments):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    done = run("images", "sample", model, "-o", tmp_path / "grid.png", *arguments)
    assert done.exit_code == 0, done.output
    assert (tmp_path / "grid.png").read_bytes()[1:4] == b"PNG"


def test_a_column_has_a_title_if_all_its_images_have_that_label():
    from tabgan.cli.image_files import _titles

    assert _titles(np.array([0, 1, 2, 0, 1, 2]), 3) == ["0", "1", "2"]
    assert _titles(np.array([0, 1, 2, 0, 2, 1]), 3) is None
    assert _titles(None, 3) is None


def test_pictures_of_a_training(run, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    arguments = ("images", "fit", "-m", "m.safetensors", "--pictures", "pictures", *TINY)
    done = run(*arguments)
    assert done.exit_code == 0, done.output
    drawn = {path.name: path.read_bytes()[:4] for path in (tmp_path / "pictures").iterdir()}
    assert drawn == {
        "losses.png": b"\x89PNG",
        "grid.png": b"\x89PNG",
        "strip.png": b"\x89PNG",
        "training.gif": b"GIF8",
    }
    (tmp_path / "m.safetensors").unlink()
    refused = run(*arguments)
    assert refused.exit_code == 5
    assert "losses.png already exists" in refused.stderr


def test_arrays_of_one_label(model, run, tmp_path):
    out = tmp_path / "sevens.npz"
    arguments = ("images", "sample", model, "-n", "12", "--label", "7", "-o", out, "--seed", "1")
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["images"] == 12
    with np.load(out, allow_pickle=False) as arrays:
        assert arrays["images"].shape == (12, 8, 8)
        assert arrays["images"].dtype == np.uint8
        assert set(arrays["labels"]) == {7}
    refused = run(*arguments)
    assert refused.exit_code == 5
    assert "exists" in refused.stderr


@pytest.mark.slow
def test_a_folder_is_learned_and_judged(folder, run):
    model = folder / "m.safetensors"
    done = run("images", "fit", "--data", folder, "-m", model, *TINY, "--loss", "wasserstein")
    assert done.exit_code == 0, done.output
    judge = folder / "judge.safetensors"
    arguments = ("images", "evaluate", model, "--data", folder, "--judge", judge, "-n", "100")
    done = run(*arguments, "--no-retrain", "--seed", "0")
    assert done.exit_code == 0, done.output
    rows = [line.split("  ")[0] for line in done.stdout.splitlines()]
    assert rows[1:] == [
        "read as label",
        "inception score",
        "Fréchet distance of 60",
        "modes covered",
    ]
    again = run(*arguments, "--no-retrain", "--seed", "0", "--json")
    scores = json.loads(again.stdout)["scores"]
    assert 0 <= scores["agreement"] <= 1
    assert scores["judge_accuracy"] > 0.5
    assert judge.exists()


@pytest.mark.parametrize(
    ("arguments", "verdict"),
    [
        (("fit", "--data", "nowhere", "-m", "m"), ((3, 5), "nowhere")),
        (("fit", "-m", "m", "--architecture", "dcgna"), ((2,), "did you mean 'dcgan'?")),
        (
            ("fit", "-m", "m", "--loss", "hinge", "--stabilizer", "label_smoothing"),
            ((2,), "--loss hinge has none"),
        ),
        (("sample", "MODEL", "-o", "digits.jpg"), ((2,), "end in .png, .npz or /")),
        (("sample", "MODEL", "-o", "a.npz", "--label", "ten"), ((2,), "label 'ten' is none of")),
        (("sample", "nothing.safetensors", "-o", "a.npz"), ((5,), "nothing.safetensors")),
    ],
)
def test_what_is_refused(model, run, tmp_path, arguments, verdict):
    codes, message = verdict
    done = run("images", *(str(model) if word == "MODEL" else word for word in arguments))
    assert done.exit_code in codes, done.output
    assert message in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("method", ["diffusion", "vae"])
def test_other_methods(run, method, tmp_path):
    quick = ["--steps", "3", "--width", "0.1", "--seed", "1"]
    result = run("images", "fit", "-m", "m.st", "--method", method, *quick)
    assert result.exit_code == 0, result.stderr
    assert ("latent size 32" in result.stderr) == (method == "vae")
    assert run("images", "sample", "m.st", "-n", "4", "-o", "d.npz").exit_code == 0
    refused = run("images", "fit", "-m", "n.st", "--method", method, "--loss", "hinge")
    assert refused.exit_code == 2
    assert f"--loss can't be combined with --method {method}" in refused.stderr
    refused = run("images", "fit", "-m", "n.st", "--method", method, "--pictures", "here")
    assert f"--pictures can't be combined with --method {method}" in refused.stderr


def test_options_of_other_methods_are_refused_with_a_gan(run):
    refused = run("images", "fit", "-m", "n.st", "--schedule", "cosine")
    assert refused.exit_code == 2
    assert "--schedule can't be combined with --method gan" in refused.stderr


def test_pictures_of_classes_are_learned_drawn_and_judged(model, run, tmp_path, monkeypatch):
    """What one command writes, the next one reads: a folder of pictures, and arrays."""
    pytest.importorskip("PIL", reason="pictures need Pillow")
    monkeypatch.setattr("tabgan.images.image_classifier.MIN_STEPS", 8)
    assert run("images", "sample", model, "-n", "150", "-o", "drawn/").exit_code == 0
    assert run("images", "sample", model, "-n", "40", "-o", "drawn.npz").exit_code == 0
    assert len(list(tmp_path.glob("drawn/*/*.png"))) == 150
    again = run("images", "sample", model, "-n", "4", "-o", "drawn/")
    assert again.exit_code == 5
    assert "drawn/ already exists and is not empty" in again.stderr
    assert run("images", "fit", "--data", "drawn.npz", "-m", "a.st", *TINY).exit_code == 0
    done = run("images", "fit", "--data", "drawn", "--size", "9x10", "-m", "b.safetensors", *TINY)
    assert done.exit_code == 0, done.output
    shown = run("images", "inspect", "b.safetensors")
    assert "image shape   9×10" in shown.stdout
    facts = json.loads(run("images", "inspect", "b.safetensors", "--json").stdout)
    assert (facts["method"], facts["steps"], facts["white"]) == ("gan", 3, 255)
    refused = run("images", "evaluate", "b.safetensors")
    assert refused.exit_code != 0
    assert "not scikit-learn's digits; pass its training images with --data" in refused.stderr
    scores = ("images", "evaluate", "b.safetensors", "--data", "drawn", "-n", "100", "--no-retrain")
    first, second = run(*scores), run(*scores)
    assert first.exit_code == 0, first.output
    assert "Training the judge" in first.stderr
    assert "Training the judge" not in second.stderr
    assert len(list(tmp_path.glob("b.judge-*.safetensors"))) == 1


def test_no_images(model, run, tmp_path):
    assert run("images", "sample", model, "-n", "0", "-o", "a.npz").exit_code == 0
    assert np.load(tmp_path / "a.npz")["images"].shape == (0, 8, 8)
    refused = run("images", "sample", model, "-n", "0", "-o", "a.png")
    assert "-n 0: a picture needs an image" in refused.stderr


def test_sizes_that_cannot_be(run):
    refused = run("images", "fit", "-m", "a", "--size", "3y3")
    assert "'3y3' is not an image size; write HEIGHTxWIDTH such as 28x28" in refused.stderr


def test_images_are_translated(run, tmp_path):
    pytest.importorskip("matplotlib", reason="pictures need matplotlib")
    quick = ("--steps", "3", "--width", "0.1", "--seed", "0")
    learn = ("images", "translate", "--task", "denoise", "-m", "m.safetensors", *quick)
    done = run(*learn, "--picture", "pairs.png", "--json")
    assert done.exit_code == 0, done.output
    assert "median filter" in done.stderr
    assert json.loads(done.stdout)["scores"]["psnr"] > 5
    assert (tmp_path / "pairs.png").exists()
    np.savez(tmp_path / "noisy.npz", images=embedded_digits()[0][:12])
    use = ("images", "translate", "-m", "m.safetensors", "--input", "noisy.npz")
    done = run(*use, "-o", "clean.npz")
    assert done.exit_code == 0, done.output
    assert np.load(tmp_path / "clean.npz")["images"].shape == (12, 8, 8)
    refused = run(*use)
    assert "use --task to train a model, or --input and --out to apply it" in refused.stderr
    assert run(*learn).exit_code == 5  # the model exists


def test_no_label_leads_out_of_the_folder(tmp_path):
    pytest.importorskip("PIL", reason="pictures need Pillow")
    labels = ["../x", str(tmp_path / "abs"), "..", "", "cat"]
    images = np.arange(5 * 64, dtype=np.uint8).reshape(5, 8, 8)
    out = tmp_path / "in" / "out"
    write_images(f"{out}/", images, np.array(labels, dtype=object), columns=5)
    assert [path.name for path in tmp_path.iterdir()] == ["in"]
    assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert all(path.is_dir() for path in out.iterdir())
    read = read_images(out, whole=True)
    assert sorted(read.labels) == sorted(labels)


def test_a_label_of_a_model_without_labels():
    with pytest.raises(OptionError, match=r"^--label 3: the model was trained without labels"):
        images_to_draw([], 5, "3")


def test_too_few_images_to_translate(tmp_path):
    np.save(tmp_path / "two.npy", np.zeros((2, 8, 8), np.uint8))
    with pytest.raises(DataError, match=r"too few images \(2\); at least 3 are needed"):
        read_halves(str(tmp_path / "two.npy"), Report(quiet=True), size=None)
