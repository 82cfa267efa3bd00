"""Libraries that only some formats need."""

from importlib import import_module
from typing import Any

from tabgan.errors import OptionError

__all__ = ["load_extra"]


def load_extra(module: str, purpose: str, extra: str) -> Any:
    """Import a library that is an optional dependency.

    Raises
    ------
    OptionError
        If it is not installed; the message names the extra of tabgan that brings it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        library = module.partition(".")[0]
        raise OptionError(
            f"{purpose} needs {library}, which is not installed; install it with "
            f"pip install '.[{extra}]', or use CSV or JSON lines"
        ) from error
