"""Types of the compiled module; src_ext/*.pxi has the functions."""

from collections.abc import Callable
from typing import Any

from numpy import dtype, int64, ndarray
from numpy.typing import DTypeLike

from fastnn.activations import Activation
from fastnn.losses import Loss
from fastnn.optimizers import Optimizer, OptimizerState

Array = ndarray[Any, dtype[Any]]

ACTIVATION_CODES: dict[str, int]
LOSS_CODES: dict[str, int]
OPTIMIZER_CODES: dict[str, int]

def dense_forward(
    x: Array, w: Array, b: Array | None, activation: str | Activation, out: Array, n_threads: int = 0
) -> None: ...
def dense_backward_input(d_z: Array, w: Array, out: Array, n_threads: int = 0) -> None: ...
def dense_backward_params(x: Array, d_z: Array, d_w: Array, d_b: Array, n_threads: int = 0) -> None: ...
def activation_forward(z: Array, activation: str | Activation, out: Array, n_threads: int = 0) -> None: ...
def activation_backward(
    z: Array, a: Array, d_a: Array, activation: str | Activation, out: Array, n_threads: int = 0
) -> None: ...
def link(z: Array, loss: str | Loss, out: Array, n_threads: int = 0) -> None: ...
def loss_and_gradient(
    z: Array, y: Array, sample_weight: Array | None, loss: str | Loss, d_z: Array, n_threads: int = 0
) -> float: ...
def sgd_step(
    params: Array,
    d_params: Array,
    velocity: Array,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
    n_threads: int = 0,
) -> None: ...
def adam_step(
    params: Array,
    d_params: Array,
    m: Array,
    v: Array,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    n_threads: int = 0,
) -> None: ...
def network_forward(plan: Any, params: Array, x: Array, out: Array, n_threads: int = 0) -> None: ...
def network_gradient(
    plan: Any,
    params: Array,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    alpha: float,
    d_params: Array,
    n_threads: int = 0,
) -> float: ...
def fit_epoch(
    plan: Any,
    params: Array,
    x: Array,
    y: Array,
    sample_weight: Array | None,
    order: ndarray[Any, dtype[int64]] | None,
    batch_size: int,
    optimizer: Optimizer,
    state: OptimizerState,
    learning_rates: Array,
    alpha: float,
    n_threads: int = 0,
) -> float: ...
def simd_level() -> str: ...
def simd_available() -> tuple[str, ...]: ...
def vector_bytes() -> int: ...
def build_info() -> str: ...
def activation_codes() -> dict[str, int]: ...
def loss_codes() -> dict[str, int]: ...
def optimizer_codes() -> dict[str, int]: ...
def permutation(seed: int, epoch: int, out: ndarray[Any, dtype[int64]]) -> None: ...
def fma_peak(dtype: DTypeLike) -> float: ...
def seconds_per_call(count: int, kernel: Callable[..., Any], *arguments: Any, **keywords: Any) -> float: ...
