"""The report in Chromium: search, filters, keyboard, export, and who can use it."""

from __future__ import annotations

import csv
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

import dedupe_news as dn
from dedupe_news._input.labels import read_labels
from shown_feed import BAKER, HOSTILE, MAYOR, STORM, make_result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.browser

STATUS = "#panel-clusters [role=status]"
DETAIL = "#clusters-detail"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of the made-up feed."""
    file = tmp_path_factory.mktemp("browser") / "report.html"
    make_result().report(file, title=HOSTILE)
    return file


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of 3,000 clusters of two, and one of 130."""
    file = tmp_path_factory.mktemp("browser") / "report-many.html"
    feed = [f"ka lo mi number{n // 2}" for n in range(6000)] + ["so fa re la"] * 130
    dn.cluster(feed, policy="similar", threshold=1.0, progress=False).report(file)
    return file


def titles(page: Any) -> list[str]:
    """Return the first line of each cluster in view."""
    found: list[str] = page.locator("#clusters-list .strong").all_inner_texts()
    return found


def chosen(page: Any) -> str | None:
    """Return which option of the list is the active one, by the list itself."""
    name: str | None = page.get_attribute("#clusters-list", "aria-activedescendant")
    return name


def test_page_opens_without_complaint_or_request(visit: Callable[..., Any], path: Path) -> None:
    """It asks for nothing but itself, and runs no script of a document."""
    watched = visit(path)

    for tab in ("stories", "templates", "figures", "clusters"):
        watched.page.click(f"#tab-{tab}")
    watched.page.click("text=Filters")
    assert watched.requests == [path.as_uri()]
    assert watched.complaints == []
    assert watched.page.inner_text("h1") == HOSTILE
    assert watched.page.locator("img").count() == 0


def test_largest_cluster_is_shown_first_with_differences_marked(
    visit: Callable[..., Any], path: Path
) -> None:
    """What is kept on one side; on the other, what replaced its words."""
    page = visit(path).page

    assert titles(page)[0] == "Storm"
    assert page.inner_text(f"{DETAIL} h2").startswith("3 items, 2 sources, over 3 h")
    assert page.inner_text(f"{DETAIL} .kept .text") == STORM
    assert page.inner_text(f"{DETAIL} ol mark") == "4,000 5,000"
    assert page.inner_text(f"{DETAIL} ol del") == "4,000"
    assert page.inner_text(f"{DETAIL} ol ins") == "5,000"
    assert "the same text" in page.locator(f"{DETAIL} ol:not(.kept) > li").all_inner_texts()[1]


def test_hostile_texts_are_text(visit: Callable[..., Any], path: Path) -> None:
    """In the list and beside it."""
    page = visit(path).page
    page.click("#clusters-list [role=option]:nth-child(3)")

    assert page.inner_text(f"{DETAIL} .kept .title") in {HOSTILE, "Vote"}
    page.fill("#clusters-search", "<script>")
    assert titles(page) == [HOSTILE]
    assert page.inner_text(f"{DETAIL} .kept .text") == f"{HOSTILE} {BAKER}"
    assert page.locator(f"{DETAIL} script").count() == 0


def test_search_narrows_the_list(visit: Callable[..., Any], path: Path) -> None:
    """By every word, in any case, in any document of a cluster, and by ids."""
    page = visit(path).page
    assert page.inner_text(STATUS) == "3 clusters"

    for query, expected in (
        ("STORM", ["Storm"]),
        ("close mayor", ["Vote"]),
        ("id-3", ["Storm"]),
        ("close storm", []),
        ("", ["Storm", "Vote", HOSTILE]),
    ):
        page.fill("#clusters-search", query)
        assert sorted(titles(page)) == sorted(expected)
        n_shown = len(expected)
        assert page.inner_text(STATUS) == (
            "3 clusters" if n_shown == 3 else f"{n_shown} of 3 clusters"
        )
    page.fill("#clusters-search", "nothing of the kind")
    assert "Nothing fits" in page.inner_text(DETAIL)


