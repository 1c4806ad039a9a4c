"""Feeds as the libraries, services and programs that users have make them."""

from __future__ import annotations

import bz2
import csv
import datetime as dt
import gzip
import io
import json
import lzma
import time
from typing import TYPE_CHECKING, Any

import feedparser
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import dedupe_news as dn
from command_line import Ended, runner
from dedupe_news._engine import outofcore
from dedupe_news._input.names import NAMES, find_name
from dedupe_news._input.reading import read_documents
from dedupe_news._input.rules import reading
from dedupe_news.documents import Choices
from dedupe_news.integrations import interop

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dedupe_news._input.rules import OnInvalid

TITLE = "Ferry landing closes"
TEXT = "Inspectors found the piers of the old landing rotten, the mayor said on Monday."
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)
URL = "https://post.example/ferry"
USUAL = ("published", "source", "title", "text")


def rss(*items: str) -> str:
    """Return an RSS feed."""
    return f"<rss version='2.0'><channel><title>News</title>{''.join(items)}</channel></rss>"


RSS_ITEM = (
    f"<item><guid>{URL}</guid><title>{TITLE}</title><description>{TEXT}</description>"
    "<source url='https://x.example'>Velden Post</source>"
    "<pubDate>Mon, 02 Mar 2026 12:00:00 GMT</pubDate></item>"
)
ATOM = (
    "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title><entry>"
    f"<id>{URL}</id><title>{TITLE}</title><content type='html'>{TEXT}</content>"
    "<updated>2026-03-02T12:00:00Z</updated></entry></feed>"
)
NEWS_API = {
    "status": "ok",
    "totalResults": 1,
    "articles": [
        {
            "source": {"id": None, "name": "Velden Post"}, "author": None, "title": TITLE,
            "description": TEXT, "url": URL, "urlToImage": None,
            "publishedAt": "2026-03-02T12:00:00Z", "content": "Inspectors … [+1234 chars]",
        }
    ],
}  # fmt: skip
FEEDS: dict[str, Any] = {
    "feedparser, entries": feedparser.parse(rss(RSS_ITEM)).entries,
    "feedparser, result": feedparser.parse(rss(RSS_ITEM)),
    "feedparser, Atom": feedparser.parse(ATOM),
    "feedparser, frame": pd.DataFrame(feedparser.parse(rss(RSS_ITEM)).entries),
    "feedparser, through JSON": json.loads(json.dumps(feedparser.parse(rss(RSS_ITEM)).entries)),
    "NewsAPI": NEWS_API,
    "GNews": {
        "totalArticles": 1,
        "articles": [
            {
                "title": TITLE, "description": TEXT, "content": TEXT, "url": URL, "image": URL,
                "publishedAt": "2026-03-02T12:00:00Z",
                "source": {"name": "Velden Post", "url": "https://x.example"},
            }
        ],
    },
    "gnews, Python": [
        {
            "title": TITLE, "description": TEXT, "url": URL,
            "published date": "Mon, 02 Mar 2026 12:00:00 GMT",
            "publisher": {"href": "https://x.example", "title": "Velden Post"},
        }
    ],
    "mediastack": {
        "pagination": {"limit": 25},
        "data": [
            {
                "author": "Staff", "title": TITLE, "description": TEXT, "url": URL,
                "source": "Velden Post", "category": "general", "language": "en",
                "published_at": "2026-03-02T12:00:00+00:00",
            }
        ],
    },
    "newsdata.io": {
        "status": "success",
        "results": [
            {
                "article_id": "a1", "title": TITLE, "link": URL, "description": TEXT,
                "pubDate": "2026-03-02 12:00:00", "pubDateTZ": "UTC", "source_id": "velden",
                "source_name": "Velden Post",
            }
        ],
    },
    "Event Registry": {
        "articles": {
            "results": [
                {
                    "uri": "7", "title": TITLE, "body": TEXT, "url": URL,
                    "dateTime": "2026-03-02T12:00:00Z", "source": {"title": "Velden Post"},
                }
            ],
            "totalResults": 1,
        }
    },
    "New York Times": {
        "response": {
            "docs": [
                {
                    "_id": "nyt://1", "headline": {"main": TITLE, "kicker": None},
                    "abstract": TEXT, "web_url": URL, "pub_date": "2026-03-02T12:00:00+0000",
                    "source": "Velden Post",
                }
            ]
        }
    },
    "JSON Feed": {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "News",
        "description": "Of the town",
        "items": [
            {"id": URL, "title": TITLE, "content_text": TEXT,
             "date_published": "2026-03-02T13:00:00+01:00"}
        ],
    },
    "WordPress": [
        {
            "id": 7, "date_gmt": "2026-03-02T12:00:00", "date": "2026-03-02T12:00:00", "link": URL,
            "title": {"rendered": TITLE}, "content": {"rendered": TEXT, "protected": False},
        }
    ],
    "xmltodict": {
        "rss": {
            "channel": {
                "title": "News",
                "item": [
                    {
                        "title": TITLE, "description": TEXT, "link": URL,
                        "guid": {"@isPermaLink": "true", "#text": URL},
                        "pubDate": "Mon, 02 Mar 2026 12:00:00 GMT",
                        "source": {"@url": "https://x.example", "#text": "Velden Post"},
                    }
                ],
            }
        }
    },
    "newspaper4k": [
        {
            "title": TITLE, "text": TEXT, "summary": "", "url": URL, "source_url": "https://x",
            "publish_date": "2026-03-02 12:00:00+00:00", "authors": ["Staff"], "keywords": [],
        }
    ],
    "news-please": [
        {
            "title": TITLE, "maintext": TEXT, "description": "", "url": URL,
            "date_publish": "2026-03-02 12:00:00", "source_domain": "post.example",
        }
    ],
    "trafilatura": [
        {
            "title": TITLE, "text": TEXT, "raw_text": TEXT, "url": URL, "date": "2026-03-02",
            "hostname": "post.example", "source-hostname": "Velden Post", "sitename": "Velden Post",
        }
    ],
    "GDELT": {
        "articles": [
            {
                "url": URL, "title": TITLE, "seendate": "20260302T120000Z",
                "domain": "post.example", "language": "English",
            }
        ]
    },
    "Twitter": [
        {"id": 1, "text": TEXT, "created_at": "Mon Mar 02 12:00:00 +0000 2026",
         "entities": {"urls": []}, "data": [{"text": "another"}]}
    ],
    "MongoDB": [
        {"_id": {"$oid": "65e3"}, "title": TITLE, "body": TEXT,
         "published": {"$date": "2026-03-02T12:00:00Z"}}
    ],
    "Excel, pandas": pd.DataFrame(
        {"ID": [1], "Title": [TITLE], "Text": [TEXT], "Date": [pd.Timestamp(NOON)],
         "Unnamed: 4": [np.nan]}
    ),
    "pandas, epoch": pd.DataFrame(
        {"headline": [TITLE], "body": [TEXT], "timestamp": [int(NOON.timestamp())]}
    ),
    "pandas, period index": pd.DataFrame(
        {"headline": [TITLE], "body": [TEXT], "date": [NOON]}, index=pd.Index(["x"], name="key")
    ),
    "polars, milliseconds": pl.DataFrame(
        {"headline": [TITLE], "summary": [TEXT], "updated_at": [int(NOON.timestamp() * 1000)]}
    ),
    "polars, nested": pl.DataFrame(
        {"title": [TITLE], "text": [TEXT], "source": [{"name": "Velden Post", "id": None}]}
    ),
    "arrow, nested": pa.table(
        {"title": [TITLE], "text": [TEXT], "source": [{"name": "Velden Post", "id": "v"}]}
    ),
    "struct_time": [{"title": TITLE, "summary": TEXT, "published_parsed": NOON.utctimetuple()}],
}  # fmt: skip


