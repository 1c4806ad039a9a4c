"""The index in memory: documents join their clusters; one is looked up and added in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.chains import link_slots, meet
from dedupe_news._kernels.founders import (
    MOST_TRIED,
    NO_FOUNDER,
    Founders,
    is_among,
    next_founder,
    settle,
)
from dedupe_news._kernels.shingle_sets import count_hits, fill_set, n_places
from dedupe_news._kernels.signing import SIZE, sign_slots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

NO_SLOT = -1
_UNLINKED = False


@kernel
def join_clusters(
    first: Integer,
    replaced: NDArray[np.int64],
    longest: Integer,
    shingle_size: Integer,
    threshold: float,
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    sketches: NDArray[np.uint64],
    alive: NDArray[np.uint8],
    founders: Founders,
    window: Integer,
    offsets: NDArray[np.int64],
    found: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> None:
    """
    Put documents that were looked up in their clusters, one after another.

    Parameters
    ----------
    first : int
        Slot of the first one.
    replaced : ndarray of int64, shape (n_documents,)
        Slot that each document replaces, or `NO_SLOT`.
    longest, shingle_size, threshold : int, int, float
        As for `meet`.
    tokens, starts, sketches : ndarray of uint32, int64, uint64
        As for `meet`.
    alive : ndarray of uint8, shape (capacity,)
        Whether each slot counts; the documents do from now on, and those that
        they replace no more.
    founders : Founders
        The clusters, with the numbers and moments of the documents.
    window : int
        Microseconds within which documents can be of one cluster.
    offsets, found, scores : ndarray of int64, int64, float64
        The matches, from `meet`.
    """
    share = threshold / (1.0 + threshold)
    tried = np.empty(MOST_TRIED, np.int64)
    shingles = np.empty(longest + 1, np.uint32)
    most_places = n_places(longest)
    table = np.empty(most_places, np.uint32)
    seen = np.empty(most_places, np.int32)
    for document in range(replaced.shape[0]):
        slot = first + document
        if replaced[document] != NO_SLOT:
            alive[replaced[document]] = 0
        alive[slot] = 1
        n_tried = 0
        founder: Integer = NO_FOUNDER
        while offsets[document] < offsets[document + 1]:
            # Left at the first founder that it matches, or at none.
            founder = next_founder(
                founders,
                alive,
                found,
                scores,
                offsets[document],
                offsets[document + 1],
                slot,
                window,
                tried,
                n_tried,
            )
            if founder == NO_FOUNDER or is_among(
                found, offsets[document], offsets[document + 1], founder
            ):
                break
            length = starts[slot + 1] - starts[slot]
            room = n_places(length)
            own_table = table[:room]
            own_seen = seen[:room]
            if n_tried == 0:
                fill_set(tokens, starts[slot], length, shingle_size, own_table, own_seen, shingles)
            size = np.int64(sketches[slot, SIZE])
            other_size = np.int64(sketches[founder, SIZE])
            shared = count_hits(
                tokens,
                starts[founder],
                starts[founder + 1] - starts[founder],
                shingle_size,
                own_table,
                own_seen,
                n_tried + 1,
                np.int64((size + other_size) * share),
            )
            if shared / (size + other_size - shared) >= threshold:
                break
            tried[n_tried] = founder
            n_tried += 1
        settle(founders, slot, replaced[document], founder)


@kernel
def probe(
    slot: Integer,
    hashes: NDArray[np.uint32],
    begin: Integer,
    length: Integer,
    insert: bool,
    replaced: NDArray[np.int64],
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    rows_per_band: Integer,
    shingle_size: Integer,
    threshold: float,
    bucket_limit: Integer,
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    alive: NDArray[np.uint8],
    sketches: NDArray[np.uint64],
    heads: NDArray[np.uint32],
    chains: NDArray[np.uint32],
    founders: Founders,
    window: Integer,
    offsets: NDArray[np.int64],
    found: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> tuple[Integer, Integer]:
    """
    Look up one document, and add it if asked: all of the above in one call.

    Parameters
    ----------
    slot : int
        First free slot.
    hashes : ndarray of uint32
        Holds the tokens of the document.
    begin, length : int
        Where they begin, and how many they are.
    insert : bool
        Whether to add it.
    replaced : ndarray of int64, shape (1,)
        Slot that it replaces, or `NO_SLOT`.
    multipliers, increments : ndarray of uint32, shape (bands * rows_per_band,)
        As for `sign_slots`.
    rows_per_band, shingle_size, bucket_limit, threshold : int, int, int, float
        As for `sign_slots` and `meet`.
    tokens, starts, alive, sketches : ndarray
        As for `meet`; with room for the document.
    heads, chains : ndarray of uint32
        As for `link_slots`.
    founders : Founders
        As for `join_clusters`.
    window : int
        Likewise.
    offsets, found, scores : ndarray of int64, int64, float64
        As for `meet`.

    Returns
    -------
    done : int
        1, or 0 where `found` has not the room for the matches: nothing has
        been added then.
    n_cut_short : int
        Chains that were left at the limit.
    """
    start = starts[slot]
    for at in range(length):
        tokens[start + at] = hashes[begin + at]
    starts[slot + 1] = start + length
    sign_slots(
        slot,
        slot + 1,
        length,
        multipliers,
        increments,
        rows_per_band,
        shingle_size,
        tokens,
        starts,
        sketches,
        chains,
    )
    # None leaves later than it: what is replaced does not count any more.
    nobody = replaced[:0]
    was_alive = np.uint8(0)
    if replaced[0] != NO_SLOT:
        was_alive = alive[replaced[0]]
        alive[replaced[0]] = 0
    done, n_cut_short = meet(
        slot,
        0,
        1,
        _UNLINKED,
        nobody,
        nobody,
        length,
        shingle_size,
        threshold,
        bucket_limit,
        tokens,
        starts,
        alive,
        sketches,
        heads,
        chains,
        offsets,
        found,
        scores,
    )
    if insert and done:
        join_clusters(
            slot,
            replaced,
            length,
            shingle_size,
            threshold,
            tokens,
            starts,
            sketches,
            alive,
            founders,
            window,
            offsets,
            found,
            scores,
        )
        link_slots(slot, slot + 1, 0, chains.shape[1], starts, heads, chains)
    elif replaced[0] != NO_SLOT:
        alive[replaced[0]] = was_alive
    return done, n_cut_short
