"""Made-up news: articles of random words, and the ways in which outlets print one of them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import random
import re
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

T = TypeVar("T")

Item: TypeAlias = dict[str, str]
Headlines: TypeAlias = Literal["own", "same"]
Length: TypeAlias = Literal["full", "cut off", "mixed"]

START = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
N_DAYS = 3
CUT_OFF_MARKS = ("…", "...", " […]", " …")


def words(text: str) -> list[str]:
    """Return the words of a text."""
    return text.split()


ADJECTIVES = words("""
ageing ambitious annual bankrupt bitter blue broad busy careful cheap civic coastal cold common
costly crowded damp deep distant eastern empty faulty final foreign fragile frozen generous
grand green hasty heated heavy historic hollow idle inland joint large late legal local lonely
loud mobile modern narrow national northern old open outer overdue partial patient polite
popular private proud public quick quiet rare regional rival rural rusty secret severe shallow
shared short silent simple slow solid southern stalled steep stony strict sudden sunken tall
temporary tidy troubled urban urgent vacant vast volunteer wealthy western wide wooden young
""")
NOUNS = words("""
airport alliance appeal archive auction avenue bakery balcony barn barrage basin beacon bid
boiler border brewery bridge budget cable campaign canal castle cathedral cellar chapel charter
choir circus clinic coalition college colony compass concert contract convoy corridor cottage
courtyard crane crossing dairy dam deal debate depot dispute dock dredger drought election
embankment engine estuary exhibition factory fairground farm fence ferry festival fleet forecast
forest foundry fountain frontier furnace gallery garden garrison gate glacier granary grant
greenhouse grove hangar harvest hedge heritage highway hostel inquiry island jetty junction kiln
kitchen ladder lagoon landslide laundry lease levy library licence lighthouse loan lock lottery
mansion marina market marsh meadow medal mill mine monument moor museum nursery oak orchard
orchestra outpost palace parade pasture pavilion pension petition pier pipeline plateau
playground plaza port prison quarry quay quota railway rally ramp ranch rebate reef refinery
regatta relay reservoir ridge roof roundabout runway salary sanctuary sawmill scheme school
shelter shipyard siding silo slipway squadron stable stadium statue storm strike subsidy summit
survey tariff tavern telescope theatre timetable toll tournament tower tram treaty trial
tribunal tunnel turbine union vault verdict viaduct village vineyard voyage warehouse wharf
windmill workshop zoo
""")
ORGANISATIONS = words("""
academy agency association board bureau chamber cabinet club commission committee consortium
cooperative council court department directorate federation foundation guild inspectorate
institute laboratory league ministry observatory office panel parliament partnership police
regiment registry senate society syndicate treasury trust university
""")
PEOPLE = words("""
anglers architects bakers builders carpenters climbers cyclists divers doctors drivers engineers
farmers firefighters fishermen gardeners geologists historians inspectors joiners judges keepers
lawyers librarians mechanics merchants miners musicians nurses painters pensioners pilots
plumbers pupils rangers residents sailors scientists shepherds students surveyors tailors
teachers tenants traders volunteers voters weavers welders winemakers
""")
VERBS = words("""
abandon adjourn admire anchor applaud assemble assess audit award borrow bypass celebrate circle
clean collect compare conceal connect criticise damage defend delay demolish deposit describe
discover display divide double drain dredge empty endorse enlarge examine excavate exchange
expand explore film finance flood furnish guard guide halve haul illuminate import inherit
insulate inspect insure lament launch lease measure mention modernise move neglect notice
obstruct occupy oppose organise outline overlook paint patrol photograph postpone praise
preserve promote protect prune purchase question reclaim recommend record register renovate rent
repair replace rescue restore reveal review salvage screen search seize shield sketch sponsor
survey tax test tour trace transform treat unveil uproot value visit warm weigh welcome
""")
FIRST_NAMES = words("""
Ada Alma Anton Astrid Bela Bruno Carla Cato Dagny Edith Elias Emil Esther Felix Flora Frida
Greta Hanna Hugo Ida Ines Ivar Jonas Jutta Karel Lena Leo Linus Maja Marta Milan Nadia Nils Nora
Oskar Otto Paula Petra Rasmus Rosa Selma Silas Stina Teo Thea Tilda Viggo Vera Wanda Yara
""")
WEEKDAYS = words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
_ONSETS = words("B Br D Dr F G Gr H J K Kl L M N P Pr R S St T Tr V W")
_MIDDLES = words("al an ar el en er il in or os ul un")
_TOWN_ENDS = words("berg by dal den field ford gate ham holm mark mouth port stad strand ton vik")
_NAME_ENDS = words("back dahl der gren hof ius kamp lund man nes quist rup sen ski strom vad")
TOWNS = [a + b + c for a in _ONSETS for b in _MIDDLES for c in _TOWN_ENDS]
SURNAMES = [a + b + c for a in _ONSETS for b in _MIDDLES for c in _NAME_ENDS]


def past(verb: str) -> str:
    """Return the past tense of a regular verb."""
    if verb.endswith("y") and verb[-2] not in "aeo":
        return verb[:-1] + "ied"
    return verb + ("d" if verb.endswith("e") else "ed")


def present(verb: str) -> str:
    """Return the third person of a regular verb."""
    if verb.endswith("y") and verb[-2] not in "aeo":
        return verb[:-1] + "ies"
    return verb + ("es" if verb.endswith(("ss", "sh", "ch", "x")) else "s")


def capitalised(text: str) -> str:
    """Return a text whose first letter is a capital."""
    return text[:1].upper() + text[1:]


@dataclasses.dataclass(frozen=True)
class Article:
    """A story, and what its lead says: who did what where."""

    title: str
    sentences: tuple[str, ...]
    town: str
    who: str
    verb: str
    what: str

    @property
    def text(self) -> str:
        """The sentences in order."""
        return " ".join(self.sentences)


class Writer:
    """Writes news, drawing everything from one seeded source."""

    def __init__(self, seed: int) -> None:
        # random() is the one method whose stream is promised to stay.
        self.random: Callable[[], float] = random.Random(seed).random  # noqa: S311 - no secret

    def below(self, bound: int) -> int:
        """Return a whole number in [0, bound)."""
        return int(self.random() * bound)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[int(self.random() * len(options))]

    def person(self) -> str:
        """Return a first name and a surname."""
        return f"{self.pick(FIRST_NAMES)} {self.pick(SURNAMES)}"

    def outlet(self) -> str:
        """Return the name of a newspaper."""
        return f"{self.pick(TOWNS)} {self.pick(('Post', 'Herald', 'Times', 'Courier', 'Echo'))}"

    def thing(self) -> str:
        """Return an adjective, a noun and sometimes another noun."""
        thing = f"{self.pick(ADJECTIVES)} {self.pick(NOUNS)}"
        return thing if self.random() < 0.6 else f"{thing} {self.pick(NOUNS)}"

    def sentence(self) -> str:
        """Return a sentence of 8 to 20 words."""
        return re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", self._sentence())

    def _sentence(self) -> str:
        """Return a sentence whose article is "a" before vowels too."""
        pick, thing = self.pick, self.thing
        people, folk, others, place = pick(PEOPLE), pick(PEOPLE), pick(PEOPLE), pick(TOWNS)
        did, done, person, n = past(pick(VERBS)), past(pick(VERBS)), self.person(), self.below(900)
        board, kind = f"{pick(NOUNS)} {pick(ORGANISATIONS)}", pick(ADJECTIVES)
        return (
            lambda: f"{person} of the {board} {did} the {thing()} while {folk} {done} a {thing()}.",
            lambda: (
                f"About {2 + n} {folk} of {place} {did} the {thing()} and {done} its {thing()}."
            ),
            lambda: f"Near {place}, {kind} {folk} {did} one {thing()}, which {person} {done}.",
            lambda: f"Its {thing()} {did} {2 + n} {folk}; {place} {done} another {thing()}.",
            lambda: f"“They {did} our {thing()} without {folk},” {person} told {kind} {people}.",
            lambda: f"Once {folk} {did} {place}’s {thing()}, the {board} {done} {2 + n} {people}.",
            lambda: (
                f"With costs of {2 + n} million, {place} {did} {folk}, {others} and a {thing()}."
            ),
            lambda: f"The {board} {did} {person}’s {thing()}, and {kind} {folk} {done} it.",
        )[self.below(8)]()

    def article(self, n_sentences: int) -> Article:
        """Return an article whose title says what its lead says."""
        town, verb, what = self.pick(TOWNS), self.pick(VERBS), self.thing()
        who = f"{self.pick(NOUNS)} {self.pick(ORGANISATIONS)}"
        lead = f"The {who} of {town} {past(verb)} the {what} on {self.pick(WEEKDAYS)}"
        lead = f"{lead}, {self.person()} told {self.pick(ADJECTIVES)} {self.pick(PEOPLE)}."
        sentences = (lead, *(self.sentence() for _ in range(n_sentences - 1)))
        return Article(f"{town} {who} {present(verb)} {what}", sentences, town, who, verb, what)

    def headline(self, story: Article) -> str:
        """Return another headline for a story."""
        who, what, town, verb = story.who, story.what, story.town, story.verb
        opening = self.pick(
            ("", "", "", "Update: ", "Report: ", "Latest: ", f"{self.pick(WEEKDAYS)}: ")
        )
        headline = self.pick(
            (
                f"{town}: {what} {past(verb)} by {who}",
                f"{who} {present(verb)} {what} in {town}",
                f"{what} in {town} {past(verb)}, {self.pick(PEOPLE)} told",
                f"why {town}’s {who} {past(verb)} the {what}",
                f"{self.pick(PEOPLE)} react as {town} {who} {present(verb)} {what}",
                f"{what} {past(verb)}: what {self.pick(PEOPLE)} in {town} should know",
                f"{who} in {town} acts on {what}",
            )
        )
        return opening + capitalised(headline)

    def text(self, story: Article, *, cut_off: bool) -> str:
        """Return the text of a story with small edits, or the beginning of it and a mark."""
        sentences = list(story.sentences)
        if self.random() < 0.4:
            del sentences[1 + self.below(len(sentences) - 1)]
        tokens = " ".join(sentences).split()
        if self.random() < 0.4:
            optional = [at for at, word in enumerate(tokens) if word in ADJECTIVES]
            del tokens[self.pick(optional)]
        if cut_off:
            share = 0.3 + 0.6 * self.random()
            return " ".join(tokens[: int(share * len(tokens))]).rstrip(".,;") + self.pick(
                CUT_OFF_MARKS
            )
        text = " ".join(tokens)
        credit = self.pick(
            (
                f"(Reporting by {self.person()}; Editing by {self.person()})",
                f"This report was first carried by the {self.outlet()}.",
                f"Photographs by {self.person()}.",
            )
        )
        return f"{text} {credit}"

    def dateline(self) -> str:
        """Return what stands before the text of a wire, or nothing."""
        return self.pick(("", f"{self.pick(TOWNS).upper()} (Norwire) - "))

    def time(self) -> str:
        """Return a time within the days of the feed."""
        return (START + dt.timedelta(seconds=self.below(N_DAYS * 86_400))).isoformat()


def printings(
    n: int, *, headlines: Headlines = "own", length: Length = "mixed", seed: int = 0
) -> list[Item]:
    """
    Return `n` printings of one story.

    They are distinct even without datelines: in the text where headlines are the same, else in
    the headline or the text. Each has an outlet and a time of its own.
    """
    writer = Writer(1_000_003 + seed)
    story = writer.article(14)
    items: list[Item] = []
    seen: set[tuple[str, str]] = set()
    while len(items) < n:
        title = story.title if headlines == "same" else writer.headline(story)
        cut_off = length == "cut off" or (length == "mixed" and writer.random() < 0.5)
        text = writer.text(story, cut_off=cut_off)
        printing = (title, text.rstrip(" […]."))
        if printing in seen:
            continue
        seen.add(printing)
        items.append(
            {
                "title": title,
                "text": writer.dateline() + text,
                "source": f"{writer.outlet()} {len(items)}",
                "published": writer.time(),
            }
        )
    return items


@functools.lru_cache(maxsize=1)
def _many_strangers() -> Callable[[int], list[Item]]:
    """Return a function that gives the first items of one endless feed, and remembers them."""
    writer = Writer(7)
    known: list[Item] = []

    def first(n: int) -> list[Item]:
        while len(known) < n:
            article = writer.article(2 + writer.below(3))
            known.append(
                {
                    "title": article.title,
                    "text": article.text,
                    "source": writer.outlet(),
                    "published": writer.time(),
                }
            )
        return known[:n]

    return first


def strangers(n: int) -> list[Item]:
    """Return `n` items on events of their own; the same items whenever it is asked for."""
    return _many_strangers()(n)


def undated(items: Iterable[Item]) -> list[Item]:
    """Return items that have neither source nor time."""
    return [{"title": item["title"], "text": item["text"]} for item in items]


def bare(items: Iterable[Item]) -> list[str]:
    """Return items as strings, the title on a line of its own."""
    return [f"{item['title']}\n{item['text']}" for item in items]


def shuffled(items: Sequence[T], seed: int) -> tuple[list[T], list[int]]:
    """Return items in another order, and where each comes from."""
    writer = Writer(seed)
    order = sorted(range(len(items)), key=lambda _: writer.random())
    return [items[at] for at in order], order


def reposted(item: Item, hours: float, source: str) -> Item:
    """Return an exact copy of an item by another outlet at a later time."""
    published = dt.datetime.fromisoformat(item["published"]) + dt.timedelta(hours=hours)
    return {**item, "source": source, "published": published.isoformat()}
