"""Token runs to digests, groups of identical runs, and shingle hashes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.hashing import xxh32_shingle, xxh64_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer


@kernel
def fill_digests(
    tokens: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    start: Integer,
    stop: Integer,
    digests: NDArray[np.uint64],
) -> None:
    """Write XXH64 of the token hashes of documents ``start`` to ``stop - 1``."""
    for i in range(start, stop):
        digests[i] = xxh64_words(tokens, offsets[i], offsets[i + 1])


@inlined
def _equal_runs(tokens: NDArray[np.uint32], left: Integer, right: Integer, length: Integer) -> bool:
    for t in range(length):
        if tokens[left + t] != tokens[right + t]:
            return False
    return True


@kernel
def group_identical(
    packed: NDArray[np.uint64],
    digests: NDArray[np.uint64],
    tokens: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    group_of: NDArray[np.int64],
) -> Integer:
    """
    Give documents of equal words the same number; return how many distinct texts there are.

    `packed` has ``(digest >> 32) << 32 | document``, sorted; documents whose half
    of the digest no other has may be left out. Equality is of the tokens
    themselves. `group_of` receives numbers by first position, -1 for documents
    without a token.
    """
    n = packed.shape[0]
    n_documents = group_of.shape[0]
    first = np.arange(n_documents)  # first position of the text a document repeats
    leaders = np.empty(n, np.int64)
    begin: Integer = 0
    while begin < n:
        end = begin + 1
        while end < n and packed[end] >> np.uint64(32) == packed[begin] >> np.uint64(32):
            end += 1
        n_leaders = 0
        for at in range(begin, end):
            i = np.int64(packed[at] & np.uint64(0xFFFFFFFF))
            length = offsets[i + 1] - offsets[i]
            is_known = False
            for which in range(n_leaders):
                k = leaders[which]
                if (
                    digests[k] == digests[i]
                    and offsets[k + 1] - offsets[k] == length
                    and _equal_runs(tokens, offsets[k], offsets[i], length)
                ):
                    first[i] = k
                    is_known = True
                    break
            if not is_known:
                leaders[n_leaders] = i
                n_leaders += 1
        begin = end
    n_groups = 0
    for position in range(n_documents):
        if offsets[position + 1] == offsets[position]:
            group_of[position] = -1
        elif first[position] == position:
            group_of[position] = n_groups
            n_groups += 1
        else:
            group_of[position] = group_of[first[position]]
    return n_groups


@kernel
def fill_shingles(
    tokens: NDArray[np.uint32],
    token_starts: NDArray[np.int64],
    token_stops: NDArray[np.int64],
    shingle_size: Integer,
    start: Integer,
    stop: Integer,
    offsets: NDArray[np.int64],
    shingles: NDArray[np.uint32],
) -> None:
    """
    Write the shingle hashes of token runs ``start`` to ``stop - 1``, in text order, with repeats.

    No run is empty, and one of fewer than `shingle_size` tokens is one shingle.
    """
    for i in range(start, stop):
        begin = token_starts[i]
        width = min(np.int64(shingle_size), token_stops[i] - begin)
        run = shingles[offsets[i] : offsets[i + 1]]
        for s in range(run.shape[0]):
            run[s] = xxh32_shingle(tokens, begin + s, width)
