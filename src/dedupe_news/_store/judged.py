"""Where an index with ``policy="news"`` keeps token runs, and finds them by shared shingles."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._engine.permutations import coefficients
from dedupe_news._input.columns import extent
from dedupe_news._kernels import desk, roles, seeking
from dedupe_news._kernels import tables as kernels
from dedupe_news._kernels.buckets import BANDS, N_PERM, Buckets
from dedupe_news._kernels.gathering import gather_runs
from dedupe_news._kernels.groups import NOBODY, Groups
from dedupe_news._kernels.roles import Roles
from dedupe_news._machine.threads import run, shares
from dedupe_news._store.arrays import UNLIMITED, Room, joined
from dedupe_news._store.slots import Slots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.trees import Trees
    from dedupe_news._store.arrays import Found, Items
    from dedupe_news._store.slots import Limits
    from dedupe_news.config import Config

_FIRST_LONGEST = 256
_PLACES_GROWTH = 4
_SEED = 1  # as in `_engine.candidates`
_MOST_A_PLACE = 2  # postings, repeats counted
_PER_SLOT = ("lengths", "alive", "cut_off", "times", "sources")
_SLOT_DTYPES = (np.int32, np.uint8, np.uint8, np.int64, np.int32)
_GROUPS = ("texts", "clusters")
_ROLES = tuple(f"{kind}_{name}" for kind in _GROUPS for name in Groups._fields)
_OF_ROLES = ("leads", "links", "signatures", *_ROLES)
_PLACES_A_HEAD = 32


class JudgedTexts(Slots):
    """
    Token runs by slot, and the postings that find them.

    A removed slot is counted out at once; its postings stay until `compact`
    drops all removed slots.

    Parameters
    ----------
    config : Config
        The settings.
    trees : Trees
        The classifier.
    codes : ndarray of uint8, shape (4096,)
        Code of each count.
    """

    def __init__(
        self, config: Config, limits: Limits, trees: Trees, codes: NDArray[np.uint8]
    ) -> None:
        super().__init__(config, limits)
        self._room = Room()
        self._trees = trees
        self._codes = codes
        self._permutations = coefficients(N_PERM, _SEED)
        self.n_cut_short = 0
        self._room_on_desk = 0
        self._held: desk.Held | None = None
        self._held_founders = self.founders.arrays
        self._make_room(_FIRST_LONGEST)
        self._allot(limits.slots, limits.tokens)

    def _allot(self, n_slots: int, n_tokens: int) -> None:
        self._arrays = {
            "tokens": np.zeros(n_tokens, np.uint32),
            "flags": np.zeros(n_tokens, np.uint32),
            "starts": np.zeros(n_slots + 1, np.int64),
            **{
                name: np.zeros(n_slots, dtype)
                for name, dtype in zip(_PER_SLOT, _SLOT_DTYPES, strict=True)
            },
            "leads": np.zeros(n_slots, np.uint8),
            **{name: np.full(n_slots, NOBODY, np.int32) for name in _ROLES},
            "links": np.zeros((n_slots, BANDS), np.int32),
            "signatures": np.zeros((n_slots, N_PERM), np.uint8),
        }
        self._clear_postings(0, n_tokens + n_slots)

    def _clear_postings(self, n_used: int, capacity: int) -> None:
        # How many places there are follows from the documents alone, not from
        # how they were batched: what shares a place with what decides verdicts.
        n_places = _n_places(n_used, self._limits.places)
        counters = np.zeros(5, np.int64)
        counters[3:] = np.iinfo(np.int64).max, np.iinfo(np.int64).min + 1
        self._arrays |= {
            "postings": np.zeros((capacity, 2), np.int32),
            "places": np.zeros((n_places, 4), np.uint32),
            "token_counts": np.zeros(self._limits.token_places, np.uint32),
            "codes": self._codes,
            "counters": counters,
            "heads": np.full((BANDS, max(2, n_places // _PLACES_A_HEAD)), NOBODY, np.int32),
        }
        self._arrays["leads"][:] = 0
        for name in _ROLES:
            self._arrays[name][:] = NOBODY
        self._renew()

    def _renew(self) -> None:
        """Let kernels see the arrays as they are now."""
        arrays = self._arrays
        self._tables = kernels.Tables(**{name: arrays[name] for name in kernels.Tables._fields})
        texts, clusters = (
            Groups(*(arrays[f"{kind}_{name}"] for name in Groups._fields)) for kind in _GROUPS
        )
        buckets = Buckets(
            arrays["heads"], arrays["links"], arrays["signatures"], *self._permutations
        )
        self._roles = Roles(texts, clusters, buckets)
        self._held = None

    def retire(self, slots: NDArray[np.int64]) -> None:
        """Take documents out."""
        roles.retire_all(self._tables, self._roles, slots)

    def probe(
        self,
        items: Items,
        replaced: NDArray[np.int64],
        *,
        insert: bool,
        most: int | None = None,
        include: frozenset[str] = frozenset(),
        n_jobs: int = 1,
    ) -> Found:
        """Judge documents one after another, and add each before the next if asked."""
        n_documents = len(items.offsets) - 1
        n_tokens, longest = extent(items.offsets)
        self._make_room(longest)
        if most is None:
            most = UNLIMITED
        arrivals = desk.Arrivals(
            items.hashes,
            items.flags,
            items.offsets,
            items.cut_off,
            items.sources,
            items.times,
            replaced,
        )
        first = self.n_slots
        bounds = desk.Bounds(
            insert,
            first,
            self._window,
            most,
            self._config.min_probability,
            "related" in include,
            "template" in include,
        )
        if not insert:
            return self._look_up(arrivals, bounds, n_jobs)
        self.founders.announce(first, items.numbers, items.moments)
        self._reserve(n_documents, n_tokens)
        found = self._room.fill(n_documents, partial(self._add, arrivals, bounds))
        self.founders.note(first, self.n_slots)
        return found

    def _add(
        self, arrivals: desk.Arrivals, bounds: desk.Bounds, begin: int, *matches: NDArray[Any]
    ) -> int:
        """Add documents from `begin`; stop early only for want of room for matches."""
        offsets, first = arrivals.offsets, self.n_slots - begin
        n_documents = len(offsets) - 1
        while begin < n_documents:
            self.n_slots = first + begin
            stop = begin + self._n_until_full(offsets[begin:])
            if stop == begin:
                self.rebuild(more=int(offsets[begin + 1] - offsets[begin]) + 1)
                continue
            some = arrivals
            if stop < n_documents:
                some = arrivals._replace(offsets=offsets[: stop + 1])
            begin = self._seek(some, bounds, begin, *matches)
            if begin < stop:
                break
        self.n_slots = first + begin
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

    def _look_up(self, arrivals: desk.Arrivals, bounds: desk.Bounds, n_jobs: int) -> Found:
        """Look documents up, some ranges of them at a time: nothing is written but to desks."""
        n_documents = len(arrivals.offsets) - 1
        if n_jobs == 1 or n_documents < self._limits.several:
            return self._room.fill(n_documents, partial(self._seek, arrivals, bounds))
        index = self._index()

        def look_up(span: tuple[int, int]) -> tuple[Found, int]:
            start, stop = span
            some = desk.Arrivals(
                arrivals.tokens, arrivals.flags, arrivals.offsets[start : stop + 1],
                arrivals.cut_off[start:stop], arrivals.sources[start:stop],
                arrivals.times[start:stop], arrivals.replaced[start:stop],
            )  # fmt: skip
            place = desk.make_desk(self._room_on_desk)
            held = desk.hold(index, place)

            def work(begin: int, offsets: NDArray[np.int64], *matches: NDArray[Any]) -> int:
                found = desk.Matches(*matches)
                return int(seeking.seek(some, held, bounds, begin, offsets, found))

            return Room().fill(stop - start, work), int(place.n_cut_short[0])

        parts = run(look_up, shares(n_documents, n_jobs), n_jobs)
        self.n_cut_short += sum(n_cut_short for _, n_cut_short in parts)
        return joined([found for found, _ in parts])

    def _index(self) -> desk.Index:
        return desk.Index(self._tables, self._roles, self.founders.arrays, self._trees)

    def _seek(
        self,
        arrivals: desk.Arrivals,
        bounds: desk.Bounds,
        begin: int,
        offsets: NDArray[np.int64],
        *matches: NDArray[Any],
    ) -> int:
        """Look documents up from `begin`, and add them where the bounds say so."""
        if self._held is None or self._held_founders is not self.founders.arrays:
            self._held_founders = self.founders.arrays
            self._held = desk.hold(self._index(), self._desk)
        found = desk.Matches(*matches)
        done = int(seeking.seek(arrivals, self._held, bounds, begin, offsets, found))
        self.n_cut_short += int(self._desk.n_cut_short[0])
        self._desk.n_cut_short[0] = 0
        return done

    def append(self, items: Items) -> None:
        """Write documents that are found only after `enroll` or `rebuild`."""
        n_documents, first = len(items.offsets) - 1, self.n_slots
        n_tokens, longest = extent(items.offsets)
        self._make_room(longest)
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
        self.n_slots = stop

    def enroll(self, first: int) -> None:
        """Let appended documents be found; their clusters are known."""
        n_used = int(self._arrays["starts"][self.n_slots]) + self.n_slots
        if n_used > _MOST_A_PLACE * len(self._arrays["places"]):
            self.rebuild()
            return
        self._anchor(first)
        roles.admit(self._tables, self._roles, first, self.n_slots)

    def _anchor(self, first: int) -> None:
        """Name one slot for all slots of a cluster: its founder's, or else the first of it."""
        anchor, slots = self._arrays["clusters_anchor"], np.arange(first, self.n_slots)
        if not len(slots):
            return
        clusters = self.founders.arrays.clusters[: self.n_slots]
        numbers = self.founders.arrays.numbers[: self.n_slots]
        sought = clusters[first:]
        founders = np.minimum(np.searchsorted(numbers, sought), self.n_slots - 1)
        known = numbers[founders] == sought
        anchor[slots[known]] = founders[known]
        lost = slots[~known]
        if not len(lost):
            return
        members = np.flatnonzero(np.isin(clusters, clusters[lost]))
        named, firsts = np.unique(clusters[members], return_index=True)
        anchor[lost] = members[firsts[np.searchsorted(named, clusters[lost])]]

    def _make_room(self, longest: int) -> None:
        """Let documents of so many tokens be compared."""
        if longest > self._room_on_desk:
            self._room_on_desk = max(longest, 2 * self._room_on_desk)
            self._desk = desk.make_desk(self._room_on_desk)
            self._held = None

    def _reserve(self, n_documents: int, n_tokens: int) -> None:
        arrays = self._arrays
        used_tokens = int(arrays["starts"][self.n_slots]) + n_tokens
        used_slots = self.n_slots + n_documents
        used_postings = used_tokens + used_slots  # one a shingle, and one a text
        if (
            used_tokens <= len(arrays["tokens"])
            and used_slots <= len(arrays["alive"])
            and used_postings <= len(arrays["postings"])
        ):
            return
        self._grow(("tokens", "flags"), used_tokens)
        self._grow(("starts",), used_slots + 1)
        self._grow((*_PER_SLOT, *_OF_ROLES), len(arrays["starts"]) - 1)
        for name in _ROLES:
            arrays[name][self.n_slots :] = NOBODY
        self._grow(("postings",), used_postings)
        self._renew()

    def arrays_in_use(self) -> dict[str, NDArray[Any]]:
        """Return all there is of the slots in use, by name, for `restore`."""
        n_slots, arrays = self.n_slots, self._arrays.copy()
        del arrays["codes"]
        n_tokens = int(arrays["starts"][n_slots])
        arrays["starts"] = arrays["starts"][: n_slots + 1]
        for name in ("tokens", "flags"):
            arrays[name] = arrays[name][:n_tokens]
        # One a shingle and one a text: successors of leaders that leave take theirs later.
        arrays["postings"] = arrays["postings"][: n_tokens + n_slots]
        for name in (*_PER_SLOT, *_OF_ROLES):
            arrays[name] = arrays[name][:n_slots]
        return arrays | self.founders.arrays_in_use(n_slots)

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over what `arrays_in_use` returned."""
        self.n_slots = len(arrays["starts"]) - 1
        self.founders.restore(arrays, self.n_slots)
        self._arrays = {**arrays, "codes": self._codes}
        self._make_room(int(arrays["lengths"].max(initial=1)))
        self._renew()

    def rebuild(self, *, more: int = 0) -> None:
        """Make the postings and counts anew."""
        n_used = int(self._arrays["starts"][self.n_slots]) + self.n_slots
        capacity = max(len(self._arrays["postings"]), n_used + more)
        self._clear_postings(n_used + more, capacity)
        self._anchor(0)
        roles.admit(self._tables, self._roles, 0, self.n_slots)

    def compact(self) -> NDArray[np.int64]:
        """Drop the removed slots; the living keep their order and are renumbered."""
        kept = np.flatnonzero(self.alive[: self.n_slots])
        former, n_kept = self._arrays, len(kept)
        self.founders.compact(kept)
        offsets = np.zeros(n_kept + 1, np.int64)
        np.cumsum(former["lengths"][kept], out=offsets[1:])
        self._allot(max(self._limits.slots, n_kept), max(self._limits.tokens, int(offsets[-1])))
        for name in _PER_SLOT:
            self._arrays[name][:n_kept] = former[name][kept]
        self._arrays["starts"][: n_kept + 1] = offsets
        for name in ("tokens", "flags"):
            gather_runs(former[name], former["starts"][kept], offsets, self._arrays[name])
        self.n_slots = n_kept
        self.rebuild()
        return kept


def _n_places(n_used: int, n_places: int) -> int:
    while n_used > _MOST_A_PLACE * n_places:
        n_places *= _PLACES_GROWTH
    return n_places
