"""Words that hold separators, numbers in groups, and links: what begins at a place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.text.characters import (
    COMMA_SIGN,
    POINT_SIGN,
    SEVERAL_LETTERS,
    SPACE_SIGN,
    byte_at,
    char_at,
    is_letter,
    kind_of,
)
from dedupe_news._kernels.text.known_names import MONTH, name_class
from dedupe_news._kernels.text.links import link_stop
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.table import (
    DIGIT_BIT,
    EXPANSION,
    HANGUL,
    IGNORED,
    KIND_MASK,
    MARK,
    PAYLOAD_MASK,
    PAYLOAD_SHIFT,
    SEPARATOR,
    VOICING,
    WORD,
    entry_of,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_GROUP = 3
_INDIAN_GROUP = 2
_MAX_MONTH = 24
_ZERO = 0x30


@inlined
def may_group(byte: int) -> bool:
    """Say whether a byte may begin what stands between the groups of a number."""
    return (
        byte == SPACE_SIGN
        or byte == COMMA_SIGN
        or byte == POINT_SIGN
        or byte == 0x27
        or byte >= 0x80
    )


@inlined
def _groups_digits(char: int) -> bool:
    # Apostrophes; no-break, figure, thin and narrow no-break spaces; Arabic and wide commas.
    return (
        (may_group(char) and char < 0x80)
        or char == 0x2019
        or char == 0xA0
        or char == 0x2007
        or char == 0x2009
        or char == 0x202F
        or char == 0x066C
        or char == 0xFF0C
    )  # fmt: skip


@kernel
def _digit_of(text: NDArray[np.uint8], at: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return the folded digit at a place and its width as ``digit << 3 | n_bytes``, or -1."""
    if at >= stop:
        return -1
    decoded = char_at(text, at, stop)
    char = decoded >> 3
    entry = entry_of(table, char)
    if entry & KIND_MASK != WORD or entry & DIGIT_BIT == 0:
        return -1
    digit = ((char + (entry >> PAYLOAD_SHIFT)) & PAYLOAD_MASK) - _ZERO
    return digit << 3 | (decoded & 7)


