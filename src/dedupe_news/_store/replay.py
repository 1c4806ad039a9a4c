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

from dedupe_news._engine.classifier import load_classifier
from dedupe_news._engine.counts import count_codes
from dedupe_news._input.columns import NO_SOURCE, to_span
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news._store.arrays import UNLIMITED, Items, grown
from dedupe_news._store.codec import (
    Added,
    Compacted,
    checksum_of,
    pack_compacted,
    pack_retired,
    unpack,
)
from dedupe_news._store.judged import JudgedTexts
from dedupe_news._store.log import Cursor, Discarded
from dedupe_news._store.matching import MatchLists, best, within
from dedupe_news._store.thresholded import ThresholdedTexts
from dedupe_news._text import source_codes, tokenize

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._store.arrays import Found
    from dedupe_news._store.codec import Event, Packing
    from dedupe_news._store.log import Events
    from dedupe_news._store.rows import Rows
    from dedupe_news._store.slots import Limits
    from dedupe_news._text import Tokens
    from dedupe_news.config import Config

MOST_MATCHES = 100
"""Matches of an item that is added: of more, the best."""

_STEPS_A_WINDOW = 64
_NOTHING_REPLACED = np.array([-1], np.int64)
_NO_NUMBERS = np.empty(0, np.int64)
_AT_ONCE = 2000  # items whose matches are looked for together, for the sake of memory
_SEVERAL = 4096  # items from which on several threads are worth it


def tokens_of(rows: Rows, config: Config, n_jobs: int) -> Tokens:
    """Return the tokens of items, their titles taken as one line."""
    codes, names = source_codes(rows.sources)
    return tokenize(rows.text_buffer(), rows.offsets, config, codes, names, n_jobs=n_jobs)


