"""UTF-8 to tokens: Unicode folding, and news furniture left out."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news.kernels import folding
from dedupe_news.kernels import tokens as kernels
from dedupe_news.threads import resolve_jobs, run, split

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news.config import Config

HAS_DIGIT = folding.HAS_DIGIT
CAPITALISED = folding.CAPITALISED
FIRST_LINE = folding.FIRST_LINE
STARTS_SENTENCE = folding.STARTS_SENTENCE

_ROOM_FACTOR = 3  # bytes a token that a range is expected to have at least
_LEAST_ROOM = 256
_NO_SPANS = np.empty((0, 3), np.int64)
_NO_PLACES = np.empty((0, 2), np.int64)


@dataclasses.dataclass(frozen=True, slots=True)
class Tokens:
    """
    The tokens of a batch, one document after another.

    Parameters
    ----------
    hashes : ndarray of uint32, shape (n_tokens,)
        XXH32 (seed 0) of each folded token's UTF-8.
    flags : ndarray of uint8, shape (n_tokens,)
        Sum of HAS_DIGIT, CAPITALISED, FIRST_LINE and STARTS_SENTENCE.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Document ``i`` owns ``hashes[offsets[i]:offsets[i + 1]]``.
    cut_off : ndarray of uint8, shape (n_documents,)
        1 where the text ended in a mark that it was cut off.
    """

    hashes: NDArray[np.uint32]
    flags: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    cut_off: NDArray[np.uint8]


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    """
    One token, and where it stands in the original text.

    Parameters
    ----------
    text : str
        The folded token.
    start, stop : int
        Its place: ``original[start:stop]``.
    flags : int
        As in `Tokens`.
    """

    text: str
    start: int
    stop: int
    flags: int


@functools.cache
def _load() -> folding.Tables:
    path = importlib.resources.files("dedupe_news") / "data" / "folding.npz"
    with path.open("rb") as file, np.load(file) as stored:
        arrays = {name: stored[name] for name in stored.files if name != "unicode_version"}
    ascii_entries = np.full(256, folding.NOT_ASCII, np.uint32)
    first_page = int(arrays["pages"][0]) << folding.PAGE_BITS
    ascii_entries[:128] = arrays["entries"][first_page : first_page + 128]
    # Here the payload is the folded byte itself.
    is_word = ascii_entries & folding.KIND_MASK == folding.WORD
    ascii_entries[is_word] += np.flatnonzero(is_word).astype(np.uint32) << folding.PAYLOAD_SHIFT
    return folding.Tables(ascii_entries, **arrays)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    # Numba compiles once for arrays that may be written and once for others.
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def _rules(config: Config) -> int:
    return (
        kernels.STRIP_HTML * config.strip_html
        | kernels.STRIP_CUT_OFF_MARKS * config.strip_cut_off_marks
        | kernels.STRIP_DATELINES * config.strip_datelines
        | kernels.STRIP_BYLINES * config.strip_bylines
        | kernels.STRIP_PUBLISHERS * config.strip_publishers
    )


def _tokenize_range(
    buffer: NDArray[np.uint8], offsets: NDArray[np.int64], rules: int, bounds: tuple[int, int]
) -> Tokens:
    """
    Tokenise some of the documents.

    Parameters
    ----------
    buffer, offsets : ndarray
        As for `tokenize`.
    rules : int
        Furniture to leave out.
    bounds : (int, int)
        First document, and one past the last.

    Returns
    -------
    Tokens
        Those of the range alone.
    """
    start, stop = bounds
    n_bytes = int(offsets[stop] - offsets[start])
    room = n_bytes // _ROOM_FACTOR + _LEAST_ROOM
    hashes, flags = np.empty(room, np.uint32), np.empty(room, np.uint8)
    token_offsets = np.zeros(stop - start + 1, np.int64)
    cut_off = np.zeros(stop - start, np.uint8)
    longest = int(np.diff(offsets[start : stop + 1]).max())
    scratch = np.empty(folding.GROWTH * longest + 8, np.uint8)
    clean = np.empty(longest, np.uint8)
    done = start
    while True:
        n_tokens = int(token_offsets[done - start])
        done = kernels.fill_tokens(
            buffer,
            offsets,
            start,
            done,
            stop,
            rules,
            _load(),
            hashes,
            flags,
            n_tokens,
            token_offsets,
            cut_off,
            scratch,
            clean,
            _NO_SPANS,
            _NO_PLACES,
        )
        if done == stop:
            break
        # Rare: text without spaces, or a document of many times the mean.
        n_tokens = int(token_offsets[done - start])
        needed = folding.TOKENS_PER_BYTE * int(offsets[done + 1] - offsets[done])
        room = n_tokens + max(needed, n_tokens, _LEAST_ROOM)
        hashes, flags = np.resize(hashes, room), np.resize(flags, room)
    n_tokens = int(token_offsets[-1])
    return Tokens(hashes[:n_tokens], flags[:n_tokens], token_offsets, cut_off)


def tokenize(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    config: Config,
    *,
    n_jobs: int = 1,
) -> Tokens:
    """
    Fold documents and hash their tokens, news furniture left out.

    Parameters
    ----------
    buffer : ndarray of uint8, shape (n_bytes,)
        UTF-8 of all documents. Other bytes are harmless: they part words.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Document ``i`` is ``buffer[offsets[i]:offsets[i + 1]]``. A title, where
        there is one, is its first line.
    config : Config
        Says which furniture is left out.
    n_jobs : int, default 1
        Threads, as in scikit-learn. The result is the same for any number.

    Returns
    -------
    Tokens
        Of every document, in order.

    Raises
    ------
    ConfigError
        If `n_jobs` is 0.
    """
    n_jobs = resolve_jobs(n_jobs)
    rules = _rules(config)
    n_documents = offsets.shape[0] - 1
    buffer, offsets = _read_only(buffer), _read_only(offsets)
    if n_documents < 1:
        return Tokens(
            np.empty(0, np.uint32), np.empty(0, np.uint8),
            np.zeros(1, np.int64), np.empty(0, np.uint8),
        )  # fmt: skip
    task = functools.partial(_tokenize_range, buffer, offsets, rules)
    parts = run(task, split(n_documents, n_jobs), n_jobs)
    if len(parts) == 1:
        return parts[0]
    token_offsets = np.zeros(n_documents + 1, np.int64)
    done = 0
    for part in parts:
        stop = done + part.cut_off.shape[0]
        token_offsets[done + 1 : stop + 1] = part.offsets[1:] + token_offsets[done]
        done = stop
    return Tokens(
        np.concatenate([part.hashes for part in parts]),
        np.concatenate([part.flags for part in parts]),
        token_offsets,
        np.concatenate([part.cut_off for part in parts]),
    )


def words(text: str, config: Config) -> list[Word]:
    """
    Return the tokens of one text in the clear, with their places.

    Parameters
    ----------
    text : str
        A text; its title, where it has one, is the first line.
    config : Config
        Says which furniture is left out.

    Returns
    -------
    list of Word
        The tokens that `tokenize` hashes, in the same order.
    """
    # Lone surrogates are no text; each still takes one place in `text`.
    encoded = _read_only(np.frombuffer(text.encode("utf-8", "replace"), np.uint8))
    room = folding.TOKENS_PER_BYTE * encoded.shape[0]
    hashes, flags = np.empty(room, np.uint32), np.empty(room, np.uint8)
    spans = np.empty((room + 1, 3), np.int64)
    clean = np.empty(encoded.shape[0], np.uint8)
    places = np.empty((encoded.shape[0] + 1, 2), np.int64)
    folded = np.empty(folding.GROWTH * encoded.shape[0] + 8, np.uint8)
    offsets = _read_only(np.array([0, encoded.shape[0]], np.int64))
    token_offsets, cut_off = np.zeros(2, np.int64), np.zeros(1, np.uint8)
    kernels.fill_tokens(
        encoded, offsets, 0, 0, 1, _rules(config), _load(),
        hashes, flags, 0, token_offsets, cut_off, folded, clean, spans, places,
    )  # fmt: skip
    # Characters before each byte: continuation bytes begin none.
    before = np.concatenate(([0], np.cumsum((encoded & 0xC0) != 0x80))).tolist()
    found = []
    begin = 0
    for k in range(int(token_offsets[1])):
        start, stop, end = spans[k].tolist()
        clear = folded[begin:end].tobytes().decode()
        found.append(Word(clear, before[start], before[stop], int(flags[k])))
        begin = end
    return found
