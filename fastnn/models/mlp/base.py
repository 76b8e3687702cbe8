"""What MLPClassifier and MLPRegressor share: parameters, and the network that they stand for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy.sparse import issparse
from sklearn.utils import check_random_state

from fastnn import activations
from fastnn.activations import Activation
from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.models.common import attributes
from fastnn.models.common.agreement import require_network
from fastnn.models.common.arrays import is_plain, read_weight, read_X, unnamed_features
from fastnn.models.common.bases import with_callbacks
from fastnn.models.common.callbacks import FitTasks
from fastnn.models.common.class_weight import times_class_weight
from fastnn.models.common.estimator import NONE, SHARED, VERBOSE_BY_EPOCHS, Estimator
from fastnn.models.common.output import loss_of_output
from fastnn.models.common.parameter_checks import ActivationLike, Flag, Integer, Is, OneOf, ParameterError, Real
from fastnn.models.mlp.attributes import MLPAttributes
from fastnn.models.mlp.checkpoint import NOT_KEPT, KeepArguments, keep_of
from fastnn.models.mlp.fit import fit_epochs
from fastnn.models.mlp.held_out import HeldOut, Scorer, spread, taken
from fastnn.models.mlp.initial_weights import ARRAYS, initial_params
from fastnn.models.mlp.insight import Insight
from fastnn.models.mlp.lbfgs import fit_lbfgs
from fastnn.models.mlp.options import dropout_of, refuse_conflicts
from fastnn.models.mlp.split import require_split, require_weight, split
from fastnn.models.mlp.weights import Packed
from fastnn.optimizers import OPTIMIZERS, Optimizer
from fastnn.plan import Plan
from fastnn.schedules import Plateau, Schedule
from fastnn.training.checkpoint import Choose
from fastnn.training.engine import Engine
from fastnn.training.loop import Samples

if TYPE_CHECKING:
    from fastnn._core import Cancellation

__all__ = ["BaseMLP", "trains_by_epochs"]

_IDENTITY = activations.get("identity")


def trains_by_epochs(model: BaseMLP) -> bool:
    """Whether there is a partial_fit: L-BFGS has none."""
    if model.solver == "lbfgs":
        raise AttributeError("partial_fit needs another solver, such as 'adam'; 'lbfgs' sees all samples at once.")
    return True


@dataclass(frozen=True)
class _Sizes:
    def accepts(self, value: Any) -> bool:
        """See Check."""
        sizes = [value] if isinstance(value, Integral) else value
        if isinstance(sizes, (str, bytes)) or not isinstance(sizes, Iterable):
            return False
        return all(Integer(1).accepts(size) for size in sizes)

    def __str__(self) -> str:
        return "an integer of at least 1, or an array-like of them: hidden_layer_sizes must be > 0"


@dataclass(frozen=True)
class _Activations:
    def accepts(self, value: Any) -> bool:
        """See Check."""
        return isinstance(value, (list, tuple)) and all(map(ActivationLike().accepts, value))

    def __str__(self) -> str:
        return "a list of them"


@dataclass(frozen=True)
class _Rates:
    def accepts(self, value: Any) -> bool:
        """See Check."""
        return isinstance(value, (list, tuple)) and all(Real(0, 1, open_high=True).accepts(rate) for rate in value)

    def __str__(self) -> str:
        return "a list of them"


class BaseMLP(Insight, MLPAttributes, Estimator):
    """A deep network with scikit-learn's parameters."""

    _parameters: ClassVar[Mapping[str, Any]] = {
        "hidden_layer_sizes": (_Sizes(),),
        "activation": (ActivationLike(), _Activations()),
        "solver": (OneOf(("lbfgs", *OPTIMIZERS)), Is("an optimizer", (Optimizer,))),
        "alpha": (Real(0, open_high=True),),
        "batch_size": (OneOf(("auto",)), Integer(1)),
        "learning_rate": (
            OneOf(("constant", "invscaling", "adaptive")),
            Is("a schedule", (Schedule, Plateau)),
        ),
        "learning_rate_init": (Real(0, open_low=True, open_high=True),),
        "power_t": (Real(0, open_high=True),),
        "max_iter": (Integer(1),),
        "shuffle": (Flag(),),
        "tol": (Real(0, open_high=True),),
        "verbose": VERBOSE_BY_EPOCHS,
        "warm_start": (Flag(),),
        "momentum": (Real(0, 1),),
        "nesterovs_momentum": (Flag(),),
        "early_stopping": (Flag(),),
        "validation_fraction": (Real(0, 1, open_high=True),),
        "beta_1": (Real(0, 1, open_high=True),),
        "beta_2": (Real(0, 1, open_high=True),),
        "epsilon": (Real(0, open_low=True, open_high=True),),
        "n_iter_no_change": (Integer(1), Real(math.inf)),
        "max_fun": (Integer(1),),
        "dropout": (Real(0, 1, open_high=True), _Rates()),
        "l1": (Real(0, open_high=True),),
        "clip_value": (NONE, Real(0, open_low=True, open_high=True)),
        "clip_norm": (NONE, Real(0, open_low=True, open_high=True)),
        "ema": (NONE, Real(0, 1, open_high=True)),
        "scoring": (NONE, Scorer()),
        "coef_init": (NONE, ARRAYS),
        "intercept_init": (NONE, ARRAYS),
        **SHARED,
    }
    _attributes: ClassVar[Mapping[str, Any]] = attributes.MLP

    # --- what a classifier and a regressor do differently ---------------------------------------

    def _read_targets(self, y: Any) -> NDArray[Any]:
        """y, of fit or of a validation set, as users know it: labels or numbers."""
        raise TypeError(f"{type(self).__name__} is no model: use MLPClassifier or MLPRegressor.")

    def _learn_targets(self, y: NDArray[Any], sparse: bool, first: bool, incremental: bool, classes: Any) -> None:
        """Set out_activation_ in a first fit, and what belongs to labels, which users gave as a sparse y or not."""
        raise TypeError(f"{type(self).__name__} is no model: use MLPClassifier or MLPRegressor.")

    def _encode(self, y: NDArray[Any], dtype: DTypeLike, name: str = "y") -> Array:
        """What `_read_targets` gives as the network's targets (n, o)."""
        raise TypeError(f"{type(self).__name__} is no model: use MLPClassifier or MLPRegressor.")

    def _soften(self, targets: Array) -> Array:
        """The targets (n, o) that training sees."""
        return targets

    def _class_weight(self, y: NDArray[Any], weight: Array | None, incremental: bool) -> NDArray[np.float64] | None:
        """A weight for every class (k,), or for not having and having every label (o, 2), if they have some."""
        return None

    def _loss(self) -> Loss:
        """What the network is trained on."""
        raise TypeError(f"{type(self).__name__} is no model: use MLPClassifier or MLPRegressor.")

    def _has_several_labels(self, targets: Array) -> bool:
        """Whether a row of these targets (n, o) may be of several classes at once."""
        return False

    def _score_raw(self, engine: Engine, z: Array, y: Array, sample_weight: Array | None) -> float:
        """Accuracy or R^2 of the raw output z (n, o) for the targets y (n, o)."""
        raise TypeError(f"{type(self).__name__} is no model: use MLPClassifier or MLPRegressor.")

    # --- fit ------------------------------------------------------------------------------------

    @with_callbacks
    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *validation: Any,
        incremental: bool,
        classes: Any = None,
        keep: KeepArguments = NOT_KEPT,
        rows: NDArray[np.int64] | None = None,
        cancelled: Cancellation | None = None,
        **how: Any,
    ) -> None:
        """Train on all samples or on some rows of them, until `cancelled` is set."""
        refuse_conflicts(self, incremental, *validation)
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        dtype = None if first else self._packed().plan.dtype
        given = y
        x, y = self._read(X, y, reset=first, dtype=dtype, multi_output=True, **how)
        sparse = issparse(y)
        y, weight = taken(self._read_targets(y), rows), taken(read_weight(sample_weight, x.shape[0], x.dtype), rows)
        self._learn_targets(y, sparse, first, incremental, classes)
        targets = self._encode(y, x.dtype)
        of_class = self._class_weight(y, weight, incremental)
        everything = spread(Samples(x, targets, times_class_weight(weight, targets, of_class)), y, rows)
        random_state = check_random_state(self.random_state)
        network = self._network_to_train(everything.samples, first, random_state)
        samples = replace(everything.samples, y=self._soften(everything.samples.y))
        tasks = FitTasks(self, X, given, sample_weight, cancelled)
        checkpoint = keep_of(self, keep, samples, *validation)
        if self.solver == "lbfgs":
            fit_lbfgs(self, network, samples, tasks, rows)
        else:
            choose = checkpoint.choose
            rows, held_out = self._hold_out(everything, of_class, random_state, choose, *validation, **how)
            fit_epochs(self, network, samples, random_state, incremental, tasks, rows, held_out, checkpoint)
        self.__dict__.update(network.attributes())
        self.__dict__.pop("_assigned", None)
        tasks.end()

    def _network_to_train(self, samples: Samples, first: bool, random_state: Any) -> Packed:
        """A new network, or a copy of the fitted one that goes on."""
        plan = self._plan(samples.x.shape[1], samples.y.shape[1], samples.x.dtype)
        plan.require_trainable()
        if not first:
            return self._present(plan)
        self._forget()
        return Packed(plan, initial_params(plan, random_state, self.coef_init, self.intercept_init))

    def _hold_out(
        self,
        everything: HeldOut,
        of_class: NDArray[np.float64] | None,
        random_state: Any,
        choose: Choose,
        X: Any = None,
        y: Any = None,
        sample_weight: Any = None,
        **how: Any,
    ) -> tuple[NDArray[np.int64] | None, HeldOut | None]:
        """The rows to train on (None: all), and what is held out: the user's own samples, or a share of all."""
        seen = everything.samples
        if X is None:
            if not self.early_stopping:
                return everything.rows, None
            y = everything.taken(seen.y)
            drawn = choose("rows", lambda: split(self, y, random_state), lambda drawn: require_split(drawn, len(y)))
            rows, others = map(everything.rows_of, drawn)
            require_weight(taken(seen.sample_weight, rows), "to train on")
            require_weight(
                taken(seen.sample_weight, others), f"that is held out (validation_fraction={self.validation_fraction})"
            )
            return rows, replace(everything, rows=others)
        x, y = self._read(X, y, reset=False, dtype=seen.x.dtype, multi_output=True, y_name="y_val", **how)
        y = self._read_targets(y)
        targets = self._encode(y, x.dtype, "y_val")
        if targets.shape[1] != seen.y.shape[1]:
            raise ValueError(f"y_val has {targets.shape[1]} outputs, wanted {seen.y.shape[1]} as y has.")
        weight = read_weight(sample_weight, x.shape[0], x.dtype, "sample_weight_val")
        return everything.rows, HeldOut(
            Samples(x, targets, times_class_weight(weight, targets, of_class, "row of X_val")), y
        )

    def _forget(self) -> None:
        """Drop what an earlier fit has left, so that nothing of it goes on."""
        self.t_ = 0
        names = (
            "loss_",
            "loss_curve_",
            "history_",
            "validation_loss_curve_",
            "best_loss_",
            "validation_scores_",
            "best_validation_score_",
        )
        for name in (*names, "_training", "_no_improvement_count"):
            self.__dict__.pop(name, None)

    def _present(self, plan: Plan) -> Packed:
        """A copy of the network as it is, which must be what parameters and data describe."""
        now = self._packed()
        if now.plan.widths != plan.widths:
            raise ValueError(
                f"The fitted network has the widths {now.plan.widths}, but hidden_layer_sizes and "
                f"y ask for {plan.widths}. Change neither between fits that go on, or fit with "
                "warm_start=False."
            )
        return Packed(plan, now.params.astype(plan.dtype))

    def _plan(self, n_inputs: int, n_outputs: int, dtype: Any) -> Plan:
        sizes = self.hidden_layer_sizes
        hidden = (sizes,) if isinstance(sizes, (int, Integral)) else tuple(sizes)
        functions = (*self._hidden_activations(len(hidden)), _IDENTITY)
        widths = (n_inputs, *(int(size) for size in hidden), n_outputs)
        dropout = dropout_of(self, len(hidden))
        return Plan(widths, functions, (True,) * len(functions), self._loss(), np.dtype(dtype), dropout)

    def _hidden_activations(self, n_hidden: int) -> tuple[Activation, ...]:
        given = self.activation
        if isinstance(given, (str, Activation)):
            return (activations.get(given),) * n_hidden
        if len(given) != n_hidden:
            raise ParameterError(
                f"activation={given!r} names {len(given)} activations, wanted {n_hidden}: one for each hidden layer."
            )
        return tuple(activations.get(each) for each in given)

    # --- the fitted network ---------------------------------------------------------------------

    def _packed(self) -> Packed:
        """The network of coefs_ and intercepts_ as they are now: users may have assigned others."""
        network = self._shown()
        if network is not None:
            return network
        hidden = self._hidden_activations(len(self.coefs_) - 1)
        loss = loss_of_output(self.out_activation_)
        given = (self.coefs_, self.intercepts_, (*hidden, _IDENTITY), loss)
        copy: Packed | None = self.__dict__.get("_assigned")
        if copy is None or not copy.follows(*given):
            copy = self._assigned = Packed.of(*given)
        return copy

    def _raw(self, X: Any) -> tuple[Engine, Array]:
        """The engine of the fitted network, and its raw output z (n, o)."""
        return self._output(X, link=False)

    def _output(self, X: Any, *, link: bool, pairs: bool = False) -> tuple[Engine, Array]:
        """The engine of the fitted network, and what it predicts for X, as `Engine.predict` says."""
        self._require_fitted("coefs_")
        network = self._packed()
        engine, dtype = Engine(network.plan, self.backend, self.n_threads), network.plan.dtype
        x = X if engine.looks and is_plain(X, dtype, unnamed_features(self)) else read_X(self, X, dtype)
        out, finite = engine.predict(network.params, x, link=link, pairs=pairs)
        if not finite:
            read_X(self, X, dtype)  # which says what is wrong with X
        return engine, out

    def _readied(self, X: Any) -> tuple[Engine, Packed, Array]:
        """The engine of the fitted network, the network, and X as (n, i)."""
        self._require_fitted("coefs_")
        network = self._packed()
        x = read_X(self, X, network.plan.dtype)
        return Engine(network.plan, self.backend, self.n_threads), network, x

    # --- copies and files -----------------------------------------------------------------------

    def _shown(self) -> Packed | None:
        """The network, if coefs_ and intercepts_ are still its own; else users have put other arrays."""
        network: Packed | None = self.__dict__.get("_network")
        return network if network is not None and network.shows(self.coefs_, self.intercepts_) else None

    def _present_state(self) -> dict[str, Any]:
        state = super()._present_state()
        # One flat vector or its views: so a pickle has the weights once, and a memory-mapped one is not copied.
        for name in ("_assigned", *(("_network",) if self._shown() is None else ("coefs_", "intercepts_"))):
            state.pop(name, None)
        return state

    def _taken_apart(self) -> tuple[dict[str, Any], dict[str, Any]]:
        parameters, attributes = super()._taken_apart()
        network = attributes.pop("_network", None)
        if network is not None:
            coefs, intercepts = network.lists()
            attributes |= {"coefs_": coefs, "intercepts_": intercepts, "_plan": network.plan}
        elif "coefs_" in attributes:  # which users may assign as lists
            attributes |= {name: list(map(np.asarray, attributes[name])) for name in ("coefs_", "intercepts_")}
        return parameters, attributes

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The state of a pickle, or of a file, which has the weights and their plan in place of the network."""
        plan: Plan | None = state.get("_plan")
        if plan is not None:
            network = Packed.of(state["coefs_"], state["intercepts_"], plan.activations, plan.loss)
            state = {name: value for name, value in state.items() if name not in ("_plan", "coefs_", "intercepts_")}
            state["_network"] = network.planned(plan)
        super().__setstate__(state)
        own: Packed | None = self.__dict__.get("_network")
        if own is not None:
            self.coefs_, self.intercepts_ = own.lists()

    def _require_whole(self) -> None:
        require_network(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
