"""
Rare shingles where not all shingles are in one place at one time.

The shingles of texts are dealt out to parts of the hash space, each part is
scanned by itself, and the codes found go back to the texts: the same as
`dedupe_news.postings.find_related`, in steps that a run out of core takes one
after another, and a cluster of machines side by side. Texts are in blocks of
consecutive numbers; what a part says of a block is in the order of the block's
shingles, so that no position needs to travel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.kernels import parting as kernels
from dedupe_news.kernels import postings as postings_kernels
from dedupe_news.kernels.votes import MOST_TEXTS, TEMPLATE_SHARE
from dedupe_news.postings import count_codes
from dedupe_news.sorting import pack_repeated, sort_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PART_SIZE = 1 << 17
_MOST_PART_BITS = 12
_HALF = np.uint64(32)


class ScannedPart(NamedTuple):
    """
    What the postings of a part say.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, once for every rare shingle the two share.
    frequency, spread : ndarray of uint8, shape (n_postings,)
        Codes of the number of texts, and of days, with each posting's shingle.
    """

    pairs: NDArray[np.uint64]
    frequency: NDArray[np.uint8]
    spread: NDArray[np.uint8]


def part_bits_for(n_shingles: int) -> int:
    """
    Return into how many parts to cut the hash space.

    Parameters
    ----------
    n_shingles : int
        Shingles of all texts.

    Returns
    -------
    int
        ``part_bits``: there are ``2**part_bits`` parts, of some 100,000
        shingles each, or more where that would be more than 4,096 parts.
    """
    return min(max(n_shingles // _PART_SIZE, 1).bit_length() - 1, _MOST_PART_BITS)


def count_postings(shingles: NDArray[np.uint32], part_bits: int) -> NDArray[np.int64]:
    """
    Count the shingles of a block in each part.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of the block.
    part_bits : int
        From `part_bits_for`.

    Returns
    -------
    ndarray of int64, shape (2**part_bits,)
        Postings of the block in each part.
    """
    return postings_kernels.count_parts(shingles, 0, len(shingles), part_bits)


def part_shingles(
    shingles: NDArray[np.uint32], offsets: NDArray[np.int64], first_text: int, part_bits: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """
    Deal the shingles of a block out to the parts.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of the block.
    offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text.
    first_text : int
        Number of the block's first text.
    part_bits : int
        From `part_bits_for`.

    Returns
    -------
    postings : ndarray of uint64, shape (n_shingles,)
        ``shingle << 32 | text``, part after part, in each in order of the texts.
    bounds : ndarray of int64, shape (2**part_bits + 1,)
        Bounds of each part.
    """
    bounds = np.zeros((1 << part_bits) + 1, np.int64)
    np.cumsum(count_postings(shingles, part_bits), out=bounds[1:])
    postings = np.empty(len(shingles), np.uint64)
    kernels.fill_postings(shingles, offsets, first_text, part_bits, 0, bounds[:-1].copy(), postings)
    return postings, bounds


def scan_part(postings: NDArray[np.uint64], days: NDArray[np.int32]) -> ScannedPart:
    """
    Count the shingles of a part, and pair the texts that share rare ones.

    Parameters
    ----------
    postings : ndarray of uint64, shape (n_postings,)
        All postings of the part, block after block.
    days : ndarray of int32, shape (n_texts,) or (0,)
        Day of publication by text number, not decreasing where known; -1 for
        unknown; of no length where none is known.

    Returns
    -------
    ScannedPart
        Its codes are in the order of the postings.
    """
    frequency = np.zeros(len(postings), np.uint8)
    spread = np.zeros(len(postings), np.uint8)
    pairs = postings_kernels.scan(
        pack_repeated((postings >> _HALF).astype(np.uint32)),
        postings.astype(np.uint32),
        np.arange(len(postings), dtype=np.uint32),
        days,
        MOST_TEXTS,
        count_codes(),
        frequency,
        spread,
    )
    return ScannedPart(pairs.copy(), frequency, spread)  # without the room not needed


def return_codes(
    shingles: NDArray[np.uint32],
    part_bits: int,
    bounds: NDArray[np.int64],
    frequency: NDArray[np.uint8],
    spread: NDArray[np.uint8],
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """
    Bring the codes of a block back into the order of its shingles.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of the block.
    part_bits : int
        As they were dealt out.
    bounds : ndarray of int64, shape (2**part_bits + 1,)
        Bounds of each part in what follows, as from `part_shingles`.
    frequency, spread : ndarray of uint8, shape (n_shingles,)
        What each part said of the block, part after part.

    Returns
    -------
    frequency, spread : ndarray of uint8, shape (n_shingles,)
        Codes of each shingle, in text order.
    """
    returned = np.empty((2, len(shingles)), np.uint8)
    kernels.return_codes(shingles, part_bits, bounds[:-1].copy(), frequency, spread, *returned)
    return returned[0], returned[1]


def template_keys(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    frequency: NDArray[np.uint8],
    first_text: int,
) -> NDArray[np.uint64]:
    """
    Return two keys of every text of a block that is largely made of common shingles.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of the block.
    offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text.
    frequency : ndarray of uint8, shape (n_shingles,)
        Codes of the number of texts with each shingle.
    first_text : int
        Number of the block's first text.

    Returns
    -------
    ndarray of uint64, shape (n_keys,)
        ``key << 32 | text``.
    """
    keys = np.empty(2 * (len(offsets) - 1), np.uint64)
    most_code = int(count_codes()[MOST_TEXTS])
    n_keys = postings_kernels.pack_template_keys(
        shingles, offsets, frequency, most_code, TEMPLATE_SHARE, keys
    )
    return keys[:n_keys] + np.uint64(first_text)


def link_templates(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """
    Pair each text of a template with the first of it, and with the one before.

    Parameters
    ----------
    keys : ndarray of uint64, shape (n_keys,)
        From `template_keys`, all keys of the same value together; sorted in
        place.

    Returns
    -------
    ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, some more than once.
    """
    sort_values(keys)
    pairs = np.empty(2 * len(keys), np.uint64)
    return pairs[: postings_kernels.link_buckets(keys, pairs)]


def candidates(
    shared: NDArray[np.uint64],
    linked: NDArray[np.uint64],
    lengths: NDArray[np.int64] | NDArray[np.int32],
) -> NDArray[np.uint64]:
    """
    Return the pairs that are worth judging.

    Parameters
    ----------
    shared : ndarray of uint64, shape (n_shared,)
        Pairs from `scan_part`, all of the same texts together; overwritten.
    linked : ndarray of uint64, shape (n_linked,)
        Pairs from `link_templates` of the same first texts.
    lengths : ndarray of int64 or int32, shape (n_texts,)
        Tokens of each text, by the numbers in the pairs.

    Returns
    -------
    ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, increasing, each once.
    """
    sort_values(shared)
    related = shared[: postings_kernels.keep_related(shared, lengths)]
    pairs = np.concatenate((related, linked))
    sort_values(pairs)
    distinct = np.ones(len(pairs), bool)
    distinct[1:] = pairs[1:] != pairs[:-1]
    return pairs[distinct]
