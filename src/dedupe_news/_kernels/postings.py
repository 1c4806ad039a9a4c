"""Rare shingles: who shares them, and on how many days each occurs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.index_candidates import least_shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@kernel
def count_parts(shingles: NDArray[np.uint32], part_bits: Integer) -> NDArray[np.int64]:
    """Return how many shingles each of ``2**part_bits`` parts has, by first bits of the hash."""
    counts = np.zeros(1 << part_bits, np.int64)
    shift = np.uint64(32 - part_bits)
    for shingle in shingles:
        counts[np.uint64(shingle) >> shift] += 1
    return counts


@kernel
def fill_parts(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    start: Integer,
    stop: Integer,
    part_bits: Integer,
    free: NDArray[np.int64],
    hashes: NDArray[np.uint32],
    texts: NDArray[np.uint32],
) -> None:
    """
    Copy the shingles of texts ``start`` to ``stop - 1``, and their texts, into their parts.

    `free` says where the next shingle of each part goes, and is overwritten.
    """
    shift = np.uint64(32 - part_bits)
    for text in range(start, stop):
        for at in range(offsets[text], offsets[text + 1]):
            shingle = shingles[at]
            part = np.uint64(shingle) >> shift
            to = np.uintp(free[part])
            free[part] += 1
            hashes[to] = shingle
            texts[to] = np.uint32(text)


@kernel
def take_codes(
    shingles: NDArray[np.uint32],
    part_bits: Integer,
    next_of: NDArray[np.int64],
    codes: NDArray[np.uint8],
    taken: NDArray[np.uint8],
) -> None:
    """
    Copy the codes that lie part after part back to the shingles, in the order of `fill_parts`.

    `shingles` are those of some texts; `next_of` says where their first shingle
    of each part went, and is overwritten.
    """
    shift = np.uint64(32 - part_bits)
    for at in range(shingles.shape[0]):
        part = np.uint64(shingles[at]) >> shift
        taken[at] = codes[np.uintp(next_of[part])]
        next_of[part] += 1


@kernel
def scan(
    packed: NDArray[np.uint64],
    texts: NDArray[np.uint32],
    days: NDArray[np.int32],
    most: Integer,
    codes: NDArray[np.uint8],
    day_codes: NDArray[np.uint8],
) -> NDArray[np.uint64]:
    """
    Count the postings of a part; return the pairs of texts that share a rare shingle, with repeats.

    `packed` has ``shingle << 32 | place``, sorted; most shingles that occur once
    are left out. `texts`, by place, and `days`, by text, do not decrease; days are
    -1 where unknown, and of no length where none is known. A shingle in more than
    `most` texts is not rare. `day_codes`, by place, comes as zeros and
    receives the code of the number of days with the shingle; counts beyond the
    last of `codes` have the code of the last.
    """
    largest = codes.shape[0] - 1
    n = packed.shape[0]
    members = np.empty(most, np.uint64)
    pairs = np.empty(4 * n + most * most, np.uint64)
    n_pairs = 0
    begin = np.int64(0)
    while begin < n:
        end = begin
        shingle = packed[begin] >> _HALF
        n_texts = 0
        n_days = 0
        last = np.int64(-1)
        last_day = np.int32(-1)
        while end < n and packed[end] >> _HALF == shingle:
            text = np.int64(texts[packed[end] & _LOW])
            end += 1
            if text == last:
                continue
            last = text
            if n_texts < most:
                members[n_texts] = text
            n_texts += 1
            if days.shape[0] and days[text] >= 0 and days[text] != last_day:
                n_days += 1
                last_day = days[text]
        if 1 < n_texts <= most:
            if n_pairs + most * most > pairs.shape[0]:
                wider = np.empty(2 * pairs.shape[0], np.uint64)
                for at in range(n_pairs):
                    wider[at] = pairs[at]
                pairs = wider
            for later in range(1, n_texts):
                for earlier in range(later):
                    pairs[n_pairs] = members[earlier] << _HALF | members[later]
                    n_pairs += 1
        day_code = codes[min(n_days, largest)]
        for at in range(begin, end):
            day_codes[packed[at] & _LOW] = day_code
        begin = end
    return pairs[:n_pairs]


@kernel
def count_pairs(pairs: NDArray[np.uint64], text_bits: Integer, counts: NDArray[np.int64]) -> None:
    """Count packed pairs by the range of ``2**text_bits`` texts that their first text is in."""
    shift = np.uint64(32 + text_bits)
    for pair in pairs:
        counts[pair >> shift] += 1


@kernel
def scatter_pairs(
    pairs: NDArray[np.uint64],
    text_bits: Integer,
    free: NDArray[np.int64],
    scattered: NDArray[np.uint64],
) -> None:
    """
    Copy packed pairs into the range that their first text is in.

    `free` says where the next pair of each range goes, and is overwritten.
    """
    shift = np.uint64(32 + text_bits)
    for pair in pairs:
        to = np.uintp(free[pair >> shift])
        free[pair >> shift] += 1
        scattered[to] = pair


@kernel
def keep_related(pairs: NDArray[np.uint64], lengths: NDArray[np.int64] | NDArray[np.int32]) -> int:
    """
    Keep each pair that shares enough rare shingles, once, at the front; return how many.

    `pairs` are sorted, and there once for every shared shingle; `lengths` are the
    tokens of each text.
    """
    n_related = 0
    begin = 0
    n = pairs.shape[0]
    while begin < n:
        pair = pairs[begin]
        end = begin + 1
        while end < n and pairs[end] == pair:
            end += 1
        if end - begin >= least_shared(min(lengths[pair >> _HALF], lengths[pair & _LOW])):
            pairs[n_related] = pair
            n_related += 1
        begin = end
    return n_related


@kernel
def count_tokens(tokens: NDArray[np.uint32], counts: NDArray[np.uint32]) -> None:
    """
    Count token hashes in a table whose number of places is a power of two.

    Tokens that share a place are counted together.
    """
    mask = np.uint32(counts.shape[0] - 1)
    for at in range(tokens.shape[0]):
        counts[tokens[at] & mask] += np.uint32(1)


@kernel
def code_tokens(
    tokens: NDArray[np.uint32],
    counts: NDArray[np.uint32],
    codes: NDArray[np.uint8],
    start: Integer,
    stop: Integer,
    commonness: NDArray[np.uint8],
) -> None:
    """Write the codes of the counts of tokens ``start`` to ``stop - 1``, after `count_tokens`."""
    mask = np.uint32(counts.shape[0] - 1)
    largest = np.uint32(codes.shape[0] - 1)
    for at in range(start, stop):
        commonness[at] = codes[min(counts[tokens[at] & mask], largest)]
