"""Refused pairs that the texts around them overrule, so that a big story stays one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._engine.packing import HALF, LOW, pack

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAST_COMMON = 4
"""Texts that must match both of a refused pair."""

LEAST_SHARE = 0.6
"""Share of the texts that match one of the two, of those compared with the other, that match it."""


def agreed(
    pairs: NDArray[np.uint64], are_matches: NDArray[np.bool_], refused: NDArray[np.int64]
) -> NDArray[np.int64]:
    """
    Return those of the refused pairs whose neighbours say that the two are one item.

    Of a thousand printings of a story a classifier refuses some pairs by a little. Two texts
    agree where most texts that match either one, of those compared with the other, match it too.
    `pairs` are all judged ones, packed and increasing, of which `are_matches` match; `refused`
    has shape (n_refused, 2).
    """
    left, right = (pairs[are_matches] >> HALF, pairs[are_matches] & LOW)
    near = np.concatenate((np.stack((left, right), 1), np.stack((right, left), 1))).astype(np.int64)
    near = near[np.argsort(near[:, 0], kind="stable")]
    starts, stops = (np.searchsorted(near[:, 0], refused, side) for side in ("left", "right"))
    may_agree = (stops - starts >= LEAST_COMMON).all(axis=1)
    refused, starts, stops = refused[may_agree], starts[may_agree], stops[may_agree]
    are_agreed = np.ones(len(refused), bool)
    for side in range(2):
        counts = stops[:, side] - starts[:, side]
        of_pair = np.repeat(np.arange(len(refused)), counts)
        first = np.cumsum(counts) - counts
        at = np.arange(len(of_pair)) - first[of_pair] + starts[of_pair, side]
        compared = pack(np.stack((near[at, 1], refused[of_pair, 1 - side]), axis=1))
        place = np.minimum(np.searchsorted(pairs, compared), len(pairs) - 1)
        is_judged = pairs[place] == compared
        n_judged = np.bincount(of_pair[is_judged], minlength=len(refused))
        n_common = np.bincount(of_pair[is_judged & are_matches[place]], minlength=len(refused))
        are_agreed &= (n_common >= LEAST_COMMON) & (n_common >= LEAST_SHARE * n_judged)
    return refused[are_agreed]
