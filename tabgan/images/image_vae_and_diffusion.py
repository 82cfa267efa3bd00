"""`ImageVAE` and `ImageDiffusion`: learn images with a VAE or a diffusion model."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Literal, Self, cast

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from tabgan.base.errors import DataError
from tabgan.base.option_checks import check_number, check_training
from tabgan.base.row_layout import RowLayout
from tabgan.fitting.fit_session import FitSession
from tabgan.generators.diffusion import check_schedule
from tabgan.generators.gan.diagnosis import SnapshotRows
from tabgan.generators.generator_training import choose_device, choose_precision
from tabgan.generators.latents import check_latents
from tabgan.generators.network_training import LearnedGenerator, NetworkTraining
from tabgan.generators.training_callbacks import check_callbacks
from tabgan.generators.variational_autoencoder import AutoencoderOptions, VariationalAutoencoder
from tabgan.images.fit_images import (
    ImageLearner,
    LearnedImages,
    plain_options,
    planned_image_steps,
)
from tabgan.images.image_arrays import Images, check_labels, code_of
from tabgan.images.image_gan import ImageNetworkEstimator
from tabgan.images.image_model import ImageBatches, ImageModel
from tabgan.images.image_networks import ImageSize, PixelMoments, UNetDenoiser

__all__ = ["ImageDiffusion", "ImageVAE", "NetworkLearner"]

HIDDEN_DIM = 512
MAPS = 32  # channels of the denoiser
USUAL_EPOCHS = {"vae": 20.0, "diffusion": 8.0}
USUAL_LATENT = 32


@dataclass(frozen=True)
class NetworkLearner(ImageLearner):
    """The checked options of an `ImageDiffusion` or `ImageVAE`.

    Parameters
    ----------
    method
        "diffusion" or "vae".
    options
        The checked options, by name.
    """

    method: Literal["diffusion", "vae"]
    options: Mapping[str, Any]

    architecture = "mlp"

    @classmethod
    def of(cls, method: Literal["diffusion", "vae"], options: Mapping[str, Any]) -> Self:
        """Check the options that don't depend on the images.

        Parameters
        ----------
        method
            "diffusion" or "vae".
        options
            The options, by name.

        Raises
        ------
        OptionError
            If one has a value that it can't have.
        """
        choose_precision(options["precision"], choose_device(options["device"]))
        check_number("width", options["width"], Real, 0, above=True)
        check_number("batch_size", options["batch_size"], Integral, 1)
        check_number("learning_rate", options["learning_rate"], Real, 0, above=True)
        check_callbacks(options["callbacks"])
        check_training({"latent_dim": "auto", "snapshots": 0, **options})
        if method == "diffusion":
            check_schedule(options["schedule"], options["noise_steps"])
            check_number("guidance", options["guidance"], Real, 0)
        else:
            AutoencoderOptions.of(options)
        return cls(method, options)

    @property
    def width(self) -> float:  # type: ignore[override]
        """The width of the networks."""
        return float(self.options["width"])

    @property
    def parameters(self) -> dict[str, Any]:  # type: ignore[override]
        """The options that a model file keeps."""
        return plain_options(self.options)

    def learn(
        self, size: ImageSize, pixels: Tensor, codes: Tensor, *, seed: int, session: FitSession
    ) -> LearnedImages:
        """Train the network; see `ImageLearner.learn`."""
        options, device = self.options, choose_device(self.options["device"])
        batch_size = min(int(options["batch_size"]), len(pixels))
        training = NetworkTraining(
            learning_rate=float(options["learning_rate"]),
            latent_dim=self._latent_dim(),
            prior="gaussian",
            n_steps=planned_image_steps(
                options, len(pixels), batch_size / len(pixels), USUAL_EPOCHS[self.method]
            ),
            batch_size=batch_size,
            device=device,
            dtype=choose_precision(options["precision"], device),
            seed=seed,
        )
        batches = ImageBatches(pixels.to(device), codes.to(device), size.n_classes, batch_size)

        def data_of(rows: Tensor) -> tuple[Tensor, Tensor | None]:
            shown, labels = rows[:, : size.n_pixels], rows[:, size.n_pixels :]
            if self.method == "diffusion":
                shown = 2 * shown - 1
            return shown, labels if size.n_classes else None

        with training.isolated(threads=self.method == "diffusion"):
            network = training.descend(
                lambda: training.make_networks(
                    lambda: self._network(size, pixels).to(device), width=self.width
                ),
                batches,
                data_of,
                session.callback,
                session.training_seconds(),
            )
        course = {"n_steps": session.n_steps, "penalty_reason": "", "history": session.records}
        return LearnedImages(network, course | {"diagnosis": []}, [])

    def _latent_dim(self) -> int:
        latent_dim = self.options.get("latent_dim", "auto")
        return USUAL_LATENT if latent_dim == "auto" else int(latent_dim)

    def _network(self, size: ImageSize, pixels: Tensor) -> LearnedGenerator:
        options = self.options
        if self.method == "diffusion":
            return UNetDenoiser(
                size,
                check_schedule(options["schedule"], options["noise_steps"]),
                width=max(1, round(MAPS * self.width)),
                pixels=moments(pixels),
                guidance=float(options["guidance"]),
            )
        return VariationalAutoencoder(
            RowLayout((None,) * size.n_pixels),
            self._latent_dim(),
            hidden_dim=max(1, round(HIDDEN_DIM * self.width)),
            labels=(size.n_classes,) if size.n_classes else (),
            likelihood="bernoulli",
            options=AutoencoderOptions.of(options),
        )


MEASURED = 4096  # images
LEAST_DEVIATION = 0.01  # of images of one color


def moments(pixels: Tensor) -> PixelMoments:
    """Return the mean and the deviation of pixels, as from −1 to 1, of some thousand images.

    Examples
    --------
    >>> moments(torch.tensor([[0], [255]], dtype=torch.uint8))
    PixelMoments(mean=0.0, deviation=1.0)
    """
    shown = pixels[:: -(-len(pixels) // MEASURED)].double() / 127.5 - 1
    return PixelMoments(float(shown.mean()), max(float(shown.std(correction=0)), LEAST_DEVIATION))


@dataclass(eq=False, repr=False, kw_only=True)
class ImageVAE(ImageNetworkEstimator):
    """Learn images with a variational autoencoder, and sample new ones, with a given label if any.

    Both networks are MLPs, with the embedding of the label as a further input. A pixel from 0 to 1
    is the probability of a Bernoulli variable (`tabgan.generators.variational_autoencoder`).
    Samples are the means of the decoder.

    Parameters
    ----------
    latent_dim
        Size of the latent vector; "auto" is 32.
    beta
        Weight of the KL divergence; 1 gives the evidence lower bound, 0 an autoencoder, which
        compresses well but samples badly.
    input_noise
        Standard deviation of Gaussian noise on the encoder's input during the training, for pixels
        from 0 to 1 (denoising autoencoder). `reconstruct` then removes noise.
    pairs
        Number K of pairs of networks: above the pair between pixels and latents there are K − 1
        pairs between latents of the same size (hierarchical VAE).
    reconstruction
        Reconstruction loss: "likelihood", or "discriminator", the distance in the features of a
        discriminator that is trained along (VAE-GAN; Larsen et al., 2016, arXiv:1512.09300).
    width
        Factor for the width of the hidden layers, which is 512 by default.
    learning_rate
        Initial learning rate of Adam; constant for half of the training, then it decays linearly.
    steps : int or "auto", default "auto"
        Number of training steps; "auto" is 20 epochs, but at least 2,000 and at most 50,000 steps.
    epochs, max_time, batch_size, device, precision, callbacks, verbose, random_state
        As in `tabgan.ImageGAN`.

    Attributes
    ----------
    latent_dim_ : int
        The latent size used.
    classes_, image_shape_, history_, n_steps_
        As in `tabgan.ImageGAN`; a record of the history has a ``reconstruction_loss`` and a
        ``kl_loss``.

    Examples
    --------
    >>> from tabgan.images.idx import embedded_digits
    >>> images, labels = embedded_digits()
    >>> estimator = ImageVAE(steps=5, verbose=False, random_state=0).fit(images, labels)
    >>> estimator.sample(3, label=7).shape
    (3, 8, 8)
    """

    method: ClassVar[str] = "vae"

    latent_dim: int | str = "auto"
    beta: float = 1.0
    input_noise: float = 0.0
    pairs: int = 1
    reconstruction: str = "likelihood"

    def _set_model(self, model: ImageModel, taken: Sequence[SnapshotRows] = ()) -> Self:
        super()._set_model(model, taken)
        self.latent_dim_ = model.generator.latent_dim
        return self

    def _learner(self, options: Mapping[str, Any]) -> NetworkLearner:
        return NetworkLearner.of("vae", options)

    def encode(
        self,
        X: Images,  # noqa: N803
        y: Iterable[Hashable] | None = None,
    ) -> NDArray[np.float64]:
        """Return the latents of images: the means of P(z|x), a compressed form.

        Parameters
        ----------
        X
            Images of the training size, as in `fit`.
        y
            Their labels, if the model has labels.

        Returns
        -------
        ndarray
            Shape (n, latent_dim_).

        Raises
        ------
        DataError
            If the images have another size, or the labels are missing or too few.
        OptionError
            If a label is not one of the training labels.
        NotFittedError
            If the estimator is not fitted.
        """
        return self._mapped(X, y, lambda network, rows, labels: network.encode(rows, labels).mean)

    def decode(
        self,
        Z: ArrayLike,  # noqa: N803
        y: Iterable[Hashable] | None = None,
    ) -> NDArray[Any]:
        """Return the images of latents, with the shape and dtype of the training images.

        Parameters
        ----------
        Z
            Latents, shape (n, latent_dim_), as `encode` returns them.
        y
            Their labels, if the model has labels.

        Raises
        ------
        OptionError
            If the latents have another size, or a label is not one of the training labels.
        NotFittedError
            If the estimator is not fitted.
        """
        model, network = self._fitted(), self._network()
        z = torch.from_numpy(check_latents(Z, self.latent_dim_)).float()
        labels = self._one_hot(y, len(z))
        device = next(network.parameters()).device
        with torch.no_grad():
            decoded = network(z.to(device), None if labels is None else labels.to(device))
            return self._as_given(model.pixels_of(network.shown(decoded)).cpu())

    def reconstruct(
        self,
        X: Images,  # noqa: N803
        y: Iterable[Hashable] | None = None,
    ) -> NDArray[Any]:
        """Encode images, and decode them again; this removes noise if `input_noise` was set.

        Parameters
        ----------
        X, y
            As in `encode`.
        """
        labels = None if y is None else list(y)
        return self.decode(self.encode(X, labels), labels)

    def anomaly_score(
        self,
        X: Images,  # noqa: N803
        y: Iterable[Hashable] | None = None,
    ) -> NDArray[np.float64]:
        """Return how badly the autoencoder reconstructs each image; high scores are anomalies.

        The score is −ln P(x|z), in nats, at the mean z of P(z|x) for the image x.

        Parameters
        ----------
        X, y
            As in `encode`.

        Returns
        -------
        ndarray
            Shape (n,).
        """
        return self._mapped(
            X, y, lambda network, rows, labels: network.reconstruction_error(rows, labels)
        )

    def score_samples(
        self,
        X: Images,  # noqa: N803
        y: Iterable[Hashable] | None = None,
    ) -> NDArray[np.float64]:
        """Return the negative of `anomaly_score`; low scores are anomalies, as in scikit-learn.

        Parameters
        ----------
        X, y
            As in `encode`.
        """
        return -self.anomaly_score(X, y)

    def _network(self) -> VariationalAutoencoder:
        return cast("VariationalAutoencoder", self._fitted().generator)

    def _one_hot(self, y: Iterable[Hashable] | None, n: int) -> torch.Tensor | None:
        classes = self._fitted().classes
        if not classes:
            return None
        if y is None:
            raise DataError(f"y is missing: the model has labels; give one for each of {n} images")
        found, codes = check_labels(y, n)
        places = torch.tensor([code_of(label, classes) for label in found.tolist()])
        return torch.eye(len(classes))[places[torch.from_numpy(codes)]]

    @torch.no_grad()
    def _mapped(
        self,
        images: Images,
        y: Iterable[Hashable] | None,
        function: Callable[[VariationalAutoencoder, torch.Tensor, Any], torch.Tensor],
    ) -> NDArray[np.float64]:
        """Return what a function makes of the network, pixels and one-hot labels."""
        network = self._network()
        device = next(network.parameters()).device
        rows = self._fitted().rows_of(images)
        labels = self._one_hot(y, len(rows))
        results = []
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            own = None if labels is None else labels[part].to(device)
            results.append(function(network, rows[part].to(device), own).double().cpu().numpy())
        return np.concatenate(results)


CHUNK = 4096  # images


@dataclass(eq=False, repr=False, kw_only=True)
class ImageDiffusion(ImageNetworkEstimator):
    """Learn images with a diffusion model, and sample new ones, with a given label if any.

    A U-Net learns to estimate an image without noise (`tabgan.generators.diffusion`), given the
    noise level and the embedding of the label. Pixels are from −1 to 1.

    Parameters
    ----------
    schedule
        Noise schedule: "edm", "linear" or "cosine"; see `tabgan.TabDiffusion`.
    noise_steps
        Number of denoising steps, or "auto".
    guidance
        How strongly a label steers the sampling (classifier-free guidance; Ho and Salimans, 2022,
        arXiv:2207.12598): 0 samples from what was learned, more makes images that are more like
        their class, and more like each other. Without labels it has no effect.
    width
        Factor for the number of channels, which is 32 at the full size by default.
    learning_rate
        Initial learning rate of Adam; constant for half of the training, then it decays linearly.
    steps
        Number of training steps; "auto" is 8 epochs, but at least 2,000 and at most 50,000 steps.
    epochs, max_time, batch_size, device, precision, callbacks, verbose, random_state
        As in `tabgan.ImageGAN`.

    Attributes
    ----------
    classes_, image_shape_, history_, n_steps_
        As in `tabgan.ImageGAN`; a record of the history has a ``denoising_loss``.

    Examples
    --------
    >>> from tabgan.images.idx import embedded_digits
    >>> images, labels = embedded_digits()
    >>> estimator = ImageDiffusion(steps=5, verbose=False, random_state=0).fit(images, labels)
    >>> estimator.sample(3, label=7).shape
    (3, 8, 8)
    """

    method: ClassVar[str] = "diffusion"

    schedule: str = "edm"
    noise_steps: int | str = "auto"
    guidance: float = 0.5

    def _learner(self, options: Mapping[str, Any]) -> NetworkLearner:
        return NetworkLearner.of("diffusion", options)
