"""Free text: placeholders of the same lengths, in the shape of the language or of filler words."""

from collections.abc import Collection, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoder import ColumnEncoder, Encoded
from tabgan.encoding.identifiers.identifier import MissingShares
from tabgan.encoding.identifiers.language_shape import LanguageShape, learn_shape
from tabgan.encoding.identifiers.makers import name_seed
from tabgan.encoding.identifiers.seen_values_filter import SeenValuesFilter
from tabgan.table.columns import TypedSeries
from tabgan.table.schema import Column
from tabgan.table.tails import typical_values

__all__ = ["LOREM", "TextEncoder"]

LOREM = "lorem"  # format of a column whose placeholders are filler words
LENGTHS = 21  # quantiles of the number of words that are kept
MOST_WORDS = 400
MOST_CHARACTERS = 2_000  # of a made text
SHORT = 60  # characters of a text that may be made by accident
ATTEMPTS = 12  # to make another one
WORDS = 6  # of a text if they fail
POOL = 5_000  # filler words of a block; each text is a section of one

_FILLER = (
    "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt "
    "ut labore et dolore magna aliqua enim ad minim veniam quis nostrud exercitation ullamco "
    "laboris nisi aliquip ex ea commodo consequat duis aute irure in reprehenderit voluptate "
    "velit esse cillum eu fugiat nulla pariatur excepteur sint occaecat cupidatat non "
    "proident sunt culpa qui officia deserunt mollit anim id est laborum"
)


