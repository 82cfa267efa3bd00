"""Numbers that are computed: by a formula in a small language, or from a count of steps.

A small language of arithmetic over columns, for formulas.

Numbers, columns (``net``, or in backticks, with two for one within), ``+ - * /``, parentheses, and
``abs(x)``, ``min(x, y, …)``, ``max(x, y, …)``, ``round(x)`` and ``round(x, digits)``.

An expression is parsed into a program in postfix order, run by a stack of arrays: nothing of
Python is evaluated, and what can be written is what is listed here.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from math import isfinite
from typing import Any, ClassVar, NamedTuple, NoReturn, Self

import numpy as np
from numpy.typing import NDArray

from tabgan.base.errors import OptionError
from tabgan.rules.base_rules import Dependency, share_of_rows
from tabgan.table.columns import (
    EXACT,
    ColumnFrame,
    ColumnRef,
    TypedSeries,
    level_key,
    numbers_to_series,
    replaced,
    with_cells,
    without,
    write_column,
)
from tabgan.table.number_scale import clip_to_range
from tabgan.table.numbers import Numbers
from tabgan.table.scalars import Scalar, from_json_scalar, to_json_scalar
from tabgan.table.schema import Column

__all__ = ["ArithmeticExpression", "FormulaDependency", "MultiplesDependency", "compute", "quoted"]

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


SECANTS = 12  # steps in solving for a source


@dataclass(frozen=True)
class FormulaDependency(Dependency):
    """The target is the value of an expression of the sources; missing where one of them is.

    Parameters
    ----------
    sources
        The columns of the expression, in the order of its names.
    target
        The column that is computed.
    expression
        How it is computed.
    special
        What the target is where a source is missing.
    complete
        Whether it has to be a number in every row.
    exact
        Whether the result stands as it is, even beyond the range of the training table.
    yielding
        Numbers of the sources that may change to bring the result into that range.
    exceptions
        Share of the rows of the training table that break it; no drawn row does.
    """

    name: ClassVar[str] = "computed"
    sources: tuple[ColumnRef, ...]
    target: ColumnRef
    expression: ArithmeticExpression
    special: Scalar = None
    complete: bool = False
    exact: bool = False
    yielding: tuple[int, ...] = ()
    exceptions: float = 0.0

    def __post_init__(self) -> None:
        if len(self.sources) != len(self.expression.names):
            raise ValueError("computed: a source is needed for each name of the expression")
        if not 0 <= self.exceptions < 1:
            raise ValueError("computed: the share of exceptions must be from 0 to 1")

    @classmethod
    def of(
        cls,
        sources: Sequence[ColumnRef],
        target: ColumnRef,
        expression: ArithmeticExpression,
        table: ColumnFrame,
        *,
        exact: bool = False,
        yielding: tuple[int, ...] = (),
        exceptions: float = 0.0,
    ) -> Self | None:
        """Describe a formula that holds; None where the target is there without all sources."""
        result = compute(expression, [table[at].numbers for at, _ in sources])
        own = table[target.position].numbers
        specials = list({level_key(value): value for value in own.special[~own.present]}.values())
        if not np.array_equal(result.present, own.present) or len(specials) > 1:
            return None
        complete = bool(own.present.all())
        special = next(iter(specials), None)
        known = tuple(sources), target, expression, special, complete, exact, yielding
        return cls(*known, exceptions)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (*(source.position for source in self.sources), self.target.position)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.target} = {self.expression.text}{share_of_rows(self.exceptions)}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Leave the target out."""
        return without(table, [self.target.position])

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Compute the target, rounded to its decimals and kept in its range unless it is exact.

        Where all sources are present but the expression has no value, as in 1 / 0, the target
        is as if one were missing, or 0 if it has to be a number.
        """
        at, column = self.target
        for place in self.yielding:
            table = self._with_yielding(table, place)
        read = [table[source.position].numbers for source in self.sources]
        result = compute(self.expression, read)
        present = result.present | self.complete
        special = np.full(len(present), None, object)
        special[~present] = self.special
        written = replace(column, minimum=None, maximum=None) if self.exact else column
        values = numbers_to_series(result.values, special, written, present)
        return with_cells(table, {at: TypedSeries(column, values)})

    def _with_yielding(self, table: ColumnFrame, place: int) -> ColumnFrame:
        """Change one source in the rows whose result is out of range, where that helps."""
        source, column = self.sources[place], self.target.column
        read = [table[other.position].numbers for other in self.sources]
        result = compute(self.expression, read)
        low, high = _ends(column)
        wrong = result.present & ((result.values < low) | (result.values > high))
        if not wrong.any():
            return table
        rows = np.flatnonzero(wrong)
        part = [numbers.take(rows) for numbers in read]
        old, wanted = part[place], result.values[rows].clip(low, high)
        solved = self._solved(part, place, wanted)
        moved = _moved(old, np.nan_to_num(solved), source.column)
        part[place] = moved.numbers
        after = compute(self.expression, part)
        away = np.abs(after.values - after.values.clip(low, high))
        helped = after.present & (away < np.abs(result.values[rows] - wanted))
        values = read[place].values.copy()
        values[rows[helped]] = moved.numbers.values[helped]
        changed = np.zeros(len(wrong), np.bool_)
        changed[rows[helped]] = True
        written = write_column(read[place]._replace(values=values), source.column)
        cells = replaced(table[source.position][1], changed, written)
        return with_cells(table, {source.position: TypedSeries(source.column, cells)})

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:
        """Solve for a free source where the target is fixed; else compute the target."""
        at, column = self.target
        own = table[at].numbers
        wanted = own.values.astype(np.float64)
        for place in reversed(range(len(self.sources))):
            source = self.sources[place]
            cells = table[source.position][1]
            read = [table[other.position].numbers for other in self.sources]
            result = compute(self.expression, read)
            wrong = own.present & result.present & (result.values != wanted)
            rows = wrong & fixed[:, at] & ~fixed[:, source.position]
            if rows.any():
                solved = self._solved(read, place, wanted)
                old = read[place]
                moved = _moved(old, np.where(rows, solved, old.values), source.column)
                cells = replaced(cells, rows, moved.values)
                table = with_cells(table, {source.position: TypedSeries(source.column, cells)})
        computed = replaced(table[at][1], ~fixed[:, at], self.restore(table)[at][1])
        return with_cells(table, {at: TypedSeries(column, computed)})

    def solve(self, numbers: Sequence[Numbers], place: int) -> Numbers:
        """Return what one column must be, given the others.

        A rule that some rows break tells nothing beyond the range of the column.

        Parameters
        ----------
        numbers
            The columns' numbers, in the order of `positions`.
        place
            The column's place among them.
        """
        *sources, target = numbers
        if place == len(sources):
            return compute(self.expression, sources)
        present = np.logical_and.reduce([n.present for i, n in enumerate(numbers) if i != place])
        start = np.ones(len(present))
        sources[place] = Numbers(start, present, target.special)
        solved = self._solved(sources, place, target.values.astype(np.float64))
        if self.exceptions:
            present &= solved == solved.clip(*_ends(self.sources[place].column))
            sources[place] = sources[place]._replace(present=present)
        return sources[place]._replace(values=np.where(present, solved, 0.0))

    def _solved(
        self, read: Sequence[Numbers], place: int, wanted: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what a source would have to be, by the secant method: at once if it is linear."""
        x = read[place].values.astype(np.float64)
        best, least = x, np.full(len(x), np.inf)

        def error(values: NDArray[np.float64]) -> NDArray[np.float64]:
            changed = [*read]
            changed[place] = read[place]._replace(values=values)
            return compute(self.expression, changed).values - wanted

        before, step = error(x), np.maximum(np.abs(x), 1.0) * 1e-3
        for _ in range(SECANTS):
            after = error(x + step)
            with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
                move = -after * step / (after - before)
            x, before = x + step, after
            better = np.abs(after) < least
            best, least = np.where(better, x, best), np.where(better, np.abs(after), least)
            step = np.where(np.isfinite(move), move, 0.0)
        return best

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "sources": [source.to_json() for source in self.sources],
            "target": self.target.to_json(),
            "expression": self.expression.text,
            "special": to_json_scalar(self.special),
            "complete": self.complete,
            "exact": self.exact,
            "yielding": list(self.yielding),
            **({"exceptions": self.exceptions} if self.exceptions else {}),
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        return cls(
            tuple(ColumnRef.from_json(source) for source in state["sources"]),
            ColumnRef.from_json(state["target"]),
            ArithmeticExpression(state["expression"]),
            from_json_scalar(state["special"]),
            bool(state["complete"]),
            bool(state.get("exact", False)),
            tuple(int(place) for place in state.get("yielding", ())),
            float(state.get("exceptions", 0.0)),
        )


