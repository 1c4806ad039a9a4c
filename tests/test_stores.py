"""Indexes that outlive the process: opening, refusing, moving house, clusters that stay."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import logging
import os
import pickle
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
import redis_server
from dedupe_news import Config, NewsIndex
from dedupe_news._index import arrivals, exchange
from dedupe_news._store import codec, ids, log, schema
from dedupe_news._store.index_texts import IndexTexts

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

GOLDEN = Path(__file__).parent / "golden"
STORM = "a storm shut the northern harbour on monday evening"
SUN = "sun at last over the hills of the south"
NOON = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SIMILAR = Config(policy="similar", threshold=0.4, num_perm=16, params=(16, 1))


@pytest.fixture(scope="module")
def server() -> Iterator[redis_server.RedisServer]:
    """Run one server for all tests here."""
    with redis_server.running() as server:
        yield server


@pytest.fixture(params=["memory", "file", "server"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewsIndex]:
    """Return an empty index of each kind of store."""
    if request.param == "memory":
        yield NewsIndex(SIMILAR)
        return
    location = str(tmp_path / "feed.db")
    if request.param == "server":
        location = request.getfixturevalue("server").url(f"x{abs(hash(tmp_path))}")
    with NewsIndex.open(location, SIMILAR, durability="normal") as index:
        yield index


# Clusters


def test_copies_join_the_cluster_of_their_best_match(opened: NewsIndex) -> None:
    """Its number is that of the document that founded it."""
    for name, text in (("a", SUN), ("b", STORM), ("c", STORM + " again"), ("d", STORM)):
        opened.add(name, text)

    assert [opened.cluster_of(name) for name in "abcd"] == [0, 1, 1, 1]


def test_clusters_do_not_chain(opened: NewsIndex) -> None:
    """A document that matches a member, but not the representative, begins another."""
    words = [f"w{i}" for i in range(40)]
    for at, start in enumerate((0, 6, 12)):
        opened.add(at, " ".join(words[start : start + 20]))

    assert [[match.id for match in opened.query(" ".join(words[12:32]))]] == [[2, 1]]
    assert [opened.cluster_of(at) for at in range(3)] == [0, 0, 2]


def test_clusters_keep_their_numbers_when_their_representative_leaves(opened: NewsIndex) -> None:
    """But take in nobody any more."""
    for name in "abc":
        opened.add(name, STORM)
    opened.remove("a")
    opened.add("d", STORM)
    opened.add("e", STORM)

    assert [opened.cluster_of(name) for name in "bcde"] == [0, 0, 4, 4]


def test_a_representative_that_is_added_again_is_one_still(opened: NewsIndex) -> None:
    """As pollers do with every item they see again."""
    opened.add("a", STORM)
    opened.add("b", STORM)
    opened.add("a", STORM + " and night")
    opened.add("c", STORM)

    assert [opened.cluster_of(name) for name in "abc"] == [0, 0, 0]


def test_two_clusters_do_not_become_one(opened: NewsIndex) -> None:
    """A document that matches both joins that of its best match."""
    words = [f"w{i}" for i in range(40)]
    opened.add("left", " ".join(words[:20]))
    opened.add("right", " ".join(words[12:32]))
    opened.add("both", " ".join(words[7:27]))

    clusters = [opened.cluster_of(name) for name in ("left", "right", "both")]
    assert clusters == [0, 1, 1]


def test_the_cluster_of_an_unknown_id_is_refused(opened: NewsIndex) -> None:
    """The message says how to ask first."""
    with pytest.raises(dn.UnknownIdError, match=r"^no document of id 'x' is in the index"):
        opened.cluster_of("x")
    with pytest.raises(dn.InputTypeError, match="is not hashable"):
        opened.cluster_of([])  # type: ignore[arg-type]


# Documents, merging, files


def some() -> list[dn.Document]:
    """Return documents with and without everything."""
    return [
        dn.Document(STORM, title="Storm", id="a", source="Post", published=NOON),
        dn.Document(SUN, id="b"),
        dn.Document("", title="", id="c", source="Zeitung für jedermann"),
        dn.Document("zwei\nZeilen 🌧", id="d", published=NOON + dt.timedelta(microseconds=1)),
    ]


def fill(index: NewsIndex) -> list[dn.Document]:
    """Add the documents one by one."""
    for each in some():
        index.add(
            each.id, each.text, title=each.title, source=each.source, published=each.published
        )
    return some()


def test_documents_come_back_as_they_were_given(opened: NewsIndex) -> None:
    """In order of arrival."""
    documents = fill(opened)

    assert list(opened.documents()) == documents


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".parquet"])
def test_export_and_import_keep_everything(opened: NewsIndex, tmp_path: Path, suffix: str) -> None:
    """Times of arrival too."""
    documents = fill(opened)
    path = tmp_path / f"out{suffix}"

    assert opened.export_to(path) == 4
    other = NewsIndex(SIMILAR)
    assert other.import_from(path) == 4

    assert list(other.documents()) == documents
    assert other.stats().oldest == opened.stats().oldest
    assert [other.cluster_of(each) for each in other] == [
        opened.cluster_of(each) for each in opened
    ]
    assert list(tmp_path.glob(".out*")) == []


def test_exported_files_are_feeds(opened: NewsIndex, tmp_path: Path) -> None:
    """Any tool reads them."""
    fill(opened)
    opened.export_to(tmp_path / "out.jsonl")

    lines = (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()
    first = json.loads(lines[0])
    assert first.pop("arrived").endswith("+00:00")
    assert first == {
        "id": "a",
        "title": "Storm",
        "text": STORM,
        "source": "Post",
        "published": "2026-11-23T12:00:00+00:00",
    }


def test_an_empty_index_is_exported_too(tmp_path: Path) -> None:
    """And imported."""
    for name in ("out.jsonl", "out.parquet"):
        assert NewsIndex(SIMILAR).export_to(tmp_path / name) == 0
        assert NewsIndex(SIMILAR).import_from(tmp_path / name) == 0


@pytest.mark.parametrize("kind", [bytes, int])
def test_parquet_holds_other_ids(tmp_path: Path, kind: type) -> None:
    """As long as all are of one type."""
    index = NewsIndex(SIMILAR)
    ids = [kind(i) for i in range(3)]
    for each in ids:
        index.add(each, STORM)
    index.export_to(tmp_path / "out.parquet")
    other = NewsIndex(SIMILAR)
    other.import_from(tmp_path / "out.parquet")

    assert list(other) == ids


def test_ids_that_a_format_cannot_hold_are_refused(tmp_path: Path) -> None:
    """Nothing is left behind."""
    index = NewsIndex(SIMILAR)
    index.add("a", STORM)
    index.add(b"b", STORM)

    with pytest.raises(dn.InputTypeError, match=r"^the id b'b' is of type 'bytes'; ids in JSON"):
        index.export_to(tmp_path / "out.jsonl")
    with pytest.raises(
        dn.InputTypeError, match=r"^the id b'b' is of type 'bytes', but the first id is"
    ):
        index.export_to(tmp_path / "out.parquet")
    index.remove(b"b")
    index.add(2**70, STORM)
    index.remove("a")
    with pytest.raises(dn.InputTypeError, match=r"^the ids cannot be one column of a Parquet"):
        index.export_to(tmp_path / "out.parquet")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("in.txt", "", r"has no suffix that says its format; allowed are .jsonl, .jsonl.gz and"),
        ("in.jsonl", "{", r"^line 1 of '.*in.jsonl' is no JSON: .* Correct or delete it"),
        ("in.jsonl", "[]", r"^line 1 of '.*in.jsonl' is no object; each line holds one document"),
        ("in.jsonl", '{"text": "x"}', r"^'.*in.jsonl' has no ids, which an index needs"),
        ("in.parquet", "x", r"is no Parquet file that can be read"),
    ],
)
def test_files_that_cannot_be_understood_are_refused(
    tmp_path: Path, name: str, content: str, message: str
) -> None:
    """The message says where."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")

    with pytest.raises(dn.InputError, match=message):
        NewsIndex(SIMILAR).import_from(path)


