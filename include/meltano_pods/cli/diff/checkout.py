"""Copies the files of a Git commit to a folder, without changing the repository."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from meltano_pods.errors import DeploymentError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SUBMODULE = "160000"


@contextmanager
def check_out_commit(reference: str, folders: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield copies of folders as they were at a commit. Those that it lacks do not exist.

    Args:
        reference: A commit, in any form that Git accepts.
        folders: Folders of one repository. Submodules are copied if this clone has their commits.

    Raises:
        DeploymentError: There is no repository, no such commit, or no Git.
    """
    parent = folders[0].parent
    top = Path(_run_git(parent, "rev-parse", "--show-toplevel").strip())
    commit = _run_git(
        parent, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}", reference=reference
    )
    # Resolved, because Git resolves the path of the repository.
    paths = [folder.resolve().relative_to(top.resolve()) for folder in folders]
    with tempfile.TemporaryDirectory(prefix="meltano-pods-") as into:
        _check_out_files(top, commit.strip(), [str(path) for path in paths], Path(into) / "tree")
        yield [Path(into) / "tree" / path for path in paths]


def _check_out_files(repository: Path, commit: str, paths: Sequence[str], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="meltano-pods-") as folder:
        # A separate index: that of the repository may contain staged changes.
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _run_git(repository, "read-tree", commit, more=index)
        listed = _run_git(repository, "ls-files", "--stage", "-z", "--", *paths, more=index)
        entries = [entry.split("\t", 1) for entry in listed.split("\0") if entry]
        files = [path for about, path in entries if not about.startswith(_SUBMODULE)]
        _run_git(
            repository, "checkout-index", "-z", "--stdin", "--force", f"--prefix={into}/",
            more=index, stdin="\0".join(files),
        )  # fmt: skip
    for about, path in entries:
        submodule, pinned = repository / path, about.split()[1]
        if (
            about.startswith(_SUBMODULE)
            and (submodule / ".git").exists()
            and _has_commit(submodule, pinned)
        ):
            _check_out_files(submodule, pinned, [], into / path)


def _has_commit(repository: Path, commit: str) -> bool:
    command = ["git", "-C", str(repository), "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _run_git(
    repository: Path,
    *arguments: str,
    reference: str = "",
    more: dict[str, str] | None = None,
    stdin: str = "",
) -> str:
    command = ["git", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(
            command, input=stdin, env={**os.environ, **(more or {})}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise DeploymentError(
            "Git is not installed, and `--diff` needs it", "--diff", "Install Git."
        ) from None
    if done.returncode == 0:
        return done.stdout
    if "not a git repository" in done.stderr:
        raise DeploymentError(
            "this is not a Git repository, so there is no commit to compare with",
            f"--diff, in {repository}",
            "Run this in a clone of the repository, or omit `--diff`.",
        )
    reason = done.stderr.strip().removeprefix("fatal: ") or f"there is no commit `{reference}`"
    raise DeploymentError(
        f"Git failed: {reason}",
        f"--diff, in {repository}",
        "Name a commit, branch or tag of this clone. A shallow clone has only one commit; with "
        "actions/checkout, set `fetch-depth: 0`.",
    )
