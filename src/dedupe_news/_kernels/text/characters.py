"""Characters: read and written as UTF-8, their kinds, marks in order, letters of Hangul."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.table import (
    COUNT_BITS,
    COUNT_MASK,
    EXPANSION,
    EXPANSIONS_PLACE,
    KIND_MASK,
    MARK,
    PAYLOAD_SHIFT,
    RANK_MASK,
    RANK_SHIFT,
    WORD,
    entry_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEVERAL_LETTERS = 16  # a character of several letters
POINT_SIGN = 0x2E
COMMA_SIGN = 0x2C
SPACE_SIGN = 0x20


@inlined
def is_letter(byte: int) -> bool:
    """Say whether a byte is a letter of ASCII."""
    return 0x61 <= (byte | 0x20) <= 0x7A


@kernel
def kind_of(table: NDArray[np.uint32], entry: int) -> int:
    """Return a character's kind; of several letters `SEVERAL_LETTERS`."""
    kind = entry & KIND_MASK
    if kind != EXPANSION:
        return kind
    payload = entry >> PAYLOAD_SHIFT
    first = int64(table[EXPANSIONS_PLACE]) + (payload >> COUNT_BITS)
    kind = int64(table[first]) & KIND_MASK
    if kind == WORD:
        for k in range(1, payload & COUNT_MASK):
            if int64(table[first + k]) & KIND_MASK != MARK:
                return SEVERAL_LETTERS
    return kind


@inlined
def is_space(byte: int) -> bool:
    """Say whether a byte is white space of ASCII."""
    return byte == SPACE_SIGN or 0x09 <= byte <= 0x0D


MAX_CODE_POINT = 0x10FFFF


@inlined
def byte_at(text: NDArray[np.uint8], at: int) -> int:
    """Return a byte as a whole number."""
    return int64(text[np.uintp(at)])


@inlined
def put(scratch: NDArray[np.uint8], n: int, code_point: int) -> int:
    """Append a code point as UTF-8."""
    if code_point < 0x80:
        scratch[np.uintp(n)] = np.uint8(code_point)
        return n + 1
    if code_point < 0x800:
        scratch[np.uintp(n)] = np.uint8(0xC0 | (code_point >> 6))
        scratch[np.uintp(n + 1)] = np.uint8(0x80 | (code_point & 0x3F))
        return n + 2
    if code_point < 0x10000:
        scratch[np.uintp(n)] = np.uint8(0xE0 | (code_point >> 12))
        scratch[np.uintp(n + 1)] = np.uint8(0x80 | ((code_point >> 6) & 0x3F))
        scratch[np.uintp(n + 2)] = np.uint8(0x80 | (code_point & 0x3F))
        return n + 3
    scratch[np.uintp(n)] = np.uint8(0xF0 | (code_point >> 18))
    scratch[np.uintp(n + 1)] = np.uint8(0x80 | ((code_point >> 12) & 0x3F))
    scratch[np.uintp(n + 2)] = np.uint8(0x80 | ((code_point >> 6) & 0x3F))
    scratch[np.uintp(n + 3)] = np.uint8(0x80 | (code_point & 0x3F))
    return n + 4


@inlined
def decode(text: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return the character at `at` and its length, as ``code_point << 3 | n_bytes``."""
    lead = byte_at(text, at)
    if lead < 0x80:
        return lead << 3 | 1
    n_bytes = 1
    code_point = 0
    if 0xC0 <= lead < 0xE0:
        n_bytes = 2
        code_point = lead & 0x1F
    elif 0xE0 <= lead < 0xF0:
        n_bytes = 3
        code_point = lead & 0x0F
    elif 0xF0 <= lead < 0xF8:
        n_bytes = 4
        code_point = lead & 0x07
    if n_bytes == 1 or at + n_bytes > stop:
        return 0xFFFD << 3 | 1
    for k in range(1, n_bytes):
        following = byte_at(text, at + k)
        if following & 0xC0 != 0x80:
            return 0xFFFD << 3 | 1
        code_point = code_point << 6 | (following & 0x3F)
    if code_point > MAX_CODE_POINT:
        return 0xFFFD << 3 | 1
    return code_point << 3 | n_bytes


MAX_REORDERED = 32
"""Marks that one mark may overtake; bounds the work on hostile text."""
_HANGUL_FIRST = 0xAC00
_N_TRAILING = 28
_N_VOWELS = 21


@kernel
def char_at(text: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return what `decode` does, for rules that few lines reach: code that is not repeated."""
    return decode(text, at, stop)


@kernel
def put_mark(
    scratch: NDArray[np.uint8],
    base: int,
    n: int,
    mark: int,
    table: NDArray[np.uint32],
) -> int:
    """Insert a mark where canonical order has it, among the marks at the end."""
    rank = (entry_of(table, mark) >> RANK_SHIFT) & RANK_MASK
    place = n
    for _ in range(MAX_REORDERED):
        before = place - 1
        while before > base and byte_at(scratch, before) & 0xC0 == 0x80:
            before -= 1
        if before <= base:
            break
        previous = entry_of(table, decode(scratch, before, n) >> 3)
        if (previous >> RANK_SHIFT) & RANK_MASK <= rank:
            break
        place = before
    end = put(scratch, n, mark)
    # Marks are three bytes or four; the tail moves by as many.
    width = end - n
    for at in range(n - 1, place - 1, -1):
        scratch[np.uintp(at + width)] = scratch[np.uintp(at)]
    put(scratch, place, mark)
    return end


@kernel
def put_hangul(scratch: NDArray[np.uint8], n: int, syllable: int) -> int:
    """Append the letters of a Hangul syllable."""
    place = syllable - _HANGUL_FIRST
    n = put(scratch, n, 0x1100 + place // (_N_TRAILING * _N_VOWELS))
    n = put(scratch, n, 0x1161 + place // _N_TRAILING % _N_VOWELS)
    if place % _N_TRAILING:
        n = put(scratch, n, 0x11A7 + place % _N_TRAILING)
    return n