def test_indexes_can_be_merged(opened: NewsIndex) -> None:
    """The other's documents replace those of the same id, and stay where they are."""
    opened.add("a", SUN)
    opened.add("z", SUN)
    other = NewsIndex(SIMILAR)
    documents = fill(other)

    assert opened.merge(other) == 4
    assert list(opened) == ["z", "a", "b", "c", "d"]
    assert list(opened.documents())[1:] == list(other.documents()) == documents
    assert opened.stats().oldest == NOON or opened.stats().oldest == other.stats().oldest


def test_merging_the_wrong_things_is_refused() -> None:
    """The message says what to pass."""
    index = NewsIndex(SIMILAR)
    with pytest.raises(dn.InputTypeError, match=r"^other is of type 'dict'; pass a NewsIndex"):
        index.merge({})  # type: ignore[arg-type]
    with pytest.raises(dn.InputError, match=r"^an index cannot be merged into itself"):
        index.merge(index)


def test_stats_say_what_is_there(opened: NewsIndex) -> None:
    """Size, age, and what the store has to say."""
    assert opened.stats().oldest is None
    opened.add("a", STORM, published=NOON)
    opened.add("b", STORM, published="2026-11-22T00:00Z")
    opened.remove("a")
    stats = opened.stats()

    assert (stats.n_documents, stats.n_removed) == (1, 1)
    assert stats.oldest == stats.newest == dt.datetime(2026, 11, 22, tzinfo=dt.UTC)
    assert stats.memory_bytes > 0
    assert stats.details["store"] in {"memory", "sqlite", "redis"}


