"""Lines in doubt are shortened by the boilerplate at their ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.characters import is_space
from dedupe_news._kernels.text.endings import cut_off_start, publisher_start, skip_space_back
from dedupe_news._kernels.text.known_names import (
    MAX_ITEMS,
    N_ITEM_COLUMNS,
    STRIP_BYLINES,
    STRIP_CUT_OFF_MARKS,
    STRIP_DATELINES,
    STRIP_PUBLISHERS,
)
from dedupe_news._kernels.text.leads import LEAD_PLACE, byline_stop, dateline_stop
from dedupe_news._kernels.text.lines import (
    MAY_BE_CUT,
    MAY_BE_LABELLED,
    MAY_END_IN_LABEL,
    MAY_END_IN_NAME,
    MAY_LEAD,
    REST,
    RUN_CLEANED,
    RUN_DOUBTS,
    RUN_END,
    RUN_LINE,
    RUN_LINE_STOP,
)
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.section_labels import label_start, label_stop

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.text.lines import Texts

_MAX_LEADS = 3  # a byline, a dateline, a credit
_MAX_LABELS = 2
_MAX_SUFFIXES = 2


@kernel
def strip_boilerplate(
    texts: Texts,
    rules: int,
    table: NDArray[np.uint32],
    runs: NDArray[np.int64],
    cut_off: NDArray[np.uint8],
) -> None:
    """Shorten the lines in doubt by the boilerplate at their ends."""
    items = np.empty((MAX_ITEMS, N_ITEM_COLUMNS), np.int64)
    for i in range(runs.shape[0]):
        cut_off[i] = 0
        all_doubts = runs[i, RUN_DOUBTS]
        if all_doubts == 0:
            continue
        text = texts.cleaned if runs[i, RUN_CLEANED] else texts.buffer
        two_lines = runs[i, RUN_LINE_STOP] < runs[i, RUN_END]
        for part in range(2):
            column = RUN_LINE + 2 * part
            start = runs[i, column]
            stop = runs[i, column + 1]
            if start == stop:
                continue
            doubts = all_doubts >> (REST * part)
            is_title = int64(part == 0)
            if doubts & MAY_BE_LABELLED and rules & STRIP_PUBLISHERS:
                for _ in range(_MAX_LABELS):
                    after = label_stop(text, start, stop, table)
                    if after == start:
                        break
                    start = after
            cut = 0
            if doubts & MAY_BE_CUT:
                found = cut_off_start(text, start, stop, table)
                cut = found & 1
                if rules & STRIP_CUT_OFF_MARKS:
                    stop = found >> 1
            cut_off[i] = cut
            # What was cut off ends in half a name at best.
            ends = doubts & (MAY_END_IN_NAME | MAY_END_IN_LABEL | MAY_BE_CUT)
            if ends and rules & STRIP_PUBLISHERS and cut == 0:
                for _ in range(_MAX_SUFFIXES):
                    before = stop
                    if doubts & MAY_END_IN_NAME:
                        before = publisher_start(text, start, stop, table, items, is_title)
                    if before == stop:
                        before = label_start(text, start, stop, table, is_title)
                    if before == stop:
                        break
                    stop = skip_space_back(text, start, before)
            if doubts & MAY_LEAD:
                # A title must not be taken for a byline; one line alone may have one.
                whole_line = int64(part == 0 and two_lines)
                named = rules & STRIP_BYLINES == 0
                for _ in range(_MAX_LEADS):
                    after = start
                    if not named and start < stop:
                        # "By" and "Par".
                        initial = text[start]
                        if initial == 0x42 or initial == 0x50:
                            after = byline_stop(text, start, stop, whole_line, table, items)
                            named = after != start
                    if after == start and rules & STRIP_DATELINES:
                        items[0, LEAD_PLACE] = start
                        after = -1
                        sure = int64(0)
                    else:
                        sure = int64(1)
                    n_places = -after
                    for k in range(n_places):
                        place = items[k, LEAD_PLACE]
                        after = dateline_stop(text, place, stop, table, items, sure)
                        if after > place:
                            break
                        after = start
                    if after == start:
                        break
                    start = after
                    while start < stop and is_space(int64(text[start])):
                        start += 1
            runs[i, column] = start
            runs[i, column + 1] = stop
