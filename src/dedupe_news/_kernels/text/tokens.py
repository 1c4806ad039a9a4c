"""The tokens of documents: title and text folded and respelled, repetitions left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.boilerplate import strip_boilerplate
from dedupe_news._kernels.text.fold import FIRST_LINE, TOKENS_PER_BYTE, fold_run
from dedupe_news._kernels.text.known_names import (
    STRIP_HTML,
    STRIP_LINKS,
    STRIP_PUBLISHERS,
    STRIP_REPEATED_TITLES,
)
from dedupe_news._kernels.text.lines import (
    N_RUN_COLUMNS,
    RUN_BEGIN,
    RUN_CLEANED,
    RUN_END,
    RUN_LINE,
    RUN_LINE_STOP,
    RUN_REST,
    RUN_TOKENS,
    find_lines,
)
from dedupe_news._kernels.text.markup import find_markup
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.repeats import (
    Sources,
    begins_with,
    is_same,
    may_end_in_source,
    remove_tokens,
    source_start,
)
from dedupe_news._kernels.text.spelling import respell

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.text.lines import Texts, Written
    from dedupe_news._kernels.text.repeats import Sources

# Parts of a document: title, text, the title's publisher; then both lines as they are.
_TITLE, _TEXT, _TAIL, _ALL_TITLE, _ALL_TEXT = range(5)


@kernel
def fill_tokens(
    texts: Texts,
    runs: NDArray[np.int64],
    start: int,
    table: NDArray[np.uint32],
    written: Written,
    n_tokens: int,
    rules: int,
    sources: Sources,
) -> int:
    """Write the tokens of documents from `start` on, as long as they fit."""
    hashes = written.hashes
    has_sources = sources.codes.shape[0] > 0 and rules & STRIP_PUBLISHERS != 0
    for i in range(start, runs.shape[0]):
        begin = runs[i, RUN_BEGIN]
        line_stop = runs[i, RUN_LINE_STOP]
        end = runs[i, RUN_END]
        if n_tokens + TOKENS_PER_BYTE * (end - begin) > hashes.shape[0]:
            return i
        text = texts.cleaned if runs[i, RUN_CLEANED] else texts.buffer
        n_before = n_tokens
        first_line = FIRST_LINE if line_stop < end else 0
        n_title = n_tokens
        n_repeated = 0
        for part in range(5):
            if part == _TITLE:
                run_start = runs[i, RUN_LINE]
                run_stop = runs[i, RUN_LINE + 1]
            elif part == _TEXT:
                run_start = runs[i, RUN_REST]
                run_stop = runs[i, RUN_REST + 1]
            elif part == _TAIL:
                # "T - Post" with the text "T Post": the text says what the title said.
                if n_repeated == 0 or n_tokens == n_title + n_repeated:
                    continue
                run_start = runs[i, RUN_LINE + 1]
                run_stop = line_stop
            elif part == _ALL_TITLE:
                if n_tokens > n_before:
                    break
                run_start = begin
                run_stop = line_stop
            else:
                run_start = line_stop
                run_stop = end
            n_text = n_tokens
            n_tokens = fold_run(
                text,
                run_start,
                run_stop,
                table,
                written,
                n_tokens,
                0 if part == _TEXT or part == _ALL_TEXT else first_line,
                int64(rules & STRIP_LINKS != 0 and part < _ALL_TITLE),
            )
            n_tokens = respell(written, n_text, n_tokens, table)
            if part == _TITLE:
                n_title = n_tokens
                if has_sources and first_line and may_end_in_source(hashes, n_tokens, i, sources):
                    n_title = source_start(hashes, n_before, n_tokens, i, sources, table)
                    n_tokens = n_title
            elif part == _TEXT:
                if rules & STRIP_REPEATED_TITLES and begins_with(
                    hashes, n_before, n_title, n_tokens
                ):
                    n_repeated = n_title - n_before
            elif part == _TAIL:
                if is_same(hashes, n_title + n_repeated, n_text, n_tokens):
                    n_repeated = n_text - n_title
                n_tokens = n_text
        if n_repeated > 0:
            n_tokens = remove_tokens(written, n_title, n_title + n_repeated, n_tokens)
        if has_sources and may_end_in_source(hashes, n_tokens, i, sources):
            n_tokens = source_start(hashes, n_before, n_tokens, i, sources, table)
        runs[i, RUN_TOKENS] = n_tokens
    return int64(runs.shape[0])


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
    if find_lines(texts, offsets, offsets, 0, marked[:0], table, runs):
        strip_boilerplate(texts, rules, table, runs, cut_off)
    fill_tokens(texts, runs, 0, table, written, 0, rules, sources)
    return int(runs[0, RUN_TOKENS])
