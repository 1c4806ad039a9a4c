"""One pass over UTF-8: fold every character, hash every token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.hashing import xxh32_bytes
from dedupe_news._kernels.text.characters import byte_at, decode, put, put_hangul, put_mark
from dedupe_news._kernels.text.compounds import (
    COMPOUND_BITS,
    COMPOUND_MASK,
    GROUPED,
    INITIALS,
    LINK,
    compound_of,
    is_persian_affix,
    may_group,
)
from dedupe_news._kernels.text.registers import (
    ALL,
    CASE,
    ONES,
    TOPS,
    below,
    digits_of,
    hash_short,
    int64,
    letters_of,
    load64,
)
from dedupe_news._kernels.text.table import (
    ASCII_AT,
    COUNT_BITS,
    COUNT_MASK,
    DIGIT_BIT,
    EXPANSION,
    EXPANSIONS_PLACE,
    HANGUL,
    KANA,
    KIND_MASK,
    MARK,
    NOT_ASCII,
    PAYLOAD_MASK,
    PAYLOAD_SHIFT,
    RANK_MASK,
    RANK_SHIFT,
    SEPARATOR,
    SINGLE,
    STOP_BIT,
    UNASSIGNED,
    UPPER_BIT,
    VOICING,
    WORD,
    entry_of,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.text.lines import Written

# Flags of a token; above them its stem.
HAS_DIGIT = 1
CAPITALISED = 2
FIRST_LINE = 4
STARTS_SENTENCE = 8
STEM_SHIFT = 8
STEM_LENGTH = 4
"""Characters that two forms of a word share at least."""

# L bytes of text fold to no more than GROWTH * L bytes and hold no more than
# TOKENS_PER_BYTE * L tokens; tools/make_fold_table.py and a test check it.
GROWTH = 10
TOKENS_PER_BYTE = 2
_FIRST_TOP = np.uint64(0x80)
_STEM_BYTES = np.uint64(0xFFFFFFFF)
GOLDEN = 0x9E3779B1
_MAX_FIRST_GROUP = 3


@inlined
def is_dash_or_quote(text: NDArray[np.uint8], at: int) -> bool:
    """Say whether U+2010 to U+2026 is there, all punctuation; only the last ends a sentence."""
    third = byte_at(text, at + 2)
    return byte_at(text, at) == 0xE2 and byte_at(text, at + 1) == 0x80 and 0x90 <= third <= 0xA6


@kernel
def _is_alone(text: NDArray[np.uint8], at: int, size: int) -> bool:
    """Say whether a word of up to 15 bytes parts from letters, joins no digits and goes not on."""
    after = byte_at(text, at + size)
    following = byte_at(text, at + min(size + 1, 15))
    if not 0x30 <= byte_at(text, at) <= 0x39:
        return following <= 0x20
    for k in range(size):
        if byte_at(text, at + k) > 0x39:
            return False
    if size > _MAX_FIRST_GROUP or not may_group(after):
        return True
    return after < 0x80 and following < 0x30


@inlined
def _stem(word: np.uint32) -> np.uint32:
    """Return four bytes mixed, where a token's flags have its stem."""
    return np.uint32(np.uint32(word * np.uint32(GOLDEN)) >> np.uint32(STEM_SHIFT)) << np.uint32(
        STEM_SHIFT
    )


@kernel
def _stem_of(scratch: NDArray[np.uint8], base: int, n: int) -> np.uint32:
    """Return the stem of a token: its first characters, in as many bytes as they take."""
    stop = base
    n_chars = 0
    word = np.uint32(0)
    while stop < n:
        if byte_at(scratch, stop) & 0xC0 != 0x80:
            n_chars += 1
            if n_chars > STEM_LENGTH:
                break
        if stop < base + 4:
            word |= np.uint32(byte_at(scratch, stop)) << np.uint32(8 * (stop - base))
        stop += 1
    return _stem(word if stop <= base + 4 else xxh32_bytes(scratch, base, stop))


