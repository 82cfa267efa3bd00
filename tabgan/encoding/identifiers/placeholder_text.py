"""Free text: placeholders of the same lengths, in the shape of the language or of filler words.

How the texts of a column look: words, lengths, capitals and full stops, without any sentence.

A text says who wrote it by its rare words: a name, a place, a disease. So only words that stand
in several texts are known; instead of all others stand words that are made of the same letters, as
long as they were. Sentences are not learned: words are drawn one by one, as often as they stood.
Phrases that several rows hold ("No comment") are known as a whole, with their shares; where they
differ by their digits alone ("Order 4711 was sent"), with other digits.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError
from tabgan.base.row_layout import RowLayout
from tabgan.encoding.column_encoders import ColumnEncoder, Encoded
from tabgan.encoding.identifiers.identifier_encoders import MissingShares
from tabgan.encoding.identifiers.identifier_makers import name_seed
from tabgan.encoding.identifiers.text_pattern import SCRIPTS, script_of
from tabgan.encoding.identifiers.unique_values import SeenValuesFilter
from tabgan.table.columns import TypedSeries
from tabgan.table.locale_words import names_of_people, without_accents
from tabgan.table.number_scale import typical_values
from tabgan.table.schema import Column

__all__ = ["LOREM", "LanguageShape", "TextEncoder", "learn_shape"]

SAMPLE = 10_000  # texts that are looked at
LEAST_TEXTS = 5  # that hold a word or phrase which is known, even where min_group is less
MOST_PHRASES = 1_000
MOST_KNOWN = 5_000  # words
MOST_MADE = 2_000
FEWEST_LETTERS = 10  # that are frequent
LONGEST_WORD = 40
SHAPED_POOL = 20_000  # words of a block; each text is a section of them
ROUNDED = 4  # decimals of shares

# Letters of scripts without blanks between words: each is a word, with the signs that belong to it.
_UNSPACED = r"\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_SIGNS = r"\u0300-\u036f\u064b-\u0652\u0900-\u0dff\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1-\u0ecd"
_LETTER = re.compile(rf"[{_UNSPACED}][{_SIGNS}]*")
_PIECE = re.compile(rf"(?:{_LETTER.pattern}|[^\s{_UNSPACED}]+)[、。，！？；：….,!?;:]*")
_CORE = re.compile(rf"\w(?:\S*[\w{_SIGNS}])?")
_TITLES = frozenset(
    ("mr", "mrs", "ms", "miss", "dr", "prof", "herr", "frau", "hr", "fr", "sr", "sra")
)
_TITLES |= {
    "srta",
    "señor",
    "señora",
    "don",
    "doña",
    "m",
    "mme",
    "mlle",
    "sig",
    "pan",
    "pani",
    "sir",
}
_END = re.compile(r"[.,;:!?…。，、；：！？؟،।]")
_STOPS = ".!?…。！？؟।"
_MARKS = ".,;:!?…。，、；：！？؟،।"
_DIGIT = re.compile(r"\d")
_SLOT = "\0"  # stands for a digit of a template: a zero could be one of the source
_SLOTS = re.compile(f"{_SLOT}+")
_VOWELS, _CONSONANTS = "aeiou", "bdfghklmnprstv"

Shares = dict[str, float]


@dataclass(frozen=True)
class LanguageShape:
    """How texts look.

    Parameters
    ----------
    phrases
        Whole texts that several rows hold, with their shares of all rows.
    templates
        Texts that several rows hold but for their digits, each written NUL, with shares.
    words
        Words with their shares of all words: those that several texts hold, and made ones.
    marks
        Shares of the words within a text that a mark follows, by mark.
    ends
        Shares of the texts that end with a mark, by mark.
    capitals
        Share of the texts that begin with a capital letter.
    uppercase
        Share of the texts that have no small letters.
    blank
        What stands between two words: nothing in scripts such as Chinese, each of whose letters
        counts as a word.
    """

    phrases: Mapping[str, float]
    templates: Mapping[str, float]
    words: Mapping[str, float]
    marks: Mapping[str, float]
    ends: Mapping[str, float]
    capitals: float
    uppercase: float
    blank: str = " "

    def __post_init__(self) -> None:
        for name in ("phrases", "templates", "words", "marks", "ends"):
            shares = [*getattr(self, name).values()]
            if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1 + len(shares) / 1e3:
                raise ValueError(f"{name} of texts must have shares from 0 to 1, together too")
        if not self.words or not (0 <= self.capitals <= 1 and 0 <= self.uppercase <= 1):
            raise ValueError("texts need words, and shares of capital letters from 0 to 1")
        longest = max(map(len, [*self.phrases, *self.templates, *self.words]))
        if longest > MOST_CHARACTERS:
            raise ValueError(f"a phrase or word has {longest} characters, over {MOST_CHARACTERS}")

    def write(self, lengths: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.object_]:
        """Write a text for each row.

        Parameters
        ----------
        lengths
            Numbers of words, where the text is no phrase, shape (rows,).
        rng
            The only source of randomness.
        """
        rows = len(lengths)
        fixed = [*self.phrases, *self.templates]
        bounds = np.cumsum([*self.phrases.values(), *self.templates.values()])
        drawn = np.searchsorted(bounds, rng.random(rows), side="right")
        made = np.empty(rows, object)
        is_free = drawn == len(fixed)
        made[is_free] = self._sentences(lengths[is_free], rng)
        made[~is_free] = [fixed[at] for at in drawn[~is_free]]
        for row in np.flatnonzero((drawn >= len(self.phrases)) & ~is_free):
            made[row] = _other_digits(made[row], rng)
        return made

    def _sentences(
        self, lengths: NDArray[np.int64], rng: np.random.Generator
    ) -> NDArray[np.object_]:
        words = self._draw(self.words, SHAPED_POOL, rng)
        after = self._draw(self.marks, SHAPED_POOL, rng)
        if self.capitals > 0.5:  # after a full stop, too
            is_first = np.concatenate([[False], np.char.find(_STOPS, after[:-1].astype(str)) >= 0])
            is_first[1:] &= after[:-1] != ""
            words[is_first] = [_capital(word) for word in words[is_first]]
        pool = (words + after).tolist()
        counts = np.clip(lengths, 1, SHAPED_POOL // 2)
        starts = rng.integers(SHAPED_POOL - counts.max(initial=1), size=len(lengths))
        lasts = self._draw(self.ends, len(lengths), rng)
        capitals, upper = (
            rng.random(len(lengths)) < share for share in (self.capitals, self.uppercase)
        )
        made = np.empty(len(lengths), object)
        for row, (start, count) in enumerate(zip(starts.tolist(), counts.tolist(), strict=True)):
            text = self.blank.join(pool[start : start + count])[: MOST_CHARACTERS - 1]
            text = text.rstrip(_MARKS) + lasts[row]
            text = _capital(text) if capitals[row] else text
            made[row] = text.upper() if upper[row] else text
        return made

    @staticmethod
    def _draw(shares: Mapping[str, float], size: int, rng: np.random.Generator) -> NDArray[Any]:
        """Draw texts by their shares; empty ones for what is left."""
        texts = np.array([*shares, ""], object)
        bounds = np.cumsum([*shares.values()])
        if bounds.size and bounds[-1] > 0.99:
            bounds = bounds / bounds[-1]
        return np.asarray(texts[np.searchsorted(bounds, rng.random(size), side="right")], object)

    def to_json(self) -> dict[str, Any]:
        """Describe the shape by JSON values."""
        lists = ("phrases", "templates", "words", "marks", "ends")
        state: dict[str, Any] = {name: [*map(list, getattr(self, name).items())] for name in lists}
        shares = {"capitals": self.capitals, "uppercase": self.uppercase}
        return {**state, **shares, "blank": self.blank}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the shape from `to_json`'s value."""
        lists = ("phrases", "templates", "words", "marks", "ends")
        shares = {name: {str(text): float(x) for text, x in state[name]} for name in lists}
        blank = str(state.get("blank", " "))[:1]
        capitals, uppercase = float(state["capitals"]), float(state["uppercase"])
        return cls(**shares, capitals=capitals, uppercase=uppercase, blank=blank)


