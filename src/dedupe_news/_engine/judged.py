"""Pairs of texts with the probability of each verdict."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._engine.candidates import distinct
from dedupe_news._engine.classifier import CLASSES, DIFFERENT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._machine.space import Space

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


@dataclasses.dataclass(frozen=True, slots=True)
class Judged:
    """
    Pairs of texts with their probabilities.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, increasing.
    probabilities : ndarray of float64, shape (n_pairs, n_classes)
        In the order of `classifier.CLASSES`.
    """

    pairs: NDArray[np.uint64]
    probabilities: NDArray[np.float64]

    @property
    def rows(self) -> NDArray[np.int64]:
        """Return the two texts of each pair, shape (n_pairs, 2)."""
        return rows_of(self.pairs)

    def joined(self, pairs: NDArray[np.uint64]) -> Judged:
        """Return these with further increasing pairs, which count as different where new."""
        new = np.setdiff1d(pairs, self.pairs, assume_unique=True)
        different = np.eye(len(CLASSES))[np.full(len(new), DIFFERENT)]
        merged = np.concatenate((self.pairs, new))
        order = np.argsort(merged, kind="stable")
        return Judged(merged[order], np.concatenate((self.probabilities, different))[order])

    def among(self, pairs: NDArray[np.uint64]) -> Judged:
        """Return those of some increasing pairs that are judged here."""
        at = np.flatnonzero(np.isin(self.pairs, pairs, assume_unique=True))
        return Judged(self.pairs[at], self.probabilities[at])

    def merged(self, others: Judged, space: Space) -> Judged:
        """Return these and others, of which none is here."""
        if not len(self.pairs):
            return others
        n_pairs = len(self.pairs) + len(others.pairs)
        at = np.searchsorted(self.pairs, others.pairs) + np.arange(len(others.pairs))
        are_own = np.ones(n_pairs, bool)
        are_own[at] = False
        pairs = space.empty(n_pairs, np.uint64)
        probabilities = space.empty((n_pairs, len(CLASSES)), np.float64)
        pairs[at], probabilities[at] = others.pairs, others.probabilities
        pairs[are_own], probabilities[are_own] = self.pairs, self.probabilities
        return Judged(pairs, probabilities)


def rows_of(pairs: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Return packed pairs as rows of two texts."""
    return np.stack((pairs >> _HALF, pairs & _LOW), axis=1).astype(np.int64)


def packed_each(rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return rows of two texts as packed pairs, in the order given."""
    lower = np.minimum(rows[:, 0], rows[:, 1]).astype(np.uint64)
    upper = np.maximum(rows[:, 0], rows[:, 1]).astype(np.uint64)
    return lower << _HALF | upper


def packed(rows: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return rows of two texts as distinct packed pairs, increasing."""
    return distinct(packed_each(rows[rows[:, 0] != rows[:, 1]]))
