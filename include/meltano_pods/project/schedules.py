"""Reads the `schedules` section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.names import listed
from meltano_pods.project.annotations import read_annotations
from meltano_pods.project.cron import cron_problem
from meltano_pods.project.document import name_of, shown, written
from meltano_pods.project.keys import refuse_sections, refuse_typos
from meltano_pods.project.model import Schedule
from meltano_pods.project.transforms import SKIP, TRANSFORMS

if TYPE_CHECKING:
    from meltano_pods.errors import Location
    from meltano_pods.project.document import Entries, Node

_KEYS = ("name", "job", "extractor", "loader", "transform", "interval", "env", "annotations")

# What other tools call an interval.
_CRON = ("cron", "schedule", "schedule_interval", "cron_interval")


def read_schedule(node: Node) -> Schedule:
    """Read one entry of `schedules`.

    Raises:
        ProjectError: It lacks a key, has one that Meltano does not know, or a value that neither
            Meltano nor Airflow can run.
    """
    entries = node.mapping("`- {name: daily, job: load, interval: '@daily'}`")
    refuse_typos(entries, _KEYS)
    refuse_sections(entries, "a schedule")
    name = name_of(node, entries, "schedule", "daily")
    job = extractor = loader = None
    transform = SKIP
    if (node_of_job := written(entries, "job")) is not None:
        job = node_of_job.text("a job's name")
    else:
        extractor, loader, transform = _pair(node, entries, name)
    env = _env(entries)
    start = written(entries, "start_date")
    return Schedule(
        name=name,
        interval=_interval(node, entries, name),
        job=job,
        extractor=extractor,
        loader=loader,
        transform=transform,
        start_date=None if start is None else start.date("`start_date: 2026-01-31`"),
        start_date_where=node.where if start is None else start.where,
        env={key: value for key, (value, _) in env.items()},
        env_places={key: place for key, (_, place) in env.items()},
        where=node.where,
        annotations=read_annotations(entries, "schedule", node.where),
    )


def _pair(node: Node, entries: Entries, name: str) -> tuple[str, str, str]:
    """Return extractor, loader and transform of a schedule without a job."""
    for key in ("extractor", "loader"):
        if written(entries, key) is None:
            node.fail(
                f"the schedule {shown(name)} has neither a `job` nor an `{key}`"
                if key == "extractor"
                else f"the schedule {shown(name)} has an `extractor` but no `loader`",
                "Name a `job`, or an `extractor` and a `loader` with `transform: skip`.",
            )
    if "transform" not in entries:
        # Meltano itself ends with a TypeError that names neither schedule nor key.
        node.fail(
            f"the schedule {shown(name)} has no `transform`, and Meltano refuses the whole project "
            "for it",
            "Add `transform: skip` to it.",
        )
    node_of_transform = written(entries, "transform")
    transform = SKIP if node_of_transform is None else node_of_transform.text("`transform: skip`")
    if transform not in TRANSFORMS:
        entries["transform"].fail(
            f"{shown(transform)} is an invalid `transform`; expected one of: {listed(TRANSFORMS)}",
            "Write `transform: skip`, or `transform: run` to run the transformer `dbt` afterwards.",
        )
    return (
        entries["extractor"].text("an extractor's name"),
        entries["loader"].text("a loader's name"),
        transform,
    )


def _interval(node: Node, entries: Entries, name: str) -> str | None:
    if "interval" not in entries:
        meant = next((key for key in _CRON if key in entries), None)
        add = "Add" if meant is None else f"Rename `{meant}` to `interval`, or add"
        node.fail(
            f"the schedule {shown(name)} has no `interval`, and Meltano refuses the project for it",
            f"{add} one, such as `interval: '@daily'`, or `interval: '@manual'` to run it by hand.",
        )
    entry = entries["interval"]
    if entry.is_empty:
        return None
    interval = entry.text("`interval: '@daily'` or `interval: '0 3 * * *'`").strip()
    if (problem := cron_problem(interval)) is not None:
        what, fix = problem
        entry.fail(f"the interval {shown(interval)} of the schedule {shown(name)} {what}", fix)
    return interval


def _env(entries: Entries) -> dict[str, tuple[str, Location]]:
    """Return a schedule's `env`."""
    if "env" not in entries:
        return {}
    variables = entries["env"].mapping("`env: {NAME: value}`")
    return {key: (node.variable(), node.where) for key, node in variables.items()}
