"""The documentation: its code runs, its words are ours, and nothing public is left out."""

from __future__ import annotations

import codeop
import dataclasses
import doctest
import importlib
import importlib.util
import itertools
import json
import pkgutil
import re
import runpy
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import dedupe_news as dn
import redis_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
# Of packages that are not installed everywhere the code is marked, and compiled only.
COMPILED_ONLY = "<!-- compiled only -->"
BLOCK = re.compile(
    rf"(?P<mark>{COMPILED_ONLY}\n+)?^```python(?: title=\"[^\"\n]*\")?\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
N_COMPILED_ONLY = 3
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


# The made-up feed has names in five scripts; which fonts there are is the machine's affair.
@pytest.mark.filterwarnings("ignore:Glyph .* missing from font:UserWarning")
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
    if any(LOCAL_REDIS in block["code"] for block in BLOCK.finditer(text)):
        server = request.getfixturevalue("redis")
        text = text.replace(LOCAL_REDIS, f"redis://127.0.0.1:{server.port}/")

    for block in BLOCK.finditer(text):
        n_lines = text[: block.start("code")].count("\n")
        if block["code"].startswith(">>> "):
            run_session(block["code"], namespace, page, n_lines)
        else:
            # Empty lines before it, so that a traceback names the line of the page.
            code = compile("\n" * n_lines + block["code"], str(page), "exec")
            if not block["mark"]:
                exec(code, namespace)  # noqa: S102 - our own documentation


def run_session(session: str, namespace: dict[str, object], page: Path, n_lines: int) -> None:
    """Run what was typed at a prompt, and compare the answers."""
    test = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), n_lines)
    test.globs = namespace
    report: list[str] = []

    outcome = doctest.DocTestRunner().run(test, out=report.append, clear_globs=False)

    assert outcome.failed == 0, "".join(report)


def test_the_tutorial_can_be_typed_at_a_prompt() -> None:
    """Where Python reads line by line, an indented block ends with an empty line."""
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")

    for block in BLOCK.finditer(text):
        typed: list[str] = []
        for line in [*block["code"].splitlines(), ""]:
            typed.append(line)
            if codeop.compile_command("\n".join(typed), "<stdin>") is not None:
                typed = []
        assert typed == []


def test_no_code_is_marked_otherwise() -> None:
    """Every block of Python is run; any other is a command, output, data or a formula."""
    fences = [
        fence
        for page in PAGES
        for fence in re.findall(
            r"^ *```(.*)\n(?=.)", page.read_text(encoding="utf-8"), re.MULTILINE
        )
    ]
    n_blocks = sum(len(BLOCK.findall(page.read_text(encoding="utf-8"))) for page in PAGES)

    languages = [fence.partition(" ")[0] for fence in fences]
    assert set(languages) <= {"", "console", "dockerfile", "json", "python", "sh", "text", "toml"}
    assert languages.count("python") == n_blocks


def test_little_code_is_compiled_only() -> None:
    """What no test runs is counted."""
    marks = [
        block["mark"]
        for page in PAGES
        for block in BLOCK.finditer(page.read_text(encoding="utf-8"))
        if block["mark"]
    ]

    lines = [line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines()]
    assert len(marks) == N_COMPILED_ONLY
    assert lines.count(COMPILED_ONLY) == len(marks)


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
    """Return the names of the modules that are not private; of Spark where it is installed."""
    found = [module.name for module in pkgutil.walk_packages(dn.__path__, "dedupe_news.")]
    if importlib.util.find_spec("pyspark") is None:
        found.remove("dedupe_news.integrations.spark")
    return [name for name in found if "._" not in name and ".cli." not in name]


@pytest.mark.parametrize("name", modules())
def test_dataclasses_describe_their_parameters(name: str) -> None:
    """Dataclasses describe their parameters."""
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


def is_there(page: Path, target: str) -> bool:
    """Return whether a link of a page leads to a file, or to the page of a notebook."""
    path = page.parent / target
    return path.exists() or (path.suffix == ".md" and path.with_suffix(".ipynb").exists())


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link to a file of the repository names one that is there."""
    targets = LINK.findall(page.read_text(encoding="utf-8"))

    lost = [target for target in targets if "://" not in target and not is_there(page, target)]

    assert lost == []


def test_contributors_are_sent_to_files_that_exist() -> None:
    """Every file that CONTRIBUTING names is in the package, among the tests or at the root."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w./-]+\.(?:json|md|py|toml))`", page))
    folders = [ROOT, ROOT / "tests", ROOT / "src" / "dedupe_news"]

    assert {name for name in named if not any((each / name).exists() for each in folders)} == set()


def drawers() -> dict[str, Callable[[], str]]:
    """Return what draws each picture."""
    drawn: dict[str, Callable[[], str]] = runpy.run_path(str(ROOT / "docs" / "pictures.py"))[
        "PICTURES"
    ]
    return drawn


@pytest.mark.parametrize("name", ["s-curve.svg", "pipeline.svg"])
def test_pictures_are_up_to_date(name: str) -> None:
    """What `docs/pictures.py` draws is what is shown."""
    shown = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")

    assert drawers()[name]() == shown


@pytest.mark.parametrize("name", ["templates.svg", "clustering.svg"])
def test_pictures_of_the_feed_are_up_to_date(name: str, interpreted: bool) -> None:
    """Those that are drawn from the made-up feed, too."""
    if interpreted:
        pytest.skip("the whole made-up feed takes too long as plain Python")
    shown = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")

    assert drawers()[name]() == shown


def test_pictures_ask_nothing_of_the_network() -> None:
    """No font, style or picture of theirs is elsewhere."""
    for picture in (ROOT / "docs" / "pictures").glob("*.svg"):
        addresses = re.findall(r"https?://[^\"')\s]+", picture.read_text(encoding="utf-8"))
        assert set(addresses) <= {"http://www.w3.org/2000/svg"}, picture.name


def test_every_page_is_in_the_navigation() -> None:
    """Each once; a notebook is a page of its name."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    named = re.findall(r"([\w/-]+\.md)$", text, re.MULTILINE)
    docs = ROOT / "docs"
    pages = {page.relative_to(docs).as_posix() for page in docs.rglob("*.md")}
    pages |= {notebook.relative_to(docs).with_suffix(".md").as_posix() for notebook in NOTEBOOKS}

    assert len(named) == len(set(named))
    assert set(named) == pages


@pytest.mark.filterwarnings("ignore:Glyph .* missing from font:UserWarning")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name_of)
def test_code_of_a_notebook_runs(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interpreted: bool
) -> None:
    """All cells, in order; `make docs` does so in Jupyter's own kernel, and shows the outputs."""
    if interpreted:
        pytest.skip("the whole made-up feed takes too long as plain Python")
    folder = tmp_path / "docs" / "notebooks"
    folder.mkdir(parents=True)
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(folder)
    namespace: dict[str, object] = {"__name__": "__main__"}

    for number, cell in enumerate(cells(notebook)):
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), f"{notebook.name}, cell {number}", "exec")
            exec(code, namespace)  # noqa: S102 - our own documentation


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=name_of)
def test_notebooks_are_kept_without_outputs(notebook: Path) -> None:
    """Notebooks are kept without outputs."""
    kept = [
        cell
        for cell in cells(notebook)
        if cell["cell_type"] == "code" and (cell["outputs"] or cell["execution_count"])
    ]

    assert kept == []


def cells(notebook: Path) -> list[dict[str, Any]]:
    """Return the cells of a notebook."""
    content: list[dict[str, Any]] = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return content
