"""The in-memory index: hash chains of band keys, probed and extended one document at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.founders import (
    MOST_TRIED,
    NO_FOUNDER,
    Founders,
    is_among,
    next_founder,
    settle,
)
from dedupe_news.kernels.hashing import xxh32_words
from dedupe_news.kernels.minhash import sign_one
from dedupe_news.kernels.relations import relation_of
from dedupe_news.kernels.verification import SKETCH_WORDS, most_shared, sketch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

NO_SLOT = -1

T = TypeVar("T", bound=np.generic)

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
    first: Integer,
    stop: Integer,
    lengths: NDArray[np.int32],
    heads: NDArray[np.int32],
    links: NDArray[np.int32],
) -> None:
    """
    Chain slots, after they were filled in or `heads` was replaced by a larger table.

    Parameters
    ----------
    keys : ndarray of uint32, shape (capacity, bands)
        Band keys of each slot.
    first, stop : int
        Slots to chain, all behind those that are chained.
    lengths : ndarray of int32, shape (capacity,)
        Tokens of each slot; one without is not chained.
    heads : ndarray of int32, shape (bands, n_chains)
        Newest slot of each chain, or `NO_SLOT`; changed. `n_chains` is a power
        of two.
    links : ndarray of int32, shape (capacity, bands)
        Receives the next older slot of each slot's chain, or `NO_SLOT`.
    """
    for slot in range(first, stop):
        if lengths[slot] > 0:
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
def _n_places(length: Integer) -> Integer:
    """Return the size of a table for the shingles of a run, at most half full."""
    n_places = np.int64(4)
    while n_places < 2 * length:
        n_places *= 2
    return n_places


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


@inlined
def _fill_table(
    tokens: NDArray[np.uint32],
    start: Integer,
    length: Integer,
    shingle_size: Integer,
    table: NDArray[np.uint32],
    seen: NDArray[np.int32],
    shingles: NDArray[np.uint32],
    sketches: NDArray[np.uint64],
    slot: Integer,
) -> Integer:
    """Write a run's distinct shingles, their table and their sketch; return their number."""
    for place in range(seen.shape[0]):
        seen[place] = -1
    for word in range(SKETCH_WORDS):
        sketches[slot, word] = np.uint64(0)
    width = min(np.int64(shingle_size), np.int64(length))
    size = 0
    for s in range(max(length - shingle_size + 1, 1)):
        value = xxh32_words(tokens, start + s, start + s + width, np.uint32(0))
        at = _place(table, seen, value)
        if seen[at] < 0:
            table[at] = value
            seen[at] = 0
            shingles[size] = value
            sketch(sketches, slot, value)
            size += 1
    return size


@kernel
def sign_slots(
    first: Integer,
    stop: Integer,
    longest: Integer,
    multipliers: NDArray[np.uint32],
    increments: NDArray[np.uint32],
    rows_per_band: Integer,
    shingle_size: Integer,
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    lengths: NDArray[np.int32],
    sizes: NDArray[np.int32],
    sketches: NDArray[np.uint64],
    keys: NDArray[np.uint32],
) -> None:
    """
    Write sizes, sketches and band keys of slots whose tokens are there.

    Parameters
    ----------
    first, stop : int
        The slots.
    longest : int
        Most tokens of any of them.
    multipliers, increments : ndarray of uint32
        As for `probe`.
    rows_per_band, shingle_size : int
        As for `probe`.
    tokens, starts, lengths : ndarray of uint32, int64, int32
        As for `probe`.
    sizes, sketches, keys : ndarray of int32, uint64, uint32
        As for `probe`; overwritten for the slots.
    """
    minima = np.empty(multipliers.shape[0], np.uint32)
    shingles = np.empty(longest + 1, np.uint32)
    n_places = _n_places(longest)
    table = np.empty(n_places, np.uint32)
    seen = np.empty(n_places, np.int32)
    for slot in range(first, stop):
        start, length = starts[slot], np.int64(lengths[slot])
        sizes[slot] = 0
        if length > 0:
            n_places = _n_places(length)
            own_table = table[:n_places]
            own_seen = seen[:n_places]
            sizes[slot] = _fill_table(
                tokens, start, length, shingle_size, own_table, own_seen, shingles, sketches, slot
            )
            sign_one(shingles, 0, np.int64(sizes[slot]), multipliers, increments, minima)
            for band in range(keys.shape[1]):
                at = band * rows_per_band
                keys[slot, band] = xxh32_words(minima, at, at + rows_per_band, np.uint32(band))


@inlined
def _met_before(
    keys: NDArray[np.uint32],
    lowest: NDArray[np.int64],
    band: Integer,
    slot: Integer,
    candidate: Integer,
) -> bool:
    for earlier in range(band):
        if keys[candidate, earlier] == keys[slot, earlier] and candidate >= lowest[earlier]:
            return True
    return False