class TextEncoder(ColumnEncoder):
    """Free text: placeholders with the column's numbers of words.

    They have the shape of the language (`tabgan.encoding.identifiers.language_shape`), or are
    sentences of filler words where the column's format is ``"lorem"``. Of the texts are kept 21
    quantiles of their numbers of words, the shape, and the shares of missing values and of marks
    such as ``"NA"``. A made text has at most 2,000 characters.
    """

    name = "text"

    def __init__(
        self,
        column: Column,
        words: Sequence[float],
        absence: MissingShares,
        shape: LanguageShape | None = None,
        seen: SeenValuesFilter | None = None,
    ) -> None:
        self.column = column
        self._shape = shape
        self._seen = seen
        self._words = [float(count) for count in words]
        self._absence = absence
        if not 0 < len(words) <= LENGTHS or not all(0 <= n <= MOST_WORDS for n in self._words):
            raise ValueError(f"a text has from 0 to {MOST_WORDS} words, not {words!r}")

    @property
    def specials(self) -> Collection[str | None]:
        """What stands for an absent value: marks, and None where one is missing."""
        return self._absence.shares.keys()

    @property
    def spans(self) -> RowLayout:
        """Nothing: free text is not learned."""
        return RowLayout()

    @classmethod
    def fit(cls, cells: TypedSeries) -> Self:
        """Learn how many words the texts have, and how they look.

        Raises
        ------
        DataError
            If a value is not text.
        """
        column = cells.column
        absence, given = MissingShares.split(cells.values)
        odd = next((value for value in given if not isinstance(value, str)), None)
        if odd is not None:
            raise DataError(
                f"Column {column.name!r}: the value {odd!r:.60} of type {type(odd).__name__} is "
                "not text; choose another kind for the column, or convert it with .astype(str)",
                on_command_line=f"Column {column.name!r}: the value {odd!r:.60} is not text; "
                f"choose another kind for the column, as in --kind {column.name}=categorical",
            )
        if column.format == LOREM:
            return cls(column, _word_counts(given, column.least_rows), absence)
        shape, rest = learn_shape(given, column.least_rows, name_seed(column))
        short = [text for text in rest if _is_short(text)]
        seen = SeenValuesFilter.of(short) if short else None
        return cls(column, _word_counts(rest or given, column.least_rows), absence, shape, seen)

    def encode(self, cells: TypedSeries) -> Encoded:
        """Encode values as nothing."""
        return Encoded.empty(len(cells.values))

    def decode(
        self,
        numbers: NDArray[np.float64],
        codes: NDArray[np.int64],  # noqa: ARG002
        start: int,  # noqa: ARG002
        rng: np.random.Generator,
        key: int = 0,  # noqa: ARG002
    ) -> pd.Series:
        """Make a placeholder text for every row.

        Parameters
        ----------
        numbers
            Probabilities in [0, 1], shape (rows, numbers of `spans`).
        codes
            Level codes, shape (rows, level spans of `spans`).
        start
            Position of the first row in the whole sample.
        rng
            The only source of randomness.
        key
            Chooses the order of generated values; one for all blocks of a sample.
        """
        rows = len(numbers)
        if self._shape is not None:
            return self._absence.put_into(self._written(self._shape, rows, rng), self.column, rng)
        words = np.array(_FILLER.split())
        pool = words[rng.integers(len(words), size=POOL)]
        text = " ".join(pool)
        ends = np.cumsum(np.char.str_len(pool) + 1) - 1  # of each word, within the pool's text
        starts = np.concatenate([[0], ends[:-1] + 1])
        counts = self._lengths(rows, rng)
        first = rng.integers(POOL - MOST_WORDS, size=rows)
        last = first + np.maximum(counts, 1) - 1
        sections = zip(starts[first].tolist(), ends[last].tolist(), strict=True)
        made = np.array([_sentence(text[a:b]) for a, b in sections], object)
        return self._absence.put_into(made, self.column, rng)

    def _written(
        self, shape: LanguageShape, rows: int, rng: np.random.Generator
    ) -> NDArray[np.object_]:
        """Write texts in the shape of the language, none of which is a short one of the table."""
        made = shape.write(self._lengths(rows, rng), rng)
        if self._seen is None:
            return made
        again = np.arange(rows)
        for attempt in range(ATTEMPTS):
            texts = [str(text) for text in made[again]]
            short = [_is_short(text) and text not in shape.phrases for text in texts]
            again = again[self._seen.may_hold(texts) & np.array(short, np.bool_)]
            if not len(again):
                break
            made[again] = shape.write(self._lengths(len(again), rng) + attempt, rng)
        else:  # a shape of hardly any other texts
            words = rng.choice(_FILLER.split(), (len(again), WORDS))
            made[again] = [_sentence(" ".join(own)) for own in words]
        return made

    def _lengths(self, rows: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Draw numbers of words."""
        grid = np.linspace(0, 1, len(self._words))
        return np.rint(np.interp(rng.random(rows), grid, self._words)).astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        """Describe the encoder by JSON values."""
        shape = {} if self._shape is None else {"shape": self._shape.to_json()}
        seen = {} if self._seen is None else {"seen": self._seen.to_json()}
        return {"words": self._words, "absent": self._absence.to_json(), **shape, **seen}

    @classmethod
    def from_json(cls, column: Column, state: dict[str, Any]) -> Self:
        """Rebuild an encoder from `to_json`'s value.

        Parameters
        ----------
        column
            What the column is.
        state
            What `to_json` returned.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        absence, written = MissingShares.from_json(state["absent"]), state.get("shape")
        shape = None if written is None else LanguageShape.from_json(written)
        held = state.get("seen")
        seen = None if held is None else SeenValuesFilter.from_json(held)
        encoder = cls(column, state["words"], absence, shape, seen)
        # one row shows whether the dtype can hold text
        encoder.decode(np.empty((1, 0)), np.empty((1, 0), np.int64), 0, np.random.default_rng(0))
        return encoder


def _word_counts(texts: Sequence[str], least: int) -> list[float]:
    """Return typical numbers of words of groups of texts."""
    # a text of some megabytes is not split, only its beginning
    counts = [min(len(text[:MOST_CHARACTERS].split()), MOST_WORDS) for text in texts] or [0]
    quantiles: list[float] = typical_values(counts, LENGTHS, least).tolist()
    return quantiles


def _is_short(text: str) -> bool:
    return len(text) <= SHORT


def _sentence(words: str) -> str:
    return f"{words[: MOST_CHARACTERS - 1].capitalize()}."
