"""One self-contained page to review all clusters, stories and templates of a result."""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import json
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from markupsafe import Markup

from dedupe_news._machine.paths import file_path
from dedupe_news.display import payload, shipped, views
from dedupe_news.errors import InputError, InputTypeError, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dedupe_news.results.result import Clustering

_LIBRARIES = ("lit-html", "virtual-core")
_OPENING = Markup("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<div id="app"><noscript>This page needs JavaScript to show its {n_clusters} clusters. \
It asks nothing of the network.</noscript></div>
<script type="application/json" id="overview">{overview}</script>
""")


def write(result: Clustering, path: str | os.PathLike[str], title: str | None = None) -> None:
    """Write the report of a result; `InputError` if the file cannot be written."""
    target = Path(os.path.realpath(file_path(path, "path")))
    if not isinstance(title, str | None):
        message = f"title={shown(title)} is of type {type(title).__name__!r}; pass a text"
        raise InputTypeError(message)
    try:
        with (
            _replacing(target) as temporary,
            # Half an emoji in the name of a source is no UTF-8.
            temporary.open("w", encoding="utf-8", errors="replace", newline="\n") as file,
        ):
            for part in parts(result, title or "Duplicates, stories and templates"):
                file.write(part)
    except OSError as error:
        message = (
            f"cannot write the report {str(target)!r}: {error.strerror or error}. "
            "Name a file in a folder that is there and may be written"
        )
        raise InputError(message) from error


def parts(result: Clustering, title: str) -> Iterator[str]:
    """Yield the page, a part at a time."""
    scripts = [_library(), shipped.read("report.js")]
    style = shipped.read("report.css")
    policy = (
        f"default-src 'none'; script-src {' '.join(map(_digest, scripts))}; "
        f"style-src {_digest(style)}; img-src data:; base-uri 'none'; form-action 'none'"
    )
    made_at = dt.datetime.now(dt.UTC).isoformat(" ", "minutes")[:16]
    overview = json.dumps(payload.overview(result, title, made_at), ensure_ascii=False)
    yield _OPENING.format(
        policy=policy,
        title=title,
        style=Markup(style),  # noqa: S704 - ours
        n_clusters=f"{len(result.clusters):,}",
        # A script ends at the first "</script", whatever is around it.
        overview=Markup(overview.replace("<", "\\u003c")),  # noqa: S704
    )
    for kind in views.KINDS.values():
        for block in payload.blocks(result, kind):
            content = payload.packed(block)
            yield f'<script type="text/plain" class="{kind.name}">{content}</script>\n'
    for script in scripts:
        yield f"<script>{script}</script>\n"
    yield "</body>\n</html>\n"


def _library() -> str:
    """Return the vendored libraries, with the licences that have to go with them."""
    licences = [f"{name}\n\n{shipped.read(f'{name}.LICENSE', 'vendor')}" for name in _LIBRARIES]
    return "/*\n" + "\n".join(licences) + "*/\n" + shipped.read("browsing.min.js", "vendor")


def _digest(text: str) -> str:
    """Return how a policy names a script or style that it allows."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


@contextlib.contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """Give a file beside the target that takes its place when all went well."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(6)}.part")
    try:
        yield temporary
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
