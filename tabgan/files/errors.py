"""What is wrong with a table's content, as its file has it."""

from tabgan.errors import DataError, TableFileError

__all__ = ["TableContentError"]


class TableContentError(TableFileError, DataError):
    """A table file can be opened, but what it holds is not a table of its format."""
