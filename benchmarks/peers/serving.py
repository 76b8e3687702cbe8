"""Answers for one row and for a few: onnxruntime, PyTorch, scikit-learn and NumPy by hand beside frozen predictors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

import fastnn

from ..cases import SERVED, SERVED_ROWS, Net, generator
from .contest import Contestant, Effort, compete, limit_blas, optional, print_table, quietly, readable, repeated
from .inference import onnx_bytes, onnx_session, torch_predictor
from .training import estimator_epochs

SHORT = 0.02  # seconds of a run: most calls take microseconds


def fitted(widths: Sequence[int], x: np.ndarray) -> tuple[Any, Any]:
    """Return scikit-learn's model of these widths and fastnn's, with the same weights."""
    y = np.arange(len(x)) % max(widths[-1], 2)
    if len(widths) == 2:
        from sklearn.linear_model import LogisticRegression

        theirs = LogisticRegression().fit(x, y)
        ours: Any = fastnn.LogisticRegression(n_threads=1).fit(x, y)
        ours.coef_, ours.intercept_ = theirs.coef_, theirs.intercept_
        return theirs, ours
    from sklearn.neural_network import MLPClassifier

    net = Net(tuple(widths), len(x), 64)
    theirs = quietly(lambda: estimator_epochs(MLPClassifier, net, x, y)(1))
    ours = estimator_epochs(fastnn.MLPClassifier, net, x, y, n_threads=1)(1)
    for own, taken in zip([*ours.coefs_, *ours.intercepts_], [*theirs.coefs_, *theirs.intercepts_], strict=True):
        own[...] = taken  # in place: arrays put in their stead would be gathered at every call
    return theirs, ours


def layers_of(model: Any) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Return a fitted model's weights and biases as a network's."""
    if hasattr(model, "coef_"):
        return [np.ascontiguousarray(model.coef_.T)], [model.intercept_]
    return model.coefs_, model.intercepts_


def by_hand(weights: Sequence[np.ndarray], biases: Sequence[np.ndarray], x: np.ndarray) -> Callable[[], np.ndarray]:
    """Return what computes probabilities with NumPy alone."""

    def predict() -> np.ndarray:
        a = x
        for w, b in zip(weights[:-1], biases[:-1], strict=True):
            a = np.maximum(a @ w + b, 0)
        z = a @ weights[-1] + biases[-1]
        if z.shape[1] == 1:
            p: np.ndarray = 1 / (1 + np.exp(-z))
            return p
        e = np.exp(z - z.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        return p

    return predict


def bound_session(runtime: Any, encoded: bytes, x: np.ndarray, columns: int) -> Callable[[], Any]:
    """Return what predicts by onnxruntime with x and p bound once: no array is made or copied."""
    session = onnx_session(runtime, encoded, 1)
    binding, p = session.io_binding(), runtime.OrtValue.ortvalue_from_numpy(np.empty((len(x), columns), np.float32))
    binding.bind_ortvalue_input("x", runtime.OrtValue.ortvalue_from_numpy(x))
    binding.bind_ortvalue_output("p", p)

    def predict() -> Any:
        session.run_with_iobinding(binding)
        return p  # no array yet: that would be a copy

    return predict


def peers(theirs: Any, x: np.ndarray) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield everybody else who can answer."""
    weights, biases = layers_of(theirs)
    torch, runtime, onnx = optional("torch"), optional("onnxruntime"), optional("onnx")
    if runtime is not None and onnx is not None:
        encoded = onnx_bytes(onnx, weights, biases, "relu")
        session = onnx_session(runtime, encoded, 1)
        yield "onnxruntime, bound", bound_session(runtime, encoded, x, weights[-1].shape[1])
        yield "onnxruntime", lambda: session.run(None, {"x": x})[0]
    if torch is not None:
        torch.set_num_threads(1)
        yield "PyTorch", torch_predictor(torch, weights, biases, "relu", x)
    yield "scikit-learn", lambda: theirs.predict_proba(x)
    yield "NumPy", by_hand(weights, biases, x)


def contestants(widths: Sequence[int], x: np.ndarray, effort: Effort) -> Iterator[Contestant]:
    """Yield all who answer these rows; all of them must answer the same."""
    theirs, ours = fitted(widths, np.concatenate([x, generator().standard_normal((64, widths[0]), np.float32)]))
    predictor = fastnn.compile_predict(ours)
    wanted = theirs.predict_proba(x)
    given, out = (x[0], np.empty(predictor.n_outputs, x.dtype)) if len(x) == 1 else (x, np.empty(wanted.shape, x.dtype))
    entries = [("p(x, out)", lambda: predictor(given, out)), ("p(x)", lambda: predictor(given))]
    entries += [("predict_proba", lambda: ours.predict_proba(x)), *peers(theirs, x)]
    prepare = limit_blas(1)
    for name, predict in entries:
        found = predict()
        found = found.numpy() if hasattr(found, "numpy") else found
        np.testing.assert_allclose(np.atleast_2d(found)[:, -1], wanted[:, -1], rtol=1e-3, atol=1e-5, err_msg=name)
        yield repeated(name, 1, predict, effort, prepare)


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    quick = effort._replace(seconds=min(effort.seconds, SHORT))
    for widths in SERVED[:1] if effort.quick else SERVED:
        for n in SERVED_ROWS[:1] if effort.quick else SERVED_ROWS:
            for zeros in (0.0, 0.8) if widths[0] == 784 else (0.0,):
                rng = generator()
                x = rng.standard_normal((n, widths[0]), np.float32)
                x[rng.random(x.shape) < zeros] = 0
                best = {name: seconds for (name, _), seconds in compete(contestants(widths, x, quick), quick).items()}
                yield [describe(widths, zeros), f"{n:,}", *map(readable, best.values()), *ratios(best)]


def describe(widths: Sequence[int], zeros: float) -> str:
    """Return a case's name."""
    name = "logistic regression, 30 features" if len(widths) == 2 else "-".join(map(str, widths))
    return f"{name}, {zeros:.0%} zeros" if zeros else name


def ratios(best: dict[str, float]) -> list[str]:
    """Return cells: how many times as long onnxruntime takes, bound and by `run`."""
    ours = best["p(x, out)"]
    return [f"{best[name] / ours:.2f}x" for name in ("onnxruntime, bound", "onnxruntime") if name in best]


def serving(effort: Effort) -> None:
    """Print the table."""
    others = ["bound", "run"] if optional("onnxruntime") and optional("onnx") else []
    header = ["model", "rows", "p(x, out)", "p(x)", "predict_proba", *(f"onnxruntime, {name}" for name in others)]
    header += ["PyTorch"] if optional("torch") else []
    header += ["scikit-learn", "NumPy", *(f"of onnxruntime, {name}" for name in others)]
    print_table("Serving: probabilities, float32, one thread", header, rows(effort))
