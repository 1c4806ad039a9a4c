"""Templates: what the texts of one form have in common, and what varies."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._text import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news._input.columns import Columns
    from dedupe_news.config import Config

_COMPARED = 12
_MOST_WORDS = 1_000
_CONSTANT_SHARE = 0.8
_SHOWN_VARIANTS = 3
_GAP = "…"


def describe(
    columns: Columns, config: Config, typical: int, members: Sequence[int]
) -> tuple[str, tuple[str, ...]]:
    """
    Return the constant words of a template, and what varies in it.

    Parameters
    ----------
    columns : Columns
        The documents.
    config : Config
        The settings.
    typical : int
        Position of the most typical document.
    members : sequence of int
        Positions of all documents of the template.

    Returns
    -------
    pattern : str
        The words of the typical document that nearly all others have, of its
        first thousand, with "…" where something varies.
    variants : tuple of str
        What stands there in the first few documents.
    """
    content = columns.content(typical)
    own = words(content, config)[:_MOST_WORDS]
    others = [member for member in members if member != typical]
    step = max(1, len(others) // _COMPARED)
    compared = others[::step][:_COMPARED]
    n_met = np.zeros(len(own), np.int64)
    blocks = []
    own_texts = [word.text for word in own]
    for member in compared:
        other = words(columns.content(member), config)[:_MOST_WORDS]
        matcher = difflib.SequenceMatcher(
            None, own_texts, [word.text for word in other], autojunk=False
        )
        met = matcher.get_matching_blocks()
        for block in met:
            n_met[block.a : block.a + block.size] += 1
        blocks.append((member, other, met))
    constant = n_met >= _CONSTANT_SHARE * len(compared)
    parts: list[str] = []
    for word, is_constant in zip(own, constant.tolist(), strict=True):
        if is_constant:
            parts.append(content[word.start : word.stop])
        elif not parts or parts[-1] != _GAP:
            parts.append(_GAP)
    variants = []
    for member, other, met in blocks[:_SHOWN_VARIANTS]:
        kept = {block.b + at for block in met for at in range(block.size) if constant[block.a + at]}
        text = columns.content(member)
        varying = [text[word.start : word.stop] for at, word in enumerate(other) if at not in kept]
        variants.append(" ".join(varying))
    return " ".join(parts), tuple(variants)
