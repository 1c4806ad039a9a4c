"""Pairs of texts, dealt out to ranges of their first texts."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.kernels import postings as kernels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.outofcore.spill import Spill

_HALF = np.uint64(32)


class RangedPairs:
    """
    Pairs that are written in any order and read range by range.

    Parameters
    ----------
    pairs : Spill of uint64
        Where they go, one batch after another.
    n_texts : int
        Number of texts.
    range_bits : int
        A range is of ``2**range_bits`` texts.
    starts : ndarray of int64, shape (n_batches, n_ranges + 1), optional
        Bounds of the ranges in each batch, of pairs that were written before.
    """

    def __init__(
        self, pairs: Spill, n_texts: int, range_bits: int, starts: NDArray[np.int64] | None = None
    ) -> None:
        self._pairs = pairs
        self._bits = range_bits
        self.n_ranges = (max(n_texts, 1) - 1 >> range_bits) + 1
        self._starts = [] if starts is None else list(starts)
        self._lock = threading.Lock()

    @property
    def starts(self) -> NDArray[np.int64]:
        """
        The bounds of the ranges in each batch.

        Returns
        -------
        ndarray of int64, shape (n_batches, n_ranges + 1)
            Places in the array of pairs.
        """
        return np.array(self._starts, np.int64).reshape(-1, self.n_ranges + 1)

    def texts_of(self, number: int, n_texts: int) -> tuple[int, int]:
        """
        Return the first texts of a range.

        Parameters
        ----------
        number : int
            The range.
        n_texts : int
            Number of texts.

        Returns
        -------
        start, stop : int
            Bounds of their numbers.
        """
        return number << self._bits, min((number + 1) << self._bits, n_texts)

    def append(self, pairs: NDArray[np.uint64]) -> None:
        """
        Write a batch of pairs; several threads may.

        Parameters
        ----------
        pairs : ndarray of uint64, shape (n_pairs,)
            ``text << 32 | other text``, in any order.
        """
        if not len(pairs):
            return
        counts = np.zeros(self.n_ranges, np.int64)
        kernels.count_pairs(pairs, self._bits, counts)
        bounds = np.zeros(self.n_ranges + 1, np.int64)
        np.cumsum(counts, out=bounds[1:])
        scattered = np.empty_like(pairs)
        kernels.scatter_pairs(pairs, self._bits, bounds[:-1].copy(), scattered)
        with self._lock:
            start = len(self._pairs)
            self._pairs.append(scattered)
            self._starts.append(bounds + start)

    def read(self, number: int) -> NDArray[np.uint64]:
        """
        Return the pairs of a range.

        Parameters
        ----------
        number : int
            The range.

        Returns
        -------
        ndarray of uint64
            In the order they were written.
        """
        bounds = [(start[number], start[number + 1]) for start in self._starts]
        gathered = np.empty(sum(stop - start for start, stop in bounds), np.uint64)
        at = 0
        for start, stop in bounds:
            if stop > start:
                self._pairs.read_into(start, gathered[at : at + stop - start])
                at += stop - start
        return gathered


def bits_for(n_texts: int, most: int) -> int:
    """
    Return how large ranges may be.

    Parameters
    ----------
    n_texts : int
        Number of texts.
    most : int
        Most texts of a range.

    Returns
    -------
    int
        ``range_bits``: ranges are of ``2**range_bits`` texts.
    """
    bits = max(1, min(most, max(n_texts, 2))).bit_length() - 1
    return max(1, bits)


def joined(found: list[dict[str, NDArray[Any]]]) -> dict[str, Any]:
    """
    Return what was found in every range, one after another.

    Parameters
    ----------
    found : list of dict
        Arrays by name, of which ``n_candidates`` are to be added up; emptied, so
        that nothing is held twice for long.

    Returns
    -------
    dict
        The arrays, and the sum.
    """
    columns = {name: np.concatenate([each.pop(name) for each in found]) for name in list(found[0])}
    return {**columns, "n_candidates": int(columns["n_candidates"].sum())}
