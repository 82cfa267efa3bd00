"""Which encoder suits a column, and fitting those of a whole table."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.base import ColumnEncoder, Encoded
from tabgan.encoding.categorical import CategoricalEncoder
from tabgan.encoding.dependencies import ColumnFrame
from tabgan.encoding.grouped import GroupedEncoder
from tabgan.encoding.identifier import IdentifierEncoder
from tabgan.encoding.numeric import NumericEncoder
from tabgan.encoding.text import TextEncoder
from tabgan.schema import Column
from tabgan.values import codes_of

__all__ = ["ENCODERS", "FEW_VALUES", "MANY_LEVELS", "fit_column", "fit_encoders"]

FEW_VALUES = 20  # numbers with at most so many distinct values are levels
MANY_LEVELS = 200  # more levels than this are grouped
CONTEXT_LEVELS = 20  # level columns up to this size describe the levels of grouped columns
CONTEXT_WIDTH = 64

ENCODERS: dict[str, type[ColumnEncoder]] = {
    encoder.name: encoder
    for encoder in (
        NumericEncoder,
        CategoricalEncoder,
        GroupedEncoder,
        IdentifierEncoder,
        TextEncoder,
    )
}


def _choose_encoder(column: Column, values: pd.Series) -> type[ColumnEncoder]:
    if column.kind == "text":
        return TextEncoder
    if column.is_made_anew:
        return IdentifierEncoder
    distinct = values.nunique()
    if distinct <= MANY_LEVELS:  # pandas takes texts that differ after a NUL for equal
        distinct = sum(level is not None for level in codes_of(values)[1])
    if column.kind in ("categorical", "boolean"):
        return GroupedEncoder if distinct > MANY_LEVELS else CategoricalEncoder
    if distinct > FEW_VALUES or not _are_levels(column, values):
        return NumericEncoder
    return CategoricalEncoder


def _are_levels(column: Column, values: pd.Series) -> bool:
    """Say whether every value of a few is held by enough rows to be kept."""
    if column.least_rows == 1:
        return True
    codes, levels = codes_of(values)
    counts = np.bincount(codes, minlength=len(levels))
    return all(
        count >= column.least_rows
        for count, level in zip(counts, levels, strict=True)
        if level is not None
    )


def fit_column(column: Column, values: pd.Series) -> ColumnEncoder:
    """Fit the encoder that suits a column by itself."""
    return fit_encoders({0: (column, values)})[0]


def fit_encoders(table: ColumnFrame) -> dict[int, ColumnEncoder]:
    """Fit an encoder to each column; those of very many levels look at the others."""
    classes = {i: _choose_encoder(column, values) for i, (column, values) in table.items()}
    fitted: dict[int, ColumnEncoder] = {
        i: encoder.fit(*table[i]) for i, encoder in classes.items() if encoder is not GroupedEncoder
    }
    grouped = [i for i, encoder in classes.items() if encoder is GroupedEncoder]
    if grouped:
        rows = len(next(iter(table.values()))[1])
        context = _context([fitted[i].encode(table[i][1]) for i in fitted], rows)
        fitted |= {i: GroupedEncoder.fit(*table[i], context) for i in grouped}
    return {i: fitted[i] for i in table}


def _context(parts: list[Encoded], rows: int) -> NDArray[np.float32]:
    """Describe each row by its numbers and small level columns, shape (rows, ≤ CONTEXT_WIDTH)."""
    described = [np.empty((rows, 0), np.float32)]
    for part in parts:
        described.append(part.low + part.width / np.float32(2))
        for codes in part.codes.T:
            n_levels = int(codes.max()) + 1
            if n_levels <= CONTEXT_LEVELS:
                described.append((codes[:, None] == np.arange(n_levels)).astype(np.float32))
    return np.concatenate(described, axis=1)[:, :CONTEXT_WIDTH]
