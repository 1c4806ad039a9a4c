"""The classifier: trees against a plain walk, and the file of weights."""

from __future__ import annotations

import copy
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine_oracle
from dedupe_news import ConfigError
from dedupe_news._engine import classifier
from dedupe_news._engine.classifier import CLASSES, Classifier, load_classifier, read_classifier
from dedupe_news._kernels import trees as kernels
from dedupe_news._kernels.feature_names import FEATURES, N_FEATURES
from dedupe_news._kernels.trees import N_CLASSES
from engine_oracle import Branch, Leaf, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

N_READ = 5  # features that drawn trees look at

# Eighths, so that sums are exact, and rows that lie on a threshold are drawn.
eighths = st.integers(-24, 24).map(lambda number: number / 8)
leaves = st.builds(Leaf, eighths)
drawn_trees = st.recursive(
    leaves,
    lambda below: st.builds(Branch, st.integers(0, N_READ - 1), eighths, below, below, eighths),
    max_leaves=6,
)
forests = st.integers(1, 3).flatmap(
    lambda n: st.lists(drawn_trees, min_size=n * N_CLASSES, max_size=n * N_CLASSES)
)
baselines = st.lists(eighths, min_size=N_CLASSES, max_size=N_CLASSES)
rows = st.lists(eighths, min_size=N_READ, max_size=N_READ)


def table_of(tree: Tree) -> dict[str, list[float]]:
    """Return a tree as the file of weights has it: nodes one after another, the root first."""
    table: dict[str, list[float]] = {
        name: [] for name in ("feature", "threshold", "left", "right", "value")
    }

    def add(node: Tree) -> int:
        number = len(table["value"])
        table["value"].append(node.value)
        table["feature"].append(node.feature if isinstance(node, Branch) else -1)
        table["threshold"].append(node.threshold if isinstance(node, Branch) else 0.0)
        table["left"].append(0)
        table["right"].append(0)
        if isinstance(node, Branch):
            table["left"][number] = add(node.left)
            table["right"][number] = add(node.right)
        return number

    add(tree)
    return table


def document_of(trees: Sequence[Tree], baseline: Sequence[float]) -> dict[str, Any]:
    """Return a file of weights whose features are some of ours, in an order of its own."""
    return {
        "format": classifier.FORMAT,
        "classes": list(CLASSES),
        "features": list(FEATURES[:N_READ][::-1]),
        "baseline": list(baseline),
        "digest": "made up",
        "trees": [table_of(tree) for tree in trees],
    }


def model_of(trees: Sequence[Tree], baseline: Sequence[float]) -> Classifier:
    """Return the classifier of some trees."""
    return read_classifier(document_of(trees, baseline))


def arranged(row: Sequence[float]) -> NDArray[np.float64]:
    """Return a row of the features of `document_of` in the order of ours."""
    values = np.full(N_FEATURES, np.nan)
    values[:N_READ] = row[::-1]
    return values


def shipped_file() -> dict[str, Any]:
    """Return the file of weights that the package ships."""
    file = resources.files("dedupe_news") / "data" / "classifier.json"
    document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return document


@given(trees=forests, baseline=baselines, row=rows)
def test_probabilities_are_those_of_a_plain_walk(
    trees: list[Tree], baseline: list[float], row: list[float]
) -> None:
    """Each tree adds the value of one leaf to its class; the softmax of the sums adds up to 1."""
    found = np.empty(N_CLASSES)

    kernels.fill_probabilities(model_of(trees, baseline).trees, arranged(row), found)

    expected = engine_oracle.probabilities(engine_oracle.scores(trees, baseline, row))
    assert found.tolist() == pytest.approx(expected, rel=1e-12)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


@given(trees=forests, baseline=baselines, row=rows)
def test_contributions_are_steps_on_the_way_down(
    trees: list[Tree], baseline: list[float], row: list[float]
) -> None:
    """A feature contributes the change of value at each node that looks at it."""
    found = model_of(trees, baseline).contributions(arranged(row))

    expected = np.zeros((N_FEATURES, N_CLASSES))
    for (feature, which), value in engine_oracle.contributions(trees, N_CLASSES, row).items():
        expected[N_READ - 1 - feature, which] = value
    np.testing.assert_array_equal(found, expected)


