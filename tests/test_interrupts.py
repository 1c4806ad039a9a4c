"""Ctrl-C, or no memory, at any moment of any call: all is as before it, or as after it."""

from __future__ import annotations

import functools
import itertools
import os
import pickle
import random
import shutil
import threading
from typing import TYPE_CHECKING

import pytest

import dedupe_news as dn
import redis_server
from dedupe_news import Config, NewsIndex
from interruption import Interruption

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STORM = "a storm shut the northern harbour on monday evening"
SUN = "sun at last over the hills of the south"
CONFIGS = (Config(policy="similar", threshold=0.5, shingle_size=2), Config())
N_MOMENTS = int(os.environ.get("DEDUPE_NEWS_MOMENTS", "8"))
KINDS: tuple[type[BaseException], ...] = (KeyboardInterrupt, MemoryError)


def moments(name: str, call: Callable[[], object]) -> Iterator[Interruption]:
    """Yield interruptions at moments drawn from all of a call, with each kind in turn."""
    counting = Interruption()
    counting.during(call)
    draw = random.Random(name)  # noqa: S311 - moments to interrupt at
    drawn = draw.sample(range(1, counting.n_moments + 1), min(N_MOMENTS, counting.n_moments))
    for at, kind in zip(sorted(drawn), itertools.cycle(KINDS), strict=False):
        yield Interruption(at, kind)


def rows(first: int, n: int) -> list[dict[str, object]]:
    """Return some items, in pairs of copies."""
    return [{"id": at, "text": f"{STORM} {at // 2}"} for at in range(first, first + n)]


def batch(index: NewsIndex) -> None:
    """Change an index in several ways at once."""
    with index.batch():
        index.add("new", SUN)
        index.add(0, SUN)
        index.remove(1)


def merge(index: NewsIndex) -> None:
    """Take over another index."""
    other = NewsIndex(index.config)
    other.add_many(rows(20, 4), n_jobs=1)
    index.merge(other, n_jobs=1)


CALLS: dict[str, Callable[[NewsIndex], object]] = {
    "add": lambda index: index.add("new", STORM, title="Storm"),
    "replace": lambda index: index.add(3, SUN),
    "add_many": lambda index: index.add_many(rows(3, 5), n_jobs=1),
    "remove": lambda index: index.remove(2),
    "expire": lambda index: index.expire(before="2999-01-01T00:00Z"),
    "batch": batch,
    "merge": merge,
    "query": lambda index: index.query(STORM),
    "query_many": lambda index: list(index.query_many([STORM, SUN], n_jobs=1)),
    "cluster": lambda index: index.cluster(n_jobs=1, progress=False),
    "documents": lambda index: list(index.documents()),
    "getitem": lambda index: index[3],
    "members": lambda index: index.members(index.cluster_of(3)),
    "stats": lambda index: index.stats(),
    "pickle": pickle.dumps,
}


def answers(index: NewsIndex) -> list[object]:
    """Return what can be asked of an index, but for the numbers of clusters."""
    ids = list(index)
    clusters = [index.members(index.cluster_of(each)) for each in ids]
    return [ids, list(index.documents()), clusters, index.query(STORM), index.query(SUN)]


@pytest.fixture(scope="module")
def server() -> Iterator[redis_server.RedisServer]:
    """Run a server."""
    with redis_server.running() as running:
        yield running


@pytest.fixture(params=["memory", "file", "server"])
def make(
    request: pytest.FixtureRequest, tmp_path: Path, server: redis_server.RedisServer
) -> Callable[[Config], NewsIndex]:
    """Return what makes indexes of six items."""
    numbers = itertools.count()

    def filled(config: Config) -> NewsIndex:
        at = next(numbers)
        if request.param == "memory":
            index = NewsIndex(config)
        elif request.param == "file":
            index = NewsIndex.open(tmp_path / f"{at}.db", config)
        else:
            index = NewsIndex.open(server.url(f"{request.node.name}{at}"), config)
        index.add_many(rows(0, 6), n_jobs=1)
        return index

    return filled


def check(filled: Callable[[], NewsIndex], name: str, call: Callable[[NewsIndex], object]) -> None:
    """Interrupt a call again and again, and ask the index."""
    index = filled()
    before = answers(index)
    tries = moments(name, lambda: call(index))
    interruption = next(tries)
    after = answers(index)
    for each in itertools.chain([interruption], tries):
        index = filled()

        each.during(functools.partial(call, index))

        found = answers(index)
        assert found in (before, after), f"{each.kind.__name__} at moment {each.at}"
        if found == before:
            call(index)
        assert answers(index)[:3] == after[:3], f"{each.kind.__name__} at moment {each.at}"
        done = threading.Event()
        threading.Thread(
            target=lambda index=index, done=done: (len(index), done.set()), daemon=True
        ).start()
        assert done.wait(60), "another thread waits for ever"


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("config", CONFIGS, ids=["similar", "news"])
def test_an_interrupted_call_is_made_or_not(
    make: Callable[[Config], NewsIndex], config: Config, name: str
) -> None:
    """At moments that are drawn from all of the call; then the same call succeeds."""
    check(lambda: make(config), name, CALLS[name])


