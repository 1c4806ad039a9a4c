"""The index of ingestion code: add, query, remove, cluster."""

from __future__ import annotations

import copy
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Self

from dedupe_news._index.changes import Changes
from dedupe_news._store.memory import MemoryLog
from dedupe_news._store.store import Store, open_store
from dedupe_news.config import Config
from dedupe_news.errors import ConfigError

if TYPE_CHECKING:
    from types import TracebackType

    from dedupe_news._store.store import Durability


_indexes: weakref.WeakSet[NewsIndex] = weakref.WeakSet()


def _after_fork() -> None:
    """Free the locks of a forked process, whose holders are threads of its parent."""
    for index in list(_indexes):
        index._begin()  # noqa: SLF001 - our own
        index._store.forked()  # noqa: SLF001 - our own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class NewsIndex(Changes):
    """
    An index of news items that finds the near-duplicates of new ones.

    In memory; `NewsIndex.open` returns one that is kept in a file or on a
    server. Safe to share between threads: operations wait for one another.

    Parameters
    ----------
    config : Config, optional
        The settings; the defaults where it is left out.
    **settings : Any
        Single settings of `Config` that take precedence over `config`.

    Raises
    ------
    ConfigError
        If a setting is out of range.

    Examples
    --------
    >>> import dedupe_news as dn
    >>> index = dn.NewsIndex()
    >>> index.add("a", "Rain floods the old town")
    []
    >>> [match.id for match in index.query("RAIN floods the old town ...")]
    ['a']
    """

    def __init__(self, config: Config | None = None, **settings: Any) -> None:
        _check_config(config)
        self._config = (config or Config()).replace(**settings)
        self._store = Store(MemoryLog(self._config))
        self._begin()

    def _begin(self) -> None:
        self._lock = threading.RLock()
        self._in_batch = False
        _indexes.add(self)

    @classmethod
    def open(
        cls,
        location: str | os.PathLike[str],
        config: Config | None = None,
        *,
        durability: Durability = "full",
        read_only: bool = False,
        timeout: float = 30.0,
        **settings: Any,
    ) -> Self:
        """
        Open an index that outlives the process, or make it.

        Parameters
        ----------
        location : str or path
            A file, which SQLite keeps, or the address of a Redis server:
            ``redis://host/0?prefix=feed`` or ``rediss://...``.
        config : Config, optional
            The settings. By default those that the index was made with, or
            the defaults for a new one.
        durability : {"full", "normal"}, default "full"
            When what was added is safe. ``"full"``: from the moment that `add`
            returns, whatever happens. ``"normal"``: so too where the process is
            killed, but a power cut may take the last moments; it is many times
            faster for single documents. Of files only: a server has its own
            settings.
        read_only : bool, default False
            Whether changes are refused. A file must exist then.
        timeout : float, default 30.0
            Seconds to wait for another process that writes, or for a server
            that does not answer.
        **settings : Any
            Single settings of `Config` that take precedence over `config`.

        Returns
        -------
        NewsIndex
            To be closed, or used as a context manager.

        Raises
        ------
        StoreFormatError
            If it was made with other settings or by a newer version, or is no
            index.
        StoreDamagedError
            If what is there is not what was written.
        StoreError
            If it cannot be opened for another reason.
        ConfigError
            If a setting is out of range.
        MissingDependencyError
            If a server is named and redis is not installed.
        """
        _check_config(config)
        wanted = None
        if config is not None or settings:
            wanted = (config or Config()).replace(**settings)
        store = open_store(
            location, wanted, durability=durability, read_only=read_only, timeout=timeout
        )
        return cls._of(store)

    @classmethod
    def _of(cls, store: Store) -> Self:
        """Return the index of a store; see docs/how-to/stores.md."""
        index = cls.__new__(cls)
        index.__setstate__({"_config": store.config, "_store": store})
        return index

    def close(self) -> None:
        """Let go of the file or the server; an index in memory stays as it is."""
        with self._lock:
            self._store.close()

    def __enter__(self) -> Self:
        """Begin a block at whose end the index is closed."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the index."""
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        """Return the state to pickle: all of it, or of an index elsewhere where it is."""
        with self._lock:
            # Copied now, while nobody changes it.
            return {"_config": self._config, "_store": copy.deepcopy(self._store)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore the state that `__getstate__` returned."""
        vars(self).update(state)
        self._begin()

    def __repr__(self) -> str:
        """Return the size, as this process knows it, and the settings that matter."""
        return (
            f"<NewsIndex of {len(self._store.known):,} documents, "
            f"policy {self._config.policy!r}, threshold {self._config.threshold:g}>"
        )


def _check_config(config: object) -> None:
    if config is not None and not isinstance(config, Config):
        message = f"config is of type {type(config).__name__!r}; pass a dn.Config"
        raise ConfigError(message)
