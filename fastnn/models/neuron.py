"""One neuron: a = activation(w . x + b)."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import ClassifierTags, RegressorTags, check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.models.base import NONE, SHARED, VERBOSE_BY_EPOCHS, Estimator, guarded, warn_caller
from fastnn.models.neuron_rules import (
    function_of,
    has_probabilities,
    initial_params,
    is_classifier,
    learning_engine,
    longest_safe_rate,
    name_of,
    raw_engine,
)
from fastnn.models.outputs import class_index, log_probabilities, probabilities
from fastnn.models.parameters import Flag, Integer, Is, OneOf, Real
from fastnn.models.targets import two_classes
from fastnn.optimizers import SGD, OptimizerState
from fastnn.training.callbacks import Watcher
from fastnn.training.engine import Engine
from fastnn.training.loop import Run, Samples, in_order, shuffled, train
from fastnn.training.progress import progress
from fastnn.training.rates import Constant
from fastnn.training.stopping import Stopping

__all__ = ["Neuron"]


class Neuron(Estimator):
    """One neuron with any activation, trained by gradient descent as in the textbook.

    With "sigmoid" it is logistic regression without a penalty and learns by cross-entropy; with
    "sign" it is the perceptron and learns by its rule; both are classifiers of two classes. With
    any other activation it is a regressor and learns by squared error.

    Parameters
    ----------
    activation : str or Activation, default="sigmoid"
        Element-wise: not "softmax".
    learning_rate : float or "auto", default="auto"
        "auto" is 1 for "sign", whose answers do not depend on it, and 1 / (1 + the largest |x|**2)
        for the others: short enough for one row at a time.
    max_iter : int, default=200
        Most passes over the data.
    batch_size : int, "full" or None, default=1
        Rows for each step: 1 is online, a number is a mini-batch; None and "full" take all rows.
    shuffle : bool, default=True
        Take the rows in another order in every pass.
    random_state : int, RandomState or None, default=None
        Draws the order of the rows, and the first weights for an activation other than "sigmoid",
        "sign" and "identity", which start at zero.
    tol : float, default=1e-4
    n_iter_no_change : int, default=5
        It ends after more than so many passes in a row that do not lower the loss by `tol`; "sign"
        also ends after a pass without a mistake.
    verbose : bool, int or "bar", default=False
        True or a number prints the loss of every pass; "bar" shows a progress bar (by tqdm or rich, where one
        is installed) once learning has taken half a second.
    warm_start : bool, default=False
        Start from the weights of the previous `fit`.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`.

    Attributes
    ----------
    coef_ : ndarray (1, n_features)
    intercept_ : ndarray (1,)
    classes_ : ndarray (2,)
        For classifiers.
    learning_rate_ : float
    loss_ : float
    loss_curve_ : list of float
        The mean loss of every pass; for "sign" the share of mistakes.
    n_iter_ : int
        Passes of the last `fit`.
    n_features_in_ : int
    feature_names_in_ : ndarray (n_features_in_,)
        Where X has names that are strings.

    References
    ----------
    Rosenblatt (1958), "The perceptron: a probabilistic model for information storage and
    organization in the brain".

    Examples
    --------
    >>> from fastnn import Neuron
    >>> Neuron("sign").fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1]).predict([[1, 1], [0, 1]])
    array([1, 0])
    """

    _parameters: ClassVar[Mapping[str, Any]] = {
        "activation": (Is("the name of an activation or an Activation", (str, Activation)),),
        "learning_rate": (OneOf(("auto",)), Real(0, open_low=True, open_high=True)),
        "max_iter": (Integer(1),),
        "batch_size": (Integer(1), OneOf(("full",)), NONE),
        "shuffle": (Flag(),),
        "tol": (Real(0),),
        "n_iter_no_change": (Integer(1),),
        "verbose": VERBOSE_BY_EPOCHS,
        "warm_start": (Flag(),),
        **SHARED,
    }

    def __init__(
        self,
        activation: str | Activation = "sigmoid",
        *,
        learning_rate: float | str = "auto",
        max_iter: int = 200,
        batch_size: Any = 1,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        n_iter_no_change: int = 5,
        verbose: bool | int | str = False,
        warm_start: bool = False,
        backend: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        self.activation = activation
        self.learning_rate = learning_rate
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.n_iter_no_change = n_iter_no_change
        self.verbose = verbose
        self.warm_start = warm_start
        self.backend = backend
        self.n_threads = n_threads

    # --- fit ------------------------------------------------------------------------------------

    @guarded
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Neuron:
        """Learn from the data.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)
            Sparse matrices are converted to dense ones.
        y : array-like (n_samples,)
            Labels of two classes, or numbers for a regressor.
        sample_weight : array-like (n_samples,), default=None

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is not possible, X or y cannot be used, y has not two classes, or
            learning diverges in the first pass.
        """
        goes_on = self.warm_start and hasattr(self, "coef_")
        return self._fit(X, y, sample_weight, None, goes_on, self.max_iter)

    @guarded
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> Neuron:
        """Learn from one pass over the data, starting from where the neuron is.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)
        y : array-like (n_samples,)
        sample_weight : array-like (n_samples,), default=None
        classes : array-like (2,), default=None
            Both classes; a classifier's first call needs them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit`, or if the classes are missing or not those of the first call.
        """
        return self._fit(X, y, sample_weight, classes, hasattr(self, "coef_"), None)

    def _fit(self, X: Any, y: Any, sample_weight: Any, classes: Any, goes_on: bool, passes: int | None) -> Neuron:
        """Up to `passes` over the data; None for the one pass of partial_fit."""
        dtype = self._dtype() if goes_on else None
        x, y = self._read(X, y, reset=not goes_on, dtype=dtype, y_numeric=not is_classifier(self))
        if is_classifier(self):
            known = getattr(self, "classes_", None)
            self.classes_, y = two_classes(y, partial=passes is None, known=known, classes=classes)
            y = 2 * y - 1 if name_of(self) == "sign" else y
        elif classes is not None:
            raise ValueError("classes are for classifiers: with this activation a Neuron is a regressor.")
        weight = self._read_weight(sample_weight, x)
        samples = Samples(x, np.ascontiguousarray(y, x.dtype)[:, None], weight)
        engine = learning_engine(self, x.shape[1], x.dtype)
        random_state = check_random_state(self.random_state)
        params = self._params() if goes_on else initial_params(self, engine.plan, random_state)
        run = self._run(samples, params, random_state, goes_on and passes is None)
        losses_before = self.loss_curve_ if goes_on else []
        self._learn(engine, samples, params, run, passes, losses_before)
        self.coef_, self.intercept_ = params[:-1].reshape(1, -1), params[-1:]
        self._training = run
        return self

    def _learn(
        self,
        engine: Engine,
        samples: Samples,
        params: Array,
        run: Run,
        passes: int | None,
        losses_before: list[float],
    ) -> None:
        n = len(samples.x)
        stopping = Stopping(self.tol, self.n_iter_no_change, run.rate)
        watchers: list[Watcher] = [stopping]
        if name_of(self) == "sign":
            watchers.append(lambda epoch: epoch.loss == 0)
        with progress(self.verbose, passes or 1) as printers:
            outcome = train(
                engine,
                samples,
                params,
                run,
                order=shuffled(engine, run.seed, n) if self.shuffle else in_order(),
                batch_size=n if self.batch_size in (None, "full") else min(self.batch_size, n),
                max_epochs=passes or 1,
                watchers=[*printers, *watchers],
            )
        self.loss_curve_ = [*losses_before, *outcome.losses]
        self.loss_ = [loss for loss in self.loss_curve_ if isfinite(loss)][-1]
        self.n_iter_ = len(outcome.losses)
        if outcome.message:
            warn_caller(outcome.message)
        elif outcome.reason == "finished" and passes is not None:
            warn_caller(
                f"The neuron still improves after max_iter={passes} passes over the data: "
                "increase max_iter, or scale the features."
            )

    def _run(self, samples: Samples, params: Array, random_state: Any, goes_on: bool) -> Run:
        """partial_fit goes on with what the call before has left; sets learning_rate_."""
        goes_on = goes_on and hasattr(self, "_training")
        if self.learning_rate != "auto":
            self.learning_rate_ = float(self.learning_rate)
        elif not goes_on:
            self.learning_rate_ = longest_safe_rate(self, samples.x, samples.sample_weight)
        rate = Constant(self.learning_rate_)
        if goes_on:
            run: Run = self._training.copy()
            run.rate = rate
            return run
        optimizer = SGD(learning_rate=self.learning_rate_, momentum=0.0, nesterov=False)
        state = OptimizerState.zeros(optimizer, params)
        return Run(optimizer, state, rate, seed=int(random_state.randint(2**31 - 1)))

    # --- the neuron as it is now ----------------------------------------------------------------

    def _dtype(self) -> Any:
        both = np.result_type(self.coef_, self.intercept_)
        return np.float32 if both == np.float32 else np.float64

    def _params(self) -> Array:
        """w and then b, (n_features + 1,), of what coef_ and intercept_ are now."""
        w, b = np.ravel(self.coef_), np.ravel(self.intercept_)
        return np.concatenate([w, b]).astype(self._dtype(), copy=False)

    def _raw(self, X: Any) -> tuple[Engine, Array]:
        """An engine that gives z, and z (n, 1)."""
        check_is_fitted(self)
        x = self._read_x(X, self._dtype())
        engine = raw_engine(self, x.shape[1], x.dtype)
        return engine, engine.forward(self._params(), x)

    # --- predict --------------------------------------------------------------------------------

    def activate(self, X: Any) -> Array:
        """What the neuron answers: a = activation(w . x + b).

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples,)
        """
        engine, z = self._raw(X)
        return engine.activation(z, function_of(self))[:, 0]

    @available_if(is_classifier)
    def decision_function(self, X: Any) -> Array:
        """The neuron's input z = w . x + b, above 0 for the second class.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples,)
        """
        return self._raw(X)[1][:, 0]

    def predict(self, X: Any) -> NDArray[Any]:
        """The class of every row, or for a regressor the same as `activate`.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples,)
        """
        if not is_classifier(self):
            return self.activate(X)
        index = class_index(self._raw(X)[1])
        labels: NDArray[Any] = self.classes_[index]
        return labels

    @available_if(has_probabilities)
    def predict_proba(self, X: Any) -> Array:
        """The probability of both classes.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples, 2)
        """
        return probabilities(*self._raw(X))

    @available_if(has_probabilities)
    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of both classes' probabilities; never -inf.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples, 2)
        """
        return log_probabilities(*self._raw(X))

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy, or for a regressor the coefficient of determination R^2.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)
        y : array-like (n_samples,)
        sample_weight : array-like (n_samples,), default=None

        Returns
        -------
        float
        """
        measure = accuracy_score if is_classifier(self) else r2_score
        return float(measure(y, self.predict(X), sample_weight=sample_weight))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.sparse = True
        if is_classifier(self):
            tags.estimator_type = "classifier"
            tags.classifier_tags = ClassifierTags(multi_class=False)
        else:
            tags.estimator_type = "regressor"
            # Most activations cannot reach every target.
            tags.regressor_tags = RegressorTags(poor_score=name_of(self) != "identity")
        return tags