@pytest.mark.parametrize("name", list(FEEDS))
def test_feeds_are_read_as_they_are(name: str) -> None:
    """Without a word on where what is; none of their values is passed over."""
    result = dn.cluster(FEEDS[name], timezone="UTC", progress=False)

    columns = result.columns
    assert len(result) == 1
    assert not result.skipped
    has_text = name != "GDELT"
    assert columns.content(0).endswith(TEXT if has_text else TITLE)
    assert columns.titled == (has_text and name != "Twitter")
    if "published" in result.columns_used:
        moment = columns.published_at(0)
        assert moment in (NOON, NOON.replace(hour=0))
    if "source" in result.columns_used:
        assert columns.source_of(0) in ("Velden Post", "post.example")
    assert {"text"} <= set(result.columns_used)


@pytest.mark.parametrize("role", list(NAMES))
def test_names_are_found_however_they_are_written(role: str) -> None:
    """In any case, with blanks, hyphens and underscores, with a prefix of XML."""
    for name in NAMES[role]:
        words = name.split("_")
        camel = words[0] + "".join(map(str.title, words[1:]))
        for written in (name, camel, name.upper(), " ".join(words), "-".join(words), f"dc:{name}"):
            assert find_name(role, ["x", written]) == written


def test_the_first_name_of_the_table_is_taken() -> None:
    """And never a column that was named for another role."""
    feed = {"body": ["b"], "text": ["t"], "guid": ["g"], "url": ["u"]}

    assert read_documents(feed).used == {"text": "text", "id": "guid"}
    assert read_documents(feed, source="text", id=None).used == {"source": "text", "text": "body"}


