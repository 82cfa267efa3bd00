r"""The grammar of conditions: as Python values or as text, read into clauses.

::

    where   = test { "and" test }
    test    = column ( "==" | "=" | "!=" | "<>" | "<" | "<=" | ">" | ">=" ) value
            | value ( "<" | "<=" | ">" | ">=" ) column [ ( "<" | "<=" | ">" | ">=" ) value ]
            | column [ "not" ] "in" "(" value { "," value } ")"
            | column "between" value "and" value
            | column "is" [ "not" ] "missing"

A column is bare words or a name in backticks. A value is bare words (a number, a date, a text) or a
text in single or double quotes; a backslash takes the next character as it is, and ``\n`` and
``\t`` are a line's end and a tabulator. In a list, the bare word ``missing`` stands for a missing
value. What a value means is up to the column: ``65`` is a number to one and a text to another.

As on a command line a text such as ``income=>50K`` or ``town=King's Lynn`` is written quickly, what
follows a first sign of equality without blanks is taken as it stands if it can't be read otherwise.
"""

import datetime
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, NoReturn

import numpy as np
import pandas as pd

from tabgan.base.errors import OptionError

__all__ = [
    "Clause",
    "KEYWORDS",
    "Operator",
    "Where",
    "clauses_of",
    "is_missing",
    "join_wheres",
    "read_clauses",
]

# A condition as a user writes it: text, a mapping from columns to values, or partial rows.
Where = str | Mapping[Any, Any] | pd.DataFrame

Operator = Literal["<", "<=", ">", ">=", "in", "not in"]


KEYWORDS = frozenset({"and", "or", "not", "in", "is", "between", "missing"})


_BARE = re.compile(r"[^\W\d][\w.-]*(?<![.-])")


_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


_LISTS = (list, set, frozenset, range, np.ndarray, pd.Index, pd.Series)


class Clause(NamedTuple):
    """One comparison: with a list of values for ``in`` and ``not in``, else with a single one.

    Examples
    --------
    >>> str(Clause("age", ">=", (65,))), str(Clause("home town", "in", ("Ulm",)))
    ('age >= 65', "`home town` == 'Ulm'")
    >>> str(Clause("mail", "not in", (None,)))
    'mail is not missing'
    """

    name: Hashable
    operator: Operator
    values: tuple[Any, ...]

    def __str__(self) -> str:
        name = _written_name(self.name)
        if self.operator not in ("in", "not in"):
            return f"{name} {self.operator} {_written(self.values[0])}"
        negated = self.operator == "not in"
        if len(self.values) != 1:
            return f"{name} {self.operator} ({', '.join(map(_written, self.values))})"
        if is_missing(self.values[0]):
            return f"{name} is not missing" if negated else f"{name} is missing"
        return f"{name} {'!=' if negated else '=='} {_written(self.values[0])}"


def is_missing(value: Any) -> bool:
    """Return whether a value stands for a missing one: None, NaN, NaT or NA."""
    return bool(pd.api.types.is_scalar(value) and pd.isna(value))


def clauses_of(where: Mapping[Any, Any]) -> list[Clause]:
    """Read a mapping from columns to a value, a list of values, or a pair of bounds.

    Raises
    ------
    OptionError
        If a column is given something else.

    Examples
    --------
    >>> for clause in clauses_of({"age": (65, None), "state": ["NY", "NJ"], "mail": None}):
    ...     print(clause)
    age >= 65
    state in ('NY', 'NJ')
    mail is missing
    """
    return [clause for name, wanted in where.items() for clause in _clauses(name, wanted)]


def _clauses(name: Hashable, wanted: Any) -> list[Clause]:
    if isinstance(wanted, tuple):
        return _range(name, wanted)
    if isinstance(wanted, _LISTS):
        values = tuple(wanted)
        if not values:
            raise OptionError(
                f"where: column {name!r} is given an empty list, which no row can meet; name one "
                "value at least, or leave the column out"
            )
        return [Clause(name, "in", values)]
    if isinstance(wanted, Mapping | slice):
        raise OptionError(
            f"where: column {name!r} is given {wanted!r:.60}; give a value, a list of values, a "
            "range as a pair (from, to) with None for an open end, or None for missing"
        )
    return [Clause(name, "in", (wanted,))]


def _range(name: Hashable, ends: tuple[Any, ...]) -> list[Clause]:
    if len(ends) != 2:
        raise OptionError(
            f"where: column {name!r} is given a tuple of {len(ends)} values; a tuple is a range, "
            "as in (20, 30) or (65, None); write values to choose from as a list"
        )
    low, high = ends
    if is_missing(low) and is_missing(high):
        raise OptionError(
            f"where: column {name!r} is given a range that is open at both ends; give one end at "
            "least, or leave the column out"
        )
    clauses = [] if is_missing(low) else [Clause(name, ">=", (low,))]
    return clauses if is_missing(high) else [*clauses, Clause(name, "<=", (high,))]


