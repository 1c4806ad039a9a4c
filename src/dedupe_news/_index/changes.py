"""What changes an index: documents that come, leave, or are taken over from elsewhere."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Self

from dedupe_news._index import arrivals, exchange
from dedupe_news._index.added import Added
from dedupe_news._index.grouped import Clusters
from dedupe_news._index.lookups import Lookups, parts_of, unknown
from dedupe_news._input import rules, times, values
from dedupe_news._input.reading import read_documents
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news._store.stored_items import tokens_of
from dedupe_news.documents import AUTO
from dedupe_news.errors import InputError, InputTypeError, StoreError

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Hashable, Iterator, Sequence

    from dedupe_news._input.rules import OnInvalid
    from dedupe_news._store.stored_items import StoredItems
    from dedupe_news.documents import ColumnChoice
    from dedupe_news.results.records import Match


class Changes(Clusters):
    """The part of `dedupe_news.NewsIndex` that changes it."""

    _in_batch: bool

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
            Best first, at most a hundred: the one that has the greatest share of
            the document, times its probability; with ``policy="similar"`` the
            most similar. Then the most similar, then in order of arrival.

        Raises
        ------
        InputTypeError
            If a value is of a type that cannot be used.
        InputError
            If a value cannot be used. Nothing has changed then.
        """
        values.check_id(id)
        items = arrivals.one(id, text, title, source, published)
        with self._ready((title, text)), self._lock:
            return self._store.add(items, tokens_of(items, self._config, 1))[0]

    def add_many(
        self,
        feed: object,
        *,
        id: ColumnChoice = AUTO,  # noqa: A002 - the settled public name
        title: ColumnChoice = AUTO,
        text: ColumnChoice = AUTO,
        source: ColumnChoice = AUTO,
        published: ColumnChoice = AUTO,
        on_invalid: OnInvalid = "raise",
        timezone: str | dt.tzinfo | None = None,
        date_format: str | None = None,
        n_jobs: int | None = -1,
    ) -> Added:
        """
        Add many documents, as `add` would one after another, only faster.

        Parameters
        ----------
        feed : iterable of mapping or Document, DataFrame or Arrow table
            The documents, each with an id; see `cluster`.
        id, title, text, source, published : str or sequence, optional
            Names of the columns, as in `cluster`.
        on_invalid : {"raise", "ignore", "drop"}, default "raise"
            As in `cluster`; but a document whose id is missing or repeated is
            left out where it is not an error.
        timezone, date_format : str, optional
            As in `cluster`.
        n_jobs : int, default -1
            Threads for the work on the texts.

        Returns
        -------
        Added
            A sequence: for each document of the feed its matches among those
            before it, in the index or in the feed, as of `add`; none for one
            that was left out. Each list is made when it is asked for. The
            attribute ``skipped`` says what was passed over.

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
        with self._ready(feed, threads):
            with rules.reading(on_invalid=on_invalid, timezone=timezone, date_format=date_format):
                columns = read_documents(
                    feed,
                    id=id,
                    title=title,
                    text=text,
                    source=source,
                    published=published,
                    n_jobs=threads,
                    fault_to_keep=self._store.fault_to_keep,
                )
            if columns.ids is None:
                message = (
                    "the documents have no ids, which an index needs. Name their column with "
                    "id='...', or pass mappings with the key 'id'"
                )
                raise InputError(message)
            matches = add_items(self, arrivals.many(columns, columns.ids), threads, keep=True)
        return Added(columns, matches)

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
                raise unknown(id)

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

    def transaction(self) -> contextlib.AbstractContextManager[Self]:
        """
        Make all changes of a block, or none: another name of `batch`.

        Returns
        -------
        context manager
            Yields this index.
        """
        return self.batch()

    @contextlib.contextmanager
    def batch(self) -> Iterator[Self]:
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
            If the changes cannot be written.
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

    def merge(self, other: Lookups, *, n_jobs: int | None = -1) -> int:
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
        if not isinstance(other, Lookups):
            message = f"other is of type {type(other).__name__!r}; pass a NewsIndex"
            raise InputTypeError(message)
        if other is self:
            message = "an index cannot be merged into itself; pass another one"
            raise InputError(message)
        return self._add_parts(parts_of(other), resolve_jobs(n_jobs))

    def import_from(self, path: str | os.PathLike[str], *, n_jobs: int | None = -1) -> int:
        """
        Add all documents of a file that `export_to` wrote.

        Parameters
        ----------
        path : str or path
            As for `export_to`, or a folder of Parquet files whose name ends in
            ``.parquet``, as Spark writes it. Each document needs ``id`` and ``text``, and
            may have ``title``, ``source``, ``published`` and ``arrived``.
            Clusters are found anew, by what documents match here.
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
        return self._add_parts(exchange.read(path, threads), threads)

    def _add_parts(self, parts: Iterator[StoredItems], threads: int) -> int:
        """Add items part by part, each all or none; return how many."""
        n_added = 0
        for part in parts:
            try:
                add_items(self, part, threads)
            except StoreError as error:
                if not n_added or self._in_batch:
                    raise
                message = (
                    f"{error}. That is the part after the first {n_added:,} documents, which are "
                    "in the index. Add all again, or all at once within `batch`"
                )
                raise type(error)(message) from error
            n_added += len(part)
        return n_added


def add_items(
    index: Lookups, items: StoredItems, n_jobs: int, *, keep: bool = False
) -> Sequence[list[Match]]:
    """Add items with distinct ids; return their matches if they are wanted."""
    with index._ready(items, n_jobs), index._lock:  # noqa: SLF001 - our own
        tokens = tokens_of(items, index.config, n_jobs)
        return index._store.add(items, tokens, keep=keep)  # noqa: SLF001 - our own
