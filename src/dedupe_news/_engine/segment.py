"""A segment: a block of distinct texts with their tokens, shingles and counts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dedupe_news._engine.counts import find_related, token_commonness
from dedupe_news._engine.sets import Runs, shingle, sort_sets
from dedupe_news._engine.texts import by_time, days_of, distinct_texts, preferred_values
from dedupe_news._input.columns import NO_SOURCE, NO_TIME
from dedupe_news._kernels.evidence import SHINGLE_SIZE, Evidence
from dedupe_news._machine.space import MEMORY
from dedupe_news._text.batches import tokens_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dedupe_news._engine.texts import Texts
    from dedupe_news._input.columns import Columns
    from dedupe_news._kernels.verification import ShingleSets
    from dedupe_news._machine.space import Space
    from dedupe_news._text import Tokens
    from dedupe_news.config import Config


class Counted(NamedTuple):
    """A batch with its words counted; `text_of` has the text of each document there, or -1."""

    segment: Segment
    texts: Texts
    text_of: NDArray[np.int64]


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """
    Distinct texts, numbered by time.

    Parameters
    ----------
    order : ndarray of int64, shape (n_texts,)
        The number in `Texts` of each text here.
    digests : ndarray of uint64, shape (n_texts,)
        Equal for texts of the same words.
    evidence : Evidence
        Tokens, sources, times, and how often each word and shingle is used.
    sets : ShingleSets
        Sorted shingle sets.
    longest : int
        Tokens of the longest text.
    rare_pairs : ndarray of uint64, shape (n_pairs,)
        ``text << 32 | later text`` of those that share rare shingles, increasing.
    """

    order: NDArray[np.int64]
    digests: NDArray[np.uint64]
    evidence: Evidence
    sets: ShingleSets
    longest: int
    rare_pairs: NDArray[np.uint64]

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.order)

    @property
    def runs(self) -> Runs:
        """Return the tokens of the texts."""
        return Runs(self.evidence.tokens, self.evidence.starts, self.evidence.stops)


def make_segment(
    columns: Columns, tokens: Tokens, texts: Texts, n_jobs: int, space: Space = MEMORY
) -> Segment:
    """Count the words and shingles of a batch; the same for any order of the documents."""
    times = preferred_values(columns.published, texts, NO_TIME)
    order = by_time(times, texts.digests)
    times = times[order]
    sources = preferred_values(columns.sources, texts, NO_SOURCE)[order].astype(np.int32)
    runs = Runs(tokens.hashes, texts.starts[order], texts.stops[order])
    lengths = runs.stops - runs.starts
    shingles, offsets = shingle(runs, SHINGLE_SIZE, n_jobs, space)
    days = days_of(times)
    counted = find_related(shingles, offsets, lengths, days, n_jobs, space=space)
    evidence = Evidence(
        tokens=tokens.hashes,
        flags=tokens.flags,
        commonness=token_commonness(tokens.hashes, n_jobs, space),
        starts=runs.starts,
        stops=runs.stops,
        spread=counted.spread,
        shingles=shingles,
        shingle_offsets=offsets,
        cut_off=tokens.cut_off[texts.document[order]],
        sources=sources,
        times=times,
        totals=np.array([np.log(len(order) + 1.0), days.max(initial=-1) + 1.0]),
    )
    sorted_shingles = space.empty(len(shingles), np.uint32)
    np.copyto(sorted_shingles, shingles)
    sets = sort_sets(sorted_shingles, offsets, n_jobs, space)
    longest = int(lengths.max(initial=1))
    return Segment(order, texts.digests[order], evidence, sets, longest, counted.pairs)


def count(
    columns: Columns,
    config: Config,
    n_jobs: int,
    window: int | None = None,
    space: Space = MEMORY,
) -> Counted:
    """Count the words of a batch once more, as its clustering did."""
    tokens = tokens_of(columns, config, n_jobs, space)
    texts = distinct_texts(
        columns,
        tokens.hashes,
        tokens.offsets,
        config.prefer,
        n_jobs,
        window,
        by_standing=config.policy == "news",
    )
    segment = make_segment(columns, tokens, texts, n_jobs, space)
    number_of = np.empty(len(segment), np.int64)
    number_of[segment.order] = np.arange(len(segment))
    text_of = texts.text_of.copy()  # -1 stays where a document has no token
    text_of[text_of >= 0] = number_of[text_of[text_of >= 0]]
    return Counted(segment, texts, text_of)


def sets_for(
    segment: Segment,
    shingle_size: int,
    wanted: NDArray[np.int64],
    n_jobs: int,
    space: Space = MEMORY,
) -> ShingleSets:
    """Return the shingle sets of some texts, of shingles of any size."""
    if shingle_size == SHINGLE_SIZE:
        return segment.sets
    marks = np.zeros(len(segment), np.uint8)
    marks[wanted] = 1
    return sort_sets(*shingle(segment.runs, shingle_size, n_jobs, space), n_jobs, space, marks)
