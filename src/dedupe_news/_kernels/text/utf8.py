"""Characters as UTF-8: read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined
from dedupe_news._kernels.text.registers import int64

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_CODE_POINT = 0x10FFFF


@inlined
def byte_at(text: NDArray[np.uint8], at: int) -> int:
    """Return a byte as a whole number."""
    return int64(text[np.uintp(at)])


@inlined
def put(scratch: NDArray[np.uint8], n: int, code_point: int) -> int:
    """Append a code point as UTF-8."""
    if code_point < 0x80:
        scratch[np.uintp(n)] = np.uint8(code_point)
        return n + 1
    if code_point < 0x800:
        scratch[np.uintp(n)] = np.uint8(0xC0 | (code_point >> 6))
        scratch[np.uintp(n + 1)] = np.uint8(0x80 | (code_point & 0x3F))
        return n + 2
    if code_point < 0x10000:
        scratch[np.uintp(n)] = np.uint8(0xE0 | (code_point >> 12))
        scratch[np.uintp(n + 1)] = np.uint8(0x80 | ((code_point >> 6) & 0x3F))
        scratch[np.uintp(n + 2)] = np.uint8(0x80 | (code_point & 0x3F))
        return n + 3
    scratch[np.uintp(n)] = np.uint8(0xF0 | (code_point >> 18))
    scratch[np.uintp(n + 1)] = np.uint8(0x80 | ((code_point >> 12) & 0x3F))
    scratch[np.uintp(n + 2)] = np.uint8(0x80 | ((code_point >> 6) & 0x3F))
    scratch[np.uintp(n + 3)] = np.uint8(0x80 | (code_point & 0x3F))
    return n + 4


@inlined
def decode(text: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return the character at `at` and its length, as ``code_point << 3 | n_bytes``."""
    lead = byte_at(text, at)
    if lead < 0x80:
        return lead << 3 | 1
    n_bytes = 1
    code_point = 0
    if 0xC0 <= lead < 0xE0:
        n_bytes = 2
        code_point = lead & 0x1F
    elif 0xE0 <= lead < 0xF0:
        n_bytes = 3
        code_point = lead & 0x0F
    elif 0xF0 <= lead < 0xF8:
        n_bytes = 4
        code_point = lead & 0x07
    if n_bytes == 1 or at + n_bytes > stop:
        return 0xFFFD << 3 | 1
    for k in range(1, n_bytes):
        following = byte_at(text, at + k)
        if following & 0xC0 != 0x80:
            return 0xFFFD << 3 | 1
        code_point = code_point << 6 | (following & 0x3F)
    if code_point > MAX_CODE_POINT:
        return 0xFFFD << 3 | 1
    return code_point << 3 | n_bytes
