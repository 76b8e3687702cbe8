"""fastnn beside its peers, in one run: `python -m benchmarks.peers [--quick] [--only TABLE,...]`.

The tables are training, inference, kernels and logistic. Every number is the best of several runs that take turns;
fractions are of the machine's own FMA peak, measured in the same run. A peer that is not installed is left out.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import fastnn
from fastnn import _core, kernels

from .cases import NETWORKS, generator, label

Run = Callable[[], Any]


def torch_module() -> Any:
    """Return torch, or None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    return torch


def best_of(runs: dict[str, Run], repeats: int) -> dict[str, float]:
    """Return the best seconds of each, taking turns so that a slow spell of the machine hits all alike."""
    best = dict.fromkeys(runs, float("inf"))
    for _ in range(repeats):
        for name, run in runs.items():
            start = time.perf_counter()
            run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def print_table(title: str, header: list[str], rows: list[list[str]]) -> None:
    """Print a Markdown table."""
    print(f"\n## {title}\n\n| {' | '.join(header)} |\n| {' | '.join('---' for _ in header)} |")
    for row in rows:
        print(f"| {' | '.join(row)} |")


def milliseconds(seconds: float) -> str:
    """Return seconds as milliseconds with three significant digits."""
    return f"{seconds * 1e3:.3g} ms"


# --- training ---------------------------------------------------------------------------------------------------------


def classification(widths: tuple[int, ...], n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random x (n, i) float32 and integer labels (n,)."""
    rng = generator()
    return rng.normal(size=(n, widths[0])).astype(np.float32), rng.integers(0, widths[-1], n)


def estimator(module: Any, widths: tuple[int, ...], batch: int, epochs: int, **more: Any) -> Any:
    """Return an MLPClassifier of fastnn or scikit-learn that runs exactly `epochs` epochs."""
    activation = "tanh" if widths[0] == 4 else "relu"
    fixed = {"max_iter": epochs, "tol": 0.0, "n_iter_no_change": 10**6, "random_state": 0, "activation": activation}
    return module.MLPClassifier(hidden_layer_sizes=widths[1:-1], batch_size=batch, **fixed, **more)


def fit(model: Any, x: np.ndarray, y: np.ndarray) -> Run:
    """Return a run of the model's fit without its warning that the epochs are over."""

    def run() -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(x, y)

    return run


def torch_epochs(torch: Any, widths: tuple[int, ...], batch: int, epochs: int, x: np.ndarray, y: np.ndarray) -> Run:
    """Return a run of `epochs` epochs of eager PyTorch with the fused Adam."""
    act = torch.nn.Tanh if widths[0] == 4 else torch.nn.ReLU
    parts = [part for i, o in zip(widths[:-2], widths[1:-1], strict=True) for part in (torch.nn.Linear(i, o), act())]
    net = torch.nn.Sequential(*parts, torch.nn.Linear(*widths[-2:]))
    adam = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True)
    rows, labels = torch.from_numpy(x), torch.from_numpy(y)

    def run() -> None:
        for _ in range(epochs):
            for chosen in torch.randperm(len(rows)).split(batch):
                adam.zero_grad(set_to_none=True)
                torch.nn.functional.cross_entropy(net(rows[chosen]), labels[chosen]).backward()
                adam.step()

    return run


def training_runs(widths: tuple[int, ...], n: int, batch: int, epochs: int) -> dict[str, Run]:
    """Return what is compared on one row of the table: every contestant trains `epochs` epochs."""
    import sklearn.neural_network

    x, y = classification(widths, n)
    wide = x.astype(np.float64)
    runs = {
        "fastnn 1": fit(estimator(fastnn, widths, batch, epochs, n_threads=1), x, y),
        "fastnn 2": fit(estimator(fastnn, widths, batch, epochs, n_threads=2), x, y),
        "scikit-learn": fit(estimator(sklearn.neural_network, widths, batch, epochs), x, y),
        "scikit-learn, float64": fit(estimator(sklearn.neural_network, widths, batch, epochs), wide, y),
    }
    torch = torch_module()
    if torch is not None:
        for count in (1, 2):
            epochs_run = torch_epochs(torch, widths, batch, epochs, x, y)
            runs[f"PyTorch {count}"] = lambda run=epochs_run, n=count: (torch.set_num_threads(n), run())
    return runs


