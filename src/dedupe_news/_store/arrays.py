"""What goes into an index and comes out, and arrays that grow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

UNLIMITED: int = int(np.iinfo(np.int64).max)
"""A window that holds everything."""

# What is allotted but never written takes no memory; what is copied takes time.
_GROWTH = 2
_FIRST_ROOM = 1024
_NO_SLOTS, _NO_SCORES = np.empty((0, 2), np.int64), np.empty((0, 4), np.float64)


class Items(NamedTuple):
    """
    Items on their way into an index.

    Parameters
    ----------
    hashes, flags : ndarray of uint32, shape (n_tokens,)
        Their tokens.
    offsets : ndarray of int64, shape (n_items + 1,)
        Bounds of each item.
    cut_off : ndarray of uint8, shape (n_items,)
        1 where the text ends in a cut-off mark.
    sources : ndarray of int32, shape (n_items,)
        Codes of the sources, negative for unknown.
    times : ndarray of int64, shape (n_items,)
        Microseconds since 1970 UTC, or `NO_TIME`.
    numbers : range or ndarray of int64, of length n_items
        As in `kernels.founders.Founders`; empty for items that are only looked up.
    moments : ndarray of int64, shape (n_items,)
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
    offsets : ndarray of int64, shape (n_items + 1,)
        Bounds of each item's matches.
    slots : ndarray of int64, shape (n_matches, 2)
        Slot and relation of each match.
    scores : ndarray of float64, shape (n_matches, 4)
        Jaccard similarity, containment, probability, and how good an answer
        each is, in [0, 1]: the share of the item's shingles that the match is
        expected to make redundant.
    """

    offsets: NDArray[np.int64]
    slots: NDArray[np.int64]
    scores: NDArray[np.float64]


def joined(parts: Sequence[Found]) -> Found:
    """Return what was found for ranges of items as what was found for all."""
    if len(parts) == 1:
        return parts[0]
    starts = np.cumsum([0, *(len(part.slots) for part in parts)])
    offsets = [part.offsets[1:] + n for part, n in zip(parts, starts[:-1], strict=True)]
    return Found(
        np.concatenate([np.zeros(1, np.int64), *offsets]),
        np.concatenate([part.slots for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


class Room:
    """
    Where kernels write the matches of a batch; kept from one call to the next.

    A kernel that finds no room for the matches of an item stops before it, and
    is called again for the rest.
    """

    def __init__(self) -> None:
        self.slots = np.empty((_FIRST_ROOM, 2), np.int64)
        self.scores = np.empty((_FIRST_ROOM, 4), np.float64)

    def grow(self) -> None:
        """Make room for twice as many matches."""
        room = 2 * len(self.slots)
        self.slots, self.scores = grown(self.slots, room), grown(self.scores, room)

    def found(self, offsets: NDArray[np.int64]) -> Found:
        """Return a copy of what was written."""
        n_found = int(offsets[-1])
        if n_found == 0:  # fast path for an item without a match
            return Found(offsets, _NO_SLOTS, _NO_SCORES)
        return Found(offsets, self.slots[:n_found].copy(), self.scores[:n_found].copy())

    def fill(self, n_items: int, work: Callable[..., int]) -> Found:
        """Call a kernel with the first item to do, until it returns that all are done."""
        offsets = np.zeros(n_items + 1, np.int64)
        done = work(0, offsets, self.slots, self.scores)
        while done < n_items:
            self.grow()
            done = work(done, offsets, self.slots, self.scores)
        return self.found(offsets)


def power_of_two(least: int) -> int:
    """Return the least power of two that is at least 2 and not below a number."""
    return 1 << max(least - 1, 1).bit_length()


def grown(array: NDArray[Any], least: int) -> NDArray[Any]:
    """Return a longer copy, twice as long or as needed, with zeros or None behind."""
    capacity = max(least, len(array) * _GROWTH)
    made = np.empty if array.dtype == object else np.zeros  # the one writes a 0 to every place
    longer = made((capacity, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
