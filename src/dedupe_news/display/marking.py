"""A text with the words marked in which it differs from another."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from dedupe_news.results.phrasing import readable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dedupe_news.results.differences import Change
    from dedupe_news.results.records import Difference

_TAGS = {
    "same": Markup("{}"),
    "delete": Markup("<del>{}</del>"),
    "insert": Markup("<ins>{}</ins>"),
}
_ELLIPSIS = " … "
_GONE_WORDS = 3


class Piece(NamedTuple):
    """A part of a marked text, which both texts have, or only the first, or only the second."""

    kind: str  # "same", "delete" or "insert"
    text: str
    replaces: bool = False  # whether it is part of a replacement


def plain(text: str) -> list[Piece]:
    """Return a text without marks."""
    return [Piece("same", readable(text))]


def both(left: str, right: str, changes: Iterable[Change]) -> list[Piece]:
    """
    Return the second text, with the words between that only the first has.

    Without the pieces of kind "delete" it is the second text, whole.
    """
    pieces, at = [], 0
    for change in changes:
        pieces.append(Piece("same", readable(right[at : change.right_start])))
        replaces = change.kind == "replace"
        gone = " ".join(readable(left[change.left_start : change.left_stop]).split())
        words = gone.split(" ")
        if len(words) > 2 * _GONE_WORDS + 1:  # the representative, beside it, has them all
            gone = _ELLIPSIS.join(map(" ".join, (words[:_GONE_WORDS], words[-_GONE_WORDS:])))
        if gone and not replaces:  # it stands between two words of the second text
            gone = f" {gone}" if change.right_start else f"{gone} "
        come = readable(right[change.right_start : change.right_stop])
        pieces += [Piece("delete", gone, replaces), Piece("insert", come, replaces)]
        at = change.right_stop
    pieces.append(Piece("same", readable(right[at:])))
    return [piece for piece in pieces if piece.text]


def sides(
    texts: Iterable[str], changes: Sequence[Change | Difference]
) -> tuple[list[Piece], list[Piece]]:
    """Return two texts, each with the words marked that the other does not have."""
    left, right = texts
    return (
        _marked(left, "delete", [(c.left_start, c.left_stop, c.kind) for c in changes]),
        _marked(right, "insert", [(c.right_start, c.right_stop, c.kind) for c in changes]),
    )


def _marked(text: str, kind: str, spans: Iterable[tuple[int, int, str]]) -> list[Piece]:
    pieces, at = [], 0
    for start, stop, change in spans:
        pieces.append(Piece("same", readable(text[at:start])))
        pieces.append(Piece(kind, readable(text[start:stop]), change == "replace"))
        at = stop
    pieces.append(Piece("same", readable(text[at:])))
    return [piece for piece in pieces if piece.text]


def split_title(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """Return the pieces of the first line, and those of all others, without the newline."""
    for number, (kind, text, replaces) in enumerate(pieces):
        if kind != "delete" and "\n" in text:
            before, _, after = text.partition("\n")
            title = [*pieces[:number], Piece(kind, before, replaces)]
            return title, [Piece(kind, after, replaces), *pieces[number + 1 :]]
    return list(pieces), []


def shorten(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """Leave out the middle of stretches that both texts have, but for `most` characters."""
    shortened = []
    for number, piece in enumerate(pieces):
        text = piece.text
        if piece.kind == "same" and len(text) > most + len(_ELLIPSIS):
            is_first, is_last = number == 0, number == len(pieces) - 1
            head = 0 if is_first and not is_last else most if is_last else most // 2
            text = f"{_beginning(text, head)}{_ELLIPSIS}{_end(text, most - head)}"
        shortened.append(piece._replace(text=text))
    return shortened


def _beginning(text: str, most: int) -> str:
    """Return the first characters of a text, without half a word where it has spaces."""
    return text[:most].rpartition(" ")[0] or text[:most]


def _end(text: str, most: int) -> str:
    """Return the last characters of a text, as `_beginning` does the first."""
    return text[len(text) - most :].partition(" ")[2] or text[len(text) - most :]


def to_html(pieces: Iterable[Piece]) -> Markup:
    """Return a marked text as HTML; what replaces the other stands with it in a ``<mark>``."""
    parts = []
    for replaces, group in itertools.groupby(pieces, key=lambda piece: piece.replaces):
        space = Markup(" ") if replaces else Markup()
        inner = space.join(_TAGS[piece.kind].format(piece.text) for piece in group)
        parts.append(Markup("<mark>{}</mark>").format(inner) if replaces else inner)
    return Markup().join(parts)