@kernel
def probe(
    batch_tokens: NDArray[np.uint32],
    batch_offsets: NDArray[np.int64],
    replaced: NDArray[np.int64],
    insert: bool,
    begin: Integer,
    first_slot: Integer,
    longest: Integer,
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
    sketches: NDArray[np.uint64],
    keys: NDArray[np.uint32],
    heads: NDArray[np.int32],
    links: NDArray[np.int32],
    founders: Founders,
    window: Integer,
    offsets: NDArray[np.int64],
    found: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> tuple[Integer, Integer]:
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
        Whether to add the documents, each at the next free slot.
    begin : int
        First document to do.
    first_slot : int
        First free slot; everything per slot has room for the documents, or
        for one of them where they are not added.
    longest : int
        Most tokens of any of the documents.
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
    sketches : ndarray of uint64, shape (capacity, SKETCH_WORDS)
        As in `dedupe_news.kernels.verification`.
    keys, heads, links : ndarray of uint32, int32, int32
        As in `link_all`.
    founders : Founders
        The clusters, with the numbers and moments of documents to be added.
    window : int
        Microseconds within which documents can be of one cluster.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document's matches; ``offsets[begin]`` is given.
    found : ndarray of int64, shape (n_rows, 2)
        Receives slot and relation of each match.
    scores : ndarray of float64, shape (n_rows, 3)
        Receives Jaccard similarity, containment and 1.

    Returns
    -------
    done : int
        One past the last document that was done: all, unless `found` has not
        the room for the matches of that one.
    n_cut_short : int
        Chains that were left at the limit.
    """
    n_documents = batch_offsets.shape[0] - 1
    n_bands = keys.shape[1]
    mask = np.uint32(heads.shape[1] - 1)
    share = threshold / (1.0 + threshold)
    minima = np.empty(multipliers.shape[0], np.uint32)
    # Of a chain that was left at the limit only slots from here on were compared.
    lowest = np.zeros(n_bands, np.int64)
    shingles = np.empty(longest + 1, np.uint32)
    n_places = _n_places(longest)
    table = np.empty(n_places, np.uint32)
    seen = np.empty(n_places, np.int32)
    tried = np.empty(MOST_TRIED, np.int64)
    slot = np.int64(first_slot)
    n_found = offsets[begin]
    all_cut_short = 0
    for d in range(begin, n_documents):
        length = batch_offsets[d + 1] - batch_offsets[d]
        # The document goes behind the last slot, so that one array holds both sides.
        start = starts[slot]
        for t in range(length):
            tokens[start + t] = batch_tokens[batch_offsets[d] + t]
        if replaced[d] != NO_SLOT:
            alive[replaced[d]] = 0
        size: Integer = 0
        mark = 0
        n_cut_short = 0
        n_places = _n_places(length)
        own_table = table[:n_places]
        own_seen = seen[:n_places]
        if length > 0:
            size = _fill_table(
                tokens, start, length, shingle_size, own_table, own_seen, shingles, sketches, slot
            )
            sign_one(shingles, 0, size, multipliers, increments, minima)
            for band in range(n_bands):
                at = band * rows_per_band
                keys[slot, band] = xxh32_words(minima, at, at + rows_per_band, np.uint32(band))
            for band in range(n_bands):
                n_members = 0
                lowest[band] = 0
                own_key = keys[slot, band]
                other = np.int64(heads[band, own_key & mask])
                while other != NO_SLOT:
                    candidate = other
                    other = np.int64(links[candidate, band])
                    if keys[candidate, band] != own_key or alive[candidate] == 0:
                        continue
                    n_members += 1
                    if n_members > bucket_limit:
                        n_cut_short += 1
                        lowest[band] = candidate + 1
                        break
                    other_size = np.int64(sizes[candidate])
                    # As in `verification.jaccard_of`.
                    least = np.int64((size + other_size) * share)
                    if most_shared(sketches, slot, candidate, size, other_size) < least:
                        continue
                    if _met_before(keys, lowest, band, slot, candidate):
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
                        return d, all_cut_short
                    smaller = min(np.int64(size), other_size)
                    found[n_found, 0] = candidate
                    found[n_found, 1] = relation_of(
                        tokens,
                        start,
                        length,
                        starts[candidate],
                        np.int64(lengths[candidate]),
                        shared == smaller,
                    )
                    scores[n_found, 0] = jaccard
                    scores[n_found, 1] = shared / smaller
                    scores[n_found, 2] = 1.0
                    n_found += 1
        offsets[d + 1] = n_found
        all_cut_short += n_cut_short
        if insert:
            lengths[slot] = length
            sizes[slot] = size
            alive[slot] = 1
            starts[slot + 1] = start + length
            n_tried = 0
            founder: Integer = NO_FOUNDER
            while n_found > offsets[d]:  # left at the first founder that it matches, or at none
                founder = next_founder(
                    founders,
                    alive,
                    found,
                    scores,
                    offsets[d],
                    n_found,
                    slot,
                    window,
                    tried,
                    n_tried,
                )
                if founder == NO_FOUNDER or is_among(found, offsets[d], n_found, founder):
                    break
                mark += 1
                shared = _count_hits(
                    tokens,
                    starts[founder],
                    np.int64(lengths[founder]),
                    np.int64(shingle_size),
                    own_table,
                    own_seen,
                    mark,
                )
                if shared / (size + np.int64(sizes[founder]) - shared) >= threshold:
                    break
                tried[n_tried] = founder
                n_tried += 1
            settle(founders, slot, replaced[d], founder)
            if length > 0:
                _link(keys, heads, links, slot)
            slot += 1
    return n_documents, all_cut_short


@kernel
def gather_runs(
    values: NDArray[T],
    starts: NDArray[np.int64],
    offsets: NDArray[np.int64],
    gathered: NDArray[T],
) -> None:
    """
    Copy runs of tokens or bytes together.

    Parameters
    ----------
    values : ndarray
        Holds the runs.
    starts : ndarray of int64, shape (n_runs,)
        Where each begins.
    offsets : ndarray of int64, shape (n_runs + 1,)
        Bounds of each in `gathered`.
    gathered : ndarray of the same type
        Receives the runs, one after another.
    """
    for i in range(starts.shape[0]):
        length = offsets[i + 1] - offsets[i]
        for t in range(length):
            gathered[offsets[i] + t] = values[starts[i] + t]
