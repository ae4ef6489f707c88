"""The documentation as a site: `make docs-site`.

The pages are plain Markdown, as GitHub shows them; all that a site needs besides stands here. Its
source folder is the whole project, so that README, CONTRIBUTING and the READMEs of charts and
plugins are pages of it, and every link between them is checked, anchors too.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pygments.lexers.configs import PropertiesLexer
from pygments.lexers.special import TextLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Meltano Pods"
author = "the authors of Meltano Pods"
root_doc = "README"
include_patterns = [
    "*.md",
    "bench/README.md",
    "charts/*/README.md",
    "docs/**.md",
    "k8s/offline/README.md",
    "meltano/*/*/README.md",
]
# Folders that Sphinx need not walk through.
exclude_patterns = [".*", "output", "**/.meltano"]

extensions = ["myst_parser", "sphinx_copybutton"]
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = project
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
templates_path: list[str] = []

# The order of the sidebar. A page that is named nowhere here fails the build.
CONTENTS = {
    "Tutorial": ["docs/tutorial/first-pipeline", "docs/tutorial/your-own-project"],
    "How-to guides": ["docs/how-to/*"],
    "Reference": [
        "docs/reference/*",
        "charts/*/README",
        "meltano/*/*/README",
    ],
    "Explanation": ["docs/explanation/*"],
    "The project": ["CONTRIBUTING", "CHANGELOG", "bench/README", "k8s/offline/README"],
}


def add_contents(_: Sphinx, page: str, source: list[str]) -> None:
    """Add the table of contents to the front page, whose Markdown knows nothing of Sphinx."""
    if page == root_doc:
        for caption, pages in CONTENTS.items():
            entries = "\n".join(pages)
            options = f":caption: {caption}\n:glob:\n:hidden:\n:maxdepth: 1"
            source[0] += f"\n```{{toctree}}\n{options}\n\n{entries}\n```\n"


def name_front_page(app: Sphinx, failure: Exception | None) -> None:
    """Let the front page be found under the name that web servers look for."""
    if failure is None and app.builder.name == "html":
        folder = Path(app.outdir)
        shutil.copy(folder / f"{root_doc}.html", folder / "index.html")


def setup(app: Sphinx) -> None:
    """Connect the functions above to Sphinx."""
    app.add_lexer("dotenv", PropertiesLexer)
    app.add_lexer("netrc", TextLexer)
    app.connect("source-read", add_contents)
    app.connect("build-finished", name_front_page)
