"""Logistic regression: the network without hidden layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_array, issparse

from fastnn.kernels.contract import Array
from fastnn.models.common import attributes
from fastnn.models.common.agreement import require_whole_logistic
from fastnn.models.common.bases import ClassifierMixin, with_callbacks
from fastnn.models.common.estimator import NONE, SHARED, VERBOSE, Estimator, guarded
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike, RandomState
from fastnn.models.common.outputs import class_index, log_probabilities
from fastnn.models.common.parameter_checks import Flag, Integer, Is, Numbers, OneOf, Real
from fastnn.models.common.scored import Scored
from fastnn.models.logistic.callbacks import IterationTasks, TellsCallbacks
from fastnn.models.logistic.firth.fit import solve_firth
from fastnn.models.logistic.inference.evidence import Evidence
from fastnn.models.logistic.inference.summary import LikelihoodInference, gather_evidence
from fastnn.models.logistic.partial_fit import LearnsFromChunks
from fastnn.models.logistic.penalty import Penalty, penalty_of
from fastnn.models.logistic.problem import (
    Labelled,
    coefficients,
    params_of,
    read_samples,
    refuse_many_classes,
    solve,
    standardised,
    weigh_classes,
)
from fastnn.plan import linear_plan
from fastnn.solvers.minimise import SOLVERS
from fastnn.solvers.objective.logistic import LogisticObjective
from fastnn.solvers.objective.types import Solution, Vector
from fastnn.storage import Kind, record
from fastnn.training.engine import Engine

__all__ = ["LogisticRegression"]


class LogisticRegression(TellsCallbacks, LearnsFromChunks, LikelihoodInference, Scored, ClassifierMixin, Estimator):
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
        A name means an optimum, not an algorithm. "auto" chooses by what passes over X, second derivatives and
        factors cost: Newton's method, first on samples of the rows that grow, or L-BFGS with a preconditioner. "lbfgs",
        "newton-cg", "newton-cholesky" and "gradient_descent" are what they say; "sag" and "saga" are SAGA, which goes
        on as "auto" does where it would take far too long. Of penalties "auto" and "saga" know every one; "lbfgs",
        "newton-cg", "newton-cholesky", "sag" and "gradient_descent" know L2 and none; "liblinear" is for two classes
        and penalises the intercept too. But for SAGA, an L1 share and bounds are solved by proximal Newton steps.
    max_iter : int, default=100
        The most iterations of the solver; it warns where they do not suffice.
    verbose : int, default=0
        Above 0 prints the objective of every iteration.
    warm_start : bool, default=False
        Start from the solution of the previous `fit`.
    n_jobs : None, default=None
        As in scikit-learn it has no effect, is deprecated and warns; see `n_threads`.
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

    _kinds: ClassVar[Mapping[str, Kind]] = {**Estimator._kinds, "inference.Evidence": record(Evidence)}
    _parameters: ClassVar[Mapping[str, Any]] = {
        "penalty": (OneOf(("deprecated", "l1", "l2", "elasticnet")), NONE),
        "C": (Real(0, open_low=True),),
        "l1_ratio": (Real(0, 1), NONE),
        "dual": (Flag(),),
        "tol": (Real(0, open_high=True),),
        "fit_intercept": (Flag(),),
        "intercept_scaling": (Real(0, open_low=True, open_high=True),),
        "class_weight": (OneOf(("balanced",)), Is("a dict", (Mapping,)), NONE),
        "solver": (OneOf((*SOLVERS, "liblinear")),),
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
    _attributes: ClassVar[Mapping[str, Any]] = {
        **attributes.LOGISTIC,
        "_evidence": (Is("what a summary needs", (Evidence,)), NONE),
    }
    coef_: Array
    intercept_: Array
    classes_: NDArray[Any]
    n_iter_: NDArray[np.int32]

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
        penalty = standardised(self, penalty, samples, (X, y))
        samples = weigh_classes(samples, self.class_weight)
        refuse_many_classes(self, samples)
        objective = self._objective(samples, penalty)
        tasks, start = IterationTasks(self, objective, (X, y, sample_weight)), self._start(objective)
        self.classes_ = samples.classes
        tasks.start(start)
        solution = self._solve(samples, objective, penalty, start, (X, y), tasks.watch if tasks.is_watched else None)
        dtype = np.float64 if self.solver == "liblinear" else samples.x.dtype
        self.coef_, self.intercept_ = (each.astype(dtype) for each in coefficients(solution.params, objective))
        self.n_iter_ = np.array([max(solution.n_iter, min(1, self.max_iter))], np.int32)
        self._training = None  # of partial_fit, which starts anew from here
        gather_evidence(self, samples.x, samples.y, samples.sample_weight, converged=solution.converged)
        tasks.end()
        return self

    def _objective(self, samples: Labelled, penalty: Penalty) -> LogisticObjective:
        """The mean loss, and the penalty if that is smooth."""
        weight = samples.sample_weight
        total = float(len(samples.y) if weight is None else weight.sum(dtype=np.float64))
        return LogisticObjective(
            samples.x,
            samples.y,
            samples.outputs,
            sample_weight=weight,
            alpha=penalty.alpha(samples.x.shape[1], total) if penalty.is_smooth else 0.0,
            fit_intercept=self.fit_intercept,
            backend=self.backend,
            n_threads=self.n_threads,
        )

    def _solve(self, samples: Labelled, objective: LogisticObjective, *problem: Any) -> Solution:
        """By Firth's likelihood or the objective; `problem` is the penalty, the start, what was given, and a watch."""
        return solve_firth(self, samples, *problem[1:]) if self.firth else solve(self, objective, *problem)

    def _start(self, objective: LogisticObjective) -> Vector | None:
        if not self.warm_start or not hasattr(self, "coef_"):
            return None
        coef, wanted = self._dense_coef(), (objective.outputs, objective.x.shape[1])
        if coef.shape != wanted:
            raise ValueError(
                f"warm_start: coef_ has shape {coef.shape}, but this X and y need {wanted}. Fit with warm_start=False."
            )
        return params_of(coef, self.intercept_ if self.fit_intercept else None)

    # --- predict --------------------------------------------------------------------------------

    def _require_whole(self) -> None:
        require_whole_logistic(self)

    def _dense_coef(self) -> Array:
        coef: Any = self.coef_
        return np.asarray(coef.toarray() if issparse(coef) else coef)

    def _asked(self, X: Any) -> tuple[Engine, Array, Any]:
        """The engine of the fitted model, its params (p,), and X as it reads it."""
        self._require_fitted("coef_")
        dtype = self._dtype()
        x = self._read_x(X, dtype)  # before a sparse coef_ of as many columns takes memory
        coef, intercept = self._dense_coef(), np.asarray(self.intercept_)
        engine = self._engine(coef.shape[1], dtype)
        params: Array = np.concatenate([coef.T.ravel(), intercept.ravel()]).astype(dtype, copy=False)
        return engine, params, x

    def _raw(self, X: Any) -> tuple[Engine, Array]:
        """The engine of the fitted model, and z (n, o)."""
        engine, params, x = self._asked(X)
        return engine, engine.forward(params, x)

    def _dtype(self) -> Any:
        return np.float32 if self.coef_.dtype == np.asarray(self.intercept_).dtype == np.float32 else np.float64

    def _engine(self, n_inputs: int, dtype: Any, bias: bool = True) -> Engine:
        binary = len(self.classes_) == 2
        loss = "binary_cross_entropy" if binary else "cross_entropy"
        plan = linear_plan(n_inputs, 1 if binary else len(self.classes_), loss, np.dtype(dtype), bias)
        return Engine(plan, self.backend, self.n_threads)

    def decision_function(self, X: MatrixLike) -> Array:
        """Compute the raw output z = X @ coef_.T + intercept_.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) for two classes, else (n_samples, n_classes)
            For two classes above 0 where the second one is predicted.
        """
        z = held(self)._raw(X)[1]
        return z[:, 0] if z.shape[1] == 1 else z

    def predict(self, X: MatrixLike) -> NDArray[Any]:
        """Predict the likeliest class of every sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,)
            Labels out of `classes_`.
        """
        now = held(self)
        index = class_index(now._raw(X)[1])
        labels: NDArray[Any] = now.classes_[index]
        return labels

    def predict_proba(self, X: MatrixLike) -> Array:
        """Predict the probability of every class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        engine, params, x = held(self)._asked(X)
        return engine.predict(params, x, link=True, pairs=True)[0]

    def predict_log_proba(self, X: MatrixLike) -> Array:
        """Predict the logarithm of every class's probability, which is never -inf.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        return log_probabilities(*held(self)._raw(X))

    def sparsify(self) -> Self:
        """Turn `coef_` into a sparse array (CSR).

        Returns
        -------
        self
            The estimator itself.
        """
        now = held(self)
        now._require_fitted("coef_")
        now.coef_ = csr_array(now.coef_)
        return self

    def densify(self) -> Self:
        """Turn `coef_` back into an ndarray.

        Returns
        -------
        self
            The estimator itself.
        """
        now = held(self)
        now._require_fitted("coef_")
        now.coef_ = now._dense_coef()
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
