"""Replaces the Astro CLI, which no package registry has: its commands, with plain `docker`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tests.astro_dev import compose, objects
from tests.images.engine import docker, shell
from tests.support.clone import typed
from tests.support.ports import free_port
from tests.support.waiting import wait_for
from tools.airflow_api import AirflowApi
from tools.cluster.offline import postgres_image
from tools.images.bases import Bases, choose

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.astro_dev.compose import Service

_POSTGRES = "postgres"
_HEALTHY_SECONDS = 240


class AstroDev:
    """One project's local Airflow.

    Args:
        root: The project's folder.
        name: Of the compose project; the CLI makes it of the folder's name and path.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        self.name = name
        self.image = f"{name}/airflow:latest"
        self._label = f"com.docker.compose.project={name}"
        self._port = free_port()
        self.api = AirflowApi(f"http://localhost:{self._port}")

    def start(self) -> None:
        """`astro dev start`: build, run, wait, and make what airflow_settings.yaml names."""
        self.begin()
        self._wait()
        within = partial(self.run, "api-server")
        for command in objects.commands((self.root / "airflow_settings.yaml").read_text(), within):
            within(*command)

    def begin(self) -> None:
        """What `astro dev start` does before it waits."""
        typed(
            self.root,
            ".venv/bin/python -m tools.images build airflow",
            environment={"AIRFLOW_IMAGE": self.image},
        )
        if docker("network", "inspect", f"{self.name}_airflow", check=False).returncode:
            docker("network", "create", "--label", self._label, f"{self.name}_airflow")
        for volume in compose.volumes(self.root):
            docker("volume", "create", "--label", self._label, f"{self.name}_{volume}")
        self._start_postgres()
        for service in compose.services(self.root, self.name):
            self._run(service)

    def restart(self) -> None:
        """`astro dev restart` after a change to image or variables: all containers are new.

        The CLI reads airflow_settings.yaml again; its objects exist already.
        """
        self._remove_containers()
        self.begin()
        self._wait()

    def kill(self) -> None:
        """`astro dev kill`; and the image, which the CLI leaves."""
        self.api.close()
        self._remove_containers()
        for kind in ("volume", "network"):
            found = docker(kind, "ls", "--quiet", "--filter", f"label={self._label}").stdout
            if names := found.split():
                docker(kind, "rm", *names)
        docker("image", "rm", "--force", self.image)

    def run(self, service: str, *words: str, user: str = "astro") -> str:
        """Run a command in a service's container and return what it says."""
        return docker("exec", "--user", user, self._container(service), *words).stdout

    def diagnosis(self) -> str:
        """Return the last lines of every container."""
        texts = []
        for name in docker(*self._listed(), "--format", "{{.Names}}").stdout.split():
            output = docker("logs", "--tail", "40", name, check=False)
            texts.append(f"== {name}\n{output.stdout}{output.stderr}")
        return "\n".join(texts)

    def _start_postgres(self) -> None:
        log = shell(self.root / ".run")
        real = choose(Bases.AUTO, log) is Bases.REGISTRY
        image = "postgres:17" if real else postgres_image(log)
        volume = "postgres_data:/var/lib/postgresql/data"
        self._run(compose.Service(_POSTGRES, (), compose.POSTGRES_ENVIRONMENT, (volume,)), image)
        ready = ("exec", self._container(_POSTGRES), "pg_isready", "--host=127.0.0.1")
        wait_for("PostgreSQL", lambda: docker(*ready, check=False).returncode == 0)

    def _run(self, service: Service, image: str = "") -> None:
        migration = service.name == compose.MIGRATION
        words = ["--publish", f"127.0.0.1:{self._port}:{service.port}"] if service.port else []
        if not image and not migration:
            words += ["--user", "astro", "--restart", "unless-stopped"]
        if not migration:
            words.append("--detach")
        for name, value in service.environment.items():
            words += ["--env", f"{name}={value}"]
        for volume in service.volumes:
            # A volume of the project's, or a folder of this machine.
            words += ["--volume", volume if volume[0] == "/" else f"{self.name}_{volume}"]
        docker("run", *self._labelled(service.name), *words, image or self.image, *service.command)

    def _labelled(self, service: str) -> Iterator[str]:
        yield from ("--name", self._container(service), "--network", f"{self.name}_airflow")
        yield from ("--network-alias", service)
        for label in (
            self._label,
            f"com.docker.compose.service={service}",
            f"com.docker.compose.project.working_dir={self.root}",
            "io.astronomer.docker.cli=true",
            f"io.astronomer.docker.component=airflow-{service}",
        ):
            yield from ("--label", label)

    def _wait(self) -> None:
        wait_for("a healthy Airflow", self._healthy, _HEALTHY_SECONDS)

    def _healthy(self) -> bool:
        for name in docker(*self._listed(), "--format", "{{.Names}}").stdout.split():
            path = "{{.RestartCount}} {{.State.Status}}"
            state = docker("inspect", "--format", path, name).stdout.strip()
            if not name.endswith(f"{compose.MIGRATION}-1"):
                assert state == "0 running", f"{name}: {state}\n{self.diagnosis()}"
        return not self.api.unwell()

    def _remove_containers(self) -> None:
        if names := docker(*self._listed(), "--quiet").stdout.split():
            docker("stop", "--time", "10", *names)
            docker("rm", "--force", *names)

    def _listed(self) -> tuple[str, ...]:
        return ("ps", "--all", "--filter", f"label={self._label}")

    def _container(self, service: str) -> str:
        return f"{self.name}-{service}-1"


def remains(name: str) -> list[str]:
    """Return what Docker still has of a project, a line each."""
    kinds = (("ps", "--all"), ("volume", "ls"), ("network", "ls"), ("image", "ls"))
    lines = [line for words in kinds for line in docker(*words).stdout.splitlines()]
    return [line for line in lines if name in line]
