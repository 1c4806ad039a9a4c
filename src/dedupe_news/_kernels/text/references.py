"""Character references of HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.characters import SPACE_SIGN, is_letter
from dedupe_news._kernels.text.names import FNV_PRIME, FNV_START, find_hash
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.table import N_REFERENCES_PLACE, REFERENCES_PLACE
from dedupe_news._kernels.text.utf8 import MAX_CODE_POINT, put

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_REFERENCE = 40
_REPLACEMENT = 0xFFFD
_NOTHING = -1

# What browsers make of references to the C1 controls: Windows-1252.
_WINDOWS_1252 = np.array(
    [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ],
    np.int64,
)  # fmt: skip


@kernel
def _digit(byte: int, base: int) -> int:
    if 0x30 <= byte <= 0x39:
        return byte - 0x30
    if base == 16 and 0x61 <= (byte | 0x20) <= 0x66:
        return (byte | 0x20) - 0x57
    return -1


@kernel
def _from_number(number: int) -> int:
    """Return the character that a numeric reference stands for."""
    if 0x80 <= number < 0xA0:
        return int64(_WINDOWS_1252[number - 0x80])
    if number == 0 or 0xD800 <= number < 0xE000 or number > MAX_CODE_POINT:
        return _REPLACEMENT
    if number < 0x20 or number == 0x7F:
        # White space stays, but must not become a line of its own.
        return SPACE_SIGN if 0x09 <= number <= 0x0D and number != 0x0B else _NOTHING
    if 0xFDD0 <= number < 0xFDF0 or number & 0xFFFE == 0xFFFE:
        return _NOTHING
    return number


@kernel
def reference_stop(
    text: NDArray[np.uint8],
    at: int,
    stop: int,
    table: NDArray[np.uint32],
    value: NDArray[np.uint8],
) -> int:
    """Decode the character reference whose ampersand is at `at`."""
    stop = min(stop, at + _MAX_REFERENCE)
    k = at + 1
    if k < stop and text[k] == 0x23:
        k += 1
        base = 10
        if k < stop and text[k] | 0x20 == 0x78:
            base = 16
            k += 1
        begin = k
        number = 0
        while k < stop:
            digit = _digit(int64(text[k]), base)
            if digit < 0:
                break
            number = min(number * base + digit, MAX_CODE_POINT + 1)
            k += 1
        if k == begin:
            return at
        if k < stop and text[k] == 0x3B:
            k += 1
        char = _from_number(number)
        value[7] = put(value, int64(0), char) if char >= 0 else 0
        return k
    wanted = FNV_START
    while k < stop and (is_letter(int64(text[k])) or 0x30 <= text[k] <= 0x39):
        wanted = ((wanted ^ int64(text[k])) * FNV_PRIME) & 0xFFFFFFFF
        k += 1
    if k == stop or text[k] != 0x3B:
        return at
    place = find_hash(table, int64(REFERENCES_PLACE), wanted)
    if place < 0:
        return at
    values = int64(table[REFERENCES_PLACE]) + int64(table[N_REFERENCES_PLACE])
    low = int64(table[values + 2 * place])
    high = int64(table[values + 2 * place + 1])
    for byte in range(4):
        value[byte] = np.uint8((low >> (8 * byte)) & 0xFF)
        value[4 + byte] = np.uint8((high >> (8 * byte)) & 0xFF)
    return k + 1
