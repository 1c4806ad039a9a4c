"""
The judge's four models: what each may look at, how it is fitted, how well it does unseen.

Features that a model has little use of are dropped one after another, by the
training pairs alone: with few labels, more features only fit chance.

Cross-validation is grouped: no document, no text, no source or pair of sources
and no template is on both sides of a fold. Two models also learn from
unlabelled candidate pairs what the full model says of them (distillation); in
cross-validation that teacher has not seen the fold either. The models for few
texts see each pair in a small batch of its neighbours.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.logistic import (
    Logistic,
    Rates,
    assign_folds,
    fit,
    join_groups,
    log_loss,
    rates,
)
from dedupe_news.kernels.features import FEATURES, LEAST_CONTAINMENT, LEAST_EXCERPT, LEAST_JACCARD
from dedupe_news.kernels.verdict import (
    ASSURANCE,
    CAUTION,
    DOUBT,
    LEAST_CUT,
    LEAST_NAMES,
    SAME_WORDS,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.examined import Examined

METADATA = (
    "same_source",
    "log_hours",
    "days",
    "over_3_days",
    "over_14_days",
    "same_source_log_hours",
)
"""Features of sources and times of the two documents."""

SPREAD = ("spread_mean", "spread_least", "share_of_few_days")
"""Features of the days on which shared shingles occur: they need times."""

COUNTS = (
    "weighted_containment",
    "weighted_jaccard",
    "unmatched_weight_least",
    "unmatched_weight_most",
    "rare_words_replaced",
    "frequency_mean",
    "frequency_least",
    "frequency_quartile",
    "share_of_rare",
    "rare_words_shared",
    "share_of_frequent",
    "share_of_new",
    *SPREAD,
)
"""Features that count how common words and shingles are: they need many texts."""

SCALES = tuple(name for name in COUNTS if not name.startswith(("frequency", "share_of", "spread")))
"""Those that weigh words by their rarity, which a few texts do not tell."""

N_FOLDS = 8
SEEDS = (0, 1, 2)
"""Of the cross-validations that figures are averaged over."""

THRESHOLDS = tuple(round(0.2 + 0.05 * step, 2) for step in range(14))
"""From which the threshold of a model is chosen."""

DOUBTED = 0.05
"""Probability, below any threshold, of pairs that are no duplicates by rule."""

N_UNLABELLED = 24_000
N_BATCHES = 60
"""Small batches whose candidates the models for few texts learn from."""

_ALL = len(FEATURES)  # those taught with many pairs gain nothing by having fewer features
_LIGHT = 6.0
_LEAST_SHARED_BIGRAMS = 3
_LEAST_TEMPLATE_SHARE = 0.3
_DECILES = 10


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """
    One of the models.

    Attributes
    ----------
    name : str
        As in the judge's file.
    excluded : tuple of str
        Features it has no use of.
    is_cold : bool
        Whether it judges among too few texts for counts.
    taught_share : float
        What the pairs that the full model labels for it weigh together, as a
        multiple of the labelled ones; 0 where it learns from labels alone.
    size : int
        Features it keeps.
    ridge : float
        Penalty on its squared standardised weights.
    """

    name: str
    excluded: tuple[str, ...]
    is_cold: bool
    taught_share: float
    size: int
    ridge: float

    @property
    def used(self) -> NDArray[np.bool_]:
        """Return which features may have a weight."""
        return np.array([name not in self.excluded for name in FEATURES])


KINDS = {
    kind.name: kind
    for kind in (
        Kind("full", (), is_cold=False, taught_share=0.0, size=15, ridge=10.0),
        Kind(
            "bare", (*METADATA, *SPREAD), is_cold=False, taught_share=3.0, size=_ALL, ridge=_LIGHT
        ),
        Kind("cold_full", SCALES, is_cold=True, taught_share=1.0, size=_ALL, ridge=_LIGHT),
        Kind(
            "cold_bare",
            (*COUNTS, *METADATA),
            is_cold=True,
            taught_share=0.0,
            size=_ALL,
            ridge=_LIGHT,
        ),
    )
}
"""The models by name."""


@dataclasses.dataclass(frozen=True, slots=True)
class Material:
    """
    What the models are fitted to.

    Attributes
    ----------
    is_duplicate : ndarray of bool, shape (n_pairs,)
        Labels.
    weights : ndarray of float64, shape (n_pairs,)
        Pairs of the feed that each stands for; used in scores, not in fits.
    groups : ndarray of int64, shape (n_pairs,)
        Pairs of one group are never on both sides of a fold.
    is_identical : ndarray of bool, shape (n_pairs,)
        Whether both are of the same words: such pairs are duplicates without
        being judged, and are not learned from.
    warm, cold : ndarray of float64, shape (n_pairs, N_FEATURES)
        Features of the labelled pairs, in the whole feed and in a small batch;
        NaN for pairs that share too little to be judged: no duplicates, nor
        learned from.
    unlabelled : ndarray of float64, shape (n_unlabelled, N_FEATURES)
        Features, in the whole feed, of the pairs that the teacher labels; no
        NaN.
    unlabelled_cold : ndarray of float64, shape (n_unlabelled_cold, N_FEATURES)
        Features, in a small batch, of the candidates there; no NaN.
    seen_by_teacher : ndarray of float64, shape (n_unlabelled_cold, N_FEATURES)
        Features of the same pairs in the whole feed; NaN for pairs that share
        too little there.
    """

    is_duplicate: NDArray[np.bool_]
    weights: NDArray[np.float64]
    groups: NDArray[np.int64]
    is_identical: NDArray[np.bool_]
    warm: NDArray[np.float64]
    cold: NDArray[np.float64]
    unlabelled: NDArray[np.float64]
    unlabelled_cold: NDArray[np.float64]
    seen_by_teacher: NDArray[np.float64]

    def rows(self, kind: Kind) -> NDArray[np.float64]:
        """Return the features of the labelled pairs as a model sees them."""
        return self.cold if kind.is_cold else self.warm

    def judged(self, kind: Kind) -> NDArray[np.bool_]:
        """Return which labelled pairs a model is asked about."""
        asked: NDArray[np.bool_] = ~self.is_identical & ~np.isnan(self.rows(kind)[:, 0])
        return asked

    def train(
        self,
        kind: Kind,
        chosen: NDArray[np.bool_],
        used: NDArray[np.bool_] | None = None,
        size: int | None = None,
    ) -> Logistic:
        """
        Fit a model to some of the labelled pairs.

        Parameters
        ----------
        kind : Kind
            Which model.
        chosen : ndarray of bool, shape (n_pairs,)
            The pairs it may see.
        used : ndarray of bool, shape (N_FEATURES,), optional
            Features it may look at; those of the kind by default.
        size : int, optional
            Features to keep of these, at least 1; that of the kind by default.

        Returns
        -------
        Logistic
            The same for the same input.
        """
        features = kind.used if used is None else used.copy()
        n_kept = kind.size if size is None else size
        seen = chosen & self.judged(kind)
        seen &= ~is_thin(self.rows(kind))
        rows, targets = self.rows(kind)[seen], self.is_duplicate[seen].astype(np.float64)
        row_weights = np.ones(len(rows))
        taught = self.unlabelled_cold if kind.is_cold else self.unlabelled
        if kind.taught_share and len(taught):
            teacher = self.train(KINDS["full"], chosen)
            shown = self.seen_by_teacher if kind.is_cold else self.unlabelled
            is_shown = ~np.isnan(shown[:, 0])
            said = np.zeros(len(taught))
            said[is_shown] = judged_probabilities(teacher, shown[is_shown])
            each = kind.taught_share * len(rows) / len(taught)
            rows = np.concatenate((rows, taught))
            targets = np.concatenate((targets, said))
            row_weights = np.concatenate((row_weights, np.full(len(taught), each)))
        model = fit(rows, targets, row_weights, features, kind.ridge)
        while features.sum() > n_kept:
            influence = np.where(features, np.abs(model.weights * model.scale), np.inf)
            features[np.argmin(influence)] = False
            model = fit(rows, targets, row_weights, features, kind.ridge)
        return model

    def predict(self, kind: Kind, model: Logistic) -> NDArray[np.float64]:
        """
        Return the probability of every labelled pair.

        Parameters
        ----------
        kind : Kind
            Which model it is.
        model : Logistic
            The model.

        Returns
        -------
        ndarray of float64, shape (n_pairs,)
            1 for identical pairs, 0 for those that share too little.
        """
        said = self.is_identical.astype(np.float64)
        judged = self.judged(kind)
        said[judged] = judged_probabilities(model, self.rows(kind)[judged])
        return said


@dataclasses.dataclass(frozen=True, slots=True)
class Validation:
    """
    What a model says of pairs it has not seen.

    Attributes
    ----------
    probabilities : ndarray of float64, shape (n_seeds, n_pairs)
        Out of fold, one row a division into folds.
    folds : ndarray of int64, shape (n_seeds, n_pairs)
        The folds.
    """

    probabilities: NDArray[np.float64]
    folds: NDArray[np.int64]

    def rates_at(self, material: Material, threshold: float) -> tuple[Rates, Rates]:
        """
        Return the rates at a threshold, averaged over the divisions.

        Parameters
        ----------
        material : Material
            Labels and weights.
        threshold : float
            Least probability of a duplicate.

        Returns
        -------
        sample, feed : Rates
            Every pair once, and weighted.
        """
        said = self.probabilities >= threshold
        label = material.is_duplicate
        return (
            _mean([rates(label, each) for each in said]),
            _mean([rates(label, each, material.weights) for each in said]),
        )

    def log_loss(self, material: Material, kind: Kind) -> float:
        """Return the log loss over the pairs that a model is asked about."""
        judged = material.judged(kind)
        targets = material.is_duplicate[judged].astype(np.float64)
        return float(np.mean([log_loss(targets, each[judged]) for each in self.probabilities]))

    def nested_rates(self, material: Material) -> tuple[Rates, Rates]:
        """
        Return the rates where each fold's threshold is chosen on the others.

        Parameters
        ----------
        material : Material
            Labels and weights.

        Returns
        -------
        sample, feed : Rates
            Averaged over the divisions: what to expect of pairs never seen.
        """
        label, weights = material.is_duplicate, material.weights
        sample, feed = [], []
        for probabilities, folds in zip(self.probabilities, self.folds, strict=True):
            said = np.zeros(len(label), bool)
            for fold in np.unique(folds):
                own = folds == fold
                curve = [
                    _goodness(label[~own], probabilities[~own] >= least, weights[~own])
                    for least in THRESHOLDS
                ]
                said[own] = probabilities[own] >= best_threshold(curve)
            sample.append(rates(label, said))
            feed.append(rates(label, said, weights))
        return _mean(sample), _mean(feed)

    def choose_threshold(self, material: Material) -> float:
        """Return the threshold that does best, sample and feed alike."""
        curve = [
            np.mean([each.f1 for each in self.rates_at(material, least)]) for least in THRESHOLDS
        ]
        return best_threshold([float(value) for value in curve])


def is_thin(rows: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.bool_]:
    """
    Return which pairs share less than models are taught with, but for a run of words.

    Parameters
    ----------
    rows : ndarray of float, shape (n_pairs, N_FEATURES)
        Features.

    Returns
    -------
    ndarray of bool, shape (n_pairs,)
        False for pairs that are not judged at all.
    """
    jaccard, containment = (rows[:, FEATURES.index(name)] for name in ("jaccard", "containment"))
    thin: NDArray[np.bool_] = (jaccard < LEAST_JACCARD) & (containment < LEAST_EXCERPT)
    return thin | (containment < LEAST_CONTAINMENT)


def judged_probabilities(model: Logistic, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return the probabilities of duplicates, tempered as in the library.

    Parameters
    ----------
    model : Logistic
        The model.
    rows : ndarray of float64, shape (n_pairs, N_FEATURES)
        Features; no NaN.

    Returns
    -------
    ndarray of float64, shape (n_pairs,)
        At most `DOUBTED`, which is below any threshold, for those that the
        library doubts whatever the model says.
    """
    logits = model.logits(rows) - CAUTION * is_thin(rows)
    probabilities: NDArray[np.float64] = 1.0 / (1.0 + np.exp(-logits))
    probabilities = np.minimum(probabilities, np.where(doubted(rows), DOUBTED, 1.0))
    return np.maximum(probabilities, np.where(assured(rows), 1.0 - DOUBTED, 0.0))