def test_columns_can_be_opted_out_of() -> None:
    """None is no column, whatever there is."""
    feed = [{"id": 1, "title": "A", "text": "b", "source": "c", "published": "2026-03-02T12:00Z"}]
    columns = read_documents(feed, id=None, title=None, source=None, published=None)

    assert columns.used == {"text": "text"}
    assert (columns.ids, columns.sources, columns.published) == (None, None, None)
    assert read_documents(feed, text=None).content(0) == "A"


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("published", ["soon", "2026-03-02T12:00Z"]),
        ("pubDate", ["2026-03-02T12:00", None]),
        ("id", [1, 1]),
        ("guid", [None, "x"]),
        ("url", [["x"], "y"]),
        ("outlet", [7, 8]),
        ("headline", [b"x", "y"]),
    ],
)
def test_columns_found_by_name_stop_nothing(column: str, values: list[object]) -> None:
    """A warning says so, and what was passed over is reported."""
    feed = {"text": ["a b", "c d"], column: values}

    with pytest.warns(dn.InputWarning, match=f"^the column '{column}', found by its name, holds"):
        result = dn.cluster(feed, progress=False)

    assert len(result) == 2
    assert len(result.skipped) in (1, 2)
    assert result.skipped.examples[0].column == column
    role = next(role for role in NAMES if find_name(role, [column]) is not None)
    named: dict[str, Any] = {role: column}
    none: dict[str, Any] = {role: None}
    with pytest.raises(dn.DedupeNewsError, match="of document"):
        dn.cluster(feed, progress=False, **named)
    dn.cluster(feed, progress=False, **none)


ODD = [
    {"id": "a", "text": "rain floods the town", "published": "2026-03-02T12:00Z"},
    {"id": "b", "text": "sun at last", "published": "2026-02-30"},
    {"id": "a", "text": "rain floods the town", "published": None},
    {"id": None, "text": "snow falls", "published": "2026-03-02T12:00Z", "source": 3},
    {"id": "e", "text": 5, "published": "2026-03-02T12:00Z"},
    "no item",
]


def test_what_cannot_be_read_can_count_as_missing() -> None:
    """All items stay, and their numbers stand for ids that cannot be used."""
    result = dn.cluster(ODD, on_invalid="ignore", progress=False)

    assert result.columns.ids == ["a", "b", "#2", "#3", "e", "#5"]
    assert result.labels.tolist() == [0, 1, 0, 2, 3, 4]
    assert sum(result.skipped.counts.values()) == len(result.skipped) == 7
    assert result.skipped.n_dropped == 0
    assert "document 1: published is '2026-02-30', which is no date" in str(result.skipped)


def test_items_with_what_cannot_be_read_can_be_left_out() -> None:
    """The others keep their ids and their order; rows say where they were."""
    result = dn.cluster(ODD, on_invalid="drop", progress=False)

    assert list(result.columns.ids or ()) == ["a"]
    assert result.columns.rows is not None
    assert result.columns.rows.tolist() == [0]
    assert result.skipped.n_dropped == 5
    unnamed = dn.cluster(ODD, id=None, source=None, on_invalid="drop", progress=False)
    assert unnamed.to_dict()["id"] == [0, 2, 3]


