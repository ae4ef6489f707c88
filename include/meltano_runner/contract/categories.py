"""Why a run did not succeed: stable names with their meaning, fix, and whether a retry can help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """Stable names; `CATEGORIES` explains each."""

    CONFIG_INVALID = "config_invalid"
    CONFIG_DRIFT = "config_drift"
    VARIABLE_MISSING = "variable_missing"
    PLUGIN_MISSING = "plugin_missing"
    RATE_LIMITED = "rate_limited"
    TAP_FAILED = "tap_failed"
    TARGET_FAILED = "target_failed"
    MAPPER_FAILED = "mapper_failed"
    UTILITY_FAILED = "utility_failed"
    DBT_MODEL_FAILED = "dbt_model_failed"
    DBT_TEST_FAILED = "dbt_test_failed"
    CHECK_FAILED = "check_failed"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    TIMED_OUT = "timed_out"
    STALLED = "stalled"
    STOPPED = "stopped"
    ALREADY_RUNNING = "already_running"
    STATE_BACKEND_UNAVAILABLE = "state_backend_unavailable"
    SECRET_MISSING = "secret_missing"  # noqa: S105 - not a secret
    IMAGE_PULL = "image_pull"
    IMAGE_PLATFORM = "image_platform"
    CONTAINER_FAILED = "container_failed"
    UNSCHEDULABLE = "unschedulable"
    QUOTA_EXCEEDED = "quota_exceeded"
    ADMISSION_DENIED = "admission_denied"
    FORBIDDEN = "forbidden"
    START_TIMEOUT = "start_timeout"
    EVICTED = "evicted"
    PREEMPTED = "preempted"
    NODE_LOST = "node_lost"
    POD_LOST = "pod_lost"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """The meaning of a category and how to fix it.

    Attributes:
        summary: One sentence for a person.
        hint: What to change or inspect.
        retry: Whether a retry without a change can help.
        retry_after: Seconds before which it cannot.
    """

    summary: str
    hint: str
    retry: bool
    retry_after: int = 0


CATEGORIES: dict[Category, CategoryInfo] = {
    Category.CONFIG_INVALID: CategoryInfo(
        "Meltano or the plugin rejected its configuration, or no stream is selected.",
        "Fix the setting in the error: in meltano.yml, in its environment variable, or in the "
        "options of the run. `meltano config print <plugin>` shows the configuration of a plugin.",
        retry=False,
    ),
    Category.CONFIG_DRIFT: CategoryInfo(
        "The meltano.yml in the Meltano image differs from the one that the DAG was created from.",
        "Build both images from the same commit: `make push` publishes the Meltano image and pins "
        "it for Airflow. Then deploy Airflow again.",
        retry=False,
    ),
    Category.VARIABLE_MISSING: CategoryInfo(
        "The configuration refers to an environment variable that is not set.",
        "Correct the name in the error, or set the variable. Set a secret in the project's `.env` "
        "on your machine, as a key of the project's Secret for pods (settings `secrets`, "
        "`secret_env`), or as a secret variable on Astro. Set other variables with the setting "
        "`env`. Create what `airflow_env` refers to in Airflow. An empty value counts as set. To "
        "write a literal `$`, use `\\$`.",
        retry=False,
    ),
    Category.PLUGIN_MISSING: CategoryInfo(
        "The project does not define the plugin, or the plugin is not installed where the run "
        "happens.",
        "Check the name in meltano.yml. Then install the plugin: on your machine with `meltano "
        "install` or `make run`, for pods by building the Meltano image again.",
        retry=False,
    ),
    Category.RATE_LIMITED: CategoryInfo(
        "The source or destination rejected requests because there were too many.",
        "The task waits at least 15 minutes before it tries again. If this happens often, run "
        "fewer tasks against it at the same time (`pool`), run less often, or lower the plugin's "
        "own rate or page size.",
        retry=True,
        retry_after=900,
    ),
    Category.TAP_FAILED: CategoryInfo(
        "The tap (extractor) ended with an error.",
        "Read the tap's error above. `meltano invoke <tap> --discover` tries its connection alone.",
        retry=True,
    ),
    Category.TARGET_FAILED: CategoryInfo(
        "The target (loader) ended with an error.",
        "Read the target's error above: most often the destination, its credentials or a record "
        "that does not fit the schema. Rows since the last saved state will be sent again.",
        retry=True,
    ),
    Category.MAPPER_FAILED: CategoryInfo(
        "A mapper between tap and target ended with an error.",
        "Read the mapper's error above, and fix its configuration or `mappings` in meltano.yml so "
        "that they fit the streams that the mapper receives.",
        retry=False,
    ),
    Category.UTILITY_FAILED: CategoryInfo(
        "The command of a utility ended with an error that is not about a dbt model or test.",
        "Read the command's error above, and run only the command with `meltano invoke`.",
        retry=True,
    ),
    Category.DBT_MODEL_FAILED: CategoryInfo(
        "dbt could not build a model, seed or snapshot, or could not run a test.",
        "Read the database's error above and fix the model. Nodes that depend on it were skipped. "
        "To build only this node: `meltano invoke <dbt plugin> build --select <name>`.",
        retry=True,
    ),
    Category.DBT_TEST_FAILED: CategoryInfo(
        "A dbt test found invalid data, or a source is older than its `freshness` allows. The "
        "state includes what was loaded.",
        "Inspect the rows that the test finds, and fix the data, the model or the test. To run "
        "only this test: `meltano invoke <dbt plugin> test --select <name>`. To only warn, use "
        "`severity: warn`. For a source, find out why no newer rows were loaded. To only warn, "
        "use `warn_after` instead of `error_after`.",
        retry=False,
    ),
    Category.CHECK_FAILED: CategoryInfo(
        "The run ended without an error, but its result fails a check (setting `checks`). The rows "
        "are loaded and the state is saved, so the next run does not load them again.",
        "Inspect the source and the loaded rows. When both are in order, clear the task: it "
        "resumes from the saved state, and then downstream tasks run. Missing records "
        "(`missing_records`) are older than the saved state: load them with a full refresh. Or "
        "change `checks`.",
        retry=False,
    ),
    Category.OUT_OF_MEMORY: CategoryInfo(
        "The kernel killed a process of the run because it exceeded its memory limit.",
        "Give the task more memory (`resources: limits: memory` for pods), or make it use less: "
        "`elt.buffer_size` and the target's batch size are the usual causes.",
        retry=False,
    ),
    Category.DISK_FULL: CategoryInfo(
        "A disk that the run writes to is full.",
        "Free space at the path in the error. For pods, request more: `resources: {limits: "
        "{ephemeral-storage: 20Gi}}` also enlarges the volume for temporary files. Rows since the "
        "last saved state will be sent again.",
        retry=False,
    ),
    Category.TIMED_OUT: CategoryInfo(
        "The run took longer than its timeout and was stopped.",
        "Increase `run_timeout`, or run more often so that each run moves less. The next run "
        "resumes from the last saved state. Rows loaded after that are loaded again.",
        retry=True,
    ),
    Category.STALLED: CategoryInfo(
        "Nothing happened in the run for the time of `stall_timeout`, and it was stopped.",
        "Find out what the plugin in the error waited for: a connection that a firewall dropped, "
        "a lock in the database, an export that takes hours. If it needs longer, increase "
        "`stall_timeout` (`0`: no limit). The next run resumes from the last saved state.",
        retry=True,
    ),
    Category.STOPPED: CategoryInfo(
        "The run was stopped before its end.",
        "Nothing needs fixing if this was Ctrl+C, a task cleared or marked as failed in Airflow, "
        "or a worker that was shut down. The next run resumes from the last saved state. Rows "
        "loaded after that are loaded again.",
        retry=True,
    ),
    Category.ALREADY_RUNNING: CategoryInfo(
        "Another run with the same state id is in progress, or was killed less than 5 minutes ago.",
        "Run it again when the other run has ended, or 5 minutes after it was killed: until then, "
        "Meltano counts it as running.",
        retry=True,
        retry_after=330,
    ),
    Category.STATE_BACKEND_UNAVAILABLE: CategoryInfo(
        "The system database or the state backend could not be reached or written.",
        "Check MELTANO_DATABASE_URI and `state_backend.uri`, and that the run can reach them.",
        retry=True,
    ),
    Category.SECRET_MISSING: CategoryInfo(
        "A Kubernetes Secret or ConfigMap that the pod refers to, or a key in it, is missing.",
        "Create the object in the message in the pod's namespace, with the key "
        "MELTANO_DATABASE_URI and the project's variables. To use other Secrets, set `secrets`, "
        "`secret_env` and `database_secret`. On Astro, create a secret variable of the Deployment.",
        retry=False,
    ),
    Category.IMAGE_PULL: CategoryInfo(
        "The node could not pull the Meltano image.",
        "Check the setting `image` (AIRFLOW__MELTANO_PODS__IMAGE for all projects) and that the "
        "image was pushed. For a private registry, set `image_pull_secrets` to the Secret with its "
        "credentials.",
        retry=False,
    ),
    Category.IMAGE_PLATFORM: CategoryInfo(
        "The Meltano image was built for another processor than the node's.",
        "Build it for the platform of the nodes (`docker build --platform linux/amd64`), or select "
        "matching nodes: `spec: {nodeSelector: {kubernetes.io/arch: arm64}}` in `pod_override`.",
        retry=False,
    ),
    Category.CONTAINER_FAILED: CategoryInfo(
        "An init container or a sidecar of the pod failed, so that the run could not start.",
        "Read the container's last log lines above, and fix the container where it is defined: in "
        "the pod template, in `pod_override`, or in the system that adds it to pods (a service "
        "mesh or a secrets manager).",
        retry=True,
    ),
    Category.UNSCHEDULABLE: CategoryInfo(
        "The pod was not scheduled on a node within its start timeout, or mounts a "
        "PersistentVolumeClaim that does not exist.",
        "Request less (`resources: requests`), check that `nodeSelector` and `tolerations` in "
        "`pod_override` match the nodes, or increase `start_timeout` if nodes are added on demand. "
        "If a `persistentvolumeclaim` is not found, create it in the namespace of the pods, or "
        "remove its entry under `volumes` from the pod template or `pod_override`, with its "
        "`volumeMounts`.",
        retry=True,
    ),
    Category.QUOTA_EXCEEDED: CategoryInfo(
        "The pod exceeds the quota of the namespace.",
        "Request less (`resources`), run fewer tasks in parallel (`pool`), or have the quota "
        "increased. If the message contains `must specify`, set that resource.",
        retry=True,
    ),
    Category.ADMISSION_DENIED: CategoryInfo(
        "The cluster rejected the pod because of a Pod Security level, a limit range, a webhook or "
        "an invalid field.",
        "Change the field in the message: in `pod_override`, in the pod template (`pod_template`), "
        "in `resources` or in `service_account`. Or have the policy of the namespace changed.",
        retry=False,
    ),
    Category.FORBIDDEN: CategoryInfo(
        "Airflow's service account lacks a permission in the cluster, or the namespace does not "
        "exist.",
        "Check the setting `namespace` (AIRFLOW__MELTANO_PODS__NAMESPACE for all projects), and "
        "bind the launcher Role of charts/meltano-pods to the service account.",
        retry=False,
    ),
    Category.START_TIMEOUT: CategoryInfo(
        "The pod's container did not start within its start timeout.",
        "Find out what the pod waits for (a slow registry, a volume, a sidecar). If it only needs "
        "more time, increase `start_timeout`.",
        retry=True,
    ),
    Category.EVICTED: CategoryInfo(
        "The pod was evicted from its node, which lacked resources or was drained.",
        "If the node lacked memory or disk space, set `resources: requests` to what the run needs. "
        "The next run resumes from the last saved state.",
        retry=True,
    ),
    Category.PREEMPTED: CategoryInfo(
        "The pod was preempted by one with a higher priority.",
        "Give it a higher priority: `spec: {priorityClassName: ...}` in `pod_override`. The next "
        "run resumes from the last saved state.",
        retry=True,
    ),
    Category.NODE_LOST: CategoryInfo(
        "The pod's node failed, was shut down or was removed.",
        "A single case needs no change. If it happens often, keep the pods off spot nodes: "
        "`spec: {nodeSelector: ...}` in `pod_override`.",
        retry=True,
    ),
    Category.POD_LOST: CategoryInfo(
        "The pod disappeared before its result could be read.",
        "Somebody or something deleted it: check `kubectl get events`, and look for jobs that "
        "clean up the namespace. The next run resumes from the last saved state.",
        retry=True,
    ),
    Category.UNKNOWN: CategoryInfo(
        "The run failed for an unknown reason.",
        "Read the log above the result line, and please report the case with it.",
        retry=True,
    ),
}
"""All categories. `docs/reference/categories.md` is generated from this table."""
