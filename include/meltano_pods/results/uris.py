"""Builds the URIs of assets: extractors, pipelines, streams that a loader writes, dbt models."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from meltano_pods.settings.types.assets import DEFAULT_URI

SCHEME = "x-meltano://"
_PLACE = f"{SCHEME}{{project}}/{{environment}}"
_NO_ENVIRONMENT = "-"


@dataclass(frozen=True, slots=True)
class Uris:
    """The URIs of one project in one environment.

    Attributes:
        project: Name of the project.
        environment: Meltano environment; None for none.
        pattern: Pattern of a stream's URI, from the setting `assets`.
    """

    project: str
    environment: str | None
    pattern: str = DEFAULT_URI

    def build_extractor_uri(self, extractor: str) -> str:
        """Return the URI of the source of an extractor."""
        return self._fill_pattern(f"{_PLACE}/{{extractor}}", extractor=extractor)

    def build_pipeline_uri(self, extractor: str, loader: str) -> str:
        """Return the URI of a pipeline, which has an event for each run that succeeds."""
        pattern = f"{_PLACE}/{{extractor}}-to-{{loader}}"
        return self._fill_pattern(pattern, extractor=extractor, loader=loader)

    def build_streams_alias(self, extractor: str, loader: str) -> str:
        """Return the name of the alias of all streams of a pipeline."""
        return f"{self.build_pipeline_uri(extractor, loader)}/*"

    def build_stream_uri(self, extractor: str, loader: str, stream: str) -> str:
        """Return the URI of a stream as the loader writes it."""
        names = {"extractor": extractor, "loader": loader, "stream": stream}
        return self._fill_pattern(self.pattern, **names, table=get_table(stream))

    def build_utility_uri(self, utility: str) -> str:
        """Return the URI of a utility, which has an event for each run that succeeds."""
        return self._fill_pattern(f"{_PLACE}/{{utility}}", utility=utility)

    def build_models_alias(self, utility: str) -> str:
        """Return the name of the alias of all models that a utility builds."""
        return f"{self.build_utility_uri(utility)}/*"

    def build_model_uri(self, utility: str, model: str) -> str:
        """Return the URI of a model, seed or snapshot that dbt builds."""
        return self._fill_pattern(f"{_PLACE}/{{utility}}/{{model}}", utility=utility, model=model)

    def _fill_pattern(self, pattern: str, **names: str) -> str:
        place = {"project": self.project, "environment": self.environment or _NO_ENVIRONMENT}
        # Names may contain characters that a URI may not.
        values = {name: quote(value, safe="") for name, value in {**place, **names}.items()}
        return pattern.format_map(values)


def get_table(stream: str) -> str:
    """Return the table to which targets for SQL databases write a stream.

    Taps for SQL databases name streams `schema-table`.
    https://sdk.meltano.com/en/latest/classes/singer_sdk.sql.SQLSink.html
    """
    return stream.rpartition("-")[2].lower().replace(".", "_").replace(" ", "_")