@pytest.mark.parametrize(
    ("label", "value", "expected"),
    [
        ("Source", "Evil & Sons", [HOSTILE]),
        ("exact", True, ["Storm"]),
        ("truncated", True, ["Vote"]),
        ("contained", True, []),
        ("At least so many items", "3", ["Storm"]),
        ("At most so many items", "2", ["Vote", HOSTILE]),
        ("Published from", "2026-03-03", ["Vote"]),
        ("Published to", "2026-03-01", []),
        ("Score at least", "0.9", []),
        ("Score at most", "0.99", ["Storm", "Vote", HOSTILE]),
    ],
)
def test_filters_narrow_the_list(
    visit: Callable[..., Any], path: Path, label: str, value: Any, expected: list[str]
) -> None:
    """Each by itself; clearing brings everything back."""
    page = visit(path).page
    page.click("text=Filters")
    panel = page.locator("#clusters-filters")
    field = panel.get_by_label(label, exact=True)

    if label == "Source":
        field.select_option(label=value)
    elif value is True:
        field.check()
    else:
        field.fill(value)
        field.dispatch_event("change")
    assert sorted(titles(page)) == sorted(expected)
    assert page.inner_text("#panel-clusters .badge").startswith("1")
    page.click("text=Clear filters")
    assert page.inner_text(STATUS) == "3 clusters"
    assert page.locator("#panel-clusters .badge").count() == 0


def test_clusters_can_be_ordered(visit: Callable[..., Any], path: Path) -> None:
    """By size, time or difference."""
    page = visit(path).page
    order = page.get_by_label("Order").first

    order.select_option("newest")
    assert titles(page)[0] == "Vote"
    order.select_option("oldest")
    assert titles(page)[0] == "Storm"
    order.select_option("different")
    assert len(titles(page)) == 3


def test_who_looks_for_errors_sees_the_likeliest_first(
    visit: Callable[..., Any], tmp_path: Path
) -> None:
    """In the list, and in each cluster; else its items are in the order of time."""
    texts = [STORM, STORM, STORM.replace("4,000", "5,000")]
    feed = [
        {"id": id_, "text": text, "published": f"2026-03-02T0{hour}:00Z"}
        for hour, (id_, text) in enumerate(zip("abc", texts, strict=True))
    ]
    dn.cluster(feed, policy="similar", threshold=0.5, progress=False).report(tmp_path / "page.html")
    page = visit(tmp_path / "page.html").page

    ids = page.locator(f"{DETAIL} .id")
    assert ids.all_inner_texts() == ["a", "b", "c"]
    page.get_by_label("Order").first.select_option("different")
    assert ids.all_inner_texts() == ["a", "c", "b"]


def test_everything_can_be_reached_by_keyboard(visit: Callable[..., Any], path: Path) -> None:
    """Search, list, detail and tabs, and the list says which option is active."""
    page = visit(path).page

    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "clusters-search"
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "clusters-list"
    assert chosen(page) == "clusters-0"
    steps = {"ArrowDown": 1, "End": 2, "PageDown": 2, "ArrowUp": 1, "Home": 0}
    for key, expected in steps.items():
        page.keyboard.press(key)
        assert chosen(page) == f"clusters-{expected}"
        option = page.locator(f"#clusters-{expected}")
        assert option.get_attribute("aria-selected") == "true"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "clusters-detail"
    page.focus("#tab-clusters")
    page.keyboard.press("ArrowRight")
    assert page.get_attribute("#tab-stories", "aria-selected") == "true"
    assert page.is_visible("#panel-stories")
    assert not page.is_visible("#panel-clusters")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    assert page.is_visible("#panel-figures")


def test_selection_is_exported(visit: Callable[..., Any], path: Path, tmp_path: Path) -> None:
    """As CSV that any reader takes, of what is shown and nothing else."""
    page = visit(path).page
    page.fill("#clusters-search", "bakery")

    with page.expect_download() as download:
        page.click("#panel-clusters >> text=Export CSV")
    download.value.save_as(tmp_path / "clusters.csv")

    with (tmp_path / "clusters.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["id"], row["role"]) for row in rows] == [
        ("id-4", "kept"),
        ("id-5", "duplicate (near)"),
    ]
    assert rows[0]["title"] == HOSTILE
    assert rows[0]["text"] == f"{HOSTILE} {BAKER}"
    assert rows[1]["text"] == f"{HOSTILE} 😀 Again: {BAKER}"
    assert rows[1]["published"] == "2026-03-02T10:00:00.000Z"
    assert rows[1]["relation"] == "near"
    assert 0.5 <= float(rows[1]["jaccard"]) < 1
    assert rows[0]["jaccard"] == ""


