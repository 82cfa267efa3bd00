"""Tables in files and databases, in and out in the same form."""

from tabgan.files.errors import TableContentError
from tabgan.files.formats import DATABASES, FORMATS, Format, file_suffix, is_url, shown_place
from tabgan.files.forms import TableForm
from tabgan.files.read import read_table
from tabgan.files.write import TableWriter, check_output, check_table_output, open_output

__all__ = [
    "DATABASES",
    "FORMATS",
    "Format",
    "TableContentError",
    "TableForm",
    "TableWriter",
    "check_output",
    "check_table_output",
    "file_suffix",
    "is_url",
    "open_output",
    "read_table",
    "shown_place",
]
