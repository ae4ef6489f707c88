"""Airflow's REST API: the part that the demo, the measurements and the tests need.

https://airflow.apache.org/docs/apache-airflow/stable/stable-rest-api-ref.html
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

_SECONDS = 60.0
_UNAUTHORIZED = 401
_NOT_FOUND = 404
ENDED = frozenset({"success", "failed"})
"""States in which a DAG run is over."""


class AirflowApi:
    """A client of one Airflow.

    Args:
        url: Where its API server is, such as `http://localhost:8080`.
        user: The user; None if Airflow needs no login.
        password: Returns the password of the user, when a token is needed.
        transport: Transport of the requests, for tests; None for the network.
    """

    def __init__(
        self,
        url: str,
        user: str | None = None,
        password: Callable[[], str] = str,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._user = user
        self._password = password
        self._client = httpx.Client(
            base_url=url, timeout=_SECONDS, trust_env=False, transport=transport
        )

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - JSON
        """Make a request and return the response; log in first if necessary.

        Raises:
            httpx.HTTPError: No answer, or one that is an error.
        """
        answer = self._client.request(method, path, json=body)
        if answer.status_code == _UNAUTHORIZED:
            self.log_in()
            answer = self._client.request(method, path, json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def log_in(self) -> None:
        """Take a new token.

        Raises:
            httpx.HTTPError: No answer, or a wrong password.
        """
        self._client.headers.pop("Authorization", None)
        if self._user is None:
            answer = self._client.get("/auth/token")
        else:
            login = {"username": self._user, "password": self._password()}
            answer = self._client.post("/auth/token", json=login)
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def unwell(self) -> list[str]:
        """Return the parts of Airflow that are unhealthy or do not respond."""
        try:
            parts = self._client.get("/api/v2/monitor/health").raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            return [f"API server ({error})"]
        return [name for name, part in parts.items() if (part or {}).get("status") != "healthy"]

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """Return a DAG; None while it does not exist."""
        try:
            found: dict[str, Any] = self.call("GET", f"/api/v2/dags/{dag_id}")
        except httpx.HTTPStatusError as error:
            if error.response.status_code == _NOT_FOUND:
                return None
            raise
        return found

    def unpause(self, dag_id: str) -> None:
        """Let the scheduler run a DAG."""
        self.call("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def trigger(self, dag_id: str, **conf: object) -> str:
        """Start a run manually and return its id."""
        body = {"logical_date": None, "conf": conf}
        return str(self.call("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return a DAG run."""
        found: dict[str, Any] = self.call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}")
        return found

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """Return the DAG's runs, the newest first."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?order_by=-run_after&limit=50"
        found: list[dict[str, Any]] = self.call("GET", path)["dag_runs"]
        return found

    def set_run(self, dag_id: str, run_id: str, state: str) -> None:
        """Mark a DAG run as `failed` or `success`."""
        self.call("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}", {"state": state})

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a DAG run, in the order in which they began."""
        found: list[dict[str, Any]] = self.call("GET", self._tasks(dag_id, run_id))[
            "task_instances"
        ]
        return sorted(found, key=lambda task: (task["start_date"] is None, task["start_date"]))

    def task(self, dag_id: str, run_id: str, task_id: str) -> dict[str, Any]:
        """Return a task instance."""
        found: dict[str, Any] = self.call("GET", f"{self._tasks(dag_id, run_id)}/{task_id}")
        return found

    def set_task(self, dag_id: str, run_id: str, task_id: str, state: str) -> None:
        """Mark a task instance as `failed` or `success`."""
        self.call("PATCH", f"{self._tasks(dag_id, run_id)}/{task_id}", {"new_state": state})

    def result(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:  # noqa: ANN401 - JSON
        """Return an XCom of a task instance; None if it pushed none."""
        path = f"{self._tasks(dag_id, run_id)}/{task_id}/xcomEntries/{key}?deserialize=true"
        try:
            return self.call("GET", path)["value"]
        except httpx.HTTPStatusError as error:
            if error.response.status_code == _NOT_FOUND:
                return None
            raise

    def log(self, dag_id: str, run_id: str, task_id: str, number: int = 1) -> list[dict[str, Any]]:
        """Return the entries of a try's log; none while there is no log."""
        path = f"{self._tasks(dag_id, run_id)}/{task_id}/logs/{number}?full_content=true"
        content = self.call("GET", path)["content"]
        return [entry if isinstance(entry, dict) else {"event": str(entry)} for entry in content]

    def wait(
        self,
        dag_id: str,
        run_id: str,
        *,
        seconds: float,
        look: Callable[[], object] = str,
        pause: float = 1,
    ) -> str:
        """Return the state in which a DAG run ended.

        Args:
            dag_id: The DAG.
            run_id: Its run.
            seconds: How long that may take.
            look: Called while it has not ended.
            pause: Seconds between two looks.

        Raises:
            TimeoutError: It took longer.
        """
        deadline = time.monotonic() + seconds
        while (state := str(self.run(dag_id, run_id)["state"])) not in ENDED:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{dag_id} {run_id} is {state} after {seconds:g} s")
            look()
            time.sleep(pause)
        look()
        return state

    @staticmethod
    def _tasks(dag_id: str, run_id: str) -> str:
        return f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id)}/taskInstances"


def text_of(entry: dict[str, Any]) -> str:
    """Return what a log entry says, with the errors it carries."""
    errors = "".join(f"\n{error.get('exc_value', '')}" for error in entry.get("error_detail") or ())
    return f"{entry.get('event', '')}{errors}"
