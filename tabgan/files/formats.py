"""Which format a table has, and by what it is told."""

import re
from pathlib import Path
from typing import Literal, get_args

from tabgan.errors import OptionError

__all__ = ["DATABASES", "FORMATS", "Format", "file_suffix", "format_of", "is_url", "shown_place"]

FileFormat = Literal["csv", "tsv", "jsonl", "parquet", "feather", "xlsx", "duckdb", "sqlite"]
Format = FileFormat | Literal["sql"]  # "sql" is a database with an address, not a file
FORMATS: tuple[FileFormat, ...] = get_args(FileFormat)
DATABASES: tuple[Format, ...] = ("duckdb", "sqlite", "sql")

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".feather": "feather",
    ".arrow": "feather",
    ".xlsx": "xlsx",
    ".duckdb": "duckdb",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}
_RESAVED = {
    ".xls": "an old Excel file",
    ".xlsb": "a binary Excel file",
    ".xlsm": "an Excel file with macros",
    ".ods": "an OpenDocument file",
}
_PACKED = (".gz", ".zst")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_REMOTE = ("http", "https", "ftp", "sftp", "s3", "gs", "gcs", "abfs", "abfss", "az", "hdfs", "file")
_PASSWORDS = (
    re.compile(r"(?<=://)([^:@/]*):.*(?=@)"),  # user:password@host
    re.compile(r"(?i)((?:password|passwd|pwd|token|secret)=)[^&]*"),
)


def is_url(path: str) -> bool:
    r"""Say whether a path is an address, such as that of a database.

    Examples
    --------
    >>> is_url("postgresql://localhost/shop"), is_url("C:\\shop.csv")
    (True, False)
    """
    return bool(_SCHEME.match(path))


def shown_place(path: str, standard: str = "standard input") -> str:
    """Return what messages call the place of a table: without a password, if it holds one.

    Examples
    --------
    >>> shown_place("postgresql://ann:s3cr3t@db/shop?sslpassword=x")
    'postgresql://ann:***@db/shop?sslpassword=***'
    """
    if path == "-":
        return standard
    if is_url(path):
        path = _PASSWORDS[0].sub(r"\1:***", path)
        path = _PASSWORDS[1].sub(r"\1***", path)
    return path


def file_suffix(path: str) -> str:
    """Return the suffix of a path, with the one before ``.gz`` or ``.zst`` too.

    Examples
    --------
    >>> file_suffix("data/2024.sales.csv.gz")
    '.csv.gz'
    """
    name = Path(path)
    if name.suffix.lower() in _PACKED:
        return Path(name.stem).suffix + name.suffix
    return name.suffix


def format_of(path: str) -> Format | None:
    """Tell the format by the suffix of a path; None where there is no suffix to tell by.

    Raises
    ------
    OptionError
        If the suffix is that of another format, or the path is an address of the web.
    """
    if is_url(path):
        return _format_of_url(path)
    suffix = file_suffix(path).lower()
    if path == "-" or not suffix:
        return None
    packed = next((mark for mark in _PACKED if suffix.endswith(mark)), "")
    plain = suffix.removesuffix(packed)
    if not plain:
        return None
    if plain in _RESAVED:
        raise OptionError(
            f"{path}: {_RESAVED[plain]}, which tabgan does not read or write; save it as .xlsx or "
            ".csv"
        )
    if plain not in _SUFFIXES:
        raise OptionError(
            f"{path}: {suffix!r} is not the suffix of a table format; tabgan knows "
            f"{', '.join(_SUFFIXES)} (and .gz or .zst after them); otherwise name the format: "
            f"{', '.join(FORMATS)}"
        )
    if packed and _SUFFIXES[plain] in DATABASES:
        raise OptionError(f"{path}: a database can't be read or written compressed; unpack it")
    return _SUFFIXES[plain]


def _format_of_url(path: str) -> Format:
    found = _SCHEME.match(path)
    if found and found[1].lower() in _REMOTE:
        raise OptionError(
            f"{shown_place(path)}: tabgan fetches no files; download it and give the file's path"
        )
    return "sql"
