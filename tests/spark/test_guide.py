"""The guide to Spark runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from spark_marks import MARKS

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = MARKS


@pytest.mark.parametrize("spark", ["local[2]"], indirect=True)
@pytest.mark.usefixtures("spark")
def test_the_guide_runs(root: Path) -> None:
    """Every block of Python, one after another."""
    page = (root / "docs" / "how-to" / "spark.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "spark.md", "exec"), names)  # noqa: S102 - our own
