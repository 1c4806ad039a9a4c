"""What goes into an index and comes out, and arrays that grow."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe_news._kernels import index_lookup
from dedupe_news._kernels.representatives import Matches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

UNLIMITED: int = int(np.iinfo(np.int64).max)
"""A window that holds everything."""

# What is allotted but never written takes no memory; what is copied takes time.
_GROWTH = 2
_FIRST_CAPACITY = 1024
_NO_PAIRS, _NO_SCORES = np.empty((0, 2), np.int64), np.empty((0, 4), np.float64)


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """
    When removed items are dropped, and how large arrays are at first.

    Parameters
    ----------
    removed : int
        Least number of removed items to drop; they must be as many as the others, too.
    rows, tokens, places, token_places : int
        Rows, tokens, places for shingles and counters of tokens of an empty index.
    several : int
        Items from which on several threads are worth it.
    """

    removed: int = 4096
    rows: int = 1024
    tokens: int = 1 << 16
    places: int = 1 << 17
    token_places: int = 1 << 20
    several: int = 1024


LIMITS = Limits()


class TokenizedItems(NamedTuple):
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
        As in `kernels.representatives.Clusters`; empty for items that are only looked up.
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


class MatchTable(NamedTuple):
    """
    The matches of a batch of look-ups.

    Parameters
    ----------
    offsets : ndarray of int64, shape (n_items + 1,)
        Bounds of each item's matches.
    pairs : ndarray of int64, shape (n_matches, 2)
        Row and relation of each match.
    scores : ndarray of float64, shape (n_matches, 4)
        Jaccard similarity, containment, probability, and how good an answer
        each is, in [0, 1]: the share of the item's shingles that the match is
        expected to make redundant.
    """

    offsets: NDArray[np.int64]
    pairs: NDArray[np.int64]
    scores: NDArray[np.float64]


def joined(parts: Sequence[MatchTable]) -> MatchTable:
    """Return the matches of ranges of items as those of all."""
    starts = np.cumsum([0, *(len(part.pairs) for part in parts)])
    offsets = [part.offsets[1:] + n for part, n in zip(parts, starts[:-1], strict=True)]
    return MatchTable(
        np.concatenate([np.zeros(1, np.int64), *offsets]),
        np.concatenate([part.pairs for part in parts]),
        np.concatenate([part.scores for part in parts]),
    )


class MatchBuffer:
    """Where kernels write matches; kept from one call to the next."""

    def __init__(self) -> None:
        self._matches = Matches(
            np.empty((_FIRST_CAPACITY, 2), np.int64), np.empty((_FIRST_CAPACITY, 4), np.float64)
        )

    def fill(
        self, n_items: int, work: Callable[[int, NDArray[np.int64], Matches], int]
    ) -> MatchTable:
        """Call a kernel with the first item to do, and more room, until all are done."""
        offsets = np.zeros(n_items + 1, np.int64)
        n_done = work(0, offsets, self._matches)
        while n_done < n_items:
            capacity = 2 * len(self._matches.pairs)
            self._matches = Matches(*(grown(array, capacity) for array in self._matches))
            n_done = work(n_done, offsets, self._matches)
        n_matches = int(offsets[-1])
        if n_matches == 0:  # fast path for an item without a match
            return MatchTable(offsets, _NO_PAIRS, _NO_SCORES)
        return MatchTable(
            offsets,
            self._matches.pairs[:n_matches].copy(),
            self._matches.scores[:n_matches].copy(),
        )


def grown(array: NDArray[Any], least: int) -> NDArray[Any]:
    """Return a longer copy, twice as long or as needed, with zeros or None behind."""
    capacity = max(least, len(array) * _GROWTH)
    made = np.empty if array.dtype == object else np.zeros  # the one writes a 0 to every place
    longer = made((capacity, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer


def look_up(*arguments: Any) -> int:
    """Look items up; return how many are done."""
    try:
        return int(index_lookup.look_up(*arguments))
    except TypeError as error:
        # What numba says where an interrupt ends its taking apart of the list.
        if "can't unbox" not in str(error):
            raise
        raise KeyboardInterrupt from None
