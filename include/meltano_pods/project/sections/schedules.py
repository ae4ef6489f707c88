"""Reads the `schedules` section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectLoadError
from meltano_pods.names import listed
from meltano_pods.project.cron import cron_problem
from meltano_pods.project.model import Schedule, Transform
from meltano_pods.project.sections.annotations import read_annotations
from meltano_pods.project.sections.keys import (
    SECTIONS,
    find_sections,
    looks_like_section,
    read_misspelled,
)
from meltano_pods.project.yaml.fields import name_of, written
from meltano_pods.project.yaml.nodes import shown
from meltano_pods.settings.layers import Layer

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from meltano_pods.errors import Location, ProjectError
    from meltano_pods.project.yaml.nodes import Entries, Node

_KEYS = (
    "name", "job", "extractor", "loader", "transform", "interval", "start_date", "env",
    "annotations",
)  # fmt: skip
_TRANSFORMS = {each.value for each in Transform}
# What other tools call an interval.
_CRON = ("cron", "schedule", "schedule_interval", "cron_interval")


def read_schedule(node: Node) -> Schedule:
    """Read one entry of `schedules`; what is wrong with it is among its `errors`."""
    errors = Errors()
    entries: Entries = {}
    with errors:
        entries = node.mapping("`- {name: daily, job: load, interval: '@daily'}`", ProjectLoadError)
    if errors.found:
        return _unreadable(node, errors)
    warnings: list[ProjectError] = []
    entries = read_misspelled(entries, _KEYS, errors, warnings, required=_required(entries))
    if sections := {key: entries[key] for key in SECTIONS if key in entries}:
        clear = {key: each for key, each in sections.items() if looks_like_section(key, each)}
        errors.found += find_sections(clear, "a schedule")
        unclear = {key: each for key, each in sections.items() if key not in clear}
        warnings += find_sections(unclear, "a schedule")
    name, job, extractor, loader, interval = "", None, None, None, None
    transform = Transform.SKIP
    with errors:
        name = name_of(node, entries, "schedule", "daily")
    schedule = f"the schedule {shown(name)}" if name else "the schedule"
    if (node_of_job := written(entries, "job")) is not None:
        with errors:
            job = node_of_job.text("a job's name")
        warnings += _ignored(entries)
    else:
        extractor, loader, transform = _pair(node, entries, schedule, errors)
    with errors:
        interval = _interval(node, entries, schedule)
    start = None
    if (node_of_start := written(entries, "start_date")) is not None:
        with errors:
            start = node_of_start.date("`start_date: 2026-01-31`")
    env = _env(entries, errors)
    annotations = read_annotations(entries, "schedule", node.where, errors)
    return Schedule(
        name=name,
        interval=interval,
        job=job,
        extractor=extractor,
        loader=loader,
        transform=transform,
        start_date=start,
        start_date_where=node.where if node_of_start is None else node_of_start.where,
        env={key: value for key, (value, _) in env.items()},
        env_places={key: place for key, (_, place) in env.items()},
        where=node.where,
        annotations=annotations,
        errors=tuple(errors.found),
        warnings=tuple(warnings),
    )


def _required(entries: Entries) -> Collection[str]:
    """Return the keys without which Meltano cannot load the project."""
    if written(entries, "job") is not None:
        return ("interval",)
    pair = ("interval", "extractor", "loader", "transform")
    return pair if "extractor" in entries else ("job", *pair)


def _ignored(entries: Entries) -> Iterator[ProjectError]:
    """Yield a warning for each key that Meltano does not read beside a job."""
    for key in ("extractor", "loader"):
        if (node := written(entries, key)) is not None:
            yield node.error(
                f"Meltano runs the `job` of the schedule and ignores its `{key}`",
                "Keep one of the two.",
            )


def _unreadable(node: Node, errors: Errors) -> Schedule:
    none = Layer("schedule", node.where)
    return Schedule(
        name="",
        interval=None,
        job=None,
        extractor=None,
        loader=None,
        transform=Transform.SKIP,
        start_date=None,
        start_date_where=node.where,
        env={},
        env_places={},
        where=node.where,
        annotations=none,
        errors=tuple(errors.found),
    )


def _pair(
    node: Node, entries: Entries, schedule: str, errors: Errors
) -> tuple[str | None, str | None, Transform]:
    """Return extractor, loader and transform of a schedule without a job."""
    name = "Name a `job`, or an `extractor` and a `loader` with `transform: skip`."
    if (node_of_extractor := written(entries, "extractor")) is None:
        what = f"{schedule} has neither a `job` nor an `extractor`"
        errors.found.append(node.error(what, name, ProjectLoadError))
        return None, None, Transform.SKIP
    if (node_of_loader := written(entries, "loader")) is None:
        what = f"{schedule} has an `extractor` but no `loader`"
        errors.found.append(node.error(what, name, ProjectLoadError))
    extractor = loader = None
    transform = Transform.SKIP
    with errors:
        transform = _transform(node, entries, schedule)
    with errors:
        extractor = node_of_extractor.text("an extractor's name")
    if node_of_loader is not None:
        with errors:
            loader = node_of_loader.text("a loader's name")
    return extractor, loader, transform


def _transform(node: Node, entries: Entries, schedule: str) -> Transform:
    if "transform" not in entries:
        # Meltano itself ends with a TypeError that names neither schedule nor key.
        node.fail(
            f"{schedule} has no `transform`, and Meltano rejects the whole project for it",
            "Add `transform: skip` to it.",
            ProjectLoadError,
        )
    node_of_transform = written(entries, "transform")
    if node_of_transform is None:
        return Transform.SKIP
    transform = node_of_transform.text("`transform: skip`")
    if transform not in _TRANSFORMS:
        entries["transform"].fail(
            f"{shown(transform)} is an invalid `transform`; expected one of: {listed(Transform)}",
            "Write `transform: skip`, or `transform: run` to run the transformer `dbt` afterwards.",
        )
    return Transform(transform)


def _interval(node: Node, entries: Entries, schedule: str) -> str | None:
    if "interval" not in entries:
        meant = next((key for key in _CRON if key in entries), None)
        add = "Add" if meant is None else f"Rename `{meant}` to `interval`, or add"
        node.fail(
            f"{schedule} has no `interval`, and Meltano rejects the whole project for it",
            f"{add} one, such as `interval: '@daily'`, or `interval: '@manual'` for manual runs.",
            ProjectLoadError,
        )
    entry = entries["interval"]
    if entry.is_empty:
        return None
    interval = entry.text("`interval: '@daily'` or `interval: '0 3 * * *'`").strip()
    if (problem := cron_problem(interval)) is not None:
        what, fix = problem
        entry.fail(f"the interval {shown(interval)} of {schedule} {what}", fix)
    return interval


def _env(entries: Entries, errors: Errors) -> dict[str, tuple[str, Location]]:
    """Return a schedule's `env`."""
    found: dict[str, tuple[str, Location]] = {}
    variables: Entries = {}
    with errors:
        if "env" in entries:
            variables = entries["env"].mapping("`env: {NAME: value}`")
    for key, node in variables.items():
        with errors:
            found[key] = (node.variable(), node.where)
    return found
