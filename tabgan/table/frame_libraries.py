"""Tables of other libraries (Polars, Arrow …), to pandas and back.

They go by way of Arrow, whose types say what theirs do: units and zones of times, sizes of
numbers, decimals, and, in the metadata of fields, which texts are Polars' categories.
"""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

import pandas as pd

from tabgan.base.errors import DataError, OptionError, SchemaError, did_you_mean
from tabgan.table.dtypes import describe_dtype, restore_dtype

__all__ = ["FrameForm", "form_of", "pandas_of", "table_of_series"]

_POLARS = b"_PL_"  # what keys of metadata begin with that tell one of Polars' own types
_ENUM = b"_PL_ENUM"
LIBRARIES = ("pandas", "polars", "pyarrow", "modin", "cudf")  # whose tables are in memory


@dataclass(frozen=True)
class FrameForm:
    """What kind of table came in: enough to give another one back as the same kind.

    Parameters
    ----------
    library
        One of `LIBRARIES`.
    schema
        The ``pyarrow.Schema`` of the table; None for one of pandas.

    Examples
    --------
    >>> FrameForm().to_json()
    {'library': 'pandas'}
    """

    library: str = "pandas"
    schema: Any = None

    @property
    def is_installed(self) -> bool:
        """Whether the library is there to make such tables."""
        return find_spec(self.library) is not None

    def places_of_found_categories(self) -> list[int]:
        """Return the columns whose categories are the values that occur: all but enumerations."""
        if self.schema is None:
            return []
        import pyarrow

        return [
            place
            for place, field in enumerate(self.schema)
            if pyarrow.types.is_dictionary(field.type) and not _notes(field, _ENUM)
        ]

    def only(self, columns: Collection[Hashable]) -> "FrameForm":
        """Return the same for a table with some of its columns."""
        if self.schema is None:
            return self
        schema = self.schema
        for place in reversed(range(len(schema.names))):
            schema = schema if schema.names[place] in columns else schema.remove(place)
        return replace(self, schema=schema)

    def without_notes(self) -> "FrameForm":
        """Return the same without what users and rows may have left in the fields' metadata."""
        if self.schema is None:
            return self
        import pyarrow

        fields = [field.with_metadata(_notes(field, _POLARS)) for field in self.schema]
        return FrameForm(self.library, pyarrow.schema(fields))

    def restore(self, frame: pd.DataFrame) -> Any:
        """Make a table of this kind of a DataFrame that has its columns."""
        if self.schema is None:
            return frame
        import narwhals
        import pyarrow

        plain = _without_views(self.schema.empty_table()).schema
        table = pyarrow.Table.from_pandas(frame, schema=plain, preserve_index=False)
        table = table.cast(self.schema)  # which has none of the metadata that pandas adds
        library: Any = self.library
        return narwhals.from_arrow(table, backend=library).to_native()

    def restore_series(self, values: pd.Series) -> Any:
        """Make the only column of a table of this kind; of pandas the series itself."""
        if self.schema is None:
            return values
        import narwhals

        name = self.schema.names[0]
        table = self.restore(values.to_frame(name))
        return narwhals.from_native(table, eager_only=True).get_column(name).to_native()

    def to_json(self) -> dict[str, Any]:
        """Describe the kind by JSON values."""
        if self.schema is None:
            return {"library": self.library}
        return {"library": self.library, "columns": [_describe(field) for field in self.schema]}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> "FrameForm":
        """Rebuild the kind from `to_json`'s value.

        Raises
        ------
        SchemaError
            If a library or a type is not known.
        """
        library = state["library"]
        if library not in LIBRARIES:
            raise SchemaError(
                f"{library!r:.80} is not a library of tables; {did_you_mean(library, LIBRARIES)}"
            )
        if "columns" not in state:
            return cls(library)
        import pyarrow

        return cls(library, pyarrow.schema([_field(column) for column in state["columns"]]))


def form_of(table: Any) -> FrameForm:
    """Tell what kind of table this is; what is no table of another library counts as pandas'.

    Examples
    --------
    >>> form_of(pd.DataFrame({"a": [1]})).library
    'pandas'
    """
    found = None if isinstance(table, pd.DataFrame | pd.Series) else _narwhal(table)
    if found is None:
        return FrameForm()
    return FrameForm(found.implementation.value, _to_arrow(found.head(0), table).schema)


