"""UTF-8 to tokens, many documents at a time."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._input.columns import extent
from dedupe_news._kernels.text.fold import GROWTH, TOKENS_PER_BYTE
from dedupe_news._kernels.text.lines import RUN_TOKENS, Texts, Written
from dedupe_news._kernels.text.tokens import fill_tokens, tokenize_whole
from dedupe_news._machine.threads import resolve_jobs, run, shares
from dedupe_news._text.clean import NO_PLACES, NO_SPANS, NO_TEXT, find_runs
from dedupe_news._text.packaged import load, read_only, rules_of
from dedupe_news._text.sources import source_of, sources_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe_news._kernels.text.repeats import Sources
    from dedupe_news.config import Config

_BYTES_PER_TOKEN = 3  # bytes a token that a range is expected to have at least
_LEAST_CAPACITY = 256
_BLOCK = 4096  # documents that are worked on while they are in the cache


class Tokens(NamedTuple):
    """
    The tokens of a batch: document ``i`` owns ``hashes[offsets[i]:offsets[i + 1]]``.

    `hashes` are XXH32 (seed 0) of folded tokens. `flags` are sums of HAS_DIGIT, CAPITALISED,
    FIRST_LINE and STARTS_SENTENCE, and above these eight bits the stem, which two forms of a word
    share. `cut_off` is 1 where a text ended in a mark that it was cut off.
    """

    hashes: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]


def _tokenize_range(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rules: int,
    sources: Sources,
    bounds: tuple[int, int],
) -> Tokens:
    """Tokenise the documents within `bounds`."""
    start, stop = bounds
    n_bytes, longest = extent(offsets[start : stop + 1])
    capacity = n_bytes // _BYTES_PER_TOKEN + TOKENS_PER_BYTE * longest + _LEAST_CAPACITY
    hashes, flags = np.empty(capacity, np.uint32), np.empty(capacity, np.uint32)
    token_offsets = np.zeros(stop - start + 1, np.int64)
    cut_off = np.zeros(stop - start, np.uint8)
    scratch = np.empty(GROWTH * longest + 8, np.uint8)
    n_tokens = 0
    for first in range(start, stop, _BLOCK):
        last = min(first + _BLOCK, stop)
        block = slice(first - start, last - start)
        texts, runs = find_runs(buffer, offsets, rules, (first, last), cut_off[block], NO_PLACES)
        block_sources = sources._replace(codes=sources.codes[first:last])
        n_ready = 0
        while n_ready < last - first:
            written = Written(hashes, flags, NO_SPANS, scratch)
            n_ready = fill_tokens(
                texts, runs, n_ready, load(), written, n_tokens, rules, block_sources
            )
            n_tokens = int(runs[n_ready - 1, RUN_TOKENS]) if n_ready else n_tokens
            if n_ready < last - first:
                # Rare: text without spaces, or a document of many times the mean.
                size = int(offsets[first + n_ready + 1] - offsets[first + n_ready])
                capacity = n_tokens + max(TOKENS_PER_BYTE * size, n_tokens, _LEAST_CAPACITY)
                hashes, flags = np.resize(hashes, capacity), np.resize(flags, capacity)
        token_offsets[1:][block] = runs[:, RUN_TOKENS]
    return Tokens(hashes[:n_tokens], flags[:n_tokens], token_offsets, cut_off)


def _tokenize_one(
    buffer: NDArray[np.uint8], offsets: NDArray[np.int64], rules: int, sources: Sources
) -> Tokens:
    """Tokenise a single document, the common case of an index."""
    begin, end = offsets.tolist()
    capacity = TOKENS_PER_BYTE * (end - begin)
    hashes, flags = np.empty(capacity, np.uint32), np.empty(capacity, np.uint32)
    cut_off = np.empty(1, np.uint8)
    written = Written(hashes, flags, NO_SPANS, np.empty(GROWTH * (end - begin) + 8, np.uint8))
    n_tokens = tokenize_whole(
        Texts(buffer, NO_TEXT), offsets, rules, load(), written, cut_off, sources
    )
    if n_tokens < 0:
        return _tokenize_range(buffer, offsets, rules, sources, (0, 1))
    return Tokens(hashes[:n_tokens], flags[:n_tokens], np.array([0, n_tokens]), cut_off)


def tokenize_one(
    buffer: NDArray[np.uint8], offsets: NDArray[np.int64], config: Config, source: str | None
) -> Tokens:
    """Tokenise a single document as `tokenize` does, which takes longer to begin."""
    rules = rules_of(config)
    return _tokenize_one(read_only(buffer), read_only(offsets), rules, source_of(source, rules))


def tokenize(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    config: Config,
    sources: NDArray[np.int32] | None = None,
    source_names: Sequence[str] = (),
    *,
    n_jobs: int = 1,
) -> Tokens:
    """Fold documents and hash their tokens, news boilerplate left out."""
    n_jobs = resolve_jobs(n_jobs)
    rules = rules_of(config)
    n_documents = offsets.shape[0] - 1
    buffer, offsets = read_only(buffer), read_only(offsets)
    if n_documents < 1:
        return Tokens(
            np.empty(0, np.uint32), np.empty(0, np.uint32),
            np.zeros(1, np.int64), np.empty(0, np.uint8),
        )  # fmt: skip
    published_by = sources_of(sources, source_names, rules)
    if n_documents == 1:
        return _tokenize_one(buffer, offsets, rules, published_by)
    task = functools.partial(_tokenize_range, buffer, offsets, rules, published_by)
    parts = run(task, shares(n_documents, n_jobs), n_jobs)
    if len(parts) == 1:
        return parts[0]
    counts = np.concatenate([[0], *(np.diff(part.offsets) for part in parts)])
    return Tokens(
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.flags for part in parts]),
        np.cumsum(counts, dtype=np.int64),
        np.concatenate([part.cut_off for part in parts]),
    )
