"""`ImageVAE`: learns images by a variational autoencoder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from tabgan.base.random_streams import RandomStateLike
from tabgan.generators.gan.training_snapshots import SnapshotRows
from tabgan.generators.training_callbacks import Callback
from tabgan.images.image_estimator import ImageEstimator
from tabgan.images.image_model import ImageModel
from tabgan.images.train_image_network import NetworkLearner

__all__ = ["ImageVAE"]


@dataclass(eq=False, repr=False, kw_only=True)
class ImageVAE(ImageEstimator):
    """Learn images with a variational autoencoder and draw new ones, of a label if they have any.

    Both networks are MLPs, which get the label's embedding too; a pixel from 0 to 1 is the chance
    of a Bernoulli variable (`tabgan.generators.vae`). What is drawn is the decoder's mean.

    Parameters
    ----------
    latent_dim
        Size of the latent, or "auto" for 32.
    beta
        Weight of the KL divergence; 1 gives the evidence lower bound.
    width
        Width of the hidden layers, relative to the usual 512.
    learning_rate
        Adam's learning rate; constant for half of the training, then linearly down.
    steps, epochs, max_time, batch_size, device, precision, callbacks, verbose, random_state
        As of `tabgan.ImageGAN`.

    Attributes
    ----------
    latent_dim_ : int
        The latent size used.
    classes_, image_shape_, history_, n_steps_
        As of `tabgan.ImageGAN`; a record of the history has a ``reconstruction_loss`` and a
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
    width: float = 1.0
    steps: int | str = "auto"
    epochs: float | None = None
    max_time: float | None = None
    batch_size: int = 128
    learning_rate: float = 1e-3
    device: str = "auto"
    precision: str = "auto"
    callbacks: Sequence[Callback] | None = None
    verbose: bool = True
    random_state: RandomStateLike = None

    def _set_model(self, model: ImageModel, taken: Sequence[SnapshotRows] = ()) -> Self:
        super()._set_model(model, taken)
        self.latent_dim_ = model.generator.latent_dim
        return self

    def _learner(self, options: Mapping[str, Any]) -> NetworkLearner:
        return NetworkLearner.of("vae", options)
