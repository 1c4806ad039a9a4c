"""
Write the made-up feed of the demo: ``feed.jsonl``, and the truth in ``feed_truth.jsonl``.

Every place, person, outlet and event is invented. Stories are put together
from ``phrases.toml``; some are then copied by other outlets in the ways of
news: word by word, with a dateline, cut off, slightly revised, under another
title. Recurring items (bulletins, horoscopes, market notes) share most of
their words, but each says something new: they are no duplicates.

Run it as ``python examples/make_feed.py``; it writes the same files everywhere.
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

N_ITEMS = 2000
SEED = 20261123
FOLDER = Path(__file__).resolve().parent
START = dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)

Phrases: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, str]

LANGUAGES: dict[str, Phrases] = tomllib.loads((FOLDER / "phrases.toml").read_text(encoding="utf-8"))
# In percent: of the items; of the copies.
SHARE_RECURRING, SHARE_COPIES = 22, 16
SHARE_BIG_NEWS = 50
NUMBERS = [str(number) for number in range(2, 100)]
COPIES = ("verbatim", "credited", "suffixed", "cut off", "revised", "retitled")
CUT_OFF_MARKS = ("...", "…", " [...]", "… [+{} chars]")


class Writer:
    """Makes items from phrases, drawing everything from one seeded source."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - made-up news, no secret

    def chance(self, percent: float) -> bool:
        """Return True in so many of a hundred cases."""
        return self._random.random() * 100 < percent

    def below(self, bound: int) -> int:
        """Return an integer in [0, bound)."""
        # random() is the one method whose stream is promised to stay.
        return int(self._random.random() * bound)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.below(len(options))]

    def language(self) -> str:
        """Return a language, as often as its share says."""
        names = [name for name, phrases in LANGUAGES.items() for _ in range(phrases["share"])]
        return self.pick(names)

    def fill(self, form: str, phrases: Phrases, values: dict[str, str]) -> str:
        """Return a form with its braces filled, from `values` where they say, and note them."""
        while "{" in form:
            head, _, rest = form.partition("{")
            name, _, tail = rest.partition("}")
            if name not in values:
                values[name] = self.pick(phrases.get(name, NUMBERS))
            form = head + values[name] + tail
        return form

    def story(self, phrases: Phrases) -> tuple[str, str, dict[str, str]]:
        """Return title and description of a story of its own, and what it is about."""
        values: dict[str, str] = {}
        sentences = [self.fill(self.pick(phrases["forms"]), phrases, values)]
        title = self.fill(self.pick(phrases["title"]), phrases, values)
        for _ in range(1 + self.chance(60)):
            # Other people and figures; the same place.
            others = {"city": values["city"]} if "city" in values else {}
            sentences.append(self.fill(self.pick(phrases["closing"]), phrases, others))
        self.fill("{city}", phrases, values)
        title, *sentences = (text[0].upper() + text[1:] for text in (title, *sentences))
        joint = " " if " " in sentences[0] else ""
        return title, joint.join(sentences), values

    def recurring(self, phrases: Phrases, number: int, when: dt.datetime) -> tuple[str, str]:
        """Return title and description of one more item of a template."""
        values = {
            "date": f"{when:%Y-%m-%d}",
            "hour": f"{when.hour}",
            "figure": str(1 + self.below(40)),
            "high": str(20 + self.below(60)),
            "price": str(100 + self.below(900)),
            "digit": str(self.below(5)),
            "digit2": str(self.below(5)),
        }
        for name in ("city", "sky"):  # what a template needs two of
            if name in phrases:
                values[name] = self.pick(phrases[name])
                others = [other for other in phrases[name] if other != values[name]]
                values[f"{name}2"] = self.pick(others)
        title, description = phrases["templates"][number]
        return self.fill(title, phrases, values), self.fill(description, phrases, values)

    def copy(self, item: Item, values: dict[str, str], source: str) -> tuple[str, str]:
        """Return title and description of a copy by another outlet."""
        phrases = LANGUAGES[item["lang"]]
        title, description = item["title"], item["description"]
        kind = self.pick(COPIES)
        if kind == "credited":
            city = self.pick(phrases["city"])
            description = f"{city.upper()} ({phrases['agency']}) - {description}"
        elif kind == "suffixed":
            title = f"{title} {self.pick('-|')} {source}"
        elif kind == "cut off":
            joint = " " if " " in description else ""
            words = description.split(" ") if joint else list(description)
            kept = words[: len(words) * (65 + self.below(30)) // 100]
            mark = self.pick(CUT_OFF_MARKS).format(200 + self.below(4_000))
            description = joint.join(kept) + mark
        elif kind == "revised":
            # Whole words, where words are parted at all; \b would part Hindi before vowel signs.
            start, end = (r"(?<!\S)", r"(?![^\s.,:;!?।])") if " " in description else ("", "")
            for old, new in phrases["revisions"]:
                whole = f"{start}{re.escape(old)}{end}"
                description = re.sub(whole, new, description, count=1)
        elif kind == "retitled":
            title = self.fill(self.pick(phrases["retitle"]), phrases, values)
        return title, description


def words_of(text: str) -> set[str]:
    """Return the pairs of neighbouring words, or characters where there are no spaces."""
    words = text.split() if " " in text else list(text)
    return {" ".join(words[i : i + 2]) for i in range(len(words) - 1)}


def make_feed() -> tuple[list[Item], list[dict[str, Any]]]:
    """Return the items and the truth about them, sorted by time."""
    writer = Writer(SEED)
    items: list[Item] = []
    truth: list[dict[str, Any]] = []
    said: set[str] = set()  # by recurring items, and the events of stories: each is news
    known: list[set[str]] = []  # descriptions of the stories, which are kept apart
    stories: list[tuple[int, dict[str, str]]] = []  # where each is, and what it is about
    when = START
    for place in range(N_ITEMS):
        when += dt.timedelta(seconds=60 + writer.below(600))
        language, template, story = writer.language(), None, place
        chance = writer.below(100)
        if chance < SHARE_RECURRING:
            while True:
                number = writer.below(len(LANGUAGES[language]["templates"]))
                title, description = writer.recurring(LANGUAGES[language], number, when)
                if title + description not in said:
                    break  # else it says nothing new
            template = f"{language}-{number}"
            said.add(title + description)
            source = writer.pick(LANGUAGES[language]["outlets"])
        elif chance < SHARE_RECURRING + SHARE_COPIES and stories:
            # One of the last forty stories; the first of every sixteen is big news.
            rank = len(stories) - 1 - writer.below(min(len(stories), 40))
            if writer.below(100) < SHARE_BIG_NEWS:
                rank -= rank % 16
            story, values = stories[rank]
            language = items[story]["lang"]
            source = writer.pick(LANGUAGES[language]["outlets"])
            title, description = writer.copy(items[story], values, source)
        else:
            while True:
                title, description, values = writer.story(LANGUAGES[language])
                words = words_of(description)
                event = f"{values['verb']} {values['object']}"
                apart = all(len(words & other) < 0.25 * len(words | other) for other in known)
                if event not in said and apart:
                    break  # else it is by chance too much like another story
            known.append(words)
            said.add(event)
            stories.append((place, values))
            source = writer.pick(LANGUAGES[language]["outlets"])
        name = f"item-{place:04}"
        items.append(
            {
                "id": name,
                "title": title,
                "description": description,
                "source": source,
                "published": when.isoformat(),
                "lang": language,
            }
        )
        truth.append({"id": name, "story": f"item-{story:04}", "template": template})
    return items, truth


def as_lines(rows: Sequence[dict[str, Any]]) -> str:
    """Return rows as JSON, one a line."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main() -> None:
    """Write both files beside this one."""
    items, truth = make_feed()
    for name, rows in (("feed.jsonl", items), ("feed_truth.jsonl", truth)):
        (FOLDER / name).write_text(as_lines(rows), encoding="utf-8", newline="\n")
        print(f"wrote {len(rows):,} lines to {FOLDER.name}/{name}")


if __name__ == "__main__":
    main()
