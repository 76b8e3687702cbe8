"""Every benchmark runs once on its smallest case, and none times a wrong kernel."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from available import BACKENDS, HAS_NUMBA

from fastnn import _core
from fastnn.kernels import contract
from fastnn.kernels.select import kernels_for

FOLDER = Path(__file__).resolve().parent.parent / "benchmarks"
MODULES = (
    *("dense", "activation", "loss", "optimizer", "network", "neuron", "logistic", "solvers", "serving"),
    *("call_overhead", "import_time", "own_functions", *["inside_jit", "network_in_jit"] * HAS_NUMBA),
)
if not FOLDER.is_dir():
    pytest.skip("the benchmarks do not lie beside the tests", allow_module_level=True)


def load(name: str) -> Any:
    """Import a module of benchmarks/, which is not part of the installed package."""
    if "benchmarks" not in sys.modules:
        where = {"location": FOLDER / "__init__.py", "submodule_search_locations": [str(FOLDER)]}
        spec = importlib.util.spec_from_file_location("benchmarks", **where)
        sys.modules["benchmarks"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules["benchmarks"])
    return importlib.import_module(f"benchmarks.{name}")


def _classes() -> Iterator[type]:
    for module in map(load, MODULES):
        for name, found in vars(module).items():
            if inspect.isclass(found) and not name.startswith("_") and found.__module__ == module.__name__:
                yield found


CLASSES = {found.__name__: found for found in _classes()}
OF_KERNELS = {name: found for name, found in CLASSES.items() if hasattr(found, "kernel")}
every_kernel = pytest.mark.parametrize("name", OF_KERNELS)


def _smallest(found: type) -> list[str]:
    return [values[0] for values in getattr(found, "params", [])]


@pytest.fixture(autouse=True)
def every_case(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data for the peers, and no case left out: where a level is forced, asv measures the native backend alone."""
    assert _core.simd_level()  # chosen by now, whatever becomes of the variable
    monkeypatch.delenv("FASTNN_SIMD", raising=False)
    monkeypatch.setenv("FASTNN_DATA", str(data))


# --- they run ---------------------------------------------------------------------------------------------------------


OF_OWN_FUNCTIONS = ("OwnActivation", "OwnLoss", "FirstUse")
WITH_MARKS = [pytest.param(name, marks=pytest.mark.jit) if name in OF_OWN_FUNCTIONS else name for name in CLASSES]


@pytest.mark.parametrize("name", WITH_MARKS)
def test_runs_on_its_smallest_case(name):
    benchmark, case = CLASSES[name](), _smallest(CLASSES[name])
    getattr(benchmark, "setup", lambda *case: None)(*case)
    methods = [method for method in dir(benchmark) if method.startswith(("time_", "track_", "timeraw_"))]
    assert methods
    for method in methods:
        value = getattr(benchmark, method)(*case)
        if method.startswith("track_"):
            assert value > 0
            assert getattr(benchmark, method).unit
        if method.startswith("timeraw_"):
            subprocess.run([sys.executable, "-c", value], check=True)


@every_kernel
@pytest.mark.parametrize("backend", BACKENDS[1:])
def test_every_backend_is_timed(name, backend):
    _, dtype, case = _smallest(OF_KERNELS[name])
    benchmark = OF_KERNELS[name]()
    benchmark.setup(backend, dtype, case)
    benchmark.time_call(backend, dtype, case)


def test_every_kernel_has_a_benchmark():
    assert {found.kernel for found in OF_KERNELS.values()} == set(contract.KERNELS)
    for name, found in OF_KERNELS.items():
        assert name == found.kernel.title().replace("_", "")


@every_kernel
def test_every_backend_and_dtype_of_a_kernel_is_timed(name):
    assert OF_KERNELS[name].params[:2] == [list(contract.BACKENDS), ["float32", "float64"]]


