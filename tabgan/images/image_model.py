"""`ImageTraining` and `ImageModel`: the training of a GAN of images, and the trained model."""

import math
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from tabgan.base.errors import DataError, ModelFileError
from tabgan.base.model_file import assembling, read_model, write_model
from tabgan.base.random_streams import numpy_stream, torch_stream
from tabgan.base.row_layout import RowLayout
from tabgan.generators.gan.diagnosis import SnapshotRows, SnapshotTaker
from tabgan.generators.gan.losses_and_penalties import GradientClipping, NoPenalty, WeightClipping
from tabgan.generators.gan.table_networks import Discriminator
from tabgan.generators.gan.trainer import GANTraining
from tabgan.generators.generator_training import Generator, RowGenerator
from tabgan.generators.heads_and_batches import Shuffled
from tabgan.generators.latents import check_prior
from tabgan.generators.training_callbacks import Callback
from tabgan.generators.variational_autoencoder import VariationalAutoencoder
from tabgan.images.image_arrays import Images, ImageShape, PixelScale, as_array, with_channels
from tabgan.images.image_networks import (
    ARCHITECTURES,
    Architecture,
    ConvPair,
    ImageSize,
    UNetDenoiser,
)

__all__ = [
    "BLOCK_IMAGES",
    "ImageBatches",
    "ImageHead",
    "ImageModel",
    "ImageTraining",
    "check_facts",
]


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
    """Batches of images, which stay on the device with one byte per pixel.

    Parameters
    ----------
    pixels
        Images, uint8 of shape (n, height, width, channels), from 0 to 255; they may stay in a file
        that is mapped to memory, for only batches are copied.
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
        # flat, channels first
        pixels = self.pixels[index].permute(0, 3, 1, 2).flatten(1).float() / 255
        if not self.n_classes:
            return pixels
        labels = nn.functional.one_hot(self.codes[index], self.n_classes)
        return torch.cat([pixels, labels.float()], dim=1)

    def state_dict(self) -> dict[str, Any]:
        """Return what is left of the present pass over the images."""
        return self.shuffled.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore a pass."""
        self.shuffled.load_state_dict(state)


FEW = 20  # images of a snapshot, without labels


@dataclass(frozen=True, kw_only=True)
class ImageTraining(GANTraining):
    """The training of the GAN of images, from bytes and labels to the averaged generator.

    Parameters
    ----------
    size
        Sizes of an image.
    architecture, width
        Name of the pair of networks, and their width relative to the usual one.
    """

    size: ImageSize
    architecture: str
    width: float

    def run(
        self, pixels: Tensor, codes: Tensor, callback: Callback, seconds: float | None = None
    ) -> tuple[Generator, list[SnapshotRows]]:
        """Train on images.

        Parameters
        ----------
        pixels
            Images, uint8 of shape (n, height, width, channels).
        codes
            Class of each image, int64 of shape (n,).
        callback
            Hears of the training; its records have what `tabgan.generators.gan.diagnosis` measures.
        seconds
            Wall time after which training ends; None for no limit.

        Returns
        -------
        The averaged generator, and rows from moments of its training: two of each label.
        """
        pixels, codes = pixels.to(self.device), codes.to(self.device)
        pair = ARCHITECTURES[self.architecture]
        head = ImageHead.of(self.size, pair).to(self.device)
        batches = ImageBatches(pixels, codes, self.size.n_classes, self.batch_size)
        snapshots = self._snapshots(head, batches)

        def networks(noise: torch.Generator) -> tuple[Generator, Discriminator]:
            return self.make_networks(lambda: self._networks(noise), width=self.width)

        # Convolutions are large enough for several threads.
        with self.isolated(threads=isinstance(pair, ConvPair)):
            averaged = self.train(
                head, batches, networks, snapshots, callback=callback, seconds=seconds
            )
        return averaged, snapshots.taken

    def _snapshots(self, head: ImageHead, batches: ImageBatches) -> SnapshotTaker:
        n_classes = self.size.n_classes
        labels = torch.eye(n_classes, device=self.device).repeat(2, 1) if n_classes else None
        return SnapshotTaker(
            self.n_snapshots,
            head,
            self.stream("snapshots"),
            labels=labels,
            n_rows=FEW,
            epochs_a_step=self.config.epochs_a_step(batches.n_rows, batches.batch_size),
        )

    def _networks(self, noise: torch.Generator) -> tuple[Generator, Discriminator]:
        pair = ARCHITECTURES[self.architecture]
        rough = isinstance(self.config.penalty, WeightClipping | GradientClipping)
        smooth = not rough and type(self.config.penalty) is not NoPenalty
        generator = pair.generator(self.latent_dim, self.size, self.width, self.prior)
        discriminator = pair.discriminator(self.size, self.width, noise, smooth=smooth)
        return generator.to(self.device), discriminator.to(self.device)


