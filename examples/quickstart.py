"""From one neuron through logistic regression to a deep network, beside scikit-learn.

    python examples/quickstart.py

Trains on two data sets that scikit-learn ships, prints the accuracy on held-out data and the time
of a fit, shows that three models are one, and saves a picture of the learning curve where
matplotlib is installed.
"""

from __future__ import annotations

import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sklearn import linear_model, neural_network
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

import fastnn
from fastnn import LogisticRegression, MLPClassifier, Neuron, _core

PICTURE = Path("learning_curve.png")
REPEATS = 3


class Split(NamedTuple):
    """Standardised data: what a model learns from, and what it is judged by."""

    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


def split(load: Callable[..., Any]) -> Split:
    features, labels = load(return_X_y=True)
    x, x_test, y, y_test = train_test_split(features, labels, random_state=0, stratify=labels)
    scaler = StandardScaler().fit(x)
    return Split(scaler.transform(x), y, scaler.transform(x_test), y_test)


def fit_seconds(model: Any, data: Split) -> float:
    """Fits the model a few times; returns the median time of a fit."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        model.fit(data.x, data.y)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def print_row(name: str, ours: Any, theirs: Any, data: Split) -> None:
    """Fits two models on the same split and prints what came of it."""
    seconds = [fit_seconds(model, data) for model in (ours, theirs)]
    score = [model.score(data.x_test, data.y_test) for model in (ours, theirs)]
    times = f"{seconds[0] * 1e3:>9.2f} ms {seconds[1] * 1e3:>9.2f} ms {seconds[1] / seconds[0]:>6.1f}x"
    print(f"{name:<36} {score[0]:>8.1%} {score[1]:>12.1%} {times}")


def new_neuron() -> Neuron:
    """Learns by small batches, and stops by the same tolerance as SGDClassifier."""
    return Neuron("sigmoid", batch_size=16, learning_rate=0.3, tol=1e-3, random_state=0)


def compare(cancer: Split, digits: Split) -> tuple[Any, Any]:
    """Prints the table; returns the two deep networks."""
    print(f"{'':<36} {'test accuracy':>21} {'time of a fit':>25}")
    print(f"{'':<36} {'fastnn':>8} {'scikit-learn':>12} {'fastnn':>12} {'scikit-learn':>12}")
    sgd = linear_model.SGDClassifier(loss="log_loss", random_state=0)
    print_row("breast cancer, Neuron", new_neuron(), sgd, cancer)
    print_row(
        "breast cancer, LogisticRegression",
        LogisticRegression(),
        linear_model.LogisticRegression(),
        cancer,
    )
    print_row(
        "digits, LogisticRegression",
        LogisticRegression(),
        linear_model.LogisticRegression(),
        digits,
    )
    network = {"hidden_layer_sizes": (64, 32), "max_iter": 50, "random_state": 0}
    ours, theirs = MLPClassifier(**network), neural_network.MLPClassifier(**network)
    print_row("digits, MLPClassifier 64-64-32-10", ours, theirs, digits)
    return ours, theirs


def probabilities(data: Split) -> dict[str, np.ndarray]:
    """The same weights in four models: the probability of the second class, as each gives it."""
    neuron = new_neuron().fit(data.x, data.y)
    w, b = neuron.coef_.reshape(-1, 1), neuron.intercept_.reshape(-1)

    logistic = LogisticRegression().fit(data.x, data.y)
    logistic.coef_, logistic.intercept_ = w.T, b

    one = MLPClassifier(hidden_layer_sizes=(), max_iter=1).fit(data.x, data.y)
    one.coefs_, one.intercepts_ = [w], [b]

    # Softmax sees only differences: an output that stays at zero makes the other a sigmoid.
    two = MLPClassifier(hidden_layer_sizes=(), out_activation="softmax", max_iter=1)
    two.fit(data.x, data.y)
    two.coefs_, two.intercepts_ = [np.hstack([0 * w, w])], [np.hstack([0 * b, b])]

    return {
        "the neuron, sigmoid(w.x + b)": neuron.activate(data.x_test).reshape(-1),
        "logistic regression": logistic.predict_proba(data.x_test)[:, 1],
        "a network without hidden layers, one sigmoid output": one.predict_proba(data.x_test)[:, 1],
        "the same with two softmax outputs": two.predict_proba(data.x_test)[:, 1],
    }


def show_identity(data: Split) -> None:
    print("\nThree models are one: the same weights, the largest difference of a probability")
    results = probabilities(data)
    first = next(iter(results.values()))
    for name, p in results.items():
        print(f"  {name:<52} {np.abs(p - first).max():.1e}")


def save_picture(curves: dict[str, Sequence[float]]) -> None:
    """Draws the loss of every epoch, if matplotlib is there to draw it."""
    if importlib.util.find_spec("matplotlib") is None:
        print("\nNo picture: matplotlib is not installed.")
        return
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3.5), layout="constrained")
    for (name, losses), style in zip(curves.items(), ["-", "--"], strict=True):
        axes.semilogy(range(1, len(losses) + 1), losses, style, label=name)
    axes.set(xlabel="epoch", ylabel="loss", title="Digits, 64-64-32-10, Adam")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(PICTURE, dpi=150)
    print(f"\nThe learning curve is in {PICTURE}")


def main() -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)  # fifty epochs are enough to compare
    cancer, digits = split(load_breast_cancer), split(load_digits)
    level, threads = _core.simd_level(), fastnn.get_num_threads()
    print(f"fastnn {fastnn.__version__}, instruction set {level}, at most {threads} threads\n")
    ours, theirs = compare(cancer, digits)
    show_identity(cancer)
    save_picture({"fastnn": ours.loss_curve_, "scikit-learn": theirs.loss_curve_})


if __name__ == "__main__":
    main()
