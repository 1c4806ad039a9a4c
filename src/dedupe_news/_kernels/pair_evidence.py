"""Two items of an index laid out side by side for the classifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import Table, is_used, place_of, put
from dedupe_news._kernels.evidence import Evidence
from dedupe_news._kernels.index_tables import n_shingles, shingle_at, spread_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.index_tables import Tables

_LARGEST = 4095  # counts from here on have one code


@kernel
def make_evidence(n_tokens: Integer) -> Evidence:
    """Return empty evidence on two items."""
    return Evidence(
        np.empty(n_tokens, np.uint32),
        np.empty(n_tokens, np.uint32),
        np.empty(n_tokens, np.uint8),
        np.zeros(2, np.int64),
        np.zeros(2, np.int64),
        np.empty(n_tokens, np.uint8),
        np.empty(n_tokens, np.uint32),
        np.zeros(3, np.int64),
        np.zeros(2, np.uint8),
        np.zeros(2, np.int32),
        np.zeros(2, np.int64),
        np.zeros(2, np.float64),
    )


class Metadata(NamedTuple):
    """What is known of an item beside its tokens."""

    cut_off: Integer
    source: Integer
    time: Integer


@inlined
def count_tokens(
    tables: Tables, asked: Table, tokens: NDArray[np.uint32], start: Integer, length: Integer
) -> None:
    """Note what an item would add to the counters of tokens: it is counted in, as in a batch."""
    asked.age[0] += 1
    mask = np.uint32(tables.token_counts.shape[0] - 1)
    for at in range(start, start + length):
        counter = tokens[at] & mask
        place = place_of(asked, counter)
        if is_used(asked, place):
            asked.values[place] += 1
        else:
            put(asked, place, counter, 1)


@inlined
def stage(
    tables: Tables,
    evidence: Evidence,
    asked: Table,
    is_new: Integer,
    which: Integer,
    run: tuple[NDArray[np.uint32], NDArray[np.uint32], Integer, Integer],
    metadata: Metadata,
) -> None:
    """
    Copy a run of tokens to place 0 or 1 of the evidence, with what the counts say of it now.

    The tokens of the asked item count too where its words are new (`is_new` is 1),
    as `count_tokens` noted them.
    """
    tokens, flags, start, length = run
    to = np.int64(0) if which == 0 else np.int64(evidence.stops[0])
    largest = np.int64(_LARGEST)
    token_mask = np.uint32(tables.token_counts.shape[0] - 1)
    for at in range(length):
        token = tokens[start + at]
        evidence.tokens[to + at] = token
        evidence.flags[to + at] = flags[start + at]
        counter = token & token_mask
        count = np.int64(tables.token_counts[counter])
        if is_new:
            place = place_of(asked, counter)
            if is_used(asked, place):
                count += asked.values[place]
        evidence.commonness[to + at] = tables.codes[min(count, largest)]
    evidence.starts[which] = to
    evidence.stops[which] = to + length
    first = evidence.shingle_offsets[which]
    n = n_shingles(length)
    mask = np.uint32(tables.places.shape[0] - 1)
    for at in range(n):
        shingle = shingle_at(tokens, start, length, at)
        place = np.int64(shingle & mask)
        evidence.shingles[first + at] = shingle
        days = spread_of(tables, place)
        evidence.spread[first + at] = tables.codes[min(days, largest)]
    evidence.shingle_offsets[which + 1] = first + n
    evidence.cut_off[which] = metadata.cut_off
    evidence.sources[which] = metadata.source
    evidence.times[which] = metadata.time
