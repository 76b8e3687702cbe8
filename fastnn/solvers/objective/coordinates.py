"""The change of variables between coefficients of the user's features and the params that a solver sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fastnn.solvers.objective.types import Matrix, Vector

__all__ = ["Coordinates", "weights_and_biases"]


def weights_and_biases(params: Vector, outputs: int) -> tuple[Vector, Vector]:
    """Views of w (i, o) and b (o,) in the params (p,) of a problem with an intercept."""
    by_feature = params.reshape(-1, outputs)
    return by_feature[:-1], by_feature[-1]


@dataclass(frozen=True)
class Coordinates:
    """A solver's params are ``unit * (w, b + centre @ w)``: those of the features ``(x - centre) / unit``.

    Neither the loss nor the penalty changes, since z is the same number in both. It is the intercept at the centre
    that a solver sees, so that a feature far from zero is not another intercept to it.

    Attributes
    ----------
    unit : ndarray (p,)
    outputs : int
    centre : ndarray (i,), optional
        Zeros by default; only for a problem with an intercept.
    """

    unit: Vector
    outputs: int
    centre: Vector | None = None

    def to_user(self, params: Vector) -> Vector:
        """w (i, o) and b (o,), flat, of a solver's params (p,)."""
        user = params / self.unit
        if self.centre is not None:
            w, b = weights_and_biases(user, self.outputs)
            b -= np.einsum("j,jo->o", self.centre, w)
        return user

    def from_user(self, user: Vector) -> Vector:
        """The reverse of `to_user`."""
        params = user.copy()
        if self.centre is not None:
            w, b = weights_and_biases(params, self.outputs)
            b += np.einsum("j,jo->o", self.centre, w)
        params *= self.unit
        return params

    def transform_gradient(self, d_user: Vector) -> None:
        """Make a gradient (p,) by w and b one by a solver's params, in place."""
        if self.centre is not None:
            d_w, d_b = weights_and_biases(d_user, self.outputs)
            d_w -= self.centre[:, None] * d_b
        d_user /= self.unit

    def gradient_to_user(self, d_params: Vector) -> Vector:
        """The reverse of `transform_gradient`, in a new array."""
        d_user = d_params * self.unit
        if self.centre is not None:
            d_w, d_b = weights_and_biases(d_user, self.outputs)
            d_w += self.centre[:, None] * d_b
        return d_user

    def transform_hessian(self, hessian: Matrix) -> None:
        """Make second derivatives (p, p) by w and b those by a solver's params, in place."""
        if self.centre is not None:
            o = self.outputs
            by_column = hessian.reshape(len(self.centre) + 1, o, -1, o)
            by_column[:-1] -= self.centre[:, None, None, None] * by_column[-1]
            by_column[:, :, :-1] -= by_column[:, :, -1:] * self.centre[:, None]
        inverse = 1 / self.unit
        hessian *= inverse[:, None]
        hessian *= inverse

    def of_one_output(self, kept: slice | NDArray[np.intp] = slice(None)) -> Coordinates:
        """The change of variables of one output's parameters, the same for all; of some features and the intercept."""
        centre = self.centre
        if centre is not None:
            centre = np.append(centre, 0.0)[kept][:-1]
        return Coordinates(self.unit[:: self.outputs][kept], 1, centre)
