"""Sampling in fixed blocks, each with its own stream of randomness.

Block b of a sample is the same whatever the number of rows asked for, of threads, or of calls.
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier

import pandas as pd
import torch

__all__ = ["BLOCK_ROWS", "blocks"]

BLOCK_ROWS = 8192


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
