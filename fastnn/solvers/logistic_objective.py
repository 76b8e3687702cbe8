"""The mean cross-entropy of logistic regression with its L2 penalty, as solvers minimise it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.kernels.contract import Array
from fastnn.kernels.select import kernels_for, resolve
from fastnn.solvers.objective import Matrix, Vector
from fastnn.threads import resolve as resolve_threads

__all__ = ["LogisticObjective"]

# Rounding of a mean of losses by the bytes of X's numbers: rows round independently.
_RESOLUTION = {4: 1e-8, 8: 1e-15}


class LogisticObjective:
    """Loss, gradient and second derivatives over one X that is never copied.

    ``(sum of weight * cross-entropy + sum of alpha * w**2 / 2) / sum of weight``; the parameters are
    w (i, o) and then, with an intercept, b (o,), flat.

    Parameters
    ----------
    x : ndarray (n, i) or CSR matrix, float32 or float64
        Rows of an ndarray are contiguous; they may lie further apart than they are long.
    y : ndarray (n,), int32
        The number of each row's class.
    outputs : int
        1 for two classes (a sigmoid, the probability of class 1), else the number of classes.
    sample_weight : ndarray (n,), optional
        Of x's dtype.
    alpha : float or ndarray (i,), default=0.0
        Strength of the penalty, of all features or of each.
    fit_intercept : bool, default=True
    backend, n_threads
        As everywhere.

    Attributes
    ----------
    n_params : int
    total : float
        Sum of the weights.
    resolution : float
        Relative rounding of the loss.
    unit : ndarray (p,)
        What the parameters are multiplied by to become those that a solver sees; ones at first. A
        solver's params are ``unit * (w, b)``, and the gradient is by them.

    Notes
    -----
    Losses, gradients and second derivatives are bitwise the same for every number of threads.
    """

    def __init__(
        self,
        x: Any,
        y: NDArray[np.int32],
        outputs: int,
        *,
        sample_weight: Array | None = None,
        alpha: float | Vector = 0.0,
        fit_intercept: bool = True,
        backend: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        chosen = resolve(backend)
        if chosen != "native" and n_threads is not None:
            raise ValueError(
                f"n_threads={n_threads!r} with backend={backend!r}: only the native backend has "
                "threads. Leave out one of the two."
            )
        self.x, self.y, self.outputs, self.sample_weight = x, y, outputs, sample_weight
        self.fit_intercept = fit_intercept
        kernels = kernels_for(chosen)
        has_threads = chosen == "native" and hasattr(kernels, "logistic_gradient")
        self._kernels = kernels if has_threads else kernels_for("reference")
        self._threads = (resolve_threads(n_threads),) if has_threads else ()
        self.n_params = (x.shape[1] + fit_intercept) * outputs
        self.total = float(x.shape[0] if sample_weight is None else sample_weight.sum(dtype=np.float64))
        self.resolution = _RESOLUTION[x.dtype.itemsize]
        self.unit: Vector = np.ones(self.n_params)
        self._strength: Vector = np.zeros(self.n_params)  # of the penalty of the mean, in a solver's units
        self._strength[: x.shape[1] * outputs] = np.repeat(np.broadcast_to(alpha, x.shape[1]), outputs) / self.total

    # --- the same problem in other ways ---------------------------------------------------------

    def rescaled(self) -> LogisticObjective:
        """The same problem in variables that second derivatives are alike in.

        The unit of a coefficient is the root mean square of its feature, larger where the penalty decides.
        """
        _, _, diagonal = self.with_diagonal(np.zeros(self.n_params))
        curvature = 0.25 if self.outputs == 1 else (1 - 1 / self.outputs) / self.outputs
        unit = np.sqrt((diagonal - self._strength) / curvature + 4 * self._strength)
        return self.in_units(np.where((unit > 0) & np.isfinite(unit), unit, 1.0) * self.unit)

    def in_units(self, unit: Vector) -> LogisticObjective:
        """The same problem for params that are `unit` (p,) times w and b."""
        other = copy(self)
        other.unit = unit
        other._strength = self._strength * (self.unit / unit) ** 2
        return other

    def sample(self, step: int) -> LogisticObjective:
        """The problem of every `step`-th row, with the same penalty of the mean."""
        other = copy(self)
        other.x = self.x[::step]
        other.y = np.ascontiguousarray(self.y[::step])
        weight = self.sample_weight
        other.sample_weight = None if weight is None else np.ascontiguousarray(weight[::step])
        other.total = float(len(other.y) if weight is None else weight[::step].sum(dtype=np.float64))
        return other

    def over(self, x: Any) -> LogisticObjective:
        """The problem of the same rows with other features x (n, m), without a penalty."""
        other = copy(self)
        other.x = x
        other.n_params = (x.shape[1] + self.fit_intercept) * self.outputs
        other.sample_weight = None if self.sample_weight is None else self.sample_weight.astype(x.dtype, copy=False)
        other.unit, other._strength = np.ones(other.n_params), np.zeros(other.n_params)
        return other

    def kernel(self, name: str, *arguments: Any, threads: bool = True) -> Any:
        """Call another kernel of the backend, with these threads where it has any."""
        return getattr(self._kernels, name)(*arguments, *(self._threads if threads else ()))

    def centred(self, params: Vector) -> Vector:
        """Of all params that mean the same, those that sum to zero over the classes where no penalty says so.

        A softmax does not change where the same is added to all classes.
        """
        if self.outputs == 1:
            return params
        by_class = (params / self.unit).reshape(-1, self.outputs)
        free = self._strength.reshape(-1, self.outputs)[:, :1] == 0
        moved = by_class - np.where(free, by_class.mean(axis=1, keepdims=True), 0.0)
        return moved.ravel() * self.unit

    # --- its value and derivatives --------------------------------------------------------------

    def __call__(self, params: Vector) -> tuple[float, Vector]:
        """Loss and gradient (p,)."""
        return self._pass(params)

    def with_diagonal(self, params: Vector) -> tuple[float, Vector, Vector]:
        """Loss, gradient and the diagonal (p,) of the Hessian."""
        diagonal = np.empty(self.n_params)
        loss, d_params = self._pass(params, diagonal=diagonal)
        return loss, d_params, diagonal / (self.unit**2 * self.total) + self._strength

    def with_hessian(self, params: Vector) -> tuple[float, Vector, Matrix]:
        """Loss, gradient and Hessian (p, p)."""
        hessian = np.empty((self.n_params, self.n_params))
        loss, d_params = self._pass(params, hessian=hessian)
        hessian /= self.unit[:, None] * (self.unit * self.total)
        hessian.ravel()[:: self.n_params + 1] += self._strength
        return loss, d_params, hessian

    def hessian_of(self, losses: Matrix) -> Matrix:
        """The Hessian, from that (p, p) of the losses alone in the user's units, which another problem shares."""
        hessian: Matrix = losses / (self.unit * self.unit[:, None])
        hessian.ravel()[:: self.n_params + 1] += self._strength
        return hessian

    def with_product(self, params: Vector) -> tuple[float, Vector, Callable[[Vector], Vector]]:
        """Loss, gradient, and a function that multiplies the Hessian by a vector (p,)."""
        state = np.empty((len(self.y), self.outputs), self.x.dtype)
        loss, d_params = self._pass(params, state=state)

        def product(vector: Vector) -> Vector:
            out = np.empty(self.n_params)
            given = (self.x, self.sample_weight, state, vector / self.unit)
            self._kernels.logistic_product(*given, out, *self._threads)
            out /= self.unit * self.total
            out += self._strength * vector
            return out

        return loss, d_params, product

    def _pass(
        self,
        params: Vector,
        state: Array | None = None,
        diagonal: Vector | None = None,
        hessian: Matrix | None = None,
    ) -> tuple[float, Vector]:
        d_params = np.empty(self.n_params)
        data = (self.x, self.y, self.sample_weight, params / self.unit, self.outputs)
        total = self._kernels.logistic_gradient(*data, d_params, state, diagonal, hessian, *self._threads)
        d_params /= self.unit * self.total
        shrunk = self._strength * params
        d_params += shrunk
        return float(total / self.total + np.einsum("i,i->", shrunk, params) / 2), d_params
