"""Parts of a training by name: ``"wasserstein"``, ``"instance_noise:std=0.2"``, or the object."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from tabgan.errors import OptionError, did_you_mean

__all__ = ["describe", "resolve"]

PartType = TypeVar("PartType")


def resolve(option: str, wanted: Any, known: Mapping[str, type[PartType]]) -> PartType:
    """Make a part from its name, with parameters where they differ from the defaults.

    Parameters
    ----------
    option
        Name of the option, for messages.
    wanted
        ``"name"``, ``"name:parameter=number,parameter=number"``, or one of the known classes'
        objects, which is returned as it is.
    known
        The classes, by name.

    Raises
    ------
    OptionError
        If there is no such part, or if it has no such parameter or value.

    Examples
    --------
    >>> from tabgan.gan.optimizers import OPTIMIZERS
    >>> resolve("optimizer", "adam:beta1=0.5", OPTIMIZERS)
    Adam(beta1=0.5, beta2=0.99)
    """
    if type(wanted) in known.values():
        return wanted  # type: ignore[no-any-return]
    name, _, text = wanted.partition(":") if isinstance(wanted, str) else (wanted, "", "")
    if not isinstance(name, str) or name not in known:
        raise OptionError(f"{option}={wanted!r} is not known; {did_you_mean(str(name), known)}")
    part = known[name]
    parameters = {field.name for field in fields(part) if field.init}  # type: ignore[arg-type]
    given = {}
    for assignment in filter(None, text.split(",")):
        key, _, number = (word.strip() for word in assignment.partition("="))
        if key not in parameters:
            hint = did_you_mean(key, sorted(parameters)) if parameters else "it has none"
            raise OptionError(f"{option}={wanted!r}: {name} has no parameter {key!r}; {hint}")
        given[key] = _number(option, wanted, key, number)
    return part(**given)


def _number(option: str, wanted: str, key: str, text: str) -> float:
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        raise OptionError(
            f"{option}={wanted!r}: {key}={text!r} must be a number, as in {key}=0.5"
        ) from None


def describe(part: Any, known: Mapping[str, type]) -> str:
    """Return what `resolve` makes an equal part of.

    Examples
    --------
    >>> from tabgan.gan.optimizers import OPTIMIZERS, Adam
    >>> describe(Adam(), OPTIMIZERS), describe(Adam(beta1=0.5), OPTIMIZERS)
    ('adam', 'adam:beta1=0.5')
    """
    name = next(name for name, cls in known.items() if type(part) is cls)
    given = {field: getattr(part, field.name) for field in fields(part) if field.init}
    changed = [
        f"{field.name}={value.item() if hasattr(value, 'item') else value!r}"
        for field, value in given.items()
        if value != field.default
    ]
    return name + (":" + ",".join(changed) if changed else "")
