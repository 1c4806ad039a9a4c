"""Candidate pairs of texts to verdicts and scores, and verdicts to clusters and series."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news import judge, relations, shingling, stars, verification
from dedupe_news.kernels.components import unite
from dedupe_news.kernels.features import SHINGLE_SIZE
from dedupe_news.pairs import renumbered
from dedupe_news.records import Relation
from dedupe_news.templates import group_templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news.kernels.features import Evidence

SERIES_OVERLAP = 0.5
"""Share of the shorter text's tokens that two texts of one series have in common."""

EXCERPT = 0.9
"""Containment from which the shorter text is an excerpt of the longer."""

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@dataclasses.dataclass(frozen=True, slots=True)
class Scores:
    """
    Exact scores of duplicates.

    Parameters
    ----------
    jaccard, containment : ndarray of float64, shape (n_pairs,)
        In [0, 1].
    relation : ndarray of uint8, shape (n_pairs,)
        Values of `Relation`.
    """

    jaccard: NDArray[np.float64]
    containment: NDArray[np.float64]
    relation: NDArray[np.uint8]


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """
    What the judge says of candidate pairs, and the scores of the duplicates.

    Parameters
    ----------
    judged : ndarray of int64, shape (n_judged,)
        Places of the candidates that share enough to be judged, increasing.
    margins : ndarray of float32, shape (n_judged,)
        Logits less the threshold's: a duplicate from 0.
    overlap : ndarray of float32, shape (n_judged,)
        Share of the shorter text's tokens that the alignment matched.
    matched : ndarray of int64, shape (n_matched,)
        Places of the candidates that are duplicates, increasing.
    probability : ndarray of float64, shape (n_matched,)
        Of a duplicate, in [0, 1].
    scores : Scores
        Of the duplicates.
    """

    judged: NDArray[np.int64]
    margins: NDArray[np.float32]
    overlap: NDArray[np.float32]
    matched: NDArray[np.int64]
    probability: NDArray[np.float64]
    scores: Scores


def judge_candidates(
    evidence: Evidence, pairs: NDArray[np.uint64], shingle_size: int, n_texts: int, n_jobs: int
) -> Judgement:
    """
    Judge candidate pairs, and score the duplicates among them.

    Parameters
    ----------
    evidence : Evidence
        The texts of the pairs; its shingles come to be sorted within each text.
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, numbered as in `evidence`.
    shingle_size : int
        Tokens in the shingles that Jaccard similarity and containment are of.
    n_texts : int
        Texts that the counts in `evidence` are of.
    n_jobs : int
        Threads.

    Returns
    -------
    Judgement
        The same for any `n_jobs`, and for any part of the texts as for all.
    """
    left, right = (pairs >> _HALF).astype(np.int64), (pairs & _LOW).astype(np.int64)
    models = judge.load_judge().models(n_texts)
    verdicts = judge.judge_pairs(evidence, left, right, models, n_jobs)
    judged = np.flatnonzero(np.isfinite(verdicts.margins))
    matched = np.flatnonzero(verdicts.margins >= 0)
    logits = verdicts.logits[matched].astype(np.float64)
    return Judgement(
        judged=judged,
        margins=verdicts.margins[judged],
        overlap=verdicts.overlap[judged],
        matched=matched,
        probability=1.0 / (1.0 + np.exp(-logits)),
        scores=_score(evidence, left[matched], right[matched], shingle_size, n_jobs),
    )


