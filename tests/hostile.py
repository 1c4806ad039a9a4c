"""
What a hostile feed may send, as a program: `python tests/hostile.py --texts 300000 --seed 1`.

Texts are drawn from a seed, in batches, and go through everything that reads a text; every tenth
batch through files, the command line and its other fields as well. Whatever is wrong raises here
with the seed of its batch, which `--first` and `--texts` repeat alone.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import io
import json
import random
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xxhash

import dedupe_news as dn
from dedupe_news import _text as text
from dedupe_news import cli

if TYPE_CHECKING:
    from collections.abc import Callable

BATCH = 1000
IN_FULL = 10
"""One batch in so many goes through files and the command line, too."""

FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
CONFIGS = (dn.Config(), dn.Config(policy="similar", threshold=0.4, shingle_size=2))
IN_MANY_SCRIPTS = """
storm harbour council mayor rain river bridge market U.S. 4,000 4000 5pm bn Sept. don't
Über straße Ħal İzmir ﬁre ½ ㎞ ① Ⅻ Москва выборы мэр العربية مدينة كيلو فارسی کتاب
नमस्ते दिल्ली क्षेत्र ภาษาไทย กรุงเทพ မြန်မာ ភាសា 東京都 台風が 北海道ガ ｶﾞｷﾞ 한국어 각 ㄱㅏ
ᄀᄀᄀ ཀི བོད 👍🏽 🇫🇷 👨\u200d👩\u200d👧 ÅÅ ﷺ עברית שלום ελλάδα Ἀθῆναι հայ ქართ ᏣᎳᎩ 𝔣𝔯𝔞𝔨 𐌀𐌁 𒀀𒁀 ൻ കി
"""
WORDS = tuple(IN_MANY_SCRIPTS.split())
MARKUP = (
    "<b>", "</b>", "<p>", "<br/>", "<script>alert(1)</script>", "<!--", "-->", "<![CDATA[", "]]>",
    "<img src=x onerror=alert(1)>", "<a href='", '">', "<", ">", "&", "&amp;", "&#x1F600;", "&#0;",
    "&#xD800;", "&#99999999999;", "&nbsp;", "&notanentity;", "&amp;amp;lt;", "</textarea>",
    "<style>p{}</style>", "{{7*7}}", "${7*7}", "\\u0000", "=1+1", "%s%n", "<svg/onload=alert(1)>",
)  # fmt: skip
FURNITURE = (
    "LONDON (Reuters) - ", "By Ann Lee\n", " [+1234 chars]", "…", "...", " - Example News",
    "https://t.co/AbC123 ", "http://example.com/?utm_source=x#", "BREAKING: ", "(12 comments)",
    "\nRead more", "10:45 ", "Published: ", "© 2026 ", "| The Post", "—", "•",
)  # fmt: skip
ODD = (
    *map(chr, (*range(0x0E), 0x1B, 0x7F, 0x85, 0xA0, 0xAD)),
    *"\u0301\u0345\u05b4\u200b\u200d\u200e\u202e\u2028\u2029\u2066\ufe0f\ufeff\ufffd\ufffe\uffff",
    *"\ud800\udc00\ud83d\U000e0001\U0010ffff\u3316\u1100\u11a8",
    "\r\n", "\n\n", "\x1b[31m", "\u0e48\u0e38",
)  # fmt: skip
SOURCES = (None, None, "", "The Post", "ex.com", "www.ex.co.uk", "<b>x</b>", "\x00", "東京 News")
# What the fields of an item hold that JSON can write, beside what they should hold.
ODD_VALUES: tuple[Any, ...] = (
    None, "", " ", "0", 0, -1, 1.5, 1e300, 10**30, True, [], ["a", "b"], [None], {}, {"title": "x"},
    {"$oid": "5f"}, {"value": {"value": "deep"}}, "\ud83d", "\x00", "<b>id</b>", "=1+1",
    float("nan"), float("inf"), "nan", "null", "https://ex.com/?utm_source=a#b",
)  # fmt: skip
ODD_DATES: tuple[Any, ...] = (
    "2026-01-05", "2026-13-45", "Mon, 05 Jan 2026 10:00:00 -0000", "05/06/2026", "0000-00-00",
    "2026-01-05T25:61:61Z", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00+14:00", 1767600000,
    1767600000123, -5, "yesterday", "2 hours ago", "2026-W01-1", "20260105", [2026, 1, 5, 1, 1, 1],
    [2026, 99, 5, 1, 1, 1, 0, 5, 0], "١٤/٠١/٢٠٢٦", "2026-01-05T10:00:00.123456789123Z", "1" * 400,
)  # fmt: skip


KINDS = (*["word"] * 60, *["markup"] * 8, *["furniture"] * 7, *["odd"] * 10, *["any"] * 5,
         *["run"] * 4, *["part"] * 6)  # fmt: skip
PIECES: dict[str, Callable[[random.Random], str]] = {
    "word": lambda draw: draw.choice(WORDS) + " ",
    "markup": lambda draw: draw.choice(MARKUP),
    "furniture": lambda draw: draw.choice(FURNITURE),
    "odd": lambda draw: draw.choice(ODD),
    "any": lambda draw: chr(draw.randrange(0x110000)),
    "run": lambda draw: chr(draw.randrange(0x300)) * draw.randrange(1, 5),
    "part": lambda draw: draw.choice(WORDS)[: draw.randrange(1, 4)],
}


def piece(draw: random.Random) -> str:
    """Return a few characters of any kind."""
    return PIECES[draw.choice(KINDS)](draw)


def edited(draw: random.Random, earlier: str) -> str:
    """Return a text with some of it cut off, replaced, repeated or moved."""
    at, stop = sorted(draw.choices(range(len(earlier) + 1), k=2))
    return draw.choice(
        (
            earlier,
            earlier[:stop] + "...",
            earlier[at:],
            earlier[:at] + piece(draw) + earlier[at:],
            earlier[:at] + earlier[stop:],
            earlier.upper(),
            f"<p>{earlier}</p>",
            piece(draw) + "\n" + earlier,
        )
    )


def draw_texts(draw: random.Random, n: int) -> list[str]:
    """Return hostile texts, some of them edits of others."""
    made: list[str] = []
    for _ in range(n):
        kind = draw.random()
        if kind < 0.4 and made:
            made.append(edited(draw, draw.choice(made[-50:])))
        elif kind < 0.998:
            made.append("".join(piece(draw) for _ in range(draw.choice((0, 1, 2, 8, 30, 60)))))
        else:
            made.append("".join(piece(draw) for _ in range(3)) * draw.choice((10, 1_000, 20_000)))
    return made


def draw_items(draw: random.Random, texts: list[str]) -> list[dict[str, Any]]:
    """Return items that carry the texts, with titles, sources and times, in order of time."""
    return [
        {
            "id": number,
            "text": each,
            "title": draw.choice((None, "", "".join(piece(draw) for _ in range(5)))),
            "source": draw.choice(SOURCES),
            "published": FIRST + dt.timedelta(minutes=7 * number),
        }
        for number, each in enumerate(texts)
    ]


def check_tokens(texts: list[str], sources: list[str | None], config: dn.Config) -> None:
    """Hold the tokens of texts against those on threads, those alone and the words shown."""
    encoded = [each.encode("utf-8", "replace") for each in texts]
    offsets = np.cumsum([0, *map(len, encoded)])
    buffer = np.frombuffer(b"".join(encoded), np.uint8)
    codes = text.source_codes(sources)
    tokens: Any = text.tokenize(buffer, offsets, config, *codes)
    threaded: Any = text.tokenize(buffer, offsets, config, *codes, n_jobs=3)
    assert all(np.array_equal(one, other) for one, other in zip(tokens, threaded, strict=True)), (
        "threads change tokens"
    )
    shown = text.places(texts, config, sources)
    assert np.array_equal(shown.hashes, tokens.hashes), "words shown are not those hashed"
    assert np.array_equal(shown.flags, tokens.flags), "words shown have other flags"
    assert np.array_equal(shown.offsets, tokens.offsets)
    hashes = [xxhash.xxh32_intdigest(word.encode()) for word in shown.clear()]
    assert hashes == tokens.hashes.tolist(), "a word in the clear has another hash"
    lengths = np.repeat([len(each) for each in texts], np.diff(shown.offsets))
    assert (shown.starts >= 0).all(), "a word begins before its text"
    assert (shown.starts < shown.stops).all(), "a word stands nowhere"
    assert (shown.stops <= lengths).all(), "a word ends behind its text"
    for at in range(0, len(texts), 25):
        alone = text.places([texts[at]], config, [sources[at]])
        row = slice(tokens.offsets[at], tokens.offsets[at + 1])
        assert np.array_equal(alone.hashes, tokens.hashes[row]), "alone a text has other tokens"
        assert np.array_equal(alone.flags, tokens.flags[row]), "alone a text has other flags"


def partition(result: dn.Clustering, ids: list[int]) -> set[frozenset[int]]:
    """Return clusters as sets of ids."""
    members: dict[int, set[int]] = {}
    for name, label in zip(ids, result.labels.tolist(), strict=True):
        members.setdefault(label, set()).add(name)
    return set(map(frozenset, members.values()))


def check_clusters(items: list[dict[str, Any]], config: dn.Config) -> dn.Clustering:
    """Hold the clusters of items against those of other ways to get them, and show them."""
    result = dn.cluster(items, config=config, n_jobs=1, progress=False)
    ids = [item["id"] for item in items]
    threaded = dn.cluster(items, config=config, n_jobs=3, progress=False)
    assert list(threaded.matches) == list(result.matches), "threads change matches"
    assert np.array_equal(threaded.labels, result.labels), "threads change clusters"
    assert np.array_equal(threaded.story_of, result.story_of), "threads change stories"
    assert np.array_equal(threaded.template_of, result.template_of), "threads change templates"
    backwards = dn.cluster(items[::-1], config=config, progress=False)
    assert partition(backwards, ids[::-1]) == partition(result, ids), "order changes clusters"
    str(result), repr(result), result.summary(), result._repr_html_()
    json.dumps(result.to_dict(), default=str)
    return result


def check_in_files(items: list[dict[str, Any]], result: dn.Clustering, folder: Path) -> None:
    """Hold a run in files against the result, and write everything that can be written."""
    on_disk = dn.cluster(items, config=result.config, work_folder=folder / "work", progress=False)
    assert np.array_equal(on_disk.labels, result.labels), "files change clusters"
    assert list(on_disk.matches) == list(result.matches), "files change matches"
    result.report(folder / "page.html")
    (folder / "page.html").read_text(encoding="utf-8")
    str(result.page(1)), result.page(1)._repr_html_()
    result.to_frame(), result.to_arrow()


def check_index(items: list[dict[str, Any]], result: dn.Clustering, folder: Path | None) -> None:
    """Hold an index by ones against one in batches, one in a file, and the batch."""
    one = dn.NewsIndex(result.config)
    many = dn.NewsIndex(result.config)
    answers = [one.add(**item) for item in items]
    half = len(items) // 3
    found = [*many.add_many(items[:half], n_jobs=1), *many.add_many(items[half:], n_jobs=3)]
    assert found == answers, "add_many answers otherwise than add"
    ids = [item["id"] for item in items]
    assert np.array_equal(one.cluster(progress=False).labels, result.labels), "index is no batch"
    asked = [item["text"] for item in items[::5]]
    queried = [one.query(each) for each in asked]
    assert list(many.query_many(asked, n_jobs=2)) == queried, "query_many is not query"
    if folder is None:
        return
    path, exported = folder / "feed.db", folder / "feed.jsonl"
    with dn.NewsIndex.open(path, result.config, durability="normal") as index:
        assert index.add_many(items) == answers, "a file answers otherwise"
    with dn.NewsIndex.open(path) as index:
        assert [index.query(each) for each in asked] == queried, "a reopened file answers otherwise"
        assert list(index.documents()) == list(one.documents()), "a file changes documents"
        assert [index.cluster_of(each) for each in ids] == [one.cluster_of(each) for each in ids]
        index.export_to(exported)
    back = dn.NewsIndex(result.config)
    back.import_from(exported)
    assert list(back.documents()) == list(one.documents()), "an export changes documents"


def check_compare(items: list[dict[str, Any]], draw: random.Random, config: dn.Config) -> None:
    """Explain pairs from both sides, which have the same figures."""
    for at in range(0, len(items), 25):
        a, b = ({k: v for k, v in item.items() if k != "id"}
                for item in (items[at], draw.choice(items)))  # fmt: skip
        there, back = dn.compare(a, b, config=config), dn.compare(b, a, config=config)
        assert there.jaccard == back.jaccard, "jaccard depends on the side"
        assert there.verdict == back.verdict, "a verdict depends on the side"
        str(there), repr(there), there._repr_html_()


def draw_fields(draw: random.Random, texts: list[str]) -> list[dict[str, Any]]:
    """Return items of which one in three has fields of any kind, or lacks some."""
    items = draw_items(draw, texts)
    for item in items:
        item["published"] = item["published"].isoformat()
        if draw.random() < 1 / 3:
            for name in draw.sample(sorted(item), draw.randrange(1, 4)):
                item[name] = draw.choice(ODD_DATES if name == "published" else ODD_VALUES)
                if draw.random() < 1 / 10:
                    del item[name]
    return items


def run_cli(*arguments: str) -> list[dict[str, Any]]:
    """Run the command line in this process; return the JSON Lines that it wrote."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = cli.main(arguments)
    assert code == 0, err.getvalue()
    out.seek(0)
    return [json.loads(line) for line in out]


