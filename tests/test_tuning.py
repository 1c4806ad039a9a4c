"""The S-curve, and the choice of bands on it."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news._engine.signatures import sign
from dedupe_news.tuning import candidate_probability, choose_bands, expected_cost

bandings = st.tuples(st.integers(1, 40), st.integers(1, 12))


@pytest.mark.parametrize(
    ("jaccard", "bands", "rows_per_band", "expected"),
    [(0.0, 5, 2, 0.0), (1.0, 5, 2, 1.0), (0.5, 1, 1, 0.5), (0.5, 2, 1, 0.75), (0.5, 2, 2, 0.4375)],
)
def test_s_curve_by_hand(jaccard: float, bands: int, rows_per_band: int, expected: float) -> None:
    """Small cases worked out on paper."""
    assert candidate_probability(jaccard, bands, rows_per_band) == pytest.approx(expected)


@given(banding=bandings)
def test_s_curve_rises(banding: tuple[int, int]) -> None:
    """More similar pairs are more likely found."""
    curve = [candidate_probability(jaccard, *banding) for jaccard in np.linspace(0, 1, 21)]

    assert curve == sorted(curve)
    assert (curve[0], curve[-1]) == (0, 1)


@given(banding=bandings, jaccard=st.floats(0.05, 0.95))
def test_more_bands_find_more_and_more_rows_find_less(
    banding: tuple[int, int], jaccard: float
) -> None:
    """Half the documentation of the field says the opposite."""
    bands, rows_per_band = banding
    here = candidate_probability(jaccard, bands, rows_per_band)

    assert candidate_probability(jaccard, bands + 1, rows_per_band) >= here
    assert candidate_probability(jaccard, bands, rows_per_band + 1) <= here


def test_signatures_collide_as_the_s_curve_says(*, interpreted: bool) -> None:
    """Within five standard deviations, over independent seeded pairs."""
    n_pairs = 30 if interpreted else 2_000
    bands, rows_per_band, shared, alone = 4, 3, 12, 8
    random = np.random.default_rng(20261123)
    size = shared + alone // 2
    values = random.integers(0, 2**32, (n_pairs, shared + alone), dtype=np.uint32)
    runs = np.concatenate((values[:, :size], values[:, :shared], values[:, size:]), axis=1)

    offsets = np.arange(2 * n_pairs + 1, dtype=np.int64) * size
    signatures = sign(runs.ravel(), offsets, bands * rows_per_band, 1)

    rows = signatures.reshape(n_pairs, 2, bands, rows_per_band)
    found = (rows[:, 0] == rows[:, 1]).all(axis=2).any(axis=1).mean()
    expected = candidate_probability(shared / (shared + alone), bands, rows_per_band)
    assert abs(found - expected) <= 5 * np.sqrt(expected * (1 - expected) / n_pairs)


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.5, 0.7, 0.9, 1.0])
@pytest.mark.parametrize("recall", [0.5, 0.99, 0.9999])
def test_chosen_bands_are_the_cheapest_that_reach_the_recall(
    threshold: float, recall: float
) -> None:
    """Against every banding that the permutations allow."""
    num_perm = 60
    sufficient = [
        (expected_cost(bands, rows), bands, rows)
        for bands, rows in itertools.product(range(1, num_perm + 1), repeat=2)
        if bands * rows <= num_perm and candidate_probability(threshold, bands, rows) >= recall
    ]

    chosen = choose_bands(threshold, recall, num_perm)

    if not sufficient:
        assert chosen is None
    else:
        assert chosen is not None
        assert candidate_probability(threshold, *chosen) >= recall
        assert expected_cost(*chosen) == min(sufficient)[0]


@given(banding=bandings)
def test_every_band_and_row_costs(banding: tuple[int, int]) -> None:
    """So that no banding is larger than it need be."""
    bands, rows_per_band = banding

    assert expected_cost(bands + 1, rows_per_band) > expected_cost(bands, rows_per_band) > 0


def test_too_few_permutations_reach_nothing() -> None:
    """One row of one band finds half of the pairs at 0.5."""
    assert choose_bands(0.5, 0.51, 1) is None
    assert choose_bands(0.5, 0.5, 1) == (1, 1)