def _score(
    evidence: Evidence,
    left: NDArray[np.int64],
    right: NDArray[np.int64],
    shingle_size: int,
    n_jobs: int,
) -> Scores:
    """Return exact Jaccard, containment and relation of duplicates."""
    wanted = np.zeros(len(evidence.starts), np.uint8)
    wanted[left] = 1
    wanted[right] = 1
    shingles, offsets = evidence.shingles, evidence.shingle_offsets
    if shingle_size != SHINGLE_SIZE:
        shingles, offsets = shingling.shingle(
            evidence.tokens, evidence.starts, evidence.stops, shingle_size, n_jobs
        )
    # Nobody reads the shingles in text order any more.
    sets = verification.sort_sets(shingles, offsets, wanted, n_jobs)
    pairs = left.astype(np.uint64) << _HALF | right.astype(np.uint64)
    shared = verification.count_shared(pairs, sets, n_jobs)
    sizes = sets.sizes.astype(np.int64)
    jaccard = shared / (sizes[left] + sizes[right] - shared)
    containment = shared / np.minimum(sizes[left], sizes[right])
    relation = relations.relate(
        evidence.tokens,
        evidence.starts,
        evidence.stops,
        left,
        right,
        np.where(containment >= EXCERPT, 1.0, containment),
    )
    lengths = evidence.stops - evidence.starts
    shorter = np.where(lengths[left] <= lengths[right], left, right)
    is_cut = (relation == Relation.CONTAINED) & (evidence.cut_off[shorter] == 1)
    relation[is_cut] = Relation.TRUNCATED
    return Scores(jaccard, containment, relation)


@dataclasses.dataclass(frozen=True, slots=True)
class Grouped:
    """
    Texts in clusters and in series.

    Parameters
    ----------
    texts : ndarray of int64, shape (n_matched,)
        The texts that match another, increasing; every other stands alone.
    representative : ndarray of int64, shape (n_matched,)
        The text that represents each.
    of_series : ndarray of int64, shape (n_of_series,)
        The texts that are of a series, increasing.
    typical : ndarray of int64, shape (n_of_series,)
        The typical text of each one's series.
    """

    texts: NDArray[np.int64]
    representative: NDArray[np.int64]
    of_series: NDArray[np.int64]
    typical: NDArray[np.int64]


def group_judged(
    pairs: NDArray[np.uint64],
    margins: NDArray[np.float32],
    overlap: NDArray[np.float32],
    n_texts: int,
    in_order: Callable[[NDArray[np.int64]], NDArray[np.int64]],
) -> Grouped:
    """
    Gather judged pairs in clusters and series.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_judged,)
        ``text << 32 | later text`` of every judged pair, increasing.
    margins, overlap : ndarray of float32, shape (n_judged,)
        As in `Judgement`.
    n_texts : int
        Number of texts.
    in_order : callable
        Puts texts in order of preference.

    Returns
    -------
    Grouped
        Of all pairs together.
    """
    is_match = margins >= 0
    texts, place_of = _paired(pairs[is_match], n_texts)
    # A text's place hangs on those it is connected with by matches alone, so that
    # pairs that do not match speak only among these.
    roots = np.arange(len(texts))
    matches = renumbered(pairs[is_match], place_of)
    unite((matches >> _HALF).astype(np.int64), (matches & _LOW).astype(np.int64), roots)
    within = is_match | _are_connected(pairs, place_of, roots)
    neighbours = stars.neighbours_of(
        renumbered(pairs[within], place_of), margins[within], len(texts)
    )
    representative = stars.group(
        neighbours, lambda numbers: place_of[in_order(texts[numbers])].astype(np.int64)
    )
    is_series = ~is_match & (overlap >= SERIES_OVERLAP)
    alike, place_of = _paired(pairs[is_series], n_texts)
    typical = group_templates(
        renumbered(pairs[is_series], place_of), overlap[is_series], len(alike)
    )
    is_member = typical >= 0
    return Grouped(texts, texts[representative], alike[is_member], alike[typical[is_member]])


def _paired(pairs: NDArray[np.uint64], n_texts: int) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return the texts of pairs, and the place of each among them; -1 for the others."""
    is_paired = np.zeros(n_texts, bool)
    is_paired[(pairs >> _HALF).astype(np.uint32)] = True
    is_paired[pairs.astype(np.uint32)] = True
    texts = np.flatnonzero(is_paired)
    place_of = np.full(n_texts, -1, np.int32)
    place_of[texts] = np.arange(len(texts), dtype=np.int32)
    return texts, place_of


def _are_connected(
    pairs: NDArray[np.uint64], place_of: NDArray[np.int32], roots: NDArray[np.int64]
) -> NDArray[np.bool_]:
    left, right = place_of[(pairs >> _HALF).astype(np.uint32)], place_of[pairs.astype(np.uint32)]
    connected = (left >= 0) & (right >= 0)
    connected[connected] = roots[left[connected]] == roots[right[connected]]
    return connected
