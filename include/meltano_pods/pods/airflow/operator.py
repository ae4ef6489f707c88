"""The Airflow task that runs Meltano as a pod."""

from __future__ import annotations

import shlex
from functools import cached_property
from secrets import token_hex
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.cncf.kubernetes.operators.pod import KubernetesPodOperator
from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator
from airflow.settings import pod_mutation_hook
from kubernetes.client.exceptions import ApiException
from meltano_runner.contract import Category
from urllib3.exceptions import HTTPError

from meltano_pods.diagnosis import Failure, RunFailedError, failure_of
from meltano_pods.pods.airflow.links import PodLogLink, ResultLink
from meltano_pods.pods.airflow.provider import check_arguments, provider_arguments
from meltano_pods.pods.airflow.trigger import RunPodTrigger
from meltano_pods.pods.cluster.api import NOT_FOUND, Pods, is_passing
from meltano_pods.pods.cluster.connect import ClusterHook
from meltano_pods.pods.cluster.logs import Follower
from meltano_pods.pods.cluster.observation import Observation
from meltano_pods.pods.cluster.watch import observed
from meltano_pods.pods.diagnose.api_errors import diagnose_api_error
from meltano_pods.pods.diagnose.outcome import NO_POD, PodOutcome, fail_start, mark_stopped
from meltano_pods.pods.diagnose.reasons import PodDiagnosis
from meltano_pods.pods.diagnose.status import has_ended, has_started
from meltano_pods.pods.run.kubectl_hints import format_list_command
from meltano_pods.pods.run.launch import StillRunningError, launch
from meltano_pods.pods.run.ownership import release
from meltano_pods.pods.run.resume import why_given_up
from meltano_pods.pods.run.run_pod import RunPod
from meltano_pods.pods.run.run_secret import create_run_secret, without_secret
from meltano_pods.pods.run.wait import NotStartedError
from meltano_pods.pods.spec import naming
from meltano_pods.pods.spec.build import RunSpec, build_pod
from meltano_pods.pods.spec.options import build_pod_options
from meltano_pods.pods.spec.template import read_template
from meltano_pods.project.meltano_command import meltano_command
from meltano_pods.results.ended import Ended
from meltano_pods.results.report import failed, succeeded
from meltano_pods.tasks.airflow_values import read_airflow_values
from meltano_pods.tasks.arguments import airflow_arguments, with_said
from meltano_pods.tasks.mapping import TEMPLATE_FIELDS, partial
from meltano_pods.tasks.operator import MeltanoOperator
from meltano_pods.tasks.prepare import prepare
from meltano_pods.tasks.request import task_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from airflow.sdk import BaseOperatorLink, Context
    from airflow.sdk.types import RuntimeTaskInstanceProtocol
    from airflow.triggers.base import BaseTrigger
    from kubernetes.client import V1Pod

    from meltano_pods.parameters import RunChoices
    from meltano_pods.tasks.request import Place, RunSaid

_POD_LOG = PodLogLink()


