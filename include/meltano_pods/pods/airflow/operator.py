"""The Airflow task that runs Meltano as a pod."""

from __future__ import annotations

import functools
import sys
import time
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NoReturn

import yaml
from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator

from meltano_pods.pods.airflow.identity import read_deployment_id
from meltano_pods.pods.airflow.links import PodLogLink, ResultLink
from meltano_pods.pods.airflow.provider import build_provider_arguments, check_arguments
from meltano_pods.pods.airflow.request import (
    build_manifest,
    build_preview_manifest,
    build_try,
    to_model,
)
from meltano_pods.pods.airflow.trigger import RunPodTrigger
from meltano_pods.pods.cluster.connect import ClusterHook, connect, read_trigger_access
from meltano_pods.pods.cluster.driver import ClusterDriver
from meltano_pods.pods.diagnose.api_errors import ApiError, diagnose_api_error
from meltano_pods.pods.diagnose.outcome import PodOutcome, fail_start
from meltano_pods.pods.lifecycle.create import WaitPolicy
from meltano_pods.pods.lifecycle.deferral import WaitRequest, WaitResult
from meltano_pods.pods.lifecycle.kubectl_hints import format_list_command
from meltano_pods.pods.lifecycle.launch_run import launch_run
from meltano_pods.pods.lifecycle.observation import Observation
from meltano_pods.pods.lifecycle.ownership import release
from meltano_pods.pods.lifecycle.pod_run import PodRun, finish_without_pod
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.options import build_pod_options
from meltano_pods.pods.spec.template import read_template
from meltano_pods.project.meltano_command import build_meltano_command
from meltano_pods.results.task_report import RunEnd, finish_task, identify_task
from meltano_pods.tasks.airflow_env import ValuesMissingError, read_airflow_values
from meltano_pods.tasks.operator import MeltanoOperator
from meltano_pods.tasks.planned_task import plan_task

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from airflow.sdk import BaseOperatorLink, Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol
    from kubernetes.client import V1Pod

    from meltano_pods.parameters.choices import RunChoices
    from meltano_pods.pods.spec.naming import TaskInstanceTry
    from meltano_pods.tasks.planned_task import RunArgument

_POD_LOG = PodLogLink()
_MIN_DEADLINE_MARGIN = 60.0


