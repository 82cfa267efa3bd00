"""Input of a private fit: its options and declared schema are checked, its rows are sanitized.

Labels, dtypes and declarations are public, and are checked. A cell that can't be stored becomes
missing without a message, because an error would reveal its row.
"""

import datetime
import uuid
from collections.abc import Hashable, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from tabgan.base.errors import (
    DataError,
    OptionError,
    PrivacyWarning,
    SchemaError,
    did_you_mean,
    warn_caller,
)
from tabgan.inference.accept_table import check_labels
from tabgan.inference.column_cells import storage_of
from tabgan.rules.number_constraints import Range
from tabgan.table.dtypes import describe_dtype
from tabgan.table.frame_libraries import FrameForm
from tabgan.table.level_codes import dense
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column, Kind, Origin, Schema, check_kind

__all__ = [
    "NUMBERS_OF_ANY_CELLS",
    "check_dtypes_are_declared",
    "check_private_options",
    "declared_schema",
    "sanitize",
]

_REFUSED: dict[str, tuple[tuple[Any, ...], str]] = {  # beside the values that can be given
    "condition_on": (
        (None,),
        "the networks would be trained on the real combinations of categories; "
        "leave it out: sample(where=...) works with any model",
    ),
    "training_rows": ((None,), "all rows are counted, with noise; leave it out"),
    "snapshots": ((0,), "there are no real rows to compare them with; leave it out"),
    "epochs": ((None,), "the training makes no passes over the rows; use steps"),
    "loss": (("non_saturating",), "there is no discriminator; leave it out"),
    "penalty": (("auto",), "there is no discriminator; leave it out"),
    "stabilizers": ((None,), "there is no discriminator; leave it out"),
    "discriminator_steps": (("auto", 1), "there is no discriminator; leave it out"),
    "training": (("usual",), "there is no discriminator; leave it out"),
}
DECLARED = "declared"
NUMBERS_OF_ANY_CELLS = "Float64"
"""The dtype of numbers that nobody has declared, which no hole, fraction or large one changes."""
_CHOSEN_BY_CELLS = ("int64", "uint64", "float64", "Int64", "UInt64", "Float64")
_KINDS: dict[str | None, Kind] = {
    "boolean": "boolean",
    "number": "numeric",
    "date": "datetime",
    "duration": "timedelta",
    "category": "categorical",  # intervals: categories that are not declared are refused
    None: "categorical",  # objects and text, unless their rows vote for numbers or dates
}
_MISSING = (type(None), type(pd.NaT), type(pd.NA))
_PLAIN = {str, int, float, bool, bytes, datetime.date, uuid.UUID, *_MISSING}  # can all be stored


def check_private_options(options: Mapping[str, Any]) -> None:
    """Check that all options of a `TabGAN` can be combined with its `epsilon`.

    Raises
    ------
    OptionError
        If one does not; the message says why, and what to do.
    """
    for name, (usual, why) in _REFUSED.items():
        value = options[name]
        if value not in usual and not (None in usual and not value):
            raise OptionError(f"{name}={value!r:.80} can't be combined with epsilon: {why}")
    for constraint in options["constraints"] or ():
        if not isinstance(constraint, Range):
            raise OptionError(
                f"{constraint}: this can't be combined with epsilon: constraints are "
                "checked against the rows and learn from them. Only Range can: it makes the bounds "
                "of a column public; filter the sampled rows instead"
            )


def check_dtypes_are_declared(table: Any) -> None:
    """Check that the column types of a table are declared, not derived from its cells.

    Raises
    ------
    DataError
        If it is a list of rows or an array of objects.
    """
    untyped = isinstance(table, np.ndarray) and table.dtype.hasobject
    if untyped or isinstance(table, list | tuple):
        raise DataError(
            "epsilon treats the types of columns as public, but those of "
            f"{'an array of objects' if untyped else 'a list of rows'} depend on its cells: one "
            "more row can change them; pass a DataFrame with dtypes that you choose"
        )


