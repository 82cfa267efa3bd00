"""Rows from moments of a training, as a table."""

from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import torch
from torch import Tensor

from tabgan.encoding.table import TableEncoder
from tabgan.gan.snapshots import SnapshotRows
from tabgan.spans import RowLayout
from tabgan.streams import numpy_stream

__all__ = ["Snapshot", "decode_snapshots"]


class Snapshot(NamedTuple):
    """Synthetic rows of one moment of training.

    Parameters
    ----------
    step, epoch
        The moment: steps taken, and passes over the table.
    rows
        What the averaged generator then made of fixed latents, without calibration, refinement
        or polish; the training table's columns and dtypes.
    """

    step: int
    epoch: float
    rows: pd.DataFrame


def decode_snapshots(
    taken: Sequence[SnapshotRows], encoder: TableEncoder, seed: int
) -> list[Snapshot]:
    """Turn encoded rows back into tables; what is random in it is so alike for all moments."""
    return [Snapshot(step, epoch, _decode(rows, encoder, seed)) for step, epoch, rows in taken]


def _decode(rows: Tensor, encoder: TableEncoder, seed: int) -> pd.DataFrame:
    spans = encoder.spans
    numbers = rows[:, : spans.n_numbers].double().numpy()
    codes = _codes(rows[:, spans.n_numbers :], spans).numpy()
    return encoder.decode(numbers, codes, 0, numpy_stream(seed, "snapshots", "decode"), key=seed)


def _codes(levels: Tensor, spans: RowLayout) -> Tensor:
    if not spans.widths:
        return levels.new_empty((len(levels), 0), dtype=torch.long)
    parts = torch.split(levels, [*spans.widths], dim=1)
    return torch.stack([part.argmax(dim=1) for part in parts], dim=1)
