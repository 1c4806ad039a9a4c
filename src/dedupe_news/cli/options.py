"""The commands' parameters: one table of what is said of each, and how commands take them."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from dedupe_news._input.files import Format, read_text
from dedupe_news._input.names import NAMES
from dedupe_news._machine.progress import silence
from dedupe_news._machine.threads import resolve_jobs
from dedupe_news.config import READ_BY_ONE, Config
from dedupe_news.errors import ConfigError

STDIN = STDOUT = "-"
"""Stands for standard input and output in place of a file's name."""

Command = TypeVar("Command", bound=Callable[..., None])

app = typer.Typer(
    name="dedupe-news",
    help="Find duplicates among news items, and tell them from the same story and from templates.",
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
index_app = typer.Typer(
    name="index",
    help="Keep an index in a file or on a Redis server.",
    rich_markup_mode="rich",
    no_args_is_help=True,
)
app.add_typer(index_app)

_DEFAULTS = Config()
_TABLE = """
[argument]
file FILE: JSON, CSV, Parquet or plain lines, compressed or not; - for stdin.
first A: A text, or an id.
second B: Another.
words TEXT: The text to look for.
location INDEX: A file, or redis://host/0?prefix=name.
path INDEX: The file of an index.
export/output FILE: .jsonl, .jsonl.gz or .parquet by suffix.
repair/output OUT: A new file for what can be rescued.
[Input]
format: What FILE is made of. By default its suffix or content tells.
id COLUMN: Ids; where there are none, the numbers of lines or rows.
title COLUMN: Headlines.
text COLUMN: Texts.
source COLUMN: Publishers.
published COLUMN: Times of publication.
ignore COLUMN: Do not take this column by its name. May be repeated.
on_invalid raise|ignore|drop: A value that cannot be read: an error, missing, or no item. Default
    ignore.
timezone ZONE: The zone of times that say none, such as Europe/Berlin. Default UTC.
date_format FORMAT: How dates are written: dmy, mdy, or a format such as '%d/%m/%Y %H:%M'.
encoding NAME: Of a file of text, such as windows-1252. By default UTF-8, or what its beginning
    tells.
[Matching]
policy news|similar: Judge items as news, or by similarity alone.
min_probability P: Least probability of a duplicate, in (0, 1); more is surer, finds less.
threshold JACCARD: Least Jaccard similarity of a match, in (0, 1].
recall P: Least probability of finding a pair exactly at the threshold.
shingle_size TOKENS: Words in a shingle.
judge FILE: Weights that `dedupe-news fit` fitted to a feed. Default those of the package.
prefer earliest|latest|longest: Which item of a cluster to prefer as its representative.
window TIME: Only items so near in time can be duplicates, such as '30 days' or 36h; older ones
    leave the index.
keep RULE: Which item of a cluster to keep: preferred, earliest, latest, longest, or a column, whose
    largest value is kept. Default preferred.
memory_limit SIZE: Memory that the process may hold, such as 2GB; what is free by default. A feed
    that needs more is worked on in files on disk.
work_folder FOLDER: Keep files in this folder while the command runs; a run that was killed goes on
    from there.
n_jobs THREADS: Threads. Default -1: one a processor. The result is the same.
[Output]
output FILE: .jsonl, .csv, .tsv or .parquet by suffix, .gz too; - for JSON Lines on stdout.
report/output FILE: The page. Default: FILE's name with .html; one that is there is replaced.
fit/output FILE: Where the judge goes, for --judge FILE.
heading TEXT: Heading of the page. Default: FILE's name.
open_page: Open it in the browser.
top N: Clusters to show. Default 10.
limit N: Most matches to show. Default all.
no_progress: No bar on long runs.
quiet: Nothing on stderr but errors.
[Options]
files: A and B are files that hold the texts; - for stdin.
text_file FILE: A file that holds the text to look for, in place of TEXT; - for stdin.
labels FILE: The labels, JSON Lines of id1, id2 and label. Default: FILE's name with .labels.jsonl.
include VERDICT: Show those that are related or of the same template too. May be repeated.
before TIME: ISO 8601 with a time zone: 2026-11-01T00:00Z.
"""
"""The help of each parameter of a command, below its panel; behind its name, what its value is."""


def _rows(table: str) -> Iterator[tuple[str, tuple[str, str | None, str]]]:
    panel = ""
    for line in table.strip().replace("\n    ", " ").splitlines():
        if line.startswith("["):
            panel = line.strip("[]")
            continue
        named, _, text = line.partition(": ")
        name, _, metavar = named.partition(" ")
        yield name, (panel, metavar or None, text)


_EXPLAINED = dict(_rows(_TABLE))


def _silenced(context: typer.Context, quiet: bool) -> bool:  # noqa: FBT001 - as typer calls it
    """Keep the library silent too until the command has ended."""
    if quiet:
        context.with_resource(silence())
    return quiet


_FLAGS = {"open_page": ("--open",), "output": ("--output", "-o"), "quiet": ("--quiet", "-q")}
_MORE: dict[str, dict[str, Any]] = {
    "limit": {"min": 1},
    "top": {"min": 0},
    "n_jobs": {"callback": resolve_jobs},
    "quiet": {"callback": _silenced},
}


def _explained(command: str, name: str, kind: Any) -> Any:
    """Return the type of a parameter of a command with what the table says of it."""
    panel, metavar, text = _EXPLAINED.get(f"{command}/{name}") or _EXPLAINED[name]
    if name in NAMES:
        text += f" By default {', '.join(NAMES[name][:4])} or the like."
    if READ_BY_ONE.get(name) == "similar":
        text += " With --policy similar."
    if (default := getattr(_DEFAULTS, name, None)) is not None:
        text += f" Default {default}."
    said: dict[str, Any] = {"metavar": metavar, "help": text, "show_default": False}
    if panel == "argument":
        return Annotated[kind, typer.Argument(**said)]
    flags = _FLAGS.get(name, (f"--{name.replace('_', '-')}",))
    option: Any = typer.Option
    return Annotated[kind, option(*flags, rich_help_panel=panel, **said, **_MORE.get(name, {}))]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A file of items, and how it is read."""

    file: str
    format: Format | None = None
    id: str | None = None
    title: str | None = None
    text: str | None = None
    source: str | None = None
    published: str | None = None
    ignore: list[str] | None = None
    on_invalid: str = "ignore"
    timezone: str | None = None
    date_format: str | None = None
    encoding: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """What counts as a duplicate."""

    policy: str | None = None
    min_probability: float | None = None
    threshold: float | None = None
    recall: float | None = None
    shingle_size: int | None = None
    judge: Path | None = None

    def settings(self, **others: object) -> dict[str, Any]:
        """Return the settings that were given, these and others."""
        given = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {name: value for name, value in (given | others).items() if value is not None}

    def config(self, **others: object) -> Config:
        """Return the settings that were given, with the defaults of all others."""
        return Config.from_dict(self.settings(**others))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """Which item of a cluster is kept, and where rows are written."""

    prefer: str | None = None
    keep: str = "preferred"
    output: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How a command runs, and what it says meanwhile."""

    n_jobs: int = -1
    no_progress: bool = False
    quiet: bool = False

    @property
    def passed(self) -> dict[str, Any]:
        """Return what is passed to the library."""
        return {"n_jobs": self.n_jobs, "progress": not (self.no_progress or self.quiet)}


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """A text to look for, and how many matches to show."""

    words: str | None = None
    text_file: str | None = None
    limit: int | None = None

    def read(self) -> str:
        """Return the text."""
        if self.words is not None and self.text_file is None:
            return self.words
        if self.words is None and self.text_file is not None:
            return read_text(self.text_file)
        message = "the text to look for is given once: as TEXT, or with --text-file FILE"
        raise ConfigError(message)


def command(
    name: str, *, without: Collection[str] = (), of: typer.Typer = app
) -> Callable[[Command], Command]:
    """
    Add a function as a command; its docstring is the help.

    A parameter may be a dataclass of options: the command then has all of these but those
    `without`, and the function gets the dataclass.
    """

    def register(function: Command) -> Command:
        signature = inspect.signature(function, eval_str=True)
        options: dict[str, inspect.Parameter] = {}
        groups: dict[str, tuple[Any, list[str]]] = {}
        for parameter in signature.parameters.values():
            members: list[inspect.Parameter] = [parameter]
            if dataclasses.is_dataclass(parameter.annotation):
                group: Any = parameter.annotation
                members = [*inspect.signature(group, eval_str=True).parameters.values()]
                members = [member for member in members if member.name not in without]
                groups[parameter.name] = (group, [member.name for member in members])
            for member in members:
                kind = _explained(name, member.name, member.annotation)
                options[member.name] = member.replace(annotation=kind)

        def run(**given: Any) -> None:
            for parameter, (group, names) in groups.items():
                given[parameter] = group(**{name: given.pop(name) for name in names})
            function(**given)

        run.__signature__ = signature.replace(parameters=[*options.values()])  # type: ignore[attr-defined]
        run.__annotations__ = {option.name: option.annotation for option in options.values()}
        text, _, examples = (inspect.getdoc(function) or "").partition("\n\nExamples\n--------\n")
        paragraphs = re.sub(r"(?<!\n)\n(?!\n)", " ", text)
        shown = f"[bold]Examples:[/bold]\n{examples}" if examples else None
        of.command(name, help=paragraphs, epilog=shown)(run)
        return function

    return register
