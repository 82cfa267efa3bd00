"""Train the GAN of images: from flat pixels and labels to the averaged generator."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Self

import torch
from torch import Tensor, nn

from tabgan.base.errors import OptionError
from tabgan.base.random_streams import torch_stream
from tabgan.generators.gan.batches import Shuffled
from tabgan.generators.gan.diagnosis import PROBE_ROWS, Probe
from tabgan.generators.gan.networks import Discriminator, Generator
from tabgan.generators.gan.penalties import GradientClipping, NoPenalty, WeightClipping
from tabgan.generators.gan.trainer import Trainer
from tabgan.generators.gan.training_config import TrainingConfig
from tabgan.generators.gan.training_snapshots import SnapshotRows, SnapshotTaker
from tabgan.generators.latents import Prior
from tabgan.generators.precision import one_thread
from tabgan.generators.training_callbacks import Callback, Callbacks
from tabgan.images.image_networks import ARCHITECTURES, Architecture, ConvPair, ImageSize

__all__ = ["ImageBatches", "ImageHead", "ImageTraining"]


class ImageHead(nn.Module):
    """Output activation of the pixels, and what the discriminator sees.

    Pixels of rows are from 0 to 1: the sigmoid of the logits. For the tanh form the generator's
    tanh is the sigmoid of twice the logit, brought to −1 … 1 for the discriminator.

    **Shape**: rows and features (batch, n_pixels + n_classes), logits (batch, n_pixels)

    Parameters
    ----------
    n_pixels, n_classes
        Lengths of the two parts of a row; 0 classes where there are no labels.
    symmetric
        Whether the networks see pixels from −1 to 1.

    Examples
    --------
    >>> head = ImageHead(n_pixels=2, n_classes=0, symmetric=True)
    >>> rows = head(torch.tensor([[0.0, 9.0]]), torch.Generator())
    >>> rows.round(decimals=2), head.features(rows).round(decimals=2)
    (tensor([[0.5000, 1.0000]]), tensor([[0., 1.]]))
    """

    def __init__(self, n_pixels: int, n_classes: int, *, symmetric: bool) -> None:
        super().__init__()
        self.n_pixels = n_pixels
        self.n_classes = n_classes
        self.symmetric = symmetric
        places = torch.arange(n_pixels, n_pixels + n_classes)
        self.register_buffer("label_features", places, persistent=False)
        self.label_features: Tensor

    @classmethod
    def of(cls, size: ImageSize, architecture: Architecture) -> Self:
        """Return the head of a pair of networks."""
        return cls(size.n_pixels, size.n_classes, symmetric=architecture.symmetric)

    def labels(self, rows: Tensor) -> Tensor | None:
        """Return the labels of rows as one-hot; None where there are none."""
        return rows[:, self.n_pixels :] if self.n_classes else None

    def forward(
        self,
        logits: Tensor,
        generator: torch.Generator,  # noqa: ARG002
        labels: Tensor | None = None,
    ) -> Tensor:
        """Turn pixel logits into rows; nothing is drawn."""
        pixels = torch.sigmoid(2 * logits.float() if self.symmetric else logits.float())
        return pixels if labels is None else torch.cat([pixels, labels], dim=1)

    def features(self, rows: Tensor) -> Tensor:
        """Turn rows into what the discriminator sees."""
        if not self.symmetric:
            return rows
        pixels, labels = rows[:, : self.n_pixels], rows[:, self.n_pixels :]
        return torch.cat([2 * pixels - 1, labels], dim=1)


class ImageBatches:
    """Batches of images that stay on the device, one byte a pixel.

    Parameters
    ----------
    pixels
        Flat images, uint8 of shape (n, n_pixels), from 0 to 255.
    codes
        Class of each image, int64 of shape (n,).
    n_classes
        Number of classes, 0 without labels.
    batch_size
        Images a batch, at most the number of images.
    """

    def __init__(self, pixels: Tensor, codes: Tensor, n_classes: int, batch_size: int) -> None:
        self.pixels, self.codes, self.n_classes = pixels, codes, n_classes
        self.n_rows = len(pixels)
        self.batch_size = min(batch_size, self.n_rows)
        self.shuffled = Shuffled(self.n_rows, pixels.device)

    def draw(self, generator: torch.Generator) -> Tensor:
        """Return the next batch of rows, shape (batch_size, n_pixels + n_classes)."""
        return self._rows(self.shuffled.draw(self.batch_size, generator))

    def pick(self, n: int, generator: torch.Generator) -> Tensor:
        """Return at most n rows at random, each once, without a change to the present pass."""
        device = self.pixels.device
        return self._rows(torch.randperm(self.n_rows, generator=generator, device=device)[:n])

    def _rows(self, index: Tensor) -> Tensor:
        pixels = self.pixels[index].float() / 255
        if not self.n_classes:
            return pixels
        labels = nn.functional.one_hot(self.codes[index], self.n_classes)
        return torch.cat([pixels, labels.float()], dim=1)

    def state_dict(self) -> dict[str, Any]:
        """Return what is left of the present pass over the images."""
        return self.shuffled.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a pass."""
        self.shuffled.load_state_dict(state)


