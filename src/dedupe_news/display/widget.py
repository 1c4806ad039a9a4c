"""A labelling session in a notebook: the pair as HTML, and a button and a key for each label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from dedupe_news._input.labels import VERDICTS
from dedupe_news._learning.labelling import KEYS, WORDS
from dedupe_news.display import items, shipped
from dedupe_news.errors import InputError, MissingDependencyError, optional
from dedupe_news.results.phrasing import counted

if TYPE_CHECKING:
    from dedupe_news._learning.labelling import Labelling

_UNDO, _SKIP = "undo", "skip"


def bundle(session: Labelling) -> dict[str, Any]:
    """Return a session by type of content; without anywidget, how to install that."""
    try:
        shown: Any = make_widget(session)._repr_mimebundle_()
    except MissingDependencyError as error:
        return {"text/plain": f"{session!r}\n{error}"}
    content: dict[str, Any] = shown[0] if isinstance(shown, tuple) else shown
    return {**content, "text/plain": repr(session)}


def make_widget(session: Labelling) -> Any:  # noqa: ANN401 - of a package that may be missing
    """Return the anywidget that shows a pair and passes on what is pressed."""
    message = (
        "labelling in a notebook needs {0}, which is not installed; "
        "pip install 'dedupe-news[notebook]', or label in a terminal: dedupe-news label FILE"
    )
    anywidget, traitlets = (optional(name, message) for name in ("anywidget", "traitlets"))
    # Of the class, as the notebook takes the script that it hears of first. `keys` is the widget's.
    traits = {
        "_esm": shipped.read("label.js"),
        "_css": shipped.read("notebook.css"),
        "buttons": traitlets.List(buttons()).tag(sync=True),
        "state": traitlets.Dict(state(session)).tag(sync=True),
    }
    widget = type("LabellingWidget", (anywidget.AnyWidget,), traits)()

    def receive(_widget: object, content: dict[str, Any], _buffers: object) -> None:
        widget.state = act(session, content.get("action"))

    widget.on_msg(receive)
    return widget


def buttons() -> list[list[str]]:
    """Return key, action and words of all that can be pressed."""
    labels = [[key, verdict, WORDS[verdict]] for key, verdict in KEYS.items()]
    return [*labels, ["u", _UNDO, "undo"], [" ", _SKIP, "skip"]]


def act(session: Labelling, action: object) -> dict[str, Any]:
    """Do what was pressed, if it is possible; return what is shown then."""
    problem = ""
    try:
        if action == _UNDO:
            session.undo()
        elif action == _SKIP and session.question is not None:
            session.skip()
        elif action in VERDICTS and session.question is not None:
            session.answer(action)
    except InputError as error:
        problem = str(error)
    return state(session, problem)


def state(session: Labelling, problem: str = "") -> dict[str, Any]:
    """Return what the widget shows: ``html``, and the actions that are ``allowed``."""
    question = session.question
    counts = ", ".join(f"{number} {WORDS[name]}" for name, number in session.counts.items())
    parts = [
        Markup('<p class="quiet small">{}: {}</p>').format(
            counted(len(session.labels), "label"), counts
        )
    ]
    if problem:
        parts.append(Markup('<p class="note">{}</p>').format(problem))
    allowed = [_UNDO] if session.can_undo else []
    if question is None:
        parts.append(Markup("<p>That is all for now; call label again for other pairs.</p>"))
    else:
        allowed += [*VERDICTS, _SKIP]
        result = session.result
        parts.append(items.pair(result.columns, result.config, (question.left, question.right)))
    return {"html": str(Markup().join(parts)), "allowed": allowed}