@given(trees=forests, baseline=baselines, row=rows)
def test_contributions_and_the_values_of_the_roots_add_up_to_the_score(
    trees: list[Tree], baseline: list[float], row: list[float]
) -> None:
    """The score of a class is its baseline, its roots' values and what its features add."""
    found = model_of(trees, baseline).contributions(arranged(row))

    roots = [sum(tree.value for tree in trees[which::N_CLASSES]) for which in range(N_CLASSES)]
    assert (found.sum(axis=0) + baseline + roots).tolist() == engine_oracle.scores(
        trees, baseline, row
    )


def test_contributions_of_the_shipped_classifier_are_the_score_above_the_baseline() -> None:
    """The roots of the shipped trees have the value 0, so that features explain all of a score."""
    model = load_classifier()
    rng = np.random.default_rng(20261123)

    assert (model.trees.value[model.trees.roots] == 0).all()
    for _ in range(20):
        row = rng.uniform(-1, 3, N_FEATURES)
        probabilities = np.empty(N_CLASSES)
        kernels.fill_probabilities(model.trees, row, probabilities)
        scores = model.trees.baseline + model.contributions(row).sum(axis=0)
        powers = np.exp(scores - scores.max())
        np.testing.assert_allclose(probabilities, powers / powers.sum(), rtol=1e-9)


def test_values_of_inner_nodes_lie_between_those_below() -> None:
    """An inner node has the mean of what lies below, so that a contribution means something."""
    trees = load_classifier().trees
    inner = np.setdiff1d(np.flatnonzero(trees.feature >= 0), trees.roots)
    below = trees.value[np.stack((trees.left[inner], trees.right[inner]))]
    rounding = 2e-6  # the file has six digits

    assert len(inner) > 500
    assert (trees.value[inner] >= below.min(axis=0) - rounding).all()
    assert (trees.value[inner] <= below.max(axis=0) + rounding).all()


@pytest.mark.parametrize(
    ("probabilities", "least", "verdict"),
    [
        pytest.param([0.5, 0.2, 0.2, 0.1], 0.5, "duplicate", id="at the least probability"),
        pytest.param([0.6, 0.1, 0.1, 0.2], 0.7, "different", id="below, and the next likeliest"),
        pytest.param([0.2, 0.5, 0.2, 0.1], 0.5, "related", id="related"),
        pytest.param([0.4, 0.1, 0.3, 0.2], 0.5, "template", id="template"),
        pytest.param([0.3, 0.4, 0.2, 0.1], 0.25, "duplicate", id="asked for though less likely"),
        pytest.param([0.2, 0.3, 0.3, 0.2], 0.5, "related", id="a tie goes to the first"),
    ],
)
def test_verdicts_by_example(probabilities: list[float], least: float, verdict: str) -> None:
    """A duplicate from the least probability on, else the likeliest of the others."""
    found = classifier.verdicts(np.array([probabilities]), least)

    assert [CLASSES[which] for which in found] == [verdict]


def test_the_shipped_classifier_reads_and_is_read_once() -> None:
    """The same object serves every clustering, and its digest names its weights."""
    model = load_classifier()

    assert model is load_classifier()
    assert model.digest == shipped_file()["digest"]
    assert len(model.trees.roots) % N_CLASSES == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 0}, r"is of format 0 with .* reads format 1 .*Fit it again"),
        ({"format": None}, r"is of format None with"),
        ({"classes": ["same", "other"]}, r"the classes \['same', 'other'\]; this version reads"),
        ({"features": ["jaccard", "mood"]}, r"reads the feature 'mood', which .*Fit it again"),
    ],
)
def test_a_classifier_of_another_version_is_refused(changes: dict[str, Any], message: str) -> None:
    """A file of another format, of other classes or with unknown features says so."""
    document = copy.copy(shipped_file()) | changes

    with pytest.raises(ConfigError, match=message):
        read_classifier(document)


def test_a_file_without_a_format_is_refused() -> None:
    """A document that is no classifier at all is told from one."""
    with pytest.raises(ConfigError, match=r"is of format None with the classes None"):
        read_classifier({})
