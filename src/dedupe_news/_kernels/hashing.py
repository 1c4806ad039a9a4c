"""XXH32, XXH64 and XXH3 over array slices, equal bit for bit to the ``xxhash`` package."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel

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

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
# The eight bytes of the secret that begin at each place; and those at every eighth, together.
_KEYS = np.array(
    [int.from_bytes(_SECRET[at : at + 8], "little") for at in range(len(_SECRET) - 7)], np.uint64
)
_ALIGNED_KEYS = _KEYS[::8].copy()
_STRIPE, _STRIPES_A_BLOCK = 64, 16
_LAST_STRIPE_KEY, _SCRAMBLING_KEY, _MERGING_KEY = 121, 16, 11
_SHORT, _MIDDLE = 128, 240
_USUAL_WIDTH = 3  # words of a shingle
_MIDDLE_KEY, _MIDDLE_LAST_KEY, _MIDDLE_FIRST = 3, 119, 8


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


@inlined
def _load64(data: NDArray[np.uint8], at: Integer) -> np.uint64:
    # LLVM merges the byte loads, as in `_load32`.
    place = np.uintp(at)
    return _U64(_U64(_load32(data, place)) | (_U64(_load32(data, place + np.uintp(4))) << _U64(32)))


@inlined
def _folded_product(a: np.uint64, b: np.uint64) -> np.uint64:
    """Return the product of 128 bits, its halves folded together."""
    half, low = _U64(32), _U64(0xFFFFFFFF)
    a_low, a_high, b_low, b_high = a & low, a >> half, b & low, b >> half
    lows = _U64(a_low * b_low)
    cross = _U64(_U64(a_high * b_low) + (lows >> half))
    middle = _U64(_U64(a_low * b_high) + (cross & low))
    upper = _U64(_U64(a_high * b_high) + (cross >> half) + (middle >> half))
    return _U64(upper ^ (_U64(middle << half) | (lows & low)))


@inlined
def _mix16(data: NDArray[np.uint8], at: Integer, key: Integer) -> np.uint64:
    return _folded_product(
        _U64(_load64(data, at) ^ _KEYS[key]), _U64(_load64(data, at + 8) ^ _KEYS[key + 8])
    )


@inlined
def _avalanche3(h: np.uint64) -> np.uint64:
    h = _U64(h ^ _U64(h >> _U64(37)))
    h = _U64(h * _U64(0x165667919E3779F9))
    return _U64(h ^ _U64(h >> _U64(32)))


@inlined
def _xxh3_short(data: NDArray[np.uint8], start: Integer, length: Integer) -> np.uint64:
    """Hash 17 to 240 bytes."""
    h = _U64(_U64(length) * _Q1)
    stop = start + length
    if length <= _SHORT:
        for pair in range((length - 1) // 32 + 1):
            h = _U64(h + _mix16(data, start + 16 * pair, 32 * pair))
            h = _U64(h + _mix16(data, stop - 16 * pair - 16, 32 * pair + 16))
        return _avalanche3(h)
    for at in range(_MIDDLE_FIRST):
        h = _U64(h + _mix16(data, start + 16 * at, 16 * at))
    h = _avalanche3(h)
    for at in range(_MIDDLE_FIRST, length // 16):
        h = _U64(h + _mix16(data, start + 16 * at, 16 * (at - _MIDDLE_FIRST) + _MIDDLE_KEY))
    return _avalanche3(_U64(h + _mix16(data, stop - 16, _MIDDLE_LAST_KEY)))


@inlined
def _accumulate(lanes: NDArray[np.uint64], lane: Integer, word: np.uint64, key: np.uint64) -> None:
    keyed = _U64(word ^ key)
    lanes[lane ^ 1] += word
    lanes[lane] += _U64((keyed & _U64(0xFFFFFFFF)) * (keyed >> _U64(32)))


@inlined
def _xxh3_long(
    data: NDArray[np.uint8], start: Integer, length: Integer, lanes: NDArray[np.uint64]
) -> np.uint64:
    """Hash more than 240 bytes."""
    lanes[0], lanes[1], lanes[2], lanes[3] = _U64(_P3), _Q1, _Q2, _Q3
    lanes[4], lanes[5], lanes[6], lanes[7] = _Q4, _U64(_P2), _Q5, _U64(_P1)
    for stripe in range((length - 1) // _STRIPE):
        within = stripe % _STRIPES_A_BLOCK
        at = start + _STRIPE * stripe
        for lane in range(8):
            key = _ALIGNED_KEYS[within + lane]
            _accumulate(lanes, lane, _load64(data, at + 8 * lane), key)
        if within == _STRIPES_A_BLOCK - 1:
            for lane in range(8):
                h = lanes[lane]
                h = _U64(h ^ (h >> _U64(47)) ^ _ALIGNED_KEYS[_SCRAMBLING_KEY + lane])
                lanes[lane] = _U64(h * _U64(_P1))
    at = start + length - _STRIPE
    for lane in range(8):
        key = _KEYS[_LAST_STRIPE_KEY + 8 * lane]
        _accumulate(lanes, lane, _load64(data, at + 8 * lane), key)
    h = _U64(_U64(length) * _Q1)
    for pair in range(4):
        key = _MERGING_KEY + 16 * pair
        h = _U64(
            h
            + _folded_product(
                _U64(lanes[2 * pair] ^ _KEYS[key]), _U64(lanes[2 * pair + 1] ^ _KEYS[key + 8])
            )
        )
    return _avalanche3(h)


@kernel
def xxh3_runs(
    data: NDArray[np.uint8],
    starts: NDArray[np.int64],
    stops: NDArray[np.int64],
    digests: NDArray[np.uint64],
) -> None:
    """XXH3 of 64 bits, seed 0, of runs of bytes."""
    lanes = np.empty(8, np.uint64)
    for run in range(digests.shape[0]):
        start = starts[run]
        length = stops[run] - start
        if length <= _MIDDLE:
            digests[run] = _xxh3_short(data, start, length)
        else:
            digests[run] = _xxh3_long(data, start, length, lanes)
