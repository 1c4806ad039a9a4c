"""Boilerplate: what each rule takes, and what it leaves alone."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import text_oracle
from dedupe_news import _text as text
from dedupe_news._kernels._jit import COMPILED
from dedupe_news.config import Config

SWITCHES = (
    "strip_html",
    "strip_cut_off_marks",
    "strip_datelines",
    "strip_bylines",
    "strip_publishers",
    "strip_links",
    "strip_repeated_titles",
)
EXAMPLES = 200 if COMPILED else 15


def only(*names: str) -> Config:
    """Return a configuration with no rule but these."""
    return Config().replace(**{switch: switch in names for switch in SWITCHES})


def folded(document: str, config: Config) -> str:
    """Return the folded tokens of a text, spaces between."""
    encoded = np.frombuffer(document.encode(), np.uint8)
    tokens = text.tokenize(encoded, np.array([0, encoded.shape[0]]), config)
    words = text.words(document, config)
    # What is shown is what is hashed, whatever the rules.
    assert tokens.hashes.tolist() == [text_oracle.hash_of(word.text) for word in words]
    assert tokens.flags.tolist() == [word.flags | text_oracle.stem_of(word.text) for word in words]
    return " ".join(word.text for word in words)


def plain(document: str) -> str:
    """Return the folded tokens of a text with every rule off."""
    return folded(document, only())


def is_cut_off(document: str, config: Config) -> bool:
    """Say whether a text counts as cut off."""
    encoded = np.frombuffer(document.encode(), np.uint8)
    tokens = text.tokenize(encoded, np.array([0, encoded.shape[0]]), config)
    return bool(tokens.cut_off[0])


MARKUP = {
    "Fish &amp; chips": "fish chips",
    "Caf&eacute; &Eacute;cole": "cafe ecole",
    "it&#8217;s &#x2014; &#39;so&#39;": "it s so",
    "it&amp;#8217;s": "it s",
    "it&amp;amp;#8217;s": "it s",
    "smart&#146;quotes": "smart quotes",
    "&#8364;5 &#128;5": "5 5",
    "no&nbsp;break": "no break",
    "<p>Rain</p><p>wind</p>": "rain wind",
    "<b>bold</b>face": "bold face",
    'see <a href="https://example.org/x?a=1&b=2">this page</a> now': "see this page now",
    "line<br/>break<br />again<BR>": "line break again",
    '<img alt="a > b" src=x>after': "after",
    "&lt;p&gt;escaped&lt;/p&gt;": "escaped",
    "&lt;a href=&quot;x&quot;&gt;link&lt;/a&gt;": "link",
    "before<!-- hidden -->after": "before after",
    "a<script>var hidden = 1;</script>b": "a b",
    "a<style type='x'>p {}</style>b": "a b",
    'cut off in a tag <a href="https://exam': "cut off in a tag",
}
NO_MARKUP = [
    "a < b and b > c",
    "I <3 you",
    "x <y and z> w",
    "if a <b and c> d",
    "R&D; AT&T &unknown; &",
    "<notatag>text</notatag>",
    "5 <6",
    "<!-- never closed",
    "&#; &#x; &#xg;",
    "<p never closed",
]


@pytest.mark.parametrize(("document", "expected"), MARKUP.items())
def test_markup_is_left_out(document: str, expected: str) -> None:
    """References are decoded, tags part words and go."""
    assert folded(document, only("strip_html")) == expected


@pytest.mark.parametrize("document", NO_MARKUP)
def test_what_is_no_markup_stays(document: str) -> None:
    """Signs that form no known tag or reference are text."""
    assert folded(document, only("strip_html")) == plain(document)


HEADLINE = "Council approves new bridge over the river"
LINKS = f'<a href="/1"><img src="1.jpg"/></a> <a href="/1"><b>{HEADLINE}</b><br/>Lead</a>'
LISTS_OF_LINKS = {
    f"Rain fell. {LINKS} It goes on.": "rain fell it goes on",
    f"Rain fell. {LINKS} {LINKS}": "rain fell",
    f"Rain<ul><li><a href='/1'>{HEADLINE}</a></li>\n<li><A href='/2'>More</A></li></ul>": "rain",
    html.escape(f"Rain fell. {LINKS} It goes on."): "rain fell it goes on",
    f"Rain fell. {LINKS} <a href='/3'>{HEADLINE}": f"rain fell {HEADLINE.lower()}",
}
NO_LISTS_OF_LINKS = [
    f"Rain fell. <a href='/1'>{HEADLINE}</a>",  # one alone may be a part of a sentence
    f"Rain fell. <a href='/1'>{HEADLINE}</a> and <a href='/2'>{HEADLINE}</a>",
    "Rain fell. <a href='/weather'>Weather</a> <a href='/oslo'>Oslo</a> <a href='/3'>Harbour</a>",
    f"<a href='/1'>{HEADLINE}</a> <a href='/2'>Rain fell</a>",  # nothing would be left
    f"Rain fell. <abbr>{HEADLINE}</abbr> <abbr>{HEADLINE}</abbr>",
]


@pytest.mark.parametrize(("document", "expected"), LISTS_OF_LINKS.items())
def test_a_list_of_links_is_left_out(document: str, expected: str) -> None:
    """Links one after the other, of which one is a headline, are of other articles."""
    assert folded(document, only("strip_html")) == expected


@pytest.mark.parametrize("document", NO_LISTS_OF_LINKS)
def test_what_is_no_list_of_links_stays(document: str) -> None:
    """A link among words, links of a word or two, and a text of links alone are text."""
    kept = plain(re.sub(r"<[^>]*>", " ", document))

    assert folded(document, only("strip_html")) == kept


def test_an_unclosed_script_keeps_its_words() -> None:
    """An unclosed script keeps its words; only a closed script hides its contents."""
    assert folded("a<script>b", only("strip_html")) == "a b"


@pytest.mark.skipif(not COMPILED, reason="thousands of references take the interpreter long")
def test_every_named_reference_is_decoded() -> None:
    """All names of HTML that end in a semicolon mean what the standard says."""
    names = [name for name in html.entities.html5 if name.endswith(";")]

    assert len(names) > 2000
    for name in names:
        document = f"x&{name}y"
        expected = text_oracle.tokens_of(html.unescape(document).replace("\n", " "))
        words = text.words(document, only("strip_html"))
        assert [(word.text, word.flags) for word in words] == expected, name


references = st.one_of(
    st.sampled_from(
        ["&amp;", "&eacute;", "&nbsp;", "&lsquo;", "&nosuch;", "&", ";", "é", "x", " "]
    ),
    st.integers(0, 0x120000).map("&#{};".format),
    st.integers(0, 0x120000).map("&#x{:x};".format),
)


@settings(deadline=None, max_examples=EXAMPLES)
@given(pieces=st.lists(references, max_size=8))
def test_references_are_decoded_as_the_standard_library_does(pieces: list[str]) -> None:
    """Numbers, Windows-1252, twice escaped text: all as `html.unescape`."""
    # Escaped thrice is decoded, not more; a new line would begin a second line.
    expected = document = "".join(pieces)
    for _ in range(3):
        expected = text_oracle.without_references(expected)
    tokens = text_oracle.tokens_of(expected.replace("\n", " "))

    assert folded(document, only("strip_html")) == " ".join(token for token, _ in tokens)


CUT_OFF = {
    "The minister said ...": "the minister said",
    "The minister said…": "the minister said",
    "The minister said [...]": "the minister said",
    "The minister said […]": "the minister said",
    "The minister said (...)": "the minister said",
    "The minister said [&hellip;]": "the minister said",
    "The minister said . . .": "the minister said",
    'The minister said <a href="https://exam…': "the minister said",
    "The minister said <img alt='": "the minister said",
    "The minister said… [+1234 chars]": "the minister said",
    "The minister said [+98 chars]": "the minister said",
    "The minister said … Read more": "the minister said",
    "The minister said [...] Continue reading →": "the minister said",
    "The minister said ... Read More ...": "the minister said",
    "A title\nThe minister said...\n": "a title the minister said",
}
NOT_CUT_OFF = {
    "The minister said.": "the minister said",
    "They like to read more": "they like to read more",
    "We want to Read more": "we want to read more",
    "He paused... then spoke.": "he paused then spoke",
    "“I wonder…”": "i wonder",
    "It has [+12 points]": "it has 12 points",
    "See (below)": "see below",
    "Title goes on...\nThe end.": "title goes on the end",
    "A whole sentence. Read more": "a whole sentence",
    "A whole sentence. READ MORE...": "a whole sentence",
}


@pytest.mark.parametrize(("document", "expected"), CUT_OFF.items())
def test_cut_off_marks_are_left_out_and_told(document: str, expected: str) -> None:
    """A mark at the end goes, and the document says it was cut off."""
    config = only("strip_html", "strip_cut_off_marks")

    assert folded(document, config) == expected
    assert is_cut_off(document, config)


@pytest.mark.parametrize(("document", "expected"), NOT_CUT_OFF.items())
def test_what_is_no_cut_off_mark(document: str, expected: str) -> None:
    """Points inside a text, quotations and whole sentences are not cut off."""
    config = only("strip_cut_off_marks")

    assert folded(document, config) == expected
    assert not is_cut_off(document, config)


def test_cut_off_is_told_with_the_rule_off() -> None:
    """The switch changes what is hashed, not what is known."""
    assert is_cut_off("The minister said [+98 chars]", only())
    assert folded("The minister said [+98 chars]", only()) == "the minister said 98 chars"


DATELINES = [
    "OSLO (Reuters) - ",
    "OSLO/BERGEN (Reuters) -",
    "(Eurasianet) -- ",
    "NEW YORK, July 8 (AP) — ",
    "LONDON: ",
    "WASHINGTON — ",
    "ST. LOUIS (AP) — ",
    "PARIS, France (AFP) – ",
    "NEW DELHI, May 3 (PTI): ",
    "NEW DELHI, May 3: ",
    "LONDON, March 3 - ",
    "    LONDON, March 3 - ",
    "(CNN) ",
    "(CNN)",
    "New Delhi, June 9 (IANS) ",
    "Kolkata, Jun 10 () ",
    "TULSA, Okla. (KFOR) – ",
    "EUGENE, Ore. - ",
    "SMALLVILLE, Kan. — ",
    "TAMPA, Fla. (AP) ",
    "Kalamazoo, Michigan, Jan. 06, 2022 (GLOBE NEWSWIRE) -- ",
    "MONDAY, June 27, 2022 (HealthDay News) -- ",
    "(MENAFN - Trend News Agency) ",
    "PARIS (AFP) - ",
    "Paris, le 3 mai (AFP) - ",
    "PARIS, 3 mai (Reuters) - ",
    "МОСКВА, 1 июл - РИА Новости. ",
    "МОСКВА, 8 июля (РИА Новости) — ",
    "МОСКВА. 12 МАЯ. ИНТЕРФАКС - ",
    "ORLANDO (FOX35) - ",
]
NO_DATELINES = [
    "BREAKING NEWS: Ministers resign",
    "COVID-19: What is known",
    "IPL 2020: Who plays today",
    "NASA: Rover lands",
    "LIVE - Ministers vote",
    "TRANSFERTS - Le club vend",
    "WHO (World Health Organization) - a summary",
    "Apple (AAPL) - shares rise",
    "LONDON UNDERGROUND - strikes go on",
    "LONDON 2012: Ten years on",
    "PARIS SAINT-GERMAIN - le match",
    "SEATTLE - MINNESOTA: the game",
    "DAILY QUIZ May 12 - ten questions",
    "RESULTS. 29 May 1985: the evening",
    "London: a history",
    "Paris - the city of light",
    "The Fed (finally) - moved",
    "(Corrected) Ministers resign",
    "(Not) the end",
    "IOCL, Price Today 24 April 2022: Petrol costs more",
    "US-China talks: what next",
]


@pytest.mark.parametrize("lead", DATELINES)
@pytest.mark.parametrize("title", ["", "Storm nears coast\n"])
def test_datelines_are_left_out(lead: str, title: str) -> None:
    """A credit or dateline before the text goes, with or without a title."""
    document = f"{title}{lead}Ferries stay in port today"

    assert folded(document, only("strip_datelines")) == plain(f"{title}Ferries stay in port today")


@pytest.mark.parametrize("document", NO_DATELINES)
def test_what_is_no_dateline_stays(document: str) -> None:
    """Capitals, colons and parentheses alone make no dateline."""
    assert folded(document, only("strip_datelines")) == plain(document)


BYLINES = [
    "By Ann Lee - ",
    "By Ann Lee | ",
    "By Ann Lee: ",
    "By Ann Lee and John Roe — ",
    "By Ann B. Lee, John Roe and Max Poe | ",
    "By Dr. Ann Lee - ",
    "BY ANN LEE | ",
    "By Vincent van Gogh - ",
    "By Ann Lee\n",
    "By Ann Lee, CNN ",
    "By Ann Lee, CNN Business ",
    "Par Jeanne Roy - ",
    "By Ann Lee (Reuters) - ",
    "By Ann Lee OSLO (Reuters) - ",
    "By Ann Lee New Delhi, June 9 (IANS) ",
]
NO_BYLINES = [
    "By Dr. Ann Lee In recent days ferries stayed in port",
    "By Ann Lee Ferries stay in port today",
    "By Monday afternoon - ferries stay",
    "By The Numbers: ferries in port",
    "By Design - ferries stay in port",
    "By far the best - ferries",
    "By 2030 all ferries: a plan",
    "Bye Bye Ferries - a story",
    "By Ann Lee-led committee - ferries stay",
]


@pytest.mark.parametrize("lead", BYLINES)
def test_bylines_are_left_out(lead: str) -> None:
    """A byline with a clear end goes, and a dateline behind it."""
    document = f"{lead}Ferries stay in port"

    assert folded(document, only("strip_bylines", "strip_datelines")) == "ferries stay in port"
    assert folded(f"Storm\n{document}", Config()) == "storm ferries stay in port"


@pytest.mark.parametrize("document", NO_BYLINES)
def test_what_is_no_byline_stays(document: str) -> None:
    """Without a clear end nobody can say where the names stop."""
    assert folded(document, only("strip_bylines")) == plain(document)


def test_a_title_is_no_byline_unless_all_of_it_is() -> None:
    """A title that begins like a byline stays; a first line that is one goes."""
    assert folded("By Ann Lee: a life\nText", only("strip_bylines")) == "by ann lee a life text"
    assert folded("By Ann Lee\nText", only("strip_bylines")) == "text"


PUBLISHERS = [
    " - BBC News",
    " | Reuters",
    " – The Guardian",
    " | Daily Mail Online",
    " — The New York Times",
    " - Smallville Gazette",
    " - example.com",
    " - Example.co.uk",
    " | Example.com - Example News",
    " | Kitchen Garden",
    " | Mint - Mint",
    " — Кино Mail.ru",
    " | Журнал Эхо",
]
NO_PUBLISHERS = [
    "Ferries stay in port - report",
    "Ferries stay in port - Oslo",
    "Ferries stay in port – Here is Why",
    "Ferries stay in port - who said what in The Times",
    "Ferries stay in port | Part 2",
    "Ferries stay in port | and what it means",
    "Ferries stay in port | One More Very Long Label",
    "Ferries stay in port - Post Office",
    "Ferries stay in port-BBC News",
    "Ferries stay in port - 2. BBC News",
    "Live - BBC News",
    "BBC News",
]


@pytest.mark.parametrize("suffix", PUBLISHERS)
def test_publishers_are_left_out(suffix: str) -> None:
    """A publisher's name after a dash or bar goes from the end of a title."""
    assert folded(f"Ferries stay in port{suffix}", only("strip_publishers")) == plain(
        "Ferries stay in port"
    )
    assert folded(f"Ferries stay in port{suffix}\nText.", only("strip_publishers")) == plain(
        "Ferries stay in port\nText."
    )


