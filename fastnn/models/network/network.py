"""A network of dense layers: the level below the estimators, without scikit-learn."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable, Sequence
from copy import copy
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from fastnn import optimizers
from fastnn.flat_params import FlatParams
from fastnn.kernels.contract import Array
from fastnn.layers import Layer
from fastnn.losses import Loss
from fastnn.memory import aligned_copy
from fastnn.models.common.answers import answer_at_once
from fastnn.models.common.fitting import curves_kept, only_fit
from fastnn.models.common.given import Batches, MatrixLike, RandomState
from fastnn.models.common.loss_curve import plot_loss_curve as plot_of_losses
from fastnn.models.network import summary as text
from fastnn.models.network.base import BaseNetwork
from fastnn.models.network.data import read_inputs, read_layers, read_samples, read_source, read_validation
from fastnn.models.network.fit import Options, read_callbacks, settings_of
from fastnn.optimizers import Optimizer
from fastnn.plan import Plan
from fastnn.schedules import Plateau, Schedule
from fastnn.storage import FilePath
from fastnn.training.checkpoint import checkpoint_of
from fastnn.training.engine import Engine
from fastnn.training.epoch import Watcher
from fastnn.training.fit import fit
from fastnn.training.held_out import HeldOut
from fastnn.training.history import History
from fastnn.training.run import Run
from fastnn.validation import check_counts

__all__ = ["Network"]

_BATCH_SIZE = 32


class Network(BaseNetwork):
    """Dense layers, a loss, and one flat vector of parameters.

    Parameters
    ----------
    layers : sequence of Dense and Dropout
        A `Dropout` drops inputs of the layer after it, while training alone.
    n_inputs : int
        Features of a sample, at least 1.
    loss : str or Loss, default="squared_error"
        Works on what the last layer gives; so for "cross_entropy" and its kind let that be raw,
        with the activation "identity", since the loss has its own link (softmax, sigmoid).
    dtype : dtype-like, default="float32"
        "float32" or "float64": what parameters and activations are kept and computed in.
    backend : {"auto", "native", "jit", "reference"}, default="auto"
        Which implementation computes; "auto" is "native".
    n_threads : int, default=None
        At most so many threads; None for `fastnn.get_num_threads()`.
    random_state : int, RandomState or None, default=None
        Draws the initial parameters, by scikit-learn's rule, and the orders of the rows in `fit`.

    Attributes
    ----------
    plan : Plan
        Widths, activations and layout of the parameters.
    history : dict of str to list of float
        "loss", "validation_loss", "learning_rate" and "seconds" of every epoch so far; NaN where there is no
        such number ("validation_score" is always).

    Raises
    ------
    ValueError
        If there is no Dense layer, or a name, a width or the dtype is not possible.
    TypeError
        If a layer is neither a Dense nor a Dropout.

    Examples
    --------
    >>> import numpy as np
    >>> from fastnn import Dense, Network
    >>> network = Network([Dense(8, "tanh"), Dense(1)], n_inputs=2, random_state=0)
    >>> network.forward(np.zeros((5, 2))).shape
    (5, 1)
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        n_inputs: int,
        loss: str | Loss = "squared_error",
        *,
        dtype: DTypeLike = "float32",
        backend: str = "auto",
        n_threads: int | None = None,
        random_state: RandomState = None,
    ) -> None:
        check_counts(n_inputs=n_inputs)
        self.layers = read_layers(layers)
        self.backend = backend
        self.n_threads = n_threads
        plan = Plan.from_layers(self.layers, n_inputs, loss, dtype)
        self._engine = Engine(plan, backend, n_threads)
        draws: Any = random_state if hasattr(random_state, "randint") else np.random.RandomState(random_state)
        self._flat = FlatParams(plan, plan.initial_params(draws))
        self._seed = int(draws.randint(2**31 - 1))
        self.history = History().lists

    # --- forward --------------------------------------------------------------------------------

    def forward(self, x: MatrixLike) -> Array:
        """Compute what the last layer's activation gives.

        Parameters
        ----------
        x : array-like or sparse matrix of shape (n, n_inputs)
            Converted to the network's dtype, a sparse matrix to CSR, which gives the same bits as a dense x where its
            rows are sorted and name no column twice. NaN and infinity flow through.

        Returns
        -------
        ndarray of shape (n, o)
            In the network's dtype.

        Raises
        ------
        ValueError
            If x has another shape.
        TypeError
            If x has no real numbers.
        """
        flat = self._flat
        answer = answer_at_once(self, flat.plan, flat.params, x, link=False)
        if answer is not None:
            return answer
        x = read_inputs(flat.plan, x)
        return self._engine_of(x).forward(flat.params, x)

    def predict(self, x: MatrixLike) -> Array:
        """Predict by the loss's link of `forward`, which gives probabilities, for instance.

        Parameters
        ----------
        x : array-like or sparse matrix of shape (n, n_inputs)
            The inputs, a row for each sample.

        Returns
        -------
        ndarray of shape (n, o)
            In the network's dtype.
        """
        flat = self._flat
        answer = answer_at_once(self, flat.plan, flat.params, x, link=True)
        if answer is not None:
            return answer
        x = read_inputs(flat.plan, x)
        return self._engine_of(x).predict(flat.params, x, link=True)

    def input_gradient(self, x: MatrixLike, output: int | None = None, *, link: bool = False) -> Array:
        """Compute how the outputs change with the inputs: d output / d input, row by row.

        Parameters
        ----------
        x : array-like or sparse matrix of shape (n, n_inputs)
            The inputs, a row for each sample.
        output : int, optional
            One output; None for all of them.
        link : bool, default=False
            False: of what `forward` gives. True: of what `predict` gives, such as probabilities.

        Returns
        -------
        ndarray of shape (n, o, n_inputs)
            Or (n, n_inputs) where `output` is given or the network has one output. At a kink of an
            activation it is the slope that training uses.

        Raises
        ------
        ValueError
            If x has another shape, there is no such output, or an activation has no slope.
        """
        return self._engine.input_gradient(self.params, read_inputs(self.plan, x), output, link)

    def _engine_of(self, x: Any) -> Engine:
        """The engine for one call: what one keeps of a sparse x shall not live longer."""
        return self._engine if isinstance(x, np.ndarray) else copy(self._engine)

    # --- training -------------------------------------------------------------------------------

    @property
    def loss_curve(self) -> list[float]:
        """The mean loss of every epoch so far."""
        return self.history["loss"]

    def loss_and_gradient(
        self, x: MatrixLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> tuple[float, Array]:
        """Compute the mean loss over the rows, and its gradient.

        Parameters
        ----------
        x : array-like or sparse matrix of shape (n, n_inputs)
            The inputs, a row for each sample.
        y : array-like of shape (n, o)
            Or (n,): the targets of a network with one output, or for "cross_entropy" and "focal" the number of
            each row's class. Such as the loss can have: -1 and 1 for "hinge", probabilities for these two (rows
            that sum to 1) and "binary_cross_entropy", counts for "poisson", numbers of at least 0 for "tweedie",
            else finite numbers.
        sample_weight : array-like of shape (n,), optional
            The weight of each row in the mean, at least 0; None for equal ones.

        Returns
        -------
        loss : float
            The mean loss.
        d_params : ndarray of shape (p,)
            Its gradient, in the network's dtype; `unpack` finds the layers' in it.

        Raises
        ------
        ValueError
            If a shape is wrong, y has targets that the loss cannot have, a weight is negative or not finite, or a
            layer's activation has no slope.
        """
        self.plan.require_trainable()
        samples = read_samples(self.plan, x, y, sample_weight)
        params = self.params
        d_params = np.empty_like(params)
        data = (samples.x, samples.y, samples.sample_weight)
        return self._engine_of(samples.x).gradient(params, *data, 0.0, d_params), d_params

    def fit(
        self,
        x: MatrixLike | Batches,
        y: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
        *,
        epochs: int = 10,
        batch_size: int | None = None,
        optimizer: str | Optimizer = "adam",
        schedule: Schedule | Plateau | None = None,
        alpha: float = 0.0,
        l1: float = 0.0,
        label_smoothing: float = 0.0,
        shuffle: bool = True,
        x_val: MatrixLike | None = None,
        y_val: ArrayLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        patience: int | None = None,
        tol: float = 1e-4,
        callbacks: Iterable[Watcher] = (),
        verbose: bool | int | str = False,
        checkpoint: FilePath | None = None,
        resume: bool = False,
        checkpoint_every: int = 1,
    ) -> Self:
        """Train from the present parameters on; the optimizer starts afresh.

        Training works on a copy: the network answers as before until the end, in callbacks and other threads too, and
        has then a new vector `params`, that of the last finished epoch also where an error or Ctrl-C ends it.

        Parameters
        ----------
        x : array-like or sparse matrix of shape (n, n_inputs)
            A memory-mapped array of the network's dtype is used where it lies; of a sparse matrix only what it stores
            is kept and computed with (as CSR). Or, without y, an
            iterable of batches (x, y) or (x, y, sample_weight), read anew in every epoch, or a
            function that returns one: of data that do not fit into memory.
        y : array-like of shape (n, o)
            Or (n,): the targets of a network with one output, or for "cross_entropy" the number of each row's class.
        sample_weight : array-like of shape (n,), optional
            The weight of each row in a batch's mean, at least 0; None for equal ones.
        epochs : int, default=10
            How many times to pass over the rows.
        batch_size : int, default=None
            Rows for each step. None: 32 of arrays, and each batch of an iterable as it is.
        optimizer : str or optimizer, default="adam"
            It may also clip gradients, and average the parameters (`ema`): then the average is what the
            network becomes.
        schedule : schedule, optional
            Learning rates by the step, or a `Plateau` that heeds the losses, instead of the optimizer's.
        alpha, l1 : float, default=0
            L2 penalty, alpha / 2 times the sum of w**2, and L1 penalty, l1 times the sum of abs(w), both over the
            number of rows of the batch; biases have none.
        label_smoothing : float in [0, 1), default=0
            Of cross-entropies: the share of every target that goes to all classes alike.
        shuffle : bool, default=True
            Take the rows in another order every epoch; of batches, the rows inside each one that is
            larger than `batch_size`.
        x_val, y_val, sample_weight_val : array-like, optional
            Samples that the network is not trained on: `history` has their "validation_loss".
        patience : int, optional
            Training ends after more than so many epochs in a row that do not better the validation loss, or
            without such samples the loss, by at least `tol`. The parameters of the best validation loss stay.
        tol : float, default=1e-4
            How much better an epoch must be to count as an improvement.
        callbacks : iterable of callables, optional
            Each is called at the end of every epoch with its `number`, `loss`, `learning_rate`,
            read-only `params` (p,), `validation_loss` and `seconds`; training ends when one returns True. For
            answers of the epoch, assign these `params` to a copy of the network.
        verbose : bool, int or "bar", default=False
            True or a number prints a line for every epoch; "bar" shows a progress bar (by tqdm or rich, where
            one is installed) once training has taken half a second.
        checkpoint : str or path, optional
            A file that keeps what the run needs to go on, replaced at the ends of epochs.
        resume : bool, default=False
            Go on from the checkpoint, if its file exists: the network becomes what it was there, and ends as if
            training had not been interrupted, bitwise. Everything but `epochs`, `callbacks` and `verbose` must be
            as it was. A run that had been stopped is not trained any more.
        checkpoint_every : int, default=1
            Write the checkpoint after every so many epochs, and at the end.

        Returns
        -------
        self
            The trained network.

        Raises
        ------
        ValueError
            If a shape, a number or a target is not possible, a layer's activation has no slope, or training
            diverges in the first epoch. If it does later, a RuntimeWarning says so, and the last
            finished epoch stays. If the checkpoint is of another run, or damaged.
        TypeError
            If `y` is missing and x has no batches.
        RuntimeError
            If the network is being fitted already, by another thread or by the fit that called this one.
        ImportError, OSError
            If a checkpoint needs safetensors, which is not installed, or its file cannot be written.
        """
        self.plan.require_trainable()
        if batch_size is None:
            batch_size = sys.maxsize if y is None else _BATCH_SIZE
        penalties = (alpha, l1, label_smoothing)
        options = Options(epochs, batch_size, optimizers.get(optimizer), schedule, *penalties, shuffle, patience, tol)
        samples = read_source(self.plan, x, y, sample_weight, epochs=epochs, label_smoothing=label_smoothing)
        seen = read_validation(self.plan, x_val, y_val, sample_weight_val)
        about = (self.layers, self.plan, self.backend)
        keep = checkpoint_of(checkpoint, resume, checkpoint_every, lambda: settings_of(*about, samples, seen, options))
        watchers = read_callbacks(callbacks)
        with only_fit(self, goes_on=True):
            engine, params, recipe = copy(self._engine), aligned_copy(self.params), options.recipe()
            run = Run.begin(recipe, params, self._seed, epoch=len(self.loss_curve))
            history = History(self.history)
            try:
                outcome = fit(
                    engine,
                    params,
                    samples,
                    recipe,
                    run,
                    history=history,
                    stopping=options.stopping(run.rate, validates=seen is not None),
                    held_out=None if seen is None else HeldOut(seen),
                    watchers=watchers,
                    verbose=verbose,
                    checkpoint=keep,
                )
            finally:  # what has been finished stays, whatever ends the rest
                if history.new["loss"]:
                    self._become(FlatParams(self.plan, params), run.seed, history)
        if outcome.message:
            warnings.warn(outcome.message, RuntimeWarning, stacklevel=2)
        return self

    def _become(self, flat: FlatParams, seed: int, history: History) -> None:
        """Put what has been learnt in the place of what was, at once, and also where Ctrl-C strikes just now."""

        def replace() -> None:
            with curves_kept(self):
                self.__dict__ = {**vars(self), "_flat": flat, "_seed": seed, "history": history.joined()}

        try:
            replace()
        except BaseException:
            if self._flat is not flat:
                replace()
            raise

    # --- what people see ------------------------------------------------------------------------

    plot_loss_curve = plot_of_losses

    def summary(self) -> str:
        """Make a table of the layers: shapes, activations, numbers of parameters.

        Returns
        -------
        str
            A line for every layer, and one for the sum.
        """
        return text.summary(self.layers, self.plan)

    def __repr__(self) -> str:
        return text.call(self.layers, self.plan)
