"""Numbers whose groups of digits are parted by points, commas, spaces or apostrophes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.text.characters import COMMA_SIGN, POINT_SIGN, SPACE_SIGN, is_letter
from dedupe_news._kernels.text.names import MONTH, name_class
from dedupe_news._kernels.text.table import (
    DIGIT_BIT,
    KIND_MASK,
    PAYLOAD_MASK,
    PAYLOAD_SHIFT,
    WORD,
    entry_of,
)
from dedupe_news._kernels.text.utf8 import byte_at, decode

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


@inlined
def digit_of(text: NDArray[np.uint8], at: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return the folded digit at a place and its width as ``digit << 3 | n_bytes``, or -1."""
    if at >= stop:
        return -1
    decoded = decode(text, at, stop)
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
        digit = digit_of(text, at, stop, table)
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
    before = decode(text, place, at) >> 3
    spaced = separator == SPACE_SIGN
    if _groups_digits(before) and (spaced or before != SPACE_SIGN):
        earlier = _place_before(text, begin, place) if place > begin else place
        if earlier < place and digit_of(text, earlier, place, table) >= 0:
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
    if n_first == 0 or n_first > _GROUP or end >= stop or digit_of(text, at, stop, table) < 8:
        return at
    separator = decode(text, end, stop) >> 3
    if not _groups_digits(separator):
        return at
    n_groups = 0
    n_indian = 0
    while end < stop:
        decoded = decode(text, end, stop)
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
        if joins and digit_of(text, end + 1, stop, table) >= 0:
            return at
    return end
