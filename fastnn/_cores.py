"""How many physical cores this process may use."""

from __future__ import annotations

import math
import os
from pathlib import Path

__all__ = ["granted_cores"]

_CGROUP = Path("/sys/fs/cgroup")
_CPUS = Path("/sys/devices/system/cpu")


def _read(path: Path) -> str:
    """The text of a file of the kernel's; empty where there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _affinity() -> set[int]:
    """The logical CPUs on which this process may run."""
    try:
        return set(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS and Windows
        return set(range(os.cpu_count() or 1))


def _physical_cores(cpus: set[int]) -> int:
    """Cores among `cpus`, siblings counted once; all of them where the system does not tell."""
    cores = {_read(_CPUS / f"cpu{cpu}" / "topology" / "thread_siblings_list") or str(cpu) for cpu in cpus}
    return len(cores)


def _ratio(quota: str, period: str) -> float:
    try:
        share = float(quota) / float(period)
    except (ValueError, ZeroDivisionError):  # "max", or no such file
        return math.inf
    return share if share > 0 else math.inf  # version 1 writes -1 for no limit


def _own_cgroup() -> Path:
    """This process's directory in version 2 of control groups; the root where it is not known."""
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        if line.startswith("0::/"):
            return _CGROUP / line[4:]
    return _CGROUP


def _quota() -> float:
    """CPUs that the control group grants, over all its parents; infinity without a limit."""
    quotas = [_ratio(_read(_CGROUP / "cpu/cpu.cfs_quota_us"), _read(_CGROUP / "cpu/cpu.cfs_period_us"))]
    group = _own_cgroup()
    for directory in (group, *group.parents):
        limit = _read(directory / "cpu.max").split()
        if len(limit) == 2:
            quotas.append(_ratio(*limit))
        if directory == _CGROUP:
            break
    return min(quotas)


def granted_cores() -> int:
    """The smaller of the cores that affinity allows and the control group's quota, at least 1."""
    cores = _physical_cores(_affinity())
    quota = _quota()
    return max(1, cores if quota >= cores else math.floor(quota))
