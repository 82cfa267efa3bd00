"""Pictures of sampled images: grids, strips over the epochs, and animations."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.base.safe_files import open_atomically
from tabgan.evaluation.matplotlib_figures import INK, Path, check_pictures, new_figure, save
from tabgan.images.image_arrays import Images, check_images

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["save_gif", "save_grid", "save_strip"]

INCHES = 0.9  # of an image, on paper
GIF_PIXELS = 56  # least height of an image in an animation; small images are magnified


def save_grid(
    images: Images, path: Path, *, columns: int = 10, titles: Sequence[str] | None = None
) -> None:
    """Write images side by side as a PNG file.

    Images are such as `tabgan.images.image_arrays.check_images` takes: (n, height, width) or with
    a last axis of channels; bytes, or floats from 0 to 1.

    Parameters
    ----------
    columns
        Images in a row.
    titles
        Over the columns, as many as these; the digits of a 2 × 10 grid, for instance.

    Raises
    ------
    OptionError
        If there are not as many titles as columns, or if matplotlib is not installed.
    DataError
        If the images can't be shown.
    """
    pixels = _pixels(images)
    if titles is not None and len(titles) != columns:
        raise OptionError(f"titles: there are {len(titles)} for {columns} columns; give as many")
    rows = [pixels[i : i + columns] for i in range(0, len(pixels), columns)]
    _save_rows(rows, path, columns=columns, titles=titles)


def save_strip(moments: Sequence[Images], epochs: Sequence[float], path: Path) -> None:
    """Write images of the same latents at several moments of training: a row an epoch.

    Raises
    ------
    OptionError
        If moments and epochs differ in number, or if matplotlib is not installed.
    DataError
        If the images can't be shown.
    """
    if len(moments) != len(epochs) or not moments:
        raise OptionError(
            f"save_strip: {len(moments)} moments and {len(epochs)} epochs; give as many of both"
        )
    labels = [f"epoch {epoch:,.3g}" for epoch in epochs]
    rows = [_pixels(images) for images in moments]
    _save_rows(rows, path, columns=max(map(len, rows)), labels=labels)


def save_gif(moments: Sequence[Images], path: Path, *, fps: float = 4.0, columns: int = 10) -> None:
    """Write grids of images, one after another, as an animated GIF that starts over at its end.

    Parameters
    ----------
    fps
        Grids a second.
    columns
        Images in a row.

    Raises
    ------
    OptionError
        If there is nothing to show, or if Pillow is not installed.
    DataError
        If the images can't be shown.
    """
    check_pictures()
    from PIL import Image

    if not moments or not fps > 0:
        raise OptionError(f"save_gif: {len(moments)} grids at fps={fps}; both must be above 0")
    first, *others = [Image.fromarray(_mosaic(_pixels(images), columns)) for images in moments]
    with open_atomically(path) as file:
        first.save(
            file,
            format="GIF",
            save_all=True,
            append_images=others,
            duration=round(1000 / fps),
            loop=0,
        )


def _pixels(images: Images) -> NDArray[np.uint8]:
    """Check images and return them as bytes; of one channel without it.

    Raises
    ------
    DataError
        If they can't be shown.
    """
    checked = check_images(images)
    if checked.shape[3] in (2, 4):  # with alpha, which is left out
        checked = checked[..., :-1]
    shown = checked[..., 0] if checked.shape[3] == 1 else checked
    return np.rint(shown * 255).astype(np.uint8)


def _save_rows(
    rows: Sequence[NDArray[np.uint8]],
    path: Path,
    *,
    columns: int,
    titles: Sequence[str] | None = None,
    labels: Sequence[str] | None = None,
) -> None:
    height, width = rows[0].shape[1:3]
    tall = INCHES * height / width
    side = 0.8 if labels else 0.0
    figure = new_figure(columns * INCHES + side, len(rows) * tall + (0.3 if titles else 0.0))
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02, wspace=0.02, hspace=0.02)
    places = figure.subplots(len(rows), columns, squeeze=False)
    for i, (images, line) in enumerate(zip(rows, places, strict=True)):
        for axes in line:
            _blank(axes)
        for axes, image in zip(line, images, strict=False):
            axes.imshow(image, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        if labels:
            line[0].set_ylabel(
                labels[i], color=INK, fontsize=9, rotation=0, ha="right", va="center"
            )
    for axes, title in zip(places[0], titles or (), strict=False):
        axes.set_title(title, color=INK, fontsize=10, pad=3)
    save(figure, path)


def _blank(axes: "Axes") -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _mosaic(pixels: NDArray[np.uint8], columns: int) -> NDArray[np.uint8]:
    """Lay images out on white, magnified to a readable size, with a little space between."""
    scale = max(1, -(-GIF_PIXELS // pixels.shape[1]))
    pixels = pixels.repeat(scale, axis=1).repeat(scale, axis=2)
    n, height, width = pixels.shape[:3]
    gap, n_rows = 2, -(-n // columns)
    size = (n_rows * (height + gap) + gap, min(columns, n) * (width + gap) + gap)
    canvas = np.full((*size, *pixels.shape[3:]), 255, np.uint8)
    for i, image in enumerate(pixels):
        top = gap + (i // columns) * (height + gap)
        left = gap + (i % columns) * (width + gap)
        canvas[top : top + height, left : left + width] = image
    return canvas
