"""The real tables that the benchmarks run on: where they are, how they are read, what is nominal.

Their directory is named by the environment variable TABGAN_DATA (default: `../shared/data` beside
the repository).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

REPOSITORY = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Table:
    """One table: its target, and how its columns are treated where tables are compared.

    Attributes
    ----------
    target : str
        The column that a model would predict.
    task : {"classification", "regression"}
        How it would.
    categorical : tuple of str
        The nominal columns among those that look like numbers; columns of text are nominal always.
    dropped : tuple of str
        Row numbers and names, which say nothing about the other columns.
    missing : tuple of str
        The texts that stand for a missing value, beside the empty cell.
    dates : tuple of str
        The columns to read as dates.
    calendar : tuple of str
        Columns that are numbers here and categories in some publications.
    """

    target: str
    task: Literal["classification", "regression"] = "classification"
    categorical: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    calendar: tuple[str, ...] = ()


TABLES: dict[str, Table] = {
    "adult": Table(target="income"),
    "default": Table(
        target="default.payment.next.month",
        categorical=(
            *("SEX", "EDUCATION", "MARRIAGE"),
            *("PAY_0", "PAY_2", "PAY_3", "PAY_4", "PAY_5", "PAY_6"),
            "default.payment.next.month",
        ),
        dropped=("ID",),
    ),
    "shoppers": Table(
        target="Revenue",
        categorical=(
            *("OperatingSystems", "Browser", "Region", "TrafficType"),
            *("Weekend", "Revenue"),
        ),
    ),
    "magic": Table(target="class"),
    "beijing": Table(
        target="pm2.5",
        task="regression",
        dropped=("No",),
        missing=("NA",),
        calendar=("year", "month", "day", "hour"),
    ),
    "covtype_20k": Table(
        target="Cover_Type",
        categorical=(
            *(f"Wilderness_Area{number}" for number in range(1, 5)),
            *(f"Soil_Type{number}" for number in range(1, 41)),
            "Cover_Type",
        ),
    ),
    "intrusion": Table(
        target="label",
        categorical=("land", "logged_in", "root_shell", "is_host_login", "is_guest_login"),
    ),
    "hotel_bookings": Table(
        target="adr",  # `is_canceled` is given away by `reservation_status`
        task="regression",
        categorical=("is_canceled", "is_repeated_guest", "agent", "company"),
        missing=("NULL", "NA"),
        dates=("reservation_status_date",),
    ),
    "baseball_players": Table(
        target="bats",
        dropped=("id", "nameFirst", "nameLast"),
        dates=("birthDate", "deathDate"),
    ),
}


def table_path(name: str) -> Path:
    """Return the path of a table's file; end the program with a clear message if it is missing."""
    folder = Path(os.environ.get("TABGAN_DATA", REPOSITORY / ".." / "shared" / "data")).resolve()
    path = folder / f"{name}.csv.gz"
    if not path.is_file():
        raise SystemExit(
            f"no table {name!r}: {path} does not exist. "
            "Set TABGAN_DATA to the directory that holds the benchmark tables."
        )
    return path


def load(name: str) -> pd.DataFrame:
    """Read a table as its users do: numbers, text and dates, without the dropped columns."""
    table = TABLES[name]
    frame = pd.read_csv(
        table_path(name),
        keep_default_na=False,
        na_values=["", *table.missing],
        parse_dates=list(table.dates),
        low_memory=False,
    )
    return frame.drop(columns=list(table.dropped))


def categorical_columns(name: str, frame: pd.DataFrame) -> list[str]:
    """Return the nominal columns of a table in their order: the named ones, text and booleans."""
    named = TABLES[name].categorical
    return [
        column
        for column in frame.columns
        if column in named or frame[column].dtype == object or frame[column].dtype == bool
    ]


def split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split into 90 % for training and 10 % for tests, shuffled with seed 0."""
    shuffled = frame.sample(frac=1, random_state=0, ignore_index=True)
    cut = int(0.9 * len(frame))
    return shuffled[:cut], shuffled[cut:].reset_index(drop=True)
