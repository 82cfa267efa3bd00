"""Writes the parts of a sample to a folder, in this process or as Ray tasks.

A part is a function of the model, the seed and its number. So it does not matter which process
writes it, nor in which order.

Until all parts are finished, the folder ``_unfinished`` in it holds the plan and a record of each
finished part. Then the manifest takes their place. None of these tells who wrote a part, or when.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from itertools import starmap
from numbers import Integral
from pathlib import Path
from typing import Any, Literal, Self, get_args

import pandas as pd

from tabgan.base.errors import OptionError, SamplingError, TableFileError
from tabgan.base.option_checks import check_number
from tabgan.base.safe_files import open_atomically
from tabgan.files.arrow_files import ArrowTables, load_pyarrow
from tabgan.files.formats import FORMATS, Format, TableForm
from tabgan.files.read_write import TableWriter
from tabgan.inference.accept_table import as_frame
from tabgan.sampling.row_requests import check_rows_apart, rows_between
from tabgan.sampling.table_model import BLOCK_ROWS, TableModel, library_versions
from tabgan.table.columns import typed_frame
from tabgan.table.frame_libraries import FrameForm

__all__ = [
    "Backend",
    "MANIFEST",
    "PART_FORMATS",
    "PartFolder",
    "PartFormat",
    "PartJob",
    "PartPlan",
    "PartRecord",
    "Shard",
    "check_writers",
    "plan_parts",
    "read_plan",
    "write_parts",
]

Backend = Literal["local", "ray"]
PartFormat = Literal["csv", "tsv", "jsonl", "parquet", "feather"]
PART_FORMATS: tuple[PartFormat, ...] = get_args(PartFormat)
RETRIES = 3  # of a part whose worker is lost
ROW_GROUP = 16 * BLOCK_ROWS  # rows that are written at once
_ARROW_FORMATS: tuple[Format, ...] = ("parquet", "feather")
MANIFEST = "manifest.json"
_UNFINISHED = "_unfinished"
_PLAN = "plan.json"
_FORMAT = 1  # of plans and manifests
_RECORD = re.compile(r"part-(\d{5,18})\.json", re.ASCII)


@dataclass(frozen=True)
class PartPlan:
    """What decides every byte of the parts of a sample.

    Parameters
    ----------
    rows
        Rows of the whole sample.
    rows_per_file
        Rows of each part but the last.
    seed
        Root of all streams of randomness.
    model
        SHA-256 digest of the model.
    device
        Type of the device that the rows are drawn on.
    format
        Format of the parts.
    versions
        Versions of the libraries that draw and write the rows, by their names.

    Examples
    --------
    >>> plan = PartPlan(25, 10, 0, "3f", "cpu", "csv", {})
    >>> plan.n_parts, plan.name(2), plan.span(2)
    (3, 'part-00002.csv', (20, 25))
    """

    rows: int
    rows_per_file: int
    seed: int
    model: str
    device: str
    format: Format
    versions: Mapping[str, str]

    @property
    def n_parts(self) -> int:
        """Number of parts; no rows are one part without rows."""
        return max(1, -(-self.rows // self.rows_per_file))

    def name(self, part: int) -> str:
        """Return the file name of a part."""
        return f"part-{part:05d}.{self.format}"

    def span(self, part: int) -> tuple[int, int]:
        """Return the positions of a part's first row, and of the row after its last one."""
        start = part * self.rows_per_file
        return start, min(start + self.rows_per_file, self.rows)

    def to_json(self) -> dict[str, Any]:
        """Describe the plan by JSON values."""
        return {"tabgan_parts": _FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild the plan from `to_json`'s value.

        Raises
        ------
        KeyError, TypeError, ValueError
            If the value is malformed.
        """
        if state["tabgan_parts"] != _FORMAT:
            raise ValueError(f"of version {state['tabgan_parts']}, and not {_FORMAT}")
        versions = {str(name): str(text) for name, text in dict(state["versions"]).items()}
        rows, rows_per_file, seed = (int(state[k]) for k in ("rows", "rows_per_file", "seed"))
        if rows < 0 or rows_per_file < 1 or seed < 0:
            raise ValueError("its numbers of rows or its seed are out of range")
        if state["format"] not in FORMATS:  # it is part of the names of files
            raise ValueError(f"its format is {state['format']!r}")
        model, device = str(state["model"]), str(state["device"])
        return cls(rows, rows_per_file, seed, model, device, state["format"], versions)

    def is_plan_of(self, part: int, record: "PartRecord") -> bool:
        """Return whether a record has a part's name and number of rows."""
        start, stop = self.span(part)
        return (record.name, record.rows) == (self.name(part), stop - start)


@dataclass(frozen=True)
class PartRecord:
    """A finished part.

    Parameters
    ----------
    name
        File name.
    rows
        Number of rows.
    bytes
        Size of the file.
    sha256
        SHA-256 digest of the file.
    """

    name: str
    rows: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path, rows: int) -> Self:
        """Describe a file.

        Parameters
        ----------
        path
            The file.
        rows
            Its number of rows.
        """
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(path.name, rows, path.stat().st_size, digest)

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Rebuild a record from its fields.

        Raises
        ------
        KeyError, TypeError, ValueError
            If a field is missing or malformed.
        """
        return cls(
            str(state["name"]), int(state["rows"]), int(state["bytes"]), str(state["sha256"])
        )

    def is_true_of(self, path: Path) -> bool:
        """Return whether a file is there and has these bytes."""
        if not path.is_file() or path.stat().st_size != self.bytes:
            return False
        return PartRecord.of(path, self.rows) == self


@dataclass(frozen=True)
class PartFolder:
    """A folder that parts are written to, by one process or by several.

    Parameters
    ----------
    path
        The folder.
    plan
        What it is to hold.
    listed
        The parts of its manifest; none as long as there is none.
    """

    path: Path
    plan: PartPlan
    listed: tuple[PartRecord, ...] = ()

    @classmethod
    def open(cls, path: Path, plan: PartPlan, *, join: bool, force: bool) -> Self:
        """Prepare a folder for parts.

        Parameters
        ----------
        path
            The folder; it is made if it does not exist.
        plan
            What it is to hold.
        join
            Whether it may hold parts of this plan already.
        force
            Whether parts of another sample are removed.

        Raises
        ------
        TableFileError
            If it is a file, can't be written to, or holds something else. Nothing is removed then.
        """
        if path.exists() and not path.is_dir():
            raise TableFileError(
                f"{path} is a file, and the files of a sample need a folder; name a new or "
                "empty one"
            )
        with _own_errors(path):
            path.mkdir(parents=True, exist_ok=True)
            planned, listed = read_plan(path), tuple[PartRecord, ...]()
            if planned is None:
                _check_is_empty(path)
            elif force:
                _remove_parts(path, planned)
            else:
                _check_is_expected(path, planned, plan, join=join)
                listed = _read_manifest(path, planned)
            if not listed:
                (path / _UNFINISHED).mkdir(exist_ok=True)
                _write_json(path / _UNFINISHED / _PLAN, plan.to_json())
        return cls(path, plan, listed)

    @property
    def manifest(self) -> Path:
        """The file that lists all parts, once they are finished."""
        return self.path / MANIFEST

    def is_finished(self, part: int) -> bool:
        """Return whether a part is written, with the bytes of its record."""
        record = self._record(part)
        return record is not None and record.is_true_of(self.path / self.plan.name(part))

    def add(self, part: int) -> None:
        """Record a part that has been written.

        Raises
        ------
        TableFileError
            If the record can't be written.
        """
        start, stop = self.plan.span(part)
        with _own_errors(self.path):
            record = PartRecord.of(self.path / self.plan.name(part), stop - start)
            if not self.manifest.is_file():  # which lists the same bytes
                _write_json(self._place(part), asdict(record))

    def finish(self) -> bool:
        """Write the manifest if all parts are finished; return whether there is one.

        Raises
        ------
        TableFileError
            If it can't be written.
        """
        if not self.manifest.is_file():
            records = [self._record(part) for part in range(self.plan.n_parts)]
            if None in records:
                return self.manifest.is_file()  # another process may just have written it
            parts = [asdict(record) for record in records if record is not None]
            with _own_errors(self.path):
                _write_json(self.manifest, {**self.plan.to_json(), "parts": parts})
        # A process that was killed after it wrote the manifest may have left these records.
        shutil.rmtree(self.path / _UNFINISHED, ignore_errors=True)
        return True

    def _place(self, part: int) -> Path:
        return self.path / _UNFINISHED / f"part-{part:05d}.json"

    def _record(self, part: int) -> PartRecord | None:
        """Return what the folder says of a part; None where it says nothing, or nothing whole."""
        if self.listed:
            return self.listed[part]
        record = _read_record(self._place(part))
        return record if record is not None and self.plan.is_plan_of(part, record) else None


def _check_is_empty(path: Path) -> None:
    for entry in path.iterdir():
        if entry.name != _UNFINISHED and not entry.name.startswith("."):
            raise TableFileError(
                f"{path} holds {entry.name}, and no parts of a sample; name a new or empty folder"
            )


def _check_is_expected(path: Path, planned: PartPlan, plan: PartPlan, *, join: bool) -> None:
    """Check that a folder holds parts of this sample, and that these are expected."""
    theirs = planned.to_json()
    for name, value in plan.to_json().items():
        if theirs[name] != value:
            raise TableFileError(
                f"{path} holds parts of another sample, whose {_NOUNS.get(name, name)} is "
                f"{theirs[name]} and not {value}; name another folder, or give --force, without "
                "--shard, to replace them"
            )
    if not join:
        raise TableFileError(
            f"{path} already holds parts of this sample; give --resume to go on, or --force to "
            "replace them"
        )


def _check_is_listed(path: Path, names: Set[str], notes: Iterable[Path]) -> None:
    """Check that a folder holds the listed parts and its lists, and nothing else."""
    own = {MANIFEST, _UNFINISHED, *names}
    others = [
        *(e for e in path.iterdir() if e.name not in own),
        *(path / name for name in names if (path / name).is_dir()),
        *(note for note in notes if note.name != _PLAN and not _RECORD.fullmatch(note.name)),
    ]
    for entry in others:
        if not entry.name.startswith("."):
            raise TableFileError(
                f"{path} holds {entry.relative_to(path)}, which is not among the files that it "
                "lists; move it away, or name another folder (nothing has been removed)"
            )


def _remove_parts(path: Path, planned: PartPlan) -> None:
    """Remove the parts that a folder lists, and its lists, if it holds nothing else."""
    unfinished = path / _UNFINISHED
    notes = [*unfinished.iterdir()] if unfinished.is_dir() else []
    names = {record.name for record in _read_manifest(path, planned)}
    for note in notes:
        number, record = _RECORD.fullmatch(note.name), _read_record(note)
        if number and record and planned.is_plan_of(int(number[1]), record):
            names.add(record.name)
    _check_is_listed(path, names, notes)
    for name in names:  # the lists go last: what is stopped here can be done again
        (path / name).unlink(missing_ok=True)
    (path / MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(unfinished, ignore_errors=True)


_NOUNS = {"rows_per_file": "number of rows per file", "rows": "number of rows"}


def read_plan(path: Path) -> PartPlan | None:
    """Read what a folder of parts is to hold; None if it holds none.

    Raises
    ------
    TableFileError
        If a file has the name of a plan and is none.
    """
    for place in (path / MANIFEST, path / _UNFINISHED / _PLAN):
        with suppress(FileNotFoundError), _readable(place):
            return PartPlan.from_json(_read_json(place))
    return None


def _read_manifest(path: Path, plan: PartPlan) -> tuple[PartRecord, ...]:
    """Read the parts of a manifest that has this plan; none if there is no manifest."""
    place = path / MANIFEST
    with suppress(FileNotFoundError), _readable(place):
        listed = tuple(map(PartRecord.from_json, _read_json(place)["parts"]))
        if len(listed) != plan.n_parts or not all(starmap(plan.is_plan_of, enumerate(listed))):
            raise ValueError("its parts are not those that its numbers of rows make")
        return listed
    return ()


def _read_record(place: Path) -> PartRecord | None:
    """Read the record of a part; None if there is none, or no whole one."""
    try:
        return PartRecord.from_json(_read_json(place))
    except (OSError, LookupError, TypeError, ValueError, ArithmeticError, RecursionError):
        return None


@contextmanager
def _readable(place: Path) -> Iterator[None]:
    try:
        yield
    except (LookupError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise TableFileError(
            f"{place} does not describe parts of a sample, or is damaged ({error}); name "
            "another folder, or empty this one"
        ) from error


def _read_json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _write_json(path: Path, state: Mapping[str, Any]) -> None:
    with open_atomically(path) as file:
        file.write(json.dumps(state, indent=1).encode() + b"\n")


@contextmanager
def _own_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise TableFileError(f"{path} can't be written to: {error.strerror or error}") from error


@dataclass(frozen=True)
class Shard:
    """One of several processes that write the parts of a sample together.

    Parameters
    ----------
    number
        Number of the process, from 0.
    count
        How many there are.

    Examples
    --------
    >>> Shard(1, 3).of(range(8))
    range(1, 8, 3)
    """

    number: int
    count: int

    def __post_init__(self) -> None:
        if not 0 <= self.number < self.count:
            raise OptionError(
                f"shard={self.number}/{self.count} must be a number from 0 and below the number of "
                f"shards, as in 0/{max(self.count, 1)}"
            )

    def of(self, parts: range) -> range:
        """Return the parts that are this process's."""
        return parts[self.number :: self.count]


