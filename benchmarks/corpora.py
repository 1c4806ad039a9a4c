"""
Made-up feeds of any size, with the truth about every item.

The words are invented syllable by syllable, their frequencies follow Zipf's
law, and stock phrases make unrelated items share shingles, as they do in real
text. A feed of the default shape has items of about 230 characters in four
alphabets; about one in five is made from a recurring template, and one in
eight copies an earlier item in one of the ways of `Kind`.

A feed is made in chunks of `CHUNK` items which depend on the seed and their
number alone, so that a feed is a prefix of every longer one of the same seed.
Only streams that numpy guarantees to be the same everywhere are drawn from
(`numpy.random.PCG64` and `SeedSequence`), and no function is used whose last
bit depends on the machine's mathematics library.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import itertools
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

CHUNK = 16_384
"""Items of a chunk: a copy is in the same chunk as the item it copies."""

NO_TEMPLATE = -1
"""Template id of an item that is not made from one."""

FIRST_PUBLISHED = 1_577_836_800_000_000
"""Start of every feed, 2020-01-01 00:00 UTC, in microseconds since 1970."""

INTERVAL = 60_000_000
"""Microseconds from one item to the next, on average."""


class Kind(enum.IntEnum):
    """What an item is made from."""

    ORIGINAL = 0  # words of its own
    TEMPLATE = 1  # a recurring template, filled in anew: no duplicate of its like
    VERBATIM = 2  # a copy, word by word
    CREDITED = 3  # a copy with a dateline before it and the publisher after the title
    CUT_OFF = 4  # a copy whose description ends early, with a mark
    REVISED = 5  # a copy with one to three words of the description replaced
    RETITLED = 6  # a copy under another title


class Feed(NamedTuple):
    """
    A made-up feed, sorted by time, as columns.

    `published` is in microseconds since 1970-01-01 UTC. The truth: items of equal `story` are
    copies of one another, `template` is the number of the template an item is made from, or
    `NO_TEMPLATE`, and `kind` is of `Kind`.
    """

    title: list[str]
    description: list[str]
    source: list[str]
    published: NDArray[np.int64]
    story: NDArray[np.int64]
    template: NDArray[np.int64]
    kind: NDArray[np.uint8]

    def head(self, n: int) -> Feed:
        """Return the first `n` items."""
        columns: list[Any] = [column[:n] for column in self]
        return Feed(*columns)


def made_up_feed(n: int, seed: int) -> Feed:
    """Return a made-up feed, the same on every machine; feeds of a seed begin alike."""
    columns: list[Any] = [
        np.concatenate(parts) if isinstance(parts[0], np.ndarray) else [*chain(*parts)]
        for parts in zip(*feed_chunks(n, seed), strict=True)
    ]
    return Feed(*columns)


def feed_chunks(n: int, seed: int, *, first: int = 0) -> Iterator[Feed]:
    """
    Yield a feed of `n` items chunk by chunk, from chunk `first` on; one empty chunk for none.

    Story numbers do not repeat from chunk to chunk; template numbers do.
    """
    if n < 0 or seed < 0:
        message = f"n={n} and seed={seed} must not be negative; pass 0 or more"
        raise ValueError(message)
    language = _language(seed)
    for number, start in enumerate(range(first * CHUNK, max(n, 1), CHUNK), first):
        # Always a whole chunk, so that a feed is a prefix of a longer one.
        yield _make_chunk(language, _Draws(seed, number + 1), start).head(n - start)


class _Draws:
    """Random numbers from the raw bits of PCG64, which never change between versions."""

    def __init__(self, *entropy: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(entropy))

    def below(self, bound: int, size: int) -> NDArray[np.int64]:
        """Return `size` integers, uniform in [0, bound), for bounds up to 2**32."""
        high = self._bits.random_raw(size) >> np.uint64(32)
        return ((high * np.uint64(bound)) >> np.uint64(32)).astype(np.int64)

    def between(self, least: int, most: int, size: int) -> NDArray[np.int64]:
        """Return `size` integers, uniform in [least, most]."""
        return least + self.below(most - least + 1, size)

    def choice(self, weights: Sequence[int], size: int) -> NDArray[np.int64]:
        """Return `size` indices of `weights`, as often as these say."""
        bounds = np.cumsum(weights)
        return np.searchsorted(bounds, self.below(int(bounds[-1]), size), side="right")


# An alphabet: consonants, vowels, full stop, and the share of items in it, in percent.
_ALPHABETS = (
    ("b c d f g h k l m n p r s t v w z br cl dr gr pl pr st th tr", "a e i o u ai ea ou", ".", 76),
    ("b c d f g j l m n p r s t v ch gn qu tr", "a e i o u é è ê ô eau oi", ".", 9),
    ("б в г д ж з к л м н п р с т х ц ч ш щ ст пр", "а е и о у ы я ю ё", ".", 9),
    ("क ख ग घ च ज ट ड त थ द ध न प फ ब भ म य र ल व श स ह", "ा ि ी ु ू े ो ं", "।", 6),
)
_LATIN = 0
_VOCABULARY = 20_000
_PHRASES = 2_000
_TABLE_BITS = 20
_COMMA, _STOP, _CAPITAL = 1, 2, 3  # added up, the variant of a word; 6 in all
_TEMPLATES = 4_000  # in use at a time, the popular ones far more often
_TEMPLATE_CHUNKS = 20  # how long each is in use: about a third of a million items
_SOURCES = 400
_MOST_SLOTS = 4  # of names, and as many of figures
_OFTEN_COMMA, _OFTEN_STOP = 250, 3_900  # of 4096: 6 and 5 in a hundred


@dataclasses.dataclass(frozen=True, slots=True)
class _Template:
    """Titles and descriptions with ``%s`` for what varies."""

    title: str
    description: str
    n_slots: tuple[int, int]


@dataclasses.dataclass(frozen=True, slots=True)
class _Language:
    """The words and names of one seed."""

    seed: int
    vocabulary: list[str]  # of the first alphabet
    # For each alphabet every entry in its 6 variants, then a line break: UTF-8 of fixed width.
    words: list[NDArray[np.bytes_]]
    table: NDArray[np.int64]  # entries, as often as Zipf's law has them
    names: list[str]
    figures: list[str]
    sources: list[str]
    agencies: list[str]


@functools.lru_cache(maxsize=2)
def _language(seed: int) -> _Language:
    draws = _Draws(seed, 0)
    words = []
    latin: list[str] = []
    for consonants, vowels, stop, _ in _ALPHABETS:
        entries = _vocabulary(draws, consonants, vowels)
        latin = latin or entries
        variants = [
            f"{form}{mark} ".encode()
            for entry in entries
            for form in (entry, entry[0].upper() + entry[1:])
            for mark in ("", ",", stop)
        ]
        words.append(np.array([*variants, b"\n"]))
    # Zipf's law with Mandelbrot's shift; phrases take ranks between the words.
    weights = np.cumsum(1.0 / (np.arange(_VOCABULARY + _PHRASES) + 2.7))
    bounds = np.floor(weights * (2**_TABLE_BITS / weights[-1]) + 0.5).astype(np.int64)
    names = [entry.capitalize() for entry in latin[-3_000:] if " " not in entry]
    outlets = itertools.pairwise(names[: _SOURCES + 1])
    kinds = itertools.cycle(("News", "Times", "Post", "Herald"))
    return _Language(
        seed=seed,
        vocabulary=latin,
        words=words,
        table=np.repeat(np.arange(len(weights)), np.diff(bounds, prepend=0)),
        names=names,
        figures=[f"{figure:,}" for figure in range(10_000)],
        sources=[f"{a} {b} {kind}" for (a, b), kind in zip(outlets, kinds, strict=False)],
        agencies=[name[:4].upper() for name in names[500:512]],
    )


def _vocabulary(draws: _Draws, consonants: str, vowels: str) -> list[str]:
    """Return distinct words, short ones first, with stock phrases spread among them."""
    syllables = [onset + vowel for onset in consonants.split() for vowel in vowels.split()]
    found: dict[str, None] = {}
    # Frequent words are short.
    for n_syllables, n_words in ((1, 60), (2, 2_000), (3, 10_000), (4, _VOCABULARY)):
        while len(found) < n_words:
            picks = draws.below(len(syllables), n_syllables * n_words).tolist()
            for at in range(0, len(picks), n_syllables):
                found["".join(syllables[i] for i in picks[at : at + n_syllables])] = None
                if len(found) == n_words:
                    break
    words = list(found)
    lengths = draws.between(2, 3, _PHRASES).tolist()
    parts = iter(_squared(draws, 2_000, sum(lengths)).tolist())
    spread = _VOCABULARY // _PHRASES
    entries: list[str] = []
    for number, length in enumerate(lengths):
        entries += words[number * spread : (number + 1) * spread]
        entries.append(" ".join(words[i] for i in itertools.islice(parts, length)))
    return entries


@functools.lru_cache(maxsize=2 * _TEMPLATES)
def _template(seed: int, number: int) -> _Template:
    """Return a template of 5 to 10 and 12 to 34 words, of which some vary."""
    draws = _Draws(seed, 0, 1 + number)
    vocabulary = _language(seed).vocabulary
    texts: list[str] = []
    for least, most, most_slots in ((5, 10, 2), (12, 34, 5)):
        length = int(draws.between(least, most, 1)[0])
        words = [vocabulary[i] for i in _squared(draws, 3_000, length).tolist()]
        words[0] = words[0].capitalize()
        n_slots = int(draws.between(1, most_slots, 1)[0])
        for place in draws.below(length, n_slots).tolist():
            words[place] = "%s"
        texts.append(" ".join(words))
    title, description = texts
    return _Template(title, description + ".", (title.count("%s"), description.count("%s")))


def _make_chunk(language: _Language, draws: _Draws, start: int) -> Feed:
    n = CHUNK
    kinds = _kinds(draws, n)
    originals = np.flatnonzero(kinds == Kind.ORIGINAL)
    titles: list[str] = [""] * n
    descriptions: list[str] = [""] * n
    _write_originals(language, draws, originals, titles, descriptions)
    forms = np.flatnonzero(kinds == Kind.TEMPLATE)
    template = np.full(n, NO_TEMPLATE, np.int64)
    rank = _squared(draws, _TEMPLATES, len(forms))
    # Each rank passes to a new template now and then, not all at once.
    template[forms] = rank + (start // CHUNK + rank) // _TEMPLATE_CHUNKS * _TEMPLATES
    _write_templates(language, draws, template, titles, descriptions)
    story = start + np.arange(n, dtype=np.int64)
    sources = [language.sources[i] for i in _squared(draws, len(language.sources), n).tolist()]
    copies = np.flatnonzero(kinds >= Kind.VERBATIM)
    copied = _copied(draws, originals, copies)
    story[copies] = start + copied
    _write_copies(language, draws, kinds, copies, copied, titles, descriptions, sources)
    published = (
        FIRST_PUBLISHED
        + (start + np.arange(n, dtype=np.int64)) * INTERVAL
        + draws.below(INTERVAL, n)
    )
    return Feed(titles, descriptions, sources, published, story, template, kinds)


def _kinds(draws: _Draws, n: int) -> NDArray[np.uint8]:
    # In percent, in the order of `Kind`.
    kinds = draws.choice((68, 20, 3, 3, 2, 2, 2), n).astype(np.uint8)
    kinds[0] = Kind.ORIGINAL  # there is something to copy
    return kinds


def _squared(draws: _Draws, bound: int, size: int) -> NDArray[np.int64]:
    """Return integers in [0, bound) that prefer the small ones."""
    return draws.below(bound, size) ** 2 // bound


def _copied(
    draws: _Draws, originals: NDArray[np.int64], copies: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return what each copy copies: an original of the two days or so before it."""
    latest = np.searchsorted(originals, copies) - 1
    back = _squared(draws, 2**16, len(copies)) * np.minimum(latest + 1, 2_000) >> 16
    rank = latest - back
    # One original in sixteen is copied by many.
    popular = draws.choice((6, 4), len(copies)) == 1
    rank[popular] -= rank[popular] % 16
    copied: NDArray[np.int64] = originals[rank]
    return copied


