"""One plain document from bytes to tokens in one call: calls cost more than the work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.boilerplate import strip_boilerplate
from dedupe_news._kernels.text.lines import find_lines
from dedupe_news._kernels.text.markup import find_markup
from dedupe_news._kernels.text.names import STRIP_HTML
from dedupe_news._kernels.text.runs import N_RUN_COLUMNS, RUN_TOKENS
from dedupe_news._kernels.text.tokens import fill_tokens

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.text.repeats import Sources
    from dedupe_news._kernels.text.runs import Texts, Written


@kernel
def tokenize_whole(
    texts: Texts,
    offsets: NDArray[np.int64],
    rules: int,
    table: NDArray[np.uint32],
    written: Written,
    cut_off: NDArray[np.uint8],
    sources: Sources,
) -> int:
    """Return how many tokens a document without markup has; -1 for one that may hold markup."""
    marked = np.empty(1, np.uint8)
    if rules & STRIP_HTML and find_markup(texts.buffer, offsets, 0, 1, marked):
        return -1
    runs = np.empty((1, N_RUN_COLUMNS), np.int64)
    cut_off[0] = 0
    if find_lines(texts, offsets, offsets, 0, marked[:0], runs):
        strip_boilerplate(texts, rules, table, runs, cut_off)
    fill_tokens(texts, runs, 0, table, written, 0, rules, sources)
    return int(runs[0, RUN_TOKENS])
