"""Fitting the judge: the regression is right, folds keep apart what belongs together."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import examined as examining
from benchmarks import fit_judge, fitting, logistic
from benchmarks.__main__ import main
from benchmarks.curves import Curve, Panel, draw_curves
from benchmarks.datasets import DataMissingError
from benchmarks.examined import examine_feed, features_among_few, positions
from benchmarks.fitting import KINDS, THRESHOLDS, Kind, Material, Validation, best_threshold
from benchmarks.labelled import read_feed, read_pairs
from dedupe_news.judge import read_judge
from dedupe_news.kernels.features import FEATURES, N_FEATURES
from dedupe_news.kernels.verdict import DOUBT
from labelled_feed import made_up

if TYPE_CHECKING:
    from pathlib import Path


def tiny_material(n_pairs: int = 40) -> Material:
    """Return pairs that their first feature tells apart, for all but a few."""
    rng = np.random.default_rng(3)
    label = np.arange(n_pairs) % 2 == 0
    rows = rng.normal(size=(n_pairs, N_FEATURES))
    rows[:, 0] += 3.0 * label
    rows[:, FEATURES.index("jaccard")] = 1.0  # else names and words might be doubted
    rows[:, FEATURES.index("containment")] = 1.0 + rng.normal(scale=0.01, size=n_pairs)
    return Material(
        is_duplicate=label,
        weights=(1.0 + np.arange(n_pairs) % 3).astype(np.float64),
        groups=np.arange(n_pairs) // 2,
        is_identical=np.arange(n_pairs) == 0,
        warm=rows,
        cold=rows,
        unlabelled=rng.normal(size=(30, N_FEATURES)),
        unlabelled_cold=rng.normal(size=(20, N_FEATURES)),
        seen_by_teacher=rng.normal(size=(20, N_FEATURES)),
    )


@settings(deadline=None)
@given(seed=st.integers(0, 1000), ridge=st.sampled_from([0.5, 6.0]))
def test_the_fit_is_where_the_penalised_loss_is_flat(seed: int, ridge: float) -> None:
    """The gradient vanishes, soft labels and row weights included."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(50, 3)) * (1.0, 10.0, 0.1) + (0.0, 5.0, 1.0)
    targets, row_weights = rng.random(50), rng.random(50) + 0.1

    model = logistic.fit(rows, targets, row_weights, np.ones(3, bool), ridge)

    standardised = model.weights * model.scale
    centre = np.average(rows, axis=0, weights=row_weights)
    design = (rows - centre) / model.scale
    errors = row_weights * (model.probabilities(rows) - targets)
    assert np.abs(design.T @ errors + ridge * standardised).max() < 1e-6
    assert abs(errors.sum()) < 1e-4


