"""`TableModel`: the trained model of a table; it samples blocks of rows, and is saved and loaded.

Each block has its own stream of randomness. Block b of a sample is the same for any number of rows,
threads or calls.
"""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from numbers import Integral
from threading import Barrier
from typing import Any, Self, TypeVar

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor

from tabgan.base.errors import ModelFileError
from tabgan.base.model_file import (
    assembling,
    model_bytes,
    parameters_from_json,
    parameters_to_json,
    read_model,
    under,
    write_model,
)
from tabgan.base.option_checks import check_number
from tabgan.base.random_streams import numpy_stream, torch_stream
from tabgan.encoding.condition_columns import ConditionColumns
from tabgan.encoding.table_encoder import TableEncoder
from tabgan.generators.diffusion import MLPDenoiser
from tabgan.generators.gan.diagnosis import Finding
from tabgan.generators.gan.table_networks import MLPGenerator
from tabgan.generators.generator_training import RowGenerator
from tabgan.generators.training_callbacks import Record
from tabgan.generators.trees.tree_generator import TreeGenerator
from tabgan.generators.variational_autoencoder import VariationalAutoencoder
from tabgan.rules.base_rules import Constraint
from tabgan.rules.constraint_plan import constraints_from_json, named_customs
from tabgan.rules.enforcement import UniqueKeys, keep_rules, keep_unique
from tabgan.sampling.postprocess import PostProcessing
from tabgan.sampling.refinement import RowFeatures
from tabgan.sampling.row_samplers import ConditionalSampler, RowSampler, Sampler, TreeSampler
from tabgan.sampling.table_keys import KeyRule, key_from_json, key_to_json
from tabgan.sampling.time_series import TimeSeries
from tabgan.table.frame_libraries import FrameForm

__all__ = [
    "BLOCK_ROWS",
    "ModelFacts",
    "TableModel",
    "blocks",
    "library_versions",
    "settled_by",
    "untimed",
]


AnySampler = TypeVar("AnySampler", bound=Sampler)


@dataclass(frozen=True)
class ModelFacts:
    """What a model file records about a fit, besides what rows are drawn with.

    Attributes
    ----------
    parameters
        The options of the estimator, by name, as JSON values.
    n_rows
        Rows of the training table; about as many after a private fit.
    form
        The kind of table that was learned.
    latent_reason, penalty_reason
        Why the latent size, and which penalty with which weight.
    n_steps
        Training steps taken; of trees their number.
    history
        Records of the training.
    diagnosis
        What went wrong in training.
    postprocessing
        What refinement and polish did, as JSON values; empty if nothing was tried.
    privacy
        The privacy ledger as JSON values; None without differential privacy.
    """

    parameters: Mapping[str, Any]
    n_rows: int
    form: FrameForm
    latent_reason: str
    penalty_reason: str
    n_steps: int
    history: tuple[Record, ...] = ()
    diagnosis: tuple[Finding, ...] = ()
    postprocessing: Mapping[str, Any] = field(default_factory=dict)
    privacy: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        """Return JSON values that `from_json` makes equal facts from."""
        facts = {
            "parameters": parameters_to_json(self.parameters),
            "n_rows": self.n_rows,
            "table": self.form.to_json(),
            "latent_reason": self.latent_reason,
            "finish": untimed(self.postprocessing),
            "n_steps": self.n_steps,
            "penalty_reason": self.penalty_reason,
            "history": list(map(untimed, self.history)),
            "diagnosis": [finding.to_json() for finding in self.diagnosis],
        }
        return facts if self.privacy is None else facts | {"privacy": dict(self.privacy)}

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Self:
        """Read the facts of a model file.

        Raises
        ------
        KeyError, TypeError, ValueError
            If one is missing or malformed.
        """
        check_number("n_rows", state["n_rows"], Integral, 1)
        privacy = state.get("privacy")
        return cls(
            parameters=parameters_from_json(state["parameters"]),
            n_rows=int(state["n_rows"]),
            form=FrameForm.from_json(state.get("table", {"library": "pandas"})),
            latent_reason=str(state["latent_reason"]),
            penalty_reason=str(state["penalty_reason"]),
            n_steps=int(state["n_steps"]),
            history=tuple(dict(record) for record in state["history"]),
            diagnosis=tuple(map(Finding.from_json, state.get("diagnosis", ()))),
            postprocessing=dict(state["finish"]),
            privacy=None if privacy is None else dict(privacy),
        )


