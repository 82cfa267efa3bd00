"""Fit one generator to a table and draw rows from it, in the environment that has it.

`peers.py` runs this file as a program, with the path of a JSON file that names the generator, the
seed, the files and the nominal columns. It needs pandas and pyarrow beside the generator.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

Sampler = Callable[[int], pd.DataFrame]

HOLE = "<missing>"


def main() -> None:
    """Fit, draw, and write the rows and what they cost."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    keep_to_one_core()
    module, fit = GENERATORS[job["generator"]]
    importlib.import_module(module)  # beforehand: loading a library is not fitting
    train = pd.read_parquet(job["train"])
    clock = Clock()
    sampler = fit(train, job["categorical"], job["seed"], job["options"])
    cost = clock.lap("fit")
    synthetic = sampler(len(train))
    cost |= clock.lap("sample")
    synthetic.to_parquet(job["synthetic"])
    Path(job["cost"]).write_text(json.dumps(cost), encoding="utf-8")


class Clock:
    """Wall and processor seconds since the last lap, child processes that ended included."""

    def __init__(self) -> None:
        self._last = self._now()

    def lap(self, what: str) -> dict[str, float]:
        """Return the seconds since the last lap."""
        now, last = self._now(), self._last
        self._last = now
        return {f"{what}_seconds": now[0] - last[0], f"{what}_cpu_seconds": now[1] - last[1]}

    @staticmethod
    def _now() -> tuple[float, float]:
        times = os.times()
        return time.perf_counter(), sum(times[:4])


def fit_tabgan(train: pd.DataFrame, _: list[str], seed: int, options: dict[str, Any]) -> Sampler:
    """TabGAN: kinds of columns are inferred."""
    from tabgan import TabGAN

    sample: Sampler = TabGAN(random_state=seed, verbose=False, **options).fit(train).sample
    return sample


