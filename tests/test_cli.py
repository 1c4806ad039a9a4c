"""The command line: what it reads, prints, writes and refuses."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import gzip
import importlib
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from rich.console import Console

import dedupe_news as dn
from command_line import Ended, runner
from dedupe_news import cli
from dedupe_news._input import files
from dedupe_news.cli import terminal
from shown_feed import make_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

STORM = "A storm cut the power of 4,000 homes in Tarnby on Sunday night, the grid operator said."
MAYOR = "The council of Ostrand chose a new mayor after three rounds of voting."
FERRY = "The ferry to Lower Fenwick runs again after two weeks of repairs."
RECORDS = [
    {"id": "a", "title": "Storm", "text": STORM, "published": "2026-03-02T05:00:00Z"},
    {"id": "b", "title": "Vote", "text": MAYOR, "published": "2026-03-02T06:00:00Z"},
    {"id": "c", "title": "Storm", "text": STORM, "published": "2026-03-02T04:00:00Z"},
]
KEPT: dict[str, object] = {
    "relation": None,
    "kept": True,
    "duplicate_of": None,
    "probability": None,
}
COPY: dict[str, object] = {
    "relation": "exact",
    "kept": False,
    "duplicate_of": "c",
    "probability": 1.0,
}
EXPECTED = [
    {**record, "cluster": cluster, "story": None, "template": None, **standing}
    for record, cluster, standing in zip(RECORDS, (0, 1, 0), (COPY, KEPT, KEPT), strict=True)
]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> Callable[..., Ended]:
    """Return a function that runs the command line in an empty folder, in this process."""
    return runner(capsys, monkeypatch, tmp_path)


def started(*arguments: str, **options: Any) -> subprocess.Popen[bytes]:
    """Start the command line in a process of its own, of the package under test."""
    home = str(Path(dn.__file__).resolve().parents[1])
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "dedupe_news.cli", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": home},
        **options,
    )


def as_jsonl(records: Sequence[dict[str, Any]]) -> bytes:
    """Return records as JSON Lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def as_csv(records: Sequence[dict[str, Any]], delimiter: str = ",") -> bytes:
    """Return records as CSV."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(records[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def as_parquet(records: Sequence[dict[str, Any]]) -> bytes:
    """Return records as Parquet."""
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(records)), sink)
    return sink.getvalue()


CONTENTS = {
    "feed.jsonl": as_jsonl(RECORDS),
    "feed.ndjson.gz": gzip.compress(as_jsonl(RECORDS)),
    "feed.jsonl.zst": zstandard.compress(as_jsonl(RECORDS)),
    "frames.jsonl.zst": b"".join(zstandard.compress(as_jsonl([record])) for record in RECORDS),
    "feed.csv": as_csv(RECORDS),
    "bom.csv": b"\xef\xbb\xbf" + as_csv(RECORDS),
    "semicolons.csv": as_csv(RECORDS, ";"),
    "feed.tsv": as_csv(RECORDS, "\t"),
    "feed.csv.gz": gzip.compress(as_csv(RECORDS)),
    "feed.parquet": as_parquet(RECORDS),
    "feed.parquet.gz": gzip.compress(as_parquet(RECORDS)),
    "no_suffix": as_jsonl(RECORDS),
    "parquet_too": as_parquet(RECORDS),
}


# Reading


@pytest.mark.parametrize("name", list(CONTENTS))
def test_every_format_gives_the_same_clusters(
    run: Callable[..., Ended], tmp_path: Path, name: str
) -> None:
    """Formats, compressions and delimiters are told apart by name or content."""
    (tmp_path / name).write_bytes(CONTENTS[name])

    ended = run("cluster", name)

    assert ended.code == 0
    assert ended.rows == EXPECTED


@pytest.mark.parametrize("name", ["feed.jsonl", "feed.ndjson.gz", "feed.jsonl.zst", "feed.parquet"])
def test_standard_input_is_told_by_its_content(run: Callable[..., Ended], name: str) -> None:
    """A pipe has no suffix; JSON Lines and Parquet need none."""
    assert run("cluster", "-", stdin=CONTENTS[name]).rows == EXPECTED


def test_format_can_be_said(run: Callable[..., Ended]) -> None:
    """CSV in a pipe cannot be told from plain lines, so one says it."""
    assert run("cluster", "-", "--format", "csv", stdin=CONTENTS["feed.csv"]).rows == EXPECTED


def test_plain_lines_are_numbered_as_in_the_file(run: Callable[..., Ended]) -> None:
    """Blank lines are no items, but count."""
    ended = run("cluster", "-", stdin=f"{STORM}\r\n\n  \n{MAYOR}\n{STORM}".encode())

    assert [(row["line"], row["duplicate_of"]) for row in ended.rows] == [
        (1, None), (4, None), (5, 1),
    ]  # fmt: skip
    assert "standard input: plain lines, 3 items; id from the number of the line" in ended.err


def test_line_separators_within_a_text_part_no_records(run: Callable[..., Ended]) -> None:
    """Only a newline ends a line of JSON, U+2028 does not."""
    record = json.dumps({"text": f"{STORM}\u2028{MAYOR}"}, ensure_ascii=False)

    assert len(run("cluster", "-", stdin=record.encode()).rows) == 1


def test_conventional_columns_are_found_and_said(run: Callable[..., Ended]) -> None:
    """The first name of each convention that is there is taken; stderr says which."""
    record = {"content": MAYOR, "description": STORM, "date": "2026-03-02", "title": "Storm"}

    ended = run("cluster", "-", stdin=as_jsonl([record]))

    assert (
        "JSON, 1 item; id from the number of the line, title from 'title', "
        "text from 'description', published from 'date'"
    ) in ended.err
    assert "times without a zone are taken as UTC" in ended.err


def test_named_columns_take_precedence(run: Callable[..., Ended], tmp_path: Path) -> None:
    """Every role can be given another column, and columns can be ignored."""
    records = [
        {"id": "x", "key": 1, "title": "Storm", "text": FERRY, "body": STORM, "at": "2026-03-02"},
        {"id": "x", "key": 2, "title": "Other", "text": MAYOR, "body": STORM, "at": "2026-03-01"},
    ]
    (tmp_path / "feed.jsonl").write_bytes(as_jsonl(records))

    ended = run(
        *["cluster", "feed.jsonl", "--id", "key", "--text", "body", "--published", "at"],
        *["--ignore", "title"],
    )

    assert [(row["key"], row["duplicate_of"]) for row in ended.rows] == [(1, 2), (2, None)]
    assert [row["id"] for row in ended.rows] == ["x", "x"]


def test_parquet_times_of_every_type_are_read(run: Callable[..., Ended], tmp_path: Path) -> None:
    """Timestamps with a zone and without, dates and texts decide alike whom to keep."""
    moments = [dt.datetime(2026, 3, 2, tzinfo=dt.UTC), dt.datetime(2026, 3, 1, tzinfo=dt.UTC)]
    for times in (
        pa.array(moments, pa.timestamp("ms", "UTC")),
        pa.array(moments, pa.timestamp("us")),
        pa.array(moments, pa.date32()),
        pa.array([moment.isoformat() for moment in moments]),
        pa.array(["Mon, 02 Mar 2026 00:00:00 +0000", "Sun, 01 Mar 2026 00:00:00 +0000"]),
    ):
        pq.write_table(pa.table({"text": [STORM, STORM], "date": times}), tmp_path / "f.parquet")

        ended = run("cluster", "f.parquet")

        assert [row["duplicate_of"] for row in ended.rows] == [2, None], times.type


def test_missing_values_are_empty_texts(run: Callable[..., Ended]) -> None:
    """Keys that are absent, nulls and empty cells are documents that match nothing."""
    jsonl = b'{"text": null}\n{"title": "x"}\n'
    table = b"id,text,source,published\n1,,,\n2,,,\n"

    assert [row["cluster"] for row in run("cluster", "-", stdin=jsonl).rows] == [0, 1]
    ended = run("cluster", "-", "--format", "csv", stdin=table)
    assert [row["cluster"] for row in ended.rows] == [0, 1]


@pytest.mark.parametrize("name", ["empty.jsonl", "empty.txt"])
def test_empty_file_has_no_document(run: Callable[..., Ended], tmp_path: Path, name: str) -> None:
    """Nothing in, nothing out."""
    (tmp_path / name).touch()

    ended = run("cluster", name, "--text", "body")

    assert (ended.code, ended.out) == (0, "")


def test_long_cells_of_csv_are_read(run: Callable[..., Ended]) -> None:
    """A cell may be longer than the 131,072 characters that Python allows by default."""
    table = f'id,text\n1,"{STORM * 2000}"\n'.encode()

    assert run("cluster", "-", "--format", "csv", stdin=table).code == 0


# Refusals

BROKEN = {
    "missing.jsonl": (None, "cannot read missing.jsonl: No such file or directory"),
    "line.jsonl": (
        b'{"text": "a"}\n\n{"text": }\n',
        "line.jsonl, line 3 is not JSON: Expecting value at column 10",
    ),
    "deep.jsonl": (b"[" * 100_000, "deep.jsonl, line 1 is not JSON: it is nested too deeply"),
    "array.jsonl": (
        b"[1]\n",
        (
            "array.jsonl, line 1 is not JSON: there is a JSON number, where an object has to be "
            "at column 2"
        ),
    ),
    "string.jsonl": (b'"a"\n', "string.jsonl, line 1 is a JSON string, not an object"),
    "number.jsonl": (
        b'{"text": "a"}\n{"text": 3}\n',
        (
            "number.jsonl, line 2: the text is 3, which is of type 'int' and no text. Correct "
            "it, or use --on-invalid ignore to do without such values, "
            "drop without the items"
        ),
    ),
    "source.jsonl": (
        b'{"text": "a", "outlet": 7}\n',
        (
            "line 1: the source 'outlet' is 7, which is of type 'int' and no name of a source. "
            "Correct it, or use --on-invalid ignore to do without such values, drop without the "
            "items, --ignore 'outlet' without the column"
        ),
    ),
    "ids.jsonl": (
        b'{"id": 7, "text": "a"}\n{"id": 7, "text": "b"}\n',
        (
            "ids.jsonl, line 2: the id is 7, which is that of ids.jsonl, line 1 already. Ids must "
            "be unique"
        ),
    ),
    "no_id.jsonl": (
        b'{"id": 7, "text": "a"}\n{"text": "b"}\n',
        "no_id.jsonl, line 2: the id is missing",
    ),
    "list_id.jsonl": (
        b'{"id": [7], "text": "a"}\n',
        "list_id.jsonl, line 1: the id is [7], which is of type 'list' and not hashable",
    ),
    "time.jsonl": (
        b'{"text": "a", "published": "yesterday"}\n',
        (
            "time.jsonl, line 1: the published time is 'yesterday', which is no date that can be "
            "read. Say how dates are written: --date-format dmy or mdy"
        ),
    ),
    "no_text.jsonl": (
        b'{"words": "a"}\n',
        (
            "no_text.jsonl has no column 'text', 'full_text', 'main_text', 'article_text' or the "
            "like for the text; its columns are 'words'. Name it with --text COLUMN"
        ),
    ),
    "latin.txt": (
        "\u00c9lise\n".encode() + "Élise\n".encode("latin-1"),
        "latin.txt, line 2 is not UTF-8: byte 0xc9 at column 1",
    ),
    "binary.txt": (b"\x7fELF" + b"\0" * 20, "binary.txt is no text: it holds zero bytes"),
    "wide.csv": (
        b"id,text\n1,a\n\n2,b,c\n",
        (
            "wide.csv, line 4 has 3 values, but the header names 2 columns. Put values that hold "
            "',' in quotes"
        ),
    ),
    "empty.csv": (b"", "empty.csv has no header: its first line must name the columns"),
    "twice.csv": (b"text,text\na,b\n", "twice.csv has more than one column 'text'"),
    "quote.csv": (b'text\n"a"b\n', "quote.csv, line 2 is not CSV: ',' expected after '\"'"),
    "bad.parquet": (b"PAR1 and no more", "bad.parquet is not Parquet that can be read"),
    "cut.jsonl.gz": (CONTENTS["feed.ndjson.gz"][:-9], "cut.jsonl.gz is damaged"),
    "bad.jsonl.gz": (b"\x1f\x8b\x08\0" + b"\xff" * 30, "bad.jsonl.gz is damaged"),
    "cut.jsonl.zst": (CONTENTS["feed.jsonl.zst"][:-9], "cut.jsonl.zst is damaged"),
    "bad.jsonl.zst": (CONTENTS["feed.jsonl.zst"][:8] + b"\xff" * 30, "bad.jsonl.zst is damaged"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_broken_file_is_one_line_on_stderr(
    run: Callable[..., Ended], tmp_path: Path, name: str
) -> None:
    """What is wrong with a file, where, and what helps; exit code 2."""
    content, message = BROKEN[name]
    if content is not None:
        (tmp_path / name).write_bytes(content)

    ended = run("cluster", name, "--on-invalid", "raise")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err.startswith("dedupe-news: ")
    assert message in ended.err
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--policy", "similar", "--threshold", "1.01"], r"--threshold 1\.01 is out of range"),
        (["--policy", "similar", "--threshold", "nan"], "--threshold nan is out of range"),
        (["--threshold", "high"], r"Invalid value for '--threshold'.*; --help explains$"),
        (["--policy", "similar", "--recall", "1"], r"--recall 1\.0 is out of range"),
        (
            ["--recall", "0.9"],
            r"--recall 0\.9 is read with --policy similar only.* Pass --policy s",
        ),
        (["--on-invalid", "skip"], "--on-invalid skip is not known; allowed are 'raise', "),
        (["--timezone", "Mars"], "--timezone Mars is no time zone"),
        (["--date-format", "day"], "--date-format day is no format of dates"),
        (["--date-format", "%Q"], "--date-format %Q is no format of dates"),
        (["--encoding", "utf-9"], "--encoding 'utf-9' is not known"),
        (["--shingle-size", "0"], "--shingle-size 0 is out of range"),
        (["--policy", "best"], "--policy best is not known; allowed are 'news', 'similar'"),
        (["--prefer", "best"], "--prefer best is not known; allowed are 'earliest'"),
        (["--n-jobs", "0"], "--n-jobs 0 means no thread"),
        (
            ["--text", "body"],
            r"feed\.jsonl has no column 'body' for the text; its columns are 'id'",
        ),
        (["--format", "xml"], r"Invalid value for '--format'"),
        (["--output", "x.xml"], r"cannot write x\.xml: its suffix must be \.jsonl, \.csv, "),
        (["--output", "no/x.csv"], r"cannot write no/x\.csv: there is no folder 'no'"),
        (["--output", "feed.jsonl"], r"cannot write feed\.jsonl: it is the file that is read"),
        (["--output", "dir.csv"], r"cannot write dir\.csv: it is a folder"),
        (["--colour"], "No such option: --colour"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_bad_arguments_are_one_line_on_stderr(
    run: Callable[..., Ended], tmp_path: Path, arguments: list[str], message: str
) -> None:
    """Options are refused with their value and what is allowed; exit code 2."""
    (tmp_path / "feed.jsonl").write_bytes(CONTENTS["feed.jsonl"])
    (tmp_path / "dir.csv").mkdir()

    ended = run("cluster", "feed.jsonl", *arguments)

    assert (ended.code, ended.out) == (2, "")
    assert re.search(message, ended.err)
    assert ended.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        "cluster feed.jsonl --policy best",
        "cluster feed.jsonl --threshold 0.5",
        "cluster feed.jsonl --policy similar --threshold 0.01",
        "cluster feed.jsonl --policy similar --min-probability 0.9",
        "cluster feed.jsonl --judge none.json",
        "cluster feed.jsonl --judge feed.jsonl",
        "cluster feed.jsonl --n-jobs 0",
        "cluster feed.jsonl --memory-limit much",
        "cluster feed.jsonl --memory-limit 1MB",
        "cluster feed.jsonl --work-folder feed.jsonl",
        "cluster feed.jsonl --on-invalid skip",
        "cluster feed.jsonl --timezone Mars",
        "cluster plain.jsonl --keep earliest",
        "cluster plain.jsonl --keep views",
        "cluster plain.jsonl --on-invalid raise --source views",
        "cluster feed.xml",
        "fit feed.jsonl --output judge.json",
        "index add new.db feed.jsonl --window 30",
        "index add new.db feed.jsonl --window '99999 years'",
        "index add news.db feed.jsonl --policy similar",
        "index add news.db feed.jsonl --min-probability 0.9",
        "index add http://host/x feed.jsonl",
        "index add :memory: feed.jsonl",
        "index query news.db Rain --include series",
        "index expire news.db --before yesterday",
        "index expire news.db --before 2026-03-02T05:30",
        "index stats none.db",
    ],
)
def test_errors_speak_of_options(run: Callable[..., Ended], tmp_path: Path, arguments: str) -> None:
    """They name what one can type here, nothing of Python."""
    (tmp_path / "feed.jsonl").write_bytes(CONTENTS["feed.jsonl"])
    (tmp_path / "plain.jsonl").write_bytes(
        as_jsonl([{"text": STORM, "views": 3}, {"text": STORM, "views": "many"}])
    )
    (tmp_path / "feed.xml").write_text("<rss></rss>", encoding="utf-8")
    assert run("index", "add", "news.db", "feed.jsonl", "--quiet").code == 0

    ended = run(*shlex.split(arguments))

    assert (ended.code, ended.out) == (2, "")
    message = ended.err.splitlines()[-1]
    assert not re.search(
        r"\w=['\w.\[(]|\bdn\.|\bNone\b|\bNewsIndex\b|\bdatetime\(|timedelta", message
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["query", "feed.jsonl"], "the text to look for is given once"),
        (["query", "feed.jsonl", "a", "--text-file", "b"], "the text to look for is given once"),
        (["query", "-", "--text-file", "-"], "standard input cannot be both"),
        (["query", "feed.jsonl", "a", "--limit", "0"], "Invalid value for '--limit'"),
        (["cluster"], "Missing argument 'FILE'; --help explains"),
        (["clusters", "x"], "No such command 'clusters'"),
    ],
    ids=["no text", "two texts", "two inputs", "limit", "no file", "command"],
)
def test_commands_given_wrongly_are_refused(
    run: Callable[..., Ended], arguments: list[str], message: str
) -> None:
    """One line says what is missing or too much."""
    ended = run(*arguments)

    assert ended.code == 2
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_library_errors_are_one_line_but_bugs_keep_their_traceback(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody foresaw is not dressed up as the user's."""
    app = importlib.import_module("dedupe_news.cli.deduplicating")

    def fail(*_: object, **__: object) -> None:
        message = "a bug"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(app, "cluster", fail)

    with pytest.raises(ZeroDivisionError, match="a bug"):
        run("cluster", "-", stdin=b"a\n")


