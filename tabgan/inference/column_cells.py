"""The cells of a column: what they are, and in which forms their texts are written.

How the texts of a column are written: the forms of numbers or dates that explain them.

What the recognition of numbers and that of dates share: the sample by which a form is chosen, how
much of a column must be explained, and the reading that comes of it.
"""

import datetime
import heapq
import re
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any, Generic, Literal, NamedTuple, Protocol, TypeVar
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.table.level_codes import are_texts, dense, distinct_of
from tabgan.table.scalars import Scalar
from tabgan.table.schema import Kind
from tabgan.table.text_formats import MISSING_MARKS, spread

__all__ = [
    "ColumnCells",
    "ColumnGuess",
    "FEWEST",
    "FEW_OTHERS",
    "FormReading",
    "FormShare",
    "LEAST_SHARE",
    "LEAST_WITH_FEW",
    "MOST_FORMS",
    "NUMBER_TYPES",
    "SAMPLE",
    "Storage",
    "are_enough",
    "explain",
    "filled_texts",
    "last_label",
    "names_rows",
    "numbers_rows",
    "read_cells",
    "sample_texts",
    "shown",
    "storage_of",
]

Storage = Literal[
    "nothing",  # objects, all missing
    "boolean",
    "number",
    "date",
    "time",
    "duration",
    "category",
    "string",
    "bytes",
    "uuid",
    "mixed",
]


NUMBER_TYPES = (int, float, np.integer, np.floating, Decimal)


_STORAGES: tuple[tuple[Storage, tuple[type, ...]], ...] = (
    ("string", (str,)),
    ("boolean", (bool, np.bool_)),
    ("number", NUMBER_TYPES),
    ("date", (datetime.date,)),  # datetime and Timestamp are subclasses
    ("time", (datetime.time,)),
    ("duration", (datetime.timedelta,)),  # Timedelta is a subclass
    ("bytes", (bytes,)),
    ("uuid", (UUID,)),
)


@dataclass(frozen=True)
class ColumnCells:
    """The cells of one column.

    Parameters
    ----------
    name
        The column's label.
    storage
        What the present cells are.
    missing
        Which cells are missing, shape (rows,).
    given
        The cells that are not, in row order.
    decimal
        The decimal mark of the table's other columns, which decides where texts leave it open.
    """

    name: Hashable
    storage: Storage
    missing: NDArray[np.bool_]
    given: pd.Series
    decimal: str | None = None

    @cached_property
    def objects(self) -> NDArray[np.object_]:
        """The present cells as Python objects."""
        return self.given.to_numpy(object)

    @cached_property
    def texts(self) -> dict[Any, int]:
        """How often each value occurs, by first appearance, without the marks of absence."""
        counts = Counter[Any]()
        if self.storage == "string":
            codes, texts = distinct_of(self.given)
            for text, count in zip(texts, np.bincount(codes).tolist(), strict=True):
                counts[text] += count  # equal texts may be of different classes
        else:
            counts.update(self.objects.tolist())
        return {text: count for text, count in counts.items() if text not in MISSING_MARKS}

    def row_of(self, position: int) -> int:
        """Row of the present cell at `position`."""
        return int(np.flatnonzero(~self.missing)[position])


def read_cells(name: Hashable, values: pd.Series, decimal: str | None = None) -> ColumnCells:
    """Find out what the cells of a column are.

    Parameters
    ----------
    name
        The column's label.
    values
        The column's values.
    decimal
        The decimal mark of the table's other columns.
    """
    values = dense(values)
    if storage_of(values.dtype) is None and are_texts(values):
        # told sooner than that no cell is missing
        return ColumnCells(name, "string", np.zeros(len(values), np.bool_), values, decimal)
    missing = values.isna().to_numpy(bool)
    given = values[~missing] if missing.any() else values
    storage = storage_of(values.dtype) or _storage_of_objects(given.to_numpy(object))
    return ColumnCells(name, storage, missing, given, decimal)


