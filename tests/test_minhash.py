"""Signatures and band keys, against oracles and datasketch."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from datasketch import MinHash
from hypothesis import given
from hypothesis import strategies as st

import oracles
from dedupe_news import Config
from dedupe_news._engine.signatures import band_keys, sign
from strategies import ragged

NUM_PERM = 8
shingle_sets = st.lists(
    st.lists(st.integers(0, 3) | st.integers(0, 2**32 - 1), max_size=9), max_size=5
)


def as_datasketch(shingles: list[int], num_perm: int, seed: int) -> list[int]:
    """Return the signature that datasketch computes from the same hashes."""
    minhash = MinHash(num_perm, seed, hashfunc=int, scheme="affine32")
    for shingle in shingles:
        minhash.update(shingle)
    return [int(value) for value in minhash.hashvalues]


@given(sets=shingle_sets, seed=st.integers(0, 2**32 - 1))
def test_signatures_are_those_of_the_formula(sets: list[list[int]], seed: int) -> None:
    """Numbers of Python do not wrap, so the oracle says every modulus."""
    signatures = sign(*ragged(sets), NUM_PERM, seed)

    assert signatures.tolist() == [oracles.signature(each, NUM_PERM, seed) for each in sets]


@given(sets=shingle_sets, seed=st.integers(0, 2**32 - 1))
def test_signatures_equal_those_of_datasketch(sets: list[list[int]], seed: int) -> None:
    """Bit for bit, so that signatures can be exchanged."""
    signatures = sign(*ragged(sets), NUM_PERM, seed)

    assert signatures.tolist() == [as_datasketch(each, NUM_PERM, seed) for each in sets]


@pytest.mark.parametrize("num_perm", [1, 2, 127, 128, 256])
def test_any_number_of_permutations_equals_datasketch(num_perm: int) -> None:
    """Vector lanes and their tails."""
    shingles = np.random.default_rng(1).integers(0, 2**32, 13).tolist()

    signatures = sign(*ragged([shingles]), num_perm, 1)

    assert signatures[0].tolist() == as_datasketch(shingles, num_perm, 1)


def test_published_check_value() -> None:
    """Known values of datasketch 2.0, whose input hash is the start of SHA-1."""
    word = int.from_bytes(hashlib.sha1(b"hello", usedforsecurity=False).digest()[:4], "little")

    signatures = sign(*ragged([[word]]), 4, 1)

    assert signatures.tolist() == [[625790555, 194865109, 3904131391, 1324736089]]


def test_empty_set_has_the_largest_value_throughout() -> None:
    """As datasketch starts with it."""
    assert sign(*ragged([[]]), 3, 1).tolist() == [[2**32 - 1] * 3]


@given(shingles=st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=9), data=st.data())
def test_repeats_and_order_do_not_change_a_signature(
    shingles: list[int], data: st.DataObject
) -> None:
    """It is one of the set."""
    repeated = data.draw(st.permutations(shingles + shingles[:3]))

    signatures = sign(*ragged([shingles, repeated]), NUM_PERM, 1)

    assert signatures[0].tolist() == signatures[1].tolist()


@given(sets=shingle_sets, params=st.sampled_from([(8, 1), (4, 2), (2, 3), (1, 8)]))
def test_band_keys_are_hashes_of_the_rows(sets: list[list[int]], params: tuple[int, int]) -> None:
    """Rows that no band reads are left out."""
    config = Config(policy="similar", num_perm=NUM_PERM, seed=7, params=params)

    keys = band_keys(*ragged(sets), config, 1)

    expected = [oracles.band_keys(oracles.signature(each, NUM_PERM, 7), *params) for each in sets]
    assert keys.tolist() == expected


def test_threads_do_not_change_results() -> None:
    """More threads than sets are no harm either."""
    sets = [np.random.default_rng(i).integers(0, 2**32, i).tolist() for i in range(7)]
    config = Config(policy="similar", num_perm=NUM_PERM, params=(4, 2))

    for n_jobs in (2, 3, 20):
        np.testing.assert_array_equal(
            sign(*ragged(sets), NUM_PERM, 1, n_jobs), sign(*ragged(sets), NUM_PERM, 1)
        )
        np.testing.assert_array_equal(
            band_keys(*ragged(sets), config, n_jobs), band_keys(*ragged(sets), config, 1)
        )


@pytest.mark.parametrize(("shared", "alone"), [(40, 60), (70, 30), (95, 5)])
def test_share_of_equal_values_estimates_jaccard(shared: int, alone: int) -> None:
    """Within five standard deviations of a share of independent permutations."""
    random = np.random.default_rng(20261123)
    values = random.choice(2**32, shared + alone, replace=False).tolist()
    left, right = values[: shared + alone // 2], values[:shared] + values[shared + alone // 2 :]
    jaccard = shared / (shared + alone)
    num_perm = 1024

    signatures = sign(*ragged([left, right]), num_perm, 1)

    estimate = float(np.mean(signatures[0] == signatures[1]))
    assert abs(estimate - jaccard) <= 5 * np.sqrt(jaccard * (1 - jaccard) / num_perm)