# Writing


@pytest.mark.parametrize("name", ["out.jsonl", "out.csv", "out.parquet", "out.jsonl.gz"])
def test_output_is_written_by_suffix(run: Callable[..., Ended], tmp_path: Path, name: str) -> None:
    """Every format holds the same rows, and stdout stays empty."""
    (tmp_path / "feed.jsonl").write_bytes(CONTENTS["feed.jsonl"])

    ended = run("cluster", "feed.jsonl", "--output", name)

    written = (tmp_path / name).read_bytes()
    if name.endswith(".parquet"):
        rows = pq.read_table(tmp_path / name).to_pylist()
    elif name.endswith(".csv"):
        assert written == GOLDEN_CSV
        rows = EXPECTED
    else:
        text = gzip.decompress(written) if name.endswith(".gz") else written
        rows = [json.loads(line) for line in text.splitlines()]
    assert rows == EXPECTED
    assert ended.out == ""
    assert f"wrote 3 rows to {name}" in ended.err


GOLDEN_CSV = f"""\
id,title,text,published,cluster,story,template,relation,kept,duplicate_of,probability
a,Storm,"{STORM}",2026-03-02T05:00:00Z,0,,,exact,false,c,1.0
b,Vote,{MAYOR},2026-03-02T06:00:00Z,1,,,,true,,
c,Storm,"{STORM}",2026-03-02T04:00:00Z,0,,,,true,,
""".encode()


