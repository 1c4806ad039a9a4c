"""How the two texts of a match are related."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

import oracles
from dedupe_news import Relation
from dedupe_news._engine.relations import relate
from strategies import ragged, token_runs

SHINGLE_SIZE = 2


def relation_of(left: list[int], right: list[int]) -> Relation:
    """Return the relation of two token runs."""
    sets = [set(oracles.shingle_hashes(run, SHINGLE_SIZE)) for run in (left, right)]
    tokens, offsets = ragged([left, right])
    containment = np.array([oracles.containment(sets[0], sets[1])])
    pair = np.array([0]), np.array([1])
    return Relation(int(relate(tokens, offsets[:-1], offsets[1:], *pair, containment)[0]))


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
    """Either way round."""
    assert relation_of(left, right) is relation
    assert relation_of(right, left) is relation


@given(left=token_runs.filter(bool), right=token_runs.filter(bool))
def test_relation_is_that_of_the_oracle(left: list[int], right: list[int]) -> None:
    """For any two runs, whether they match or not."""
    assert relation_of(left, right) == oracles.relation(left, right, SHINGLE_SIZE)


@given(left=token_runs.filter(bool), right=token_runs.filter(bool))
def test_relation_is_symmetric(left: list[int], right: list[int]) -> None:
    """The order of the documents does not matter."""
    assert relation_of(left, right) is relation_of(right, left)


def test_numbers_of_relations_are_fixed() -> None:
    """They are written to arrays and files."""
    assert {each.name: each.value for each in Relation} == {
        "EXACT": oracles.EXACT,
        "NEAR": oracles.NEAR,
        "TRUNCATED": oracles.TRUNCATED,
        "CONTAINED": oracles.CONTAINED,
        "RELATED": 4,
        "TEMPLATE": 5,
    }
