"""Which pairs are shown: in doubt, unlike one another, few of a group, some of them sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dedupe_news._engine.questions import Pairs, choose, doubt_of, thin

if TYPE_CHECKING:
    from numpy.typing import NDArray


def made(n_pairs: int, seed: int = 0, n_groups: int = 1000) -> Pairs:
    """Return pairs with features and probabilities drawn at random."""
    rng = np.random.default_rng(seed)
    return Pairs(
        rng.normal(size=(n_pairs, 6)),
        rng.dirichlet(np.full(4, 0.3), n_pairs),
        rng.integers(0, n_groups, (n_pairs, 2)),
    )


def test_doubt_is_of_the_class_or_of_the_threshold() -> None:
    """A pair at the threshold, or between two classes, is in doubt; a clear one is not."""
    probabilities = np.array(
        [[0.8, 0.2, 0, 0], [0, 0.5, 0.5, 0], [0, 0, 0, 1.0], [1.0, 0, 0, 0], [0.4, 0.2, 0.2, 0.2]]
    )

    doubt = doubt_of(probabilities, 0.8)

    assert doubt[:4].round(6).tolist() == [1.0, 1.0, 0.0, 0.75]
    assert 0.7 < doubt[4] < 1


@settings(deadline=None)
@given(n_pairs=st.integers(0, 40), n_groups=st.integers(1, 30), seed=st.integers(0, 5))
def test_of_a_group_at_most_two_pairs_are_shown(n_pairs: int, n_groups: int, seed: int) -> None:
    """Each pair once, however many a template has, and as many as that allows."""
    pairs = made(n_pairs, seed, n_groups)

    chosen = choose(pairs, 0.5, 25)

    assert len(set(chosen.tolist())) == len(chosen) <= 25
    shown = np.bincount(
        np.concatenate([np.unique(pairs.groups[at]) for at in chosen] or [np.zeros(0, int)]),
        minlength=n_groups,
    )
    assert shown.max() <= 2
    left = np.setdiff1d(np.arange(n_pairs), chosen)
    if len(chosen) < 25:
        assert (shown[pairs.groups[left]] == 2).any(axis=1).all()


def test_pairs_in_doubt_come_first_and_every_fourth_is_sure() -> None:
    """Those in doubt teach most; sure ones keep the probabilities honest."""
    pairs = made(600)
    chosen = choose(pairs, 0.5, 40)
    doubt = doubt_of(pairs.probabilities, 0.5)
    is_sure = np.arange(len(chosen)) % 4 == 3

    assert np.median(doubt[chosen[~is_sure]]) > np.quantile(doubt, 0.7)
    assert np.median(doubt[chosen[is_sure]]) < np.median(doubt)


def nearest(points: NDArray[np.float64]) -> float:
    """Return the mean distance of a point to its nearest neighbour."""
    distances = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return float(distances.min(axis=1).mean())


def test_pairs_are_unlike_one_another() -> None:
    """Pairs are unlike one another."""
    pairs = made(600)
    chosen = choose(pairs, 0.5, 30)
    drawn = np.random.default_rng(1).choice(600, 30, replace=False)
    labelled = pairs.take(chosen[:10])

    later = choose(pairs.take(np.setdiff1d(np.arange(600), chosen[:10])), 0.5, 10, labelled)

    assert nearest(pairs.rows[chosen]) > 1.1 * nearest(pairs.rows[drawn])
    assert len(later) == 10
    assert doubt_of(pairs.probabilities[chosen], 0.5).mean() > 0.3


def test_choice_is_the_same_each_time() -> None:
    """Nothing is left to chance."""
    pairs = made(500, 3, 40)

    assert choose(pairs, 0.5, 60).tolist() == choose(pairs, 0.5, 60).tolist()
    first, second = (thin(pairs.probabilities, pairs.groups, 0.5) for _ in range(2))
    assert first.tolist() == second.tolist()


def test_few_pairs_of_a_large_group_are_considered() -> None:
    """A template of a million pairs costs no more than one of ten."""
    pairs = made(20_000, 0, 6_000)
    pairs.groups[:12_000] = 0

    kept = thin(pairs.probabilities, pairs.groups, 0.5)

    assert (kept < 12_000).sum() <= 4
    assert len(kept) <= 4_000
    assert np.mean(doubt_of(pairs.probabilities[kept], 0.5)) > np.mean(
        doubt_of(pairs.probabilities, 0.5)
    )
