"""Shingles of one document in a table, against Python's sets."""

from __future__ import annotations

import numpy as np
import xxhash
from hypothesis import given
from hypothesis import strategies as st

from dedupe_news._kernels.shingle_sets import count_hits, fill_set, n_places

# Few values, so that shingles repeat.
runs = st.lists(st.integers(0, 2), min_size=1, max_size=20)


def shingles_of(run: list[int], size: int) -> list[int]:
    """Return the distinct shingle hashes of a run in text order."""
    width = min(size, len(run))
    windows = (run[at : at + width] for at in range(len(run) - width + 1))
    hashed = [xxhash.xxh32_intdigest(np.array(each, "<u4").tobytes()) for each in windows]
    return list(dict.fromkeys(hashed))


@given(run=runs, others=st.lists(runs, max_size=4), size=st.integers(1, 4), least=st.integers(0, 8))
def test_shared_shingles_are_counted(
    run: list[int], others: list[list[int]], size: int, least: int
) -> None:
    """Exactly where there are as many as matter; below that, no more than there are."""
    room = n_places(len(run))
    table, seen = np.empty(room, np.uint32), np.empty(room, np.int32)
    shingles = np.empty(len(run), np.uint32)

    n_shingles = fill_set(np.array(run, np.uint32), 0, len(run), size, table, seen, shingles)

    assert shingles[:n_shingles].tolist() == shingles_of(run, size)
    for mark, other in enumerate(others, 1):
        expected = len(set(shingles_of(run, size)) & set(shingles_of(other, size)))
        found = count_hits(
            np.array(other, np.uint32), 0, len(other), size, table, seen, mark, least
        )
        assert found == expected if expected >= least else found <= expected
