"""The outcome of a batch: who is kept, and views on its arrays."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.errors import ConfigError
from dedupe_news.results.displayable import display
from dedupe_news.results.frames import Framed
from dedupe_news.results.grouping import Groups
from dedupe_news.results.keeping import Kept, Removed, choose
from dedupe_news.results.matches import NO_RELATION
from dedupe_news.results.parts import Page
from dedupe_news.results.phrasing import counted, one_line
from dedupe_news.results.records import Relation

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe_news._input.skipped import Skipped
    from dedupe_news.config import Config
    from dedupe_news.results.keeping import Keep
    from dedupe_news.results.parts import Group
    from dedupe_news.results.records import Bounded, Comparison

_SHOWN_CLUSTERS = 8
_SHOWN_CHARACTERS = 100
_NAMES = {relation.value: relation.name.lower() for relation in Relation}


@dataclasses.dataclass(frozen=True, eq=False, repr=False, kw_only=True)
class Clustering(Groups, Framed):
    """
    The outcome of clustering a batch.

    Arrays are in the order of the feed, without items that ``on_invalid="drop"`` left out.

    Parameters
    ----------
    columns : Columns
        The items.
    labels : ndarray of int64, shape (n_items,)
        Cluster of each item, numbered by first appearance. An item without a
        duplicate is alone in its cluster.
    representatives : ndarray of int64, shape (n_labels,)
        Place in `labels` of the representative of each cluster: the item that
        all others of the cluster match, and the one to keep.
    matches : Matches
        The verified pairs.
    template_of : ndarray of int64, shape (n_items,)
        Place of the most typical item of each item's template; -1 for none.
    story_of : ndarray of int64, shape (n_items,)
        Place of the representative of each item's story; -1 for none.
    describe, compare : callable
        Give what the members of a template have in common and what varies, and
        the comparison of two items.
    row_labels : pandas.Index, optional
        What the rows of the feed are called, where it was one of pandas'.
    chosen : ndarray of int64, shape (n_labels,), optional
        Place of the item of each cluster that is kept, where `keeping` asked
        for others than the representatives.
    config : Config
        The settings.
    n_candidates : int
        Pairs of texts that were compared.
    bounded : Bounded
        Work that was bounded.
    seconds : mapping of str to float
        Wall-clock time of each stage.
    regroup : callable, optional
        Gives the clustering at another probability of duplicates; None with the
        policy "similar", which knows none.

    Examples
    --------
    >>> import dedupe_news as dn
    >>> result = dn.cluster(["Rain again today", "Sun at last", "rain again today!"])
    >>> result.kept.ids
    [0, 1]
    >>> [(row.item, row.duplicate_of) for row in result.removed]
    [(2, 0)]
    >>> result.explain(0, 2).verdict
    'duplicate'
    """

    config: Config
    n_candidates: int
    bounded: Bounded
    seconds: Mapping[str, float]
    regroup: Callable[[float], Clustering] | None = None

    @property
    def skipped(self) -> Skipped:  # numpydoc ignore=RT01
        """What of the feed could not be read and was passed over, counted, with examples."""
        return self.columns.skipped

    @property
    def columns_used(self) -> Mapping[str, Hashable]:  # numpydoc ignore=RT01
        """The columns of the feed that were read: the name for each role that has one."""
        return self.columns.used

    @property
    def kept(self) -> Kept:  # numpydoc ignore=RT01
        """The items that are kept, as `KeptItem`: one of each cluster, and all that stand alone."""
        return Kept(self, np.sort(self.kept_places))

    @property
    def removed(self) -> Removed:  # numpydoc ignore=RT01
        """The items that are removed, as `RemovedItem`: for whom, and why."""
        return Removed(self, np.setdiff1d(np.arange(len(self)), self.kept_places))

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
        """
        return dataclasses.replace(self, chosen=choose(self, keep, rows))

    def explain(self, a: Hashable, b: Hashable) -> Comparison:
        """
        Explain how two items are related.

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
        """
        first, second = self.place_of(a), self.place_of(b)
        return self.compare(first, second, self._match_of(first, second))

    def _match_of(self, first: int, second: int) -> tuple[Relation, float] | None:
        """Return how a member matches its representative, in either order; None for no such two."""
        leaders, membership = self.representatives[self.labels], self.membership
        member = first if leaders[first] == second else second
        is_other = leaders[member] == first + second - member
        if not is_other or membership.relation[member] == NO_RELATION:
            return None
        return Relation(membership.relation[member]), float(membership.probability[member])

    def at(self, *, min_probability: float) -> Clustering:
        """
        Return the result at another probability of duplicates, in a moment.

        The pairs that were judged are grouped anew; no text is read and no pair
        judged. A fresh run would compare the representatives of its own clusters:
        it may put a few more clusters, stories or templates together.

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
        """
        if self.regroup is None:
            message = (
                "min_probability cannot be changed: with policy='similar' pairs have no "
                "probability. Cluster again with another threshold, or with policy='news'"
            )
            raise ConfigError(message)
        if min_probability == self.config.min_probability:
            return self
        regrouped = self.regroup(min_probability)
        return dataclasses.replace(regrouped, bounded=self.bounded, row_labels=self.row_labels)

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
        curve: dict[str, list[Any]] = {
            "min_probability": [*(step / 20 for step in range(2, 20)), 0.99],
            "n_removed": [],
            "n_clusters": [],
            "precision": [],
        }
        for least in curve["min_probability"]:
            result = self.at(min_probability=least)
            membership = result.membership
            probability = membership.probability[membership.relation != NO_RELATION]
            curve["n_removed"].append(len(probability))
            curve["n_clusters"].append(int(np.count_nonzero(result.sizes > 1)))
            curve["precision"].append(float(probability.mean()) if len(probability) else None)
        return curve

    def to_dict(self) -> dict[str, Any]:
        """
        Return one row an item, as columns.

        Returns
        -------
        dict
            ``id`` (list), ``cluster`` (int64), ``kept`` (bool: is it the one of
            its cluster to keep), ``kept_id`` (list: the id of that one),
            ``representative`` (bool: do the others match it), ``cluster_size``
            (int64); ``relation`` (list of str), ``jaccard``, ``containment`` and
            ``probability`` (lists of float): how it stands to the representative,
            None for that itself; ``story`` and ``template`` (lists of int): their
            places in `stories` and `templates`, None for none.
        """
        kept = self.kept_places[self.labels]
        places = np.arange(len(self))
        ids = self.columns.ids
        membership = self.membership
        has_match = membership.relation != NO_RELATION
        return {
            "id": places if ids is None else list(ids),
            "cluster": self.labels,
            "kept": kept == places,
            "kept_id": kept if ids is None else [ids[place] for place in kept.tolist()],
            "representative": self.representatives[self.labels] == places,
            "cluster_size": self.sizes[self.labels],
            "relation": [*map(_NAMES.get, membership.relation.tolist())],
            "jaccard": _listed(membership.jaccard, has_match),
            "containment": _listed(membership.containment, has_match),
            "probability": _listed(membership.probability, has_match),
            "story": self._numbers(self.stories),
            "template": self._numbers(self.templates),
        }

    def _numbers(self, groups: Sequence[Group]) -> list[int | None]:
        """Return the number of each item's group among the groups, None for none."""
        numbers = np.full(len(self), -1)
        for number, group in enumerate(groups):
            numbers[self.places_of(group)] = number
        return _listed(numbers, numbers >= 0)

    def _row_names(self) -> Any:
        return self.row_labels

    def summary(self) -> str:
        """
        Return the figures of the run in one line.

        Returns
        -------
        str
            Items, items kept, duplicates, clusters, stories, templates and time.
        """
        n_kept = len(self.representatives)
        line = (
            f"{counted(len(self), 'item')}: {n_kept:,} kept, "
            f"{counted(len(self) - n_kept, 'duplicate')} in "
            f"{counted(len(self.clusters), 'cluster')}, "
            f"{counted(len(self.stories), 'story', 'stories')}, "
            f"{counted(len(self.templates), 'template')}; {sum(self.seconds.values()):.2f} s"
        )
        if self.bounded:
            line += f"; bounded: {counted(self.bounded.n_large_buckets, 'large bucket')}"
        return line

    def __repr__(self) -> str:
        """Return the summary and the largest clusters, a line each."""
        lines = [f"<Clustering of {self.summary()}>"]
        for cluster in self.clusters[:_SHOWN_CLUSTERS]:
            text = one_line(self.columns.content(self.first_of(cluster)), _SHOWN_CHARACTERS)
            lines.append(f"  {len(cluster):>6,} × {text}")
        hidden = len(self.clusters) - _SHOWN_CLUSTERS
        if hidden > 0:
            lines.append(f"  and {counted(hidden, 'more cluster')}")
        return "\n".join(lines)

    def page(self, number: int = 1, *, size: int = 20) -> Page:
        """
        Return a part of the result for a notebook to show; by itself it shows the first page.

        Parameters
        ----------
        number : int, default 1
            Which page, from 1.
        size : int, default 20
            Most clusters on a page, and most stories and templates.

        Returns
        -------
        Page
            Clusters, stories and templates, each the largest first.

        Raises
        ------
        InputError
            If there is no such page, or `size` is below 1.
        """
        return Page(self, number, size)

    def plot(self, kind: str = "trade-off", ax: Any = None) -> Any:
        """
        Draw what `min_probability` trades, the figures of `trade_off`, with matplotlib.

        Parameters
        ----------
        kind : {"trade-off"}
            What is drawn.
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
        InputTypeError
            If `ax` is something else than axes.
        MissingDependencyError
            If matplotlib is not installed.
        """
        return display("plots").draw(self, kind, ax)

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
        display("report").write(self, path, title)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is derived: it is made anew when it is asked for."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def _listed(values: NDArray[Any], given: NDArray[np.bool_]) -> list[Any]:
    pairs = zip(values.tolist(), given.tolist(), strict=True)
    return [value if is_given else None for value, is_given in pairs]
