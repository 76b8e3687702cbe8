"""What people see of a deep network while it trains, and what it shows of itself then."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from sklearn.utils.validation import check_is_fitted

from fastnn.kernels.contract import Array
from fastnn.models.common.callbacks import TellsOfEpochs
from fastnn.models.common.fitting import held
from fastnn.models.common.given import MatrixLike
from fastnn.models.common.loss_curve import LossCurveDisplay
from fastnn.models.mlp.weights import Packed
from fastnn.training.engine import Engine

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Insight"]


class Insight(TellsOfEpochs):
    """Callbacks, the loss curve, and gradients of the outputs."""

    @abstractmethod
    def _readied(self, X: Any) -> tuple[Engine, Packed, Array]:
        """The engine of the fitted network, the network, and X as (n, i)."""

    def plot_loss_curve(self, ax: Axes | None = None, **kwargs: Any) -> LossCurveDisplay:
        """Plot the loss of every epoch, and what was measured on held-out samples.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure if None.
        **kwargs
            For matplotlib's `plot` of the loss, and `name` for the legend.

        Returns
        -------
        LossCurveDisplay
            With the curves drawn.

        Raises
        ------
        NotFittedError
            If the model is not fitted.
        ImportError
            If matplotlib is not installed.
        """
        now = held(self)
        check_is_fitted(now)
        return LossCurveDisplay.from_estimator(now, ax=ax, **kwargs)

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
        engine, network, x = held(self)._readied(X)
        return engine.input_gradient(network.params, x, output, link)
