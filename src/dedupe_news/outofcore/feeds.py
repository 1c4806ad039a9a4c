"""Feeds in chunks: files, tables and lists a part at a time, and what can be read only once."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Protocol

from dedupe_news import foreign
from dedupe_news.documents import read_documents
from dedupe_news.outofcore.held import ColumnsFeed, HeldFeed, Pace
from dedupe_news.outofcore.items import ItemReader
from dedupe_news.outofcore.parquet import ParquetFeed, require_names
from dedupe_news.outofcore.slicing import length_of

if TYPE_CHECKING:
    from dedupe_news.columns import Columns
    from dedupe_news.documents import Choices

_MANY = 100_000
_SCAN = {"batch_size": 8192, "batch_readahead": 2, "fragment_readahead": 1}


class Feed(Protocol):
    """Documents that come in chunks."""

    n_documents: int | None
    """How many there are, where that is known before."""

    n_bytes: int | None
    """About how much text they hold, where that is known before."""

    description: str
    """What it is, to tell whether a run before was of the same."""

    is_read_once: bool
    """Whether its documents are gone once they were read."""

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
    is_read_once = True

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
        reader = ItemReader(self._choices)
        while items := list(itertools.islice(self._documents, pace.n_documents)):
            columns = reader.read(items, start, n_jobs)
            pace.saw(columns)
            yield columns
            start += len(items)

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
    n_documents = length_of(feed)
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
    is_read_once = True

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
