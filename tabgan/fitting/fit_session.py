"""`FitSession`: callbacks, records and clock of a fit, and the checkpoint to resume it from.

The file is written beside its place and moved there, so that a kill at any moment leaves the
checkpoint before or the new one. It has the format of a model file (`tabgan.base.model_file`) and
holds the state of the training and its records, and all measurements of a private fit. It holds no
row of the table: a resumed fit prepares the table again. On the same kind of processor, its model
file is byte for byte that of an uninterrupted fit.

The options, and a digest of the encoder, which the model file will hold anyway, show whether the
table and the options are those of the checkpoint. A digest of the rows would let somebody who has
all rows except one guess the last one.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TextIO

from sklearn.exceptions import NotFittedError as _SklearnNotFittedError
from torch import Tensor

from tabgan.base.errors import DataError, ModelFileError, OptionError, TabGANError
from tabgan.base.model_file import assembling, read_model, write_model
from tabgan.fitting.options import FitOptions
from tabgan.generators.generator_training import GeneratorState
from tabgan.generators.training_callbacks import Callback, Callbacks, Record

__all__ = [
    "CHECKPOINT_FILE",
    "FitCheckpoint",
    "FitSession",
    "History",
    "NotFittedError",
    "Progress",
    "Stage",
    "digest_of",
    "flatten",
    "remove_checkpoint",
    "saved_seed",
    "unflatten",
]


class NotFittedError(TabGANError, _SklearnNotFittedError):
    """The estimator is not fitted; call `fit` or `load` first."""


class Stage(StrEnum):
    """The stages of a fit, by the names that callbacks and the progress bar get."""

    READING_TABLE = "Reading the table"
    FINDING_RULES = "Finding rules between columns"
    ENCODING = "Encoding"
    MEASURING = "Measuring in private"
    READING_IMAGES = "Reading the images"
    TRAINING = "Training"
    GROWING_TREES = "Growing trees"
    REFINING = "Refining"
    POLISHING = "Polishing"
    POSTPROCESSING = "Refining and polishing"

    @classmethod
    def after_training(cls, *, refine: bool, polish: bool) -> "Stage | None":
        """Return the stage that follows the training; None if nothing is to be done.

        Parameters
        ----------
        refine, polish
            What is to be done.
        """
        if refine and polish:
            return cls.POSTPROCESSING
        if refine:
            return cls.REFINING
        return cls.POLISHING if polish else None


class History(Callback):
    """Keeps all records as plain dictionaries in `records`."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def on_record(self, state: GeneratorState, record: Record) -> None:  # noqa: ARG002
        """Keep the record, in place of those of steps that are taken a second time."""
        while self.records and self.records[-1]["step"] >= record["step"]:
            self.records.pop()
        self.records.append(record)


class Progress(Callback):
    """A progress bar on standard error, for the stages around training too.

    Parameters
    ----------
    enabled
        Whether anything is shown.
    stream
        Where it is shown; standard error if None.
    """

    def __init__(self, enabled: bool, stream: TextIO | None = None) -> None:
        from tqdm.auto import tqdm  # in a notebook a bar of its own

        self.bar: tqdm[Any] = tqdm(
            total=None,
            desc=Stage.READING_TABLE.value,
            disable=not enabled,
            file=stream or sys.stderr,
            unit="step",
            leave=False,
            bar_format="{desc} [{elapsed}]",
            delay=0,
        )

    def on_stage(self, name: str) -> None:
        """Name the stage that begins now."""
        self.bar.bar_format = "{desc} [{elapsed}]"
        self.bar.set_description_str(name)

    def on_train_begin(self, state: GeneratorState) -> None:
        """Turn the line into a bar over the training steps."""
        self.bar.bar_format = "{l_bar}{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}{postfix}]"
        self.bar.set_description_str(Stage.TRAINING.value)
        self.bar.reset(total=state.n_steps)

    def on_record(self, state: GeneratorState, record: Record) -> None:
        """Move the bar to the present step."""
        losses = {key[0].upper(): record[key] for key in record if key.endswith("_loss")}
        self.bar.set_postfix({key: f"{value:.3f}" for key, value in losses.items()}, refresh=False)
        self.bar.update(state.step - self.bar.n)
        if state.step == state.n_steps:  # the bar leaves out what comes soon after the last
            self.bar.refresh()

    def close(self) -> None:
        """Remove the bar."""
        self.bar.close()