def doubted(rows: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.bool_]:
    """
    Return which pairs the library takes for no duplicates, whatever the model says.

    Parameters
    ----------
    rows : ndarray of float, shape (n_pairs, N_FEATURES)
        Features.

    Returns
    -------
    ndarray of bool, shape (n_pairs,)
        As ``tempered`` in the library's kernels.
    """
    jaccard, names = (rows[:, FEATURES.index(name)] for name in ("jaccard", "names_kept_most"))
    is_doubted: NDArray[np.bool_] = (jaccard < SAME_WORDS) & (names < LEAST_NAMES)
    return is_doubted


def assured(rows: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.bool_]:
    """
    Return which pairs the library takes for duplicates, whatever the model says.

    Parameters
    ----------
    rows : ndarray of float, shape (n_pairs, N_FEATURES)
        Features.

    Returns
    -------
    ndarray of bool, shape (n_pairs,)
        As ``tempered`` in the library's kernels.
    """
    start, marks, length = (
        rows[:, FEATURES.index(name)] for name in ("common_start", "cut_off_marks", "length")
    )
    is_cut: NDArray[np.bool_] = (start == 1) & (marks > 0) & (length >= np.log1p(LEAST_CUT))
    return is_cut


def margins(model: Logistic, rows: NDArray[np.float32], threshold: float) -> NDArray[np.float64]:
    """
    Return how far pairs are above a threshold, as the library judges them with counts.

    Parameters
    ----------
    model : Logistic
        The model.
    rows : ndarray of float32, shape (n_pairs, N_FEATURES)
        Features; NaN for pairs that share too little to be judged.
    threshold : float
        Least probability of a duplicate.

    Returns
    -------
    ndarray of float64, shape (n_pairs,)
        In logits; minus infinity for those that share too little.
    """
    above: NDArray[np.float64] = model.logits(rows) - np.log(threshold / (1 - threshold))
    is_doubted, thin = doubted(rows), is_thin(rows)
    above[is_doubted] = np.minimum(above[is_doubted], -DOUBT)
    above[thin] -= CAUTION
    is_assured = assured(rows)
    above[is_assured] = np.maximum(above[is_assured], ASSURANCE)
    above[np.isnan(rows[:, 0]) | (thin & (above < 0))] = -np.inf
    return above


