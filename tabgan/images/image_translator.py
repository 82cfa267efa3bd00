"""`ImageTranslator`: learns to denoise or color images, or to increase their resolution."""

import math
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from numbers import Integral, Real
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.errors import DataError, ModelFileError
from tabgan.base.model_file import (
    assembling,
    parameters_from_json,
    parameters_to_json,
    read_model,
    write_model,
)
from tabgan.base.option_checks import check_number, check_training
from tabgan.base.random_streams import resolve_seed, torch_stream
from tabgan.base.row_layout import RowLayout
from tabgan.fitting.fit_session import FitSession, NotFittedError, Stage
from tabgan.fitting.options import current_options
from tabgan.generators.generator_training import choose_device, choose_precision
from tabgan.generators.network_training import NetworkTraining
from tabgan.generators.training_callbacks import check_callbacks
from tabgan.images.fit_images import bytes_of_images, plain_options
from tabgan.images.image_arrays import Images, PixelScale, as_array, with_channels
from tabgan.images.image_gan import NetworkOptions
from tabgan.images.image_model import ImageBatches, check_facts
from tabgan.images.image_networks import ImageSize
from tabgan.images.image_scores import psnr, ssim
from tabgan.images.translation_network import (
    PairDiscriminator,
    TranslationNetwork,
    as_pixels,
    check_task,
)
from tabgan.sampling.table_model import untimed

__all__ = ["ImageTranslator", "TranslationScores"]

WIDTH = 24  # channels of the maps of full size
EPOCHS, MIN_STEPS, MAX_STEPS = 10, 1_000, 20_000
CHUNK = 256  # images


class TranslationScores(NamedTuple):
    """How close translations are to the originals, compared with a method without learning.

    Attributes
    ----------
    psnr, ssim
        Of the translations: peak signal-to-noise ratio in decibels, and structural similarity;
        higher is nearer.
    baseline
        The method without learning: a median filter, the image in grey, or bicubic interpolation.
    psnr_baseline, ssim_baseline
        Of this.
    """

    psnr: float
    ssim: float
    baseline: str
    psnr_baseline: float
    ssim_baseline: float