def _written_name(name: Hashable) -> str:
    text = str(name)
    if _BARE.fullmatch(text) and text.casefold() not in KEYWORDS:
        return text
    return _quoted(text, "`")


def _written(value: Any) -> str:
    """Write a value so that it is read again as the same one."""
    if is_missing(value):
        return "missing"
    if isinstance(value, np.generic) and not isinstance(value, np.datetime64 | np.timedelta64):
        value = value.item()
    if isinstance(value, bool | int | float) or _NUMBER.fullmatch(str(value)):
        return str(value)
    if isinstance(value, datetime.timedelta):
        value = pd.Timedelta(value)  # which writes nanoseconds too
    return _quoted(str(value), "'")


def _quoted(text: str, mark: str) -> str:
    for character, escape in (("\\", "\\\\"), (mark, f"\\{mark}"), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(character, escape)
    return f"{mark}{text}{mark}"


_MOST = 20_000  # characters


_SHOWN = 60  # characters of the line on which an error is marked


Kind = Literal["word", "text", "name", "sign", "open", "close", "comma", "foreign", "end"]


_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    |(?P<name>`(?:[^`\\]|\\.)*`)
    |(?P<sign><=|>=|==|!=|<>|=|<|>)
    |(?P<open>[(\[])|(?P<close>[)\]])|(?P<comma>,)
    |(?P<word>[^\s"'`<>=!()\[\],&|]+)
    |(?P<foreign>&&?|\|\|?|.)""",
    re.VERBOSE | re.DOTALL,
)


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


_ESCAPED = {"n": "\n", "t": "\t"}


_SIGNS: dict[str, Operator] = {"==": "in", "=": "in", "!=": "not in", "<>": "not in"}


_SIGNS |= {"<": "<", "<=": "<=", ">": ">", ">=": ">="}


_TURNED: dict[str, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


_NUMERIC = re.compile(r"[+-]?\.?\d")


_QUICK = re.compile(r"([^=<>!\"'`]*[^=<>!\"'`\s])=(?![=\s])(.*)", re.DOTALL)


_JOINED = re.compile(r"\s(and|or)\s|&&|\|\|", re.IGNORECASE)


def read_clauses(text: str) -> list[Clause]:
    """Read the clauses of a text.

    Raises
    ------
    OptionError
        If the text is not of the grammar; the place is marked.

    Examples
    --------
    >>> for clause in read_clauses('income = ">50K" and 20 <= age < 30 and mail is not missing'):
    ...     print(clause)
    income == '>50K'
    age >= 20
    age < 30
    mail is not missing
    """
    if len(text) > _MOST:
        raise OptionError(
            f"where: the text has {len(text)} characters, and {_MOST} at most are read; give a "
            "mapping from Python, or a file of partial rows"
        )
    try:
        return _Parser(text).where()
    except OptionError:
        quick = _QUICK.fullmatch(text)
        if quick is None or _JOINED.search(quick[2]):
            raise
        return [Clause(quick[1], "in", (quick[2],))]


def join_wheres(texts: Iterable[str]) -> str:
    """Join several texts into one that means all of them.

    Raises
    ------
    OptionError
        If one is not of the grammar.

    Examples
    --------
    >>> join_wheres(["income=>50K", "age >= 65"])
    "income == '>50K' and age >= 65"
    """
    return " and ".join(str(clause) for text in texts for clause in read_clauses(text))


class _Token(NamedTuple):
    kind: Kind
    text: str
    start: int
    end: int

    @property
    def keyword(self) -> str:
        """The word, if it is one of the grammar's own."""
        word = self.text.casefold()
        return word if self.kind == "word" and word in KEYWORDS else ""

    @property
    def unquoted(self) -> str:
        """The characters between the quotes."""
        return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), self.text[1:-1])


