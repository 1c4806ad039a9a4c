"""Tags, comments, scripts, styles and lists of links go, character references are decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import kernel
from dedupe_news._kernels.text.characters import (
    MAX_CODE_POINT,
    SPACE_SIGN,
    is_letter,
    is_space,
    put,
)
from dedupe_news._kernels.text.known_names import (
    ELEMENT,
    FNV_PRIME,
    FNV_START,
    find_hash,
    name_class,
)
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.table import N_REFERENCES_PLACE, REFERENCES_PLACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MAX_REFERENCE = 40
_REPLACEMENT = 0xFFFD
_NOTHING = -1

# What browsers make of references to the C1 controls: Windows-1252.
_WINDOWS_1252 = np.array(
    [
        0x20AC, 0x81, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D, 0x017D, 0x8F,
        0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D, 0x017E, 0x0178,
    ],
    np.int64,
)  # fmt: skip


@kernel
def _digit(byte: int, base: int) -> int:
    if 0x30 <= byte <= 0x39:
        return byte - 0x30
    if base == 16 and 0x61 <= (byte | 0x20) <= 0x66:
        return (byte | 0x20) - 0x57
    return -1


@kernel
def _from_number(number: int) -> int:
    """Return the character that a numeric reference stands for."""
    if 0x80 <= number < 0xA0:
        return int64(_WINDOWS_1252[number - 0x80])
    if number == 0 or 0xD800 <= number < 0xE000 or number > MAX_CODE_POINT:
        return _REPLACEMENT
    if number < 0x20 or number == 0x7F:
        # White space stays, but must not become a line of its own.
        return SPACE_SIGN if 0x09 <= number <= 0x0D and number != 0x0B else _NOTHING
    if 0xFDD0 <= number < 0xFDF0 or number & 0xFFFE == 0xFFFE:
        return _NOTHING
    return number


@kernel
def reference_stop(
    text: NDArray[np.uint8],
    at: int,
    stop: int,
    table: NDArray[np.uint32],
    value: NDArray[np.uint8],
) -> int:
    """Decode the character reference whose ampersand is at `at`."""
    stop = min(stop, at + _MAX_REFERENCE)
    k = at + 1
    if k < stop and text[k] == 0x23:
        k += 1
        base = 10
        if k < stop and text[k] | 0x20 == 0x78:
            base = 16
            k += 1
        begin = k
        number = 0
        while k < stop:
            digit = _digit(int64(text[k]), base)
            if digit < 0:
                break
            number = min(number * base + digit, MAX_CODE_POINT + 1)
            k += 1
        if k == begin:
            return at
        if k < stop and text[k] == 0x3B:
            k += 1
        char = _from_number(number)
        value[7] = put(value, int64(0), char) if char >= 0 else 0
        return k
    wanted = FNV_START
    while k < stop and (is_letter(int64(text[k])) or 0x30 <= text[k] <= 0x39):
        wanted = ((wanted ^ int64(text[k])) * FNV_PRIME) & 0xFFFFFFFF
        k += 1
    if k == stop or text[k] != 0x3B:
        return at
    place = find_hash(table, int64(REFERENCES_PLACE), wanted)
    if place < 0:
        return at
    values = int64(table[REFERENCES_PLACE]) + int64(table[N_REFERENCES_PLACE])
    low = int64(table[values + 2 * place])
    high = int64(table[values + 2 * place + 1])
    for byte in range(4):
        value[byte] = np.uint8((low >> (8 * byte)) & 0xFF)
        value[4 + byte] = np.uint8((high >> (8 * byte)) & 0xFF)
    return k + 1


_MAX_TAG = 1024
_MAX_PASSES = 3  # "&amp;amp;lt;" takes as many
_LEAST_LINKS = 2
_LEAST_LINK = 24  # bytes without spaces: a headline, no tag or name
_AMPERSAND = 0x26
_LESS = 0x3C
_GREATER = 0x3E


@kernel
def find_markup(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    start: int,
    stop: int,
    marked: NDArray[np.uint8],
) -> int:
    """Mark the documents that may hold markup at all."""
    n_bytes = 0
    for i in range(start, stop):
        # Without an early end, so that it runs many bytes at a time.
        found = np.uint8(0)
        for at in range(offsets[i], offsets[i + 1]):
            byte = buffer[np.uintp(at)]
            found |= np.uint8(byte == _AMPERSAND) | np.uint8(byte == _LESS)
        marked[i - start] = found
        if found:
            n_bytes += offsets[i + 1] - offsets[i]
    return n_bytes


@kernel
def _find_closing(
    text: NDArray[np.uint8], at: int, stop: int, name_start: int, name_stop: int
) -> int:
    # Where "</name" begins again, in either case; `stop` if nowhere.
    width = name_stop - name_start
    while at + 2 + width <= stop:
        if text[at] == _LESS and text[at + 1] == 0x2F:
            same = True
            for k in range(width):
                if (text[at + 2 + k] | 0x20) != (text[name_start + k] | 0x20):
                    same = False
                    break
            if same:
                return at
        at += 1
    return stop


@kernel
def _tag_stop(text: NDArray[np.uint8], at: int, stop: int, table: NDArray[np.uint32]) -> int:
    """Return where the tag that begins at `at` ends; `at` where none does."""
    k = at + 1
    closing = k < stop and text[k] == 0x2F
    if closing:
        k += 1
    begin = k
    while (
        k < stop
        and k - begin < 12
        and (is_letter(int64(text[k])) or (k > begin and 0x30 <= text[k] <= 0x39))
    ):
        k += 1
    if k == begin or k == stop or name_class(text, begin, k, table) & ELEMENT == 0:
        return at
    if text[k] == _GREATER:
        return k + 1
    if not is_space(int64(text[k])) and text[k] != 0x2F:
        return at
    limit = min(stop, k + _MAX_TAG)
    quote = 0
    n_equal = 0
    n_letters = 0
    while k < limit:
        byte = int64(text[k])
        if quote > 0:
            if byte == quote:
                quote = 0
        elif byte == _GREATER:
            return k + 1 if n_equal > 0 or n_letters == 0 else at
        elif byte == _LESS:
            return at
        elif byte == 0x3D:
            n_equal += 1
        elif (byte == 0x22 or byte == 0x27) and n_equal > 0:
            quote = byte
        elif not is_space(byte) and byte != 0x2F:
            n_letters += 1
        k += 1
    return stop if k == stop and n_equal > 0 and not closing else at


@kernel
def _is_raw_text(text: NDArray[np.uint8], at: int) -> bool:
    # <script or <style; a tag was found here, so that six bytes are there.
    second = text[at + 2] | 0x20
    third = text[at + 3] | 0x20
    script = second == 0x63 and third == 0x72
    style = second == 0x74 and third == 0x79
    return bool(text[at + 1] | 0x20 == 0x73 and (script or style))


@kernel
def _is_link(text: NDArray[np.uint8], at: int, stop: int) -> bool:
    # <a or </a; a tag was found here, which ends before `stop`.
    at += 2 if text[at + 1] == 0x2F else 1
    return bool(text[at] | 0x20 == 0x61 and at + 1 < stop and not is_letter(int64(text[at + 1])))


@kernel
def _links_stop(
    text: NDArray[np.uint8], at: int, stop: int, table: NDArray[np.uint32]
) -> tuple[int, int]:
    """
    Return where the list of links that begins at `at` ends, and how far was looked.

    Links with nothing between them, of which one has a headline's length, are no words of an
    article: pages list their other articles so (link density, Kohlschütter et al., WSDM 2010).
    The list ends at `at` where there is none.
    """
    n_links = n_bytes = most_bytes = 0
    inside = False
    end = k = at
    while k < stop:
        byte = int64(text[k])
        after = _tag_stop(text, k, stop, table) if byte == _LESS else k
        if after > k:
            if _is_link(text, k, stop):
                if text[k + 1] != 0x2F:
                    inside = True
                    n_bytes = 0
                elif inside:
                    inside = False
                    n_links += 1
                    most_bytes = max(most_bytes, n_bytes)
                    end = after
            k = after
            continue
        if not is_space(byte):
            if not inside:
                break
            n_bytes += 1
        k += 1
    return end if n_links >= _LEAST_LINKS and most_bytes >= _LEAST_LINK else at, k


@kernel
def _clean_once(
    source: NDArray[np.uint8],
    start: int,
    stop: int,
    table: NDArray[np.uint32],
    clean: NDArray[np.uint8],
    places: NDArray[np.int64],
    begin: int,
    first: int,
) -> int:
    """Drop one level of markup."""
    value = np.empty(8, np.uint8)
    keep = places.shape[0] > 0
    raw_closed = True
    comment_closed = True
    has_text = False
    links_seen = start
    n = begin
    at = start
    while at < stop:
        byte = source[at]
        value[0] = byte
        value[7] = 1
        end = at + 1
        if byte == _AMPERSAND:
            after = reference_stop(source, at, stop, table, value)
            if after > at:
                end = after
        elif byte == _LESS:
            after = at
            if at + 3 < stop and source[at + 1] == 0x21:
                if source[at + 2] == 0x2D and source[at + 3] == 0x2D and comment_closed:
                    k = at + 4
                    while k + 2 < stop and not (
                        source[k] == 0x2D and source[k + 1] == 0x2D and source[k + 2] == _GREATER
                    ):
                        k += 1
                    comment_closed = k + 2 < stop
                    after = k + 3 if comment_closed else at
            else:
                after = _tag_stop(source, at, stop, table)
                if after > at + 6 and raw_closed and _is_raw_text(source, at):
                    name_stop = at + 6 if source[at + 2] | 0x20 == 0x74 else at + 7
                    closing = _find_closing(source, after, stop, at + 1, name_stop)
                    raw_closed = closing < stop
                    if raw_closed:
                        after = closing
                if after > at and has_text and at >= links_seen and _is_link(source, at, stop):
                    links_stop, links_seen = _links_stop(source, at, stop, table)
                    after = max(after, links_stop)
            if after > at:
                end = after
                value[0] = SPACE_SIGN
                if source[end - 1] != _GREATER and end == stop:
                    # A tag that the end of the text cuts off: an ellipsis says so.
                    value[0] = 0xE2
                    value[1] = 0x80
                    value[2] = 0xA6
                    value[7] = 3
        begin_place = at
        end_place = end
        if keep and first == 0:
            begin_place = places[at, 0]
            end_place = places[end - 1, 1]
        has_text |= value[0] != SPACE_SIGN and not is_space(int64(value[0]))
        for k in range(int64(value[7])):
            clean[n] = value[k]
            if keep:
                places[n, 0] = begin_place
                places[n, 1] = end_place
            n += 1
        at = end
    return n


class Cleaned(NamedTuple):
    """
    Memory for texts without markup.

    `cleaned` is the memory of `clean` once more, of the type of the buffer: numba compiles apart
    what reads arrays that may be written. Text ``i`` is ``clean[offsets[i]:offsets[i + 1]]``. If
    `places` has rows, it receives where in the buffer the source of each byte begins and ends.
    """

    clean: NDArray[np.uint8]
    cleaned: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    places: NDArray[np.int64]


@kernel
def clean_markup(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    start: int,
    marked: NDArray[np.uint8],
    table: NDArray[np.uint32],
    written: Cleaned,
) -> None:
    """
    Decode character references and drop tags, comments, scripts, styles and lists of links.

    Each of them leaves one space, a tag that is cut off an ellipsis. What markup hides is
    looked at again, since feeds escape text twice.
    """
    clean, cleaned, clean_offsets, places = written
    end = int64(0)
    clean_offsets[0] = 0
    for i in range(marked.shape[0]):
        if marked[i]:
            begin = end
            source = buffer
            source_start = offsets[start + i]
            source_stop = offsets[start + i + 1]
            for turn in range(_MAX_PASSES):
                first = int64(turn == 0)
                end = _clean_once(
                    source, source_start, source_stop, table, clean, places, begin, first
                )
                if end - begin == source_stop - source_start:
                    break
                source = cleaned
                source_start = begin
                source_stop = end
        clean_offsets[i + 1] = end
