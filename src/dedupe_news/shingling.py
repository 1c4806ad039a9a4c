"""Token runs to distinct texts and their shingle hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels import shingling as kernels
from dedupe_news.threads import run, split

if TYPE_CHECKING:
    from numpy.typing import NDArray


def distinct_texts(
    tokens: NDArray[np.uint32], offsets: NDArray[np.int64], n_jobs: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.uint64]]:
    """
    Find the distinct texts of a batch: documents of equal words share one.

    Parameters
    ----------
    tokens : ndarray of uint32, shape (n_tokens,)
        Token hashes of all documents.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document in `tokens`.
    n_jobs : int
        Threads.

    Returns
    -------
    text_of : ndarray of int64, shape (n_documents,)
        The text of each document; -1 where it has no token.
    first : ndarray of int64, shape (n_texts,)
        First document of each text; increasing.
    digests : ndarray of uint64, shape (n_documents,)
        XXH64 of each document's little-endian token hashes.
    """
    n_documents = offsets.shape[0] - 1
    digests = np.empty(n_documents, np.uint64)

    def digest(bounds: tuple[int, int]) -> None:
        kernels.fill_digests(tokens, offsets, *bounds, digests)

    run(digest, split(n_documents, n_jobs), n_jobs)
    packed = digests & np.uint64(0xFFFFFFFF00000000)
    packed |= np.arange(n_documents, dtype=np.uint64)
    packed.sort()
    text_of = np.empty(n_documents, np.int64)
    n_texts = kernels.group_identical(packed, digests, tokens, offsets, text_of)
    first = np.empty(n_texts, np.int64)
    # Assigned from the back, so that the first document of a text stays.
    backwards = np.flatnonzero(text_of >= 0)[::-1]
    first[text_of[backwards]] = backwards
    return text_of, first, digests


def shingle(
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    shingle_size: int,
    n_jobs: int,
) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """
    Hash the shingles of token runs.

    Parameters
    ----------
    tokens : ndarray of uint32, shape (n_tokens,)
        Token hashes.
    starts, stops : ndarray of int64, shape (n_runs,)
        Bounds of each run in `tokens`; no run is empty.
    shingle_size : int
        Tokens in a shingle.
    n_jobs : int
        Threads.

    Returns
    -------
    shingles : ndarray of uint32, shape (n_shingles,)
        XXH32 of the `shingle_size` little-endian token hashes, in text order,
        repeats included. A run of fewer tokens is one shingle.
    offsets : ndarray of int64, shape (n_runs + 1,)
        Bounds of each run's shingles.
    """
    n_runs = starts.shape[0]
    offsets = np.zeros(n_runs + 1, np.int64)
    np.cumsum(np.maximum(stops - starts - (shingle_size - 1), 1), out=offsets[1:])
    shingles = np.empty(offsets[-1], np.uint32)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_shingles(tokens, starts, stops, shingle_size, *bounds, offsets, shingles)

    run(fill, split(n_runs, n_jobs), n_jobs)
    return shingles, offsets
