"""Shingle sets, and what two texts have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracles
from dedupe_news import Relation
from dedupe_news._engine.sets import Runs, overlaps, shingle, sort_sets
from strategies import ragged, token_runs

if TYPE_CHECKING:
    from dedupe_news._engine.sets import Overlaps
    from dedupe_news._kernels.verification import ShingleSets

SHINGLE_SIZE = 2
runs_of_shingles = st.lists(st.integers(0, 7), min_size=1, max_size=9)


def as_sets(runs: list[list[int]], n_jobs: int = 1) -> ShingleSets:
    """Return sorted sets of all runs."""
    return sort_sets(*ragged(runs), n_jobs)


def members(sets: ShingleSets, i: int) -> list[int]:
    """Return a set as a list, in the order of its memory."""
    start = int(sets.offsets[i])
    values: list[int] = sets.shingles[start : start + int(sets.sizes[i])].tolist()
    return values


@given(runs=st.lists(st.lists(st.integers(0, 50), max_size=70), max_size=5))
def test_sorted_sets_are_the_sets(runs: list[list[int]]) -> None:
    """Sets are increasing, without repeats, of the stated sizes."""
    sets = as_sets(runs)

    assert [members(sets, i) for i in range(len(runs))] == [sorted(set(run)) for run in runs]


@pytest.mark.parametrize("n_shingles", [191, 192, 193, 600])
@pytest.mark.parametrize("n_values", [100, 2**32])
def test_long_runs_are_sorted_another_way(n_shingles: int, n_values: int) -> None:
    """Long runs become the same sets, whether most values come twice or none."""
    drawn = np.random.default_rng(n_shingles).integers(0, n_values, n_shingles).tolist()

    sets = as_sets([[5, 4], drawn, [3]])

    assert [members(sets, i) for i in range(3)] == [[4, 5], sorted(set(drawn)), [3]]


def test_unwanted_runs_stay_as_they_are() -> None:
    """Runs that nothing is compared with need no order."""
    sets = sort_sets(*ragged([[3, 1, 2], [3, 1, 3]]), 1, wanted=np.array([0, 1], np.uint8))

    assert sets.sizes.tolist() == [0, 2]
    assert sets.shingles[:5].tolist() == [3, 1, 2, 1, 3]


@given(runs=st.lists(runs_of_shingles, max_size=6), n_jobs=st.integers(2, 4))
def test_threads_do_not_change_sets(runs: list[list[int]], n_jobs: int) -> None:
    """Each thread sorts runs of its own."""
    together, alone = as_sets(runs, n_jobs), as_sets(runs)

    np.testing.assert_array_equal(together.shingles, alone.shingles)
    np.testing.assert_array_equal(together.sizes, alone.sizes)


def overlap_of(left: list[int], right: list[int]) -> Overlaps:
    """Return what two token runs have in common."""
    tokens, offsets = ragged([left, right])
    runs = Runs(tokens, offsets[:-1], offsets[1:])
    sets = sort_sets(*shingle(runs, SHINGLE_SIZE, 1), 1)
    return overlaps(np.array([[0, 1]]), sets, runs, 1)


@pytest.mark.parametrize(
    ("left", "right", "relation"),
    [
        pytest.param([1, 2, 3], [1, 2, 3], Relation.EXACT, id="the same words"),
        pytest.param([1], [1], Relation.EXACT, id="one and the same word"),
        pytest.param([1, 2, 3], [1, 2, 3, 4, 5], Relation.TRUNCATED, id="cut between words"),
        pytest.param([1, 2, 9], [1, 2, 3, 4, 5], Relation.TRUNCATED, id="cut within a word"),
        pytest.param([1], [1, 2], Relation.TRUNCATED, id="cut to one word"),
        pytest.param([9], [1, 2], Relation.NEAR, id="one other word is no cut"),
        pytest.param([2, 3, 4], [1, 2, 3, 4, 5], Relation.CONTAINED, id="an excerpt"),
        pytest.param([1, 2, 3, 4], [1, 2, 9, 4], Relation.NEAR, id="a word replaced"),
        pytest.param([1, 2, 9], [1, 2, 3], Relation.NEAR, id="last word replaced"),
        pytest.param([1, 2, 1, 2], [2, 1, 2, 1], Relation.CONTAINED, id="the same shingles"),
    ],
)
def test_relations_by_example(left: list[int], right: list[int], relation: Relation) -> None:
    """The relation of two texts is the same either way round."""
    assert overlap_of(left, right).relation.tolist() == [relation]
    assert overlap_of(right, left).relation.tolist() == [relation]


@given(left=token_runs.filter(bool), right=token_runs.filter(bool))
def test_overlap_is_that_of_the_oracle(left: list[int], right: list[int]) -> None:
    """Jaccard similarity, containment and relation are exact for any two runs."""
    found = overlap_of(left, right)

    one, other = (set(oracles.shingle_hashes(run, SHINGLE_SIZE)) for run in (left, right))
    assert found.jaccard.tolist() == [oracles.jaccard(one, other)]
    assert found.containment.tolist() == [oracles.containment(one, other)]
    assert found.relation.tolist() == [oracles.relation(left, right, SHINGLE_SIZE)]


def test_numbers_of_relations_are_fixed() -> None:
    """Relations are written to arrays and files by their numbers."""
    assert {relation.name: relation.value for relation in Relation} == {
        "EXACT": oracles.EXACT,
        "NEAR": oracles.NEAR,
        "TRUNCATED": oracles.TRUNCATED,
        "CONTAINED": oracles.CONTAINED,
        "RELATED": 4,
        "TEMPLATE": 5,
    }
