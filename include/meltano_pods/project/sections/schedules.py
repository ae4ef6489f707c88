"""Reads the `schedules` section."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import Errors, ProjectLoadError
from meltano_pods.names import list_names
from meltano_pods.project.cron import find_interval_error
from meltano_pods.project.model import Schedule, Transform
from meltano_pods.project.sections.annotations import read_annotations
from meltano_pods.project.sections.keys import (
    SECTIONS,
    correct_misspelled_keys,
    find_misplaced_sections,
    looks_like_section,
)
from meltano_pods.project.yaml.fields import get_non_empty, read_name
from meltano_pods.project.yaml.nodes import quote
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
# Names of an interval in other tools.
_INTERVAL_SYNONYMS = ("cron", "schedule", "schedule_interval", "cron_interval")


def read_schedule(node: Node) -> Schedule:
    """Read one entry of `schedules`; its `errors` contain what is wrong with it."""
    errors = Errors()
    entries: Entries = {}
    with errors:
        entries = node.as_mapping(
            "`- {name: daily, job: load, interval: '@daily'}`", ProjectLoadError
        )
    if errors.found:
        return _build_unreadable(node, errors)
    warnings: list[ProjectError] = []
    entries = correct_misspelled_keys(
        entries, _KEYS, errors, warnings, required=_list_required_keys(entries)
    )
    if sections := {key: entries[key] for key in SECTIONS if key in entries}:
        clear = {key: each for key, each in sections.items() if looks_like_section(key, each)}
        errors.found += find_misplaced_sections(clear, "a schedule")
        unclear = {key: each for key, each in sections.items() if key not in clear}
        warnings += find_misplaced_sections(unclear, "a schedule")
    name, job, extractor, loader, interval = "", None, None, None, None
    transform = Transform.SKIP
    with errors:
        name = read_name(node, entries, "schedule", "daily")
    schedule = f"the schedule {quote(name)}" if name else "the schedule"
    if (node_of_job := get_non_empty(entries, "job")) is not None:
        with errors:
            job = node_of_job.as_string("a job's name")
        warnings += _find_ignored_keys(entries)
    else:
        extractor, loader, transform = _read_pair(node, entries, schedule, errors)
    with errors:
        interval = _read_interval(node, entries, schedule)
    start = None
    if (node_of_start := get_non_empty(entries, "start_date")) is not None:
        with errors:
            start = node_of_start.as_date("`start_date: 2026-01-31`")
    env = _read_env(entries, errors)
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


def _list_required_keys(entries: Entries) -> Collection[str]:
    """Return the keys without which Meltano cannot load the project."""
    if get_non_empty(entries, "job") is not None:
        return ("interval",)
    pair = ("interval", "extractor", "loader", "transform")
    return pair if "extractor" in entries else ("job", *pair)


def _find_ignored_keys(entries: Entries) -> Iterator[ProjectError]:
    """Yield a warning for each key that Meltano ignores next to a job."""
    for key in ("extractor", "loader"):
        if (node := get_non_empty(entries, key)) is not None:
            yield node.build_error(
                f"Meltano runs the `job` of the schedule and ignores its `{key}`",
                "Keep one of the two.",
            )


def _build_unreadable(node: Node, errors: Errors) -> Schedule:
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


def _read_pair(
    node: Node, entries: Entries, schedule: str, errors: Errors
) -> tuple[str | None, str | None, Transform]:
    """Return extractor, loader and transform of a schedule without a job."""
    name = "Name a `job`, or an `extractor` and a `loader` with `transform: skip`."
    if (node_of_extractor := get_non_empty(entries, "extractor")) is None:
        what = f"{schedule} has neither a `job` nor an `extractor`"
        errors.found.append(node.build_error(what, name, ProjectLoadError))
        return None, None, Transform.SKIP
    if (node_of_loader := get_non_empty(entries, "loader")) is None:
        what = f"{schedule} has an `extractor` but no `loader`"
        errors.found.append(node.build_error(what, name, ProjectLoadError))
    extractor = loader = None
    transform = Transform.SKIP
    with errors:
        transform = _read_transform(node, entries, schedule)
    with errors:
        extractor = node_of_extractor.as_string("an extractor's name")
    if node_of_loader is not None:
        with errors:
            loader = node_of_loader.as_string("a loader's name")
    return extractor, loader, transform


def _read_transform(node: Node, entries: Entries, schedule: str) -> Transform:
    if "transform" not in entries:
        # Meltano itself fails with a TypeError that names neither schedule nor key.
        node.fail(
            f"{schedule} has no `transform`, and Meltano rejects the whole project for it",
            "Add `transform: skip` to it.",
            ProjectLoadError,
        )
    node_of_transform = get_non_empty(entries, "transform")
    if node_of_transform is None:
        return Transform.SKIP
    transform = node_of_transform.as_string("`transform: skip`")
    if transform not in _TRANSFORMS:
        entries["transform"].fail(
            f"{quote(transform)} is an unknown `transform`; expected one "
            f"of: {list_names(Transform)}",
            "Write `transform: skip`, or `transform: run` to run the transformer `dbt` afterwards.",
        )
    return Transform(transform)


def _read_interval(node: Node, entries: Entries, schedule: str) -> str | None:
    if "interval" not in entries:
        meant = next((key for key in _INTERVAL_SYNONYMS if key in entries), None)
        add = "Add" if meant is None else f"Rename `{meant}` to `interval`, or add"
        node.fail(
            f"{schedule} has no `interval`, and Meltano rejects the whole project for it",
            f"{add} one, such as `interval: '@daily'`, or `interval: '@manual'` for manual runs.",
            ProjectLoadError,
        )
    entry = entries["interval"]
    if entry.is_empty:
        return None
    interval = entry.as_string("`interval: '@daily'` or `interval: '0 3 * * *'`").strip()
    if (problem := find_interval_error(interval)) is not None:
        what, fix = problem
        entry.fail(f"the interval {quote(interval)} of {schedule} {what}", fix)
    return interval


def _read_env(entries: Entries, errors: Errors) -> dict[str, tuple[str, Location]]:
    """Return a schedule's `env`."""
    found: dict[str, tuple[str, Location]] = {}
    variables: Entries = {}
    with errors:
        if "env" in entries:
            variables = entries["env"].as_mapping("`env: {NAME: value}`")
    for key, node in variables.items():
        with errors:
            found[key] = (node.as_variable(), node.where)
    return found
