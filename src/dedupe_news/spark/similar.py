"""The policy "similar": buckets by band key, verified where their first texts are."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from dedupe_news import clustering, minhash, relations, shingling, verification
from dedupe_news.blocks import bounds_of, take_runs
from dedupe_news.columns import to_span
from dedupe_news.sorting import pack_repeated
from dedupe_news.spark.bounding import count_large
from dedupe_news.spark.components import LABELS
from dedupe_news.spark.gathering import JOINED, found_rows, members_of
from dedupe_news.spark.judging import JUDGED
from dedupe_news.spark.messages import Message, each, joined, of_kinds, part_of, regroup, split_by
from dedupe_news.spark.numbering import BLOCK, Block
from dedupe_news.spark.pairing import shingles_of
from dedupe_news.texts import within

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from dedupe_news.config import Config
    from dedupe_news.spark.gathering import Members
    from dedupe_news.spark.numbering import Numbers
    from dedupe_news.spark.workspace import Workspace

SMALL, LARGE, WANTED, SETS = range(60, 64)
"""Kinds of messages: buckets whose pairs are all compared, one whose are not, texts of such, and
the tokens of these."""

_KEYS, _CHUNK, _REQUEST, _TOKENS, _FOUND = range(64, 69)

_KEYS_A_PART = 1 << 17
_MEMBERS_A_CHUNK = 1 << 16
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_OF_TEXTS = ("i8", "i8", "i8", "u4")


class _Texts(NamedTuple):
    """Some texts: their numbers, increasing, lengths, times and tokens."""

    numbers: NDArray[np.int64]
    lengths: NDArray[np.int64]
    times: NDArray[np.int64]
    tokens: NDArray[np.uint32]

    @classmethod
    def of(cls, messages: list[Message], kind: int) -> _Texts:
        """Return the texts of all messages of a kind."""
        texts = cls(*joined(messages, kind, _OF_TEXTS))
        order = np.argsort(texts.numbers, kind="stable")
        return texts.take(order) if np.any(np.diff(texts.numbers) < 0) else texts

    def take(self, which: NDArray[np.int64]) -> _Texts:
        """Return some of the texts."""
        columns = (self.numbers[which], self.lengths[which], self.times[which])
        return _Texts(*columns, take_runs(self.tokens, bounds_of(self.lengths), which))

    def sets(self, shingle_size: int) -> verification.ShingleSets:
        """Return their shingle sets."""
        offsets = bounds_of(self.lengths)
        shingles = shingling.shingle(self.tokens, offsets[:-1], offsets[1:], shingle_size, 1)
        return verification.sort_sets(*shingles, np.ones(len(self.numbers), np.uint8), 1)

    def relate(
        self,
        left: NDArray[np.int64],
        right: NDArray[np.int64],
        shared: NDArray[np.int64],
        sizes: NDArray[np.int32],
    ) -> NDArray[np.uint8]:
        """Return the relation of matches between texts at these places."""
        offsets = bounds_of(self.lengths)
        containment = shared / np.minimum(sizes[left], sizes[right])
        return relations.relate(self.tokens, offsets[:-1], offsets[1:], left, right, containment)


def bucket(blocks: DataFrame, numbers: Numbers, config: Config, space: Workspace) -> DataFrame:
    """
    Sort the texts into buckets by their band keys.

    Parameters
    ----------
    blocks : DataFrame
        From `dedupe_news.spark.numbering.block_up`.
    numbers : Numbers
        Of the texts.
    config : Config
        The settings.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        Messages of the kinds `SMALL` and `LARGE`, keyed by the block of the
        bucket's first text, and `WANTED`, keyed by block; kept.
    """
    key_bits = max(0, (numbers.n_texts // _KEYS_A_PART).bit_length() - 1)
    dealt = each(of_kinds(blocks, BLOCK), partial(_deal, numbers, config, key_bits))
    fill = partial(_fill, numbers, config.bucket_limit, key_bits)
    return space.keep(regroup(dealt, space.n_partitions, fill))


def verify(
    buckets: DataFrame, blocks: DataFrame, numbers: Numbers, config: Config, space: Workspace
) -> DataFrame:
    """
    Compare the texts of every small bucket.

    Parameters
    ----------
    buckets : DataFrame
        From `bucket`.
    blocks : DataFrame
        From `dedupe_news.spark.numbering.block_up`.
    numbers : Numbers
        Of the texts.
    config : Config
        The settings.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        Messages of the kind `JUDGED`, matches all; some more than once; kept.
    """
    n_partitions = space.n_partitions
    asked = space.keep(regroup(of_kinds(buckets, SMALL), n_partitions, partial(_ask, numbers)))
    requests = of_kinds(blocks, BLOCK).unionAll(of_kinds(asked, _REQUEST))
    answers = regroup(requests, n_partitions, partial(_answer, numbers))
    together = of_kinds(asked, _CHUNK).unionAll(answers)
    return space.keep(regroup(together, n_partitions, partial(_verify, numbers, config)))


def edges_of(message: Message) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return what ties the texts of matches, or of a large bucket, together.

    Parameters
    ----------
    message : Message
        Of the kind `JUDGED` or `LARGE`.

    Returns
    -------
    left, right : ndarray of int64, shape (n_edges,)
        Texts.
    """
    first = message.arrays[0]
    if message.kind == LARGE:
        return np.repeat(first[:1], len(first) - 1), first[1:]
    return (first >> _HALF).astype(np.int64), (first & _LOW).astype(np.int64)


