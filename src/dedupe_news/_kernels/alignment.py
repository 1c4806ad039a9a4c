"""The longest common subsequence of two token runs, 64 tokens at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels._jit import Integer

MAX_TOKENS = 1024
"""Tokens of each run, between the common start and end, that are aligned."""

MOST_REPLACED = 16
"""Gaps whose first tokens are kept."""

IN_LEFT = 1
IN_RIGHT = 2
"""Marks of a value in a `Table`."""

_ONE = np.uint64(1)
_GOLDEN = np.uint32(0x9E3779B1)


class Table(NamedTuple):
    """
    A hash table that is emptied by counting up.

    Parameters
    ----------
    keys : ndarray of uint32, shape (n_places,)
        Values; a power of two of places, at least twice as many as values.
    values : ndarray of int32, shape (n_places,)
        What is known of each.
    ages : ndarray of int64, shape (n_places,)
        A place is in use where this is the age of the table.
    age : ndarray of int64, shape (1,)
        Counted up to empty the table.
    """

    keys: NDArray[np.uint32]
    values: NDArray[np.int32]
    ages: NDArray[np.int64]
    age: NDArray[np.int64]


class Scratch(NamedTuple):
    """
    Memory that one alignment after another uses.

    Parameters
    ----------
    table : Table
        Distinct tokens of the left run.
    masks : ndarray of uint64, shape (MAX_TOKENS + 1, n_words)
        Where each distinct token of the left run stands; a row of zeros last.
    columns : ndarray of uint64, shape (MAX_TOKENS + 1, n_words)
        Columns of the dynamic programme, a bit a row.
    partner : ndarray of int32, shape (longest,)
        Place in the right run of each token of the left run, or -1.
    back : ndarray of int32, shape (longest,)
        Place in the left run of each token of the right run, or -1.
    replaced : ndarray of uint32, shape (MOST_REPLACED, 2)
        First token of either side of a gap.
    """

    table: Table
    masks: NDArray[np.uint64]
    columns: NDArray[np.uint64]
    partner: NDArray[np.int32]
    back: NDArray[np.int32]
    replaced: NDArray[np.uint32]


@kernel
def make_scratch(longest: Integer) -> Scratch:
    """Return scratch memory for one thread and runs of at most `longest` tokens."""
    n_places = 512
    while n_places < 4 * longest:
        n_places *= 2
    n_aligned = min(longest, MAX_TOKENS)
    n_words = (n_aligned + 63) // 64
    table = Table(
        np.zeros(n_places, np.uint32),
        np.zeros(n_places, np.int32),
        np.zeros(n_places, np.int64),
        np.zeros(1, np.int64),
    )
    return Scratch(
        table,
        np.zeros((n_aligned + 1, n_words), np.uint64),
        np.zeros((n_aligned + 1, n_words), np.uint64),
        np.zeros(longest + 1, np.int32),
        np.zeros(longest + 1, np.int32),
        np.zeros((MOST_REPLACED, 2), np.uint32),
    )


@inlined
def place_of(table: Table, key: np.uint32) -> np.int64:
    """Return the place of a value, or the free place where it would go."""
    mask = np.int64(table.keys.shape[0] - 1)
    at = np.int64(np.uint32(key * _GOLDEN) >> np.uint32(8)) & mask
    age = table.age[0]
    while table.ages[at] == age and table.keys[at] != key:
        at = (at + 1) & mask
    return at


@inlined
def is_used(table: Table, at: np.int64) -> bool:
    """Return whether a place from `place_of` holds its value."""
    return bool(table.ages[at] == table.age[0])


@inlined
def put(table: Table, at: np.int64, key: np.uint32, value: Integer) -> None:
    """Store a value at a place from `place_of`."""
    table.keys[at] = key
    table.values[at] = value
    table.ages[at] = table.age[0]


@kernel
def align(
    tokens: NDArray[np.uint32],
    left: Integer,
    left_length: Integer,
    right: Integer,
    right_length: Integer,
    scratch: Scratch,
) -> int:
    """
    Align two token runs; return how many tokens are matched.

    The common start and end are matched as they are, what lies between by a
    longest common subsequence of its first `MAX_TOKENS` on each side.

    References: H. Hyyrö, "Bit-parallel LCS-length computation revisited",
    AWOCA 2004. The way back through the stored columns is added here.
    """
    partner, back = scratch.partner, scratch.back
    for place in range(left_length):
        partner[place] = -1
    for place in range(right_length):
        back[place] = -1
    shorter = min(left_length, right_length)
    n_start = 0
    while n_start < shorter and tokens[left + n_start] == tokens[right + n_start]:
        partner[n_start] = n_start
        back[n_start] = n_start
        n_start += 1
    n_end = 0
    while (
        n_end < shorter - n_start
        and tokens[left + left_length - 1 - n_end] == tokens[right + right_length - 1 - n_end]
    ):
        partner[left_length - 1 - n_end] = right_length - 1 - n_end
        back[right_length - 1 - n_end] = left_length - 1 - n_end
        n_end += 1
    n_left = min(left_length - n_start - n_end, MAX_TOKENS)
    n_right = min(right_length - n_start - n_end, MAX_TOKENS)
    if n_left == 0 or n_right == 0:
        return n_start + n_end
    return n_start + n_end + _align_middle(tokens, left, right, n_start, n_left, n_right, scratch)


@kernel
def _align_middle(
    tokens: NDArray[np.uint32],
    left: Integer,
    right: Integer,
    n_start: Integer,
    n_left: Integer,
    n_right: Integer,
    scratch: Scratch,
) -> int:
    """Align what lies between the common start and end."""
    table, masks, columns = scratch.table, scratch.masks, scratch.columns
    table.age[0] += 1
    n_words = (n_left + 63) >> 6
    n_distinct = 0
    for place in range(n_left):
        token = tokens[left + n_start + place]
        at = place_of(table, token)
        if not is_used(table, at):
            put(table, at, token, n_distinct)
            for word in range(n_words):
                masks[n_distinct, word] = 0
            n_distinct += 1
        masks[table.values[at], place >> 6] |= _ONE << np.uint64(place & 63)
    for word in range(n_words):
        columns[0, word] = ~np.uint64(0)
        masks[n_distinct, word] = 0
    for place in range(n_right):
        at = place_of(table, tokens[right + n_start + place])
        row = np.int64(table.values[at]) if is_used(table, at) else n_distinct
        carry = np.uint64(0)
        for word in range(n_words):
            column = columns[place, word]
            met = np.uint64(column & masks[row, word])
            total = np.uint64(column + met)
            with_carry = np.uint64(total + carry)
            carry = np.uint64(total < column) | np.uint64(with_carry < total)
            columns[place + 1, word] = with_carry | np.uint64(column - met)
    n_matched = 0
    row_left = np.int64(n_left)
    column_left = np.int64(n_right)
    while row_left > 0 and column_left > 0:
        cell = (row_left - 1) >> 6
        bit = np.uint64((row_left - 1) & 63)
        if (columns[column_left, cell] >> bit) & _ONE:
            row_left -= 1  # the subsequence is no shorter without this token
            continue
        column_left -= 1
        if column_left == 0 or (columns[column_left, cell] >> bit) & _ONE:
            row_left -= 1
            scratch.partner[n_start + row_left] = n_start + column_left
            scratch.back[n_start + column_left] = n_start + row_left
            n_matched += 1
    return n_matched
