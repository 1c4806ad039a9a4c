"""Results as notebooks and terminals show them."""

from __future__ import annotations

import dataclasses
import html.parser
import pickle
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
from dedupe_news import Clustering
from dedupe_news.display import marking, notebook, views
from dedupe_news.display.marking import Piece
from shown_feed import HOSTILE, STORM, make_feed, make_result

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dedupe_news import Story
    from dedupe_news.config import Policy

VOID = {"meta", "br", "img"}
TEMPLATE = "Bulletin number {} : the latest five minute summary of our newsroom, read at {} o'clock"


class Reader(html.parser.HTMLParser):
    """Reads HTML as a browser would: which elements there are, and what text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.open: list[str] = []
        self.texts: dict[str, list[str]] = {}
        self.flow: list[str] = []
        self.attributes: list[str] = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Note its end, which is that of the one opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Note text, by the element it stands in."""
        self.texts.setdefault(self.open[-1] if self.open else "", []).append(data)
        if self.open[-1:] != ["style"]:
            self.flow.append(data)

    @property
    def text(self) -> str:
        """All text but that of styles."""
        return " ".join("".join(self.flow).split())


def read(shown: object) -> Reader:
    """Read what a notebook is given."""
    source: str = shown._repr_html_()  # type: ignore[attr-defined]
    reader = Reader(source)
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def result() -> Clustering:
    """Return a clustering of the made-up feed."""
    return dn.cluster(make_feed(), policy="similar", threshold=0.5, progress=False, n_jobs=1)


def with_template() -> Clustering:
    """Return a clustering that found a template."""
    found = dn.cluster(
        [TEMPLATE.format(n, n) for n in range(3)], policy="similar", threshold=0.99, progress=False
    )
    # Which items are one form is the judge's business; here it is given.
    return dataclasses.replace(found, template_of=found.labels * 0)


def hostile_story(result: Clustering) -> Story:
    """Return a story of all items, hostile texts among them."""
    return dataclasses.replace(result, story_of=result.labels * 0).stories[0]


def parts(result: Clustering) -> dict[str, object]:
    """Return one of everything that is shown."""
    index = dn.NewsIndex()
    index.add(HOSTILE, STORM)
    return {
        "clustering": result,
        "cluster": result.clusters[-1],
        "page": result.page(1, size=2),
        "matches": result.matches,
        "story": hostile_story(result),
        "template": with_template().templates[0],
        "match": index.query(STORM)[0],
        "comparison": dn.compare({"title": HOSTILE, "text": STORM}, {"title": "x", "text": STORM}),
        "index": index,
        "kept": result.kept,
        "removed": result.removed,
    }


@pytest.mark.parametrize("name", ["clustering", "cluster", "page", "matches", "story", "template",
                                  "match", "comparison", "index", "kept", "removed"])  # fmt: skip
def test_everything_is_html_without_script_or_handler(result: Clustering, name: str) -> None:
    """Well-formed; whatever stood in an item is text."""
    reader = read(parts(result)[name])

    assert "script" not in reader.elements
    assert "img" not in reader.elements
    assert not [name for name in reader.attributes if name.startswith("on")]
    assert reader.elements[:2] == ["div", "style"]


def test_hostile_texts_are_shown_as_written(result: Clustering) -> None:
    """In clusters, ids and sources alike."""
    assert HOSTILE in read(result).text
    assert "Ostrand <b>Daily</b>" in read(result).text
    assert HOSTILE in read(parts(result)["match"]).text


def test_a_clustering_shows_its_figures_and_clusters(result: Clustering) -> None:
    """The kept item first, then how the others differ from it, and why they are duplicates."""
    reader = read(result)

    assert re.search(r"items8 in [\d.]+ skept4 50\.0 %duplicates4 50\.0 %", reader.text)
    assert reader.texts["h3"] == ["Duplicates"]
    assert "3 items, 2 sources, over 3 h" in reader.text
    assert reader.text.index("kept") < reader.text.index("the same words")
    assert "4" in "".join(reader.texts["del"])
    assert "5" in "".join(reader.texts["ins"])
    assert "result.clusters[0]" in reader.texts["code"]
    assert "+2 h" in reader.texts["time"]
    assert "Duplicate: the same text; 3 hours apart." in reader.texts["p"]


def test_a_clustering_without_clusters_says_so() -> None:
    """And so does an empty one."""
    assert "No two items are duplicates." in read(dn.cluster(["ka"], progress=False)).text
    assert "No two items are duplicates." in read(dn.cluster([], progress=False)).text


def test_bounded_work_is_shown() -> None:
    """Nothing is passed over in silence."""
    feed = [f"{STORM} {word}" for word in ("ka", "lo", "mi", "nu")]
    bounded = dn.cluster(feed, policy="similar", bucket_limit=2, progress=False)

    assert "Work was bounded: " in read(bounded).text


