"""The outcome of a batch: views on its arrays."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.errors import ConfigError
from dedupe_news.results.frames import Framed
from dedupe_news.results.keeping import choose
from dedupe_news.results.listing import Kept, Removed
from dedupe_news.results.membership import NO_RELATION
from dedupe_news.results.records import Relation
from dedupe_news.results.showing import Showing

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from dedupe_news._input.columns import Columns
    from dedupe_news._input.skipped import Skipped
    from dedupe_news.config import Config
    from dedupe_news.results.grouping import Explains
    from dedupe_news.results.keeping import Keep
    from dedupe_news.results.listing import Matches
    from dedupe_news.results.records import Bounded, Comparison


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Clustering(Showing, Framed):
    """
    The outcome of clustering a batch.

    Its arrays are in the order of the feed, without the items that
    ``on_invalid="drop"`` left out.

    Parameters
    ----------
    columns : Columns
        The items.
    config : Config
        The settings.
    labels : ndarray of int64, shape (n_items,)
        Cluster of each item, numbered by first appearance. An item without a
        duplicate is alone in its cluster.
    representatives : ndarray of int64, shape (n_labels,)
        Place in `labels` of the representative of each cluster: the item that
        all others of the cluster match, and the one to keep.
    matches : Matches
        The verified pairs.
    n_candidates : int
        Pairs of texts that were compared.
    bounded : Bounded
        Work that was bounded.
    seconds : mapping of str to float
        Wall-clock time of each stage.
    template_of : ndarray of int64, shape (n_items,)
        Place of the most typical item of each item's template; -1 for none.
    story_of : ndarray of int64, shape (n_items,)
        Place of the representative of each item's story; -1 for none.
    describe : callable
        Gives the pattern of a template and what varies in it, from the typical
        item and the members.
    compare : callable
        Gives the comparison of two items, and sentences for many pairs.
    regroup : callable, optional
        Gives the clustering at another probability of duplicates; None with the
        policy "similar", which knows none.
    row_labels : pandas.Index, optional
        What the rows of the feed are called, where it was one of pandas'.
    chosen : ndarray of int64, shape (n_labels,), optional
        Place of the item of each cluster that is kept, where `keeping` asked
        for others than the representatives.

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
    >>> len(result.at(min_probability=0.9).clusters)
    1
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
    regroup: Callable[[float], Clustering] | None = None
    row_labels: Any = None
    chosen: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.labels)

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
        is_removed = np.ones(len(self), np.bool_)
        is_removed[self.kept_places] = False
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
        """
        return dataclasses.replace(self, chosen=choose(self, keep, rows))

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
        places = np.arange(len(self.labels))
        sizes = np.bincount(self.labels, minlength=len(self.representatives))
        ids = self.columns.ids
        membership = self.membership
        has_match = membership.relation != NO_RELATION
        names = {relation.value: relation.name.lower() for relation in Relation}
        return {
            "id": places if ids is None else list(ids),
            "cluster": self.labels,
            "kept": kept == places,
            "kept_id": kept if ids is None else [ids[place] for place in kept.tolist()],
            "representative": self.representatives[self.labels] == places,
            "cluster_size": sizes[self.labels],
            "relation": [names.get(value) for value in membership.relation.tolist()],
            "jaccard": _listed(membership.jaccard, has_match),
            "containment": _listed(membership.containment, has_match),
            "probability": _listed(membership.probability, has_match),
            "story": _numbers(self._in_stories, len(self)),
            "template": _numbers(self._in_templates, len(self)),
        }

    def _row_names(self) -> Any:
        return self.row_labels

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

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is derived: it is made anew when it is asked for."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}


def _numbers(groups: Sequence[NDArray[np.int64]], n_items: int) -> list[int | None]:
    """Return the number of each item's group among the groups, None for none."""
    numbers = np.full(n_items, -1)
    for number, members in enumerate(groups):
        numbers[members] = number
    return _listed(numbers, numbers >= 0)


def _listed(values: NDArray[Any], given: NDArray[np.bool_]) -> list[Any]:
    listed = values.astype(object)
    listed[~given] = None
    plain: list[Any] = listed.tolist()
    return plain
