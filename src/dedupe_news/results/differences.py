"""The words in which two texts differ: what turns one into the other."""

from __future__ import annotations

import bisect
import difflib
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, NamedTuple

from dedupe_news._text import places
from dedupe_news.results.phrasing import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dedupe_news.config import Config

_MOST_ALIGNED = 4_000  # words: a hostile text of many would take for ever


class Wording(NamedTuple):
    """
    A text read as words, for comparing it with several others.

    Word ``i``, of hash ``hashes[i]``, is ``text[starts[i]:stops[i]]``;
    boilerplate is no word. The first `n_title` are those of the title.
    """

    text: str
    hashes: list[int]
    starts: list[int]
    stops: list[int]
    n_title: int

    def bounds(self, start: int, stop: int) -> tuple[int, int]:
        """Return the characters of some words; between words where there are none."""
        if start < stop:
            return self.starts[start], self.stops[stop - 1]
        at = self.stops[start - 1] if start else 0
        return at, at

    def said(self, start: int, stop: int) -> str:
        """Return some words in one line."""
        return one_line(self.text[slice(*self.bounds(start, stop))])


class Block(NamedTuple):
    """A stretch of two texts that lie beside each other, in words of each."""

    kind: str
    left_start: int
    left_stop: int
    right_start: int
    right_stop: int


class Change(NamedTuple):
    """A place where two texts differ, in characters of each: replace, delete or insert."""

    kind: str
    left_start: int
    left_stop: int
    right_start: int
    right_stop: int


def read(texts: Sequence[str], config: Config, *, titled: bool) -> list[Wording]:
    """
    Read texts as the words that are compared everywhere in this library.

    Many at a time cost much less than one by one. `titled` says whether the
    first line of each is a title.
    """
    words = places(texts, config)
    hashes, starts, stops = words.hashes.tolist(), words.starts.tolist(), words.stops.tolist()
    wordings = []
    for text, (begin, end) in zip(texts, pairwise(words.offsets.tolist()), strict=True):
        at = starts[begin:end]
        n_title = bisect.bisect_left(at, text.find("\n")) if titled else 0
        wordings.append(Wording(text, hashes[begin:end], at, stops[begin:end], n_title))
    return wordings


def aligned(left: Wording, right: Wording) -> list[Block]:
    """
    Return how two texts lie beside each other, word by word: blocks that cover both.

    Where both have titles, those are compared with each other.
    """
    if left.hashes == right.hashes:
        n_words = len(left.hashes)
        return [Block("equal", 0, n_words, 0, n_words)] if n_words else []
    if left.n_title and right.n_title:
        return [
            *_aligned(left, right, slice(0, left.n_title), slice(0, right.n_title)),
            *_aligned(left, right, slice(left.n_title, None), slice(right.n_title, None)),
        ]
    return list(_aligned(left, right, slice(0, None), slice(0, None)))


def changes(left: Wording, right: Wording, blocks: Iterable[Block] | None = None) -> list[Change]:
    """Return where two texts differ, in order; `blocks` are those of `aligned`, where known."""
    return [
        Change(kind, *left.bounds(left_start, left_stop), *right.bounds(right_start, right_stop))
        for kind, left_start, left_stop, right_start, right_stop in blocks or aligned(left, right)
        if kind != "equal"
    ]


def between(texts: Sequence[str], config: Config, *, titled: bool) -> list[Change]:
    """Return where the second of two texts differs from the first, in order."""
    left, right = read(texts, config, titled=titled)
    return changes(left, right)


def _aligned(left: Wording, right: Wording, of_left: slice, of_right: slice) -> Iterator[Block]:
    a, b = left.hashes[of_left], right.hashes[of_right]
    # What both begin and end with is quickly found, and most that there is.
    begin = _n_common(a, b)
    end = _n_common(a[begin:][::-1], b[begin:][::-1])
    at, other = of_left.start, of_right.start
    if begin:
        yield Block("equal", at, at + begin, other, other + begin)
    middle, opposite = a[begin : len(a) - end], b[begin : len(b) - end]
    at, other = at + begin, other + begin
    for start in range(0, max(len(middle), len(opposite)), _MOST_ALIGNED):
        piece = slice(start, start + _MOST_ALIGNED)
        i_start, j_start = at + min(start, len(middle)), other + min(start, len(opposite))
        for kind, i, i_stop, j, j_stop in difflib.SequenceMatcher(
            None, middle[piece], opposite[piece]
        ).get_opcodes():
            yield Block(kind, i_start + i, i_start + i_stop, j_start + j, j_start + j_stop)
    at, other = at + len(middle), other + len(opposite)
    if end:
        yield Block("equal", at, at + end, other, other + end)


def _n_common(a: list[int], b: list[int]) -> int:
    """Return how many words two runs have in common from their first on."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
    return sum(1 for _ in same)
