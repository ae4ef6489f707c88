"""Publishing the Meltano image and pinning it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.images.engine import configuration, shell
from tests.support.checkout import ROOT
from tools.cluster.errors import ClusterError
from tools.images.push import pin, push

if TYPE_CHECKING:
    from pathlib import Path

_IMAGE = "registry.example/acme/meltano@sha256:" + "0" * 64


def test_the_dockerfile_has_one_place_for_the_pin_and_keeps_the_rest(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    before = (ROOT / "Dockerfile").read_text()
    file.write_text(before)
    pin(_IMAGE, file)
    changed = [line for line in file.read_text().splitlines() if line not in before.splitlines()]
    assert changed in ([f"ENV AIRFLOW__MELTANO_PODS__IMAGE={_IMAGE}"], [])
    pin(_IMAGE, file)
    assert file.read_text().count(_IMAGE) == 1


def test_a_dockerfile_without_the_line_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "Dockerfile"
    file.write_text("FROM scratch\n")
    with pytest.raises(ClusterError, match="0 lines"):
        pin(_IMAGE, file)
    assert file.read_text() == "FROM scratch\n"


@pytest.mark.parametrize("image", ["", "ghcr.io/acme/meltano:1", "a@sha256:0", f"{_IMAGE} x"])
def test_only_a_digest_is_pinned(tmp_path: Path, image: str) -> None:
    with pytest.raises(ClusterError, match="not an image with a digest"):
        pin(image, tmp_path / "Dockerfile")


@pytest.mark.images
@pytest.mark.timeout(900)
def test_an_image_on_stand_ins_is_not_published(meltano_image: str, tmp_path: Path) -> None:
    if "org.meltano-pods.stand-in" not in configuration(meltano_image)["Labels"]:
        pytest.skip("built on the real bases")
    with pytest.raises(ClusterError, match="stand-in"):
        push(shell(tmp_path), "registry.example/acme", build_first=False)
