"""DAGs that cannot run as their project is, as far as they can be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError
from meltano_pods.plan.dag_docs import describe, document_errors
from meltano_pods.plan.dag_source import meltano_layers
from meltano_pods.plan.model import BrokenDag
from meltano_pods.project.cron import to_cron
from meltano_pods.settings.merge import merge_layers
from meltano_pods.settings.model import DEFAULTS
from meltano_pods.settings.validate import keep_valid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meltano_pods.plan.dag_source import Draft
    from meltano_pods.project import Project
    from meltano_pods.settings import Settings

TAG = "broken"


def broken_dag(
    project: Project, draft: Draft, dag_id: str, errors: Sequence[ProjectError]
) -> BrokenDag:
    """Return the DAG that stands for one that cannot run.

    It keeps its schedule and who is notified, so that it fails when it would have run, and nobody
    has to notice that it is missing.
    """
    settings = _readable_settings(project, draft)
    schedule = draft.schedule
    return BrokenDag(
        dag_id=dag_id,
        schedule=None if schedule is None else to_cron(schedule.interval),
        description=describe(draft, settings.description),
        doc=document_errors(errors, settings.description),
        tags=tuple(dict.fromkeys([project.name, TAG, *settings.tags])),
        settings=settings,
        where=draft.where,
        errors=tuple(errors),
    )


def _readable_settings(project: Project, draft: Draft) -> Settings:
    own = (*meltano_layers(draft), project.annotations, *draft.own)
    layers = [keep_valid(each) for each in own]
    try:
        return merge_layers(layers)
    except ProjectError:
        return DEFAULTS