# Opening and refusing


def test_settings_are_kept(tmp_path: Path) -> None:
    """They need not be given again, but may be."""
    path = tmp_path / "feed.db"
    NewsIndex.open(path, SIMILAR).close()

    assert NewsIndex.open(path).config == SIMILAR
    assert NewsIndex.open(path, SIMILAR).config == SIMILAR
    given = NewsIndex.open(tmp_path / "other.db", min_probability=0.8)
    assert given.config == Config(min_probability=0.8)


def test_other_settings_are_refused(tmp_path: Path, server: redis_server.RedisServer) -> None:
    """The message says which differ, and what to do."""
    for location in (tmp_path / "feed.db", server.url("settings")):
        NewsIndex.open(location, SIMILAR).close()
        with pytest.raises(
            dn.StoreFormatError,
            match=r"was made with threshold=0.4, but threshold=0.5 was given. .* Leave out config",
        ):
            NewsIndex.open(location, SIMILAR, policy="similar", threshold=0.5)


def test_newer_formats_are_refused(tmp_path: Path, server: redis_server.RedisServer) -> None:
    """The remedy is a newer version."""
    path = tmp_path / "feed.db"
    NewsIndex.open(path, SIMILAR).close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    url = server.url("newer")
    client = NewsIndex.open(url)._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001
    client.hset("{newer}:meta", "format", 99)

    for location in (path, url):
        for read_only in (False, True):
            with pytest.raises(
                dn.StoreFormatError, match=r"has format version 99, but .* Upgrade dedupe_news"
            ):
                NewsIndex.open(location, read_only=read_only)


def test_settings_of_a_newer_version_are_refused(
    tmp_path: Path, server: redis_server.RedisServer
) -> None:
    """Those that are not known here."""
    path = tmp_path / "feed.db"
    NewsIndex.open(path, SIMILAR).close()
    value = json.dumps({"colour": "red"})
    connection = sqlite3.connect(path)
    connection.execute(
        "UPDATE meta SET value = ?, checksum = ? WHERE name = 'config'",
        (value, schema.check_of("config", value)),
    )
    connection.commit()
    connection.close()
    url = server.url("unknown")
    client = NewsIndex.open(url)._store.log._server.client  # type: ignore[attr-defined]  # noqa: SLF001
    client.hset("{unknown}:meta", "config", value)

    for location in (path, url):
        with pytest.raises(
            dn.StoreFormatError,
            match=r"settings of .* are not known here: unknown setting 'colour'",
        ):
            NewsIndex.open(location)