def many() -> Clustering:
    """Return a clustering of 45 clusters of two."""
    feed = [f"{STORM} number{n // 2}" for n in range(90)]
    return dn.cluster(feed, policy="similar", threshold=1.0, progress=False, n_jobs=1)


def test_long_results_are_paged() -> None:
    """What is shown of how much is said, and how to see more."""
    result = many()

    assert "1–20 of 45, the largest first; next: .page(2)" in read(result).text
    assert "41–45 of 45, the largest first" in read(result.page(3)).text
    assert ".page(" not in read(result.page(3)).text
    assert "31–40 of 45, the largest first; next: .page(5, size=10)" in (
        read(result.page(4, size=10)).text
    )
    shown = [result.page(n, size=7).clusters for n in range(1, result.page(size=7).n_pages + 1)]
    assert [cluster for page in shown for cluster in page] == result.clusters


def test_pages_that_are_not_there_are_refused() -> None:
    """The message says which are."""
    result = many()

    with pytest.raises(dn.InputError, match="there is no page 4; at 20 clusters a page, pages are"):
        result.page(4)
    with pytest.raises(dn.InputError, match="size=0 is out of range; pass a whole number"):
        result.page(size=0)
    with pytest.raises(dn.InputError, match="there is no page 'x'"):
        result.page("x")  # type: ignore[arg-type]


def test_large_clusters_are_folded_and_counted() -> None:
    """No member is left out in silence."""
    result = dn.cluster([STORM] * 40, policy="similar", progress=False)
    reader = read(result.clusters[0])

    assert "36 more items" in reader.text
    assert "and 9 more items, at .members" in reader.text
    assert reader.elements.count("li") == 30


def test_long_texts_open_on_demand() -> None:
    """The whole is there, folded."""
    text = " ".join(f"word{n}" for n in range(400))
    reader = read(dn.cluster([text] * 2, policy="similar", progress=False))

    assert f"all {len(text):,} characters" in reader.text
    assert text in reader.text


def test_stories_are_folded_under_their_own_heading() -> None:
    """The representative first, then the other reports, and how many duplicates each has."""
    reader = read(make_result())

    text = reader.text
    assert re.search(r"stories1 of 4 items ?templates1 of 3 items", text)
    assert "Same story: 1 storyReports of their own on one event are no duplicates" in text
    assert "4 items, 2 reports, 2 sources, over 6 h" in text
    assert "result.stories[0]" in reader.texts["code"]
    assert "2 duplicates" in text
    assert (
        text.index("representative · ")
        < text.index("same story · ")
        < text.index("The ferry to Lower Fenwick")
    )
    assert "series" not in text.lower()


def test_large_stories_are_folded_and_counted() -> None:
    """No report is left out in silence."""
    found = dn.cluster([f"word{n} ka" for n in range(40)], policy="similar", progress=False)
    reader = read(dataclasses.replace(found, story_of=found.labels * 0).stories[0])

    assert "36 more reports" in reader.text
    assert "and 9 more reports, at .clusters" in reader.text
    assert reader.elements.count("li") == 30


def test_templates_are_folded_under_their_own_heading() -> None:
    """With the pattern and what varies."""
    reader = read(with_template())

    assert "details" in reader.elements
    assert "1 template" in reader.text
    assert "… the latest five minute summary of our newsroom read at …" in reader.text
    assert "3 items" in reader.text


def test_matches_are_shown_side_by_side(result: Clustering) -> None:
    """The first pairs, and how to see more."""
    matches = many().matches

    assert "Matches 1–20 of 45" in read(matches).text
    assert "next: matches[20:40]" in read(matches).text
    assert "5 matches" in read(matches[40:]).text
    assert "next" not in read(matches[40:]).text
    assert [pair.positions[0] for pair in matches[40:]] == [80, 82, 84, 86, 88]
    assert "4" in "".join(read(result.matches[:1]).texts["del"])


def test_a_title_is_told_from_the_text_that_is_shortened() -> None:
    """What is shown of a long text is no title, though the line between the two is left out."""
    title, text = "Storm shuts the harbour of Ostrand", " ".join(f"word{n}" for n in range(80))
    feed = [{"title": title, "text": f"{text}{end}"} for end in (" at last", " in the end")]

    reader = read(dn.cluster(feed, policy="similar", progress=False))

    assert reader.texts["b"].count(title) == 2
    assert not any("word79" in bold for bold in reader.texts["b"])
    assert reader.texts["ins"] == ["at last"]