def storage_of(dtype: Any) -> Storage | None:
    """Return what cells of a dtype are; None where each object speaks for itself."""
    types = pd.api.types
    if isinstance(dtype, pd.CategoricalDtype | pd.IntervalDtype):
        return "category"
    if isinstance(dtype, pd.PeriodDtype) or dtype.kind == "M":
        return "date"
    if types.is_bool_dtype(dtype):
        return "boolean"
    if types.is_integer_dtype(dtype) or types.is_float_dtype(dtype):
        return "number"
    return "duration" if dtype.kind == "m" else None


def _storage_of_objects(objects: NDArray[np.object_]) -> Storage:
    types = set(map(type, objects))
    if not types:
        return "nothing"
    for storage, members in _STORAGES:
        # True is an int to Python, but not a number here
        if all(issubclass(t, members) and (t is not bool or bool in members) for t in types):
            return storage
    return "mixed"


def shown(value: Any) -> str:
    """Show a value in a message, on one line and not too long."""
    text = repr(value.item() if isinstance(value, np.generic) else value)
    return text if len(text) <= 60 else f"{text[:59]}…"


FEWEST = 20  # values from which "nearly all differ" means something


_ID = re.compile(
    r"(?i:(?:^|[\W_])(?:id|uuid|guid|key))$|[a-z0-9](?:I[Dd]|UUID|Uuid|GUID|Guid|Key)$"
)


_POSITION = re.compile(
    r"(?i:(?:^|[\W_])(?:no|nr|num|number|idx|index|row))$|[a-z0-9](?:No|Nr|Num|Number|Index|Row)$"
)


class ColumnGuess(NamedTuple):
    """The kind of a column, why, its range and its format (see `tabgan.table.schema.Column`)."""

    kind: Kind
    why: str
    minimum: Scalar = None
    maximum: Scalar = None
    decimals: int | None = None
    format: str | None = None
    other_formats: tuple[str, ...] = ()
    is_ambiguous: bool = False  # another form fits as well, with other values


def names_rows(name: Hashable) -> bool:
    """Return whether a column's name is that of an identifier.

    Examples
    --------
    >>> [names_rows(name) for name in ("id", "user_id", "userId", "KEY", "paid", 7)]
    [True, True, True, True, False, False]
    """
    return bool(_ID.search(last_label(name)))


def numbers_rows(name: Hashable) -> bool:
    """Return whether a column's name is that of an identifier or of a row number."""
    return names_rows(name) or bool(_POSITION.search(last_label(name)))


def last_label(name: Any) -> str:
    """Return a column's name as text; of a name of several levels the last one."""
    return str(name[-1]) if isinstance(name, tuple) and name else str(name)


SAMPLE = 1000  # distinct texts by which a form is chosen
MOST_FORMS = 6  # of one column
LEAST_SHARE = 0.8  # of the cells that must have a form
LEAST_WITH_FEW = 0.5  # the same where the others are few words, such as "open"
FEW_OTHERS = 5
FREQUENT = 0.01  # share of the cells that hold a word, for it to be a mark and no dirt
NEARLY_AS_MANY = 0.98  # share of the cells of a form that a rival explains


class WrittenForm(Protocol):
    """One way to write a number or a date."""

    @property
    def spec(self) -> str:
        """The form as a short text."""


Form = TypeVar("Form", bound=WrittenForm)


class FormShare(NamedTuple, Generic[Form]):
    """A form, and the share of a column's filled cells that have it."""

    form: Form
    share: float


@dataclass(frozen=True)
class FormReading(Generic[Form]):
    """How the numbers or dates of a column are written.

    Parameters
    ----------
    forms
        The forms and their shares of the cells, that of the bulk first.
    others
        The texts that have none of the forms, the most frequent first.
    others_share
        The share of the cells that hold them.
    dirt_share
        The same without the few words, such as ``***``, that many cells hold.
    runner_up
        The form that explains the next most cells, and its share.
    is_ambiguous
        Whether the runner-up explains as much, with other values.
    why
        One line for people.
    """

    forms: tuple[FormShare[Form], ...]
    others: tuple[str, ...]
    others_share: float
    dirt_share: float
    runner_up: FormShare[Form] | None
    is_ambiguous: bool
    why: str

    @property
    def form(self) -> Form:
        """The form of the bulk."""
        return self.forms[0].form

    def has_too_many_others(self, least_share: float) -> bool:
        """Return whether it leaves out more than a column may hold beside its bulk.

        Parameters
        ----------
        least_share
            The share of the cells that it must explain; a few frequent words do not count.
        """
        return len(self.others) > FEW_OTHERS and self.dirt_share > 1 - least_share


