"""The page to browse a result: one file, whole or not there, that asks nothing of anyone."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

import dedupe_news as dn
from dedupe_news import Clustering
from dedupe_news.display import payload, report, views
from shown_feed import HOSTILE, make_feed, make_result

SCRIPT = re.compile(r"<script([^>]*)>(.*?)</script>", re.DOTALL)


@pytest.fixture(scope="module")
def result() -> Clustering:
    """Return a clustering of the made-up feed."""
    return dn.cluster(make_feed(), policy="similar", threshold=0.5, progress=False, n_jobs=1)


@pytest.fixture(scope="module")
def page(result: Clustering, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the page of it."""
    path = tmp_path_factory.mktemp("report") / "clusters.html"
    result.report(path, title=HOSTILE)
    return path.read_text(encoding="utf-8")


def blocks(page: str, kind: str) -> list[dict[str, Any]]:
    """Unpack the blocks of a page, without the code that packed them."""
    return [
        json.loads(gzip.decompress(base64.b64decode(content)))
        for attributes, content in SCRIPT.findall(page)
        if f'class="{kind}"' in attributes
    ]


def test_page_holds_every_document_of_every_cluster(result: Clustering, page: str) -> None:
    """The largest cluster first, and in each the representative."""
    (block,) = blocks(page, "clusters")
    feed = make_feed()

    assert block["size"] == block["shown"]
    assert block["size"] == sorted(map(len, result.clusters), reverse=True)
    at = 0
    for number, size in zip(block["number"], block["size"], strict=True):
        cluster = result.clusters[number]
        ids = block["items"]["id"][at : at + size]
        assert ids[0] == cluster.representative
        assert sorted(ids) == sorted(cluster.members)
        for place, identifier in enumerate(ids, start=at):
            item = next(item for item in feed if item["id"] == identifier)
            assert block["items"]["content"][place] == f"{item['title']}\n{item['text']}"
            assert block["items"]["time"][place] == item["published"].timestamp()
        at += size
    assert at == len(block["items"]["content"])


def test_scores_are_those_of_the_result(result: Clustering, page: str) -> None:
    """In thousandths; a representative counts as itself."""
    (block,) = blocks(page, "clusters")
    rows = {row["id"]: row for row in result.to_frame("polars").to_dicts()}

    for place, identifier in enumerate(block["items"]["id"]):
        row = rows[identifier]
        jaccard = 1.0 if row["representative"] else row["jaccard"]
        assert block["items"]["jaccard"][place] == round(1000 * jaccard)
        relation = block["items"]["relation"][place]
        assert (relation == -1) == row["representative"]


def test_changes_are_places_as_javascript_counts_them(page: str) -> None:
    """In units of UTF-16, so that a character beyond the first plane takes two."""
    (block,) = blocks(page, "clusters")
    contents, changes = block["items"]["content"], block["items"]["changes"]
    at = next(k for k, content in enumerate(contents) if "😀" in content)
    text = contents[at].encode("utf-16-le")

    inserted = [
        text[2 * begin : 2 * end].decode("utf-16-le")
        for begin, end in zip(changes[at][2::4], changes[at][3::4], strict=True)
    ]

    assert inserted == ["Again"]


def test_every_duplicate_has_a_sentence(result: Clustering, page: str) -> None:
    """Why it is one; the representative needs none."""
    (block,) = blocks(page, "clusters")
    why = {row.item: row.why for row in result.removed}

    for identifier, role, said in zip(
        block["items"]["id"], block["items"]["role"], block["items"]["why"], strict=True
    ):
        assert said == ("" if role == "kept" else why[identifier])


def test_entities_are_shown_as_what_they_stand_for(tmp_path: Path) -> None:
    """In texts, and in the places of differences; what they hide is text all the same."""
    feed = [
        {
            "title": "Caf&eacute; &mdash; 😀 open",
            "text": "&lt;script&gt; was here for ten years &#10;",
        },
        {
            "title": "Caf&eacute; &mdash; 😀 shut",
            "text": "&lt;script&gt; was here for ten years &#10;",
        },
    ]
    found = dn.cluster(feed, policy="similar", threshold=0.3, progress=False, n_jobs=1)
    found.report(tmp_path / "page.html")

    (block,) = blocks((tmp_path / "page.html").read_text(encoding="utf-8"), "clusters")
    first, second = block["items"]["content"]
    assert {first[9:13], second[9:13]} == {"open", "shut"}
    assert first.replace("shut", "open") == "Café — 😀 open\n<script> was here for ten years  "
    left, right = first.encode("utf-16-le"), second.encode("utf-16-le")
    ((start, stop, begin, end),) = [block["items"]["changes"][1]]
    assert left[2 * start : 2 * stop].decode("utf-16-le") == first[9:13]
    assert right[2 * begin : 2 * end].decode("utf-16-le") == second[9:13]


