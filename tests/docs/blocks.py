"""The pages of the documentation, and the code in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.support.checkout import versioned

if TYPE_CHECKING:
    from pathlib import Path

PAGES = versioned("*.md")
"""Every Markdown file of this project."""


def code_blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of one language, in order."""
    pattern = rf"^```{language}\n(.*?)^```"
    return re.findall(pattern, page.read_text(), re.MULTILINE | re.DOTALL)
