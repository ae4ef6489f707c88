"""The documentation as a site: it is whole, and each of its links leads somewhere."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from tests.docs.blocks import PAGES
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from pathlib import Path

KINDS = {"tutorial", "how-to", "reference", "explanation"}


def built(source: Path, site: Path) -> subprocess.CompletedProcess[str]:
    """Build as `make docs-site` does."""
    (recipe,) = [
        line for line in (ROOT / "Makefile").read_text().split("\n\n") if line.startswith(SITE)
    ]
    _, _, command = recipe.partition("\t@")
    words = command.replace("\\\n", " ").split()
    words[0] = str(ROOT / words[0])
    at = {"docs": str(ROOT / "docs"), ".": str(source), ".run/docs/html": str(site)}
    words = [at.get(word, word) for word in words]
    words[words.index(".run/docs/trees")] = str(site.with_name("trees"))
    return subprocess.run(words, cwd=source, capture_output=True, text=True, check=False)


SITE = ".PHONY: docs-site\n"


def test_every_page_stands_with_its_kind() -> None:
    inside = [page.relative_to(ROOT / "docs") for page in PAGES if ROOT / "docs" in page.parents]
    lost = [str(page) for page in inside if page.parts[0] not in KINDS]
    assert not lost, f"move to one of {sorted(KINDS)} (CONTRIBUTING.md, Documentation): {lost}"


def test_the_site_has_every_page_and_no_link_is_broken(tmp_path: Path) -> None:
    ended = built(ROOT, tmp_path / "html")
    assert ended.returncode == 0, ended.stderr
    for page in PAGES:
        assert (tmp_path / "html" / page.relative_to(ROOT)).with_suffix(".html").exists(), page
    front = (tmp_path / "html" / "index.html").read_text()
    assert not re.findall(r"<(?:script|link|img)[^>]+https?://[^>]+>", front)  # works offline


def test_a_broken_link_fails_the_build(tmp_path: Path) -> None:
    (tmp_path / "docs" / "how-to").mkdir(parents=True)
    (tmp_path / "docs" / "how-to" / "page.md").write_text("# A page\n")
    links = "[x](docs/how-to/missing.md) [x](docs/how-to/page.md#lost) ![x](docs/missing.svg)"
    (tmp_path / "README.md").write_text(f"# Front\n\n{links}\n")
    ended = built(tmp_path, tmp_path / "html")
    assert ended.returncode != 0
    for warning in (
        "cross-reference target not found: 'docs/how-to/missing.md'",
        "local id not found in doc 'docs/how-to/page': 'lost'",
        "image file not readable: docs/missing.svg",
    ):
        assert warning in ended.stderr
