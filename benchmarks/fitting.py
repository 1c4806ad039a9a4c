"""The model: gradient-boosted trees, fitted without a feed or to all, and their file."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

from benchmarks import examples, gold, synthetic
from benchmarks.datasets import SEED
from benchmarks.process import say
from dedupe_news._engine.classifier import CLASSES, FORMAT
from dedupe_news._kernels.feature_names import FEATURES
from dedupe_news.judges import digest_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.examples import Examples
    from benchmarks.synthetic import MadeExamples

N_FOLDS = 5
"""Folds of the pairs of the native feed, from which most of the labels are."""

DUPLICATE_WEIGHT = 1.3
"""
What a duplicate counts for beside another pair.

On feeds that a model has not seen duplicates come out less certain than they are.
"""

MIN_PROBABILITY = 0.5
"""Probability from which a pair is a duplicate, as in `Config`."""


class Training(NamedTuple):
    """What a model is fitted to: rows, their classes, and what each counts for."""

    rows: NDArray[np.float64]
    label: NDArray[np.int64]
    weight: NDArray[np.float64]


def make_trees() -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return the model that the package ships, unfitted."""
    return HistGradientBoostingClassifier(
        max_iter=60,
        learning_rate=0.14,
        max_leaf_nodes=8,
        min_samples_leaf=40,
        l2_regularization=3.0,
        max_features=0.25,
        random_state=0,
    )


def training(
    labelled: Examples,
    chosen: NDArray[np.bool_],
    made: MadeExamples,
    without: str | None = None,
) -> Training:
    """Return labelled pairs in all variants, and made pairs that are not of the feed `without`."""
    chosen = chosen & ~labelled.is_identical
    rows = [labelled.rows[variant][chosen] for variant in examples.VARIANTS]
    label = [labelled.label[chosen]] * len(rows)
    weight = [np.ones(len(rows) * int(chosen.sum()))]
    others = made.feed != (without or "")
    rows.append(made.rows[others])
    label.append(made.label[others])
    weight.append(made.weight[others])
    labels = np.concatenate(label)
    weights = np.concatenate(weight) * np.where(labels == gold.DUPLICATE, DUPLICATE_WEIGHT, 1.0)
    return Training(np.concatenate(rows), labels, weights)


def fit(data: Training) -> Any:  # noqa: ANN401 - scikit-learn ships no types
    """Return the model that the package ships, fitted."""
    return make_trees().fit(data.rows, data.label, sample_weight=data.weight)


class Unseen(NamedTuple):
    """The labelled pairs, and for each feed a model that has seen no pair of it."""

    labelled: Examples
    made: MadeExamples
    models: dict[str, Any]


@functools.cache
def unseen(n_jobs: int, n_made: int) -> Unseen:
    """Fit a model to the pairs of all feeds but one, for each feed, once for all who ask."""
    labelled = examples.read_examples(n_jobs, say)
    made = synthetic.make_examples(n_jobs, say, n_each=n_made)
    models = {}
    for name in np.unique(labelled.feed).tolist():
        say(f"fitting without {name}")
        models[name] = fit(training(labelled, labelled.feed != name, made, name))
    return Unseen(labelled, made, models)


def judged(given: Unseen) -> NDArray[np.float64]:
    """
    Return the probabilities of all pairs by models that have not seen them.

    Shape (n_pairs, n_classes). A model has seen no pair of the feed, of the native feed none of
    a fifth of its pairs. Pairs of identical text are duplicates for certain, without a model.
    """
    labelled = given.labelled
    probabilities = np.zeros((len(labelled), len(CLASSES)))
    fold = np.random.default_rng(SEED).integers(0, N_FOLDS, len(labelled))
    for name, model in given.models.items():
        members = labelled.feed == name
        tests = [(model, members)]
        if name == gold.NATIVE:
            parts = [members & (fold == number) for number in range(N_FOLDS)]
            tests = [(fit(training(labelled, ~part, given.made, name)), part) for part in parts]
        for fitted, part in tests:
            rows = labelled.rows["full"][part]
            probabilities[np.ix_(part, fitted.classes_)] = fitted.predict_proba(rows)
    probabilities[labelled.is_identical] = np.eye(len(CLASSES))[gold.DUPLICATE]
    return probabilities


def duplicates(probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which pairs are called duplicates."""
    called: NDArray[np.bool_] = probabilities[:, gold.DUPLICATE] >= MIN_PROBABILITY
    return called


def f1_of_classes(label: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the mean F1 of duplicate, related and template."""
    likeliest = np.argmax(probabilities[:, 1:], axis=1) + 1
    said = np.where(duplicates(probabilities), gold.DUPLICATE, likeliest)
    return float(np.mean([_f1(label == each, said == each) for each in range(len(CLASSES) - 1)]))


def export(model: Any) -> dict[str, Any]:  # noqa: ANN401 - scikit-learn ships no types
    """Return fitted trees as the file that `read_classifier` reads."""
    # scikit-learn shows its trees nowhere else.
    predictors = [each for iteration in model._predictors for each in iteration]  # noqa: SLF001
    trees = [_tree(each.nodes, model.learning_rate) for each in predictors]
    document = {
        "format": FORMAT,
        "classes": list(CLASSES),
        "features": list(FEATURES),
        "baseline": np.ravel(model._baseline_prediction).tolist(),  # noqa: SLF001 - as above
        "trees": trees,
    }
    return {**document, "digest": digest_of(document)}


def _f1(label: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    both = 2 * int((label & said).sum())
    return both / max(1, both + int((label != said).sum()))


def _tree(nodes: Any, learning_rate: float) -> dict[str, list[Any]]:  # noqa: ANN401 - scikit-learn ships no types
    is_leaf = nodes["is_leaf"].astype(bool)
    return {
        "feature": np.where(is_leaf, -1, nodes["feature_idx"].astype(np.int64)).tolist(),
        "threshold": np.where(is_leaf, 0.0, nodes["num_threshold"]).tolist(),
        "left": nodes["left"].tolist(),
        "right": nodes["right"].tolist(),
        # scikit-learn shrinks leaves alone; contributions need the means above them too.
        "value": np.round(nodes["value"] * np.where(is_leaf, 1.0, learning_rate), 6).tolist(),
    }
