"""The index of the policy "similar" in memory: growing arrays, chained by band key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._engine.permutations import coefficients
from dedupe_news._input.columns import extent
from dedupe_news._kernels.chains import NO_LINK, link_slots, meet
from dedupe_news._kernels.gathering import gather_runs
from dedupe_news._kernels.index import NO_SLOT, join_clusters, probe
from dedupe_news._kernels.signing import sign_slots
from dedupe_news._kernels.verification import SKETCH_WORDS
from dedupe_news._machine.threads import resolve_jobs, run, shares, split
from dedupe_news._store.arrays import Found, Room, joined, power_of_two
from dedupe_news._store.slots import Slots

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._store.arrays import Items
    from dedupe_news._store.slots import Limits
    from dedupe_news.config import Config

_PER_SLOT = ("alive", "sketches", "chains")


class ThresholdedTexts(Slots):
    """
    Token runs by slot, and the chains that find them.

    Parameters
    ----------
    config : Config
        The settings.
    """

    def __init__(self, config: Config, limits: Limits) -> None:
        super().__init__(config, limits)
        self._room = Room()
        used = config.bands * config.rows_per_band
        multipliers, increments = coefficients(config.num_perm, config.seed)
        self._permutations = multipliers[:used], increments[:used], config.rows_per_band
        self._bounds = config.shingle_size, config.threshold, config.bucket_limit
        self.n_cut_short = 0
        self._arrays["tokens"] = np.empty(limits.tokens, np.uint32)
        self._allot(limits.slots)

    def _allot(self, capacity: int) -> None:
        bands = self._config.bands
        self._arrays |= {
            "starts": np.zeros(capacity + 1, np.int64),
            "alive": np.zeros(capacity, np.uint8),
            "sketches": np.zeros((capacity, SKETCH_WORDS + 1), np.uint64),
            "chains": np.zeros((capacity, bands, 2), np.uint32),
            "heads": np.full((bands, _n_chains(capacity)), NO_LINK, np.uint32),
        }

    def retire(self, slots: NDArray[np.int64]) -> None:
        """Take documents out."""
        self.alive[slots] = 0

    def probe(
        self,
        items: Items,
        replaced: NDArray[np.int64],
        *,
        insert: bool,
        most: int | None = None,  # noqa: ARG002 - all are found together
        include: frozenset[str] = frozenset(),  # noqa: ARG002 - there are no other verdicts
        n_jobs: int = 1,
    ) -> Found:
        """Look up documents one after another, and add each before the next if asked."""
        if len(items.offsets) == 2:  # noqa: PLR2004 - one document
            return self._probe_one(items, replaced, insert=insert)
        first, n_documents = self.n_slots, len(items.offsets) - 1
        _, longest = extent(items.offsets)
        if insert:
            self.founders.announce(first, items.numbers, items.moments)
        self._write(items, n_jobs, count=insert)
        if insert:
            self._link(first, first + n_documents, n_jobs)
        found = self._meet(first, replaced, longest, n_jobs, are_linked=insert)
        if insert:
            arrays = self._arrays
            size, threshold, _ = self._bounds
            join_clusters(
                first, replaced, longest, size, threshold, arrays["tokens"], arrays["starts"],
                arrays["sketches"], arrays["alive"], self.founders.arrays, self._window, *found,
            )  # fmt: skip
            self.n_slots = first + n_documents
            self.founders.note(first, self.n_slots)
        return found

    def _probe_one(self, items: Items, replaced: NDArray[np.int64], *, insert: bool) -> Found:
        slot = self.n_slots
        begin, stop = items.offsets.tolist()
        self._reserve(1, stop - begin)
        if insert:
            self.founders.announce(slot, items.numbers, items.moments)
        arrays, room, offsets = self._arrays, self._room, np.zeros(2, np.int64)
        while True:
            done, n_cut_short = probe(
                slot, items.hashes, begin, stop - begin, insert, replaced, *self._permutations,
                *self._bounds, arrays["tokens"], arrays["starts"],
                arrays["alive"], arrays["sketches"], arrays["heads"], arrays["chains"],
                self.founders.arrays, self._window, offsets, room.slots, room.scores,
            )  # fmt: skip
            if done:
                break
            room.grow()
        self.n_cut_short += int(n_cut_short)
        found = room.found(offsets)
        if insert:
            self.n_slots = slot + 1
            if replaced[0] != NO_SLOT:
                self.founders.note(slot, slot + 1)
        return found

    def _meet(
        self,
        first: int,
        replaced: NDArray[np.int64],
        longest: int,
        n_jobs: int,
        *,
        are_linked: bool,
    ) -> Found:
        """Look up documents that are written, some ranges of them at a time."""
        arrays = self._arrays
        leaving = np.flatnonzero(replaced != NO_SLOT)
        leaving = leaving[np.argsort(replaced[leaving])]
        leavers, replacements = replaced[leaving], first + leaving

        def look_up(bounds: tuple[int, int]) -> tuple[Found, int]:
            start, stop = bounds
            cut_short = [0]

            def work(begin: int, *found: Any) -> int:
                done, n_cut_short = meet(
                    first + start, begin, stop - start, are_linked, leavers, replacements, longest,
                    *self._bounds, arrays["tokens"], arrays["starts"],
                    arrays["alive"], arrays["sketches"], arrays["heads"], arrays["chains"], *found,
                )  # fmt: skip
                cut_short[0] += int(n_cut_short)
                return int(done)

            return Room().fill(stop - start, work), cut_short[0]

        ranges = self._ranges(len(replaced), n_jobs)
        parts, cut_short = zip(*run(look_up, ranges, n_jobs), strict=True)
        self.n_cut_short += sum(cut_short)
        return joined(parts)

    def _write(self, items: Items, n_jobs: int, *, count: bool) -> None:
        """Write documents behind the last slot, without taking these in use."""
        n_documents, first = len(items.offsets) - 1, self.n_slots
        n_tokens, longest = extent(items.offsets)
        self._reserve(n_documents, n_tokens)
        arrays, stop = self._arrays, first + n_documents
        begin = int(arrays["starts"][first])
        own = slice(int(items.offsets[0]), int(items.offsets[-1]))
        arrays["tokens"][begin : begin + n_tokens] = items.hashes[own]
        arrays["starts"][first + 1 : stop + 1] = begin + items.offsets[1:] - items.offsets[0]
        arrays["alive"][first:stop] = count

        def sign(bounds: tuple[int, int]) -> None:
            size, _, _ = self._bounds
            sign_slots(
                first + bounds[0], first + bounds[1], longest, *self._permutations, size,
                arrays["tokens"], arrays["starts"], arrays["sketches"],
                arrays["chains"],
            )  # fmt: skip

        run(sign, self._ranges(n_documents, n_jobs), n_jobs)

    def _ranges(self, n_documents: int, n_jobs: int) -> list[tuple[int, int]]:
        return shares(n_documents, n_jobs if n_documents >= self._limits.several else 1)

    def append(self, items: Items) -> None:
        """Write documents that are found only after `enroll` or `rebuild`."""
        self._append(items, resolve_jobs(-1))

    def _append(self, items: Items, n_jobs: int) -> None:
        self.founders.announce(self.n_slots, items.numbers, items.moments)
        self._write(items, n_jobs, count=True)
        self.n_slots += len(items.offsets) - 1

    def enroll(self, first: int) -> None:
        """Let appended documents be found."""
        self._link(first, self.n_slots, 1)

    def arrays_in_use(self) -> dict[str, NDArray[Any]]:
        """Return all there is of the slots in use, by name, for `restore`."""
        n_slots, arrays = self.n_slots, self._arrays.copy()
        arrays["tokens"] = arrays["tokens"][: int(arrays["starts"][n_slots])]
        arrays["starts"] = arrays["starts"][: n_slots + 1]
        for name in _PER_SLOT:
            arrays[name] = arrays[name][:n_slots]
        return arrays | self.founders.arrays_in_use(n_slots)

    def restore(self, arrays: dict[str, NDArray[Any]]) -> None:
        """Take over what `arrays_in_use` returned."""
        self.n_slots = len(arrays["starts"]) - 1
        self.founders.restore(arrays, self.n_slots)
        self._arrays = arrays

    def rebuild(self) -> None:
        """Chain all slots anew."""
        self._arrays["heads"][:] = NO_LINK
        self._link(0, self.n_slots, resolve_jobs(-1))

    def _link(self, first: int, stop: int, n_jobs: int) -> None:
        n_jobs = n_jobs if stop - first >= self._limits.several else 1
        arrays = self._arrays
        run(
            lambda bands: link_slots(
                first, stop, *bands, arrays["starts"], arrays["heads"], arrays["chains"]
            ),
            split(self._config.bands, n_jobs),
            n_jobs,
        )

    def _reserve(self, n_documents: int, n_tokens: int) -> None:
        arrays = self._arrays
        used = int(arrays["starts"][self.n_slots]) + n_tokens
        if used > len(arrays["tokens"]):
            self._grow(("tokens",), used)
        needed = self.n_slots + n_documents
        if needed <= len(arrays["alive"]):
            return
        self._grow(("starts",), needed + 1)
        self._grow(_PER_SLOT, len(arrays["starts"]) - 1)
        n_chains = _n_chains(needed)
        if n_chains > arrays["heads"].shape[1]:
            arrays["heads"] = np.empty((self._config.bands, n_chains), np.uint32)
            self.rebuild()

    def compact(self) -> NDArray[np.int64]:
        """Drop the removed slots; the living keep their order and are renumbered."""
        kept = np.flatnonzero(self.alive[: self.n_slots])
        former, n_kept = self._arrays.copy(), len(kept)
        self._allot(max(self._limits.slots, n_kept))
        self.founders.compact(kept)
        arrays = self._arrays
        for name in _PER_SLOT:
            arrays[name][:n_kept] = former[name][kept]
        starts = former["starts"]
        np.cumsum(starts[kept + 1] - starts[kept], out=arrays["starts"][1 : n_kept + 1])
        offsets = arrays["starts"][: n_kept + 1]
        arrays["tokens"] = np.empty(max(self._limits.tokens, int(offsets[-1])), np.uint32)
        gather_runs(former["tokens"], starts[kept], offsets, arrays["tokens"])
        self.n_slots = n_kept
        self.rebuild()
        return kept


def _n_chains(n_slots: int) -> int:
    # One to two documents a chain: shorter ones would save less time than they cost memory.
    return power_of_two(n_slots) // 2
