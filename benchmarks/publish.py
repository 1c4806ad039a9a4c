"""Write reports where they belong: JSON with machine and versions, a picture, words on screen."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import commit, machine, source_digest, versions
from benchmarks.report import FORMAT, Report, markdown, targets_table

if TYPE_CHECKING:
    from collections.abc import Iterable

RESULTS = Path(__file__).with_name("results")
QUICK_RESULTS = RESULTS / "quick"
"""Figures made in a hurry: git ignores them, and they replace none of the others."""


def publish(reports: Iterable[Report], folder: Path, *, check: bool) -> int:
    """
    Write reports one by one as they come, and return the exit code of the suite.

    It is 1 if a check of the answers failed or, with `check`, a target was missed.
    """
    code = 0
    folder.mkdir(parents=True, exist_ok=True)
    source = source_digest()
    for report in reports:
        if source_digest() != source:
            report.failures.append("the source changed while it was measured: run again")
        picture = folder / f"{report.name}.png"
        if report.picture is not None and not report.picture.save(picture):
            report.notes.append("No picture: matplotlib is not installed.")
        content = report.as_dict() | {
            "made": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "versions": versions(),
            "commit": commit(),
            "source": source,
        }
        as_json = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        (folder / f"{report.name}.json").write_text(as_json, encoding="utf-8")
        sys.stdout.write(markdown(content) + "\n")
        if content["targets"]:
            sys.stdout.write(targets_table([content]).markdown() + "\n")
        sys.stdout.flush()
        is_missed = any(target["met"] is False for target in content["targets"])
        if report.failures or (check and is_missed):
            code = 1
    return code


def keep_from_git(folder: Path) -> Path:
    """Return a folder, made if it is not there, whose files stay on the machine."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    return folder


def read_reports(folder: Path) -> list[dict[str, Any]]:
    """Return the reports of a folder, by their names."""
    files = sorted(folder.glob("*.json"), key=lambda path: path.stem)
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    return [report for report in reports if report.get("format") == FORMAT]
