"""What to run, as a pure value: no Airflow, no Kubernetes, no Meltano."""

from meltano_pods.plan.build import plan
from meltano_pods.plan.model import BrokenDag, DagPlan, ProjectPlan, TaskPlan

__all__ = ["BrokenDag", "DagPlan", "ProjectPlan", "TaskPlan", "plan"]
