"""
Word 3-shingles as each contestant defines them, for its run and for its check.

A contestant is judged by its own idea of a word: what it was given to compare is what brute
force compares.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from benchmarks.truth import ShingleSets, shingle_sets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._text import Tokens
    from dedupe_news.config import Config

SHINGLE_SIZE = 3

_ASCII_BREAKS = str.maketrans(dict.fromkeys(string.punctuation + string.whitespace, " "))
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


def word_shingles(text: str) -> list[bytes]:
    """Return runs of three lower-case words between white space, or all words of a short text."""
    words = text.lower().encode().split()
    if len(words) < SHINGLE_SIZE:
        return [b" ".join(words)] if words else []
    return list(map(b" ".join, zip(words, words[1:], words[2:], strict=False)))


def gaoya_shingles(text: str) -> list[bytes]:
    """Return the shingles of gaoya's ``word`` analyzer: words end at ASCII punctuation, too."""
    words = [word for word in text.lower().translate(_ASCII_BREAKS).split(" ") if word]
    grams = zip(words, words[1:], words[2:], strict=False)
    return [" ".join(gram).encode() for gram in grams]


def peer_sets(texts: Sequence[str], shingles: Callable[[str], list[bytes]]) -> ShingleSets:
    """Return the shingle sets of a contestant that is not this library, as 64-bit digests."""
    digests = [map(xxhash.xxh3_64_intdigest, shingles(text)) for text in texts]
    return shingle_sets([np.fromiter(each, np.uint64) for each in digests])


def library_tokens(texts: Sequence[str], config: Config) -> Tokens:
    """Return the token hashes that the library's text stage makes of texts."""
    from dedupe_news import _text as text  # noqa: PLC0415 - compiles on import

    encoded = [document.encode() for document in texts]
    offsets = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    buffer = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return text.tokenize(buffer, offsets, config)


def library_sets(texts: Sequence[str], config: Config) -> ShingleSets:
    """Return the shingle sets that the library compares, hashed anew from its tokens."""
    tokens = library_tokens(texts, config)
    return token_sets(tokens.hashes, tokens.offsets, config.shingle_size)


def token_sets(hashes: NDArray[np.uint32], offsets: NDArray[np.int64], width: int) -> ShingleSets:
    """Return the sets of runs of `width` tokens; a document of fewer tokens is one run."""
    lengths = np.diff(offsets)
    values, owners = [], []
    for length in range(1, width + 1):
        is_chosen = lengths >= width if length == width else lengths == length
        chosen = np.flatnonzero(is_chosen)
        n_runs = lengths[chosen] - length + 1
        owner = np.repeat(chosen, n_runs)
        first = np.cumsum(n_runs) - n_runs
        at = offsets[owner] + np.arange(len(owner)) - np.repeat(first, n_runs)
        value = np.full(len(at), length, np.uint64)
        for place in range(length):
            value = value * _MULTIPLIER + hashes[at + place]  # wraps
        values.append(value ^ (value >> np.uint64(32)))
        owners.append(owner)
    value, owner = np.concatenate(values), np.concatenate(owners)
    order = np.lexsort((value, owner))
    value, owner = value[order], owner[order]
    is_first = np.ones(len(value), bool)
    is_first[1:] = (value[1:] != value[:-1]) | (owner[1:] != owner[:-1])
    bounds = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(np.bincount(owner[is_first], minlength=len(lengths)), out=bounds[1:])
    return ShingleSets(value[is_first], bounds)
