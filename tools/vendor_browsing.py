"""
Bundle the two libraries that the HTML report is built with into one minified file.

Run it as ``python tools/vendor_browsing.py`` with npm installed; it writes
``src/dedupe_news/display/vendor/``, the same bytes everywhere.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "src" / "dedupe_news" / "display" / "vendor"
LIBRARIES = {
    "lit-html": ("3.3.3", "BSD-3-Clause", "writes HTML from templates, escaped by construction"),
    "@tanstack/virtual-core": ("3.19.11", "MIT", "draws only the rows of a long list in view"),
}
BUNDLER = "esbuild@0.28.2"
ENTRY = """\
export { html, svg, render, nothing } from "lit-html";
export { Virtualizer, elementScroll, observeElementOffset, observeElementRect }
  from "@tanstack/virtual-core";
"""
README = """\
# Vendored

`browsing.min.js` is all that the HTML report takes from elsewhere: two libraries, bundled and
minified with {bundler} by `tools/vendor_browsing.py`. Their licences are beside it.

| library | version | licence | what for |
|---|---|---|---|
{rows}

SHA-256 of `browsing.min.js`: `{digest}`
"""


def main() -> None:
    """Install the pinned versions in a folder of its own, bundle them, and write the notes."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        packages = [f"{library}@{version}" for library, (version, *_) in LIBRARIES.items()]
        npm = shutil.which("npm")
        if npm is None:
            message = "npm is needed to bundle the libraries, and not installed"
            raise SystemExit(message)
        options = ["--no-audit", "--no-fund", "--silent", "--prefix", str(work)]
        subprocess.run([npm, "install", *options, *packages, BUNDLER], check=True)  # noqa: S603
        (work / "entry.js").write_text(ENTRY, encoding="utf-8")
        bundled = FOLDER / "browsing.min.js"
        subprocess.run(  # noqa: S603
            [
                str(work / "node_modules" / ".bin" / "esbuild"),
                "entry.js",
                "--bundle",
                "--minify",
                "--format=iife",
                "--global-name=Browsing",
                "--legal-comments=none",
                "--target=es2022",
                f"--outfile={bundled}",
                "--log-level=warning",
            ],
            cwd=work,
            check=True,
        )
        for library in LIBRARIES:
            licence = work / "node_modules" / library / "LICENSE"
            shutil.copy(licence, FOLDER / f"{library.rpartition('/')[2]}.LICENSE")
    rows = "\n".join(
        f"| {library} | {version} | {licence} | {purpose} |"
        for library, (version, licence, purpose) in LIBRARIES.items()
    )
    digest = hashlib.sha256(bundled.read_bytes()).hexdigest()
    notes = README.format(bundler=BUNDLER, rows=rows, digest=digest)
    (FOLDER / "README.md").write_text(notes, encoding="utf-8")


if __name__ == "__main__":
    main()