def test_half_an_emoji_does_not_stop_a_page(tmp_path: Path) -> None:
    """In the heading; feeds are read without such halves."""
    dn.cluster(["ka lo mi nu"] * 2, progress=False).report(tmp_path / "page.html", title="\ud83d")

    assert "</html>" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_page_is_guarded(page: str) -> None:
    """Its policy forbids every request, and allows exactly the scripts and the style within."""
    policy = html.unescape(re.findall(r'Content-Security-Policy" content="([^"]*)"', page)[0])
    allowed = dict(part.split(" ", 1) for part in policy.split("; "))
    scripts = [content for attributes, content in SCRIPT.findall(page) if not attributes]
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)

    def digest(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert allowed["default-src"] == "'none'"
    assert "connect-src" not in allowed
    assert allowed["script-src"].split() == [digest(script) for script in scripts]
    assert allowed["style-src"].split() == [digest(style) for style in styles]


def test_page_loads_nothing_from_elsewhere(page: str) -> None:
    """No element has a source or a link."""
    markup = re.sub("<title>.*?</title>", "", SCRIPT.sub("", page))

    assert re.findall(r"<(?:link|img|iframe|object|base)\b", markup) == []
    assert re.findall(r"\b(?:src|href)\s*=", markup) == []
    assert "@import" not in markup
    assert "url(" not in markup


def test_hostile_heading_is_text(page: str) -> None:
    """In the title and in the data beside it."""
    assert page.count(HOSTILE) == 0
    assert f"<title>{html.escape(HOSTILE)}" in page.replace("&#39;", "'").replace("&#34;", "&quot;")
    (overview,) = [json.loads(text) for kind, text in SCRIPT.findall(page) if "overview" in kind]
    assert overview["title"] == HOSTILE
    assert overview["sources"] == [
        "Tarnby Post",
        "Ostrand <b>Daily</b>",
        "Coast News",
        "Evil & Sons",
    ]


def test_overview_counts_every_match(result: Clustering, page: str) -> None:
    """By relation, in both measures."""
    (overview,) = [json.loads(text) for kind, text in SCRIPT.findall(page) if "overview" in kind]

    for counts in overview["histograms"].values():
        assert sum(map(sum, counts)) == len(result.matches) == overview["nMatches"]
    assert sum(count for _, count in overview["sizes"]) == len(result.clusters)
    assert ["duplicates", "4", "50.0 %"] in overview["figures"]
    assert ["threshold", "0.5"] in overview["settings"]


def test_page_holds_the_reports_of_every_story(tmp_path: Path) -> None:
    """The representative of each, that of the story first, and for how many it stands."""
    found = make_result()
    found.report(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")

    (block,) = blocks(page, "stories")
    assert (block["number"], block["size"], block["shown"]) == ([0], [4], [2])
    assert block["summary"] == ["4 items, 2 reports, 2 sources, over 6 h"]
    assert block["sources"] == [2]
    assert block["items"]["id"] == ["id-0", "id-6"]
    assert block["items"]["nDuplicates"] == [2, 0]
    assert block["items"]["role"] == ["representative", "same story"]
    (overview,) = [json.loads(text) for kind, text in SCRIPT.findall(page) if "overview" in kind]
    assert ["stories", "1", "of 4 items"] in overview["figures"]
    assert ["templates", "1", "of 3 items"] in overview["figures"]
    assert [kind["total"] for kind in overview["kinds"].values()] == [3, 1, 1]
    assert overview["relations"][4:] == ["related", "template"]


def test_page_holds_some_documents_of_every_template() -> None:
    """The pattern, what varies, and twenty of thousands."""
    feed = [f"Horoscope number{n} for today" for n in range(30)]
    found = dn.cluster(feed, policy="similar", threshold=1.0, progress=False, n_jobs=1)
    formed = dataclasses.replace(found, template_of=found.labels * 0)

    (block,) = payload.blocks(formed, views.KINDS[dn.Template])

    assert (block["size"], block["shown"]) == ([30], [payload.TEMPLATE_EXAMPLES])
    assert block["pattern"] == ["Horoscope … for today"]
    assert len(block["items"]["content"]) == payload.TEMPLATE_EXAMPLES


@pytest.mark.parametrize(
    ("ids", "written"),
    [
        ([7, 2**60], ["7", str(2**60)]),
        (["a", 7], ['"a"', "7"]),
        ([("é", 1), ("é", 2)], ['["\\u00e9", 1]', '["\\u00e9", 2]']),
        ([2.5, b"a"], ["2.5", "\"b'a'\""]),
        (None, ["0", "1"]),
        (["a", "b"], None),
    ],
)
def test_labels_name_items_by_their_ids(ids: list[Any] | None, written: list[str] | None) -> None:
    """As JSON, by which numbers stay numbers; strings need nothing beside them."""
    rows = [{"text": "ka lo mi"}] * 2
    feed = rows if ids is None else [{"id": each, **rows[0]} for each in ids]
    found = dn.cluster(feed, policy="similar", threshold=1.0, progress=False, n_jobs=1)

    (block,) = payload.blocks(found, views.KINDS[dn.Cluster])

    assert block["items"].get("idJson") == written


def test_large_results_come_in_blocks() -> None:
    """Which hold whole clusters, and together all of them."""
    feed = [f"ka lo mi number{n // 4}" for n in range(40)]
    found = dn.cluster(feed, policy="similar", threshold=1.0, progress=False, n_jobs=1)

    some = list(payload.blocks(found, views.KINDS[dn.Cluster], n_items=6))

    assert [len(block["size"]) for block in some] == [1, 1, 2, 1, 2, 1, 2]
    assert [number for block in some for number in block["number"]] == list(range(10))


def test_equal_values_pack_to_equal_text() -> None:
    """No time goes into it; a lone surrogate of an id does not stop it."""
    assert payload.packed({"a": 1}) == payload.packed({"a": 1})
    assert json.loads(gzip.decompress(base64.b64decode(payload.packed("\ud800")))) == "?"


def test_results_without_anything_have_a_page(tmp_path: Path) -> None:
    """An empty feed, and one without ids, sources, times or titles."""
    for feed in ([], ["ka lo mi", "ka lo mi"]):
        dn.cluster(feed, progress=False).report(tmp_path / "page.html")
        assert "</html>" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_page_replaces_another_when_it_is_whole(
    result: Clustering, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure half-way leaves the old one, and nothing beside it."""
    path = tmp_path / "page.html"
    path.write_text("old", encoding="utf-8")

    def fail(*_: object) -> Any:  # noqa: ANN401 - it never returns
        message = "no space left on device"
        raise OSError(message)

    with monkeypatch.context() as patch:
        patch.setattr(payload, "packed", fail)
        with pytest.raises(dn.InputError, match=r"cannot write the report .*page\.html'"):
            result.report(path)
    assert path.read_text(encoding="utf-8") == "old"
    assert list(tmp_path.iterdir()) == [path]

    result.report(str(path))
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert list(tmp_path.iterdir()) == [path]


def test_a_page_can_be_read_by_whom_new_files_can(result: Clustering, tmp_path: Path) -> None:
    """It is not for its owner alone, as temporary files are."""
    (tmp_path / "other").touch()
    result.report(tmp_path / "page.html")

    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1


def test_a_link_is_followed(result: Clustering, tmp_path: Path) -> None:
    """What it leads to is replaced, not the link."""
    (tmp_path / "pages").mkdir()
    link = tmp_path / "latest.html"
    link.symlink_to(tmp_path / "pages" / "one.html")

    result.report(link)

    assert link.is_symlink()
    assert (tmp_path / "pages" / "one.html").stat().st_size > 0


def test_a_folder_that_is_not_there_is_refused(result: Clustering, tmp_path: Path) -> None:
    """The message names the file and the remedy."""
    with pytest.raises(
        dn.InputError, match=r"absent/page\.html.*: No such file or directory\. Name"
    ):
        result.report(tmp_path / "absent" / "page.html")


def test_vendored_libraries_are_those_of_the_notes() -> None:
    """The digest, the licences, and nothing that would end the script."""
    folder = Path(report.__file__).parent / "vendor"
    bundle = (folder / "browsing.min.js").read_bytes()
    notes = (folder / "README.md").read_text(encoding="utf-8")

    assert f"`{hashlib.sha256(bundle).hexdigest()}`" in notes
    assert b"</script" not in bundle.lower()
    assert {path.name for path in folder.glob("*.LICENSE")} == {
        "lit-html.LICENSE",
        "virtual-core.LICENSE",
    }


def test_licences_go_with_the_page(page: str) -> None:
    """As they demand."""
    assert "BSD 3-Clause License" in page
    assert "MIT License" in page