def declared_schema(df: pd.DataFrame, schema: Schema | Mapping[Hashable, Kind] | None) -> Schema:
    """Describe a table by its dtypes and by a declaration, without a look at its rows.

    A declared `Schema` gives kinds, ranges, decimals, formats and locales.

    Parameters
    ----------
    df
        The table.
    schema
        Declared columns, or kinds by column name; None for no declaration.

    Raises
    ------
    SchemaError
        If the declaration names a column that is not there, or no kind; or if a dtype has
        categories, which may have been read off the rows, and the column is not declared to be
        categorical, which makes them public.
    DataError
        If a dtype can't be stored.

    Examples
    --------
    >>> df = pd.DataFrame({"age": [31, 52], "name": ["Ann", "Bob"]})
    >>> [(column.name, column.kind) for column in declared_schema(df, {"name": "first_name"})]
    [('age', 'integer'), ('name', 'first_name')]
    """
    declared = {c.name: c for c in schema} if isinstance(schema, Schema) else dict(schema or {})
    for name in declared:
        if name not in set(df.columns):
            raise SchemaError(
                f"Column {name!r} is not in the table; {did_you_mean(name, df.columns)}"
            )
    _warn_of_measured(declared.values())
    columns = [
        _column(name, df.dtypes.iloc[place], declared.get(name))
        for place, name in enumerate(df.columns)
    ]
    _warn_of_keys(columns)
    _warn_of_dtypes(columns)
    return Schema(tuple(columns), tuple(df.columns.names))


def _warn_of_keys(columns: Iterable[Column]) -> None:
    """Warn of keys that are declared to stand in several rows; the rows are not looked at."""
    keys = [repr(column.name) for column in columns if column.kind == "key"]
    if keys:
        warn_caller(
            f"epsilon protects single rows, but values of {', '.join(keys)} occur in several: "
            "their owner is protected only by epsilon times their number. Keep one row each, or "
            "divide epsilon by the largest number of rows",
            PrivacyWarning,
        )


def _warn_of_dtypes(columns: Iterable[Column]) -> None:
    """Warn of dtypes that nobody has declared: they may follow from single cells."""
    named = [repr(column.name) for column in columns if column.origin == "dtype"]
    if not named:
        return
    risk = (
        f"epsilon treats dtypes as public, but these are not declared: {', '.join(named[:5])}"
        f"{' and others' if len(named) > 5 else ''}. If a reader such as pandas.read_csv inferred "
        "them from the cells, they can reveal single rows: one 'n.a.' turns numbers into texts"
    )
    warn_caller(
        f"{risk}. Read all columns as texts, pd.read_csv(..., dtype=str, keep_default_na=False): "
        "a noisy vote then decides; or set the dtypes yourself and declare these columns in schema",
        PrivacyWarning,
    )


def _warn_of_measured(declared: Iterable[Column | Kind]) -> None:
    """Warn of ranges and decimals that were not declared, but inferred from a table."""
    measured = [
        f"{column.name!r} ({column.why})" if column.why else repr(column.name)
        for column in declared
        if isinstance(column, Column)
        and column.origin != "declared"
        and any(value is not None for value in (column.minimum, column.maximum, column.decimals))
    ]
    if measured:
        warn_caller(
            "The schema counts as public, but ranges in it were measured on a table: "
            f"{', '.join(measured[:5])}. If that is the private table, declare ranges that do not "
            "come from it (origin='declared'), or none",
            PrivacyWarning,
        )


_NOT_PRIVATE = {
    "multiselect": (
        "can't be combined with epsilon, as the items of lists are not counted privately; declare "
        "'categorical', which counts whole lists, or put each item into a column of its own"
    ),
    "compound": (
        "can't be learned with epsilon; declare it 'categorical', split its numbers into columns, "
        "or leave it out"
    ),
}


def _column(name: Hashable, dtype: Any, declared: Column | Kind | None) -> Column:
    kind = declared.kind if isinstance(declared, Column) else declared
    if kind is not None:
        check_kind(f"Column {name!r}", kind)
    if kind in _NOT_PRIVATE:
        raise SchemaError(f"Column {name!r}: kind={kind!r} {_NOT_PRIVATE[kind]}")
    if isinstance(dtype, pd.CategoricalDtype) and kind != "categorical":
        raise SchemaError(
            f"Column {name!r}: the categories of its dtype may have been read off the rows; say "
            f"that they are public with schema={{{name!r}: 'categorical'}}, or convert the column "
            "with .astype(object)",
            on_command_line=f"Column {name!r}: its categories may have been read off the rows; say "
            f"that they are public with --kind {name}=categorical, or convert the file to CSV",
        )
    try:
        described = describe_dtype(dtype)
    except DataError as error:
        raise error.within(f"Column {name!r}") from error
    if isinstance(declared, Column):
        return Column(
            name,
            declared.kind,
            described,
            minimum=declared.minimum,
            maximum=declared.maximum,
            decimals=declared.decimals,
            format=declared.format,
            locale=declared.locale,
            why=DECLARED,
        )
    if kind is not None:
        return Column(name, kind, described, why=DECLARED)
    plain = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    storage = storage_of(plain)
    kind = _KINDS[storage]
    if storage == "number" and pd.api.types.is_integer_dtype(plain):
        kind = "integer"
    why = "" if storage is None else f"dtype {dtype}"
    decimals = 0 if kind == "integer" else None
    origin: Origin = "inferred" if storage is None else "dtype"
    return Column(name, kind, described, decimals=decimals, why=why, origin=origin)


