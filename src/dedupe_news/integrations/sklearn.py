"""Near-duplicates as scikit-learn sees them: an estimator that labels texts by cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from dedupe_news._input.rules import BARE, using
from dedupe_news._machine.progress import prepare
from dedupe_news.api import cluster
from dedupe_news.config import settled
from dedupe_news.errors import MissingDependencyError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from dedupe_news.config import Config
    from dedupe_news.results.result import Clustering


class _Absent:
    """Stands in for scikit-learn, so that ``from dedupe_news import *`` does without it."""

    def __new__(cls, *_: object, **__: object) -> Self:
        message = (
            "NewsDeduplicator is an estimator of scikit-learn, which is not installed; "
            "pip install 'dedupe-news[sklearn]'"
        )
        raise MissingDependencyError(message)


try:
    from sklearn.base import BaseEstimator, ClusterMixin
except ImportError:

    class BaseEstimator(_Absent):  # type: ignore[no-redef]
        """In place of scikit-learn's."""

    class ClusterMixin(_Absent):  # type: ignore[no-redef]
        """In place of scikit-learn's."""


_SETTINGS = ("policy", "threshold", "recall", "shingle_size", "prefer")


class NewsDeduplicator(ClusterMixin, BaseEstimator):
    """
    Label near-duplicate news items, as an estimator of scikit-learn.

    What it does is `dedupe_news.cluster`; this is for pipelines and grid
    searches. It cannot predict: an item that was not fitted is of no cluster.

    Parameters
    ----------
    config : Config, optional
        The settings; the defaults where it is left out.
    policy, threshold, recall, shingle_size, prefer : optional
        Single settings of `Config` that take precedence over `config`; None
        for what it says.
    n_jobs : int, optional
        Threads: None or 1 for none extra, -1 for all processors. The result is
        the same.

    Attributes
    ----------
    labels_ : ndarray of int64, shape (n_samples,)
        Cluster of each item, numbered by first appearance. An item without a
        duplicate is alone in its cluster: there is no noise.
    representatives_ : ndarray of int64, shape (n_clusters,)
        Position of the item to keep, for each label.
    clustering_ : Clustering
        The whole result, with its stories and templates.

    Raises
    ------
    MissingDependencyError
        If scikit-learn is not installed.

    Examples
    --------
    >>> import dedupe_news as dn
    >>> dn.NewsDeduplicator().fit_predict(["Rain again", "Sun at last", "rain again!"])
    array([0, 1, 0])
    """

    labels_: NDArray[np.int64]
    representatives_: NDArray[np.int64]
    clustering_: Clustering

    def __init__(
        self,
        *,
        config: Config | None = None,
        policy: str | None = None,
        threshold: float | None = None,
        recall: float | None = None,
        shingle_size: int | None = None,
        prefer: str | None = None,
        n_jobs: int | None = None,
    ) -> None:
        self.config = config
        self.policy = policy
        self.threshold = threshold
        self.recall = recall
        self.shingle_size = shingle_size
        self.prefer = prefer
        self.n_jobs = n_jobs

    def fit(self, X: object, y: object = None) -> NewsDeduplicator:  # noqa: ARG002, N803 - scikit-learn's
        """
        Find the near-duplicates among items.

        Parameters
        ----------
        X : iterable of str, mapping or Document; Series, DataFrame or Arrow data
            The items, as `dedupe_news.cluster` takes them.
        y : object, optional
            Not used: there is nothing to supervise.

        Returns
        -------
        NewsDeduplicator
            Itself, fitted.

        Raises
        ------
        InputTypeError
            If `X` or a value is of a type that cannot be used.
        InputError
            If a value cannot be used.
        ConfigError
            If a setting is out of range.
        """
        settings = {name: getattr(self, name) for name in _SETTINGS}
        given = {name: value for name, value in settings.items() if value is not None}
        prepare("cluster", settled(self.config, given).policy, self.n_jobs)
        with using(speech=BARE):
            result = cluster(X, config=self.config, n_jobs=self.n_jobs, progress=False, **given)
        self.clustering_ = result
        self.labels_ = result.labels
        self.representatives_ = result.representatives
        return self

    def __sklearn_tags__(self) -> Any:
        """
        Say what it takes: texts, not numbers.

        Returns
        -------
        sklearn.utils.Tags
            Of a clusterer of texts.
        """
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        return tags
