"""The classifier: from the features of a pair to the probability of each verdict."""

from __future__ import annotations

import contextlib
import contextvars
import dataclasses
import functools
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news._engine.texts import MOST_STANDING
from dedupe_news._kernels import features as feature_kernels
from dedupe_news._kernels import trees as kernels
from dedupe_news._kernels.feature_names import FEATURES, N_FEATURES
from dedupe_news._machine.threads import run, shares
from dedupe_news.errors import ConfigError
from dedupe_news.judges import read_judge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from dedupe_news._engine.segment import Segment
    from dedupe_news.config import Config
    from dedupe_news.judges import Judge

CLASSES = ("duplicate", "related", "template", "different")
"""What a pair can be; columns of probabilities are in this order."""

DUPLICATE, RELATED, TEMPLATE, DIFFERENT = range(len(CLASSES))

FORMAT = 1
"""Version of the file of weights."""


@dataclasses.dataclass(frozen=True, slots=True)
class Classifier:
    """
    A fitted model.

    Parameters
    ----------
    trees : Trees
        Its trees.
    digest : str
        Names the weights: two classifiers of one digest are the same.
    """

    trees: kernels.Trees
    digest: str

    def probabilities(
        self, segment: Segment, pairs: NDArray[np.int64], n_jobs: int
    ) -> NDArray[np.float64]:
        """Return the probability of each class for pairs of texts, shape (n_pairs, n_classes)."""
        found = np.empty((len(pairs), kernels.N_CLASSES))

        def fill(bounds: tuple[int, int]) -> None:
            kernels.classify_pairs(
                segment.evidence, self.trees, pairs, segment.longest, *bounds, found
            )

        run(fill, shares(len(pairs), n_jobs), n_jobs)
        # Texts of the same words are two where they are a standing text.
        found[is_standing(segment, pairs)] = np.eye(kernels.N_CLASSES)[TEMPLATE]
        return found

    def contributions(self, row: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what each feature adds to the score of each class, (n_features, n_classes)."""
        found = np.empty((N_FEATURES, kernels.N_CLASSES))
        kernels.fill_contributions(self.trees, row, found)
        return found


def is_standing(segment: Segment, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which pairs of texts are of a standing text, which comes at two times."""
    are_standing: NDArray[np.bool_] = np.equal(*segment.digests[pairs].T)
    texts = pairs[are_standing, 0]
    lengths = segment.evidence.stops[texts] - segment.evidence.starts[texts]
    are_standing[are_standing] = lengths <= MOST_STANDING
    return are_standing


def features_of(segment: Segment, pairs: NDArray[np.int64], n_jobs: int) -> NDArray[np.float64]:
    """Return the features of pairs of texts, shape (n_pairs, n_features)."""
    rows = np.empty((len(pairs), N_FEATURES))

    def fill(bounds: tuple[int, int]) -> None:
        feature_kernels.fill_feature_rows(segment.evidence, pairs, segment.longest, *bounds, rows)

    run(fill, shares(len(pairs), n_jobs), n_jobs)
    return rows


def verdicts(probabilities: NDArray[np.float64], min_probability: float) -> NDArray[np.int64]:
    """
    Return the class of each pair.

    A pair is a duplicate from `min_probability` on, else the likeliest of the
    other classes.
    """
    likeliest = np.argmax(probabilities[:, 1:], axis=1) + 1
    return np.where(probabilities[:, DUPLICATE] >= min_probability, DUPLICATE, likeliest)


_chosen: contextvars.ContextVar[Classifier | None] = contextvars.ContextVar("chosen", default=None)


def load_classifier(config: Config | None = None) -> Classifier:
    """Return the classifier of the settings, else of `use_classifier`, else of the package."""
    if config is not None and config.judge is not None:
        return _load(read_judge(config.judge))
    return _chosen.get() or _load_shipped()


@contextlib.contextmanager
def use_classifier(classifier: Classifier) -> Iterator[None]:
    """Judge with another classifier for a while, in this thread: to measure one that is new."""
    token = _chosen.set(classifier)
    try:
        yield
    finally:
        _chosen.reset(token)


@functools.cache
def _load_shipped() -> Classifier:
    return read_classifier(shipped())


@functools.lru_cache(maxsize=8)
def _load(judge: Judge) -> Classifier:
    return read_classifier(judge.document())


def shipped() -> dict[str, Any]:
    """Return the file of weights that the package ships."""
    file = resources.files("dedupe_news") / "data" / "classifier.json"
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def read_classifier(document: dict[str, Any]) -> Classifier:
    """Return the classifier that a file describes; `ConfigError` for one of another version."""
    if document.get("format") != FORMAT or document.get("classes") != list(CLASSES):
        message = (
            f"the classifier is of format {document.get('format')!r} with the classes "
            f"{document.get('classes')!r}; this version reads format {FORMAT} with "
            f"{list(CLASSES)}. Fit it again with this version"
        )
        raise ConfigError(message)
    unknown = sorted(set(document["features"]) - set(FEATURES))
    if unknown:
        message = (
            f"the classifier reads the feature {unknown[0]!r}, which this version does not "
            "have. Fit it again with this version"
        )
        raise ConfigError(message)
    places = [FEATURES.index(name) for name in document["features"]]
    nodes = document["trees"]
    lengths = [len(tree["feature"]) for tree in nodes]
    roots = np.concatenate(([0], np.cumsum(lengths)[:-1])).astype(np.int64)
    shift = np.repeat(roots, lengths)

    def gathered(name: str) -> NDArray[Any]:
        return np.concatenate([np.asarray(tree[name], np.float64) for tree in nodes])

    own = gathered("feature").astype(np.int64)
    feature = np.where(own >= 0, np.array([*places, -1])[own], -1)
    trees = kernels.Trees(
        roots=roots,
        feature=feature.astype(np.int16),
        threshold=gathered("threshold"),
        left=(gathered("left") + shift).astype(np.int32),
        right=(gathered("right") + shift).astype(np.int32),
        value=gathered("value"),
        baseline=np.array(document["baseline"], np.float64),
    )
    return Classifier(trees, document["digest"])
