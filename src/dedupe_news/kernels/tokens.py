"""Documents to tokens: furniture left out, the rest folded and hashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.endings import cut_off_start, publisher_start
from dedupe_news.kernels.folding import FIRST_LINE, TOKENS_PER_BYTE, Tables, fold_run
from dedupe_news.kernels.furniture import MAX_ITEMS, byline_stop, dateline_stop
from dedupe_news.kernels.markup import clean_markup, has_markup

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Rules that are on.
STRIP_HTML = 1
STRIP_CUT_OFF_MARKS = 2
STRIP_DATELINES = 4
STRIP_BYLINES = 8
STRIP_PUBLISHERS = 16

_NEWLINE = 10
_MAX_LEADS = 3  # a byline, a dateline, a credit
_CREDIT_WITHIN = 64
_MAX_SUFFIXES = 2


@inlined
def _may_lead(text: NDArray[np.uint8], start: int, stop: int) -> bool:
    """
    Say whether a dateline or byline can begin here; most texts are let go.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    start, stop : int
        Bounds of the line, no space at its start.

    Returns
    -------
    bool
        Whether it begins with a parenthesis, two capitals or "By", or has a
        parenthesis early on.
    """
    if stop - start < 4:
        return False
    first = text[start]
    second = text[start + 1]
    if 0x41 <= first <= 0x5A:
        if 0x41 <= second <= 0x5A or second == 0x2E:
            return True
        if first == 0x42 and second == 0x79:
            return text[start + 2] == 0x20
        if first == 0x50 and second == 0x61 and text[start + 2] == 0x72:
            return text[start + 3] == 0x20
    elif first == 0xD0:
        # Two Cyrillic capitals.
        if text[start + 2] == 0xD0 and text[start + 3] < 0xB0:
            return True
    elif first == 0x28:
        return True
    elif first < 0x80:
        return False
    found = np.uint8(0)
    for at in range(start, min(stop, start + _CREDIT_WITHIN)):
        found |= np.uint8(text[np.uintp(at)] == 0x28)
    return found > 0


@inlined
def _may_end_in_name(text: NDArray[np.uint8], start: int, stop: int) -> bool:
    # A publisher's name follows a dash or bar between spaces.
    if stop <= start or text[stop - 1] == 0x2E:
        return False
    least = max(start, stop - 64)
    found = np.uint8(0)
    for at in range(least, stop):
        byte = text[np.uintp(at)]
        found |= np.uint8(byte == 0x7C) | np.uint8(byte == 0x2D) | np.uint8(byte == 0xE2)
    return found > 0


@kernel
def _lead_stop(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    whole_line: bool,
    rules: int,
    tables: Tables,
    items: NDArray[np.int64],
    further: NDArray[np.int64],
) -> int:
    """
    Return where the text proper begins.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    start, stop : int
        Bounds of the line, no space at its start.
    whole_line : bool
        Whether a byline must fill its line.
    rules : int
        Rules that are on.
    tables : Tables
        Fold table and names.
    items, further : ndarray of int64, shape (MAX_ITEMS, 4)
        Overwritten.

    Returns
    -------
    int
        `start` where there is no furniture.
    """
    at = start
    by_done = False
    for _ in range(_MAX_LEADS):
        after = at
        if rules & STRIP_BYLINES and not by_done:
            after = byline_stop(text, at, stop, whole_line, tables, items, further)
            by_done = after > at
        if after == at and rules & STRIP_DATELINES:
            after = dateline_stop(text, at, stop, tables, items, False)
        if after == at:
            break
        at = after
        while at < stop and (text[at] == 0x20 or 0x09 <= text[at] <= 0x0D):
            at += 1
    return at


@kernel
def _name_start(
    text: NDArray[np.uint8], start: int, stop: int, tables: Tables, items: NDArray[np.int64]
) -> int:
    end = stop
    for _ in range(_MAX_SUFFIXES):
        before = publisher_start(text, start, end, tables, items)
        if before == end:
            break
        end = before
    return end


@kernel
def _end_of_text(text: NDArray[np.uint8], start: int, stop: int) -> int:
    # cut_off_start, but at once where neither a mark nor "more" can end.
    at = stop
    while at > start and (text[at - 1] == 0x20 or 0x09 <= text[at - 1] <= 0x0D):
        at -= 1
    if at == start:
        return stop << 1
    last = text[at - 1]
    if last == 0x2E and at - 1 > start:
        before = text[at - 2]
        if before != 0x2E and before != 0x20 and before != 0xA6 and before | 0x20 != 0x65:
            return stop << 1
    elif (
        last < 0x80
        and last != 0x5D
        and last != 0x29
        and last | 0x20 != 0x65
        and last | 0x20 != 0x67
    ):
        return stop << 1
    return cut_off_start(text, start, stop)


@kernel
def fill_tokens(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    origin: int,
    start: int,
    stop: int,
    rules: int,
    tables: Tables,
    hashes: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    n_tokens: int,
    token_offsets: NDArray[np.int64],
    cut_off: NDArray[np.uint8],
    scratch: NDArray[np.uint8],
    clean: NDArray[np.uint8],
    spans: NDArray[np.int64],
    places: NDArray[np.int64],
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
    tables : Tables
        Fold table and names.
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
    clean : ndarray of uint8
        Room for the bytes of the longest document.
    spans : ndarray of int64, shape (n, 3) or (0, 3)
        If it has rows, receives of each token where it begins and ends in
        `buffer`, and where it ends in `scratch`, where the tokens of the one
        document then stay.
    places : ndarray of int64, shape (n, 2) or (0, 2)
        Has rows where `spans` has; overwritten.

    Returns
    -------
    int
        The first document not done: `stop`, or one that might need more room.
    """
    items = np.empty((MAX_ITEMS, 4), np.int64)
    further = np.empty((MAX_ITEMS, 4), np.int64)
    for i in range(start, stop):
        begin = offsets[i]
        end = offsets[i + 1]
        if n_tokens + TOKENS_PER_BYTE * (end - begin) > hashes.shape[0]:
            return i
        text = buffer
        is_clean = False
        if rules & STRIP_HTML and has_markup(buffer, begin, end):
            end = clean_markup(buffer, begin, end, tables, clean, places)
            begin = 0
            text = clean
            is_clean = True
        line_end = begin
        while line_end < end and text[np.uintp(line_end)] != _NEWLINE:
            line_end += 1
        two_lines = line_end < end
        first_token = n_tokens
        cut = np.uint8(0)
        active = rules
        # Again, with all the words, where furniture was all there was.
        for _ in range(2):
            run_start = begin
            run_stop = line_end
            line = FIRST_LINE if two_lines else 0
            skipped = False
            base = 0
            for part in range(2):
                kept_start = run_start
                kept_stop = run_stop
                while kept_start < kept_stop and (
                    text[np.uintp(kept_start)] == 0x20 or 0x09 <= text[np.uintp(kept_start)] <= 0x0D
                ):
                    kept_start += 1
                if kept_start < kept_stop:
                    # The last line with words in it says whether the text was cut off.
                    found = _end_of_text(text, kept_start, kept_stop)
                    cut = np.uint8(found & 1)
                    if active & STRIP_CUT_OFF_MARKS:
                        kept_stop = found >> 1
                    if active & STRIP_PUBLISHERS and _may_end_in_name(text, kept_start, kept_stop):
                        kept_stop = _name_start(text, kept_start, kept_stop, tables, items)
                    if active & (STRIP_DATELINES | STRIP_BYLINES) and _may_lead(
                        text, kept_start, kept_stop
                    ):
                        kept_start = _lead_stop(
                            text,
                            kept_start,
                            kept_stop,
                            part == 0 and two_lines,
                            active,
                            tables,
                            items,
                            further,
                        )
                    skipped = skipped or kept_start > run_start or kept_stop < run_stop
                    if spans.shape[0] > 0 and n_tokens > 0:
                        base = spans[n_tokens - 1, 2]
                    n_tokens = fold_run(
                        text,
                        kept_start,
                        kept_stop,
                        line,
                        tables,
                        hashes,
                        flags,
                        n_tokens,
                        scratch,
                        base,
                        spans,
                    )
                run_start = line_end
                run_stop = end
                line = 0
            if n_tokens > first_token or not skipped:
                break
            active = STRIP_HTML
        if is_clean and spans.shape[0] > 0:
            for token in range(n_tokens):
                spans[token, 1] = places[spans[token, 1] - 1, 1]
                spans[token, 0] = places[spans[token, 0], 0]
        cut_off[i - origin] = cut
        token_offsets[i - origin + 1] = n_tokens
    return stop
