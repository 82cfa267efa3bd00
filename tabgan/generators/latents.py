"""Latent vectors: their distribution, and their size by the heuristics of the GAN lectures.

For a table of encoded width d: a small or simple table takes a latent of d or slightly less, a
complex or highly variable one takes more, up to 2·d. For images a latent far smaller than the
output is usual (64 for 784). Only an experiment can decide, and one of ours sets a minimum: d
counts a number once, but a table of ten numbers (d = 12, 17,000 rows) needed more than z = 24 to
keep its correlations (pair-trend error 1.6 %, against 0.7 % with z = 128).
"""

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tabgan.base.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = [
    "LatentChoice",
    "Prior",
    "check_latents",
    "check_prior",
    "choose_latent_dim",
    "draw_latents",
    "resolve_latent_dim",
]

Prior = Literal["gaussian", "uniform"]

LEAST_SIMPLE = 32
LEAST_COMPLEX = 128
MAX_LATENT = 512


class LatentChoice(NamedTuple):
    """A latent size, and the reason for it."""

    dim: int
    reason: str


def choose_latent_dim(width: int, n_rows: int, n_columns: int) -> LatentChoice:
    """Choose the latent size of a table.

    A table counts as simple if it is small (under 2,000 rows) or of little variety (at most 5
    learned columns); else as complex. A simple table gets z = d, at least 32, a complex one
    z = 2·d, at least 128; both at most 512.

    Parameters
    ----------
    width
        Encoded width d that the generator fills: numbers plus levels.
    n_rows
        Rows of the training table.
    n_columns
        Columns that are learned (identifiers and derived columns don't count).

    Examples
    --------
    >>> choose_latent_dim(width=100, n_rows=50_000, n_columns=14).dim
    200
    >>> choose_latent_dim(width=40, n_rows=300, n_columns=8).dim
    40
    """
    simple = n_rows < 2_000 or n_columns <= 5
    wanted = width if simple else 2 * width
    least = LEAST_SIMPLE if simple else LEAST_COMPLEX
    dim = min(max(wanted, least), MAX_LATENT)
    kind, rule = ("simple", "z = d") if simple else ("complex", "z = 2·d")
    reason = (
        f"{kind} table ({n_rows:,} rows, {n_columns} learned columns): {rule}, with encoded width "
        f"d = {width}"
    )
    if dim != wanted:
        end = "raised to the minimum" if dim > wanted else "limited to the maximum"
        reason += f", {end} of {dim}"
    return LatentChoice(dim, reason)


def resolve_latent_dim(
    given: int | Literal["auto"], width: int, n_rows: int, n_columns: int
) -> LatentChoice:
    """Return the latent size of an option, chosen by `choose_latent_dim` if it is "auto".

    Parameters
    ----------
    given
        The option.
    width, n_rows, n_columns
        Sizes of the table, as of `choose_latent_dim`.
    """
    if given == "auto":
        return choose_latent_dim(width, n_rows, n_columns)
    return LatentChoice(int(given), "set by the option")


def check_prior(prior: str) -> Prior:
    """Return the prior of that name.

    Raises
    ------
    OptionError
        If there is none.
    """
    for known in get_args(Prior):
        if prior == known:
            return known  # type: ignore[no-any-return]
    raise OptionError(f"prior={prior!r} is not known; {did_you_mean(prior, get_args(Prior))}")


def check_latents(latents: ArrayLike, dim: int) -> NDArray[np.float64]:
    """Return latents as an array, checked.

    Parameters
    ----------
    latents
        Shape (rows, dim).
    dim
        Their size.

    Raises
    ------
    OptionError
        If they are of another shape, or not finite.

    Examples
    --------
    >>> check_latents([[0, 1]], 2)
    array([[0., 1.]])
    """
    try:
        array = np.asarray(latents, np.float64)
    except (TypeError, ValueError) as error:
        raise OptionError(f"Z holds no numbers ({error}); give latents as encode does") from error
    if array.ndim != 2 or array.shape[1] != dim:
        raise OptionError(
            f"Z is of shape {array.shape}; the model's latents are of shape (rows, {dim}), as "
            "encode returns them"
        )
    if not np.isfinite(array).all():
        raise OptionError("Z holds a value that is not finite; leave its row out")
    return array


def draw_latents(
    n: int, dim: int, stream: "torch.Generator", prior: Prior = "gaussian"
) -> "Tensor":
    """Draw n latents: standard normal ones, or uniform ones from −1 to 1.

    **Shape**: → (n, dim), on the device of the stream

    Parameters
    ----------
    n, dim
        Number of latents, and their size.
    stream
        The stream of randomness.
    prior
        "gaussian" or "uniform".

    Examples
    --------
    >>> import torch
    >>> z = draw_latents(1000, 2, torch.Generator().manual_seed(0), "uniform")
    >>> z.shape, bool((z.abs() <= 1).all())
    (torch.Size([1000, 2]), True)
    """
    import torch  # takes seconds, and a size is chosen without it

    if prior == "uniform":
        return torch.rand(n, dim, generator=stream, device=stream.device) * 2 - 1
    return torch.randn(n, dim, generator=stream, device=stream.device)
