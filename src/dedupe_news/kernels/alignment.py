"""The longest common subsequence of two token runs, 64 tokens at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news.kernels._jit import inlined
from dedupe_news.kernels.bits import count_ones

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
def find_place(token: np.uint32, keys: NDArray[np.uint32], numbers: NDArray[np.int32]) -> np.uintp:
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
    at = np.uintp(np.uint32(token * _GOLDEN) >> np.uint32(23))
    # Not "and": one branch that is seldom taken costs less than two.
    while (numbers[at] >= 0) & (keys[at] != token):
        at = (at + np.uintp(1)) & np.uintp(N_PLACES - 1)
    return at


@inlined
def align(
    tokens: NDArray[np.uint32],
    left: Integer,
    left_length: Integer,
    right: Integer,
    right_length: Integer,
    prepared: NDArray[np.int64],
    masks: NDArray[np.uint64],
    keys: NDArray[np.uint32],
    numbers: NDArray[np.int32],
    columns: NDArray[np.uint64],
    carries: NDArray[np.uint64],
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
    prepared : ndarray of int64, shape (2,)
        The left run that the next three arrays describe; another is written
        there first. Whoever changes its tokens overwrites this.
    masks : ndarray of uint64, shape (MAX_TOKENS + 1, N_WORDS)
        Scratch: where each distinct token of the left run stands; its last row
        is zero, for tokens that the left run does not have.
    keys : ndarray of uint32, shape (N_PLACES,)
        Scratch: hash table of those tokens.
    numbers : ndarray of int32, shape (N_PLACES,)
        Scratch: their rows in `masks`.
    columns : ndarray of uint64, shape (MAX_TOKENS + 1, N_WORDS)
        Scratch: the columns of the dynamic programme, a bit a row.
    carries : ndarray of uint64, shape (MAX_TOKENS,)
        Scratch: what each column carries from one word to the next.
    partner : ndarray of int32, shape (MAX_TOKENS,)
        Receives, for each token of the left run, its place in the right run,
        or -1.
    least : int
        A shorter subsequence is not looked for.

    Returns
    -------
    int
        Length of the subsequence; -1 where it is below `least`, and `partner`
        is then undefined.

    References
    ----------
    .. [1] H. Hyyrö, "Bit-parallel LCS-length computation revisited", AWOCA
       2004. The way back through the stored columns is added here.
    """
    n_words = (left_length + 63) >> 6
    if prepared[0] != left or prepared[1] != left_length:
        prepared[0] = left
        prepared[1] = left_length
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
        # Kept where the result goes later: the row of each token of the right run.
        row = numbers[find_place(tokens[right + place], keys, numbers)]
        is_known = row >= 0
        partner[place] = row if is_known else MAX_TOKENS
        n_known += is_known
    if n_known < least:
        return -1
    for place in range(right_length):
        carries[place] = 0
    for word in range(n_words):
        column = ~np.uint64(0)
        columns[0, word] = column
        for place in range(right_length):
            met = np.uint64(column & masks[np.uintp(partner[place]), word])
            total = np.uint64(column + met)
            with_carry = np.uint64(total + carries[place])
            carries[place] = np.uint64(total < column) | np.uint64(with_carry < total)
            column = with_carry | np.uint64(column - met)
            columns[place + 1, word] = column
    # A row whose bit has gone has added to the length.
    length: Integer = 0
    for word in range(n_words):
        n_rows = min(64, left_length - 64 * word)
        rows = ~np.uint64(0) >> np.uint64(64 - n_rows)
        length += n_rows - count_ones(columns[right_length, word] & rows)
    if length < least:
        return -1
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
