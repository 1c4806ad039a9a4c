"""What `dedupe_news._text` must do, written a second time from the standard library alone."""

from __future__ import annotations

import dataclasses
import functools
import html
import pathlib
import re
import tomllib
import unicodedata

import xxhash

HAS_DIGIT, CAPITALISED, FIRST_LINE, STARTS_SENTENCE = 1, 2, 4, 8

_EXTRA = dict(
    zip("øłđħŧıȷæœþð", ["o", "l", "d", "h", "t", "i", "j", "ae", "oe", "th", "d"], strict=True)
)
_EXTRA |= dict(zip("ىیکڪةەہۃھٱ", "ييككههههها", strict=True))
_EXTRA |= {"%": " percent ", "٪": " percent ", "$": " dollarsign "}
_EXTRA |= {
    "\u09ce": "\u09a4\u09cd",
    **{
        chr(0x0D7A + place): base + "\u0d4d"
        for place, base in enumerate("\u0d23\u0d28\u0d30\u0d32\u0d33\u0d15")
    },
}
_DIGITS = set("0123456789")
_GROUPING = " ,.'\u2019\xa0\u2007\u2009\u202f\u066c\uff0c"
_MONTHS = {"may", "june", "mai", "мая"}  # enough for what tests write
_LAST_PARTS = {"co", "com", "net", "in", "uk"}  # the same
_SHORT_HOSTS = {"t.co", "bit.ly", "youtu.be", "pic.twitter.com"}
_STOPS = set(".!?:…。।॥؟۔።։")
_KEPT_CLASSES = {9, 84, 91, 103, 107, 118, 122, 129, 130, 132}
_MAX_REORDERED = 32


def _between(code_point: int, *bounds: tuple[int, int]) -> bool:
    return any(low <= code_point <= high for low, high in bounds)


def kind_of(char: str) -> str:  # noqa: PLR0911 - one return for each kind
    """Return what a decomposed character is to tokens."""
    code_point = ord(char)
    if char in "\u00ad\u034f\u061c\u0640\u3164\uffa0" or _between(
        code_point,
        (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x200C, 0x200F),
        (0x202A, 0x202E), (0x2060, 0x206F), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF),
        (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
    ):  # fmt: skip
        return "ignored"
    category, combining = unicodedata.category(char), unicodedata.combining(char)
    if category[0] == "M":
        if combining == 8:
            return "voicing"
        if combining:
            return "mark" if combining in _KEPT_CLASSES or char == "\u1037" else "ignored"
        return "ignored" if category == "Me" else "mark"
    if category[0] not in "LN" or "\u02b9" <= char <= "\u02bd":
        return "separator"
    if _between(code_point, (0x3040, 0x30FF), (0x31F0, 0x31FF), (0x1AFF0, 0x1B16F)):
        return "kana"
    if _between(
        code_point,
        (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3005, 0x3007),
        (0x3021, 0x3029), (0x3038, 0x303C), (0x3100, 0x312F), (0x31A0, 0x31BF),
        (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xA9E0, 0xA9FF), (0xAA60, 0xAA7F),
        (0xF900, 0xFAFF), (0x20000, 0x3FFFF),
    ):  # fmt: skip
        return "single"
    return "word"


def _fold_once(char: str) -> str:
    folded = ""
    for part in unicodedata.normalize("NFKD", char):
        if kind_of(part) == "ignored":
            continue
        if unicodedata.category(part) == "Nd":
            folded += str(unicodedata.digit(part))
        else:
            folded += _EXTRA.get(part.casefold(), part.casefold())
    return folded


def fold(char: str) -> list[tuple[str, bool]]:
    """Return what a character folds to."""
    folded = []
    for part in unicodedata.normalize("NFKD", char):
        text = _fold_once(part)
        while (again := "".join(_fold_once(one) for one in text)) != text:
            text = again
        folded += [(one, unicodedata.category(part) in ("Lu", "Lt")) for one in text]
    return folded


@dataclasses.dataclass
class Token:
    """A token as it grows."""

    chars: list[str]
    alone: bool
    flags: int

    def add_mark(self, mark: str) -> None:
        """Insert a mark in canonical order."""
        own = unicodedata.combining(mark)
        place = len(self.chars)
        for _ in range(_MAX_REORDERED):
            if own == 0 or place == 1 or unicodedata.combining(self.chars[place - 1]) <= own:
                break
            place -= 1
        self.chars.insert(place, mark)


def _is_digit(char: str) -> bool:
    folded = fold(char)
    return len(folded) == 1 and folded[0][0] in _DIGITS


def _is_number(token: Token) -> bool:
    letters = {char for char in token.chars if kind_of(char) not in {"mark", "voicing"}}
    return not token.alone and letters <= _DIGITS


