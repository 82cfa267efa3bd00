"""Private columns of levels: released by a stability-based histogram of noisy counts.

A stability-based histogram (Korolova et al., 2009; Wilkins et al., 2024): values that occur are
counted with noise, and those whose noisy count reaches a threshold are kept. The threshold is so
high that a value of one row alone reaches it with a probability of at most δ′.
"""

import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from tabgan.base.errors import OptionError, PrivacyWarning
from tabgan.encoding.categorical import CategoricalEncoder, LevelTable
from tabgan.encoding.column_encoder import ColumnEncoder
from tabgan.encoding.identifiers.identifier import IdentifierEncoder
from tabgan.encoding.identifiers.personal_names import locale_of
from tabgan.encoding.identifiers.placeholder_text import LOREM, TextEncoder
from tabgan.fitting.private.histogram_features import ColumnSummary, level_block
from tabgan.fitting.private.noisy_counts import NoisyCounter
from tabgan.table.columns import TypedSeries
from tabgan.table.level_codes import as_objects, codes_of, dense, distinct_of
from tabgan.table.locale_words import vocabulary
from tabgan.table.regular_expressions import RegularExpression
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column, expression_of

__all__ = [
    "OTHER",
    "frequent_levels",
    "frequent",
    "identifier_encoder",
    "learn_levels",
    "threshold",
]

_PATTERNS = {  # how values are written that no value is looked at for
    "email": ["someone@example.com"],
    "iban": ["DE89370400440532013000"],
    "text": ["lorem ipsum dolor sit amet", "lorem ipsum dolor sit amet consectetur adipiscing"],
    "uuid": ["6ba7b810-9dad-41d1-80b4-00c04fd430c8"],
}
_WORDS = {"phone": "phone_number"}  # kinds whose vocabulary has another name
EXAMPLES = 50
OTHER = "other"  # stands for the texts that too few rows hold
LEFT = 2.0  # times the noise that the rows of all other values must have to be some
_EXACT = {str, int, bool, bytes, type(None), type(pd.NaT), type(pd.NA)}  # equal: written alike
Ints = NDArray[np.int64]


def threshold(sigma: float, delta: float) -> int:
    """Return the noisy count that a value of one row reaches with at most a probability of delta.

    Parameters
    ----------
    sigma
        Standard deviation of the noise.
    delta
        The probability.

    Examples
    --------
    >>> threshold(10.0, 1e-6)
    50
    """
    # the discrete Gaussian reaches T - 1 no oftener than the continuous one T - 2
    return math.ceil(2 + sigma * float(norm.isf(delta)))


def frequent(noisy: NDArray[np.int64], sigma: float, delta: float) -> list[int]:
    """Return the places of the counts that reach the threshold.

    Parameters
    ----------
    noisy
        Noisy counts.
    sigma
        Standard deviation of their noise.
    delta
        Probability with which a count of one row reaches the threshold.
    """
    return [int(place) for place in np.flatnonzero(noisy >= threshold(sigma, delta))]


def identifier_encoder(column: Column) -> ColumnEncoder:
    """Make the encoder of a column from its kind, dtype and locale; no value is missing then."""
    if column.kind == "text":
        column = replace(column, format=LOREM)  # the shape of a language is one of the texts
    examples = pd.Series(_examples(column), dtype=object)
    encoder = TextEncoder if column.kind == "text" else IdentifierEncoder
    return encoder.fit(TypedSeries(column, examples))


def _examples(column: Column) -> list[str]:
    expression = expression_of(column.kind)
    if expression is not None:
        return [str(text) for text in RegularExpression(expression).write(np.array([0]))]
    if column.kind in ("identifier", "key", "sequential"):
        return []
    if column.kind in _PATTERNS:
        return _PATTERNS[column.kind]
    words = vocabulary(locale_of(column), _WORDS.get(column.kind, column.kind))
    return list(words[:EXAMPLES])


def learn_levels(
    column: Column,
    values: pd.Series,
    counter: NoisyCounter,
    part: int,
    *,
    n_rows: int,
    delta: float,
) -> tuple[Column, ColumnSummary]:
    """Make the encoder of a column of levels; arguments are those of `learn_column`.

    The levels are those that the dtype names, or else those that enough rows hold. A column of
    texts without such levels becomes an identifier, whose values are generated.
    """
    levels = _declared_levels(column)
    if levels is None:
        levels = frequent_levels(column, values, counter, part, n_rows=n_rows, delta=delta)
    if not levels:
        return _unnamed(column)
    other = next((place for place, level in enumerate(levels) if level == OTHER), None)
    return column, ColumnSummary(
        CategoricalEncoder(column, LevelTable(levels)),
        lambda values: level_block(_codes(values, levels, other), len(levels)),
    )