def parquet_parts(folder: Path, **changed: list[Any]) -> Path:
    """Write rows in two files of a folder."""
    columns = {
        "id": ["a", "b", "c", "d"],
        "body": ["Rain floods the old town of Bern", "Sun at last"] * 2,
        **changed,
    }
    parts = folder / "parts"
    parts.mkdir()
    for number in range(2):
        part = {name: values[2 * number : 2 * number + 2] for name, values in columns.items()}
        pq.write_table(pa.table(part), parts / f"{number}.parquet")
    return parts


def test_parquet_larger_than_memory(run: Callable[..., Ended], tmp_path: Path) -> None:
    """A folder of files within a limit, with a work folder; ids as given, or rows from 1."""
    parts, work = parquet_parts(tmp_path), tmp_path / "work"
    limits = ("--memory-limit", "20GB", "--work-folder", str(work))

    with_ids = run("cluster", str(parts), *limits)
    without = run("cluster", str(parts), *limits, "--ignore", "id")

    assert [(row["id"], row["duplicate_of"]) for row in with_ids.rows] == [
        ("a", None), ("b", None), ("c", "a"), ("d", "b"),
    ]  # fmt: skip
    assert [(row["row"], row["duplicate_of"]) for row in without.rows] == [
        (1, None), (2, None), (3, 1), (4, 2),
    ]  # fmt: skip
    assert "Parquet, 4 items; id from the number of the row, text from 'body'" in without.err
    assert list(work.iterdir()) == []