_OTHER_FILES = {  # by what the description of a model of a table has not
    "images": "a model of images, not of a table; open it with ImageGAN.load, or with the commands "
    "of 'tabgan images'",
    "kind": "the checkpoint of a fit, not a model; give its folder to --checkpoint, with --resume",
}


def untimed(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out how long something took: the same fit is to give the same file, byte for byte.

    Parameters
    ----------
    facts
        A record of a training, or facts of a part of a fit.
    """
    return {name: value for name, value in facts.items() if name != "seconds"}


BLOCK_ROWS = 8192
POSTPROCESSED_ROWS = 4096  # of a block with refinement and polish, so that few rows come soon
SPARE_ROWS = 512  # of a block, for the first rows that break a constraint
_LIBRARIES = ("tabgan", "torch", "pandas", "numpy", "faker")  # whose versions the file records


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that the rows of a sample depend on, by their names."""
    return {name: version(name) for name in _LIBRARIES}


def blocks(
    n: int, draw: Callable[[int], pd.DataFrame], workers: int, rows: int = BLOCK_ROWS
) -> Iterator[pd.DataFrame]:
    """Yield the frames of a sample of n rows in order, `workers` blocks ahead at most.

    Parameters
    ----------
    n
        Rows in all.
    draw
        Draws block b; called from other threads.
    workers
        Threads that draw. Each runs torch with one thread of its own: sums are then added up in
        the same order however many there are.
    rows
        Rows of a block.
    """
    count = max(1, -(-n // rows))  # no rows are one empty block: its dtypes tell
    with _single_threads(workers) as pool:
        ahead: deque[Future[pd.DataFrame]] = deque()
        for block in range(count + workers):
            if block < count:
                ahead.append(pool.submit(draw, block))
            if block >= workers:
                frame, left = ahead.popleft().result(), n - (block - workers) * rows
                # A copy, not a slice: pandas warns whoever writes into a slice.
                yield frame if left >= rows else frame.iloc[:left].copy()


def _single_threads(workers: int) -> ThreadPoolExecutor:
    """Start threads in each of which torch has one thread, and no others are touched."""
    threads = torch.get_num_threads()
    started = Barrier(workers + 1)

    def start() -> None:
        torch.set_num_threads(1)
        started.wait()

    pool = ThreadPoolExecutor(workers, initializer=start)
    for _ in range(workers):
        pool.submit(int)
    started.wait()
    # Threads that begin later take the number that was set last, by whichever thread.
    torch.set_num_threads(threads)
    return pool


@dataclass(frozen=True)
class TableModel:
    """Encoder and sampler of a trained table, with what is known of the training.

    Parameters
    ----------
    encoder
        Turns encoded rows into a frame.
    sampler
        Draws encoded rows.
    facts
        What the model file records about the fit.
    condition_columns
        The columns whose levels the generator takes as a condition; None if there are none.
    finish
        Refinement and polish of the rows that are drawn; None leaves them as they are.
    constraints
        Declared rules that all rows have to keep.
    keys
        What its rows are to each other: keys that repeat, references, joint keys.
    series
        Draws the rows of a regular series given those before them; None if they don't depend.
    """

    encoder: TableEncoder
    sampler: Sampler
    facts: ModelFacts
    condition_columns: ConditionColumns | None = None
    finish: PostProcessing | None = None
    constraints: tuple[Constraint, ...] = ()
    keys: tuple[KeyRule, ...] = ()
    series: TimeSeries | None = None

    @property
    def device(self) -> torch.device:
        """Where the generator lies."""
        return self.sampler.device

    @property
    def method(self) -> str:
        """How the table was learned."""
        return self.sampler.kind

    @property
    def block_rows(self) -> int:
        """Rows of a block of a sample."""
        return BLOCK_ROWS if self.finish is None else POSTPROCESSED_ROWS

    def draw_block(self, seed: int, block: int) -> pd.DataFrame:
        """Draw block b of the sample with a seed: `block_rows` rows.

        They keep the constraints but those of uniqueness, which hold in a stream of blocks.

        Parameters
        ----------
        seed
            Root of all streams of randomness.
        block
            Number of the block.
        """
        if not self.constraints:
            return self._draw_rows(seed, block)
        rows = self._draw_rows(seed, block, spare=SPARE_ROWS)
        frame = rows[: self.block_rows].copy()

        def redraw(attempt: int) -> pd.DataFrame:
            if attempt:
                return self._draw_rows(seed, block, "again", attempt)
            return rows[self.block_rows :]

        derived = self.encoder.derived
        return keep_rules(frame, self.constraints, self.encoder.schema, redraw, derived=derived)

    def _draw_rows(self, seed: int, block: int, *again: str | int, spare: int = 0) -> pd.DataFrame:
        """Draw the rows of a block, or, by further names of the streams, others in their place."""
        n = self.block_rows + spare
        stream = torch_stream(seed, "sample", block, *again, device=self.device)
        rng = numpy_stream(seed, "finish", block, *again)
        numbers, codes = self._draw(n, stream, rng)
        start = block * self.block_rows
        rng = numpy_stream(seed, "decode", block, *again)
        frame = self.encoder.decode(numbers, codes, start, rng, key=seed)
        frame.index = pd.RangeIndex(start, start + n)
        return frame

    def _draw(
        self, n: int, stream: torch.Generator, rng: np.random.Generator
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        if self.finish is None:
            return self.sampler.draw(n, stream)
        free = self.sampler.chances is None
        return self.finish.draw(self.sampler, n, stream, rng, free=free)

    def blocks_from(self, first: int, n: int, seed: int) -> Iterator[pd.DataFrame]:
        """Yield n rows of the sample with a seed, from a block on, whatever stands before it.

        They keep the constraints but those of uniqueness.

        Parameters
        ----------
        first
            Number of the first block.
        n
            Number of rows.
        seed
            Root of all streams of randomness.
        """
        workers = torch.get_num_threads() if self.device.type == "cpu" else 1
        return blocks(n, lambda b: self.draw_block(seed, first + b), workers, self.block_rows)

    def blocks(self, n: int, seed: int, keys: UniqueKeys | None = None) -> Iterator[pd.DataFrame]:
        """Yield the n rows of the sample with a seed, block by block.

        With `keys`, they repeat no unique key of other streams either.

        Parameters
        ----------
        n
            Number of rows.
        seed
            Root of all streams of randomness.
        keys
            Unique keys of other streams, which no row may repeat.
        """
        drawn = self.blocks_from(0, n, seed)

        def redraw(block: int, attempt: int) -> pd.DataFrame:
            return self._draw_rows(seed, block, "unique", attempt)

        derived = self.encoder.derived
        return keep_unique(
            drawn, self.constraints, self.encoder.schema, redraw, derived=derived, keys=keys
        )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file; see `tabgan.base.model_file`."""
        write_model(path, *self._parts())

    @cached_property
    def digest(self) -> str:
        """The SHA-256 digest of the model file that these libraries write."""
        return hashlib.sha256(model_bytes(*self._parts())).hexdigest()

    def _parts(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """Return the description and the tensors of the model file."""
        generator, weights = self.sampler.generator_state()
        description: dict[str, Any] = {
            "versions": library_versions(),
            "encoder": self.encoder.to_json(),
            "generator": generator,
            **(
                {"condition_on": self.condition_columns.positions} if self.condition_columns else {}
            ),
            "constraints": [rule.to_json() for rule in self.constraints],
            "facts": self.facts.to_json(),
        }
        if self.keys:
            description["keys"] = [*map(key_to_json, self.keys)]
        tensors = {f"generator.{k}": v for k, v in weights.items()}
        tensors |= self.sampler.to_tensors()
        if self.finish is not None:
            description["finish"] = self.finish.to_json()
            tensors |= {f"finish.{k}": v for k, v in self.finish.to_tensors().items()}
        if self.series is not None:
            description["series"] = self.series.to_json()
            tensors |= {f"series.{k}": v for k, v in self.series.to_tensors().items()}
        return description, tensors

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], device: torch.device, custom: Sequence[Constraint] = ()
    ) -> Self:
        """Read a model file onto a device; its custom constraints have to be given.

        Parameters
        ----------
        path
            The model file.
        device
            Where the generator is put.
        custom
            The custom constraints that the model names.

        Raises
        ------
        ModelFileError
            If the file is not a model, is damaged, newer than this library, or inconsistent.
        OptionError
            If the custom constraints are not those that the model names.
        OSError
            If it can't be opened.
        """
        description, tensors = read_model(path)
        for key, what in _OTHER_FILES.items():
            if key in description:
                raise ModelFileError(f"{path}: {what}")
        with assembling(path):
            states = [dict(state) for state in description["constraints"]]
        customs = named_customs(states, custom)
        with assembling(path):
            encoder = TableEncoder.from_json(description["encoder"])
            columns = None
            if "condition_on" in description:
                columns = ConditionColumns.of(encoder, description["condition_on"])
            given = columns.spans if columns else ()
            sampler = _rebuild(encoder, description["generator"], tensors, given).to(device)
            sampler = settled_by(encoder, sampler)
            finish = _finish(encoder, description, tensors)
            encoder.try_out()
            constraints = tuple(constraints_from_json(states, customs))
            for constraint in constraints:
                constraint.validate(encoder.schema)
            facts = ModelFacts.from_json(description["facts"])
            keys = tuple(map(key_from_json, description.get("keys", ())))
            series = _series(encoder, description, tensors)
            return cls(encoder, sampler, facts, columns, finish, constraints, keys, series)


def settled_by(encoder: TableEncoder, sampler: AnySampler) -> AnySampler:
    """Let an encoder make the level codes of drawn rows agree, if some have to.

    Parameters
    ----------
    encoder
        The encoder of the table.
    sampler
        Draws its rows.
    """
    return sampler.settled_by(encoder.settle) if encoder.leading_spans else sampler


def _finish(
    encoder: TableEncoder, description: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> PostProcessing | None:
    if "finish" not in description:
        return None
    own = under("finish.", tensors)
    return PostProcessing.restore(
        description["finish"], own, RowFeatures(encoder.spans, encoder.quantiles)
    )


def _series(
    encoder: TableEncoder, description: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> TimeSeries | None:
    if "series" not in description:
        return None
    return TimeSeries.restore(description["series"], under("series.", tensors), encoder.spans)


_NETWORKS: Mapping[str, type[RowGenerator]] = {
    network.kind: network for network in (MLPGenerator, MLPDenoiser, VariationalAutoencoder)
}


def _rebuild(
    encoder: TableEncoder,
    sizes: Mapping[str, Any],
    tensors: Mapping[str, Tensor],
    given: Sequence[int],
) -> Sampler:
    spans = encoder.spans
    if sizes.get("kind") == "trees":
        trees = TreeGenerator.restore(sizes, under("generator.", tensors), spans, given)
        return TreeSampler.from_tensors(trees, tensors)
    # On the meta device a network takes no memory, whatever size a damaged file claims; the
    # tensors that were read must fit its shapes exactly to be put in place.
    name = sizes.get("kind", MLPGenerator.kind)
    if name not in _NETWORKS:
        raise ValueError(f"generator: {name!r} is no kind of generator")
    kind = _NETWORKS[name]
    with torch.device("meta"):
        generator = kind.of_sizes(sizes, spans, [spans.widths[i] for i in given])
    weights = under("generator.", tensors)
    generator.load_state_dict(weights, assign=True)
    if any(tensor.dtype != torch.float32 for tensor in weights.values()):
        raise ValueError("weights must be float32")
    generator.requires_grad_(False).eval()
    if given:
        return ConditionalSampler.from_tensors(generator, spans, given, tensors)
    return RowSampler.from_tensors(generator, spans, tensors)