def send_large(
    buckets: DataFrame, labels: DataFrame, blocks: DataFrame, numbers: Numbers, space: Workspace
) -> DataFrame:
    """
    Send large buckets, and the tokens of their texts, to their components.

    Parameters
    ----------
    buckets : DataFrame
        From `bucket`.
    labels : DataFrame
        From `dedupe_news.spark.components.label`.
    blocks : DataFrame
        From `dedupe_news.spark.numbering.block_up`.
    numbers : Numbers
        Of the texts.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        Messages of the kinds `LARGE` and `SETS`, keyed as those of
        `dedupe_news.spark.gathering`.
    """
    together = labels.unionAll(of_kinds(blocks, BLOCK)).unionAll(of_kinds(buckets, LARGE, WANTED))
    return regroup(together, space.n_partitions, partial(_send, numbers, space.n_partitions))


def _deal(numbers: Numbers, config: Config, key_bits: int, message: Message) -> Iterator[Message]:
    block = Block(*message.arrays)
    first = int(numbers.firsts[message.key])
    keys = minhash.band_keys(*shingles_of(block, config.shingle_size), config, 1)
    texts = np.arange(first, first + len(keys), dtype=np.uint32)
    for band in range(keys.shape[1]):
        own = np.ascontiguousarray(keys[:, band])
        parts = (own.astype(np.int64) << key_bits) >> 32
        for part, which in split_by(parts):
            key = band << key_bits | part
            yield Message(key, _KEYS, message.key, (own[which], texts[which]))


def _fill(
    numbers: Numbers, limit: int, key_bits: int, key: int, messages: list[Message]
) -> Iterator[Message]:
    keys, texts = joined(messages, _KEYS, (np.uint32, np.uint32))
    packed = pack_repeated(keys)
    if len(packed) == 0:
        return
    members = texts[(packed & _LOW).astype(np.int64)].astype(np.int64)
    bounds = np.flatnonzero(np.diff(packed >> _HALF, prepend=~packed[:1], append=~packed[-1:]))
    sizes = np.diff(bounds)
    small = np.flatnonzero((sizes > 1) & (sizes <= limit))
    band = key >> key_bits
    for block, which in split_by(numbers.blocks_of(members[bounds[small]])):
        chosen = take_runs(members, bounds, small[which])
        bands = np.full(len(which), band, np.int64)
        yield Message(block, SMALL, key, (bands, sizes[small[which]], chosen))
    for at in np.flatnonzero(sizes > limit).tolist():
        large = members[bounds[at] : bounds[at + 1]]
        blocks = numbers.blocks_of(large)
        yield Message(int(blocks[0]), LARGE, key, [large])
        for block, which in split_by(blocks):
            yield Message(block, WANTED, key, [large[which]])


