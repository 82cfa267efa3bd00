"""A small language of arithmetic over columns, for formulas.

Numbers, columns (``net``, or in backticks, with two for one within), ``+ - * /``, parentheses, and
``abs(x)``, ``min(x, y, …)``, ``max(x, y, …)``, ``round(x)`` and ``round(x, digits)``.

An expression is parsed into a program in postfix order, run by a stack of arrays: nothing of
Python is evaluated, and what can be written is what is listed here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from math import isfinite
from typing import Any, NamedTuple, NoReturn

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import OptionError

__all__ = ["ArithmeticExpression", "quoted"]

LONGEST = 10_000  # characters
DEEPEST = 50  # parentheses, signs and functions within each other
MOST_DIGITS = 15

Floats = NDArray[np.float64]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[^\W\d]\w*)"
    r"|`(?P<quoted>(?:[^`]|``)+)`|(?P<sign>[-+*/(),])|(?P<end>\Z))"
)
_BARE = re.compile(r"[^\W\d]\w*")
_OPERATORS: dict[str, Callable[..., Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "negative": np.negative,
    "abs": np.abs,
    "round": np.round,
    "min": lambda *values: reduce(np.minimum, values),
    "max": lambda *values: reduce(np.maximum, values),
}
_ARGUMENTS = {"abs": (1, 1), "round": (1, 2), "min": (2, 99), "max": (2, 99)}


class _Step(NamedTuple):
    """Puts a number or a column on the stack, or applies an operator to the topmost values."""

    what: str  # "number", "column" or a key of _OPERATORS
    value: Any = None  # the number, the column's name, or how many values the operator takes


class _Token(NamedTuple):
    kind: str
    text: str
    place: int


@dataclass(frozen=True)
class ArithmeticExpression:
    """Arithmetic over columns, parsed.

    Raises
    ------
    OptionError
        If the text is no expression; the message says where and why.

    Examples
    --------
    >>> expression = ArithmeticExpression("(net + tax) * -2")
    >>> expression.names
    ('net', 'tax')
    >>> expression.evaluate({"net": np.array([1.0, 2.0]), "tax": np.array([0.5, 0.5])}).tolist()
    [-3.0, -5.0]
    """

    text: str
    program: tuple[_Step, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.text, str) or len(self.text) > LONGEST:
            raise OptionError(
                f"expression={self.text!r:.80} must be text of at most {LONGEST} characters"
            )
        object.__setattr__(self, "program", tuple(_Parser(self.text).parse()))

    @property
    def names(self) -> tuple[str, ...]:
        """The columns that it reads, each once."""
        return tuple(dict.fromkeys(step.value for step in self.program if step.what == "column"))

    def evaluate(self, columns: Mapping[str, Floats]) -> Floats:
        """Compute the value of each row; infinite or nan where it has none, as in 1 / 0.

        Parameters
        ----------
        columns
            The numbers of each column of `names`, at least one, all of the same shape.
        """
        stack: list[Any] = []
        with np.errstate(all="ignore"):
            for what, value in self.program:
                if what == "number":
                    stack.append(value)
                elif what == "column":
                    stack.append(columns[value])
                else:
                    arguments = stack[-value:]
                    del stack[-value:]
                    stack.append(_OPERATORS[what](*arguments))
        result: Floats = np.array(stack[0], np.float64)
        return result


def quoted(name: str) -> str:
    """Write a column's name as it stands in an expression.

    Examples
    --------
    >>> quoted("net"), quoted("unit price")
    ('net', '`unit price`')
    """
    return name if _BARE.fullmatch(name) else f"`{name.replace('`', '``')}`"


class _Parser:
    """Recursive descent over the tokens of a text; each method returns steps."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._depth = 0
        self._token = self._read(0)

    def parse(self) -> list[_Step]:
        steps = self._sum()
        if self._token.kind != "end":
            self._refuse(f"{self._token.text!r} is one too many")
        if not any(step.what == "column" for step in steps):
            self._refuse("there is no column in it")
        return steps

    def _read(self, place: int) -> _Token:
        match = _TOKEN.match(self._text, place)
        if match is None or match.lastgroup is None:
            rest = self._text[place:].lstrip()
            self._refuse(f"{rest[:10]!r} can't be read", len(self._text) - len(rest))
        self._next = match.end()
        kind = match.lastgroup
        return _Token(kind, match[kind], match.start(kind))

    def _take(self) -> _Token:
        token = self._token
        self._token = self._read(self._next)
        return token

    def _takes(self, *signs: str) -> str | None:
        """Take one of some signs if it is next."""
        if self._token.kind == "sign" and self._token.text in signs:
            return self._take().text
        return None

    def _sum(self) -> list[_Step]:
        steps = self._product()
        while sign := self._takes("+", "-"):
            steps += [*self._product(), _Step(sign, 2)]
        return steps

    def _product(self) -> list[_Step]:
        steps = self._factor()
        while sign := self._takes("*", "/"):
            steps += [*self._factor(), _Step(sign, 2)]
        return steps

    def _factor(self) -> list[_Step]:
        self._depth += 1
        if self._depth > DEEPEST:
            self._refuse(f"it is nested more than {DEEPEST} deep")
        if self._takes("-"):
            steps = [*self._factor(), _Step("negative", 1)]
        elif self._takes("("):
            steps = self._sum()
            self._close()
        else:
            steps = self._operand()
        self._depth -= 1
        return steps

    def _operand(self) -> list[_Step]:
        token = self._token
        if token.kind not in ("number", "name", "quoted"):
            what = repr(token.text) if token.text else "the end"
            self._refuse(f"a number, a column or '(' is expected instead of {what}")
        self._take()
        if token.kind == "number":
            if not isfinite(float(token.text)):
                self._refuse(f"{token.text[:20]} is too large", token.place)
            return [_Step("number", float(token.text))]
        if token.kind == "name" and self._takes("("):
            return self._call(token)
        name = token.text.replace("``", "`") if token.kind == "quoted" else token.text
        return [_Step("column", name)]

    def _call(self, function: _Token) -> list[_Step]:
        if function.text not in _ARGUMENTS:
            known = ", ".join(_ARGUMENTS)
            self._refuse(f"{function.text!r} is no function; there are {known}", function.place)
        least, most = _ARGUMENTS[function.text]
        arguments = [self._sum()]
        while self._takes(","):
            arguments.append(self._sum())
        self._close()
        if not least <= len(arguments) <= most:
            wanted = f"{least}" if least == most else f"{least} to {most}"
            self._refuse(
                f"{function.text} takes {wanted} arguments, not {len(arguments)}", function.place
            )
        if function.text == "round":
            return self._round(arguments, function)
        steps = [step for argument in arguments for step in argument]
        return [*steps, _Step(function.text, len(arguments))]

    def _round(self, arguments: Sequence[list[_Step]], function: _Token) -> list[_Step]:
        value, *digits = arguments
        if not digits:
            return [*value, _Step("round", 1)]
        count = digits[0][0].value
        is_count = [step.what for step in digits[0]] == ["number"] and count in range(
            MOST_DIGITS + 1
        )
        if not is_count:
            self._refuse(
                f"round's digits must be a whole number from 0 to {MOST_DIGITS}", function.place
            )
        return [*value, _Step("number", int(count)), _Step("round", 2)]

    def _close(self) -> None:
        if not self._takes(")"):
            what = repr(self._token.text) if self._token.text else "the end"
            self._refuse(f"')' is expected instead of {what}")

    def _refuse(self, why: str, place: int | None = None) -> NoReturn:
        at = self._token.place if place is None else place
        raise OptionError(
            f"expression {self._text!r:.200}, character {at + 1}: {why}; an expression is made of "
            "numbers, columns (`in backticks` if they are no plain words), + - * / ( ) and "
            "abs, min, max, round"
        )
