"""Two DAGs that write one state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meltano_pods.errors import ProjectError

if TYPE_CHECKING:
    from meltano_pods.errors import Location


@dataclass(frozen=True, slots=True)
class Clash:
    """Two DAGs that write one state and do not take turns.

    Attributes:
        state_id: The state's id.
        first: Id of the DAG that comes first in the plan, and goes on.
        second: Id of the other one.
        where: Place of the other one.
        guarded: Whether Meltano keeps them apart, which it does by its system database: the run
            that comes second fails.
    """

    state_id: str
    first: str
    second: str
    where: Location
    guarded: bool

    def error(self) -> ProjectError:
        """Return it as an error."""
        harm = (
            "the second one fails as `already_running`"
            if self.guarded
            else "each would overwrite the other's bookmarks"
        )
        return ProjectError(
            f"the DAGs `{self.first}` and `{self.second}` share the state `{self.state_id}`: when "
            f"they run at once, {harm}",
            self.where,
            "Let them take turns: make an Airflow pool of one slot (`airflow pools set NAME 1 "
            "'' --include-deferred`) and add `state_pool: NAME` to the project, the plugin or both "
            "jobs. Or keep their states apart, by another `environment` or `state_id_suffix`.",
        )
