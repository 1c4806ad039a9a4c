"""The command ``warmup``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dedupe_news._machine.progress import prepare_all
from dedupe_news.cli.options import Quiet
from dedupe_news.cli.settings import say
from dedupe_news.errors import ConfigError

if TYPE_CHECKING:
    import typer

_HELP = """
Compile all kernels now, so that no later run has to.

They are kept beside the package where that can be written, as in the image of
a container, else in the user's cache; in NUMBA_CACHE_DIR where that is set.
"""
_EXAMPLES = """
[bold]Examples:[/bold]
dedupe-news warmup
RUN pip install 'dedupe-news[cli]' && dedupe-news warmup
NUMBA_CACHE_DIR=/var/cache/kernels dedupe-news warmup
"""


def register(app: typer.Typer) -> None:
    """
    Add the command to an application.

    Parameters
    ----------
    app : typer.Typer
        The application.
    """
    app.command("warmup", help=_HELP, epilog=_EXAMPLES)(_warmup)


def _warmup(*, quiet: Quiet = False) -> None:
    folder, n_compiled = prepare_all(show=not quiet)
    if folder is None:
        message = (
            "cannot keep compiled kernels: no folder for them can be written; "
            "set NUMBA_CACHE_DIR to one that can"
        )
        raise ConfigError(message)
    if not quiet:
        what = (
            f"compiled {n_compiled} kernels" if n_compiled else "all kernels were compiled before"
        )
        say(f"{what}; they are in {folder}")
