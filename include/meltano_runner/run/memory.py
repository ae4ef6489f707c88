"""Peak memory, and whether the kernel killed a process that exceeded its memory limit.

In a container, the control group reports both, for all processes together. Elsewhere the group is
shared with others, so the largest process of the run is used, and kills are unknown.
https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

_V2 = Path("/sys/fs/cgroup")
_V1 = Path("/sys/fs/cgroup/memory")
_NO_LIMIT = 1 << 60  # version 1 has a number near 2^63 for "no limit"


def measure_peak() -> int | None:
    """Return the peak memory of the container, else of the largest child that has ended."""
    return _read_container_peak() or _measure_largest_child()


def count_oom_kills() -> int:
    """Return how many processes of this container were killed so far; 0 outside a container."""
    if (_V2 / "memory.peak").exists():
        return _read_field(_V2 / "memory.events", "oom_kill")
    if _has_own_v1_group():
        return _read_field(_V1 / "memory.oom_control", "oom_kill")
    return 0


def _read_container_peak() -> int | None:
    # The root group, which a process outside any container sees, has no memory.peak.
    return _read_number(_V2 / "memory.peak") or (
        _read_number(_V1 / "memory.max_usage_in_bytes") if _has_own_v1_group() else None
    )


def _has_own_v1_group() -> bool:
    limit = _read_number(_V1 / "memory.limit_in_bytes")
    return limit is not None and limit < _NO_LIMIT


def _measure_largest_child() -> int | None:
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    # Kibibytes on Linux, bytes on macOS.
    return (peak if sys.platform == "darwin" else peak * 1024) or None


def _read_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _read_field(path: Path, name: str) -> int:
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.split()[:1] == [name])
