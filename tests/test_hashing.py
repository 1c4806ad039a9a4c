"""Kernels of xxHash, against the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news._kernels.hashing import (
    xxh32_bytes,
    xxh32_shingle,
    xxh32_words,
    xxh64_words,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


LENGTHS = range(101)
words32 = st.lists(st.integers(0, 2**32 - 1), max_size=80)
some_bytes = np.random.default_rng(20261123).integers(0, 256, 400, np.uint8)
some_words = np.random.default_rng(20261124).integers(0, 2**32, 400, np.uint32)


@pytest.fixture(autouse=True, scope="module")
def _wrapping() -> Iterator[None]:
    """Let products wrap: called outside a kernel, uncompiled code warns."""
    with np.errstate(over="ignore"):
        yield


def test_bytes_of_every_length() -> None:
    """Each tail of the algorithm is reached."""
    for length in LENGTHS:
        expected = xxhash.xxh32_intdigest(some_bytes[7 : 7 + length].tobytes())
        assert xxh32_bytes(some_bytes, 7, 7 + length) == expected, length


@given(data=st.binary(max_size=300), cut=st.tuples(st.integers(0, 300), st.integers(0, 300)))
def test_any_slice_of_any_bytes(data: bytes, cut: tuple[int, int]) -> None:
    """The hash is of the slice alone."""
    start, stop = sorted(min(bound, len(data)) for bound in cut)

    found = xxh32_bytes(np.frombuffer(data, np.uint8), start, stop)

    assert found == xxhash.xxh32_intdigest(data[start:stop])


def test_words_of_every_length_to_32_bits() -> None:
    """Words count as four little-endian bytes."""
    for length in LENGTHS:
        expected = xxhash.xxh32_intdigest(some_words[3 : 3 + length].astype("<u4").tobytes(), 5)
        assert xxh32_words(some_words, 3, 3 + length, np.uint32(5)) == expected, length


@given(words=words32, start=st.integers(0, 80), seed=st.integers(0, 2**32 - 1))
def test_any_words_to_32_bits(words: list[int], start: int, seed: int) -> None:
    """Words are hashed to 32 bits with any seed and from any start."""
    array = np.array(words, np.uint32)
    start = min(start, len(words))

    found = xxh32_words(array, start, len(words), np.uint32(seed))

    assert found == xxhash.xxh32_intdigest(array[start:].astype("<u4").tobytes(), seed)


@pytest.mark.parametrize("width", range(1, 12))
def test_shingles_of_every_width(width: int) -> None:
    """The usual width, which has no loop, and all others."""
    for start in range(20):
        expected = xxhash.xxh32_intdigest(some_words[start : start + width].astype("<u4").tobytes())
        assert xxh32_shingle(some_words, start, width) == expected, start


def test_words_of_every_length_to_64_bits() -> None:
    """Odd numbers of words leave half a lane."""
    for length in LENGTHS:
        expected = xxhash.xxh64_intdigest(some_words[3 : 3 + length].astype("<u4").tobytes())
        assert xxh64_words(some_words, 3, 3 + length) == expected, length


@given(words=words32, start=st.integers(0, 80))
def test_any_words_to_64_bits(words: list[int], start: int) -> None:
    """Words are hashed to 64 bits from any start."""
    array = np.array(words, np.uint32)
    start = min(start, len(words))

    found = xxh64_words(array, start, len(words))

    assert found == xxhash.xxh64_intdigest(array[start:].astype("<u4").tobytes())
