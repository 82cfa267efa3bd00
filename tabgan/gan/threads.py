"""How many threads a computation takes."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Keep torch to one thread within a ``with`` block.

    The matrices of a step are too small to share out, threads that wait for each other stall the
    whole run as soon as another process takes a core, and one thread gives the same sums on every
    machine.

    Examples
    --------
    >>> with one_thread():
    ...     torch.get_num_threads()
    1
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
