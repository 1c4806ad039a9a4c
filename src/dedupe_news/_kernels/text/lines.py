"""Lines of documents, and which of them may begin or end in boilerplate."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.text.characters import is_space
from dedupe_news._kernels.text.registers import int64, load64, matches_of
from dedupe_news._kernels.text.table import ends_like_mark

if TYPE_CHECKING:
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


# What may be wrong with the first line; with the rest, shifted by REST.
MAY_LEAD = 1
MAY_BE_CUT = 2
MAY_END_IN_NAME = 4
MAY_BE_LABELLED = 8
MAY_END_IN_LABEL = 16
REST = 5
_LEAST_LABELLED = 8
_NEWLINE = 10
_NEWLINES = np.uint64(0x0A0A0A0A0A0A0A0A)
_CREDIT_WITHIN = 64
_LABEL_WITHIN = 40
_COUNT_WITHIN = 24


@inlined
def _doubts(text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Say what boilerplate a line may hold; most hold none."""
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
    if ends_like_mark(text, stop, table):
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
    first = text[np.uintp(start)]
    # "VIDEO. Storm": a point counts behind capitals, or letters that may be such.
    point = np.uint8(0x2E if first >= 0x80 or text[np.uintp(start + 1)] <= 0x5A else 0x3A)
    found = np.uint8(0)
    for at in range(start, min(stop - 4, start + _LABEL_WITHIN)):
        byte = text[np.uintp(at)]
        follow = text[np.uintp(at + 1)]
        # A mark before a space; a hyphen or dash behind one; wide marks begin with EF.
        mark = np.uint8(byte == 0x3A) | np.uint8(byte == 0x21) | np.uint8(byte == point)
        mark |= np.uint8(byte == 0x7C) | np.uint8(byte == 0x5D) | np.uint8(byte == 0x29)
        dash = np.uint8(follow == 0xE2) & np.uint8(text[np.uintp(at + 3)] < 0x98)
        dash |= np.uint8(follow == 0x2D)
        found |= mark & np.uint8(follow == 0x20)
        found |= dash & np.uint8(byte == 0x20)
        found |= np.uint8(byte == 0xEF)
    doubts = int64(0)
    if found or first == 0xE3 or first == 0xEF:
        doubts |= MAY_BE_LABELLED
    elif first <= 0x5A:
        # "RPT-", "UPDATE 1-": capitals, then a hyphen.
        if first >= 0x41 and text[np.uintp(start + 1)] <= 0x5A:
            doubts |= MAY_BE_LABELLED
    found = np.uint8(0)
    for at in range(max(start, stop - _COUNT_WITHIN), stop - 1):
        follow = text[np.uintp(at + 1)]
        digit = np.uint8(follow >= 0x30) & np.uint8(follow <= 0x39)
        found |= digit & np.uint8(text[np.uintp(at)] == 0x20)
    last = text[np.uintp(stop - 1)]
    before = text[np.uintp(stop - 2)]
    wide = (before == 0x80 and last == 0x91) or (before == 0xBC and (last == 0x89 or last == 0xBD))
    if (found and last > 0x39) or wide:
        doubts |= MAY_END_IN_LABEL
    return doubts


@kernel
def find_lines(
    texts: Texts,
    offsets: NDArray[np.int64],
    clean_offsets: NDArray[np.int64],
    start: int,
    marked: NDArray[np.uint8],
    table: NDArray[np.uint32],
    runs: NDArray[np.int64],
) -> int:
    """Find the first line and the rest of each document."""
    all_doubts = 0
    for row in range(runs.shape[0]):
        begin = offsets[start + row]
        end = offsets[start + row + 1]
        text = texts.buffer
        is_clean = marked.shape[0] > 0 and marked[row] == 1
        if is_clean:
            begin = clean_offsets[row]
            end = clean_offsets[row + 1]
            text = texts.cleaned
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
            while run_start < run_stop and is_space(int64(text[np.uintp(run_start)])):
                run_start += 1
            while run_start < run_stop and is_space(int64(text[np.uintp(run_stop - 1)])):
                run_stop -= 1
            runs[row, RUN_LINE + 2 * part] = run_start
            runs[row, RUN_LINE + 2 * part + 1] = run_stop
            if run_start < run_stop:
                doubts |= _doubts(text, run_start, run_stop, table) << (REST * part)
                if part == 0 and run_stop - run_start > _LEAST_LABELLED:
                    doubts |= _label_doubts(text, run_start, run_stop)
            run_start = line_stop
            run_stop = end
        runs[row, RUN_DOUBTS] = doubts
        all_doubts |= doubts
    return all_doubts
