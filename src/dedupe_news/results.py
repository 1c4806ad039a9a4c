"""What comes back: frozen records, and views on the arrays of a run."""

from __future__ import annotations

import dataclasses
import enum
import importlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.columns import NO_TIME
from dedupe_news.errors import InputError, MissingDependencyError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Hashable, Iterator, Mapping

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config

_SHOWN_CLUSTERS = 8
_SHOWN_CHARACTERS = 100


class Relation(enum.IntEnum):
    """How two documents are related."""

    EXACT = 0
    """The same words."""
    NEAR = 1
    """Nearly the same words."""
    TRUNCATED = 2
    """One is the other, cut off."""
    CONTAINED = 3
    """One is an excerpt of the other."""
    SERIES = 4
    """Made from the same recurring template: not duplicates."""


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """
    A document of an index that matches.

    Parameters
    ----------
    id : hashable
        Its id.
    jaccard : float
        Exact Jaccard similarity of the shingle sets, in [0, 1].
    containment : float
        Shared shingles over those of the smaller set, in [0, 1].
    relation : Relation
        How the two are related.
    probability : float
        Probability that the two are duplicates, in [0, 1].
    """

    id: Hashable
    jaccard: float
    containment: float
    relation: Relation
    probability: float = 1.0


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """
    Two documents of a batch that match.

    Parameters
    ----------
    left, right : int
        Their positions, ``left < right``.
    jaccard : float
        Exact Jaccard similarity of the shingle sets, in [0, 1].
    containment : float
        Shared shingles over those of the smaller set, in [0, 1].
    relation : Relation
        How the two are related.
    """

    left: int
    right: int
    jaccard: float
    containment: float
    relation: Relation


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
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]

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
        )

    def __iter__(self) -> Iterator[Pair]:
        """
        Iterate over the pairs.

        Yields
        ------
        Pair
            In order.
        """
        return (self[index] for index in range(len(self)))


@dataclasses.dataclass(frozen=True, slots=True)
class Cluster:
    """
    Documents that each match one of them, the representative.

    Parameters
    ----------
    label : int
        Its number in ``Clustering.labels``.
    representative : int
        Position of the document to keep.
    members : tuple of int
        Positions of all, the representative among them, increasing.
    span : datetime.timedelta, optional
        Time from the first to the last publication; None where fewer than two
        members have a time.
    """

    label: int
    representative: int
    members: tuple[int, ...]
    span: dt.timedelta | None

    def __len__(self) -> int:
        """
        Return the number of members.

        Returns
        -------
        int
            At least 2.
        """
        return len(self.members)


@dataclasses.dataclass(frozen=True, slots=True)
class Bounded:
    """
    Work that was bounded, so that nothing is passed over in silence.

    Parameters
    ----------
    n_large_buckets : int
        Buckets of more distinct texts than ``Config.bucket_limit``: their
        texts were compared with representatives only.
    n_pairs_not_compared : int
        Pairs within those buckets that were not compared there; `Matches` may
        lack matches among them, clusters do not.
    n_representatives_passed_over : int
        Comparisons of a text with a representative that the limit forbade.
        Clusters may be split where this is not 0.
    """

    n_large_buckets: int = 0
    n_pairs_not_compared: int = 0
    n_representatives_passed_over: int = 0

    def __bool__(self) -> bool:
        """
        Return whether anything was bounded.

        Returns
        -------
        bool
            False where every candidate pair was compared.
        """
        return self.n_large_buckets > 0


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
    """

    columns: Columns
    config: Config
    labels: NDArray[np.int64]
    representatives: NDArray[np.int64]
    matches: Matches
    n_candidates: int
    bounded: Bounded
    seconds: Mapping[str, float]

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

    def _cluster(self, label: int, members: NDArray[np.int64]) -> Cluster:
        span = None
        if self.columns.published is not None:
            times = self.columns.published[members]
            times = times[times != NO_TIME]
            if len(times) > 1:
                # Deferred: most users never ask for a span.
                from datetime import timedelta  # noqa: PLC0415

                span = timedelta(microseconds=int(times.max() - times.min()))
        return Cluster(label, int(self.representatives[label]), tuple(members.tolist()), span)

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


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """
    A place where two documents differ.

    Parameters
    ----------
    kind : {"replace", "delete", "insert"}
        What turns the first document into the second.
    left, right : str
        The words there, as written; empty for an insertion or a deletion.
    """

    kind: str
    left: str
    right: str


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """
    How two documents are related.

    Parameters
    ----------
    relation : Relation or None
        None where the two do not match.
    jaccard : float
        Exact Jaccard similarity of the shingle sets, in [0, 1].
    containment : float
        Shared shingles over those of the smaller set, in [0, 1].
    threshold : float
        The least Jaccard similarity of a match.
    differences : tuple of Difference
        The words that differ, in order.
    """

    relation: Relation | None
    jaccard: float
    containment: float
    threshold: float
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        """
        Return the verdict in words and numbers.

        Returns
        -------
        str
            One line, and one for every difference.
        """
        verdict = "no match" if self.relation is None else f"{self.relation.name} duplicate"
        lines = [
            f"{verdict}: Jaccard {self.jaccard:.3f} (threshold {self.threshold:g}), containment "
            f"{self.containment:.3f}"
        ]
        lines += [
            f"  {difference.kind:7s} {difference.left!r} -> {difference.right!r}"
            for difference in self.differences
        ]
        return "\n".join(lines)


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f"{name} is needed for this and not installed; pip install {name}"
        raise MissingDependencyError(message) from error
