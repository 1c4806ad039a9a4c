"""The clusters of an index in memory: arrays that grow with its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._kernels.representatives import NO_REPRESENTATIVE, Clusters
from dedupe_news._store.match_lists import grown

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DTYPES: tuple[Any, ...] = (np.int64, np.int64, np.int64, np.int32)


class ClusterRows:
    """Number, moment, cluster and representative of each row; `arrays` grows with them."""

    def __init__(self, first_rows: int) -> None:
        self._first_rows = first_rows
        self._allot(first_rows)
        # Representatives that are not the item that began their cluster: they replaced it.
        self._successors: dict[int, int] = {}

    def _allot(self, capacity: int) -> None:
        self.arrays = Clusters(*(np.zeros(capacity, dtype) for dtype in _DTYPES))

    @property
    def n_bytes(self) -> int:
        """Memory held by the arrays, in bytes, whether in use or not."""
        return sum(array.nbytes for array in self.arrays)

    def arrays_in_use(self, n_rows: int) -> dict[str, NDArray[Any]]:
        """Return the arrays of the rows in use, by name."""
        return {
            f"clusters_of_{name}": array[:n_rows] for name, array in self.arrays._asdict().items()
        }

    def restore(self, arrays: dict[str, NDArray[Any]], n_rows: int) -> None:
        """Take over what `arrays_in_use` returned."""
        self.arrays = Clusters(*(arrays.pop(f"clusters_of_{name}") for name in Clusters._fields))
        self._successors = {}
        self.note(0, n_rows)

    def reserve(self, capacity: int) -> None:
        """Let there be so many rows."""
        if capacity > len(self.arrays.numbers):
            self.arrays = Clusters(*(grown(array, capacity) for array in self.arrays))

    def note(self, first: int, stop: int) -> None:
        """Remember which of the items that came took over a cluster from one they replaced."""
        _, _, clusters, representatives = self.arrays
        rows = np.arange(first, stop)
        leads = representatives[first:stop] == rows
        rows = rows[leads & (clusters[first:stop] != self.arrays.numbers[first:stop])]
        self._successors.update(zip(clusters[rows].tolist(), rows.tolist(), strict=True))

    def place(self, first: int, clusters: NDArray[np.int64], leads: NDArray[np.bool_]) -> None:
        """Assign the clusters that the writer chose to the last rows, from `first` on."""
        arrays, stop = self.arrays, first + len(clusters)
        rows = np.arange(first, stop)
        numbers = arrays.numbers[:stop]
        arrays.clusters[rows] = clusters
        begins = leads & (clusters == numbers[rows])
        arrays.representatives[rows] = np.where(begins, rows, NO_REPRESENTATIVE)
        joins = rows[~begins]
        beginners = np.minimum(np.searchsorted(numbers, arrays.clusters[joins]), stop - 1)
        known = (numbers[beginners] == arrays.clusters[joins]) & (
            arrays.representatives[beginners] == beginners
        )
        arrays.representatives[joins] = np.where(known, beginners, NO_REPRESENTATIVE)
        succeeds = leads & ~begins
        if not self._successors and not succeeds.any():
            return
        for row, cluster, takes_over in zip(
            rows.tolist(), clusters.tolist(), succeeds.tolist(), strict=True
        ):
            former = self._successors.get(cluster, int(arrays.representatives[row]))
            if takes_over:
                if former != NO_REPRESENTATIVE:
                    arrays.representatives[former] = row
                arrays.representatives[row] = row
                self._successors[cluster] = row
            elif cluster in self._successors:
                arrays.representatives[row] = former

    def anchors(self, first: int, n_rows: int) -> NDArray[np.int64]:
        """Name one row for all of a cluster: that of its number, or else the first of it."""
        clusters, numbers = self.arrays.clusters[:n_rows], self.arrays.numbers[:n_rows]
        sought = clusters[first:]
        anchors = np.minimum(np.searchsorted(numbers, sought), n_rows - 1)
        is_lost = numbers[anchors] != sought
        if is_lost.any():
            members = np.flatnonzero(np.isin(clusters, sought[is_lost]))
            named, firsts = np.unique(clusters[members], return_index=True)
            anchors[is_lost] = members[firsts[np.searchsorted(named, sought[is_lost])]]
        return anchors

    def compact(self, kept: NDArray[np.int64]) -> None:
        """Drop all rows but some, increasing; find the representatives of these anew."""
        former, n_rows = self.arrays, len(kept)
        self._allot(max(self._first_rows, n_rows))
        for name in ("numbers", "moments", "clusters"):
            getattr(self.arrays, name)[:n_rows] = getattr(former, name)[kept]
        clusters = self.arrays.clusters[:n_rows]
        rows = np.flatnonzero(former.representatives[kept] == kept)
        order = rows[np.argsort(clusters[rows], kind="stable")]  # the last represents it now
        places = np.searchsorted(clusters[order], clusters, "right") - 1
        representatives = np.full(n_rows, NO_REPRESENTATIVE, np.int32)
        if len(order):
            known = (places >= 0) & (clusters[order[places]] == clusters)
            representatives[known] = order[places[known]]
        self.arrays.representatives[:n_rows] = representatives
        self._successors = {}
        self.note(0, n_rows)
