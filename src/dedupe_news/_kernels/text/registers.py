"""Words of ASCII in registers: found, folded and hashed eight bytes at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined
from dedupe_news._kernels.hashing import avalanche32, take_word

if TYPE_CHECKING:
    from numpy.typing import NDArray

if TYPE_CHECKING:
    int64 = int  # to the type checker, elements of arrays are plain whole numbers
else:
    int64 = np.int64

_U32 = np.uint32
_U64 = np.uint64

# Each repeats in every byte of a word.
ONES = _U64(0x0101010101010101)
ALL = _U64(0xFFFFFFFFFFFFFFFF)
TOPS = _U64(0x8080808080808080)
_SEVENS = _U64(0x7F7F7F7F7F7F7F7F)
_LOW32 = _U64(0xFFFFFFFF)
CASE = _U64(0x2020202020202020)
_FROM_A = _U64(0x1F1F1F1F1F1F1F1F)  # sets the top bit from "a" on
_PAST_Z = _U64(0x0505050505050505)  # sets it past "z"
_FROM_0 = _U64(0x5050505050505050)
_PAST_9 = _U64(0x4646464646464646)
_P1 = _U32(2654435761)
_P5 = _U32(374761393)


@inlined
def load64(text: NDArray[np.uint8], at: int) -> np.uint64:
    """Return eight bytes, the first one lowest."""
    # LLVM merges the eight loads into one.
    word = _U64(0)
    for k in range(8):
        word |= _U64(text[np.uintp(at + k)]) << _U64(8 * k)
    return word


@inlined
def matches_of(word: np.uint64, wanted: np.uint64) -> np.uint64:
    """Return whether a byte equals a wanted one."""
    differing = word ^ wanted
    return (differing - ONES) & ~differing & TOPS


@inlined
def digits_of(word: np.uint64) -> np.uint64:
    """Return the top bit of every byte that is a digit of ASCII."""
    sevens = word & _SEVENS
    return (sevens + _FROM_0) & ~(sevens + _PAST_9) & ~word & TOPS


@inlined
def letters_of(word: np.uint64) -> np.uint64:
    """Return the top bit of every byte that is a letter of ASCII."""
    sevens = (word | CASE) & _SEVENS
    return (sevens + _FROM_A) & ~(sevens + _PAST_Z) & ~word & TOPS


@inlined
def below(tops: np.uint64) -> np.uint64:
    """Return all bits of the bytes before the first whose top bit is set."""
    return ((tops & (~tops + _U64(1))) - _U64(1)) >> _U64(7)


@inlined
def _byte_step(h: np.uint32, byte: np.uint32) -> np.uint32:
    h = _U32(h + _U32(byte * _P5))
    return _U32(_U32(_U32(h << _U32(11)) | _U32(h >> _U32(21))) * _P1)


@inlined
def hash_short(low: np.uint64, high: np.uint64, n_bytes: int) -> np.uint32:
    """
    XXH32, seed 0, of up to fifteen bytes in registers.

    Most steps are computed and taken or not, since the length of a word is a coin toss to the
    branch predictor; whether it passes eight bytes is less so.
    """
    h = _U32(_P5 + _U32(n_bytes))
    if n_bytes >= 8:
        h = take_word(take_word(h, _U32(low & _LOW32)), _U32(low >> _U64(32)))
        low = high
    further = take_word(h, _U32(low & _LOW32))
    h = further if n_bytes & 4 else h
    tail = low >> _U64(32) if n_bytes & 4 else low
    n_bytes &= 3
    further = _byte_step(h, _U32(tail & _U64(0xFF)))
    h = further if n_bytes >= 1 else h
    further = _byte_step(h, _U32((tail >> _U64(8)) & _U64(0xFF)))
    h = further if n_bytes >= 2 else h
    further = _byte_step(h, _U32((tail >> _U64(16)) & _U64(0xFF)))
    h = further if n_bytes >= 3 else h
    return avalanche32(h)
