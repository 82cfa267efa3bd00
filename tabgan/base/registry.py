"""What third parties register by name: classes that an option names, and functions."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from numbers import Real
from typing import Any, Generic, TypeVar

from tabgan.base.errors import OptionError, TabGANError, did_you_mean

__all__ = ["FunctionRegistry", "Registry", "UnregisteredError"]

Part = TypeVar("Part")

_NAME = re.compile(r"[a-z][a-z0-9_]*")


class UnregisteredError(OptionError):
    """An option names a class that is not registered, perhaps one of a third party."""


class Registry(Mapping[str, type[Part]], Generic[Part]):
    """Classes by name, and their objects from texts such as ``"adam:beta1=0.5"``.

    A registered class is a dataclass whose parameters are numbers with defaults.

    Parameters
    ----------
    option
        Name of the option whose values these are, for messages.
    base
        Base of all classes.
    classes
        The library's own classes.
    register
        Name of the public function that registers more.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> class Shape: ...
    >>> @dataclass
    ... class Circle(Shape):
    ...     radius: float = 1.0
    >>> shapes = Registry("shape", Shape, {}, "register_shape")
    >>> shapes.register("circle", Circle)
    >>> shapes.resolve("circle:radius=2.5")
    Circle(radius=2.5)
    >>> shapes.describe(Circle(2.5)), shapes.describe(Circle())
    ('circle:radius=2.5', 'circle')
    """

    def __init__(
        self, option: str, base: type[Part], classes: Mapping[str, type[Part]], register: str
    ) -> None:
        self.option = option
        self._register = f"tabgan.extend.{register}"
        self.base = base
        self._classes = dict(classes)

    def __getitem__(self, name: str) -> type[Part]:
        return self._classes[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._classes)

    def __len__(self) -> int:
        return len(self._classes)

    def register(self, name: str, cls: type[Part]) -> None:
        """Add a class.

        Parameters
        ----------
        name
            Its name: lower-case letters, digits and underscores.
        cls
            A subclass of the base, and a dataclass whose parameters are numbers with defaults.

        Raises
        ------
        OptionError
            If the name or the class can't be used, or if the name is that of another class.
        """
        what = f"{self.option}: {name!r} can't be registered"
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise OptionError(f"{what}: a name has lower-case letters, digits and underscores")
        if not isinstance(cls, type) or not issubclass(cls, self.base):
            raise OptionError(f"{what}: {cls!r} is not a subclass of {self.base.__name__}")
        if self._classes.get(name, cls) is not cls:
            raise OptionError(f"{what}: the name belongs to {self._classes[name].__name__}")
        if not is_dataclass(cls):
            raise OptionError(f"{what}: {cls.__name__} is not a dataclass; decorate it with one")
        for field in fields(cls):
            if field.init and not (field.default is None or _is_number(field.default)):
                raise OptionError(
                    f"{what}: parameter {field.name!r} of {cls.__name__} needs a number as its "
                    "default, so that a text can describe the object"
                )
        self._classes[name] = cls

    def resolve(self, value: str | Part) -> Part:
        """Make an object from its name, with parameters where they differ from the defaults.

        Parameters
        ----------
        value
            ``"name"``, ``"name:parameter=number,parameter=number"``, or an object of a registered
            class, which is returned as it is.

        Raises
        ------
        UnregisteredError
            If a text names no registered class.
        OptionError
            If an object is of no registered class, or if a parameter or its value can't be used.
        """
        if not isinstance(value, str):
            self._name_of(value)
            return value
        name, _, text = value.partition(":")
        if name not in self._classes:
            raise UnregisteredError(f"{self.option}={value!r} is not known; {self._hint(name)}")
        cls: Any = self._classes[name]
        parameters = {field.name for field in fields(cls) if field.init}
        numbers = {}
        for assignment in filter(None, text.split(",")):
            key, _, number = (word.strip() for word in assignment.partition("="))
            if key not in parameters:
                hint = did_you_mean(key, sorted(parameters)) if parameters else "it has none"
                raise OptionError(
                    f"{self.option}={value!r}: {name} has no parameter {key!r}; {hint}"
                )
            numbers[key] = self._number(value, key, number)
        return cls(**numbers)  # type: ignore[no-any-return]

    def describe(self, part: Part) -> str:
        """Return the text that `resolve` makes an equal object of.

        Raises
        ------
        OptionError
            If the object's class is not registered, or if a parameter is not a number.
        """
        name = self._name_of(part)
        changed = []
        for field in fields(part):  # type: ignore[arg-type]
            value = getattr(part, field.name)
            if not field.init or value is field.default:
                continue
            if not _is_number(value):
                raise OptionError(f"{self.option}={part!r}: {field.name} must be a number")
            if value != field.default:
                shown = value.item() if hasattr(value, "item") else value
                changed.append(f"{field.name}={shown!r}")
        return name + (":" + ",".join(changed) if changed else "")

    def _name_of(self, part: Part) -> str:
        for name, cls in self._classes.items():
            if type(part) is cls:
                return name
        what = f"{self.option}={part!r}"
        if isinstance(part, self.base):
            name = type(part).__name__
            raise OptionError(
                f"{what}: the class {name} is not registered; register it first, with "
                f"{self._register}('a_name', {name})"
            )
        raise OptionError(f"{what} is not known; {self._hint(part)}")

    def _hint(self, name: object) -> str:
        hint = did_you_mean(str(name), self)
        if not isinstance(name, str) or hint.startswith("did you mean"):
            return hint
        return f"{hint} (one of your own: {self._register})"

    def _number(self, value: str, key: str, text: str) -> float:
        try:
            return int(text) if text.lstrip("+-").isdigit() else float(text)
        except ValueError:
            raise OptionError(
                f"{self.option}={value!r}: {key}={text!r} must be a number, as in {key}=0.5"
            ) from None


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


Arguments = TypeVar("Arguments")


class FunctionRegistry(Generic[Arguments]):
    """Functions of one argument by their names.

    Parameters
    ----------
    kind
        What the functions are, for messages: "attack" or "metric".
    built_in
        Names that are not free.
    """

    def __init__(self, kind: str, built_in: Iterable[str] = ()) -> None:
        self.kind = kind
        self._a_kind = f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"
        self._built_in = tuple(built_in)
        self._functions: dict[str, Callable[[Arguments], object]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All names: those of the library first, then in the order of registration."""
        return (*self._built_in, *self._functions)

    @property
    def registered(self) -> tuple[str, ...]:
        """The names that third parties registered."""
        return tuple(self._functions)

    def register(self, name: str, function: Callable[[Arguments], object]) -> None:
        """Add a function.

        Parameters
        ----------
        name
            A free identifier.
        function
            What runs under the name.

        Raises
        ------
        OptionError
            If the name is taken or no identifier, or the function can't be called.
        """
        if not isinstance(name, str) or not name.isidentifier():
            raise OptionError(
                f"name={name!r} can't name {self._a_kind}: use letters, digits and underscores, "
                "and no digit first"
            )
        if name in self.names:
            raise OptionError(f"name={name!r} already names {self._a_kind}; choose another name")
        if not callable(function):
            raise OptionError(f"The {self.kind} {name!r} is {function!r}, which is not a function")
        self._functions[name] = function

    def check(self, option: str, names: Iterable[str]) -> None:
        """Check that an option holds known names only.

        Parameters
        ----------
        option
            The option's name, for the message.
        names
            Its value.

        Raises
        ------
        OptionError
            If a name is not known.
        """
        for name in names:
            if name not in self.names:
                raise OptionError(
                    f"{option} has {name!r}, which is not {self._a_kind}; "
                    f"{did_you_mean(name, self.names)}"
                )

    def run(self, name: str, arguments: Arguments) -> object:
        """Call a registered function.

        Parameters
        ----------
        name
            Its name.
        arguments
            What it is called with.

        Raises
        ------
        TabGANError
            If it fails; the message names the function, the cause is its own error.
        """
        try:
            return self._functions[name](arguments)
        except Exception as error:
            raise self.error(name, f"failed with {type(error).__name__}: {error}") from error

    def error(self, name: str, fault: str) -> TabGANError:
        """Return an error that names a registered function as the one at fault.

        Parameters
        ----------
        name
            The function's name.
        fault
            What is wrong, as the rest of a sentence.
        """
        function = self._functions[name]
        home = f"{function.__module__}.{getattr(function, '__qualname__', function)}"
        return TabGANError(f"The registered {self.kind} {name!r} ({home}) {fault}")