@dataclass(frozen=True)
class PartJob:
    """All that writing a part needs, besides its number.

    Parameters
    ----------
    model
        The model.
    folder
        Where the parts go.
    frame_form
        The kind of table that the rows are.
    form
        The form of the files.
    """

    model: TableModel
    folder: PartFolder
    frame_form: FrameForm
    form: TableForm

    @classmethod
    def of(cls, model: TableModel, folder: PartFolder, frame_form: FrameForm) -> "PartJob":
        """Prepare the form of the files, which the first rows of the sample decide.

        Parameters
        ----------
        model, folder, frame_form
            The fields.
        """
        plan = folder.plan
        form = TableForm().for_output(plan.name(0), table_format=plan.format)
        job = cls(model, folder, frame_form, form)
        if plan.format not in _ARROW_FORMATS:
            return job
        tables = ArrowTables(None, plan.format)
        tables.of(next(job.rows(0, min(plan.rows, model.block_rows))))
        return replace(job, form=replace(form, arrow_schema=tables.schema))

    def rows(self, start: int, stop: int) -> Iterator[pd.DataFrame]:
        """Yield rows of the sample, as they are written."""
        plan = self.folder.plan
        for frame in rows_between(self.model, start, stop, plan.rows, plan.seed):
            rows = as_frame(self.frame_form.restore(frame))
            yield typed_frame(rows, self.model.encoder.schema) if self.form.typed else rows

    def write(self, part: int) -> None:
        """Write a part and its record."""
        plan, waiting = self.folder.plan, list[pd.DataFrame]()
        path = self.folder.path / plan.name(part)
        with TableWriter(str(path), self.form, force=True) as writer:
            for frame in self.rows(*plan.span(part)):
                waiting.append(frame)
                if sum(map(len, waiting)) >= ROW_GROUP:
                    writer.write(pd.concat(waiting))
                    waiting = []
            if waiting:
                writer.write(pd.concat(waiting))
        self.folder.add(part)


