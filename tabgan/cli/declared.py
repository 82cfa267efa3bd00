"""What is declared in files: the schema of a table, and constraints."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from tabgan.constraints import Constraint
    from tabgan.schema import Schema

__all__ = ["load_constraints", "load_schema"]

Declared = TypeVar("Declared")


def load_schema(path: str) -> "Schema":
    """Read a schema from a JSON file.

    Raises
    ------
    TableFileError
        If the file can't be read.
    SchemaError
        If it holds no schema.
    """
    from tabgan.errors import SchemaError
    from tabgan.schema import Schema

    return _load(path, Schema.from_json, SchemaError, "write it anew with 'tabgan inspect'")


def load_constraints(path: str) -> "list[Constraint]":
    """Read constraints from a JSON file.

    Raises
    ------
    TableFileError
        If the file can't be read.
    OptionError
        If it holds no constraints.
    """
    from tabgan.constraints import constraints_from_json
    from tabgan.errors import OptionError

    fix = "it must be a list of objects, each with a 'kind'"
    return _load(path, constraints_from_json, OptionError, fix)


def _load(path: str, make: Callable[[Any], Declared], fault: type[Exception], fix: str) -> Declared:
    """Make what a JSON file describes; a fault in it names the file."""
    from tabgan.errors import TableFileError

    try:
        state = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise TableFileError(f"{path} can't be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise fault(f"{path} is not JSON ({error}); {fix}") from error
    try:
        return make(state)
    except fault as error:
        raise fault(f"{path}: {error}") from error
