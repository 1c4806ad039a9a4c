"""Plain verdicts: forms filled in anew, and pairs that one word, name or headline decides."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import dedupe_news as dn
import pairs
from fillings import FORMS, TOWN_NOTICES, fillings, town_notices
from pairs import item
from printings import Writer, reposted, strangers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dedupe_news import Clustering
    from printings import Item


def clustered(feed: object) -> Clustering:
    """Cluster a feed without a bar."""
    return dn.cluster(feed, progress=False)


def are_duplicates(a: Item | str, b: Item | str) -> bool:
    """Return whether two items are duplicates, on which a batch and an index agree in any order."""
    verdicts = set()
    for pair in ((a, b), (b, a)):
        labels = clustered(list(pair)).labels
        verdicts.add(bool(labels[0] == labels[1]))
        index = dn.NewsIndex()
        documents: list[dict[str, Any]] = [
            {"text": each} if isinstance(each, str) else dict(each) for each in pair
        ]
        flagged = [bool(index.add(at, **each)) for at, each in enumerate(documents)]
        assert not flagged[0]
        verdicts.add(flagged[1])
    assert len(verdicts) == 1, "batch and index, or the two orders, disagree"
    return verdicts.pop()


def assert_all_apart(feed: Sequence[Item]) -> None:
    """Check that no two items of a feed are duplicates, in a batch and in an index."""
    assert clustered(feed).clusters == []
    index = dn.NewsIndex()
    added = index.add_many([{"id": at, **each} for at, each in enumerate(feed)])
    assert sum(map(bool, added)) == 0


FILLINGS = [3, 10, 100, 2_000]


@pytest.mark.parametrize("n_others", [0, 200])
@pytest.mark.parametrize("n", FILLINGS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("compiled")
def test_no_two_fillings_of_a_form_are_duplicates(form: str, n: int, n_others: int) -> None:
    """Bulletins of a form are no duplicates, be they three or two thousand."""
    assert_all_apart([*fillings(form, n), *strangers(n_others)])


@pytest.mark.parametrize("n_others", [0, 200])
@pytest.mark.parametrize("n", FILLINGS[1:])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("compiled")
def test_fillings_of_a_form_are_one_template(form: str, n: int, n_others: int) -> None:
    """From ten on, the fillings of a form are found as one template that nobody else is in."""
    result = clustered([*fillings(form, n), *strangers(n_others)])

    found = [set(each.positions) for each in result.templates if min(each.positions) < n]
    assert found == [set(range(n))]


@pytest.mark.parametrize("n", FILLINGS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("compiled")
def test_a_filling_that_is_posted_again_joins_its_original(form: str, n: int) -> None:
    """Exact copies of fillings are duplicates of their originals, and of nothing else."""
    items = fillings(form, n)
    again = range(0, n, 3)
    copies = [
        reposted(items[at], 2, "Velden Post" if at % 2 else items[at]["source"]) for at in again
    ]

    result = clustered([*items, *copies])

    expected = {(at, n + place) for place, at in enumerate(again)}
    assert {cluster.members for cluster in result.clusters} == expected


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.usefixtures("compiled")
def test_an_index_tells_fillings_of_a_form_when_asked(form: str) -> None:
    """The next filling of a form matches the earlier ones as a template, and only when asked."""
    *known, following = fillings(form, 40)
    index = dn.NewsIndex()
    index.add_many([{"id": at, **each} for at, each in enumerate(known)])
    ask = functools.partial(
        index.query,
        following["text"],
        title=following["title"],
        source=following["source"],
        published=following["published"],
    )

    matches = ask(include=("template",))

    assert ask() == []
    assert matches
    assert {match.relation.verdict for match in matches} == {"template"}


@pytest.mark.parametrize("form", TOWN_NOTICES)
def test_notices_of_eight_towns_are_no_duplicates(form: str) -> None:
    """Eight outlets that fill in one form for their towns within hours print eight items."""
    assert_all_apart(town_notices(form))


@pytest.mark.parametrize("place", ["title", "text", "both"])
@pytest.mark.parametrize("words", pairs.OPPOSITES, ids="/".join)
def test_opposites_in_one_word_are_no_duplicates(words: tuple[str, str], place: str) -> None:
    """Two items that say the opposite by one word are no duplicates."""
    title, text = pairs.OPPOSITES[words]
    title, text = "" if place == "text" else title, "" if place == "title" else text

    assert not are_duplicates(
        item(title.format(words[0]), text.format(words[0])),
        item(title.format(words[1]), text.format(words[1]), later=True),
    )


def long_words(seed: int) -> list[str]:
    """Return the first 800 words of a long article."""
    words = Writer(seed).article(90).text.split()
    assert len(words) >= 800
    return words[:800]


def long_pair(a: list[str], b: list[str], *, dated: bool) -> tuple[Item | str, Item | str]:
    """Return two articles of these words, under headlines of their own or as bare texts."""
    texts = " ".join(a), " ".join(b)
    if not dated:
        return texts
    titles = [Writer(seed).article(1).title for seed in (91, 92)]
    return item(titles[0], texts[0]), item(titles[1], texts[1], later=True)


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_shared_beginning_of_a_quarter_is_no_duplicate(seed: int, *, dated: bool) -> None:
    """Two articles of 800 words that share their first 200 are no duplicates."""
    a, b = long_words(10 + seed), long_words(20 + seed)

    assert not are_duplicates(*long_pair(a, [*a[:200], *b[200:]], dated=dated))


@pytest.mark.parametrize("mark", ["", "…", "... [+612 chars]"])
@pytest.mark.parametrize("dated", [True, False])
def test_a_long_article_and_its_cut_off_copy_are_duplicates(mark: str, *, dated: bool) -> None:
    """An article of 800 words and a copy of its first 700 are duplicates."""
    a = long_words(10)

    assert are_duplicates(*long_pair(a, [*a[:699], a[699] + mark], dated=dated))


@pytest.mark.parametrize("dated", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_a_lightly_revised_long_article_is_a_duplicate(seed: int, *, dated: bool) -> None:
    """An article of 800 words and a copy in which 20 were revised are duplicates."""
    a, b = long_words(10 + seed), long_words(20 + seed)
    for at in np.linspace(15, 790, 20, dtype=int).tolist():
        b_word = b[at].lower().strip(".,;“”")
        a = [*a[:at], a[at] if a[at].lower() == b_word else b_word, *a[at + 1 :]]
    original = long_words(10 + seed)
    assert 15 <= sum(x != y for x, y in zip(a, original, strict=True)) <= 20

    assert are_duplicates(*long_pair(original, a, dated=dated))


@pytest.mark.parametrize("n_others", [0, 500])
@pytest.mark.parametrize("language", pairs.NAMED)
def test_another_name_without_capitals_to_tell_it_is_no_duplicate(
    request: pytest.FixtureRequest, language: str, n_others: int
) -> None:
    """The same sentence about two cities is two items, in any script and in capitals too."""
    if n_others > 0:
        request.getfixturevalue("compiled")
    title, text, a, b = pairs.NAMED[language]
    pair = (
        item(title.format(a), text.format(a)),
        item(title.format(b), text.format(b), later=True),
    )

    if n_others == 0:
        assert not are_duplicates(*pair)
        return
    labels = clustered([*pair, *strangers(n_others)]).labels
    assert labels[0] != labels[1]


@pytest.mark.parametrize("notice", pairs.STANDING_NOTICES)
def test_headlines_over_a_standing_notice_are_no_duplicates(notice: str) -> None:
    """Items of one outlet under different headlines are apart, though their text is one notice."""
    assert_all_apart(
        [
            {
                **item(headline, pairs.STANDING_NOTICES[notice], source="Velden Post"),
                "published": f"2026-03-02T{7 + place:02}:10:00+00:00",
            }
            for place, headline in enumerate(pairs.HEADLINES)
        ]
    )


@pytest.mark.parametrize("link", pairs.LINKS)
@pytest.mark.parametrize("same_outlet", [True, False])
def test_a_linked_headline_is_no_duplicate_of_its_article(link: str, *, same_outlet: bool) -> None:
    """An article that links to another by its headline is no duplicate of the other."""
    linked = item(pairs.LANDING_HEADLINE, pairs.LANDING)
    linking = item(
        pairs.OTHER_HEADLINE,
        f"{pairs.OTHER} {link.format(pairs.LANDING_HEADLINE)}",
        later=True,
        source="Velden Post" if same_outlet else None,
    )

    assert not are_duplicates(linked, linking)


REWRITTEN = (
    "Rotten piers shut ferry landing in Ostrand",
    "Island ferries must sail from coal quay",
    "Why you cannot take the ferry from Ostrand’s landing",
)


@pytest.mark.parametrize("headline", REWRITTEN)
def test_a_rewritten_headline_over_the_same_text_is_a_duplicate(headline: str) -> None:
    """One text under two headlines is one item."""
    assert are_duplicates(
        item(pairs.LANDING_HEADLINE, pairs.LANDING), item(headline, pairs.LANDING, later=True)
    )


@pytest.mark.parametrize(
    "headline", [pairs.LANDING_HEADLINE, "Weekly update", "Letters to the editor", "News in brief"]
)
@pytest.mark.parametrize("same_outlet", [True, False])
def test_the_same_headline_over_another_text_is_no_duplicate(
    headline: str, *, same_outlet: bool
) -> None:
    """Two texts under one headline are two items."""
    source = "Velden Post" if same_outlet else None

    assert not are_duplicates(
        item(headline, pairs.LANDING), item(headline, pairs.OTHER, later=True, source=source)
    )


@pytest.mark.parametrize(
    ("headline", "text"),
    [(pairs.LANDING_HEADLINE, pairs.LANDING), (pairs.OTHER_HEADLINE, pairs.OTHER)],
)
def test_a_bare_headline_is_a_duplicate_of_its_article(headline: str, text: str) -> None:
    """A headline without a text is redundant beside the article under it."""
    assert are_duplicates(item(headline, text), item(headline, "", later=True))


@pytest.mark.parametrize("text", [pairs.LANDING, ""], ids=["article", "headline"])
@pytest.mark.parametrize("description", pairs.GOOGLE_DESCRIPTIONS)
def test_an_item_of_google_news_is_a_duplicate_of_the_original(description: str, text: str) -> None:
    """An aggregator's item of title and publisher is a duplicate of what it points to."""
    assert are_duplicates(
        item(pairs.LANDING_HEADLINE, text),
        pairs.google_news(pairs.LANDING_HEADLINE, "Velden Post", description),
    )


