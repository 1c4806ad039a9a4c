"""The judge fitted to a feed: better where the feed has a convention of its own, never worse."""

from __future__ import annotations

import copy
import dataclasses
import itertools
import json
import re
import sqlite3
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news._engine import adapting
from dedupe_news._engine.classifier import CLASSES, features_of, load_classifier, shipped
from dedupe_news._engine.segment import count
from dedupe_news._kernels.feature_names import N_FEATURES
from dedupe_news.judges import digest_of
from made_up_news import made_up_news

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CONFIG = dn.Config()
MADE = made_up_news(n_stories=8, n_forms=5, n_days=5)
IDS = [row["id"] for row in MADE.rows]


@pytest.fixture(scope="module")
def result() -> dn.Clustering:
    """Return the made-up feed, clustered."""
    return dn.cluster(MADE.rows, n_jobs=1, progress=False)


def said(result: dn.Clustering) -> list[dn.Label]:
    """Return labels that agree with the judge of the package, of many pairs."""
    return [
        dn.Label(a, b, {"none": "different"}.get(verdict, verdict))  # type: ignore[arg-type]
        for a, b in itertools.islice(itertools.combinations(IDS, 2), 0, None, 3)
        for verdict in [result.explain(a, b).verdict]
    ]


def of_own_convention() -> list[dn.Label]:
    """Return labels of a feed where each issue of a form replaces the one before."""
    return [
        dn.Label(IDS[i], IDS[j], "duplicate" if MADE.what[i] == MADE.what[j] else "different")
        for i, j in itertools.combinations(range(len(IDS)), 2)
        if MADE.what[i] == MADE.what[j] or (i + j) % 9 == 0
    ]


def test_labels_that_agree_with_the_package_change_nothing(
    result: dn.Clustering, tmp_path: Path
) -> None:
    """The judge of the package stays, is what is written, and that is said."""
    fit = dn.fit_judge(result, said(result), tmp_path / "judge.json", n_jobs=1)

    assert not fit.is_better
    assert not fit.is_adapted
    assert fit.judge.digest == shipped()["digest"]
    assert fit.shipped is not None
    assert (fit.shipped.f1, fit.gain) == (1.0, fit.adapted.f1 - 1.0 if fit.adapted else None)
    assert "is not better on this feed" in str(fit)
    assert json.loads((tmp_path / "judge.json").read_text(encoding="utf-8")) == shipped()


def test_a_feed_with_a_convention_of_its_own_is_learnt(
    result: dn.Clustering, tmp_path: Path
) -> None:
    """What was told apart is put together then, by the batch, by explanations and by an index."""
    labels = of_own_convention()
    path = tmp_path / "judge.json"

    fit = dn.fit_judge(MADE.rows, labels, path, n_jobs=1)

    assert fit.is_better
    assert fit.is_adapted
    assert fit.shipped is not None
    assert fit.adapted is not None
    assert fit.adapted.f1 > fit.shipped.f1 + 0.2
    assert fit.gain > 2 * fit.gain_error
    assert "The adapted judge is better on this feed" in repr(fit)
    config = dn.Config(judge=path)
    adapted = dn.cluster(MADE.rows, config=config, n_jobs=1, progress=False)
    first, second = sorted(MADE.of("form", 0))[:2]
    assert adapted.labels[first] == adapted.labels[second]
    assert result.labels[first] != result.labels[second]
    explained = adapted.explain(IDS[first], IDS[second])
    assert explained.verdict == "duplicate"
    assert explained.reasons != result.explain(IDS[first], IDS[second]).reasons
    index = dn.NewsIndex(config)
    index.add_many(MADE.rows)
    assert index.cluster(n_jobs=1, progress=False).labels.tolist() == adapted.labels.tolist()
    assert index.query(MADE.rows[first]["text"])


def test_file_of_labels_is_read(result: dn.Clustering, tmp_path: Path) -> None:
    """A file is as good as labels, and labels of items that are not there are counted."""
    path = tmp_path / "labels.jsonl"
    labels = [*of_own_convention(), dn.Label("gone", "story-0-0", "duplicate")]
    path.write_text("".join(label.line() for label in labels), encoding="utf-8")

    fit = dn.fit_judge(result, path, n_jobs=1)

    assert fit == dn.fit_judge(result, labels, n_jobs=1)
    assert (fit.n_labels, fit.n_unused) == (len(labels) - 1, 1)
    assert "1 more are of other items" in str(fit)


