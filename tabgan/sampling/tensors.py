"""Tensors of a model file, by name."""

from collections.abc import Mapping

import torch
from torch import Tensor

__all__ = ["check_tensor", "under"]


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, without it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def check_tensor(
    tensors: Mapping[str, Tensor],
    name: str,
    shape: tuple[int, ...],
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return a tensor of a model file if it has the shape and the dtype that it must have.

    Raises
    ------
    KeyError, ValueError
        If it lacks or does not fit.
    """
    tensor = tensors[name]
    if tuple(tensor.shape) != shape or tensor.dtype != dtype:
        raise ValueError(f"{name} must be {dtype} of shape {shape}")
    return tensor
