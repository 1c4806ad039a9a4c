"""The guide to Spark runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import test_docs
from spark_marks import MARKS

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = MARKS


@pytest.mark.usefixtures("spark")
def test_the_guide_runs(root: Path) -> None:
    """Every block of Python, one after another."""
    page = (root / "docs" / "how-to" / "spark.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "spark.md", "exec"), names)  # noqa: S102 - our own


def test_dataclasses_describe_their_parameters() -> None:
    """As those of the modules that need no Spark."""
    of_spark = [
        name for name in test_docs.modules() if name.startswith("dedupe_news.integrations.spark")
    ]
    assert len(of_spark) > 3
    for name in of_spark:
        test_docs.test_dataclasses_describe_their_parameters(name)