def test_other_files_stay_within_a_limit_too(run: Callable[..., Ended], tmp_path: Path) -> None:
    """They are read at once, and clustered as ever."""
    path = tmp_path / "feed.txt"
    path.write_text("a b c d\nx y z\na b c d\n", encoding="utf-8")

    found = run("cluster", str(path), "--work-folder", str(tmp_path / "work"))

    assert [row["duplicate_of"] for row in found.rows] == [None, None, 1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--memory-limit", "much"), "--memory-limit much is no amount of memory"),
        (("--memory-limit", "1MB"), "--memory-limit 1,000,000 bytes is too little"),
        (("--work-folder", "parts/0.parquet"), "--work-folder parts/0.parquet cannot be used"),
    ],
)
def test_limits_that_cannot_be_kept_are_one_line(
    run: Callable[..., Ended],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    """As any other error."""
    monkeypatch.chdir(tmp_path)
    ended = run("cluster", str(parquet_parts(tmp_path)), *arguments)

    assert ended.code == 2
    assert message in ended.err
    assert ended.err.count("Traceback") == 0


def test_mixed_ids_cannot_be_parquet(run: Callable[..., Ended], tmp_path: Path) -> None:
    """The message says which format can hold them."""
    (tmp_path / "feed.jsonl").write_bytes(b'{"id": 1, "text": "a"}\n{"id": "b", "text": "b"}\n')

    ended = run("cluster", "feed.jsonl", "--output", "out.parquet")

    assert ended.code == 2
    assert "Parquet holds values of one type in a column, and one here has several" in ended.err


def test_ids_of_any_text_are_written_as_json(run: Callable[..., Ended]) -> None:
    """Letters stay readable; one that holds half of a character is replaced by its line."""
    ended = run("cluster", "-", stdin=b'{"id": "\xc3\x89", "text": "a"}\n{"id": "\\ud800"}\n')

    assert '"id": "É"' in ended.out
    assert [row["id"] for row in ended.rows] == ["É", "\ud800"]
    assert "standard input, line 2: id is '\\ud800', which holds half of a character" in ended.err


def test_dash_writes_json_lines_on_a_terminal_too(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    """Asking for it is enough."""
    (tmp_path / "feed.jsonl").write_bytes(CONTENTS["feed.jsonl"])

    assert run("cluster", "feed.jsonl", "-o", "-", on_terminal=True).rows == EXPECTED


def test_quiet_says_nothing(run: Callable[..., Ended], tmp_path: Path) -> None:
    """Only errors are worth a word then."""
    (tmp_path / "feed.jsonl").write_bytes(CONTENTS["feed.jsonl"])

    assert run("cluster", "feed.jsonl", "--quiet", "-o", "out.csv").err == ""
    assert run("query", "feed.jsonl", STORM, "--quiet").err == ""


# Querying


def test_query_finds_the_best_match_first(run: Callable[..., Ended], tmp_path: Path) -> None:
    """Scores are exact, ties are in the order of the file."""
    cut = " ".join(STORM.split()[:12])
    feed = [{"id": "x", "text": MAYOR}, {"id": "y", "text": f"{cut} ..."}]
    feed += [{"id": "z", "text": STORM}, {"id": "w", "text": STORM}]
    (tmp_path / "feed.jsonl").write_bytes(as_jsonl(feed))

    ended = run("query", "feed.jsonl", STORM, "--policy", "similar", "--threshold", "0.5")

    whole = {"jaccard": 1.0, "containment": 1.0, "relation": "exact"}
    index = dn.NewsIndex(policy="similar", threshold=0.5)
    index.add("y", f"{cut} ...")
    (match,) = index.query(STORM)
    assert ended.rows == [
        {"id": "z", **whole},
        {"id": "w", **whole},
        {
            "id": "y",
            "jaccard": match.jaccard,
            "containment": match.containment,
            "relation": match.relation.name.lower(),
        },
    ]
    assert "3 of 4 items match" in ended.err


def test_policy_can_be_said(run: Callable[..., Ended]) -> None:
    """Another day's form is a match by similarity, and no copy as news."""
    form = (
        "The weather in Tarnby on day {}: rain in the morning, dry from noon, the highest "
        "temperature is {} degrees, the wind comes from the west, and the harbour office warns "
        "of waves off the coast until the evening of that day"
    )
    one, other = form.format(3, 11), form.format(4, 17)

    def n_found(*arguments: str) -> tuple[int, int]:
        clustered = run("cluster", "-", *arguments, stdin=f"{one}\n{other}\n".encode())
        queried = run("query", "-", other, *arguments, stdin=f"{one}\n".encode())
        return len({row["cluster"] for row in clustered.rows}), len(queried.rows)

    assert n_found() == n_found("--policy", "news") == (2, 0)
    assert n_found("--policy", "similar") == (1, 1)
    assert n_found("--policy", "similar", "--threshold", "0.95") == (2, 0)


def test_query_takes_its_text_from_a_file_or_a_pipe(
    run: Callable[..., Ended], tmp_path: Path
) -> None:
    """Title and text stand on two lines there, as they are joined in the feed."""
    (tmp_path / "feed.jsonl").write_bytes(CONTENTS["feed.jsonl"])
    (tmp_path / "sought.txt").write_text(f"Storm\n{STORM}\n", encoding="utf-8")

    from_file = run("query", "feed.jsonl", "--text-file", "sought.txt", "--limit", "1")
    from_pipe = run("query", "feed.jsonl", "--text-file", "-", stdin=f"Storm\n{STORM}".encode())

    assert [row["id"] for row in from_file.rows] == ["a"]
    assert [(row["id"], row["jaccard"]) for row in from_pipe.rows] == [("a", 1.0), ("c", 1.0)]


def test_query_needs_no_unique_ids(run: Callable[..., Ended]) -> None:
    """Without a column of ids, lines are named."""
    lines = f"{MAYOR}\n{STORM}\n".encode()

    assert [row["id"] for row in run("query", "-", STORM, stdin=lines).rows] == [2]


def test_query_without_a_match_is_no_error(run: Callable[..., Ended]) -> None:
    """Nothing found is an answer too."""
    ended = run("query", "-", FERRY, stdin=STORM.encode())

    assert (ended.code, ended.out) == (0, "")
    assert "0 of 1 items match" in ended.err


# Rows that are kept


DEDUPED = [RECORDS[1], RECORDS[2]]


@pytest.mark.parametrize("name", list(CONTENTS))
def test_kept_rows_are_written_as_they_came(
    run: Callable[..., Ended], tmp_path: Path, name: str
) -> None:
    """Of every format, with all columns and nothing beside them."""
    (tmp_path / name).write_bytes(CONTENTS[name])

    ended = run("dedupe", name)

    assert ended.rows == DEDUPED
    assert "dedupe-news: wrote 2 rows of 3\n" in ended.err


@pytest.mark.parametrize("name", ["out.csv", "out.tsv", "out.parquet", "out.jsonl"])
def test_kept_rows_are_written_by_suffix(
    run: Callable[..., Ended], tmp_path: Path, name: str
) -> None:
    """And can be read again."""
    (tmp_path / "feed.jsonl").write_bytes(CONTENTS["feed.jsonl"])

    ended = run("dedupe", "feed.jsonl", "--output", name)

    assert (ended.code, ended.out) == (0, "")
    assert "wrote 2 rows of 3 to " + name in ended.err
    assert run("dedupe", name).rows == DEDUPED


@pytest.mark.parametrize(
    ("keep", "expected"),
    [("preferred", "c"), ("earliest", "c"), ("latest", "a"), ("longest", "c"), ("views", "a")],
)
def test_whom_to_keep_can_be_said(run: Callable[..., Ended], keep: str, expected: str) -> None:
    """By a rule, or by the largest value of a column; both commands agree."""
    feed = as_jsonl(
        [{**record, "views": views} for record, views in zip(RECORDS, (9, 1, 5), strict=True)]
    )

    kept = run("dedupe", "-", "--keep", keep, stdin=feed)
    clustered = run("cluster", "-", "--keep", keep, stdin=feed)

    assert [row["id"] for row in kept.rows if row["title"] == "Storm"] == [expected]
    assert [row["id"] for row in clustered.rows if row["kept"]] == [row["id"] for row in kept.rows]


def test_the_largest_number_of_a_column_of_csv_is_kept(run: Callable[..., Ended]) -> None:
    """As a number, not as a text: 1000 is more than 999, and an empty cell less than any."""
    feed = as_csv(
        [
            {"id": name, "text": STORM, "views": views}
            for name, views in (("a", "999"), ("b", "1000"), ("c", ""))
        ]
    )

    ended = run("dedupe", "-", "--format", "csv", "--keep", "views", stdin=feed)

    assert [row["id"] for row in ended.rows] == ["b"]


def test_dates_that_cannot_be_read_name_the_option(run: Callable[..., Ended]) -> None:
    """It is said after the count and the first examples."""
    feed = as_csv([{"id": "a", "text": STORM, "Pub Date": "03/04/2026"}])

    without = run("dedupe", "-", "--format", "csv", stdin=feed)
    given = run("dedupe", "-", "--format", "csv", "--date-format", "dmy", stdin=feed)

    assert "which may be day/month or month/day\ndedupe-news:   --date-format dmy" in without.err
    assert "--date-format" not in given.err


def test_an_output_that_exists_hides_no_error(run: Callable[..., Ended], tmp_path: Path) -> None:
    """A file that cannot be read is said, whatever lies where its rows would go."""
    (tmp_path / "out.csv").touch()

    ended = run("dedupe", "missing.csv", "--output", "out.csv")

    assert ended.err == "dedupe-news: cannot read missing.csv: No such file or directory\n"


@pytest.mark.parametrize("command", ["dedupe", "cluster"])
def test_an_unknown_rule_is_refused_before_the_work(
    run: Callable[..., Ended], command: str
) -> None:
    """The message names the rules, and the columns that the file has."""
    ended = run(command, "-", "--keep", "best", stdin=CONTENTS["feed.jsonl"])

    assert ended.code == 2
    assert (
        "--keep best is neither a rule nor a column of the file; its columns are 'id'" in ended.err
    )
    assert "Rules are preferred, earliest, latest, longest" in ended.err


def test_more_probability_removes_less(run: Callable[..., Ended]) -> None:
    """The setting of the library, on the command line."""
    feed = f"{STORM}\n{STORM} The damage is large.\n".encode()

    assert len(run("dedupe", "-", stdin=feed).rows) == 1
    assert len(run("dedupe", "-", "--min-probability", "0.9999", stdin=feed).rows) == 2
    assert run("dedupe", "-", "--min-probability", "1", stdin=feed).code == 2


def test_missing_keys_stay_missing(run: Callable[..., Ended]) -> None:
    """A null and a key that is not there are two things; nested values are kept."""
    records = [
        {"id": 1, "text": STORM, "tags": ["a", {"b": 1}]},
        {"id": 2, "text": MAYOR, "x": None},
    ]

    assert run("dedupe", "-", stdin=as_jsonl(records)).rows == records


def test_columns_of_the_same_name_give_way(run: Callable[..., Ended]) -> None:
    """What an earlier run found is replaced, and that is said."""
    first = run("cluster", "-", stdin=CONTENTS["feed.jsonl"])

    again = run("cluster", "-", stdin=first.out.encode())

    assert again.rows == first.rows
    assert "the file's own 'cluster', 'story'" in again.err


def test_texts_are_no_formulas_in_a_spreadsheet(run: Callable[..., Ended], tmp_path: Path) -> None:
    """They begin with an apostrophe in CSV; numbers stay numbers."""
    records = [{"id": "=1+1", "text": f"@{STORM}", "change": "-1.5", "wide": "\uff1d1+1"}]

    run("dedupe", "-", "-o", "out.csv", stdin=as_jsonl(records))

    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.DictReader(file)) == [
            {"id": "'=1+1", "text": f"'@{STORM}", "change": "-1.5", "wide": "'\uff1d1+1"}
        ]


# On a terminal


def drawn(width: int, show: Callable[[Console], None]) -> str:
    """Return what is printed on a terminal of a width, without colours and trailing blanks."""
    file = io.StringIO()
    show(Console(file=file, width=width, highlight=False, color_system=None))
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines())


