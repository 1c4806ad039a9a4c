"""Rare shingles: candidates that share little, and on how many days each shingle occurs."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine.packing import pack_repeated, sort_values
from dedupe_news._kernels import postings as kernels
from dedupe_news._kernels.index_candidates import MOST_TEXTS
from dedupe_news._machine.space import MEMORY
from dedupe_news._machine.threads import run, shares, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._machine.space import Space

CODES_PER_NEPER = 16
"""A count ``c`` is kept as the byte ``round(16 * ln(c))``: within 3 %, up to 4,095."""

MOST_PLACES = 1 << 22
"""Places of the largest table that tokens are counted in."""

_LARGEST_COUNT = 4095
_LEAST_PLACE_BITS = 10
_PART_SIZE = 1 << 16
_MOST_PART_BITS = 12
_PARTS_AT_ONCE = 64


def count_codes() -> NDArray[np.uint8]:
    """Return the byte for each count up to 4,095: ``round(16 * ln(count))``, and 0 for 0."""
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
        Texts that share rare shingles, ``text << 32 | later text``, increasing.
    spread : ndarray of uint8, shape (n_shingles,)
        Code of the number of days with each position's shingle.
    """

    pairs: NDArray[np.uint64]
    spread: NDArray[np.uint8]


def find_related(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    days: NDArray[np.int32],
    n_jobs: int,
    most_texts: int = MOST_TEXTS,
    space: Space = MEMORY,
) -> Postings:
    """
    Pair the texts that share rare shingles, and count the days of each shingle.

    Every two texts that share enough shingles of at most `most_texts` texts are a
    pair, however little else they share: edited, shortened and re-headlined copies,
    and a teaser with the article it was cut from. What is enough,
    `dedupe_news._kernels.index_candidates.least_shared` says. `lengths` are the tokens of each
    text; `days` are as from `days_of`.
    """
    parts = _part(shingles, offsets, n_jobs, space)
    codes = count_codes()
    of_days = space.zeros(len(shingles), np.uint8)

    def scan(part: int) -> NDArray[np.uint64]:
        places = slice(parts.bounds[part], parts.bounds[part + 1])
        packed = pack_repeated(parts.hashes[places])
        pairs = kernels.scan(
            packed,
            parts.texts[places],
            days,
            most_texts,
            codes,
            of_days[places],
        )
        return pairs.copy()  # without the places that were not needed

    shared = space.rows(np.uint64)
    n_parts = 1 << parts.bits
    for start in range(0, n_parts, _PARTS_AT_ONCE):
        for pairs in run(scan, range(start, min(start + _PARTS_AT_ONCE, n_parts)), n_jobs):
            shared.append(pairs)
    spread = space.empty(len(shingles), np.uint8)

    def take(number: int) -> None:
        start, stop = parts.ranges[number]
        some = slice(offsets[start], offsets[stop])
        next_of = parts.firsts[number].copy()
        kernels.take_codes(shingles[some], parts.bits, next_of, of_days, spread[some])

    run(take, range(len(parts.ranges)), n_jobs)
    return Postings(_keep_related(shared.parts(), lengths, n_jobs, space), spread)


class _Parts(NamedTuple):
    """
    Shingles and their texts in parts, by the first bits of the hash.

    Each range of texts has its shingles in order, `firsts` says from where on in each part.
    """

    bits: int
    bounds: NDArray[np.int64]
    ranges: list[tuple[int, int]]
    firsts: NDArray[np.int64]
    hashes: NDArray[np.uint32]
    texts: NDArray[np.uint32]


def _part(
    shingles: NDArray[np.uint32], offsets: NDArray[np.int64], n_jobs: int, space: Space
) -> _Parts:
    """Copy all shingles into parts."""
    n_shingles = len(shingles)
    bits = min(max(n_shingles // _PART_SIZE, 1).bit_length() - 1, _MOST_PART_BITS)
    ranges = split(len(offsets) - 1, n_jobs)

    def count(bounds: tuple[int, int]) -> NDArray[np.int64]:
        start, stop = bounds
        return kernels.count_parts(shingles[offsets[start] : offsets[stop]], bits)

    counts = np.array(run(count, ranges, n_jobs), np.int64).reshape(len(ranges), 1 << bits)
    bounds = np.zeros((1 << bits) + 1, np.int64)
    np.cumsum(counts.sum(axis=0), out=bounds[1:])
    firsts = bounds[:-1] + np.cumsum(counts, axis=0) - counts
    hashes = space.empty(n_shingles, np.uint32)
    texts = space.empty(n_shingles, np.uint32)

    def fill(number: int) -> None:
        free = firsts[number].copy()
        kernels.fill_parts(shingles, offsets, *ranges[number], bits, free, hashes, texts)

    run(fill, range(len(ranges)), n_jobs)
    return _Parts(bits, bounds, ranges, firsts, hashes, texts)


def _keep_related(
    shared: list[NDArray[np.uint64]], lengths: NDArray[np.int64], n_jobs: int, space: Space
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
    scattered = space.empty(n_pairs, np.uint64)

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
    """Return the size of the table that so many tokens are counted in, a power of two."""
    return min(MOST_PLACES, 1 << max(_LEAST_PLACE_BITS, n_tokens.bit_length()))


def token_commonness(
    tokens: NDArray[np.uint32], n_jobs: int, space: Space = MEMORY
) -> NDArray[np.uint8]:
    """Return for each token ``round(16 * ln(count))`` of its count among all tokens given."""
    counts = np.zeros(n_places(len(tokens)), np.uint32)
    kernels.count_tokens(tokens, counts)
    codes = count_codes()
    commonness = space.empty(len(tokens), np.uint8)

    def code(bounds: tuple[int, int]) -> None:
        kernels.code_tokens(tokens, counts, codes, *bounds, commonness)

    run(code, shares(len(tokens), n_jobs), n_jobs)
    return commonness
