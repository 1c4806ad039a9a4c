"""The Scrapy pipeline: alone, and in the example project against a server of made-up feeds."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import scrapy
from itemadapter import ItemAdapter
from scrapy.exceptions import DropItem
from scrapy.settings import Settings

import dedupe_news as dn
from dedupe_news.errors import StoreClosedError
from dedupe_news.integrations.scrapy import DedupeNewsPipeline
from news_server import LONGEST_WAIT_S, Item, NewsServer, rss

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

STORM = "A storm cut the power of 4,000 homes in Tarnby on Sunday."
VOTE = "The council of Ostrand chose a new mayor on Monday morning."


class Counts:
    """Stands for Scrapy's statistics."""

    def __init__(self) -> None:
        self.values: dict[str, int] = {}

    def inc_value(self, name: str) -> None:
        """Count one more."""
        self.values[name] = self.values.get(name, 0) + 1

    def get_value(self, name: str) -> int | None:
        """Return a count."""
        return self.values.get(name)


class Crawler:
    """Stands for Scrapy's crawler."""

    def __init__(self, settings: dict[str, object], *, has_stats: bool = True) -> None:
        self.settings = Settings(settings)
        self.stats = Counts() if has_stats else None


def crawler_of(**settings: object) -> Crawler:
    """Return a crawler with statistics."""
    return Crawler(settings)


def made(**settings: object) -> DedupeNewsPipeline:
    """Return a pipeline from settings, as Scrapy makes it."""
    return DedupeNewsPipeline.from_crawler(crawler_of(**settings))  # type: ignore[arg-type]


@dataclasses.dataclass
class News:
    """An item with all fields."""

    url: str
    text: str
    duplicate_of: object = None
    cluster: int | None = None


class NewsItem(scrapy.Item):
    """The same, of Scrapy's own kind."""

    url = scrapy.Field()
    text = scrapy.Field()
    duplicate_of = scrapy.Field()
    cluster = scrapy.Field()


class Bare(scrapy.Item):
    """An item that cannot be tagged."""

    url = scrapy.Field()
    text = scrapy.Field()


@pytest.mark.parametrize("kind", [dict, News, NewsItem])
def test_copies_are_dropped_whatever_items_are(tmp_path: Path, kind: Callable[..., Any]) -> None:
    """The first passes as it is; a copy, and the same item again, do not."""
    pipeline = made(DEDUPE_NEWS_INDEX=str(tmp_path / "feed.db"))
    pipeline.open_spider()
    first = kind(url="a", text=STORM)

    assert pipeline.process_item(first) is first
    assert pipeline.process_item(kind(url="b", text=VOTE))
    with pytest.raises(DropItem, match=r"'c' is a duplicate of 'a': EXACT, probability 1\.000"):
        pipeline.process_item(kind(url="c", text=STORM))
    with pytest.raises(DropItem, match="'a' is in the index already"):
        pipeline.process_item(kind(url="a", text=STORM))
    pipeline.close_spider()


@pytest.mark.parametrize("kind", [dict, News, NewsItem])
def test_copies_are_tagged_whatever_items_are(tmp_path: Path, kind: Callable[..., Any]) -> None:
    """Copies are tagged whatever items are."""
    pipeline = made(DEDUPE_NEWS_INDEX=str(tmp_path / "feed.db"), DEDUPE_NEWS_ACTION="tag")
    pipeline.open_spider()
    items = [kind(url=url, text=text) for url, text in (("a", STORM), ("b", VOTE), ("c", STORM))]

    passed = [pipeline.process_item(item) for item in [*items, kind(url="a", text=STORM)]]
    pipeline.close_spider()

    written = [ItemAdapter(item).asdict() for item in passed]
    assert passed[:3] == items
    assert [value["duplicate_of"] for value in written] == [None, None, "a", "a"]
    clusters = [value["cluster"] for value in written]
    assert clusters[0] == clusters[2] == clusters[3] != clusters[1]


def test_fields_have_the_names_that_are_set(tmp_path: Path) -> None:
    """Items of any shape can be read; what is not wanted is not written."""
    pipeline = made(
        DEDUPE_NEWS_INDEX=str(tmp_path / "feed.db"),
        DEDUPE_NEWS_ACTION="tag",
        DEDUPE_NEWS_FIELDS='{"id": "link", "text": "body", "cluster": null}',
    )
    pipeline.open_spider()

    first = pipeline.process_item({"link": "a", "body": STORM})
    second = pipeline.process_item({"link": "b", "body": STORM})
    pipeline.close_spider()

    assert first == {"link": "a", "body": STORM, "duplicate_of": None}
    assert second == {"link": "b", "body": STORM, "duplicate_of": "a"}


