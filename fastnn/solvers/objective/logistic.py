"""The mean cross-entropy of logistic regression with its L2 penalty, as solvers minimise it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn import activations
from fastnn.kernels.contract import Array
from fastnn.solvers.objective.coordinates import Coordinates
from fastnn.solvers.objective.data import KernelCaller, LogisticData
from fastnn.solvers.objective.scales import Scales, scales_of
from fastnn.solvers.objective.types import Matrix, Vector
from fastnn.solvers.objective.vectors import dot

__all__ = ["LogisticObjective"]

_RESOLUTION = {True: 1e-7, False: 4e-15}  # of a mean of losses, by whether rows are computed in float32
_CANCELLED = 1e-16  # of a term of z, such as that of a feature far from zero
_GAIN_RESOLUTION = {True: 1e-8, False: 4e-15}


class LogisticObjective:
    """Loss, gradient and second derivatives over one X, which is not copied.

    ``(sum of weight * cross-entropy + sum of alpha * w**2 / 2) / sum of weight``; the parameters are
    w (i, o) and then, with an intercept, b (o,), flat.

    Parameters
    ----------
    x : ndarray (n, i) or CSR or CSC matrix, float32 or float64
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
    backend : {"auto", "native", "jit", "reference"}, default="auto"
    n_threads : int, optional
        Only for the native backend; None means its default.

    Attributes
    ----------
    data : LogisticData
        X, the classes and the weights.
    kernel : callable
        ``kernel(name, *arguments, threads=True)`` calls a kernel of the backend, with these threads where it has any.
    n_params : int
    coordinates : Coordinates
        The variables that a solver sees, and the gradient is by; w and b themselves at first.

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
        self.data = LogisticData(x, y, outputs, sample_weight, KernelCaller(backend, n_threads))
        self.kernel = self.data.kernels.call
        self.outputs, self.fit_intercept = outputs, fit_intercept
        self.n_params = (x.shape[1] + fit_intercept) * outputs
        self.coordinates = Coordinates(np.ones(self.n_params), outputs)
        self._strength = self._second_derivatives(alpha)  # of the penalty of the mean, in a solver's units

    @property
    def x(self) -> Any:
        """The features (n, i)."""
        return self.data.x

    @property
    def y(self) -> NDArray[np.int32]:
        """The number of each row's class (n,)."""
        return self.data.y

    @property
    def sample_weight(self) -> Array | None:
        """The weight of each row (n,); None where all are 1."""
        return self.data.sample_weight

    @property
    def total(self) -> float:
        """Sum of the weights."""
        return self.data.total

    @property
    def unit(self) -> Vector:
        """What the coefficients, and the intercept at the centre, are multiplied by (p,) to become a solver's."""
        return self.coordinates.unit

    @property
    def computes_in_float32(self) -> bool:
        """Whether terms of a row are float32; of a sparse X they are float64 in any case."""
        return self.data.computes_in_float32

    @property
    def resolution(self) -> float:
        """Relative rounding of the loss, in which rows round independently; larger where terms of their z cancel."""
        centre, unit = self.coordinates.centre, self.unit[:: self.outputs]
        far = 0.0 if centre is None else float((np.abs(centre) / unit[: len(centre)]).max())
        return _RESOLUTION[self.computes_in_float32] + _CANCELLED * far

    @property
    def gain_resolution(self) -> float:
        """Relative rounding of what second derivatives promise may be gained, which comes from the gradient's."""
        return _GAIN_RESOLUTION[self.computes_in_float32]

    @property
    def strength(self) -> Vector:
        """Second derivatives (p,) of the penalty."""
        return self._strength

    def null_loss(self) -> float:
        """The loss of an intercept alone, or, without one, of equal probabilities."""
        return self.data.null_loss(self.fit_intercept)

    # --- the same problem in other ways ---------------------------------------------------------

    def rescaled(self, steps: Sequence[int] = ()) -> LogisticObjective:
        """The same problem in variables that second derivatives are alike in.

        The unit of a coefficient is the deviation of its feature, larger where the penalty decides; not finite where
        that is not. With `steps`, every last of them rows have to say what it is, unless they have nothing to say of a
        feature.
        """
        return self.in_scales(self.scales(steps))

    def scales(self, steps: Sequence[int] = (), *, can_shift: bool = True) -> Scales:
        """Scales of the features; with centres, if an intercept can make up for these."""
        means, squares = (self.data.sample(steps[-1]) if steps else self.data).moments()
        if steps and not squares.all():
            means, squares = self.data.moments()
        eps = float(np.finfo(np.float32 if self.computes_in_float32 else np.float64).eps)
        can_shift = can_shift and self.fit_intercept
        return scales_of(self.x, self.sample_weight, means, squares, can_shift=can_shift, eps=eps)

    def in_scales(self, scales: Scales) -> LogisticObjective:
        """The same problem in variables of these features."""
        with np.errstate(over="ignore"):
            squares = np.append(scales.deviation, [1.0] * self.fit_intercept) ** 2
        unit = np.sqrt(np.repeat(squares, self.outputs) + 4 * self._strength * self.unit**2)
        return self.in_units(np.where(unit == 0, 1.0, unit), scales.centre if scales.centre.any() else None)

    def in_units(self, unit: Vector, centre: Vector | None = None) -> LogisticObjective:
        """The same problem for params that are `unit` (p,) times w and the intercept at `centre` (i,)."""
        other = copy(self)
        other.coordinates = Coordinates(unit, self.outputs, centre)
        other._strength = self._strength * (self.unit / unit) ** 2
        return other

    def penalised(self, alpha: float | Vector) -> LogisticObjective:
        """The same problem with another strength of the penalty."""
        other = copy(self)
        other._strength = self._second_derivatives(alpha)
        return other

    def _second_derivatives(self, alpha: float | Vector) -> Vector:
        i, o, total = self.data.x.shape[1], self.outputs, self.data.total
        strength = np.zeros(self.n_params)
        strength[: i * o] = np.repeat(np.broadcast_to(alpha, i), o) / (total * self.coordinates.unit[: i * o] ** 2)
        return strength

    def sample(self, step: int) -> LogisticObjective:
        """The problem of every `step`-th row, with the same penalty of the mean; with step 1 this one."""
        if step == 1:
            return self
        other = copy(self)
        other.data = self.data.sample(step)
        return other

    def in_float64(self, rows: slice, strength: Vector | None = None) -> LogisticObjective:
        """The part of the losses that some rows of a dense X have, in float64, and a penalty, if any.

        The parts of all rows add up.
        """
        other = copy(self)
        other.data = self.data.in_float64(rows)
        other._strength = np.zeros(self.n_params) if strength is None else strength
        return other

    def with_features(self, x: Any, strength: Vector | None = None) -> LogisticObjective:
        """The problem of the same rows with other features x (n, m), and a penalty of this strength, if any."""
        other = copy(self)
        other.data = self.data.with_features(x)
        other.n_params = (x.shape[1] + self.fit_intercept) * self.outputs
        other.coordinates = Coordinates(np.ones(other.n_params), self.outputs)
        other._strength = np.zeros(other.n_params) if strength is None else strength
        return other

    def largest_change(self, step: Vector) -> float:
        """The most that a step (p,) moves the scores of a row against each other, over all rows.

        Infinite in float32, which loses the curvature of rows that are nearly certain, and with it how far they move.
        """
        if self.computes_in_float32:
            return np.inf
        by_feature = self.coordinates.to_user(step).reshape(-1, self.outputs)
        w, b = np.ascontiguousarray(by_feature[: self.x.shape[1]]), by_feature[self.x.shape[1] :].sum(axis=0)
        if isinstance(self.x, np.ndarray):
            z = np.empty((len(self.y), self.outputs))
            self.kernel("dense_forward", self.x, w, b, activations.get("identity"), z)
        else:
            z = self.x @ w + b
        change = np.abs(z[:, 0]) if self.outputs == 1 else z.max(axis=1) - z.min(axis=1)
        return float((change if self.sample_weight is None else change * (self.sample_weight > 0)).max(initial=0.0))

    def centred(self, params: Vector) -> Vector:
        """The params with the least squares of all that mean the same: they sum to zero over the classes.

        A softmax does not change where the same is added to all classes, and the penalty's optimum is there.
        """
        if self.outputs == 1:
            return params
        by_class = params.reshape(-1, self.outputs)
        centred: Vector = (by_class - by_class.mean(axis=1, keepdims=True)).ravel()
        return centred

    # --- its value and derivatives --------------------------------------------------------------

    def __call__(self, params: Vector) -> tuple[float, Vector]:
        """Loss and gradient (p,)."""
        return self._pass(params)

    def with_diagonal(self, params: Vector) -> tuple[float, Vector, Vector]:
        """Loss, gradient and the diagonal (p,) of the Hessian; for features far from zero about what it is."""
        diagonal = np.empty(self.n_params)
        loss, d_params = self._pass(params, diagonal=diagonal)
        diagonal /= self.unit**2
        if self.coordinates.centre is not None:
            by_feature = diagonal.reshape(-1, self.outputs)
            by_feature[:-1][self.coordinates.centre != 0] = by_feature[-1]
        return loss, d_params, diagonal / self.total + self._strength

    def with_hessian(self, params: Vector) -> tuple[float, Vector, Matrix]:
        """Loss, gradient and Hessian (p, p)."""
        hessian = np.empty((self.n_params, self.n_params))
        loss, d_params = self._pass(params, hessian=hessian)
        return loss, d_params, self._penalised_hessian(hessian, self.coordinates, self._strength, 1 / self.total)

    def hessian_of(self, losses: Matrix) -> Matrix:
        """The Hessian, from that (p, p) of the losses alone by w and b, which another problem shares."""
        return self._penalised_hessian(losses.copy(), self.coordinates, self._strength)

    @staticmethod
    def _penalised_hessian(hessian: Matrix, coordinates: Coordinates, strength: Vector, share: float = 1.0) -> Matrix:
        """Turn the Hessian of a sum of losses, by w and b, into that of the penalised mean, by a solver's params."""
        coordinates.transform_hessian(hessian)
        if share != 1.0:
            hessian *= share
        hessian.ravel()[:: len(hessian) + 1] += strength
        return hessian

    def with_shared_curvature(
        self, params: Vector, chosen: NDArray[np.intp] | None = None
    ) -> tuple[float, Vector, Matrix]:
        """Loss, gradient, and the mean over the outputs of the Hessian (m, m) by the parameters of one of them.

        With `chosen`, of those features alone and the intercept.
        """
        state = np.empty((len(self.y), self.outputs), self.x.dtype)
        loss, d_params = self._pass(params, state=state)
        weight = state[:, 0]
        if self.outputs > 1:
            weight = (1 - np.einsum("ro,ro->r", state, state)) / self.outputs
            weight = weight if self.sample_weight is None else weight * self.sample_weight
        rows = self.data.readable if chosen is None else self.data.kernels.readable(self.x[:, chosen])
        kept = slice(None) if chosen is None else self.with_intercept(chosen)
        coordinates, strength = self.coordinates.of_one_output(kept), self._strength[:: self.outputs][kept]
        gram = np.empty((len(strength), len(strength)))
        self.kernel("weighted_gram", rows, np.ascontiguousarray(weight, self.x.dtype), gram)
        return loss, d_params, self._penalised_hessian(gram, coordinates, strength, 1 / self.total)

    def with_intercept(self, features: NDArray[np.intp]) -> NDArray[np.intp]:
        """Places among one output's parameters of some features, and of the intercept if there is one."""
        return np.append(features, [self.x.shape[1]] * self.fit_intercept)

    def with_product(self, params: Vector) -> tuple[float, Vector, Callable[[Vector], Vector]]:
        """Loss, gradient, and a function that multiplies the Hessian by a vector (p,)."""
        state = np.empty((len(self.y), self.outputs), self.x.dtype)
        loss, d_params = self._pass(params, state=state)
        return loss, d_params, self.product_from(state)

    def product_from(self, state: Array) -> Callable[[Vector], Vector]:
        """A function that multiplies the Hessian by a vector (p,).

        From `state` (n, o): a sigmoid's weighted second derivatives by z, or a softmax's probabilities.
        """

        def product(vector: Vector) -> Vector:
            out = np.empty(self.n_params)
            self.kernel(
                "logistic_product", self.data.readable, self.sample_weight, state, self.coordinates.to_user(vector), out
            )
            self._balance(out)
            self.coordinates.transform_gradient(out)
            out /= self.total
            out += self._strength * vector
            return out

        return product

    def _pass(
        self,
        params: Vector,
        state: Array | None = None,
        diagonal: Vector | None = None,
        hessian: Matrix | None = None,
    ) -> tuple[float, Vector]:
        d_params = np.empty(self.n_params)
        data = (self.data.readable, self.y, self.sample_weight, self.coordinates.to_user(params), self.outputs)
        total = self.kernel("logistic_gradient", *data, d_params, state, diagonal, hessian)
        self._balance(d_params)
        self.coordinates.transform_gradient(d_params)
        d_params /= self.total
        shrunk = self._strength * params
        d_params += shrunk
        return float(total / self.total + dot(shrunk, params) / 2), d_params

    def _balance(self, d_params: Vector) -> None:
        """A softmax's gradient sums to zero over the classes; what rounding left there would be taken for a slope."""
        if self.outputs > 1:
            by_class = d_params.reshape(-1, self.outputs)
            by_class -= np.add.reduce(by_class, axis=1, keepdims=True) / self.outputs
