"""From image to image: the tasks, the network, and its losses.

A conditional GAN whose condition is an image (pix2pix; Isola et al., 2017, arXiv:1611.07004): the
generator sees the degraded image, the discriminator sees it together with the original or the
result. The pairs are derived from the user's images by adding noise, removing color, or reducing
the size.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import torch
from scipy.ndimage import median_filter
from torch import Tensor, nn

from tabgan.base.errors import DataError, OptionError, did_you_mean
from tabgan.base.option_checks import check_number
from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.losses_and_penalties import NonSaturating
from tabgan.generators.gan.trainer import frozen
from tabgan.generators.network_training import LearnedGenerator
from tabgan.images.image_networks import ImageSize, UNet

__all__ = [
    "PairDiscriminator",
    "TASKS",
    "TranslationNetwork",
    "TranslationTask",
    "check_task",
]

LUMA = (0.299, 0.587, 0.114)  # of red, green and blue (ITU-R BT.601)
MEDIAN_SIDE = 3  # pixels
LARGEST_FACTOR = 16
SMALLEST_PAIR = 4  # pixels, of the images that a discriminator sees


@dataclass(frozen=True)
class TranslationTask(ABC):
    """Base class of tasks: how images are degraded, and a first guess that undoes it."""

    name: ClassVar[str]
    baseline_name: ClassVar[str]

    @abstractmethod
    def degrade(self, images: Tensor, stream: torch.Generator) -> Tensor:
        """Return what is seen of images, (n, channels, height, width) from 0 to 1.

        Parameters
        ----------
        images
            The images that are meant.
        stream
            Randomness, on their device.
        """

    @abstractmethod
    def start(self, seen: Tensor) -> Tensor:
        """Return a first guess of the images that are meant, which the network improves."""

    def baseline(self, seen: Tensor) -> Tensor:
        """Return what a method without learning makes of what is seen."""
        return self.start(seen)

    def consistent(self, images: Tensor, seen: Tensor) -> Tensor:  # noqa: ARG002
        """Return images changed so that they agree with what is seen.

        Parameters
        ----------
        images
            Estimates.
        seen
            What they are estimated from.
        """
        return images

    def check(self, size: ImageSize) -> None:  # noqa: B027
        """Check that the task can be learned from images of a size; raises a `DataError`."""

    def seen_of(self, pixels: Tensor) -> Tensor:
        """Return images that are to be translated as the network sees them."""
        return pixels


@dataclass(frozen=True)
class Denoise(TranslationTask):
    """Removes Gaussian noise.

    Parameters
    ----------
    noise
        Its standard deviation, where pixels are from 0 to 1.
    """

    noise: float = 0.3

    name = "denoise"
    baseline_name = "median filter"

    def degrade(self, images: Tensor, stream: torch.Generator) -> Tensor:
        """Add noise; pixels stay within 0 to 1, as they would in a file."""
        noise = torch.randn(images.shape, generator=stream, device=images.device)
        return torch.add(images, noise, alpha=self.noise).clamp(0, 1)

    def start(self, seen: Tensor) -> Tensor:
        """Return the noisy images."""
        return seen

    def baseline(self, seen: Tensor) -> Tensor:
        """Return the medians of 3 × 3 pixels."""
        side = (1, 1, MEDIAN_SIDE, MEDIAN_SIDE)
        return torch.from_numpy(median_filter(seen.cpu().numpy(), side)).to(seen.device)


@dataclass(frozen=True)
class Colorize(TranslationTask):
    """Colors gray images."""

    name = "colorize"
    baseline_name = "the same in grey"

    def degrade(self, images: Tensor, stream: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return the luminance."""
        return _luminance(images)

    def start(self, seen: Tensor) -> Tensor:
        """Return the shades as three equal channels."""
        return seen.expand(-1, 3, -1, -1)

    def consistent(self, images: Tensor, seen: Tensor) -> Tensor:
        """Return images with the luminance that is seen."""
        return images + seen - _luminance(images)

    def check(self, size: ImageSize) -> None:
        """Check that images have colors."""
        if size.channels != 3:
            raise DataError(
                f"task='colorize' learns from images of 3 channels (red, green, blue), and these "
                f"have {size.channels}; give images with colors"
            )

    def seen_of(self, pixels: Tensor) -> Tensor:
        """Return the luminance of images with colors, and others as they are."""
        return _luminance(pixels) if pixels.shape[1] == 3 else pixels