def epoch_flops(widths: tuple[int, ...], n: int) -> float:
    """Return the operations of an epoch: three products a layer, two in the first, which needs no d_x."""
    products = [i * o for i, o in zip(widths, widths[1:], strict=False)]
    return float(n) * (6 * sum(products) - 2 * products[0])


def training(repeats: int) -> None:
    """Print the time of an epoch beside the best peer's, at one and at two threads."""
    peak, rows = _core.fma_peak("float32"), []
    for widths, n, batch in NETWORKS:
        epochs = min(40, max(3, int(4e9 / epoch_flops(widths, n))))
        best = {name: s / epochs for name, s in best_of(training_runs(widths, n, batch, epochs), repeats).items()}
        ours = {count: best.pop(f"fastnn {count}") for count in (1, 2)}
        peer = min(best, key=best.__getitem__)
        fraction = epoch_flops(widths, n) / min(ours.values()) / (2 * peak)
        times = [milliseconds(ours[1]), milliseconds(ours[2]), f"{milliseconds(best[peer])} ({peer})"]
        case = [f"{label(widths).replace('x', '-')}, n {n}, batch {batch}"]
        rows.append([*case, *times, f"{best[peer] / min(ours.values()):.1f}x", f"{fraction:.0%}"])
    print_table(
        "Training, Adam, float32, per epoch of fit",
        ["network", "fastnn, 1 thread", "2 threads", "best peer", "ratio", "of the peak, 2 threads"],
        rows,
    )


# --- inference --------------------------------------------------------------------------------------------------------


def inference(repeats: int) -> None:
    """Print predict_proba of 1,024 rows, the checks of the input included."""
    import sklearn.neural_network

    rows = []
    for widths in ((64, 32, 10), (20, 64, 64, 2), (784, 128, 10)):
        x, y = classification(widths, 1024)
        models = {
            "fastnn": estimator(fastnn, widths, 128, 1),
            "scikit-learn": estimator(sklearn.neural_network, widths, 128, 1),
        }
        for model in models.values():
            fit(model, x, y)()
        best = best_of({name: lambda m=model, x=x: m.predict_proba(x) for name, model in models.items()}, 20 * repeats)
        times = [f"{best[name] * 1e6:.0f} µs" for name in models]
        rows.append([label(widths).replace("x", "-"), *times, f"{best['scikit-learn'] / best['fastnn']:.1f}x"])
    print_table("predict_proba, 1,024 rows, float32", ["network", "fastnn", "scikit-learn", "ratio"], rows)


# --- kernels ----------------------------------------------------------------------------------------------------------


