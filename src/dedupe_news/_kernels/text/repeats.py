"""Tokens that say again what the title or the source says, left out once they are hashed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._kernels._jit import inlined, kernel
from dedupe_news._kernels.text.known_names import find_hash
from dedupe_news._kernels.text.registers import int64
from dedupe_news._kernels.text.table import DOMAINS_PLACE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._kernels.text.lines import Written

LEAST_TITLE = 3
"""Tokens that a title has at least that is known again."""
LEAST_BEFORE_SOURCE = 2
"""Tokens that stay at least before the name of a source."""
_MAX_DOMAINS = 2


class Sources(NamedTuple):
    """
    Where documents were published, and the tokens of the sources' names.

    `codes` (int32) is of shape (n_documents,), negative for unknown; (0,) if no source is known.
    Name ``i`` has the token hashes ``tokens[offsets[i]:offsets[i + 1]]``, the last of them
    ``last[i]``; ``joined[i]`` is the hash of its words written as one, a host's last parts left
    out, ``is_one[i]`` is 1 where that may stand by itself.
    """

    codes: NDArray[np.int32]
    tokens: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    last: NDArray[np.uint32]
    joined: NDArray[np.uint32]
    is_one: NDArray[np.uint8]


@inlined
def begins_with(hashes: NDArray[np.uint32], start: int, again: int, stop: int) -> bool:
    """Say whether all of ``hashes[start:again]``, enough for a title, follow at `again`."""
    n_tokens = again - start
    if n_tokens < LEAST_TITLE or again + n_tokens > stop:
        return False
    for k in range(n_tokens):
        if hashes[np.uintp(start + k)] != hashes[np.uintp(again + k)]:
            return False
    return True


@inlined
def is_same(hashes: NDArray[np.uint32], start: int, stop: int, end: int) -> bool:
    """Say whether ``hashes[start:stop]`` equals ``hashes[stop:end]``."""
    if stop - start != end - stop:
        return False
    for k in range(stop - start):
        if hashes[start + k] != hashes[stop + k]:
            return False
    return True


@inlined
def may_end_in_source(hashes: NDArray[np.uint32], stop: int, row: int, sources: Sources) -> bool:
    """Say whether the last tokens may be the source of document `row`; mostly they are not."""
    code = int64(sources.codes[row])
    if code < 0 or stop <= LEAST_BEFORE_SOURCE:
        return False
    last = hashes[np.uintp(stop - 1)]
    joined = sources.joined[np.uintp(code)]
    return bool(
        (last == sources.last[np.uintp(code)])
        | (last == joined)
        | (hashes[np.uintp(stop - 2)] == joined)
        | (hashes[np.uintp(stop - 3)] == joined)
    )


@kernel
def source_start(
    hashes: NDArray[np.uint32],
    start: int,
    stop: int,
    row: int,
    sources: Sources,
    table: NDArray[np.uint32],
) -> int:
    """Return where the source of document `row` begins at the end of tokens; `stop` if nowhere."""
    code = int64(sources.codes[row])
    if code < 0:
        return stop
    first = sources.offsets[code]
    n_tokens = sources.offsets[code + 1] - first
    if n_tokens == 0:
        return stop
    at = stop - n_tokens
    if at >= start + LEAST_BEFORE_SOURCE:
        same = True
        for k in range(n_tokens):
            if hashes[at + k] != sources.tokens[first + k]:
                same = False
                break
        if same:
            return int(at)
    # "ntvtelugu.com" is NTV Telugu too.
    for n_domains in range(_MAX_DOMAINS + 1):
        at = stop - 1 - n_domains
        if at < start + LEAST_BEFORE_SOURCE:
            break
        if hashes[at] == sources.joined[code]:
            known = n_domains > 0 or sources.is_one[code] == 1
            for k in range(at + 1, stop):
                known = known and find_hash(table, int64(DOMAINS_PLACE), int64(hashes[k])) >= 0
            if known:
                return at
    return stop


@kernel
def remove_tokens(written: Written, start: int, stop: int, n_tokens: int) -> int:
    """Close the gap of the tokens ``start`` to ``stop - 1``; return how many are left."""
    hashes, flags, spans, scratch = written
    n_gone = stop - start
    for k in range(stop, n_tokens):
        hashes[k - n_gone] = hashes[k]
        flags[k - n_gone] = flags[k]
    if spans.shape[0] > 0 and n_gone > 0:
        # The folded tokens stand without gaps too.
        begin = spans[start - 1, 2] if start > 0 else int64(0)
        shift = spans[stop - 1, 2] - begin
        for at in range(spans[stop - 1, 2], spans[n_tokens - 1, 2]):
            scratch[at - shift] = scratch[at]
        for k in range(stop, n_tokens):
            spans[k - n_gone, 0] = spans[k, 0]
            spans[k - n_gone, 1] = spans[k, 1]
            spans[k - n_gone, 2] = spans[k, 2] - shift
    return n_tokens - n_gone
