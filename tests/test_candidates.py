"""The pairs of texts that are compared, against all pairs of all buckets."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine_oracle
import oracles
from dedupe_news._engine import candidates
from dedupe_news._engine.candidates import (
    BANDS,
    LEAST_CONTAINMENT,
    LEAST_JACCARD,
    ROWS_PER_BAND,
    Buckets,
    Candidates,
    Limits,
)
from dedupe_news._kernels.index_candidates import MOST_TEXTS
from engine_oracle import SHINGLE_SIZE
from segments import runs_of, segment_of
from strategies import feeds

if TYPE_CHECKING:
    from dedupe_news._engine.segment import Segment

LEAST = LEAST_JACCARD, LEAST_CONTAINMENT
SEED = 1

limits = st.builds(Limits, st.integers(2, 5), st.integers(0, 2), st.integers(1, 2))


@st.composite
def bucketed(draw: st.DrawFn) -> tuple[Segment, Buckets]:
    """Draw texts, and a few bands of so few keys that buckets are large."""
    segment = segment_of(draw(feeds(max_size=20)))
    row = st.lists(st.integers(0, 2), min_size=len(segment), max_size=len(segment))
    keys = draw(st.lists(row, min_size=1, max_size=3))
    return segment, Buckets(np.array(keys, np.uint32).reshape(len(keys), len(segment)))


def shingle_sets(segment: Segment) -> list[set[tuple[int, ...]]]:
    """Return the shingle set of each text."""
    return [set(engine_oracle.shingles_of(run)) for run in runs_of(segment)]


def pairs_of(found: Candidates) -> list[tuple[int, int]]:
    """Unpack the pairs."""
    return [(pair >> 32, pair & 0xFFFFFFFF) for pair in found.pairs.tolist()]


def bucket_pairs(segment: Segment, buckets: Buckets, bounds: Limits) -> set[tuple[int, int]]:
    """Return the pairs that the buckets make and that share enough of their words."""
    pairs, _ = engine_oracle.bucket_pairs(buckets.keys.tolist(), *bounds)
    sets = shingle_sets(segment)
    return {(i, j) for i, j in pairs if engine_oracle.share_enough(sets[i], sets[j], *LEAST)}


@given(drawn=bucketed(), bounds=limits)
def test_pairs_of_buckets_are_those_of_the_oracle(
    drawn: tuple[Segment, Buckets], bounds: Limits
) -> None:
    """Small buckets pair all their texts, large ones each with the first and the previous."""
    segment, buckets = drawn

    found = candidates.find_among(buckets, np.arange(len(segment)), segment, 1, bounds)

    assert pairs_of(found) == sorted(bucket_pairs(segment, buckets, bounds))


@given(drawn=bucketed(), bounds=limits, data=st.data())
def test_pairs_among_some_texts_are_those_of_their_buckets(
    drawn: tuple[Segment, Buckets], bounds: Limits, data: st.DataObject
) -> None:
    """Texts that are left out neither fill a bucket nor are paired."""
    segment, buckets = drawn
    chosen = data.draw(st.lists(st.booleans(), min_size=len(segment), max_size=len(segment)))
    members = np.flatnonzero(np.array(chosen, bool))

    found = candidates.find_among(buckets, members, segment, 1, bounds)

    among, _ = engine_oracle.bucket_pairs(buckets.keys[:, members].tolist(), *bounds)
    sets = shingle_sets(segment)
    numbers = members.tolist()
    assert pairs_of(found) == sorted(
        (numbers[i], numbers[j])
        for i, j in among
        if engine_oracle.share_enough(sets[numbers[i]], sets[numbers[j]], *LEAST)
    )


@given(drawn=bucketed(), bounds=limits)
def test_pairs_of_rare_shingles_are_added(drawn: tuple[Segment, Buckets], bounds: Limits) -> None:
    """Texts that share rare shingles are paired, whatever buckets they are in."""
    segment, buckets = drawn

    found = candidates.find_candidates(segment, buckets, 1, bounds)

    runs = runs_of(segment)
    shingles = [oracles.shingle_hashes(run, SHINGLE_SIZE) for run in runs]
    rare = engine_oracle.related(shingles, list(map(len, runs)), most=MOST_TEXTS)
    sets = shingle_sets(segment)
    rare = {(i, j) for i, j in rare if engine_oracle.share_enough(sets[i], sets[j], *LEAST)}
    assert pairs_of(found) == sorted(bucket_pairs(segment, buckets, bounds) | rare)


@given(drawn=bucketed(), bounds=limits)
def test_no_pair_is_twice_there_and_none_is_of_one_text(
    drawn: tuple[Segment, Buckets], bounds: Limits
) -> None:
    """Pairs are distinct and increasing, the lower text first."""
    pairs = pairs_of(candidates.find_candidates(*drawn, 1, bounds))

    assert pairs == sorted(set(pairs))
    assert all(i < j for i, j in pairs)


@given(drawn=bucketed(), bounds=limits)
def test_what_large_buckets_leave_out_is_counted(
    drawn: tuple[Segment, Buckets], bounds: Limits
) -> None:
    """Large buckets are counted, and in each the pairs that it does not make."""
    segment, buckets = drawn

    found = candidates.find_among(buckets, np.arange(len(segment)), segment, 1, bounds)

    n_large = n_skipped = 0
    for band in buckets.keys.tolist():
        n_large += engine_oracle.bucket_pairs([band], *bounds)[1]
        everything, _ = engine_oracle.bucket_pairs([band], len(segment) + 1, 0, 0)
        n_skipped += len(everything) - len(engine_oracle.bucket_pairs([band], *bounds)[0])
    assert (found.n_large_buckets, found.n_skipped) == (n_large, n_skipped)


@pytest.mark.parametrize("bounds", [Limits(), Limits(4, 2, 1), Limits(2, 0, 1)])
@pytest.mark.parametrize("n", [10, 40, 160])
def test_the_work_is_linear_in_the_number_of_texts(n: int, bounds: Limits) -> None:
    """Texts that all share all buckets make so many pairs a text and band, and no more."""
    words = " ".join(f"w{number}" for number in range(30))
    segment = segment_of([f"{words} x{number} y{number} z{number}" for number in range(n)])
    buckets = Buckets(np.zeros((3, n), np.uint32))

    found = candidates.find_among(buckets, np.arange(n), segment, 1, bounds)

    a_text = bounds.first_texts + bounds.previous_texts + bounds.bucket_size / 2
    assert n - 1 <= len(found.pairs) <= n * len(buckets.keys) * a_text


@given(drawn=bucketed(), bounds=limits)
def test_crowded_texts_are_those_of_large_buckets(
    drawn: tuple[Segment, Buckets], bounds: Limits
) -> None:
    """Texts that may have missed one another are told: those of a bucket that is too large."""
    found = candidates.find_candidates(*drawn, 1, bounds)

    expected: set[int] = set()
    for keys in drawn[1].keys.tolist():
        sizes = Counter(keys)
        expected |= {text for text, key in enumerate(keys) if sizes[key] > bounds.bucket_size}
    assert found.crowded.tolist() == sorted(expected)


@given(drawn=bucketed(), bounds=limits, n_jobs=st.integers(2, 4))
def test_threads_change_no_pair(
    drawn: tuple[Segment, Buckets], bounds: Limits, n_jobs: int
) -> None:
    """Pairs and counts are the same for any number of threads."""
    one = candidates.find_candidates(*drawn, 1, bounds)
    other = candidates.find_candidates(*drawn, n_jobs, bounds)

    assert pairs_of(one) == pairs_of(other)
    assert one[1:3] == other[1:3]
    assert one.crowded.tolist() == other.crowded.tolist()


@given(feed=feeds(), n_jobs=st.integers(1, 3))
def test_buckets_are_those_of_the_oracle(feed: list[str], n_jobs: int) -> None:
    """Texts share a bucket where their MinHash signatures agree in a band."""
    segment = segment_of(feed)

    buckets = candidates.find_buckets(segment, n_jobs)

    num_perm = BANDS * ROWS_PER_BAND
    keys = [
        oracles.band_keys(
            oracles.signature(set(oracles.shingle_hashes(run, SHINGLE_SIZE)), num_perm, SEED),
            BANDS,
            ROWS_PER_BAND,
        )
        for run in runs_of(segment)
    ]
    assert buckets.keys.T.tolist() == keys


def test_no_texts_make_no_pairs() -> None:
    """A feed without a word has no candidates."""
    segment = segment_of(["", "..."])

    found = candidates.find_candidates(segment, candidates.find_buckets(segment, 1), 1)

    assert (pairs_of(found), *found[1:3], found.crowded.tolist()) == ([], 0, 0, [])
