"""The outcome of a batch: views on its arrays."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.columns import NO_TIME
from dedupe_news.errors import InputError, MissingDependencyError
from dedupe_news.records import Cluster, Pair, Relation, Series

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.records import Bounded

_SHOWN_CLUSTERS = 8
_SHOWN_CHARACTERS = 100


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Matches:
    """
    The verified pairs of a batch, as columns, by increasing positions.

    Every pair of distinct texts that matches is here once. Documents of the
    same words stand for each other: each is paired with the preferred one
    among them, and that one with the other texts.

    Parameters
    ----------
    left, right : ndarray of int64, shape (n_matches,)
        Positions, ``left < right``.
    jaccard, containment : ndarray of float64, shape (n_matches,)
        Exact, in [0, 1].
    relation : ndarray of uint8, shape (n_matches,)
        Values of `Relation`.
    probability : ndarray of float64, shape (n_matches,)
        That the two are duplicates, in [0, 1].
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]
    probability: NDArray[np.float64]

    def __len__(self) -> int:
        """
        Return the number of pairs.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.left)

    def __getitem__(self, index: int) -> Pair:
        """
        Return one pair.

        Parameters
        ----------
        index : int
            Its place; negative ones count from the end.

        Returns
        -------
        Pair
            The pair as a record.
        """
        return Pair(
            int(self.left[index]),
            int(self.right[index]),
            float(self.jaccard[index]),
            float(self.containment[index]),
            Relation(int(self.relation[index])),
            float(self.probability[index]),
        )

    def __iter__(self) -> Iterator[Pair]:
        """
        Iterate over the pairs.

        Returns
        -------
        iterator of Pair
            In order.
        """
        return (self[index] for index in range(len(self)))


@dataclasses.dataclass(frozen=True, eq=False)
class Clustering:
    """
    The outcome of clustering a batch.

    Parameters
    ----------
    columns : Columns
        The documents.
    config : Config
        The settings.
    labels : ndarray of int64, shape (n_documents,)
        Cluster of each document, in input order; numbered by first appearance.
        A document without a duplicate is alone in its cluster.
    representatives : ndarray of int64, shape (n_labels,)
        Position of the document to keep, for each label.
    matches : Matches
        The verified pairs.
    n_candidates : int
        Pairs of texts that were compared.
    bounded : Bounded
        Work that was bounded.
    seconds : mapping of str to float
        Wall-clock time of each stage.
    series_of : ndarray of int64, shape (n_documents,)
        Position of the most typical document of the series that each document
        belongs to; -1 for documents of no series.
    describe : callable
        Gives the template of a series and what varies in it, from the typical
        document and the members.
    """

    columns: Columns
    config: Config
    labels: NDArray[np.int64]
    representatives: NDArray[np.int64]
    matches: Matches
    n_candidates: int
    bounded: Bounded
    seconds: Mapping[str, float]
    series_of: NDArray[np.int64]
    describe: Callable[[int, Sequence[int]], tuple[str, tuple[str, ...]]]

    def __len__(self) -> int:
        """
        Return the number of documents.

        Returns
        -------
        int
            At least 0.
        """
        return len(self.labels)

    @cached_property
    def clusters(self) -> list[Cluster]:
        """
        The clusters of two members or more, by label.

        Returns
        -------
        list of Cluster
            In order of first appearance.
        """
        order = np.argsort(self.labels, kind="stable")
        sizes = np.bincount(self.labels, minlength=len(self.representatives))
        stops = np.cumsum(sizes)
        return [
            self._cluster(int(label), order[stops[label] - sizes[label] : stops[label]])
            for label in np.flatnonzero(sizes > 1)
        ]

    @cached_property
    def series(self) -> list[Series]:
        """
        The recurring templates, the largest first.

        Returns
        -------
        list of Series
            Apart from the clusters: their members are no duplicates of each
            other, though one may have duplicates of its own.
        """
        members = np.flatnonzero(self.series_of >= 0)
        if not len(members):
            return []
        order = members[np.argsort(self.series_of[members], kind="stable")]
        edges = np.flatnonzero(np.diff(self.series_of[order])) + 1
        gathered = np.split(order, edges)
        gathered.sort(key=lambda positions: (-len(positions), positions[0]))
        return [self._series(positions) for positions in gathered]

    def _series(self, members: NDArray[np.int64]) -> Series:
        typical = int(self.series_of[members[0]])
        positions = tuple(members.tolist())
        template, variants = self.describe(typical, positions)
        return Series(typical, positions, template, variants, self._span(members))

    def _cluster(self, label: int, members: NDArray[np.int64]) -> Cluster:
        kept = int(self.representatives[label])
        return Cluster(label, kept, tuple(members.tolist()), self._span(members))

    def _span(self, members: NDArray[np.int64]) -> dt.timedelta | None:
        if self.columns.published is None:
            return None
        times = self.columns.published[members]
        times = times[times != NO_TIME]
        if len(times) < 2:  # noqa: PLR2004 - from one time to another
            return None
        return dt.timedelta(microseconds=int(times.max() - times.min()))

    def cluster_of(self, position: int) -> list[int]:
        """
        Return the positions of all documents in the cluster of one.

        Parameters
        ----------
        position : int
            Position of a document in the input.

        Returns
        -------
        list of int
            Increasing; of length 1 for a document that stands alone.
        """
        members: list[int] = np.flatnonzero(self.labels == self.labels[position]).tolist()
        return members

    def to_dict(self) -> dict[str, Any]:
        """
        Return one row a document, as columns.

        Returns
        -------
        dict
            ``id`` (list), ``cluster`` (int64), ``representative`` (bool: is it
            the one to keep), ``kept_id`` (list: the id of its representative),
            ``cluster_size`` (int64).
        """
        kept = self.representatives[self.labels]
        positions = np.arange(len(self.labels))
        sizes = np.bincount(self.labels, minlength=len(self.representatives))
        columns = self.columns
        ids = positions if columns.ids is None else list(columns.ids)
        kept_ids = kept if columns.ids is None else [columns.ids[i] for i in kept.tolist()]
        return {
            "id": ids,
            "cluster": self.labels,
            "representative": kept == positions,
            "kept_id": kept_ids,
            "cluster_size": sizes[self.labels],
        }

    def to_frame(self, library: str = "pandas") -> Any:
        """
        Return one row a document, as a DataFrame.

        Parameters
        ----------
        library : {"pandas", "polars"}, default "pandas"
            The library of the DataFrame.

        Returns
        -------
        DataFrame
            The columns of `to_dict`, in input order.

        Raises
        ------
        InputError
            If `library` is another.
        MissingDependencyError
            If the library is not installed.
        """
        if library not in ("pandas", "polars"):
            message = f"library={library!r} is not known; allowed are 'pandas' and 'polars'"
            raise InputError(message)
        return _import(library).DataFrame(self.to_dict())

    def to_arrow(self) -> Any:
        """
        Return one row a document, as an Arrow table.

        Returns
        -------
        pyarrow.Table
            The columns of `to_dict`, in input order.

        Raises
        ------
        MissingDependencyError
            If pyarrow is not installed.
        """
        return _import("pyarrow").table(self.to_dict())

    def summary(self) -> str:
        """
        Return the figures of the run in one line.

        Returns
        -------
        str
            Documents, clusters, duplicates and time.
        """
        n_duplicates = len(self.labels) - len(self.representatives)
        line = (
            f"{len(self.labels):,} documents: {len(self.clusters):,} clusters, "
            f"{n_duplicates:,} duplicates, {len(self.representatives):,} to keep; "
            f"{sum(self.seconds.values()):.2f} s"
        )
        if self.bounded:
            line += f"; bounded: {self.bounded.n_large_buckets:,} large buckets"
        return line

    def __repr__(self) -> str:
        """
        Return the summary and the largest clusters.

        Returns
        -------
        str
            A few lines.
        """
        largest = sorted(self.clusters, key=lambda cluster: (-len(cluster), cluster.label))
        lines = [f"<Clustering of {self.summary()}>"]
        for cluster in largest[:_SHOWN_CLUSTERS]:
            text = " ".join(self.columns.content(cluster.representative).split())
            if len(text) > _SHOWN_CHARACTERS:
                text = text[: _SHOWN_CHARACTERS - 1] + "…"
            lines.append(f"  {len(cluster):>6,} × {text}")
        hidden = len(largest) - _SHOWN_CLUSTERS
        if hidden > 0:
            lines.append(f"  and {hidden:,} more clusters")
        return "\n".join(lines)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"{name} is needed for this and not installed; pip install {name}"
        raise MissingDependencyError(message) from error
