"""Kinds of single characters that rules about several ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import inlined
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.table import (
    COUNT_BITS,
    COUNT_MASK,
    EXPANSION,
    EXPANSIONS_PLACE,
    KIND_MASK,
    MARK,
    PAYLOAD_SHIFT,
    WORD,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEVERAL_LETTERS = 16  # a character of several letters
POINT_SIGN = 0x2E
COMMA_SIGN = 0x2C
SPACE_SIGN = 0x20


@inlined
def is_letter(byte: int) -> bool:
    """Say whether a byte is a letter of ASCII."""
    return 0x61 <= (byte | 0x20) <= 0x7A


@inlined
def kind_of(table: NDArray[np.uint32], entry: int) -> int:
    """Return a character's kind; of several letters `SEVERAL_LETTERS`."""
    kind = entry & KIND_MASK
    if kind != EXPANSION:
        return kind
    payload = entry >> PAYLOAD_SHIFT
    first = int64(table[EXPANSIONS_PLACE]) + (payload >> COUNT_BITS)
    kind = int64(table[first]) & KIND_MASK
    if kind == WORD:
        for k in range(1, payload & COUNT_MASK):
            if int64(table[first + k]) & KIND_MASK != MARK:
                return SEVERAL_LETTERS
    return kind


@inlined
def is_space(byte: int) -> bool:
    """Say whether a byte is white space of ASCII."""
    return byte == SPACE_SIGN or 0x09 <= byte <= 0x0D
