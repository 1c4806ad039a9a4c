"""The way of a batch that is larger than memory, from its feed to its clusters."""

from __future__ import annotations

import dataclasses
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import batch, comparison, templates
from dedupe_news.columns import to_span
from dedupe_news.outofcore import news, similar
from dedupe_news.outofcore.corpus import columns_of, find_texts
from dedupe_news.outofcore.limits import Memory, disk_estimate, give_back, plan, resident_memory
from dedupe_news.outofcore.reading import Reader
from dedupe_news.outofcore.spill import Spill
from dedupe_news.outofcore.workspace import Workspace
from dedupe_news.progress import amounts

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from dedupe_news.config import Config
    from dedupe_news.outofcore.feeds import Feed
    from dedupe_news.results import Clustering

_NO_PLACES = np.empty(0, np.int64)
_NO_DIGESTS = np.empty(0, np.uint64)

_READ = 5.0
"""About how long a document takes to read, beside the steps of the policies."""

_MEMORY_A_BYTE = {"similar": 3.0, "news": 6.0}
_MEMORY_A_DOCUMENT = {"similar": 400, "news": 600}
"""Memory that a batch takes as a whole, beside that of the feed, in bytes."""


def cluster_feed(
    feed: Feed,
    config: Config,
    n_jobs: int,
    limit: int,
    work_folder: str | os.PathLike[str] | None,
    *,
    progress: bool,
) -> Clustering:
    """
    Cluster a feed within a limit of memory.

    Parameters
    ----------
    feed : Feed
        The documents, in chunks.
    config : Config
        The settings.
    n_jobs : int
        Threads.
    limit : int
        Bytes that the process may hold.
    work_folder : str or path-like, optional
        As for `Workspace`.
    progress : bool
        Whether a long run shows a bar.

    Returns
    -------
    Clustering
        Equal to that of a batch in memory.

    Raises
    ------
    ConfigError
        If the limit is too little.
    WorkFolderError
        If the folder cannot be used.
    WorkFolderFullError
        If the disk has not the room.
    """
    memory = Memory(limit, resident_memory())
    run = {"config": config.to_dict(), "feed": feed.description}
    with Workspace(work_folder, run) as space:
        if feed.n_documents is not None and feed.n_bytes is not None:
            stored = plan(limit, memory.held, feed.n_documents).stored
            need = disk_estimate(feed.n_documents, feed.n_bytes, config.policy)
            space.require_disk(need if space.is_kept else need - stored, feed.n_documents)
        return _Run(feed, config, n_jobs, memory, space).cluster(progress=progress)


def fits(feed: Feed, limit: int, policy: str) -> bool:
    """
    Return whether a feed is best clustered in memory.

    Parameters
    ----------
    feed : Feed
        The documents.
    limit : int
        Bytes that the process may hold.
    policy : {"similar", "news"}
        As in `Config`.

    Returns
    -------
    bool
        False also where it is not known how many there are.
    """
    if feed.n_documents is None or feed.n_bytes is None:
        return False
    need = feed.n_bytes * _MEMORY_A_BYTE[policy] + feed.n_documents * _MEMORY_A_DOCUMENT[policy]
    return resident_memory() + need <= limit


@dataclasses.dataclass(frozen=True, slots=True)
class _Run:
    """One run, with all that its steps need."""

    feed: Feed
    config: Config
    n_jobs: int
    memory: Memory
    space: Workspace

    def _read(self, progress: Callable[[float], None]) -> dict[str, Any]:
        reader = Reader(self.feed, self.space, self.config, self.memory, self.n_jobs)
        return reader.read(progress)

    def cluster(self, *, progress: bool) -> Clustering:
        """Do all steps."""
        config = self.config
        steps = {"read": _READ, **(news if config.policy == "news" else similar).STEPS}
        seconds: dict[str, float] = {}
        with amounts(steps, self.feed.n_documents, show=progress) as advance:
            clock = time.perf_counter()
            read = self.space.step("read", lambda: self._read(partial(advance, "read")))
            columns = columns_of(read, self.feed)
            advance("read", len(columns), final=True)
            seconds["reading"] = time.perf_counter() - clock
            clock = time.perf_counter()
            window = None if config.window is None else to_span(config.window)
            texts, starts = find_texts(read, columns, config, window)
            _forget(read)
            working = plan(self.memory.limit, self.memory.held, len(columns)).working
            find: Callable[..., Any] = (
                partial(news.find, columns) if config.policy == "news" else similar.find
            )
            outcome = find(read, texts, starts, config, self.space, working, self.n_jobs, advance)
            seconds[config.policy] = time.perf_counter() - clock
            # Nothing asks for the words any more.
            del starts
            texts = dataclasses.replace(
                texts, starts=_NO_PLACES, stops=_NO_PLACES, digests=_NO_DIGESTS, preference=None
            )
            _drop(read, "tokens", "flags", "checks", "digests", "lengths", "cut_off")
            _forget(read)
            describe = partial(templates.describe, columns, config)
            compare = partial(comparison.compare_at, columns, config)
            return batch.assemble(columns, config, texts, outcome, seconds, describe, compare)


def _drop(read: dict[str, Any], *names: str) -> None:
    for name in names:
        read[name].drop()


def _forget(read: dict[str, Any]) -> None:
    for value in read.values():
        if isinstance(value, Spill):
            value.forget()
    give_back()
