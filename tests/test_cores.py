"""How many cores a process may use: affinity, siblings, quotas of control groups, in files as Linux has them."""

from __future__ import annotations

import pytest

from fastnn import _cores

MOUNT_1 = "33 32 0:30 {root} /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct\n"
MOUNT_2 = "32 31 0:29 {root} /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
OTHER_MOUNTS = """31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
"""


@pytest.fixture
def system(tmp_path, monkeypatch):
    """Write files below a root of our own, given by their paths; the process may run on four CPUs."""
    monkeypatch.setattr(_cores, "_ROOT", tmp_path)
    monkeypatch.setattr(_cores, "_affinity", lambda: {0, 1, 2, 3})

    def write(files: dict[str, str]) -> None:
        for name, text in files.items():
            path = tmp_path / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return write


def _version_1(group: str, quotas: dict[str, int], root: str = "/") -> dict[str, str]:
    """Files of version 1 with a group of this process, and quotas in microseconds of 100,000 by directory."""
    folder = "/sys/fs/cgroup/cpu,cpuacct"
    return {
        "/proc/self/mountinfo": OTHER_MOUNTS + MOUNT_1.format(root=root),
        "/proc/self/cgroup": f"5:cpuset:/elsewhere\n3:cpu,cpuacct:{group}\n1:name=systemd:/init.scope\n0::/\n",
        **{f"{folder}{own}/cpu.cfs_quota_us": f"{quota}\n" for own, quota in quotas.items()},
        **{f"{folder}{own}/cpu.cfs_period_us": "100000\n" for own in quotas},
    }


def _version_2(group: str, quotas: dict[str, str], root: str = "/") -> dict[str, str]:
    """The same of version 2, with quotas as in its one file."""
    return {
        "/proc/self/mountinfo": OTHER_MOUNTS.splitlines()[1] + "\n" + MOUNT_2.format(root=root),
        "/proc/self/cgroup": f"0::{group}\n",
        **{f"/sys/fs/cgroup{own}/cpu.max": f"{quota} 100000\n" for own, quota in quotas.items()},
    }


def test_without_files(system):
    assert _cores.granted_cores() == 4


def test_siblings_are_one_core(system):
    topology = "/sys/devices/system/cpu/cpu{}/topology/thread_siblings_list"
    system({topology.format(cpu): "0,2\n" for cpu in (0, 2)})
    assert _cores.granted_cores() == 3


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        pytest.param(_version_1("/", {"": -1}), 4, id="1: no limit"),
        pytest.param(_version_1("/", {"": 250_000}), 2, id="1: of the root"),
        pytest.param(_version_1("/a/b", {"": -1, "/a": -1, "/a/b": 50_000}), 1, id="1: half a core, its own group"),
        pytest.param(_version_1("/a/b", {"": -1, "/a": 50_000, "/a/b": 300_000}), 1, id="1: half a core, its parent"),
        pytest.param(_version_1("/a", {"": -1, "/a": -1, "/a/b": 50_000, "/b": 50_000}), 4, id="1: of other groups"),
        pytest.param(_version_1("/docker/a", {"": 50_000}, root="/docker/a"), 1, id="1: mounted in a container"),
        pytest.param(_version_1("/docker/a/b", {"/b": 50_000}, root="/docker/a"), 1, id="1: below such a mount"),
        pytest.param(_version_1("/host/a", {"": 50_000}, root="/docker/a"), 1, id="1: a path of the host"),
        pytest.param(_version_2("/", {"": "max"}), 4, id="2: no limit"),
        pytest.param(_version_2("/a/b", {"/a": "max", "/a/b": "50000"}), 1, id="2: half a core, its own group"),
        pytest.param(_version_2("/a/b", {"/a": "50000", "/a/b": "max"}), 1, id="2: half a core, its parent"),
        pytest.param(_version_2("/a/b", {"/a": "150000", "/a/b": "300000"}), 1, id="2: one and a half"),
        pytest.param(_version_2("/a", {"/a": "max", "/a/b": "50000"}), 4, id="2: of another group"),
        pytest.param(_version_2("/../../a", {"": "200000"}), 2, id="2: outside of the namespace"),
    ],
)
def test_quota(system, files, cores):
    system(files)
    assert _cores.granted_cores() == cores


def test_both_versions_at_once(system):
    system(_version_1("/a", {"/a": 50_000}))
    unified = MOUNT_2.format(root="/").replace("/sys/fs/cgroup ", "/sys/fs/cgroup/unified ")
    system({"/proc/self/mountinfo": OTHER_MOUNTS + MOUNT_1.format(root="/") + unified})
    assert _cores.granted_cores() == 1