def _write_originals(
    language: _Language,
    draws: _Draws,
    places: NDArray[np.int64],
    titles: list[str],
    descriptions: list[str],
) -> None:
    alphabet = draws.choice([share for *_, share in _ALPHABETS], len(places))
    for number, words in enumerate(language.words):
        chosen = places[alphabet == number]
        lines = _lines(language.table, words, draws, len(chosen))
        for place, title, description in zip(chosen.tolist(), lines[::2], lines[1::2], strict=True):
            titles[place] = title
            descriptions[place] = description


def _lines(table: NDArray[np.int64], words: NDArray[np.bytes_], draws: _Draws, n: int) -> list[str]:
    """Return `n` titles and descriptions in turn."""
    lengths = np.empty(2 * n, np.int64)
    lengths[::2] = draws.between(6, 12, n)
    lengths[1::2] = draws.between(14, 34, n)
    ends = np.cumsum(lengths + 1) - 1  # a place more for the line break
    size = int(lengths.sum()) + 2 * n
    raw = draws.below(2**32, size)
    chance = raw >> _TABLE_BITS  # 12 bits that the table leaves: in 4096
    mark = np.zeros(size, np.int64)
    mark[chance < _OFTEN_COMMA] = _COMMA
    mark[chance >= _OFTEN_STOP] = _STOP
    mark[ends - 1] = np.tile((0, _STOP), n)
    begins = np.roll(mark == _STOP, 1)
    begins[ends[:-1] + 1] = True
    begins[:1] = True
    capital = begins | (chance & 15 == 0)  # names
    picked = table[raw & (2**_TABLE_BITS - 1)] * 6 + capital * _CAPITAL + mark
    picked[ends] = len(words) - 1
    # Fixed width made ragged at one go: NUL is what fills up, and no text holds it.
    text = words[picked].tobytes().translate(None, b"\0").decode()
    lines: list[str] = text.split(" \n")
    return lines[:-1]