@dataclass(frozen=True)
class SuperResolution(TranslationTask):
    """Increases the resolution of images.

    Parameters
    ----------
    factor
        How many times as high and as wide they become.
    """

    factor: int = 4

    name = "super-resolution"
    baseline_name = "bicubic"

    def degrade(self, images: Tensor, stream: torch.Generator) -> Tensor:  # noqa: ARG002
        """Return the means of squares of pixels."""
        return nn.functional.avg_pool2d(images, self.factor)

    def start(self, seen: Tensor) -> Tensor:
        """Return the bicubic interpolation."""
        larger = nn.functional.interpolate(seen, scale_factor=float(self.factor), mode="bicubic")
        return larger.clamp(0, 1)

    def consistent(self, images: Tensor, seen: Tensor) -> Tensor:
        """Return images whose means of squares are those that are seen."""
        missing = seen - nn.functional.avg_pool2d(images, self.factor)
        return images + missing.repeat_interleave(self.factor, 2).repeat_interleave(self.factor, 3)

    def check(self, size: ImageSize) -> None:
        """Check that images can be made smaller by the factor."""
        if size.height % self.factor or size.width % self.factor:
            raise DataError(
                f"images of {size.height}×{size.width} pixels can't be reduced by factor="
                f"{self.factor}; give images whose sides are multiples of it"
            )


def _luminance(images: Tensor) -> Tensor:
    weights = torch.tensor(LUMA, device=images.device).reshape(1, 3, 1, 1)
    return (images * weights).sum(dim=1, keepdim=True)


TASKS: Mapping[str, type[TranslationTask]] = {
    task.name: task for task in (Denoise, Colorize, SuperResolution)
}


def check_task(options: Mapping[str, Any]) -> TranslationTask:
    """Return the task of the options ``task``, ``noise`` and ``factor``.

    Raises
    ------
    OptionError
        If one has a value that it can't have.
    """
    name = options["task"]
    if not isinstance(name, str) or name not in TASKS:
        raise OptionError(f"task={name!r:.80} is not known; {did_you_mean(str(name), TASKS)}")
    check_number("noise", options["noise"], Real, 0, above=True)
    check_number("factor", options["factor"], Integral, 2)
    if options["factor"] > LARGEST_FACTOR:
        raise OptionError(f"factor={options['factor']} must be at most {LARGEST_FACTOR}")
    if name == Denoise.name:
        return Denoise(float(options["noise"]))
    return Colorize() if name == Colorize.name else SuperResolution(int(options["factor"]))


class PairDiscriminator(nn.Module):
    """Convolutions from a first guess and an image to one logit: real pair or not.

    **Shape**: (batch, 2·channels, height, width) → (batch,)
    """

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(2 * channels, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 3, padding=1),
        )

    @staticmethod
    def check(size: ImageSize) -> None:
        """Check that images of a size can be halved twice; raises a `DataError`."""
        if min(size.height, size.width) < SMALLEST_PAIR:
            least = f"{SMALLEST_PAIR}×{SMALLEST_PAIR}"
            problem = (
                f"images of {size.height}×{size.width} pixels are too small for the discriminator: "
                f"{least} are needed at least; give larger images, or leave it out with "
            )
            raise DataError(f"{problem}adversarial=0", on_command_line=f"{problem}--adversarial 0")

    def forward(self, pairs: Tensor) -> Tensor:
        """Map pairs to the means of the logits of their patches."""
        return self.layers(pairs).mean(dim=(1, 2, 3))  # type: ignore[no-any-return]


