"""Where the furniture at the start of a line ends: credits, datelines, bylines."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import kernel
from dedupe_news.kernels.folding import (
    IGNORED,
    KIND_MASK,
    MARK,
    N_NAMES_PLACE,
    NAMES_PLACE,
    NOT_ASCII,
    PAYLOAD_MASK,
    PAYLOAD_SHIFT,
    UPPER_BIT,
    WORD,
    decode,
    entry_of,
)

if TYPE_CHECKING:
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

# Kinds of items; any other ASCII character is PUNCTUATION plus its code.
LOWER = 1
CAPITAL = 2
CAPS = 3
NUMBER = 4
DASH = 5
QUOTE = 6
OTHER = 7
PUNCTUATION = 1000
_COMMA = PUNCTUATION + 0x2C
_POINT = PUNCTUATION + 0x2E
_SLASH = PUNCTUATION + 0x2F
_COLON = PUNCTUATION + 0x3A
_OPEN = PUNCTUATION + 0x28
_CLOSE = PUNCTUATION + 0x29
_PIPE = PUNCTUATION + 0x7C

FNV_START = 0x811C9DC5
FNV_PRIME = 0x01000193

MAX_ITEMS = 40
MAX_NAME_BYTES = 64
_MAX_PLACE_WORDS = 5
_MAX_BYLINE_WORDS = 24
_MAX_NAME_WORDS = 4
_MAX_CREDIT_ITEMS = 8


@kernel
def find_hash(table: NDArray[np.uint32], part: int, wanted: int) -> int:
    """
    Return where a hash is among the increasing hashes of a part.

    Parameters
    ----------
    table : ndarray of uint32
        Holds the hashes.
    part : int
        NAMES_PLACE or REFERENCES_PLACE; its length is the next word.
    wanted : int
        The hash.

    Returns
    -------
    int
        Its index in the part; -1 where it is not.
    """
    begin = np.int64(table[part])
    low = 0
    high = np.int64(table[part + 1])
    n_hashes = high
    while low < high:
        middle = (low + high) >> 1
        if np.int64(table[begin + middle]) < wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < n_hashes and np.int64(table[begin + low]) == wanted else -1


@kernel
def name_class(text: NDArray[np.uint8], start: int, stop: int, table: NDArray[np.uint32]) -> int:
    """
    Return what is known of a name.

    Names are told by the FNV-1a hash [1]_ of their folded characters, one
    space between two words: a stranger passes for one of a thousand names
    once in four million times.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    start, stop : int
        Bounds of the name.
    table : ndarray of uint32
        Holds the names.

    Returns
    -------
    int
        Sum of classes such as AGENCY; 0 for a stranger.

    References
    ----------
    .. [1] G. Fowler et al., RFC 9923, over 32-bit code points, not bytes.
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
        if kind == WORD:
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
    place = find_hash(table, np.int64(NAMES_PLACE), wanted)
    if place < 0:
        return 0
    classes = np.int64(table[NAMES_PLACE]) + np.int64(table[N_NAMES_PLACE])
    return np.int64(table[classes + place])


@kernel
def read_items(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    table: NDArray[np.uint32],
    items: NDArray[np.int64],
) -> int:
    """
    Cut the beginning of a line into words, numbers, dashes and punctuation.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    start, stop : int
        Bounds of the line; a newline ends it too.
    table : ndarray of uint32
        Fold table.
    items : ndarray of int64, shape (MAX_ITEMS, 4)
        Receives of each item its kind, bounds, and 1 where space is before it.
        Hyphens and apostrophes inside a word belong to it.

    Returns
    -------
    int
        Number of items.
    """
    n = 0
    at = start
    space = 0
    while at < stop and n < MAX_ITEMS:
        begin = at
        kind = 0
        n_upper = 0
        n_lower = 0
        first = 0
        inner = 0  # where a hyphen or apostrophe began that may be inside a word
        while at < stop:
            decoded = decode(text, at, stop)
            char = decoded >> 3
            entry = entry_of(table, char)
            entry_kind = entry & KIND_MASK
            if entry_kind == IGNORED or entry_kind == MARK:
                at += decoded & 7
                continue
            if 0x30 <= char <= 0x39:
                if first == 0:
                    first = NUMBER
            elif entry_kind == WORD or 0 < entry_kind < NOT_ASCII and entry_kind != 9:
                if entry & UPPER_BIT:
                    n_upper += 1
                    if first == 0:
                        first = CAPITAL
                else:
                    n_lower += 1
                    if first == 0:
                        first = LOWER
            elif first > 0 and inner == 0 and (char == 0x27 or char == 0x2019 or char == 0x2D):
                inner = at
                at += decoded & 7
                continue
            else:
                break
            inner = 0
            at += decoded & 7
        if inner > 0:
            at = inner
        if first > 0:
            kind = first
            if first == CAPITAL and n_lower == 0 and n_upper > 1:
                kind = CAPS
        else:
            if at >= stop:
                break
            decoded = decode(text, at, stop)
            char = decoded >> 3
            at += decoded & 7
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


