"""What is declared in files: the schema of a table, and constraints."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tabgan.constraints import Constraint
    from tabgan.schema import Schema

__all__ = ["load_constraints", "load_schema"]


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

    state = _read_json(path, SchemaError, "write it anew with 'tabgan inspect'")
    try:
        return Schema.from_json(state)
    except SchemaError as error:
        raise SchemaError(f"{path}: {error}") from error


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

    state = _read_json(path, OptionError, "it must be a list of objects, each with a 'kind'")
    try:
        return constraints_from_json(state)
    except OptionError as error:
        raise OptionError(f"{path}: {error}") from error


def _read_json(path: str, fault: type[Exception], fix: str) -> Any:
    from tabgan.errors import TableFileError

    try:
        return json.loads(Path(path).read_bytes())
    except OSError as error:
        raise TableFileError(f"{path} can't be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise fault(f"{path} is not JSON ({error}); {fix}") from error
