"""The index of the policy "similar" in memory: growing arrays, chained by band key."""

from __future__ import annotations

import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.columns import extent, to_span
from dedupe_news.kernels import index as kernels
from dedupe_news.kernels.index import NO_SLOT
from dedupe_news.kernels.verification import SKETCH_WORDS
from dedupe_news.permutations import coefficients
from dedupe_news.stores.arrays import UNLIMITED, Room, grown, power_of_two
from dedupe_news.stores.founders import Founders
from dedupe_news.threads import resolve_jobs, run, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.stores.arrays import Found, Items

_FIRST_SLOTS = 1024
_FIRST_TOKENS = 1 << 16


class SimilarStore:
    """
    Token runs by slot, and the chains that find them.

    A removed slot is skipped until enough of them have gathered; then all are
    dropped at once and the living ones move together.

    Parameters
    ----------
    config : Config
        The settings.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        used = config.bands * config.rows_per_band
        multipliers, increments = coefficients(config.num_perm, config.seed)
        self._multipliers, self._increments = multipliers[:used], increments[:used]
        self.n_slots = 0
        self.n_cut_short = 0
        self._room = Room()
        self._window = UNLIMITED if config.window is None else to_span(config.window)
        self.founders = Founders()
        self._tokens = np.empty(_FIRST_TOKENS, np.uint32)
        self._allot(_FIRST_SLOTS)

    def _allot(self, capacity: int) -> None:
        bands = self._config.bands
        self._starts = np.zeros(capacity + 1, np.int64)
        self._lengths = np.zeros(capacity, np.int32)
        self._sizes = np.zeros(capacity, np.int32)
        self.alive = np.zeros(capacity, np.uint8)
        self._sketches = np.zeros((capacity, SKETCH_WORDS), np.uint64)
        self._keys = np.zeros((capacity, bands), np.uint32)
        self._links = np.full((capacity, bands), NO_SLOT, np.int32)
        self._heads = np.full((bands, _n_chains(capacity)), NO_SLOT, np.int32)

    @property
    def n_bytes(self) -> int:
        """
        Memory held by the arrays, in bytes.

        Returns
        -------
        int
            Allotted, whether in use or not.
        """
        arrays = (array for array in vars(self).values() if isinstance(array, np.ndarray))
        return sum(array.nbytes for array in arrays) + self.founders.n_bytes

    def retire(self, slots: NDArray[np.int64]) -> None:
        """
        Take documents out.

        Parameters
        ----------
        slots : ndarray of int64
            Slots that count.
        """
        self.alive[slots] = 0

    def probe(self, items: Items, replaced: NDArray[np.int64], *, insert: bool) -> Found:
        """
        Look up documents one after another, and add each before the next if asked.

        Parameters
        ----------
        items : Items
            The documents.
        replaced : ndarray of int64, shape (n_documents,)
            Slot that each document replaces, or -1.
        insert : bool
            Whether to add them, at the slots from ``n_slots``.

        Returns
        -------
        Found
            The matches of each document among those before it.
        """
        n_documents = len(items.offsets) - 1
        n_tokens, longest = extent(items.offsets)
        if insert:
            self.founders.announce(self.n_slots, items.numbers, items.moments)
            self._reserve(n_documents, n_tokens)
        else:
            self._reserve(1, longest)
        work = partial(self._probe, items, replaced, insert, self.n_slots, longest)
        found = self._room.fill(n_documents, work)
        if insert:
            self.n_slots += n_documents
            self.founders.note(self.n_slots - n_documents, self.n_slots)
        return found

    def _probe(
        self,
        items: Items,
        replaced: NDArray[np.int64],
        insert: bool,  # noqa: FBT001 - as in the kernel
        first: int,
        longest: int,
        begin: int,
        *matches: Any,
    ) -> int:
        config = self._config
        done, n_cut_short = kernels.probe(
            items.hashes,
            items.offsets,
            replaced,
            insert,
            begin,
            first + begin if insert else first,
            longest,
            self._multipliers,
            self._increments,
            config.rows_per_band,
            config.shingle_size,
            config.threshold,
            config.bucket_limit,
            self._tokens,
            self._starts,
            self._lengths,
            self._sizes,
            self.alive,
            self._sketches,
            self._keys,
            self._heads,
            self._links,
            self.founders.arrays,
            self._window,
            *matches,
        )
        self.n_cut_short += int(n_cut_short)
        return int(done)

    def append(self, items: Items) -> None:
        """
        Write documents that are found only after `rebuild`.

        Parameters
        ----------
        items : Items
            The documents.
        """
        n_documents, first = len(items.offsets) - 1, self.n_slots
        n_tokens, longest = extent(items.offsets)
        self.founders.announce(first, items.numbers, items.moments)
        self._reserve(n_documents, n_tokens)
        stop, begin = first + n_documents, int(self._starts[first])
        own = slice(int(items.offsets[0]), int(items.offsets[-1]))
        self._tokens[begin : begin + n_tokens] = items.hashes[own]
        self._starts[first + 1 : stop + 1] = begin + items.offsets[1:] - items.offsets[0]
        self._lengths[first:stop] = np.diff(items.offsets)
        self.alive[first:stop] = 1

        def _sign(bounds: tuple[int, int]) -> None:
            kernels.sign_slots(
                first + bounds[0],
                first + bounds[1],
                longest,
                self._multipliers,
                self._increments,
                self._config.rows_per_band,
                self._config.shingle_size,
                self._tokens,
                self._starts,
                self._lengths,
                self._sizes,
                self._sketches,
                self._keys,
            )

        n_jobs = resolve_jobs(-1)
        run(_sign, split(n_documents, n_jobs), n_jobs)
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
        kernels.link_all(self._keys, first, self.n_slots, self._lengths, self._heads, self._links)

    def rebuild(self) -> None:
        """Chain all slots anew."""
        self._heads[:] = NO_SLOT
        kernels.link_all(self._keys, 0, self.n_slots, self._lengths, self._heads, self._links)

    def _reserve(self, n_documents: int, n_tokens: int) -> None:
        used = int(self._starts[self.n_slots])
        if used + n_tokens > len(self._tokens):
            self._tokens = grown(self._tokens, used + n_tokens)
        needed = self.n_slots + n_documents
        capacity = len(self.alive)
        if needed <= capacity:
            return
        self._starts = grown(self._starts, needed + 1)
        for name in ("_lengths", "_sizes", "alive", "_sketches", "_keys", "_links"):
            setattr(self, name, grown(getattr(self, name), len(self._starts) - 1))
        n_chains = _n_chains(needed)
        if n_chains > self._heads.shape[1]:
            self._heads = np.empty((self._config.bands, n_chains), np.int32)
            self.rebuild()

    def compact(self) -> NDArray[np.int64]:
        """
        Drop the removed slots; the living keep their order and are renumbered.

        Returns
        -------
        ndarray of int64, shape (n_alive,)
            Former slot of each slot.
        """
        kept = np.flatnonzero(self.alive[: self.n_slots])
        tokens, starts, lengths = self._tokens, self._starts, self._lengths
        sizes, sketches, keys = self._sizes, self._sketches, self._keys
        self._allot(max(_FIRST_SLOTS, len(kept)))
        self.founders.compact(kept)
        n_kept = len(kept)
        self._lengths[:n_kept] = lengths[kept]
        self._sizes[:n_kept] = sizes[kept]
        self._sketches[:n_kept] = sketches[kept]
        self._keys[:n_kept] = keys[kept]
        self.alive[:n_kept] = 1
        np.cumsum(lengths[kept], out=self._starts[1 : n_kept + 1])
        self._tokens = np.empty(max(_FIRST_TOKENS, int(self._starts[n_kept])), np.uint32)
        kernels.gather_runs(tokens, starts[kept], self._starts[: n_kept + 1], self._tokens)
        self.n_slots = n_kept
        self.rebuild()
        return kept

    def mark(self) -> dict[str, Any]:
        """
        Return what `rewind` needs to undo everything that is done from now on.

        Returns
        -------
        dict
            Mostly shared.
        """
        state = vars(self).copy()
        state["founders"] = self.founders.mark()
        state["mark"] = self.alive[: self.n_slots].copy()
        return state

    def rewind(self, mark: dict[str, Any]) -> None:
        """
        Undo everything that was done since a mark was made.

        Parameters
        ----------
        mark : dict
            From `mark`; used once.
        """
        founders, alive = self.founders, mark.pop("mark")
        vars(self).update(mark, founders=founders)
        founders.rewind(mark["founders"])
        self.alive[: self.n_slots] = alive
        self.alive[self.n_slots :] = 0
        self.rebuild()

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle: what is in use, without the chains.

        Returns
        -------
        dict
            Settings and arrays.
        """
        n_slots = self.n_slots
        return {
            "config": self._config,
            "n_cut_short": self.n_cut_short,
            "founders": copy.copy(self.founders),
            "tokens": self._tokens[: self._starts[n_slots]].copy(),
            "starts": self._starts[: n_slots + 1].copy(),
            "lengths": self._lengths[:n_slots].copy(),
            "sizes": self._sizes[:n_slots].copy(),
            "alive": self.alive[:n_slots].copy(),
            "sketches": self._sketches[:n_slots].copy(),
            "keys": self._keys[:n_slots].copy(),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        """
        Restore the state that `__getstate__` returned.

        Parameters
        ----------
        state : dict
            Settings and arrays.
        """
        SimilarStore.__init__(self, state["config"])
        self.n_cut_short = state["n_cut_short"]
        self.founders = state["founders"]
        self.n_slots = n_slots = len(state["alive"])
        self._allot(max(_FIRST_SLOTS, n_slots))
        self._tokens = grown(state["tokens"], max(_FIRST_TOKENS, len(state["tokens"])))
        self._starts[: n_slots + 1] = state["starts"]
        self._lengths[:n_slots] = state["lengths"]
        self._sizes[:n_slots] = state["sizes"]
        self.alive[:n_slots] = state["alive"]
        self._sketches[:n_slots] = state["sketches"]
        self._keys[:n_slots] = state["keys"]
        self.rebuild()


def _n_chains(n_slots: int) -> int:
    # One to two documents a chain: shorter ones would save less time than they cost memory.
    return power_of_two(n_slots) // 2
