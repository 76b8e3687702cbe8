"""Element-wise functions and softmax in cache: NumPy, SciPy and PyTorch beside fastnn, one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy import special

from fastnn import kernels

from ..cases import DTYPES, IN_CACHE, NARROW_ROWS, WIDE_ROWS, generator, label
from .contest import Contestant, Effort, compete, limit_blas, optional, print_table, repeated, summary

Array = np.ndarray
InPlace = Callable[[Array, Array], Any]  # writes the function of the first array into the second


class Function(NamedTuple):
    """One function as each library does it best; None where it has none."""

    name: str
    shape: tuple[int, ...]
    numpy: InPlace | None
    scipy: InPlace | None
    torch: Callable[[Any, Any, Any], Any]  # of the module, z and out

    def call(self, z: Array, out: Array) -> None:
        """Call fastnn's; exp is the link of the Poisson loss."""
        if self.name == "exp":
            kernels.link(z, "poisson", out=out, n_threads=1)
        else:
            kernels.activation_forward(z, self.name, out=out, n_threads=1)


def _numpy_sigmoid(z: Array, out: Array) -> None:
    np.negative(z, out=out)
    np.exp(out, out=out)
    np.add(out, 1, out=out)
    np.reciprocal(out, out=out)


def _numpy_silu(z: Array, out: Array) -> None:
    _numpy_sigmoid(z, out)
    np.multiply(z, out, out=out)


def _numpy_softmax(z: Array, out: Array) -> None:
    np.subtract(z, z.max(axis=1, keepdims=True), out=out)
    np.exp(out, out=out)
    np.divide(out, out.sum(axis=1, keepdims=True), out=out)


def _scipy_gelu(z: Array, out: Array) -> None:
    special.ndtr(z, out=out)
    np.multiply(z, out, out=out)


def _scipy_silu(z: Array, out: Array) -> None:
    special.expit(z, out=out)
    np.multiply(z, out, out=out)


def _scipy_softmax(z: Array, out: Array) -> None:
    out[...] = special.softmax(z, axis=1)


def _softmax(shape: tuple[int, ...]) -> Function:
    return Function(
        "softmax", shape, _numpy_softmax, _scipy_softmax, lambda torch, z, out: torch.softmax(z, dim=1, out=out)
    )


FUNCTIONS = [
    Function("exp", IN_CACHE, np.exp, None, lambda torch, z, out: torch.exp(z, out=out)),
    Function("sigmoid", IN_CACHE, _numpy_sigmoid, special.expit, lambda torch, z, out: torch.sigmoid(z, out=out)),
    Function("tanh", IN_CACHE, np.tanh, None, lambda torch, z, out: torch.tanh(z, out=out)),
    Function("gelu", IN_CACHE, None, _scipy_gelu, lambda torch, z, out: torch.ops.aten.gelu.out(z, out=out)),
    Function("silu", IN_CACHE, _numpy_silu, _scipy_silu, lambda torch, z, out: torch.ops.aten.silu.out(z, out=out)),
    _softmax(NARROW_ROWS),
    _softmax(WIDE_ROWS),
]


def contestants(function: Function, dtype: str, effort: Effort) -> Iterator[Contestant]:
    """Yield all who have the function; each must have computed what fastnn has."""
    z = generator().normal(size=function.shape).astype(dtype)
    ours, out = np.full_like(z, np.nan), np.full_like(z, np.nan)
    yield repeated("fastnn", 1, partial(function.call, z, ours), effort)
    for name, call in (("NumPy", function.numpy), ("SciPy", function.scipy)):
        if call is not None:
            yield repeated(name, 1, partial(call, z, out), effort, limit_blas(1))
            _assert_same(out, ours)
    torch = optional("torch")
    if torch is not None:
        call = torch.inference_mode()(partial(function.torch, torch, torch.from_numpy(z), torch.from_numpy(out)))
        yield repeated("PyTorch", 1, call, effort, lambda: torch.set_num_threads(1))
        _assert_same(out, ours)


def _assert_same(out: Array, ours: Array) -> None:
    np.testing.assert_allclose(out, ours, rtol=1e-5, atol=1e-6)
    out.fill(np.nan)


def rows(effort: Effort) -> Iterator[list[str]]:
    """Yield the table's rows."""
    for dtype in DTYPES[:1] if effort.quick else DTYPES:
        for function in FUNCTIONS[:1] if effort.quick else FUNCTIONS:
            best = compete(contestants(function, dtype, effort), effort)
            per_element = best["fastnn", 1] / np.prod(function.shape) * 1e9
            yield [dtype, function.name, label(function.shape), f"{per_element:.3f}", *summary(best)]


def functions(effort: Effort) -> None:
    """Print the table."""
    header = ["dtype", "function", "n x o", "ns per element", "fastnn", "best peer, threads", "ratio"]
    print_table("Functions: in cache, one thread, called from Python", header, rows(effort))
