"""The table that says what becomes of each character, and where its other parts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels._jit import inlined
from dedupe_news._kernels.text.registers import int64

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

# Everything kernels look up is one array, so that they compile fast: first where
# the later parts are and how long, then parts whose place is fixed.
EXPANSIONS_PLACE = 0  # entries of characters that fold to several
NAMES_PLACE = 1  # hashes of names, increasing; then the classes of each
N_NAMES_PLACE = 2
REFERENCES_PLACE = 3  # hashes of HTML's references, increasing; then two words each
N_REFERENCES_PLACE = 4
DOMAINS_PLACE = 5  # token hashes of the last parts of hosts' names, increasing
N_DOMAINS_PLACE = 6
SPELLINGS_PLACE = 7  # first token hashes of phrases, increasing; then a row of each
N_SPELLINGS_PLACE = 8
SPELLING_FILTER_PLACE = 9  # a bit for the first bits of each of those hashes
ENDINGS_PLACE = 10  # a bit for each two bytes that a mark of what is cut off may end in
ASCII_AT = 16  # entries of the bytes, the folded byte as payload
PAGES_AT = ASCII_AT + 256  # page of each run of 128 code points
ENTRIES_AT = PAGES_AT + (0x110000 >> PAGE_BITS)  # the pages


@inlined
def entry_of(table: NDArray[np.uint32], code_point: int) -> int:
    """Return the fold table's entry of a code point."""
    page = int64(table[np.uintp(PAGES_AT + (code_point >> PAGE_BITS))])
    return int64(table[np.uintp(ENTRIES_AT + (page << PAGE_BITS) + (code_point & PAGE_MASK))])


@inlined
def ends_like_mark(text: NDArray[np.uint8], stop: int, table: NDArray[np.uint32]) -> bool:
    """Say whether the two bytes before `stop` may end a mark that a text is cut off."""
    pair = int64(text[np.uintp(stop - 2)]) << 8 | int64(text[np.uintp(stop - 1)])
    word = table[np.uintp(int64(table[ENDINGS_PLACE]) + (pair >> 5))]
    return bool((word >> np.uint32(pair & 31)) & np.uint32(1))