def _declared_levels(column: Column) -> list[Scalar] | None:
    """Return the levels that the dtype names, and None for missing where it can be."""
    dtype = column.pandas_dtype
    dtype = dtype.subtype if isinstance(dtype, pd.SparseDtype) else dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return [*dtype.categories.tolist(), None]
    if pd.api.types.is_bool_dtype(dtype):
        return [False, True] if isinstance(dtype, np.dtype) else [False, True, None]
    return None


def frequent_levels(
    column: Column,
    values: pd.Series,
    counter: NoisyCounter,
    part: int,
    *,
    n_rows: int,
    delta: float,
) -> list[Scalar]:
    """Return the values that enough rows hold, and `OTHER` where texts have further values.

    Parameters are those of `learn_column`.

    Returns
    -------
    An empty list for texts of which no value is held by enough rows.

    Raises
    ------
    OptionError
        If a column of other values has none that enough rows hold.
    """
    codes, occurring = _written(values)
    counts = np.bincount(codes, minlength=len(occurring))
    noisy = counter.measure("values", counts, part, at_once=True)
    sigma = counter.sigma("values", at_once=True)
    places = frequent(noisy, sigma, delta)
    levels = _in_order([from_json_scalar(json.loads(occurring[place])) for place in places])
    dtype = column.pandas_dtype
    holds_text = dtype == np.dtype(object) or pd.api.types.is_string_dtype(dtype)
    if holds_text and not levels:
        return []
    if not levels:
        raise OptionError(
            f"epsilon: column {column.name!r} has no value that enough rows hold to be given away "
            f"({threshold(sigma, delta):,} or more are seen); leave the column out, declare "
            "another kind, or raise epsilon"
        )
    rest = n_rows - int(noisy[places].sum())
    if holds_text and OTHER not in levels and rest > LEFT * sigma * (len(levels) + 1) ** 0.5:
        missing = [None] * (None in levels)
        return [level for level in levels if level is not None] + [OTHER] + missing
    return levels


def _written(values: pd.Series) -> tuple[Ints, list[str]]:
    """Return the values that occur as JSON, in order, and which of them each row has.

    Equal values may differ in how they are written: 1.0 and 1.00, 0.0 and -0.0, one moment in two
    time zones. Each counts for itself; or which of them is given away would be the first row's
    to say.
    """
    values = dense(values)
    if _is_exact(values):
        found, levels = distinct_of(values)
        texts = as_objects([*map(_text, levels), _text(None)])[found]  # the last one is that of -1
    else:
        missing = values.isna().to_numpy(bool)
        cells = zip(values.to_numpy(object), missing, strict=True)
        texts = as_objects([_text(None if is_missing else cell) for cell, is_missing in cells])
    codes, occurring = pd.factorize(texts, sort=True)
    return codes.astype(np.int64), occurring.tolist()


def _is_exact(values: pd.Series) -> bool:
    """Say whether values of a column that are equal and of one type are written alike."""
    if values.dtype == np.dtype(object):
        return set(map(type, values.to_numpy(object))) <= _EXACT
    return values.dtype.kind != "f" and not isinstance(values.dtype, pd.IntervalDtype)


def _text(level: Scalar) -> str:
    return json.dumps(to_json_scalar(level))


def _in_order(levels: Sequence[Scalar]) -> list[Scalar]:
    """Sort levels by themselves: their order among all values could depend on a secret one.

    Of equal levels the first stays.
    """
    return codes_of(pd.Series(as_objects(levels), dtype=object))[1]


def _codes(values: pd.Series, known: Sequence[Scalar], other: int | None) -> Ints:
    """Return the level of each value; -1 where there is none, and none stands for the rest."""
    places = {(type(level), level): place for place, level in enumerate(known)}
    found, occurring = distinct_of(values)
    rest = -1 if other is None else other
    codes = [places.get((type(level), level), rest) for level in occurring]
    missing = places.get((type(None), None), -1)
    return np.array([*codes, missing], np.int64)[found]


def _unnamed(column: Column) -> tuple[Column, ColumnSummary]:
    """Turn a column of texts of which none may be released into an identifier."""
    column = replace(column, kind="identifier", why="text, of which no value is in enough rows")
    warnings.warn(
        f"Column {column.name!r}: no value is held by enough rows to be given away; it is "
        "generated, as numbers. If it holds names or the like, declare what to generate: a kind "
        "such as 'name', 'text' or 'regex:[A-Z]{2}[0-9]{6}'",
        PrivacyWarning,
        stacklevel=2,
    )
    return column, ColumnSummary(
        identifier_encoder(column), lambda values: np.zeros((len(values), 0), np.int64)
    )
