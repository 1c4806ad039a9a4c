"""The index of ingestion code: add, query, remove, cluster."""

from __future__ import annotations

import contextlib
import copy
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Self

from dedupe_news import arrivals, batch, exchange, fields, times
from dedupe_news.columns import from_microseconds
from dedupe_news.config import Config, whole_number
from dedupe_news.displayable import Displayable
from dedupe_news.documents import read_documents
from dedupe_news.errors import ConfigError, InputError, InputTypeError, UnknownIdError
from dedupe_news.progress import stages
from dedupe_news.records import Bounded, IndexStats
from dedupe_news.stores.memory import MemoryStore
from dedupe_news.stores.opening import open_store
from dedupe_news.text import tokenize
from dedupe_news.threads import resolve_jobs

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator
    from types import TracebackType

    from dedupe_news.documents import ColumnChoice, Document
    from dedupe_news.records import Match
    from dedupe_news.results import Clustering
    from dedupe_news.stores.opening import Durability
    from dedupe_news.stores.protocol import Store
    from dedupe_news.stores.rows import Rows
    from dedupe_news.text import Tokens


_indexes: weakref.WeakSet[NewsIndex] = weakref.WeakSet()


def _renew_locks() -> None:
    """Free the locks of a forked process, whose holders are threads of its parent."""
    for index in list(_indexes):
        index._begin()  # noqa: SLF001 - our own


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_locks)