def _ends(column: Column) -> tuple[float, float]:
    """Return the range of a column of numbers."""
    low: Any = -np.inf if column.minimum is None else column.minimum
    high: Any = np.inf if column.maximum is None else column.maximum
    return float(low), float(high)


def _moved(old: Numbers, values: NDArray[np.float64], column: Column) -> TypedSeries:
    """Write other values in place of a column's numbers, whole where these are."""
    is_whole = old.values.dtype.kind == "i"
    new = np.rint(values).astype(np.int64) if is_whole else values
    return TypedSeries(column, write_column(old._replace(values=new), column))


def compute(expression: ArithmeticExpression, sources: Sequence[Numbers]) -> Numbers:
    """Compute an expression; nothing is present where a source is missing or it has no value.

    Parameters
    ----------
    sources
        The numbers of the columns that it names, in the order of its names.
    """
    columns = {
        name: source.values.astype(np.float64)
        for name, source in zip(expression.names, sources, strict=True)
    }
    values = expression.evaluate(columns)
    present = np.logical_and.reduce([np.isfinite(values), *(source.present for source in sources)])
    return Numbers(np.where(present, values, 0.0), present, np.full(len(values), None, object))


@dataclass(frozen=True)
class MultiplesDependency(Dependency):
    """The source is ``offset + k · step``, and is replaced by the whole number k.

    Parameters
    ----------
    source
        A column of numbers.
    column
        The column of whole numbers that stands for it in a reduced table.
    step, offset
        Distance of neighbours, and one of the numbers.
    """

    name: ClassVar[str] = "steps"
    source: ColumnRef
    column: Column
    step: float
    offset: float

    def __post_init__(self) -> None:
        if not (0 < self.step < np.inf and -np.inf < self.offset < np.inf):
            raise ValueError("steps: step and offset must be finite numbers, the step above 0")

    @classmethod
    def of(cls, source: ColumnRef, step: float, offset: float, table: ColumnFrame) -> Self | None:
        """Describe the steps of a column that keeps them; None where they can't be counted."""
        numbers = table[source.position].numbers
        with np.errstate(over="ignore"):
            counts = (numbers.values[numbers.present] - offset) / step
        if not len(counts) or np.abs(counts).max() > EXACT:
            return None
        whole = np.rint(counts).astype(np.int64)
        kept = clip_to_range(whole, None, source.column.least_rows, tails=True)
        column = Column(
            f"{source.column.name} in steps",
            "integer",
            "int64" if numbers.present.all() else "object",
            missing=source.column.missing,
            minimum=int(kept.min()),
            maximum=int(kept.max()),
            decimals=0,
            min_group=source.column.min_group,
            why="number of equal steps",
        )
        return cls(source, column, step, offset)

    @property
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""
        return (self.source.position,)

    def describe(self) -> str:
        """Describe the rule in words."""
        return f"{self.source} is {self.offset:g} plus a multiple of {self.step:g}"

    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Count the steps; where another rule has derived the column, nothing is done."""
        at, column = self.source
        if at not in table or table[at][0] != column:
            return table
        numbers = table[at].numbers
        counts = np.rint((numbers.values - self.offset) / self.step).astype(np.int64)
        values = numbers_to_series(counts, numbers.special, self.column, numbers.present)
        return with_cells(table, {at: TypedSeries(self.column, values)})

    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Turn counted steps into numbers."""
        at, column = self.source
        if at not in table or table[at][0] != self.column:
            return table
        counts = table[at].numbers
        values = self.offset + counts.values * self.step
        made = numbers_to_series(values, counts.special, column, counts.present)
        return with_cells(table, {at: TypedSeries(column, made)})

    def to_json(self) -> dict[str, Any]:
        """Describe the dependency by JSON values."""
        return {
            "source": self.source.to_json(),
            "column": self.column.to_json(),
            "step": self.step,
            "offset": self.offset,
        }

    @classmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value."""
        source, column = ColumnRef.from_json(state["source"]), Column.from_json(state["column"])
        return cls(source, column, float(state["step"]), float(state["offset"]))
