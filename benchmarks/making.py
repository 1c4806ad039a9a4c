"""
Ways to make a pair of an item, for what too few labelled pairs show.

Another name, a rare word or other numbers make a template, as do a notice or a list of
links in two items. An item cut off, under another headline, behind a dateline, short of a
sentence or with a function word changed is a duplicate. A headline at the end of another
item is nothing. Sources and times are drawn alike for all.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import gold
from benchmarks.item_words import (
    IDEOGRAPHS,
    LEAST_LENGTH,
    NUMBER,
    WORD,
    Item,
    Language,
    Made,
    is_cased,
    names_of,
    put,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.random import Generator


NAME_WEIGHT = 0.1
"""What a replaced name counts for: it is easily told, and more of them hide light revisions."""

PRINTINGS_WEIGHT = 90.0
"""The same of all printings of a big story together."""

_SENTENCE = re.compile(r"(?<=[.!?।。])\s*(?=\S)")
_LEAST_RESPELLED = 7  # letters of a word that has another ending
_LONG_TEASER = 20  # words of a text that may be printed in many places
_LONG = 120  # words of a text that is no notice
_DAYS, _MONTHS = 60.0, 6000.0  # hours that two items are apart at most, mostly and now and then
_PRINTINGS = (20.0, 1000.0)  # of a big story
_ENDINGS = (1, 2, 3)  # letters at the end of a word that another form of it has not


class Maker:
    """Makes pairs of the items of one language of a feed."""

    def __init__(self, items: Sequence[Item], rng: Generator) -> None:
        self._items = items
        self._rng = rng
        self._language = Language(items)
        self._notice = self._some_words(int(rng.integers(12, 41)))
        self._sources = sorted({item.source for item in items if item.source}) or ["one", "two"]

    def _pick(self) -> Item:
        return self._items[int(self._rng.integers(len(self._items)))]

    def _some_words(self, n_words: int) -> str:
        """Return a run of words of a text."""
        for _ in range(50):
            words = self._pick().words
            if len(words) >= n_words:
                start = int(self._rng.integers(len(words) - n_words + 1))
                return " ".join(words[start : start + n_words])
        return ""

    def _chance(self, share: float) -> bool:
        return bool(self._rng.random() < share)

    def _names(self, item: Item) -> list[str]:
        names = names_of(item, self._language)
        self._rng.shuffle(names)
        return names

    def _other_name(self, unlike: str) -> str | None:
        for _ in range(20):
            names = [name for name in self._names(self._pick()) if name.lower() != unlike.lower()]
            if names:
                return names[0]
        return None

    def _variable(self, item: Item) -> tuple[str, str] | None:
        """Return a name of an item and another to put in its place."""
        names = self._names(item)
        for name in names:
            if item.title and item.text and not (name in item.title and name in item.text):
                continue  # one word of a text may be a correction
            other = self._other_name(name)
            if other is not None:
                return name, other
        return None

    def name_replaced(self, item: Item) -> Made | None:
        """Put another name into headline and text: one form, filled in anew."""
        found = self._variable(item)
        if found is None:
            return None
        title, text = (put(part, *found) for part in (item.title, item.text))
        made = self._made("name", item, title, text, "series")
        return dataclasses.replace(made, weight=NAME_WEIGHT)

    def name_in_headline(self, item: Item) -> Made | None:
        """Put another name into a headline that stands alone, in a script that shows names."""
        if not (is_cased(item.title) or IDEOGRAPHS.search(item.title)):
            return None
        found = self._variable(item)
        if found is None or found[0] not in item.title:
            return None
        bare = dataclasses.replace(item, text="")
        made = self._made("name in headline", bare, put(item.title, *found), "", "series")
        return dataclasses.replace(made, weight=NAME_WEIGHT)

    def numbers_replaced(self, item: Item) -> Made | None:
        """Put other numbers throughout, two at least."""
        if len(set(NUMBER.findall(f"{item.title} {item.text}"))) < 2:  # noqa: PLR2004 - one may be a correction
            return None
        numbers: dict[str, str] = {}

        def other(match: re.Match[str]) -> str:
            old = match.group()
            while numbers.get(old, old) == old:
                digits = self._rng.integers(0, 10, len(old)).tolist()
                numbers[old] = "".join(map(str, [digits[0] or 1, *digits[1:]]))
            return numbers[old]

        title, text = (NUMBER.sub(other, part) for part in (item.title, item.text))
        return self._made("numbers", item, title, text, "series")

    def cut_off(self, item: Item) -> Made | None:
        """Cut the text off at 30 to 90 %."""
        words = item.words
        if len(words) < 12:  # noqa: PLR2004 - else little is left
            return None
        n_words = int(len(words) * self._rng.uniform(0.3, 0.9))
        mark = ("…", "...", " [...]")[self._rng.integers(3)]
        title = "" if self._chance(0.15) else item.title
        return self._made("cut off", item, title, " ".join(words[:n_words]) + mark, "dup")

    def other_headline(self, item: Item) -> Made | None:
        """Put another headline over the same text: of its own words, or over a long one any."""
        words = item.words
        if len(words) < 10:  # noqa: PLR2004 - a few words under another headline may be a notice
            return None
        if len(words) >= _LONG and self._chance(0.5):
            title = self._pick().title
        else:
            title_words = item.title.split()
            kept = [word for word in title_words if self._chance(0.5)]
            start = int(self._rng.integers(len(words) - 6))
            title = " ".join([*kept, *words[start : start + int(self._rng.integers(3, 7))]])
        return self._made("other headline", item, title, item.text, "dup")

    def printings(self, item: Item) -> list[Made]:
        """Print an item many times, mostly under other headlines, often cut off: one big story."""
        n_printings = round(np.exp(self._rng.uniform(*np.log(_PRINTINGS))))
        made = []
        for _ in range(n_printings):
            other = self.other_headline(item)
            if other is None:
                return []
            title = item.title if self._chance(0.2) else other.second.title
            words = item.words
            if self._chance(0.5):
                n_words = max(8, int(len(words) * self._rng.uniform(0.3, 0.9)))
                words = [*words[:n_words], "…"]
            published = item.published
            if published is not None:
                published += dt.timedelta(hours=float(self._rng.uniform(-24, 24)))
            second = dataclasses.replace(
                other.second, title=title, text=" ".join(words), published=published
            )
            made.append(
                Made(
                    "printing",
                    item,
                    second,
                    gold.DUPLICATE,
                    needs_counts=True,
                    weight=PRINTINGS_WEIGHT / n_printings,
                )
            )
        return made

    def credited(self, item: Item) -> Made | None:
        """Put a dateline, a credit or an agency's name in front."""
        name = self._other_name("") or "Agency"
        front = (
            f"{name.upper()} (AP) — ",
            f"{name}, {self._rng.integers(1, 29)}/{self._rng.integers(1, 13)} (Reuters) - ",
            f"By {name} {name[::-1].title()} | ",
            f"({name}) ",
            f"{name}: ",
        )[self._rng.integers(5)]
        if not item.text:
            source = self._sources[self._rng.integers(len(self._sources))]
            return self._made("credit", item, f"{item.title} - {source}", "", "dup")
        return self._made("credit", item, item.title, front + item.text, "dup")

    def sentence_dropped(self, item: Item) -> Made | None:
        """Leave one sentence of several out."""
        sentences = [each for each in _SENTENCE.split(item.text) if each]
        if len(sentences) < 3:  # noqa: PLR2004 - one of two is half of the item
            return None
        del sentences[self._rng.integers(len(sentences))]
        return self._made("sentence dropped", item, item.title, " ".join(sentences), "dup")

    def word_changed(self, item: Item) -> Made | None:
        """Change function words, 2 % of all and one at least."""
        words = item.words
        frequent = set(self._language.function_words)
        places = [at for at, word in enumerate(words) if word.lower() in frequent]
        if len(words) < 20 or not places:  # noqa: PLR2004 - else one word is much
            return None
        self._rng.shuffle(places)
        for at in places[: max(1, round(0.02 * len(words)))]:
            words[at] = self._language.function_words[self._rng.integers(len(frequent))]
        return self._made("word changed", item, item.title, " ".join(words), "dup")

    def word_replaced(self, item: Item) -> Made | None:
        """Put another word, no name, at one place of headline or text."""
        if len(item.words) < 25:  # noqa: PLR2004 - as above
            return None
        part = item.title if self._chance(0.5) else item.text
        words = self._common_nouns(part)
        others = self._common_nouns(self._pick().text)
        if not words or not others:
            return None
        changed = part.replace(words[0], others[0], 1)
        title, text = (changed, item.text) if part is item.title else (item.title, changed)
        return self._made("word replaced", item, title, text, "dup")

    def word_respelled(self, item: Item) -> Made | None:
        """Put another form of a word or two, or a slip of the pen, into headline or text."""
        part = item.title if not item.text or self._chance(0.5) else item.text
        words = [each for each in WORD.findall(part) if len(each) >= _LEAST_RESPELLED]
        words = [each for each in dict.fromkeys(words) if not NUMBER.search(each)]
        if len(part.split()) < 5 or not words:  # noqa: PLR2004 - as above
            return None
        self._rng.shuffle(words)
        changed = part
        for word in words[: 1 + int(self._chance(0.4))]:
            changed = changed.replace(word, self._respelled(word))
        title, text = (changed, item.text) if part is item.title else (item.title, changed)
        return self._made("word respelled", item, title, text, "dup")

    def _respelled(self, word: str) -> str:
        """Return a word with another ending, or with two letters of its second half swapped."""
        at = int(self._rng.integers(4, len(word) - 1))
        if self._chance(0.3) and word[at] != word[at + 1]:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        endings = [each for each in WORD.findall(self._pick().title) if len(each) >= LEAST_LENGTH]
        ending = endings[0][-_ENDINGS[self._rng.integers(3)] :] if endings else ""
        return word[: -_ENDINGS[self._rng.integers(3)]] + ending.lower()

    def _common_nouns(self, text: str) -> list[str]:
        """Return rare words that are no names, of a script with capitals, in any order."""
        words = [
            word
            for word in WORD.findall(text)
            if word.lower() != word.upper()
            and word.islower()
            and len(word) > LEAST_LENGTH
            and self._language.is_rare(word)
        ]
        self._rng.shuffle(words)
        return words

    def headline_alone(self, item: Item) -> Made | None:
        """Put the headline alone beside its item."""
        if not item.text or len(item.title.split()) < 5:  # noqa: PLR2004 - else a standing title
            return None
        source = self._sources[self._rng.integers(len(self._sources))]
        title = f"{item.title} - {source}" if self._chance(0.5) else item.title
        return self._made("headline alone", item, title, "", "dup")

    def same_headline(self, item: Item) -> Made | None:
        """Put the headline over another text on the same names: another outlet's report."""
        other = self._pick()
        title = item.title.split()
        if min(len(item.words), len(other.words)) < 8 or len(title) < 5:  # noqa: PLR2004 - as above
            return None
        words = other.words[: max(8, len(item.words) + int(self._rng.integers(-5, 15)))]
        for name in self._names(item)[: int(self._rng.integers(5))]:
            words.insert(int(self._rng.integers(len(words))), name)
        if self._chance(0.5):
            del title[self._rng.integers(len(title))]
        return self._made("same headline", item, " ".join(title), " ".join(words), "update")

    def notice_instead(self, item: Item) -> Made | None:
        """Put two headlines of one source over a short notice."""
        notice = self._some_words(int(self._rng.integers(10, 23)))
        return self._noticed(item, "notice", notice, "{notice}")

    def standing_notice(self, item: Item) -> Made | None:
        """Put two headlines over a notice that many other items have too."""
        made = self._noticed(item, "standing notice", self._notice, "{notice}")
        return made and dataclasses.replace(made, needs_counts=True)

    def notice_after(self, item: Item) -> Made | None:
        """End two items of one source in the same notice."""
        notice = self._some_words(int(self._rng.integers(12, 41)))
        return self._noticed(item, "notice after", notice, "{text} {notice}")

    def links_after(self, item: Item) -> Made | None:
        """End two items of one source in the same list of links, which may be most of the words."""
        if not item.text:
            return None
        links = [self._pick().title for _ in range(int(self._rng.integers(4, 25)))]
        made = self._noticed(item, "links after", " ".join(links), "{text} {notice}")
        if made is None or item.published is None or self._chance(0.3):
            return made
        # Pages of one hour list the same latest news.
        hours = float(np.exp(self._rng.uniform(np.log(0.02), np.log(6.0))))
        published = item.published + dt.timedelta(hours=hours)
        second = dataclasses.replace(made.second, published=published)
        return dataclasses.replace(made, second=second)

    def headline_after(self, item: Item) -> Made | None:
        """Put a headline at the end of another item, beside the item it is of."""
        other = self._pick()
        if not item.text or not other.title or len(other.title.split()) < 5:  # noqa: PLR2004 - as above
            return None
        mark = ("ALSO READ: ", "Read more: ", "| ", "• ", "")[self._rng.integers(5)]
        text = f"{item.text} {mark}{other.title}"
        first = dataclasses.replace(item, text=text)
        bare = self._chance(0.5)
        return self._made(
            "headline after", first, other.title, "" if bare else other.text, "different"
        )

    def _noticed(self, item: Item, kind: str, notice: str, form: str) -> Made | None:
        """Return an item and another of its source, both with a notice."""
        other = self._pick()
        common = set(item.title.lower().split()) & set(other.title.lower().split())
        if not notice or not item.title or not other.title or len(common) > 1:
            return None
        first, second = (
            dataclasses.replace(each, text=form.format(notice=notice, text=each.text).strip())
            for each in (item, other)
        )
        made = self._made(kind, first, second.title, second.text, "series")
        return dataclasses.replace(
            made, second=dataclasses.replace(made.second, source=made.first.source)
        )

    def _made(self, kind: str, item: Item, title: str, text: str, label: str) -> Made:
        """Return a pair whose second item has another source and time, by chance."""
        source = item.source
        if self._chance(0.6):
            source = self._sources[self._rng.integers(len(self._sources))]
        published = item.published
        if published is not None:
            most = _MONTHS if self._chance(0.3) else _DAYS
            hours = float(np.exp(self._rng.uniform(np.log(0.02), np.log(most))))
            published += dt.timedelta(hours=hours * (1 if self._chance(0.5) else -1))
        first, second = item, Item(title, text, source, published)
        if self._chance(0.15):
            first, second = (each.in_case(str.title) for each in (first, second))
        elif self._chance(0.15):
            first, second = (each.in_case(str.upper) for each in (first, second))
        return Made(kind, first, second, gold.CLASSES[label])


KINDS: tuple[Callable[[Maker, Item], Made | None], ...] = (
    Maker.name_replaced,
    Maker.name_in_headline,
    Maker.numbers_replaced,
    Maker.cut_off,
    Maker.other_headline,
    Maker.credited,
    Maker.sentence_dropped,
    Maker.word_changed,
    Maker.word_replaced,
    Maker.word_respelled,
    Maker.headline_alone,
    Maker.same_headline,
    Maker.notice_instead,
    Maker.standing_notice,
    Maker.notice_after,
    Maker.links_after,
    Maker.headline_after,
)
"""What is made of an item, if it can be."""
