"""URIs of assets: extractors, pipelines, the streams that a loader writes, what dbt builds."""

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
        pattern: Of a stream's URI, as the setting `assets` says.
    """

    project: str
    environment: str | None
    pattern: str = DEFAULT_URI

    def extractor(self, extractor: str) -> str:
        """Return the URI of what an extractor reads."""
        return self._filled(f"{_PLACE}/{{extractor}}", extractor=extractor)

    def pipeline(self, extractor: str, loader: str) -> str:
        """Return the URI of a pipeline, which has an event for each run that succeeds."""
        pattern = f"{_PLACE}/{{extractor}}-to-{{loader}}"
        return self._filled(pattern, extractor=extractor, loader=loader)

    def streams(self, extractor: str, loader: str) -> str:
        """Return the name of the alias of all streams of a pipeline."""
        return f"{self.pipeline(extractor, loader)}/*"

    def stream(self, extractor: str, loader: str, stream: str) -> str:
        """Return the URI of a stream as the loader writes it."""
        names = {"extractor": extractor, "loader": loader, "stream": stream}
        return self._filled(self.pattern, **names, table=table_of(stream))

    def utility(self, utility: str) -> str:
        """Return the URI of a utility, which has an event for each run that succeeds."""
        return self._filled(f"{_PLACE}/{{utility}}", utility=utility)

    def models(self, utility: str) -> str:
        """Return the name of the alias of all models that a utility builds."""
        return f"{self.utility(utility)}/*"

    def model(self, utility: str, model: str) -> str:
        """Return the URI of a model, seed or snapshot that dbt builds."""
        return self._filled(f"{_PLACE}/{{utility}}/{{model}}", utility=utility, model=model)

    def _filled(self, pattern: str, **names: str) -> str:
        place = {"project": self.project, "environment": self.environment or _NO_ENVIRONMENT}
        # Names may hold anything; a URI may not.
        values = {name: quote(value, safe="") for name, value in {**place, **names}.items()}
        return pattern.format_map(values)


def table_of(stream: str) -> str:
    """Return the table of a stream, as targets for SQL databases name it.

    Taps for them name streams `schema-table`.
    https://sdk.meltano.com/en/latest/classes/singer_sdk.sql.SQLSink.html
    """
    return stream.rpartition("-")[2].lower().replace(".", "_").replace(" ", "_")
