"""Templates: what their texts have in common, and what varies."""

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

    The words of the `typical` document that nearly all others have, with "…" where
    something varies; and what stands there in the first few `members`.
    """
    content = columns.content(typical)
    typical_words = words(content, config)[:_MOST_WORDS]
    others = [member for member in members if member != typical]
    step = max(1, len(others) // _COMPARED)
    compared = others[::step][:_COMPARED]
    n_met = np.zeros(len(typical_words), np.int64)
    blocks = []
    typical_texts = [word.text for word in typical_words]
    for member in compared:
        other = words(columns.content(member), config)[:_MOST_WORDS]
        matcher = difflib.SequenceMatcher(
            None, typical_texts, [word.text for word in other], autojunk=False
        )
        met = matcher.get_matching_blocks()
        for block in met:
            n_met[block.a : block.a + block.size] += 1
        blocks.append((member, other, met))
    constant = n_met >= _CONSTANT_SHARE * len(compared)
    parts: list[str] = []
    for word, is_constant in zip(typical_words, constant.tolist(), strict=True):
        if is_constant:
            parts.append(content[word.start : word.stop])
        elif not parts or parts[-1] != _GAP:
            parts.append(_GAP)
    variants = []
    for member, other, met in blocks[:_SHOWN_VARIANTS]:
        constant_places = {
            block.b + at for block in met for at in range(block.size) if constant[block.a + at]
        }
        text = columns.content(member)
        varying = [
            text[word.start : word.stop]
            for at, word in enumerate(other)
            if at not in constant_places
        ]
        variants.append(" ".join(varying))
    return " ".join(parts), tuple(variants)
