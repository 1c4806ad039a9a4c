"""Marks that a line was cut off, and publishers named at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.characters import SPACE_SIGN, byte_at, char_at, is_letter
from dedupe_news._kernels.text.known_names import (
    AGENCY,
    CAPITAL,
    CAPS,
    CONNECTIVE,
    COUNTED,
    DOMAIN,
    INDICATOR,
    LABEL,
    LOWER,
    MAX_ITEMS,
    MAX_NAME_BYTES,
    NUMBER,
    POINT,
    PUBLISHER,
    PUNCTUATION,
    READ_MORE,
    SHARED,
    name_class,
    read_items,
)
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.section_labels import is_count
from dedupe_news._kernels.text.table import UPPER_BIT, ends_like_mark, entry_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_DIGITS = 9
_CHARS = np.frombuffer(b"chars", np.uint8)
_MAX_PHRASE_WORDS = 3


@kernel
def skip_space_back(text: NDArray[np.uint8], start: int, stop: int) -> int:
    """Return `stop`, moved back over spaces, no-break spaces and newlines."""
    while stop > start:
        byte = text[stop - 1]
        if byte == 0x20 or 0x09 <= byte <= 0x0D:
            stop -= 1
        elif byte == 0xA0 and stop - 1 > start and text[stop - 2] == 0xC2:
            stop -= 2
        else:
            break
    return stop


@kernel
def _dots_start(text: NDArray[np.uint8], start: int, stop: int) -> int:
    """Return where the ellipsis that ends at `stop` begins; `stop` where none does."""
    at = stop
    n_points = 0
    while at > start:
        if text[at - 1] == 0x2E:
            n_points += 1
            at -= 1
        elif at - 3 >= start and (
            text[at - 1] == 0xA6 and text[at - 2] == 0x80 and text[at - 3] == 0xE2
        ):
            n_points += 3
            at -= 3
        elif (
            text[at - 1] == 0x20
            and n_points > 0
            and at - 2 >= start
            and (text[at - 2] == 0x2E or text[at - 2] == 0xA6)
        ):
            at -= 1
        else:
            break
    return at if n_points >= 3 else stop


@kernel
def _phrase_start(text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return where the invitation to read on that ends at `stop` begins; `stop` if nowhere."""
    at = stop
    for _ in range(_MAX_PHRASE_WORDS):
        while at > start and (is_letter(byte_at(text, at - 1)) or byte_at(text, at - 1) >= 0x80):
            if at - 3 >= start and byte_at(text, at - 3) == 0xE2:
                break  # punctuation, of three bytes
            at -= 1
        if at <= start or at == stop:
            break
        if name_class(text, at, stop, table) & READ_MORE:
            # It must begin with a capital: "we read more" ends a sentence.
            return at if entry_of(table, char_at(text, at, stop) >> 3) & UPPER_BIT else stop
        if byte_at(text, at - 1) != SPACE_SIGN:
            break
        at -= 1
    return stop


@kernel
def _mark_start(text: NDArray[np.uint8], start: int, stop: int) -> int:  # noqa: PLR0911 - one return for each reason
    """Return where the cut-off mark that ends at `stop` begins; `stop` where none does."""
    dots = _dots_start(text, start, stop)
    if dots < stop or stop - 3 < start:
        return dots
    last = text[stop - 1]
    if last != 0x5D and last != 0x29:
        return stop
    opening = 0x5B if last == 0x5D else 0x28
    inner = skip_space_back(text, start, stop - 1)
    dots = _dots_start(text, start, inner)
    if dots < inner:
        at = skip_space_back(text, start, dots)
        return at - 1 if at > start and text[at - 1] == opening else stop
    at = inner - _CHARS.shape[0]
    if at <= start or last != 0x5D:
        return stop
    for k in range(_CHARS.shape[0]):
        if text[at + k] != _CHARS[k]:
            return stop
    at = skip_space_back(text, start, at)
    digits = at
    while digits > start and 0x30 <= text[digits - 1] <= 0x39 and at - digits < _MAX_DIGITS:
        digits -= 1
    if digits == at or digits - 2 < start or text[digits - 1] != 0x2B:
        return stop
    return digits - 2 if text[digits - 2] == 0x5B else stop