class MeltanoPodOperator(MeltanoOperator, KubernetesPodOperator):
    """Runs `meltano-runner` in a pod, relays its log, and explains its failure.

    On success the run's result is returned (XCom `return_value`), read from the container's
    termination message: there is no sidecar. A run that fails raises with category, failed plugin,
    its own error, Kubernetes' own reason, a hint and the lines to look at the pod; where a retry
    cannot help, Airflow does not retry. A task that is killed deletes its pod, with its grace to
    save the state, and never ends as a success.

    Of the provider's operator this keeps the connection, the reading of logs and the deferral. It
    makes and judges the pod itself, so the provider's arguments about pods are refused: settings
    say the same, in every execution mode.

    Args:
        project: Name of the Meltano project, or its folder.
        run: What follows `meltano run`.
        environment: Meltano environment; None for the project's choice.
        env: Further environment variables of the run, never secrets: Airflow shows them.
        full_refresh: Whether to ignore the saved state and move all records again.
        state_id_suffix: Sets apart the state of this run from that of others of the same plugins.
        settings: Settings of this task alone, over the project's.
        choices: What a person may choose for a run, where the DAG asks; None for nothing.
        **kwargs: Those of every Airflow operator, which win over settings, and of the provider's
            those about deferral.

    Raises:
        DeploymentError: An argument about pods; there is no such project; or the deployment's
            settings are wrong.
        ProjectError: The project, or the task, says what cannot be run.
    """

    template_fields: Sequence[str] = TEMPLATE_FIELDS
    partial = classmethod(partial)
    operator_extra_links: Collection[BaseOperatorLink] = (ResultLink(),)

    def __init__(  # noqa: PLR0913 - what people write in DAGs, all by keyword
        self,
        *,
        project: str | Path | Place,
        run: RunSaid,
        environment: str | None = None,
        env: Mapping[str, Any] | None = None,
        full_refresh: bool = False,
        state_id_suffix: str | None = None,
        settings: Mapping[str, Any] | None = None,
        choices: RunChoices | None = None,
        **kwargs: Any,  # noqa: ANN401 - the base operator's business
    ) -> None:
        check_arguments(kwargs)
        task = task_of(
            project, run, task_id=kwargs.get("task_id", ""), dag=kwargs.get("dag"), env=env,
            environment=environment, full_refresh=full_refresh, settings=settings,
        )  # fmt: skip
        planned, place = task.plan, task.place
        options = build_pod_options(planned, place.deployment, place.folder.name, place.digest)
        defaults = airflow_arguments(planned, place.folder.name, starts_pod=True)
        said = {"do_xcom_push": True, **with_said(defaults, kwargs)}
        super().__init__(**{**said, **provider_arguments(options)})
        self._take(task, state_id_suffix, choices)
        self.project = place.folder.name
        self._folder = place.folder
        self.options = options
        if options.log_url is not None:
            self.operator_extra_links = (_POD_LOG, *self.operator_extra_links)
        self._attempt = ""
        """Which try of the task instance this is."""
        self._address = ("", "")
        """Namespace and name of the pod, as soon as it is known what it will be."""
        self._run_pod: RunPod | None = None
        """The pod, as soon as it is there."""

    def execute(self, context: Context) -> dict[str, Any]:
        """Run to the end and return the result, or raise; or hand the wait to the triggerer.

        Raises:
            RunFailedError: The run failed or was stopped.
            DeploymentError: The pod template cannot be used.
            ParameterRefusedError: The run has a parameter that is not allowed.
            AirflowSkipException: The run leaves this task out.
        """
        try:
            run_pod = self._launch(context)
            # An adopted pod may have ended: then there is nothing to wait for.
            if self.deferrable and not has_ended(run_pod.read(self.pod)):
                self.invoke_defer_method(context=context)
            with observed(self._pods, run_pod.name, self._seen.saw):
                self._await(run_pod)
        except NotStartedError as error:
            return self._end(context, fail_start(error.diagnosis))
        except (ApiException, HTTPError) as error:
            self._on_api_error(context, error)
        return self._end(context)

    def _await(self, run_pod: RunPod) -> None:
        """Return once the pod has ended, its log relayed."""
        try:
            run_pod.await_start(self.pod, self.options.start_timeout)
            if has_ended(self._seen.pod or {}):
                run_pod.relay_log(self.pod)
            else:
                self.await_pod_completion(self.pod)
            run_pod.await_end(self.pod)
        except ApiException as error:
            if error.status == NOT_FOUND:
                run_pod.await_last_words()
            raise

    def trigger_reentry(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Go on after the triggerer has waited: read the log and the end, or wait on.

        Raises:
            RunFailedError: The run failed or was stopped.
        """
        self._attempt = str(context["ti"].id)
        self._address = (event["namespace"], event["name"])
        self.pod = self._model(
            {"metadata": {"namespace": event["namespace"], "name": event["name"]}}
        )
        self._run_pod = run_pod = self._follow(event["name"])
        try:
            pod = run_pod.read(self.pod)
            if not has_ended(pod):
                found = why_given_up(event, pod, run_pod.pods.events(run_pod.name))
                if found is not None:
                    return self._end(context, fail_start(found))
                self._wait_on(context, event)
            run_pod.relay_log(self.pod, event.get("last_log_time"))
        except (ApiException, HTTPError) as error:
            self._on_api_error(context, error)
        return self._end(context)

    def defer(self, *, trigger: BaseTrigger, **options: Any) -> NoReturn:  # noqa: ANN401 - Airflow's
        """Wait in the triggerer, by the provider's trigger with our end of it."""
        _, arguments = trigger.serialize()
        super().defer(trigger=RunPodTrigger(ti_id=self._attempt, **arguments), **options)
        raise AssertionError  # pragma: no cover - it raises

    def on_kill(self) -> None:
        """Delete the pod, so that the run stops; `execute` then raises.

        Airflow calls this from its SIGTERM handler, in the middle of `execute`. The name is known
        before there is a pod: the answer to its creation may still be on its way.
        """
        self._killed = True
        _, name = self._address
        if not name:
            return
        try:
            if release(self._pods, name, self._attempt, self.termination_grace_period):
                self.log.warning("The task was killed: pod %s stops, and saves its state", name)
        except Exception:
            self.log.exception("Could not delete pod %s; the reaper will", name)

    def ways_to_find(self, ti: RuntimeTaskInstanceProtocol) -> list[str]:
        """Return the lines by which to find the pod of a task that can no longer tell its name."""
        namespace = self.options.namespace
        if namespace is None:
            metadata = read_template(self.options.template).get("metadata") or {}
            namespace = metadata.get("namespace")
        return [format_list_command(namespace, naming.select_task_instance(self._task_run(ti)))]

    def _launch(self, context: Context) -> RunPod:
        run = self._task_run(context["ti"])
        self._attempt = run.ti_id
        values = self._read_airflow_values(context)
        pod = self._build(context, run)
        self._address = (pod.metadata.namespace, pod.metadata.name)
        if self._killed:  # while all this was imported
            self._end(context)
        body = self.client.api_client.sanitize_for_serialization(pod)
        try:
            found = launch(self._pods, body, run, killed=lambda: self._killed, log=self.log)
        except (ApiException, HTTPError) as error:
            self._end(context, fail_start(diagnose_api_error(error)))
            raise
        except StillRunningError as error:
            diagnosis = PodDiagnosis(Category.ALREADY_RUNNING, "Terminating", str(error))
            self._end(context, fail_start(diagnosis))
            raise
        self._address = (pod.metadata.namespace, found["metadata"]["name"])
        self.pod = self._model(found)
        self._run_pod = self._follow(found["metadata"]["name"])
        # As the provider's operator has it: whoever looks for the pod finds it while it runs, too.
        context["ti"].xcom_push(key="pod_name", value=found["metadata"]["name"])
        context["ti"].xcom_push(key="pod_namespace", value=pod.metadata.namespace)
        if self.pod_log_address:
            context["ti"].xcom_push(key=_POD_LOG.xcom_key, value=self.pod_log_address)
        if not has_started(found):
            try:
                create_run_secret(self._pods, found, values)
            except (ApiException, HTTPError) as error:
                self._end(context, without_secret(error, pod.metadata.namespace))
        if self._killed:  # while the answer was on its way
            self.on_kill()
            self._end(context)
        return self._run_pod

    def _read_airflow_values(self, context: Context) -> dict[str, str]:
        try:
            return read_airflow_values(self.airflow_env, self.not_secret, self.project)
        except RunFailedError as error:
            self._end(context, PodOutcome(error.failure.result))
            raise

    def _task_run(self, ti: RuntimeTaskInstanceProtocol) -> naming.TaskInstanceTry:
        return naming.TaskInstanceTry(
            project=self.project,
            dag_id=ti.dag_id,
            task_id=ti.task_id,
            run_id=ti.run_id,
            map_index=-1 if ti.map_index is None else ti.map_index,
            try_number=ti.try_number,
            ti_id=str(ti.id),
            deployment=self.options.deployment,
            # Clearing grants a task its retries again, on top of the tries it had.
            cleared_tries=max(0, ti.max_tries - (self.retries or 0)),
        )

    def _build(self, context: Context, run: naming.TaskInstanceTry) -> V1Pod:
        told = prepare(self, context)
        env = {**self.env, **told.env}
        spec = RunSpec(told.arguments, told.environment, env, nonce=token_hex(4))
        pod = self._model(build_pod(read_template(self.options.template), self.options, spec, run))
        if not pod.metadata.namespace:
            pod.metadata.namespace = self.hook.pods_namespace()
        pod_mutation_hook(pod)  # type: ignore[no-untyped-call]
        return pod

    def _wait_on(self, context: Context, event: Mapping[str, Any]) -> None:
        self.log.warning("The trigger gave up, the pod goes on: %s", event.get("message"))
        count = int(event.get("_redefer_count", 0)) + 1
        self.trigger_kwargs = {**(self.trigger_kwargs or {}), "_redefer_count": count}
        self.invoke_defer_method(last_log_time=event.get("last_log_time"), context=context)

    def _on_api_error(self, context: Context, error: ApiException | HTTPError) -> None:
        """Return if the pod is gone, which its end will explain; else raise."""
        gone = isinstance(error, ApiException) and error.status == NOT_FOUND
        if not gone and not self._killed:
            # With the API in trouble the pod may well go on: the next try adopts it.
            self._end(context, fail_start(diagnose_api_error(error)), delete=not is_passing(error))

    def _end(
        self, context: Context, known: PodOutcome | None = None, *, delete: bool = True
    ) -> dict[str, Any]:
        """Return the result of a success, or raise what became of the run.

        Args:
            context: Airflow's.
            known: How it ended, where that is known; else the pod tells.
            delete: Whether to delete a pod that has not ended.
        """
        run_pod = self._run_pod
        pod = None
        try:
            pod = None if run_pod is None else run_pod.state()
        except (ApiException, HTTPError) as error:
            known = known or fail_start(diagnose_api_error(error))
        if known is None:
            known = NO_POD if run_pod is None else run_pod.ending(pod)
        told = prepare(self, context)
        typed = shlex.join(["meltano-runner", *told.arguments])
        where = f"{self.project}: {typed}; pod {'/'.join(self._address)}"
        ended = Ended(self, context, self.log, where, told.environment)
        if self._killed:
            known = mark_stopped(known)
        elif known.succeeded and run_pod is not None and pod is not None:
            run_pod.delete(pod)
            return succeeded(ended, self.reporting, known.result)
        kept = pod is not None and has_ended(pod)
        if run_pod is not None and pod is not None and not kept and delete:
            # What has not started could start later, when nobody waits for it any more.
            run_pod.delete(pod)
        failure = Failure(
            known.result,
            tries=ended.tries,
            kubernetes=None if known.diagnosis is None else str(known.diagnosis),
            pod="/".join(self._address) if run_pod is not None else None,
            look=() if run_pod is None else tuple(run_pod.explain(kept=kept)),
        )
        failed(ended, known.result)
        # Nothing of what led here: it is told in words, and the API's answers are long.
        raise failure_of(failure, where, self._meltano_command) from None

    def _meltano_command(self, arguments: str) -> str:
        return meltano_command(self._folder, arguments)

    @property
    def pod_log_address(self) -> str:
        """Where the pod's log is kept; empty where nobody says, or there is no pod."""
        namespace, pod = self._address
        if self.options.log_url is None or not pod:
            return ""
        return self.options.log_url.format(namespace=namespace, pod=pod)

    @property
    def _pods(self) -> Pods:
        return Pods(lambda: self.client, self._address[0])

    def _follow(self, name: str) -> RunPod:
        return RunPod(self._pods, name, self._attempt, lambda: self.pod_manager, self.log)

    @cached_property
    def hook(self) -> ClusterHook:
        """What reaches the cluster."""
        return ClusterHook(self.options.cluster)

    @cached_property
    def pod_manager(self) -> Follower:
        """What reads the pod and its log."""
        return Follower(self.client, self.log, self._seen)

    @cached_property
    def _seen(self) -> Observation:
        return Observation()

    def _model(self, pod: Mapping[str, Any]) -> V1Pod:
        return PodGenerator.deserialize_model_dict(dict(pod))
