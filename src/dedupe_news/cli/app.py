"""A run of the application; the command ``warmup``."""

from __future__ import annotations

import importlib.metadata
from typing import Annotated, Any

import typer

from dedupe_news._machine.progress import prepare_all

# Each of these modules adds its commands.
from dedupe_news.cli import deduplicating, index_commands, label, reporting, writing  # noqa: F401
from dedupe_news.cli.notes import in_options, say
from dedupe_news.cli.options import app, command
from dedupe_news.errors import ConfigError, DedupeNewsError

# Versions of typer differ in whether click is a package of its own or a part of theirs.
_INTERRUPTED = 130
_UsageError: Any = typer.BadParameter.__bases__[0]


def run(arguments: list[str]) -> int:
    """Run the application and return its exit code; what cannot be done is a `DedupeNewsError`."""
    try:
        code = app(arguments, prog_name="dedupe-news", standalone_mode=False)
    except _UsageError as error:
        problem = error.format_message().rstrip(".")
        message = f"{problem}{'' if problem.endswith('?') else ';'} --help explains"
        raise ConfigError(message) from error
    except DedupeNewsError as error:
        raise DedupeNewsError(in_options(str(error))) from error
    except writing.ReaderGoneError as error:
        raise BrokenPipeError from error  # typer would make exit code 1 of it
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    if code == _INTERRUPTED:  # some versions of typer return it, others abort
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _show_version(*, asked: bool) -> None:
    if asked:
        try:
            version = importlib.metadata.version("dedupe-news")
        except importlib.metadata.PackageNotFoundError:
            version = "(not installed)"
        typer.echo(f"dedupe-news {version}")
        raise typer.Exit


@command("warmup")
def _warmup(*, quiet: bool = False) -> None:
    """
    Compile all kernels now, so that no later run has to.

    They are kept beside the package where that can be written, as in the image of
    a container, else in the user's cache; in NUMBA_CACHE_DIR where that is set.

    Examples
    --------
    dedupe-news warmup
    RUN pip install 'dedupe-news[cli]' && dedupe-news warmup
    NUMBA_CACHE_DIR=/var/cache/kernels dedupe-news warmup
    """
    folder, n_compiled = prepare_all(show=not quiet)
    if not n_compiled:
        say("all kernels were compiled before")
        return
    if folder is None:
        message = (
            "cannot keep compiled kernels: no folder for them can be written; "
            "set NUMBA_CACHE_DIR to one that can"
        )
        raise ConfigError(message)
    say(f"compiled {n_compiled} kernels; they are in {folder}")


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=lambda value: _show_version(asked=value),
            is_eager=True,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    pass