def best_threshold(curve: Sequence[float]) -> float:
    """
    Return where a curve is highest once it is smoothed.

    Parameters
    ----------
    curve : sequence of float
        How good each of `THRESHOLDS` is.

    Returns
    -------
    float
        One of them; the value and its two neighbours on either side count
        alike, as a single pair may make a spike. Of equals the one nearest to a
        half.
    """
    padded = np.pad(np.array(curve), 2, mode="edge")
    smooth = np.round(np.lib.stride_tricks.sliding_window_view(padded, 5).mean(axis=1), 9)
    candidates = [
        least for least, each in zip(THRESHOLDS, smooth, strict=True) if each == max(smooth)
    ]
    return min(candidates, key=lambda least: (abs(least - 0.5), least))


def validate(
    material: Material,
    kind: Kind,
    *,
    used: NDArray[np.bool_] | None = None,
    size: int | None = None,
    seeds: Sequence[int] = SEEDS,
) -> Validation:
    """
    Judge every labelled pair by a model that has not seen its group.

    Parameters
    ----------
    material : Material
        The pairs.
    kind : Kind
        Which model.
    used : ndarray of bool, shape (N_FEATURES,), optional
        Features it may look at; those of the kind by default.
    size : int, optional
        Features to keep of these; that of the kind by default.
    seeds : sequence of int
        One division into folds each.

    Returns
    -------
    Validation
        The same for the same input.
    """
    folds = np.array([assign_folds(material.groups, N_FOLDS, seed) for seed in seeds])
    probabilities = np.empty(folds.shape)
    for row, division in enumerate(folds):
        for fold in range(N_FOLDS):
            held_out = division == fold
            model = material.train(kind, ~held_out, used, size)
            probabilities[row, held_out] = material.predict(kind, model)[held_out]
    return Validation(probabilities, folds)


