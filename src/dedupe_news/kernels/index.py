"""The in-memory index: hash chains of band keys, probed and extended one document at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.hashing import xxh32_words
from dedupe_news.kernels.minhash import sign_one
from dedupe_news.kernels.relations import relation_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

NO_SLOT = -1
_GOLDEN = np.uint32(2654435769)


@inlined
def _link(
    keys: NDArray[np.uint32], heads: NDArray[np.int32], links: NDArray[np.int32], slot: Integer
) -> None:
    mask = np.uint32(heads.shape[1] - 1)
    for band in range(keys.shape[1]):
        chain = keys[slot, band] & mask
        links[slot, band] = heads[band, chain]
        heads[band, chain] = slot


@kernel
def link_all(
    keys: NDArray[np.uint32],
    n_slots: Integer,
    heads: NDArray[np.int32],
    links: NDArray[np.int32],
) -> None:
    """
    Chain all slots anew, after `heads` was replaced by a larger table.

    Parameters
    ----------
    keys : ndarray of uint32, shape (capacity, bands)
        Band keys of each slot.
    n_slots : int
        Slots in use.
    heads : ndarray of int32, shape (bands, n_chains)
        Newest slot of each chain: `NO_SLOT` throughout, and receives them.
        `n_chains` is a power of two.
    links : ndarray of int32, shape (capacity, bands)
        Receives the next older slot of each slot's chain, or `NO_SLOT`.
    """
    for slot in range(n_slots):
        _link(keys, heads, links, slot)


@inlined
def _place(table: NDArray[np.uint32], used: NDArray[np.int32], value: np.uint32) -> Integer:
    """Return the place of a value in an open-addressing table, or where it would go."""
    mask = np.uint32(table.shape[0] - 1)
    at = np.uint32(np.uint32(value * _GOLDEN) ^ np.uint32(value >> np.uint32(15))) & mask
    while used[at] >= 0 and table[at] != value:
        at = np.uint32(at + np.uint32(1)) & mask
    return np.int64(at)


@inlined
def _count_hits(
    tokens: NDArray[np.uint32],
    start: Integer,
    length: Integer,
    shingle_size: Integer,
    table: NDArray[np.uint32],
    seen: NDArray[np.int32],
    mark: Integer,
) -> Integer:
    """Count the distinct shingles of a run that are in the table."""
    width = min(shingle_size, length)
    hits = 0
    for s in range(max(length - shingle_size + 1, 1)):
        value = xxh32_words(tokens, start + s, start + s + width, np.uint32(0))
        at = _place(table, seen, value)
        if seen[at] >= 0 and seen[at] != mark:
            seen[at] = mark
            hits += 1
    return hits


@kernel
def probe(
    batch_tokens: NDArray[np.uint32],
    batch_offsets: NDArray[np.int64],
    replaced: NDArray[np.int64],
    insert: bool,
    first_slot: Integer,
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    rows_per_band: Integer,
    shingle_size: Integer,
    threshold: float,
    bucket_limit: Integer,
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int32],
    sizes: NDArray[np.int32],
    alive: NDArray[np.uint8],
    keys: NDArray[np.uint32],
    heads: NDArray[np.int32],
    links: NDArray[np.int32],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], int]:
    """
    Look up documents one after another, and add each before the next if asked.

    Parameters
    ----------
    batch_tokens : ndarray of uint32
        Token hashes of the documents.
    batch_offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document.
    replaced : ndarray of int64, shape (n_documents,)
        Slot that each document replaces, or `NO_SLOT`.
    insert : bool
        Whether to add the documents, at slots from `first_slot`.
    first_slot : int
        First free slot; everything per slot has room for the documents.
    multipliers, increments : ndarray of uint32, shape (bands * rows_per_band,)
        The permutations that the bands read.
    rows_per_band, shingle_size : int
        As in `Config`.
    threshold : float
        As in `Config`.
    bucket_limit : int
        As in `Config`: of a chain that many of the newest members with the key
        are compared.
    tokens : ndarray of uint32
        Token hashes of all slots, with room for those of the documents.
    starts, lengths, sizes, alive : ndarray, shape (capacity,)
        Of each slot: where its tokens begin, how many they are, its distinct
        shingles, and whether it counts.
    keys, heads, links : ndarray of uint32, int32, int32
        As in `link_all`.

    Returns
    -------
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document's matches.
    slots : ndarray of int64, shape (n_matches, 2)
        Slot and relation of each match.
    scores : ndarray of float64, shape (n_matches, 2)
        Jaccard similarity and containment.
    n_cut_short : int
        Chains that were left at the limit.
    """
    n_documents = batch_offsets.shape[0] - 1
    n_bands = keys.shape[1]
    mask = np.uint32(heads.shape[1] - 1)
    offsets = np.zeros(n_documents + 1, np.int64)
    found = np.empty((16, 2), np.int64)
    scores = np.empty((16, 2), np.float64)
    n_found = 0
    n_cut_short = 0
    minima = np.empty(multipliers.shape[0], np.uint32)
    own_keys = np.empty(n_bands, np.uint32)
    # Of a chain that was left at the limit only slots from here on were compared.
    lowest = np.zeros(n_bands, np.int64)
    shingles = np.empty(64, np.uint32)
    table = np.empty(256, np.uint32)
    seen = np.empty(256, np.int32)
    free = starts[first_slot]
    for d in range(n_documents):
        offsets[d] = n_found
        slot = first_slot + d
        length = batch_offsets[d + 1] - batch_offsets[d]
        # The document goes behind the last slot, so that one array holds both sides.
        begin = free
        for t in range(length):
            tokens[begin + t] = batch_tokens[batch_offsets[d] + t]
        if replaced[d] != NO_SLOT:
            alive[replaced[d]] = 0
        size = 0
        if length > 0:
            n_shingles = max(length - shingle_size + 1, 1)
            width = min(np.int64(shingle_size), length)
            if n_shingles > shingles.shape[0]:
                shingles = np.empty(2 * n_shingles, np.uint32)
            places = 4
            while places < 2 * n_shingles:
                places *= 2
            if places > table.shape[0]:
                table = np.empty(places, np.uint32)
                seen = np.empty(places, np.int32)
            own_table = table[:places]
            own_seen = seen[:places]
            for place in range(places):
                own_seen[place] = -1
            for s in range(n_shingles):
                value = xxh32_words(tokens, begin + s, begin + s + width, np.uint32(0))
                at = _place(own_table, own_seen, value)
                if own_seen[at] < 0:
                    own_table[at] = value
                    own_seen[at] = 0
                    shingles[size] = value
                    size += 1
            sign_one(shingles, 0, size, multipliers, increments, minima)
            for band in range(n_bands):
                at = band * rows_per_band
                own_keys[band] = xxh32_words(minima, at, at + rows_per_band, np.uint32(band))
            mark = 0
            for band in range(n_bands):
                n_members = 0
                lowest[band] = 0
                other = heads[band, own_keys[band] & mask]
                while other != NO_SLOT:
                    candidate = other
                    other = links[candidate, band]
                    if alive[candidate] == 0 or keys[candidate, band] != own_keys[band]:
                        continue
                    n_members += 1
                    if n_members > bucket_limit:
                        n_cut_short += 1
                        lowest[band] = candidate + 1
                        break
                    met = False
                    for earlier in range(band):
                        if (
                            keys[candidate, earlier] == own_keys[earlier]
                            and candidate >= lowest[earlier]
                        ):
                            met = True
                            break
                    if met:
                        continue
                    other_size = np.int64(sizes[candidate])
                    smaller = min(np.int64(size), other_size)
                    larger = max(np.int64(size), other_size)
                    if smaller / larger < threshold:
                        continue
                    mark += 1
                    shared = _count_hits(
                        tokens,
                        starts[candidate],
                        np.int64(lengths[candidate]),
                        np.int64(shingle_size),
                        own_table,
                        own_seen,
                        mark,
                    )
                    jaccard = shared / (size + other_size - shared)
                    if jaccard < threshold:
                        continue
                    if n_found == found.shape[0]:
                        wider_found = np.empty((2 * n_found, 2), np.int64)
                        wider_scores = np.empty((2 * n_found, 2), np.float64)
                        for row in range(n_found):
                            for column in range(2):
                                wider_found[row, column] = found[row, column]
                                wider_scores[row, column] = scores[row, column]
                        found = wider_found
                        scores = wider_scores
                    found[n_found, 0] = candidate
                    found[n_found, 1] = relation_of(
                        tokens,
                        begin,
                        length,
                        starts[candidate],
                        np.int64(lengths[candidate]),
                        shared == smaller,
                    )
                    scores[n_found, 0] = jaccard
                    scores[n_found, 1] = shared / smaller
                    n_found += 1
        if insert:
            starts[slot] = begin
            lengths[slot] = length
            sizes[slot] = size
            alive[slot] = 1
            free = begin + length
            starts[slot + 1] = free
            if length > 0:
                for band in range(n_bands):
                    keys[slot, band] = own_keys[band]
                _link(keys, heads, links, slot)
    offsets[n_documents] = n_found
    return offsets, found[:n_found], scores[:n_found], n_cut_short


@kernel
def gather_runs(
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    offsets: NDArray[np.int64],
    gathered: NDArray[np.uint32],
) -> None:
    """
    Copy token runs together.

    Parameters
    ----------
    tokens : ndarray of uint32
        Holds the runs.
    starts : ndarray of int64, shape (n_runs,)
        Where each begins.
    offsets : ndarray of int64, shape (n_runs + 1,)
        Bounds of each in `gathered`.
    gathered : ndarray of uint32
        Receives the runs, one after another.
    """
    for i in range(starts.shape[0]):
        length = offsets[i + 1] - offsets[i]
        for t in range(length):
            gathered[offsets[i] + t] = tokens[starts[i] + t]
