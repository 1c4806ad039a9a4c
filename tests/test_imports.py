"""What importing the package costs, and what it brings."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import dedupe_news

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = (
    "datasketch",
    "markupsafe",
    "matplotlib",
    "narwhals",
    "numba",
    "pandas",
    "polars",
    "pyarrow",
    "pyspark",
    "rich",
    "scrapy",
    "sklearn",
    "tqdm",
    "typer",
)


def loaded_after(statement: str, root: Path) -> list[str]:
    """Return which heavy modules a new process has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*(set({HEAVY!r}) & set(sys.modules)))"
    search = os.pathsep.join([str(root / "src"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        check=True,
    )
    return sorted(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy(root: Path) -> None:
    """Numba, datasketch and everything optional load on first use."""
    assert loaded_after("import dedupe_news", root) == []


def test_settings_need_nothing_heavy(root: Path) -> None:
    """A configuration can be made and stored without numba."""
    assert loaded_after("import dedupe_news as dn; dn.Config(shingle_size=2).to_dict()", root) == []


def test_clustering_a_list_loads_numba_alone(root: Path) -> None:
    """DataFrame libraries are for those who have DataFrames."""
    statement = "import dedupe_news as dn; dn.cluster(['a', 'a'], progress=False)"

    assert loaded_after(statement, root) == ["numba"]


@pytest.mark.parametrize("name", dedupe_news.__all__)
def test_public_names_are_there(name: str) -> None:
    """Public names are there, also those that load on first use."""
    assert getattr(dedupe_news, name) is not None
    assert name in dir(dedupe_news)


@pytest.mark.parametrize("name", dedupe_news.__all__)
def test_types_of_public_names_are_tested(name: str, root: Path) -> None:
    """`make types` reads a file that uses every public name as a user would."""
    uses = (root / "tests" / "typing" / "api.py").read_text(encoding="utf-8")

    assert re.search(rf"\bdn\.{name}\b", uses)


def test_unknown_names_are_refused_as_usual() -> None:
    """As any module does."""
    with pytest.raises(AttributeError, match="module 'dedupe_news' has no attribute 'clutser'"):
        _ = dedupe_news.clutser
