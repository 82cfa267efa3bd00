"""A regular expression as a finite automaton without cycles, and the texts that it numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tabgan.expressions.parser import MOST_STATES, Edge, Parser

__all__ = ["Expression"]

MOST_CHARACTERS = 500  # of an expression


@dataclass(frozen=True)
class Expression:
    r"""A regular expression whose texts are numbered.

    Raises
    ------
    SchemaError
        If it is not of the part of the language that is known, or allows too much.

    Examples
    --------
    >>> codes = Expression(r"[A-C]-\d{2}")
    >>> codes.count
    300
    >>> codes.write(np.array([0, 299])).tolist()
    ['A-00', 'C-99']
    """

    text: str

    def __post_init__(self) -> None:
        _ = self.count

    @cached_property
    def states(self) -> list[tuple[bool, list[Edge]]]:
        """Of each state of the automaton: may the text end, and what can follow.

        No two edges of a state share a character; the first state is the start.
        """
        parser = Parser(self.text)
        if len(self.text) > MOST_CHARACTERS:
            raise parser.refuse(f"it is longer than {MOST_CHARACTERS} characters")
        start = parser.state()
        end = parser.choice(start)
        if parser.next():
            raise parser.refuse("a ')' has no '('")
        return list(_determined(parser, start, end))

    @cached_property
    def order(self) -> list[int]:
        """The states, each before those that it leads to."""
        done: dict[int, None] = {}
        stack = [(0, False)]
        while stack:
            state, is_left = stack.pop()
            if is_left:
                done[state] = None
            elif state not in done:
                stack.append((state, True))
                stack += [(target, False) for _, target in self.states[state][1]]
        return [*reversed(done)]

    @cached_property
    def counts(self) -> list[int]:
        """How many texts can follow from each state."""
        counts = [0] * len(self.states)
        for state in reversed(self.order):
            may_end, edges = self.states[state]
            counts[state] = may_end + sum(len(chars) * counts[to] for chars, to in edges)
        return counts

    @property
    def count(self) -> int:
        """How many texts there are."""
        return self.counts[0]

    @cached_property
    def longest(self) -> int:
        """Characters of the longest text."""
        lengths = [0] * len(self.states)
        for state in reversed(self.order):
            lengths[state] = max((1 + lengths[to] for _, to in self.states[state][1]), default=0)
        return lengths[0]

    def write(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Write the texts of numbers below `count`, of dtype int64 or object."""
        rest = numbers.copy()
        codes = np.zeros((len(rest), max(self.longest, 1)), np.uint32)
        length = np.zeros(len(rest), np.int64)
        rows_at: dict[int, list[NDArray[np.intp]]] = {0: [np.arange(len(rest))]}
        for state in self.order:
            rows = np.concatenate(rows_at.pop(state, [np.empty(0, np.intp)]))
            may_end, edges = self.states[state]
            if may_end:  # the text that ends here is the first
                rows = rows[rest[rows] > 0]
                rest[rows] -= 1
            for characters, target in edges:
                size = self.counts[target]
                inside = rest[rows] < len(characters) * size
                taken = rows[inside]
                rows = rows[~inside]
                rest[rows] -= len(characters) * size
                index = (rest[taken] // size).astype(np.intp)
                codes[taken, length[taken]] = np.array([*map(ord, characters)], np.uint32)[index]
                rest[taken] %= size
                length[taken] += 1
                rows_at.setdefault(target, []).append(taken)
        return codes.view(f"U{codes.shape[1]}").ravel().astype(object)


def _determined(parser: Parser, start: int, end: int) -> Iterator[tuple[bool, list[Edge]]]:
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
