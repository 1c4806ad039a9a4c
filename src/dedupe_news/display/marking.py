"""A text with the words marked in which it differs from another."""

from __future__ import annotations

import html
import itertools
import re
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dedupe_news.results.differences import Change

_TAGS = {
    "same": Markup("{}"),
    "delete": Markup("<del>{}</del>"),
    "insert": Markup("<ins>{}</ins>"),
}
_ELLIPSIS = " … "
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")


def readable(text: str) -> str:
    """Return a text with the characters that its HTML entities stand for."""
    if "&" not in text:
        return text
    # A line break must not come about: the first one ends the title.
    return _ENTITY.sub(lambda found: re.sub(r"[\r\n]", " ", html.unescape(found[0])), text)


def shortenings(text: str) -> tuple[list[int], list[int]]:
    """Return where the entities of a text end, and how many UTF-16 units fewer it has by then."""
    stops, shorter = [], [0]
    for entity in _ENTITY.finditer(text):
        stops.append(entity.end())
        n_shown = len(readable(entity[0]).encode("utf-16-le", "replace")) // 2
        shorter.append(shorter[-1] + len(entity[0]) - n_shown)
    return stops, shorter


class Piece(NamedTuple):
    """
    A part of a marked text.

    Parameters
    ----------
    kind : {"same", "delete", "insert"}
        Whether both texts have it, or only the first, or only the second.
    text : str
        What stands there.
    replaces : bool
        Whether it is part of a replacement.
    """

    kind: str
    text: str
    replaces: bool = False


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
        if gone and not replaces:  # it stands between two words of the second text
            gone = f" {gone}" if change.right_start else f"{gone} "
        come = readable(right[change.right_start : change.right_stop])
        pieces += [Piece("delete", gone, replaces), Piece("insert", come, replaces)]
        at = change.right_stop
    pieces.append(Piece("same", readable(right[at:])))
    return [piece for piece in pieces if piece.text]


def one(text: str, spans: Iterable[tuple[int, int, bool]], kind: str) -> list[Piece]:
    """
    Return one of two texts, with the words marked that the other does not have.

    `spans` are where those begin and end, and whether the other has others there.
    """
    pieces, at = [], 0
    for start, stop, replaces in spans:
        pieces.append(Piece("same", readable(text[at:start])))
        pieces.append(Piece(kind, readable(text[start:stop]), replaces))
        at = stop
    pieces.append(Piece("same", readable(text[at:])))
    return [piece for piece in pieces if piece.text]


def split_title(pieces: Sequence[Piece]) -> tuple[list[Piece], list[Piece]]:
    """
    Return the pieces of the first line, and those of all others.

    Parameters
    ----------
    pieces : sequence of Piece
        Of a title, a newline and a text.

    Returns
    -------
    title, text : list of Piece
        Without the newline.
    """
    for number, (kind, text, replaces) in enumerate(pieces):
        if kind != "delete" and "\n" in text:
            before, _, after = text.partition("\n")
            title = [*pieces[:number], Piece(kind, before, replaces)]
            return title, [Piece(kind, after, replaces), *pieces[number + 1 :]]
    return list(pieces), []


def shorten(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """
    Leave out the middle of long stretches that both texts have.

    Parameters
    ----------
    pieces : sequence of Piece
        A marked text.
    most : int
        Characters of such a stretch that stay; an ellipsis stands for others.

    Returns
    -------
    list of Piece
        As many.
    """
    shortened = []
    for number, piece in enumerate(pieces):
        text = piece.text
        if piece.kind == "same" and len(text) > most + len(_ELLIPSIS):
            is_first, is_last = number == 0, number == len(pieces) - 1
            head = 0 if is_first and not is_last else most if is_last else most // 2
            tail = most - head
            text = text[:head] + _ELLIPSIS + (text[-tail:] if tail else "")
        shortened.append(piece._replace(text=text))
    return shortened


def to_html(pieces: Iterable[Piece]) -> Markup:
    """
    Return a marked text as HTML.

    Parameters
    ----------
    pieces : iterable of Piece
        The text.

    Returns
    -------
    markupsafe.Markup
        Deleted words in ``<del>``, inserted ones in ``<ins>``; where the one
        replaces the other, both in ``<mark>``.
    """
    parts = []
    for replaces, group in itertools.groupby(pieces, key=lambda piece: piece.replaces):
        space = Markup(" ") if replaces else Markup()
        inner = space.join(_TAGS[piece.kind].format(piece.text) for piece in group)
        parts.append(Markup("<mark>{}</mark>").format(inner) if replaces else inner)
    return Markup().join(parts)
