"""A model of a table: fitted here, or read from a file where one is kept."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from tabgan import TabGAN


def model_options(steps: int | None, seed: int) -> dict[str, Any]:
    """Return the options of `TabGAN`: its defaults, but for the seed and a length to try out."""
    return {"steps": steps or "auto", "random_state": seed, "verbose": False}


def kept_or_fitted(
    path: Path | None, train: pd.DataFrame, steps: int | None, seed: int, **options: Any
) -> TabGAN:
    """Read the model file, or fit a model to the rows if there is none."""
    from tabgan import TabGAN

    if path is not None:
        return TabGAN.load(path)
    print(f"fitting {len(train)} rows …", file=sys.stderr)
    return TabGAN(**model_options(steps, seed), **options).fit(train)