def numpy_layer(x: np.ndarray, w: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
    """Compute a layer with NumPy as well as it can: no temporary arrays."""
    np.matmul(x, w, out=out)
    np.add(out, b, out=out)
    np.maximum(out, 0, out=out)


def kernel_runs(n: int, i: int, o: int) -> dict[str, Run]:
    """Return the contestants for one fused layer, each a loop of calls from Python."""
    rng = generator()
    x, w, b = (rng.normal(size=shape).astype(np.float32) for shape in ((n, i), (i, o), o))
    out = np.empty((n, o), np.float32)
    calls: dict[str, Run] = {
        "fastnn": lambda: kernels.dense_forward(x, w, b, "relu", out=out, n_threads=1),
        "NumPy": lambda: numpy_layer(x, w, b, out),
    }
    torch = torch_module()
    if torch is not None:
        torch.set_num_threads(1)
        tx, tw, tb = torch.from_numpy(x), torch.from_numpy(w.T.copy()), torch.from_numpy(b)
        calls["PyTorch"] = lambda: torch.relu_(torch.nn.functional.linear(tx, tw, tb))
    count = max(1, int(2e7 / (2 * n * i * o)))
    return {name: lambda call=call: [call() for _ in range(count)] for name, call in calls.items()}


def fused_layers(repeats: int) -> None:
    """Print one fused layer on one thread: calls from Python, and the kernel alone as a fraction of the peak."""
    peak, rows = _core.fma_peak("float32"), []
    for n, i, o in ((32, 32, 32), (32, 64, 64), (64, 64, 64), (128, 128, 128), (256, 256, 256), (512, 512, 512)):
        flops = 2.0 * n * i * o
        count = max(1, int(2e7 / flops))
        best = {name: s / count for name, s in best_of(kernel_runs(n, i, o), 4 * repeats).items()}
        rng = generator()
        x, w, b = (rng.normal(size=shape).astype(np.float32) for shape in ((n, i), (i, o), o))
        arguments = (x, w, b, "relu", np.empty((n, o), np.float32))
        alone = min(_core.seconds_per_call(count + 1, _core.dense_forward, *arguments, n_threads=1) for _ in range(20))
        others = {name: seconds for name, seconds in best.items() if name != "fastnn"}
        peer = min(others, key=others.__getitem__)
        times = [f"{best['fastnn'] * 1e6:.2f} µs", f"{others[peer] * 1e6:.2f} µs ({peer})"]
        rows.append(
            [f"{n} x {i} x {o}", *times, f"{others[peer] / best['fastnn']:.1f}x", f"{flops / alone / peak:.0%}"]
        )
    print_table(
        "Dense forward + bias + ReLU, float32, one thread, called from Python",
        ["n x i x o", "fastnn", "best peer", "ratio", "kernel alone, of the peak"],
        rows,
    )


# --- logistic regression ----------------------------------------------------------------------------------------------


def logistic(repeats: int) -> None:
    """Print the fit of a binary logistic regression, and how far each stopped above the lowest objective found."""
    import sklearn.linear_model

    rng = generator()
    rows = []
    for n, p in ((569, 30), (20_000, 50)):
        x = rng.normal(size=(n, p))
        y = (x @ rng.normal(size=p) + rng.logistic(size=n) > 0).astype(int)
        models = {"fastnn": fastnn.LogisticRegression(), "scikit-learn": sklearn.linear_model.LogisticRegression()}
        best = best_of({name: fit(model, x, y) for name, model in models.items()}, repeats)
        objective = {name: _objective(model, x, y) for name, model in models.items()}
        above = {name: value / min(objective.values()) - 1 for name, value in objective.items()}
        cells = [f"{milliseconds(best[name])}, {above[name]:.0e}" for name in models]
        rows.append([f"{n} x {p}", *cells, f"{best['scikit-learn'] / best['fastnn']:.1f}x"])
    print_table(
        "Logistic regression, binary, float64: time, relative distance to the best objective",
        ["n x p", "fastnn", "scikit-learn", "ratio"],
        rows,
    )


def _objective(model: Any, x: np.ndarray, y: np.ndarray) -> float:
    """Return scikit-learn's objective at C = 1: the sum of the losses and half the squared coefficients."""
    z = model.decision_function(x)
    return float(np.logaddexp(0, np.where(y == 1, -z, z)).sum() + 0.5 * np.square(model.coef_).sum())


TABLES = {"kernels": fused_layers, "training": training, "inference": inference, "logistic": logistic}


def main() -> None:
    """Read the arguments and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one repeat: a smoke test, not a measurement")
    parser.add_argument("--only", default=",".join(TABLES), help="tables, separated by commas")
    options = parser.parse_args()
    peak = f"{_core.fma_peak('float32') / 1e9:.0f} GFLOP/s"
    print(f"# {_core.simd_level()}, FMA peak of one core {peak} in float32, {fastnn.get_num_threads()} threads")
    for name in options.only.split(","):
        TABLES[name](1 if options.quick else 5)


if __name__ == "__main__":
    main()
