"""What a benchmark leaves behind: a table on the screen, and a JSON file that says how it came."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

LIBRARIES = (
    *("tabgan", "torch", "numpy", "pandas", "scikit-learn"),
    *("sdmetrics", "xgboost", "xgboost-cpu", "safetensors", "imbalanced-learn"),
)

Row = Mapping[str, Any]


def print_table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    """Print the given columns of the rows, numbers to the right."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    for line in (columns, ["-" * width for width in widths], *cells):
        print("  ".join(_aligned(cell, width) for cell, width in zip(line, widths, strict=True)))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3f}"
    return str(value)


def _aligned(cell: str, width: int) -> str:
    numeric = cell[:1].isdigit() or cell[:1] == "-"
    return cell.rjust(width) if numeric else cell.ljust(width)


def write_json(path: Path, rows: Sequence[Row], *, seeds: Sequence[int], **settings: Any) -> None:
    """Write the rows with the settings, versions, machine and date that they hang on."""
    content = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "seeds": list(seeds),
        "settings": settings,
        "results": list(rows),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, default=float) + "\n", encoding="utf-8")


def kept_results(path: Path, made_again: Callable[[Row], bool]) -> list[Row]:
    """Return the rows of an earlier run's file, but for those that are made again."""
    rows: list[Row] = json.loads(path.read_text())["results"] if path.is_file() else []
    return [row for row in rows if not made_again(row)]


def machine() -> dict[str, Any]:
    """Return the processor's model, the cores that this process may use, and the system."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": _processor(), "cores": usable, "system": platform.platform()}


def _processor() -> str:
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        for line in listing.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the libraries that the figures hang on."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found
