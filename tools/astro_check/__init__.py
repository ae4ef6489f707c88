"""Checks this project against what Astro allows, and what both Astro CLIs expect of its layout.

A tool of the repository and not of the package: it reads the Dockerfiles, the requirements and the
links beside the projects, which the Airflow image does not hold, and its users have the clone.
"""

from tools.astro_check.check import check
from tools.astro_check.finding import Finding

__all__ = ["Finding", "check"]