def filled_texts(counts: Mapping[str, int]) -> dict[str, int]:
    """Leave out the marks of absence."""
    return {text: count for text, count in counts.items() if text not in MISSING_MARKS}


def sample_texts(counts: Mapping[str, int]) -> dict[str, int]:
    """Take the most frequent texts, and others evenly spaced."""
    if len(counts) <= SAMPLE:
        return dict(counts)
    frequent = heapq.nlargest(SAMPLE // 5, counts, key=counts.__getitem__)
    return {text: counts[text] for text in (*frequent, *spread([*counts], SAMPLE))}


def are_enough(counts: Mapping[str, int], index: NDArray[np.int64], least_share: float) -> bool:
    """Return whether forms explain enough of the cells, and half as much of the distinct texts.

    Parameters
    ----------
    counts
        How many cells hold each distinct text.
    index
        The place of each text's form; -1 where none fits.
    least_share
        The share of the cells that must have a form.
    """
    cells, explained = np.array([*counts.values()]), index >= 0
    enough = cells[explained].sum() >= least_share * cells.sum()
    return bool(enough) and bool(explained.mean() >= 0.5 * least_share)


def explain(
    counts: Mapping[str, int],
    forms: Sequence[Form],
    index: NDArray[np.int64],
    ranked: Sequence[FormShare[Form]],
    *,
    differ: Callable[[Form, Form, Sequence[str]], bool],
    what: str,
) -> FormReading[Form]:
    """Say how the texts of a column are written.

    Parameters
    ----------
    counts
        How many cells hold each distinct text.
    forms
        The forms, that of the bulk first.
    index
        The place of each text's form; -1 where none fits.
    ranked
        Forms by the share of the cells that they explain.
    differ
        Tells whether two forms read the same texts as other values.
    what
        What the texts are, and in which form and range, in words.
    """
    rival = _find_rival(ranked, [*sample_texts(counts)], differ)
    cells, texts = np.array([*counts.values()]), np.array([*counts], object)
    shares = [float(cells[index == number].sum() / cells.sum()) for number in range(len(forms))]
    others = sorted(texts[index < 0].tolist(), key=lambda text: -counts[text])
    why = what
    if rival is not None:
        why += f"; {rival.form.spec} would fit as well"
    if len(forms) > 1:
        pairs = zip(forms[1:], shares[1:], strict=True)
        why += f"; some written {', '.join(f'{form.spec} ({share:.2g})' for form, share in pairs)}"
    if others:
        why += f"; {len(others)} other texts"
    return FormReading(
        forms=tuple(map(FormShare, forms, shares)),
        others=tuple(others),
        others_share=float(cells[index < 0].sum() / cells.sum()),
        dirt_share=_dirt_share([counts[text] for text in others], others, int(cells.sum())),
        runner_up=rival or (ranked[1] if len(ranked) > 1 else None),
        is_ambiguous=rival is not None,
        why=why,
    )


def _dirt_share(cells: Sequence[int], others: Sequence[str], filled: int) -> float:
    """Return the share of the cells with texts of no form, the few frequent words left out.

    Examples
    --------
    >>> _dirt_share([100, 1, 1], ["***", "1.2.3", "4.5.6"], 120)
    0.1
    """
    frequent = [
        n
        for text, n in zip(others[:FEW_OTHERS], cells, strict=False)
        if n >= FREQUENT * filled and not any(map(str.isdigit, text))
    ]
    words = sum(frequent)
    return (sum(cells) - words) / max(filled - words, 1)


def _find_rival(
    ranked: Sequence[FormShare[Form]],
    texts: Sequence[str],
    differ: Callable[[Form, Form, Sequence[str]], bool],
) -> FormShare[Form] | None:
    """Return a form that explains about the same cells as the first one, with other values."""
    first, *rest = ranked
    near = (other for other in rest if other.share >= NEARLY_AS_MANY * first.share)
    return next((other for other in near if differ(first.form, other.form, texts)), None)
