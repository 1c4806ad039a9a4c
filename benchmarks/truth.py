"""Clusterings of made-up feeds held against the truth, file by file, at any size."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.checks import Verdict
from benchmarks.corpora import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

COPIES = tuple(kind for kind in Kind if kind >= Kind.VERBATIM)
"""Kinds of copies, whose originals are known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """
    A clustering beside the truth.

    Attributes
    ----------
    pairs : Verdict
        Pairs of documents in one story, in one cluster, and in both.
    found : dict of Kind to float
        Part of the copies of each kind that are in one cluster with their
        original, in [0, 1]; kinds that do not occur are left out.
    """

    pairs: Verdict
    found: dict[Kind, float]


def score(files: Sequence[Path], labels: NDArray[np.int64]) -> Score:
    """
    Hold a clustering against the truth.

    Parameters
    ----------
    files : sequence of Path
        The feed, as `benchmarks.parquet_feeds` writes it: no story is in two files.
    labels : ndarray of int64, shape (n_documents,)
        Cluster of each document, below ``n_documents``; read once, in order.

    Returns
    -------
    Score
        Exact. Takes 4 bytes a document, and the truth of one file.
    """
    import pyarrow.parquet as pq  # noqa: PLC0415 - optional, and slow to import

    sizes = np.zeros(len(labels), np.int32)
    n_exact = n_right = start = 0
    copies = dict.fromkeys(COPIES, 0)
    found = dict.fromkeys(COPIES, 0)
    for file in files:
        truth = pq.read_table(file, columns=["story", "kind"])
        story, kind = (truth[name].to_numpy() for name in ("story", "kind"))
        own = np.asarray(labels[start : start + len(story)])
        np.add.at(sizes, own, 1)
        n_exact += _n_pairs(np.bincount(story - start))
        # One number for story and cluster together.
        n_right += _n_pairs(np.unique((story - start) * len(labels) + own, return_counts=True)[1])
        # A story has the number of its original.
        is_found = own == own[story - start]
        for each in COPIES:
            copies[each] += int((kind == each).sum())
            found[each] += int(is_found[kind == each].sum())
        start += len(story)
    return Score(
        Verdict(n_exact, _n_pairs(sizes), n_right),
        {kind: found[kind] / n for kind, n in copies.items() if n},
    )


def _n_pairs(sizes: NDArray[np.int64] | NDArray[np.int32]) -> int:
    wide = sizes.astype(np.int64)
    return int((wide * (wide - 1) // 2).sum())
