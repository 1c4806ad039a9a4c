"""Logistic regression with a ridge, grouped folds, and the rates that verdicts are held against."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_STEPS = 50
_TOLERANCE = 1e-9
_LEAST_CURVATURE = 1e-6
_LARGEST_LOGIT = 30.0


@dataclasses.dataclass(frozen=True, slots=True)
class Logistic:
    """
    A fitted model: the logit of a row is ``row @ weights + bias``.

    Attributes
    ----------
    weights : ndarray of float64, shape (n_features,)
        On the features as they are; 0 for those left out.
    bias : float
        Added to the weighted sum.
    scale : ndarray of float64, shape (n_features,)
        Standard deviation of each feature over the training rows, so that
        ``weights * scale`` compares what features contribute.
    """

    weights: NDArray[np.float64]
    bias: float
    scale: NDArray[np.float64]

    def logits(self, rows: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Return the logit of every row.

        Parameters
        ----------
        rows : ndarray of float, shape (n_rows, n_features)
            Features.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            ``ln(p / (1 - p))``.
        """
        # Only the columns in use are widened: there may be a million rows.
        used = np.flatnonzero(self.weights)
        total = np.full(len(rows), self.bias)
        for column in used.tolist():
            total += rows[:, column] * self.weights[column]
        return total

    def probabilities(self, rows: NDArray[np.float32] | NDArray[np.float64]) -> NDArray[np.float64]:
        """
        Return the probability of every row.

        Parameters
        ----------
        rows : ndarray of float, shape (n_rows, n_features)
            Features.

        Returns
        -------
        ndarray of float64, shape (n_rows,)
            In (0, 1).
        """
        return sigmoid(self.logits(rows))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return the probabilities of logits.

    Parameters
    ----------
    logits : ndarray of float64
        ``ln(p / (1 - p))``; beyond ±30 taken for ±30.

    Returns
    -------
    ndarray of float64
        In (0, 1).
    """
    bounded = np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT)
    probabilities: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-bounded))
    return probabilities


def fit(
    rows: NDArray[np.float64],
    targets: NDArray[np.float64],
    row_weights: NDArray[np.float64],
    used: NDArray[np.bool_],
    ridge: float,
) -> Logistic:
    """
    Fit a ridge logistic regression by iteratively reweighted least squares.

    Minimises the weighted sum of ``-t ln p - (1 - t) ln(1 - p)`` plus ``ridge
    / 2`` times the squared weights of the standardised features; the bias is
    free.

    Parameters
    ----------
    rows : ndarray of float64, shape (n_rows, n_features)
        Features.
    targets : ndarray of float64, shape (n_rows,)
        Probabilities to learn, in [0, 1]: labels, or what a teacher says.
    row_weights : ndarray of float64, shape (n_rows,)
        How much each row counts, at least 0.
    used : ndarray of bool, shape (n_features,)
        Features that may have a weight.
    ridge : float
        Penalty, at least 0.

    Returns
    -------
    Logistic
        The same for the same input.
    """
    columns = np.flatnonzero(used)
    chosen = rows[:, columns]
    centre = np.average(chosen, axis=0, weights=row_weights)
    spread = np.sqrt(np.average((chosen - centre) ** 2, axis=0, weights=row_weights))
    # A feature that never varies says nothing: its standardised column is zero.
    divisor = np.where(spread > 0, spread, 1.0)
    design = np.column_stack(((chosen - centre) / divisor, np.ones(len(rows))))
    penalty = np.full(design.shape[1], ridge)
    penalty[-1] = _LEAST_CURVATURE
    solution = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        expected = sigmoid(design @ solution)
        curvature = row_weights * np.maximum(expected * (1.0 - expected), _LEAST_CURVATURE)
        slope = design.T @ (row_weights * (expected - targets)) + penalty * solution
        hessian = (design * curvature[:, None]).T @ design + np.diag(penalty)
        step = np.linalg.solve(hessian, slope)
        solution -= step
        if np.abs(step).max() < _TOLERANCE:
            break
    weights = np.zeros(rows.shape[1])
    weights[columns] = np.where(spread > 0, solution[:-1] / divisor, 0.0)
    scale = np.zeros(rows.shape[1])
    scale[columns] = spread
    bias = float(solution[-1] - weights[columns] @ centre)
    return Logistic(weights, bias, scale)


def assign_folds(groups: NDArray[np.int64], n_folds: int, seed: int) -> NDArray[np.int64]:
    """
    Deal groups out to folds of about equal size, no group to two folds.

    Parameters
    ----------
    groups : ndarray of int64, shape (n_rows,)
        Group of each row.
    n_folds : int
        Folds.
    seed : int
        Of the choice among folds that are about equally full.

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        Fold of each row.
    """
    rng = np.random.default_rng(seed)
    _, numbers, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    # The largest groups first, so that the small ones can even out.
    order = np.argsort(-sizes + 3.0 * rng.random(len(sizes)), kind="stable")
    fold_of = np.empty(len(sizes), np.int64)
    filled = np.zeros(n_folds)
    for group in order.tolist():
        fold = int(np.argmin(filled + 2.0 * rng.random(n_folds)))
        fold_of[group] = fold
        filled[fold] += sizes[group]
    assigned: NDArray[np.int64] = fold_of[numbers]
    return assigned


@dataclasses.dataclass(frozen=True, slots=True)
class Rates:
    """
    How verdicts compare with labels.

    Attributes
    ----------
    precision, recall, f1 : float
        In [0, 1]; precision and recall are 1 where there is nothing to count.
    """

    precision: float
    recall: float
    f1: float


def rates(
    is_duplicate: NDArray[np.bool_],
    is_predicted: NDArray[np.bool_],
    weights: NDArray[np.float64] | None = None,
) -> Rates:
    """
    Count verdicts against labels.

    Parameters
    ----------
    is_duplicate, is_predicted : ndarray of bool, shape (n_pairs,)
        Label and verdict of each pair.
    weights : ndarray of float64, shape (n_pairs,), optional
        Pairs that each one stands for; 1 by default.

    Returns
    -------
    Rates
        Weighted.
    """
    each = np.ones(len(is_duplicate)) if weights is None else weights
    right = float(each[is_duplicate & is_predicted].sum())
    wrong = float(each[~is_duplicate & is_predicted].sum())
    missed = float(each[is_duplicate & ~is_predicted].sum())
    return Rates(
        precision=right / (right + wrong) if right + wrong else 1.0,
        recall=right / (right + missed) if right + missed else 1.0,
        f1=2 * right / (2 * right + wrong + missed) if right else 0.0,
    )


def log_loss(targets: NDArray[np.float64], probabilities: NDArray[np.float64]) -> float:
    """
    Return how surprising labels are under probabilities.

    Parameters
    ----------
    targets : ndarray of float64, shape (n_pairs,)
        0 or 1.
    probabilities : ndarray of float64, shape (n_pairs,)
        In (0, 1).

    Returns
    -------
    float
        Mean of ``-ln`` of the probability of what is so.
    """
    said = np.where(targets > 0.5, probabilities, 1.0 - probabilities)  # noqa: PLR2004 - 0 or 1
    return float(-np.log(said).mean())


def join_groups(n_items: int, links: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """
    Return the connected components of items.

    Parameters
    ----------
    n_items : int
        Items.
    links : sequence of (int, int)
        Items that belong together.

    Returns
    -------
    ndarray of int64, shape (n_items,)
        The smallest item of each item's component.
    """
    parent = list(range(n_items))

    def root(item: int) -> int:
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    for left, right in links:
        low, high = sorted((root(left), root(right)))
        parent[high] = low
    return np.array([root(item) for item in range(n_items)], np.int64)