def permutation_losses(
    material: Material, kind: Kind, threshold: float, n_shuffles: int = 5
) -> dict[str, float]:
    """
    Return what each feature is worth to a model as it stands.

    Parameters
    ----------
    material : Material
        The pairs.
    kind : Kind
        Which model.
    threshold : float
        Least probability of a duplicate.
    n_shuffles : int
        Shuffles to average over, seeded.

    Returns
    -------
    dict of str to float
        By feature, the F1 on the sample that is lost, out of fold, when its
        values are dealt out anew among the pairs that are judged.
    """
    folds = assign_folds(material.groups, N_FOLDS, SEEDS[0])
    models = [material.train(kind, folds != fold) for fold in range(N_FOLDS)]
    judged = np.flatnonzero(material.judged(kind))
    label = material.is_duplicate

    def f1(rows: NDArray[np.float64]) -> float:
        said = material.is_identical.copy()
        for fold, model in enumerate(models):
            own = judged[folds[judged] == fold]
            said[own] = judged_probabilities(model, rows[own]) >= threshold
        return rates(label, said).f1

    rows = material.rows(kind)
    base = f1(rows)
    rng = np.random.default_rng(SEEDS[0])
    losses = {}
    for column in np.flatnonzero(kind.used).tolist():
        shuffled = rows.copy()
        values = []
        for _ in range(n_shuffles):
            shuffled[judged, column] = rows[rng.permutation(judged), column]
            values.append(f1(shuffled))
        losses[FEATURES[column]] = base - float(np.mean(values))
    return losses


