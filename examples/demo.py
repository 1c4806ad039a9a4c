"""
Cluster the made-up feed beside this file, and show what came out.

Run it as ``python examples/demo.py`` with dedupe_news installed, or as ``make demo``.
"""

from __future__ import annotations

import itertools
import json
import textwrap
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dedupe_news as dn

if TYPE_CHECKING:
    from collections.abc import Sequence

FOLDER = Path(__file__).resolve().parent
WIDTH, WIDTH_OF_TITLE = 98, 54
N_SHOWN = 3
N_LINES = 3

Item = dict[str, Any]


def read(name: str) -> list[Item]:
    """Return the rows of a file of JSON lines."""
    with (FOLDER / name).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def pairs(groups: Sequence[object]) -> set[tuple[int, int]]:
    """Return the pairs of items in one group."""
    return {pair for places in members(groups) for pair in itertools.combinations(places, 2)}


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n{text}\n{'-' * len(text)}")


def members(groups: Sequence[object]) -> list[list[int]]:
    """Return the places of the items of each group, the largest group first."""
    found: dict[object, list[int]] = {}
    for place, group in enumerate(groups):
        if group is not None:
            found.setdefault(group, []).append(place)
    return sorted(found.values(), key=len, reverse=True)


def line_of(item: Item, mark: str = "") -> str:
    """Return an item on one line."""
    title = item["title"]
    if len(title) > WIDTH_OF_TITLE:
        title = title[: WIDTH_OF_TITLE - 1].rstrip() + "…"
    return (
        f"  {mark:<6}{item['published'][5:16].replace('T', ' ')}  {item['source']:<21.21}  {title}"
    )


def show_clusters(rows: dict[str, list[Any]], feed: list[Item]) -> None:
    """Print clusters of duplicates: the item to keep, and those to drop."""
    for places in members(rows["cluster"])[:N_SHOWN]:
        keep = next(place for place in places if rows["kept"][place])
        dropped = [place for place in places if place != keep]
        print(f"\n  {len(places)} copies of one item")
        print(line_of(feed[keep], "keep"))
        text = textwrap.fill(feed[keep]["description"], WIDTH - 10)
        print(textwrap.indent(text, " " * 8))
        for place in dropped[:N_LINES]:
            print(line_of(feed[place], "drop"))
        if len(dropped) > N_LINES:
            print(f"        and {len(dropped) - N_LINES} more")


def show_stories(rows: dict[str, list[Any]], feed: list[Item]) -> None:
    """Print the separate reports of each event, the event with most reports first."""
    stories = [
        (places, members([rows["cluster"][place] for place in places]))
        for places in members(rows["story"])
    ]
    for places, reports in sorted(stories, key=lambda story: -len(story[1]))[:N_SHOWN]:
        print(f"\n  {len(places)} items, {len(reports)} different reports")
        for report in reports[:5]:
            first = places[report[0]]
            copies = f"{len(report)} x" if len(report) > 1 else ""
            print(line_of(feed[first], copies))


def show_templates(rows: dict[str, list[Any]], feed: list[Item]) -> None:
    """Print items of each template."""
    for places in members(rows["template"])[:N_SHOWN]:
        print(f"\n  {len(places)} items of one template")
        for place in places[:N_LINES]:
            print(line_of(feed[place]))


def show_truth(rows: dict[str, list[Any]], truth: list[Item]) -> None:
    """Print how the three verdicts on pairs compare with the truth."""
    true = verdicts(*([row[kind] for row in truth] for kind in ("item", "story", "template")))
    found = verdicts(rows["cluster"], rows["story"], rows["template"])
    print("verdict      true pairs   found   right   precision   recall")
    for name in true:
        right = len(true[name] & found[name])
        precision = f"{right / len(found[name]):.3f}" if found[name] else "-"
        recall = f"{right / len(true[name]):.3f}"
        print(
            f"{name:<12}{len(true[name]):>11,}{len(found[name]):>8,}{right:>8,}"
            f"{precision:>12}{recall:>9}"
        )


def verdicts(
    items: Sequence[object], stories: Sequence[object], templates: Sequence[object]
) -> dict[str, set[tuple[int, int]]]:
    """Return the pairs of each verdict; copies within a story or a template are duplicates."""
    copies = pairs(items)
    return {
        "duplicate": copies,
        "related": pairs(stories) - copies,
        "template": pairs(templates) - copies,
    }


def main() -> None:
    """Cluster the feed and print the result."""
    feed, truth = read("feed.jsonl"), read("feed_truth.jsonl")
    times: list[float] = []
    for _ in range(2):  # the first time kernels are compiled, or loaded where they have been
        clock = time.perf_counter()
        result = dn.cluster(feed, text="description")
        times.append(time.perf_counter() - clock)
    rows = {name: values.tolist() if hasattr(values, "tolist") else values
            for name, values in result.to_dict().items()}  # fmt: skip

    heading("A week of made-up news")
    languages = Counter(item["lang"] for item in feed)
    print(
        f"{len(feed):,} items of {len({item['source'] for item in feed})} outlets, "
        f"{feed[0]['published'][:10]} to {feed[-1]['published'][:10]}; languages: "
        + ", ".join(f"{name} {n:,}" for name, n in languages.most_common())
    )

    n_kept = len(result.representatives)
    heading(f"Duplicates: {len(feed) - n_kept:,} items are removed, {n_kept:,} are kept")
    show_clusters(rows, feed)
    heading("Stories: separate reports of one event, shown together, all kept")
    show_stories(rows, feed)
    heading("Templates: nearly the same words each time, but news each time, all kept")
    show_templates(rows, feed)

    heading("Against the truth, pair by pair")
    show_truth(rows, truth)

    heading("Time")
    first_s, cluster_s = times
    print(f"{cluster_s:.2f} s for {len(feed):,} items, {len(feed) / cluster_s:,.0f} a second")
    print(f"{first_s:.1f} s the first time, when kernels are compiled, or loaded if they have been")


if __name__ == "__main__":
    main()
