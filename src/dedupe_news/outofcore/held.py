"""Feeds that are in memory already, a part at a time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from dedupe_news import foreign
from dedupe_news.documents import read_documents
from dedupe_news.outofcore.items import ItemReader
from dedupe_news.outofcore.slicing import slice_of, slices_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe_news.columns import Columns
    from dedupe_news.documents import Choices

CHUNK_BYTES = 1 << 24
"""Text that is read at a time."""

_FIRST_CHUNK = 4096
_MOST_DOCUMENTS = 1 << 17
_SAMPLE = 1000


class Pace:
    """How many documents make a chunk, so that chunks are of about the same size."""

    def __init__(self) -> None:
        self.n_documents = _FIRST_CHUNK

    def saw(self, columns: Columns) -> None:
        """
        Learn from a chunk how long documents are.

        Parameters
        ----------
        columns : Columns
            The chunk.
        """
        n_bytes = int(columns.offsets[-1] - columns.offsets[0])
        mean = max(1, n_bytes // max(1, len(columns)))
        self.n_documents = max(1, min(_MOST_DOCUMENTS, CHUNK_BYTES // mean))


class HeldFeed:
    """
    Documents that are in memory already: a list, a table, an array.

    Parameters
    ----------
    feed : object
        What `slice_of` can take parts of.
    choices : mapping
        The columns.
    n_documents : int
        How many there are.
    """

    is_read_once = False

    def __init__(self, feed: Any, choices: Choices, n_documents: int) -> None:
        self._feed = feed
        self._choices = choices
        self.n_documents: int | None = n_documents
        self.description = f"{type(feed).__name__} of {n_documents} documents"
        self._items = None
        if isinstance(feed, (list, tuple)):
            self._items = ItemReader(choices)
            self._items.look_ahead(feed)
        sample = self._part(0, min(_SAMPLE, n_documents), 1)
        self.n_bytes: int | None = int(sample.offsets[-1]) * n_documents // max(1, len(sample))

    def chunks(self, n_jobs: int) -> Iterator[Columns]:
        """
        Read the documents.

        Parameters
        ----------
        n_jobs : int
            Threads.

        Yields
        ------
        Columns
            One part after another.
        """
        pace, start = Pace(), 0
        while start < (self.n_documents or 0):
            stop = min(start + pace.n_documents, self.n_documents or 0)
            columns = self._part(start, stop, n_jobs)
            pace.saw(columns)
            yield columns
            start = stop

    def content(self, position: int) -> str | None:
        """
        Return a document once more.

        Parameters
        ----------
        position : int
            Its position in the feed.

        Returns
        -------
        str
            As from `Columns.content`.
        """
        return self._part(position, position + 1, 1).content(0)

    def whole(self, n_jobs: int) -> Columns:
        """
        Read all documents at once.

        Parameters
        ----------
        n_jobs : int
            Threads.

        Returns
        -------
        Columns
            All of them.
        """
        return read_documents(self._feed, **self._choices, n_jobs=n_jobs)

    def _part(self, start: int, stop: int, n_jobs: int) -> Columns:
        part = slice_of(self._feed, start, stop)
        if self._items is not None:
            return self._items.read(list(part), start, n_jobs)
        with foreign.counting_from(start):
            return read_documents(part, **slices_of(self._choices, start, stop), n_jobs=n_jobs)


class ColumnsFeed:
    """
    Documents that are columns already.

    Parameters
    ----------
    columns : Columns
        All of them.
    """

    is_read_once = False

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self.n_documents: int | None = len(columns)
        self.n_bytes: int | None = int(columns.offsets[-1] - columns.offsets[0])
        self.description = f"{len(columns)} documents"

    def chunks(self, n_jobs: int) -> Iterator[Columns]:  # noqa: ARG002 - nothing to do
        """
        Read the documents.

        Parameters
        ----------
        n_jobs : int
            Threads.

        Yields
        ------
        Columns
            One part after another.
        """
        whole, pace, start = self._columns, Pace(), 0
        while start < len(whole):
            own = slice(start, min(start + pace.n_documents, len(whole)))
            columns = dataclasses.replace(
                whole,
                offsets=whole.offsets[own.start : own.stop + 1],
                ids=None if whole.ids is None else whole.ids[own],
                published=None if whole.published is None else whole.published[own],
                sources=None if whole.sources is None else whole.sources[own],
            )
            pace.saw(columns)
            yield columns
            start = own.stop

    def content(self, position: int) -> str | None:
        """
        Return a document once more.

        Parameters
        ----------
        position : int
            Its position in the feed.

        Returns
        -------
        str
            As from `Columns.content`.
        """
        return self._columns.content(position)

    def whole(self, n_jobs: int) -> Columns:  # noqa: ARG002 - nothing to do
        """
        Read all documents at once.

        Parameters
        ----------
        n_jobs : int
            Threads.

        Returns
        -------
        Columns
            All of them.
        """
        return self._columns