def plain(printed: str) -> str:
    """Return what was printed without its colours."""
    return re.sub(r"\x1b\[[\d;]*m", "", printed)


def feed_of_two_clusters() -> dn.Clustering:
    """Return a clustering whose times are fixed."""
    feed = {
        "id": ["storm-1", "vote", "storm-2", "ferry-1", "ferry-2", "storm-3"],
        "title": ["Storm", "Vote", "Storm", "渡轮恢复运行", "渡轮恢复运行", "Storm"],
        "text": [STORM, MAYOR, STORM, FERRY, FERRY, STORM],
        "source": ["Post", "Post", "Echo", "Echo", "Echo", None],
        "published": [f"2026-03-0{day}T00:00:00Z" for day in (1, 1, 3, 1, 1, 2)],
    }
    result = dn.cluster(feed, progress=False)
    return dataclasses.replace(result, seconds={"text": 0.25, "clustering": 0.25})


GOLDEN_TERMINAL = """\

  items            6  ━━━━━━━━━━━━━━━━━━━━━━━━
  kept             3  50.0 %
  duplicates       3  50.0 %
  clusters         2  3 exact
  time        0.50 s  12 items a second

  Duplicates  The others say what the representative says:
  keep one.

 items  over  sources  id       representative
 ──────────────────────────────────────────────────────────────
     3   2 d        2  storm-1  Storm
                                A storm cut the power of 4,00…

  and 1 more cluster; --output FILE for all, --top N for more
"""


