"""A good project, for tests to break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path


class MakeProject(Protocol):
    """Writes a project and returns its folder."""

    def __call__(self, meltano_yml: str, name: str = "shop", **files: str) -> Path: ...


GOOD = """\
default_environment: dev
environments:
- name: dev
- name: prod
plugins:
  extractors:
  - name: tap-csv
    config: {password: hunter2}
  - name: tap-shop
    inherit_from: tap-csv
  loaders:
  - name: target-jsonl
  mappers:
  - name: meltano-map-transformer
    mappings:
    - name: hide-emails
      config: {}
  utilities:
  - name: dbt
jobs:
- name: load
  tasks:
  - tap-csv target-jsonl
  - dbt:run
schedules:
- name: daily
  interval: '@daily'
  job: load
"""
