"""Features of many pairs, and the judge's verdict on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.features import (
    N_FEATURES,
    NO_TIME,
    Evidence,
    fill_features,
    make_scratch,
)
from dedupe_news.kernels.verdict import caution_without_counts, tempered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

__all__ = ["Evidence", "fill_feature_rows", "fill_logits"]


@kernel
def fill_feature_rows(
    evidence: Evidence,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    start: Integer,
    stop: Integer,
    features: NDArray[np.float32],
) -> None:
    """
    Write the features of pairs ``start`` to ``stop - 1``.

    Parameters
    ----------
    evidence : Evidence
        The texts and their statistics.
    left, right : ndarray of int64, shape (n_pairs,)
        The texts of each pair.
    start, stop : int
        Pairs to do.
    features : ndarray of float32, shape (n_pairs, N_FEATURES)
        Receives the features; NaN for pairs that share too little.
    """
    scratch = make_scratch()
    row = np.zeros(N_FEATURES, np.float64)
    for pair in range(start, stop):
        if not fill_features(evidence, scratch, left[pair], right[pair], row):
            for feature in range(N_FEATURES):
                row[feature] = np.nan
        for feature in range(N_FEATURES):
            features[pair, feature] = row[feature]


@inlined
def _has_metadata(evidence: Evidence, x: Integer, y: Integer) -> bool:
    return bool(
        evidence.times[x] != NO_TIME
        and evidence.times[y] != NO_TIME
        and evidence.sources[x] >= 0
        and evidence.sources[y] >= 0
    )


@kernel
def fill_logits(
    evidence: Evidence,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    start: Integer,
    stop: Integer,
    weights: NDArray[np.float64],
    biases: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    logits: NDArray[np.float32],
    margins: NDArray[np.float32],
    overlap: NDArray[np.float32],
) -> None:
    """
    Write the judge's verdict on pairs ``start`` to ``stop - 1``.

    Parameters
    ----------
    evidence : Evidence
        The texts and their statistics.
    left, right : ndarray of int64, shape (n_pairs,)
        The texts of each pair.
    start, stop : int
        Pairs to do.
    weights : ndarray of float64, shape (2, N_FEATURES)
        Weight of each feature, in the model for pairs whose sources and times
        are known and in the one for the others.
    biases : ndarray of float64, shape (2,)
        Added to the weighted sum.
    thresholds : ndarray of float64, shape (2,)
        Logit from which a pair is a duplicate.
    logits : ndarray of float32, shape (n_pairs,)
        Receives ``ln(p / (1 - p))`` of the probability of a duplicate; minus
        infinity for pairs that share too little to be judged.
    margins : ndarray of float32, shape (n_pairs,)
        Receives the logits less the threshold.
    overlap : ndarray of float32, shape (n_pairs,)
        Receives the share of the shorter text's tokens that were matched.
    """
    scratch = make_scratch()
    row = np.zeros(N_FEATURES, np.float64)
    caution = caution_without_counts(evidence.log_texts[0])
    for pair in range(start, stop):
        if not fill_features(evidence, scratch, left[pair], right[pair], row):
            logits[pair] = -np.inf
            margins[pair] = -np.inf
            overlap[pair] = 0.0
            continue
        model = 0 if _has_metadata(evidence, left[pair], right[pair]) else 1
        logit = biases[model]
        for feature in range(N_FEATURES):
            logit += weights[model, feature] * row[feature]
        logit = tempered(logit, thresholds[model], row, caution if model == 0 else 0.0)
        logits[pair] = logit
        margins[pair] = logit - thresholds[model]
        overlap[pair] = row[2] if logit > -np.inf else 0.0
