"""Documents to tokens: furniture left out, the rest folded and hashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import kernel
from dedupe_news.kernels.folding import FIRST_LINE, TOKENS_PER_BYTE, fold_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Rules that are on.
STRIP_HTML = 1
STRIP_CUT_OFF_MARKS = 2
STRIP_DATELINES = 4
STRIP_BYLINES = 8
STRIP_PUBLISHERS = 16

_NEWLINE = 10


@kernel
def fill_tokens(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    origin: int,
    start: int,
    stop: int,
    rules: int,
    ascii_entries: NDArray[np.uint32],
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
    expansions: NDArray[np.uint32],
    hashes: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    n_tokens: int,
    token_offsets: NDArray[np.int64],
    cut_off: NDArray[np.uint8],
    scratch: NDArray[np.uint8],
    spans: NDArray[np.int64],
) -> int:
    """
    Write the tokens of documents from `start` on, as far as there is room.

    Parameters
    ----------
    buffer : ndarray of uint8
        UTF-8 of all documents.
    offsets : ndarray of int64
        Document ``i`` is ``buffer[offsets[i]:offsets[i + 1]]``.
    origin : int
        The document whose results come first.
    start, stop : int
        Documents to do.
    rules : int
        Sum of the STRIP constants that are on.
    ascii_entries, pages, entries, expansions : ndarray
        The fold table.
    hashes, flags : ndarray
        Receive the tokens; their length is the room there is.
    n_tokens : int
        Tokens written before.
    token_offsets : ndarray of int64
        Receives at ``i - origin + 1`` the tokens up to the end of document ``i``.
    cut_off : ndarray of uint8
        Receives at ``i - origin`` whether document ``i`` was cut off.
    scratch : ndarray of uint8
        Room for ``GROWTH`` times the bytes of the longest document.
    spans : ndarray of int64, shape (n, 3) or (0, 3)
        If it has rows, receives of each token where it begins and ends in
        `buffer`, and where it ends in `scratch`, where the tokens of the one
        document then stay.

    Returns
    -------
    int
        The first document not done: `stop`, or one that might need more room.
    """
    for i in range(start, stop):
        begin = offsets[i]
        end = offsets[i + 1]
        if n_tokens + TOKENS_PER_BYTE * (end - begin) > hashes.shape[0]:
            return i
        line_end = begin
        while line_end < end and buffer[np.uintp(line_end)] != _NEWLINE:
            line_end += 1
        run_start = begin
        run_stop = line_end
        line = FIRST_LINE if line_end < end else 0
        base = 0
        for _ in range(2):
            if spans.shape[0] > 0 and n_tokens > 0:
                base = spans[n_tokens - 1, 2]
            n_tokens = fold_run(
                buffer, run_start, run_stop, line, ascii_entries, pages, entries, expansions,
                hashes, flags, n_tokens, scratch, base, spans,
            )  # fmt: skip
            run_start = line_end
            run_stop = end
            line = 0
        cut_off[i - origin] = 0
        token_offsets[i - origin + 1] = n_tokens
    return stop
