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
from dedupe_news._kernels._interpreting import small
from dedupe_news._kernels.representatives import representative_of
from dedupe_news._kernels.workspace import Arrivals
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news._store.codec import NOTHING, Addition, checksum_of, pack_tombstones, unpack
from dedupe_news._store.index_texts import IndexTexts
from dedupe_news._store.log import Cursor, Discarded
from dedupe_news._store.match_lists import UNLIMITED, MatchLists, grown
from dedupe_news._store.stored_items import tokens_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._store.codec import Packing, Tombstones
    from dedupe_news._store.limits import Limits
    from dedupe_news._store.log import Events
    from dedupe_news._store.match_lists import MatchTable
    from dedupe_news._store.stored_items import StoredItems
    from dedupe_news._text import Tokens
    from dedupe_news.config import Config

MOST_MATCHES = 100
"""Matches of an item that is added: of more, the best."""

_STEPS_A_WINDOW = 64
_NO_ROW = -1
_AT_ONCE = 2000  # items whose matches are looked for together, for the sake of memory
_SEVERAL = 4096  # items from which on several threads are worth it


class State:
    """
    Items by row, in order of arrival, and what finds them.

    `step` is how far the window has moved on, in 64ths of its length. While
    `is_torn`, changes have begun and are not in the log: if they fail, the state is of no
    use. `n_begun` counts them.
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
        self.n_begun = 0
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
        items, moments, begin = packing.items, packing.items.moments, 0
        tables = []
        self._begin()
        while begin < len(items):
            stop = min(self._move_on(moments, begin), begin + _AT_ONCE)
            replaced = [self.row_of.get(each, _NO_ROW) for each in items.ids[begin:stop]]
            replaced = replaced[: self._n_until_due(replaced)]
            stop, first = begin + len(replaced), self.texts.n_rows
            replaced_numbers = [
                NOTHING if row == _NO_ROW else int(self.numbers[row]) for row in replaced
            ]
            some, position = slice(begin, stop), self._position()
            numbers = range(position, position + len(replaced))
            arrivals = self._arrivals(items, tokens, some, replaced)
            table = self.texts.add(arrivals, numbers, moments[some], MOST_MATCHES)
            self._record(items.ids[some], first)
            if keep:
                others = self.texts.clusters.arrays.moments
                table = table.within(moments[some], others, self._window)
                tables.append((table.best(MOST_MATCHES), self.ids))
            clusters, leads = self._verdicts(first)
            self._pending += packing.pack((begin, stop), clusters, leads, replaced_numbers)
            begin = stop
            self._compact_if_due()
        return tables

    def _arrivals(
        self, items: StoredItems, tokens: Tokens, some: slice, replaced: Sequence[int]
    ) -> Arrivals:
        """Return some items as kernels take them; sources that are new get codes."""
        codes, sources = self._source_codes, items.sources[some]
        for source in dict.fromkeys(sources):
            codes.setdefault(source, len(codes) - 1)
        return Arrivals(
            tokens.hashes, tokens.flags, tokens.offsets[some.start : some.stop + 1],
            tokens.cut_off[some], np.array([codes[source] for source in sources], np.int32),
            items.published[some], np.array(replaced, np.int64),
        )  # fmt: skip

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

    def _begin(self) -> None:
        self.is_torn = True
        self.n_begun += 1

    def _leave(self, rows: NDArray[np.int64]) -> None:
        self._begin()
        event = pack_tombstones(self.numbers[rows], self.step)
        self._retire(rows)
        self._marks.append(self._position())
        self._pending.append(event)
        self._compact_if_due()

    def _position(self) -> int:
        return self.cursor.position + len(self._pending)

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

    def _n_until_due(self, replaced: Sequence[int]) -> int:
        """Return how many items come before removed ones are to be dropped."""
        n_removed = self.texts.n_rows - len(self)
        n_alive = len(self)
        for at, row in enumerate(replaced, 1):
            n_removed += row != _NO_ROW
            n_alive += row == _NO_ROW
            if n_removed >= max(self._limits.removed, n_alive):
                return at
        return len(replaced)

    def _compact_if_due(self) -> None:
        """Drop removed items once they are as many as the others."""
        n_removed = self.texts.n_rows - len(self)
        if n_removed < max(self._limits.removed, len(self)):
            return
        gone = self.numbers[~self.alive]
        self._base = self._last_compaction + 1
        self._discarded += [*gone.tolist(), *self._marks]
        if self._last_compaction >= 0:
            self._discarded.append(self._last_compaction)
        self._last_compaction, self._marks = self._position(), []
        self._pending.append(pack_tombstones(gone, self.step, is_compaction=True))
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
        n_bytes = 0
        for positions, events in parts:
            n_bytes += sum(map(len, events))
            with small(n_bytes):
                for event in unpack(positions, events, objects or ()):
                    if isinstance(event, Addition):
                        self._append(event, is_new=is_new)
                    else:
                        self._bury(event, is_new=is_new)
            self.cursor = Cursor(positions[-1] + 1, checksum_of(events[-1]))
        if is_new:
            with small(n_bytes):
                self.texts.rebuild()
        self.is_torn = False

    def _bury(self, event: Tombstones, *, is_new: bool) -> None:
        self.step = event.step
        self._retire(self._rows(event.numbers), is_new=is_new)
        if event.is_compaction:
            self._last_compaction, self._marks = event.position, []
            self._compact()
        else:
            self._marks.append(event.position)

    def _append(self, event: Addition, *, is_new: bool) -> None:
        items = event.items
        n_jobs = 1 if len(items) < _SEVERAL else resolve_jobs(-1)
        tokens = tokens_of(items, self.config, n_jobs)
        first, moments = self.texts.n_rows, items.moments
        if self._window != UNLIMITED:
            last = int(moments.max()) // self._step_length
            self.step = last if self.step is None else max(last, self.step)
        arrivals = self._arrivals(items, tokens, slice(0, len(items)), ())
        self.texts.append(arrivals, event.positions, moments)
        self.texts.clusters.place(first, event.clusters, event.leads)
        if not is_new:
            self.texts.enroll(first)
        self._record(items.ids, first)
        self._retire(self._rows(event.replaces), is_new=is_new)

    def _rows(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the rows of those numbers that are here and count."""
        known = self.numbers
        rows = np.searchsorted(known, numbers)
        here = rows < len(known)
        here[here] = known[rows[here]] == numbers[here]
        rows = rows[here]
        counting: NDArray[np.int64] = rows[self.texts.alive[rows] == 1]
        return counting

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

    def _record(self, ids: Sequence[Hashable], first: int) -> None:
        end = first + len(ids)
        if end > len(self.ids):
            self.ids = grown(self.ids, end)
        self.row_of.update(zip(ids, range(first, end), strict=True))
        self.ids[first:end] = np.fromiter(ids, object, len(ids))  # tuples as they are

    def _verdicts(self, first: int) -> tuple[list[int], list[bool]]:
        """Return the clusters of the rows from one on, and which rows are representatives."""
        arrays, some = self.texts.clusters.arrays, slice(first, self.texts.n_rows)
        representatives = arrays.representatives[some].tolist()
        leads = [row == representative for row, representative in enumerate(representatives, first)]
        return arrays.clusters[some].tolist(), leads

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
        arrivals = Arrivals(
            *tokens, np.array(codes, np.int32), items.published, np.full(len(items), _NO_ROW)
        )
        # Of what is out of the window, and of what is ranked afterwards, all is listed.
        is_ranked = self._window == UNLIMITED and self.config.policy != "similar"
        table = self.texts.look_up(
            arrivals, most=limit if is_ranked else None, include=include, n_jobs=n_jobs
        )
        table = table.within(items.published, self.texts.clusters.arrays.moments, self._window)
        return MatchLists([(table, self.ids)], limit)
