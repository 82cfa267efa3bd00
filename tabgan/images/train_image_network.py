"""Learn images by a network of one loss: a diffusion or a VAE."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal, Self

from torch import Tensor

from tabgan.base.checks import check_number, check_training
from tabgan.base.row_layout import RowLayout
from tabgan.fitting.session import FitSession
from tabgan.generators.diffusion.denoiser import Denoiser
from tabgan.generators.diffusion.noise_schedules import check_schedule
from tabgan.generators.network_training import LearnedGenerator, NetworkTraining
from tabgan.generators.precision import choose_device, choose_precision
from tabgan.generators.training_callbacks import check_callbacks
from tabgan.generators.vae.variational_autoencoder import (
    AutoencoderOptions,
    VariationalAutoencoder,
)
from tabgan.images.fit_images import (
    ImageLearner,
    LearnedImages,
    plain_options,
    planned_image_steps,
)
from tabgan.images.image_model import PIXEL_SPREAD
from tabgan.images.image_networks import ImageSize
from tabgan.images.train_images import ImageBatches

__all__ = ["NetworkLearner"]

HIDDEN_DIM = 512
USUAL_LATENT = 32


@dataclass(frozen=True)
class NetworkLearner(ImageLearner):
    """How an `ImageDiffusion` or an `ImageVAE` learns images.

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
            n_steps=planned_image_steps(options, len(pixels), batch_size / len(pixels)),
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

        with training.isolated():
            network = training.descend(
                lambda: training.make_networks(
                    lambda: self._network(size).to(device), width=self.width
                ),
                batches,
                data_of,
                session.callback,
                session.training_seconds(),
            )
        history = [
            {name: value for name, value in record.items() if name != "seconds"}
            for record in session.records
        ]
        course = {"n_steps": session.n_steps, "penalty_reason": "", "history": history}
        return LearnedImages(network, course | {"diagnosis": []}, [])

    def _latent_dim(self) -> int:
        latent_dim = self.options.get("latent_dim", "auto")
        return USUAL_LATENT if latent_dim == "auto" else int(latent_dim)

    def _network(self, size: ImageSize) -> LearnedGenerator:
        layout = RowLayout((None,) * size.n_pixels)
        labels = (size.n_classes,) if size.n_classes else ()
        hidden_dim = max(1, round(HIDDEN_DIM * self.width))
        options = self.options
        if self.method == "vae":
            return VariationalAutoencoder(
                layout,
                self._latent_dim(),
                hidden_dim=hidden_dim,
                labels=labels,
                likelihood="bernoulli",
                options=AutoencoderOptions.of(options),
            )
        schedule = check_schedule(options["schedule"], options["noise_steps"])
        return Denoiser(
            layout, schedule, hidden_dim=hidden_dim, labels=labels, spread=PIXEL_SPREAD, direct=True
        )
