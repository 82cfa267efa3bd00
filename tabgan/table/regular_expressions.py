"""Regular expressions that texts are written by: read, made an automaton, and numbered."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import SchemaError

__all__ = ["Edge", "MOST_STATES", "PatternParser", "RegularExpression"]

MOST_STATES = 2_000


MOST_NESTED = 50  # groups within each other


MORE = 8  # characters or so of * and + beyond the least


_PRINTED = "".join(map(chr, range(32, 127)))


_DIGITS = "0123456789"


_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


_CLASSES = {"d": _DIGITS, "w": f"{_DIGITS}{_LETTERS}_", "s": " "}


_CLASSES |= {k.upper(): "".join(sorted({*_PRINTED} - {*v})) for k, v in _CLASSES.items()}


Edge = tuple[str, int]  # characters (none: without one), and the state that they lead to


class AutomatonPart(NamedTuple):
    """A part that was read: the state after it, and how long its texts are at most."""

    end: int
    longest: int


class PatternParser:
    """Reads an expression into an automaton that may have several ways (Thompson's)."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text, 0, 0
        self.edges: list[list[Edge]] = []

    def refuse(self, rule: str) -> SchemaError:
        """Return the error that says what is wrong, and where."""
        return SchemaError(
            f"The regular expression {self.text!r:.120} can't be used to make texts: {rule} at "
            f"character {self.at}"
        )

    def state(self) -> int:
        """Add a state."""
        if len(self.edges) >= 4 * MOST_STATES:
            raise self.refuse("it allows too much")
        self.edges.append([])
        return len(self.edges) - 1

    def next(self) -> str:
        """Look at the next character; empty at the end."""
        return self.text[self.at : self.at + 1]

    def take(self, character: str = "") -> str:
        """Pass the next character."""
        found = self.next()
        if not found or (character and found != character):
            raise self.refuse(f"{character!r} is missing" if character else "it ends too early")
        self.at += 1
        return found

    def choice(self, start: int) -> AutomatonPart:
        """Read alternatives."""
        end, longest = self.state(), 0
        while True:
            branch, length = self.state(), 0
            self.edges[start].append(("", branch))
            while self.next() not in ("", "|", ")"):
                branch, more = self.repeated(branch)
                length += more
            self.edges[branch].append(("", end))
            longest = max(longest, length)
            if self.next() != "|":
                return AutomatonPart(end, longest)
            self.take()

    def repeated(self, start: int) -> AutomatonPart:
        """Read an item and its repetition."""
        begin = self.at
        first = self.item(start)
        least, most = self.repetition()
        after, last = self.at, self.state()
        end, ends = first.end, [start] if least == 0 else []
        for turn in range(1, (least if most is None else most) + 1):
            if turn > 1:
                end = self.again(begin, end)
            if turn >= least:
                ends.append(end)
        for state in ends:
            self.edges[state].append(("", last))
        if most is None:  # any number more
            loop = self.again(begin, last)
            self.edges[loop].append(("", last))
        self.at = after
        return AutomatonPart(last, first.longest * (least + MORE if most is None else most))

    def again(self, begin: int, start: int) -> int:
        """Read the item at a place of the expression once more."""
        self.at = begin
        return self.item(start).end

    def item(self, start: int) -> AutomatonPart:
        """Read a group, a class or a character."""
        if self.next() == "(":
            self.take()
            if self.text[self.at : self.at + 2] == "?:":
                self.at += 2
            self.depth += 1
            if self.depth > MOST_NESTED:
                raise self.refuse(f"more than {MOST_NESTED} groups are nested")
            inner = self.state()
            self.edges[start].append(("", inner))
            part = self.choice(inner)
            self.take(")")
            self.depth -= 1
            return part
        end = self.state()
        characters = self.class_() if self.next() == "[" else self.single()
        self.edges[start].append((characters, end))
        return AutomatonPart(end, 1)

    def single(self) -> str:
        """Read a character outside of a class."""
        character = self.take()
        if character == "\\":
            return self.escaped()
        if character in "?*+{":
            raise self.refuse(f"there is nothing that {character!r} could repeat")
        if character in "^$":
            raise self.refuse(f"{character!r} is not known (the whole text is meant anyway)")
        return _PRINTED if character == "." else self.literal(character)

    def escaped(self) -> str:
        """Read what follows a backslash."""
        character = self.take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character.isalnum():
            raise self.refuse(f"the escape '\\{character}' is not known")
        return self.literal(character)

    def literal(self, character: str) -> str:
        """Check that a character can be printed."""
        if not character.isprintable():
            raise self.refuse(f"{character!r} can't be printed")
        return character

    def class_(self) -> str:
        """Read a class in brackets."""
        self.take("[")
        is_negated = self.next() == "^"
        if is_negated:
            self.take()
        found: set[str] = set()
        while self.next() != "]" or not found:
            one = self.escaped() if self.take_if("\\") else self.literal(self.take())
            if self.next() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                self.take()
                other = self.escaped() if self.take_if("\\") else self.literal(self.take())
                if len(one) > 1 or len(other) > 1 or one > other:
                    raise self.refuse("a range goes backwards or has a class as its end")
                found.update(map(chr, range(ord(one), ord(other) + 1)))
            found.update(one)
        self.take("]")
        if is_negated:
            found = {*_PRINTED} - found
        if not found:
            raise self.refuse("a class is empty")
        return "".join(sorted(found))

    def take_if(self, character: str) -> bool:
        """Pass the next character if it is this one."""
        is_next = self.next() == character
        self.at += is_next
        return is_next

    def repetition(self) -> tuple[int, int | None]:
        """Read how often an item stands: least and most, None for any number."""
        character = self.next()
        bounds: tuple[int, int | None] = (1, 1)
        if character and character in "?*+":
            self.take()
            bounds = {"?": (0, 1), "*": (0, None), "+": (1, None)}[character]
        elif character == "{":
            bounds = self.braces()
        else:
            return bounds
        if self.next() and self.next() in "?*+{":
            raise self.refuse("a repetition of a repetition is not known")
        return bounds

    def braces(self) -> tuple[int, int | None]:
        """Read a repetition in braces."""
        self.take("{")
        inner, closed, _ = self.text[self.at :].partition("}")
        low, comma, high = inner.partition(",")
        numbers = [low or "0", high or low or "0"]
        if not closed or inner in ("", ",") or not all(map(_is_count, numbers)):
            raise self.refuse("a repetition is written {m}, {m,} or {m,n}")
        self.at += len(inner) + 1
        least, most = int(numbers[0]), int(numbers[1])
        if most > 1_000 or least > most:
            raise self.refuse(f"a repetition from {least} to {most} is not possible")
        return least, None if comma and not high else most


def _is_count(text: str) -> bool:
    return text.isascii() and text.isdigit()


MOST_CHARACTERS = 500  # of an expression


MOST_COUNTS = 1_000_000  # that are kept of an expression


State = tuple[bool, list[Edge]]  # may the text end, and what can follow; no two share a character


@dataclass(frozen=True)
class RegularExpression:
    r"""A regular expression whose texts are numbered.

    Raises
    ------
    SchemaError
        If it is not of the part of the language that is known, or allows too much.

    Examples
    --------
    >>> codes = RegularExpression(r"[A-C]-\d{2}")
    >>> codes.count
    300
    >>> codes.write(np.array([0, 299])).tolist()
    ['A-00', 'C-99']
    """

    text: str

    def __post_init__(self) -> None:
        _ = self.count

    @cached_property
    def _read(self) -> tuple[list[State], int]:
        """The automaton, and how long its texts are at most."""
        parser = PatternParser(self.text)
        if len(self.text) > MOST_CHARACTERS:
            raise parser.refuse(f"it is longer than {MOST_CHARACTERS} characters")
        start = parser.state()
        end, longest = parser.choice(start)
        if parser.next():
            raise parser.refuse("a ')' has no '('")
        states = list(_determined(parser, start, end))
        if longest * len(states) > MOST_COUNTS:
            raise parser.refuse("it allows too much")
        return states, longest

    @cached_property
    def _counts(self) -> list[list[int]]:
        """How many texts can follow from each state, by the characters that there may be."""
        states, longest = self._read
        counts = [[int(may_end) for may_end, _ in states]]
        for _ in range(longest):
            last = counts[-1]
            counts.append(
                [may + sum(len(chars) * last[to] for chars, to in edges) for may, edges in states]
            )
        return counts

    @property
    def count(self) -> int:
        """How many texts there are."""
        return self._counts[-1][0]

    def write(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Write the texts of whole numbers below `count`."""
        states, longest = self._read
        rest = numbers.astype(np.int64 if self.count < 2**62 else object)
        codes = np.zeros((len(rest), max(longest, 1)), np.uint32)
        rows_at = {0: np.arange(len(rest))}
        for place in range(longest):
            counts = self._counts[longest - place - 1]
            following: dict[int, list[NDArray[np.intp]]] = {}
            for state, rows in rows_at.items():
                for target, taken in _followed(states[state], rows, rest, codes[:, place], counts):
                    following.setdefault(target, []).append(taken)
            rows_at = {state: np.concatenate(parts) for state, parts in following.items()}
        return codes.view(f"U{codes.shape[1]}").ravel().astype(object)


def _followed(
    state: State,
    rows: NDArray[np.intp],
    rest: NDArray[Any],
    codes: NDArray[np.uint32],
    counts: list[int],
) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Write the next character of the rows that are at a state, and give the states after it.

    `rest`, the numbers of the texts among those that can still follow, is brought down.
    """
    may_end, edges = state
    if may_end:  # the text that ends here is the first
        rows = rows[rest[rows] > 0]
        rest[rows] -= 1
    for characters, target in edges:
        size = counts[target]
        inside = rest[rows] < len(characters) * size
        taken, rows = rows[inside], rows[~inside]
        rest[rows] -= len(characters) * size
        if len(taken):
            alphabet = np.array([*map(ord, characters)], np.uint32)
            codes[taken] = alphabet[(rest[taken] // size).astype(np.intp)]
            rest[taken] %= size
            yield target, taken


def _determined(parser: PatternParser, start: int, end: int) -> Iterator[State]:
    """Turn an automaton into one with a single way to each text (Rabin and Scott's)."""
    first = _closure(parser.edges, {start})
    numbers = {first: 0}
    queue = [first]
    for states in queue:  # grows as new ones are found
        targets: dict[str, set[int]] = {}
        for state in states:
            for characters, target in parser.edges[state]:
                for character in characters:
                    targets.setdefault(character, set()).add(target)
        together: dict[frozenset[int], list[str]] = {}
        for character in sorted(targets):
            reached = frozenset(targets[character])
            together.setdefault(reached, []).append(character)
        edges: list[Edge] = []
        for reached, alike in together.items():
            closed = _closure(parser.edges, reached)
            if closed not in numbers:
                if len(numbers) >= MOST_STATES:
                    raise parser.refuse("it allows too much")
                numbers[closed] = len(numbers)
                queue.append(closed)
            edges.append(("".join(alike), numbers[closed]))
        yield end in states, edges


def _closure(edges: list[list[Edge]], states: frozenset[int] | set[int]) -> frozenset[int]:
    """Return the states that are reached without a character."""
    reached, stack = set(states), list(states)
    while stack:
        for characters, target in edges[stack.pop()]:
            if not characters and target not in reached:
                reached.add(target)
                stack.append(target)
    return frozenset(reached)
