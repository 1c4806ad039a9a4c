"""Two documents of an index laid out side by side for the judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.features import Evidence
from dedupe_news.kernels.tables import FREQUENCY, n_shingles, shingle_at, spread_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer
    from dedupe_news.kernels.tables import Tables

_LARGEST = 4095  # counts from here on have one code


@kernel
def make_evidence(room: Integer) -> Evidence:
    """Return empty evidence on two documents."""
    return Evidence(
        np.empty(room, np.uint32),
        np.empty(room, np.uint32),
        np.empty(room, np.uint8),
        np.zeros(2, np.int64),
        np.zeros(2, np.int64),
        np.empty(room, np.uint8),
        np.empty(room, np.uint8),
        np.empty(room, np.uint32),
        np.zeros(3, np.int64),
        np.zeros(2, np.uint8),
        np.zeros(2, np.int32),
        np.zeros(2, np.int64),
        np.zeros(2, np.float64),
    )


@inlined
def stage(
    tables: Tables,
    evidence: Evidence,
    which: Integer,
    start: Integer,
    length: Integer,
    cut_off: Integer,
    source: Integer,
    time: Integer,
) -> None:
    """Copy a document to place 0 or 1 of the evidence, with what the counts say of it now."""
    to = np.int64(0) if which == 0 else np.int64(evidence.stops[0])
    largest = np.int64(_LARGEST)
    token_mask = np.uint32(tables.token_counts.shape[0] - 1)
    for at in range(length):
        token = tables.tokens[start + at]
        evidence.tokens[to + at] = token
        evidence.flags[to + at] = tables.flags[start + at]
        count = np.int64(tables.token_counts[token & token_mask])
        evidence.commonness[to + at] = tables.codes[min(count, largest)]
    evidence.starts[which] = to
    evidence.stops[which] = to + length
    first = evidence.shingle_offsets[which]
    n = n_shingles(length)
    mask = np.uint32(tables.places.shape[0] - 1)
    for at in range(n):
        shingle = shingle_at(tables.tokens, start, length, at)
        place = shingle & mask
        evidence.shingles[first + at] = shingle
        texts = np.int64(tables.places[place, FREQUENCY])
        days = spread_of(tables, np.int64(place))
        evidence.frequency[first + at] = tables.codes[min(texts, largest)]
        evidence.spread[first + at] = tables.codes[min(days, largest)]
    evidence.shingle_offsets[which + 1] = first + n
    evidence.cut_off[which] = cut_off
    evidence.sources[which] = source
    evidence.times[which] = time


@inlined
def equal_runs(tokens: NDArray[np.uint32], left: Integer, right: Integer, length: Integer) -> bool:
    """Return whether two runs of tokens are equal."""
    for at in range(length):
        if tokens[left + at] != tokens[right + at]:
            return False
    return True