@dataclass(eq=False, repr=False, kw_only=True)
class ImageTranslator(NetworkOptions):
    """Learn to denoise or colorize images, or to increase their resolution.

    The training images have the desired quality; degraded ones are derived from them by adding
    noise, removing color, or reducing the size. A network learns to undo this, with the squared
    error and against a discriminator that also sees the degraded image (a GAN conditioned on an
    image; `tabgan.images.translation_network`).

    Parameters
    ----------
    task
        "denoise", "colorize" or "super-resolution".
    noise
        For "denoise": the standard deviation of the noise, for pixels from 0 to 1.
    factor
        For "super-resolution": the factor by which height and width grow.
    adversarial
        Weight of the adversarial loss relative to the mean squared error. More gives sharper images
        that are farther from the originals; 0 turns the discriminator off.
    width
        Factor for the width of the networks, which have 24 channels by default.
    steps
        Number of training steps; "auto" is 10 epochs, but at least 1,000 and at most 20,000 steps.
    learning_rate
        Initial learning rate of Adam; constant for half of the training, then it decays linearly.
    epochs, max_time, batch_size, device, precision, callbacks, verbose, random_state
        As in `tabgan.ImageGAN`.

    Attributes
    ----------
    image_shape_ : tuple
        Shape of a training image: (height, width) or (height, width, channels).
    history_ : list of dict
        Records of the training, with a ``reconstruction_loss``.
    n_steps_ : int
        Number of training steps taken.

    Examples
    --------
    >>> from tabgan.images.idx import embedded_digits
    >>> images, _ = embedded_digits()
    >>> denoiser = ImageTranslator(steps=5, width=0.25, verbose=False, random_state=0).fit(images)
    >>> denoiser.translate(images[:3]).shape
    (3, 8, 8)
    """

    batch_size: int = 32
    task: str = "denoise"
    noise: float = 0.3
    factor: int = 4
    adversarial: float = 1e-3

    def fit(self, X: Images, y: object = None) -> Self:  # noqa: N803, ARG002
        """Learn from images.

        Parameters
        ----------
        X
            Images of the desired quality, as in `tabgan.ImageGAN.fit`.
        y
            Ignored.

        Raises
        ------
        DataError
            If the images can't be used for the task.
        OptionError
            If a parameter has an invalid value.
        TrainingError
            If the training diverges.
        """
        began = time.monotonic()
        options: Any = current_options(self)
        _check_options(options)
        kept = plain_options(options)
        seed = resolve_seed(options["random_state"])
        with (
            FitSession(
                options["callbacks"] or (),
                max_time=options["max_time"],
                verbose=options["verbose"],
                began=began,
            ) as session,
            session.observed({**kept, "random_state": seed}) as facts,
        ):
            session.stage(Stage.READING_IMAGES)
            pixels, scale, given = bytes_of_images(X)
            _, height, width, channels = pixels.shape
            size = ImageSize(channels, height, width)
            network = self._train(size, pixels, options, seed, session)
            own = {
                "parameters": parameters_to_json(kept),
                "image_shape": list(given.shape[1:]),
                "dtype": str(given.dtype),
                "pixels": asdict(scale),
                "n_images": len(pixels),
                "n_steps": session.n_steps,
                "history": list(map(untimed, session.records)),
            }
            facts.update(own)
        return self._set_model(network.requires_grad_(False).eval(), own)

    def _train(
        self, size: ImageSize, pixels: Tensor, options: Any, seed: int, session: FitSession
    ) -> TranslationNetwork:
        task, device = check_task(options), choose_device(options["device"])
        task.check(size)
        if float(options["adversarial"]) > 0:
            PairDiscriminator.check(size)
        batch_size = min(int(options["batch_size"]), len(pixels))
        training = NetworkTraining(
            learning_rate=float(options["learning_rate"]),
            latent_dim=0,
            prior="gaussian",
            n_steps=_planned_steps(options, len(pixels), batch_size),
            batch_size=batch_size,
            device=device,
            dtype=choose_precision(options["precision"], device),
            seed=seed,
        )
        codes = torch.zeros(len(pixels), dtype=torch.long, device=device)
        batches = ImageBatches(pixels.to(device), codes, 0, batch_size)
        noise = training.stream("degrade")

        def data_of(rows: Tensor) -> tuple[Tensor, Tensor]:
            return rows, task.degrade(rows.reshape(-1, *size[:3]), noise).flatten(1)

        def make() -> TranslationNetwork:
            width = max(1, round(WIDTH * float(options["width"])))
            adversarial = float(options["adversarial"])
            return TranslationNetwork(task, size, width=width, adversarial=adversarial).to(device)

        with training.isolated(threads=True):
            return training.descend(
                lambda: training.make_networks(make, width=float(options["width"])),
                batches,
                data_of,
                session.callback,
                session.training_seconds(),
            )

    def _set_model(self, network: TranslationNetwork, facts: Mapping[str, Any]) -> Self:
        self._model, self._facts = network, dict(facts)
        self.image_shape_ = tuple(facts["image_shape"])
        self.history_, self.n_steps_ = list(facts["history"]), int(facts["n_steps"])
        return self

    def translate(self, X: Images) -> NDArray[Any]:  # noqa: N803
        """Return the images denoised, colored, or at a higher resolution.

        Parameters
        ----------
        X
            Noisy images; gray images, or color images whose colors are ignored; or small images.
            Their height and width may differ from those of the training images.

        Returns
        -------
        ndarray
            Images with the dtype of the training images.

        Raises
        ------
        DataError
            If the images can't be used, or have other channels than the training images.
        NotFittedError
            If the estimator is not fitted.
        """
        network = self._fitted()
        given = as_array(X)
        array = with_channels(given)
        seen = network.task.seen_of(self._pixels(array, given.dtype))
        wanted = 1 if network.task.name == "colorize" else network.size.channels
        if seen.shape[1] != wanted:
            raise DataError(
                f"the images have {seen.shape[1]} channels and the model's {wanted}; give such "
                "images as it has learned"
            )
        made = self._mapped(network.translate, seen)
        pixels = as_pixels(made)
        if len(self.image_shape_) == 2:
            pixels = pixels[..., 0]
        return self._scale().from_shares(pixels, np.dtype(self._facts["dtype"]))

    def evaluate(self, X: Images) -> TranslationScores:  # noqa: N803
        """Degrade images, translate them back, and compare them with the originals.

        Parameters
        ----------
        X
            Images of the desired quality and the training size that were not used in the training.

        Raises
        ------
        DataError
            If the images can't be used for the task.
        NotFittedError
            If the estimator is not fitted.
        """
        network = self._fitted()
        given = as_array(X)
        wanted = self._pixels(with_channels(given), given.dtype)
        n, *sides = wanted.shape
        network.task.check(ImageSize(*sides))
        seed = resolve_seed(self.random_state)
        seen = network.task.degrade(wanted, torch_stream(seed, "evaluate", n))
        made = as_pixels(self._mapped(network.translate, seen))
        plain, real = as_pixels(network.task.baseline(seen)), as_pixels(wanted)
        return TranslationScores(
            psnr(real, made),
            ssim(real, made),
            network.task.baseline_name,
            psnr(real, plain),
            ssim(real, plain),
        )

    def degrade(self, X: Images) -> NDArray[Any]:  # noqa: N803
        """Return degraded versions of images, as the model would see them: noisy, gray or small.

        Parameters
        ----------
        X
            The images.
        """
        network = self._fitted()
        given = as_array(X)
        wanted = self._pixels(with_channels(given), given.dtype)
        stream = torch_stream(resolve_seed(self.random_state), "evaluate", len(wanted))
        pixels = as_pixels(network.task.degrade(wanted, stream))
        pixels = pixels[..., 0] if pixels.shape[3] == 1 else pixels
        return self._scale().from_shares(pixels, np.dtype(self._facts["dtype"]))

    def _scale(self) -> PixelScale:
        return PixelScale.from_json(self._facts["pixels"])

    def _pixels(self, array: NDArray[Any], dtype: np.dtype[Any]) -> Tensor:
        scale = self._scale()
        if str(dtype) != self._facts["dtype"] or array.max() > scale.top:
            scale = PixelScale.of(array)
        return torch.from_numpy(np.ascontiguousarray(scale.to_shares(array).transpose(0, 3, 1, 2)))

    @torch.no_grad()
    def _mapped(self, function: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        device = next(self._model.parameters()).device
        return torch.cat([function(part.to(device)).cpu() for part in torch.split(images, CHUNK)])

    def _fitted(self) -> TranslationNetwork:
        if not hasattr(self, "_model"):
            raise NotFittedError(
                "This ImageTranslator has not been fitted; call fit, or load a model with "
                "ImageTranslator.load"
            )
        return self._model

    def save(self, path: str | os.PathLike[str]) -> None:
        """Save the fitted model to one file, atomically; it contains no training image."""
        network = self._fitted()
        description = {
            "translation": network.sizes(),
            "versions": {name: version(name) for name in ("tabgan", "torch", "numpy")},
            "facts": self._facts,
        }
        write_model(path, description, network.state_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str], *, device: str = "auto") -> Self:
        """Load a model file, onto any device.

        Parameters
        ----------
        path
            The file.
        device
            Device of the model.

        Raises
        ------
        ModelFileError
            If the file is not a model of this kind, is damaged, or is newer than this library.
        OSError
            If the file can't be opened.
        """
        description, tensors = read_model(path)
        if "translation" not in description:
            raise ModelFileError(f"{path}: a tabgan file, but no model that translates images")
        with assembling(path):
            sizes, facts = description["translation"], description["facts"]
            layout = RowLayout((None,) * math.prod(map(int, facts["image_shape"])))
            with torch.device("meta"):
                network = TranslationNetwork.of_sizes(sizes, layout)
            network.load_state_dict(tensors, assign=True)
            network.requires_grad_(False).eval().to(choose_device(device))
            check_facts(facts, network.size.n_pixels)
            PixelScale.from_json(facts["pixels"])
            own = cls(**parameters_from_json(facts["parameters"]), device=device)
            _check_options(current_options(own))
            resolve_seed(own.random_state)
            return own._set_model(network, facts)


def _check_options(options: Mapping[str, Any]) -> None:
    choose_precision(options["precision"], choose_device(options["device"]))
    check_number("width", options["width"], Real, 0, above=True)
    check_number("batch_size", options["batch_size"], Integral, 1)
    check_number("learning_rate", options["learning_rate"], Real, 0, above=True)
    check_number("adversarial", options["adversarial"], Real, 0)
    check_callbacks(options["callbacks"])
    check_training({"latent_dim": "auto", "snapshots": 0, **options})
    check_task(options)


def _planned_steps(options: Mapping[str, Any], n: int, batch_size: int) -> int:
    if options["epochs"] is not None:
        return max(1, round(float(options["epochs"]) * n / batch_size))
    if options["steps"] == "auto":
        return min(max(MIN_STEPS, EPOCHS * n // batch_size), MAX_STEPS)
    return int(options["steps"])