@kernel
def _is_capital(items: NDArray[np.int64], k: int, n: int) -> bool:
    return k < n and (items[k, 0] == CAPITAL or items[k, 0] == CAPS)


@kernel
def _opens_sentence(items: NDArray[np.int64], k: int, n: int) -> bool:
    if k < n and items[k, 0] == QUOTE:
        k += 1
    return _is_capital(items, k, n) and items[k, 3] + items[k - 1, 3] > 0


@kernel
def _date_stop(
    text: NDArray[np.uint8], items: NDArray[np.int64], k: int, n: int, table: NDArray[np.uint32]
) -> int:
    """
    Return the item after a date that begins at item `k`, or `k` where none does.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    items : ndarray of int64
        As `read_items` leaves them.
    k, n : int
        First item, and their number.
    table : ndarray of uint32
        Hold the names of months and days.

    Returns
    -------
    int
        Index of an item.
    """
    at = k
    if at < n and items[at, 0] <= CAPS:
        known = name_class(text, items[at, 1], items[at, 2], table)
        if known & (DATE_WORD | WEEKDAY):
            at += 1
            if at < n and items[at, 0] == _COMMA:
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
        elif (kind == _POINT or kind == _COMMA) and at > k:
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
    text: NDArray[np.uint8], items: NDArray[np.int64], k: int, stop: int, table: NDArray[np.uint32]
) -> int:
    """
    Return how surely items ``k`` to ``stop - 1`` name an agency.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    items : ndarray of int64
        As `read_items` leaves them.
    k, stop : int
        Bounds of the credit, parentheses not included.
    table : ndarray of uint32
        Hold the names.

    Returns
    -------
    int
        2 for an agency, 1 for what looks like one, 0 for anything else.
    """
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
def dateline_stop(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    table: NDArray[np.uint32],
    items: NDArray[np.int64],
    sure: int,
) -> int:
    """
    Return where the dateline or credit at `start` ends; `start` where none is.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    start, stop : int
        Bounds of the line.
    table : ndarray of uint32
        Fold table and names.
    items : ndarray of int64, shape (MAX_ITEMS, 4)
        Overwritten.
    sure : int
        1 if only datelines with a credit count, else 0.

    Returns
    -------
    int
        First byte of the text proper.
    """
    n = read_items(text, start, min(stop, start + 200), table, items)
    k = 0
    n_words = 0
    all_caps = True
    while _is_capital(items, k, n) and n_words < _MAX_PLACE_WORDS:
        if n_words > 0 and items[k, 0] == CAPITAL and all_caps:
            # "ST. LOUIS Mayor": a place does not change its case midway.
            break
        all_caps = all_caps and items[k, 0] == CAPS
        n_words += 1
        k += 1
        short = items[k - 1, 2] - items[k - 1, 1] <= 3
        if k + 1 < n and (
            items[k, 0] == _SLASH or (items[k, 0] == _POINT and short and n_words == 1)
        ):
            if not _is_capital(items, k + 1, n):
                break
            k += 1
    place_known = False
    region_known = False
    if n_words > 0:
        place = name_class(text, items[0, 1], items[k - 1, 2], table)
        place_known = place & CITY != 0
        if k + 1 < n and items[k, 0] == _COMMA and _is_capital(items, k + 1, n):
            end = k + 1
            while (
                end < n
                and end < k + 6
                and (_is_capital(items, end, n) or (items[end, 0] == _POINT and items[end, 3] == 0))
            ):
                if name_class(text, items[end, 1], items[end, 2], table) & (MONTH | WEEKDAY):
                    break
                end += 1
            if end > k + 1:
                region = name_class(text, items[k + 1, 1], items[end - 1, 2], table)
                region_known = region & REGION != 0
                k = end
    dated = k
    if n_words > 0:
        begin = k
        if begin < n and (items[begin, 0] == _COMMA or items[begin, 0] == _POINT):
            begin += 1
        dated = _date_stop(text, items, begin, n, table)
        if dated == begin:
            dated = k
    has_date = dated > k
    k = dated
    credit = 0
    if k < n and items[k, 0] == _OPEN:
        end = k + 1
        while end < n and items[end, 0] != _CLOSE:
            end += 1
        if end >= n:
            return start
        credit = _credit_class(text, items, k + 1, end, table)
        if credit == 0 and not (has_date and end == k + 1):
            return start
        if credit == 0:
            credit = 1
        k = end + 1
        if k < n and items[k, 0] == _COMMA:
            return start
    elif has_date and k < n and items[k, 0] == _POINT:
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
    dash = False
    if k < n and items[k, 0] == DASH:
        # A hyphen alone needs space before it, or a parenthesis.
        wide = items[k, 2] - items[k, 1] > 1
        dash = wide or items[k, 3] == 1 or (k > 0 and items[k - 1, 0] == _CLOSE)
    colon = k + 1 < n and items[k, 0] == _COLON and items[k + 1, 3] == 1
    closed = dash or colon
    after = k + 1 if closed else k
    if after >= n:
        return start
    taken = False
    if n_words == 0:
        taken = (
            dash or (colon and credit == 2) or (credit == 2 and _opens_sentence(items, after, n))
        )
    elif credit == 2:
        taken = closed or ((all_caps or has_date) and _opens_sentence(items, after, n))
    elif credit == 1:
        taken = (dash and (all_caps or region_known or has_date)) or (
            has_date and _opens_sentence(items, after, n)
        )
    elif sure == 1:
        taken = False
    elif has_date:
        taken = closed and (all_caps or place_known)
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
            if items[end, 0] == _POINT or items[end, 0] == DASH:
                if _credit_class(text, items, after, end, table) == 2 and end + 1 < n:
                    return items[end, 2]
                break
    if not closed:
        return items[after - 1, 2]
    return items[after - 1, 2]


