"""What goes into a store and comes out, and arrays that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

UNLIMITED: int = int(np.iinfo(np.int64).max)
"""A window that holds everything."""

# What is allotted but never written takes no memory; what is copied takes time.
_GROWTH = 2
_FIRST_ROOM = 1024
_NO_SLOTS, _NO_SCORES = np.empty((0, 2), np.int64), np.empty((0, 4), np.float64)


class Items(NamedTuple):
    """
    Documents on their way into a store.

    Parameters
    ----------
    hashes, flags : ndarray of uint32, shape (n_tokens,)
        Their tokens.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document.
    cut_off : ndarray of uint8, shape (n_documents,)
        1 where the text ends in a cut-off mark.
    sources : ndarray of int32, shape (n_documents,)
        Codes of the sources, negative for unknown.
    times : ndarray of int64, shape (n_documents,)
        Microseconds since 1970 UTC, or `dedupe_news.columns.NO_TIME`.
    numbers : range or ndarray of int64, of length n_documents
        As in `dedupe_news.kernels.founders.Founders`; empty for documents that
        are only looked up.
    moments : ndarray of int64, shape (n_documents,)
        Likewise.
    """

    hashes: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]
    sources: NDArray[np.int32]
    times: NDArray[np.int64]
    numbers: range | NDArray[np.int64]
    moments: NDArray[np.int64]


class Found(NamedTuple):
    """
    What a batch of look-ups found.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document's matches.
    slots : ndarray of int64, shape (n_matches, 2)
        Slot and relation of each match.
    scores : ndarray of float64, shape (n_matches, 4)
        Jaccard similarity, containment, probability, and how good an answer
        each is, in [0, 1]: the share of the document's shingles that the match
        is expected to make redundant.
    """

    offsets: NDArray[np.int64]
    slots: NDArray[np.int64]
    scores: NDArray[np.float64]


class Room:
    """
    Where kernels write the matches of a batch; kept from one call to the next.

    A kernel that finds no room for the matches of a document stops before it,
    and is called again for the rest.

    Attributes
    ----------
    slots, scores : ndarray of int64, float64
        As in `Found`, with room for some.
    """

    def __init__(self) -> None:
        self.slots = np.empty((_FIRST_ROOM, 2), np.int64)
        self.scores = np.empty((_FIRST_ROOM, 4), np.float64)

    def grow(self) -> None:
        """Make room for twice as many matches."""
        room = 2 * len(self.slots)
        self.slots, self.scores = grown(self.slots, room), grown(self.scores, room)

    def found(self, offsets: NDArray[np.int64]) -> Found:
        """
        Return what was written.

        Parameters
        ----------
        offsets : ndarray of int64, shape (n_documents + 1,)
            Bounds of each document's matches.

        Returns
        -------
        Found
            A copy.
        """
        n_found = int(offsets[-1])
        if n_found == 0:  # the common case, made short
            return Found(offsets, _NO_SLOTS, _NO_SCORES)
        return Found(offsets, self.slots[:n_found].copy(), self.scores[:n_found].copy())

    def fill(
        self,
        n_documents: int,
        work: Callable[[int, NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]], int],
    ) -> Found:
        """
        Call a kernel until all documents are done.

        Parameters
        ----------
        n_documents : int
            How many there are.
        work : callable
            Called with the first document to do, and the arrays of a `Found`;
            returns the first document not done.

        Returns
        -------
        Found
            A copy.
        """
        offsets = np.zeros(n_documents + 1, np.int64)
        done = work(0, offsets, self.slots, self.scores)
        while done < n_documents:
            self.grow()
            done = work(done, offsets, self.slots, self.scores)
        return self.found(offsets)


def power_of_two(least: int) -> int:
    """
    Return the least power of two that is at least 2 and not below a number.

    Parameters
    ----------
    least : int
        The number.

    Returns
    -------
    int
        A power of two.
    """
    return 1 << max(least - 1, 1).bit_length()


def grown(array: NDArray[Any], least: int) -> NDArray[Any]:
    """
    Return a longer copy of an array, twice as long or as long as needed.

    Parameters
    ----------
    array : ndarray
        Any array.
    least : int
        Least length of the copy.

    Returns
    -------
    ndarray
        With zeros behind what was there, or None.
    """
    capacity = max(least, len(array) * _GROWTH)
    made = np.empty if array.dtype == object else np.zeros  # the one writes a 0 to every place
    longer = made((capacity, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
