"""Words that hold separators, and links, which are none: what begins at a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.text.characters import POINT_SIGN, SEVERAL_LETTERS, is_letter, kind_of
from dedupe_news._kernels.text.links import link_stop
from dedupe_news._kernels.text.numbers import grouped_stop
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.table import (
    DIGIT_BIT,
    EXPANSION,
    HANGUL,
    IGNORED,
    KIND_MASK,
    MARK,
    SEPARATOR,
    VOICING,
    WORD,
    entry_of,
)
from dedupe_news._kernels.text.utf8 import byte_at, decode

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What `compound_of` returns besides a place.
LINK = 1
INITIALS = 2
GROUPED = 3
COMPOUND_BITS = 2
COMPOUND_MASK = 3


@kernel
def _initials_stop(text: NDArray[np.uint8], at: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return where the last of two or more letters with points between ends; `at` if none."""
    n_letters = 0
    end = at
    place = at
    while place < stop:
        decoded = decode(text, place, stop)
        entry = entry_of(table, decoded >> 3)
        kind = kind_of(table, entry)
        if kind == IGNORED and n_letters > 0:
            place += decoded & 7
            continue
        if kind != WORD or entry & DIGIT_BIT:
            break
        following = int64(0)
        kind = int64(SEPARATOR)
        while True:
            place += decoded & 7
            if place >= stop:
                following = 0
                kind = int64(SEPARATOR)
                break
            decoded = decode(text, place, stop)
            following = decoded >> 3
            kind = kind_of(table, entry_of(table, following))
            if kind != IGNORED and kind != MARK and kind != VOICING:
                break
        if kind == WORD or kind == HANGUL or kind == SEVERAL_LETTERS:
            break
        n_letters += 1
        end = place
        if following != POINT_SIGN:
            break
        place += 1
    return end if n_letters > 1 else at


@inlined
def _is_arabic(byte: int) -> bool:
    return 0xD8 <= byte <= 0xDB


@inlined
def _yeh_stop(text: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return where the letter yeh at `at`, in any of its three forms, ends; `at` for another."""
    if at + 2 > stop:
        return at
    lead, second = byte_at(text, at), byte_at(text, at + 1)
    is_yeh = (lead == 0xDB and second == 0x8C) or (lead == 0xD9 and 0x89 <= second <= 0x8A)
    return at + 2 if is_yeh else at


@kernel
def is_persian_affix(
    text: NDArray[np.uint8], start: int, end: int, stop: int, table: NDArray[np.uint32]
) -> bool:
    """Say whether the space at `end`, behind the word at `start`, parts a Persian affix from it."""
    after = end + 1
    if not _is_arabic(byte_at(text, start)) or after + 2 > stop:
        return False
    if not _is_arabic(byte_at(text, after)):
        return False
    at = start
    if byte_at(text, at) == 0xD9 and byte_at(text, at + 1) == 0x86:
        at += 2
    if at + 4 == end and byte_at(text, at) == 0xD9 and byte_at(text, at + 1) == 0x85:
        # "mi" and "nemi" begin a verb.
        follows = entry_of(table, decode(text, after, stop) >> 3) & KIND_MASK == WORD
        if _yeh_stop(text, at + 2, end) == end and follows:
            return True
    if (
        after + 4 > stop
        or byte_at(text, after) != 0xD9
        or byte_at(text, after + 1) != 0x87
        or byte_at(text, after + 2) != 0xD8
        or byte_at(text, after + 3) != 0xA7
    ):
        return False
    # "ha", "haye" and "hayi" end a noun.
    at = _yeh_stop(text, after + 4, stop)
    at = _yeh_stop(text, at, stop)
    return at >= stop or byte_at(text, at) < 0x80


@kernel
def compound_of(
    text: NDArray[np.uint8],
    begin: int,
    at: int,
    stop: int,
    table: NDArray[np.uint32],
    with_links: int,
) -> int:
    """
    Return what begins with the word at `at`, as ``place << COMPOUND_BITS | what``; 0 for nothing.

    `begin` and `stop` bound the text. `place` is where the last letter or digit of `INITIALS` or a
    `GROUPED` number ends, or where a `LINK` does.
    """
    byte = byte_at(text, at)
    if byte >= 0x80:
        decoded = decode(text, at, stop)
        entry = entry_of(table, decoded >> 3)
        is_number = entry & DIGIT_BIT != 0
        if entry & KIND_MASK != WORD and entry & KIND_MASK != EXPANSION:
            return 0
    else:
        is_number = 0x30 <= byte <= 0x39
        if not is_number:
            if not is_letter(byte):
                return 0
            if with_links:
                end = link_stop(text, at, stop, table)
                if end > at:
                    return end << COMPOUND_BITS | LINK
    if is_number:
        end = grouped_stop(text, begin, at, stop, table)
        return end << COMPOUND_BITS | GROUPED if end > at else 0
    end = _initials_stop(text, at, stop, table)
    return end << COMPOUND_BITS | INITIALS if end > at else 0