@kernel
def _digits_stop(text: NDArray[np.uint8], at: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return where a run of digits ends, and how many they are up to four: ``stop << 3 | n``."""
    n_digits = 0
    while n_digits <= _GROUP:
        digit = _digit_of(text, at, stop, table)
        if digit < 0:
            break
        at += digit & 7
        n_digits += 1
    return at << 3 | n_digits


@inlined
def _place_before(text: NDArray[np.uint8], begin: int, at: int) -> int:
    """Return where the character before `at` begins."""
    at -= 1
    while at > begin and byte_at(text, at) & 0xC0 == 0x80:
        at -= 1
    return at


@kernel
def _is_in_list(
    text: NDArray[np.uint8],
    begin: int,
    at: int,
    table: NDArray[np.uint32],
    separator: int,
) -> bool:
    """Say whether the number at `at` goes on another one, or with spaces follows what may count."""
    if at == begin:
        return False
    place = _place_before(text, begin, at)
    before = char_at(text, place, at) >> 3
    spaced = separator == SPACE_SIGN
    if _groups_digits(before) and (spaced or before != SPACE_SIGN):
        earlier = _place_before(text, begin, place) if place > begin else place
        if earlier < place and _digit_of(text, earlier, place, table) >= 0:
            return True
    if not spaced:
        return False
    if before != SPACE_SIGN:
        # "COVID-19 300", "12:30 300": only a bracket, a sign or a quotation mark may stand here.
        return before < 0x80 and before != 0x28 and before != 0x24 and before != 0x22
    word = place
    while word > begin and place - word < _MAX_MONTH and byte_at(text, word - 1) > SPACE_SIGN:
        word -= 1
    return bool(name_class(text, word, place, table) & MONTH)


@kernel
def grouped_stop(  # noqa: PLR0911 - one return for each reason
    text: NDArray[np.uint8], begin: int, at: int, stop: int, table: NDArray[np.uint32]
) -> int:
    """Return where a number of several groups of digits ends; `at` where none begins."""
    found = _digits_stop(text, at, stop, table)
    end = found >> 3
    n_first = found & 7
    if n_first == 0 or n_first > _GROUP or end >= stop or _digit_of(text, at, stop, table) < 8:
        return at
    separator = char_at(text, end, stop) >> 3
    if not _groups_digits(separator):
        return at
    n_groups = 0
    n_indian = 0
    while end < stop:
        decoded = char_at(text, end, stop)
        if decoded >> 3 != separator:
            break
        found = _digits_stop(text, end + (decoded & 7), stop, table)
        n_digits = found & 7
        if n_digits == 0:
            break
        if n_digits == _GROUP and (n_indian == 0 or n_groups == 0):
            n_groups += 1
        elif (
            n_digits == _INDIAN_GROUP
            and separator == COMMA_SIGN
            and n_groups == 0
            and n_first <= _INDIAN_GROUP
        ):
            n_indian += 1
        else:
            return at
        end = found >> 3
    if n_groups == 0 or _is_in_list(text, begin, at, table, separator):
        return at
    if separator == SPACE_SIGN and end < stop:
        # "5 300-400", "5 100m": the digits behind the space belong to what follows.
        following = byte_at(text, end)
        if is_letter(following):
            return at
        joins = following == 0x2D or following == 0x3A or following == 0x2F
        if joins and _digit_of(text, end + 1, stop, table) >= 0:
            return at
    return end


# What `compound_of` returns besides a place.
LINK = 1
INITIALS = 2
GROUPED = 3
COMPOUND_BITS = 2
COMPOUND_MASK = 3


@kernel
def _initials_stop(text: NDArray[np.uint8], at: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return where the last of two or more letters with points between ends; `at` if none."""
    n_letters = 0
    end = at
    place = at
    while place < stop:
        decoded = char_at(text, place, stop)
        entry = entry_of(table, decoded >> 3)
        kind = kind_of(table, entry)
        if kind == IGNORED and n_letters > 0:
            place += decoded & 7
            continue
        if kind != WORD or entry & DIGIT_BIT:
            break
        following = int64(0)
        kind = int64(SEPARATOR)
        while True:
            place += decoded & 7
            if place >= stop:
                following = 0
                kind = int64(SEPARATOR)
                break
            decoded = char_at(text, place, stop)
            following = decoded >> 3
            kind = kind_of(table, entry_of(table, following))
            if kind != IGNORED and kind != MARK and kind != VOICING:
                break
        if kind == WORD or kind == HANGUL or kind == SEVERAL_LETTERS:
            break
        n_letters += 1
        end = place
        if following != POINT_SIGN:
            break
        place += 1
    return end if n_letters > 1 else at


@inlined
def _is_arabic(byte: int) -> bool:
    return 0xD8 <= byte <= 0xDB


@inlined
def _yeh_stop(text: NDArray[np.uint8], at: int, stop: int) -> int:
    """Return where the letter yeh at `at`, in any of its three forms, ends; `at` for another."""
    if at + 2 > stop:
        return at
    lead, second = byte_at(text, at), byte_at(text, at + 1)
    is_yeh = (lead == 0xDB and second == 0x8C) or (lead == 0xD9 and 0x89 <= second <= 0x8A)
    return at + 2 if is_yeh else at


@kernel
def is_persian_affix(
    text: NDArray[np.uint8], start: int, end: int, stop: int, table: NDArray[np.uint32]
) -> bool:
    """Say whether the space at `end`, behind the word at `start`, parts a Persian affix from it."""
    after = end + 1
    if not _is_arabic(byte_at(text, start)) or after + 2 > stop:
        return False
    if not _is_arabic(byte_at(text, after)):
        return False
    at = start
    if byte_at(text, at) == 0xD9 and byte_at(text, at + 1) == 0x86:
        at += 2
    if at + 4 == end and byte_at(text, at) == 0xD9 and byte_at(text, at + 1) == 0x85:
        # "mi" and "nemi" begin a verb.
        follows = entry_of(table, char_at(text, after, stop) >> 3) & KIND_MASK == WORD
        if _yeh_stop(text, at + 2, end) == end and follows:
            return True
    if (
        after + 4 > stop
        or byte_at(text, after) != 0xD9
        or byte_at(text, after + 1) != 0x87
        or byte_at(text, after + 2) != 0xD8
        or byte_at(text, after + 3) != 0xA7
    ):
        return False
    # "ha", "haye" and "hayi" end a noun.
    at = _yeh_stop(text, after + 4, stop)
    at = _yeh_stop(text, at, stop)
    return at >= stop or byte_at(text, at) < 0x80


@kernel
def compound_of(
    text: NDArray[np.uint8],
    begin: int,
    at: int,
    stop: int,
    table: NDArray[np.uint32],
    with_links: int,
) -> int:
    """
    Return what begins with the word at `at`, as ``place << COMPOUND_BITS | what``; 0 for nothing.

    `begin` and `stop` bound the text. `place` is where the last letter or digit of `INITIALS` or a
    `GROUPED` number ends, or where a `LINK` does.
    """
    byte = byte_at(text, at)
    if byte >= 0x80:
        decoded = char_at(text, at, stop)
        entry = entry_of(table, decoded >> 3)
        is_number = entry & DIGIT_BIT != 0
        if entry & KIND_MASK != WORD and entry & KIND_MASK != EXPANSION:
            return 0
    else:
        is_number = 0x30 <= byte <= 0x39
        if not is_number:
            if not is_letter(byte):
                return 0
            if with_links:
                end = link_stop(text, at, stop, table)
                if end > at:
                    return end << COMPOUND_BITS | LINK
    if is_number:
        end = grouped_stop(text, begin, at, stop, table)
        return end << COMPOUND_BITS | GROUPED if end > at else 0
    end = _initials_stop(text, at, stop, table)
    return end << COMPOUND_BITS | INITIALS if end > at else 0