def test_text_folded_otherwise_is_said(
    tmp_path: Path,
    server: redis_server.RedisServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A file is taken over; workers of one server must agree."""
    path, url = tmp_path / "feed.db", server.url("folding")
    NewsIndex.open(path, SIMILAR).close()
    NewsIndex.open(url, SIMILAR).close()
    monkeypatch.setattr("dedupe_news._store.schema.fingerprint", lambda: 1)

    NewsIndex.open(path).close()
    assert "folds text otherwise" in caplog.text
    caplog.clear()
    NewsIndex.open(path).close()
    assert not caplog.records
    with pytest.raises(dn.StoreFormatError, match="folds text otherwise than this one"):
        NewsIndex.open(url)


def test_other_files_are_refused(tmp_path: Path) -> None:
    """A database of somebody else, and what is none at all."""
    other = tmp_path / "other.db"
    connection = sqlite3.connect(other)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    text = tmp_path / "text.db"
    text.write_text("no database " * 100, encoding="utf-8")

    with pytest.raises(dn.StoreFormatError, match=r"is a SQLite file, but no index of dedupe_news"):
        NewsIndex.open(other)
    with pytest.raises(dn.StoreDamagedError, match=r"is damaged, or no index at all"):
        NewsIndex.open(text)
    with pytest.raises(dn.StoreError, match=r"cannot be opened: .* Check that its folder exists"):
        NewsIndex.open(tmp_path / "no folder" / "feed.db")


@pytest.mark.parametrize(
    ("location", "options", "error", "message"),
    [
        ("", {}, dn.ConfigError, r"^location='' names no file; NewsIndex\(\) makes an index in"),
        (":memory:", {}, dn.ConfigError, r"names no file"),
        ("http://x", {}, dn.ConfigError, r"has the scheme 'http'; allowed are redis and rediss"),
        (5, {}, dn.InputTypeError, r"^location=5 is of type 'int'; pass a path, or an address"),
        (".", {}, dn.InputError, r"^location='\.' is a folder; name a file in it"),
        ("x.db", {"durability": "some"}, dn.ConfigError, r"^durability='some' is not known"),
        ("x.db", {"timeout": -1}, dn.ConfigError, r"^timeout=-1 is out of range; pass a number"),
        ("x.db", {"timeout": "1"}, dn.ConfigError, r"^timeout='1' is out of range"),
        ("x.db", {"config": 5}, dn.ConfigError, r"^config is of type 'int'; pass a dn.Config"),
        ("redis://h/0?prefix=", {}, dn.ConfigError, r"^the prefix '' of 'h' cannot begin the keys"),
        ("redis://h/0?prefix={x}", {}, dn.ConfigError, r"without braces, such as \?prefix=feed"),
        ("redis://h:x/0", {}, dn.ConfigError, r"^the address of the Redis server cannot be under"),
        ("redis://h/0?db=x", {}, dn.ConfigError, r"is no address of a Redis server"),
        ("none.db", {"read_only": True}, dn.StoreError, r"^there is no file '.*none.db' to read"),
    ],
)
def test_bad_arguments_are_refused(
    location: Any,  # noqa: ANN401 - what it should not be
    options: dict[str, Any],
    error: type[Exception],
    message: str,
) -> None:
    """Before anything is made."""
    with pytest.raises(error, match=message):
        NewsIndex.open(location, **options)


def test_readers_change_nothing(tmp_path: Path, server: redis_server.RedisServer) -> None:
    """They follow, and refuse to add."""
    with pytest.raises(dn.StoreError, match=r"^there is no index .* to read"):
        NewsIndex.open(server.url("readers"), read_only=True)
    for location in (tmp_path / "feed.db", server.url("readers")):
        writer = NewsIndex.open(location, SIMILAR)
        reader = NewsIndex.open(location, read_only=True)
        writer.add("a", STORM)

        assert [match.id for match in reader.query(STORM)] == ["a"]
        for change in (
            lambda: reader.add("b", STORM),  # noqa: B023 - called at once
            lambda: reader.remove("a"),  # noqa: B023 - called at once
            lambda: reader.expire(before=NOON),  # noqa: B023 - called at once
        ):
            with pytest.raises(dn.StoreReadOnlyError, match=r"was opened for reading; open it w"):
                change()


def test_a_file_that_may_not_be_written_is_said(tmp_path: Path) -> None:
    """SQLite's word for it, and what to check."""
    path = tmp_path / "feed.db"
    with NewsIndex.open(path, SIMILAR) as index:
        index._store.log._connection.execute("PRAGMA query_only = ON")  # type: ignore[attr-defined]  # noqa: SLF001
        with pytest.raises(dn.StoreReadOnlyError, match=r"cannot be written: .* Check its perm"):
            index.add("a", STORM)


def test_closed_indexes_are_said(tmp_path: Path, server: redis_server.RedisServer) -> None:
    """Whatever is asked; closing twice is harmless."""
    for location in (tmp_path / "feed.db", server.url("closed")):
        with NewsIndex.open(location, SIMILAR) as index:
            index.add("a", STORM)
        index.close()

        for call in (lambda: len(index), lambda: index.add("b", STORM)):
            with pytest.raises(dn.StoreClosedError, match=r"was closed; open it again with"):
                call()


def test_a_writer_that_takes_long_is_said(tmp_path: Path) -> None:
    """After the timeout; nothing is changed."""
    path = tmp_path / "feed.db"
    slow, other = NewsIndex.open(path, SIMILAR), NewsIndex.open(path, timeout=0.05)
    with slow.batch():
        slow.add("a", STORM)
        with pytest.raises(
            dn.StoreBusyError, match=r"writing to .* for more than timeout=0.05 seconds. Try again"
        ):
            other.add("b", STORM)
        assert other.query(STORM) == []

    assert [match.id for match in other.add("b", STORM)] == ["a"]


def test_durability_is_that_asked_for(tmp_path: Path) -> None:
    """Full by default."""
    for durability, expected in (("full", 2), ("normal", 1)):
        index = NewsIndex.open(tmp_path / "feed.db", durability=durability)  # type: ignore[arg-type]
        connection = index._store.log._connection  # type: ignore[attr-defined]  # noqa: SLF001
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == expected
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        index.close()


def test_migrations_are_recorded(tmp_path: Path) -> None:
    """By name; a file that lacks one gets it."""
    path = tmp_path / "feed.db"
    NewsIndex.open(path, SIMILAR).close()
    connection = sqlite3.connect(path)

    names = [name for (name,) in connection.execute("SELECT name FROM migrations")]
    assert names == [schema.EVENT_LOG]
    connection.close()


def test_batches_are_not_nested(opened: NewsIndex) -> None:
    """The inner one would be neither all nor nothing by itself."""
    with opened.batch():
        opened.add("a", STORM)
        with pytest.raises(dn.InputError, match=r"^a batch is open already"), opened.transaction():
            pass
    assert list(opened) == ["a"]


def test_a_batch_is_appended_at_its_end(opened: NewsIndex) -> None:
    """What it adds can be read before, and all of it is gone where an error leaves the block."""

    def fail() -> None:
        with opened.batch():
            opened.add("b", SUN)
            opened.remove("a")
            assert opened["b"].text == SUN
            assert list(opened.documents()) == [dn.Document(SUN, id="b")]
            raise ZeroDivisionError

    opened.add("a", STORM)
    with pytest.raises(ZeroDivisionError):
        fail()

    assert list(opened.documents()) == [dn.Document(STORM, id="a")]
    assert [match.id for match in opened.query(STORM)] == ["a"]


def test_a_batch_with_an_interrupted_change_keeps_nothing(
    opened: NewsIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever catches the interrupt within the block is told, and the index is as before it."""
    add = IndexTexts.add

    def interrupted(*args: Any) -> None:
        add(*args)
        raise KeyboardInterrupt

    def go_on() -> None:
        with opened.batch():
            opened.add("b", SUN)
            with monkeypatch.context() as patch:
                patch.setattr(IndexTexts, "add", interrupted)
                with pytest.raises(KeyboardInterrupt):
                    opened.add("c", STORM)
            with pytest.raises(dn.StoreError, match="make its changes again"):
                opened.add("d", STORM)

    opened.add("a", STORM)
    with pytest.raises(dn.StoreError, match=r"^a change in this batch was interrupted"):
        go_on()

    assert list(opened) == ["a"]
    assert opened.add("b", STORM)[0].id == "a"
    assert list(opened) == ["a", "b"]


def test_a_batch_goes_on_after_a_refused_item(opened: NewsIndex) -> None:
    """What is refused before it changes anything costs nothing but itself."""
    with opened.batch():
        opened.add("a", STORM)
        with pytest.raises(dn.UnknownIdError):
            opened.remove("b")
        with pytest.raises(dn.InputError):
            opened.add("c" * 70_000, SUN)
        opened.add("d", SUN)

    assert list(opened) == ["a", "d"]


def test_threads_share_an_index(opened: NewsIndex) -> None:
    """Nothing is lost."""

    def work(thread: int) -> None:
        for at in range(10):
            opened.add((thread, at), f"{STORM} {thread} {at}")
            opened.query(STORM)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert set(opened) == {(thread, at) for thread in range(4) for at in range(10)}


def test_forked_processes_open_the_file_anew(root: Path, tmp_path: Path) -> None:
    """Both go on writing."""
    program = f"""
import os, dedupe_news as dn
index = dn.NewsIndex.open({str(tmp_path / "feed.db")!r}, policy="similar")
index.add("parent", {STORM!r})
child = os.fork()
if child == 0:
    index.add("child", {STORM!r})
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0
index.add("after", {STORM!r})
assert list(index) == ["parent", "child", "after"], list(index)
"""
    search = os.pathsep.join([str(root / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_copies_of_an_index_in_a_file_open_it_again(tmp_path: Path) -> None:
    """Here and in other processes: both see what the other adds."""
    index = NewsIndex.open(tmp_path / "feed.db", SIMILAR)
    index.add("a", STORM)
    copy = pickle.loads(pickle.dumps(index))  # noqa: S301 - made here
    copy.add("b", STORM)

    assert list(index) == ["a", "b"]


def test_the_library_is_quiet_by_default(root: Path, tmp_path: Path) -> None:
    """It logs under its own name, for those who ask."""
    program = f"""
import dedupe_news as dn
index = dn.NewsIndex.open({str(tmp_path / "feed.db")!r})
index.add("a", "b")
index.close()
"""
    search = os.pathsep.join([str(root / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": search}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("", "")


def test_what_happens_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Under the package's name."""
    with caplog.at_level(logging.INFO, "dedupe_news"):
        NewsIndex.open(tmp_path / "feed.db").close()

    assert [record.name for record in caplog.records] == ["dedupe_news"]
    assert "read 0 documents from" in caplog.text


# Formats

any_ids = st.recursive(
    st.text(max_size=5) | st.integers() | st.binary(max_size=5),
    lambda items: st.lists(items, max_size=3).map(tuple),
    max_leaves=4,
)


@given(each=any_ids)
def test_ids_come_back_as_they_were(each: Hashable) -> None:
    """Of their very type."""
    back = ids.unpack_id(*ids.pack_id(ids.plain_id(each, None)))

    assert back == each
    assert type(back) is type(each)


@pytest.mark.parametrize(
    ("each", "message"),
    [
        (
            1.5,
            r"^the id is 1.5, which cannot be held by an index .*: it is of type 'float'; pass str",
        ),
        (True, r"^the id is True, which cannot be held .*: it is of type 'bool'"),
        (("a", None), r"^the id is \('a', None\), which cannot be held .* of type 'NoneType'"),
        ("\ud800", r"^the id .* holds half of a character"),
        pytest.param(
            10**5000,
            r"^the id is a whole number of 16,610 bits, which is longer than the 14,000 bits of a",
            id="digits",
        ),
        ("x" * 70_000, r"has 70,000 bytes; at most 65,534 can be kept; use a digest of it"),
    ],
)
def test_ids_that_could_not_come_back_are_refused(
    tmp_path: Path, each: Hashable, message: str
) -> None:
    """Before anything is changed."""
    with NewsIndex.open(tmp_path / "feed.db", SIMILAR) as index:
        with pytest.raises(dn.DedupeNewsError, match=message):
            index.add(each, STORM)
        assert len(index) == 0


@pytest.mark.parametrize("on_invalid", ["ignore", "drop"])
def test_an_id_that_cannot_be_kept_costs_one_document(
    tmp_path: Path, on_invalid: Literal["ignore", "drop"]
) -> None:
    """The others of the batch are added, and the report says which was left out, and why."""
    deep: tuple[Any, ...] = ()
    for _ in range(18):
        deep = (deep,)
    odd = [2.5, True, ("a", 0.5), 10**5000, "x" * 70_000, deep]
    ids = ["first", *odd, "last"]
    with NewsIndex.open(tmp_path / "feed.db", SIMILAR) as index:
        added = index.add_many([{"id": each, "text": STORM} for each in ids], on_invalid=on_invalid)

        assert list(index) == ["first", "last"]
        assert [each.id for each in added[len(odd) + 1]] == ["first"]
        assert added.skipped.n_dropped == len(odd)


def test_a_source_that_cannot_be_kept_counts_as_missing(tmp_path: Path) -> None:
    """In a list and in Arrow."""
    rows = [
        {"id": at, "text": STORM, "source": each} for at, each in enumerate(["x" * 70_000, "P"])
    ]
    for at, feed in enumerate([rows, pa.Table.from_pylist(rows)]):
        with NewsIndex.open(tmp_path / f"{at}.db", SIMILAR) as index:
            index.add_many(feed, source="source", on_invalid="ignore")

            assert [each.source for each in index.documents()] == [None, "P"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x" * 70_000, r"^the source .* has 70,000 bytes; .* Shorten it"),
    ],
)
def test_sources_that_could_not_come_back_are_refused(
    tmp_path: Path, source: str, message: str
) -> None:
    """Before anything is changed."""
    with NewsIndex.open(tmp_path / "feed.db", SIMILAR) as index:
        with pytest.raises(dn.InputError, match=message):
            index.add("a", STORM, source=source)
        assert len(index) == 0


@pytest.mark.parametrize("each", [1.5, True, NOON, frozenset("ab"), (1, 2.5)])
def test_an_index_in_memory_takes_any_id(each: Hashable) -> None:
    """As long as it can be hashed; copies have it too."""
    index = NewsIndex(SIMILAR)
    index.add(each, STORM)
    copy = pickle.loads(pickle.dumps(index))  # noqa: S301 - made here

    assert list(index) == list(copy) == [each]
    assert index[each] == dn.Document(STORM, id=each)
    assert [match.id for match in copy.query(STORM)] == [each]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "^an event was read that is shorter than its header$"),
        (b"\1" + b"\0" * 20, "^an event was read that is shorter than its header$"),
        (b"\1" + b"\0" * 3 + b"\0\0\xff\xff\xff\xff\xff\x7f" + b"\0" * 32, "than its header says$"),
        (
            b"\1" + b"\0" * 3 + b"\0\0\xff\xff\xff\xff\xff\xff" + b"\0" * 32,
            "^an id of kind 0 was re",
        ),
        (b"\7" + b"\0" * 8, "^the event at position 5 is of kind 7, which is not known here"),
        (b"\2" + b"\0" * 9, "^the event at position 5 is of kind 2"),
    ],
)
def test_bytes_that_are_no_event_are_refused(body: bytes, message: str) -> None:
    """Should a checksum be right by chance."""
    with pytest.raises(log.DamagedEvent, match=message):
        list(codec.unpack([5], [codec.seal(body)]))


