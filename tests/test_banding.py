"""Buckets: who shares a band key."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

import oracles
from dedupe_news import Config
from dedupe_news._engine.banding import Buckets, fill_buckets
from dedupe_news._engine.minhash import band_keys, sign
from strategies import ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 3
UNLIMITED = 1_000_000
# Keys from a tiny alphabet, so that sets do share buckets; and the largest.
key_rows = st.lists(
    st.lists(st.sampled_from([0, 1, 2, 2**32 - 1]), min_size=BANDS, max_size=BANDS), max_size=12
)


def as_keys(rows: list[list[int]]) -> NDArray[np.uint32]:
    """Return rows of band keys as an array, also where there is none."""
    return np.array(rows, np.uint32).reshape(-1, BANDS)


def pairs_of(buckets: Buckets) -> set[tuple[int, int]]:
    """Return every pair that is in one bucket."""
    pairs: set[tuple[int, int]] = set()
    for packed in buckets.packed:
        members: dict[int, list[int]] = {}
        for value in packed.tolist():
            members.setdefault(value >> 32, []).append(value & 0xFFFFFFFF)
        for bucket in members.values():
            pairs.update(itertools.combinations(sorted(bucket), 2))
    return pairs


@given(rows=key_rows)
def test_buckets_hold_exactly_the_pairs_sharing_a_band(rows: list[list[int]]) -> None:
    """No pair sharing a band is lost, none is invented."""
    buckets = fill_buckets(as_keys(rows), UNLIMITED, 1)

    assert pairs_of(buckets) == oracles.candidate_pairs(rows)


@given(rows=key_rows)
def test_each_band_is_sorted(rows: list[list[int]]) -> None:
    """A bucket is a run of equal keys, its members increasing."""
    for packed in fill_buckets(as_keys(rows), UNLIMITED, 1).packed:
        assert packed.tolist() == sorted(packed.tolist())


@given(rows=key_rows)
def test_sets_that_share_a_bucket_are_marked(rows: list[list[int]]) -> None:
    """Only their shingles need sorting."""
    buckets = fill_buckets(as_keys(rows), UNLIMITED, 1)

    paired = {i for pair in oracles.candidate_pairs(rows) for i in pair}
    assert set(np.flatnonzero(buckets.shared).tolist()) == paired


@given(rows=key_rows, limit=st.integers(2, 5))
def test_large_buckets_are_those_above_the_limit(rows: list[list[int]], limit: int) -> None:
    """Each once, with all members, and marked for them."""
    buckets = fill_buckets(as_keys(rows), limit, 1)

    expected = []
    for band in range(BANDS):
        for key in sorted({row[band] for row in rows}):
            members = [i for i, row in enumerate(rows) if row[band] == key]
            if len(members) > limit:
                expected.append((band, members))
    assert [members.tolist() for members in buckets.large] == [members for _, members in expected]
    marked = {(i, band) for band, members in expected for i in members}
    assert (
        set(zip(*(axis.tolist() for axis in np.nonzero(buckets.in_large)), strict=True)) == marked
    )


def test_no_large_bucket_costs_no_table() -> None:
    """Most feeds have none."""
    assert fill_buckets(as_keys([[0, 1, 2]] * 3), 3, 1).in_large.size == 0


@given(rows=key_rows, limit=st.integers(2, 5))
def test_threads_do_not_change_buckets(rows: list[list[int]], limit: int) -> None:
    """A thread fills a band of its own."""
    alone, together = (fill_buckets(as_keys(rows), limit, n_jobs) for n_jobs in (1, 2))

    for one, other in zip(alone.packed, together.packed, strict=True):
        np.testing.assert_array_equal(one, other)
    assert [bucket.tolist() for bucket in alone.large] == [
        bucket.tolist() for bucket in together.large
    ]
    np.testing.assert_array_equal(alone.shared, together.shared)
    np.testing.assert_array_equal(alone.in_large, together.in_large)


@given(
    sets=st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4), max_size=10),
    params=st.sampled_from([(8, 1), (4, 2), (2, 3), (2, 4)]),
)
def test_candidates_equal_those_of_datasketch(
    sets: list[list[int]], params: tuple[int, int]
) -> None:
    """The same signatures in the same bands make the same pairs."""
    config = Config(policy="similar", num_perm=8, params=params)
    lsh = MinHashLSH(num_perm=8, params=params)
    expected: set[tuple[int, int]] = set()
    for i, values in enumerate(sign(*ragged(sets), 8, config.seed)):
        minhash = MinHash(8, config.seed, hashvalues=values, scheme="affine32")
        expected.update((j, i) for j in lsh.query(minhash))
        lsh.insert(i, minhash)

    buckets = fill_buckets(band_keys(*ragged(sets), config, 1), UNLIMITED, 1)

    assert pairs_of(buckets) == expected
