"""The tokens of texts as a person reads them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from dedupe_news._kernels._interpreting import small
from dedupe_news._kernels.text.fold import STEM_SHIFT
from dedupe_news._text.packaged import rules_of
from dedupe_news._text.places import Places, locate
from dedupe_news._text.sources import source_codes, sources_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news.config import Config


_FLAGS = (1 << STEM_SHIFT) - 1


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    """One folded token, its place ``original[start:stop]``, and its flags as in `Tokens`."""

    text: str
    start: int
    stop: int
    flags: int


def places(
    texts: Sequence[str], config: Config, sources: Sequence[str | None] | None = None
) -> Places:
    """Return the tokens of texts with their places."""
    rules = rules_of(config)
    with small(sum(map(len, texts))):
        codes, known = (None, []) if sources is None else source_codes(sources)
        return locate(texts, rules, sources_of(codes, known, rules))


def words(text: str, config: Config, source: str | None = None) -> list[Word]:
    """Return the tokens of one text in the clear, with their places."""
    found = places([text], config, [source])
    columns = (found.starts.tolist(), found.stops.tolist(), (found.flags & _FLAGS).tolist())
    return [Word(*values) for values in zip(found.clear(), *columns, strict=True)]
