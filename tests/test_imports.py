"""Modules import downwards only, and `import fastnn` is light."""

from __future__ import annotations

import ast
import subprocess
import sys
from graphlib import TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import fastnn

PACKAGE = Path(fastnn.__file__).parent

# From the ground up; a module imports only from lines above its own. A folder stands for its files.
LEVELS = [
    ["surroundings"],
    ["errors", "install", "_version", "_cores", "tensors", "memory", "sparse_input"],
    ["activation_rows", "loss_functions", "dual_numbers"],
    ["activation_functions"],
    ["validation", "threads", "activation_parameters", "user_functions"],
    ["activations"],
    ["losses", "layers", "optimizers", "schedules", "_threadpool"],
    ["kernels.contract", "kernels.random", "kernels.pieces"],
    ["kernels.available", "kernels.abi"],
    ["kernels.reference", "kernels.jit.functions", "_core"],
    ["kernels.composed", "kernels.users", "llvm_symbols"],
    ["kernels.jit"],
    ["kernels.select"],
    ["kernels.public", "machine"],
    ["kernels"],
    ["plan", "storage", "workers"],
    ["flat_params"],
    ["training", "solvers.objective"],
    ["solvers.preconditioner", "solvers.saga"],
    ["solvers.smooth", "solvers.proximal"],
    ["solvers.stochastic"],
    ["solvers.table"],
    ["solvers.minimise"],
    ["solvers.path", "solvers"],
    ["jit"],
    ["models.common"],
    ["models.neuron", "models.network", "models.mlp", "models.logistic"],
    ["serving"],
    ["interop"],
    ["__main__"],
    ["models", "roofline"],
    ["typing"],
    [""],
]
MODULES = sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    """The dotted name below fastnn; empty for fastnn itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def place_of(module: str) -> tuple[int, str]:
    """The level of a module and the entry of LEVELS that gave it."""
    found = (-1, "")
    for level, entries in enumerate(LEVELS):
        for entry in entries:
            inside = module == entry or (entry and module.startswith(f"{entry}."))
            if inside and len(entry) >= len(found[1]):
                found = (level, entry)
    assert found[0] >= 0, f"fastnn.{module} has no level: give it one in LEVELS"
    return found


def imports_of(path: Path) -> set[str]:
    """What a file imports from fastnn, as names below it, wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path.name} has a relative import"
            is_module = {
                alias.name: (PACKAGE.parent / node.module.replace(".", "/") / alias.name) for alias in node.names
            }
            for name, file in is_module.items():
                module = file.with_suffix(".py").is_file() or file.is_dir() or name == "_core"
                found.add(f"{node.module}.{name}" if module else node.module)
    return {name.partition(".")[2] for name in found if name.split(".")[0] == "fastnn"}


def is_allowed(module: str, imported: str) -> bool:
    """From a lower level, or from a sibling in the same folder of one level."""
    level, entry = place_of(module)
    other_level, other_entry = place_of(imported)
    private = imported.rpartition(".")[2].startswith("_")
    return other_level < level or (other_level == level and (entry == other_entry or private))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: name_of(path) or "fastnn")
def test_imports_go_downwards(path):
    module = name_of(path)
    upwards = sorted(name for name in imports_of(path) if not is_allowed(module, name))
    assert not upwards, f"fastnn.{module} may not import {upwards}"


def test_no_module_needs_itself():
    """No circle of imports, also among the files of one level and under TYPE_CHECKING."""
    known = {name_of(path): imports_of(path) for path in MODULES}
    inside = {module: {name for name in names if name in known} - {module} for module, names in known.items()}
    assert list(TopologicalSorter(inside).static_order())  # raises CycleError, with the circle


def test_the_check_can_fail():
    assert not is_allowed("errors", "validation")
    assert not is_allowed("kernels.reference.dense", "kernels.composed.network")
    assert not is_allowed("losses", "layers")
    assert not is_allowed("plan", "training.loop")
    assert is_allowed("kernels.reference.dense", "kernels.reference.activation")
    assert is_allowed("kernels.public.dense", "kernels.public.checked_call")
    with pytest.raises(AssertionError, match="has no level"):
        place_of("unheard_of")


def _loads(statement: str) -> set[str]:
    """Which of the heavy packages a fresh interpreter has loaded after a statement."""
    heavy = ("numba", "llvmlite", "scipy", "sklearn", "pandas", "matplotlib", "safetensors")
    code = f"{statement}; import sys; print(*[name for name in {heavy} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import fastnn",
        "import fastnn; fastnn.Dense(3, 'relu'); fastnn.Adam(); fastnn.schedules.Constant(0.1)",
        "import fastnn; dir(fastnn); fastnn.activations, fastnn.layers, fastnn.losses, fastnn.optimizers",
        "import fastnn; fastnn.kernels.dense_forward([[1.0]], [[2.0]], [3.0])",
        "import fastnn; fastnn.kernels.link([[1.0]], 'poisson', backend='reference')",
        "import fastnn.plan",
        "import fastnn.storage",
    ],
)
def test_nothing_heavy_is_loaded(statement):
    assert _loads(statement) == set()


def test_heavy_is_noticed():
    assert "scipy" in _loads("import scipy")


def test_public_names():
    assert dir(fastnn) == sorted(fastnn.__all__)
    for name in fastnn.__all__:
        assert getattr(fastnn, name) is not None
    with pytest.raises(AttributeError, match="'fastnn' has no attribute 'nothing'"):
        _ = fastnn.nothing


PUBLIC_MODULES = sorted(name for name in fastnn.__all__ if isinstance(getattr(fastnn, name), ModuleType))


def test_public_modules():
    assert set(PUBLIC_MODULES) > {"activations", "kernels", "layers", "losses", "optimizers", "schedules"}


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_a_public_module_is_an_attribute_and_shows_public_names_alone(name):
    code = f"import fastnn; print(fastnn.{name}.__name__); print(*dir(fastnn.{name}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    dotted, names = done.stdout.splitlines()
    assert dotted == f"fastnn.{name}"
    assert names.split() == sorted(getattr(fastnn, name).__all__)
    assert not [each for each in names.split() if each.startswith("_") or not hasattr(getattr(fastnn, name), each)]


def test_a_star_gives_the_public_names():
    code = "before = set(dir()); from fastnn import *; print(*sorted(set(dir()) - before - {'before'}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == sorted(fastnn.__all__)


def test_threads_stays_the_function():
    """The module fastnn.threads must not take the function's place, whatever is imported."""
    statement = "import fastnn.threads, fastnn.kernels; import fastnn; print(fastnn.threads(1))"
    done = subprocess.run([sys.executable, "-c", statement], capture_output=True, text=True)
    assert "GeneratorContextManager" in done.stdout, done.stderr
