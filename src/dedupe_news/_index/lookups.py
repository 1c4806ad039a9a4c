"""What an index tells: its documents, what matches a text, clusters, size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dedupe_news._engine import batch
from dedupe_news._index import arrivals, exchange
from dedupe_news._input.columns import from_microseconds
from dedupe_news._input.constraints import read_constraints
from dedupe_news._input.reading import read_documents
from dedupe_news._input.settings import whole_number
from dedupe_news._machine.progress import prepare, stages
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news._store.replay import tokens_of
from dedupe_news.documents import AUTO
from dedupe_news.errors import ConfigError, InputError, InputTypeError, UnknownIdError, shown
from dedupe_news.results.displayable import Displayable
from dedupe_news.results.records import Bounded, IndexStats

if TYPE_CHECKING:
    import os
    import threading
    from collections.abc import Hashable, Iterator, Sequence

    from dedupe_news._store.rows import Rows
    from dedupe_news._store.store import Store
    from dedupe_news.config import Config, Policy
    from dedupe_news.documents import ColumnChoice, Document
    from dedupe_news.results.records import Match
    from dedupe_news.results.result import Clustering


_INCLUDABLE = ("related", "template")


class Lookups(Displayable):
    """The part of `dedupe_news.NewsIndex` that changes nothing."""

    _config: Config
    _store: Store
    _lock: threading.RLock

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
        return Bounded(n_large_buckets=self._store.known.texts.n_cut_short)

    def __len__(self) -> int:
        """
        Return the number of documents.

        Returns
        -------
        int
            At least 0.
        """
        with self._lock:
            return len(self._store.refresh())

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
            return id in self._store.refresh().slot_of

    def __iter__(self) -> Iterator[Hashable]:
        """
        Iterate over the ids.

        Returns
        -------
        iterator of hashable
            In order of arrival.
        """
        with self._lock:
            slot_of = self._store.refresh().slot_of
            ids = sorted(slot_of, key=slot_of.__getitem__)
        return iter(ids)

    def __getitem__(self, id: Hashable) -> Document:  # noqa: A002 - an id, as everywhere
        """
        Return a document.

        Parameters
        ----------
        id : hashable
            Its id.

        Returns
        -------
        Document
            As it was given.

        Raises
        ------
        InputTypeError
            If `id` is not hashable.
        UnknownIdError
            If no document has it.
        """
        arrivals.check_hashable(id)
        with self._lock:
            state = self._store.refresh()
            slot = state.slot_of.get(id)
            rows = None if slot is None else self._store.fetch([int(state.numbers[slot])])
        if rows is None:
            raise unknown(id)
        return next(exchange.documents(rows))

    def documents(self) -> Iterator[Document]:
        """
        Iterate over the documents.

        Yields
        ------
        Document
            In order of arrival, each as it was given; a text is read when it
            is asked for.
        """
        for part in parts_of(self):
            yield from exchange.documents(part)

    def _parts(self) -> Iterator[Rows]:
        return self._store.rows()

    def query(
        self,
        text: str | None,
        *,
        title: str | None = None,
        source: str | None = None,
        published: object = None,
        limit: int | None = None,
        include: Iterable[str] = (),
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
        include : iterable of {"related", "template"}, default ()
            What to return beside duplicates: documents on the same event, as
            `Relation.RELATED`, or made from the same template, as
            `Relation.TEMPLATE`. With the policy ``"news"``.

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
            If `limit` is below 1, or `include` or another value cannot be used.
        ConfigError
            If `include` asks for what the policy does not tell apart.
        """
        _check_limit(limit)
        wanted = _included(include, self._config.policy)
        prepare("index", self._config.policy)
        rows = arrivals.one(None, text, title, source, published)
        return self._look_up(rows, wanted, limit, 1)[0]

    def query_many(
        self,
        feed: object,
        *,
        title: ColumnChoice = AUTO,
        text: ColumnChoice = AUTO,
        source: ColumnChoice = AUTO,
        published: ColumnChoice = AUTO,
        limit: int | None = None,
        include: Iterable[str] = (),
        n_jobs: int | None = -1,
    ) -> Sequence[list[Match]]:
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
        include : iterable of {"related", "template"}, default ()
            As for `query`.
        n_jobs : int, default -1
            Threads for the work on the texts.

        Returns
        -------
        sequence of list of Match
            In the order of the feed; each list is made when it is asked for.

        Raises
        ------
        InputTypeError
            If the feed or a value is of a type that cannot be used.
        InputError
            If `limit` is below 1, or `include` or another value cannot be used.
        ConfigError
            If `include` asks for what the policy does not tell apart.
        ColumnError
            If a named column does not exist.
        """
        _check_limit(limit)
        wanted = _included(include, self._config.policy)
        threads = resolve_jobs(n_jobs)
        prepare("index", self._config.policy, threads)
        columns = read_documents(
            feed,
            id=None,
            title=title,
            text=text,
            source=source,
            published=published,
            n_jobs=threads,
        )
        rows = arrivals.many(columns, range(len(columns)))
        return self._look_up(rows, wanted, limit, threads)

    def _look_up(
        self, rows: Rows, include: frozenset[str], limit: int | None, n_jobs: int
    ) -> Sequence[list[Match]]:
        tokens = tokens_of(rows, self._config, n_jobs)
        with self._lock:
            return self._store.refresh().query(rows, tokens, include, limit, n_jobs)

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
            state = self._store.refresh()
            if id not in state.slot_of:
                raise unknown(id)
            return state.cluster_of(id)

    def members(self, cluster: int) -> list[Hashable]:
        """
        Return the documents of a cluster.

        Parameters
        ----------
        cluster : int
            Its number, from `cluster_of`.

        Returns
        -------
        list of hashable
            Their ids, in order of arrival; empty if there is no such cluster.

        Raises
        ------
        InputError
            If it is no whole number.
        """
        if whole_number(cluster) is None:
            message = f"cluster={shown(cluster)} is no whole number; pass one from `cluster_of`"
            raise InputError(message)
        with self._lock:
            state = self._store.refresh()
            clusters = state.texts.founders.arrays.clusters[: state.texts.n_slots]
            members: list[Hashable] = state.ids[: state.texts.n_slots][
                (clusters == cluster) & state.alive
            ].tolist()
        return members

    def cluster(
        self,
        *,
        must: Iterable[tuple[Hashable, Hashable]] = (),
        cannot: Iterable[tuple[Hashable, Hashable]] = (),
        n_jobs: int | None = -1,
        progress: bool = True,
    ) -> Clustering:
        """
        Cluster all documents of the index, as `dedupe_news.cluster` does.

        Parameters
        ----------
        must, cannot : iterable of (id, id), optional
            As for `dedupe_news.cluster`.
        n_jobs : int, default -1
            Threads.
        progress : bool, default True
            Whether a long run shows a bar.

        Returns
        -------
        Clustering
            Positions count the documents in order of arrival; ``columns.ids``
            has their ids.

        Raises
        ------
        InputError
            If pairs of `must` and `cannot` are unknown, or contradict one another.
        ConfigError
            If `must` or `cannot` is given with the policy ``"similar"``.
        """
        threads = resolve_jobs(n_jobs)
        with self._lock:
            columns = arrivals.as_columns(list(self._parts()))
        constraints = read_constraints(columns, must, cannot, self._config.policy)
        prepare("cluster", self._config.policy, n_jobs, show=progress)
        with stages(batch.STAGES, show=progress) as ended:
            return batch.cluster_columns(columns, self._config, threads, ended, constraints)

    def export_to(self, path: str | os.PathLike[str]) -> int:
        """
        Write all documents to a file.

        Parameters
        ----------
        path : str or path
            Ends in ``.jsonl``, ``.jsonl.gz`` or ``.parquet``. Replaced if it
            exists, once all is written. Parquet holds clusters too.

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
        return exchange.write(path, self._parts(), self._places)

    def _places(self, ids: Sequence[Hashable]) -> tuple[list[int | None], list[bool]]:
        """Return the cluster of each document, and whether it founded it."""
        with self._lock:
            state = self._store.refresh()
            slots = [state.slot_of.get(each) for each in ids]
            founders = state.texts.founders.arrays
            clusters = [None if slot is None else int(founders.clusters[slot]) for slot in slots]
            leads = [slot is not None and int(founders.founders[slot]) == slot for slot in slots]
        return clusters, leads

    def stats(self) -> IndexStats:
        """
        Return size and age of the index.

        Returns
        -------
        IndexStats
            As of now.
        """
        with self._lock:
            state = self._store.refresh()
            moments = state.moments[state.alive]
            return IndexStats(
                n_documents=len(state),
                n_removed=state.texts.n_slots - len(state),
                memory_bytes=state.texts.n_bytes,
                oldest=from_microseconds(int(moments.min())) if len(moments) else None,
                newest=from_microseconds(int(moments.max())) if len(moments) else None,
                details=self._store.log.details(),
            )


