"""What is shipped: metadata, data files, examples."""

from __future__ import annotations

import importlib.metadata
import importlib.resources
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_version_is_said_once() -> None:
    """Metadata, citation and changelog name the same version."""
    version = PROJECT["project"]["version"]

    assert importlib.metadata.version("dedupe-news") == version
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_package_says_that_it_is_typed() -> None:
    """Package says that it is typed; type checkers look for this file."""
    assert importlib.resources.files("dedupe_news").joinpath("py.typed").is_file()


def test_command_is_installed() -> None:
    """Command is installed; the script leads to the command line."""
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="dedupe-news")

    assert script.value == "dedupe_news.cli:main"
    assert callable(script.load())


@pytest.mark.parametrize("name", PROJECT["project"]["dependencies"])
def test_dependencies_have_lower_bounds(name: str) -> None:
    """A bound that was tested, and no upper one, which would bind users."""
    assert re.fullmatch(r"[a-z-]+>=[\d.]+", name)


@pytest.mark.parametrize("tool", ["codespell", "import-linter", "mypy", "numpydoc", "ruff"])
def test_tools_are_pinned(tool: str) -> None:
    """What they find changes from release to release."""
    pinned = [name for name in PROJECT["project"]["optional-dependencies"]["dev"] if tool in name]

    assert len(pinned) == 1
    assert re.fullmatch(rf"{tool}==[\d.]+", pinned[0])


def read_lines(name: str) -> list[dict[str, Any]]:
    """Return the rows of a file of JSON lines in examples/."""
    lines = (ROOT / "examples" / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_example_feed_is_what_its_script_makes() -> None:
    """Example feed is what its script makes; nobody edits it by hand."""
    items, truth = runpy.run_path(str(ROOT / "examples" / "make_feed.py"))["make_feed"]()

    assert items == read_lines("feed.jsonl")
    assert truth == read_lines("feed_truth.jsonl")


def test_example_feed_holds_what_the_demo_is_about() -> None:
    """Printings of big news, reports of others, templates and stories of their own."""
    items, truth = read_lines("feed.jsonl"), read_lines("feed_truth.jsonl")

    assert [item["id"] for item in items] == [row["id"] for row in truth]
    assert [item["published"] for item in items] == sorted(item["published"] for item in items)
    assert {item["lang"] for item in items} == {"en", "fr", "ru", "hi", "zh"}
    printings = Counter(row["item"] for row in truth)
    assert max(printings.values()) > 30
    assert 0.3 < sum(row["item"] != row["id"] for row in truth) / len(truth) < 0.6
    reports = {(row["story"], row["item"]) for row in truth}
    assert sum(story != item for story, item in reports) > 50
    assert 0.1 < sum(row["template"] is not None for row in truth) / len(truth) < 0.35
    # Whoever is first has its own number.
    assert all(row["item"] <= row["id"] for row in truth)
    assert all(row["story"] <= row["item"] for row in truth)


def test_stories_of_the_example_feed_share_no_sentence() -> None:
    """As those of real feeds do not; else they would be made from templates."""
    items, truth = read_lines("feed.jsonl"), read_lines("feed_truth.jsonl")

    stories: dict[str, set[str]] = {}
    for item, row in zip(items, truth, strict=True):
        if row["id"] == row["item"] and row["template"] is None and " " in item["description"]:
            for sentence in re.split(r"(?<=[.!?।]) ", item["description"]):
                stories.setdefault(sentence, set()).add(row["story"])

    assert [sentence for sentence, among in stories.items() if len(among) > 1] == []


def test_demo_shows_its_result() -> None:
    """Clusters, stories and templates, whom to keep, three verdicts, and the time it took."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and script
        [sys.executable, str(ROOT / "examples" / "demo.py")],
        capture_output=True,
        encoding="utf-8",
        # Compiled in any case: these items are many for plain Python.
        env={**os.environ, "NUMBA_DISABLE_JIT": "0"},
        check=True,
    )

    for part in (
        "copies of one item",
        "keep",
        "different reports",
        "items of one template",
        *("duplicate ", "related ", "template "),
        "precision",
        "recall",
        "a second",
    ):
        assert part in done.stdout
    assert all("compiling" in line for line in done.stderr.splitlines())


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """Return the instructions of a Dockerfile with what follows them."""
    lines = re.sub(r"\\\n", " ", dockerfile).splitlines()
    rows = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in rows]


def test_dockerfile_of_the_documentation_is_the_example() -> None:
    """Dockerfile of the documentation is the example; nobody mends one and not the other."""
    page = (ROOT / "docs" / "how-to" / "containers.md").read_text(encoding="utf-8")
    dockerfile = (ROOT / "examples" / "container" / "Dockerfile").read_text(encoding="utf-8")

    assert f"```dockerfile\n{dockerfile}```" in page


@pytest.mark.slow
def test_dockerfile_makes_an_image_that_compiles_nothing(tmp_path: Path) -> None:
    """What it says, done into a folder: then somebody without a home finds all compiled."""
    dockerfile = (ROOT / "examples" / "container" / "Dockerfile").read_text(encoding="utf-8")
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "0", "NUMBA_CACHE_DIR": ""}
    place = tmp_path / "image"
    commands = 0
    for name, rest in instructions(dockerfile):
        if name == "ENV":
            environment.update(re.findall(r'(\w+)=(?:")?([^\s"]*)', rest))
        elif name == "COPY":
            assert rest == ". /checkout"
            # The package is what pip would install; its dependencies are those at hand.
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / "src", place, ignore=ignored)
            environment["PYTHONPATH"] = str(place)
        elif name == "RUN" and "dedupe-news" in rest:
            commands += 1
            command = rest.replace("dedupe-news", f"{sys.executable} -m dedupe_news.cli")
            environment["HOME"] = str(tmp_path)
            subprocess.run(command, shell=True, env=environment, check=True)  # noqa: S602 - ours

    assert commands == 1
    code = (
        "import dedupe_news as dn; from dedupe_news._kernels import _jit\n"
        "dn.cluster(['Rain floods the old town'] * 2)\n"
        "dn.NewsIndex().add('a', 'Rain floods the old town')\n"
        "print(_jit.n_compilations(), dn.__file__)"
    )
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code],
        env={**environment, "HOME": "/nonexistent"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.split() == ["0", str(place / "dedupe_news" / "__init__.py")]
    assert done.stderr == ""
