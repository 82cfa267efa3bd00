"""`ImageDiffusion`: learns images by taking noise away."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from tabgan.images.image_estimator import ImageNetworkEstimator
from tabgan.images.train_image_network import NetworkLearner

__all__ = ["ImageDiffusion"]


@dataclass(eq=False, repr=False, kw_only=True)
class ImageDiffusion(ImageNetworkEstimator):
    """Learn images with a diffusion model and draw new ones, of a label if there are labels.

    An MLP learns to estimate an image without noise, with pixels from −1 to 1 and the label's
    embedding beside it (`tabgan.generators.diffusion`).

    Parameters
    ----------
    schedule
        The noise: "edm", or that of the lectures, "linear" or "cosine"; see `tabgan.TabDiffusion`.
    noise_steps
        Steps in which noise is taken away, or "auto".
    width
        Width of the hidden layers, relative to the usual 512.
    learning_rate
        Adam's learning rate; constant for half of the training, then linearly down.
    steps, epochs, max_time, batch_size, device, precision, callbacks, verbose, random_state
        As of `tabgan.ImageGAN`.

    Attributes
    ----------
    classes_, image_shape_, history_, n_steps_
        As of `tabgan.ImageGAN`; a record of the history has a ``denoising_loss``.

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

    def _learner(self, options: Mapping[str, Any]) -> NetworkLearner:
        return NetworkLearner.of("diffusion", options)
