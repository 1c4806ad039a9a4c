"""Words, names and punctuation of a line, as the rules for boilerplate see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.characters import decode
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.table import (
    HANGUL,
    IGNORED,
    KANA,
    KIND_MASK,
    MARK,
    N_NAMES_PLACE,
    NAMES_PLACE,
    NOT_ASCII,
    PAYLOAD_MASK,
    PAYLOAD_SHIFT,
    SINGLE,
    UNASSIGNED,
    UPPER_BIT,
    WORD,
    entry_of,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# What a name of data/names.toml may be; a name may be several things.
AGENCY = 1
CITY = 2
MONTH = 4
WEEKDAY = 8
REGION = 16
PUBLISHER = 32
INDICATOR = 64  # a word of publishers' names
CONNECTIVE = 128  # a small word inside names
NO_NAME = 256  # a capitalised word that no person's name holds
ELEMENT = 512  # of HTML
DESK = 1024  # of an agency: "Business", "Sport"
BY = 2048
DATE_WORD = 4096  # before a date: "le", "on"
DOMAIN = 8192  # last part of a host's name
SHORT_HOST = 16384  # of links that are written without a scheme
LABEL = 32768  # stands before or after a title: "Video:"
WIRE_LABEL = 65536  # the same, joined by a hyphen: "UPDATE 1-"
COUNTED = 131072  # "comments", after a number
SHARED = 262144  # "shares", the same in brackets or behind a dash
READ_MORE = 524288  # "Read more", behind a text that is cut off

# Rules that are on.
STRIP_HTML = 1
STRIP_CUT_OFF_MARKS = 2
STRIP_DATELINES = 4
STRIP_BYLINES = 8
STRIP_PUBLISHERS = 16
STRIP_LINKS = 32
STRIP_REPEATED_TITLES = 64

# Kinds of items; any other ASCII character is PUNCTUATION plus its code.
LOWER = 1
CAPITAL = 2
CAPS = 3
NUMBER = 4
DASH = 5
QUOTE = 6
OTHER = 7
PUNCTUATION = 1000
COMMA = PUNCTUATION + 0x2C
POINT = PUNCTUATION + 0x2E
SLASH = PUNCTUATION + 0x2F
COLON = PUNCTUATION + 0x3A
OPENING = PUNCTUATION + 0x28
CLOSING = PUNCTUATION + 0x29
BAR = PUNCTUATION + 0x7C
FNV_START = 0x811C9DC5
FNV_PRIME = 0x01000193
MAX_ITEMS = 40
N_ITEM_COLUMNS = 5  # kind, where it begins and ends, whether behind a space; the last is free
MAX_NAME_BYTES = 64


@kernel
def find_hash(table: NDArray[np.uint32], part: int, wanted: int) -> int:
    """Return where a hash is among the increasing hashes of a part."""
    begin = int64(table[part])
    low = 0
    high = int64(table[part + 1])
    n_hashes = high
    while low < high:
        middle = (low + high) >> 1
        if int64(table[begin + middle]) < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < n_hashes and int64(table[begin + low]) == wanted else -1


@kernel
def name_class(text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32]) -> int:
    """
    Return what is known of a name.

    Names are told by the FNV-1a hash of their folded characters, one space between two words: a
    stranger passes for one of a thousand names once in four million times.
    """
    if stop - start > MAX_NAME_BYTES:
        return 0
    wanted = FNV_START
    empty = True
    space = False
    at = start
    while at < stop:
        decoded = decode(text, at, stop)
        at += decoded & 7
        char = decoded >> 3
        entry = entry_of(table, char)
        kind = entry & KIND_MASK
        if kind == WORD or kind == SINGLE or kind == KANA or kind == HANGUL:
            if space and not empty:
                wanted = ((wanted ^ 0x20) * FNV_PRIME) & 0xFFFFFFFF
            space = False
            empty = False
            folded = (char + (entry >> PAYLOAD_SHIFT)) & PAYLOAD_MASK
            wanted = ((wanted ^ folded) * FNV_PRIME) & 0xFFFFFFFF
        elif kind != IGNORED and kind != MARK:
            space = True
    if empty:
        return 0
    place = find_hash(table, int64(NAMES_PLACE), wanted)
    if place < 0:
        return 0
    classes = int64(table[NAMES_PLACE]) + int64(table[N_NAMES_PLACE])
    return int64(table[classes + place])


@kernel
def read_items(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    table: NDArray[np.uint32],
    items: NDArray[np.int64],
    n_most: int,
) -> int:
    """Cut the beginning of a line into words, numbers, dashes and punctuation."""
    n = 0
    at = start
    space = 0
    while at < stop and n < n_most:
        begin = at
        n_upper = 0
        n_lower = 0
        first = 0
        inner = 0  # where a hyphen or apostrophe began that may be inside a word
        char = 0
        width = 0
        while at < stop:
            decoded = decode(text, at, stop)
            char = decoded >> 3
            width = decoded & 7
            entry = entry_of(table, char)
            kind = entry & KIND_MASK
            if 0x30 <= char <= 0x39:
                if first == 0:
                    first = NUMBER
                inner = 0
            elif kind != IGNORED and kind != MARK:
                if 0 < kind < NOT_ASCII and kind != UNASSIGNED:
                    is_upper = entry & UPPER_BIT != 0
                    n_upper += is_upper
                    n_lower += not is_upper
                    if first == 0:
                        first = CAPITAL if is_upper else LOWER
                    inner = 0
                elif first > 0 and inner == 0 and (char == 0x27 or char == 0x2019 or char == 0x2D):
                    inner = at
                else:
                    break
            at += width
        if inner > 0:
            at = inner
        kind = first
        if first == CAPITAL and n_lower == 0 and n_upper > 1:
            kind = CAPS
        elif first == 0:
            if at >= stop:
                break
            at += width
            if char == 0x0A:
                break
            if char == 0x20 or char == 0x09 or char == 0x0D or char == 0xA0 or char == 0x202F:
                space = 1
                continue
            if char == 0x2D or 0x2010 <= char <= 0x2015 or char == 0x2212:
                kind = DASH
            elif char == 0x22 or char == 0x27 or 0x2018 <= char <= 0x201F or char == 0xAB:
                kind = QUOTE
            elif char < 0x80:
                kind = PUNCTUATION + char
            else:
                kind = OTHER
            if kind == DASH and n > 0 and items[n - 1, 0] == DASH and space == 0:
                items[n - 1, 2] = at
                continue
        items[n, 0] = kind
        items[n, 1] = begin
        items[n, 2] = at
        items[n, 3] = space
        space = 0
        n += 1
    return n
