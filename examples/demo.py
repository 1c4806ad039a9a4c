"""
Cluster the made-up feed beside this file, and show what came out.

Run it as ``python examples/demo.py`` with dedupe_news installed, or as ``make demo``.
"""

from __future__ import annotations

import json
import textwrap
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dedupe_news as dn

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).resolve().parent
WIDTH = 98
N_SHOWN = 5


def read(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of JSON lines."""
    with (FOLDER / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def cluster(feed: list[dict[str, Any]]) -> dn.Clustering:
    """Return the clusters of a feed with the library's defaults."""
    return dn.cluster(
        feed,
        id="id",
        title="title",
        text="description",
        source="source",
        published="published",
        progress=False,
    )


def n_pairs(groups: Iterable[object]) -> int:
    """Return how many pairs of items are in one group."""
    return sum(size * (size - 1) // 2 for size in Counter(groups).values())


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}")


def show_cluster(cluster: dn.Cluster, feed: list[dict[str, Any]]) -> None:
    """Print a cluster, the item to keep first."""
    span = "" if cluster.span is None else f", within {cluster.span}"
    print(f"\n{len(cluster)} items{span}")
    first = cluster.representative_position
    for place in sorted(cluster.positions, key=lambda place: place != first):
        item = feed[place]
        mark = "keep" if place == first else "    "
        print(f"  {mark}  {item['published'][:16]}  {item['source']:<22.22}  {item['title']:.42}")
    text = feed[first]["description"]
    print(textwrap.indent(textwrap.fill(text, WIDTH - 8), " " * 8))


def show_truth(result: dn.Clustering, truth: list[dict[str, Any]]) -> None:
    """Print how the clusters compare with what is known of the feed."""
    labels: list[int] = result.labels.tolist()
    stories = [row["story"] for row in truth]
    # A template's items are stories of their own; found together, they are wrongly so.
    together = n_pairs(labels)
    right = n_pairs(zip(labels, stories, strict=True))
    true = n_pairs(stories)
    recurring = [
        (label, row["template"])
        for label, row in zip(labels, truth, strict=True)
        if row["template"] is not None
    ]
    same_form = n_pairs(recurring)
    precision = right / together if together else 1.0
    print(f"pairs of copies in the feed          {true:>7,}")
    print(f"pairs clustered                      {together:>7,}")
    print(f"  of these, copies                   {right:>7,}    precision {precision:.3f}")
    print(f"  of these, one recurring form       {same_form:>7,}    not duplicates")
    print(f"copies found                         {right:>7,}    recall    {right / true:.3f}")


def main() -> None:
    """Cluster the feed and print the result."""
    feed, truth = read("feed.jsonl"), read("feed_truth.jsonl")
    clock = time.perf_counter()
    cluster(feed)  # once before, so that every kernel is compiled
    compile_s = time.perf_counter() - clock
    clock = time.perf_counter()
    result = cluster(feed)
    cluster_s = time.perf_counter() - clock

    heading("Input")
    print(f"{len(feed):,} made-up news items, {feed[0]['published']} to {feed[-1]['published']}")
    languages = Counter(item["lang"] for item in feed)
    print("languages: " + ", ".join(f"{name} {n:,}" for name, n in languages.most_common()))
    config = result.config
    print(
        f"policy={config.policy!r}, threshold={config.threshold}, "
        f"{config.bands} bands × {config.rows_per_band} rows, recall at the threshold "
        f"{config.recall_at(config.threshold):.3f}"
    )

    heading(f"The {N_SHOWN} largest clusters")
    for found in result.clusters[:N_SHOWN]:
        show_cluster(found, feed)

    heading("Sizes")
    sizes = Counter(len(found) for found in result.clusters)
    for size in sorted(sizes):
        print(f"{sizes[size]:>6,} clusters of {size}")
    n_kept = len(result.representatives)
    print(f"{len(feed) - n_kept:>6,} items are duplicates, {n_kept:,} of {len(feed):,} are kept")

    heading("Against the truth")
    show_truth(result, truth)

    heading("Time")
    for stage, seconds in result.seconds.items():
        print(f"{stage:<14}{seconds * 1_000:>9.1f} ms")
    rest_s = cluster_s - sum(result.seconds.values())
    print(f"{'reading':<14}{rest_s * 1_000:>9.1f} ms")
    print(f"{'in all':<14}{cluster_s * 1_000:>9.1f} ms, {len(feed) / cluster_s:,.0f} items/s")
    print(f"before it: {compile_s:.1f} s to do the same and load (at first, compile) the kernels")


if __name__ == "__main__":
    main()
