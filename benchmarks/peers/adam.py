"""A step of Adam on a flat vector: PyTorch's fused kernel, called bare, and NumPy beside fastnn, one thread."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from fastnn import kernels

from ..cases import DTYPES, PARAMS, generator
from .contest import Contestant, Effort, compete, limit_blas, optional, print_table, repeated, summary

LENGTHS = [PARAMS[0], 40_000, *PARAMS[1:]]  # and one whose four vectors of float32 fill most of a usual L2
RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-8
STEP = 10
State = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def state_of(length: int, dtype: str) -> State:
    """Return params, their gradient, m and v."""
    rng = generator()
    params, gradient, m, v = (rng.normal(size=length).astype(dtype) for _ in range(4))
    return params, gradient, m, np.square(v)


def fastnn_step(params: np.ndarray, gradient: np.ndarray, m: np.ndarray, v: np.ndarray) -> None:
    """Make a step with the public kernel."""
    rates = {"learning_rate": RATE, "beta_1": BETA_1, "beta_2": BETA_2, "epsilon": EPSILON}
    kernels.adam_step(params, gradient, m, v, step=STEP, n_threads=1, **rates)


def numpy_step(params: np.ndarray, gradient: np.ndarray, m: np.ndarray, v: np.ndarray) -> None:
    """Make a step with NumPy, as scikit-learn does it."""
    m *= BETA_1
    m += (1 - BETA_1) * gradient
    v *= BETA_2
    v += (1 - BETA_2) * gradient**2
    rate = RATE * np.sqrt(1 - BETA_2**STEP) / (1 - BETA_1**STEP)
    params -= rate * m / (np.sqrt(v) + EPSILON)


def torch_contestant(state: State, effort: Effort) -> Contestant | None:
    """Return PyTorch's kernel without its optimizer class around it."""
    torch = optional("torch")
    if torch is None:
        return None
    params, gradient, m, v = ([torch.from_numpy(array)] for array in state)
    step = [torch.tensor(float(STEP))]
    rates = {"lr": RATE, "beta1": BETA_1, "beta2": BETA_2, "eps": EPSILON}
    kernel = partial(torch._fused_adam_, weight_decay=0.0, amsgrad=False, maximize=False, **rates)
    call = torch.no_grad()(lambda: kernel(params, gradient, m, v, [], step))
    return repeated("PyTorch fused", 1, call, effort, lambda: torch.set_num_threads(1))


def contestants(length: int, dtype: str, effort: Effort) -> Iterator[Contestant]:
    """Yield all; each has a state of its own and goes on with it."""
    _assert_same_step(length, dtype)
    yield repeated("fastnn", 1, partial(fastnn_step, *state_of(length, dtype)), effort)
    yield repeated("NumPy", 1, partial(numpy_step, *state_of(length, dtype)), effort, limit_blas(1))
    theirs = torch_contestant(state_of(length, dtype), effort)
    if theirs is not None:
        yield theirs


def _assert_same_step(length: int, dtype: str) -> None:
    ours, theirs = state_of(length, dtype), state_of(length, dtype)
    fastnn_step(*ours)
    numpy_step(*theirs)
    for found, wanted in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-6)


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    for dtype in DTYPES[:1] if effort.quick else DTYPES:
        for length in LENGTHS[:1] if effort.quick else LENGTHS:
            best = compete(contestants(length, dtype, effort), effort)
            yield [dtype, f"{length:,}", f"{best['fastnn', 1] / length * 1e9:.3f}", *summary(best)]


def adam(effort: Effort) -> None:
    """Print the table."""
    header = ["dtype", "parameters", "ns per parameter", "fastnn", "best peer, threads", "ratio"]
    print_table("Adam: one step, one thread, called from Python", header, rows(effort))
