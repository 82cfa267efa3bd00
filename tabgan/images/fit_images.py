"""Fit images: options, training steps, and the stages from images to a model."""

import warnings
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from numbers import Integral, Real
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray

from tabgan.base.errors import DataError, OptionError, did_you_mean
from tabgan.base.model_file import parameters_to_json
from tabgan.base.option_checks import check_number, check_training
from tabgan.fitting.fit_session import FitSession, Stage
from tabgan.generators.gan.diagnosis import SnapshotRows, describe_course
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.generator_training import Generator, choose_device, choose_precision
from tabgan.generators.latents import check_prior
from tabgan.generators.training_callbacks import check_callbacks
from tabgan.images.image_arrays import (
    Images,
    PixelScale,
    as_array,
    check_labels,
    with_channels,
)
from tabgan.images.image_model import ImageModel, ImageTraining
from tabgan.images.image_networks import ARCHITECTURES, USUAL_PENALTY, ImageSize
from tabgan.sampling.table_model import untimed

__all__ = [
    "EPOCHS",
    "GANLearner",
    "ImageFitResult",
    "ImageLearner",
    "LearnedImages",
    "auto_image_steps",
    "bytes_of_images",
    "check_image_options",
    "fit_images",
    "plain_options",
    "planned_image_steps",
]


def check_image_options(options: Mapping[str, Any]) -> None:
    """Check the options of an `ImageGAN` that don't depend on the images.

    Raises
    ------
    OptionError
        If one has a value that it can't have; the message names it, its value and the rule.
    """
    architecture = options["architecture"]
    if not isinstance(architecture, str) or architecture not in ARCHITECTURES:
        hint = did_you_mean(str(architecture), ARCHITECTURES)
        raise OptionError(f"architecture={architecture!r} is not known; {hint}")
    choose_precision(options["precision"], choose_device(options["device"]))
    check_number("width", options["width"], Real, 0, above=True)
    check_number("batch_size", options["batch_size"], Integral, 2)
    check_callbacks(options["callbacks"])
    check_training(options)
    TrainingConfig.of(options, usual_penalty=USUAL_PENALTY)
    check_prior(options["prior"])


EPOCHS = 60.0
FEWEST = 2  # images: BatchNorm needs two in a batch
MIN_STEPS, MAX_STEPS = 2_000, 50_000


# Options that belong to this process and are not in a model file.
LEFT_OUT = ("device", "callbacks", "random_state")


class ImageFitResult(NamedTuple):
    """A trained model, and rows from moments of its training."""

    model: ImageModel
    taken: list[SnapshotRows]


def auto_image_steps(n_images: int, batch_size: int, epochs: float = EPOCHS) -> int:
    """Choose the number of training steps.

    Parameters
    ----------
    n_images
        Number of training images.
    batch_size
        Images per step.
    epochs
        Usual number of passes over the images.

    Examples
    --------
    >>> auto_image_steps(60_000, 128), auto_image_steps(1_797, 128)
    (28125, 2000)
    """
    return int(min(max(MIN_STEPS, epochs * n_images / batch_size), MAX_STEPS))


class LearnedImages(NamedTuple):
    """A trained generator, the facts of its training, and rows from moments of it."""

    generator: Generator
    course: dict[str, Any]
    taken: list[SnapshotRows]


class ImageLearner(ABC):
    """The checked options of a method that learns images.

    Attributes
    ----------
    parameters
        The options that a model file keeps, as JSON values by name.
    architecture, width
        Name of the networks, and their width relative to the usual one.
    """

    parameters: Mapping[str, Any]
    architecture: str
    width: float

    @abstractmethod
    def learn(
        self,
        size: ImageSize,
        pixels: torch.Tensor,
        codes: torch.Tensor,
        *,
        seed: int,
        session: FitSession,
    ) -> LearnedImages:
        """Train on images.

        Parameters
        ----------
        size
            Sizes of an image.
        pixels
            Images, uint8 of shape (n, height, width, channels).
        codes
            Class of each image, int64 of shape (n,).
        seed
            Root of all streams of randomness.
        session
            Callbacks, progress bar and clock of the fit.
        """


