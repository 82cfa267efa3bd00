"""Images of the commands: read, drawn to files and pictures, scored and laid out."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from tabgan.base.errors import DataError, OptionError, TableFileError
from tabgan.base.safe_files import open_atomically
from tabgan.cli.command_output import check_folder, check_targets
from tabgan.evaluation.matplotlib_figures import plot_losses
from tabgan.files.read_write import check_output
from tabgan.images.idx import Part, embedded_digits
from tabgan.images.image_arrays import PixelScale, check_labels, code_of, with_channels
from tabgan.images.image_grids import save_gif, save_grid, save_strip
from tabgan.images.image_scores import Labelled
from tabgan.images.image_sources import FEWEST, LabelledImages, class_folders, read_images

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tabgan.cli.command_output import Report
    from tabgan.images.image_classifier import Judge
    from tabgan.images.image_gan import ImageEstimator, ImageGAN
    from tabgan.images.image_scores import ImageScores
    from tabgan.images.image_translator import ImageTranslator

__all__ = [
    "check_image_folder",
    "check_image_target",
    "codes_of",
    "describe_scores",
    "draw_image_pictures",
    "judge_of",
    "label_of",
    "describe_images",
    "draw_translations",
    "read_halves",
    "read_part",
    "read_real",
    "images_to_draw",
    "write_images",
]

_PICTURES = ("losses.png", "grid.png", "strip.png", "training.gif")
FEW = 20  # images, where no number is asked for
TEST_SHARE = 5  # every fifth of the embedded digits is for tests
IN_STRIP = 10  # images of each moment, without labels
MOST_COLUMNS = 20


def read_part(
    source: str | None,
    part: Part,
    report: "Report",
    *,
    size: tuple[int, int] | None = None,
    whole: bool = False,
) -> LabelledImages:
    """Read the images and labels of a folder or a file, or of scikit-learn's digits.

    Parameters
    ----------
    source
        What `tabgan.images.read_images` takes; None for the embedded digits.
    part
        The images for training or for tests.
    report
        Where messages go.
    size
        Height and width that the images are brought to.
    whole
        Whether to read all images where the source has no parts.
    """
    if source is not None:
        report.say(f"Reading {'the' if whole else part} images of {source}")
        return read_images(source, part, size=size, whole=whole)
    pixels, labels = embedded_digits()
    tests = slice(0, len(pixels), TEST_SHARE)
    if part == "test":
        return LabelledImages(pixels[tests], labels[tests])
    return LabelledImages(np.delete(pixels, tests, axis=0), np.delete(labels, tests))


def read_real(
    source: str | None, gan: "ImageEstimator", report: "Report"
) -> tuple[Labelled, Labelled, int]:
    """Read the real images that a model's images are compared with: those it learned, and others.

    Parameters
    ----------
    source
        As of `read_part`.
    gan
        The model.
    report
        Where messages go.

    Returns
    -------
    tuple
        The images for training and for tests with codes of their labels, and the number of labels.

    Raises
    ------
    OptionError
        If the images are not such as the model has learned, or have no labels.
    """
    height, width, *channels = gan.image_shape_
    if source is None and gan.image_shape_ != (8, 8):
        raise OptionError(
            f"the model draws images of {height}×{width} pixels, not scikit-learn's digits; pass "
            "its training images with --data"
        )
    train, test = (read_part(source, part, report, size=(height, width)) for part in get_args(Part))
    if train.labels is None or test.labels is None:
        raise OptionError(
            f"--data {source}: the images have no labels, which the scores need; use "
            "images with labels"
        )
    found = with_channels(train.images).shape[3]
    if found != (channels or [1])[0]:
        raise OptionError(
            f"--data {source}: the images have {found} channels, and those of the model "
            f"{(channels or [1])[0]}; use its training images"
        )
    classes = gan.classes_.tolist() or sorted(set(train.labels.tolist()))
    known = Labelled(train.images, codes_of(train.labels, classes))
    return known, Labelled(test.images, codes_of(test.labels, classes)), len(classes)


def read_halves(
    source: str | None, report: "Report", *, size: tuple[int, int] | None
) -> "tuple[NDArray[Any], NDArray[Any]]":
    """Read images for training and for tests; of images without labels every fifth is for tests.

    Parameters
    ----------
    source, report, size
        As of `read_part`.
    """
    train = read_part(source, "train", report, size=size)
    if train.labels is not None:
        return train.images, read_part(source, "test", report, size=size).images
    if len(train.images) < FEWEST + 1:
        raise DataError(
            f"too few images ({len(train.images)}); at least {FEWEST + 1} are needed, "
            "because every fifth is kept for tests"
        )
    is_test = np.arange(len(train.images)) % TEST_SHARE == 0
    return train.images[~is_test], train.images[is_test]


def draw_translations(translator: "ImageTranslator", images: "NDArray[Any]", path: str) -> None:
    """Draw what is seen of some images, the translations, and the images that were meant.

    Parameters
    ----------
    translator
        The model.
    images
        The images.
    path
        The picture.
    """
    some = images[:IN_STRIP]
    seen = translator.degrade(some)
    made = translator.translate(seen)
    rows = [with_channels(part) for part in (seen, made, some)]
    height, channels = rows[2].shape[1], rows[2].shape[3]
    factor = height // rows[0].shape[1]
    rows[0] = rows[0].repeat(factor, axis=1).repeat(factor, axis=2)
    rows[0] = np.broadcast_to(rows[0], (*rows[0].shape[:3], channels))
    save_grid(np.concatenate(rows), path, columns=len(some))


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

    Raises
    ------
    OptionError
        If there is no such label.
    """
    if label is not None and not classes:
        raise OptionError(
            f"--label {label}: the model was trained without labels; leave --label out"
        )
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
    """Write images as a picture of a grid, as arrays, or as a folder of pictures.

    Parameters
    ----------
    path
        Ends in .png, .npz, or a slash.
    images, labels
        Of shape (n, height, width) or (n, height, width, channels), and (n,).
    columns
        Images in a row of a picture. A column has a title if all its images have one label.
    """
    if path.endswith("/"):
        _write_folder(Path(path), images, labels)
        return
    if path.endswith(".png"):
        columns = max(1, min(columns, len(images)))
        save_grid(images, path, columns=columns, titles=_titles(labels, columns))
        return
    arrays: dict[str, Any] = {"images": images}
    if labels is not None:  # as text where they are objects, which no plain array holds
        arrays["labels"] = labels.astype(str) if labels.dtype == object else labels
    with open_atomically(path) as file:
        np.savez_compressed(file, **arrays)


