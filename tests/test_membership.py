"""How each document stands to the one that is kept."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news.results.matches import NO_RELATION

TEXT = st.lists(st.sampled_from(["ka", "lo", "mi", "nu"]), min_size=1, max_size=5).map(" ".join)


def jaccard(left: str, right: str) -> float:
    """Return the share of word 3-shingles that two texts have in common."""

    def shingles(text: str) -> set[tuple[str, ...]]:
        words = text.split()
        return {tuple(words[i : i + 3]) for i in range(max(1, len(words) - 2))}

    a, b = shingles(left), shingles(right)
    return len(a & b) / len(a | b)


@given(feed=st.lists(TEXT, min_size=1, max_size=12))
def test_every_document_stands_to_the_kept_one_of_its_cluster(feed: list[str]) -> None:
    """By the exact similarity of the two; the kept ones stand to none."""
    result = dn.cluster(feed, policy="similar", threshold=0.3, progress=False, n_jobs=1)

    own = result.membership

    for position, text in enumerate(feed):
        kept = int(result.representatives[result.labels[position]])
        if kept == position:
            assert math.isnan(own.jaccard[position])
            assert math.isnan(own.containment[position])
            assert math.isnan(own.probability[position])
            assert own.relation[position] == NO_RELATION
        else:
            assert own.jaccard[position] == pytest.approx(jaccard(text, feed[kept]), abs=1e-12)
            is_copy = text == feed[kept]
            assert (own.relation[position] == dn.Relation.EXACT) == is_copy
            assert own.containment[position] >= own.jaccard[position]


def test_membership_of_nothing() -> None:
    """An empty feed has no members."""
    assert len(dn.cluster([], progress=False).membership.relation) == 0
    alone = dn.cluster(["ka", "lo"], progress=False).membership
    assert np.isnan(alone.jaccard).all()
