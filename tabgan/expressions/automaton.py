"""A regular expression as a finite automaton, and the texts that it numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabgan.expressions.parser import MOST_STATES, Edge, PatternParser

__all__ = ["RegularExpression"]

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
