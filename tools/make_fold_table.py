"""
Make src/dedupe_news/data/folding.npz from this Python's Unicode database.

Run ``python tools/make_fold_table.py`` to write it, with ``--check`` to compare.
"""

from __future__ import annotations

import argparse
import functools
import html.entities
import pathlib
import sys
import tomllib
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from dedupe_news._kernels.text import fold as fold_kernel
from dedupe_news._kernels.text import known_names as kernel_names
from dedupe_news._kernels.text import spelling
from dedupe_news._kernels.text import table as f
from dedupe_news._kernels.text.characters import MAX_CODE_POINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

DATA = pathlib.Path(__file__).parent.parent / "src" / "dedupe_news" / "data"
NAMES_PATH = DATA / "names.toml"
SPELLING_PATH = DATA / "spelling.toml"
PATH = DATA / "folding.npz"

# Letters that differ from a plain one by a stroke, join two, or are typed for one another on
# keyboards of Arabic, Persian, Urdu and Kurdish; letters without a vowel that were written with a
# virama before Unicode had them. NFKD keeps them all.
EXTRA = {
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ħ": "h",
    "ŧ": "t",
    "ı": "i",
    "ȷ": "j",
    "æ": "ae",
    "œ": "oe",
    "þ": "th",
    "ð": "d",
    "ى": "ي",
    "ی": "ي",
    "ک": "ك",
    "ة": "ه",
    "ە": "ه",
    "ہ": "ه",
    "ۃ": "ه",
    "ھ": "ه",
    "ڪ": "ك",
    "ٱ": "ا",
    "%": " percent ",
    "٪": " percent ",
    "$": " dollarsign ",
    "\u09ce": "\u09a4\u09cd",  # Bengali khanda ta
    "\u0d7a": "\u0d23\u0d4d",  # Malayalam chillu letters
    "\u0d7b": "\u0d28\u0d4d",
    "\u0d7c": "\u0d30\u0d4d",
    "\u0d7d": "\u0d32\u0d4d",
    "\u0d7e": "\u0d33\u0d4d",
    "\u0d7f": "\u0d15\u0d4d",
}

# Modifier letters that stand for an apostrophe or a quotation mark.
APOSTROPHES = range(0x02B9, 0x02BE)

# Default-ignorable code points, the Arabic tatweel, Khmer's inherent vowels. Not
# ZERO WIDTH SPACE: it parts words.
IGNORED = (
    range(0x00AD, 0x00AE),
    range(0x034F, 0x0350),
    range(0x061C, 0x061D),
    range(0x0640, 0x0641),
    range(0x115F, 0x1161),
    range(0x17B4, 0x17B6),
    range(0x180B, 0x1810),
    range(0x200C, 0x2010),
    range(0x202A, 0x202F),
    range(0x2060, 0x2070),
    range(0x3164, 0x3165),
    range(0xFE00, 0xFE10),
    range(0xFEFF, 0xFF00),
    range(0xFFA0, 0xFFA1),
    range(0x1BCA0, 0x1BCA4),
    range(0x1D173, 0x1D17B),
    range(0xE0000, 0xE1000),
)

# Scripts written without spaces, and the ideographs: each letter is a token.
SINGLE = (
    range(0x0E00, 0x0F00),  # Thai, Lao
    range(0x1000, 0x10A0),  # Myanmar
    range(0x1780, 0x1800),  # Khmer
    range(0x3005, 0x3008),  # ideographic iteration, closing, zero
    range(0x3021, 0x302A),  # Hangzhou numerals
    range(0x3038, 0x303D),
    range(0x3100, 0x3130),  # Bopomofo
    range(0x31A0, 0x31C0),
    range(0x3400, 0x4DC0),  # Han
    range(0x4E00, 0xA000),
    range(0xA9E0, 0xAA00),  # Myanmar
    range(0xAA60, 0xAA80),
    range(0xF900, 0xFB00),  # Han
    range(0x20000, 0x40000),
)
KANA = (
    range(0x3040, 0x3100),
    range(0x31F0, 0x3200),
    range(0x1AFF0, 0x1B170),
)

HANGUL = range(0xAC00, 0xD7A4)

# Canonical combining classes of marks that carry the sound of their word, in
# order: voicing, virama, Telugu length, Thai, Lao, Tibetan vowels and tones.
KEPT_CLASSES = (7, 8, 9, 84, 91, 103, 107, 118, 122, 129, 130, 132)
NUKTA_CLASS = 7
VOICING_CLASS = 8
MYANMAR_DOT = 0x1037  # of class 7, the nuktas', but a tone

_WITH_TEXT = frozenset((f.WORD, f.SINGLE, f.KANA, f.MARK, f.VOICING))
SENTENCE_STOPS = frozenset(".!?:…。।॥؟۔።։")


