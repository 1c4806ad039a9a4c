"""The judge: the same item again, or the same form again."""

from __future__ import annotations

import dataclasses
import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.kernels import judging as kernels
from dedupe_news.kernels.features import FEATURES, N_FEATURES
from dedupe_news.threads import run, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels.features import Evidence

LEAST_TEXTS = 10_000
"""With fewer texts, counts say little and the models for a cold start judge."""

LEAST_COLD_PROBABILITY = 0.65
"""Least probability of a duplicate without statistics: two forms are easily taken for one item."""

_BLOCK = 4096


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Model:
    """
    A logistic regression on the features of a pair.

    Parameters
    ----------
    weights : ndarray of float64, shape (N_FEATURES,)
        Weight of each feature.
    bias : float
        Logit of a pair whose features are all 0.
    scale : ndarray of float64, shape (N_FEATURES,)
        Standard deviation of each feature over the training pairs.
    threshold : float
        Least probability of a duplicate.
    """

    weights: NDArray[np.float64]
    bias: float
    scale: NDArray[np.float64]
    threshold: float


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """
    The models, by what is known of the documents.

    Parameters
    ----------
    full, bare : Model
        For pairs with sources and times, and for texts alone.
    cold_full, cold_bare : Model
        The same where there are too few texts to count shingles in.
    provenance : dict
        How the weights were fitted.
    """

    full: Model
    bare: Model
    cold_full: Model
    cold_bare: Model
    provenance: dict[str, Any]

    def models(self, n_texts: int) -> tuple[Model, Model]:
        """
        Return the models for a batch.

        Parameters
        ----------
        n_texts : int
            Its distinct texts.

        Returns
        -------
        with_metadata, without : Model
            For pairs whose sources and times are known, and for the others.
        """
        if n_texts < LEAST_TEXTS:
            return self.cold_full, self.cold_bare
        return self.full, self.bare


@lru_cache(maxsize=1)
def load_judge() -> Judge:
    """
    Return the judge that comes with the library.

    Returns
    -------
    Judge
        Read from the package's data once.
    """
    file = resources.files("dedupe_news") / "data" / "judge.json"
    return read_judge(json.loads(file.read_text(encoding="utf-8")))


def read_judge(document: dict[str, Any]) -> Judge:
    """
    Return the judge that a document describes.

    Parameters
    ----------
    document : dict
        As ``python -m benchmarks fit-judge`` writes it.

    Returns
    -------
    Judge
        With its models' features in the order of this version.

    Raises
    ------
    ValueError
        If the features are not those of this version.
    """
    if tuple(document["features"]) != FEATURES:
        message = (
            f"the judge was fitted to {len(document['features'])} other features than the "
            f"{N_FEATURES} of this version. Refit it: python -m benchmarks fit-judge"
        )
        raise ValueError(message)
    models = {
        name: Model(
            np.array(model["weights"], np.float64),
            float(model["bias"]),
            np.array(model["scale"], np.float64),
            max(float(model["threshold"]), LEAST_COLD_PROBABILITY)
            if name.startswith("cold")
            else float(model["threshold"]),
        )
        for name, model in document["models"].items()
    }
    return Judge(**models, provenance=document["provenance"])


@dataclasses.dataclass(frozen=True, slots=True)
class Verdicts:
    """
    What the judge says of pairs.

    Parameters
    ----------
    logits : ndarray of float32, shape (n_pairs,)
        ``ln(p / (1 - p))`` of the probability of a duplicate; minus infinity
        for pairs that share too little to be judged.
    margins : ndarray of float32, shape (n_pairs,)
        Logits less the threshold's: a duplicate from 0.
    overlap : ndarray of float32, shape (n_pairs,)
        Share of the shorter text's tokens that the alignment matched.
    """

    logits: NDArray[np.float32]
    margins: NDArray[np.float32]
    overlap: NDArray[np.float32]


def judge_pairs(
    evidence: Evidence,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    models: tuple[Model, Model],
    n_jobs: int,
    *,
    is_cold: bool = False,
) -> Verdicts:
    """
    Judge pairs of texts.

    Parameters
    ----------
    evidence : Evidence
        The texts and their statistics.
    left, right : ndarray of int64, shape (n_pairs,)
        The texts of each pair.
    models : (Model, Model)
        For pairs whose sources and times are known, and for the others.
    n_jobs : int
        Threads.
    is_cold : bool, default False
        Whether the evidence is without statistics.

    Returns
    -------
    Verdicts
        The same for any `n_jobs`.
    """
    n_pairs = len(left)
    logits = np.empty(n_pairs, np.float32)
    margins = np.empty(n_pairs, np.float32)
    overlap = np.empty(n_pairs, np.float32)
    weights = np.array([model.weights for model in models])
    biases = np.array([model.bias for model in models])
    thresholds = np.array([np.log(model.threshold / (1 - model.threshold)) for model in models])

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_logits(
            evidence,
            left,
            right,
            *bounds,
            weights,
            biases,
            thresholds,
            is_cold,
            logits,
            margins,
            overlap,
        )

    run(fill, split(n_pairs, max(n_jobs, n_pairs // _BLOCK)), n_jobs)
    return Verdicts(logits, margins, overlap)


def pair_features(
    evidence: Evidence, left: NDArray[np.int64], right: NDArray[np.int64], n_jobs: int
) -> NDArray[np.float32]:
    """
    Return the features that the judge looks at.

    Parameters
    ----------
    evidence : Evidence
        The texts and their statistics.
    left, right : ndarray of int64, shape (n_pairs,)
        The texts of each pair.
    n_jobs : int
        Threads.

    Returns
    -------
    ndarray of float32, shape (n_pairs, N_FEATURES)
        In the order of `FEATURES`; NaN for pairs that share too little.
    """
    features = np.empty((len(left), N_FEATURES), np.float32)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_feature_rows(evidence, left, right, *bounds, features)

    run(fill, split(len(left), max(n_jobs, len(left) // _BLOCK)), n_jobs)
    return features
