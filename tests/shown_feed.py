"""A made-up feed that has everything results can show, hostile texts among it."""

from __future__ import annotations

import datetime as dt
from typing import Any

HOSTILE = "<script>alert(1)</script> & \"quotes\" </script><img src=x onerror=alert(2)>"
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
