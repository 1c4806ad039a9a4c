"""The outcome of a batch: views on its arrays."""

from __future__ import annotations

import dataclasses
import datetime as dt
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import frames
from dedupe_news.columns import NO_TIME
from dedupe_news.displayable import Displayable, display
from dedupe_news.membership import NO_RELATION, membership_of
from dedupe_news.phrasing import counted
from dedupe_news.records import Cluster, Relation, Series

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.matches import Matches
    from dedupe_news.membership import Membership
    from dedupe_news.records import Bounded

_SHOWN_CLUSTERS = 8
_SHOWN_CHARACTERS = 100


@dataclasses.dataclass(frozen=True, eq=False)
class Clustering(Displayable):
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
    row_labels : pandas.Index, optional
        What the rows of the feed are called, where it was one of pandas'.
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
    row_labels: Any = dataclasses.field(default=None, repr=False)

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
        return self.series_between(0, self.n_series)

    @property
    def n_series(self) -> int:
        """
        The number of recurring templates.

        Returns
        -------
        int
            The length of `series`, without finding out what they say.
        """
        return len(self._gathered)

    def series_between(self, start: int, stop: int) -> list[Series]:
        """
        Return some of the series: what each says takes time to find out.

        Parameters
        ----------
        start, stop : int
            Bounds of their places in `series`, as of a slice.

        Returns
        -------
        list of Series
            The very objects that `series` holds.
        """
        places = range(self.n_series)[start:stop]
        for place in places:
            if place not in self._described:
                self._described[place] = self._series(self._gathered[place])
        return [self._described[place] for place in places]

    @cached_property
    def _described(self) -> dict[int, Series]:
        """The series that were asked for, by their places."""
        return {}

    @cached_property
    def membership(self) -> Membership:
        """
        How each document stands to the one that is kept of its cluster.

        Returns
        -------
        Membership
            Relation and scores of each, missing for those that are kept.
        """
        return membership_of(self.representatives[self.labels], self.matches)

    @cached_property
    def _gathered(self) -> list[NDArray[np.int64]]:
        """The members of each series, the largest first."""
        members = np.flatnonzero(self.series_of >= 0)
        if not len(members):
            return []
        order = members[np.argsort(self.series_of[members], kind="stable")]
        edges = np.flatnonzero(np.diff(self.series_of[order])) + 1
        gathered = np.split(order, edges)
        gathered.sort(key=lambda positions: (-len(positions), positions[0]))
        return gathered

    def _series(self, members: NDArray[np.int64]) -> Series:
        typical = int(self.series_of[members[0]])
        positions = tuple(members.tolist())
        template, variants = self.describe(typical, positions)
        series = Series(typical, positions, template, variants, self._span(members))
        return series.within(self)

    def _cluster(self, label: int, members: NDArray[np.int64]) -> Cluster:
        kept = int(self.representatives[label])
        cluster = Cluster(label, kept, tuple(members.tolist()), self._span(members))
        return cluster.within(self)

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
            ``cluster_size`` (int64); ``relation`` (list of str), ``jaccard``,
            ``containment`` and ``probability`` (lists of float): how it stands
            to that representative, None where it is kept itself; ``series``
            (list of int: its place in `series`, None where it is of none).
        """
        kept = self.representatives[self.labels]
        positions = np.arange(len(self.labels))
        sizes = np.bincount(self.labels, minlength=len(self.representatives))
        columns = self.columns
        ids = positions if columns.ids is None else list(columns.ids)
        kept_ids = kept if columns.ids is None else [columns.ids[i] for i in kept.tolist()]
        own = self.membership
        names = {relation.value: relation.name.lower() for relation in Relation}
        series = np.full(len(self.labels), -1)
        for number, members in enumerate(self._gathered):
            series[members] = number
        return {
            "id": ids,
            "cluster": self.labels,
            "representative": kept == positions,
            "kept_id": kept_ids,
            "cluster_size": sizes[self.labels],
            "relation": [names.get(value) for value in own.relation.tolist()],
            "jaccard": _listed(own.jaccard, own.relation != NO_RELATION),
            "containment": _listed(own.containment, own.relation != NO_RELATION),
            "probability": _listed(own.probability, own.relation != NO_RELATION),
            "series": _listed(series, series >= 0),
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
            The columns of `to_dict`, in input order: relations categorical,
            scores float64, series Int64. One of pandas has the index of the
            feed, where that was one of pandas' too.

        Raises
        ------
        InputError
            If `library` is another.
        MissingDependencyError
            If the library is not installed.
        """
        return frames.data_frame(self.to_dict(), library, self.row_labels)

    def to_arrow(self) -> Any:
        """
        Return one row a document, as an Arrow table.

        Returns
        -------
        pyarrow.Table
            The columns of `to_dict`, in input order: relations a dictionary of
            strings, scores float64, series int64; what is missing is null.

        Raises
        ------
        MissingDependencyError
            If pyarrow is not installed.
        """
        return frames.arrow_table(self.to_dict())

    def page(self, number: int = 1, *, size: int = 20) -> Any:
        """
        Return a part of the result for a notebook to show.

        Parameters
        ----------
        number : int, default 1
            Which page, from 1.
        size : int, default 20
            Most clusters on a page, and most series.

        Returns
        -------
        dedupe_news.display.Page
            Clusters and series, each the largest first. Without it, a notebook
            shows the first page.

        Raises
        ------
        InputError
            If there is no such page, or `size` is below 1.
        """
        return display().Page(self, number, size)

    def plot(self, kind: str = "similarity", ax: Any = None, **options: Any) -> Any:
        """
        Draw a picture of the result with matplotlib.

        Parameters
        ----------
        kind : {"similarity", "sizes", "s_curve", "spread", "sources"}
            How similar matches are; how large clusters are; which pairs the
            chosen bands find; how a cluster spread over time and sources; which
            sources carry the same items.
        ax : matplotlib.axes.Axes, optional
            Where to draw; new ones where it is left out.
        **options : Any
            For ``"spread"``: ``cluster``, a `Cluster`, by default the one of
            the most sources. For ``"sources"``: ``most``, how many sources.

        Returns
        -------
        matplotlib.axes.Axes
            Where it was drawn.

        Raises
        ------
        InputError
            If `kind` or an option is not known, or the result lacks what the
            picture shows.
        MissingDependencyError
            If matplotlib is not installed.
        """
        return display().plot(self, kind, ax, **options)

    def report(self, path: str | os.PathLike[str], *, title: str | None = None) -> None:
        """
        Write a page for the browser, to search and review all clusters.

        Parameters
        ----------
        path : str or path-like
            The file. One that is there is replaced once the new one is whole.
        title : str, optional
            Its heading.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        display().write_report(self, path, title)

    def __getstate__(self) -> dict[str, Any]:
        """
        Leave out what is derived: it is made anew when it is asked for.

        Returns
        -------
        dict
            The fields.
        """
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

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
            f"{counted(len(self.labels), 'document')}: {counted(len(self.clusters), 'cluster')}, "
            f"{counted(n_duplicates, 'duplicate')}, {len(self.representatives):,} to keep; "
            f"{sum(self.seconds.values()):.2f} s"
        )
        if self.bounded:
            line += f"; bounded: {counted(self.bounded.n_large_buckets, 'large bucket')}"
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
            lines.append(f"  and {counted(hidden, 'more cluster')}")
        return "\n".join(lines)


def _listed(values: NDArray[Any], given: NDArray[np.bool_]) -> list[Any]:
    listed = values.astype(object)
    listed[~given] = None
    plain: list[Any] = listed.tolist()
    return plain
