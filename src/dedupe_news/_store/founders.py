"""The clusters of an index in memory: arrays that grow with its slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._kernels.founders import NO_FOUNDER
from dedupe_news._kernels.founders import Founders as Arrays
from dedupe_news._store.arrays import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Founders:
    """
    Number, moment, cluster and founder of each slot.

    Attributes
    ----------
    arrays : kernels.founders.Founders
        For kernels; replaced as they grow.
    """

    def __init__(self, first_slots: int) -> None:
        self._first_slots = first_slots
        self._allot(first_slots)
        # Founders of clusters that another item founded: one that they replaced.
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
        """Memory held by the arrays, in bytes, whether in use or not."""
        return sum(array.nbytes for array in self.arrays)

    def arrays_in_use(self, n_slots: int) -> dict[str, NDArray[Any]]:
        """Return the arrays of the slots in use, by name."""
        return {
            f"founders_{name}": array[:n_slots] for name, array in self.arrays._asdict().items()
        }

    def restore(self, arrays: dict[str, NDArray[Any]], n_slots: int) -> None:
        """Take over what `arrays_in_use` returned."""
        self.arrays = Arrays(*(arrays.pop(f"founders_{name}") for name in Arrays._fields))
        self._heirs = {}
        self.note(0, n_slots)

    def announce(
        self, first: int, numbers: range | NDArray[np.int64], moments: NDArray[np.int64]
    ) -> None:
        """Write number and moment of items that are about to come at the slots from `first`."""
        stop = first + len(numbers)
        if stop > len(self.arrays.numbers):
            self.arrays = Arrays(*(grown(array, stop) for array in self.arrays))
        if stop - first == 1:  # fast path for a single item
            self.arrays.numbers[first] = numbers[0]
            self.arrays.moments[first] = moments[0]
            return
        self.arrays.numbers[first:stop] = numbers
        self.arrays.moments[first:stop] = moments

    def note(self, first: int, stop: int) -> None:
        """Remember which of the items that came succeeded themselves as founders."""
        arrays = self.arrays
        slots = np.arange(first, stop)
        leads = arrays.founders[first:stop] == slots
        heirs = slots[leads & (arrays.clusters[first:stop] != arrays.numbers[first:stop])]
        self._heirs.update(zip(arrays.clusters[heirs].tolist(), heirs.tolist(), strict=True))

    def place(
        self,
        slots: NDArray[np.int64],
        clusters: NDArray[np.int64],
        leads: NDArray[np.bool_],
        n_slots: int,
    ) -> None:
        """Assign the clusters that the writer chose; `n_slots` are in use, these among them."""
        arrays = self.arrays
        numbers = arrays.numbers[:n_slots]
        arrays.clusters[slots] = clusters
        begins = leads & (clusters == numbers[slots])
        arrays.founders[slots] = np.where(begins, slots, NO_FOUNDER)
        joins = slots[~begins]
        found = np.minimum(np.searchsorted(numbers, arrays.clusters[joins]), n_slots - 1)
        known = (numbers[found] == arrays.clusters[joins]) & (arrays.founders[found] == found)
        arrays.founders[joins] = np.where(known, found, NO_FOUNDER)
        succeeds = leads & ~begins
        if not self._heirs and not succeeds.any():
            return
        for slot, cluster, leads_it in zip(
            slots.tolist(), clusters.tolist(), succeeds.tolist(), strict=True
        ):
            former = self._heirs.get(cluster, int(arrays.founders[slot]))
            if leads_it:
                if former != NO_FOUNDER:
                    arrays.founders[former] = slot
                arrays.founders[slot] = slot
                self._heirs[cluster] = slot
            elif cluster in self._heirs:
                arrays.founders[slot] = former

    def relink(self, n_slots: int, leads: NDArray[np.bool_]) -> None:
        """Find the founders of all slots by the clusters' numbers, of those that led ever."""
        clusters = self.arrays.clusters[:n_slots]
        slots = np.flatnonzero(leads)
        order = slots[np.argsort(clusters[slots], kind="stable")]  # the last is founder now
        places = np.searchsorted(clusters[order], clusters, "right") - 1
        founders = np.full(n_slots, NO_FOUNDER, np.int32)
        if len(order):
            known = (places >= 0) & (clusters[order[places]] == clusters)
            founders[known] = order[places[known]]
        self.arrays.founders[:n_slots] = founders
        self._heirs = {}
        self.note(0, n_slots)

    def compact(self, kept: NDArray[np.int64]) -> None:
        """Drop all slots but some, increasing."""
        former = self.arrays
        leads = former.founders[kept] == kept
        self._allot(max(self._first_slots, len(kept)))
        for name in ("numbers", "moments", "clusters"):
            getattr(self.arrays, name)[: len(kept)] = getattr(former, name)[kept]
        self.relink(len(kept), leads)
