"""Indexes with limits of their own, so that little is enough to reach them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news import Config, NewsIndex
from dedupe_news._store.memory import MemoryLog
from dedupe_news._store.store import Durability, Store, open_store

if TYPE_CHECKING:
    import os

    from dedupe_news._store.limits import Limits


def in_memory(config: Config, limits: Limits) -> NewsIndex:
    """Return an empty index in memory."""
    return NewsIndex._of(Store(MemoryLog(config, limits), limits))  # noqa: SLF001 - as docs/how-to/stores.md says


def opened(
    location: str | os.PathLike[str],
    limits: Limits,
    config: Config | None = None,
    durability: Durability = "full",
) -> NewsIndex:
    """Open an index as `NewsIndex.open` does."""
    store = open_store(location, config, durability=durability, limits=limits)
    return NewsIndex._of(store)  # noqa: SLF001 - as docs/how-to/stores.md says