@pytest.mark.parametrize("document", NO_PUBLISHERS)
def test_what_is_no_publisher_stays(document: str) -> None:
    """What may be content stays."""
    assert folded(document, only("strip_publishers")) == plain(document)


def test_a_cut_off_name_stays() -> None:
    """Behind a cut-off mark nobody can say what the name was."""
    assert folded("Ferries stay in port | Dai…", Config()) == "ferries stay in port dai"


@pytest.mark.parametrize(
    "document", ["OSLO (Reuters) - …", "By Ann Lee\n", "[+12 chars]", "LONDON: ..."]
)
def test_never_is_everything_left_out(document: str) -> None:
    """Where boilerplate is all there is, the words stay."""
    assert folded(document, Config()) == plain(document)


def test_markup_alone_has_no_words() -> None:
    """Tags are no words, even where there is nothing else."""
    assert folded("<p><br/></p>&nbsp;", Config()) == ""


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ("Fish &amp; chips", "strip_html"),
        ("It said [+9 chars]", "strip_cut_off_marks"),
        ("OSLO (Reuters) - Ferries stay", "strip_datelines"),
        ("By Ann Lee - Ferries stay", "strip_bylines"),
        ("Ferries stay in port - BBC News", "strip_publishers"),
        ("Ferries stay in port https://example.org/a", "strip_links"),
        ("Ferries stay in port\nFerries stay in port today", "strip_repeated_titles"),
    ],
)
def test_each_rule_has_its_switch(document: str, name: str) -> None:
    """A rule works alone, and not when it is off."""
    others = [switch for switch in SWITCHES if switch != name]

    assert folded(document, only(name)) != plain(document)
    assert folded(document, only(*others)) == plain(document)


def test_rules_work_together() -> None:
    """A document with all kinds of boilerplate is hashed as its words alone."""
    document = (
        "Storm nears coast &#8211; BBC News\n"
        "<p>By Ann Lee OSLO, May 3 (Reuters) &mdash; Ferries&nbsp;stay in port [&hellip;]</p>"
    )

    assert folded(document, Config()) == "storm nears coast ferries stay in port"
    assert is_cut_off(document, Config())


PIECES = (
    *"aB1 .-|:()[]…\n<>&;é",
    *("By ", "OSLO", "МОСКВА", "(AP)", "May 3", ", ", " - ", " | ", "BBC News", "..."),
    *("&amp;", "<p>", "[+1 chars]", "Read more"),
)
furnished = st.lists(
    st.sampled_from(PIECES),
    max_size=16,
).map("".join)


@settings(deadline=None, max_examples=EXAMPLES)
@given(document=furnished)
def test_rules_only_leave_out_ends(document: str) -> None:
    """What is hashed is a part of the words, in order, and never nothing."""
    cleaned = folded(document, only("strip_html")).split()
    kept = folded(document, Config()).split()

    remaining = iter(cleaned)
    assert all(word in remaining for word in kept)
    assert bool(kept) == bool(cleaned)
