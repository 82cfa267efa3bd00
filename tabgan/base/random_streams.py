"""Named streams of randomness, all derived from one seed.

Every use of randomness has a name ("init", "latents", ("sample", block) …) and so a stream of its
own: adding a draw in one place moves no other. The global seeds are never touched.
"""

import zlib
from typing import TYPE_CHECKING

import numpy as np
from numpy.random import Generator, RandomState, SeedSequence

from tabgan.base.errors import OptionError

if TYPE_CHECKING:
    import torch

__all__ = ["RandomStateLike", "numpy_stream", "resolve_seed", "torch_stream"]

RandomStateLike = int | np.integer | RandomState | Generator | None


def resolve_seed(random_state: RandomStateLike) -> int:
    """Turn scikit-learn's ``random_state`` into one integer seed.

    An integer stands for itself, None takes entropy from the operating system, and a NumPy
    generator is drawn from.

    Raises
    ------
    OptionError
        If `random_state` is none of these.
    """
    if random_state is None:
        return int(SeedSequence().generate_state(1, np.uint64)[0])
    if isinstance(random_state, RandomState):
        return int(random_state.randint(0, 2**31 - 1))
    if isinstance(random_state, Generator):
        return int(random_state.integers(0, 2**63 - 1))
    if isinstance(random_state, int | np.integer) and random_state >= 0:
        return int(random_state)
    raise OptionError(
        f"random_state={random_state!r} can't seed the run; "
        "give a whole number from 0, a NumPy generator, or None"
    )


def _sequence(seed: int, names: tuple[str | int, ...]) -> SeedSequence:
    key = tuple(n if isinstance(n, int) else zlib.crc32(n.encode()) for n in names)
    return SeedSequence(seed, spawn_key=key)


def numpy_stream(seed: int, *names: str | int) -> Generator:
    """Return the NumPy generator of a named stream.

    Examples
    --------
    >>> a = numpy_stream(7, "sample", 0).integers(1000)
    >>> b = numpy_stream(7, "sample", 0).integers(1000)
    >>> bool(a == b)
    True
    """
    return np.random.default_rng(_sequence(seed, names))


def torch_stream(
    seed: int, *names: str | int, device: "torch.device | str" = "cpu"
) -> "torch.Generator":
    """Return the torch generator of a named stream, on a device.

    Parameters
    ----------
    seed
        Seed of the run.
    *names
        Name of the stream, in parts.
    device
        Device of the generator.
    """
    import torch  # takes seconds, and a table is understood without it

    state = _sequence(seed, names).generate_state(1, np.uint64)[0]
    return torch.Generator(device).manual_seed(int(state))
