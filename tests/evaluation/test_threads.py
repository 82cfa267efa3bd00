import threading
import warnings

import pytest
from sklearn.utils.parallel import delayed
from threadpoolctl import threadpool_info

from tabgan.evaluation import threads
from tabgan.evaluation.threads import map_in_threads


@pytest.fixture
def four_cores(monkeypatch):
    monkeypatch.setattr(threads, "cpu_count", lambda: 4)


def test_results_keep_the_order_of_the_jobs(four_cores):
    first = threading.Event()

    def work(job):
        if job == 0:
            assert first.wait(10)
        else:
            first.set()
        return job * job

    assert map_in_threads(work, range(5)) == [0, 1, 4, 9, 16]


def test_a_job_has_one_thread_of_each_library(four_cores):
    before = threadpool_info()
    inside = map_in_threads(lambda _: threadpool_info(), range(4))
    assert {library["num_threads"] for libraries in inside for library in libraries} == {1}
    assert threadpool_info() == before


def test_an_error_comes_out(four_cores):
    with pytest.raises(ZeroDivisionError):
        map_in_threads(lambda job: 1 // job, [1, 0])


def test_a_warning_of_threads_is_kept_out_and_others_are_not(four_cores):
    def work(job):
        warnings.resetwarnings()  # as scikit-learn does, for a moment and for all threads
        function, arguments, _ = delayed(abs)(job)
        warnings.warn(f"job {job}", RuntimeWarning, stacklevel=1)
        return function(*arguments)

    with warnings.catch_warnings(record=True) as caught:
        before = [*warnings.filters]
        assert map_in_threads(work, [3, -4]) == [3, 4]
        assert [*warnings.filters] == before
    assert sorted(str(one.message) for one in caught) == ["job -4", "job 3"]