class TranslationNetwork(LearnedGenerator):
    """The generator from degraded images to originals, and its discriminator.

    It has no latent: what is seen decides. The label of a row is what is seen of it, flat.

    **Shape**: z (batch, 0), seen (batch, pixels that are seen) → (batch, n_pixels)

    Parameters
    ----------
    task
        What was done to the images.
    size
        Sizes of the images that are meant.
    width
        Channels of the maps of full size.
    adversarial
        Weight of the generator's loss against the discriminator, beside the mean squared error; 0
        trains without a discriminator.
    """

    kind: ClassVar[str] = "translation"

    def __init__(
        self, task: TranslationTask, size: ImageSize, *, width: int, adversarial: float
    ) -> None:
        super().__init__(latent_dim=0)
        self.task, self.size, self.adversarial = task, size, adversarial
        self.unet = UNet(size.channels, size.channels, width=width)
        self.discriminator = PairDiscriminator(size.channels, width) if adversarial else None

    def translate(self, seen: Tensor) -> Tensor:
        """Return estimates of the images that are meant, (n, channels, height, width)."""
        guess = self.task.start(seen)
        return self.task.consistent(guess + self.unet(guess - 0.5).float(), seen)

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:  # noqa: ARG002
        """Map what is seen, flat, to flat images."""
        if labels is None:
            raise ValueError("what is seen of the images is missing")
        return self.translate(self._seen(labels)).flatten(1)

    def _seen(self, flat: Tensor) -> Tensor:
        size, factor = self.size, getattr(self.task, "factor", 1)
        return flat.reshape(len(flat), -1, size.height // factor, size.width // factor)

    def losses(
        self,
        rows: Tensor,
        labels: Tensor | None,
        stream: torch.Generator,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Return the mean squared error of a batch, and the losses of the two networks' game."""
        if labels is None:
            raise ValueError("what is seen of the images is missing")
        seen = self._seen(labels)
        wanted, made = rows.reshape(-1, *self.size[:3]), self.translate(seen)
        error = (made - wanted).square().mean()
        if self.discriminator is None:
            return {"reconstruction_loss": error}
        game, guess = NonSaturating(), self.task.start(seen)
        with frozen(self.discriminator):
            judged = self.discriminator(torch.cat([guess, made], dim=1)).float()
        real = self.discriminator(torch.cat([guess, wanted], dim=1)).float()
        fake = self.discriminator(torch.cat([guess, made.detach()], dim=1)).float()
        return {
            "reconstruction_loss": error,
            "generator_loss": self.adversarial * game.generator(None, judged),
            "discriminator_loss": game.discriminator(real, fake),
        }

    @torch.no_grad()
    def draw(self, z: Tensor, labels: Tensor | None, stream: torch.Generator) -> Tensor:  # noqa: ARG002
        """Map what is seen to images; nothing is drawn."""
        return self(z, labels)  # type: ignore[no-any-return]

    def sizes(self) -> dict[str, Any]:
        """Return the sizes of an image and of the maps, and the weight of the game."""
        return {
            "size": list(self.size[:3]),
            "width": self.unet.width,
            "adversarial": self.adversarial,
            "task": self.task.name,
            "noise": getattr(self.task, "noise", 0.3),
            "factor": getattr(self.task, "factor", 4),
        }

    @classmethod
    def of_sizes(
        cls,
        sizes: Mapping[str, Any],
        layout: RowLayout,
        labels: Sequence[int] = (),  # noqa: ARG003
    ) -> Self:
        """Make a network that has not been trained; see `RowGenerator.of_sizes`."""
        size = ImageSize(*map(int, sizes["size"]))
        width, adversarial = int(sizes["width"]), float(sizes["adversarial"])
        if size.n_pixels != layout.n_numbers or not 1 <= width < MOST_WIDTH:
            raise ValueError("sizes that no network has")
        if not 0 <= adversarial < math.inf:
            raise ValueError("a weight that is no number from 0")
        task = check_task(sizes)
        task.check(size)
        return cls(task, size, width=width, adversarial=adversarial)


MOST_WIDTH = 2**12  # channels, in a file that is not damaged


def as_pixels(images: Tensor) -> np.ndarray[Any, Any]:
    """Return images with the channels last, from 0 to 1."""
    return images.clamp(0, 1).permute(0, 2, 3, 1).contiguous().cpu().numpy()
