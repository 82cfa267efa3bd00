"""Tables of other libraries (Polars, Arrow …), to pandas and back.

They go by way of Arrow, whose types say what theirs do: units and zones of times, sizes of
numbers, decimals, and, in the metadata of fields, which texts are Polars' categories. Cells that
are lists become texts in JSON, as every other cell is a single value, and lists again.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from math import isnan
from typing import Any

import numpy as np
import pandas as pd
from typing_extensions import TypeVar

from tabgan.base.errors import DataError, OptionError, SchemaError, did_you_mean
from tabgan.table.dtypes import describe_dtype, restore_dtype
from tabgan.table.level_codes import are_texts

__all__ = [
    "FrameForm",
    "FrameT",
    "for_pandas",
    "form_of",
    "list_of",
    "list_places",
    "list_types",
    "lists_as_text",
    "pandas_of",
    "table_of_series",
    "with_lists",
]

FrameT = TypeVar("FrameT", default=pd.DataFrame)
"""The kind of table that an estimator learns and draws, for type checkers and editors."""

_POLARS = b"_PL_"  # what keys of metadata begin with that tell one of Polars' own types
_ENUM = b"_PL_ENUM"
_Make = Callable[[list[Any]], Any]
_LISTS: Mapping[str, _Make] = {  # types of cells that hold several values
    "list": list,
    "set": set,
    "frozenset": frozenset,
    "ndarray": np.array,
}
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
    lists
        The type of the cells of each column that holds lists, by its place; only of pandas, as
        Arrow's types tell it.

    Examples
    --------
    >>> FrameForm().to_json()
    {'library': 'pandas'}
    """

    library: str = "pandas"
    schema: Any = None
    lists: Mapping[int, str] = field(default_factory=dict)

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

    @property
    def list_columns(self) -> list[int]:
        """The places of the columns whose cells are lists."""
        return [*self.lists] if self.schema is None else list_places(self.schema)

    def only(self, places: Sequence[int]) -> "FrameForm":
        """Return the same for a table with the columns at some places."""
        lists = {new: self.lists[old] for new, old in enumerate(places) if old in self.lists}
        schema = self.schema
        if schema is not None:
            for place in reversed(range(len(schema.names))):
                schema = schema if place in places else schema.remove(place)
        return replace(self, schema=schema, lists=lists)

    def without_notes(self) -> "FrameForm":
        """Return the same without what users and rows may have left in the fields' metadata."""
        if self.schema is None:
            return self
        import pyarrow

        fields = [field.with_metadata(_notes(field, _POLARS)) for field in self.schema]
        return replace(self, schema=pyarrow.schema(fields))

    def restore(self, frame: pd.DataFrame) -> Any:
        """Make a table of this kind of a DataFrame that has its columns."""
        if self.schema is None:
            made = {place: _LISTS[name] for place, name in self.lists.items()}
            return with_lists(frame, made) if made else frame
        import narwhals
        import pyarrow

        frame = with_lists(frame, dict.fromkeys(list_places(self.schema), list))
        plain = for_pandas(self.schema.empty_table()).schema
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
            lists = [[place, name] for place, name in self.lists.items()]
            return {"library": self.library, **({"lists": lists} if lists else {})}
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
            lists = {int(place): str(name) for place, name in state.get("lists", ())}
            if not set(lists.values()) <= set(_LISTS):
                raise SchemaError(f"{state['lists']!r:.80} are not types of lists")
            return cls(library, lists=lists)
        import pyarrow

        return cls(library, pyarrow.schema([_field(column) for column in state["columns"]]))


def form_of(table: Any, *, by_schema: bool = False) -> FrameForm:
    """Tell what kind of table this is; what is no table of another library counts as pandas'.

    Parameters
    ----------
    table
        The table.
    by_schema
        As of `pandas_of`.

    Examples
    --------
    >>> form_of(pd.DataFrame({"a": [1]})).library
    'pandas'
    """
    if isinstance(table, pd.DataFrame) and not by_schema:
        return FrameForm(lists=list_types(table))
    found = None if isinstance(table, pd.DataFrame | pd.Series) else _narwhal(table)
    if found is None:
        return FrameForm()
    return FrameForm(found.implementation.value, _to_arrow(found.head(0), table).schema)


def pandas_of(table: Any, *, by_schema: bool = False) -> pd.DataFrame | None:
    """Return a table as a DataFrame, one of pandas as it is; None if it is no table.

    Columns of another library's table are of Arrow's types, but for categories, which are
    pandas' own. Lists in cells become texts in JSON.

    Parameters
    ----------
    table
        The table.
    by_schema
        Whether no row may influence the columns: lists among objects then stay.

    Raises
    ------
    DataError
        If the table is lazy, or is a single column.
    OptionError
        If pyarrow is needed and not there.
    """
    if isinstance(table, pd.DataFrame):
        return table if by_schema else lists_as_text(table)
    found = _narwhal(table)
    if found is None:
        return None
    arrow = _to_arrow(found, table)
    texts = {place: _texts(arrow.column(place).to_pylist()) for place in list_places(arrow.schema)}
    for place, cells in texts.items():
        arrow = arrow.set_column(place, arrow.schema.names[place], _arrow_of(cells))
    arrow = for_pandas(arrow)
    frame: pd.DataFrame = arrow.to_pandas(types_mapper=_pandas_type, ignore_metadata=True)
    return frame


