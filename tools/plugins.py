"""Installs plugins of a project where they have changed: `... plugins PROJECT FOLDER [NAME]...`.

They go to a folder outside the project, which can be copied without them. What counts is what the
Meltano image counts, so a changed schedule or setting installs nothing. Names limit it to what one
DAG needs: a plugin that cannot be installed does not affect the others.
Runs in Meltano's own environment, which brings PyYAML.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections import deque
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from tools.images import dbt_packages
from tools.images.plugins_only import documents, reduce_project

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

STAMP = ".installed"
"""Holds the digest of a project all of whose plugins are installed."""
_SOME = ".installed-plugins"
"""Holds a digest, and the names of the plugins that are installed as it says."""
_LOCK = Path("locks/meltano.txt")
_MAX_LINES = 15


def install(project: Path, plugins: Path, meltano: Path, names: Collection[str] = ()) -> bool:
    """Install plugins unless they are there as they should be; return whether it did.

    Args:
        project: The project's folder.
        plugins: Meltano's system directory for them, where files keep what was installed.
        meltano: Meltano's command.
        names: The plugins that are needed; none for all.

    Raises:
        SystemExit: They cannot be installed; it says which, and why.
    """
    digest, stamp, some = _digest(project), plugins / STAMP, plugins / _SOME
    if digest and stamp.exists() and stamp.read_text(encoding="ascii") == digest:
        stamp.touch()
        return False
    stamp.unlink(missing_ok=True)  # should it fail, nobody knows what is there
    done = _installed(some, digest)
    missing = sorted(set(names) - done)
    if names and not missing:
        return False
    began = monotonic()
    what = f"{project.name}: {', '.join(missing)}" if names else project.name
    print(f"Installing the plugins of {what}", flush=True)
    errors = _run_meltano([meltano, "install", *missing], project, plugins)
    if errors:
        raise SystemExit("\n".join(errors))
    if not names or _bring_dbt(project, plugins, missing):
        dbt_packages.main(project, plugins)
    plugins.mkdir(parents=True, exist_ok=True)
    if names:
        some.write_text("\n".join([digest, *sorted(done.union(missing))]), encoding="utf-8")
    else:
        stamp.write_text(digest, encoding="ascii")
    print(f"  {monotonic() - began:.0f} s", flush=True)
    return True


def _installed(some: Path, digest: str) -> set[str]:
    """Return the names of the plugins that are installed as a digest says."""
    if not digest or not some.exists():
        return set()
    first, *names = some.read_text(encoding="utf-8").split("\n")
    return set(names) if first == digest else set()


def _run_meltano(command: list[str | Path], project: Path, plugins: Path) -> list[str]:
    """Run `meltano install` and show its warnings; return what to say of its failure."""
    own = {
        "MELTANO_SYS_DIR_ROOT": str(plugins),
        "MELTANO_SEND_ANONYMOUS_USAGE_STATS": "false",
        "MELTANO_CLI_LOG_LEVEL": "warning",
        # Its other formats do not name the plugin that failed.
        "MELTANO_CLI_LOG_FORMAT": "json",
    }
    process = subprocess.Popen(
        command,
        cwd=project,
        env={**os.environ, **own},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
    )
    with process:
        failed = list(_show(process.stdout or ()))
    if not process.returncode:
        return []
    errors = [_describe(each, project.name) for each in failed]
    return errors or [f"{project.name}: `meltano install` failed; see its error above"]


def _show(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Show Meltano's log; yield its message about each plugin that it cannot install."""
    for line in lines:
        entry: Any = None
        with suppress(ValueError):
            entry = json.loads(line)
        if not isinstance(entry, dict):
            if "[info " not in line:  # of its version, before it has read what it shall log
                sys.stderr.write(line)
            continue
        state = entry.get("install_state")
        if isinstance(state, dict):
            yield state
        else:
            sys.stderr.write(f"{entry.get('event', line.strip())}\n")


def _describe(state: dict[str, Any], project: str) -> str:
    """Say which plugin cannot be installed, with the end of what pip says, and what to do."""
    name = state.get("plugin_name")
    output = str(state.get("details") or state.get("message") or "").strip().splitlines()
    end = "\n".join(f"  {line}" for line in deque(output, _MAX_LINES))
    return (
        f"{project}: the plugin {name} cannot be installed:\n{end}\n"
        f"  fix: correct the `pip_url` of {name} in meltano/{project}/meltano.yml, such as "
        f"`pip_url: tap-csv==1.2.0`, with a version that exists; DAGs that do not use {name} run "
        "without it"
    )


def _bring_dbt(project: Path, plugins: Path, names: Collection[str]) -> bool:
    """Whether one of these plugins, or one that it extends, has brought dbt."""
    entries = [
        entry
        for content in documents(project)
        for several in (content.get("plugins") or {}).values()
        for entry in several or ()
    ]
    parents = {str(each.get("name")): each.get("inherit_from") for each in entries}
    places = set(names)
    for _ in parents:  # a chain is no longer
        places.update(parents[each] for each in list(places) if parents.get(each))
    return any(each.parents[2].name in places for each in plugins.glob("*/*/venv/bin/dbt"))


def _digest(project: Path) -> str:
    """Return a digest of all that plugins are made of; empty where Meltano is to say a fault."""
    found = hashlib.sha256(sys.version.encode())
    if _LOCK.exists():
        found.update(_LOCK.read_bytes())
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        try:
            reduce_project(project, root / project.name)
        except Exception:  # noqa: BLE001 - nobody has looked at what stands there yet
            return ""
        for file in sorted(each for each in root.rglob("*") if each.is_file()):
            found.update(f"{file.relative_to(root)}\0".encode())
            # Meltano writes an id into a project that has none, while it installs.
            lines = file.read_bytes().splitlines(keepends=True)
            found.update(b"".join(each for each in lines if not each.startswith(b"project_id:")))
    return found.hexdigest()


if __name__ == "__main__":
    install(
        Path(sys.argv[1]).resolve(),
        Path(sys.argv[2]).resolve(),
        Path(sys.executable).with_name("meltano"),
        sys.argv[3:],
    )
