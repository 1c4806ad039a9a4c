"""
Write the made-up feed of the demo: ``feed.jsonl``, and the truth in ``feed_truth.jsonl``.

Every place, person, outlet and event is invented. Items are put together from
``phrases.toml``, of four kinds, as a real feed has them:

- events, told by one outlet, of which no two share a sentence;
- printings: other outlets carry an item word by word, under another headline,
  with a dateline, cut off, slightly revised, or without the last sentence. What many
  report is big news, which dozens print. These are duplicates;
- reports: other outlets tell the same event in other words, and days later there is
  news of it. These are related;
- templates, as bulletins, horoscopes and notices of towns are made from: nearly
  the same words at fixed hours, about something else.

Run it as ``python examples/make_feed.py``; it writes the same files everywhere.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
import random
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")
Phrases: TypeAlias = dict[str, Any]
Facts: TypeAlias = dict[str, str]
Item: TypeAlias = dict[str, str]

SEED = 20261123
FOLDER = Path(__file__).resolve().parent
START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)  # a Monday
N_DAYS = 7
# The hour from which events are told, and for how long: on any day; of a day that they name.
HOURS_OF_DAY, HOURS_AFTER_DAY = (5, 18), (20, 14)

LANGUAGES: dict[str, Phrases] = tomllib.loads((FOLDER / "phrases.toml").read_text(encoding="utf-8"))
# In percent: of the events with so many lines those that are big; of other texts those that
# others print; of printings those under another headline.
N_BIG, SHARE_BIG, SHARE_PRINTED, SHARE_OWN_HEADLINE = 6, 55, 45, 30
# How many printings there are, at most, of a big event's first text and of another.
BIG_PRINTINGS, PRINTINGS = 45, 4
HOURS_OF_BIG, HOURS = 40, 14
COPIES = ("verbatim", "credited", "suffixed", "cut off", "revised", "retitled", "shortened")
CUT_OFF_MARKS = ("...", "…", " [...]", "… [+{} chars]")
# Least value, how many values there are, the step between them, and what they count.
NUMBERS = {
    "few": (2, 8, 1, 1),
    "score": (0, 5, 1, 1),
    "tens": (11, 84, 1, 1),
    "hundreds": (110, 88, 10, 1),
    "thousands": (1_100, 88, 100, 1),
    "percent": (11, 47, 1, 10),
}


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

    def later(self, when: dt.datetime, hours: int) -> dt.datetime:
        """Return a time within so many hours, more likely a near one."""
        return when + dt.timedelta(minutes=1 + self.below(60 * (1 + self.below(hours))))

    def facts(self, phrases: Phrases, when: dt.datetime) -> Facts:
        """Return the days that news of a time speaks of."""
        days = phrases["day"].split(", ")
        return {
            "clock": str(when.hour),
            "number": str(when.day),
            "weekday": days[when.weekday()],
        }

    def fill(self, pattern: str, phrases: Phrases, facts: Facts) -> str:
        """Return a pattern with its braces filled, from `facts` or with what is noted there."""
        while match := re.search(r"\{([^{}]*)\}", pattern):
            name = match[1]
            word = self.pick(name.split("|")) if "|" in name else self.fact(name, phrases, facts)
            pattern = pattern[: match.start()] + word + pattern[match.end() :]
        return pattern

    def fact(self, name: str, phrases: Phrases, facts: Facts) -> str:
        """Return the fact of a name; a new one differs from the others of its kind."""
        kind = name.rstrip("23456789")
        while name not in facts:
            word = self.word(kind, phrases, facts)
            if word not in [facts[other] for other in facts if other.startswith(kind)]:
                facts[name] = word
        return facts[name]

    def word(self, kind: str, phrases: Phrases, facts: Facts) -> str:
        """Return a word of a kind."""
        thousands, decimal = phrases["marks"]
        if kind == "hour":
            return f"{6 + self.below(16)}:{5 * self.below(12):02}"
        if kind == "date":
            return self.fill(phrases["date"], phrases, facts)
        if kind in NUMBERS:
            least, n_values, step, unit = NUMBERS[kind]
            number = least + step * self.below(n_values)
            if unit > 1:
                return f"{number // unit}{decimal}{number % unit}"
            return f"{number:,}".replace(",", thousands)
        word = self.pick(phrases[kind].split(", "))
        return self.fill(word, phrases, {}) if "{" in word else word

    def copy(self, language: str, titles: list[str], text: str, source: str) -> tuple[str, str]:
        """Return title and text of a copy by another outlet."""
        phrases, kind = LANGUAGES[language], self.pick(COPIES)
        joint = " " if " " in text else ""
        is_retitled = kind == "retitled" or self.chance(SHARE_OWN_HEADLINE)
        title = self.pick(titles[1:] or titles) if is_retitled else titles[0]
        if kind == "credited":
            text = f"{self.word('city', phrases, {}).upper()} ({phrases['agency']}) - {text}"
        elif kind == "suffixed":
            title = f"{title} {self.pick('-|')} {source}"
        elif kind == "cut off":
            words = text.split(" ") if joint else list(text)
            words = words[: len(words) * (65 + self.below(30)) // 100]
            text = joint.join(words) + self.pick(CUT_OFF_MARKS).format(200 + self.below(4_000))
        elif kind == "shortened":  # without the last sentence
            sentences = re.split(r"(?<=[.।])\s+|(?<=。)", text.removesuffix("。"))
            text = joint.join(sentences[:-1] or sentences)
        elif kind == "revised":
            # Whole words, where words are parted at all; \b would part Hindi before vowel signs.
            start, end = (r"(?<!\S)", r"(?![^\s.,:;!?।])") if joint else ("", "")
            for old, new in phrases["revisions"]:
                text = re.sub(f"{start}{re.escape(old)}{end}", new, text, count=1)
        return title, text


class Feed:
    """Items and the truth about them, as they are written."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.rows: list[tuple[Item, dict[str, Any]]] = []

    def put(self, language: str, words: tuple[str, str], when: dt.datetime, source: str) -> Item:
        """Add an item, news of its own until the truth says something else, and return it."""
        item = {
            "title": words[0],
            "description": words[1],
            "source": source,
            "published": when.isoformat(),
            "lang": language,
        }
        place = len(self.rows)
        self.rows.append((item, {"item": place, "story": place, "template": None}))
        return item

    def recurring(self, language: str, number: int, when: dt.datetime) -> None:
        """Add the items of a template at one hour."""
        writer, phrases = self.writer, LANGUAGES[language]
        template = phrases["templates"][number]
        kind, n_items = template.get("each", ("", 1))
        outlets = phrases["outlets"].split(", ")
        subjects: dict[str, None] = {}
        while kind and len(subjects) < n_items:
            subjects[writer.word(kind, phrases, {})] = None
        for rank, subject in enumerate(subjects or [""]):
            facts = writer.facts(phrases, when) | ({kind: subject} if kind else {})
            title, text = (
                writer.fill(template[part], phrases, facts) for part in ("title", "text")
            )
            minute = when + dt.timedelta(minutes=rank)
            self.put(language, (title, text), minute, outlets[number % len(outlets)])
            self.rows[-1][1]["template"] = f"{language}-{number}"

    def event(self, language: str, accounts: list[str]) -> None:
        """Add what is told of an event, in pairs of a line of headlines and a text."""
        writer = self.writer
        days = LANGUAGES[language]["day"].split(", ")
        named = [day for day in range(N_DAYS) if days[day] in accounts[1]]
        day = named[0] if named else writer.below(N_DAYS)
        hour, n_hours = HOURS_AFTER_DAY if named else HOURS_OF_DAY
        when = START + dt.timedelta(days=day, minutes=60 * hour + writer.below(60 * n_hours))
        story = len(self.rows)
        is_big = len(accounts) >= N_BIG and writer.chance(SHARE_BIG)
        for headlines, text in zip(accounts[::2], accounts[1::2], strict=True):
            told = when
            if headlines.startswith("= "):
                told = writer.later(when, HOURS)
            elif headlines.startswith("+ "):
                told = when + dt.timedelta(minutes=60 * 40 + writer.below(60 * 40))
            titles = headlines.removeprefix("= ").removeprefix("+ ").split(" | ")
            n_printings = 1 + writer.below(PRINTINGS) if writer.chance(SHARE_PRINTED) else 0
            if is_big and told == when:
                n_printings = BIG_PRINTINGS // 3 + writer.below(2 * BIG_PRINTINGS // 3)
            self.printed(language, titles, text, told, n_printings)
            for _, truth in self.rows[-1 - n_printings :]:
                truth["story"] = story

    def printed(
        self, language: str, titles: list[str], text: str, when: dt.datetime, n_printings: int
    ) -> None:
        """Add an item, and what other outlets print of it."""
        writer, place = self.writer, len(self.rows)
        outlets = LANGUAGES[language]["outlets"].split(", ")
        self.put(language, (titles[0], text), when, writer.pick(outlets))
        for _ in range(n_printings):
            source = writer.pick(outlets)
            later = writer.later(when, HOURS_OF_BIG if n_printings > PRINTINGS else HOURS)
            self.put(language, writer.copy(language, titles, text, source), later, source)
            self.rows[-1][1]["item"] = place


def make_feed() -> tuple[list[Item], list[dict[str, Any]]]:
    """Return the items and the truth about them, sorted by time."""
    feed = Feed(Writer(SEED))
    for language, phrases in LANGUAGES.items():
        for day, (number, template) in itertools.product(
            range(N_DAYS), enumerate(phrases["templates"])
        ):
            for hour in template["hours"] if day in template.get("days", range(N_DAYS)) else ():
                feed.recurring(language, number, START + dt.timedelta(days=day, hours=hour))
        for story in phrases["stories"].strip().split("\n\n"):
            feed.event(language, story.split("\n"))
    places = range(len(feed.rows))
    by_time = sorted(places, key=lambda place: (feed.rows[place][0]["published"], place))
    names = {place: f"item-{rank:04}" for rank, place in enumerate(by_time)}
    items: list[Item] = []
    truth: list[dict[str, Any]] = []
    for place in by_time:
        item, about = feed.rows[place]
        items.append({"id": names[place], **item})
        ids = {kind: names[about[kind]] for kind in ("item", "story")}
        truth.append({"id": names[place], **ids, "template": about["template"]})
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
