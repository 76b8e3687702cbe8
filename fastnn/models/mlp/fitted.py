"""A deep network that has been fitted: what it predicts and shows of itself, its copies and files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import LabelBinarizer

from fastnn.flat_params import FlatParams
from fastnn.kernels.contract import Array
from fastnn.losses import Loss
from fastnn.models.common import attributes
from fastnn.models.common.agreement import require_classes, require_network
from fastnn.models.common.answers import engine_for, outputs
from fastnn.models.common.arrays import read_X
from fastnn.models.common.as_network import ModelNetwork
from fastnn.models.common.bases import available_if
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.jitted import Jitted
from fastnn.models.common.loss_curve import plot_loss_curve
from fastnn.models.common.output import loss_of_output
from fastnn.models.common.targets import log_probabilities
from fastnn.models.mlp.available import has_margins, has_probabilities, require_link
from fastnn.models.mlp.labels import LabelTargets, given_loss_of
from fastnn.models.mlp.options import MLPOptions, functions_of
from fastnn.plan import Plan

__all__ = ["FittedClassifier", "FittedMLP"]


class FittedMLP(Jitted, MLPOptions):
    """Fitted attributes and the network of coefs_ and intercepts_; `BaseMLP` adds how it is trained."""

    _attributes: ClassVar[Mapping[str, Any]] = attributes.MLP

    coefs_: list[Array]
    intercepts_: list[Array]
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_loss_curve_: list[float] | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    history_: dict[str, list[float]]
    n_iter_: int
    t_: int
    n_layers_: int
    n_outputs_: int
    out_activation_: str

    # --- the network ----------------------------------------------------------------------------

    def _flat_params(self) -> FlatParams:
        """The network of coefs_ and intercepts_ as they are now: users may have assigned others."""
        own = self._own_params()
        if own is not None:
            return own
        self._require_fitted("coefs_")
        functions = functions_of(self, len(self.coefs_) - 1)
        loss = loss_of_output(self.out_activation_)
        given = (self.coefs_, self.intercepts_, functions, loss)
        copy: FlatParams | None = self.__dict__.get("_assigned")
        if copy is None or not copy.refresh(*given):
            copy = self._assigned = FlatParams.assigned(*given)
        return copy

    def _own_params(self) -> FlatParams | None:
        """The fitted network, if coefs_ and intercepts_ are still its views; else users have put other arrays."""
        own: FlatParams | None = self.__dict__.get("_network")
        return own if own is not None and own.are_views(self.coefs_, self.intercepts_) else None

    def _output(self, X: Any, *, link: bool = False, pairs: bool = False) -> tuple[Plan, Array]:
        """The plan of the network, and its raw output z (n, o), or what the loss's link makes of it.

        With `pairs` a network of one output gives both classes: those of -z and z.
        """
        flat = self._own_params() or self._flat_params()  # one call less for most
        return flat.plan, outputs(self, flat.plan, flat.params, X, link=link, pairs=pairs)

    def input_gradient(self, X: MatrixLike, output: int | None = None, *, link: bool = False) -> Array:
        """Compute how the network's outputs change with the features: d output / d input, sample by sample.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.
        output : int, default=None
            One output, a class by its place in `classes_`; None for all of them. One sigmoid neuron
            is the output of the second class, and has the number 0.
        link : bool, default=False
            False: of the raw output z = a @ w + b of the last layer. True: of what is predicted,
            probabilities or means.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs, n_features)
            Or (n_samples, n_features) where `output` is given or the network has one output.

        Raises
        ------
        ValueError
            If X has another number of features, or there is no such output.
        """
        now = held(self)
        flat = now._flat_params()
        x = read_X(now, X, flat.plan.dtype)
        return engine_for(now, flat.plan).input_gradient(flat.params, x, output, link)

    def _as_network(self, method: str) -> ModelNetwork:
        flat = self._flat_params()
        return ModelNetwork(flat.plan, flat.params, {"predict": "link", "raw": "raw"})

    plot_loss_curve = plot_loss_curve

    # --- copies and files -----------------------------------------------------------------------

    def _present_state(self) -> dict[str, Any]:
        state = super()._present_state()
        # One flat vector or its views: so a pickle has the weights once, and a memory-mapped one is not copied.
        for name in ("_assigned", *(("_network",) if self._own_params() is None else ("coefs_", "intercepts_"))):
            state.pop(name, None)
        return state

    def _taken_apart(self) -> tuple[dict[str, Any], dict[str, Any]]:
        parameters, attributes = super()._taken_apart()
        flat: FlatParams | None = attributes.pop("_network", None)
        if flat is not None:
            attributes |= {"coefs_": list(flat.weights), "intercepts_": list(flat.biases), "_plan": flat.plan}
        elif "coefs_" in attributes:  # which users may assign as lists
            attributes |= {name: list(map(np.asarray, attributes[name])) for name in ("coefs_", "intercepts_")}
        return parameters, attributes

    def __setstate__(self, state: dict[str, Any]) -> None:
        """The state of a pickle, or of a file, which has the weights and their plan in place of the network."""
        plan: Plan | None = state.get("_plan")
        if plan is not None:
            flat = FlatParams.joined(plan, state["coefs_"], state["intercepts_"], ("coefs_", "intercepts_"))
            state = {name: value for name, value in state.items() if name not in ("_plan", "coefs_", "intercepts_")}
            state["_network"] = flat
        super().__setstate__(state)
        own: FlatParams | None = self.__dict__.get("_network")
        if own is not None:
            self.coefs_, self.intercepts_ = list(own.weights), list(own.biases)  # type: ignore[arg-type]

    def _require_whole(self) -> None:
        require_network(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class FittedClassifier(FittedMLP):
    """The answers of a network that has been fitted to classes; `MLPClassifier` adds how labels become targets."""

    _attributes: ClassVar[Mapping[str, Any]] = attributes.MLP_CLASSIFIER
    loss: str | Loss
    classes_: NDArray[Any]

    def _label_targets(self) -> LabelTargets:
        """The labels that the model knows, and the loss of its output."""
        return replace(self._known_labels(), given_loss=given_loss_of(self.loss))

    def _known_labels(self) -> LabelTargets:
        """All that a prediction needs of them."""
        # A model from before there were sparse labels has no such attribute.
        sparse = bool(self.__dict__.get("_sparse_labels"))
        return LabelTargets(self.classes_, self.out_activation_, self._is_multilabel(), sparse)

    @property
    def _label_binarizer(self) -> LabelBinarizer:
        """What tools look for that know scikit-learn's networks, such as exporters; no state, so no file has it."""
        if "classes_" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no _label_binarizer before it is fitted")
        return self._label_targets().binarizer()

    def _is_multilabel(self) -> bool:
        several: bool | None = self.__dict__.get("_multilabel")
        # A file from before hinge knew several labels has this in the output alone.
        return self.out_activation_ == "logistic" and self.n_outputs_ > 1 if several is None else several

    def _require_whole(self) -> None:
        require_classes(self, 1)
        super()._require_whole()

    def _as_network(self, method: str) -> ModelNetwork:
        source = super()._as_network(method)
        methods = {"predict": "labels" if self._is_multilabel() else "class", "raw": "raw"}
        if method == "predict_proba":
            has_probabilities(self)
            if len(self.classes_) == 1:
                raise ValueError("This model knows one class, whose probability is always 1: use method='predict'.")
        if self.out_activation_ == "identity":
            methods["decision_function"] = "raw"
        else:
            methods["predict_proba"] = "pairs" if source.plan.widths[-1] == 1 else "link"
        return replace(source, outputs=methods, classes=self.classes_)

    # --- raw outputs to labels ------------------------------------------------------------------

    def predict(self, X: MatrixLike) -> NDArray[Any]:
        """Predict the likeliest class of every sample, or its labels.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            Of a network that was first fitted to sparse labels a CSR matrix, as in scikit-learn (an array where
            its `sparse_interface` is "sparray").
        """
        now = held(self)
        z = now._output(X)[1]
        labels: NDArray[Any] = now._known_labels().decode(z)
        return labels

    @available_if(has_margins)
    def decision_function(self, X: MatrixLike) -> Array:
        """Compute the raw output, for loss="hinge": how far on the right side a sample lies.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) for two classes, else (n_samples, n_classes)
            For two classes above 0 where the second one is predicted.
        """
        now = held(self)
        plan, z = now._output(X)
        require_link(has_margins, now, plan, "identity")
        return z[:, 0] if z.shape[1] == 1 else z

    @available_if(has_probabilities)
    def predict_proba(self, X: MatrixLike) -> Array:
        """Predict the probability of every class or label.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        now = held(self)
        plan, p = now._output(X, link=True, pairs=True)
        require_link(has_probabilities, now, plan, "sigmoid", "softmax")
        return p if len(now.classes_) > 1 else np.ones((len(p), 1), p.dtype)

    @available_if(has_probabilities)
    def predict_log_proba(self, X: MatrixLike) -> Array:
        """Predict the logarithm of every probability, which is never -inf.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`.
        """
        now = held(self)
        plan, z = now._output(X)
        require_link(has_probabilities, now, plan, "sigmoid", "softmax")
        return log_probabilities(engine_for(now, plan), z) if len(now.classes_) > 1 else np.zeros_like(z)
