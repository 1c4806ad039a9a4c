"""Clusters as stars: every member is a match of the text in the centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer


@kernel
def count_neighbours(pairs: NDArray[np.uint64], offsets: NDArray[np.int64]) -> None:
    """
    Count the pairs of every text, and turn the counts into bounds.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | other text``.
    offsets : ndarray of int64, shape (n_texts + 1,)
        Zeros; receives the bounds of each text's neighbours.
    """
    for pair in pairs:
        offsets[(pair >> np.uint64(32)) + np.uint64(1)] += 1
        offsets[(pair & np.uint64(0xFFFFFFFF)) + np.uint64(1)] += 1
    for text in range(1, offsets.shape[0]):
        offsets[text] += offsets[text - 1]


@kernel
def fill_neighbours(
    pairs: NDArray[np.uint64],
    scores: NDArray[np.float32],
    free: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    neighbour_scores: NDArray[np.float32],
) -> None:
    """
    Write the neighbours of every text, in the order of the pairs.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | other text``.
    scores : ndarray of float32, shape (n_pairs,)
        Score of each pair.
    free : ndarray of int64, shape (n_texts,)
        Where each text's neighbours begin; overwritten.
    neighbours : ndarray of int32, shape (2 * n_pairs,)
        Receives the neighbours.
    neighbour_scores : ndarray of float32, shape (2 * n_pairs,)
        Receives the scores of the pairs with them.
    """
    for at in range(pairs.shape[0]):
        left = np.int64(pairs[at] >> np.uint64(32))
        right = np.int64(pairs[at] & np.uint64(0xFFFFFFFF))
        neighbours[free[left]] = right
        neighbour_scores[free[left]] = scores[at]
        free[left] += 1
        neighbours[free[right]] = left
        neighbour_scores[free[right]] = scores[at]
        free[right] += 1


@kernel
def weigh(
    offsets: NDArray[np.int64],
    scores: NDArray[np.float32],
    least: float,
    weights: NDArray[np.int64],
) -> None:
    """
    Write how central each text is: the summed probabilities of its matches.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text's neighbours.
    scores : ndarray of float32
        Logits of the pairs with them.
    least : float
        Logit from which a pair is a match.
    weights : ndarray of int64, shape (n_texts,)
        Receives the sums, in ten-thousandths, so that they do not depend on
        the order of addition.
    """
    for text in range(weights.shape[0]):
        total = np.int64(0)
        for at in range(offsets[text], offsets[text + 1]):
            if scores[at] >= least:
                total += np.int64(10_000.0 / (1.0 + np.exp(-np.float64(scores[at]))))
        weights[text] = total


@kernel
def form_stars(
    order: NDArray[np.int64],
    offsets: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    scores: NDArray[np.float32],
    least: float,
    centre: NDArray[np.int64],
) -> None:
    """
    Make a centre of every text that matches no centre before it.

    Each other text joins the centre it matches best.

    Parameters
    ----------
    order : ndarray of int64, shape (n_nodes,)
        Texts that have a match, most central first.
    offsets, neighbours, scores : ndarray of int64, int32, float32
        The pairs of each text and their logits.
    least : float
        Logit from which a pair is a match.
    centre : ndarray of int64, shape (n_texts,)
        On entry each text itself; receives the centre of each.
    """
    is_centre = np.zeros(centre.shape[0], np.uint8)
    for node in order:
        is_centre[node] = 1
        for at in range(offsets[node], offsets[node + 1]):
            other = neighbours[at]
            if scores[at] >= least and is_centre[other]:
                is_centre[node] = 0
                break
    for node in order:
        if is_centre[node]:
            continue
        best = np.float32(-np.inf)
        for at in range(offsets[node], offsets[node + 1]):
            other = neighbours[at]
            # Neighbours come in order of texts, so that the first wins a tie.
            if is_centre[other] and scores[at] >= least and scores[at] > best:
                best = scores[at]
                centre[node] = other


@kernel
def refine_stars(
    offsets: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    scores: NDArray[np.float32],
    least: float,
    clip: float,
    rounds: Integer,
    centre: NDArray[np.int64],
) -> None:
    """
    Let every member go to the star that all its neighbours speak for.

    A member moves to the star with the largest sum over that star's texts of
    the pair's logit less `least`, among the stars whose centre it matches; it
    leaves to stand alone where no such sum is positive.

    Parameters
    ----------
    offsets, neighbours, scores : ndarray of int64, int32, float32
        All candidate pairs of each text and their logits.
    least : float
        Logit from which a pair is a match.
    clip : float
        Most that one pair speaks for or against.
    rounds : int
        Most passes over the texts.
    centre : ndarray of int64, shape (n_texts,)
        Centre of each text; changed in place.
    """
    n_texts = centre.shape[0]
    sizes = np.zeros(n_texts, np.int64)
    for text in range(n_texts):
        sizes[centre[text]] += 1
    evidence = np.zeros(n_texts, np.float64)
    matches_centre = np.zeros(n_texts, np.uint8)
    for _ in range(rounds):
        n_moves = 0
        for text in range(n_texts):
            begin = offsets[text]
            end = offsets[text + 1]
            if begin == end or (centre[text] == text and sizes[text] > 1):
                continue
            for at in range(begin, end):
                star = centre[neighbours[at]]
                support = np.float64(scores[at]) - least
                evidence[star] += min(clip, max(-clip, support))
                if neighbours[at] == star and scores[at] >= least:
                    matches_centre[star] = 1
            best = np.int64(text)
            most = 0.0
            for at in range(begin, end):
                star = centre[neighbours[at]]
                if star != text and matches_centre[star] and evidence[star] > most + 1e-9:
                    most = evidence[star]
                    best = star
            for at in range(begin, end):
                star = centre[neighbours[at]]
                evidence[star] = 0.0
                matches_centre[star] = 0
            if best != centre[text]:
                sizes[centre[text]] -= 1
                sizes[best] += 1
                centre[text] = best
                n_moves += 1
        if n_moves == 0:
            break


@kernel
def elect(
    order: NDArray[np.int64],
    offsets: NDArray[np.int64],
    neighbours: NDArray[np.int32],
    scores: NDArray[np.float32],
    least: float,
    centre: NDArray[np.int64],
    representative: NDArray[np.int64],
) -> None:
    """
    Let the most preferred text that matches all of its star represent it.

    Parameters
    ----------
    order : ndarray of int64, shape (n_nodes,)
        Texts that have a match, most preferred first.
    offsets, neighbours, scores : ndarray of int64, int32, float32
        The pairs of each text and their logits.
    least : float
        Logit from which a pair is a match.
    centre : ndarray of int64, shape (n_texts,)
        Centre of each text.
    representative : ndarray of int64, shape (n_texts,)
        Receives the representative of each text: at worst the centre.
    """
    n_texts = centre.shape[0]
    sizes = np.zeros(n_texts, np.int64)
    for text in range(n_texts):
        sizes[centre[text]] += 1
        representative[text] = -1
    for node in order:
        star = centre[node]
        if representative[star] >= 0:
            continue
        n_matched = 1
        for at in range(offsets[node], offsets[node + 1]):
            if scores[at] >= least and centre[neighbours[at]] == star:
                n_matched += 1
        if n_matched == sizes[star]:
            representative[star] = node
    for text in range(n_texts):
        if representative[centre[text]] < 0:
            representative[centre[text]] = centre[text]
    for text in range(n_texts):
        # A centre's own entry is final before any member reads it.
        if centre[text] != text:
            representative[text] = representative[centre[text]]
