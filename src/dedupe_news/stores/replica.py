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

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import judge, postings
from dedupe_news.columns import NO_SOURCE, to_span
from dedupe_news.stores.arrays import UNLIMITED, Items
from dedupe_news.stores.matching import all_matches, within
from dedupe_news.stores.news import NewsStore
from dedupe_news.stores.rows import Rows, Verdicts
from dedupe_news.stores.similar import SimilarStore

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.records import Match
    from dedupe_news.text import Tokens

_COMPACT_ABOVE = 4096
_STEPS_A_WINDOW = 64
_NOTHING_REPLACED = np.array([-1], np.int64)
_NO_NUMBERS = np.empty(0, np.int64)


@dataclasses.dataclass(slots=True)
class Changes:
    """
    Documents that left, by their running numbers.

    Parameters
    ----------
    retired : list of int
        Removed, replaced or expired.
    dropped : list of int
        Dropped for good: retired ones, now or earlier.
    """

    retired: list[int] = dataclasses.field(default_factory=list)
    dropped: list[int] = dataclasses.field(default_factory=list)


class Replica:
    """
    Documents by slot, in order of arrival.

    Parameters
    ----------
    config : Config
        The settings.

    Attributes
    ----------
    config : Config
        The settings.
    next_number : int
        Running number of the next document.
    step : int or None
        How far the window has moved on, in 64ths of its length; None before
        the first document.
    changes : Changes
        What left since somebody last took note.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self._window = UNLIMITED if config.window is None else to_span(config.window)
        self._step_length = max(1, self._window // _STEPS_A_WINDOW)
        self.store = _make_store(config)
        self.ids: list[Hashable] = []
        self.slot_of: dict[Hashable, int] = {}
        self._source_codes: dict[str | None, int] = {None: NO_SOURCE}
        self.next_number = 0
        self.step: int | None = None
        self.changes = Changes()

    def __len__(self) -> int:
        """
        Return the number of documents.

        Returns
        -------
        int
            Without those that left.
        """
        return len(self.slot_of)

    @property
    def numbers(self) -> NDArray[np.int64]:
        """
        Running numbers of all slots.

        Returns
        -------
        ndarray of int64, shape (n_slots,)
            Increasing; those of documents that left but were not dropped among
            them.
        """
        return self.store.founders.arrays.numbers[: self.store.n_slots]

    @property
    def _moments(self) -> NDArray[np.int64]:
        return self.store.founders.arrays.moments

    def take_changes(self) -> Changes:
        """
        Return what left since this was last asked.

        Returns
        -------
        Changes
            The replica forgets them.
        """
        changes, self.changes = self.changes, Changes()
        return changes

    def add(
        self, rows: Rows, tokens: Tokens, verdicts: Verdicts | None = None
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
            slot_of = self.slot_of  # what moved on may have dropped documents
            replaced = np.array([slot_of.get(each, -1) for each in rows.ids[begin:stop]], np.int64)
            is_replacing = max(replaced.tolist()) >= 0
            if is_replacing:
                replaced = replaced[: self._n_until_due(replaced)]
            n_done = len(replaced)
            stop = begin + n_done
            items = self._items(rows, tokens, moments, begin, stop)
            first = self.store.n_slots
            if verdicts is None:
                found = self.store.probe(items, replaced, insert=True)
                if is_replacing:
                    self._note_retired(replaced[replaced >= 0])
                self._record(rows, begin, stop, first)
                found = within(found, items.moments, self._moments, self._window)
                matches += all_matches(found, self.ids)
            else:
                self._retire(replaced[replaced >= 0])
                self.store.admit(items)
                self.store.founders.place(
                    np.arange(first, first + n_done),
                    verdicts.clusters[begin:stop],
                    verdicts.are_founders[begin:stop],
                    self.store.n_slots,
                )
                self._record(rows, begin, stop, first)
            self.next_number += n_done
            begin = stop
            self._compact_if_due()
        return matches

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

    def _items(
        self, rows: Rows, tokens: Tokens, moments: NDArray[np.int64], begin: int, stop: int
    ) -> Items:
        own = slice(begin, stop)
        first = self.next_number
        return Items(
            hashes=tokens.hashes,
            flags=tokens.flags,
            offsets=tokens.offsets[begin : stop + 1],
            cut_off=tokens.cut_off[own],
            sources=self._codes(rows.sources[own]),
            times=rows.published[own],
            numbers=np.arange(first, first + stop - begin),
            moments=moments[own],
        )

    def _codes(self, sources: Sequence[str | None]) -> NDArray[np.int32]:
        codes = self._source_codes
        for source in dict.fromkeys(sources):
            if source not in codes:
                codes[source] = len(codes) - 1
        return np.array([codes[source] for source in sources], np.int32)

    def _record(self, rows: Rows, begin: int, stop: int, first: int) -> None:
        ids = rows.ids[begin:stop]
        self.slot_of.update(zip(ids, range(first, first + len(ids)), strict=True))
        self.ids.extend(ids)

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
            dataclasses.replace(
                self._items(rows, tokens, rows.moments, 0, len(rows)), numbers=numbers
            )
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
            items = dataclasses.replace(
                self._items(rows, tokens, rows.moments, 0, len(rows)), numbers=numbers
            )
            store.admit(items)
            slots = np.arange(first, store.n_slots)
            store.founders.place(slots, verdicts.clusters, verdicts.are_founders, store.n_slots)
            self._record(rows, 0, len(rows), first)
        slots = np.searchsorted(self.numbers, retired)
        self._forget(slots)
        store.retire(slots)
        if len(numbers):
            self.next_number = int(numbers[-1]) + 1

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

    def _retire(self, slots: NDArray[np.int64]) -> None:
        if len(slots):
            self.store.retire(slots)
            self._note_retired(slots)
            self._forget(slots)

    def _note_retired(self, slots: NDArray[np.int64]) -> None:
        if len(slots):
            self.changes.retired += self.store.founders.arrays.numbers[slots].tolist()

    def _forget(self, slots: NDArray[np.int64]) -> None:
        for slot in slots.tolist():
            if self.slot_of.get(self.ids[slot]) == slot:
                del self.slot_of[self.ids[slot]]

    def query(self, rows: Rows, tokens: Tokens, *, include_series: bool) -> list[list[Match]]:
        """
        Look documents up.

        Parameters
        ----------
        rows : Rows
            The documents.
        tokens : Tokens
            Theirs.
        include_series : bool
            Whether to return relatives of the same series too.

        Returns
        -------
        list of list of Match
            Best first. A document without a time is not bound by the window.
        """
        n_documents = len(rows)
        unknown = len(self._source_codes)
        codes = [self._source_codes.get(source, unknown) for source in rows.sources]
        items = Items(
            hashes=tokens.hashes,
            flags=tokens.flags,
            offsets=tokens.offsets,
            cut_off=tokens.cut_off,
            sources=np.array(codes, np.int32),
            times=rows.published,
            numbers=_NO_NUMBERS,
            moments=_NO_NUMBERS,
        )
        nothing = _NOTHING_REPLACED if n_documents == 1 else np.full(n_documents, -1)
        found = self.store.probe(items, nothing, insert=False)
        found = within(found, rows.published, self._moments, self._window)
        return all_matches(found, self.ids, include_series=include_series)

    def verdicts(self, numbers: NDArray[np.int64]) -> Verdicts:
        """
        Return the clusters of documents.

        Parameters
        ----------
        numbers : ndarray of int64
            Their running numbers; none was dropped.

        Returns
        -------
        Verdicts
            In the same order.
        """
        founders = self.store.founders
        slots = np.searchsorted(self.numbers, numbers)
        return Verdicts(founders.arrays.clusters[slots], founders.arrays.founders[slots] == slots)

    def cluster_of(self, id: Hashable) -> int:  # noqa: A002 - an id, as everywhere
        """
        Return the cluster of a document.

        Parameters
        ----------
        id : hashable
            The id of a document that is here.

        Returns
        -------
        int
            Its number, or `dedupe_news.stores.founders.PENDING`.
        """
        return int(self.store.founders.arrays.clusters[self.slot_of[id]])

    def retired_numbers(self) -> NDArray[np.int64]:
        """
        Return the documents that left and were not dropped yet.

        Returns
        -------
        ndarray of int64
            Their running numbers, increasing.
        """
        retired: NDArray[np.int64] = self.numbers[self.store.alive[: self.store.n_slots] == 0]
        return retired

    def _compact_if_due(self) -> None:
        """Drop removed documents once they are as many as the others."""
        n_removed = self.store.n_slots - len(self)
        if n_removed < _COMPACT_ABOVE or n_removed < len(self):
            return
        self.changes.dropped += self.retired_numbers().tolist()
        self.compact()

    def compact(self) -> NDArray[np.int64]:
        """
        Drop removed documents.

        Returns
        -------
        ndarray of int64
            Former slots of those that stay.
        """
        kept = self.store.compact()
        self.ids = [self.ids[slot] for slot in kept.tolist()]
        self.slot_of = {each: slot for slot, each in enumerate(self.ids)}
        return kept

    def mark(self) -> dict[str, Any]:
        """
        Return what `rewind` needs to undo everything that is done from now on.

        Returns
        -------
        dict
            Cheap to make: most of it is shared.
        """
        state = vars(self).copy()
        state["ids"] = len(self.ids), self.ids
        for name in ("slot_of", "_source_codes"):
            state[name] = getattr(self, name).copy()
        state["store"] = self.store.mark()
        return state

    def rewind(self, mark: dict[str, Any]) -> None:
        """
        Undo everything that was done since a mark was made.

        Parameters
        ----------
        mark : dict
            From `mark`; used once.
        """
        store = self.store
        vars(self).update(mark, store=store, changes=Changes())
        n_ids, ids = mark["ids"]
        del ids[n_ids:]
        self.ids = ids
        store.rewind(mark["store"])

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle.

        Returns
        -------
        dict
            Copies of what changes.
        """
        state = vars(self).copy()
        state["store"] = copy.copy(self.store)
        for name in ("ids", "slot_of", "_source_codes", "changes"):
            state[name] = copy.copy(state[name])
        return state


def _make_store(config: Config) -> SimilarStore | NewsStore:
    if config.policy == "similar":
        return SimilarStore(config)
    models = judge.load_judge()
    four = (models.full, models.bare, models.cold_full, models.cold_bare)
    thresholds = np.array([model.threshold for model in four])
    return NewsStore(
        config,
        np.array([model.weights for model in four]),
        np.array([model.bias for model in four]),
        np.log(thresholds / (1 - thresholds)),
        postings.count_codes(),
        judge.LEAST_TEXTS,
    )
