"""
Write the made-up feed of the demo: ``feed.jsonl``, and the truth in ``feed_truth.jsonl``.

Every place, person, outlet and event is invented. Items are put together from
``phrases.toml``, of four kinds, as a real feed has them:

- stories of their own, of which no two share a sentence;
- printings: other outlets carry an item word by word, under another headline,
  with a dateline, cut off, slightly revised. One item in thirty is big news,
  which dozens print. These are duplicates;
- reports: other outlets tell the same event in their own words. These are related;
- templates, as bulletins, horoscopes and notices of towns are made from: nearly
  the same words each time, about something else.

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

N_ITEMS = 2000
SEED = 20261123
FOLDER = Path(__file__).resolve().parent
START = dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)

Phrases: TypeAlias = dict[str, Any]
Item: TypeAlias = dict[str, str]

LANGUAGES: dict[str, Phrases] = tomllib.loads((FOLDER / "phrases.toml").read_text(encoding="utf-8"))
# In percent of the items that are no printings; of the stories.
SHARE_RECURRING, SHARE_BIG, SHARE_PRINTED, SHARE_REPORTED = 30, 3, 22, 12
# How many printings and reports there are, at most, of a big story and of another.
BIG_PRINTINGS, PRINTINGS, BIG_REPORTS, REPORTS = 45, 3, 6, 2
HOURS_OF_BIG, HOURS = 40, 14
SHARE_OWN_HEADLINE = 30
# Of the pairs of words of a story, the share that another may have; tries to make such a story.
MOST_SHARED, MOST_TRIES = 0.3, 200
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

    def fill(self, pattern: str, phrases: Phrases, values: dict[str, str]) -> str:
        """Return a pattern with its braces filled, from `values` or with a word noted there."""
        while "{" in pattern:
            head, _, rest = pattern.partition("{")
            name, _, tail = rest.partition("}")
            if name not in values:
                values[name] = self.pick(phrases.get(name, NUMBERS))
            pattern = head + values[name] + tail
        return pattern

    def story(self, phrases: Phrases) -> tuple[str, list[str], dict[str, str]]:
        """Return title and sentences of a story of its own, and what it is about."""
        values: dict[str, str] = {}
        sentences = [self.fill(self.pick(phrases["openings"]), phrases, values)]
        title = self.fill(self.pick(phrases["title"]), phrases, values)
        self.fill("{city}", phrases, values)
        # Other people; the same place, cause and outcome, which reports of others repeat.
        for kind in ("cause", "outcome"):
            if kind in phrases:
                values.setdefault(kind, self.pick(phrases[kind]))
        sentences += self.background(phrases, self.known(values))
        return capitalised(title), [capitalised(each) for each in sentences], values

    def known(self, event: dict[str, str]) -> dict[str, str]:
        """Return what all who report an event agree on."""
        return {name: event[name] for name in ("city", "cause", "outcome") if name in event}

    def background(self, phrases: Phrases, known: dict[str, str]) -> list[str]:
        """Return some sentences that go with an event."""
        kinds = [kind for kind in ("closing", "detail", "detail") if kind in phrases]
        kinds = kinds[: 1 + self.below(len(kinds))]
        return [self.fill(self.pick(phrases[kind]), phrases, dict(known)) for kind in kinds]

    def report(self, phrases: Phrases, event: dict[str, str]) -> tuple[str, list[str]]:
        """Return title and sentences of another outlet's own report on an event."""
        about = {name: event[name] for name in ("who", "verb", "object")} | self.known(event)
        title = self.fill(self.pick(phrases["report_title"]), phrases, dict(about))
        first = self.fill(self.pick(phrases["report"]), phrases, dict(about))
        sentences = [first, *self.background(phrases, self.known(event))]
        return capitalised(title), [capitalised(each) for each in sentences]

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
        for name in ("city", "sky"):  # of these a template may need two
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
            title = self.fill(self.pick(phrases["retitle"]), phrases, dict(values))
        if kind != "retitled" and self.chance(SHARE_OWN_HEADLINE):
            title = self.fill(self.pick(phrases["retitle"]), phrases, dict(values))
        return capitalised(title), description


def capitalised(text: str) -> str:
    """Return a text with a capital at its start."""
    return text[0].upper() + text[1:]


def joined(sentences: Sequence[str]) -> str:
    """Return sentences as one text, with spaces where the language has them."""
    return (" " if " " in sentences[0] else "").join(sentences)


def pairs_of(text: str) -> set[str]:
    """Return the pairs of neighbouring words, or characters where there are no spaces."""
    words = text.split() if " " in text else list(text)
    return {" ".join(pair) for pair in itertools.pairwise(words)}