def fit_tabular_argn(
    train: pd.DataFrame, _: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """TabularARGN: kinds of columns are inferred."""
    from mostlyai.engine import TabularARGN

    flush_denormals()
    model = TabularARGN(random_state=seed, **options).fit(train)
    return lambda size: model.sample(n_samples=size)


def fit_tabular_argn_to_complete(
    train: pd.DataFrame, _: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """TabularARGN, which then fills the holes of the rows in the file ``partial``."""
    from mostlyai.engine import TabularARGN

    flush_denormals()
    model = TabularARGN(random_state=seed).fit(train)
    partial = pd.read_parquet(options["partial"]).convert_dtypes()
    return lambda _: model.impute(partial)


def fit_ctgan(
    train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """CTGAN, which must be told the nominal columns."""
    from ctgan import CTGAN

    return _fit_ctgan_library(CTGAN(enable_gpu=False, **options), train, categorical, seed)


def fit_tvae(
    train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """TVAE, which must be told the nominal columns."""
    from ctgan import TVAE

    return _fit_ctgan_library(TVAE(enable_gpu=False, **options), train, categorical, seed)


def _fit_ctgan_library(
    model: Any, train: pd.DataFrame, categorical: list[str], seed: int
) -> Sampler:
    flush_denormals()
    whole, marks = without_holes(train, categorical)
    model.set_random_state(seed)
    model.fit(whole, [*categorical, *marks.values()])
    return lambda size: with_holes(model.sample(size), marks)


def fit_gaussian_copula(
    train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """SDV's Gaussian copula, with metadata that name the nominal columns."""
    import numpy as np
    from sdv.metadata import Metadata
    from sdv.single_table import GaussianCopulaSynthesizer

    kinds = {
        name: {"sdtype": "categorical" if name in categorical else "numerical"} for name in train
    }
    metadata = Metadata.load_from_dict({"tables": {"table": {"columns": kinds}}})
    np.random.seed(seed)  # noqa: NPY002  (the library draws from the global generator)
    model = GaussianCopulaSynthesizer(metadata, **options)
    model.fit({"table": train})
    return lambda size: model.sample(size)["table"]


def fit_arf(
    train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """Adversarial random forest."""
    import numpy as np
    from arfpy.arf import arf

    whole, marks = without_holes(train, categorical)
    nominal = [*categorical, *marks.values()]
    whole[nominal] = whole[nominal].astype("category")
    np.random.seed(seed)  # noqa: NPY002  (the library draws from the global generator)
    model = arf(whole, verbose=False, random_state=seed, **options)
    model.forde()
    return lambda size: with_holes(model.forge(size), marks)


def fit_mst(
    train: pd.DataFrame, categorical: list[str], _: int, options: dict[str, Any]
) -> Sampler:
    """MST: noisy tables of pairs along a tree, and a graphical model."""
    return _fit_smartnoise("mst", train, categorical, options)


def fit_aim(
    train: pd.DataFrame, categorical: list[str], _: int, options: dict[str, Any]
) -> Sampler:
    """AIM: noisy tables chosen by the model's own errors."""
    return _fit_smartnoise("aim", train, categorical, options)


def fit_dpmm_mst(
    train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """MST of dpmm, which has bins of its own."""
    return _fit_dpmm("MSTPipeline", train, categorical, seed, options)


def fit_dpmm_aim(
    train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """AIM of dpmm, which has bins of its own."""
    return _fit_dpmm("AIMPipeline", train, categorical, seed, options)


def _fit_dpmm(
    name: str, train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """Fit with public bounds and levels; a tenth of ε goes to the bins, as by its defaults."""
    from dpmm import pipelines

    total = options["epsilon"]
    domain: dict[str, dict[str, Any]] = {
        column: {"lower": low, "upper": high} for column, (low, high) in options["bounds"].items()
    }
    domain |= {column: {"categories": options["levels"][column]} for column in categorical}
    budget = {"epsilon": 0.9 * total, "proc_epsilon": 0.1 * total, "delta": options["delta"]}
    model = getattr(pipelines, name)(**budget, n_jobs=1)
    model.fit(train, domain=domain, random_state=seed)
    return lambda size: model.generate(n_records=size, random_state=seed)


def fit_dp_ctgan(
    train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """CTGAN trained by DP-SGD."""
    return _fit_smartnoise_gan("dpctgan", train, categorical, seed, options)


def fit_pate_ctgan(
    train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    """CTGAN with teachers that vote with noise."""
    return _fit_smartnoise_gan("patectgan", train, categorical, seed, options)


def _fit_smartnoise_gan(
    name: str, train: pd.DataFrame, categorical: list[str], seed: int, options: dict[str, Any]
) -> Sampler:
    import torch

    flush_denormals()
    torch.manual_seed(seed)
    return _fit_smartnoise(name, train, categorical, options)


def _fit_smartnoise(
    name: str, train: pd.DataFrame, categorical: list[str], options: dict[str, Any]
) -> Sampler:
    """Fit a synthesizer with public bounds of all numbers, so that none of ε goes to them."""
    from snsynth import Synthesizer
    from snsynth.transform import BinTransformer, MinMaxTransformer, TableTransformer

    options = dict(options)
    bounds = options.pop("bounds")
    options.pop("levels")  # it reads them off the rows
    has_bins = name in ("mst", "aim")
    forms = {
        column: BinTransformer(bins=20, lower=low, upper=high)
        if has_bins
        else MinMaxTransformer(lower=low, upper=high)
        for column, (low, high) in bounds.items()
    }
    whole = train.astype(dict.fromkeys(bounds, float)).astype(dict.fromkeys(categorical, str))
    transformer = TableTransformer.create(
        whole,
        style="cube" if has_bins else "gan",
        categorical_columns=categorical,
        continuous_columns=list(bounds),
        constraints=forms,
    )
    model = Synthesizer.create(name, **options)
    model.fit(whole, transformer=transformer)
    sample: Sampler = model.sample
    return sample


def keep_to_one_core() -> None:
    """Let libraries that count the cores find one, so that all get the same."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def flush_denormals() -> None:
    """Let torch take denormal floats for zero: on a processor they slow TVAE four times."""
    import torch

    torch.set_flush_denormal(True)


def without_holes(
    train: pd.DataFrame, categorical: list[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the table for generators that take no missing values, and its columns of marks.

    Levels become text, with a level for missing; dates become days since 1970; a number with
    missing values is filled with its mean, and gets a nominal column beside it that says where.
    """
    whole, marks = train.copy(), {}
    for name in train.select_dtypes("datetime"):
        train = train.assign(**{name: (train[name] - pd.Timestamp(0)) / pd.Timedelta(days=1)})
        whole[name] = train[name]
    for name in train:
        holes = train[name].isna()
        if name in categorical:
            whole[name] = train[name].astype(object).where(~holes, HOLE).astype(str)
        elif holes.any():
            marks[name] = f"{name} {HOLE}"
            whole[name] = train[name].fillna(train[name].mean())
            whole[marks[name]] = holes.map({True: "yes", False: "no"})
    return whole, marks


def with_holes(drawn: pd.DataFrame, marks: dict[str, str]) -> pd.DataFrame:
    """Undo `without_holes` on drawn rows, but for the dtypes."""
    drawn = drawn.mask(drawn.astype(object) == HOLE)
    for name, mark in marks.items():
        drawn[name] = drawn[name].mask(drawn[mark].astype(str) == "yes")
    return drawn.drop(columns=list(marks.values()))


GENERATORS: dict[str, tuple[str, Callable[..., Sampler]]] = {
    "tabgan": ("tabgan", fit_tabgan),
    "tabular-argn": ("mostlyai.engine", fit_tabular_argn),
    "tabular-argn-completion": ("mostlyai.engine", fit_tabular_argn_to_complete),
    "gaussian-copula": ("sdv.single_table", fit_gaussian_copula),
    "arf": ("arfpy.arf", fit_arf),
    "tvae": ("ctgan", fit_tvae),
    "ctgan": ("ctgan", fit_ctgan),
    "mst": ("snsynth", fit_mst),
    "aim": ("snsynth", fit_aim),
    "dpmm-mst": ("dpmm", fit_dpmm_mst),
    "dpmm-aim": ("dpmm", fit_dpmm_aim),
    "dp-ctgan": ("snsynth", fit_dp_ctgan),
    "pate-ctgan": ("snsynth", fit_pate_ctgan),
}
"""The module to load and the function that fits, by the name that `peers.py` uses."""


if __name__ == "__main__":
    main()
