"""The policy "news" out of core: shingles part by part, then a range of texts at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dedupe_news import parting
from dedupe_news.blocks import TextBlock, shingle_offsets
from dedupe_news.columns import NO_SOURCE, NO_TIME
from dedupe_news.judgement import group_judged, judge_candidates
from dedupe_news.outcome import Outcome
from dedupe_news.outofcore.corpus import Tokens, cut_in_blocks
from dedupe_news.outofcore.ranges import RangedPairs, bits_for, joined
from dedupe_news.outofcore.rare import RareShingles
from dedupe_news.pairs import places_in, texts_in
from dedupe_news.records import Bounded
from dedupe_news.texts import by_time, days_of, preferred_values
from dedupe_news.threads import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from dedupe_news.columns import Columns
    from dedupe_news.config import Config
    from dedupe_news.outofcore.workspace import Workspace
    from dedupe_news.texts import Texts

STEPS = {"scan": 4.0, "codes": 2.0, "judge": 5.0}
"""Steps, and about how long each takes beside the others."""

_BYTES_A_SHINGLE = 40
"""Working memory of a block: its tokens, shingles and codes, several times."""

_BYTES_A_PAIRED_SHINGLE = 80
"""Working memory of a range: evidence of its texts and of those they are paired with, and pairs."""

_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def find(
    columns: Columns,
    read: dict[str, Any],
    texts: Texts,
    starts: NDArray[np.int64],
    config: Config,
    space: Workspace,
    working: int,
    n_jobs: int,
    progress: Callable[[str, float], None],
) -> Outcome:
    """
    Match and cluster texts by the judge's verdict.

    Parameters
    ----------
    columns : Columns
        The documents.
    read : dict
        What came of reading them.
    texts : Texts
        The distinct texts.
    starts : ndarray of int64, shape (n_texts,)
        Where the tokens of each begin.
    config : Config
        The settings.
    space : Workspace
        Where arrays go, and what steps are done.
    working : int
        Bytes that may be worked on at a time.
    n_jobs : int
        Threads.
    progress : callable
        Told of each step's texts as they are done.

    Returns
    -------
    Outcome
        Equal to that of `dedupe_news.news.find`.
    """
    order, judged = _judge_all(
        columns, read, texts, starts, config, space, working, n_jobs, progress
    )
    n_texts = len(texts)
    number_of = np.empty(n_texts, np.int32)
    number_of[order] = np.arange(n_texts, dtype=np.int32)
    grouped = group_judged(
        judged["pairs"],
        judged["margins"],
        judged["overlap"],
        n_texts,
        lambda numbers: number_of[texts.in_order(order[numbers])].astype(np.int64),
    )
    representative = np.arange(n_texts)
    representative[order[grouped.texts]] = order[grouped.representative]
    template_of = np.full(n_texts, -1)
    template_of[order[grouped.of_series]] = order[grouped.typical]
    matched = judged["matched"]
    return Outcome(
        representative=representative,
        left=order[(matched >> _HALF).astype(np.int64)],
        right=order[(matched & _LOW).astype(np.int64)],
        jaccard=judged["jaccard"],
        containment=judged["containment"],
        relation=judged["relation"],
        probability=judged["probability"],
        n_candidates=int(judged["n_candidates"]),
        bounded=Bounded(),
        template_of=template_of,
        story_of=np.full(n_texts, -1),
    )


def _judge_all(
    columns: Columns,
    read: dict[str, Any],
    texts: Texts,
    starts: NDArray[np.int64],
    config: Config,
    space: Workspace,
    working: int,
    n_jobs: int,
    progress: Callable[[str, float], None],
) -> tuple[NDArray[np.int64], dict[str, Any]]:
    """Return the texts by time and digest, and what the judge says of their pairs."""
    n_texts = len(texts)
    times = preferred_values(columns.published, texts, NO_TIME)
    order = by_time(times, texts.digests)
    times = times[order]
    lengths = texts.stops[order].astype(np.int32)
    tokens = Tokens(read["tokens"], read["flags"], starts[order], lengths)
    offsets = shingle_offsets(lengths)
    mean = max(1.0, float(offsets[-1]) / max(1, n_texts))
    most = working // (2 * _BYTES_A_SHINGLE * n_jobs)
    blocks = cut_in_blocks(np.diff(offsets), most)
    rare = RareShingles(tokens, offsets, blocks, days_of(times), space, working // 2, n_jobs)
    range_bits = bits_for(n_texts, int(working / (_BYTES_A_PAIRED_SHINGLE * mean * n_jobs)))
    scanned = space.step("scan", lambda: rare.scan(range_bits, lambda n: progress("scan", n)))
    codes = space.step("codes", lambda: rare.bring_back(scanned, lambda n: progress("codes", n)))
    for name in ("frequency", "spread"):
        scanned[name].drop()
    space.forget_step("scan", "frequency", "spread")
    judged = space.step(
        "judge",
        lambda: _judge(
            RangedPairs(scanned["pairs"], n_texts, scanned["range_bits"], scanned["starts"]),
            codes,
            _Texts(columns, read, texts, order, times, tokens, offsets),
            config,
            n_jobs,
            lambda n: progress("judge", n),
        ),
    )
    return order, judged


class _Texts:
    """The texts by time and digest, with what the judge looks at."""

    def __init__(
        self,
        columns: Columns,
        read: dict[str, Any],
        texts: Texts,
        order: NDArray[np.int64],
        times: NDArray[np.int64],
        tokens: Tokens,
        offsets: NDArray[np.int64],
    ) -> None:
        self.texts = texts
        self.order = order
        self.times = times
        self.tokens = tokens
        self.offsets = offsets
        self.sources = preferred_values(columns.sources, texts, NO_SOURCE)[order].astype(np.int32)
        self.cut_off = read["cut_off"].array()[texts.document[order]]
        self.token_counts: NDArray[np.uint32] = read["token_counts"]

    def block(self, which: NDArray[np.int64], codes: dict[str, Any]) -> TextBlock:
        """Gather some of the texts."""
        hashes, offsets = self.tokens.hashes_of(which)
        starts, stops = self.offsets[which], self.offsets[which + 1]
        return TextBlock(
            tokens=hashes,
            flags=self.tokens.flags_of(which),
            offsets=offsets,
            cut_off=self.cut_off[which],
            sources=self.sources[which],
            times=self.times[which],
            frequency=codes["frequency"].gather(starts, stops),
            spread=codes["spread"].gather(starts, stops),
        )


def _judge(
    ranged: RangedPairs,
    codes: dict[str, Any],
    texts: _Texts,
    config: Config,
    n_jobs: int,
    progress: Callable[[float], None],
) -> dict[str, Any]:
    n_texts = len(texts.order)
    lengths = texts.tokens.lengths
    linked: NDArray[np.uint64] = codes["linked"]

    def judge_range(number: int) -> dict[str, NDArray[Any]]:
        start, stop = ranged.texts_of(number, n_texts)
        own = np.searchsorted(linked, np.array([start, stop], np.uint64) << _HALF)
        pairs = parting.candidates(ranged.read(number), linked[own[0] : own[1]], lengths)
        left, right = (pairs >> _HALF).astype(np.int64), (pairs & _LOW).astype(np.int64)
        pairs = pairs[texts.texts.are_near(texts.order[left], texts.order[right])]
        numbers = texts_in(pairs)
        evidence = texts.block(numbers, codes).evidence(texts.token_counts, n_texts, 1)
        found = judge_candidates(
            evidence, places_in(numbers, pairs), config.shingle_size, n_texts, 1
        )
        progress(stop - start)
        return {
            "pairs": pairs[found.judged],
            "margins": found.margins,
            "overlap": found.overlap,
            "matched": pairs[found.matched],
            "probability": found.probability,
            "jaccard": found.scores.jaccard,
            "containment": found.scores.containment,
            "relation": found.scores.relation,
            "n_candidates": np.array([len(pairs)]),
        }

    found = run(judge_range, range(ranged.n_ranges if n_texts else 0), n_jobs)
    return joined(found or [_nothing()])


def _nothing() -> dict[str, NDArray[Any]]:
    return {name: np.empty(0, dtype) for name, dtype in _FOUND.items()}


_FOUND = {
    "pairs": np.uint64,
    "margins": np.float32,
    "overlap": np.float32,
    "matched": np.uint64,
    "probability": np.float64,
    "jaccard": np.float64,
    "containment": np.float64,
    "relation": np.uint8,
    "n_candidates": np.int64,
}
