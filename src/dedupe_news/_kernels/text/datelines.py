"""Datelines and credits at the start of a line: "LONDON (Reuters) -"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.names import (
    AGENCY,
    CAPITAL,
    CAPS,
    CITY,
    CLOSING,
    COLON,
    COMMA,
    DASH,
    DATE_WORD,
    INDICATOR,
    LOWER,
    MONTH,
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
    import numpy as np
    from numpy.typing import NDArray

MAX_LEAD_BYTES = 120
_MAX_PLACE_WORDS = 5
_MAX_CREDIT_ITEMS = 8


@kernel
def is_capital(items: NDArray[np.int64], k: int, n: int) -> bool:
    """Say whether item `k` is a capitalised word."""
    return k < n and (items[k, 0] == CAPITAL or items[k, 0] == CAPS)


@kernel
def opens_sentence(items: NDArray[np.int64], k: int, n: int) -> bool:
    """Say whether item `k`, behind a space or a bracket, begins a sentence."""
    if k < n and items[k, 0] == QUOTE:
        k += 1
    spaced = items[k, 3] + items[k - 1, 3] > 0 or items[k - 1, 0] == CLOSING
    return spaced and is_capital(items, k, n)


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
def credit_class(
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
    n = read_items(text, start, min(stop, start + MAX_LEAD_BYTES), table, items, int64(24))
    k = 0
    n_words = 0
    all_caps = True
    while is_capital(items, k, n) and n_words < _MAX_PLACE_WORDS:
        if n_words > 0 and items[k, 0] == CAPITAL and all_caps:
            # "ST. LOUIS Mayor": a place does not change its case midway.
            break
        all_caps = all_caps and items[k, 0] == CAPS
        n_words += 1
        k += 1
        short = items[k - 1, 2] - items[k - 1, 1] <= 3
        if k + 1 < n and (
            items[k, 0] == SLASH or (items[k, 0] == POINT and short and n_words == 1)
        ):
            if not is_capital(items, k + 1, n):
                break
            k += 1
    place_known = False
    region_known = False
    region_strange = False
    if n_words > 0:
        place = name_class(text, items[0, 1], items[k - 1, 2], table)
        place_known = place & CITY != 0
        if k + 1 < n and items[k, 0] == COMMA and is_capital(items, k + 1, n):
            end = k + 1
            while (
                end < n
                and end < k + 6
                and (is_capital(items, end, n) or (items[end, 0] == POINT and items[end, 3] == 0))
            ):
                if name_class(text, items[end, 1], items[end, 2], table) & (MONTH | WEEKDAY):
                    break
                end += 1
            if end > k + 1:
                region = name_class(text, items[k + 1, 1], items[end - 1, 2], table)
                region_known = region & REGION != 0
                region_strange = not region_known
                k = end
    dated = k
    comma = False
    if n_words > 0:
        begin = k
        if begin < n and (items[begin, 0] == COMMA or items[begin, 0] == POINT):
            comma = items[begin, 0] == COMMA
            begin += 1
        dated = _date_stop(text, items, begin, n, table)
        if dated == begin:
            dated = k
    has_date = dated > k
    k = dated
    credit = 0
    if k < n and items[k, 0] == OPENING:
        end = k + 1
        while end < n and items[end, 0] != CLOSING:
            end += 1
        if end >= n:
            return start
        credit = credit_class(text, items, k + 1, end, table)
        if credit == 0 and not (has_date and end == k + 1):
            return start
        if credit == 0:
            credit = 1
        k = end + 1
        if k < n and items[k, 0] == COMMA:
            return start
    elif has_date and k < n and items[k, 0] == POINT:
        # "MOSCOW. May 12. INTERFAX -"
        end = k + 1
        while end < n and end < k + 4 and items[end, 0] != DASH:
            end += 1
        if end < n and items[end, 0] == DASH:
            credit = credit_class(text, items, k + 1, end, table)
            if credit > 0:
                k = end
    if n_words == 0 and credit == 0:
        return start
    dash = False
    if k < n and items[k, 0] == DASH:
        # A hyphen alone needs space before it, or a parenthesis.
        wide = items[k, 2] - items[k, 1] > 1
        dash = wide or items[k, 3] == 1 or (k > 0 and items[k - 1, 0] == CLOSING)
    colon = k + 1 < n and items[k, 0] == COLON and items[k + 1, 3] == 1
    closed = dash or colon
    after = k + 1 if closed else k
    if after >= n:
        return start
    taken = False
    if n_words == 0:
        taken = dash or (colon and credit == 2) or (credit == 2 and opens_sentence(items, after, n))
    elif credit == 2:
        taken = closed or ((all_caps or has_date) and opens_sentence(items, after, n))
    elif credit == 1:
        taken = (dash and (all_caps or region_known or has_date)) or (
            has_date and opens_sentence(items, after, n)
        )
    elif sure == 1:
        taken = False
    elif has_date:
        # A comma parts place and date; "BRIEFING 3 May:" is none.
        taken = closed and not region_strange and (place_known or (all_caps and comma))
    else:
        taken = (
            closed
            and all_caps
            and (place_known or region_known)
            and items[after, 0] != CAPS
            and items[after, 0] != NUMBER
        )
    if not taken:
        return start
    if dash and credit == 0 and after < n:
        # "MOSCOW, May 12 - Agency." names the agency behind the dash.
        for end in range(after + 1, min(after + 4, n)):
            if items[end, 0] == POINT or items[end, 0] == DASH:
                if credit_class(text, items, after, end, table) == 2 and end + 1 < n:
                    return int64(items[end, 2])
                break
    return int64(items[after - 1, 2])
