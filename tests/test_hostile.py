"""Hostile feeds: any text goes through, and nothing of it steers a page or a terminal."""

from __future__ import annotations

import html.parser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dedupe_news as dn
import hostile
from dedupe_news.display import payload, widget
from dedupe_news.results import differences, phrasing

if TYPE_CHECKING:
    from collections.abc import Callable

ATTACK = (
    "</script></textarea>'\"><img src=x onerror=alert(1)><script>alert(1)</script>\x1b[31m\x9b2J"
)
STORM = "A storm cut the power of many homes on Sunday night, the grid operator of Tarnby said."


@pytest.mark.parametrize("seed", [1, 10])
def test_hostile_texts_keep_every_promise(seed: int, *, interpreted: bool) -> None:
    """All ways of a text agree: threads, order, files, batches, one by one, reopened, exported."""
    hostile.check_batch(seed, 8 if interpreted else 150)


class Tags(html.parser.HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element and its attributes."""
        self.names |= {tag, *(name for name, _ in attrs)}


def attacking() -> list[dict[str, Any]]:
    """Return items of which every value is an attack, some of them duplicates or of a form."""
    return [
        {
            f"id {ATTACK}": f"{ATTACK} {number}",
            "title": f"{ATTACK} {'form' if number < 4 else number}",
            "text": f"{STORM} {ATTACK} {number // 2 if number < 4 else number * 'new '}",
            f"source {ATTACK}": f"{ATTACK} {number % 3}",
            "published": f"2026-01-0{number + 1}T00:00Z",
        }
        for number in range(6)
    ]


def test_every_field_may_be_hostile() -> None:
    """In notebooks all of it is text, and in plain text nothing steers the terminal."""
    rows = attacking()
    named = {"id": f"id {ATTACK}", "source": f"source {ATTACK}"}
    result = dn.cluster(rows, **named, progress=False)  # type: ignore[arg-type]
    labels = {"story_of": result.labels * 0, "template_of": result.labels * 0}
    grouped = dn.cluster(rows, **named, progress=False)  # type: ignore[arg-type]
    for name, values in labels.items():
        object.__setattr__(grouped, name, values)
    index = dn.NewsIndex()
    index.add_many(rows, **named)  # type: ignore[arg-type]
    shown: list[Any] = [
        result, result.page(), *result.clusters, result.matches, *grouped.stories,
        *grouped.templates, result.kept, result.removed, index, *index.query(STORM),
        result.explain(*(row[f"id {ATTACK}"] for row in rows[:2])),
        dn.compare({"title": ATTACK, "text": STORM}, {"title": STORM, "text": ATTACK}),
    ]  # fmt: skip
    assert grouped.templates
    assert grouped.stories

    for each in shown:
        names = Tags(each._repr_html_()).names
        assert not names & {"script", "img", "onerror", "textarea"}, type(each)
    for each in [*result.clusters, *grouped.stories, *grouped.templates, result.page(),
                 result.kept, result.removed, *shown[-2:]]:  # fmt: skip
        assert all(line.isprintable() for line in str(each).split("\n")), type(each)
    bundle = widget.bundle(dn.label(result, None, n_jobs=1))
    assert not Tags(str(bundle.get("text/html", ""))).names & {"script", "img", "onerror"}


ENTITIES = st.lists(
    st.sampled_from(
        ["&amp;", "&#128512;", "&NotEqualTilde;", "&#13;", "&", ";", "a", "😀", "\ud800"]
    ),
    max_size=12,
).map("".join)


@given(text=ENTITIES)
def test_places_are_those_of_the_readable_text(text: str) -> None:
    """Counted at once for a whole text, so that a long one with many changes takes no hours."""
    as_shown = payload._as_shown(text)  # noqa: SLF001 - what JavaScript is given

    for place in range(len(text) + 1):
        shown = phrasing.readable(text[:place]).encode("utf-16-le", "surrogatepass")
        assert as_shown(place) == len(shown) // 2


def test_texts_of_any_length_are_laid_beside_each_other(*, interpreted: bool) -> None:
    """Few words in any order, which take a search for the best place for each almost for ever."""
    n_words = 500 if interpreted else 20_000
    words = [f"w{number * number % 113}" for number in range(n_words)]
    texts = [" ".join(["one", *words, "end"]), " ".join(["two", *words[7:], "stop"])]
    left, right = differences.read(texts, dn.Config(), titled=False)

    blocks = differences.aligned(left, right)

    at = other = 0
    for block in blocks:
        assert (block.left_start, block.right_start) == (at, other)
        at, other = block.left_stop, block.right_stop
        if block.kind == "equal":
            row = left.hashes[block.left_start : at]
            assert row == right.hashes[block.right_start : other]
    assert (at, other) == (len(left.hashes), len(right.hashes))


FEED = [{"id": at, "text": STORM, "source": "Post"} for at in range(3)]
ODD_ARGUMENTS: dict[str, Any] = {
    "long": "x" * 100_000,
    "many": ["x"] * 100_000,
    "columns": {"text": ["x"] * 100_000},
    "NUL": "\0",
    "half": "\ud800",
    "root": Path("/"),
    "large": 10**30,
    "infinite": float("inf"),
    "object": object(),
}
CALLS: dict[str, Callable[[Any, Path], object]] = {
    "feed": lambda odd, _: dn.cluster([odd], progress=False),
    "column": lambda odd, _: dn.cluster(FEED, text=odd, progress=False),
    "setting": lambda odd, _: dn.Config(threshold=odd, policy="similar"),
    "window": lambda odd, _: dn.Config(window=odd),
    "judge": lambda odd, _: dn.Config(judge=odd),
    "keep": lambda odd, _: dn.deduplicate(FEED, keep=odd, progress=False),
    "n_jobs": lambda odd, _: dn.cluster(FEED[:1], n_jobs=odd, progress=False),
    "memory": lambda odd, _: dn.cluster(FEED, memory_limit=odd, progress=False),
    "on_invalid": lambda odd, _: dn.cluster(FEED, on_invalid=odd, progress=False),
    "timezone": lambda odd, _: dn.cluster(FEED, timezone=odd, progress=False),
    "location": lambda odd, _: dn.NewsIndex.open(odd),
    "id": lambda odd, folder: dn.NewsIndex.open(folder / "feed.db").add(odd, STORM),
    "source": lambda odd, _: dn.NewsIndex().add("a", STORM, source=odd),
    "published": lambda odd, _: dn.NewsIndex().add("a", STORM, published=odd),
    "limit": lambda odd, _: dn.NewsIndex().query(STORM, limit=odd),
    "include": lambda odd, _: dn.NewsIndex().query(STORM, include=odd),
    "before": lambda odd, _: dn.NewsIndex().expire(before=odd),
    "export": lambda odd, _: dn.NewsIndex().export_to(odd),
    "import": lambda odd, _: dn.NewsIndex().import_from(odd),
    "report": lambda odd, _: dn.cluster(FEED, progress=False).report(odd),
    "heading": lambda odd, folder: dn.cluster(FEED, progress=False).report(
        folder / "page.html", title=odd
    ),
    "frame": lambda odd, _: dn.cluster(FEED, progress=False).to_frame(odd),
    "labels": lambda odd, folder: dn.fit_judge(FEED, odd, folder / "judge.json"),
    "fitted": lambda odd, _: dn.fit_judge(FEED, [dn.Label(0, 1, "duplicate")], odd),
    "file of labels": lambda odd, _: dn.label(dn.cluster(FEED, progress=False), odd),
    "compare": lambda odd, _: dn.compare(odd, STORM),
}


@pytest.mark.parametrize("name", CALLS)
def test_odd_arguments_are_refused_in_a_few_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """By errors of ours, wherever they are passed; or they can be used after all."""
    monkeypatch.chdir(tmp_path)
    for odd in ODD_ARGUMENTS.values():
        refusal = ""
        try:
            CALLS[name](odd, tmp_path)
        except dn.DedupeNewsError as error:
            refusal = str(error)
        assert len(refusal) < 1_000


def nested(depth: int) -> tuple[Any, ...]:
    """Return a tuple in a tuple in a tuple, and so on."""
    value: tuple[Any, ...] = ()
    for _ in range(depth):
        value = (value,)
    return value


class Mute:
    """An object that cannot be written."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError


ODD_IDS: dict[str, Any] = {
    "long": 10**5000,
    "long in a tuple": ("a", -(10**5000)),
    "bytes": b"\xff",
    "bool": True,
    "nested": nested(9),
    "mute": Mute(),
    "enumeration": dn.Relation.NEAR,
}


@pytest.mark.parametrize("name", ODD_IDS)
def test_any_id_can_be_shown_and_put_into_a_table(tmp_path: Path, name: str) -> None:
    """Numbers of thousands of digits, objects of others, several types beside each other."""
    rows = [{"id": each, "text": STORM} for each in (ODD_IDS[name], "other")]
    result = dn.cluster(rows, progress=False)

    for each in (result, result.matches, result.removed, result.clusters[0]):
        assert each._repr_html_()
        assert str(each)
    result.report(tmp_path / "page.html")
    assert len(result.to_frame()) == len(result.to_frame("polars")) == len(result.to_arrow()) == 2
    assert result.to_arrow()["id"].to_pylist()[1] == "other"


@pytest.mark.parametrize("depth", [16, 100_000])
def test_tuples_too_deep_for_ids_are_refused(tmp_path: Path, depth: int) -> None:
    """At the door, by an error of ours; one less is kept in memory and on disk alike."""
    rows = [{"id": nested(depth), "text": STORM}]
    refused = r"^the id .*is too deep a tuple: of more than 16 within one another.* a flat tuple"
    with dn.NewsIndex.open(tmp_path / "feed.db") as index:
        with pytest.raises(dn.InputError, match=refused):
            dn.cluster(rows, id="id", progress=False)
        with pytest.raises(dn.InputError, match=refused):
            index.add_many(rows)
        with pytest.raises(dn.InputError, match=refused):
            index.add(nested(depth), STORM)
        assert len(index) == 0

        index.add(nested(15), STORM)
        assert (
            list(index)
            == dn.cluster([{"id": nested(15), "text": STORM}], progress=False).columns.ids
        )


def test_an_empty_source_is_none() -> None:
    """For items that are added by ones, as in a batch."""
    items = [{"id": number, "text": STORM, "source": ""} for number in range(2)]
    index, other = dn.NewsIndex(), dn.NewsIndex()

    found = [index.add(**item) for item in items]  # type: ignore[arg-type]

    assert list(other.add_many(items)) == found
    assert [each.source for each in index.documents()] == [None, None]
