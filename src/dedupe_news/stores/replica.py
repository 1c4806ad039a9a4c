"""
An index in memory as a function of what was done to it, in order.

Every store keeps one: the store in memory has nothing else, the others make it
anew from what they keep, and apply to it what other processes did. Two
replicas of the same documents in the same order, with the same ones removed
since removed ones were last dropped, answer alike, to the bit. So everything
that an answer depends on happens at a place in that order: documents leave the
window just before the first document that is so much newer, and removed ones
are dropped just after the document or removal that makes them as many as the
others, wherever a batch begins or ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.columns import to_span
from dedupe_news.stores.arrays import UNLIMITED, Items
from dedupe_news.stores.matching import all_matches, within
from dedupe_news.stores.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._text import Tokens
    from dedupe_news.config import Config
    from dedupe_news.records import Match
    from dedupe_news.stores.rows import Rows, Verdicts

_COMPACT_ABOVE = 4096
_STEPS_A_WINDOW = 64
_NOTHING_REPLACED = np.array([-1], np.int64)
_NO_NUMBERS = np.empty(0, np.int64)


class Replica(Registry):
    """
    Documents by slot, in order of arrival, and what is done to them.

    Parameters
    ----------
    config : Config
        The settings.

    Attributes
    ----------
    step : int or None
        How far the window has moved on, in 64ths of its length; None before
        the first document.
    """

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._window = UNLIMITED if config.window is None else to_span(config.window)
        self._step_length = max(1, self._window // _STEPS_A_WINDOW)
        self.step: int | None = None

    def add(
        self, rows: Rows, tokens: Tokens, verdicts: Verdicts | None = None, *, n_jobs: int = 1
    ) -> list[list[Match]]:
        """
        Add documents one after another.

        Parameters
        ----------
        rows : Rows
            The documents; their ids are distinct.
        tokens : Tokens
            Theirs.
        verdicts : Verdicts, optional
            Their clusters, where another process has judged or will judge
            them: they are not looked up then.
        n_jobs : int, default 1
            Threads.

        Returns
        -------
        list of list of Match
            For each document those it matches among the documents before it;
            nothing where verdicts were given.
        """
        n_documents, begin = len(rows), 0
        matches: list[list[Match]] = []
        moments = rows.moments
        while begin < n_documents:
            stop = self._move_on(moments, begin)
            replaced = self._replaced(rows.ids[begin:stop])
            is_replacing = replaced is not None
            if replaced is None:
                replaced = _nothing(stop - begin)
            else:
                replaced = replaced[: self._n_until_due(replaced)]
            n_done = len(replaced)
            stop = begin + n_done
            items = self._items(rows, tokens, moments, begin, stop)
            first = self.store.n_slots
            if verdicts is None:
                found = self.store.probe(items, replaced, insert=True, n_jobs=n_jobs)
                if is_replacing:
                    self._note_retired(replaced[replaced >= 0])
                self._record(rows, begin, stop, first)
                found = within(found, items.moments, self._moments, self._window)
                matches += all_matches(found, self.ids)
            else:
                self._retire(replaced[replaced >= 0])
                self.store.append(items)
                self.store.founders.place(
                    np.arange(first, first + n_done),
                    verdicts.clusters[begin:stop],
                    verdicts.are_founders[begin:stop],
                    self.store.n_slots,
                )
                self.store.enroll(first)
                self._record(rows, begin, stop, first)
            self.next_number += n_done
            begin = stop
            self._compact_if_due()
        return matches

    def _replaced(self, ids: Sequence[Hashable]) -> NDArray[np.int64] | None:
        """Return the slot that each document replaces, or -1; None where all are new."""
        slot_of = self.slot_of
        if slot_of.keys().isdisjoint(ids):
            return None
        return np.array([slot_of.get(each, -1) for each in ids], np.int64)

    def _compact_if_due(self) -> None:
        """Drop removed documents once they are as many as the others."""
        n_removed = self.store.n_slots - len(self)
        if n_removed < _COMPACT_ABOVE or n_removed < len(self):
            return
        self.changes.dropped += self.retired_numbers().tolist()
        self.compact()

    def _move_on(self, moments: NDArray[np.int64], begin: int) -> int:
        """Let documents leave that are too old for one; return where they must be asked next."""
        if self._window == UNLIMITED:
            return len(moments)
        steps = moments[begin:] // self._step_length
        if self.step is None or steps[0] > self.step:
            self.step = int(steps[0])
            self.expire(self.step * self._step_length - self._window)
        later = np.flatnonzero(steps > self.step)
        return begin + int(later[0]) if len(later) else len(moments)

    def _n_until_due(self, replaced: NDArray[np.int64]) -> int:
        """Return how many documents come before removed ones are to be dropped."""
        n_documents = len(replaced)
        left = np.cumsum(replaced >= 0)
        n_removed = self.store.n_slots - len(self) + left
        n_alive = len(self) + np.arange(1, n_documents + 1) - left
        due = np.flatnonzero((n_removed >= _COMPACT_ABOVE) & (n_removed >= n_alive))
        return int(due[0]) + 1 if len(due) else n_documents

    def remove(self, id: Hashable) -> bool:  # noqa: A002 - an id, as everywhere
        """
        Remove a document.

        Parameters
        ----------
        id : hashable
            Its id.

        Returns
        -------
        bool
            False if there is none.
        """
        slot = self.slot_of.get(id)
        if slot is None:
            return False
        self._retire(np.array([slot]))
        self._compact_if_due()
        return True

    def expire(self, before: int) -> int:
        """
        Remove all documents of an earlier time.

        Parameters
        ----------
        before : int
            Microseconds since 1970.

        Returns
        -------
        int
            How many left.
        """
        n_slots = self.store.n_slots
        moments = self.store.founders.arrays.moments[:n_slots]
        slots = np.flatnonzero((moments < before) & (self.store.alive[:n_slots] == 1))
        if len(slots):
            self._retire(slots)
            self._compact_if_due()
        return len(slots)

    def load(
        self, rows: Rows, tokens: Tokens, numbers: NDArray[np.int64], verdicts: Verdicts
    ) -> None:
        """
        Take in documents as they were kept; `settle` follows.

        Parameters
        ----------
        rows : Rows
            The documents, which come after those that are here.
        tokens : Tokens
            Theirs.
        numbers : ndarray of int64, shape (n_documents,)
            Their running numbers.
        verdicts : Verdicts
            Their clusters.
        """
        first = self.store.n_slots
        self.store.append(
            self._items(rows, tokens, rows.moments, 0, len(rows))._replace(numbers=numbers)
        )
        stop = self.store.n_slots
        founders = self.store.founders.arrays
        founders.clusters[first:stop] = verdicts.clusters
        founders.founders[first:stop] = np.where(verdicts.are_founders, np.arange(first, stop), -1)
        self._record(rows, 0, len(rows), first)

    def settle(self, retired: NDArray[np.int64]) -> None:
        """
        Make the index of documents that were taken in.

        Parameters
        ----------
        retired : ndarray of int64
            Numbers of those that left before.
        """
        store = self.store
        slots = np.searchsorted(self.numbers, retired)
        store.alive[slots] = 0
        # A document that was added again has a later slot under its id.
        for slot in slots.tolist():
            if self.slot_of.get(self.ids[slot]) == slot:
                del self.slot_of[self.ids[slot]]
        slots_in_use = np.arange(store.n_slots)
        are_founders = store.founders.arrays.founders[: store.n_slots] == slots_in_use
        store.founders.relink(store.n_slots, are_founders)
        store.rebuild()

    def follow(
        self,
        rows: Rows,
        tokens: Tokens,
        numbers: NDArray[np.int64],
        verdicts: Verdicts,
        retired: NDArray[np.int64],
    ) -> None:
        """
        Apply what another process did, but for the dropping of removed documents.

        Parameters
        ----------
        rows : Rows
            The documents, which come after those that are here.
        tokens : Tokens
            Theirs.
        numbers : ndarray of int64, shape (n_documents,)
            Their running numbers.
        verdicts : Verdicts
            Their clusters.
        retired : ndarray of int64
            Numbers of documents that left, of those among them.
        """
        store, first = self.store, self.store.n_slots
        if len(rows):
            items = self._items(rows, tokens, rows.moments, 0, len(rows))
            store.append(items._replace(numbers=numbers))
            slots = np.arange(first, store.n_slots)
            store.founders.place(slots, verdicts.clusters, verdicts.are_founders, store.n_slots)
            store.enroll(first)
            self._record(rows, 0, len(rows), first)
        slots = np.searchsorted(self.numbers, retired)
        self._forget(slots)
        store.retire(slots)
        if len(numbers):
            self.next_number = int(numbers[-1]) + 1

    def query(
        self,
        rows: Rows,
        tokens: Tokens,
        include: frozenset[str] = frozenset(),
        *,
        most: int | None = None,
        n_jobs: int = 1,
    ) -> list[list[Match]]:
        """
        Look documents up.

        Parameters
        ----------
        rows : Rows
            The documents.
        tokens : Tokens
            Theirs.
        include : frozenset of str
            Of "related" and "template", which are returned beside duplicates.
        most : int, optional
            Most matches of a document; all by default.
        n_jobs : int, default 1
            Threads.

        Returns
        -------
        list of list of Match
            Best first. A document without a time is not bound by the window.
        """
        if not len(rows):
            return []
        unknown = len(self._source_codes)
        codes = [self._source_codes.get(source, unknown) for source in rows.sources]
        items = Items(
            tokens.hashes,
            tokens.flags,
            tokens.offsets,
            tokens.cut_off,
            np.array(codes, np.int32),
            rows.published,
            _NO_NUMBERS,
            _NO_NUMBERS,
        )
        found = self.store.probe(
            items,
            _nothing(len(rows)),
            insert=False,
            most=None if self._window != UNLIMITED else most,
            include=include,
            n_jobs=n_jobs,
        )
        found = within(found, rows.published, self._moments, self._window)
        return all_matches(found, self.ids)


def _nothing(n_documents: int) -> NDArray[np.int64]:
    return _NOTHING_REPLACED if n_documents == 1 else np.full(n_documents, -1)
