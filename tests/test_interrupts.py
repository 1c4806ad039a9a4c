"""Ctrl-C at any moment of any call: the index is as before it, or as after it."""

from __future__ import annotations

import functools
import itertools
import linecache
import pickle
import random
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dedupe_news as dn
from dedupe_news import Config, NewsIndex

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

ROOT = str(Path(dn.__file__).parent)
STORM = "a storm shut the northern harbour on monday evening"
SUN = "sun at last over the hills of the south"
CONFIGS = (Config(policy="similar", threshold=0.5, shingle_size=2), Config())
N_MOMENTS = 12


class Interruption:
    """A user who presses Ctrl-C before some line of the library is run; `at` counts lines."""

    def __init__(self, at: int) -> None:
        self.at, self.n_lines = at, 0

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:  # noqa: ANN401 - or None
        """Count a line of the library, as a function to trace with."""
        path = frame.f_code.co_filename  # compiled kernels are not interrupted
        if not path.startswith(ROOT) or "_kernels" in path:
            return None
        if event == "line":
            self.n_lines += 1
            # Where a block ends, Python looks for signals only after it has left the block.
            is_end = linecache.getline(path, frame.f_lineno).lstrip().startswith("with")
            if self.at > 0 and self.n_lines >= self.at and not is_end:
                sys.settrace(None)
                raise KeyboardInterrupt
        return self

    def during(self, call: Callable[[], object]) -> bool:
        """Make a call; return whether it was interrupted."""
        before = sys.gettrace()
        sys.settrace(self)
        try:
            call()
        except KeyboardInterrupt:
            return True
        finally:
            sys.settrace(before)
        return False


def rows(first: int, n: int) -> list[dict[str, object]]:
    """Return some items, in pairs of copies."""
    return [{"id": at, "text": f"{STORM} {at // 2}"} for at in range(first, first + n)]


def batch(index: NewsIndex) -> None:
    """Change an index in several ways at once."""
    with index.batch():
        index.add("new", SUN)
        index.add(0, SUN)
        index.remove(1)


CALLS: dict[str, Callable[[NewsIndex], object]] = {
    "add": lambda index: index.add("new", STORM, title="Storm"),
    "replace": lambda index: index.add(3, SUN),
    "add_many": lambda index: index.add_many(rows(3, 5), n_jobs=1),
    "remove": lambda index: index.remove(2),
    "expire": lambda index: index.expire(before="2999-01-01T00:00Z"),
    "batch": batch,
    "query": lambda index: index.query(STORM),
    "query_many": lambda index: list(index.query_many([STORM, SUN], n_jobs=1)),
    "documents": lambda index: list(index.documents()),
    "getitem": lambda index: index[3],
    "members": lambda index: index.members(index.cluster_of(3)),
    "pickle": pickle.dumps,
}


def answers(index: NewsIndex) -> list[object]:
    """Return what can be asked of an index, but for the numbers of clusters."""
    ids = list(index)
    clusters = [index.members(index.cluster_of(each)) for each in ids]
    return [ids, list(index.documents()), clusters, index.query(STORM), index.query(SUN)]


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("config", CONFIGS, ids=["similar", "news"])
def test_an_interrupted_call_is_made_or_not(
    tmp_path: Path, config: Config, kind: str, name: str
) -> None:
    """At moments that are drawn from all lines of the call; then the same call succeeds."""
    numbers = itertools.count()

    def filled() -> NewsIndex:
        path = tmp_path / f"{next(numbers)}.db"
        index = NewsIndex(config) if kind == "memory" else NewsIndex.open(path, config)
        index.add_many(rows(0, 6), n_jobs=1)
        return index

    call = CALLS[name]
    index = filled()
    before = answers(index)
    counting = Interruption(-1)
    counting.during(lambda: call(index))
    after = answers(index)
    draw = random.Random(name)  # noqa: S311 - moments to interrupt at
    moments = draw.sample(range(1, counting.n_lines + 1), min(N_MOMENTS, counting.n_lines))
    for at in sorted(moments):
        index = filled()

        Interruption(at).during(functools.partial(call, index))

        found = answers(index)
        assert found in (before, after), f"interrupted at line {at}"
        if found == before:
            call(index)
        assert answers(index)[:3] == after[:3]
        done = threading.Event()
        threading.Thread(target=lambda index=index, done=done: (len(index), done.set())).start()
        assert done.wait(60), "another thread waits for ever"
