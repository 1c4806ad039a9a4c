"""The application, and how a command is added to it."""

from __future__ import annotations

import dataclasses
import inspect
import re
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from dedupe_news.cli.options import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

Command = TypeVar("Command", bound="Callable[..., None]")

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


def command(
    name: str, examples: str = "", *, without: Collection[str] = (), of: typer.Typer = app
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
                kind = explained(name, member.name, member.annotation)
                options[member.name] = member.replace(annotation=kind)

        def run(**given: Any) -> None:
            for parameter, (group, names) in groups.items():
                given[parameter] = group(**{name: given.pop(name) for name in names})
            function(**given)

        run.__signature__ = signature.replace(parameters=[*options.values()])  # type: ignore[attr-defined]
        run.__annotations__ = {option.name: option.annotation for option in options.values()}
        shown = f"[bold]Examples:[/bold]\n{inspect.cleandoc(examples)}" if examples else None
        paragraphs = re.sub(r"(?<!\n)\n(?!\n)", " ", inspect.getdoc(function) or "")
        of.command(name, help=paragraphs, epilog=shown)(run)
        return function

    return register
