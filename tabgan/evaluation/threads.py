"""Work on all cores whose results are those of one: independent jobs, each on one thread."""

import warnings
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from joblib import cpu_count
from threadpoolctl import ThreadpoolController

__all__ = ["map_in_threads"]

Job = TypeVar("Job")
Result = TypeVar("Result")
_SPURIOUS = "`sklearn.utils.parallel.delayed` should be used"
"""Begin of scikit-learn's warning where it finds no filters of warnings."""


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
        _filters_of_warnings(),
        libraries.limit(limits=1),  # undone at the end, as the threads' own can't be for BLAS
        ThreadPoolExecutor(cpu_count(), initializer=start) as pool,
    ):
        return [*pool.map(work, jobs)]


@contextmanager
def _filters_of_warnings() -> Iterator[None]:
    """Keep the filters of warnings, and show none that only threads bring about.

    scikit-learn empties the filters for a moment, which all threads share; where another thread
    sees them empty it warns, and no filter that is set here need be there at that time.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=_SPURIOUS)
        shown = warnings.showwarning

        def show(message: Warning | str, *where: Any, **options: Any) -> None:
            if not str(message).startswith(_SPURIOUS):
                shown(message, *where, **options)

        warnings.showwarning = show
        yield
