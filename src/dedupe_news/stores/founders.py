"""The clusters of an index in memory: arrays that grow with its slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.kernels.founders import NO_FOUNDER
from dedupe_news.kernels.founders import Founders as Arrays
from dedupe_news.stores.arrays import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FIRST_SLOTS = 1024

PENDING = -1
"""Stands for the cluster of a document whose cluster is not known yet."""


class Founders:
    """
    Number, moment, cluster and founder of each slot.

    Attributes
    ----------
    arrays : kernels.founders.Founders
        For kernels; replaced as they grow.
    """

    def __init__(self) -> None:
        self._allot(_FIRST_SLOTS)
        # Founders of clusters that another document founded: one that they replaced.
        self._heirs: dict[int, int] = {}

    def _allot(self, capacity: int) -> None:
        self.arrays = Arrays(
            np.zeros(capacity, np.int64),
            np.zeros(capacity, np.int64),
            np.zeros(capacity, np.int64),
            np.zeros(capacity, np.int32),
        )

    @property
    def n_bytes(self) -> int:
        """
        Memory held by the arrays, in bytes.

        Returns
        -------
        int
            Allotted, whether in use or not.
        """
        return sum(array.nbytes for array in self.arrays)

    def announce(
        self, first: int, numbers: range | NDArray[np.int64], moments: NDArray[np.int64]
    ) -> None:
        """
        Write number and moment of documents that are about to come.

        Parameters
        ----------
        first : int
            Their first slot.
        numbers : range or ndarray of int64, of length n_documents
            Theirs; they increase.
        moments : ndarray of int64, shape (n_documents,)
            Theirs.
        """
        stop = first + len(numbers)
        if stop > len(self.arrays.numbers):
            self.arrays = Arrays(*(grown(array, stop) for array in self.arrays))
        if stop - first == 1:  # the common case, made short
            self.arrays.numbers[first] = numbers[0]
            self.arrays.moments[first] = moments[0]
            return
        self.arrays.numbers[first:stop] = numbers
        self.arrays.moments[first:stop] = moments

    def note(self, first: int, stop: int) -> None:
        """
        Remember which of the documents that came succeeded themselves as founders.

        Parameters
        ----------
        first, stop : int
            Their slots.
        """
        arrays = self.arrays
        if stop - first == 1:  # the common case, made short
            cluster = int(arrays.clusters[first])
            if arrays.founders[first] == first and cluster != arrays.numbers[first]:
                self._heirs[cluster] = first
            return
        slots = np.arange(first, stop)
        own = arrays.founders[first:stop] == slots
        heirs = slots[own & (arrays.clusters[first:stop] != arrays.numbers[first:stop])]
        self._heirs.update(zip(arrays.clusters[heirs].tolist(), heirs.tolist(), strict=True))

    def place(
        self,
        slots: NDArray[np.int64],
        clusters: NDArray[np.int64],
        are_founders: NDArray[np.bool_],
        n_slots: int,
    ) -> None:
        """
        Put documents in clusters that others have found for them.

        Parameters
        ----------
        slots : ndarray of int64, shape (n,)
            The documents, in order.
        clusters : ndarray of int64, shape (n,)
            Their clusters, or `PENDING`.
        are_founders : ndarray of bool, shape (n,)
            Whether they are the founders of these.
        n_slots : int
            Slots in use, these among them.
        """
        arrays = self.arrays
        arrays.clusters[slots] = clusters
        plain = are_founders & (clusters == arrays.numbers[slots])
        arrays.founders[slots] = np.where(plain, slots, NO_FOUNDER)
        for at in np.flatnonzero(~plain & (clusters != PENDING)).tolist():
            slot, cluster = int(slots[at]), int(clusters[at])
            founder = self._find(cluster, n_slots)
            if are_founders[at]:
                if founder != NO_FOUNDER:
                    arrays.founders[founder] = slot
                arrays.founders[slot] = slot
                self._heirs[cluster] = slot
            else:
                arrays.founders[slot] = founder

    def _find(self, cluster: int, n_slots: int) -> int:
        """Return the founder of a cluster, or `NO_FOUNDER`."""
        heir = self._heirs.get(cluster)
        if heir is not None:
            return heir
        slot = self.slot_of(cluster, n_slots)
        if slot is None or self.arrays.founders[slot] != slot:
            return NO_FOUNDER
        return slot

    def founder_of(self, slot: int) -> int:
        """
        Return the founder of a document's cluster.

        Parameters
        ----------
        slot : int
            The document.

        Returns
        -------
        int
            Its slot, or `NO_FOUNDER`.
        """
        founders = self.arrays.founders
        at = slot
        while at >= 0 and founders[at] != at:
            at = int(founders[at])
        return at

    def slot_of(self, number: int, n_slots: int) -> int | None:
        """
        Return the slot of a document.

        Parameters
        ----------
        number : int
            Its running number.
        n_slots : int
            Slots in use.

        Returns
        -------
        int or None
            None where it was dropped.
        """
        numbers = self.arrays.numbers[:n_slots]
        slot = int(np.searchsorted(numbers, number))
        return slot if slot < n_slots and numbers[slot] == number else None

    def relink(self, n_slots: int, are_founders: NDArray[np.bool_]) -> None:
        """
        Find the founders of all slots by the clusters' numbers.

        Parameters
        ----------
        n_slots : int
            Slots in use.
        are_founders : ndarray of bool, shape (n_slots,)
            Whether each is, or was, the founder of its cluster.
        """
        clusters = self.arrays.clusters[:n_slots]
        slots = np.flatnonzero(are_founders)
        order = slots[np.argsort(clusters[slots], kind="stable")]  # the last is founder now
        places = np.searchsorted(clusters[order], clusters, "right") - 1
        founders = np.full(n_slots, NO_FOUNDER, np.int32)
        if len(order):
            known = (places >= 0) & (clusters[order[places]] == clusters) & (clusters != PENDING)
            founders[known] = order[places[known]]
        self.arrays.founders[:n_slots] = founders
        self._heirs = {}
        self.note(0, n_slots)

    def compact(self, kept: NDArray[np.int64]) -> None:
        """
        Drop all slots but some.

        Parameters
        ----------
        kept : ndarray of int64
            Slots to keep, increasing.
        """
        former = self.arrays
        are_founders = former.founders[kept] == kept
        self._allot(max(_FIRST_SLOTS, len(kept)))
        for name in ("numbers", "moments", "clusters"):
            getattr(self.arrays, name)[: len(kept)] = getattr(former, name)[kept]
        self.relink(len(kept), are_founders)

    def mark(self) -> dict[str, Any]:
        """
        Return what `rewind` needs.

        Returns
        -------
        dict
            Mostly shared.
        """
        return {
            "arrays": self.arrays._replace(founders=self.arrays.founders.copy()),
            "_heirs": self._heirs.copy(),
        }

    def rewind(self, mark: dict[str, Any]) -> None:
        """
        Undo everything that was done since a mark was made.

        Parameters
        ----------
        mark : dict
            From `mark`; used once.
        """
        vars(self).update(mark)

    def __getstate__(self) -> dict[str, Any]:
        """
        Return the state to pickle.

        Returns
        -------
        dict
            Copies.
        """
        return {
            "arrays": self.arrays._replace(
                numbers=self.arrays.numbers.copy(),
                moments=self.arrays.moments.copy(),
                clusters=self.arrays.clusters.copy(),
                founders=self.arrays.founders.copy(),
            ),
            "_heirs": self._heirs.copy(),
        }
