"""The index of ingestion code: add, query, remove, cluster."""

from __future__ import annotations

import copy
import threading
from array import array
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import batch, fields, judge, postings
from dedupe_news.columns import NO_SOURCE, NO_TIME, Columns
from dedupe_news.config import Config, whole_number
from dedupe_news.displayable import Displayable
from dedupe_news.documents import read_documents
from dedupe_news.errors import ConfigError, InputError, InputTypeError, UnknownIdError
from dedupe_news.foreign import is_missing, shown
from dedupe_news.progress import stages
from dedupe_news.records import Bounded, Match, Relation
from dedupe_news.stores.arrays import Items
from dedupe_news.stores.news import NewsStore
from dedupe_news.stores.similar import SimilarStore
from dedupe_news.text import tokenize
from dedupe_news.threads import resolve_jobs
from dedupe_news.times import moment

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from dedupe_news.documents import ColumnChoice
    from dedupe_news.results import Clustering
    from dedupe_news.stores.arrays import Found
    from dedupe_news.text import Tokens

_COMPACT_ABOVE = 4096
_RELATIONS = tuple(Relation)  # an index is far quicker than the enumeration's look-up


class NewsIndex(Displayable):
    """
    An index of news items that finds the near-duplicates of new ones.

    Safe to share between threads: operations wait for one another.

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
        if config is not None and not isinstance(config, Config):
            message = f"config is of type {type(config).__name__!r}; pass a dn.Config"
            raise ConfigError(message)
        self._config = (config or Config()).replace(**settings)
        self._store = _make_store(self._config)
        self._lock = threading.RLock()
        self._ids: list[Hashable] = []
        self._slot_of: dict[Hashable, int] = {}
        self._texts: list[bytes] = []
        self._times = array("q")  # a list of int takes four times as much
        self._sources: list[str | None] = []
        self._source_codes: dict[str, int] = {}

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
        Work that was bounded since the index was made.

        Returns
        -------
        Bounded
            Its ``n_large_buckets`` counts look-ups that met more than
            ``config.bucket_limit`` documents of one band key and compared the
            newest only.
        """
        return Bounded(n_large_buckets=self._store.n_cut_short)

    def __len__(self) -> int:
        """
        Return the number of documents.

        Returns
        -------
        int
            At least 0.
        """
        return len(self._slot_of)

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
        _check_hashable(id)
        return id in self._slot_of

    def __iter__(self) -> Iterator[Hashable]:
        """
        Iterate over the ids.

        Returns
        -------
        iterator of hashable
            In order of arrival.
        """
        with self._lock:
            ids = sorted(self._slot_of, key=self._slot_of.__getitem__)
        return iter(ids)

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
        _check_id(id)
        content = _content(text, title)
        _check_source(source)
        time = NO_TIME if is_missing(published) else moment(published)
        with self._lock:
            items = self._item(content, source, time)
            replaced = self._slot_of.get(id, -1)
            found = self._store.probe(items, np.array([replaced]), insert=True)
            self._record([id], [content], [time], [source])
            matches = self._matches(found, 0)
            self._compact_if_due()
        return matches

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
        tokens = tokenize(columns.buffer, columns.offsets, self._config, n_jobs=threads)
        contents = _contents(columns)
        n_documents = len(columns)
        moments = (
            [NO_TIME] * n_documents if columns.published is None else columns.published.tolist()
        )
        with self._lock:
            replaced = np.fromiter(
                (self._slot_of.get(each, -1) for each in columns.ids), np.int64, n_documents
            )
            items = self._items(columns, tokens)
            found = self._store.probe(items, replaced, insert=True)
            sources = [columns.source_of(at) for at in range(n_documents)]
            self._record(columns.ids, contents, moments, sources)
            matches = self._all_matches(found)
            self._compact_if_due()
        return matches

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
        _check_source(source)
        time = NO_TIME if is_missing(published) else moment(published)
        content = _content(text, title)
        with self._lock:
            items = self._item(content, source, time)
            found = self._store.probe(items, _NOTHING_REPLACED, insert=False)
            return self._matches(found, 0, include_series=include_series)[:limit]

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
        tokens = tokenize(columns.buffer, columns.offsets, self._config, n_jobs=threads)
        nothing = np.full(len(columns), -1, np.int64)
        with self._lock:
            found = self._store.probe(self._items(columns, tokens), nothing, insert=False)
            matches = self._all_matches(found, include_series=include_series)
        return [each[:limit] for each in matches]

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
        _check_hashable(id)
        with self._lock:
            if id not in self._slot_of:
                message = (
                    f"no document of id {id!r} is in the index; "
                    "check with `id in index` before removing"
                )
                raise UnknownIdError(message)
            self._store.retire(self._slot_of.pop(id))
            self._compact_if_due()

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
            columns = self._columns()
        with stages(batch.stages(self._config), show=progress) as ended:
            return batch.cluster_columns(columns, self._config, threads, ended)

    def _columns(self) -> Columns:
        slots = sorted(self._slot_of.values())
        contents = [self._texts[slot] for slot in slots]
        offsets = np.zeros(len(slots) + 1, np.int64)
        np.cumsum([len(content) for content in contents], out=offsets[1:])
        times = np.frombuffer(self._times, np.int64)[slots] if slots else np.zeros(0, np.int64)
        sources, names = fields.source_column([self._sources[slot] for slot in slots])
        return Columns(
            buffer=np.frombuffer(b"".join(contents), np.uint8),
            offsets=offsets,
            ids=[self._ids[slot] for slot in slots],
            published=times if (times != NO_TIME).any() else None,
            sources=sources,
            source_names=names,
        )

    def _item(self, content: bytes, source: str | None, time: int) -> Items:
        tokens = tokenize(
            np.frombuffer(content, np.uint8), np.array([0, len(content)], np.int64), self._config
        )
        return Items(
            hashes=tokens.hashes,
            flags=tokens.flags,
            offsets=tokens.offsets,
            cut_off=tokens.cut_off,
            sources=np.array([self._source_code(source)], np.int32),
            times=np.array([time], np.int64),
        )

    def _items(self, columns: Columns, tokens: Tokens) -> Items:
        n_documents = len(columns)
        sources = np.full(n_documents, NO_SOURCE, np.int32)
        if columns.sources is not None and columns.source_names:
            codes = np.array([self._source_code(name) for name in columns.source_names], np.int32)
            known = columns.sources >= 0
            sources[known] = codes[columns.sources[known]]
        times = columns.published
        return Items(
            hashes=tokens.hashes,
            flags=tokens.flags,
            offsets=tokens.offsets,
            cut_off=tokens.cut_off,
            sources=sources,
            times=np.full(n_documents, NO_TIME) if times is None else times,
        )

    def _source_code(self, source: str | None) -> int:
        if source is None:
            return NO_SOURCE
        return self._source_codes.setdefault(source, len(self._source_codes))

    def _record(
        self,
        ids: Sequence[Hashable],
        contents: Iterable[bytes],
        times: Iterable[int],
        sources: Iterable[str | None],
    ) -> None:
        first = len(self._ids)
        self._slot_of.update(zip(ids, range(first, first + len(ids)), strict=True))
        self._ids.extend(ids)
        self._texts.extend(contents)
        self._times.extend(times)
        self._sources.extend(sources)

    def _all_matches(self, found: Found, *, include_series: bool = False) -> list[list[Match]]:
        bounds = pairwise(found.offsets.tolist())
        return [
            self._matches(found, at, include_series=include_series) if start < stop else []
            for at, (start, stop) in enumerate(bounds)
        ]

    def _matches(self, found: Found, at: int, *, include_series: bool = False) -> list[Match]:
        start, stop = found.offsets[at], found.offsets[at + 1]
        if start == stop:
            return []
        matches = [
            (relation == Relation.SERIES, -good, -jaccard, slot, containment, relation, probability)
            for (slot, relation), (jaccard, containment, probability, good) in zip(
                found.slots[start:stop].tolist(), found.scores[start:stop].tolist(), strict=True
            )
            if include_series or relation != Relation.SERIES
        ]
        matches.sort()
        return [
            Match(self._ids[slot], -jaccard, containment, _RELATIONS[relation], probability)
            for _, _, jaccard, slot, containment, relation, probability in matches
        ]

    def _compact_if_due(self) -> None:
        """Drop removed documents once they outnumber the others."""
        n_removed = self._store.n_slots - len(self._slot_of)
        if n_removed < _COMPACT_ABOVE or n_removed < len(self._slot_of):
            return
        kept = self._store.compact().tolist()
        for name in ("_ids", "_texts", "_sources"):
            values = getattr(self, name)
            setattr(self, name, [values[slot] for slot in kept])
        self._times = array("q", [self._times[slot] for slot in kept])
        self._slot_of = {each: slot for slot, each in enumerate(self._ids)}

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle.

        Returns
        -------
        dict
            Everything but the lock.
        """
        with self._lock:
            state = vars(self).copy()
            del state["_lock"]
            # Copied now, while nobody changes them.
            state["_store"] = copy.copy(self._store)
            for name in ("_ids", "_texts", "_times", "_sources", "_slot_of", "_source_codes"):
                state[name] = copy.copy(state[name])
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """
        Restore the state that `__getstate__` returned.

        Parameters
        ----------
        state : dict
            As returned.
        """
        vars(self).update(state, _lock=threading.RLock())

    def __repr__(self) -> str:
        """
        Return the size and the settings that matter.

        Returns
        -------
        str
            One line.
        """
        return (
            f"<NewsIndex of {len(self):,} documents, policy {self._config.policy!r}, "
            f"threshold {self._config.threshold:g}>"
        )


def _make_store(config: Config) -> SimilarStore | NewsStore:
    if config.policy == "similar":
        return SimilarStore(config)
    return NewsStore(config, *judge.load_judge().arrays, postings.count_codes())


_NOTHING_REPLACED = np.array([-1], np.int64)


def _check_id(id: object) -> None:  # noqa: A002
    fields.id_column([id])


def _check_hashable(id: object) -> None:  # noqa: A002
    try:
        hash(id)
    except TypeError:
        message = f"the id {shown(id)} is not hashable, so that no document has it; pass str or int"
        raise InputTypeError(message) from None


def _check_source(source: object) -> None:
    if source is not None:
        fields.source_column([source])


def _check_limit(limit: object) -> None:
    if limit is None:
        return
    number = whole_number(limit)
    if number is None or number < 1:
        message = f"limit={limit!r} is out of range; pass a whole number from 1, or None for all"
        raise InputError(message)


def _content(text: object, title: object) -> bytes:
    if isinstance(text, str) and (title is None or isinstance(title, str)):
        try:
            return (text if title is None else f"{title}\n{text}").encode()
        except UnicodeEncodeError:
            pass  # the columns below say where
    columns = [fields.text_column([text], "text")]
    if title is not None:
        columns.insert(0, fields.text_column([title], "title"))
    return b"\n".join(column.buffer.tobytes() for column in columns)


def _contents(columns: Columns) -> list[bytes]:
    whole = columns.buffer.tobytes()
    bounds = columns.offsets.tolist()
    return [whole[start:stop] for start, stop in pairwise(bounds)]
