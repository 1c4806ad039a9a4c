"""Candidate pairs to judged pairs: the evidence of both texts, brought to the pair."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news.blocks import TextBlock, bounds_of
from dedupe_news.columns import to_span
from dedupe_news.judgement import judge_candidates
from dedupe_news.spark.messages import Message, joined, of_kinds, regroup, split_by
from dedupe_news.spark.numbering import NOT_GIVEN, Block
from dedupe_news.spark.pairing import DESCRIBED
from dedupe_news.texts import within

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from dedupe_news.config import Config
    from dedupe_news.spark.numbering import Numbers
    from dedupe_news.spark.workspace import Workspace

PAIRS, REQUEST, EVIDENCE, JUDGED = range(30, 34)
"""Kinds of messages: a chunk of pairs, the texts it asks for, these, and verdicts."""

NO_RELATION = 255
"""Stands for the relation of two texts that are no duplicates."""

_PAIRS_A_CHUNK = 1 << 17
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_EVIDENCE = ("i8", "i8", "i8", "u1", "i8", "i8", "u4", "u1", "u1", "u1")


class Terms(NamedTuple):
    """
    What all pairs are judged by.

    Parameters
    ----------
    config : Config
        The settings.
    numbers : Numbers
        Of the texts.
    token_counts : ndarray of uint32, shape (n_places,)
        From `dedupe_news.spark.counting.count_tokens`.
    """

    config: Config
    numbers: Numbers
    token_counts: NDArray[np.uint32]


def judge(candidates: DataFrame, described: DataFrame, terms: Terms, space: Workspace) -> DataFrame:
    """
    Judge pairs.

    Parameters
    ----------
    candidates, described : DataFrame
        From `dedupe_news.spark.pairing`.
    terms : Terms
        What they are judged by.
    space : Workspace
        Of the run.

    Returns
    -------
    DataFrame
        Messages of the kind `JUDGED`, keyed by the block of the first text, kept.
    """
    n_partitions = space.n_partitions
    asked = space.keep(regroup(candidates, n_partitions, partial(_ask, terms.numbers)))
    answers = regroup(
        of_kinds(described, DESCRIBED).unionAll(of_kinds(asked, REQUEST)),
        n_partitions,
        partial(_answer, terms.numbers),
    )
    together = of_kinds(asked, PAIRS).unionAll(answers)
    return space.keep(regroup(together, n_partitions, partial(_judge, terms)))


def _ask(numbers: Numbers, key: int, messages: list[Message]) -> Iterator[Message]:
    pairs = np.unique(np.concatenate([message.arrays[0] for message in messages]))
    yield from ask(numbers, key, pairs)


def ask(numbers: Numbers, key: int, pairs: NDArray[np.uint64]) -> Iterator[Message]:
    """
    Cut pairs into chunks, and ask for the texts of each.

    Parameters
    ----------
    numbers : Numbers
        Of the texts.
    key : int
        The block that the pairs are of; chunks of one block go different ways,
        so that one that is in a great many pairs is no burden.
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``, increasing.

    Yields
    ------
    Message
        Of the kinds `PAIRS` and `REQUEST`.
    """
    for number, start in enumerate(range(0, len(pairs), _PAIRS_A_CHUNK)):
        chunk = key + number * numbers.n_blocks
        some = pairs[start : start + _PAIRS_A_CHUNK]
        yield Message(chunk, PAIRS, 0, [some])
        texts = np.unique(np.concatenate((some >> _HALF, some & _LOW))).astype(np.int64)
        for block, which in split_by(numbers.blocks_of(texts)):
            yield Message(block, REQUEST, chunk, [texts[which]])


def _answer(numbers: Numbers, key: int, messages: list[Message]) -> Iterator[Message]:
    described = messages[0]
    whole = Block(*described.arrays[:-2])
    block = _as_texts(whole, *described.arrays[-2:])
    first = int(numbers.firsts[key])
    for message in messages[1:]:
        (texts,) = message.arrays
        taken = block.take(texts - first)
        lengths = np.diff(taken.offsets)
        values = [getattr(taken, name) for name in ("cut_off", "sources", "times")]
        runs = [getattr(taken, name) for name in ("tokens", "flags", "frequency", "spread")]
        yield Message(
            message.order,
            EVIDENCE,
            key,
            (texts, whole.given[texts - first], lengths, *values, *runs),
        )


def _as_texts(block: Block, frequency: NDArray[np.uint8], spread: NDArray[np.uint8]) -> TextBlock:
    return TextBlock(
        tokens=block.tokens,
        flags=block.flags,
        offsets=bounds_of(block.lengths),
        cut_off=block.cut_off,
        sources=block.sources,  # type: ignore[arg-type]  # digests still
        times=block.times,
        frequency=frequency,
        spread=spread,
    )


def _judge(terms: Terms, key: int, messages: list[Message]) -> Iterator[Message]:
    (pairs,) = joined(messages, PAIRS, (np.uint64,))
    texts, given, lengths, cut_off, sources, times, *runs = joined(messages, EVIDENCE, _EVIDENCE)
    block = TextBlock(
        tokens=runs[0],
        flags=runs[1],
        offsets=bounds_of(lengths),
        cut_off=cut_off,
        sources=_codes(sources),
        times=times,
        frequency=runs[2],
        spread=runs[3],
    )
    left, right = places(pairs, texts)
    # Of two that an earlier batch has placed, nothing is asked.
    asked = (given[left] == NOT_GIVEN) | (given[right] == NOT_GIVEN)
    pairs, left, right = pairs[asked], left[asked], right[asked]
    if terms.config.window is not None:
        near = within(times[left], times[right], to_span(terms.config.window))
        pairs, left, right = pairs[near], left[near], right[near]
    n_texts = terms.numbers.n_texts
    evidence = block.evidence(terms.token_counts, n_texts, 1)
    local = left.astype(np.uint64) << _HALF | right.astype(np.uint64)
    judgement = judge_candidates(evidence, local, terms.config.shingle_size, n_texts, 1)
    relation = np.full(len(pairs), NO_RELATION, np.uint8)
    relation[judgement.matched] = judgement.scores.relation
    judged = judgement.judged
    if len(judged):
        answer = (pairs[judged], judgement.margins, relation[judged])
        yield Message(key % terms.numbers.n_blocks, JUDGED, key, answer)


def places(
    pairs: NDArray[np.uint64], texts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return where the texts of pairs are among some texts.

    Parameters
    ----------
    pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text``.
    texts : ndarray of int64, shape (n_texts,)
        Increasing; all those of the pairs among them.

    Returns
    -------
    left, right : ndarray of int64, shape (n_pairs,)
        Places in `texts`.
    """
    left = np.searchsorted(texts, (pairs >> _HALF).astype(np.int64))
    return left, np.searchsorted(texts, (pairs & _LOW).astype(np.int64))


def _codes(sources: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return digests of sources as small numbers, which kernels compare."""
    _, codes = np.unique(sources, return_inverse=True)
    return np.where(sources < 0, -1, codes).astype(np.int32)