def test_both_directions_are_timed_on_the_same_cases():
    forward = [name for name in contract.KERNELS if name.endswith("_forward") and name != "network_forward"]
    assert forward
    cases = {found.kernel: found.params[2] for found in OF_KERNELS.values()}
    for name in forward:
        layer = name.removesuffix("forward")
        backward = [other for other in contract.KERNELS if other.startswith(f"{layer}backward")]
        assert backward, f"{name} has no way back"
        assert all(cases[other] == cases[name] for other in backward)


def test_every_kernel_of_a_solver_has_a_benchmark():
    """Those that are listed apart: in the native backend, and where X has a dtype in both."""
    apart = (contract.LOGISTIC_PASSES, contract.COORDINATE_DESCENT, contract.LIMITED_MEMORY, contract.SAGA)
    timed = {name: found for found in CLASSES.values() for name in getattr(found, "times", ())}
    assert set(timed) == {name for names in apart for name in names}
    for name in (*contract.LOGISTIC_PASSES, *contract.SAGA, "take_columns"):
        assert ["float32", "float64"] in timed[name].params


@every_kernel
def test_cases_are_known(name):
    """Of every case the arguments can be drawn, but the large ones take too long for a test."""
    for case in OF_KERNELS[name].params[2]:
        if "784" not in case and "1024" not in case and "2048" not in case:
            OF_KERNELS[name]().draw(load("cases").generator(), case)


def test_large_cases_are_timed_on_two_threads():
    case = next(case for case in CLASSES["DenseForward"].params[2] if case.endswith("on 2 threads"))
    with pytest.raises(NotImplementedError):  # asv's sign for a case that is left out
        CLASSES["DenseForward"]().setup("reference", "float32", case)
    benchmark = CLASSES["DenseForward"]()
    benchmark.setup("native", "float32", case)
    assert benchmark.call.args[-1] == 2


def test_lower_instruction_sets_are_timed_in_the_native_backend(monkeypatch):
    benchmark, (_, dtype, case) = CLASSES["DenseForward"](), _smallest(CLASSES["DenseForward"])
    monkeypatch.setenv("FASTNN_SIMD", _core.simd_level())
    with pytest.raises(NotImplementedError, match="in the native backend"):
        benchmark.setup("reference", dtype, case)
    benchmark.setup("native", dtype, case)


class _Clock:
    """A clock that stands still but when something sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def test_asv_learns_the_time_of_one_call(monkeypatch):
    """`time_call` makes many, and asv's timer runs as many times slower."""
    clock = _Clock()
    monkeypatch.setattr(load("common"), "perf_counter", clock.perf_counter)
    benchmark = CLASSES["DenseForward"]()
    benchmark.prepare = lambda *case: None
    benchmark.call = lambda: clock.sleep(1e-5)
    benchmark.setup("native")
    start, before = benchmark.timer(), clock.now
    benchmark.time_call("native")
    assert benchmark.count > 100
    assert clock.now - before == pytest.approx(1e-5 * benchmark.count)
    assert benchmark.timer() - start == pytest.approx(1e-5)


def test_setup_does_its_work_only_once():
    benchmark, case = CLASSES["DenseForward"](), _smallest(CLASSES["DenseForward"])
    benchmark.setup(*case)
    values = benchmark.values
    benchmark.setup(*case)
    assert benchmark.values is values
    benchmark.setup("native", "float64", case[2])
    assert benchmark.values[0].dtype == np.float64


# --- none times a wrong kernel ----------------------------------------------------------------------------------------


def _outputs(arguments: tuple[Any, ...], kernel: contract.Kernel) -> list[np.ndarray]:
    roles = [argument.role for argument in kernel.arguments]
    written = [value for value, role in zip(arguments, roles, strict=False) if role in ("output", "update")]
    return [value for value in written if value is not None]


def _idle(run: Callable[..., Any], kernel: contract.Kernel, *arguments: Any) -> float:
    return 0.0