def test_bottomless_values_are_refused_in_our_words() -> None:
    """Texts and times within others without end, as a program gone wrong makes them."""
    text: list[Any] = []
    time_: dict[str, Any] = {}
    for _ in range(100_000):
        text, time_ = [text], {"$date": time_}
    with pytest.raises(dn.InputTypeError, match="of type 'list' and no text"):
        dn.cluster([{"text": text}], progress=False)
    with pytest.raises(dn.InputTypeError, match="of type 'list' and no text"):
        dn.cluster([dn.Document(text)], progress=False)  # type: ignore[arg-type]
    with pytest.raises(dn.InputTypeError, match="of type 'dict' and no time"):
        dn.cluster([{"text": "x", "seen": time_}], published="seen", progress=False)


@pytest.mark.parametrize("on_invalid", ["ignore", "drop"])
def test_feeds_in_parts_are_passed_over_as_at_once(on_invalid: OnInvalid) -> None:
    """With the same report, and the same positions."""
    choices = Choices(id=None, title=None, text="text", source=None, published="published")
    with reading(on_invalid=on_invalid):
        at_once = read_documents(ODD, **choices)
        with outofcore.opened(iter(ODD), choices, dn.Config(), "8GB", None, 1, 2) as (parts, _):
            contents = [parts.content(position) for position in range(len(parts))]

    assert contents == [at_once.content(position) for position in range(len(at_once))]
    assert parts.skipped.counts == at_once.skipped.counts
    assert set(parts.skipped.examples) == set(at_once.skipped.examples)
    assert parts.skipped.n_dropped == at_once.skipped.n_dropped


def test_rows_of_pandas_keep_their_labels() -> None:
    """Those that are left."""
    feed = pd.DataFrame(
        {"text": ["a b", "c d", "e f"], "published": ["soon", None, "2026-03-02T12:00Z"]},
        index=["x", "y", "z"],
    )
    result = dn.cluster(feed, on_invalid="drop", progress=False)

    assert result.to_frame().index.tolist() == ["y", "z"]


@pytest.mark.parametrize("on_invalid", ["ignore", "drop"])
def test_an_index_takes_the_same(on_invalid: Any) -> None:  # noqa: ANN401 - one of three words
    """But for documents without an id of their own, which are left out in any case."""
    index = dn.NewsIndex()
    added = index.add_many(ODD, on_invalid=on_invalid, timezone="UTC")

    assert list(index) == (["a", "b", "e"] if on_invalid == "ignore" else ["a"])
    assert len(added) == len(ODD)
    assert added.skipped.n_dropped == len(ODD) - len(index)
    with pytest.raises(dn.DedupeNewsError):
        index.add_many(ODD)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (pd.DataFrame([["x", "a b"], ["y", "c d"]]), {"id": 0, "text": 1}),
        (pd.DataFrame({("id", "x"): ["x", "y"], ("text", "y"): ["a b", "c d"]}),
         {"id": ("id", "x"), "text": ("text", "y")}),
        (pd.DataFrame(["a b", "c d"]), {}),
        ({0: ["a b", "c d"], 1: ["x", "y"]}, {"text": 0, "id": 1}),
        ([{1: "a b"}, {1: "c d"}], {"text": 1}),
        (np.array([("x", "a b")], dtype=[("id", "O"), ("text", "O")])["text"], {}),
    ],
    ids=["numbers", "tuples", "one column", "dict", "mappings", "records"],
)  # fmt: skip
def test_names_may_be_numbers_and_tuples(table: object, named: dict[str, Any]) -> None:
    """A table of one column needs none."""
    assert read_documents(table, **named).content(0) == "a b"