FEW = 20  # images of a snapshot, without labels


@dataclass(frozen=True)
class ImageTraining:
    """What the training on images needs besides the images.

    Parameters
    ----------
    size
        Sizes of an image.
    architecture, width
        Name of the pair of networks, and how wide they are beside the usual ones.
    latent_dim, prior
        Size of the latent, and what it is drawn from.
    n_steps, batch_size
        The budget.
    recipe
        Losses, penalty, stabilisers and optimisation.
    device, dtype
        Where to train, and the number format of products.
    seed
        Root of all streams of randomness.
    n_snapshots
        Number of moments at which images are drawn for `tabgan.generators.gan.training_snapshots`.
    """

    size: ImageSize
    architecture: str
    width: float
    latent_dim: int
    prior: Prior
    n_steps: int
    batch_size: int
    recipe: TrainingConfig
    device: torch.device
    dtype: torch.dtype
    seed: int
    n_snapshots: int = 0

    @property
    def head(self) -> ImageHead:
        """What turns logits into pixels, and pixels into features."""
        return ImageHead.of(self.size, ARCHITECTURES[self.architecture])

    def run(
        self, pixels: Tensor, codes: Tensor, callback: Callback, seconds: float | None = None
    ) -> tuple[Generator, list[SnapshotRows]]:
        """Train on flat images, uint8 of shape (n, n_pixels).

        The callback's records have what `tabgan.generators.gan.diagnosis` measures. Training ends
        early after some seconds of wall time, if they are given.

        Returns
        -------
        The averaged generator, and rows from moments of its training: two of each label.
        """
        pixels, codes = pixels.to(self.device), codes.to(self.device)
        with self._threads(), torch.random.fork_rng(devices=[]):
            # torch's initialisers draw from the global generator: seed a fork of it.
            torch.default_generator.manual_seed(torch_stream(self.seed, "init").initial_seed())
            head = self.head.to(self.device)
            batches = ImageBatches(pixels, codes, self.size.n_classes, self.batch_size)
            trainer = Trainer(
                head=head,
                batches=batches,
                recipe=self.recipe,
                dtype=self.dtype,
                latents=torch_stream(self.seed, "latents", device=self.device),
                data=torch_stream(self.seed, "data", device=self.device),
                noise=torch_stream(self.seed, "noise", device=self.device),
                seconds=seconds,
            )
            generator, discriminator = self._networks(trainer.noise)
            state = trainer.start(generator, discriminator, self.n_steps)
            snapshots = self._snapshots(head, batches)
            callbacks = Callbacks([self._probe(head, batches), snapshots, callback])
            return trainer.run(state, callbacks).averaged.network, snapshots.taken

    def _probe(self, head: ImageHead, batches: ImageBatches) -> Probe:
        stream = torch_stream(self.seed, "probe", device=self.device)
        return Probe(head, batches.pick(PROBE_ROWS, stream), stream)

    def _snapshots(self, head: ImageHead, batches: ImageBatches) -> SnapshotTaker:
        stream = torch_stream(self.seed, "snapshots", device=self.device)
        n_classes = self.size.n_classes
        labels = torch.eye(n_classes, device=self.device).repeat(2, 1) if n_classes else None
        return SnapshotTaker(
            self.n_snapshots,
            head,
            stream,
            labels=labels,
            n_rows=FEW,
            epochs_a_step=self.recipe.epochs_a_step(batches.n_rows, batches.batch_size),
        )

    def _networks(self, noise: torch.Generator) -> tuple[Generator, Discriminator]:
        pair = ARCHITECTURES[self.architecture]
        rough = isinstance(self.recipe.penalty, WeightClipping | GradientClipping)
        smooth = not rough and type(self.recipe.penalty) is not NoPenalty
        try:
            generator = pair.generator(self.latent_dim, self.size, self.width, self.prior)
            discriminator = pair.discriminator(self.size, self.width, noise, smooth=smooth)
        except RuntimeError as error:
            raise OptionError(
                f"width={self.width!r}, latent_dim={self.latent_dim!r}: networks of this size "
                f"can't be made here ({str(error)[:100]}); take smaller ones"
            ) from error
        return generator.to(self.device), discriminator.to(self.device)

    @contextmanager
    def _threads(self) -> Iterator[None]:
        # Convolutions are large enough to share out.
        shares = isinstance(ARCHITECTURES[self.architecture], ConvPair)
        with nullcontext() if shares else one_thread():
            yield
