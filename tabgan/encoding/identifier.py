"""Identifiers: made anew and without repetition; none is learned or kept."""

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Literal, Self
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.encoding.absence import Absence
from tabgan.encoding.base import ColumnEncoder, Encoded
from tabgan.encoding.patterns import Pattern, learn_patterns
from tabgan.encoding.positions import MOST_DIGITS, Digits, Form, Rising, Varied
from tabgan.errors import DataError
from tabgan.schema import Column
from tabgan.spans import Spans
from tabgan.text_formats import pattern_of, spread

__all__ = ["IdentifierEncoder"]

Type = Literal["text", "bytes", "uuid", "number"]
Maker = Rising | Varied

SAMPLE = 10_000  # values that the number of digits is learned from

_TYPES: dict[Type, tuple[type, ...]] = {
    "text": (str,),
    "bytes": (bytes,),
    "uuid": (UUID,),
    "number": (int, float, np.integer, np.floating),
}
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}", re.ASCII)
_EMAILS = [
    Pattern((("syll", 2), ".", ("syll", 3), f"@example.{end}")) for end in ("com", "net", "org")
]
_URL = Pattern(("https://example.com/", ("syll", 5)))


def _uuid(digit: str) -> Pattern:
    """Write a random UUID: version 4, of the usual variant."""
    variant = "8-b" if digit == "hex" else "8-B"
    head = ((digit, 8), "-", (digit, 4), "-4", (digit, 3), "-")
    return Pattern((*head, (variant, 1), (digit, 3), "-", (digit, 12)))


class IdentifierEncoder(ColumnEncoder):
    """An identifier: every row gets a value of its own, by its position in the sample.

    Whole numbers that count the rows (each once without a gap) count from the same start; others
    keep their numbers of digits. Texts keep how they are written:
    common beginning, punctuation, runs of digits and letters with their lengths; e-mail and web
    addresses get reserved domains. Missing values and marks such as ``"NA"`` keep their shares.
    A number's dtype that has too few values for the rows repeats them.
    """

    name = "identifier"
    is_made = True

    def __init__(self, column: Column, values_type: Type, maker: Maker, absence: Absence) -> None:
        self.column = column
        self._type = values_type
        self._maker = maker
        self._absence = absence
        are_numbers = isinstance(maker, Rising) or any(isinstance(f, Digits) for f in maker.forms)
        if are_numbers and values_type not in {"number", "text"}:
            raise ValueError(f"identifiers of type {values_type!r} can't be made of numbers")
        if values_type == "number" and not are_numbers:
            raise ValueError("identifiers of type 'number' must be made of numbers")

    @property
    def specials(self) -> Collection[str | None]:
        """What stands for an absent value: marks, and None where one is missing."""
        return self._absence.shares.keys()

    @property
    def spans(self) -> Spans:
        """Nothing: an identifier says nothing about its row."""
        return Spans()

    @classmethod
    def fit(cls, column: Column, values: pd.Series) -> Self:
        """Learn how the identifiers are written.

        Raises
        ------
        DataError
            If the values are neither text, bytes, UUIDs nor whole numbers.
        """
        absence, given = Absence.split(values)
        if any(isinstance(value, str) for value in given):
            given = [*map(str, given)]  # a number that has strayed among texts
        values_type = _type_of(given, column)
        return cls(column, values_type, _maker(given, values_type, column), absence)

    def encode(self, values: pd.Series) -> Encoded:
        """Encode values as nothing."""
        return Encoded.empty(len(values))

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],  # noqa: ARG002
        start: int,
        rng: np.random.Generator,
    ) -> pd.Series:
        """Make the identifiers of the rows from `start` on."""
        made = self._maker.make(np.arange(start, start + len(numbers)), rng)
        return self._absence.put_into(_typed(made, self._type), self.column, rng)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        state = {"type": self._type, "absent": self._absence.to_json()}
        if isinstance(self._maker, Rising):
            return {**state, "start": self._maker.start}
        forms = [[form.to_json(), share] for form, share in self._maker.forms.items()]
        return {**state, "forms": forms, "seed": self._maker.seed}

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        bounds = _bounds(column)
        maker: Maker
        if "start" in state:
            maker = Rising(int(state["start"]), bounds)
        else:
            forms: dict[Form, float] = {
                Digits(form, bounds) if isinstance(form, int) else Pattern.from_json(form): share
                for form, share in state["forms"]
            }
            maker = Varied(forms, int(state["seed"]))
        if state["type"] not in _TYPES:
            raise ValueError(f"{state['type']!r} is not a type of identifiers")
        encoder = cls(column, state["type"], maker, Absence.from_json(state["absent"]))
        # one row shows whether maker, type and dtype go together
        encoder.decode(np.empty((1, 0)), np.empty((1, 0), np.int64), 0, np.random.default_rng(0))
        return encoder


