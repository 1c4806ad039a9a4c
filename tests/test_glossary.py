"""Code, documentation and output use the words of the glossary."""

from __future__ import annotations

import ast
import functools
import io
import json
import re
import tokenize
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")),
    *sorted((ROOT / "examples").rglob("*.py")),
]
SOURCES = sorted((ROOT / "src" / "dedupe_news").rglob("*.py"))
SHOWN = sorted((ROOT / "src" / "dedupe_news" / "display" / "static").iterdir())

TERMS = {
    "item": "article, record",
    "duplicate": "near-dup",
    "same story (`related`)": "duplicate",
    "kept, removed": "selected",
    "shingle; shingle hash": "n-gram, feature",
    "signature": 'sketch, bare "hash"',
    "band, row": "bucket for band",
    "bucket": "group",
    "candidate pair": "match, duplicate",
    "match": "",
    "Jaccard, containment": "score, percent",
    "cluster": "component, group",
    "duplicate, related, template": "series, form, furniture",
    "representative (leader while clusters are being made)": "founder, star, heir",
    "story": "topic, event cluster",
    "judge": "model",
    "segment, event log, tombstone, compaction": "slots, room, wreck, replica of a registry",
}

# Patterns of those words of the last column that have no other use here. The others have: a group
# of digits, the score of a pair, a feature of the classifier.
FORBIDDEN = {
    "component": r"components?",
    "event cluster": r"event[ _]clusters?",
    "form": r"(?:one|recurring|same) forms?|forms? (?:are )?filled",
    "founder": r"founders?",
    "furniture": r"furniture",
    "heir": r"heirs?",
    "n-gram": r"n-?grams?",
    "near-dup": r"near-?dups?",
    "room": r"rooms?",
    "series": r"series",
    "sketch": r"sketch(?:es)?",
    "slot": r"slots?",
    "star": r"stars",
    "topic": r"topics?",
    "wreck": r"wrecks?|wreckage",
}


class Allowed(NamedTuple):
    """A use of a forbidden word that is right, and why."""

    word: str
    files: str
    text: str
    reason: str


ALLOWED = [
    Allowed("series", "*", r"\bSeries\b|as_series", "the class of pandas, polars and narwhals"),
    Allowed("series", "CHANGELOG.md", "[Ss]eries|SERIES", "what version 0.1 called templates"),
    Allowed("n-gram", "move.md", "ngram_size", "a setting of text-dedup"),
    Allowed(
        "component",
        "*",
        "[Cc]onnected components?",
        "of graphs: the clusters of other tools",
    ),
    Allowed("component", "glossary.md", "is a component", "of a signature, which is a vector"),
    Allowed("component", "index_*.py", "[Cc]omponents", "of signatures, which are vectors"),
    Allowed("room", "*", r"\b[Rr]ooms?\b(?!_)|has_room", "space for something, as everybody says"),
    Allowed("slot", "*", r"__slots__|slots=True|^slots$", "the mechanism of Python"),
]


def words(text: str) -> str:
    """Return a text with its identifiers in words: `ShingleHash` and `shingle_hash` alike."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return apart.replace("_", " ")


def uses(word: str, path: Path, text: str) -> list[str]:
    """Return the lines of a file that use a word and have no reason to."""
    rules = [rule for rule in ALLOWED if rule.word == word and fnmatch(path.name, rule.files)]
    lines = []
    for line in text.splitlines():
        rest = line
        for rule in rules:
            rest = re.sub(rule.text, "", rest)
        if re.search(rf"\b(?:{FORBIDDEN[word]})\b", words(rest), re.IGNORECASE):
            lines.append(f"{path.relative_to(ROOT)}: {line.strip()}")
    return lines


@functools.cache
def prose(page: Path) -> str:
    """Return what a page says; of the glossary without the column of what is never said."""
    text = page.read_text(encoding="utf-8")
    if page.name == "glossary.md":
        return re.sub(r"\|[^|\n]*\|$", "|", text, flags=re.MULTILINE)
    if page.suffix == ".ipynb":
        return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
    return text


@functools.cache
def names(path: Path) -> str:
    """Return the identifiers of a module, and its own name, a line each."""
    source = io.StringIO(path.read_text(encoding="utf-8"))
    tokens = tokenize.generate_tokens(source.readline)
    return "\n".join(
        {path.stem} | {token.string for token in tokens if token.type == tokenize.NAME}
    )


@functools.cache
def strings(path: Path, *, shown: bool) -> str:
    """Return the strings of a module that may be shown, or its docstrings and comments."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    docstrings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    parts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and (node not in docstrings if shown else node in docstrings)
        and " " in node.value  # a single word is a key
    ]
    if not shown:
        tokens = tokenize.generate_tokens(io.StringIO(source).readline)
        parts += [token.string for token in tokens if token.type == tokenize.COMMENT]
    return "\n".join(parts)


def test_glossary_has_the_agreed_terms() -> None:
    """The table of terms has all of them, in the agreed order, each with its meaning."""
    page = (ROOT / "docs" / "reference" / "glossary.md").read_text(encoding="utf-8")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| ")
    ]

    assert {term: never for term, _, never in rows[1:]} == TERMS
    assert all(meaning for _, meaning, _ in rows)


@pytest.mark.parametrize("word", FORBIDDEN)
def test_documentation_uses_the_words_of_the_glossary(word: str) -> None:
    """No page, notebook or example uses a forbidden word."""
    assert [line for page in PAGES for line in uses(word, page, prose(page))] == []


@pytest.mark.parametrize("word", FORBIDDEN)
def test_output_uses_the_words_of_the_glossary(word: str) -> None:
    """No message, option or part of the report uses a forbidden word."""
    of_python = [line for path in SOURCES for line in uses(word, path, strings(path, shown=True))]
    of_pages = [line for path in SHOWN for line in uses(word, path, path.read_text("utf-8"))]

    assert of_python + of_pages == []


@pytest.mark.parametrize("word", FORBIDDEN)
def test_source_uses_the_words_of_the_glossary(word: str) -> None:
    """No identifier, docstring or comment of the package uses a forbidden word."""
    of_names = [line for path in SOURCES for line in uses(word, path, names(path))]
    of_notes = [line for path in SOURCES for line in uses(word, path, strings(path, shown=False))]

    assert of_names + of_notes == []


@pytest.mark.parametrize("rule", ALLOWED, ids=lambda rule: f"{rule.word} in {rule.files}")
def test_every_exception_is_needed(rule: Allowed) -> None:
    """An exception that nothing uses any more goes."""
    files = [*PAGES, *SOURCES, *SHOWN]
    texts = [path.read_text("utf-8") for path in files if fnmatch(path.name, rule.files)]

    assert any(re.search(rule.text, text, re.MULTILINE) for text in texts)
