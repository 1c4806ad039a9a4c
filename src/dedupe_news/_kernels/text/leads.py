"""Datelines, credits and bylines at the start of a line: "LONDON (Reuters) -", "By Ann Lee -"."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.known_names import (
    AGENCY,
    BAR,
    BY,
    CAPITAL,
    CAPS,
    CITY,
    CLOSING,
    COLON,
    COMMA,
    CONNECTIVE,
    DASH,
    DATE_WORD,
    DESK,
    INDICATOR,
    LOWER,
    MAX_ITEMS,
    MONTH,
    NO_NAME,
    NUMBER,
    OPENING,
    POINT,
    QUOTE,
    REGION,
    SLASH,
    WEEKDAY,
    name_class,
    read_items,
)
from dedupe_news._kernels.text.registers import int64

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEAD_PLACE = 4
"""The column of items that receives where a dateline may begin behind a byline."""
_MAX_LEAD_BYTES = 120
_MAX_DATELINE_ITEMS = 24
_MAX_PLACE_WORDS = 5
_MAX_REGION_ITEMS = 5
_MAX_CREDIT_ITEMS = 8
_MAX_BYLINE_WORDS = 24
_MAX_NAME_WORDS = 4

# What was read of a dateline.
_PLACE = 1
_IN_CAPITALS = 2
_KNOWN_PLACE = 4
_KNOWN_REGION = 8
_STRANGE_REGION = 16
_COMMA = 32  # behind the place
_DATE = 64
_CREDIT = 128  # that may be an agency's
_AGENCY = 256
_DASH = 512
_CLOSED = 1024  # by a dash or a colon
_OPENS = 2048  # what follows begins a sentence
_SMALL = 4096  # what follows is neither in capitals nor a number
_SURE = 8192  # a byline stood before it: more is wanted than a place
_UNCREDITED = _CREDIT | _AGENCY | _SURE

# What makes a dateline: facts that all hold, facts of which none may.
_DATELINES = np.array(
    [
        (_DASH, _PLACE),
        (_AGENCY | _CLOSED, 0),
        (_AGENCY | _OPENS, _PLACE),
        (_AGENCY | _OPENS | _IN_CAPITALS, 0),
        (_AGENCY | _OPENS | _DATE, 0),
        (_CREDIT | _DASH | _PLACE | _IN_CAPITALS, 0),
        (_CREDIT | _DASH | _KNOWN_REGION, 0),
        (_CREDIT | _DASH | _DATE, 0),
        (_CREDIT | _OPENS | _DATE, 0),
        # A comma parts place and date; "BRIEFING 3 May:" is none.
        (_CLOSED | _DATE | _KNOWN_PLACE, _STRANGE_REGION | _UNCREDITED),
        (_CLOSED | _DATE | _IN_CAPITALS | _COMMA, _STRANGE_REGION | _UNCREDITED),
        (_CLOSED | _SMALL | _IN_CAPITALS | _KNOWN_PLACE, _DATE | _UNCREDITED),
        (_CLOSED | _SMALL | _IN_CAPITALS | _KNOWN_REGION, _DATE | _UNCREDITED),
    ],
    np.int64,
)


@kernel
def _is_capital(items: NDArray[np.int64], k: int, n: int) -> bool:
    """Say whether item `k` is a capitalised word."""
    return k < n and (items[k, 0] == CAPITAL or items[k, 0] == CAPS)


@kernel
def _opens_sentence(items: NDArray[np.int64], k: int, n: int) -> bool:
    """Say whether item `k`, behind a space or a bracket, begins a sentence."""
    if k < n and items[k, 0] == QUOTE:
        k += 1
    if not _is_capital(items, k, n):
        return False
    return bool(items[k, 3] + items[k - 1, 3] > 0 or items[k - 1, 0] == CLOSING)


@kernel
def _date_stop(
    text: NDArray[np.uint8],
    items: NDArray[np.int64],
    k: int,
    n: int,
    table: NDArray[np.uint32],
) -> int:
    """Return the item after a date that begins at item `k`, or `k` where none does."""
    at = k
    if at < n and items[at, 0] <= CAPS:
        known = name_class(text, items[at, 1], items[at, 2], table)
        if known & (DATE_WORD | WEEKDAY):
            at += 1
            if at < n and items[at, 0] == COMMA:
                at += 1
    n_months = 0
    n_numbers = 0
    stop = k
    while at < n and at < k + 8:
        kind = items[at, 0]
        if kind == NUMBER and n_numbers < 2 and items[at, 2] - items[at, 1] <= 4:
            n_numbers += 1
        elif kind <= CAPS and n_months == 0:
            if name_class(text, items[at, 1], items[at, 2], table) & MONTH == 0:
                break
            n_months += 1
        elif (kind == POINT or kind == COMMA) and at > k:
            # Belongs to the date only if more of the date follows.
            at += 1
            continue
        else:
            break
        at += 1
        if n_months > 0 and n_numbers > 0:
            stop = at
    return stop


@kernel
def _is_station(text: NDArray[np.uint8], start: int, stop: int) -> bool:
    # American call signs: K or W and two or three capitals.
    if stop - start < 3 or stop - start > 4 or (text[start] != 0x4B and text[start] != 0x57):
        return False
    for at in range(start, stop):
        if text[at] < 0x41 or text[at] > 0x5A:
            return False
    return True


@kernel
def _credit_class(
    text: NDArray[np.uint8],
    items: NDArray[np.int64],
    k: int,
    stop: int,
    table: NDArray[np.uint32],
) -> int:
    """Return how surely items ``k`` to ``stop - 1`` name an agency."""
    if stop <= k or stop - k > _MAX_CREDIT_ITEMS:
        return 0
    if name_class(text, items[k, 1], items[stop - 1, 2], table) & AGENCY:
        return 2
    # Stations append their channel: "FOX5".
    end = items[k, 2]
    while end > items[k, 1] and 0x30 <= text[end - 1] <= 0x39:
        end -= 1
    if name_class(text, items[k, 1], end, table) & AGENCY:
        return 2 if stop - k > 2 and items[k + 1, 0] == DASH else 1
    if _is_station(text, items[k, 1], items[k, 2]):
        return 1
    last = name_class(text, items[stop - 1, 1], items[stop - 1, 2], table)
    return 1 if stop - k > 1 and last & INDICATOR and items[k, 0] != LOWER else 0


@kernel
def dateline_stop(  # noqa: PLR0911 - one return for each reason
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    table: NDArray[np.uint32],
    items: NDArray[np.int64],
    sure: int,
) -> int:
    """Return where the dateline or credit at `start` ends; `start` where none is."""
    n = read_items(
        text, start, min(stop, start + _MAX_LEAD_BYTES), table, items, int64(_MAX_DATELINE_ITEMS)
    )
    k = 0
    n_words = 0
    in_capitals = True
    while _is_capital(items, k, n) and n_words < _MAX_PLACE_WORDS:
        if n_words > 0 and items[k, 0] == CAPITAL and in_capitals:
            # "ST. LOUIS Mayor": a place does not change its case midway.
            break
        in_capitals = in_capitals and items[k, 0] == CAPS
        n_words += 1
        k += 1
        short = items[k - 1, 2] - items[k - 1, 1] <= 3
        if k + 1 < n and (
            items[k, 0] == SLASH or (items[k, 0] == POINT and short and n_words == 1)
        ):
            if not _is_capital(items, k + 1, n):
                break
            k += 1
    facts = int64(sure * _SURE)
    if n_words > 0:
        facts |= _PLACE | _IN_CAPITALS * in_capitals
        if name_class(text, items[0, 1], items[k - 1, 2], table) & CITY:
            facts |= _KNOWN_PLACE
        if k + 1 < n and items[k, 0] == COMMA and _is_capital(items, k + 1, n):
            begin = k + 1
            end = begin
            while end < min(n, begin + _MAX_REGION_ITEMS) and (
                _is_capital(items, end, n) or (items[end, 0] == POINT and items[end, 3] == 0)
            ):
                if name_class(text, items[end, 1], items[end, 2], table) & (MONTH | WEEKDAY):
                    break
                end += 1
            if end > begin:
                region = name_class(text, items[begin, 1], items[end - 1, 2], table) & REGION
                facts |= _KNOWN_REGION if region else _STRANGE_REGION
                k = end
        begin = k
        if begin < n and (items[begin, 0] == COMMA or items[begin, 0] == POINT):
            facts |= _COMMA * (items[begin, 0] == COMMA)
            begin += 1
        end = _date_stop(text, items, begin, n, table)
        if end > begin:
            facts |= _DATE
            k = end
    credit = 0
    if k < n and items[k, 0] == OPENING:
        end = k + 1
        while end < n and items[end, 0] != CLOSING:
            end += 1
        if end >= n:
            return start
        credit = _credit_class(text, items, k + 1, end, table)
        if credit == 0:
            if facts & _DATE == 0 or end > k + 1:
                return start
            credit = 1
        k = end + 1
        if k < n and items[k, 0] == COMMA:
            return start
    elif facts & _DATE and k < n and items[k, 0] == POINT:
        # "MOSCOW. May 12. INTERFAX -"
        end = k + 1
        while end < n and end < k + 4 and items[end, 0] != DASH:
            end += 1
        if end < n and items[end, 0] == DASH:
            credit = _credit_class(text, items, k + 1, end, table)
            if credit > 0:
                k = end
    if n_words == 0 and credit == 0:
        return start
    facts |= _CREDIT * (credit == 1) | _AGENCY * (credit == 2)
    after = k
    if k < n and items[k, 0] == DASH:
        # A hyphen alone needs space before it, or a parenthesis.
        wide = items[k, 2] - items[k, 1] > 1
        if wide or items[k, 3] == 1 or items[k - 1, 0] == CLOSING:
            facts |= _DASH | _CLOSED
            after = k + 1
    elif k + 1 < n and items[k, 0] == COLON and items[k + 1, 3] == 1:
        facts |= _CLOSED
        after = k + 1
    if after >= n:
        return start
    facts |= _OPENS * _opens_sentence(items, after, n)
    facts |= _SMALL * (items[after, 0] != CAPS and items[after, 0] != NUMBER)
    rule = 0
    while rule < _DATELINES.shape[0] and (
        facts & (_DATELINES[rule, 0] | _DATELINES[rule, 1]) != _DATELINES[rule, 0]
    ):
        rule += 1
    if rule == _DATELINES.shape[0]:
        return start
    if facts & _DASH and credit == 0:
        # "MOSCOW, May 12 - Agency." names the agency behind the dash.
        for end in range(after + 1, min(after + 4, n)):
            if items[end, 0] == POINT or items[end, 0] == DASH:
                if _credit_class(text, items, after, end, table) == 2 and end + 1 < n:
                    return int64(items[end, 2])
                break
    return int64(items[after - 1, 2])


@kernel
def byline_stop(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    whole_line: int,
    table: NDArray[np.uint32],
    items: NDArray[np.int64],
) -> int:
    """
    Return where the byline at `start` ends; `start` where none is.

    Minus the number of places, where it ends at the first of them that begins a dateline.
    """
    n = read_items(
        text, start, min(stop, start + 2 * _MAX_LEAD_BYTES), table, items, int64(MAX_ITEMS)
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
                items[n_places, LEAD_PLACE] = items[k, 1]
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
            if end < n and _credit_class(text, items, end, end + 1, table) == 2:
                if end + 1 < n and items[end + 1, 0] <= CAPS:
                    desk = name_class(text, items[end + 1, 1], items[end + 1, 2], table)
                    end += int64(desk & DESK != 0)
                if whole_line == 0 and _opens_sentence(items, end + 1, n):
                    return int64(items[end, 2])
                k = end
            else:
                in_name = 0
        elif kind != POINT or items[k - 1, 2] - items[k - 1, 1] > 2:
            # Anything but the point of an initial, or of "Dr.".
            break
        k += 1
    if not failed and k < n and items[k, 0] == OPENING and in_name >= 2:
        items[n_places, LEAD_PLACE] = items[k, 1]
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
