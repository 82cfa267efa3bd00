"""A trained table model: draws blocks of rows, goes to a file and comes back."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Self

import pandas as pd
import torch
from torch import Tensor

from tabgan.encoding.table import TableEncoder
from tabgan.errors import ModelFileError, TabGANError
from tabgan.gan.networks import MLPGenerator
from tabgan.persistence import read_model, write_model
from tabgan.sampling.rows import RowSampler
from tabgan.sampling.stream import BLOCK_ROWS, blocks
from tabgan.streams import numpy_stream, torch_stream

__all__ = ["TableModel"]


@dataclass(frozen=True)
class TableModel:
    """Encoder and sampler of a trained table, with what is known of the training.

    Parameters
    ----------
    encoder
        Turns encoded rows into a frame.
    sampler
        Draws encoded rows.
    facts
        JSON values that go into the model file as they are: parameters, history, sizes.
    """

    encoder: TableEncoder
    sampler: RowSampler
    facts: Mapping[str, Any]

    @property
    def device(self) -> torch.device:
        """Where the generator lies."""
        return next(self.sampler.generator.parameters()).device

    def draw_block(self, seed: int, block: int) -> pd.DataFrame:
        """Draw block b of the sample with a seed: `BLOCK_ROWS` rows."""
        stream = torch_stream(seed, "sample", block, device=self.device)
        numbers, codes = self.sampler.draw(BLOCK_ROWS, stream)
        start = block * BLOCK_ROWS
        frame = self.encoder.decode(numbers, codes, start, numpy_stream(seed, "decode", block))
        frame.index = pd.RangeIndex(start, start + BLOCK_ROWS)
        return frame

    def blocks(self, n: int, seed: int) -> Iterator[pd.DataFrame]:
        """Yield the n rows of the sample with a seed, block by block."""
        workers = torch.get_num_threads() if self.device.type == "cpu" else 1
        return blocks(n, lambda block: self.draw_block(seed, block), workers)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file; see `tabgan.persistence`."""
        generator = self.sampler.generator
        description = {
            "versions": {name: version(name) for name in ("tabgan", "torch", "pandas", "numpy")},
            "encoder": self.encoder.to_json(),
            "generator": {
                "latent_dim": generator.latent_dim,
                "hidden_dim": generator.inlet.out_features,
            },
            "facts": dict(self.facts),
        }
        tensors = {f"generator.{k}": v for k, v in generator.state_dict().items()}
        tensors["offsets"] = self.sampler.offsets
        write_model(path, description, tensors)

    @classmethod
    def load(cls, path: str | os.PathLike[str], device: torch.device) -> Self:
        """Read a model file onto a device.

        Raises
        ------
        ModelFileError
            If the file is not a model, is damaged, newer than this library, or inconsistent.
        OSError
            If it can't be opened.
        """
        description, tensors = read_model(path)
        try:
            encoder = TableEncoder.from_json(description["encoder"])
            sampler = _rebuild(encoder, description["generator"], tensors, device)
            encoder.try_out()
            return cls(encoder, sampler, dict(description["facts"]))
        except (
            TabGANError, KeyError, TypeError, ValueError, IndexError, AttributeError,
            RuntimeError, ArithmeticError, RecursionError,
        ) as error:  # fmt: skip
            raise ModelFileError(
                f"{path}: the model's parts don't fit together "
                f"({type(error).__name__}: {str(error)[:200]})"
            ) from error


def _rebuild(
    encoder: TableEncoder,
    sizes: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    device: torch.device,
) -> RowSampler:
    spans = encoder.spans
    # On the meta device a network takes no memory, whatever size a damaged file claims; the
    # tensors that were read must fit its shapes exactly to be put in place.
    latent_dim, hidden_dim = int(sizes["latent_dim"]), int(sizes["hidden_dim"])
    if min(latent_dim, hidden_dim) < 1:
        raise ValueError("a network's size must be at least 1")
    with torch.device("meta"):
        generator = MLPGenerator(latent_dim, spans.width, hidden_dim=hidden_dim)
    prefix = "generator."
    weights = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    generator.load_state_dict(weights, assign=True)
    offsets = tensors["offsets"]
    if tuple(offsets.shape) != (spans.n_levels,):
        raise ValueError("the offsets don't fit the columns")
    if any(tensor.dtype != torch.float32 for tensor in (*weights.values(), offsets)):
        raise ValueError("tensors must be float32")
    generator = generator.to(device).requires_grad_(False).eval()
    return RowSampler(generator, offsets.to(device), spans)
