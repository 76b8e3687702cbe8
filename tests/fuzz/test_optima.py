"""Every solver's optimum on random problems: Newton's reference where the objective is smooth, else its conditions."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hard_data import FORMS
from hypothesis import assume, event, given
from hypothesis import strategies as st
from optimum import Problem, excess, find_optimum, objective_at, raw_outputs, rounding, softmax
from separated import separation_by_program
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.class_weight import compute_class_weight
from solver_names import FREE_INTERCEPT, SLOW

from fastnn import LogisticRegression

TOL = 1e-8
GAP_TOL = 1e-5  # the gap of tol**2 has to be above the rounding of the objective
MOST = {"float64": 1e-8, "float32": 1e-7}  # excess, where rounding of coefficients does not ask for more


@dataclass(frozen=True)
class Drawn:
    """A problem, with all weights in it, and what makes it of `fit`: the weights of rows and of classes."""

    problem: Problem
    sample_weight: Any
    class_weight: Any

    def __repr__(self) -> str:
        weighted = "" if self.sample_weight is None else "weighted "
        return f"{weighted}{self.problem!r}, class_weight={self.class_weight}, X at {self.problem.dense[0]}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))

    def fitted(self, **parameters: Any) -> tuple[Any, bool]:
        """A model, and whether it says that it has converged."""
        given = {"tol": TOL, "max_iter": 2000, "class_weight": self.class_weight, "random_state": 0}
        model = LogisticRegression(**{**self.problem.parameters, **given, **parameters})
        return model, fits(model, self)


def fits(model: Any, drawn: Drawn) -> bool:
    """Whether `fit` has converged."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ConvergenceWarning)
        model.fit(drawn.problem.x, drawn.problem.y, drawn.sample_weight)
    return not any(issubclass(each.category, ConvergenceWarning) for each in caught)


@st.composite
def problems(draw: Any, classes: Any = (2, 3, 4), shifts: Any = (0.0, 1.0, 100.0), Cs: Any = None) -> Drawn:
    """With an optimum: a penalty on every coefficient, or classes that overlap."""
    k, i = draw(st.sampled_from(classes)), draw(st.integers(1, 6))
    n = draw(st.integers(10 * k, 150))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    dtype, form = draw(st.sampled_from([np.float64, np.float32])), draw(st.sampled_from(sorted(FORMS)))
    x = rng.standard_normal((n, i)) * (rng.random((n, i)) < draw(st.sampled_from([1.0, 0.3])))
    strength = draw(st.sampled_from([0.3, 1.0, 3.0]))
    y = np.argmax(strength * x @ rng.standard_normal((i, k)) + rng.gumbel(size=(n, k)), axis=1)
    y[:k] = np.arange(k)
    scale = 10.0 ** np.array(draw(st.lists(st.integers(-4, 4), min_size=i, max_size=i)))
    x = ((x + draw(st.sampled_from(shifts))) * scale).astype(dtype)
    C = draw(st.sampled_from(Cs or [1e-2, 1.0, 1e3, np.inf]))
    weight, class_weight = draw(weights(n, k)), draw(st.sampled_from([None, "balanced", dict.fromkeys(range(k), 2.0)]))
    total = times_class_weight(weight, class_weight, y)
    problem = Problem(FORMS[form](x), y, C, draw(st.booleans()), total)
    return Drawn(problem, weight, class_weight)


@st.composite
def weights(draw: Any, n: int, k: int) -> Any:
    """None, or of rows (n,), of which those of every class's first row are not zero."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kind = draw(st.sampled_from(["none", "real", "some zero"]))
    if kind == "none":
        return None
    weight = rng.integers(1, 9, n) / 4 * (rng.random(n) < (1.0 if kind == "real" else 0.6))  # exact in float32
    weight[:k] = 1.0
    return weight


def times_class_weight(weight: Any, class_weight: Any, y: np.ndarray) -> np.ndarray:
    """Weights of rows (n,), those of their classes in them."""
    rows = np.ones(len(y)) if weight is None else weight
    by_class = compute_class_weight(class_weight, classes=np.unique(y), y=y, sample_weight=rows)
    return np.asarray(rows * by_class[y])


@st.composite
def smooth_problems(draw: Any, **which: Any) -> Drawn:
    """With a factor of the penalty for each feature, or not; all are such that the optimum exists."""
    drawn = draw(problems(**which))
    problem = drawn.problem
    if draw(st.booleans()):
        factors = st.lists(st.sampled_from([0.0, 0.1, 1.0, 10.0]), min_size=problem.dense.shape[1], max_size=8)
        factor = np.array(draw(factors)[: problem.dense.shape[1]])
        problem = replace(problem, penalty_factor=factor)
    free, kept = problem.strengths == 0, problem.costs > 0
    if free.any():
        columns = problem.dense[kept][:, free]
        assume(separation_by_program(columns, problem.y[kept], problem.fit_intercept) == "none")
        assume(np.linalg.matrix_rank(np.linalg.qr(columns / np.abs(columns).max(axis=0))[1], tol=1e-4) == free.sum())
    return replace(drawn, problem=problem)


@given(smooth_problems(), st.sampled_from(FREE_INTERCEPT))
def test_smooth_optima(drawn: Drawn, solver: str) -> None:
    check_smooth(drawn, solver, drawn.problem)


@given(smooth_problems(classes=(2,), Cs=[1e-2, 1.0, 1e3]))
def test_liblinears_optima(drawn: Drawn) -> None:
    check_smooth(drawn, "liblinear", replace(drawn.problem, intercept_is_penalised=True))


def check_smooth(drawn: Drawn, solver: str, problem: Problem) -> None:
    """A fit comes to the reference's optimum, and one from there stays."""
    optimum = find_optimum(problem)
    tol = GAP_TOL if solver == "liblinear" else TOL
    model, converged = drawn.fitted(solver=solver, tol=tol, penalty_factor=problem.penalty_factor, warm_start=True)
    dtype = np.float64 if solver == "liblinear" else problem.x.dtype
    most = max(MOST[np.dtype(dtype).name], 2 * rounding(problem, optimum, dtype))
    for times in ("first", "second"):
        missed = excess(model, problem, optimum)
        assert missed > -1e-12, f"the reference is wrong by {missed:.1e}"
        event(f"{solver} {'converged' if converged else 'warned'} at the {times} fit")
        # The bound of liblinear's duality gap is loose where columns are shifted: it may be there and not know it.
        may_stop = solver in SLOW or (solver == "liblinear" and missed <= most)
        assert converged or may_stop, f"{solver} gave up at the {times} fit, {missed:.1e} above the optimum"
        assert missed <= most or not converged, f"{solver} is {missed:.1e} above the optimum after the {times} fit"
        converged = fits(model, drawn)


