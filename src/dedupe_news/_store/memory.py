"""An event log in memory alone."""

from __future__ import annotations

import bisect
import contextlib
import itertools
from typing import TYPE_CHECKING, Any

from dedupe_news._input import times
from dedupe_news._store.limits import LIMITS, Limits
from dedupe_news._store.log import Behind, Conflict, Cursor, Discarded, Events

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from dedupe_news.config import Config


class MemoryLog:
    """An event log in a list; its position and its events change in one step."""

    def __init__(self, config: Config, limits: Limits = LIMITS) -> None:
        self.config, self._at_a_time = config, limits.events
        self.name = "the index in memory"
        self.remedy = "Make it anew"
        self.read_only = False
        self.objects: list[Hashable] | None = []
        # Positions of discarded events are left out; both are replaced or extended together.
        self._kept: tuple[list[int], list[bytes]] = [], []
        self._base = 0

    def now(self) -> int:
        """Return the time of this machine."""
        return times.now()

    def lock(self) -> contextlib.AbstractContextManager[None]:
        """Return a block: nobody else has this log."""
        return contextlib.nullcontext()

    def _end(self) -> int:
        positions = self._kept[0]
        return positions[-1] + 1 if positions else 0

    def read(self, since: Cursor) -> Iterator[Events]:
        """Yield the events from a cursor on."""
        if since.position == self._end():
            return
        if 0 < since.position < self._base:
            raise Behind
        positions, events = self._kept
        first = bisect.bisect_left(positions, since.position)
        end = len(positions)  # events without a position are of an addition that was interrupted
        for start in range(first, end, self._at_a_time):
            some = slice(start, min(start + self._at_a_time, end))
            yield Events(positions[some], events[some])

    def fetch(self, positions: Sequence[int]) -> Events:
        """Return single events."""
        kept, events = self._kept
        places = [(each, bisect.bisect_left(kept, each)) for each in positions]
        there = [(each, at) for each, at in places if at < len(kept) and kept[at] == each]
        return Events([each for each, _ in there], [events[at] for _, at in there])

    def append(
        self, events: Sequence[bytes], since: Cursor, discarded: Discarded | None = None
    ) -> None:
        """Append events at a cursor and discard others."""
        end = self._end()
        if since.position != end:
            raise Conflict
        positions, kept = self._kept
        del kept[len(positions) :]  # of an addition that was interrupted
        kept.extend(events)  # not there until their positions are
        positions.extend(range(end, end + len(events)))
        if discarded is not None:
            gone = set(discarded.positions)
            stays = [each not in gone for each in positions]
            self._base = discarded.base
            self._kept = (
                list(itertools.compress(positions, stays)),
                list(itertools.compress(kept, stays)),
            )

    def __getstate__(self) -> dict[str, Any]:
        """Return a copy of what there is, which does not change with this log."""
        positions, events = self._kept
        objects = None if self.objects is None else self.objects[:]
        n_events = len(positions)
        return {
            **vars(self), "objects": objects, "_kept": (positions[:], events[:n_events]),
        }  # fmt: skip

    def beside(self) -> None:
        """Return None: there is no place for a seal."""

    def details(self) -> dict[str, object]:
        """Return what there is to say."""
        return {"store": "memory"}

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""