class NewsIndex(Displayable):
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
        self._store: Store = MemoryStore(self._config)
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
    ) -> NewsIndex:
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
        index = cls.__new__(cls)
        index.__setstate__({"_config": store.replica.config, "_store": store})
        return index

    @property
    def config(self) -> Config:
        """
        The settings of the index.

        Returns
        -------
        Config
            Fixed for the life of the index.
        """
        return self._config

    @property
    def bounded(self) -> Bounded:
        """
        Work that was bounded since the index was made or opened.

        Returns
        -------
        Bounded
            Its ``n_large_buckets`` counts look-ups that met more than
            ``config.bucket_limit`` documents of one band key and compared the
            newest only.
        """
        return Bounded(n_large_buckets=self._store.replica.store.n_cut_short)

    def __len__(self) -> int:
        """
        Return the number of documents.

        Returns
        -------
        int
            At least 0.
        """
        with self._lock:
            self._store.refresh()
            return len(self._store.replica)

    def __contains__(self, id: object) -> bool:  # noqa: A002 - an id, as everywhere
        """
        Return whether a document of this id is in the index.

        Parameters
        ----------
        id : hashable
            An id.

        Returns
        -------
        bool
            False after its removal.

        Raises
        ------
        InputTypeError
            If `id` is not hashable.
        """
        arrivals.check_hashable(id)
        with self._lock:
            self._store.refresh()
            return id in self._store.replica.slot_of

    def __iter__(self) -> Iterator[Hashable]:
        """
        Iterate over the ids.

        Returns
        -------
        iterator of hashable
            In order of arrival.
        """
        with self._lock:
            self._store.refresh()
            slot_of = self._store.replica.slot_of
            ids = sorted(slot_of, key=slot_of.__getitem__)
        return iter(ids)

    def documents(self) -> Iterator[Document]:
        """
        Iterate over the documents.

        Yields
        ------
        Document
            In order of arrival, each as it was given; a text is read when it
            is asked for.
        """
        parts = self._parts()
        while True:
            with self._lock:
                part = next(parts, None)
            if part is None:
                return
            yield from exchange.documents(part)

    def _parts(self) -> Iterator[Rows]:
        with self._lock:
            self._store.refresh()
            return self._store.rows()

    def add(
        self,
        id: Hashable,  # noqa: A002 - the settled public name
        text: str | None,
        *,
        title: str | None = None,
        source: str | None = None,
        published: object = None,
    ) -> list[Match]:
        """
        Add a document and return what it matches among those before it.

        Parameters
        ----------
        id : hashable
            Its id. A document of the same id is replaced.
        text : str or None
            Its text; None or empty is a text that matches nothing.
        title : str, optional
            Its headline, joined before the text by a newline.
        source : str, optional
            Where it was published.
        published : datetime, str or struct_time, optional
            When, with a time zone.

        Returns
        -------
        list of Match
            Best first: the one that has the greatest share of the document,
            times its probability; with ``policy="similar"`` the most similar.
            Then the most similar, then in order of arrival.

        Raises
        ------
        InputTypeError
            If a value is of a type that cannot be used.
        InputError
            If a value cannot be used. Nothing has changed then.
        """
        fields.check_id(id)
        rows = arrivals.one(id, text, title, source, published)
        tokens = tokenize(rows.buffer, rows.offsets, self._config)
        with self._lock:
            return self._store.add(rows, tokens)[0]

    def add_many(
        self,
        feed: object,
        *,
        id: ColumnChoice = None,  # noqa: A002 - the settled public name
        title: ColumnChoice = None,
        text: ColumnChoice = None,
        source: ColumnChoice = None,
        published: ColumnChoice = None,
        n_jobs: int | None = -1,
    ) -> list[list[Match]]:
        """
        Add many documents, as `add` would one after another, only faster.

        Parameters
        ----------
        feed : iterable of mapping or Document, DataFrame or Arrow table
            The documents, each with an id; see `cluster`.
        id, title, text, source, published : str or sequence, optional
            Names of the columns, as in `cluster`.
        n_jobs : int, default -1
            Threads for the work on the texts.

        Returns
        -------
        list of list of Match
            For each document its matches among those before it, in the index
            or in the feed.

        Raises
        ------
        InputTypeError
            If the feed or a value is of a type that cannot be used.
        InputError
            If a value cannot be used, or ids are missing or repeat. Nothing
            has changed then.
        ColumnError
            If a named column does not exist.
        """
        threads = resolve_jobs(n_jobs)
        columns = read_documents(
            feed, id=id, title=title, text=text, source=source, published=published, n_jobs=threads
        )
        if columns.ids is None:
            message = (
                "the documents have no ids, which an index needs. Name their column with "
                "id='...', or pass mappings with the key 'id'"
            )
            raise InputError(message)
        return add_rows(self, arrivals.many(columns, columns.ids), threads)

    def query(
        self,
        text: str | None,
        *,
        title: str | None = None,
        source: str | None = None,
        published: object = None,
        limit: int | None = None,
        include_series: bool = False,
    ) -> list[Match]:
        """
        Return the documents that match a text, which is not added.

        Parameters
        ----------
        text : str or None
            The text; None or empty matches nothing.
        title : str, optional
            Its headline, joined before the text by a newline.
        source : str, optional
            Where it was published.
        published : datetime, str or struct_time, optional
            When, with a time zone.
        limit : int, optional
            Most matches to return; all by default.
        include_series : bool, default False
            Whether to return documents of the same recurring template too, as
            `Relation.SERIES`: they are no duplicates.

        Returns
        -------
        list of Match
            Best first: the one that has the greatest share of the document,
            times its probability; with ``policy="similar"`` the most similar.
            Then the most similar, then in order of arrival.

        Raises
        ------
        InputTypeError
            If a value is of a type that cannot be used.
        InputError
            If `limit` is below 1 or a value cannot be used.
        """
        _check_limit(limit)
        rows = arrivals.one(None, text, title, source, published)
        tokens = tokenize(rows.buffer, rows.offsets, self._config)
        return self._look_up(rows, tokens, include_series=include_series)[0][:limit]

    def query_many(
        self,
        feed: object,
        *,
        title: ColumnChoice = None,
        text: ColumnChoice = None,
        source: ColumnChoice = None,
        published: ColumnChoice = None,
        limit: int | None = None,
        include_series: bool = False,
        n_jobs: int | None = -1,
    ) -> list[list[Match]]:
        """
        Return the documents that match each of many texts, which are not added.

        Parameters
        ----------
        feed : iterable of str, mapping or Document; array, Series, DataFrame or Arrow data
            The documents, as in `cluster`.
        title, text, source, published : str or sequence, optional
            Names of the columns, as in `cluster`.
        limit : int, optional
            Most matches to return for each; all by default.
        include_series : bool, default False
            As for `query`.
        n_jobs : int, default -1
            Threads for the work on the texts.

        Returns
        -------
        list of list of Match
            In the order of the feed.

        Raises
        ------
        InputTypeError
            If the feed or a value is of a type that cannot be used.
        InputError
            If `limit` is below 1 or a value cannot be used.
        ColumnError
            If a named column does not exist.
        """
        _check_limit(limit)
        threads = resolve_jobs(n_jobs)
        columns = read_documents(
            feed, title=title, text=text, source=source, published=published, n_jobs=threads
        )
        rows = arrivals.many(columns, range(len(columns)))
        tokens = tokenize(columns.buffer, columns.offsets, self._config, n_jobs=threads)
        found = self._look_up(rows, tokens, include_series=include_series, n_jobs=threads)
        return [matches[:limit] for matches in found]

    def _look_up(
        self, rows: Rows, tokens: Tokens, *, include_series: bool, n_jobs: int = 1
    ) -> list[list[Match]]:
        with self._lock:
            self._store.refresh()
            return self._store.replica.query(
                rows, tokens, include_series=include_series, n_jobs=n_jobs
            )

    def remove(self, id: Hashable) -> None:  # noqa: A002 - the settled public name
        """
        Remove a document.

        Parameters
        ----------
        id : hashable
            Its id.

        Raises
        ------
        InputTypeError
            If it is not hashable.
        UnknownIdError
            If no document has it.
        """
        arrivals.check_hashable(id)
        with self._lock:
            if not self._store.remove(id):
                raise _unknown(id)

    def expire(self, *, before: object) -> int:
        """
        Remove all documents from before a time.

        Parameters
        ----------
        before : datetime, str or struct_time
            With a time zone. Documents published earlier leave, and those
            without a time that arrived earlier.

        Returns
        -------
        int
            How many left.

        Raises
        ------
        InputTypeError
            If it is no time.
        InputError
            If it has no time zone or cannot be read.
        """
        moment = times.moment(before, what="time before which documents expire")
        with self._lock:
            return self._store.expire(moment)

    def cluster_of(self, id: Hashable) -> int:  # noqa: A002 - the settled public name
        """
        Return the cluster that a document belongs to.

        A document joins the cluster of its best match whose founder it matches
        too, and else founds one. It stays there: clusters never meet, and keep
        their numbers while they grow, and when documents leave. Once its
        founder has left, a cluster takes in nobody any more. A founder that is
        added again under its id is founder still.

        Parameters
        ----------
        id : hashable
            Its id.

        Returns
        -------
        int
            Running number of the cluster, the same for all its documents, in
            every process, and after opening the index again. Documents that
            match nothing have clusters of their own.

        Raises
        ------
        InputTypeError
            If `id` is not hashable.
        UnknownIdError
            If no document has it.
        """
        arrivals.check_hashable(id)
        with self._lock:
            self._store.refresh()
            if id not in self._store.replica.slot_of:
                raise _unknown(id)
            return self._store.cluster_of(id)

    def cluster(self, *, n_jobs: int | None = -1, progress: bool = True) -> Clustering:
        """
        Cluster all documents of the index, as `dedupe_news.cluster` does.

        Parameters
        ----------
        n_jobs : int, default -1
            Threads.
        progress : bool, default True
            Whether a long run shows a bar.

        Returns
        -------
        Clustering
            Positions count the documents in order of arrival; ``columns.ids``
            has their ids.
        """
        threads = resolve_jobs(n_jobs)
        with self._lock:
            columns = arrivals.as_columns(list(self._parts()))
        with stages(batch.stages(self._config), show=progress) as ended:
            return batch.cluster_columns(columns, self._config, threads, ended)

    @contextlib.contextmanager
    def batch(self) -> Iterator[NewsIndex]:
        """
        Make all changes of a block, or none.

        Other threads wait for the end of the block, and so do other processes
        that want to write to the same file. What the block adds is safe once
        it ends; where an error leaves it, the index is as it was before.

        Yields
        ------
        NewsIndex
            This index.

        Raises
        ------
        StoreError
            If the changes cannot be written, or the index is on a server:
            there `add_many` is all or nothing.
        InputError
            If a batch is open already.

        Examples
        --------
        >>> import dedupe_news as dn
        >>> index = dn.NewsIndex()
        >>> with index.batch():
        ...     _ = index.add("a", "Rain floods the old town")
        ...     _ = index.add("b", "Sun at last")
        """
        with self._lock:
            if self._in_batch:
                message = (
                    "a batch is open already, and its changes are made all or not at all; "
                    "end it first, or leave out the inner one"
                )
                raise InputError(message)
            self._in_batch = True
            try:
                with self._store.batch():
                    yield self
            finally:
                self._in_batch = False

    def merge(self, other: NewsIndex, *, n_jobs: int | None = -1) -> int:
        """
        Add all documents of another index, in their order of arrival.

        Parameters
        ----------
        other : NewsIndex
            It stays as it is. Where both have a document of one id, that of
            the other index replaces the one here.
        n_jobs : int, default -1
            Threads for the work on the texts.

        Returns
        -------
        int
            How many documents were added. They keep their times of arrival,
            and get clusters by what they match here.

        Raises
        ------
        InputTypeError
            If `other` is no index, or an id cannot be kept here.
        InputError
            If `other` is this index.
        """
        if not isinstance(other, NewsIndex):
            message = f"other is of type {type(other).__name__!r}; pass a NewsIndex"
            raise InputTypeError(message)
        if other is self:
            message = "an index cannot be merged into itself; pass another one"
            raise InputError(message)
        threads = resolve_jobs(n_jobs)
        n_added = 0
        parts = other._parts()
        while True:
            with other._lock:
                part = next(parts, None)
            if part is None:
                return n_added
            add_rows(self, part, threads)
            n_added += len(part)

    def export_to(self, path: str | os.PathLike[str]) -> int:
        """
        Write all documents to a file.

        Parameters
        ----------
        path : str or path
            Ends in ``.jsonl``, ``.jsonl.gz`` or ``.parquet``. Replaced if it
            exists, once all is written.

        Returns
        -------
        int
            How many documents were written.

        Raises
        ------
        InputError
            If the suffix is another.
        InputTypeError
            If the format cannot hold an id.
        MissingDependencyError
            If Parquet is asked for and pyarrow is not installed.
        """
        return exchange.write(path, self._parts())

    def import_from(self, path: str | os.PathLike[str], *, n_jobs: int | None = -1) -> int:
        """
        Add all documents of a file that `export_to` wrote.

        Parameters
        ----------
        path : str or path
            As for `export_to`. Each document needs ``id`` and ``text``, and
            may have ``title``, ``source``, ``published`` and ``arrived``.
        n_jobs : int, default -1
            Threads for the work on the texts.

        Returns
        -------
        int
            How many documents were added, in parts of some ten thousand, each
            all or nothing. Within `batch` the whole file is.

        Raises
        ------
        InputError
            If the suffix is another, or the file cannot be understood.
        MissingDependencyError
            If it is Parquet and pyarrow is not installed.
        """
        threads = resolve_jobs(n_jobs)
        n_added = 0
        for part in exchange.read(path, threads):
            add_rows(self, part, threads)
            n_added += len(part)
        return n_added

    def stats(self) -> IndexStats:
        """
        Return size and age of the index.

        Returns
        -------
        IndexStats
            As of now.
        """
        with self._lock:
            self._store.refresh()
            replica = self._store.replica
            store = replica.store
            moments = store.founders.arrays.moments[: store.n_slots]
            moments = moments[store.alive[: store.n_slots] == 1]
            return IndexStats(
                n_documents=len(replica),
                n_removed=store.n_slots - len(replica),
                memory_bytes=store.n_bytes,
                oldest=from_microseconds(int(moments.min())) if len(moments) else None,
                newest=from_microseconds(int(moments.max())) if len(moments) else None,
                details=self._store.details(),
            )

    def close(self) -> None:
        """Let go of the file or the server; an index in memory stays as it is."""
        with self._lock:
            self._store.close()

    def __enter__(self) -> Self:
        """
        Begin a block at whose end the index is closed.

        Returns
        -------
        NewsIndex
            This index.
        """
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """
        Close the index.

        Parameters
        ----------
        kind, error, traceback : object
            What left the block; not looked at.
        """
        self.close()

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle.

        Returns
        -------
        dict
            Everything but the lock. Of an index in a file or on a server,
            where it is: the copy opens it again.
        """
        with self._lock:
            # Copied now, while nobody changes it.
            return {"_config": self._config, "_store": copy.copy(self._store)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """
        Restore the state that `__getstate__` returned.

        Parameters
        ----------
        state : dict
            As returned.
        """
        vars(self).update(state)
        self._begin()

    def __repr__(self) -> str:
        """
        Return the size and the settings that matter.

        Returns
        -------
        str
            One line, of what this process knows.
        """
        return (
            f"<NewsIndex of {len(self._store.replica):,} documents, "
            f"policy {self._config.policy!r}, threshold {self._config.threshold:g}>"
        )


def add_rows(index: NewsIndex, rows: Rows, n_jobs: int) -> list[list[Match]]:
    """
    Add documents that keep their times of arrival.

    Parameters
    ----------
    index : NewsIndex
        Where to.
    rows : Rows
        The documents; their ids are distinct.
    n_jobs : int
        Threads for the work on the texts.

    Returns
    -------
    list of list of Match
        For each document its matches among those before it.
    """
    tokens = tokenize(rows.buffer, rows.offsets, index.config, n_jobs=n_jobs)
    with index._lock:  # noqa: SLF001 - our own
        return index._store.add(rows, tokens, n_jobs) if len(rows) else []  # noqa: SLF001 - our own


def _check_config(config: object) -> None:
    if config is not None and not isinstance(config, Config):
        message = f"config is of type {type(config).__name__!r}; pass a dn.Config"
        raise ConfigError(message)


def _unknown(id: Hashable) -> UnknownIdError:  # noqa: A002 - an id, as everywhere
    message = f"no document of id {id!r} is in the index; check with `id in index` first"
    return UnknownIdError(message)


def _check_limit(limit: object) -> None:
    if limit is None:
        return
    number = whole_number(limit)
    if number is None or number < 1:
        message = f"limit={limit!r} is out of range; pass a whole number from 1, or None for all"
        raise InputError(message)
