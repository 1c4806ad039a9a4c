"""What is kept of the documents, and the distinct texts among them."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.blocks import bounds_of
from dedupe_news.columns import Columns
from dedupe_news.kernels import shingling as kernels
from dedupe_news.sorting import pack_repeated
from dedupe_news.texts import gather_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.outofcore.feeds import Feed
    from dedupe_news.outofcore.spill import Spill
    from dedupe_news.texts import Texts

_NO_BYTES = np.empty(0, np.uint8)
_HALF = np.uint64(32)


class KeptIds(Sequence[Hashable]):
    """
    Ids that are texts, in an array of bytes.

    Parameters
    ----------
    buffer : ndarray of uint8
        UTF-8 of all of them.
    offsets : ndarray of int64, shape (n_ids + 1,)
        Bounds of each.
    """

    def __init__(self, buffer: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self._buffer = buffer
        self._offsets = offsets

    def __len__(self) -> int:
        """
        Return the number of ids.

        Returns
        -------
        int
            At least 0.
        """
        return len(self._offsets) - 1

    def __getitem__(self, index: Any) -> Any:
        """
        Return an id, or a list of those of a slice.

        Parameters
        ----------
        index : int or slice
            As for a list.

        Returns
        -------
        str or list of str
            As given.
        """
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        place = range(len(self))[index]
        start, stop = self._offsets[place], self._offsets[place + 1]
        return self._buffer[start:stop].tobytes().decode()


class KeptNumbers(Sequence[Hashable]):
    """
    Ids that are whole numbers, in an array.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n_ids,)
        The ids.
    """

    def __init__(self, numbers: NDArray[np.int64]) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        """
        Return the number of ids.

        Returns
        -------
        int
            At least 0.
        """
        return len(self._numbers)

    def __getitem__(self, index: Any) -> Any:
        """
        Return an id, or a list of those of a slice.

        Parameters
        ----------
        index : int or slice
            As for a list.

        Returns
        -------
        int or list of int
            Python's own.
        """
        return self._numbers[index].tolist()


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class StreamedColumns(Columns):
    """
    Documents as columns, of which the text is elsewhere.

    Parameters
    ----------
    buffer : ndarray of uint8
        Empty.
    offsets : ndarray of int64, shape (n_documents + 1,) or (1,)
        Bounds in `texts`, where it is there.
    ids, published, sources, source_names, titled : object
        As in `Columns`.
    n_documents : int
        How many there are.
    contents : ndarray of uint64, shape (n_documents,)
        XXH64 of each one's UTF-8.
    feed : Feed
        Reads a document once more, where it can.
    texts : ndarray of uint8, optional
        UTF-8 of all documents, where the feed cannot.
    """

    n_documents: int
    contents: NDArray[np.uint64]
    feed: Feed
    texts: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        """
        Return the number of documents.

        Returns
        -------
        int
            At least 0.
        """
        return self.n_documents

    def content(self, position: int) -> str:
        """
        Return a document as it was given: its title, a newline and its text.

        Parameters
        ----------
        position : int
            Position of the document in the input.

        Returns
        -------
        str
            The text alone where there was no column of titles.
        """
        position = range(self.n_documents)[position]
        if self.texts is None:
            return self.feed.content(position) or ""
        start, stop = self.offsets[position], self.offsets[position + 1]
        return self.texts[start:stop].tobytes().decode()

    def content_digests(self, positions: NDArray[np.int64]) -> NDArray[np.uint64]:
        """
        Return a digest of the very bytes of some documents.

        Parameters
        ----------
        positions : ndarray of int64, shape (n,)
            Positions in the input.

        Returns
        -------
        ndarray of uint64, shape (n,)
            XXH64 of each one's UTF-8.
        """
        return self.contents[positions]


def columns_of(read: dict[str, Any], feed: Feed) -> StreamedColumns:
    """
    Return the documents that were read as columns.

    Parameters
    ----------
    read : dict
        What came of reading: from `dedupe_news.outofcore.reading.Reader.read`.
    feed : Feed
        The feed.

    Returns
    -------
    StreamedColumns
        Its arrays are those that were kept.
    """
    ids: Sequence[Hashable] | None = None
    if read["id_kind"] == "numbers":
        ids = KeptNumbers(read["ids"].array())
    elif read["id_kind"] == "texts":
        lengths = read["id_lengths"].array()
        ids = KeptIds(read["ids"].array(), bounds_of(lengths))
    texts, offsets = None, np.zeros(1, np.int64)
    if "texts" in read:
        texts, offsets = read["texts"].array(), bounds_of(read["text_lengths"].array())
    return StreamedColumns(
        buffer=_NO_BYTES,
        offsets=offsets,
        ids=ids,
        published=read["published"].array() if read["has_times"] else None,
        sources=read["sources"].array() if read["has_sources"] else None,
        source_names=read["source_names"],
        titled=read["is_titled"],
        n_documents=read["n_documents"],
        contents=read["contents"].array(),
        feed=feed,
        texts=texts,
    )


def find_texts(
    read: dict[str, Any], columns: Columns, config: Config, window: int | None
) -> tuple[Texts, NDArray[np.int64]]:
    """
    Find the distinct texts of the documents that were read.

    Parameters
    ----------
    read : dict
        What came of reading.
    columns : Columns
        The documents.
    config : Config
        The settings.
    window : int, optional
        Microseconds, as for `dedupe_news.texts.distinct_texts`.

    Returns
    -------
    texts : Texts
        The same as of a batch in memory, but that all are said to begin at 0.
    starts : ndarray of int64, shape (n_texts,)
        Where their tokens begin.
    """
    digests, lengths = read["digests"].array(), read["lengths"].array()
    # To the kernel each document is one token, its check, so that no token is read again.
    has_tokens = lengths > 0
    packed = pack_repeated((digests >> _HALF).astype(np.uint32))
    text_of = np.empty(len(digests), np.int64)
    n_texts = kernels.group_identical(
        packed,
        digests,
        read["checks"].array()[has_tokens],
        bounds_of(has_tokens.astype(np.int64)),
        text_of,
    )
    del packed
    texts = gather_texts(
        columns, digests, bounds_of(lengths), text_of, int(n_texts), config.prefer, window
    )
    # Where their tokens are is kept once, in the order in which a policy asks for them.
    anywhere = np.broadcast_to(np.int64(0), len(texts))
    in_place = dataclasses.replace(texts, starts=anywhere, stops=texts.stops - texts.starts)
    return in_place, texts.starts


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """
    The tokens of the distinct texts, in an order of the texts.

    Parameters
    ----------
    tokens, flags : Spill of uint32, uint8
        Of all documents.
    starts : ndarray of int64, shape (n_texts,)
        Where each text's tokens begin.
    lengths : ndarray of int32, shape (n_texts,)
        How many they are.
    """

    tokens: Spill
    flags: Spill
    starts: NDArray[np.int64]
    lengths: NDArray[np.int32]

    def hashes_of(
        self, which: NDArray[np.int64] | slice
    ) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
        """
        Return the tokens of some texts.

        Parameters
        ----------
        which : ndarray of int64, or slice
            Their numbers.

        Returns
        -------
        hashes : ndarray of uint32, shape (n_tokens,)
            One text after another.
        offsets : ndarray of int64, shape (n + 1,)
            Bounds of each.
        """
        starts, lengths = self.starts[which], self.lengths[which]
        return self.tokens.gather(starts, starts + lengths), bounds_of(lengths)

    def flags_of(self, which: NDArray[np.int64]) -> NDArray[np.uint8]:
        """
        Return the flags of the tokens of some texts.

        Parameters
        ----------
        which : ndarray of int64
            Their numbers.

        Returns
        -------
        ndarray of uint8, shape (n_tokens,)
            One text after another.
        """
        starts = self.starts[which]
        return self.flags.gather(starts, starts + self.lengths[which])


def cut_in_blocks(sizes: NDArray[np.int64], most: int) -> list[tuple[int, int]]:
    """
    Cut texts into blocks of consecutive numbers.

    Parameters
    ----------
    sizes : ndarray of int64, shape (n_texts,)
        Size of each text.
    most : int
        Largest size of a block of more than one text.

    Returns
    -------
    list of (int, int)
        Bounds of the blocks.
    """
    bounds = bounds_of(sizes)
    blocks, start = [], 0
    while start < len(sizes):
        stop = int(np.searchsorted(bounds, bounds[start] + most, "right")) - 1
        blocks.append((start, max(stop, start + 1)))
        start = blocks[-1][1]
    return blocks