def _stale(run: Callable[..., Any], kernel: contract.Kernel, *arguments: Any) -> Any:
    """The right result, but in other memory than the caller's."""
    return run(*(value.copy() if isinstance(value, np.ndarray) else value for value in arguments))


def _forgetful(run: Callable[..., Any], kernel: contract.Kernel, *arguments: Any) -> Any:
    """The last quarter of the result is missing."""
    arrays = _outputs(arguments, kernel)
    before = [array.copy() for array in arrays]
    loss = run(*arguments)
    for array, old in zip(arrays, before, strict=True):
        rest = array.size - array.size // 4 - 1
        array.flat[rest:] = old.flat[rest:]
    return loss


def _inexact(run: Callable[..., Any], kernel: contract.Kernel, *arguments: Any) -> Any:
    """The result is 5 % too large, or has moved 5 % too far."""
    arrays = _outputs(arguments, kernel)
    before = [np.nan_to_num(array) for array in arrays]
    loss = run(*arguments)
    for array, old in zip(arrays, before, strict=True):
        array += 0.05 * (array - old)
    return loss


@every_kernel
@pytest.mark.parametrize("saboteur", [_idle, _stale, _forgetful, _inexact])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_setup_refuses_a_sabotaged_kernel(name, saboteur, dtype, monkeypatch):
    found, common = OF_KERNELS[name], load("common")
    kernel = contract.KERNELS[found.kernel]

    def sabotaged(backend: str) -> Any:
        kernels = kernels_for(backend)
        run = getattr(kernels, found.kernel)
        wrong = SimpleNamespace(**{found.kernel: lambda *arguments: saboteur(run, kernel, *arguments)})
        return kernels if backend == "reference" else wrong

    monkeypatch.setattr(common, "kernels_for", sabotaged)
    with pytest.raises(AssertionError, match=f"of {found.kernel} is off by"):
        found().setup("native", dtype, _smallest(found)[2])


def test_setup_refuses_a_wrong_loss(monkeypatch):
    kernels = kernels_for("native")

    def halved(*arguments: Any) -> float:
        return kernels.loss_and_gradient(*arguments) / 2

    wrong = {"native": SimpleNamespace(loss_and_gradient=halved), "reference": kernels_for("reference")}
    monkeypatch.setattr(load("common"), "kernels_for", wrong.__getitem__)
    with pytest.raises(AssertionError, match="loss of loss_and_gradient is off by"):
        CLASSES["LossAndGradient"]().setup(*_smallest(CLASSES["LossAndGradient"]))


@pytest.mark.jit
def test_twins_that_differ_are_not_timed(monkeypatch):
    own = load("own_cases")
    monkeypatch.setitem(own.VALUES, "tanh", own.gelu)
    with pytest.raises(AssertionError, match="of network_gradient is off by"):
        own.epochs(own.OWN_NETWORKS["64-32-10"], "float32", "tanh")


# --- peers ------------------------------------------------------------------------------------------------------------


def test_contestants_take_turns_and_the_best_run_counts(monkeypatch):
    contest, clock, log = load("peers.contest"), _Clock(), []
    monkeypatch.setattr(contest, "time", clock)

    def contestant(name: str, pauses: list[float]) -> Any:
        def run() -> None:
            log.append(name)
            clock.sleep(pauses.pop(0))

        return contest.Contestant(name, 1, run, 2, lambda: log.append("prepare"))

    entries = [contestant("fastnn", [5.0, 1.0]), contestant("peer", [3.0, 4.0]), contestant("slow peer", [9.0, 9.0])]
    best = contest.compete(entries, contest.Effort(0.0, 2, 0.5))
    assert log == ["prepare", "fastnn", "prepare", "peer", "prepare", "slow peer"] * 2
    assert best == pytest.approx({("fastnn", 1): 0.5, ("peer", 1): 1.5, ("slow peer", 1): 4.5})
    assert contest.summary(best) == ["500 ms", "1.5 s (peer, 1)", "3.00x"]


