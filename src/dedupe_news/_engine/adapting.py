"""A judge adapted to a feed: small trees, fitted to labelled pairs, behind the shipped ones."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe_news._engine.classifier import CLASSES, DUPLICATE
from dedupe_news._kernels.feature_names import FEATURES
from dedupe_news.judges import digest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LEAST_LABELS = 20
LEAST_OF_KIND = 5
"""Fewer labels, or fewer duplicates or others among them, tell nothing."""

# Chosen by `python -m benchmarks quality --part learn`, on feeds that the judge had not seen; more
# rounds gain as much, and choosing their number by cross-validation gains less.
_ROUNDS = 40
_LEARNING_RATE = 0.1
_LEAST_IN_LEAF = 8
_RIDGE = 1.0
_N_FOLDS = 5
_N_REPEATS = 4
_N_RESAMPLES = 500
_SEED = 20261130


@dataclasses.dataclass(frozen=True, slots=True)
class Examples:
    """
    Labelled pairs: features, logarithms of what the shipped judge says, and classes.

    Shapes (n_pairs, n_features), (n_pairs, n_classes) and (n_pairs,), in the order of `CLASSES`.
    """

    rows: NDArray[np.float64]
    scores: NDArray[np.float64]
    label: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.label)

    def take(self, chosen: NDArray[np.bool_]) -> Examples:
        """Return some of the pairs."""
        return Examples(self.rows[chosen], self.scores[chosen], self.label[chosen])


class Stump(NamedTuple):
    """A tree of one question: what it adds to the score of a class on either side."""

    which: int
    feature: int
    threshold: float
    below: float
    above: float


def fit_stumps(examples: Examples) -> list[Stump]:
    """
    Return stumps that correct the scores of examples, as gradient boosting does.

    One for each class in each round: the split that most reduces the log loss
    to second order, shrunk (Chen and Guestrin, "XGBoost", KDD 2016, equation
    7). None where the pairs are too few, or alike.
    """
    rows, label = examples.rows, examples.label
    n_pairs, n_features = rows.shape
    scores = examples.scores
    wanted = np.eye(len(CLASSES))[label]
    order = np.argsort(rows, axis=0, kind="stable")
    values = np.take_along_axis(rows, order, axis=0)
    splits = values[1:] > values[:-1]
    splits[: _LEAST_IN_LEAF - 1] = False
    splits[max(0, n_pairs - _LEAST_IN_LEAF) :] = False
    stumps: list[Stump] = []
    for _ in range(_ROUNDS if splits.any() else 0):
        said = softmax(scores)
        for which in range(len(CLASSES)):
            slope, curve = said[:, which] - wanted[:, which], said[:, which] * (1 - said[:, which])
            below = np.cumsum(slope[order], axis=0)[:-1], np.cumsum(curve[order], axis=0)[:-1]
            above = slope.sum() - below[0], curve.sum() - below[1]
            gain = below[0] ** 2 / (below[1] + _RIDGE) + above[0] ** 2 / (above[1] + _RIDGE)
            at, feature = divmod(int(np.argmax(np.where(splits, gain, -1.0))), n_features)
            steps = [
                float(-_LEARNING_RATE * slopes[at, feature] / (curves[at, feature] + _RIDGE))
                for slopes, curves in (below, above)
            ]
            threshold = float(values[at, feature] + values[at + 1, feature]) / 2
            stumps.append(Stump(which, feature, threshold, *steps))
        scores = corrected(rows, scores, stumps[-len(CLASSES) :])
    return stumps


def softmax(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probabilities of scores, shape (n_pairs, n_classes)."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float64] = raised / raised.sum(axis=1, keepdims=True)
    return shares


def corrected(
    rows: NDArray[np.float64], scores: NDArray[np.float64], stumps: Sequence[Stump]
) -> NDArray[np.float64]:
    """Return scores with what stumps add."""
    scores = scores.copy()
    for stump in stumps:
        is_below = rows[:, stump.feature] <= stump.threshold
        scores[:, stump.which] += np.where(is_below, stump.below, stump.above)
    return scores


def cross_validate(examples: Examples) -> NDArray[np.float64]:
    """
    Return the probabilities of pairs by stumps that were fitted without them.

    Shape (n_repeats, n_pairs, n_classes): in each repeat, every pair is left
    out once, with a fifth of the pairs of each class.
    """
    rng = np.random.default_rng(_SEED)
    repeats = np.empty((_N_REPEATS, len(examples), len(CLASSES)))
    for probabilities in repeats:
        shuffled = rng.permutation(len(examples))
        by_class = shuffled[np.argsort(examples.label[shuffled], kind="stable")]
        fold = np.empty(len(examples), np.int64)
        fold[by_class] = np.arange(len(examples)) % _N_FOLDS
        for number in range(_N_FOLDS):
            out = fold == number
            stumps = fit_stumps(examples.take(~out))
            probabilities[out] = softmax(
                corrected(examples.rows[out], examples.scores[out], stumps)
            )
    return repeats


class Measured(NamedTuple):
    """Precision, recall and F1 of duplicates and their standard errors, each of shape (2, 3)."""

    shipped: NDArray[np.float64]
    adapted: NDArray[np.float64]
    gain: NDArray[np.float64]


def measure(
    label: NDArray[np.int64],
    shipped: NDArray[np.float64],
    adapted: NDArray[np.float64],
    min_probability: float,
) -> Measured:
    """
    Return how well two judges tell duplicates, and how much better the second does.

    `shipped` has the probabilities of each pair, `adapted` those of every
    repeat. Errors are by bootstrap over the pairs, of both judges on the same.
    """
    counts = np.random.default_rng(_SEED).multinomial(
        len(label), np.full(len(label), 1 / len(label)), _N_RESAMPLES
    )
    counts[0] = 1  # the pairs themselves
    is_duplicate = (label == DUPLICATE).astype(np.float64)

    def rates(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        said = (probabilities[..., DUPLICATE] >= min_probability).mean(axis=0)
        hits, called, there = counts @ (is_duplicate * said), counts @ said, counts @ is_duplicate
        parts = ((hits, called), (hits, there), (2 * hits, called + there))
        # Of nothing all is right.
        return np.stack([np.where(of > 0, part / np.maximum(of, 1e-9), 1.0) for part, of in parts])

    before, after = rates(shipped[np.newaxis]), rates(adapted)
    return Measured(*map(_with_error, (before, after, after - before)))


def _with_error(rates: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack((rates[:, 0], rates[:, 1:].std(axis=1)))


class Adapted(NamedTuple):
    """Stumps that make the judge better on a feed, none where they do not; and the evidence."""

    stumps: list[Stump]
    measured: Measured | None


def adapt(examples: Examples, min_probability: float) -> Adapted:
    """Fit stumps to labelled pairs if, by cross-validation, duplicates are told better so."""
    n_duplicates = int(np.count_nonzero(examples.label == DUPLICATE))
    of_kind = min(n_duplicates, len(examples) - n_duplicates)
    if len(examples) < LEAST_LABELS or of_kind < LEAST_OF_KIND:
        return Adapted([], None)
    measured = measure(
        examples.label, np.exp(examples.scores), cross_validate(examples), min_probability
    )
    is_better = bool(measured.gain[0, -1] > 0)
    return Adapted(fit_stumps(examples) if is_better else [], measured)


def with_stumps(document: dict[str, Any], stumps: Sequence[Stump]) -> dict[str, Any]:
    """Return the file of a judge with stumps behind its trees, those of a class every fourth."""
    features = list(dict.fromkeys([*document["features"], *FEATURES]))
    trees = [
        {
            "feature": [features.index(FEATURES[stump.feature]), -1, -1],
            "threshold": [stump.threshold, 0.0, 0.0],
            "left": [1, 0, 0],
            "right": [2, 0, 0],
            # Above the leaves stands what the shipped judge adds there: nothing.
            "value": [0.0, stump.below, stump.above],
        }
        for stump in stumps
    ]
    adapted = {**document, "features": features, "trees": [*document["trees"], *trees]}
    return {**adapted, "digest": digest_of(adapted)}
