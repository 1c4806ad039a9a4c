"""The assignment of texts to leaders, against one that looks at all pairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import engine_oracle
from dedupe_news._engine.assignment import leaders_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

N_TEXTS = 9
Scores = dict[tuple[int, int], float]

texts = st.integers(0, N_TEXTS - 1)
# Eighths, so that ties happen.
scored_pairs = st.dictionaries(
    st.tuples(texts, texts).filter(lambda pair: pair[0] < pair[1]),
    st.integers(0, 8).map(lambda eighths: eighths / 8),
)
orders = st.permutations(range(N_TEXTS))


def leaders(
    scores: Mapping[tuple[int, int], float],
    preference: Sequence[int],
    pairs: Sequence[tuple[int, int]] | None = None,
) -> list[int]:
    """Return the leader of each text; pairs in the order given."""

    def in_order(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return np.array([text for text in preference if text in numbers], np.int64)

    rows = list(scores) if pairs is None else pairs
    values = np.array([scores[min(row), max(row)] for row in rows])
    found: list[int] = leaders_of(
        N_TEXTS, np.array(rows, np.int64).reshape(-1, 2), values, in_order
    ).tolist()
    return found


@given(scores=scored_pairs, order=orders)
def test_leaders_are_those_of_the_oracle(scores: Scores, order: list[int]) -> None:
    """In order of preference a text joins the best leader that it matches, or becomes one."""
    assert leaders(scores, order) == engine_oracle.leaders(order, scores)


@given(scores=scored_pairs, order=orders)
def test_every_member_matches_its_leader_directly(scores: Scores, order: list[int]) -> None:
    """There are no chains: a leader leads itself, and each of its members matches it."""
    found = leaders(scores, order)

    for text, leader in enumerate(found):
        assert found[leader] == leader
        assert text == leader or (min(text, leader), max(text, leader)) in scores


@given(scores=scored_pairs, order=orders)
def test_leaders_match_no_other_leader_and_are_preferred_to_their_members(
    scores: Scores, order: list[int]
) -> None:
    """A text leads only if it matches no leader before it, so that two leaders never match."""
    found = leaders(scores, order)

    lead = {text for text in range(N_TEXTS) if found[text] == text}
    assert not [pair for pair in scores if lead.issuperset(pair)]
    assert all(order.index(found[text]) <= order.index(text) for text in range(N_TEXTS))


@given(scores=scored_pairs, order=orders)
def test_no_member_matches_another_leader_better(scores: Scores, order: list[int]) -> None:
    """A member's leader is the best of those that were preferred to the member."""
    found = leaders(scores, order)

    for (left, right), score in scores.items():
        for text, other in ((left, right), (right, left)):
            is_earlier_leader = found[other] == other and order.index(other) < order.index(text)
            if is_earlier_leader:
                leader = found[text]
                assert scores[min(text, leader), max(text, leader)] >= score


@given(scores=scored_pairs, order=orders, data=st.data())
def test_the_order_of_the_pairs_does_not_matter(
    scores: Scores, order: list[int], data: st.DataObject
) -> None:
    """Pairs in another order, and turned round, have the same outcome."""
    shuffled = data.draw(st.permutations(sorted(scores)))
    turned = [pair[::-1] if data.draw(st.booleans()) else pair for pair in shuffled]

    assert leaders(scores, order, turned) == leaders(scores, order)


@given(scores=scored_pairs, order=orders, numbers=st.permutations(range(N_TEXTS)))
def test_the_numbers_of_the_texts_do_not_matter(
    scores: Scores, order: list[int], numbers: list[int]
) -> None:
    """Texts that are numbered anew have the same leaders under their new numbers."""
    renamed = {
        (min(numbers[i], numbers[j]), max(numbers[i], numbers[j])): score
        for (i, j), score in scores.items()
    }

    found = leaders(renamed, [numbers[text] for text in order])

    assert [found[numbers[text]] for text in range(N_TEXTS)] == [
        numbers[leader] for leader in leaders(scores, order)
    ]


def test_texts_that_match_nothing_lead_themselves() -> None:
    """Without pairs every text stands alone."""
    assert leaders({}, range(N_TEXTS)) == list(range(N_TEXTS))