def _ask(numbers: Numbers, key: int, messages: list[Message]) -> Iterator[Message]:
    bands, sizes, members = joined(messages, SMALL, (np.int64, np.int64, np.int64))
    offsets = bounds_of(sizes)
    # By their first text: buckets of several bands with the same texts meet.
    order = np.lexsort((bands, members[offsets[:-1]]))
    chunks = bounds_of(sizes[order])[:-1] // _MEMBERS_A_CHUNK
    for number, which in split_by(chunks):
        chunk = key + number * numbers.n_blocks
        chosen = order[which]
        own = take_runs(members, offsets, chosen)
        yield Message(chunk, _CHUNK, 0, (bands[chosen], sizes[chosen], own))
        texts = np.unique(own)
        for block, places in split_by(numbers.blocks_of(texts)):
            yield Message(block, _REQUEST, chunk, [texts[places]])


def _answer(numbers: Numbers, key: int, messages: list[Message]) -> Iterator[Message]:
    block = Block(*messages[0].arrays)
    first = int(numbers.firsts[key])
    for message in messages[1:]:
        yield Message(message.order, _TOKENS, key, _tokens_of(block, first, message.arrays[0]))


def _tokens_of(block: Block, first: int, texts: NDArray[np.int64]) -> Sequence[NDArray[Any]]:
    local = texts - first
    tokens = take_runs(block.tokens, bounds_of(block.lengths), local)
    return texts, block.lengths[local], block.times[local], tokens


def _verify(
    numbers: Numbers, config: Config, key: int, messages: list[Message]
) -> Iterator[Message]:
    bands, sizes, members = joined(messages, _CHUNK, (np.int64, np.int64, np.int64))
    texts = _Texts.of(messages, _TOKENS)
    n_texts = len(texts.numbers)
    local = np.searchsorted(texts.numbers, members)
    bucket_of = np.repeat(np.arange(len(sizes)), sizes)
    # Numbers of buckets for keys: equal where two texts share a bucket of a band.
    keys = np.empty((n_texts, config.bands), np.uint32)
    keys[:] = (len(sizes) + np.arange(n_texts, dtype=np.uint32))[:, None]
    keys[local, bands[bucket_of]] = bucket_of
    packed = bucket_of.astype(np.uint64) << _HALF | local.astype(np.uint64)
    by_band = [packed[bands[bucket_of] == band] for band in range(config.bands)]
    sets = texts.sets(config.shingle_size)
    found, _ = verification.match_buckets(
        by_band, keys, np.zeros((0, 0), np.uint8), config.bucket_limit, sets, config.threshold, 1
    )
    if config.window is not None:
        times = texts.times
        near = within(times[found[:, 0]], times[found[:, 1]], to_span(config.window))
        found = found[near]
    if len(found) == 0:
        return
    left, right, shared = np.ascontiguousarray(found.T)
    relation = texts.relate(left, right, shared, sets.sizes)
    pairs = texts.numbers[left].astype(np.uint64) << _HALF
    pairs |= texts.numbers[right].astype(np.uint64)
    union = sets.sizes[left].astype(np.int64) + sets.sizes[right] - shared
    margins = (shared / union).astype(np.float32)  # at least 0, as of all matches
    for block, which in split_by(numbers.blocks_of(texts.numbers[left])):
        yield Message(block, JUDGED, key, (pairs[which], margins[which], relation[which]))