class Feed:
    """Items and the truth about them, as they are written."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self.rows: list[tuple[Item, dict[str, Any]]] = []
        self._stories: list[set[str]] = []
        self._said: set[str] = set()  # events, sentences, recurring items: each is news

    def is_apart(self, text: str) -> bool:
        """Return whether a story shares few words with all others."""
        words = pairs_of(text)
        if any(len(words & other) > MOST_SHARED * len(words) for other in self._stories):
            return False
        self._stories.append(words)
        return True

    def is_new(self, *texts: str) -> bool:
        """Return whether nobody has said any of these texts, which are said now."""
        if self._said & set(texts):
            return False
        self._said.update(texts)
        return True

    def put(self, row: Item, **truth: str | None) -> None:
        """Add an item; it has its own number as item and story where none is given."""
        name = f"{len(self.rows):04}"
        self.rows.append((row, {"item": name, "story": name, "template": None, **truth}))

    def item(self, language: str, title: str, text: str, when: dt.datetime, source: str) -> Item:
        """Return an item."""
        return {
            "title": title,
            "description": text,
            "source": source,
            "published": when.isoformat(),
            "lang": language,
        }

    def recurring(self, language: str, when: dt.datetime) -> None:
        """Add an item of a template."""
        phrases = LANGUAGES[language]
        while True:
            number = self.writer.below(len(phrases["templates"]))
            title, text = self.writer.recurring(phrases, number, when)
            if self.is_new(title + text):
                break
        source = phrases["outlets"][number % len(phrases["outlets"])]
        self.put(self.item(language, title, text, when, source), template=f"{language}-{number}")

    def event(self, language: str, when: dt.datetime) -> None:
        """Add a story, its printings, and the reports of others."""
        writer, phrases = self.writer, LANGUAGES[language]
        for _ in range(MOST_TRIES):
            title, sentences, values = writer.story(phrases)
            event = f"{values['verb']} {values['object']}"
            if self.is_apart(joined(sentences)) and self.is_new(event, *sentences):
                break
        else:
            return  # the language has no more to tell
        story = f"{len(self.rows):04}"
        is_big = writer.chance(SHARE_BIG)
        hours = HOURS_OF_BIG if is_big else HOURS
        self.printed(language, (title, joined(sentences)), values, when, story, is_big=is_big)
        n_reports = 0
        if "report" in phrases and (is_big or writer.chance(SHARE_REPORTED)):
            n_reports = 1 + writer.below(BIG_REPORTS if is_big else REPORTS)
        while n_reports:
            title, sentences = writer.report(phrases, values)
            if self.is_new(*sentences):
                later = when + dt.timedelta(minutes=30 + writer.below(60 * hours))
                self.printed(language, (title, joined(sentences)), values, later, story)
                n_reports -= 1

    def printed(
        self,
        language: str,
        text: tuple[str, str],
        values: dict[str, str],
        when: dt.datetime,
        story: str,
        *,
        is_big: bool = False,
    ) -> None:
        """Add an item, and what other outlets print of it."""
        writer, outlets = self.writer, LANGUAGES[language]["outlets"]
        name = f"{len(self.rows):04}"
        first = self.item(language, *text, when, writer.pick(outlets))
        self.put(first, item=name, story=story)
        n_printings = 0
        if is_big:
            n_printings = BIG_PRINTINGS // 3 + writer.below(2 * BIG_PRINTINGS // 3)
        elif writer.chance(SHARE_PRINTED):
            n_printings = 1 + writer.below(PRINTINGS)
        for _ in range(n_printings):
            source = writer.pick(outlets)
            later = when + dt.timedelta(
                minutes=1 + writer.below(60 * (HOURS_OF_BIG if is_big else HOURS))
            )
            title, description = writer.copy(first, values, source)
            self.put(self.item(language, title, description, later, source), item=name, story=story)


def make_feed() -> tuple[list[Item], list[dict[str, Any]]]:
    """Return the items and the truth about them, sorted by time."""
    writer = Writer(SEED)
    feed = Feed(writer)
    when = START
    while len(feed.rows) < N_ITEMS:
        when += dt.timedelta(seconds=60 + writer.below(900))
        language = writer.language()
        if writer.chance(SHARE_RECURRING):
            feed.recurring(language, when)
        else:
            feed.event(language, when)
    by_time = sorted(range(N_ITEMS), key=lambda place: (feed.rows[place][0]["published"], place))
    name_of = {f"{place:04}": f"item-{rank:04}" for rank, place in enumerate(by_time)}
    items: list[Item] = []
    truth: list[dict[str, Any]] = []
    for place in by_time:
        item, about = feed.rows[place]
        name = name_of[f"{place:04}"]
        items.append({"id": name, **item})
        kinds = {kind: name_of[about[kind]] for kind in ("item", "story")}
        truth.append({"id": name, **kinds, "template": about["template"]})
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
