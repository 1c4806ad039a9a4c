"""
An index in memory as a function of its log: what was done to it, in order.

Two states of one log, read as far, answer alike, to the bit, whether they were
made event by event or all at once. So everything that an answer depends on
happens at a place in that order: items leave the window just before the first
item that is so much newer, and removed ones are dropped just after the item or
removal that makes them as many as the others, wherever a batch begins or ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._input.columns import NO_SOURCE, to_span
from dedupe_news._kernels.representatives import representative_of
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news._store.codec import (
    Addition,
    Compaction,
    checksum_of,
    pack_compacted,
    pack_retired,
    unpack,
)
from dedupe_news._store.index_arrays import UNLIMITED, TokenizedItems, grown
from dedupe_news._store.index_texts import IndexTexts
from dedupe_news._store.log import Cursor, Discarded
from dedupe_news._store.match_lists import MatchLists, best, within
from dedupe_news._store.stored_items import tokens_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._store.codec import Event, Packing
    from dedupe_news._store.index_arrays import Limits, MatchTable
    from dedupe_news._store.log import Events
    from dedupe_news._store.stored_items import StoredItems
    from dedupe_news._text import Tokens
    from dedupe_news.config import Config

MOST_MATCHES = 100
"""Matches of an item that is added: of more, the best."""

_STEPS_A_WINDOW = 64
_NOTHING_REPLACED = np.array([-1], np.int64)
_NO_NUMBERS = np.empty(0, np.int64)
_AT_ONCE = 2000  # items whose matches are looked for together, for the sake of memory
_SEVERAL = 4096  # items from which on several threads are worth it


class State:
    """
    Items by row, in order of arrival, and what finds them.

    `step` is how far the window has moved on, in 64ths of its length. While
    `is_torn`, a change has begun and not ended: the state is of no use then.
    """

    def __init__(self, config: Config, limits: Limits) -> None:
        self.config, self._limits = config, limits
        self.texts = IndexTexts(config, limits)
        # No list: the garbage collector would look at every id again and again.
        self.ids: NDArray[np.object_] = np.empty(0, object)
        self.row_of: dict[Hashable, int] = {}
        self._source_codes: dict[str | None, int] = {None: NO_SOURCE}
        self._window = UNLIMITED if config.window is None else to_span(config.window)
        self._step_length = max(1, self._window // _STEPS_A_WINDOW)
        self.step: int | None = None
        self.cursor = Cursor()
        self.is_torn = False
        self._marks: list[int] = []  # positions of tombstones since the last compaction
        self._last_compaction = -1
        self._pending: list[bytes] = []
        self._discarded: list[int] = []
        self._base = 0

    def __len__(self) -> int:
        """Return the number of items, without those that left."""
        return len(self.row_of)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all rows, increasing: positions of their events."""
        return self.texts.clusters.arrays.numbers[: self.texts.n_rows]

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Whether each row is in the index."""
        alive: NDArray[np.bool_] = self.texts.alive[: self.texts.n_rows] == 1
        return alive

    @property
    def moments(self) -> NDArray[np.int64]:
        """The time of each row that windows reckon with."""
        return self.texts.clusters.arrays.moments[: self.texts.n_rows]

    def cluster_of(self, id: Hashable) -> int:  # noqa: A002 - an id, as everywhere
        """Return the cluster of an item that is here."""
        return int(self.texts.clusters.arrays.clusters[self.row_of[id]])

    def lead_of(self, id: Hashable) -> Hashable:  # noqa: A002 - an id, as everywhere
        """Return the representative of an item's cluster, None where that has left."""
        row = int(representative_of(self.texts.clusters.arrays, self.row_of[id]))
        return self.ids[row] if row >= 0 and self.texts.alive[row] else None

    # Decisions: they change the state, and say what is to be appended to the log.

    def add(
        self, packing: Packing, tokens: Tokens, *, keep: bool
    ) -> list[tuple[MatchTable, NDArray[np.object_]]]:
        """Add items one after another; return what they match where that is to be kept."""
        items = packing.items
        n_items, begin = len(items), 0
        moments = items.moments
        matches = []
        self.is_torn = True
        while begin < n_items:
            stop = min(self._move_on(moments, begin), begin + _AT_ONCE)
            replaced = self._replaced(items.ids[begin:stop])
            if replaced is None:
                replaced, replaced_numbers = _nothing(stop - begin), [-1] * (stop - begin)
            else:
                replaced = replaced[: self._n_until_due(replaced)]
                stop = begin + len(replaced)
                known = self.texts.clusters.arrays.numbers[replaced]
                replaced_numbers = np.where(replaced < 0, -1, known).tolist()
            position = self._position()
            some, numbers = slice(begin, stop), range(position, position + stop - begin)
            if stop - begin == n_items:  # fast path for a whole batch
                tokenized = TokenizedItems(
                    *tokens, self._codes(items.sources), items.published, numbers, moments
                )
            else:
                tokenized = TokenizedItems(
                    tokens.hashes, tokens.flags, tokens.offsets[begin : stop + 1],
                    tokens.cut_off[some], self._codes(items.sources[some]), items.published[some],
                    numbers, moments[some],
                )  # fmt: skip
            first = self.texts.n_rows
            table = self.texts.look_up(tokenized, replaced, insert=True, most=MOST_MATCHES)
            self._record(items.ids[begin:stop], first)
            if keep:
                moments_by_row = self.texts.clusters.arrays.moments
                table = within(table, tokenized.moments, moments_by_row, self._window)
                matches.append((best(table, MOST_MATCHES), self.ids))
            clusters, leads = self._verdicts(first)
            self._pending += packing.pack((begin, stop), clusters, leads, replaced_numbers)
            begin = stop
            self._compact_if_due()
        return matches

    def remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        """Remove an item; return whether it was there."""
        if id not in self.row_of:
            return False
        self._leave(np.array([self.row_of[id]]))
        return True

    def expire(self, before: int) -> int:
        """Remove all items of an earlier time; return how many left."""
        rows = np.flatnonzero((self.moments < before) & self.alive)
        if len(rows):
            self._leave(rows)
        return len(rows)

    def _leave(self, rows: NDArray[np.int64]) -> None:
        self.is_torn = True
        event = pack_retired(self.numbers[rows], self.step)
        self._retire(rows)
        self._marks.append(self._position())
        self._pending.append(event)
        self._compact_if_due()

    def _position(self) -> int:
        return self.cursor.position + len(self._pending)

    def _replaced(self, ids: Sequence[Hashable]) -> NDArray[np.int64] | None:
        """Return the row that each item replaces, or -1; None where all are new."""
        if self.row_of.keys().isdisjoint(ids):
            return None
        return np.array([self.row_of.get(each, -1) for each in ids], np.int64)

    def _move_on(self, moments: NDArray[np.int64], begin: int) -> int:
        """Let items leave that are too old for one; return where they must be asked next."""
        if self._window == UNLIMITED:
            return len(moments)
        steps = moments[begin:] // self._step_length
        if self.step is None or steps[0] > self.step:
            self.step = int(steps[0])
            before = self.step * self._step_length - self._window
            old = np.flatnonzero((self.moments < before) & self.alive)
            if len(old):
                self._leave(old)
        later = np.flatnonzero(steps > self.step)
        return begin + int(later[0]) if len(later) else len(moments)

    def _n_until_due(self, replaced: NDArray[np.int64]) -> int:
        """Return how many items come before removed ones are to be dropped."""
        left = np.cumsum(replaced >= 0)
        n_removed = self.texts.n_rows - len(self) + left
        n_alive = len(self) + np.arange(1, len(replaced) + 1) - left
        due = np.flatnonzero((n_removed >= self._limits.removed) & (n_removed >= n_alive))
        return int(due[0]) + 1 if len(due) else len(replaced)

    def _compact_if_due(self) -> None:
        """Drop removed items once they are as many as the others."""
        n_removed = self.texts.n_rows - len(self)
        if n_removed < self._limits.removed or n_removed < len(self):
            return
        gone = self.numbers[~self.alive]
        self._base = self._last_compaction + 1
        self._discarded += [*gone.tolist(), *self._marks]
        if self._last_compaction >= 0:
            self._discarded.append(self._last_compaction)
        self._last_compaction, self._marks = self._position(), []
        self._pending.append(pack_compacted(gone, self.step))
        self._compact()

    def take_changes(self) -> tuple[list[bytes], Discarded | None]:
        """Return what is to be appended to the log, and what is to be discarded there."""
        discarded = None
        if self._discarded:
            discarded = Discarded(sorted(self._discarded), self._base)
        return self._pending, discarded

    def settle(self) -> None:
        """Take note that the changes are in the log."""
        if self._pending:
            self.cursor = Cursor(self._position(), checksum_of(self._pending[-1]))
            self._pending, self._discarded = [], []
        self.is_torn = False

    # Replay: what the log says was done, here or by others.

    def replay(self, parts: Iterable[Events], objects: Sequence[Hashable] | None) -> None:
        """Apply events."""
        self.is_torn = True
        is_new = self.cursor.position == 0
        for positions, events in parts:
            for event in unpack(positions, events, objects or ()):
                self._apply(event, is_new=is_new)
            self.cursor = Cursor(positions[-1] + 1, checksum_of(events[-1]))
        if is_new:
            self.texts.rebuild()
        self.is_torn = False

    def _apply(self, event: Event, *, is_new: bool) -> None:
        if isinstance(event, Addition):
            self._apply_added(event, is_new=is_new)
            return
        self.step = event.step
        rows = self._rows(event.numbers)
        rows = rows[self.texts.alive[rows] == 1]
        self._retire(rows, is_new=is_new)
        if isinstance(event, Compaction):
            self._last_compaction, self._marks = event.position, []
            self._compact()
        else:
            self._marks.append(event.position)

    def _apply_added(self, event: Addition, *, is_new: bool) -> None:
        items = event.items
        n_jobs = 1 if len(items) < _SEVERAL else resolve_jobs(-1)
        tokens = tokens_of(items, self.config, n_jobs)
        first = self.texts.n_rows
        if self._window != UNLIMITED:
            last = int(items.moments.max()) // self._step_length
            self.step = last if self.step is None else max(last, self.step)
        tokenized = TokenizedItems(
            *tokens, self._codes(items.sources), items.published, event.positions, items.moments
        )
        self.texts.append(tokenized)
        self.texts.clusters.place(first, event.clusters, event.leads)
        if not is_new:
            self.texts.enroll(first)
        self._record(items.ids, first)
        replaced = self._rows(event.replaces[event.replaces >= 0])
        self._retire(replaced[self.texts.alive[replaced] == 1], is_new=is_new)

    def _rows(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of those numbers that are here."""
        known = self.numbers
        rows = np.searchsorted(known, numbers)
        here = rows < len(known)
        here[here] = known[rows[here]] == numbers[here]
        return rows[here]

    # Seals: a state as arrays, and what else there is to it.

    def rest(self) -> dict[str, Any]:
        """Return what is no array, as JSON can hold it."""
        return {
            "step": self.step,
            "sources": list(self._source_codes)[1:],
            "marks": self._marks,
            "last_compaction": self._last_compaction,
        }

    def restore(
        self, ids: list[Any], arrays: dict[str, NDArray[Any]], rest: dict[str, Any], cursor: Cursor
    ) -> None:
        """Take over what was sealed."""
        self.is_torn = True
        self.texts.restore(arrays)
        self.ids = np.fromiter(ids, object, len(ids))
        alive = self.alive.tolist()
        self.row_of = {each: at for at, each in enumerate(ids) if alive[at]}
        self.step, self._marks = rest["step"], rest["marks"]
        self._last_compaction = rest["last_compaction"]
        self._source_codes |= {name: code for code, name in enumerate(rest["sources"])}
        self.cursor = cursor
        self.is_torn = False

    # What both come to.

    def _codes(self, sources: Sequence[str | None]) -> NDArray[np.int32]:
        """Return sources as numbers, new ones for those that were not seen before."""
        codes = self._source_codes
        if len(sources) == 1:  # fast path for a single item
            return np.array([codes.setdefault(sources[0], len(codes) - 1)], np.int32)
        for source in dict.fromkeys(sources):
            codes.setdefault(source, len(codes) - 1)
        return np.array([codes[source] for source in sources], np.int32)

    def _record(self, ids: Sequence[Hashable], first: int) -> None:
        end = first + len(ids)
        if end > len(self.ids):
            self.ids = grown(self.ids, end)
        if len(ids) == 1:  # fast path for a single item
            self.row_of[ids[0]] = first
            self.ids[first] = ids[0]
            return
        self.row_of.update(zip(ids, range(first, end), strict=True))
        self.ids[first:end] = np.fromiter(ids, object, len(ids))  # tuples as they are

    def _verdicts(self, first: int) -> tuple[list[int], list[bool]]:
        """Return the clusters of the rows from one on, and which rows are representatives."""
        arrays, stop = self.texts.clusters.arrays, self.texts.n_rows
        if stop - first == 1:  # fast path for a single item
            return [int(arrays.clusters[first])], [int(arrays.representatives[first]) == first]
        leads = arrays.representatives[first:stop] == np.arange(first, stop)
        return arrays.clusters[first:stop].tolist(), leads.tolist()

    def _retire(self, rows: NDArray[np.int64], *, is_new: bool = False) -> None:
        if not len(rows):
            return
        if is_new:
            self.texts.alive[rows] = 0  # counted when all is counted
        else:
            self.texts.retire(rows)
        for row in rows.tolist():
            if self.row_of.get(self.ids[row]) == row:
                del self.row_of[self.ids[row]]

    def _compact(self) -> None:
        kept = self.texts.compact()
        self.ids = self.ids[kept]
        self.row_of = {each: row for row, each in enumerate(self.ids.tolist())}

    # Answers.

    def query(
        self,
        items: StoredItems,
        tokens: Tokens,
        include: frozenset[str],
        limit: int | None,
        n_jobs: int,
    ) -> MatchLists:
        """Look items up; one without a time is not bound by the window."""
        if not len(items):
            return MatchLists([])
        unknown = len(self._source_codes)
        codes = [self._source_codes.get(source, unknown) for source in items.sources]
        tokenized = TokenizedItems(
            *tokens, np.array(codes, np.int32), items.published, _NO_NUMBERS, _NO_NUMBERS
        )
        # Of what is out of the window, and of what is ranked afterwards, all is listed.
        is_ranked = self._window == UNLIMITED and self.config.policy != "similar"
        table = self.texts.look_up(
            tokenized,
            _nothing(len(items)),
            insert=False,
            most=limit if is_ranked else None,
            include=include,
            n_jobs=n_jobs,
        )
        table = within(table, items.published, self.texts.clusters.arrays.moments, self._window)
        return MatchLists([(table, self.ids)], limit)


def _nothing(n_items: int) -> NDArray[np.int64]:
    return _NOTHING_REPLACED if n_items == 1 else np.full(n_items, -1)