# A file that was opened, but not yet in a block: the garbage collector closes it, and says so.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_interrupted_exchange_is_made_or_not(
    make: Callable[[Config], NewsIndex], tmp_path: Path, suffix: str
) -> None:
    """A file is written wholly or not at all, and taken over wholly or not at all."""
    config = CONFIGS[0]
    other = NewsIndex(config)
    other.add_many(rows(4, 6), n_jobs=1)
    given, written = tmp_path / f"given{suffix}", tmp_path / f"written{suffix}"
    other.export_to(given)

    check(lambda: make(config), suffix, lambda index: index.import_from(given, n_jobs=1))

    for each in moments(suffix, lambda: other.export_to(written)):
        written.unlink()
        if each.during(lambda: other.export_to(written)) and not written.exists():
            assert [path.name for path in tmp_path.glob("*written*")] == []
            other.export_to(written)
        assert written.read_bytes() == given.read_bytes()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("is_new", [True, False])
def test_an_interrupted_opening_leaves_a_file_that_opens(tmp_path: Path, *, is_new: bool) -> None:
    """Whether the file was there or not."""
    whole = tmp_path / "whole.db"
    with NewsIndex.open(whole, CONFIGS[0]) as index:
        index.add_many(rows(0, 6), n_jobs=1)
        expected = answers(index)
    fresh = tmp_path / "first.db"
    numbers = itertools.count()

    def opened(path: Path) -> None:
        with NewsIndex.open(path, CONFIGS[0]):
            pass

    if not is_new:
        shutil.copy(whole, fresh)
    for each in moments("open", lambda: opened(fresh)):
        path = tmp_path / f"{next(numbers)}.db"
        if not is_new:
            shutil.copy(whole, path)

        each.during(functools.partial(opened, path))

        with NewsIndex.open(path, CONFIGS[0]) as index:
            if is_new:
                index.add_many(rows(0, 6), n_jobs=1)
            assert answers(index) == expected, f"{each.kind.__name__} at moment {each.at}"


ITEMS = [
    {"id": str(at), "title": f"{STORM} {at // 3}", "text": f"{SUN} of {at} {STORM} {at // 2}"}
    for at in range(12)
]
LABELS = [dn.Label(str(at), str(at + 1), "duplicate" if at % 2 else "different") for at in range(8)]


def labelled(_: Path) -> object:
    """Label the first pair that is asked for."""
    session = dn.label(dn.cluster(ITEMS, n_jobs=1, progress=False), None, n_jobs=1)
    if session.question is not None:
        session.answer("different")
    return session.labels


def in_files(folder: Path) -> object:
    """Cluster in files that are kept."""
    work = folder / "work"
    result = dn.cluster(ITEMS, n_jobs=1, progress=False, work_folder=work, memory_limit="8GB")
    return result.labels.tolist()


def reported(folder: Path) -> object:
    """Write a report, whole where it is there at all."""
    page = folder / "page.html"
    assert not page.exists() or page.read_text(encoding="utf-8").rstrip().endswith("</html>")
    dn.cluster(ITEMS, n_jobs=1, progress=False).report(page)
    return sorted(path.name for path in folder.iterdir())


FUNCTIONS: dict[str, Callable[[Path], object]] = {
    "cluster": lambda _: list(dn.cluster(ITEMS, n_jobs=1, progress=False).matches),
    "cluster on threads": lambda _: list(dn.cluster(ITEMS, n_jobs=2, progress=False).matches),
    "cluster in files": in_files,
    "compare": lambda _: str(dn.compare(STORM, STORM + " in the north")),
    "deduplicate": lambda _: dn.deduplicate(ITEMS, n_jobs=1, progress=False),
    "explain": lambda _: str(dn.cluster(ITEMS, n_jobs=1, progress=False).explain("0", "1")),
    "show": lambda _: dn.cluster(ITEMS, n_jobs=1, progress=False).matches._repr_html_(),
    "fit_judge": lambda folder: str(dn.fit_judge(ITEMS, LABELS, folder / "judge.json", n_jobs=1)),
    "label": labelled,
    "report": reported,
}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_an_interrupted_function_can_be_called_again(tmp_path: Path, name: str) -> None:
    """Nothing that is kept between calls is left in part."""
    call = FUNCTIONS[name]
    (tmp_path / "first").mkdir()
    expected = call(tmp_path / "first")
    (tmp_path / "counted").mkdir()
    numbers = itertools.count()

    for each in moments(name, lambda: call(tmp_path / "counted")):
        folder = tmp_path / str(next(numbers))
        folder.mkdir()

        each.during(functools.partial(call, folder))

        assert call(folder) == expected, f"{each.kind.__name__} at moment {each.at}"
