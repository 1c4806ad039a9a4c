"""The index of the policy "news" in memory: postings of shingles, counted as items come and go."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.columns import extent
from dedupe_news.kernels import bulk
from dedupe_news.kernels import tables as kernels
from dedupe_news.kernels.columns import gather_runs
from dedupe_news.kernels.seeking import seek
from dedupe_news.kernels.tables import NO_SLOT
from dedupe_news.stores.slots import Slots
from dedupe_news.threads import resolve_jobs, run, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.stores.arrays import Found, Items

_FIRST_SLOTS = 1024
_FIRST_TOKENS = 1 << 16
_FIRST_PLACES = 1 << 17
_PLACES_GROWTH = 4
_MOST_A_PLACE = 2  # postings, repeats counted
_PART_BITS = 13  # places whose counts lie in the cache together; more than 15 do not fit an event
_TOKEN_PLACES = 1 << 20
_INSERT = True
_ADMITTED_SHARE = 8  # of the slots: where more come at once, all is made anew sooner
_PER_SLOT = ("lengths", "sizes", "alive", "cut_off", "times", "sources")
_SLOT_DTYPES = (np.int32, np.int32, np.uint8, np.uint8, np.int64, np.int32)


class NewsStore(Slots):
    """
    Token runs by slot, and the postings that find them.

    A removed slot is counted out at once; its postings stay until `compact`
    drops all removed slots.

    Parameters
    ----------
    config : Config
        The settings.
    weights : ndarray of float64, shape (4, n_features)
        The judge's models, with and without metadata, then both for few documents.
    biases, thresholds : ndarray of float64, shape (4,)
        Theirs; thresholds as logits.
    codes : ndarray of uint8, shape (4096,)
        Code of each count.
    """

    def __init__(
        self,
        config: Config,
        weights: NDArray[np.float64],
        biases: NDArray[np.float64],
        thresholds: NDArray[np.float64],
        codes: NDArray[np.uint8],
    ) -> None:
        super().__init__(config)
        self._models = weights, biases, thresholds
        self._codes = codes
        self._longest = 0
        self._allot(_FIRST_SLOTS, _FIRST_TOKENS)

    def _allot(self, n_slots: int, n_tokens: int) -> None:
        self._arrays = {
            "tokens": np.zeros(n_tokens, np.uint32),
            "flags": np.zeros(n_tokens, np.uint8),
            "starts": np.zeros(n_slots + 1, np.int64),
            **{
                name: np.zeros(n_slots, dtype)
                for name, dtype in zip(_PER_SLOT, _SLOT_DTYPES, strict=True)
            },
        }
        self._clear_postings(0, n_tokens + n_slots)

    def _clear_postings(self, n_used: int, capacity: int) -> None:
        # How many places there are follows from the documents alone, not from
        # how they were batched: what shares a place with what decides verdicts.
        n_places = _n_places(n_used)
        self._arrays |= {
            "postings": np.zeros((capacity, 2), np.int32),
            "places": np.zeros((n_places, 3), np.uint32),
            "token_counts": np.zeros(_TOKEN_PLACES, np.uint32),
            "codes": self._codes,
            "counters": np.zeros(3, np.int64),
        }
        self._tables = kernels.Tables(**self._arrays)

    @property
    def n_cut_short(self) -> int:
        """
        Number of look-ups that named or judged fewer documents than they met.

        Returns
        -------
        int
            Since the postings were last rebuilt.
        """
        return int(self._tables.counters[2])

    def retire(self, slots: NDArray[np.int64]) -> None:
        """
        Take documents out.

        Parameters
        ----------
        slots : ndarray of int64
            Slots that count.
        """
        kernels.retire_all(self._tables, slots)

    def probe(
        self,
        items: Items,
        replaced: NDArray[np.int64],
        *,
        insert: bool,
        n_jobs: int = 1,  # noqa: ARG002 - each verdict needs the counts that the last one left
    ) -> Found:
        """
        Judge documents one after another, and add each before the next if asked.

        Parameters
        ----------
        items : Items
            The documents.
        replaced : ndarray of int64, shape (n_documents,)
            Slot that each document replaces, or -1.
        insert : bool
            Whether to add them, at the slots from ``n_slots``.
        n_jobs : int, default 1
            Not used.

        Returns
        -------
        Found
            The matches of each document among those before it, those of the
            same series among them.
        """
        n_documents = len(items.offsets) - 1
        if n_documents == 1:
            return self._probe_one(items, replaced, insert=insert)
        n_tokens, longest = extent(items.offsets)
        self._longest = max(self._longest, longest)
        if not insert:
            self._reserve(1, longest)
            return self._room.fill(
                n_documents, partial(self._seek, items, replaced, insert, self.n_slots)
            )
        first = self.n_slots
        self.founders.announce(first, items.numbers, items.moments)
        self._reserve(n_documents, n_tokens)
        found = self._room.fill(n_documents, partial(self._add, items, replaced, first))
        self.n_slots = first + n_documents
        self.founders.note(first, self.n_slots)
        return found

    def _probe_one(self, items: Items, replaced: NDArray[np.int64], *, insert: bool) -> Found:
        """Do what `probe` does for a single document, the common case, made short."""
        slot = self.n_slots
        begin, stop = items.offsets.tolist()
        length = stop - begin
        self._longest = max(self._longest, length)
        if insert:
            self.founders.announce(slot, items.numbers, items.moments)
            used = int(self._arrays["starts"][slot]) + slot
            if used + length + 1 > _MOST_A_PLACE * len(self._arrays["places"]):
                self.rebuild(more=length + 1)
        self._reserve(1, length)
        room, offsets = self._room, np.zeros(2, np.int64)
        while not self._seek(items, replaced, insert, slot, 0, offsets, room.slots, room.scores):
            room.grow()
        if insert:
            self.n_slots = slot + 1
            if replaced[0] != NO_SLOT:
                self.founders.note(slot, slot + 1)
        return room.found(offsets)

    def _add(
        self, items: Items, replaced: NDArray[np.int64], first: int, begin: int, *matches: Any
    ) -> int:
        """Add documents from `begin`; stop early only for want of room for matches."""
        n_documents = len(items.offsets) - 1
        while begin < n_documents:
            self.n_slots = first + begin
            stop = begin + self._n_until_full(items.offsets[begin:])
            if stop == begin:
                self.rebuild(more=int(items.offsets[begin + 1] - items.offsets[begin]) + 1)
                continue
            begin = self._seek(items, replaced, _INSERT, first, begin, *matches, stop=stop)
            if begin < stop:
                break
        return begin

    def _n_until_full(self, offsets: NDArray[np.int64]) -> int:
        """Return how many documents can be added before there must be more places."""
        arrays = self._arrays
        most = _MOST_A_PLACE * len(arrays["places"])
        used = int(arrays["starts"][self.n_slots]) + self.n_slots
        n_documents = len(offsets) - 1
        if used + int(offsets[-1] - offsets[0]) + n_documents <= most:
            return n_documents
        needed = used + offsets[1:] - offsets[0] + np.arange(1, n_documents + 1)
        return int(np.searchsorted(needed, most, "right"))

    def _seek(
        self,
        items: Items,
        replaced: NDArray[np.int64],
        insert: bool,  # noqa: FBT001 - as in the kernel
        first: int,
        begin: int,
        *matches: Any,
        stop: int | None = None,
    ) -> int:
        weights, biases, thresholds = self._models
        done = seek(
            items.hashes,
            items.flags,
            items.offsets if stop is None else items.offsets[: stop + 1],
            items.cut_off,
            items.sources,
            items.times,
            replaced,
            insert,
            begin,
            first + begin if insert else first,
            self._config.bucket_limit,
            self._longest,
            weights,
            biases,
            thresholds,
            self._tables,
            self.founders.arrays,
            self._window,
            *matches,
        )
        return int(done)

    def append(self, items: Items) -> None:
        """
        Write documents that are found only after `admit` or `rebuild`.

        Parameters
        ----------
        items : Items
            The documents.
        """
        n_documents, first = len(items.offsets) - 1, self.n_slots
        n_tokens, longest = extent(items.offsets)
        self._longest = max(self._longest, longest)
        self.founders.announce(first, items.numbers, items.moments)
        self._reserve(n_documents, n_tokens)
        arrays, stop = self._arrays, first + n_documents
        begin = int(arrays["starts"][first])
        own = slice(int(items.offsets[0]), int(items.offsets[-1]))
        arrays["tokens"][begin : begin + n_tokens] = items.hashes[own]
        arrays["flags"][begin : begin + n_tokens] = items.flags[own]
        arrays["starts"][first + 1 : stop + 1] = begin + items.offsets[1:] - items.offsets[0]
        arrays["lengths"][first:stop] = np.diff(items.offsets)
        arrays["alive"][first:stop] = 1
        arrays["cut_off"][first:stop] = items.cut_off
        arrays["times"][first:stop] = items.times
        arrays["sources"][first:stop] = items.sources
        n_jobs = resolve_jobs(-1) if n_documents > _FIRST_SLOTS else 1
        run(
            lambda own: bulk.fill_sizes(self._tables, first + own[0], first + own[1]),
            split(n_documents, n_jobs),
            n_jobs,
        )
        self.n_slots = stop

    def admit(self, items: Items) -> None:
        """
        Add documents without a look at what they match.

        Parameters
        ----------
        items : Items
            The documents.
        """
        first = self.n_slots
        self.append(items)
        n_used = int(self._arrays["starts"][self.n_slots]) + self.n_slots
        many = self.n_slots - first > max(_FIRST_SLOTS, first // _ADMITTED_SHARE)
        if many or n_used > _MOST_A_PLACE * len(self._arrays["places"]):
            self.rebuild()
        else:
            bulk.admit(self._tables, first, self.n_slots)

    def _reserve(self, n_documents: int, n_tokens: int) -> None:
        arrays = self._arrays
        used_tokens = int(arrays["starts"][self.n_slots]) + n_tokens
        used_slots = self.n_slots + n_documents
        used_postings = int(self._tables.counters[1]) + n_tokens + n_documents
        if (
            used_tokens <= len(arrays["tokens"])
            and used_slots <= len(arrays["alive"])
            and used_postings <= len(arrays["postings"])
        ):
            return
        self._grow(("tokens", "flags"), used_tokens)
        self._grow(("starts",), used_slots + 1)
        self._grow(_PER_SLOT, len(arrays["starts"]) - 1)
        self._grow(("postings",), used_postings)
        self._tables = kernels.Tables(**arrays)

    def rebuild(self, *, more: int = 0) -> None:
        """
        Make the postings and counts anew.

        Parameters
        ----------
        more : int, default 0
            Postings beyond those of the slots to have places for.
        """
        n_cut_short = self.n_cut_short
        n_used = int(self._arrays["starts"][self.n_slots]) + self.n_slots
        capacity = max(len(self._arrays["postings"]), n_used + more)
        self._clear_postings(n_used + more, capacity)
        tables, n_jobs = self._tables, resolve_jobs(-1)
        ranges = split(self.n_slots, n_jobs)
        shift = min(_PART_BITS, len(tables.places).bit_length() - 1)
        n_parts = len(tables.places) >> shift
        counts = np.zeros((len(ranges), n_parts), np.int64)
        token_counts = np.zeros((len(ranges), _TOKEN_PLACES), np.uint32)

        def _count(number: int) -> int:
            bulk.count_events(tables, *ranges[number], shift, counts[number])
            return int(bulk.count_tokens(tables, *ranges[number], token_counts[number]))

        n_alive = sum(run(_count, range(len(ranges)), n_jobs))
        bounds = np.zeros(n_parts + 1, np.int64)
        np.cumsum(counts.sum(axis=0), out=bounds[1:])
        begins = bounds[:-1] + np.cumsum(counts, axis=0) - counts
        free = begins.copy()
        events = np.empty(int(bounds[-1]), np.uint64)

        def _fill(number: int) -> None:
            bulk.fill_events(tables, *ranges[number], shift, free[number], events)

        def _post(part: int) -> None:
            for begin, stop in zip(begins[:, part], free[:, part], strict=True):
                bulk.post_events(tables, events[begin:stop], part << shift, begin)

        run(_fill, range(len(ranges)), n_jobs)
        run(_post, range(n_parts), n_jobs)
        token_counts.sum(axis=0, out=tables.token_counts)
        tables.counters[:] = n_alive, bounds[-1], n_cut_short

    def compact(self) -> NDArray[np.int64]:
        """
        Drop the removed slots; the living keep their order and are renumbered.

        Returns
        -------
        ndarray of int64, shape (n_alive,)
            Former slot of each slot.
        """
        kept = np.flatnonzero(self.alive[: self.n_slots])
        former, n_kept = self._arrays, len(kept)
        n_cut_short = self.n_cut_short
        self.founders.compact(kept)
        offsets = np.zeros(n_kept + 1, np.int64)
        np.cumsum(former["lengths"][kept], out=offsets[1:])
        self._allot(max(_FIRST_SLOTS, n_kept), max(_FIRST_TOKENS, int(offsets[-1])))
        for name in _PER_SLOT:
            self._arrays[name][:n_kept] = former[name][kept]
        self._arrays["starts"][: n_kept + 1] = offsets
        for name in ("tokens", "flags"):
            gather_runs(former[name], former["starts"][kept], offsets, self._arrays[name])
        self.n_slots = n_kept
        self._tables.counters[2] = n_cut_short
        self.rebuild()
        return kept

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle: what is in use.

        Returns
        -------
        dict
            Settings and arrays.
        """
        state = super().__getstate__()
        del state["_tables"]
        return state | {"_arrays": {name: each.copy() for name, each in self._arrays.items()}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """
        Restore the state that `__getstate__` returned.

        Parameters
        ----------
        state : dict
            Settings and arrays.
        """
        super().__setstate__(state)
        self._tables = kernels.Tables(**self._arrays)


def _n_places(n_used: int) -> int:
    n_places = _FIRST_PLACES
    while n_used > _MOST_A_PLACE * n_places:
        n_places *= _PLACES_GROWTH
    return n_places