def _write_folder(folder: Path, images: "NDArray[Any]", labels: "NDArray[Any] | None") -> None:
    from PIL import Image

    names = [""] * len(images) if labels is None else class_folders(labels.tolist())
    places = [folder / name for name in names]
    pixels = with_channels(images) if len(images) else images
    pixels = PixelScale.of(pixels).to_bytes(pixels) if len(images) else images
    for place in {folder, *places}:
        place.mkdir(parents=True, exist_ok=True)
    digits = len(str(len(images)))
    for i, (place, image) in enumerate(zip(places, pixels, strict=True)):
        shown = image[..., 0] if image.shape[-1] == 1 else image
        with open_atomically(place / f"{i:0{digits}}.png") as file:
            Image.fromarray(shown).save(file, format="PNG")


def _titles(labels: "NDArray[Any] | None", columns: int) -> list[str] | None:
    """Return the labels of the columns of a grid, if all images of a column have the same."""
    if labels is None:
        return None
    firsts = labels[:columns]
    if any(label != firsts[i % columns] for i, label in enumerate(labels.tolist())):
        return None
    return [str(label) for label in firsts]


def judge_of(
    train: Labelled, n_classes: int, path: str | None, seed: int, report: "Report", *, model: str
) -> "Judge":
    """Return the judge of a file, or train one and save it.

    Parameters
    ----------
    train, n_classes, seed
        Real images with the codes of their labels, the number of labels, and a seed.
    path
        The file; None for one beside the model, named by a digest of the images.
    report
        Where messages go.
    model
        The model's file.
    """
    from tabgan.images.image_classifier import Judge

    place = Path(path or f"{model.removesuffix('.safetensors')}.judge-{_digest(train)}.safetensors")
    if place.exists():
        judge = Judge.load(place)
        if judge.n_classes != n_classes:
            raise OptionError(
                f"--judge {place} has {judge.n_classes} classes, but the images have {n_classes}; "
                f"use a judge of such images, or a new file"
            )
        return judge
    report.say("Training the judge")
    judge = Judge.train(*train, n_classes, seed)
    report.done("judge")
    try:
        judge.save(place)
        report.say(f"Saved the judge to {place}")
    except OSError as error:
        if path is not None:
            raise
        report.say(f"Warning: the judge can't be saved beside the model: {error.strerror or error}")
    return judge


def _digest(train: Labelled) -> str:
    """Return a digest of images and their codes."""
    digest = hashlib.blake2b(digest_size=6)
    for array in map(np.ascontiguousarray, train):
        digest.update(f"{array.shape} {array.dtype} ".encode())
        digest.update(array.data)
    return digest.hexdigest()


def describe_images(path: str) -> dict[str, Any]:
    """Return what a model file of images holds, as JSON values."""
    from tabgan.images.image_gan import ImageEstimator

    gan = ImageEstimator.load(path, device="cpu")
    model = gan._model
    shares = zip(gan.classes_.tolist(), model.shares.tolist(), strict=True)
    seed = gan.get_params()["random_state"]
    return {
        "model": path,
        "bytes": Path(path).stat().st_size,
        "method": gan.method,
        "image_shape": list(gan.image_shape_),
        "dtype": model.facts["dtype"],
        "white": model.scale.top,
        "images": gan.n_images_,
        "labels": {str(label): share for label, share in shares},
        "architecture": model.architecture,
        "width": model.width,
        "latent": model.generator.latent_dim,
        "steps": gan.n_steps_,
        "seed": seed,
        "diagnosis": [finding.to_json() for finding in gan.diagnosis_],
    }


def describe_scores(scores: "ImageScores") -> str:
    """Lay the scores out as a table: samples, and real images beside them."""
    rows: list[tuple[str, str, str]] = [("", "samples", "real")]
    if scores.agreement is not None:
        rows.append(("read as label", f"{scores.agreement:.2%}", f"{scores.judge_accuracy:.2%}"))
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


def check_image_target(model: str, out: str, *, force: bool) -> None:
    """Check that drawn images can be written to a file or a folder.

    Parameters
    ----------
    model
        The model's file, which may not be replaced.
    out
        The file, or a folder that ends in a slash.
    force
        Whether what exists may be replaced.

    Raises
    ------
    TableFileError
        If the target exists, or can't be written to.
    """
    if out.endswith("/"):
        place = Path(out)
        if place.is_dir() and any(place.iterdir()) and not force:
            raise TableFileError(
                f"{out} already exists and is not empty; choose another folder for -o, or add "
                "--force to add to it"
            )
        check_output(str(place / "0.png") if place.is_dir() else out.rstrip("/"), force=force)
        return
    check_targets((model,), out=out, force=force)


def check_image_folder(folder: str, *, force: bool) -> None:
    """Check that the pictures of a training can be drawn to a folder.

    Parameters
    ----------
    folder, force
        As of `tabgan.cli.command_output.check_folder`.
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