# --- an L1 share and bounds ---------------------------------------------------------------------


@given(problems(shifts=(0.0, 1.0), Cs=[1e-1, 1.0, 1e2]), st.data())
def test_l1_shares_and_bounds_meet_their_conditions(drawn: Drawn, more: Any) -> None:
    share = more.draw(st.sampled_from([0.0, 0.3, 1.0]))
    bounds = more.draw(st.sampled_from([None, (0.0, None), (-0.5, 0.5), (None, 0.25)]))
    assume(share > 0 or bounds is not None)
    solver = more.draw(st.sampled_from(["auto", "saga"]))
    model, converged = drawn.fitted(solver=solver, tol=GAP_TOL, l1_ratio=share, bounds=bounds)
    event(f"{solver} {'converged' if converged else 'warned'}")
    assert converged or solver == "saga"
    if converged:
        check_conditions(drawn.problem, model, share, bounds)


def check_conditions(problem: Problem, model: Any, share: float, bounds: Any) -> None:
    """No coefficient alone could gain more than a share of the objective that does not count.

    In coordinates w and the intercept at the columns' centre, in which the penalty and the bounds stay separate.
    """
    coef = np.asarray(model.coef_, np.float64)
    z = raw_outputs(problem, coef, np.asarray(model.intercept_, np.float64))
    losses, p, others = softmax(z, problem.labels)
    rows = np.arange(len(problem.y))
    residual = p.copy()
    residual[problem.labels, rows] = -others[problem.labels, rows]
    residual, curvature = (problem.costs * each[-len(coef) :] for each in (residual, p * others))
    x = problem.centred if problem.fit_intercept else problem.dense
    l1, l2 = share * problem.strengths, (1 - share) * problem.strengths
    slope = residual @ x + l2 * coef
    second = curvature @ x**2 + l2
    given = bounds or (None, None)
    lower, upper = -np.inf if given[0] is None else given[0], np.inf if given[1] is None else given[1]
    assert (coef >= lower).all() and (coef <= upper).all()
    gains = best_move(coef, slope, second, l1, lower, upper)
    objective = (problem.costs * losses).sum() + (l1 * np.abs(coef)).sum() + (l2 * coef**2).sum() / 2
    if problem.fit_intercept:
        gains = np.append(gains, residual.sum(axis=1) ** 2 / 2 / curvature.sum(axis=1))
    unit = np.spacing(np.abs(coef).astype(problem.x.dtype)).astype(float)
    rounded = (np.linalg.norm(np.sqrt(curvature @ problem.dense**2) * unit)) ** 2
    assert gains.max() <= max(1e-7 * objective, rounded, 1e-12 * problem.costs.sum())


def best_move(coef: Any, slope: Any, second: Any, l1: Any, lower: float, upper: float) -> np.ndarray:
    """What each coefficient would gain by the second-order model of the objective along it."""
    target = coef - slope / second
    moved = np.clip(np.sign(target) * np.maximum(np.abs(target) - l1 / second, 0), lower, upper)
    move = moved - coef
    return -(slope * move + second * move**2 / 2 + l1 * (np.abs(moved) - np.abs(coef)))


@given(problems(Cs=[1.0, 1e3]), st.integers(0, 2**32 - 1))
def test_the_reference_is_below_its_neighbours(drawn: Drawn, seed: int) -> None:
    problem, rng = drawn.problem, np.random.default_rng(seed)
    optimum = find_optimum(problem)
    for size in (1e-6, 1e-3, 1.0):
        coef = optimum.coef * (1 + size * rng.standard_normal(optimum.coef.shape))
        moved = np.array([problem.centre @ each for each in optimum.coef - coef]) * problem.fit_intercept
        assert objective_at(problem, coef, optimum.intercept + moved) >= optimum.objective * (1 - 1e-13)