def learn_shape(
    texts: Sequence[str], least_texts: int, seed: int
) -> tuple[LanguageShape, list[str]]:
    """Learn how texts look; return also those that are none of the phrases.

    Parameters
    ----------
    texts
        The texts, one for each row.
    least_texts
        So many texts at least must hold what is known of them.
    seed
        Seed of the words that are made.
    """
    least, rng = max(least_texts, LEAST_TEXTS), np.random.default_rng(seed)
    phrases, rest = _frequent(texts, least)
    templates, rest = _frequent([_DIGIT.sub(_SLOT, text) for text in rest], least, rest)
    shown = [text[:MOST_CHARACTERS] for text in rest[:: -(-len(rest) // SAMPLE)]] if rest else []
    is_spaced = not _are_unspaced(shown)
    read = [_Words.of(text, is_spaced=is_spaced) for text in shown]
    n_words = sum(len(words.cores) for words in read)
    within = Counter(mark for words in read for mark in words.marks if mark)
    ends = Counter(words.end for words in read if words.end)
    shape = LanguageShape(
        phrases=_shares(phrases, len(texts)),
        templates=_shares(templates, len(texts)),
        words=_words(read, least, rng),
        marks=_shares(within, n_words),
        ends=_shares({mark: n for mark, n in ends.items() if n >= least}, len(read)),
        capitals=_share(text[:1].isupper() for text in shown),
        uppercase=_share(text.isupper() for text in shown),
        blank=" " if is_spaced else "",
    )
    return shape, rest


@dataclass(frozen=True)
class _Words:
    """The words of a text, without what stands between them, and the marks after them."""

    cores: tuple[str, ...]
    marks: tuple[str, ...]  # of each word but the last; empty where there is none
    end: str

    @classmethod
    def of(cls, text: str, *, is_spaced: bool = True) -> Self:
        tokens = _split(text, is_spaced=is_spaced)
        found = [(match.group(), token) for token in tokens if (match := _CORE.search(token))]
        marks = [_mark(token) for _, token in found]
        cores = [core if is_spaced else _letter_of(token, core) for core, token in found]
        stops = zip(cores, marks[:-1], strict=False)
        begins = [True, *(m != "" and m in _STOPS and c.lower() not in _TITLES for c, m in stops)]
        plain = (
            _small(core) if first else core for core, first in zip(cores, begins, strict=False)
        )
        return cls(tuple(plain), tuple(marks[:-1]), marks[-1] if marks else "")


def _split(text: str, *, is_spaced: bool) -> list[str]:
    return text.split() if is_spaced else list(_PIECE.findall(text))


def _letter_of(token: str, core: str) -> str:
    """Return a letter with its marks, or a word of another script."""
    letter = _LETTER.match(token)
    return letter[0] if letter else core


def _are_unspaced(texts: Iterable[str]) -> bool:
    """Tell whether most letters are of scripts without blanks between words."""
    joined = "".join(text[:LONGEST_WORD] for text in texts)
    return 2 * len(_LETTER.findall(joined)) > sum(map(str.isalpha, joined))


def _mark(token: str) -> str:
    return token[-1] if _END.fullmatch(token[-1]) else ""


def _small(word: str) -> str:
    """Write the first word of a sentence as it stands elsewhere."""
    return word if word[1:2].isupper() else word[:1].lower() + word[1:]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _other_digits(text: str, rng: np.random.Generator) -> str:
    """Write other digits for those of a template; a number does not begin with zero."""

    def digits(match: re.Match[str]) -> str:
        length = len(match.group())
        return "".join(map(str, [rng.integers(1, 10), *rng.integers(0, 10, length - 1)]))

    return _SLOTS.sub(digits, text)


def _frequent(
    keys: Sequence[str], least: int, texts: Sequence[str] | None = None
) -> tuple[dict[str, int], list[str]]:
    """Return the keys that enough rows have, with their rows, and the texts of all other rows."""
    counts = Counter(key for key in keys if len(key) <= MOST_CHARACTERS)
    most = counts.most_common(MOST_PHRASES)
    frequent = {
        key: count
        for key, count in most
        if count >= least and key.strip() and not _names_someone(key)
    }
    pairs = zip(keys, texts or keys, strict=True)
    return frequent, [text for key, text in pairs if key not in frequent]


def _shares(counts: Mapping[str, int], total: int) -> Shares:
    return {text: round(count / max(total, 1), ROUNDED) for text, count in counts.items()}


def _share(flags: Iterable[bool]) -> float:
    return round(float(np.mean([*flags] or [False])), ROUNDED)


def _names_in(texts: Iterable[Sequence[str]], rows: Mapping[str, int]) -> set[str]:
    """Return the words of texts that are names of people: known, or after a title or given name.

    Parameters
    ----------
    texts
        The words of each text.
    rows
        How many texts hold each word; one that they write small, too, is no name.
    """
    firsts = names_of_people("first_names")
    known = firsts | names_of_people("last_names")
    names = set[str]()
    for words in texts:
        for before, word in zip(("", *words), words, strict=False):
            if not word[:1].isupper() or word.lower() in rows:
                continue
            after_title = before.rstrip(".").lower() in _TITLES or before.title() in firsts
            if after_title or without_accents(word).title() in known:
                names.add(word)
    return names


def _names_someone(text: str) -> bool:
    """Return whether a text holds a title and a name, or a given and a family name."""
    words = [core[0] for core in map(_CORE.search, text.split()) if core]
    firsts, lasts = names_of_people("first_names"), names_of_people("last_names")
    return any(
        word[:1].isupper()
        and (
            before.rstrip(".").lower() in _TITLES
            or (
                without_accents(before).title() in firsts and without_accents(word).title() in lasts
            )
        )
        for before, word in pairwise(words)
        if before[:1].isupper()
    )


def _words(read: Sequence[_Words], least: int, rng: np.random.Generator) -> Shares:
    """Return the words that are known, and made words for all others, with their shares."""
    rows = Counter(word for words in read for word in set(words.cores))
    counts = Counter(word for words in read for word in words.cores)
    people = _names_in([words.cores for words in read], rows)
    known = {word for word, n in rows.most_common(MOST_KNOWN) if n >= least} - people
    rare = [word for word in counts if word not in known]
    total = counts.total()
    shares = {word: count / total for word, count in counts.items() if word in known}
    maker = _WordMaker([words.cores for words in read], rare, least)
    made = maker.make(min(MOST_MADE, max(2 * len(rare), 50)) if rare or not known else 0, rng)
    left = max(1 - sum(shares.values()), 0.0)
    shares |= {word: left / len(made) for word in made}
    return {word: round(share, 7) for word, share in shares.items()}


class _WordMaker:
    """Makes words of the letters of others, none of which is one of the source's.

    Parameters
    ----------
    texts
        The words of each text.
    rare
        The words that are to be replaced.
    least
        So many texts must hold two letters that follow each other.
    """

    def __init__(self, texts: Sequence[tuple[str, ...]], rare: Sequence[str], least: int) -> None:
        pairs: Counter[str] = Counter()
        for words in texts:
            pairs.update(
                {
                    a + b
                    for word in words
                    for a, b in zip(f" {word}".lower(), word.lower(), strict=False)
                }
            )
        self._following: dict[str, list[str]] = {}
        for pair, count in sorted(pairs.items()):
            if count >= least and pair[1].isalpha():
                self._following.setdefault(pair[0], []).extend(pair[1] * min(count, 50))
        # single letters are no words that tell of anyone
        self._source = {word.casefold() for words in texts for word in words if len(word) > 1}
        self._letters = _other_letters(texts, least)
        shapes = Counter(map(_shape, rare))
        usual = {shape: n for shape, n in shapes.items() if n >= least}
        self._shapes = [*usual] or ["a" * n for n in range(3, 9)]
        weights = np.array([*usual.values()] or [1] * len(self._shapes), np.float64)
        self._weights = weights / weights.sum()

    def make(self, count: int, rng: np.random.Generator) -> list[str]:
        """Make up to so many different words.

        Parameters
        ----------
        count
            Number of words.
        rng
            The only source of randomness.
        """
        drawn = rng.choice(len(self._shapes), size=count, p=self._weights)
        words = (self._word(self._shapes[at], rng) for at in drawn)
        made = dict.fromkeys(word for word in words if word.casefold() not in self._source)
        return [*made] or (["…"] if count else [])

    def _word(self, shape: str, rng: np.random.Generator) -> str:
        letters, last = [], " "
        for place, character in enumerate(shape):
            if character == "0":
                letters.append(str(rng.integers(10)))
            elif character in "aA":
                last = self._letter(last, place, rng)
                letters.append(last.upper() if character == "A" else last)
            else:
                letters.append(character)
        return "".join(letters)

    def _letter(self, last: str, place: int, rng: np.random.Generator) -> str:
        following: Sequence[str] = self._following.get(last) or self._letters
        following = following or (_CONSONANTS, _VOWELS)[place % 2]
        return following[int(rng.integers(len(following)))]


def _other_letters(texts: Sequence[tuple[str, ...]], least: int) -> list[str]:
    """Return the letters to make words of where most of those of the texts are not Latin."""
    rows = Counter(own for words in texts for own in {*"".join(words).lower()} if own.isalpha())
    scripts = Counter[str]()
    for letter, count in rows.items():
        scripts[script_of(letter)] += count
    script = max(scripts, key=scripts.__getitem__, default="")
    if not script:
        return []
    frequent = [own for own, n in rows.items() if n >= least and script_of(own)]
    return sorted(frequent) if len(frequent) >= FEWEST_LETTERS else [*SCRIPTS[script][0]]


def _shape(word: str) -> str:
    """Write a letter for letters, 0 for digits; ASCII punctuation stands for itself."""
    kinds = (
        "0"
        if c.isdecimal()
        else c
        if c.isascii() and not c.isalpha()
        else "A"
        if c.isupper()
        else "a"
        for c in word[:LONGEST_WORD]
    )
    return "".join(kinds)


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

    They have the shape of the language (`tabgan.encoding.identifiers.placeholder_text`), or are
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
    is_spaced = not _are_unspaced(texts[:SAMPLE])
    split = (_split(text[:MOST_CHARACTERS], is_spaced=is_spaced) for text in texts)
    counts = [min(len(own), MOST_WORDS) for own in split] or [0]
    quantiles: list[float] = typical_values(counts, LENGTHS, least).tolist()
    return quantiles


def _is_short(text: str) -> bool:
    return len(text) <= SHORT


def _sentence(words: str) -> str:
    return f"{words[: MOST_CHARACTERS - 1].capitalize()}."