_IGNORED = frozenset().union(*IGNORED)
_SINGLE = frozenset().union(*SINGLE)
_KANA = frozenset().union(*KANA)


@functools.cache
def _kind(char: str) -> int:  # noqa: PLR0911 - one return for each kind
    """Return what a character is to tokens, once decomposed and case-folded."""
    code_point = ord(char)
    category = unicodedata.category(char)
    if code_point in _IGNORED:
        return f.IGNORED
    if category == "Cn":
        return f.UNASSIGNED
    if category[0] == "M":
        combining = unicodedata.combining(char)
        if combining == VOICING_CLASS:
            return f.VOICING
        if combining:
            kept = combining in KEPT_CLASSES and (
                combining != NUKTA_CLASS or code_point == MYANMAR_DOT
            )
            return f.MARK if kept else f.IGNORED
        return f.IGNORED if category == "Me" else f.MARK
    if category[0] in "LN" and code_point not in APOSTROPHES:
        if code_point in _KANA:
            return f.KANA
        return f.SINGLE if code_point in _SINGLE else f.WORD
    return f.SEPARATOR


def _step(char: str) -> str:
    folded = []
    for part in unicodedata.normalize("NFKD", char):
        if _kind(part) == f.IGNORED:
            continue
        if unicodedata.category(part) == "Nd":
            folded.append(str(unicodedata.digit(part)))
            continue
        low = part.casefold()
        folded.append(EXTRA.get(low, low))
    return "".join(folded)


def fold(char: str) -> list[tuple[str, bool]]:
    """Return what a character folds to."""
    folded = []
    for part in unicodedata.normalize("NFKD", char):
        upper = unicodedata.category(part) in {"Lu", "Lt"}
        text = _step(part)
        while (further := "".join(map(_step, text))) != text:
            text = further
        folded += [(one, upper) for one in text]
    return folded


def _entry(char: str, *, upper: bool) -> int:
    kind = _kind(char)
    entry = kind
    if kind in _WITH_TEXT:
        entry |= ord(char) << f.PAYLOAD_SHIFT
        entry |= f.UPPER_BIT * upper | f.DIGIT_BIT * (char in "0123456789")
        combining = unicodedata.combining(char)
        if combining:
            entry |= (1 + KEPT_CLASSES.index(combining)) << f.RANK_SHIFT
    elif char in SENTENCE_STOPS:
        entry |= f.STOP_BIT
    return entry


def _is_bounded(code_point: int, sequence: list[int]) -> bool:
    kept = [entry >> f.PAYLOAD_SHIFT for entry in sequence if entry & f.KIND_MASK in _WITH_TEXT]
    n_bytes = len(chr(code_point).encode())
    return (
        len(sequence) <= f.COUNT_MASK
        and sum(len(chr(one).encode()) for one in kept) <= fold_kernel.GROWTH * n_bytes
        and len(kept) <= fold_kernel.TOKENS_PER_BYTE * n_bytes + 12
    )


def _entries() -> Iterator[tuple[int, list[int]]]:
    for code_point in range(MAX_CODE_POINT + 1):
        char = chr(code_point)
        if code_point in HANGUL:
            yield code_point, [f.HANGUL]
        elif unicodedata.category(char) in {"Cn", "Co", "Cs"}:
            yield code_point, [_kind(char)]
        else:
            sequence = [_entry(one, upper=upper) for one, upper in fold(char)]
            yield code_point, sequence or [f.IGNORED]


def _relative(entry: int, code_point: int) -> int:
    """Turn the payload of a table entry into a difference, so that pages repeat."""
    if entry & f.KIND_MASK not in _WITH_TEXT:
        return entry
    difference = ((entry >> f.PAYLOAD_SHIFT) - code_point) & f.PAYLOAD_MASK
    return entry & ~(f.PAYLOAD_MASK << f.PAYLOAD_SHIFT) | difference << f.PAYLOAD_SHIFT


