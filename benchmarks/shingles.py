"""
Word 3-shingles as each contestant defines them, for its run and for its check.

A contestant is judged by its own idea of a word: what it was given to compare
is what brute force compares.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from benchmarks.sets import ShingleSets, from_python

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from dedupe_news._text import Tokens
    from dedupe_news.config import Config

SHINGLE_SIZE = 3

_ASCII_BREAKS = str.maketrans(dict.fromkeys(string.punctuation + string.whitespace, " "))


def word_shingles(text: str) -> list[bytes]:
    """
    Return the word shingles of a text the quickest way plain Python has.

    Parameters
    ----------
    text : str
        A text.

    Returns
    -------
    list of bytes
        Lower-case words between white space, three at a time; all of them
        where there are fewer; none without a word.
    """
    words = text.lower().encode().split()
    if len(words) < SHINGLE_SIZE:
        return [b" ".join(words)] if words else []
    return list(map(b" ".join, zip(words, words[1:], words[2:], strict=False)))


def gaoya_shingles(text: str) -> list[bytes]:
    """
    Return the shingles that gaoya's ``word`` analyzer makes of a text.

    Parameters
    ----------
    text : str
        A text.

    Returns
    -------
    list of bytes
        Lower-case words between ASCII punctuation and white space, three at a
        time; none with fewer words than that.
    """
    words = [word for word in text.lower().translate(_ASCII_BREAKS).split(" ") if word]
    grams = zip(words, words[1:], words[2:], strict=False)
    return [" ".join(gram).encode() for gram in grams]


def library_tokens(texts: Sequence[str], config: Config) -> Tokens:
    """
    Return the token hashes that the library's text stage makes of texts.

    Parameters
    ----------
    texts : sequence of str
        The documents.
    config : Config
        Decides which boilerplate is left out.

    Returns
    -------
    dedupe_news._text.Tokens
        Hashes and offsets.
    """
    from dedupe_news import _text as text  # noqa: PLC0415 - compiles on import

    encoded = [document.encode() for document in texts]
    offsets = np.zeros(len(encoded) + 1, dtype=np.int64)
    np.cumsum([len(document) for document in encoded], out=offsets[1:])
    buffer = np.frombuffer(b"".join(encoded), dtype=np.uint8)
    return text.tokenize(buffer, offsets, config)


def library_sets(texts: Sequence[str], config: Config) -> ShingleSets:
    """
    Return the shingle sets that the library compares, hashed anew from its tokens.

    Parameters
    ----------
    texts : sequence of str
        The documents.
    config : Config
        Its `shingle_size` and text settings define the sets.

    Returns
    -------
    ShingleSets
        As `token_sets` makes them, by the signature format.
    """
    tokens = library_tokens(texts, config)
    return token_sets(tokens.hashes, tokens.offsets, config.shingle_size)


def token_sets(hashes: NDArray[np.uint32], offsets: NDArray[np.int64], width: int) -> ShingleSets:
    """
    Return the shingle sets of documents given as token hashes.

    Parameters
    ----------
    hashes : ndarray of uint32, shape (n_tokens,)
        Token hashes of all documents.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Bounds of each document.
    width : int
        Tokens in a shingle, at most `SHINGLE_SIZE`.

    Returns
    -------
    ShingleSets
        XXH32 of the little-endian token hashes; a document of fewer tokens
        than `width` is one shingle, one without tokens none.
    """
    lengths = np.diff(offsets)
    values, owners = [], []
    for length in range(1, width + 1):
        # Whole shingles, or the one of a document that is too short for any.
        some = np.flatnonzero(lengths >= width if length == width else lengths == length)
        n_each = lengths[some] - length + 1
        owner = np.repeat(some, n_each)
        first = np.cumsum(n_each) - n_each
        at = offsets[owner] + np.arange(len(owner)) - np.repeat(first, n_each)
        columns = [hashes[at + k] for k in range(length)]
        values.append(xxh32_of_words(columns))
        owners.append(owner)
    value, owner = np.concatenate(values), np.concatenate(owners)
    packed = np.unique((owner.astype(np.uint64) << np.uint64(32)) | value)
    bounds = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(
        np.bincount((packed >> np.uint64(32)).astype(np.int64), minlength=len(lengths)),
        out=bounds[1:],
    )
    return ShingleSets(packed & np.uint64(0xFFFFFFFF), bounds)


def xxh32_of_words(columns: Sequence[NDArray[np.uint32]]) -> NDArray[np.uint32]:
    """
    Return the XXH32 (seed 0) of up to three 32-bit words each, all rows at once.

    Parameters
    ----------
    columns : sequence of ndarray of uint32
        First words of all rows, second words, third words.

    Returns
    -------
    ndarray of uint32
        One hash a row, equal to ``xxhash.xxh32_intdigest`` of the row's
        little-endian bytes.
    """
    # Inputs of under 16 bytes only: the short path of the specification.
    with np.errstate(over="ignore"):
        mixed = np.full(len(columns[0]), 374761393 + 4 * len(columns), dtype=np.uint32)
        for column in columns:
            mixed += column.astype(np.uint32) * np.uint32(3266489917)
            mixed = (mixed << np.uint32(17)) | (mixed >> np.uint32(15))
            mixed *= np.uint32(668265263)
        mixed ^= mixed >> np.uint32(15)
        mixed *= np.uint32(2246822519)
        mixed ^= mixed >> np.uint32(13)
        mixed *= np.uint32(3266489917)
        mixed ^= mixed >> np.uint32(16)
    return mixed


def plain_set(text: str, config: Config) -> frozenset[tuple[str, ...]]:
    """
    Return the shingle set of one text as tuples of words, unhashed.

    Parameters
    ----------
    text : str
        A document.
    config : Config
        Its `shingle_size` and text settings define the set.

    Returns
    -------
    frozenset of tuple of str
        Empty where the text has no word.
    """
    from dedupe_news import _text as stage  # noqa: PLC0415 - compiles on import

    words = [word.text for word in stage.words(text, config)]
    width = config.shingle_size
    last = max(1, len(words) - width + 1) if words else 0
    return frozenset(tuple(words[at : at + width]) for at in range(last))


def peer_sets(texts: Sequence[str], shingles: Callable[[str], list[bytes]]) -> ShingleSets:
    """
    Return the shingle sets of a contestant that is not this library.

    Parameters
    ----------
    texts : sequence of str
        The documents.
    shingles : callable
        `word_shingles` or `gaoya_shingles`.

    Returns
    -------
    ShingleSets
        Shingles told apart by their XXH3 64-bit digest.
    """
    return from_python([shingles(text) for text in texts], xxhash.xxh3_64_intdigest)