def _write_templates(
    language: _Language,
    draws: _Draws,
    template: NDArray[np.int64],
    titles: list[str],
    descriptions: list[str],
) -> None:
    places = np.flatnonzero(template != NO_TEMPLATE)
    size = len(places) * _MOST_SLOTS
    names = map(language.names.__getitem__, draws.below(len(language.names), size).tolist())
    figures = map(language.figures.__getitem__, draws.below(10_000, size).tolist())
    # Names and figures take turns.
    values = list(chain.from_iterable(zip(names, figures, strict=True)))
    for row, (place, number) in enumerate(
        zip(places.tolist(), template[places].tolist(), strict=True)
    ):
        form = _template(language.seed, number)
        first = row * 2 * _MOST_SLOTS + number % 2
        second = first + form.n_slots[0]
        titles[place] = form.title % tuple(values[first:second])
        descriptions[place] = form.description % tuple(values[second : second + form.n_slots[1]])


def _write_copies(
    language: _Language,
    draws: _Draws,
    kinds: NDArray[np.uint8],
    copies: NDArray[np.int64],
    copied: NDArray[np.int64],
    titles: list[str],
    descriptions: list[str],
    sources: list[str],
) -> None:
    n = len(copies)
    first, second, third = (draws.below(2**20, n).tolist() for _ in range(3))
    rows = zip(
        copies.tolist(), copied.tolist(), kinds[copies].tolist(), first, second, third, strict=True
    )
    for place, original, kind, a, b, c in rows:
        title, description = titles[original], descriptions[original]
        if kind == Kind.CREDITED:
            city = language.names[a % len(language.names)].upper()
            agency = language.agencies[b % len(language.agencies)]
            description = f"{city} ({agency}) - {description}"
            title = f"{title} - {sources[place]}"
        elif kind == Kind.CUT_OFF:
            words = description.split(" ")
            kept = words[: len(words) * (40 + a % 50) // 100]
            mark = ("...", "…", " [...]", f"… [+{b % 5_000} chars]")[c % 4]
            description = " ".join(kept) + mark
        elif kind == Kind.REVISED:
            words = description.split(" ")
            for value in (a, b, c)[: 1 + a % 3]:
                words[value % len(words)] = language.names[value % len(language.names)]
            description = " ".join(words)
        elif kind == Kind.RETITLED:
            first_name, last_name = language.names[a % 999], language.names[b % 999]
            title = " ".join([first_name, last_name, *description.split(" ")[2:7]])
        titles[place], descriptions[place] = title, description