def make_folding() -> tuple[list[NDArray[np.uint32]], list[int]]:
    """Return the fixed parts (entries of the bytes, pages, entries) and the expansions."""
    flat = np.empty(MAX_CODE_POINT + 1, np.uint32)
    expansions: list[int] = []
    known: dict[tuple[int, ...], int] = {}
    for code_point, sequence in _entries():
        if len(sequence) == 1:
            flat[code_point] = _relative(sequence[0], code_point)
            continue
        key = tuple(sequence)
        if key not in known:
            known[key] = len(expansions)
            expansions += sequence
        if not _is_bounded(code_point, sequence):
            message = f"U+{code_point:04X} folds to more than the kernel's bounds. Raise those"
            raise ValueError(message)
        payload = known[key] << f.COUNT_BITS | len(sequence)
        flat[code_point] = f.EXPANSION | payload << f.PAYLOAD_SHIFT
    pages, index = np.unique(flat.reshape(-1, f.PAGE_MASK + 1), axis=0, return_inverse=True)
    entries = pages.ravel()
    ascii_entries = np.full(256, f.NOT_ASCII, np.uint32)
    for byte in range(128):
        entry = int(flat[byte])
        if entry & f.KIND_MASK == f.EXPANSION:
            entry = f.NOT_ASCII
        elif entry & f.KIND_MASK == f.WORD:
            entry += byte << f.PAYLOAD_SHIFT
        ascii_entries[byte] = entry
    return [ascii_entries, index.astype(np.uint32).ravel(), entries], expansions


def _words(name: str) -> str:
    """Return a name as `dedupe_news._kernels.text.known_names.name_class` hashes it."""
    chars = []
    for char in name:
        if ord(char) in HANGUL:
            chars.append(char)
            continue
        for folded, _ in fold(char):
            kind = _kind(folded)
            is_text = kind in {f.WORD, f.SINGLE, f.KANA}
            chars.append(folded if is_text else "" if kind == f.MARK else " ")
    return " ".join("".join(chars).split())


def _fnv(text: str) -> int:
    hashed = kernel_names.FNV_START
    for char in text:
        hashed = ((hashed ^ ord(char)) * kernel_names.FNV_PRIME) & 0xFFFFFFFF
    return hashed


def make_names() -> list[int]:
    """Return the hashes of the names that boilerplate is known by."""
    classes: dict[str, int] = {}
    for heading, names in tomllib.loads(NAMES_PATH.read_text("utf-8")).items():
        for name in map(_words, names):
            classes[name] = classes.get(name, 0) | getattr(kernel_names, heading.upper())
    known = {_fnv(name): value for name, value in classes.items()}
    if len(known) < len(classes):
        message = "two names have the same hash. Spell one of them differently"
        raise ValueError(message)
    return [*sorted(known), *(known[key] for key in sorted(known))]


def make_references() -> list[int]:
    """Return the named character references of HTML that end in a semicolon."""
    known = {}
    names = [name[:-1] for name in html.entities.html5 if name.endswith(";")]
    for name in names:
        value = html.entities.html5[name + ";"].encode()
        if len(value) > len(name) + 2:
            value = b" "  # text never grows; both of these are symbols
        # A new line would move the end of the title.
        value = value.replace(b"\n", b" ")
        known[_fnv(name)] = value.ljust(7, b"\0") + bytes([len(value)])
    if len(known) < len(names):
        message = "two references have the same hash; they need another"
        raise ValueError(message)
    values = np.frombuffer(b"".join(known[key] for key in sorted(known)), "<u4")
    return [*sorted(known), *values.tolist()]


def make_domains() -> list[int]:
    """Return the increasing token hashes of the last parts of hosts' names."""
    names = tomllib.loads(NAMES_PATH.read_text("utf-8"))["domain"]
    return sorted(xxhash.xxh32_intdigest(_words(name).encode()) for name in names)


def make_endings() -> list[int]:
    """Return a bit for each two bytes that a mark of what is cut off may end in."""
    phrases = tomllib.loads(NAMES_PATH.read_text("utf-8"))["read_more"]
    pairs = {form.encode()[-2:] for phrase in phrases for form in (phrase, phrase.upper())}
    # Points, ellipsis and arrows; brackets, within which anything may be.
    pairs |= {b"..", b" .", b"\xa6.", b"\x80\xa6", *(b"\x86%c" % last for last in range(256))}
    pairs |= {b"%c%c" % (before, last) for before in range(256) for last in b"])"}
    bits = [0] * (0x10000 >> 5)
    for before, last in pairs:
        pair = before << 8 | last
        bits[pair >> 5] |= 1 << (pair & 31)
    return bits


def _token_hash(word: str) -> int:
    return xxhash.xxh32_intdigest(word.encode())


