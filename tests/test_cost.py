"""The formulas of the page on memory and cost, held against real runs."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from dedupe_news.outofcore import limits

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = re.compile(
    r"^```python\n(?P<code>.*?)^```$(?:\n\n```text\n(?P<output>.*?)^```$)?",
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    """Return the page."""
    return (root / "docs" / "explanation" / "memory-and-cost.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def formulas(page: str) -> dict[str, Any]:
    """Return what the blocks of the page define."""
    return run(page)[0]


def run(page: str) -> tuple[dict[str, Any], list[tuple[str, str | None]]]:
    """Run the blocks of a page; return what they define, and what each printed and should."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    outputs = []
    for block in BLOCK.finditer(page):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(block["code"], "page", "exec"), namespace)  # noqa: S102 - ours
        outputs.append((printed.getvalue(), block["output"]))
    return namespace, outputs


def test_figures_of_the_page_are_what_its_code_prints(page: str) -> None:
    """Tables of computed figures are never out of date."""
    shown = [(printed, output) for printed, output in run(page)[1] if output is not None]

    assert len(shown) == 4
    assert [printed for printed, _ in shown] == [output for _, output in shown]


@pytest.mark.parametrize("policy", ["similar", "news"])
def test_formulas_are_those_of_real_runs(policy: str, formulas: dict[str, Any], root: Path) -> None:
    """Disk within two in a hundred; memory within seven, as some arrays live shortly."""
    done = subprocess.run(  # noqa: S603 - this very interpreter, our own file
        [sys.executable, str(root / "tests" / "cost_probe.py"), policy, str(root)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)

    in_memory = formulas["memory_bytes"](
        policy, text=found["text"], words=found["words"], pairs=found["pairs"]
    )
    on_disk = formulas["disk_bytes"](policy, words=found["words"], pairs=found["written_pairs"])

    assert found["peak"] == pytest.approx(in_memory, rel=0.07)
    assert found["disk"] == pytest.approx(on_disk, rel=0.02)
    assert found["written_pairs"] > 1


def test_bounds_of_the_page_are_those_of_the_code(page: str, formulas: dict[str, Any]) -> None:
    """What a document takes at least, what a run takes at least, and what it works on at most."""
    assert f"- {limits.BYTES_A_DOCUMENT} bytes a document at the worst moment" in page
    assert f"at least {limits.LEAST_WORKING / 1e6:.0f} MB and at most 2 GB" in page
    assert formulas["passes"](10e6, limit=300e6 + limits.BYTES_A_DOCUMENT * 10e6 + 95e6) is None
    for n, limit in ((10e6, 2e9), (20e6, 8e9), (1e9, 128e9)):
        working = limits.plan(int(limit), int(300e6), int(n)).working
        n_postings = n * 38
        assert formulas["passes"](n, limit=limit) == -(-n_postings // (working // 2 // 8))
