"""The house: modules of a size that can be read, and of names that say which one is meant."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_LINES = 400


def modules(folder: str) -> list[Path]:
    """Return the modules of a folder."""
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found
    return found


@pytest.mark.parametrize("folder", ["src", "benchmarks"])
def test_no_module_is_longer_than_can_be_read(folder: str) -> None:
    """A longer one holds more than one idea."""
    lengths = {path.name: len(path.read_bytes().splitlines()) for path in modules(folder)}

    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_no_two_modules_have_one_name() -> None:
    """But for those that Python names."""
    names = Counter(path.name for path in modules("src") if not path.name.startswith("__"))

    assert [name for name, count in names.items() if count > 1] == []
