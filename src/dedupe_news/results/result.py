"""The outcome of a batch: views on its arrays."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._input import native
from dedupe_news.errors import ConfigError, InputTypeError, shown
from dedupe_news.results import frames
from dedupe_news.results.displayable import display
from dedupe_news.results.grouping import Groups
from dedupe_news.results.membership import NO_RELATION
from dedupe_news.results.phrasing import counted
from dedupe_news.results.records import Relation
from dedupe_news.results.selection import RULES, Kept, Removed, choose

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news._input.skipped import Skipped
    from dedupe_news.config import Config
    from dedupe_news.results.grouping import Explains
    from dedupe_news.results.matches import Matches
    from dedupe_news.results.records import Bounded, Comparison
    from dedupe_news.results.selection import Keep

_SHOWN_CLUSTERS = 8
_SHOWN_CHARACTERS = 100


@dataclasses.dataclass(frozen=True, eq=False)
class Clustering(Groups):
    """
    The outcome of clustering a batch.

    Parameters
    ----------
    columns : Columns
        The items.
    config : Config
        The settings.
    labels : ndarray of int64, shape (n_items,)
        Cluster of each item, in input order; numbered by first appearance.
        An item without a duplicate is alone in its cluster.
    representatives : ndarray of int64, shape (n_labels,)
        Position of the representative of each label: the item that all others
        of the cluster match, and the one to keep.
    matches : Matches
        The verified pairs.
    n_candidates : int
        Pairs of texts that were compared.
    bounded : Bounded
        Work that was bounded.
    seconds : mapping of str to float
        Wall-clock time of each stage.
    template_of : ndarray of int64, shape (n_items,)
        Position of the most typical item of the template that each item is made
        from; -1 for none.
    story_of : ndarray of int64, shape (n_items,)
        Position of the representative of the story that each item belongs to;
        -1 for none.
    describe : callable
        Gives the pattern of a template and what varies in it, from the typical
        item and the members.
    compare : callable
        Gives the comparison of two items, from their positions, and sentences
        for many pairs.
    regroup : callable, optional
        Gives the clustering at another probability of duplicates; None with the
        policy "similar", which knows none.
    row_labels : pandas.Index, optional
        What the rows of the feed are called, where it was one of pandas'.
    chosen : ndarray of int64, shape (n_labels,), optional
        Position of the item that is kept of each cluster, where that is not the
        representative.
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
    compare: Explains
    regroup: Callable[[float], Clustering] | None = dataclasses.field(default=None, repr=False)
    row_labels: Any = dataclasses.field(default=None, repr=False)
    chosen: NDArray[np.int64] | None = dataclasses.field(default=None, repr=False)

    def __len__(self) -> int:
        """
        Return the number of items.

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

    @property
    def kept(self) -> Kept:
        """
        The items that are kept: one of each cluster, and all that stand alone.

        Returns
        -------
        Kept
            Rows of item, position, text and n_duplicates, in the order of the
            feed; `to_frame` makes a table of them.

        Examples
        --------
        >>> import dedupe_news as dn
        >>> result = dn.cluster(["Rain again today", "Sun at last", "rain again today!"])
        >>> result.kept.ids
        [0, 1]
        """
        return Kept(self, np.sort(self.kept_positions))

    @property
    def removed(self) -> Removed:
        """
        The items that are removed, with whom each is a duplicate of, and why.

        Returns
        -------
        Removed
            Rows of item, position, text, duplicate_of, relation, probability,
            score and why, in the order of the feed; `to_frame` makes a table of
            them.

        Examples
        --------
        >>> import dedupe_news as dn
        >>> result = dn.cluster(["Rain again today", "Sun at last", "rain again today!"])
        >>> [(row.item, row.duplicate_of) for row in result.removed]
        [(2, 0)]
        """
        is_removed = np.ones(len(self), np.bool_)
        is_removed[self.kept_positions] = False
        return Removed(self, np.flatnonzero(is_removed))

    def keeping(self, keep: Keep, rows: Any = None) -> Clustering:
        """
        Return the result with other items of its clusters kept.

        Parameters
        ----------
        keep : {"preferred", "earliest", "latest", "longest"}, str or callable
            Which item of each cluster, as for `dedupe_news.deduplicate`.
        rows : object, optional
            The feed, of which a column or a callable reads the items; texts
            where it is left out.

        Returns
        -------
        Clustering
            The same clusters; `kept` and `removed` say who is kept now.

        Raises
        ------
        InputError
            If `keep` asks for times that the feed does not have, or its values
            cannot be compared.
        InputTypeError
            If `keep` is no rule, column or function.
        ColumnError
            If it is the name of no column.

        Examples
        --------
        >>> import dedupe_news as dn
        >>> result = dn.cluster(["Rain again today", "Sun at last", "rain again today !!"])
        >>> result.keeping("longest").kept.ids
        [1, 2]
        """
        value_of: Callable[[int], Any] | None = None
        if callable(keep):
            row_of = self.columns.content if rows is None else native.row_getter(rows)

            def value_of(position: int) -> Any:
                return keep(row_of(position))
        elif not isinstance(keep, str):
            message = (
                f"keep={shown(keep)} is no rule, column or function; rules are "
                f"{', '.join(map(repr, RULES))}"
            )
            raise InputTypeError(message)
        elif keep not in RULES:
            value_of = native.value_getter([] if rows is None else rows, keep)
        left = self.columns.rows
        if value_of is not None and left is not None and rows is not None:
            of_feed = value_of  # items were left out: the feed has other positions

            def value_of(position: int) -> Any:
                return of_feed(int(left[position]))

        chosen = choose(self.columns, self.labels, self.representatives, keep, value_of)
        return dataclasses.replace(self, chosen=chosen)

    def explain(self, a: Hashable, b: Hashable) -> Comparison:
        """
        Explain how two items of the batch are related.

        Parameters
        ----------
        a, b : hashable
            Their ids; their positions where the feed has no ids.

        Returns
        -------
        Comparison
            A sentence that says why, the verdict, probabilities, scores, what
            decided, and the words that differ.

        Raises
        ------
        UnknownIdError
            If there is no such item.

        Examples
        --------
        >>> import dedupe_news as dn
        >>> result = dn.cluster(["Rain again", "Sun at last", "rain again!"])
        >>> result.explain(0, 2).verdict
        'duplicate'
        """
        return self.compare(self.position_of(a), self.position_of(b))

    def at(self, *, min_probability: float) -> Clustering:
        """
        Return the result at another probability of duplicates, in a moment.

        The pairs that were judged are grouped anew; no text is read again and no
        pair is judged. Where a fresh run would compare further pairs, because it
        makes other clusters and then compares their representatives, those are
        missing: at the probability that the result was made with, the two are
        the same; elsewhere this one may have a few clusters, stories or templates
        that a fresh run puts together.

        Parameters
        ----------
        min_probability : float
            From which on a pair is a duplicate, in [0.1, 1); a result made with
            less than 0.1 goes down to that.

        Returns
        -------
        Clustering
            Of the same items; `bounded` is that of the run.

        Raises
        ------
        ConfigError
            If `min_probability` is out of range, or the policy is "similar".

        Examples
        --------
        >>> import dedupe_news as dn
        >>> result = dn.cluster(["Rain again today", "Sun at last", "rain again today!"])
        >>> len(result.at(min_probability=0.9).clusters)
        1
        """
        if self.regroup is None:
            message = (
                "min_probability cannot be changed: with policy='similar' pairs have no "
                "probability. Cluster again with another threshold, or with policy='news'"
            )
            raise ConfigError(message)
        if min_probability == self.config.min_probability:
            return self
        found = self.regroup(min_probability)
        return dataclasses.replace(found, bounded=self.bounded, row_labels=self.row_labels)

    def to_dict(self) -> dict[str, Any]:
        """
        Return one row an item, as columns.

        Returns
        -------
        dict
            ``id`` (list), ``cluster`` (int64), ``kept`` (bool: is it the one of
            its cluster to keep), ``kept_id`` (list: the id of that one),
            ``representative`` (bool: is it the one that the others match; it is
            the one to keep unless another was asked for), ``cluster_size``
            (int64); ``relation`` (list of str), ``jaccard``, ``containment`` and
            ``probability`` (lists of float): how it stands to the representative,
            None for the representative itself; ``story`` and ``template`` (lists
            of int): their places in `stories` and `templates`, None where it is
            of none.
        """
        kept = self.kept_positions[self.labels]
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
            "kept": kept == positions,
            "kept_id": kept_ids,
            "representative": self.representatives[self.labels] == positions,
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
        Return one row an item, as a DataFrame.

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
        Return one row an item, as an Arrow table.

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

    def plot(self, kind: str = "trade-off", ax: Any = None) -> Any:
        """
        Draw a picture of the result with matplotlib.

        Parameters
        ----------
        kind : {"trade-off"}
            What `min_probability` trades: for each value how many items are
            removed in how many clusters, and how many of those are expected to
            be duplicates indeed, by their probabilities.
        ax : matplotlib.axes.Axes, optional
            Where to draw; new ones where it is left out.

        Returns
        -------
        matplotlib.axes.Axes
            Where it was drawn.

        Raises
        ------
        ConfigError
            If the policy is "similar", which knows no probabilities.
        InputError
            If `kind` is not known.
        MissingDependencyError
            If matplotlib is not installed.
        """
        return display().plot(self, kind, ax)

    def trade_off(self) -> dict[str, list[Any]]:
        """
        Return what `min_probability` trades, as columns.

        Returns
        -------
        dict of str to list
            ``min_probability`` (0.1, 0.15 to 0.95, and 0.99), ``n_removed``
            (items), ``n_clusters`` and ``precision``: the share of the items
            removed that are expected to be duplicates, which is the mean of
            their probabilities; None where nothing is removed.

        Raises
        ------
        ConfigError
            If the policy is "similar", which knows no probabilities.
        """
        rows: list[tuple[float, int, int, float | None]] = []
        for least in (*(step / 20 for step in range(2, 20)), 0.99):
            result = self.at(min_probability=least)
            membership = result.membership
            probability = membership.probability[membership.relation != NO_RELATION]
            n_clusters = int(np.count_nonzero(np.bincount(result.labels) > 1)) if len(self) else 0
            precision = float(probability.mean()) if len(probability) else None
            rows.append((least, len(probability), n_clusters, precision))
        names = ("min_probability", "n_removed", "n_clusters", "precision")
        return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))

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
            Items, items kept, duplicates, clusters, stories, templates and time.
        """
        n_duplicates = len(self.labels) - len(self.representatives)
        line = (
            f"{counted(len(self.labels), 'item')}: {len(self.representatives):,} kept, "
            f"{counted(n_duplicates, 'duplicate')} in {counted(len(self.clusters), 'cluster')}, "
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
            text = " ".join(self.columns.content(cluster.representative_position).split())
            if len(text) > _SHOWN_CHARACTERS:
                text = text[: _SHOWN_CHARACTERS - 1] + "…"
            lines.append(f"  {len(cluster):>6,} × {text}")
        hidden = len(self.clusters) - _SHOWN_CLUSTERS
        if hidden > 0:
            lines.append(f"  and {counted(hidden, 'more cluster')}")
        return "\n".join(lines)


def _places(groups: Sequence[NDArray[np.int64]], n_items: int) -> list[int | None]:
    """Return the place of each item's group among the groups, None for none."""
    places = np.full(n_items, -1)
    for place, members in enumerate(groups):
        places[members] = place
    return _listed(places, places >= 0)


def _listed(values: NDArray[Any], given: NDArray[np.bool_]) -> list[Any]:
    listed = values.astype(object)
    listed[~given] = None
    plain: list[Any] = listed.tolist()
    return plain
