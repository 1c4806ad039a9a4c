"""The distinct texts of a batch: documents of equal words are one text."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from dedupe_news.columns import NO_TIME
from dedupe_news.kernels import shingling as kernels
from dedupe_news.sorting import pack_repeated
from dedupe_news.threads import run, shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Prefer


@dataclasses.dataclass(frozen=True, slots=True)
class Texts:
    """
    The distinct texts of a batch.

    Parameters
    ----------
    text_of : ndarray of int64, shape (n_documents,)
        The text of each document; -1 where it has no token.
    document : ndarray of int64, shape (n_texts,)
        The preferred document of each text.
    starts, stops : ndarray of int64, shape (n_texts,)
        Bounds of each text's tokens.
    digests : ndarray of uint64, shape (n_texts,)
        XXH64 of the little-endian token hashes.
    preference : ndarray of int64, shape (n_texts,), optional
        What the preferred document is preferred by, smallest first; None
        where only length counts.
    by_length : bool, default False
        Whether length comes before `preference`.
    """

    text_of: NDArray[np.int64]
    document: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    digests: NDArray[np.uint64]
    preference: NDArray[np.int64] | None
    by_length: bool = False

    def __len__(self) -> int:
        """
        Return the number of distinct texts.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.document)

    def in_order(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Return texts in order of preference.

        Parameters
        ----------
        numbers : ndarray of int64, shape (n,)
            Texts.

        Returns
        -------
        ndarray of int64, shape (n,)
            Most preferred first: by `preference`, then the longest, or the other
            way round; then the smallest digest.
        """
        lengths = self.stops[numbers] - self.starts[numbers]
        keys: list[NDArray[np.generic]] = [self.digests[numbers], -lengths]
        if self.preference is not None:
            keys.insert(1 if self.by_length else 2, self.preference[numbers])
        ordered: NDArray[np.int64] = numbers[np.lexsort(keys)]
        return ordered


def distinct_texts(
    columns: Columns,
    tokens: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    prefer: Prefer,
    n_jobs: int,
) -> Texts:
    """
    Find the distinct texts of a batch.

    Parameters
    ----------
    columns : Columns
        The documents.
    tokens : ndarray of uint32, shape (n_tokens,)
        Token hashes of all documents.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document in `tokens`.
    prefer : {"earliest", "latest", "longest"}
        As in `Config`.
    n_jobs : int
        Threads.

    Returns
    -------
    Texts
        Numbered by first position.
    """
    n_documents = len(columns)
    digests = np.empty(n_documents, np.uint64)

    def digest(bounds: tuple[int, int]) -> None:
        kernels.fill_digests(tokens, offsets, *bounds, digests)

    run(digest, shares(n_documents, n_jobs), n_jobs)
    packed = pack_repeated((digests >> np.uint64(32)).astype(np.uint32))
    text_of = np.empty(n_documents, np.int64)
    n_texts = int(kernels.group_identical(packed, digests, tokens, offsets, text_of))
    document = np.empty(n_texts, np.int64)
    # Assigned from the back, so that the first document of a text stays.
    backwards = np.flatnonzero(text_of >= 0)[::-1]
    document[text_of[backwards]] = backwards
    preference = _preference(columns, prefer)
    copies = copies_of(text_of, n_texts)
    if len(copies):
        # Among documents of the same words: by time, then by their very bytes,
        # so that the order of the input decides only between equal documents.
        contents = np.array([_content_digest(columns, i) for i in copies.tolist()], np.uint64)
        keys: list[NDArray[np.generic]] = [contents]
        if preference is not None:
            keys.append(preference[copies])
        by_preference = copies[np.lexsort([*keys, text_of[copies]])]
        numbers, firsts = np.unique(text_of[by_preference], return_index=True)
        document[numbers] = by_preference[firsts]
    return Texts(
        text_of=text_of,
        document=document,
        starts=offsets[document],
        stops=offsets[document + 1],
        digests=digests[document],
        preference=None if preference is None else preference[document],
        by_length=prefer == "longest",
    )


def copies_of(text_of: NDArray[np.int64], n_texts: int) -> NDArray[np.int64]:
    """
    Return the documents that share their text with another.

    Parameters
    ----------
    text_of : ndarray of int64, shape (n_documents,)
        The text of each document, -1 for none.
    n_texts : int
        Number of texts.

    Returns
    -------
    ndarray of int64
        Positions, increasing.
    """
    present = text_of >= 0
    n_copies = np.bincount(text_of[present], minlength=n_texts)
    shared = np.zeros(len(text_of), bool)
    shared[present] = n_copies[text_of[present]] > 1
    return np.flatnonzero(shared)


def _content_digest(columns: Columns, position: int) -> int:
    start, stop = columns.offsets[position], columns.offsets[position + 1]
    return xxhash.xxh64_intdigest(columns.buffer[start:stop].data)


def _preference(columns: Columns, prefer: Prefer) -> NDArray[np.int64] | None:
    if columns.published is None:
        return None
    times = -columns.published if prefer == "latest" else columns.published
    # Documents without a time come last.
    return np.where(columns.published == NO_TIME, np.iinfo(np.int64).max, times)
