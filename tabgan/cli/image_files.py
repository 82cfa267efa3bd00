"""What the commands on images read, write and print."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tabgan.atomic import open_atomically
from tabgan.cli.pictures import check_folder
from tabgan.images.labels import code_of
from tabgan.pictures import plot_losses, save_gif, save_grid, save_strip

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tabgan.cli.work import Report
    from tabgan.images.estimator import ImageGAN
    from tabgan.images.evaluate import ImageScores
    from tabgan.images.judge import Judge

__all__ = [
    "check_image_folder",
    "describe_scores",
    "draw_image_pictures",
    "judge_of",
    "known_label",
    "write_images",
]

_PICTURES = ("losses.png", "grid.png", "strip.png", "training.gif")
IN_STRIP = 10  # images of each moment, without labels
MOST_COLUMNS = 20


def known_label(text: str, classes: list[Any]) -> Any:
    """Return the label that is written so on the command line.

    Raises
    ------
    OptionError
        If there is none.
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
        Images beside each other in a picture; over each column stands the first one's label.
    """
    if path.endswith(".png"):
        titles = None if labels is None else [str(label) for label in labels[:columns]]
        save_grid(images, path, columns=columns, titles=titles)
        return
    arrays: dict[str, Any] = {"images": images}
    if labels is not None:  # as text where they are objects, which no plain array holds
        arrays["labels"] = labels.astype(str) if labels.dtype == object else labels
    with open_atomically(path) as file:
        np.savez_compressed(file, **arrays)


def judge_of(
    images: "NDArray[Any]",
    codes: "NDArray[np.int64]",
    path: str | None,
    seed: int,
    report: "Report",
) -> "Judge":
    """Return the judge kept in a file, or train one, and keep it if there is a file for it."""
    from tabgan.images.judge import Judge

    if path is not None and Path(path).exists():
        return Judge.load(path)
    report.say("Training the judge")
    judge = Judge.train(images, codes, int(codes.max()) + 1, seed)
    report.done("judge")
    if path is not None:
        judge.save(path)
    return judge


def describe_scores(scores: "ImageScores") -> str:
    """Lay the scores out as a table: of the samples, and of real images beside them."""
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
    return "\n".join(f"{name:<30}{made:>10}{real:>10}" for name, made, real in rows)


def check_image_folder(folder: str, *, force: bool) -> None:
    """Check that pictures can be drawn to a folder; see `tabgan.cli.pictures.check_folder`."""
    check_folder(folder, _PICTURES, force=force)


def draw_image_pictures(gan: "ImageGAN", folder: str, report: "Report") -> list[str]:
    """Draw the losses, the last images, and the images over the epochs; return the files."""
    losses, grid, strip, animation = drawn = [str(Path(folder, name)) for name in _PICTURES]
    moments = [snapshot.images for snapshot in gan.snapshots_]
    epochs = [snapshot.epoch for snapshot in gan.snapshots_]
    columns = min(len(gan.classes_) or IN_STRIP, MOST_COLUMNS)
    titles = [str(label) for label in gan.classes_[:columns]] or None
    plot_losses(gan.history_, losses, gan.diagnosis_)
    save_grid(moments[-1], grid, columns=columns, titles=titles)
    save_strip([images[:columns] for images in moments], epochs, strip)
    save_gif(moments, animation, columns=columns)
    report.done("pictures")
    report.say(f"Drew {', '.join(drawn)}")
    return drawn
