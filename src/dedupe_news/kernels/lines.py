"""Lines of documents, and which of them may begin or end in furniture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.endings import cut_off_start, publisher_start
from dedupe_news.kernels.folding import (
    RUN_BEGIN,
    RUN_CLEANED,
    RUN_DOUBTS,
    RUN_END,
    RUN_LINE,
    RUN_LINE_STOP,
    RUN_REST,
)
from dedupe_news.kernels.furniture import MAX_ITEMS, byline_stop, dateline_stop

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Rules that are on.
STRIP_HTML = 1
STRIP_CUT_OFF_MARKS = 2
STRIP_DATELINES = 4
STRIP_BYLINES = 8
STRIP_PUBLISHERS = 16

# What may be wrong with the first line; with the rest, shifted by REST.
MAY_LEAD = 1
MAY_BE_CUT = 2
MAY_END_IN_NAME = 4
REST = 3

_NEWLINE = 10
_MAX_LEADS = 3  # a byline, a dateline, a credit
_CREDIT_WITHIN = 64
_MAX_SUFFIXES = 2


@inlined
def _is_space(byte: int) -> bool:
    return byte == 0x20 or 0x09 <= byte <= 0x0D


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
        Sum of MAY_LEAD (it begins with a parenthesis, two capitals, "By" or
        "Par", or has a parenthesis early on), MAY_BE_CUT (its last characters
        could end a mark) and MAY_END_IN_NAME (a dash or bar is near its end).
    """
    if stop - start < 4:
        return MAY_BE_CUT
    doubts = 0
    first = text[np.uintp(start)]
    second = text[np.uintp(start + 1)]
    third = text[np.uintp(start + 2)]
    fourth = text[np.uintp(start + 3)]
    if first == 0x28:
        doubts = MAY_LEAD
    elif 0x41 <= first <= 0x5A or first >= 0xC3:
        if first < 0x80 and (0x41 <= second <= 0x5A or second == 0x2E):
            doubts = MAY_LEAD
        elif first == 0x42 and second == 0x79 and third == 0x20:
            doubts = MAY_LEAD
        elif first == 0x50 and second == 0x61 and third == 0x72 and fourth == 0x20:
            doubts = MAY_LEAD
        elif first == 0xD0 and third == 0xD0 and fourth < 0xB0:
            # Two Cyrillic capitals.
            doubts = MAY_LEAD
        else:
            found = np.uint8(0)
            for at in range(start, min(stop, start + _CREDIT_WITHIN)):
                found |= np.uint8(text[np.uintp(at)] == 0x28)
            if found:
                doubts = MAY_LEAD
    last = text[np.uintp(stop - 1)]
    before = text[np.uintp(stop - 2)]
    lower = last | 0x20
    if last == 0x2E:
        # One full stop is the end of a sentence, or of "Read more."
        if before == 0x2E or before == 0x20 or before == 0xA6 or before | 0x20 == 0x65:
            doubts |= MAY_BE_CUT
        return doubts
    if last >= 0x80 or last == 0x5D or last == 0x29 or lower == 0x65 or lower == 0x67:
        doubts |= MAY_BE_CUT
    found = np.uint8(0)
    for at in range(max(start, stop - 64), stop - 1):
        if text[np.uintp(at)] == 0x20:
            byte = text[np.uintp(at + 1)]
            found |= np.uint8(byte == 0x7C) | np.uint8(byte == 0x2D) | np.uint8(byte == 0xE2)
    if found:
        doubts |= MAY_END_IN_NAME
    return doubts