def test_clusters_on_a_terminal() -> None:
    """Figures, the largest clusters with their span and sources, and how many more."""
    result = feed_of_two_clusters()

    shown = drawn(64, lambda console: terminal.show_clustering(console, result, top=1))

    assert shown == GOLDEN_TERMINAL


GOLDEN_GROUPS = """\

  items           11  ━━━━━━━━━━━━━━━━━━━━━━━━
  kept             7  63.6 %
  duplicates       4  36.4 %
  clusters         3  1 exact, 2 near, 1 truncated
  stories          1  of 4 items
  templates        1  of 3 items
"""


def test_stories_and_templates_on_a_terminal() -> None:
    """Tables of their own after that of the clusters, each with what leads it."""
    result = make_result()

    shown = drawn(70, lambda console: terminal.show_clustering(console, result, top=1))

    assert shown.startswith(GOLDEN_GROUPS)
    clusters, _, rest = shown.partition("  Same story  Reports of their own")
    stories, _, templates = rest.partition("  Templates  One text, filled in anew")
    assert "  and 2 more clusters; --output FILE for all" in clusters
    assert re.search(
        r"items +over +sources +id +representative\n.*\n +4 +6 h +2 +id-0 +Storm", stories
    )
    assert re.search(r"items +over +.*\n.*\n +3 +2 h +1 +id-8 +Horoscope … ", templates)
    assert "more" not in stories + templates


