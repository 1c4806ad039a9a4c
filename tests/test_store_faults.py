"""Stores in trouble: killed, full, damaged, crowded, cut off; nothing is lost in silence."""

from __future__ import annotations

import contextlib
import os
import re
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
from dedupe_news.stores.redis import RedisStore
from dedupe_news.stores.rescue import Wreck
from faults import text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    with NewsIndex.open(path, SIMILAR) as index:
        index.add_many([{"id": f"id{i}", "text": text_of(i), "source": "Post"} for i in range(N)])
        index.remove("id7")
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


def answers(path: Path) -> list[object]:
    """Return all that can be asked of an index."""
    with NewsIndex.open(path) as index:
        queries = [index.query(text_of(i)) for i in range(0, N, 6)]
        clusters = [index.cluster_of(each) for each in index]
        return [list(index), queries, clusters, list(index.documents()), index.config]


def test_flipped_bytes_are_detected_or_harmless(whole: Path, tmp_path: Path) -> None:
    """In every page, at several places: never another answer."""
    expected = answers(whole)
    data = whole.read_bytes()
    n_detected = 0
    copy = tmp_path / "copy.db"
    for page in range(0, len(data), 4096):
        for offset in (3, 9, 100, 1031, 2500, 4090):
            flipped = bytearray(data)
            flipped[page + offset] ^= 0x41
            copy.write_bytes(flipped)
            try:
                assert answers(copy) == expected, f"byte {page + offset}"
            except dn.StoreError:
                n_detected += 1
            for suffix in ("-wal", "-shm"):
                Path(f"{copy}{suffix}").unlink(missing_ok=True)

    assert n_detected > len(data) // 4096


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
        ("DELETE FROM documents WHERE number = 5", r"damaged: 59 documents were read of 60"),
        ("DELETE FROM removals", "damaged: 0 removals were read of 1"),
        ("UPDATE removals SET number = 8", "damaged: 1 removals were read of 1, or others"),
        ("UPDATE documents SET checksum = 1 WHERE number = 5", "document number 5 is wrong"),
        ("UPDATE documents SET checksum = 'x' WHERE number = 5", "is of another type"),
        ("UPDATE documents SET number = 99 WHERE number = 5", "are out of place"),
        ("UPDATE documents SET number = -5 WHERE number = 5", "are out of place"),
        ("UPDATE documents SET number = 9223372036854775807 WHERE number = 5", "out of place"),
        (
            "UPDATE documents SET document = CAST(document AS TEXT) WHERE number = 5",
            "is of another type",
        ),
        (
            "UPDATE documents SET document = x'' WHERE number = 5",
            "a document was read that is shorter than its header",
        ),
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
    assert Wreck(copy).report

    damage(copy, "UPDATE documents SET document = zeroblob(99) WHERE number IN (3, 30)")
    wreck = Wreck(copy)
    wreck.examine()
    ids = [each for rows in wreck.rows() for each in rows.ids]

    assert ids == [f"id{i}" for i in range(N) if i not in {3, 7, 30}]
    assert (wreck.report.n_whole, wreck.report.n_damaged) == (N - 3, 2)
    assert not wreck.report
    assert wreck.report.config == SIMILAR


def test_pages_that_cannot_be_read_are_worked_around(tmp_path: Path) -> None:
    """What lies before and behind is rescued, and what does not is said."""
    path = tmp_path / "feed.db"
    with NewsIndex.open(path, SIMILAR) as index:
        index.add_many([{"id": i, "text": text_of(i) * 8} for i in range(200)])
    connection = sqlite3.connect(path)
    (root,) = connection.execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'documents'"
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

    wreck = Wreck(path)
    wreck.examine()
    ids = [int(str(each)) for rows in wreck.rows() for each in rows.ids]

    assert {0, 199} <= set(ids)
    assert 100 < len(ids) < 200
    missing = set(range(200)) - set(ids)
    assert missing <= {
        number for first, last in wreck.report.unreadable for number in range(first, last + 1)
    }
    assert any("SQLite" in fault for fault in wreck.report.faults)


def test_missing_files_are_not_examined(tmp_path: Path) -> None:
    """The message names them."""
    with pytest.raises(dn.StoreError, match=r"^there is no file '.*none.db'; give the file of"):
        Wreck(tmp_path / "none.db")


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
    """Restarted empty, cut short, or with another index in its place."""
    url = server.url("loss")
    index = NewsIndex.open(url, SIMILAR)
    index.add("a", text_of(0))
    index.add("b", text_of(1))
    client = index._store._server._client  # type: ignore[attr-defined]  # noqa: SLF001
    log = client.lrange("{loss}:log", 0, -1)

    client.ltrim("{loss}:log", 0, 1)
    with pytest.raises(dn.StoreDamagedError, match="has lost some of the 4 operations"):
        index.query(text_of(0))
    client.rpush("{loss}:log", log[3], log[2])
    with pytest.raises(dn.StoreDamagedError, match="has lost some of the 4 operations"):
        index.add("c", text_of(1))
    client.delete("{loss}:meta")
    with pytest.raises(dn.StoreDamagedError, match="holds no such index any more"):
        index.query(text_of(0))
    NewsIndex.open(url, SIMILAR)
    with pytest.raises(dn.StoreDamagedError, match="holds another index in its place"):
        index.query(text_of(0))


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (b"12345678" + bytes(60), "the checksum of a document is wrong"),
        (b"12345678 nothing", "a document was read that is shorter than its header"),
    ],
)
def test_damaged_document_on_the_server_is_said(
    server: redis_server.RedisServer, value: bytes, fault: str
) -> None:
    """By its checksum, or its length."""
    url = server.url("damaged")
    index = NewsIndex.open(url, SIMILAR)
    index.add("a", text_of(0))
    client = index._store._server._client  # type: ignore[attr-defined]  # noqa: SLF001
    client.hset("{damaged}:documents:0", 0, value)

    try:
        with pytest.raises(dn.StoreDamagedError, match=f"is damaged: {fault}. Make it anew from"):
            NewsIndex.open(url)
    finally:
        client.flushdb()


