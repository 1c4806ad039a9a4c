"""One plain document from bytes to tokens in one call: calls cost more than the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import kernel
from dedupe_news.kernels.folding import GROWTH, N_RUN_COLUMNS, fill_tokens
from dedupe_news.kernels.lines import find_lines, strip_furniture
from dedupe_news.kernels.markup import find_markup
from dedupe_news.kernels.names import STRIP_HTML

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels.repeats import Sources


@kernel
def tokenize_whole(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    no_text: NDArray[np.uint8],
    rules: int,
    table: NDArray[np.uint32],
    hashes: NDArray[np.uint32],
    flags: NDArray[np.uint32],
    token_offsets: NDArray[np.int64],
    cut_off: NDArray[np.uint8],
    sources: Sources,
) -> bool:
    """
    Write the tokens of a document without markup.

    Parameters
    ----------
    buffer : ndarray of uint8
        UTF-8.
    offsets : ndarray of int64, shape (2,)
        Bounds of the document.
    no_text : ndarray of uint8, shape (0,)
        Of the type of `buffer`.
    rules : int
        Furniture to leave out, as for `strip_furniture` and `fill_tokens`.
    table : ndarray of uint32
        Fold table and names.
    hashes, flags : ndarray of uint32
        Receive the tokens; have room for ``TOKENS_PER_BYTE`` a byte.
    token_offsets : ndarray of int64, shape (2,)
        Receives 0 and the number of tokens.
    cut_off : ndarray of uint8, shape (1,)
        Receives 1 where the text was cut off.
    sources : Sources
        Where the document was published.

    Returns
    -------
    bool
        False for a document that may hold markup, of which nothing is written.
    """
    marked = np.empty(1, np.uint8)
    if rules & STRIP_HTML and find_markup(buffer, offsets, 0, 1, marked):
        return False
    runs = np.empty((1, N_RUN_COLUMNS), np.int64)
    cut_off[0] = 0
    if find_lines(buffer, offsets, 0, 1, marked[:0], no_text, offsets, runs):
        strip_furniture(buffer, no_text, rules, table, runs, cut_off)
    scratch = np.empty(GROWTH * (offsets[1] - offsets[0]) + 8, np.uint8)
    token_offsets[0] = 0
    fill_tokens(
        buffer,
        no_text,
        runs,
        0,
        table,
        hashes,
        flags,
        0,
        token_offsets[1:],
        scratch,
        np.empty((0, 3), np.int64),
        rules,
        sources,
    )
    return True
