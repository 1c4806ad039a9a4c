"""The protocol of event logs: what every store must do, and one of forty lines that does it."""

from __future__ import annotations

import contextlib
import os
import struct
import threading
from typing import TYPE_CHECKING

import pytest

import dedupe_news as dn
import redis_server
from dedupe_news import Config, NewsIndex
from dedupe_news._store.codec import checksum_of, seal
from dedupe_news._store.limits import Limits
from dedupe_news._store.log import Behind, Conflict, Cursor, Discarded, EventLog, Events
from dedupe_news._store.memory import MemoryLog
from dedupe_news._store.store import Store, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from pathlib import Path

START = Cursor()
CONFIG = Config(policy="similar", threshold=0.4, num_perm=16, params=(16, 1))


class FileLog:
    """A log in one file that is only appended to: position, size and event of each entry."""

    def __init__(self, path: Path, config: Config) -> None:
        self.path, self.config, self.name = path, config, str(path)
        self.remedy, self.read_only = "Make it anew", False
        self.objects: list[Hashable] | None = None
        path.touch()

    def _entries(self) -> tuple[dict[int, bytes], int, int]:
        data, at, base, end = self.path.read_bytes(), 0, 0, 0
        kept: dict[int, bytes] = {}
        while at + 16 <= len(data):
            position, size = struct.unpack_from("<qq", data, at)
            event = data[at + 16 : at + 16 + size]
            if len(event) < size:
                break  # what was interrupted never was
            at += 16 + size
            if position >= 0:
                kept[position], end = event, position + 1
            else:  # a compaction: the base, then what is discarded
                base, *gone = struct.unpack(f"<{size // 8}q", event)
                kept = {place: each for place, each in kept.items() if place not in gone}
        return kept, base, end

    def now(self) -> int:
        """Return some time."""
        return 1_800_000_000_000_000

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Return a block: there is one process."""
        return contextlib.nullcontext()

    def read(self, since: Cursor) -> Iterator[Events]:
        """Yield the events from a cursor on."""
        kept, base, _ = self._entries()
        if 0 < since.position < base:
            raise Behind
        if places := [place for place in kept if place >= since.position]:
            yield Events(places, [kept[place] for place in places])

    def fetch(self, positions: Sequence[int]) -> Events:
        """Return single events."""
        kept, _, _ = self._entries()
        there = [place for place in positions if place in kept]
        return Events(there, [kept[place] for place in there])

    def append(
        self, events: Sequence[bytes], since: Cursor, discarded: Discarded | None = None
    ) -> None:
        """Append events and what is discarded, in one write."""
        if self._entries()[2] != since.position:
            raise Conflict
        entries = list(enumerate(events, since.position))
        if discarded is not None:
            gone = struct.pack(
                f"<{1 + len(discarded.positions)}q", discarded.base, *discarded.positions
            )
            entries.append((-1, gone))
        packed = (struct.pack("<qq", place, len(each)) + each for place, each in entries)
        with self.path.open("ab") as file:
            file.write(b"".join(packed))

    def beside(self) -> None:
        """Return None: it is small enough to be read."""

    def details(self) -> dict[str, object]:
        """Return what it is."""
        return {"store": "file"}

    def close(self) -> None:
        """Do nothing: the file is open only while it is read or written."""


@pytest.fixture(scope="module")
def server() -> Iterator[redis_server.RedisServer]:
    """Run one server for all tests here."""
    with redis_server.running() as server:
        yield server


@pytest.fixture(params=["memory", "file", "sqlite", "redis"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], EventLog]:
    """Return what opens a log of each kind, the same each time; in memory there is one only."""
    if request.param == "memory":
        log = MemoryLog(CONFIG)
        return lambda: log
    if request.param == "file":
        return lambda: FileLog(tmp_path / "feed.log", CONFIG)
    location = str(tmp_path / "feed.db")
    if request.param == "redis":
        location = request.getfixturevalue("server").url(f"x{abs(hash(tmp_path))}")
    return lambda: open_store(location, CONFIG, durability="normal").log


def event(number: int) -> bytes:
    """Return an event that says a number."""
    return seal(b"\1" + struct.pack("<qqq", number, number, number))


def read(log: EventLog, since: Cursor = START) -> list[tuple[int, bytes]]:
    """Return all events from a cursor on, with their positions."""
    return [
        pair for part in log.read(since) for pair in zip(part.positions, part.events, strict=True)
    ]


def after(log: EventLog) -> Cursor:
    """Return the end of a log."""
    events = read(log)
    return Cursor(events[-1][0] + 1, checksum_of(events[-1][1])) if events else Cursor()


def append(log: EventLog, numbers: range, discarded: Discarded | None = None) -> None:
    """Append events at the end of a log, as a store does."""
    since = after(log)
    with log.lock():
        log.append([event(number) for number in numbers], since, discarded)


def test_what_is_appended_is_read_by_everybody(make: Callable[[], EventLog]) -> None:
    """At the positions that follow one another, from any place on."""
    one, other = make(), make()
    append(one, range(3))
    cursor = after(other)
    append(other, range(3, 5))

    assert read(one) == read(other) == [(at, event(at)) for at in range(5)]
    assert read(one, cursor) == [(3, event(3)), (4, event(4))]
    assert read(one, after(one)) == []
    assert other.fetch([1, 4, 9]) == Events([1, 4], [event(1), event(4)])


def test_nothing_is_appended_where_others_came_before(make: Callable[[], EventLog]) -> None:
    """None of the events, and nothing is discarded."""
    one, other = make(), make()
    append(one, range(1))
    late = after(other)
    append(one, range(1, 2))

    with pytest.raises(Conflict), other.lock():
        other.append([event(7), event(8)], late, Discarded([0], 1))

    assert read(one) == [(0, event(0)), (1, event(1))]


def test_what_is_discarded_is_gone(make: Callable[[], EventLog]) -> None:
    """Readers from before the base begin anew, those from it on go on."""
    one, other = make(), make()
    append(one, range(5))
    old, recent = Cursor(2, checksum_of(event(1))), Cursor(4, checksum_of(event(3)))
    append(one, range(5, 7), Discarded([0, 1, 3, 5], 4))

    kept = [(at, event(at)) for at in (2, 4, 6)]
    assert read(other) == read(one) == kept
    assert read(other, recent) == kept[1:]
    with pytest.raises(Behind):
        read(other, old)
    assert other.fetch([0, 2, 5]) == Events([2], [event(2)])


def test_a_lock_that_is_left_by_an_error_is_free(make: Callable[[], EventLog]) -> None:
    """And nothing was appended."""
    one, other = make(), make()
    append(one, range(1))

    def fail() -> None:
        with one.lock():
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    append(other, range(1, 2))

    assert read(one) == [(0, event(0)), (1, event(1))]


def test_an_index_lives_on_any_log(make: Callable[[], EventLog]) -> None:
    """As in memory: additions, replacements, removals and compactions, of two workers in turn."""
    limits = Limits(removed=3, rows=2, tokens=4)
    memory = NewsIndex(CONFIG)
    logs = [make(), make()]
    stores = (
        [Store(logs[0], limits)] * 2 if logs[0] is logs[1] else [Store(log, limits) for log in logs]
    )
    workers = [NewsIndex._of(store) for store in stores]  # noqa: SLF001 - as docs/how-to/stores.md says
    for at in range(40):
        worker = workers[at % 2]
        text = f"the storm of {'monday' if at % 3 else 'sunday'} closed harbour number {at % 5}"
        assert worker.add(at % 11, text) == memory.add(at % 11, text)
        if at % 4 == 3:
            worker.remove(at % 11)
            memory.remove(at % 11)
    with contextlib.suppress(ZeroDivisionError), workers[0].transaction():
        workers[0].add("never", "words")
        _ = 1 / 0

    for index in (*workers, NewsIndex._of(Store(make(), limits))):  # noqa: SLF001 - likewise
        assert list(index.documents()) == list(memory.documents())
        assert [index.query(each.text) for each in memory.documents()] == [
            memory.query(each.text) for each in memory.documents()
        ]
        for each in memory:
            assert index.members(index.cluster_of(each)) == memory.members(memory.cluster_of(each))


# One thread at a time calls a log in memory, and the small log over a file has no lock.
@pytest.mark.parametrize("make", ["sqlite", "redis"], indirect=True)
def test_threads_wait_for_one_another(make: Callable[[], EventLog]) -> None:
    """On indexes of their own over one log nothing is lost."""
    logs = [make() for _ in range(3)]

    def work(number: int) -> None:
        index = NewsIndex._of(Store(logs[number]))  # noqa: SLF001 - as docs/how-to/stores.md says
        for at in range(10):
            index.add((number, at), f"storm {at}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    index = NewsIndex._of(Store(make()))  # noqa: SLF001 - likewise
    assert set(index) == {(number, at) for number in range(3) for at in range(10)}
    assert len({index.cluster_of(each) for each in index}) == 10


# A log in memory is copied by a fork; a lock on a server is for as long as it is renewed.
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("make", ["file", "sqlite"], indirect=True)
def test_a_child_of_a_writer_writes(make: Callable[[], EventLog]) -> None:
    """What it was told is there; the batch of its parent is its parent's."""
    index = NewsIndex._of(Store(make()))  # noqa: SLF001 - as docs/how-to/stores.md says
    index.add("before", "sun at last over the hills")
    reads, writes = os.pipe()
    with contextlib.suppress(dn.StoreBusyError), index.batch():
        index.add("batch", "a storm shut the harbour")
        if (child := os.fork()) == 0:
            index.add("child", "the council chose a mayor")
            os.write(writes, b"ok")
            os._exit(0)
        os.waitpid(child, 0)
    assert os.read(reads, 9) == b"ok"

    assert {"before", "child"} <= set(index)
