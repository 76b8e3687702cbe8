"""Every benchmark runs once on its smallest case, and none times a wrong kernel."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from fastnn.kernels import contract

ROOT = Path(__file__).resolve().parent.parent
MODULES = ("dense", "activation", "loss", "optimizer", "network", "overhead")


def _load(name: str):
    """Import a module of benchmarks/, which is not part of the installed package."""
    if "benchmarks" not in sys.modules:
        path = ROOT / "benchmarks" / "__init__.py"
        spec = importlib.util.spec_from_file_location("benchmarks", path, submodule_search_locations=[str(path.parent)])
        package = importlib.util.module_from_spec(spec)
        sys.modules["benchmarks"] = package
        spec.loader.exec_module(package)
    return importlib.import_module(f"benchmarks.{name}")


def _classes():
    for module in MODULES:
        for name, found in vars(_load(module)).items():
            if inspect.isclass(found) and not name.startswith("_") and found.__module__ == f"benchmarks.{module}":
                yield found


CLASSES = {found.__name__: found for found in _classes()}
KERNEL_CLASSES = {name: found for name, found in CLASSES.items() if hasattr(found, "kernel")}


def _smallest(found):
    return [values[0] for values in getattr(found, "params", [])]


@pytest.mark.parametrize("name", list(CLASSES))
def test_runs_on_its_smallest_case(name):
    benchmark, case = CLASSES[name](), _smallest(CLASSES[name])
    if hasattr(benchmark, "setup"):
        benchmark.setup(*case)
    methods = [method for method in dir(benchmark) if method.startswith(("time_", "track_", "timeraw_"))]
    assert methods
    for method in methods:
        value = getattr(benchmark, method)(*case)
        if method.startswith("track_"):
            assert value > 0


def test_every_kernel_has_a_benchmark():
    assert {found.kernel for found in KERNEL_CLASSES.values()} == set(contract.KERNELS)


@pytest.mark.parametrize("name", list(KERNEL_CLASSES))
def test_setup_refuses_a_kernel_that_does_nothing(name, monkeypatch):
    found = KERNEL_CLASSES[name]
    common = _load("common")
    real = common.kernels_for

    def sabotaged(backend):
        return real(backend) if backend == "reference" else SimpleNamespace(**{found.kernel: lambda *_: 0.0})

    monkeypatch.setattr(common, "kernels_for", sabotaged)
    with pytest.raises(AssertionError):
        found().setup(*_smallest(found))


def test_best_of_takes_the_best():
    peers = _load("peers")
    best = peers.best_of({"nothing": lambda: None, "something": lambda: sum(range(20_000))}, 3)
    assert 0 < best["nothing"] < best["something"]
