"""Judged pairs to stars, a component in one place; and texts back to documents."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pyarrow as pa

from dedupe_news.columns import NO_TIME
from dedupe_news.judgement import group_judged
from dedupe_news.pairs import places_in, texts_in
from dedupe_news.spark.components import LABELS
from dedupe_news.spark.judging import JUDGED
from dedupe_news.spark.messages import Message, joined, of_kinds, part_of, read, regroup, split_by
from dedupe_news.spark.numbering import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    from dedupe_news.config import Config, Prefer
    from dedupe_news.spark.messages import Step
    from dedupe_news.spark.numbering import Numbers, Texts
    from dedupe_news.spark.workspace import Workspace

MEMBERS, JOINED, AWAY, _FOUND = range(50, 54)
"""Kinds of messages: texts of components, judged pairs within one, and pairs of which one text
is in one."""

FOUND = (
    "digest long, check long, part long, kept_digest long, kept_check long, kept_part long, "
    "relation int"
)
"""Columns of a text that another represents: its key, that of the other, their relation."""

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_PAIR = ("u8", "f4", "u1")


def matched_of(message: Message) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """
    Return the matches among judged pairs.

    Parameters
    ----------
    message : Message
        Of the kind `JUDGED`.

    Returns
    -------
    left, right : ndarray of int64, shape (n_matches,)
        Their texts.
    """
    pairs, margins, _ = message.arrays
    matched = pairs[margins >= 0]
    return (matched >> _HALF).astype(np.int64), (matched & _LOW).astype(np.int64)


def gather(
    judged: DataFrame,
    labels: DataFrame,
    texts: Texts,
    config: Config,
    space: Workspace,
    step: Step,
    large: DataFrame | None = None,
) -> DataFrame:
    """
    Give every text a representative that it matches directly.

    What refines a star looks at texts of its component alone, so that each
    component is done in one place, as `dedupe_news.cluster` does them all.

    Parameters
    ----------
    judged : DataFrame
        From `dedupe_news.spark.judging.judge`.
    labels : DataFrame
        From `dedupe_news.spark.components.label`.
    texts : Texts
        The texts.
    config : Config
        The settings.
    space : Workspace
        Of the run.
    step : callable
        Groups the texts of some components: `group`, that of
        `dedupe_news.spark.similar`, or that of `dedupe_news.spark.joining`.
    large : DataFrame, optional
        Large buckets, from `dedupe_news.spark.similar.send_large`.

    Returns
    -------
    DataFrame
        Messages: the answers of `step`.
    """
    n_parts = space.n_partitions
    together = labels.unionAll(of_kinds(texts.blocks, KEYS)).unionAll(judged)
    attached = space.keep(
        regroup(together, n_parts, partial(_attach, texts.numbers, config.prefer, n_parts))
    )
    confirmed = regroup(
        labels.unionAll(of_kinds(attached, AWAY)), n_parts, partial(_confirm, n_parts)
    )
    grouped = of_kinds(attached, MEMBERS, JOINED).unionAll(of_kinds(confirmed, JOINED))
    if large is not None:
        grouped = grouped.unionAll(large)
    return regroup(grouped, n_parts, step)


def as_found(messages: DataFrame) -> DataFrame:
    """
    Return what groups found, a row a text.

    Parameters
    ----------
    messages : DataFrame
        Whose arrays are from `found_rows`.

    Returns
    -------
    DataFrame
        Of `FOUND`.
    """
    return messages.mapInArrow(partial(as_rows, FOUND), FOUND)


def _attach(
    numbers: Numbers, prefer: Prefer, n_parts: int, key: int, messages: list[Message]
) -> Iterator[Message]:
    texts, labels = joined(messages, LABELS, ("i8", "i8"))
    if len(texts) == 0:
        return
    local = texts - numbers.firsts[key]
    digests, checks, parts, times, lengths, given, founds = joined(
        messages, KEYS, (*("i8",) * 6, "u1")
    )
    known = times != NO_TIME
    preference = np.where(known, -times if prefer == "latest" else times, np.iinfo(np.int64).max)
    columns = (digests, checks, parts, preference, lengths, given, founds)
    for part, which in split_by(part_of(labels, n_parts)):
        values = [column[local[which]] for column in columns]
        yield Message(part, MEMBERS, 0, (texts[which], *values))
    pairs, margins, relation = joined(messages, JUDGED, _PAIR)
    left = (pairs >> _HALF).astype(np.int64)
    own, found = _labels_of(left, texts, labels)
    pairs, margins, relation = pairs[found], margins[found], relation[found]
    is_match = margins >= 0
    for part, which in split_by(part_of(own[is_match], n_parts)):
        values = [column[is_match][which] for column in (pairs, margins, relation)]
        yield Message(part, JOINED, 0, values)
    other = ~is_match
    right = (pairs[other] & _LOW).astype(np.int64)
    for block, which in split_by(numbers.blocks_of(right)):
        values = [column[other][which] for column in (pairs, margins, relation, own)]
        yield Message(block, AWAY, 0, values)


def _confirm(n_parts: int, _key: int, messages: list[Message]) -> Iterator[Message]:
    """Keep the pairs whose second text is of the component of the first."""
    texts, labels = joined(messages, LABELS, ("i8", "i8"))
    pairs, margins, relation, own = joined(messages, AWAY, (*_PAIR, "i8"))
    right = (pairs & _LOW).astype(np.int64)
    others, found = _labels_of(right, texts, labels)
    same = np.flatnonzero(found)[others == own[found]]
    for part, which in split_by(part_of(own[same], n_parts)):
        values = [column[same][which] for column in (pairs, margins, relation)]
        yield Message(part, JOINED, 0, values)


def _labels_of(
    wanted: NDArray[np.int64], texts: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the labels of those texts that have one, and which these are."""
    if len(texts) == 0:
        return np.empty(0, np.int64), np.zeros(len(wanted), bool)
    at = np.minimum(np.searchsorted(texts, wanted), len(texts) - 1)
    found = texts[at] == wanted
    return labels[at[found]], found


