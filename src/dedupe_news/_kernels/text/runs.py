"""Columns that say which parts of a document are folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Columns of the runs of documents.
RUN_BEGIN = 0  # bounds of the whole, and of its first line
RUN_LINE_STOP = 1
RUN_END = 2
RUN_CLEANED = 3  # 1 where they are bounds in the cleaned text, not the buffer
RUN_LINE = 4  # bounds of what to fold of the first line
RUN_REST = 6  # and of the rest
RUN_DOUBTS = 8  # what has to be looked at
RUN_TOKENS = 9  # receives the tokens written up to the end of the document
N_RUN_COLUMNS = 10


class Texts(NamedTuple):
    """UTF-8 of all documents, and of those that held markup without it."""

    buffer: NDArray[np.uint8]
    cleaned: NDArray[np.uint8]


class Written(NamedTuple):
    """
    Where tokens go.

    `hashes` (XXH32 of each folded token) and `flags` have the same length. If `spans` (int64, shape
    (n, 3) or (0, 3)) has rows, it receives of each token where it begins and ends in its text, and
    where it ends in `scratch`, where all folded tokens then stay; else `scratch` holds one only.
    """

    hashes: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    spans: NDArray[np.int64]
    scratch: NDArray[np.uint8]
