"""Publishers named at the end of a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.cut_off import skip_space_back
from dedupe_news._kernels.text.labels import is_count
from dedupe_news._kernels.text.names import (
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
    SHARED,
    name_class,
    read_items,
)
from dedupe_news._kernels.text.registers import int64

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