def test_too_few_labels_tell_nothing(result: dn.Clustering) -> None:
    """Few of them, or all of one kind, leave the judge of the package."""
    labels = of_own_convention()
    others = [label for label in labels if label.label != "duplicate"]

    for few in (labels[:19], others, []):
        fit = dn.fit_judge(result, few, n_jobs=1)
        assert (fit.is_better, fit.shipped, fit.adapted) == (False, None, None)
        assert "Too few to tell" in str(fit)
        assert fit.judge.digest == shipped()["digest"]


def test_labels_of_another_feed_are_refused(result: dn.Clustering) -> None:
    """Labels of another feed are refused; they would teach nothing."""
    with pytest.raises(dn.InputError, match=r"none of the 1 label is of two items of this feed"):
        dn.fit_judge(result, [("x", "y", "duplicate")])


@pytest.fixture(scope="module")
def judge(result: dn.Clustering) -> dn.Judge:
    """Return an adapted judge."""
    return dn.fit_judge(result, of_own_convention(), n_jobs=1).judge


def test_settings_hold_the_judge_itself(judge: dn.Judge, tmp_path: Path) -> None:
    """The file may go; copies, pickles and JSON of the settings know the judge."""
    path = tmp_path / "judge.json"
    judge.write(path)
    config = dn.Config(judge=path)
    path.unlink()

    assert config == dn.Config(judge=judge) == copy.deepcopy(config)
    assert dn.Config.from_dict(json.loads(json.dumps(config.to_dict()))) == config
    assert config.replace(prefer="longest").judge == judge
    assert config != dn.Config()
    assert repr(config.judge) == f"Judge(digest={judge.digest!r})"
    assert config.shown()["judge"] == judge.digest
    assert dn.Config().shown()["judge"] == "of the package"


def test_an_index_keeps_its_judge(judge: dn.Judge, tmp_path: Path) -> None:
    """Opened without settings it has the same; another judge is refused by name."""
    with dn.NewsIndex.open(tmp_path / "news.db", judge=judge) as index:
        index.add_many(MADE.rows)
    with dn.NewsIndex.open(tmp_path / "news.db") as index:
        assert index.config.judge == judge
    with pytest.raises(
        dn.StoreFormatError,
        match=rf"judge='{judge.digest}', but judge='of the package' was given",
    ):
        dn.NewsIndex.open(tmp_path / "news.db", dn.Config())


