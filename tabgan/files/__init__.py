"""Table files: CSV, TSV, JSON lines and Parquet, in and out in the same form."""

from tabgan.files.formats import FORMATS, Format, TableContentError, TableForm, file_suffix
from tabgan.files.read import read_table
from tabgan.files.write import TableWriter, check_output, open_output

__all__ = [
    "FORMATS",
    "Format",
    "TableContentError",
    "TableForm",
    "TableWriter",
    "check_output",
    "file_suffix",
    "open_output",
    "read_table",
]