class State:
    """
    Items by slot, in order of arrival, and what finds them.

    Attributes
    ----------
    texts : ThresholdedTexts or JudgedTexts
        What finds them.
    ids : ndarray of object, shape (capacity,)
        The id of each slot. Of an array, unlike a list, the garbage collector
        does not look at every item again and again.
    slot_of : dict of hashable to int
        The slot of each id.
    step : int or None
        How far the window has moved on, in 64ths of its length.
    cursor : Cursor
        The events of the log that were applied.
    is_torn : bool
        Whether a change has begun and not ended: what is here is of no use then.
    """

    def __init__(self, config: Config, limits: Limits) -> None:
        self.config, self._limits = config, limits
        if config.policy == "similar":
            self.texts: ThresholdedTexts | JudgedTexts = ThresholdedTexts(config, limits)
        else:
            codes = count_codes()
            self.texts = JudgedTexts(config, limits, load_classifier(config).trees, codes)
        self.ids: NDArray[np.object_] = np.empty(0, object)
        self.slot_of: dict[Hashable, int] = {}
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
        return len(self.slot_of)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """The numbers of all slots, increasing: positions of their events."""
        return self.texts.founders.arrays.numbers[: self.texts.n_slots]

    @property
    def alive(self) -> NDArray[np.bool_]:
        """Whether each slot is in the index."""
        alive: NDArray[np.bool_] = self.texts.alive[: self.texts.n_slots] == 1
        return alive

    @property
    def moments(self) -> NDArray[np.int64]:
        """The time of each slot that windows reckon with."""
        return self.texts.founders.arrays.moments[: self.texts.n_slots]

    def cluster_of(self, id: Hashable) -> int:  # noqa: A002 - an id, as everywhere
        """Return the cluster of an item that is here."""
        return int(self.texts.founders.arrays.clusters[self.slot_of[id]])

    def lead_of(self, id: Hashable) -> Hashable:  # noqa: A002 - an id, as everywhere
        """Return the representative of an item's cluster, None where that has left."""
        founders = self.texts.founders.arrays.founders
        slot = self.slot_of[id]
        while slot >= 0 and founders[slot] != slot:
            slot = int(founders[slot])
        return self.ids[slot] if slot >= 0 and self.texts.alive[slot] else None

    # Decisions: they change the state, and say what is to be appended to the log.

    def add(
        self, packing: Packing, tokens: Tokens, n_jobs: int, *, keep: bool
    ) -> list[tuple[Found, NDArray[np.object_]]]:
        """Add items one after another; return what they match where that is to be kept."""
        rows = packing.rows
        n_items, begin = len(rows), 0
        moments = rows.moments
        matches = []
        self.is_torn = True
        while begin < n_items:
            stop = min(self._move_on(moments, begin), begin + _AT_ONCE)
            replaced = self._replaced(rows.ids[begin:stop])
            if replaced is None:
                replaced, numbers = _nothing(stop - begin), [-1] * (stop - begin)
            else:
                replaced = replaced[: self._n_until_due(replaced)]
                stop = begin + len(replaced)
                known = self.texts.founders.arrays.numbers[replaced]
                numbers = np.where(replaced < 0, -1, known).tolist()
            position = self._position()
            items = self._items(
                rows, tokens, moments, (begin, stop), range(position, position + stop - begin)
            )
            first = self.texts.n_slots
            found = self.texts.probe(items, replaced, insert=True, most=MOST_MATCHES, n_jobs=n_jobs)
            self._record(rows.ids[begin:stop], first)
            if keep:
                found = within(
                    found, items.moments, self.texts.founders.arrays.moments, self._window
                )
                matches.append((best(found, MOST_MATCHES), self.ids))
            clusters, leads = self._verdicts(first)
            self._pending += packing.pack((begin, stop), clusters, leads, numbers)
            begin = stop
            self._compact_if_due()
        return matches

    def remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        """Remove an item; return whether it was there."""
        slot = self.slot_of.get(id)
        if slot is None:
            return False
        self._leave(np.array([slot]))
        return True

    def expire(self, before: int) -> int:
        """Remove all items of an earlier time; return how many left."""
        slots = np.flatnonzero((self.moments < before) & self.alive)
        if len(slots):
            self._leave(slots)
        return len(slots)

    def _leave(self, slots: NDArray[np.int64]) -> None:
        self.is_torn = True
        numbers = self.numbers[slots]
        self._retire(slots)
        self._mark(pack_retired(numbers, self.step))
        self._compact_if_due()

    def _mark(self, event: bytes) -> None:
        self._marks.append(self._position())
        self._pending.append(event)

    def _position(self) -> int:
        return self.cursor.position + len(self._pending)

    def _replaced(self, ids: Sequence[Hashable]) -> NDArray[np.int64] | None:
        """Return the slot that each item replaces, or -1; None where all are new."""
        if self.slot_of.keys().isdisjoint(ids):
            return None
        return np.array([self.slot_of.get(each, -1) for each in ids], np.int64)

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
        n_removed = self.texts.n_slots - len(self) + left
        n_alive = len(self) + np.arange(1, len(replaced) + 1) - left
        due = np.flatnonzero((n_removed >= self._limits.removed) & (n_removed >= n_alive))
        return int(due[0]) + 1 if len(due) else len(replaced)

    def _compact_if_due(self) -> None:
        """Drop removed items once they are as many as the others."""
        n_removed = self.texts.n_slots - len(self)
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
        if isinstance(event, Added):
            self._apply_added(event, is_new=is_new)
            return
        self.step = event.step
        slots = self._slots(event.numbers)
        slots = slots[self.texts.alive[slots] == 1]
        self._retire(slots, is_new=is_new)
        if isinstance(event, Compacted):
            self._last_compaction, self._marks = event.position, []
            self._compact()
        else:
            self._marks.append(event.position)

    def _apply_added(self, event: Added, *, is_new: bool) -> None:
        rows = event.rows
        n_jobs = 1 if len(rows) < _SEVERAL else resolve_jobs(-1)
        tokens = tokens_of(rows, self.config, n_jobs)
        first = self.texts.n_slots
        if self._window != UNLIMITED:
            last = int(rows.moments.max()) // self._step_length
            self.step = last if self.step is None else max(last, self.step)
        items = self._items(rows, tokens, rows.moments, (0, len(rows)), event.positions)
        self.texts.append(items)
        slots = np.arange(first, self.texts.n_slots)
        self.texts.founders.place(slots, event.clusters, event.leads, self.texts.n_slots)
        if not is_new:
            self.texts.enroll(first)
        self._record(rows.ids, first)
        replaced = self._slots(event.replaces[event.replaces >= 0])
        self._retire(replaced[self.texts.alive[replaced] == 1], is_new=is_new)

    def _slots(self, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the slots of those numbers that are here."""
        known = self.numbers
        slots = np.searchsorted(known, numbers)
        here = slots < len(known)
        here[here] = known[slots[here]] == numbers[here]
        return slots[here]

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
        self.slot_of = {each: at for at, each in enumerate(ids) if alive[at]}
        self.step, self._marks = rest["step"], rest["marks"]
        self._last_compaction = rest["last_compaction"]
        self._source_codes |= {name: code for code, name in enumerate(rest["sources"])}
        self.cursor = cursor
        self.is_torn = False

    # What both come to.

    def _items(
        self,
        rows: Rows,
        tokens: Tokens,
        moments: NDArray[np.int64],
        bounds: tuple[int, int],
        numbers: range | NDArray[np.int64],
    ) -> Items:
        begin, stop = bounds
        if stop - begin == len(rows):  # fast path for a whole batch
            return Items(*tokens, self._codes(rows.sources), rows.published, numbers, moments)
        some = slice(begin, stop)
        return Items(
            tokens.hashes,
            tokens.flags,
            tokens.offsets[begin : stop + 1],
            tokens.cut_off[some],
            self._codes(rows.sources[some]),
            rows.published[some],
            numbers,
            moments[some],
        )

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
            self.slot_of[ids[0]] = first
            self.ids[first] = ids[0]
            return
        self.slot_of.update(zip(ids, range(first, end), strict=True))
        self.ids[first:end] = np.fromiter(ids, object, len(ids))  # tuples as they are

    def _verdicts(self, first: int) -> tuple[list[int], list[bool]]:
        """Return the clusters of the slots from one on, and which slots are representatives."""
        arrays, stop = self.texts.founders.arrays, self.texts.n_slots
        if stop - first == 1:  # fast path for a single item
            return [int(arrays.clusters[first])], [int(arrays.founders[first]) == first]
        leads = arrays.founders[first:stop] == np.arange(first, stop)
        return arrays.clusters[first:stop].tolist(), leads.tolist()

    def _retire(self, slots: NDArray[np.int64], *, is_new: bool = False) -> None:
        if not len(slots):
            return
        if is_new:
            self.texts.alive[slots] = 0  # counted when all is counted
        else:
            self.texts.retire(slots)
        for slot in slots.tolist():
            if self.slot_of.get(self.ids[slot]) == slot:
                del self.slot_of[self.ids[slot]]

    def _compact(self) -> None:
        kept = self.texts.compact()
        self.ids = self.ids[kept]
        self.slot_of = {each: slot for slot, each in enumerate(self.ids.tolist())}

    # Answers.

    def query(
        self, rows: Rows, tokens: Tokens, include: frozenset[str], limit: int | None, n_jobs: int
    ) -> MatchLists:
        """Look items up; one without a time is not bound by the window."""
        if not len(rows):
            return MatchLists([])
        unknown = len(self._source_codes)
        codes = [self._source_codes.get(source, unknown) for source in rows.sources]
        items = Items(*tokens, np.array(codes, np.int32), rows.published, _NO_NUMBERS, _NO_NUMBERS)
        found = self.texts.probe(
            items,
            _nothing(len(rows)),
            insert=False,
            most=None if self._window != UNLIMITED else limit,
            include=include,
            n_jobs=n_jobs,
        )
        found = within(found, rows.published, self.texts.founders.arrays.moments, self._window)
        return MatchLists([(found, self.ids)], limit)


def _nothing(n_items: int) -> NDArray[np.int64]:
    return _NOTHING_REPLACED if n_items == 1 else np.full(n_items, -1)
