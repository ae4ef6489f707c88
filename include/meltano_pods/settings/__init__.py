"""The settings of DAGs and tasks: their model, and how the levels of a project merge into them."""

from meltano_pods.settings.layers import ORDER
from meltano_pods.settings.merge import build_settings
from meltano_pods.settings.model import Settings

__all__ = ["ORDER", "Settings", "build_settings"]
