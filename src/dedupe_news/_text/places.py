"""Tokens in the clear, and where they stand in their texts."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news._kernels.text.fold import GROWTH, TOKENS_PER_BYTE
from dedupe_news._kernels.text.lines import RUN_CLEANED, RUN_TOKENS, Written
from dedupe_news._kernels.text.tokens import fill_tokens
from dedupe_news._text.clean import find_runs
from dedupe_news._text.packaged import load, read_only, spelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe_news._kernels.text.repeats import Sources

_LEAD_BITS, _CONTINUATION = 0xC0, 0x80  # of UTF-8: 10xxxxxx begins no character


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """
    The tokens of texts, as in `Tokens`, and where they stand.

    Token ``k`` is ``text[starts[k]:stops[k]]``, in characters of its text. `folded` is the UTF-8 of
    the folded tokens, of which each ends where `ends` says.
    """

    hashes: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    folded: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def clear(self) -> list[str]:
        """Return the folded tokens."""
        becomes = spelled()
        tokens = zip(self.hashes.tolist(), self.written(), strict=True)
        return [becomes.get(token, word) for token, word in tokens]

    def written(self) -> list[str]:
        """Return the folded tokens as they were written, not as they are spelled."""
        bounds = pairwise([0, *self.ends.tolist()])
        return [self.folded[begin:end].tobytes().decode() for begin, end in bounds]


def locate(texts: Sequence[str], rules: int, sources: Sources) -> Places:
    """Return the tokens of texts with their places."""
    # Lone surrogates are no text; each still takes one place in its text.
    encoded = [text.encode("utf-8", "replace") for text in texts]
    buffer = read_only(np.frombuffer(b"".join(encoded), np.uint8))
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(each) for each in encoded], out=offsets[1:])
    offsets = read_only(offsets)
    n_bytes, n_texts = buffer.shape[0], len(texts)
    capacity = TOKENS_PER_BYTE * n_bytes
    hashes, flags = np.empty(capacity, np.uint32), np.empty(capacity, np.uint32)
    spans = np.empty((capacity + 1, 3), np.int64)
    folded = np.empty(GROWTH * n_bytes + 8, np.uint8)
    came_from = np.empty((n_bytes + 1, 2), np.int64)
    cut_off = np.zeros(n_texts, np.uint8)
    bounds = (0, n_texts)
    found_in, runs = find_runs(buffer, offsets, rules, bounds, cut_off, came_from)
    written = Written(hashes, flags, spans, folded)
    fill_tokens(found_in, runs, 0, load(), written, 0, rules, sources)
    token_offsets = np.concatenate(([0], runs[:, RUN_TOKENS]))
    n_tokens = int(token_offsets[-1])
    starts, stops, ends = spans[:n_tokens].T.copy()
    lengths = np.diff(token_offsets)
    was_cleaned = np.repeat(runs[:, RUN_CLEANED] != 0, lengths)
    starts[was_cleaned] = came_from[starts[was_cleaned], 0]
    stops[was_cleaned] = came_from[stops[was_cleaned] - 1, 1]
    first = offsets[:-1]
    if n_bytes != sum(map(len, texts)):
        # Characters before each byte: continuation bytes begin none.
        before = np.concatenate(([0], np.cumsum((buffer & _LEAD_BITS) != _CONTINUATION)))
        starts, stops, first = before[starts], before[stops], before[first]
    first = np.repeat(first, lengths)
    return Places(
        hashes[:n_tokens],
        flags[:n_tokens],
        token_offsets,
        starts - first,
        stops - first,
        folded,
        ends,
    )
