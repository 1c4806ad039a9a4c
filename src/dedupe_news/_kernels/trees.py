"""Gradient-boosted trees: the probability of each class of a row of features."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.alignment import Scratch, make_scratch
from dedupe_news._kernels.feature_names import N_FEATURES
from dedupe_news._kernels.features import fill_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer
    from dedupe_news._kernels.evidence import Evidence

N_CLASSES = 4


class Trees(NamedTuple):
    """
    All trees of a model, one after another; those of a class are every fourth.

    Parameters
    ----------
    roots : ndarray of int64, shape (n_trees,)
        First node of each tree.
    feature : ndarray of int16, shape (n_nodes,)
        The feature that a node looks at; -1 for a leaf.
    threshold : ndarray of float64, shape (n_nodes,)
        A row goes left where its feature is at most this.
    left, right : ndarray of int32, shape (n_nodes,)
        The nodes below.
    value : ndarray of float64, shape (n_nodes,)
        What a leaf adds to the score of its class; of an inner node, the mean.
    baseline : ndarray of float64, shape (N_CLASSES,)
        Score of each class before the first tree.
    """

    roots: NDArray[np.int64]
    feature: NDArray[np.int16]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float64]
    baseline: NDArray[np.float64]


@inlined
def fill_probabilities(
    trees: Trees, row: NDArray[np.float64], probabilities: NDArray[np.float64]
) -> None:
    """Write the probability of each class."""
    for which in range(N_CLASSES):
        probabilities[which] = trees.baseline[which]
    for tree in range(trees.roots.shape[0]):
        node = np.int64(trees.roots[tree])
        feature = np.int64(trees.feature[node])
        while feature >= 0:
            # Both are loaded, and one is taken without a branch: which, no processor can guess.
            left = np.int64(trees.left[node])
            right = np.int64(trees.right[node])
            goes_left = np.int64(row[feature] <= trees.threshold[node])
            node = right + goes_left * (left - right)
            feature = np.int64(trees.feature[node])
        probabilities[tree & (N_CLASSES - 1)] += trees.value[node]
    largest = probabilities[0]
    for which in range(1, N_CLASSES):
        largest = max(largest, probabilities[which])
    total = 0.0
    for which in range(N_CLASSES):
        probabilities[which] = np.exp(probabilities[which] - largest)
        total += probabilities[which]
    for which in range(N_CLASSES):
        probabilities[which] /= total


@kernel
def classify(
    evidence: Evidence,
    trees: Trees,
    scratch: Scratch,
    x: Integer,
    y: Integer,
    row: NDArray[np.float64],
    probabilities: NDArray[np.float64],
) -> None:
    """Write the features of a pair and the probability of each class."""
    fill_features(evidence, scratch, x, y, row)
    fill_probabilities(trees, row, probabilities)


@kernel
def classify_pairs(
    evidence: Evidence,
    trees: Trees,
    pairs: NDArray[np.int64],
    longest: Integer,
    start: Integer,
    stop: Integer,
    probabilities: NDArray[np.float64],
) -> None:
    """Write the probabilities of pairs ``start`` to ``stop - 1``, each a row of two texts."""
    scratch = make_scratch(longest)
    row = np.empty(N_FEATURES, np.float64)
    for pair in range(start, stop):
        classify(evidence, trees, scratch, pairs[pair, 0], pairs[pair, 1], row, probabilities[pair])


@kernel
def fill_contributions(
    trees: Trees, row: NDArray[np.float64], contributions: NDArray[np.float64]
) -> None:
    """
    Write what each feature adds to the score of each class, shape (N_FEATURES, N_CLASSES).

    On the way down a tree, each step changes the mean of what lies below: that
    is what its feature adds (Saabas).
    """
    contributions[:] = 0.0
    for tree in range(trees.roots.shape[0]):
        node = np.int64(trees.roots[tree])
        while trees.feature[node] >= 0:
            feature = np.int64(trees.feature[node])
            before = trees.value[node]
            if row[feature] <= trees.threshold[node]:
                node = np.int64(trees.left[node])
            else:
                node = np.int64(trees.right[node])
            contributions[feature, tree & (N_CLASSES - 1)] += trees.value[node] - before