@kernel
def byline_stop(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    whole_line: int,
    table: NDArray[np.uint32],
    items: NDArray[np.int64],
    further: NDArray[np.int64],
) -> int:
    """
    Return where the byline at `start` ends; `start` where none is.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8.
    start, stop : int
        Bounds of the text.
    whole_line : int
        1 if only a byline that fills its line counts, else 0.
    table : ndarray of uint32
        Fold table and names.
    items, further : ndarray of int64, shape (MAX_ITEMS, 4)
        Overwritten.

    Returns
    -------
    int
        First byte after it, and after what closes it.
    """
    n = read_items(text, start, min(stop, start + 240), table, items)
    if n < 3 or name_class(text, items[0, 1], items[0, 2], table) & BY == 0:
        return start
    k = 1
    n_words = 0
    in_name = 0
    while k < n and n_words < _MAX_BYLINE_WORDS:
        kind = items[k, 0]
        known = 0
        if kind <= CAPS:
            known = name_class(text, items[k, 1], items[k, 2], table)
        if kind == CAPITAL or kind == CAPS:
            if known & (NO_NAME | MONTH | WEEKDAY):
                return start
            if in_name >= 2 and n_words >= 2:
                end = dateline_stop(text, items[k, 1], stop, table, further, np.int64(1))
                if end > items[k, 1]:
                    return start if whole_line == 1 else end
            if in_name == _MAX_NAME_WORDS:
                return start
            in_name += 1
            n_words += 1
        elif kind == LOWER and known & CONNECTIVE:
            # "and" parts two names; "de" or "van" is inside one.
            if items[k, 2] - items[k, 1] == 3 and text[items[k, 1]] == 0x61:
                in_name = 0
        elif kind == _COMMA and in_name >= 2:
            end = k + 1
            if end < n and _credit_class(text, items, end, end + 1, table) == 2:
                if (
                    end + 1 < n
                    and items[end + 1, 0] <= CAPS
                    and (name_class(text, items[end + 1, 1], items[end + 1, 2], table) & DESK)
                ):
                    end += 1
                if whole_line == 0 and _opens_sentence(items, end + 1, n):
                    return items[end, 2]
                k = end
            else:
                in_name = 0
        elif kind == _POINT and items[k - 1, 2] - items[k - 1, 1] <= 2:
            # An initial, or "Dr."
            k += 1
            continue
        else:
            break
        k += 1
    if n_words < 2:
        return start
    if k >= n:
        # The line ends here, if the items were not cut short.
        end = items[n - 1, 2]
        while end < stop and (text[end] == 0x20 or text[end] == 0x0D):
            end += 1
        return end if end < stop and text[end] == 0x0A else start
    if in_name < 2:
        return start
    if whole_line == 1:
        return start
    if items[k, 0] == _OPEN:
        end = dateline_stop(text, items[k, 1], stop, table, further, np.int64(1))
        return end if end > items[k, 1] else start
    closed = (
        (items[k, 0] == DASH and items[k, 3] == 1)
        or items[k, 0] == _PIPE
        or (items[k, 0] == _COLON and k + 1 < n and items[k + 1, 3] == 1)
    )
    return items[k, 2] if closed and k + 1 < n else start