def plan_parts(
    model: TableModel, rows: int, seed: int, *, rows_per_file: int, part_format: PartFormat
) -> PartPlan:
    """Plan the parts of a sample.

    Parameters
    ----------
    model
        The model.
    rows
        Rows of the whole sample.
    seed
        Root of all streams of randomness.
    rows_per_file
        Rows of each part but the last.
    part_format
        One of `PART_FORMATS`.

    Raises
    ------
    OptionError
        If an option has an impossible value, or the format needs a library that is not installed.
    SamplingError
        If the rows can't be drawn apart from each other.
    """
    check_number("rows_per_file", rows_per_file, Integral, 1)
    if part_format not in PART_FORMATS:
        raise OptionError(
            f"table_format={part_format!r} can't be written in parts; choose one of "
            f"{', '.join(PART_FORMATS)}"
        )
    check_rows_apart(model, rows)
    versions = library_versions()
    if part_format in _ARROW_FORMATS:
        load_pyarrow("Parquet")
        versions["pyarrow"] = version("pyarrow")
    device = model.device.type
    return PartPlan(rows, int(rows_per_file), seed, model.digest, device, part_format, versions)


def check_writers(model: TableModel, shard: Shard | None, backend: Backend, *, force: bool) -> None:
    """Check that parts can be written in a way, before a folder is touched.

    Parameters
    ----------
    model
        The model.
    shard
        The shard that is written; None for all parts.
    backend
        As of `write_parts`.
    force
        Whether the files of another sample are replaced.

    Raises
    ------
    OptionError
        If a shard would replace files, Ray is not installed, or the model lies on a GPU for Ray.
    """
    if shard is not None and force:
        raise OptionError(
            "force can't be combined with shard: each process would remove the others' files; "
            "name another folder, or remove this one before the first process starts"
        )
    if backend == "ray":
        _load_ray()
        if model.device.type != "cpu":
            raise OptionError(
                f"device={model.device} can't be used by Ray, which draws on CPUs; give device=cpu"
            )


