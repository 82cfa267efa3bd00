"""What a record tells beyond the losses: diversity, coverage and the generator's gradient."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor, nn

from tabgan.gan.callbacks import Callback, Record
from tabgan.gan.data import Head
from tabgan.gan.state import GeneratorState

__all__ = ["PROBE_ROWS", "Probe", "Reference", "evaluating", "gradient_norm"]

PROBE_ROWS = 256  # distances between them all cost far less than the steps between two records
NEIGHBOURS = 5  # as in Naeem et al. (2020)
_SLACK = 0.01  # of the mean distance; matrix products don't give 0 for the distance of equal rows
_ROUNDING = 1e-6


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """Put a network into evaluation mode, so that no running statistic moves, and back."""
    modes = [(module, module.training) for module in network.modules()]
    network.eval()
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode


@dataclass(frozen=True)
class Reference:
    """Real rows to measure fake ones by, with what has to be computed of them but once.

    **Shape**: features (n, n_features) of real rows, (m, n_features) of fake ones

    Parameters
    ----------
    real
        Features of the real rows.
    spread
        Mean distance between two draws from them, which can be the same row: a table of two rows
        has half of their distance.
    radius
        Distance of each to its k-th nearest other one, shape (n,).

    Examples
    --------
    >>> reference = Reference.of(torch.tensor([[0.0], [1.0], [10.0], [11.0]]), neighbours=1)
    >>> fake = torch.tensor([[0.4], [0.4], [0.9], [0.9]])
    >>> round(reference.diversity(fake), 3), reference.coverage(fake)
    (0.063, 0.5)
    """

    real: Tensor
    spread: Tensor
    radius: Tensor

    @classmethod
    def of(cls, real: Tensor, neighbours: int = NEIGHBOURS) -> Self:
        """Measure real rows."""
        k = min(neighbours, len(real) - 1)
        distances = _distances(real)
        radius = distances.kthvalue(k + 1, dim=1).values  # the nearest is the row itself
        return cls(real, distances.mean(), radius)

    def diversity(self, fake: Tensor) -> float:
        """Return the mean distance between two fake rows, as a share of that between real ones.

        It is 1 where real rows don't differ: there is no diversity that could be lost.
        """
        if not self.spread > 0:
            return 1.0
        pairs = len(fake) * (len(fake) - 1)
        return float(_distances(fake).sum() / pairs / self.spread)

    def coverage(self, fake: Tensor) -> float:
        """Return the share of real rows that have a fake row near them.

        Near is within the distance of the real row's k-th nearest other real one (Naeem et al.,
        2020, arXiv:2002.09797, section 3.2), with 1 % of the mean distance to spare. It is 1
        where real rows don't differ.
        """
        if not self.spread > 0:
            return 1.0
        nearest = torch.cdist(self.real, fake).amin(dim=1)
        return float((nearest <= self.radius + _SLACK * self.spread).float().mean())


def _distances(rows: Tensor) -> Tensor:
    """Return the distances between all rows; exactly 0 where they are equal but for rounding."""
    centred = rows - rows.mean(dim=0)
    if not (centred.abs() > _ROUNDING).any():
        return rows.new_zeros(len(rows), len(rows))
    return torch.cdist(centred, centred).fill_diagonal_(0.0)


class Probe(Callback):
    """Adds to each record what becomes of the same latents as the generator is trained.

    ``diversity`` and ``coverage`` compare rows that the present generator makes of fixed latents
    with fixed real rows, both as the discriminator sees them, without any noise of a stabiliser.
    ``gradient_norm`` is the length of the generator's last gradient, over all weights. The
    training's own randomness is not touched. Run it before the callbacks that read records.

    Parameters
    ----------
    head
        Output activations and discriminator features of the data.
    real
        Rows to compare with, shape (n, width); `PROBE_ROWS` are enough. Fake rows get their
        labels, and are as many, or `PROBE_ROWS` if these are more.
    stream
        For latents and the head's noise; the same ones at each record.
    """

    def __init__(self, head: Head, real: Tensor, stream: torch.Generator) -> None:
        self.head = head
        # As many fake rows from a table of few: the diversity of two would be chance.
        places = torch.arange(max(len(real), PROBE_ROWS), device=real.device) % len(real)
        self.n_fake = len(places)
        self.labels = head.labels(real[places])
        self.reference = Reference.of(head.features(real).float())
        self._stream = stream
        self._start = stream.get_state()

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Measure, and write it into the record."""
        fake = self._draw(state)
        values = {
            "diversity": self.reference.diversity(fake),
            "coverage": self.reference.coverage(fake),
            "gradient_norm": gradient_norm(state.generator),
        }
        record.update({name: _finite(value) for name, value in values.items()})

    @torch.no_grad()
    def _draw(self, state: GeneratorState) -> Tensor:
        self._stream.set_state(self._start)
        z = state.generator.latents(self.n_fake, self._stream)
        with evaluating(state.generator):
            logits = state.generator(z, self.labels)
        return self.head.features(self.head(logits, self._stream, self.labels)).float()


def gradient_norm(network: nn.Module) -> float:
    """Return the Euclidean length of all gradients that a network's weights have.

    Examples
    --------
    >>> layer = nn.Linear(2, 1, bias=False)
    >>> layer(torch.tensor([[3.0, 4.0]])).sum().backward()
    >>> gradient_norm(layer)
    5.0
    """
    gradients = [p.grad for p in network.parameters() if p.grad is not None and p.grad.numel()]
    return float(nn.utils.get_total_norm(gradients)) if gradients else 0.0


def _finite(value: float) -> float:
    """Return a value that JSON can hold; a loss that is not finite ends the training anyway."""
    return float(torch.tensor(value).nan_to_num())