def sanitize(
    frame: pd.DataFrame, form: FrameForm, declared: Schema | Mapping[Hashable, Kind] | None
) -> tuple[pd.DataFrame, Schema]:
    """Sanitize a table for a private fit, and describe its columns.

    Objects that can't be stored become missing, dates among objects lose their time zones, and
    categories that a library has read off the rows become texts. Numbers of pandas that nobody has
    declared become floats: whether they are whole, a noisy vote says later.

    Parameters
    ----------
    frame
        The table, which is left as it is.
    form
        What kind of table it came as.
    declared
        What the user says of its columns.

    Raises
    ------
    DataError
        If there is no column, or a label or a dtype can't be stored.
    SchemaError
        If the declaration does not go with the columns, or categories are not said to be public.

    Examples
    --------
    >>> table = pd.DataFrame({"word": ["a", {"secret": 1}]})
    >>> sanitize(table, FrameForm(), None)[0]["word"].tolist()
    ['a', None]
    >>> sanitize(pd.DataFrame({"age": [31, 52]}), FrameForm(), None)[0]["age"].dtype
    Float64Dtype()
    """
    if not len(frame.columns):
        raise DataError("The table has 0 feature(s) while a minimum of 1 is required.")
    check_labels(frame.columns)
    sanitized: Any = frame.copy(deep=False)
    for place in form.places_of_found_categories():
        sanitized.isetitem(place, frame.iloc[:, place].astype(object))
    for place in _places_chosen_by_cells(sanitized, form, declared):
        numbers = sanitized.iloc[:, place].astype(np.float64)
        sanitized.isetitem(place, numbers.astype(NUMBERS_OF_ANY_CELLS))
    schema = declared_schema(sanitized, declared)
    for place, column in enumerate(schema):
        values = dense(sanitized.iloc[:, place])
        if values.dtype == np.dtype(object):
            sanitized.isetitem(place, _stored(values, column))
    return sanitized, schema


def _places_chosen_by_cells(
    frame: pd.DataFrame, form: FrameForm, declared: Schema | Mapping[Hashable, Kind] | None
) -> list[int]:
    """Return the columns of numbers between whose dtypes readers choose by the cells.

    A hole makes floats of whole numbers, a large number unsigned ones. Tables of other libraries
    have a schema, whose types have room for holes.
    """
    if form.schema is not None:
        return []
    named = {c.name for c in declared} if isinstance(declared, Schema) else set(declared or {})
    return [
        place
        for place, (name, dtype) in enumerate(zip(frame.columns, frame.dtypes, strict=True))
        if name not in named and str(dtype) in _CHOSEN_BY_CELLS
    ]


def _stored(values: pd.Series, column: Column) -> pd.Series:
    """Return a column of objects in which those that can't be stored are missing."""
    cells = values.to_numpy(object)
    if set(map(type, cells)) <= _PLAIN:
        return values
    is_date = column.kind == "datetime"
    stored = np.empty(len(cells), object)
    for row, cell in enumerate(cells):
        stored[row] = cell if type(cell) in _PLAIN else _restored(cell)
        if is_date and isinstance(stored[row], datetime.datetime):
            stored[row] = stored[row].replace(tzinfo=None)  # each is read by its own wall clock
    return pd.Series(stored, values.index, dtype=object)


def _restored(cell: Any) -> Scalar:
    """Return a cell as a model file would give it back; None where it would not."""
    try:
        return from_json_scalar(to_json_scalar(cell))
    except Exception:  # whatever a single cell does must not stop the fit
        return None
