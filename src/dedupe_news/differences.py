"""The words in which two texts differ: what turns one into the other."""

from __future__ import annotations

import difflib
import itertools
from typing import TYPE_CHECKING, NamedTuple

from dedupe_news.text import places

if TYPE_CHECKING:
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
    """

    text: str
    hashes: list[int]
    starts: list[int]
    stops: list[int]


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


def read(text: str, config: Config) -> Wording:
    """
    Read a text as words.

    Parameters
    ----------
    text : str
        A text; its title, where it has one, is the first line.
    config : Config
        Says which furniture is left out.

    Returns
    -------
    Wording
        The words that are compared everywhere in this library.
    """
    found = places(text, config)
    return Wording(text, found.hashes.tolist(), found.starts.tolist(), found.stops.tolist())


def changes(left: Wording, right: Wording) -> list[Change]:
    """
    Return where two texts differ, word by word.

    Parameters
    ----------
    left, right : Wording
        The texts.

    Returns
    -------
    list of Change
        In order; empty where the words are the same, however they are written.
    """
    a, b = left.hashes, right.hashes
    if a == b:
        return []
    # What both begin and end with is quickly found, and most that there is.
    begin = _n_common(a, b)
    end = _n_common(a[begin:][::-1], b[begin:][::-1])
    a, b = a[begin : len(a) - end], b[begin : len(b) - end]
    found = []
    for kind, i, i_stop, j, j_stop in difflib.SequenceMatcher(None, a, b).get_opcodes():
        if kind != "equal":
            found.append(
                Change(
                    kind,
                    *_bounds(left, begin + i, begin + i_stop),
                    *_bounds(right, begin + j, begin + j_stop),
                )
            )
    return found


def _n_common(a: list[int], b: list[int]) -> int:
    """Return how many words two runs have in common from their first on."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(a, b, strict=False))
    return sum(1 for _ in same)


def _bounds(wording: Wording, start: int, stop: int) -> tuple[int, int]:
    """Return the characters of some words; between words where there are none."""
    if start < stop:
        return wording.starts[start], wording.stops[stop - 1]
    at = wording.stops[start - 1] if start else 0
    return at, at