@pytest.mark.parametrize("width", [40, 80, 120])
def test_tables_fit_any_width(width: int) -> None:
    """No line is wider than the terminal, whatever the alphabet."""
    result = feed_of_two_clusters()
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)

    terminal.show_clustering(console, result, top=10)

    lines = file.getvalue().splitlines()
    assert max(console.measure(line).maximum for line in lines) <= width
    assert any("渡轮恢复运行" in line for line in lines)


def test_texts_cannot_steer_the_terminal() -> None:
    """Escape sequences, markup and bidirectional controls are shown as blanks or as text."""
    text = f"\x1b[31mred\x9b2J [bold]\u202e{STORM}"

    shown = drawn(
        100,
        lambda console: terminal.show_clustering(
            console, dn.cluster([text, text], progress=False), top=1
        ),
    )

    assert not re.search("[\x1b\x9b\u202e]", shown)
    assert "[bold]" in shown


GOLDEN_MATCHES = """\

  3 of 6 items match

 Jaccard  contained  relation  id       text
 ────────────────────────────────────────────────────────────────────
   1.000      1.000  exact     storm-1  Storm
                                        A storm cut the power of 4,…
   1.000      1.000  exact     storm-2  Storm
                                        A storm cut the power of 4,…

  and 1 more; --limit N shows more
"""


