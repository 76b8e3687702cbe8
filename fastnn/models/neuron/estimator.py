"""One neuron: a = activation(w . x + b)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from fastnn.activations import Activation
from fastnn.models.common.arrays import read_weight, read_X_y
from fastnn.models.common.bases import with_callbacks
from fastnn.models.common.callbacks import FitTasks, TellsOfEpochs
from fastnn.models.common.estimator import NONE, SHARED, VERBOSE_BY_EPOCHS, guarded
from fastnn.models.common.given import MatrixLike, RandomState
from fastnn.models.common.parameter_checks import ActivationLike, Flag, Integer, Is, OneOf, Real
from fastnn.models.common.targets import two_classes
from fastnn.models.common.warnings import warn_caller
from fastnn.models.neuron.fit import average_of, batch_size_of, fitted_after, learn
from fastnn.models.neuron.learning_rule import is_classifier, name_of
from fastnn.models.neuron.predictor import NeuronBase
from fastnn.schedules import Plateau, Schedule
from fastnn.training.fit import NO_TASKS
from fastnn.training.neuron_engine import dense_where_small
from fastnn.training.samples import Samples

__all__ = ["Neuron"]


class Neuron(TellsOfEpochs, NeuronBase):
    """One neuron with any activation, trained by gradient descent as in the textbook.

    With "sigmoid" it is logistic regression without a penalty and learns by cross-entropy; with
    "sign" it is the perceptron and learns by its rule; both are classifiers of two classes. With
    any other activation it is a regressor and learns by squared error.

    Parameters
    ----------
    activation : str or Activation, default="sigmoid"
        Element-wise: not "softmax".
    learning_rate : float, schedule or "auto", default="auto"
        A number, or a schedule of `fastnn.schedules` by the step. "auto" is 1 for "sign", whose
        answers do not depend on it, and 1 / (1 + the largest |x|**2) for the others, times the
        weight where a row alone has one: short enough for one row at a time.
    max_iter : int, default=200
        Most passes over the data.
    batch_size : int, "full" or None, default=1
        Rows for each step: 1 is online, where a row's weight makes its step longer; a number is a
        mini-batch, which steps by its weighted mean; None and "full" take all rows.
    shuffle : bool, default=True
        Take the rows in another order in every pass.
    random_state : int, RandomState or None, default=None
        Draws the order of the rows, and the first weights for an activation other than "sigmoid",
        "sign" and "identity", which start at zero.
    tol : float, default=1e-4
        How much lower the loss of a pass must be to count as an improvement.
    n_iter_no_change : int, default=5
        It ends after more than so many passes in a row that do not lower the loss by `tol`; "sign"
        also ends after a pass without a mistake. Where much is left to gain, and only the learning rate is too
        small for the loss to show it, a ConvergenceWarning says so: columns of one scale, without outliers, have a
        larger one.
    verbose : bool, int or "bar", default=False
        True or a number prints the loss of every pass; "bar" shows a progress bar (by tqdm or rich, where one
        is installed) once learning has taken half a second.
    warm_start : bool, default=False
        Start from the weights of the previous `fit`.
    average : bool, default=False
        Whether `coef_` and `intercept_` are the mean over all steps of the fit (of all calls of
        `partial_fit`), which sways less than the last of them. `partial_fit` goes on from the last.
    keep_history : bool, default=False
        Whether to set `history_`.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        "auto" is "native". An activation of your own is compiled by Numba, but for "reference".
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`.

    Attributes
    ----------
    coef_ : ndarray of shape (1, n_features)
        The weights w, in X's dtype.
    intercept_ : ndarray of shape (1,)
        The bias b.
    classes_ : ndarray of shape (2,)
        For classifiers: both labels, sorted.
    learning_rate_ : float
        Of the last step.
    loss_ : float
        The mean loss of the last pass.
    loss_curve_ : list of float
        The mean loss of every pass; for "sign" the share of mistakes.
    n_iter_ : int
        Passes of the last `fit`.
    history_ : dict of str to ndarray
        With `keep_history`: "coef" (n_passes + 1, n_features) and "intercept" (n_passes + 1,) before
        the first pass and after each one, as they learn, not averaged; "loss" and "learning_rate"
        (n_passes,).
    n_features_in_ : int
        How many features X has.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X has names that are strings.

    References
    ----------
    Rosenblatt (1958), "The perceptron: a probabilistic model for information storage and
    organization in the brain". Freund and Schapire (1999), "Large margin classification using the
    perceptron algorithm", for the average.

    Examples
    --------
    >>> from fastnn import Neuron
    >>> neuron = Neuron("sign", random_state=0).fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 1])
    >>> neuron.predict([[1, 1], [0, 1]])
    array([1, 0])
    """

    _parameters: ClassVar[Mapping[str, Any]] = {
        "activation": (ActivationLike(),),
        "learning_rate": (
            OneOf(("auto",)),
            Real(0, open_low=True, open_high=True),
            Is("a schedule", (Schedule, Plateau)),
        ),
        "max_iter": (Integer(1),),
        "batch_size": (Integer(1), OneOf(("full",)), NONE),
        "shuffle": (Flag(),),
        "tol": (Real(0),),
        "n_iter_no_change": (Integer(1),),
        "verbose": VERBOSE_BY_EPOCHS,
        "warm_start": (Flag(),),
        "average": (Flag(),),
        "keep_history": (Flag(),),
        **SHARED,
    }

    def __init__(
        self,
        activation: str | Activation = "sigmoid",
        *,
        learning_rate: float | str | Schedule | Plateau = "auto",
        max_iter: int = 200,
        batch_size: int | str | None = 1,
        shuffle: bool = True,
        random_state: RandomState = None,
        tol: float = 1e-4,
        n_iter_no_change: int = 5,
        verbose: bool | int | str = False,
        warm_start: bool = False,
        average: bool = False,
        keep_history: bool = False,
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
        self.average = average
        self.keep_history = keep_history
        self.backend = backend
        self.n_threads = n_threads

    # --- fit ------------------------------------------------------------------------------------

    @guarded
    def fit(self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from the data.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            A sparse matrix is made dense where that takes at most 64 MB, else some batches after the other.
        y : array-like of shape (n_samples,)
            Labels of two classes, or numbers for a regressor.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is not possible, X or y cannot be used, y has not two classes, or
            learning diverges in the first pass.
        """
        goes_on = self.warm_start and hasattr(self, "coef_")
        self._fit(X, y, sample_weight, None, goes_on, self.max_iter)
        return self

    @guarded
    def partial_fit(
        self, X: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> Self:
        """Learn from one pass over the data, starting from where the neuron is.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        y : array-like of shape (n_samples,)
            Labels of two classes, or numbers for a regressor.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.
        classes : array-like of shape (2,), default=None
            Both classes; a classifier's first call needs them.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where `fit` raises it, or if the classes are missing or not those of the first call.
        """
        self._fit(X, y, sample_weight, classes, hasattr(self, "coef_"), None)
        return self

    @with_callbacks
    def _fit(self, X: Any, y: Any, sample_weight: Any, classes: Any, goes_on: bool, passes: int | None) -> None:
        """Up to `passes` over the data; None for the one pass of partial_fit."""
        dtype, classifier = self._dtype() if goes_on else None, is_classifier(self)
        x, y_read, features = read_X_y(self, X, y, reset=not goes_on, dtype=dtype, y_numeric=not classifier)
        x, found = dense_where_small(x, batch_size_of(self, x.shape[0])), dict[str, Any]()
        if classifier:
            known = getattr(self, "classes_", None)
            found["classes_"], y_read = two_classes(y_read, partial=passes is None, known=known, classes=classes)
            y_read = 2 * y_read - 1 if name_of(self) == "sign" else y_read
        elif classes is not None:
            raise ValueError("classes are for classifiers: with this activation a Neuron is a regressor.")
        weight = read_weight(sample_weight, x.shape[0], x.dtype)
        samples = Samples(x, np.require(y_read, x.dtype, ["C", "A"])[:, None], weight)
        average, tasks = average_of(self, x.shape[1] + 1, goes_on=goes_on and passes is None), NO_TASKS
        if hasattr(self, "_skl_callbacks"):  # who get a model that knows its columns and classes
            self._set_fitted(features, **found)
            tasks = FitTasks(self, X, y, sample_weight, partial(fitted_after, average))
        learnt = learn(self, samples, average, goes_on, passes, tasks)
        for name in ("_average", "history_"):  # which not every fit has
            self.__dict__.pop(name, None)
        self._set_fitted(features, **found, **learnt.attributes)
        tasks.end()
        if learnt.warning:
            warn_caller(learnt.warning)
