"""Stars of judged pairs: as the oracle forms them, and never chained."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import news_oracle
from dedupe_news import stars
from dedupe_news.kernels import stars as kernels
from dedupe_news.stars import ROUNDS, Neighbours

N_TEXTS = 9
Scores = dict[tuple[int, int], float]

# Eighths, so that sums are exact in any order, and ties happen.
scored_pairs = st.dictionaries(
    st.tuples(st.integers(0, N_TEXTS - 1), st.integers(0, N_TEXTS - 1)).filter(
        lambda pair: pair[0] < pair[1]
    ),
    st.integers(-40, 40).map(lambda eighths: eighths / 8),
)
"""Logits above the threshold, of some pairs of a few texts."""


def neighbours(scores: Scores) -> Neighbours:
    """Arrange scored pairs as the library does."""
    pairs = sorted(scores)
    return stars.neighbours_of(
        np.array([left << 32 | right for left, right in pairs], np.uint64),
        np.array([scores[pair] for pair in pairs], np.float32),
        N_TEXTS,
    )


@given(scores=scored_pairs)
def test_neighbours_are_both_sides_of_every_pair(scores: Scores) -> None:
    """Each text has those it is paired with, increasing, and their scores."""
    found = neighbours(scores)

    for text in range(N_TEXTS):
        own = slice(found.offsets[text], found.offsets[text + 1])
        others = [other for other in range(N_TEXTS) if tuple(sorted((text, other))) in scores]
        assert found.texts[own].tolist() == others
        assert found.scores[own].tolist() == [
            news_oracle.score_of(scores, text, other) for other in others
        ]


@given(scores=scored_pairs)
def test_stars_are_those_of_the_oracle(scores: Scores) -> None:
    """The most central texts are centres, and the others join the one they match best."""
    assert stars.form(neighbours(scores)).tolist() == news_oracle.stars(scores, N_TEXTS)


@given(scores=scored_pairs, rounds=st.integers(0, ROUNDS))
def test_members_move_as_the_oracle_says(scores: Scores, rounds: int) -> None:
    """All neighbours speak for and against a star, each at most so much."""
    arranged = neighbours(scores)
    centre = stars.form(arranged)
    before = centre.tolist()

    kernels.refine_stars(
        arranged.offsets, arranged.texts, arranged.scores, 0.0, stars.CLIP, rounds, centre
    )

    assert centre.tolist() == news_oracle.refined(scores, before, rounds)


@given(scores=scored_pairs, order=st.permutations(range(N_TEXTS)))
def test_every_text_matches_its_representative(scores: Scores, order: list[int]) -> None:
    """Whatever is preferred, a cluster is a star around one of its own texts."""

    def in_order(numbers: np.ndarray) -> np.ndarray:
        return np.array([text for text in order if text in numbers], np.int64)

    found = stars.group(neighbours(scores), in_order).tolist()

    centre = news_oracle.refined(scores, news_oracle.stars(scores, N_TEXTS), ROUNDS)
    assert found == news_oracle.elected(scores, centre, order)
    for text, representative in enumerate(found):
        assert found[representative] == representative
        if text != representative:
            assert news_oracle.score_of(scores, text, representative) >= 0


def test_one_wrong_pair_does_not_merge_two_stories() -> None:
    """Two triangles that one pair links stay two clusters."""
    triangles = [(0, 1), (0, 2), (1, 2), (3, 4), (3, 5), (4, 5)]
    scores = dict.fromkeys(triangles, 3.0) | {(2, 3): 3.5} | {(1, 3): -2.0, (2, 4): -2.0}

    found = stars.group(neighbours(scores), np.sort)

    assert found.tolist()[:6] == [0, 0, 0, 3, 3, 3]


def test_no_pairs_are_no_stars() -> None:
    """Texts without candidates stand alone."""
    assert stars.group(neighbours({}), np.sort).tolist() == list(range(N_TEXTS))
