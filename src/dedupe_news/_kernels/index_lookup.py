"""Items looked up in an index one after another, and each added before the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.index_buckets import link_leader, sign
from dedupe_news._kernels.index_matching import DUPLICATE, Asked, find, judge
from dedupe_news._kernels.index_roles import enroll, primary_of, retire, text_of
from dedupe_news._kernels.index_tables import (
    FIRST_DAY,
    LAST_DAY,
    N_TEXTS,
    count_text,
    counts_shingles,
    gather_places,
)
from dedupe_news._kernels.pair_evidence import Metadata, count_tokens, stage
from dedupe_news._kernels.representatives import (
    NO_REPRESENTATIVE,
    is_among,
    join,
    next_representative,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.index_tables import Tables
    from dedupe_news._kernels.representatives import Matches
    from dedupe_news._kernels.trees import Trees
    from dedupe_news._kernels.workspace import Arrivals, Bounds, Held, Index, Workspace

NO_ROW = -1


@kernel
def _identify(
    index: Index, space: Workspace, arrivals: Arrivals, i: Integer, first: Integer
) -> tuple[Asked, Integer]:
    """Return what an item with words is to the index, and the number of its shingles' places."""
    tables, start = index.tables, arrivals.offsets[i]
    length = arrivals.offsets[i + 1] - start
    n_places = gather_places(tables, arrivals.tokens, start, length, space.places)
    text = text_of(tables, arrivals.tokens, start, length)
    primary = primary_of(index.roles, text)
    cut_off = np.int64(arrivals.cut_off[i])
    return Asked(length, cut_off, np.int64(primary < 0), text, primary, first), n_places


@kernel
def _stage_arrival(
    index: Index, space: Workspace, arrivals: Arrivals, i: Integer, asked: Asked
) -> None:
    """Lay an item out at place 0, with what the counts say now, itself counted in."""
    tables, counters, totals = index.tables, index.tables.counters, space.evidence.totals
    start = arrivals.offsets[i]
    sign(index.roles.buckets, arrivals.tokens, start, asked.length, space.shingles, space.signature)
    space.n_asked[0] = 0
    if not counts_shingles(tables):
        for at in range(asked.length):
            space.evidence.tokens[at] = arrivals.tokens[start + at]
        return
    totals[0] = np.log(counters[N_TEXTS] + asked.is_new + 1.0)
    totals[1] = max(0.0, counters[LAST_DAY] - counters[FIRST_DAY] + 1.0)
    if asked.is_new:
        count_tokens(tables, space.asked, arrivals.tokens, start, asked.length)
    run = arrivals.tokens, arrivals.flags, start, asked.length
    metadata = Metadata(
        np.int64(arrivals.cut_off[i]), np.int64(arrivals.sources[i]), arrivals.times[i]
    )
    stage(tables, space.evidence, space.asked, asked.is_new, 0, run, metadata)


@inlined
def _fill_row(tables: Tables, arrivals: Arrivals, i: Integer, row: Integer) -> None:
    """Write an item at its row."""
    start = tables.starts[row]
    length = arrivals.offsets[i + 1] - arrivals.offsets[i]
    for at in range(length):
        tables.tokens[start + at] = arrivals.tokens[arrivals.offsets[i] + at]
    if counts_shingles(tables):
        for at in range(length):
            tables.flags[start + at] = arrivals.flags[arrivals.offsets[i] + at]
    tables.starts[row + 1] = tables.starts[row] + length
    tables.lengths[row] = length
    tables.alive[row] = 1
    tables.cut_off[row] = arrivals.cut_off[i]
    tables.sources[row] = arrivals.sources[i]
    tables.times[row] = arrivals.times[i]


@kernel
def _representative(
    index: Index,
    trees: Trees | None,
    space: Workspace,
    matches: Matches,
    asked: Asked,
    stop: Integer,
    row: Integer,
    bounds: Bounds,
) -> Integer:
    """Return the representative of the best match that the item matches too, if there is one."""
    n_tried = 0
    while stop > asked.first:
        representative = next_representative(
            index.clusters,
            index.tables.alive,
            matches,
            (asked.first, stop),
            row,
            bounds.window,
            space.tried[:n_tried],
        )
        if representative == NO_REPRESENTATIVE or is_among(
            matches, asked.first, stop, representative
        ):
            return representative
        if asked.text >= 0 and index.roles.texts.anchor[representative] == asked.text:
            return representative
        # One that was added again may have lost its words.
        if index.tables.lengths[representative] > 0:
            which = judge(index, trees, space, representative, asked, bounds)
            if which == DUPLICATE:
                return representative
        space.tried[n_tried] = representative
        n_tried += 1
    return np.int64(NO_REPRESENTATIVE)


@inlined
def _join(index: Index, row: Integer, replaced: Integer, representative: Integer) -> None:
    """Put a new item in its cluster; without classifier every text leads a group of its own."""
    anchor = index.roles.clusters.anchor
    join(index.clusters, row, replaced, representative)
    anchor[row] = row
    if counts_shingles(index.tables):
        if replaced != NO_ROW and index.clusters.representatives[replaced] == row:
            anchor[row] = anchor[replaced]
        elif representative != NO_REPRESENTATIVE:
            anchor[row] = anchor[representative]


@kernel
def look_up(
    arrivals: Arrivals,
    held: Held,
    bounds: Bounds,
    begin: Integer,
    offsets: NDArray[np.int64],
    matches: Matches,
) -> Integer:
    """
    Look items up from `begin` on, and add each before the next if asked.

    Matches of item ``i`` go to the rows ``offsets[i]`` to ``offsets[i + 1] - 1``;
    ``offsets[begin]`` is given. Returns one past the last item that was done:
    all, unless `matches` has not the room for those of that one. Where nothing
    is added, nothing but the workspace is written to.
    """
    index, space = held[0]
    tables, roles = index.tables, index.roles
    n_items = arrivals.offsets.shape[0] - 1
    row = np.int64(bounds.first_row)
    if bounds.insert:
        row += begin
    for i in range(begin, n_items):
        replaced = arrivals.replaced[i]
        if replaced != NO_ROW and tables.alive[replaced]:
            retire(tables, roles, replaced)
        length = arrivals.offsets[i + 1] - arrivals.offsets[i]
        stop = offsets[i]
        nothing = np.int64(NO_ROW)
        asked = Asked(length, np.int64(0), np.int64(1), nothing, nothing, stop)
        n_places: Integer = np.int64(0)
        space.ballot.n_cut_short[0] = 0
        if length > 0:
            asked, n_places = _identify(index, space, arrivals, i, stop)
            _stage_arrival(index, space, arrivals, i, asked)
            stop = find(index, index.trees, space, matches, asked, n_places, bounds)
        if stop > matches.pairs.shape[0]:
            return i
        space.n_cut_short[0] += min(space.ballot.n_cut_short[0], 1)
        if bounds.insert:
            representative = _representative(
                index, index.trees, space, matches, asked, stop, row, bounds
            )
            _fill_row(tables, arrivals, i, row)
            if length > 0 and asked.is_new:
                count_text(tables, tables.starts[row], length, space.places, n_places, 1)
            _join(index, row, replaced, representative)
            if enroll(tables, roles, row, asked.text, space.places, n_places):
                link_leader(roles.buckets, row, space.signature)
            row += 1
        offsets[i + 1] = stop
    return np.int64(n_items)
