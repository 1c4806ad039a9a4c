"""Small batches: does a stretch of a feed get the clusters that the whole feed gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.logistic import Rates
from benchmarks.report import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pyarrow as pa
    from numpy.typing import NDArray

    from benchmarks.report import Report

SIZES = (300, 1_000, 5_000, 10_000, 20_000, 50_000, 100_000)
"""Documents of a stretch."""

MOST_STRETCHES = 20
_DOCUMENTS = 100_000  # of all stretches of one size together, or one stretch


def stretches(n_documents: int, size: int) -> list[int]:
    """
    Return where the stretches of a feed begin.

    Parameters
    ----------
    n_documents : int
        Documents of the feed.
    size : int
        Of a stretch; at most `n_documents`.

    Returns
    -------
    list of int
        Spread evenly, the first and the last included.
    """
    n_stretches = min(MOST_STRETCHES, max(2, _DOCUMENTS // size))
    starts = np.linspace(0, n_documents - size, n_stretches).astype(np.int64)
    return sorted(set(starts.tolist()))


def count_pairs(labels: NDArray[np.int64]) -> int:
    """
    Return the number of pairs of documents of one cluster.

    Parameters
    ----------
    labels : ndarray of int64, shape (n_documents,)
        Their clusters.

    Returns
    -------
    int
        At least 0.
    """
    sizes = np.unique(labels, return_counts=True)[1].astype(np.int64)
    return int((sizes * (sizes - 1) // 2).sum())


def agreement(found: NDArray[np.int64], reference: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Count the pairs of documents that clusterings join.

    Parameters
    ----------
    found, reference : ndarray of int64, shape (n_documents,)
        Cluster of each document.

    Returns
    -------
    ndarray of int64, shape (3,)
        Pairs that both join, that the one joins, and that the other joins.
    """
    _, both = np.unique(np.stack((found, reference)), axis=1, return_inverse=True)
    return np.array([count_pairs(both.ravel()), count_pairs(found), count_pairs(reference)])


def as_rates(counts: NDArray[np.int64]) -> Rates:
    """
    Return precision, recall and F1.

    Parameters
    ----------
    counts : ndarray of int64, shape (3,)
        From `agreement`.

    Returns
    -------
    Rates
        1 throughout where nobody joins anything.
    """
    both, found, reference = counts.tolist()
    return Rates(
        both / found if found else 1.0,
        both / reference if reference else 1.0,
        2 * both / (found + reference) if found + reference else 1.0,
    )


def tabulate(
    report: Report,
    feed: pa.Table,
    reference: NDArray[np.int64],
    ways: Mapping[str, Callable[[pa.Table], NDArray[np.int64]]],
) -> None:
    """
    Cluster stretches of a feed, and hold them against the whole.

    Parameters
    ----------
    report : Report
        Gets the table, rows and figures.
    feed : pyarrow.Table
        From `benchmarks.labelled.read_feed`, in order of time.
    reference : ndarray of int64, shape (n_documents,)
        Clusters of the whole feed.
    ways : mapping of str to callable
        Cluster a stretch, by name.
    """
    rows = []
    for size in (each for each in SIZES if each < feed.num_rows):
        starts = stretches(feed.num_rows, size)
        cells = []
        for name, cluster in ways.items():
            counts = sum(
                agreement(cluster(feed.slice(start, size)), reference[start : start + size])
                for start in starts
            )
            rates = as_rates(np.asarray(counts))
            report.figures[f"{name}.{size}.f1"] = rates.f1
            report.rows.append(
                {
                    "who": name,
                    "size": size,
                    "n_stretches": len(starts),
                    "precision": rates.precision,
                    "recall": rates.recall,
                    "f1": rates.f1,
                }
            )
            cells += [f"{value:.3f}" for value in (rates.precision, rates.recall, rates.f1)]
        rows.append([f"{size:,}", f"{len(starts)}", *cells])
    headings = [
        f"{name}: {rate}" if rate == "precision" else rate
        for name in ways
        for rate in ("precision", "recall", "F1")
    ]
    note = (
        "Pairs of documents in one cluster, held against the default policy on the whole feed, "
        "sources and times seen: how far fewer texts change its verdicts, not how right they are."
    )
    report.tables.append(
        Table("Stretches of the feed", ("documents", "stretches", *headings), rows, note)
    )
