"""The documentation: its code runs, its words are ours, and nothing public is left out."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import itertools
import pkgutil
import re
import runpy
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import dedupe_news as dn
import redis_server

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LOCAL_REDIS = "redis://localhost/"
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def name_of(page: Path) -> str:
    """Return how a page is called in a report."""
    return page.relative_to(ROOT).as_posix()


def with_code(pages: list[Path]) -> list[Path]:
    """Return the pages that hold Python code."""
    return [page for page in pages if BLOCK.search(page.read_text(encoding="utf-8"))]


@pytest.fixture
def redis() -> Iterator[redis_server.RedisServer]:
    """Run the server that a page expects on this machine."""
    with redis_server.running() as server:
        yield server


def shorten(feed: Path) -> None:
    """Keep the first items of a feed: kernels as plain Python are slow."""
    with feed.open(encoding="utf-8") as lines:
        kept = list(itertools.islice(lines, 150))
    feed.write_text("".join(kept), encoding="utf-8")


@pytest.mark.parametrize("page", with_code(PAGES), ids=name_of)
def test_code_of_a_page_runs(
    page: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    interpreted: bool,
    request: pytest.FixtureRequest,
) -> None:
    """All blocks of a page, from top to bottom, as a reader would enter them."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    if interpreted:
        shorten(tmp_path / "examples" / "feed.jsonl")
    monkeypatch.chdir(tmp_path)
    text = page.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": "__main__"}
    if any(LOCAL_REDIS in block for block in BLOCK.findall(text)):
        server = request.getfixturevalue("redis")
        text = text.replace(LOCAL_REDIS, f"redis://127.0.0.1:{server.port}/")

    for block in BLOCK.finditer(text):
        n_lines = text[: block.start(1)].count("\n")
        if block[1].startswith(">>> "):
            run_session(block[1], namespace, page, n_lines)
        else:
            # Empty lines before it, so that a traceback names the line of the page.
            code = compile("\n" * n_lines + block[1], str(page), "exec")
            exec(code, namespace)  # noqa: S102 - our own documentation


def run_session(session: str, namespace: dict[str, object], page: Path, n_lines: int) -> None:
    """Run what was typed at a prompt, and compare the answers."""
    test = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), n_lines)
    test.globs = namespace
    report: list[str] = []

    outcome = doctest.DocTestRunner().run(test, out=report.append, clear_globs=False)

    assert outcome.failed == 0, "".join(report)


def test_no_code_is_marked_otherwise() -> None:
    """A block that is not run is a command, output or a formula."""
    languages = {
        language
        for page in PAGES
        for language in re.findall(
            r"^```(\S*)\n(?=.)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    }

    assert languages <= {"", "console", "json", "python", "sh", "text"}


def test_every_public_name_is_documented() -> None:
    """The API page shows what `__all__` lists, and nothing else."""
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")

    shown = re.findall(r"^::: dedupe_news\.(\w+)$", page, re.MULTILINE)

    assert sorted(shown) == sorted(dn.__all__)


def test_every_setting_is_documented() -> None:
    """`Config` describes each of its settings."""
    described = re.findall(r"^ {4}(\w+) : ", dn.Config.__doc__ or "", re.MULTILINE)

    assert set(dn.Config().to_dict()) <= set(described)


def modules() -> list[str]:
    """Return the names of the package's modules."""
    found = pkgutil.walk_packages(dn.__path__, "dedupe_news.")
    return [module.name for module in found if not module.name.endswith("__main__")]


@pytest.mark.parametrize("name", modules())
def test_dataclasses_describe_their_parameters(name: str) -> None:
    """What `numpydoc lint` cannot see: every field in its place, and no other."""
    module = importlib.import_module(name)
    public = [
        value
        for key, value in vars(module).items()
        if not key.startswith("_")
        and isinstance(value, type)
        and dataclasses.is_dataclass(value)
        and value.__module__ == name
    ]

    for value in public:
        section = (value.__doc__ or "").partition("Parameters\n")[2].partition("\n\n")[0]
        described = re.findall(r"^ {4}(\w[\w, ]*?)(?: :.*)?$", section, re.MULTILINE)
        names = [part for line in described for part in line.split(", ")]
        fields = [field.name for field in dataclasses.fields(value) if field.init]
        assert names == fields, value.__name__


GLOSSARY = {
    "shingle; shingle hash": "n-gram, feature",
    "signature": 'sketch, bare "hash"',
    "band, row": "bucket for band",
    "bucket": "group",
    "candidate pair": "match, duplicate",
    "match": "",
    "Jaccard, containment": "score, percent",
    "cluster": "component, group",
    "series": "template cluster",
}


def test_glossary_has_the_agreed_terms() -> None:
    """Each with what is never said for it, in the agreed order."""
    page = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| ")
    ]

    assert {term: never for term, _, never in rows[1:]} == GLOSSARY
    assert all(meaning for _, meaning, _ in rows)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the repository names one that is there."""
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    lost = [
        target for target in targets if "://" not in target and not (page.parent / target).exists()
    ]

    assert lost == []


def test_pictures_are_up_to_date() -> None:
    """What `docs/pictures.py` draws is what is shown."""
    drawn = runpy.run_path(str(ROOT / "docs" / "pictures.py"))["s_curve"]()

    shown = (ROOT / "docs" / "pictures" / "s-curve.svg").read_text(encoding="utf-8")

    assert shown == drawn
