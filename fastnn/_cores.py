"""How many physical cores this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["granted_cores"]

_ROOT = Path("/")  # of the files that the kernel shows; tests have their own


def _read(path: str | Path) -> str:
    """The text of a file of the kernel's; empty where there is none."""
    try:
        return (_ROOT / str(path).lstrip("/")).read_text(encoding="ascii", errors="replace").strip()
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
    cores = {_read(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list") or str(cpu) for cpu in cpus}
    return len(cores)


def _ratio(quota: str, period: str) -> float:
    try:
        share = float(quota) / float(period)
    except (ValueError, ZeroDivisionError):  # "max", or no such file
        return math.inf
    return share if share > 0 else math.inf  # version 1 writes -1 for no limit


def _memberships() -> dict[str, Path]:
    """The group of this process by controller ("" for version 2 of control groups), as a path in its hierarchy."""
    groups: dict[str, Path] = {}
    for line in _read("/proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        groups |= dict.fromkeys(controllers.split(","), Path(group))
    return groups


def _directory(group: Path, root: str, mount: str) -> Path:
    """Where a group lies, if `root` of its hierarchy is mounted there; the mount itself for a group outside of it.

    So it is in a container, where /proc/self/cgroup may name the group as the host does.
    """
    inside = group.is_relative_to(root) and ".." not in group.parts
    return Path(mount) / group.relative_to(root) if inside else Path(mount)


def _quotas_above(directory: Path, mount: str) -> Iterator[float]:
    """The quotas of a group and of all those that it is part of, in the files of either version."""
    for group in (directory, *directory.parents):
        if not group.is_relative_to(mount):
            break
        limit = _read(group / "cpu.max").split()
        if len(limit) == 2:
            yield _ratio(*limit)
        yield _ratio(_read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us"))


def _quota() -> float:
    """CPUs that the control groups grant, over all their parents; infinity without a limit."""
    groups, quotas = _memberships(), [math.inf]
    for line in _read("/proc/self/mountinfo").split("\n"):
        fields, _, of_system = line.partition(" - ")
        kind, *_, options = of_system.split() or ["", ""]
        controller = "cpu" if kind == "cgroup" and "cpu" in options.split(",") else ""
        if kind != "cgroup2" and not controller:
            continue
        root, mount = fields.split()[3:5]
        quotas += _quotas_above(_directory(groups.get(controller, Path(root)), root, mount), mount)
    return min(quotas)


def granted_cores() -> int:
    """The smaller of the cores that affinity allows and the control group's quota, at least 1."""
    cores = _physical_cores(_affinity())
    quota = _quota()
    return max(1, cores if quota >= cores else math.floor(quota))