def test_matches_on_a_terminal(run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of scores and excerpts, and how many the limit hides."""
    monkeypatch.setenv("COLUMNS", "70")
    columns = feed_of_two_clusters().columns
    feed = as_jsonl(
        [
            dict(zip(("title", "text"), columns.content(at).split("\n"), strict=True))
            | {"id": columns.id_of(at)}
            for at in range(len(columns))
        ]
    )

    ended = run(
        *["query", "-", f"Storm\n{STORM}", "--limit", "2", "-q"], stdin=feed, on_terminal=True
    )

    assert "\n".join(line.rstrip() for line in plain(ended.out).splitlines()) == GOLDEN_MATCHES


def test_cluster_on_a_terminal_shows_figures(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain texts are shown on two lines, and duplicates need not exist."""
    monkeypatch.setenv("COLUMNS", "60")
    long = " ".join(f"word{number}" for number in range(30))

    ended = run("cluster", "-", stdin=f"{long}\n{long}\n".encode(), on_terminal=True)
    alone = run("cluster", "-", stdin=long.encode(), on_terminal=True)

    assert re.search(r"2\s+\d\s+word0 word1 .*\n\s+word\d.*…", plain(ended.out))
    assert re.search(r"duplicates\s+0\s+0\.0 %", plain(alone.out))
    assert "representative" not in alone.out


def test_bounded_work_is_said() -> None:
    """What was not compared is reported beside the figures."""
    feed = [f"{STORM} number{number} of the item{number}" for number in range(6)]
    result = dn.cluster(feed, policy="similar", bucket_limit=2, threshold=0.3, progress=False)

    shown = drawn(80, lambda console: terminal.show_clustering(console, result, top=1))

    assert result.bounded
    assert "Work was bounded" in shown


# The program itself


def test_help_has_examples(run: Callable[..., Ended]) -> None:
    """Each command shows how it is used; without a command one is told."""
    assert "Find duplicates among news items" in run().out
    assert "dedupe-news cluster feed.jsonl" in run("cluster", "--help").out
    assert "dedupe-news query feed.jsonl" in run("query", "-h").out


def test_version_is_shown(run: Callable[..., Ended]) -> None:
    """One line, for bug reports."""
    ended = run("--version")

    assert ended.code == 0
    assert re.fullmatch(r"dedupe-news (\d+\.\d+\S*|\(not installed\))\n", ended.out)


@pytest.mark.parametrize("package", ["typer", "rich"])
def test_missing_extra_names_the_command_that_brings_it(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    """One line and exit code 2, no traceback."""
    for name in [name for name in sys.modules if name.startswith("dedupe_news.cli.")]:
        monkeypatch.delitem(sys.modules, name)
        monkeypatch.delattr(cli, name.rpartition(".")[2], raising=False)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.setitem(sys.modules, f"{package}.console", None)

    ended = run("--help")

    assert (ended.code, ended.out) == (2, "")
    assert ended.err == (
        f"dedupe-news: the command line needs {package}, which is not installed; "
        "pip install 'dedupe-news[cli]'\n"
    )


def test_missing_zstandard_is_said(
    run: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the package."""
    monkeypatch.setitem(sys.modules, "compression.zstd", None)
    monkeypatch.setitem(sys.modules, "zstandard", None)

    ended = run("cluster", "-", stdin=CONTENTS["feed.jsonl.zst"])

    assert ended.code == 2
    assert ended.err == (
        "dedupe-news: zstandard is needed to read zstd files; pip install zstandard\n"
    )


def test_formats_are_told_by_suffix() -> None:
    """Case and compression do not matter."""
    assert files.format_of("a/b.PARQUET") is files.Format.PARQUET
    assert files.format_of("feed.csv.gz") is files.Format.CSV
    assert files.format_of("feed.gz") is None
    assert files.format_of("feed") is None


def test_program_clusters_a_file(tmp_path: Path) -> None:
    """As a process of its own: rows on stdout, notes on stderr, exit code 0."""
    (tmp_path / "feed.jsonl").write_bytes(CONTENTS["feed.jsonl"])

    process = started("cluster", "feed.jsonl", "--no-progress", cwd=tmp_path)
    out, err = process.communicate()

    assert process.returncode == 0
    assert [json.loads(line) for line in out.splitlines()] == EXPECTED
    assert b"3 items" in err


def test_program_refuses_with_one_line(tmp_path: Path) -> None:
    """As a process of its own: no traceback, exit code 2."""
    process = started("cluster", "missing.csv", cwd=tmp_path)
    out, err = process.communicate()

    assert process.returncode == 2
    assert out == b""
    assert err.decode().splitlines() == [
        "dedupe-news: cannot read missing.csv: No such file or directory"
    ]


def test_closed_pipe_is_silent(tmp_path: Path) -> None:
    """When nobody reads on, the program ends without a word about it."""
    (tmp_path / "feed.txt").write_text("word\n" * 5_000, encoding="utf-8")

    process = started("cluster", "feed.txt", "--no-progress", "-q", cwd=tmp_path)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    err = process.stderr.read()
    process.stderr.close()

    assert process.wait() == 141
    assert err == b""


@pytest.mark.skipif(os.name == "nt", reason="signals are sent otherwise there")
def test_interrupt_ends_with_130(tmp_path: Path) -> None:
    """Ctrl-C while a pipe is read is no traceback."""
    process = started("cluster", "-", cwd=tmp_path, stdin=subprocess.PIPE)
    assert process.stdin is not None
    # More than a pipe holds: once it is written, the program is reading.
    process.stdin.write(b"word\n" * 100_000)
    process.stdin.flush()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()

    assert process.returncode == 130
    assert err.splitlines()[-1] == b"dedupe-news: interrupted"
    assert b"Traceback" not in err


# The guide


def console_blocks(page: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a page, and what is printed after it."""
    for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL):
        for shown in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = shown.partition("\n")
            yield command, output


def test_guide_prints_what_it_says(run: Callable[..., Ended], root: Path, tmp_path: Path) -> None:
    """Every command of the guide runs, and prints the output shown after it."""
    page = (root / "docs" / "how-to" / "command-line.md").read_text(encoding="utf-8")
    for name, content in re.findall(r'``` *\{?[.\w]* *title="(.*?)"\}?\n(.*?)```', page, re.DOTALL):
        (tmp_path / name).write_text(content, encoding="utf-8")
    commands = list(console_blocks(page))

    for command, output in commands:
        program, *arguments = shlex.split(command)
        assert program == "dedupe-news"
        ended = run(*arguments)
        printed = re.sub(r"\d+\.\d\d s$", "0.01 s", ended.err, flags=re.MULTILINE) + ended.out
        assert printed == output, command

    assert len(commands) >= 5