def left_out_losses(
    material: Material, kind: Kind, threshold: float, base: Validation
) -> dict[str, float]:
    """
    Return what each feature is worth beside the others.

    Parameters
    ----------
    material : Material
        The pairs.
    kind : Kind
        Which model.
    threshold : float
        Least probability of a duplicate.
    base : Validation
        Of all its features.

    Returns
    -------
    dict of str to float
        By feature, the F1 on the sample that is lost, out of fold, when the
        model is fitted without it.
    """
    before = _first(base).rates_at(material, threshold)[0].f1
    losses = {}
    for column in np.flatnonzero(kind.used).tolist():
        used = kind.used
        used[column] = False
        without = validate(material, kind, used=used, seeds=SEEDS[:1])
        losses[FEATURES[column]] = before - without.rates_at(material, threshold)[0].f1
    return losses


def group_pairs(
    examined: Examined,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    documents: Sequence[tuple[str, str]],
    sources: Sequence[tuple[str, str]],
) -> NDArray[np.int64]:
    """
    Return which labelled pairs must not be parted by a fold.

    Parameters
    ----------
    examined : Examined
        The feed.
    left, right : ndarray of int64, shape (n_pairs,)
        The texts of each pair.
    documents, sources : sequence of (str, str)
        Ids and sources of the documents of each pair; a source is empty where
        it is not known.

    Returns
    -------
    ndarray of int64, shape (n_pairs,)
        Pairs have one group if they share a document, a text, or the two
        sources (in either order), or if the word bigrams that the one pair
        shares are the other's too: at least three of them, and three in ten
        of those of the smaller. Directly or through other pairs.
    """
    n_pairs = len(left)
    first_with: dict[object, int] = {}
    links: list[tuple[int, int]] = []
    for pair in range(n_pairs):
        keys: list[object] = [("document", each) for each in documents[pair]]
        keys += [("text", left[pair]), ("text", right[pair])]
        if all(sources[pair]):
            keys.append(("sources", *sorted(sources[pair])))
        links += [(first_with.setdefault(key, pair), pair) for key in keys]
    shared = [
        _bigrams(examined.tokens_of(a)) & _bigrams(examined.tokens_of(b))
        for a, b in zip(left.tolist(), right.tolist(), strict=True)
    ]
    for pair in range(n_pairs):
        for other in range(pair):
            common = len(shared[pair] & shared[other])
            least = _LEAST_TEMPLATE_SHARE * min(len(shared[pair]), len(shared[other]))
            if common >= max(_LEAST_SHARED_BIGRAMS, least):
                links.append((other, pair))
    return join_groups(n_pairs, links)


