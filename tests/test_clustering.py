"""Clusters that do not chain, by order of preference."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import oracles
from dedupe_news._engine.clustering import Grouping, group
from dedupe_news._engine.texts import Texts
from dedupe_news._engine.verification import sort_sets
from strategies import ragged

THRESHOLD = 0.5
UNLIMITED = 1_000_000
shingle_runs = st.lists(
    st.lists(st.integers(0, 5), min_size=1, max_size=5), min_size=1, max_size=10
)


def grouped(
    runs: list[list[int]],
    order: list[int],
    large: list[list[int]],
    limit: int = UNLIMITED,
) -> Grouping:
    """Cluster runs of shingles; pairs within one of the large buckets come unverified."""
    unverified = {(i, j) for bucket in large for i in bucket for j in bucket if i < j}
    verified = oracles.matching_pairs([set(run) for run in runs], THRESHOLD) - unverified
    # Backwards, because the outcome does not depend on their order.
    matches = np.array(
        [(i, j, len(set(runs[i]) & set(runs[j]))) for i, j in sorted(verified, reverse=True)],
        np.int64,
    ).reshape(-1, 3)
    sets = sort_sets(*ragged(runs), np.ones(len(runs), np.uint8), 1)
    return group(
        np.array(order, np.int64),
        matches,
        [np.array(bucket, np.int64) for bucket in large],
        limit,
        sets.shingles,
        sets.offsets,
        sets.sizes,
        sets.sketches,
        THRESHOLD,
        len(runs),
    )


def greedy(runs: list[list[int]], order: list[int]) -> list[int]:
    """Return the representatives that the oracle finds."""
    matches = oracles.matching_pairs([set(run) for run in runs], THRESHOLD)
    found = oracles.greedy(order, matches)
    return [found[i] for i in range(len(runs))]


@st.composite
def ordered(draw: st.DrawFn) -> tuple[list[list[int]], list[int]]:
    """Draw runs of shingles and an order of preference."""
    runs = draw(shingle_runs)
    return runs, draw(st.permutations(range(len(runs))))


@st.composite
def bucketed(draw: st.DrawFn) -> tuple[list[list[int]], list[int], list[list[int]]]:
    """Draw runs, an order, and buckets that may overlap."""
    runs, order = draw(ordered())
    bucket = st.lists(
        st.sampled_from(range(len(runs))), unique=True, min_size=1, max_size=len(runs)
    )
    return runs, order, draw(st.lists(bucket, max_size=3))


@given(ordered())
def test_nodes_join_the_most_preferred_representative(
    drawn: tuple[list[list[int]], list[int]],
) -> None:
    """As the oracle does with a list of representatives."""
    runs, order = drawn

    assert grouped(runs, order, []).representative.tolist() == greedy(runs, order)


@given(bucketed())
def test_large_buckets_give_the_same_clusters(
    drawn: tuple[list[list[int]], list[int], list[list[int]]],
) -> None:
    """A node is compared with every representative it shares one with."""
    runs, order, large = drawn

    grouping = grouped(runs, order, large)

    assert grouping.representative.tolist() == greedy(runs, order)
    assert grouping.n_passed_over == 0


@given(bucketed())
def test_late_matches_are_true_and_bind_members(
    drawn: tuple[list[list[int]], list[int], list[list[int]]],
) -> None:
    """What large buckets contribute to the matches is exact."""
    runs, order, large = drawn

    grouping = grouped(runs, order, large)

    for kept, node, n_shared in grouping.late_matches.tolist():
        assert grouping.representative[node] == kept
        assert n_shared == len(set(runs[kept]) & set(runs[node]))
        assert oracles.jaccard(set(runs[kept]), set(runs[node])) >= THRESHOLD


@given(bucketed(), st.integers(1, 2))
def test_limit_splits_clusters_only_where_it_says_so(
    drawn: tuple[list[list[int]], list[int], list[list[int]]], limit: int
) -> None:
    """No comparison is left out in silence."""
    runs, order, large = drawn

    grouping = grouped(runs, order, large, limit)

    if grouping.n_passed_over == 0:
        assert grouping.representative.tolist() == greedy(runs, order)


def test_limit_counts_what_it_forbids() -> None:
    """Four strangers in one bucket: the fourth would need three comparisons, has two."""
    runs = [[0], [1], [2], [3]]

    grouping = grouped(runs, [0, 1, 2, 3], [[0, 1, 2, 3]], 2)

    assert (grouping.n_compared, grouping.n_passed_over) == (1 + 2 + 2, 1)


def test_near_identical_texts_take_one_comparison_each() -> None:
    """All join the first, so that work is linear in the size of the bucket."""
    n = 200
    runs = [[*range(10), 100 + i] for i in range(n)]

    grouping = grouped(runs, list(range(n)), [list(range(n))])

    assert grouping.n_compared == n - 1
    assert grouping.representative.tolist() == [0] * n


def test_strangers_do_not_meet_through_a_chain() -> None:
    """The ends of a chain whose neighbours match stay apart."""
    runs = [[0, 1, 2], [1, 2, 3], [2, 3, 4]]

    assert grouped(runs, [0, 1, 2], []).representative.tolist() == [0, 0, 2]
    assert grouped(runs, [1, 0, 2], []).representative.tolist() == [1, 1, 1]


def test_texts_outside_the_order_represent_themselves() -> None:
    """Texts that share no bucket are not looked at."""
    assert grouped([[0], [1], [2]], [2], []).representative.tolist() == [0, 1, 2]


def in_order(
    rows: list[tuple[int, int, int]], *, timed: bool, by_length: bool = False
) -> list[int]:
    """Return texts of given times, lengths and digests by preference."""
    times, lengths, digests = ([row[column] for row in rows] for column in range(3))
    stops = np.cumsum(np.array(lengths, np.int64))
    texts = Texts(
        text_of=np.arange(len(rows)),
        document=np.arange(len(rows)),
        starts=stops - lengths,
        stops=stops,
        digests=np.array(digests, np.uint64),
        preference=np.array(times, np.int64) if timed else None,
        by_length=by_length,
    )
    ordered: list[int] = texts.in_order(np.arange(len(rows))).tolist()
    return ordered


# Digests differ between texts; times and lengths tie.
preferences = st.lists(
    st.tuples(
        st.integers(0, 2), st.integers(1, 3), st.sampled_from(range(50)) | st.just(2**64 - 1)
    ),
    unique_by=lambda row: row[2],
    max_size=8,
)


@given(rows=preferences)
def test_preference_is_time_then_length_then_digest(rows: list[tuple[int, int, int]]) -> None:
    """Earliest, then longest, then the smallest digest."""
    expected = sorted(range(len(rows)), key=lambda i: (rows[i][0], -rows[i][1], rows[i][2]))
    assert in_order(rows, timed=True) == expected


@given(rows=preferences)
def test_preference_of_the_longest_is_length_then_time_then_digest(
    rows: list[tuple[int, int, int]],
) -> None:
    """Longest, then earliest, then the smallest digest."""
    expected = sorted(range(len(rows)), key=lambda i: (-rows[i][1], rows[i][0], rows[i][2]))
    assert in_order(rows, timed=True, by_length=True) == expected


@given(rows=preferences)
def test_preference_without_times_is_length_then_digest(rows: list[tuple[int, int, int]]) -> None:
    """As for the longest."""
    expected = sorted(range(len(rows)), key=lambda i: (-rows[i][1], rows[i][2]))
    assert in_order(rows, timed=False) == expected
