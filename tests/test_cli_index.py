"""The commands on an index that stays."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING

import pytest

from command_line import Ended
from dedupe_news import NewsIndex, cli
from test_cli import MAYOR, RECORDS, STORM

if TYPE_CHECKING:
    from pathlib import Path

Capture = pytest.CaptureFixture[str]


def run(capsys: Capture, *arguments: str) -> Ended:
    """Run the command line in this process, its output in a pipe."""
    code = cli.main(arguments)
    out, err = capsys.readouterr()
    return Ended(code, out, err)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a feed."""
    monkeypatch.chdir(tmp_path)
    lines = "".join(json.dumps(record) + "\n" for record in RECORDS)
    (tmp_path / "monday.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


def added(capsys: Capture) -> Ended:
    """Add the feed to a new index."""
    return run(capsys, "index", "add", "feed.db", "monday.jsonl", "--window", "30 days")


def test_add_prints_what_matches_earlier_documents(folder: Path, capsys: Capture) -> None:
    """As the documentation shows."""
    done = added(capsys)

    assert done.code == 0
    assert done.rows == [
        {"id": "c", "match": "a", "relation": "exact", "probability": 1.0, "cluster": 0}
    ]
    assert done.err.splitlines()[-1] == (
        "dedupe-news: added 3 documents, of which 1 match earlier ones; 3 are in the index"
    )
    again = run(capsys, "index", "add", "feed.db", "monday.jsonl", "--quiet")
    assert again.err == ""
    assert (folder / "feed.db").exists()


def test_a_document_whose_id_cannot_be_kept_is_left_out(folder: Path, capsys: Capture) -> None:
    """A repeated one too, in place of which no number stands: that of another file is the same."""
    rows = [("a", STORM), (2.5, STORM), ("a", STORM), ("b", STORM)]
    lines = "".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in rows)
    (folder / "odd.jsonl").write_text(lines, encoding="utf-8")

    done = run(capsys, "index", "add", "feed.db", "odd.jsonl")

    assert done.code == 0
    assert [(row["id"], row["match"]) for row in done.rows] == [("b", "a")]
    assert "odd.jsonl, line 2: id is 2.5, which cannot be held by an index on disk" in done.err
    assert "odd.jsonl, line 3: id is 'a', which is that of odd.jsonl, line 1 already" in done.err
    assert "added 2 documents, of which 1 match earlier ones; 2 are in the index" in done.err


@pytest.mark.usefixtures("folder")
def test_query_finds_what_was_added(capsys: Capture) -> None:
    """Best first, with clusters."""
    added(capsys)
    wanted = ("--include", "related", "--include", "template")
    done = run(capsys, "index", "query", "feed.db", f"Storm {STORM}", "--limit", "1", *wanted)

    assert [(row["id"], row["cluster"]) for row in done.rows] == [("a", 0)]
    refused = run(capsys, "index", "query", "feed.db", STORM, "--include", "series")
    assert refused.code == 2
    assert "'series' is none of 'related', 'template'" in refused.err


@pytest.mark.usefixtures("folder")
def test_an_index_of_similarity_includes_nothing_else(capsys: Capture) -> None:
    """It knows duplicates alone."""
    run(capsys, "index", "add", "feed.db", "monday.jsonl", "--policy", "similar")

    refused = run(capsys, "index", "query", "feed.db", STORM, "--include", "related")

    assert (refused.code, refused.out) == (2, "")
    assert "--include related is read with --policy news only" in refused.err


@pytest.mark.usefixtures("folder")
def test_the_text_to_look_for_is_given_once(capsys: Capture, tmp_path: Path) -> None:
    """As an argument or in a file."""
    added(capsys)
    (tmp_path / "text.txt").write_text(f"Vote\n{MAYOR}", encoding="utf-8")

    done = run(capsys, "index", "query", "feed.db", "--text-file", "text.txt")
    assert [row["id"] for row in done.rows] == ["b"]
    refused = run(capsys, "index", "query", "feed.db")
    assert (refused.code, refused.out) == (2, "")
    assert "the text to look for is given once" in refused.err


@pytest.mark.usefixtures("folder")
def test_expire_removes_what_is_older(capsys: Capture) -> None:
    """Of a time with a zone."""
    added(capsys)
    done = run(capsys, "index", "expire", "feed.db", "--before", "2026-03-02T05:30Z")

    assert done.err == "dedupe-news: removed 2 documents; 1 are in the index\n"
    refused = run(capsys, "index", "expire", "feed.db", "--before", "2026-03-02T05:30")
    assert refused.code == 2
    assert "has no time zone" in refused.err


@pytest.mark.usefixtures("folder")
def test_stats_and_export_read_the_index(capsys: Capture, tmp_path: Path) -> None:
    """Settings among the figures."""
    added(capsys)
    stats = run(capsys, "index", "stats", "feed.db").out
    assert "n_documents          3\n" in stats
    assert "window               30 days\n" in stats

    done = run(capsys, "index", "export", "feed.db", "out.jsonl")
    assert done.err == "dedupe-news: wrote 3 documents to out.jsonl\n"
    assert len((tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.usefixtures("folder")
def test_what_is_not_there_is_refused(capsys: Capture) -> None:
    """Nothing is made by looking."""
    for command in (("stats", "no.db"), ("check", "no.db"), ("repair", "no.db", "out.db")):
        done = run(capsys, "index", *command)
        assert done.code == 2
        assert "there is no" in done.err
    added(capsys)
    assert "'feed.db' exists" in run(capsys, "index", "repair", "feed.db", "feed.db").err


def test_check_and_repair_rescue_what_is_whole(folder: Path, capsys: Capture) -> None:
    """And say what is lost."""
    added(capsys)
    whole = run(capsys, "index", "check", "feed.db")
    assert (whole.code, whole.err.splitlines()[-1]) == (0, "dedupe-news: nothing is wrong")

    connection = sqlite3.connect(folder / "feed.db")
    connection.execute("UPDATE events SET event = x'00' WHERE position = 1")
    connection.execute("UPDATE state SET value = x'00'")
    connection.commit()
    connection.close()
    damaged = run(capsys, "index", "check", "feed.db")
    assert damaged.code == 1
    assert damaged.err.splitlines() == [
        "dedupe-news: 2 documents are whole",
        "dedupe-news: 1 events are not what was written, and lost",
        "dedupe-news: the state cannot be read: the state of the index is missing",
    ]
    assert "is missing" in run(capsys, "index", "stats", "feed.db").err

    repaired = run(capsys, "index", "repair", "feed.db", "new.db")
    assert repaired.code == 0
    assert repaired.err.splitlines()[-1] == "dedupe-news: wrote 2 documents to new.db"
    with NewsIndex.open("new.db", read_only=True) as index:
        assert list(index) == ["a", "c"]


def test_an_index_whose_settings_are_lost_gets_the_usual_ones(
    folder: Path, capsys: Capture
) -> None:
    """It says so."""
    added(capsys)
    connection = sqlite3.connect(folder / "feed.db")
    connection.execute("DELETE FROM meta")
    connection.commit()
    connection.close()

    repaired = run(capsys, "index", "repair", "feed.db", "new.db")

    assert repaired.code == 0
    assert "the new index has the default ones" in repaired.err
