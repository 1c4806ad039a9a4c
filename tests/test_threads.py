"""Threads over ranges."""

from __future__ import annotations

import os
import re
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import ConfigError
from dedupe_news._machine.threads import resolve_jobs, run, shares, split


@pytest.fixture
def _five_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this a machine of eight processors, of which the process may use five."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(5)), raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)


@pytest.mark.usefixtures("_five_processors")
@pytest.mark.parametrize(
    ("n_jobs", "expected"), [(None, 1), (1, 1), (7, 7), (-1, 5), (-2, 4), (-5, 1), (-99, 1)]
)
def test_jobs_count_as_in_scikit_learn(n_jobs: int | None, expected: int) -> None:
    """Negative numbers count from all processors downwards, never below one."""
    assert resolve_jobs(n_jobs) == expected


@pytest.mark.usefixtures("_five_processors")
@pytest.mark.parametrize(("n_processors", "expected"), [(8, 8), (None, 1)])
def test_all_processors_where_the_system_knows_no_affinity(
    monkeypatch: pytest.MonkeyPatch, n_processors: int | None, expected: int
) -> None:
    """All processors where the system knows no affinity, as on macOS and Windows."""
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: n_processors)

    assert resolve_jobs(-1) == expected


def test_jobs_are_whole_numbers_of_any_type() -> None:
    """NumPy's too; what comes back is Python's own."""
    assert type(resolve_jobs(np.int64(2))) is int  # type: ignore[arg-type]
    assert resolve_jobs(np.uint8(3)) == 3  # type: ignore[arg-type]


def test_no_jobs_at_all_are_refused() -> None:
    """The message says what is allowed."""
    with pytest.raises(ConfigError, match=r"^n_jobs=0 means no thread .* -1 for all processors"):
        resolve_jobs(0)


@pytest.mark.parametrize("n_jobs", [True, False, 2.0, "2", np.float64(2)], ids=repr)
def test_jobs_that_are_no_whole_number_are_refused(n_jobs: int) -> None:
    """The message says so."""
    message = rf"^n_jobs={re.escape(repr(n_jobs))} is no whole number; .* -1 for all processors"
    with pytest.raises(ConfigError, match=message):
        resolve_jobs(n_jobs)


@given(n_items=st.integers(0, 30), n_parts=st.integers(1, 40))
def test_ranges_cover_everything_once_in_order(n_items: int, n_parts: int) -> None:
    """Nothing is lost between two ranges."""
    ranges = split(n_items, n_parts)

    assert [i for start, stop in ranges for i in range(start, stop)] == list(range(n_items))


@given(n_items=st.integers(1, 30), n_parts=st.integers(1, 40))
def test_ranges_are_as_many_as_asked_and_nearly_equal(n_items: int, n_parts: int) -> None:
    """Ranges are as many as asked and nearly equal."""
    lengths = [stop - start for start, stop in split(n_items, n_parts)]

    assert len(lengths) == min(n_items, n_parts)
    assert max(lengths) - min(lengths) <= 1
    assert min(lengths) >= 1


@given(n_items=st.integers(0, 100_000), n_jobs=st.integers(1, 8))
def test_shares_cover_all_items_and_are_several_where_there_is_much(
    n_items: int, n_jobs: int
) -> None:
    """Shares cover all items and are several where there is much; one job takes all at once."""
    ranges = shares(n_items, n_jobs)

    assert [start for start, _ in ranges] == [0, *(stop for _, stop in ranges)][: len(ranges)]
    assert sum(stop - start for start, stop in ranges) == n_items
    assert len(ranges) <= (4 * n_jobs if n_jobs > 1 else 1)
    assert len(ranges) >= min(n_items, n_jobs)


@pytest.mark.parametrize("n_jobs", [1, 2, 8], ids=repr)
def test_results_come_in_the_order_of_the_items(n_jobs: int) -> None:
    """Whichever thread is first."""
    gate = threading.Event()

    def task(item: int) -> int:
        if item == 0 and n_jobs > 1:
            gate.wait()  # until the second item has been done
        gate.set()
        return item * item

    assert run(task, range(5), n_jobs) == [0, 1, 4, 9, 16]


def test_one_job_starts_no_thread() -> None:
    """One job starts no thread; all runs in the caller's."""
    assert set(run(lambda _: threading.get_ident(), range(3), 1)) == {threading.get_ident()}


def test_no_items_give_no_results() -> None:
    """An empty batch has nothing to do."""
    assert run(abs, [], 4) == []


@pytest.mark.parametrize("n_jobs", [1, 2], ids=repr)
def test_errors_of_a_task_reach_the_caller(n_jobs: int) -> None:
    """Errors of a task reach the caller, also out of a thread."""
    with pytest.raises(ZeroDivisionError, match="division"):
        run(lambda item: 1 // item, [1, 0, 1], n_jobs)
