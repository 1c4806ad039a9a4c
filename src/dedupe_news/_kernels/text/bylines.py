"""Bylines at the start of a text: "By Ann Lee -"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.datelines import MAX_LEAD_BYTES, credit_class, opens_sentence
from dedupe_news._kernels.text.names import (
    BAR,
    BY,
    CAPITAL,
    CAPS,
    COLON,
    COMMA,
    CONNECTIVE,
    DASH,
    DESK,
    LOWER,
    MAX_ITEMS,
    MONTH,
    NO_NAME,
    OPENING,
    POINT,
    WEEKDAY,
    name_class,
    read_items,
)
from dedupe_news._kernels.text.registers import int64

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_BYLINE_WORDS = 24
_MAX_NAME_WORDS = 4


@kernel
def byline_stop(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    whole_line: int,
    table: NDArray[np.uint32],
    items: NDArray[np.int64],
    places: NDArray[np.int64],
) -> int:
    """Return where the byline at `start` ends; `start` where none is."""
    n = read_items(
        text, start, min(stop, start + 2 * MAX_LEAD_BYTES), table, items, int64(MAX_ITEMS)
    )
    if n < 3 or name_class(text, items[0, 1], items[0, 2], table) & BY == 0:
        return start
    k = 1
    n_words = 0
    in_name = 0
    n_places = 0
    failed = False
    while k < n and n_words < _MAX_BYLINE_WORDS:
        kind = items[k, 0]
        known = 0
        if kind <= CAPS:
            known = name_class(text, items[k, 1], items[k, 2], table)
        if kind == CAPITAL or kind == CAPS:
            failed = known & (NO_NAME | MONTH | WEEKDAY) != 0
            if failed:
                break
            if in_name >= 2:
                places[n_places] = items[k, 1]
                n_places += 1
            failed = in_name == _MAX_NAME_WORDS
            if failed:
                break
            in_name += 1
            n_words += 1
        elif kind == LOWER and known & CONNECTIVE:
            # "and" parts two names; "de" or "van" is inside one.
            if items[k, 2] - items[k, 1] == 3 and text[items[k, 1]] == 0x61:
                in_name = 0
        elif kind == COMMA and in_name >= 2:
            end = k + 1
            if end < n and credit_class(text, items, end, end + 1, table) == 2:
                if end + 1 < n and items[end + 1, 0] <= CAPS:
                    desk = name_class(text, items[end + 1, 1], items[end + 1, 2], table)
                    end += int64(desk & DESK != 0)
                if whole_line == 0 and opens_sentence(items, end + 1, n):
                    return int64(items[end, 2])
                k = end
            else:
                in_name = 0
        elif kind != POINT or items[k - 1, 2] - items[k - 1, 1] > 2:
            # Anything but the point of an initial, or of "Dr.".
            break
        k += 1
    if not failed and k < n and items[k, 0] == OPENING and in_name >= 2:
        places[n_places] = items[k, 1]
        n_places += 1
    elif not failed and n_words >= 2:
        if k >= n:
            # The line ends here, if the items were not cut short.
            end = items[n - 1, 2]
            while end < stop and (text[end] == 0x20 or text[end] == 0x0D):
                end += 1
            if end >= stop or text[end] == 0x0A:
                return int64(end)
        closed = k + 1 < n and (
            (items[k, 0] == DASH and items[k, 3] == 1)
            or items[k, 0] == BAR
            or (items[k, 0] == COLON and items[k + 1, 3] == 1)
        )
        if closed and in_name >= 2 and whole_line == 0:
            return int64(items[k, 2])
    return -n_places if n_places > 0 and whole_line == 0 else start
