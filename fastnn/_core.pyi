"""Types of the compiled module; src_ext/binding has the functions."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self, TypeVar, final

from numpy import dtype, float64, int32, int64, intp, ndarray
from numpy.typing import DTypeLike
from typing_extensions import disjoint_base

from fastnn.activations import Activation
from fastnn.losses import Loss
from fastnn.optimizers import Optimizer, OptimizerState

_Result = TypeVar("_Result")
_Array = ndarray[Any, dtype[Any]]
_DType = dtype[Any]

ACTIVATION_CODES: dict[str, int]
ACTIVATION_DEFAULTS: dict[str, tuple[float, ...]]
LOSS_CODES: dict[str, int]
LINK_CODES: dict[str, int]
OPTIMIZER_CODES: dict[str, int]

@final
class Cancellation:
    def __init__(self) -> None: ...
    def set(self) -> None: ...
    def is_set(self) -> bool: ...
    def run(self, function: Callable[..., _Result], *arguments: Any) -> _Result: ...

# Kernels of fastnn/kernels/contract.py, written by tools/contract.py.
def dense_forward(
    x: _Array, w: _Array, b: _Array | None, activation: str | Activation, out: _Array, n_threads: int = 0
) -> None: ...
def dense_backward_input(d_z: _Array, w: _Array, out: _Array, n_threads: int = 0) -> None: ...
def dense_backward_params(x: _Array, d_z: _Array, d_w: _Array, d_b: _Array, n_threads: int = 0) -> None: ...
def activation_forward(z: _Array, activation: str | Activation, out: _Array, n_threads: int = 0) -> None: ...
def activation_backward(
    z: _Array, a: _Array, d_a: _Array, activation: str | Activation, out: _Array, n_threads: int = 0
) -> None: ...
def link(z: _Array, loss: str | Loss, out: _Array, n_threads: int = 0) -> None: ...
def loss_and_gradient(
    z: _Array, y: _Array, sample_weight: _Array | None, loss: str | Loss, d_z: _Array, n_threads: int = 0
) -> float: ...
def sgd_step(
    params: _Array,
    d_params: _Array,
    velocity: _Array,
    learning_rate: float,
    momentum: float,
    nesterov: bool,
    n_threads: int = 0,
) -> None: ...
def adam_step(
    params: _Array,
    d_params: _Array,
    m: _Array,
    v: _Array,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    n_threads: int = 0,
) -> None: ...
def rmsprop_step(
    params: _Array, d_params: _Array, v: _Array, learning_rate: float, rho: float, epsilon: float, n_threads: int = 0
) -> None: ...
def adagrad_step(
    params: _Array, d_params: _Array, v: _Array, learning_rate: float, epsilon: float, n_threads: int = 0
) -> None: ...
def adamw_step(
    params: _Array,
    d_params: _Array,
    m: _Array,
    v: _Array,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    weight_decay: float,
    n_threads: int = 0,
) -> None: ...
def nadam_step(
    params: _Array,
    d_params: _Array,
    m: _Array,
    v: _Array,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    n_threads: int = 0,
) -> None: ...
def adamax_step(
    params: _Array,
    d_params: _Array,
    m: _Array,
    u: _Array,
    step: int,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    epsilon: float,
    n_threads: int = 0,
) -> None: ...
def adadelta_step(
    params: _Array,
    d_params: _Array,
    v: _Array,
    u: _Array,
    learning_rate: float,
    rho: float,
    epsilon: float,
    n_threads: int = 0,
) -> None: ...
def lion_step(
    params: _Array,
    d_params: _Array,
    m: _Array,
    learning_rate: float,
    beta_1: float,
    beta_2: float,
    weight_decay: float,
    n_threads: int = 0,
) -> None: ...
def clip_by_value(d_params: _Array, limit: float, n_threads: int = 0) -> None: ...
def clip_by_norm(d_params: _Array, limit: float, n_threads: int = 0) -> float: ...
def ema_step(average: _Array, params: _Array, decay: float, n_threads: int = 0) -> None: ...
def dropout(
    x: _Array, rate: float, seed: int, step: int, layer: int, first_row: int, out: _Array, n_threads: int = 0
) -> None: ...
def network_forward(plan: Any, params: _Array, x: _Array, out: _Array, n_threads: int = 0) -> None: ...
def network_gradient(
    plan: Any,
    params: _Array,
    x: _Array,
    y: _Array,
    sample_weight: _Array | None,
    alpha: float,
    d_params: _Array,
    n_threads: int = 0,
) -> float: ...
def fit_epoch(
    plan: Any,
    params: _Array,
    x: _Array,
    y: _Array,
    sample_weight: _Array | None,
    order: ndarray[Any, dtype[int64]] | None,
    batch_size: int,
    optimizer: Optimizer,
    state: OptimizerState,
    learning_rates: _Array,
    alpha: float,
    l1: float,
    seed: int,
    n_threads: int = 0,
) -> tuple[float, float]: ...
def neuron_epoch(
    activation: str | Activation,
    params: _Array,
    x: _Array,
    y: _Array,
    sample_weight: _Array | None,
    order: ndarray[Any, dtype[int64]] | None,
    batch_size: int,
    learning_rates: _Array,
    total: _Array | None,
    n_threads: int = 0,
) -> float: ...

# End of what tools/contract.py writes.

def all_finite(x: _Array, n_threads: int = 0) -> bool: ...
def refresh(copy: _Array, original: _Array) -> None: ...

@final
class NativePlan:
    def __new__(
        cls,
        widths: Iterable[int],
        activations: Iterable[str | Activation],
        bias: Iterable[bool],
        dropout: Iterable[float],
        dtype: DTypeLike,
    ) -> Self: ...

@final
class Predictor:
    def __new__(
        cls,
        plan: Any,
        params: _Array,
        output: str,
        labels: str | None = None,
        labels_plan: Any = None,
        classes: _Array | None = None,
        steps: tuple[tuple[str, Any, bool], ...] = (),
        squeezed: bool = False,
        strict: bool = False,
        check_finite: bool = False,
        n_threads: int = 1,
        names: tuple[str, ...] | None = None,
    ) -> Self: ...
    @property
    def plan(self) -> Any: ...
    @property
    def classes(self) -> _Array | None: ...
    @property
    def n_inputs(self) -> int: ...
    @property
    def n_outputs(self) -> int: ...
    @property
    def dtype(self) -> _DType: ...
    @property
    def address(self) -> tuple[int, int]: ...
    def __call__(self, x: Any, out: _Array | None = None) -> Any: ...
    def label(self, x: Any) -> Any: ...

@final
class NativeActivation:
    def __new__(cls, function: int, dtype: DTypeLike, owner: object, backward: int = 0) -> Self: ...

@final
class NativeLoss:
    def __new__(
        cls,
        tile: int,
        dtype: DTypeLike,
        link: str = "identity",
        owner: object = None,
        parameters: int = 0,
        run: int = 0,
    ) -> Self: ...

def network_answer(
    plan: Any, params: _Array, x: Any, loss: Any, pairs: bool, check_finite: bool, n_threads: int = 0
) -> _Array | None: ...
def linear_params(coef: Any, intercept: Any) -> _Array | None: ...
def are_same(these: Sequence[Any], those: Sequence[Any]) -> bool: ...
def network_predict(plan: Any, params: _Array, x: Any, loss: Any, out: _Array, n_threads: int = 0) -> None: ...
def column_sums(
    columns: Any,
    d_z: _Array,
    weight: _Array,
    p: _Array | None,
    d_w: _Array,
    curvature: _Array,
    moment: _Array | None,
    n_threads: int = 0,
) -> None: ...
def quadratic_descent(
    hessian: _Array, penalty: _Array, tolerance: float, max_sweeps: int, w: _Array, d_w: _Array
) -> tuple[float, int]: ...
def column_descent(
    columns: Any,
    weight: _Array,
    p: _Array | None,
    d_w: _Array,
    curvature: _Array,
    moment: _Array | None,
    penalty: _Array,
    d_b: _Array | None,
    curvature_b: _Array | None,
    penalty_b: _Array | None,
    tolerance: float,
    max_sweeps: int,
    w: _Array,
    b: _Array,
    u: _Array,
    q: _Array | None,
) -> tuple[float, int]: ...
def memory_backward(
    steps: _Array, changes: _Array, curvatures: _Array, newest: int, count: int, factors: _Array, vector: _Array
) -> None: ...
def memory_forward(
    steps: _Array, changes: _Array, curvatures: _Array, newest: int, count: int, factors: _Array, vector: _Array
) -> None: ...
def take_columns(
    x: Any, features: ndarray[Any, dtype[intp]], by_column: bool = False
) -> tuple[tuple[_Array, _Array, _Array], tuple[_Array, _Array, _Array] | None]: ...

@disjoint_base
class Workspace:
    def fit_epoch(self, *arguments: Any) -> tuple[float, float]: ...
    def write_state(self, ends: bool = False) -> None: ...

def dot(a: ndarray[Any, dtype[float64]], b: ndarray[Any, dtype[float64]]) -> float: ...

@disjoint_base
class SparseMatrix:
    shape: tuple[int, int]
    def __new__(cls, x: Any) -> Self: ...

@final
class SparseRows(SparseMatrix): ...

@final
class SparseColumns(SparseMatrix): ...

@final
class CscColumns:
    shape: tuple[int, int]
    def __new__(cls, x: Any) -> Self: ...

def saga_table(
    x: Any,
    y: ndarray[Any, dtype[int32]],
    sample_weight: _Array | None,
    shift: ndarray[Any, dtype[float64]] | None,
    scale: ndarray[Any, dtype[float64]],
    total: float,
    params: ndarray[Any, dtype[float64]],
    table: ndarray[Any, dtype[float64]],
    d_params: ndarray[Any, dtype[float64]],
) -> float: ...
def saga_epoch(
    x: Any,
    y: ndarray[Any, dtype[int32]],
    sample_weight: _Array | None,
    order: ndarray[Any, dtype[int64]],
    shift: ndarray[Any, dtype[float64]] | None,
    scale: ndarray[Any, dtype[float64]],
    total: float,
    rows: int,
    step: float,
    penalty: ndarray[Any, dtype[float64]],
    params: ndarray[Any, dtype[float64]],
    table: ndarray[Any, dtype[float64]],
    d_params: ndarray[Any, dtype[float64]],
) -> None: ...
def logistic_gradient(
    x: Any,
    y: ndarray[Any, dtype[int32]],
    sample_weight: _Array | None,
    params: ndarray[Any, dtype[float64]],
    outputs: int,
    d_params: ndarray[Any, dtype[float64]],
    state: _Array | None,
    diagonal: ndarray[Any, dtype[float64]] | None,
    hessian: ndarray[Any, dtype[float64]] | None,
    n_threads: int = 0,
) -> float: ...
def logistic_product(
    x: Any,
    sample_weight: _Array | None,
    state: _Array,
    vector: ndarray[Any, dtype[float64]],
    out: ndarray[Any, dtype[float64]],
    n_threads: int = 0,
) -> None: ...
def weighted_gram(x: Any, weight: _Array, out: ndarray[Any, dtype[float64]], n_threads: int = 0) -> None: ...
def look_for_signals_every(seconds: float) -> float: ...
def simd_level() -> str: ...
def simd_available() -> tuple[str, ...]: ...
def vector_bytes() -> int: ...
def keep_teams(as_asked: bool) -> None: ...
def crowded_seconds() -> float: ...
def build_info() -> str: ...
def api_address() -> int: ...
def activation_codes() -> dict[str, int]: ...
def activation_defaults() -> dict[str, tuple[float, ...]]: ...
def loss_codes() -> dict[str, int]: ...
def loss_links() -> dict[str, str]: ...
def optimizer_codes() -> dict[str, int]: ...
def permutation(seed: int, epoch: int, out: ndarray[Any, dtype[int64]]) -> None: ...
def fma_peak(dtype: DTypeLike) -> float: ...
def read_bandwidth(nbytes: int) -> float: ...
def seconds_per_call(count: int, kernel: Callable[..., Any], *arguments: Any, **keywords: Any) -> float: ...
