"""The longest common subsequence of two token runs."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import oracles
from dedupe_news.kernels._jit import kernel
from dedupe_news.kernels.alignment import MAX_TOKENS, N_PLACES, N_WORDS, align

Arrays = tuple[np.ndarray, ...]


def scratch() -> Arrays:
    """Return the memory that `align` works in."""
    return (
        np.full(2, -1, np.int64),
        np.zeros((MAX_TOKENS + 1, N_WORDS), np.uint64),
        np.zeros(N_PLACES, np.uint32),
        np.zeros(N_PLACES, np.int32),
        np.zeros((MAX_TOKENS + 1, N_WORDS), np.uint64),
        np.zeros(MAX_TOKENS, np.uint64),
        np.zeros(MAX_TOKENS, np.int32),
    )


@kernel
def _aligned(tokens: np.ndarray, n_left: int, least: int, memory: tuple[np.ndarray, ...]) -> int:
    prepared, masks, keys, numbers, columns, carries, partner = memory
    n_right = tokens.shape[0] - n_left
    return align(
        tokens, 0, n_left, n_left, n_right,
        prepared, masks, keys, numbers, columns, carries, partner, least,
    )  # fmt: skip


def aligned(left: list[int], right: list[int], least: int, memory: Arrays) -> int:
    """Return what `align` says of two runs."""
    return int(_aligned(np.array(left + right, np.uint32), len(left), least, memory))


# Few tokens, so that much is in common; lengths about those of machine words, and
# tokens that fall on the same place of the hash table.
run = st.integers(0, 70).flatmap(
    lambda n: st.lists(st.sampled_from([1, 2, 3, 7, 1 << 30]), min_size=n, max_size=n)
)
long_run = st.integers(120, MAX_TOKENS).flatmap(
    lambda n: st.lists(st.integers(0, 40), min_size=n, max_size=n)
)


def check(left: list[int], right: list[int], least: int, memory: Arrays) -> None:
    """Compare with the table of the textbook, and the pairing with its definition."""
    length = oracles.subsequence_length(left, right)

    found = aligned(left, right, least, memory)

    assert found == (length if length >= least else -1)
    if found >= 0:
        pairs = [(i, int(j)) for i, j in enumerate(memory[-1][: len(left)]) if j >= 0]
        assert len(pairs) == length
        assert all(left[i] == right[j] for i, j in pairs)
        assert [j for _, j in pairs] == sorted({j for _, j in pairs})


@given(left=run, right=run, least=st.integers(0, 12))
def test_alignment_is_a_longest_common_subsequence(
    left: list[int], right: list[int], least: int
) -> None:
    """Its length is that of the textbook, and what it pairs is equal and in order."""
    check(left, right, least, scratch())


@given(left=long_run, right=long_run)
def test_alignment_of_runs_of_several_words(left: list[int], right: list[int]) -> None:
    """What one machine word carries reaches the next."""
    check(left, right, 0, scratch())


@given(left=run, rights=st.lists(run, max_size=4))
def test_one_left_run_serves_many_right_runs(left: list[int], rights: list[list[int]]) -> None:
    """It is looked up once; the answers are those of a fresh start."""
    memory = scratch()
    for right in rights:
        check(left, right, 3, memory)