def test_comparisons_show_verdict_reasons_and_both_texts() -> None:
    """Words of the first that are gone, and of the second that are new."""
    reader = read(dn.compare("Rain floods the old town", "Rain floods the new town"))

    assert reader.texts["h3"][0].startswith("Template: the same template, 4 of 5 words")
    assert re.search(
        r"duplicate0\.\d\d ?related0\.\d\d ?template0\.\d\d ?different0\.\d", reader.text
    )
    assert reader.texts["del"] == ["old"]
    assert reader.texts["ins"] == ["new"]
    assert "for duplicates" in reader.text
    same = read(dn.compare("ka lo mi", "ka lo mi", policy="similar"))
    assert same.texts["h3"] == ["Duplicate: the same text."]
    assert "The figures behind it" not in same.text


def test_an_index_shows_its_size_and_settings() -> None:
    """And what was bounded."""
    assert "items0policysimilar" in read(dn.NewsIndex(policy="similar")).text
    assert "threshold0.8" in read(dn.NewsIndex(policy="similar", threshold=0.8)).text
    index = dn.NewsIndex(policy="similar", bucket_limit=2)
    for number in range(6):
        index.add(number, f"{STORM} {number}")
    assert ("Work was bounded" in read(index).text) == bool(index.bounded)


def test_objects_of_other_types_have_no_html() -> None:
    """A slip of ours, not of the user."""
    with pytest.raises(TypeError, match="there is no HTML for objects of type 'int'"):
        notebook.html(3)