@kernel
def find_lines(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    start: int,
    stop: int,
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
    cleaned : ndarray of uint8
        Text without markup of some of them.
    clean_offsets : ndarray of int64, shape (stop - start + 1,) or (0,)
        Bounds there; a document of no length there is that in `buffer`.
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
        is_clean = clean_offsets.shape[0] > 0 and clean_offsets[row + 1] > clean_offsets[row]
        if is_clean:
            begin = clean_offsets[row]
            end = clean_offsets[row + 1]
            text = cleaned
        line_stop = begin
        while line_stop < end and text[np.uintp(line_stop)] != _NEWLINE:
            line_stop += 1
        runs[row, RUN_BEGIN] = begin
        runs[row, RUN_LINE_STOP] = line_stop
        runs[row, RUN_END] = end
        runs[row, RUN_CLEANED] = np.int64(is_clean)
        doubts = 0
        run_start = begin
        run_stop = line_stop
        for part in range(2):
            while run_start < run_stop and _is_space(np.int64(text[np.uintp(run_start)])):
                run_start += 1
            while run_start < run_stop and _is_space(np.int64(text[np.uintp(run_stop - 1)])):
                run_stop -= 1
            runs[row, RUN_LINE + 2 * part] = run_start
            runs[row, RUN_LINE + 2 * part + 1] = run_stop
            if run_start < run_stop:
                doubts |= _doubts(text, run_start, run_stop) << (REST * part)
            run_start = line_stop
            run_stop = end
        runs[row, RUN_DOUBTS] = doubts
        all_doubts |= doubts
    return all_doubts


@kernel
def strip_marks(
    buffer: NDArray[np.uint8],
    cleaned: NDArray[np.uint8],
    rules: int,
    runs: NDArray[np.int64],
    cut_off: NDArray[np.uint8],
) -> None:
    """
    Take cut-off marks off the ends of the lines in doubt.

    Parameters
    ----------
    buffer, cleaned : ndarray of uint8
        UTF-8.
    rules : int
        Rules that are on; marks are found in any case.
    runs : ndarray of int64, shape (n_documents, N_RUN_COLUMNS)
        Lines; shortened.
    cut_off : ndarray of uint8, shape (n_documents,)
        Receives 1 where the last line that is not blank ends in a mark.
    """
    for i in range(runs.shape[0]):
        cut_off[i] = 0
        doubts = runs[i, RUN_DOUBTS]
        if doubts & (MAY_BE_CUT | MAY_BE_CUT << REST) == 0:
            continue
        text = cleaned if runs[i, RUN_CLEANED] else buffer
        for part in range(2):
            start = runs[i, RUN_LINE + 2 * part]
            stop = runs[i, RUN_LINE + 2 * part + 1]
            if start == stop:
                continue
            cut_off[i] = 0
            if (doubts >> (REST * part)) & MAY_BE_CUT:
                found = cut_off_start(text, start, stop)
                cut_off[i] = np.uint8(found & 1)
                if rules & STRIP_CUT_OFF_MARKS:
                    runs[i, RUN_LINE + 2 * part + 1] = found >> 1


@kernel
def strip_publishers(
    buffer: NDArray[np.uint8],
    cleaned: NDArray[np.uint8],
    table: NDArray[np.uint32],
    runs: NDArray[np.int64],
) -> None:
    """
    Take publishers' names off the ends of the lines in doubt.

    Parameters
    ----------
    buffer, cleaned : ndarray of uint8
        UTF-8.
    table : ndarray of uint32
        Fold table and names.
    runs : ndarray of int64, shape (n_documents, N_RUN_COLUMNS)
        Lines; shortened.
    """
    items = np.empty((MAX_ITEMS, 4), np.int64)
    for i in range(runs.shape[0]):
        for part in range(2):
            if (runs[i, RUN_DOUBTS] >> (REST * part)) & MAY_END_IN_NAME == 0:
                continue
            text = cleaned if runs[i, RUN_CLEANED] else buffer
            for _ in range(_MAX_SUFFIXES):
                start = runs[i, RUN_LINE + 2 * part]
                stop = runs[i, RUN_LINE + 2 * part + 1]
                before = publisher_start(text, start, stop, table, items)
                if before == stop:
                    break
                runs[i, RUN_LINE + 2 * part + 1] = before


@kernel
def strip_leads(
    buffer: NDArray[np.uint8],
    cleaned: NDArray[np.uint8],
    rules: int,
    table: NDArray[np.uint32],
    runs: NDArray[np.int64],
) -> None:
    """
    Take bylines, credits and datelines off the beginnings of the lines in doubt.

    Parameters
    ----------
    buffer, cleaned : ndarray of uint8
        UTF-8.
    rules : int
        Rules that are on.
    table : ndarray of uint32
        Fold table and names.
    runs : ndarray of int64, shape (n_documents, N_RUN_COLUMNS)
        Lines; shortened.
    """
    items = np.empty((MAX_ITEMS, 4), np.int64)
    further = np.empty((MAX_ITEMS, 4), np.int64)
    for i in range(runs.shape[0]):
        for part in range(2):
            if (runs[i, RUN_DOUBTS] >> (REST * part)) & MAY_LEAD == 0:
                continue
            text = cleaned if runs[i, RUN_CLEANED] else buffer
            at = runs[i, RUN_LINE + 2 * part]
            stop = runs[i, RUN_LINE + 2 * part + 1]
            # A title must not be taken for a byline; one line alone may have one.
            whole_line = np.int64(part == 0 and runs[i, RUN_LINE_STOP] < runs[i, RUN_END])
            named = False
            for _ in range(_MAX_LEADS):
                after = at
                if rules & STRIP_BYLINES and not named:
                    after = byline_stop(text, at, stop, whole_line, table, items, further)
                    named = after > at
                if after == at and rules & STRIP_DATELINES:
                    after = dateline_stop(text, at, stop, table, items, np.int64(0))
                if after == at:
                    break
                at = after
                while at < stop and _is_space(np.int64(text[at])):
                    at += 1
            runs[i, RUN_LINE + 2 * part] = at
