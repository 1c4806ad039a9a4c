"""The words in which two texts differ: what turns one into the other."""

from __future__ import annotations

import bisect
import difflib
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, NamedTuple

from dedupe_news._text import places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dedupe_news.config import Config


class Wording(NamedTuple):
    """
    A text read as words, for comparing it with several others.

    Parameters
    ----------
    text : str
        The text.
    hashes : list of int
        The hash of each word; news furniture has none.
    starts, stops : list of int
        The place of each word in `text`, in characters.
    n_title : int
        Words of the title; 0 where there is none.
    """

    text: str
    hashes: list[int]
    starts: list[int]
    stops: list[int]
    n_title: int


class Change(NamedTuple):
    """
    A place where two texts differ, in characters of each.

    Parameters
    ----------
    kind : {"replace", "delete", "insert"}
        What turns the first text into the second.
    left_start, left_stop : int
        The words of the first text; empty for an insertion.
    right_start, right_stop : int
        The words of the second; empty for a deletion.
    """

    kind: str
    left_start: int
    left_stop: int
    right_start: int
    right_stop: int


def read(texts: Sequence[str], config: Config, *, titled: bool) -> list[Wording]:
    """
    Read texts as words; many at a time cost much less than one by one.

    Parameters
    ----------
    texts : sequence of str
        Some texts.
    config : Config
        Says which furniture is left out.
    titled : bool
        Whether the first line of each is a title.

    Returns
    -------
    list of Wording
        The words that are compared everywhere in this library.
    """
    found = places(texts, config)
    hashes, starts, stops = found.hashes.tolist(), found.starts.tolist(), found.stops.tolist()
    wordings = []
    for text, (begin, end) in zip(texts, pairwise(found.offsets.tolist()), strict=True):
        own = starts[begin:end]
        n_title = bisect.bisect_left(own, text.find("\n")) if titled else 0
        wordings.append(Wording(text, hashes[begin:end], own, stops[begin:end], n_title))
    return wordings


def changes(left: Wording, right: Wording) -> list[Change]:
    """
    Return where two texts differ, word by word.

    Parameters
    ----------
    left, right : Wording
        The texts. Where both have titles, those are compared with each other.

    Returns
    -------
    list of Change
        In order; empty where the words are the same, however they are written.
    """
    if left.hashes == right.hashes:
        return []
    if left.n_title and right.n_title:
        return [
            *_changes(left, right, slice(0, left.n_title), slice(0, right.n_title)),
            *_changes(left, right, slice(left.n_title, None), slice(right.n_title, None)),
        ]
    return list(_changes(left, right, slice(0, None), slice(0, None)))


def _changes(left: Wording, right: Wording, of_left: slice, of_right: slice) -> Iterator[Change]:
    a, b = left.hashes[of_left], right.hashes[of_right]
    # What both begin and end with is quickly found, and most that there is.
    begin = _n_common(a, b)
    end = _n_common(a[begin:][::-1], b[begin:][::-1])
    a, b = a[begin : len(a) - end], b[begin : len(b) - end]
    if not a and not b:
        return
    before_left, before_right = of_left.start + begin, of_right.start + begin
    for kind, i, i_stop, j, j_stop in difflib.SequenceMatcher(None, a, b).get_opcodes():
        if kind != "equal":
            yield Change(
                kind,
                *_bounds(left, before_left + i, before_left + i_stop),
                *_bounds(right, before_right + j, before_right + j_stop),
            )


def _n_common(a: list[int], b: list[int]) -> int:
    """Return how many words two runs have in common from their first on."""
    same = takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
    return sum(1 for _ in same)


def _bounds(wording: Wording, start: int, stop: int) -> tuple[int, int]:
    """Return the characters of some words; between words where there are none."""
    if start < stop:
        return wording.starts[start], wording.stops[stop - 1]
    at = wording.stops[start - 1] if start else 0
    return at, at