@pytest.mark.parametrize("kind", pairs.SPELLINGS)
def test_another_spelling_is_a_duplicate(kind: str) -> None:
    """The same item in another house style of spelling is a duplicate."""
    a, b = pairs.SPELLINGS[kind]

    assert are_duplicates(a, b)
    assert are_duplicates(a["text"], b["text"])


WIRE = (
    "Velden Tramways cut its forecast for 2026 profit by a third on Monday, as repairs of storm "
    "damage to its northern lines cost more than it had thought."
)
WIRE_HEADLINE = "Velden Tramways cuts 2026 profit forecast by a third"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        (f"UPDATE 1-{WIRE_HEADLINE}", f"(Adds details, background) {WIRE}"),
        (WIRE_HEADLINE, f"{WIRE} (Reporting by Anna Holm; Editing by Piet Vos)"),
        (WIRE_HEADLINE.upper(), WIRE.upper()),
        (WIRE_HEADLINE, f"OSTRAND, March 2 (Norwire) - {WIRE}"),
        (WIRE_HEADLINE, " ".join(WIRE.split()[:14]) + " <a href='x'>Continue reading &rarr;</a>"),
        ("Storm repairs weigh on Velden’s trams", f"{WIRE} Its shares fell in early trade."),
    ],
    ids=["update", "credit", "capitals", "dateline", "continue", "headline and sentence"],
)
def test_marks_of_wires_and_blogs_change_no_verdict(title: str, text: str) -> None:
    """A wire's item with the marks, trailers and capitals of those who carry it is a duplicate."""
    assert are_duplicates(item(WIRE_HEADLINE, WIRE), item(title, text, later=True))
