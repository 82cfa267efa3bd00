"""Functions that third parties register by name: their attacks and their metrics."""

from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

from tabgan.base.errors import OptionError, TabGANError, did_you_mean

__all__ = ["FunctionRegistry"]

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
