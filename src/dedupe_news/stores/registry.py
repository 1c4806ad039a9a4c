"""The documents of an index in memory by slot: ids, numbers, clusters; and what left."""

from __future__ import annotations

import copy
import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import postings
from dedupe_news._engine.classifier import load_classifier
from dedupe_news.columns import NO_SOURCE
from dedupe_news.stores.arrays import Items, grown
from dedupe_news.stores.news import NewsStore
from dedupe_news.stores.rows import Rows, Verdicts
from dedupe_news.stores.similar import SimilarStore

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.text import Tokens


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


class Registry:
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
    store : SimilarStore or NewsStore
        What finds them.
    ids : ndarray of object, shape (capacity,)
        The id of each slot. Of an array, unlike a list, the garbage collector
        does not look at every item again and again.
    slot_of : dict of hashable to int
        The slot of each id.
    next_number : int
        Running number of the next document.
    changes : Changes
        What left since somebody last took note.
    """

    def __init__(self, config: Config) -> None:
        self.config = config
        self.store = _make_store(config)
        self.ids: NDArray[np.object_] = np.empty(0, object)
        self.slot_of: dict[Hashable, int] = {}
        self._source_codes: dict[str | None, int] = {None: NO_SOURCE}
        self.next_number = 0
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
        changes = self.changes
        if changes.retired or changes.dropped:
            self.changes = Changes()
        return changes

    def _items(
        self, rows: Rows, tokens: Tokens, moments: NDArray[np.int64], begin: int, stop: int
    ) -> Items:
        first, own = self.next_number, slice(begin, stop)
        if stop - begin == len(rows):  # the common case, made short
            return Items(
                *tokens,
                self.source_codes(rows.sources),
                rows.published,
                range(first, first + stop),
                moments,
            )
        return Items(
            tokens.hashes,
            tokens.flags,
            tokens.offsets[begin : stop + 1],
            tokens.cut_off[own],
            self.source_codes(rows.sources[own]),
            rows.published[own],
            range(first, first + stop - begin),
            moments[own],
        )

    def source_codes(self, sources: Sequence[str | None]) -> NDArray[np.int32]:
        """
        Return sources as numbers, new ones for those that were not seen before.

        Parameters
        ----------
        sources : sequence of str or None
            Names.

        Returns
        -------
        ndarray of int32
            Their places in `source_names`.
        """
        codes = self._source_codes
        if len(sources) == 1:  # the common case, made short
            return np.array([codes.setdefault(sources[0], len(codes) - 1)], np.int32)
        for source in dict.fromkeys(sources):
            codes.setdefault(source, len(codes) - 1)
        return np.array([codes[source] for source in sources], np.int32)

    @property
    def source_names(self) -> list[str | None]:
        """
        Source names, by their numbers.

        Returns
        -------
        list of str or None
            The last is None, for `NO_SOURCE`.
        """
        return [*list(self._source_codes)[1:], None]

    def _record(self, rows: Rows, begin: int, stop: int, first: int) -> None:
        ids, end = rows.ids[begin:stop], first + stop - begin
        if end > len(self.ids):
            self.ids = grown(self.ids, end)
        if len(ids) == 1:  # the common case, made short
            self.slot_of[ids[0]] = first
            self.ids[first] = ids[0]
            return
        self.slot_of.update(zip(ids, range(first, end), strict=True))
        self.ids[first:end] = np.fromiter(ids, object, len(ids))  # tuples as they are

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

    def last_verdicts(self, n_documents: int) -> Verdicts:
        """
        Return the clusters of the documents that came last.

        Parameters
        ----------
        n_documents : int
            How many; none of them was dropped.

        Returns
        -------
        Verdicts
            In order of arrival.
        """
        arrays, stop = self.store.founders.arrays, self.store.n_slots
        own = slice(stop - n_documents, stop)
        founders = arrays.founders[own]
        return Verdicts(arrays.clusters[own], founders == np.arange(stop - n_documents, stop))

    def last_verdict(self) -> tuple[int, bool]:
        """
        Return the cluster of the document that came last.

        Returns
        -------
        cluster : int
            Its number.
        is_founder : bool
            Whether the document is its founder.
        """
        arrays, slot = self.store.founders.arrays, self.store.n_slots - 1
        return int(arrays.clusters[slot]), bool(arrays.founders[slot] == slot)

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

    def compact(self) -> NDArray[np.int64]:
        """
        Drop removed documents.

        Returns
        -------
        ndarray of int64
            Former slots of those that stay.
        """
        kept = self.store.compact()
        self.ids = self.ids[kept]
        self.slot_of = {each: slot for slot, each in enumerate(self.ids.tolist())}
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
        state["ids"] = self.ids[: self.store.n_slots].copy()
        for name in ("slot_of", "_source_codes", "changes"):
            state[name] = copy.copy(state[name])
        return state


def _make_store(config: Config) -> SimilarStore | NewsStore:
    if config.policy == "similar":
        return SimilarStore(config)
    return NewsStore(config, load_classifier(config).trees, postings.count_codes())
