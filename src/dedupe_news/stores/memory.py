"""Documents in memory alone."""

from __future__ import annotations

import contextlib
import copy
from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.stores.contents import Contents
from dedupe_news.stores.protocol import Store
from dedupe_news.stores.replica import Replica
from dedupe_news.stores.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from dedupe_news._text import Tokens
    from dedupe_news.config import Config
    from dedupe_news.records import Match

_ROWS_AT_A_TIME = 65_536


class MemoryStore(Store):
    """
    A replica, and beside it the texts.

    Parameters
    ----------
    config : Config
        The settings.
    """

    def __init__(self, config: Config) -> None:
        self.replica = Replica(config)
        self._contents = Contents()
        self._titled = bytearray()
        # A list takes four times as much.
        self._sources, self._published, self._arrived = array("i"), array("q"), array("q")

    def _refresh(self) -> None:
        """Nobody else has these documents."""

    def _add(self, rows: Rows, tokens: Tokens, n_jobs: int) -> list[list[Match]]:
        numbers = self._numbers()
        first = self.replica.next_number
        matches = self.replica.add(rows, tokens, n_jobs=n_jobs)
        self._contents.append(rows)
        self._sources.frombytes(self.replica.source_codes(rows.sources).tobytes())
        self._titled += rows.titled.data
        self._published.frombytes(rows.published.tobytes())
        self._arrived.frombytes(rows.arrived.tobytes())
        self._drop(numbers, first)
        return matches

    def _numbers(self) -> np.ndarray[Any, np.dtype[np.int64]]:
        return self.replica.numbers

    def _drop(self, numbers: np.ndarray[Any, np.dtype[np.int64]], first: int) -> None:
        """Drop the texts of what the replica dropped; `numbers` were its slots before."""
        dropped = self.replica.take_changes().dropped
        if not dropped:
            return
        added = np.arange(first, self.replica.next_number)
        slots = np.flatnonzero(~np.isin(np.concatenate((numbers, added)), dropped))
        self._contents = self._contents.keep(slots)
        kept = slots.tolist()
        self._titled = bytearray(self._titled[slot] for slot in kept)
        for name in ("_sources", "_published", "_arrived"):
            values = getattr(self, name)
            setattr(self, name, array(values.typecode, [values[slot] for slot in kept]))

    def _remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        numbers = self._numbers()
        was_there = self.replica.remove(id)
        self._drop(numbers, self.replica.next_number)
        return was_there

    def _expire(self, before: int) -> int:
        numbers = self._numbers()
        n_left = self.replica.expire(before)
        self._drop(numbers, self.replica.next_number)
        return n_left

    def _rows(self) -> Iterator[Rows]:
        n_slots = self.replica.store.n_slots
        alive = np.flatnonzero(self.replica.store.alive[:n_slots])
        ids, names = self.replica.ids, self.replica.source_names
        published = np.array(self._published, np.int64)
        arrived = np.array(self._arrived, np.int64)
        titled = np.frombuffer(bytes(self._titled), np.uint8)
        for start in range(0, len(alive), _ROWS_AT_A_TIME):
            slots = alive[start : start + _ROWS_AT_A_TIME]
            buffer, offsets = self._contents.gather(slots)
            yield Rows(
                ids=ids[slots].tolist(),
                buffer=buffer,
                offsets=offsets,
                titled=titled[slots],
                published=published[slots],
                arrived=arrived[slots],
                sources=[names[self._sources[slot]] for slot in slots.tolist()],
            )

    @contextlib.contextmanager
    def _batch(self) -> Iterator[None]:
        mark = self.replica.mark()
        state = vars(self).copy()
        n_slots = len(self._sources)
        try:
            yield
        except BaseException:
            # What was replaced is as it was; what was appended to is cut again.
            vars(self).update(state)
            self._contents.cut(n_slots)
            for name in ("_sources", "_titled", "_published", "_arrived"):
                del getattr(self, name)[n_slots:]
            self.replica.rewind(mark)
            raise

    def _details(self) -> dict[str, object]:
        return {"store": "memory"}

    def _close(self) -> None:
        """There is nothing to let go of."""

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle.

        Returns
        -------
        dict
            Copies of what changes.
        """
        return {name: copy.copy(value) for name, value in vars(self).items()}
