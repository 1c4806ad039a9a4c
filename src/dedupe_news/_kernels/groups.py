"""Slots in groups: those of one text, or of one cluster, each group in order of arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

NOBODY = -1


class Groups(NamedTuple):
    """
    Groups of slots; every array is of int32 and as long as there are slots.

    Parameters
    ----------
    anchor : ndarray
        A slot that all slots of a group name, whether it belongs to the group or not.
    newest, oldest : ndarray
        At an anchor, the last and the first slot of its group, or `NOBODY`.
    older, newer : ndarray
        The slots of the group before and after each, or `NOBODY`.
    """

    anchor: NDArray[np.int32]
    newest: NDArray[np.int32]
    oldest: NDArray[np.int32]
    older: NDArray[np.int32]
    newer: NDArray[np.int32]


@inlined
def insert(groups: Groups, slot: Integer) -> None:
    """Put a slot in the group of its anchor; near the ends this is done at once."""
    anchor = groups.anchor[slot]
    newest, oldest = groups.newest[anchor], groups.oldest[anchor]
    before, after = newest, np.int32(NOBODY)
    if newest > slot and oldest > slot:
        before, after = np.int32(NOBODY), oldest
    while before > slot:
        before, after = groups.older[before], before
    groups.older[slot] = before
    groups.newer[slot] = after
    if before >= 0:
        groups.newer[before] = slot
    else:
        groups.oldest[anchor] = slot
    if after >= 0:
        groups.older[after] = slot
    else:
        groups.newest[anchor] = slot


@inlined
def withdraw(groups: Groups, slot: Integer) -> None:
    """Take a slot out of its group."""
    anchor = groups.anchor[slot]
    before, after = groups.older[slot], groups.newer[slot]
    if before >= 0:
        groups.newer[before] = after
    else:
        groups.oldest[anchor] = after
    if after >= 0:
        groups.older[after] = before
    else:
        groups.newest[anchor] = before
    groups.older[slot] = NOBODY
    groups.newer[slot] = NOBODY
