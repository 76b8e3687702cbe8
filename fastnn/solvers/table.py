"""The table of solvers: which algorithm a name stands for, and what it can do.

A new solver is a file with its algorithm and one row here; checks of parameters, errors, documentation and tests read
the table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from textwrap import fill
from typing import Literal, Protocol, TypeVar

from fastnn.errors import unknown_name
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.penalty import Separable
from fastnn.solvers.objective.types import Solution, SolverOptions, Vector
from fastnn.solvers.proximal.prox_newton import solve_by_prox_newton
from fastnn.solvers.smooth import logistic as smooth
from fastnn.solvers.stochastic import solve_by_saga, solve_separable_by_saga

__all__ = ["SOLVERS", "WARNING", "PenaltyName", "Solver", "lists_solvers", "solver_named", "solver_with"]

PenaltyName = Literal["l2", "none", "l1", "elasticnet"]

_SMOOTH: tuple[PenaltyName, ...] = ("l2", "none")
_EVERY: tuple[PenaltyName, ...] = ("l1", "l2", "elasticnet", "none")
WARNING = "{solver} failed to converge after {n_iter} iteration(s)"
_SAGA_WARNING = "The max_iter was reached which means the coef_ did not converge"


class Minimise(Protocol):
    """Solves a problem with an L2 penalty, or none, by features of scale one."""

    def __call__(self, objective: LogisticObjective, start: Vector, options: SolverOptions) -> Solution:
        """The solution, in the objective's params."""
        ...


class MinimiseSeparable(Protocol):
    """Solves a problem with any penalties and bounds; the objective has none of its own."""

    def __call__(
        self, objective: LogisticObjective, penalty: Separable, start: Vector | None, options: SolverOptions
    ) -> Solution:
        """The solution, in the objective's params; a start of None means zeros."""
        ...


@dataclass(frozen=True)
class Solver:
    """An algorithm, by the name that users give it, and what it can do.

    A name stands for an optimum: solvers that can do the same have the same one.

    Attributes
    ----------
    name : str
    description : str
        For the documentation of estimators; it goes on after "name: " and ends without a full stop.
    minimise : callable
    minimise_separable : callable
        By default proximal Newton steps.
    penalties : tuple of str
        Those that the name may be used with.
    takes_bounds : bool
    is_multinomial : bool
        Whether it can tell more than two classes apart.
    penalises_intercept : bool
        Whether the intercept is a coefficient like others, of a constant feature.
    takes_dual : bool
        Whether ``dual=True`` may be asked for, which has the same optimum.
    is_first_order : bool
        Whether its steps know no second derivatives, so that it may need far more of them than others.
    is_stochastic : bool
        Whether it draws random numbers.
    margin : float
        The part of the user's `tol` that its gradient has to meet.
    warning : str
        How the ConvergenceWarning begins where `max_iter` was reached, with ``{solver}`` and ``{n_iter}``: as
        scikit-learn's does, since users filter by that.
    """

    name: str
    description: str
    minimise: Minimise
    minimise_separable: MinimiseSeparable = solve_by_prox_newton
    penalties: tuple[PenaltyName, ...] = _SMOOTH
    takes_bounds: bool = True
    is_multinomial: bool = True
    penalises_intercept: bool = False
    takes_dual: bool = False
    is_first_order: bool = False
    is_stochastic: bool = False
    # A coefficient errs by the gradient over the curvature, which is about a tenth; and what is left after a
    # second-order step is little anyway.
    margin: float = 0.1
    warning: str = WARNING


_ROWS = (
    Solver(
        "auto",
        "chooses by what passes over X, second derivatives and factors cost: Newton's method, first on samples of the "
        "rows that grow, or L-BFGS with a preconditioner",
        smooth.solve_by_cheapest,
        penalties=_EVERY,
        # With half of the tolerance it ends nearer to the optimum than scikit-learn on digits, breast cancer, wine and
        # iris, standardised or not; at all of it, on the digits, it did not (a relative 2e-3 to 5e-3 instead of 2e-4
        # to 1e-3, in 27 instead of 35 iterations).
        margin=0.5,
    ),
    Solver("lbfgs", "L-BFGS", smooth.solve_by_lbfgs),
    Solver("newton-cg", "Newton's method, with directions by conjugate gradients", smooth.solve_by_newton_cg),
    Solver(
        "newton-cholesky",
        "Newton's method, with Cholesky factors of the Hessian",
        smooth.solve_by_newton_cholesky,
        warning="Newton solver did not converge after {n_iter} iterations.",
    ),
    Solver(
        "gradient_descent",
        "gradient descent, its step length found by a line search",
        smooth.solve_by_gradient_descent,
        takes_bounds=False,
        is_first_order=True,
        margin=1.0,
    ),
    Solver(
        "sag",
        'the same as "saga", for an L2 penalty',
        solve_by_saga,
        solve_separable_by_saga,
        is_first_order=True,
        is_stochastic=True,
        warning=_SAGA_WARNING,
    ),
    Solver(
        "saga",
        'SAGA, which goes on as "auto" does where it would take far too long',
        solve_by_saga,
        solve_separable_by_saga,
        penalties=_EVERY,
        is_first_order=True,
        is_stochastic=True,
        warning=_SAGA_WARNING,
    ),
    Solver(
        "liblinear",
        "that library's optimum, for two classes, where the intercept is penalised too",
        smooth.solve_by_cheapest,
        penalties=("l1", "l2"),
        is_multinomial=False,
        penalises_intercept=True,
        takes_dual=True,
        warning="Liblinear failed to converge, increase the number of iterations.",
    ),
)
SOLVERS: dict[str, Solver] = {solver.name: solver for solver in _ROWS}


def solver_named(name: str) -> Solver:
    """The solver of a name.

    Raises
    ------
    ValueError
        If there is none; the message has the nearest one.
    """
    if name not in SOLVERS:
        raise unknown_name("solver", name, SOLVERS)
    return SOLVERS[name]


def solver_with(penalty: PenaltyName = "l2", *, bounds: bool = False, multinomial: bool = False) -> str:
    """The name of the first solver of the table that can do what is wanted: what an error recommends."""
    return next(
        name
        for name, solver in SOLVERS.items()
        if penalty in solver.penalties
        and (solver.takes_bounds or not bounds)
        and (solver.is_multinomial or not multinomial)
    )


Documented = TypeVar("Documented", bound=type)

_SHOWN: Mapping[PenaltyName, str] = {"l1": "L1", "l2": "L2", "elasticnet": "elastic net", "none": "no penalty"}


def lists_solvers(documented: Documented) -> Documented:
    """Decorate a class: the line ``{solvers}`` of its docstring becomes a list of the solvers and what they take."""
    text = documented.__doc__ or ""  # Python strips it with -OO
    line = next((line for line in text.splitlines() if line.strip() == "{solvers}"), None)
    if line is not None:
        indent = line[: line.index("{")]
        documented.__doc__ = text.replace(line, "\n".join(_listed(solver, indent) for solver in SOLVERS.values()))
    return documented


def _listed(solver: Solver, indent: str) -> str:
    takes = [*(_SHOWN[name] for name in solver.penalties), *["bounds"] * solver.takes_bounds]
    text = f'- "{solver.name}": {solver.description}. Takes {", ".join(takes)}.'
    return fill(text, 120, initial_indent=indent, subsequent_indent=f"{indent}  ")
