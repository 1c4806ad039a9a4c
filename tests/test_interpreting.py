"""Small work before there is machine code: the same answers, and nothing compiled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import dedupe_news as dn
from dedupe_news._input import sizes
from dedupe_news._kernels import _interpreting
from printings import printings, strangers

if TYPE_CHECKING:
    from pathlib import Path

WORK = """
import json, sys
import dedupe_news as dn
from dedupe_news._kernels import _jit
from printings import printings, strangers
feed = [*printings(4), *strangers(8)]
result = dn.cluster(feed)
pair = dn.compare(feed[0], feed[1])
explained = result.explain(0, 1)
shown = result.clusters[0]._repr_html_()
others = dn.cluster(feed, policy="similar", threshold=0.5)
json.dump({
    "compilations": _jit.n_compilations(),
    "labels": result.labels.tolist(),
    "similar": others.labels.tolist(),
    "compared": [pair.verdict, pair.probability, pair.why],
    "explained": [explained.verdict, explained.probability, explained.why],
    "shown": shown,
}, sys.stdout)
"""


POLLED = """
import json, sys
import dedupe_news as dn
from dedupe_news._kernels import _jit
from printings import printings, strangers
feed = [{**item, "id": f"{n}"} for n, item in enumerate([*printings(4), *strangers(8)])]
answers = []
for part in (feed[:6], feed[6:]):
    with dn.NewsIndex.open(sys.argv[1]) as index, dn.NewsIndex.open(sys.argv[1]) as other:
        added = [index.add(**item) for item in part]
        asked = other.query(feed[0]["text"])
        answers.append([[match.id for match in matches] for matches in (*added, asked)])
with dn.NewsIndex.open(sys.argv[1]) as index:
    answers.append(index.cluster().labels.tolist())
json.dump({"compilations": _jit.n_compilations(), "answers": answers}, sys.stdout)
"""


def answers() -> dict[str, object]:
    """Return what `WORK` says, of this process."""
    feed = [*printings(4), *strangers(8)]
    result = dn.cluster(feed)
    pair, explained = dn.compare(feed[0], feed[1]), result.explain(0, 1)
    return {
        "labels": result.labels.tolist(),
        "similar": dn.cluster(feed, policy="similar", threshold=0.5).labels.tolist(),
        "compared": [pair.verdict, pair.probability, pair.why],
        "explained": [explained.verdict, explained.probability, explained.why],
        "shown": result.clusters[0]._repr_html_(),
    }


@pytest.mark.usefixtures("compiled")
def test_small_work_is_interpreted_with_the_same_answers(root: Path, tmp_path: Path) -> None:
    """With an empty cache a dozen items are clustered, compared and shown without a compiler."""
    assert run(root, tmp_path, WORK) == {"compilations": 0, **answers()}


def run(root: Path, cache: Path, code: str, *arguments: str) -> dict[str, object]:
    """Return what a program prints that has no machine code."""
    paths = os.pathsep.join([str(root / "src"), str(root / "tests")])
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(cache), "PYTHONPATH": paths}
    done = subprocess.run(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-W", "error", "-c", code, *arguments],
        capture_output=True,
        check=False,
        text=True,
        env=environment,
    )
    assert (done.returncode, done.stderr) == (0, "")
    printed: dict[str, object] = json.loads(done.stdout)
    return printed


@pytest.mark.usefixtures("compiled")
def test_a_small_index_in_a_file_is_interpreted(root: Path, tmp_path: Path) -> None:
    """A dozen items are added to a file, read by others, and clustered without a compiler."""
    polled = run(root, tmp_path / "cache", POLLED, str(tmp_path / "news.db"))

    feed = [*printings(4), *strangers(8)]
    index, added = dn.NewsIndex(), []
    for n, item in enumerate(feed):
        added.append([match.id for match in index.add(f"{n}", **item)])
        if n in {5, 11}:
            added.append([match.id for match in index.query(feed[0]["text"])])
    expected = [added[:7], added[7:], index.cluster().labels.tolist()]
    assert polled == {"compilations": 0, "answers": expected}


def test_much_work_is_not_interpreted() -> None:
    """Neither a text of many bytes, nor one after a process has interpreted enough."""
    allowance = _interpreting.Allowance(50_000)

    with _interpreting.small(_interpreting.MOST_BYTES + 1, allowance) as is_small:
        assert not is_small
        assert not _interpreting.is_on()
    for n_left in (50_000, 30_000, 10_000):
        assert allowance.n_bytes == n_left
        with _interpreting.small(20_000, allowance) as is_small:
            assert is_small == _interpreting.is_on() == (n_left >= 20_000)
            if is_small:
                _interpreting.instead_of(answers)  # type: ignore[arg-type]
    with _interpreting.small(10_000, allowance), _interpreting.small(20_000, allowance) as is_part:
        assert is_part
    for many in (_interpreting.MOST_BYTES + 1, None):
        with (
            _interpreting.small(10_000, allowance),
            _interpreting.small(many, allowance) as is_part,
        ):
            assert not is_part
            assert not _interpreting.is_on()
    assert allowance.n_bytes == 10_000, "what was not interpreted costs nothing"


@pytest.mark.parametrize(
    ("feed", "expected"),
    [
        (["Rain", "Sün"], 8),
        ([{"title": "Rain", "text": "Sun", "published": None}], 7),
        ([dn.Document("Rain", title="Sun")], 7),
        ({"text": ["Rain", "Sun"]}, 7),
        (["Rain"] * 201, None),
        ((text for text in ["Rain"]), None),
        ("feed.csv", None),
        (7, None),
    ],
    ids=["texts", "mappings", "documents", "columns", "many", "generator", "path", "number"],
)
def test_sizes_are_told_at_a_glance(feed: object, expected: int | None) -> None:
    """Bytes of text, of feeds of at most 200 items whose length is known."""
    assert sizes.n_bytes(feed) == expected


def test_sizes_of_tables_are_told() -> None:
    """Every column counts."""
    pandas = pytest.importorskip("pandas")

    assert sizes.n_bytes(pandas.DataFrame({"title": ["Rain"], "text": ["Sun"], "n": [3]})) == 7
    assert sizes.n_bytes(pandas.Series(["Rain"])) == 4
