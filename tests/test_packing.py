"""Sorting by some bits, and the keys that occur more than once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news._engine.packing import pack_repeated, sort_values
from dedupe_news._kernels.sorting import radix_sort

words = st.lists(st.integers(0, 2**64 - 1), max_size=40)
# A tiny alphabet, so that keys repeat, and keys that share their low bits.
keys = st.lists(st.sampled_from([0, 1, 2, 1 << 20, 1 << 31, 2**32 - 1]), max_size=40)


@given(values=words, first_bit=st.integers(0, 40), n_bits=st.integers(1, 24))
def test_radix_sort_orders_by_the_bits_named_and_keeps_ties(
    values: list[int], first_bit: int, n_bits: int
) -> None:
    """Values that do not differ in these bits stay in the order they had."""
    array = np.array(values, np.uint64)

    radix_sort(array, np.empty_like(array), first_bit, n_bits)

    mask = (1 << n_bits) - 1
    assert array.tolist() == sorted(values, key=lambda value: value >> first_bit & mask)


@pytest.mark.parametrize("n_values", [0, 1, 100, 5000])
def test_values_are_sorted_however_many_they_are(n_values: int) -> None:
    """Few are compared, many are counted."""
    values = np.random.default_rng(7).integers(0, 2**63, n_values).astype(np.uint64)

    ordered = values.copy()
    sort_values(ordered)

    assert ordered.tolist() == sorted(values.tolist())


@given(values=keys)
def test_every_repeated_key_is_packed_with_all_its_places(values: list[int]) -> None:
    """Keys that occur once may be there, in their place, but nothing else."""
    packed = pack_repeated(np.array(values, np.uint32)).tolist()

    expected = sorted(
        key << 32 | place for place, key in enumerate(values) if values.count(key) > 1
    )
    assert packed == sorted(set(packed))
    assert set(expected) <= set(packed)
    assert all(values[each & 0xFFFFFFFF] == each >> 32 for each in packed)


def test_most_keys_that_occur_once_are_left_out() -> None:
    """So that a band keeps and sorts little more than its buckets."""
    unique = np.random.default_rng(7).permutation(1 << 14).astype(np.uint32) * np.uint32(2654435761)

    assert len(pack_repeated(unique)) < len(unique) // 4