def check_fields(items: list[dict[str, Any]], config: dn.Config, folder: Path) -> None:
    """Hold items of odd fields in a batch against the command line, and put them into an index."""
    named: dict[str, Any] = {name: name for name in ("id", "title", "text", "source", "published")}
    ignored = dn.cluster(
        items, config=config, on_invalid="ignore", timezone="UTC", progress=False, **named
    )
    assert len(ignored.labels) == len(items), "an item was lost"
    dropped = dn.cluster(
        items, config=config, on_invalid="drop", timezone="UTC", progress=False, **named
    )
    assert len(dropped.labels) + dropped.skipped.n_dropped == len(items), "an item was lost"
    with contextlib.suppress(dn.DedupeNewsError), warnings.catch_warnings():
        warnings.simplefilter("ignore", dn.InputWarning)
        dn.cluster(items, config=config, progress=False)  # one of ours, or none
    with dn.NewsIndex.open(folder / "fields.db", config, durability="normal") as index:
        added = index.add_many(
            items,
            on_invalid="ignore",
            timezone="UTC",
            **named,
        )
        assert len(added) == len(items) == len(index) + added.skipped.n_dropped
        kept = list(index)
        index.export_to(folder / "fields.jsonl")
    feed = folder / "feed.jsonl"
    feed.write_text("".join(json.dumps(item) + "\n" for item in items))
    settings = [f"--policy={config.policy}", "--quiet", f"--shingle-size={config.shingle_size}"]
    if config.policy == "similar":
        settings.append(f"--threshold={config.threshold}")
    rows = run_cli("cluster", str(feed), *settings, *(f"--{name}={name}" for name in named))
    groups: dict[int, set[int]] = {}
    for at, row in enumerate(rows):
        groups.setdefault(row["cluster"], set()).add(at)
    expected = partition(ignored, list(range(len(items))))
    assert set(map(frozenset, groups.values())) == expected, "the command line clusters otherwise"
    run_cli("report", str(feed), *settings, "--output", str(folder / "feed.html"))
    run_cli("index", "add", str(folder / "cli.db"), str(feed), *settings)
    run_cli("index", "check", str(folder / "cli.db"))
    with dn.NewsIndex.open(folder / "cli.db") as index:
        assert list(index) == kept, f"other ids by the command line: {set(index) ^ set(kept)}"


