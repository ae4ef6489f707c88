"""The start of a plugin by Meltano, and the files in its command line.

Meltano logs each command line at DEBUG right before it starts the process
(`meltano.core.plugin_invoker`); the files are there until the plugin has ended.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meltano_runner.run.events import Event

_LINE = "Invoking: ["
_CONFIG = re.compile(r"'--config', '(?P<path>[^']*/(?P<role>tap|target|mapper)\.[^'/]+\.json)'")
_DROPS_RECORDS = ("stream_maps", "batch_config")
"""Settings of the Singer SDK's plugins that may change the number of records."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The start of a tap, target or mapper that moves records.

    Attributes:
        role: `tap`, `target` or `mapper`.
        config: The file with its settings.
    """

    role: str
    config: Path

    def may_drop_records(self) -> bool:
        """Whether its settings may change the number of records that it passes on."""
        try:
            config = json.loads(self.config.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return True
        return not isinstance(config, dict) or any(config.get(key) for key in _DROPS_RECORDS)


def read_invocation(event: Event) -> Invocation | None:
    """Return the invocation that an event reports; None for others, such as a discovery."""
    if event.from_plugin or not event.text.startswith(_LINE) or "'--discover'" in event.text:
        return None
    found = _CONFIG.search(event.text)
    return Invocation(found["role"], Path(found["path"])) if found else None
