"""Plans DAGs that cannot run because of errors, as far as they can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.plan.dag_docs import describe_dag, document_errors
from meltano_pods.plan.dag_source import build_meltano_layers
from meltano_pods.plan.model import BrokenDag
from meltano_pods.project.cron import to_cron
from meltano_pods.settings.merge import merge_layers
from meltano_pods.settings.model import DEFAULTS
from meltano_pods.settings.validate import keep_valid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.plan.dag_source import DagSource
    from meltano_pods.project import Project
    from meltano_pods.settings import Settings

TAG = "broken"


def build_broken_dag(
    project: Project, source: DagSource, dag_id: str, errors: Sequence[ProjectError]
) -> BrokenDag:
    """Return the placeholder of a DAG that cannot run.

    It keeps its schedule and its notifications, so that it fails when it would have run. Nobody
    would notice a missing DAG.
    """
    settings = _merge_readable_settings(project, source)
    schedule = source.schedule
    return BrokenDag(
        dag_id=dag_id,
        schedule=None if schedule is None else to_cron(schedule.interval),
        description=describe_dag(source, settings.description),
        doc=document_errors(errors, settings.description),
        tags=tuple(dict.fromkeys([project.name, TAG, *settings.tags])),
        settings=settings,
        where=source.where,
        errors=tuple(errors),
    )


def _merge_readable_settings(project: Project, source: DagSource) -> Settings:
    written = (*build_meltano_layers(source), project.annotations, *source.annotations)
    layers = [keep_valid(each) for each in written]
    try:
        return merge_layers(layers)
    except ProjectError:
        return DEFAULTS
