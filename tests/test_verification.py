"""Exact comparison of shingle sets."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import oracles
from dedupe_news._engine.banding import fill_buckets
from dedupe_news._engine.verification import ShingleSets, match_buckets, sort_sets
from strategies import ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 3
UNLIMITED = 1_000_000
runs_of_shingles = st.lists(st.integers(0, 7), min_size=1, max_size=9)
documents = st.lists(
    st.tuples(runs_of_shingles, st.lists(st.integers(0, 1), min_size=BANDS, max_size=BANDS)),
    max_size=9,
)


def as_sets(runs: list[list[int]]) -> ShingleSets:
    """Return sorted sets of all runs."""
    shingles, offsets = ragged(runs)
    return sort_sets(shingles, offsets, np.ones(len(runs), np.uint8), 1)


def members(sets: ShingleSets, i: int) -> list[int]:
    """Return a set as a list, in the order of its memory."""
    start = int(sets.offsets[i])
    found: list[int] = sets.shingles[start : start + int(sets.sizes[i])].tolist()
    return found


def verify(
    drawn: list[tuple[list[int], list[int]]], threshold: float, limit: int = UNLIMITED
) -> tuple[list[list[int]], int]:
    """Return matches and the number of candidates of runs with given band keys."""
    keys: NDArray[np.uint32] = np.array([row for _, row in drawn], np.uint32).reshape(-1, BANDS)
    buckets = fill_buckets(keys, limit, 1)
    matches, n_candidates = match_buckets(
        buckets.packed,
        keys,
        buckets.in_large,
        limit,
        as_sets([run for run, _ in drawn]),
        threshold,
        1,
    )
    return matches.tolist(), n_candidates


@given(runs=st.lists(st.lists(st.integers(0, 50), max_size=70), max_size=5))
def test_sorted_sets_are_the_sets(runs: list[list[int]]) -> None:
    """Increasing, without repeats, of the stated sizes."""
    sets = as_sets(runs)

    assert [members(sets, i) for i in range(len(runs))] == [sorted(set(run)) for run in runs]


@pytest.mark.parametrize("n_shingles", [191, 192, 193, 600])
@pytest.mark.parametrize("n_values", [100, 2**32])
def test_long_runs_are_sorted_another_way(n_shingles: int, n_values: int) -> None:
    """To the same sets, whether most values come twice or none."""
    drawn = np.random.default_rng(n_shingles).integers(0, n_values, n_shingles).tolist()

    sets = as_sets([[5, 4], drawn, [3]])

    assert [members(sets, i) for i in range(3)] == [[4, 5], sorted(set(drawn)), [3]]


def test_unwanted_runs_stay_as_they_are() -> None:
    """Nothing is compared with them, so they need no order."""
    shingles, offsets = ragged([[3, 1, 2], [3, 1, 3]])

    sets = sort_sets(shingles, offsets, np.array([0, 1], np.uint8), 1)

    assert sets.sizes.tolist() == [0, 2]
    assert sets.shingles[:5].tolist() == [3, 1, 2, 1, 3]


@given(runs=st.lists(runs_of_shingles, max_size=6), n_jobs=st.integers(2, 4))
def test_threads_do_not_change_sets(runs: list[list[int]], n_jobs: int) -> None:
    """Each thread sorts runs of its own."""
    shingles, offsets = ragged(runs)
    together = sort_sets(shingles, offsets, np.ones(len(runs), np.uint8), n_jobs)

    np.testing.assert_array_equal(together.shingles, as_sets(runs).shingles)
    np.testing.assert_array_equal(together.sizes, as_sets(runs).sizes)


@given(drawn=documents, threshold=st.sampled_from([0.1, 0.5, 0.7, 1.0]))
def test_matches_are_exactly_the_candidates_that_reach_the_threshold(
    drawn: list[tuple[list[int], list[int]]], threshold: float
) -> None:
    """Each pair once, with the size of its intersection."""
    matches, _ = verify(drawn, threshold)

    sets = [set(run) for run, _ in drawn]
    expected = oracles.candidate_pairs([row for _, row in drawn])
    expected &= oracles.matching_pairs(sets, threshold)
    assert sorted(matches) == [[i, j, len(sets[i] & sets[j])] for i, j in sorted(expected)]


@given(drawn=documents)
def test_each_candidate_is_compared_once(drawn: list[tuple[list[int], list[int]]]) -> None:
    """Also where it shares several bands."""
    _, n_candidates = verify(drawn, 0.5)

    assert n_candidates == len(oracles.candidate_pairs([row for _, row in drawn]))


@given(drawn=documents, limit=st.integers(2, 4))
def test_pairs_are_left_out_only_where_all_their_buckets_are_large(
    drawn: list[tuple[list[int], list[int]]], limit: int
) -> None:
    """One shared bucket of allowed size suffices."""
    matches, _ = verify(drawn, 0.5, limit)

    rows = [row for _, row in drawn]
    expected = {
        (i, j)
        for i, j in oracles.matching_pairs([set(run) for run, _ in drawn], 0.5)
        for band in range(BANDS)
        if rows[i][band] == rows[j][band]
        and sum(row[band] == rows[i][band] for row in rows) <= limit
    }
    assert sorted((i, j) for i, j, _ in matches) == sorted(expected)


@pytest.mark.parametrize("n_union", [1, 2, 3, 7, 10, 49, 97])
def test_threshold_is_inclusive_as_a_division(n_union: int) -> None:
    """A similarity equal to the threshold in float64 is a match, the next above is none."""
    for n_shared in range(1, n_union + 1):
        pair = [(list(range(n_union)), [0] * BANDS), (list(range(n_shared)), [0] * BANDS)]
        threshold = n_shared / n_union
        assert verify(pair, threshold)[0] == [[0, 1, n_shared]]
        if n_shared < n_union:
            assert verify(pair, float(np.nextafter(threshold, 2)))[0] == []


def test_many_matches_outgrow_the_first_room() -> None:
    """More than 1,024 in one bucket."""
    n = 60
    matches, n_candidates = verify([([1, 2, 3], [0] * BANDS)] * n, 1.0)

    assert n_candidates == n * (n - 1) // 2 > 1_024
    assert [(i, j) for i, j, _ in matches] == list(itertools.combinations(range(n), 2))


@given(left=runs_of_shingles, right=runs_of_shingles, threshold=st.floats(0.01, 1))
def test_a_match_reaches_any_threshold_by_division(
    left: list[int], right: list[int], threshold: float
) -> None:
    """For thresholds that no example thought of."""
    similarity = oracles.jaccard(set(left), set(right))
    assume(similarity > 0)

    matches, _ = verify([(left, [0] * BANDS), (right, [0] * BANDS)], threshold)

    assert bool(matches) == (similarity >= threshold)