class MeltanoPodOperator(MeltanoOperator, KubernetesPodOperator):
    """Runs `meltano-runner` in a pod, relays its log, and explains its failure.

    A success returns the run's result (XCom `return_value`), read from the container's termination
    message, without a sidecar. A failure raises an exception with category, failed plugin, its
    error, Kubernetes' reason, a hint and the commands that show the pod; Airflow does not retry if
    a retry cannot help. A task that is killed deletes its pod, which has its grace period to save
    the state, and never succeeds.

    It is a KubernetesPodOperator because policies, listeners and people look for one. But
    `pods.lifecycle`, which the trigger and the command line share, does the work, so the provider's
    arguments about pods are rejected: settings replace them in every execution mode.

    Args:
        project: Name of the Meltano project, or its folder.
        run: What follows `meltano run`.
        environment: Meltano environment; None for the project's choice.
        env: Further environment variables of the run, never secrets: Airflow shows them.
        full_refresh: Whether to ignore the saved state and move all records again.
        state_id_suffix: Suffix of the state id: other runs of the plugins have another state.
        settings: Settings of this task, which take precedence over the project's.
        choices: What a person may choose for a run; None for nothing.
        **kwargs: Those of every Airflow operator, which take precedence over settings, and the
            provider's `poll_interval`, the seconds between two requests about a deferred pod.

    Raises:
        DeploymentError: An argument about pods; there is no such project; or the deployment's
            settings are wrong.
        ProjectError: The project or the task defines something that cannot run.
    """

    starts_pod = True
    operator_extra_links: Collection[BaseOperatorLink] = (ResultLink(),)

    def __init__(  # noqa: PLR0913 - what people write in DAGs, all by keyword
        self,
        *,
        project: str | Path,
        run: RunArgument,
        environment: str | None = None,
        env: Mapping[str, Any] | None = None,
        full_refresh: bool = False,
        state_id_suffix: str | None = None,
        settings: Mapping[str, Any] | None = None,
        choices: RunChoices | None = None,
        **kwargs: Any,  # noqa: ANN401 - the base operator's business
    ) -> None:
        check_arguments(kwargs)
        task = plan_task(
            project, run, task_id=kwargs.get("task_id", ""), dag=kwargs.get("dag"), env=env,
            environment=environment, full_refresh=full_refresh, settings=settings,
        )  # fmt: skip
        deployed = task.project
        options = build_pod_options(task.plan, deployed.deployment, deployed.name, deployed.digest)
        self._pod_run: PodRun | None = None
        """The pod, as soon as it exists."""
        super().__init__(
            task=task, state_id_suffix=state_id_suffix, choices=choices,
            **{"do_xcom_push": True, **kwargs, **build_provider_arguments(options)},
        )  # fmt: skip
        self.project = deployed.name
        self._folder = deployed.folder
        self.options = options
        if options.log_url is not None:
            self.operator_extra_links = (_POD_LOG, *self.operator_extra_links)
        self._try: TaskInstanceTry | None = None
        """Which try this is, as soon as it runs."""
        self._address = ("", "")
        """Namespace and name of the pod, as soon as its name is decided."""
        self._driver: ClusterDriver | None = None
        self._stop_requested = False

    def execute(self, context: Context) -> dict[str, Any]:
        """Run to the end and return the result, or defer the wait to the triggerer.

        Raises:
            RunFailedError: The run failed or was stopped.
            DeploymentError: The pod template cannot be used.
            InvalidParameterError: The run has a parameter that is not allowed.
            AirflowSkipException: The run skips this task.
        """
        driver, run = self._launch(context)
        # An adopted pod may have ended: then there is nothing to wait for.
        if self.deferrable and not run.observation.has_ended:
            self._defer(context, run)
        try:
            with driver.watching(run.observation):
                outcome = driver.drive(run.follow())
        except ApiError as error:
            self._fail_api(context, error)
        return self._finish(context, outcome)

    def trigger_reentry(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Resume after the triggerer has waited: read log and outcome, or defer again.

        Raises:
            RunFailedError: The run failed or was stopped.
        """
        self._try = build_try(self, context["ti"])
        driver = self._connect(event["namespace"])
        run = self._track_pod(event["name"], event["namespace"])
        resumptions = int(event.get("resumptions", 0))
        wait = WaitResult(event["status"], str(event.get("message") or ""))
        try:
            outcome = driver.drive(run.resume(wait, resumptions))
        except ApiError as error:
            self._fail_api(context, error)
        if outcome is None:
            self.log.warning("The trigger gave up, but the pod is running: %s", wait.message)
            self._defer(context, run, resumptions + 1)
            raise AssertionError  # pragma: no cover - deferring raises
        return self._finish(context, outcome)

    def on_kill(self) -> None:
        """Delete the pod, so that the run stops; `execute` then raises.

        Airflow calls this from its SIGTERM handler, in the middle of `execute`. The name is known
        before there is a pod: the answer to its creation may still be on its way.
        """
        self._stop_requested = True
        _, name = self._address
        if self._driver is None or self._try is None or not name:
            return
        try:
            steps = release(name, self._try.ti_id, self._grace_period)
            if self._driver.drive(steps):
                self.log.warning("The task was killed: pod %s stops and saves its state", name)
        except Exception:
            self.log.exception("Could not delete pod %s; the reaper will", name)

    def dry_run(self) -> None:
        """Print the pod that this task would start. There is no task instance, so names differ."""
        sys.stdout.write(yaml.safe_dump(build_preview_manifest(self), sort_keys=False))

    def build_pod_request_obj(
        self,
        context: Context | None = None,
        *,
        dry_run: bool = False,  # noqa: ARG002 - the provider's signature
    ) -> V1Pod:
        """Return the pod that this task would start, as Kubernetes' client models it."""
        if context is None:
            return to_model(build_preview_manifest(self))
        run = build_try(self, context["ti"])
        return to_model(build_manifest(self, self.build_run_invocation(context), run))

    def list_pod_commands(self, ti: RuntimeTaskInstanceProtocol) -> list[str]:
        """Return the commands that find the pods of a task instance, even if its worker died."""
        namespace = self.options.namespace
        if namespace is None:
            metadata = read_template(self.options.template).get("metadata") or {}
            namespace = metadata.get("namespace")
        return [format_list_command(namespace, naming.select_task_instance(build_try(self, ti)))]

    @property
    def pod(self) -> V1Pod | None:
        """The pod as Kubernetes' client models it, for callbacks and listeners of users."""
        if self._pod_run is None:
            return None
        namespace, name = self._address
        identity = {"metadata": {"name": name, "namespace": namespace}}
        return to_model(self._pod_run.observation.pod or identity)

    @pod.setter
    def pod(self, _: object) -> None:
        """Ignore the provider's constructor, which sets None."""

    @property
    def pod_log_address(self) -> str:
        """Where the pod's log is kept; empty without `pod_log_url` or a pod."""
        namespace, name = self._address
        if self.options.log_url is None or not name:
            return ""
        return self.options.log_url.format(namespace=namespace, pod=name)

    @functools.cached_property
    def hook(self) -> ClusterHook:
        """The provider's hook, connected to the pods' cluster."""
        return ClusterHook(self.options.cluster)

    @functools.cached_property
    def deployment_id(self) -> str:
        """The id of this Airflow, which its pods carry."""
        return read_deployment_id(self.options.deployment)

    def _launch(self, context: Context) -> tuple[ClusterDriver, PodRun]:
        """Create the pod, or adopt one, and return it."""
        run = self._try = build_try(self, context["ti"])
        try:
            values = read_airflow_values(self.airflow_env, self.not_secret)
        except ValuesMissingError as error:
            self._fail(context, PodOutcome(error.result))
        manifest = build_manifest(self, self.build_run_invocation(context), run)
        name, namespace = (manifest["metadata"][key] for key in ("name", "namespace"))
        driver = self._connect(namespace)
        self._address = (namespace, name)
        self._fail_if_stopped(context)  # while all this was imported
        policy = WaitPolicy(self.options.start_timeout, lambda: self._stop_requested, self.log)
        launched = driver.drive(launch_run(manifest, run, values, policy))
        if launched.pod is None:
            self._fail(context, launched.failure)
        pod_run = self._track_pod(launched.pod["metadata"]["name"], namespace, launched.pod)
        self._push_address(context)
        if launched.failure is not None:
            self._fail(context, launched.failure)
        self._fail_if_stopped(context)  # while the answer was on its way
        return driver, pod_run

    def _push_address(self, context: Context) -> None:
        """Push the pod's name while it runs, as the provider's operator does."""
        namespace, name = self._address
        context["ti"].xcom_push(key="pod_name", value=name)
        context["ti"].xcom_push(key="pod_namespace", value=namespace)
        if self.pod_log_address:
            context["ti"].xcom_push(key=_POD_LOG.xcom_key, value=self.pod_log_address)

    def _defer(self, context: Context, run: PodRun, resumptions: int = 0) -> None:
        """Defer the task, so that the triggerer waits for the pod."""
        now, timeout, deadline = time.time(), None, None
        if self.execution_timeout is not None:
            began = context["ti"].start_date
            start = now if began is None else began.timestamp()
            deadline = start + self.execution_timeout.total_seconds()
            # Airflow's own timeout leaves the pod running, so ours comes first.
            margin = max(_MIN_DEADLINE_MARGIN, self.poll_interval * 2)
            timeout = timedelta(seconds=max(0.0, deadline - now) + margin)
        wait = WaitRequest(
            name=run.observation.name,
            namespace=run.namespace,
            ti_id=run.ti_id,
            start_timeout=self.options.start_timeout,
            grace_period=self._grace_period,
            poll_interval=self.poll_interval,
            began=now,
            deadline=deadline,
            resumptions=resumptions,
        )
        trigger = RunPodTrigger(asdict(wait), read_trigger_access(self.options.cluster))
        self.defer(trigger=trigger, method_name="trigger_reentry", timeout=timeout)

    def _fail_api(self, context: Context, error: ApiError) -> NoReturn:
        """Fail because the API does not answer. During an outage, the pod may well be running.

        Raises:
            RunFailedError: Always.
        """
        self._fail(context, fail_start(diagnose_api_error(error)), leave=error.is_outage)

    def _fail_if_stopped(self, context: Context) -> None:
        if self._stop_requested:
            self.on_kill()
            self._fail(context, None)

    def _fail(
        self, context: Context, outcome: PodOutcome | None, *, leave: bool = False
    ) -> NoReturn:
        """Fail with an outcome, which is not a success.

        Raises:
            RunFailedError: Always.
        """
        self._finish(context, outcome, leave=leave)
        raise AssertionError  # pragma: no cover - it raises

    def _finish(
        self, context: Context, outcome: PodOutcome | None, *, leave: bool = False
    ) -> dict[str, Any]:
        """Clean up the pod and report the run; return the result of a success.

        Args:
            context: Airflow's.
            outcome: How it ended; None if the task was killed before that is known.
            leave: Whether a pod that has not ended is left to the next try.

        Raises:
            RunFailedError: It failed.
        """
        stopped = self._stop_requested
        if self._pod_run is None or self._driver is None:
            end = finish_without_pod(outcome, stopped=stopped)
        else:
            end = self._driver.drive(self._pod_run.finish(outcome, stopped=stopped, leave=leave))
        pod = end.build_report(None if self._pod_run is None else "/".join(self._address))
        invocation = self.build_run_invocation(context)
        task = identify_task(context, self.project, invocation.arguments, invocation.environment)
        format_meltano = functools.partial(build_meltano_command, self._folder)
        run_end = RunEnd(task, end.outcome.result, pod)
        return finish_task(run_end, self.reporting, self, context, format_meltano)

    def _connect(self, namespace: str) -> ClusterDriver:
        self._driver = ClusterDriver(lambda: connect(self.options.cluster), namespace, self.log)
        return self._driver

    def _track_pod(self, name: str, namespace: str, pod: Mapping[str, Any] | None = None) -> PodRun:
        """Remember the pod of this try, and return its run."""
        observation = Observation(name)
        if pod is not None:
            observation.see(pod)
        self._address = (namespace, name)
        ti_id = "" if self._try is None else self._try.ti_id
        self._pod_run = PodRun(observation, namespace, ti_id, self.options.start_timeout, self.log)
        return self._pod_run

    @property
    def _grace_period(self) -> int:
        return int(self.options.termination_grace_period)
