"""The pod that is made: golden values, the order of layers, and what a person sees of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml
from meltano_pods.errors import DeploymentError
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.build import RunSpec, build_pod
from meltano_pods.pods.spec.template import read_template
from meltano_pods.settings.podspec.fields import find_problems

from tests.support.pods import RUN, SMALL, SPEC, TEMPLATES, env, main, options

if TYPE_CHECKING:
    from pathlib import Path


def build(template: dict[str, Any] = SMALL, spec: RunSpec = SPEC, **changes: Any) -> dict[str, Any]:
    return build_pod(template, options(**changes), spec, RUN)


def test_golden() -> None:
    pod = build()
    digest = pod["metadata"]["annotations"].pop(naming.SPEC)
    assert len(digest) == 16
    assert pod == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": naming.build_pod_name(RUN),
            "namespace": "there",
            "labels": naming.build_labels(RUN),
            "annotations": {**naming.build_annotations(RUN), naming.KEEP_SECONDS: "3600"},
        },
        "spec": {
            "restartPolicy": "Never",
            "terminationGracePeriodSeconds": 120,
            "containers": [
                {
                    "name": "meltano",
                    "image": "template",
                    "args": ["run", "tap-a", "target-b", "--state-id", "daily"],
                    "env": [
                        {
                            "name": "MELTANO_DATABASE_URI",
                            "valueFrom": {
                                "secretKeyRef": {
                                    "name": "meltano-shop-env",
                                    "key": "MELTANO_DATABASE_URI",
                                    "optional": False,
                                }
                            },
                        },
                        {"name": "MELTANO_PROJECT_ROOT", "value": "/meltano/shop"},
                        {"name": "MELTANO_ENVIRONMENT", "value": "prod"},
                        {"name": "A", "value": "b"},
                        {"name": "MELTANO_RUNNER_GRACE_SECONDS", "value": "120"},
                    ],
                    "envFrom": [
                        {"configMapRef": {"name": "for-all"}},
                        {"secretRef": {"name": "meltano-shop-env", "optional": False}},
                    ],
                    "resources": {"requests": {"memory": "512Mi"}, "limits": {"memory": "512Mi"}},
                    "terminationMessagePath": "/dev/termination-log",
                    "terminationMessagePolicy": "File",
                }
            ],
        },
    }


def test_the_template_is_not_changed() -> None:
    before = yaml.safe_dump(SMALL)
    build(override={"spec": {"containers": [{"name": "meltano", "image": "other"}]}})
    assert yaml.safe_dump(SMALL) == before


@pytest.mark.parametrize(
    ("changes", "image"),
    [
        ({}, "template"),
        ({"image": "setting"}, "setting"),
        (
            {
                "image": "setting",
                "override": {"spec": {"containers": [{"name": "meltano", "image": "override"}]}},
            },
            "override",
        ),
    ],
)
def test_template_then_settings_then_override(changes: dict[str, Any], image: str) -> None:
    assert main(build(**changes))["image"] == image


def test_a_queue_is_a_label() -> None:
    label = "kueue.x-k8s.io/queue-name"
    assert build(queue="nightly")["metadata"]["labels"][label] == "nightly"
    assert label not in build()["metadata"]["labels"]
    # A pod in another queue is not the same work.
    specs = {build(queue=each)["metadata"]["annotations"][naming.SPEC] for each in ("a", "b", None)}
    assert len(specs) == 3


def scratch_size(template: str, settings: dict[str, Any], **changes: Any) -> str:
    file = TEMPLATES / template
    pod = build_pod(read_template(file), options(resources=settings, **changes), SPEC, RUN)
    (volume,) = [each for each in pod["spec"]["volumes"] if each["name"] == "scratch"]
    size: str = volume["emptyDir"]["sizeLimit"]
    return size


@pytest.mark.parametrize("template", ["default.yaml", "kind.yaml", "astro.yaml"])
def test_the_volume_for_temporary_files_is_as_large_as_the_disk_of_the_run(template: str) -> None:
    disk = "ephemeral-storage"
    assert scratch_size(template, {}) == "1Gi"
    assert scratch_size(template, {"limits": {"memory": "4Gi"}}) == "1Gi"
    assert scratch_size(template, {"limits": {disk: "20Gi"}}) == "20Gi"
    assert scratch_size(template, {"requests": {disk: "20Gi"}}) == "20Gi"
    assert scratch_size(template, {"requests": {disk: "900Mi"}, "limits": {disk: "2Gi"}}) == "2Gi"
    override = {"spec": {"volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "5Gi"}}]}}
    assert scratch_size(template, {"limits": {disk: "20Gi"}}, override=override) == "5Gi"


def test_a_template_without_such_a_volume_gets_none() -> None:
    in_memory = {"name": "scratch", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}}
    claimed = {"name": "scratch", "persistentVolumeClaim": {"claimName": "big"}}
    for volumes in ([], [in_memory], [claimed]):
        template = {**SMALL, "spec": {**SMALL["spec"], "volumes": volumes}}
        wanted = options(resources={"limits": {"ephemeral-storage": "20Gi"}})
        assert build_pod(template, wanted, SPEC, RUN)["spec"].get("volumes") == volumes


def test_what_a_run_needs_comes_last() -> None:
    override = {
        "metadata": {"name": "mine", "labels": {"team": "data", naming.TRY: "9"}},
        "spec": {"restartPolicy": "Always", "containers": [{"name": "meltano", "args": ["sh"]}]},
    }
    pod = build(override=override)
    assert pod["metadata"]["name"] == naming.build_pod_name(RUN)
    assert pod["metadata"]["labels"] == {"team": "data", **naming.build_labels(RUN)}
    assert pod["spec"]["restartPolicy"] == "Never"
    assert main(pod)["args"] == list(SPEC.arguments)


def test_settings() -> None:
    pod = build(
        namespace="here",
        image_pull_policy="Always",
        service_account="loader",
        secrets=("a", "b"),
        database_secret="db",
        termination_grace_period=30.5,
        run_timeout=3600.0,
    )
    assert pod["metadata"]["namespace"] == "here"
    assert pod["spec"]["serviceAccountName"] == "loader"
    assert pod["spec"]["terminationGracePeriodSeconds"] == 31
    assert pod["spec"]["activeDeadlineSeconds"] == 3600 + 31 + 600 + 60
    assert main(pod)["imagePullPolicy"] == "Always"
    for_all, *secrets = main(pod)["envFrom"]
    assert for_all == {"configMapRef": {"name": "for-all"}}
    assert [each["secretRef"]["name"] for each in secrets] == ["a", "b"]
    assert env(pod)["MELTANO_RUNNER_GRACE_SECONDS"] == "31"
    assert env(pod)["MELTANO_DATABASE_URI"]["secretKeyRef"]["name"] == "db"
    assert main(build(secrets=()))["envFrom"] == [for_all]
    assert env(build(digest="d1"))["MELTANO_RUNNER_PROJECT_DIGEST"] == "d1"


@pytest.mark.parametrize(
    ("resources", "requests", "limits"),
    [
        ({}, {"memory": "512Mi"}, {"memory": "512Mi"}),
        ({"requests": {"cpu": "1"}}, {"cpu": "1", "memory": "512Mi"}, {"memory": "512Mi"}),
        ({"requests": {"memory": "2Gi"}}, {"memory": "2Gi"}, {"memory": "2Gi"}),
        ({"limits": {"memory": "256Mi"}}, {"memory": "256Mi"}, {"memory": "256Mi"}),
        ({"limits": {"memory": "1Gi"}}, {"memory": "512Mi"}, {"memory": "1Gi"}),
    ],
)
def test_one_of_request_and_limit_draws_the_other_along(
    resources: dict[str, Any], requests: dict[str, str], limits: dict[str, str]
) -> None:
    assert main(build(resources=resources))["resources"] == {
        "requests": requests,
        "limits": limits,
    }


def test_an_override_may_take_the_database_from_elsewhere() -> None:
    entry = {"name": "MELTANO_DATABASE_URI", "value": "sqlite:////scratch/meltano.db"}
    pod = build(override={"spec": {"containers": [{"name": "meltano", "env": [entry]}]}})
    assert env(pod)["MELTANO_DATABASE_URI"] == "sqlite:////scratch/meltano.db"


def test_the_digest_tells_whether_two_tries_do_the_same() -> None:
    def digest(run: naming.TaskInstanceTry = RUN, spec: RunSpec = SPEC, **changes: Any) -> str:
        made = build_pod(SMALL, options(**changes), spec, run)
        found: str = made["metadata"]["annotations"][naming.SPEC]
        return found

    later = naming.TaskInstanceTry(
        "shop", "shop.daily", "tap-a-to-target-b", "run1", -1, 2, "attempt-2"
    )
    assert digest(later) == digest()
    assert digest(image="other") != digest()
    assert digest(spec=RunSpec((*SPEC.arguments, "--full-refresh"), "prod", {"A": "b"})) != digest()


@pytest.mark.parametrize("name", ["default.yaml", "astro.yaml"])
def test_our_templates_are_hardened(name: str) -> None:
    pod = build(read_template(TEMPLATES / name))
    assert list(find_problems(pod, "V1Pod")) == []
    spec, container = pod["spec"], main(pod)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["resources"]["limits"].keys() >= {"memory", "ephemeral-storage"}
    volumes = {each["name"]: each["emptyDir"] for each in spec["volumes"]}
    mounts = {each["mountPath"]: volumes[each["name"]] for each in container["volumeMounts"]}
    # The runner's private folder, with the plugins' secrets, is made in TMPDIR.
    assert mounts[env(pod)["TMPDIR"]]["medium"] == "Memory"
    assert env(pod)["HOME"] in mounts
    assert all("sizeLimit" in each for each in volumes.values())


def test_astro_gets_what_it_asks_for() -> None:
    template = read_template(TEMPLATES / "astro.yaml")
    container = template["spec"]["containers"][0]
    assert container["resources"]["requests"] == container["resources"]["limits"]
    assert container["resources"]["limits"].keys() == {"cpu", "memory", "ephemeral-storage"}
    assert "namespace" not in template["metadata"]
    assert "serviceAccountName" not in template["spec"]


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*.yaml")), ids=lambda file: file.name)
def test_every_template_is_a_pod(file: Path) -> None:
    data = yaml.safe_load(file.read_text())
    assert list(find_problems(data, "V1Pod")) == []
    assert data["spec"]["containers"][0]["image"]


BAD = {
    "no file": (None, "it cannot be read"),
    "no YAML": ("a: [", "it cannot be read"),
    "no pod": ("kind: Deployment", "not the manifest of a pod"),
    "unknown field": ("kind: Pod\nspec: {contaners: []}", "Did you mean `containers`?"),
    "no container": ("kind: Pod\nspec: {containers: [{name: base}]}", "its containers: base"),
    "an environment": (
        "kind: Pod\nspec: {containers: [{name: meltano, env: [{name: MELTANO_ENVIRONMENT}]}]}",
        "container meltano, env[0]",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_a_template_that_cannot_be_used(case: str, tmp_path: Path) -> None:
    text, part = BAD[case]
    file = tmp_path / "mine.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(DeploymentError) as caught:
        read_template(file)
    assert part in str(caught.value)
    assert "mine.yaml" in str(caught.value)
