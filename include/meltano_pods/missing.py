"""What to say where a package is missing that only some commands and tasks need."""

from __future__ import annotations

import importlib.util
import shlex
import shutil
import sys

from meltano_pods.errors import DeploymentError

PROVIDER = "apache-airflow-providers-cncf-kubernetes"
PROVIDER_REQUIREMENT = f"{PROVIDER}>=10.25"
"""It brings Kubernetes' client, in the version that it works with."""

_OF_KUBERNETES = ("kubernetes", "kubernetes_asyncio", "airflow.providers.cncf")
_OF_AIRFLOW = "apache-airflow>=3.3"


def missing_package(error: ImportError, what: str) -> DeploymentError | None:
    """Return what to say of a module that cannot be imported; None if it is not one of these.

    Args:
        error: The failed import.
        what: What needs it, such as `this command`.
    """
    module = error.name or ""
    if _is_in(module, _OF_KUBERNETES):
        return _error(what, "Airflow's Kubernetes provider", PROVIDER_REQUIREMENT)
    if _is_in(module, ("airflow",)):
        return _error(what, "Airflow", _OF_AIRFLOW)
    return None


def install_command(requirement: str) -> str:
    """Return a command that installs a package into this environment, and works as it is typed."""
    python, package = shlex.quote(sys.executable), shlex.quote(requirement)
    by_pip = f"{python} -m pip install {package}"
    if importlib.util.find_spec("pip") is not None:
        return by_pip
    # uv's environments have no pip of their own.
    if shutil.which("uv") is not None:
        return f"uv pip install --python {python} {package}"
    return f"{python} -m ensurepip && {by_pip}"


def _error(what: str, name: str, requirement: str) -> DeploymentError:
    return DeploymentError(
        f"{what} needs {name}, which is not installed in this environment",
        sys.prefix,
        f"Add `{requirement}` to the requirements.txt of Airflow's image, or install it here: "
        f"`{install_command(requirement)}`.",
    )


def _is_in(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == each or module.startswith(f"{each}.") for each in packages)
