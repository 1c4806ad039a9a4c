"""The index of the policy "news" in memory: postings of shingles, counted as items come and go."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.columns import extent
from dedupe_news.kernels import tables as kernels
from dedupe_news.kernels.index import gather_runs
from dedupe_news.kernels.seeking import seek
from dedupe_news.stores.arrays import Room, grown, power_of_two

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.stores.arrays import Found, Items

_FIRST_SLOTS = 1024
_FIRST_TOKENS = 1 << 16
_TOKEN_PLACES = 1 << 20
_PER_SLOT = ("lengths", "sizes", "alive", "cut_off", "times", "sources")
_SLOT_DTYPES = (np.int32, np.int32, np.uint8, np.uint8, np.int64, np.int32)


class NewsStore:
    """
    Token runs by slot, and the postings that find them.

    A removed slot is counted out at once and skipped; its postings stay until
    `compact` drops all removed slots.

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
        self._config = config
        self._models = weights, biases, thresholds
        self._codes = codes
        self._longest = 0
        self._room = Room()
        self.n_slots = 0
        self._arrays: dict[str, NDArray[Any]] = {}
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
        self._clear_postings(n_tokens + n_slots)

    def _clear_postings(self, n_postings: int) -> None:
        n_places = power_of_two(n_postings)
        self._arrays |= {
            "posting_slots": np.zeros(n_postings, np.int32),
            "posting_links": np.zeros(n_postings, np.int32),
            "heads": np.full(n_places, kernels.NO_SLOT, np.int32),
            "frequency": np.zeros(n_places, np.uint16),
            "spread": np.zeros(n_places, np.uint16),
            "last_day": np.zeros(n_places, np.int32),
            "token_counts": np.zeros(_TOKEN_PLACES, np.uint32),
            "codes": self._codes,
            "counters": np.zeros(3, np.int64),
        }
        self._tables = kernels.Tables(**self._arrays)

    @property
    def n_bytes(self) -> int:
        """
        Memory held by the arrays, in bytes.

        Returns
        -------
        int
            Allotted, whether in use or not.
        """
        return sum(array.nbytes for array in self._arrays.values())

    @property
    def alive(self) -> NDArray[np.uint8]:
        """
        Whether each slot counts.

        Returns
        -------
        ndarray of uint8, shape (capacity,)
            0 for removed and for free slots.
        """
        return self._arrays["alive"]

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

    def retire(self, slot: int) -> None:
        """
        Take a document out.

        Parameters
        ----------
        slot : int
            A slot that counts.
        """
        kernels.retire(self._tables, slot)

    def probe(self, items: Items, replaced: NDArray[np.int64], *, insert: bool) -> Found:
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

        Returns
        -------
        Found
            The matches of each document among those before it, those of the
            same series among them.
        """
        n_documents = len(items.offsets) - 1
        n_tokens, longest = extent(items.offsets)
        self._longest = max(self._longest, longest)
        if insert:
            self._reserve(n_documents, n_tokens)
        else:
            self._reserve(1, longest)
        work = partial(self._seek, items, replaced, insert, self.n_slots)
        found = self._room.fill(n_documents, work)
        if insert:
            self.n_slots += n_documents
        return found

    def _seek(
        self,
        items: Items,
        replaced: NDArray[np.int64],
        insert: bool,  # noqa: FBT001 - as in the kernel
        first: int,
        begin: int,
        *matches: Any,
    ) -> int:
        weights, biases, thresholds = self._models
        done = seek(
            items.hashes,
            items.flags,
            items.offsets,
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
            *matches,
        )
        return int(done)

    def _reserve(self, n_documents: int, n_tokens: int) -> None:
        arrays = self._arrays
        used_tokens = int(arrays["starts"][self.n_slots]) + n_tokens
        used_slots = self.n_slots + n_documents
        used_postings = int(self._tables.counters[1]) + n_tokens + n_documents
        if used_tokens > len(arrays["tokens"]):
            for name in ("tokens", "flags"):
                arrays[name] = grown(arrays[name], used_tokens)
        if used_slots > len(arrays["alive"]):
            arrays["starts"] = grown(arrays["starts"], used_slots + 1)
            for name in _PER_SLOT:
                arrays[name] = grown(arrays[name], len(arrays["starts"]) - 1)
        if used_postings > len(arrays["posting_slots"]):
            for name in ("posting_slots", "posting_links"):
                arrays[name] = grown(arrays[name], used_postings)
        if used_postings > 2 * len(arrays["heads"]):
            n_cut_short = self.n_cut_short
            # Among more places fewer shingles of a document share one: the same documents
            # may need more postings than they had, at most one a token and one each.
            most = used_tokens + used_slots
            self._clear_postings(max(len(arrays["posting_slots"]), most))
            kernels.replay(self._tables, self.n_slots)
            self._tables.counters[2] = n_cut_short
        self._tables = kernels.Tables(**arrays)

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
        offsets = np.zeros(n_kept + 1, np.int64)
        np.cumsum(former["lengths"][kept], out=offsets[1:])
        self._allot(max(_FIRST_SLOTS, n_kept), max(_FIRST_TOKENS, int(offsets[-1])))
        for name in _PER_SLOT:
            self._arrays[name][:n_kept] = former[name][kept]
        self._arrays["starts"][: n_kept + 1] = offsets
        for name in ("tokens", "flags"):
            gather_runs(former[name], former["starts"][kept], offsets, self._arrays[name])
        self.n_slots = n_kept
        kernels.replay(self._tables, n_kept)
        self._tables.counters[2] = n_cut_short
        return kept

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle: what is in use.

        Returns
        -------
        dict
            Settings and arrays.
        """
        state = vars(self).copy()
        del state["_tables"]
        state["_arrays"] = {name: array.copy() for name, array in self._arrays.items()}
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """
        Restore the state that `__getstate__` returned.

        Parameters
        ----------
        state : dict
            Settings and arrays.
        """
        vars(self).update(state)
        self._tables = kernels.Tables(**self._arrays)
