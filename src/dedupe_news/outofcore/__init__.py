"""
Batches that are larger than memory: the same partition, in steps that spill to disk.

One pass over the documents keeps their tokens; everything after it works on
blocks of texts, parts of the hash space and ranges of pairs, one after another,
so that no more is in memory than the limit allows.
"""

from __future__ import annotations

from dedupe_news.outofcore.feeds import open_feed
from dedupe_news.outofcore.limits import parse_limit
from dedupe_news.outofcore.run import cluster_feed, fits

__all__ = ["cluster_feed", "fits", "open_feed", "parse_limit"]
