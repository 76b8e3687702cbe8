"""A deep network that tells classes apart, with scikit-learn's parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn.activations import Activation
from fastnn.losses import Loss
from fastnn.models.common.bases import ClassifierMixin, available_if
from fastnn.models.common.class_weight import DictOfEachLabel
from fastnn.models.common.estimator import NONE, guarded
from fastnn.models.common.given import MatrixLike, RandomState
from fastnn.models.common.parameter_checks import Is, LossOf, OneOf, Real
from fastnn.models.common.scored import Scored
from fastnn.models.common.targets import as_labels
from fastnn.models.mlp.base import BaseMLP, trains_by_epochs
from fastnn.models.mlp.fitted import FittedClassifier
from fastnn.models.mlp.labels import (
    CLASS_LINKS,
    CLASS_LOSSES,
    LabelTargets,
    classes_for,
    given_loss_of,
    learn_labels,
)
from fastnn.models.mlp.parameter_checks import PARAMETERS
from fastnn.optimizers import Optimizer
from fastnn.schedules import Plateau, Schedule

__all__ = ["MLPClassifier"]


class MLPClassifier(Scored, ClassifierMixin, FittedClassifier, BaseMLP):
    """A deep network that tells classes apart, trained on cross-entropy.

    Parameters are scikit-learn's, in its order, with its defaults and meaning; those from
    `out_activation` on apart.

    Parameters
    ----------
    hidden_layer_sizes : array-like of int, default=(100,)
        Neurons of each hidden layer. With ``()`` there is none, and the network is a logistic
        regression.
    activation : str, Activation or a sequence of them, default="relu"
        Of all hidden layers, or of each. scikit-learn's "identity", "logistic", "tanh", "relu", and
        any other of fastnn's.
    solver : str or optimizer, default="adam"
        "lbfgs", the name of an optimizer (one of `fastnn.optimizers.OPTIMIZERS`, such as "sgd"), whose
        hyper-parameters are then those below, or an optimizer object, which has its own.
    alpha : float, default=0.0001
        Strength of the L2 penalty: ``alpha / 2`` times the sum of the squared weights, over the
        number of samples of the batch. Intercepts are free.
    batch_size : int or "auto", default="auto"
        Samples for each step; "auto" is ``min(200, n_samples)``.
    learning_rate : {"constant", "invscaling", "adaptive"} or schedule, default="constant"
        Names act on "sgd": "invscaling" divides the rate by ``t_**power_t`` after every epoch; "adaptive"
        divides it by 5 whenever training no longer improves. A schedule of `fastnn.schedules` acts on
        every solver but "lbfgs" and takes the place of `learning_rate_init`.
    learning_rate_init : float, default=0.001
        The learning rate, or the first one, of all solvers by name but "lbfgs".
    power_t : float, default=0.5
        The exponent of "invscaling".
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
        What the velocity of "sgd" keeps of itself at a step.
    nesterovs_momentum : bool, default=True
        Whether "sgd" looks ahead along the velocity.
    early_stopping : bool, default=False
        Hold samples out, or take those that `fit` is given; stop when the accuracy on them no longer
        improves, and keep the best weights. Not for "lbfgs".
    validation_fraction : float in [0, 1), default=0.1
        Share of the samples that are held out; of two classes, or with `scoring`, each class gives its share.
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
        How much of themselves the means of the gradients and of their squares keep at a step of the optimizers by
        name that have them, such as "adam".
    epsilon : float, default=1e-8
        What the optimizers by name that have it, such as "adam", add to the root that they divide by.
    n_iter_no_change : int or inf, default=10
        Training ends after more than so many epochs in a row without improvement.
    max_fun : int, default=15000
        Most evaluations of the loss by "lbfgs".
    out_activation : {None, "sigmoid", "softmax"}, default=None
        Output for two classes: one sigmoid neuron (the default) or two softmax neurons. More
        classes have softmax, and several labels a sample have sigmoid.
    loss : {"cross_entropy", "hinge", "focal"} or Loss, default="cross_entropy"
        "hinge" makes the outputs margins instead of probabilities: one for two classes, else one for each
        class against the others, or for each of several labels a sample. "focal" gives samples that are
        told apart already less weight, by softmax outputs for two classes too; not for several labels a
        sample. Or a Loss of `fastnn.losses` of one of these names, such as ``focal(0.5)``; or one of your own, whose
        link says what the outputs are: "sigmoid" for two classes or several labels a sample and "softmax" for
        classes, with the targets 0 and 1, and "identity" for margins, with the targets -1 and 1.
    label_smoothing : float in [0, 1), default=0
        Share of every target that goes to all classes alike, for training alone.
    class_weight : dict, list of dicts, "balanced" or None, default=None
        What the weights of each class's samples are multiplied by, held-out samples included; "balanced"
        makes all classes weigh the same. For several labels a sample a list of ``{0: weight, 1: weight}``, one for
        each label, whose weights are multiplied with each other.
    dropout : float in [0, 1) or list of them, default=0
        While training, the share of each hidden layer's outputs that is set to 0, the others being
        scaled to keep the mean; one for all hidden layers, or for each.
    l1 : float, default=0
        Strength of the L1 penalty: `l1` times the sum of the absolute weights, over the number of
        samples of the batch, by its subgradient: weights come near 0, and not to it.
    clip_value, clip_norm : float or None, default=None
        Largest component, and largest norm, of the gradient (penalties included) of a step.
    ema : float in [0, 1) or None, default=None
        The fitted weights, and those that held-out samples are scored with, are an exponential moving
        average of the steps' ones, which keeps this share of itself at each step.
    scoring : str, callable or None, default=None
        What early stopping watches: the name of a scorer of scikit-learn, "loss" for the loss on the
        held-out samples, or a callable(estimator, X, y), which is also given `sample_weight` where samples
        have weights; None for accuracy.
    coef_init, intercept_init : list of array-like or None, default=None
        The weights (i, o) and biases (o,) of every layer that a first fit starts from, such as the
        `coefs_` and `intercepts_` of another model; None, for all or in the list, for random ones.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`. Results never depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels that the fit has seen, sorted; of several labels a sample their numbers.
    coefs_, intercepts_ : list of ndarray
        Each layer's w (i, o) and b (o,), of X's dtype. Predictions use what they are, also where
        others have been assigned.
    loss_ : float
        The mean loss of the last epoch, penalties included.
    loss_curve_ : list of float
        The mean loss of every epoch. Where training diverged, the last one is not finite.
    best_loss_ : float or None
        The lowest one; None with `early_stopping`.
    validation_loss_curve_ : list of float or None
        The mean loss on the held-out samples after every epoch, of the data alone: without penalty,
        dropout and label smoothing.
    validation_scores_, best_validation_score_ : list of float, float
        Accuracies on the held-out samples, or what `scoring` says; None where none are held out.
    history_ : dict of str to list of float
        "loss", "validation_loss", "validation_score", "learning_rate" and "seconds" of every finished
        epoch or iteration; NaN where there is no such number.
    n_iter_ : int
        Epochs or iterations of the last `fit`.
    t_ : int
        Samples seen in all epochs.
    n_layers_, n_outputs_ : int
        Layers, the inputs counted as one, and columns of the raw output.
    out_activation_ : str
        "logistic" or "softmax"; "identity" with "hinge", "softmax" with "focal".
    n_features_in_ : int
        How many features X has.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X has names that are strings.

    Notes
    -----
    Ctrl-C during `fit` warns and keeps the last finished epoch. Training that diverges in its first
    epoch is an error; later it warns, and the last finished epoch stays.

    References
    ----------
    Hornik, Stinchcombe and White (1989), "Multilayer feedforward networks are universal approximators".

    Examples
    --------
    >>> from fastnn import MLPClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> model = MLPClassifier(8, "tanh", solver="lbfgs", random_state=0)
    >>> model.fit(X, y).predict(X)
    array([0, 1, 1, 0])
    """

    label_smoothing: float
    class_weight: Mapping[Any, float] | Sequence[Mapping[int, float]] | str | None
    out_activation: str | None
    _parameters: ClassVar[Mapping[str, Any]] = {
        **PARAMETERS,
        "loss": (OneOf(CLASS_LOSSES), LossOf(CLASS_LOSSES, CLASS_LINKS)),
        "label_smoothing": (Real(0, 1, open_high=True),),
        "class_weight": (OneOf(("balanced",)), Is("a dict", (Mapping,)), DictOfEachLabel(), NONE),
        "out_activation": (OneOf(("sigmoid", "logistic", "softmax")), NONE),
    }

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] | NDArray[np.integer[Any]] = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        solver: str | Optimizer = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | Schedule | Plateau = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: RandomState = None,
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
        loss: str | Loss = "cross_entropy",
        label_smoothing: float = 0.0,
        class_weight: Mapping[Any, float] | Sequence[Mapping[int, float]] | str | None = None,
        dropout: float | Sequence[float] = 0.0,
        l1: float = 0.0,
        clip_value: float | None = None,
        clip_norm: float | None = None,
        ema: float | None = None,
        scoring: str | Callable[..., float] | None = None,
        coef_init: Sequence[ArrayLike | None] | None = None,
        intercept_init: Sequence[ArrayLike | None] | None = None,
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
        self.loss = loss
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.dropout = dropout
        self.l1 = l1
        self.clip_value = clip_value
        self.clip_norm = clip_norm
        self.ema = ema
        self.scoring = scoring
        self.coef_init = coef_init
        self.intercept_init = intercept_init
        self.backend = backend
        self.n_threads = n_threads

    @available_if(trains_by_epochs)
    @guarded
    def partial_fit(
        self, X: MatrixLike, y: MatrixLike, sample_weight: ArrayLike | None = None, classes: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch on these samples, from where the network is.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples of the epoch.
        y : array-like of shape (n_samples,), or array-like or sparse matrix of shape (n_samples, n_labels)
            Their labels; they need not have all classes.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.
        classes : array-like of shape (n_classes,), default=None
            All classes; the first call needs them.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where `fit` raises it, or if classes are missing or not those of the first call.
        """
        self._fit(X, y, sample_weight, incremental=True, classes=classes)
        return self

    # --- labels to targets ----------------------------------------------------------------------

    def _read_targets(self, y: Any, name: str = "y") -> NDArray[Any]:
        return as_labels(y, name)

    def _learn_targets(
        self, y: NDArray[Any], sparse: bool, before: Mapping[str, Any], incremental: bool, classes: Any
    ) -> LabelTargets:
        known = self._label_targets() if "classes_" in before else None
        classes = classes_for(y, None if known is None else known.classes, incremental, classes)
        found = learn_labels(classes, y.ndim == 2, sparse, known, self.loss, self.out_activation)
        return replace(found, smoothing=float(self.label_smoothing), class_weight=self.class_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        given = given_loss_of(self.loss)
        has_softmax = self.out_activation == "softmax" or (given is not None and given.link == "softmax")
        has_sigmoid = self.out_activation not in (None, "softmax") or (given is not None and given.link == "sigmoid")
        tags.classifier_tags.multi_label = not has_softmax
        tags.classifier_tags.multi_class = not has_sigmoid
        return tags
