"""Rare shingles: candidates that share little, and how common each shingle is."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.errors import InputError
from dedupe_news.kernels import postings as kernels
from dedupe_news.kernels.votes import MOST_TEXTS
from dedupe_news.sorting import pack_repeated, sort_values
from dedupe_news.threads import run, shares, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

CODES_PER_NEPER = 16
"""A count ``c`` is kept as the byte ``round(16 * ln(c))``: within 3 %, up to 4,095."""

MOST_PLACES = 1 << 22
"""Places of the largest table that tokens are counted in."""

_LARGEST_COUNT = 4095
_LEAST_PLACE_BITS = 10
_MOST_SHINGLES = 1 << 32  # places are kept in 32 bits
_PART_SIZE = 1 << 16
_MOST_PART_BITS = 12


def count_codes() -> NDArray[np.uint8]:
    """
    Return the byte that stands for each count.

    Returns
    -------
    ndarray of uint8, shape (4096,)
        ``round(16 * ln(count))``; 0 for 0 and 1.
    """
    codes = np.zeros(_LARGEST_COUNT + 1, np.uint8)
    codes[1:] = np.round(CODES_PER_NEPER * np.log(np.arange(1, _LARGEST_COUNT + 1)))
    return codes


@dataclasses.dataclass(frozen=True, slots=True)
class Postings:
    """
    What the shingles of a batch say.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        Candidates, ``text << 32 | later text``, increasing.
    frequency, spread : ndarray of uint8, shape (n_shingles,)
        Codes of the number of texts, and of days, with each position's shingle.
    """

    pairs: NDArray[np.uint64]
    frequency: NDArray[np.uint8]
    spread: NDArray[np.uint8]


def find_related(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    days: NDArray[np.int32],
    n_jobs: int,
) -> Postings:
    """
    Pair the texts that share rare shingles.

    Every two texts that share enough shingles of at most `MOST_TEXTS` texts each
    are a candidate pair, however little else they share: edited, shortened and
    re-headlined copies, and a teaser with the article it was cut from. What is
    enough, `dedupe_news.kernels.votes.least_shared` says. Texts largely made of
    common shingles are paired with the first text of the same template, and
    the one before, so that the work stays linear.

    Parameters
    ----------
    shingles : ndarray of uint32, shape (n_shingles,)
        Shingle hashes of all texts.
    offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text.
    lengths : ndarray of int64, shape (n_texts,)
        Tokens of each text.
    days : ndarray of int32, shape (n_texts,) or (0,)
        Day of publication of each text, not decreasing where known; -1 for
        unknown; of no length where none is known.
    n_jobs : int
        Threads.

    Returns
    -------
    Postings
        The same for any `n_jobs`.

    Raises
    ------
    InputError
        If there are 2**32 shingles or more.
    """
    n_texts = len(offsets) - 1
    n_shingles = len(shingles)
    if n_shingles >= _MOST_SHINGLES:
        message = (
            f"the feed has {n_shingles:,} shingles, but one batch in memory holds fewer than "
            f"{_MOST_SHINGLES:,}. Split the feed and add the parts to a NewsIndex"
        )
        raise InputError(message)
    part_bits = min(max(n_shingles // _PART_SIZE, 1).bit_length() - 1, _MOST_PART_BITS)
    ranges = split(n_texts, n_jobs)

    def count(bounds: tuple[int, int]) -> NDArray[np.int64]:
        start, stop = bounds
        return kernels.count_parts(shingles, offsets[start], offsets[stop], part_bits)

    counts = np.array(run(count, ranges, n_jobs)).reshape(len(ranges), 1 << part_bits)
    bounds = np.zeros((1 << part_bits) + 1, np.int64)
    np.cumsum(counts.sum(axis=0), out=bounds[1:])
    free = bounds[:-1] + np.cumsum(counts, axis=0) - counts
    hashes = np.empty(n_shingles, np.uint32)
    positions = np.empty(n_shingles, np.uint32)
    texts = np.empty(n_shingles, np.uint32)

    def fill(number: int) -> None:
        kernels.fill_parts(
            shingles, offsets, *ranges[number], part_bits, free[number], hashes, positions, texts
        )

    run(fill, range(len(ranges)), n_jobs)
    codes = count_codes()
    frequency = np.zeros(n_shingles, np.uint8)
    spread = np.zeros(n_shingles, np.uint8)

    def scan(part: int) -> NDArray[np.uint64]:
        own = slice(bounds[part], bounds[part + 1])
        pairs = kernels.scan(
            pack_repeated(hashes[own]),
            texts[own],
            positions[own],
            days,
            MOST_TEXTS,
            codes,
            frequency,
            spread,
        )
        return pairs.copy()  # without the room that was not needed

    shared = run(scan, range(1 << part_bits), n_jobs)
    return Postings(_keep_related(shared, lengths, n_jobs), frequency, spread)


def _keep_related(
    shared: list[NDArray[np.uint64]], lengths: NDArray[np.int64], n_jobs: int
) -> NDArray[np.uint64]:
    """Return the pairs that share enough rare shingles, increasing."""
    n_pairs = sum(map(len, shared))
    text_bits = max(len(lengths).bit_length(), 1)
    range_bits = max(0, text_bits - max(1, n_pairs // _PART_SIZE).bit_length())
    n_ranges = (len(lengths) >> range_bits) + 1
    counts = np.zeros((len(shared), n_ranges), np.int64)

    def count(part: int) -> None:
        kernels.count_pairs(shared[part], range_bits, counts[part])

    run(count, range(len(shared)), n_jobs)
    bounds = np.zeros(n_ranges + 1, np.int64)
    np.cumsum(counts.sum(axis=0), out=bounds[1:])
    free = bounds[:-1] + np.cumsum(counts, axis=0) - counts
    scattered = np.empty(n_pairs, np.uint64)

    def scatter(part: int) -> None:
        kernels.scatter_pairs(shared[part], range_bits, free[part], scattered)

    run(scatter, range(len(shared)), n_jobs)

    def keep(which: int) -> NDArray[np.uint64]:
        # All occurrences of a pair have the same first text.
        pairs = scattered[bounds[which] : bounds[which + 1]]
        sort_values(pairs, 0, text_bits)  # by the later text, then by the first
        sort_values(pairs, 32, text_bits)
        return pairs[: kernels.keep_related(pairs, lengths)]

    return np.concatenate(run(keep, range(n_ranges), n_jobs))


def n_places(n_tokens: int) -> int:
    """
    Return how many places a table of counts of tokens has.

    Parameters
    ----------
    n_tokens : int
        Tokens of all documents.

    Returns
    -------
    int
        A power of two, at most `MOST_PLACES`.
    """
    return min(MOST_PLACES, 1 << max(_LEAST_PLACE_BITS, n_tokens.bit_length()))


def token_commonness(tokens: NDArray[np.uint32], n_jobs: int) -> NDArray[np.uint8]:
    """
    Return how common each token is among all tokens given.

    Parameters
    ----------
    tokens : ndarray of uint32, shape (n_tokens,)
        Token hashes of all documents.
    n_jobs : int
        Threads.

    Returns
    -------
    ndarray of uint8, shape (n_tokens,)
        ``round(16 * ln(count))``, at most that of 4,095.
    """
    counts = np.zeros(n_places(len(tokens)), np.uint32)
    kernels.count_tokens(tokens, counts)
    codes = count_codes()
    commonness = np.empty(len(tokens), np.uint8)

    def code(bounds: tuple[int, int]) -> None:
        kernels.code_tokens(tokens, counts, codes, *bounds, commonness)

    run(code, shares(len(tokens), n_jobs), n_jobs)
    return commonness
