"""The judge: the same item again, or the same form again."""

from __future__ import annotations

import dataclasses
import json
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe_news.errors import ConfigError
from dedupe_news.kernels import judging as kernels
from dedupe_news.kernels.features import FEATURES, N_FEATURES
from dedupe_news.kernels.verdict import mix_models
from dedupe_news.threads import run, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels.features import Evidence

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


class Models(NamedTuple):
    """
    Models as kernels read them.

    Parameters
    ----------
    weights : ndarray of float64, shape (n_models, N_FEATURES)
        Weight of each feature.
    biases : ndarray of float64, shape (n_models,)
        Added to the weighted sum.
    thresholds : ndarray of float64, shape (n_models,)
        Logit from which a pair is a duplicate.
    """

    weights: NDArray[np.float64]
    biases: NDArray[np.float64]
    thresholds: NDArray[np.float64]


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """
    The models, by what is known of the documents.

    Parameters
    ----------
    full, bare : Model
        For pairs with sources and times, and for texts alone.
    cold_full, cold_bare : Model
        The same where there are too few texts to count shingles in: up to
        `FEW_TEXTS`. Between those and `MANY_TEXTS` both speak.
    provenance : dict
        How the weights were fitted.
    """

    full: Model
    bare: Model
    cold_full: Model
    cold_bare: Model
    provenance: dict[str, Any]

    def models(self, n_texts: int) -> Models:
        """
        Return the models for a batch.

        Parameters
        ----------
        n_texts : int
            Its distinct texts.

        Returns
        -------
        Models
            Those for many texts, those for few, or a mixture of both.
        """
        weights, biases, thresholds = self.arrays
        mixed = Models(np.empty((2, N_FEATURES)), np.empty(2), np.empty(2))
        mix_models(weights, biases, thresholds, n_texts, *mixed)
        return mixed

    @property
    def arrays(self) -> Models:
        """
        Return all four models as arrays.

        Returns
        -------
        Models
            Of length 4: with sources and times, without, then both for few texts.
        """
        four = (self.full, self.bare, self.cold_full, self.cold_bare)
        thresholds = np.array([model.threshold for model in four])
        return Models(
            np.array([model.weights for model in four]),
            np.array([model.bias for model in four]),
            np.log(thresholds / (1 - thresholds)),
        )


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
    ConfigError
        If the features are not those of this version.
    """
    if tuple(document["features"]) != FEATURES:
        message = (
            f"the judge was fitted to {len(document['features'])} other features than the "
            f"{N_FEATURES} of this version. Refit it: python -m benchmarks fit-judge"
        )
        raise ConfigError(message)
    models = {
        name: Model(
            np.array(model["weights"], np.float64),
            float(model["bias"]),
            np.array(model["scale"], np.float64),
            float(model["threshold"]),
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
    models: Models,
    n_jobs: int,
) -> Verdicts:
    """
    Judge pairs of texts.

    Parameters
    ----------
    evidence : Evidence
        The texts and their statistics.
    left, right : ndarray of int64, shape (n_pairs,)
        The texts of each pair.
    models : Models
        For pairs whose sources and times are known, and for the others.
    n_jobs : int
        Threads.

    Returns
    -------
    Verdicts
        The same for any `n_jobs`.
    """
    n_pairs = len(left)
    logits = np.empty(n_pairs, np.float32)
    margins = np.empty(n_pairs, np.float32)
    overlap = np.empty(n_pairs, np.float32)

    def fill(bounds: tuple[int, int]) -> None:
        kernels.fill_logits(
            evidence,
            left,
            right,
            *bounds,
            *models,
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
