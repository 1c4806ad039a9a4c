"""Every store, against the index in memory: whatever is done to it, it answers the same."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import os
import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

import dedupe_news as dn
import redis_server
from dedupe_news import Config, NewsIndex
from dedupe_news._store.limits import Limits
from interruption import Interruption
from limited import in_memory, opened
from strategies import feeds, texts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
CONFIGS = (
    Config(policy="similar", threshold=0.5, shingle_size=2, num_perm=8, params=(4, 2)),
    Config(policy="similar", threshold=0.5, num_perm=8, params=(4, 2), window=3 * DAY),
    Config(),
    Config(window=2 * DAY),
)

# Small, so that arrays grow, events are read in parts, and removed documents are dropped.
SMALL = Limits(removed=3, rows=2, tokens=4, places=8, token_places=64, events=5, sent=5)

days = st.integers(0, 12)
sources = st.none() | st.sampled_from(["Post", "Times"])
items = st.tuples(texts, st.none() | texts, sources, st.none() | days)
"""Text, title, source and day of publication of a document."""

_numbers = itertools.count()


def published(day: int | None) -> dt.datetime | None:
    """Return the time of a day."""
    return None if day is None else FIRST + day * DAY


def end_of(index: NewsIndex) -> int:
    """Return how long the log of an index is."""
    return index._store.refresh().cursor.position  # noqa: SLF001 - whether a call was made


class AgainstMemory(RuleBasedStateMachine):
    """A store and an index in memory go the same way, one of them in larger steps."""

    location: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self.monkeypatch = pytest.MonkeyPatch()
        self.now = FIRST + 13 * DAY
        self.monkeypatch.setattr("dedupe_news._input.times.now", self._now)
        # The server has a clock of its own, which nobody can set.
        self.monkeypatch.setattr("dedupe_news._store.redis.RedisLog.now", lambda _: self._now())
        self.folder = contextlib.ExitStack()
        self.at = ""
        self.others: list[NewsIndex] = []

    names = Bundle("names")

    def _now(self) -> int:
        return int(self.now.timestamp() * 1_000_000)

    @initialize(config=st.sampled_from(CONFIGS))
    def begin(self, config: Config) -> None:
        """Open both."""
        self.at = self.location()
        self.memory = in_memory(config, SMALL)
        self.store = opened(self.at, SMALL, config, durability="normal")
        self.others = []

    def _added(self, name: str, item: tuple[str, str | None, str | None, int | None]) -> None:
        text, title, source, day = item
        options = {"title": title, "source": source, "published": published(day)}
        expected = self.memory.add(name, text, **options)  # type: ignore[arg-type]
        assert self.store.add(name, text, **options) == expected  # type: ignore[arg-type]

    @rule(target=names, item=items)
    def add(self, item: tuple[str, str | None, str | None, int | None]) -> str:
        """Add one document."""
        name = f"id{next(_numbers)}"
        self._added(name, item)
        return name

    @rule(name=names, item=items)
    def add_again(self, name: str, item: tuple[str, str | None, str | None, int | None]) -> None:
        """Replace a document, or add one that left."""
        self._added(name, item)

    @rule(
        target=names,
        batch=st.lists(items, max_size=8),
        old=st.lists(names, max_size=3, unique=True),
    )
    def add_many(
        self, batch: list[tuple[str, str | None, str | None, int | None]], old: list[str]
    ) -> object:
        """Add a batch to the store, and the same one by one to the index in memory."""
        new = [f"id{next(_numbers)}" for _ in batch]
        named = [*old, *new][: len(batch)]
        rows = [
            dn.Document(text, None, name, source, published(day))
            for name, (text, _, source, day) in zip(named, batch, strict=True)
        ]

        found = self.store.add_many(rows, n_jobs=1) if rows else []

        assert found == [
            self.memory.add(row.id, row.text, source=row.source, published=row.published)
            for row in rows
        ]
        return multiple(*(name for name in named if name in new))

    @rule(
        target=names,
        batch=st.lists(items, min_size=1, max_size=5),
        at=st.integers(1, 1_500),
        kind=st.sampled_from([KeyboardInterrupt, MemoryError]),
        in_memory=st.booleans(),
    )
    def interrupt(
        self,
        batch: list[tuple[str, str | None, str | None, int | None]],
        at: int,
        kind: type[BaseException],
        *,
        in_memory: bool,
    ) -> object:
        """Stop an addition at some moment, and make it in the other index if it was made."""
        rows = [
            dn.Document(text, title, f"id{next(_numbers)}", source, published(day))
            for text, title, source, day in batch
        ]
        first, other = (self.memory, self.store) if in_memory else (self.store, self.memory)
        before = end_of(first)
        Interruption(at, kind).during(lambda: first.add_many(rows, n_jobs=1))
        if end_of(first) == before:
            return multiple()
        other.add_many(rows, n_jobs=1)
        return multiple(*(str(row.id) for row in rows))

    @rule(target=names, batch=st.lists(items, max_size=5))
    def merge(self, batch: list[tuple[str, str | None, str | None, int | None]]) -> object:
        """Take over another index."""
        other = NewsIndex(self.memory.config)
        new = [f"id{next(_numbers)}" for _ in batch]
        for name, (text, title, source, day) in zip(new, batch, strict=True):
            other.add(name, text, title=title, source=source, published=published(day))
        assert self.store.merge(other) == self.memory.merge(other)
        return multiple(*new)

    @rule(name=names)
    def remove(self, name: str) -> None:
        """Remove a document, if it is there."""
        if name in self.memory:
            self.memory.remove(name)
            self.store.remove(name)
        else:
            with pytest.raises(dn.UnknownIdError, match=r"^no document of id"):
                self.store.remove(name)

    @rule(day=days)
    def expire(self, day: int) -> None:
        """Remove what is older than a day."""
        before = FIRST + day * DAY
        assert self.store.expire(before=before) == self.memory.expire(before=before)

    @rule(hours=st.integers(1, 48))
    def wait(self, hours: int) -> None:
        """Let time pass."""
        self.now += dt.timedelta(hours=hours)

    @rule(feed=feeds(max_size=4), day=st.none() | days)
    def query(self, feed: list[str], day: int | None) -> None:
        """Ask for texts."""
        others = ("related", "template") if self.memory.config.policy == "news" else ()
        for text in feed:
            options = {"published": published(day), "include": others}
            expected = self.memory.query(text, **options)  # type: ignore[arg-type]
            for index in (self.store, *self.others):
                assert index.query(text, **options) == expected  # type: ignore[arg-type]

    @precondition(lambda self: len(self.others) < 2)
    @rule()
    def join(self) -> None:
        """Another process opens the store too."""
        self.others.append(opened(self.at, SMALL, durability="normal"))

    @precondition(lambda self: self.others)
    @rule()
    def swap(self) -> None:
        """Another process goes on with the work."""
        self.others.append(self.store)
        self.store = self.others.pop(0)

    @rule()
    def reopen(self) -> None:
        """Close the store and open it again."""
        self.store.close()
        self.store = opened(self.at, SMALL, durability="normal")

    @rule()
    def pickle(self) -> None:
        """Go on with copies; that of the store opens it again."""
        self.memory = pickle.loads(pickle.dumps(self.memory))  # noqa: S301 - made here
        copy = pickle.loads(pickle.dumps(self.store))  # noqa: S301 - made here
        self.store.close()
        self.store = copy

    @rule(batch=st.lists(items, max_size=5), fails=st.booleans())
    def batch(
        self, batch: list[tuple[str, str | None, str | None, int | None]], *, fails: bool
    ) -> None:
        """Add, replace and remove in one go, or not at all."""
        names = list(self.memory)
        before = [self.memory.cluster_of(name) for name in names]
        with contextlib.suppress(ZeroDivisionError), self.memory.batch(), self.store.batch():
            for at, item in enumerate(batch):
                self._added(str(names[at]) if at < len(names) and at % 2 else f"batch{at}", item)
            if names and names[0] in self.memory:
                self.memory.remove(names[0])
                self.store.remove(names[0])
            if fails:
                _ = 1 / 0
        if fails:
            assert list(self.memory) == names
            assert [self.memory.cluster_of(name) for name in names] == before

    @invariant()
    def documents_are_the_same(self) -> None:
        """Ids, clusters and texts."""
        if not self.at:
            return
        names = list(self.memory)
        clusters = [self.memory.cluster_of(name) for name in names]
        for index in (self.store, *self.others):
            assert list(index) == names
            assert [index.cluster_of(name) for name in names] == clusters
        assert list(self.store.documents()) == list(self.memory.documents())

    def teardown(self) -> None:
        """Close everything."""
        if self.at:
            for index in (self.store, *self.others):
                index.close()
        self.folder.close()
        self.monkeypatch.undo()


class InFile(AgainstMemory):
    """SQLite."""

    def location(self) -> str:
        """Return a new file."""
        folder = self.folder.enter_context(tempfile.TemporaryDirectory())
        return str(Path(folder) / "feed.db")


class OnServer(AgainstMemory):
    """Redis."""

    server: redis_server.RedisServer

    def location(self) -> str:
        """Return a new prefix."""
        return self.server.url(f"test{next(_numbers)}")


N_HISTORIES = int(
    os.environ.get("DEDUPE_NEWS_HISTORIES", str(min(40, hypothesis.settings().max_examples)))
)
SETTINGS = hypothesis.settings(max_examples=N_HISTORIES, stateful_step_count=25)
TestInFile = InFile.TestCase
TestInFile.settings = SETTINGS


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    """Run one server for all tests here."""
    with redis_server.running() as OnServer.server:
        yield


TestOnServer = OnServer.TestCase
TestOnServer.settings = SETTINGS
