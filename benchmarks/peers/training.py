"""An epoch of training, with all that a user's fit does: scikit-learn and PyTorch beside fastnn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

import fastnn

from ..cases import NETWORKS, Net, generator
from .contest import THREADS, Contestant, Effort, compete, fma_peak, limit_blas, optional, print_table, quietly, summary

Epochs = Callable[[int], Any]  # trains a fresh network for so many epochs


def data_of(net: Net, n: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return random x (n, i) float32 and labels (n,) of all classes."""
    rng = generator()
    n = net.n if n is None else n
    return rng.standard_normal((n, net.widths[0]), np.float32), np.arange(n) % net.widths[-1]


def settings_of(net: Net) -> dict[str, Any]:
    """Return the parameters of an MLPClassifier, fastnn's or scikit-learn's, that stops for no reason but max_iter."""
    return {
        "hidden_layer_sizes": net.widths[1:-1],
        "activation": net.activation,
        "batch_size": net.batch_size,
        "tol": 0.0,
        "n_iter_no_change": 10**9,
        "random_state": 0,
    }


def estimator_epochs(kind: Any, net: Net, x: np.ndarray, y: np.ndarray, **more: Any) -> Epochs:
    """Return what fits an MLPClassifier."""

    def train(epochs: int) -> Any:
        return quietly(lambda: kind(**settings_of(net), max_iter=epochs, **more).fit(x, y))

    return train


def torch_network(torch: Any, net: Net) -> Any:
    """Return the network as PyTorch has it; two classes have one output there too."""
    activation = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh}[net.activation]
    o = 1 if net.widths[-1] == 2 else net.widths[-1]
    parts: list[Any] = []
    for inputs, outputs in zip(net.widths[:-2], net.widths[1:-1], strict=True):
        parts += [torch.nn.Linear(inputs, outputs), activation()]
    return torch.nn.Sequential(*parts, torch.nn.Linear(net.widths[-2], o))


def torch_epochs(torch: Any, net: Net, x: np.ndarray, y: np.ndarray) -> Epochs:
    """Return what trains eagerly with the fused Adam, on mini-batches of a permutation."""
    rows, labels = torch.from_numpy(x), torch.from_numpy(y)
    loss_of = torch.nn.functional.cross_entropy
    if net.widths[-1] == 2:
        labels = labels.float()[:, None]
        loss_of = torch.nn.functional.binary_cross_entropy_with_logits

    def train(epochs: int) -> None:
        network = torch_network(torch, net)
        adam = torch.optim.Adam(network.parameters(), fused=True)
        for _ in range(epochs):
            for chosen in torch.randperm(len(rows)).split(net.batch_size):
                adam.zero_grad(set_to_none=True)
                loss_of(network(rows[chosen]), labels[chosen]).backward()
                adam.step()

    return train


def contestant(name: str, threads: int, train: Epochs, effort: Effort, prepare: Callable[[], Any]) -> Contestant:
    """Return one that trains as many epochs in a run as the effort allows, so that a fit's start does not count."""
    prepare()
    train(1)
    start = time.perf_counter()
    train(1)
    epochs = 1 if effort.quick else max(2, min(500, int(2 * effort.seconds / (time.perf_counter() - start))))
    return Contestant(name, threads, lambda: train(epochs), epochs, prepare)


def contestants(net: Net, effort: Effort) -> Iterator[Contestant]:
    """Yield all who train this network."""
    from sklearn.neural_network import MLPClassifier

    x, y = data_of(net)
    torch = optional("torch")
    for threads in THREADS:
        train = estimator_epochs(fastnn.MLPClassifier, net, x, y, n_threads=threads)
        yield contestant("fastnn", threads, train, effort, lambda: None)
        for dtype in ("float32", "float64"):
            train = estimator_epochs(MLPClassifier, net, x.astype(dtype), y)
            yield contestant(f"scikit-learn {dtype}", threads, train, effort, limit_blas(threads))
        if torch is not None:
            set_threads = lambda threads=threads: torch.set_num_threads(threads)  # noqa: E731
            yield contestant("PyTorch", threads, torch_epochs(torch, net, x, y), effort, set_threads)


def epoch_flops(net: Net) -> float:
    """Return the operations of an epoch: three products a layer, two in the first, which needs no d_x."""
    o = 1 if net.widths[-1] == 2 else net.widths[-1]
    widths = (*net.widths[:-1], o)
    products = [i * o for i, o in zip(widths, widths[1:], strict=False)]
    return 2.0 * net.n * (3 * sum(products) - products[0])


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    for net in NETWORKS[:1] if effort.quick else NETWORKS:
        best, peak = compete(contestants(net, effort), effort), fma_peak("float32")
        shares = [f"{epoch_flops(net) / best['fastnn', threads] / (threads * peak):.0%}" for threads in THREADS]
        name = f"{net.name}{' tanh' * (net.activation == 'tanh')}, n {net.n}, batch {net.batch_size}"
        yield [name, *summary(best), *shares]


def training(effort: Effort) -> None:
    """Print the table."""
    header = ["network", "fastnn, 1 thread", "2 threads", "best peer, threads", "ratio"]
    header += ["of the FMA peak, 1 thread", "2 threads"]
    print_table("Training: Adam, float32, an epoch of fit", header, rows(effort))
