"""Train the GAN of images: from flat pixels to the averaged generator."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor

from tabgan.errors import OptionError
from tabgan.gan.callbacks import Callback, Callbacks
from tabgan.gan.image_networks import ImageSize
from tabgan.gan.latent import Prior
from tabgan.gan.networks import Discriminator, Generator
from tabgan.gan.penalties import GradientClipping, NoPenalty, WeightClipping
from tabgan.gan.probe import PROBE_ROWS, Probe
from tabgan.gan.recipe import TrainingConfig
from tabgan.gan.snapshots import SnapshotRows, SnapshotTaker
from tabgan.gan.threads import one_thread
from tabgan.gan.trainer import Trainer
from tabgan.images.architectures import ARCHITECTURES, ConvPair
from tabgan.images.rows import ImageBatches, ImageHead
from tabgan.streams import torch_stream

__all__ = ["ImageTraining"]

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
        Number of moments at which images are drawn for `tabgan.gan.snapshots`.
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

        The callback's records have what `tabgan.gan.probe` measures. Training ends early after
        some seconds of wall time, if they are given.

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
