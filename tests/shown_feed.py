"""A made-up feed that has everything results can show, hostile texts among it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np

import dedupe_news as dn

if TYPE_CHECKING:
    from dedupe_news import Clustering

HOSTILE = '<script>alert(1)</script> & "quotes" </script><img src=x onerror=alert(2)>'
STORM = "A storm cut the power of 4,000 homes in Tarnby on Sunday night, the grid operator said."
MAYOR = "The council of Ostrand chose a new mayor after three rounds of voting."
BAKER = "The last bakery of Elmsgate closed its doors, and the queue reached the harbour."
START = dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)


def item(number: int, title: str, text: str, source: str | None, hours: float) -> dict[str, Any]:
    """Return an item of the feed."""
    return {
        "id": f"id-{number}",
        "title": title,
        "text": text,
        "source": source,
        "published": START + dt.timedelta(hours=hours),
    }


def make_feed() -> list[dict[str, Any]]:
    """Return the feed: three clusters, one of hostile texts, and items that stand alone."""
    return [
        item(0, "Storm", STORM, "Tarnby Post", 0),
        item(1, "Vote", MAYOR, "Ostrand <b>Daily</b>", 1),
        item(2, "Storm", STORM.replace("4,000", "5,000"), "Coast News", 2),
        item(3, "Storm", STORM, None, 3),
        item(4, HOSTILE, f"{HOSTILE} {BAKER}", "Evil & Sons", 4),
        item(5, HOSTILE, f"{HOSTILE} 😀 Again: {BAKER}", "Evil & Sons", 5),
        item(6, "Ferry", "The ferry to Lower Fenwick runs again after two weeks.", "Coast News", 6),
        item(7, "Vote", f"{MAYOR} The vote was close.", "Coast News", 30),
    ]


SIGNS = {
    "Aries": "an old friend has news",
    "Virgo": "someone waits for your answer",
    "Libra": "do not sign anything before noon",
}


def make_result() -> Clustering:
    """Return a clustering of the feed by similarity, with a story and a template."""
    feed = make_feed()
    n_before = len(feed)
    for number, (sign, words) in enumerate(SIGNS.items(), start=n_before):
        feed.append(item(number, f"Horoscope: {sign}", f"Today {words}.", "Coast News", number))
    result = dn.cluster(feed, policy="similar", threshold=0.5, progress=False, n_jobs=1)
    # Which items are of one form or one event is for the judge to say; here it is given.
    template_of, story_of = np.full((2, len(feed)), -1)
    template_of[n_before:] = n_before  # three horoscopes
    story_of[[0, 2, 3, 6]] = 0  # the storm, and the ferry that it stopped
    return dataclasses.replace(result, template_of=template_of, story_of=story_of)
