"""What stands around a title and is no part of it: "Video:", "(3 comments)", "(AP)"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.characters import (
    COMMA_SIGN,
    POINT_SIGN,
    SPACE_SIGN,
    byte_at,
    char_at,
    is_space,
)
from dedupe_news._kernels.text.known_names import (
    AGENCY,
    COUNTED,
    LABEL,
    MAX_NAME_BYTES,
    PUBLISHER,
    SHARED,
    WIRE_LABEL,
    name_class,
)
from dedupe_news._kernels.text.registers import int64

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_LABEL = 48
_MAX_LABEL_SPACES = 3
_MAX_BRACKET = 48
_MAX_COUNT = 6
_LEAST_SPACES_LEFT = 2
_LEAST_WIDE_BYTES = 9
_LEAST_CAPITALS = 4
_WIDE = 0x80
_BANG, _COLON, _BAR, _HYPHEN = 0x21, 0x3A, 0x7C, 0x2D
_THOUSANDS = 0x6B
_BRACKETS = np.array(
    [(0x28, 0x29), (0x5B, 0x5D), (0x3010, 0x3011), (0xFF08, 0xFF09), (0xFF3B, 0xFF3D)], np.int64
)


@kernel
def _closing_of(char: int) -> int:
    """Return the bracket that closes an opening one; 0 for any other character."""
    for k in range(_BRACKETS.shape[0]):
        if char == _BRACKETS[k, 0]:
            return int64(_BRACKETS[k, 1])
    return 0


@kernel
def _skip_space(text: NDArray[np.uint8], at: int, stop: int) -> int:
    while at < stop and is_space(byte_at(text, at)):
        at += 1
    return at


@kernel
def _has_words(text: NDArray[np.uint8], start: int, stop: int) -> bool:
    """Say whether three words are left at least, or a few characters of scripts without spaces."""
    n_spaces = 0
    for at in range(start, stop):
        n_spaces += byte_at(text, at) == SPACE_SIGN
    wide = stop - start >= _LEAST_WIDE_BYTES and byte_at(text, start) >= 0xE3
    return wide or n_spaces >= _LEAST_SPACES_LEFT


@kernel
def _capitals_stop(
    text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32]
) -> int:
    """Return where a label in capitals before a word that has none but its first ends."""
    at = start
    space = start
    while at < stop and at < start + _MAX_LABEL:
        byte = byte_at(text, at)
        if byte == SPACE_SIGN:
            space = at
        elif not 0x41 <= byte <= 0x5A:
            break
        at += 1
    # The word behind it has one capital, so that `at` is two behind the space.
    if space < start + _LEAST_CAPITALS or at != space + 2 or at >= stop:
        return start
    if not 0x61 <= byte_at(text, at) <= 0x7A or name_class(text, start, space, table) & LABEL == 0:
        return start
    return space + 1 if _has_words(text, space + 1, stop) else start


@kernel
def label_stop(text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return where the label or publisher that begins a title ends; `start` where none does."""
    opening = char_at(text, start, stop)
    closing = _closing_of(opening >> 3)
    begin = start + (opening & 7) if closing else start
    at = begin
    after = begin
    wanted = 0
    limit = min(stop, start + _MAX_LABEL)
    n_spaces = 0
    while at < limit and n_spaces <= _MAX_LABEL_SPACES:
        n_spaces += byte_at(text, at) == SPACE_SIGN
        decoded = char_at(text, at, stop)
        char = decoded >> 3
        after = at + (decoded & 7)
        if closing:
            wanted = LABEL * (char == closing)
        elif char == 0xFF1A or char == 0xFF5C:
            wanted = LABEL
        elif after < stop and byte_at(text, after) == SPACE_SIGN:
            spaced = at > start and byte_at(text, at - 1) == SPACE_SIGN
            if char == _COLON or char == POINT_SIGN or char == _BANG:
                wanted = LABEL
            elif char == _BAR or (spaced and (char == _HYPHEN or 0x2013 <= char <= 0x2014)):
                wanted = LABEL | PUBLISHER | AGENCY
        elif char == _HYPHEN and after < stop and byte_at(text, after) != _HYPHEN:
            wanted = WIRE_LABEL & name_class(text, start, at, table)
        if wanted:
            break
        at = after
    if at <= begin or wanted == 0 or name_class(text, begin, at, table) & wanted == 0:
        return _capitals_stop(text, start, stop, table)
    after = _skip_space(text, after, stop)
    if closing and after + 1 < stop:
        # "[Video] - Storm", "(EXCLUSIVE): storm".
        char = byte_at(text, after)
        if (char == _COLON or char == _HYPHEN) and byte_at(text, after + 1) == SPACE_SIGN:
            after = _skip_space(text, after + 1, stop)
    return after if _has_words(text, after, stop) else start


@kernel
def _number_stop(text: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return where digits with points or commas, and perhaps "k" for thousands, end."""
    begin = at
    while at < stop and at < begin + _MAX_COUNT:
        byte = byte_at(text, at)
        if not 0x30 <= byte <= 0x39 and (
            at == begin or (byte != COMMA_SIGN and byte != POINT_SIGN)
        ):
            break
        at += 1
    if begin < at < stop and byte_at(text, at) | 0x20 == _THOUSANDS:
        at += 1
    return at


@kernel
def is_count(
    text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32], classes: int
) -> bool:
    """Say whether a number and what it counts are all there is: "3 comments", "Kommentare: 12"."""
    at = _number_stop(text, start, stop)
    if at > start:
        return at < stop and name_class(text, at, stop, table) & classes != 0
    while at < stop and not 0x30 <= byte_at(text, at) <= 0x39:
        at += 1
    if _number_stop(text, at, stop) < stop or at == stop:
        return False
    return name_class(text, start, at, table) & classes != 0


@kernel
def _bare_count_start(
    text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32]
) -> int:
    """Return where "12 Kommentare" begins, without a sign before it; `stop` where nothing does."""
    at = stop
    while at > start and stop - at < MAX_NAME_BYTES and byte_at(text, at - 1) > SPACE_SIGN:
        at -= 1
    word = at
    at -= 1
    while at > start and 0x30 <= byte_at(text, at - 1) <= 0x39:
        at -= 1
    n_digits = word - 1 - at
    if word == stop or at <= start or not 0 < n_digits <= _MAX_COUNT:
        return stop
    if byte_at(text, at - 1) != SPACE_SIGN or byte_at(text, word - 1) != SPACE_SIGN:
        return stop
    return at if name_class(text, word, stop, table) & COUNTED else stop


@kernel
def label_start(
    text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32], is_title: int
) -> int:
    """Return where the bracketed label, count or agency at a line's end begins; or `stop`."""
    last = stop - 1
    while last > start and byte_at(text, last) & 0xC0 == 0x80:
        last -= 1
    closing = char_at(text, last, stop) >> 3
    found = stop
    if closing == 0x29 or closing == 0x5D or closing >= _WIDE:
        at = last
        while at > start and last - at < _MAX_BRACKET:
            at -= 1
            if byte_at(text, at) & 0xC0 == 0x80:
                continue
            decoded = char_at(text, at, last)
            if _closing_of(decoded >> 3) == closing:
                begin = at + (decoded & 7)
                known = name_class(text, begin, last, table)
                wanted = LABEL | AGENCY | PUBLISHER if is_title else AGENCY
                counts = is_title == 1 and is_count(text, begin, last, table, COUNTED | SHARED)
                if known & wanted or counts:
                    found = at
                break
    if found == stop and is_title == 1:
        found = _bare_count_start(text, start, stop, table)
    return found if found < stop and _has_words(text, start, found) else stop