def leads_of(index: Lookups, ids: Sequence[Hashable]) -> list[Hashable]:
    """
    Return the representatives of clusters.

    Parameters
    ----------
    index : Lookups
        The index.
    ids : sequence of hashable
        Ids of documents.

    Returns
    -------
    list of hashable
        The id of the representative of each one's cluster; None where it, or the
        document, has left.
    """
    with index._lock:  # noqa: SLF001 - our own
        state = index._store.refresh()  # noqa: SLF001 - our own
        return [state.lead_of(each) if each in state.slot_of else None for each in ids]


def parts_of(index: Lookups) -> Iterator[Rows]:
    """
    Yield the documents of an index, which others may ask between two parts.

    Parameters
    ----------
    index : Lookups
        The index.

    Yields
    ------
    Rows
        Some of them, in order.
    """
    parts = index._parts()  # noqa: SLF001 - our own
    while True:
        with index._lock:  # noqa: SLF001 - our own
            part = next(parts, None)
        if part is None:
            return
        yield part


def unknown(id: Hashable) -> UnknownIdError:  # noqa: A002 - an id, as everywhere
    """
    Return the error for an id that no document has.

    Parameters
    ----------
    id : hashable
        The id.

    Returns
    -------
    UnknownIdError
        To be raised.
    """
    message = f"no document of id {shown(id)} is in the index; check with `id in index` first"
    return UnknownIdError(message)


def _included(include: object, policy: Policy) -> frozenset[str]:
    """Return what is wanted beside duplicates, checked."""
    allowed = ", ".join(map(repr, _INCLUDABLE))
    if isinstance(include, str) or not isinstance(include, Iterable):
        message = (
            f"include={include!r} is no collection of names; "
            f"pass some of {allowed} in a tuple, or () for duplicates alone"
        )
        raise InputTypeError(message)
    names = list(include)
    for name in names:
        if name not in _INCLUDABLE:
            message = (
                f"include={names!r} is not known: {name!r} is none of {allowed}; "
                "pass those that you want, or () for duplicates alone"
            )
            raise InputError(message)
    if names and policy != "news":
        message = (
            f"include={names!r} is read with policy='news' only, and the policy of the index is "
            f"{policy!r}, which knows duplicates alone. Leave out include, or make an index with "
            "policy='news'"
        )
        raise ConfigError(message)
    return frozenset(names)


def _check_limit(limit: object) -> None:
    if limit is None:
        return
    number = whole_number(limit)
    if number is None or number < 1:
        message = f"limit={limit!r} is out of range; pass a whole number from 1, or None for all"
        raise InputError(message)
