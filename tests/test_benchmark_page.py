"""The page of results, and the run of every suite: from small reports, nothing is measured."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks import every, page
from benchmarks.__main__ import COMMANDS, SUITES, main
from benchmarks.datasets import ROOT
from benchmarks.report import FORMAT, RESULTS, Report, Table, publish

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, name: str, **changes: Any) -> None:
    """Write a small report as a suite does."""
    settings: dict[str, Any] = {"figures": {}, "words": []} | changes
    report = Report(
        name=name,
        title=f"Title of {name}",
        settings={},
        tables=[Table("Table", ("who", "value"), [("ours", "1")], "A note.")],
        **settings,
    )
    publish([report], folder, check=False)


def test_the_page_shows_every_report_with_its_tables(tmp_path: Path) -> None:
    """In the order of the page, with machine and versions once."""
    for name in ("speed-start", "recall", "speed-real-100000", "zzz"):
        written(tmp_path, name)

    text = page.render(tmp_path)

    places = [text.index(f"Title of {name}") for name in ("speed-real-100000", "recall", "zzz")]
    assert places == sorted(places)
    assert text.count("A note.") == 4
    assert text.count("| ours | 1 |") == 4
    assert text.count("processors, ") == 1


def test_the_page_says_what_was_skipped_and_what_failed(tmp_path: Path) -> None:
    """Nothing that a suite said is lost."""
    written(tmp_path, "recall", words=["datasketch: skipped."], failures=["one pair is below"])

    text = page.render(tmp_path)

    assert "- datasketch: skipped.\n" in text
    assert "### Failed checks\n\n- one pair is below\n" in text


def test_the_page_begins_with_the_figures_that_matter(tmp_path: Path) -> None:
    """Those that were measured; the targets say what is met."""
    written(
        tmp_path,
        "speed-real-100000",
        figures={"times.gaoya-128": 8.5, "documents_per_s.ours": 400_000.0, "recall.ours": 0.99312},
    )

    text = page.render(tmp_path)

    assert "| texts to clusters, 100,000 English teasers | 400,000 documents/s |" in text
    assert "| the same, times as fast as gaoya | 8.5× |" in text
    assert "| the same, recall of all pairs at 0.7 or above | 0.99312 |" in text
    assert "1 of 8 are met" in text


def test_reports_of_another_format_are_left_out_with_a_word(tmp_path: Path) -> None:
    """The page names the file, and what to do."""
    written(tmp_path, "recall")
    old = {"format": FORMAT - 1, "name": "old", "title": "Title of old"}
    (tmp_path / "old.json").write_text(json.dumps(old), encoding="utf-8")

    text = page.render(tmp_path)

    assert "Title of old" not in text
    assert "`old.json` is of another format than 2, and left out: run its suite again." in text


def test_reports_of_several_states_of_the_source_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page must not look as if it were of one."""
    written(tmp_path, "recall")
    assert "states of the source" not in page.render(tmp_path)
    monkeypatch.setattr("benchmarks.report.source_digest", lambda: "another")
    written(tmp_path, "speed-start")

    assert "The figures are of 2 states of the source" in page.render(tmp_path)


def test_only_what_is_between_the_marks_is_written(tmp_path: Path) -> None:
    """The words around stay; equal results give an equal page."""
    written(tmp_path, "recall")
    path = tmp_path / "page.md"
    path.write_text(f"Before.\n\n{page.BEGIN}\nold\n{page.END}\n\nAfter.\n", encoding="utf-8")

    page.write(tmp_path, path)
    once = path.read_text(encoding="utf-8")
    page.write(tmp_path, path)

    assert once.startswith(f"Before.\n\n{page.BEGIN}\n")
    assert once.endswith(f"{page.END}\n\nAfter.\n")
    assert "old" not in once
    assert path.read_text(encoding="utf-8") == once


def test_pictures_lie_beside_the_page(tmp_path: Path) -> None:
    """Those that the page shows, and none that an earlier one showed."""
    written(tmp_path, "recall")
    (tmp_path / "recall.png").write_bytes(b"a picture")
    stale = tmp_path / "pictures" / "benchmarks" / "stale.png"
    stale.parent.mkdir(parents=True)
    stale.write_bytes(b"an old one")

    page.write(tmp_path, tmp_path / "benchmarks.md")

    assert "](pictures/benchmarks/recall.png)" in page.render(tmp_path)
    assert [path.name for path in stale.parent.iterdir()] == ["recall.png"]


def test_a_folder_without_results_has_no_figures(tmp_path: Path) -> None:
    """The page says so."""
    assert page.render(tmp_path) == page.NO_FIGURES


def test_the_page_of_the_documentation_is_of_the_results_that_are_kept() -> None:
    """Neither was changed without the other: `python -m benchmarks page` brings them together."""
    text = page.PAGE.read_text(encoding="utf-8")

    shown = text.partition(f"{page.BEGIN}\n")[2].partition(page.END)[0]

    assert shown == page.render(RESULTS)


def test_the_command_writes_the_page_of_any_results(tmp_path: Path) -> None:
    """Results elsewhere have their page beside them."""
    written(tmp_path, "recall")

    assert main(["page", "--output", str(tmp_path)]) == 0

    assert "Title of recall" in (tmp_path / "benchmarks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("quick", [False, True])
def test_all_runs_every_suite_with_options_it_has(quick: bool) -> None:
    """What is planned can be parsed; only the quick run may leave suites out."""
    planned = every.steps(SUITES, quick=quick)

    suites = [step.suite for step in planned]
    assert set(suites) <= set(SUITES)
    assert quick or list(dict.fromkeys(suites)) == list(SUITES)
    for step in planned:
        with pytest.raises(SystemExit) as stopped:
            main([step.suite, *step.arguments, "--help"])
        assert stopped.value.code == 0


def test_all_goes_on_where_a_suite_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others still run, the page is written, and the exit code says it."""
    codes = iter([1, 0, 2, 0, 0, 0])
    commands: list[list[str]] = []

    def launched(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, next(codes))

    monkeypatch.setattr("benchmarks.every.subprocess.run", launched)

    assert main(["all", "--quick", "--output", str(tmp_path)]) == 1

    said = capsys.readouterr().err
    assert "failed with exit code 1" in said
    assert "skipped, its data is not on this machine" in said
    assert len(commands) == len(every.steps(SUITES, quick=True)) == 5
    assert (tmp_path / "benchmarks.md").is_file()
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*\n"


def test_every_suite_is_described() -> None:
    """The guide to the benchmarks names each suite, each command and each module."""
    guide = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    modules = {path.stem for path in (ROOT / "benchmarks").glob("*.py")} - {"__init__"}

    assert all(f"python -m benchmarks {name}" in guide for name in (*SUITES, *COMMANDS))
    assert [name for name in sorted(modules) if f"`{name}`" not in guide] == []
