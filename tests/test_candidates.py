"""The pairs of texts that are compared, against all pairs of all buckets."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from datasketch import MinHash, MinHashLSH
from hypothesis import given
from hypothesis import strategies as st

import engine_oracle
import oracles
from dedupe_news import Config
from dedupe_news._engine import candidates
from dedupe_news._engine.candidates import (
    BANDS,
    BOUNDS,
    ROWS_PER_BAND,
    Candidates,
    fill_buckets,
    match_buckets,
)
from dedupe_news._engine.sets import sort_sets
from dedupe_news._engine.signatures import band_keys, sign
from dedupe_news._kernels.index_candidates import MOST_TEXTS
from dedupe_news._kernels.pairing import Bounds
from engine_oracle import SHINGLE_SIZE
from segments import runs_of, segment_of
from strategies import feeds, ragged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._engine.segment import Segment

    Keys = NDArray[np.uint32]

SEED = 1
LEAST = BOUNDS.least_jaccard, BOUNDS.least_containment
UNBOUNDED = 1_000_000

few = st.tuples(st.integers(2, 5), st.integers(0, 2), st.integers(1, 2))
bounds_of_news = few.map(lambda sizes: Bounds(*sizes, *LEAST))


@st.composite
def bucketed(draw: st.DrawFn) -> tuple[Segment, Keys]:
    """Draw texts, and a few bands of so few keys that buckets are large."""
    segment = segment_of(draw(feeds(max_size=20)))
    n_bands = draw(st.integers(1, 3))
    row = st.lists(st.integers(0, 2), min_size=n_bands, max_size=n_bands)
    rows = draw(st.lists(row, min_size=len(segment), max_size=len(segment)))
    return segment, np.array(rows, np.uint32).reshape(len(segment), n_bands)


def shingle_sets(segment: Segment) -> list[set[tuple[int, ...]]]:
    """Return the shingle set of each text."""
    return [set(engine_oracle.shingles_of(run)) for run in runs_of(segment)]


def pairs_of(found: Candidates) -> list[tuple[int, int]]:
    """Unpack the pairs."""
    return [(pair >> 32, pair & 0xFFFFFFFF) for pair in found.pairs.tolist()]


def find_among(
    segment: Segment, keys: Keys, bounds: Bounds, members: NDArray[np.int64] | None = None
) -> Candidates:
    """Return the pairs that the buckets of all or some texts make."""
    buckets = fill_buckets(keys, bounds.bucket_size, 1, members=members)
    return match_buckets(buckets, segment.sets, bounds, 1)


def bucket_pairs(segment: Segment, keys: Keys, bounds: Bounds) -> set[tuple[int, int]]:
    """Return the pairs that the buckets make and that share enough of their words."""
    pairs, _ = engine_oracle.bucket_pairs(keys.T.tolist(), *bounds[:3])
    sets = shingle_sets(segment)
    return {(i, j) for i, j in pairs if engine_oracle.share_enough(sets[i], sets[j], *LEAST)}


@given(drawn=bucketed(), bounds=bounds_of_news)
def test_pairs_of_buckets_are_those_of_the_oracle(
    drawn: tuple[Segment, Keys], bounds: Bounds
) -> None:
    """Small buckets pair all their texts, large ones each with the first and the previous."""
    segment, keys = drawn

    found = find_among(segment, keys, bounds)

    assert pairs_of(found) == sorted(bucket_pairs(segment, keys, bounds))


@given(drawn=bucketed(), bounds=bounds_of_news, data=st.data())
def test_pairs_among_some_texts_are_those_of_their_buckets(
    drawn: tuple[Segment, Keys], bounds: Bounds, data: st.DataObject
) -> None:
    """Texts that are left out neither fill a bucket nor are paired."""
    segment, keys = drawn
    chosen = data.draw(st.lists(st.booleans(), min_size=len(segment), max_size=len(segment)))
    members = np.flatnonzero(np.array(chosen, bool))

    found = find_among(segment, keys, bounds, members)

    among, _ = engine_oracle.bucket_pairs(keys[members].T.tolist(), *bounds[:3])
    sets = shingle_sets(segment)
    numbers = members.tolist()
    assert pairs_of(found) == sorted(
        (numbers[i], numbers[j])
        for i, j in among
        if engine_oracle.share_enough(sets[numbers[i]], sets[numbers[j]], *LEAST)
    )


@given(drawn=bucketed(), bounds=bounds_of_news, data=st.data())
def test_texts_of_large_buckets_meet_in_order_of_preference(
    drawn: tuple[Segment, Keys], bounds: Bounds, data: st.DataObject
) -> None:
    """The first texts of a large bucket are those that are preferred, whatever their numbers."""
    segment, keys = drawn
    order = np.array(data.draw(st.permutations(range(len(segment)))), np.int64)

    def in_order(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        return order[np.isin(order, numbers)]

    buckets = fill_buckets(keys, bounds.bucket_size, 1, in_order=in_order)
    found = match_buckets(buckets, segment.sets, bounds, 1)

    among, _ = engine_oracle.bucket_pairs(keys[order].T.tolist(), *bounds[:3])
    sets = shingle_sets(segment)
    pairs = {tuple(sorted((int(order[i]), int(order[j])))) for i, j in among}
    assert pairs_of(found) == sorted(
        (i, j) for i, j in pairs if engine_oracle.share_enough(sets[i], sets[j], *LEAST)
    )


@given(drawn=bucketed(), bounds=bounds_of_news)
def test_pairs_of_rare_shingles_are_added(drawn: tuple[Segment, Keys], bounds: Bounds) -> None:
    """Texts that share rare shingles are paired, whatever buckets they are in."""
    segment, keys = drawn

    found = candidates.find_candidates(segment, keys, 1, bounds=bounds)

    runs = runs_of(segment)
    shingles = [oracles.shingle_hashes(run, SHINGLE_SIZE) for run in runs]
    rare = engine_oracle.related(shingles, list(map(len, runs)), most=MOST_TEXTS)
    sets = shingle_sets(segment)
    rare = {(i, j) for i, j in rare if engine_oracle.share_enough(sets[i], sets[j], *LEAST)}
    assert pairs_of(found) == sorted(bucket_pairs(segment, keys, bounds) | rare)


@given(drawn=bucketed(), bounds=bounds_of_news)
def test_what_large_buckets_leave_out_is_counted(
    drawn: tuple[Segment, Keys], bounds: Bounds
) -> None:
    """Large buckets are counted, and in each the pairs that it does not make."""
    segment, keys = drawn

    found = find_among(segment, keys, bounds)

    n_large = n_skipped = 0
    for band in keys.T.tolist():
        n_large += engine_oracle.bucket_pairs([band], *bounds[:3])[1]
        everything, _ = engine_oracle.bucket_pairs([band], len(segment) + 1, 0, 0)
        n_skipped += len(everything) - len(engine_oracle.bucket_pairs([band], *bounds[:3])[0])
    assert (found.n_large_buckets, found.n_skipped) == (n_large, n_skipped)


@given(drawn=bucketed())
def test_each_pair_is_compared_once_where_no_bucket_is_large(drawn: tuple[Segment, Keys]) -> None:
    """Pairs that share several buckets are compared in the first."""
    segment, keys = drawn

    found = find_among(segment, keys, BOUNDS._replace(bucket_size=UNBOUNDED))

    assert found.n_compared == len(oracles.candidate_pairs(keys.tolist()))


@pytest.mark.parametrize("sizes", [(12, 4, 4), (4, 2, 1), (2, 0, 1)])
@pytest.mark.parametrize("n", [10, 40, 160])
def test_the_work_is_linear_in_the_number_of_texts(n: int, sizes: tuple[int, int, int]) -> None:
    """Texts that all share all buckets make so many pairs a text and band, and no more."""
    words = " ".join(f"w{number}" for number in range(30))
    segment = segment_of([f"{words} x{number} y{number} z{number}" for number in range(n)])
    keys = np.zeros((n, 3), np.uint32)

    found = find_among(segment, keys, Bounds(*sizes, *LEAST))

    bucket_size, first_texts, previous_texts = sizes
    a_text = first_texts + previous_texts + bucket_size / 2
    assert n - 1 <= len(found.pairs) <= found.n_compared <= n * keys.shape[1] * a_text


@given(drawn=bucketed(), bounds=bounds_of_news)
def test_crowded_texts_are_those_of_large_buckets(
    drawn: tuple[Segment, Keys], bounds: Bounds
) -> None:
    """Texts that may have missed one another are told: those of a bucket that is too large."""
    segment, keys = drawn

    found = candidates.find_candidates(segment, keys, 1, bounds=bounds)

    expected: set[int] = set()
    for band in keys.T.tolist():
        sizes = Counter(band)
        expected |= {text for text, key in enumerate(band) if sizes[key] > bounds.bucket_size}
    assert found.crowded.tolist() == sorted(expected)


@given(drawn=bucketed(), bounds=bounds_of_news, n_jobs=st.integers(2, 4))
def test_threads_change_no_pair(drawn: tuple[Segment, Keys], bounds: Bounds, n_jobs: int) -> None:
    """Pairs and counts are the same for any number of threads."""
    one = candidates.find_candidates(*drawn, 1, bounds=bounds)
    other = candidates.find_candidates(*drawn, n_jobs, bounds=bounds)

    assert pairs_of(one) == pairs_of(other)
    assert one.crowded.tolist() == other.crowded.tolist()
    assert one[2:] == other[2:]


@given(feed=feeds(), n_jobs=st.integers(1, 3))
def test_buckets_are_those_of_the_oracle(feed: list[str], n_jobs: int) -> None:
    """Texts share a bucket where their MinHash signatures agree in a band."""
    segment = segment_of(feed)

    found = candidates.find_keys(segment, n_jobs)

    num_perm = BANDS * ROWS_PER_BAND
    keys = [
        oracles.band_keys(
            oracles.signature(set(oracles.shingle_hashes(run, SHINGLE_SIZE)), num_perm, SEED),
            BANDS,
            ROWS_PER_BAND,
        )
        for run in runs_of(segment)
    ]
    assert found.tolist() == keys


def test_no_texts_make_no_pairs() -> None:
    """A feed without a word has no candidates."""
    segment = segment_of(["", "..."])

    found = candidates.find_candidates(segment, candidates.find_keys(segment, 1), 1)

    assert (pairs_of(found), found.crowded.tolist(), *found[2:]) == ([], [], 0, 0, 0)


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

    keys = band_keys(*ragged(sets), config, 1)

    assert matched(sets, keys, 0.0) == sorted(expected)


# ---- A threshold of Jaccard similarity.


def matched(runs: list[list[int]], keys: Keys, threshold: float) -> list[tuple[int, int]]:
    """Return the pairs of runs of shingles that share a bucket and reach a threshold."""
    bounds = BOUNDS._replace(
        bucket_size=UNBOUNDED, least_jaccard=threshold, least_containment=np.inf
    )
    buckets = fill_buckets(keys, UNBOUNDED, 1)
    sets = sort_sets(*ragged(runs), 1, wanted=buckets.shared())
    return pairs_of(match_buckets(buckets, sets, bounds, 1))


def alike(runs: list[list[int]]) -> Keys:
    """Return keys by which all runs share a bucket."""
    return np.zeros((len(runs), 1), np.uint32)


runs_of_shingles = st.lists(st.integers(0, 7), min_size=1, max_size=9)
key_rows = st.lists(st.integers(0, 1), min_size=3, max_size=3)


@given(
    drawn=st.lists(st.tuples(runs_of_shingles, key_rows), max_size=9),
    threshold=st.sampled_from([0.1, 0.5, 0.7, 1.0]),
)
def test_matches_are_exactly_the_candidates_that_reach_the_threshold(
    drawn: list[tuple[list[int], list[int]]], threshold: float
) -> None:
    """Pairs that share a band are compared exactly, whatever their bitmaps say."""
    rows = [row for _, row in drawn]
    keys = np.array(rows, np.uint32).reshape(-1, 3)

    expected = oracles.candidate_pairs(rows)
    expected &= oracles.matching_pairs([set(run) for run, _ in drawn], threshold)
    assert matched([run for run, _ in drawn], keys, threshold) == sorted(expected)


@pytest.mark.parametrize("n_union", [1, 2, 3, 7, 10, 49, 97])
def test_threshold_is_inclusive_as_a_division(n_union: int) -> None:
    """A similarity equal to the threshold in float64 is a match, the next above is none."""
    for n_shared in range(1, n_union + 1):
        runs = [list(range(n_union)), list(range(n_shared))]
        threshold = n_shared / n_union
        assert matched(runs, alike(runs), threshold) == [(0, 1)]
        if n_shared < n_union:
            assert matched(runs, alike(runs), float(np.nextafter(threshold, 2))) == []


@given(left=runs_of_shingles, right=runs_of_shingles, threshold=st.floats(0.01, 1))
def test_a_match_reaches_any_threshold_by_division(
    left: list[int], right: list[int], threshold: float
) -> None:
    """Thresholds that no example thought of decide by the exact similarity, too."""
    similarity = oracles.jaccard(set(left), set(right))

    assert bool(matched([left, right], alike([left, right]), threshold)) == (
        similarity >= threshold
    )


def test_many_pairs_outgrow_the_first_room() -> None:
    """A bucket of sixty copies makes more pairs than there is room for at first."""
    runs = [[1, 2, 3]] * 60

    found = matched(runs, alike(runs), 1.0)

    assert found == list(itertools.combinations(range(60), 2))
    assert len(found) > 1_024 + 4 * 60


@given(rows=st.lists(key_rows, max_size=12))
def test_texts_that_share_a_bucket_are_marked(rows: list[list[int]]) -> None:
    """Only the shingles of texts that share a bucket have to be sorted."""
    buckets = fill_buckets(np.array(rows, np.uint32).reshape(-1, 3), UNBOUNDED, 1)

    paired = {i for pair in oracles.candidate_pairs(rows) for i in pair}
    assert set(np.flatnonzero(buckets.shared()).tolist()) == paired
