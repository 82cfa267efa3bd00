"""Work on all cores whose results are those of one: independent jobs, each on one thread."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

__all__ = ["map_in_threads"]

Job = TypeVar("Job")
Result = TypeVar("Result")


def map_in_threads(work: Callable[[Job], Result], jobs: Iterable[Job]) -> list[Result]:
    """Call a function for each job, as many at a time as there are cores.

    Within a job scikit-learn and BLAS take one thread: sums are then made in one order, and the
    results do not depend on how many cores there are, nor on how busy they are.

    Parameters
    ----------
    work
        Has to release the interpreter's lock for the most part, as fits of trees do, and to draw
        nothing from a generator that other jobs draw from.
    jobs
        What it is called with.

    Returns
    -------
    The results, in the order of the jobs.

    Examples
    --------
    >>> map_in_threads(abs, [3, -4])
    [3, 4]
    """
    libraries = ThreadpoolController()  # to look for them takes longer than many a job

    def start() -> None:
        libraries.limit(limits=1)  # OpenMP's own limit is one of each thread

    with (
        libraries.limit(limits=1),  # undone at the end, as the threads' own can't be for BLAS
        ThreadPoolExecutor(cpu_count(), initializer=start) as pool,
    ):
        return [*pool.map(work, jobs)]
