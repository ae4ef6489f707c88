"""Why a run did not succeed: stable names, what they mean, whether to retry, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """Stable names; `CATEGORIES` explains each."""

    CONFIG_INVALID = "config_invalid"
    PLUGIN_MISSING = "plugin_missing"
    TAP_FAILED = "tap_failed"
    TARGET_FAILED = "target_failed"
    MAPPER_FAILED = "mapper_failed"
    UTILITY_FAILED = "utility_failed"
    OUT_OF_MEMORY = "out_of_memory"
    DISK_FULL = "disk_full"
    TIMED_OUT = "timed_out"
    STOPPED = "stopped"
    ALREADY_RUNNING = "already_running"
    STATE_BACKEND_UNAVAILABLE = "state_backend_unavailable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CategoryInfo:
    """What a category means and what to do about it.

    Attributes:
        summary: One sentence, for a person.
        hint: What to change or look at.
        retry: Whether trying again without a change can help.
    """

    summary: str
    hint: str
    retry: bool


CATEGORIES: dict[Category, CategoryInfo] = {
    Category.CONFIG_INVALID: CategoryInfo(
        "Meltano or the plugin refused its configuration.",
        "Mend the setting the error names, in meltano.yml or in the environment variable that sets "
        "it; `meltano config print <plugin>` shows what the plugin gets.",
        retry=False,
    ),
    Category.PLUGIN_MISSING: CategoryInfo(
        "The project does not define the plugin, or it is not installed where the run happens.",
        "Check the name against meltano.yml; locally run `meltano install` (or `make run`, which "
        "does), for pods build the Meltano image again.",
        retry=False,
    ),
    Category.TAP_FAILED: CategoryInfo(
        "The tap (extractor) ended with an error.",
        "Read the tap's error above. `meltano invoke <tap> --discover` tries its connection alone.",
        retry=True,
    ),
    Category.TARGET_FAILED: CategoryInfo(
        "The target (loader) ended with an error.",
        "Read the target's error above: most often the destination, its credentials or a record "
        "that does not fit the schema. Rows since the last saved state will be sent again.",
        retry=True,
    ),
    Category.MAPPER_FAILED: CategoryInfo(
        "A mapper between tap and target ended with an error.",
        "Check the mapping's configuration against the streams it is given.",
        retry=False,
    ),
    Category.UTILITY_FAILED: CategoryInfo(
        "A utility or transformer command (dbt, for example) ended with an error.",
        "Read the command's own error above; run it alone with `meltano invoke`.",
        retry=True,
    ),
    Category.OUT_OF_MEMORY: CategoryInfo(
        "The kernel killed a process of the run because it went over its memory limit.",
        "Give the task more memory, or lower what it holds: `elt.buffer_size` and the target's "
        "batch size are the usual causes.",
        retry=False,
    ),
    Category.DISK_FULL: CategoryInfo(
        "There was no space left on a disk the run writes to.",
        "Free space or give the path the error names more of it; rows since the last saved state "
        "will be sent again.",
        retry=False,
    ),
    Category.TIMED_OUT: CategoryInfo(
        "The run took longer than its timeout and was stopped; loaded rows are in the state.",
        "Raise `run_timeout`, or run more often so that each run has less to move. The next run "
        "goes on from the saved state.",
        retry=True,
    ),
    Category.STOPPED: CategoryInfo(
        "The run was asked to stop; loaded rows are in the state.",
        "Somebody cleared or failed the task, or its worker was shut down. The next run goes on "
        "from the saved state.",
        retry=True,
    ),
    Category.ALREADY_RUNNING: CategoryInfo(
        "Another run with the same state id is under way, or one was killed in the last minutes.",
        "Wait for it. After a kill, Meltano clears the mark 5 minutes after the last heartbeat; "
        "`--force` ignores it, at the risk of two runs writing one state.",
        retry=True,
    ),
    Category.STATE_BACKEND_UNAVAILABLE: CategoryInfo(
        "The system database or the state backend could not be reached or written.",
        "Check MELTANO_DATABASE_URI and `state_backend.uri`, and that they can be reached from "
        "where the run happens.",
        retry=True,
    ),
    Category.UNKNOWN: CategoryInfo(
        "The run failed in a way that is not known here.",
        "Read the log above the result line; please report the case with it.",
        retry=True,
    ),
}
"""Every category, explained. `docs/reference/categories.md` is generated from this table."""
