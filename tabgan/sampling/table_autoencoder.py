"""`TableAutoencoder`: from rows of a table to latents and back, and anomaly scores."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.errors import OptionError
from tabgan.base.random_streams import numpy_stream
from tabgan.conditions.parse_request import PartialRows, read_partial_rows
from tabgan.encoding.column_encoders import Encoded
from tabgan.encoding.table_encoder import keeps_rules, reduce_consistently
from tabgan.generators.heads_and_batches import TableHead
from tabgan.generators.variational_autoencoder import VariationalAutoencoder
from tabgan.sampling.complete_rows import RowCompleter
from tabgan.table.columns import replaced

__all__ = ["TableAutoencoder"]

CHUNK = 4096  # rows


class _EncodedRows(NamedTuple):
    """Encoded rows, and how many events of each the model can't encode."""

    rows: Encoded
    events: NDArray[np.int64]


@dataclass(frozen=True)
class TableAutoencoder:
    """The autoencoder of a model, on rows of its table.

    Parameters
    ----------
    completer
        Holds the model, and what its columns can take.
    network
        The model's autoencoder.
    """

    completer: RowCompleter
    network: VariationalAutoencoder

    def anomaly_scores(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the reconstruction error of each row, in nats, shape (rows,).

        A cell that the model can't encode, such as a category that it does not know, and a row that
        breaks a rule between columns count as events of chance one in the number of training rows.
        Columns that are generated and not learned, such as identifiers, count nothing.

        Raises
        ------
        OptionError
            If a column is not one of the training table, or a learned one is missing.
        """
        if not len(frame):
            return np.empty(0)
        encoded = self._encoded(frame, self._learned)
        errors = self._mapped(encoded.rows, self.network.reconstruction_error)
        surprise = math.log(max(self.completer.model.facts.n_rows, 2))
        scores: NDArray[np.float64] = errors + surprise * encoded.events
        return scores

    def encode(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the latents of rows, the means of P(z|x), shape (rows, latent_dim).

        A cell that the model can't encode is taken from a drawn row.

        Raises
        ------
        OptionError
            If a column is not one of the training table, or a learned one is missing.
        """
        if not len(frame):
            return np.empty((0, self.network.latent_dim))
        rows = self._encoded(frame, self._learned).rows
        return self._mapped(rows, lambda part, labels: self.network.encode(part, labels).mean)

    def decode(
        self, latents: NDArray[np.float64], conditions: pd.DataFrame | None, seed: int
    ) -> pd.DataFrame:
        """Return the rows of latents: of each number the mean, of levels the likeliest.

        Parameters
        ----------
        latents
            Shape (rows, latent_dim).
        conditions
            Rows with the columns that the model takes as a condition; None if it takes none.
        seed
            Root of the streams of what is generated and not learned, such as identifiers.

        Raises
        ------
        OptionError
            If latents or conditions don't fit the model.
        """
        encoder, device = self.completer.model.encoder, self.completer.model.device
        labels = self._labels(conditions, len(latents))
        z = torch.from_numpy(latents).float().to(device)
        with torch.no_grad():
            decoded = self.network.shown(self.network(z, labels)).cpu()
        n, spans = encoder.spans.n_numbers, encoder.spans
        numbers = torch.special.ndtr(decoded[:, :n].double()).numpy()
        levels = torch.split(decoded[:, n:], [*spans.widths], dim=1) if spans.widths else ()
        codes = np.zeros((len(z), len(spans.widths)), np.int64)
        for i, part in enumerate(levels):
            codes[:, i] = part.argmax(dim=1).numpy()
        if labels is not None:
            split = torch.split(labels.cpu(), [spans.widths[i] for i in self._given], dim=1)
            for i, part in zip(self._given, split, strict=True):
                codes[:, i] = part.argmax(dim=1).numpy()
        rng = numpy_stream(seed, "decode")
        return encoder.decode(numbers, encoder.settle(codes, rng), 0, rng, key=seed)

    def _labels(self, conditions: pd.DataFrame | None, n: int) -> Tensor | None:
        columns = self.completer.model.condition_columns
        if columns is None:
            return None
        encoder = self.completer.model.encoder
        names = [encoder.schema.names[at] for at in columns.positions]
        if conditions is None or len(conditions) != n:
            found = "none" if conditions is None else str(len(conditions))
            raise OptionError(
                f"X has {found} of the {n} rows whose levels of {', '.join(map(repr, names))} "
                "the model takes beside the latents; give a row for each"
            )
        own = conditions[[name for name in conditions.columns if name in names]]
        rows = self._encoded(own, columns.positions).rows
        codes = torch.from_numpy(rows.codes).long()
        head = TableHead(encoder.spans, self._given)
        zeros = torch.zeros(n, encoder.spans.n_numbers)
        labels = head.labels(torch.cat([zeros, head.one_hot(codes)], dim=1))
        return None if labels is None else labels.to(self.completer.model.device)

    @property
    def _learned(self) -> list[int]:
        """The columns that are learned and not generated."""
        encoder = self.completer.model.encoder
        return [at for at in range(len(encoder.schema)) if at not in encoder.generated]

    @property
    def _given(self) -> Sequence[int]:
        """The level spans that are labels."""
        conditions = self.completer.model.sampler.conditions
        return conditions.given if conditions else ()

    def _encoded(self, frame: pd.DataFrame, counted: Sequence[int]) -> _EncodedRows:
        """Encode rows, of which some columns must be there."""
        completer, encoder = self.completer, self.completer.model.encoder
        schema = encoder.schema
        rows = read_partial_rows(frame, schema, completer.levels, completer.specials, strict=False)
        for at in counted:
            if at not in rows.places:
                name = schema.names[at]
                raise OptionError(f"X has no column {name!r:.80}, which the model learned")
        known = rows.given | _learned_holes(completer, frame, rows)
        filled = _filled(completer, rows, frame, known)
        keeps, _ = keeps_rules(encoder, filled, range(len(schema)))
        table = reduce_consistently(encoder, filled, known)
        events = (~known[:, list(counted)]).sum(axis=1) + ~keeps
        return _EncodedRows(encoder.encode_columns(table, len(frame)), events)

    @torch.no_grad()
    def _mapped(
        self, rows: Encoded, function: Callable[[Tensor, Tensor | None], Tensor]
    ) -> NDArray[np.float64]:
        """Return what a function makes of encoded rows and their labels."""
        device = self.completer.model.device
        head = TableHead(self.completer.model.encoder.spans, self._given).to(device)
        results = []
        for start in range(0, len(rows.codes), CHUNK):
            part = (torch.from_numpy(own[start : start + CHUNK]).to(device) for own in rows)
            low, width, codes = part
            encoded = torch.cat([low + width / 2, head.one_hot(codes.long())], dim=1)
            result = function(head.scores(encoded), head.labels(encoded))
            results.append(result.double().cpu().numpy())
        return np.concatenate(results)


def _learned_holes(
    completer: RowCompleter, frame: pd.DataFrame, rows: PartialRows
) -> NDArray[np.bool_]:
    """Return which cells are missing where the column had missing ones, shape (rows, columns)."""
    holes = np.zeros_like(rows.given)
    for place, at in enumerate(rows.places):
        if None in (*completer.levels.get(at, ()), *completer.specials.get(at, ())):
            holes[:, at] = frame.iloc[:, place].isna()
    return holes


def _filled(
    completer: RowCompleter, rows: PartialRows, frame: pd.DataFrame, known: NDArray[np.bool_]
) -> pd.DataFrame:
    """Return rows with the schema's columns; what is not known comes from a drawn row."""
    schema = completer.model.encoder.schema
    drawn = completer.model.draw_block(0, 0).iloc[np.zeros(len(frame), np.intp)]
    drawn = drawn.reset_index(drop=True)
    series = []
    for at in range(len(schema)):
        column = drawn.iloc[:, at]
        if at in rows.cells:
            column = replaced(column, rows.given[:, at], rows.cells[at])
        missing = known[:, at] & ~rows.given[:, at]
        series.append(column.mask(missing) if missing.any() else column)
    return pd.concat(series, axis=1).set_axis(drawn.columns, axis=1)