def test_features_left_out_or_constant_have_no_weight() -> None:
    """A model never looks at what it may not see, and a constant says nothing."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(30, 3))
    rows[:, 2] = 7.0
    used = np.array([True, False, True])

    model = logistic.fit(rows, (rows[:, 1] > 0).astype(float), np.ones(30), used, 6.0)

    assert model.weights[1] == model.weights[2] == 0
    assert model.scale[1] == model.scale[2] == 0
    assert model.logits(rows[:, :]).tolist() == pytest.approx(
        (rows @ model.weights + model.bias).tolist()
    )


@given(
    groups=st.lists(st.integers(0, 9), min_size=1, max_size=60),
    n_folds=st.integers(1, 5),
    seed=st.integers(0, 9),
)
def test_no_group_is_in_two_folds(groups: list[int], n_folds: int, seed: int) -> None:
    """Folds part groups, never pairs of a group."""
    folds = logistic.assign_folds(np.array(groups), n_folds, seed)

    assert len(folds) == len(groups)
    assert len(set(zip(groups, folds.tolist(), strict=True))) == len(set(groups))
    assert set(folds.tolist()) <= set(range(n_folds))


@given(links=st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=15))
def test_linked_items_are_one_group(links: list[tuple[int, int]]) -> None:
    """Groups are the components, named after their smallest item."""
    groups = logistic.join_groups(10, links).tolist()

    reach = {item: {item} for item in range(10)}
    for _ in range(10):
        for a, b in links:
            reach[a] = reach[b] = reach[a] | reach[b]
        for item in range(10):
            reach[item] = set().union(*(reach[other] for other in reach[item]))
    assert groups == [min(reach[item]) for item in range(10)]


def test_rates_count_pairs_by_their_weights() -> None:
    """A pair that stands for many counts as many."""
    label, said = np.array([True, True, False, False]), np.array([True, False, True, False])

    plain = logistic.rates(label, said)
    weighted = logistic.rates(label, said, np.array([3.0, 1.0, 1.0, 9.0]))

    assert (plain.precision, plain.recall, plain.f1) == (0.5, 0.5, 0.5)
    assert (weighted.precision, weighted.recall, weighted.f1) == (0.75, 0.75, 0.75)
    nothing = logistic.rates(label, np.zeros(4, bool))
    assert (nothing.precision, nothing.recall, nothing.f1) == (1.0, 0.0, 0.0)


def test_log_loss_is_the_mean_surprise() -> None:
    """Half is one bit, whatever the label."""
    assert logistic.log_loss(np.array([0.0, 1.0]), np.array([0.5, 0.5])) == pytest.approx(np.log(2))


def test_a_spike_does_not_win_over_a_plateau() -> None:
    """A threshold is chosen where its neighbours do well too."""
    curve = [0.5] * len(THRESHOLDS)
    curve[2] = 0.9
    curve[7:12] = [0.8] * 5

    assert best_threshold(curve) == THRESHOLDS[9]
    assert best_threshold([0.5] * len(THRESHOLDS)) == 0.5


def test_identical_pairs_are_duplicates_without_being_learned_from() -> None:
    """They count in the scores, and change no weight."""
    material = tiny_material()
    every = np.ones(40, bool)
    model = material.train(KINDS["full"], every)
    without = material.train(KINDS["full"], ~material.is_identical)

    assert model.weights.tolist() == without.weights.tolist()
    assert material.predict(KINDS["full"], model)[0] == 1.0


@pytest.mark.parametrize("name", list(KINDS))
def test_a_model_uses_only_what_its_kind_may_see(name: str) -> None:
    """Bare models see no sources and times, cold ones no rarity of words."""
    model = tiny_material().train(KINDS[name], np.ones(40, bool))

    used = {FEATURES[column] for column in np.flatnonzero(model.weights).tolist()}
    assert not used & set(KINDS[name].excluded)
    assert not ("bare" in name and used & {*fitting.METADATA, *fitting.SPREAD})
    assert not ("cold" in name and used & set(fitting.SCALES))
    assert set(KINDS[name].excluded) < set(FEATURES)


def test_validation_never_sees_the_fold() -> None:
    """A label that is turned round changes no verdict on its own group."""
    material = tiny_material()
    turned = material.is_duplicate.copy()
    turned[[10, 11]] = ~turned[[10, 11]]
    other = Material(
        turned,
        *(getattr(material, name) for name in list(Material.__dataclass_fields__)[1:]),
    )

    for kind in (KINDS["full"], KINDS["bare"]):
        before = fitting.validate(material, kind, seeds=(0,)).probabilities[0]
        after = fitting.validate(other, kind, seeds=(0,)).probabilities[0]
        assert after[[10, 11]].tolist() == before[[10, 11]].tolist()
        assert after.tolist() != before.tolist()


def test_what_a_feature_is_worth_shows_in_what_is_lost_without_it() -> None:
    """The one feature that tells costs most, shuffled or left out."""
    material = tiny_material(80)
    kind = Kind("few", FEATURES[3:], is_cold=False, taught_share=0.0, size=3, ridge=6.0)
    base = fitting.validate(material, kind)

    shuffled = fitting.permutation_losses(material, kind, 0.5)
    left_out = fitting.left_out_losses(material, kind, 0.5, base)
    smallest = material.train(kind, np.ones(80, bool), size=1)

    assert list(shuffled) == list(left_out) == list(FEATURES[:3])
    assert max(shuffled, key=shuffled.__getitem__) == FEATURES[0]
    assert max(left_out, key=left_out.__getitem__) == FEATURES[0]
    assert np.flatnonzero(smallest.weights).tolist() == [0]
    assert base.nested_rates(material)[0].f1 > 0.7


def test_thresholds_are_those_of_the_validation() -> None:
    """Probabilities that part at a third want a threshold about there."""
    material = tiny_material()
    low = np.where(material.is_duplicate, 0.41, 0.2)
    validation = Validation(low[None, :], material.groups[None, :] % 2)

    assert 0.25 <= validation.choose_threshold(material) <= 0.4


def test_pairs_of_one_template_or_source_or_document_share_a_group(tmp_path: Path) -> None:
    """What belongs together is found, and what does not is left apart."""
    feed_path, pairs_path = made_up(tmp_path)
    feed, pairs = read_feed(feed_path), read_pairs(pairs_path)
    examined = examine_feed(feed, with_metadata=True, n_jobs=1)

    material, (left, right) = fit_judge.prepare(examined, feed, pairs)

    is_series = ~pairs.is_duplicate
    assert len(pairs) == 100
    assert len(set(material.groups[is_series].tolist())) == 8
    assert not set(material.groups[is_series]) & set(material.groups[~is_series])
    # Two of the same two papers, twenty stories apart, are kept together.
    assert material.groups[0] == material.groups[20] != material.groups[1]
    assert (left != right).all()


def test_what_the_library_doubts_is_no_duplicate() -> None:
    """Other names among few common words."""
    material = tiny_material()
    kind = KINDS["full"]
    model = material.train(kind, np.ones(40, bool))
    rows = material.warm.copy()
    jaccard, names = FEATURES.index("jaccard"), FEATURES.index("names_kept_most")
    rows[:, [jaccard, names]] = (0.5, 1.0)
    rows[2, names] = 0.1
    rows[6, 0] = np.nan

    assert fitting.doubted(rows).tolist() == [at == 2 for at in range(40)]
    above = fitting.margins(model, rows.astype(np.float32), 0.001)
    assert above[2] <= -DOUBT
    assert above[6] == -np.inf
    assert (above[[8, 10, 12]] > 0).all()


def test_unlabelled_pairs_are_spread_like_the_labelled_ones() -> None:
    """Strata are similarity and the same source."""
    labelled = np.zeros((4, N_FEATURES))
    labelled[:, FEATURES.index("containment")] = 1
    labelled[:3, FEATURES.index("jaccard")] = 0.55
    labelled[3, FEATURES.index("same_source")] = 1
    candidates = np.repeat(labelled, 100, axis=0).astype(np.float32)

    chosen = fitting.choose_unlabelled(labelled, candidates, 40, 0)

    assert len(chosen) == len(set(chosen.tolist())) == 40
    assert int((chosen >= 300).sum()) == 10


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (40, 44, (37, 47)),
        (0, 3, (0, 10)),
        (95, 99, (90, 100)),
        (40, 50, (38, 43, 48, 53)),
        (0, 99, (0, 5, 95, 100)),
    ],
)
def test_a_small_batch_holds_both_and_their_neighbours(
    left: int, right: int, expected: tuple[int, ...]
) -> None:
    """One stretch where it reaches, else half of it around each; all of a short feed."""
    neighbours = examining.__dict__["_neighbours"]

    assert neighbours(left, right, 10, 100) == expected
    assert neighbours(left, right, 100, 100) == (0, 100)


def test_a_small_batch_counts_its_own_texts(tmp_path: Path) -> None:
    """The features among few are those of a feed of those few; a batch of all is the feed."""
    feed_path, pairs_path = made_up(tmp_path)
    feed, pairs = read_feed(feed_path), read_pairs(pairs_path)
    ends = positions(feed, pairs.first)[:2], positions(feed, pairs.second)[:2]
    whole = examine_feed(feed, with_metadata=True, n_jobs=1)
    expected = whole.features(whole.text_of[ends[0]], whole.text_of[ends[1]])

    alike = features_among_few(feed, *ends, feed.num_rows, 1)
    few = features_among_few(feed, *ends, 20, 1)

    assert np.array_equal(alike, expected, equal_nan=True)
    assert few.shape == expected.shape
    assert not np.array_equal(few, expected, equal_nan=True)


def test_a_pair_of_unknown_documents_is_refused(tmp_path: Path) -> None:
    """Labels of another feed are no labels."""
    feed_path, pairs_path = made_up(tmp_path)
    feed = read_feed(feed_path).slice(0, 50)
    examined = examine_feed(feed, with_metadata=True, n_jobs=1)

    assert positions(feed, ["nobody"]).tolist() == [-1]
    with pytest.raises(DataMissingError, match="labelled pairs have a document that is not in"):
        fit_judge.texts_of(examined, feed, read_pairs(pairs_path))


@pytest.mark.parametrize("more", [(), ("--end-to-end", "--quick", "--threshold", "bare=0.48")])
def test_the_suite_writes_a_judge_that_the_library_reads(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    """Weights, thresholds and provenance, and no text; the same again."""
    feed, pairs = made_up(tmp_path)
    command = ["fit-judge", "--feed", str(feed), "--pairs", str(pairs), "--jobs", "1", *more]
    files = [tmp_path / f"judge-{run}.json" for run in range(2)]

    for file in files:
        assert main([*command, "--weights", str(file), "--output", str(tmp_path)]) == 0

    first, second = (json.loads(file.read_text(encoding="utf-8")) for file in files)
    judge = read_judge(first)
    assert first["models"] == second["models"]
    assert judge.full.weights.shape == judge.cold_bare.scale.shape == (N_FEATURES,)
    assert all(0 < model["threshold"] < 1 for model in first["models"].values())
    assert first["provenance"]["n_pairs"] == 100
    by_hand = first["provenance"]["threshold_chosen_by"]["bare"] == "hand"
    assert by_hand == (first["models"]["bare"]["threshold"] == 0.48) == bool(more)
    assert "office" not in files[0].read_text(encoding="utf-8")
    report = json.loads((tmp_path / "fit-judge.json").read_text(encoding="utf-8"))
    assert report["figures"]["cv.full.sample.f1"] > 0.9
    assert ("end_to_end.full.sample.f1" in report["figures"]) == bool(more)


@pytest.mark.parametrize("said", ["other=0.5", "bare", "bare=1.5"])
def test_a_threshold_that_is_none_is_refused(said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says what may be said."""
    with pytest.raises(SystemExit):
        main(["fit-judge", "--threshold", said])

    assert "is not MODEL=P with 0 < P < 1; models are full, bare" in capsys.readouterr().err


def test_a_picture_is_drawn_where_matplotlib_is(tmp_path: Path) -> None:
    """Curves and points, or nothing."""
    curve = Curve("a", [0.5, 0.9], [0.9, 0.5], ["0.3", "0.9"])
    point = Curve("b", [0.8], [0.8], [""])
    path = tmp_path / "curves.png"

    drawn = draw_curves([Panel("one", [curve, point]), Panel("two", [point])], path)

    assert drawn == path.is_file()
