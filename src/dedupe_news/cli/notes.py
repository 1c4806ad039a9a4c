"""What is said on stderr, in the words of the command line."""

from __future__ import annotations

import re
import shlex
import sys

from dedupe_news._machine.progress import is_silent

_OPTIONS = (
    "policy|threshold|recall|min_probability|shingle_size|prefer|judge|window|keep|include|limit|"
    "n_jobs|memory_limit|work_folder|on_invalid|timezone|date_format|title|text|source|published"
)
_GIVEN = re.compile(rf"\b({_OPTIONS})=('[^']*'|\[[^\]]*\]|\([^)]*\)|\.\.\.|[^\s;:]*[^\s;:.,)])")
_NAMED = re.compile(rf"\b((?:leave out|lower|pass another) )({_OPTIONS})\b", re.IGNORECASE)
_REMEDIES = tuple(
    (re.compile(written), said)
    for written, said in (
        (r", or (None|\(\)) for [^.;]+|, or open (it|the index) with a longer timeout", ""),
        (r"bytes, or a text such as", "a size such as"),
        (r", '36h' or timedelta\([^)]*\)", " or 36h"),
        (r"dn\.fit_judge(\([^)]*\))?", "`dedupe-news fit`"),
        (r"to a NewsIndex\b", "to an index with `dedupe-news index add`"),
        (r"NewsIndex\(\) makes an index in memory", "give the name of one"),
        (r"Leave out config to use those of .*", "Leave these options out, or name another index"),
        (r"within num_perm=(\d+)", r"within \1 permutations"),
        (r"Raise num_perm, or lower recall", "Raise --threshold, or lower --recall"),
        (r"a zone of its own, such as value\.replace\(.*\)\)", "a zone, as in 2026-11-01T00:00Z"),
        (r"a datetime: datetime\.strptime\([^)]*\)", "ISO 8601, such as 2026-11-01T00:00Z"),
        (r"read a feed with feedparser and pass .*, or convert it", "convert a feed"),
        (r"^keep cannot", "--keep cannot"),
        (r"\blocation=", "INDEX "),
        (r"\btimeout=", ""),
        (r"(cannot read the labels in .*)", r"\1. `dedupe-news label FILE` makes them"),
    )
)
"""What the library tells those to do who call it in Python, and what to do here."""


def say(lines: str) -> None:
    """Print lines on stderr, unless the user asked for silence."""
    if not is_silent():
        for line in lines.splitlines():
            sys.stderr.write(f"dedupe-news: {line}\n")


def in_options(message: str) -> str:
    """Return an error of the library with options where it names arguments of Python."""
    for written, said in _REMEDIES:
        message = written.sub(said, message)
    message = _GIVEN.sub(lambda given: _as_option(given[1], given[2]), message)
    return _NAMED.sub(lambda named: named[1] + _as_option(named[2]), message)


def _as_option(name: str, value: str = "...") -> str:
    """Return an option with its value as one types it, without one where that is not said."""
    option = f"--{name.replace('_', '-')}"
    value = value.strip("[]()',")
    return option if value == "..." else f"{option} {shlex.quote(value)}"
