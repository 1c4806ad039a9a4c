"""From the features of a pair to the verdict: which models speak, and what they do not weigh."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.features import (
    LEAST_CONTAINMENT,
    LEAST_EXCERPT,
    LEAST_JACCARD,
    N_FEATURES,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

FEW_TEXTS = 1_000
"""Texts up to which counts say little, so that the models for a cold start judge."""

MANY_TEXTS = 50_000
"""Texts from which counts say all they can; between the two, both speak."""

COUNTED_TEXTS = 10_000
"""Number of texts from which their counts tell a stock phrase from a copy."""

LEAST_WITHOUT_COUNTS = 0.25
LEAST_EXCERPT_WITHOUT_COUNTS = 0.5
"""Jaccard similarity and containment below which a pair calls for caution without counts."""

SAME_WORDS = 0.6
"""Jaccard similarity of the aligned tokens from which names may differ as they like."""

LEAST_NAMES = 0.4
"""Share of its names that one of two duplicates of fewer common words must find in the other."""

DOUBT = 2.0
"""How far below the threshold, in logits, such a pair is judged at least."""

CAUTION = 3.0
"""How much surer, in logits, the judge must be of a pair that only shares `LEAST_RUN` in a row."""

ASSURANCE = 1.0
"""How far above the threshold, in logits, a copy that was cut off is judged at least."""

LEAST_CUT = 5
"""Tokens from which a text that was cut off tells what it was cut from."""


@inlined
def _share_of(log_texts: float, many: float) -> float:
    """Return how far a number of texts is on the way from `FEW_TEXTS` to many, in [0, 1]."""
    share = (log_texts - np.log(FEW_TEXTS)) / np.log(many / FEW_TEXTS)
    return float(min(1.0, max(0.0, share)))


@inlined
def caution_without_counts(log_texts: float) -> float:
    """
    Return how much surer the judge must be of pairs that share little.

    Parameters
    ----------
    log_texts : float
        ``ln(n_texts + 1)``, of the texts that the counts are of.

    Returns
    -------
    float
        In logits: `CAUTION` up to `FEW_TEXTS`, 0 from `COUNTED_TEXTS` on.
    """
    return CAUTION * (1.0 - _share_of(log_texts, COUNTED_TEXTS))


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
    many = _share_of(np.log(max(np.int64(n_texts), np.int64(1))), MANY_TEXTS)
    few = 1.0 - many
    for model in range(2):
        for feature in range(N_FEATURES):
            mixed_weights[model, feature] = (
                many * weights[model, feature] + few * weights[model + 2, feature]
            )
        mixed_biases[model] = many * biases[model] + few * biases[model + 2]
        mixed_thresholds[model] = many * thresholds[model] + few * thresholds[model + 2]


@inlined
def tempered(logit: float, threshold: float, row: NDArray[np.float64], caution: float) -> float:
    """
    Return a logit less what the judge was not taught to weigh.

    Parameters
    ----------
    logit : float
        The weighted sum of the features.
    threshold : float
        Logit from which a pair is a duplicate.
    row : ndarray of float64, shape (N_FEATURES,)
        The features of the pair.
    caution : float
        From `caution_without_counts`; 0 for pairs without sources or times.

    Returns
    -------
    float
        At least `DOUBT` below the threshold for texts that share some of
        their words, but not who and where. Less by `CAUTION` for texts that
        share little but ten words in a row; minus infinity, as for those that
        are not judged, where that is no duplicate. Less by `caution` for texts
        that share little altogether: whether that is a stock phrase, only
        counts tell. At least `ASSURANCE` above
        the threshold where the one is the start of the other, and says that
        something was cut off: there is nothing in which they differ.
    """
    if row[3] < SAME_WORDS and row[44] < LEAST_NAMES:
        logit = min(logit, threshold - DOUBT)
    if (row[3] < LEAST_JACCARD and row[2] < LEAST_EXCERPT) or row[2] < LEAST_CONTAINMENT:
        logit -= CAUTION
        if logit < threshold:
            return -np.inf
    if row[3] < LEAST_WITHOUT_COUNTS and row[2] < LEAST_EXCERPT_WITHOUT_COUNTS:
        logit -= caution
    if row[19] == 1.0 and row[22] > 0.0 and row[0] >= np.log(1.0 + LEAST_CUT):
        logit = max(logit, threshold + ASSURANCE)
    return logit
