"""How badly an autoencoder reconstructs rows of a table: scores of anomalies."""

import math

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.conditions.partial_rows import PartialRows, read_partial_rows
from tabgan.encoding.column_encoder import Encoded
from tabgan.encoding.table_encoder import keeps_rules, reduce_consistently
from tabgan.generators.heads import TableHead
from tabgan.generators.vae.variational_autoencoder import VariationalAutoencoder
from tabgan.sampling.complete_rows import RowCompleter
from tabgan.table.columns import replaced

__all__ = ["anomaly_scores"]

CHUNK = 4096  # rows


def anomaly_scores(
    completer: RowCompleter, network: VariationalAutoencoder, frame: pd.DataFrame
) -> NDArray[np.float64]:
    """Return the reconstruction error of each row, in nats, shape (rows,).

    A cell that the model can't encode, such as a category that it does not know, and a row that
    breaks a rule between columns count as events of chance one in the number of training rows.
    Columns that are generated and not learned, such as identifiers, count nothing.

    Parameters
    ----------
    completer
        Holds the model, and what its columns can take.
    network
        The model's autoencoder.
    frame
        Rows with the columns of the training table, in any order.

    Raises
    ------
    OptionError
        If a column is not one of the training table, or a learned one is missing.
    """
    encoder = completer.model.encoder
    schema = encoder.schema
    rows = read_partial_rows(frame, schema, completer.levels, completer.specials, strict=False)
    counted = [at for at in range(len(schema)) if at not in encoder.generated]
    for at in counted:
        if at not in rows.places:
            raise OptionError(f"X has no column {schema.names[at]!r:.80}, which the model learned")
    if not len(frame):
        return np.empty(0)
    known = rows.given | _learned_holes(completer, frame, rows)
    filled = _filled(completer, rows, frame, known)
    keeps, _ = keeps_rules(encoder, filled, range(len(schema)))
    table = reduce_consistently(encoder, filled, known)
    errors = _errors(completer, network, encoder.encode_columns(table, len(frame)))
    events = (~known[:, counted]).sum(axis=1) + ~keeps
    scores: NDArray[np.float64] = errors + math.log(max(completer.model.facts.n_rows, 2)) * events
    return scores


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


def _errors(
    completer: RowCompleter, network: VariationalAutoencoder, rows: Encoded
) -> NDArray[np.float64]:
    model = completer.model
    given = model.sampler.conditions.given if model.sampler.conditions else ()
    head = TableHead(model.encoder.spans, given).to(model.device)
    errors = []
    for start in range(0, len(rows.codes), CHUNK):
        part = (torch.from_numpy(own[start : start + CHUNK]).to(model.device) for own in rows)
        low, width, codes = part
        encoded = torch.cat([low + width / 2, head.one_hot(codes.long())], dim=1)
        error = network.reconstruction_error(head.scores(encoded), head.labels(encoded))
        errors.append(error.double().cpu().numpy())
    return np.concatenate(errors)