@pytest.mark.parametrize(
    ("feed", "named"),
    [
        (pd.DataFrame([["x", "a b"]]), {}),
        (pd.DataFrame([["x", "a b"]]), {"text": 2}),
        (pd.DataFrame({("text", "x"): ["a"], ("text", "y"): ["b"]}), {"text": "text"}),
        ({f"item {n}": "a text of some length" for n in range(10_000)}, {}),
        ({"text": "one item", "title": "x"}, {}),
        ([("id", "text")], {}),
        ([{f"key {n}": "x" for n in range(10_000)}], {}),
        (dict.fromkeys(range(10_000), "x"), {}),
    ],
    ids=["no name", "no such number", "half a tuple", "texts by id", "one item", "tuples", "wide",
         "numbers"],
)  # fmt: skip
def test_what_is_no_feed_is_refused_in_a_line(feed: object, named: dict[str, Any]) -> None:
    """However large it is."""
    with pytest.raises((dn.ColumnError, dn.InputTypeError)) as refused:
        dn.cluster(feed, progress=False, **named)

    assert len(str(refused.value)) < 700


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Ended]:
    """Return a function that runs the command line in an empty folder, in this process."""
    return runner(capsys, monkeypatch, tmp_path)


RECORDS = [
    {"id": "a", "title": "Sturm über Ö", "text": "The dikes held in the night."},
    {"id": "b", "title": "Mayor", "text": "A new one was chosen: 4;000 votes, no less."},
]