def test_no_bytes_are_no_events() -> None:
    """A reader may find that all have left."""
    assert list(codec.unpack([], [])) == []


def test_format_1_is_still_read(tmp_path: Path) -> None:
    """A file that version 0.1 of the library made."""
    path = tmp_path / "feed.db"
    shutil.copy(GOLDEN / "format-1.db", path)
    expected = json.loads((GOLDEN / "format-1.json").read_text(encoding="utf-8"))
    with NewsIndex.open(path) as index:
        documents = [
            [each.id, each.title, each.text, each.source, str(each.published)]
            for each in index.documents()
        ]
        clusters = [index.cluster_of(each) for each in index]
        matches = [match.id for match in index.query(STORM)]

    assert documents == expected["documents"]
    assert clusters == expected["clusters"]
    assert matches == expected["matches"]


GOLDEN_EVENTS = GOLDEN / "format-2.json"


def events_of_format_2() -> list[bytes]:
    """Return an event of each kind."""
    rows = dataclasses.replace(
        arrivals.one(("a", 5, b"c"), STORM, "Two\nlines", "Zeitung", NOON),
        arrived=np.array([1_700_000_000_000_000]),
    )
    numbers = np.array([3, 7], np.int64)
    return [
        *codec.Packing(rows).pack((0, 1), [3], [True], [2]),
        codec.pack_tombstones(numbers, None),
        codec.pack_tombstones(numbers, 64, is_compaction=True),
    ]


def test_format_2_is_still_written_and_read() -> None:
    """To the byte."""
    expected = json.loads(GOLDEN_EVENTS.read_text(encoding="utf-8"))
    added, retired, compacted = codec.unpack(range(5, 8), events_of_format_2())

    assert [event.hex() for event in events_of_format_2()] == expected
    assert isinstance(added, codec.Addition)
    assert next(exchange.documents(added.items)) == dn.Document(
        STORM, "Two\nlines", ("a", 5, b"c"), "Zeitung", NOON
    )
    columns = (added.positions, added.clusters, added.leads, added.replaces)
    assert [each.tolist() for each in columns] == [[5], [3], [True], [2]]
    for tombstones, expected_position, step in ((retired, 6, None), (compacted, 7, 64)):
        assert isinstance(tombstones, codec.Tombstones)
        assert tombstones.numbers.tolist() == [3, 7]
        assert (tombstones.position, tombstones.step) == (expected_position, step)
        assert tombstones.is_compaction == (tombstones is compacted)


def make_golden() -> None:
    """Write the golden file of this format version; run by hand when there is a new one."""
    GOLDEN_EVENTS.write_text(json.dumps([each.hex() for each in events_of_format_2()], indent=1))