def lists_as_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a DataFrame with texts in JSON where cells are lists, sets or arrays.

    Examples
    --------
    >>> lists_as_text(pd.DataFrame({"tags": [["a", "b"], None]}))["tags"].tolist()
    ['["a", "b"]', None]
    """
    places = list_types(frame)
    if not places:
        return frame
    frame = frame.copy(deep=False)
    for place in places:
        cells = np.empty(len(frame), object)
        cells[:] = _texts(frame.iloc[:, place])
        texts: Any = pd.Series(cells, frame.index, dtype=object)  # else pandas 3 makes them `str`
        frame.isetitem(place, texts)
    return frame


def list_places(schema: Any) -> list[int]:
    """Return the places of a ``pyarrow.Schema``'s fields that hold lists."""
    tests = [is_kind for is_kind, _ in _list_kinds().values()]
    return [place for place, field in enumerate(schema) if any(test(field.type) for test in tests)]


def _list_kinds() -> dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any]]]:
    """Return how to tell each type of lists, and how to make it of the type of its items."""
    import pyarrow

    return {
        "list": (pyarrow.types.is_list, pyarrow.list_),
        "large_list": (pyarrow.types.is_large_list, pyarrow.large_list),
    }


def list_types(frame: pd.DataFrame) -> dict[int, str]:
    """Return the type of the cells of each column that holds nothing but lists, by its place."""
    found = {}
    for place in range(frame.shape[1]):
        values = frame.iloc[:, place]
        if values.dtype == np.dtype(object) and not are_texts(values):
            cells = values.to_numpy(object).tolist()
            lists = [kind for kind in set(map(type, cells)) if kind in _CELLS]
            if len(lists) == 1 and all(
                type(cell) is lists[0] or _is_absent(cell) for cell in cells
            ):
                found[place] = lists[0].__name__
    return found


def _is_absent(cell: Any) -> bool:
    return (
        cell is None or cell is pd.NA or cell is pd.NaT or (isinstance(cell, float) and isnan(cell))
    )


def _texts(cells: Any) -> list[str | None]:
    return [list_text(cell) if isinstance(cell, _CELLS) else None for cell in cells]


_CELLS = (list, set, frozenset, np.ndarray)


def list_text(cell: Any) -> str:
    """Write a list, set or array as JSON; what JSON has no form for becomes text."""
    if isinstance(cell, set | frozenset):
        cell = sorted(cell, key=str)
    plain = cell.tolist() if isinstance(cell, np.ndarray) else cell
    return json.dumps(plain, ensure_ascii=False, default=_plain)


def list_of(text: Any) -> list[Any] | None:
    """Read a list that is written as JSON; None where a cell is something else."""
    try:
        read = json.loads(text)
    except (TypeError, ValueError):
        return None
    return read if isinstance(read, list) else None


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else str(value)


def with_lists(frame: pd.DataFrame, made: Mapping[int, Callable[[list[Any]], Any]]) -> pd.DataFrame:
    """Turn texts in JSON into lists, by the place of their column."""
    if not made:
        return frame
    frame = frame.copy(deep=False)
    for place, make in made.items():
        cells = np.empty(len(frame), object)
        for row, text in enumerate(frame.iloc[:, place]):
            read = list_of(text)
            cells[row] = None if read is None else make(read)
        frame.isetitem(place, cells)
    return frame


def _arrow_of(texts: list[str | None]) -> Any:
    import pyarrow

    return pyarrow.array(texts, pyarrow.large_string())


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


def for_pandas(arrow: Any) -> Any:
    """Turn an Arrow table's types that pandas can't hold into plain ones.

    These are views of texts, and unsigned codes of categories, as Polars has them: of those pyarrow
    makes pandas' categories from version 23 on only.
    """
    import pyarrow

    plain = {"string_view": pyarrow.large_string(), "binary_view": pyarrow.large_binary()}

    def held(own: Any) -> Any:
        if not pyarrow.types.is_dictionary(own):
            return plain.get(str(own), own)
        is_unsigned = pyarrow.types.is_unsigned_integer(own.index_type)
        codes = pyarrow.int64() if is_unsigned else own.index_type
        return pyarrow.dictionary(codes, own.value_type, own.ordered)

    fields = [field.with_type(held(field.type)) for field in arrow.schema]
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
    kind = next((name for name, (is_kind, _) in _list_kinds().items() if is_kind(field.type)), None)
    own = field.type.value_type if kind else field.type
    state = {"name": field.name, "type": describe_dtype(pd.ArrowDtype(own))}
    if kind:
        state["list"] = kind
    if not field.nullable:
        state["nullable"] = False
    if field.metadata:
        state["metadata"] = {key.decode(): value.decode() for key, value in field.metadata.items()}
    return state


def _field(state: Mapping[str, Any]) -> Any:
    import pyarrow

    arrow = restore_dtype(state["type"]).pyarrow_dtype
    return pyarrow.field(
        state["name"],
        _list_kinds()[state["list"]][1](arrow) if "list" in state else arrow,
        nullable=state.get("nullable", True),
        metadata=state.get("metadata"),
    )