@pytest.mark.parametrize("n_documents", [63, 64, 200])
def test_batches_are_read_alike_together_and_one_by_one(
    server: redis_server.RedisServer, n_documents: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is large stays together for a while; what is small, or read later, does not."""
    # However slow the machine is, here they leave by hand.
    monkeypatch.setattr("dedupe_news.stores.redis._TOGETHER_MS", 3_600_000)
    url = server.url(f"together-{n_documents}")
    writer, soon, late = (NewsIndex.open(url, SIMILAR) for _ in range(3))
    client = writer._store._server._client  # type: ignore[attr-defined]  # noqa: SLF001
    items = [{"id": f"é{at}", "text": f"{text_of(at % 7)} {at // 14}"} for at in range(n_documents)]
    items += [{"id": "é3", "text": text_of(1)}, {"id": "last", "text": text_of(2)}]

    writer.add_many(items[:n_documents])
    batches = client.keys(f"{{together-{n_documents}}}:batch:*")
    lives = [client.pttl(batch) for batch in batches]
    writer.add_many(items[n_documents:])
    soon_found = list(soon), [soon.query(item["text"]) for item in items]
    client.delete(*batches, "nothing")
    late_found = list(late), [late.query(item["text"]) for item in items]

    assert len(batches) == (n_documents >= 64)
    assert all(0 < left <= 3_600_000 for left in lives)
    assert soon_found == late_found
    assert soon_found == (list(writer), [writer.query(item["text"]) for item in items])


def test_batches_stay_together_for_ten_seconds(
    server: redis_server.RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the description of the format says."""
    index = NewsIndex.open(server.url("ten"), SIMILAR)
    client = index._store._server._client  # type: ignore[attr-defined]  # noqa: SLF001
    lives: list[int] = []
    apply = RedisStore._apply  # noqa: SLF001

    def look_and_apply(store: RedisStore, *answer: Any) -> None:
        # Before the documents are judged, which may take longer than they stay.
        lives.extend(client.pttl(batch) for batch in client.keys("{ten}:batch:*"))
        apply(store, *answer)

    monkeypatch.setattr(RedisStore, "_apply", look_and_apply)
    index.add_many([{"id": at, "text": text_of(at)} for at in range(64)])

    assert lives
    assert 0 < lives[0] <= 10_000


def test_documents_of_a_dead_worker_are_judged_by_others(
    server: redis_server.RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first who needs the verdict finds it; all agree on it."""
    url = server.url("dead")
    dying = NewsIndex.open(url, SIMILAR)
    dying.add("a", text_of(0))
    monkeypatch.setattr("dedupe_news.stores.redis._PATIENCE_S", 0.01)
    with monkeypatch.context() as dead:
        dead.setattr("dedupe_news.stores.redis.RedisStore._publish", lambda *_: None)
        dying.add("b", text_of(1))

    first, second = NewsIndex.open(url), NewsIndex.open(url)

    assert [match.id for match in first.add("c", text_of(2))] == ["a", "b"]
    assert {index.cluster_of(each) for index in (first, second) for each in "abc"} == {0}


def test_server_without_memory_is_said(server: redis_server.RedisServer) -> None:
    """Nothing is added, and queries go on."""
    index = NewsIndex.open(server.url("full"), SIMILAR)
    index.add("a", text_of(0))
    client = index._store._server._client  # type: ignore[attr-defined]  # noqa: SLF001
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
    """All its keys, once nobody has added for three windows; then it is made anew."""
    import datetime as dt  # noqa: PLC0415 - here alone
    import time  # noqa: PLC0415 - here alone

    url = server.url("expires")
    config = SIMILAR.replace(window=dt.timedelta(seconds=0.2))
    index = NewsIndex.open(url, config)
    index.add("a", text_of(0))
    client = index._store._server._client  # type: ignore[attr-defined]  # noqa: SLF001
    while any(
        re.fullmatch(rb"\{expires\}:(meta|log|verdicts|documents:\d+)", key)
        for key in client.keys("{expires}:*")
    ):
        time.sleep(0.05)

    assert index.add("b", text_of(1)) == []
    assert list(index) == list(NewsIndex.open(url)) == ["b"]
