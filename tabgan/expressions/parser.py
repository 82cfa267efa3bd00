"""Reading a regular expression into an automaton (Thompson's construction)."""

from typing import NamedTuple

from tabgan.errors import SchemaError

__all__ = ["MOST_STATES", "Edge", "PatternParser"]

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