class _Parser:
    """Reads one text by recursive descent; nothing nests, so that nothing recurs."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.at = 0

    def next(self) -> _Token:
        return self.tokens[self.at]

    def take(self) -> _Token:
        token = self.next()
        self.at += token.kind != "end"
        return token

    def where(self) -> list[Clause]:
        clauses = self.test()
        while self.next().kind != "end":
            if self.next().keyword != "and":
                self.refuse_joint()
            self.take()
            clauses += self.test()
        return clauses

    def test(self) -> list[Clause]:
        if self.begins_with_value():
            return self.turned()
        name = self.column()
        token = self.take()
        if token.kind == "sign":
            return [Clause(name, _SIGNS[token.text], (self.value(),))]
        if token.keyword == "is":
            return [self.missing(name)]
        if token.keyword == "between":
            low = self.value()
            self.expect("and", "'and' between the two ends")
            return [Clause(name, ">=", (low,)), Clause(name, "<=", (self.value(),))]
        negated = token.keyword == "not"
        if negated:
            self.expect("in", "'in' after 'not'")
        elif token.keyword != "in":
            self.refuse_operator(token)
        return [Clause(name, "not in" if negated else "in", self.values())]

    def begins_with_value(self) -> bool:
        token, after = self.next(), self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        is_value = token.kind == "text" or (
            token.kind == "word" and _NUMERIC.match(token.text) is not None
        )
        return is_value and after.kind == "sign" and after.text in _TURNED

    def turned(self) -> list[Clause]:
        """Read ``20 <= age`` or ``20 <= age < 30``."""
        low, sign = self.value(), self.take()
        name = self.column()
        clauses = [Clause(name, _TURNED[sign.text], (low,))]
        if self.next().kind == "sign":
            second = self.take()
            if second.text not in _TURNED:
                self.refuse("one of <, <=, > and >= is expected", second)
            clauses.append(Clause(name, _SIGNS[second.text], (self.value(),)))
        return clauses

    def column(self) -> str:
        token = self.next()
        if token.kind == "name":
            return self.take().unquoted
        if token.keyword == "not":
            self.refuse("'not' can't stand before a test; write its opposite, with !=, 'not in'")
        if token.kind == "open":
            self.refuse("parentheses only enclose the list after 'in'; leave them out")
        if token.kind == "text":
            self.refuse("a column is expected; write its name bare or in `backticks`")
        if token.kind == "end":
            self.refuse("a test such as age >= 65 is expected")
        if token.kind != "word" or token.keyword:
            self.refuse("a column is expected; put a name such as this one in `backticks`")
        return self.words(KEYWORDS)

    def words(self, stops: frozenset[str]) -> str:
        """Take bare words up to one of the grammar's, with the blanks between them."""
        first = last = self.take()
        while self.next().kind == "word" and self.next().keyword not in stops:
            last = self.take()
        return self.text[first.start : last.end]

    def value(self) -> str:
        token = self.next()
        if token.kind == "text":
            return self.take().unquoted
        if token.kind == "name":
            self.refuse("two columns can't be compared; give a value")
        if token.kind != "word" or token.keyword in ("and", "or"):
            self.refuse("a value is expected")
        return self.words(frozenset({"and", "or"}))

    def values(self) -> tuple[str | None, ...]:
        if self.next().kind != "open":
            self.refuse("a list in parentheses is expected, as in (1, 2)")
        opened = self.take()
        if self.next().kind == "close":
            self.refuse("the list is empty; name one value at least")
        values = [self.item()]
        while self.next().kind == "comma":
            self.take()
            values.append(self.item())
        closing = self.take()
        if closing.kind != "close" or opened.text + closing.text not in ("()", "[]"):
            self.refuse("a comma or the end of the list is expected", closing)
        return tuple(values)

    def item(self) -> str | None:
        if self.next().keyword == "missing":
            self.take()
            return None
        return self.value()

    def missing(self, name: str) -> Clause:
        negated = self.next().keyword == "not"
        if negated:
            self.take()
        self.expect("missing", "'missing' or 'not missing' after 'is'")
        return Clause(name, "not in" if negated else "in", (None,))

    def expect(self, keyword: str, what: str) -> None:
        if self.next().keyword != keyword:
            self.refuse(f"{what} is expected")
        self.take()

    def refuse_joint(self) -> NoReturn:
        token = self.next()
        if token.keyword == "or" or token.text in ("|", "||"):
            self.refuse("only 'and' joins tests; for one of several values write: column in (a, b)")
        if token.text in ("&", "&&", ","):
            self.refuse("tests are joined by the word 'and'")
        if token.kind == "sign":
            self.refuse("a comparison has ended; put the value in quotes if this belongs to it")
        self.refuse("'and' or the end is expected; put a text in quotes")

    def refuse_operator(self, token: _Token) -> NoReturn:
        if token.kind == "open":
            self.refuse("functions can't be called; compare a column with a value", token)
        self.refuse("a comparison is expected: ==, !=, <, <=, >, >=, in, not in, is missing", token)

    def refuse(self, message: str, token: _Token | None = None) -> NoReturn:
        start = (token or self.next()).start
        raise OptionError(f"where: {message}\n{_marked(self.text, start)}")


def _tokens(text: str) -> Sequence[_Token]:
    tokens = []
    for match in _TOKEN.finditer(text):
        kind: Any = match.lastgroup
        if match[0] in ("'", '"', "`"):
            raise OptionError(f"where: the quote has no end\n{_marked(text, match.start())}")
        if not match[0].isspace():
            tokens.append(_Token(kind, match[0], match.start(), match.end()))
    return [*tokens, _Token("end", "", len(text), len(text))]


def _marked(text: str, place: int) -> str:
    """Show the text around a place, with a mark below it."""
    first = max(0, place - _SHOWN // 2)
    shown = text[first : first + _SHOWN]
    plain = "".join(c if c.isprintable() else " " for c in shown)
    return f"  {plain}\n  {' ' * (place - first)}^"
