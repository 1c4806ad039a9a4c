"""Distinct texts and shingle hashes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import oracles
from dedupe_news._engine.sets import Runs, shingle
from dedupe_news._engine.texts import Texts, distinct_texts
from dedupe_news._input.columns import Columns
from dedupe_news._kernels.shingling import group_identical
from strategies import ragged, token_runs

batches = st.lists(token_runs, max_size=10)


def shingles_of(runs: list[list[int]], shingle_size: int, n_jobs: int = 1) -> list[list[int]]:
    """Return the shingle hashes of each run."""
    tokens, offsets = ragged(runs)
    shingles, bounds = shingle(Runs(tokens, offsets[:-1], offsets[1:]), shingle_size, n_jobs)
    return [shingles[start:stop].tolist() for start, stop in itertools.pairwise(bounds)]


@given(
    runs=st.lists(st.lists(st.integers(0, 2**32 - 1), min_size=1, max_size=9), max_size=6),
    shingle_size=st.integers(1, 9),
)
def test_shingles_are_hashes_of_consecutive_tokens(
    runs: list[list[int]], shingle_size: int
) -> None:
    """In text order, of every length up to twice the lanes of the hash."""
    expected = [oracles.shingle_hashes(run, shingle_size) for run in runs]

    assert shingles_of(runs, shingle_size) == expected


@pytest.mark.parametrize("n_tokens", [1, 2, 3])
def test_run_of_at_most_the_shingle_size_is_one_shingle(n_tokens: int) -> None:
    """Short texts are neither dropped nor all equal."""
    runs = [list(range(n_tokens)), list(range(1, n_tokens + 1))]

    left, right = shingles_of(runs, 3)

    assert len(left) == len(right) == 1
    assert left != right


def test_repeated_shingles_stay() -> None:
    """Sets are made later, and only where they are needed."""
    (found,) = shingles_of([[1, 1, 1, 1]], 2)

    assert len(found) == 3
    assert len(set(found)) == 1


def texts_of(runs: list[list[int]], n_jobs: int = 1) -> Texts:
    """Return the distinct texts among token runs of documents without times."""
    tokens, offsets = ragged(runs)
    columns = Columns(np.zeros(0, np.uint8), np.zeros(len(runs) + 1, np.int64))
    return distinct_texts(columns, tokens, offsets, "earliest", n_jobs)


@given(runs=batches)
def test_equal_words_are_one_text(runs: list[list[int]]) -> None:
    """Texts are numbered by first appearance; a run without tokens has none."""
    texts = texts_of(runs)

    numbers: dict[tuple[int, ...], int] = {}
    expected = [numbers.setdefault(tuple(run), len(numbers)) if run else -1 for run in runs]
    assert texts.text_of.tolist() == expected
    assert texts.document.tolist() == [expected.index(number) for number in range(len(numbers))]
    assert len(texts) == len(numbers)


@given(runs=batches)
def test_texts_have_the_tokens_and_the_digest_of_their_words(runs: list[list[int]]) -> None:
    """The same on every machine."""
    texts = texts_of(runs)

    tokens, _ = ragged(runs)
    for number, document in enumerate(texts.document.tolist()):
        found = tokens[texts.starts[number] : texts.stops[number]]
        assert found.tolist() == runs[document]
        assert texts.digests[number] == oracles.digest(runs[document])


@given(runs=batches)
def test_texts_of_one_digest_are_still_told_apart(runs: list[list[int]]) -> None:
    """Digests only say whom to compare: here all are the same."""
    tokens, offsets = ragged(runs)
    text_of = np.empty(len(runs), np.int64)
    packed = np.arange(len(runs), dtype=np.uint64)

    n_texts = group_identical(packed, np.zeros(len(runs), np.uint64), tokens, offsets, text_of)

    assert text_of.tolist() == texts_of(runs).text_of.tolist()
    assert n_texts == len({tuple(run) for run in runs if run})


@given(runs=batches, n_jobs=st.integers(2, 4))
def test_threads_do_not_change_texts(runs: list[list[int]], n_jobs: int) -> None:
    """Digests are the part that threads share."""
    alone, together = texts_of(runs), texts_of(runs, n_jobs)

    np.testing.assert_array_equal(together.text_of, alone.text_of)
    np.testing.assert_array_equal(together.document, alone.document)
    np.testing.assert_array_equal(together.digests, alone.digests)


@given(
    runs=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=5), max_size=6),
    n_jobs=st.integers(2, 4),
)
def test_threads_do_not_change_shingles(runs: list[list[int]], n_jobs: int) -> None:
    """Each thread writes to ranges of its own."""
    assert shingles_of(runs, 2, n_jobs) == shingles_of(runs, 2)


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
