"""Stores in trouble: killed, full, damaged, crowded, cut off; nothing is lost in silence."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dedupe_news as dn
import redis_server
from dedupe_news import Config, NewsIndex
from dedupe_news._store.redis import RedisLog
from dedupe_news._store.redis_server import UNKNOWN, Server
from dedupe_news._store.rescue import DamagedFile
from dedupe_news._store.store import Store
from faults import answers, make_file, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PROGRAM = Path(__file__).parent / "faults.py"
SIMILAR = Config(policy="similar", threshold=0.5, shingle_size=2)
N = 60


def run_faults(root: Path, *arguments: str) -> str:
    """Run the program of faults, which fails where anything is wrong."""
    search = os.pathsep.join([str(root / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, str(PROGRAM), *arguments],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def server() -> Iterator[redis_server.RedisServer]:
    """Run a server that a test may stop and must start again."""
    with redis_server.running() as server:
        yield server


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an index of which copies can be damaged."""
    path = tmp_path_factory.mktemp("whole") / "feed.db"
    make_file(path)
    return path


def test_killed_processes_lose_nothing_they_acknowledged(root: Path, *, interpreted: bool) -> None:
    """Single documents and batches, killed by SIGKILL at any moment."""
    kills = "6" if interpreted else "20"

    assert run_faults(root, "crash", "--kills", kills, "--longest-s", "0.1").startswith(kills)


def test_processes_write_to_one_file_at_once(root: Path, tmp_path: Path) -> None:
    """Nothing is lost, nothing is there twice, copies are in one cluster."""
    said = run_faults(root, "crowd", str(tmp_path / "feed.db"), "--seconds", "0", "--least", "15")

    assert said.startswith("4 writers added")


def test_processes_write_to_one_server_at_once(
    root: Path, server: redis_server.RedisServer
) -> None:
    """Nothing is lost, nothing is there twice, copies are in one cluster."""
    said = run_faults(root, "crowd", server.url("crowd"), "--seconds", "0", "--least", "15")

    assert said.startswith("4 writers added")


@contextlib.contextmanager
def largest_file(n_bytes: int) -> Iterator[None]:
    """Let no file of this process grow beyond a size: as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("batched", [False, True])
def test_full_disk_keeps_what_was_there(tmp_path: Path, *, batched: bool) -> None:
    """The error says so; queries go on, and so does adding once there is room."""
    path = tmp_path / "feed.db"
    index = NewsIndex.open(path, SIMILAR)
    index.add("first", text_of(0))
    n_added = 0

    def fill() -> None:
        nonlocal n_added
        while True:
            rows = [{"id": f"id{n_added + i}", "text": text_of(i) * 9} for i in range(20)]
            if batched:
                index.add_many(rows)
            else:
                index.add(rows[0]["id"], rows[0]["text"])
            n_added += 20 if batched else 1

    with (
        largest_file(200_000),
        pytest.raises(dn.StoreFullError, match=r"^'.*feed.db' cannot grow: .* Nothing of the"),
    ):
        fill()

    assert len(index) == 1 + n_added
    assert "first" in [match.id for match in index.query(text_of(0))]
    index.add("later", text_of(1))
    index.close()
    with NewsIndex.open(path) as again:
        assert list(again) == ["first", *(f"id{i}" for i in range(n_added)), "later"]


def test_changed_bytes_are_noticed_or_harmless(root: Path) -> None:
    """In the header, the schema and every page: never another answer or an error of others."""
    said = run_faults(root, "flip", "--changes", "120")

    assert said.startswith("120 changed bytes")


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_truncated_file_is_detected(whole: Path, tmp_path: Path, share: float) -> None:
    """However little is missing; an empty file is a new index."""
    data = whole.read_bytes()
    copy = tmp_path / "copy.db"
    copy.write_bytes(data[: int(len(data) * share)])

    if share == 0:
        assert answers(copy)[0] == []
        return
    with pytest.raises(dn.StoreError, match=r"damaged|no index"):
        answers(copy)


def damage(path: Path, statement: str, *values: object) -> None:
    """Change a file behind the library's back."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(statement, values)
    connection.close()


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("DELETE FROM events WHERE position = 5", r"damaged: 60 events were read of 61"),
        ("DELETE FROM events WHERE position >= 5", r"damaged: 5 events were read of 61"),
        ("DELETE FROM events", r"damaged: events from position 0 on are missing"),
        ("UPDATE events SET event = 'x' WHERE position = 5", "an event is of another type"),
        ("UPDATE events SET event = x'00' WHERE position = 5", "an event is of another type"),
        (
            "UPDATE events SET event = CAST(event || 'x' AS BLOB) WHERE position = 5",
            r"is damaged: the checksum of the event at position 5 is wrong. `dedupe-news index",
        ),
        ("UPDATE events SET position = 99 WHERE position = 5", "damaged: 60 events were read"),
        ("UPDATE events SET position = -5 WHERE position = 5", "damaged: 60 events were read"),
        ("DELETE FROM state", "^the state of the index is missing"),
        ("UPDATE state SET value = zeroblob(length(value))", "checksum of the state .* is wrong"),
        ("UPDATE meta SET value = '{}' WHERE name = 'config'", "entry 'config' .* is missing"),
    ],
)
def test_changes_behind_its_back_are_detected(
    whole: Path, tmp_path: Path, statement: str, message: str
) -> None:
    """Each by its own check."""
    copy = tmp_path / "copy.db"
    shutil.copy(whole, copy)
    damage(copy, statement)

    with pytest.raises(dn.StoreDamagedError, match=message):
        NewsIndex.open(copy)


