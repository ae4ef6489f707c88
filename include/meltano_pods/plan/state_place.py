"""Where Meltano keeps the state of a run: in its system database, or in a state backend.

A pod has what meltano.yml, its variables and its Secrets contain; it has no `.env`, and nothing of
the environment in which it is planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from meltano_pods.errors import Location, SettingsError
from meltano_pods.project.variables import expand
from meltano_pods.settings.layers import MELTANO, Layer, find_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from meltano_pods.plan.model import TaskPlan
    from meltano_pods.project import Project
    from meltano_pods.settings import Settings

VARIABLE = "MELTANO_STATE_BACKEND_URI"
_DATABASE = "MELTANO_DATABASE_URI"
_KEY = "state_backend.uri"
_SYSTEM_DATABASE = "systemdb"
# Meltano's own, and add-ons' that write to the disk of the run.
_FOLDERS = ("file:", "dbm:", "rocksdb:")


class StatePlace(NamedTuple):
    """Where the state of a task's runs is kept.

    Attributes:
        settings: Settings of the task, with `state` resolved.
        layers: The layers of its settings, including the one that decides `state`.
        folder: Place of the address if it is a folder, which is lost with a pod, and no setting
            confirms that this is intended.
    """

    settings: Settings
    layers: tuple[Layer, ...]
    folder: Location | None = None


class _Address(NamedTuple):
    """The address of the state, as far as it is known.

    Attributes:
        text: The address; None if only the pod knows it.
        where: Its place.
        name: The variable or key that sets it.
    """

    text: str | None
    where: Location
    name: str

    @property
    def is_database(self) -> bool:
        """Whether it is Meltano's system database."""
        return self.text == _SYSTEM_DATABASE

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of the machine or pod of the run."""
        return self.text is not None and self.text.startswith(_FOLDERS)


def find_state_place(
    project: Project,
    environment: str | None,
    settings: Settings,
    env: Mapping[str, str],
    layers: Sequence[Layer],
) -> StatePlace:
    """Return where the state of a task's runs is kept.

    Args:
        project: The project.
        environment: Meltano environment of the runs.
        settings: Merged settings of the task.
        env: Its plain variables, including the schedule's.
        layers: The layers of its settings.

    Raises:
        SettingsError: The setting `state` contradicts the address, or there is no address.
    """
    found = _find_address(project, environment, settings, env, layers)
    external = found is not None and not found.is_database
    if settings.state is None:
        state: Literal["database", "backend"] = "backend" if external else "database"
        decided = settings.model_copy(update={"state": state})
        if found is None:
            return StatePlace(decided, tuple(layers))
        made = Layer(MELTANO, found.where, {"state": state}, {"state": found.where})
        return StatePlace(decided, (made, *layers), found.where if found.is_folder else None)
    where = find_place(layers, "state")
    if settings.state == "database" and found is not None and external:
        raise SettingsError(
            f"`state` is `database`, but {found.name} sets another place for the state "
            f"({found.where})",
            where,
            "Remove `state` (to also use the system database, name its Secret with "
            f"`database_secret`), or set `env: {{{VARIABLE}: {_SYSTEM_DATABASE}}}`.",
        )
    if settings.state == "backend" and not external:
        raise SettingsError(
            "`state` is `backend`, but "
            + (
                f"{found.name} is `{_SYSTEM_DATABASE}` ({found.where})"
                if found is not None
                else f"neither meltano.yml has `{_KEY}`, nor `env`, `secret_env` or "
                f"`airflow_env` {VARIABLE}"
            )
            + ": the state would be lost with the pod",
            where,
            "Set the address in meltano.yml (`state_backend: {uri: 's3://bucket/prefix'}`) or as "
            f"`env: {{{VARIABLE}: 's3://bucket/prefix'}}`; one in a Secret as `secret_env: "
            f"{{{VARIABLE}: {{}}}}`.",
        )
    return StatePlace(settings, tuple(layers))


def identify_database(task: TaskPlan) -> tuple[object, ...] | None:
    """Return a key that identifies Meltano's system database; None if it is lost with the run.

    The system database contains the state, or is used in addition to a state backend. With it,
    Meltano rejects a second run of the same state id, wherever the state is.
    """
    settings = task.settings
    secret = settings.secret_env.get(_DATABASE)
    key = (settings.database_secret, secret, task.env.get(_DATABASE))
    return key if settings.state != "backend" or any(key) else None


def _find_address(
    project: Project,
    environment: str | None,
    settings: Settings,
    env: Mapping[str, str],
    layers: Sequence[Layer],
) -> _Address | None:
    """Return the address of the state, by Meltano's order of precedence."""
    if (variable := project.env.get(VARIABLE)) is not None:
        return _Address(variable.text, variable.where, VARIABLE)
    for key, names in (("secret_env", settings.secret_env), ("airflow_env", settings.airflow_env)):
        if VARIABLE in names:
            return _Address(None, find_place(layers, key, VARIABLE), VARIABLE)
    if VARIABLE in env:
        return _Address(env[VARIABLE], find_place(layers, "env", VARIABLE), VARIABLE)
    if (in_pod := _get_variables(settings.pod_override)) and VARIABLE in in_pod:
        return _Address(in_pod[VARIABLE], find_place(layers, "pod_override"), VARIABLE)
    if (setting := project.state_backend) is None:
        return None
    known = {
        **env,
        "MELTANO_ENVIRONMENT": environment or "",
        **{name: each.text for name, each in project.env.items()},
    }
    text, unset = expand(setting.text, known)
    # Variables that are unknown here may be in a Secret, or in the image.
    return _Address(setting.text if unset else text, setting.where, f"`{_KEY}`")


def _get_variables(override: Mapping[str, object]) -> dict[str, str | None]:
    """Return the variables that `pod_override` adds to containers, with their values."""
    spec = override.get("spec")
    containers = spec.get("containers") if isinstance(spec, dict) else None
    return {
        str(each.get("name")): each.get("value")
        for container in containers or ()
        if isinstance(container, dict)
        for each in container.get("env") or ()
        if isinstance(each, dict)
    }
