"""Discovers catalogs while the image is built: `... bake_catalogs PROJECTS OUTPUT`.

A pod starts with nothing cached, so its tap discovers its catalog at every run. Where the catalog
follows from the tap's code or from files of the project, an extractor can have it made once, with
the image, by saying in meltano.yml:

    use_cached_catalog: true

Without this line, or with `false`, nothing changes: a database's tables are best discovered where
the database is. With it, the build fails if discovery does; no secret is at hand then, nor may be.

The catalog goes to `.meltano/catalogs/TAP.json` and a line in the project's `.env` names it, which
Meltano reads with less weight than the pod's own variables: an empty TAP_X__CATALOG turns it off
for a run. Selection, metadata and schema rules apply on top at each run. `--refresh-catalog` does
not: build the image again.

Runs in Meltano's own environment, which brings PyYAML.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools.images.plugins_only import documents


def main(projects: Path, output: Path) -> None:
    """Write what every project gets to `output`, as it will lie in the image."""
    output.mkdir(parents=True)
    for file in sorted(projects.glob("*/meltano.yml")):
        lines = [
            f"{variable(name)}={bake(file.parent, name, output)}" for name in chosen(file.parent)
        ]
        if lines:
            (output / file.parent.name / ".env").write_text("\n".join(lines) + "\n")


def chosen(project: Path) -> list[str]:
    """Return the extractors that say `use_cached_catalog: true`."""
    entries = [
        entry
        for content in documents(project)
        for entry in (content.get("plugins") or {}).get("extractors") or ()
    ]
    return [entry["name"] for entry in entries if entry.get("use_cached_catalog") is True]


def variable(extractor: str) -> str:
    """Return the variable of an extractor's extra `catalog`."""
    return re.sub(r"\W", "_", extractor).upper() + "__CATALOG"


def bake(project: Path, extractor: str, output: Path) -> str:
    """Write the catalog of one extractor and return its path within the project."""
    print(f"Discovering the catalog of {extractor} in {project.name}", flush=True)
    meltano = Path(sys.executable).with_name("meltano")
    found = subprocess.run(
        [meltano, "invoke", "--dump=catalog", extractor],
        cwd=project,
        stdout=subprocess.PIPE,
        check=False,
    )
    if found.returncode:
        raise SystemExit(
            f"{extractor} in {project.name} cannot discover its catalog while the image is built. "
            f"Remove its `use_cached_catalog: true` from meltano.yml: runs then discover it."
        )
    place = Path(".meltano/catalogs") / f"{extractor}.json"
    target = output / project.name / place
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(found.stdout)
    return str(place)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]))
