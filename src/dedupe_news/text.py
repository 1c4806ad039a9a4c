"""UTF-8 to tokens: Unicode folding, and news furniture left out."""

from __future__ import annotations

import dataclasses
import functools
import importlib.resources
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xxhash

from dedupe_news.columns import NO_SOURCE, extent
from dedupe_news.kernels import fold_table, folding, lines, markup, names, whole
from dedupe_news.kernels.repeats import Sources
from dedupe_news.space import MEMORY
from dedupe_news.threads import resolve_jobs, run, shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.space import Space

RULES_VERSION = 3
"""Raised whenever the same table folds text to other tokens."""

HAS_DIGIT = folding.HAS_DIGIT
CAPITALISED = folding.CAPITALISED
FIRST_LINE = folding.FIRST_LINE
STARTS_SENTENCE = folding.STARTS_SENTENCE

_ROOM_FACTOR = 3  # bytes a token that a range is expected to have at least
_LEAST_ROOM = 256
_LEAD_BITS, _CONTINUATION = 0xC0, 0x80  # of UTF-8: 10xxxxxx begins no character
_NO_SPANS = np.empty((0, 3), np.int64)
_NO_PLACES = np.empty((0, 2), np.int64)
_BLOCK = 4096  # documents that are worked on while they are in the cache


class Tokens(NamedTuple):
    """
    The tokens of a batch, one document after another.

    Parameters
    ----------
    hashes : ndarray of uint32, shape (n_tokens,)
        XXH32 (seed 0) of each folded token's UTF-8.
    flags : ndarray of uint32, shape (n_tokens,)
        Sum of HAS_DIGIT, CAPITALISED, FIRST_LINE and STARTS_SENTENCE.
    offsets : ndarray of int64, shape (n_documents + 1,)
        Document ``i`` owns ``hashes[offsets[i]:offsets[i + 1]]``.
    cut_off : ndarray of uint8, shape (n_documents,)
        1 where the text ended in a mark that it was cut off.
    """

    hashes: NDArray[np.uint32]
    flags: NDArray[np.uint32]
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
def _load() -> NDArray[np.uint32]:
    path = importlib.resources.files("dedupe_news") / "data" / "folding.npz"
    with path.open("rb") as file, np.load(file) as stored:
        return _read_only(stored["table"].astype(np.uint32, copy=False))


@functools.cache
def _spelled() -> dict[int, str]:
    """Return what `data/spelling.toml` makes of words, by its hash."""
    path = importlib.resources.files("dedupe_news") / "data" / "folding.npz"
    with path.open("rb") as file, np.load(file) as stored:
        words = str(stored["spelled"]).split(" ")
    return {xxhash.xxh32_intdigest(word.encode()): word for word in words}


def fingerprint() -> int:
    """
    Return the checksum of the table and the rules that say how text is folded.

    Returns
    -------
    int
        XXH32 of the table's little-endian words, seeded with the version of the
        rules, which rises whenever a rule that is no table changes. Token
        hashes of two versions of this library are comparable only if it is the
        same.
    """
    table = _load().astype("<u4", copy=False).tobytes()
    return xxhash.xxh32_intdigest(table, seed=RULES_VERSION)


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    # Numba compiles once for arrays that may be written and once for others.
    flags = array.flags
    if not flags.writeable and flags.c_contiguous:
        return array
    view = np.ascontiguousarray(array).view()
    view.setflags(write=False)
    return view


_FLAGS = (1 << folding.STEM_SHIFT) - 1
_NO_TEXT = _read_only(np.empty(0, np.uint8))
_NO_OFFSETS = _read_only(np.empty(0, np.int64))
_NO_SOURCES = Sources(
    _read_only(np.empty(0, np.int32)),
    _read_only(np.empty(0, np.uint32)),
    _read_only(np.zeros(1, np.int64)),
    _read_only(np.empty(0, np.uint32)),
    _read_only(np.empty(0, np.uint32)),
    _NO_TEXT,
)


def _rules(config: Config) -> int:
    return (
        names.STRIP_HTML * config.strip_html
        | names.STRIP_CUT_OFF_MARKS * config.strip_cut_off_marks
        | names.STRIP_DATELINES * config.strip_datelines
        | names.STRIP_BYLINES * config.strip_bylines
        | names.STRIP_PUBLISHERS * config.strip_publishers
        | names.STRIP_LINKS * config.strip_links
        | names.STRIP_REPEATED_TITLES * config.strip_repeated_titles
    )


