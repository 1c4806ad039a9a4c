"""What of each document is folded: its lines without markup and boilerplate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels.text import known_names, markup
from dedupe_news._kernels.text.boilerplate import strip_boilerplate
from dedupe_news._kernels.text.lines import N_RUN_COLUMNS, Texts, find_lines
from dedupe_news._kernels.text.repeats import Sources
from dedupe_news._text.packaged import load, read_only

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_TEXT = read_only(np.empty(0, np.uint8))
NO_OFFSETS = read_only(np.empty(0, np.int64))
NO_SPANS = np.empty((0, 3), np.int64)
NO_PLACES = np.empty((0, 2), np.int64)
NO_SOURCES = Sources(
    read_only(np.empty(0, np.int32)),
    read_only(np.empty(0, np.uint32)),
    read_only(np.zeros(1, np.int64)),
    read_only(np.empty(0, np.uint32)),
    read_only(np.empty(0, np.uint32)),
    NO_TEXT,
)


def find_runs(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rules: int,
    bounds: tuple[int, int],
    cut_off: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> tuple[Texts, NDArray[np.int64]]:
    """Find what is to be folded of the documents within `bounds`: text without boilerplate."""
    start, stop = bounds
    table = load()
    marked = np.empty(stop - start if rules & known_names.STRIP_HTML else 0, np.uint8)
    n_marked = markup.find_markup(buffer, offsets, start, stop, marked) if marked.size else 0
    texts, clean_offsets = Texts(buffer, NO_TEXT), NO_OFFSETS
    if n_marked:
        clean, clean_offsets = np.empty(n_marked, np.uint8), np.empty(stop - start + 1, np.int64)
        texts = Texts(buffer, read_only(clean))
        cleaned = markup.Cleaned(clean, texts.cleaned, clean_offsets, places)
        markup.clean_markup(buffer, offsets, start, marked, table, cleaned)
        clean_offsets = read_only(clean_offsets)
    else:
        marked = marked[:0]
    runs = np.empty((stop - start, N_RUN_COLUMNS), np.int64)
    if find_lines(texts, offsets, clean_offsets, start, marked, table, runs):
        strip_boilerplate(texts, rules, table, runs, cut_off)
    return texts, runs
