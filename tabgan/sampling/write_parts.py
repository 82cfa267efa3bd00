"""Writes the parts of a sample: here, or as tasks of Ray.

A part is a function of the model, the seed and its number. So it does not matter which process
writes it, nor in which order.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from numbers import Integral
from typing import Any, Literal, get_args

import pandas as pd

from tabgan.base.errors import OptionError, SamplingError
from tabgan.base.option_checks import check_number
from tabgan.files.arrow_files import ArrowTables, load_pyarrow
from tabgan.files.formats import Format, TableForm
from tabgan.files.read_write import TableWriter
from tabgan.inference.accept_table import as_frame
from tabgan.sampling.part_folder import PartFolder, PartPlan
from tabgan.sampling.row_requests import check_rows_apart, rows_between
from tabgan.sampling.table_model import BLOCK_ROWS, TableModel, library_versions
from tabgan.table.columns import typed_frame
from tabgan.table.frame_libraries import FrameForm

__all__ = [
    "PART_FORMATS",
    "Backend",
    "PartFormat",
    "PartJob",
    "Shard",
    "check_writers",
    "plan_parts",
    "write_parts",
]

Backend = Literal["local", "ray"]
PartFormat = Literal["csv", "tsv", "jsonl", "parquet", "feather"]
PART_FORMATS: tuple[PartFormat, ...] = get_args(PartFormat)
RETRIES = 3  # of a part whose worker is lost
ROW_GROUP = 16 * BLOCK_ROWS  # rows that are written at once
_ARROW_FORMATS: tuple[Format, ...] = ("parquet", "feather")


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
