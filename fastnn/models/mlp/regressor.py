"""A deep network that predicts numbers, with scikit-learn's parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fastnn import losses
from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.models.common.bases import MultiOutputMixin, RegressorMixin, available_if
from fastnn.models.common.estimator import guarded
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike, RandomState
from fastnn.models.common.parameter_checks import Is, OneOf
from fastnn.models.common.scored import Scored
from fastnn.models.common.targets import as_numbers
from fastnn.models.mlp.base import BaseMLP, trains_by_epochs
from fastnn.models.mlp.numbers import NumberTargets
from fastnn.models.mlp.parameter_checks import PARAMETERS
from fastnn.optimizers import Optimizer
from fastnn.schedules import Plateau, Schedule

__all__ = ["MLPRegressor"]

_LOSSES = tuple(name for name in losses.LOSSES if name != "hinge")


class MLPRegressor(Scored, RegressorMixin, MultiOutputMixin, BaseMLP):
    """A deep network that predicts one number or several.

    Parameters are scikit-learn's, in its order, with its defaults and meaning; those from
    `dropout` on apart.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        Half the squared error; "poisson", for counts: the Poisson deviance of targets of at least 0;
        "tweedie", between that and the gamma distribution's; "absolute", "huber", "log_cosh", "pinball";
        "binary_cross_entropy" for targets in [0, 1], "cross_entropy" and "focal" for rows of shares that
        sum to 1; or a Loss of `fastnn.losses`, such as ``pinball(0.9)``, or one of your own.
    hidden_layer_sizes : array-like of int, default=(100,)
        Neurons of each hidden layer. With ``()`` there is none, and the network is a linear
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
        Hold samples out, or take those that `fit` is given; stop when R^2 on them no longer
        improves, and keep the best weights. Not for "lbfgs".
    validation_fraction : float in [0, 1), default=0.1
        Share of the samples that are held out.
    beta_1, beta_2 : float in [0, 1), default=0.9 and 0.999
        How much of themselves the means of the gradients and of their squares keep at a step of the optimizers by
        name that have them, such as "adam".
    epsilon : float, default=1e-8
        What the optimizers by name that have it, such as "adam", add to the root that they divide by.
    n_iter_no_change : int or inf, default=10
        Training ends after more than so many epochs in a row without improvement.
    max_fun : int, default=15000
        Most evaluations of the loss by "lbfgs".
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
        have weights; None for R^2.
    coef_init, intercept_init : list of array-like or None, default=None
        The weights (i, o) and biases (o,) of every layer that a first fit starts from, such as the
        `coefs_` and `intercepts_` of another model; None, for all or in the list, for random ones.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`. Results never depend on it.

    Attributes
    ----------
    coefs_, intercepts_ : list of ndarray
        Each layer's w (i, o) and b (o,), of X's dtype. Predictions use what they are, also where
        others have been assigned.
    loss_ : float
        The mean loss of the last epoch, penalties included; of several outputs the mean, where these are identity; the
        network is trained on their sum.
    loss_curve_ : list of float
        The mean loss of every epoch. Where training diverged, the last one is not finite.
    best_loss_ : float or None
        The lowest one; None with `early_stopping`.
    validation_loss_curve_ : list of float or None
        The mean loss on the held-out samples after every epoch, of the data alone: without penalty and
        dropout.
    validation_scores_, best_validation_score_ : list of float, float
        R^2 on the held-out samples, or what `scoring` says; None where none are held out.
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
        "identity"; "exp" for Poisson and Tweedie, "logistic" or "softmax" for cross-entropies.
    n_features_in_ : int
        How many features X has.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X has names that are strings.

    Notes
    -----
    Ctrl-C during `fit` warns and keeps the last finished epoch. Training that diverges in its first
    epoch is an error; later it warns, and the last finished epoch stays.

    Examples
    --------
    >>> from fastnn import MLPRegressor
    >>> X, y = [[0.0], [0.5], [1.0]], [0.0, 0.25, 1.0]
    >>> model = MLPRegressor("squared_error", 8, "tanh", solver="lbfgs", random_state=0)
    >>> bool(model.fit(X, y).score(X, y) > 0.99)
    True
    """

    _y_numeric: ClassVar[bool] = True
    _parameters: ClassVar[Mapping[str, Any]] = {
        **PARAMETERS,
        "loss": (OneOf(_LOSSES), Is("a Loss", (Loss,))),
    }

    def __init__(
        self,
        loss: str | Loss = "squared_error",
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
        self.loss = loss
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
    def partial_fit(self, X: MatrixLike, y: MatrixLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train for one epoch on these samples, from where the network is.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples of the epoch.
        y : array-like of shape (n_samples,), or array-like or sparse matrix of shape (n_samples, n_outputs)
            The targets: finite numbers that the loss can have.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            Where `fit` raises it.
        """
        self._fit(X, y, sample_weight, incremental=True)
        return self

    def _read_targets(self, y: Any, name: str = "y") -> NDArray[Any]:
        return as_numbers(y, name)

    def _learn_targets(
        self, y: NDArray[Any], sparse: bool, before: Mapping[str, Any], incremental: bool, classes: Any
    ) -> NumberTargets:
        targets = NumberTargets(losses.get(self.loss))
        if before and targets.output != self.out_activation_:
            raise ValueError(
                f"The fitted network has the output {self.out_activation_!r}, but loss={targets.loss.name!r} asks for "
                f"{targets.output!r}. Fit with warm_start=False."
            )
        return targets

    def predict(self, X: MatrixLike) -> Array:
        """Predict the targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In X's dtype.
        """
        predictions = held(self)._output(X, link=True)[1]
        return predictions[:, 0] if predictions.shape[1] == 1 else predictions
