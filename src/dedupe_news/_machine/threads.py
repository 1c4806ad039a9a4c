"""Threads over ranges of documents: kernels release the GIL, so plain threads do."""

from __future__ import annotations

import collections
import operator
import os
import threading
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from dedupe_news._kernels import _interpreting
from dedupe_news.errors import ConfigError, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_SHARES = 4
_LEAST_SHARE = 8192

T = TypeVar("T")
R = TypeVar("R")


def resolve_jobs(n_jobs: int | None) -> int:
    """
    Return the number of threads that `n_jobs` means, as in scikit-learn; `ConfigError` for 0.

    ``1`` or None is no extra thread; ``-1`` all processors this process may use,
    ``-2`` all but one, and so on.
    """
    if n_jobs is None:
        return 1
    if type(n_jobs) is int and n_jobs > 0:  # the common case, made short
        return n_jobs
    allowed = (
        "allowed are positive integers, or -1 for all processors, -2 for all but one. "
        "Pass n_jobs=1 for a single thread"
    )
    try:
        wanted = operator.index(n_jobs)
    except TypeError:
        wanted = None
    if wanted is None or isinstance(n_jobs, bool):
        message = f"n_jobs={shown(n_jobs)} is no whole number; {allowed}"
        raise ConfigError(message)
    if wanted == 0:
        message = f"n_jobs=0 means no thread at all; {allowed}"
        raise ConfigError(message)
    if wanted > 0:
        return wanted
    if hasattr(os, "sched_getaffinity"):
        available = len(os.sched_getaffinity(0))
    else:
        available = os.cpu_count() or 1
    return max(1, available + 1 + wanted)


def split(n_items: int, n_parts: int) -> list[tuple[int, int]]:
    """Cut ``range(n_items)`` into at most `n_parts` contiguous, nearly equal ranges, none empty."""
    n_parts = max(1, min(n_parts, n_items))
    edges = [n_items * part // n_parts for part in range(n_parts + 1)]
    return [(start, stop) for start, stop in pairwise(edges) if start < stop]


def shares(n_items: int, n_jobs: int) -> list[tuple[int, int]]:
    """
    Cut ``range(n_items)`` into what threads take one after another, as `split` does.

    Where there is much to do there are several for each thread, so that one that is
    held up does not hold up all.
    """
    if n_jobs == 1:
        return split(n_items, 1)
    return split(n_items, min(_SHARES * n_jobs, max(n_jobs, n_items // _LEAST_SHARE)))


def run(task: Callable[[T], R], items: Sequence[T], n_jobs: int) -> list[R]:
    """
    Return ``[task(item) for item in items]``, on `n_jobs` threads.

    A task spends its time in code that releases the GIL.
    """
    n_helpers = min(n_jobs, len(items)) - 1
    # What is interpreted holds the GIL, and the context is that of this thread.
    if n_helpers < 1 or _interpreting.is_on():
        return [task(item) for item in items]
    results: list[R] = [None] * len(items)  # type: ignore[list-item]
    waiting = collections.deque(range(len(items)))  # its popleft is atomic
    failures: list[tuple[int, BaseException]] = []

    def work() -> None:
        while not failures:
            try:
                place = waiting.popleft()
            except IndexError:
                return
            try:
                results[place] = task(items[place])
            except BaseException as error:  # noqa: BLE001 - raised by the caller's thread
                failures.append((place, error))

    # The caller works too: a thread costs more to start than many a task takes.
    helpers = [threading.Thread(target=work) for _ in range(n_helpers)]
    for helper in helpers:
        helper.start()
    work()
    for helper in helpers:
        helper.join()
    if failures:
        raise min(failures, key=operator.itemgetter(0))[1]
    return results
