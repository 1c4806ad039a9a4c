"""One pass over UTF-8: fold every character, hash every token."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.kernels._jit import inlined, kernel
from dedupe_news.kernels.hashing import xxh32_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

# An entry of the fold table: kind, three flags, rank of a mark, payload.
SEPARATOR = 0  # ends a token
WORD = 1  # belongs to a word; payload is the folded character less the character
SINGLE = 2  # a token of its own, with the marks after it
KANA = 3  # the same, and takes voicing marks
MARK = 4  # belongs to the token before it
VOICING = 5  # the same after kana; nothing elsewhere
IGNORED = 6  # as if it were not there
HANGUL = 7  # a syllable: its letters follow from arithmetic
EXPANSION = 8  # several entries; payload is offset << 5 | count
UNASSIGNED = 9  # as SEPARATOR; no character in the table's version of Unicode
NOT_ASCII = 15  # in the table of bytes only: look further

KIND_MASK = 0xF
UPPER_BIT = 0x10  # upper or title case before folding
DIGIT_BIT = 0x20  # an ASCII digit after folding
STOP_BIT = 0x40  # ends a sentence, or introduces one
RANK_SHIFT = 7
RANK_MASK = 0xF
PAYLOAD_SHIFT = 11
PAYLOAD_MASK = 0x1FFFFF
COUNT_BITS = 5
COUNT_MASK = 0x1F

PAGE_BITS = 7
PAGE_MASK = 0x7F
MAX_CODE_POINT = 0x10FFFF

# Flags of a token.
HAS_DIGIT = 1
CAPITALISED = 2
FIRST_LINE = 4
STARTS_SENTENCE = 8

# L bytes of text fold to no more than GROWTH * L bytes and hold no more than
# TOKENS_PER_BYTE * L tokens; tools/make_fold_table.py and a test check it.
GROWTH = 10
TOKENS_PER_BYTE = 2

MAX_REORDERED = 32
"""Marks that one mark may overtake; bounds the work on hostile text."""


class Tables(NamedTuple):
    """
    Everything kernels look up, as stored in data/folding.npz.

    Parameters
    ----------
    ascii_entries : ndarray of uint32, shape (256,)
        Entries of ASCII with the folded byte as payload; NOT_ASCII elsewhere.
    pages : ndarray of uint16, shape (8704,)
        Page of each run of 128 code points.
    entries : ndarray of uint32
        The pages, one after another.
    expansions : ndarray of uint32
        Entries of characters that fold to several; payloads are code points.
    name_hashes : ndarray of uint32
        XXH32 of the names that furniture is known by; increasing.
    name_classes : ndarray of uint16
        What each name is.
    entity_hashes : ndarray of uint32
        XXH32 of the names of HTML's character references; increasing.
    entity_values : ndarray of uint8, shape (n_entities, 8)
        Length of each value, then its UTF-8.
    """

    ascii_entries: NDArray[np.uint32]
    pages: NDArray[np.uint16]
    entries: NDArray[np.uint32]
    expansions: NDArray[np.uint32]
    name_hashes: NDArray[np.uint32]
    name_classes: NDArray[np.uint16]
    entity_hashes: NDArray[np.uint32]
    entity_values: NDArray[np.uint8]


_HANGUL_FIRST = 0xAC00
_N_TRAILING = 28
_N_VOWELS = 21


@inlined
def _byte(text: NDArray[np.uint8], at: int) -> int:
    return np.int64(text[np.uintp(at)])


@inlined
def put(scratch: NDArray[np.uint8], n: int, code_point: int) -> int:
    """
    Append a code point as UTF-8.

    Parameters
    ----------
    scratch : ndarray of uint8
        Has room.
    n : int
        Bytes in use.
    code_point : int
        In [0, 0x10FFFF].

    Returns
    -------
    int
        Bytes in use afterwards.
    """
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
    """
    Return the character at `at` and its length, as ``code_point << 3 | n_bytes``.

    Parameters
    ----------
    text : ndarray of uint8
        Any bytes.
    at, stop : int
        Where it begins, and where reading must end; ``at < stop``.

    Returns
    -------
    int
        Bytes that are no UTF-8 count as U+FFFD, one byte long. Overlong forms
        and surrogates are decoded as they stand.
    """
    lead = _byte(text, at)
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
        following = _byte(text, at + k)
        if following & 0xC0 != 0x80:
            return 0xFFFD << 3 | 1
        code_point = code_point << 6 | (following & 0x3F)
    if code_point > MAX_CODE_POINT:
        return 0xFFFD << 3 | 1
    return code_point << 3 | n_bytes


@inlined
def entry_of(pages: NDArray[np.uint16], entries: NDArray[np.uint32], code_point: int) -> int:
    """
    Return the fold table's entry of a code point.

    Parameters
    ----------
    pages : ndarray of uint16
        Page of each run of 128 code points.
    entries : ndarray of uint32
        The pages.
    code_point : int
        In [0, 0x10FFFF].

    Returns
    -------
    int
        Its entry.
    """
    page = np.int64(pages[np.uintp(code_point >> PAGE_BITS)])
    return np.int64(entries[np.uintp(page << PAGE_BITS | (code_point & PAGE_MASK))])


@kernel
def _put_mark(
    scratch: NDArray[np.uint8],
    base: int,
    n: int,
    mark: int,
    pages: NDArray[np.uint16],
    entries: NDArray[np.uint32],
) -> int:
    """
    Insert a mark where canonical order has it, among the marks at the end.

    Parameters
    ----------
    scratch : ndarray of uint8
        Holds a token in ``scratch[base:n]``; has room.
    base, n : int
        Its bounds.
    mark : int
        The mark.
    pages, entries : ndarray
        The fold table.

    Returns
    -------
    int
        Bytes in use afterwards.
    """
    rank = (entry_of(pages, entries, mark) >> RANK_SHIFT) & RANK_MASK
    place = n
    for _ in range(MAX_REORDERED):
        before = place - 1
        while before > base and _byte(scratch, before) & 0xC0 == 0x80:
            before -= 1
        if before <= base:
            break
        previous = entry_of(pages, entries, decode(scratch, before, n) >> 3)
        if (previous >> RANK_SHIFT) & RANK_MASK <= rank:
            break
        place = before
    end = put(scratch, n, mark)
    # Marks are three bytes or four; the tail moves by as many.
    width = end - n
    for at in range(n - 1, place - 1, -1):
        scratch[np.uintp(at + width)] = scratch[np.uintp(at)]
    put(scratch, place, mark)
    return end


@kernel
def _put_hangul(scratch: NDArray[np.uint8], n: int, syllable: int) -> int:
    """
    Append the letters of a Hangul syllable [1]_.

    Parameters
    ----------
    scratch : ndarray of uint8
        Has room.
    n : int
        Bytes in use.
    syllable : int
        Code point in [U+AC00, U+D7A3].

    Returns
    -------
    int
        Bytes in use afterwards.

    References
    ----------
    .. [1] The Unicode Standard, section 3.12, "Conjoining Jamo Behavior".
    """
    place = syllable - _HANGUL_FIRST
    n = put(scratch, n, 0x1100 + place // (_N_TRAILING * _N_VOWELS))
    n = put(scratch, n, 0x1161 + place // _N_TRAILING % _N_VOWELS)
    if place % _N_TRAILING:
        n = put(scratch, n, 0x11A7 + place % _N_TRAILING)
    return n


@inlined
def fold_run(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    line: int,
    tables: Tables,
    hashes: NDArray[np.uint32],
    flags: NDArray[np.uint8],
    n_tokens: int,
    scratch: NDArray[np.uint8],
    base: int,
    spans: NDArray[np.int64],
) -> int:
    """
    Write the tokens of one run of text.

    Parameters
    ----------
    text : ndarray of uint8
        UTF-8; other bytes part words.
    start, stop : int
        Bounds of the run.
    line : int
        FIRST_LINE or 0, for every token's flags.
    tables : Tables
        Fold table.
    hashes : ndarray of uint32
        Receives XXH32 of each folded token; has room.
    flags : ndarray of uint8
        Receives the flags of each token.
    n_tokens : int
        Tokens written before.
    scratch : ndarray of uint8
        Room for ``GROWTH * (stop - start)`` bytes from `base`.
    base : int
        Where the first folded token goes.
    spans : ndarray of int64, shape (n, 3) or (0, 3)
        If it has rows, receives of each token where it begins and ends in
        `text`, and where it ends in `scratch`, where all tokens then stay.

    Returns
    -------
    int
        Tokens written so far.
    """
    ascii_entries = tables.ascii_entries
    pages = tables.pages
    entries = tables.entries
    expansions = tables.expansions
    keep = spans.shape[0] > 0
    at = start
    width = 0
    expansion = 0  # entries of the present character still to do
    following = 0  # where the next of them is
    opening = 0  # where the first of them was
    sentence = STOP_BIT
    while True:
        n = base
        single = False
        kana = False
        first = 0
        seen = 0
        rank = 0
        token_start = at
        if expansion == 0:
            while at < stop:
                entry = np.int64(ascii_entries[np.uintp(_byte(text, at))])
                if entry & KIND_MASK != SEPARATOR:
                    break
                sentence |= entry
                at += 1
            token_start = at
        while True:
            char = 0
            if expansion == 0:
                if not single:
                    run_start = at
                    while at < stop:
                        entry = np.int64(ascii_entries[np.uintp(_byte(text, at))])
                        if entry & KIND_MASK != WORD:
                            break
                        scratch[np.uintp(n)] = np.uint8(entry >> PAYLOAD_SHIFT)
                        seen |= entry
                        n += 1
                        at += 1
                    if at > run_start:
                        rank = 0
                        if n - base == at - run_start:
                            token_start = run_start
                            first = np.int64(ascii_entries[np.uintp(_byte(text, run_start))])
                if at >= stop:
                    break
                entry = np.int64(ascii_entries[np.uintp(_byte(text, at))])
                width = 1
                if entry & KIND_MASK == NOT_ASCII:
                    decoded = decode(text, at, stop)
                    width = decoded & 7
                    char = decoded >> 3
                    entry = entry_of(pages, entries, char)
                    if entry & KIND_MASK == EXPANSION:
                        payload = entry >> PAYLOAD_SHIFT
                        expansion = payload & COUNT_MASK
                        following = payload >> COUNT_BITS
                        opening = following
            if expansion > 0:
                entry = np.int64(expansions[np.uintp(following)])
                char = 0
            kind = entry & KIND_MASK
            folded = -1
            if kind == WORD or kind == HANGUL:
                if single:
                    break
                if n == base:
                    token_start = at
                    first = entry
                seen |= entry
                rank = 0
                if kind == HANGUL:
                    n = _put_hangul(scratch, n, char)
                else:
                    folded = char + (entry >> PAYLOAD_SHIFT)
            elif kind == SINGLE or kind == KANA:
                if n > base:
                    break
                token_start = at
                single = True
                kana = kind == KANA
                rank = 0
                folded = char + (entry >> PAYLOAD_SHIFT)
            elif (kind == MARK and n > base) or (kind == VOICING and kana):
                folded = char + (entry >> PAYLOAD_SHIFT)
                own_rank = (entry >> RANK_SHIFT) & RANK_MASK
                if 0 < own_rank < rank:
                    n = _put_mark(scratch, base, n, folded & PAYLOAD_MASK, pages, entries)
                    folded = -1
                else:
                    rank = own_rank
            elif kind == SEPARATOR or kind == UNASSIGNED:
                if n > base:
                    break
                sentence |= entry
            if folded >= 0:
                n = put(scratch, n, folded & PAYLOAD_MASK)
            if expansion > 0:
                following += 1
                expansion -= 1
            if expansion == 0:
                at += width
        if n == base:
            break
        hashes[np.uintp(n_tokens)] = xxh32_bytes(scratch, base, n)
        flag = line
        if seen & DIGIT_BIT:
            flag |= HAS_DIGIT
        if first & UPPER_BIT:
            flag |= CAPITALISED
        if sentence & STOP_BIT:
            flag |= STARTS_SENTENCE
        flags[np.uintp(n_tokens)] = np.uint8(flag)
        sentence = 0
        if keep:
            spans[n_tokens, 0] = token_start
            # A character of two tokens belongs to both.
            spans[n_tokens, 1] = at + width if expansion > 0 and following > opening else at
            spans[n_tokens, 2] = n
            base = n
        n_tokens += 1
    return n_tokens
