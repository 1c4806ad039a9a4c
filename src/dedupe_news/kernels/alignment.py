"""The longest common subsequence of two token runs, 64 tokens at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.kernels._jit import Integer

MAX_TOKENS = 192
"""Tokens of a document that an alignment looks at: three machine words."""

N_WORDS = MAX_TOKENS // 64
N_PLACES = 512

_ONE = np.uint64(1)
_GOLDEN = np.uint32(0x9E3779B1)


@inlined
def find_place(token: np.uint32, keys: NDArray[np.uint32], numbers: NDArray[np.int32]) -> np.intp:
    """
    Return the place of a token in the hash table of the left run, or where it would go.

    Parameters
    ----------
    token : uint32
        A token hash.
    keys : ndarray of uint32, shape (N_PLACES,)
        Tokens of the table.
    numbers : ndarray of int32, shape (N_PLACES,)
        Number of the distinct token at each place; -1 for free places.

    Returns
    -------
    int
        ``numbers`` there is -1 for a token that the left run does not have.
    """
    at = np.intp(np.uint32(token * _GOLDEN) >> np.uint32(23))
    while numbers[at] >= 0 and keys[at] != token:
        at = (at + 1) & (N_PLACES - 1)
    return at


@inlined
def align(
    tokens: NDArray[np.uint32],
    left: Integer,
    left_length: Integer,
    right: Integer,
    right_length: Integer,
    masks: NDArray[np.uint64],
    keys: NDArray[np.uint32],
    numbers: NDArray[np.int32],
    columns: NDArray[np.uint64],
    partner: NDArray[np.int32],
    least: Integer,
) -> int:
    """
    Align two token runs by a longest common subsequence.

    Parameters
    ----------
    tokens : ndarray of uint32
        Holds both runs.
    left, left_length, right, right_length : int
        The runs; at most `MAX_TOKENS` each.
    masks : ndarray of uint64, shape (MAX_TOKENS, N_WORDS)
        Scratch: where each distinct token of the left run stands.
    keys : ndarray of uint32, shape (N_PLACES,)
        Scratch: hash table of those tokens.
    numbers : ndarray of int32, shape (N_PLACES,)
        Scratch: their rows in `masks`.
    columns : ndarray of uint64, shape (MAX_TOKENS + 1, N_WORDS)
        Scratch: the columns of the dynamic programme, a bit a row.
    partner : ndarray of int32, shape (MAX_TOKENS,)
        Receives, for each token of the left run, its place in the right run,
        or -1.
    least : int
        A shorter subsequence is not looked for.

    Returns
    -------
    int
        Length of the subsequence; -1 where it is certainly below `least`, and
        `partner` is then undefined.

    References
    ----------
    .. [1] H. Hyyrö, "Bit-parallel LCS-length computation revisited", AWOCA
       2004. The way back through the stored columns is added here.
    """
    n_words = (left_length + 63) >> 6
    for at in range(N_PLACES):
        numbers[at] = -1
    n_distinct = 0
    for place in range(left_length):
        token = tokens[left + place]
        found = find_place(token, keys, numbers)
        if numbers[found] < 0:
            numbers[found] = n_distinct
            keys[found] = token
            for word in range(n_words):
                masks[n_distinct, word] = 0
            n_distinct += 1
        masks[numbers[found], place >> 6] |= _ONE << np.uint64(place & 63)
    n_known: Integer = 0
    for place in range(right_length):
        n_known += numbers[find_place(tokens[right + place], keys, numbers)] >= 0
    if n_known < least:
        return -1
    for word in range(n_words):
        columns[0, word] = ~np.uint64(0)
    for place in range(right_length):
        row = numbers[find_place(tokens[right + place], keys, numbers)]
        carry = np.uint64(0)
        for word in range(n_words):
            before = columns[place, word]
            if row < 0:
                columns[place + 1, word] = before
                continue
            met = np.uint64(before & masks[row, word])
            total = np.uint64(before + met)
            with_carry = np.uint64(total + carry)
            carry = np.uint64(total < before) | np.uint64(with_carry < total)
            columns[place + 1, word] = with_carry | np.uint64(before - met)
    for place in range(left_length):
        partner[place] = -1
    n_common = 0
    row_left = np.int64(left_length)
    column_left = np.int64(right_length)
    while row_left > 0 and column_left > 0:
        cell = (row_left - 1) >> 6
        bit = np.uint64((row_left - 1) & 63)
        if (columns[column_left, cell] >> bit) & _ONE:
            row_left -= 1  # the subsequence is no shorter without this token
            continue
        column_left -= 1
        if column_left == 0 or (columns[column_left, cell] >> bit) & _ONE:
            row_left -= 1
            partner[row_left] = column_left
            n_common += 1
    return n_common
