"""Where documents were published, as kernels look for it at the ends of titles and texts."""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from dedupe_news._input.columns import NO_SOURCE
from dedupe_news._kernels.text.known_names import STRIP_PUBLISHERS
from dedupe_news._kernels.text.repeats import Sources
from dedupe_news._kernels.text.table import DOMAINS_PLACE, N_DOMAINS_PLACE
from dedupe_news._text.clean import NO_SOURCES
from dedupe_news._text.packaged import load, read_only
from dedupe_news._text.places import locate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def source_codes(sources: Sequence[str | None]) -> tuple[NDArray[np.int32], list[str]]:
    """Return sources as `tokenize` takes them."""
    names = [name for name in dict.fromkeys(sources) if name is not None]
    code_of: dict[str | None, int] = {name: code for code, name in enumerate(names)}
    code_of[None] = NO_SOURCE
    return np.array([code_of[name] for name in sources], np.int32), names


def _joined(words: Sequence[str], *, is_host: bool) -> str:
    """Return the words of a source's name written as one, the last parts of a host left out."""
    known = load()
    first = int(known[DOMAINS_PLACE])
    domains = known[first : first + int(known[N_DOMAINS_PLACE])]
    kept = list(words)
    while is_host and len(kept) > 1 and xxhash.xxh32_intdigest(kept[-1].encode()) in domains:
        kept.pop()
    return "".join(kept)


@functools.lru_cache(256)
def _named(source_names: tuple[str, ...]) -> Sources:
    """Return the tokens of sources' names, without codes of documents."""
    found = locate(source_names, 0, NO_SOURCES)
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
        NO_SOURCES.codes,
        read_only(np.array(tokens, np.uint32)),
        read_only(np.array(offsets, np.int64)),
        read_only(np.array(last, np.uint32)),
        read_only(np.array(joined, np.uint32)),
        read_only(np.array(is_one, np.uint8)),
    )


@functools.lru_cache(4096)
def _alone(name: str) -> Sources:
    """Return one source, as that of document 0."""
    return _named((name,))._replace(codes=read_only(np.zeros(1, np.int32)))


def source_of(name: str | None, rules: int) -> Sources:
    """Return the source of a single document as kernels take it."""
    return NO_SOURCES if name is None or not rules & STRIP_PUBLISHERS else _alone(name)


def sources_of(
    sources: NDArray[np.int32] | None, source_names: Sequence[str], rules: int
) -> Sources:
    """Return sources as kernels take them."""
    if sources is None or not len(source_names) or not rules & STRIP_PUBLISHERS:
        return NO_SOURCES
    if len(sources) == 1:  # of many names one alone is wanted
        return source_of(None if sources[0] < 0 else source_names[int(sources[0])], rules)
    return _named(tuple(source_names))._replace(codes=read_only(sources.astype(np.int32)))
