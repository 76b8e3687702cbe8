"""Logistic regression's penalty and bounds, from the parameters that scikit-learn has for them over time, and ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastnn.models.common.parameter_checks import ParameterError
from fastnn.models.common.warnings import warn_caller
from fastnn.models.logistic.parameters import LogisticParameters, SolverParameters
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Vector
from fastnn.solvers.table import SOLVERS, PenaltyName, Solver, solver_with

__all__ = [
    "Penalty",
    "l2_strength",
    "penalty_of",
    "refuse_unsupported",
    "split_strength",
    "strength_of",
    "total_strength",
]

# A strength, as a part of the mean, beyond which a coefficient is zero in all but name: twice and four times as much is
# still a number.
_MOST = 1e300
_KINDS: Mapping[float, PenaltyName] = {0.0: "l2", 1.0: "l1"}  # by l1_ratio, which else makes an elastic net


@dataclass(frozen=True)
class Penalty:
    """``sum over features j of factor_j (l1 |w_j| + l2 w_j**2 / 2)``, as a part of the sum of losses, and bounds.

    Attributes
    ----------
    l1, l2 : float
    factor : ndarray (i,), optional
        Ones by default.
    bounds : (lower, upper), optional
        As the user has given them.
    scale : ndarray (i,), optional
        The penalty is that of ``scale_j * w_j`` in place of ``w_j``; bounds are those of ``w_j``.
    intercept_scaling : float, optional
        The intercept is the coefficient of a constant feature of that value and is penalised as one, as liblinear
        has it; without, it is not penalised.
    """

    l1: float
    l2: float
    factor: Vector | None = None
    bounds: Any = None
    scale: Vector | None = None
    intercept_scaling: float | None = None

    @property
    def is_smooth(self) -> bool:
        """Whether it is L2 alone, and on features alone."""
        return self.l1 == 0 and self.bounds is None and self.intercept_scaling is None

    def alpha(self, n_features: int, total: float = 1.0) -> Vector:
        """The L2 strength of each feature (i,), for weights of the rows that sum up to `total`."""
        with np.errstate(over="ignore"):
            by_feature = self.l2 * self._factor(n_features) * self._scale(n_features) ** 2
            alpha: Vector = np.minimum(by_feature, _MOST * min(total, 1.0))
        return alpha

    def separable_over(self, objective: LogisticObjective) -> Separable:
        """As a part of the mean that the objective is, for all its params (p,)."""
        i, o = objective.x.shape[1], objective.outputs
        factor, scale = np.repeat(self._factor(i), o), np.repeat(self._scale(i), o)
        l1 = _share(self.l1, factor, objective.total, scale)
        l2 = _share(self.l2, factor * scale, objective.total, scale)
        table = Separable.of(i * o, l1, l2, *self._bounds(i, o)).table
        if not objective.fit_intercept:
            return Separable(table)
        if self.intercept_scaling is None:
            return Separable(np.hstack([table, Separable.of(o).table]))
        scaling = np.full(o, 1 / self.intercept_scaling)
        l1, l2 = _share(self.l1, scaling, objective.total), _share(self.l2, scaling, objective.total, scaling)
        return Separable(np.hstack([table, Separable.of(o, l1, l2).table]))

    def _scale(self, n_features: int) -> Vector:
        return np.ones(n_features) if self.scale is None else self.scale

    def _factor(self, n_features: int) -> Vector:
        if self.factor is None:
            return np.ones(n_features)
        if self.factor.shape != (n_features,):
            raise ValueError(f"penalty_factor has shape {self.factor.shape}, wanted ({n_features},): one per feature.")
        return self.factor

    def _bounds(self, n_features: int, outputs: int) -> tuple[Vector, Vector]:
        """Lower and upper bounds (i * o,) in the order of params."""
        if self.bounds is None:
            return np.full(1, -np.inf), np.full(1, np.inf)
        shape = (outputs, n_features)
        lower, upper = _bound(self.bounds[0], -np.inf, shape), _bound(self.bounds[1], np.inf, shape)
        if not (lower <= upper).all():
            raise ValueError("bounds: a lower bound is above the upper one, or is not a number.")
        return lower.T.ravel(), upper.T.ravel()


def strength_of(C: float) -> float:
    """The strength of the penalty that C is the inverse of; for the least C, the largest there is."""
    return min(1.0 / C, _MOST)


def _share(strength: float, factor: Vector, total: float, again: Vector | float = 1.0) -> Vector:
    """A strength times factors (c,), as a part of the mean."""
    with np.errstate(over="ignore", under="ignore"):
        share: Vector = np.minimum(strength * (factor / total) * again, _MOST)
    return share


def _bound(bound: Any, none: float, shape: tuple[int, int]) -> NDArray[np.float64]:
    """One end of the bounds in coef_'s shape (o, i)."""
    bound = np.asarray(none if bound is None else bound, np.float64)
    try:
        return np.broadcast_to(bound, shape)
    except ValueError:
        raise ValueError(
            f"bounds has an array of shape {bound.shape}, wanted a number, ({shape[1]},), or coef_'s {shape}."
        ) from None


