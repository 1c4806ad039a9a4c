"""What `dedupe_news.text` must do, written a second time from the standard library alone."""

from __future__ import annotations

import dataclasses
import html
import re
import unicodedata

import xxhash

HAS_DIGIT, CAPITALISED, FIRST_LINE, STARTS_SENTENCE = 1, 2, 4, 8

_EXTRA = dict(
    zip("øłđħŧıȷæœþð", ["o", "l", "d", "h", "t", "i", "j", "ae", "oe", "th", "d"], strict=True)
)
_STOPS = set(".!?:…。।॥؟۔።։")
_KEPT_CLASSES = {9, 84, 91, 103, 107, 118, 122, 129, 130, 132}
_MAX_REORDERED = 32


def _between(code_point: int, *bounds: tuple[int, int]) -> bool:
    return any(low <= code_point <= high for low, high in bounds)


def kind_of(char: str) -> str:  # noqa: PLR0911 - one return for each kind
    """
    Return what a decomposed character is to tokens.

    Parameters
    ----------
    char : str
        One character.

    Returns
    -------
    str
        "ignored", "voicing", "mark", "kana", "single", "word" or "separator".
    """
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
    """
    Return what a character folds to.

    Parameters
    ----------
    char : str
        One character.

    Returns
    -------
    list of (str, bool)
        Folded characters, each with whether it was upper case.
    """
    folded = []
    for part in unicodedata.normalize("NFKD", char):
        text = _fold_once(part)
        while (again := "".join(_fold_once(one) for one in text)) != text:
            text = again
        folded += [(one, unicodedata.category(part) in ("Lu", "Lt")) for one in text]
    return folded


@dataclasses.dataclass
class Token:
    """
    A token as it grows.

    Parameters
    ----------
    chars : list of str
        Folded characters.
    alone : bool
        Whether only marks may follow.
    flags : int
        As of the library.
    """

    chars: list[str]
    alone: bool
    flags: int

    def add_mark(self, mark: str) -> None:
        """
        Insert a mark in canonical order.

        Parameters
        ----------
        mark : str
            The mark.
        """
        own = unicodedata.combining(mark)
        place = len(self.chars)
        for _ in range(_MAX_REORDERED):
            if own == 0 or place == 1 or unicodedata.combining(self.chars[place - 1]) <= own:
                break
            place -= 1
        self.chars.insert(place, mark)


def _tokens_of_run(text: str, line: int) -> list[Token]:
    tokens: list[Token] = []
    current: Token | None = None
    sentence = STARTS_SENTENCE
    for char in text:
        for folded, upper in fold(char):
            kind = kind_of(folded)
            if kind == "separator":
                current = None
                sentence |= STARTS_SENTENCE * (folded in _STOPS)
            elif kind in {"mark", "voicing"}:
                kana = current is not None and kind_of(current.chars[0]) == "kana"
                if current is not None and (kind == "mark" or kana):
                    current.add_mark(folded)
            else:
                if current is None or current.alone or kind != "word":
                    current = Token([], kind != "word", line | sentence)
                    current.flags |= CAPITALISED * (upper and kind == "word")
                    tokens.append(current)
                    sentence = 0
                current.chars.append(folded)
                current.flags |= HAS_DIGIT * (folded in "0123456789")
    return tokens


def tokens_of(text: str) -> list[tuple[str, int]]:
    """
    Return the tokens of a text, no furniture left out.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    list of (str, int)
        Folded tokens and their flags.
    """
    first, newline, rest = text.partition("\n")
    tokens = _tokens_of_run(first, FIRST_LINE if newline else 0) + _tokens_of_run(newline + rest, 0)
    return [("".join(token.chars), token.flags) for token in tokens]


def hash_of(token: str) -> int:
    """
    Return the hash of a folded token.

    Parameters
    ----------
    token : str
        The token.

    Returns
    -------
    int
        XXH32, seed 0, of its UTF-8.
    """
    return xxhash.xxh32_intdigest(token.encode())


def without_references(text: str) -> str:
    """
    Decode the character references that the library decodes.

    Parameters
    ----------
    text : str
        Text of HTML.

    Returns
    -------
    str
        With every numeric reference, and every named one that ends in a
        semicolon, replaced as ``html.unescape`` does.
    """
    return re.sub(
        r"&(?:#[xX]?[0-9a-fA-F]+;|[A-Za-z][A-Za-z0-9]*;)", lambda m: html.unescape(m[0]), text
    )
