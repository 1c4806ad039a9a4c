"""Items of a feed, and what is known of a language from them: which words are names or rare."""

from __future__ import annotations

import collections
import dataclasses
import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

WORD = re.compile("[^\\W_]+(?:[\u0300-\u036f\u0900-\u0dff\u200c\u200d]+[^\\W_]*|[-'’][^\\W_]+)*")
IDEOGRAPHS = re.compile(r"[\u4e00-\u9fff]{2,4}|[\u30a1-\u30ff]{3,}")
_TAG = re.compile(r"<[^>]*>")
NUMBER = re.compile(r"\d+")
_STOPS = '.!?:…।。"“”«»-–—|'
_FREQUENT = 60  # words of a language that are taken for function words
_RARE = 0.01  # share of the texts that a replaced word is in at most
LEAST_LENGTH = 3  # letters of a replaced word


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """A text with its headline, as the feed has them but without markup."""

    title: str
    text: str
    source: str | None
    published: dt.datetime | None

    @property
    def words(self) -> list[str]:
        """Return the words of the text."""
        return self.text.split()

    def in_case(self, change: Callable[[str], str]) -> Item:
        """Return the item with title and text in capitals, say."""
        return dataclasses.replace(self, title=change(self.title), text=change(self.text))


WEIGHT = 0.3
"""What a made pair counts for beside a labelled one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Made:
    """Two items and the class they are of, seen only where words are counted if `needs_counts`."""

    kind: str
    first: Item
    second: Item
    label: int
    needs_counts: bool = False
    weight: float = WEIGHT


class Language:
    """What is known of a language: how many texts use a word."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._n_texts = len(items)
        self._texts_of: collections.Counter[str] = collections.Counter()
        for item in items:
            self._texts_of.update(
                {word.lower() for word in WORD.findall(f"{item.title} {item.text}")}
            )
        frequent = self._texts_of.most_common(_FREQUENT)
        self.function_words = [word for word, _ in frequent if not NUMBER.search(word)] or ["-"]

    def is_rare(self, word: str) -> bool:
        """Return whether few texts use a word."""
        return self._texts_of[word.lower()] <= max(2.0, _RARE * self._n_texts)


def names_of(item: Item, language: Language) -> list[str]:
    """Return the names of an item, or its rare words in a script without capitals."""
    body = item.text or item.title
    if IDEOGRAPHS.search(body):
        return IDEOGRAPHS.findall(body)
    words = list(WORD.finditer(body))
    has_capitals = is_cased(body)
    names = []
    for word in words:
        before = body[: word.start()].rstrip()
        starts = not before or before[-1] in _STOPS
        text = word.group()
        is_name = text[0].isupper() and not text.isupper() and not starts if has_capitals else True
        if is_name and len(text) >= LEAST_LENGTH and not NUMBER.search(text):
            names.append(text)
    return [name for name in dict.fromkeys(names) if language.is_rare(name)]


def is_cased(text: str) -> bool:
    """Return whether a text is in a script with capitals."""
    return any(letter.lower() != letter.upper() for letter in text)


def put(text: str, old: str, new: str) -> str:
    """Return a text with a word replaced, in each case that it is written in."""
    if IDEOGRAPHS.fullmatch(old):
        return text.replace(old, new)
    pattern = rf"(?<![^\W_]){re.escape(old)}(?![^\W_])"
    text = re.sub(pattern, new.replace("\\", ""), text)
    return re.sub(rf"(?<![^\W_]){re.escape(old.upper())}(?![^\W_])", new.upper(), text)


def plain(text: str | None) -> str:
    """Return a text without markup, on one line."""
    return " ".join(html.unescape(_TAG.sub(" ", text or "")).split())
