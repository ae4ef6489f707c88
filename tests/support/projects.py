"""A good project, for tests to break."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from meltano_pods.errors import Errors, MeltanoPodsError, split_errors
from meltano_pods.plan import plan
from meltano_pods.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

    from meltano_pods.plan import ProjectPlan


class MakeProject(Protocol):
    """Writes a project and returns its folder."""

    def __call__(self, meltano_yml: str, name: str = "shop", **files: str) -> Path: ...


def errors_in(folder: Path, environment: str | None = None) -> list[MeltanoPodsError]:
    """Return everything that is wrong with a project."""
    try:
        return list(plan(read_project(folder), environment).errors)
    except MeltanoPodsError as error:
        return split_errors(error)


def sound_plan(folder: Path, environment: str | None = None) -> ProjectPlan:
    """Return the plan of a project.

    Raises:
        ProjectError: Something is wrong with the project.
    """
    planned = plan(read_project(folder), environment)
    Errors(planned.errors).check()
    return planned


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
FULLEST = """\
plugins:
  extractors:
  - {name: tap-a, namespace: tap_a, annotations: {
      meltano_pods: {resources: {limits: {memory: 1Gi, example.com/gpu: 1}}}}}
  loaders: [{name: target-b, namespace: target_b}]
environments: [{name: prod}]
annotations:
  meltano_pods:
    environment: prod
    image: ghcr.io/acme/meltano:1.0
    image_pull_policy: IfNotPresent
    image_pull_secrets: [registry]
    service_account: loader
    secrets: [shared]
    secret_env:
      TAP_A_TOKEN:
      TAP_A_PASSWORD: {secret: vault, key: password}
    state: backend
    env: {MELTANO_STATE_BACKEND_URI: 's3://bucket/shop', REGION: eu}
    termination_grace_period: 30s
    run_timeout: 2h
    pod_override:
      metadata: {labels: {team: data}, annotations: {example.com/owner: data}}
      spec:
        nodeSelector: {pool: big}
        tolerations: [{key: big, operator: Exists, effect: NoSchedule}]
        topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
schedules:
- {name: daily, interval: '@daily', extractor: tap-a, loader: target-b, transform: skip}
"""
"""Everything that a project can say about its pods."""