def _type_of(given: list[Any], column: Column) -> Type:
    first: Any = given[0] if given else ""
    found = next((name for name, members in _TYPES.items() if isinstance(first, members)), None)
    for value in given:
        if found is None or not _is_of(value, found):
            raise DataError(
                f"Column {column.name!r}: an identifier is text, bytes, UUIDs or whole numbers, "
                f"all values of one type, unlike {value!r:.60} of type {type(value).__name__}; "
                "choose another kind for the column, or change the values"
            )
    return found or "text"


def _is_of(value: Any, values_type: Type) -> bool:
    fits = isinstance(value, _TYPES[values_type]) and not isinstance(value, bool)
    return fits and (values_type != "number" or bool(value % 1 == 0))


def _maker(given: list[Any], values_type: Type, column: Column) -> Maker:
    """Learn how to make values like the given ones."""
    bounds, seed = _bounds(column), _seed(column)
    if values_type == "number":
        return _number_maker([int(value) for value in given], bounds, seed)
    if values_type == "uuid":
        return Varied({_uuid("hex"): 1.0}, seed)
    texts = given if values_type == "text" else [value.decode("latin-1") for value in given]
    if values_type == "text" and all(map(_WHOLE.fullmatch, texts)):
        return _number_maker([int(text) for text in texts], bounds, seed)
    return Varied(_text_forms(list(dict.fromkeys(texts))), seed)


def _text_forms(texts: list[str]) -> Mapping[Form, float]:
    """Choose the forms that distinct texts are written in, with their shares."""
    match pattern_of(texts):
        case "uuid":
            are_upper = all(text == text.upper() for text in spread(texts, 100))
            return {_uuid("HEX" if are_upper else "hex"): 1.0}
        case "email":
            return dict.fromkeys(_EMAILS, 1 / len(_EMAILS))
        case "url":
            return {_URL: 1.0}
        case _:
            return dict(learn_patterns(texts).items())


def _number_maker(given: list[int], bounds: tuple[int, int], seed: int) -> Maker:
    low, high = min(given, default=0), max(given, default=0)
    gapless = len(set(given)) == len(given) == high - low + 1
    if (gapless or not given) and bounds[0] <= low and high <= bounds[1]:
        return Rising(low, bounds)
    most = min(MOST_DIGITS, len(str(bounds[1])))
    counts: Counter[int] = Counter()
    for number in spread(given, SAMPLE):
        count = min(len(str(abs(number))), most)
        counts[count if number >= 0 else -count] += 1
    return Varied({Digits(n, bounds): c / counts.total() for n, c in counts.items()}, seed)


def _bounds(column: Column) -> tuple[int, int]:
    """Lowest and highest whole number that may be made for a column."""
    dtype = column.pandas_dtype
    dtype = getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype))
    kind = getattr(dtype, "kind", "O")
    if kind in "iu":
        return int(np.iinfo(dtype).min), int(np.iinfo(dtype).max)
    most = 2 ** (np.finfo(dtype).nmant + 1) if kind == "f" else 10**MOST_DIGITS - 1
    return -most, most


def _seed(column: Column) -> int:
    """Derive a seed from the column's name alone."""
    return int.from_bytes(hashlib.sha256(ascii(column.name).encode()).digest()[:4])


def _typed(made: NDArray[Any], values_type: Type) -> NDArray[Any]:
    """Turn whole numbers and texts into values of a type."""
    match values_type:
        case "text":
            return made.astype(str).astype(object)
        case "bytes":
            return np.char.encode(made.astype(str), "ascii").astype(object)
        case "uuid":
            return np.array([*map(UUID, made)], object)
        case _:
            return made
