"""The command `warmup`."""

from __future__ import annotations

from pathlib import Path

import pytest

from dedupe_news.cli import app, main


@pytest.mark.parametrize(
    ("n_compiled", "said"),
    [(7, "compiled 7 kernels; they are in somewhere"), (0, "all kernels were compiled before")],
)
def test_warmup_says_where_kernels_are(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    n_compiled: int,
    said: str,
) -> None:
    """Whoever builds an image sees that they are in it."""
    folder = Path("somewhere")
    monkeypatch.setattr(app, "prepare_all", lambda *, show: (folder, n_compiled * show))

    assert main(["warmup"]) == 0
    assert capsys.readouterr().err == f"dedupe-news: {said}\n"


def test_warmup_is_quiet_when_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing on either stream."""
    monkeypatch.setattr(app, "prepare_all", lambda *, show: (Path(), int(show)))

    assert main(["warmup", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_warmup_that_keeps_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An image whose kernels are kept nowhere would compile at each start."""
    monkeypatch.setattr(app, "prepare_all", lambda *, show: (None, int(show)))

    assert main(["warmup"]) == 2
    assert "NUMBA_CACHE_DIR" in capsys.readouterr().err