def penalty_of(model: LogisticParameters) -> Penalty:
    """The penalty that the parameters of a LogisticRegression ask for.

    Raises
    ------
    ValueError
        If they contradict one another, or ask for what the solver of that name does not do.
    """
    ratio = _l1_ratio(model)
    alpha = total_strength(model)
    refuse_unsupported(model, ratio, penalised=alpha > 0)
    if model.n_jobs is not None:
        warn_caller(f"'n_jobs' has no effect (n_jobs={model.n_jobs}). Set n_threads instead.", FutureWarning)
    factor = None if model.penalty_factor is None else np.asarray(model.penalty_factor, np.float64)
    if model.bounds is not None and len(model.bounds) != 2:
        raise ParameterError(f"bounds={model.bounds!r}, wanted a pair (lower, upper); None in it for no bound.")
    if model.firth:
        _refuse_with_firth(model, ratio, alpha)
    return replace(split_strength(model, alpha, ratio), factor=factor, bounds=model.bounds)


def split_strength(model: SolverParameters, strength: float, l1_ratio: float) -> Penalty:
    """The penalty of this strength, of which L1 has its share and L2 the rest; the same for all features."""
    scaling = float(model.intercept_scaling) if SOLVERS[model.solver].penalises_intercept else None
    return Penalty(l1_ratio * strength, (1 - l1_ratio) * strength, intercept_scaling=scaling)


def l2_strength(model: LogisticParameters) -> float:
    """The alpha of ``sum of losses + alpha |coef_|**2 / 2``.

    Raises
    ------
    ValueError
        If the parameters ask for any other penalty.
    """
    penalty = penalty_of(model)
    if not penalty.is_smooth or penalty.factor is not None or model.standardize or model.firth:
        raise ValueError(
            "Only an L2 penalty that is the same for all features is possible here: use l1_ratio=0, bounds=None, "
            "penalty_factor=None, standardize=False, firth=False and another solver than 'liblinear'."
        )
    return penalty.l2


def total_strength(model: LogisticParameters) -> float:
    """The strength of the penalty, L1 and L2 together."""
    if model.penalty is None:
        return 0.0
    if model.alpha is None:
        return strength_of(float(model.C))
    if model.C != 1.0:
        raise ValueError(f"alpha={model.alpha} and C={model.C} are two ways to say the same: leave one of them out.")
    return float(model.alpha)


