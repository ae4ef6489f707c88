"""Puts the files of a git commit into a folder, and leaves the repository as it is."""

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
def at_commit(reference: str, folders: Sequence[Path]) -> Iterator[list[Path]]:
    """Yield where folders are as they were at a commit; those that it lacks are not there.

    Args:
        reference: Anything that git takes for a commit.
        folders: All in one repository. Those that are submodules, or hold some, are filled as far
            as this clone has their commits.

    Raises:
        DeploymentError: No repository, no such commit, no git.
    """
    parent = folders[0].parent
    top = Path(_git(parent, "rev-parse", "--show-toplevel").strip())
    commit = _git(
        parent, "rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}", of=reference
    )
    # Resolved: git names the repository by the real path.
    paths = [folder.resolve().relative_to(top.resolve()) for folder in folders]
    with tempfile.TemporaryDirectory(prefix="meltano-pods-") as into:
        _check_out(top, commit.strip(), [str(path) for path in paths], Path(into) / "tree")
        yield [Path(into) / "tree" / path for path in paths]


def _check_out(repository: Path, commit: str, paths: Sequence[str], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="meltano-pods-") as folder:
        # An index of our own: the user's keeps what they have staged.
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(repository, "read-tree", commit, more=index)
        listed = _git(repository, "ls-files", "--stage", "-z", "--", *paths, more=index)
        entries = [entry.split("\t", 1) for entry in listed.split("\0") if entry]
        files = [path for about, path in entries if not about.startswith(_SUBMODULE)]
        _git(
            repository, "checkout-index", "-z", "--stdin", "--force", f"--prefix={into}/",
            more=index, given="\0".join(files),
        )  # fmt: skip
    for about, path in entries:
        own, pinned = repository / path, about.split()[1]
        if about.startswith(_SUBMODULE) and (own / ".git").exists() and _has(own, pinned):
            _check_out(own, pinned, [], into / path)


def _has(repository: Path, commit: str) -> bool:
    command = ["git", "-C", str(repository), "cat-file", "-e", f"{commit}^{{commit}}"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _git(
    repository: Path,
    *arguments: str,
    of: str = "",
    more: dict[str, str] | None = None,
    given: str = "",
) -> str:
    command = ["git", "-C", str(repository), *arguments]
    try:
        done = subprocess.run(
            command, input=given, env={**os.environ, **(more or {})}, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
    except FileNotFoundError:
        raise DeploymentError(
            "git is not installed, and a commit is to be compared with", "--diff", "Install git."
        ) from None
    if done.returncode == 0:
        return done.stdout
    if "not a git repository" in done.stderr:
        raise DeploymentError(
            "this is not a Git repository, so there is no commit to compare with",
            f"--diff, in {repository}",
            "Run this in a clone of the repository, or leave `--diff` out.",
        )
    said = done.stderr.strip().removeprefix("fatal: ") or f"it knows no commit `{of}`"
    raise DeploymentError(
        f"git cannot tell: {said}",
        f"--diff, in {repository}",
        "Name a commit, branch or tag that this clone has; a shallow clone has one commit alone "
        "(actions/checkout: `fetch-depth: 0`).",
    )
