"""The commands `report` and `compare`."""

from __future__ import annotations

import json
import webbrowser
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

import dedupe_news as dn
from command_line import Ended, runner
from dedupe_news.cli import terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINES = "Rain floods the old town\nSun at last\nrain floods the OLD town\n"
OLD, NEW = "Rain floods the old town", "Rain floods the new town"


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Ended]:
    """Return a function that runs the command line in an empty folder."""
    (tmp_path / "feed.txt").write_text(LINES, encoding="utf-8")
    return runner(capsys, monkeypatch, tmp_path)


def test_report_is_named_after_the_feed(run: Callable[..., Ended], tmp_path: Path) -> None:
    """Where no name is given; stdout stays empty, and stderr says what was written."""
    ended = run("report", "feed.txt")

    assert ended.code == 0
    assert ended.out == ""
    assert "dedupe-news: 3 items: 2 kept, 1 duplicate in 1 cluster, 0 stories" in ended.err
    assert "dedupe-news: wrote feed.html, 0.1 MB; open it in a browser" in ended.err
    page = (tmp_path / "feed.html").read_text(encoding="utf-8")
    assert "<title>feed.txt</title>" in page


def test_report_of_stdin(run: Callable[..., Ended], tmp_path: Path) -> None:
    """With a name, a heading, and settings of the user's."""
    options = ("--output", "page.htm", "--heading", "A <b>feed", "--policy", "similar", "--quiet")

    ended = run("report", "-", *options, stdin=LINES.encode())

    assert (ended.code, ended.out, ended.err) == (0, "", "")
    page = (tmp_path / "page.htm").read_text(encoding="utf-8")
    assert "<title>A &lt;b&gt;feed</title>" in page
    assert run("report", "-", "--quiet", stdin=LINES.encode()).code == 0
    assert (tmp_path / "stdin.html").exists()


def test_report_shows_figures_on_a_terminal(run: Callable[..., Ended]) -> None:
    """As `cluster` does, without the clusters."""
    ended = run("report", "feed.txt", on_terminal=True)

    assert "items" in ended.out
    assert "kept" in ended.out
    assert "floods" not in ended.out


def test_report_is_opened_when_asked(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In the browser that the system prefers."""
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)

    run("report", "feed.txt", "--open")

    assert opened == [(tmp_path / "feed.html").as_uri()]


@pytest.mark.parametrize(
    ("output", "problem"),
    [
        ("page.pdf", "a report is an HTML page; end its name in .html"),
        ("absent/page.html", "there is no folder 'absent'"),
        ("folder.html", "it is a folder"),
        ("linked.html", "it is the file that is read"),
    ],
)
def test_report_refuses_before_it_works(
    run: Callable[..., Ended], tmp_path: Path, output: str, problem: str
) -> None:
    """With exit code 2, a line, and everything left as it was."""
    (tmp_path / "folder.html").mkdir()
    (tmp_path / "linked.html").symlink_to(tmp_path / "feed.txt")

    ended = run("report", "feed.txt", "-o", output)

    assert ended.code == 2
    assert ended.err == f"dedupe-news: cannot write {output}: {problem}\n"
    assert (tmp_path / "feed.txt").read_text(encoding="utf-8") == LINES


def test_compare_in_a_pipe_is_json(run: Callable[..., Ended]) -> None:
    """With everything the library says of a pair."""
    ended = run("compare", OLD, NEW)

    (row,) = ended.rows
    expected = dn.compare(OLD, NEW)
    assert (row["relation"], row["verdict"]) == ("template", "template")
    assert row["probabilities"] == expected.probabilities
    assert row["jaccard"] == expected.jaccard == 0.2
    assert len(row["reasons"]) == len(expected.reasons) > 0
    assert row["differences"] == [
        {"kind": "replace", "left": "old", "right": "new", "left_start": 16, "right_start": 16}
    ]
    assert run("compare", OLD, OLD.upper()).rows[0]["relation"] == "exact"


def test_compare_reads_files(run: Callable[..., Ended], tmp_path: Path) -> None:
    """The first of several lines is the title."""
    (tmp_path / "a.txt").write_text(f"Flood\n{OLD}\n", encoding="utf-8")

    ended = run("compare", "--files", "a.txt", "-", stdin=f"Flood\n{NEW}".encode())

    title, text = "Flood", (OLD, NEW)
    expected = dn.compare(*({"title": title, "text": each} for each in text))
    assert json.loads(ended.out)["probability"] == expected.probability


def test_compare_cannot_read_stdin_twice(run: Callable[..., Ended]) -> None:
    """One of the two has to be a file."""
    ended = run("compare", "--files", "-", "-", stdin=b"a")

    assert ended.code == 2
    assert ended.err.startswith("dedupe-news: standard input cannot be both A and B; name a file")


def test_compare_on_a_terminal_marks_the_words(run: Callable[..., Ended]) -> None:
    """And says what decided."""
    ended = run("compare", OLD, NEW, on_terminal=True)

    assert "4 of 5 words in the same order" in ended.out
    assert "probability: duplicate 0." in ended.out
    assert "Rain floods the " in ended.out
    assert "and 2 that weigh less" in ended.out


@pytest.mark.parametrize("width", [50, 100])
def test_differences_are_struck_and_underlined(width: int) -> None:
    """Side by side where there is room; nothing steers the terminal."""
    console = Console(width=width, force_terminal=True, color_system="standard")
    found = dn.compare(f"{OLD} \x1b[2J", NEW, policy="similar", threshold=0.1)

    with console.capture() as captured:
        terminal.show_comparison(console, found)

    printed = captured.get()
    assert "\x1b[9;31mold" in printed
    assert "\x1b[4;32mnew" in printed
    assert "\x1b[2J" not in printed
    assert "Duplicate" in printed
    lines = [line for line in printed.splitlines() if "→" not in line]
    assert any("old" in line and "new" in line for line in lines) == (width == 100)


def test_two_items_of_a_feed_are_explained(run: Callable[..., Ended], tmp_path: Path) -> None:
    """By their ids, or by the numbers of their lines; as the library explains them."""
    (tmp_path / "feed.csv").write_text(f"id,text\n7,{OLD}\n8,{OLD}!\n", encoding="utf-8")

    by_line = run("explain", "feed.txt", "1", "3", "--min-probability", "0.9")
    by_id = run("explain", "feed.csv", "7", "8", on_terminal=True)

    assert by_line.rows[0]["why"] == "Duplicate: the same words."
    assert " the same words." in by_id.out
    unknown = run("explain", "feed.csv", "7", "9")
    assert unknown.code == 2
    assert "feed.csv has no item '9'; items are named by their ids" in unknown.err


@pytest.mark.parametrize("command", ["report", "compare", "explain"])
def test_help_has_examples(run: Callable[..., Ended], command: str) -> None:
    """To be copied."""
    ended = run(command, "--help")

    assert "Examples:" in ended.out
    assert f"dedupe-news {command} " in ended.out


def test_long_texts_side_by_side_fit_the_screen() -> None:
    """No more lines than asked for; the last says that there are others, at a blank line too."""
    console = Console(width=100, color_system=None)
    long = "\n\n".join(["a line", "another"] * 20)
    for text in (long, f"word {long}", "word " * 400):
        with console.capture() as captured:
            terminal.show_sides(console, (text, text), [], n_lines=5)

        lines = captured.get().rstrip().splitlines()
        assert len(lines) == 5
        assert lines[-1].count("…") == 2