def check_batch(seed: int, n_texts: int) -> None:
    """Check one batch of texts in every way; every tenth in files too."""
    draw = random.Random(seed)  # noqa: S311 - made-up texts
    texts = draw_texts(draw, n_texts)
    items = draw_items(draw, texts)
    for config in CONFIGS:
        check_tokens(texts, [item["source"] for item in items], config)
        result = check_clusters(items, config)
        check_compare(items, draw, config)
        if seed % IN_FULL:
            check_index(items, result, None)
            continue
        with tempfile.TemporaryDirectory() as folder:
            check_in_files(items, result, Path(folder))
            check_index(items, result, Path(folder))
            check_fields(draw_fields(draw, texts), config, Path(folder))


def main() -> None:
    """Run batches, and end with a traceback at the first that is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=int, default=300_000)
    parser.add_argument("--first", type=int, default=0, help="seed of the first batch")
    parser.add_argument("--go-on", action="store_true", help="list what is wrong, and go on")
    chosen = parser.parse_args()
    wrong = 0
    for seed in range(chosen.first, chosen.first + -(-chosen.texts // BATCH)):
        try:
            check_batch(seed, BATCH)
        except Exception as error:
            sys.stdout.write(f"batch {seed}: {type(error).__name__}: {str(error)[:200]}\n")
            sys.stdout.flush()
            wrong += 1
            if not chosen.go_on:
                raise
        sys.stderr.write(f"batch {seed} ended\n")
    sys.stdout.write(f"{chosen.texts:,} texts, {wrong} batches with a fault\n")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