def table(delimiter: str = ",", before: str = "") -> str:
    """Return the records as a table."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(RECORDS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(RECORDS)
    return before + out.getvalue()


LINES = "\n".join(json.dumps(record, ensure_ascii=False) for record in RECORDS)
FILES = {
    "array.json": json.dumps(RECORDS).encode(),
    "pretty.json": json.dumps(RECORDS, indent=2).encode(),
    "pretty_objects.json": "\n".join(json.dumps(r, indent=2) for r in RECORDS).encode(),
    "envelope.json": json.dumps({"status": "ok", "articles": RECORDS}).encode(),
    "pretty_envelope.json": json.dumps({"status": "ok", "items": RECORDS}, indent=1).encode(),
    "array_of_lines.json": f"[\n{json.dumps(RECORDS[0])},\n{json.dumps(RECORDS[1])}\n]\n".encode(),
    "array.jsonl": json.dumps(RECORDS).encode(),
    "commas.json": (json.dumps(RECORDS[0]) + ",\n" + json.dumps(RECORDS[1])).encode(),
    "no_suffix": json.dumps(RECORDS, indent=2).encode(),
    "utf16.jsonl": LINES.encode("utf-16"),
    "utf16_be.jsonl": b"\xfe\xff" + LINES.encode("utf-16-be"),
    "unmarked.jsonl": LINES.encode("utf-16-le"),
    "excel_unicode.txt.csv": table("\t").encode("utf-16"),
    "cp1252.csv": table(";").encode("cp1252"),
    "sep.csv": table(";", "sep=;\r\n").encode(),
    "sep_bom.csv": ("\ufeff" + table(";", "sep=;\r\n")).encode(),
    "bars.csv": table("|").encode(),
    "trailing.csv": table().replace("\r\n", ",,\r\n").replace("text,,", "text").encode(),
    "bz2.csv.bz2": bz2.compress(table().encode()),
    "xz.jsonl.xz": lzma.compress(LINES.encode()),
    "gz.json.gz": gzip.compress(json.dumps(RECORDS, indent=2).encode()),
    "nul.csv": table().replace("dikes", "di\0kes").encode(),
    "control.jsonl": LINES.replace("dikes", "di\tkes").encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", list(FILES))
def test_files_are_read_as_they_come(run: Callable[..., Ended], tmp_path: Path, name: str) -> None:
    """Arrays and answers of servers, any delimiter, encoding and compression."""
    (tmp_path / name).write_bytes(FILES[name])

    ended = run("cluster", name, "--output", "out.jsonl")

    assert (ended.code, "not read" in ended.err) == (0, False), ended.err
    rows = (tmp_path / "out.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    assert [json.loads(row)["id"] for row in rows] == ["a", "b"]


def test_lines_of_another_encoding_are_said(run: Callable[..., Ended], tmp_path: Path) -> None:
    """They are read as Windows-1252, or as is said."""
    (tmp_path / "feed.csv").write_bytes("id,text\n1,Zażółć €\n".encode("cp1250"))

    guessed = run("cluster", "feed.csv")
    told = run("cluster", "feed.csv", "--encoding", "cp1250")

    assert "1 line is not UTF-8 and read as Windows-1252, the first is line 2" in guessed.err
    assert "UTF-8" not in told.err
    assert told.code == guessed.code == 0


def test_lines_that_are_no_items_are_passed_over(run: Callable[..., Ended], tmp_path: Path) -> None:
    """With their numbers; the last of a file that is being written is cut off."""
    lines = ['{"id": 1, "text": "a b"}', "[]", '{"id": 3, "text"', '{"id": 4, "text": "c d"}', "7"]
    (tmp_path / "feed.jsonl").write_text("\n".join(lines), encoding="utf-8")

    ended = run("cluster", "feed.jsonl")
    strict = run("cluster", "feed.jsonl", "--on-invalid", "raise")

    assert [row["id"] for row in ended.rows] == [1, 4]
    assert "dedupe-news: 3 values were not read" in ended.err
    for number in (2, 3, 5):
        assert f"feed.jsonl, line {number} is " in ended.err
    assert (strict.code, strict.out) == (2, "")
    assert "feed.jsonl, line 2 is a JSON array, not an object" in strict.err


def test_the_command_line_passes_over_and_says_so(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    """Counts by column and reason, and the lines of the first."""
    rows = [{"id": n, "text": f"item {n} of the day", "published": "2026-03-02"} for n in range(9)]
    rows[4]["published"] = "soon"
    rows[6]["id"] = 5
    (tmp_path / "feed.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    ended = run("cluster", "feed.jsonl")
    dropped = run("cluster", "feed.jsonl", "--on-invalid", "drop")

    assert [row["id"] for row in ended.rows] == [0, 1, 2, 3, 4, 5, 5, 7, 8]
    assert "feed.jsonl, line 5: published is 'soon', which is no date that can be re" in ended.err
    assert "feed.jsonl, line 7: id is 5, which is that of feed.jsonl, line 6 already" in ended.err
    assert "times without a zone are taken as UTC; --timezone says otherwise" in ended.err
    assert [row["id"] for row in dropped.rows] == [0, 1, 2, 3, 5, 7, 8]
    assert "2 values were not read; 2 items were left out" in dropped.err
    kept = run("dedupe", "feed.jsonl", "--on-invalid", "drop", "--keep", "text")
    assert [row["id"] for row in kept.rows] == [0, 1, 2, 3, 5, 7, 8]


@pytest.mark.parametrize("name", ["feed.jsonl", "feed.csv", "feed.parquet"])
def test_rows_that_are_left_out_are_not_written(
    run: Callable[..., Ended], tmp_path: Path, name: str
) -> None:
    """The others are written with their own values, whatever the format."""
    rows = [{"id": f"i{n}", "text": f"item {n} of the day", "date": "2026-03-02"} for n in range(5)]
    rows[1]["date"] = rows[3]["date"] = "soon"
    frame = pd.DataFrame(rows)
    if name.endswith("jsonl"):
        frame.to_json(tmp_path / name, orient="records", lines=True)
    elif name.endswith("csv"):
        frame.to_csv(tmp_path / name, index=False)
    else:
        frame.to_parquet(tmp_path / name)

    options = ("--on-invalid", "drop", "--timezone", "UTC")
    clustered = run("cluster", name, *options, "--output", "out.parquet")
    kept = run("dedupe", name, *options, "--keep", "text")

    assert clustered.code == 0
    written = pd.read_parquet(tmp_path / "out.parquet")
    assert written["text"].tolist() == [rows[n]["text"] for n in (0, 2, 4)]
    assert written["kept"].all()
    assert kept.rows == [rows[n] for n in (0, 2, 4)]


def test_zones_and_orders_can_be_said(run: Callable[..., Ended], tmp_path: Path) -> None:
    """They decide which of two is the earlier."""
    rows = [
        {"id": "late", "text": "rain floods the old town", "date": "03/04/2026 00:30"},
        {"id": "early", "text": "rain floods the old town", "date": "2026-04-02T23:00:00Z"},
    ]
    (tmp_path / "feed.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    def kept(*arguments: str) -> set[str]:
        rows = run("cluster", "feed.jsonl", *arguments).rows
        return {row["id"] for row in rows if row["kept"]}

    assert kept("--date-format", "dmy") == {"early"}
    assert kept("--date-format", "dmy", "--timezone", "Europe/Berlin") == {"late"}
    assert kept("--date-format", "mdy") == {"late"}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("feeds.opml", b"<?xml version='1.0'?><opml/>", "is XML: an OPML file lists feeds and"),
        ("feed.xml", b"<rss version='2.0'/>", "is XML: an OPML file lists feeds and holds no"),
        ("book.csv", b"PK\x03\x04" + b"\0" * 40, "an Excel workbook; unpack it, or save it as CSV"),
        ("cut.json", b'[\n{"text": "a"},\n{"text": ', "cut.json, line 3 is not JSON: Expecting"),
        ("open.json", b'[\n{"text": "a"}\n', "open.json, line 3 is not JSON: the array is not clo"),
        ("comma.json", b'[{"text": "a"} {"text": "b"}]', "a comma is missing at column 16"),
        ("deep.json", b'{"text": "a", "x": ' + b"[" * 100_000, "deep.json, line 1 is not JSON: "),
        ("long.json", b'[{"text": 1' + b"0" * 5000 + b"}]", "long.json, line 1 is not JSON: Exce"),
    ],
)
def test_what_is_no_feed_is_said_in_a_line(
    run: Callable[..., Ended], tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """With what helps."""
    (tmp_path / name).write_bytes(content)

    ended = run("cluster", name, "--on-invalid", "raise")

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert message in ended.err


def test_names_of_files_may_be_anything(run: Callable[..., Ended]) -> None:
    """Also what no file can be called."""
    ended = run("cluster", "feed\0.jsonl")

    assert (ended.code, ended.err.count("\n")) == (2, 1)
    assert "cannot read 'feed\\x00.jsonl'" in ended.err


def test_cells_are_no_formulas(run: Callable[..., Ended], tmp_path: Path) -> None:
    """A spreadsheet would run them."""
    ids = ["=1+1", "+1", "-1", "@x", "\tx", "x=1", -5]
    lines = "\n".join(json.dumps({"id": each, "text": "a"}) for each in ids)

    run("cluster", "-", "--output", "out.csv", stdin=lines.encode())

    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        written = [row["id"] for row in csv.DictReader(file)]
    assert written == ["'=1+1", "+1", "-1", "'@x", "'\tx", "x=1", "-5"]


def test_parsed_times_of_the_standard_library_are_in_utc() -> None:
    """As feedparser has them, whatever the zone of the machine."""
    parsed = time.strptime("2026-03-02 12:00", "%Y-%m-%d %H:%M")

    assert read_documents([{"text": "a", "published": parsed}]).published_at(0) == NOON


@pytest.mark.parametrize("date_format", ["%", "%Q", "%d/%m/%Q", "day", "", "%-d.%m.%Y", 3])
def test_a_format_that_reads_no_date_is_refused(date_format: object) -> None:
    """Else every date of a feed would count as one that cannot be read."""
    with pytest.raises(dn.ConfigError, match=r"^date_format=.* is no format of dates; pass 'dmy'"):
        dn.cluster(["rain"], date_format=date_format, progress=False)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "call",
    [
        lambda item: dn.compare(item, item),
        lambda item: dn.NewsDeduplicator().fit([item]),
        lambda item: dn.fit_judge([{"id": "a", **item}], [("a", "b", "duplicate")]),
        lambda item: dn.NewsIndex().query_many([item]),
        lambda item: interop.signatures([item]),
    ],
    ids=["compare", "fit", "fit_judge", "query_many", "signatures"],
)
def test_remedies_are_those_of_the_call(call: Callable[[dict[str, Any]], object]) -> None:
    """What has no `on_invalid` does not advise it."""
    with pytest.raises(dn.InputTypeError, match=r"the text of document 0 is 7.* none$"):
        call({"text": 7})


@pytest.mark.parametrize("name", ["work\0folder", "\ud800", "x" * 5000])
def test_a_work_folder_that_no_path_can_name_is_refused(name: str) -> None:
    """As other paths are."""
    with pytest.raises(dn.InputError, match=r"^work_folder=.* path can"):
        dn.cluster(["rain"], work_folder=name, progress=False)
