"""Texts of documents, one after another in memory."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels.columns import gather_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.stores.rows import Rows


class Contents:
    """UTF-8 by slot: as objects of their own, texts would take 50 bytes more each."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._ends = array("q", [0])

    def append(self, rows: Rows) -> None:
        """
        Take in documents.

        Parameters
        ----------
        rows : Rows
            The documents.
        """
        begin, end = int(rows.offsets[0]), len(self._text)
        self._text += rows.buffer[begin : int(rows.offsets[-1])].data
        if len(rows) == 1:  # the common case, made short
            self._ends.append(len(self._text))
        else:
            self._ends.frombytes((rows.offsets[1:] + (end - begin)).tobytes())

    def gather(self, slots: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
        """
        Return the texts of some documents.

        Parameters
        ----------
        slots : ndarray of int64, shape (n_documents,)
            Which.

        Returns
        -------
        buffer : ndarray of uint8
            The texts, one after another.
        offsets : ndarray of int64, shape (n_documents + 1,)
            Bounds of each.
        """
        # Views would keep text and ends from growing: what leaves here is copied.
        ends = np.frombuffer(self._ends, np.int64)
        starts = ends[slots]
        offsets = np.zeros(len(slots) + 1, np.int64)
        np.cumsum(ends[slots + 1] - starts, out=offsets[1:])
        buffer = np.empty(int(offsets[-1]), np.uint8)
        gather_runs(np.frombuffer(self._text, np.uint8), starts, offsets, buffer)
        return buffer, offsets

    def keep(self, slots: NDArray[np.int64]) -> Contents:
        """
        Return the texts that stay.

        Parameters
        ----------
        slots : ndarray of int64, shape (n_documents,)
            Theirs, increasing.

        Returns
        -------
        Contents
            By new slots, from 0.
        """
        buffer, offsets = self.gather(slots)
        kept = Contents()
        kept._text += buffer.data
        kept._ends = array("q", offsets.tobytes())
        return kept

    def cut(self, n_slots: int) -> None:
        """
        Forget the last documents.

        Parameters
        ----------
        n_slots : int
            How many stay.
        """
        del self._ends[n_slots + 1 :]
        del self._text[self._ends[-1] :]

    def __copy__(self) -> Contents:
        """
        Return a copy.

        Returns
        -------
        Contents
            That does not change with this one.
        """
        copied = Contents()
        copied._text, copied._ends = self._text[:], self._ends[:]
        return copied