def test_damage_is_met_while_following(whole: Path, tmp_path: Path) -> None:
    """By a process that has the index open."""
    copy = tmp_path / "copy.db"
    shutil.copy(whole, copy)
    with NewsIndex.open(copy) as index:
        damage(copy, "UPDATE state SET value = zeroblob(length(value))")

        with pytest.raises(dn.StoreDamagedError, match="checksum of the state"):
            index.query(text_of(0))


def test_what_is_whole_can_be_rescued(whole: Path, tmp_path: Path) -> None:
    """Everything but the documents that were damaged."""
    copy = tmp_path / "copy.db"
    shutil.copy(whole, copy)
    assert DamagedFile(copy).report

    damage(copy, "UPDATE events SET event = zeroblob(99) WHERE position IN (3, 30)")
    damaged = DamagedFile(copy)
    damaged.examine()
    ids = [each for items in damaged.items() for each in items.ids]

    assert ids == [f"id{i}" for i in range(N) if i not in {3, 7, 30}]
    assert (damaged.report.n_whole, damaged.report.n_damaged) == (N - 3, 2)
    assert not damaged.report
    assert damaged.report.config == SIMILAR


def test_pages_that_cannot_be_read_are_worked_around(tmp_path: Path) -> None:
    """What lies before and behind is rescued, and what does not is said."""
    path = tmp_path / "feed.db"
    with NewsIndex.open(path, SIMILAR) as index:
        index.add_many([{"id": i, "text": text_of(i) * 8} for i in range(200)])
    connection = sqlite3.connect(path)
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'events'"
    ).fetchone()
    connection.close()
    data = bytearray(path.read_bytes())
    leaves = [
        at
        for at in range(0, len(data), 4096)
        if data[at] == 13 and at // 4096 + 1 != root and b"item " in data[at : at + 4096]
    ]
    data[leaves[len(leaves) // 2]] = 99  # no kind of page
    path.write_bytes(data)

    damaged = DamagedFile(path)
    damaged.examine()
    ids = [int(str(each)) for items in damaged.items() for each in items.ids]

    assert {0, 199} <= set(ids)
    assert 100 < len(ids) < 200
    missing = set(range(200)) - set(ids)
    assert missing <= {
        number for first, last in damaged.report.unreadable for number in range(first, last + 1)
    }
    assert any("SQLite" in fault for fault in damaged.report.faults)


def test_a_file_of_another_format_is_noticed(whole: Path, tmp_path: Path) -> None:
    """A check of a file that cannot be opened says why."""
    copy = tmp_path / "copy.db"
    shutil.copy(whole, copy)
    damage(copy, "PRAGMA user_version = 9")

    damaged = DamagedFile(copy)
    damaged.examine()

    assert damaged.report.faults == ["it says that it has format version 9"]


def test_missing_files_are_not_examined(tmp_path: Path) -> None:
    """The message names them."""
    with pytest.raises(dn.StoreError, match=r"^there is no file '.*none.db'; give the file of"):
        DamagedFile(tmp_path / "none.db")


def test_restarted_server_loses_nothing(server: redis_server.RedisServer) -> None:
    """In the middle of batches: calls wait, nothing is added twice or in part."""
    url = server.url("restart")
    index = NewsIndex.open(url, SIMILAR, timeout=60)
    restarts = threading.Thread(target=restart, args=(server, 3))
    restarts.start()
    n_added = 0
    while restarts.is_alive() or n_added < N:
        found = index.add_many(
            [{"id": n_added + i, "text": text_of(n_added + i)} for i in range(10)], n_jobs=1
        )
        assert len(found) == 10
        n_added += 10
    restarts.join()
    fresh = NewsIndex(SIMILAR)
    fresh.add_many(list(index.documents()))

    for each in (index, NewsIndex.open(url)):
        assert list(each) == list(range(n_added))
        assert [each.query(text_of(i)) for i in range(0, n_added, 9)] == [
            fresh.query(text_of(i)) for i in range(0, n_added, 9)
        ]


def restart(server: redis_server.RedisServer, n_times: int) -> None:
    """Kill a server and start it again."""
    for _ in range(n_times):
        server.stop(kill=True)
        server.start()


def test_server_that_is_away_is_said(server: redis_server.RedisServer) -> None:
    """After the timeout, and nothing is added."""
    url = server.url("away")
    index = NewsIndex.open(url, SIMILAR, timeout=0.2)
    index.add("a", text_of(0))
    server.stop()
    try:
        with pytest.raises(
            dn.StoreUnavailableError, match=r"has not answered for timeout=0.2 seconds"
        ):
            index.add("b", text_of(1))
    finally:
        server.start()

    assert list(index) == ["a"]
    index.add("c", text_of(2))
    assert list(NewsIndex.open(url)) == ["a", "c"]


def test_loss_on_the_server_is_said(server: redis_server.RedisServer) -> None:
    """Restarted with less, with something else, or with another index in its place."""
    url = server.url("loss")
    index = NewsIndex.open(url, SIMILAR)
    index.add("a", text_of(0))
    index.add("b", text_of(1))
    client = index._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001
    last = client.xrange("{loss}:events", "2-0", "2-0")[0][1][b"e"]

    client.hset("{loss}:meta", "end", 1)
    with pytest.raises(dn.StoreDamagedError, match="has lost documents: some of the 2 events"):
        index.query(text_of(0))
    client.hset("{loss}:meta", "end", 2)
    client.delete("{loss}:events")
    client.xadd("{loss}:events", {"e": b"12345678" + last[8:]}, id="2-0")
    with pytest.raises(dn.StoreDamagedError, match="has lost documents: some of the 2 events"):
        index.add("c", text_of(1))
    client.delete("{loss}:meta")
    with pytest.raises(dn.StoreDamagedError, match="holds no such index any more"):
        index.query(text_of(0))
    NewsIndex.open(url, SIMILAR)
    with pytest.raises(dn.StoreDamagedError, match="holds another index in its place"):
        index.query(text_of(0))


def test_damaged_document_on_the_server_is_said(server: redis_server.RedisServer) -> None:
    """By its checksum."""
    url = server.url("damaged")
    index = NewsIndex.open(url, SIMILAR)
    index.add("a", text_of(0))
    client = index._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001
    ((_, fields),) = client.xrange("{damaged}:events")
    client.delete("{damaged}:events")
    client.xadd("{damaged}:events", {"e": fields[b"e"][:-1] + b"!"}, id="1-0")

    try:
        with pytest.raises(
            dn.StoreDamagedError, match=r"the checksum of .* position 0 is wrong. Make"
        ):
            NewsIndex.open(url)
    finally:
        client.flushdb()


def test_a_worker_that_dies_with_the_lock_holds_others_up_for_its_lease(
    server: redis_server.RedisServer,
) -> None:
    """Nothing of what it was about to add is there."""
    url = server.url("dead")
    dying, other = NewsIndex.open(url, SIMILAR), NewsIndex.open(url)
    client = other._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001
    with contextlib.suppress(KeyboardInterrupt), dying.batch():
        dying.add("a", text_of(0))
        client.set("{dead}:lock", "of a worker that died", px=50)
        raise KeyboardInterrupt

    assert other.add("b", text_of(0)) == []
    assert list(dying) == ["b"]


def test_a_worker_whose_lease_has_ended_decides_again(
    server: redis_server.RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log takes nothing that was decided before what another worker added."""
    url = server.url("lease")
    slow, quick = NewsIndex.open(url, SIMILAR), NewsIndex.open(url)
    client = quick._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001

    def block() -> None:
        with slow.batch():
            slow.add("a", text_of(0))
            client.delete("{lease}:lock")
            quick.add("b", text_of(0))

    with pytest.raises(dn.StoreBusyError, match=r"in the midst of a change, of which nothing"):
        block()
    log = slow._store.log  # noqa: SLF001
    append = log.append
    calls: list[int] = []

    def append_late(*arguments: Any) -> None:
        if not calls:
            calls.append(1)
            client.delete("{lease}:lock")
            quick.add("c", text_of(0))
        append(*arguments)

    monkeypatch.setattr(log, "append", append_late)
    assert [match.id for match in slow.add("d", text_of(0))] == ["b", "c"]
    assert list(slow) == list(quick) == ["b", "c", "d"]


def test_server_without_memory_is_said(server: redis_server.RedisServer) -> None:
    """Nothing is added, and queries go on."""
    index = NewsIndex.open(server.url("full"), SIMILAR)
    index.add("a", text_of(0))
    client = index._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001
    client.config_set("maxmemory", 1)
    try:
        with pytest.raises(dn.StoreFullError, match=r"has no memory left: .* Nothing of the"):
            index.add("b", text_of(1))
        assert [match.id for match in index.query(text_of(1))] == ["a"]
    finally:
        client.config_set("maxmemory", 0)

    index.add("c", text_of(2))
    assert list(index) == ["a", "c"]


def test_an_index_with_a_window_expires_on_the_server(server: redis_server.RedisServer) -> None:
    """All its keys, once nobody has added for long; then it comes back, for every worker."""
    url = server.url("expires")
    config = SIMILAR.replace(window=dt.timedelta(seconds=0.01))

    def opened() -> NewsIndex:
        log = RedisLog(url, config, read_only=False, timeout=30.0, least_idle_ms=1)
        return NewsIndex._of(Store(log))  # noqa: SLF001 - as docs/how-to/stores.md says

    first, second = opened(), opened()
    first.add("a", text_of(0))
    with contextlib.suppress(dn.StoreDamagedError):
        second.query(text_of(0))
    client = first._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001
    while client.keys("{expires}:[me]*"):
        pass

    assert first.add("b", text_of(1)) == []
    assert first["b"].text == text_of(1)
    assert len(second) <= 1
    client.persist("{expires}:meta")
    client.persist("{expires}:events")


@pytest.mark.parametrize("state", ["replica", "without replicas"])
def test_a_server_that_takes_no_changes_is_asked_again(
    server: redis_server.RedisServer, state: str
) -> None:
    """Until it takes them, or the time is up; queries of one without replicas go on."""
    index = NewsIndex.open(server.url(state.replace(" ", "-")), SIMILAR, timeout=0.3)
    index.add("a", text_of(0))
    client = index._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001
    if state == "replica":
        client.replicaof("127.0.0.1", 1)
    else:
        client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(
            dn.StoreUnavailableError, match=r"has refused for .* Nothing of the change was kept"
        ):
            index.add("b", text_of(1))
        assert list(index) == ["a"]
    finally:
        client.replicaof("NO", "ONE")
        client.config_set("min-replicas-to-write", 0)

    index.add("b", text_of(1))
    assert list(index) == ["a", "b"]


PASSING = (
    "LOADING Redis is loading the dataset in memory",
    "READONLY You can't write against a read only replica.",
    "READONLY You can't write against a read only replica. script: 1c, on @user_script:9.",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
    "TRYAGAIN Multiple keys request during rehashing of slot",
    "CLUSTERDOWN Hash slot not served",
    "NOREPLICAS Not enough good replicas to write.",
    "MISCONF Redis is configured to save RDB snapshots, but it's unable to persist to disk.",
    "ERR Error running script (call to f_1): @user_script:9: -MISCONF Errors writing to the AOF",
    "ERR max number of clients reached",
)


@pytest.mark.parametrize("answer", PASSING)
def test_a_state_that_passes_is_waited_for(answer: str) -> None:
    """A command that the server did not do is sent again, and what was kept is said truly."""
    parse = pytest.importorskip("redis._parsers.base").BaseParser.parse_error
    lost = pytest.importorskip("redis").ConnectionError("Connection closed by server.")
    asked = Server("redis://localhost/0", "redis://localhost", timeout=0.1)

    def answering(*errors: Exception) -> Callable[[], str]:
        waiting = list(errors)

        def call() -> str:
            if waiting:
                raise waiting.pop(0)
            return "done"

        return call

    assert asked.attempt(answering(parse(answer), parse(answer))) == "done"
    refusals = [parse(answer) for _ in range(99)]
    with pytest.raises(dn.StoreUnavailableError, match=r"refused for .* Nothing of the change was"):
        asked.attempt(answering(*refusals), UNKNOWN)
    with pytest.raises(dn.StoreUnavailableError, match=r"refused for .* It is not known whether"):
        asked.attempt(answering(lost, *refusals), UNKNOWN)
    with pytest.raises(dn.StoreError, match=r"refuses: unknown command. Nothing was changed"):
        asked.attempt(answering(parse("ERR unknown command")))