@dataclass(frozen=True)
class GANLearner(ImageLearner):
    """The checked options of an `ImageGAN`.

    Parameters
    ----------
    options
        Its checked options, by name.
    config
        Loss, penalty, stabilizers and optimization.
    """

    options: Mapping[str, Any]
    config: TrainingConfig

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Check the options of an `ImageGAN`; raises as `check_image_options` does."""
        check_image_options(options)
        return cls(options, TrainingConfig.of(options, usual_penalty=USUAL_PENALTY))

    @property
    def parameters(self) -> dict[str, Any]:  # type: ignore[override]
        """The options that a model file keeps."""
        return self.config.kept_options(self.options, LEFT_OUT)

    @property
    def architecture(self) -> str:  # type: ignore[override]
        """The name of the pair of networks."""
        return str(self.options["architecture"])

    @property
    def width(self) -> float:  # type: ignore[override]
        """Their width."""
        return float(self.options["width"])

    def learn(
        self,
        size: ImageSize,
        pixels: torch.Tensor,
        codes: torch.Tensor,
        *,
        seed: int,
        session: FitSession,
    ) -> LearnedImages:
        """Train a GAN; see `ImageLearner.learn`."""
        training = _training(size, len(pixels), self.options, seed, self.config)
        generator, taken = training.run(pixels, codes, session.callback, session.training_seconds())
        return LearnedImages(generator, describe_course(session.records, self.config), taken)


def fit_images(
    images: Images,
    labels: Iterable[Hashable] | None,
    learner: ImageLearner,
    *,
    seed: int,
    session: FitSession,
) -> ImageFitResult:
    """Learn images.

    Parameters
    ----------
    images, labels
        As `ImageGAN.fit` takes them.
    learner
        How they are learned.
    seed
        Root of all streams of randomness.
    session
        Callbacks, progress bar and clock of the fit.
    """
    with session.observed({**learner.parameters, "random_state": seed}) as facts:
        fitted = _fit_stages(images, labels, learner, seed, session)
        facts.update(fitted.model.facts)
    return fitted


def _fit_stages(
    images: Images,
    labels: Iterable[Hashable] | None,
    learner: ImageLearner,
    seed: int,
    session: FitSession,
) -> ImageFitResult:
    session.stage(Stage.READING_IMAGES)
    pixels, scale, given = bytes_of_images(images)
    n, height, width, channels = pixels.shape
    classes, codes = _classes(labels, n)
    size = ImageSize(channels, height, width, len(classes))
    learned = learner.learn(size, pixels, torch.from_numpy(codes), seed=seed, session=session)
    facts = {
        "parameters": parameters_to_json(learner.parameters),
        "n_images": n,
        "image_shape": list(given.shape[1:]),
        "dtype": str(given.dtype),
        "pixels": asdict(scale),
        **learned.course,
        "history": list(map(untimed, learned.course["history"])),
    }
    model = ImageModel(
        learned.generator.requires_grad_(False).eval(),
        size,
        learner.architecture,
        learner.width,
        classes,
        np.bincount(codes, minlength=len(classes))[: len(classes)] / n,
        facts,
    )
    return ImageFitResult(model, learned.taken)


def _classes(
    labels: Iterable[Hashable] | None, n: int
) -> tuple[tuple[Any, ...], NDArray[np.int64]]:
    """Return the labels that occur, and each image's place among them; none and zeros without."""
    if labels is None:
        return (), np.zeros(n, np.int64)
    found, codes = check_labels(labels, n)
    classes = tuple(value.item() if isinstance(value, np.generic) else value for value in found)
    _check_plain(classes)
    return classes, codes


def _check_plain(classes: Sequence[Any]) -> None:
    """Refuse labels that a model file can't keep."""
    for label in classes:
        if not isinstance(label, str | int | float | bool):
            raise DataError(
                f"label {label!r} is of type {type(label).__name__}; labels must be numbers or "
                "texts: give str(label)"
            )


class ImageBytes(NamedTuple):
    """Training images as bytes of shape (n, height, width, channels), and their original form."""

    pixels: torch.Tensor
    scale: PixelScale
    given: NDArray[Any]


def bytes_of_images(images: Images) -> ImageBytes:
    """Return images as bytes.

    Raises
    ------
    DataError
        If they can't be used, or are too few.
    """
    given = as_array(images)
    array = with_channels(given)
    scale = PixelScale.of(array)
    if len(array) < FEWEST:
        raise DataError(f"{len(array)} image is too few to learn from; give {FEWEST} at least")
    return ImageBytes(_tensor_of(scale.to_bytes(array)), scale, given)


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of an estimator that a model file keeps, as JSON values."""
    plain = {name: value for name, value in options.items() if name not in LEFT_OUT}
    seed = options["random_state"]
    plain = {k: v.item() if isinstance(v, np.generic) else v for k, v in plain.items()}
    return plain | {"random_state": int(seed) if isinstance(seed, int | np.integer) else None}


def _tensor_of(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """Return bytes as a tensor that shares their memory."""
    with warnings.catch_warnings():  # nothing is written to what may only be read
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        backwards = any(stride < 0 for stride in pixels.strides)  # torch takes none
        return torch.from_numpy(pixels.copy() if backwards else pixels)


def planned_image_steps(
    options: Mapping[str, Any], n_images: int, epochs_a_step: float, epochs: float = EPOCHS
) -> int:
    """Return the number of training steps for an estimator's options.

    Parameters
    ----------
    options
        The checked options, by name.
    n_images
        Number of training images.
    epochs_a_step
        Share of a pass over the images that a step takes.
    epochs
        Number of passes for ``steps="auto"``, except for few or very many images.
    """
    if options["epochs"] is not None:
        return max(1, round(float(options["epochs"]) / epochs_a_step))
    if options["steps"] == "auto":
        return auto_image_steps(n_images, int(options["batch_size"]), epochs)
    return int(options["steps"])


def _training(
    size: ImageSize, n: int, options: Mapping[str, Any], seed: int, config: TrainingConfig
) -> ImageTraining:
    device = choose_device(options["device"])
    usual = ARCHITECTURES[options["architecture"]].latent_dim
    batch_size = int(options["batch_size"])
    return ImageTraining(
        size=size,
        architecture=options["architecture"],
        width=float(options["width"]),
        latent_dim=usual if options["latent_dim"] == "auto" else int(options["latent_dim"]),
        prior=check_prior(options["prior"]),
        n_steps=planned_image_steps(options, n, config.epochs_a_step(n, batch_size)),
        batch_size=batch_size,
        config=config,
        device=device,
        dtype=choose_precision(options["precision"], device),
        seed=seed,
        n_snapshots=int(options["snapshots"]),
    )
