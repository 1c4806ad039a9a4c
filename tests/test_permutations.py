"""Coefficients of the hash family."""

from __future__ import annotations

import numpy as np
import pytest

from dedupe_news._engine.signatures import coefficients
from oracles import coefficients as slow_coefficients


@pytest.mark.parametrize(("num_perm", "seed"), [(1, 0), (4, 1), (128, 1), (129, 2**32 - 1)])
def test_coefficients_are_those_of_the_formula(num_perm: int, seed: int) -> None:
    """Drawn once as numbers of Python, once as arrays."""
    multipliers, increments = coefficients(num_perm, seed)

    pairs = list(zip(multipliers.tolist(), increments.tolist(), strict=True))
    assert pairs == slow_coefficients(num_perm, seed)


def test_multipliers_are_odd() -> None:
    """An odd multiplier permutes the numbers below 2**32."""
    multipliers, _ = coefficients(128, 1)

    assert (multipliers % 2 == 1).all()


def test_fewer_permutations_are_no_prefix_of_more() -> None:
    """The increments are drawn after all multipliers."""
    assert not np.array_equal(coefficients(64, 1)[1], coefficients(128, 1)[1][:64])


def test_coefficients_are_read_only() -> None:
    """They are cached, so a writer would change them for all."""
    for array in coefficients(4, 1):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
