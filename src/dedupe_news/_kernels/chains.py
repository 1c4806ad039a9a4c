"""
Hash chains of band keys, and the documents met along them.

A chain leads from newer slots to older ones. So from a slot's own links it is as
it was when the slot was chained, and many documents can be chained first and
looked up afterwards, by several threads, as if each had come after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.relations import relation_of
from dedupe_news._kernels.shingle_sets import count_hits, fill_set, n_places
from dedupe_news._kernels.signing import KEY, LINK, SIZE
from dedupe_news._kernels.verification import most_shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

NO_LINK = 0xFFFFFFFF
"""Ends a chain."""


@kernel
def link_slots(
    first: Integer,
    stop: Integer,
    first_band: Integer,
    stop_band: Integer,
    starts: NDArray[np.int64],
    heads: NDArray[np.uint32],
    chains: NDArray[np.uint32],
) -> None:
    """
    Chain slots, after they were signed or `heads` was replaced by a larger table.

    Parameters
    ----------
    first, stop : int
        Slots to chain, all behind those that are chained.
    first_band, stop_band : int
        The bands to chain them in.
    starts : ndarray of int64, shape (capacity + 1,)
        Where the tokens of each slot begin; one without is not chained.
    heads : ndarray of uint32, shape (bands, n_chains)
        Newest slot of each chain, or `NO_LINK`; changed. `n_chains` is a power
        of two.
    chains : ndarray of uint32, shape (capacity, bands, 2)
        Band keys of each slot; receives the next older slot of its chain, or
        `NO_LINK`.
    """
    mask = np.uint32(heads.shape[1] - 1)
    # Band by band, so that the heads of one stay in the cache.
    for band in range(first_band, stop_band):
        for slot in range(first, stop):
            if starts[slot] < starts[slot + 1]:
                chain = chains[slot, band, KEY] & mask
                chains[slot, band, LINK] = heads[band, chain]
                heads[band, chain] = np.uint32(slot)


@inlined
def _had_left(
    leavers: NDArray[np.int64], replacements: NDArray[np.int64], candidate: Integer, slot: Integer
) -> bool:
    """Return whether a document had been replaced when another one came, or was by that."""
    if leavers.shape[0] == 0:
        return False
    at = np.searchsorted(leavers, candidate)
    return bool(at < leavers.shape[0] and leavers[at] == candidate and replacements[at] <= slot)


@inlined
def _met_before(
    chains: NDArray[np.uint32],
    lowest: NDArray[np.int64],
    band: Integer,
    slot: Integer,
    candidate: Integer,
) -> bool:
    for earlier in range(band):
        if (
            chains[candidate, earlier, KEY] == chains[slot, earlier, KEY]
            and candidate >= lowest[earlier]
        ):
            return True
    return False


@kernel
def meet(
    first: Integer,
    begin: Integer,
    stop: Integer,
    are_linked: bool,
    leavers: NDArray[np.int64],
    replacements: NDArray[np.int64],
    longest: Integer,
    shingle_size: Integer,
    threshold: float,
    bucket_limit: Integer,
    tokens: NDArray[np.uint32],
    starts: NDArray[np.int64],
    alive: NDArray[np.uint8],
    sketches: NDArray[np.uint64],
    heads: NDArray[np.uint32],
    chains: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    found: NDArray[np.int64],
    scores: NDArray[np.float64],
) -> tuple[Integer, Integer]:
    """
    Look up documents that are signed, each among those before it.

    Parameters
    ----------
    first : int
        Slot of the first document of a range.
    begin, stop : int
        Documents of the range to do.
    are_linked : bool
        Whether they are chained; else each is looked up among all that are.
    leavers : ndarray of int64, shape (n_replaced,)
        Slots, increasing, that documents of the batch replace; they count
        until then.
    replacements : ndarray of int64, shape (n_replaced,)
        Slots of those documents.
    longest : int
        Most tokens of any of the documents.
    shingle_size : int
        As in `Config`.
    threshold : float
        As in `Config`.
    bucket_limit : int
        As in `Config`: of a chain that many of the newest members with the key
        are compared.
    tokens, starts, sketches : ndarray of uint32, int64, uint64
        As for `sign_slots`.
    alive : ndarray of uint8, shape (capacity,)
        Whether each slot counts.
    heads, chains : ndarray of uint32
        As for `link_slots`.
    offsets : ndarray of int64, shape (stop + 1,)
        Bounds of each document's matches; ``offsets[begin]`` is given.
    found : ndarray of int64, shape (n_rows, 2)
        Receives slot and relation of each match.
    scores : ndarray of float64, shape (n_rows, 4)
        Receives Jaccard similarity, containment, 1, and the similarity again:
        how good an answer it is.

    Returns
    -------
    done : int
        One past the last document that was done: `stop`, unless `found` has
        not the room for the matches of that one.
    n_cut_short : int
        Chains that were left at the limit.
    """
    n_bands = chains.shape[1]
    mask = np.uint32(heads.shape[1] - 1)
    share = threshold / (1.0 + threshold)
    # Of a chain that was left at the limit only slots from here on were compared.
    lowest = np.zeros(n_bands, np.int64)
    newest = np.empty(n_bands, np.uint32)
    shingles = np.empty(longest + 1, np.uint32)
    most_places = n_places(longest)
    table = np.empty(most_places, np.uint32)
    seen = np.empty(most_places, np.int32)
    n_found = offsets[begin]
    all_cut_short = 0
    for document in range(begin, stop):
        slot = first + document
        start = starts[slot]
        length = starts[slot + 1] - start
        size = np.int64(sketches[slot, SIZE])
        offsets[document + 1] = n_found
        if length == 0:
            continue
        room = n_places(length)
        own_table = table[:room]
        own_seen = seen[:room]
        mark: Integer = 0
        n_cut_short = 0
        # Of all bands at once: memory answers them together.
        for band in range(n_bands):
            if are_linked:
                newest[band] = chains[slot, band, LINK]
            else:
                newest[band] = heads[band, chains[slot, band, KEY] & mask]
        for band in range(n_bands):
            n_members = 0
            lowest[band] = 0
            own_key = chains[slot, band, KEY]
            link = newest[band]
            while link != NO_LINK:
                candidate = np.int64(link)
                link = chains[candidate, band, LINK]
                if (
                    chains[candidate, band, KEY] != own_key
                    or alive[candidate] == 0
                    or _had_left(leavers, replacements, candidate, slot)
                ):
                    continue
                n_members += 1
                if n_members > bucket_limit:
                    n_cut_short += 1
                    lowest[band] = candidate + 1
                    break
                other_size = np.int64(sketches[candidate, SIZE])
                # As in `verification.jaccard_of`.
                least = np.int64((size + other_size) * share)
                if most_shared(sketches, slot, candidate, size, other_size) < least:
                    continue
                if _met_before(chains, lowest, band, slot, candidate):
                    continue
                if mark == 0:
                    fill_set(tokens, start, length, shingle_size, own_table, own_seen, shingles)
                mark += 1
                other_start = starts[candidate]
                other_length = starts[candidate + 1] - other_start
                shared = count_hits(
                    tokens,
                    other_start,
                    other_length,
                    shingle_size,
                    own_table,
                    own_seen,
                    mark,
                    least,
                )
                jaccard = shared / (size + other_size - shared)
                if jaccard < threshold:
                    continue
                if n_found == found.shape[0]:
                    return document, all_cut_short
                smaller = min(size, other_size)
                found[n_found, 0] = candidate
                found[n_found, 1] = relation_of(
                    tokens, start, length, other_start, other_length, shared == smaller
                )
                scores[n_found, 0] = jaccard
                scores[n_found, 1] = shared / smaller
                scores[n_found, 2] = 1.0
                scores[n_found, 3] = jaccard
                n_found += 1
        offsets[document + 1] = n_found
        all_cut_short += n_cut_short
    return np.int64(stop), all_cut_short
