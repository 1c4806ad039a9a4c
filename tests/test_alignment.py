"""The alignment of two token runs, against the table of the textbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine_oracle
import oracles
from dedupe_news._kernels.alignment import MAX_TOKENS, Scratch, align, make_scratch

if TYPE_CHECKING:
    from collections.abc import Sequence

# Few tokens, so that much is in common; two that fall on the same place of the hash table;
# lengths about those of machine words.
runs = st.integers(0, 140).flatmap(
    lambda n: st.lists(st.sampled_from([1, 2, 3, 7, 1 << 30]), min_size=n, max_size=n)
)


def aligned(
    left: Sequence[int], right: Sequence[int], scratch: Scratch | None = None
) -> list[tuple[int, int]]:
    """Return the places that are matched, and check that both directions say the same."""
    if scratch is None:
        scratch = make_scratch(max(len(left), len(right), 1))
    tokens = np.array([*left, *right], np.uint32)

    n_matched = align(tokens, 0, len(left), len(left), len(right), scratch)

    partner = scratch.partner[: len(left)].tolist()
    back = scratch.back[: len(right)].tolist()
    pairs = [(i, j) for i, j in enumerate(partner) if j >= 0]
    assert pairs == [(i, j) for j, i in enumerate(back) if i >= 0]
    assert len(pairs) == n_matched
    return pairs


def middle_of(left: Sequence[int], right: Sequence[int]) -> tuple[int, list[int], list[int]]:
    """Return the length of the common start and end, and what lies between."""
    a, b = list(left), list(right)
    n_common = 0
    while a and b and a[0] == b[0]:
        del a[0], b[0]
        n_common += 1
    while a and b and a[-1] == b[-1]:
        del a[-1], b[-1]
        n_common += 1
    return n_common, a, b


@given(left=runs, right=runs)
def test_as_many_tokens_are_matched_as_in_a_longest_common_subsequence(
    left: list[int], right: list[int]
) -> None:
    """Beyond the common start and end, the matches are a longest common subsequence."""
    n_common, a, b = middle_of(left, right)

    assert len(aligned(left, right)) == n_common + oracles.subsequence_length(a, b)


@given(left=runs, right=runs)
def test_matches_join_equal_tokens_in_order(left: list[int], right: list[int]) -> None:
    """Matched tokens are equal, and matches do not cross."""
    pairs = aligned(left, right)

    assert all(left[i] == right[j] for i, j in pairs)
    assert [j for _, j in pairs] == sorted({j for _, j in pairs})


@given(left=runs, right=runs)
def test_of_several_subsequences_that_of_the_oracle_is_taken(
    left: list[int], right: list[int]
) -> None:
    """The way back through the columns is that through the table of the textbook."""
    assert aligned(left, right) == engine_oracle.alignment(left, right)


@given(left=runs, rights=st.lists(runs, min_size=2, max_size=4))
def test_memory_that_was_used_before_changes_nothing(
    left: list[int], rights: list[list[int]]
) -> None:
    """One alignment after another in the same memory gives the answers of a fresh start."""
    scratch = make_scratch(140)

    for right in rights:
        assert aligned(left, right, scratch) == aligned(left, right)
        assert aligned(right, left, scratch) == aligned(right, left)


@pytest.mark.parametrize("n", [63, 64, 65, 127, 128, 129, MAX_TOKENS - 1, MAX_TOKENS])
def test_runs_of_several_machine_words_are_aligned(n: int, *, interpreted: bool) -> None:
    """What one machine word carries reaches the next, up to the longest run aligned."""
    if interpreted and n > 200:
        pytest.skip("the table of the textbook is enough for short runs")
    rng = np.random.default_rng(n)
    left = [1, *rng.integers(3, 30, n - 2).tolist(), 1]
    right = [2, *rng.integers(3, 30, n - 2).tolist(), 2]

    pairs = aligned(left, right)

    assert len(pairs) == oracles.subsequence_length(left, right) > n // 4
    assert all(left[i] == right[j] for i, j in pairs)


@pytest.mark.parametrize("n", [MAX_TOKENS + 1, 3 * MAX_TOKENS])
def test_beyond_the_cap_only_the_start_and_the_end_are_matched(n: int) -> None:
    """Of a longer middle the first tokens are aligned, and a common end of any length."""
    start, end = list(range(100, 120)), list(range(200, 200 + n))
    middle = list(range(10_000, 10_000 + n))
    left, right = [*start, 1, *middle, 1, *end], [*start, 2, *middle, 2, *end]

    pairs = aligned(left, right)

    assert len(pairs) == len(start) + (MAX_TOKENS - 1) + len(end)
    assert pairs == [(i, i) for i, _ in pairs]


@pytest.mark.parametrize(
    ("left", "right", "pairs"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param([], [1], [], id="one is empty"),
        pytest.param([1, 2], [1, 2], [(0, 0), (1, 1)], id="equal"),
        pytest.param([1, 1], [1, 1, 1], [(0, 0), (1, 1)], id="the start is taken first"),
        pytest.param([1, 2, 3], [1, 9, 3], [(0, 0), (2, 2)], id="a replacement"),
        pytest.param([1, 2], [3, 1, 4, 2, 5], [(0, 1), (1, 3)], id="insertions"),
    ],
)
def test_alignment_by_example(
    left: list[int], right: list[int], pairs: list[tuple[int, int]]
) -> None:
    """Small cases that can be checked by eye."""
    assert aligned(left, right) == pairs