def _l1_ratio(model: LogisticParameters) -> float:
    """Share of L1 in the penalty; warns about deprecated and contradictory values."""
    if model.penalty == "deprecated":
        if model.l1_ratio is None:
            warn_caller("'l1_ratio=None' was deprecated; use a number from 0 to 1.", FutureWarning)
        return float(model.l1_ratio or 0)
    warn_caller(
        "'penalty' was deprecated. Leave it unset and use l1_ratio (0 for 'l2', 1 for 'l1'), "
        "or C=np.inf instead of penalty=None.",
        FutureWarning,
    )
    if model.penalty is None:
        if model.C != 1.0:
            warn_caller("Setting penalty=None will ignore the C and l1_ratio parameters.", UserWarning)
        return 0.0
    if model.penalty == "elasticnet":
        if model.l1_ratio is None:
            raise ValueError("penalty='elasticnet' needs l1_ratio, a number from 0 to 1.")
        return float(model.l1_ratio)
    ratio = float(model.penalty == "l1")
    if model.l1_ratio is not None and 0 < model.l1_ratio < 1:
        warn_caller(
            f"l1_ratio parameter is only used when penalty is 'elasticnet'. Got (penalty={model.penalty})", UserWarning
        )
    if model.l1_ratio != ratio:
        warn_caller(
            f"Inconsistent values: penalty={model.penalty} with l1_ratio={model.l1_ratio}. Use l1_ratio only.",
            UserWarning,
        )
    return ratio


def refuse_unsupported(model: SolverParameters, ratio: float, *, penalised: bool = True) -> None:
    """Raise ValueError for what the table says that a solver of that name does not do.

    Some of it scikit-learn's solver of the name does not do, some has no meaning for its optimum.
    """
    solver, ratio = SOLVERS[model.solver], ratio if penalised else 0.0
    wanted = _KINDS.get(ratio, "elasticnet") if penalised else "none"
    if wanted not in solver.penalties:
        raise _unsupported_penalty(solver, wanted, ratio)
    if model.dual and not solver.takes_dual:
        raise ValueError(f"Solver {solver.name} supports only dual=False, got dual=True. Use dual=False.")
    if not solver.takes_bounds and model.bounds is not None:
        raise ValueError(f"Solver {solver.name} knows no bounds. Use solver={solver_with(bounds=True)!r}.")
    if solver.penalises_intercept and model.standardize:
        raise ValueError(
            f"Solver {solver.name} penalises the intercept, which is another one for standardised features, so that "
            "standardize=True has no meaning there. Use solver='auto', or a StandardScaler."
        )
    if model.dual and ratio != 0:
        raise ValueError(f"dual=True is for an L2 penalty, got l1_ratio={ratio}. Use dual=False.")


def _unsupported_penalty(solver: Solver, wanted: PenaltyName, ratio: float) -> ValueError:
    """The error for a penalty that a solver does not take; it begins as scikit-learn's does."""
    other = solver_with(wanted)
    if wanted == "none":
        return ValueError(
            f"C=np.inf as well as penalty=None is not supported for the {solver.name} solver. Use solver={other!r}."
        )
    if wanted == "elasticnet" and "l1" in solver.penalties:
        return ValueError(
            f"Only 'saga' solver supports elasticnet penalty, got solver={solver.name}. So does solver={other!r}: use "
            "that."
        )
    known = " or ".join("None" if name == "none" else repr(name) for name in solver.penalties)
    return ValueError(
        f"Solver {solver.name} supports only {known} penalties, got l1_ratio={ratio}. Use solver={other!r}."
    )


def _refuse_with_firth(model: LogisticParameters, ratio: float, alpha: float) -> None:
    """Raise ValueError for what is no part of Firth's penalised likelihood."""
    if alpha > 0:
        raise ValueError(
            f"firth=True is a penalty by itself, and is for C=np.inf; got the strength {alpha:g} of another one "
            f"(C={model.C}, alpha={model.alpha})."
        )
    others = {"l1_ratio": ratio != 0, "penalty_factor": model.penalty_factor is not None}
    others |= {"bounds": model.bounds is not None, "solver": model.solver != "auto"}
    found = [f"{name}={getattr(model, name)!r}" for name, is_set in others.items() if is_set]
    if found:
        raise ValueError(
            f"firth=True has a method and a penalty of its own, so that {', '.join(found)} cannot act. Leave them "
            "at their defaults."
        )