@inlined
def fold_run(
    text: NDArray[np.uint8],
    start: int,
    stop: int,
    table: NDArray[np.uint32],
    written: Written,
    n_tokens: int,
    line: int,
    with_links: int,
) -> int:
    """Write the tokens of one run of text."""
    hashes, flags, spans, scratch = written
    expansions = int64(table[EXPANSIONS_PLACE])
    keep = spans.shape[0] > 0
    base = int64(0)
    if keep and n_tokens > 0:
        base = spans[n_tokens - 1, 2]
    # Short words of ASCII are folded and hashed in a register.
    limit = 0 if keep else text.shape[0]
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
        numeric = 0  # DIGIT_BIT while the token holds digits alone
        joined = 0  # before this place separators are passed over
        what = 0
        parted = False
        token_start = at
        if expansion == 0:
            while at < stop:
                entry = int64(table[np.uintp(ASCII_AT + int64(text[np.uintp(at)]))])
                if entry & KIND_MASK == SEPARATOR:
                    sentence |= entry
                    at += 1
                elif (
                    entry & KIND_MASK == NOT_ASCII and at + 3 <= stop and is_dash_or_quote(text, at)
                ):
                    if text[np.uintp(at + 2)] == 0xA6:
                        sentence |= STOP_BIT
                    at += 3
                else:
                    break
            token_start = at
            if at + 16 <= limit:
                low = load64(text, at)
                high = np.uint64(0)
                digits = digits_of(low)
                ends = (letters_of(low) | digits) ^ TOPS
                if ends:
                    low_kept = below(ends)
                    digits &= low_kept
                    high_kept = np.uint64(0)
                    size = int64(((low_kept & ONES) * ONES) >> np.uint64(56))
                else:
                    high = load64(text, at + 8)
                    high_digits = digits_of(high)
                    ends = (letters_of(high) | high_digits) ^ TOPS
                    low_kept = ALL
                    high_kept = below(ends)
                    digits |= high_digits & high_kept
                    size = 8 + int64(((high_kept & ONES) * ONES) >> np.uint64(56))
                after = int64(text[np.uintp(at + (size & 15))])
                ends_here = at + size <= stop and ends != np.uint64(0) and size > 0
                if ends_here and at + size < stop and after >= 0x80:
                    # Typographic quotes and dashes part words; other characters may not.
                    ends_here = at + size + 3 <= stop and is_dash_or_quote(text, at + size)
                if ends_here:
                    flag = line
                    if digits:
                        flag |= HAS_DIGIT
                    if low & np.uint64(0x20) == np.uint64(0):
                        flag |= CAPITALISED
                    if sentence & STOP_BIT:
                        flag |= STARTS_SENTENCE
                    hashes[np.uintp(n_tokens)] = hash_short(
                        (low | CASE) & low_kept, (high | CASE) & high_kept, size
                    )
                    stem = _stem(np.uint32((low | CASE) & low_kept & _STEM_BYTES))
                    flags[np.uintp(n_tokens)] = stem | np.uint32(flag)
                    if (
                        digits & _FIRST_TOP == np.uint64(0) and after != 0x2E and after != 0x3A
                    ) or _is_alone(text, at, size):
                        n_tokens += 1
                        sentence = 0
                        # Mostly one space follows; beyond `stop` nothing is read anyway.
                        at += size + int64(after == 0x20)
                        continue
        while True:
            char = 0
            if expansion == 0:
                if not single:
                    run_start = at
                    if n == base and at < stop:
                        # Letters behind digits are another token.
                        numeric = DIGIT_BIT & int64(
                            table[np.uintp(ASCII_AT + int64(text[np.uintp(at)]))]
                        )
                    while at < stop:
                        entry = int64(table[np.uintp(ASCII_AT + int64(text[np.uintp(at)]))])
                        if entry & KIND_MASK != WORD:
                            break
                        if numeric & ~entry:
                            break
                        scratch[np.uintp(n)] = np.uint8(entry >> PAYLOAD_SHIFT)
                        seen |= entry
                        n += 1
                        at += 1
                    if at > run_start:
                        rank = 0
                        if n - base == at - run_start:
                            token_start = run_start
                            first = int64(
                                table[np.uintp(ASCII_AT + int64(text[np.uintp(run_start)]))]
                            )
                if at >= stop:
                    break
                entry = int64(table[np.uintp(ASCII_AT + int64(text[np.uintp(at)]))])
                width = 1
                if entry & KIND_MASK == NOT_ASCII:
                    decoded = decode(text, at, stop)
                    width = decoded & 7
                    char = decoded >> 3
                    entry = entry_of(table, char)
                    if entry & KIND_MASK == EXPANSION:
                        payload = entry >> PAYLOAD_SHIFT
                        expansion = payload & COUNT_MASK
                        following = payload >> COUNT_BITS
                        opening = following
            if expansion > 0:
                entry = int64(table[np.uintp(expansions + following)])
                char = 0
            kind = entry & KIND_MASK
            folded = -1
            if kind == WORD or kind == HANGUL:
                if single:
                    break
                if n == base:
                    token_start = at
                    first = entry
                    numeric = entry & DIGIT_BIT
                elif numeric & ~entry:
                    break
                seen |= entry
                rank = 0
                if kind == HANGUL:
                    n = put_hangul(scratch, n, char)
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
                    n = put_mark(scratch, base, n, folded & PAYLOAD_MASK, table)
                    folded = -1
                else:
                    rank = own_rank
            elif kind == SEPARATOR or kind == UNASSIGNED:
                if n > base and what == 0 and expansion == 0 and not single:
                    # A word alone, or the beginning of more?
                    byte = int64(text[np.uintp(at)])
                    if byte == 0x2E or byte == 0x3A or (numeric and may_group(byte)):
                        found = compound_of(text, start, token_start, stop, table, with_links)
                        what = found & COMPOUND_MASK
                        joined = found >> COMPOUND_BITS
                        if what == LINK:
                            at = joined
                            n = base
                            break
                    elif (
                        byte == 0x20
                        and 0xD8 <= scratch[np.uintp(base)] <= 0xDB
                        and is_persian_affix(text, token_start, at, stop, table)
                    ):
                        what = GROUPED
                        joined = at + 1
                if n > base and at >= joined:
                    break
                if n == base:
                    sentence |= entry
                    parted = expansion <= 1
            if folded >= 0:
                n = put(scratch, n, folded & PAYLOAD_MASK)
            if expansion > 0:
                following += 1
                expansion -= 1
            if expansion == 0:
                at += width
            if parted:
                break
        if n == base:
            if parted or what == LINK:
                continue
            break
        hashes[np.uintp(n_tokens)] = xxh32_bytes(scratch, base, n)
        flag = line
        if seen & DIGIT_BIT:
            flag |= HAS_DIGIT
        if first & UPPER_BIT:
            flag |= CAPITALISED
        if sentence & STOP_BIT:
            flag |= STARTS_SENTENCE
        flags[np.uintp(n_tokens)] = _stem_of(scratch, base, n) | np.uint32(flag)
        sentence = 0
        if keep:
            spans[n_tokens, 0] = token_start
            # A character of two tokens belongs to both.
            spans[n_tokens, 1] = at + width if expansion > 0 and following > opening else at
            spans[n_tokens, 2] = n
            base = n
        if what == INITIALS and first & UPPER_BIT and at == joined and at < stop:
            # The last point of "U.S." ends no sentence, or nobody can say.
            at += int64(text[np.uintp(at)] == 0x2E)
        n_tokens += 1
    return n_tokens
