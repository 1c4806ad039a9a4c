"""The policy "news": which texts share rare shingles, or a template."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from dedupe_news import parting, shingling
from dedupe_news.blocks import bounds_of
from dedupe_news.kernels.features import SHINGLE_SIZE
from dedupe_news.kernels.votes import least_shared
from dedupe_news.sorting import sort_values
from dedupe_news.spark.messages import Message, each, joined, of_kinds, regroup, split_by
from dedupe_news.spark.numbering import BLOCK, Block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from dedupe_news.spark.numbering import Numbers
    from dedupe_news.spark.workspace import Workspace

DESCRIBED, RELATED, TEMPLATES, LINKED = range(10, 14)
"""Kinds of messages: a block with the codes of its shingles, pairs of a block's texts that
share rare shingles, keys of templates, and pairs of texts of one template."""

_POSTINGS, _CODES, _SHARED = range(20, 23)

_LONG = 255
"""Texts are as long as this at most, as far as it matters how much they must share."""

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_NEED_BITS = np.uint64(2)
_NEED = np.uint64(3)
_LOCAL = np.uint64(34)


def describe(blocks: DataFrame, numbers: Numbers, n_tokens: int, space: Workspace) -> DataFrame:
    """
    Count the shingles of all texts, and pair the texts that share rare ones.

    Parameters
    ----------
    blocks : DataFrame
        From `dedupe_news.spark.numbering.block_up`.
    numbers : Numbers
        Of the texts.
    n_tokens : int
        Of all documents.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        Messages of the kinds `DESCRIBED`, `RELATED` and `TEMPLATES`, kept.
    """
    part_bits = parting.part_bits_for(n_tokens)
    whole = of_kinds(blocks, BLOCK)
    dealt = each(whole, partial(_deal, numbers, part_bits))
    scanned = regroup(dealt, space.n_partitions, partial(_scan, numbers))
    described = regroup(
        whole.unionAll(scanned), space.n_partitions, partial(_describe, numbers, part_bits)
    )
    return space.keep(described)


def candidates(described: DataFrame, numbers: Numbers, space: Workspace) -> DataFrame:
    """
    Return the pairs worth judging, by the block of their first text.

    Parameters
    ----------
    described : DataFrame
        From `describe`.
    numbers : Numbers
        Of the texts.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        Messages of the kinds `RELATED` and `LINKED`; a pair may be in both.
    """
    linked = regroup(of_kinds(described, TEMPLATES), space.n_partitions, partial(_link, numbers))
    return of_kinds(described, RELATED).unionAll(linked)


def shingles_of(block: Block, shingle_size: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """
    Return the shingles of a block.

    Parameters
    ----------
    block : Block
        The block.
    shingle_size : int
        Tokens in a shingle.

    Returns
    -------
    shingles, offsets : ndarray of uint32, int64
        As from `dedupe_news.shingling.shingle`.
    """
    offsets = bounds_of(block.lengths)
    return shingling.shingle(block.tokens, offsets[:-1], offsets[1:], shingle_size, 1)


def _deal(numbers: Numbers, part_bits: int, message: Message) -> Iterator[Message]:
    block = Block(*message.arrays)
    first = int(numbers.firsts[message.key])
    shingles, offsets = shingles_of(block, SHINGLE_SIZE)
    postings, bounds = parting.part_shingles(shingles, offsets, first, part_bits)
    lengths = np.minimum(block.lengths, _LONG).astype(np.uint8)
    lengths = lengths[(postings & _LOW).astype(np.int64) - first]
    for part in range(1 << part_bits):
        own = slice(bounds[part], bounds[part + 1])
        if own.start < own.stop:
            yield Message(part, _POSTINGS, message.key, (postings[own], lengths[own]))


def _needs() -> NDArray[np.uint64]:
    """Return how many shingles two texts must share, less one, by the length of the shorter."""
    return np.array([least_shared(length) for length in range(_LONG + 1)], np.uint64) - np.uint64(1)


def _scan(numbers: Numbers, key: int, messages: list[Message]) -> Iterator[Message]:
    postings, lengths = joined(messages, _POSTINGS, (np.uint64, np.uint8))
    texts = (postings & _LOW).astype(np.int64)
    leads = np.ones(len(texts), bool)
    leads[1:] = texts[1:] != texts[:-1]
    numbered = texts[leads]
    # Numbered anew, so that nothing here is as long as the number of all texts.
    local = (postings >> _HALF << _HALF) | (np.cumsum(leads) - 1).astype(np.uint64)
    scanned = parting.scan_part(local, numbers.days_of(numbered))
    at = 0
    for message in messages:
        own = slice(at, at + len(message.arrays[0]))
        at = own.stop
        codes = (scanned.frequency[own], scanned.spread[own])
        yield Message(message.order, _CODES, key, codes)
    left, right = (scanned.pairs >> _HALF).astype(np.int64), (scanned.pairs & _LOW).astype(np.int64)
    shorter = np.minimum(lengths[leads][left], lengths[leads][right])
    first, second = numbered[left], numbered[right].astype(np.uint64)
    blocks = numbers.blocks_of(first)
    packed = (first - numbers.firsts[blocks]).astype(np.uint64) << _LOCAL
    packed |= second << _NEED_BITS | _needs()[shorter]
    for block, which in split_by(blocks):
        yield Message(block, _SHARED, key, [packed[which]])


def _describe(
    numbers: Numbers, part_bits: int, key: int, messages: list[Message]
) -> Iterator[Message]:
    block = Block(*messages[0].arrays)
    first = int(numbers.firsts[key])
    shingles, offsets = shingles_of(block, SHINGLE_SIZE)
    bounds = bounds_of(parting.count_postings(shingles, part_bits))
    codes = joined(messages, _CODES, (np.uint8, np.uint8))
    frequency, spread = parting.return_codes(shingles, part_bits, bounds, *codes)
    yield Message(key, DESCRIBED, 0, (*block, frequency, spread))
    yield Message(key, RELATED, 0, [_related(first, *joined(messages, _SHARED, (np.uint64,)))])
    keys = parting.template_keys(shingles, offsets, frequency, first)
    for part, which in split_by(
        (keys >> np.uint64(64 - part_bits)).astype(np.int64)
        if part_bits
        else np.zeros(len(keys), np.int64)
    ):
        yield Message(part, TEMPLATES, key, [keys[which]])


def _related(first: int, packed: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the pairs that share enough rare shingles, increasing."""
    sort_values(packed)
    if len(packed) == 0:
        return packed
    leads = np.flatnonzero(np.diff(packed, prepend=~packed[:1]))
    counts = np.diff(leads, append=len(packed))
    distinct = packed[leads]
    enough = distinct[counts > (distinct & _NEED).astype(np.int64)]
    left = (enough >> _LOCAL) + np.uint64(first)
    return left << _HALF | (enough >> _NEED_BITS & _LOW)


def _link(numbers: Numbers, key: int, messages: list[Message]) -> Iterator[Message]:
    (keys,) = joined(messages, TEMPLATES, (np.uint64,))
    pairs = parting.link_templates(keys)
    for block, which in split_by(numbers.blocks_of((pairs >> _HALF).astype(np.int64))):
        yield Message(block, LINKED, key, [pairs[which]])
