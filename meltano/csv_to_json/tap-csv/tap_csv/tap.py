"""The tap: settings in, streams out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import Tap
from singer_sdk.helpers.capabilities import PluginCapabilities, TapCapabilities

from tap_csv import settings
from tap_csv.errors import SettingsError
from tap_csv.stop import StopFlag
from tap_csv.stream import CsvStream
from tap_csv.writer import LineWriter

if TYPE_CHECKING:
    from types import FrameType

    from singer_sdk.helpers.capabilities import CapabilitiesEnum


class TapCsv(Tap):
    """Singer tap for CSV files."""

    name = "tap-csv"
    package_name = "tap-csv"
    config_jsonschema: ClassVar[dict[str, Any]] = settings.config_jsonschema
    # Discovery reads the files, so it needs valid settings.
    dynamic_catalog = True
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  # the SDK's own arguments
        # Before the SDK's part: it checks settings, sets signal handlers and may discover.
        self.stop = StopFlag()
        self.lines = LineWriter()
        self._stream_settings: list[settings.StreamSettings] = []
        super().__init__(**kwargs, message_writer=self.lines)

    def discover_streams(self) -> list[CsvStream]:
        """Makes a stream of each set of files.

        Returns:
            The streams; none has read its files yet.
        """
        root = Path(os.environ.get("MELTANO_PROJECT_ROOT") or Path.cwd())
        return [CsvStream(self, each, root) for each in self._stream_settings]

    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Checks the settings, in words that name the fix."""
        del raise_errors
        self.append_builtin_config(self.config_jsonschema)
        known = frozenset(self.config_jsonschema["properties"])
        self._stream_settings = settings.parse(self._config, known)
        errors = super()._validate_config(raise_errors=False)
        if errors:
            raise SettingsError("; ".join(errors), fix="Correct what config[...] names")
        return errors

    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Takes note of SIGTERM or SIGINT; the next row boundary acts on it.

        The SDK's handler ends the process with exit code 0, so a run that was cut short would look
        complete; and it does so wherever it happens to be.
        """
        del frame
        self.stop.signum = signum
