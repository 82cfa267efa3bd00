import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tabgan import DataError, OptionError
from tabgan.evaluation.matplotlib_figures import choose_columns, plot_losses, plot_marginals
from tabgan.fitting.train_table import Snapshot
from tabgan.generators.gan.diagnosis import Finding
from tabgan.images.image_grids import save_gif, save_grid, save_strip

RED = (213, 94, 0)
RECORD = {"discriminator_loss": 1.4, "generator_loss": 0.7, "advantage": 0.1}
MEASURED = {"gamma": 5.0, "diversity": 1.0, "coverage": 0.9}


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def shows(picture: np.ndarray, color: tuple[int, int, int]) -> bool:
    return bool((picture == color).all(axis=2).any())


def test_losses(tmp_path):
    history = [RECORD | MEASURED | {"step": 50 * i} for i in range(1, 9)]
    plot_losses(history, tmp_path / "plain.png")
    assert not shows(pixels(tmp_path / "plain.png"), RED)
    finding = Finding("mode collapse", 200, "…", "…")
    plot_losses(history, tmp_path / "marked.png", [finding])
    assert shows(pixels(tmp_path / "marked.png"), RED)
    # records of a model that was trained before these were measured, and only one of them
    plot_losses([RECORD | {"step": 50, "gamma": 0.0}], tmp_path / "old.png")
    assert len(pixels(tmp_path / "old.png")) < len(pixels(tmp_path / "plain.png"))
    with pytest.raises(OptionError, match="history is empty"):
        plot_losses([], tmp_path / "none.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "marked.png",
        "old.png",
        "plain.png",
    ]


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    n = 200
    return pd.DataFrame(
        {
            "key": [f"K{i}" for i in range(n)],
            "spent": rng.lognormal(8, 2, n),
            "stars": rng.integers(1, 6, n),
            "day": pd.date_range("2024-01-01", periods=n, tz="Europe/Vienna"),
            "waited": pd.to_timedelta(rng.integers(0, 900, n), "s"),
            "price": [f"{x:.2f}" if x > 0.1 else "" for x in rng.random(n)],
            "since": [f"2023-0{i % 9 + 1}-{i % 28 + 1:02d}" for i in range(n)],
            "kind $": rng.choice(["a", None, "a long name of a kind", ""], n),
            "count": pd.array(rng.choice([*range(50), None], n), dtype="Int64"),
            "gone": [None] * n,
        }
    )


def test_columns_are_chosen(real):
    assert choose_columns(real) == ["spent", "stars", "day", "waited", "price", "kind $"]
    assert choose_columns(real, 20) == [*real.columns[1:9]]
    assert choose_columns(real[["key", "gone"]]) == []


def test_marginals(real, tmp_path):
    moments = [Snapshot(10 * i, i / 3, real.sample(50, random_state=i)) for i in range(3)]
    path = tmp_path / "m.png"
    plot_marginals(moments, real, [*real.columns[1:]], path)
    height, width, _ = pixels(path).shape
    assert height > width
    plot_marginals(moments[:1], real, ["stars"], path)
    assert shows(pixels(path), (0, 114, 178))
    with pytest.raises(OptionError, match="'size' is no column of the table"):
        plot_marginals(moments, real, ["size"], path)
    with pytest.raises(OptionError, match="at least one snapshot and one column"):
        plot_marginals([], real, ["stars"], path)


@pytest.mark.parametrize("channels", [1, 3])
def test_images(channels, tmp_path):
    images = np.random.default_rng(0).random((20, 12, 8, channels))
    save_grid(images, tmp_path / "g.png", titles="0123456789")
    height, width, _ = pixels(tmp_path / "g.png").shape
    assert width == 3 * height
    save_grid(images[:13], tmp_path / "part.png")
    save_strip([images[:5], images[5:10]], [0, 12.5], tmp_path / "s.png")
    assert pixels(tmp_path / "s.png").std() > 20
    save_gif([images, images / 2, images / 4], tmp_path / "a.gif", fps=8)
    with Image.open(tmp_path / "a.gif") as animation:
        assert (animation.n_frames, animation.info["loop"]) == (3, 0)
        assert animation.info["duration"] in (120, 130)  # GIF counts hundredths of a second
        assert animation.size == (10 * 42 + 2, 2 * 62 + 2)


@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda path: save_grid(np.zeros((4, 8)), path), r"images of shape \(4, 8\)"),
        (lambda path: save_grid(np.full((4, 8, 8), 7.5), path), "image 0 holds 7.5"),
        (lambda path: save_grid(np.zeros((4, 8, 8, 1)), path, titles="ab"), "2 for 10 columns"),
        (lambda path: save_strip([np.zeros((4, 8, 8, 1))], [1, 2], path), "1 moments and 2 epochs"),
        (lambda path: save_gif([], path), "0 grids at fps=4.0; both must be above 0"),
    ],
)
def test_what_can_not_be_drawn_is_refused(draw, message, tmp_path):
    with pytest.raises((OptionError, DataError), match=message):
        draw(tmp_path / "p")
    assert list(tmp_path.iterdir()) == []


def test_matplotlib_may_lack(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(OptionError, match=r"Pictures need matplotlib, .* pip install 'matplotlib"):
        plot_losses([RECORD | MEASURED | {"step": 50}], tmp_path / "p.png")


def test_pyplot_is_not_used():
    assert "matplotlib.pyplot" not in sys.modules