class FitSession:
    """The callbacks, records, progress bar and clock of one fit of a table or of images.

    A session is a context: on leaving it the progress bar is removed.

    Parameters
    ----------
    callbacks
        The user's callbacks, checked.
    max_time
        Seconds of wall time that the fit may take; None for no limit.
    verbose
        Whether a progress bar is shown.
    began
        When the fit began, by `time.monotonic`; None for now.

    Attributes
    ----------
    callback : Callback
        History, progress bar and the user's callbacks as one.

    Examples
    --------
    >>> with FitSession(max_time=60.0, verbose=False) as session:
    ...     with session.observed({"steps": 5}) as facts:
    ...         session.stage(Stage.ENCODING)
    ...         facts["n_steps"] = 5
    >>> session.stop(), 59 < session.training_seconds() <= 60, session.records
    (False, True, [])
    """

    def __init__(
        self,
        callbacks: Sequence[Callback] = (),
        *,
        max_time: float | None = None,
        verbose: bool = True,
        began: float | None = None,
    ) -> None:
        self.began = time.monotonic() if began is None else began
        self.max_time = max_time
        self._history = History()
        self._progress = Progress(verbose)
        self.callback = Callbacks([self._history, self._progress, *callbacks])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.close()

    @property
    def records(self) -> list[Record]:
        """The records of the training so far."""
        return self._history.records

    @property
    def n_steps(self) -> int:
        """Training steps taken so far."""
        return int(self.records[-1]["step"]) if self.records else 0

    @property
    def seconds(self) -> float:
        """Seconds since the fit began."""
        return time.monotonic() - self.began

    @contextmanager
    def observed(self, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Tell the callbacks that the fit begins, and at the end its facts, also if it fails.

        Parameters
        ----------
        options
            The estimator's options as JSON values, for `Callback.on_fit_begin`.

        Yields
        ------
        A dictionary that the fit fills with its facts, for `Callback.on_fit_end`.
        """
        facts: dict[str, Any] = {}
        self.callback.on_fit_begin(options)
        try:
            yield facts
        finally:
            self.callback.on_fit_end(facts)

    def go_on(self, records: Sequence[Record], seconds: float) -> None:
        """Go on where a former fit was.

        Parameters
        ----------
        records
            Its records.
        seconds
            The seconds that it has taken.
        """
        self._history.records[:] = map(dict, records)
        self.began -= seconds

    def stage(self, stage: Stage) -> None:
        """Tell the callbacks that a stage begins."""
        self.callback.on_stage(stage.value)

    def training_seconds(self, after: float = 0.0) -> float | None:
        """Return the wall time that training may take; None for no limit.

        Parameters
        ----------
        after
            Share of the time left that is reserved for what follows training.
        """
        if self.max_time is None:
            return None
        return max(self.max_time - self.seconds, 0.0) * (1 - after)

    def stop(self) -> bool:
        """Return whether a callback ends the fit, or its time is up."""
        return self.callback.stop() or (self.max_time is not None and self.seconds >= self.max_time)


CHECKPOINT_FILE = "checkpoint.safetensors"

# Options that a fit may change when it goes on: its rows do not depend on them, or it says so.
_FREE = ("max_time", "verbose", "random_state")


class FitCheckpoint:
    """Saves the state of a fit to a folder, and resumes from it.

    It is the `Checkpoints` of the training.

    Parameters
    ----------
    path
        The file.
    every
        Training steps between two states.
    options
        The options of the fit, as JSON values.
    session
        Records and clock of the fit.
    description, tensors
        What a former fit has saved; empty if this one begins.
    """

    def __init__(
        self,
        path: Path,
        every: int,
        options: Mapping[str, Any],
        session: FitSession,
        *,
        description: Mapping[str, Any],
        tensors: Mapping[str, Tensor],
    ) -> None:
        self._path = path
        self._every = every
        self._session = session
        self._description: dict[str, Any] = {"kind": "checkpoint", "options": options}
        self._description |= description
        self._tensors = dict(tensors)
        if self._description.get("training") is not None:
            session.go_on(self._description["history"], self._description["seconds"])

    @classmethod
    def open(cls, options: FitOptions, session: FitSession) -> Self | None:
        """Open the checkpoint of a fit before it begins; return None if it is to have none.

        Parameters
        ----------
        options
            The options of the fit.
        session
            Records and clock of the fit.

        Raises
        ------
        OptionError
            If there is a checkpoint and the fit is not to resume it, if it is that of a fit with
            other options, or if the folder can't be made.
        ModelFileError
            If it can't be read.
        """
        if options.checkpoint is None:
            return None
        folder = Path(options.checkpoint)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OptionError(
                f"checkpoint={str(folder)!r} is not a folder and can't be created: "
                f"{error.strerror or error}"
            ) from error
        path, kept = folder / CHECKPOINT_FILE, _comparable(options)
        if not path.exists():
            return cls(path, options.checkpoint_every, kept, session, description={}, tensors={})
        if not options.resume:
            raise OptionError(
                f"checkpoint={str(folder)!r} has the checkpoint of a fit; set resume=True to "
                "continue it, or choose another folder",
                on_command_line=f"--checkpoint {folder} has the checkpoint of a fit; use --resume "
                "to continue it, or choose another folder",
            )
        description, tensors = _read(path)
        _check_options(path, description["options"], kept)
        every = options.checkpoint_every
        return cls(path, every, kept, session, description=description, tensors=tensors)

    def seed(self, drawn: int, random_state: object) -> int:
        """Return the seed of the fit: of one that goes on, that which it began with.

        Parameters
        ----------
        drawn
            The seed that `random_state` gives.
        random_state
            The option; None lets the checkpoint decide.

        Raises
        ------
        OptionError
            If the option names another seed.
        """
        saved = self._description.setdefault("seed", drawn)
        if isinstance(random_state, int) and saved != drawn:
            raise OptionError(
                f"{self._path}: the checkpoint is from a fit with random_state={saved}, and "
                f"here it is {drawn}; leave it out, or name another folder",
                on_command_line=f"{self._path}: the checkpoint is from a fit with --seed "
                f"{saved}, and here it is {drawn}; leave it out, or name another folder",
            )
        return int(saved)

    def check_table(self, digest: str) -> None:
        """Check that the checkpoint is that of the same table.

        Parameters
        ----------
        digest
            What `digest_of` returns for the prepared table.

        Raises
        ------
        DataError
            If it is not.
        """
        if self._description.setdefault("digest", digest) != digest:
            raise DataError(
                f"{self._path}: the checkpoint is from a fit of another table, or from one with "
                "another schema, other constraints or other condition columns; use those again, "
                "or name another folder"
            )

    def saved_training(self) -> Mapping[str, Any] | None:
        """Return the state of the training to go on from; None if there is none."""
        saved: Mapping[str, Any] | None = self._load("training")
        return saved

    def is_due(self, step: int) -> bool:
        """Return whether the state is to be saved after a step."""
        return step % self._every == 0

    def save_training(self, state: Mapping[str, Any]) -> None:
        """Save the state of the training, with its records and the seconds so far."""
        self._description["history"] = self._session.records
        self._description["seconds"] = self._session.seconds
        self._save("training", state)

    def saved_measurements(self) -> Mapping[str, Any] | None:
        """Return what a private fit has measured; None if it has measured nothing."""
        saved: Mapping[str, Any] | None = self._load("measured")
        return saved

    def save_measurements(self, state: Mapping[str, Any]) -> None:
        """Save what a private fit has measured: nothing is measured, and spent, twice."""
        self._save("measured", state)

    def _load(self, part: str) -> Any:
        if self._description.get(part) is None:
            return None
        with assembling(self._path, "checkpoint"):
            return unflatten(self._description[part], self._tensors)

    def _save(self, part: str, state: Mapping[str, Any]) -> None:
        fresh: dict[str, Tensor] = {}
        self._description[part] = flatten(state, fresh, part)
        others = {k: v for k, v in self._tensors.items() if not k.startswith(f"{part}/")}
        # copies: the file's format does not allow two tensors that share memory
        self._tensors = others | {name: tensor.cpu().clone() for name, tensor in fresh.items()}
        write_model(self._path, self._description, self._tensors)


def saved_seed(folder: str | os.PathLike[str]) -> int | None:
    """Return the seed of the fit whose checkpoint a folder has; None if it has none.

    Raises
    ------
    ModelFileError
        If the checkpoint can't be read.
    """
    path = Path(folder, CHECKPOINT_FILE)
    return int(_read(path)[0]["seed"]) if path.exists() else None


def remove_checkpoint(folder: str | os.PathLike[str]) -> None:
    """Remove the checkpoint of a fit whose results are saved, and its folder if it is empty."""
    Path(folder, CHECKPOINT_FILE).unlink(missing_ok=True)
    with suppress(OSError):
        Path(folder).rmdir()


def _comparable(options: FitOptions) -> dict[str, Any]:
    """Return the options that have to be the same, as JSON values."""
    kept = {name: value for name, value in options.parameters.items() if name not in _FREE}
    values: dict[str, Any] = json.loads(json.dumps(kept))
    return values


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    description, tensors = read_model(path)
    if description.get("kind") != "checkpoint" or not isinstance(description["options"], dict):
        raise ModelFileError(f"{path}: a model file, but not the checkpoint of a fit")
    return description, tensors


def _check_options(path: Path, saved: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Check that the options are those of the checkpoint."""
    for name in sorted({*saved, *now}):
        if saved.get(name) != now.get(name):
            raise OptionError(
                f"{path}: the checkpoint is from a fit with {name}={saved.get(name)!r}, and "
                f"here it is {now.get(name)!r}; give the same options, or name another folder"
            )


def digest_of(*facts: Any) -> str:
    """Return the SHA-256 digest of JSON values.

    Examples
    --------
    >>> digest_of({"a": 1, "b": 2}) == digest_of({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def flatten(tree: Any, tensors: dict[str, Tensor], place: str = "") -> Any:
    """Move the tensors out of nested dictionaries and lists, which then hold JSON values only.

    Parameters
    ----------
    tree
        Dictionaries, lists, numbers, texts, None, and tensors.
    tensors
        Receives the tensors, by their place.

    Examples
    --------
    >>> import torch
    >>> tensors = {}
    >>> flatten({"a": [torch.ones(2), 3]}, tensors)
    {'dict': [['a', [{'tensor': '/a/0'}, 3]]]}
    >>> unflatten(flatten({"a": [torch.ones(2), 3]}, tensors), tensors)
    {'a': [tensor([1., 1.]), 3]}
    """
    if isinstance(tree, Tensor):
        tensors[place] = tree.detach()
        return {"tensor": place}
    if isinstance(tree, Mapping):  # as pairs: JSON would make texts of whole numbers
        return {"dict": [[k, flatten(v, tensors, f"{place}/{k}")] for k, v in tree.items()]}
    if isinstance(tree, list | tuple):
        return [flatten(v, tensors, f"{place}/{i}") for i, v in enumerate(tree)]
    return tree


def unflatten(tree: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Rebuild what `flatten` took apart.

    Parameters
    ----------
    tree
        What `flatten` returned.
    tensors
        The tensors, by their place.
    """
    if isinstance(tree, Mapping):
        if "tensor" in tree:
            return tensors[tree["tensor"]]
        return {k: unflatten(v, tensors) for k, v in tree["dict"]}
    if isinstance(tree, list):
        return [unflatten(v, tensors) for v in tree]
    return tree
