"""A made-up feed of copies and bulletins, and labels of their pairs."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
WORDS = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("a", "elo", "iru", "ow")]


def made_up(folder: Path) -> tuple[Path, Path]:
    """Write the feed and the labels, and return where they are."""
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    rng = np.random.default_rng(1)
    rows: list[dict[str, Any]] = []
    pairs = []
    for number in range(60):
        words = rng.choice(WORDS, 30).tolist()
        words[::3] = [f"{word}{number}" for word in words[::3]]
        for copy, gone in enumerate((30, 26)):
            rows.append(
                {
                    "id": f"story-{number}-{copy}",
                    "title": " ".join(words[:6]),
                    "description": " ".join(words[6:gone]),
                    "source": f"paper {number % 20 + 20 * copy}",
                    "published": START + dt.timedelta(hours=7 * number + copy),
                    "lang": "en" if number % 2 else "fr",
                }
            )
        pairs.append((f"story-{number}-0", f"story-{number}-1", "dup"))
    for family in range(8):
        form = [f"{word}{family}" for word in rng.choice(WORDS, 16, replace=False)]
        for number in range(6):
            rows.append(
                {
                    "id": f"bulletin-{family}-{number}",
                    "title": " ".join([*form[:4], f"{number}"]),
                    "description": " ".join(
                        [*form[4:9], f"{number * 3 + 4}", *form[9:], WORDS[6 * family + number]]
                    ),
                    "source": f"office {family}",
                    "published": START + dt.timedelta(days=number, minutes=family),
                    "lang": "en",
                }
            )
            if number:
                earlier, later = f"bulletin-{family}-{number - 1}", f"bulletin-{family}-{number}"
                pairs.append((earlier, later, "series"))
    pairs.append(("story-0-0", "bulletin-0-0", "unsure"))
    rows.sort(key=lambda row: row["published"])
    feed, labels = folder / "feed.parquet", folder / "pairs.jsonl"
    pq.write_table(pa.Table.from_pylist(rows), feed)
    lines = [
        json.dumps({"id1": a, "id2": b, "label": label, "weight": 2.0, "lang": "en"})
        for a, b, label in pairs
    ]
    labels.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return feed, labels
