"""The command `meltano-runner`.

`meltano-runner run BLOCK... [OPTION...]` runs Meltano in the current folder (or
`MELTANO_PROJECT_ROOT`) and always writes a result: to the file in
`MELTANO_RUNNER_RESULT_FILE`, and completely as the last line of the log.
"""

from __future__ import annotations

import sys

_USAGE = """\
usage: meltano-runner run BLOCK... [OPTION...]
       meltano-runner check < RUNS

run:   runs what `meltano run` runs and reports what happened; `meltano-runner run --help` lists
       the options.
check: lists the variables and plugins that runs lack. It reads and writes JSON, for `meltano-pods
       doctor`.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code: Meltano's own, 143 after a stop, 2 for misuse."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["run"]:
        from meltano_runner.run.session import execute  # noqa: PLC0415 - `--help` needs none of it

        return execute(arguments[1:])
    if arguments == ["check"]:
        from meltano_runner.run.preflight import check_runs  # noqa: PLC0415 - as above

        sys.stdout.write(check_runs(sys.stdin.read()) + "\n")
        return 0
    if arguments in (["--help"], ["-h"]):
        sys.stdout.write(_USAGE)
        return 0
    sys.stderr.write(_USAGE)
    return 2


if __name__ == "__main__":
    sys.exit(main())
