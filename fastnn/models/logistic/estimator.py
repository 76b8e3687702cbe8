"""Logistic regression: the network without hidden layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from fastnn.models.common.bases import (
    CallbackSupportMixin,
    FitCallback,
    available_if,
    with_callbacks,
)
from fastnn.models.common.estimator import NONE, SHARED, VERBOSE, guarded
from fastnn.models.common.given import MatrixLike, RandomState
from fastnn.models.common.parameter_checks import Flag, Integer, Is, Numbers, OneOf, Real
from fastnn.models.common.warnings import warn_caller
from fastnn.models.logistic.callbacks import IterationTasks, Tasks, warn_of_other_iterations
from fastnn.models.logistic.firth.fit import solve_firth
from fastnn.models.logistic.inference.contrasts import Coefficients
from fastnn.models.logistic.inference.summary import move_to_maximum
from fastnn.models.logistic.partial_fit import has_one_penalty, learn_chunk
from fastnn.models.logistic.penalty import penalty_of, total_strength
from fastnn.models.logistic.predictor import LogisticPredictor
from fastnn.models.logistic.problem import (
    coefficients,
    mean_loss,
    params_of,
    read_samples,
    refuse_many_classes,
    solve,
    standardised,
    warn_of,
    weigh_classes,
)
from fastnn.solvers.objective.types import Vector
from fastnn.solvers.table import SOLVERS, lists_solvers

__all__ = ["LogisticRegression"]


@lists_solvers
class LogisticRegression(CallbackSupportMixin, LogisticPredictor):
    """Logistic regression with an L2 or L1 penalty or both, for two classes or many (multinomial).

    It minimises ``C * sum of the samples' cross-entropies + sum over features of penalty_factor * (l1_ratio * |coef_|
    + (1 - l1_ratio) * coef_**2 / 2)``, between `bounds`. Parameters are scikit-learn's, in its order, with its meaning,
    and after them ours.

    Parameters
    ----------
    penalty : {"l1", "l2", "elasticnet", None}, default="deprecated"
        As scikit-learn 1.9 treats it: deprecated in favour of `C` and `l1_ratio`.
    C : float in (0, inf], default=1.0
        Inverse strength of the penalty; ``np.inf`` for none.
    l1_ratio : float in [0, 1], default=0.0
        Share of L1 in the penalty. Above 0 the coefficients of features that hardly help are exactly zero.
    dual : bool, default=False
        With "liblinear" and an L2 penalty both are possible, and have the same optimum.
    tol : float, default=1e-4
        The solver stops where no component of the gradient of the mean objective is larger, by coefficients of
        features of scale one, and Newton's decrement promises at most 1e-7 of the objective for the default, with a
        smaller `tol` as much less as its square, or where rounding hides what is left to gain; with an L1 share,
        `bounds` or "liblinear" where the duality gap is at most ``tol**2`` times the objective.
    fit_intercept : bool, default=True
        Whether the model has an intercept, which has no penalty but with "liblinear".
    intercept_scaling : float, default=1
        For "liblinear" alone: the intercept is the coefficient of a constant feature of this value, times it.
    class_weight : dict or "balanced", default=None
        ``{class: weight}``, or weights inversely proportional to the classes' frequencies. They
        multiply `sample_weight`.
    random_state : int, RandomState or None, default=None
        Of the orders in which "sag" and "saga" take the rows; the others draw no random numbers.
    solver : str, default="auto"
        A name means an optimum, not an algorithm. But for SAGA, an L1 share and bounds are solved by proximal Newton
        steps. The names:

        {solvers}
    max_iter : int, default=100
        The most iterations of the solver; it warns where they do not suffice.
    verbose : int, default=0
        Above 0 prints the objective of every iteration.
    warm_start : bool, default=False
        Start from the solution of the previous `fit`.
    n_jobs : None, default=None
        As in scikit-learn it has no effect, is deprecated and warns; `n_threads` is for threads.
    alpha : float, default=None
        Strength of the penalty, in place of `C`: 1 / C.
    penalty_factor : array-like of shape (n_features,), default=None
        Multiplies the penalty of each feature; 0 for none.
    bounds : (lower, upper), default=None
        Between which coefficients stay: each a number, an array of shape (n_features,) or of that of `coef_`, or
        None. The intercept has no bounds.
    standardize : bool, default=False
        Penalise coefficients as if each feature were divided by its standard deviation, by `sample_weight` alone
        (1 for a constant feature): what a StandardScaler before the fit gives. Coefficients, `bounds` and X stay in
        the user's units; without `fit_intercept` features are scaled, not centred. Not for "liblinear".
    firth : bool, default=False
        Maximise Firth's penalised likelihood, which is finite where classes are separated and takes the first-order
        bias from the estimates. For ``C=np.inf``, ``solver="auto"`` and at most 1000 parameters. It stops 1e-8 standard
        errors from the maximum, or `tol` where that is less. Its passes are NumPy's: `backend` and `n_threads` are for
        predictions then.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Of the passes over X. The solvers' small loops over coefficients are native in each.
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`. Results never depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels that the fit has seen, sorted.
    coef_ : ndarray of shape (1, n_features) for two classes, else (n_classes, n_features)
        Of X's dtype, or, as scikit-learn has it, float64 for "liblinear".
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Zero without `fit_intercept`.
    n_features_in_ : int
        How many features X has.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X has names that are strings.
    n_iter_ : ndarray of shape (1,) of int32
        At least 1, unless `max_iter` is 0: to see that the start is the optimum is an iteration too.

    References
    ----------
    Defazio, Bach and Lacoste-Julien (2014), "SAGA: a fast incremental gradient method", for "sag" and "saga".
    Firth (1993), "Bias reduction of maximum likelihood estimates", for `firth`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fastnn import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> LogisticRegression(max_iter=1000).fit(X, y).predict(X[[0, 50, 100]])
    array([0, 1, 2])
    """

    _parameters: ClassVar[Mapping[str, Any]] = {
        "penalty": (OneOf(("deprecated", "l1", "l2", "elasticnet")), NONE),
        "C": (Real(0, open_low=True),),
        "l1_ratio": (Real(0, 1), NONE),
        "dual": (Flag(),),
        "tol": (Real(0, open_high=True),),
        "fit_intercept": (Flag(),),
        "intercept_scaling": (Real(0, open_low=True, open_high=True),),
        "class_weight": (OneOf(("balanced",)), Is("a dict", (Mapping,)), NONE),
        "solver": (OneOf(SOLVERS),),
        "max_iter": (Integer(0),),
        "verbose": VERBOSE,
        "warm_start": (Flag(),),
        "n_jobs": (Integer(-(2**31)), NONE),
        "alpha": (Real(0, open_high=True), NONE),
        "penalty_factor": (Numbers(Real(0, open_high=True)), NONE),
        "bounds": (Is("a pair (lower, upper)", (tuple, list)), NONE),
        "standardize": (Flag(),),
        "firth": (Flag(),),
        **SHARED,
    }

    def __init__(
        self,
        penalty: str | None = "deprecated",
        *,
        C: float = 1.0,
        l1_ratio: float | None = 0.0,
        dual: bool = False,
        tol: float = 1e-4,
        fit_intercept: bool = True,
        intercept_scaling: float = 1,
        class_weight: Mapping[Any, float] | str | None = None,
        random_state: RandomState = None,
        solver: str = "auto",
        max_iter: int = 100,
        verbose: int = 0,
        warm_start: bool = False,
        n_jobs: int | None = None,
        alpha: float | None = None,
        penalty_factor: ArrayLike | None = None,
        bounds: Sequence[ArrayLike | None] | None = None,
        standardize: bool = False,
        firth: bool = False,
        backend: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        self.penalty = penalty
        self.C = C
        self.l1_ratio = l1_ratio
        self.dual = dual
        self.tol = tol
        self.fit_intercept = fit_intercept
        self.intercept_scaling = intercept_scaling
        self.class_weight = class_weight
        self.random_state = random_state
        self.solver = solver
        self.max_iter = max_iter
        self.verbose = verbose
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.alpha = alpha
        self.penalty_factor = penalty_factor
        self.bounds = bounds
        self.standardize = standardize
        self.firth = firth
        self.backend = backend
        self.n_threads = n_threads

    # --- fit ------------------------------------------------------------------------------------

    @guarded
    @with_callbacks
    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Find the coefficients.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            A plain C-contiguous array of float32 or float64 is not copied, nor a matrix of them in CSR, or in CSC
            with at least 1,000 elements a column.
        y : array-like of shape (n_samples,)
            Labels of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is not possible or not supported, X or y cannot be used, or y has one
            class only.
        """
        penalty = penalty_of(self)
        samples = read_samples(self, X, y, sample_weight)
        explain = partial(read_samples, self, X, y, None, check_finite=True)
        if self.standardize:
            penalty = standardised(penalty, samples, explain)
        if samples.sample_weight is not None or self.class_weight is not None:
            samples = weigh_classes(samples, self.class_weight)
        objective = mean_loss(self, samples, penalty)
        refuse_many_classes(self.solver, objective.outputs)
        start, tasks = self._start(objective.outputs, samples.features.number), Tasks()
        if self.verbose or hasattr(self, "_skl_callbacks"):  # who get a model that knows its columns and classes
            self._set_fitted(samples.features, classes_=samples.classes)
            tasks = IterationTasks(self, objective, (X, y, sample_weight))
        tasks.start(start)
        if self.firth:
            solution = solve_firth(self, samples, start, explain, tasks.watch)
        else:
            solution = solve(self, objective, penalty, start, tasks.watch, explain)
        dtype = np.float64 if self.solver == "liblinear" else samples.x.dtype
        coef, intercept = (each.astype(dtype) for each in coefficients(solution.params, objective))
        fitted, evidence = Coefficients(coef, intercept, self.fit_intercept, samples.classes, samples.features), None
        if not (self._has_penalty() or self.firth or self.bounds is not None):
            fitted, evidence = move_to_maximum(fitted, samples, converged=solution.converged)
        self._set_fitted(
            samples.features,
            classes_=samples.classes,
            coef_=fitted.coef,
            intercept_=fitted.intercept,
            n_iter_=np.array([max(solution.n_iter, min(1, self.max_iter))], np.int32),
            _training=None,  # of partial_fit, which starts anew from here
            _evidence=evidence,
        )
        tasks.end()
        warn_of(self, solution, samples)
        return self

    def _start(self, outputs: int, n_features: int) -> Vector | None:
        """Params (p,) of the solution before, where it is to be started from."""
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        coef, wanted = self._dense_coef(), (outputs, n_features)
        if coef.shape != wanted:
            raise ValueError(
                f"warm_start: coef_ has shape {coef.shape}, but this X and y need {wanted}. Fit with warm_start=False."
            )
        return params_of(coef, self.intercept_ if self.fit_intercept else None)

    @available_if(has_one_penalty)
    @guarded
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, classes: ArrayLike | None = None, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn from another chunk of the data, starting from the present coefficients.

        Five passes over the chunk, in mini-batches of 32 rows and a random order, by Adam with a learning rate of
        ``0.1 / sqrt(1 + step / 3)``. The penalty weighs as much as `fit` would let it weigh on all rows seen so
        far. It comes near to what `fit` finds on all chunks together, where features have scales of about one; where
        the data fit into memory, `fit` is exact, and quicker.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Of sparse matrices only what they store is kept and computed with (as CSR).
        y : array-like of shape (n_samples,)
            Labels; a chunk need not have all classes.
        classes : array-like of shape (n_classes,), default=None
            All classes; the first call needs them, unless `fit` has found them.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is not possible, X or y cannot be used, the classes are missing or not those of the first
            call, `class_weight` is "balanced", which needs all rows, or training diverges in the first pass.

        Warns
        -----
        ConvergenceWarning
            If training diverges later: the coefficients are those of the last finished pass.
        """
        features, learnt = learn_chunk(self, X, y, classes, sample_weight)
        self._set_fitted(features, **learnt.attributes)
        if learnt.warning:
            warn_caller(learnt.warning)
        return self

    def set_callbacks(self, *callbacks: FitCallback) -> Self:
        """Set what is told of `fit` and of each iteration of the solver, whichever it is.

        Parameters
        ----------
        *callbacks : callbacks of scikit-learn's protocol
            Objects with `setup`, `on_fit_task_begin`, `on_fit_task_end` and `teardown`. Without any, those set before
            are forgotten.

        Returns
        -------
        self
            The estimator itself.

        Raises
        ------
        TypeError
            If one does not follow the protocol.

        Warns
        -----
        UserWarning
            If the solver is "liblinear", of which only the optimum is meant: callbacks see another one's iterations.
        """
        if callbacks:
            warn_of_other_iterations(self.solver)
        super().set_callbacks(*callbacks)
        return self

    def _has_penalty(self) -> bool:
        """Whether anything but the likelihood decides the coefficients."""
        return total_strength(self) > 0