@kernel
def cut_off_start(text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return where the cut-off marks at the end of a line begin."""
    cut = 0
    end = stop
    for _ in range(4):
        at = skip_space_back(text, start, end)
        if cut == 1 and at - 2 >= start and not ends_like_mark(text, at, table):
            break
        mark = _mark_start(text, start, at)
        if mark < at:
            end = mark
            cut = 1
            continue
        inner = at
        if at - 3 >= start and text[at - 3] == 0xE2 and text[at - 2] == 0x86:
            # An arrow.
            inner = skip_space_back(text, start, at - 3)
        phrase = _phrase_start(text, start, inner, table)
        if phrase == inner:
            break
        before = skip_space_back(text, start, phrase)
        if _mark_start(text, start, before) < before:
            end = before
            continue
        last = text[before - 1] if before > start else np.uint8(0)
        if last == 0x2E or last == 0x21 or last == 0x3F or last == 0x22 or last == 0x29:
            # The mark was that of "Read more…", not of the text.
            return before << 1
        break
    return end << 1 | cut


_MAX_SUFFIX_WORDS = 6
_MAX_HOST_WORDS = 5
_MAX_PIPED_WORDS = 3
_LEAST_WORDS_LEFT = 3
_AMPERSAND = PUNCTUATION + 0x26


@kernel
def publisher_start(  # noqa: PLR0911 - one return for each reason
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    table: NDArray[np.uint32],
    items: NDArray[np.int64],
    is_title: int,
) -> int:
    """Return where the publisher's name at the end of a line begins."""
    end = skip_space_back(text, start, stop)
    least = max(start, end - MAX_NAME_BYTES)
    at = end
    width = 0
    n_spaces = 0
    piped = False
    while at > least and n_spaces <= _MAX_SUFFIX_WORDS:
        at -= 1
        if text[at] != 0x20:
            continue
        n_spaces += 1
        follow = text[at + 1] if at + 1 < end else np.uint8(0)
        if (follow == 0x7C or follow == 0x2D) and at + 2 < end and text[at + 2] == 0x20:
            width = 3
            piped = follow == 0x7C
            break
        if (
            follow == 0xE2
            and at + 4 < end
            and text[at + 2] == 0x80
            and (text[at + 3] == 0x93 or text[at + 3] == 0x94)
            and text[at + 4] == 0x20
        ):
            width = 5
            break
    if width == 0:
        return stop
    n_left = 1
    for before in range(start, at):
        if text[before] == 0x20:
            n_left += 1
    if n_left < _LEAST_WORDS_LEFT:
        return stop
    name_start = at + width
    known = name_class(text, name_start, end, table)
    if known & (PUBLISHER | AGENCY):
        return at
    if is_title == 1:
        if known & LABEL or is_count(text, name_start, end, table, int64(COUNTED | SHARED)):
            return at
    n = read_items(text, name_start, end, table, items, int64(MAX_ITEMS))
    n_words = 0
    hint = 0
    numbered = False
    host = False
    for k in range(n):
        kind = items[k, 0]
        if kind == _AMPERSAND:
            continue
        if kind == POINT:
            # Only inside a host's name.
            if k + 1 >= n or items[k, 3] == 1 or items[k + 1, 3] == 1:
                return stop
            if name_class(text, items[k + 1, 1], items[k + 1, 2], table) & DOMAIN == 0:
                return stop
            host = True
            continue
        if kind > NUMBER or kind == 0:
            return stop
        own = name_class(text, items[k, 1], items[k, 2], table)
        # A host may begin in lower case.
        begins_host = k + 1 < n and items[k + 1, 0] == POINT
        small = own & (CONNECTIVE | DOMAIN) or (host and own & INDICATOR)
        if kind == LOWER and not small and not begins_host:
            return stop
        # "Evening Post" is a publisher, "Post Office" is not; Cyrillic names begin with it.
        if k == n - 1 or (k == 0 and text[items[k, 1]] >= 0xC3):
            hint |= own
        for byte in range(items[k, 1], items[k, 2]):
            if 0x30 <= text[byte] <= 0x39:
                numbered = True
        n_words += 1
    if host and n_words <= _MAX_HOST_WORDS and (piped or is_title == 1):
        return at
    if hint & INDICATOR and n_words >= 2 and n_words <= _MAX_SUFFIX_WORDS:
        return at
    if piped and not numbered and 0 < n_words <= _MAX_PIPED_WORDS:
        first = items[0, 0]
        if first == CAPITAL or first == CAPS:
            return at
    return stop
