"""Made-up recurring forms: bulletins, notes and previews, each filled in anew."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from printings import START, TOWNS, Writer, words

if TYPE_CHECKING:
    from collections.abc import Callable

    from printings import Item

_MONTHS = words(
    "January February March April May June July August September October November December"
)
_SKIES = ("clear", "cloudy", "foggy", "overcast", "rainy", "snowy", "sunny", "windy")
_WINDS = words("north north-east east south-east south south-west west north-west")
_SIGNS = words("Anchor Bear Comet Deer Eagle Ferry Gate Heron Ibis Jetty Kite Lantern")
_COLOURS = words("amber black blue brown gold green grey orange purple red silver white yellow")
_ADVICE = (
    "An old friend asks for a favour.",
    "A letter brings an unexpected answer.",
    "Leave the hard talk for another day.",
    "Your patience is rewarded before noon.",
    "Money comes from where you least look for it.",
    "A short walk clears your head.",
    "Somebody at work needs your advice.",
    "Do not sign anything in a hurry.",
    "Music lifts your mood in the evening.",
    "A small gift mends a quarrel.",
    "Sleep is what you need most.",
    "Travel plans fall into place at last.",
)
_QUESTIONS = ("ferry subsidy", "forest levy", "pension", "railway", "school tax", "water charge")


def _day(number: int) -> str:
    """Return a day of the feed in words."""
    day = START + dt.timedelta(days=number)
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def _weather(number: int, writer: Writer) -> tuple[str, str, int]:
    town, day, sky = TOWNS[7 * (number % 20)], number // 20, writer.pick(_SKIES)
    return (
        f"Weather for {town}, {_day(day)}",
        (
            f"{town} can expect {sky} skies on {_day(day)}, with a high of {5 + writer.below(25)} "
            f"degrees and a low of {writer.below(5)}. Winds blow from the {writer.pick(_WINDS)} "
            f"at {5 + writer.below(60)} kilometres an hour. The next bulletin follows at six in "
            "the evening."
        ),
        day,
    )


def _currency(number: int, writer: Writer) -> tuple[str, str, int]:
    rates = [f"{crowns + writer.random():.4f}" for crowns in (10, 11, 13, 12)]
    return (
        f"Exchange rates of {_day(number)}",
        (
            f"The central bank fixed the rate of the dollar at {rates[0]} crowns on "
            f"{_day(number)}. A euro costs {rates[1]} crowns, a pound {rates[2]} crowns and a "
            f"franc {rates[3]} crowns. Rates are for information and do not bind the bank."
        ),
        number,
    )


def _preview(number: int, writer: Writer) -> tuple[str, str, int]:
    day, place = divmod(number, 8)
    home, away = TOWNS[11 * (2 * place + day % 200)], TOWNS[11 * (2 * place + 1 + day % 200)]
    scores = [writer.below(5) for _ in range(2)]
    return (
        f"{home} v {away}: team news, kick-off time and where to watch",
        (
            f"{home} host {away} on {_day(day)}, and the match kicks off at "
            f"{12 + writer.below(9)}:30. The home side have {writer.below(80)} points from their "
            f"games so far, the visitors {writer.below(80)}. The last meeting ended "
            f"{scores[0]}-{scores[1]}. The match is shown live on channel {1 + writer.below(60)}."
        ),
        day,
    )


def _horoscope(number: int, writer: Writer) -> tuple[str, str, int]:
    day, place = divmod(number, len(_SIGNS))
    sign = _SIGNS[place]
    return (
        f"Horoscope for {sign}, {_day(day)}",
        (
            f"What the stars say to those born under the {sign} on {_day(day)}. Love: "
            f"{writer.pick(_ADVICE)} Work: {writer.pick(_ADVICE)} Health: {writer.pick(_ADVICE)} "
            f"Your lucky number today is {1 + writer.below(99)}, and your colour is "
            f"{writer.pick(_COLOURS)}."
        ),
        day,
    )


def _vote(number: int, writer: Writer) -> tuple[str, str, int]:
    day, place = divmod(number, 26)
    canton, question = TOWNS[13 * place], _QUESTIONS[day % len(_QUESTIONS)]
    yes = 200 + writer.below(600)
    answer = "accepts" if yes > 500 else "rejects"
    return (
        f"{canton} {answer} {question} proposal with {yes / 10} percent yes",
        (
            f"The canton of {canton} {answer} the proposal on the {question}: {yes / 10} percent "
            f"of the voters said yes on {_day(7 * day)}. Turnout was {30 + writer.below(40)} "
            "percent. All results are provisional until the chancellery has confirmed them."
        ),
        7 * day,
    )


FORMS: dict[str, Callable[[int, Writer], tuple[str, str, int]]] = {
    "weather": _weather,
    "currency": _currency,
    "preview": _preview,
    "horoscope": _horoscope,
    "vote": _vote,
}
"""What fills each form in: title, text and day of one filling."""

TOWN_NOTICES = {
    "council tax, within the sentence": (
        "Council tax in {} to rise from April",
        (
            "Households in {} will pay more council tax from April after councillors backed the "
            "budget on Monday night."
        ),
    ),
    "water, within the sentence": (
        "Hosepipe ban for gardens in {} begins on Friday",
        (
            "Gardeners in {} must not use hosepipes from Friday until further notice because the "
            "reservoirs are half empty, the water board said."
        ),
    ),
    "council tax, at its start": (
        "{} council tax to rise from April",
        (
            "{} council has backed a budget that raises council tax from April, despite protests "
            "outside the town hall on Monday night."
        ),
    ),
    "library, at its start": (
        "{} library to open on Sundays",
        (
            "{} library will open its doors on Sundays too from next month, as students and "
            "families had asked for longer hours."
        ),
    ),
}
"""Forms of notices, which eight outlets fill in for their towns."""

NOTICE_TOWNS = (
    "Velden",
    "Ostrand",
    "Tarnby",
    "Valmer",
    "Harlow Bay",
    "Kestrel",
    "Lund Harbour",
    "Port-Sorlin",
)


def fillings(form: str, n: int) -> list[Item]:
    """Return `n` fillings of a form by one office, over days."""
    writer = Writer(sorted(FORMS).index(form))
    items = []
    for number in range(n):
        title, text, day = FORMS[form](number, writer)
        published = START + dt.timedelta(days=day, seconds=number % 3600)
        items.append(
            {
                "title": title,
                "text": text,
                "source": f"{form} office",
                "published": published.isoformat(),
            }
        )
    return items


def town_notices(form: str) -> list[Item]:
    """Return the notice of every town by its own outlet, twenty minutes apart."""
    title, text = TOWN_NOTICES[form]
    return [
        {
            "title": title.format(town),
            "text": text.format(town),
            "source": f"{town} Post",
            "published": (START + dt.timedelta(minutes=20 * place)).isoformat(),
        }
        for place, town in enumerate(NOTICE_TOWNS)
    ]
