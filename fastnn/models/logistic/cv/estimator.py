"""Logistic regression that chooses its penalty by cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import get_scorer
from sklearn.model_selection import check_cv
from sklearn.utils import metadata_routing
from sklearn.utils.validation import _num_samples

from fastnn.kernels.contract import Array
from fastnn.models.common import attributes
from fastnn.models.common.agreement import require_there
from fastnn.models.common.arrays import Features, by_rows, prepare_y
from fastnn.models.common.bases import CallbackSupportMixin, FitCallback, with_callbacks
from fastnn.models.common.estimator import NONE, SHARED, guarded
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike, RandomState, Splitter
from fastnn.models.common.parameter_checks import Flag, Integer, Numbers, OneOf, Real
from fastnn.models.common.warnings import warn_caller
from fastnn.models.logistic.cv.callbacks import PathTasks
from fastnn.models.logistic.cv.fit import cross_validate, folds_of, packed, refitted, without_zeros
from fastnn.models.logistic.cv.metadata import keyword_sample_weight, route, router_of
from fastnn.models.logistic.cv.parameters import ScorerLike, SplitterLike, read_grid, read_legacy, read_scoring
from fastnn.models.logistic.cv.results import choose
from fastnn.models.logistic.cv.scores import Scoring
from fastnn.models.logistic.estimator import LogisticRegression
from fastnn.models.logistic.penalty import refuse_unsupported
from fastnn.models.logistic.problem import Labelled, read_samples, refuse_many_classes, weigh_classes
from fastnn.solvers.objective.types import Solution
from fastnn.tensors import as_host

__all__ = ["LogisticRegressionCV"]


class LogisticRegressionCV(LogisticRegression):
    """Logistic regression whose `C` and `l1_ratio` are those that predict best on rows held out.

    For every fold it fits every penalty of a grid on the fold's training rows and scores it on the others; then it
    fits the best penalty on all rows. Parameters are scikit-learn's, in its order, with its meaning; `backend` and
    `n_threads` apart.

    Parameters
    ----------
    Cs : int or array-like of floats in (0, inf], default=10
        Inverse strengths of the penalty; a number stands for so many from 1e-4 to 1e4, evenly spaced in logarithm.
    l1_ratios : array-like of floats in [0, 1], default="warn"
        Shares of L1 in the penalty. Left out it means 0, the L2 penalty, and warns as scikit-learn does, where the
        default will change.
    fit_intercept : bool, default=True
        Whether the model has an intercept, which has no penalty but with "liblinear".
    cv : int, splitter or iterable, default=None
        Number of folds (None: 5), which keep the shares of the classes; or what yields pairs of rows to train on and
        rows to score on.
    dual : bool, default=False
        With "liblinear" and an L2 penalty both are possible, and have the same optimum.
    penalty : {"l1", "l2", "elasticnet"}, default="deprecated"
        As scikit-learn 1.9 treats it: deprecated in favour of `Cs` and `l1_ratios`.
    scoring : str or callable, default="warn"
        The name of a scorer of scikit-learn, or ``scorer(estimator, X, y)``; None is accuracy. Left out it means None
        and warns, as its default will change.
    solver : str, default="lbfgs"
        A name means an optimum, not an algorithm; `LogisticRegression` says which penalties each of them knows.
    tol : float, default=1e-4
        Each fit stops where `LogisticRegression` of this `tol` does.
    max_iter : int, default=100
        Of each fit.
    class_weight : dict or "balanced", default=None
        "balanced" goes by the classes' frequencies in all rows.
    n_jobs : int, default=None
        At most so many fits at a time, as joblib counts them; None for `n_threads`. They share memory.
    verbose : int, default=0
        Above 0 prints the best score of every fold.
    refit : bool, default=True
        Whether to fit the penalty with the best mean score on all rows. Else C, l1_ratio and coefficients are averages
        of what is best in each fold.
    intercept_scaling : float, default=1.0
        For "liblinear" alone: the intercept is the coefficient of a constant feature of this value, times it.
    random_state : int, RandomState or None, default=None
        No random numbers are drawn; a splitter has its own.
    use_legacy_attributes : bool, default="warn"
        Whether fitted attributes have the old forms, described below. Left out it means True and warns.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Of the passes over X. The solvers' small loops over coefficients are native in each.
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`. Results never depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels that the fit has seen, sorted.
    coef_ : ndarray of shape (1, n_features) for two classes, else (n_classes, n_features)
        The coefficients of the best penalty, on all rows.
    intercept_ : ndarray of shape (1,) or (n_classes,)
        Its intercepts; zero without `fit_intercept`.
    Cs_ : ndarray of shape (n_cs,)
        The inverse strengths of the penalty that were tried.
    l1_ratios_ : ndarray of shape (n_l1_ratios,)
        The shares of L1 that were tried.
    C_, l1_ratio_ : float
        The best ones. Legacy: arrays (n_classes,), or (1,) for two classes.
    coefs_paths_ : ndarray of shape (n_folds, n_l1_ratios, n_cs, n_classes or 1, n_features + 1)
        Coefficients of every fit, and last its intercept, if there is one. Legacy: a dict of arrays (n_folds, n_cs,
        n_l1_ratios, n_features + 1) by class, for two classes of the second one alone; without the axis of
        l1_ratios where these were left out.
    scores_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        Legacy: a dict of arrays (n_folds, n_cs, n_l1_ratios) in the same manner.
    n_iter_ : ndarray of shape (n_folds, n_l1_ratios, n_cs)
        Legacy: (1, n_folds, n_cs, n_l1_ratios).
    n_features_in_ : int
        How many features X has.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X has names that are strings.

    See Also
    --------
    LogisticRegression : One fit, of a penalty that is known.
    logistic_regression_path : The models of all penalties, without a choice.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from fastnn import LogisticRegressionCV
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LogisticRegressionCV(l1_ratios=(0,), scoring="neg_log_loss", use_legacy_attributes=False).fit(X, y)
    >>> model.predict(X[[0, 50, 100]])
    array([0, 1, 2])
    """

    # scikit-learn asks for it until `score` takes sample_weight as one of its **score_params.
    __metadata_request__score: ClassVar = {"sample_weight": metadata_routing.UNUSED}

    _parameters: ClassVar[Mapping[str, Any]] = {
        **{name: LogisticRegression._parameters[name] for name in ("fit_intercept", "dual", "solver", "tol")},
        **{name: LogisticRegression._parameters[name] for name in ("max_iter", "class_weight", "n_jobs", "verbose")},
        **{name: LogisticRegression._parameters[name] for name in ("intercept_scaling", *SHARED)},
        "Cs": (Integer(1), Numbers(Real(0, open_low=True))),
        "l1_ratios": (Numbers(Real(0, 1)), NONE, OneOf(("warn",))),
        "cv": (SplitterLike(),),
        "penalty": (OneOf(("deprecated", "l1", "l2", "elasticnet")),),
        "scoring": (ScorerLike(), NONE),
        "refit": (Flag(),),
        "use_legacy_attributes": (Flag(), OneOf(("warn",))),
    }
    _attributes: ClassVar[Mapping[str, Any]] = attributes.CHOSEN
    # What LogisticRegression has as parameters, and this class has not.
    bounds: Sequence[ArrayLike | None] | None = None
    standardize = False
    firth = False
    Cs_: NDArray[np.float64]
    l1_ratios_: NDArray[np.float64]
    C_: float | NDArray[np.float64]
    l1_ratio_: float | NDArray[np.float64] | None
    coefs_paths_: Array | dict[Any, Array]
    scores_: NDArray[np.float64] | dict[Any, NDArray[np.float64]]

    def __init__(
        self,
        *,
        Cs: ArrayLike = 10,
        l1_ratios: ArrayLike | None = "warn",
        fit_intercept: bool = True,
        cv: int | Splitter | Iterable[tuple[ArrayLike, ArrayLike]] | None = None,
        dual: bool = False,
        penalty: str = "deprecated",
        scoring: str | Callable[..., float] | None = "warn",
        solver: str = "lbfgs",
        tol: float = 1e-4,
        max_iter: int = 100,
        class_weight: Mapping[Any, float] | str | None = None,
        n_jobs: int | None = None,
        verbose: int = 0,
        refit: bool = True,
        intercept_scaling: float = 1.0,
        random_state: RandomState = None,
        use_legacy_attributes: bool | str = "warn",
        backend: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        self.Cs = Cs
        self.l1_ratios = l1_ratios
        self.fit_intercept = fit_intercept
        self.cv = cv
        self.dual = dual
        self.penalty = penalty
        self.scoring = scoring
        self.solver = solver
        self.tol = tol
        self.max_iter = max_iter
        self.class_weight = class_weight
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.intercept_scaling = intercept_scaling
        self.random_state = random_state
        self.use_legacy_attributes = use_legacy_attributes
        self.backend = backend
        self.n_threads = n_threads

    def set_callbacks(self, *callbacks: FitCallback) -> Self:
        """Set what is told of `fit`, of the path of each l1_ratio, and of each penalty on it, the strongest first.

        Parameters
        ----------
        *callbacks : callbacks of scikit-learn's protocol
            Objects with `setup`, `on_fit_task_begin`, `on_fit_task_end` and `teardown`. When a penalty's task ends, the
            fitted model is that of all rows; with an L1 share the hooks may be called from another thread. Without any,
            those set before are forgotten.

        Returns
        -------
        self
            The estimator itself.

        Raises
        ------
        TypeError
            If one does not follow the protocol.
        """
        CallbackSupportMixin.set_callbacks(self, *callbacks)
        return self

    @guarded
    @with_callbacks
    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None, **params: Any) -> Self:
        """Choose the penalty and find the coefficients.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Labels of at least two classes.
        sample_weight : array-like of shape (n_samples,), default=None
            For the fits, and for the scores too unless metadata routing says otherwise.
        **params
            For the splitter and the scorer, where metadata routing is enabled.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is not possible or not supported, X or y cannot be used, y has one class only, or no
            penalty has a score.
        """
        if isinstance(sample_weight, (float, int, np.number)):
            sample_weight = np.full(_num_samples(X), sample_weight)
        X, y, sample_weight = as_host("X", X), as_host("y", y), as_host("sample_weight", sample_weight)
        to_splitter, to_scorer = route(self, "fit", sample_weight, params)
        grid, scoring, legacy = read_grid(self), read_scoring(self), read_legacy(self)
        penalised = np.isfinite(grid.Cs).all() if self.solver == "liblinear" else np.isfinite(grid.Cs).any()
        for ratio in grid.l1_ratios:
            refuse_unsupported(self, float(ratio), penalised=bool(penalised))
        samples = read_samples(self, X, y, sample_weight)
        samples = samples._replace(x=by_rows(samples.x))  # folds are rows
        refuse_many_classes(self.solver, samples.outputs)
        self._require_known_classes(samples.classes)
        scores = Scoring.by(scoring, to_scorer, sample_weight)
        labels = samples.classes[samples.y]
        splits = check_cv(self.cv, labels, classifier=True).split(X, labels, **to_splitter)
        folds = folds_of(splits, len(labels))
        weighted = weigh_classes(samples, self.class_weight)
        if hasattr(self, "_skl_callbacks"):  # who get a model that knows its columns and classes
            self._set_fitted(samples.features, classes_=samples.classes)
        tasks = PathTasks(self, samples, grid, (X, y, sample_weight))
        tasks.start()
        x = without_zeros(weighted.x)
        explain = partial(read_samples, self, X, y, None, check_finite=True)
        results, on_all, warned = cross_validate(self, weighted, x, grid, folds, scores, explain, tasks)
        choice = choose(results, refit=self.refit)
        coefs = choice.coefs
        if choice.place is not None:
            l, c = choice.place
            chosen = float(grid.Cs[c]), float(grid.l1_ratios[l]), on_all[l][c]
            coefs, of_refit = refitted(self, weighted, x, *chosen)
            warned += of_refit
        coef, intercept = self._split(coefs)
        found = results.attributes(choice, samples.classes, legacy=legacy)
        self._set_fitted(samples.features, classes_=samples.classes, coef_=coef, intercept_=intercept, **found)
        tasks.end()
        for message, category in warned:
            warn_caller(message, category)
        return self

    def _require_whole(self) -> None:
        super()._require_whole()
        require_there(self, "C_")

    def _has_penalty(self) -> bool:
        return bool(np.min(self.C_) != np.inf)

    def _require_known_classes(self, classes: NDArray[Any]) -> None:
        if isinstance(self.class_weight, Mapping) and not set(self.class_weight) <= set(classes):
            raise ValueError(
                "The given class_weight dict must have the class labels as keys; "
                f"classes={classes} but key={self.class_weight.keys()}"
            )

    def _split(self, coefs: Any) -> tuple[Array, Array]:
        """coef_ and intercept_ of rows (o, k) of a path."""
        if self.fit_intercept:
            return np.ascontiguousarray(coefs[:, :-1]), coefs[:, -1].copy()
        return coefs.copy(), np.zeros(len(coefs), coefs.dtype)

    def _attributes_of(self, solution: Solution, samples: Labelled, C: float, l1_ratio: float) -> dict[str, Any]:
        """What makes a copy of this model one that has chosen a penalty, in the forms that are not legacy."""
        coef, intercept = self._split(packed(solution.params, samples))
        return {"coef_": coef, "intercept_": intercept, "C_": C, "l1_ratio_": l1_ratio}

    def _fitted(self, C: float, l1_ratio: float, coefs: Array, samples: Labelled) -> LogisticRegression:
        """A model of one penalty of the grid, for scorers."""
        model = LogisticRegression(
            C=C, l1_ratio=l1_ratio, solver=self.solver, backend=self.backend, n_threads=self.n_threads
        )
        coef, intercept = self._split(coefs)
        unnamed = Features(samples.features.number)  # as the rows that scorers get are
        model._set_fitted(unnamed, classes_=samples.classes, coef_=coef, intercept_=intercept)
        return model

    @keyword_sample_weight
    def score(  # type: ignore[override] # of the classifiers' is to follow: sample_weight by keyword
        self, X: MatrixLike, y: ArrayLike, *, sample_weight: ArrayLike | None = None, **score_params: Any
    ) -> float:
        """Compute the score of the predictions by `scoring`.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.
        **score_params
            For the scorer, where metadata routing is enabled.

        Returns
        -------
        float
            By the scorer's measure; higher is better.
        """
        _, params = route(self, "score", as_host("sample_weight", sample_weight), score_params)
        now = held(self)  # a scorer may ask it for several answers
        return float(now._get_scorer()(now, X, prepare_y(y), **params))

    def get_metadata_routing(self) -> object:
        """Tell who wants which metadata: the splitter and the scorer.

        Returns
        -------
        sklearn.utils.metadata_routing.MetadataRouter
            What scikit-learn's routing reads.
        """
        return router_of(self, self._get_scorer())

    def _get_scorer(self) -> Any:
        return get_scorer("accuracy" if self.scoring in (None, "warn") else self.scoring)