@pytest.mark.parametrize(("seconds", "text"), [(2.0, "2 s"), (0.0123456, "12.3 ms"), (4.56e-7, "0.456 µs")])
def test_seconds_are_readable(seconds, text):
    assert load("peers.contest").readable(seconds) == text


SINCE_1_9 = [pytest.param(name, marks=pytest.mark.sklearn_1_9) for name in ("logistic_cv", "logistic_l1")]


@pytest.mark.parametrize("table", ["training", "inference", "kernels", "functions", "adam", "logistic", *SINCE_1_9])
def test_peers_print_a_markdown_table(table, monkeypatch, capsys):
    contest = load("peers.contest")
    monkeypatch.setattr(contest, "optional", lambda module: None)  # as where nothing but scikit-learn is installed
    for module in ("training", "inference", "kernels", "functions", "adam", "logistic_l1"):
        monkeypatch.setattr(load(f"peers.{module}"), "optional", lambda module: None)
    load("peers.__main__").main(["--quick", "--only", table])
    head, title, header, rule, row = filter(None, capsys.readouterr().out.split("\n"))
    assert "FMA peak of one core" in head
    assert title.lower().startswith(f"## {table[:4]}")
    assert header.count("|") == rule.count("|") == row.count("|")
    assert row.endswith(("x |", "% |"))


@pytest.mark.jit
def test_peers_print_the_tables_of_numba(monkeypatch, capsys):
    numba_half = load("peers.numba_half")
    monkeypatch.setattr(numba_half, "first_use", lambda name, warm: 0.5)
    load("peers.__main__").main(["--quick", "--only", "numba"])
    _, *tables = capsys.readouterr().out.split("\n## ")
    assert len(tables) == 6
    for table in tables:
        title, header, rule, row = filter(None, table.split("\n"))
        assert title.startswith("Numba: ")
        assert header.count("|") == rule.count("|") == row.count("|")


def test_a_table_of_peers_is_a_file_of_its_name():
    for name in load("peers.__main__").TABLES:
        assert (FOLDER / "peers" / ("numba_half.py" if name == "numba" else f"{name}.py")).is_file()


def test_peers_refuse_an_unknown_table(capsys):
    with pytest.raises(SystemExit):
        load("peers.__main__").main(["--only", "kernel"])
    names = "training, inference, serving, kernels, functions, adam, logistic, logistic_cv, logistic_l1, numba"
    assert f"no table 'kernel'; there are {names}" in capsys.readouterr().err


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_fits_at_once_beside_fits_in_a_row(monkeypatch):
    oversubscribed, cases = load("oversubscribed"), load("cases")
    monkeypatch.setattr(oversubscribed, "SECONDS", 0.001)
    net = cases.Net((4, 3, 2), 50, 10)
    job = oversubscribed.NetworkFit(net, 2)
    in_a_row = oversubscribed.seconds_in_a_row(job, 2, 1)
    at_once = oversubscribed.seconds_at_once(job, 2, 2, threading.Thread, threading.Barrier)
    assert oversubscribed.epochs_for(net) >= 2
    assert in_a_row > 0 and len(at_once) == 2 and min(at_once) > 0


def test_logistic_fits_with_too_many_threads(monkeypatch, capsys):
    oversubscribed = load("oversubscribed")
    monkeypatch.setattr(oversubscribed, "THREADS", (1, 8))
    # As threads: another process could not import a module that is loaded from a file.
    lines = oversubscribed.logistic_rows(2, 1, threading.Thread, threading.Barrier, 1000)
    oversubscribed.show("Title", ("processes", "n_threads", "a fit", "ratio"), lines)
    _, _, *rows = capsys.readouterr().out.split("\n\n")[1].splitlines()
    assert [tuple(row.split(" | ")[:2]) for row in rows] == [(f"| {p}", str(n)) for p in (1, 2) for n in (1, 8)]
