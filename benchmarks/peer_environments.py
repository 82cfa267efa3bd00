"""Virtual environments of the peers: made once in a cache folder, kept for the next run."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

TORCH = ("torch==2.13.0+cpu", "torch==2.13.0")
"""The build without CUDA where pip finds it, and any other elsewhere."""
READS_PARQUET = "pyarrow"


class InstallError(Exception):
    """An environment could not be made; the message is the reason in one line."""


@dataclass(frozen=True)
class Environment:
    """What is installed side by side.

    Attributes
    ----------
    name : str
        Its folder's name.
    packages : tuple of str
        What pip installs.
    torch : bool
        Whether torch comes first.
    unused : tuple of str
        Packages to remove again: they come along, and fail to import beside a torch without CUDA.
    reported : tuple of str
        The packages whose versions say what was measured.
    """

    name: str
    packages: tuple[str, ...]
    torch: bool = False
    unused: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()


def prepared(environment: Environment, cache: Path) -> tuple[Path, dict[str, str]]:
    """Return an environment's Python and the versions in it; make it if it is not there.

    Raises
    ------
    InstallError
        If pip can't install it here; its output is in `install.log` beside the environment.
    """
    folder = cache / environment.name
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    record = folder / "environment.json"
    wanted = json.dumps(asdict(environment) | {"torch_builds": TORCH}, sort_keys=True)
    if not record.is_file() or json.loads(record.read_text())["wanted"] != wanted:
        print(f"installing {' '.join(environment.packages)} …", file=sys.stderr)
        _make(environment, folder, python)
        found = _versions(python, environment.reported)
        record.write_text(json.dumps({"wanted": wanted, "versions": found}))
    versions: dict[str, str] = json.loads(record.read_text())["versions"]
    return python, versions


def _make(environment: Environment, folder: Path, python: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    log = folder.with_name(f"{environment.name}.install.log")
    log.unlink(missing_ok=True)
    _logged([sys.executable, "-m", "venv", str(folder)], log)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check"]
    if environment.torch:
        _first_that_installs(pip, TORCH, log)
    _logged([*pip, "install", *environment.packages, READS_PARQUET], log)
    if environment.unused:
        _logged([*pip, "uninstall", "--yes", *environment.unused], log)


def _first_that_installs(pip: Sequence[str], builds: Sequence[str], log: Path) -> None:
    for build in builds[:-1]:
        try:
            return _logged([*pip, "install", build], log)
        except InstallError:
            continue
    return _logged([*pip, "install", builds[-1]], log)


def _logged(command: Sequence[str], log: Path) -> None:
    with log.open("ab") as stream:
        code = subprocess.run(command, stdout=stream, stderr=stream, check=False).returncode
    if code:
        lines = log.read_text(errors="replace").splitlines()
        reasons = [line for line in lines if line.startswith("ERROR")] or lines or ["no output"]
        raise InstallError(f"not installed: {reasons[-1]} (see {log})")


def _versions(python: Path, packages: Sequence[str]) -> dict[str, str]:
    code = (
        "import json, platform, sys; from importlib.metadata import version;"
        "found = {name: version(name) for name in sys.argv[1:]};"
        "print(json.dumps(found | {'python': platform.python_version()}))"
    )
    finished = subprocess.run(
        [str(python), "-c", code, *packages], stdout=subprocess.PIPE, check=True
    )
    found: dict[str, str] = json.loads(finished.stdout)
    return found
