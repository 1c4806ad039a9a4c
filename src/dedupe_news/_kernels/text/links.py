"""Links, with a scheme or without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.text.characters import (
    POINT_SIGN,
    SPACE_SIGN,
    byte_at,
    decode,
    is_letter,
    kind_of,
)
from dedupe_news._kernels.text.known_names import DOMAIN, MAX_NAME_BYTES, SHORT_HOST, name_class
from dedupe_news._kernels.text.table import KANA, SEPARATOR, SINGLE, UNASSIGNED, entry_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MAX_SCHEME = 16


@inlined
def _is_host_part(byte: int) -> bool:
    return is_letter(byte) or 0x30 <= byte <= 0x39


@inlined
def _is_visible(byte: int) -> bool:
    return byte > SPACE_SIGN and byte != 0x22 and byte != 0x3C and byte != 0x3E


@kernel
def link_stop(  # noqa: PLR0911 - one return for each reason
    text: NDArray[np.uint8], at: int, stop: int, table: NDArray[np.uint32]
) -> int:
    """Return where the link that begins at `at` ends; `at` where none does."""
    place = at
    while place < stop and place - at < _MAX_SCHEME and is_letter(byte_at(text, place)):
        place += 1
    if place + 1 >= stop:
        return at
    following = byte_at(text, place)
    if 0x30 <= following <= 0x39:
        while place + 1 < stop and _is_host_part(byte_at(text, place)):
            place += 1
        following = byte_at(text, place)
        if following == 0x3A:
            return at
    if following == 0x3A:
        if place + 3 >= stop or text[place + 1] != 0x2F or text[place + 2] != 0x2F:
            return at
        place += 3
    elif following == POINT_SIGN:
        is_www = (
            place == at + 3
            and byte_at(text, at) | 0x20 == 0x77
            and byte_at(text, at + 1) | 0x20 == 0x77
            and byte_at(text, at + 2) | 0x20 == 0x77
        )
        place += 1
        if not is_www:
            while place < stop and place - at < MAX_NAME_BYTES:
                byte = byte_at(text, place)
                if not (_is_host_part(byte) or byte == POINT_SIGN or byte == 0x2D):
                    break
                place += 1
            if place + 1 >= stop:
                return at
            asks = byte_at(text, place) == 0x3F and is_letter(byte_at(text, place + 1))
            if byte_at(text, place) != 0x2F and not asks:
                return at
            domain = place
            while domain > at and byte_at(text, domain - 1) != POINT_SIGN:
                domain -= 1
            is_host = name_class(text, domain, place, table) & DOMAIN != 0
            if not is_host and name_class(text, at, place, table) & SHORT_HOST == 0:
                return at
            place += 1
    else:
        return at
    body = place
    while place < stop:
        decoded = decode(text, place, stop)
        char = decoded >> 3
        if char < 0x80:
            if not _is_visible(char):
                break
        else:
            kind = kind_of(table, entry_of(table, char))
            if kind == SEPARATOR or kind == UNASSIGNED or kind == SINGLE or kind == KANA:
                break
        place += decoded & 7
    if place == body:
        return at
    # A stop behind a link ends a sentence.
    while place > at:
        last = byte_at(text, place - 1)
        if last != POINT_SIGN and last != 0x21 and last != 0x3F and last != 0x3A:
            break
        place -= 1
    return place
