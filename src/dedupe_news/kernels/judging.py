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
    tempered,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

__all__ = ["Evidence", "fill_feature_rows", "fill_logits", "mix_models"]

FEW_TEXTS = 1_000
"""Texts up to which counts say little, so that the models for a cold start judge."""

MANY_TEXTS = 400_000
"""Texts from which counts say all they can; between the two, both speak."""


@kernel
def mix_models(
    weights: NDArray[np.float64],
    biases: NDArray[np.float64],
    thresholds: NDArray[np.float64],
    n_texts: Integer,
    mixed_weights: NDArray[np.float64],
    mixed_biases: NDArray[np.float64],
    mixed_thresholds: NDArray[np.float64],
) -> None:
    """
    Write the models for a number of texts.

    The logit of the one for many texts counts ``ln(n / FEW) / ln(MANY / FEW)``,
    at least 0 and at most 1, that of the one for few texts the rest: a
    mixture of two linear models is a linear model.

    Parameters
    ----------
    weights : ndarray of float64, shape (4, N_FEATURES)
        Models with and without metadata for many texts, then both for few.
    biases, thresholds : ndarray of float64, shape (4,)
        Theirs; thresholds as logits.
    n_texts : int
        Number of texts; at least 1.
    mixed_weights : ndarray of float64, shape (2, N_FEATURES)
        Receives the models with and without metadata.
    mixed_biases, mixed_thresholds : ndarray of float64, shape (2,)
        Receive theirs.
    """
    share = np.log(max(n_texts, 1) / FEW_TEXTS) / np.log(MANY_TEXTS / FEW_TEXTS)
    many = min(1.0, max(0.0, share))
    few = 1.0 - many
    for model in range(2):
        for feature in range(N_FEATURES):
            mixed_weights[model, feature] = (
                many * weights[model, feature] + few * weights[model + 2, feature]
            )
        mixed_biases[model] = many * biases[model] + few * biases[model + 2]
        mixed_thresholds[model] = many * thresholds[model] + few * thresholds[model + 2]


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
        logit = tempered(logit, thresholds[model], row)
        logits[pair] = logit
        margins[pair] = logit - thresholds[model]
        overlap[pair] = row[2] if logit > -np.inf else 0.0
