"""What every test shares: groups, kernels compiled once, the real feed, Hypothesis profiles."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dedupe_news._machine import progress

ROOT = Path(__file__).resolve().parent.parent

# No deadline: the first call of a kernel compiles it. The same examples in every run, so that what
# passed passes again; HYPOTHESIS_PROFILE=search draws new ones, and CONTRIBUTING says when.
settings.register_profile("default", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None)
# Kernels as plain Python take some hundred times as long.
settings.register_profile(
    "interpreted",
    deadline=None,
    derandomize=True,
    max_examples=10,
    suppress_health_check=[HealthCheck.too_slow],
)
_INTERPRETED = os.environ.get("NUMBA_DISABLE_JIT", "0") not in {"", "0"}
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "interpreted" if _INTERPRETED else "default")
)


# Tests by what a change may break: `make test GROUP=text`. A file in none is of the group "rest".
GROUPS = {
    "text": "boilerplate|hashing|spelling|text",
    "engine": "agreement|alignment|api|assignment|batch|candidates|classifier|counts|engine|"
    "feature_notes|features|membership|minhash|packing|permutations|plain_cases|plain_verdicts|"
    "segment|sets|shingling|standing|templates|threads|tuning",
    "index": "event_log|index|judged|replay|sealed|store.*|window|rss_poller",
    "input": "documents|errors|exchange|input_kinds",
    "show": "cli.*|differences|notebook|plots|report|results",
    "build": "docs|glossary|imports|interpreting|jit|packaging|progress",
}


def group_of(path: Path) -> str:
    """Return the group of a file of tests."""
    name = path.stem.removeprefix("test_")
    return next((group for group, files in GROUPS.items() if re.fullmatch(files, name)), "rest")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile all kernels once, by two processes, and not in each that a test starts."""
    if not (_INTERPRETED or session.config.getoption("collectonly")):
        progress.prepare_all()


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Say which tests are left out, and what runs them."""
    if not str(config.getoption("markexpr")).startswith("not browser and not spark"):
        return []
    return [
        "tests in a browser are left out: `make test-browser` runs them",
        "tests on Spark are left out: `make test-spark` runs them",
    ]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Expect the plain cases to fail that `known_limits.txt` lists, and no others."""
    listed = (ROOT / "tests" / "known_limits.txt").read_text(encoding="utf-8").splitlines()
    limits = {line for line in listed if line and not line.startswith("#")}
    for item in items:
        item.add_marker(getattr(pytest.mark, group_of(item.path)))
        if f"{item.path.name}::{item.name}" in limits:
            reason = "a known limit of the classifier: tests/known_limits.txt"
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))


@pytest.fixture(scope="session")
def interpreted() -> bool:
    """Return whether the kernels run as plain Python, so that big inputs take too long."""
    return _INTERPRETED


@pytest.fixture
def compiled(*, interpreted: bool) -> None:
    """Let a test pass by where kernels are interpreted: whole runs would take minutes there."""
    if interpreted:
        pytest.skip("whole runs in many small steps are for compiled kernels")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of the real feed; skip the test where there is none."""
    given = os.environ.get("DEDUPE_NEWS_SHARED")
    folder = (Path(given) if given else ROOT.parent / "shared") / "data"
    if not folder.is_dir():
        pytest.skip(f"real feed not present: there is no folder {folder}")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the checkout."""
    return ROOT
