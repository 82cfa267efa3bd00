"""pyarrow, which is an optional dependency."""

from typing import Any

from tabgan.errors import TableFileError

__all__ = ["load_pyarrow"]


def load_pyarrow() -> Any:
    """Import pyarrow with its Parquet module.

    Raises
    ------
    TableFileError
        If it is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise TableFileError(
            "Parquet needs pyarrow, which is not installed; install it with "
            "pip install 'tabgan[parquet]', or use CSV or JSON lines"
        ) from error
    return pyarrow
