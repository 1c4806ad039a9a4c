"""The outcome of a batch: views on its arrays."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, SupportsIndex

import numpy as np

from dedupe_news import frames
from dedupe_news.config import whole_number
from dedupe_news.displayable import display
from dedupe_news.errors import InputError
from dedupe_news.grouping import Groups
from dedupe_news.membership import NO_RELATION
from dedupe_news.phrasing import counted
from dedupe_news.records import Relation

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.matches import Matches
    from dedupe_news.records import Bounded, Comparison
    from dedupe_news.skipped import Skipped

_SHOWN_CLUSTERS = 8
_SHOWN_CHARACTERS = 100


@dataclasses.dataclass(frozen=True, eq=False)
class Clustering(Groups):
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
    template_of : ndarray of int64, shape (n_documents,)
        Position of the most typical document of the template that each document
        is made from; -1 for none.
    story_of : ndarray of int64, shape (n_documents,)
        Position of the lead of the story that each document belongs to; -1 for
        none.
    describe : callable
        Gives the pattern of a template and what varies in it, from the typical
        document and the members.
    compare : callable
        Gives the comparison of two documents, from their positions.
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
    template_of: NDArray[np.int64]
    story_of: NDArray[np.int64]
    describe: Callable[[int, Sequence[int]], tuple[str, tuple[str, ...]]]
    compare: Callable[[int, int], Comparison]
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

    @property
    def skipped(self) -> Skipped:
        """
        What of the feed could not be read and was passed over.

        Returns
        -------
        Skipped
            Counts by column and reason, and examples; false where it is nothing.
        """
        return self.columns.skipped

    @property
    def columns_used(self) -> Mapping[str, Hashable]:
        """
        The columns of the feed that were read.

        Returns
        -------
        mapping of str to str
            The name of the column of each role that one was found or named for.
        """
        return self.columns.used

    def explain(self, a: SupportsIndex, b: SupportsIndex) -> Comparison:
        """
        Explain how two documents of the batch are related.

        Parameters
        ----------
        a, b : int
            Their positions in the input.

        Returns
        -------
        Comparison
            Verdict, probabilities, scores, what decided, and the words that
            differ.

        Raises
        ------
        InputError
            If there is no document at a position.

        Examples
        --------
        >>> import dedupe_news as dn
        >>> result = dn.cluster(["Rain again", "Sun at last", "rain again!"])
        >>> result.explain(0, 2).verdict
        'duplicate'
        """
        return self.compare(self._position("a", a), self._position("b", b))

    def _position(self, name: str, value: object) -> int:
        position = whole_number(value)
        if position is None or not 0 <= position < len(self):
            allowed = (
                f"positions are whole numbers from 0 to {len(self) - 1:,}"
                if len(self)
                else "the result has no documents"
            )
            message = f"{name}={value!r} is not the position of a document; {allowed}"
            raise InputError(message)
        return position

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
            to that representative, None where it is kept itself; ``story`` and
            ``template`` (lists of int): their places in `stories` and
            `templates`, None where it is of none.
        """
        kept = self.representatives[self.labels]
        positions = np.arange(len(self.labels))
        sizes = np.bincount(self.labels, minlength=len(self.representatives))
        columns = self.columns
        ids = positions if columns.ids is None else list(columns.ids)
        kept_ids = kept if columns.ids is None else [columns.ids[i] for i in kept.tolist()]
        own = self.membership
        names = {relation.value: relation.name.lower() for relation in Relation}
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
            "story": _places(self._in_stories, len(self)),
            "template": _places(self._in_templates, len(self)),
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
            scores float64, stories and templates Int64. One of pandas has the
            index of the feed, where that was one of pandas' too.

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
            strings, scores float64, stories and templates int64; what is missing
            is null.

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
            Most clusters on a page, and most stories and templates.

        Returns
        -------
        dedupe_news.display.Page
            Clusters, stories and templates, each the largest first. Without it, a notebook
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
            How similar matches are; how large clusters, stories and templates
            are; which pairs the chosen bands find; how a cluster or story spread
            over time and sources; which sources carry the same items.
        ax : matplotlib.axes.Axes, optional
            Where to draw; new ones where it is left out.
        **options : Any
            For ``"spread"``: ``cluster``, a `Cluster` or `Story`, by default
            the cluster of the most sources. For ``"sources"``: ``most``, how many sources.

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
        Write a page for the browser, to review clusters, stories and templates.

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
            Documents, clusters, duplicates, stories, templates and time.
        """
        n_duplicates = len(self.labels) - len(self.representatives)
        line = (
            f"{counted(len(self.labels), 'document')}: {counted(len(self.clusters), 'cluster')}, "
            f"{counted(n_duplicates, 'duplicate')}, {len(self.representatives):,} to keep, "
            f"{counted(len(self._in_stories), 'story', 'stories')}, "
            f"{counted(self.n_templates, 'template')}; "
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
        lines = [f"<Clustering of {self.summary()}>"]
        for cluster in self.clusters[:_SHOWN_CLUSTERS]:
            text = " ".join(self.columns.content(cluster.representative).split())
            if len(text) > _SHOWN_CHARACTERS:
                text = text[: _SHOWN_CHARACTERS - 1] + "…"
            lines.append(f"  {len(cluster):>6,} × {text}")
        hidden = len(self.clusters) - _SHOWN_CLUSTERS
        if hidden > 0:
            lines.append(f"  and {counted(hidden, 'more cluster')}")
        return "\n".join(lines)


def _places(groups: Sequence[NDArray[np.int64]], n_documents: int) -> list[int | None]:
    """Return the place of each document's group among the groups, None for none."""
    places = np.full(n_documents, -1)
    for place, members in enumerate(groups):
        places[members] = place
    return _listed(places, places >= 0)


def _listed(values: NDArray[Any], given: NDArray[np.bool_]) -> list[Any]:
    listed = values.astype(object)
    listed[~given] = None
    plain: list[Any] = listed.tolist()
    return plain