def _send(numbers: Numbers, n_parts: int, key: int, messages: list[Message]) -> Iterator[Message]:
    texts, labels = joined(messages, LABELS, (np.int64, np.int64))
    for message in messages:
        if message.kind == LARGE:
            (members,) = message.arrays
            label = labels[np.searchsorted(texts, members[:1])]
            yield Message(int(part_of(label, n_parts)[0]), LARGE, message.order, [members])
    (wanted,) = joined(messages, WANTED, (np.int64,))
    if len(wanted) == 0:
        return
    wanted = np.unique(wanted)
    (whole,) = (message.arrays for message in messages if message.kind == BLOCK)
    own = labels[np.searchsorted(texts, wanted)]
    for part, which in split_by(part_of(own, n_parts)):
        yield Message(
            part, SETS, key, _tokens_of(Block(*whole), int(numbers.firsts[key]), wanted[which])
        )


def group(config: Config, key: int, messages: list[Message]) -> Iterator[Message]:
    """
    Give every text of some components the most preferred representative it matches.

    Parameters
    ----------
    config : Config
        The settings.
    key : int
        The part of the components.
    messages : list of Message
        Their texts, matches and large buckets.

    Yields
    ------
    Message
        Of arrays from `dedupe_news.spark.gathering.found_rows`, and of the kind
        `dedupe_news.spark.bounding.BOUNDED`.
    """
    members = members_of(messages)
    pairs, _, relation = joined(messages, JOINED, ("u8", "f4", "u1"))
    pairs, leads = np.unique(pairs, return_index=True)
    relation = relation[leads]
    texts = _Texts.of(messages, SETS)
    sets = texts.sets(config.shingle_size)
    at = np.searchsorted(members.numbers, texts.numbers)
    large = [message.arrays[0] for message in messages if message.kind == LARGE]
    grouping = _grouped(config, members, pairs, large, texts, sets, at)
    kept = members.numbers[grouping.representative]
    moved = np.flatnonzero(kept != members.numbers)
    numbers, kept = members.numbers[moved], kept[moved]
    wanted = np.minimum(numbers, kept).astype(np.uint64) << _HALF
    wanted |= np.maximum(numbers, kept).astype(np.uint64)
    place = np.minimum(np.searchsorted(pairs, wanted), max(0, len(pairs) - 1))
    is_known = pairs[place] == wanted if len(pairs) else np.zeros(len(wanted), bool)
    found = np.zeros(len(wanted), np.uint8)
    found[is_known] = relation[place[is_known]]
    # Those that found their representative in a large bucket.
    late = grouping.late_matches
    if len(late):
        place_of = np.full(len(members.numbers), -1)
        place_of[at] = np.arange(len(at))
        left, right = place_of[late[:, 0]], place_of[late[:, 1]]
        related = texts.relate(left, right, late[:, 2], sets.sizes)
        found[np.searchsorted(numbers, members.numbers[late[:, 1]])] = related
    yield Message(key, _FOUND, 0, found_rows(members, numbers, kept, found))
    yield from count_large(key, large, grouping.n_compared, grouping.n_passed_over)


def _grouped(
    config: Config,
    members: Members,
    pairs: NDArray[np.uint64],
    large: list[NDArray[np.int64]],
    texts: _Texts,
    sets: verification.ShingleSets,
    at: NDArray[np.int64],
) -> clustering.Grouping:
    """Group members by place; those in large buckets alone have sets."""
    n_members = len(members.numbers)
    offsets = np.zeros(n_members + 1, np.int64)
    sizes = np.zeros(n_members, np.int32)
    sketches = np.zeros((n_members, sets.sketches.shape[1]), np.uint64)
    times = np.zeros(n_members, np.int64)
    offsets[at], sizes[at], sketches[at] = sets.offsets[:-1], sets.sizes, sets.sketches
    times[at] = texts.times
    left, right = (pairs >> _HALF).astype(np.int64), (pairs & _LOW).astype(np.int64)
    matches = np.stack((left, right), axis=1)
    return clustering.group(
        np.searchsorted(members.numbers, members.in_order(config.prefer, members.numbers)),
        np.searchsorted(members.numbers, matches),
        [np.searchsorted(members.numbers, bucket) for bucket in large],
        config.bucket_limit,
        sets.shingles,
        offsets,
        sizes,
        sketches,
        config.threshold,
        n_members,
        None if config.window is None else times,
        0 if config.window is None else to_span(config.window),
    )
