"""Base classes of the rules between columns: dependencies, declared constraints, their registry."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from inspect import isabstract
from typing import Any, ClassVar, Literal, NamedTuple, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tabgan.base.errors import DataError, OptionError, did_you_mean
from tabgan.inference.infer_schema import infer_schema
from tabgan.table.columns import ColumnFrame, TypedSeries, count_rows, sample_of
from tabgan.table.level_codes import codes_of
from tabgan.table.scalars import from_json_scalar, is_scalar, to_json_scalar
from tabgan.table.schema import Column, Schema, find_name

__all__ = [
    "CONSTRAINTS",
    "ColumnConstraint",
    "Constraint",
    "Custom",
    "DEPENDENCIES",
    "Dependency",
    "Evidence",
    "Mask",
    "NUMBERS",
    "Rule",
    "ShareDependency",
    "check_flag",
    "check_label",
    "evidence_of",
    "labels",
    "made_anew",
    "register_constraint",
    "share_of_rows",
    "wrong_kind",
]

Mask = NDArray[np.bool_]

LEAST_SHARE = 1e-4  # that a sample of rows can tell from none

DEPENDENCIES: "dict[str, type[Dependency]]" = {}  # all classes, by their name in JSON


class Rule(ABC):
    """A rule between the columns of a table: declared (`Constraint`) or detected (`Dependency`)."""

    @abstractmethod
    def describe(self) -> str:
        """Describe the rule in words."""

    @abstractmethod
    def to_json(self) -> dict[str, Any]:
        """Describe the rule by JSON values."""


class Dependency(Rule):
    """A rule that holds in every row of the table, or in a known share of them.

    `reduce` takes out of a table, before encoding, what the rule determines; `restore` puts it
    back after decoding, so that the rule holds in as many rows again. Several dependencies are
    reduced in the order of their list and restored in reverse. A dependency is a value, not
    changed after it is created.
    """

    name: ClassVar[str]  # its name in JSON, one per class
    of_equality: ClassVar[bool] = False  # whether all that counts is which cells are equal
    may_be_broken: ClassVar[bool] = False  # by given cells: it keeps shares, or limits of levels

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "name" in cls.__dict__:
            DEPENDENCIES[cls.name] = cls

    @property
    @abstractmethod
    def positions(self) -> tuple[int, ...]:
        """Positions of the columns that take part."""

    @abstractmethod
    def reduce(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table without the columns that the rule derives, or with simpler ones.

        Raises
        ------
        DataError
            If a row breaks the rule so that it can't be reduced.
        """

    @abstractmethod
    def restore(self, table: ColumnFrame) -> ColumnFrame:
        """Return the table with what `reduce` took out, and with the rule kept."""

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows keep the rule, shape (rows,), given the columns of `positions`."""
        own = dict(zip(self.positions, cells, strict=True))
        kept = self.restore(self.reduce(own))
        holds = np.ones(count_rows(own), np.bool_)
        for at, (_, values) in own.items():
            same = codes_of(pd.concat([values, kept[at][1]], ignore_index=True))[0]
            holds &= same[: len(holds)] == same[len(holds) :]
        return holds

    def agrees(self, cells: Sequence["TypedSeries"]) -> Mask:
        """Return the rows whose columns go together, given the columns of `positions`.

        These are the rows that keep the rule, unless real rows may break it.
        """
        return self.holds(cells)

    def about(self, cells: Sequence["TypedSeries"]) -> Mask:
        """Return the rows that the rule says something about, given the columns of `positions`."""
        return np.ones(len(cells[0].values), np.bool_)

    def propagate(self, table: ColumnFrame, fixed: NDArray[np.bool_]) -> ColumnFrame:  # noqa: ARG002
        """Make free cells consistent with fixed ones, as far as the rule allows.

        Parameters
        ----------
        table
            A table as `reduce` takes it.
        fixed
            Which cells must not change, shape (rows, columns). Cells that the fixed ones leave only
            one value are marked as fixed too.
        """
        return table

    @classmethod
    @abstractmethod
    def from_json(cls, state: dict[str, Any]) -> Self:
        """Rebuild a dependency from `to_json`'s value.

        Raises
        ------
        SchemaError, KeyError, TypeError, ValueError
            If the value is malformed.
        """


class ShareDependency(Dependency):
    """Base class of rules that keep in how many rows something holds; no single row breaks them."""

    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return all rows."""
        return np.ones(len(cells[0].values), np.bool_)


