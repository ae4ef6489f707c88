"""Why a run did not succeed: stable names, what they mean, whether to retry, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """Stable names; `CATEGORIES` explains each."""

    CONFIG_INVALID = "config_invalid"
    CONFIG_DRIFT = "config_drift"
    VARIABLE_MISSING = "variable_missing"
    PLUGIN_MISSING = "plugin_missing"
    TAP_FAILED = "tap_failed"
    TARGET_FAILED = "target_failed"
    MAPPER_FAILED = "mapper_failed"
    UTILITY_FAILED = "utility_failed"
    DBT_MODEL_FAILED = "dbt_model_failed"
    DBT_TEST_FAILED = "dbt_test_failed"
    EXPECTATION_FAILED = "expectation_failed"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    ALREADY_RUNNING = "already_running"
    STATE_BACKEND_UNAVAILABLE = "state_backend_unavailable"
    SECRET_MISSING = "secret_missing"  # noqa: S105 - the lack of one
    IMAGE_PULL = "image_pull"
    IMAGE_PLATFORM = "image_platform"
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
    """What a category means and what to do about it.

    Attributes:
        summary: One sentence, for a person.
        hint: What to change or look at.
        retry: Whether trying again without a change can help.
    """

    summary: str
    hint: str
    retry: bool


CATEGORIES: dict[Category, CategoryInfo] = {
    Category.CONFIG_INVALID: CategoryInfo(
        "Meltano or the plugin rejected its configuration, or no stream is selected.",
        "Fix the setting the error names, in meltano.yml, in the environment variable that sets "
        "it, or in the run's options; `meltano config print <plugin>` shows what a plugin gets.",
        retry=False,
    ),
    Category.CONFIG_DRIFT: CategoryInfo(
        "The Meltano image holds another meltano.yml than the one the DAG was made from.",
        "Build both images from the same commit: `make push` publishes the Meltano image and pins "
        "it for Airflow; then deploy Airflow again.",
        retry=False,
    ),
    Category.VARIABLE_MISSING: CategoryInfo(
        "The configuration refers to an environment variable that is not set.",
        "Set the variable that the error names: a secret locally in the project's `.env`, for pods "
        "as a key of the project's Secret (settings `secrets`, `secret_env`), on Astro as a "
        "secret variable; any other by the setting `env`. What `airflow_env` names, create in "
        "Airflow. An empty value counts as set. A `$` that begins no variable is written `\\$`.",
        retry=False,
    ),
    Category.PLUGIN_MISSING: CategoryInfo(
        "The project does not define the plugin, or it is not installed where the run happens.",
        "Check the name against meltano.yml; locally run `meltano install` (or `make run`, which "
        "does), for pods build the Meltano image again.",
        retry=False,
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
        "Check the mapping's configuration against the streams it is given.",
        retry=False,
    ),
    Category.UTILITY_FAILED: CategoryInfo(
        "A utility's command ended with an error; of dbt, one that is not a model's or a test's.",
        "Read the command's own error above; run it alone with `meltano invoke`.",
        retry=True,
    ),
    Category.DBT_MODEL_FAILED: CategoryInfo(
        "dbt could not build a model, seed or snapshot, or could not run a test.",
        "Read the database's error above and mend the model that it names; what depends on it was "
        "skipped. Build it alone with `meltano invoke <dbt plugin> build --select <name>`.",
        retry=True,
    ),
    Category.DBT_TEST_FAILED: CategoryInfo(
        "Data did not pass a dbt test, or a source is staler than its `freshness` allows; what was "
        "loaded is in the state.",
        "Look at the rows that the test finds, and mend the data, the model or the test. Run it "
        "alone with `meltano invoke <dbt plugin> test --select <name>`; `severity: warn` keeps the "
        "run going. Of a source: see why nothing newer was loaded; `warn_after` instead of "
        "`error_after` keeps the run going.",
        retry=False,
    ),
    Category.EXPECTATION_FAILED: CategoryInfo(
        "The run ended without an error, but its result fails a check (setting `expect`). What was "
        "loaded stays loaded, and the state is saved: the next run resumes after it.",
        "Look at the source and at what was loaded. Clear the task once that is in order: it then "
        "runs again from the saved state, and with it what waits for it. Records that are missing "
        "(`missing_records`) lie before the saved state: load them with a full refresh. Or change "
        "`expect`.",
        retry=False,
    ),
    Category.OUT_OF_MEMORY: CategoryInfo(
        "The kernel killed a process of the run because it went over its memory limit.",
        "Give the task more memory (`resources: limits: memory` for pods), or lower what it holds: "
        "`elt.buffer_size` and the target's batch size are the usual causes.",
        retry=False,
    ),
    Category.DISK_FULL: CategoryInfo(
        "There was no space left on a disk the run writes to.",
        "Free space or give the path the error names more of it (for pods, `resources: limits: "
        "ephemeral-storage`, or the volume's `sizeLimit` in `pod_override`); rows since the last "
        "saved state will be sent again.",
        retry=False,
    ),
    Category.TIMED_OUT: CategoryInfo(
        "The run took longer than its timeout and was stopped.",
        "Raise `run_timeout`, or run more often so that each run has less to move. The next run "
        "resumes from the last saved state; rows loaded since are loaded again.",
        retry=True,
    ),
    Category.STOPPED: CategoryInfo(
        "The run was asked to stop before its end.",
        "Somebody pressed Ctrl+C, or cleared or failed the task in Airflow, or its worker was shut "
        "down. The next run resumes from the last saved state; rows loaded since are loaded again.",
        retry=True,
    ),
    Category.ALREADY_RUNNING: CategoryInfo(
        "Another run with the same state id is under way, or one was killed less than 5 minutes "
        "ago.",
        "Run it again once the other run has ended. Where that was killed, run it again 5 minutes "
        "later: without a heartbeat for so long, Meltano takes it for dead. Airflow retries by "
        "itself, as the setting `retries` says.",
        retry=True,
    ),
    Category.STATE_BACKEND_UNAVAILABLE: CategoryInfo(
        "The system database or the state backend could not be reached or written.",
        "Check MELTANO_DATABASE_URI and `state_backend.uri`, and that they can be reached from "
        "where the run happens.",
        retry=True,
    ),
    Category.SECRET_MISSING: CategoryInfo(
        "A Kubernetes Secret or ConfigMap that the pod refers to, or a key of it, is missing.",
        "Create what the message names in the pod's namespace, with the key MELTANO_DATABASE_URI "
        "and the project's variables, or name others: settings `secrets`, `secret_env` and "
        "`database_secret`. On Astro make it a secret variable of the Deployment.",
        retry=False,
    ),
    Category.IMAGE_PULL: CategoryInfo(
        "The node could not fetch the Meltano image.",
        "Check the setting `image` (AIRFLOW__MELTANO_PODS__IMAGE for all) and that the image was "
        "pushed; for a private registry name the Secret that logs in to it: the setting "
        "`image_pull_secrets`.",
        retry=False,
    ),
    Category.IMAGE_PLATFORM: CategoryInfo(
        "The Meltano image was built for another processor than the node's.",
        "Build it for the nodes' platform (`docker build --platform linux/amd64`), or choose nodes "
        "that fit it: `spec: {nodeSelector: {kubernetes.io/arch: arm64}}` in `pod_override`.",
        retry=False,
    ),
    Category.UNSCHEDULABLE: CategoryInfo(
        "No node took the pod within its start timeout.",
        "Ask for less (`resources: requests`), check `nodeSelector` and `tolerations` in "
        "`pod_override` against the nodes, or raise `start_timeout` where nodes are added on "
        "demand.",
        retry=True,
    ),
    Category.QUOTA_EXCEEDED: CategoryInfo(
        "The namespace's quota leaves no room for the pod.",
        "Ask for less (`resources`), let fewer tasks run at once (`pool`), or have the quota "
        "raised. Where the message says `must specify`, set that resource.",
        retry=True,
    ),
    Category.ADMISSION_DENIED: CategoryInfo(
        "The cluster refused the pod: a Pod Security level, a limit range, a webhook or a field "
        "it does not take.",
        "Change what the message names: in `pod_override`, in the pod template (`pod_template`), "
        "in `resources` or in `service_account`; or have the namespace's policy changed.",
        retry=False,
    ),
    Category.FORBIDDEN: CategoryInfo(
        "Airflow's account may not do this in the cluster, or the namespace does not exist.",
        "Check the setting `namespace` (AIRFLOW__MELTANO_PODS__NAMESPACE for all), and give the "
        "account the Role that charts/meltano-pods has for launchers.",
        retry=False,
    ),
    Category.START_TIMEOUT: CategoryInfo(
        "The pod's container did not start within its start timeout.",
        "Look at what the pod waits for (a slow registry, a volume, a sidecar); raise "
        "`start_timeout` if it only takes longer.",
        retry=True,
    ),
    Category.EVICTED: CategoryInfo(
        "The pod was evicted from its node: the node ran short of something, or was drained.",
        "For want of memory or disk on the node, set `resources: requests` to what the run needs. "
        "The next run resumes from the last saved state.",
        retry=True,
    ),
    Category.PREEMPTED: CategoryInfo(
        "The pod had to make room for one of a higher priority.",
        "Give it a higher one: `spec: {priorityClassName: ...}` in `pod_override`. The next run "
        "resumes from the last saved state.",
        retry=True,
    ),
    Category.NODE_LOST: CategoryInfo(
        "The pod's node failed, was shut down or was removed.",
        "Nothing to change for a single case; for many, keep the pods off spot nodes: "
        "`spec: {nodeSelector: ...}` in `pod_override`.",
        retry=True,
    ),
    Category.POD_LOST: CategoryInfo(
        "The pod disappeared before its result could be read.",
        "Somebody or something deleted it: look at `kubectl get events` and for jobs that clean "
        "the namespace up. The next run resumes from the last saved state.",
        retry=True,
    ),
    Category.UNKNOWN: CategoryInfo(
        "The run failed in a way that is not known here.",
        "Read the log above the result line; please report the case with it.",
        retry=True,
    ),
}
"""Every category, explained. `docs/reference/categories.md` is generated from this table."""
