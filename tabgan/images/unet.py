"""`UNet`: convolutions that halve an image twice and bring it back, with ways across."""

from itertools import pairwise
from typing import cast

import torch
from torch import Tensor, nn

__all__ = ["UNet"]

LEVELS = 2  # times that an image is halved
NORM_GROUPS = 8


class ConvBlock(nn.Module):
    """Residual block of two convolutions, with a context that shifts the maps between them.

    **Shape**: (batch, channels, height, width), (batch, context_dim) → (batch, channels, height,
    width)
    """

    def __init__(self, channels: int, context_dim: int) -> None:
        super().__init__()
        groups = NORM_GROUPS if channels % NORM_GROUPS == 0 else 1
        self.first = nn.Sequential(
            nn.GroupNorm(groups, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.second = nn.Sequential(
            nn.GroupNorm(groups, channels), nn.SiLU(), nn.Conv2d(channels, channels, 3, padding=1)
        )
        self.context = nn.Linear(context_dim, channels) if context_dim else None

    def forward(self, maps: Tensor, context: Tensor | None) -> Tensor:
        """Add the block's output to its input."""
        inner = self.first(maps)
        if self.context is not None:
            inner = inner + self.context(context)[:, :, None, None]
        return maps + self.second(inner)  # type: ignore[no-any-return]


class UNet(nn.Module):
    """A network from images to images of the same size (Ronneberger et al., 2015).

    Images are padded at the edges, so that any size can be halved twice.

    **Shape**: (batch, n_in, height, width), (batch, context_dim) → (batch, n_out, height, width)

    Parameters
    ----------
    n_in, n_out
        Channels of the images.
    width
        Channels of the maps of full size; the smaller ones have two and three times as many.
    context_dim
        Width of a vector that all blocks get, such as one of noise and label; 0 for none.

    Examples
    --------
    >>> UNet(1, 3, width=4)(torch.zeros(2, 1, 9, 7)).shape
    torch.Size([2, 3, 9, 7])
    """

    def __init__(self, n_in: int, n_out: int, *, width: int = 32, context_dim: int = 0) -> None:
        super().__init__()
        widths = [width * (level + 1) for level in range(LEVELS + 1)]
        pairs = list(pairwise(widths))
        self.width = width
        self.inlet = nn.Conv2d(n_in, width, 3, padding=1)
        self.down = nn.ModuleList(nn.Conv2d(n, m, 3, stride=2, padding=1) for n, m in pairs)
        self.up = nn.ModuleList(nn.Conv2d(m, n, 3, padding=1) for n, m in pairs)
        self.before = nn.ModuleList(ConvBlock(own, context_dim) for own in widths)
        self.after = nn.ModuleList(ConvBlock(own, context_dim) for own in widths)
        self.outlet = nn.Sequential(nn.SiLU(), nn.Conv2d(width, n_out, 3, padding=1))
        last = cast("nn.Conv2d", self.outlet[1])
        nn.init.zeros_(last.weight)  # at first no image is changed
        nn.init.zeros_(cast("Tensor", last.bias))

    def forward(self, images: Tensor, context: Tensor | None = None) -> Tensor:
        """Map images to images."""
        height, width = images.shape[2:]
        side = 2**LEVELS
        edges = (0, -width % side, 0, -height % side)
        maps = nn.functional.pad(images, edges, mode="replicate") if any(edges) else images
        maps = self.inlet(maps.contiguous(memory_format=torch.channels_last))
        across: list[Tensor] = []
        for level, block in enumerate(self.before):
            maps = block(maps, context)
            if level < LEVELS:
                across.append(maps)
                maps = self.down[level](maps)
        maps = self.after[LEVELS](maps, context)
        for level in reversed(range(LEVELS)):
            larger = nn.functional.interpolate(maps, scale_factor=2.0, mode="nearest")
            maps = self.after[level](self.up[level](larger) + across[level], context)
        return cast("Tensor", self.outlet(maps)[:, :, :height, :width])