class Evidence(NamedTuple):
    """How many rows keep a rule, and how many would by chance.

    Parameters
    ----------
    rows
        Rows that it is about, in which no column of the rule is missing.
    by_chance
        Share of these that keep it when the column that matters least is shuffled.
    """

    rows: int
    by_chance: float

    @property
    def log10_chance(self) -> float:
        """Logarithm of the chance that all these rows keep it."""
        return float(self.rows * np.log10(max(self.by_chance, LEAST_SHARE)))

    def __str__(self) -> str:
        share = f"{self.by_chance:.0%}" if self.by_chance >= 0.01 else "under 1%"
        return f"in {self.rows:,} rows; {share} by chance"


def evidence_of(rule: Dependency, table: ColumnFrame, rng: np.random.Generator) -> Evidence | None:
    """Return the evidence of a rule; None where no single row can break it.

    Parameters
    ----------
    rule
        A rule that was detected.
    table
        The table as the rules before it leave it.
    rng
        Draws rows and shuffles columns.
    """
    own = {at: table[at] for at in rule.positions if at in table}
    generated = any(cells.column.is_generated for cells in own.values())
    if len(own) < len(rule.positions) or len(own) < 2 or generated:
        return None
    sample = sample_of(own, rng)
    order = rng.permutation(count_rows(sample))
    shares = []
    for at in own:
        cells = [sample[other].take(order) if other == at else sample[other] for other in own]
        cells = [cell._replace(values=cell.values.reset_index(drop=True)) for cell in cells]
        try:
            about = rule.about(cells)
            shares += [float(rule.holds(cells)[about].mean())] if about.any() else []
        except DataError:  # shuffled values that can't be reduced
            return None
    by_chance = max(shares, default=1.0)
    present = np.logical_and.reduce([cells.filled for cells in own.values()])
    present &= rule.about([*own.values()])
    return Evidence(int(present.sum()), by_chance) if by_chance < 1 else None


def share_of_rows(exceptions: float) -> str:
    """Say in how many rows a rule holds, given the share that breaks it; nothing if none does."""
    kept = f"{100 * (1 - exceptions):.4g}"
    return "" if not exceptions else f" in {'nearly all' if kept == '100' else f'{kept} % of'} rows"


Construction = Literal["none", "group", "formula", "steps"]


NUMBERS = frozenset({"numeric", "integer"})


CONSTRAINTS: "dict[str, type[Constraint]]" = {}  # the classes that a file may name, by kind


