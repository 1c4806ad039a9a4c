"""Judged pairs to clusters: stars, refined by what all their texts say."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels import stars as kernels

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CLIP = 4.0
"""Most that one pair speaks for or against a text's place, in logits."""

ROUNDS = 4
"""Most passes over the texts until every one has found its place."""


@dataclasses.dataclass(frozen=True, slots=True)
class Neighbours:
    """
    The candidate pairs of every text.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n_texts + 1,)
        Bounds of each text's neighbours.
    texts : ndarray of int32, shape (2 * n_pairs,)
        The neighbours, increasing for each text.
    scores : ndarray of float32, shape (2 * n_pairs,)
        How much each pair is above the judge's threshold, in logits.
    """

    offsets: NDArray[np.int64]
    texts: NDArray[np.int32]
    scores: NDArray[np.float32]


def neighbours_of(
    pairs: NDArray[np.uint64], scores: NDArray[np.float32], n_texts: int
) -> Neighbours:
    """
    Arrange pairs by text.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, increasing.
    scores : ndarray of float32, shape (n_pairs,)
        Score of each.
    n_texts : int
        Number of texts.

    Returns
    -------
    Neighbours
        Each pair from both sides.
    """
    offsets = np.zeros(n_texts + 1, np.int64)
    kernels.count_neighbours(pairs, offsets)
    texts = np.empty(2 * len(pairs), np.int32)
    by_text = np.empty(2 * len(pairs), np.float32)
    kernels.fill_neighbours(pairs, scores, offsets[:-1].copy(), texts, by_text)
    return Neighbours(offsets, texts, by_text)


def form(neighbours: Neighbours) -> NDArray[np.int64]:
    """
    Gather texts in stars around the most central.

    Parameters
    ----------
    neighbours : Neighbours
        Candidate pairs; a pair of a score of at least 0 is a match.

    Returns
    -------
    ndarray of int64, shape (n_texts,)
        The centre of each text; itself where it stands alone.
    """
    n_texts = len(neighbours.offsets) - 1
    arrays = neighbours.offsets, neighbours.texts, neighbours.scores
    weights = np.empty(n_texts, np.int64)
    kernels.weigh(neighbours.offsets, neighbours.scores, 0.0, weights)
    matched = np.flatnonzero(weights)
    central = matched[np.argsort(-weights[matched], kind="stable")]
    centre = np.arange(n_texts)
    kernels.form_stars(central, *arrays, 0.0, centre)
    return centre


def group(
    neighbours: Neighbours, in_order: Callable[[NDArray[np.int64]], NDArray[np.int64]]
) -> NDArray[np.int64]:
    """
    Give every text a representative that it matches directly.

    The most central texts become the centres of stars; members then move to
    where all their neighbours speak for. The most preferred text that matches
    all others of its star represents it, at worst the centre.

    Parameters
    ----------
    neighbours : Neighbours
        All candidate pairs; a pair of a score of at least 0 is a match.
    in_order : callable
        Puts texts in order of preference.

    Returns
    -------
    ndarray of int64, shape (n_texts,)
        The representative of each text; itself where it stands alone.
    """
    arrays = neighbours.offsets, neighbours.texts, neighbours.scores
    centre = form(neighbours)
    kernels.refine_stars(*arrays, 0.0, CLIP, ROUNDS, centre)
    matched = np.flatnonzero(centre != np.arange(len(centre)))
    matched = np.unique(np.concatenate((matched, centre[matched])))
    representative = np.empty(len(centre), np.int64)
    kernels.elect(in_order(matched), *arrays, 0.0, centre, representative)
    return representative
