"""Segments of the texts that a test writes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dedupe_news import Config
from dedupe_news._engine.segment import Segment, make_segment
from dedupe_news._engine.texts import distinct_texts
from dedupe_news._input.reading import read_documents
from dedupe_news._text import tokenize

if TYPE_CHECKING:
    from collections.abc import Sequence


def segment_of(documents: Sequence[Any], n_jobs: int = 1) -> Segment:
    """Return the segment of some documents, as a batch makes it."""
    config = Config()
    columns = read_documents(documents)
    tokens = tokenize(
        columns.buffer,
        columns.offsets,
        config,
        columns.sources,
        columns.source_names,
        n_jobs=n_jobs,
    )
    texts = distinct_texts(columns, tokens.hashes, tokens.offsets, config.prefer, n_jobs)
    return make_segment(columns, tokens, texts, n_jobs)


def runs_of(segment: Segment) -> list[tuple[int, ...]]:
    """Return the tokens of each text of a segment."""
    evidence = segment.evidence
    bounds = zip(evidence.starts.tolist(), evidence.stops.tolist(), strict=True)
    return [tuple(evidence.tokens[start:stop].tolist()) for start, stop in bounds]