def test_an_index_is_compared_by_its_own_judge(
    judge: dn.Judge, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The weights that a file names are those of its settings, not those of the package."""
    path = tmp_path / "news.db"
    dn.NewsIndex.open(path, judge=judge).close()

    connection = sqlite3.connect(path)
    (weights,) = connection.execute("SELECT value FROM meta WHERE name = 'weights'").fetchone()
    connection.close()
    assert weights == judge.digest
    dn.NewsIndex.open(path).close()
    assert "other weights" not in caplog.text


def test_files_that_are_no_judge_are_refused(judge: dn.Judge, tmp_path: Path) -> None:
    """Files that are no judge are refused."""
    path = tmp_path / "judge.json"
    refused: list[tuple[str | None, str]] = [
        (None, "cannot be read: No such file"),
        ("{", "is no JSON"),
        ('{"digest": "x"}', "holds no judge"),
        ('["trees", "digest"]', "holds no judge"),
        ("[" * 9_999 + "]" * 9_999, "is no JSON"),
        ('{"digest": ' + "9" * 4_000 + ', "trees": []}', "is damaged: .* says a whole number of"),
        (judge.weights.replace('"baseline": [', '"baseline": [0.0, ', 1), "is damaged"),
    ]
    for content, reason in refused:
        if content is not None:
            path.write_text(content, encoding="utf-8")
        with pytest.raises(dn.ConfigError, match=reason):
            dn.Config(judge=path)
    with pytest.raises(dn.ConfigError, match="judge is of type 'int'"):
        dn.Config(judge=3)  # type: ignore[arg-type]
    with pytest.raises(dn.ConfigError, match="holds a NUL character, which no path can; remove it"):
        dn.Config(judge="zero\0byte.json")
    with pytest.raises(dn.ConfigError, match="holds what JSON cannot"):
        dn.Config(judge={"digest": "x", "trees": b""})  # type: ignore[arg-type]
    with pytest.raises(dn.ConfigError, match=r"judge=.* is read with policy='news' only"):
        dn.Config(judge=judge, policy="similar")
    with pytest.raises(dn.InputError, match="cannot write the judge to"):
        judge.write(tmp_path / "no" / "judge.json")


def test_a_judge_of_another_version_is_refused(judge: dn.Judge) -> None:
    """A judge of another version is refused; it may look at features that are no more."""
    document = {**judge.document(), "features": ["no_such_feature"]}
    document["digest"] = digest_of(document)

    with pytest.raises(dn.ConfigError, match="reads the feature 'no_such_feature'"):
        dn.cluster(["a", "b"], judge=document, progress=False)


def test_file_of_an_adapted_judge_adds_what_was_fitted(result: dn.Clustering) -> None:
    """Its trees give the probabilities that the fit had, for pairs of all kinds."""
    counted = count(result.columns, CONFIG, 1)
    pairs = np.array(list(itertools.combinations(range(len(counted.segment)), 2)))[::5]
    rows = features_of(counted.segment, pairs, 1)
    scores = np.log(load_classifier().probabilities(counted.segment, pairs, 1))
    label = np.random.default_rng(0).integers(0, len(CLASSES), len(pairs))
    stumps = adapting.fit_stumps(adapting.Examples(rows, scores, label))

    judge = dn.Judge("", json.dumps(adapting.with_stumps(shipped(), stumps)))
    adapted = load_classifier(dn.Config(judge=judge)).probabilities(counted.segment, pairs, 1)

    np.testing.assert_allclose(adapted, adapting.softmax(adapting.corrected(rows, scores, stumps)))


def drawn(n_pairs: int, seed: int) -> adapting.Examples:
    """Return examples drawn at random, of which one feature decides whether they are duplicates."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_pairs, N_FEATURES))
    scores = np.log(rng.dirichlet(np.ones(len(CLASSES)), n_pairs))
    return adapting.Examples(rows, scores, np.where(rows[:, 3] > 0, 0, 3))


def loss(examples: adapting.Examples, probabilities: NDArray[np.float64]) -> float:
    """Return the mean log loss."""
    return float(-np.log(probabilities[np.arange(len(examples)), examples.label]).mean())


@settings(deadline=None, max_examples=15)
@given(n_pairs=st.integers(0, 60), seed=st.integers(0, 99))
def test_fitting_never_makes_the_labels_less_likely(n_pairs: int, seed: int) -> None:
    """Each stump is a step down the loss; few pairs, or all alike, give none."""
    examples = drawn(n_pairs, seed)

    stumps = adapting.fit_stumps(examples)

    assert bool(stumps) == (n_pairs >= 16)
    if n_pairs:
        adapted = adapting.softmax(adapting.corrected(examples.rows, examples.scores, stumps))
        assert loss(examples, adapted) <= loss(examples, np.exp(examples.scores)) + 1e-9
    alike = adapting.Examples(np.zeros_like(examples.rows), examples.scores, examples.label)
    assert adapting.fit_stumps(alike) == []


def test_left_out_pairs_are_judged_better_where_there_is_something_to_learn() -> None:
    """Left out pairs are judged better where there is something to learn."""
    examples = drawn(120, 1)

    found = adapting.cross_validate(examples)

    assert found.shape == (4, 120, 4)
    np.testing.assert_allclose(found.sum(axis=2), 1)
    assert max(loss(examples, each) for each in found) < loss(examples, np.exp(examples.scores)) / 2
    np.testing.assert_array_equal(found, adapting.cross_validate(examples))


def plain_rates(is_duplicate: list[bool], called: list[float]) -> list[float]:
    """Return precision, recall and F1, by their definitions."""
    hits = sum(share for share, there in zip(called, is_duplicate, strict=True) if there)
    parts = [
        (hits, sum(called)),
        (hits, sum(is_duplicate)),
        (2 * hits, sum(called) + sum(is_duplicate)),
    ]
    return [part / whole if whole else 1.0 for part, whole in parts]


@settings(deadline=None, max_examples=40)
@given(
    st.lists(
        st.tuples(st.booleans(), st.booleans(), st.lists(st.booleans(), min_size=3, max_size=3)),
        min_size=1,
        max_size=20,
    )
)
def test_rates_are_those_of_the_definition(pairs: list[tuple[bool, bool, list[bool]]]) -> None:
    """Of the judge of the package, and of the adapted one as the mean of its repeats."""
    label = np.array([0 if there else 2 for there, _, _ in pairs])
    before = np.zeros((len(pairs), 4))
    before[:, 0] = [0.6 if called else 0.5 for _, called, _ in pairs]
    after = np.zeros((3, len(pairs), 4))
    after[:, :, 0] = np.array([called for _, _, called in pairs]).T * 0.9

    found = adapting.measure(label, before, after, min_probability=0.6)

    there = [each for each, _, _ in pairs]
    shipped_rates = plain_rates(there, [float(called) for _, called, _ in pairs])
    adapted_rates = plain_rates(there, [sum(called) / 3 for _, _, called in pairs])
    gain = np.subtract(adapted_rates, shipped_rates)
    np.testing.assert_allclose(found.shipped[0], shipped_rates)
    np.testing.assert_allclose(found.adapted[0], adapted_rates)
    np.testing.assert_allclose(found.gain[0], gain, atol=1e-12)
    assert (found.gain[1] >= 0).all()


def test_rates_are_shown_with_their_errors() -> None:
    """Rates are shown with their errors; one line, for people."""
    rates = dn.Rates(0.5, 0.25, 0.3333, 0.01, 0.02, 0.03)

    assert re.fullmatch(
        r"precision 0.500 ± 0.010, recall 0.250 ± 0.020, F1 0.333 ± 0.030", str(rates)
    )


def test_a_result_is_needed_to_label() -> None:
    """A feed must be clustered first, by the policy that has a judge."""
    feed: Any = ["a", "b"]
    with pytest.raises(dn.InputTypeError, match=r"pass what dn\.cluster"):
        dn.label(feed)
    with pytest.raises(dn.ConfigError, match="has no judge that could learn"):
        dn.label(dn.cluster(feed, policy="similar", progress=False), None)


def test_in_doubt_the_judge_is_adapted() -> None:
    """Labels that do not tell which judge is better adapt it, and the words say so."""
    fits = {
        gain: dn.JudgeFit(
            judge=dn.Judge("", "{}"),
            is_adapted=gain > -0.03,
            is_better=gain > 0,
            shipped=dn.Rates(*[0.5] * 6),
            adapted=dn.Rates(*[0.5] * 6),
            gain=gain,
            gain_error=0.03,
            n_labels=60,
            n_duplicates=20,
            n_unused=0,
        )
        for gain in (0.05, -0.01, -0.04)
    }

    assert "is better on this feed: F1 +0.050 ± 0.030. Use it" in str(fits[0.05])
    assert "do not tell which is better: F1 -0.010 ± 0.030. The judge is adapted" in str(
        fits[-0.01]
    )
    assert "is not better on this feed: F1 -0.040 ± 0.030. The judge of" in str(fits[-0.04])


def test_a_judge_is_adapted_unless_it_gets_worse() -> None:
    """What decides is whether F1 falls by its standard error; in doubt, the labels are followed."""
    decided = set()
    for seed in range(12):
        examples = drawn(40, seed)
        label = np.random.default_rng(seed).permutation(examples.label)  # nothing to be learnt
        adapted = adapting.adapt(dataclasses.replace(examples, label=label), 0.5)
        assert adapted.measured is not None
        gain, error = adapted.measured.gain[:, -1]

        assert bool(adapted.stumps) == (gain > -error)
        decided.add((gain > 0, bool(adapted.stumps)))

    assert {(True, True), (False, True)} <= decided