class Members(NamedTuple):
    """
    Texts of some components.

    Parameters
    ----------
    numbers : ndarray of int64, shape (n_texts,)
        Their numbers, increasing.
    digests, checks, parts : ndarray of int64, shape (n_texts,)
        Their keys.
    preference : ndarray of int64, shape (n_texts,)
        Times, smallest preferred.
    lengths : ndarray of int64, shape (n_texts,)
        Their tokens.
    given : ndarray of int64, shape (n_texts,)
        Clusters that earlier batches gave them, or `NOT_GIVEN`.
    founds : ndarray of uint8, shape (n_texts,)
        1 for those that founded these.
    """

    numbers: NDArray[np.int64]
    digests: NDArray[np.int64]
    checks: NDArray[np.int64]
    parts: NDArray[np.int64]
    preference: NDArray[np.int64]
    lengths: NDArray[np.int64]
    given: NDArray[np.int64]
    founds: NDArray[np.uint8]

    def in_order(self, prefer: Prefer, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """
        Return texts in order of preference, as `dedupe_news.texts.Texts` does.

        Parameters
        ----------
        prefer : {"earliest", "latest", "longest"}
            As in `Config`.
        numbers : ndarray of int64, shape (n,)
            Some of the texts.

        Returns
        -------
        ndarray of int64, shape (n,)
            Most preferred first.
        """
        at = np.searchsorted(self.numbers, numbers)
        keys = [self.digests[at], -self.lengths[at]]
        keys.insert(1 if prefer == "longest" else 2, self.preference[at])
        return numbers[np.lexsort(keys)]


def members_of(messages: list[Message]) -> Members:
    """
    Return the texts of a group.

    Parameters
    ----------
    messages : list of Message
        Of the group.

    Returns
    -------
    Members
        From those of the kind `MEMBERS`.
    """
    columns = joined(messages, MEMBERS, (*("i8",) * 7, "u1"))
    order = np.argsort(columns[0])
    return Members(*(column[order] for column in columns))


def found_rows(
    members: Members,
    texts: NDArray[np.int64],
    kept: NDArray[np.int64],
    relation: NDArray[np.uint8],
) -> list[NDArray[Any]]:
    """
    Return the arrays of a message that `as_rows` reads.

    Parameters
    ----------
    members : Members
        Of the group.
    texts, kept : ndarray of int64, shape (n,)
        Texts that others represent, and these.
    relation : ndarray of uint8, shape (n,)
        Of the two.

    Returns
    -------
    list of ndarray
        The columns of `FOUND`.
    """
    arrays: list[NDArray[Any]] = []
    for numbers in (texts, kept):
        at = np.searchsorted(members.numbers, numbers)
        arrays += [members.digests[at], members.checks[at], members.parts[at]]
    return [*arrays, relation.astype(np.int32)]


def as_rows(schema: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """
    Return messages whose arrays are columns as rows.

    Parameters
    ----------
    schema : str
        Names and types of the columns.
    batches : iterable of pyarrow.RecordBatch
        The messages.

    Yields
    ------
    pyarrow.RecordBatch
        Of the schema.
    """
    names = [field.split()[0] for field in schema.split(", ")]
    for message in read(batches):
        columns = [pa.array(values) for values in message.arrays]
        yield pa.RecordBatch.from_arrays(columns, names)


def group(prefer: Prefer, key: int, messages: list[Message]) -> Iterator[Message]:
    """
    Group texts by what the judge said of their pairs.

    Parameters
    ----------
    prefer : {"earliest", "latest", "longest"}
        As in `Config`.
    key : int
        The part of the components.
    messages : list of Message
        Their texts and judged pairs.

    Yields
    ------
    Message
        Of arrays from `found_rows`.
    """
    members = members_of(messages)
    pairs, margins, relation = joined(messages, JOINED, _PAIR)
    order = np.argsort(pairs)
    pairs, margins, relation = pairs[order], margins[order], relation[order]
    numbers = texts_in(pairs)
    grouped = group_judged(
        places_in(numbers, pairs),
        margins,
        np.zeros_like(margins),  # of series nothing is asked here
        len(numbers),
        lambda places: np.searchsorted(numbers, members.in_order(prefer, numbers[places])),
    )
    texts, kept = numbers[grouped.texts], numbers[grouped.representative]
    texts, kept = texts[texts != kept], kept[texts != kept]
    wanted = np.minimum(texts, kept).astype(np.uint64) << _HALF
    wanted |= np.maximum(texts, kept).astype(np.uint64)
    at = np.searchsorted(pairs, wanted)
    yield Message(key, _FOUND, 0, found_rows(members, texts, kept, relation[at]))
