"""The Meltano image that `make push` pins: a line of the Airflow image's Dockerfile."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from meltano_pods.settings.deployment.read import get_variable_name

if TYPE_CHECKING:
    from pathlib import Path

PIN = re.compile(rf"^ENV {get_variable_name('image')}=(.*)$", re.MULTILINE)
BUILT_HERE = "meltano-pods/meltano:dev"
"""The image as it is built on a machine, which is in no registry."""


def pinned_image(root: Path) -> str | None:
    """Return the image that Airflow's image names for pods; None where it names none."""
    try:
        found = PIN.search((root / "Dockerfile").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
    return (found[1].strip().strip("\"'") or None) if found else None
