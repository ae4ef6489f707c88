"""A project whose tasks run in branches, and one at a time if they write the same state."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Beside the example's own meltano.yml, which names it.
_MORE = """\
environments: [{name: other}]
plugins:
  extractors:
  - name: tap-more
    inherit_from: tap-csv
    config: {stream: more}
  utilities:
  - name: check
    namespace: check
    commands:
      met-more: {executable: sh, args: check.sh met csv more}
      met-csv: {executable: sh, args: check.sh met more csv}
      both: {executable: sh, args: check.sh both}
      alone: {executable: sh, args: check.sh alone}
      allowed: {executable: sh, args: check.sh allowed}
      always: {executable: sh, args: check.sh always}
      repaired: {executable: sh, args: check.sh repaired}
jobs:
- name: branches
  tasks:
  - tap-csv target-jsonl check:met-more
  - tap-more target-jsonl check:met-csv
  - check:both
  annotations:
    meltano_pods:
      environment: other
      needs: []
      tasks:
        check-both: {needs: all}
- name: ends
  tasks: ['check:allowed', 'check:always']
  annotations:
    meltano_pods: {needs: []}
- {name: row, tasks: ['check:repaired', 'check:always']}
- name: one
  tasks: [tap-csv target-jsonl check:alone]
  annotations:
    meltano_pods: {environment: prod, state_pool: turns}
- name: two
  tasks: [tap-csv target-jsonl check:alone]
  annotations:
    meltano_pods: {environment: prod, state_pool: turns}
"""
# Each branch waits for the other one, so both succeed only if they run at the same time; and
# a task that must run alone fails if it does not.
_CHECK = """\
mkdir -p output
case $1 in
met)
  touch "output/$2"
  for _ in $(seq 300); do [ -e "output/$3" ] && exit; sleep 0.2; done
  exit 1;;
both) [ -e output/csv ] && [ -e output/more ];;
allowed | repaired) [ -e "output/$1" ];;
alone) mkdir output/taken || exit 1; sleep 3; rmdir output/taken;;
esac
"""


def add_branches(folder: Path) -> None:
    """Add the jobs to a copy of the example project."""
    (folder / "more.yml").write_text(_MORE)
    (folder / "check.sh").write_text(_CHECK)
    file = folder / "meltano.yml"
    file.write_text(
        file.read_text() + "include_paths: [more.yml]\nannotations: {meltano_pods: {retries: 0}}\n"
    )
