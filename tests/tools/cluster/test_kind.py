from __future__ import annotations

import pytest

from tests.support.fake_shell import FakeShell
from tools.cluster import kind
from tools.cluster.settings import Images, Settings


@pytest.mark.parametrize(
    ("asked", "node", "manifest", "chosen"),
    [
        (Images.OFFLINE, None, "found", Images.OFFLINE),
        (Images.REGISTRY, "meltano-pods.offline/node:1", None, Images.REGISTRY),
        (Images.AUTO, None, "found", Images.REGISTRY),
        (Images.AUTO, None, None, Images.OFFLINE),
        (Images.AUTO, "meltano-pods.offline/node:1", "found", Images.OFFLINE),
        (Images.AUTO, "kindest/node:v1", None, Images.REGISTRY),
    ],
)
def test_images_are_as_asked_else_as_the_clusters_else_what_can_be_had(
    asked: Images, node: str | None, manifest: str | None, chosen: Images
) -> None:
    shell = FakeShell({"container": node, "manifest": manifest})

    assert kind.choose_images(Settings(images=asked), shell) is chosen


@pytest.mark.parametrize("before", ["mine", None])
def test_the_persons_current_context_is_put_back(before: str | None) -> None:
    shell = FakeShell({"current-context": before})

    kind._create(Settings(), Images.OFFLINE, "image", shell)

    commands = [command for command, _ in shell.ran]
    assert "create" in commands[0]
    switched = [command[-1] for command in commands if "use-context" in command]
    assert switched == ([before] if before else [])


def test_the_chosen_port_leads_to_airflow() -> None:
    shell = FakeShell({})

    kind._create(Settings(airflow_port=9999), Images.REGISTRY, "image", shell)

    assert "hostPort: 9999" in shell.ran[0][1]
    assert "hostPort: 8080" not in shell.ran[0][1]


def test_nothing_is_removed_where_nothing_is() -> None:
    shell = FakeShell({})

    assert kind.remove(Settings(), shell) == "nothing was there"
    assert not shell.ran


def test_the_network_stays_while_another_cluster_uses_it() -> None:
    shell = FakeShell({"network": "0", "ps": "another node"})

    assert kind.remove(Settings(), shell) == "nothing was there"
    assert not shell.ran


def test_a_network_that_nobody_uses_goes() -> None:
    shell = FakeShell({"network": "0", "ps": ""})

    assert kind.remove(Settings(), shell) == "network"
