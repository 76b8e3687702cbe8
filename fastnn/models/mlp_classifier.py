"""A deep network that tells classes apart, with scikit-learn's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.models.base import NONE, guarded
from fastnn.models.mlp_base import BaseMLP, trains_by_epochs
from fastnn.models.outputs import class_index, log_probabilities, probabilities
from fastnn.models.parameters import OneOf
from fastnn.models.targets import (
    agreed_classes,
    as_labels,
    find_classes,
    index_of,
    one_hot,
)
from fastnn.training.engine import Engine

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, BaseMLP):
    """A deep network that tells classes apart, trained on cross-entropy.

    Parameters are scikit-learn's, in its order, with its defaults and meaning; the last three
    apart.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(100,)
        Neurons of each hidden layer. With ``()`` there is none, and the network is a logistic
        regression.
    activation : str, Activation or a sequence of them, default="relu"
        Of all hidden layers, or of each. scikit-learn's "identity", "logistic", "tanh", "relu", and
        any other of fastnn's.
    solver : {"lbfgs", "sgd", "adam"}, default="adam"
    alpha : float, default=0.0001
        Strength of the L2 penalty: ``alpha / 2`` times the sum of the squared weights, over the
        number of samples of the batch. Intercepts are free.
    batch_size : int or "auto", default="auto"
        Samples for each step; "auto" is ``min(200, n_samples)``.
    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        For "sgd": "invscaling" divides the rate by ``t_**power_t`` after every epoch; "adaptive"
        divides it by 5 whenever training no longer improves.
    learning_rate_init : float, default=0.001
    power_t : float, default=0.5
    max_iter : int, default=200
        Epochs, or iterations of "lbfgs".
    shuffle : bool, default=True
        Take the samples in another order in every epoch.
    random_state : int, RandomState or None, default=None
        Draws the first weights, the held-out samples and the order of the samples.
    tol : float, default=1e-4
        What an epoch must improve the loss or score by to count. For "lbfgs" the largest gradient
        to stop at.
    verbose : bool, int or "bar", default=False
        True or a number prints a line for every epoch or iteration; "bar" shows a progress bar (by tqdm or
        rich, where one is installed) once training has taken half a second.
    warm_start : bool, default=False
        Start from the weights of the previous `fit`.
    momentum : float in [0, 1], default=0.9
        For "sgd".
    nesterovs_momentum : bool, default=True
        For "sgd".
    early_stopping : bool, default=False
        Hold samples out, stop when the accuracy on them no longer improves, and keep the best
        weights. Not for "lbfgs".
    validation_fraction : float in [0, 1), default=0.1
        Share of the samples that are held out; of two classes, each gives its share.
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
        For "adam".
    epsilon : float, default=1e-8
        For "adam".
    n_iter_no_change : int or inf, default=10
        Training ends after more than so many epochs in a row without improvement.
    max_fun : int, default=15000
        Most evaluations of the loss by "lbfgs".
    out_activation : {None, "sigmoid", "softmax"}, default=None
        Output for two classes: one sigmoid neuron (the default) or two softmax neurons. More
        classes have softmax, and several labels a sample have sigmoid.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`. Results never depend on it.

    Attributes
    ----------
    classes_ : ndarray (n_classes,)
    coefs_, intercepts_ : list of ndarray
        Each layer's w (i, o) and b (o,), of X's dtype. Predictions use what they are, also where
        others have been assigned.
    loss_ : float
    loss_curve_ : list of float
        The mean loss of every epoch. Where training diverged, the last one is not finite.
    best_loss_ : float or None
        The lowest one; None with `early_stopping`.
    validation_scores_, best_validation_score_ : list of float, float
        Accuracies on the held-out samples; None without `early_stopping`.
    history_ : dict of str to list of float
        "loss", "validation_score", "learning_rate" and "seconds" of every finished epoch or
        iteration; NaN where there is no such number.
    n_iter_ : int
        Epochs or iterations of the last `fit`.
    t_ : int
        Samples seen in all epochs.
    n_layers_, n_outputs_ : int
    out_activation_ : str
        "logistic" or "softmax".
    n_features_in_ : int
    feature_names_in_ : ndarray (n_features_in_,)
        Where X has names that are strings.

    Notes
    -----
    Ctrl-C during `fit` warns and keeps the last finished epoch. Training that diverges in its first
    epoch is an error; later it warns, and the last finished epoch stays.

    Examples
    --------
    >>> from fastnn import MLPClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> model = MLPClassifier(8, "tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, y).predict(X)
    array([0, 1, 1, 0])
    """

    _parameters: ClassVar[Mapping[str, Any]] = {
        **BaseMLP._parameters,
        "out_activation": (OneOf(("sigmoid", "logistic", "softmax")), NONE),
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Any = None,
        tol: float = 1e-4,
        verbose: bool | int | str = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        out_activation: str | None = None,
        backend: str = "auto",
        n_threads: int | None = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.out_activation = out_activation
        self.backend = backend
        self.n_threads = n_threads

    @guarded
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> MLPClassifier:
        """Train the network.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)
            Sparse matrices are converted to dense ones.
        y : array-like (n_samples,) or (n_samples, n_labels)
            Labels, or zeros and ones for several labels a sample. All of one class are allowed, as in
            scikit-learn: that class is what is predicted.
        sample_weight : array-like (n_samples,), default=None

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If a parameter is not possible, X or y cannot be used, or training diverges in the
            first epoch.
        """
        self._fit(X, y, sample_weight, incremental=False)
        return self

    @available_if(trains_by_epochs)
    @guarded
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> MLPClassifier:
        """Train for one epoch on these samples, from where the network is.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)
        y : array-like (n_samples,) or (n_samples, n_labels)
        sample_weight : array-like (n_samples,), default=None
        classes : array-like (n_classes,), default=None
            All classes; the first call needs them.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            As `fit`, or if classes are missing or not those of the first call.
        """
        self._fit(X, y, sample_weight, incremental=True, classes=classes)
        return self

    def _targets(self, y: Any, dtype: DTypeLike, first: bool, incremental: bool, classes: Any) -> Array:
        labels = as_labels(y)
        known = None if first and not incremental else getattr(self, "classes_", None)
        if incremental:
            classes = agreed_classes(known, classes)
        else:
            classes = find_classes(labels)
            if known is not None and not np.array_equal(known, classes):
                raise ValueError(
                    "warm_start can only be used where `y` has the same classes as in the previous "
                    f"call to fit. Previously got {known}, `y` has {classes}"
                )
        if first:
            self.out_activation_ = self._choose_output(labels.ndim == 2, len(classes))
        self.classes_ = classes
        if labels.ndim == 2:
            return self._indicator(labels, dtype)
        index = index_of(labels, classes)
        one = self.out_activation_ == "logistic"
        return index.astype(dtype)[:, None] if one else one_hot(index, len(classes), dtype)

    def _indicator(self, labels: NDArray[Any], dtype: DTypeLike) -> Array:
        if labels.shape[1] != len(self.classes_):
            raise ValueError(f"y has shape {labels.shape}, wanted {len(self.classes_)} columns: one a label.")
        return (labels > 0).astype(dtype)

    def _choose_output(self, multilabel: bool, n_classes: int) -> str:
        natural = "logistic" if multilabel or n_classes <= 2 else "softmax"
        if self.out_activation is None:
            return natural
        asked = "softmax" if self.out_activation == "softmax" else "logistic"
        if asked != natural and (multilabel or n_classes != 2):
            kind = "several labels a sample" if multilabel else f"{n_classes} class{'es' * (n_classes > 1)}"
            raise ValueError(
                "Only binary classification is supported with "
                f"out_activation={self.out_activation!r}; y has {kind}. Leave it at None."
            )
        return asked

    def _score_raw(self, engine: Engine, z: Array, y: Array, sample_weight: Array | None) -> float:
        if not np.isfinite(z).all():
            return float("nan")
        if y.shape[1] == 1 or engine.plan.loss.link == "softmax":
            right = self._likeliest(z) == (y[:, 0] if y.shape[1] == 1 else y.argmax(axis=1))
        else:
            right = ((z > 0) == (y > 0)).all(axis=1)
        return float(np.average(right, weights=sample_weight))

    def predict(self, X: Any) -> NDArray[Any]:
        """The likeliest class of every sample, or its labels.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples,) or (n_samples, n_labels)
        """
        z = self._raw(X)[1]
        if z.shape[1] > 1 and self.out_activation_ == "logistic":
            return (z > 0).astype(int)
        labels: NDArray[Any] = self.classes_[self._likeliest(z)]
        return labels

    def _likeliest(self, z: Array) -> NDArray[Any]:
        index: NDArray[Any] = np.minimum(class_index(z), len(self.classes_) - 1)
        return index

    def predict_proba(self, X: Any) -> Array:
        """The probability of every class or label.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        engine, z = self._raw(X)
        return probabilities(engine, z) if len(self.classes_) > 1 else np.ones_like(z)

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithm of every probability; never -inf.

        Parameters
        ----------
        X : array-like or sparse matrix (n_samples, n_features)

        Returns
        -------
        ndarray (n_samples, n_classes)
        """
        engine, z = self._raw(X)
        return log_probabilities(engine, z) if len(self.classes_) > 1 else np.zeros_like(z)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = self.out_activation != "softmax"
        tags.classifier_tags.multi_class = self.out_activation in (None, "softmax")
        return tags