def test_a_page_describes_its_own_templates_alone() -> None:
    """A feed has thousands, and what each says takes time to find out."""
    asked: list[int] = []

    def describe(typical: int, members: Sequence[int]) -> tuple[str, tuple[str, ...]]:
        asked.append(typical)
        return f"pattern {len(members)}", ()

    found = dn.cluster([TEMPLATE.format(n, n) for n in range(12)], policy="similar", threshold=0.99)
    many = dataclasses.replace(found, template_of=found.labels // 3 * 3, describe=describe)

    read(many.page(2, size=1))
    on_page = list(asked)
    patterns = [template.pattern for template in many.templates]

    assert on_page == [3]
    assert sorted(asked) == [0, 3, 6, 9]
    assert patterns == ["pattern 3"] * 4
    made_anew = dataclasses.replace(many.templates[0], span=None)
    with pytest.raises(dn.InputError, match="this template was taken out of its result"):
        _ = made_anew.pattern


@pytest.mark.parametrize("name", ["clusters", "stories", "templates"])
def test_pickled_parts_leave_the_result_behind(result: Clustering, name: str) -> None:
    """They are equal, small, and still have some HTML; those of a pickled result show texts."""
    source = result if name == "clusters" else make_result()
    part = getattr(source, name)[0]
    copy = pickle.loads(pickle.dumps(part))  # noqa: S301 - made here

    assert copy == part
    assert copy.result is None
    assert set(dataclasses.asdict(part)) == {field.name for field in dataclasses.fields(part)}
    assert "result" not in dataclasses.asdict(part)
    assert read(copy).text
    assert str(copy)
    whole = pickle.loads(pickle.dumps(source))  # noqa: S301 - made here
    assert getattr(whole, name)[0].result is whole


def test_plain_text_of_clusters(result: Clustering) -> None:
    """One line an item, the kept one first."""
    first, kept, *others = str(result.clusters[0]).splitlines()

    assert first == "Cluster: 3 items, 2 sources, over 3 h"
    assert kept.startswith(
        "  kept               2026-03-02 05:00 | Tarnby Post | Storm A storm cut"
    )
    assert others[0].startswith("  duplicate (near)   +2 h | Coast News | Storm A storm")
    assert others[1].startswith("  duplicate (exact)  +3 h | Storm A storm")
    large = dn.cluster([STORM] * 25, policy="similar", progress=False).clusters[0]
    assert str(large).endswith("\n  and 5 more items, at cluster.members")


def test_plain_text_of_stories() -> None:
    """The representative first, then one line for each report."""
    first, lead, *others = str(make_result().stories[0]).splitlines()

    assert first == "Story: 4 items, 2 reports, 2 sources, over 6 h"
    assert lead.startswith(
        "  representative  2026-03-02 05:00 | Tarnby Post | 2 duplicates | Storm A"
    )
    related = "  same story      +6 h | Coast News | Ferry The ferry to Lower Fenwick"
    assert [other.startswith(related) for other in others] == [True]
    found = dn.cluster([f"word{n} ka" for n in range(25)], policy="similar", progress=False)
    large = dataclasses.replace(found, story_of=found.labels * 0).stories[0]
    assert str(large).endswith("\n  and 5 more reports, at story.clusters")


def test_nothing_in_an_item_breaks_a_line_or_steers_a_terminal() -> None:
    """In titles, texts, sources and ids; entities are the characters that they stand for."""
    odd = "Caf&eacute;\r\nof\u2028the\x0bday \x1b[31m&#10;now"
    feed = [
        {"id": f"a\n\x1b[31m{number}", "title": odd, "text": STORM, "source": odd}
        for number in range(2)
    ]
    result = dn.cluster(feed, policy="similar", progress=False)

    shown = [str(result.clusters[0]), str(result.page()), str(result.removed), repr(result)]
    for text in shown:
        assert all(line.isprintable() for line in text.split("\n"))
        assert "Café of the day" in text
    assert [len(text.split("\n")) for text in shown] == [3, 6, 2, 2]
    assert "&eacute;" not in read(result).text + read(result.removed).text
    words = [f"Caf&eacute; {STORM}", f"Tea&#10;house {STORM}"]
    assert "other words: Café → Tea house" in dn.compare(*words, policy="similar").why


def test_plain_text_of_templates_and_pages() -> None:
    """The pattern, and what varies."""
    result = with_template()

    text = str(result.templates[0])
    assert text.startswith("Template: 3 items\n  Bulletin number … the latest")
    assert "    … = 1 1" in text
    assert "page 1 of 1, the largest first" in str(result.page())
    assert "\nStory: " in str(make_result().page())
    assert str(many().page(2)).count("\nCluster: ") == 20


PIECES = st.lists(
    st.builds(
        Piece, st.sampled_from(["same", "delete", "insert"]), st.text("ab\n<&", min_size=1),
        st.booleans(),
    ),
    max_size=6,
)  # fmt: skip


@given(pieces=PIECES)
def test_marked_texts_are_well_formed_and_whole(pieces: list[Piece]) -> None:
    """Whatever they hold."""
    reader = Reader(f"<p>{marking.to_html(pieces)}</p>")

    assert reader.open == []
    for kind, tag in (("delete", "del"), ("insert", "ins")):
        assert "".join(reader.texts.get(tag, [])) == "".join(
            piece.text for piece in pieces if piece.kind == kind
        )


@given(pieces=PIECES)
def test_titles_end_at_the_first_newline_that_is_there(pieces: list[Piece]) -> None:
    """Not at one of a deleted word; nothing else is lost."""

    def present(some: list[Piece]) -> str:
        return "".join(piece.text for piece in some if piece.kind != "delete")

    title, text = marking.split_title(pieces)

    expected = present(pieces).partition("\n")
    assert (present(title), present(text)) == (expected[0], expected[2])


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([Piece("same", "a" * 50)], ["a" * 20 + " … "]),
        ([Piece("same", "a" * 50), Piece("insert", "b")], [" … " + "a" * 20, "b"]),
        (
            [Piece("insert", "b"), Piece("same", "c" * 50), Piece("insert", "b")],
            ["b", "c" * 10 + " … " + "c" * 10, "b"],
        ),
        ([Piece("insert", "b" * 50), Piece("same", "c" * 22)], ["b" * 50, "c" * 22]),
    ],
)
def test_long_stretches_that_both_have_are_shortened(
    pieces: list[Piece], expected: list[str]
) -> None:
    """Around what differs, and never what differs."""
    assert [piece.text for piece in marking.shorten(pieces, 20)] == expected


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        (lambda: dn.compare("ka old lo", "ka new lo"), "<mark><del>old</del></mark>"),
        (lambda: dn.compare("ka old lo", "ka lo"), "ka <del>old</del> lo"),
        (lambda: dn.compare("ka lo", "ka new lo"), "ka <ins>new</ins> lo"),
    ],
)
def test_replacements_are_told_from_deletions_and_insertions(
    show: Callable[[], dn.Comparison], expected: str
) -> None:
    """Not by colour alone: by elements that look different in black and white."""
    assert expected in show()._repr_html_()


def test_deleted_words_stand_between_spaces() -> None:
    """Where there was a word in the other text."""
    feed = ["ka old lo mi nu", "ka lo mi nu", "old ka lo mi nu"]
    result = dn.cluster(feed, policy="similar", threshold=0.2, prefer="longest", progress=False)

    page = result.clusters[0]._repr_html_()

    assert "ka<del> old</del> lo" in page


@pytest.mark.parametrize("policy", ["news", "similar"])
def test_a_note_on_bounded_work_names_a_setting_that_is_read(policy: Policy) -> None:
    """The policy "news" has no limit that a user could raise."""
    result = dn.cluster(["Rain again today", "Sun at last"], policy=policy, progress=False)
    bounded = dataclasses.replace(result, bounded=dn.Bounded(1, 2, 3))

    note = views.note_on_bounded(bounded)

    assert "3 comparisons with representatives were left out" in note
    assert ("bucket_limit" in note) == (policy == "similar")
