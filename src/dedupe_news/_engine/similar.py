"""The policy "similar": every verified pair at or above the threshold is a match."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from dedupe_news._engine import banding, clustering, minhash, relations, shingling, verification
from dedupe_news._machine.space import MEMORY
from dedupe_news.results.outcome import Outcome
from dedupe_news.results.records import Bounded

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news._engine.texts import Texts
    from dedupe_news._machine.space import Space
    from dedupe_news.config import Config

STAGES = ("shingling", "minhash", "banding", "verification", "clustering")
"""Stages that `find` announces, in order."""


def find(
    texts: Texts,
    tokens: NDArray[np.uint32],
    config: Config,
    n_jobs: int,
    done: Callable[[str], None],
    space: Space = MEMORY,
) -> Outcome:
    """
    Match and cluster texts by their Jaccard similarity.

    Parameters
    ----------
    texts : Texts
        The distinct texts.
    tokens : ndarray of uint32, shape (n_tokens,)
        Token hashes that the texts bound.
    config : Config
        The settings.
    n_jobs : int
        Threads, at least 1.
    done : callable
        Called with the name of each stage as it ends.
    space : Space
        Gets what is made on the way.

    Returns
    -------
    Outcome
        The same for any `n_jobs`.
    """
    shingles, offsets = shingling.shingle(
        tokens, texts.starts, texts.stops, config.shingle_size, n_jobs, space
    )
    done("shingling")
    keys = minhash.band_keys(shingles, offsets, config, n_jobs, space)
    done("minhash")
    buckets = banding.fill_buckets(keys, config.bucket_limit, n_jobs, space)
    done("banding")
    sets = verification.sort_sets(shingles, offsets, buckets.shared, n_jobs, space)
    found, n_candidates = verification.match_buckets(
        buckets.packed,
        keys,
        buckets.in_large,
        config.bucket_limit,
        sets,
        config.threshold,
        n_jobs,
    )
    found = found[texts.are_near(found[:, 0], found[:, 1])]
    done("verification")
    related = np.unique(np.concatenate((found[:, 0], found[:, 1], *buckets.large)))
    grouping = clustering.group(
        texts.in_order(related),
        found,
        buckets.large,
        config.bucket_limit,
        sets.shingles,
        sets.offsets,
        sets.sizes,
        sets.sketches,
        config.threshold,
        len(texts),
        texts.times,
        texts.window,
    )
    left, right, shared = np.concatenate((found, grouping.late_matches)).T
    left_sizes, right_sizes = sets.sizes[left].astype(np.int64), sets.sizes[right].astype(np.int64)
    containment = shared / np.minimum(left_sizes, right_sizes)
    outcome = Outcome(
        representative=grouping.representative,
        left=left,
        right=right,
        jaccard=shared / (left_sizes + right_sizes - shared),
        containment=containment,
        relation=relations.relate(tokens, texts.starts, texts.stops, left, right, containment),
        probability=np.ones(len(left)),
        n_candidates=n_candidates + grouping.n_compared,
        bounded=bounded_by(buckets.large, grouping),
        template_of=np.full(len(texts), -1),
        story_of=np.full(len(texts), -1),
    )
    done("clustering")
    return outcome


def bounded_by(large: list[NDArray[np.int64]], grouping: clustering.Grouping) -> Bounded:
    """
    Return what large buckets left undone.

    Parameters
    ----------
    large : list of ndarray of int64
        Texts of each large bucket.
    grouping : Grouping
        What was made of them.

    Returns
    -------
    Bounded
        Nothing where there is no such bucket.
    """
    return LargeBuckets.of(large, grouping.n_compared, grouping.n_passed_over).bounded()


class LargeBuckets(NamedTuple):
    """
    What was done of some large buckets; counts of parts that share no text add up.

    Parameters
    ----------
    n_buckets : int
        How many there are.
    n_pairs : int
        Pairs of each, added up.
    n_texts : int
        Their distinct texts.
    n_compared : int
        Pairs that were compared.
    n_passed_over : int
        Comparisons with representatives that the limit forbade.
    """

    n_buckets: int
    n_pairs: int
    n_texts: int
    n_compared: int
    n_passed_over: int

    @classmethod
    def of(cls, large: list[NDArray[np.int64]], n_compared: int, n_passed_over: int) -> Self:
        """
        Count buckets.

        Parameters
        ----------
        large : list of ndarray of int64
            Texts of each.
        n_compared, n_passed_over : int
            As in the class.

        Returns
        -------
        LargeBuckets
            All 0 where there is none.
        """
        n_texts = len(np.unique(np.concatenate(large))) if large else 0
        n_pairs = sum(len(bucket) * (len(bucket) - 1) // 2 for bucket in large)
        return cls(len(large), n_pairs, n_texts, n_compared, n_passed_over)

    def bounded(self) -> Bounded:
        """
        Return what was left undone.

        Returns
        -------
        Bounded
            Nothing where there is no such bucket.
        """
        # Buckets overlap, so that this is an upper bound.
        n_pairs = min(self.n_pairs, self.n_texts * (self.n_texts - 1) // 2)
        return Bounded(
            n_large_buckets=self.n_buckets,
            n_pairs_not_compared=max(0, n_pairs - self.n_compared),
            n_representatives_passed_over=self.n_passed_over,
        )
