"""Images of the commands: read, drawn to files and pictures, scored and laid out."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from tabgan.base.atomic_files import open_atomically
from tabgan.base.errors import OptionError
from tabgan.cli.output_targets import check_folder
from tabgan.evaluation.pictures.training_pictures import plot_losses
from tabgan.images.idx import embedded_digits, read_folder
from tabgan.images.image_arrays import check_labels, code_of
from tabgan.images.image_grids import save_gif, save_grid, save_strip
from tabgan.images.image_scores import Labelled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tabgan.cli.console import Report
    from tabgan.images.image_gan import ImageGAN
    from tabgan.images.image_scores import ImageScores
    from tabgan.images.judge import Judge

__all__ = [
    "check_image_folder",
    "codes_of",
    "describe_scores",
    "draw_image_pictures",
    "judge_of",
    "label_of",
    "read_part",
    "images_to_draw",
    "write_images",
]

_PICTURES = ("losses.png", "grid.png", "strip.png", "training.gif")
FEW = 20  # images, where no number is asked for
TEST_SHARE = 5  # every fifth of the embedded digits is for tests
IN_STRIP = 10  # images of each moment, without labels
MOST_COLUMNS = 20


class ImagePart(NamedTuple):
    """Images and their labels."""

    images: "NDArray[np.uint8]"
    labels: "NDArray[np.int64]"


def read_part(folder: str | None, part: Literal["train", "test"], report: "Report") -> ImagePart:
    """Read the images and labels of a folder, or of scikit-learn's digits.

    Parameters
    ----------
    folder
        A folder of MNIST's files; None for the embedded digits.
    part
        The images for training or for tests.
    report
        Where messages go.
    """
    if folder is not None:
        report.say(f"Reading {part} images of {folder}")
        return ImagePart(*read_folder(folder, part))
    pixels, labels = embedded_digits()
    tests = slice(0, len(pixels), TEST_SHARE)
    if part == "test":
        return ImagePart(pixels[tests], labels[tests])
    return ImagePart(np.delete(pixels, tests, axis=0), np.delete(labels, tests))


def codes_of(labels: "NDArray[Any]", classes: list[Any]) -> "NDArray[np.int64]":
    """Return the position of each label among classes.

    Parameters
    ----------
    labels
        The labels of images.
    classes
        All labels.

    Raises
    ------
    OptionError
        If a label is none of them.
    """
    distinct, codes = check_labels(labels, len(labels))
    places = np.array([code_of(label, classes) for label in distinct.tolist()], np.int64)
    return places[codes]


def images_to_draw(
    classes: list[Any], number: int | None, label: str | None
) -> tuple[int | None, Any]:
    """Return how many images to draw, and their labels; two of each label by default.

    Parameters
    ----------
    classes
        The labels of the model.
    number, label
        The options; None where they are not given.
    """
    if label is not None:
        return FEW if number is None else number, label_of(label, classes)
    if number is None and classes:
        return None, [*classes, *classes]
    return FEW if number is None else number, None


def label_of(text: str, classes: list[Any]) -> Any:
    """Return the label that a text on the command line stands for.

    Parameters
    ----------
    text, classes
        The text, and the labels of the model.

    Raises
    ------
    OptionError
        If there is no such label.
    """
    return classes[code_of(text, [str(label) for label in classes])]


def write_images(
    path: str, images: "NDArray[Any]", labels: "NDArray[Any] | None", *, columns: int
) -> None:
    """Write images as a picture of a grid, or as arrays.

    Parameters
    ----------
    path
        Ends in .png or .npz.
    images, labels
        Of shape (n, height, width) or (n, height, width, channels), and (n,).
    columns
        Images in a row of a picture. A column has a title if all its images have one label.
    """
    if path.endswith(".png"):
        columns = max(1, min(columns, len(images)))
        save_grid(images, path, columns=columns, titles=_titles(labels, columns))
        return
    arrays: dict[str, Any] = {"images": images}
    if labels is not None:  # as text where they are objects, which no plain array holds
        arrays["labels"] = labels.astype(str) if labels.dtype == object else labels
    with open_atomically(path) as file:
        np.savez_compressed(file, **arrays)


def _titles(labels: "NDArray[Any] | None", columns: int) -> list[str] | None:
    """Return the labels of the columns of a grid, if all images of a column have the same."""
    if labels is None:
        return None
    firsts = labels[:columns]
    if any(label != firsts[i % columns] for i, label in enumerate(labels.tolist())):
        return None
    return [str(label) for label in firsts]


def judge_of(
    train: Labelled, n_classes: int, path: str | None, seed: int, report: "Report"
) -> "Judge":
    """Return the judge of a file, or train one and save it if a file is named.

    Parameters
    ----------
    train, n_classes, seed
        Real images with the codes of their labels, the number of labels, and a seed.
    path
        The file; None for none.
    report
        Where messages go.
    """
    from tabgan.images.judge import Judge

    if path is not None and Path(path).exists():
        judge = Judge.load(path)
        if judge.n_classes != n_classes:
            raise OptionError(
                f"--judge {path} tells {judge.n_classes} classes apart and the images have "
                f"{n_classes}; name a judge of such images, or a new file"
            )
        return judge
    report.say("Training the judge")
    judge = Judge.train(*train, n_classes, seed)
    report.done("judge")
    if path is not None:
        judge.save(path)
    return judge


def describe_scores(scores: "ImageScores") -> str:
    """Lay the scores out as a table: samples, and real images beside them."""
    rows: list[tuple[str, str, str]] = [("", "samples", "real")]
    if scores.agreement is not None:
        rows.append(("read as asked", f"{scores.agreement:.2%}", f"{scores.judge_accuracy:.2%}"))
    if scores.trained_on_samples is not None and scores.trained_on_real is not None:
        name = f"classifier trained on {scores.n_trained:,}"
        rows.append((name, f"{scores.trained_on_samples:.2%}", f"{scores.trained_on_real:.2%}"))
    rows += [
        ("inception score", f"{scores.inception_score:.2f}", f"{scores.inception_score_real:.2f}"),
        (
            f"Fréchet distance of {scores.n_frechet:,}",
            f"{scores.frechet_distance:.2f}",
            f"{scores.frechet_distance_real:.2f}",
        ),
        ("modes covered", str(scores.modes.number), str(scores.modes_real.number)),
    ]
    return "\n".join(f"{name:<30}{drawn:>10}{real:>10}" for name, drawn, real in rows)


def check_image_folder(folder: str, *, force: bool) -> None:
    """Check that the pictures of a training can be drawn to a folder.

    Parameters
    ----------
    folder, force
        As of `tabgan.cli.output_targets.check_folder`.
    """
    check_folder(folder, _PICTURES, force=force)


def draw_image_pictures(gan: "ImageGAN", folder: str, report: "Report") -> list[str]:
    """Draw the losses, the last images, and the images over the epochs; return the files.

    Parameters
    ----------
    gan
        The fitted estimator, with snapshots.
    folder
        The folder to draw in.
    report
        Where messages go.
    """
    losses, grid, strip, animation = drawn = [str(Path(folder, name)) for name in _PICTURES]
    moments = [snapshot.images for snapshot in gan.snapshots_]
    epochs = [snapshot.epoch for snapshot in gan.snapshots_]
    columns = min(len(gan.classes_) or IN_STRIP, MOST_COLUMNS)
    titles = _titles(np.tile(gan.classes_, 2), columns) if len(gan.classes_) else None
    plot_losses(gan.history_, losses, gan.diagnosis_)
    save_grid(moments[-1], grid, columns=columns, titles=titles)
    save_strip([images[:columns] for images in moments], epochs, strip)
    save_gif(moments, animation, columns=columns)
    report.done("pictures")
    report.say(f"Drew {', '.join(drawn)}")
    return drawn