def _find_runs(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rules: int,
    bounds: tuple[int, int],
    cut_off: NDArray[np.uint8],
    places: NDArray[np.int64],
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """
    Find what is to be folded of some documents: text without furniture.

    Parameters
    ----------
    buffer, offsets : ndarray
        As for `tokenize`, read-only.
    rules : int
        Furniture to leave out.
    bounds : (int, int)
        First document, and one past the last.
    cut_off : ndarray of uint8, shape (n_documents,)
        Receives 1 where a text was cut off.
    places : ndarray of int64, shape (n_bytes, 2) or (0, 2)
        If it has rows, receives where the bytes of cleaned text came from.

    Returns
    -------
    cleaned : ndarray of uint8
        Text of those documents that hold markup.
    runs : ndarray of int64, shape (n_documents, N_RUN_COLUMNS)
        Bounds in `buffer` or `cleaned`.
    """
    start, stop = bounds
    table = _load()
    marked = np.empty(stop - start if rules & names.STRIP_HTML else 0, np.uint8)
    n_marked = markup.find_markup(buffer, offsets, start, stop, marked) if marked.size else 0
    cleaned, clean_offsets = _NO_TEXT, _NO_OFFSETS
    if n_marked:
        clean = np.empty(n_marked, np.uint8)
        cleaned = _read_only(clean)
        room = np.empty(stop - start + 1, np.int64)
        markup.clean_markup(buffer, offsets, start, marked, table, clean, cleaned, room, places)
        clean_offsets = _read_only(room)
    else:
        marked = marked[:0]
    runs = np.empty((stop - start, folding.N_RUN_COLUMNS), np.int64)
    doubts = lines.find_lines(buffer, offsets, start, stop, marked, cleaned, clean_offsets, runs)
    if doubts:
        lines.strip_furniture(buffer, cleaned, rules, table, runs, cut_off)
    return cleaned, runs


def _tokenize_range(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    rules: int,
    sources: Sources,
    bounds: tuple[int, int],
) -> Tokens:
    """
    Tokenise some of the documents.

    Parameters
    ----------
    buffer, offsets : ndarray
        As for `tokenize`, read-only.
    rules : int
        Furniture to leave out.
    sources : Sources
        Of all documents.
    bounds : (int, int)
        First document, and one past the last.

    Returns
    -------
    Tokens
        Those of the range alone.
    """
    start, stop = bounds
    n_bytes, longest = extent(offsets[start : stop + 1])
    room = n_bytes // _ROOM_FACTOR + folding.TOKENS_PER_BYTE * longest + _LEAST_ROOM
    hashes, flags = np.empty(room, np.uint32), np.empty(room, np.uint32)
    token_offsets = np.zeros(stop - start + 1, np.int64)
    cut_off = np.zeros(stop - start, np.uint8)
    scratch = np.empty(folding.GROWTH * longest + 8, np.uint8)
    n_tokens = 0
    for first in range(start, stop, _BLOCK):
        last = min(first + _BLOCK, stop)
        own = slice(first - start, last - start)
        cleaned, runs = _find_runs(buffer, offsets, rules, (first, last), cut_off[own], _NO_PLACES)
        block_sources = sources._replace(codes=sources.codes[first:last])
        token_stops = token_offsets[1:][own]
        done = 0
        while True:
            done = folding.fill_tokens(
                buffer,
                cleaned,
                runs,
                done,
                _load(),
                hashes,
                flags,
                n_tokens,
                token_stops,
                scratch,
                _NO_SPANS,
                rules,
                block_sources,
            )
            n_tokens = int(token_stops[done - 1]) if done else n_tokens
            if done == last - first:
                break
            # Rare: text without spaces, or a document of many times the mean.
            size = int(offsets[first + done + 1] - offsets[first + done])
            room = n_tokens + max(folding.TOKENS_PER_BYTE * size, n_tokens, _LEAST_ROOM)
            hashes, flags = np.resize(hashes, room), np.resize(flags, room)
    return Tokens(hashes[:n_tokens], flags[:n_tokens], token_offsets, cut_off)


def _tokenize_one(
    buffer: NDArray[np.uint8], offsets: NDArray[np.int64], rules: int, sources: Sources
) -> Tokens:
    """Tokenise a single document, the common case of an index."""
    begin, end = offsets.tolist()
    room = folding.TOKENS_PER_BYTE * (end - begin)
    hashes, flags = np.empty(room, np.uint32), np.empty(room, np.uint32)
    token_offsets, cut_off = np.empty(2, np.int64), np.empty(1, np.uint8)
    if not whole.tokenize_whole(
        buffer, offsets, _NO_TEXT, rules, _load(), hashes, flags, token_offsets, cut_off, sources
    ):
        return _tokenize_range(buffer, offsets, rules, sources, (0, 1))
    n_tokens = int(token_offsets[1])
    return Tokens(hashes[:n_tokens], flags[:n_tokens], token_offsets, cut_off)


def source_codes(sources: Sequence[str | None]) -> tuple[NDArray[np.int32], list[str]]:
    """
    Return sources as `tokenize` takes them.

    Parameters
    ----------
    sources : sequence of str or None
        The source of each document; None for an unknown one.

    Returns
    -------
    codes : ndarray of int32, shape (n_documents,)
        Index into `names`, or `NO_SOURCE`.
    names : list of str
        Each source once.
    """
    names = [name for name in dict.fromkeys(sources) if name is not None]
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    code_of[None] = NO_SOURCE
    return np.array([code_of[name] for name in sources], np.int32), names


def _joined(words: Sequence[str], *, is_host: bool) -> str:
    """Return the words of a source's name written as one, the last parts of a host left out."""
    known = _load()
    first = int(known[fold_table.DOMAINS_PLACE])
    domains = known[first : first + int(known[fold_table.N_DOMAINS_PLACE])]
    kept = list(words)
    while is_host and len(kept) > 1 and xxhash.xxh32_intdigest(kept[-1].encode()) in domains:
        kept.pop()
    return "".join(kept)


@functools.lru_cache(256)
def _named(source_names: tuple[str, ...]) -> Sources:
    """Return the tokens of sources' names, without codes of documents."""
    found = _places(source_names, 0, _NO_SOURCES)
    written = found.written()
    tokens: list[int] = []
    offsets, last, joined, is_one = [0], [], [], []
    for name, (start, stop) in zip(source_names, pairwise(found.offsets.tolist()), strict=True):
        first = start + (stop - start > 1 and written[start] == "www")
        words = written[first:stop]
        is_host = "." in name
        joined.append(xxhash.xxh32_intdigest(_joined(words, is_host=is_host).encode()))
        is_one.append(len(words) > 1 and not is_host)
        tokens += found.hashes[first:stop].tolist()
        last.append(tokens[-1] if words else 0)
        offsets.append(len(tokens))
    return Sources(
        _NO_SOURCES.codes,
        _read_only(np.array(tokens, np.uint32)),
        _read_only(np.array(offsets, np.int64)),
        _read_only(np.array(last, np.uint32)),
        _read_only(np.array(joined, np.uint32)),
        _read_only(np.array(is_one, np.uint8)),
    )


def _sources(sources: NDArray[np.int32] | None, source_names: Sequence[str], rules: int) -> Sources:
    """Return sources as kernels take them."""
    if sources is None or not len(source_names) or not rules & names.STRIP_PUBLISHERS:
        return _NO_SOURCES
    if len(sources) == 1:  # of many names one alone is wanted
        if sources[0] < 0:
            return _NO_SOURCES
        source_names, sources = (source_names[int(sources[0])],), np.zeros(1, np.int32)
    return _named(tuple(source_names))._replace(codes=_read_only(sources.astype(np.int32)))


def tokenize(
    buffer: NDArray[np.uint8],
    offsets: NDArray[np.int64],
    config: Config,
    sources: NDArray[np.int32] | None = None,
    source_names: Sequence[str] = (),
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
    sources : ndarray of int32, shape (n_documents,), optional
        Where each was published: index into `source_names`, or `NO_SOURCE`. By
        default no document's source is looked for in it.
    source_names : sequence of str
        Names of the sources.
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
            np.empty(0, np.uint32), np.empty(0, np.uint32),
            np.zeros(1, np.int64), np.empty(0, np.uint8),
        )  # fmt: skip
    published_by = _sources(sources, source_names, rules)
    if n_documents == 1:
        return _tokenize_one(buffer, offsets, rules, published_by)
    if n_jobs == 1:
        return _tokenize_range(buffer, offsets, rules, published_by, (0, n_documents))
    task = functools.partial(_tokenize_range, buffer, offsets, rules, published_by)
    parts = run(task, shares(n_documents, n_jobs), n_jobs)
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


def tokens_of(columns: Columns, config: Config, n_jobs: int, space: Space = MEMORY) -> Tokens:
    """
    Fold the documents of a batch and hash their tokens, as many at a time as a space says.

    Parameters
    ----------
    columns : Columns
        The documents.
    config : Config
        Says which furniture is left out.
    n_jobs : int
        Threads.
    space : Space
        Gets the tokens.

    Returns
    -------
    Tokens
        As from `tokenize`.
    """
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


@dataclasses.dataclass(frozen=True, slots=True)
class Places:
    """
    The tokens of texts, one text after another, and where they stand in it.

    Parameters
    ----------
    hashes : ndarray of uint32, shape (n_tokens,)
        As in `Tokens`.
    flags : ndarray of uint32, shape (n_tokens,)
        As in `Tokens`.
    offsets : ndarray of int64, shape (n_texts + 1,)
        Text ``i`` owns the tokens ``offsets[i]:offsets[i + 1]``.
    starts, stops : ndarray of int64, shape (n_tokens,)
        Token ``k`` is ``text[starts[k]:stops[k]]``, in characters of its text.
    folded : ndarray of uint8
        UTF-8 of the folded tokens, one after another.
    ends : ndarray of int64, shape (n_tokens,)
        Where each token ends in `folded`.
    """

    hashes: NDArray[np.uint32]
    flags: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    folded: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def clear(self) -> list[str]:
        """
        Return the folded tokens.

        Returns
        -------
        list of str
            In order.
        """
        spelled = _spelled()
        tokens = zip(self.hashes.tolist(), self.written(), strict=True)
        return [spelled.get(token, word) for token, word in tokens]

    def written(self) -> list[str]:
        """
        Return the folded tokens as they were written, not as they are spelled.

        Returns
        -------
        list of str
            In order.
        """
        bounds = pairwise([0, *self.ends.tolist()])
        return [self.folded[begin:end].tobytes().decode() for begin, end in bounds]


def places(
    texts: Sequence[str], config: Config, sources: Sequence[str | None] | None = None
) -> Places:
    """
    Return the tokens of texts with their places.

    Parameters
    ----------
    texts : sequence of str
        Some texts, few enough to hold some ninety bytes for each of theirs; a
        title, where there is one, is the first line.
    config : Config
        Says which furniture is left out.
    sources : sequence of str or None, optional
        Where each was published.

    Returns
    -------
    Places
        The tokens that `tokenize` hashes, in the same order.
    """
    rules = _rules(config)
    codes, known = (None, []) if sources is None else source_codes(sources)
    return _places(texts, rules, _sources(codes, known, rules))


def _places(texts: Sequence[str], rules: int, sources: Sources) -> Places:
    """Return the tokens of texts with their places."""
    # Lone surrogates are no text; each still takes one place in its text.
    encoded = [text.encode("utf-8", "replace") for text in texts]
    buffer = _read_only(np.frombuffer(b"".join(encoded), np.uint8))
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(each) for each in encoded], out=offsets[1:])
    offsets = _read_only(offsets)
    n_bytes, n_texts = buffer.shape[0], len(texts)
    room = folding.TOKENS_PER_BYTE * n_bytes
    hashes, flags = np.empty(room, np.uint32), np.empty(room, np.uint32)
    spans = np.empty((room + 1, 3), np.int64)
    folded = np.empty(folding.GROWTH * n_bytes + 8, np.uint8)
    came_from = np.empty((n_bytes + 1, 2), np.int64)
    token_offsets, cut_off = np.zeros(n_texts + 1, np.int64), np.zeros(n_texts, np.uint8)
    bounds = (0, n_texts)
    cleaned, runs = _find_runs(buffer, offsets, rules, bounds, cut_off, came_from)
    folding.fill_tokens(
        buffer, cleaned, runs, 0, _load(), hashes, flags, 0, token_offsets[1:], folded, spans,
        rules, sources,
    )  # fmt: skip
    n_tokens = int(token_offsets[-1])
    starts, stops, ends = spans[:n_tokens].T.copy()
    lengths = np.diff(token_offsets)
    was_cleaned = np.repeat(runs[:, folding.RUN_CLEANED] != 0, lengths)
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


def words(text: str, config: Config, source: str | None = None) -> list[Word]:
    """
    Return the tokens of one text in the clear, with their places.

    Parameters
    ----------
    text : str
        A text; its title, where it has one, is the first line.
    config : Config
        Says which furniture is left out.
    source : str, optional
        Where it was published.

    Returns
    -------
    list of Word
        The tokens that `tokenize` hashes, in the same order.
    """
    found = places([text], config, [source])
    columns = (found.starts.tolist(), found.stops.tolist(), (found.flags & _FLAGS).tolist())
    return [Word(*values) for values in zip(found.clear(), *columns, strict=True)]
