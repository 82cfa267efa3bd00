"""Generated columns: identifiers and free text, added to the columns that are learned."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from tabgan.base.errors import SamplingError
from tabgan.base.random_streams import numpy_stream
from tabgan.conditions.condition import ColumnPredicate, Condition
from tabgan.encoding.column_encoders import ColumnEncoder
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.table.columns import ColumnFrame, TypedSeries, by_position
from tabgan.table.scalars import Scalar

__all__ = ["NO_CONDITION", "add_generated", "generated_columns", "generated_present"]

NO_CONDITION = Condition(())

TRIED_ROWS = 4096  # to find out how many pass a test
SPARE = 1.3
SPARE_CELLS = 32  # for every row, so that a single row gets one too
LEAST_SHARE = 1e-3


def add_generated(
    encoder: TableEncoder,
    table: ColumnFrame,
    condition: Condition,
    *,
    rows: int,
    start: int,
    rng: np.random.Generator,
    key: int,
) -> ColumnFrame:
    """Generate the columns that are not learned, and derive what rules derive from them.

    Parameters
    ----------
    encoder
        Encoder of the table.
    table
        The other columns, restored.
    condition
        The condition; columns whose presence is not learned can be required to be missing, or
        not to be.
    rows
        Number of rows; the table may have no column that tells it.
    start
        Position of the first row in the whole sample.
    rng
        Randomness of which cells are absent.
    key
        Chooses the order of the values; one for all blocks of a sample.
    """
    generated = encoder.generated
    if not generated:
        return table
    tests = {test.position: test for test in condition.tests if test.position in encoder.unrelated}
    for at in generated:
        values = _make(encoder.encoders[at], rows, tests.get(at), start=start, rng=rng, key=key)
        table = {**table, at: TypedSeries(encoder.columns[at], values)}
    return encoder.restore(table, touching=generated)


def generated_present(
    encoder: TableEncoder, specials: Mapping[int, tuple[Scalar, ...]]
) -> Condition:
    """Return the condition that no column is missing whose presence is not learned.

    Parameters
    ----------
    encoder
        Encoder of the table.
    specials
        Values that stand for a missing one, by the column's position.
    """
    columns = encoder.columns
    tests = [
        ColumnPredicate(
            at, columns[at], own, negated=True, text=f"{columns[at].name} is not missing"
        )
        for at in encoder.unrelated
        if (own := specials.get(at, ()))
    ]
    return Condition(tuple(tests))


def generated_columns(
    encoder: TableEncoder, frame: pd.DataFrame, condition: Condition, start: int, key: int
) -> pd.DataFrame:
    """Generate the columns that are not learned again, for rows at other positions.

    Parameters
    ----------
    encoder
        Encoder of the table.
    frame
        Drawn rows.
    condition
        The condition.
    start
        Position of the first row in the whole sample.
    key
        Chooses the order of the values; one for all blocks of a sample.
    """
    if not encoder.generated:
        return frame
    table = by_position(frame.reset_index(drop=True), encoder.schema)
    table = encoder.with_presence(table)
    learned = {at: cells for at, cells in table.items() if at not in encoder.generated}
    rng = numpy_stream(key, "made", start)
    table = add_generated(
        encoder, learned, condition, rows=len(frame), start=start, rng=rng, key=key
    )
    return encoder.frame_of(table).set_axis(frame.index)


def _make(
    encoder: ColumnEncoder,
    rows: int,
    test: ColumnPredicate | None,
    *,
    start: int,
    rng: np.random.Generator,
    key: int,
) -> pd.Series:
    """Generate cells that pass the test: the first that do, of more that are generated."""
    if test is None:
        return _decode(encoder, rows, start, rng, key)
    share = test.mask(_decode(encoder, TRIED_ROWS, 0, np.random.default_rng(0), key)).mean()
    if share < LEAST_SHARE:
        raise SamplingError(f"where: {test.describe()}: such cells are hardly ever made")
    room = int(np.ceil(SPARE / share)) + SPARE_CELLS  # positions for every row
    generated = _decode(encoder, rows * room, start * room, rng, key)
    generated = generated[test.mask(generated)].iloc[:rows]
    if len(generated) < rows:
        raise SamplingError(f"where: {test.describe()}: too few such cells were made; ask again")
    return generated.reset_index(drop=True)


def _decode(
    encoder: ColumnEncoder, rows: int, start: int, rng: np.random.Generator, key: int
) -> pd.Series:
    nothing = np.empty((rows, 0))
    return encoder.decode(nothing, nothing.astype(np.int64), start, rng, key)