def choose_unlabelled(
    labelled: NDArray[np.float64], candidates: NDArray[np.float32], n_chosen: int, seed: int
) -> NDArray[np.int64]:
    """
    Choose candidate pairs that are spread like the labelled ones.

    Parameters
    ----------
    labelled : ndarray of float64, shape (n_pairs, N_FEATURES)
        Features of the labelled pairs.
    candidates : ndarray of float32, shape (n_candidates, N_FEATURES)
        Features of pairs to choose from.
    n_chosen : int
        How many; fewer where a stratum has not enough.
    seed : int
        Of the choice.

    Returns
    -------
    ndarray of int64
        Positions among the candidates; as many of each decile of similarity
        and of the same and of different sources as among the labelled pairs.
    """
    rng = np.random.default_rng(seed)
    wanted, counts = np.unique(_strata(labelled), return_counts=True)
    wanted, counts = wanted[wanted >= 0], counts[wanted >= 0]
    strata = _strata(candidates)
    chosen = [np.empty(0, np.int64)]
    for stratum, count in zip(wanted.tolist(), counts.tolist(), strict=True):
        there = np.flatnonzero(strata == stratum)
        n_here = min(len(there), n_chosen * count // len(labelled))
        chosen.append(rng.choice(there, n_here, replace=False))
    return np.concatenate(chosen)


def as_document(
    models: Mapping[str, Logistic],
    thresholds: Mapping[str, float],
    provenance: Mapping[str, object],
) -> dict[str, object]:
    """
    Return the judge as JSON-ready values.

    Parameters
    ----------
    models : mapping of str to Logistic
        By name.
    thresholds : mapping of str to float
        Of each.
    provenance : mapping
        How they were made.

    Returns
    -------
    dict
        As the library reads it; numbers have seven significant digits.
    """
    return {
        "format": 1,
        "features": list(FEATURES),
        "provenance": dict(provenance),
        "models": {
            name: {
                "bias": _rounded(model.bias),
                "threshold": thresholds[name],
                "weights": [_rounded(value) for value in model.weights.tolist()],
                "scale": [_rounded(value) for value in model.scale.tolist()],
            }
            for name, model in models.items()
        },
    }


def _rounded(value: float) -> float:
    return float(f"{value:.7g}")


def _goodness(
    label: NDArray[np.bool_], said: NDArray[np.bool_], weights: NDArray[np.float64]
) -> float:
    return (rates(label, said).f1 + rates(label, said, weights).f1) / 2


def _mean(several: Sequence[Rates]) -> Rates:
    each = np.array([dataclasses.astuple(one) for one in several])
    precision, recall, f1 = each.mean(axis=0).tolist()
    return Rates(precision, recall, f1)


def _first(validation: Validation) -> Validation:
    return Validation(validation.probabilities[:1], validation.folds[:1])


def _bigrams(tokens: NDArray[np.uint32]) -> set[tuple[int, int]]:
    return set(pairwise(tokens.tolist()))


def _strata(rows: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the stratum of each pair; -1 for those that share too little to learn from."""
    unlike = np.isnan(rows[:, 0]) | is_thin(rows)
    jaccard = np.where(unlike, 0.0, rows[:, FEATURES.index("jaccard")])
    same = rows[:, FEATURES.index("same_source")] > 0
    deciles = np.minimum(_DECILES - 1, (jaccard * _DECILES).astype(np.int64))
    return np.where(unlike, -1, 2 * deciles + same)
