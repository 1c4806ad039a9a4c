"""XXH32 and XXH64 over array slices, equal bit for bit to the ``xxhash`` package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

_U32 = np.uint32
_U64 = np.uint64

_P1 = _U32(2654435761)
_P2 = _U32(2246822519)
_P3 = _U32(3266489917)
_P4 = _U32(668265263)
_P5 = _U32(374761393)
_Q1 = _U64(11400714785074694791)
_Q2 = _U64(14029467366897019727)
_Q3 = _U64(1609587929392839161)
_Q4 = _U64(9650029242287828579)
_Q5 = _U64(2870177450012600261)

_USUAL_WIDTH = 3  # words of a shingle


@inlined
def _rotl32(x: np.uint32, bits: Integer) -> np.uint32:
    return _U32(_U32(x << _U32(bits)) | _U32(x >> _U32(32 - bits)))


@inlined
def _rotl64(x: np.uint64, bits: Integer) -> np.uint64:
    return _U64((x << _U64(bits)) | (x >> _U64(64 - bits)))


@inlined
def _load32(data: NDArray[np.uint8], at: np.uintp) -> np.uint32:
    # LLVM merges the four byte loads into one unaligned load.
    return _U32(
        _U32(data[at])
        | _U32(_U32(data[at + np.uintp(1)]) << _U32(8))
        | _U32(_U32(data[at + np.uintp(2)]) << _U32(16))
        | _U32(_U32(data[at + np.uintp(3)]) << _U32(24))
    )


@inlined
def avalanche32(h: np.uint32) -> np.uint32:
    """Return an XXH32 once all data is taken in."""
    h = _U32(h ^ _U32(h >> _U32(15)))
    h = _U32(h * _P2)
    h = _U32(h ^ _U32(h >> _U32(13)))
    h = _U32(h * _P3)
    return _U32(h ^ _U32(h >> _U32(16)))


@inlined
def take_word(h: np.uint32, word: np.uint32) -> np.uint32:
    """Take four bytes of the end of the data into an XXH32."""
    return _U32(_rotl32(_U32(h + _U32(word * _P3)), 17) * _P4)


@inlined
def _round32(lane: np.uint32, word: np.uint32) -> np.uint32:
    return _U32(_rotl32(_U32(lane + _U32(word * _P2)), 13) * _P1)


@inlined
def xxh32_bytes(data: NDArray[np.uint8], start: Integer, stop: Integer) -> np.uint32:
    """XXH32, seed 0, of the bytes ``data[start:stop]``."""
    at = np.uintp(start)
    end = np.uintp(stop)
    length = end - at
    if length >= np.uintp(16):
        lane1 = _U32(_P1 + _P2)
        lane2 = _P2
        lane3 = _U32(0)
        lane4 = _U32(_U32(0) - _P1)
        while at + np.uintp(16) <= end:
            lane1 = _round32(lane1, _load32(data, at))
            lane2 = _round32(lane2, _load32(data, at + np.uintp(4)))
            lane3 = _round32(lane3, _load32(data, at + np.uintp(8)))
            lane4 = _round32(lane4, _load32(data, at + np.uintp(12)))
            at += np.uintp(16)
        h = _U32(
            _U32(_rotl32(lane1, 1) + _rotl32(lane2, 7))
            + _U32(_rotl32(lane3, 12) + _rotl32(lane4, 18))
        )
    else:
        h = _P5
    h = _U32(h + _U32(length))
    while at + np.uintp(4) <= end:
        h = take_word(h, _load32(data, at))
        at += np.uintp(4)
    while at < end:
        h = _U32(_rotl32(_U32(h + _U32(_U32(data[at]) * _P5)), 11) * _P1)
        at += np.uintp(1)
    return avalanche32(h)


@inlined
def xxh32_words(
    words: NDArray[np.uint32], start: Integer, stop: Integer, seed: np.uint32
) -> np.uint32:
    """XXH32 of the little-endian bytes of ``words[start:stop]``."""
    at = np.uintp(start)
    end = np.uintp(stop)
    n_words = end - at
    if n_words >= np.uintp(4):
        lane1 = _U32(seed + _U32(_P1 + _P2))
        lane2 = _U32(seed + _P2)
        lane3 = seed
        lane4 = _U32(seed - _P1)
        while at + np.uintp(4) <= end:
            lane1 = _round32(lane1, words[at])
            lane2 = _round32(lane2, words[at + np.uintp(1)])
            lane3 = _round32(lane3, words[at + np.uintp(2)])
            lane4 = _round32(lane4, words[at + np.uintp(3)])
            at += np.uintp(4)
        h = _U32(
            _U32(_rotl32(lane1, 1) + _rotl32(lane2, 7))
            + _U32(_rotl32(lane3, 12) + _rotl32(lane4, 18))
        )
    else:
        h = _U32(seed + _P5)
    h = _U32(h + _U32(_U32(n_words) * _U32(4)))
    while at < end:
        h = take_word(h, words[at])
        at += np.uintp(1)
    return avalanche32(h)


@inlined
def xxh32_shingle(tokens: NDArray[np.uint32], start: Integer, width: Integer) -> np.uint32:
    """
    XXH32, seed 0, of a shingle; its usual three words need no loop.

    So the compiler works on several shingles at once, in a quarter of the time.
    """
    if width == _USUAL_WIDTH:
        at = np.uintp(start)
        h = _U32(_P5 + _U32(4 * _USUAL_WIDTH))
        h = take_word(h, tokens[at])
        h = take_word(h, tokens[at + np.uintp(1)])
        h = take_word(h, tokens[at + np.uintp(2)])
        return avalanche32(h)
    return xxh32_words(tokens, start, start + width, _U32(0))


@inlined
def _round64(lane: np.uint64, word: np.uint64) -> np.uint64:
    return _U64(_rotl64(_U64(lane + _U64(word * _Q2)), 31) * _Q1)


@inlined
def _merge64(h: np.uint64, lane: np.uint64) -> np.uint64:
    return _U64(_U64(_U64(h ^ _round64(_U64(0), lane)) * _Q1) + _Q4)


@inlined
def _pair64(words: NDArray[np.uint32], at: np.uintp) -> np.uint64:
    return _U64(_U64(words[at]) | _U64(_U64(words[at + np.uintp(1)]) << _U64(32)))


@inlined
def xxh64_words(words: NDArray[np.uint32], start: Integer, stop: Integer) -> np.uint64:
    """XXH64, seed 0, of the little-endian bytes of ``words[start:stop]``."""
    at = np.uintp(start)
    end = np.uintp(stop)
    n_words = end - at
    if n_words >= np.uintp(8):
        lane1 = _U64(_Q1 + _Q2)
        lane2 = _Q2
        lane3 = _U64(0)
        lane4 = _U64(_U64(0) - _Q1)
        while at + np.uintp(8) <= end:
            lane1 = _round64(lane1, _pair64(words, at))
            lane2 = _round64(lane2, _pair64(words, at + np.uintp(2)))
            lane3 = _round64(lane3, _pair64(words, at + np.uintp(4)))
            lane4 = _round64(lane4, _pair64(words, at + np.uintp(6)))
            at += np.uintp(8)
        h = _U64(
            _U64(_rotl64(lane1, 1) + _rotl64(lane2, 7))
            + _U64(_rotl64(lane3, 12) + _rotl64(lane4, 18))
        )
        h = _merge64(_merge64(_merge64(_merge64(h, lane1), lane2), lane3), lane4)
    else:
        h = _Q5
    h = _U64(h + _U64(_U64(n_words) * _U64(4)))
    while at + np.uintp(2) <= end:
        h = _U64(h ^ _round64(_U64(0), _pair64(words, at)))
        h = _U64(_U64(_rotl64(h, 27) * _Q1) + _Q4)
        at += np.uintp(2)
    if at < end:
        h = _U64(h ^ _U64(_U64(words[at]) * _Q1))
        h = _U64(_U64(_rotl64(h, 23) * _Q2) + _Q3)
    h = _U64(h ^ _U64(h >> _U64(33)))
    h = _U64(h * _Q2)
    h = _U64(h ^ _U64(h >> _U64(29)))
    h = _U64(h * _Q3)
    return _U64(h ^ _U64(h >> _U64(32)))
