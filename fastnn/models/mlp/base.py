"""How MLPClassifier and MLPRegressor are trained."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import issparse
from sklearn.utils import check_random_state
from sklearn.utils.validation import validate_data

from fastnn.flat_params import FlatParams
from fastnn.kernels.contract import Array
from fastnn.memory import aligned_copy
from fastnn.models.common.arrays import read_weight, read_X_y
from fastnn.models.common.bases import with_callbacks
from fastnn.models.common.callbacks import FitTasks, Fitted, TellsOfEpochs
from fastnn.models.common.class_weight import times_class_weight
from fastnn.models.common.estimator import guarded
from fastnn.models.common.given import MatrixLike, RandomState
from fastnn.models.common.learnt import Learnt
from fastnn.models.common.warnings import warn_caller
from fastnn.models.mlp.checkpoint import NO_FILE, FileArguments, PastCurves, require_epochs, settings_of
from fastnn.models.mlp.conflicts import refuse_conflicts
from fastnn.models.mlp.fit import (
    OF_FITS,
    learnt_by_epochs,
    network_attributes,
    placed,
    run_of,
    stopping_of,
)
from fastnn.models.mlp.fitted import FittedMLP
from fastnn.models.mlp.held_out import Scoring, share
from fastnn.models.mlp.initial_weights import initial_params
from fastnn.models.mlp.lbfgs import fit_lbfgs
from fastnn.models.mlp.options import plan_of, recipe_of
from fastnn.models.mlp.parameter_checks import PARAMETERS
from fastnn.models.mlp.split import require_weight
from fastnn.models.mlp.targets import Targets, report_of
from fastnn.plan import Plan
from fastnn.storage import FilePath
from fastnn.training.checkpoint import Choose, checkpoint_of
from fastnn.training.engine import Engine
from fastnn.training.epoch import Epoch
from fastnn.training.fit import NO_TASKS, Tasks, fit
from fastnn.training.history import History
from fastnn.training.samples import Rows, Samples, selected

if TYPE_CHECKING:
    from fastnn._core import Cancellation
    from fastnn.models.common.bases import Request

__all__ = ["BaseMLP", "trains_by_epochs"]

_TasksOf = Callable[[Fitted, Rows], Tasks]
"""Who hears of a fit to these rows, by what tells the attributes of the model after an epoch."""


def trains_by_epochs(model: BaseMLP) -> bool:
    """Whether there is a partial_fit: L-BFGS has none."""
    if model.solver == "lbfgs":
        raise AttributeError("partial_fit needs another solver, such as 'adam'; 'lbfgs' sees all samples at once.")
    return True


@dataclass(frozen=True)
class _Start:
    """What is known when training begins, but the samples.

    Attributes
    ----------
    targets : Targets
    class_weight : ndarray or None
        A weight for every class (k,), or for not having and having every label (o, 2).
    flat : FlatParams
        The network, which training changes in place.
    before : dict of str to anything
        The attributes of the fits before; empty where nothing of them goes on.
    random_state : RandomState
    incremental : bool
        Whether this is a partial_fit.
    """

    targets: Targets
    class_weight: NDArray[np.float64] | None
    flat: FlatParams
    before: Mapping[str, Any]
    random_state: np.random.RandomState
    incremental: bool

    def fitted(self, params: Array) -> dict[str, Any]:
        """The attributes of a model that has these parameters."""
        return {**self.targets.attributes(), **network_attributes(FlatParams(self.flat.plan, params))}

    def fitted_after(self, history: History, epoch: Epoch) -> dict[str, Any]:
        """The attributes of a model that was fitted until this epoch."""
        told = {"n_iter_": epoch.number, "loss_": epoch.loss, "history_": history.lists}
        return {**self.fitted(epoch.params.astype(self.flat.plan.dtype)), **told}


class BaseMLP(TellsOfEpochs, FittedMLP):
    """A deep network with scikit-learn's parameters."""

    _parameters: ClassVar[Mapping[str, Any]] = PARAMETERS
    _y_numeric: ClassVar[bool] = False

    warm_start: bool
    random_state: RandomState
    coef_init: Sequence[ArrayLike | None] | None
    intercept_init: Sequence[ArrayLike | None] | None

    # --- what a classifier and a regressor do differently ---------------------------------------

    @abstractmethod
    def _read_targets(self, y: Any, name: str = "y") -> NDArray[Any]:
        """y, of fit or of a validation set, as users know it: labels or numbers; errors call it by the name."""

    @abstractmethod
    def _learn_targets(
        self, y: NDArray[Any], sparse: bool, before: Mapping[str, Any], incremental: bool, classes: Any
    ) -> Targets:
        """What y, which users gave as a sparse one or not, is to a model with the fitted attributes `before`."""

    # --- fit ------------------------------------------------------------------------------------

    @guarded
    def fit(
        self,
        X: MatrixLike,
        y: MatrixLike,
        sample_weight: ArrayLike | None = None,
        *,
        X_val: MatrixLike | None = None,
        y_val: MatrixLike | None = None,
        sample_weight_val: ArrayLike | None = None,
        checkpoint: FilePath | None = None,
        resume: bool = False,
        checkpoint_every: int = 1,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            Of sparse matrices only what they store is kept and computed with (as CSR).
        y : array-like of shape (n_samples,), or array-like or sparse matrix of shape (n_samples, n_outputs)
            For a classifier labels, or zeros and ones for several labels a sample; where these are sparse in a first
            fit, so are predictions. All of one class are allowed, as in scikit-learn: that class is what is predicted.
            For a regressor the targets: finite numbers that the loss can have.
        sample_weight : array-like of shape (n_samples,), default=None
            The weight of each sample, at least 0; None for equal ones.
        X_val, y_val, sample_weight_val : array-like, default=None
            Samples that the network is not trained on: their loss and score are taken after every
            epoch, and with `early_stopping` they decide, instead of a share of X.
        checkpoint : str or path, default=None
            A file that keeps what the fit needs to go on, replaced at the ends of epochs. Not for "lbfgs".
        resume : bool, default=False
            Go on from the checkpoint, if its file exists, and end as if the fit had not been interrupted, bitwise.
            Parameters (but `max_iter`, `verbose` and `n_threads`) and data must be as they were.
        checkpoint_every : int, default=1
            Write the checkpoint after every so many epochs, and at the end.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            If a parameter is not possible, X or y cannot be used, or training diverges in the
            first epoch. If the checkpoint is of another fit, or damaged.
        ImportError, OSError
            If a checkpoint needs safetensors, which is not installed, or its file cannot be written.
        """
        file, validation = (checkpoint, resume, checkpoint_every), (X_val, y_val, sample_weight_val)
        self._fit(X, y, sample_weight, *validation, incremental=False, file=file)
        return self

    @with_callbacks
    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *validation: Any,
        incremental: bool,
        classes: Any = None,
        file: FileArguments = NO_FILE,
        rows: Rows = None,
        cancelled: Cancellation | None = None,
    ) -> None:
        """Train on all samples or on some rows of them, until `cancelled` is set; set the fitted attributes."""
        refuse_conflicts(self, incremental, *validation)
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        before = {} if first else dict(vars(self))
        present = None if first else self._flat_params()
        dtype = None if present is None else present.plan.dtype
        x, labels = self._read(X, y, reset=first, dtype=dtype, multi_output=True, y_numeric=self._y_numeric)
        sparse, labels = issparse(labels), selected(self._read_targets(labels), rows)
        weight = selected(read_weight(sample_weight, x.shape[0], x.dtype), rows)
        targets = self._learn_targets(labels, sparse, before, incremental, classes)
        encoded = targets.encode(labels, x.dtype)
        class_weight = targets.weights_of_classes(labels, weight, incremental)
        weight = times_class_weight(weight, encoded, class_weight)
        if rows is not None:
            require_weight(weight, "to train on")
            encoded, weight, labels = (placed(array, rows, x.shape[0]) for array in (encoded, weight, labels))
        random_state = check_random_state(self.random_state)
        plan = plan_of(self, x.shape[1], encoded.shape[1], x.dtype, targets.loss)
        flat = self._network_to_train(plan, present, random_state)
        start = _Start(targets, class_weight, flat, before, random_state, incremental)
        tasks_of: _TasksOf = _nobody
        if cancelled is not None or hasattr(self, "_skl_callbacks"):
            tasks_of = partial(FitTasks, self, X, y, sample_weight, cancelled=cancelled)
        learnt, tasks = self._train(Samples(x, encoded, weight, rows), labels, start, tasks_of, file, *validation)
        fitted = {**targets.attributes(), **network_attributes(start.flat), **learnt.attributes}
        gone = {"_assigned", *(OF_FITS if first else ())}
        self.__dict__ = {"t_": 0, **{k: v for k, v in vars(self).items() if k not in gone}, **fitted}
        tasks.end()
        if learnt.warning:
            warn_caller(learnt.warning)

    def _read(self, X: Any, y: Any, *, reset: bool, **how: Any) -> tuple[Any, NDArray[Any]]:
        """X as (n, i) and y as `read_X_y` reads them; with `reset` the model takes over what X's columns are.

        It has to know them while it is trained already: scorers, callbacks and X_val are held against them.
        """
        x, y, features = read_X_y(self, X, y, reset=reset, **how)
        if reset:
            self._set_fitted(features)
        return x, y

    def _network_to_train(
        self, plan: Plan, present: FlatParams | None, random_state: np.random.RandomState
    ) -> FlatParams:
        """A new network, or a copy of the present one, which must be what parameters and data describe."""
        if present is None:
            return FlatParams(plan, initial_params(plan, random_state, self.coef_init, self.intercept_init))
        if present.plan.widths != plan.widths:
            raise ValueError(
                f"The fitted network has the widths {present.plan.widths}, but hidden_layer_sizes and "
                f"y ask for {plan.widths}. Change neither between fits that go on, or fit with "
                "warm_start=False."
            )
        return FlatParams(plan, aligned_copy(present.params, plan.dtype))

    def _train(
        self,
        samples: Samples,
        labels: NDArray[Any],
        start: _Start,
        tasks_of: _TasksOf,
        file: FileArguments,
        *validation: Any,
    ) -> tuple[Learnt, Tasks]:
        """Train the network in place; what has been learnt, and who has been told of it."""
        require_epochs(self, file[0])
        softened = start.targets.soften(samples.y)
        arrays = (samples.x, softened, samples.sample_weight, *(validation or (None, None, None)))
        keep = checkpoint_of(*file, lambda: settings_of(self, arrays, start.targets.known_classes))
        history = History(start.before.get("history_"))
        scoring = None
        if self.solver != "lbfgs" and (self.early_stopping or any(each is not None for each in validation)):
            samples, scoring = self._hold_out(samples, labels, start, keep.choose, *validation)
        samples = replace(samples, y=softened)
        tasks = tasks_of(partial(start.fitted_after, history), samples.rows)
        if self.solver == "lbfgs":
            return fit_lbfgs(self, start.flat, samples, history, tasks), tasks
        engine, params = Engine(start.flat.plan, self.backend, self.n_threads), start.flat.params
        n = samples.x.shape[0] if samples.rows is None else len(samples.rows)
        recipe = recipe_of(self, n, incremental=start.incremental)
        run = run_of(start.before, recipe, params, start.random_state, incremental=start.incremental)
        stopping = stopping_of(self.early_stopping, start.before, recipe, run.rate, params)
        past = PastCurves(start.before)
        keep.include(curves=past)
        outcome = fit(
            engine,
            params,
            samples,
            recipe,
            run,
            history=history,
            stopping=stopping,
            held_out=None if scoring is None else scoring.held_out(engine),
            report=report_of(start.flat.plan.loss, samples.y, samples.sample_weight, samples.rows),
            tasks=tasks,
            verbose=self.verbose,
            checkpoint=keep,
        )
        end = (outcome, run, stopping, history, past, scoring)
        return learnt_by_epochs(self, *end, incremental=start.incremental), tasks

    def _hold_out(
        self,
        samples: Samples,
        labels: NDArray[Any],
        start: _Start,
        choose: Choose,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
    ) -> tuple[Samples, Scoring]:
        """The samples to train on, and those that are held out: the user's own, or a share of all."""
        targets = start.targets
        if X is None:
            train, held = share(self, samples, targets, start.random_state, choose)
            return train, Scoring(self, targets, held, selected(labels, held.rows), start.fitted)
        how = {"dtype": samples.x.dtype, "multi_output": True, "y_numeric": self._y_numeric, "y_name": "y_val"}
        try:
            x, y = self._read(X, y, reset=False, **how)
        except (TypeError, ValueError) as fault:  # of scikit-learn's validators, to which X is X
            fault.add_note("This is about X_val and y_val.")
            raise
        y = self._read_targets(y, "y_val")
        encoded = targets.encode(y, x.dtype, "y_val")
        if encoded.shape[1] != samples.y.shape[1]:
            raise ValueError(f"y_val has {encoded.shape[1]} outputs, wanted {samples.y.shape[1]} as y has.")
        weight = read_weight(sample_weight, x.shape[0], x.dtype, "sample_weight_val")
        weight = times_class_weight(weight, encoded, start.class_weight, "row of X_val")
        return samples, Scoring(self, targets, Samples(x, encoded, weight), y, start.fitted)

    @guarded
    def _fit_shared(self, X: Any, x: Array, y: Any, sample_weight: Any, rows: Rows, cancelled: Cancellation) -> Self:
        """Fit to x, which X has become and others share; X itself has names of features, and the model learns them."""
        reset = not (self.warm_start and hasattr(self, "coefs_"))
        validate_data(self, X, reset=reset, skip_check_array=True)
        names = self.__dict__.pop("feature_names_in_", None)
        self._fit(x, y, sample_weight, incremental=False, rows=rows, cancelled=cancelled)
        if names is not None:
            self.feature_names_in_ = names
        return self

    if TYPE_CHECKING:  # scikit-learn makes it of what `fit` takes

        def set_fit_request(  # noqa: D102 - scikit-learn describes it
            self,
            *,
            X_val: Request = ...,
            y_val: Request = ...,
            sample_weight: Request = ...,
            sample_weight_val: Request = ...,
            checkpoint: Request = ...,
            checkpoint_every: Request = ...,
            resume: Request = ...,
        ) -> Self: ...


def _nobody(fitted: Fitted, rows: Rows) -> Tasks:
    """What stands for `FitTasks` where nobody hears of the fit."""
    return NO_TASKS
