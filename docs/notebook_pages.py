"""
Notebooks as pages: executed anew when the site is built, by hooks of MkDocs.

The notebooks are kept without outputs, so that no output can be out of date,
and a change to one can be read. A cell that fails, fails the build.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
from mkdocs.structure.files import File
from nbclient import NotebookClient
from nbconvert import MarkdownExporter

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

_MOST_SECONDS = 600
"""For one cell: the first compiles the kernels."""


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """
    Add a page for each notebook; the notebook itself stays, to be downloaded.

    Parameters
    ----------
    files : mkdocs.structure.files.Files
        The files of the site.
    config : mkdocs.config.defaults.MkDocsConfig
        Its settings.

    Returns
    -------
    mkdocs.structure.files.Files
        With ``notebooks/x.md`` and its pictures for every ``notebooks/x.ipynb``.
    """
    notebooks = [file for file in files if file.src_uri.endswith(".ipynb")]
    # Jupyter's own copies are excluded, but listed.
    for file in (each for each in notebooks if each.inclusion.is_included()):
        text, pictures = converted(executed(Path(str(file.abs_src_path))), Path(file.src_uri).stem)
        link = f"[Download this notebook]({Path(file.src_uri).name}){{ .md-button download }}\n"
        uri = file.src_uri.removesuffix(".ipynb")
        files.append(File.generated(config, f"{uri}.md", content=f"{text}\n\n{link}"))
        for name, content in pictures.items():
            folder = uri.rpartition("/")[0]
            files.append(File.generated(config, f"{folder}/{name}", content=content))
    return files


def executed(path: Path) -> nbformat.NotebookNode:
    """
    Return a notebook with its outputs.

    Parameters
    ----------
    path : Path
        The notebook, which runs in its own folder.

    Returns
    -------
    nbformat.NotebookNode
        Every cell was executed.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        If a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=_MOST_SECONDS,
        kernel_name="python3",
        extra_arguments=["--log-level=40"],  # it would warn of its own transport
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return notebook


def converted(notebook: nbformat.NotebookNode, name: str) -> tuple[str, dict[str, bytes]]:
    """
    Return a notebook as Markdown.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        With outputs.
    name : str
        What the names of its pictures begin with.

    Returns
    -------
    tuple of str and dict of str to bytes
        The page, and its pictures by name.
    """
    text, resources = MarkdownExporter().from_notebook_node(
        notebook, resources={"unique_key": name}
    )
    pictures: dict[str, Any] = resources["outputs"]
    return text, pictures
