"""The estimator, as scikit-learn's own checks see it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator
from sklearn.utils.validation import check_is_fitted

import dedupe_news as dn
from dedupe_news import NewsDeduplicator

FEED = ["ka lo mi nu", "ka lo mi ro", "so", "KA lo mi nu!", "ka lo mi nu pa"]

# They fit arrays of numbers, which is what this estimator has to refuse. Those that say
# something of texts too are repeated below, on texts.
_NUMBERS = "fits an array of numbers"
NOT_APPLICABLE = {
    "check_array_api_input": "is skipped without SCIPY_ARRAY_API",
    "check_clustering": _NUMBERS,
    "check_complex_data": _NUMBERS,
    "check_dict_unchanged": _NUMBERS,
    "check_dont_overwrite_parameters": _NUMBERS,
    "check_dtype_object": _NUMBERS,
    "check_estimator_sparse_array": "fits a sparse array",
    "check_estimator_sparse_matrix": "fits a sparse matrix",
    "check_estimator_sparse_tag": "fits a sparse array",
    "check_estimators_dtypes": _NUMBERS,
    "check_estimators_empty_data_messages": "fits an array without columns",
    "check_estimators_fit_returns_self": _NUMBERS,
    "check_estimators_nan_inf": "wants NaN refused; here it is a missing text, which matches none",
    "check_estimators_overwrite_params": _NUMBERS,
    "check_estimators_pickle": _NUMBERS,
    "check_f_contiguous_array_estimator": _NUMBERS,
    "check_fit1d": _NUMBERS,
    "check_fit2d_1feature": _NUMBERS,
    "check_fit2d_1sample": _NUMBERS,
    "check_fit2d_predict1d": _NUMBERS,
    "check_fit_check_is_fitted": _NUMBERS,
    "check_fit_idempotent": _NUMBERS,
    "check_fit_score_takes_y": _NUMBERS,
    "check_methods_sample_order_invariance": _NUMBERS,
    "check_methods_subset_invariance": _NUMBERS,
    "check_n_features_in": "texts have no features",
    "check_n_features_in_after_fitting": "texts have no features",
    "check_pipeline_consistency": _NUMBERS,
    "check_positive_only_tag_during_fit": _NUMBERS,
    "check_readonly_memmap_input": _NUMBERS,
}
LEAST_PASSED = 13


class SaysItTakesNumbers(NewsDeduplicator):
    """The estimator under tags that let scikit-learn try every check it has."""

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - of a version's own type
        """Return tags of an estimator of numbers."""
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.no_validation = False
        return tags


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_checks_that_apply_to_estimators_of_texts() -> None:
    """With its own tags, scikit-learn finds no fault."""
    outcomes = check_estimator(NewsDeduplicator(), on_fail="raise", on_skip=None)

    assert [row["status"] for row in outcomes] == ["passed"] * len(outcomes)


@pytest.mark.filterwarnings("ignore")
def test_every_other_check_passes_or_is_listed_with_a_reason() -> None:
    """What fails under tags that promise numbers is exactly what needs numbers."""
    outcomes = check_estimator(SaysItTakesNumbers(), on_fail=None, on_skip=None)

    failed = {row["check_name"] for row in outcomes if row["status"] != "passed"}
    passed = {row["check_name"] for row in outcomes} - failed
    assert failed <= set(NOT_APPLICABLE)
    assert len(passed) >= LEAST_PASSED


@pytest.mark.parametrize(
    "feed",
    [FEED, tuple(FEED), np.array(FEED), np.array(FEED, object), pd.Series(FEED)],
    ids=["list", "tuple", "str array", "object array", "Series"],
)
def test_labels_are_those_of_cluster(feed: object) -> None:
    """For everything that holds texts."""
    expected = dn.cluster(FEED, policy="similar", progress=False)

    estimator = NewsDeduplicator(policy="similar")

    assert estimator.fit_predict(feed).tolist() == expected.labels.tolist()
    assert estimator.labels_.dtype == np.int64
    assert estimator.representatives_.tolist() == expected.representatives.tolist()
    assert estimator.clustering_.summary().startswith("5 items")
    assert (estimator.clustering_.stories, estimator.clustering_.templates) == ([], [])


def test_fit_returns_itself_and_changes_no_parameter() -> None:
    """Whatever `y` is."""
    estimator = NewsDeduplicator(policy="similar", threshold=0.4, n_jobs=1)
    before = estimator.get_params()

    assert estimator.fit(FEED, y=[1] * 5) is estimator
    assert estimator.get_params() == before
    assert before["threshold"] == 0.4


def test_fitting_again_forgets_the_first() -> None:
    """As if it had been the only time."""
    estimator = NewsDeduplicator().fit(FEED)
    estimator.fit(["so"])

    assert estimator.labels_.tolist() == [0]
    assert len(estimator.clustering_) == 1


def test_parameters_are_settings() -> None:
    """Single ones before `config`; None is what it says."""
    config = dn.Config(policy="similar", threshold=0.9)

    assert NewsDeduplicator(config=config).fit(FEED).clustering_.config == config
    estimator = NewsDeduplicator(config=config).set_params(policy="similar", threshold=0.2)
    assert estimator.fit(FEED).clustering_.config.threshold == 0.2
    with pytest.raises(dn.ConfigError, match="threshold=7 is out of range"):
        NewsDeduplicator(policy="similar", threshold=7).fit(FEED)
    with pytest.raises(dn.InputTypeError, match=r"and no text"):
        NewsDeduplicator().fit([1.5])


def test_clones_are_unfitted() -> None:
    """Clones are unfitted, with the same parameters."""
    copy = clone(NewsDeduplicator(policy="similar", threshold=0.4).fit(FEED))

    assert copy.threshold == 0.4
    with pytest.raises(NotFittedError, match="not fitted yet"):
        check_is_fitted(copy)


def test_it_can_be_pickled() -> None:
    """A fitted estimator can be pickled."""
    estimator = NewsDeduplicator().fit(FEED)

    copy = pickle.loads(pickle.dumps(estimator))  # noqa: S301 - made here

    assert copy.labels_.tolist() == estimator.labels_.tolist()


def test_it_works_in_a_pipeline() -> None:
    """It works in a pipeline, behind a step that cleans texts."""
    pipeline = make_pipeline(FunctionTransformer(list), NewsDeduplicator(policy="similar"))

    expected = NewsDeduplicator(policy="similar").fit_predict(FEED)
    assert pipeline.fit_predict(FEED).tolist() == expected.tolist()


def test_missing_scikit_learn_is_named() -> None:
    """With the extra that brings it; everything else goes on without."""
    code = (
        "import sys; sys.modules['sklearn'] = None; sys.modules['sklearn.base'] = None\n"
        "from dedupe_news import *\n"
        "try:\n    NewsDeduplicator(policy='similar', threshold=0.8)\n"
        "except MissingDependencyError as error:\n    print(error)\n"
        "print(cluster(['a', 'a'], progress=False).labels.tolist())"
    )

    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "pip install 'dedupe-news[sklearn]'" in done.stdout
    assert done.stdout.endswith("[0, 0]\n")