class Constraint(Rule):
    """Base class of declared rules, which every training row satisfies and every sampled row will.

    A constraint is a frozen dataclass that checks its parameters when it is created
    (`OptionError`). A row with a missing value in one of its numbers does not break it. Register
    your own class with `register_constraint`, so that a model file with it can be loaded.
    """

    kind: ClassVar[str]  # its name in JSON, one per class

    @abstractmethod
    def check(self, frame: pd.DataFrame, schema: Schema | None = None) -> Mask:
        """Return which rows of a DataFrame satisfy the rule, shape (rows,).

        Parameters
        ----------
        frame
            Any rows with the table's columns.
        schema
            The schema, in the order of the columns; by default inferred.

        Raises
        ------
        OptionError
            If a column is missing or has the wrong kind.
        """

    def validate(self, schema: Schema) -> None:
        """Check that the rule can be applied to a table.

        Raises
        ------
        OptionError
            If a column is not in the table, or has a kind that the rule does not support.
        """

    def learn(self, frame: pd.DataFrame, schema: Schema) -> Self:  # noqa: ARG002
        """Return the constraint with what it learns from the training table."""
        return self

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:  # noqa: ARG002
        """Return the DataFrame with broken rows repaired, if there is a simple way."""
        return frame

    def __str__(self) -> str:
        return f"constraints: {type(self).__name__} ({self.describe()})"

    def to_json(self) -> dict[str, Any]:
        """Describe the constraint by JSON values, its kind under "kind"."""
        values = {part.name: getattr(self, part.name) for part in fields(self)}  # type: ignore[arg-type]
        return {"kind": self.kind, **{name: _to_json(value) for name, value in values.items()}}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a constraint from `to_json`'s value; the kind is ignored.

        Raises
        ------
        OptionError
            If the value does not describe such a constraint.
        """
        known = [part.name for part in fields(cls)]  # type: ignore[arg-type]
        given = {key: value for key, value in state.items() if key != "kind"}
        for key in given:
            if key not in known:
                raise OptionError(
                    f"constraints: {key!r} is not a property of kind {cls.kind!r}; "
                    f"{did_you_mean(key, known)}"
                )
        try:
            return cls(**{key: _from_json(value) for key, value in given.items()})
        except (DataError, TypeError) as error:
            raise OptionError(
                f"constraints: {dict(state)!r:.200} is not of kind {cls.kind!r}, which has the "
                f"properties {', '.join(known)} ({error})"
            ) from error


AnyConstraint = TypeVar("AnyConstraint", bound=Constraint)


def register_constraint(cls: type[AnyConstraint]) -> type[AnyConstraint]:
    """Register a constraint class by its `kind`, which files name; returns the class.

    Parameters
    ----------
    cls
        A frozen dataclass derived from `Constraint`, with a `kind` that no other class has.

    Raises
    ------
    OptionError
        If it is something else.
    """
    own = vars(cls) if isinstance(cls, type) else {}
    if not (isinstance(cls, type) and issubclass(cls, Constraint)) or isabstract(cls):
        raise OptionError(
            f"register_constraint: {cls!r:.80} must be a subclass of Constraint that defines all "
            "its abstract methods"
        )
    if "__dataclass_params__" not in own or not own["__dataclass_params__"].frozen:
        raise OptionError(
            f"register_constraint: {cls.__name__} must be a frozen dataclass; put "
            "@dataclass(frozen=True) before it"
        )
    kind = own.get("kind")
    if not isinstance(kind, str) or not kind:
        raise OptionError(
            f"register_constraint: {cls.__name__}.kind={kind!r:.80} must be text that names the "
            "class in JSON, as in kind: ClassVar[str] = 'mine'"
        )
    taken = CONSTRAINTS.get(kind, cls)
    if (taken.__module__, taken.__qualname__) != (cls.__module__, cls.__qualname__):
        raise OptionError(
            f"register_constraint: {cls.__name__}.kind={kind!r:.80} is the kind of "
            f"{taken.__module__}.{taken.__qualname__}; choose another kind"
        )
    CONSTRAINTS[kind] = cls
    return cls


class ColumnConstraint(Constraint):
    """Base class of constraints on named columns.

    The class attributes tell a fit how to use it: the order of its `dependency` among those of
    other constraints, whether its columns are numbers even if they could be keys, and whether it
    bounds the range of its only column.
    """

    construction: ClassVar[Construction] = "none"
    takes_numbers: ClassVar[bool] = False
    limits_range: ClassVar[bool] = False

    @property
    @abstractmethod
    def names(self) -> tuple[Hashable, ...]:
        """The labels of its columns."""

    @abstractmethod
    def fits(self, columns: Sequence[Column]) -> str | None:
        """Return what is wrong with the kinds of its columns; None if they are fine."""

    @abstractmethod
    def holds(self, cells: Sequence[TypedSeries]) -> Mask:
        """Return which rows satisfy the rule, shape (rows,), given the columns of `names`."""

    def dependency(self, table: ColumnFrame, schema: Schema) -> Dependency | None:  # noqa: ARG002
        """Return the dependency that satisfies the rule by construction; None if there is none.

        Parameters
        ----------
        table
            The training table, whose rows all satisfy the rule.
        schema
            Its columns.
        """
        return None

    def edges(self, schema: Schema) -> Mapping[tuple[int, int], bool]:  # noqa: ARG002
        """Return the pairs of lower and upper columns that it orders, and whether strictly."""
        return {}

    def check(self, frame: pd.DataFrame, schema: Schema | None = None) -> Mask:
        """Return which rows of a frame keep the rule; see `Constraint.check`."""
        if schema is None:
            places = places_in(self.names, tuple(frame.columns), str(self))
            frame = frame.iloc[:, sorted(places)]
            numbers = frame.select_dtypes("number", exclude="timedelta").columns
            # as numbers, even where they may be the names of rows
            schema = infer_schema(frame, dict.fromkeys(numbers, "numeric"))
            self.validate(schema)
        return self.holds(self.cells_of(frame, schema))

    def positions(self, schema: Schema) -> tuple[int, ...]:
        """Return the positions of `names` in a schema.

        Raises
        ------
        OptionError
            If a column is not in the table.
        """
        return places_in(self.names, schema.names, str(self))

    def cells_of(self, frame: pd.DataFrame, schema: Schema) -> list[TypedSeries]:
        """Return the columns of the rule, in the order of `names`."""
        return [TypedSeries(schema.columns[at], frame.iloc[:, at]) for at in self.positions(schema)]

    def validate(self, schema: Schema) -> None:
        """Check that the rule can be applied to a table; see `Constraint.validate`."""
        fault = self.fits([schema.columns[at] for at in self.positions(schema)])
        if fault is not None:
            raise OptionError(f"{self}: {fault}")


def _to_json(value: Any) -> Any:
    return [_to_json(item) for item in value] if isinstance(value, tuple) else to_json_scalar(value)


def _from_json(state: Any) -> Any:
    return tuple(map(_from_json, state)) if isinstance(state, list) else from_json_scalar(state)


def places_in(
    names: Iterable[Hashable], known: Collection[Hashable], whose: str
) -> tuple[int, ...]:
    """Return the places of labels among known ones.

    Raises
    ------
    OptionError
        If one is not among them.
    """
    places = []
    for name in names:
        place = find_name(name, tuple(known))
        if place is None:
            raise OptionError(
                f"{whose}: column {name!r} is not in the table; {did_you_mean(name, known)}"
            )
        places.append(place)
    return tuple(places)


def check_label(kind: str, option: str, label: Any) -> None:
    """Check that something can be the label of a column.

    Raises
    ------
    OptionError
        If it can't.
    """
    if label is None or not is_scalar(label) or not isinstance(label, Hashable):
        raise OptionError(f"{kind}: {option}={label!r:.80} must be the label of a column")


def labels(kind: str, option: str, given: Any, least: int) -> tuple[Hashable, ...]:
    """Return a list of labels as a tuple, all of them different.

    Raises
    ------
    OptionError
        If it is no list or tuple of at least so many labels, or has one twice.
    """
    if not isinstance(given, list | tuple) or len(given) < least:
        raise OptionError(
            f"{kind}: {option}={given!r:.80} must be a list of at least {least} columns"
        )
    for label in given:
        check_label(kind, option, label)
    for place, label in enumerate(given):
        if find_name(label, given[:place]) is not None:
            raise OptionError(f"{kind}: {option} names column {label!r} twice; name it once")
    return tuple(given)


def wrong_kind(column: Column, wanted: str) -> str:
    """Return that a column holds something else than it would have to."""
    return (
        f"column {column.name!r} must hold {wanted}, but is of kind {column.kind!r} "
        f"({column.why or 'as declared'}); declare its kind in schema, or name another column"
    )


def check_flag(kind: str, option: str, value: Any) -> None:
    """Check that an option is True or False.

    Raises
    ------
    OptionError
        If it is not.
    """
    if not isinstance(value, bool):
        raise OptionError(f"{kind}: {option}={value!r:.80} must be True or False")


Check = Callable[[pd.DataFrame], Any]


Repair = Callable[[pd.DataFrame], pd.DataFrame]


@dataclass(frozen=True, init=False)
class Custom(Constraint):
    """A rule that your own functions check and repair.

    A model file contains only its name; pass the rule to `TabGAN.load` again.

    Parameters
    ----------
    name
        Name of the rule, also in messages and model files.
    check
        Takes a DataFrame with the table's columns and returns a boolean array or Series: which rows
        satisfy the rule.
    repair
        Takes such a DataFrame and returns it with the broken rows repaired, the others unchanged,
        and the same dtypes; None if rows can't be repaired.

    Examples
    --------
    >>> rule = Custom("even", lambda frame: frame["n"] % 2 == 0)
    >>> rule.check(pd.DataFrame({"n": [1, 2]})).tolist()
    [False, True]
    """

    kind: ClassVar[str] = "custom"
    name: str
    checking: Check
    repairing: Repair | None

    def __init__(self, name: str, check: Check, repair: Repair | None = None) -> None:
        if not isinstance(name, str) or not name:
            raise OptionError(f"Custom: name={name!r:.80} must be text")
        if not callable(check):
            raise OptionError(f"Custom: check={check!r:.80} must be a function of a frame")
        if not (repair is None or callable(repair)):
            raise OptionError(
                f"Custom: repair={repair!r:.80} must be a function of a frame, or None"
            )
        values = {"name": name, "checking": check, "repairing": repair}
        for key, value in values.items():
            object.__setattr__(self, key, value)

    def describe(self) -> str:
        """Describe the rule in words."""
        return repr(self.name)

    def check(self, frame: pd.DataFrame, schema: Schema | None = None) -> Mask:  # noqa: ARG002
        """Return which rows of a DataFrame satisfy the rule; see `Constraint.check`.

        Raises
        ------
        OptionError
            If the function does not return a boolean for each row.
        """
        kept = np.asarray(self.checking(frame))
        if kept.shape != (len(frame),) or kept.dtype != np.dtype(bool):
            raise OptionError(
                f"{self}: its check returned an array of shape {kept.shape} and dtype "
                f"{kept.dtype} for {len(frame)} rows; it must return a boolean for each row"
            )
        return kept

    def repair(self, frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:  # noqa: ARG002
        """Return the DataFrame with broken rows repaired, if there is a function for it.

        Raises
        ------
        OptionError
            If the function does not return such a DataFrame.
        """
        if self.repairing is None:
            return frame
        mended = self.repairing(frame.copy())
        alike = (
            isinstance(mended, pd.DataFrame)
            and mended.index.equals(frame.index)
            and mended.columns.equals(frame.columns)
            and list(mended.dtypes) == list(frame.dtypes)
        )
        if not alike:
            raise OptionError(
                f"{self}: its repair must return the frame that it was given with other values: "
                "the same rows, columns and dtypes"
            )
        return mended

    def to_json(self) -> dict[str, Any]:
        """Describe the constraint by its name; functions can't be stored."""
        return {"kind": self.kind, "name": self.name}


def made_anew(column: Column) -> str:
    """Say why a rule can't have a column whose values are generated."""
    return (
        f"column {column.name!r} is of kind {column.kind!r}: its values are generated and not "
        "learned; declare its kind in schema as 'categorical', or leave it out"
    )