def test_why_is_said_at_a_click(visit: Callable[..., Any], path: Path) -> None:
    """The sentence of the library, under the words that differ."""
    page = visit(path).page
    why = page.locator(f"{DETAIL} .why").first

    assert not why.locator("p").first.is_visible()
    why.locator("summary").click()
    assert why.locator("p").first.inner_text() == make_result().removed[0].why


def test_a_wrong_pair_is_labelled_and_exported(
    visit: Callable[..., Any], path: Path, tmp_path: Path
) -> None:
    """As a line of JSON with the two ids; a label can be taken back."""
    page = visit(path).page
    choice = page.get_by_label("Your label").first
    choice.select_option("related")

    with page.expect_download() as download:
        page.click("text=Export 1 label")
    download.value.save_as(tmp_path / "labels.jsonl")
    (line,) = (tmp_path / "labels.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line) == {"id1": "id-0", "id2": "id-2", "label": "related"}
    assert read_labels(tmp_path / "labels.jsonl") == [dn.Label("id-0", "id-2", "related")]
    choice.select_option("")
    assert page.locator("text=Export 1 label").count() == 0


def test_html_in_every_field_is_text(visit: Callable[..., Any], tmp_path: Path) -> None:
    """In titles, texts, sources, ids and headings, raw and as entities; nothing of it runs."""
    evil = '"><img src=x onerror=alert(1)><script>alert(2)</script><a href=javascript:alert(3)>x'
    entity = evil.replace("<", "&lt;").replace(">", "&gt;")
    feed = [
        {"id": f"{number}{evil}", "title": each, "text": f"{each} {STORM}", "source": each}
        for number, each in enumerate((evil, entity, f"${{alert(4)}} {evil}"))
    ]
    result = dn.cluster(feed, policy="similar", threshold=0.3, progress=False)
    report = tmp_path / "report.html"
    dataclasses.replace(result, template_of=result.labels * 0, story_of=result.labels * 0).report(
        report, title=evil
    )

    watched = visit(report)
    for tab in ("stories", "templates", "figures", "clusters"):
        watched.page.click(f"#tab-{tab}")
    watched.page.click("text=Filters")
    for summary in watched.page.locator(".why summary").all():
        summary.click()

    assert watched.complaints == []
    assert watched.requests == [report.as_uri()]
    assert watched.page.locator("img, a, iframe, #app script").count() == 0
    assert evil in watched.page.inner_text(DETAIL)


def test_stories_have_a_tab_of_their_own(
    visit: Callable[..., Any], path: Path, tmp_path: Path
) -> None:
    """With the representative first, and the other reports; they can be searched and exported."""
    page = visit(path).page
    page.click("#tab-stories")

    detail = page.inner_text("#stories-detail")
    assert "4 items, 2 reports, 2 sources, over 6 h" in detail
    cards = page.locator("#stories-detail li.card").all_inner_texts()
    assert cards[0].startswith("representative")
    assert "2 duplicates" in cards[0]
    assert cards[1].startswith("same story")
    with page.expect_download() as download:
        page.click("#panel-stories >> text=Export CSV")
    download.value.save_as(tmp_path / "stories.csv")
    with (tmp_path / "stories.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["story"], row["id"], row["role"]) for row in rows] == [
        ("0", "id-0", "representative"),
        ("0", "id-6", "same story"),
    ]
    page.fill("#stories-search", "no such story")
    assert page.inner_text("#panel-stories [role=status]") == "0 of 1 story"


def test_templates_have_a_tab_of_their_own(visit: Callable[..., Any], path: Path) -> None:
    """With the pattern, what varies, and some items."""
    page = visit(path).page
    page.click("#tab-templates")

    detail = page.inner_text("#templates-detail")
    assert "3 items, 1 source, over 2 h" in detail
    assert "Horoscope" in page.inner_text("#templates-detail .template")
    assert "someone waits for your answer" in detail
    page.fill("#templates-search", "no such template")
    assert page.inner_text("#panel-templates [role=status]") == "0 of 1 template"


def test_figures_show_the_threshold(visit: Callable[..., Any], path: Path) -> None:
    """And every match, by relation, in words too."""
    page = visit(path).page
    page.click("#tab-figures")

    assert "threshold 0.5" in page.locator(".chart").first.text_content()
    assert page.locator(".chart .threshold").count() == 1
    assert "exact 1" in page.inner_text(".legend")
    page.click("text=Figures of the jaccard chart")
    assert page.locator("details[open] td").first.is_visible()


def test_long_lists_are_drawn_in_part(visit: Callable[..., Any], many: Path) -> None:
    """But can be walked from end to end, and say how long they are."""
    page = visit(many).page
    page.focus("#clusters-list")

    assert page.inner_text(STATUS) == "3,001 clusters"
    assert page.locator("#clusters-list [role=option]").count() < 40
    page.keyboard.press("End")
    page.wait_for_selector("#clusters-3000")
    last = page.locator("#clusters-3000")
    assert last.get_attribute("aria-posinset") == last.get_attribute("aria-setsize") == "3001"
    assert "number2999" in last.inner_text()
    page.fill("#clusters-search", "number2998")
    assert page.inner_text(STATUS) == "1 of 3,001 clusters"
    assert page.locator("#clusters-0").is_visible()


def test_large_clusters_are_drawn_in_part(visit: Callable[..., Any], many: Path) -> None:
    """The rest comes when asked for, and is counted."""
    page = visit(many).page

    assert page.locator(f"{DETAIL} ol:not(.kept) li.card").count() == 50
    page.click("text=Show 50 of 79 more items")
    page.click("text=Show 29 of 29 more items")
    assert page.locator(f"{DETAIL} ol:not(.kept) li.card").count() == 129


VIEWS = {
    "clusters": [],
    "filters": ["text=Filters"],
    "stories": ["#tab-stories"],
    "templates": ["#tab-templates"],
    "figures": ["#tab-figures", "text=Figures of the jaccard chart"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_nobody_is_shut_out(
    visit: Callable[..., Any], path: Path, axe: str, view: str, scheme: str
) -> None:
    """axe-core finds nothing serious, contrast of colours included."""
    page = visit(path, color_scheme=scheme, bypass_csp=True).page
    for button in VIEWS[view]:
        page.click(button)

    page.evaluate(axe)
    found = page.evaluate("axe.run(document)")

    violations = {
        violation["id"]: json.dumps([node["html"] for node in violation["nodes"]])
        for violation in found["violations"]
    }
    assert violations == {}
    assert len(found["passes"]) > 20


@pytest.mark.parametrize("width", [360, 700, 1000])
def test_narrow_windows_need_no_sideways_scrolling(
    visit: Callable[..., Any], path: Path, width: int
) -> None:
    """On a telephone, say."""
    page = visit(path, viewport={"width": width, "height": 740}).page
    page.click("text=Filters")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.is_visible("#clusters-list")
    assert page.is_visible(DETAIL)


def test_without_scripts_the_page_says_so(visit: Callable[..., Any], path: Path) -> None:
    """Rather than to be empty."""
    page = visit(path, java_script_enabled=False).page

    assert "needs JavaScript to show its 3 clusters" in page.inner_text("body")


def test_results_without_clusters_say_so(visit: Callable[..., Any], tmp_path: Path) -> None:
    """And have no stories or templates either."""
    dn.cluster([MAYOR], progress=False).report(tmp_path / "report.html")

    page = visit(tmp_path / "report.html").page

    assert page.inner_text(DETAIL) == "There are no clusters in this result."
    assert page.locator("#panel-clusters >> text=Export CSV").is_disabled()
