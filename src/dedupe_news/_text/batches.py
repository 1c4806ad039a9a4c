"""Columns to tokens: as many documents at a time as memory allows."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._machine.space import MEMORY
from dedupe_news._text.tokenizer import Tokens, tokenize

if TYPE_CHECKING:
    from dedupe_news._input.columns import Columns
    from dedupe_news._machine.space import Space
    from dedupe_news.config import Config


def tokens_of(columns: Columns, config: Config, n_jobs: int, space: Space = MEMORY) -> Tokens:
    """Return the tokens of a batch, in arrays of a space, as from `tokenize`."""
    n_bytes = int(columns.offsets[-1])
    marks = range(space.block_size, n_bytes, space.block_size)
    edges = [0, *np.unique(np.searchsorted(columns.offsets, marks)).tolist(), len(columns)]
    hashes, flags = space.rows(np.uint32), space.rows(np.uint32)
    offsets, cut_off = [np.zeros(1, np.int64)], []
    for start, stop in pairwise(edges):
        some = columns.between(start, stop)
        found = tokenize(
            some.text_buffer(),
            some.offsets,
            config,
            some.sources,
            some.source_names,
            n_jobs=n_jobs,
        )
        hashes.append(found.hashes)
        flags.append(found.flags)
        offsets.append(found.offsets[1:] + offsets[-1][-1])
        cut_off.append(found.cut_off)
    return Tokens(hashes.joined(), flags.joined(), np.concatenate(offsets), np.concatenate(cut_off))
