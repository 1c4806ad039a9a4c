"""Lines of documents, and which of them may begin or end in furniture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.endings import cut_off_start, publisher_start, skip_space_back
from dedupe_news.kernels.folding import (
    RUN_BEGIN,
    RUN_CLEANED,
    RUN_DOUBTS,
    RUN_END,
    RUN_LINE,
    RUN_LINE_STOP,
)
from dedupe_news.kernels.furniture import byline_stop, dateline_stop
from dedupe_news.kernels.labels import label_start, label_stop
from dedupe_news.kernels.names import (
    MAX_ITEMS,
    STRIP_BYLINES,
    STRIP_CUT_OFF_MARKS,
    STRIP_DATELINES,
    STRIP_PUBLISHERS,
)
from dedupe_news.kernels.registers import int64, load64, matches_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

# What may be wrong with the first line; with the rest, shifted by REST.
MAY_LEAD = 1
MAY_BE_CUT = 2
MAY_END_IN_NAME = 4
MAY_BE_LABELLED = 8
MAY_END_IN_LABEL = 16
REST = 5

_NEWLINE = 10
_NEWLINES = np.uint64(0x0A0A0A0A0A0A0A0A)
_MAX_LEADS = 3  # a byline, a dateline, a credit
_CREDIT_WITHIN = 64
_LABEL_WITHIN = 40
_COUNT_WITHIN = 24
_MAX_LABELS = 2
_MAX_SUFFIXES = 2


@inlined
def _is_space(byte: int) -> bool:
    return byte == 0x20 or 0x09 <= byte <= 0x0D


@inlined
def _may_be_cut(text: NDArray[np.uint8], start: int, stop: int) -> bool:
    # Whether the last characters end a mark, an arrow, "more" or "reading".
    last = text[np.uintp(stop - 1)]
    if last == 0x2E and text[np.uintp(stop - 2)] | 0x20 != 0x65:
        # One full stop alone is the end of a sentence.
        before = text[np.uintp(stop - 2)]
        return bool(before == 0x2E or before == 0x20 or before == 0xA6 or before | 0x20 == 0x67)
    if last == 0x65 or last == 0x45 or last == 0x2E:
        third = text[np.uintp(stop - 3)]
        return bool(
            text[np.uintp(stop - 2)] | 0x20 == 0x72 or (last == 0x2E and third | 0x20 == 0x72)
        )
    if last == 0x67 or last == 0x47:
        return stop - start > 7 and bool(text[np.uintp(stop - 7)] | 0x20 == 0x72)
    typographic = last >= 0x80 and text[np.uintp(stop - 3)] == 0xE2
    return bool(last == 0x5D or last == 0x29 or typographic)


@inlined
def _doubts(text: NDArray[np.uint8], start: int, stop: int) -> int:
    """
    Say what furniture a line may hold; most hold none.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    start, stop : int
        Bounds of the line, no space at its ends.

    Returns
    -------
    int
        Sum of MAY_LEAD (it begins with a parenthesis, "By" or "Par"; or it has
        a parenthesis early on, or after two capitals a dash or colon),
        MAY_BE_CUT (its last characters could end a mark) and MAY_END_IN_NAME
        (a dash or bar is near its end).
    """
    if stop - start < 4:
        return MAY_BE_CUT
    doubts = 0
    first = text[np.uintp(start)]
    second = text[np.uintp(start + 1)]
    third = text[np.uintp(start + 2)]
    fourth = text[np.uintp(start + 3)]
    if (
        first == 0x28
        or (third == 0x20 and first == 0x42 and second | 0x20 == 0x79)
        or (fourth == 0x20 and first == 0x50 and second == 0x61 and third == 0x72)
    ):
        doubts = MAY_LEAD
    elif 0x41 <= first <= 0x5A or first >= 0xC3:
        shouted = (first < 0x80 and (0x41 <= second <= 0x5A or second == 0x2E)) or (
            first == 0xD0 and third == 0xD0 and fourth < 0xB0
        )
        found = np.uint8(0)
        for at in range(start, min(stop, start + _CREDIT_WITHIN)):
            byte = text[np.uintp(at)]
            found |= np.uint8(byte == 0x28)
            if shouted:
                # A dateline in capitals may do without a credit.
                found |= np.uint8(byte == 0x2D) | np.uint8(byte == 0x3A) | np.uint8(byte == 0xE2)
        if found:
            doubts = MAY_LEAD
    if _may_be_cut(text, start, stop):
        doubts |= MAY_BE_CUT
    if text[np.uintp(stop - 1)] != 0x2E:
        found = np.uint8(0)
        for at in range(max(start, stop - 64), stop - 4):
            byte = text[np.uintp(at + 1)]
            # E2 80 90 to 97 are the dashes; from 98 on they are quotation marks.
            dash = np.uint8(byte == 0xE2) & np.uint8(text[np.uintp(at + 3)] < 0x98)
            mark = np.uint8(byte == 0x7C) | np.uint8(byte == 0x2D) | dash
            found |= np.uint8(text[np.uintp(at)] == 0x20) & mark
        if found:
            doubts |= MAY_END_IN_NAME
    return doubts


@inlined
def _label_doubts(text: NDArray[np.uint8], start: int, stop: int) -> int:
    """Say whether a title may begin with a label, or end in a count or a wide bracket."""
    found = np.uint8(0)
    for at in range(start, min(stop - 1, start + _LABEL_WITHIN)):
        byte = text[np.uintp(at)]
        follow = text[np.uintp(at + 1)]
        # A mark before a space; a hyphen in a line; wide marks begin with EF or E3.
        mark = np.uint8(byte == 0x3A) | np.uint8(byte == 0x2E) | np.uint8(byte == 0x21)
        mark |= np.uint8(byte == 0x7C) | np.uint8(byte == 0x5D) | np.uint8(byte == 0x29)
        dash = np.uint8(follow == 0x2D) | np.uint8(follow == 0xE2)
        found |= mark & np.uint8(follow == 0x20)
        found |= dash & np.uint8(byte == 0x20)
        found |= np.uint8(byte == 0xEF)
    first = text[np.uintp(start)]
    doubts = int64(0)
    if found or first == 0xE3 or first == 0xEF:
        doubts |= MAY_BE_LABELLED
    elif stop - start > 3 and first <= 0x5A:
        # "RPT-", "UPDATE 1-": capitals, then a hyphen.
        if first >= 0x41 and text[np.uintp(start + 1)] <= 0x5A:
            doubts |= MAY_BE_LABELLED
    found = np.uint8(0)
    for at in range(max(start, stop - _COUNT_WITHIN), stop - 1):
        follow = text[np.uintp(at + 1)]
        digit = np.uint8(follow >= 0x30) & np.uint8(follow <= 0x39)
        found |= digit & np.uint8(text[np.uintp(at)] == 0x20)
    last = text[np.uintp(stop - 1)]
    before = text[np.uintp(stop - 2)] if stop - start > 1 else np.uint8(0)
    wide = (before == 0x80 and last == 0x91) or (before == 0xBC and (last == 0x89 or last == 0xBD))
    if (found and last > 0x39) or wide:
        doubts |= MAY_END_IN_LABEL
    return doubts


@kernel
def find_lines(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    start: int,
    stop: int,
    marked: NDArray[np.uint8],
    cleaned: NDArray[np.uint8],
    clean_offsets: NDArray[np.int64],
    runs: NDArray[np.int64],
) -> int:
    """
    Find the first line and the rest of each document.

    Parameters
    ----------
    buffer : ndarray of uint8
        UTF-8 of all documents.
    offsets : ndarray of int64
        Document ``i`` is ``buffer[offsets[i]:offsets[i + 1]]``.
    start, stop : int
        Documents to do.
    marked : ndarray of uint8, shape (stop - start,) or (0,)
        1 at those that are taken from `cleaned`; of no length, if none is.
    cleaned : ndarray of uint8
        Text without markup.
    clean_offsets : ndarray of int64, shape (stop - start + 1,) or (0,)
        Bounds there.
    runs : ndarray of int64, shape (stop - start, N_RUN_COLUMNS)
        Receives the lines, without white space at their ends, and the doubts.

    Returns
    -------
    int
        Sum of all doubts.
    """
    all_doubts = 0
    for row in range(stop - start):
        begin = offsets[start + row]
        end = offsets[start + row + 1]
        text = buffer
        is_clean = marked.shape[0] > 0 and marked[row] == 1
        if is_clean:
            begin = clean_offsets[row]
            end = clean_offsets[row + 1]
            text = cleaned
        line_stop = begin
        while line_stop + 8 <= end and matches_of(load64(text, line_stop), _NEWLINES) == np.uint64(
            0
        ):
            line_stop += 8
        while line_stop < end and text[np.uintp(line_stop)] != _NEWLINE:
            line_stop += 1
        runs[row, RUN_BEGIN] = begin
        runs[row, RUN_LINE_STOP] = line_stop
        runs[row, RUN_END] = end
        runs[row, RUN_CLEANED] = int64(is_clean)
        doubts = 0
        run_start = begin
        run_stop = line_stop
        for part in range(2):
            while run_start < run_stop and _is_space(int64(text[np.uintp(run_start)])):
                run_start += 1
            while run_start < run_stop and _is_space(int64(text[np.uintp(run_stop - 1)])):
                run_stop -= 1
            runs[row, RUN_LINE + 2 * part] = run_start
            runs[row, RUN_LINE + 2 * part + 1] = run_stop
            if run_start < run_stop:
                doubts |= _doubts(text, run_start, run_stop) << (REST * part)
                if part == 0:
                    doubts |= _label_doubts(text, run_start, run_stop)
            run_start = line_stop
            run_stop = end
        runs[row, RUN_DOUBTS] = doubts
        all_doubts |= doubts
    return all_doubts


@kernel
def strip_furniture(
    buffer: NDArray[np.uint8],
    cleaned: NDArray[np.uint8],
    rules: int,
    table: NDArray[np.uint32],
    runs: NDArray[np.int64],
    cut_off: NDArray[np.uint8],
) -> None:
    """
    Shorten the lines in doubt by the furniture at their ends.

    Parameters
    ----------
    buffer, cleaned : ndarray of uint8
        UTF-8.
    rules : int
        Rules that are on; cut-off marks are told in any case.
    table : ndarray of uint32
        Fold table and names.
    runs : ndarray of int64, shape (n_documents, N_RUN_COLUMNS)
        Lines; shortened.
    cut_off : ndarray of uint8, shape (n_documents,)
        Receives 1 where the last line that is not blank ends in a mark.
    """
    items = np.empty((MAX_ITEMS, 4), np.int64)
    places = np.empty(MAX_ITEMS, np.int64)
    for i in range(runs.shape[0]):
        cut_off[i] = 0
        all_doubts = runs[i, RUN_DOUBTS]
        if all_doubts == 0:
            continue
        text = cleaned if runs[i, RUN_CLEANED] else buffer
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
                found = cut_off_start(text, start, stop)
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
                            after = byline_stop(text, start, stop, whole_line, table, items, places)
                            named = after != start
                    if after == start and rules & STRIP_DATELINES:
                        places[0] = start
                        after = -1
                        sure = int64(0)
                    else:
                        sure = int64(1)
                    n_places = -after
                    for k in range(n_places):
                        after = dateline_stop(text, places[k], stop, table, items, sure)
                        if after > places[k]:
                            break
                        after = start
                    if after == start:
                        break
                    start = after
                    while start < stop and _is_space(int64(text[start])):
                        start += 1
            runs[i, column] = start
            runs[i, column + 1] = stop