def pandas_of(table: Any) -> pd.DataFrame | None:
    """Return a table as a DataFrame, one of pandas as it is; None if it is no table.

    Columns of another library's table are of Arrow's types, but for categories, which are
    pandas' own.

    Raises
    ------
    DataError
        If the table is lazy, or is a single column.
    OptionError
        If pyarrow is needed and not there.
    """
    if isinstance(table, pd.DataFrame):
        return table
    found = _narwhal(table)
    if found is None:
        return None
    arrow = _without_views(_to_arrow(found, table))
    frame: pd.DataFrame = arrow.to_pandas(types_mapper=_pandas_type, ignore_metadata=True)
    return frame


def table_of_series(values: Any) -> Any:
    """Return a series of another library as a table of one column; anything else as it is."""
    if isinstance(values, pd.Series | pd.DataFrame) or not _may_be_foreign(values):
        return values
    import narwhals

    found = narwhals.from_native(values, pass_through=True, allow_series=True)
    return found.to_frame().to_native() if isinstance(found, narwhals.Series) else values


def _may_be_foreign(table: Any) -> bool:
    """Return whether an object may be another library's table, before narwhals is imported."""
    return type(table).__module__.partition(".")[0] not in ("builtins", "numpy", "scipy")


def _narwhal(table: Any) -> Any:
    """Wrap a table of another library; None if it is no such table."""
    if not _may_be_foreign(table):
        return None
    import narwhals

    found = narwhals.from_native(table, pass_through=True, allow_series=True)
    name = type(table).__name__
    if isinstance(found, narwhals.LazyFrame):
        raise DataError(
            f"The table is a lazy {name}, whose rows are not computed yet; give X.collect(), or "
            "what its library has for that"
        )
    if isinstance(found, narwhals.Series):
        raise DataError(
            f"The table is a {name}, a single column; give a table of it, for example to_frame()"
        )
    return found if isinstance(found, narwhals.DataFrame) else None


def _to_arrow(found: Any, table: Any) -> Any:
    try:
        return found.to_arrow()
    except ImportError as error:
        library = type(table).__module__.partition(".")[0]
        raise OptionError(
            f"Tables of {library} need pyarrow, which is not installed; install it with "
            "pip install '.[parquet]'"
        ) from error
    except Exception as error:  # each library has errors of its own
        raise DataError(
            f"The table can't be read by way of Arrow ({error}); cast the columns that it names "
            "to numbers, text, dates or categories, or leave them out"
        ) from error


def _without_views(arrow: Any) -> Any:
    """Turn Arrow's views of text and bytes, which pandas can't hold, into plain ones."""
    import pyarrow

    plain = {"string_view": pyarrow.large_string(), "binary_view": pyarrow.large_binary()}
    fields = [field.with_type(plain.get(str(field.type), field.type)) for field in arrow.schema]
    return arrow.cast(pyarrow.schema(fields))


def _pandas_type(arrow: Any) -> Any:
    """Choose the dtype of a column; None for pandas' own categories."""
    import pyarrow

    return None if pyarrow.types.is_dictionary(arrow) else pd.ArrowDtype(arrow)


def _notes(field: Any, prefix: bytes) -> dict[bytes, bytes]:
    """Return the metadata of a field whose keys begin in a certain way."""
    notes = field.metadata or {}
    return {key: value for key, value in notes.items() if key.startswith(prefix)}


def _describe(field: Any) -> dict[str, Any]:
    state = {"name": field.name, "type": describe_dtype(pd.ArrowDtype(field.type))}
    if not field.nullable:
        state["nullable"] = False
    if field.metadata:
        state["metadata"] = {key.decode(): value.decode() for key, value in field.metadata.items()}
    return state


def _field(state: Mapping[str, Any]) -> Any:
    import pyarrow

    return pyarrow.field(
        state["name"],
        restore_dtype(state["type"]).pyarrow_dtype,
        nullable=state.get("nullable", True),
        metadata=state.get("metadata"),
    )
