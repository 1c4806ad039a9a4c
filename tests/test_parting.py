"""Postings in parts and blocks, against all of them at once."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news import parting
from dedupe_news.postings import (
    MOST_PLACES,
    commonness_of,
    count_tokens,
    find_related,
    token_commonness,
    token_table,
)
from strategies import ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Spread over the hash space, so that several parts have some.
shingle = st.integers(0, 30).map(lambda number: number * 0x0847_3921 + 1)
runs_of_shingles = st.lists(st.lists(shingle, max_size=12), min_size=1, max_size=40)


def in_steps(
    shingles: NDArray[np.uint32],
    offsets: NDArray[np.int64],
    lengths: NDArray[np.int64],
    days: NDArray[np.int32],
    part_bits: int,
    edges: list[int],
) -> tuple[NDArray[np.uint64], NDArray[np.uint8], NDArray[np.uint8]]:
    """Deal out block by block, scan part by part, and bring the codes back."""
    blocks = []
    for start, stop in pairwise(edges):
        bounds = offsets[start : stop + 1] - offsets[start]
        own = shingles[offsets[start] : offsets[stop]]
        blocks.append((start, own, bounds, *parting.part_shingles(own, bounds, start, part_bits)))
    codes: list[list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]] = [[] for _ in blocks]
    shared = []
    for part in range(1 << part_bits):
        segments = [dealt[at[part] : at[part + 1]] for *_, dealt, at in blocks]
        found = parting.scan_part(np.concatenate(segments), days)
        shared.append(found.pairs)
        cuts = np.cumsum([len(segment) for segment in segments])[:-1]
        for place, pair in enumerate(
            zip(np.split(found.frequency, cuts), np.split(found.spread, cuts), strict=True)
        ):
            codes[place].append(pair)
    frequency, spread, keys = [], [], []
    for (start, own, bounds, _, at), returned in zip(blocks, codes, strict=True):
        columns = [np.concatenate(column) for column in zip(*returned, strict=True)]
        own_frequency, own_spread = parting.return_codes(own, part_bits, at, *columns)
        frequency.append(own_frequency)
        spread.append(own_spread)
        keys.append(parting.template_keys(own, bounds, own_frequency, start))
    linked = parting.link_templates(np.concatenate(keys))
    pairs = parting.candidates(np.concatenate(shared), linked, lengths)
    return pairs, np.concatenate(frequency), np.concatenate(spread)


@given(
    runs=runs_of_shingles,
    part_bits=st.integers(0, 6),
    cuts=st.sets(st.integers(1, 39), max_size=4),
    data=st.data(),
)
def test_steps_find_what_one_step_finds(
    runs: list[list[int]], part_bits: int, cuts: set[int], data: st.DataObject
) -> None:
    """Pairs, frequencies and spreads, for any blocks and parts."""
    n = len(runs)
    days = sorted(data.draw(st.lists(st.integers(-1, 5), min_size=n, max_size=n)))
    lengths = np.array(data.draw(st.lists(st.integers(1, 80), min_size=n, max_size=n)))
    shingles, offsets = ragged(list(runs))
    expected = find_related(shingles, offsets, lengths, np.array(days, np.int32), 1)

    edges = [0, *sorted(cut for cut in cuts if cut < n), n]
    pairs, frequency, spread = in_steps(
        shingles, offsets, lengths, np.array(days, np.int32), part_bits, edges
    )

    assert pairs.tolist() == expected.pairs.tolist()
    assert frequency.tolist() == expected.frequency.tolist()
    assert spread.tolist() == expected.spread.tolist()


@given(tokens=st.lists(st.integers(0, 2**32 - 1).map(lambda x: x % 5000), max_size=300))
def test_tokens_counted_in_pieces_are_as_common(tokens: list[int]) -> None:
    """A table that was filled before the number was known, folded."""
    array = np.array(tokens, np.uint32)
    counts = np.zeros(MOST_PLACES, np.uint32)
    count_tokens(array[:7], counts)
    count_tokens(array[7:], counts)

    found = commonness_of(array, token_table(counts, len(array)), 1)

    assert found.tolist() == token_commonness(array, 1).tolist()
