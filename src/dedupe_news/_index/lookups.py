"""What an index tells: its documents, what matches a text, clusters, size."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

from dedupe_news._index import arrivals, exchange
from dedupe_news._input import sizes
from dedupe_news._input.reading import read_documents
from dedupe_news._input.rules import BARE, using
from dedupe_news._input.settings import whole_number
from dedupe_news._kernels._preparing import is_prepared
from dedupe_news._machine.progress import ready
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news._store.stored_items import StoredItems, tokens_of
from dedupe_news.documents import AUTO
from dedupe_news.errors import ConfigError, InputError, InputTypeError, UnknownIdError, shown
from dedupe_news.results.displayable import Displayable
from dedupe_news.results.records import Bounded

if TYPE_CHECKING:
    import threading
    from collections.abc import Hashable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from dedupe_news._store.store import Store
    from dedupe_news.config import Config, Policy
    from dedupe_news.documents import ColumnChoice, Document
    from dedupe_news.results.records import Match


_INCLUDABLE = ("related", "template")
_FEW = 200  # items of a small index
_PREPARED = contextlib.nullcontext()
_NOTHING_ELSE: frozenset[str] = frozenset()
_MANY = 1 << 31  # matches: more than there can be


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
            Its ``n_large_buckets`` counts look-ups that left something out: of a
            bucket of more texts than ``config.bucket_limit``, with the policy
            ``"news"`` of other bounds, the newest are compared.
        """
        return Bounded(n_large_buckets=self._store.known.texts.n_cut_short)

    def __len__(self) -> int:
        """Return the number of documents."""
        with self._lock:
            return len(self._store.refresh())

    def __contains__(self, id: object) -> bool:  # noqa: A002 - an id, as everywhere
        """Return whether a document of this id is in the index."""
        arrivals.check_hashable(id)
        with self._lock:
            return id in self._store.refresh().row_of

    def __iter__(self) -> Iterator[Hashable]:
        """Iterate over the ids, in order of arrival."""
        with self._lock:
            row_of = self._store.refresh().row_of
            ids = sorted(row_of, key=row_of.__getitem__)
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
            row = state.row_of.get(id)
            items = None if row is None else self._store.fetch([int(state.numbers[row])])
        if items is None:
            raise unknown(id)
        return next(exchange.documents(items))

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
        limit = _checked_limit(limit)
        wanted = _included(include, self._config.policy)
        items = arrivals.one(None, text, title, source, published)
        with self._ready((title, text)):
            return self._look_up(items, wanted, limit, 1)[0]

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
        limit = _checked_limit(limit)
        wanted = _included(include, self._config.policy)
        threads = resolve_jobs(n_jobs)
        with self._ready(feed, threads), using(speech=BARE):
            columns = read_documents(
                feed,
                id=None,
                title=title,
                text=text,
                source=source,
                published=published,
                n_jobs=threads,
            )
            items = arrivals.many(columns, range(len(columns)))
            return self._look_up(items, wanted, limit, threads)

    def _is_small(self) -> bool:
        """Return whether the index is of few items, as far as this process knows."""
        return self._store.n_known <= _FEW

    def _ready(self, feed: object, n_jobs: int = -1) -> AbstractContextManager[None]:
        """Compile what the index needs, unless it is small and so is what comes."""
        if is_prepared(f"index-{self._config.policy}"):  # the usual case, told at once
            return _PREPARED

        def n_bytes() -> int | None:
            if not self._is_small():
                return None
            if isinstance(feed, StoredItems):
                return int(feed.offsets[-1] - feed.offsets[0]) if len(feed) <= _FEW else None
            return sizes.n_bytes(feed)

        return ready("index", self._config.policy, n_jobs, n_bytes=n_bytes)

    def _look_up(
        self, items: StoredItems, include: frozenset[str], limit: int | None, n_jobs: int
    ) -> Sequence[list[Match]]:
        tokens = tokens_of(items, self._config, n_jobs)
        with self._lock:
            return self._store.refresh().query(items, tokens, include, limit, n_jobs)


def parts_of(index: Lookups) -> Iterator[StoredItems]:
    """Yield the documents of an index, which others may ask between two parts."""
    parts = index._store.items()  # noqa: SLF001 - our own
    while True:
        with index._lock:  # noqa: SLF001 - our own
            part = next(parts, None)
        if part is None:
            return
        yield part


def unknown(id: Hashable) -> UnknownIdError:  # noqa: A002 - an id, as everywhere
    """Return the error for an id that no document has."""
    message = f"no document of id {shown(id)} is in the index; check with `id in index` first"
    return UnknownIdError(message)


def _included(include: object, policy: Policy) -> frozenset[str]:
    """Return what is wanted beside duplicates, checked."""
    if include == ():
        return _NOTHING_ELSE
    allowed = ", ".join(map(repr, _INCLUDABLE))
    if isinstance(include, str) or not isinstance(include, Iterable):
        message = (
            f"include={shown(include)} is no collection of names; "
            f"pass some of {allowed} in a tuple, or () for duplicates alone"
        )
        raise InputTypeError(message)
    names = list(include)
    for name in names:
        if name not in _INCLUDABLE:
            message = (
                f"include={shown(names)} is not known: {shown(name)} is none of {allowed}; "
                "pass those that you want, or () for duplicates alone"
            )
            raise InputError(message)
    if names and policy != "news":
        message = (
            f"include={shown(names)} is read with policy='news' only, and the policy of the index "
            f"is {policy!r}, which knows duplicates alone. Leave out include, or make an index "
            "with policy='news'"
        )
        raise ConfigError(message)
    return frozenset(names)


def _checked_limit(limit: object) -> int | None:
    if limit is None:
        return None
    number = whole_number(limit)
    if number is None or number < 1:
        message = (
            f"limit={shown(limit)} is out of range; pass a whole number from 1, or None for all"
        )
        raise InputError(message)
    return min(number, _MANY)
