"""The way of a batch: columns through every stage to matches and clusters."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import numpy as np
import xxhash

from dedupe_news import banding, clustering, minhash, relations, shingling, text, verification
from dedupe_news.columns import NO_TIME
from dedupe_news.records import Bounded
from dedupe_news.results import Clustering, Matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config

STAGES = ("text", "shingling", "minhash", "banding", "verification", "clustering")
"""Stages that `cluster_columns` announces, in order."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Texts:
    """The distinct texts of a batch: documents of equal words are one text."""

    tokens: text.Tokens
    text_of: NDArray[np.int64]
    document: NDArray[np.int64]  # the preferred document of each text
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]
    digests: NDArray[np.uint64]
    times: NDArray[np.int64] | None


def cluster_columns(
    columns: Columns, config: Config, n_jobs: int, announce: Callable[[str], None]
) -> Clustering:
    """
    Cluster documents that are columns already.

    Parameters
    ----------
    columns : Columns
        The documents.
    config : Config
        The settings.
    n_jobs : int
        Threads, at least 1.
    announce : callable
        Called with the name of each stage as it ends.

    Returns
    -------
    Clustering
        The same for any `n_jobs`; its partition the same for any order of the
        documents.
    """
    seconds: dict[str, float] = {}
    clock = time.perf_counter()

    def done(stage: str) -> None:
        nonlocal clock
        now = time.perf_counter()
        seconds[stage] = now - clock
        clock = now
        announce(stage)

    tokens = text.tokenize(columns.buffer, columns.offsets, config, n_jobs=n_jobs)
    done("text")
    texts = _distinct(columns, tokens, config, n_jobs)
    shingles, offsets = shingling.shingle(
        tokens.hashes, texts.starts, texts.stops, config.shingle_size, n_jobs
    )
    done("shingling")
    keys = minhash.band_keys(shingles, offsets, config, n_jobs)
    done("minhash")
    buckets = banding.fill_buckets(keys, config.bucket_limit, n_jobs)
    done("banding")
    sets = verification.sort_sets(shingles, offsets, buckets.shared, n_jobs)
    found, n_candidates = verification.match_buckets(
        buckets.packed,
        keys,
        buckets.in_large,
        config.bucket_limit,
        sets,
        config.threshold,
        n_jobs,
    )
    done("verification")
    n_texts = len(texts.document)
    related = np.unique(np.concatenate((found[:, 0], found[:, 1], *buckets.large)))
    order = clustering.preference_order(
        related, texts.times, texts.stops - texts.starts, texts.digests
    )
    grouping = clustering.group(
        order,
        found,
        buckets.large,
        config.bucket_limit,
        sets.shingles,
        sets.offsets,
        sets.sizes,
        config.threshold,
        n_texts,
    )
    matches = _matches(texts, sets, np.concatenate((found, grouping.late_matches)))
    labels, representatives = _labels(texts, grouping.representative)
    sizes = [len(bucket) for bucket in buckets.large]
    bounded = Bounded(
        n_large_buckets=len(sizes),
        n_pairs_not_compared=max(
            0, sum(size * (size - 1) // 2 for size in sizes) - grouping.n_compared
        ),
        n_representatives_passed_over=grouping.n_passed_over,
    )
    done("clustering")
    return Clustering(
        columns=columns,
        config=config,
        labels=labels,
        representatives=representatives,
        matches=matches,
        n_candidates=n_candidates + grouping.n_compared,
        bounded=bounded,
        seconds=seconds,
    )


def _distinct(columns: Columns, tokens: text.Tokens, config: Config, n_jobs: int) -> _Texts:
    text_of, document, digests = shingling.distinct_texts(tokens.hashes, tokens.offsets, n_jobs)
    times = _preference_times(columns, config)
    repeated = _repeated(text_of, len(document))
    if len(repeated):
        # Among documents of the same words: by time, then by their very bytes,
        # so that the order of the input decides only between equal documents.
        contents = np.array(
            [
                xxhash.xxh64_intdigest(
                    columns.buffer[columns.offsets[i] : columns.offsets[i + 1]].data
                )
                for i in repeated.tolist()
            ],
            np.uint64,
        )
        keys: list[NDArray[np.generic]] = [contents]
        if times is not None:
            keys.append(times[repeated])
        by_preference = repeated[np.lexsort([*keys, text_of[repeated]])]
        numbers, firsts = np.unique(text_of[by_preference], return_index=True)
        document[numbers] = by_preference[firsts]
    return _Texts(
        tokens=tokens,
        text_of=text_of,
        document=document,
        starts=tokens.offsets[document],
        stops=tokens.offsets[document + 1],
        digests=digests[document],
        times=None if times is None else times[document],
    )


def _preference_times(columns: Columns, config: Config) -> NDArray[np.int64] | None:
    if columns.published is None or config.prefer == "longest":
        return None
    missing = columns.published == NO_TIME
    times = columns.published if config.prefer == "earliest" else -columns.published
    # Documents without a time come last.
    return np.where(missing, np.iinfo(np.int64).max, times)


def _repeated(text_of: NDArray[np.int64], n_texts: int) -> NDArray[np.int64]:
    """Return the documents that share their text with another."""
    present = text_of >= 0
    copies = np.bincount(text_of[present], minlength=n_texts)
    shared = np.zeros(len(text_of), bool)
    shared[present] = copies[text_of[present]] > 1
    return np.flatnonzero(shared)


def _matches(texts: _Texts, sets: verification.ShingleSets, found: NDArray[np.int64]) -> Matches:
    left, right, shared = found[:, 0], found[:, 1], found[:, 2]
    sizes = sets.sizes.astype(np.int64)
    jaccard = shared / (sizes[left] + sizes[right] - shared)
    containment = shared / np.minimum(sizes[left], sizes[right])
    relation = relations.relate(
        texts.tokens.hashes, texts.starts, texts.stops, left, right, containment
    )
    # Documents of the same words, each with the preferred one among them.
    copies = _repeated(texts.text_of, len(texts.document))
    originals = texts.document[texts.text_of[copies]]
    copies, originals = copies[copies != originals], originals[copies != originals]
    first = np.concatenate((texts.document[left], originals))
    second = np.concatenate((texts.document[right], copies))
    ones = np.ones(len(copies))
    lower, upper = np.minimum(first, second), np.maximum(first, second)
    order = np.lexsort((upper, lower))
    return Matches(
        left=lower[order],
        right=upper[order],
        jaccard=np.concatenate((jaccard, ones))[order],
        containment=np.concatenate((containment, ones))[order],
        relation=np.concatenate((relation, np.zeros(len(copies), np.uint8)))[order],
    )


def _labels(
    texts: _Texts, representative: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the cluster of each document, numbered by first appearance, and whom to keep."""
    n_documents = len(texts.text_of)
    kept = np.arange(n_documents)  # a document without a token stands alone
    present = texts.text_of >= 0
    kept[present] = texts.document[representative[texts.text_of[present]]]
    # The first document of each cluster gives the cluster its number.
    first = np.full(n_documents, n_documents, np.int64)
    positions = np.arange(n_documents - 1, -1, -1)
    first[kept[::-1]] = positions
    leads = first[kept] == np.arange(n_documents)
    numbers = np.cumsum(leads) - 1
    return numbers[first[kept]], kept[leads]