def _goes_on(char: str) -> bool:
    """Say whether a character lengthens the word before it."""
    folded = fold(char)
    return bool(folded) and kind_of(folded[0][0]) == "word"


def _is_silent(char: str) -> bool:
    """Say whether a character is a mark, or as if not there."""
    return all(kind_of(folded) in {"mark", "voicing"} for folded, _ in fold(char))


def _is_letter(char: str) -> bool:
    kinds = [kind_of(folded) for folded, _ in fold(char)]
    return kinds[:1] == ["word"] and set(kinds[1:]) <= {"mark"} and not _is_digit(char)


def _initials_stop(text: str, at: int) -> int:
    n_letters, end = 0, at
    while at < len(text):
        while n_letters and at < len(text) - 1 and not fold(text[at]):
            at += 1
        if not _is_letter(text[at]):
            break
        at += 1
        while at < len(text) and _is_silent(text[at]):
            at += 1
        if at < len(text) and _goes_on(text[at]):
            break
        n_letters, end = n_letters + 1, at
        if text[at : at + 1] != ".":
            break
        at += 1
    return end if n_letters > 1 else 0


def _digits_stop(text: str, at: int) -> int:
    while at < len(text) and _is_digit(text[at]):
        at += 1
    return at


def _grouped_stop(text: str, at: int) -> int:  # noqa: PLR0911 - one return for each reason
    end = _digits_stop(text, at)
    first, separator = end - at, text[end : end + 1]
    if not 1 <= first <= 3 or not separator or separator not in _GROUPING:
        return 0
    if fold(text[at])[0][0] == "0":
        return 0
    sizes = []
    while text[end : end + 1] == separator and (stop := _digits_stop(text, end + 1)) > end + 1:
        sizes.append(stop - end - 1)
        end = stop
    indian = separator == "," and first < 3 and set(sizes[:-1]) <= {2}
    if sizes[-1:] != [3] or (set(sizes) != {3} and not indian):
        return 0
    before = text[:at]
    closer = before[-1:] and before[-1] in (_GROUPING if separator == " " else _GROUPING[1:])
    if closer and before[-2:-1] and _is_digit(before[-2]):
        return 0
    if separator == " ":
        word = before[:-1].split(" ")[-1].casefold() if before[-1:] == " " else ""
        listed = before[-1:] and before[-1] < "\x80" and before[-1] not in ' ($"'
        if listed or word in _MONTHS or re.match(r"[A-Za-z]", text[end:]):
            return 0
        if text[end : end + 1] in {"-", ":", "/"} and _digits_stop(text, end + 1) > end + 1:
            return 0
    return end


def _link_stop(text: str, at: int) -> int:
    scheme, host = r"[A-Za-z]{1,16}://|www\.", r"[A-Za-z][A-Za-z0-9]*\.[A-Za-z0-9.-]*"
    found = re.compile(rf"{scheme}|{host}(?:/|\?(?=[A-Za-z]))", re.IGNORECASE | re.ASCII)
    begun = found.match(text, at)
    if begun is None:
        return 0
    lead = begun[0].casefold()
    host = lead[:-1]
    known = host in _SHORT_HOSTS or host.rpartition(".")[2] in _LAST_PARTS
    if not lead.endswith(("://", "www.")) and not ("." in host and known):
        return 0
    end = begun.end()
    while end < len(text):
        if text[end] <= " " or text[end] in '"<>':
            break
        kinds = [kind_of(folded) for folded, _ in fold(text[end])]
        if text[end] >= "\x80" and kinds and kinds[0] in {"separator", "single", "kana"}:
            break
        end += 1
    if end == begun.end():
        return 0
    while end > at and text[end - 1] in ".!?:":
        end -= 1
    return end


def _affix_stop(text: str, at: int) -> int:
    """Return where the space of a Persian affix ends, if the word at a place has one."""
    found = re.compile(r"[^ ]* ").match(text, at)
    if not found or not "\u0600" <= text[at] <= "\u06ff":
        return 0
    word, rest = found[0][:-1], text[found.end() :]
    # Separators inside what stands before the space: it is no word.
    if any(kind_of(folded) == "separator" for char in word for folded, _ in fold(char)):
        return 0
    begins = re.fullmatch("ن?م[یيى]", word) and rest[:1] and "\u0600" <= rest[0] <= "\u06ff"
    ends = re.match("ها[یيى]{0,2}(?![^\x00-\x7f])", rest)
    if (begins and _goes_on(rest[0])) or ends:
        return found.end()
    return 0


