"""Candidates by rare shingles, and how common each shingle and token is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import engine_oracle
from dedupe_news._engine.counts import Postings, count_codes, find_related, token_commonness
from dedupe_news._kernels.index_candidates import MOST_TEXTS
from strategies import ragged

if TYPE_CHECKING:
    from collections.abc import Sequence

# Spread over the hash space, so that several parts have some.
shingle = st.integers(0, 6).map(lambda number: number * 0x2492_4924 + 1)
runs_of_shingles = st.lists(st.lists(shingle, max_size=6), max_size=9)
_FEW = 3


def related(
    runs: Sequence[list[int]],
    days: Sequence[int],
    *,
    length: int = 10,
    n_jobs: int = 1,
    most: int = MOST_TEXTS,
) -> Postings:
    """Find candidates among runs of shingles of texts of so many tokens."""
    lengths = np.full(len(runs), length, np.int64)
    shingles, offsets = ragged(list(runs))
    return find_related(shingles, offsets, lengths, np.array(days, np.int32), n_jobs, most)


def pairs_of(found: Postings) -> list[tuple[int, int]]:
    """Unpack the candidates."""
    return [(pair >> 32, pair & 0xFFFFFFFF) for pair in found.pairs.tolist()]


@given(
    runs=runs_of_shingles,
    # Where one more shared shingle is asked for, and before.
    length=st.sampled_from([1, 10, 11, 40, 41, 60, 61, 1000]),
    n_jobs=st.integers(1, 3),
)
def test_candidates_are_those_of_the_oracle(
    runs: list[list[int]], length: int, n_jobs: int
) -> None:
    """Pairs are those that share enough rare shingles, each once, in order."""
    found = related(runs, [], length=length, n_jobs=n_jobs, most=_FEW)

    expected = engine_oracle.related(runs, [length] * len(runs), most=_FEW)
    assert pairs_of(found) == sorted(expected)


@given(
    runs=runs_of_shingles,
    gaps=st.lists(st.integers(0, 2), min_size=9, max_size=9),
    n_unknown=st.integers(0, 9),
)
def test_counts_are_those_of_the_oracle(
    runs: list[list[int]], gaps: list[int], n_unknown: int
) -> None:
    """Every position has the number of days of its shingle."""
    known = np.cumsum(gaps).tolist()
    days = ([-1] * n_unknown + known)[: len(runs)]

    found = related(runs, days)

    on_days = engine_oracle.n_days_with(runs, days)
    every = [shingle for run in runs for shingle in run]
    assert found.spread.tolist() == [engine_oracle.code(on_days[each]) for each in every]


def test_a_common_shingle_pairs_nobody() -> None:
    """A shingle of one text more than the most is not rare."""
    rare = related([[7]] * MOST_TEXTS, [])
    common = related([[7]] * (MOST_TEXTS + 1), [])

    assert len(rare.pairs) == MOST_TEXTS * (MOST_TEXTS - 1) // 2
    assert len(common.pairs) == 0


@given(tokens=st.lists(st.integers(0, 2**32 - 1), max_size=30), n_jobs=st.integers(1, 3))
def test_commonness_counts_tokens(tokens: list[int], n_jobs: int) -> None:
    """Each token has the count of all that share its place in the table."""
    every = tokens * 2 + tokens[:3]

    found = token_commonness(np.array(every, np.uint32), n_jobs)

    n_places = 1 << max(10, len(every).bit_length())
    places = [token % n_places for token in every]
    assert found.tolist() == [engine_oracle.code(places.count(place)) for place in places]


def test_codes_tell_counts_apart_within_three_percent() -> None:
    """A byte holds the logarithm of a count, and grows with it."""
    codes = count_codes()

    assert codes.tolist() == [engine_oracle.code(count) for count in range(4096)]
    assert (np.diff(codes.astype(np.int64)) >= 0).all()
    counts = np.arange(1, 4096)
    assert np.abs(np.exp(codes[1:] / 16) / counts - 1).max() < 0.032