BLOCK_IMAGES = 1024  # drawn from one stream, so that chunks don't matter
IMAGE_DTYPES = (
    *("bool", "float16", "float32", "float64", "float128"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
)
MOST_PIXELS = 2**24  # of an image, in a file that is no damaged one


@dataclass(frozen=True)
class ImageModel:
    """A trained generator of images, with its labels and the record of its training.

    Parameters
    ----------
    generator
        The averaged generator, in evaluation mode.
    size
        Sizes of an image.
    architecture, width
        Name of the pair of networks, and their width relative to the usual one.
    classes
        The labels, in the order of their codes; empty without labels.
    shares
        Each label's share of the training images, shape (n_classes,).
    facts
        JSON values that go into the model file as they are.
    """

    generator: Generator
    size: ImageSize
    architecture: str
    width: float
    classes: tuple[Any, ...]
    shares: NDArray[np.float64]
    facts: Mapping[str, Any]

    @property
    def method(self) -> str:
        """How the images were learned."""
        return self.generator.kind if isinstance(self.generator, RowGenerator) else "gan"

    @property
    def scale(self) -> PixelScale:
        """What the values of pixels mean."""
        if "pixels" in self.facts:
            return PixelScale.from_json(self.facts["pixels"])
        # a file of before there was more than one scale of a dtype
        dtype = self.facts["dtype"]
        return PixelScale(255 if dtype == "uint8" else 1, whole=dtype in ("bool", "uint8"))

    def draw_codes(self, n: int, seed: int) -> NDArray[np.int64]:
        """Draw the classes of images by their shares, block by block.

        Parameters
        ----------
        n
            Number of images.
        seed
            Root of the streams of randomness.
        """
        codes = [
            numpy_stream(seed, "classes", block).choice(
                len(self.classes), BLOCK_IMAGES, p=self.shares
            )
            for block in range(-(-n // BLOCK_IMAGES))
        ]
        return np.concatenate([*codes, np.empty(0, np.int64)])[:n].astype(np.int64)

    @torch.no_grad()
    def draw(self, n: int, codes: NDArray[np.int64] | None, seed: int) -> Iterator[Tensor]:
        """Draw images block by block, floats from 0 to 1, (block, channels, height, width).

        Parameters
        ----------
        n
            Number of images.
        codes
            Class of each, shape (n,); None without labels.
        seed
            Root of the streams of randomness.
        """
        device = next(self.generator.parameters()).device
        head = ImageHead.of(self.size, ARCHITECTURES[self.architecture])
        for block, start in enumerate(range(0, n, BLOCK_IMAGES)):
            stop = min(start + BLOCK_IMAGES, n)
            stream = torch_stream(seed, "sample", block, device=device)
            z = self.generator.latents(BLOCK_IMAGES, stream)[: stop - start]
            labels = None
            if codes is not None:
                part = torch.from_numpy(codes[start:stop]).to(device)
                labels = nn.functional.one_hot(part, len(self.classes)).float()
            if isinstance(self.generator, RowGenerator):
                rows = _pixels(self.generator.kind, self.generator.draw(z, labels, stream))
            else:
                rows = head(self.generator(z, labels), stream, labels)
            yield self.pixels_of(rows).cpu()

    def rows_of(self, images: Images) -> Tensor:
        """Return images as the pixels of rows, from 0 to 1, shape (n, n_pixels).

        Raises
        ------
        DataError
            If they are of another size than the model's, or can't be used.
        """
        given = as_array(images)
        array = with_channels(given)
        size = ImageShape(self.size.height, self.size.width, self.size.channels)
        if ImageShape.of(array) != size:
            raise DataError(
                f"images of {ImageShape.of(array)} pixels and channels: the model learned {size}; "
                "bring them to this size"
            )
        scale = self.scale
        if str(given.dtype) != self.facts["dtype"] or array.max() > scale.top:
            scale = PixelScale.of(array)
        shares = np.ascontiguousarray(scale.to_shares(array).transpose(0, 3, 1, 2))
        return torch.from_numpy(shares).flatten(1)

    def pixels_of(self, rows: Tensor) -> Tensor:
        """Return the images in rows of training, (n, channels, height, width) from 0 to 1."""
        return rows[:, : self.size.n_pixels].reshape(-1, *self.size[:3])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file; see `tabgan.base.model_file`."""
        description: dict[str, Any] = {
            "images": {
                "size": list(self.size),
                "architecture": self.architecture,
                "width": self.width,
                "latent_dim": self.generator.latent_dim,
                "prior": self.generator.prior,
                "classes": list(self.classes),
            },
            "versions": {name: version(name) for name in ("tabgan", "torch", "numpy")},
            "facts": dict(self.facts),
        }
        if isinstance(self.generator, RowGenerator):
            network = {"kind": self.generator.kind, **self.generator.sizes()}
            description["images"]["network"] = network
        tensors = {f"generator.{k}": v for k, v in self.generator.state_dict().items()}
        write_model(path, description, tensors | {"shares": torch.from_numpy(self.shares)})

    @classmethod
    def load(cls, path: str | os.PathLike[str], device: torch.device) -> Self:
        """Read a model file.

        Parameters
        ----------
        path
            The file.
        device
            Where the model is put.

        Raises
        ------
        ModelFileError
            If the file is not a model of images, is damaged, newer, or inconsistent.
        OSError
            If it can't be opened.
        """
        description, tensors = read_model(path)
        if "translation" in description:
            raise ModelFileError(
                f"{path}: a model that translates images and draws none; open it with "
                "ImageTranslator.load, or with 'tabgan images translate'"
            )
        if "images" not in description and "encoder" not in description:
            raise ModelFileError(f"{path}: a tabgan file, but no model of images")
        if "images" not in description:
            raise ModelFileError(
                f"{path}: a model of a table, not of images; open it with TabGAN.load, or with "
                "commands such as 'tabgan sample'"
            )
        with assembling(path):
            return cls._restore(description, tensors, device)

    @classmethod
    def _restore(
        cls, description: Mapping[str, Any], tensors: Mapping[str, Tensor], device: torch.device
    ) -> Self:
        kept = description["images"]
        size, classes = ImageSize(*map(int, kept["size"])), tuple(kept["classes"])
        if min(size[:3]) < 1 or size.n_pixels > MOST_PIXELS or size.n_classes != len(classes):
            raise ValueError("sizes that no image has")
        pair, prior = ARCHITECTURES[kept["architecture"]], check_prior(kept["prior"])
        latent_dim, width = int(kept["latent_dim"]), float(kept["width"])
        if latent_dim < 1 or not 0 < width < 2**10:
            raise ValueError("a network's size must be above zero")
        # On the meta device a network takes no memory, whatever size a damaged file claims.
        with torch.device("meta"):
            generator = (
                _network(kept["network"], size)
                if "network" in kept
                else pair.generator(latent_dim, size, width, prior)
            )
        weights = {k.removeprefix("generator."): v for k, v in tensors.items() if k != "shares"}
        types = {name: tensor.dtype for name, tensor in generator.state_dict().items()}
        generator.load_state_dict(weights, assign=True)
        if any(tensor.dtype != types[name] for name, tensor in weights.items()):
            raise ValueError("a tensor has a dtype that the network's has not")
        shares = tensors["shares"].numpy()
        if shares.shape != (len(classes),) or shares.dtype != np.float64 or (shares < 0).any():
            raise ValueError("a share is needed for every class")
        if classes and abs(shares.sum() - 1) > 1e-6:
            raise ValueError("shares must add up to 1")
        generator.requires_grad_(False).eval().to(device)
        facts = dict(description["facts"])
        check_facts(facts, size.n_pixels)
        return cls(generator, size, str(kept["architecture"]), width, classes, shares, facts)


_NETWORKS: Mapping[str, type[RowGenerator]] = {
    network.kind: network for network in (UNetDenoiser, VariationalAutoencoder)
}


def _network(sizes: Mapping[str, Any], size: ImageSize) -> RowGenerator:
    """Return a network of rows that are pixels, before its training."""
    labels = (size.n_classes,) if size.n_classes else ()
    layout = RowLayout((None,) * size.n_pixels)
    return _NETWORKS[sizes["kind"]].of_sizes(sizes, layout, labels)


def _pixels(kind: str, drawn: Tensor) -> Tensor:
    """Return what a network of rows has drawn as pixels from 0 to 1."""
    return torch.sigmoid(drawn) if kind == "vae" else ((drawn + 1) / 2).clamp(0, 1)


def check_facts(facts: Mapping[str, Any], n_pixels: int) -> None:
    """Check the facts of a model file that are needed to read and to write images.

    Parameters
    ----------
    facts
        The facts.
    n_pixels
        Number of pixels and channels of an image of the network.

    Raises
    ------
    KeyError, TypeError, ValueError
        If one is missing or can't be.
    """
    if facts["dtype"] not in IMAGE_DTYPES:
        raise ValueError("a dtype that no images have")
    if "pixels" in facts:
        PixelScale.from_json(facts["pixels"])
    if math.prod(_sides(facts["image_shape"])) != n_pixels:
        raise ValueError("a shape of images that is not that of the network")
    if not all(isinstance(record, dict) for record in facts["history"]):
        raise ValueError("a history that is no list of records")


def _sides(shape: Any) -> tuple[int, ...]:
    """Return the shape of an image, 2 or 3 whole numbers from 1."""
    sides = tuple(shape)
    if len(sides) not in (2, 3) or not all(type(side) is int and side > 0 for side in sides):
        raise ValueError("an image's shape must be two or three whole numbers")
    return sides
