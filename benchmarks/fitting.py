"""The models: gradient-boosted trees, a regression beside them, their folds and their file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import examples, gold
from benchmarks.datasets import SEED
from dedupe_news._engine.classifier import CLASSES, FORMAT
from dedupe_news._kernels.feature_names import FEATURES
from dedupe_news.judges import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from benchmarks.examples import Examples
    from benchmarks.synthetic import MadeExamples

N_FOLDS = 5
"""Folds of the pairs of the native feed, from which most of the labels are."""

N_RESAMPLES = 1000
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


def make_regression() -> Any:  # noqa: ANN401 - as above
    """Return multinomial logistic regression, unfitted."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))


def training(
    labelled: Examples,
    chosen: NDArray[np.bool_],
    made: MadeExamples | None,
    without: str | None = None,
) -> Training:
    """Return labelled pairs in all variants, and made pairs that are not of the feed `without`."""
    chosen = chosen & ~labelled.is_identical
    rows = [labelled.rows[variant][chosen] for variant in examples.VARIANTS]
    label = [labelled.label[chosen]] * len(rows)
    weight = [np.ones(len(rows) * int(chosen.sum()))]
    if made is not None:
        others = made.feed != (without or "")
        rows.append(made.rows[others])
        label.append(made.label[others])
        weight.append(made.weight[others])
    labels = np.concatenate(label)
    weights = np.concatenate(weight) * np.where(labels == gold.DUPLICATE, DUPLICATE_WEIGHT, 1.0)
    return Training(np.concatenate(rows), labels, weights)


def fit(make: Callable[[], Any], data: Training) -> Any:  # noqa: ANN401 - as above
    """Return a fitted model."""
    model = make()
    step = f"{model.steps[-1][0]}__" if hasattr(model, "steps") else ""
    return model.fit(data.rows, data.label, **{f"{step}sample_weight": data.weight})


def folds(labelled: Examples) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Yield what is left out in turn: a feed, or a fifth of the pairs of the native one."""
    for name in np.unique(labelled.feed).tolist():
        members = labelled.feed == name
        if name != gold.NATIVE:
            yield name, members
            continue
        fold = np.random.default_rng(SEED).integers(0, N_FOLDS, len(labelled))
        for number in range(N_FOLDS):
            yield name, members & (fold == number)


def left_out(
    make: Callable[[], Any],
    labelled: Examples,
    made: MadeExamples | None = None,
    variants: tuple[str, ...] = ("full",),
    columns: NDArray[np.int64] | None = None,
) -> dict[str, NDArray[np.float64]]:
    """
    Return the probabilities of all pairs by models that have not seen their feed.

    Shape (n_pairs, n_classes), by variant. Pairs of identical text are
    duplicates for certain, without a model.
    """
    columns = np.arange(len(FEATURES)) if columns is None else columns
    found = {variant: np.zeros((len(labelled), len(CLASSES))) for variant in variants}
    for name, tested in folds(labelled):
        data = training(labelled, ~tested, made, without=name)
        model = fit(make, data._replace(rows=data.rows[:, columns]))
        for variant, probabilities in found.items():
            rows = labelled.rows[variant][np.ix_(tested, columns)]
            probabilities[np.ix_(tested, model.classes_)] = model.predict_proba(rows)
    for probabilities in found.values():
        probabilities[labelled.is_identical] = np.eye(len(CLASSES))[gold.DUPLICATE]
    return found


def duplicates(probabilities: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which pairs are called duplicates."""
    called: NDArray[np.bool_] = probabilities[:, gold.DUPLICATE] >= MIN_PROBABILITY
    return called


def f1_of_classes(label: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the mean F1 of duplicate, related and template."""
    likeliest = np.argmax(probabilities[:, 1:], axis=1) + 1
    said = np.where(duplicates(probabilities), gold.DUPLICATE, likeliest)
    return float(np.mean([_f1(label == each, said == each) for each in range(len(CLASSES) - 1)]))


def calibration_error(label: NDArray[np.int64], probabilities: NDArray[np.float64]) -> float:
    """Return the mean gap between probability and share of duplicates, over ten bins."""
    said, is_duplicate = probabilities[:, gold.DUPLICATE], label == gold.DUPLICATE
    which = np.minimum((said * 10).astype(int), 9)
    gaps = [
        abs(said[which == each].mean() - is_duplicate[which == each].mean()) * (which == each).sum()
        for each in np.unique(which)
    ]
    return float(sum(gaps) / len(label))


def difference(
    label: NDArray[np.int64], first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[float, float]:
    """Return how much better the first F1 on duplicates is, and its standard error by bootstrap."""
    gold_, a, b = label == gold.DUPLICATE, duplicates(first), duplicates(second)
    rng = np.random.default_rng(SEED)
    drawn = rng.integers(0, len(label), (N_RESAMPLES, len(label)))
    differences = [_f1(gold_[rows], a[rows]) - _f1(gold_[rows], b[rows]) for rows in drawn]
    return _f1(gold_, a) - _f1(gold_, b), float(np.std(differences))


def export(model: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
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


def importances(labelled: Examples, made: MadeExamples | None) -> list[tuple[str, float]]:
    """
    Return what the left-out log loss gains when a feature is permuted, the most first.

    Permuted among the pairs that a fold leaves out; nothing is fitted again.
    """
    rng = np.random.default_rng(SEED)
    gains = np.zeros(len(FEATURES))
    for name, tested in folds(labelled):
        judged = tested & ~labelled.is_identical
        if not judged.any():
            continue
        model = fit(make_trees, training(labelled, ~tested, made, without=name))
        rows, label = labelled.rows["full"][judged], labelled.label[judged]
        place = np.searchsorted(model.classes_, label)
        before = _loss(model, rows, place)
        for feature in range(len(FEATURES)):
            permuted = rows.copy()
            permuted[:, feature] = rng.permutation(permuted[:, feature])
            gains[feature] += _loss(model, permuted, place) - before
    gains /= int((~labelled.is_identical).sum())
    return [(FEATURES[each], float(gains[each])) for each in np.argsort(-gains)]


def _loss(model: Any, rows: NDArray[np.float64], place: NDArray[np.int64]) -> float:  # noqa: ANN401 - as above
    chosen = model.predict_proba(rows)[np.arange(len(rows)), place]
    return float(-np.log(np.maximum(chosen, 1e-9)).sum())


def _f1(label: NDArray[np.bool_], said: NDArray[np.bool_]) -> float:
    both = 2 * int((label & said).sum())
    return both / max(1, both + int((label != said).sum()))


def _tree(nodes: Any, learning_rate: float) -> dict[str, list[Any]]:  # noqa: ANN401 - as above
    is_leaf = nodes["is_leaf"].astype(bool)
    return {
        "feature": np.where(is_leaf, -1, nodes["feature_idx"].astype(np.int64)).tolist(),
        "threshold": np.where(is_leaf, 0.0, nodes["num_threshold"]).tolist(),
        "left": nodes["left"].tolist(),
        "right": nodes["right"].tolist(),
        # scikit-learn shrinks leaves alone; contributions need the means above them too.
        "value": np.round(nodes["value"] * np.where(is_leaf, 1.0, learning_rate), 6).tolist(),
    }