def write_parts(
    job: PartJob, parts: Sequence[int], *, backend: Backend = "local", cluster: str | None = None
) -> Iterator[int]:
    """Write parts that are not finished, and yield each one's number when it is.

    Parameters
    ----------
    job
        What is to be written.
    parts
        Numbers of the parts. Those that are finished are read, and yielded too.
    backend
        ``"local"`` writes one part after the other; ``"ray"`` writes them as tasks of Ray, which
        repeats those of lost workers.
    cluster
        Address of a running cluster of Ray; None for the one that Ray finds, or a new one here.

    Raises
    ------
    OptionError
        If Ray is not installed, or can't be reached.
    SamplingError
        If Ray gave a part up.
    TableFileError
        If a part can't be written.
    """
    if backend == "ray":
        yield from _write_by_ray(job, parts, cluster)
        return
    for part in parts:
        yield _finish_part(job, part)


def _finish_part(job: PartJob, part: int) -> int:
    if not job.folder.is_finished(part):
        job.write(part)
    return part


def _write_by_ray(job: PartJob, parts: Sequence[int], cluster: str | None) -> Iterator[int]:
    ray = _load_ray()
    is_ours = not ray.is_initialized()
    if is_ours:
        try:
            ray.init(address=cluster, log_to_driver=False, include_dashboard=False)
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise OptionError(f"cluster={cluster!r} can't be reached by Ray: {error}") from error
    try:
        task = ray.remote(num_cpus=1, max_retries=RETRIES)(_finish_part)
        shared = ray.put(job)
        waiting = [task.remote(shared, part) for part in parts]
        while waiting:
            done, waiting = ray.wait(waiting)
            yield from ray.get(done)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise SamplingError(
            f"backend='ray': a part was given up after {RETRIES} more tries ({error}); what is "
            "finished stays, and --resume goes on"
        ) from error
    finally:
        if is_ours:
            ray.shutdown()


def _load_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise OptionError(
            "backend='ray' needs Ray, which is not installed; install it with pip install "
            "'.[ray]', or leave the backend out"
        ) from error
    return ray
