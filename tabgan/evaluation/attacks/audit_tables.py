"""The tables of an audit, as the attacks see them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.base.random_streams import numpy_stream
from tabgan.evaluation.compared_tables import CodedColumn, code_columns, row_hashes
from tabgan.evaluation.copying import Points, fault_of_holdout, nearest, place_rows
from tabgan.table.schema import Schema

__all__ = ["NEIGHBORS", "AuditTables", "holdout_fault", "prepare_tables"]

FEWEST_ROWS = 2  # synthetic rows that can be told from each other
MOST_TARGETS = 5_000
"""So many rows of the real table, and of the holdout, are attacked."""
NEIGHBORS = 5

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True)
class AuditTables:
    """The tables of an audit: real, holdout and synthetic rows in a common space.

    Attributes
    ----------
    schema
        The schema, without columns that are missing in the synthetic table.
    coded
        The comparable columns, by their position; `real` has the rows of the real table, followed
        by those of the holdout.
    real, holdout, synthetic
        The tables as frames.
    points, synthetic_points
        The rows as points: real and holdout rows together, and synthetic ones.
    targets, controls
        The attacked rows of `points`: a random sample of the real ones, and of the holdout (empty
        without one).
    seed
        Seed of all samples.
    """

    schema: Schema
    coded: dict[int, CodedColumn]
    real: pd.DataFrame
    holdout: pd.DataFrame
    synthetic: pd.DataFrame
    points: Points
    synthetic_points: Points
    targets: Places
    controls: Places
    seed: int

    @property
    def has_holdout(self) -> bool:
        """Whether there is a holdout."""
        return len(self.holdout) > 0

    @property
    def members(self) -> Places:
        """All real rows of `points`."""
        return np.arange(len(self.real))

    @property
    def strangers(self) -> Places:
        """All holdout rows of `points`."""
        return np.arange(len(self.real), len(self.points.values))

    @cached_property
    def to_synthetic(self) -> tuple[Floats, Floats]:
        """Distances of targets and of controls to their `NEIGHBORS` nearest synthetic rows."""
        rows = np.concatenate([self.targets, self.controls])
        distances = nearest(self.points.rows(rows), self.synthetic_points, NEIGHBORS)[0]
        return distances[: len(self.targets)], distances[len(self.targets) :]

    @cached_property
    def from_synthetic(self) -> tuple[Floats, Floats]:
        """Distances of some synthetic rows to the nearest row of the real table and the holdout.

        The real table is cut to as many rows as the holdout has: a larger table comes nearer to
        anything. Without a holdout it is taken whole, and the second distances are NaN.
        """
        rng = self.stream("from synthetic")
        rows = self.synthetic_points.rows(some(len(self.synthetic), MOST_TARGETS, rng))
        if not self.has_holdout:
            to_real = nearest(rows, self.points)[0][:, 0]
            return to_real, np.full(len(to_real), np.nan)
        size = min(len(self.real), len(self.holdout))
        cut = some(len(self.real), size, rng)
        apart = len(self.real) + some(len(self.holdout), size, rng)
        sides = [nearest(rows, self.points.rows(places))[0][:, 0] for places in (cut, apart)]
        return sides[0], sides[1]

    def stream(self, *names: str | int) -> np.random.Generator:
        """Return the random generator of one use."""
        return numpy_stream(self.seed, "audit", *names)


def some(size: int, most: int, rng: np.random.Generator) -> Places:
    """Return at most `most` of the positions 0 to `size` − 1, in random order.

    Parameters
    ----------
    size, most
        Number of positions to choose from, and the most to return.
    rng
        Draws the order.
    """
    return rng.permutation(size)[:most]


def prepare_tables(
    real: pd.DataFrame,
    synthetic: pd.DataFrame,
    holdout: pd.DataFrame | None,
    schema: Schema,
    seed: int,
) -> AuditTables:
    """Bring the tables to the columns of the schema, and their rows to one space.

    Parameters
    ----------
    real, synthetic, holdout
        The tables, as `audit` takes them.
    schema
        What the columns are.
    seed
        Seed of all samples.

    Raises
    ------
    DataError, SchemaError
        If a column that is compared is missing in a table, or a table has no rows; see
        `code_columns`.
    """
    tables = {"real": real, "synthetic": synthetic}
    if holdout is not None:
        tables["holdout"] = holdout
    kept = [c for c in schema if not c.is_generated or all(c.name in t for t in tables.values())]
    schema = Schema(tuple(kept), schema.labels)
    frames = {name: _in_order(name, frame, schema) for name, frame in tables.items()}
    if len(synthetic) < FEWEST_ROWS:
        raise DataError(
            f"The synthetic table has {len(synthetic)} row{'s' * (len(synthetic) != 1)}; attacks "
            f"on it need at least {FEWEST_ROWS}"
        )
    unseen = frames.get("holdout", frames["real"].iloc[:0])
    # the holdout's dtypes may differ, as where a column of numbers happens to have no missing one
    known = (
        pd.concat([frames["real"], unseen], ignore_index=True) if len(unseen) else frames["real"]
    )
    coded = code_columns(known, frames["synthetic"], schema)
    points, synthetic_points = place_rows(coded)
    size = len(frames["real"])
    return AuditTables(
        schema=schema,
        coded=coded,
        real=frames["real"],
        holdout=unseen,
        synthetic=frames["synthetic"],
        points=points,
        synthetic_points=synthetic_points,
        targets=some(size, MOST_TARGETS, numpy_stream(seed, "audit", "targets")),
        controls=size + some(len(unseen), MOST_TARGETS, numpy_stream(seed, "audit", "controls")),
        seed=seed,
    )


def holdout_fault(tables: AuditTables) -> str:
    """Say why the holdout can't be compared with, or nothing: the generator had seen its rows.

    Parameters
    ----------
    tables
        What is attacked.
    """
    if not tables.has_holdout:
        return ""
    known, drawn = (
        row_hashes([getattr(column, side) for column in tables.coded.values()])
        for side in ("real", "synthetic")
    )
    real, unseen = np.split(known, [len(tables.real)])
    return fault_of_holdout(unseen, {"real": real, "synthetic": drawn})


def _in_order(name: str, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    missing = [column for column in schema.names if column not in frame]
    if missing:
        raise DataError(
            f"The {name} table has no column {missing[0]!r}, which the schema has; give tables "
            "with the same columns"
        )
    if not len(frame):
        raise DataError(f"The {name} table has no rows; an attack needs some of each table")
    return frame.loc[:, list(schema.names)].reset_index(drop=True)
