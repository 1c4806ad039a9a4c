"""Feeds in chunks: files, tables and lists a part at a time, and what can be read only once."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from dedupe_news import foreign
from dedupe_news.documents import Document, read_documents
from dedupe_news.errors import InputError, InputTypeError
from dedupe_news.outofcore.parquet import ParquetFeed, require_names

if TYPE_CHECKING:
    from dedupe_news.columns import Columns
    from dedupe_news.documents import Choices

CHUNK_BYTES = 1 << 24
"""Text that is read at a time."""

_FIRST_CHUNK = 4096
_MOST_DOCUMENTS = 1 << 17
_SAMPLE = 1000
_MANY = 100_000
_SCAN = {"batch_size": 8192, "batch_readahead": 2, "fragment_readahead": 1}
_NAMES = ("id", "title", "text", "source", "published")


class Feed(Protocol):
    """Documents that come in chunks."""

    n_documents: int | None
    """How many there are, where that is known before."""

    n_bytes: int | None
    """About how much text they hold, where that is known before."""

    description: str
    """What it is, to tell whether a run before was of the same."""

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

    def content(self, position: int) -> str | None:
        """
        Return a document once more.

        Parameters
        ----------
        position : int
            Its position in the feed.

        Returns
        -------
        str or None
            As from `Columns.content`; None where the feed can be read only once.
        """

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

    def __init__(self, feed: Any, choices: Choices, n_documents: int) -> None:
        self._feed = feed
        self._choices = choices
        self.n_documents: int | None = n_documents
        self.description = f"{type(feed).__name__} of {n_documents} documents"
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
        with foreign.counting_from(start):
            return read_documents(
                slice_of(self._feed, start, stop),
                **{
                    name: choice
                    if choice is None or isinstance(choice, str)
                    else slice_of(choice, start, stop)
                    for name, choice in self._choices.items()
                },
                n_jobs=n_jobs,
            )


class IteratedFeed:
    """
    Documents from an iterator, which gives them once.

    Parameters
    ----------
    documents : iterator
        Of texts, of mappings or of `Document`.
    choices : mapping
        The columns.
    """

    n_documents: int | None = None
    n_bytes: int | None = None
    description = "iterator"

    def __init__(self, documents: Iterator[Any], choices: Choices) -> None:
        self._documents = documents
        self._choices = choices

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
        seen: dict[str, None] = {}
        while items := list(itertools.islice(self._documents, pace.n_documents)):
            stop = start + len(items)
            with foreign.counting_from(start):
                columns = self._read(items, seen, start, stop, n_jobs)
            pace.saw(columns)
            yield columns
            start = stop

    def content(self, position: int) -> str | None:  # noqa: ARG002 - gone
        """
        Return nothing: the feed can be read only once.

        Parameters
        ----------
        position : int
            Its position in the feed.

        Returns
        -------
        None
            Always.
        """
        return None

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
        return read_documents(list(self._documents), **self._choices, n_jobs=n_jobs)

    def _read(
        self, items: list[Any], seen: dict[str, None], start: int, stop: int, n_jobs: int
    ) -> Columns:
        first = next((item for item in items if not foreign.is_missing(item)), None)
        choices: dict[str, Any] = {
            name: choice
            if choice is None or isinstance(choice, str)
            else slice_of(choice, start, stop)
            for name, choice in self._choices.items()
        }
        if isinstance(first, Document) and not any(choices.values()):
            items = [_as_mapping(item) for item in items]
        elif not isinstance(first, Mapping):
            return read_documents(items, **choices, n_jobs=n_jobs)
        columns = _from_mappings(items, choices, seen, start)
        return read_documents(columns, **choices, n_jobs=n_jobs)


def _as_mapping(item: object) -> object:
    if not isinstance(item, Document):
        return item  # it will be refused
    values = {name: getattr(item, name) for name in _NAMES}
    return {name: value for name, value in values.items() if name == "text" or value is not None}


def _from_mappings(
    items: list[Any], choices: dict[str, Any], seen: dict[str, None], start: int
) -> dict[str, list[Any]]:
    """Return the columns of mappings; those seen in a chunk before are there in every later one."""
    for position, item in enumerate(items):
        if not isinstance(item, Mapping):
            message = (
                f"document {start + position} is of type {type(item).__name__!r}, but the feed "
                "began with mappings; a feed holds one kind of documents. Convert it first"
            )
            raise InputTypeError(message)
    wanted = {
        name: name if choice is None else choice
        for name, choice in choices.items()
        if choice is None or isinstance(choice, str)
    }
    for name, key in wanted.items():
        if key in seen or not (choices[name] is not None or any(key in item for item in items)):
            continue
        if start and name in ("title", "id"):
            message = (
                f"the first {name} is among the documents from {start} on, and those before had "
                f"none. Give every document one, or say at once where it is: {name}={key!r}"
            )
            raise InputError(message)
        seen[key] = None
    return {key: [item.get(key) for item in items] for key in seen}


def open_feed(feed: object, choices: Choices) -> Feed:
    """
    Return a feed in chunks.

    Parameters
    ----------
    feed : object
        What `dedupe_news.cluster` takes.
    choices : mapping
        The columns: names, or values beside a sequence of texts.

    Returns
    -------
    Feed
        Nothing but the first documents is read yet.

    Raises
    ------
    InputTypeError
        If it is of a type that cannot be read.
    """
    parquet = ParquetFeed.of(feed, choices)
    if parquet is not None:
        return parquet
    batches = _batches(feed, choices)
    if batches is not None:
        return BatchFeed(batches, choices)
    n_documents = _length(feed)
    if n_documents is not None:
        return HeldFeed(feed, choices, n_documents)
    is_text = isinstance(feed, (str, bytes, bytearray))
    if isinstance(feed, Iterable) and not is_text and not hasattr(feed, "columns"):
        documents = iter(feed)
        first = list(itertools.islice(documents, _MANY))
        if len(first) < _MANY:
            return HeldFeed(first, choices, len(first))
        return IteratedFeed(itertools.chain(first, documents), choices)
    return ColumnsFeed(read_documents(feed, **choices))  # or it says what is wrong


def _length(feed: Any) -> int | None:
    """Return the number of documents of a feed that `slice_of` can take parts of."""
    if isinstance(feed, Mapping):
        lengths = [_length(values) for values in feed.values()]
        return lengths[0] if lengths and len(set(lengths)) == 1 else None
    home = type(feed).__module__.partition(".")[0]
    is_sliceable = isinstance(feed, (list, tuple, np.ndarray)) or (
        home in ("pandas", "polars", "pyarrow") and hasattr(feed, "__len__")
    )
    return len(feed) if is_sliceable else None


def slice_of(values: Any, start: int, stop: int) -> Any:
    """
    Return a part of a feed or of a column that is in memory.

    Parameters
    ----------
    values : sequence, array, Series, table, or mapping of these
        The whole.
    start, stop : int
        Bounds of the part.

    Returns
    -------
    object
        Of the same kind; not copied where its library can do without.
    """
    if isinstance(values, Mapping):
        return {name: slice_of(column, start, stop) for name, column in values.items()}
    if hasattr(values, "iloc"):
        return values.iloc[start:stop]
    if type(values).__module__.partition(".")[0] == "pyarrow":
        return values.slice(start, stop - start)
    return values[start:stop]


def _batches(feed: Any, choices: Choices) -> Any:
    """Return the batches of Arrow data that comes as a stream; None for all else."""
    if type(feed).__module__.startswith("pyarrow._dataset") and hasattr(feed, "to_batches"):
        known = feed.dataset_schema.names if hasattr(feed, "dataset_schema") else feed.schema.names
        wanted = {choice or name for name, choice in require_names(choices).items()}
        columns = [name for name in known if name in wanted]
        # A scanner has its columns already.
        scanner = feed.scanner(columns=columns, **_SCAN) if hasattr(feed, "scanner") else feed
        return scanner.to_batches()
    is_stream = hasattr(feed, "__arrow_c_stream__") and not hasattr(feed, "__len__")
    if is_stream and not hasattr(feed, "dtype") and not hasattr(type(feed), "columns"):
        require_names(choices)
        pyarrow = foreign.require_pyarrow("read a stream of Arrow batches")
        try:
            return pyarrow.RecordBatchReader.from_stream(feed)
        except (pyarrow.ArrowException, TypeError):
            pass  # one column, not a table
    return None


class ColumnsFeed:
    """
    Documents that are columns already.

    Parameters
    ----------
    columns : Columns
        All of them.
    """

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


class BatchFeed:
    """
    Arrow data that comes in batches, which gives them once.

    Parameters
    ----------
    batches : iterator of pyarrow.RecordBatch
        The documents.
    choices : mapping
        The columns.
    """

    n_documents: int | None = None
    n_bytes: int | None = None
    description = "stream of Arrow batches"

    def __init__(self, batches: Iterator[Any], choices: Choices) -> None:
        self._batches = batches
        self._choices = choices

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
        start = 0
        for batch in self._batches:
            with foreign.counting_from(start):
                columns = read_documents(batch, **self._choices, n_jobs=n_jobs)
            yield columns
            start += len(columns)

    def content(self, position: int) -> str | None:  # noqa: ARG002 - gone
        """
        Return nothing: the feed can be read only once.

        Parameters
        ----------
        position : int
            Its position in the feed.

        Returns
        -------
        None
            Always.
        """
        return None

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
        pyarrow = foreign.require_pyarrow("read a stream of Arrow batches")
        table = pyarrow.Table.from_batches(list(self._batches))
        return read_documents(table, **self._choices, n_jobs=n_jobs)