def test_the_index_has_the_settings_of_the_project(tmp_path: Path) -> None:
    """Those of `Config`, by name; a window in seconds."""
    pipeline = made(
        DEDUPE_NEWS_INDEX=str(tmp_path / "feed.db"), DEDUPE_NEWS_CONFIG={"window": "1 hour"}
    )
    pipeline.open_spider()
    pipeline.close_spider()

    with dn.NewsIndex.open(tmp_path / "feed.db", read_only=True) as index:
        assert index.config == dn.Config(window=dt.timedelta(hours=1))


def test_items_that_are_no_news_pass(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Items that are no news pass; they are counted, and the first is warned of."""
    crawler = Crawler({"DEDUPE_NEWS_INDEX": str(tmp_path / "feed.db")})
    pipeline = DedupeNewsPipeline.from_crawler(crawler)  # type: ignore[arg-type]
    pipeline.open_spider()
    others = [{"author": "Somebody"}, {"text": STORM}, {"url": "a"}]

    assert [pipeline.process_item(item) for item in others] == others
    pipeline.process_item({"url": "a", "title": "Storm"})
    pipeline.close_spider()

    assert crawler.stats is not None
    assert crawler.stats.values == {"dedupe_news/passed_over": 3, "dedupe_news/new": 1}
    (warned,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "name its fields in DEDUPE_NEWS_FIELDS" in warned.getMessage()


def test_items_that_cannot_be_tagged_are_refused_first(tmp_path: Path) -> None:
    """Items that cannot be tagged are refused first; they are not in the index then."""
    pipeline = made(DEDUPE_NEWS_INDEX=str(tmp_path / "feed.db"), DEDUPE_NEWS_ACTION="tag")
    pipeline.open_spider()

    with pytest.raises(dn.ColumnError, match="'Bare' have no field 'duplicate_of' to tag; add it"):
        pipeline.process_item(Bare(url="a", text=STORM))
    pipeline.close_spider()

    with dn.NewsIndex.open(tmp_path / "feed.db", read_only=True) as index:
        assert len(index) == 0


def test_dates_of_the_future_make_nobody_leave(tmp_path: Path) -> None:
    """Such an item counts from its arrival; the rest of a window stays."""
    crawler = Crawler(
        {"DEDUPE_NEWS_INDEX": str(tmp_path / "feed.db"), "DEDUPE_NEWS_CONFIG": {"window": "1 hour"}}
    )
    pipeline = DedupeNewsPipeline.from_crawler(crawler)  # type: ignore[arg-type]
    pipeline.open_spider()

    pipeline.process_item({"url": "a", "text": STORM, "published": None})
    pipeline.process_item({"url": "b", "text": VOTE, "published": "2999-01-01T00:00:00Z"})
    with pytest.raises(DropItem, match="'c' is a duplicate of 'a'"):
        pipeline.process_item({"url": "c", "text": STORM})
    pipeline.close_spider()

    assert crawler.stats is not None
    assert crawler.stats.values["dedupe_news/future"] == 1


ODD = [
    {"published": "2026-02-30"},
    {"published": "yesterday"},
    {"published": object()},
    {"source": 7},
    {"title": b"bytes"},
    {"text": "half an emoji \ud83d", "published": "no time"},
]


@pytest.mark.parametrize("values", ODD, ids=ascii)
def test_no_item_is_lost_for_a_value_that_cannot_be_read(
    tmp_path: Path, values: dict[str, object]
) -> None:
    """No item is lost for a value that cannot be read."""
    crawler = crawler_of(DEDUPE_NEWS_INDEX=str(tmp_path / "feed.db"))
    pipeline = DedupeNewsPipeline.from_crawler(crawler)  # type: ignore[arg-type]
    pipeline.open_spider()
    item = {"url": "a", "text": STORM, **values}

    assert pipeline.process_item(item) is item
    with pytest.raises(DropItem, match="'b' is a duplicate of 'a'"):
        pipeline.process_item({**item, "url": "b"})
    pipeline.close_spider()

    assert crawler.stats is not None
    counted = [name for name in crawler.stats.values if name.startswith("dedupe_news/invalid/")]
    assert len(counted) == 1


@pytest.mark.parametrize("name", ["", None, float("nan")])
def test_items_without_an_id_are_not_those_of_an_earlier_one(tmp_path: Path, name: object) -> None:
    """An empty text is no id, so that the second item is not taken for the first."""
    pipeline = made(DEDUPE_NEWS_INDEX=str(tmp_path / "feed.db"))
    pipeline.open_spider()
    for text in (STORM, "sun at last over the hills of the south"):
        item = {"url": name, "text": text}
        assert pipeline.process_item(item) is item
    pipeline.close_spider()


@pytest.mark.parametrize(
    "name",
    [["a"], 10**5000, "x" * 70_000, ("a", ["b"]), 1.5],
    ids=["list", "int", "str", "tuple", "float"],
)
def test_items_whose_id_cannot_be_kept_pass(tmp_path: Path, name: object) -> None:
    """Items whose id cannot be kept pass, without being looked up."""
    crawler = crawler_of(DEDUPE_NEWS_INDEX=str(tmp_path / "feed.db"))
    pipeline = DedupeNewsPipeline.from_crawler(crawler)  # type: ignore[arg-type]
    pipeline.open_spider()
    item = {"url": name, "text": STORM}

    assert pipeline.process_item(item) is item
    assert pipeline.process_item(item) is item
    pipeline.close_spider()

    assert crawler.stats is not None
    assert crawler.stats.values["dedupe_news/not_indexed"] == 2


def test_what_becomes_of_values_that_cannot_be_read_can_be_said(tmp_path: Path) -> None:
    """An error of the item, or an item that passes without being looked up."""
    item = {"url": "a", "text": STORM, "published": "2026-01-32"}
    location = str(tmp_path / "feed.db")

    strict = made(DEDUPE_NEWS_INDEX=location, DEDUPE_NEWS_ON_INVALID="raise")
    strict.open_spider()
    with pytest.raises(dn.InputError, match=r"no date that can be .*DEDUPE_NEWS_DATE_FORMAT = "):
        strict.process_item(item)
    strict.close_spider()
    careful = made(DEDUPE_NEWS_INDEX=location, DEDUPE_NEWS_ON_INVALID="drop")
    careful.open_spider()
    assert careful.process_item(item) is item
    assert careful.process_item({**item, "published": "2026-01-02T03:04:05"})["url"] == "a"
    careful.close_spider()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "the setting DEDUPE_NEWS_INDEX is missing: say where the index is kept"),
        ({"DEDUPE_NEWS_ACTION": "delete"}, "'delete' is not known; allowed are 'drop', 'tag'"),
        ({"DEDUPE_NEWS_FIELDS": {"body": "b"}}, "has the key 'body'; allowed are 'id', 'title'"),
        ({"DEDUPE_NEWS_FIELDS": {"text": 3}}, r"\['text'\]=3 names no field; pass its name"),
        ({"DEDUPE_NEWS_FIELDS": {"id": None}}, "leaves items without an id"),
        ({"DEDUPE_NEWS_FIELDS": "text=body"}, "FIELDS='text=body' is no dictionary"),
        ({"DEDUPE_NEWS_CONFIG": {"treshold": 1}}, "unknown setting 'treshold'"),
        ({"DEDUPE_NEWS_CONFIG": {"window": 3600}}, "window=3600 is a number without a unit"),
        ({"DEDUPE_NEWS_ON_INVALID": "skip"}, "on_invalid='skip' is not known"),
        ({"DEDUPE_NEWS_TIMEZONE": "Mars"}, "timezone='Mars' is no time zone"),
    ],
)
def test_settings_are_checked_before_the_crawl(settings: dict[str, object], message: str) -> None:
    """Each with what is allowed."""
    location = {"DEDUPE_NEWS_INDEX": "feed.db"} if settings else {}

    with pytest.raises(dn.ConfigError, match=message):
        made(**location, **settings)


def test_a_crawler_without_statistics_is_refused() -> None:
    """Scrapy gives them before it makes pipelines."""
    crawler = Crawler({"DEDUPE_NEWS_INDEX": "feed.db"}, has_stats=False)

    with pytest.raises(dn.ConfigError, match="has no statistics yet"):
        DedupeNewsPipeline.from_crawler(crawler)  # type: ignore[arg-type]


def test_items_before_the_spider_is_open_are_refused() -> None:
    """And closing what was never open is nothing."""
    pipeline = made(DEDUPE_NEWS_INDEX="feed.db")

    with pytest.raises(StoreClosedError, match="call open_spider first"):
        pipeline.process_item({"url": "a", "text": STORM})
    pipeline.close_spider()


def test_without_scrapy_the_extra_is_named() -> None:
    """The message says what to install."""
    code = (
        "import sys; sys.modules['scrapy'] = None\n"
        "import dedupe_news as dn\n"
        "try:\n    import dedupe_news.integrations.scrapy\n"
        "except dn.MissingDependencyError as error:\n    print(error)"
    )

    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert "pip install 'dedupe-news[scrapy]'" in done.stdout


class Crawl:
    """A crawl of the example project, in a process of its own."""

    def __init__(self, folder: Path, urls: list[str], *settings: str) -> None:
        self.output = folder / "items.jsonl"
        chosen = [part for setting in settings for part in ("-s", setting)]
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and arguments
            [
                sys.executable, "-m", "scrapy", "crawl", "feeds", "-a", f"urls={','.join(urls)}",
                "-s", "TELNETCONSOLE_ENABLED=0", "-O", str(self.output), *chosen,
            ],
            cwd=folder,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            # Compiled in any case: kernels as plain Python are slow.
            env={**os.environ, "NUMBA_DISABLE_JIT": "0", "PYTHONUTF8": "1"},
        )  # fmt: skip

    def end(self) -> tuple[list[dict[str, Any]], str]:
        """Wait for its end, and return items and log."""
        _, log = self.process.communicate(timeout=LONGEST_WAIT_S)
        if not self.output.exists():
            return [], log
        lines = self.output.read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines], log


@pytest.fixture
def server() -> Iterator[NewsServer]:
    """Serve feeds."""
    with NewsServer().running() as running:
        yield running


@pytest.fixture
def project(root: Path, tmp_path: Path) -> Path:
    """Return a copy of the example."""
    return shutil.copytree(root / "examples" / "scrapy_news", tmp_path / "project")


def test_the_second_crawl_yields_what_is_new(project: Path, server: NewsServer) -> None:
    """Items of the first crawl, and copies of them under other names, are dropped."""
    post, times = server.url("/post"), server.url("/times")
    server.serve("/post", rss("Post", [Item("a", "Storm", STORM), Item("b", "Vote", VOTE)]))

    first, log = Crawl(project, [post]).end()
    fresh = Item("d", "Bridge", "Engineers opened the new bridge across the strait of Valmer.")
    server.serve("/times", rss("Times", [Item("c", "Storm", STORM + " ..."), fresh]))
    second, second_log = Crawl(project, [post, times]).end()

    assert sorted(item["url"] for item in first) == ["a", "b"], log
    assert "'dedupe_news/new': 2" in log
    assert [item["url"] for item in second] == ["d"], second_log
    assert "'dedupe_news/seen': 2" in second_log
    assert "'dedupe_news/duplicates': 1" in second_log


def test_a_crawl_that_tags_yields_everything(project: Path, server: NewsServer) -> None:
    """A crawl that tags yields everything, with what it repeats, also from an earlier crawl."""
    server.serve("/post", rss("Post", [Item("a", "Storm", STORM), Item("b", "Vote", VOTE)]))
    server.serve("/times", rss("Times", [Item("c", "Storm", STORM + " ...")]))

    Crawl(project, [server.url("/post")], "DEDUPE_NEWS_ACTION=tag").end()
    (item,), log = Crawl(project, [server.url("/times")], "DEDUPE_NEWS_ACTION=tag").end()

    assert (item["url"], item["duplicate_of"]) == ("c", "a"), log


def test_a_killed_crawl_is_continued(project: Path, server: NewsServer) -> None:
    """The index opens again, has each item at most once, and copies are known."""
    items = [
        Item(str(n), f"Report {n:03}", f"Village {n * 7919} counted {n * 104729} trees, said {n}")
        for n in range(200)
    ]
    urls = [server.url("/post"), server.url("/times")]
    server.serve("/post", rss("Post", items))
    held = server.serve("/times", rss("Times", [Item("b", "Vote", VOTE)]), held=True)
    crawl = Crawl(project, urls, "LOG_LEVEL=DEBUG")
    assert crawl.process.stderr is not None
    while "Scraped from" not in crawl.process.stderr.readline():
        assert crawl.process.poll() is None

    crawl.process.kill()
    crawl.process.communicate()
    held.released.set()
    with dn.NewsIndex.open(project / "feed.db", read_only=True) as index:
        known = set(index)
    second, log = Crawl(project, urls).end()

    assert crawl.process.returncode == -signal.SIGKILL
    assert known
    assert {item["url"] for item in second} == {item.name for item in items} - known | {"b"}, log


def test_a_wrong_setting_ends_the_crawl_with_our_words(project: Path, server: NewsServer) -> None:
    """Before anything is fetched."""
    server.serve("/post", rss("Post", []))

    _, log = Crawl(project, [server.url("/post")], "DEDUPE_NEWS_ACTION=delete").end()

    assert "DEDUPE_NEWS_ACTION='delete' is not known; allowed are 'drop', 'tag'" in log
    assert server.asked == []