def _spellings() -> dict[tuple[str, ...], tuple[str, int]]:
    """Return what each phrase becomes, and when: its words by its bits."""
    bits_of = {
        "anywhere": 0,
        "dates": 0,
        "beside_number": spelling.AFTER_NUMBER | spelling.BEFORE_NUMBER,
        "after_number": spelling.AFTER_NUMBER,
    }
    known: dict[tuple[str, ...], tuple[str, int]] = {}
    headings = tomllib.loads(SPELLING_PATH.read_text("utf-8"))
    dates = {becomes for becomes, *_ in headings["dates"]}
    for heading, rows in headings.items():
        for becomes, *phrases in rows:
            word = _token(becomes)
            bits = bits_of[heading] | spelling.IS_DROPPED * (not word)
            is_number = word.isdecimal() or becomes in dates
            bits |= spelling.BECOMES_NUMBER * is_number | _stem(word)
            for phrase in [becomes, *phrases] if heading == "dates" else phrases:
                words = tuple(_token(part) for part in phrase.split(" "))
                if words in known or not all(words) or len(words) > spelling.N_WORDS_MASK:
                    message = f"{phrase!r} in {SPELLING_PATH.name} is there twice, or no phrase"
                    raise ValueError(message)
                known[words] = word, bits | len(words)
    return known


def _stem(word: str) -> int:
    """Return the stem of a token, as `dedupe_news._kernels.text.fold` writes it."""
    head = word[: fold_kernel.STEM_LENGTH].encode()
    number = int.from_bytes(head, "little") if len(head) <= 4 else xxhash.xxh32_intdigest(head)  # noqa: PLR2004 - bytes of a word
    return (
        (number * fold_kernel.GOLDEN & 0xFFFFFFFF)
        >> fold_kernel.STEM_SHIFT
        << fold_kernel.STEM_SHIFT
    )


def _token(word: str) -> str:
    """Return the token that a word becomes."""
    return "".join(
        folded for char in word for folded, _ in fold(char) if _kind(folded) in _WITH_TEXT
    )


def make_spellings() -> tuple[list[int], list[int], list[int]]:
    """
    Return the phrases that are spelled otherwise: ranges of first words, rows, bits.

    Of the same first word longer phrases come first.
    """
    rows = []
    for words, (becomes, bits) in _spellings().items():
        hashes = [_token_hash(word) for word in words] + [0, 0]
        rows.append((hashes[0], -len(words), hashes[1], hashes[2], _token_hash(becomes), bits))
    rows.sort()
    seen = [0] * (1 << spelling.FILTER_BITS >> 5)
    for first, *_ in rows:
        bit = first >> (32 - spelling.FILTER_BITS)
        seen[bit >> 5] |= 1 << (bit & 31)
    firsts = [first for first, *_ in rows]
    bounds = np.arange(spelling.N_SPELLING_RANGES + 1) << (32 - spelling.RANGE_BITS)
    ranges = np.searchsorted(np.array(firsts), bounds).tolist()
    return ranges, firsts + [value for row in rows for value in row[2:]], seen


def make_table() -> NDArray[np.uint32]:
    """Return the table, as `dedupe_news._kernels.text.table` describes it."""
    fixed, expansions = make_folding()
    names, references, domains = make_names(), make_references(), make_domains()
    head = np.zeros(f.ASCII_AT, np.uint32)
    head[f.EXPANSIONS_PLACE] = f.ASCII_AT + sum(part.shape[0] for part in fixed)
    head[f.NAMES_PLACE] = head[f.EXPANSIONS_PLACE] + len(expansions)
    head[f.N_NAMES_PLACE] = len(names) // 2
    head[f.REFERENCES_PLACE] = head[f.NAMES_PLACE] + len(names)
    head[f.N_REFERENCES_PLACE] = len(references) // 3
    head[f.DOMAINS_PLACE] = head[f.REFERENCES_PLACE] + len(references)
    head[f.N_DOMAINS_PLACE] = len(domains)
    ranges, spellings, seen = make_spellings()
    head[f.SPELLINGS_PLACE] = head[f.DOMAINS_PLACE] + len(domains) + len(ranges)
    head[f.N_SPELLINGS_PLACE] = len(spellings) // (1 + spelling.SPELLING_COLUMNS)
    head[f.SPELLING_FILTER_PLACE] = head[f.SPELLINGS_PLACE] + len(spellings)
    head[f.ENDINGS_PLACE] = head[f.SPELLING_FILTER_PLACE] + len(seen)
    parts = expansions, names, references, domains, ranges, spellings, seen, make_endings()
    rest = np.array([value for part in parts for value in part], np.uint32)
    return np.concatenate([head, *fixed, rest])


def main() -> int:
    """Write the table, or compare it with the one that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare, write nothing")
    arguments = parser.parse_args()
    table = make_table()
    spelled = " ".join(sorted({word for word, _ in _spellings().values() if word}))
    if not arguments.check:
        np.savez_compressed(
            PATH, table=table, spelled=spelled, unicode_version=unicodedata.unidata_version
        )
        return 0
    with np.load(PATH) as stored:
        same = np.array_equal(table, stored["table"]) and spelled == str(stored["spelled"])
    if not same:
        sys.stderr.write(f"{PATH} is not what names.toml and Unicode make; run without --check\n")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