def _tokens_of_run(  # noqa: C901, PLR0912 - one branch for each kind
    text: str, line: int, *, with_links: bool
) -> list[Token]:
    tokens: list[Token] = []
    current: Token | None = None
    sentence = STARTS_SENTENCE
    joined = skipped = 0
    initials = ""
    for at, char in enumerate(text):
        if at < skipped:
            continue
        if initials and at == joined and char == ".":
            initials, current = "", None
            continue
        may_begin = current is None or current.alone
        if current is not None and _is_number(current):
            may_begin = not _is_digit(char)
        if may_begin and at >= joined and _goes_on(char):
            skipped = _link_stop(text, at) if with_links and char.isascii() else 0
            if skipped:
                current = None
                continue
            joined = _grouped_stop(text, at) if _is_digit(char) else _initials_stop(text, at)
            joined = joined or _affix_stop(text, at)
            is_initials = joined and not _is_digit(char) and fold(char)[0][1]
            initials = char if is_initials else ""
        for folded, upper in fold(char):
            kind = kind_of(folded)
            if kind == "separator":
                if at < joined:
                    continue
                current = None
                sentence |= STARTS_SENTENCE * (folded in _STOPS)
            elif kind in {"mark", "voicing"}:
                kana = current is not None and kind_of(current.chars[0]) == "kana"
                if current is not None and (kind == "mark" or kana):
                    current.add_mark(folded)
            else:
                if current is not None and folded not in _DIGITS and _is_number(current):
                    current = None
                if current is None or current.alone or kind != "word":
                    current = Token([], kind != "word", line | sentence)
                    current.flags |= CAPITALISED * (upper and kind == "word")
                    tokens.append(current)
                    sentence = 0
                current.chars.append(folded)
                current.flags |= HAS_DIGIT * (folded in _DIGITS)
    return tokens


def tokens_of(text: str, *, with_links: bool = False) -> list[tuple[str, int]]:
    """Return the tokens of a text, no boilerplate left out but links."""
    first, newline, rest = text.partition("\n")
    line = FIRST_LINE if newline else 0
    runs = [
        _tokens_of_run(first, line, with_links=with_links),
        _tokens_of_run(newline + rest, 0, with_links=with_links),
    ]
    words = [[("".join(token.chars), token.flags) for token in run] for run in runs]
    found = [word for run in words for word in respelled(run)]
    return tokens_of(text) if with_links and not found else found


@functools.cache
def _phrases() -> dict[tuple[str, ...], tuple[str, str]]:
    """Return what phrases become and the heading they stand under, by their folded words."""
    return {
        tuple(_bare(word) for word in phrase.split(" ")): (_bare(becomes), heading)
        for heading, rows in _spellings().items()
        for becomes, *phrases in rows
        for phrase in (phrases if heading != "dates" else [becomes, *phrases])
    }


@functools.cache
def _spellings() -> dict[str, list[list[str]]]:
    path = pathlib.Path(__file__).parent.parent / "src" / "dedupe_news" / "data" / "spelling.toml"
    return tomllib.loads(path.read_text("utf-8"))


@functools.cache
def _dates() -> set[str]:
    return {becomes for becomes, *_ in _spellings()["dates"]}


def _bare(word: str) -> str:
    return "".join(folded for char in word for folded, _ in fold(char))


def respelled(words: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Replace the phrases of the table of spellings."""
    done: list[tuple[str, int]] = []
    todo = list(words)
    while todo:
        for length in (3, 2, 1):
            phrase = tuple(word for word, _ in todo[:length])
            if len(phrase) < length or phrase not in _phrases():
                continue
            becomes, heading = _phrases()[phrase]
            after = bool(done and done[-1][1] & HAS_DIGIT)
            before = bool(todo[length:] and todo[length][1] & HAS_DIGIT)
            if heading == "after_number" and not after:
                continue
            if heading == "beside_number" and not (after or before):
                continue
            flags = todo[0][1]
            todo = todo[length:]
            if becomes:
                is_number = becomes.isdecimal() or becomes in _dates()
                flags = flags & ~HAS_DIGIT | HAS_DIGIT * is_number
                done.append((becomes, flags))
            elif todo:
                todo[0] = todo[0][0], todo[0][1] | flags & STARTS_SENTENCE
            break
        else:
            done.append(todo.pop(0))
    return done


def hash_of(token: str) -> int:
    """Return the hash of a folded token."""
    return xxhash.xxh32_intdigest(token.encode())


def stem_of(token: str) -> int:
    """Return the stem of a folded token, of its first four characters, in the upper 24 bits."""
    head = token[:4].encode()
    number = int.from_bytes(head, "little") if len(head) <= 4 else xxhash.xxh32_intdigest(head)
    return (number * 0x9E3779B1 & 0xFFFFFFFF) >> 8 << 8


def without_references(text: str) -> str:
    """Decode the character references that the library decodes."""
    return re.sub(
        r"&(?:#[xX]?[0-9a-fA-F]+;|[A-Za-z][A-Za-z0-9]*;)", lambda m: html.unescape(m[0]), text
    )
