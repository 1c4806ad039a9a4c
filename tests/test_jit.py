"""Machine code on disk: what was made from other sources is not used."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from dedupe_news.kernels import _jit

if TYPE_CHECKING:
    from pathlib import Path


def dispatcher(index: Path, *, readable: bool = True) -> SimpleNamespace:
    """Return what looks like a compiled kernel whose cache index is that file."""

    def load() -> None:
        if not readable:
            raise AttributeError(index.name)

    file = SimpleNamespace(_index_path=str(index), _load_index=load)
    return SimpleNamespace(_cache=SimpleNamespace(_cache_file=file))


@pytest.mark.parametrize(
    ("age_s", "readable", "kept"),
    [(-10.0, True, False), (10.0, True, True), (10.0, False, False)],
    ids=["older than the sources", "newer", "of a class that is gone"],
)
def test_outdated_machine_code_is_discarded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float, *, readable: bool, kept: bool
) -> None:
    """Of a kernel's callees too, whose age numba does not look at."""
    index = tmp_path / "kernel.nbi"
    index.write_bytes(b"")
    os.utime(index, (1000.0 + age_s, 1000.0 + age_s))
    monkeypatch.setattr(_jit, "_NEWEST_SOURCE", 1000.0)

    _jit._discard_outdated(dispatcher(index, readable=readable))  # noqa: SLF001

    assert index.exists() is kept


def test_a_kernel_without_machine_code_is_let_be(tmp_path: Path) -> None:
    """There is nothing to discard on the first run."""
    _jit._discard_outdated(dispatcher(tmp_path / "none.nbi"))  # noqa: SLF001

    assert list(tmp_path.iterdir()) == []


def test_sources_from_the_future_are_passed_over(tmp_path: Path) -> None:
    """They would be newer than all that is ever compiled from them."""
    for name, age in (("a.py", 1000.0), ("b.py", time.time() + 86_400)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (age, age))

    assert _jit._newest_source(tmp_path) == 1000.0  # noqa: SLF001
