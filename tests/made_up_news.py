"""A made-up feed: stories that were copied, cut off and edited, and forms filled in anew."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import Any

import numpy as np

START = dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
WORDS = [f"{first}{second}" for first in "bdfgklmnprst" for second in ("a", "elo", "iru", "ow")]


@dataclasses.dataclass(frozen=True)
class MadeUp:
    """Rows of a feed, and what each is: ``("story", 3)`` or ``("form", 1)``."""

    rows: list[dict[str, Any]]
    what: list[tuple[str, int]]

    def of(self, kind: str, number: int) -> set[int]:
        """Return the positions of one story or form."""
        return {at for at, each in enumerate(self.what) if each == (kind, number)}


def made_up_news(n_stories: int = 8, n_forms: int = 3, n_days: int = 6) -> MadeUp:
    """Return a feed by time: three copies of each story, and each form once a day."""
    rng = np.random.default_rng(7)
    made: list[tuple[dict[str, Any], tuple[str, int]]] = []
    for number in range(n_stories):
        words = rng.choice(WORDS, 30).tolist()
        words[::3] = [f"{word}{number}" for word in words[::3]]
        edited = [*words[:12], "edited", *words[13:]]
        for copy, kept in enumerate((words, words[:24], edited)):
            row = {
                "id": f"story-{number}-{copy}",
                "text": " ".join(kept),
                "source": f"paper {copy}",
                "published": START + dt.timedelta(hours=5 * number + copy),
            }
            made.append((row, ("story", number)))
    for number in range(n_forms):
        form = [f"{word}{number}" for word in rng.choice(WORDS, 16, replace=False)]
        for day in range(n_days):
            words = [
                *form[:5],
                f"{3 * day + 4}",
                *form[5:],
                f"{day}",
                WORDS[(6 * number + day) % len(WORDS)],
            ]
            row = {
                "id": f"form-{number}-{day}",
                "text": " ".join(words),
                "source": f"office {number}",
                "published": START + dt.timedelta(days=day, minutes=number),
            }
            made.append((row, ("form", number)))
    made.sort(key=lambda each: str(each[0]["published"]))
    return MadeUp([row for row, _ in made], [what for _, what in made])
